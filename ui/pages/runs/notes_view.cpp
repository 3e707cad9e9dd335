// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/notes_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/bridge/json.h"
#include "ui/models/record_table.h"
#include "ui/models/record_tables.h"
#include "ui/widgets/page.h"
#include "ui/widgets/table_view.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

NotesView::NotesView(QWidget* parent)
    : QWidget(parent),
      m_notes(new RecordTable<Note>(
          {{tr("About"), [this](const Note& note) { return m_about ? m_about(note.about) : QString(); }},
           {tr("Flag"), [](const Note& note) { return note.flagged ? tr("flagged") : QString(); }},
           {tr("Note"), [](const Note& note) { return fromUtf8(note.text).replace(u'\n', u' '); }, nullptr, false,
            [](const Note& note) { return fromUtf8(note.text); }},
           {tr("Changed"), [](const Note& note) { return momentText(note.changed); },
            [](const Note& note) { return fromUtf8(note.changed); }}},
          this)),
      m_stack(new QStackedWidget), m_table(new TableView), m_show(new QPushButton(tr("&Show what it is about"))),
      m_edit(new QPushButton(tr("&Edit note…"))), m_remove(new QPushButton(tr("&Remove note"))) {
    m_table->setSource(m_notes, kSortRole);
    m_table->setStretchColumn(2);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setAccessibleName(tr("Notes"));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(theme::kGrid);
    for (QPushButton* button : {m_show, m_edit, m_remove})
        buttons->addWidget(button);
    auto* hint = caption(tr("All of them are printed in the report."));
    buttons->addWidget(hint);
    buttons->addStretch();
    auto* full = new QWidget;
    auto* column = new QVBoxLayout(full);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::kGrid);
    column->addWidget(m_table, 1);
    column->addLayout(buttons);
    auto* empty =
        new QLabel(tr("No notes yet. On a prompt or an image, press N to write one and F to flag it. Notes are "
                      "kept in the project and printed in the report."));
    empty->setWordWrap(true);
    empty->setAlignment(Qt::AlignCenter);
    empty->setMargin(theme::kSpace);
    m_stack->addWidget(empty);
    m_stack->addWidget(full);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);

    const auto update = [this] {
        for (QPushButton* button : {m_show, m_edit, m_remove})
            button->setEnabled(current() != nullptr);
        m_show->setVisible(current() == nullptr || current()->about != NoteSubject());
    };
    update();
    connect(m_table, &TableView::currentSourceChanged, this, update);
    const auto ask = [this](void (NotesView::*signal)(const NoteSubject&)) {
        return [this, signal] {
            if (const Note* note = current())
                Q_EMIT(this->*signal)(note->about);
        };
    };
    connect(m_show, &QPushButton::clicked, this, ask(&NotesView::chosen));
    connect(m_edit, &QPushButton::clicked, this, ask(&NotesView::editWanted));
    connect(m_remove, &QPushButton::clicked, this, ask(&NotesView::removeWanted));
    connect(m_table, &QAbstractItemView::activated, this, ask(&NotesView::chosen));
    auto* remove = new QShortcut(QKeySequence(Qt::Key_Delete), m_table);
    remove->setContext(Qt::WidgetShortcut);
    connect(remove, &QShortcut::activated, m_remove, &QPushButton::click);
}

const Note* NotesView::current() const {
    const QModelIndex index = m_table->currentSource();
    const auto row = static_cast<std::size_t>(index.row());
    return index.isValid() && row < m_notes->records().size() ? &m_notes->records()[row] : nullptr;
}

void NotesView::setNotes(const std::vector<Note>& notes, std::function<QString(const NoteSubject&)> about) {
    m_about = std::move(about);
    m_notes->setRecords(notes);
    m_stack->setCurrentIndex(notes.empty() ? 0 : 1);
    if (!notes.empty() && !m_table->currentSource().isValid())
        m_table->setCurrentSource(m_notes->index(0, 0));
}

} // namespace plumbline::ui
