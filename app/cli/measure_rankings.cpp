// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <CLI/CLI.hpp>

#include "app/cli/arguments.h"
#include "app/cli/audit_output.h"
#include "app/cli/console.h"
#include "app/cli/long_table.h"
#include "app/cli/measure_kinds.h"
#include "core/audit/other_measures.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/data_table.h"
#include "core/probe/probe_set.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string table, image, prompt, score, rank, scores, prompts, relevance, sets;
    std::vector<std::string> also, dimensions;
    int nullDraws = 1000, bootstrapDraws = 1000;
    AttributeArguments attributes;
    MeasureArguments measure;
    AuditOutput output;
};

/// Scores made elsewhere in the shape of an audit's.
struct Scored {
    ImageSet set;
    ProbeSet probe;
    std::vector<float> scores; ///< prompts x images
    std::vector<std::string> warnings;
};

tl::unexpected<Error> wrong(std::string_view name, const std::string& value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::string(name)}, {"value", encodeName(value)}, {"expected", std::move(expected)}});
}

/// The columns that the attributes and what else was named are made of.
Result<std::vector<std::string>> imageColumns(const Arguments& arguments, const std::vector<std::string>& attributes) {
    std::vector<std::string> columns = arguments.dimensions;
    for (const std::string& text : attributes) {
        PLUMBLINE_TRY(const std::vector<AttributePart> parts, parseAttribute(text));
        for (const AttributePart& part : parts)
            columns.push_back(part.name);
    }
    for (const std::string& column : {arguments.relevance, arguments.sets})
        if (!column.empty())
            columns.push_back(column);
    std::ranges::sort(columns);
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    return columns;
}

void addImages(Scored& scored, const std::vector<std::string>& columns,
               const std::vector<std::vector<std::string>>& values, std::vector<std::string> names) {
    for (std::size_t c = 0; c < columns.size(); ++c)
        scored.set.attributes.push_back(makeAttribute(columns[c], values[c]));
    scored.set.files = std::move(names);
}

/// Prompts of the concepts that a column names; `texts` as they stand.
ProbeSet probeOf(const std::vector<std::string>& texts) {
    ProbeSet probe = probe::handWritten(texts);
    probe.name = "Prompts of the table";
    return probe;
}

std::string rowsLeftOut(std::int64_t rows, const char* why) {
    return std::to_string(rows) + (rows == 1 ? " row " : " rows ") + why;
}

/// A table with a row for each image and prompt.
Outcome<Scored> fromLongTable(const Arguments& arguments, const std::vector<std::string>& ofImages,
                              Feedback& feedback) {
    const bool byRank = !arguments.rank.empty();
    const std::string& column = byRank ? arguments.rank : arguments.score;
    if (!arguments.prompt.empty() && arguments.image.empty())
        return wrong("--image", "nothing", "the column that names a row's image, since it has a row for each prompt");
    std::vector<std::string> columns = ofImages;
    columns.push_back(column);
    for (const std::string& name : {arguments.image, arguments.prompt})
        if (!name.empty())
            columns.push_back(name);
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.table, columns, feedback));
    PLUMBLINE_TRY(const LongTable cells, LongTable::of(table, {arguments.image, arguments.prompt, {}, ofImages}));
    std::int64_t unreadable = 0;
    std::vector<double> numbers = table.numbers(column, unreadable);
    for (double& number : numbers) {
        if (!byRank)
            break;
        if (number < 1 || number != std::floor(number))
            return wrong("--rank", formatDouble(number),
                         "whole numbers from 1, which comes first (--score takes scores)");
        number = -number;
    }
    Scored scored;
    addImages(scored, ofImages, cells.imageValues, cells.images.texts());
    scored.probe = probeOf(cells.prompts.texts());
    const std::int64_t twice = fillMatrix(cells, numbers, scored.scores);
    if (table.invalidRows() > 0)
        scored.warnings.push_back(rowsLeftOut(table.invalidRows(), "with the wrong number of fields: left out."));
    if (unreadable > 0)
        scored.warnings.push_back(rowsLeftOut(unreadable, "without a readable number: last in their rankings."));
    if (twice > 0)
        scored.warnings.push_back(
            rowsLeftOut(twice, "for an image and prompt that an earlier row has: the first counts."));
    const auto without =
        static_cast<std::int64_t>(std::ranges::count_if(scored.scores, [](float score) { return std::isnan(score); }));
    if (without > unreadable)
        scored.warnings.push_back(std::to_string(without - unreadable) +
                                  " pairs of an image and a prompt have no row: last in their rankings.");
    return scored;
}

