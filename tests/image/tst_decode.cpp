// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <algorithm>
#include <numeric>
#include <random>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/image/decode.h"
#include "core/image/preprocess.h"
#include "tests/image/image_makers.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::image;
using namespace plumbline::test;
using nlohmann::json;

namespace {

Result<Decoded> decodeBytes(const Bytes& bytes) {
    return decode(std::as_bytes(std::span(bytes)), "picture");
}

/// The decoded picture, or an empty one and a failed check.
Decoded decoded(const Bytes& bytes) {
    auto result = decodeBytes(bytes);
    if (!result) {
        qWarning("not decoded: %s", std::string(result.error().arg("reason")).c_str());
        return {};
    }
    return std::move(*result);
}

ErrorCode codeOf(const Result<Decoded>& result) {
    return result ? ErrorCode::Internal : result.error().code;
}

QByteArray reasonOf(const Result<Decoded>& result) {
    return result ? QByteArray("decoded") : QByteArray::fromStdString(std::string(result.error().arg("reason")));
}

Bytes makeJpeg(int width, int height, Mode mode = Mode::Rgb) {
    Decoded image;
    image.mode = mode;
    image.width = width;
    image.height = height;
    image.pixels = pattern(static_cast<std::size_t>(width) * 3, static_cast<std::size_t>(height));
    return thumbnail(image, std::max(width, height)).value();
}

/// One valid file a format, without ../shared.
std::vector<std::pair<const char*, Bytes>> oneOfEach() {
    PngParts png{.width = 31, .height = 19, .rows = pattern(93, 19)};
    PngParts palette{.width = 31, .height = 19, .depth = 4, .colour = 3, .rows = pattern(16, 19)};
    palette.palette = pattern(48, 1);
    BmpParts bmp{.width = 31, .height = 19, .rows = pattern(96, 19)};
    TiffParts tiff{.width = 31, .height = 19, .orientation = 6, .pixels = pattern(93, 19)};
    GifParts gif{.screenWidth = 33, .screenHeight = 21, .left = 1, .top = 1, .width = 31, .height = 19};
    gif.palette = pattern(768, 1);
    gif.indices = pattern(31, 19);
    return {{"jpeg", withExif(makeJpeg(31, 19), makeExif(6))},
            {"png", makePng(png)},
            {"palette", makePng(palette)},
            {"bmp", makeBmp(bmp)},
            {"tiff", makeTiff(tiff)},
            {"gif", makeGif(gif)},
            {"webp", smallWebp()}};
}

/// What is printed to the real descriptors 1 and 2 while this lives.
class PrintedBytes {
public:
    explicit PrintedBytes(const std::filesystem::path& file)
        : m_file(::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)), m_out(::dup(1)), m_err(::dup(2)) {
        fflush(nullptr);
        ::dup2(m_file, 1);
        ::dup2(m_file, 2);
    }
    ~PrintedBytes() { restore(); }
    PrintedBytes(const PrintedBytes&) = delete;
    PrintedBytes& operator=(const PrintedBytes&) = delete;
    std::int64_t count() {
        fflush(nullptr);
        restore();
        return ::lseek(m_file, 0, SEEK_END);
    }

private:
    void restore() {
        ::dup2(m_out, 1);
        ::dup2(m_err, 2);
    }
    int m_file, m_out, m_err;
};

Mode modeNamed(const std::string& pillow) {
    static const std::map<std::string, Mode> names{{"1", Mode::Bilevel},    {"P", Mode::Palette}, {"L", Mode::Gray},
                                                   {"LA", Mode::GrayAlpha}, {"RGB", Mode::Rgb},   {"RGBA", Mode::Rgba},
                                                   {"CMYK", Mode::Cmyk},    {"I", Mode::Int32}};
    return names.at(pillow);
}

} // namespace

class TestDecode : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pngModes();
    void pngLimits();
    void bmpLayouts();
    void bmpRefusals();
    void tiffModesAndOrientation();
    void gifCanvas();
    void webpAlpha();
    void jpegGrayAndColour();
    void exifIsReadNotApplied();
    void inspectionAgreesWithDecoding();
    void convertsToRgb();
    void fileNames();
    void notImages();
    void truncatedIsRefusedOrWhole();
    void flippedBitsNeverCrash();
    void decodersPrintNothing();
    void fixturesMatchPillow();
    void brokenFixturesAreRefused();
    void flippedFixturesNeverCrash();
    void largeButAllowed();
};

