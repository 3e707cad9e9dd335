// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model_folder.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/base/path.h"
#include "core/formats/model_config.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

/// What the two containers call the parts of a transformer block, in the order of computation.
void addBlocks(std::vector<ExpectedTensor>& tensors, Container container, const std::string& tower, int layers,
               std::int64_t width, std::int64_t mlp) {
    for (int i = 0; i < layers; ++i) {
        const auto add = [&](const char* name, Shape shape) {
            tensors.push_back({tower + std::to_string(i) + name, std::move(shape)});
        };
        if (container == Container::HuggingFace) {
            for (const char* part :
                 {".self_attn.q_proj", ".self_attn.k_proj", ".self_attn.v_proj", ".self_attn.out_proj"}) {
                add((std::string(part) + ".weight").c_str(), {width, width});
                add((std::string(part) + ".bias").c_str(), {width});
            }
            for (const char* part : {".layer_norm1", ".layer_norm2"}) {
                add((std::string(part) + ".weight").c_str(), {width});
                add((std::string(part) + ".bias").c_str(), {width});
            }
            add(".mlp.fc1.weight", {mlp, width});
            add(".mlp.fc1.bias", {mlp});
            add(".mlp.fc2.weight", {width, mlp});
            add(".mlp.fc2.bias", {width});
        } else {
            add(".attn.in_proj_weight", {3 * width, width});
            add(".attn.in_proj_bias", {3 * width});
            add(".attn.out_proj.weight", {width, width});
            add(".attn.out_proj.bias", {width});
            for (const char* part : {".ln_1", ".ln_2"}) {
                add((std::string(part) + ".weight").c_str(), {width});
                add((std::string(part) + ".bias").c_str(), {width});
            }
            add(".mlp.c_fc.weight", {mlp, width});
            add(".mlp.c_fc.bias", {mlp});
            add(".mlp.c_proj.weight", {width, mlp});
            add(".mlp.c_proj.bias", {width});
        }
    }
}

std::int64_t visionPositions(const ModelConfig& config) {
    const std::int64_t grid = config.vision.imageSize.value / config.vision.patchSize.value;
    return grid * grid + 1;
}

/// One size of one tensor that a field of the configuration fixes. Comparing these first lets the error name the field
/// instead of one of the hundred tensors that do not fit.
struct Anchor {
    const char* tensor;
    std::size_t axis;
    std::int64_t expected;
    std::string field;
};

std::vector<Anchor> anchors(const ModelConfig& config) {
    const VisionConfig& v = config.vision;
    const TextConfig& t = config.text;
    const bool hf = config.container == Container::HuggingFace;
    const char* patch = hf ? "vision_model.embeddings.patch_embedding.weight" : "visual.conv1.weight";
    const char* visionMlp =
        hf ? "vision_model.encoder.layers.0.mlp.fc1.weight" : "visual.transformer.resblocks.0.mlp.c_fc.weight";
    const char* textMlp = hf ? "text_model.encoder.layers.0.mlp.fc1.weight" : "transformer.resblocks.0.mlp.c_fc.weight";
    const char* tokens = hf ? "text_model.embeddings.token_embedding.weight" : "token_embedding.weight";
    return {
        {patch, 0, v.width.value, "the width of the image tower"},
        {patch, 2, v.patchSize.value, "the patch size"},
        {hf ? "vision_model.embeddings.position_embedding.weight" : "visual.positional_embedding", 0,
         visionPositions(config), "the number of image positions (from image size and patch size)"},
        {visionMlp, 0, v.mlpWidth.value, "the width of the image tower's inner layers"},
        {tokens, 1, t.width.value, "the width of the text tower"},
        {tokens, 0, t.vocabSize.value, "the size of the vocabulary"},
        {hf ? "text_model.embeddings.position_embedding.weight" : "positional_embedding", 0, t.contextLength.value,
         "the context length"},
        {textMlp, 0, t.mlpWidth.value, "the width of the text tower's inner layers"},
        {hf ? "visual_projection.weight" : "visual.proj", hf ? 0U : 1U, config.embedDim.value,
         "the length of an embedding"},
    };
}

/// The number of blocks that the weights hold under a prefix such as "visual.transformer.resblocks.".
int blockCount(const Weights& weights, const std::string& prefix) {
    int most = 0;
    for (auto it = weights.tensors.lower_bound(prefix); it != weights.tensors.end() && it->first.starts_with(prefix);
         ++it) {
        int index = -1;
        const char* begin = it->first.data() + prefix.size();
        std::from_chars(begin, it->first.data() + it->first.size(), index);
        if (index >= 0 && index < 1'000'000)
            most = std::max(most, index + 1);
    }
    return most;
}

