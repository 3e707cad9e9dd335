// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "core/base/numbers.h"
#include "core/data/attribute_text.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

constexpr std::array<std::pair<EvidenceKind, std::string_view>, 4> kNames = {
    {{EvidenceKind::None, "none"},
     {EvidenceKind::Ids, "ids"},
     {EvidenceKind::Blurred, "blurred"},
     {EvidenceKind::Thumbnails, "thumbnails"}}};

std::string base64(const std::vector<std::uint8_t>& bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t at) { return at < bytes.size() ? unsigned{bytes[at]} : 0U; };
        const unsigned three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        for (int shift = 18, n = 0; shift >= 0; shift -= 6, ++n)
            text += i + static_cast<std::size_t>(n) <= bytes.size() ? kDigits[three >> shift & 63] : '=';
    }
    return text;
}

} // namespace

GroupsOfImages::GroupsOfImages(const ReportInput& input) {
    if (input.images == nullptr)
        return;
    for (const std::string& name : input.result->config.attributes)
        if (const auto parts = parseAttribute(name); parts && parts->size() == 1)
            if (auto attribute = resolveAttribute(*input.images, name))
                m_attributes.push_back(std::move(*attribute));
}

std::string GroupsOfImages::of(std::int64_t row) const {
    std::string text;
    for (const Attribute& attribute : m_attributes) {
        const auto at = static_cast<std::size_t>(row);
        const std::int32_t code = at < attribute.codes.size() ? attribute.codes[at] : Attribute::kUnlabelled;
        text += (text.empty() ? "" : ", ") +
                (code < 0 ? attribute.name + " unknown" : attribute.groups[static_cast<std::size_t>(code)]);
    }
    return text;
}

Html figure(const std::vector<std::uint8_t>& jpeg, const std::string& alt, const std::string& caption) {
    const Html picture =
        jpeg.empty()
            ? Html{"<div class=\"gone\">"} + escaped("cannot be read any more") + Html{"</div>"}
            : Html{"<img src=\"data:image/jpeg;base64," + base64(jpeg) + "\" alt=\""} + escaped(alt) + Html{"\"/>"};
    return Html{"<figure>"} + picture + Html{"<figcaption>"} + escaped(caption) + Html{"</figcaption></figure>\n"};
}

std::string_view evidenceName(EvidenceKind kind) {
    return std::ranges::find(kNames, kind, &decltype(kNames)::value_type::first)->second;
}

std::optional<EvidenceKind> evidenceFromName(std::string_view name) {
    const auto found = std::ranges::find(kNames, name, &decltype(kNames)::value_type::second);
    return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

std::vector<std::size_t> promptsOfEvidence(const AuditResult& result) {
    std::map<std::string, double> strength;
    for (const Rankings& rankings : rankingsOf(result, ""))
        for (const Row& row : rankings.chart.rows) {
            const std::string& prompt = rankings.measurements[row.measurement]->prompt.value_or("");
            const auto known = strength.try_emplace(prompt, row.lean.strength).first;
            known->second = std::max(known->second, row.lean.strength);
        }
    std::vector<std::size_t> prompts(result.prompts.size());
    for (std::size_t i = 0; i < prompts.size(); ++i)
        prompts[i] = i;
    std::ranges::stable_sort(prompts, std::ranges::greater{}, [&](std::size_t i) {
        const auto known = strength.find(result.prompts[i]);
        return known == strength.end() ? std::numeric_limits<double>::lowest() : known->second;
    });
    prompts.resize(std::min(prompts.size(), kEvidencePrompts));
    return prompts;
}

Section evidenceSection(const ReportInput& input) {
    const Evidence& evidence = input.evidence;
    Section section{{"evidence", "Evidence: the images behind it", {}}, {}};
    section.html = heading(2, "evidence", section.entry.title);
    const std::string first = "The first " + std::to_string(kEvidenceImages) +
                              " images of the rankings that lean most surely, " + std::to_string(kEvidencePrompts) +
                              " prompts at most. ";
    switch (evidence.kind) {
    case EvidenceKind::None:
        section.html += paragraph("None was asked for: this report shows no images.");
        return section;
    case EvidenceKind::Ids:
        section.html += paragraph(first + "The auditor chose to name the files and to show no pictures.");
        break;
    case EvidenceKind::Blurred:
        section.html += paragraph(
            first + "The auditor chose blurred pictures: each has at most six pixels a side, nothing finer is "
                    "in this file, and files are not named.");
        break;
    case EvidenceKind::Thumbnails:
        section.html +=
            paragraph(first + "The auditor chose small pictures with their file names. People may be recognised: share "
                              "this report with care.");
        break;
    }
    const GroupsOfImages groupsOfImages(input);
    const auto isFlagged = [&input](std::int64_t row) {
        return std::ranges::any_of(input.notes,
                                   [row](const Note& note) { return note.about.image == row && note.flagged; });
    };
    const bool named = evidence.kind != EvidenceKind::Blurred;
    for (std::size_t i = 0; i < evidence.rows.size(); ++i) {
        const EvidenceRow& row = evidence.rows[i];
        section.html += heading(3, "", row.prompt);
        Table table("Ranked first for “" + row.prompt + "”",
                    {{"Rank"}, {named ? "File" : "Image", true}, {"Groups", true}, {"Score"}});
        Html pictures;
        for (std::size_t rank = 0; rank < row.images.size(); ++rank) {
            const EvidenceImage& image = row.images[rank];
            const std::string groups = groupsOfImages.of(image.row), place = std::to_string(rank + 1);
            const std::string flag = isFlagged(image.row) ? ", flagged" : "";
            table.add({place, named ? image.file : "number " + std::to_string(image.row + 1), groups + flag,
                       number(image.score, 4)});
            if (evidence.kind == EvidenceKind::Ids)
                continue;
            const std::string said = (groups.empty() ? "" : ": " + groups) + flag;
            pictures += figure(image.jpeg, "Rank " + place + " for “" + row.prompt + "”" + said, place + said);
        }
        if (!pictures.text.empty())
            section.html += Html{"<div class=\"pictures\">\n"} + pictures + Html{"</div>\n"} +
                            folded("The same as a table", table.html());
        else
            section.html += table.html();
    }
    if (evidence.rows.empty())
        section.html += paragraph("The ranked images of this run are not stored.");
    return section;
}

} // namespace plumbline::report
