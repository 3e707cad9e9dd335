// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>
#include <string>

#include "core/image/decode.h"
#include "core/sample/portrait.h"

using namespace plumbline;
using namespace plumbline::sample;

namespace {

constexpr int kSize = 96;

std::vector<std::uint8_t> painted(const Portrait& portrait, int size = kSize) {
    const auto picture = paint(portrait, size);
    return picture ? picture->rgb : std::vector<std::uint8_t>();
}

struct Area { // shares of the picture
    double left, top, right, bottom;
};
constexpr Area kUpperLeft{0, 0, 0.1, 0.6}, kUpperRight{0.9, 0, 1, 0.6};
constexpr Area kFace{0.39, 0.36, 0.61, 0.56}; // between the ears, down to the mouth: skin in every face
constexpr Area kChest{0, 0.85, 1, 1};
constexpr Area kCheeks{0.38, 0.48, 0.62, 0.6};

std::vector<std::uint8_t> cut(const std::vector<std::uint8_t>& rgb, const Area& area) {
    std::vector<std::uint8_t> result;
    for (int y = static_cast<int>(area.top * kSize); y < static_cast<int>(area.bottom * kSize); ++y)
        for (int x = static_cast<int>(area.left * kSize) * 3; x < static_cast<int>(area.right * kSize) * 3; ++x)
            result.push_back(rgb.at(static_cast<std::size_t>(y * kSize * 3 + x)));
    return result;
}

double meanLuminance(const std::vector<std::uint8_t>& rgb) {
    double sum = 0;
    for (std::size_t i = 0; i < rgb.size(); i += 3)
        sum += 0.2126 * rgb[i] + 0.7152 * rgb[i + 1] + 0.0722 * rgb[i + 2];
    return sum / (static_cast<double>(rgb.size()) / 3);
}

/// The members that are an enumeration or a number, by name.
struct Member {
    const char* name;
    int values;
    std::function<void(Portrait&, int)> set;
};
const std::vector<Member>& members() {
    static const std::vector<Member> kMembers{
        {"gender", 3, [](Portrait& p, int v) { p.gender = static_cast<Portrait::Gender>(v); }},
        {"tone", 10, [](Portrait& p, int v) { p.tone = v + 1; }},
        {"age", 5, [](Portrait& p, int v) { p.age = static_cast<Portrait::Age>(v); }},
        {"expression", 5, [](Portrait& p, int v) { p.expression = static_cast<Portrait::Expression>(v); }},
        {"pose", 5, [](Portrait& p, int v) { p.pose = static_cast<Portrait::Pose>(v); }},
        {"lighting", 8, [](Portrait& p, int v) { p.lighting = static_cast<Portrait::Lighting>(v); }},
        {"hair", 11, [](Portrait& p, int v) { p.hair = static_cast<Portrait::Hair>(v); }},
        {"hair colour", 6, [](Portrait& p, int v) { p.hairColour = static_cast<Portrait::HairColour>(v); }},
        {"covering", 6, [](Portrait& p, int v) { p.covering = static_cast<Portrait::Covering>(v); }},
        {"glasses", 4, [](Portrait& p, int v) { p.glasses = static_cast<Portrait::Glasses>(v); }},
        {"occupation", 19, [](Portrait& p, int v) { p.occupation = v - 1; }},
    };
    return kMembers;
}
int valueOf(const Portrait& p, std::size_t member) {
    const std::array<int, 10> values{static_cast<int>(p.gender),   p.tone - 1,
                                     static_cast<int>(p.age),      static_cast<int>(p.expression),
                                     static_cast<int>(p.pose),     static_cast<int>(p.lighting),
                                     static_cast<int>(p.hair),     static_cast<int>(p.hairColour),
                                     static_cast<int>(p.covering), static_cast<int>(p.glasses)};
    return values.at(member);
}

/// How likely a value is to be drawn: all alike, but half the people wear neither covering nor glasses.
double share(std::size_t member, int value) {
    const int values = members()[member].values;
    const bool worn = member == 8 || member == 9;
    return !worn ? 1.0 / values : value == 0 ? 0.5 : 0.5 / (values - 1);
}

/// People of many kinds, seen evenly lit and from the front.
std::vector<Portrait> people(int count) {
    std::vector<Portrait> result;
    for (int i = 0; i < count; ++i) {
        Portrait p = randomPortrait(11, static_cast<std::uint64_t>(i));
        p.pose = Portrait::Pose::Front;
        p.lighting = Portrait::Lighting::Even;
        result.push_back(p);
    }
    return result;
}

} // namespace