std::string visionPrefix(Container container) {
    return container == Container::HuggingFace ? "vision_model.encoder.layers." : "visual.transformer.resblocks.";
}
std::string textPrefix(Container container) {
    return container == Container::HuggingFace ? "text_model.encoder.layers." : "transformer.resblocks.";
}

std::string text(const Shape& shape) {
    std::string result = "[";
    for (const std::int64_t size : shape)
        result += (result.size() > 1 ? ", " : "") + std::to_string(size);
    return result + "]";
}

std::string more(std::size_t count) {
    return count > 1 ? " and " + std::to_string(count - 1) + " more" : "";
}

Result<void> checkTensors(const ModelConfig& config, const Weights& weights, const fs::path& folder) {
    const auto conflict = [&folder](const std::string& field, std::int64_t expected, std::int64_t found) {
        return fail(ErrorCode::ModelConfigConflict, {{"path", encodePath(folder)},
                                                     {"field", field},
                                                     {"config", std::to_string(expected)},
                                                     {"weights", std::to_string(found)}});
    };
    for (const Anchor& anchor : anchors(config)) {
        const auto it = weights.tensors.find(anchor.tensor);
        if (it == weights.tensors.end() || it->second.shape.size() <= anchor.axis)
            continue; // reported below
        if (it->second.shape[anchor.axis] != anchor.expected)
            return conflict(anchor.field, anchor.expected, it->second.shape[anchor.axis]);
    }
    const int visionBlocks = blockCount(weights, visionPrefix(config.container));
    const int textBlocks = blockCount(weights, textPrefix(config.container));
    if (visionBlocks > 0 && visionBlocks != config.vision.layers.value)
        return conflict("the number of layers of the image tower", config.vision.layers.value, visionBlocks);
    if (textBlocks > 0 && textBlocks != config.text.layers.value)
        return conflict("the number of layers of the text tower", config.text.layers.value, textBlocks);

    const std::string path = encodePath(weights.paths.front());
    const std::vector<ExpectedTensor> expected = expectedTensors(config);
    std::vector<std::string> missing;
    std::set<std::string> known;
    for (const ExpectedTensor& tensor : expected) {
        known.insert(tensor.name);
        if (!weights.tensors.contains(tensor.name))
            missing.push_back(tensor.name);
    }
    if (!missing.empty())
        return fail(ErrorCode::TensorMissing,
                    {{"path", path}, {"tensor", missing.front()}, {"more", more(missing.size())}});

    if (config.container == Container::HuggingFace) { // written by transformers before 4.31, never read back
        known.insert("vision_model.embeddings.position_ids");
        known.insert("text_model.embeddings.position_ids");
    }
    std::vector<std::string> extra;
    for (const auto& [name, view] : weights.tensors)
        if (!known.contains(name))
            extra.push_back(name);
    if (!extra.empty())
        return fail(ErrorCode::TensorUnexpected,
                    {{"path", path}, {"tensor", extra.front().substr(0, 200)}, {"more", more(extra.size())}});

    for (const ExpectedTensor& tensor : expected) {
        const TensorView& view = weights.tensors.at(tensor.name);
        if (view.shape != tensor.shape)
            return fail(ErrorCode::TensorShape, {{"path", path},
                                                 {"tensor", tensor.name},
                                                 {"expected", text(tensor.shape)},
                                                 {"actual", text(view.shape)}});
        if (view.dtype != DType::F32 && view.dtype != DType::F16 && view.dtype != DType::BF16)
            return fail(ErrorCode::TensorType,
                        {{"path", path}, {"tensor", tensor.name}, {"type", std::string(dtypeName(view.dtype))}});
    }
    return {};
}

/// Weights that are there in another form than this version reads.
Result<Weights> readWeights(const fs::path& folder, const char* file, std::initializer_list<const char*> otherForms) {
    std::error_code ignored;
    if (fs::exists(folder / file, ignored))
        return readSafetensors(folder / file);
    for (const char* other : otherForms)
        if (fs::exists(folder / other, ignored))
            return fail(ErrorCode::ModelUnsupported,
                        {{"path", encodePath(folder)},
                         {"what", std::string("weights in ") + other + " (a single " + file + " is needed)"}});
    return fail(ErrorCode::NotAModel,
                {{"path", encodePath(folder)}, {"expected", std::string("it has no weights (") + file + ")"}});
}

} // namespace

