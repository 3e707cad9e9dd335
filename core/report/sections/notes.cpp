// SPDX-License-Identifier: GPL-3.0-or-later
// What people say of the numbers: notes and flags.
#include <algorithm>

#include "core/report/sections/sections.h"

namespace plumbline::report {

Section notesSection(const ReportInput& input) {
    const std::string title = "Notes of the auditor";
    Section section{{"notes", title, {}}, heading(2, "notes", title)};
    Html& all = section.html;
    all += paragraph("Written by people who looked at the results. A flag marks what should be looked at.");
    // Those of debiased runs stand here, too.
    const auto ofRun = [&input](const Note& note) {
        return note.run == input.run || note.run == 0 ? std::string() : " (run " + std::to_string(note.run) + ")";
    };
    for (const Note& note : input.notes)
        if (note.about == NoteSubject())
            all += Html{"<p class=\"lines\">"} + escaped((note.flagged ? "Flagged: " : "") + note.text + ofRun(note)) +
                   Html{"</p>\n"};

    const auto flag = [](const Note& note) { return note.flagged ? "flagged" : ""; };
    Table findings("Of findings", {{"Prompt", true}, {"Attribute", true}, {"", true, true}, {"Note", true}, {"Date"}});
    for (const Note& note : input.notes)
        if (!note.about.prompt.empty())
            findings.add({note.about.prompt + ofRun(note), note.about.attribute, flag(note), note.text,
                          note.changed.substr(0, 10)},
                         note.flagged);
    if (findings.size() > 0)
        all += findings.html();

    const GroupsOfImages groups(input);
    const bool named = input.evidence.kind == EvidenceKind::Ids || input.evidence.kind == EvidenceKind::Thumbnails;
    const bool pictured =
        input.evidence.kind == EvidenceKind::Blurred || input.evidence.kind == EvidenceKind::Thumbnails;
    Table images("Of images",
                 {{named ? "File" : "Image", true}, {"Groups", true}, {"", true, true}, {"Note", true}, {"Date"}});
    Html pictures;
    for (const Note& note : input.notes) {
        if (!note.about.image)
            continue;
        const std::int64_t row = *note.about.image;
        const auto shown = std::ranges::find(input.notedImages, row, &EvidenceImage::row);
        const std::string number = "number " + std::to_string(row + 1);
        const std::string name = named && shown != input.notedImages.end() ? shown->file : number;
        images.add({name + ofRun(note), groups.of(row), flag(note), note.text, note.changed.substr(0, 10)},
                   note.flagged);
        if (pictured && shown != input.notedImages.end())
            pictures += figure(shown->jpeg, "Image " + name + ", of which a note speaks",
                               name + (note.flagged ? ", flagged" : ""));
    }
    if (images.size() > 0)
        all += images.html();
    if (!pictures.text.empty())
        all += Html{"<div class=\"pictures\">\n"} + pictures + Html{"</div>\n"};
    return section;
}

} // namespace plumbline::report
