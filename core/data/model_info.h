// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plumbline {

/// A value together with where it was read, or why it was inferred ("config.json: vision_config.hidden_act",
/// "default of CLIPVisionConfig", "shape of visual.conv1.weight").
template <class T>
struct Sourced {
    T value{};
    std::string source;
};

enum class Container { HuggingFace, OpenClip };
enum class Activation { QuickGelu, Gelu };
enum class TokenizerRules { OpenAi, HuggingFace, OpenClip };
/// How OpenCLIP cleans a text before one of its Hugging Face tokenizers sees it (open_clip: HFTokenizer clean).
enum class TextCleaning { None, Whitespace, Lower, Canonicalize };

/// Where the text tower reads its feature.
enum class TextPooling {
    ArgMax,  ///< first position of the largest id (OpenAI, OpenCLIP, Hugging Face with eos 2)
    FirstEos ///< first position of eosId (Hugging Face otherwise)
};

struct VisionConfig {
    Sourced<int> imageSize, patchSize, width, layers, heads, mlpWidth;
    Sourced<double> layerNormEps;
    Sourced<Activation> activation;
    int channels = 3;
};

struct TextConfig {
    Sourced<int> contextLength, vocabSize, width, layers, heads, mlpWidth;
    Sourced<double> layerNormEps;
    Sourced<Activation> activation;
    Sourced<TextPooling> pooling;
    Sourced<int> eosId;
};

enum class Interpolation { Nearest, Bilinear, Bicubic };

/// How the reference of a container turns a decoded image into the network's input.
struct Preprocessing {
    enum class Order {
        ResizeThenRgb, ///< openai/CLIP, OpenCLIP: resize in the file's own mode, crop, then RGB
        RgbThenResize  ///< Hugging Face: RGB first
    };
    enum class CropOffset {
        RoundHalfEven, ///< torchvision: int(round(x / 2))
        Floor          ///< Hugging Face: x // 2
    };
    Sourced<int> size; ///< shorter side after resizing = side of the centre crop, in pixels
    Sourced<std::array<double, 3>> mean, std;
    Sourced<Interpolation> interpolation;
    Sourced<Order> order;
    Sourced<CropOffset> cropOffset;

    /// Stable text that names everything that changes pixels, e.g. "224/bicubic/rgb-resize/floor/0.48..": cache key.
    std::string id() const;
};

/// Everything that a model folder says about its network, before any weight is used.
struct ModelConfig {
    Container container = Container::HuggingFace;
    VisionConfig vision;
    TextConfig text;
    Sourced<int> embedDim;
    Preprocessing preprocessing;
    TokenizerRules tokenizer = TokenizerRules::OpenAi;
    std::string name; ///< of the folder
    std::vector<std::string> warnings;
};

struct ModelFile {
    std::string path; ///< relative to the model folder
    std::int64_t bytes = 0;
    std::string sha256;
};

struct SelfCheck {
    bool passed = false;
    std::vector<std::string> findings; ///< one sentence a failed check
};

/// What a model was trained to associate on purpose, as the sample's models are: the known truth beside a measured lean.
struct PlantedLean {
    std::string concept_;
    std::string attribute; ///< whose groups it depends on; empty for a control, which depends on none
    std::string favours;   ///< the group of that attribute it leans towards; empty for a control
    double strength = 1.0; ///< how many times as often the concept was said of that group as of the opposite one

    bool isControl() const { return attribute.empty(); }
};

/// The provenance card: what `plumb model` prints and the window shows.
struct ModelCard {
    ModelConfig config;
    std::string path; ///< encodePath form
    Sourced<double> logitScale; ///< exp of the stored parameter
    std::int64_t parameters = 0;
    std::string dtype; ///< as stored: "float16", "mixed: float16, float32"
    std::vector<ModelFile> files;
    std::string contentSha256; ///< of the tensors in canonical names and float32: the same in every container
    std::string vocabulary;    ///< where the tokenizer's files were found; empty: none, texts cannot be embedded
    SelfCheck selfCheck;
    std::vector<PlantedLean> planted; ///< from planted.json in the model folder; empty: nothing is known beforehand
    std::vector<std::string> warnings;
};

} // namespace plumbline
