// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/console.h"
#include "app/cli/debias_parts.h"
#include "app/cli/measure_kinds.h"
#include "app/cli/text_table.h"
#include "core/audit/mitigation.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/label_table.h"
#include "core/probe/probe_set.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
    ModelArguments model;
    MeasureArguments measure;
    std::string images, labels, auditLabels, preset, probe, out, json, csv;
    std::vector<std::string> prompts, methods, transforms;
    DebiasStudyConfig config;
};

tl::unexpected<Error> invalid(std::string name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

/// The pieces of a text between separators, without empty ones.
std::vector<std::string> pieces(const std::string& text, char separator) {
    std::vector<std::string> result;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        if (end > begin)
            result.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

/// "leace", "leace:apply=both;shrinkage=on", "mean-difference+det-cons:labels=predicted".
Result<DebiasRecipe> recipeOf(const std::string& text) {
    DebiasRecipe recipe;
    for (const std::string& step : pieces(text, '+')) {
        const std::size_t colon = step.find(':');
        DebiasConfig config;
        config.method = step.substr(0, colon);
        if (!findDebiasMethod(config.method))
            return invalid("--method", encodeName(config.method), "a name that plumb debias list prints");
        if (colon != std::string::npos) {
            PLUMBLINE_TRY(config.parameters, debiasParameters(pieces(step.substr(colon + 1), ';')));
        }
        recipe.steps.push_back(std::move(config));
    }
    if (recipe.steps.empty())
        return invalid("--method", encodeName(text), "a name that plumb debias list prints");
    return recipe;
}

struct Compared {
    audit::Study study;
    std::vector<std::string> notes;
};

Outcome<Compared> compare(const Arguments& arguments, Feedback& feedback) {
    DebiasStudyConfig config = arguments.config;
    PLUMBLINE_TRY(config.measure, arguments.measure.options());
    config.seed = config.measure.seed;
    if (arguments.probe.empty()) {
        config.probe = probe::handWritten(arguments.prompts);
    } else {
        PLUMBLINE_TRY(config.probe, probe::namedProbeSet(arguments.probe));
    }
    if (arguments.methods.empty() || arguments.methods == std::vector<std::string>{"all"})
        config.methods = audit::studyMethods();
    else
        for (const std::string& name : arguments.methods) {
            PLUMBLINE_TRY(config.methods.emplace_back(), recipeOf(name));
        }
    std::error_code ignored;
    config.modelPath = encodePath(fs::absolute(arguments.model.model, ignored));
    config.precision = arguments.model.precision;

    PLUMBLINE_TRY(const auto encoder, arguments.model.load(feedback));
    formats::LabelOptions options;
    options.preset = arguments.preset;
    const fs::path root = fs::absolute(arguments.images, ignored);
    PLUMBLINE_TRY(const ImageSet set, formats::readImageSet(root, arguments.labels, options, feedback));
    std::optional<ImageSet> auditSet;
    if (!arguments.auditLabels.empty()) {
        PLUMBLINE_TRY(auditSet, formats::readImageSet(root, arguments.auditLabels, options, feedback));
    }
    std::optional<store::EmbeddingCache> cache = openCache();
    store::EmbeddingCache* cachePointer = cache ? &*cache : nullptr;
    PLUMBLINE_TRY(const audit::SetEmbeddings embeddings,
                  audit::embedSet(*encoder, set, cachePointer, config.precision, feedback));
    std::optional<audit::SetEmbeddings> auditEmbeddings;
    if (auditSet) {
        PLUMBLINE_TRY(auditEmbeddings, audit::embedSet(*encoder, *auditSet, cachePointer, config.precision, feedback));
    }
    const audit::EncodeTexts encode = [&](std::span<const std::string> texts) {
        return encoder->encodeTexts(texts, feedback);
    };
    PLUMBLINE_TRY(audit::StudyInput input, audit::studyInput(config,
                                                             {set, embeddings, auditSet ? &*auditSet : nullptr,
                                                              auditEmbeddings ? &*auditEmbeddings : nullptr},
                                                             encode, feedback));
    PLUMBLINE_TRY(input.card.modelSha256, encoder->contentSha256(feedback));
    for (const std::string& folder : arguments.transforms) {
        PLUMBLINE_TRY(debias::Transform transform, debias::readTransform(folder));
        audit::StudyMethod method;
        for (const debias::Part& part : transform.parts)
            method.steps.emplace_back().config = part.card.config;
        method.fitted = std::move(transform);
        input.methods.push_back(std::move(method));
    }
    Compared compared;
    PLUMBLINE_TRY(compared.study, audit::runStudy(input, feedback));
    return compared;
}

std::string signedCell(const MeasureRow* row) {
    if (!row || !row->value.value)
        return cell(std::nullopt);
    std::string text = cell(row->value.value);
    if (row->value.ciLow && row->value.ciHigh)
        text += " [" + cell(row->value.ciLow) + ", " + cell(row->value.ciHigh) + "]";
    return text;
}

/// The card's name with the parameters that were given: "LEACE, gender (apply=both)"; long ones are cut.
std::string candidateName(const DebiasCandidate& candidate) {
    std::string given;
    for (const DebiasConfig& step : candidate.recipe.steps)
        for (const auto& [name, value] : step.parameters)
            given += (given.empty() ? "" : ", ") + name + "=" + (value.size() > 12 ? value.substr(0, 10) + "…" : value);
    return candidate.card.name + (given.empty() ? "" : " (" + given + ")");
}

/// One line a method: what it gives on the audit rows, before it the untouched model.
std::string studyText(const DebiasStudy& study) {
    std::vector<std::string> header = {"method", "strength", "MaxSkew " + study.config.attribute, "MinSkew", "NDKL"};
    const bool task = !study.config.classes.empty();
    if (task)
        header.insert(header.end(), {"accuracy " + study.config.classes, "worst group", "ABLE"});
    header.insert(header.end(), {"linear probe", "k-NN probe"});
    for (const std::string& other : study.config.untargeted)
        header.push_back("MaxSkew " + other);
    header.insert(header.end(), {"select score", "seconds"});
    TextTable table(header, 1);
    const std::string& target = study.config.attribute;
    const auto line = [&](const DebiasCandidate& candidate, const char* state) {
        const MeasureTable& price = candidate.price.front();
        const bool before = std::string_view(state) == "before";
        std::vector<std::string> row = {before ? "untouched" : candidateName(candidate),
                                        before ? "" : cell(candidate.card.strength, 2)};
        const auto add = [&](const std::string& attribute, const char* measure) {
            row.push_back(signedCell(price.find({attribute, state}, measure)));
        };
        for (const char* measure : {"max_skew", "min_skew", "ndkl"})
            add(target, measure);
        if (task) {
            add("", "zero_shot_accuracy");
            add(target, "worst_group_accuracy");
            add(target, "able");
        }
        add(target, "linear_probe");
        add(target, "nearest_neighbour_probe");
        for (const std::string& other : study.config.untargeted)
            add(other, "max_skew");
        row.push_back(before ? "" : cell(candidate.selectScore));
        row.push_back(before ? "" : cell(candidate.card.seconds, 2));
        table.add(row);
    };
    bool first = true;
    for (const DebiasCandidate& candidate : study.candidates) {
        if (!candidate.failure.empty() || candidate.price.empty())
            continue;
        if (first)
            line(candidate, "before");
        first = false;
        line(candidate, "after");
    }
    std::string text = table.text();
    for (const DebiasCandidate& candidate : study.candidates)
        if (!candidate.failure.empty())
            text += candidate.card.config.method + ": " + candidate.failure + "\n";
    text += "\nFitted on " + std::to_string(study.fitRows) + " images, chosen on " + std::to_string(study.selectRows) +
            ", audited on " + std::to_string(study.auditRows) + "; " + study.split + ". Compared by " + study.score +
            ".\n";
    text += study.recommended < 0
                ? "No method is better than the untouched model on the select rows.\n"
                : "Recommended by the select rows: " +
                      study.candidates[static_cast<std::size_t>(study.recommended)].card.name + " at strength " +
                      cell(study.candidates[static_cast<std::size_t>(study.recommended)].card.strength, 2) + ".\n";
    return text;
}

Result<void> write(const Arguments& arguments, const audit::Study& study) {
    if (!arguments.json.empty())
        PLUMBLINE_CHECK(writeJson(arguments.json, toJson(study.result)));
    if (!arguments.csv.empty()) {
        std::vector<MeasureTable> tables;
        for (const DebiasCandidate& candidate : study.result.candidates)
            for (MeasureTable table : candidate.price) {
                table.title = candidate.card.name + ": " + table.title;
                tables.push_back(std::move(table));
            }
        PLUMBLINE_CHECK(writeOut(arguments.csv, measureTablesCsv(tables)));
    }
    if (!arguments.out.empty())
        for (std::size_t c = 0; c < study.transforms.size(); ++c)
            if (!study.transforms[c].parts.empty())
                PLUMBLINE_CHECK(debias::writeTransform(
                    study.transforms[c], fs::path(arguments.out) / (std::to_string(c + 1) + "-" +
                                                                    study.result.candidates[c].card.config.method)));
    if (arguments.json != "-")
        PLUMBLINE_CHECK(writeOut("-", studyText(study.result)));
    return {};
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const Outcome<Compared> compared = compare(arguments, feedback);
    if (!compared)
        return report(compared.error());
    for (const std::string& warning : compared->study.result.warnings)
        note(warning);
    for (const DebiasCandidate& candidate : compared->study.result.candidates)
        for (const std::string& warning : candidate.card.warnings)
            note(candidate.card.name + ": " + warning);
    const Result<void> written = write(arguments, compared->study);
    return written ? kDone : report(written.error());
}

} // namespace

void addDebiasCompare(CLI::App& debias, Run& chosen) {
    CLI::App* command = debias.add_subcommand(
        "compare", "Fits methods on some images, chooses their strength on others and audits them on a third part");
    auto arguments = std::make_shared<Arguments>();
    arguments->model.addTo(*command, true);
    command->add_option("--images", arguments->images, "Folder with images")->required();
    command->add_option("--labels", arguments->labels, "Table with a file column and one column an attribute")
        ->required();
    command->add_option("--audit-labels", arguments->auditLabels,
                        "Another table of the same folder: its images are audited, those of --labels fit and choose");
    command->add_option("--preset", arguments->preset, "How to read the tables: fairface, utkface, generic, or a file");
    DebiasStudyConfig& config = arguments->config;
    command->add_option("--attribute", config.attribute, "The attribute to remove")->required();
    command->add_option("--untargeted", config.untargeted, "Attributes that are looked at, too")->delimiter(',');
    command->add_option("--classes", config.classes, "Attribute whose zero-shot accuracy is the utility");
    command->add_option("--captions", config.captions, "Captions of the images, for recall");
    command->add_option("--caption-split", config.captionSplit, "Only this part of the list, e.g. test");
    command->add_option("--split", config.splitColumn,
                        "Column with the values fit, select and audit; without it by lot");
    command->add_option("--together", config.together, "Column whose groups are not divided by lot: identities, sets");
    command->add_option("--shares", config.shares, "Of fit, select and audit images, by lot")
        ->delimiter(',')
        ->expected(2, 3);
    auto* asked = command->add_option_group("asked", "What is asked");
    asked->add_option("--probe", arguments->probe, "Probe file (JSON or CSV), or the name of a built-in set");
    asked->add_option("--prompt", arguments->prompts, "Prompts");
    asked->require_option(1);
    arguments->measure.addTo(*command);
    command->add_option("--method", arguments->methods,
                        "NAME, NAME:KEY=VALUE;KEY=VALUE or several in turn, NAME+NAME; several times; all (the default) "
                        "tries every one");
    command->add_option("--transform", arguments->transforms, "Folder of a transform that was fitted elsewhere");
    command->add_option("--out", arguments->out, "Folder for the fitted transforms");
    command->add_option("--json", arguments->json, "Write everything as JSON to this file, or - for standard output");
    command->add_option("--csv", arguments->csv, "Write the tables as CSV to this file");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
