// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/debias_import.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/base/path.h"
#include "core/formats/weight_file.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostWidth = 1 << 16;

bool isFloat(const TensorView& view) {
    return view.dtype == DType::F32 || view.dtype == DType::F16 || view.dtype == DType::BF16;
}

std::vector<float> valuesOf(const TensorView& view) {
    std::vector<float> values(static_cast<std::size_t>(view.elements()));
    widen(view, 0, values);
    return values;
}

Result<void> checkFinite(const std::vector<float>& values, const fs::path& file) {
    if (std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
        return {};
    return fail(ErrorCode::WeightsInvalid,
                {{"path", encodePath(file)}, {"reason", "it holds a value that is not a finite number"}});
}

/// One tensor of a state dict with the shape it must have; -1 is any size.
Result<const TensorView*> tensor(const Weights& weights, const fs::path& file, const std::string& name,
                                 std::vector<std::int64_t> shape) {
    const auto it = weights.tensors.find(name);
    if (it == weights.tensors.end())
        return fail(ErrorCode::TensorMissing, {{"path", encodePath(file)}, {"tensor", name}, {"more", ""}});
    const TensorView& view = it->second;
    bool fits = view.shape.size() == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i)
        fits = view.shape[i] > 0 && view.shape[i] <= kMostWidth && (shape[i] < 0 || shape[i] == view.shape[i]);
    const auto text = [](const std::vector<std::int64_t>& sizes) {
        std::string all = "[";
        for (const std::int64_t size : sizes)
            all += (all.size() > 1 ? ", " : "") + (size < 0 ? std::string("any") : std::to_string(size));
        return all + "]";
    };
    if (!fits)
        return fail(
            ErrorCode::TensorShape,
            {{"path", encodePath(file)}, {"tensor", name}, {"expected", text(shape)}, {"actual", text(view.shape)}});
    if (!isFloat(view))
        return fail(ErrorCode::TensorType,
                    {{"path", encodePath(file)}, {"tensor", name}, {"type", std::string(dtypeName(view.dtype))}});
    return &view;
}

} // namespace

Result<PromptArray> readPromptArray(const fs::path& file) {
    PLUMBLINE_TRY(WeightFile read, readWeightFile(file));
    PLUMBLINE_CHECK(gather(read.weights));
    const TensorView* found = nullptr;
    std::size_t matrices = 0;
    for (const auto& [name, view] : read.weights.tensors) {
        const bool matrix = view.shape.size() == 2 && isFloat(view);
        const bool named = name.ends_with("debias_tokens") || name.ends_with("debias_tokens.weight") ||
                           name.ends_with("prompt_tokens");
        if (matrix && named) {
            found = &view;
            matrices = 1;
            break;
        }
        if (matrix) {
            found = &view;
            ++matrices;
        }
    }
    if (matrices != 1 || found->shape[0] < 1 || found->shape[0] > kMostPromptTokens || found->shape[1] < 1 ||
        found->shape[1] > kMostWidth)
        return fail(
            ErrorCode::NotAModel,
            {{"path", encodePath(file)},
             {"expected", "an array of prompt tokens is one matrix, or a tensor named debias_tokens, of at most " +
                              std::to_string(kMostPromptTokens) + " rows"}});
    PromptArray array{found->shape[0], found->shape[1], valuesOf(*found)};
    PLUMBLINE_CHECK(checkFinite(array.values, file));
    return array;
}

Result<ResidualMlp> readResidualMlp(const Weights& weights, const fs::path& file, const std::string& name) {
    ResidualMlp mlp;
    PLUMBLINE_TRY(const TensorView* first, tensor(weights, file, name + ".network.0.weight", {-1, -1}));
    mlp.hidden = first->shape[0];
    mlp.dim = first->shape[1];
    PLUMBLINE_TRY(const TensorView* firstBias, tensor(weights, file, name + ".network.0.bias", {mlp.hidden}));
    PLUMBLINE_TRY(const TensorView* second, tensor(weights, file, name + ".network.2.weight", {mlp.dim, mlp.hidden}));
    PLUMBLINE_TRY(const TensorView* secondBias, tensor(weights, file, name + ".network.2.bias", {mlp.dim}));
    mlp.first = valuesOf(*first);
    mlp.firstBias = valuesOf(*firstBias);
    mlp.second = valuesOf(*second);
    mlp.secondBias = valuesOf(*secondBias);
    for (const auto* values : {&mlp.first, &mlp.firstBias, &mlp.second, &mlp.secondBias})
        PLUMBLINE_CHECK(checkFinite(*values, file));
    return mlp;
}

Result<ResidualHead> readResidualHead(const fs::path& file) {
    PLUMBLINE_TRY(WeightFile read, readWeightFile(file));
    PLUMBLINE_CHECK(gather(read.weights));
    ResidualHead head;
    PLUMBLINE_TRY(head.image, readResidualMlp(read.weights, file, "mlp1"));
    PLUMBLINE_TRY(head.shared, readResidualMlp(read.weights, file, "mlp2"));
    if (head.image.dim != head.shared.dim)
        return fail(ErrorCode::TensorShape, {{"path", encodePath(file)},
                                             {"tensor", "mlp2.network.0.weight"},
                                             {"expected", "[any, " + std::to_string(head.image.dim) + "]"},
                                             {"actual", "[" + std::to_string(head.shared.hidden) + ", " +
                                                            std::to_string(head.shared.dim) + "]"}});
    for (const ResidualMlp* mlp : {&head.image, &head.shared})
        for (const auto* values : {&mlp->first, &mlp->firstBias, &mlp->second, &mlp->secondBias})
            PLUMBLINE_CHECK(checkFinite(*values, file));
    return head;
}

} // namespace plumbline::formats
