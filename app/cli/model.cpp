// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/data/json.h"

namespace plumbline::cli {

namespace {

void line(const char* name, const std::string& value, const std::string& source = {}) {
    std::printf("  %-18s %s%s%s%s\n", name, value.c_str(), source.empty() ? "" : "   [", source.c_str(),
                source.empty() ? "" : "]");
}

template <class T>
void line(const char* name, const Sourced<T>& value) {
    line(name, std::to_string(value.value), value.source);
}

const char* activationName(Activation activation) {
    return activation == Activation::QuickGelu ? "QuickGELU" : "GELU";
}

void print(const ModelCard& card) {
    const ModelConfig& config = card.config;
    std::printf("%s\n", config.name.c_str());
    line("container", config.container == Container::HuggingFace ? "Hugging Face" : "OpenCLIP");
    line("parameters", std::to_string(card.parameters));
    line("stored as", card.dtype);
    line("embedding", config.embedDim);
    std::printf(" image tower\n");
    line("image size", config.vision.imageSize);
    line("patch size", config.vision.patchSize);
    line("width", config.vision.width);
    line("layers", config.vision.layers);
    line("heads", config.vision.heads);
    line("activation", activationName(config.vision.activation.value), config.vision.activation.source);
    std::printf(" text tower\n");
    line("context length", config.text.contextLength);
    line("vocabulary", config.text.vocabSize);
    line("width", config.text.width);
    line("layers", config.text.layers);
    line("heads", config.text.heads);
    line("activation", activationName(config.text.activation.value), config.text.activation.source);
    line("tokenizer", card.vocabulary.empty() ? "none: texts cannot be embedded" : card.vocabulary);
    std::printf(" preprocessing\n");
    line("size", config.preprocessing.size);
    line("order",
         config.preprocessing.order.value == Preprocessing::Order::RgbThenResize ? "RGB, then resize" : "resize, then RGB",
         config.preprocessing.order.source);
    line("id", config.preprocessing.id());
    std::printf(" hashes (SHA-256)\n");
    line("content", card.contentSha256);
    for (const ModelFile& file : card.files)
        line(file.path.c_str(), file.sha256);
    std::printf(" self-check %s\n", card.selfCheck.passed ? "passed" : "failed");
    for (const std::string& finding : card.selfCheck.findings)
        std::printf("  - %s\n", finding.c_str());
    for (const std::string& warning : card.warnings)
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
    CLI::App* command = app.add_subcommand("model", "Says what a model folder is, where each fact was read, and checks it");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("path", arguments->model.model, "Folder of the CLIP model")->required();
    command->add_option("--vocab", arguments->model.vocab, "Folder or file with the tokenizer's vocabulary");
    command->add_option("--json", arguments->json, "Write the provenance card as JSON to this file, - for standard output");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
