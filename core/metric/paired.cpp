// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/paired.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <new>
#include <numbers>
#include <optional>

#include <boost/math/distributions/students_t.hpp>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/family.h"
#include "core/metric/joint_draws.h"
#include "core/metric/null_distribution.h"
#include "core/metric/parallel.h"
#include "core/metric/resampling.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

/// What is measured of a prompt; the first three are those of RankValues.
enum Measure : std::size_t { MaxSkew, MinSkew, Ndkl, Gap, GapSd, Excess, kMeasures };
constexpr std::array<const char*, kMeasures> kNames = {"max_skew", "min_skew", "ndkl",
                                                       "gap",      "gap_sd",   "max_skew_excess"};
constexpr std::size_t kPerPrompt = Excess; ///< the excess only shifts MaxSkew
constexpr std::size_t kFewestConcepts = 6; ///< below, signs in random order cannot reach p = .05

using PromptValues = std::array<double, kPerPrompt>;

/// Runs public work: nothing throws out of this folder.
template <class Work>
auto guarded(const Work& work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, {{"what", "the resampling of an audit"}, {"bytes", {}}});
    } catch (const std::exception& exception) {
        return fail(ErrorCode::Internal, {}, exception.what());
    }
}

/// One model's part.
struct Model {
    JointRankings rankings;
    ScoreBlocks blocks;
    std::vector<float> signs; ///< of the blocks' gaps
    std::vector<PromptValues> values;
    std::vector<JointPool::Extremes> extremes; ///< of each prompt
};

struct Work {
    JointPool joint;
    PromptClusters clusters;
    std::vector<Model> models; ///< one or two
    MeasureOptions options;
    std::size_t prompts = 0;
    std::size_t withAbsent = 0; ///< prompts, of any model, from whose top a group is absent
    std::vector<std::string> warnings;

    std::size_t count() const { return models.size(); }
};

Result<void> checkShape(std::span<const float> scores, const AskedPrompts& prompts, const Attribute& attribute,
                        const std::string& whose) {
    const std::size_t images = attribute.codes.size();
    if (prompts.texts.empty())
        return fail(ErrorCode::ProbeEmpty, {{"name", "of this comparison"}});
    if (!prompts.concepts.empty() && prompts.concepts.size() != prompts.texts.size())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the concepts of the prompts"},
                     {"value", std::to_string(prompts.concepts.size())},
                     {"expected", std::to_string(prompts.texts.size()) + ", one a prompt"}});
    if (images == 0 || scores.size() / images != prompts.texts.size() || scores.size() % images != 0)
        return fail(ErrorCode::ScoresInvalid, {{"reason", "there are " + std::to_string(scores.size()) + " scores" +
                                                              whose + " for " + std::to_string(prompts.texts.size()) +
                                                              " prompts and " + std::to_string(images) + " images"}});
    return {};
}

/// Images without a number in any prompt of a model take no part.
Attribute withoutUnscored(const Attribute& attribute, std::span<const std::span<const float>> scores,
                          std::vector<std::string>& warnings) {
    Attribute result = attribute;
    const std::size_t images = attribute.codes.size();
    std::int64_t left = 0;
    for (std::size_t i = 0; i < images; ++i) {
        if (attribute.codes[i] < 0)
            continue;
        for (const std::span<const float> mine : scores) {
            bool any = false;
            for (std::size_t at = i; at < mine.size() && !any; at += images)
                any = !std::isnan(mine[at]);
            if (!any) {
                result.codes[i] = Attribute::kUnlabelled;
                ++left;
                break;
            }
        }
    }
    if (left > 0)
        warnings.push_back(counted(left, "image") + (left == 1 ? " has" : " have") +
                           " no score (NaN) for any prompt and took no part.");
    return result;
}