class TestPortrait : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void namesFitTheValues() {
        QCOMPARE(genderNames().size(), 3U);
        QCOMPARE(ageNames().size(), 5U);
        QCOMPARE(expressionNames().size(), 5U);
        QCOMPARE(poseNames().size(), 5U);
        QCOMPARE(lightingNames().size(), 8U);
        QCOMPARE(hairNames().size(), 11U);
        QCOMPARE(hairColourNames().size(), 6U);
        QCOMPARE(coveringNames().size(), 6U);
        QCOMPARE(glassesNames().size(), 4U);
        QCOMPARE(occupations().size(), 18U);
        QVERIFY(std::is_sorted(occupations().begin(), occupations().end(),
                               [](const Occupation& a, const Occupation& b) { return a.name < b.name; }));
        std::set<std::string_view> words;
        for (const Occupation& o : occupations())
            words.insert({o.clothing, o.tool, o.setting});
        QCOMPARE(words.size(), 3 * 18U);
        std::string bands;
        for (int tone = 1; tone <= Portrait::kTones; ++tone)
            bands += toneBand(tone).front();
        QCOMPARE(bands, std::string("llllmmmddd"));
    }

    void samePortraitSameBytes() {
        for (int i = 0; i < 12; ++i) {
            Portrait p = randomPortrait(1, static_cast<std::uint64_t>(i));
            p.occupation = i % 3 == 0 ? i : -1;
            const auto first = painted(p);
            QCOMPARE(first.size(), std::size_t{kSize} * kSize * 3);
            QCOMPARE(painted(p), first);
            p.seed += 1;
            QVERIFY(painted(p) != first);
        }
    }

    void everyValueIsSeen() {
        // Each value of each member paints, and no two values of a member give the same picture.
        for (const Member& member : members()) {
            Portrait p = people(1).front();
            p.covering = Portrait::Covering::None;
            p.glasses = Portrait::Glasses::None;
            p.hair = Portrait::Hair::Short;
            p.seed = 5;
            std::set<std::string> pictures;
            for (int value = 0; value < member.values; ++value) {
                member.set(p, value);
                const auto picture = painted(p);
                QVERIFY2(!picture.empty(), member.name);
                pictures.emplace(picture.begin(), picture.end());
            }
            QVERIFY2(static_cast<int>(pictures.size()) == member.values, member.name);
        }
    }

    void oneMemberChangesItsAspectOnly() {
        for (Portrait p : people(40)) {
            const auto before = painted(p);
            const auto changed = [&](const char* name, int value) {
                Portrait other = p;
                for (const Member& member : members())
                    if (std::string(member.name) == name)
                        member.set(other, value);
                return painted(other);
            };
            // Nothing about the person moves the backdrop.
            for (const auto& [name, values] : {std::pair{"gender", 3},
                                               {"tone", 10},
                                               {"age", 5},
                                               {"expression", 5},
                                               {"pose", 5},
                                               {"hair colour", 6},
                                               {"glasses", 4}})
                for (int value = 0; value < values; ++value) {
                    const auto after = changed(name, value);
                    QVERIFY2(cut(after, kUpperLeft) == cut(before, kUpperLeft), name);
                    QVERIFY2(cut(after, kUpperRight) == cut(before, kUpperRight), name);
                }
            // The face's own changes leave the clothes.
            for (const auto& [name, values] : {std::pair{"expression", 5}, {"age", 5}, {"pose", 5}, {"glasses", 4}})
                for (int value = 0; value < values; ++value)
                    if (p.hair != Portrait::Hair::Long && p.hair != Portrait::Hair::Braids &&
                        p.hair != Portrait::Hair::Locs)
                        QVERIFY2(cut(changed(name, value), {0, 0.93, 1, 1}) == cut(before, {0, 0.93, 1, 1}), name);
            // Clothes, tool and setting leave the face.
            for (int value = 1; value < 19; ++value) {
                const auto after = changed("occupation", value);
                QVERIFY(cut(after, kFace) == cut(before, kFace));
                QVERIFY(cut(after, kChest) != cut(before, kChest));
                QVERIFY(cut(after, kUpperLeft) != cut(before, kUpperLeft));
            }
            // Hair under a scarf has no colour in the picture but the brows'.
            if (p.covering == Portrait::Covering::Headscarf)
                for (int value = 0; value < 11; ++value)
                    QVERIFY(changed("hair", value) == before);
        }
    }

    void occupationLeavesTheFaceInEveryLight() {
        for (int i = 0; i < 40; ++i) {
            Portrait p = randomPortrait(12, static_cast<std::uint64_t>(i));
            p.pose = Portrait::Pose::Front;
            const auto before = painted(p);
            p.occupation = i % 18;
            QVERIFY(cut(painted(p), kFace) == cut(before, kFace));
        }
    }

    void tonesKeepTheirOrder() {
        for (int lighting = 0; lighting < 8; ++lighting)
            for (Portrait p : people(6)) {
                p.lighting = static_cast<Portrait::Lighting>(lighting);
                p.gender = Portrait::Gender::Androgynous; // no beard
                p.glasses = Portrait::Glasses::None;
                std::vector<double> means;
                for (p.tone = 1; p.tone <= Portrait::kTones; ++p.tone)
                    means.push_back(meanLuminance(cut(painted(p), kCheeks)));
                // The scale's own tones 2 and 3 cross in luminance (#f3e7db, #f7ead0); every other step goes down.
                for (std::size_t i = 1; i < means.size(); ++i)
                    if (i != 2)
                        QVERIFY2(means[i] < means[i - 1],
                                 qPrintable(QString::number(lighting) + QLatin1Char(' ') + QString::number(i)));
                QVERIFY(means[2] < means[0]);
                QVERIFY(means[3] < means[1]);
                // The bands stay apart in one light.
                QVERIFY(means[3] - means[4] > 8);
                QVERIFY(means[6] - means[7] > 8);
            }
    }

    /// What clothColour() says is what the picture shows at the side of the chest.
    void clothColourIsPainted() {
        constexpr Area kSide{0.25, 0.92, 0.33, 1};
        constexpr int kPeople = 120;
        std::array<std::vector<double>, 2> said, seen; // lightness, warmth
        for (const Portrait& p : people(kPeople)) {
            const auto [red, green, blue] = clothColour(p);
            said[0].push_back(0.2126 * red + 0.7152 * green + 0.0722 * blue);
            said[1].push_back(red - blue);
            const std::vector<std::uint8_t> side = cut(painted(p), kSide);
            seen[0].push_back(meanLuminance(side));
            double warmth = 0;
            for (std::size_t i = 0; i < side.size(); i += 3)
                warmth += side[i] - side[i + 2];
            seen[1].push_back(warmth);
        }
        for (std::size_t aspect = 0; aspect < 2; ++aspect) {
            const auto mean = [](const std::vector<double>& v) {
                return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
            };
            const double x = mean(said[aspect]), y = mean(seen[aspect]);
            double xx = 0, yy = 0, xy = 0;
            for (std::size_t i = 0; i < said[aspect].size(); ++i) {
                xx += (said[aspect][i] - x) * (said[aspect][i] - x);
                yy += (seen[aspect][i] - y) * (seen[aspect][i] - y);
                xy += (said[aspect][i] - x) * (seen[aspect][i] - y);
            }
            const double correlation = xy / std::sqrt(xx * yy);
            QVERIFY2(correlation > 0.9, std::to_string(correlation).c_str());
        }
    }

    void membersAreDrawnIndependently() {
        constexpr int kPeople = 20000;
        std::vector<Portrait> drawn;
        std::set<std::uint64_t> seeds;
        for (int i = 0; i < kPeople; ++i) {
            drawn.push_back(randomPortrait(3, static_cast<std::uint64_t>(i)));
            seeds.insert(drawn.back().seed);
            QCOMPARE(drawn.back().occupation, -1);
        }
        QCOMPARE(seeds.size(), std::size_t{kPeople});
        QCOMPARE(randomPortrait(3, 17).seed, drawn[17].seed);
        for (std::size_t a = 0; a < 10; ++a)
            for (std::size_t b = a; b < 10; ++b) {
                // Against the product of the two members' shares: chi-square with cells - 1 degrees of freedom.
                const int rows = members()[a].values, columns = a == b ? 1 : members()[b].values;
                std::vector<int> counts(static_cast<std::size_t>(rows * columns));
                for (const Portrait& p : drawn)
                    ++counts.at(static_cast<std::size_t>(valueOf(p, a) * columns + (a == b ? 0 : valueOf(p, b))));
                double chi = 0;
                for (int row = 0; row < rows; ++row)
                    for (int column = 0; column < columns; ++column) {
                        const double expected = kPeople * share(a, row) * (a == b ? 1 : share(b, column));
                        const double off = counts.at(static_cast<std::size_t>(row * columns + column)) - expected;
                        chi += off * off / expected;
                    }
                const double degrees = rows * columns - 1;
                QVERIFY2(chi < degrees + 5 * std::sqrt(2 * degrees), members()[a].name);
            }
    }

    void sizes() {
        Portrait p = people(1).front();
        for (int size : {48, 64, 96, 160, 223, 512})
            QCOMPARE(painted(p, size).size(), static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
        for (int size : {-1, 0, 47, 100000}) {
            const auto refused = paint(p, size);
            QVERIFY(!refused);
            QCOMPARE(refused.error().code, ErrorCode::InvalidArgument);
            QCOMPARE(refused.error().arg("name"), std::string_view("size"));
        }
        for (int tone : {0, 11}) {
            p.tone = tone;
            QCOMPARE(paint(p, 96).error().arg("name"), std::string_view("tone"));
        }
        p.tone = 1;
        for (int occupation : {-2, 18}) {
            p.occupation = occupation;
            QCOMPARE(paint(p, 96).error().arg("name"), std::string_view("occupation"));
        }
    }

    void pngKeepsEveryPixel() {
        for (int size : {48, 161}) {
            const auto picture = paint(people(1).front(), size);
            QVERIFY(picture);
            const auto png = encodePng(*picture);
            QVERIFY(png);
            const auto decoded = image::decode(std::as_bytes(std::span(*png)), "portrait.png");
            QVERIFY(decoded);
            QCOMPARE(decoded->mode, image::Mode::Rgb);
            QCOMPARE(decoded->width, size);
            QCOMPARE(decoded->height, size);
            QCOMPARE(decoded->pixels, picture->rgb);
            QCOMPARE(*encodePng(*picture), *png);
        }
        QCOMPARE(encodePng(Picture{4, 4, {1, 2, 3}}).error().code, ErrorCode::InvalidArgument);
    }
};

QTEST_GUILESS_MAIN(TestPortrait)
#include "tst_portrait.moc"
