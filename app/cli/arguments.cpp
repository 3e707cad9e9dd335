// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/arguments.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/console.h"
#include "core/base/error_text.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/target_table.h"

namespace plumbline::cli {

void ModelArguments::addTo(CLI::App& command, bool withPrecision) {
    command.add_option("--model", model, "Folder of the CLIP model, or its file of weights")->required();
    command.add_option("--vocab", vocab, "Folder or file with the tokenizer's vocabulary, for models that bring none");
    command.add_option("--prompt-array", promptArray,
                       "Learned prompt tokens to put before every text (.pt, .safetensors)");
    command.add_option("--residual-head", residualHead,
                       "Heads of joint vision-language bias removal to pass embeddings through");
    if (!withPrecision)
        return;
    command.add_option("--precision", precision, "fp32 or bf16")
        ->check(CLI::IsMember({"fp32", "bf16"}))
        ->capture_default_str();
    command.add_option("--threads", threads, "Worker threads; 0: one a core")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
}

Result<clip::EncoderOptions> ModelArguments::options() const {
    clip::EncoderOptions options;
    options.vocabulary = vocab;
    options.promptArray = promptArray;
    options.residualHead = residualHead;
    options.hashMemory = hashMemoryFile();
    options.precision = precision == "bf16" ? clip::Precision::Bf16 : clip::Precision::Fp32;
    options.threads = threads;
    return options;
}

Outcome<std::unique_ptr<clip::Encoder>> ModelArguments::load(Feedback& feedback) const {
    PLUMBLINE_TRY(const clip::EncoderOptions chosen, options());
    feedback.progress("loading-model", 0, 0);
    PLUMBLINE_TRY(auto encoder, clip::Encoder::load(model, chosen, feedback));
    for (const std::string& warning : encoder->warnings())
        feedback.log(warning);
    return encoder;
}

void MeasureArguments::addTo(CLI::App& command) {
    command.add_option("-k", k, "Rows from the top: a number (100) or a share (10%, rounded up)")
        ->capture_default_str();
    command
        .add_option(
            "--target", target,
            "Desired shares: pool, uniform, conditional (those of the relevant images, see --relevance), a table "
            "with the columns group,share or concept,group,share, or visogender-us[:OCCUPATION]")
        ->capture_default_str();
    command.add_option("--definition", definition, "What is computed: " + definitionNames())->capture_default_str();
    command
        .add_option("--bias-groups", biasGroups,
                    "A,B: the groups of Bias@K, (A - B)/(A + B); without it men and women, or the two groups")
        ->delimiter(',')
        ->expected(2);
    command.add_option("--seed", seed, "Seed of the null and the interval")->capture_default_str();
    command
        .add_option("--correction", correction, "Of the verdicts for their number: holm, or bh (Benjamini-Hochberg)")
        ->check(CLI::IsMember({"holm", "bh"}))
        ->capture_default_str();
    command.add_option("--level", level, "Of the corrected tests")->check(CLI::Range(1e-9, 0.5))->capture_default_str();
    command
        .add_option("--tolerance", tolerance, "Shares from 1/TOLERANCE to TOLERANCE times the pool's count as plumb")
        ->check(CLI::Range(1.0, 1e6))
        ->capture_default_str();
    command.add_option("--slight-gap", slightGap, "A lean on a smaller gap of mean cosine is called slight")
        ->check(CLI::Range(0.0, 2.0))
        ->capture_default_str();
    command.add_option("--min-group", minGroup, "Groups with fewer images get no verdict")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
}

Result<MeasureOptions> MeasureArguments::options() const {
    MeasureOptions result;
    const std::optional<KSpec> parsedK = parseK(k);
    if (!parsedK)
        return fail(ErrorCode::KInvalid, {{"value", k}});
    result.k = *parsedK;
    const std::optional<Definition> parsedDefinition = definitionFromName(definition);
    if (!parsedDefinition)
        return fail(ErrorCode::DefinitionUnknown, {{"name", definition}, {"available", definitionNames()}});
    result.definition = *parsedDefinition;
    PLUMBLINE_TRY(result.target, formats::readTarget(target));
    result.biasGroups = biasGroups;
    result.seed = seed;
    result.correction = correction == "bh" ? Correction::FalseDiscovery : Correction::Holm;
    result.level = level;
    result.tolerance = tolerance;
    result.slightGap = slightGap;
    result.minGroup = minGroup;
    return result;
}

CLI::Validator aboveZero() {
    return {[](const std::string& text) {
                const std::optional<double> number = parseDouble(text);
                return number && std::isfinite(*number) && *number > 0 ? std::string()
                                                                       : "“" + text + "” is not a number above 0.";
            },
            "ABOVE 0"};
}

std::filesystem::path hashMemoryFile() {
    const std::filesystem::path folder = userCacheFolder();
    return folder.empty() ? folder : folder / "file-hashes.txt";
}

std::optional<store::EmbeddingCache> openCache() {
    Result<store::EmbeddingCache> cache = store::EmbeddingCache::open(userCacheFolder() / "embeddings.sqlite");
    if (cache)
        return std::move(*cache);
    note(errorText(cache.error()) + " Embeddings of this run are not kept.");
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>> conditions(const std::vector<std::string>& texts) {
    std::vector<std::pair<std::string, std::string>> result;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string::npos)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "--where"}, {"value", encodeName(text)}, {"expected", "COLUMN=VALUE"}});
        result.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return result;
}

Result<std::vector<std::string>> readTexts(const std::string& file) {
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    std::ostringstream whole;
    if (in)
        whole << in.rdbuf();
    if (!in) {
        if (errno == ENOENT)
            return fail(ErrorCode::FileNotFound, {{"path", encodeName(file)}});
        return fail(ErrorCode::FileUnreadable, {{"path", encodeName(file)}, {"reason", std::strerror(errno)}});
    }
    const std::string text = std::move(whole).str();
    std::vector<std::string> texts;
    if (std::filesystem::path(file).extension() == ".json") {
        PLUMBLINE_TRY(const nlohmann::json json, parseJson(text, encodeName(file)));
        if (!json.is_array())
            return fail(ErrorCode::JsonInvalid,
                        {{"path", encodeName(file)}, {"reason", "it is not an array of strings"}});
        for (const nlohmann::json& item : json) {
            if (!item.is_string())
                return fail(ErrorCode::JsonInvalid,
                            {{"path", encodeName(file)},
                             {"reason", "item " + std::to_string(texts.size() + 1) + " is not a string"}});
            texts.push_back(item.get<std::string>());
        }
        return texts;
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r'))
            line.pop_back();
        texts.push_back(std::move(line));
    }
    return texts;
}

} // namespace plumbline::cli
