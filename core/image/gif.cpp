// SPDX-License-Identifier: GPL-3.0-or-later
// The first frame of a GIF on its canvas, through giflib, in the modes that Pillow gives it.
#include <algorithm>
#include <cstring>
#include <memory>

#include <gif_lib.h>

#include "core/image/source.h"

namespace plumbline::image {

namespace {

struct Stream {
    std::span<const std::uint8_t> bytes;
    std::size_t position = 0;
};

int readBytes(GifFileType* gif, GifByteType* out, int count) {
    auto& stream = *static_cast<Stream*>(gif->UserData);
    const std::size_t got = std::min(static_cast<std::size_t>(count), stream.bytes.size() - stream.position);
    std::memcpy(out, stream.bytes.data() + stream.position, got);
    stream.position += got;
    return static_cast<int>(got);
}

struct Close {
    void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

tl::unexpected<Error> refuse(const Source& source, const Stream& stream, int error) {
    if (stream.position == stream.bytes.size()) // what giflib reports then depends on where it was
        return source.unreadable(kTruncated);
    const char* reason = GifErrorString(error);
    return source.unreadable(reason ? reason : "its GIF data is damaged");
}

/// Where entry i is the grey i everywhere, Pillow drops the palette and opens the file as greyscale.
std::vector<std::uint8_t> paletteOf(const ColorMapObject* map) {
    std::vector<std::uint8_t> palette;
    bool ramp = true;
    for (int i = 0; map && i < map->ColorCount; ++i) {
        const GifColorType& colour = map->Colors[i];
        palette.insert(palette.end(), {colour.Red, colour.Green, colour.Blue});
        ramp = ramp && colour.Red == i && colour.Green == i && colour.Blue == i;
    }
    return ramp ? std::vector<std::uint8_t>() : palette;
}

} // namespace

Result<Decoded> decodeGif(const Source& source) {
    Stream stream{source.bytes};
    int error = 0;
    const std::unique_ptr<GifFileType, Close> gif(DGifOpen(&stream, readBytes, &error));
    if (!gif)
        return refuse(source, stream, error);

    int transparent = 0; // the canvas shows this index where the first frame does not reach
    for (;;) {
        GifRecordType record = UNDEFINED_RECORD_TYPE;
        if (DGifGetRecordType(gif.get(), &record) == GIF_ERROR)
            return refuse(source, stream, gif->Error);
        if (record == IMAGE_DESC_RECORD_TYPE)
            break;
        if (record == TERMINATE_RECORD_TYPE)
            return source.unreadable("it holds no picture");
        if (record != EXTENSION_RECORD_TYPE)
            continue;
        int code = 0;
        GifByteType* block = nullptr; // its first byte is its length
        if (DGifGetExtension(gif.get(), &code, &block) == GIF_ERROR)
            return refuse(source, stream, gif->Error);
        GraphicsControlBlock control;
        if (code == GRAPHICS_EXT_FUNC_CODE && block && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK &&
            control.TransparentColor != NO_TRANSPARENT_COLOR)
            transparent = control.TransparentColor;
        while (block)
            if (DGifGetExtensionNext(gif.get(), &block) == GIF_ERROR)
                return refuse(source, stream, gif->Error);
    }
    // giflib allocates the frame's descriptor only; its pixels are read line by line below.
    if (DGifGetImageDesc(gif.get()) == GIF_ERROR)
        return refuse(source, stream, gif->Error);
    const GifImageDesc& frame = gif->Image;
    const int width = std::max(gif->SWidth, frame.Left + frame.Width);
    const int height = std::max(gif->SHeight, frame.Top + frame.Height);
    PLUMBLINE_CHECK(source.checkSize(width, height));
    if (frame.Width <= 0 || frame.Height <= 0 || frame.Left < 0 || frame.Top < 0)
        return source.unreadable("its first frame is empty");

    Decoded image;
    image.palette = paletteOf(frame.ColorMap ? frame.ColorMap : gif->SColorMap);
    image.mode = image.palette.empty() ? Mode::Gray : Mode::Palette;
    image.width = width;
    image.height = height;
    image.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height),
                        static_cast<std::uint8_t>(transparent));
    struct Pass {
        int first, step;
    };
    static constexpr Pass kInterlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
    static constexpr Pass kPlain[] = {{0, 1}};
    for (const Pass pass : frame.Interlace ? std::span<const Pass>(kInterlaced) : std::span<const Pass>(kPlain))
        for (int y = pass.first; y < frame.Height; y += pass.step) {
            const std::size_t at = static_cast<std::size_t>(frame.Top + y) * static_cast<std::size_t>(width) +
                                   static_cast<std::size_t>(frame.Left);
            if (DGifGetLine(gif.get(), image.pixels.data() + at, frame.Width) == GIF_ERROR)
                return refuse(source, stream, gif->Error);
        }
    return image;
}

} // namespace plumbline::image