void TestDecode::pngModes() {
    // Two pixels a picture; 1, 2 and 4 bits are scaled to 8 in greyscale and kept in palettes.
    Decoded image = decoded(makePng({.width = 2, .depth = 1, .colour = 0, .rows = {0x40}}));
    QCOMPARE(image.mode, Mode::Bilevel);
    QCOMPARE(image.pixels, (Bytes{0, 255}));
    image = decoded(makePng({.width = 2, .depth = 2, .colour = 0, .rows = {0x60}}));
    QCOMPARE(image.mode, Mode::Gray);
    QCOMPARE(image.pixels, (Bytes{85, 170}));
    image = decoded(makePng({.width = 2, .depth = 4, .colour = 0, .rows = {0x2F}}));
    QCOMPARE(image.pixels, (Bytes{34, 255}));
    image = decoded(makePng({.width = 2, .depth = 16, .colour = 0, .rows = {0x01, 0x02, 0xFF, 0xFE}}));
    QCOMPARE(image.mode, Mode::Int32);
    QCOMPARE(image.wide, (std::vector<std::int32_t>{0x0102, 0xFFFE}));
    QVERIFY(image.pixels.empty());
    image = decoded(makePng({.width = 2,
                             .depth = 2,
                             .colour = 3,
                             .rows = {0x90},
                             .palette = {1, 2, 3, 4, 5, 6, 7, 8, 9},
                             .transparency = {0, 128}}));
    QCOMPARE(image.mode, Mode::Palette);
    QCOMPARE(image.pixels, (Bytes{2, 1}));
    QCOMPARE(image.palette, (Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9}));
    image = decoded(makePng({.width = 2, .colour = 4, .rows = {1, 2, 3, 4}}));
    QCOMPARE(image.mode, Mode::GrayAlpha);
    QCOMPARE(image.pixels, (Bytes{1, 2, 3, 4}));
    image = decoded(makePng({.width = 1, .depth = 16, .colour = 4, .rows = {9, 1, 8, 2}}));
    QCOMPARE(image.mode, Mode::Rgba);
    QCOMPARE(image.pixels, (Bytes{9, 9, 9, 8}));
    image = decoded(makePng({.width = 1, .depth = 16, .colour = 2, .rows = {9, 255, 8, 255, 7, 255}}));
    QCOMPARE(image.mode, Mode::Rgb);
    QCOMPARE(image.pixels, (Bytes{9, 8, 7}));
    image = decoded(makePng({.width = 1, .colour = 6, .rows = {1, 2, 3, 0}}));
    QCOMPARE(image.mode, Mode::Rgba);
    QCOMPARE(image.pixels, (Bytes{1, 2, 3, 0}));
}

void TestDecode::pngLimits() {
    const auto tooLarge = decodeBytes(makePng({.width = 60000, .height = 60000}));
    QCOMPARE(codeOf(tooLarge), ErrorCode::ImageTooLarge);
    QCOMPARE(tooLarge.error().arg("width"), "60000");
    QCOMPARE(tooLarge.error().arg("limit"), "178956970");
    QCOMPARE(codeOf(decodeBytes(makePng({.width = 0x7FFFFFFF, .height = 0x7FFFFFFF}))), ErrorCode::ImageTooLarge);
    QCOMPARE(codeOf(decodeBytes(makePng({.width = 0}))), ErrorCode::ImageUnreadable);
    // Within the limit, but the file cannot possibly hold it: refused before 400 MB are allocated.
    QCOMPARE(reasonOf(decodeBytes(makePng({.width = 12000, .height = 12000}))), "the file is truncated");
    Bytes damaged = makePng({.width = 31, .height = 19, .rows = pattern(93, 19)});
    damaged[damaged.size() / 2] ^= 1;
    QCOMPARE(codeOf(decodeBytes(damaged)), ErrorCode::ImageUnreadable);
}

