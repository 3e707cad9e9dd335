// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdio>
#include <string_view>
#include <type_traits>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/base/numbers.h"
#include "core/data/json.h"

namespace plumbline::cli {

namespace {

void line(const std::string& name, const std::string& value, const std::string& source = {}) {
    std::printf("  %-18s %s%s%s%s\n", name.c_str(), value.c_str(), source.empty() ? "" : "   [", source.c_str(),
                source.empty() ? "" : "]");
}

template <class T>
std::string text(const Sourced<T>& value) {
    if constexpr (std::is_floating_point_v<T>)
        return formatDouble(value.value);
    else
        return std::to_string(value.value);
}

template <class T>
void line(const std::string& name, const Sourced<T>& value) {
    line(name, text(value), value.source);
}

const char* containerName(Container container) {
    switch (container) {
    case Container::HuggingFace:
        return "Hugging Face";
    case Container::OpenClip:
        return "OpenCLIP";
    case Container::OpenAi:
        return "OpenAI (no configuration)";
    }
    return "";
}

const char* activationName(Activation activation) {
    switch (activation) {
    case Activation::QuickGelu:
        return "QuickGELU";
    case Activation::Gelu:
        return "GELU";
    case Activation::GeluTanh:
        return "GELU (tanh)";
    }
    return "";
}

const char* interpolationName(Interpolation interpolation) {
    switch (interpolation) {
    case Interpolation::Nearest:
        return "nearest";
    case Interpolation::Bilinear:
        return "bilinear, antialiased";
    case Interpolation::Bicubic:
        return "bicubic, antialiased";
    }
    return "";
}

const char* cleaningName(TextCleaning cleaning) {
    switch (cleaning) {
    case TextCleaning::None:
        return "none";
    case TextCleaning::Whitespace:
        return "characters repaired, single blanks";
    case TextCleaning::Lower:
        return "characters repaired, single blanks, lower case";
    case TextCleaning::Canonicalize:
        return "characters repaired, single blanks, lower case, no punctuation";
    }
    return "";
}

std::string poolingText(const VisionConfig& vision) {
    switch (vision.pooling.value) {
    case ImagePooling::ClassToken:
        return "the class token";
    case ImagePooling::Average:
        return "the mean of the patches";
    case ImagePooling::AttentionProbe:
        return "attention of one learned query";
    case ImagePooling::AttentionQuery:
        return "attention, the first of " + std::to_string(vision.poolerQueries) + " learned queries (" +
               std::to_string(vision.poolerHeads) + " heads)";
    case ImagePooling::AttentionMean:
        return "attention of the mean of the tokens";
    }
    return {};
}

std::string poolingText(const TextConfig& text) {
    switch (text.pooling.value) {
    case TextPooling::ArgMax:
        return "the largest id";
    case TextPooling::FirstEos:
        return "the first end of text (id " + std::to_string(text.eosId.value) + ")";
    case TextPooling::Last:
        return "the last position of the context";
    case TextPooling::ClassToken:
        return "a class token behind the text (padding: id " + std::to_string(text.padId) + ")";
    }
    return {};
}

std::string stagesText(const std::array<int, 4>& stages) {
    std::string result;
    for (const int blocks : stages)
        result += (result.empty() ? "" : "-") + std::to_string(blocks);
    return result;
}

std::string triple(const std::array<double, 3>& values) {
    return formatDouble(values[0]) + ' ' + formatDouble(values[1]) + ' ' + formatDouble(values[2]);
}

/// "151,277,313"
std::string countText(std::int64_t count) {
    std::string digits = std::to_string(count);
    for (auto at = static_cast<std::int64_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

/// "605.2 MB": powers of ten, as file managers show them.
std::string sizeText(std::int64_t bytes) {
    static const std::array<const char*, 4> kUnits = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000)
        return std::to_string(bytes) + " bytes";
    double size = static_cast<double>(bytes) / 1000;
    std::size_t unit = 0;
    for (; size >= 999.95 && unit + 1 < kUnits.size(); ++unit)
        size /= 1000;
    return formatFixed(size, 1) + ' ' + kUnits[unit];
}

std::string firstLine(std::string_view text) {
    text = trim(text);
    return std::string(trim(text.substr(0, text.find('\n'))));
}

/// What only some models have is said of those.
void unusual(bool isSo, const char* name, const char* value) {
    if (isSo)
        line(name, value);
}

void printImageTower(const VisionConfig& vision) {
    const bool resNet = vision.tower == ImageTower::ResNet;
    std::printf(" image tower\n");
    line("kind", resNet ? "ResNet, stages " + stagesText(vision.stages) : "vision transformer");
    line("image size", vision.imageSize);
    line(resNet ? "stride" : "patch size", vision.patchSize);
    line("width", vision.width);
    line("layers", vision.layers);
    line("heads", vision.heads);
    if (resNet) {
        line("activation", "ReLU", "ModifiedResNet");
        line("batch norm eps", vision.layerNormEps);
    } else {
        line("mlp width", vision.mlpWidth);
        line("activation", activationName(vision.activation.value), vision.activation.source);
        line("layer norm eps", vision.layerNormEps);
        unusual(!vision.classToken, "class token", "none");
        unusual(!vision.firstNorm, "first norm", "none");
        unusual(vision.patchBias, "patch bias", "yes");
        unusual(vision.layerScale, "layer scale", "yes");
    }
    line("pooling", poolingText(vision), vision.pooling.source);
    unusual(vision.finalNormAfterPool, "final norm", "after pooling");
    if (!resNet)
        line("projection", !vision.projection ? "none" : vision.projectionBias ? "a matrix with a bias" : "a matrix");
}

void printTextTower(const TextConfig& text) {
    std::printf(" text tower\n");
    line("context length", text.contextLength);
    line("vocabulary", text.vocabSize);
    line("width", text.width);
    line("layers", text.layers);
    line("heads", text.heads);
    line("mlp width", text.mlpWidth);
    line("activation", activationName(text.activation.value), text.activation.source);
    line("layer norm eps", text.layerNormEps);
    unusual(text.layerScale, "layer scale", "yes");
    line("attention", text.causal ? "causal" : "the whole context, padding included");
    line("pooling", poolingText(text), text.pooling.source);
    line("projection", !text.projection ? "none" : text.projectionBias ? "a matrix with a bias" : "a matrix");
}

void printTokenizer(const ModelCard& card) {
    const ModelConfig& config = card.config;
    std::printf(" tokenizer\n");
    line("kind", card.tokenizerKind.empty() ? "none: texts cannot be embedded" : card.tokenizerKind);
    if (!card.vocabulary.empty())
        line("read from", card.vocabulary);
    if (config.clipTokenizer)
        return;
    line("trained with", config.tokenizerName.empty() ? "one that is not CLIP's" : config.tokenizerName);
    line("cleaning", cleaningName(config.cleaning));
    unusual(config.stripSeparator, "separators", "become 0");
}

void printPreprocessing(const Preprocessing& pixels) {
    std::printf(" preprocessing\n");
    line("size", pixels.size);
    const bool stretched = pixels.resize.value == Preprocessing::Resize::Stretch;
    line("resize", stretched ? "stretched to the square" : "the shorter side, then the middle is cut out",
         pixels.resize.source);
    line("interpolation", interpolationName(pixels.interpolation.value), pixels.interpolation.source);
    line("order", pixels.order.value == Preprocessing::Order::RgbThenResize ? "RGB, then resize" : "resize, then RGB",
         pixels.order.source);
    if (!stretched)
        line("crop offset",
             pixels.cropOffset.value == Preprocessing::CropOffset::Floor ? "rounded down" : "rounded half to even",
             pixels.cropOffset.source);
    line("mean", triple(pixels.mean.value), pixels.mean.source);
    line("deviation", triple(pixels.std.value), pixels.std.source);
    line("id", pixels.id());
}

void print(const ModelCard& card) {
    const ModelConfig& config = card.config;
    std::printf("%s\n", config.name.c_str());
    line("path", card.path);
    line("container", containerName(config.container));
    line("storage", card.storage);
    line("stored as", card.dtype);
    line("parameters", countText(card.parameters));
    line("embedding", config.embedDim);
    line("logit scale", formatFixed(card.logitScale.value, 4), card.logitScale.source);
    if (card.logitBias)
        line("logit bias", formatFixed(card.logitBias->value, 4) + " (sigmoid loss)", card.logitBias->source);
    unusual(config.captioner, "caption decoder", "beside the towers, not read");
    line("licence", card.licence.empty() ? "none is named" : firstLine(card.licence));
    printImageTower(config.vision);
    printTextTower(config.text);
    printTokenizer(card);
    printPreprocessing(config.preprocessing);
    std::printf(" files and SHA-256\n");
    for (const ModelFile& file : card.files)
        std::printf("  %-24s %10s  %s\n", file.path.c_str(), sizeText(file.bytes).c_str(), file.sha256.c_str());
    std::printf("  %-24s %10s  %s\n", "tensors", "", card.contentSha256.c_str());
    std::printf(" self-check %s\n", card.selfCheck.passed ? "passed" : "failed");
    for (const std::string& finding : card.selfCheck.findings)
        std::printf("  - %s\n", finding.c_str());
    for (const auto* warnings : {&config.warnings, &card.warnings})
        for (const std::string& warning : *warnings)
            std::printf(" warning: %s\n", warning.c_str());
}

struct Arguments {
    ModelArguments model;
    std::string json;
};

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const auto card = [&]() -> Outcome<ModelCard> {
        PLUMBLINE_TRY(const clip::EncoderOptions options, arguments.model.options());
        PLUMBLINE_TRY(const auto encoder, clip::Encoder::load(arguments.model.model, options, feedback));
        return encoder->card(feedback);
    }();
    if (!card)
        return report(card.error());
    if (arguments.json.empty())
        print(*card);
    else if (auto written = writeJson(arguments.json, toJson(*card)); !written)
        return report(written.error());
    return kDone;
}

} // namespace

void addModel(CLI::App& app, Run& chosen) {
    CLI::App* command =
        app.add_subcommand("model", "Says what a CLIP model is, where each fact was read, and checks it");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("path", arguments->model.model, "Folder of the CLIP model, or its file of weights")->required();
    command->add_option("--vocab", arguments->model.vocab, "Folder or file with the tokenizer's vocabulary");
    command->add_option("--prompt-array", arguments->model.promptArray,
                        "Learned prompt tokens to put before every text");
    command->add_option("--residual-head", arguments->model.residualHead, "Heads to pass embeddings through");
    command->add_option("--json", arguments->json,
                        "Write the provenance card as JSON to this file, - for standard output");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
