// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the contact sheets of the drawn portraits that core/sample/README.md shows: one dimension along each axis.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "core/sample/portrait.h"

namespace {

using namespace plumbline::sample;

bool write(const std::filesystem::path& file, int columns, int rows, int size,
           const std::function<Portrait(int, int)>& at) {
    constexpr int kGap = 4;
    Picture sheet{columns * (size + kGap) + kGap, rows * (size + kGap) + kGap, {}};
    sheet.rgb.assign(static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height) * 3, 255);
    for (int row = 0; row < rows; ++row)
        for (int column = 0; column < columns; ++column) {
            const auto cell = paint(at(column, row), size);
            if (!cell)
                return false;
            for (int y = 0; y < size; ++y)
                std::copy_n(cell->rgb.begin() + static_cast<std::ptrdiff_t>(y) * size * 3, size * 3,
                            sheet.rgb.begin() +
                                (static_cast<std::ptrdiff_t>(kGap + row * (size + kGap) + y) * sheet.width + kGap +
                                 column * (size + kGap)) *
                                    3);
        }
    const auto png = encodePng(sheet);
    if (!png)
        return false;
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(png->data()), static_cast<std::streamsize>(png->size()));
    std::printf("%s\n", file.string().c_str());
    return out.good();
}

/// Hair, its colour and the seed differ from number to number: a sheet shows people and not one person.
Portrait somebody(int number) {
    Portrait p = randomPortrait(7, static_cast<std::uint64_t>(number));
    p.expression = Portrait::Expression::Neutral;
    p.pose = Portrait::Pose::Front;
    p.lighting = Portrait::Lighting::Even;
    p.covering = Portrait::Covering::None;
    p.glasses = Portrait::Glasses::None;
    p.age = Portrait::Age::From30;
    return p;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        std::fputs("usage: contact_sheet FOLDER [PIXELS]\n", stderr);
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const int size = argc == 3 ? std::atoi(argv[2]) : 96;
    std::filesystem::create_directories(folder);
    bool good = write(folder / "gender_tone.png", 10, 3, size, [](int column, int row) {
        Portrait p = somebody(100 + column + 10 * row);
        p.gender = static_cast<Portrait::Gender>(row);
        p.tone = column + 1;
        p.expression = static_cast<Portrait::Expression>(column % 2);
        return p;
    });
    good &= write(folder / "age_gender.png", 10, 3, size, [](int column, int row) {
        Portrait p = somebody(200 + column / 5 * 40 + row);
        p.gender = static_cast<Portrait::Gender>(row);
        p.age = static_cast<Portrait::Age>(column % 5);
        p.tone = column < 5 ? 2 + row : 7 + row;
        return p;
    });
    good &= write(folder / "expression_pose.png", 10, 5, size, [](int column, int row) {
        Portrait p = somebody(300 + column / 5);
        p.gender = column < 5 ? Portrait::Gender::Woman : Portrait::Gender::Man;
        p.hair = column < 5 ? Portrait::Hair::Bun : Portrait::Hair::Short;
        p.tone = column < 5 ? 8 : 4;
        p.pose = static_cast<Portrait::Pose>(column % 5);
        p.expression = static_cast<Portrait::Expression>(row);
        return p;
    });
    good &= write(folder / "lighting.png", 8, 4, size, [](int column, int row) {
        Portrait p = somebody(400 + row);
        p.tone = 1 + 3 * row;
        p.lighting = static_cast<Portrait::Lighting>(column);
        return p;
    });
    good &= write(folder / "hair.png", 11, 6, size, [](int column, int row) {
        Portrait p = somebody(500 + row);
        p.gender = static_cast<Portrait::Gender>((column + row) % 3);
        p.tone = 1 + (3 * row + column) % 10;
        p.hair = static_cast<Portrait::Hair>(column);
        p.hairColour = static_cast<Portrait::HairColour>(row);
        return p;
    });
    good &= write(folder / "covering_glasses.png", 12, 4, size, [](int column, int row) {
        Portrait p = somebody(600 + column / 6 * 10 + row);
        p.gender = static_cast<Portrait::Gender>((column + row) % 3);
        p.tone = 1 + (3 * row + column) % 10;
        p.age = static_cast<Portrait::Age>((column + 2 * row) % 5);
        p.pose = column < 6 ? Portrait::Pose::Front : static_cast<Portrait::Pose>((column + row) % 5);
        p.covering = static_cast<Portrait::Covering>(column % 6);
        p.glasses = static_cast<Portrait::Glasses>(row);
        return p;
    });
    good &= write(folder / "occupation.png", 9, 4, size, [](int column, int row) {
        Portrait p = randomPortrait(8, static_cast<std::uint64_t>(column + 9 * row));
        p.lighting = Portrait::Lighting::Even;
        p.occupation = column + 9 * (row % 2);
        return p;
    });
    good &= write(folder / "people.png", 10, 5, size,
                  [](int column, int row) { return randomPortrait(9, static_cast<std::uint64_t>(column + 10 * row)); });
    return good ? 0 : 1;
}
