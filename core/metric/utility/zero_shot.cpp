// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/utility/zero_shot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/metric/family.h"
#include "core/metric/parallel.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

constexpr std::array<std::int64_t, 2> kTops = {1, 5};
constexpr std::array<const char*, 2> kTopNames = {"top1", "top5"};

/// Of five classes and fewer every image's class is among the first five.
std::size_t topsOf(std::size_t classes) {
    return classes > 5 ? 2 : 1;
}

/// What takes part: the true class, whether it was among the first 1 and 5, and the group.
struct Judged {
    std::vector<std::int32_t> label, group; ///< group negative: no value of the attribute
    std::vector<std::array<std::uint8_t, 2>> hit;
    std::size_t size() const { return label.size(); }
};

MetricValue valueOf(const Rate& rate) {
    MetricValue value;
    value.value = rate.value;
    value.ciLow = rate.low;
    value.ciHigh = rate.high;
    return value;
}

Rate rateOf(const Judged& judged, std::size_t top, std::int32_t group, double confidence) {
    std::int64_t hits = 0, n = 0;
    for (std::size_t i = 0; i < judged.size(); ++i)
        if (group < 0 || judged.group[i] == group) {
            ++n;
            hits += judged.hit[i][top];
        }
    return wilson(hits, n, confidence);
}

/// Mean over the classes that have an image of the share of hits, of the given images (with repetitions).
class ClassMean {
public:
    explicit ClassMean(std::size_t classes) : m_hits(classes), m_images(classes) {}
    template <class Rows>
    double of(const Judged& judged, const Rows& rows, std::size_t top) {
        std::ranges::fill(m_hits, 0);
        std::ranges::fill(m_images, 0);
        for (const auto row : rows) {
            const auto label = static_cast<std::size_t>(judged.label[row]);
            ++m_images[label];
            m_hits[label] += judged.hit[row][top];
        }
        double sum = 0;
        int present = 0;
        for (std::size_t c = 0; c < m_hits.size(); ++c)
            if (m_images[c] > 0) {
                sum += static_cast<double>(m_hits[c]) / static_cast<double>(m_images[c]);
                ++present;
            }
        return present > 0 ? sum / present : std::nan("");
    }

private:
    std::vector<std::int64_t> m_hits, m_images;
};

/// Rows of one group (all for a negative one).
std::vector<std::uint32_t> rowsOf(const Judged& judged, std::int32_t group) {
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < judged.size(); ++i)
        if (group < 0 || judged.group[i] == group)
            rows.push_back(static_cast<std::uint32_t>(i));
    return rows;
}

Outcome<std::array<MetricValue, 2>> classMeans(const Judged& judged, std::size_t classes, std::int32_t group,
                                               const Resampling& options, Feedback& feedback) {
    std::array<MetricValue, 2> result;
    const std::vector<std::uint32_t> rows = rowsOf(judged, group);
    if (rows.empty())
        return result;
    std::vector<std::int32_t> strata(judged.size(), -1);
    for (const std::uint32_t row : rows)
        strata[row] = judged.label[row];
    PLUMBLINE_TRY(const Draws draws, bootstrapWithinGroups(
                                         strata, 2, "class-mean/" + std::to_string(group), options,
                                         [&](std::span<const std::uint32_t> drawn, std::span<double> values) {
                                             ClassMean mean(classes);
                                             for (std::size_t top = 0; top < 2; ++top)
                                                 values[top] = mean.of(judged, drawn, top);
                                         },
                                         feedback));
    // A class whose images are all right (or all wrong) has no spread in a resample, although another sample of it
    // would have. Wilson's interval of each such class says how much; its share of the mean's variance is added.
    ClassMean mean(classes);
    for (std::size_t top = 0; top < 2; ++top) {
        result[top].value = mean.of(judged, rows, top);
        std::vector<std::int64_t> hits(classes, 0), images(classes, 0);
        for (const std::uint32_t row : rows) {
            ++images[static_cast<std::size_t>(judged.label[row])];
            hits[static_cast<std::size_t>(judged.label[row])] += judged.hit[row][top];
        }
        const auto present = static_cast<double>(std::ranges::count_if(images, [](std::int64_t n) { return n > 0; }));
        double below = 0, above = 0;
        for (std::size_t c = 0; c < classes; ++c) {
            if (images[c] == 0 || (hits[c] > 0 && hits[c] < images[c]))
                continue;
            const Rate rate = wilson(hits[c], images[c], options.confidence);
            below += std::pow((*rate.value - *rate.low) / present, 2);
            above += std::pow((*rate.high - *rate.value) / present, 2);
        }
        const Interval drawn = percentileInterval(draws[top], options.confidence);
        if (drawn.low && drawn.high) {
            const double value = *result[top].value;
            result[top].ciLow = std::max(0.0, value - std::hypot(value - *drawn.low, std::sqrt(below)));
            result[top].ciHigh = std::min(1.0, value + std::hypot(*drawn.high - value, std::sqrt(above)));
        }
    }
    return result;
}

