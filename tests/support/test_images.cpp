// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/test_images.h"

#include <string>

#include "core/base/random.h"
#include "tests/support/test_support.h"

namespace plumbline::test {

void writeBmp(const std::filesystem::path& path, int width, int height, const std::function<Colour(int x, int y)>& colour) {
    const int stride = (width * 3 + 3) / 4 * 4;
    std::string bytes = "BM";
    const auto put32 = [&](int value) {
        for (int shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>(value >> shift & 255);
    };
    put32(54 + stride * height);
    put32(0);
    put32(54);
    put32(40);
    put32(width);
    put32(height);
    put32(1 | 24 << 16); // planes, bits
    put32(0);
    put32(stride * height);
    for (int i = 0; i < 4; ++i)
        put32(0);
    for (int y = height - 1; y >= 0; --y) {
        for (int x = 0; x < width; ++x) {
            const Colour c = colour(x, y);
            for (const int channel : {2, 1, 0})
                bytes += static_cast<char>(c[static_cast<std::size_t>(channel)]);
        }
        bytes.append(static_cast<std::size_t>(stride - width * 3), '\0');
    }
    writeText(path, bytes);
}

void writeLabelledImages(const std::filesystem::path& folder, int count, std::uint64_t seed) {
    std::filesystem::create_directories(folder / "img");
    std::string table = "file,gender,age\n";
    for (int i = 0; i < count; ++i) {
        RandomStream random(seed, streamId("test images"), static_cast<std::uint64_t>(i));
        const bool woman = random.below(2) == 0;
        const auto shade = static_cast<int>(random.below(120));
        const auto stripe = static_cast<int>(2 + random.below(6));
        std::string number = std::to_string(i);
        number.insert(0, 3 - std::min<std::size_t>(3, number.size()), '0');
        const std::string name = "img/" + number + ".bmp";
        writeBmp(folder / name, 40 + i % 7, 36 + i % 5, [&](int x, int y) {
            const int wave = (x / stripe + y / stripe) % 2 * 40;
            const int red = woman ? 90 + shade : 20 + wave, blue = woman ? 20 + wave : 90 + shade;
            return Colour{static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(wave + shade / 2), static_cast<std::uint8_t>(blue)};
        });
        table += name + (woman ? ",Female," : ",Male,") + (random.below(3) ? "20-29" : "60-69") + "\n";
    }
    writeText(folder / "labels.csv", table);
}

} // namespace plumbline::test
