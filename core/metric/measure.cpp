// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <numeric>

#include <tbb/task_group.h>

#include "core/base/numbers.h"
#include "core/metric/bootstrap.h"
#include "core/metric/divergence.h"
#include "core/metric/divergence_interval.h"
#include "core/metric/exact_test.h"
#include "core/metric/interval.h"
#include "core/metric/ndkl.h"
#include "core/metric/null_distribution.h"
#include "core/metric/parallel.h"
#include "core/metric/pool.h"
#include "core/metric/rank_order.h"
#include "core/metric/rates.h"
#include "core/metric/score_summary.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kLargestK = 100'000'000;
constexpr double kLeastShareInBlocks = 0.005; // of every group: 20 rows where blocks begin, so that counts are normal
constexpr std::size_t kLongList = 16'384;     // whose rows are not drawn one by one where few draws are enough
constexpr std::size_t kDivergenceDraws = 300, kFewestDivergenceDraws = 100;
constexpr std::size_t kCurveDraws = 400; // enough for a band on a chart: its ends are the 10th draws from either side

std::optional<double> finite(double value) {
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

using Ranked = RankedFront;

template <class T>
Ranked rank(std::span<const T> scores, std::span<const std::int32_t> groupOfRow, std::size_t prefix,
            const Rules& rules) {
    if constexpr (sizeof(T) > sizeof(float)) {
        if (rules.float32) {
            const std::vector<float> rounded(scores.begin(), scores.end());
            return rank(std::span<const float>(rounded), groupOfRow, prefix, rules);
        }
    }
    RankOrder order = rankOrder(scores, groupOfRow, prefix, rules.notNumbersFirst);
    if (rules.keepTies && order.rows.size() == prefix) {
        // Every row that ties with the last of these belongs to them; a score that is not a number ties with none.
        const T last = scores[order.rows.back()];
        std::size_t atLeast = 0;
        for (std::size_t row = 0; row < scores.size(); ++row)
            atLeast += groupOfRow[row] >= 0 && scores[row] >= last;
        if (atLeast > prefix)
            order = rankOrder(scores, groupOfRow, atLeast, rules.notNumbersFirst);
    }
    const std::size_t ranks = order.rows.size();
    Ranked ranked{std::vector<std::uint32_t>(ranks), std::vector<std::uint32_t>(ranks)};
    auto end = static_cast<std::uint32_t>(ranks);
    for (std::size_t at = ranks; at-- > 0;) {
        const std::uint32_t row = order.rows[at];
        // A score that is not a number ties with none.
        if (at + 1 < ranks && !(scores[row] == scores[order.rows[at + 1]]))
            end = static_cast<std::uint32_t>(at + 1);
        ranked.tieEnd[at] = end;
        ranked.groupAtRank[at] = static_cast<std::uint32_t>(groupOfRow[row]);
    }
    return ranked;
}

/// What rank() gives for fewer ranks of the same scores.
Ranked shortened(const Ranked& whole, std::size_t prefix, const Rules& rules) {
    std::size_t ranks = std::min(prefix, whole.ranks());
    if (rules.keepTies && ranks > 0)
        ranks = whole.tieEnd[ranks - 1];
    const auto cut = static_cast<std::ptrdiff_t>(ranks);
    Ranked front{{whole.groupAtRank.begin(), whole.groupAtRank.begin() + cut},
                 {whole.tieEnd.begin(), whole.tieEnd.begin() + cut}};
    for (std::size_t at = ranks; at-- > 0 && front.tieEnd[at] > ranks;)
        front.tieEnd[at] = static_cast<std::uint32_t>(ranks);
    return front;
}

/// Whether the groups' mean scores are so close that thousandths of a cosine decide the ranking. It says nothing of
/// scores that cannot be cosines.
bool decidedByThousandths(const ScoreSummary& summary, double slightGap) {
    double largest = 0;
    for (const std::optional<double>& gap : summary.gap)
        largest = std::max(largest, std::abs(gap.value_or(0.0)));
    return largest < slightGap && summary.largest <= 1.0;
}

/// What a ranking that does not see the attribute tends to as k grows (METHODS A3).
void setNeutral(const Pool& pool, Measurement& result) {
    double max = -kInfinity, min = kInfinity, divergence = 0;
    for (std::size_t g = 0; g < pool.groups.size(); ++g) {
        const double skew = std::log(pool.poolShare(g)) - pool.logShare[g];
        max = std::max(max, skew);
        min = std::min(min, skew);
        divergence += pool.poolShare(g) * skew;
    }
    result.maxSkew.neutral = max;
    result.minSkew.neutral = min;
    result.ndkl.neutral = std::max(0.0, divergence);
}

/// A further number that addFurther has put there.
MetricValue& furtherValue(Further which, Measurement& result) {
    return std::find_if(result.more.begin(), result.more.end(),
                        [&](const NamedValue& named) { return named.name == furtherName(which); })
        ->value;
}

/// Interval of the largest absolute skew: its lower end is that of MaxSkew or of MinSkew with the sign turned, its
/// upper end the furthest of the groups' ends; none where a group's skew has no lower one.
Interval largestAbsolute(const RangeInterval& range, std::span<const GroupMeasure> groups) {
    Interval interval{std::max({0.0, range.max.low.value_or(0.0), -range.min.high.value_or(0.0)}), 0.0};
    for (const GroupMeasure& group : groups)
        interval.high = std::max({*interval.high, -group.ciLow.value_or(-kInfinity), group.ciHigh.value_or(kInfinity)});
    if (!std::isfinite(*interval.high))
        interval.high.reset();
    return interval;
}

/// At most `points` of the ranks 1 to `last`: the first ones all, where a curve moves most, then evenly in the
/// logarithm.
std::vector<std::size_t> keptRanks(std::size_t last, std::size_t points) {
    points = std::max<std::size_t>(points, 2);
    const std::size_t dense = last <= points ? last : points / 2;
    std::vector<std::size_t> kept(dense);
    std::iota(kept.begin(), kept.end(), std::size_t{1});
    const std::size_t sparse = last <= points ? 0 : points - dense;
    for (std::size_t i = 1; i <= sparse; ++i) {
        const double exponent = static_cast<double>(i) / static_cast<double>(sparse);
        const double place =
            static_cast<double>(dense) * std::pow(static_cast<double>(last) / static_cast<double>(dense), exponent);
        const std::size_t next = i == sparse ? last : std::min(static_cast<std::size_t>(std::llround(place)), last);
        if (next > kept.back())
            kept.push_back(next);
    }
    return kept;
}

/// Runs public work: nothing throws out of this folder.
template <class Work>
auto guarded(std::string_view what, const Work& work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, {{"what", std::string(what)}, {"bytes", {}}});
    } catch (const std::exception& exception) {
        return fail(ErrorCode::Internal, {}, exception.what());
    }
}

