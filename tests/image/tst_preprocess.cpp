// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <random>

#include <nlohmann/json.hpp>

#include "core/image/pixels.h"
#include "core/image/preprocess.h"
#include "core/image/resample.h"
#include "tests/image/image_makers.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::image;
using namespace plumbline::test;
using nlohmann::json;

namespace {

constexpr Interpolation kFilters[] = {Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Bicubic};

Bytes noise(std::size_t count, std::uint_fast32_t seed) {
    std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
    Bytes out(count);
    // Mostly extremes, so that overshoot and clipping happen.
    for (std::uint8_t& value : out)
        value = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 256 : random() % 2 * 255);
    return out;
}

Bytes resampleAll(const Bytes& samples, int width, int height, int channels, int toWidth, int toHeight,
                  Interpolation interpolation) {
    return resample(Raster<std::uint8_t>{samples.data(), width, height, channels}, toWidth, toHeight,
                    Window{0, 0, toWidth, toHeight}, interpolation);
}

/// One axis of one line, written as plainly as possible: the definition that the fast code has to meet.
Bytes plainLine(const Bytes& in, int toSize, Interpolation interpolation) {
    const int size = static_cast<int>(in.size());
    const double scale = double(size) / toSize, wide = std::max(scale, 1.0);
    const double radius = (interpolation == Interpolation::Bicubic ? 2 : 1) * wide;
    const auto kernel = [&](double x) {
        x = std::abs(x);
        if (interpolation == Interpolation::Bilinear)
            return x < 1 ? 1 - x : 0;
        return x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1 : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
    };
    Bytes out;
    for (int i = 0; i < toSize; ++i) {
        const double centre = (i + 0.5) * scale;
        const int first = std::max(0, int(centre - radius + 0.5)), last = std::min(size, int(centre + radius + 0.5));
        double total = 0;
        for (int x = first; x < last; ++x)
            total += kernel((x + 0.5 - centre) / wide);
        std::int64_t sum = 1 << 21;
        for (int x = first; x < last; ++x)
            sum += std::llround(kernel((x + 0.5 - centre) / wide) / total * (1 << 22)) * in[std::size_t(x)];
        out.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> 22, 0, 255)));
    }
    return out;
}

/// Rows, then columns, one channel at a time.
Bytes plainResample(const Bytes& in, int width, int height, int channels, int toWidth, int toHeight,
                    Interpolation filter) {
    const auto w = std::size_t(width), h = std::size_t(height), n = std::size_t(channels), tw = std::size_t(toWidth),
               th = std::size_t(toHeight);
    Bytes middle(tw * h * n), out(tw * th * n);
    for (std::size_t c = 0; c < n; ++c) {
        for (std::size_t y = 0; y < h; ++y) {
            Bytes line(w);
            for (std::size_t x = 0; x < w; ++x)
                line[x] = in[(y * w + x) * n + c];
            if (width != toWidth)
                line = plainLine(line, toWidth, filter);
            for (std::size_t x = 0; x < tw; ++x)
                middle[(y * tw + x) * n + c] = line[x];
        }
        for (std::size_t x = 0; x < tw; ++x) {
            Bytes line(h);
            for (std::size_t y = 0; y < h; ++y)
                line[y] = middle[(y * tw + x) * n + c];
            if (height != toHeight)
                line = plainLine(line, toHeight, filter);
            for (std::size_t y = 0; y < th; ++y)
                out[(y * tw + x) * n + c] = line[y];
        }
    }
    return out;
}

Preprocessing preprocessingFor(int size, Preprocessing::Order order = Preprocessing::Order::ResizeThenRgb,
                               Preprocessing::CropOffset offset = Preprocessing::CropOffset::RoundHalfEven) {
    Preprocessing result;
    result.size.value = size;
    result.mean.value = {0.48145466, 0.4578275, 0.40821073};
    result.std.value = {0.26862954, 0.26130258, 0.27577711};
    result.interpolation.value = Interpolation::Bicubic;
    result.order.value = order;
    result.cropOffset.value = offset;
    return result;
}

Decoded picture(Mode mode, int width, int height, Bytes pixels) {
    Decoded image;
    image.mode = mode;
    image.width = width;
    image.height = height;
    image.pixels = std::move(pixels);
    return image;
}

