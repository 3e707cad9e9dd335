// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become tensors that cover the data exactly.
#include <algorithm>

#include "core/formats/safetensors.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto weights = formats::readSafetensors(fuzz::inputFile("input.safetensors", data, size));
    if (!weights) {
        if (weights.error().code != ErrorCode::WeightsInvalid || weights.error().arg("reason").empty())
            std::abort();
        return 0;
    }
    std::size_t total = 0;
    for (const auto& [name, view] : weights->tensors) {
        std::int64_t elements = 1;
        for (const std::int64_t length : view.shape)
            elements = length == 0 ? 0 : elements * length;
        if (std::find(view.shape.begin(), view.shape.end(), 0) == view.shape.end() && elements != view.elements())
            std::abort();
        total += view.bytes.size();
        unsigned sum = 0; // reads every byte: the sanitizer sees a view beyond the mapping
        for (const std::byte byte : view.bytes)
            sum += static_cast<unsigned>(byte);
        static volatile unsigned sink;
        sink = sink + sum;
    }
    if (total > size)
        std::abort();
    return 0;
}
