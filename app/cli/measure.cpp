// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "app/cli/table.h"
#include "core/data/json.h"
#include "core/formats/label_table.h"
#include "core/metric/measure.h"
#include "core/metric/verdict.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string table, score, attribute, json;
    MeasureArguments measure;
    std::vector<std::string> failAbove;
};

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    std::vector<Limit> limits;
    const auto measured = [&]() -> Outcome<Measurement> {
        // Not required by the parser, since the kinds beside the ranking do without them.
        for (const auto& [name, value] : {std::pair{"TABLE", &arguments.table}, {"--score", &arguments.score},
                                          {"--attribute", &arguments.attribute}})
            if (value->empty())
                return fail(ErrorCode::InvalidArgument, {{"name", name}, {"value", "nothing"}, {"expected", "what a ranking needs (plumb measure --help names the other kinds)"}});
        for (const std::string& text : arguments.failAbove) {
            PLUMBLINE_TRY(limits.emplace_back(), parseLimit(text));
        }
        PLUMBLINE_TRY(const MeasureOptions options, arguments.measure.options());
        PLUMBLINE_TRY(const formats::ScoreTable table,
                      formats::readScoreTable(arguments.table, arguments.score, arguments.attribute, feedback));
        PLUMBLINE_TRY(const metric::Meter meter, metric::Meter::create(table.attribute, options));
        PLUMBLINE_TRY(Measurement measurement, meter.measure(table.scores, feedback));
        if (table.invalidRows > 0)
            measurement.warnings.push_back(std::to_string(table.invalidRows) +
                                           " rows with the wrong number of fields or an unreadable score were left out.");
        metric::judge(std::span(&measurement, 1), options);
        return measurement;
    }();
    if (!measured)
        return report(measured.error());
    if (arguments.json.empty()) {
        if (auto written = writeOut("-", measurementTable({&*measured})); !written)
            return report(written.error());
        for (const std::string& warning : measured->warnings)
            note(warning);
    } else if (auto written = writeJson(arguments.json, toJson(*measured)); !written) {
        return report(written.error());
    }
    const std::vector<std::string> findings = exceeded(limits, {*measured});
    for (const std::string& finding : findings)
        note(finding);
    return findings.empty() ? kDone : kLimitExceeded;
}

} // namespace

void addMeasure(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("measure", "Measures tables made elsewhere: a ranking, or one of the kinds below");
    auto arguments = std::make_shared<Arguments>();
    command->require_subcommand(0, 1);
    command->add_option("table", arguments->table, "Ranking: CSV or TSV with a header");
    command->add_option("--score", arguments->score, "Column with the scores; higher ranks first");
    command->add_option("--attribute", arguments->attribute, "Column with the groups");
    arguments->measure.addTo(*command);
    command->add_option("--json", arguments->json, "Write the result as JSON to this file, - for standard output");
    command->add_option("--fail-above", arguments->failAbove, "max_skew=0.2: exit code 1 when a measure is beyond its limit");
    addMeasureClassification(*command, chosen);
    addMeasureResolution(*command, chosen);
    addMeasureSwap(*command, chosen);
    addMeasureRetrieval(*command, chosen);
    addMeasureZeroShot(*command, chosen);
    addMeasurePaired(*command, chosen);
    addMeasureAssociation(*command, chosen);
    addMeasureGeometry(*command, chosen);
    addMeasureCounterfactual(*command, chosen);
    addMeasureControls(*command, chosen);
    command->callback([command, arguments, &chosen] {
        if (command->get_subcommands().empty())
            chosen = [arguments] { return run(*arguments); };
    });
}

} // namespace plumbline::cli
