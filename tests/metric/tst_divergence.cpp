// SPDX-License-Identifier: GPL-3.0-or-later
// The further numbers of a ranking: values by hand and by brute force, properties, definitions, targets, exact tails.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <QTest>
#include <tbb/global_control.h>

#include "core/base/random.h"
#include "core/metric/divergence.h"
#include "core/metric/divergence_interval.h"
#include "core/metric/exact_test.h"
#include "core/metric/measure.h"
#include "core/metric/null_distribution.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

using Counts = std::vector<std::uint32_t>;

bool near(const std::optional<double>& a, double b, double tolerance = 1e-9) {
    return a && std::abs(*a - b) <= tolerance;
}

bool says(const Measurement& m, std::string_view words) {
    return std::any_of(m.warnings.begin(), m.warnings.end(),
                       [&](const std::string& warning) { return warning.find(words) != std::string::npos; });
}

std::vector<double> logs(const std::vector<double>& shares) {
    std::vector<double> result;
    for (const double share : shares)
        result.push_back(std::log(share));
    return result;
}

/// Rows in rank order.
struct Data {
    Attribute attribute;
    std::vector<double> scores;
};

Data ranked(const std::vector<std::string>& labels) {
    Data data{makeAttribute("letter", labels), {}};
    for (std::size_t i = 0; i < labels.size(); ++i)
        data.scores.push_back(-static_cast<double>(i));
    return data;
}

Data makeData(std::size_t n, int groups, double lean, std::uint64_t seed) {
    RandomStream random(seed, streamId("divergence test"), 0);
    std::vector<std::string> labels;
    std::vector<double> scores;
    for (std::size_t row = 0; row < n; ++row) {
        const auto g = static_cast<int>(random.below(static_cast<std::uint64_t>(groups)));
        labels.emplace_back(1, static_cast<char>('a' + g));
        scores.push_back(random.normal() + (g == 0 ? lean : 0.0));
    }
    return {makeAttribute("letter", labels), scores};
}

MeasureOptions optionsWith(std::int64_t k, int draws = 100) {
    MeasureOptions options;
    options.k = {k, 0.0};
    options.nullDraws = draws;
    options.bootstrapDraws = draws;
    return options;
}

Measurement measured(const Data& data, const MeasureOptions& options, const std::vector<double>& relevance = {}) {
    Feedback feedback;
    return Meter::create(data.attribute, options, relevance).value().measure(std::span(data.scores), feedback).value();
}

const MetricValue& further(const Measurement& m, const char* name) {
    return m.further(name)->value;
}

std::vector<std::optional<double>> numbers(const Measurement& m) {
    std::vector<std::optional<double>> all;
    for (const NamedValue& named : m.more) {
        const MetricValue& v = named.value;
        all.insert(all.end(), {v.value, v.ciLow, v.ciHigh, v.nullMean, v.nullP95, v.pValue, v.neutral});
    }
    for (const MetricValue* v : {&m.maxSkew, &m.minSkew, &m.ndkl})
        all.insert(all.end(), {v->value, v->ciLow, v->ciHigh, v->nullMean, v->nullP95, v->pValue});
    return all;
}

} // namespace