/// Largest minus smallest top-1 and top-5 accuracy over the groups with an image.
std::array<double, 2> ranges(const Judged& judged, std::span<const std::int32_t> groupOf, std::size_t groups) {
    std::vector<std::int64_t> n(groups, 0), hits(groups * 2, 0);
    for (std::size_t i = 0; i < judged.size(); ++i)
        if (groupOf[i] >= 0) {
            const auto g = static_cast<std::size_t>(groupOf[i]);
            ++n[g];
            hits[g * 2] += judged.hit[i][0];
            hits[g * 2 + 1] += judged.hit[i][1];
        }
    std::array<double, 2> range{};
    for (std::size_t top = 0; top < 2; ++top) {
        double low = 2, high = -1;
        for (std::size_t g = 0; g < groups; ++g)
            if (n[g] > 0) {
                const double rate = static_cast<double>(hits[g * 2 + top]) / static_cast<double>(n[g]);
                low = std::min(low, rate);
                high = std::max(high, rate);
            }
        range[top] = high - low;
    }
    return range;
}

Outcome<void> addGroups(const Judged& judged, std::size_t classes, const Attribute& attribute,
                        const Resampling& options, Feedback& feedback, MeasureTable& table) {
    const std::size_t groups = attribute.groups.size();
    std::array<std::vector<Estimate>, 2> estimates;
    std::int64_t labelled = 0;
    std::vector<std::int64_t> n(groups, 0);
    for (const std::int32_t group : judged.group)
        if (group >= 0) {
            ++n[static_cast<std::size_t>(group)];
            ++labelled;
        }
    const auto present = std::ranges::count_if(n, [](std::int64_t count) { return count > 0; });
    std::vector<std::string> empty, small;
    const double strict = 1.0 - (1.0 - options.confidence) / static_cast<double>(std::max<std::ptrdiff_t>(1, present));
    for (std::size_t g = 0; g < groups; ++g) {
        if (n[g] == 0) {
            empty.push_back(attribute.groups[g]);
            continue;
        }
        const bool enough = n[g] >= options.minGroup;
        if (!enough)
            small.push_back(attribute.groups[g]);
        for (std::size_t top = 0; top < topsOf(classes); ++top) {
            const Rate own = rateOf(judged, top, static_cast<std::int32_t>(g), options.confidence);
            const Rate wide = wilson(own.count, own.n, strict);
            table.rows.push_back({{attribute.groups[g]}, kTopNames[top], valueOf(own), n[g], enough});
            estimates[top].push_back({*own.value, {own.low, own.high}, {wide.low, wide.high}});
        }
        PLUMBLINE_TRY(const auto means, classMeans(judged, classes, static_cast<std::int32_t>(g), options, feedback));
        table.rows.push_back({{attribute.groups[g]}, "class_mean_top1", means[0], n[g], enough});
    }
    if (!empty.empty())
        table.warnings.push_back("Without an image: " + listed(empty) + ".");
    if (!small.empty())
        table.warnings.push_back("Fewer than " + counted(options.minGroup, "image") + ": " + listed(small) + ".");
    if (present < 2) {
        table.warnings.emplace_back("Only one group has images, so there is no range over groups.");
        return {};
    }
    // The groups change places among the images of a class, so that a group is not at fault for having hard classes.
    std::vector<std::int32_t> blocks = judged.label;
    for (std::size_t i = 0; i < blocks.size(); ++i)
        if (judged.group[i] < 0)
            blocks[i] = -1;
    PLUMBLINE_TRY(const Draws nulls, permuteRows(
                                         judged.size(), blocks, 2, "zero-shot/" + attribute.name, options,
                                         [&](std::span<const std::uint32_t> rows, std::span<double> values) {
                                             std::vector<std::int32_t> moved(rows.size());
                                             for (std::size_t i = 0; i < rows.size(); ++i)
                                                 moved[i] = judged.group[rows[i]];
                                             std::ranges::copy(ranges(judged, moved, groups), values.begin());
                                         },
                                         feedback));
    const std::array<double, 2> observed = ranges(judged, judged.group, groups);
    for (std::size_t top = 0; top < topsOf(classes); ++top) {
        MetricValue value;
        value.value = observed[top];
        setInterval(value, extremesInterval(estimates[top]).range);
        setNull(value, nulls[top], Tail::Upper);
        table.rows.push_back({{""}, std::string(kTopNames[top]) + "_range", value, labelled, small.empty()});
    }
    correctFamily(table, "ranges of the accuracy over " + attribute.name);
    return {};
}

} // namespace

