// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become tensors that fit their shapes.
#include <algorithm>
#include <array>

#include "core/formats/torch_file.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto path = fuzz::inputFile("input.pt", data, size);
    const auto read = formats::readTorchFile(path);
    if (!read) {
        constexpr std::array kRefusals = {ErrorCode::WeightsInvalid, ErrorCode::PickleRefused,
                                          ErrorCode::ModelUnsupported, ErrorCode::NotAModel};
        if (std::find(kRefusals.begin(), kRefusals.end(), read.error().code) == kRefusals.end())
            std::abort();
        return 0;
    }
    if (!formats::looksLikeTorchFile(path) || read->weights.tensors.empty())
        std::abort();
    std::size_t copied = 0;
    for (const auto& buffer : read->weights.buffers)
        copied += buffer->size();
    if (copied > size)
        std::abort();
    for (const auto& [name, view] : read->weights.tensors) {
        std::size_t bytes = formats::dtypeSize(view.dtype);
        for (const std::int64_t length : view.shape)
            bytes *= static_cast<std::size_t>(length);
        if (bytes != view.bytes.size() || bytes > size)
            std::abort();
        unsigned sum = 0; // reads every byte: the sanitizer sees a view beyond the mapping
        for (const std::byte byte : view.bytes)
            sum += static_cast<unsigned>(byte);
        static volatile unsigned sink;
        sink = sink + sum;
    }
    return 0;
}