std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config) {
    const std::int64_t vision = config.vision.width.value;
    const std::int64_t textWidth = config.text.width.value;
    const std::int64_t embed = config.embedDim.value;
    const std::int64_t patch = config.vision.patchSize.value;
    const Shape patchShape = {vision, config.vision.channels, patch, patch};
    const Shape tokenShape = {config.text.vocabSize.value, textWidth};
    const Shape contextShape = {config.text.contextLength.value, textWidth};
    const Shape positionShape = {visionPositions(config), vision};

    std::vector<ExpectedTensor> tensors;
    if (config.container == Container::HuggingFace) {
        tensors = {
            {"logit_scale", {}},
            {"vision_model.embeddings.class_embedding", {vision}},
            {"vision_model.embeddings.patch_embedding.weight", patchShape},
            {"vision_model.embeddings.position_embedding.weight", positionShape},
            {"vision_model.pre_layrnorm.weight", {vision}}, // the misspelling is the name
            {"vision_model.pre_layrnorm.bias", {vision}},
            {"vision_model.post_layernorm.weight", {vision}},
            {"vision_model.post_layernorm.bias", {vision}},
            {"visual_projection.weight", {embed, vision}},
            {"text_model.embeddings.token_embedding.weight", tokenShape},
            {"text_model.embeddings.position_embedding.weight", contextShape},
            {"text_model.final_layer_norm.weight", {textWidth}},
            {"text_model.final_layer_norm.bias", {textWidth}},
            {"text_projection.weight", {embed, textWidth}},
        };
    } else {
        tensors = {
            {"logit_scale", {}},
            {"visual.class_embedding", {vision}},
            {"visual.conv1.weight", patchShape},
            {"visual.positional_embedding", positionShape},
            {"visual.ln_pre.weight", {vision}},
            {"visual.ln_pre.bias", {vision}},
            {"visual.ln_post.weight", {vision}},
            {"visual.ln_post.bias", {vision}},
            {"visual.proj", {vision, embed}},
            {"token_embedding.weight", tokenShape},
            {"positional_embedding", contextShape},
            {"ln_final.weight", {textWidth}},
            {"ln_final.bias", {textWidth}},
            {"text_projection", {textWidth, embed}},
        };
    }
    addBlocks(tensors, config.container, visionPrefix(config.container), config.vision.layers.value, vision,
              config.vision.mlpWidth.value);
    addBlocks(tensors, config.container, textPrefix(config.container), config.text.layers.value, textWidth,
              config.text.mlpWidth.value);
    return tensors;
}

Result<ModelFolder> readModelFolder(const fs::path& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored))
        return fail(ErrorCode::FileNotFound, {{"path", encodePath(path)}});
    if (!fs::is_directory(path, ignored))
        return fail(ErrorCode::NotAModel,
                    {{"path", encodePath(path)}, {"expected", "it is a file, and the folder of a model is needed"}});
    const bool openClip = fs::exists(path / kOpenClipConfig, ignored);
    const bool huggingFace = fs::exists(path / kHuggingFaceConfig, ignored);
    if (!openClip && !huggingFace)
        return fail(
            ErrorCode::NotAModel,
            {{"path", encodePath(path)},
             {"expected", "it has neither a config.json (Hugging Face) nor an open_clip_config.json (OpenCLIP)"}});

    // Downloads of OpenCLIP's own models hold both forms, or OpenCLIP's weights beside a config.json for another
    // library.
    const bool huggingFaceWeights = fs::exists(path / kHuggingFaceWeights, ignored);
    const bool useOpenClip = openClip && !(huggingFace && huggingFaceWeights);
    PLUMBLINE_TRY(ConfigFiles read, useOpenClip ? readOpenClipConfig(path) : readHuggingFaceConfig(path));
    if (openClip && !useOpenClip)
        read.config.warnings.push_back("The folder holds this model in two forms; Hugging Face's is used.");

    ModelFolder folder;
    if (useOpenClip) {
        PLUMBLINE_TRY(folder.weights,
                      readWeights(path, kOpenClipWeights,
                                  {"open_clip_pytorch_model.bin", "open_clip_model.safetensors.index.json",
                                   "open_clip_pytorch_model.pt"}));
    } else {
        PLUMBLINE_TRY(folder.weights,
                      readWeights(path, kHuggingFaceWeights,
                                  {"model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
                                   "tf_model.h5", "flax_model.msgpack"}));
    }
    PLUMBLINE_CHECK(checkTensors(read.config, folder.weights, path));
    folder.path = path;
    folder.config = std::move(read.config);
    folder.files = std::move(read.files);
    folder.files.push_back(folder.weights.paths.front());
    return folder;
}

} // namespace plumbline::formats