void TestDecode::bmpLayouts() {
    Decoded image = decoded(makeBmp({.width = 1, .height = 2, .rows = {1, 2, 3, 0, 4, 5, 6, 0}}));
    QCOMPARE(image.mode, Mode::Rgb);
    QCOMPARE(image.pixels, (Bytes{6, 5, 4, 3, 2, 1})); // bottom-up, blue first
    image = decoded(makeBmp({.width = 1, .height = -2, .rows = {1, 2, 3, 0, 4, 5, 6, 0}}));
    QCOMPARE(image.pixels, (Bytes{3, 2, 1, 6, 5, 4}));
    image = decoded(
        makeBmp({.width = 3, .bits = 4, .rows = {0x10, 0x20, 0, 0}, .palette = {9, 8, 7, 0, 6, 5, 4, 0, 3, 2, 1, 0}}));
    QCOMPARE(image.mode, Mode::Palette);
    QCOMPARE(image.pixels, (Bytes{1, 0, 2}));
    QCOMPARE(image.palette, (Bytes{7, 8, 9, 4, 5, 6, 1, 2, 3}));
    image =
        decoded(makeBmp({.width = 3, .bits = 1, .rows = {0x40, 0, 0, 0}, .palette = {0, 0, 0, 0, 255, 255, 255, 0}}));
    QCOMPARE(image.mode, Mode::Bilevel);
    QCOMPARE(image.pixels, (Bytes{0, 255, 0}));
    Bytes ramp;
    for (int i = 0; i < 256; ++i)
        put(ramp, Bytes(3, static_cast<std::uint8_t>(i))), ramp.push_back(0);
    image = decoded(makeBmp({.width = 2, .bits = 8, .rows = {200, 3, 0, 0}, .palette = ramp}));
    QCOMPARE(image.mode, Mode::Gray);
    QCOMPARE(image.pixels, (Bytes{200, 3}));
    image = decoded(makeBmp(
        {.width = 1, .bits = 16, .compression = 3, .rows = {0xE0, 0xFF, 0, 0}, .masks = {0xF800, 0x7E0, 0x1F}}));
    QCOMPARE(image.pixels, (Bytes{255, 255, 0}));
    image = decoded(makeBmp({.width = 1, .bits = 16, .rows = {0x1F, 0x40, 0, 0}}));
    QCOMPARE(image.pixels, (Bytes{16 * 255 / 31, 0, 255}));
    image = decoded(makeBmp({.width = 1, .bits = 32, .rows = {1, 2, 3, 4}}));
    QCOMPARE(image.mode, Mode::Rgb);
    QCOMPARE(image.pixels, (Bytes{3, 2, 1}));
    image = decoded(makeBmp({.width = 1,
                             .bits = 32,
                             .compression = 3,
                             .rows = {1, 2, 3, 4},
                             .masks = {0xFF, 0xFF00, 0xFF0000, 0xFF000000}}));
    QCOMPARE(image.mode, Mode::Rgba);
    QCOMPARE(image.pixels, (Bytes{1, 2, 3, 4}));
}

void TestDecode::bmpRefusals() {
    QCOMPARE(reasonOf(decodeBytes(makeBmp({.width = 4, .bits = 8, .compression = 1, .rows = {0, 0, 0, 1}}))),
             "a run-length encoded BMP");
    QCOMPARE(reasonOf(decodeBytes(makeBmp({.bits = 5, .rows = Bytes(8)}))), "a BMP with 5 bits a pixel");
    QCOMPARE(reasonOf(decodeBytes(makeBmp({.width = 100, .rows = Bytes(299)}))), "the file is truncated");
    QCOMPARE(codeOf(decodeBytes(makeBmp({.width = -5}))), ErrorCode::ImageUnreadable);
    QCOMPARE(codeOf(decodeBytes(makeBmp({.width = 0x7FFFFFFF, .height = -0x7FFFFFFF}))), ErrorCode::ImageTooLarge);
}

