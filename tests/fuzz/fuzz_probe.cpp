// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become prompts, as JSON and as CSV.
#include <algorithm>

#include "core/probe/probe_set.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    for (const char* name : {"input.json", "input.csv"}) {
        const auto set = probe::readProbeSet(fuzz::inputFile(name, data, size));
        if (set && probe::expand(*set).size() != set->concepts.size() * std::max<std::size_t>(set->templates.size(), 1))
            std::abort();
    }
    return 0;
}
