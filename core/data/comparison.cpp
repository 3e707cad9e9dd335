// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/comparison.h"

#include <algorithm>

namespace plumbline {

std::string_view changeText(Change change) {
    switch (change) {
    case Change::LeansLess:
        return "leans less";
    case Change::LeansMore:
        return "leans more";
    case Change::CannotTell:
        break;
    }
    return "cannot tell";
}

Change changeOf(const MeasureRow& difference, const MeasureOptions& options) {
    const MetricValue& value = difference.value;
    const std::optional<double> p =
        options.correction == Correction::FalseDiscovery ? value.falseDiscovery : value.adjustedP;
    if (!difference.enough || !value.value || !p || *p > options.level || !value.ciLow || !value.ciHigh ||
        (*value.ciLow <= 0 && *value.ciHigh >= 0))
        return Change::CannotTell;
    const bool less = difference.measure == "min_skew" ? *value.value > 0 : *value.value < 0;
    return less ? Change::LeansLess : Change::LeansMore;
}

const MeasureTable* RunComparison::table(std::string_view id) const {
    const auto found = std::ranges::find(tables, id, &MeasureTable::id);
    return found == tables.end() ? nullptr : &*found;
}

} // namespace plumbline
