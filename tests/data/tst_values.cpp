// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "core/data/audit.h"
#include "core/data/embeddings.h"
#include "core/data/image_set.h"
#include "core/data/labels.h"
#include "core/data/model_info.h"

using namespace plumbline;

namespace {

Embeddings invented(std::size_t rows, std::size_t dim, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    Embeddings result(rows, dim);
    for (float& value : result.values)
        value = normal(random);
    return result;
}

Embeddings slice(const Embeddings& of, std::size_t first, std::size_t rows) {
    Embeddings result(rows, of.dim);
    const auto from = of.values.begin() + static_cast<std::ptrdiff_t>(first * of.dim);
    std::copy(from, from + static_cast<std::ptrdiff_t>(rows * of.dim), result.values.begin());
    return result;
}

/// As the contract words it: one double dot product in index order.
float cosine(std::span<const float> a, std::span<const float> b) {
    double dot = 0, aa = 0, bb = 0;
    for (std::size_t d = 0; d < a.size(); ++d) {
        dot += static_cast<double>(a[d]) * static_cast<double>(b[d]);
        aa += static_cast<double>(a[d]) * static_cast<double>(a[d]);
        bb += static_cast<double>(b[d]) * static_cast<double>(b[d]);
    }
    return static_cast<float>(dot / (std::sqrt(aa) * std::sqrt(bb)));
}

using Texts = std::vector<std::string>;

} // namespace