/// A matrix of scores, and a table with a row an image.
Outcome<Scored> fromMatrix(const Arguments& arguments, const std::vector<std::string>& ofImages, Feedback& feedback) {
    PLUMBLINE_TRY(Embeddings matrix, formats::readEmbeddings(arguments.scores));
    std::vector<std::string> columns = ofImages;
    if (!arguments.image.empty())
        columns.push_back(arguments.image);
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.table, columns, feedback));
    if (table.invalidRows() > 0)
        return wrong("TABLE", arguments.table,
                     "only whole rows, one an image; " + std::to_string(table.invalidRows()) +
                         " have the wrong number of fields");
    Scored scored;
    std::vector<std::string> texts;
    if (!arguments.prompts.empty()) {
        PLUMBLINE_TRY(texts, readTexts(arguments.prompts));
    }
    // Prompts x images, as an audit writes it, unless only the other way round fits.
    const bool fits = matrix.dim == table.rows() && (texts.empty() || matrix.rows == texts.size());
    const bool turned = !fits && matrix.rows == table.rows() && (texts.empty() || matrix.dim == texts.size());
    if (!fits && !turned)
        return wrong("--scores", arguments.scores,
                     (texts.empty() ? "prompts × " : std::to_string(texts.size()) + " prompts × ") +
                         std::to_string(table.rows()) + " images, as the table and the prompts have them; it is " +
                         std::to_string(matrix.rows) + " × " + std::to_string(matrix.dim));
    const std::size_t prompts = turned ? matrix.dim : matrix.rows, images = table.rows();
    for (std::size_t p = texts.size(); p < prompts; ++p)
        texts.push_back("prompt " + std::to_string(p + 1));
    scored.probe = probeOf(texts);
    scored.scores = std::move(matrix.values);
    if (turned) {
        const std::vector<float> byImage = std::move(scored.scores);
        scored.scores.resize(prompts * images);
        for (std::size_t i = 0; i < images; ++i)
            for (std::size_t p = 0; p < prompts; ++p)
                scored.scores[p * images + i] = byImage[i * prompts + p];
    }
    std::vector<std::vector<std::string>> values;
    for (const std::string& column : ofImages)
        values.push_back(table.texts(column));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < images; ++i)
        names.push_back(arguments.image.empty() ? "row " + std::to_string(i + 1) : table.texts(arguments.image)[i]);
    addImages(scored, ofImages, values, std::move(names));
    return scored;
}

Outcome<AuditResult> measureRankings(const Arguments& arguments, Feedback& feedback) {
    const int given = !arguments.score.empty() + !arguments.rank.empty() + !arguments.scores.empty();
    if (given != 1)
        return wrong("--score, --rank or --scores", given == 0 ? "nothing" : "several of them", "one of the three");
    AuditConfig config;
    PLUMBLINE_TRY(config.measure, arguments.measure.options());
    config.measure.nullDraws = arguments.nullDraws;
    config.measure.bootstrapDraws = arguments.bootstrapDraws;
    PLUMBLINE_TRY(config.attributes, arguments.attributes.texts());
    config.relevance = arguments.relevance;
    config.others.sets = arguments.sets;
    config.others.dimensions = arguments.dimensions;
    PLUMBLINE_TRY(config.others.families, chosenFamilies(arguments.also, config));
    const bool all = std::ranges::find(arguments.also, "all") != arguments.also.end();
    if (all) // all that scores allow
        std::erase_if(config.others.families, [](Family family) { return !needsScoresOnly(family); });

    PLUMBLINE_TRY(const std::vector<std::string> columns, imageColumns(arguments, config.attributes));
    PLUMBLINE_TRY(const Scored scored, arguments.scores.empty() ? fromLongTable(arguments, columns, feedback)
                                                                : fromMatrix(arguments, columns, feedback));
    config.probe = scored.probe;
    const std::vector<bool> present(scored.set.size(), true);
    PLUMBLINE_TRY(AuditResult result, audit::measureScores(config, scored.set, present, scored.scores, {}, feedback));
    result.warnings.insert(result.warnings.begin(), scored.warnings.begin(), scored.warnings.end());
    const audit::SetEmbeddings images{{}, present, {}, 0, {}};
    const Embeddings prompts;
    const audit::EncodeTexts none;
    PLUMBLINE_TRY(result.tables,
                  audit::measureOthers({config, scored.set, images, prompts, scored.scores, result.measurements, none},
                                       result.warnings, feedback));
    return result;
}

} // namespace

void addMeasureRankings(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand(
        "rankings", "Rankings of many prompts, judged together as one audit: a table, or a matrix of scores");
    auto arguments = std::make_shared<Arguments>();
    command
        ->add_option("table", arguments->table, "CSV or TSV: a row an image and prompt; with --scores a row an image")
        ->required();
    command->add_option("--score", arguments->score, "Column with the scores; higher ranks first");
    command->add_option("--rank", arguments->rank, "Column with the ranks instead; 1 is first");
    command->add_option("--scores", arguments->scores, "Matrix of scores (.npy) instead: prompts × images, or turned");
    command->add_option("--image", arguments->image, "Column that names a row's image");
    command->add_option("--prompt", arguments->prompt, "Column with the prompts; without it there is one");
    command->add_option("--prompts", arguments->prompts,
                        "Prompts of the matrix: one a line, or a JSON array of strings");
    arguments->attributes.addTo(*command);
    command->add_option("--relevance", arguments->relevance,
                        "Column whose value is the prompt that an image is relevant to, for --target conditional");
    arguments->measure.addTo(*command);
    addDraws(*command, arguments->nullDraws, "Random rankings of each null", arguments->bootstrapDraws,
             "Resamples of the images");
    std::string ofScores;
    for (const FamilyInfo& family : allFamilies())
        if (needsScoresOnly(family.family))
            ofScores += std::string(family.name) + ", ";
    command->add_option("--also", arguments->also, "Measured beside the rankings: " + ofScores + "all or none")
        ->delimiter(',');
    command->add_option("--sets", arguments->sets, "Column that names the counterfactual set of an image");
    command->add_option("--dimensions", arguments->dimensions, "Columns that images are controlled for")
        ->delimiter(',');
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            const Result<std::vector<Limit>> limits = arguments->output.limits();
            if (!limits)
                return report(limits.error());
            const Outcome<AuditResult> result = measureRankings(*arguments, feedback);
            return result ? arguments->output.write(*result, *limits, feedback, {}) : report(result.error());
        };
    });
}

} // namespace plumbline::cli
