// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused by name or become a configuration whose tensors can be listed; split
// at the first zero byte into config.json and preprocessor_config.json, and as a whole as open_clip_config.json.
#include <algorithm>
#include <array>

#include "core/base/error_text.h"
#include "core/formats/model_config.h"
#include "core/formats/model_tensors.h"
#include "tests/fuzz/fuzz_file.h"

namespace {

using namespace plumbline;

void check(const Result<formats::ConfigFiles>& read) {
    if (!read) {
        constexpr std::array kRefusals = {ErrorCode::NotAModel, ErrorCode::ModelUnsupported,
                                          ErrorCode::ModelConfigInvalid, ErrorCode::JsonInvalid};
        if (std::find(kRefusals.begin(), kRefusals.end(), read.error().code) == kRefusals.end() ||
            errorText(read.error()).size() > 4096)
            std::abort();
        return;
    }
    // Two towers of 512 layers with fourteen tensors each, or a ResNet of four stages of 512 blocks with eighteen.
    constexpr std::size_t kMost = 50'000;
    const auto recipes = formats::tensorRecipes(read->config);
    if (recipes.empty() || recipes.size() > kMost)
        std::abort();
    for (std::size_t i = 0; i < recipes.size(); ++i) {
        if ((i > 0 && recipes[i - 1].name >= recipes[i].name) || recipes[i].parts.empty())
            std::abort();
        for (const std::int64_t size : recipes[i].shape)
            if (size < 1)
                std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* end = data + size;
    const auto* zero = std::find(data, end, 0);
    const auto config = fuzz::inputFile(formats::kHuggingFaceConfig, data, static_cast<std::size_t>(zero - data));
    const auto processor = config.parent_path() / formats::kHuggingFaceProcessor;
    if (zero == end)
        std::filesystem::remove(processor);
    else
        fuzz::inputFile(formats::kHuggingFaceProcessor, zero + 1, static_cast<std::size_t>(end - zero - 1));
    check(formats::readHuggingFaceConfig(config.parent_path()));
    check(formats::readOpenClipConfig(fuzz::inputFile(formats::kOpenClipConfig, data, size)));
    return 0;
}
