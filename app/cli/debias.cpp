// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/debias_parts.h"
#include "app/cli/table.h"
#include "app/cli/text_table.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/attribute_text.h"
#include "core/data/json.h"
#include "core/debias/transform.h"
#include "core/formats/csv.h"
#include "core/formats/data_table.h"
#include "core/formats/label_table.h"
#include "core/formats/npy.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> invalid(std::string name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

int list(const std::string& jsonFile) {
    if (!jsonFile.empty()) {
        nlohmann::json methods = nlohmann::json::array();
        for (const DebiasMethodInfo& info : allDebiasMethods())
            methods.push_back(toJson(info));
        const Result<void> written = writeJson(jsonFile, {{"methods", std::move(methods)}});
        return written ? kDone : report(written.error());
    }
    TextTable table({"method", "changes", "needs", "what it is"}, 4);
    for (const DebiasMethodInfo& info : allDebiasMethods())
        table.add({std::string(info.name), std::string(debiasTargetName(info.target)),
                   std::string(info.needsLabels ? "labels" : "") + (info.needsLabels && info.needsTexts ? ", " : "") +
                       (info.needsTexts ? "texts" : ""),
                   std::string(info.title)});
    std::string text = table.text();
    for (const DebiasMethodInfo& info : allDebiasMethods()) {
        text +=
            "\n" + std::string(info.name) + ": " + std::string(info.about) + "\n  " + std::string(info.source) + "\n";
        for (const DebiasParameter& parameter : info.parameters)
            text += "  --param " + std::string(parameter.name) + "=" +
                    (parameter.standard.empty() ? "…" : std::string(parameter.standard)) + "  " +
                    std::string(parameter.meaning) + "\n";
    }
    const Result<void> written = writeOut("-", text);
    return written ? kDone : report(written.error());
}

struct FitArguments {
    std::string method, embeddings, labels, preset, attribute, texts, out;
    std::vector<std::string> parameters;
    std::uint64_t seed = 0;
    bool predicted = false;
};

/// What the rows of a file of plumb embed are: the first column of FILE.npy.rows.csv that is not the row number. Empty
/// where there is no such file.
Outcome<std::vector<std::string>> rowNames(const std::string& npy, std::size_t rows, Feedback& feedback) {
    std::vector<std::string> names;
    std::error_code ignored;
    if (!fs::exists(npy + ".rows.csv", ignored))
        return names;
    PLUMBLINE_TRY([[maybe_unused]] const formats::CsvHeader header,
                  formats::readCsv(
                      npy + ".rows.csv",
                      [&](const formats::CsvHeader&, std::size_t, const std::vector<std::string>& row) {
                          names.push_back(row.size() > 1 ? row[1] : std::string());
                      },
                      &feedback));
    if (names.size() != rows)
        return fail(ErrorCode::NpyInvalid, {{"path", encodeName(npy)},
                                            {"reason", "it has " + std::to_string(rows) + " rows, but " + npy +
                                                           ".rows.csv names " + std::to_string(names.size())}});
    return names;
}

