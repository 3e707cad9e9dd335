// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/classifier/training_rows.h"

#include <algorithm>
#include <cmath>

namespace plumbline::debias {

double TrainingRows::majority() const {
    return static_cast<double>(*std::ranges::max_element(counts)) / static_cast<double>(codes.size());
}

Result<TrainingRows> trainingRows(const FitInput& input, std::int64_t leastRows) {
    const Embeddings& images = input.images;
    const Attribute& attribute = input.attribute;
    if (attribute.codes.size() != images.rows)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", attribute.name},
                     {"value", std::to_string(attribute.codes.size()) + " labels"},
                     {"expected", "one for each of " + std::to_string(images.rows) + " images"}});
    std::vector<std::size_t> rows;
    std::vector<std::int64_t> counts(attribute.groups.size(), 0);
    for (std::size_t i = 0; i < images.rows; ++i) {
        const std::int32_t code = attribute.codes[i];
        if (code < 0 || static_cast<std::size_t>(code) >= counts.size() || !hasDirection(images.row(i)))
            continue;
        rows.push_back(i);
        ++counts[static_cast<std::size_t>(code)];
    }
    if (rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});

    TrainingRows result;
    std::vector<std::int32_t> renumbered(counts.size(), Attribute::kUnlabelled);
    for (std::size_t g = 0; g < counts.size(); ++g) {
        if (counts[g] == 0)
            continue;
        if (counts[g] < leastRows)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", attribute.name},
                         {"value", attribute.groups[g] + ": " + std::to_string(counts[g])},
                         {"expected", "at least " + std::to_string(leastRows) + " labelled images of every group"}});
        renumbered[g] = static_cast<std::int32_t>(result.groups.size());
        result.groups.push_back(attribute.groups[g]);
        result.counts.push_back(counts[g]);
    }
    if (result.groups.size() == 1)
        return fail(ErrorCode::AttributeSingleGroup, {{"name", attribute.name}, {"group", result.groups.front()}});
    result.unit = Embeddings(rows.size(), images.dim);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::ranges::copy(images.row(rows[i]), result.unit.row(i).begin());
        result.codes.push_back(renumbered[static_cast<std::size_t>(attribute.codes[rows[i]])]);
    }
    normaliseRows(result.unit);
    return result;
}

} // namespace plumbline::debias
