// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/measure_kinds.h"

#include <tuple>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/console.h"
#include "app/cli/text_table.h"
#include "core/data/json.h"
#include "core/formats/csv.h"

namespace plumbline::cli {

void addDraws(CLI::App& command, int& nullDraws, const char* ofNull, int& bootstrapDraws, const char* ofBootstrap) {
    for (const auto& [name, draws, what] :
         {std::tuple("--null-draws", &nullDraws, ofNull), {"--bootstrap-draws", &bootstrapDraws, ofBootstrap}})
        command.add_option(name, *draws, std::string(what) + "; 0: none")
            ->check(CLI::Range(0, 1'000'000))
            ->capture_default_str();
}

void ResamplingArguments::addTo(CLI::App& command) {
    command.add_option("--seed", options.seed, "Seed of the null and the interval")->capture_default_str();
    addDraws(command, options.nullDraws, "Random draws of each null", options.bootstrapDraws,
             "Resamples of each interval");
    command.add_option("--min-group", options.minGroup, "Fewer than this is not enough evidence for a finding")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
}

void MeasureOutput::addTo(CLI::App& command) {
    command.add_option("--json", json, "Write the result as JSON to this file, - for standard output");
    command.add_option("--csv", csv, "Write one line a number to this file, - for standard output");
}

int MeasureOutput::write(const Outcome<std::vector<MeasureTable>>& tables) const {
    if (!tables)
        return report(tables.error());
    if (!json.empty()) {
        nlohmann::json list = nlohmann::json::array();
        for (const MeasureTable& table : *tables)
            list.push_back(toJson(table));
        if (auto written = writeJson(json, {{"tables", std::move(list)}}); !written)
            return report(written.error());
    }
    if (!csv.empty())
        if (auto written = writeOut(csv, measureTablesCsv(*tables)); !written)
            return report(written.error());
    if (json.empty() && csv.empty()) {
        std::string text;
        for (const MeasureTable& table : *tables)
            text += measureTableText(table) + "\n";
        if (auto written = writeOut("-", text); !written)
            return report(written.error());
        for (const MeasureTable& table : *tables)
            for (const std::string& warning : table.warnings)
                note(warning);
    }
    return kDone;
}

std::string measureTablesCsv(const std::vector<MeasureTable>& tables) {
    std::string out =
        "table,keys,measure,value,ci_low,ci_high,null_mean,null_p95,p,adjusted_p,false_discovery,neutral,n,"
        "enough\n";
    for (const MeasureTable& table : tables)
        for (const MeasureRow& row : table.rows) {
            std::string keys;
            for (std::size_t i = 0; i < row.keys.size(); ++i)
                if (!row.keys[i].empty())
                    keys += (keys.empty() ? "" : "; ") + table.keys[i] + "=" + row.keys[i];
            const MetricValue& v = row.value;
            out += formats::csvField(table.id) + "," + formats::csvField(keys) + "," + formats::csvField(row.measure);
            for (const std::optional<double>& number : {v.value, v.ciLow, v.ciHigh, v.nullMean, v.nullP95, v.pValue,
                                                        v.adjustedP, v.falseDiscovery, v.neutral})
                out += "," + exactCell(number);
            out += "," + std::to_string(row.n) + (row.enough ? ",1\n" : ",0\n");
        }
    return out;
}

std::string measureTableText(const MeasureTable& table) {
    std::string out = table.title + "\n" + table.definition + " (" + table.source + ")\n";
    if (!table.family.empty())
        out += "Corrected together: " + table.family + ".\n";
    std::vector<std::string> header = table.keys;
    const std::size_t left = header.size() + 1;
    for (const char* name : {"measure", "value", "95 % interval", "chance 95 %", "p", "p (Holm)", "n"})
        header.emplace_back(name);
    TextTable text(std::move(header), left);
    for (const MeasureRow& row : table.rows) {
        std::vector<std::string> cells = row.keys;
        const MetricValue& v = row.value;
        for (std::string& each : std::vector<std::string>{
                 row.measure, cell(v.value), v.ciLow || v.ciHigh ? cell(v.ciLow) + " to " + cell(v.ciHigh) : "–",
                 cell(v.nullP95), pCell(v.pValue), row.enough || !v.pValue ? pCell(v.adjustedP) : "not enough",
                 std::to_string(row.n)})
            cells.push_back(std::move(each));
        text.add(std::move(cells));
    }
    return out + text.text();
}

void warnOfRows(std::int64_t invalid, MeasureTable& table) {
    if (invalid > 0)
        table.warnings.push_back(std::to_string(invalid) + (invalid == 1 ? " row" : " rows") +
                                 " with the wrong number of fields or an unreadable number " +
                                 (invalid == 1 ? "was" : "were") + " left out.");
}

} // namespace plumbline::cli