/// The data of a version 1 .npy file; formats::readNpy reads floating-point arrays only.
std::string npyData(const std::filesystem::path& path) {
    const std::string file = readText(path);
    const auto byte = [&](std::size_t at) { return std::size_t(static_cast<std::uint8_t>(file.at(at))); };
    return file.substr(10 + byte(8) + 256 * byte(9));
}

std::vector<std::string> photographs(std::size_t count) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(shared() / "data" / "fairface" / "val"))
        paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    paths.resize(std::min(paths.size(), count));
    return paths;
}

} // namespace

class TestPreprocess : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void handComputedBicubic();
    void equalsThePlainDefinition();
    void constantStaysConstant();
    void sameSizeChangesNothing();
    void mirrorsWithThePicture();
    void windowEqualsTheWhole();
    void wideIntegers();
    void alphaProducts();
    void transparentColoursVanish();
    void palettesAreNotBlended();
    void cropOffsets();
    void stretching();
    void thinPictures();
    void normalisesExactly();
    void thumbnailsFit();
    void fixturesEqualPillow_data();
    void fixturesEqualPillow();
    void fixtureFloatsEqualTorch();
    void speedOfDecoding();
    void speedOfCropping();
};

void TestPreprocess::handComputedBicubic() {
    // Two pixels become four: centres at 0.25, 0.75, 1.25, 1.75; kernel values 0.8671875 at 0.25, 0.2265625 at 0.75 and
    // -0.0703125 at 1.25, divided by their sums 0.796875 and 1.09375:
    //   (86.71875 - 14.0625) / 0.796875 = 91.18      (86.71875 + 45.3125) / 1.09375 = 120.71      and mirrored.
    QCOMPARE(resampleAll({100, 200}, 2, 1, 1, 4, 1, Interpolation::Bicubic), (Bytes{91, 121, 179, 209}));
    QCOMPARE(resampleAll({100, 200}, 1, 2, 1, 1, 4, Interpolation::Bicubic), (Bytes{91, 121, 179, 209}));
    // Bilinear: 0.75 and 0.25 around; at the ends the one pixel in reach.
    QCOMPARE(resampleAll({100, 200}, 2, 1, 1, 4, 1, Interpolation::Bilinear), (Bytes{100, 125, 175, 200}));
    QCOMPARE(resampleAll({100, 200}, 2, 1, 1, 4, 1, Interpolation::Nearest), (Bytes{100, 100, 200, 200}));
    // The first pass clips: (0, 255) stretched overshoots on both sides.
    QCOMPARE(resampleAll({0, 255}, 2, 1, 1, 4, 1, Interpolation::Bicubic), (Bytes{0, 53, 202, 255}));
}

void TestPreprocess::equalsThePlainDefinition() {
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        const auto upTo = [&](int n) { return 1 + static_cast<int>(random() % static_cast<unsigned>(n)); };
        const int width = upTo(90), height = upTo(90), channels = upTo(4), toWidth = upTo(70), toHeight = upTo(70);
        const Bytes in = noise(std::size_t(width) * std::size_t(height) * std::size_t(channels), random());
        for (const Interpolation filter : {Interpolation::Bilinear, Interpolation::Bicubic}) {
            const Bytes fast = resampleAll(in, width, height, channels, toWidth, toHeight, filter);
            const Bytes plain = plainResample(in, width, height, channels, toWidth, toHeight, filter);
            QVERIFY2(fast == plain, qPrintable(QStringLiteral("%1x%2x%3 to %4x%5")
                                                   .arg(width)
                                                   .arg(height)
                                                   .arg(channels)
                                                   .arg(toWidth)
                                                   .arg(toHeight)));
        }
    }
}

void TestPreprocess::constantStaysConstant() {
    for (const int level : {0, 1, 127, 254, 255})
        for (const auto& [width, height, size] :
             {std::tuple{50, 70, 64}, {300, 200, 64}, {1, 1, 64}, {65, 64, 224}, {37, 500, 96}}) {
            const Bytes in(std::size_t(width) * std::size_t(height), static_cast<std::uint8_t>(level));
            for (const Interpolation filter : kFilters)
                QCOMPARE(resampleAll(in, width, height, 1, size, size + 3, filter),
                         Bytes(std::size_t(size) * std::size_t(size + 3), static_cast<std::uint8_t>(level)));
        }
}