/// The attribute of the embeddings' rows: by their names where plumb embed left them, else row by row; `said`: how they
/// came together.
Outcome<Attribute> labelsOf(const FitArguments& arguments, std::size_t rows, std::string& said, Feedback& feedback) {
    PLUMBLINE_TRY(std::vector<std::string> names, rowNames(arguments.embeddings, rows, feedback));
    if (names.empty()) {
        PLUMBLINE_TRY(const std::vector<AttributePart> parts, parseAttribute(arguments.attribute));
        std::vector<std::string> columns;
        for (const AttributePart& part : parts)
            columns.push_back(part.name);
        PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.labels, columns, feedback));
        if (table.rows() != rows)
            return invalid("--labels", std::to_string(table.rows()) + " rows",
                           std::to_string(rows) + " rows in the order of the embeddings, or the file " +
                               arguments.embeddings + ".rows.csv that says which image each row is");
        ImageSet set;
        set.files.resize(rows);
        for (const std::string& column : columns)
            set.attributes.push_back(table.attribute(column));
        PLUMBLINE_TRY(Attribute attribute, resolveAttribute(set, arguments.attribute));
        said = "labels were taken row by row: the first of " + arguments.labels + " for the first embedding";
        return attribute;
    }
    for (std::string& name : names)
        name = decodeName(name);
    formats::LabelOptions options;
    options.preset = arguments.preset;
    PLUMBLINE_TRY(const ImageSet set, formats::readImageSet(names, arguments.labels, options, feedback));
    said = "labels of " + arguments.labels + ":\n" + matchReportText(set.report);
    PLUMBLINE_TRY(const Attribute ofSet, resolveAttribute(set, arguments.attribute));
    Attribute attribute = ofSet;
    attribute.codes.assign(rows, Attribute::kUnlabelled);
    std::map<std::string_view, std::size_t> rowOf;
    for (std::size_t i = 0; i < rows; ++i)
        rowOf.try_emplace(names[i], i);
    for (std::size_t i = 0; i < set.size(); ++i)
        if (const auto row = rowOf.find(set.files[i]); row != rowOf.end())
            attribute.codes[row->second] = ofSet.codes[i];
    return attribute;
}

Outcome<debias::Transform> fitOnEmbeddings(const FitArguments& arguments, std::string& said, Feedback& feedback) {
    DebiasConfig config{arguments.method, arguments.attribute, {}, arguments.seed};
    PLUMBLINE_TRY(config.parameters, debiasParameters(arguments.parameters));
    const DebiasMethodInfo* info = findDebiasMethod(arguments.method);
    const std::string notGiven = "(not given)";
    if (arguments.embeddings.empty() && !(info && info->imported))
        return invalid("--embeddings", notGiven,
                       "a .npy file with the images that " + arguments.method + " is fitted on");
    if (arguments.texts.empty() && info && info->needsTexts)
        return invalid("--text-embeddings", notGiven,
                       "a .npy file with the texts that " + arguments.method + " is fitted with");
    Embeddings images;
    if (!arguments.embeddings.empty()) {
        PLUMBLINE_TRY(images, formats::readEmbeddings(arguments.embeddings));
    }
    std::optional<Embeddings> texts;
    std::vector<std::string> words;
    if (!arguments.texts.empty()) {
        PLUMBLINE_TRY(texts, formats::readEmbeddings(arguments.texts));
        PLUMBLINE_TRY(words, rowNames(arguments.texts, texts->rows, feedback));
    }
    Attribute attribute;
    attribute.codes.assign(images.rows, Attribute::kUnlabelled);
    if (info && info->needsLabels) {
        if (arguments.labels.empty() || arguments.attribute.empty())
            return arguments.labels.empty()
                       ? invalid("--labels", notGiven,
                                 "a table with the images' labels, which " + arguments.method + " is fitted with")
                       : invalid("--attribute", notGiven,
                                 "the column of the table that " + arguments.method + " is to remove");
        PLUMBLINE_TRY(attribute, labelsOf(arguments, images.rows, said, feedback));
    }
    DebiasCard card;
    if (!info || !info->imported) {
        card.fitRows =
            fs::path(arguments.embeddings).filename().string() + ", " + std::to_string(images.rows) + " rows";
        if (info && info->needsLabels && attribute.unlabelled() > 0)
            card.fitRows += ", " + std::to_string(attribute.unlabelled()) + " of them without a label";
    }
    card.predictedLabels = arguments.predicted;
    return debias::fit(config,
                       {images,
                        attribute,
                        texts ? &*texts : nullptr,
                        words,
                        arguments.seed,
                        {},
                        fs::path(arguments.out) / "checkpoint"},
                       std::move(card), feedback);
}

