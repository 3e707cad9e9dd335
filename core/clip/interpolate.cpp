// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/interpolate.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/clip/canonical.h"
#include "core/clip/model_writer.h"
#include "core/clip/torch_errors.h"
#include "core/data/json.h"
#include "core/formats/model_config.h"
#include "core/formats/model_folder.h"
#include "core/formats/safetensors.h"
#include "core/formats/text_file.h"
#include "core/formats/vocabulary.h"

namespace plumbline::clip {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestText = std::size_t{64} << 20U; ///< of a configuration or a tokenizer

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text;
    for (const std::int64_t size : shape)
        text += (text.empty() ? "" : " x ") + std::to_string(size);
    return text.empty() ? "one number" : text;
}

/// What the second model has otherwise than the first; empty: nothing that a feature depends on.
std::string difference(const ModelConfig& a, const ModelConfig& b) {
    const std::vector<formats::TensorRecipe> first = formats::tensorRecipes(a), second = formats::tensorRecipes(b);
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i == first.size() || (i < second.size() && second[i].name < first[i].name))
            return "it has the tensor " + second[i].name + ", the other has not";
        if (i == second.size() || first[i].name < second[i].name)
            return "it lacks the tensor " + first[i].name;
        if (first[i].shape != second[i].shape)
            return "its " + first[i].name + " is " + shapeText(second[i].shape) + ", the other's " +
                   shapeText(first[i].shape);
    }
    const VisionConfig &v = a.vision, &w = b.vision;
    const TextConfig &t = a.text, &u = b.text;
    if (v.heads.value != w.heads.value || t.heads.value != u.heads.value)
        return "its attention has another number of heads";
    if (v.activation.value != w.activation.value || t.activation.value != u.activation.value)
        return "it has another activation";
    if (v.layerNormEps.value != w.layerNormEps.value || t.layerNormEps.value != u.layerNormEps.value)
        return "its norms have another epsilon";
    const auto endOfText = [](TextPooling pooling) {
        return pooling == TextPooling::FirstEos ? TextPooling::ArgMax : pooling; // the end is the largest id
    };
    if (v.tower != w.tower || v.pooling.value != w.pooling.value || v.finalNormAfterPool != w.finalNormAfterPool ||
        endOfText(t.pooling.value) != endOfText(u.pooling.value) || t.causal != u.causal)
        return "its towers read their features elsewhere";
    if (v.patchSize.value != w.patchSize.value || v.imageSize.value != w.imageSize.value)
        return "it cuts images into other patches";
    if (a.clipTokenizer != b.clipTokenizer || a.tokenizerName != b.tokenizerName)
        return "it was trained with another tokenizer";
    return {};
}

/// CLIP's vocabulary of a model, or the bytes of another tokenizer; neither: it brings none.
struct OwnTokenizer {
    std::optional<formats::Vocabulary> vocabulary;
    std::string bytes;

    bool none() const { return !vocabulary && bytes.empty(); }
    bool operator==(const OwnTokenizer& other) const {
        if (vocabulary && other.vocabulary)
            return vocabulary->ids == other.vocabulary->ids && vocabulary->merges == other.vocabulary->merges;
        return !vocabulary && !other.vocabulary && bytes == other.bytes;
    }
};

Result<OwnTokenizer> tokenizerIn(const fs::path& fileOrFolder) {
    OwnTokenizer own;
    std::error_code ignored;
    if (!fs::is_directory(fileOrFolder, ignored) || formats::hasVocabulary(fileOrFolder)) {
        PLUMBLINE_TRY(own.vocabulary, formats::readVocabulary(fileOrFolder));
        return own;
    }
    for (const char* name : {"tokenizer.json", "spiece.model", "tokenizer.model"})
        if (own.bytes.empty() && fs::exists(fileOrFolder / name, ignored)) {
            PLUMBLINE_TRY(own.bytes, formats::readFile(fileOrFolder / name, kLargestText));
        }
    return own;
}

tl::unexpected<Error> wrong(const char* name, const std::string& value, const std::string& expected) {
    return fail(ErrorCode::InvalidArgument, {{"name", name}, {"value", value}, {"expected", expected}});
}