Outcome<Work> prepare(std::span<const std::span<const float>> scores, const AskedPrompts& prompts,
                      const Attribute& attribute, const MeasureOptions& options, Feedback& feedback) {
    Work work;
    work.options = options;
    work.prompts = prompts.texts.size();
    for (std::size_t m = 0; m < scores.size(); ++m)
        PLUMBLINE_CHECK(checkShape(scores[m], prompts, attribute,
                                   scores.size() == 1 ? ""
                                   : m == 0           ? " of the first"
                                                      : " of the second"));
    const Attribute taking = withoutUnscored(attribute, scores, work.warnings);
    PLUMBLINE_TRY(work.joint, JointPool::create(taking, options));
    const JointPool& joint = work.joint;
    work.warnings.insert(work.warnings.end(), joint.pool.warnings.begin(), joint.pool.warnings.end());
    // What only some published codes do is not repeated in thousands of resamples: the means are then not theirs.
    if (joint.rules.absentIsZero || joint.rules.maxOfAbsolute || joint.rules.ndkl != Rules::Ndkl::Prefixes)
        work.warnings.push_back(
            "The means follow Geyik's MaxSkew, MinSkew and NDKL over the first k ranks, not what the "
            "published code of " +
            std::string(definitionName(options.definition)) + " changes in them.");
    work.clusters = clusterPrompts(prompts.concepts, work.prompts);
    work.models.resize(scores.size());
    std::int64_t missing = 0;
    for (const std::span<const float> mine : scores)
        for (std::size_t p = 0; p < work.prompts; ++p) {
            std::size_t numbers = 0;
            for (const std::uint32_t row : joint.rowOf)
                numbers += !std::isnan(mine[p * attribute.codes.size() + row]);
            if (numbers == 0)
                return fail(ErrorCode::ScoresInvalid,
                            {{"reason", "none of the scores of “" + prompts.texts[p] + "” is a number"}});
            missing += static_cast<std::int64_t>(joint.n() - numbers);
        }
    if (missing > 0)
        work.warnings.push_back(counted(missing, "score") + (missing == 1 ? " is" : " are") +
                                " not a number (NaN): these images rank last for their prompt.");
    if (!joint.applicable()) {
        work.warnings.push_back("Every image with a value is \"" + joint.pool.groups.front() +
                                "\": with one group there is nothing to compare, so nothing is given.");
        return work;
    }
    if (static_cast<std::int64_t>(joint.rows) == joint.pool.n)
        work.warnings.emplace_back("k covers the whole pool, so MaxSkew and MinSkew do not depend on the model.");

    for (std::size_t m = 0; m < scores.size(); ++m) {
        PLUMBLINE_TRY(work.models[m].rankings, rankJointly(joint, scores[m], work.prompts, feedback));
    }
    PLUMBLINE_TRY(BlocksOfBoth blocks,
                  makeBlocks(joint, scores[0], scores.size() > 1 ? scores[1] : std::span<const float>(), work.prompts,
                             options.seed, feedback));
    if (blocks.first.leftOut > 0)
        work.warnings.push_back(counted(blocks.first.leftOut, "image") +
                                (blocks.first.leftOut == 1 ? " has" : " have") +
                                " no finite score for some prompt and took no part in the mean gaps.");
    work.models[0].blocks = std::move(blocks.first);
    if (scores.size() > 1)
        work.models[1].blocks = std::move(blocks.second);

    NdklSum sum = joint.scratch();
    std::vector<std::uint32_t> groups;
    const std::vector<float> once(work.models[0].blocks.blocks(), 1.0F);
    std::vector<bool> absent(work.prompts, false);
    for (Model& model : work.models) {
        model.values.resize(work.prompts);
        model.signs = model.blocks.signs();
        for (std::size_t p = 0; p < work.prompts; ++p) {
            walk(joint, model.rankings.of(p), model.rankings.tiesOf(p), {}, groups);
            bool anyAbsent = false;
            const RankValues ranked = joint.measure(groups, joint.pool.logShare, sum, &anyAbsent);
            absent[p] = absent[p] || anyAbsent;
            model.extremes.push_back(joint.extremes(groups, joint.pool.logShare));
            std::ranges::copy(ranked, model.values[p].begin());
            model.values[p][GapSd] = model.blocks.gap(p, once);
            model.values[p][Gap] = model.values[p][GapSd] * model.blocks.sd[p];
        }
    }
    work.withAbsent = static_cast<std::size_t>(std::ranges::count(absent, true));
    if (work.withAbsent > 0)
        work.warnings.push_back("For " + counted(static_cast<std::int64_t>(work.withAbsent), "prompt") +
                                " a group is absent from the top k: there MinSkew counts it as one image, so the mean "
                                "is an upper bound.");
    std::vector<std::string> small;
    for (std::size_t g = 0; g < joint.pool.groups.size(); ++g)
        if (joint.pool.counts[g] < options.minGroup)
            small.push_back(joint.pool.groups[g]);
    if (!small.empty())
        work.warnings.push_back("Fewer than " + counted(options.minGroup, "image") + " in the pool: " + listed(small) +
                                ".");
    return work;
}

