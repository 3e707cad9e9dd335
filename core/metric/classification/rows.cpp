// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/rows.h"

#include <algorithm>
#include <cmath>

#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

tl::unexpected<Error> wrong(std::string_view name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::string(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

} // namespace

MetricValue valueOf(const Rate& rate) {
    MetricValue value;
    value.value = rate.value;
    setInterval(value, {rate.low, rate.high});
    return value;
}

MetricValue valueOf(double number, const Interval& interval) {
    MetricValue value;
    value.value = number;
    setInterval(value, interval);
    return value;
}

double strictConfidence(double confidence, std::size_t alternatives) {
    return 1 - (1 - confidence) / static_cast<double>(std::max<std::size_t>(alternatives, 1));
}

Estimate estimateOf(const Rate& rate, double confidence, std::size_t alternatives) {
    const Rate own = wilson(rate.count, rate.n, confidence);
    const Rate strict = wilson(rate.count, rate.n, strictConfidence(confidence, alternatives));
    return {own.value.value_or(0), {own.low, own.high}, {strict.low, strict.high}};
}

MeasureRow& addRow(MeasureTable& table, std::vector<std::string> keys, std::string_view measure, MetricValue value,
                   std::int64_t n, bool enough) {
    MeasureRow row;
    row.keys = std::move(keys);
    row.measure = measure;
    row.value = std::move(value);
    row.n = n;
    row.enough = enough;
    table.rows.push_back(std::move(row));
    return table.rows.back();
}

Extremes extremesOf(std::span<const Estimate> estimates) {
    Extremes result{estimates[0].value, estimates[0].value, extremesInterval(estimates)};
    for (const Estimate& estimate : estimates) {
        result.max = std::max(result.max, estimate.value);
        result.min = std::min(result.min, estimate.value);
    }
    return result;
}

Combined combine(std::span<const double> weights, std::span<const double> values, std::span<const Interval> intervals) {
    Combined result;
    double down = 0, up = 0;
    bool hasLow = true, hasHigh = true;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        result.value += weights[i] * values[i];
        if (weights[i] == 0)
            continue;
        const auto& low = weights[i] > 0 ? intervals[i].low : intervals[i].high;
        const auto& high = weights[i] > 0 ? intervals[i].high : intervals[i].low;
        hasLow = hasLow && low;
        hasHigh = hasHigh && high;
        down += low ? std::pow(weights[i] * (values[i] - *low), 2) : 0;
        up += high ? std::pow(weights[i] * (values[i] - *high), 2) : 0;
    }
    if (hasLow)
        result.interval.low = result.value - std::sqrt(down);
    if (hasHigh)
        result.interval.high = result.value + std::sqrt(up);
    return result;
}

Combined meanOfGaps(std::span<const double> gaps, std::span<const Interval> own, std::span<const Interval> strict) {
    const std::vector<double> weights(gaps.size(), 1.0 / static_cast<double>(gaps.size()));
    Combined result = combine(weights, gaps, own);
    double low = 0;
    for (std::size_t i = 0; i < gaps.size(); ++i)
        low += weights[i] * strict[i].low.value_or(0);
    result.interval.low = low;
    return result;
}

Combined rmsOfGaps(std::span<const double> gaps, std::span<const Interval> own, std::span<const Interval> strict) {
    const auto size = static_cast<double>(gaps.size());
    Combined result;
    double low = 0, slope = 0, reach = 0;
    bool hasHigh = true;
    for (std::size_t i = 0; i < gaps.size(); ++i) {
        result.value += gaps[i] * gaps[i] / size;
        low += std::pow(strict[i].low.value_or(0), 2) / size;
        hasHigh = hasHigh && own[i].high;
        const double up = own[i].high.value_or(gaps[i]) - gaps[i];
        slope += std::pow(gaps[i] * up / size, 2);
        reach += up * up / size;
    }
    result.value = std::sqrt(result.value);
    result.interval.low = std::sqrt(low);
    // The delta method; its slope is not defined at 0, where the distance is that of the ends themselves.
    if (hasHigh)
        result.interval.high = result.value + (result.value > 0 ? std::sqrt(slope) / result.value : std::sqrt(reach));
    return result;
}

