// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become as many values as their shape says.
#include "core/formats/npy.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto array = formats::readNpy(fuzz::inputFile("input.npy", data, size));
    if (!array)
        return 0;
    std::size_t values = 1;
    for (const std::int64_t extent : array->shape)
        values *= static_cast<std::size_t>(extent);
    if (values != array->values.size())
        std::abort();
    return 0;
}
