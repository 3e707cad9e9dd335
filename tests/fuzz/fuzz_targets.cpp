// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become target shares that are numbers of at least 0 and add up to 1.
#include <cmath>

#include "core/formats/target_table.h"
#include "tests/fuzz/fuzz_file.h"

namespace {

void check(const std::vector<std::pair<std::string, double>>& shares) {
    double sum = 0;
    for (const auto& [group, share] : shares) {
        if (!(share >= 0) || !std::isfinite(share) || group.empty())
            std::abort();
        sum += share;
    }
    if (!shares.empty() && std::abs(sum - 1) > 0.011)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto target = formats::readTargetTable(fuzz::inputFile("input.csv", data, size));
    if (!target)
        return 0;
    check(target->shares);
    for (const ConceptShares& each : target->byConcept)
        check(each.shares);
    return 0;
}