void TestDecode::tiffModesAndOrientation() {
    QCOMPARE(decoded(makeTiff({.width = 2, .samples = 1, .photometric = 0, .pixels = {0, 200}})).pixels,
             (Bytes{255, 55}));
    // Six values in the order of a 3 x 2 picture; TIFF 6.0 says where the stored first row and column belong.
    const Bytes stored{1, 2, 3, 4, 5, 6};
    const std::array<Bytes, 8> upright{{{1, 2, 3, 4, 5, 6},
                                        {3, 2, 1, 6, 5, 4},
                                        {6, 5, 4, 3, 2, 1},
                                        {4, 5, 6, 1, 2, 3},
                                        {1, 4, 2, 5, 3, 6},
                                        {4, 1, 5, 2, 6, 3},
                                        {6, 3, 5, 2, 4, 1},
                                        {3, 6, 2, 5, 1, 4}}};
    for (std::uint32_t orientation = 1; orientation <= 8; ++orientation) {
        const Decoded image = decoded(makeTiff(
            {.width = 3, .height = 2, .samples = 1, .photometric = 1, .orientation = orientation, .pixels = stored}));
        QCOMPARE(image.pixels, upright[orientation - 1]);
        QCOMPARE(image.width, orientation >= 5 ? 2 : 3);
        QCOMPARE(image.exifOrientation, 1);
    }
    QCOMPARE(
        reasonOf(decodeBytes(makeTiff({.samples = 1, .bits = 32, .photometric = 1, .format = 3, .pixels = Bytes(4)}))),
        "a TIFF with signed or floating-point samples");
    QCOMPARE(reasonOf(decodeBytes(makeTiff({.samples = 1, .bits = 16, .photometric = 1, .pixels = Bytes(2)}))),
             "a TIFF with 16 bits a sample");
    QCOMPARE(codeOf(decodeBytes(makeTiff({.width = 60000, .height = 60000, .pixels = Bytes(3)}))),
             ErrorCode::ImageTooLarge);
}

void TestDecode::gifCanvas() {
    GifParts parts{.screenWidth = 4, .screenHeight = 2, .left = 1, .top = 1, .width = 2, .height = 1};
    parts.palette = pattern(768, 1);
    parts.indices = {7, 200};
    Decoded image = decoded(makeGif(parts));
    QCOMPARE(image.mode, Mode::Palette);
    QCOMPARE(image.palette, parts.palette);
    QCOMPARE(image.pixels, (Bytes{0, 0, 0, 0, 0, 7, 200, 0}));
    parts.transparent = 9;
    QCOMPARE(decoded(makeGif(parts)).pixels, (Bytes{9, 9, 9, 9, 9, 7, 200, 9}));
    parts.screenWidth = 1; // smaller than its frame: the frame wins
    QCOMPARE(decoded(makeGif(parts)).width, 3);
    for (std::size_t i = 0; i < parts.palette.size(); ++i)
        parts.palette[i] = static_cast<std::uint8_t>(i / 3);
    QCOMPARE(decoded(makeGif(parts)).mode, Mode::Gray);
}

void TestDecode::webpAlpha() {
    const Decoded image = decoded(smallWebp());
    QCOMPARE(image.mode, Mode::Rgba);
    QCOMPARE(image.pixels, (Bytes{255, 0, 0, 255, 0, 255, 0, 128, 0, 0, 255, 1, 10, 20, 30, 255}));
}

void TestDecode::jpegGrayAndColour() {
    Decoded flat;
    flat.width = flat.height = 40;
    for (int i = 0; i < 1600; ++i)
        put(flat.pixels, Bytes{200, 100, 50});
    const Decoded image = decoded(thumbnail(flat, 40).value());
    QCOMPARE(image.mode, Mode::Rgb);
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
        QVERIFY(std::abs(image.pixels[i] - flat.pixels[i]) <= 2); // quality 85
}

void TestDecode::exifIsReadNotApplied() {
    const Bytes plain = makeJpeg(30, 20);
    for (const bool bigEndian : {false, true})
        for (int orientation = 1; orientation <= 8; ++orientation) {
            const Decoded image = decoded(withExif(plain, makeExif(orientation, bigEndian)));
            QCOMPARE(image.exifOrientation, orientation);
            QCOMPARE(image.width, 30);
            QCOMPARE(image.pixels, decoded(plain).pixels);
        }
    QCOMPARE(decoded(makePng({.rows = {1, 2, 3}, .exif = makeExif(8)})).exifOrientation, 8);
    QCOMPARE(decoded(withExif(plain, makeExif(9))).exifOrientation, 1);
    // Damaged blocks are no reason to refuse a picture.
    const Bytes whole = makeExif(6);
    for (std::size_t count = 0; count < whole.size(); ++count) {
        const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(count));
        const int orientation = decoded(withExif(plain, part)).exifOrientation;
        QVERIFY(orientation == 1 || (orientation == 6 && count >= 22));
    }
    Bytes farAway = whole;
    std::fill_n(farAway.begin() + 4, 4, std::uint8_t{0xFF});
    QCOMPARE(decoded(withExif(plain, farAway)).exifOrientation, 1);
}

