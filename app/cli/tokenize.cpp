// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/base/path.h"
#include "core/clip/model_tokenizer.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string model, vocab, textsFile, json;
    std::vector<std::string> texts;
};

Result<text::Tokenizer> openTokenizer(const Arguments& arguments) {
    PLUMBLINE_TRY(const formats::ModelFolder model, formats::readModelFolder(arguments.model));
    std::vector<std::string> warnings;
    PLUMBLINE_TRY(std::optional<text::Tokenizer> tokenizer, clip::tokenizerOf(model, arguments.vocab, warnings));
    if (!tokenizer)
        return fail(ErrorCode::VocabularyMissing, {{"path", encodePath(model.path)}});
    for (const std::string& warning : warnings)
        note(warning);
    return std::move(*tokenizer);
}

int run(const Arguments& arguments) {
    std::vector<std::string> texts = arguments.texts;
    if (!arguments.textsFile.empty()) {
        Result<std::vector<std::string>> read = readTexts(arguments.textsFile);
        if (!read)
            return report(read.error());
        texts = std::move(*read);
    }
    const Result<text::Tokenizer> tokenizer = openTokenizer(arguments);
    if (!tokenizer)
        return report(tokenizer.error());
    nlohmann::json ids = nlohmann::json::array();
    for (const std::string& text : texts)
        ids.push_back(tokenizer->encode(text).ids);
    const nlohmann::json json = {{"context_length", tokenizer->contextLength()}, {"ids", std::move(ids)}};
    if (auto written = writeOut(arguments.json, json.dump() + "\n"); !written)
        return report(written.error());
    return kDone;
}

} // namespace

void addTokenize(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("tokenize", "Prints token ids as the model's own tokenizer makes them");
    auto arguments = std::make_shared<Arguments>();
    arguments->json = "-";
    command->add_option("--model", arguments->model, "Folder of the CLIP model")->required();
    command->add_option("--vocab", arguments->vocab, "Folder or file with the tokenizer's vocabulary");
    auto* file = command->add_option("--texts", arguments->textsFile, "A .json array of strings, or one text a line");
    auto* texts = command->add_option("text", arguments->texts, "Texts");
    file->excludes(texts);
    command->add_option("--json", arguments->json, "Output file, - for standard output")->capture_default_str();
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