class TestDivergence : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void valuesByHand() {
        const Counts counts{3, 1};
        const std::vector<double> share{0.5, 0.5};
        QVERIFY(near(retrievedDivergence(counts, logs(share)), 0.75 * std::log(1.5) + 0.25 * std::log(0.5)));
        QVERIFY(near(totalVariation(counts, share), 0.25));
        QVERIFY(near(normalisedEntropy(counts), 0.8112781244591328)); // entropy of 1/4, in bits
        QVERIFY(near(normalisedEntropy(Counts{5, 0}), 0));
        QVERIFY(near(retrievedDivergence(Counts{5, 0}, logs({0.25, 0.75})), std::log(4.0)));
        QVERIFY(!retrievedDivergence(Counts{0, 0}, logs(share)) && !totalVariation(Counts{0, 0}, share));
        QVERIFY(!normalisedEntropy(Counts{0, 0}) && !normalisedEntropy(Counts{3}));
        QCOMPARE(biasAtK(3, 1), 0.5); // METHODS F1
        QCOMPARE(biasAtK(4, 1), 0.6);
        QCOMPARE(biasAtK(7, 3), 0.4);
        QCOMPARE(biasAtK(0, 0), 0.0);
        QCOMPARE(biasAtK(0, 2), -1.0);
    }

    // Against the definition, rank by rank.
    void infeasibleIndexAndCount() {
        RandomStream random(3, streamId("infeasible"), 0);
        for (int round = 0; round < 40; ++round) {
            const auto groups = 2 + static_cast<std::size_t>(random.below(5));
            std::vector<double> share(groups);
            double sum = 0;
            for (double& value : share)
                sum += value = round == 0 ? 0.29 : 0.05 + random.uniform();
            for (double& value : share)
                value = round == 0 ? 1.0 / static_cast<double>(groups) : value / sum;
            const std::size_t ranks = 1 + random.below(200);
            const InfeasibleSchedule schedule(share, ranks);
            InfeasibleSum quick(schedule);
            std::vector<std::int64_t> counts(groups, 0);
            std::int64_t index = 0, count = 0;
            for (std::size_t rank = 1; rank <= ranks; ++rank) {
                const auto group = static_cast<std::uint32_t>(random.below(groups));
                quick.add(group);
                ++counts[group];
                std::int64_t below = 0;
                for (std::size_t g = 0; g < groups; ++g)
                    below +=
                        counts[g] < static_cast<std::int64_t>(std::floor(static_cast<double>(rank) * share[g] + 1e-9));
                index += below > 0;
                count += below;
                QCOMPARE(quick.index(), index);
                QCOMPARE(quick.count(), count);
            }
            quick.reset();
            QCOMPARE(quick.index(), std::int64_t{0});
        }
        // 0.29 * 100 is 28.999999999999996: 29 rows are asked for.
        const InfeasibleSchedule schedule(std::vector<double>{0.29, 0.71}, 100);
        InfeasibleSum sum(schedule);
        for (int i = 0; i < 100; ++i)
            sum.add(i < 28 ? 0U : 1U);
        QVERIFY(sum.index() > 0);
    }

    // The published formula, written out.
    void poolWeightedMeanOfSkews() {
        const std::vector<double> share{0.2, 0.5, 0.3};
        const std::vector<std::uint32_t> order{1, 0, 0, 2, 1, 1, 0, 2};
        PoolWeightedSum quick(share);
        std::vector<double> counts(3, 0.0);
        double sum = 0, weights = 0;
        for (std::size_t i = 0; i < order.size(); ++i) {
            quick.add(order[i]);
            counts[order[i]] += 1;
            const double rank = static_cast<double>(i) + 1, weight = 1 / std::log2(rank + 1);
            double bracket = 0;
            for (std::size_t g = 0; g < 3; ++g)
                if (counts[g] > 0)
                    bracket += share[g] * std::log(counts[g] / rank / share[g]);
            sum += weight * bracket;
            weights += weight;
            QVERIFY(near(quick.value(), sum / weights));
        }
    }

    void tailsOfTheHypergeometricLaw() {
        // 5 rows, 2 of them the group's, 3 at the top: P(0, 1, 2) = 1/10, 6/10, 3/10.
        QVERIFY(near(CountLaw(5, 2, 3).atLeast(2), 0.3) && near(CountLaw(5, 2, 3).atLeast(1), 0.9));
        QVERIFY(near(CountLaw(5, 2, 3).atMost(0), 0.1) && near(CountLaw(5, 2, 3).atMost(1), 0.7));
        QCOMPARE(CountLaw(5, 2, 3).atLeast(0), 1.0);
        QCOMPARE(CountLaw(5, 2, 3).atLeast(3), 0.0);
        QCOMPARE(CountLaw(5, 2, 3).atMost(2), 1.0);
        QCOMPARE(CountLaw(5, 2, 3).atMost(-1), 0.0);
        for (std::int64_t x = 1; x <= 20; ++x) // both tails are one law
            QVERIFY(near(CountLaw(300, 40, 100).atLeast(x) + CountLaw(300, 40, 100).atMost(x - 1), 1, 1e-12));
        QVERIFY(CountLaw(100'000, 5000, 1000).atLeast(900) > 0);
    }

    // --- properties of what a measurement holds ------------------------------------------------------------------

    void boundsAndOrderOfEnds() {
        for (std::uint64_t seed = 0; seed < 12; ++seed) {
            const int groups = 2 + static_cast<int>(seed % 4);
            const Data data = makeData(500, groups, 0.5 * static_cast<double>(seed % 3), seed);
            for (const Definition definition : allDefinitions()) {
                MeasureOptions options = optionsWith(20 + static_cast<std::int64_t>(seed) * 10, 40);
                options.definition = definition;
                const Measurement m = measured(data, options);
                QCOMPARE(m.definitionText, std::string(definitionSentence(definition)));
                std::set<std::string> names;
                for (const NamedValue& named : m.more) {
                    const MetricValue& v = named.value;
                    QVERIFY(names.insert(named.name).second && !named.meaning.empty());
                    QVERIFY2(v.value && v.ciLow && v.ciHigh, named.name.c_str());
                    QVERIFY2(*v.ciLow <= *v.value + 1e-12 && *v.value <= *v.ciHigh + 1e-12, named.name.c_str());
                    QVERIFY(!v.pValue || (*v.pValue > 0 && *v.pValue <= 1));
                    QVERIFY(v.pValue || named.name == "ndkl_corrected");
                }
                QVERIFY(*further(m, "kl").value >= 0 && *further(m, "kl").ciLow >= 0);
                for (const char* share : {"total_variation", "normalised_entropy", "count_ratio"})
                    QVERIFY(*further(m, share).ciLow >= 0 && *further(m, share).ciHigh <= 1);
                QVERIFY(*further(m, "infeasible_index").value <= static_cast<double>(m.k));
                QVERIFY(*further(m, "infeasible_count").value >= *further(m, "infeasible_index").value);
                QVERIFY((m.further("bias_at_k") != nullptr) == (groups == 2));
                if (definition != Definition::SocialCounterfactuals) {
                    QVERIFY(*m.ndkl.ciLow >= 0 && *m.ndkl.ciLow <= *m.ndkl.value && *m.ndkl.value <= *m.ndkl.ciHigh);
                    QVERIFY(*further(m, "ndkl_corrected").value <= *m.ndkl.ciHigh);
                }
            }
        }
    }

    void namesAndOrderOfRowsDoNotMatter() {
        const Data data = makeData(800, 3, 0.6, 7);
        Data turned = data;
        std::reverse(turned.scores.begin(), turned.scores.end());
        std::reverse(turned.attribute.codes.begin(), turned.attribute.codes.end());
        const auto a = numbers(measured(data, optionsWith(80))), b = numbers(measured(turned, optionsWith(80)));
        QVERIFY(a == b);

        Data renamed = data;
        std::vector<std::string> labels;
        for (const std::int32_t code : data.attribute.codes)
            labels.emplace_back(1, static_cast<char>('z' - code));
        renamed.attribute = makeAttribute("letter", labels);
        const Measurement x = measured(data, optionsWith(80, 0)), y = measured(renamed, optionsWith(80, 0));
        for (const char* name : {"kl", "total_variation", "normalised_entropy", "infeasible_index", "infeasible_count",
                                 "count_ratio", "min_skew_present"})
            QVERIFY(near(further(x, name).value, *further(y, name).value, 1e-12));
    }

    void moreLeanIsMoreDivergence() {
        double kl = -1, distance = -1, bias = 2, ndkl = -1;
        for (const int first : {50, 60, 75, 90, 100}) { // of the top 100, spread evenly
            std::vector<std::string> labels;
            for (int i = 0; i < 100; ++i)
                labels.emplace_back((i * first) / 100 != ((i + 1) * first) / 100 ? "Female" : "Male");
            for (int i = 0; i < 100; ++i)
                labels.emplace_back((i * first) / 100 != ((i + 1) * first) / 100 ? "Male" : "Female");
            const Measurement m = measured(ranked(labels), optionsWith(100, 0));
            QVERIFY(*further(m, "kl").value > kl && *further(m, "total_variation").value > distance);
            QVERIFY(*further(m, "bias_at_k").value<bias&& * m.ndkl.value> ndkl);
            kl = *further(m, "kl").value;
            distance = *further(m, "total_variation").value;
            bias = *further(m, "bias_at_k").value;
            ndkl = *m.ndkl.value;
        }
        QVERIFY(near(kl, std::log(2.0)) && near(distance, 0.5) && near(bias, -1));
    }

    void threadsChangeNothing() {
        const Data data = makeData(2000, 4, 0.4, 9);
        for (const Definition definition :
             {Definition::Geyik, Definition::SocialCounterfactuals, Definition::VisoGender}) {
            MeasureOptions options = optionsWith(600);
            options.definition = definition;
            std::vector<std::vector<std::optional<double>>> results;
            for (const std::size_t threads : {1, 2, 8}) {
                const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
                results.push_back(numbers(measured(data, options)));
            }
            QVERIFY(results[0] == results[1] && results[0] == results[2]);
        }
    }

    /// The last block of a long list may be as short as the first ones: it must not look for random numbers of theirs.
    /// Rows are drawn singly in the first two lists and up to rank 4,096 in the others.
    void aShortLastBlockRepeats() {
        const Data data = makeData(12'000, 4, 0.4, 9);
        std::vector<std::uint32_t> order(data.attribute.codes.begin(), data.attribute.codes.end());
        const std::vector<double> share(4, 0.25);
        Feedback feedback;
        for (const std::size_t rows : {1994U, 2000U, 4097U, 4100U, 12'000U}) {
            std::optional<double> high;
            for (int again = 0; again < 5; ++again) {
                const std::vector<double> litter(static_cast<std::size_t>(300 * 1100 + again * 64), again + 0.5);
                const auto interval = divergenceInterval({std::span(order).first(rows), 24'000, share, false},
                                                         DivergenceKind::Ndkl, 0.05, 0.95, 300, "short", 1, feedback);
                QVERIFY(interval && litter.size() > 1);
                QVERIFY(!high || *high == *interval->interval.high);
                high = interval->interval.high;
            }
        }
    }

    /// Of a list so long that its blocks add normal numbers, as of one whose rows are drawn singly: the same shares all
    /// along give the same divergence, and an interval that is narrower as the root of the rows.
    void longListsGoOnAsShortOnes() {
        const std::vector<double> target{0.02, 0.28, 0.7}, shares{0.04, 0.36, 0.6};
        double truth = 0;
        for (std::size_t g = 0; g < target.size(); ++g)
            truth += shares[g] * std::log(shares[g] / target[g]);
        Feedback feedback;
        std::vector<double> widths;
        for (const std::size_t rows : {4'000U, 64'000U}) {
            std::vector<std::uint32_t> order;
            std::vector<double> owed(3, 0.0); // rows in proportion, as evenly as can be
            while (order.size() < rows) {
                for (std::size_t g = 0; g < 3; ++g)
                    owed[g] += shares[g];
                const auto next = static_cast<std::size_t>(std::ranges::max_element(owed) - owed.begin());
                owed[next] -= 1;
                order.push_back(static_cast<std::uint32_t>(next));
            }
            const auto found = divergenceInterval({order, 1'000'000, target, false}, DivergenceKind::Ndkl, truth, 0.95,
                                                  300, "long", 1, feedback);
            QVERIFY(found);
            QVERIFY(*found->interval.low < truth && truth < *found->interval.high);
            // Noise, which this order has none of, would raise what is observed: by a third of it, then by a thirtieth.
            QVERIFY(found->corrected < truth && found->corrected > (rows < 10'000 ? 0.5 : 0.93) * truth);
            widths.push_back(*found->interval.high - *found->interval.low);
        }
        QVERIFY2(widths[0] / widths[1] > 3 && widths[0] / widths[1] < 6,
                 qPrintable(QString::number(widths[0] / widths[1])));
    }

    /// A group with a few rows in a long list: its counts are not normal. Ten rows where ten are expected, all of them
    /// near the top, are more than chance shows.
    void aRareGroupOfALongList() {
        constexpr std::size_t kRows = 50'000, kTop = 4'000;
        const std::vector<double> share{2e-4, 1 - 2e-4};
        std::vector<std::uint32_t> order(kRows, 1);
        for (std::size_t i = 1; i <= 10; ++i)
            order[i * kTop / 10] = 0;
        double sum = 0, weights = 0;
        std::array<double, 2> counts{};
        for (std::size_t rank = 1; rank <= kRows; ++rank) {
            ++counts[order[rank - 1]];
            double divergence = 0;
            for (std::size_t g = 0; g < 2; ++g)
                if (const double at = counts[g] / static_cast<double>(rank); at > 0)
                    divergence += at * std::log(at / share[g]);
            sum += divergence / std::log2(static_cast<double>(rank) + 1);
            weights += 1 / std::log2(static_cast<double>(rank) + 1);
        }
        Feedback feedback;
        const auto found = divergenceInterval({order, 1'000'000, share, false}, DivergenceKind::Ndkl, sum / weights,
                                              0.95, 300, "rare", 1, feedback);
        QVERIFY(found);
        QVERIFY2(*found->interval.low > 0.05 * sum / weights,
                 qPrintable(QString::number(sum / weights) + u' ' + QString::number(*found->interval.low)));
    }

    void cancelledInTheInterval() {
        const Data data = makeData(2000, 4, 0.4, 9);
        std::vector<std::uint32_t> order(data.attribute.codes.begin(), data.attribute.codes.begin() + 500);
        const std::vector<double> share(4, 0.25);
        Feedback feedback;
        feedback.cancel();
        const auto result =
            divergenceInterval({order, 2000, share, true}, DivergenceKind::Ndkl, 0.2, 0.95, 300, "x", 0, feedback);
        QVERIFY(!result && result.error().cancelled());
    }

    // --- definitions -----------------------------------------------------------------------------------------------

    void absentGroupsInEachDefinition() {
        const Data data = ranked({"a", "a", "a", "b", "a", "b", "b", "b", "a", "b"});
        const auto with = [&](Definition definition) {
            MeasureOptions options = optionsWith(3);
            options.definition = definition;
            return measured(data, options);
        };
        const Measurement bend = with(Definition::Bend);
        QVERIFY(near(bend.maxSkew.value, std::log(2.0)) && !bend.minSkew.value && bend.minSkew.atMost);
        const Measurement intel = with(Definition::SocialCounterfactuals);
        QVERIFY(near(intel.maxSkew.value, std::log(2.0)) && near(intel.minSkew.value, 0) && !intel.minSkew.atMost);
        QVERIFY(!intel.groups[1].skew && says(intel, "Counted as a skew of 0"));
        const Measurement viso = with(Definition::VisoGender);
        QVERIFY(near(viso.minSkew.value, std::log(1.0 / 3 / 0.5)) && !viso.minSkew.atMost);
        QVERIFY(near(viso.groups[1].skew, std::log(1.0 / 3 / 0.5)));
        const Measurement sfid = with(Definition::Sfid);
        QVERIFY(!sfid.maxSkew.value && sfid.maxSkew.pValue && says(sfid, "infinite in the published code"));
        QVERIFY(*sfid.maxSkew.pValue <= 2 * (1.0 / 12) + 0.1); // (5*4*3)/(10*9*8) for either group, by draws
        for (const NamedValue& named : bend.more)
            if (named.name == "min_skew_present")
                QVERIFY(near(named.value.value, std::log(2.0)));
    }

    void largestAbsoluteSkewOfSfid() {
        MeasureOptions options = optionsWith(4);
        options.definition = Definition::Sfid;
        const Measurement m = measured(ranked({"m", "m", "f", "m", "f", "f", "m", "f"}), options);
        QVERIFY(near(m.maxSkew.value, std::log(2.0))); // |ln 2 * 1/4|, beyond ln 2 * 3/4
        QVERIFY(m.target == Target::Kind::Uniform);
        const Measurement three = measured(makeData(300, 3, 0, 1), options);
        QVERIFY(says(three, "knows two groups only"));
    }

    void ndklOfVisoGenderIsOfTheWholeList() {
        const Data data = makeData(60, 2, 0.5, 4);
        MeasureOptions options = optionsWith(10);
        options.definition = Definition::VisoGender;
        const Measurement m = measured(data, options);
        const Measurement all = measured(data, optionsWith(60));
        QVERIFY(near(m.ndkl.value, *all.ndkl.value, 1e-12));
        QVERIFY(near(m.ndkl.nullMean, *all.ndkl.nullMean, 1e-12));
        options.target.kind = Target::Kind::Uniform;
        QVERIFY(says(measured(data, options), "knows only the pool's shares"));
    }

    void notANumberRanksFirstInSocialCounterfactuals() {
        Data data = ranked({"a", "a", "b", "b"});
        data.scores[3] = std::nan("");
        data.scores[2] = 1e300 * 10; // infinite
        MeasureOptions options = optionsWith(2, 0);
        options.definition = Definition::SocialCounterfactuals;
        const Measurement m = measured(data, options);
        QCOMPARE(m.groups[1].topCount, std::int64_t{2});
        QVERIFY(says(m, "ranks first"));
        // Scores that are one number in 32 bits tie: row order decides.
        data.scores = {1.0, 1.0 + 1e-12, 0.5, 1.0 + 1e-11};
        QCOMPARE(measured(data, options).groups[0].topCount, std::int64_t{2});
        options.definition = Definition::Geyik;
        QCOMPARE(measured(data, options).groups[0].topCount, std::int64_t{1});
        options.definition = Definition::SocialCounterfactuals;
        options.k = {9, 0};
        QVERIFY(says(measured(data, options), "The published code stops here"));
    }

    // --- targets and groups ------------------------------------------------------------------------------------------

    void conditionalTarget() {
        const Data data = ranked({"a", "b", "a", "b", "a", "b"});
        MeasureOptions options = optionsWith(3, 0);
        options.target.kind = Target::Kind::Conditional;
        const Measurement m = measured(data, options, {1, 1, 1, 0, 2.5, 0});
        QVERIFY(near(m.groups[0].targetShare, 0.75) && near(m.groups[1].targetShare, 0.25));
        QVERIFY(m.target == Target::Kind::Conditional);
        const Target again = targetUsed(m);
        QVERIFY(again.kind == Target::Kind::Custom && near(again.shares[0].second, 0.75));
        const auto error = [&](const std::vector<double>& relevance) {
            const Result<Meter> meter = Meter::create(data.attribute, options, relevance);
            return meter ? ErrorCode::Internal : meter.error().code;
        };
        QCOMPARE(error({}), ErrorCode::TargetInvalid);
        QCOMPARE(error({1, 1}), ErrorCode::TargetInvalid);
        QCOMPARE(error({1, 0, 1, 0, 1, 0}), ErrorCode::TargetInvalid); // no relevant b
        QCOMPARE(error({std::nan(""), 1, 0, 0, 0, 0}), ErrorCode::TargetInvalid);
    }

    void targetsNameGroupsByTheirMeaning() {
        const Data data = ranked({"woman", "man", "woman", "man"});
        MeasureOptions options = optionsWith(2, 0);
        options.target = {Target::Kind::Custom, {{"Female", 0.9}, {"Male", 0.1}}};
        const Measurement m = measured(data, options);
        QVERIFY(near(m.groups[1].targetShare, 0.9)); // "woman"
    }

    void groupsOfBias() {
        const Data data = ranked({"Male", "neutral", "Male", "Female", "neutral", "Female"});
        const Measurement m = measured(data, optionsWith(4, 0));
        QVERIFY(near(further(m, "bias_at_k").value, 1.0 / 3)); // neutral ones do not count
        QVERIFY(m.further("bias_at_k")->meaning.find("more of Male") != std::string::npos);
        MeasureOptions options = optionsWith(4, 0);
        options.biasGroups = {"neutral", "male"};
        QVERIFY(near(further(measured(data, options), "bias_at_k").value, -1.0 / 3));
        options.biasGroups = {"Male", "none"};
        const Measurement without = measured(data, options);
        QVERIFY(!without.further("bias_at_k") && says(without, "no group \"none\""));
        options.biasGroups = {"Male"};
        QCOMPARE(Meter::create(data.attribute, options).error().code, ErrorCode::InvalidArgument);
        // Neither of the two among the first k: 0 by definition.
        const Measurement nobody = measured(ranked({"n", "n", "Male", "Female"}), optionsWith(2, 20));
        QVERIFY(near(further(nobody, "bias_at_k").value, 0) && !further(nobody, "bias_at_k").ciLow);
    }

    // --- p-values beyond the draws
    // -------------------------------------------------------------------------------------

    void exactTailsBelowTheFloorOfTheDraws() {
        std::vector<std::string> labels(400, "b");
        for (std::size_t i = 0; i < 100; ++i)
            labels[i] = i % 10 == 9 ? "b" : "a";
        for (std::size_t i = 100; i < 210; ++i)
            labels[i] = "a";
        const Measurement m = measured(ranked(labels), optionsWith(100, 99));
        // 90 of the 200 a among the first 100 of 400, and as many b would be as far from plumb.
        QCOMPARE(m.groups[0].topCount, std::int64_t{90});
        QVERIFY(std::abs(*m.maxSkew.pValue / (2 * CountLaw(400, 200, 100).atLeast(90)) - 1) < 1e-9);
        QVERIFY(std::abs(*m.minSkew.pValue / (2 * CountLaw(400, 200, 100).atMost(10)) - 1) < 1e-9);
        QCOMPARE(*m.ndkl.pValue, 0.01); // NDKL has no such bound
        // With chance's own counts nothing changes.
        const Measurement plain = measured(makeData(400, 2, 0, 3), optionsWith(100, 99));
        QVERIFY(*plain.maxSkew.pValue >= 0.01);
    }

    // Under the null no rule gives small p-values too often, the exact tails included.
    void exactTailsAreValid() {
        int atMost1000 = 0, atMost20 = 0;
        constexpr int kPools = 4000;
        for (int i = 0; i < kPools; ++i) {
            RandomStream random(17, streamId("exact tails"), static_cast<std::uint64_t>(i));
            std::vector<std::string> labels;
            for (int row = 0; row < 60; ++row)
                labels.emplace_back(1, static_cast<char>('a' + random.below(3)));
            MeasureOptions options = optionsWith(12, 19); // a floor of .05, so that the bound is used often
            options.bootstrapDraws = 0;
            options.seed = static_cast<std::uint64_t>(i);
            const Measurement m = measured(ranked(labels), options);
            atMost20 += *m.maxSkew.pValue <= 0.05;
            atMost1000 += *m.maxSkew.pValue <= 0.01;
        }
        QVERIFY2(atMost20 <= 0.05 * kPools + 2.6 * std::sqrt(0.05 * kPools), qPrintable(QString::number(atMost20)));
        QVERIFY2(atMost1000 <= 0.01 * kPools + 2.6 * std::sqrt(0.01 * kPools), qPrintable(QString::number(atMost1000)));
    }
};

QTEST_APPLESS_MAIN(TestDivergence)
#include "tst_divergence.moc"
