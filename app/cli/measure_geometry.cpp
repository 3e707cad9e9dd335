// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <unordered_map>

#include <CLI/CLI.hpp>

#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/data_table.h"
#include "core/formats/table_columns.h"
#include "core/metric/controls/decodability.h"
#include "core/metric/controls/hubness.h"
#include "core/metric/geometry/modality_gap.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct GeometryArguments {
    std::string images, texts, labels, attribute, k;
    bool paired = false, decodability = false;
    std::vector<double> shift;
    ResamplingArguments resampling;
    MeasureOutput output;
};

/// The column `name` of what `plumb embed` wrote beside a .npy; empty where there is no such file.
Outcome<std::vector<std::string>> besideNpy(const std::string& npy, const std::string& name, Feedback& feedback) {
    std::error_code ignored;
    const fs::path path = npy + ".rows.csv";
    std::vector<std::string> values;
    if (!fs::exists(path, ignored))
        return values;
    PLUMBLINE_TRY(const formats::CsvHeader header, formats::readCsvHeader(path));
    const auto column = formats::findColumn(header, name);
    if (!column)
        return values;
    PLUMBLINE_CHECK(formats::readCsv(
        path,
        [&](const formats::CsvHeader&, std::size_t, const std::vector<std::string>& row) {
            values.push_back(*column < row.size() ? row[*column] : std::string());
        },
        &feedback));
    return values;
}

std::string baseName(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// The attribute of each row of the images' embeddings: by the files' names where they are known, otherwise in order.
Outcome<Attribute> labelsOf(const GeometryArguments& arguments, std::size_t rows, std::int64_t& invalid,
                            Feedback& feedback) {
    PLUMBLINE_TRY(const std::vector<std::string> files, besideNpy(arguments.images, "path", feedback));
    PLUMBLINE_TRY(const formats::CsvHeader header, formats::readCsvHeader(arguments.labels));
    std::string fileColumn;
    for (const std::string_view name : formats::kFileColumns)
        if (const auto found = formats::findColumn(header, name); found && fileColumn.empty())
            fileColumn = header.columns[*found];
    const bool byName = !files.empty() && !fileColumn.empty();
    std::vector<std::string> columns{arguments.attribute};
    if (byName)
        columns.push_back(fileColumn);
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.labels, columns, feedback));
    invalid = table.invalidRows();
    const std::vector<std::string>& values = table.texts(arguments.attribute);
    if (!byName) {
        if (table.invalidRows() > 0 || table.rows() != rows)
            return fail(
                ErrorCode::InvalidArgument,
                {{"name", "--labels"},
                 {"value", std::to_string(table.rows()) + " whole rows"},
                 {"expected", std::to_string(rows) + ", one for each row of " + encodeName(arguments.images) +
                                  ", or file names in it and in " + encodeName(arguments.images) + ".rows.csv"}});
        return table.attribute(arguments.attribute);
    }
    if (files.size() != rows)
        return fail(ErrorCode::InvalidArgument, {{"name", encodeName(arguments.images) + ".rows.csv"},
                                                 {"value", std::to_string(files.size()) + " rows"},
                                                 {"expected", std::to_string(rows)}});
    std::unordered_map<std::string, std::string> byPath, byBase;
    for (std::size_t i = 0; i < table.rows(); ++i) {
        const std::string& file = table.texts(fileColumn)[i];
        byPath.try_emplace(file, values[i]);
        if (const auto [at, isNew] = byBase.try_emplace(baseName(file), values[i]); !isNew && at->second != values[i])
            at->second.clear(); // two files of this name: not by it
    }
    std::vector<std::string> labels;
    std::size_t matched = 0;
    for (const std::string& file : files) {
        const auto exact = byPath.find(file), named = byBase.find(baseName(file));
        matched += exact != byPath.end() || named != byBase.end();
        labels.push_back(exact != byPath.end() ? exact->second : named != byBase.end() ? named->second : std::string());
    }
    if (matched == 0)
        return fail(ErrorCode::LabelsMatchNothing,
                    {{"labels", encodeName(arguments.labels)}, {"images", encodeName(arguments.images)}});
    return makeAttribute(arguments.attribute, labels);
}