int fitAndWrite(const FitArguments& arguments) {
    if (const Result<void> writable = checkWritable(arguments.out, true); !writable)
        return report(writable.error());
    ConsoleFeedback feedback;
    std::string said;
    const Outcome<debias::Transform> transform = fitOnEmbeddings(arguments, said, feedback);
    if (!transform)
        return report(transform.error());
    if (!said.empty())
        note(said);
    if (const Result<void> written = debias::writeTransform(*transform, arguments.out); !written)
        return report(written.error());
    std::error_code ignored;
    fs::remove(fs::path(arguments.out) / "checkpoint", ignored); // it has served; one with other files stays
    const DebiasCard& card = transform->parts.front().card;
    TextTable table({card.name, ""}, 1);
    table.add({"seconds", cell(card.seconds)});
    for (const auto& [group, rows] : card.groups)
        table.add({"rows of " + group, std::to_string(rows)});
    for (const DebiasFact& fact : card.facts)
        table.add({fact.name, cell(fact.value)});
    for (const std::string& warning : card.warnings)
        note(warning);
    const Result<void> written = writeOut("-", table.text());
    return written ? kDone : report(written.error());
}

struct ApplyArguments {
    std::vector<std::string> transforms;
    std::string modality, embeddings, out;
    double strength = 1;
    bool unit = false;
};

Outcome<void> applyAndWrite(const ApplyArguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(const debias::Transform transform, readStack(arguments.transforms, arguments.strength));
    for (const debias::Part& part : transform.parts)
        if (part.promptArray)
            return invalid("--transform", part.card.name,
                           "a method that changes embeddings; a prompt array changes how the model reads texts and is "
                           "used by plumb audit --debias, or by plumb embed --prompt-array");
        else if (part.ranking || part.scores)
            return invalid("--transform", part.card.name,
                           "a method that changes embeddings; this one changes rankings or scores and is used by "
                           "plumb audit --debias");
    const debias::Modality modality = arguments.modality == "text" ? debias::Modality::Text : debias::Modality::Image;
    PLUMBLINE_TRY(const Embeddings rows, formats::readEmbeddings(arguments.embeddings));
    PLUMBLINE_TRY(Embeddings after, debias::transformRows(transform, modality, rows, feedback));
    std::size_t without = 0;
    for (std::size_t i = 0; i < rows.rows; ++i)
        without += !hasDirection(rows.row(i));
    if (without > 0)
        note(std::to_string(without) + " rows are zero or not finite and stay as they are");
    if (arguments.unit)
        normaliseRows(after);
    PLUMBLINE_TRY(formats::NpyWriter writer, formats::NpyWriter::create(arguments.out, after.dim));
    PLUMBLINE_CHECK(writer.append(after.values));
    PLUMBLINE_CHECK(writer.finish());
    return {};
}

struct ExportArguments {
    std::vector<std::string> transforms;
    std::string out;
    double strength = 1;
};

Result<void> exportAndWrite(const ExportArguments& arguments) {
    PLUMBLINE_TRY(const debias::Transform transform, readStack(arguments.transforms, arguments.strength));
    return debias::writeTransform(transform, arguments.out);
}

int exitCode(const Outcome<void>& outcome) {
    return outcome ? kDone : report(outcome.error());
}

} // namespace

Result<std::vector<std::pair<std::string, std::string>>> debiasParameters(const std::vector<std::string>& texts) {
    std::vector<std::pair<std::string, std::string>> result;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid("--param", encodeName(text), "KEY=VALUE");
        result.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return result;
}

Result<debias::Transform> readStack(const std::vector<std::string>& folders, double strength) {
    if (!(strength >= 0 && strength <= 1))
        return invalid("--strength", formatDouble(strength), "a number from 0 to 1");
    debias::Transform stack;
    for (const std::string& folder : folders) {
        PLUMBLINE_TRY(debias::Transform one, debias::readTransform(folder));
        std::ranges::move(debias::dialled(std::move(one), strength).parts, std::back_inserter(stack.parts));
    }
    return stack;
}

std::string valueCell(const MeasureRow* row) {
    if (row && !row->value.value && row->value.atMost)
        return "≤ " + cell(row->value.atMost);
    return cell(row ? row->value.value : std::nullopt);
}

