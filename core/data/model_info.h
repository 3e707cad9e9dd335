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

/// Whose conventions a model follows: names of tensors, configuration, preparation of images, tokenizer.
enum class Container { HuggingFace, OpenClip, OpenAi };
enum class Activation {
    QuickGelu, ///< x * sigmoid(1.702 x)
    Gelu,      ///< by the error function
    GeluTanh   ///< its approximation by tanh
};
enum class TokenizerRules { OpenAi, HuggingFace, OpenClip };
enum class ImageTower { Transformer, ResNet };

/// How the image tower's tokens become one feature.
enum class ImagePooling {
    ClassToken,     ///< the first token (Radford et al. 2021)
    Average,        ///< the mean of the patches
    AttentionProbe, ///< one learned query, then a small perceptron (SigLIP: Zhai et al. 2023)
    AttentionQuery, ///< the first of many learned queries (CoCa: Yu et al. 2022, as OpenCLIP has it)
    AttentionMean   ///< the mean of the tokens as the query (CLIP's ResNets)
};

/// Where the text tower reads its feature.
enum class TextPooling {
    ArgMax,    ///< first position of the largest id (OpenAI, OpenCLIP, Hugging Face with eos 2)
    FirstEos,  ///< first position of eosId (Hugging Face otherwise, OpenCLIP's "eos")
    Last,      ///< the last position of the padded context (SigLIP, CLIPA)
    ClassToken ///< a learned token behind the text (CoCa)
};

struct VisionConfig {
    ImageTower tower = ImageTower::Transformer;
    /// A ResNet's patch size is the stride of the whole tower, its width that of the stem, its layers the blocks of all
    /// stages, its heads those of the attention pooling.
    Sourced<int> imageSize, patchSize, width, layers, heads, mlpWidth;
    Sourced<double> layerNormEps;
    Sourced<Activation> activation;
    Sourced<ImagePooling> pooling;
    int channels = 3;
    std::array<int, 4> stages{};     ///< ResNet: blocks of each stage
    bool classToken = true;          ///< a learned token before the patches
    bool patchBias = false;          ///< the patch embedding has a bias
    bool firstNorm = true;           ///< a LayerNorm before the first block
    bool finalNormAfterPool = false; ///< pooled first, then normalised
    bool layerScale = false;         ///< a learned factor a channel behind attention and perceptron
    bool projection = true;          ///< a matrix from the tower's width to the embedding
    bool projectionBias = false;
    int poolerHeads = 0, poolerQueries = 0; ///< AttentionQuery alone

    /// Patches along one side. A rest that fills no patch is not looked at.
    int grid() const { return imageSize.value / patchSize.value; }
};

struct TextConfig {
    Sourced<int> contextLength, vocabSize, width, layers, heads, mlpWidth;
    Sourced<double> layerNormEps;
    Sourced<Activation> activation;
    Sourced<TextPooling> pooling;
    Sourced<int> eosId;
    bool causal = true; ///< a token sees those before it only; otherwise the whole context, padding included
    bool layerScale = false;
    bool projection = true; ///< a matrix from the tower's width to the embedding
    bool projectionBias = false;
    int padId = 0; ///< what the class token does not look at (ClassToken alone)
};

enum class Interpolation { Nearest, Bilinear, Bicubic };

/// How OpenCLIP cleans a text before one of its Hugging Face tokenizers sees it (open_clip: HFTokenizer clean).
enum class TextCleaning { None, Whitespace, Lower, Canonicalize };

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
    enum class Resize {
        ShorterSide, ///< keeps the proportions; the middle is cut out
        Stretch      ///< to the square, whatever the proportions (SigLIP)
    };
    Sourced<int> size; ///< side of the square that the network sees, in pixels
    Sourced<std::array<double, 3>> mean, std;
    Sourced<Interpolation> interpolation;
    Sourced<Order> order;
    Sourced<CropOffset> cropOffset;
    Sourced<Resize> resize;

    /// Stable text that names everything that changes pixels, e.g. "224/bicubic/rgb-resize/floor/0.48..": cache key.
    std::string id() const;
};

/// What the names of a model's tensors follow.
enum class TensorNames {
    OpenClip,           ///< OpenAI's names, which OpenCLIP kept
    OpenClipCustomText, ///< the same, the text tower's behind "text."
    HuggingFace
};

/// Everything that a model says about its network, before any weight is used.
struct ModelConfig {
    Container container = Container::HuggingFace;
    TensorNames names = TensorNames::HuggingFace;
    bool timm = false; ///< the image tower's tensors have the names of the timm library
    VisionConfig vision;
    TextConfig text;
    Sourced<int> embedDim;
    bool sigmoidLoss = false; ///< trained with SigLIP's loss: there is a logit bias
    bool captioner = false;   ///< there is a caption decoder beside the towers (CoCa), which is not read
    Preprocessing preprocessing;
    TokenizerRules tokenizer = TokenizerRules::OpenAi;
    bool clipTokenizer = true; ///< its ids are those of CLIP's own vocabulary, which any copy of it can give
    std::string tokenizerName; ///< of the tokenizer that it was trained with, where that is not CLIP's
    TextCleaning cleaning = TextCleaning::None; ///< before a tokenizer that is not CLIP's
    bool stripSeparator = false;                ///< separator ids become 0 (OpenCLIP's strip_sep_token)
    std::string name;                           ///< of the folder or file
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
    std::optional<Sourced<double>> logitBias; ///< of SigLIP's loss; nothing: the model has none
    std::string storage;        ///< the form of the weights: "safetensors", "PyTorch zip", "TorchScript", ...
    std::int64_t parameters = 0;
    std::string dtype; ///< as stored: "float16", "mixed: float16, float32"
    std::vector<ModelFile> files;
    std::string contentSha256; ///< of the tensors in canonical names and float32: the same in every container
    std::string vocabulary;    ///< where the tokenizer's files were found; empty: none, texts cannot be embedded
    std::string tokenizerKind; ///< "CLIP BPE, 49408 entries"; empty: none
    std::string licence;       ///< the licence that the folder names or holds; empty: none
    SelfCheck selfCheck;
    std::vector<PlantedLean> planted; ///< from planted.json in the model folder; empty: nothing is known beforehand
    std::vector<std::string> warnings;
};

} // namespace plumbline
