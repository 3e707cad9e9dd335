// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/clock.h"
#include "core/store/project_impl.h"

namespace plumbline::store {

namespace {

constexpr std::int64_t kNoImage = -1;

} // namespace

Result<std::vector<Note>> Project::notes(std::int64_t run) {
    return m_impl->read([&]() -> Result<std::vector<Note>> {
        auto select = m_impl->prepare("SELECT prompt, attribute, image, flagged, text, changed, id FROM note "
                                      "WHERE run = ? ORDER BY id");
        select.bind(1, run);
        std::vector<Note> notes;
        while (select.executeStep()) {
            Note& note = notes.emplace_back();
            note.run = run;
            note.about.prompt = select.getColumn(0).getString();
            note.about.attribute = select.getColumn(1).getString();
            if (const std::int64_t image = select.getColumn(2).getInt64(); image != kNoImage)
                note.about.image = image;
            note.flagged = select.getColumn(3).getInt() != 0;
            note.text = select.getColumn(4).getString();
            note.changed = select.getColumn(5).getString();
            note.id = select.getColumn(6).getInt64();
        }
        return notes;
    });
}

Result<void> Project::setNote(const Note& note) {
    const NoteSubject& about = note.about;
    if (about.prompt.empty() != about.attribute.empty() || (about.image && !about.prompt.empty()))
        return invalid("note", about.prompt + ", " + about.attribute, "one of a finding, of an image or of the run");
    if (note.text.size() > kLongestNote)
        return invalid("length of the note", std::to_string(note.text.size()),
                       std::to_string(kLongestNote) + " bytes at most");
    return m_impl->write([&]() -> Result<void> {
        auto known = m_impl->prepare("SELECT image_set.images FROM image_set JOIN run ON run.image_set = image_set.id "
                                     "WHERE run.id = ? AND state = 'done'");
        known.bind(1, note.run);
        if (!known.executeStep())
            return unknownRecord("run", note.run);
        if (about.image && (*about.image < 0 || *about.image >= known.getColumn(0).getInt64()))
            return unknownRecord("image", *about.image);
        if (!about.prompt.empty()) {
            auto measured = m_impl->prepare("SELECT 1 FROM run_measurement WHERE run = ? AND prompt = ? "
                                            "AND attribute = ?");
            measured.bind(1, note.run);
            measured.bind(2, about.prompt);
            measured.bind(3, about.attribute);
            if (!measured.executeStep())
                return invalid("finding", about.prompt + ", " + about.attribute, "one that the run measured");
        }
        auto change = m_impl->prepare(
            note.empty() ? "DELETE FROM note WHERE run = ? AND prompt = ? AND attribute = ? AND image = ?"
                         : "INSERT INTO note (run, prompt, attribute, image, flagged, text, changed) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, prompt, attribute, image) DO UPDATE "
                           "SET flagged = excluded.flagged, text = excluded.text, changed = excluded.changed");
        change.bind(1, note.run);
        change.bind(2, about.prompt);
        change.bind(3, about.attribute);
        change.bind(4, about.image.value_or(kNoImage));
        if (!note.empty()) {
            change.bind(5, note.flagged ? 1 : 0);
            change.bind(6, note.text);
            change.bind(7, utcNow());
        }
        change.exec();
        return {};
    });
}

} // namespace plumbline::store
