// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/surface.h"

class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;

namespace plumbline::ui {

class ComparisonRunner;

/// A comparison that runs: its stage, how far it is, how long yet, what the fits say, and Cancel.
class StudyProgress : public Surface {
    Q_OBJECT
public:
    StudyProgress(const Context& context, ComparisonRunner* runner, QWidget* parent = nullptr);

private:
    void begin();

    QLabel* m_stage;
    QLabel* m_left;
    QProgressBar* m_bar;
    QPlainTextEdit* m_log;
    QPushButton* m_cancel;
};

} // namespace plumbline::ui