/// Mean over the prompts of one measure.
double meanOf(std::span<const PromptValues> values, std::size_t measure) {
    double sum = 0;
    for (const PromptValues& mine : values)
        sum += mine[measure];
    return sum / static_cast<double>(values.size());
}

/// What the replicates gave. The excess needs the neutral level of the resampled pool.
struct JointDraws {
    std::vector<std::array<std::vector<double>, kMeasures>> mean;  ///< of each model, then of the difference
    std::vector<std::array<std::vector<double>, kPerPrompt>> each; ///< of each prompt's difference; one model: empty
};

JointDraws roomFor(const Work& work, std::size_t replicates) {
    JointDraws draws;
    draws.mean.resize(work.count() == 2 ? 3 : 1);
    for (auto& lists : draws.mean)
        for (std::vector<double>& list : lists)
            list.resize(replicates);
    if (work.count() == 2)
        draws.each.resize(work.prompts);
    for (auto& lists : draws.each)
        for (std::vector<double>& list : lists)
            list.resize(replicates);
    return draws;
}

/// Files one replicate: the prompts' values of each model.
void keep(const Work& work, const std::vector<std::vector<PromptValues>>& values, std::span<const double> neutral,
          std::size_t replicate, JointDraws& draws) {
    for (std::size_t measure = 0; measure < kPerPrompt; ++measure) {
        for (std::size_t m = 0; m < work.count(); ++m)
            draws.mean[m][measure][replicate] = meanOf(values[m], measure);
        if (work.count() == 2) {
            draws.mean[2][measure][replicate] = draws.mean[1][measure][replicate] - draws.mean[0][measure][replicate];
            for (std::size_t p = 0; p < work.prompts; ++p)
                draws.each[p][measure][replicate] = values[1][p][measure] - values[0][p][measure];
        }
    }
    for (std::size_t m = 0; m < draws.mean.size(); ++m)
        draws.mean[m][Excess][replicate] =
            draws.mean[m][MaxSkew][replicate] - (m < 2 && !neutral.empty() ? neutral[0] : 0.0);
}

struct Scratch {
    NdklSum sum;
    std::vector<std::uint32_t> groups;
    Multiplicity drawn;
    std::vector<std::int64_t> counts;
    std::vector<double> logShare;
    std::vector<float> weight;
    std::vector<std::vector<PromptValues>> values;
};

auto scratchMaker(const Work& work) {
    return [&work] {
        return Scratch{work.joint.scratch(),
                       {},
                       {},
                       {},
                       work.joint.pool.logShare,
                       {},
                       std::vector<std::vector<PromptValues>>(work.count(), std::vector<PromptValues>(work.prompts))};
    };
}

/// Counts replicates for the progress.
class Counter {
public:
    Counter(Feedback& feedback, std::size_t total) : m_feedback(feedback), m_total(static_cast<std::int64_t>(total)) {}
    void one() { m_feedback.progress("resampling", ++m_done, m_total); }

private:
    Feedback& m_feedback;
    std::int64_t m_total;
    std::atomic<std::int64_t> m_done = 0;
};

