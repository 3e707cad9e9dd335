// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>

#include <CLI/CLI.hpp>

#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "core/formats/data_table.h"
#include "core/metric/classification/scenes.h"

namespace plumbline::cli {

namespace {

struct Resolution {
    std::string table, his, her, gender, masculine = "Male", feminine = "Female", occupation;
    ResamplingArguments resampling;
    MeasureOutput output;
};

struct Association {
    std::string table, chosen, own, other, attribute;
    ResamplingArguments resampling;
    MeasureOutput output;
};

Outcome<std::vector<MeasureTable>> resolve(const Resolution& arguments) {
    ConsoleFeedback feedback;
    std::vector<std::string> columns{arguments.his, arguments.her, arguments.gender};
    if (!arguments.occupation.empty())
        columns.push_back(arguments.occupation);
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.table, columns, feedback));
    std::int64_t ofHis = 0, ofHer = 0;
    const std::vector<double> his = table.numbers(arguments.his, ofHis), her = table.numbers(arguments.her, ofHer);
    const Attribute occupation = arguments.occupation.empty() ? Attribute() : table.attribute(arguments.occupation);
    PLUMBLINE_TRY(MeasureTable result,
                  metric::pronounResolution(std::vector<float>(his.begin(), his.end()),
                                            std::vector<float>(her.begin(), her.end()),
                                            table.attribute(arguments.gender), arguments.masculine, arguments.feminine,
                                            occupation, arguments.resampling.options, feedback));
    warnOfRows(table.invalidRows() + ofHis + ofHer, result);
    return std::vector<MeasureTable>{std::move(result)};
}

Outcome<std::vector<MeasureTable>> associate(const Association& arguments) {
    ConsoleFeedback feedback;
    const std::vector<std::string> columns{arguments.chosen, arguments.own, arguments.other, arguments.attribute};
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.table, columns, feedback));
    std::map<std::string, std::int32_t> names;
    const auto code = [&](const std::string& text) {
        return text.empty() ? -1 : names.emplace(text, static_cast<std::int32_t>(names.size())).first->second;
    };
    std::vector<metric::AssociationAnswer> answers;
    for (std::size_t i = 0; i < table.rows(); ++i)
        answers.push_back({code(table.texts(arguments.chosen)[i]), code(table.texts(arguments.own)[i]),
                           code(table.texts(arguments.other)[i])});
    PLUMBLINE_TRY(MeasureTable result, metric::conceptAssociation(answers, table.attribute(arguments.attribute),
                                                                  arguments.resampling.options, feedback));
    warnOfRows(table.invalidRows(), result);
    return std::vector<MeasureTable>{std::move(result)};
}

} // namespace

void addMeasureResolution(CLI::App& measure, Run& chosen) {
    CLI::App* command =
        measure.add_subcommand("resolution", "Whose pronoun is resolved: captions with “his” and with “her”");
    auto arguments = std::make_shared<Resolution>();
    command->add_option("table", arguments->table, "CSV or TSV with a header, a row an image")->required();
    command->add_option("--his", arguments->his, "Column with the scores of the caption with “his”")->required();
    command->add_option("--her", arguments->her, "Column with the scores of the caption with “her”")->required();
    command->add_option("--gender", arguments->gender, "Column with the perceived gender")->required();
    command->add_option("--masculine", arguments->masculine, "Its value for “his”")->capture_default_str();
    command->add_option("--feminine", arguments->feminine, "Its value for “her”")->capture_default_str();
    command->add_option("--occupation", arguments->occupation, "Column with the occupations, for the bias of each");
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback(
        [arguments, &chosen] { chosen = [arguments] { return arguments->output.write(resolve(*arguments)); }; });
}

void addMeasureSwap(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand(
        "swap", "Concept association: whose attribute an object is given, its own or its neighbour's");
    auto arguments = std::make_shared<Association>();
    command->add_option("table", arguments->table, "CSV or TSV with a header, a row an image")->required();
    command->add_option("--chosen", arguments->chosen, "Column with the attribute that scored highest")->required();
    command->add_option("--own", arguments->own, "Column with the attribute typical of the asked object")->required();
    command->add_option("--other", arguments->other, "Column with that of the other object; empty: there is none")
        ->required();
    command->add_option("--attribute", arguments->attribute, "Column with the groups")->required();
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback(
        [arguments, &chosen] { chosen = [arguments] { return arguments->output.write(associate(*arguments)); }; });
}

} // namespace plumbline::cli
