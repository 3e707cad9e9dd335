// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include <CLI/CLI.hpp>

#include "app/cli/arguments.h"
#include "app/cli/console.h"
#include "app/cli/long_table.h"
#include "app/cli/measure_kinds.h"
#include "core/base/path.h"
#include "core/formats/data_table.h"
#include "core/metric/paired.h"
#include "core/metric/utility/generalisation.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::vector<std::string> tables, scores, names;
    std::string attribute, image, prompt, concept_;
    int nullDraws = 1000, bootstrapDraws = 1000;
    MeasureArguments measure;
    MeasureOutput output;
};

struct Matrices {
    metric::AskedPrompts prompts;
    Attribute attribute;
    std::vector<float> first, second; ///< prompts x images
    std::int64_t invalid = 0, onlyInOne = 0, twice = 0;
};

tl::unexpected<Error> invalid(std::string name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

Outcome<Matrices> readMatrices(const Arguments& arguments, Feedback& feedback) {
    const std::string firstScore = arguments.scores.front(), secondScore = arguments.scores.back();
    const bool oneTable = arguments.tables.size() == 1;
    if (oneTable && arguments.scores.size() != 2)
        return invalid("--score", firstScore, "two columns (--score A B) of the one table, or two tables");
    if (!oneTable && arguments.image.empty())
        return invalid("--image", "nothing",
                       "the column that names a row's image, so that the rows of two tables can be matched");
    if (!arguments.prompt.empty() && arguments.image.empty())
        return invalid("--image", "nothing", "the column that names a row's image, since it has a row for each prompt");
    if (!arguments.concept_.empty() && arguments.prompt.empty())
        return invalid("--prompt", "nothing", "the column with the prompts that --concept is about");

    std::vector<std::string> columns = {arguments.attribute, firstScore};
    if (oneTable)
        columns.push_back(secondScore);
    for (const std::string& column : {arguments.image, arguments.prompt, arguments.concept_})
        if (!column.empty())
            columns.push_back(column);
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.tables[0], columns, feedback));

    PLUMBLINE_TRY(const LongTable cells,
                  LongTable::of(table, {arguments.image, arguments.prompt, arguments.concept_, {arguments.attribute}}));
    Matrices result;
    result.invalid = table.invalidRows();
    result.prompts = {cells.prompts.texts(), cells.conceptOf};
    result.attribute = makeAttribute(arguments.attribute, cells.imageValues.front());
    std::int64_t unreadable = 0;
    result.twice = fillMatrix(cells, table.numbers(firstScore, unreadable), result.first);
    result.invalid += unreadable;
    if (oneTable) {
        result.twice += fillMatrix(cells, table.numbers(secondScore, unreadable), result.second);
        result.invalid += unreadable;
    } else {
        std::vector<std::string> wanted = {secondScore, arguments.image};
        if (!arguments.prompt.empty())
            wanted.push_back(arguments.prompt);
        PLUMBLINE_TRY(const formats::DataTable other, formats::DataTable::read(arguments.tables[1], wanted, feedback));
        const std::vector<double> others = other.numbers(secondScore, unreadable);
        result.invalid += other.invalidRows() + unreadable;
        result.second.assign(cells.size(), std::numeric_limits<float>::quiet_NaN());
        for (std::size_t row = 0; row < other.rows(); ++row) {
            const auto image = cells.images.find(other.texts(arguments.image)[row]);
            const auto prompt =
                cells.prompts.find(arguments.prompt.empty() ? "all" : other.texts(arguments.prompt)[row]);
            if (!image || !prompt) {
                ++result.onlyInOne;
                continue;
            }
            float& cell = result.second[cells.place(*image, *prompt)];
            if (std::isnan(cell))
                cell = static_cast<float>(others[row]);
            else
                ++result.twice;
        }
    }
    // Nothing is compared that only one of the two has.
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    for (std::size_t at = 0; at < cells.size(); ++at)
        if (std::isnan(result.first[at]) != std::isnan(result.second[at])) {
            result.first[at] = result.second[at] = kNone;
            ++result.onlyInOne;
        }
    return result;
}

Outcome<std::vector<MeasureTable>> measurePaired(const Arguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(MeasureOptions options, arguments.measure.options());
    options.nullDraws = arguments.nullDraws;
    options.bootstrapDraws = arguments.bootstrapDraws;
    PLUMBLINE_TRY(const Matrices matrices, readMatrices(arguments, feedback));
    std::vector<std::string> names = arguments.names;
    if (names.empty())
        names = arguments.tables.size() == 2
                    ? std::vector{encodeName(arguments.tables[0]), encodeName(arguments.tables[1])}
                    : arguments.scores;
    PLUMBLINE_TRY(metric::PairedMeasures result,
                  metric::comparePaired(matrices.first, matrices.second, matrices.prompts, matrices.attribute, options,
                                        names.front(), names.back(), feedback));
    warnOfRows(matrices.invalid, result.mean);
    if (matrices.onlyInOne > 0)
        result.mean.warnings.push_back(std::to_string(matrices.onlyInOne) +
                                       " scores are only in one of the two and took no part.");
    if (matrices.twice > 0)
        result.mean.warnings.push_back(std::to_string(matrices.twice) +
                                       " rows give a score again for the same image and prompt; the first counts.");
    std::vector<MeasureTable> tables;
    const bool single = matrices.prompts.texts.size() == 1;
    tables.push_back(std::move(result.mean));
    if (!single)
        tables.push_back(std::move(result.prompts));
    return tables;
}