/// The tokenizer of both; nothing where neither brings one.
Result<OwnTokenizer> commonTokenizer(const formats::ModelFolder& first, const formats::ModelFolder& second,
                                     const fs::path& vocabulary, std::vector<std::string>& warnings) {
    PLUMBLINE_TRY(const OwnTokenizer a, tokenizerIn(first.folder));
    PLUMBLINE_TRY(const OwnTokenizer b, tokenizerIn(second.folder));
    if (!a.none() && !b.none()) {
        // A packed list and a tokenizer.json can hold the same; only what can be compared is.
        if (a.vocabulary.has_value() == b.vocabulary.has_value() && !(a == b))
            return wrong("the second model", encodePath(second.path),
                         "one with the same tokenizer as " + encodePath(first.path) +
                             ": the same token has another id in it");
        if (a.vocabulary.has_value() != b.vocabulary.has_value())
            warnings.push_back(
                "The two tokenizers lie in different forms and were not compared; the result has that of " +
                encodePath(first.path) + ".");
        return a;
    }
    if (a.none() && b.none())
        return vocabulary.empty() ? Result<OwnTokenizer>(a) : tokenizerIn(vocabulary);
    warnings.push_back(encodePath((a.none() ? first : second).path) +
                       " brings no tokenizer; the result has that of the other model.");
    return a.none() ? b : a;
}

/// Writes everything but the weights: the configuration of what was written.
Result<ModelConfig> writeBeside(const formats::ModelFolder& first, const OwnTokenizer& tokenizer, bool half,
                                const fs::path& out, std::vector<std::string>& warnings) {
    if (first.config.container == Container::HuggingFace) {
        PLUMBLINE_CHECK(copyCompanions(first, out));
        PLUMBLINE_TRY(const std::string text, formats::readFile(out / formats::kHuggingFaceConfig, kLargestText));
        PLUMBLINE_TRY(nlohmann::json config, parseJson(text, formats::kHuggingFaceConfig));
        config.erase("dtype");
        config["torch_dtype"] = half ? "float16" : "float32"; // as which newer versions load it
        PLUMBLINE_CHECK(formats::writeFile(out / formats::kHuggingFaceConfig, config.dump(2) + "\n"));
        if (tokenizer.vocabulary && !formats::hasVocabulary(out))
            PLUMBLINE_CHECK(writeTokenizer(out, *tokenizer.vocabulary, first.config.text.contextLength.value));
        return first.config;
    }
    if (const std::string part = foreignToClipModel(first.config); !part.empty())
        return fail(
            ErrorCode::ModelUnsupported,
            {{"path", encodePath(first.path)},
             {"what", part + ", for which Hugging Face's CLIPModel, as which results are written, has no place"}});
    if (!tokenizer.vocabulary)
        return fail(ErrorCode::VocabularyMissing, {{"path", encodePath(first.path)}});
    PLUMBLINE_CHECK(writeClipConfig(out, first.config, *tokenizer.vocabulary, half));
    PLUMBLINE_CHECK(writeProcessor(out, first.config.preprocessing));
    PLUMBLINE_CHECK(writeTokenizer(out, *tokenizer.vocabulary, first.config.text.contextLength.value));
    PLUMBLINE_TRY(formats::ConfigFiles written, formats::readHuggingFaceConfig(out));
    if (const std::string other = difference(first.config, written.config); !other.empty())
        return fail(ErrorCode::ModelUnsupported,
                    {{"path", encodePath(first.path)}, {"what", "as a Hugging Face model " + other}});
    warnings.push_back("The result prepares images as Hugging Face's CLIPImageProcessor does; " +
                       encodePath(first.path) + " does it a little differently.");
    return written.config;
}

/// The parts of a canonical tensor as another container keeps them.
void addParts(const formats::TensorRecipe& recipe, std::vector<float> values, bool half, std::deque<at::Tensor>& kept,
              std::vector<formats::TensorToWrite>& tensors) {
    at::Tensor whole = at::from_blob(values.data(), recipe.shape, at::kFloat);
    if (recipe.transposed)
        whole = whole.t();
    whole = whole.to(half ? at::kHalf : at::kFloat, false, /*copy=*/true, at::MemoryFormat::Contiguous);
    std::size_t at = 0;
    const auto* bytes = static_cast<const std::byte*>(whole.data_ptr());
    for (const formats::ExpectedTensor& part : recipe.parts) {
        std::size_t size = whole.element_size();
        for (const std::int64_t side : part.shape)
            size *= static_cast<std::size_t>(side);
        tensors.push_back(
            {part.name, half ? formats::DType::F16 : formats::DType::F32, part.shape, {bytes + at, size}});
        at += size;
    }
    kept.push_back(std::move(whole));
}

