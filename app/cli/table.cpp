// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/table.h"

#include <algorithm>
#include <cmath>

#include "app/cli/text_table.h"
#include "core/base/numbers.h"
#include "core/formats/csv.h"
#include "core/report/plumb_chart.h"

namespace plumbline::cli {

namespace {

/// The further numbers of a ranking that have columns of their own for spreadsheets.
constexpr const char* kFurtherColumns[] = {
    "kl",          "total_variation",  "normalised_entropy", "infeasible_index", "infeasible_count",
    "count_ratio", "min_skew_present", "bias_at_k",          "ndkl_corrected"};

} // namespace

std::string measurementTable(const std::vector<const Measurement*>& measurements, std::span<const PlantedLean> planted,
                             const PlantedOf& plantedOf) {
    std::string out;
    std::vector<std::string> attributes;
    for (const Measurement* m : measurements)
        if (std::ranges::find(attributes, m->attribute) == attributes.end())
            attributes.push_back(m->attribute);
    for (const std::string& attribute : attributes) {
        std::vector<const Measurement*> ofThis;
        std::ranges::copy_if(measurements, std::back_inserter(ofThis),
                             [&](const Measurement* m) { return m->attribute == attribute; });
        std::vector<std::string> groups;
        for (const GroupMeasure& group : ofThis.front()->groups)
            groups.push_back(group.name);
        const report::PlumbChart chart = report::layOut(ofThis, groups);
        const Measurement& first = *ofThis.front();
        out += attribute + ": " + std::to_string(first.n) + " images, top " + std::to_string(first.kEffective) +
               ", definition " + std::string(definitionName(first.definition)) + "\n" + first.definitionText +
               (first.definitionText.empty() ? "" : "\n");
        std::vector<std::string> header = {"prompt",      "verdict", "MaxSkew", "95 % interval",
                                           "chance 95 %", "p",       "MinSkew", "NDKL"};
        if (!planted.empty())
            header.insert(header.begin() + 2, {"planted", "found"});
        TextTable table(std::move(header), planted.empty() ? 2 : 4);
        std::vector<report::PlantedView> views;
        for (const report::Row& row : chart.rows) {
            const Measurement& m = *ofThis[row.measurement];
            std::vector<std::string> cells = {m.prompt.value_or("(scores)"),
                                              row.lean.text,
                                              cell(m.maxSkew.value),
                                              cell(m.maxSkew.ciLow, 2) + " to " + cell(m.maxSkew.ciHigh, 2),
                                              cell(m.maxSkew.nullP95),
                                              pCell(m.maxSkew.pValue),
                                              m.minSkew.value ? cell(m.minSkew.value) : "≤ " + cell(m.minSkew.atMost),
                                              cell(m.ndkl.value)};
            if (!planted.empty()) {
                views.push_back(plantedOf(m));
                cells.insert(cells.begin() + 2, {views.back().truth().text(), views.back().judgement().text()});
            }
            table.add(std::move(cells));
        }
        out += table.text();
        if (const report::PlantedSummary summary = report::plantedSummary(planted, views); !summary.empty())
            out += summary.sentence().text() + "\n";
        out += "\n";
    }
    return out;
}

std::string furtherTable(const Measurement& m) {
    if (m.more.empty())
        return {};
    TextTable table({"further numbers", "value", "95 % interval", "chance mean", "chance 95 %", "p"}, 1);
    std::string meanings;
    for (const NamedValue& named : m.more) {
        const MetricValue& v = named.value;
        table.add({named.name, cell(v.value), v.ciLow || v.ciHigh ? cell(v.ciLow) + " to " + cell(v.ciHigh) : "–",
                   cell(v.nullMean), cell(v.nullP95), pCell(v.pValue)});
        meanings += "  " + named.name + ": " + named.meaning + "\n";
    }
    return table.text() + meanings;
}

std::string matchReportText(const MatchReport& report) {
    std::string out;
    const auto line = [&](std::int64_t count, std::string_view text, const std::vector<std::string>& examples) {
        if (count == 0)
            return;
        out += "  " + std::to_string(count) + " " + std::string(text);
        for (std::size_t i = 0; i < std::min<std::size_t>(examples.size(), 3); ++i)
            out += (i ? ", " : ": ") + examples[i];
        out += std::size_t(count) > std::min<std::size_t>(examples.size(), 3) && !examples.empty() ? ", …\n" : "\n";
    };
    out += "  " + std::to_string(report.matched) + " images matched\n";
    line(report.missing, "rows name a file that does not exist", report.missingExamples);
    line(report.duplicates, "further rows for a file that was named before (the first one counts)",
         report.duplicateExamples);
    line(report.invalidRows, "rows with the wrong number of fields", report.invalidExamples);
    line(report.notInTable, "images that no row names (not part of the set)", report.notInTableExamples);
    std::vector<std::string> unreadable;
    for (const Skipped& skipped : report.unreadableExamples)
        unreadable.push_back(skipped.file);
    line(report.unreadable, "files that are no readable pictures", unreadable);
    line(report.exifOriented, "images carry an EXIF orientation, which the reference ignores", {});
    for (const std::vector<MatchReport::Repair>* list : {&report.repairs, &report.merged})
        for (const MatchReport::Repair& one : *list)
            if (one.from != one.to)
                out += "  " + std::to_string(one.rows) + " values of " + one.column + " “" + one.from + "” read as “" +
                       one.to + "”\n";
    for (const MatchReport::Unlabelled& unlabelled : report.unlabelled)
        if (unlabelled.rows > 0)
            out +=
                "  " + std::to_string(unlabelled.rows) + " images without a value for " + unlabelled.attribute + "\n";
    return out;
}

std::string measurementsCsv(const std::vector<RunOfCsv>& runs) {
    std::string out =
        "prompt,attribute,group,n,k,definition,target,pool_count,top_count,pool_share,top_share,target_share,"
        "skew,skew_ci_low,skew_ci_high,skew_null_low,skew_null_high,skew_p,skew_p_holm,skew_p_bh,verdict,slight,"
        "detectable_below,detectable_above,mean_score,gap,gap_ci_low,gap_ci_high,gap_in_sd,gap_in_logits,"
        "cliffs_delta,explained_variance,score_sd,relative_spread,"
        "max_skew,max_skew_ci_low,max_skew_ci_high,max_skew_null_mean,max_skew_null_p95,max_skew_p,"
        "min_skew,min_skew_at_most,min_skew_p,ndkl,ndkl_ci_low,ndkl_ci_high,ndkl_null_p95,ndkl_p";
    for (const char* name : kFurtherColumns)
        for (const char* part : {"", "_ci_low", "_ci_high", "_p"})
            out += std::string(",") + name + part;
    out += ",debias\n";
    for (const RunOfCsv& run : runs)
        for (const Measurement& m : *run.measurements)
            for (const GroupMeasure& g : m.groups) {
                const std::string target = m.target == Target::Kind::Pool          ? "pool"
                                           : m.target == Target::Kind::Uniform     ? "uniform"
                                           : m.target == Target::Kind::Conditional ? "conditional"
                                                                                   : "custom";
                std::vector<std::string> fields = {formats::csvField(m.prompt.value_or("")),
                                                   formats::csvField(m.attribute),
                                                   formats::csvField(g.name),
                                                   std::to_string(m.n),
                                                   std::to_string(m.kEffective),
                                                   std::string(definitionName(m.definition)),
                                                   target,
                                                   std::to_string(g.poolCount),
                                                   std::to_string(g.topCount),
                                                   formatDouble(g.poolShare),
                                                   formatDouble(g.topShare),
                                                   formatDouble(g.targetShare),
                                                   exactCell(g.skew),
                                                   exactCell(g.ciLow),
                                                   exactCell(g.ciHigh),
                                                   exactCell(g.nullLow),
                                                   exactCell(g.nullHigh),
                                                   exactCell(g.pValue),
                                                   exactCell(g.adjustedP),
                                                   exactCell(g.falseDiscovery),
                                                   std::string(verdictName(g.verdict)),
                                                   g.slight ? "1" : "0",
                                                   exactCell(g.detectableBelow),
                                                   exactCell(g.detectableAbove),
                                                   formatDouble(g.meanScore),
                                                   formatDouble(g.gap),
                                                   exactCell(g.gapLow),
                                                   exactCell(g.gapHigh),
                                                   exactCell(g.gapInSd),
                                                   exactCell(g.gapInLogits),
                                                   exactCell(g.cliffsDelta),
                                                   exactCell(m.explained),
                                                   formatDouble(m.scoreSd),
                                                   exactCell(m.relativeSpread),
                                                   exactCell(m.maxSkew.value),
                                                   exactCell(m.maxSkew.ciLow),
                                                   exactCell(m.maxSkew.ciHigh),
                                                   exactCell(m.maxSkew.nullMean),
                                                   exactCell(m.maxSkew.nullP95),
                                                   exactCell(m.maxSkew.pValue),
                                                   exactCell(m.minSkew.value),
                                                   exactCell(m.minSkew.atMost),
                                                   exactCell(m.minSkew.pValue),
                                                   exactCell(m.ndkl.value),
                                                   exactCell(m.ndkl.ciLow),
                                                   exactCell(m.ndkl.ciHigh),
                                                   exactCell(m.ndkl.nullP95),
                                                   exactCell(m.ndkl.pValue)};
                for (const char* name : kFurtherColumns) {
                    const NamedValue* named = m.further(name);
                    const MetricValue value = named ? named->value : MetricValue();
                    for (const std::optional<double>& number : {value.value, value.ciLow, value.ciHigh, value.pValue})
                        fields.push_back(exactCell(number));
                }
                fields.push_back(formats::csvField(run.debias));
                for (std::size_t i = 0; i < fields.size(); ++i)
                    out += (i ? "," : "") + fields[i];
                out += "\n";
            }
    return out;
}

Result<Limit> parseLimit(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const std::optional<double> above =
        equals == std::string::npos ? std::nullopt : parseDouble(std::string_view(text).substr(equals + 1));
    std::string known = "max_skew=NUMBER, min_skew=NUMBER or ndkl=NUMBER, or for NAME=NUMBER one of";
    bool isKnown = name == "max_skew" || name == "min_skew" || name == "ndkl";
    for (const char* further : kFurtherColumns) {
        isKnown = isKnown || name == further;
        known += std::string(" ") + further;
    }
    if (!above || std::isnan(*above) || !isKnown)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "--fail-above"}, {"value", text}, {"expected", std::move(known)}});
    return Limit{name, *above};
}

std::vector<std::string> exceeded(const std::vector<Limit>& limits, const std::vector<Measurement>& measurements) {
    std::vector<std::string> findings;
    for (const Measurement& m : measurements)
        for (const Limit& limit : limits) {
            const NamedValue* further = m.further(limit.measure);
            const std::optional<double> value = further                       ? further->value.value
                                                : limit.measure == "max_skew" ? m.maxSkew.value
                                                : limit.measure == "min_skew" ? m.minSkew.value
                                                : limit.measure == "ndkl"     ? m.ndkl.value
                                                                              : std::nullopt;
            const std::string where = limit.measure + " of “" + m.prompt.value_or("the scores") + "” by " + m.attribute;
            if (!value)
                findings.push_back(where + " is undefined, which counts as above " + formatDouble(limit.above));
            else if (std::abs(*value) > limit.above)
                findings.push_back(where + " is " + formatFixed(*value, 3) + ", beyond " + formatDouble(limit.above));
        }
    return findings;
}

} // namespace plumbline::cli
