// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>

#include <CLI/CLI.hpp>

#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/data_table.h"
#include "core/metric/controls/contrast.h"
#include "core/metric/controls/counterfactual.h"
#include "core/metric/controls/dimensions.h"

namespace plumbline::cli {

namespace {

struct CounterfactualArguments {
    std::string table, set, attribute, caption, embeddings;
    std::vector<std::string> scores, labels;
    ResamplingArguments resampling;
    MeasureOutput output;
};

struct ControlsArguments {
    std::string table, blank, identity;
    bool relative = false;
    std::vector<std::string> scores, dimensions, people, distances;
    std::size_t pairs = 1000;
    ResamplingArguments resampling;
    MeasureOutput output;
};

/// The score columns of a table; `unreadable` counts texts that are no number.
std::vector<metric::NamedScores> scoresOf(const formats::DataTable& table, const std::vector<std::string>& columns,
                                          std::int64_t& unreadable) {
    std::vector<metric::NamedScores> scores;
    for (const std::string& column : columns) {
        std::int64_t bad = 0;
        scores.push_back({column, table.numbers(column, bad)});
        unreadable += bad;
    }
    return scores;
}

Outcome<std::vector<MeasureTable>> measureCounterfactual(const CounterfactualArguments& arguments, Feedback& feedback) {
    std::vector<std::string> columns = arguments.scores;
    columns.push_back(arguments.set);
    columns.push_back(arguments.attribute);
    if (!arguments.caption.empty())
        columns.push_back(arguments.caption);
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.table, columns, feedback));
    std::int64_t unreadable = 0;
    const std::vector<metric::NamedScores> scores = scoresOf(table, arguments.scores, unreadable);
    std::vector<double> matrix(table.rows() * scores.size());
    for (std::size_t i = 0; i < table.rows(); ++i)
        for (std::size_t p = 0; p < scores.size(); ++p)
            matrix[i * scores.size() + p] = scores[p].values[i];
    const Attribute sets = table.attribute(arguments.set), variant = table.attribute(arguments.attribute);
    metric::CounterfactualInput input;
    input.scores = matrix;
    input.prompts = arguments.scores;
    input.sets = sets.codes;
    input.variant = &variant;
    for (const std::string& label : arguments.labels) {
        const auto found = std::ranges::find(arguments.scores, label);
        if (found == arguments.scores.end())
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "--label"}, {"value", label}, {"expected", "one of the --score columns"}});
        input.labels.push_back(static_cast<std::size_t>(found - arguments.scores.begin()));
    }
    Embeddings embeddings;
    if (!arguments.embeddings.empty()) {
        PLUMBLINE_TRY(embeddings, formats::readEmbeddings(arguments.embeddings));
        if (table.invalidRows() > 0 || embeddings.rows != table.rows())
            return fail(
                ErrorCode::InvalidArgument,
                {{"name", "--images"},
                 {"value", std::to_string(embeddings.rows) + " rows"},
                 {"expected", std::to_string(table.rows()) + ", one for each row of " + encodeName(arguments.table)}});
        input.embeddings = &embeddings;
    }
    const Attribute captions = arguments.caption.empty() ? Attribute{} : table.attribute(arguments.caption);
    input.captions = captions.codes;
    PLUMBLINE_TRY(MeasureTable measured,
                  metric::counterfactualSensitivity(input, arguments.resampling.options, feedback));
    warnOfRows(table.invalidRows() + unreadable, measured);
    return std::vector{std::move(measured)};
}

/// A column as a dimension: numeric where every text is a number and there are more than two of them.
metric::Dimension dimensionOf(const formats::DataTable& table, const std::string& column,
                              metric::Dimension::Role role) {
    metric::Dimension dimension;
    dimension.name = column;
    dimension.role = role;
    std::int64_t unreadable = 0;
    std::vector<double> numbers = table.numbers(column, unreadable);
    std::set<double> distinct;
    for (const double number : numbers)
        if (number == number)
            distinct.insert(number);
    if (unreadable == 0 && distinct.size() > 2 && role != metric::Dimension::Role::Identity)
        dimension.numbers = std::move(numbers);
    else
        dimension.codes = table.attribute(column).codes;
    return dimension;
}