Outcome<std::vector<MeasureTable>> measureGeometry(const GeometryArguments& arguments, Feedback& feedback) {
    const metric::Resampling& options = arguments.resampling.options;
    if (arguments.labels.empty() != arguments.attribute.empty())
        return fail(ErrorCode::InvalidArgument, {{"name", arguments.labels.empty() ? "--labels" : "--attribute"},
                                                 {"value", "nothing"},
                                                 {"expected", "both --labels and --attribute, or neither"}});
    if (arguments.labels.empty() && (arguments.decodability || !arguments.k.empty()))
        return fail(ErrorCode::InvalidArgument, {{"name", arguments.decodability ? "--decodability" : "-k"},
                                                 {"value", "given"},
                                                 {"expected", "--labels and --attribute beside it"}});
    PLUMBLINE_TRY(const Embeddings images, formats::readEmbeddings(arguments.images));
    PLUMBLINE_TRY(const Embeddings texts, formats::readEmbeddings(arguments.texts));
    std::optional<Attribute> attribute;
    std::int64_t invalid = 0;
    if (!arguments.labels.empty()) {
        PLUMBLINE_TRY(attribute, labelsOf(arguments, images.rows, invalid, feedback));
    }
    std::vector<MeasureTable> tables;
    metric::ModalityGapInput input;
    input.images = &images;
    input.texts = &texts;
    input.paired = arguments.paired;
    input.attribute = attribute ? &*attribute : nullptr;
    PLUMBLINE_TRY(tables.emplace_back(), metric::modalityGap(input, options, feedback));
    warnOfRows(invalid, tables.back());
    if (attribute) {
        PLUMBLINE_TRY(tables.emplace_back(),
                      metric::centroidDistances(images, *attribute, "images", options, feedback));
    }
    std::vector<std::string> prompts;
    MeasureOptions ranking;
    if (!arguments.k.empty()) {
        const std::optional<KSpec> k = parseK(arguments.k);
        if (!k)
            return fail(ErrorCode::KInvalid, {{"value", arguments.k}});
        ranking.k = *k;
        ranking.seed = options.seed;
        ranking.nullDraws = options.nullDraws;
        ranking.bootstrapDraws = options.bootstrapDraws;
        ranking.minGroup = options.minGroup;
        PLUMBLINE_TRY(prompts, besideNpy(arguments.texts, "text", feedback));
        if (prompts.size() != texts.rows) {
            prompts.clear();
            for (std::size_t t = 0; t < texts.rows; ++t)
                prompts.push_back("text " + std::to_string(t));
        }
    }
    if (!arguments.shift.empty()) {
        std::vector<metric::ShiftMeasure> measures;
        if (!prompts.empty()) {
            PLUMBLINE_TRY(measures.emplace_back(), metric::skewOfShifted(*attribute, ranking, prompts));
        }
        PLUMBLINE_TRY(tables.emplace_back(),
                      metric::shiftExperiment(images, texts, arguments.shift, measures, options, feedback));
    }
    if (!prompts.empty()) {
        const std::vector<float> scores = cosines(texts, images);
        PLUMBLINE_TRY(metric::HubnessResult hubs,
                      metric::hubnessOfAudit(scores, prompts, *attribute, ranking, options, feedback));
        tables.push_back(std::move(hubs.table));
    }
    if (arguments.decodability) {
        PLUMBLINE_TRY(tables.emplace_back(), metric::attributeDecodability(images, *attribute, {}, options, feedback));
    }
    return tables;
}

} // namespace

void addMeasureGeometry(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand(
        "geometry", "Modality gap, distances between groups' centres, and what depends on where embeddings lie");
    auto arguments = std::make_shared<GeometryArguments>();
    command->add_option("--images", arguments->images, "Embeddings of the images (.npy)")->required();
    command->add_option("--texts", arguments->texts, "Embeddings of the texts (.npy)")->required();
    command->add_flag("--paired", arguments->paired, "Text i is the caption of image i");
    command->add_option("--labels", arguments->labels,
                        "Table with the groups: rows in the order of --images, or matched by file name");
    command->add_option("--attribute", arguments->attribute, "Column with the groups");
    command->add_option("--shift", arguments->shift,
                        "Repeat at these lambdas of the shift that closes (0.5) or widens (negative) the gap");
    command->add_option("-k", arguments->k,
                        "Rank the images for every text: MaxSkew with and without hubs, and along --shift");
    command->add_flag("--decodability", arguments->decodability,
                      "How well a linear probe reads the attribute off the embeddings");
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            return arguments->output.write(measureGeometry(*arguments, feedback));
        };
    });
}

} // namespace plumbline::cli
