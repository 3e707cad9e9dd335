// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/audit_output.h"

#include <algorithm>
#include <sstream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/console.h"
#include "app/cli/debias_parts.h"
#include "app/cli/measure_kinds.h"
#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/data/attribute_text.h"
#include "core/data/debias_price.h"
#include "core/data/json.h"
#include "core/formats/planted.h"
#include "core/metric/verdict.h"
#include "core/report/html_report.h"
#include "core/report/planted.h"
#include "core/report/remarks.h"

namespace plumbline::cli {

namespace fs = std::filesystem;

namespace {

/// What the model is known to lean towards; a damaged file is only told of.
std::vector<PlantedLean> plantedIn(const fs::path& model, Feedback& feedback) {
    Result<std::vector<PlantedLean>> planted = formats::readPlanted(model / formats::kPlantedFile);
    if (planted)
        return std::move(*planted);
    feedback.log(errorText(planted.error()));
    return {};
}

/// Those of the audit and of its rankings (of its tables, which hold them, in their own place).
std::vector<std::string> warningsOf(const AuditResult& result) {
    std::vector<std::string> warnings = result.warnings;
    std::vector<std::string> attributes;
    for (const Measurement& measurement : result.measurements)
        if (std::ranges::find(attributes, measurement.attribute) == attributes.end())
            attributes.push_back(measurement.attribute);
    for (const std::string& attribute : attributes) {
        std::vector<const Measurement*> own;
        for (const Measurement& measurement : result.measurements)
            if (measurement.attribute == attribute)
                own.push_back(&measurement);
        report::addRemarks(own, attribute, warnings);
    }
    return warnings;
}

std::string textOf(const AuditResult& result, const fs::path& model, Feedback& feedback) {
    std::vector<const Measurement*> all;
    for (const Measurement& measurement : result.measurements)
        all.push_back(&measurement);
    const std::vector<PlantedLean> planted = model.empty() ? std::vector<PlantedLean>() : plantedIn(model, feedback);
    const auto view = [&](const Measurement& measurement) {
        const auto prompt = std::ranges::find(result.prompts, measurement.prompt.value_or(std::string()));
        const auto number = static_cast<std::size_t>(prompt - result.prompts.begin());
        return report::plantedView(planted, report::conceptOf(result.config.probe, number), measurement);
    };
    std::string text =
        measurementTable(all, planted, view) + metric::familyText(result.measurements, result.config.measure) + "\n";
    for (const MeasureTable& table : result.tables) {
        text += "\n" + (table.id == kDebiasPriceId ? priceText(table) : measureTableText(table));
        for (const std::string& warning : table.warnings)
            text += "Note: " + warning + "\n";
    }
    return text;
}

} // namespace

nlohmann::json resultJson(const AuditResult& result, std::int64_t id) {
    nlohmann::json results = nlohmann::json::array(), concepts = nlohmann::json::array(),
                   tables = nlohmann::json::array();
    for (const Measurement& measurement : result.measurements)
        results.push_back(toJson(measurement));
    for (const ConceptSummary& summary : result.concepts)
        concepts.push_back(toJson(summary));
    for (const MeasureTable& table : result.tables)
        tables.push_back(toJson(table));
    nlohmann::json run = {{"config", toJson(result.config)},
                          {"provenance", toJson(result.provenance)},
                          {"images", result.images},
                          {"skipped", result.skipped},
                          {"family", metric::familyText(result.measurements, result.config.measure)},
                          {"warnings", result.warnings}};
    if (id)
        run["id"] = id;
    return {{"run", std::move(run)},
            {"results", std::move(results)},
            {"concepts", std::move(concepts)},
            {"tables", std::move(tables)}};
}

std::vector<std::string> debiasNames(const std::vector<const AuditResult*>& debiased) {
    std::vector<std::string> names;
    for (const AuditResult* after : debiased) {
        const std::string name = after->config.debias ? after->config.debias->name : "debiasing";
        std::string own = name;
        for (int number = 2; std::ranges::find(names, own) != names.end(); ++number)
            own = name + " (" + std::to_string(number) + ")";
        names.push_back(std::move(own));
    }
    return names;
}

void AttributeArguments::addTo(CLI::App& command) {
    command.add_option("--attribute", attributes, "Attributes A[,B…], one result each")->delimiter(',');
    command.add_option("--cross", cross, "A,B[,C…]: one crossed attribute; may be given several times")
        ->allow_extra_args(false);
    command.add_option("--merge", merges,
                       "Groups to take as one: \"age: young=0-2+3-9, old=60-69+more than 70\"; names with signs in "
                       "double quotes");
}

Result<std::vector<std::string>> AttributeArguments::texts() const {
    std::vector<AttributePart> merged;
    for (const std::string& text : merges) {
        PLUMBLINE_TRY(AttributePart merge, parseMerge(text));
        const auto same = std::ranges::find(merged, merge.name, &AttributePart::name);
        if (same == merged.end())
            merged.push_back(std::move(merge));
        else
            same->merges.insert(same->merges.end(), merge.merges.begin(), merge.merges.end());
    }
    std::vector<bool> used(merged.size(), false);
    const auto partOf = [&](const std::string& name) {
        const auto found = std::ranges::find(merged, name, &AttributePart::name);
        if (found == merged.end())
            return AttributePart{name, {}};
        used[static_cast<std::size_t>(found - merged.begin())] = true;
        return *found;
    };
    std::vector<std::string> named;
    for (const std::string& name : attributes)
        named.push_back(formatAttribute({partOf(name)}));
    for (const std::string& text : cross) {
        std::vector<AttributePart> crossed;
        std::istringstream names(text);
        for (std::string name; std::getline(names, name, ',');) {
            if (std::ranges::find(crossed, name, &AttributePart::name) != crossed.end())
                return fail(ErrorCode::InvalidArgument,
                            {{"name", "--cross"}, {"value", name}, {"expected", "different attributes"}});
            crossed.push_back(partOf(name));
        }
        named.push_back(formatAttribute(crossed));
    }
    for (std::size_t m = 0; m < merged.size(); ++m)
        if (!used[m])
            return fail(ErrorCode::InvalidArgument, {{"name", "--merge"},
                                                     {"value", merged[m].name},
                                                     {"expected", "an attribute that --attribute or --cross names"}});
    for (std::size_t i = 0; i < named.size(); ++i)
        if (std::ranges::find(named.begin(), named.begin() + static_cast<std::ptrdiff_t>(i), named[i]) !=
            named.begin() + static_cast<std::ptrdiff_t>(i))
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "--attribute"}, {"value", named[i]}, {"expected", "each attribute once"}});
    if (named.empty())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "--attribute"}, {"value", ""}, {"expected", "a column of the labels (or --cross A,B)"}});
    return named;
}