std::string priceText(const MeasureTable& price) {
    TextTable table({"attribute", "measure", "before", "after", "difference", "95 % interval", "p", "p (Holm)"}, 2);
    for (const MeasureRow& row : price.rows) {
        if (row.keys.size() != 2 || row.keys[1] != "after")
            continue;
        const MeasureRow* before = price.find({row.keys[0], "before"}, row.measure);
        const MeasureRow* difference = price.find({row.keys[0], "difference"}, row.measure);
        std::string interval;
        if (difference && difference->value.ciLow && difference->value.ciHigh)
            interval = cell(difference->value.ciLow) + " to " + cell(difference->value.ciHigh);
        table.add({row.keys[0].empty() ? "all" : row.keys[0], row.measure, valueCell(before), valueCell(&row),
                   valueCell(difference), interval, difference ? pCell(difference->value.pValue) : "",
                   difference ? pCell(difference->value.adjustedP) : ""});
    }
    return price.title + "\n" + table.text();
}

void addDebias(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("debias", "Fits, applies, compares and exports debiasing methods");
    command->require_subcommand(1);

    CLI::App* listed = command->add_subcommand("list", "The methods and their parameters");
    auto jsonFile = std::make_shared<std::string>();
    listed->add_option("--json", *jsonFile, "Write them as JSON to this file, or - for standard output");
    listed->callback([jsonFile, &chosen] { chosen = [jsonFile] { return list(*jsonFile); }; });

    CLI::App* fitted = command->add_subcommand("fit", "Fits a method on embeddings");
    auto fit = std::make_shared<FitArguments>();
    fitted->add_option("--method", fit->method, "Its name, as plumb debias list prints it")->required();
    fitted->add_option("--embeddings", fit->embeddings, "Image embeddings (.npy); imports of a file need none");
    fitted->add_option("--labels", fit->labels,
                       "Table of the images' labels; in the order of the rows where the embeddings have no .rows.csv");
    fitted->add_option("--preset", fit->preset, "How to read the table: fairface, utkface, generic, or a .json file");
    fitted->add_option("--attribute", fit->attribute, "The attribute to remove");
    fitted->add_option("--text-embeddings", fit->texts, "Text embeddings (.npy), for methods that need texts");
    fitted->add_option("--param", fit->parameters, "KEY=VALUE, see plumb debias list");
    fitted->add_option("--seed", fit->seed, "Of everything that is drawn");
    fitted->add_flag("--predicted-labels", fit->predicted, "The labels were made by a classifier: the card says so");
    fitted
        ->add_option("--out", fit->out,
                     "Folder for the transform; a long fit that was stopped goes on from what it left there")
        ->required();
    fitted->callback([fit, &chosen] { chosen = [fit] { return fitAndWrite(*fit); }; });

    CLI::App* applied = command->add_subcommand("apply", "Applies transforms to embeddings");
    auto apply = std::make_shared<ApplyArguments>();
    applied->add_option("--transform", apply->transforms, "Folder of a transform; several are applied in turn")
        ->required();
    applied->add_option("--modality", apply->modality, "image or text")
        ->required()
        ->check(CLI::IsMember({"image", "text"}));
    applied->add_option("--embeddings", apply->embeddings, "Embeddings (.npy), raw")->required();
    applied->add_option("--strength", apply->strength, "From 0 (unchanged) to 1");
    applied->add_flag("--unit", apply->unit, "Rows of unit length");
    applied->add_option("--out", apply->out, "File for the result (.npy)")->required();
    applied->callback([apply, &chosen] {
        chosen = [apply] {
            ConsoleFeedback feedback;
            return exitCode(applyAndWrite(*apply, feedback));
        };
    });

    addDebiasCompare(*command, chosen);

    CLI::App* exported =
        command->add_subcommand("export", "Writes a transform, dialled or several as one, to a new folder");
    auto toExport = std::make_shared<ExportArguments>();
    exported
        ->add_option("--transform", toExport->transforms, "Folder of a transform; several are stacked in this order")
        ->required();
    exported->add_option("--strength", toExport->strength, "From 0 (unchanged) to 1");
    exported->add_option("--out", toExport->out, "Folder for the result")->required();
    exported->callback([toExport, &chosen] {
        chosen = [toExport] {
            const Result<void> written = exportAndWrite(*toExport);
            return written ? kDone : report(written.error());
        };
    });
}

} // namespace plumbline::cli