void TestDecode::inspectionAgreesWithDecoding() {
    const TempFolder folder;
    const auto inspected = [&](const Bytes& bytes) {
        writeText(folder / "x", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        return inspectFile(folder / "x");
    };
    const Bytes plain = makeJpeg(30, 20);
    QCOMPARE(inspected(plain)->exifOrientation, 1);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        QCOMPARE(inspected(withExif(plain, makeExif(orientation)))->exifOrientation, orientation);
        QCOMPARE(inspected(makePng({.rows = {1, 2, 3}, .exif = makeExif(orientation)}))->exifOrientation, orientation);
    }
    const Bytes turned = withExif(plain, makeExif(6));
    for (std::size_t count = 1; count < turned.size(); ++count) { // any part of a file: an answer, never a crash
        const auto part = inspected(Bytes(turned.begin(), turned.begin() + static_cast<std::ptrdiff_t>(count)));
        QVERIFY(!part || part->exifOrientation == 1 || part->exifOrientation == 6);
    }
    QVERIFY(inspected({}).error().code == ErrorCode::ImageUnreadable);
    QVERIFY(inspected(Bytes{'h', 'i'}).error().code == ErrorCode::ImageFormatUnknown);
    QVERIFY(inspectFile(folder / "none").error().code == ErrorCode::FileNotFound);
    QVERIFY(inspectFile(folder.path()).error().code == ErrorCode::FileUnreadable);
}

void TestDecode::convertsToRgb() {
    Decoded image;
    image.width = 3;
    image.height = 1;
    image.mode = Mode::Palette;
    image.pixels = {1, 0, 77};
    image.palette = {1, 2, 3, 4, 5, 6};
    QCOMPARE(toRgb(image).pixels, (Bytes{4, 5, 6, 1, 2, 3, 77, 77, 77})); // beyond the palette: the grey ramp
    image.mode = Mode::GrayAlpha;
    image.pixels = {9, 0, 8, 255, 7, 1};
    QCOMPARE(toRgb(image).pixels, (Bytes{9, 9, 9, 8, 8, 8, 7, 7, 7}));
    image.mode = Mode::Int32;
    image.wide = {-5, 77, 65535};
    QCOMPARE(toRgb(image).pixels, (Bytes{0, 0, 0, 77, 77, 77, 255, 255, 255}));
    image.mode = Mode::Cmyk;
    image.pixels = {0, 255, 128, 0, 0, 0, 0, 255, 10, 20, 30, 100};
    // (255 - c)(255 - k) / 255, e.g. 245 * 155 / 255 = 148.9 -> 149
    QCOMPARE(toRgb(image).pixels, (Bytes{255, 0, 127, 0, 0, 0, 149, 143, 137}));
}

void TestDecode::fileNames() {
    TempFolder folder;
    const Bytes png = makePng({.rows = {1, 2, 3}});
    const std::string_view content(reinterpret_cast<const char*>(png.data()), png.size());
    for (const char* name :
         {"plain.png", "no extension", "wrong.jpg", "\xF0\x9F\x93\xB7 \xD7\xA9\xD7\x9C.png", "not-utf8-\xFF\xFE.png"}) {
        writeText(folder / name, content);
        const auto image = decodeFile(folder / name);
        QVERIFY2(image, name);
        QCOMPARE(image->pixels, (Bytes{1, 2, 3}));
    }
    std::filesystem::create_directory(folder / "folder.jpg");
    QCOMPARE(codeOf(decodeFile(folder / "folder.jpg")), ErrorCode::FileUnreadable);
    QCOMPARE(reasonOf(decodeFile(folder / "folder.jpg")), "it is a folder");
    QCOMPARE(codeOf(decodeFile(folder / "missing.jpg")), ErrorCode::FileNotFound);
    QCOMPARE(codeOf(decodeFile((folder / "plain.png") / "below.jpg")), ErrorCode::FileNotFound);
    std::filesystem::create_symlink("loop.jpg", folder / "loop.jpg");
    QCOMPARE(codeOf(decodeFile(folder / "loop.jpg")), ErrorCode::FileUnreadable);
    QCOMPARE(::mkfifo((folder / "pipe.jpg").c_str(), 0600), 0);
    QCOMPARE(codeOf(decodeFile(folder / "pipe.jpg")), ErrorCode::FileUnreadable); // and does not wait for a writer
    writeText(folder / "bytes-\xFF.jpg", "no image");
    const auto unknown = decodeFile(folder / "bytes-\xFF.jpg");
    QCOMPARE(codeOf(unknown), ErrorCode::ImageFormatUnknown);
    QVERIFY(QString::fromUtf8(std::string(unknown.error().arg("path")).c_str()).contains(QChar(0xEFFF))); // path.h
}

