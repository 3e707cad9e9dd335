// SPDX-License-Identifier: GPL-3.0-or-later
// Coverage and levels of the families that core/metric/README.md lists under "All families": associations, contrasts,
// counterfactuals, hubs, wordings, image quality, geometry, zero-shot accuracy and retrieval, at three sizes of a pool.
#include <array>
#include <cmath>
#include <functional>

#include <tbb/parallel_for.h> // before Qt, whose macro `emit` breaks it

#include <QTest>

#include "core/metric/association/concept_vectors.h"
#include "core/metric/association/group_association.h"
#include "core/metric/association/polarity.h"
#include "core/metric/association/text_audit.h"
#include "core/metric/association/weat.h"
#include "core/metric/controls/contrast.h"
#include "core/metric/controls/counterfactual.h"
#include "core/metric/controls/hubness.h"
#include "core/metric/controls/quality.h"
#include "core/metric/controls/template_sensitivity.h"
#include "core/metric/geometry/modality_gap.h"
#include "core/metric/utility/retrieval.h"
#include "core/metric/utility/zero_shot.h"
#include "tests/metric/coverage.h"

using namespace plumbline;
using namespace plumbline::metric;
using namespace plumbline::test;

namespace {

using Vector = std::vector<double>;

/// Runs side by side; what they find is put together in their order.
Tallies overRuns(int count, const std::function<void(int run, Tallies& tallies)>& body) {
    std::vector<Tallies> each(static_cast<std::size_t>(count));
    tbb::parallel_for(0, count, [&](int run) { body(run, each[static_cast<std::size_t>(run)]); });
    Tallies all;
    for (const Tallies& one : each)
        for (const auto& [name, tally] : one)
            all[name].add(tally);
    return all;
}

/// 1,000 runs of pools up to 2,000 in the full run, 300 of larger ones.
int runsOf(int n) {
    return runs(n > 200 ? 20 : 100, n > 2000 ? 300 : 1000);
}

void sizes(std::initializer_list<const char*> settings) {
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("setting");
    for (const int n : {200, 2000, 20'000})
        if (n < 20'000 || full())
            for (int i = 0; const char* setting : settings)
                QTest::addRow("%s, n = %d", setting, n) << n << i++;
}

void verify(const Tallies& tallies) {
    const std::string bad = judged(QTest::currentDataTag(), tallies);
    QVERIFY2(bad.empty(), bad.c_str());
}

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}
/// The mean of f(z) of a standard normal z.
double normalMean(const std::function<double(double)>& f) {
    double sum = 0;
    for (int i = -800; i <= 800; ++i)
        sum += f(i / 100.0) * Population::density(i / 100.0) / 100;
    return sum;
}
double span(const Vector& values) {
    const auto [low, high] = std::ranges::minmax(values);
    return high - low;
}
/// The mean of the others' values, by their shares.
double ofOthers(const Vector& values, const Vector& share, std::size_t g) {
    double sum = 0, weight = 0;
    for (std::size_t h = 0; h < values.size(); ++h)
        if (h != g) {
            sum += share[h] * values[h];
            weight += share[h];
        }
    return sum / weight;
}

/// Rows around a mean, with standard deviations that fall off along the axes.
void addRows(Embeddings& to, std::size_t first, std::size_t count, const Vector& mean, double noise,
             RandomStream& random) {
    for (std::size_t i = first; i < first + count; ++i)
        for (std::size_t d = 0; d < to.dim; ++d)
            to.row(i)[d] = static_cast<float>((d < mean.size() ? mean[d] : 0.0) +
                                              noise * random.normal() / std::sqrt(1.0 + static_cast<double>(d)));
}
Embeddings rowsAround(std::size_t count, std::size_t dim, const Vector& mean, double noise, RandomStream& random) {
    Embeddings result(count, dim);
    addRows(result, 0, count, mean, noise, random);
    return result;
}

std::size_t many() {
    return full() ? 1'000'000 : 50'000;
}

} // namespace

class TestCoverageOfFamilies : public QObject {
    Q_OBJECT

private Q_SLOTS:
    // Scores of images by group ---------------------------------------------------------------------------------------
    void groupsOfImages_data() { sizes({"alike", "apart"}); }
    void groupsOfImages() {
        QFETCH(int, n);
        QFETCH(int, setting);
        const bool alike = setting == 0;
        const Population population{{0.5, 0.3, 0.2}, alike ? Vector{0, 0, 0} : Vector{0.5, 0, -0.3}};
        const Vector &share = population.share, &mean = population.mean;
        const double all = share[0] * mean[0] + share[1] * mean[1] + share[2] * mean[2];
        double variance = 1, rankShare = 0, entropy = 0;
        Vector score, marked;
        for (std::size_t g = 0; g < 3; ++g) {
            variance += share[g] * (mean[g] - all) * (mean[g] - all);
            double beats = 0;
            for (std::size_t h = 0; h < 3; ++h)
                beats += share[h] * normalCdf((mean[g] - mean[h]) / std::sqrt(2.0));
            rankShare += 12 * share[g] * (beats - 0.5) * (beats - 0.5);
            score.push_back(normalMean([&](double z) { return sigmoid(z + mean[g]); }));
            marked.push_back(normalCdf(mean[g]));
        }
        for (const double part : population.shares(0.05))
            entropy -= part * std::log(part) / std::log(3.0);
        const std::vector<Concept> concepts{{"x", ""}};
        const std::int64_t top = n / 20;
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            Feedback feedback;
            RandomStream random(31, streamId("families/groups"), static_cast<std::uint64_t>(run));
            const Attribute attribute = population.attribute(static_cast<std::size_t>(n), random);
            std::vector<float> similarities, zero(static_cast<std::size_t>(n));
            Vector values, blank, nothing(static_cast<std::size_t>(n));
            for (const std::int32_t code : attribute.codes) {
                values.push_back(mean[static_cast<std::size_t>(code)] + random.normal());
                similarities.push_back(static_cast<float>(0.05 * values.back()));
                blank.push_back(mean[static_cast<std::size_t>(code)] + random.normal());
            }
            Resampling draws = resampling(run, 99);
            if (!alike)
                draws.nullDraws = 0;
            const MeasureTable association =
                groupAssociationTable({concepts, similarities}, attribute, {top, 1}, draws, feedback).value();
            const MeasureTable ranks = groupRankTable({concepts, similarities}, attribute, draws, feedback).value();
            const std::vector<PolarityScale> scales{{"s", similarities, zero}};
            const MeasureTable polarity = polarityTable(scales, 20, attribute, draws, feedback).value();
            const std::vector<NamedScores> named{{"s", values}};
            const MeasureTable contrasts = groupContrasts(named, attribute, draws, feedback).value();
            const MeasureTable unsaid = markedness(blank, nothing, attribute, draws).value();
            const std::string entropyName = "top_" + std::to_string(top) + "_entropy";
            const auto over = [&](const char* name, const MetricValue& value, double truth) {
                tallies[name].interval(value, truth);
                if (alike)
                    tallies[name].test(value);
            };
            over("c_asc", at(association, {"", "x", "c"}, "c_asc"),
                 (mean[2] - ofOthers(mean, share, 2)) / std::sqrt(variance));
            over("top_entropy", at(association, {"", "x", ""}, entropyName.c_str()), entropy);
            over("kruskal_wallis_h", at(ranks, {"", "x", ""}, "kruskal_wallis_h"), 0);
            over("epsilon_squared", at(ranks, {"", "x", ""}, "epsilon_squared"), rankShare);
            over("superiority", at(ranks, {"", "x", "a – c"}, "superiority"),
                 normalCdf((mean[0] - mean[2]) / std::sqrt(2.0)));
            over("mean_score", at(polarity, {"s", "c"}, "mean_score"), score[2]);
            over("gap", at(polarity, {"s", "c"}, "gap"), score[2] - ofOthers(score, share, 2));
            over("polarity range", at(polarity, {"s", ""}, "range"), span(score));
            over("contrast mean", at(contrasts, {"s", "c"}, "mean"), mean[2]);
            over("contrast range", at(contrasts, {"s", ""}, "range"), span(mean));
            over("markedness", at(unsaid, {"c", ""}, "markedness"), marked[2]);
            over("markedness difference", at(unsaid, {"a", "c"}, "difference"), marked[0] - marked[2]);
        }));
    }

    // Along a covariate; images alone, and four of each identity.
    void alongACovariate_data() { sizes({"images", "identities"}); }
    void alongACovariate() {
        QFETCH(int, n);
        QFETCH(int, setting);
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            Feedback feedback;
            RandomStream random(32, streamId("families/covariate"), static_cast<std::uint64_t>(run));
            std::vector<NamedScores> scores{{"bent", {}}, {"none", {}}};
            std::vector<NamedCovariate> covariate{{"x", {}}};
            std::vector<std::int32_t> identity;
            for (int i = 0; i < n / 4; ++i) {
                const double ownX = random.normal(), ownY = random.normal();
                for (int j = 0; j < 4; ++j) {
                    const double x =
                        setting == 0 ? random.normal() : std::sqrt(0.5) * ownX + std::sqrt(0.5) * random.normal();
                    const double noise =
                        setting == 0 ? random.normal() : std::sqrt(0.5) * ownY + std::sqrt(0.5) * random.normal();
                    covariate[0].values.push_back(x);
                    scores[0].values.push_back(0.3 * x + 0.2 * x * x + noise);
                    scores[1].values.push_back(noise);
                    identity.push_back(i);
                }
            }
            if (setting == 0)
                identity.clear();
            const MeasureTable table = covariates(scores, covariate, identity, resampling(run, 99), feedback).value();
            tallies["pearson_r"].interval(at(table, {"bent", "x"}, "pearson_r"), 0.3 / std::sqrt(1.17));
            tallies["pearson_r 0"].interval(at(table, {"none", "x"}, "pearson_r"), 0);
            tallies["pearson_r 0"].test(at(table, {"none", "x"}, "pearson_r"));
            tallies["curvature"].interval(at(table, {"bent", "x"}, "curvature"), 0.2);
            tallies["turning_point"].interval(at(table, {"bent", "x"}, "turning_point"), -0.75);
        }));
    }

    // Texts
    // ------------------------------------------------------------------------------------------------------------
    void texts_data() {
        QTest::addColumn<int>("templates");
        QTest::addColumn<int>("groups");
        for (const int templates : {5, 20, 80})
            for (const int groups : {2, 3})
                QTest::addRow("%d templates, %d groups", templates, groups) << templates << groups;
    }
    void texts() {
        QFETCH(int, templates);
        QFETCH(int, groups);
        const auto g = static_cast<std::size_t>(groups), t = static_cast<std::size_t>(templates);
        const std::vector<std::string> names = {"p", "q", "r"};
        const std::vector<Concept> concepts = {{"x", ""}, {"y", ""}};
        const auto audit = [&](RandomStream& random, std::size_t count, bool leans, const Resampling& draws) {
            Embeddings texts(2 * count, 6), words(count * g, 6);
            for (std::size_t i = 0; i < count; ++i) {
                addRows(texts, 2 * i, 1, leans ? Vector{1, 0.4} : Vector{}, 0.7, random);
                addRows(texts, 2 * i + 1, 1, {}, 0.7, random);
                for (std::size_t h = 0; h < g; ++h)
                    addRows(words, i * g + h, 1, leans && h == 0 ? Vector{1} : Vector{}, 0.7, random);
            }
            Feedback feedback;
            return textAuditTable({concepts, std::span(names).first(g), count, &texts, &words}, draws, feedback)
                .value();
        };
        Resampling none;
        none.nullDraws = 0;
        RandomStream fixed(33, streamId("families/texts"), 1);
        const MeasureTable truth = audit(fixed, many() / 10, true, none);
        verify(overRuns(runsOf(200), [&](int run, Tallies& tallies) {
            RandomStream random(34, streamId("families/texts"), static_cast<std::uint64_t>(run));
            const MeasureTable leaning = audit(random, t, true, none);
            for (const auto& [concept_, measure] : {std::pair{"x", "lean"}, {"", "lean"}, {"", "size"}})
                tallies[std::string(measure) + (*concept_ ? "" : " of all")].interval(
                    at(leaning, {"", concept_, "p"}, measure), *at(truth, {"", concept_, "p"}, measure).value);
            const MeasureTable level = audit(random, t, false, resampling(run, 199));
            tallies["no lean"].interval(at(level, {"", "x", "p"}, "lean"), 0);
            tallies["no lean"].test(at(level, {"", "x", "p"}, "lean"));
            tallies["no lean of all"].interval(at(level, {"", "", "p"}, "lean"), 0);
            tallies["no lean of all"].test(at(level, {"", "", "p"}, "lean"));
        }));
    }

    // Images as targets (iEAT) and as attributes (SC-WEAT of a text against two groups).
    void effectSizes_data() { sizes({"alike", "apart"}); }
    void effectSizes() {
        QFETCH(int, n);
        QFETCH(int, setting);
        const double apart = setting == 0 ? 0 : 0.4;
        constexpr std::size_t kDim = 16;
        RandomStream fixed(35, streamId("families/weat"), 0);
        const Embeddings a = rowsAround(8, kDim, {1, 1}, 0.5, fixed), b = rowsAround(8, kDim, {1, -1}, 0.5, fixed);
        const Embeddings item = rowsAround(1, kDim, {1, 1}, 0.3, fixed);
        const std::vector<std::string> groups{"x", "y"}, items{"item"};
        const auto measured = [&](RandomStream& random, std::size_t half, std::int64_t partitions, int run,
                                  const std::function<void(const MetricValue&, const MetricValue&)>& use) {
            Embeddings images(2 * half, kDim);
            addRows(images, 0, half, {1, apart / 2}, 0.7, random);
            addRows(images, half, half, {1, -apart / 2}, 0.7, random);
            std::vector<std::int32_t> codes(half, 0);
            codes.resize(2 * half, 1);
            std::vector<std::uint32_t> first(half), second(half);
            std::iota(first.begin(), first.end(), 0U);
            std::iota(second.begin(), second.end(), static_cast<std::uint32_t>(half));
            WeatOptions weatOptions;
            weatOptions.partitions = partitions;
            Feedback feedback;
            const MeasureTable table = weatTable({"t", "images", {images, first}, {images, second}, a, b}, weatOptions,
                                                 resampling(run, 99), feedback)
                                           .value();
            const std::vector<AttributePair> pairs = attributePairs(images, groups, codes, 30);
            const MeasureTable single =
                singleCategoryTable(item, items, pairs, weatOptions, resampling(run, 99), feedback).value();
            use(at(table, {"t", "images"}, "effect_size"), at(single, {"item", pairs[0].name}, "effect_size"));
        };
        std::array<double, 2> truth{};
        if (apart > 0)
            measured(fixed, many() / 4, 2, 0, [&](const MetricValue& two, const MetricValue& one) {
                truth = {*two.value, *one.value};
            });
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            RandomStream random(36, streamId("families/weat"), static_cast<std::uint64_t>(run));
            measured(random, static_cast<std::size_t>(n / 2), full() ? 1000 : 200, run,
                     [&](const MetricValue& two, const MetricValue& one) {
                         tallies["weat effect_size"].interval(two, truth[0]);
                         tallies["sc_weat effect_size"].interval(one, truth[1]);
                         if (setting == 0) {
                             tallies["weat effect_size"].test(two);
                             tallies["sc_weat effect_size"].test(one);
                         }
                     });
        }));
    }

    // The concept's examples are like the others, and no accuracy is asked for.
    void conceptVectors_data() {
        QTest::addColumn<int>("n");
        for (const int n : {20, 100})
            if (n == 20 || full())
                QTest::addRow("%d examples", n) << n;
    }
    void conceptVectors() {
        QFETCH(int, n);
        const auto count = static_cast<std::size_t>(n);
        ConceptVectorOptions vectors;
        vectors.accuracy = -1;
        vectors.parts = 0;
        vectors.relabellings = full() ? 99 : 39;
        verify(overRuns(runs(60), [&](int run, Tallies& tallies) {
            RandomStream random(37, streamId("families/concept"), static_cast<std::uint64_t>(run));
            const Embeddings own = rowsAround(count, 6, {}, 1, random), first = rowsAround(count, 6, {2}, 1, random),
                             second = rowsAround(count, 6, {0, 2}, 1, random),
                             others = rowsAround(3 * count, 6, {}, 1, random);
            const std::vector<ConceptExamples> concepts = {{"c", own}}, references = {{"r", first}, {"s", second}};
            const std::vector<ReferencePair> pairs = {{0, 1}};
            Feedback feedback;
            const MeasureTable table =
                conceptVectorTable(concepts, references, pairs, others, vectors, resampling(run, 99), feedback).value();
            for (const char* measure : {"bias", "bias_of_means"})
                tallies[measure].test(at(table, {"c", "r – s"}, measure));
        }));
    }

    // Sets that differ in one attribute
    // ----------------------------------------------------------------------------------
    void counterfactuals_data() { sizes({"two alike", "three alike", "two apart", "three apart"}); }
    void counterfactuals() {
        QFETCH(int, n);
        QFETCH(int, setting);
        const std::size_t variants = setting % 2 == 0 ? 2 : 3;
        const bool alike = setting < 2;
        const Vector shift = alike ? Vector{0, 0, 0} : Vector{0.3, 0, -0.1};
        constexpr std::size_t kDim = 6;
        struct Sets {
            Vector scores;
            Attribute variant{"variant", {"a", "b", "c"}, {}};
            std::vector<std::int32_t> sets;
            Embeddings embeddings;
        };
        const auto draw = [&](RandomStream& random, std::size_t count) {
            Sets result;
            result.variant.groups.resize(variants);
            result.embeddings = Embeddings(count * variants, kDim);
            for (std::size_t s = 0; s < count; ++s) {
                const double level = random.normal();
                Vector own{1};
                for (std::size_t d = 1; d < kDim; ++d)
                    own.push_back(0.5 * random.normal());
                for (std::size_t v = 0; v < variants; ++v) {
                    result.sets.push_back(static_cast<std::int32_t>(s));
                    result.variant.codes.push_back(static_cast<std::int32_t>(v));
                    result.scores.push_back(level + shift[v] + 0.5 * random.exponential());
                    result.scores.push_back(level + 0.5 * random.exponential());
                    addRows(result.embeddings, s * variants + v, 1, own, 0.4, random);
                }
            }
            return result;
        };
        const auto measure = [&](const Sets& drawn, const Resampling& draws) {
            CounterfactualInput input;
            input.scores = drawn.scores;
            input.prompts = {"p", "q"};
            input.sets = drawn.sets;
            input.variant = &drawn.variant;
            input.embeddings = &drawn.embeddings;
            Feedback feedback;
            return counterfactualSensitivity(input, draws, feedback).value();
        };
        Resampling none;
        none.nullDraws = none.bootstrapDraws = 0;
        RandomStream fixed(38, streamId("families/sets"), 0);
        const MeasureTable truth = measure(draw(fixed, many()), none);
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            RandomStream random(39, streamId("families/sets"), static_cast<std::uint64_t>(run));
            const MeasureTable table =
                measure(draw(random, static_cast<std::size_t>(n) / variants), resampling(run, 99));
            const auto over = [&](const std::vector<std::string>& keys, const char* name, bool tested) {
                tallies[name].interval(at(table, keys, name), *at(truth, keys, name).value);
                if (tested)
                    tallies[name].test(at(table, keys, name));
            };
            for (const char* name : {"range", "sd", "rank_spread"})
                over({"p", "", ""}, name, false);
            over({"p", "a", ""}, "effect", alike);
            if (variants == 3)
                over({"p", "a", "c"}, "difference", alike);
            over({"", "", ""}, "flip_rate", false);
            over({"", "", ""}, "cohesion", false);
        }));
    }

    // Images that answer many of 20 prompts: each has a level of its own, so its occurrence is binomial given that.
    void hubs_data() { sizes({"hubs"}); }
    void hubs() {
        QFETCH(int, n);
        constexpr int kPrompts = 20;
        const double top = 0.1;
        const auto above = [](double x, double level) { return Population::above(x - level); };
        const auto overLevels = [](const std::function<double(double)>& f) { // levels are exponential
            double sum = 0;
            for (int i = 0; i < 4000; ++i)
                sum += f((i + 0.5) / 200) * std::exp(-(i + 0.5) / 200) / 200;
            return sum;
        };
        double low = -5, high = 15;
        for (int i = 0; i < 60; ++i) {
            const double middle = (low + high) / 2;
            (overLevels([&](double level) { return above(middle, level); }) > top ? low : high) = middle;
        }
        Vector share; // of the images that occur so often
        for (int times = 0; times <= kPrompts; ++times)
            share.push_back(overLevels([&](double level) {
                const double p = std::min(above(low, level), 1 - 1e-15);
                return std::exp(std::lgamma(kPrompts + 1) - std::lgamma(times + 1) - std::lgamma(kPrompts - times + 1) +
                                times * std::log(p) + (kPrompts - times) * std::log1p(-p));
            }));
        double mean = 0, square = 0, cube = 0, flagged = 0;
        for (int times = 0; times <= kPrompts; ++times)
            mean += times * share[static_cast<std::size_t>(times)];
        for (int times = 0; times <= kPrompts; ++times) {
            square += std::pow(times - mean, 2) * share[static_cast<std::size_t>(times)];
            cube += std::pow(times - mean, 3) * share[static_cast<std::size_t>(times)];
        }
        for (int times = 0; times <= kPrompts; ++times)
            if (times > mean + kHubSds * std::sqrt(square))
                flagged += share[static_cast<std::size_t>(times)];
        std::vector<std::string> prompts;
        for (int p = 0; p < kPrompts; ++p)
            prompts.push_back(std::to_string(p));
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            RandomStream random(40, streamId("families/hubs"), static_cast<std::uint64_t>(run));
            const auto images = static_cast<std::size_t>(n);
            Attribute attribute{"group", {"x", "y"}, {}};
            std::vector<float> scores(images * kPrompts);
            for (std::size_t i = 0; i < images; ++i) {
                attribute.codes.push_back(random.uniform() < 0.3);
                const double level = random.exponential();
                for (std::size_t p = 0; p < kPrompts; ++p)
                    scores[p * images + i] = static_cast<float>(level + random.normal());
            }
            MeasureOptions ranking;
            ranking.k = {0, top};
            ranking.seed = static_cast<std::uint64_t>(run);
            ranking.nullDraws = 199;
            ranking.bootstrapDraws = 0;
            Feedback feedback;
            const MeasureTable table =
                hubnessOfAudit(scores, prompts, attribute, ranking, resampling(run, 99), feedback).value().table;
            tallies["occurrence_skewness"].interval(at(table, {""}, "occurrence_skewness"),
                                                    cube / std::pow(square, 1.5));
            tallies["hub_share"].interval(at(table, {""}, "hub_share"), flagged);
            tallies["max_skew"].test(at(table, {"0"}, "max_skew"));
            tallies["max_skew_without_hubs"].test(at(table, {"0"}, "max_skew_without_hubs"));
        }));
    }

    // Templates are the sample: a group's skew is normal over them.
    void wordings_data() {
        QTest::addColumn<int>("templates");
        QTest::addColumn<bool>("alike");
        for (const int templates : {5, 20, 80})
            for (const bool alike : {true, false})
                QTest::addRow("%d templates, %s", templates, alike ? "no lean" : "lean") << templates << alike;
    }
    void wordings() {
        QFETCH(int, templates);
        QFETCH(bool, alike);
        const Vector centre = alike ? Vector{0, 0, 0} : Vector{0.3, 0, -0.2};
        const auto measured = [&](RandomStream& random, int count, const Resampling& draws) {
            std::vector<Measurement> each(static_cast<std::size_t>(count));
            std::vector<TemplateMeasurement> list;
            for (Measurement& one : each) {
                one.attribute = "group";
                one.maxSkew.value = 0.5;
                for (std::size_t g = 0; g < 3; ++g) {
                    GroupMeasure& group = one.groups.emplace_back();
                    group.name = std::string(1, static_cast<char>('a' + g));
                    group.skew = centre[g] + 0.4 * random.normal();
                }
                list.push_back({"nurse", std::to_string(list.size()), &one});
            }
            Feedback feedback;
            return templateSensitivity(list, draws, feedback).value();
        };
        double tau = 0; // of two templates' orders
        for (const auto& [g, h] : {std::pair{0U, 1U}, {0U, 2U}, {1U, 2U}})
            tau += std::pow(2 * normalCdf((centre[g] - centre[h]) / (0.4 * std::sqrt(2.0))) - 1, 2) / 3;
        verify(overRuns(runsOf(200), [&](int run, Tallies& tallies) {
            RandomStream random(42, streamId("families/wordings"), static_cast<std::uint64_t>(run));
            const MeasureTable table = measured(random, templates, resampling(run, 199));
            const auto over = [&](const char* group, const char* name, double truth) {
                tallies[name].interval(at(table, {"nurse", group}, name), truth);
                if (alike)
                    tallies[name].test(at(table, {"nurse", group}, name));
            };
            over("a", "skew_mean", centre[0]);
            over("a", "skew_sd", 0.4);
            over("a", "sign_agreement", normalCdf(centre[0] / 0.4));
            over("", "order_agreement", tau);
        }));
    }

    // Photos of the same quality: the groups lean, their quality is that of all (or lies apart, for its own range).
    void quality_data() { sizes({"same quality", "no lean", "quality apart"}); }
    void quality() {
        QFETCH(int, n);
        QFETCH(int, setting);
        const Population population{{0.6, 0.4}, setting == 1 ? Vector{0, 0} : Vector{0.4, 0}};
        const Vector better = setting == 2 ? Vector{0.5, 0} : Vector{0, 0};
        const double top = 0.1;
        // Matched on quality that says nothing, as many of each group are left.
        const Population even{{0.5, 0.5}, population.mean};
        const auto largest = [&](const Population& of) { return std::max(of.skew(0, top), of.skew(1, top)); };
        const int count = runs(n > 200 ? 10 : 50, n > 2000 ? 100 : n > 200 ? 500 : 1000);
        verify(overRuns(count, [&](int run, Tallies& tallies) {
            RandomStream random(43, streamId("families/quality"), static_cast<std::uint64_t>(run));
            const Attribute attribute = population.attribute(static_cast<std::size_t>(n), random);
            Vector quality;
            std::vector<float> scores;
            for (const std::int32_t code : attribute.codes) {
                quality.push_back(better[static_cast<std::size_t>(code)] + random.normal());
                scores.push_back(static_cast<float>(population.mean[static_cast<std::size_t>(code)] + random.normal()));
            }
            MeasureOptions ranking;
            ranking.k = {0, top};
            ranking.nullDraws = 0;
            ranking.bootstrapDraws = full() ? 200 : 60;
            ranking.seed = static_cast<std::uint64_t>(run);
            Resampling draws = resampling(run, 99);
            draws.nullDraws = 99;
            Feedback feedback;
            const MeasureTable table =
                qualityControlled(scores, {"p"}, quality, attribute, ranking, draws, feedback).value();
            tallies["mean_quality"].interval(at(table, {"", "a"}, "mean_quality"), better[0]);
            tallies["quality_range"].interval(at(table, {"", ""}, "quality_range"), better[0]);
            if (setting == 2)
                return;
            tallies["quality_range"].test(at(table, {"", ""}, "quality_range"));
            tallies["max_skew_matched"].interval(at(table, {"p", ""}, "max_skew_matched"), largest(even));
            tallies["change"].interval(at(table, {"p", ""}, "change"), largest(even) - largest(population));
            tallies["change"].test(at(table, {"p", ""}, "change"));
        }));
    }

    // Geometry
    // -----------------------------------------------------------------------------------------------------------
    void geometry_data() { sizes({"alike", "apart"}); }
    void geometry() {
        QFETCH(int, n);
        QFETCH(int, setting);
        const bool alike = setting == 0;
        constexpr std::size_t kDim = 6, kTexts = 20;
        const std::array<Vector, 3> centre = alike ? std::array<Vector, 3>{Vector{1}, {1}, {1}}
                                                   : std::array<Vector, 3>{Vector{1}, {1, 0.2}, {1, 0, 0.3}};
        const Vector share{0.5, 0.3, 0.2};
        RandomStream fixed(44, streamId("families/geometry"), 0);
        const Embeddings texts = rowsAround(kTexts, kDim, {0.5, 0.5, 0.5}, 0.4, fixed);
        // Means of unit rows and mean kernels of the population, from many rows.
        const auto unit = [](std::span<const float> row) {
            Vector result(row.begin(), row.end());
            double square = 0;
            for (const double x : result)
                square += x * x;
            for (double& x : result)
                x /= std::sqrt(square);
            return result;
        };
        const auto kernel = [](const Vector& a, const Vector& b) {
            double square = 0;
            for (std::size_t d = 0; d < a.size(); ++d)
                square += (a[d] - b[d]) * (a[d] - b[d]);
            return std::exp(-2 * square);
        };
        std::array<Vector, 3> mean;
        Vector textMean(kDim), all(kDim);
        std::vector<Vector> ofTexts;
        for (std::size_t j = 0; j < kTexts; ++j) {
            ofTexts.push_back(unit(texts.row(j)));
            for (std::size_t d = 0; d < kDim; ++d)
                textMean[d] += ofTexts.back()[d] / kTexts;
        }
        double withTexts = 0, feature = 0, alignment = 0, betweenTexts = 0;
        std::vector<Vector> some; // of all groups, for pairs
        for (std::size_t g = 0; g < 3; ++g) {
            const std::size_t count = many() / 2;
            mean[g].resize(kDim);
            for (std::size_t i = 0; i < count; ++i) {
                const Embeddings row = rowsAround(1, kDim, centre[g], 0.6, fixed);
                const Vector x = unit(row.row(0));
                for (std::size_t d = 0; d < kDim; ++d)
                    mean[g][d] += x[d] / static_cast<double>(count);
                withTexts += share[g] * kernel(x, ofTexts[i % kTexts]) / static_cast<double>(count);
                if (static_cast<double>(i) < share[g] * static_cast<double>(count))
                    some.push_back(x);
            }
            for (std::size_t d = 0; d < kDim; ++d)
                all[d] += share[g] * mean[g][d];
        }
        double among = 0;
        for (std::size_t i = 0; i < 4 * some.size(); ++i)
            among += kernel(some[fixed.below(some.size())], some[fixed.below(some.size())]) /
                     (4 * static_cast<double>(some.size()));
        for (std::size_t i = 0; i < kTexts; ++i)
            for (std::size_t j = 0; j < kTexts; ++j)
                betweenTexts += i == j ? 0 : kernel(ofTexts[i], ofTexts[j]);
        const double rows = n, union_ = rows + kTexts;
        const double uniform = std::log((rows * (rows - 1) * among + 2 * rows * kTexts * withTexts + betweenTexts) /
                                        (union_ * (union_ - 1)));
        const auto distance = [](const Vector& a, const Vector& b) {
            double square = 0;
            for (std::size_t d = 0; d < a.size(); ++d)
                square += (a[d] - b[d]) * (a[d] - b[d]);
            return std::sqrt(square);
        };
        const Vector gaps{distance(mean[0], textMean), distance(mean[1], textMean), distance(mean[2], textMean)};
        // Captions lie near their image.
        for (std::size_t i = 0; i < many() / 2; ++i) {
            const Embeddings image = rowsAround(1, kDim, centre[0], 0.6, fixed);
            const Embeddings caption = rowsAround(1, kDim, {image.row(0).begin(), image.row(0).end()}, 0.5, fixed);
            double square = 0;
            for (std::size_t d = 0; d < kDim; ++d)
                square += std::pow(image.row(0)[d] - caption.row(0)[d], 2);
            feature += std::sqrt(square) / (static_cast<double>(many()) / 2);
            alignment +=
                std::pow(distance(unit(image.row(0)), unit(caption.row(0))), 2) / (static_cast<double>(many()) / 2);
        }
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            RandomStream random(45, streamId("families/geometry"), static_cast<std::uint64_t>(run));
            Attribute attribute{"group", {"a", "b", "c"}, {}};
            Embeddings images(static_cast<std::size_t>(n), kDim), pairs(images.rows, kDim), captions(images.rows, kDim);
            for (std::size_t i = 0; i < images.rows; ++i) {
                attribute.codes.push_back(drawn(random, share));
                addRows(images, i, 1, centre[static_cast<std::size_t>(attribute.codes.back())], 0.6, random);
                addRows(pairs, i, 1, centre[0], 0.6, random);
                addRows(captions, i, 1, {pairs.row(i).begin(), pairs.row(i).end()}, 0.5, random);
            }
            Resampling draws = resampling(run, 99);
            if (!alike)
                draws.nullDraws = 0;
            Feedback feedback;
            ModalityGapInput input{&images, &texts, false, &attribute, {}};
            input.uniformity.sampledPairs = 400'000;
            const MeasureTable gap = modalityGap(input, draws, feedback).value();
            tallies["gap"].interval(at(gap, {""}, "gap"), distance(all, textMean));
            tallies["gap of a group"].interval(at(gap, {"c"}, "gap_corrected"), gaps[2]);
            tallies["gap_range"].interval(at(gap, {""}, "gap_range"), span(gaps));
            tallies["uniformity"].interval(at(gap, {""}, "uniformity"), uniform);
            const MeasureTable centroids = centroidDistances(images, attribute, "images", draws, feedback).value();
            tallies["centroid distance"].interval(at(centroids, {"b", "c"}, "distance_corrected"),
                                                  distance(mean[1], mean[2]));
            if (!alike)
                return;
            tallies["gap_range"].test(at(gap, {""}, "gap_range"));
            tallies["centroid distance"].test(at(centroids, {"b", "c"}, "distance"));
            const MeasureTable paired =
                modalityGap({&pairs, &captions, true, nullptr, input.uniformity}, draws, feedback).value();
            tallies["feature_gap"].interval(at(paired, {""}, "feature_gap"), feature);
            tallies["alignment"].interval(at(paired, {""}, "alignment"), alignment);
        }));
    }

    // Utility
    // ------------------------------------------------------------------------------------------------------------
    void zeroShot_data() { sizes({"alike", "apart"}); }
    void zeroShot() {
        QFETCH(int, n);
        QFETCH(int, setting);
        constexpr std::size_t kClasses = 10;
        const bool alike = setting == 0;
        const Vector share{0.5, 0.3, 0.2};
        // Right by class, and less so in the later groups; else the true class comes second or sixth.
        const auto chance = [&](std::size_t c, std::size_t g) {
            return 0.5 + 0.04 * static_cast<double>(c) - (alike ? 0 : 0.1 * static_cast<double>(g));
        };
        Vector right(3);
        double all = 0;
        for (std::size_t g = 0; g < 3; ++g) {
            for (std::size_t c = 0; c < kClasses; ++c)
                right[g] += chance(c, g) / kClasses;
            all += share[g] * right[g];
        }
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            RandomStream random(46, streamId("families/zero-shot"), static_cast<std::uint64_t>(run));
            Attribute attribute{"group", {"a", "b", "c"}, {}};
            std::vector<std::int32_t> labels;
            std::vector<float> scores(static_cast<std::size_t>(n) * kClasses);
            for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
                const std::size_t c = random.below(kClasses);
                labels.push_back(static_cast<std::int32_t>(c));
                attribute.codes.push_back(drawn(random, share));
                const bool hit = random.uniform() < chance(c, static_cast<std::size_t>(attribute.codes.back()));
                const std::size_t before = hit ? 0 : random.uniform() < 0.5 ? 1 : 5;
                for (std::size_t d = 0; d < kClasses; ++d)
                    scores[i * kClasses + (c + d) % kClasses] = d == 0 ? 0.5F : d <= before ? 1.0F : 0.0F;
            }
            Resampling draws = resampling(run, 99);
            if (!alike)
                draws.nullDraws = 0;
            Feedback feedback;
            const MeasureTable table = zeroShotAccuracy(scores, kClasses, labels, &attribute, draws, feedback).value();
            tallies["top1"].interval(at(table, {""}, "top1"), all);
            tallies["top5"].interval(at(table, {""}, "top5"), all + (1 - all) / 2);
            tallies["top1 of a group"].interval(at(table, {"c"}, "top1"), right[2]);
            tallies["class_mean_top1"].interval(at(table, {""}, "class_mean_top1"), all);
            tallies["class_mean_top1 of a group"].interval(at(table, {"c"}, "class_mean_top1"), right[2]);
            tallies["top1_range"].interval(at(table, {""}, "top1_range"), span(right));
            if (alike)
                tallies["top1_range"].test(at(table, {""}, "top1_range"));
        }));
    }

    // Images of different difficulty, whose five captions share it.
    void retrieval_data() { sizes({"retrieval"}); }
    void retrieval() {
        QFETCH(int, n);
        const auto drawRanks = [](RandomStream& random, std::size_t count, std::vector<std::uint32_t>& imageOf) {
            RetrievalRanks ranks;
            for (std::size_t i = 0; i < count; ++i) {
                const double hard = random.uniform();
                const auto rank = [&] {
                    return 1 + static_cast<std::int64_t>(random.exponential() * 12 * hard * hard);
                };
                ranks.ofImage.push_back(rank());
                for (int c = 0; c < 5; ++c) {
                    ranks.ofCaption.push_back(rank());
                    imageOf.push_back(static_cast<std::uint32_t>(i));
                }
            }
            return ranks;
        };
        Feedback feedback;
        RandomStream fixed(47, streamId("families/retrieval"), 0);
        std::vector<std::uint32_t> of;
        const RetrievalRanks population = drawRanks(fixed, many(), of);
        Resampling none;
        none.bootstrapDraws = 0;
        const MeasureTable truth = retrievalTable(population, of, nullptr, none, feedback).value();
        verify(overRuns(runsOf(n), [&](int run, Tallies& tallies) {
            RandomStream random(48, streamId("families/retrieval"), static_cast<std::uint64_t>(run));
            std::vector<std::uint32_t> imageOf;
            Feedback quiet;
            const RetrievalRanks ranks = drawRanks(random, static_cast<std::size_t>(n), imageOf);
            const MeasureTable table = retrievalTable(ranks, imageOf, nullptr, resampling(run, 99), quiet).value();
            for (std::size_t i = 0; i < table.rows.size(); ++i)
                tallies[table.rows[i].measure].interval(table.rows[i].value, *truth.rows[i].value.value);
        }));
    }
};

QTEST_APPLESS_MAIN(TestCoverageOfFamilies)
#include "tst_coverage_of_families.moc"