Outcome<std::vector<MeasureTable>> measureControls(const ControlsArguments& arguments, Feedback& feedback) {
    const metric::Resampling& options = arguments.resampling.options;
    std::vector<std::string> columns = arguments.scores;
    columns.insert(columns.end(), arguments.dimensions.begin(), arguments.dimensions.end());
    for (const std::string* extra : {&arguments.blank, &arguments.identity})
        if (!extra->empty())
            columns.push_back(*extra);
    for (const std::string& person : arguments.people)
        if (std::ranges::find(arguments.dimensions, person) == arguments.dimensions.end())
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "--person"}, {"value", person}, {"expected", "one of the --dimension columns"}});
    if (arguments.relative && arguments.blank.empty())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "--relative"}, {"value", "given"}, {"expected", "--blank beside it"}});
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.table, columns, feedback));
    std::int64_t unreadable = 0;
    std::vector<metric::NamedScores> scores = scoresOf(table, arguments.scores, unreadable);
    if (!arguments.blank.empty()) {
        std::int64_t bad = 0;
        const std::vector<double> blank = table.numbers(arguments.blank, bad);
        unreadable += bad;
        for (metric::NamedScores& score : scores)
            score.values = arguments.relative ? metric::relativeContrast(score.values, blank)
                                              : metric::contrast(score.values, blank);
    }
    std::vector<metric::Dimension> dimensions;
    std::vector<metric::NamedCovariate> covariates;
    for (const std::string& column : arguments.dimensions) {
        const bool person = arguments.people.empty()
                                ? metric::namesPeople(column)
                                : std::ranges::find(arguments.people, column) != arguments.people.end();
        dimensions.push_back(
            dimensionOf(table, column, person ? metric::Dimension::Role::Person : metric::Dimension::Role::Control));
        if (dimensions.back().numeric())
            covariates.push_back({column, dimensions.back().numbers});
    }
    for (const std::string& text : arguments.distances) {
        const std::size_t equals = text.rfind('=');
        const auto distance = equals == std::string::npos ? std::nullopt : parseDouble(text.substr(equals + 1));
        const auto found = std::ranges::find(dimensions, text.substr(0, equals), &metric::Dimension::name);
        if (!distance || !(*distance >= 0) || found == dimensions.end() || !found->numeric())
            return fail(ErrorCode::InvalidArgument, {{"name", "--min-distance"},
                                                     {"value", text},
                                                     {"expected", "COLUMN=NUMBER with a numeric --dimension"}});
        found->minDistance = *distance;
    }
    std::vector<std::int32_t> identity;
    if (!arguments.identity.empty()) {
        dimensions.push_back(dimensionOf(table, arguments.identity, metric::Dimension::Role::Identity));
        identity = dimensions.back().codes;
    }
    std::vector<MeasureTable> tables;
    PLUMBLINE_TRY(tables.emplace_back(), metric::dimensionInfluence(scores, dimensions, {arguments.pairs}, options));
    warnOfRows(table.invalidRows() + unreadable, tables.back());
    for (const metric::Dimension& dimension : dimensions)
        if (dimension.role == metric::Dimension::Role::Person && !dimension.numeric()) {
            PLUMBLINE_TRY(tables.emplace_back(),
                          metric::groupContrasts(scores, table.attribute(dimension.name), options, feedback));
        }
    if (!covariates.empty()) {
        PLUMBLINE_TRY(tables.emplace_back(), metric::covariates(scores, covariates, identity, options, feedback));
    }
    return tables;
}

} // namespace

void addMeasureCounterfactual(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand(
        "counterfactual", "How much scores move in sets of images that differ in one attribute alone");
    auto arguments = std::make_shared<CounterfactualArguments>();
    command->add_option("table", arguments->table, "CSV or TSV with a header, one row an image")->required();
    command->add_option("--score", arguments->scores, "Columns with scores, one a prompt")->required();
    command->add_option("--set", arguments->set, "Column with the set of each image")->required();
    command->add_option("--attribute", arguments->attribute, "Column with what differs inside a set")->required();
    command->add_option("--label", arguments->labels,
                        "Score columns that are one list of labels, for the flip rate; all of them if left out");
    command->add_option("--images", arguments->embeddings,
                        "Embeddings of the images (.npy) in the table's order, for cohesion");
    command->add_option("--caption", arguments->caption, "Column with the caption that a set shares, for cohesion");
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            return arguments->output.write(measureCounterfactual(*arguments, feedback));
        };
    });
}

void addMeasureControls(CLI::App& measure, Run& chosen) {
    CLI::App* command =
        measure.add_subcommand("controls", "Whether pose, light or smile move scores as much as people's groups do");
    auto arguments = std::make_shared<ControlsArguments>();
    command->add_option("table", arguments->table, "CSV or TSV with a header, one row an image")->required();
    command->add_option("--score", arguments->scores, "Columns with scores")->required();
    command->add_option("--blank", arguments->blank,
                        "Column with the score of the prompt without an adjective, to subtract");
    command->add_flag("--relative", arguments->relative, "Divide the contrast by the score of --blank");
    command->add_option("--dimension", arguments->dimensions, "Columns with what images differ in")->required();
    command->add_option("--person", arguments->people,
                        "Dimensions that are groups of people; by their names if left out");
    command->add_option("--identity", arguments->identity,
                        "Column with the face or the seed: pairs that differ in nothing else are the baseline");
    command->add_option("--min-distance", arguments->distances,
                        "smile=1.1: pairs of a numeric dimension are at least this far apart");
    command->add_option("--pairs", arguments->pairs, "Pairs sampled a dimension")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            return arguments->output.write(measureControls(*arguments, feedback));
        };
    });
}

} // namespace plumbline::cli