void TestDecode::notImages() {
    TempFolder folder;
    writeText(folder / "empty.jpg", "");
    QCOMPARE(codeOf(decodeFile(folder / "empty.jpg")), ErrorCode::ImageUnreadable);
    QCOMPARE(reasonOf(decodeFile(folder / "empty.jpg")), "the file is empty");
    for (const std::string& text :
         {std::string("<html>"), std::string("B"), std::string("RIFF\4\0\0\0WAVE", 12), std::string(5000, '\xA5')}) {
        writeText(folder / "text.png", text);
        QCOMPARE(codeOf(decodeFile(folder / "text.png")), ErrorCode::ImageFormatUnknown);
    }
    for (const auto& [name, bytes] : oneOfEach()) {
        const Bytes head(bytes.begin(), bytes.begin() + 12); // enough to be recognised, for every format
        QVERIFY2(codeOf(decodeBytes(head)) == ErrorCode::ImageUnreadable, name);
    }
}

void TestDecode::truncatedIsRefusedOrWhole() {
    for (const auto& [name, bytes] : oneOfEach()) {
        const Decoded whole = decoded(bytes);
        QVERIFY2(whole.width > 0, name);
        for (std::size_t count = 0; count < bytes.size(); count += count < 100 ? 1 : 7) {
            const auto part = decodeBytes(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)));
            // A file that lost only what follows its pixels may still be read, but never as another picture.
            QVERIFY2(!part || part->pixels == whole.pixels,
                     qPrintable(QStringLiteral("%1 at %2").arg(QLatin1String(name)).arg(count)));
            QVERIFY2(!part || count + 40 > bytes.size(), name);
        }
    }
}

void TestDecode::flippedBitsNeverCrash() {
    std::mt19937 random(20261122);
    int refused = 0;
    for (const auto& [name, bytes] : oneOfEach())
        for (int i = 0; i < 500; ++i) {
            Bytes damaged = bytes;
            for (int flips = 0; flips <= i % 4; ++flips)
                damaged[random() % damaged.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
            const auto result = decodeBytes(damaged);
            refused += result ? 0 : 1;
            if (result && result->width < 4096 && result->height < 4096)
                QCOMPARE(toRgb(*result).pixels.size(),
                         std::size_t(3) * std::size_t(result->width) * std::size_t(result->height));
        }
    QVERIFY(refused > 500); // the flips do reach the decoders' checks
}

void TestDecode::decodersPrintNothing() {
    TempFolder folder;
    PrintedBytes printed(folder / "printed");
    std::mt19937 random(7);
    for (const auto& [name, bytes] : oneOfEach())
        for (std::size_t i = 0; i < bytes.size(); i += 5) {
            Bytes damaged = bytes;
            damaged[i] ^= static_cast<std::uint8_t>(1U << (random() % 8));
            (void)decodeBytes(damaged);
            (void)decodeBytes(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(i)));
        }
    QCOMPARE(printed.count(), std::int64_t{0});
}

void TestDecode::fixturesMatchPillow() {
    PLUMBLINE_NEEDS_SHARED();
    const auto folder = shared() / "fixtures" / "images";
    const json expected = json::parse(readText(folder / "expected" / "images.json"));
    QCOMPARE(expected.at("index").size(), std::size_t{39});
    for (const json& entry : expected.at("index")) {
        const std::string file = entry.at("file");
        const auto image = decodeFile(folder / "valid" / file);
        QVERIFY2(image, file.c_str());
        QVERIFY2(image->mode == modeNamed(entry.at("mode")), file.c_str());
        QCOMPARE(image->width, entry.at("width").get<int>());
        QCOMPARE(image->height, entry.at("height").get<int>());
        const json& orientation = entry.at("exif_orientation");
        QCOMPARE(image->exifOrientation, orientation.is_null() ? 1 : orientation.get<int>());
        QCOMPARE(inspectFile(folder / "valid" / file)->exifOrientation, image->exifOrientation);
        const Rgb rgb = toRgb(*image);
        std::array<std::int64_t, 3> sums{};
        for (std::size_t i = 0; i < rgb.pixels.size(); ++i)
            sums[i % 3] += rgb.pixels[i];
        const auto pixel = [&](int x, int y) {
            const auto at = rgb.pixels.begin() + 3 * (y * rgb.width + x);
            return std::array<int, 3>{at[0], at[1], at[2]};
        };
        // The pixels' sums: equal for every format, because Debian's Pillow decodes with the same libraries.
        QVERIFY2((sums == entry.at("decoded_rgb_sum").get<std::array<std::int64_t, 3>>()), file.c_str());
        QVERIFY2((pixel(0, 0) == entry.at("decoded_rgb_corner").get<std::array<int, 3>>()), file.c_str());
        QVERIFY2((pixel(rgb.width / 2, rgb.height / 2) == entry.at("decoded_rgb_center").get<std::array<int, 3>>()),
                 file.c_str());
    }
}