void TestPreprocess::sameSizeChangesNothing() {
    const Bytes in = noise(45 * 33 * 3, 1);
    for (const Interpolation filter : kFilters)
        QCOMPARE(resampleAll(in, 45, 33, 3, 45, 33, filter), in);
    // Semi-transparent colours are not even sent through the alpha product and back.
    const Bytes rgba = noise(64 * 64 * 4, 2);
    const Rgb crop = cropForModel(picture(Mode::Rgba, 64, 64, rgba), preprocessingFor(64));
    for (std::size_t i = 0; i < 64 * 64; ++i)
        QVERIFY(std::equal(crop.pixels.begin() + std::ptrdiff_t(3 * i), crop.pixels.begin() + std::ptrdiff_t(3 * i + 3),
                           rgba.begin() + std::ptrdiff_t(4 * i)));
}

void TestPreprocess::mirrorsWithThePicture() {
    // Sizes whose ratio is exact in binary, so that the two sides' weights are the same numbers.
    for (const auto& [from, to] : {std::pair{64, 16}, {16, 64}, {96, 64}, {48, 64}})
        for (const Interpolation filter : {Interpolation::Bilinear, Interpolation::Bicubic}) {
            Bytes in = noise(std::size_t(from), 5);
            Bytes out = resampleAll(in, from, 1, 1, to, 1, filter);
            std::reverse(in.begin(), in.end());
            std::reverse(out.begin(), out.end());
            QCOMPARE(resampleAll(in, from, 1, 1, to, 1, filter), out);
        }
}

void TestPreprocess::windowEqualsTheWhole() {
    std::mt19937 random(11);
    for (int round = 0; round < 60; ++round) {
        const auto upTo = [&](int n) { return 1 + static_cast<int>(random() % static_cast<unsigned>(n)); };
        const int width = upTo(120), height = upTo(120), toWidth = upTo(90), toHeight = upTo(90);
        const int windowWidth = upTo(toWidth), windowHeight = upTo(toHeight);
        const Window window{upTo(toWidth - windowWidth + 1) - 1, upTo(toHeight - windowHeight + 1) - 1, windowWidth,
                            windowHeight};
        const Bytes in = noise(std::size_t(width) * std::size_t(height) * 3, random());
        for (const Interpolation filter : kFilters) {
            const Bytes whole = resampleAll(in, width, height, 3, toWidth, toHeight, filter);
            const Bytes part =
                resample(Raster<std::uint8_t>{in.data(), width, height, 3}, toWidth, toHeight, window, filter);
            for (int y = 0; y < windowHeight; ++y) {
                const auto row = whole.begin() + 3 * ((window.y + y) * toWidth + window.x);
                QVERIFY(std::equal(row, row + 3 * windowWidth, part.begin() + 3 * y * windowWidth));
            }
        }
    }
}

void TestPreprocess::wideIntegers() {
    // 0.8671875 / 0.796875 * 1000 - 0.0703125 / 0.796875 * 60000 = -4205.9 (no clipping), and so on.
    const std::vector<std::int32_t> in{1000, 60000};
    QCOMPARE(resample(Raster<std::int32_t>{in.data(), 2, 1, 1}, 4, 1, Window{0, 0, 4, 1}, Interpolation::Bicubic),
             (std::vector<std::int32_t>{-4206, 13221, 47779, 65206}));
    QCOMPARE(resample(Raster<std::int32_t>{in.data(), 1, 2, 1}, 1, 4, Window{0, 1, 1, 2}, Interpolation::Bicubic),
             (std::vector<std::int32_t>{13221, 47779}));
    // Rounded half away from zero: the mean of -1 and 0 is -0.5.
    const std::vector<std::int32_t> negative{-1, 0};
    QCOMPARE(
        resample(Raster<std::int32_t>{negative.data(), 2, 1, 1}, 1, 1, Window{0, 0, 1, 1}, Interpolation::Bilinear),
        (std::vector<std::int32_t>{-1}));
}