/// One a number below `count`, made on all threads; the first error of any.
template <class T, class Make>
Result<std::vector<T>> allOf(std::string_view what, std::size_t count, const Make& make) {
    return guarded(what, [&]() -> Result<std::vector<T>> {
        std::vector<Result<T>> made(count);
        tbb::parallel_for(std::size_t(0), count, [&](std::size_t i) { made[i] = make(i); });
        std::vector<T> all;
        for (Result<T>& each : made) {
            PLUMBLINE_TRY(T one, std::move(each));
            all.push_back(std::move(one));
        }
        return all;
    });
}

} // namespace

struct Meter::Impl {
    MeasureOptions options;
    Rules rules;
    Pool pool;
    std::int64_t k = 0;
    std::size_t rows = 0;              ///< min(k, n): what is looked at, but for rows that tie
    std::vector<std::string> warnings; ///< that hold for every prompt

    double beyondPool = 0; ///< the discounts' sum for a k beyond the pool
    std::size_t divergenceDraws = kDivergenceDraws;
    bool inBlocks = false; ///< nulls and resamples of long lists are drawn in blocks, not row by row

    bool applicable() const { return pool.groups.size() > 1; }
    double divisor(std::size_t counted) const {
        return static_cast<double>(rules.divideByK ? k : static_cast<std::int64_t>(counted));
    }
    bool wholeList() const { return rules.ndkl == Rules::Ndkl::WholeList; }
    /// Rows that NDKL runs over.
    std::size_t ndklRows(std::size_t counted) const { return wholeList() ? static_cast<std::size_t>(pool.n) : counted; }
    double normaliser(std::size_t counted) const {
        const bool asked = rules.divideByK && !wholeList();
        if (asked && k > pool.n)
            return beyondPool;
        const std::size_t ranks = asked ? static_cast<std::size_t>(k) : ndklRows(counted);
        return tablesFor(ranks)->normaliser(ranks);
    }
    /// Tables of at least so many ranks: rows that tie with the last can be many more than k.
    std::shared_ptr<const NdklTables> tablesFor(std::size_t ranks) const {
        const std::scoped_lock lock(m_tablesMutex);
        if (!m_tables || m_tables->ranks() < ranks)
            m_tables = ndklTables(std::max(ranks, rows), static_cast<std::size_t>(pool.n));
        return m_tables;
    }
    /// The groups' counts among so many rows of rankings that do not see the attribute; kept for those of k rows.
    std::shared_ptr<const std::vector<CountLaw>> lawsOf(std::size_t counted) const {
        return keptForK(m_laws, counted, [&] {
            std::vector<CountLaw> laws;
            for (const std::int64_t count : pool.counts)
                laws.emplace_back(pool.n, count, static_cast<std::int64_t>(counted));
            return laws;
        });
    }
    std::shared_ptr<const InfeasibleSchedule> scheduleOf(std::size_t counted) const {
        return keptForK(m_schedule, counted, [&] { return InfeasibleSchedule(pool.share, counted); });
    }

    Result<void> prepare(const Attribute& attribute, const MeasureOptions& wanted, std::span<const double> relevance);
    Result<void> setK(const KSpec& wanted);
    template <class T>
    Outcome<Measurement> measure(std::span<const T> scores, Feedback& feedback) const;
    Result<Measurement> values(const Ranked& whole, const Measurement& scored) const;
    Outcome<Measurement> measure(const Ranked& whole, const Measurement& scored, Feedback& feedback) const;
    std::size_t valuesNeed() const {
        return wholeList() ? static_cast<std::size_t>(pool.n) : std::min<std::size_t>(rows + 1, pool.n);
    }
    Outcome<std::size_t> measureNeeds(Feedback& feedback) const;
    Outcome<RankCurve> curve(std::span<const float> scores, std::size_t points, Feedback& feedback) const;

private:
    void collectWarnings();
    Outcome<std::shared_ptr<const NullDistribution>> nullOf(std::size_t counted, Feedback& feedback) const;
    Outcome<std::shared_ptr<const BootstrapPlan>> bootstrapPlan(Feedback& feedback) const;
    /// A measurement with what depends on the scores but not on k.
    template <class T>
    Result<Measurement> describe(std::span<const T> scores) const;
    Result<Measurement> redescribed(const Measurement& scored) const;
    /// Adds what depends on k: where the numbers of a ranking are.
    struct Place {
        std::vector<std::uint32_t> counts;
        std::size_t countedRows;
        double over;
        SkewRange range;
    };
    Place addValues(const Ranked& ranked, Measurement& result) const;
    Outcome<void> addUncertainty(const Ranked& ranked, const Place& place, Measurement& result,
                                 Feedback& feedback) const;
    template <class T>
    Result<ScoreSummary> summarise(std::span<const T> scores) const;
    void warnOfScores(const ScoreSummary& summary, Measurement& result) const;
    void warnOfRanking(const Ranked& ranked, std::size_t countedRows, const std::vector<std::string>& absent,
                       Measurement& result) const;
    void addNull(const NullDistribution& null, const SkewRange& range, std::span<const std::uint32_t> counts,
                 double over, Measurement& result) const;
    double ndklOf(const Ranked& ranked, std::size_t countedRows) const;
    void addExactTails(const SkewRange& range, std::size_t countedRows, double over, Measurement& result) const;
    void addFurther(std::span<const std::uint32_t> counts, const Ranked& ranked, std::size_t countedRows, double over,
                    Measurement& result) const;
    void addFurtherNull(const NullDistribution& null, Measurement& result) const;
    void addIntervals(const BootstrapDraws& draws, std::span<const std::uint32_t> counts, std::size_t countedRows,
                      double over, Measurement& result) const;
    Outcome<void> addDivergenceIntervals(const Ranked& ranked, std::size_t countedRows, Measurement& result,
                                         Feedback& feedback) const;

    template <class T>
    struct Kept {
        std::mutex mutex;
        std::shared_ptr<const T> ofK;
    };
    template <class T, class Make>
    std::shared_ptr<const T> keptForK(Kept<T>& kept, std::size_t counted, const Make& make) const {
        if (counted != rows) // rows that tie with the last: of each ranking others
            return std::make_shared<const T>(make());
        const std::scoped_lock lock(kept.mutex);
        if (!kept.ofK)
            kept.ofK = std::make_shared<const T>(make());
        return kept.ofK;
    }
    mutable Kept<std::vector<CountLaw>> m_laws;
    mutable Kept<InfeasibleSchedule> m_schedule;
    mutable std::mutex m_tablesMutex;
    mutable std::shared_ptr<const NdklTables> m_tables;
    // Drawn by whoever needs them first; what is drawn does not depend on who that is.
    mutable std::mutex m_mutex;
    mutable std::map<std::size_t, std::shared_ptr<const NullDistribution>> m_nulls; ///< by the rows counted
    mutable std::shared_ptr<const BootstrapPlan> m_plan;
};

