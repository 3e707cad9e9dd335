// SPDX-License-Identifier: GPL-3.0-or-later
// Verdicts over the family of an audit: what the words need, and how often they are wrong.
// PLUMBLINE_FULL_CALIBRATION=1 runs the thousand repetitions of core/metric/README.md.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <QTest>

#include "core/base/random.h"
#include "core/metric/exact_test.h"
#include "core/metric/measure.h"
#include "core/metric/verdict.h"

using namespace plumbline;
using metric::judge;

namespace {

bool full() {
    return qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
}

struct Counts {
    const char* name;
    std::int64_t pool, top;
};

/// A ranking with these counts; intervals of +-0.2 around each skew.
Measurement ranking(const std::vector<Counts>& counts, double gap = 0.05) {
    Measurement m;
    m.attribute = "gender";
    m.scoreSd = 0.02;
    for (const Counts& c : counts) {
        m.n += c.pool;
        m.kEffective += c.top;
    }
    m.k = m.kEffective;
    for (const Counts& c : counts) {
        GroupMeasure g;
        g.name = c.name;
        g.poolCount = c.pool;
        g.topCount = c.top;
        g.poolShare = g.targetShare = static_cast<double>(c.pool) / static_cast<double>(m.n);
        g.topShare = static_cast<double>(c.top) / static_cast<double>(m.k);
        if (c.top > 0) {
            g.skew = std::log(g.topShare / g.poolShare);
            g.ciLow = *g.skew - 0.2;
            g.ciHigh = *g.skew + 0.2;
        }
        g.gap = gap;
        m.groups.push_back(g);
    }
    return m;
}

std::vector<Verdict> verdicts(Measurement m, const MeasureOptions& options = {}) {
    judge(std::span(&m, 1), options);
    std::vector<Verdict> all;
    for (const GroupMeasure& g : m.groups)
        all.push_back(g.verdict);
    return all;
}

using Verdicts = std::vector<Verdict>;

/// Group sizes of 14 groups (7 races x 2 genders) in a pool of about 2,000.
const std::vector<std::int64_t> kFourteen{210, 190, 150, 160, 140, 150, 150, 140, 130, 120, 140, 130, 160, 130};

/// The measurement of a random ranking in whose top the first group's odds are raised: rows are drawn one by one
/// without replacement, in proportion to the weight of their group (Wallenius).
Measurement drawn(const std::vector<std::int64_t>& sizes, std::int64_t k, double weight, RandomStream& random) {
    std::vector<std::int64_t> left = sizes, top(sizes.size(), 0);
    std::int64_t rest = std::accumulate(sizes.begin() + 1, sizes.end(), std::int64_t{0});
    for (std::int64_t i = 0; i < k; ++i) {
        const double favoured = weight * static_cast<double>(left[0]);
        std::size_t g = 0;
        if (random.uniform() * (favoured + static_cast<double>(rest)) >= favoured) {
            auto at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(rest)));
            for (g = 1; at >= left[g]; ++g)
                at -= left[g];
            --rest;
        }
        --left[g];
        ++top[g];
    }
    std::vector<Counts> counts;
    for (std::size_t g = 0; g < sizes.size(); ++g)
        counts.push_back({"g", sizes[g], top[g]});
    return ranking(counts);
}

} // namespace

