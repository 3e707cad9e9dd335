// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/new_model.h"

#include <cmath>
#include <deque>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/random.h"
#include "core/clip/model_writer.h"
#include "core/data/json.h"
#include "core/formats/model_config.h"
#include "core/formats/model_tensors.h"
#include "core/formats/safetensors.h"
#include "core/formats/text_file.h"

namespace plumbline::clip {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What the numbers of a canonical tensor are drawn around.
struct Draw {
    double mean = 0, deviation = 0;
};

Draw drawOf(const std::string& name, const ModelConfig& config) {
    const bool vision = name.starts_with("visual.");
    const double width = vision ? config.vision.width.value : config.text.width.value;
    const double layers = vision ? config.vision.layers.value : config.text.layers.value;
    const double scale = 1 / std::sqrt(width);
    const auto ends = [&name](std::string_view end) { return name.ends_with(end); };
    if (name == "logit_scale")
        return {std::log(1 / 0.07), 0};
    if (name == "token_embedding.weight")
        return {0, 0.02};
    if (name == "positional_embedding")
        return {0, 0.01};
    if (name == "visual.conv1.weight") { // uniform there, with this deviation
        const double patch = config.vision.patchSize.value;
        return {0, 1 / std::sqrt(3 * 3 * patch * patch)};
    }
    if (ends(".bias") || ends("_bias"))
        return {0, 0};
    if (name.find(".ln_") != std::string::npos || name.starts_with("ln_final"))
        return {1, 0};
    if (ends(".attn.out_proj.weight") || ends(".mlp.c_proj.weight"))
        return {0, scale / std::sqrt(2 * layers)};
    if (ends(".mlp.c_fc.weight"))
        return {0, 1 / std::sqrt(2 * width)};
    return {0, scale}; // attention, projections, the class and position embeddings of the image tower
}

Result<void> writeConfig(const fs::path& folder, std::string_view text, const formats::Vocabulary& vocabulary) {
    PLUMBLINE_TRY(json config, parseJson(text, "config.json"));
    if (!config.is_object() || !config["text_config"].is_object() || !config["vision_config"].is_object())
        return fail(ErrorCode::JsonInvalid,
                    {{"path", "config.json"}, {"reason", "text_config and vision_config are expected"}});
    json& texts = config["text_config"];
    texts["vocab_size"] = vocabulary.ids.size();
    texts["bos_token_id"] = vocabulary.bos;
    texts["eos_token_id"] = texts["pad_token_id"] = vocabulary.eos;
    PLUMBLINE_CHECK(formats::writeFile(folder / formats::kHuggingFaceConfig, config.dump(2) + "\n"));

    std::error_code ignored;
    fs::remove(folder / formats::kHuggingFaceProcessor, ignored); // of an earlier model
    PLUMBLINE_TRY(const formats::ConfigFiles read, formats::readHuggingFaceConfig(folder));
    PLUMBLINE_CHECK(writeProcessor(folder, read.config.preprocessing));
    return writeTokenizer(folder, vocabulary, texts.value("max_position_embeddings", 77));
}

} // namespace

Result<void> writeNewModel(const fs::path& folder, std::string_view text, const formats::Vocabulary& vocabulary,
                           std::uint64_t seed) {
    PLUMBLINE_CHECK(formats::makeFolder(folder));
    PLUMBLINE_CHECK(writeConfig(folder, text, vocabulary));
    PLUMBLINE_TRY(const formats::ConfigFiles files, formats::readHuggingFaceConfig(folder));

    std::deque<std::vector<float>> values;
    std::vector<formats::TensorToWrite> tensors;
    for (const formats::TensorRecipe& canonical : formats::tensorRecipes(files.config)) {
        const Draw draw = drawOf(canonical.name, files.config);
        for (const formats::ExpectedTensor& part : canonical.parts) {
            formats::TensorToWrite tensor{part.name, formats::DType::F32, part.shape, {}};
            std::int64_t count = 1;
            for (const std::int64_t side : tensor.shape)
                count *= side;
            RandomStream random(seed, streamId(part.name), 0);
            std::vector<float>& drawn =
                values.emplace_back(static_cast<std::size_t>(count), static_cast<float>(draw.mean));
            if (draw.deviation > 0)
                for (float& value : drawn)
                    value = static_cast<float>(draw.mean + draw.deviation * random.normal());
            tensor.bytes = std::as_bytes(std::span(drawn));
            tensors.push_back(std::move(tensor));
        }
    }
    return formats::writeSafetensors(folder / formats::kHuggingFaceWeights, tensors);
}

} // namespace plumbline::clip