void TestPreprocess::alphaProducts() {
    for (unsigned a = 0; a < 256; ++a)
        for (unsigned b = 0; b < 256; ++b)
            QCOMPARE(int(productOf255(a, b)), int(std::lround(a * b / 255.0)));
    Bytes pixels{200, 100, 0, 128, 9, 9, 9, 0, 7, 8, 9, 255};
    premultiply(pixels, 4);
    QCOMPARE(pixels, (Bytes{100, 50, 0, 128, 0, 0, 0, 0, 7, 8, 9, 255}));
    unpremultiply(pixels, 4);
    QCOMPARE(pixels, (Bytes{199, 99, 0, 128, 0, 0, 0, 0, 7, 8, 9, 255}));
    Bytes overshoot{200, 100}; // a resampled colour above its alpha
    unpremultiply(overshoot, 2);
    QCOMPARE(overshoot, (Bytes{255, 100}));
}

void TestPreprocess::transparentColoursVanish() {
    // White but fully transparent: black when resized as RGBA, white when converted first.
    Bytes pixels;
    for (int i = 0; i < 80 * 80; ++i)
        put(pixels, Bytes{255, 255, 255, 0});
    const Decoded image = picture(Mode::Rgba, 80, 80, pixels);
    QCOMPARE(cropForModel(image, preprocessingFor(64)).pixels, Bytes(64 * 64 * 3, 0));
    QCOMPARE(cropForModel(image, preprocessingFor(64, Preprocessing::Order::RgbThenResize)).pixels,
             Bytes(64 * 64 * 3, 255));
}

void TestPreprocess::palettesAreNotBlended() {
    Decoded image = picture(Mode::Palette, 2, 2, {0, 1, 1, 0});
    image.palette = {0, 0, 0, 240, 240, 240};
    Bytes pixels = cropForModel(image, preprocessingFor(8)).pixels;
    QVERIFY(std::all_of(pixels.begin(), pixels.end(), [](int value) { return value == 0 || value == 240; }));
    pixels = cropForModel(image, preprocessingFor(8, Preprocessing::Order::RgbThenResize)).pixels;
    QVERIFY(std::any_of(pixels.begin(), pixels.end(), [](int value) { return value > 20 && value < 220; }));
    Decoded bilevel = picture(Mode::Bilevel, 2, 2, {0, 255, 255, 0});
    pixels = cropForModel(bilevel, preprocessingFor(8)).pixels;
    QVERIFY(std::all_of(pixels.begin(), pixels.end(), [](int value) { return value == 0 || value == 255; }));
}

void TestPreprocess::cropOffsets() {
    // The shorter side already fits: nothing is resized, and the first value tells the offset.
    using Offset = Preprocessing::CropOffset;
    const auto firstColumn = [](int width, Offset rule) {
        Bytes pixels;
        for (int i = 0; i < width * 8; ++i)
            pixels.push_back(static_cast<std::uint8_t>(i % width));
        return int(cropForModel(picture(Mode::Gray, width, 8, pixels),
                                preprocessingFor(8, Preprocessing::Order::ResizeThenRgb, rule))
                       .pixels[0]);
    };
    // spare width       0  1  2  3  4  5  6  7
    const int halfEven[] = {0, 0, 1, 2, 2, 2, 3, 4}, floor[] = {0, 0, 1, 1, 2, 2, 3, 3};
    for (int spare = 0; spare < 8; ++spare) {
        QCOMPARE(firstColumn(8 + spare, Offset::RoundHalfEven), halfEven[spare]);
        QCOMPARE(firstColumn(8 + spare, Offset::Floor), floor[spare]);
    }
}

/// SigLIP's preparation: the whole picture, whatever its proportions, and nothing cut off.
void TestPreprocess::stretching() {
    const Decoded wide = picture(Mode::Rgb, 31, 12, noise(31 * 12 * 3, 5));
    Preprocessing preprocessing = preprocessingFor(16);
    const std::string cut = preprocessing.id();
    const Bytes cropped = cropForModel(wide, preprocessing).pixels;
    preprocessing.resize.value = Preprocessing::Resize::Stretch;
    QVERIFY(preprocessing.id() != cut); // another key in the cache of embeddings
    const Rgb stretched = cropForModel(wide, preprocessing);
    QCOMPARE(stretched.width, 16);
    QCOMPARE(stretched.height, 16);
    QVERIFY(stretched.pixels == plainResample(wide.pixels, 31, 12, 3, 16, 16, Interpolation::Bicubic));
    QVERIFY(stretched.pixels != cropped);
    const Decoded square = picture(Mode::Rgb, 24, 24, noise(24 * 24 * 3, 6));
    QVERIFY(cropForModel(square, preprocessing).pixels == cropForModel(square, preprocessingFor(16)).pixels);
}