Meter::Meter() : m_impl(std::make_unique<Impl>()) {
}
Meter::~Meter() = default;
Meter::Meter(Meter&&) noexcept = default;
Meter& Meter::operator=(Meter&&) noexcept = default;

Result<Meter> Meter::create(const Attribute& attribute, const MeasureOptions& options,
                            std::span<const double> relevance) {
    return guarded("a measurement", [&]() -> Result<Meter> {
        Meter meter;
        PLUMBLINE_CHECK(meter.m_impl->prepare(attribute, options, relevance));
        return meter;
    });
}

Result<void> Meter::Impl::prepare(const Attribute& attribute, const MeasureOptions& wanted,
                                  std::span<const double> relevance) {
    options = wanted;
    rules = rulesOf(options.definition);
    if (!(options.confidence > 0.0 && options.confidence < 1.0))
        return fail(ErrorCode::InvalidArgument, {{"name", "confidence"},
                                                 {"value", formatDouble(options.confidence)},
                                                 {"expected", "a number between 0 and 1"}});
    PLUMBLINE_TRY(pool, makePool(attribute, options.target, rules, relevance));
    if (!options.biasGroups.empty() && options.biasGroups.size() != 2)
        return fail(ErrorCode::InvalidArgument, {{"name", "bias groups"},
                                                 {"value", listed(options.biasGroups)},
                                                 {"expected", "two groups, the positive one first"}});
    chooseBiasGroups(pool, options.biasGroups);
    return setK(options.k);
}

Result<void> Meter::Impl::setK(const KSpec& wanted) {
    options.k = wanted;
    if (!(options.k.fraction >= 0.0 && options.k.fraction <= 1.0))
        return fail(ErrorCode::KInvalid, {{"value", formatDouble(options.k.fraction)}});
    k = options.k.resolve(pool.n);
    if (k < 1 || k > kLargestK)
        return fail(ErrorCode::KInvalid, {{"value", std::to_string(k)}});
    rows = static_cast<std::size_t>(std::min(k, pool.n));
    if (applicable() && rules.divideByK && k > pool.n)
        beyondPool = ndklNormaliser(k);
    collectWarnings();
    return {};
}

void Meter::Impl::collectWarnings() {
    warnings = pool.warnings;
    if (!applicable()) {
        warnings.push_back("Every image with a value is \"" + pool.groups.front() +
                           "\": with one group there is nothing to compare, so no skew is given.");
        return;
    }
    if (k > pool.n)
        warnings.push_back("k is " + std::to_string(k) + " but only " + counted(pool.n, "image") +
                           " can be ranked; all of them were counted" +
                           (rules.divideByK         ? ", and divided by k as the published code does."
                            : rules.stopsBeyondPool ? ". The published code stops here."
                                                    : "."));
    else if (k == pool.n)
        warnings.emplace_back("k covers the whole pool, so the result does not depend on the model.");

    std::vector<std::string> small, unexpected;
    for (std::size_t g = 0; g < pool.groups.size(); ++g) {
        if (pool.counts[g] < options.minGroup)
            small.push_back(pool.groups[g]);
        if (static_cast<double>(rows) * pool.share[g] < options.minExpected)
            unexpected.push_back(pool.groups[g]);
    }
    if (!small.empty())
        warnings.push_back("Fewer than " + counted(options.minGroup, "image") + " in the pool: " + listed(small) + ".");
    if (!unexpected.empty())
        warnings.push_back("Fewer than " + formatDouble(options.minExpected) +
                           " images are expected in the top k: " + listed(unexpected) + ". k is small for them.");

    Measurement neutral;
    setNeutral(pool, neutral);
    if (pool.target != Target::Kind::Pool && *neutral.maxSkew.neutral > 0.01)
        warnings.push_back("The pool does not have the shares of the target: a ranking that ignores " + pool.attribute +
                           " has a MaxSkew near " + formatFixed(*neutral.maxSkew.neutral, 3) + ", not 0.");

    if (rules.keepTies) {
        // The published NDKL takes a label's number for its place in the list of counts.
        bool numbers = true, inOrder = true;
        for (std::size_t g = 0; g < pool.groups.size(); ++g) {
            const std::optional<std::int64_t> number = parseInteger(pool.groups[g]);
            numbers = numbers && number;
            inOrder = inOrder && number && *number < static_cast<std::int64_t>(pool.groups.size()) && *number >= 0;
        }
        if (numbers && !inOrder)
            warnings.emplace_back("The published code stops at these labels (it needs 0, 1, 2 and so on without a "
                                  "gap); the value that it defines is given.");
        if (pool.target == Target::Kind::Custom || pool.target == Target::Kind::Conditional)
            warnings.emplace_back("The published code of this definition has no such target, only equal shares and the "
                                  "pool's.");
    }
    if (rules.twoGroups && pool.groups.size() != 2)
        warnings.emplace_back("The published code of this definition knows two groups only; with more, equal shares of "
                              "all of them are the target here.");
}

Outcome<std::shared_ptr<const NullDistribution>> Meter::Impl::nullOf(std::size_t counted, Feedback& feedback) const {
    const std::scoped_lock lock(m_mutex);
    std::shared_ptr<const NullDistribution>& known = m_nulls[counted];
    if (!known) {
        const auto tables = tablesFor(ndklRows(counted));
        PLUMBLINE_TRY(NullDistribution drawn,
                      drawNull(pool, rules, *tables, counted, divisor(counted), normaliser(counted), options.seed,
                               options.nullDraws, inBlocks, feedback));
        known = std::make_shared<const NullDistribution>(std::move(drawn));
    }
    return known;
}

Outcome<std::shared_ptr<const BootstrapPlan>> Meter::Impl::bootstrapPlan(Feedback& feedback) const {
    const std::scoped_lock lock(m_mutex);
    if (!m_plan) {
        PLUMBLINE_TRY(BootstrapPlan drawn,
                      BootstrapPlan::draw(pool, rows, options.seed, options.bootstrapDraws,
                                          inBlocks ? BootstrapPlan::Of::Counts : BootstrapPlan::Of::Ranks, feedback));
        m_plan = std::make_shared<const BootstrapPlan>(std::move(drawn));
    }
    return m_plan;
}

