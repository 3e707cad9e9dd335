// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model_folder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/config_fields.h"
#include "core/formats/model_config.h"
#include "core/formats/model_location.h"
#include "core/formats/text_file.h"
#include "core/formats/weight_file.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

// ---------------------------------------------------------------------------------------------------------------------
// The configuration against the weights

/// A shape without the axes of length 1 that it begins with: libraries keep [1, n, w] for what another keeps as [n, w].
Shape trimmed(const Shape& shape) {
    return Shape(std::find_if(shape.begin(), shape.end(), [](std::int64_t size) { return size != 1; }), shape.end());
}

/// One size of one tensor that a field of the configuration fixes. Comparing these first lets the error name the field
/// instead of one of the hundred tensors that do not fit.
struct Anchor {
    const char* tensor; ///< canonical
    std::size_t axis;   ///< of the canonical shape
    std::int64_t expected;
    const char* field;
};

std::vector<Anchor> anchors(const ModelConfig& config) {
    const VisionConfig& v = config.vision;
    const TextConfig& t = config.text;
    const std::int64_t patches = std::int64_t{v.grid()} * v.grid();
    const char* positions = "the number of image positions (from image size and patch size)";
    std::vector<Anchor> all = {
        {"token_embedding.weight", 1, t.width.value, "the width of the text tower"},
        {"token_embedding.weight", 0, t.vocabSize.value, "the size of the vocabulary"},
        {"positional_embedding", 0, t.contextLength.value + (t.pooling.value == TextPooling::ClassToken ? 1 : 0),
         "the context length"},
        {"transformer.resblocks.0.mlp.c_fc.weight", 0, t.mlpWidth.value, "the width of the text tower's inner layers"},
        {"text_projection", 1, config.embedDim.value, "the length of an embedding"},
    };
    if (v.tower == ImageTower::ResNet)
        all.insert(all.end(), {{"visual.layer1.0.conv1.weight", 0, v.width.value, "the width of the image tower"},
                               {"visual.attnpool.positional_embedding", 0, patches + 1, positions}});
    else
        all.insert(all.end(), {{"visual.conv1.weight", 0, v.width.value, "the width of the image tower"},
                               {"visual.conv1.weight", 2, v.patchSize.value, "the patch size"},
                               {"visual.positional_embedding", 0, patches + (v.classToken ? 1 : 0), positions},
                               {"visual.transformer.resblocks.0.mlp.c_fc.weight", 0, v.mlpWidth.value,
                                "the width of the image tower's inner layers"},
                               {"visual.proj", 1, config.embedDim.value, "the length of an embedding"}});
    return all;
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

std::string text(const Shape& shape) {
    std::string result = "[";
    for (const std::int64_t size : shape)
        result += (result.size() > 1 ? ", " : "") + std::to_string(size);
    return result + "]";
}

std::string more(std::size_t count) {
    return count > 1 ? " and " + std::to_string(count - 1) + " more" : "";
}

Result<void> checkTensors(const ModelConfig& config, const Weights& weights, const fs::path& model) {
    const auto conflict = [&model](const std::string& field, std::int64_t expected, std::int64_t found) {
        return fail(ErrorCode::ModelConfigConflict, {{"path", encodePath(model)},
                                                     {"field", field},
                                                     {"config", std::to_string(expected)},
                                                     {"weights", std::to_string(found)}});
    };
    const std::vector<TensorRecipe> recipes = tensorRecipes(config);
    const auto recipeOf = [&recipes](std::string_view name) {
        const auto it = std::lower_bound(recipes.begin(), recipes.end(), name,
                                         [](const TensorRecipe& r, std::string_view n) { return r.name < n; });
        return it != recipes.end() && it->name == name ? &*it : nullptr;
    };
    for (const Anchor& anchor : anchors(config)) {
        const TensorRecipe* recipe = recipeOf(anchor.tensor);
        if (!recipe)
            continue; // this architecture has no such tensor
        const auto it = weights.tensors.find(recipe->parts.front().name);
        if (it == weights.tensors.end())
            continue; // reported below
        const Shape shape = trimmed(it->second.shape);
        const std::size_t axis = recipe->transposed ? 1 - anchor.axis : anchor.axis;
        if (shape.size() == recipe->shape.size() && shape[axis] != anchor.expected)
            return conflict(anchor.field, anchor.expected, shape[axis]);
    }
    const auto checkBlocks = [&](const char* canonical, int expected, const char* field) -> Result<void> {
        const TensorRecipe* recipe = recipeOf(std::string(canonical) + "0.ln_1.weight");
        if (!recipe)
            return {};
        const std::string& first = recipe->parts.front().name;
        const int found = blockCount(weights, first.substr(0, first.rfind(".0.") + 1));
        if (found > 0 && found != expected)
            return conflict(field, expected, found);
        return {};
    };
    PLUMBLINE_CHECK(checkBlocks("visual.transformer.resblocks.", config.vision.layers.value,
                                "the number of layers of the image tower"));
    PLUMBLINE_CHECK(
        checkBlocks("transformer.resblocks.", config.text.layers.value, "the number of layers of the text tower"));

    const std::string path = encodePath(weights.paths.front());
    std::vector<std::string> missing;
    std::set<std::string_view> known;
    for (const TensorRecipe& recipe : recipes)
        for (const ExpectedTensor& tensor : recipe.parts) {
            known.insert(tensor.name);
            if (!weights.tensors.contains(tensor.name))
                missing.push_back(tensor.name);
        }
    if (!missing.empty())
        return fail(ErrorCode::TensorMissing,
                    {{"path", path}, {"tensor", missing.front()}, {"more", more(missing.size())}});

    std::vector<std::string> extra;
    for (const auto& [name, view] : weights.tensors)
        if (!known.contains(name) && !isIgnoredTensor(name, config))
            extra.push_back(name);
    if (!extra.empty())
        return fail(ErrorCode::TensorUnexpected,
                    {{"path", path}, {"tensor", shownName(extra.front())}, {"more", more(extra.size())}});

    for (const TensorRecipe& recipe : recipes)
        for (const ExpectedTensor& tensor : recipe.parts) {
            const TensorView& view = weights.tensors.at(tensor.name);
            if (trimmed(view.shape) != trimmed(tensor.shape))
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

// ---------------------------------------------------------------------------------------------------------------------
// The weights

/// Takes a wrapper's prefix off ("clip.", "model.net."), where the token table says that there is one: what is not
/// behind it belongs to the wrapper (a loss, a counter) and is left out.
void stripPrefix(WeightFile& file) {
    auto& tensors = file.weights.tensors;
    std::set<std::string> prefixes;
    for (const char* table :
         {"token_embedding.weight", "text.token_embedding.weight", "text_model.embeddings.token_embedding.weight"})
        for (const auto& [name, view] : tensors)
            if (name.ends_with(table) &&
                (name.size() == std::strlen(table) || name[name.size() - std::strlen(table) - 1] == '.'))
                prefixes.insert(name.substr(0, name.size() - std::strlen(table)));
    // "text." is a part of a name where the whole prefix is known, too: the shortest one is meant.
    if (prefixes.empty() || prefixes.contains(""))
        return;
    const std::string prefix = *std::min_element(prefixes.begin(), prefixes.end(),
                                                 [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (const std::string& other : prefixes)
        if (!other.starts_with(prefix))
            return; // two models; which one is meant cannot be told
    std::map<std::string, TensorView> inner;
    std::size_t left = 0;
    for (auto& [name, view] : tensors)
        if (name.starts_with(prefix))
            inner.emplace(name.substr(prefix.size()), std::move(view));
        else
            ++left;
    tensors = std::move(inner);
    for (ScatteredTensor& scattered : file.weights.scattered)
        if (scattered.name.starts_with(prefix))
            scattered.name.erase(0, prefix.size());
        else
            scattered.name.clear();
    std::erase_if(file.weights.scattered, [](const ScatteredTensor& scattered) { return scattered.name.empty(); });
    file.notes.push_back("the prefix \"" + shownName(prefix) + "\" was taken off" +
                         (left > 0 ? ", and " + std::to_string(left) + " tensors without it were left out" : ""));
}

/// The files that an index of shards names, each with the tensors that it must hold.
Result<std::map<std::string, std::vector<std::string>>> readShardIndex(const fs::path& file) {
    const auto invalid = [&file](std::string reason) {
        return fail(ErrorCode::WeightsInvalid, {{"path", encodePath(file)}, {"reason", std::move(reason)}});
    };
    PLUMBLINE_TRY(const nlohmann::json index, readJsonObject(file));
    const auto map = index.find("weight_map");
    if (map == index.end() || !map->is_object() || map->empty())
        return invalid("it has no weight_map");
    std::map<std::string, std::vector<std::string>> shards;
    for (const auto& [tensor, shard] : map->items()) {
        if (!shard.is_string())
            return invalid("the file of the tensor " + shownName(tensor) + " is not a text");
        const auto name = shard.get<std::string>();
        if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
            name.find('\0') != std::string::npos)
            return invalid("it names the file " + shown(shard) + ", which does not lie beside it");
        shards[name].push_back(tensor);
    }
    return shards;
}

Result<WeightFile> readShards(const ModelLocation& location, const fs::path& index, std::vector<fs::path>& files) {
    PLUMBLINE_TRY(const auto shards, readShardIndex(index));
    files.push_back(index);
    WeightFile all;
    for (const auto& [name, tensors] : shards) {
        const fs::path file = location.folder / name;
        if (!isThere(file))
            return fail(ErrorCode::WeightsInvalid,
                        {{"path", encodePath(index)},
                         {"reason", "the file " + shownName(name) + ", which it names, is not there"}});
        PLUMBLINE_CHECK(checkInside(location, file));
        PLUMBLINE_TRY(WeightFile part, readWeightFile(file));
        const auto invalid = [&file](std::string reason) {
            return fail(ErrorCode::WeightsInvalid, {{"path", encodePath(file)}, {"reason", std::move(reason)}});
        };
        for (const std::string& tensor : tensors)
            if (!part.weights.tensors.contains(tensor))
                return invalid("it lacks the tensor " + shownName(tensor) + ", which the index expects in it");
        if (part.weights.tensors.size() != tensors.size())
            return invalid("it holds tensors that the index does not expect in it");
        all.weights.tensors.merge(part.weights.tensors);
        std::move(part.weights.scattered.begin(), part.weights.scattered.end(),
                  std::back_inserter(all.weights.scattered));
        std::move(part.weights.files.begin(), part.weights.files.end(), std::back_inserter(all.weights.files));
        all.weights.paths.push_back(file);
        all.form = part.form;
    }
    all.form += " in " + std::to_string(shards.size()) + (shards.size() == 1 ? " file" : " files");
    return all;
}

/// The weights that a configuration's library would take: the first of the names that is there.
Result<WeightFile> readWeights(const ModelLocation& location, std::initializer_list<const char*> names,
                               std::initializer_list<const char*> unsupported, std::vector<fs::path>& files) {
    fs::path chosen = location.weights;
    for (const char* name : names)
        if (chosen.empty() && isThere(location.folder / name))
            chosen = location.folder / name;
    if (chosen.empty()) { // a name of its own, if there is only one
        std::error_code error;
        std::vector<fs::path> others;
        for (fs::directory_iterator it(location.folder, error), end; !error && it != end; it.increment(error))
            if (isWeightsName(it->path()))
                others.push_back(it->path());
        if (others.size() == 1)
            chosen = others.front();
        if (others.size() > 1) {
            std::sort(others.begin(), others.end());
            return fail(ErrorCode::NotAModel,
                        {{"path", encodePath(location.folder)},
                         {"expected", "it holds several files of weights (" + encodePath(others[0].filename()) + ", " +
                                          encodePath(others[1].filename()) + (others.size() > 2 ? ", …" : "") +
                                          "); name one of them"}});
        }
    }
    if (chosen.empty()) {
        for (const char* name : unsupported)
            if (isThere(location.folder / name))
                return fail(ErrorCode::ModelUnsupported,
                            {{"path", encodePath(location.folder)}, {"what", std::string("weights in ") + name}});
        return fail(ErrorCode::NotAModel, {{"path", encodePath(location.folder)},
                                           {"expected", std::string("it has no weights (") + *names.begin() + ")"}});
    }
    PLUMBLINE_CHECK(location.weights.empty() ? checkInside(location, chosen) : Result<void>{});
    if (chosen.extension() == ".json")
        return readShards(location, chosen, files);
    PLUMBLINE_TRY(WeightFile read, readWeightFile(chosen));
    stripPrefix(read);
    return read;
}

// ---------------------------------------------------------------------------------------------------------------------
// What else the folder tells

/// Files that are opened by their name, here or by the tokenizer's reader: none may be a link out of the folder.
constexpr std::array kReadByName = {kHuggingFaceConfig,
                                    kHuggingFaceProcessor,
                                    kHuggingFaceProcessorNested,
                                    kOpenClipConfig,
                                    "vocab.json",
                                    "merges.txt",
                                    "bpe_simple_vocab_16e6.txt.gz",
                                    "tokenizer.json",
                                    "tokenizer_config.json",
                                    "special_tokens_map.json",
                                    "added_tokens.json",
                                    "spiece.model",
                                    "tokenizer.model",
                                    "sentencepiece.bpe.model",
                                    "planted.json"};

/// The text of a licence file, or what the head of README.md names (the Hub's form: "license: mit").
std::string readLicence(const ModelLocation& location) {
    constexpr std::size_t kMost = std::size_t{1} << 20U;
    for (const char* name : {"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "LICENCE.md"})
        if (isThere(location.folder / name) && checkInside(location, location.folder / name))
            if (const Result<std::string> text = readFile(location.folder / name, kMost); text && isUtf8(*text))
                return *text;
    if (!isThere(location.folder / "README.md") || !checkInside(location, location.folder / "README.md"))
        return {};
    const Result<std::string> readme = readFile(location.folder / "README.md", kMost);
    if (!readme || !readme->starts_with("---") || !isUtf8(*readme))
        return {};
    const std::string head = readme->substr(0, readme->find("\n---", 3));
    const std::size_t at = head.find("\nlicense:");
    if (at == std::string::npos)
        return {};
    const std::size_t begin = head.find_first_not_of(' ', at + 9);
    const std::size_t end = head.find('\n', at + 1);
    return begin < end ? head.substr(begin, end - begin) + " (README.md)" : std::string();
}

/// Families whose activation is known from their papers and repositories: what a wrong configuration shows first.
void warnAboutActivation(ModelConfig& config) {
    std::string name = config.name;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto has = [&name](std::string_view part) { return name.find(part) != std::string::npos; };
    const bool quick = config.text.activation.value == Activation::QuickGelu;
    const char* family = has("openai") ? "OpenAI" : has("metaclip") ? "MetaCLIP" : has("dfn") ? "DFN" : nullptr;
    // The later sizes of MetaCLIP 2 and the models named "worldwide" come in both forms.
    if (family && !quick && !config.sigmoidLoss && !has("worldwide") && !has("metaclip-2") && !has("metaclip2"))
        config.warnings.push_back(std::string("The name says ") + family +
                                  ", whose models were trained with QuickGELU, but the configuration asks for another "
                                  "activation (" +
                                  config.text.activation.source + "): embeddings may be wrong.");
    if (quick && (has("laion2b") || has("datacomp")))
        config.warnings.push_back("The name says " + std::string(has("datacomp") ? "DataComp" : "LAION-2B") +
                                  ", whose models were trained with GELU, but the configuration asks for QuickGELU (" +
                                  config.text.activation.source + "): embeddings may be wrong.");
}

} // namespace

Result<ModelFolder> readModelFolder(const fs::path& path) {
    PLUMBLINE_TRY(const ModelLocation location, locateModel(path));
    for (const char* name : kReadByName)
        PLUMBLINE_CHECK(checkInside(location, location.folder / name));
    const bool openClip = isThere(location.folder / kOpenClipConfig);
    const bool huggingFace = isThere(location.folder / kHuggingFaceConfig);

    ModelFolder model;
    model.path = path;
    model.folder = location.folder;
    WeightFile read;
    bool useHuggingFace = huggingFace && !openClip;
    if (!location.weights.empty()) { // its names tell whose configuration belongs to it
        PLUMBLINE_TRY(read, readWeightFile(location.weights));
        stripPrefix(read);
        useHuggingFace = read.weights.tensors.contains("text_model.embeddings.token_embedding.weight");
    } else if (openClip && huggingFace) {
        // Downloads of OpenCLIP's own models hold both forms, or OpenCLIP's weights beside a config.json for another
        // library.
        useHuggingFace = isThere(location.folder / kHuggingFaceWeights) || isThere(location.folder / kHuggingFaceIndex);
        if (useHuggingFace)
            model.config.warnings.push_back("The folder holds this model in two forms; Hugging Face's is used.");
    }

    if (useHuggingFace ? huggingFace : openClip) {
        PLUMBLINE_TRY(ConfigFiles files, useHuggingFace ? readHuggingFaceConfig(location.folder)
                                                        : readOpenClipConfig(location.folder / kOpenClipConfig));
        std::move(model.config.warnings.begin(), model.config.warnings.end(),
                  std::back_inserter(files.config.warnings));
        model.config = std::move(files.config);
        model.files = std::move(files.files);
        if (location.weights.empty() && useHuggingFace) {
            PLUMBLINE_TRY(read, readWeights(location,
                                            {kHuggingFaceWeights, kHuggingFaceIndex, "pytorch_model.bin",
                                             "pytorch_model.bin.index.json"},
                                            {"tf_model.h5", "flax_model.msgpack"}, model.files));
        } else if (location.weights.empty()) {
            PLUMBLINE_TRY(read,
                          readWeights(location,
                                      {kOpenClipWeights, "open_clip_pytorch_model.bin", "open_clip_pytorch_model.pt",
                                       "open_clip_pytorch_model.safetensors", "model.safetensors"},
                                      {}, model.files));
        }
        if (!useHuggingFace && read.weights.tensors.contains("text.token_embedding.weight"))
            model.config.names = TensorNames::OpenClipCustomText;
    } else {
        PLUMBLINE_TRY(model.config, inferConfig(read.weights, location.weights));
    }
    model.config.name = location.name;
    PLUMBLINE_CHECK(checkTensors(model.config, read.weights, path));
    PLUMBLINE_CHECK(gather(read.weights));
    warnAboutActivation(model.config);
    for (const std::string& note : read.notes)
        model.config.warnings.push_back("About the weights: " + note + ".");
    model.weights = std::move(read.weights);
    model.storage = std::move(read.form);
    model.files.insert(model.files.end(), model.weights.paths.begin(), model.weights.paths.end());
    model.licence = readLicence(location);
    return model;
}

} // namespace plumbline::formats