std::string familyNames() {
    std::string names;
    for (const FamilyInfo& family : allFamilies())
        names += (names.empty() ? "" : ", ") + std::string(family.name);
    return names;
}

/// Without a choice those that cost little and need nothing more. What needs a column or a file is chosen by naming it,
/// and left out of "all" where it is not named.
Result<std::vector<Family>> chosenFamilies(const std::vector<std::string>& names, const AuditConfig& config) {
    const auto named = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
    std::vector<Family> families;
    for (const FamilyInfo& family : allFamilies()) {
        const bool needs = needsInput(family.family), given = hasInput(config, family.family);
        if (named("all") && needs && !given && !named(family.name))
            note("not measured, since its input was not named: " + std::string(family.title) + " (" +
                 std::string(family.about) + ")");
        if (named(family.name) || (needs ? given && !named("none") : names.empty() ? family.byDefault : named("all")))
            families.push_back(family.family);
    }
    for (const std::string& name : names)
        if (name != "all" && name != "none" && !familyFromName(name))
            return fail(
                ErrorCode::InvalidArgument,
                {{"name", "--also"}, {"value", encodeName(name)}, {"expected", familyNames() + ", all or none"}});
    return families;
}

void AuditOutput::addTo(CLI::App& command) {
    command.add_option("--json", json, "Write the results as JSON to this file, - for standard output");
    command.add_option("--csv", csv,
                       "Write one line a group, prompt and run to this file, - for standard output; the column debias "
                       "names what was done to the model");
    command.add_option("--report", report, "Write a report as one HTML file, with every debiased run");
    command.add_option("--fail-above", failAbove,
                       "max_skew=0.2: exit code 1 when a measure is beyond its limit; with --debias or --after-model "
                       "after it, the untouched model is not judged");
}