template <class T>
Result<ScoreSummary> Meter::Impl::summarise(std::span<const T> scores) const {
    if (scores.size() != pool.groupOfRow.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(scores.size()) + " scores for " +
                                    std::to_string(pool.groupOfRow.size()) + " images"}});
    ScoreSummary summary = summariseScores(scores, pool.groupOfRow, pool.groups.size());
    if (summary.notNumbers == pool.n)
        return fail(ErrorCode::ScoresInvalid, {{"reason", "none of the scores is a number"}});
    return summary;
}

void Meter::Impl::warnOfScores(const ScoreSummary& summary, Measurement& result) const {
    if (summary.notNumbers > 0)
        result.warnings.push_back(
            counted(summary.notNumbers, "image") +
            (summary.notNumbers == 1 ? " has no score (NaN): it stays" : " have no score (NaN): they stay") +
            " in the pool and" + (summary.notNumbers == 1 ? " ranks" : " rank") +
            (rules.notNumbersFirst ? " first, as in the published code." : " last."));
    if (summary.infinite > 0)
        result.warnings.push_back(counted(summary.infinite, "score") + (summary.infinite == 1 ? " is" : " are") +
                                  " infinite: ranked, but left out of the mean scores.");
    std::vector<std::string> without;
    for (std::size_t g = 0; g < pool.groups.size(); ++g)
        if (!summary.groupMean[g])
            without.push_back(pool.groups[g]);
    if (!without.empty())
        result.warnings.push_back("No finite score, so no mean score: " + listed(without) + ".");
}

void Meter::Impl::warnOfRanking(const Ranked& ranked, std::size_t countedRows, const std::vector<std::string>& absent,
                                Measurement& result) const {
    const bool cutThroughTie = countedRows > rows || ranked.tieEnd[rows - 1] > rows;
    if (cutThroughTie && rules.keepTies)
        result.warnings.push_back(counted(static_cast<std::int64_t>(countedRows), "image") +
                                  " were counted and divided by k: those that tie with the last of the top k are kept, "
                                  "as in the published code.");
    else if (cutThroughTie)
        result.warnings.emplace_back("The last of the top k ties with images that are left out; the order of the rows "
                                     "decided between them.");
    if (absent.empty())
        return;
    if (rules.absentIsOneRow)
        result.warnings.push_back("Not among the top k: " + listed(absent) +
                                  ". Counted as one image, as in the published code, which can make a skew positive.");
    else if (rules.absentIsZero)
        result.warnings.push_back("Not among the top k: " + listed(absent) +
                                  ". Counted as a skew of 0 in MaxSkew and MinSkew, as in the published code.");
    else if (rules.maxOfAbsolute)
        result.warnings.push_back("Not among the top k: " + listed(absent) +
                                  ". MaxSkew, the largest absolute skew, is infinite in the published code and left "
                                  "out here; MinSkew is given as an upper bound.");
    else
        result.warnings.push_back("Not among the top k: " + listed(absent) + ". No skew is given for " +
                                  (absent.size() == 1 ? "it" : "them") + "; MinSkew is given as an upper bound.");
}

void Meter::Impl::addNull(const NullDistribution& null, const SkewRange& range, std::span<const std::uint32_t> counts,
                          double over, Measurement& result) const {
    const auto add = [](const SortedDraws& draws, bool upper, double observed, MetricValue& value) {
        value.nullMean = draws.mean();
        value.nullP95 = finite(draws.quantile(upper ? 0.95 : 0.05));
        value.pValue = upper ? draws.upperP(observed) : draws.lowerP(observed);
    };
    add(null.maxSkew, true, range.max, result.maxSkew);
    add(null.minSkew, false, range.min, result.minSkew);
    add(null.ndkl, true, *result.ndkl.value, result.ndkl);
    addFurtherNull(null, result);
    for (std::size_t g = 0; g < counts.size(); ++g) {
        const SortedDraws& drawn = null.topCount[g];
        const auto skewAt = [&](double p) {
            return finite(skewOf(static_cast<std::uint32_t>(drawn.quantile(p)), over, pool.logShare[g], rules));
        };
        GroupMeasure& group = result.groups[g];
        group.nullLow = skewAt(0.025);
        group.nullHigh = skewAt(0.975);
    }
}

void Meter::Impl::addIntervals(const BootstrapDraws& draws, std::span<const std::uint32_t> counts,
                               std::size_t countedRows, double over, Measurement& result) const {
    std::vector<SkewEvidence> evidence(counts.size());
    for (std::size_t g = 0; g < counts.size(); ++g) {
        evidence[g].count = counts[g];
        evidence[g].rows = static_cast<std::int64_t>(countedRows);
        if (pool.target == Target::Kind::Pool) {
            evidence[g].poolCount = pool.counts[g];
            evidence[g].pool = pool.n;
        }
        evidence[g].skew = std::log(std::max<std::uint32_t>(counts[g], 1) / over) - pool.logShare[g];
        evidence[g].spread = draws.spread[g];
        const Interval interval = skewInterval(evidence[g], options.confidence);
        result.groups[g].ciLow = interval.low;
        result.groups[g].ciHigh = interval.high;
    }
    const auto set = [](const Interval& interval, MetricValue& value) {
        value.ciLow = interval.low;
        value.ciHigh = interval.high;
    };
    const bool sharesAddUp = !rules.divideByK || static_cast<std::int64_t>(countedRows) == k;
    RangeInterval range = skewRangeInterval(evidence, sharesAddUp, options.confidence);
    if (rules.maxOfAbsolute)
        range.max = largestAbsolute(range, result.groups);
    if (rules.maxFromZero)
        range.max.low = std::max(range.max.low.value_or(0.0), 0.0);
    set(range.max, result.maxSkew);
    set(range.min, result.minSkew);
    if (rules.ndkl == Rules::Ndkl::PoolWeighted)
        set(centredInterval(*result.ndkl.value, draws.ndkl, options.confidence), result.ndkl);

    const auto setFurther = [&](Further which, Interval interval) {
        MetricValue& value = furtherValue(which, result);
        if (!value.value)
            return;
        if (interval.low)
            interval.low = std::min(*interval.low, *value.value);
        if (interval.high)
            interval.high = std::max(*interval.high, *value.value);
        set(interval, value);
    };
    const auto percentiles = [&](std::vector<double> drawn) {
        const SortedDraws sorted(std::move(drawn));
        return Interval{sorted.quantile((1 - options.confidence) / 2), sorted.quantile((1 + options.confidence) / 2)};
    };
    if (!draws.infeasibleIndex.empty()) {
        setFurther(Further::InfeasibleIndex, percentiles(draws.infeasibleIndex));
        setFurther(Further::InfeasibleCount, percentiles(draws.infeasibleCount));
    }
    setFurther(Further::CountRatio, countRatioInterval(evidence, options.confidence));
    std::vector<SkewEvidence> present;
    std::copy_if(evidence.begin(), evidence.end(), std::back_inserter(present),
                 [](const SkewEvidence& group) { return group.count > 0; });
    setFurther(Further::MinSkewPresent, skewRangeInterval(present, false, options.confidence).min);
    if (pool.bias)
        setFurther(Further::Bias, biasInterval(counts[pool.bias->first], counts[pool.bias->second], draws.biasSpread,
                                               options.confidence));
}