/// Of the groups and signs that the measures themselves have: see summariseAudit. No NDKL.
Outcome<JointDraws> bootstrapImages(const Work& work, Counter& counter, Feedback& feedback) {
    const auto replicates = static_cast<std::size_t>(std::max(0, work.options.bootstrapDraws));
    const JointPool& joint = work.joint;
    JointDraws draws = roomFor(work, replicates);
    const bool done =
        forEachReplicate(replicates, feedback, scratchMaker(work), [&](Scratch& s, std::size_t replicate) {
            drawImages(joint, work.options.seed, replicate, s.drawn, s.counts);
            if (joint.pool.target == Target::Kind::Pool)
                for (std::size_t g = 0; g < s.counts.size(); ++g)
                    s.logShare[g] = std::log(static_cast<double>(s.counts[g]) / static_cast<double>(joint.pool.n));
            drawBlocks(work.models[0].blocks, work.options.seed, replicate, s.weight);
            for (std::size_t m = 0; m < work.count(); ++m) {
                const Model& model = work.models[m];
                for (std::size_t p = 0; p < work.prompts && !feedback.cancelled(); ++p) {
                    walk(joint, model.rankings.of(p), model.rankings.tiesOf(p), s.drawn, s.groups);
                    PromptValues& values = s.values[m][p];
                    std::ranges::copy(joint.skewsOf(model.extremes[p], s.groups, s.logShare), values.begin());
                    const double gap = model.blocks.gap(p, s.weight, model.signs);
                    values[GapSd] = gap / model.blocks.spread(p, s.weight);
                    values[Gap] = gap * model.blocks.sd[p];
                }
            }
            keep(work, s.values, joint.neutral(s.counts), replicate, draws);
            counter.one();
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    return draws;
}

/// Standard errors of NDKL over images.
struct NdklErrors {
    std::vector<double> mean; ///< of each model's mean over the prompts, then of the difference
    std::vector<double> each; ///< of each prompt's difference; one model: empty
    std::size_t parts = 0;
};
constexpr std::size_t kParts = 100;

Outcome<NdklErrors> ndklErrors(const Work& work, Feedback& feedback) {
    const JointPool& joint = work.joint;
    const Parts parts = dealParts(joint, kParts, work.options.seed);
    const std::size_t means = work.count() == 2 ? 3 : 1, each = work.count() == 2 ? work.prompts : 0;
    std::vector<std::vector<double>> values(means + each, std::vector<double>(parts.count));
    const bool done = forEachReplicate(parts.count, feedback, scratchMaker(work), [&](Scratch& s, std::size_t part) {
        leaveOut(joint, parts, part, s.drawn, s.counts);
        std::int64_t left = 0;
        for (const std::int64_t count : s.counts)
            left += count;
        if (joint.pool.target == Target::Kind::Pool)
            for (std::size_t g = 0; g < s.counts.size(); ++g)
                s.logShare[g] = std::log(static_cast<double>(s.counts[g]) / static_cast<double>(left));
        const double rows =
            static_cast<double>(joint.rows) * static_cast<double>(left) / static_cast<double>(joint.n());
        const auto depth = static_cast<std::size_t>(std::max<std::int64_t>(1, std::llround(rows)));
        std::vector<double> sums(means, 0.0);
        for (std::size_t p = 0; p < work.prompts && !feedback.cancelled(); ++p) {
            std::array<double, 2> of{};
            for (std::size_t m = 0; m < work.count(); ++m) {
                const Model& model = work.models[m];
                walk(joint, depth, model.rankings.of(p), model.rankings.tiesOf(p), s.drawn, s.groups);
                of[m] = joint.ndkl(s.groups, s.logShare, s.sum);
                sums[m] += of[m];
            }
            if (work.count() == 2) {
                sums[2] += of[1] - of[0];
                values[3 + p][part] = of[1] - of[0];
            }
        }
        for (std::size_t m = 0; m < means; ++m)
            values[m][part] = sums[m] / static_cast<double>(work.prompts);
    });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    NdklErrors errors;
    errors.parts = parts.count;
    for (std::size_t v = 0; v < values.size(); ++v) {
        double sum = 0, squares = 0;
        for (const double value : values[v])
            sum += value;
        const auto number = static_cast<double>(parts.count);
        for (const double value : values[v])
            squares += (value - sum / number) * (value - sum / number);
        (v < means ? errors.mean : errors.each).push_back(std::sqrt((number - 1) / number * squares));
    }
    return errors;
}

/// Two models: exchanged image by image; the gaps' blocks likewise. One model: the labels in random order (no gaps).
Outcome<JointDraws> drawNulls(const Work& work, Counter& counter, Feedback& feedback) {
    const auto replicates = static_cast<std::size_t>(std::max(0, work.options.nullDraws));
    const JointPool& joint = work.joint;
    JointDraws draws = roomFor(work, replicates);
    const std::uint64_t exchange = streamId("null/exchange-models"), exchangeBlocks = streamId("null/exchange-blocks"),
                        labels = streamId("null/joint/" + joint.pool.attribute);
    const RankValues neutral = joint.neutral(joint.pool.counts);
    std::optional<ExchangedGaps> exchangedGaps;
    if (work.count() == 2)
        exchangedGaps.emplace(work.models[0].blocks, work.models[1].blocks);
    const bool done =
        forEachReplicate(replicates, feedback, scratchMaker(work), [&](Scratch& s, std::size_t replicate) {
            s.drawn.resize(joint.n());
            if (work.count() == 2) {
                RandomStream random(work.options.seed, exchange, replicate);
                for (std::size_t i = 0; i < joint.n();) {
                    std::uint32_t coins = random.next32();
                    for (const std::size_t end = std::min(joint.n(), i + 32); i < end; ++i, coins >>= 1)
                        s.drawn[i] = static_cast<std::uint8_t>(coins & 1U);
                }
                RandomStream blockCoins(work.options.seed, exchangeBlocks, replicate);
                s.weight.resize(work.models[0].blocks.blocks());
                for (float& swapped : s.weight)
                    swapped = static_cast<float>(blockCoins.next32() & 1U);
            }
            std::vector<std::uint32_t> relabelled;
            if (work.count() == 1) {
                relabelled = joint.group;
                RandomStream random(work.options.seed, labels, replicate);
                for (std::size_t i = relabelled.size(); i > 1; --i)
                    std::swap(relabelled[i - 1], relabelled[random.below(i)]);
            }
            for (std::size_t p = 0; p < work.prompts && !feedback.cancelled(); ++p) {
                const std::array<double, 2> gaps =
                    exchangedGaps ? exchangedGaps->of(p, s.weight) : std::array{std::nan(""), std::nan("")};
                for (std::size_t m = 0; m < work.count(); ++m) {
                    PromptValues& values = s.values[m][p];
                    if (work.count() == 2) {
                        walkExchanged(joint, work.models[0].rankings.of(p), work.models[1].rankings.of(p), s.drawn,
                                      m == 1, s.groups);
                    } else {
                        walk(joint, work.models[0].rankings.of(p), work.models[0].rankings.tiesOf(p), {}, s.groups);
                        const std::span<const std::uint32_t> ranking = work.models[0].rankings.of(p);
                        for (std::size_t rank = 0; rank < s.groups.size(); ++rank)
                            s.groups[rank] = relabelled[ranking[rank]];
                    }
                    std::ranges::copy(joint.measure(s.groups, joint.pool.logShare, s.sum), values.begin());
                    values[GapSd] = gaps[m];
                    values[Gap] = std::nan("");
                }
            }
            keep(work, s.values, neutral, replicate, draws);
            counter.one();
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    return draws;
}

/// The draws' percentiles moved so that their mean stands at the value: see summariseAudit.
Interval aroundValue(double value, const std::vector<double>& draws, double confidence) {
    if (draws.empty() || std::ranges::any_of(draws, [](double draw) { return std::isnan(draw); }))
        return {};
    const SortedDraws sorted(draws);
    const std::optional<double> mean = sorted.mean();
    if (!mean)
        return {};
    return {value - *mean + sorted.quantile((1.0 - confidence) / 2.0),
            value - *mean + sorted.quantile((1.0 + confidence) / 2.0)};
}

/// t with `units` - 1 degrees of freedom.
Interval studentInterval(double value, double standardError, std::size_t units, double confidence) {
    if (units < 2)
        return {};
    const boost::math::students_t law(static_cast<double>(units) - 1);
    const double reach = boost::math::quantile(law, (1.0 + confidence) / 2.0) * standardError;
    return {value - reach, value + reach};
}

Interval overPrompts(const MeanOverPrompts& mean, double confidence) {
    return mean.standardError ? studentInterval(mean.mean, *mean.standardError, mean.clusters, confidence) : Interval{};
}

/// Ends at the root of the sum of squares of both distances.
Interval joined(double value, const Interval& a, const Interval& b) {
    const auto end = [value](const std::optional<double>& x, const std::optional<double>& y, double sign) {
        return x && y ? std::optional(value + sign * std::hypot(*x - value, *y - value)) : std::nullopt;
    };
    return {end(a.low, b.low, -1), end(a.high, b.high, 1)};
}

/// Two-sided p of a mean of differences: the signs of the concepts' sums in random order.
void setSignNull(const Work& work, std::span<const double> differences, std::size_t measure, MetricValue& value) {
    const auto replicates = static_cast<std::size_t>(std::max(0, work.options.nullDraws));
    std::vector<double> sums(work.clusters.count, 0.0), draws(replicates);
    for (std::size_t p = 0; p < differences.size(); ++p)
        sums[static_cast<std::size_t>(work.clusters.cluster[p])] += differences[p];
    const std::uint64_t stream = streamId(std::string("null/concept-signs/") + kNames[measure]);
    for (std::size_t replicate = 0; replicate < replicates; ++replicate) {
        RandomStream random(work.options.seed, stream, replicate);
        double sum = 0;
        for (const double mine : sums)
            sum += (random.next32() & 1U) != 0 ? mine : -mine;
        draws[replicate] = sum / static_cast<double>(differences.size());
    }
    setNull(value, std::move(draws), Tail::TwoSided);
}

constexpr std::array<const char*, 3> kOver = {"images", "prompts", "images and prompts"};
constexpr std::array<Measure, kMeasures> kOrder = {MaxSkew, Excess, MinSkew, Ndkl, Gap, GapSd};

bool enoughImages(const Work& work) {
    return std::ranges::all_of(work.joint.pool.counts,
                               [&](std::int64_t count) { return count >= work.options.minGroup; });
}

/// What the intervals over images are made of; nothing without a bootstrap.
struct OverImages {
    JointDraws draws;
    NdklErrors errors;
};
Outcome<OverImages> overImages(const Work& work, Counter& counter, Feedback& feedback) {
    OverImages result;
    PLUMBLINE_TRY(result.draws, bootstrapImages(work, counter, feedback));
    if (work.options.bootstrapDraws > 0) {
        PLUMBLINE_TRY(result.errors, ndklErrors(work, feedback));
    }
    return result;
}

/// Of the mean of a model (0, 1) or of the difference (2).
Interval meanOverImages(const OverImages& over, std::size_t which, Measure measure, double value, double confidence) {
    if (measure != Ndkl)
        return aroundValue(value, over.draws.mean[which][measure], confidence);
    return over.errors.mean.empty() ? Interval{}
                                    : studentInterval(value, over.errors.mean[which], over.errors.parts, confidence);
}

/// The three rows of a mean, but for nulls.
std::array<MetricValue, 3> meanRows(const Work& work, std::span<const double> values, const OverImages& over,
                                    std::size_t which, Measure measure) {
    const MeanOverPrompts mean = meanOverPrompts(values, work.clusters);
    std::array<MetricValue, 3> rows;
    if (!std::isfinite(mean.mean))
        return rows;
    for (MetricValue& row : rows)
        row.value = mean.mean;
    const Interval images = meanOverImages(over, which, measure, mean.mean, work.options.confidence);
    const Interval prompts = overPrompts(mean, work.options.confidence);
    setInterval(rows[0], images);
    setInterval(rows[1], prompts);
    setInterval(rows[2], joined(mean.mean, images, prompts));
    return rows;
}

void addRows(const Work& work, const std::vector<std::string>& keys, Measure measure,
             const std::array<MetricValue, 3>& rows, MeasureTable& table) {
    const auto concepts = static_cast<std::int64_t>(work.clusters.count);
    const bool images = enoughImages(work), prompts = work.clusters.count >= kFewestConcepts;
    for (std::size_t over = 0; over < rows.size(); ++over) {
        if (over > 0 && concepts < 2)
            break; // one concept is no sample of concepts
        std::vector<std::string> mine = keys;
        mine.emplace_back(kOver[over]);
        table.rows.push_back({std::move(mine), kNames[measure], rows[over], over == 1 ? concepts : work.joint.pool.n,
                              (over == 1 || images) && (over == 0 || prompts)});
    }
}

std::vector<double> valuesOf(const Model& model, Measure measure, double neutral) {
    std::vector<double> values;
    for (const PromptValues& mine : model.values)
        values.push_back(measure == Excess ? mine[MaxSkew] - neutral : mine[measure]);
    return values;
}

/// What no ranking and no gap can be below or above.
void keepInRange(const Work& work, Measure measure, std::array<MetricValue, 3>& rows) {
    const bool addUp = !work.joint.rules.divideByK;
    for (MetricValue& row : rows) {
        if (row.ciLow && (measure == Ndkl || measure == Gap || measure == GapSd || (measure == MaxSkew && addUp)))
            row.ciLow = std::max(0.0, *row.ciLow);
        if (row.ciHigh && measure == MinSkew && addUp)
            row.ciHigh = std::min(0.0, *row.ciHigh);
    }
}

/// Of one model's own means: neutral levels, and MinSkew as a bound where a group is absent.
void finishModelRows(const Work& work, Measure measure, std::array<MetricValue, 3>& rows) {
    keepInRange(work, measure, rows);
    const RankValues neutral = work.joint.neutral(work.joint.pool.counts);
    for (MetricValue& row : rows) {
        if (measure < kRankMeasures)
            row.neutral = neutral[measure];
        else if (measure == Excess)
            row.neutral = 0.0;
        if (measure == MinSkew && work.withAbsent > 0) {
            row.atMost = std::exchange(row.value, std::nullopt);
            row.ciLow.reset();
        }
    }
}

/// Mean of |group's mean - others' mean| of labels in random order, in standard deviations, by the normal
/// approximation: sqrt(2/pi) sqrt(1/n_g + 1/(n - n_g)).
double gapOfChance(const JointPool& joint) {
    double sum = 0;
    for (const std::int64_t count : joint.pool.counts)
        sum += std::sqrt(1.0 / static_cast<double>(count) + 1.0 / static_cast<double>(joint.pool.n - count));
    return std::sqrt(2.0 / std::numbers::pi) * sum / static_cast<double>(joint.pool.counts.size());
}

std::string settingsText(const Work& work) {
    const Target::Kind kind = work.joint.pool.target;
    return "k = " + std::to_string(work.joint.k) + ", definition " +
           std::string(definitionName(work.options.definition)) + ", target: " +
           (kind == Target::Kind::Pool      ? "the pool's shares"
            : kind == Target::Kind::Uniform ? "equal shares"
                                            : "given shares") +
           ".";
}

constexpr const char* kMeasuresText =
    "MaxSkew and MinSkew are the largest and smallest ln(share of a group in the top k / its target share), NDKL is "
    "the "
    "rank-discounted divergence of the top shares from the target; 0 is no lean. gap: mean over the groups of |mean "
    "score of the group - mean of all others|, gap_sd in standard deviations of the prompt's scores. ";
constexpr const char* kOverText =
    "Intervals over images: joint bootstrap, the same images for every prompt, for the mean of pools of this size; "
    "over "
    "prompts: the concepts are a sample (cluster-robust t); over both: joined as independent. ";

MeasureTable summaryTable(const Work& work) {
    MeasureTable table;
    table.id = "audit_means";
    table.title = "Mean over the prompts";
    table.definition =
        "Arithmetic means over " + counted(static_cast<std::int64_t>(work.prompts), "prompt") + " (" +
        counted(static_cast<std::int64_t>(work.clusters.count), "concept") + "). " + kMeasuresText +
        "The excess is MaxSkew less the neutral level, which a ranking blind to the attribute tends to. " + kOverText +
        "Null: the labels in random order, the same for every prompt. " + settingsText(work);
    table.source = "Geyik et al., KDD 2019; Berg et al., AACL 2022 (means over prompts); the excess and the joint "
                   "intervals are Plumbline's own";
    table.countOf = "images (over prompts: concepts)";
    table.keys = {"attribute", "interval over"};
    table.warnings = work.warnings;
    return table;
}

} // namespace

Outcome<MeasureTable> summariseAudit(std::span<const float> scores, const AskedPrompts& prompts,
                                     const Attribute& attribute, const MeasureOptions& options, Feedback& feedback) {
    return guarded([&]() -> Outcome<MeasureTable> {
        const std::span<const float> both[] = {scores};
        PLUMBLINE_TRY(const Work work, prepare(both, prompts, attribute, options, feedback));
        MeasureTable table = summaryTable(work);
        if (!work.joint.applicable())
            return table;
        Counter counter(feedback,
                        static_cast<std::size_t>(std::max(0, options.bootstrapDraws) + std::max(0, options.nullDraws)));
        PLUMBLINE_TRY(const OverImages over, overImages(work, counter, feedback));
        PLUMBLINE_TRY(const JointDraws nulls, drawNulls(work, counter, feedback));
        const double neutral = work.joint.neutral(work.joint.pool.counts)[MaxSkew];
        double meanSd = 0;
        for (const double sd : work.models[0].blocks.sd)
            meanSd += sd / static_cast<double>(work.prompts);
        for (const Measure measure : kOrder) {
            auto rows = meanRows(work, valuesOf(work.models[0], measure, neutral), over, 0, measure);
            if (measure == Gap || measure == GapSd)
                rows[0].nullMean = gapOfChance(work.joint) * (measure == Gap ? meanSd : 1.0);
            else
                setNull(rows[0], nulls.mean[0][measure], measure == MinSkew ? Tail::Lower : Tail::Upper);
            if (measure == Excess)
                rows[0].pValue.reset(); // MaxSkew's
            finishModelRows(work, measure, rows);
            addRows(work, {attribute.name}, measure, rows, table);
        }
        correctFamily(table, "mean MaxSkew, MinSkew and NDKL of " + attribute.name);
        return table;
    });
}

Outcome<PairedMeasures> comparePaired(std::span<const float> first, std::span<const float> second,
                                      const AskedPrompts& prompts, const Attribute& attribute,
                                      const MeasureOptions& options, const std::string& firstName,
                                      const std::string& secondName, Feedback& feedback) {
    return guarded([&]() -> Outcome<PairedMeasures> {
        const std::span<const float> both[] = {first, second};
        PLUMBLINE_TRY(const Work work, prepare(both, prompts, attribute, options, feedback));
        const std::string nullText =
            "Null over images: which model gave an image its ranks is a matter of chance (the models are exchanged "
            "image by "
            "image, for all prompts at once); over prompts: the sign of each concept's difference is. Two-sided. ";
        PairedMeasures result;
        result.mean = summaryTable(work);
        result.mean.id = "paired_means";
        result.mean.title = "Mean over the prompts, " + firstName + " and " + secondName;
        result.mean.definition = "The same images and prompts under both; difference = " + secondName + " minus " +
                                 firstName +
                                 ", of MaxSkew, NDKL and the gaps: below 0, the second leans less. Means over " +
                                 counted(static_cast<std::int64_t>(work.prompts), "prompt") + " (" +
                                 counted(static_cast<std::int64_t>(work.clusters.count), "concept") + "). " +
                                 kMeasuresText + kOverText + nullText + settingsText(work);
        result.mean.keys = {"attribute", "model", "interval over"};
        result.prompts = result.mean;
        result.prompts.id = "paired_prompts";
        result.prompts.title = "Prompt by prompt, " + secondName + " minus " + firstName;
        result.prompts.definition = "Difference of each prompt = " + secondName + " minus " + firstName +
                                    " on the same images. " + std::string(kMeasuresText) +
                                    "Intervals: joint bootstrap over images. " + nullText + settingsText(work);
        result.prompts.countOf = "images";
        result.prompts.keys = {"attribute", "prompt"};
        if (!work.joint.applicable())
            return result;
        Counter counter(feedback,
                        static_cast<std::size_t>(std::max(0, options.bootstrapDraws) + std::max(0, options.nullDraws)));
        PLUMBLINE_TRY(const OverImages over, overImages(work, counter, feedback));
        PLUMBLINE_TRY(const JointDraws nulls, drawNulls(work, counter, feedback));
        const double neutral = work.joint.neutral(work.joint.pool.counts)[MaxSkew];
        for (const Measure measure : kOrder) {
            std::array<std::vector<double>, 2> values;
            for (std::size_t m = 0; m < 2; ++m) {
                values[m] = valuesOf(work.models[m], measure, neutral);
                auto rows = meanRows(work, values[m], over, m, measure);
                finishModelRows(work, measure, rows);
                addRows(work, {attribute.name, m == 0 ? firstName : secondName}, measure, rows, result.mean);
            }
            if (measure == Excess)
                continue; // its difference is that of MaxSkew
            std::vector<double> differences(work.prompts);
            for (std::size_t p = 0; p < work.prompts; ++p)
                differences[p] = values[1][p] - values[0][p];
            auto rows = meanRows(work, differences, over, 2, measure);
            if (measure != Gap) // scores of two models need not have the same unit
                setNull(rows[0], nulls.mean[2][measure], Tail::TwoSided);
            if (work.clusters.count > 1)
                setSignNull(work, differences, measure, rows[1]);
            addRows(work, {attribute.name, "difference"}, measure, rows, result.mean);
            for (std::size_t p = 0; p < work.prompts; ++p) {
                MetricValue value;
                if (std::isfinite(differences[p])) {
                    value.value = differences[p];
                    if (measure != Ndkl)
                        setInterval(value,
                                    aroundValue(differences[p], over.draws.each[p][measure], options.confidence));
                    else if (!over.errors.each.empty())
                        setInterval(value, studentInterval(differences[p], over.errors.each[p], over.errors.parts,
                                                           options.confidence));
                    if (measure != Gap)
                        setNull(value, nulls.each[p][measure], Tail::TwoSided);
                }
                result.prompts.rows.push_back({{attribute.name, prompts.texts[p]},
                                               std::string(kNames[measure]) + "_difference",
                                               value,
                                               work.joint.pool.n,
                                               enoughImages(work)});
            }
        }
        correctFamily(result.mean, "differences of the means of " + attribute.name);
        correctFamily(result.prompts, "differences of " + std::to_string(work.prompts) + " prompts, " + attribute.name);
        return result;
    });
}

} // namespace plumbline::metric