Kept keep(const Attribute& attribute, const std::vector<bool>& usable, std::string_view whyNot, MeasureTable& table) {
    Kept kept;
    std::vector<std::int64_t> counts(attribute.groups.size());
    std::int64_t unlabelled = 0, unusable = 0;
    for (std::size_t i = 0; i < attribute.codes.size(); ++i) {
        if (attribute.codes[i] < 0)
            ++unlabelled;
        else if (!usable[i])
            ++unusable;
        else
            ++counts[static_cast<std::size_t>(attribute.codes[i])];
    }
    std::vector<std::int32_t> places(attribute.groups.size(), -1);
    std::vector<std::string> empty;
    for (std::size_t g = 0; g < counts.size(); ++g) {
        if (counts[g] == 0) {
            empty.push_back(attribute.groups[g]);
            continue;
        }
        places[g] = static_cast<std::int32_t>(kept.names.size());
        kept.names.push_back(attribute.groups[g]);
        kept.counts.push_back(counts[g]);
    }
    for (std::size_t i = 0; i < attribute.codes.size(); ++i)
        if (attribute.codes[i] >= 0 && usable[i]) {
            kept.rows.push_back(static_cast<std::uint32_t>(i));
            kept.group.push_back(places[static_cast<std::size_t>(attribute.codes[i])]);
        }
    if (unlabelled > 0)
        table.warnings.push_back(counted(unlabelled, "image") + " without a value for " + attribute.name +
                                 (unlabelled == 1 ? " takes" : " take") + " no part.");
    if (unusable > 0)
        table.warnings.push_back(counted(unusable, "image") + " " + std::string(whyNot) +
                                 (unusable == 1 ? " takes" : " take") + " no part.");
    if (!empty.empty())
        table.warnings.push_back("No image that takes part has " + attribute.name + " " + listed(empty) + ".");
    if (kept.names.size() == 1)
        table.warnings.push_back("Every image that takes part has the same " + attribute.name + ", “" + kept.names[0] +
                                 "”: there is nothing to compare.");
    return kept;
}

Result<void> checkSize(std::string_view name, std::size_t size, std::size_t expected) {
    if (size != expected)
        return wrong(name, std::to_string(size), "one for each of " + std::to_string(expected) + " images");
    return {};
}

Result<void> check(const Attribute& attribute, std::size_t rows) {
    PLUMBLINE_CHECK(checkSize("the groups of " + attribute.name, attribute.codes.size(), rows));
    for (const std::int32_t code : attribute.codes)
        if (code >= 0 && static_cast<std::size_t>(code) >= attribute.groups.size())
            return wrong("a group of " + attribute.name, std::to_string(code),
                         "less than " + std::to_string(attribute.groups.size()));
    return {};
}

Result<void> check(const Classified& classified) {
    PLUMBLINE_CHECK(checkSize("the predictions", classified.predicted.size(), classified.truth.size()));
    for (const auto* codes : {&classified.truth, &classified.predicted})
        for (const std::int32_t code : *codes)
            if (code >= 0 && static_cast<std::size_t>(code) >= classified.classes.size())
                return wrong(codes == &classified.truth ? "a true class" : "a predicted class", std::to_string(code),
                             "less than " + std::to_string(classified.classes.size()));
    return {};
}

Result<void> check(const Resampling& options) {
    if (!(options.confidence > 0 && options.confidence < 1))
        return wrong("the confidence", std::to_string(options.confidence), "between 0 and 1");
    if (options.minGroup < 0)
        return wrong("the smallest group", std::to_string(options.minGroup), "at least 0");
    return {};
}

} // namespace plumbline::metric
