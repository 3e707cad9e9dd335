// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/html_report.h"

#include "core/report/remarks.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

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

Html summaryOf(const std::vector<Rankings>& rankings, const std::vector<std::string>& warnings) {
    Html all = heading(2, "", "Summary");
    for (const Rankings& one : rankings)
        all += paragraph(link(one.id, "By " + one.attribute) + escaped(": " + one.summary)) + list(findingsOf(one));
    all += paragraph(
        "A lean is what this ranking of these images shows. It is no statement of compliance with any rule, and "
        "“no lean found” is no proof of its absence.");
    return warnings.empty() ? all : all + heading(3, "", "To be kept in mind") + list(warnings);
}

} // namespace

Result<std::string> htmlReport(const ReportInput& input) {
    const AuditResult& result = *input.result;
    const auto broken = [] { return fail(ErrorCode::Internal, {}, "a built-in report template cannot be expanded"); };

    std::vector<Section> sections;
    std::vector<std::string> warnings = result.warnings;
    const std::vector<Rankings> rankings = rankingsOf(result, "attribute-");
    for (const Rankings& one : rankings) {
        std::optional<Html> html = rankingsSection(one, result, 2);
        if (!html)
            return broken();
        sections.push_back({{one.id, "By " + one.attribute, {}}, std::move(*html)});
        addRemarks(one.measurements, one.attribute, warnings);
    }
    for (Section& family : measureSections(tablesOf(result), "", result.config.measure.level, 2))
        sections.push_back(std::move(family));
    if (!input.mitigated.empty()) {
        std::optional<Section> mitigation = mitigationSection(input);
        if (!mitigation)
            return broken();
        sections.push_back(std::move(*mitigation));
    }
    std::optional<Section> method = methodSection(result);
    if (!method)
        return broken();
    sections.push_back(std::move(*method));
    sections.push_back(repeatSection(result));

    Dictionary page("page");
    const std::string model = result.provenance.modelName.empty() ? "a model" : result.provenance.modelName;
    Html body;
    for (const Section& section : sections)
        body += section.html;
    values (&page)("TITLE", "Audit of " + model)(
        "SUBTITLE", count(static_cast<std::size_t>(result.images), "image", "images") + ", " +
                        count(result.prompts.size(), "prompt", "prompts") + ", " + result.provenance.finished)(
        "SUMMARY", summaryOf(rankings, warnings).text)("CONTENTS", contentsOf(sections).text)("BODY", body.text);
    std::optional<Html> html = expand(Template::Page, page);
    if (!html)
        return broken();
    return std::move(html->text);
}

} // namespace plumbline::report
