// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/harm.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/numbers.h"
#include "core/metric/classification/paired_rates.h"
#include "core/metric/classification/rows.h"
#include "core/metric/family.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

constexpr std::string_view kAny = "any harm";

/// The categories in the order of their first class, and "any harm" behind them where there are several.
struct Categories {
    std::vector<std::string> names;
    std::vector<std::int32_t> of; ///< one a class; -1: no harm

    explicit Categories(std::span<const HarmClass> classes) {
        for (const HarmClass& one : classes) {
            const auto found = std::ranges::find(names, one.category);
            of.push_back(one.category.empty() ? -1 : static_cast<std::int32_t>(found - names.begin()));
            if (!one.category.empty() && found == names.end())
                names.push_back(one.category);
        }
        if (names.size() > 1)
            names.emplace_back(kAny);
    }
    /// Whether a class falls in a category; the last of several is any.
    bool has(std::size_t category, std::int32_t predicted) const {
        if (predicted < 0)
            return false;
        const std::int32_t own = of[static_cast<std::size_t>(predicted)];
        return own == static_cast<std::int32_t>(category) ||
               (own >= 0 && names.size() > 1 && category + 1 == names.size());
    }
};

/// argmax over the classes of `mask`, the lowest index wins; -1 for a row with a NaN among them.
std::vector<std::int32_t> predictAmong(std::span<const float> scores, std::size_t classes,
                                       const std::vector<bool>& mask) {
    std::vector<std::int32_t> best(scores.size() / classes, -1);
    for (std::size_t i = 0; i < best.size(); ++i) {
        float highest = 0;
        for (std::size_t c = 0; c < classes; ++c) {
            if (!mask[c])
                continue;
            const float score = scores[i * classes + c];
            if (std::isnan(score)) {
                best[i] = -1;
                break;
            }
            if (best[i] < 0 || score > highest) {
                best[i] = static_cast<std::int32_t>(c);
                highest = score;
            }
        }
    }
    return best;
}

MeasureTable rateTable(std::string_view attribute) {
    MeasureTable table;
    table.countOf = "images";
    table.source = "Radford et al., arXiv 2103.00020, section 7.1";
    table.keys = {"category", std::string(attribute)};
    return table;
}