Outcome<InterpolateReport> run(const fs::path& firstPath, const fs::path& secondPath, const InterpolateOptions& options,
                               const fs::path& out, Feedback& feedback) {
    const double alpha = options.alpha;
    if (!(alpha >= 0 && alpha <= 1))
        return wrong("alpha", formatDouble(alpha), "a number from 0, the first model, to 1, the second");
    PLUMBLINE_TRY(const formats::ModelFolder first, formats::readModelFolder(firstPath));
    PLUMBLINE_TRY(const formats::ModelFolder second, formats::readModelFolder(secondPath));
    if (const std::string other = difference(first.config, second.config); !other.empty())
        return wrong("the second model", encodePath(secondPath),
                     "one of the same architecture and tokenizer as " + encodePath(firstPath) + ", but " + other);
    InterpolateReport report;
    PLUMBLINE_TRY(const OwnTokenizer tokenizer, commonTokenizer(first, second, options.vocabulary, report.warnings));
    const Preprocessing &p = first.config.preprocessing, &q = second.config.preprocessing;
    if (p.mean.value != q.mean.value || p.std.value != q.std.value || p.interpolation.value != q.interpolation.value ||
        p.resize.value != q.resize.value)
        report.warnings.push_back("The two models prepare images differently; the result does it as " +
                                  encodePath(firstPath) + " does.");

    PLUMBLINE_CHECK(formats::makeFolder(out));
    std::error_code ignored;
    if (fs::equivalent(first.folder, out, ignored) || fs::equivalent(second.folder, out, ignored))
        return wrong("the folder for the result", encodePath(out), "another folder than the models' own");
    PLUMBLINE_TRY(const ModelConfig config, writeBeside(first, tokenizer, options.half, out, report.warnings));

    const std::vector<formats::TensorRecipe> from = formats::tensorRecipes(first.config),
                                             to = formats::tensorRecipes(second.config),
                                             written = formats::tensorRecipes(config);
    std::deque<at::Tensor> kept;
    std::vector<formats::TensorToWrite> tensors;
    double square = 0, change = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        feedback.progress("interpolating", static_cast<std::int64_t>(i), static_cast<std::int64_t>(from.size()));
        std::vector<float> values = canonicalValues(from[i], first.weights);
        report.parameters += static_cast<std::int64_t>(values.size());
        if (from[i].name != "logit_scale" && from[i].name != "logit_bias") {
            const std::vector<float> end = canonicalValues(to[i], second.weights);
            for (std::size_t n = 0; n < values.size(); ++n) {
                const double a = values[n], b = end[n];
                square += a * a;
                change += (b - a) * (b - a);
                if (alpha > 0) // bit for bit at the ends, the sign of a zero included
                    values[n] = alpha < 1 ? static_cast<float>((1 - alpha) * a + alpha * b) : end[n];
            }
        }
        addParts(written[i], std::move(values), options.half, kept, tensors);
    }
    report.distance = square > 0 ? std::sqrt(change / square) : 0;
    PLUMBLINE_CHECK(formats::writeSafetensors(out / formats::kHuggingFaceWeights, tensors));
    PLUMBLINE_TRY(const std::string firstHash, tensorsSha256(first.config, first.weights, feedback));
    PLUMBLINE_TRY(report.secondSha256, tensorsSha256(second.config, second.weights, feedback));
    const nlohmann::json record = {
        {"alpha", alpha},
        {"first", {{"path", encodePath(firstPath)}, {"tensors_sha256", firstHash}}},
        {"second", {{"path", encodePath(secondPath)}, {"tensors_sha256", report.secondSha256}}},
        {"relative_distance", report.distance}};
    PLUMBLINE_CHECK(formats::writeFile(out / "interpolation.json", record.dump(2) + "\n"));
    return report;
}

} // namespace

Outcome<InterpolateReport> interpolate(const fs::path& first, const fs::path& second, const InterpolateOptions& options,
                                       const fs::path& out, Feedback& feedback) {
    try {
        return run(first, second, options, out, feedback);
    } catch (...) {
        return tl::unexpected(stopFromException("this interpolation"));
    }
}

} // namespace plumbline::clip
