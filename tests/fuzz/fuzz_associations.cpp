// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become association tests whose texts can be listed.
#include <algorithm>

#include "core/probe/association_tests.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto tests = probe::readAssociationTests(fuzz::inputFile("input.json", data, size));
    if (!tests)
        return 0;
    for (const AssociationTest& test : *tests)
        for (const AssociationWords* set : {&test.x, &test.y, &test.a, &test.b})
            if (probe::textsOf(test, *set).size() != set->words.size() * std::max<std::size_t>(test.templates.size(), 1))
                std::abort();
    return 0;
}