double Meter::Impl::ndklOf(const Ranked& ranked, std::size_t countedRows) const {
    if (rules.ndkl == Rules::Ndkl::PoolWeighted) {
        PoolWeightedSum sum(pool.share);
        for (std::size_t at = 0; at < countedRows; ++at)
            sum.add(ranked.groupAtRank[at]);
        return sum.value();
    }
    const std::size_t ndklLast = ndklRows(countedRows);
    const auto tables = tablesFor(ndklLast);
    NdklSum sum(*tables, pool.groups.size(), ndklLast);
    for (std::size_t at = 0; at < ndklLast; ++at)
        sum.add(ranked.groupAtRank[at]);
    return sum.value(pool.logShare, normaliser(countedRows));
}

/// MaxSkew and MinSkew beyond all draws: their p-value's floor is replaced by the sum over the groups of the exact
/// chances that one reaches the observed value alone (Boole's bound), if that is smaller. A p-value that is at most `a`
/// then needs the bound to be at most `a`, or draws that say so: valid either way.
void Meter::Impl::addExactTails(const SkewRange& range, std::size_t countedRows, double over,
                                Measurement& result) const {
    constexpr double kRounding = 1e-9; // of the skew, against the finding
    const double floor = 1.0 / (options.nullDraws + 1.0);
    std::shared_ptr<const std::vector<CountLaw>> laws;
    const auto bound = [&](MetricValue& value, auto&& chanceOfGroup) {
        if (!value.pValue || *value.pValue > floor * (1 + kRounding))
            return;
        laws = lawsOf(countedRows);
        double sum = 0;
        for (std::size_t g = 0; g < pool.groups.size(); ++g)
            sum += chanceOfGroup(g);
        value.pValue = std::min(*value.pValue, sum);
    };
    // The count at which a group's skew is a given one.
    const auto countAt = [&](std::size_t g, double skew) { return over * std::exp(skew + pool.logShare[g]); };
    const auto reaches = [&](std::size_t g, double skew) {
        if (!std::isfinite(skew)) // of absolute skews: the group is absent
            return (*laws)[g].atMost(0);
        const auto least = static_cast<std::int64_t>(std::ceil(countAt(g, skew - kRounding)));
        double chance = (*laws)[g].atLeast(least);
        if (rules.absentIsOneRow && least <= 1) // absence counts as one row, too
            chance = 1;
        if (rules.maxOfAbsolute)
            chance += (*laws)[g].atMost(static_cast<std::int64_t>(std::floor(countAt(g, -skew + kRounding))));
        return std::min(1.0, chance);
    };
    const auto fallsTo = [&](std::size_t g, double skew) {
        auto most = std::isfinite(skew) ? static_cast<std::int64_t>(std::floor(countAt(g, skew + kRounding))) : 0;
        if (rules.minOfReplaced && most < 1) // an absent group counts as one row and has a larger skew
            return 0.0;
        return (*laws)[g].atMost(most);
    };
    bound(result.maxSkew, [&](std::size_t g) { return range.max > 0 ? reaches(g, range.max) : 1.0; });
    bound(result.minSkew, [&](std::size_t g) { return range.min < 0 ? fallsTo(g, range.min) : 1.0; });
}

void Meter::Impl::addFurther(std::span<const std::uint32_t> counts, const Ranked& ranked, std::size_t countedRows,
                             double over, Measurement& result) const {
    const auto schedule = scheduleOf(countedRows);
    InfeasibleSum infeasible(*schedule);
    for (std::size_t at = 0; at < countedRows; ++at)
        infeasible.add(ranked.groupAtRank[at]);
    const FurtherValues values = furtherOf(counts, over, infeasible, {pool.share, pool.logShare, pool.bias});
    for (std::size_t f = 0; f < kFurther; ++f) {
        const auto which = static_cast<Further>(f);
        NamedValue named;
        named.name = std::string(furtherName(which));
        named.value.value = finite(values[f]);
        named.meaning = std::string(furtherMeaning(which));
        if (which == Further::Bias) {
            if (!pool.bias)
                continue; // no two groups to compare
            const std::string &a = pool.groups[pool.bias->first], &b = pool.groups[pool.bias->second];
            named.meaning += " a: " + a + ", b: " + b + "; above 0: more of " + a + ". 0 where both are absent.";
        }
        result.more.push_back(std::move(named));
    }
    // What a ranking that does not see the attribute tends to as k grows (METHODS A3).
    const auto neutral = [&](Further which, double value) { furtherValue(which, result).neutral = value; };
    double distance = 0, entropy = 0;
    for (std::size_t g = 0; g < pool.groups.size(); ++g) {
        distance += std::abs(pool.poolShare(g) - pool.share[g]) / 2;
        entropy -= pool.poolShare(g) * std::log(pool.poolShare(g));
    }
    const auto [least, most] = std::minmax_element(pool.counts.begin(), pool.counts.end());
    neutral(Further::Kl, result.ndkl.neutral.value_or(0.0));
    neutral(Further::TotalVariation, distance);
    neutral(Further::NormalisedEntropy, entropy / std::log(static_cast<double>(pool.groups.size())));
    neutral(Further::CountRatio, static_cast<double>(*least) / static_cast<double>(*most));
    neutral(Further::MinSkewPresent, result.minSkew.neutral.value_or(0.0));
    if (pool.bias)
        neutral(Further::Bias, biasAtK(pool.counts[pool.bias->first], pool.counts[pool.bias->second]));
}

void Meter::Impl::addFurtherNull(const NullDistribution& null, Measurement& result) const {
    for (std::size_t f = 0; f < kFurther; ++f) {
        const auto which = static_cast<Further>(f);
        const SortedDraws& draws = null.further[f];
        if (draws.empty() || (which == Further::Bias && !pool.bias))
            continue;
        MetricValue& value = furtherValue(which, result);
        if (!value.value)
            continue;
        value.nullMean = draws.mean();
        const FurtherTail tail = furtherTail(which);
        value.nullP95 = draws.quantile(tail == FurtherTail::Lower ? 0.05 : 0.95);
        const double lower = draws.lowerP(*value.value), upper = draws.upperP(*value.value);
        value.pValue = tail == FurtherTail::Upper   ? upper
                       : tail == FurtherTail::Lower ? lower
                                                    : std::min(1.0, 2 * std::min(lower, upper));
    }
}