void TestDecode::brokenFixturesAreRefused() {
    PLUMBLINE_NEEDS_SHARED();
    const auto folder = shared() / "fixtures" / "images" / "broken";
    const std::map<std::string, ErrorCode> expected{{"bad_ihdr_crc.png", ErrorCode::ImageUnreadable},
                                                    {"bomb_2g_width.png", ErrorCode::ImageTooLarge},
                                                    {"bomb_huge_header.png", ErrorCode::ImageTooLarge},
                                                    {"corrupt_idat.png", ErrorCode::ImageUnreadable},
                                                    {"directory_named.jpg", ErrorCode::FileUnreadable},
                                                    {"header_only.jpg", ErrorCode::ImageUnreadable},
                                                    {"html_renamed.png", ErrorCode::ImageFormatUnknown},
                                                    {"png_signature_only.png", ErrorCode::ImageUnreadable},
                                                    {"random_bytes.png", ErrorCode::ImageFormatUnknown},
                                                    {"text_renamed.jpg", ErrorCode::ImageFormatUnknown},
                                                    {"truncated.gif", ErrorCode::ImageUnreadable},
                                                    {"truncated.png", ErrorCode::ImageUnreadable},
                                                    {"truncated.webp", ErrorCode::ImageUnreadable},
                                                    {"truncated_baseline.jpg", ErrorCode::ImageUnreadable},
                                                    {"truncated_progressive.jpg", ErrorCode::ImageUnreadable},
                                                    {"zero_bytes.jpg", ErrorCode::ImageUnreadable},
                                                    {"zero_bytes.png", ErrorCode::ImageUnreadable},
                                                    {"zero_width.png", ErrorCode::ImageUnreadable}};
    std::size_t seen = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name == "bomb_real_12000sq_black.png")
            continue; // valid, see largeButAllowed
        ++seen;
        QVERIFY2(expected.contains(name), name.c_str());
        const auto result = decodeFile(entry.path());
        QVERIFY2(codeOf(result) == expected.at(name), name.c_str());
        if (result.error().code == ErrorCode::ImageUnreadable)
            QVERIFY2(!result.error().arg("reason").empty(), name.c_str());
    }
    QCOMPARE(seen, expected.size());
}

void TestDecode::flippedFixturesNeverCrash() {
    PLUMBLINE_NEEDS_SHARED();
    std::mt19937 random(1);
    int refused = 0, files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(shared() / "fixtures" / "images" / "valid")) {
        const std::string text = readText(entry.path());
        ++files;
        for (int i = 0; i < 200; ++i) {
            Bytes damaged(text.begin(), text.end());
            // Half of the flips hit the headers, where the sizes are.
            const std::size_t range = i % 2 ? damaged.size() : std::min<std::size_t>(damaged.size(), 200);
            damaged[random() % range] ^= static_cast<std::uint8_t>(1U << (random() % 8));
            refused += decodeBytes(damaged) ? 0 : 1;
        }
    }
    QCOMPARE(files, 39);
    QVERIFY(refused > 1000);
}

void TestDecode::largeButAllowed() {
    PLUMBLINE_NEEDS_SHARED();
    const auto image = decodeFile(shared() / "fixtures" / "images" / "broken" / "bomb_real_12000sq_black.png");
    QVERIFY(image);
    QCOMPARE(image->width, 12000);
    QCOMPARE(image->height, 12000);
    QVERIFY(std::all_of(image->pixels.begin(), image->pixels.end(), [](std::uint8_t value) { return value == 0; }));
}

QTEST_APPLESS_MAIN(TestDecode)
#include "tst_decode.moc"