void TestPreprocess::thinPictures() {
    // The longer side becomes 64 * 2,000,000 = 128 million; only the crop is computed.
    Bytes stripes(2000000);
    for (std::size_t i = 0; i < stripes.size(); ++i)
        stripes[i] = static_cast<std::uint8_t>(i);
    for (const Mode mode : {Mode::Gray, Mode::Palette}) {
        const Rgb wide = cropForModel(picture(mode, 2000000, 1, stripes), preprocessingFor(64));
        const Rgb tall = cropForModel(picture(mode, 1, 2000000, stripes), preprocessingFor(64));
        QCOMPARE(wide.pixels.size(), std::size_t(64 * 64 * 3));
        QCOMPARE(wide.pixels[0], wide.pixels[64 * 3]);
        QCOMPARE(tall.pixels[0], tall.pixels[3]);
    }
}

void TestPreprocess::normalisesExactly() {
    const Preprocessing preprocessing = preprocessingFor(2);
    const Rgb crop{2, 2, {0, 1, 2, 255, 254, 253, 100, 101, 102, 7, 8, 9}};
    std::vector<float> out(12);
    normalise(crop, preprocessing, out);
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < 4; ++i) {
            // Each step rounded to float32, as torch does it.
            volatile float value = static_cast<float>(crop.pixels[3 * i + c]) / 255.0F;
            value = value - static_cast<float>(preprocessing.mean.value[c]);
            value = value / static_cast<float>(preprocessing.std.value[c]);
            QCOMPARE(out[4 * c + i], float(value));
            QVERIFY(out[4 * c + i] == float(value));
        }
}

void TestPreprocess::thumbnailsFit() {
    const auto sizeOf = [](int width, int height, int side) {
        const Decoded image = picture(Mode::Gray, width, height, pattern(std::size_t(width), std::size_t(height)));
        const auto jpeg = thumbnail(image, side);
        if (!jpeg)
            return std::pair{0, 0};
        const auto read = decode(std::as_bytes(std::span(*jpeg)), "thumbnail");
        return read && read->mode == Mode::Rgb ? std::pair{read->width, read->height} : std::pair{-1, -1};
    };
    QCOMPARE(sizeOf(400, 300, 128), (std::pair{128, 96}));
    QCOMPARE(sizeOf(300, 400, 128), (std::pair{96, 128}));
    QCOMPARE(sizeOf(100, 50, 128), (std::pair{100, 50})); // never enlarged
    QCOMPARE(sizeOf(1, 1, 128), (std::pair{1, 1}));
    QCOMPARE(sizeOf(3000000, 1, 128), (std::pair{128, 1}));
    QCOMPARE(sizeOf(1, 30000, 128), (std::pair{1, 128}));
    // The content survives: left half dark, right half bright.
    Bytes halves;
    for (int i = 0; i < 300 * 200; ++i)
        halves.push_back(i % 300 < 150 ? 30 : 220);
    const auto jpeg = thumbnail(picture(Mode::Gray, 300, 200, halves), 60).value();
    const Rgb small = toRgb(decode(std::as_bytes(std::span(jpeg)), "thumbnail").value());
    QVERIFY(std::abs(small.pixels[std::size_t(3 * (20 * 60 + 10))] - 30) < 5);
    QVERIFY(std::abs(small.pixels[std::size_t(3 * (20 * 60 + 50))] - 220) < 5);
}

void TestPreprocess::fixturesEqualPillow_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<int>("size");
    for (const char* kind : {"clip_order", "rgb_first", "hf"})
        for (const int size : {64, 96, 224})
            QTest::newRow(qPrintable(QStringLiteral("%1 %2").arg(QLatin1String(kind)).arg(size)))
                << QString::fromLatin1(kind) << size;
}