Outcome<void> Meter::Impl::addDivergenceIntervals(const Ranked& ranked, std::size_t countedRows, Measurement& result,
                                                  Feedback& feedback) const {
    const std::span<const std::uint32_t> order = ranked.groupAtRank;
    const DivergenceEvidence evidence{order.first(countedRows), pool.n, pool.share, pool.target == Target::Kind::Pool};
    // Noise raises what is observed, so the observed value can lie above all that the population may have: the interval
    // shown reaches up to it. The corrected value has the interval as it is.
    const auto set = [](const Interval& interval, MetricValue& value) {
        value.ciLow = std::min(*interval.low, *value.value);
        value.ciHigh = std::max(*interval.high, *value.value);
    };
    const auto divergence = [&](DivergenceKind kind, const DivergenceEvidence& from, double observed,
                                const char* what) {
        return divergenceInterval(from, kind, observed, options.confidence, divergenceDraws,
                                  what + ("/" + pool.attribute), options.seed, feedback);
    };
    MetricValue& kl = furtherValue(Further::Kl, result);
    MetricValue& distance = furtherValue(Further::TotalVariation, result);
    MetricValue& entropy = furtherValue(Further::NormalisedEntropy, result);
    // 1 - H / ln G is the divergence from equal shares over ln G.
    const std::vector<double> equal(pool.groups.size(), 1.0 / static_cast<double>(pool.groups.size()));
    const double scale = std::log(static_cast<double>(pool.groups.size()));
    // Published code may divide by the discounts of more or fewer ranks than it sums over.
    const bool hasNdkl = rules.ndkl != Rules::Ndkl::PoolWeighted;
    const std::size_t ndklLast = hasNdkl ? ndklRows(countedRows) : 0;
    const double divided = hasNdkl ? normaliser(countedRows) / tablesFor(ndklLast)->normaliser(ndklLast) : 1.0;

    using Found = Outcome<DivergenceInterval>;
    Found foundKl, foundDistance, foundEntropy, foundNdkl;
    tbb::this_task_arena::isolate([&] { // as forEachReplicate() is
        // The long one stays on this thread: a thread that waits in here could not help another with it.
        tbb::task_group others;
        others.run([&] { foundKl = divergence(DivergenceKind::Kl, evidence, *kl.value, "kl"); });
        others.run(
            [&] { foundDistance = divergence(DivergenceKind::TotalVariation, evidence, *distance.value, "distance"); });
        others.run([&] {
            foundEntropy = divergence(DivergenceKind::Kl, {evidence.groupAtRank, pool.n, equal, false},
                                      (1 - *entropy.value) * scale, "entropy");
        });
        if (hasNdkl)
            foundNdkl =
                divergence(DivergenceKind::Ndkl, {order.first(ndklLast), pool.n, pool.share, evidence.poolTarget},
                           *result.ndkl.value * divided, "ndkl");
        others.wait();
    });
    PLUMBLINE_TRY(const DivergenceInterval ofKl, std::move(foundKl));
    set(ofKl.interval, kl);
    PLUMBLINE_TRY(const DivergenceInterval ofDistance, std::move(foundDistance));
    set(ofDistance.interval, distance);
    PLUMBLINE_TRY(const DivergenceInterval ofEntropy, std::move(foundEntropy));
    entropy.ciLow = std::clamp(1 - *ofEntropy.interval.high / scale, 0.0, *entropy.value);
    entropy.ciHigh = std::clamp(1 - *ofEntropy.interval.low / scale, *entropy.value, 1.0);

    if (!hasNdkl)
        return {};
    PLUMBLINE_TRY(const DivergenceInterval ofNdkl, std::move(foundNdkl));
    const Interval scaled{*ofNdkl.interval.low / divided, *ofNdkl.interval.high / divided};
    set(scaled, result.ndkl);
    NamedValue corrected;
    corrected.name = "ndkl_corrected";
    corrected.meaning = "NDKL of the population at the same k/n: the value under which the observed NDKL, which noise "
                        "raises, would be the median.";
    corrected.value.value = ofNdkl.corrected / divided;
    corrected.value.ciLow = scaled.low;
    corrected.value.ciHigh = scaled.high;
    corrected.value.neutral = result.ndkl.neutral;
    result.more.push_back(std::move(corrected));
    return {};
}

template <class T>
Result<Measurement> Meter::Impl::describe(std::span<const T> scores) const {
    PLUMBLINE_TRY(const ScoreSummary summary, summarise(scores));
    Measurement result;
    result.notFinite = summary.notNumbers;
    result.scoreMean = summary.mean;
    result.scoreSd = summary.sd.value_or(0.0);
    result.explained = summary.explained;
    result.warnings = warnings;
    warnOfScores(summary, result);
    const std::vector<std::optional<double>> dominance = cliffsDeltas(scores, pool.groupOfRow, pool.groups.size());
    for (std::size_t g = 0; g < pool.groups.size(); ++g) {
        GroupMeasure group;
        group.name = pool.groups[g];
        group.poolCount = pool.counts[g];
        group.meanScore = summary.groupMean[g].value_or(0.0);
        group.gap = summary.gap[g].value_or(0.0);
        if (summary.gap[g] && summary.sd && *summary.sd > 0)
            group.gapInSd = *summary.gap[g] / *summary.sd;
        if (summary.gap[g] && summary.gapError[g]) {
            const double reach = normalQuantile(options.confidence) * *summary.gapError[g];
            group.gapLow = *summary.gap[g] - reach;
            group.gapHigh = *summary.gap[g] + reach;
        }
        group.cliffsDelta = dominance[g];
        result.groups.push_back(std::move(group));
    }
    if (applicable())
        result.decidedByThousandths = decidedByThousandths(summary, options.slightGap);
    return result;
}

