// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/study_progress.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/engine.h"
#include "ui/bridge/error_texts.h"
#include "ui/pages/mitigate/comparison_runner.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {
constexpr int kMostLines = 1000;
} // namespace

StudyProgress::StudyProgress(const Context& context, ComparisonRunner* runner, QWidget* parent)
    : Surface(Kind::Card, parent), m_stage(heading({})), m_left(caption({})), m_bar(new QProgressBar),
      m_log(new QPlainTextEdit), m_cancel(new QPushButton(tr("Cancel"))) {
    m_bar->setAccessibleName(tr("Progress of the comparison"));
    m_bar->setTextVisible(false);
    m_log->setAccessibleName(tr("What the fits say"));
    m_log->setReadOnly(true);
    m_log->setMaximumBlockCount(kMostLines);
    m_log->setTabChangesFocus(true);
    m_log->setFont(theme::tabularFont(theme::smallFont(m_log->font())));
    m_cancel->setToolTip(tr("Stop the comparison (Esc). What was embedded is kept."));
    m_left->setFont(theme::tabularFont(m_left->font()));
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::kSpace);
    line->addWidget(m_stage, 1);
    line->addWidget(m_left);
    line->addWidget(m_cancel);
    column()->addLayout(line);
    column()->addWidget(m_bar);
    auto* what =
        caption(tr("Every method is fitted on the fit rows, its strength is chosen on the select rows, and only "
                   "then the audit rows are looked at. A method that cannot be fitted becomes a row with its "
                   "reason."));
    what->setWordWrap(true);
    column()->addWidget(what);
    column()->addWidget(m_log, 1);

    connect(m_cancel, &QPushButton::clicked, this, [this, runner] {
        m_cancel->setEnabled(false);
        m_stage->setText(tr("Cancelling"));
        runner->cancel();
    });
    connect(runner, &ComparisonRunner::started, this, &StudyProgress::begin);
    connect(context.engine, &Engine::progress, this,
            [this, runner](qint64 id, const QString& stage, qint64 done, qint64 total, double secondsLeft) {
                if (id != runner->request() || !m_cancel->isEnabled())
                    return;
                m_stage->setText(total > 0 ? tr("%1: %2 of %3").arg(stageText(stage), countText(done), countText(total))
                                           : stageText(stage));
                m_left->setText(remainingText(secondsLeft));
                constexpr int kSteps = 1000;
                m_bar->setRange(0, total > 0 ? kSteps : 0);
                m_bar->setValue(total > 0 ? static_cast<int>(kSteps * done / total) : 0);
            });
    connect(context.engine, &Engine::logLine, this, [this, runner](const QString& words) {
        if (runner->isRunning())
            m_log->appendPlainText(words);
    });
    begin();
}

void StudyProgress::begin() {
    m_stage->setText(tr("Starting"));
    m_left->clear();
    m_bar->setRange(0, 0);
    m_log->clear();
    m_cancel->setEnabled(true);
}

} // namespace plumbline::ui