void TestPreprocess::fixturesEqualPillow() {
    PLUMBLINE_NEEDS_SHARED();
    QFETCH(QString, kind);
    QFETCH(int, size);
    const auto folder = shared() / "fixtures" / "images";
    const json index = json::parse(readText(folder / "expected" / "images.json"));
    const std::string array = kind.toStdString() + "_" + std::to_string(size) + "_u8.npy";
    std::vector<std::string> files;
    if (kind == QLatin1String("clip_order") && size != 224)
        for (const json& entry : index.at("index"))
            files.push_back(entry.at("file"));
    else
        files = kind == QLatin1String("clip_order")
                    ? index.at("rows_of_clip_order_224").get<std::vector<std::string>>()
                    : index.at("alternative_orders").at(array).get<std::vector<std::string>>();
    const std::string expected = npyData(folder / "expected" / array);
    const std::size_t cropBytes = std::size_t(3) * std::size_t(size) * std::size_t(size);
    QCOMPARE(expected.size(), files.size() * cropBytes);

    using Order = Preprocessing::Order;
    using Offset = Preprocessing::CropOffset;
    const Preprocessing preprocessing =
        preprocessingFor(size, kind == QLatin1String("clip_order") ? Order::ResizeThenRgb : Order::RgbThenResize,
                         kind == QLatin1String("hf") ? Offset::Floor : Offset::RoundHalfEven);
    for (std::size_t row = 0; row < files.size(); ++row) {
        const auto image = decodeFile(folder / "valid" / files[row]);
        QVERIFY2(image, files[row].c_str());
        const Rgb crop = cropForModel(*image, preprocessing);
        QCOMPARE(crop.pixels.size(), cropBytes);
        int worst = 0, differing = 0;
        for (std::size_t i = 0; i < cropBytes; ++i) {
            const int off = std::abs(crop.pixels[i] - static_cast<std::uint8_t>(expected[row * cropBytes + i]));
            worst = std::max(worst, off);
            differing += off != 0;
        }
        // Every format, lossy ones too: Debian's Pillow decodes with the same libraries.
        QVERIFY2(differing == 0, qPrintable(QStringLiteral("%1: %2 values differ, by up to %3")
                                                .arg(QString::fromStdString(files[row]))
                                                .arg(differing)
                                                .arg(worst)));
    }
}

void TestPreprocess::fixtureFloatsEqualTorch() {
    PLUMBLINE_NEEDS_SHARED();
    const auto folder = shared() / "fixtures" / "images";
    const json index = json::parse(readText(folder / "expected" / "images.json"));
    const std::string data = npyData(folder / "expected" / "clip_order_64_f32.npy");
    constexpr std::size_t kCount = 3 * 64 * 64;
    QCOMPARE(data.size(), index.at("index").size() * kCount * sizeof(float));
    std::vector<float> out(kCount), expected(kCount);
    for (std::size_t row = 0; row < index.at("index").size(); ++row) {
        const std::string file = index.at("index").at(row).at("file");
        normalise(cropForModel(decodeFile(folder / "valid" / file).value(), preprocessingFor(64)), preprocessingFor(64),
                  out);
        std::memcpy(expected.data(), data.data() + row * kCount * sizeof(float), kCount * sizeof(float));
        QVERIFY2(out == expected, file.c_str());
    }
}

// The two figures of core/image/README.md; they measure and assert nothing about time.

void TestPreprocess::speedOfDecoding() {
    PLUMBLINE_NEEDS_SHARED();
    const auto files = photographs(500);
    std::size_t values = 0;
    QBENCHMARK {
        for (const std::string& file : files)
            values += decodeFile(file).value().pixels.size();
    }
    QVERIFY(values > 0);
}

void TestPreprocess::speedOfCropping() {
    PLUMBLINE_NEEDS_SHARED();
    std::vector<Decoded> images;
    for (const std::string& file : photographs(500))
        images.push_back(decodeFile(file).value());
    std::size_t values = 0;
    QBENCHMARK {
        for (const Decoded& image : images)
            values += cropForModel(image, preprocessingFor(64)).pixels.size();
    }
    QVERIFY(values > 0);
}

QTEST_APPLESS_MAIN(TestPreprocess)
#include "tst_preprocess.moc"