Result<Measurement> Meter::Impl::redescribed(const Measurement& scored) const {
    bool samePool = scored.n == pool.n && scored.groups.size() == pool.groups.size();
    for (std::size_t g = 0; samePool && g < pool.groups.size(); ++g)
        samePool = scored.groups[g].name == pool.groups[g] && scored.groups[g].poolCount == pool.counts[g];
    if (!samePool)
        return fail(ErrorCode::InvalidArgument, {{"name", pool.attribute},
                                                 {"value", counted(scored.n, "labelled image")},
                                                 {"expected", "the images and groups that were measured"}});
    Measurement result;
    result.prompt = scored.prompt;
    result.notFinite = scored.notFinite;
    result.scoreMean = scored.scoreMean;
    result.scoreSd = scored.scoreSd;
    result.explained = scored.explained;
    result.relativeSpread = scored.relativeSpread;
    result.decidedByThousandths = scored.decidedByThousandths;
    result.warnings = warnings;
    for (const GroupMeasure& known : scored.groups) {
        GroupMeasure& group = result.groups.emplace_back();
        group.name = known.name;
        group.poolCount = known.poolCount;
        group.meanScore = known.meanScore;
        group.gap = known.gap;
        group.gapLow = known.gapLow;
        group.gapHigh = known.gapHigh;
        group.gapInSd = known.gapInSd;
        group.gapInLogits = known.gapInLogits;
        group.cliffsDelta = known.cliffsDelta;
    }
    return result;
}

Meter::Impl::Place Meter::Impl::addValues(const Ranked& ranked, Measurement& result) const {
    const std::size_t groups = pool.groups.size();
    const std::size_t countedRows = rules.keepTies ? std::size_t{ranked.tieEnd[rows - 1]} : rows;
    Place place{std::vector<std::uint32_t>(groups, 0), countedRows, divisor(countedRows), {}};
    std::vector<std::uint32_t>& counts = place.counts;
    const double over = place.over;
    result.n = pool.n;
    result.k = k;
    result.kEffective = static_cast<std::int64_t>(countedRows);
    result.definition = options.definition;
    result.definitionText = std::string(definitionSentence(options.definition));
    result.target = pool.target;
    result.attribute = pool.attribute;
    result.unlabelled = pool.unlabelled;

    for (std::size_t at = 0; at < countedRows; ++at)
        ++counts[ranked.groupAtRank[at]];
    std::vector<std::string> absent;
    const auto laws = lawsOf(countedRows);
    for (std::size_t g = 0; g < groups; ++g) {
        GroupMeasure& group = result.groups[g];
        group.topCount = counts[g];
        group.poolShare = pool.poolShare(g);
        group.topShare = counts[g] / over;
        group.targetShare = pool.share[g];
        if (const auto test = (*laws)[g].test(counts[g]); test && applicable())
            group.pValue = test->p;
        if (counts[g] == 0)
            absent.push_back(group.name);
    }
    if (!applicable())
        return place;
    warnOfRanking(ranked, countedRows, absent, result);

    place.range = skewRange(counts, over, pool.logShare, rules);
    result.maxSkew.value = finite(place.range.max);
    result.minSkew.value = finite(place.range.min);
    result.ndkl.value = ndklOf(ranked, countedRows);
    for (std::size_t g = 0; g < groups; ++g) {
        result.groups[g].skew = finite(skewOf(counts[g], over, pool.logShare[g], rules));
        if (counts[g] == 0 && !result.minSkew.value)
            result.minSkew.atMost =
                std::min({result.minSkew.atMost.value_or(kInfinity), std::log(1.0 / over) - pool.logShare[g], 0.0});
    }
    setNeutral(pool, result);
    if (rules.ndkl == Rules::Ndkl::PoolWeighted)
        result.ndkl.neutral = 0; // a mean of skews, all 0 then
    return place;
}

Outcome<void> Meter::Impl::addUncertainty(const Ranked& ranked, const Place& place, Measurement& result,
                                          Feedback& feedback) const {
    if (!applicable())
        return {};
    const auto& [counts, countedRows, over, range] = place;
    addFurther(counts, ranked, countedRows, over, result);
    if (options.nullDraws > 0) {
        PLUMBLINE_TRY(const std::shared_ptr<const NullDistribution> null, nullOf(countedRows, feedback));
        addNull(*null, range, counts, over, result);
        addExactTails(range, countedRows, over, result);
    }
    if (options.bootstrapDraws > 0) {
        PLUMBLINE_TRY(const auto plan, bootstrapPlan(feedback));
        PLUMBLINE_TRY(const BootstrapDraws draws, bootstrap(pool, rules, *plan, {ranked.groupAtRank, ranked.tieEnd},
                                                            counts, options.seed, feedback));
        addIntervals(draws, counts, countedRows, over, result);
        PLUMBLINE_CHECK(addDivergenceIntervals(ranked, countedRows, result, feedback));
    }
    return {};
}

/// One rank beyond the top rows shows whether the cut goes through a tie.
Outcome<std::size_t> Meter::Impl::measureNeeds(Feedback& feedback) const {
    if (wholeList() || !applicable() || options.bootstrapDraws <= 0)
        return valuesNeed();
    PLUMBLINE_TRY(const auto plan, bootstrapPlan(feedback));
    return std::min(std::max(rows + 1, plan->reach()), static_cast<std::size_t>(pool.n));
}

template <class T>
Outcome<Measurement> Meter::Impl::measure(std::span<const T> scores, Feedback& feedback) const {
    PLUMBLINE_TRY(Measurement result, describe(scores));
    PLUMBLINE_TRY(const std::size_t prefix, measureNeeds(feedback));
    const Ranked ranked = rank(scores, pool.groupOfRow, prefix, rules);
    const Place place = addValues(ranked, result);
    PLUMBLINE_CHECK(addUncertainty(ranked, place, result, feedback));
    return result;
}

Result<Measurement> Meter::Impl::values(const Ranked& whole, const Measurement& scored) const {
    if (whole.ranks() < valuesNeed())
        return fail(ErrorCode::InvalidArgument, {{"name", "ranks"},
                                                 {"value", std::to_string(whole.ranks())},
                                                 {"expected", "at least " + std::to_string(valuesNeed())}});
    PLUMBLINE_TRY(Measurement result, redescribed(scored));
    addValues(whole, result);
    return result;
}

Outcome<Measurement> Meter::Impl::measure(const Ranked& whole, const Measurement& scored, Feedback& feedback) const {
    PLUMBLINE_TRY(const std::size_t prefix, measureNeeds(feedback));
    if (whole.ranks() < prefix)
        return fail(ErrorCode::InvalidArgument, {{"name", "ranks"},
                                                 {"value", std::to_string(whole.ranks())},
                                                 {"expected", "at least " + std::to_string(prefix)}});
    PLUMBLINE_TRY(Measurement result, redescribed(scored));
    const Ranked ranked = shortened(whole, prefix, rules);
    const Place place = addValues(ranked, result);
    PLUMBLINE_CHECK(addUncertainty(ranked, place, result, feedback));
    return result;
}

