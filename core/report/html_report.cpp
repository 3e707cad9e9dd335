// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/html_report.h"

#include "core/base/hash.h"
#include "core/metric/verdict.h"
#include "core/report/comparison_lines.h"
#include "core/report/remarks.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

constexpr std::size_t kShownOfANote = 160; ///< characters in the summary

Html contentsOf(const std::vector<Section>& sections) {
    std::vector<Html> lines;
    for (const Section& section : sections) {
        Html line = link(section.entry.id, section.entry.title);
        for (const auto& [id, title] : section.entry.inner)
            line += Html{"<span class=\"sub\">"} + link(id, title) + Html{"</span>"};
        lines.push_back(std::move(line));
    }
    return list(lines);
}

Section summaryOf(const ReportInput& input, const std::vector<Rankings>& rankings,
                  const std::vector<std::string>& warnings) {
    const AuditResult& result = *input.result;
    Section section{{"summary", "Summary", {}}, heading(2, "summary", "Summary")};
    Html& all = section.html;
    for (const Rankings& one : rankings)
        all += paragraph(link(one.id, "By " + one.attribute) + escaped(": " + one.summary)) + list(findingsOf(one));
    all += paragraph("How sure: " + metric::familyText(result.measurements, result.config.measure) +
                     " Findings stand with the surest first, each with its interval.");
    all +=
        paragraph("A lean is what this ranking of these images shows. It is no statement of compliance with any rule, "
                  "and “no lean found” is no proof of its absence.");
    for (std::size_t i = 0; i < input.mitigated.size(); ++i) {
        std::string line;
        for (const Rankings& one : rankingsOf(*input.mitigated[i].result, ""))
            line += " By " + one.attribute + ": " + one.summary;
        all += paragraph(link("mitigation-" + std::to_string(i + 1), "After " + input.mitigated[i].name) +
                         escaped(":" + line));
    }
    if (input.comparison != nullptr)
        for (std::size_t r = 1; r < input.comparison->runs.size(); ++r) {
            const ComparedRun& other = input.comparison->runs[r];
            all += paragraph(link("comparison-" + std::to_string(r), "Against " + comparedRunText(other)) +
                             escaped(": " + promptCounts(comparedPrompts(*input.comparison, other.run))));
        }
    std::vector<std::string> flagged;
    for (const Note& note : input.notes)
        if (note.flagged && !note.about.prompt.empty())
            flagged.push_back(note.about.prompt + ", by " + note.about.attribute +
                              (note.text.empty() ? "" : ": " + shorten(note.text, kShownOfANote)));
    if (!input.notes.empty())
        all += paragraph(link("notes", count(input.notes.size(), "note", "notes") + " of the auditor") +
                         escaped(flagged.empty() ? "." : "; flagged for a look:")) +
               list(flagged);
    all += heading(3, "next", "What to do next") + list(nextSteps(input, rankings));
    if (!warnings.empty())
        all += heading(3, "", "To be kept in mind") + list(warnings);
    return section;
}

Html aboutOf(const ReportInput& input, const std::string& number) {
    const RunProvenance& provenance = input.result->provenance;
    std::string changed;
    for (const MitigatedRun& run : input.mitigated)
        changed += (changed.empty() ? "" : "; ") + run.name + (run.run ? " (run " + std::to_string(run.run) + ")" : "");
    if (const auto& debias = input.result->config.debias)
        changed = "all results are after " + debias->name;
    return facts({{"Model", provenance.modelName},
                  {"Date of the audit", provenance.finished},
                  {"Auditor", input.auditor.empty() ? "not named" : input.auditor},
                  {"Run", input.run ? std::to_string(input.run) : ""},
                  {"Debiasing", changed},
                  {"Program", provenance.program},
                  {"Report number", number},
                  {"Model, SHA-256", provenance.modelSha256},
                  {"Images, SHA-256", provenance.imagesSha256},
                  {"Labels, SHA-256", provenance.labelsSha256},
                  {"Probe, SHA-256", provenance.probeSha256}});
}

} // namespace

Result<std::string> htmlReport(const ReportInput& input) {
    const AuditResult& result = *input.result;
    const std::vector<Rankings> rankings = rankingsOf(result, "attribute-");
    std::vector<Section> sections;
    bool whole = true;
    const auto add = [&](std::optional<Section> section) {
        whole = whole && section;
        if (section)
            sections.push_back(std::move(*section));
    };
    std::vector<std::string> warnings = result.warnings;
    for (const Rankings& one : rankings)
        addRemarks(one.measurements, one.attribute, warnings);
    add(summaryOf(input, rankings, warnings));
    add(scopeSection(input));
    add(modelSection(input));
    add(dataSection(input));
    add(methodSection(result));
    for (const Rankings& one : rankings) {
        std::optional<Html> html = rankingsSection(one, result, 2);
        add(html ? std::optional(Section{{one.id, "By " + one.attribute, {}}, std::move(*html)}) : std::nullopt);
    }
    for (Section& family : measureSections(otherTablesOf(result), "", result.config.measure.level, 2))
        add(std::move(family));
    add(utilitySection(result));
    if (!input.mitigated.empty())
        add(mitigationSection(input));
    if (input.comparison != nullptr)
        add(comparisonSection(*input.comparison, input.evidence.kind));
    if (!input.notes.empty())
        add(notesSection(input));
    add(evidenceSection(input));
    add(limitationsSection(input));
    add(rulesSection(rankings, input));
    add(repeatSection(input));
    add(glossarySection());

    Dictionary page("page");
    const std::string model = result.provenance.modelName.empty() ? "a model" : result.provenance.modelName;
    Html body{"\n"};
    for (const Section& section : sections)
        body += section.html;
    values (&page)("TITLE", "Audit of " + model)(
        "SUBTITLE", count(static_cast<std::size_t>(result.images), "image", "images") + ", " +
                        count(result.prompts.size(), "prompt", "prompts") + ", " + result.provenance.finished)(
        "ABOUT", aboutOf(input, sha256(body.text)).text)("CONTENTS", contentsOf(sections).text)("BODY", body.text);
    std::optional<Html> html = whole ? expand(Template::Page, page) : std::nullopt;
    if (!html)
        return fail(ErrorCode::Internal, {}, "a built-in report template cannot be expanded");
    return std::move(html->text);
}

} // namespace plumbline::report