/// A table of cells: what a change was fitted on, what was audited, and the table with the scores before and after it.
Outcome<std::vector<MeasureTable>> measureGeneralisation(const std::string& cells, const Arguments& shared,
                                                         Feedback& feedback) {
    const std::vector<std::string> columns = {"fitted_set", "fitted_attribute", "set", "attribute", "table"};
    PLUMBLINE_TRY(const formats::DataTable list, formats::DataTable::read(cells, columns, feedback));
    PLUMBLINE_TRY(MeasureOptions options, shared.measure.options());
    options.nullDraws = shared.nullDraws;
    options.bootstrapDraws = shared.bootstrapDraws;
    metric::GeneralisationMatrix matrix;
    const auto once = [](std::vector<metric::SetAttribute>& all, const metric::SetAttribute& one) {
        if (std::ranges::find(all, one) == all.end())
            all.push_back(one);
    };
    std::vector<std::string> warnings;
    for (std::size_t row = 0; row < list.rows(); ++row) {
        const metric::SetAttribute fitted{list.texts("fitted_set")[row], list.texts("fitted_attribute")[row]};
        const metric::SetAttribute audited{list.texts("set")[row], list.texts("attribute")[row]};
        once(matrix.rows, fitted);
        once(matrix.columns, audited);
        const std::string& file = list.texts("table")[row];
        if (file.empty())
            continue; // named as a cell that was not audited
        Arguments cell = shared;
        cell.tables = {(std::filesystem::path(cells).parent_path() / decodeName(file)).string()};
        cell.attribute = audited.attribute;
        PLUMBLINE_TRY(const Matrices matrices, readMatrices(cell, feedback));
        PLUMBLINE_TRY(const metric::PairedMeasures paired,
                      metric::comparePaired(matrices.first, matrices.second, matrices.prompts, matrices.attribute,
                                            options, "before", "after", feedback));
        for (const std::string& warning : paired.mean.warnings)
            warnings.push_back(file + ": " + warning);
        for (const char* measure : {"max_skew", "ndkl"}) {
            const auto of = [&](const char* model, const std::string& name) {
                const MeasureRow* found = paired.mean.find({audited.attribute, model, "images"}, name);
                return found ? *found : MeasureRow();
            };
            const MeasureRow difference = of("difference", measure);
            matrix.cells.push_back({fitted, audited, measure, of("before", measure).value, of("after", measure).value,
                                    difference.value, difference.n, difference.enough});
        }
    }
    std::vector<MeasureTable> tables = {metric::generalisationTable(matrix)};
    tables.front().warnings.insert(tables.front().warnings.end(), warnings.begin(), warnings.end());
    warnOfRows(list.invalidRows(), tables.front());
    return tables;
}

} // namespace

void addMeasureGeneralisation(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand(
        "generalisation",
        "Whether a change that was fitted on one set and attribute holds on others: fitted × audited");
    auto arguments = std::make_shared<Arguments>();
    auto cells = std::make_shared<std::string>();
    command
        ->add_option(
            "cells", *cells,
            "CSV with the columns fitted_set, fitted_attribute, set, attribute and table; each table (its path from "
            "this file's folder) has the scores before and after and a column of the audited attribute")
        ->required();
    command->add_option("--score", arguments->scores, "Columns with the scores before and after")
        ->required()
        ->expected(2);
    command->add_option("--image", arguments->image, "Column that names a row's image");
    command->add_option("--prompt", arguments->prompt,
                        "Column with the prompt, where a table has a row for each image and prompt");
    arguments->measure.addTo(*command);
    addDraws(*command, arguments->nullDraws, "Random exchanges of the two", arguments->bootstrapDraws,
             "Resamples of the images");
    arguments->output.addTo(*command);
    command->callback([arguments, cells, &chosen] {
        chosen = [arguments, cells] {
            ConsoleFeedback feedback;
            return arguments->output.write(measureGeneralisation(*cells, *arguments, feedback));
        };
    });
}

void addMeasurePaired(CLI::App& measure, Run& chosen) {
    CLI::App* command =
        measure.add_subcommand("paired", "Two models on the same images and prompts: how far their leans differ");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("tables", arguments->tables, "One table with two score columns, or two tables")
        ->required()
        ->expected(1, 2);
    command
        ->add_option("--score", arguments->scores, "Column with the scores (of two tables: one name, or one for each)")
        ->required()
        ->expected(1, 2);
    command->add_option("--attribute", arguments->attribute, "Column with the groups, in the first table")->required();
    command->add_option("--image", arguments->image, "Column that names a row's image");
    command->add_option("--prompt", arguments->prompt,
                        "Column with the prompt, where a table has a row for each image and prompt");
    command->add_option("--concept", arguments->concept_, "Column that says which prompts are about the same thing");
    command->add_option("--names", arguments->names, "What to call the two")->expected(2);
    arguments->measure.addTo(*command);
    addDraws(*command, arguments->nullDraws, "Random exchanges of the two", arguments->bootstrapDraws,
             "Resamples of the images");
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            return arguments->output.write(measurePaired(*arguments, feedback));
        };
    });
}

} // namespace plumbline::cli
