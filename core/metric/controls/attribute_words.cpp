// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/attribute_words.h"

#include <algorithm>

#include "core/metric/mean_interval.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

std::optional<double> skewOf(const Measurement& measurement, const std::string& group) {
    const auto found = std::ranges::find(measurement.groups, group, &GroupMeasure::name);
    return found == measurement.groups.end() ? std::nullopt : found->skew;
}

} // namespace

Result<MeasureTable> attributeWordChanges(std::span<const WordChange> changes, const Attribute& attribute,
                                          const Resampling& options) {
    MeasureTable table;
    table.id = "attribute_words";
    table.title = "What the attribute's word changes (" + attribute.name + ")";
    table.definition =
        "Prompts that differ in one word only, of each concept and template. score_difference: mean over images of the "
        "score with the second word less that with the first, for a group or all labelled images, with Student's "
        "interval over images. skew_difference: a group's skew at k with the second word less that with the first, "
        "without an interval. No differences are tested: another word is another text.";
    table.source = "Plumbline's reconstruction";
    table.countOf = "images";
    table.keys = {"concept", "template", "words", "group"};
    const std::vector<std::size_t> groups = presentGroups(attribute.codes, attribute.groups.size());
    for (const WordChange& change : changes) {
        if (change.was.size() != attribute.codes.size() || change.is.size() != attribute.codes.size())
            return badArgument("scores", std::to_string(change.is.size()),
                               std::to_string(attribute.codes.size()) + ", one an image");
        for (const Measurement* measurement : {change.ranked, change.now})
            if (measurement->attribute != attribute.name)
                return badArgument("the attribute", measurement->attribute, attribute.name);
        std::vector<std::vector<double>> differences(attribute.groups.size());
        std::vector<double> all;
        for (std::size_t i = 0; i < attribute.codes.size(); ++i)
            if (attribute.codes[i] >= 0) { // what is not finite is left out of the mean
                all.push_back(static_cast<double>(change.is[i]) - static_cast<double>(change.was[i]));
                differences[static_cast<std::size_t>(attribute.codes[i])].push_back(all.back());
            }
        const auto add = [&](const std::string& group, const std::vector<double>& values) {
            const Mean mean = meanInterval(values, options.confidence);
            table.rows.push_back(makeRow({change.concept_, change.template_, change.words, group}, "score_difference",
                                         mean.mean, mean.interval, mean.n, options));
            return mean.n;
        };
        add("", all);
        for (const std::size_t g : groups) {
            const std::string& group = attribute.groups[g];
            const std::int64_t images = add(group, differences[g]);
            const std::optional<double> was = skewOf(*change.ranked, group), is = skewOf(*change.now, group);
            table.rows.push_back(makeRow({change.concept_, change.template_, change.words, group}, "skew_difference",
                                         was && is ? std::optional(*is - *was) : std::nullopt, {}, images, options));
        }
    }
    return table;
}

} // namespace plumbline::metric
