// SPDX-License-Identifier: GPL-3.0-or-later
// Contrasts, markedness, covariates and what moves scores, against numpy, scipy and enumeration; calibration.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <set>

#include <QTest>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/controls/contrast.h"
#include "core/metric/controls/dimensions.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Vector = std::vector<double>;

void near(std::optional<double> a, double b, double tolerance, const std::string& what) {
    QVERIFY2(a && std::abs(*a - b) <= tolerance,
             (what + ": " + (a ? formatDouble(*a) : "absent") + " for " + formatDouble(b)).c_str());
}

Attribute attributeOf(std::vector<std::int32_t> codes, std::vector<std::string> groups) {
    Attribute attribute;
    attribute.name = "gender";
    attribute.groups = std::move(groups);
    attribute.codes = std::move(codes);
    return attribute;
}

Resampling quick(std::uint64_t seed = 0) {
    Resampling options;
    options.seed = seed;
    options.nullDraws = 199;
    options.bootstrapDraws = 199;
    return options;
}

Dimension categorical(std::string name, Dimension::Role role, std::vector<std::int32_t> codes) {
    Dimension dimension;
    dimension.name = std::move(name);
    dimension.role = role;
    dimension.codes = std::move(codes);
    return dimension;
}

/// A factorial set: every identity in every gender, pose and light; the score moves by `gender` and `pose`, plus noise.
struct Faces {
    std::vector<Dimension> dimensions;
    NamedScores score{"warm", {}};

    Faces(int identities, double gender, double pose, double light, RandomStream& random, bool named = true) {
        std::vector<std::int32_t> who, genders, poses, lights;
        for (int i = 0; i < identities; ++i)
            for (int g = 0; g < 2; ++g)
                for (int p = 0; p < 2; ++p)
                    for (int l = 0; l < 2; ++l) {
                        who.push_back(i);
                        genders.push_back(g);
                        poses.push_back(p);
                        lights.push_back(l);
                        score.values.push_back(gender * g + pose * p + light * l + random.normal());
                    }
        dimensions = {categorical("gender", Dimension::Role::Person, genders),
                      categorical("pose", Dimension::Role::Control, poses),
                      categorical("light", Dimension::Role::Control, lights)};
        if (named)
            dimensions.push_back(categorical("identity", Dimension::Role::Identity, who));
    }
};

/// E|N(shift, 2)|: the mean change of a pair whose dimension moves the score by `shift`.
double meanChange(double shift) {
    const double sd = std::sqrt(2.0), z = shift / sd;
    return sd * std::sqrt(2 / std::numbers::pi) * std::exp(-z * z / 2) + shift * std::erf(z / std::sqrt(2.0));
}

} // namespace

