// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/model_card.h"

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/report/sections/html.h"

namespace plumbline::report {

namespace {

using nlohmann::json;

void addMetric(json& metrics, const std::string& type, const std::string& slice, const std::optional<double>& value,
               const std::optional<double>& low, const std::optional<double>& high) {
    if (!value)
        return;
    json metric = {{"type", type}, {"value", formatDouble(*value)}, {"slice", printable(slice)}};
    if (low || high) {
        json& interval = metric["confidence_interval"] = json::object();
        if (low)
            interval["lower_bound"] = formatDouble(*low);
        if (high)
            interval["upper_bound"] = formatDouble(*high);
    }
    metrics.push_back(std::move(metric));
}

/// `of`: "", or "after LEACE, gender; ".
void addMetrics(json& metrics, const AuditResult& result, const std::string& of) {
    for (const Measurement& m : result.measurements) {
        const std::string prompt = of + m.prompt.value_or("(scores)");
        for (const GroupMeasure& g : m.groups)
            addMetric(metrics, "skew", prompt + "; " + m.attribute + " = " + g.name, g.skew, g.ciLow, g.ciHigh);
        const std::string slice = prompt + "; " + m.attribute;
        addMetric(metrics, "max_skew", slice, m.maxSkew.value, m.maxSkew.ciLow, m.maxSkew.ciHigh);
        addMetric(metrics, "min_skew", slice, m.minSkew.value, m.minSkew.ciLow, m.minSkew.ciHigh);
        addMetric(metrics, "ndkl", slice, m.ndkl.value, m.ndkl.ciLow, m.ndkl.ciHigh);
    }
    for (const MeasureTable& table : result.tables)
        for (const MeasureRow& row : table.rows) {
            std::string slice = of;
            for (std::size_t k = 0; k < row.keys.size(); ++k)
                slice += (k ? "; " : "") + (k < table.keys.size() ? table.keys[k] + " = " : "") +
                         (row.keys[k].empty() ? "all" : row.keys[k]);
            addMetric(metrics, table.id + "." + row.measure, slice, row.value.value, row.value.ciLow, row.value.ciHigh);
        }
}

} // namespace

json modelCardJson(const ReportInput& input) {
    const AuditResult& result = *input.result;
    const RunProvenance& provenance = result.provenance;
    json details = {{"name", printable(provenance.modelName)},
                    {"overview", "Audit of how the model ranks labelled images for prompts, by group."},
                    {"version", {{"name", provenance.modelSha256}, {"date", provenance.finished}}},
                    {"path", result.config.modelPath}};
    if (!input.auditor.empty())
        details["owners"] = json::array({{{"name", printable(input.auditor)}, {"contact", ""}}});
    if (input.model != nullptr && !input.model->licence.empty())
        details["licenses"] = json::array({{{"custom_text", printable(input.model->licence)}}});
    json attributes = json::array();
    for (const std::string& attribute : result.config.attributes)
        attributes.push_back(printable(attribute));
    json data = {{"name", printable(input.imagesName.empty() ? "images of the audit" : input.imagesName)},
                 {"description", std::to_string(result.images) + " images measured, " + std::to_string(result.skipped) +
                                     " skipped; SHA-256 " + provenance.imagesSha256},
                 {"sensitive", {{"sensitive_data", std::move(attributes)}}}};
    json metrics = json::array();
    addMetrics(metrics, result, "");
    for (const MitigatedRun& after : input.mitigated)
        addMetrics(metrics, *after.result, "after " + after.name + "; ");
    const auto described = [](const char* text) { return json{{"description", text}}; };
    return {{"schema_version", "0.0.2"},
            {"model_details", std::move(details)},
            {"model_parameters",
             {{"model_architecture", printable(provenance.preprocessing)}, {"data", json::array({std::move(data)})}}},
            {"quantitative_analysis", {{"performance_metrics", std::move(metrics)}}},
            {"considerations",
             {{"use_cases", json::array({described("Ranking images by how well they fit a text.")})},
              {"limitations",
               json::array(
                   {described("Groups are what was perceived in pictures, often as one of two values."),
                    described("Ranking a folder of images stands for the uses of a model; it is none of them."),
                    described("Not enough evidence is no pass, and no lean found is no proof of its absence.")})}}}};
}

} // namespace plumbline::report
