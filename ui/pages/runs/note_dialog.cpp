// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/note_dialog.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QVBoxLayout>

#include "ui/bridge/json.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

NoteDialog::NoteDialog(Note note, const QString& about, QWidget* parent)
    : QDialog(parent), m_note(std::move(note)), m_flag(new QCheckBox(tr("&Flag it: somebody should look at it"))),
      m_text(new QPlainTextEdit(fromUtf8(m_note.text))), m_problem(caption({})) {
    setWindowTitle(tr("Note"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::kSpace, theme::kSpace, theme::kSpace, theme::kSpace);
    column->setSpacing(theme::kGrid);
    auto* title = heading(about);
    title->setWordWrap(true);
    column->addWidget(title);
    m_text->setTabChangesFocus(true);
    m_text->setAccessibleName(tr("Note"));
    m_text->setPlaceholderText(tr("What a reader of the report should know: what the images have in common, what else "
                                  "could explain it, what was decided"));
    column->addWidget(m_text, 1);
    m_flag->setChecked(m_note.flagged);
    column->addWidget(m_flag);
    auto* where = caption(tr("Notes are kept in the project and printed in the report of this run."));
    where->setWordWrap(true);
    column->addWidget(where);
    m_problem->setWordWrap(true);
    m_problem->hide();
    column->addWidget(m_problem);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Save | QDialogButtonBox::Cancel);
    m_save = buttons->button(QDialogButtonBox::Save);
    makePrimary(m_save);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_text, &QPlainTextEdit::textChanged, this, &NoteDialog::check);
    for (const int key : {Qt::Key_Return, Qt::Key_Enter})
        connect(new QShortcut(QKeySequence(Qt::CTRL | key), this), &QShortcut::activated, m_save, &QPushButton::click);
    m_text->moveCursor(QTextCursor::End);
    m_text->setFocus();
    resize(30 * theme::kGrid * 2, 20 * theme::kGrid * 2);
}

void NoteDialog::check() {
    const bool fits = note().text.size() <= kLongestNote;
    m_problem->setVisible(!fits);
    m_problem->setText(tr("This note is too long for the report: %1 kB at most.").arg(kLongestNote / 1024));
    m_save->setEnabled(fits);
}

Note NoteDialog::note() const {
    Note note = m_note;
    note.flagged = m_flag->isChecked();
    note.text = m_text->toPlainText().trimmed().toStdString();
    return note;
}

} // namespace plumbline::ui