Outcome<RankCurve> Meter::Impl::curve(std::span<const float> scores, std::size_t points, Feedback& feedback) const {
    if (!applicable())
        return fail(ErrorCode::AttributeSingleGroup, {{"name", pool.attribute}, {"group", pool.groups.front()}});
    PLUMBLINE_CHECK(summarise(scores));
    const Ranked ranked = rank(scores, pool.groupOfRow, rows, rules);
    const std::size_t groups = pool.groups.size();
    const std::size_t last = rules.keepTies ? std::size_t{ranked.tieEnd[rows - 1]} : rows;
    const std::vector<std::size_t> kept = keptRanks(last, points);

    const auto tables = tablesFor(last);
    /// One ranking's values at the kept ranks: NDKL first, then the shares of the groups.
    const auto trace = [&](auto&& nextGroup, double* values) {
        NdklCurve ndkl(*tables, pool.logShare);
        std::size_t point = 0;
        for (std::size_t at = 1; at <= last; ++at) {
            const double value = ndkl.add(nextGroup());
            if (kept[point] != at)
                continue;
            *values++ = value;
            for (const std::uint32_t count : ndkl.counts())
                *values++ = count / static_cast<double>(at);
            ++point;
        }
    };
    const std::size_t width = kept.size() * (groups + 1);
    std::vector<double> observed(width), drawn(width * kCurveDraws);
    trace([&, at = std::size_t{0}]() mutable { return ranked.groupAtRank[at++]; }, observed.data());
    const std::uint64_t stream = streamId("null-curve/" + pool.attribute);
    const bool done = forEachReplicate(
        kCurveDraws, feedback, [] { return 0; },
        [&](int, std::size_t i) {
            RandomRanking random(pool, options.seed, stream, i);
            trace([&] { return random.next(); }, drawn.data() + i * width);
        });
    if (!done)
        return tl::unexpected(Stop(Cancelled{}));

    RankCurve curve;
    curve.rank.assign(kept.begin(), kept.end());
    std::vector<double> column(kCurveDraws);
    const auto fill = [&](std::size_t offset, std::vector<double>& value, std::vector<double>& low,
                          std::vector<double>& high) {
        for (std::size_t point = 0; point < kept.size(); ++point) {
            const std::size_t at = point * (groups + 1) + offset;
            for (std::size_t i = 0; i < kCurveDraws; ++i)
                column[i] = drawn[i * width + at];
            const SortedDraws sorted(column);
            value.push_back(observed[at]);
            low.push_back(sorted.quantile(0.025));
            high.push_back(sorted.quantile(0.975));
        }
    };
    fill(0, curve.ndkl, curve.ndklNullLow, curve.ndklNullHigh);
    for (std::size_t g = 0; g < groups; ++g) {
        RankCurve::Group& group = curve.groups.emplace_back();
        group.name = pool.groups[g];
        group.target = pool.share[g];
        fill(g + 1, group.share, group.nullLow, group.nullHigh);
    }
    return curve;
}

Outcome<Measurement> Meter::measure(std::span<const double> scores, Feedback& feedback) const {
    return guarded("a measurement", [&] { return m_impl->measure(scores, feedback); });
}

Outcome<Measurement> Meter::measure(std::span<const float> scores, Feedback& feedback) const {
    return guarded("a measurement", [&] { return m_impl->measure(scores, feedback); });
}

Result<Meter> Meter::at(const KSpec& k, int mostDraws) const {
    return guarded("a measurement", [&]() -> Result<Meter> {
        Meter meter;
        meter.m_impl->options = m_impl->options;
        meter.m_impl->options.nullDraws = std::min(m_impl->options.nullDraws, mostDraws);
        meter.m_impl->options.bootstrapDraws = std::min(m_impl->options.bootstrapDraws, mostDraws);
        meter.m_impl->divergenceDraws =
            std::clamp(static_cast<std::size_t>(std::max(0, mostDraws)) / 2, kFewestDivergenceDraws, kDivergenceDraws);
        meter.m_impl->rules = m_impl->rules;
        meter.m_impl->pool = m_impl->pool;
        PLUMBLINE_CHECK(meter.m_impl->setK(k));
        meter.m_impl->inBlocks = mostDraws < std::max(m_impl->options.nullDraws, m_impl->options.bootstrapDraws) &&
                                 meter.m_impl->rows > kLongList && !meter.m_impl->rules.keepTies &&
                                 kLeastShareInBlocks * static_cast<double>(m_impl->pool.n) <=
                                     static_cast<double>(*std::ranges::min_element(m_impl->pool.counts)) &&
                                 meter.m_impl->rules.ndkl == Rules::Ndkl::Prefixes;
        return meter;
    });
}

std::int64_t Meter::k() const {
    return m_impl->k;
}

std::int64_t Meter::images() const {
    return m_impl->pool.n;
}

Result<RankedFront> Meter::front(std::span<const float> scores, std::size_t ranks) const {
    return guarded("a ranking", [&]() -> Result<RankedFront> {
        if (scores.size() != m_impl->pool.groupOfRow.size())
            return fail(ErrorCode::ScoresInvalid,
                        {{"reason", "there are " + std::to_string(scores.size()) + " scores for " +
                                        std::to_string(m_impl->pool.groupOfRow.size()) + " images"}});
        const std::size_t wanted =
            std::min(std::max(ranks, m_impl->valuesNeed()), static_cast<std::size_t>(m_impl->pool.n));
        return rank(scores, m_impl->pool.groupOfRow, wanted, m_impl->rules);
    });
}

std::size_t Meter::valuesNeed() const {
    return m_impl->valuesNeed();
}

Outcome<std::size_t> Meter::measureNeeds(Feedback& feedback) const {
    return guarded("a measurement", [&] { return m_impl->measureNeeds(feedback); });
}

Result<Measurement> Meter::values(const RankedFront& front, const Measurement& scored) const {
    return guarded("a measurement", [&] { return m_impl->values(front, scored); });
}

Result<std::vector<RankedFront>> Meter::fronts(std::span<const std::vector<float>> scores, std::size_t ranks) const {
    return allOf<RankedFront>("a ranking", scores.size(), [&](std::size_t i) { return front(scores[i], ranks); });
}

Result<std::vector<Measurement>> Meter::values(std::span<const RankedFront* const> fronts,
                                               std::span<const Measurement* const> scored) const {
    return allOf<Measurement>("a measurement", fronts.size(),
                              [&](std::size_t i) { return values(*fronts[i], *scored[i]); });
}

Outcome<Measurement> Meter::measure(const RankedFront& front, const Measurement& scored, Feedback& feedback) const {
    return guarded("a measurement", [&] { return m_impl->measure(front, scored, feedback); });
}

Outcome<RankCurve> Meter::curve(std::span<const float> scores, std::size_t points, Feedback& feedback) const {
    return guarded("a curve", [&] { return m_impl->curve(scores, points, feedback); });
}

} // namespace plumbline::metric
