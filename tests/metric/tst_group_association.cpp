// SPDX-License-Identifier: GPL-3.0-or-later
// Concepts against groups of images (C-ASC, ranks, polarity) and against group words (text audit).
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>
#include <boost/math/distributions/normal.hpp>

#include "core/base/random.h"
#include "core/metric/association/effect_size.h"
#include "core/metric/association/group_association.h"
#include "core/metric/association/polarity.h"
#include "core/metric/association/text_audit.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

void near(double a, double b, double tolerance, const std::string& what) {
    QVERIFY2(std::abs(a - b) <= tolerance, (what + ": " + std::to_string(a) + " for " + std::to_string(b)).c_str());
}

Resampling draws(int null, std::uint64_t seed = 0) {
    Resampling options;
    options.seed = seed;
    options.nullDraws = null;
    options.bootstrapDraws = 200;
    return options;
}

Attribute groupsOf(std::span<const std::size_t> sizes) {
    Attribute attribute;
    attribute.name = "gender";
    for (std::size_t g = 0; g < sizes.size(); ++g) {
        attribute.groups.push_back(std::string(1, static_cast<char>('a' + g)));
        attribute.codes.insert(attribute.codes.end(), sizes[g], static_cast<std::int32_t>(g));
    }
    return attribute;
}

std::vector<float> noise(std::size_t n, std::uint64_t seed, std::uint64_t index = 0) {
    RandomStream random(seed, streamId("noise"), index);
    std::vector<float> values(n);
    for (float& value : values)
        value = static_cast<float>(0.2 + 0.03 * random.normal());
    return values;
}

MeasureTable associate(const std::vector<Concept>& concepts, const std::vector<float>& similarities,
                       const Attribute& attribute, const Resampling& options, std::int64_t top = 100) {
    Feedback feedback;
    return groupAssociationTable({concepts, similarities}, attribute, {top, 1}, options, feedback).value();
}

const MeasureRow& row(const MeasureTable& table, const std::vector<std::string>& keys, const char* measure) {
    const MeasureRow* found = table.find(keys, measure);
    if (found == nullptr)
        throw std::runtime_error("no row " + keys.front() + "/" + measure);
    return *found;
}

void verifyNotTooSmall(const std::vector<double>& p, const char* what) {
    const auto n = static_cast<double>(p.size());
    for (const double level : {0.01, 0.05, 0.1}) {
        const auto count = static_cast<double>(std::ranges::count_if(p, [&](double each) { return each <= level; }));
        QVERIFY2(count <= n * level + 3 * std::sqrt(n * level * (1 - level)),
                 (std::string(what) + ": " + std::to_string(count) + " at or below " + std::to_string(level)).c_str());
    }
    QVERIFY2(static_cast<double>(std::ranges::count_if(p, [](double each) { return each <= 0.3; })) > n * 0.15, what);
}

void verifyCovers(double covered, double runs, const char* what, double least = 93, double most = 97.8) {
    const double share = 100 * covered / runs, error = 200 * std::sqrt(0.05 * 0.95 / runs);
    QVERIFY2(share >= least - error && share <= most + error,
             (std::string(what) + " " + std::to_string(share)).c_str());
}

Embeddings rowsOf(std::initializer_list<std::initializer_list<float>> rows) {
    Embeddings result(rows.size(), rows.begin()->size());
    std::size_t at = 0;
    for (const auto& one : rows)
        std::copy(one.begin(), one.end(), result.row(at++).begin());
    return result;
}

const std::vector<std::string> kWomanMan = {"woman", "man"};

MeasureTable auditTexts(const std::vector<Concept>& concepts, std::size_t templates, const Embeddings& texts,
                        const Embeddings& words, const std::vector<std::string>& groups = kWomanMan, int null = 1000) {
    Feedback feedback;
    return textAuditTable({concepts, groups, templates, &texts, &words}, draws(null), feedback).value();
}

} // namespace

