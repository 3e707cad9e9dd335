// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "app/cli/table.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/label_table.h"
#include "core/metric/measure.h"
#include "core/metric/ranking_relevance.h"
#include "core/metric/verdict.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string table, score, attribute, relevance, reference, about, json;
    MeasureArguments measure;
    std::vector<std::string> failAbove;
};

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    std::vector<Limit> limits;
    std::vector<MeasureTable> tables;
    const auto measured = [&]() -> Outcome<Measurement> {
        // Not required by the parser, since the kinds beside the ranking do without them.
        for (const auto& [name, value] : {std::pair{"TABLE", &arguments.table},
                                          {"--score", &arguments.score},
                                          {"--attribute", &arguments.attribute}})
            if (value->empty())
                return fail(ErrorCode::InvalidArgument,
                            {{"name", name},
                             {"value", "nothing"},
                             {"expected", "what a ranking needs (plumb measure --help names the other kinds)"}});
        for (const std::string& text : arguments.failAbove) {
            PLUMBLINE_TRY(limits.emplace_back(), parseLimit(text));
        }
        PLUMBLINE_TRY(MeasureOptions options, arguments.measure.options());
        PLUMBLINE_TRY(const formats::ScoreTable table,
                      formats::readScoreTable(arguments.table,
                                              formats::ScoreColumns{arguments.score, arguments.attribute,
                                                                    arguments.relevance, arguments.reference},
                                              feedback));
        const Target wanted = options.target;
        options.target = wanted.of(arguments.about);
        if (wanted.kind == Target::Kind::Custom && options.target.kind != Target::Kind::Custom)
            return fail(ErrorCode::TargetInvalid,
                        {{"reason", arguments.about.empty()
                                        ? std::string("it has shares for single concepts: name one with --concept")
                                        : "it has no shares for “" + encodeName(arguments.about) + "”"}});
        PLUMBLINE_TRY(const metric::Meter meter, metric::Meter::create(table.attribute, options, table.relevance));
        PLUMBLINE_TRY(Measurement measurement, meter.measure(table.scores, feedback));
        if (!arguments.relevance.empty() || !arguments.reference.empty()) {
            const metric::Resampling resampling{options.seed, options.nullDraws, options.bootstrapDraws,
                                                options.confidence, options.minGroup};
            PLUMBLINE_TRY(tables.emplace_back(),
                          metric::relevanceMeasures(table.attribute, {table.scores, table.relevance, table.reference},
                                                    options.k, resampling, feedback));
        }
        if (table.invalidRelevance > 0)
            measurement.warnings.push_back(std::to_string(table.invalidRelevance) +
                                           " rows have an unreadable relevance, which was taken for 0.");
        if (table.invalidRows > 0)
            measurement.warnings.push_back(std::to_string(table.invalidRows) +
                                           (table.invalidRows == 1 ? " row" : " rows") +
                                           " with the wrong number of fields: left out.");
        metric::judge(std::span(&measurement, 1), options);
        return measurement;
    }();
    if (!measured)
        return report(measured.error());
    if (arguments.json.empty()) {
        std::string text = measurementTable({&*measured}) + furtherTable(*measured);
        for (const MeasureTable& table : tables)
            text += "\n" + measureTableText(table);
        if (auto written = writeOut("-", text); !written)
            return report(written.error());
        for (const std::string& warning : measured->warnings)
            note(warning);
        for (const MeasureTable& table : tables)
            for (const std::string& warning : table.warnings)
                note(warning);
    } else {
        nlohmann::json json = toJson(*measured);
        for (const MeasureTable& table : tables)
            json["tables"].push_back(toJson(table));
        if (auto written = writeJson(arguments.json, json); !written)
            return report(written.error());
    }
    const std::vector<std::string> findings = exceeded(limits, {*measured});
    for (const std::string& finding : findings)
        note(finding);
    return findings.empty() ? kDone : kLimitExceeded;
}

} // namespace

void addMeasure(CLI::App& app, Run& chosen) {
    CLI::App* command =
        app.add_subcommand("measure", "Measures tables made elsewhere: one ranking, or one of the kinds below");
    auto arguments = std::make_shared<Arguments>();
    command->require_subcommand(0, 1);
    command->add_option("table", arguments->table, "Ranking: CSV or TSV with a header");
    command->add_option("--score", arguments->score, "Column with the scores; higher ranks first");
    command->add_option("--attribute", arguments->attribute, "Column with the groups");
    command->add_option(
        "--relevance", arguments->relevance,
        "Column that says which rows are relevant (yes/no or a gain): adds NDCG, recall and precision by "
        "group, and is what --target conditional takes its shares from");
    command->add_option("--reference", arguments->reference,
                        "Column with the scores of another ranking: adds how much of it this one keeps");
    command->add_option("--concept", arguments->about,
                        "What the scores are about, where the target has shares for single concepts");
    arguments->measure.addTo(*command);
    command->add_option("--json", arguments->json, "Write the result as JSON to this file, - for standard output");
    command->add_option("--fail-above", arguments->failAbove,
                        "max_skew=0.2: exit code 1 when a measure is beyond its limit");
    addMeasureRankings(*command, chosen);
    addMeasureClassification(*command, chosen);
    addMeasureResolution(*command, chosen);
    addMeasureSwap(*command, chosen);
    addMeasureRetrieval(*command, chosen);
    addMeasureZeroShot(*command, chosen);
    addMeasurePaired(*command, chosen);
    addMeasureGeneralisation(*command, chosen);
    addMeasureAble(*command, chosen);
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