/// Rate of each group, each group against the others, the range. `hit(i)`: of a kept row.
template <class Hit>
Outcome<void> addRates(MeasureTable& table, const std::string& key, const Kept& kept, const Resampling& options,
                       Feedback& feedback, const std::string& stream, const Hit& hit) {
    const std::size_t groups = kept.names.size();
    std::vector<std::int64_t> hits(groups);
    std::vector<std::uint8_t> isHit(kept.rows.size());
    std::int64_t all = 0;
    for (std::size_t i = 0; i < kept.rows.size(); ++i) {
        isHit[i] = hit(i);
        hits[static_cast<std::size_t>(kept.group[i])] += isHit[i];
        all += isHit[i];
    }
    const auto n = static_cast<std::int64_t>(kept.rows.size());
    addRow(table, {key, ""}, "rate", valueOf(wilson(all, n, options.confidence)), n, n >= options.minGroup);
    std::vector<Estimate> estimates;
    std::vector<std::size_t> large;
    const auto eligible = static_cast<std::size_t>(
        std::ranges::count_if(kept.counts, [&](std::int64_t count) { return count >= cellFloor(options); }));
    for (std::size_t g = 0; g < groups; ++g) {
        const Rate rate = wilson(hits[g], kept.counts[g], options.confidence);
        addRow(table, {key, kept.names[g]}, "rate", valueOf(rate), rate.n, rate.n >= options.minGroup);
        if (rate.n >= cellFloor(options)) {
            estimates.push_back(estimateOf(rate, options.confidence, eligible));
            large.push_back(g);
        }
    }
    if (groups < 2)
        return {};
    for (std::size_t g = 0; g < groups; ++g) {
        const Rate rate = wilson(hits[g], kept.counts[g], options.confidence);
        const Rate others = wilson(all - hits[g], n - kept.counts[g], options.confidence);
        MetricValue value = valueOf(*rate.value - *others.value, rateDifference(rate, others, options.confidence));
        value.pValue = fisherExact(rate, others);
        addRow(table, {key, kept.names[g]}, "rate_difference", value, rate.n,
               std::min(rate.n, others.n) >= options.minGroup);
        if (groups == 2)
            break; // the other group's is its negative
    }
    if (estimates.size() < 2)
        return {};
    const Extremes extremes = extremesOf(estimates);
    MetricValue spread = valueOf(extremes.max - extremes.min, extremes.interval.range);
    if (options.nullDraws > 0) {
        const auto statistics = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
            std::vector<std::int64_t> drawn(groups);
            for (std::size_t i = 0; i < rows.size(); ++i)
                drawn[static_cast<std::size_t>(kept.group[rows[i]])] += isHit[i];
            double low = 2, high = -1;
            for (const std::size_t g : large) {
                const double rate = static_cast<double>(drawn[g]) / static_cast<double>(kept.counts[g]);
                low = std::min(low, rate);
                high = std::max(high, rate);
            }
            out[0] = high - low;
        };
        PLUMBLINE_TRY(const Draws draws, permuteRows(kept.rows.size(), {}, 1, stream, options, statistics, feedback));
        setNull(spread, draws[0], Tail::Upper);
        if (groups == 2)
            spread.pValue.reset(); // Fisher's p of the difference is that test
    }
    addRow(table, {key, ""}, "rate_range", spread, n, true);
    return {};
}

Result<void> checkClasses(std::span<const HarmClass> classes) {
    bool harm = false, none = false;
    std::set<std::string_view> seen;
    for (const HarmClass& one : classes) {
        if (!one.extra)
            (one.category.empty() ? none : harm) = true;
        if (!seen.insert(one.name).second)
            return fail(ErrorCode::ScoresInvalid, {{"reason", "the class “" + one.name + "” occurs twice"}});
    }
    if (!harm || !none)
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", harm ? "every class is in a category of harm" : "no class is in a category of harm"}});
    return {};
}

std::vector<std::string> namesIn(std::span<const HarmClass> classes, const Categories& categories) {
    std::vector<std::string> sentences;
    for (std::size_t k = 0; k < categories.names.size(); ++k) {
        if (categories.names[k] == kAny)
            continue;
        std::vector<std::string> names;
        for (std::size_t c = 0; c < classes.size(); ++c)
            if (categories.of[c] == static_cast<std::int32_t>(k) && !classes[c].extra)
                names.push_back(classes[c].name);
        sentences.push_back(categories.names[k] + " (" + listed(names) + ")");
    }
    return sentences;
}

Outcome<MeasureTable> ratesOf(std::span<const std::int32_t> predicted, std::span<const HarmClass> classes,
                              const Attribute& attribute, const Resampling& options, Feedback& feedback) {
    const Categories categories(classes);
    MeasureTable table = rateTable(attribute.name);
    table.id = "harm_rates";
    table.title = "Harmful labels by " + attribute.name;
    table.definition =
        "Share of a group's images whose highest-scoring class of " +
        std::to_string(std::ranges::count(classes, false, &HarmClass::extra)) +
        " is in a category: " + listed(namesIn(classes, categories)) +
        ". rate_difference: the group minus all others; rate_range: highest minus lowest group. 0 is no harm, and "
        "even. "
        "Intervals are over images (Wilson, Newcombe); p is Fisher's exact, of the range that of permuted groups. The "
        "rates depend on the label set as much as on the model.";
    std::vector<bool> usable(predicted.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] = predicted[i] >= 0;
    const Kept kept = keep(attribute, usable, "with a score that is not a number", table);
    if (kept.rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    for (std::size_t k = 0; k < categories.names.size(); ++k)
        PLUMBLINE_CHECK(addRates(table, categories.names[k], kept, options, feedback,
                                 "harm/" + attribute.name + "/" + categories.names[k],
                                 [&](std::size_t i) { return categories.has(k, predicted[kept.rows[i]]); }));
    correctFamily(table, "each group against all others in each category, and the ranges");
    return table;
}

/// A label set: which classes take part, and how it differs from the base set.
struct LabelSet {
    std::string name;
    std::vector<bool> mask;
};

} // namespace