std::int64_t rankOfClass(std::span<const float> scores, std::size_t trueClass) {
    const float own = scores[trueClass];
    if (std::isnan(own))
        return 0;
    return std::ranges::count_if(scores, [own](float score) { return score >= own; });
}

Outcome<MeasureTable> zeroShotAccuracy(std::span<const float> scores, std::size_t classes,
                                       std::span<const std::int32_t> labels, const Attribute* attribute,
                                       const Resampling& options, Feedback& feedback) {
    if (classes == 0 || scores.size() / std::max<std::size_t>(classes, 1) != labels.size() ||
        scores.size() % std::max<std::size_t>(classes, 1) != 0)
        return fail(ErrorCode::ScoresInvalid, {{"reason", "there are " + std::to_string(scores.size()) +
                                                              " scores for " + std::to_string(labels.size()) +
                                                              " images and " + std::to_string(classes) + " classes"}});
    if (attribute != nullptr && attribute->codes.size() != labels.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(labels.size()) + " images, but " +
                                    std::to_string(attribute->codes.size()) + " values of " + attribute->name}});
    for (const std::int32_t label : labels)
        if (label >= 0 && static_cast<std::size_t>(label) >= classes)
            return fail(ErrorCode::InvalidArgument, {{"name", "a label"},
                                                     {"value", std::to_string(label)},
                                                     {"expected", "a class number below " + std::to_string(classes)}});
    std::vector<std::int64_t> ranks(labels.size(), 0);
    const bool done = forEachReplicate(
        labels.size(), feedback, [] { return 0; },
        [&](int, std::size_t i) {
            if (labels[i] >= 0)
                ranks[i] = rankOfClass(scores.subspan(i * classes, classes), static_cast<std::size_t>(labels[i]));
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});

    Judged judged;
    std::int64_t withoutScore = 0, withoutLabel = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || ranks[i] == 0) {
            ++(labels[i] < 0 ? withoutLabel : withoutScore);
            continue;
        }
        judged.label.push_back(labels[i]);
        judged.group.push_back(attribute != nullptr ? attribute->codes[i] : Attribute::kUnlabelled);
        judged.hit.push_back(
            {static_cast<std::uint8_t>(ranks[i] <= kTops[0]), static_cast<std::uint8_t>(ranks[i] <= kTops[1])});
    }
    MeasureTable table;
    table.id = "zero_shot_accuracy";
    table.title = "Zero-shot accuracy";
    table.definition =
        "top1, top5: share of the images whose true class is among the first 1 or 5 of " + std::to_string(classes) +
        " classes by score (top5 only of more than five classes); a class that ties with the true one stands before "
        "it. Higher is better. Interval: Wilson. "
        "class_mean: mean over the classes of each class's own share, bootstrap over the images of each class.";
    if (attribute != nullptr)
        table.definition +=
            " range: largest minus smallest group; null: the groups in random order among the images of a class.";
    table.source = "Radford et al., ICML 2021";
    table.countOf = "images";
    table.keys = {attribute != nullptr ? attribute->name : "images"};
    const std::string all = attribute != nullptr ? "" : "all";
    if (withoutLabel > 0)
        table.warnings.push_back(counted(withoutLabel, "image") + " without a class took no part.");
    if (withoutScore > 0)
        table.warnings.push_back(counted(withoutScore, "image") +
                                 " without a score (NaN) for the true class took no part.");
    if (judged.size() == 0) {
        table.warnings.emplace_back("No image has a class and a score, so nothing is given.");
        return table;
    }
    std::vector<bool> seen(classes, false);
    for (const std::int32_t label : judged.label)
        seen[static_cast<std::size_t>(label)] = true;
    if (const auto unseen = std::ranges::count(seen, false); unseen > 0)
        table.warnings.push_back(std::to_string(unseen) + (unseen == 1 ? " class" : " classes") + " without an image " +
                                 (unseen == 1 ? "has" : "have") + " no part in the mean over the classes.");
    const auto n = static_cast<std::int64_t>(judged.size());
    const bool enough = n >= options.minGroup;
    for (std::size_t top = 0; top < topsOf(classes); ++top)
        table.rows.push_back({{all}, kTopNames[top], valueOf(rateOf(judged, top, -1, options.confidence)), n, enough});
    PLUMBLINE_TRY(const auto means, classMeans(judged, classes, -1, options, feedback));
    for (std::size_t top = 0; top < topsOf(classes); ++top)
        table.rows.push_back({{all}, std::string("class_mean_") + kTopNames[top], means[top], n, enough});
    if (attribute != nullptr)
        PLUMBLINE_CHECK(addGroups(judged, classes, *attribute, options, feedback, table));
    return table;
}

} // namespace plumbline::metric
