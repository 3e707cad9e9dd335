// SPDX-License-Identifier: GPL-3.0-or-later
// WebP through libwebp; of an animation the first frame on its (transparent, black) canvas, as Pillow's first frame.
#include <algorithm>
#include <memory>

#include <webp/decode.h>
#include <webp/demux.h>

#include "core/image/source.h"

namespace plumbline::image {

namespace {

int orientationOf(const WebPDemuxer* demuxer) {
    WebPChunkIterator chunk;
    int orientation = 1;
    if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) {
        std::span<const std::uint8_t> exif(chunk.chunk.bytes, chunk.chunk.size);
        constexpr std::string_view kPrefix("Exif\0\0", 6); // some writers copy JPEG's prefix
        if (exif.size() > kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), exif.begin()))
            exif = exif.subspan(kPrefix.size());
        orientation = orientationOfExif(exif);
    }
    WebPDemuxReleaseChunkIterator(&chunk);
    return orientation;
}

/// Decodes the first frame (a still picture has one) to its place in image.pixels.
bool decodeFirstFrame(const WebPDemuxer* demuxer, Decoded& image) {
    const auto channels = static_cast<std::size_t>(channelsOf(image.mode));
    const std::size_t stride = static_cast<std::size_t>(image.width) * channels;
    WebPIterator frame;
    bool decoded = false;
    // libwebp's demultiplexer has checked that the frame lies within the canvas; we do not depend on it.
    if (WebPDemuxGetFrame(demuxer, 1, &frame) && frame.x_offset >= 0 && frame.y_offset >= 0 &&
        frame.width <= image.width - frame.x_offset && frame.height <= image.height - frame.y_offset) {
        const std::size_t at =
            static_cast<std::size_t>(frame.y_offset) * stride + static_cast<std::size_t>(frame.x_offset) * channels;
        const auto decode = channels == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
        decoded = decode(frame.fragment.bytes, frame.fragment.size, image.pixels.data() + at, image.pixels.size() - at,
                         static_cast<int>(stride)) != nullptr;
    }
    WebPDemuxReleaseIterator(&frame);
    return decoded;
}

} // namespace

Result<Decoded> decodeWebp(const Source& source) {
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(source.bytes.data(), source.bytes.size(), &features);
    if (status == VP8_STATUS_NOT_ENOUGH_DATA)
        return source.unreadable(kTruncated);
    if (status != VP8_STATUS_OK)
        return source.unreadable("its WebP header is damaged");
    PLUMBLINE_CHECK(source.checkSize(features.width, features.height));

    const WebPData data{source.bytes.data(), source.bytes.size()};
    const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data), WebPDemuxDelete);
    const auto damaged = [&] { return source.unreadable("its WebP data is truncated or damaged"); };
    if (!demuxer)
        return damaged();
    Decoded image;
    image.width = features.width;
    image.height = features.height;
    image.mode = features.has_alpha ? Mode::Rgba : Mode::Rgb;
    image.exifOrientation = orientationOf(demuxer.get());
    image.pixels.resize(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) *
                        static_cast<std::size_t>(channelsOf(image.mode)));
    if (!decodeFirstFrame(demuxer.get(), image))
        return damaged();
    return image;
}

} // namespace plumbline::image