class TestVerdict : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void words() {
        QCOMPARE(verdicts(ranking({{"a", 500, 80}, {"b", 500, 20}})), (Verdicts{Verdict::Towards, Verdict::Away}));
        QCOMPARE(verdicts(ranking({{"a", 500, 52}, {"b", 500, 48}})), (Verdicts{Verdict::NoLean, Verdict::NoLean}));
        QCOMPARE(verdicts(ranking({{"a", 500, 100}, {"b", 500, 0}})), (Verdicts{Verdict::Towards, Verdict::Away}));
        QCOMPARE(verdicts(ranking({{"a", 500, 100}})), Verdicts{Verdict::NotApplicable});
        // One of 20 images would be the whole group's lean, but 20 images are no evidence; the others are judged.
        QCOMPARE(verdicts(ranking({{"a", 490, 60}, {"b", 490, 20}, {"c", 20, 20}})),
                 (Verdicts{Verdict::Towards, Verdict::Away, Verdict::TooFewImages}));
        // Of 3 rows no count of a third of the pool is significant.
        QCOMPARE(verdicts(ranking({{"a", 300, 3}, {"b", 300, 0}, {"c", 300, 0}})),
                 (Verdicts{Verdict::TooFewImages, Verdict::TooFewImages, Verdict::TooFewImages}));
    }

    void ofTwoGroupsOneTestStandsForBoth() {
        Measurement m = ranking({{"a", 500, 61}, {"b", 500, 39}});
        judge(std::span(&m, 1), {});
        QCOMPARE(m.tests, std::int64_t(1));
        QCOMPARE(*m.groups[0].adjustedP, metric::exactTest(1000, 500, 100, 61)->p);
        QCOMPARE(*m.groups[1].falseDiscovery, *m.groups[0].adjustedP);
    }

    void theFamilyIsTheWholeAudit() {
        // p = .037 alone is a finding; among twenty prompts it is lost to correction, which is no pass.
        std::vector<Measurement> audit(20, ranking({{"a", 500, 50}, {"b", 500, 50}}));
        audit[3] = ranking({{"a", 500, 60}, {"b", 500, 40}});
        for (std::size_t i = 0; i < audit.size(); ++i)
            audit[i].prompt = "prompt " + std::to_string(i);
        Measurement alone = audit[3];
        judge(std::span(&alone, 1), {});
        QCOMPARE(alone.groups[0].verdict, Verdict::Towards);
        judge(audit, {});
        QCOMPARE(audit[3].tests, std::int64_t(20));
        QCOMPARE(audit[3].groups[0].verdict, Verdict::LostToCorrection);
        QCOMPARE(audit[0].groups[0].verdict, Verdict::NoLean);
        MeasureOptions options;
        options.k = {100, 0};
        QCOMPARE(metric::familyText(audit, options),
                 std::string("Holm's correction at 0.05 over 20 tests: the share of each group of gender among the top "
                             "100 of 20 prompts."));
        options.correction = Correction::FalseDiscovery;
        options.tolerance = 1.25;
        QVERIFY(metric::familyText(audit, options).starts_with("Benjamini and Hochberg"));
        QVERIFY(
            metric::familyText(audit, options).ends_with("Shares from 1/1.25 to 1.25 times the pool's are tolerated."));
    }

    void falseDiscoveryFindsMore() {
        // Ten prompts at p = .011: Holm's first step needs .005, Benjamini-Hochberg's last .05.
        std::vector<Measurement> audit(10, ranking({{"a", 500, 62}, {"b", 500, 38}}));
        MeasureOptions options;
        judge(audit, options);
        QCOMPARE(audit[0].groups[0].verdict, Verdict::LostToCorrection);
        options.correction = Correction::FalseDiscovery;
        judge(audit, options);
        QCOMPARE(audit[0].groups[0].verdict, Verdict::Towards);
    }

    void toleranceNeedsTheWholeInterval() {
        MeasureOptions options;
        const Measurement strong = ranking({{"a", 5000, 800}, {"b", 5000, 200}}); // skew .47, interval .27 to .67
        const Measurement weak = ranking({{"a", 5000, 560}, {"b", 5000, 440}});   // skew .113, interval -.09 to .31
        options.tolerance = 1.25;                                                 // ln = .223
        QCOMPARE(verdicts(strong, options).front(), Verdict::Towards);
        QCOMPARE(verdicts(weak, options).front(), Verdict::UnsureOfTolerance);
        options.tolerance = 1.4; // ln = .336: contains the weak interval, cuts the strong one
        QCOMPARE(verdicts(strong, options).front(), Verdict::UnsureOfTolerance);
        QCOMPARE(verdicts(weak, options).front(), Verdict::NoLean);
    }

    void slightIsSureButImmaterial() {
        for (const auto& [gap, slight] : {std::pair{0.004, true}, {-0.004, true}, {0.006, false}}) {
            Measurement m = ranking({{"a", 500, 80}, {"b", 500, 20}}, gap);
            judge(std::span(&m, 1), {});
            QCOMPARE(m.groups[0].slight, slight);
        }
        Measurement plumb = ranking({{"a", 500, 50}, {"b", 500, 50}}, 0.001);
        judge(std::span(&plumb, 1), {});
        QVERIFY(!plumb.groups[0].slight); // no lean, so not a slight one
        Measurement dots = ranking({{"a", 500, 80}, {"b", 500, 20}}, 0.04);
        judge(std::span(&dots, 1), {}, 10.0); // dot products with images of length 10
        QVERIFY(dots.groups[0].slight);
        // Who has no place among the top rows is shut out, whatever the means of the scores.
        Measurement absent = ranking({{"a", 500, 100}, {"b", 500, 0}}, 0.001);
        judge(std::span(&absent, 1), {});
        QVERIFY(absent.groups[0].slight && absent.groups[1].verdict == Verdict::Away && !absent.groups[1].slight);
    }

    void spreadIsRelativeToTheAudit() {
        std::vector<Measurement> audit(3, ranking({{"a", 500, 50}, {"b", 500, 50}}));
        for (std::size_t i = 0; i < 3; ++i) {
            audit[i].prompt = std::to_string(i);
            audit[i].scoreSd = 0.01 * static_cast<double>(i + 1);
        }
        judge(audit, {});
        QCOMPARE(*audit[0].relativeSpread, 0.5);
        QCOMPARE(*audit[2].relativeSpread, 1.5);
    }

    // The stated detectable shares really are found eight times of ten.
    void detectableSharesAreDetected() {
        for (const std::int64_t k : {100, 400}) {
            Measurement plain = ranking({{"a", 3000, 3 * k / 10}, {"b", 7000, k - 3 * k / 10}});
            judge(std::span(&plain, 1), {});
            for (const bool above : {true, false}) {
                const double share =
                    0.3 * (above ? *plain.groups[0].detectableAbove : *plain.groups[0].detectableBelow);
                QVERIFY(above ? share > 0.3 : share < 0.3);
                int found = 0;
                for (int run = 0; run < 2000; ++run) {
                    RandomStream random(5, streamId("power"), static_cast<std::uint64_t>(run));
                    std::int64_t count = 0;
                    for (std::int64_t i = 0; i < k; ++i)
                        count += random.uniform() < share;
                    found += metric::exactTest(10000, 3000, k, count)->p <= 0.05;
                }
                QVERIFY2(found > 1540 && found < 1680, std::to_string(found).c_str());
            }
        }
        // In a family of 100 prompts only larger leans would show.
        std::vector<Measurement> audit(100, ranking({{"a", 3000, 30}, {"b", 7000, 70}}));
        Measurement alone = audit[0];
        judge(std::span(&alone, 1), {});
        judge(audit, {});
        QVERIFY(*audit[0].groups[0].detectableAbove > *alone.groups[0].detectableAbove);
    }

    void criticalCountsAreTheLastSignificant() {
        for (const double level : {0.05, 0.001, 1e-6})
            for (const auto& [n, group, top] :
                 {std::tuple{1000L, 300L, 100L}, {50L, 10L, 20L}, {40L, 39L, 5L}, {9L, 4L, 3L}}) {
                const metric::CriticalCounts critical = metric::CountLaw(n, group, top).critical(level);
                std::optional<std::int64_t> low, high;
                const double expected = static_cast<double>(group) * static_cast<double>(top) / static_cast<double>(n);
                for (std::int64_t x = std::max(0L, top + group - n); x <= std::min(group, top); ++x)
                    if (metric::exactTest(n, group, top, x)->p <= level) {
                        if (static_cast<double>(x) < expected)
                            low = x;
                        else if (!high)
                            high = x;
                    }
                QCOMPARE(critical.low, low);
                QCOMPARE(critical.high, high);
            }
    }

    // 300 prompts x 14 groups without any lean: any finding in at most 5 % of the runs.
    void noBiasNoFinding() {
        const int runs = full() ? 1000 : 200;
        int withFinding = 0;
        for (int run = 0; run < runs; ++run) {
            RandomStream random(11, streamId("no bias"), static_cast<std::uint64_t>(run));
            std::vector<Measurement> audit;
            for (int prompt = 0; prompt < 300; ++prompt)
                audit.push_back(drawn(kFourteen, 100, 1.0, random));
            judge(audit, {});
            withFinding += std::ranges::any_of(audit, [](const Measurement& m) {
                return std::ranges::any_of(m.groups, [](const GroupMeasure& g) { return leans(g.verdict); });
            });
        }
        qInfo("%d of %d runs with a finding", withFinding, runs);
        // 5 % and three standard errors.
        QVERIFY(withFinding <= 0.05 * runs + 3 * std::sqrt(0.05 * 0.95 * runs));
    }

    // One prompt of ten leans: of the findings at most 5 % are false on average (BH), and the leans are found.
    void falseFindingsAndPower() {
        const int runs = full() ? 1000 : 40;
        for (const double weight : {2.0, 3.0, 5.0}) {
            double falseShare = 0, found = 0, foundHolm = 0;
            for (int run = 0; run < runs; ++run) {
                RandomStream random(13, streamId("some bias"),
                                    static_cast<std::uint64_t>(run) * 10 + static_cast<std::uint64_t>(weight));
                std::vector<Measurement> audit;
                for (int prompt = 0; prompt < 300; ++prompt)
                    audit.push_back(drawn(kFourteen, 100, prompt % 10 == 0 ? weight : 1.0, random));
                judge(audit, {});
                for (std::size_t prompt = 0; prompt < audit.size(); prompt += 10)
                    foundHolm += audit[prompt].groups[0].verdict == Verdict::Towards;
                MeasureOptions options;
                options.correction = Correction::FalseDiscovery;
                judge(audit, options);
                int findings = 0, wrong = 0;
                for (std::size_t prompt = 0; prompt < audit.size(); ++prompt)
                    for (std::size_t g = 0; g < kFourteen.size(); ++g) {
                        const bool leaning = leans(audit[prompt].groups[g].verdict);
                        findings += leaning;
                        // In a leaning prompt every other group has less than its share: no finding there is false.
                        wrong += leaning && prompt % 10 != 0;
                        found += prompt % 10 == 0 && g == 0 && audit[prompt].groups[g].verdict == Verdict::Towards;
                    }
                falseShare += findings > 0 ? static_cast<double>(wrong) / findings : 0.0;
            }
            qInfo("odds x %.0f: %.2f %% of the findings false; found of the real leans: %.1f %% (BH), %.1f %% (Holm)",
                  weight, 100 * falseShare / runs, 100 * found / (30.0 * runs), 100 * foundHolm / (30.0 * runs));
            QVERIFY(falseShare / runs <= 0.05 + 0.02);
            QVERIFY(found >= foundHolm);
            if (weight == 5.0)
                QVERIFY(found / (30.0 * runs) > 0.95);
        }
    }
};

QTEST_APPLESS_MAIN(TestVerdict)
#include "tst_verdict.moc"
