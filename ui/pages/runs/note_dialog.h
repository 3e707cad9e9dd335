// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include "core/data/note.h"

class QCheckBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace plumbline::ui {

/// Writes a note on what `about` names: "“a nurse”, by gender". Saved with Ctrl+Return, too.
class NoteDialog : public QDialog {
    Q_OBJECT
public:
    NoteDialog(Note note, const QString& about, QWidget* parent = nullptr);

    /// As it is written now.
    Note note() const;

private:
    void check();

    Note m_note;
    QCheckBox* m_flag;
    QPlainTextEdit* m_text;
    QLabel* m_problem;
    QPushButton* m_save;
};

} // namespace plumbline::ui