std::vector<HarmClass> harmClasses(const ProbeSet& labels) {
    std::vector<HarmClass> classes;
    for (const Concept& label : labels.concepts) {
        constexpr std::string_view kExtra = "extra";
        const bool extra = label.group == kExtra || label.group.starts_with("extra ");
        classes.push_back(
            {label.text, extra ? std::string(trim(label.group.substr(kExtra.size()))) : label.group, extra});
    }
    return classes;
}

Outcome<MeasureTable> harmRates(std::span<const std::int32_t> predicted, std::span<const HarmClass> classes,
                                const Attribute& attribute, const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    PLUMBLINE_CHECK(check(attribute, predicted.size()));
    PLUMBLINE_CHECK(checkClasses(classes));
    for (const std::int32_t code : predicted)
        if (code >= 0 && static_cast<std::size_t>(code) >= classes.size())
            return fail(ErrorCode::InvalidArgument, {{"name", "a predicted class"},
                                                     {"value", std::to_string(code)},
                                                     {"expected", "less than " + std::to_string(classes.size())}});
    return ratesOf(predicted, classes, attribute, options, feedback);
}

Outcome<HarmTables> harmRates(std::span<const float> scores, std::span<const HarmClass> classes,
                              const Attribute& attribute, const HarmOptions& options, Feedback& feedback) {
    const Resampling& resampling = options.resampling;
    PLUMBLINE_CHECK(check(resampling));
    PLUMBLINE_CHECK(checkClasses(classes));
    PLUMBLINE_CHECK(checkSize("the scores", scores.size(), attribute.codes.size() * classes.size()));
    PLUMBLINE_CHECK(check(attribute, scores.size() / classes.size()));

    std::vector<bool> base(classes.size());
    for (std::size_t c = 0; c < classes.size(); ++c)
        base[c] = !classes[c].extra;
    std::vector<std::int32_t> predicted = predictAmong(scores, classes.size(), base);
    HarmTables tables;
    PLUMBLINE_TRY(tables.rates, ratesOf(predicted, classes, attribute, resampling, feedback));

    MeasureTable& table = tables.ablation;
    table = rateTable(attribute.name);
    table.id = "harm_label_sets";
    table.title = "Harmful labels by label set and " + attribute.name;
    table.definition =
        "The harm rates again with one class of the label set left out, or one added. rate: share of images whose "
        "highest-scoring class is in the category; change: that minus the rate with the full set. The images are the "
        "same, so the interval is that of a paired difference (Newcombe) and p McNemar's exact.";
    table.keys = {"label set", "category", attribute.name};
    if (!options.ablation)
        return tables;

    std::vector<LabelSet> sets;
    for (std::size_t c = 0; c < classes.size(); ++c) {
        LabelSet set{(base[c] ? "without “" : "with “") + classes[c].name + "”", base};
        set.mask[c] = !base[c];
        if (std::ranges::count(set.mask, true) > 0)
            sets.push_back(std::move(set));
    }
    // An image that lacks a number in any column would be in one set and not in another.
    std::vector<bool> usable(predicted.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] = std::ranges::none_of(scores.subspan(i * classes.size(), classes.size()),
                                         [](float score) { return std::isnan(score); });
    const Kept kept = keep(attribute, usable, "with a score that is not a number", table);
    const Categories categories(classes);
    const auto groups = static_cast<std::int32_t>(kept.names.size());
    for (std::size_t s = 0; s < sets.size(); ++s) {
        feedback.progress("label-sets", static_cast<std::int64_t>(s), static_cast<std::int64_t>(sets.size()));
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        const std::vector<std::int32_t> now = predictAmong(scores, classes.size(), sets[s].mask);
        for (std::size_t k = 0; k < categories.names.size(); ++k) {
            std::vector<PairedCounts> counts(static_cast<std::size_t>(groups) + 1); // all of them last
            for (std::size_t i = 0; i < kept.rows.size(); ++i) {
                const bool after = categories.has(k, now[kept.rows[i]]);
                const bool before = categories.has(k, predicted[kept.rows[i]]);
                for (const std::size_t g : {static_cast<std::size_t>(kept.group[i]), counts.size() - 1})
                    ++(after ? (before ? counts[g].both : counts[g].first)
                             : (before ? counts[g].second : counts[g].neither));
            }
            const auto add = [&](std::size_t g, const std::string& group) {
                const PairedCounts& of = counts[g];
                const bool enough = of.n() >= resampling.minGroup;
                addRow(table, {sets[s].name, categories.names[k], group}, "rate",
                       valueOf(wilson(of.both + of.first, of.n(), resampling.confidence)), of.n(), enough);
                if (of.n() == 0)
                    return;
                MetricValue change = valueOf(*pairedDifference(of), pairedInterval(of, resampling.confidence));
                change.pValue = mcNemarExact(of);
                addRow(table, {sets[s].name, categories.names[k], group}, "change", change, of.n(), enough);
            };
            add(counts.size() - 1, "");
            if (options.ablationByGroup && groups > 1)
                for (std::size_t g = 0; g + 1 < counts.size(); ++g)
                    add(g, kept.names[g]);
        }
    }
    correctFamily(table, "the changes in every label set, category and group");
    return tables;
}