class TestGroupAssociation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void golden() { // METHODS F5
        const auto table = associate({{"x", "c"}}, {.30F, .28F, .22F, .20F, .21F},
                                     groupsOf(std::vector<std::size_t>{2, 3}), draws(1000));
        near(*row(table, {"c", "x", "a"}, "c_asc").value.value, 1.7799766, 1e-6, "C-ASC");
        near(*row(table, {"c", "x", "b"}, "c_asc").value.value, -1.7799766, 1e-6, "of the others");
        // Five images have ten partitions, so all are gone through: {30, 28} alone is as far.
        QCOMPARE(*row(table, {"c", "x", "a"}, "c_asc").value.pValue, 0.1);
        QVERIFY(!row(table, {"c", "x", "a"}, "c_asc").enough);
        QVERIFY(table.find({"c", "x", ""}, "top_100_entropy") == nullptr);
        QVERIFY(
            std::ranges::any_of(table.warnings, [](const auto& w) { return w.find("top 100") != std::string::npos; }));
    }

    void twoGroupsAreOneTest() {
        const Attribute attribute = groupsOf(std::vector<std::size_t>{120, 90});
        std::vector<float> similarities = noise(420, 1);
        for (std::size_t i = 0; i < 120; ++i)
            similarities[i] += 0.05F;
        const auto table = associate({{"leaning", ""}, {"level", ""}}, similarities, attribute, draws(1000));
        const MeasureRow &a = row(table, {"", "leaning", "a"}, "c_asc"), &b = row(table, {"", "leaning", "b"}, "c_asc");
        QCOMPARE(*a.value.value, -*b.value.value);
        QCOMPARE(*a.value.ciLow, -*b.value.ciHigh);
        QCOMPARE(*a.value.pValue, *b.value.pValue);
        QCOMPARE(*a.value.adjustedP, *b.value.adjustedP);
        QVERIFY(*a.value.value > 1 && *a.value.ciLow > 0.8 && *a.value.adjustedP < 0.005);
        QCOMPARE(table.family, std::string("4 tests: associations of all concepts and groups, and entropies"));
        // The leaning concept's top is one group's: low entropy.
        const MeasureRow &low = row(table, {"", "leaning", ""}, "top_100_entropy"),
                         &high = row(table, {"", "level", ""}, "top_100_entropy");
        QVERIFY(*low.value.pValue < 1e-4); // stands up to the correction for hundreds of concepts
        QVERIFY(*low.value.value < *high.value.value && *low.value.pValue < 0.01);
        near(*low.value.neutral, -(4.0 / 7 * std::log2(4.0 / 7) + 3.0 / 7 * std::log2(3.0 / 7)), 1e-12, "pool");
    }

    void scalesOrderAndNamesDoNotMatter() {
        const Attribute attribute = groupsOf(std::vector<std::size_t>{40, 50, 60});
        const std::vector<float> similarities = noise(150, 2);
        const auto plain = associate({{"x", ""}}, similarities, attribute, draws(0), 30);
        std::vector<float> scaled;
        for (const float value : similarities)
            scaled.push_back(64.F * value); // exact
        Attribute turned = attribute;
        std::ranges::reverse(turned.codes);
        std::ranges::reverse(scaled);
        for (std::int32_t& code : turned.codes)
            code = (code + 1) % 3; // "a" is now "b"
        const auto moved = associate({{"x", ""}}, scaled, turned, draws(0), 30);
        near(*row(plain, {"", "x", "a"}, "c_asc").value.value, *row(moved, {"", "x", "b"}, "c_asc").value.value, 1e-12,
             "C-ASC");
        near(*row(plain, {"", "x", ""}, "top_30_entropy").value.value,
             *row(moved, {"", "x", ""}, "top_30_entropy").value.value, 1e-12, "entropy");
    }

    void whatIsNotANumberIsLeftOut() {
        const Attribute attribute = groupsOf(std::vector<std::size_t>{40, 40});
        std::vector<float> similarities = noise(160, 3);
        similarities[5] = kNan; // of the first concept: the image is left out of both
        std::fill(similarities.begin() + 80, similarities.end(), kNan);
        const auto table = associate({{"x", ""}, {"y", ""}}, similarities, attribute, draws(100), 20);
        QCOMPARE(row(table, {"", "x", "a"}, "c_asc").n, std::int64_t{39});
        QVERIFY(table.find({"", "y", "a"}, "c_asc") == nullptr);
        QCOMPARE(table.warnings.size(), std::size_t{2});
        const auto constant = associate({{"x", ""}}, std::vector<float>(80, 0.25F), attribute, draws(100), 20);
        QVERIFY(!row(constant, {"", "x", "a"}, "c_asc").value.value &&
                !row(constant, {"", "x", "a"}, "c_asc").value.pValue);
    }

    void unusableInputIsRefused() {
        const std::vector<Concept> concepts = {{"x", ""}};
        const std::vector<float> similarities = noise(10, 4);
        Feedback feedback;
        const auto code = [&](const Attribute& attribute, std::int64_t top) {
            const auto table =
                groupAssociationTable({concepts, similarities}, attribute, {top, 1}, draws(10), feedback);
            return table ? ErrorCode::Internal : table.error().error().code;
        };
        QCOMPARE(code(groupsOf(std::vector<std::size_t>{5, 6}), 100), ErrorCode::InvalidArgument);
        QCOMPARE(code(groupsOf(std::vector<std::size_t>{10}), 100), ErrorCode::AttributeSingleGroup);
        Attribute none = groupsOf(std::vector<std::size_t>{5, 5});
        std::ranges::fill(none.codes, -1);
        QCOMPARE(code(none, 100), ErrorCode::AttributeEmpty);
        QCOMPARE(code(groupsOf(std::vector<std::size_t>{5, 5}), 0), ErrorCode::InvalidArgument);
        const Attribute good = groupsOf(std::vector<std::size_t>{5, 5});
        feedback.cancel();
        QVERIFY(groupAssociationTable({concepts, similarities}, good, {}, draws(10), feedback).error().cancelled());
        QVERIFY(groupRankTable({concepts, similarities}, good, draws(10), feedback).error().cancelled());
    }

    void ranksNameThePairThatDiffers() {
        const Attribute attribute = groupsOf(std::vector<std::size_t>{80, 70, 60});
        std::vector<float> similarities = noise(210, 5);
        for (std::size_t i = 150; i < 210; ++i)
            similarities[i] += 0.03F;
        Feedback feedback;
        const std::vector<Concept> concepts = {{"x", "kind"}};
        const auto table = groupRankTable({concepts, similarities}, attribute, draws(10), feedback).value();
        const MeasureRow& h = row(table, {"kind", "x", ""}, "kruskal_wallis_h");
        QVERIFY(*h.value.pValue < 1e-4 && h.value.adjustedP);
        const MeasureRow& share = row(table, {"kind", "x", ""}, "epsilon_squared");
        near(*share.value.value, *h.value.value / 209, 1e-12, "epsilon squared");
        QVERIFY(*share.value.ciLow > 0 && *share.value.ciHigh > *share.value.value);
        QVERIFY(*row(table, {"kind", "x", "a – b"}, "superiority").value.adjustedP > 0.05);
        const MeasureRow& pair = row(table, {"kind", "x", "a – c"}, "superiority");
        QVERIFY(*pair.value.adjustedP < 0.001 && *pair.value.ciHigh < 0.5);
        QVERIFY(*pair.value.adjustedP >= 2 * *pair.value.pValue); // Holm over three pairs
    }

    void entropyOfSharesAndItsInterval() {
        const std::vector<std::int64_t> even = {25, 25, 25, 25}, alone = {100, 0, 0, 0}, some = {60, 20, 15, 5};
        near(*normalisedEntropy(even), 1, 1e-15, "even");
        near(*normalisedEntropy(alone), 0, 1e-15, "alone");
        QVERIFY(!normalisedEntropy(std::vector<std::int64_t>{7}));
        QVERIFY(!normalisedEntropy(std::vector<std::int64_t>{0, 0}));
        for (const auto* counts : {&even, &alone, &some}) {
            const Interval interval = entropyInterval(*counts, 0.95);
            QVERIFY(*interval.low <= *normalisedEntropy(*counts) && *normalisedEntropy(*counts) <= *interval.high);
            QVERIFY(*interval.low >= 0 && *interval.high <= 1 && *interval.low < *interval.high);
            const Interval wider = entropyInterval(*counts, 0.99);
            QVERIFY(*wider.low <= *interval.low && *wider.high >= *interval.high);
        }
        QVERIFY(*entropyInterval(even, 0.95).low < 0.99 && *entropyInterval(even, 0.95).high > 1 - 1e-9);
        // Against a search over many shares: none within the region has an entropy outside of the interval.
        RandomStream random(6, 6, 6);
        const Interval interval = entropyInterval(some, 0.95);
        double least = 1, most = 0;
        for (int i = 0; i < 200'000; ++i) {
            double q[4], sum = 0, divergence = 0, entropy = 0;
            for (std::size_t g = 0; g < 4; ++g)
                sum += q[g] = std::exp(0.6 * random.normal()) * static_cast<double>(some[g]);
            for (std::size_t g = 0; g < 4; ++g) {
                q[g] /= sum;
                divergence += q[g] * std::log(q[g] / ((static_cast<double>(some[g]) + 0.5) / 102));
                entropy -= q[g] * std::log(q[g]) / std::log(4);
            }
            if (2 * 100 * divergence <= 7.814728) { // chi-squared, 3 degrees of freedom
                least = std::min(least, entropy);
                most = std::max(most, entropy);
            }
        }
        QVERIFY2(*interval.low <= least && *interval.high >= most, "search");
        near(*interval.low, least, 0.02, "low end");
        near(*interval.high, most, 0.02, "high end");
    }

    void entropyAndRankIntervalsCover() {
        const std::vector<std::vector<double>> populations = {
            {.5, .5}, {.8, .2}, {1.0 / 7, 1.0 / 7, 1.0 / 7, 1.0 / 7, 1.0 / 7, 1.0 / 7, 1.0 / 7}, {.5, .2, .1, .1, .1}};
        for (const std::vector<double>& shares : populations) {
            double truth = 0;
            for (const double share : shares)
                truth -= share * std::log(share) / std::log(static_cast<double>(shares.size()));
            int covered = 0;
            for (std::uint64_t run = 0; run < 400; ++run) {
                RandomStream random(7, 7, run);
                std::vector<std::int64_t> counts(shares.size(), 0);
                for (int i = 0; i < 100; ++i) {
                    double u = random.uniform();
                    std::size_t g = 0;
                    while (g + 1 < shares.size() && u >= shares[g])
                        u -= shares[g++];
                    ++counts[g];
                }
                const Interval interval = entropyInterval(counts, 0.95);
                covered += *interval.low <= truth + 1e-9 && truth - 1e-9 <= *interval.high ? 1 : 0;
            }
            verifyCovers(covered, 400, "entropy", 94, 100);
        }
        // Two normal groups d standard deviations apart: superiority Phi(d / sqrt 2), share of rank variance 12 p q (s
        // - 1/2)^2.
        for (const double apart : {0.0, 0.5, 1.5}) {
            const double superiority = boost::math::cdf(boost::math::normal(), apart / std::sqrt(2.0));
            const double share = 3 * (superiority - 0.5) * (superiority - 0.5);
            int coveredPair = 0, coveredShare = 0;
            Feedback feedback;
            const std::vector<Concept> concepts = {{"x", ""}};
            const Attribute attribute = groupsOf(std::vector<std::size_t>{150, 150});
            for (std::uint64_t run = 0; run < 300; ++run) {
                std::vector<float> similarities = noise(300, 8, run);
                for (std::size_t i = 0; i < 150; ++i)
                    similarities[i] += static_cast<float>(0.03 * apart);
                const auto table = groupRankTable({concepts, similarities}, attribute, draws(0), feedback).value();
                const auto in = [](const MetricValue& value, double truth) {
                    return *value.ciLow <= truth && truth <= *value.ciHigh ? 1 : 0;
                };
                coveredPair += in(row(table, {"", "x", "a – b"}, "superiority").value, superiority);
                coveredShare += in(row(table, {"", "x", ""}, "epsilon_squared").value, share);
            }
            verifyCovers(coveredPair, 300, "superiority");
            verifyCovers(coveredShare, 300, "epsilon squared", 93, 99);
        }
    }

    void associationKeepsItsPromises() {
        // p under the null; interval of C-ASC and of gaps at n = 2,000.
        std::vector<double> cAsc, entropy, ranks, gap;
        Feedback feedback;
        const std::vector<Concept> concepts = {{"x", ""}};
        const Attribute attribute = groupsOf(std::vector<std::size_t>{100, 60, 40});
        for (std::uint64_t run = 0; run < 300; ++run) {
            const std::vector<float> similarities = noise(200, 9, run);
            const auto table = associate(concepts, similarities, attribute, draws(199, run), 50);
            cAsc.push_back(*row(table, {"", "x", "c"}, "c_asc").value.pValue);
            entropy.push_back(*row(table, {"", "x", ""}, "top_50_entropy").value.pValue);
            const auto byRank = groupRankTable({concepts, similarities}, attribute, draws(0), feedback).value();
            ranks.push_back(*row(byRank, {"", "x", ""}, "kruskal_wallis_h").value.pValue);
            const std::vector<float> zero(200, 0.2F);
            const std::vector<PolarityScale> scales = {{"s", similarities, zero}};
            gap.push_back(
                *row(polarityTable(scales, 100, attribute, draws(199, run), feedback).value(), {"s", "b"}, "gap")
                     .value.pValue);
        }
        verifyNotTooSmall(cAsc, "C-ASC");
        verifyNotTooSmall(entropy, "entropy");
        verifyNotTooSmall(ranks, "Kruskal-Wallis");
        verifyNotTooSmall(gap, "gap");
        const Attribute many = groupsOf(std::vector<std::size_t>{400, 1600});
        const double truth = 1 / std::sqrt(1 + 0.2 * 0.8); // means one standard deviation apart
        int covered = 0, coveredGap = 0;
        // E of the score 1 / (1 + exp(-100 * 0.03 z)) is 1/2, with z one higher the integral.
        double higher = 0;
        for (int i = -4000; i <= 4000; ++i) {
            const double z = i / 500.0;
            higher += boost::math::pdf(boost::math::normal(), z) / (1 + std::exp(-3 * (z + 1))) / 500;
        }
        for (std::uint64_t run = 0; run < 300; ++run) {
            std::vector<float> similarities = noise(2000, 10, run);
            for (std::size_t i = 0; i < 400; ++i)
                similarities[i] += 0.03F;
            const auto table = associate(concepts, similarities, many, draws(0, run));
            const MetricValue& value = row(table, {"", "x", "a"}, "c_asc").value;
            covered += *value.ciLow <= truth && truth <= *value.ciHigh ? 1 : 0;
            const std::vector<float> zero(2000, 0.2F);
            const std::vector<PolarityScale> scales = {{"s", similarities, zero}};
            const auto polarity = polarityTable(scales, 100, many, draws(0, run), feedback).value();
            const MetricValue& one = row(polarity, {"s", "a"}, "gap").value;
            coveredGap += *one.ciLow <= higher - 0.5 && higher - 0.5 <= *one.ciHigh ? 1 : 0;
        }
        verifyCovers(covered, 300, "C-ASC");
        verifyCovers(coveredGap, 300, "gap");
    }

    void polarityOfAnImage() {
        near(polarityScore(0.25, 0.25, 100), 0.5, 1e-15, "even");
        near(polarityScore(0.27, 0.25, 100), 1 / (1 + std::exp(-2.0)), 1e-15, "one side");
        QCOMPARE(polarityScore(1, -1, 1e6), 1.0);
        QCOMPARE(polarityScore(-1, 1, 1e6), 0.0);
        // Swapped prompts turn the scale round, and so the gaps.
        const Attribute attribute = groupsOf(std::vector<std::size_t>{40, 50});
        const std::vector<float> warm = noise(90, 11), cold = noise(90, 12);
        const std::vector<PolarityScale> scales = {{"warm – cold", warm, cold}, {"cold – warm", cold, warm}};
        Feedback feedback;
        const auto table = polarityTable(scales, 100, attribute, draws(500), feedback).value();
        const MeasureRow &gap = row(table, {"warm – cold", "a"}, "gap"),
                         &turned = row(table, {"cold – warm", "a"}, "gap");
        near(*gap.value.value, -*turned.value.value, 1e-12, "gap");
        near(*gap.value.pValue, *turned.value.pValue, 1e-12, "p");
        near(*row(table, {"warm – cold", "b"}, "gap").value.value, -*gap.value.value, 1e-12, "other group");
        QCOMPARE(*row(table, {"warm – cold", "b"}, "gap").value.adjustedP, *gap.value.adjustedP);
        const MeasureRow& range = row(table, {"warm – cold", ""}, "range");
        near(*range.value.value, std::abs(*gap.value.value), 1e-12, "range");
        QVERIFY(*range.value.ciLow >= 0 && *range.value.ciHigh > *range.value.value);
        QCOMPARE(table.family, std::string("2 tests: gaps of all scales and groups"));
        QVERIFY(row(table, {"warm – cold", "a"}, "mean_score").value.ciLow);
    }

    void polarityOfBadInput() {
        const Attribute attribute = groupsOf(std::vector<std::size_t>{40, 50});
        std::vector<float> warm = noise(90, 13);
        const std::vector<float> cold = noise(90, 14), few = noise(89, 14);
        Feedback feedback;
        const std::vector<PolarityScale> wrong = {{"x", warm, few}};
        QVERIFY(!polarityTable(wrong, 100, attribute, draws(10), feedback));
        std::fill(warm.begin(), warm.begin() + 40, kNan); // a whole group
        const std::vector<PolarityScale> scales = {{"x", warm, cold}};
        QVERIFY(!polarityTable(scales, 0, attribute, draws(10), feedback));
        const auto table = polarityTable(scales, 100, attribute, draws(10), feedback).value();
        QVERIFY(table.find({"x", "a"}, "mean_score") == nullptr && table.find({"x", ""}, "range") == nullptr);
        QCOMPARE(table.warnings.size(), std::size_t{2});
        const std::vector<float> flat(90, 0.2F);
        const std::vector<PolarityScale> level = {{"x", flat, flat}};
        const auto same = polarityTable(level, 100, attribute, draws(10), feedback).value();
        QCOMPARE(*row(same, {"x", "a"}, "gap").value.value, 0.0);
        QCOMPARE(*row(same, {"x", "a"}, "gap").value.pValue, 1.0);
    }

    void textsLeanAsTheirCosines() {
        // One template; the concept's text between the two words.
        const auto one = auditTexts({{"x", ""}}, 1, rowsOf({{3, 4}}), rowsOf({{2, 0}, {0, 5}}));
        near(*row(one, {"", "x", "woman"}, "lean").value.value, 0.6 - 0.8, 1e-12, "lean");
        QVERIFY(!row(one, {"", "x", "woman"}, "lean").value.ciLow && !row(one, {"", "x", "woman"}, "lean").enough);
        QCOMPARE(*row(one, {"", "x", "woman"}, "lean").value.pValue, 1.0);
        // Three groups: against the mean of the others.
        const auto three =
            auditTexts({{"x", ""}}, 1, rowsOf({{1, 2, 2}}), rowsOf({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}), {"p", "q", "r"});
        near(*row(three, {"", "x", "p"}, "lean").value.value, 1.0 / 3 - 2.0 / 3, 1e-12, "lean of p");
        double sum = 0;
        for (const char* group : {"p", "q", "r"})
            sum += *row(three, {"", "x", group}, "lean").value.value;
        near(sum, 0, 1e-12, "sum");
    }

    void signsOfTemplatesAreEnumerated() {
        // Five templates that all lean the same way: 2 of 32 sign patterns are as far.
        Embeddings texts(5, 2), words(10, 2);
        for (std::size_t t = 0; t < 5; ++t) {
            texts.row(t)[0] = 1;
            texts.row(t)[1] = 0.2F + 0.05F * static_cast<float>(t);
            words.row(2 * t)[0] = 1;
            words.row(2 * t + 1)[1] = 1;
        }
        const auto table = auditTexts({{"x", ""}}, 5, texts, words);
        const MetricValue& lean = row(table, {"", "x", "woman"}, "lean").value;
        QCOMPARE(*lean.pValue, 2.0 / 32);
        QVERIFY(*lean.ciLow > 0 && *lean.ciLow < *lean.value && *lean.value < *lean.ciHigh);
        QVERIFY(std::ranges::any_of(table.warnings,
                                    [](const auto& w) { return w.find("below 0.05") != std::string::npos; }));
        // The words exchanged turn the sign.
        Embeddings turned = words;
        for (std::size_t t = 0; t < 5; ++t)
            std::swap_ranges(turned.row(2 * t).begin(), turned.row(2 * t).end(), turned.row(2 * t + 1).begin());
        const auto other = auditTexts({{"x", ""}}, 5, texts, turned, {"man", "woman"});
        near(*row(other, {"", "x", "man"}, "lean").value.value, -*lean.value, 1e-12, "turned");
        QCOMPARE(*row(other, {"", "x", "man"}, "lean").value.pValue, *lean.pValue);
    }

    void summariesAndMissingTexts() {
        RandomStream random(15, 0, 0);
        Embeddings texts(4 * 3, 6), words(4 * 2, 6);
        for (Embeddings* set : {&texts, &words})
            for (float& value : set->values)
                value = static_cast<float>(random.normal());
        const std::vector<Concept> concepts = {{"x", "good"}, {"y", "good"}, {"z", "bad"}};
        const auto table = auditTexts(concepts, 4, texts, words);
        const auto lean = [&](const char* category, const char* concept_) {
            return *row(table, {category, concept_, "woman"}, "lean").value.value;
        };
        near(lean("", ""), (lean("good", "x") + lean("good", "y") + lean("bad", "z")) / 3, 1e-12, "all");
        near(lean("good", ""), (lean("good", "x") + lean("good", "y")) / 2, 1e-12, "category");
        QVERIFY(*row(table, {"", "", "woman"}, "size").value.value >= std::abs(lean("", "")));
        QCOMPARE(row(table, {"good", "", "woman"}, "lean").n, std::int64_t{8});
        std::fill(texts.row(4).begin(), texts.row(4).end(), 0.F); // "y" in the second template
        const auto without = auditTexts(concepts, 4, texts, words);
        QVERIFY(!row(without, {"good", "y", "woman"}, "lean").value.value);
        near(*row(without, {"good", "", "woman"}, "lean").value.value, lean("good", "x"), 1e-12, "the other alone");
        words.row(3)[0] = std::numeric_limits<float>::infinity();
        const auto none = auditTexts(concepts, 4, texts, words);
        QVERIFY(!row(none, {"good", "x", "woman"}, "lean").value.value);
        QVERIFY(none.find({"", "", "woman"}, "size") == nullptr);
        QVERIFY(none.warnings.front().find("man") != std::string::npos);
    }

    void textAuditRefusesWhatDoesNotMatch() {
        const Embeddings texts = rowsOf({{1, 0}, {0, 1}}), words = rowsOf({{1, 0}, {0, 1}});
        const std::vector<Concept> one = {{"x", ""}}, two = {{"x", ""}, {"y", ""}};
        const std::vector<std::string> alone = {"woman"};
        Feedback feedback;
        QVERIFY(!textAuditTable({one, kWomanMan, 1, &texts, &words}, draws(10), feedback));
        QVERIFY(!textAuditTable({two, alone, 1, &texts, &words}, draws(10), feedback));
        QVERIFY(!textAuditTable({two, kWomanMan, 0, &texts, &words}, draws(10), feedback));
        QVERIFY(!textAuditTable({two, kWomanMan, 1, nullptr, &words}, draws(10), feedback));
        QVERIFY(textAuditTable({two, kWomanMan, 1, &texts, &words}, draws(10), feedback));
    }

    void textAuditKeepsItsPromises() {
        // Words that are exchangeable within templates: p is not too small, the interval covers 0.
        for (const std::size_t groups : {2U, 3U}) {
            std::vector<double> p;
            int covered = 0;
            const std::size_t templates = groups == 2 ? 20 : 12; // sampled: more than 65,536 ways
            const std::vector<std::string> names = groups == 2 ? kWomanMan : std::vector<std::string>{"p", "q", "r"};
            for (std::uint64_t run = 0; run < 300; ++run) {
                RandomStream random(16, groups, run);
                Embeddings texts(templates, 5), words(templates * groups, 5);
                for (Embeddings* set : {&texts, &words})
                    for (float& value : set->values)
                        value = static_cast<float>(random.normal());
                const auto table = auditTexts({{"x", ""}}, templates, texts, words, names, 199);
                const MetricValue& lean = row(table, {"", "x", names[0]}, "lean").value;
                p.push_back(*lean.pValue);
                covered += *lean.ciLow <= 0 && 0 <= *lean.ciHigh ? 1 : 0;
            }
            verifyNotTooSmall(p, "text audit");
            verifyCovers(covered, 300, "lean");
        }
    }

    void sameBitsForAnyNumberOfThreads() {
        const Attribute attribute = groupsOf(std::vector<std::size_t>{60, 50, 40});
        const std::vector<float> similarities = noise(300, 17);
        std::vector<MeasureTable> tables;
        for (const std::size_t threads : {1U, 2U, 5U}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            tables.push_back(associate({{"x", ""}, {"y", ""}}, similarities, attribute, draws(300)));
        }
        for (const MeasureTable& table : tables)
            for (std::size_t i = 0; i < table.rows.size(); ++i) {
                QCOMPARE(table.rows[i].value.pValue, tables[0].rows[i].value.pValue);
                QCOMPARE(table.rows[i].value.ciLow, tables[0].rows[i].value.ciLow);
                QCOMPARE(table.rows[i].value.nullP95, tables[0].rows[i].value.nullP95);
            }
    }
};

QTEST_APPLESS_MAIN(TestGroupAssociation)
#include "tst_group_association.moc"