Result<std::vector<Limit>> AuditOutput::limits() const {
    std::vector<Limit> limits;
    for (const std::string& text : failAbove) {
        PLUMBLINE_TRY(limits.emplace_back(), parseLimit(text));
    }
    return limits;
}

int AuditOutput::write(const AuditResult& result, const std::vector<Limit>& limits, Feedback& feedback,
                       const From& from) const {
    for (const std::string& warning : warningsOf(result))
        feedback.log(warning);
    for (const Debiased& after : from.debiased)
        for (const std::string& warning : after.result.warnings)
            feedback.log(warning);
    std::vector<const AuditResult*> afterwards;
    for (const Debiased& after : from.debiased)
        afterwards.push_back(&after.result);
    const std::vector<std::string> names = debiasNames(afterwards);
    if (!csv.empty()) {
        std::vector<RunOfCsv> runs = {{"", &result.measurements}};
        for (std::size_t i = 0; i < names.size(); ++i)
            runs.push_back({names[i], &from.debiased[i].result.measurements});
        if (auto written = writeOut(csv, measurementsCsv(runs)); !written)
            return cli::report(written.error());
    }
    if (!report.empty()) {
        report::ReportInput input = from.known;
        input.result = &result;
        input.run = from.run;
        for (std::size_t i = 0; i < names.size(); ++i)
            input.mitigated.push_back(
                {&from.debiased[i].result, names[i], from.debiased[i].run, from.debiased[i].cards});
        const Result<std::string> page = report::htmlReport(input);
        if (!page)
            return cli::report(page.error());
        if (auto written = writeOut(report, *page); !written)
            return cli::report(written.error());
    }
    if (!json.empty()) {
        nlohmann::json all = resultJson(result, from.run);
        for (const Debiased& after : from.debiased) {
            nlohmann::json one = resultJson(after.result, after.run);
            if (const auto& debias = after.result.config.debias)
                one[debias->model ? "model" : "transform"] = debias->model ? *debias->model : debias->name;
            all["debias"].push_back(std::move(one));
        }
        if (auto written = writeJson(json, all); !written)
            return cli::report(written.error());
    }
    if (json != "-" && csv != "-") {
        std::string text = textOf(result, from.model, feedback);
        for (std::size_t i = 0; i < names.size(); ++i)
            text += "\n== After " + names[i] + " ==\n\n" + textOf(from.debiased[i].result, from.model, feedback);
        if (auto written = writeOut("-", text); !written)
            return cli::report(written.error());
    }
    if (from.run)
        note("run " + std::to_string(from.run) + " stored in " + from.project);
    std::vector<std::string> findings = exceeded(limits, result.measurements);
    if (!names.empty()) {
        if (!findings.empty())
            note("without debiasing " + std::to_string(findings.size()) +
                 (findings.size() == 1 ? " measure is" : " measures are") +
                 " beyond the limits; judged is what comes after it");
        findings.clear();
        for (std::size_t i = 0; i < names.size(); ++i)
            for (const std::string& finding : exceeded(limits, from.debiased[i].result.measurements))
                findings.push_back("after " + names[i] + ": " + finding);
    }
    for (const std::string& finding : findings)
        note(finding);
    return findings.empty() ? kDone : kLimitExceeded;
}

} // namespace plumbline::cli