class TestValues : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cosinesAreTheDotProductInIndexOrder_data() {
        QTest::addColumn<int>("a");
        QTest::addColumn<int>("b");
        QTest::addColumn<int>("dim");
        for (const auto& [a, b, dim] : {std::array{1, 1, 1}, {4, 4, 512}, {5, 7, 33}, {3, 9, 2}, {0, 3, 8}, {2, 0, 8}})
            QTest::addRow("%d x %d x %d", a, b, dim) << a << b << dim;
    }
    void cosinesAreTheDotProductInIndexOrder() {
        QFETCH(int, a);
        QFETCH(int, b);
        QFETCH(int, dim);
        const Embeddings x = invented(a, dim, 1);
        const Embeddings y = invented(b, dim, 2);
        const std::vector<float> all = cosines(x, y);
        QCOMPARE(all.size(), std::size_t(a) * std::size_t(b));
        for (std::size_t i = 0; i < x.rows; ++i)
            for (std::size_t j = 0; j < y.rows; ++j)
                QCOMPARE(std::bit_cast<std::uint32_t>(all[i * y.rows + j]),
                         std::bit_cast<std::uint32_t>(cosine(x.row(i), y.row(j))));
    }

    void aSliceHasTheBitsOfTheWhole() {
        const Embeddings x = invented(6, 512, 3);
        const Embeddings y = invented(41, 512, 4);
        const std::vector<float> all = cosines(x, y);
        for (std::size_t first : {0, 1, 3, 17, 40}) {
            const std::vector<float> part = cosines(slice(x, 1, 5), slice(y, first, y.rows - first));
            for (std::size_t i = 0; i < 5; ++i)
                for (std::size_t j = first; j < y.rows; ++j)
                    QVERIFY(part[i * (y.rows - first) + j - first] == all[(i + 1) * y.rows + j]);
        }
    }

    void whatHasNoDirectionHasNoCosine() {
        Embeddings x(3, 2);
        x.values = {0, 0, 3, 4, std::numeric_limits<float>::infinity(), 1};
        const std::vector<float> all = cosines(x, x);
        QCOMPARE(all[1 * 3 + 1], 1.0f);
        for (const std::size_t i : {0u, 1u, 2u, 3u, 5u, 6u, 7u, 8u})
            QVERIFY(std::isnan(all[i]));
    }

    void rowsAreNormalisedInPlace() {
        Embeddings x(4, 2);
        const float nan = std::numeric_limits<float>::quiet_NaN();
        x.values = {3, 4, 0, 0, nan, 1, 1e30f, 1e30f};
        normaliseRows(x);
        QCOMPARE(x.values[0], 0.6f);
        QCOMPARE(x.values[1], 0.8f);
        QCOMPARE(x.values[2], 0.0f);
        QCOMPARE(x.values[3], 0.0f);
        QVERIFY(std::isnan(x.values[4]) && x.values[5] == 1);
        QCOMPARE(x.values[6], static_cast<float>(std::sqrt(0.5))); // a float32 sum of squares would overflow
    }

    void groupsAreInByteOrder() {
        const Texts values{"b", "", "Z", "é", "a", "b", "Z", "10", "9"};
        const Attribute attribute = makeAttribute("x", values);
        QCOMPARE(attribute.name, std::string("x"));
        QCOMPARE(attribute.groups, (Texts{"10", "9", "Z", "a", "b", "é"}));
        QCOMPARE(attribute.codes, (std::vector<std::int32_t>{4, Attribute::kUnlabelled, 2, 5, 3, 4, 2, 0, 1}));
        QCOMPARE(attribute.counts(), (std::vector<std::int64_t>{1, 1, 2, 1, 2, 1}));
        QCOMPARE(attribute.unlabelled(), std::int64_t(1));
        const Attribute none = makeAttribute("x", Texts{"", ""});
        QVERIFY(none.groups.empty() && none.counts().empty());
        QCOMPARE(none.unlabelled(), std::int64_t(2));
    }

    void crossingKeepsTheCombinationsThatOccur() {
        const Attribute gender = makeAttribute("gender", Texts{"Male", "Female", "Female", "", "Male", "Female"});
        const Attribute race = makeAttribute("race", Texts{"White", "White", "Black", "Black", "", "White"});
        const Attribute both = cross(gender, race);
        QCOMPARE(both.name, std::string("gender × race"));
        QCOMPARE(both.groups, (Texts{"Female × Black", "Female × White", "Male × White"}));
        QCOMPARE(both.codes, (std::vector<std::int32_t>{2, 1, 0, -1, -1, 1}));
    }

    void crossedGroupsAreInByteOrderOfTheWholeName() {
        // "a" comes before "a" + 1F, but its crossing after: 1F is smaller than the blank that follows.
        const Attribute a = makeAttribute("a", Texts{"a!", "a", "a\x1F"});
        const Attribute b = makeAttribute("b", Texts{"x", "x", "x"});
        const Attribute both = cross(a, b);
        QVERIFY(std::is_sorted(both.groups.begin(), both.groups.end()));
        for (std::size_t row = 0; row < 3; ++row)
            QCOMPARE(both.groups[static_cast<std::size_t>(both.codes[row])],
                     a.groups[static_cast<std::size_t>(a.codes[row])] + " × x");
    }

    void crossingThreeAndReadingAlike() {
        // Two combinations that read the same are one group.
        const Attribute a = makeAttribute("a", Texts{"x × y", "x"});
        const Attribute b = makeAttribute("b", Texts{"z", "y × z"});
        const Attribute both = cross(a, b);
        QCOMPARE(both.groups, (Texts{"x × y × z"}));
        QCOMPARE(both.codes, (std::vector<std::int32_t>{0, 0}));
    }

    void attributesAreFoundByName() {
        ImageSet set;
        set.attributes.resize(2);
        set.attributes[1].name = "race";
        QVERIFY(set.attribute("race") == &set.attributes[1]);
        QVERIFY(set.attribute("Race") == nullptr);
    }

    void preprocessingIdNamesAllThatChangesPixels() {
        Preprocessing p;
        p.size.value = 224;
        p.mean.value = {0.48145466, 0.4578275, 0.40821073};
        p.std.value = {0.26862954, 0.26130258, 0.27577711};
        p.interpolation.value = Interpolation::Bicubic;
        p.order.value = Preprocessing::Order::RgbThenResize;
        p.cropOffset.value = Preprocessing::CropOffset::Floor;
        // Written into caches: a change of this text is a change of format.
        QCOMPARE(p.id(), std::string("224/bicubic/rgb-resize/floor/0.48145466,0.4578275,0.40821073/"
                                     "0.26862954,0.26130258,0.27577711"));
        std::vector<std::string> seen{p.id()};
        const auto isNew = [&](auto change) {
            Preprocessing other = p;
            change(other);
            const bool known = std::find(seen.begin(), seen.end(), other.id()) != seen.end();
            seen.push_back(other.id());
            return !known;
        };
        QVERIFY(isNew([](auto& o) { o.size.value = 336; }));
        QVERIFY(isNew([](auto& o) { o.interpolation.value = Interpolation::Bilinear; }));
        QVERIFY(isNew([](auto& o) { o.interpolation.value = Interpolation::Nearest; }));
        QVERIFY(isNew([](auto& o) { o.order.value = Preprocessing::Order::ResizeThenRgb; }));
        QVERIFY(isNew([](auto& o) { o.cropOffset.value = Preprocessing::CropOffset::RoundHalfEven; }));
        QVERIFY(isNew([](auto& o) { o.mean.value[2] = std::nextafter(o.mean.value[2], 1.0); }));
        QVERIFY(isNew([](auto& o) { o.std.value[0] = std::nextafter(o.std.value[0], 1.0); }));
        Preprocessing sourced = p;
        sourced.size.source = "elsewhere";
        QCOMPARE(sourced.id(), p.id());
    }

    void runStatesHaveNames() {
        QCOMPARE(runStateName(RunState::Running), "running");
        QCOMPARE(runStateName(RunState::Cancelled), "cancelled");
        QCOMPARE(runStateName(RunState::Failed), "failed");
        QCOMPARE(runStateName(RunState::Done), "done");
    }
};

QTEST_APPLESS_MAIN(TestValues)
#include "tst_values.moc"
