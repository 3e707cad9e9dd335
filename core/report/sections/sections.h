// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/report/html_report.h"
#include "core/report/plumb_chart.h"
#include "core/report/sections/html.h"

namespace plumbline::report {

/// A line of the contents and what stands under it.
struct Entry {
    std::string id, title;
    std::vector<std::pair<std::string, std::string>> inner; ///< id and title
};

/// A section of the page with its place in the contents.
struct Section {
    Entry entry;
    Html html;
};

/// The plumb chart of one attribute as a picture; `spoken` is its text for those who cannot see it. Nothing where the
/// built-in template is broken.
std::optional<Html> chartPicture(const PlumbChart& chart, const std::vector<const Measurement*>& measurements,
                                 const std::string& spoken);

/// The rankings by one attribute, laid out and sorted: what leans first, the surest first.
struct Rankings {
    std::string attribute, id;
    std::vector<const Measurement*> measurements; ///< in the order of the rows
    PlumbChart chart;                             ///< its rows count in `measurements`
    std::string summary;                          ///< how many lean, and so on
};
/// One for each attribute that has rankings; ids are `prefix` with a number.
std::vector<Rankings> rankingsOf(const AuditResult& result, const std::string& prefix);
/// The prompts that lean, the surest first: the group, the skew and its interval.
std::vector<std::string> findingsOf(const Rankings& rankings);
/// Chart and tables under a heading of this level.
std::optional<Html> rankingsSection(const Rankings& rankings, const AuditResult& result, int level);

/// A table of measures under a heading of this level.
Html measureSection(const MeasureTable& table, const std::string& id, double level, int headingLevel);
/// Tables under the titles of their families, headings of this level and the one below.
std::vector<Section> measureSections(const std::vector<MeasureTable>& tables, const std::string& prefix, double level,
                                     int headingLevel);
/// The audit's tables and the further numbers of its rankings.
std::vector<MeasureTable> tablesOf(const AuditResult& result);

/// Those of tasks have a section of their own; the others.
Section utilitySection(const AuditResult& result);
std::vector<MeasureTable> otherTablesOf(const AuditResult& result);

Section scopeSection(const ReportInput& input);
Section modelSection(const ReportInput& input);
Section dataSection(const ReportInput& input);
Section evidenceSection(const ReportInput& input);
/// A small picture with a caption, or in its place that there is none; `alt` is for those who cannot see it.
Html figure(const std::vector<std::uint8_t>& jpeg, const std::string& alt, const std::string& caption);
/// The groups of an image by the single attributes that were audited: "Female, 20-29".
class GroupsOfImages {
public:
    explicit GroupsOfImages(const ReportInput& input);
    std::string of(std::int64_t row) const;

private:
    std::vector<Attribute> m_attributes;
};
/// What the auditor says of the run, of findings and of images.
Section notesSection(const ReportInput& input);
/// Other runs against this one.
Section comparisonSection(const RunComparison& comparison, EvidenceKind evidence);
/// What the results call for, the most pressing first, three at most.
std::vector<Html> nextSteps(const ReportInput& input, const std::vector<Rankings>& rankings);
/// Selection rates and impact ratios, and where to find what frameworks ask for.
Section rulesSection(const std::vector<Rankings>& rankings, const ReportInput& input);
/// What is computed and how it is judged; nothing where a template is broken, as with the next one.
std::optional<Section> methodSection(const AuditResult& result);
std::optional<Section> limitationsSection(const ReportInput& input);
Section glossarySection();
/// The command and the hashes.
Section repeatSection(const ReportInput& input);

/// What debiasing did, run for run. Nothing where a template is broken.
std::optional<Section> mitigationSection(const ReportInput& input);

} // namespace plumbline::report
