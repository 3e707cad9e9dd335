// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/family.h"

#include <algorithm>
#include <numeric>

namespace plumbline::metric {

namespace {

std::vector<std::size_t> ascending(const std::vector<double>& p) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    return order;
}

} // namespace

std::vector<double> holmAdjusted(const std::vector<double>& p) {
    const std::vector<std::size_t> order = ascending(p);
    std::vector<double> adjusted(p.size());
    double running = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        running = std::max(running, std::min(1.0, p[order[i]] * static_cast<double>(p.size() - i)));
        adjusted[order[i]] = running;
    }
    return adjusted;
}

std::vector<double> falseDiscoveryAdjusted(const std::vector<double>& p) {
    const std::vector<std::size_t> order = ascending(p);
    std::vector<double> adjusted(p.size());
    double running = 1;
    for (std::size_t i = order.size(); i-- > 0;) {
        running = std::min(running, p[order[i]] * static_cast<double>(p.size()) / static_cast<double>(i + 1));
        adjusted[order[i]] = running;
    }
    return adjusted;
}

void correctFamily(MeasureTable& table, const std::string& what) {
    std::vector<MeasureRow*> tested;
    std::vector<double> p;
    for (MeasureRow& row : table.rows)
        if (row.value.pValue && row.enough) {
            tested.push_back(&row);
            p.push_back(*row.value.pValue);
        }
    const std::vector<double> holm = holmAdjusted(p), discovery = falseDiscoveryAdjusted(p);
    for (std::size_t i = 0; i < tested.size(); ++i) {
        tested[i]->value.adjustedP = holm[i];
        tested[i]->value.falseDiscovery = discovery[i];
    }
    table.family = std::to_string(p.size()) + (p.size() == 1 ? " test: " : " tests: ") + what;
}

} // namespace plumbline::metric