class TestControls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void contrasts() {
        const Vector delta = contrast(Vector{0.3, 0.25, kNan}, Vector{0.2, 0.3, 0.1});
        near(delta[0], 0.1, 1e-15, "contrast");
        near(delta[1], -0.05, 1e-15, "contrast");
        QVERIFY(std::isnan(delta[2]));
        const Vector relative = relativeContrast(Vector{0.3, 0.25}, Vector{0.2, 0});
        near(relative[0], 0.5, 1e-15, "relative");
        QVERIFY(std::isnan(relative[1]));
        const Vector scores{1, 2, 3, 4, 5, 6};
        near(scaleScores(scores, 3, {"agency", {0, 1}, {2}})[1], 4.5 - 6, 1e-15, "scale");
        near(scaleScores(scores, 3, {"warmth", {0, 2}, {}})[0], 2, 1e-15, "scale");
        QVERIFY(std::isnan(scaleScores(scores, 3, {"none", {}, {0}})[0]));
        QVERIFY(std::isnan(scaleScores(scores, 3, {"beyond", {7}, {}})[0]));
        QVERIFY(scaleScores({}, 0, {"empty", {0}, {}}).empty());
    }

    void groupsOfContrasts() {
        Feedback feedback;
        std::vector<std::int32_t> codes;
        NamedScores score{"warm", {}};
        for (int i = 0; i < 60; ++i) {
            codes.push_back(i % 4 == 3 ? -1 : i % 4);
            score.values.push_back(((i * 37) % 61) / 61.0 + (i % 4 == 1 ? 0.4 : 0));
        }
        const Attribute attribute = attributeOf(codes, {"a", "b", "c"});
        const MeasureTable table = groupContrasts(std::vector{score}, attribute, quick(), feedback).value();
        near(table.find({"warm", "b"}, "mean")->value.value, 0.8568306010928963, 1e-12, "mean");
        near(table.find({"warm", "b"}, "mean")->value.ciLow, 0.6975105013174231, 1e-9, "Student's interval");
        near(table.find({"warm", ""}, "range")->value.value, 0.3934426229508197, 1e-12, "range");
        QVERIFY(table.find({"warm", ""}, "range")->value.pValue.value() < 0.02);
        QVERIFY(!groupContrasts(std::vector{NamedScores{"short", {1}}}, attribute, quick(), feedback));
        const Attribute nobody = attributeOf(std::vector<std::int32_t>(60, -1), {"a"});
        QVERIFY(!groupContrasts(std::vector{score}, nobody, quick(), feedback));
    }

    void marked() {
        std::vector<std::int32_t> codes;
        Vector blank, own;
        for (int i = 0; i < 50; ++i) {
            codes.push_back(i % 2);
            blank.push_back(0.25);
            own.push_back(i % 10 == 0 ? 0.2 : i % 2 == 0 ? 0.3 : i % 5 == 0 ? 0.26 : 0.22);
        }
        blank[49] = kNan;
        const MeasureTable table = markedness(blank, own, attributeOf(codes, {"a", "b"}), quick()).value();
        near(table.find({"a", ""}, "markedness")->value.value, 5.0 / 25, 1e-15, "a");
        near(table.find({"b", ""}, "markedness")->value.value, 19.0 / 24, 1e-15, "b");
        near(table.find({"a", "b"}, "difference")->value.pValue, 4.72776788310318e-05, 1e-12, "Fisher");
        QVERIFY(!markedness(blank, Vector{1}, attributeOf(codes, {"a", "b"}), quick()));
        // Equal is not marked.
        near(markedness(Vector{1, 1}, Vector{1, 0}, attributeOf({0, 0}, {"a"}), quick())
                 .value()
                 .find({"a", ""}, "markedness")
                 ->value.value,
             0.5, 0, "equal");
    }

    void covariatesGolden() {
        Feedback feedback;
        NamedCovariate smile{"smile", {}};
        NamedScores score{"warm", {}};
        for (int i = 0; i < 80; ++i) {
            smile.values.push_back((i * 7 % 10) - 3.0);
            score.values.push_back(0.2 * smile.values.back() - 0.05 * smile.values.back() * smile.values.back() +
                                   ((i * 37) % 41) / 20.0);
        }
        const MeasureTable table = covariates(std::vector{score}, std::vector{smile}, {}, quick(), feedback).value();
        near(table.find({"warm", "smile"}, "pearson_r")->value.value, 0.2767388394709756, 1e-12, "r");
        near(table.find({"warm", "smile"}, "curvature")->value.value, -0.5773437499999996, 1e-10, "curvature");
        near(table.find({"warm", "smile"}, "turning_point")->value.value, 2.044519621109607, 1e-8, "turning point");
        QVERIFY(table.find({"warm", "smile"}, "curvature")->value.ciHigh.value() < 0);
        // Two values have no curvature; a constant no correlation.
        NamedCovariate two{"two", smile.values}, flat{"flat", Vector(80, 1.0)};
        for (double& value : two.values)
            value = value > 0;
        const MeasureTable more = covariates(std::vector{score}, std::vector{two, flat}, {}, quick(), feedback).value();
        QVERIFY(!more.find({"warm", "two"}, "curvature"));
        QVERIFY(!more.find({"warm", "flat"}, "pearson_r")->value.value);
        QVERIFY(!covariates(std::vector{score}, std::vector{NamedCovariate{"short", {1}}}, {}, quick(), feedback));
    }

    void covariatesWithinIdentitiesHold() {
        // Each identity has its own level and its own range of smiles: correlated over images, not within identities.
        Feedback feedback;
        constexpr int kRuns = 200;
        int below = 0;
        for (int run = 0; run < kRuns; ++run) {
            RandomStream random(12, streamId("identities"), static_cast<std::uint64_t>(run));
            NamedCovariate smile{"smile", {}};
            NamedScores score{"warm", {}};
            std::vector<std::int32_t> identity;
            for (int i = 0; i < 12; ++i) {
                const double level = random.normal();
                for (int j = 0; j < 6; ++j) {
                    identity.push_back(i);
                    smile.values.push_back(level + 0.1 * random.normal());
                    score.values.push_back(level + random.normal());
                }
            }
            Resampling options = quick(static_cast<std::uint64_t>(run));
            options.bootstrapDraws = 0;
            below += *covariates(std::vector{score}, std::vector{smile}, identity, options, feedback)
                          .value()
                          .rows.front()
                          .value.pValue <= 0.05;
        }
        QVERIFY2(below <= kRuns * 0.05 + 4 * std::sqrt(kRuns * 0.05 * 0.95), std::to_string(below).c_str());
    }

    void ellipse() {
        const Ellipse found = covarianceEllipse(Vector{1, 2, 3, 4, kNan}, Vector{1, 3, 2, 5, 0}).value();
        near(found.x, 2.5, 1e-15, "x");
        near(found.y, 2.75, 1e-15, "y");
        near(found.major, 4.112715185792265, 1e-12, "major");
        near(found.minor, 1.191178884083758, 1e-12, "minor");
        near(found.angle, 0.9496747486731738, 1e-12, "angle");
        QVERIFY(!covarianceEllipse(Vector{1}, Vector{2}));
    }

    void pairsAreThoseOfEnumeration() {
        RandomStream random(13, streamId("pairs"), 0);
        constexpr std::size_t kImages = 150;
        Dimension gender = categorical("gender", Dimension::Role::Person, {}), pose = gender, smile;
        smile.name = "smile";
        smile.minDistance = 1.1;
        for (std::size_t i = 0; i < kImages; ++i) {
            gender.codes.push_back(static_cast<std::int32_t>(random.below(3)) - (i % 20 == 0 ? 3 : 0));
            pose.codes.push_back(static_cast<std::int32_t>(random.below(2)));
            smile.numbers.push_back(i % 31 == 0 ? kNan : static_cast<double>(random.below(5)) * 0.6);
        }
        const std::vector<Dimension> dimensions{gender, pose, smile};
        const auto found = pairsByDimension(dimensions, kImages, 1'000'000, 1).value();
        for (std::size_t d = 0; d < 3; ++d) {
            std::set<std::pair<std::uint32_t, std::uint32_t>> expected;
            for (std::uint32_t a = 0; a < kImages; ++a)
                for (std::uint32_t b = a + 1; b < kImages; ++b) {
                    const bool known = gender.codes[a] >= 0 && gender.codes[b] >= 0 && !std::isnan(smile.numbers[a]) &&
                                       !std::isnan(smile.numbers[b]);
                    const bool differs[] = {gender.codes[a] != gender.codes[b], pose.codes[a] != pose.codes[b],
                                            smile.numbers[a] != smile.numbers[b]};
                    const bool enough = d != 2 || std::abs(smile.numbers[a] - smile.numbers[b]) >= 1.1;
                    if (known && enough && differs[d] && differs[0] + differs[1] + differs[2] == 1)
                        expected.emplace(a, b);
                }
            QCOMPARE((std::set(found[d].pairs.begin(), found[d].pairs.end())), expected);
            QVERIFY(!expected.empty());
            // A sample: different pairs of these, the same for the same seed.
            const auto some = pairsByDimension(dimensions, kImages, 20, 1).value()[d];
            QCOMPARE(some.pairs.size(), std::size_t{20});
            QCOMPARE(some.available, static_cast<double>(expected.size()));
            for (const auto& pair : some.pairs)
                QVERIFY(expected.contains(pair));
            QVERIFY(some.pairs == pairsByDimension(dimensions, kImages, 20, 1).value()[d].pairs);
            QVERIFY(some.pairs != pairsByDimension(dimensions, kImages, 20, 2).value()[d].pairs);
        }
        QVERIFY(!pairsByDimension(dimensions, 7, 20, 1));
    }

    void sampledPairsAreEvenlyDrawn() {
        // 12 images of 4 + 8: 32 pairs that differ, 8 drawn, 4,000 times: each some 1,000 times.
        std::vector<std::int32_t> codes(12, 1);
        std::fill_n(codes.begin(), 4, 0);
        const std::vector<Dimension> one{categorical("gender", Dimension::Role::Person, codes)};
        std::map<std::pair<std::uint32_t, std::uint32_t>, int> times;
        for (std::uint64_t seed = 0; seed < 4000; ++seed) {
            const auto drawn = pairsByDimension(one, 12, 8, seed).value();
            for (const auto& pair : drawn[0].pairs)
                ++times[pair];
        }
        QCOMPARE(times.size(), std::size_t{32});
        for (const auto& [pair, count] : times)
            QVERIFY2(count > 880 && count < 1120, std::to_string(count).c_str());
    }

    void influenceGolden() {
        // All pairs of a small set, in numpy and scipy.
        std::vector<std::int32_t> gender, pose;
        NamedScores score{"warm", {}};
        for (int i = 0; i < 24; ++i) {
            gender.push_back(i % 2);
            pose.push_back(i / 2 % 3);
            score.values.push_back(((i * i * 7 + i * 3) % 53) / 53.0);
        }
        const std::vector<Dimension> dimensions{categorical("gender", Dimension::Role::Person, gender),
                                                categorical("pose", Dimension::Role::Control, pose)};
        const MeasureTable table = dimensionInfluence(std::vector{score}, dimensions, {}, quick()).value();
        near(table.find({"warm", "gender", ""}, "mean_change")->value.value, 0.3655660377358491, 1e-12, "gender");
        near(table.find({"warm", "pose", ""}, "median_change")->value.value, 0.3018867924528302, 1e-12, "pose");
        near(table.find({"warm", "pose", ""}, "p75_change")->value.value, 0.5330188679245282, 1e-12, "pose p75");
        near(table.find({"warm", "gender", "pose"}, "superiority")->value.value, 0.524197048611111, 1e-12,
             "superiority");
        QVERIFY(table.find({"warm", "gender", "pose"}, "superiority")->value.pValue.value() >=
                0.6380325040314021 - 1e-12);
        near(table.find({"warm", "pose", ""}, "ratio_to_people")->value.value, 0.9430107526881719, 1e-12, "ratio");
        near(table.find({"warm", "", ""}, "controls_to_people")->value.value, 0.9430107526881719, 1e-12, "ratio");
        QCOMPARE(table.find({"warm", "gender", ""}, "mean_change")->n, 48);
        const auto mean = table.find({"warm", "gender", ""}, "mean_change")->value;
        near(*mean.ciHigh - *mean.value, 0.07396215938926418, 1e-9, "dyadic interval");
        QVERIFY(table.warnings.back().starts_with("warm: changes of pose move the score"));
    }

    void degenerateInfluence() {
        const NamedScores score{"warm", {1, 2, 3, 4}};
        const Dimension alike = categorical("gender", Dimension::Role::Person, {0, 0, 0, 0});
        const MeasureTable none = dimensionInfluence(std::vector{score}, std::vector{alike}, {}, quick()).value();
        QVERIFY(!none.find({"warm", "gender", ""}, "mean_change")->value.value);
        QCOMPARE(none.warnings.front(), std::string("No two images differ in gender alone."));
        QVERIFY(!dimensionInfluence({}, std::vector{alike}, {}, quick()));
        QVERIFY(!dimensionInfluence(std::vector{score}, {}, {}, quick()));
        QVERIFY(!dimensionInfluence(std::vector{NamedScores{"short", {1}}}, std::vector{alike}, {}, quick()));
        // Scores that are all equal, or not numbers.
        const std::vector<Dimension> two{categorical("gender", Dimension::Role::Person, {0, 1, 0, 1}),
                                         categorical("pose", Dimension::Role::Control, {0, 0, 1, 1})};
        const MeasureTable flat =
            dimensionInfluence(std::vector{NamedScores{"flat", Vector(4, 1.0)}}, two, {}, quick()).value();
        QCOMPARE(flat.find({"flat", "gender", ""}, "mean_change")->value.value.value(), 0.0);
        QCOMPARE(flat.find({"flat", "gender", "pose"}, "superiority")->value.pValue.value(), 1.0);
        QVERIFY(!flat.find({"flat", "", ""}, "controls_to_people"));
        const MeasureTable nan =
            dimensionInfluence(std::vector{NamedScores{"nan", Vector(4, kNan)}}, two, {}, quick()).value();
        QVERIFY(!nan.find({"nan", "gender", ""}, "mean_change")->value.value);
    }

    void theFindingIsFound() {
        RandomStream random(14, streamId("finding"), 0);
        const Faces strong(60, 0.2, 6, 6, random), weak(60, 6, 0.2, 0.2, random), alike(60, 0.5, 0.5, 0.5, random);
        const auto sentence = [](const Faces& faces) {
            return dimensionInfluence(std::vector{faces.score}, faces.dimensions, {}, quick()).value();
        };
        QVERIFY(sentence(strong).warnings.back().find("more than people's groups do") != std::string::npos);
        QVERIFY(sentence(weak).warnings.back().find("less than people's groups do") != std::string::npos);
        QVERIFY(sentence(alike).warnings.back().find("about as much") != std::string::npos);
        QVERIFY(sentence(strong).find({"warm", "gender", "pose"}, "superiority")->value.adjustedP.value() < 0.001);
        // The baseline changes as much as a weak dimension.
        QVERIFY(sentence(weak).find({"warm", "identity", ""}, "ratio_to_people")->value.value.value() < 0.5);
    }

    /// Pairs share images: intervals cover and p-values hold though they are far from independent.
    void calibration_data() {
        QTest::addColumn<int>("identities");
        QTest::addColumn<bool>("named");
        QTest::newRow("25 identities") << 25 << true;
        QTest::newRow("images of nobody") << 25 << false; // 200 images, 12,500 pairs a dimension, 1,000 sampled
        if (qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION")) {
            QTest::newRow("250 identities, 2,000 images") << 250 << true;
            QTest::newRow("2,500 identities, 20,000 images") << 2500 << true;
        }
    }
    void calibration() {
        QFETCH(int, identities);
        QFETCH(bool, named);
        const int runs = qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION") ? 1000 : 300;
        int mean = 0, median = 0, ratio = 0, superiority = 0;
        double width = 0;
        Vector p;
        // Median of |N(1, 2)|, by bisection.
        double low = 0, high = 5;
        for (int i = 0; i < 60; ++i) {
            const double middle = (low + high) / 2;
            const double share = (std::erf((middle - 1) / 2) + std::erf((middle + 1) / 2)) / 2;
            (share < 0.5 ? low : high) = middle;
        }
        for (int run = 0; run < runs; ++run) {
            RandomStream random(15, streamId("calibration"), static_cast<std::uint64_t>(run));
            const Faces faces(identities, 1, 0.5, 0.5, random, named);
            const MeasureTable table = dimensionInfluence(std::vector{faces.score}, faces.dimensions, {},
                                                          quick(static_cast<std::uint64_t>(run)))
                                           .value();
            const auto covers = [&](const std::vector<std::string>& keys, const char* measure, double truth) {
                const MetricValue& value = table.find(keys, measure)->value;
                return *value.ciLow <= truth && truth <= *value.ciHigh;
            };
            mean += covers({"warm", "gender", ""}, "mean_change", meanChange(1));
            median += covers({"warm", "gender", ""}, "median_change", low);
            ratio += covers({"warm", "", ""}, "controls_to_people", meanChange(0.5) / meanChange(1));
            superiority += covers({"warm", "pose", "light"}, "superiority", 0.5);
            const MetricValue& value = table.find({"warm", "gender", ""}, "mean_change")->value;
            width += (*value.ciHigh - *value.ciLow) / runs;
            p.push_back(*table.find({"warm", "pose", "light"}, "superiority")->value.pValue);
        }
        if (qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION"))
            std::printf("| %d, %s | %.1f | %.1f | %.1f | %.1f | %.3f | %d / %d / %d |\n", identities,
                        named ? "identities" : "images", 100.0 * mean / runs, 100.0 * median / runs,
                        100.0 * ratio / runs, 100.0 * superiority / runs, width,
                        static_cast<int>(std::ranges::count_if(p, [](double x) { return x <= 0.01; })),
                        static_cast<int>(std::ranges::count_if(p, [](double x) { return x <= 0.05; })),
                        static_cast<int>(std::ranges::count_if(p, [](double x) { return x <= 0.10; })));
        for (const int covered : {mean, median, ratio, superiority})
            QVERIFY2(covered >= 0.915 * runs, (std::to_string(mean) + " " + std::to_string(median) + " " +
                                               std::to_string(ratio) + " " + std::to_string(superiority))
                                                  .c_str());
        for (const double level : {0.01, 0.05, 0.10}) {
            const auto below = static_cast<double>(std::ranges::count_if(p, [&](double x) { return x <= level; }));
            QVERIFY2(below <= runs * level + 4 * std::sqrt(runs * level * (1 - level)),
                     (std::to_string(below) + " at " + std::to_string(level)).c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestControls)
#include "tst_controls.moc"
