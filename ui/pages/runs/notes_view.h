// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QWidget>

#include "core/data/note.h"

class QPushButton;
class QStackedWidget;

namespace plumbline::ui {

class TableView;
template <class Record>
class RecordTable;

/// All notes of a run: each leads to what it is about, and can be edited and removed here.
class NotesView : public QWidget {
    Q_OBJECT
public:
    explicit NotesView(QWidget* parent = nullptr);

    /// `about`: what a note is about, in words.
    void setNotes(const std::vector<Note>& notes, std::function<QString(const NoteSubject&)> about);
    TableView* table() const { return m_table; }

Q_SIGNALS:
    /// The user wants to see what the note is about.
    void chosen(const plumbline::NoteSubject& about);
    void editWanted(const plumbline::NoteSubject& about);
    void removeWanted(const plumbline::NoteSubject& about);

private:
    /// The note of the current row; null without one.
    const Note* current() const;

    std::function<QString(const NoteSubject&)> m_about;
    RecordTable<Note>* m_notes;
    QStackedWidget* m_stack;
    TableView* m_table;
    QPushButton *m_show, *m_edit, *m_remove;
};

} // namespace plumbline::ui
