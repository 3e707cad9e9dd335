// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/polarity.h"
#include "core/metric/mean_interval.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/metric/association/effect_size.h"
#include "core/metric/association/partition_test.h"
#include "core/metric/association/vectors.h"
#include "core/metric/family.h"
#include "core/metric/rates.h"

namespace plumbline::metric {

namespace {

std::string number(double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

} // namespace

double polarityScore(double positive, double negative, double logitScale) {
    return 1 / (1 + std::exp(logitScale * (negative - positive)));
}

Outcome<MeasureTable> polarityTable(std::span<const PolarityScale> scales, double logitScale,
                                    const Attribute& attribute, const Resampling& options, Feedback& feedback) {
    if (!(logitScale > 0) || !std::isfinite(logitScale))
        return unusableArgument("logit scale", std::to_string(logitScale), "a positive number");
    const std::vector<std::int64_t> labelled = attribute.counts();
    const auto present = std::ranges::count_if(labelled, [](std::int64_t count) { return count > 0; });
    if (present == 0)
        return tl::unexpected<Stop>(Error{ErrorCode::AttributeEmpty, {{"name", attribute.name}}, {}});
    if (present == 1) {
        const auto only = std::ranges::find_if(labelled, [](std::int64_t count) { return count > 0; });
        return tl::unexpected<Stop>(Error{
            ErrorCode::AttributeSingleGroup,
            {{"name", attribute.name}, {"group", attribute.groups[static_cast<std::size_t>(only - labelled.begin())]}},
            {}});
    }
    MeasureTable table;
    table.id = "polarity";
    table.title = "Polarity scales";
    table.definition = "An image's score is the softmax of its cosines with two opposite prompts (logit scale " +
                       number(logitScale) +
                       "): 1 = all on the first one's side, 0 = on the second one's. mean_score: of the group; gap: "
                       "the group's mean - that "
                       "of all other labelled images; range: largest - smallest group mean. Intervals are over images; "
                       "p of a gap: two-sided, "
                       "random labels. A reconstruction: no paper defines the comparison of groups.";
    table.source = "Plumbline (two-prompt softmax as in CLIP-IQA: Wang, Chan and Loy, AAAI 2023)";
    table.countOf = "images";
    table.keys = {"scale", attribute.name};
    std::int64_t done = 0;
    for (const PolarityScale& scale : scales) {
        feedback.progress("polarity", done++, static_cast<std::int64_t>(scales.size()));
        if (scale.positive.size() != attribute.codes.size() || scale.negative.size() != attribute.codes.size())
            return unusableArgument(scale.name,
                                    std::to_string(scale.positive.size()) + " and " +
                                        std::to_string(scale.negative.size()) + " cosines",
                                    "one for each of " + std::to_string(attribute.codes.size()) + " images");
        std::vector<std::vector<double>> byGroup(attribute.groups.size());
        std::int64_t leftOut = 0;
        for (std::size_t i = 0; i < attribute.codes.size(); ++i) {
            const std::int32_t code = attribute.codes[i];
            if (code < 0 || static_cast<std::size_t>(code) >= byGroup.size())
                continue;
            if (std::isfinite(scale.positive[i]) && std::isfinite(scale.negative[i]))
                byGroup[static_cast<std::size_t>(code)].push_back(polarityScore(
                    static_cast<double>(scale.positive[i]), static_cast<double>(scale.negative[i]), logitScale));
            else
                ++leftOut;
        }
        if (leftOut > 0)
            table.warnings.push_back(
                scale.name + ": " + std::to_string(leftOut) + (leftOut == 1 ? " image has" : " images have") +
                " a cosine that is not a number and " + (leftOut == 1 ? "is" : "are") + " left out.");
        const auto withScores = std::ranges::count_if(byGroup, [](const auto& group) { return !group.empty(); });
        const double strict = 1 - (1 - options.confidence) / std::max<double>(1, static_cast<double>(withScores));
        std::vector<Estimate> means;
        bool allEnough = true, allIntervals = true;
        std::int64_t n = 0;
        std::vector<std::int64_t> tested;
        for (std::size_t g = 0; g < byGroup.size(); ++g) {
            const std::vector<double>& own = byGroup[g];
            if (own.empty())
                continue;
            std::vector<double> all = own;
            for (std::size_t h = 0; h < byGroup.size(); ++h)
                if (h != g)
                    all.insert(all.end(), byGroup[h].begin(), byGroup[h].end());
            const auto others = std::span<const double>(all).subspan(own.size());
            const auto count = static_cast<std::int64_t>(own.size());
            n = static_cast<std::int64_t>(all.size());
            MeasureRow mean{{scale.name, attribute.groups[g]}, "mean_score", {}, count, count >= options.minGroup};
            double sum = 0;
            for (const double score : own)
                sum += score;
            mean.value.value = sum / static_cast<double>(count);
            const Interval interval = meanInterval(own, options.confidence).interval;
            // A mean of scores from 0 to 1 is one too.
            const auto clipped = [](Interval ends) {
                if (ends.low)
                    ends.low = std::max(0.0, *ends.low);
                if (ends.high)
                    ends.high = std::min(1.0, *ends.high);
                return ends;
            };
            setInterval(mean.value, clipped(interval));
            const Interval wide = meanInterval(own, strict).interval;
            allIntervals = allIntervals && interval.low.has_value();
            means.push_back({*mean.value.value, clipped(interval), clipped(wide)});
            allEnough = allEnough && mean.enough;
            table.rows.push_back(std::move(mean));
            if (others.empty())
                continue;
            MeasureRow gap{
                {scale.name, attribute.groups[g]}, "gap", {}, count, std::min(count, n - count) >= options.minGroup};
            gap.value.value = effectSize(own, others, 1).difference;
            setInterval(gap.value, meanDifferenceInterval(own, others, options.confidence));
            if (options.nullDraws > 0) {
                const std::int64_t draws = std::min<std::int64_t>(options.nullDraws, Partitions::kMost - 1) + 1;
                PLUMBLINE_TRY(const std::vector<PartitionTest> tests,
                              partitionTests(all, 1, own.size(), 1, "polarity/" + attribute.groups[g],
                                             {draws, draws, options.seed}, feedback));
                gap.value.pValue = tests[0].twoSided;
                gap.value.nullMean = 0.0;
                gap.value.nullP95 = tests[0].size95;
            }
            table.rows.push_back(std::move(gap));
        }
        if (withScores < 2) {
            table.warnings.push_back(scale.name + ": fewer than two groups have scores, so there is no gap.");
            continue;
        }
        const auto [smallest, largest] = std::ranges::minmax_element(means, {}, &Estimate::value);
        MeasureRow range{{scale.name, ""}, "range", {}, n, allEnough};
        range.value.value = largest->value - smallest->value;
        if (allIntervals)
            setInterval(range.value, extremesInterval(means).range);
        table.rows.push_back(std::move(range));
    }
    // Of two groups the gaps mirror each other: one test, corrected once.
    MeasureTable family;
    std::vector<std::size_t> from(table.rows.size());
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const bool second = present == 2 && i >= 2 && table.rows[i].measure == "gap" &&
                            table.rows[i - 2].measure == "gap" &&
                            table.rows[i - 2].keys.front() == table.rows[i].keys.front();
        if (second) // random labels would give a slightly different p
            for (auto field : {&MetricValue::pValue, &MetricValue::nullP95})
                table.rows[i].value.*field = table.rows[i - 2].value.*field;
        else
            family.rows.push_back(table.rows[i]);
        from[i] = second ? from[i - 2] : family.rows.size() - 1;
    }
    correctFamily(family, "gaps of all scales and groups");
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        table.rows[i].value.adjustedP = family.rows[from[i]].value.adjustedP;
        table.rows[i].value.falseDiscovery = family.rows[from[i]].value.falseDiscovery;
    }
    table.family = family.family;
    return table;
}

} // namespace plumbline::metric