Outcome<MeasureTable> labelsAtThreshold(std::span<const double> probabilities, std::span<const std::string> labels,
                                        double threshold, const Attribute& attribute, const Resampling& options,
                                        Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    PLUMBLINE_CHECK(checkSize("the probabilities", probabilities.size(), attribute.codes.size() * labels.size()));
    PLUMBLINE_CHECK(check(attribute, attribute.codes.size()));
    if (!(threshold > 0 && threshold < 1))
        return fail(ErrorCode::InvalidArgument, {{"name", "the threshold"},
                                                 {"value", formatDouble(threshold)},
                                                 {"expected", "a probability between 0 and 1"}});
    MeasureTable table = rateTable(attribute.name);
    table.id = "labels_at_threshold";
    table.title = "Labels with a probability of " + formatDouble(threshold) + " or more, by " + attribute.name;
    table.definition = "Share of a group's images to which the label is given with a softmax probability of at least " +
                       formatDouble(threshold) +
                       ". rate_difference: the group minus all others; rate_range: highest minus lowest group; 0 is "
                       "even. Intervals are "
                       "over images (Wilson, Newcombe); p is Fisher's exact, of the range that of permuted groups.";
    table.keys = {"label", attribute.name};
    std::vector<bool> usable(attribute.codes.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] = std::ranges::none_of(probabilities.subspan(i * labels.size(), labels.size()),
                                         [](double p) { return std::isnan(p); });
    const Kept kept = keep(attribute, usable, "with a probability that is not a number", table);
    if (kept.rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    for (std::size_t c = 0; c < labels.size(); ++c)
        PLUMBLINE_CHECK(
            addRates(table, labels[c], kept, options, feedback, "labels/" + attribute.name + "/" + labels[c],
                     [&](std::size_t i) { return probabilities[kept.rows[i] * labels.size() + c] >= threshold; }));
    correctFamily(table, "each group against all others for each label, and the ranges");
    return table;
}

} // namespace plumbline::metric
