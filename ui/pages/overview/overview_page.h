// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QListWidget;
class QStackedWidget;

namespace plumbline::ui {

class AuditRunner;
class SampleOpener;
class StepRow;
class TableView;

/// Without a project: what Plumbline does, New, Open, the sample and the recent ones. With one: the four steps to a
/// result with their state, and the newest runs.
class OverviewPage : public Page {
    Q_OBJECT
public:
    OverviewPage(const Context& context, AuditRunner* runner, SampleOpener* sample, QWidget* parent = nullptr);

    TableView* runs() const { return m_runs; }
    void focusFirst() override;

Q_SIGNALS:
    void newProjectWanted();
    void openProjectWanted();
    void projectChosen(const QString& path);
    void addModelWanted();
    void addImagesWanted();
    void probesWanted();
    void auditWanted();
    void runChosen(qint64 id);

private:
    QWidget* buildStart();
    QWidget* buildProject();
    void refreshRecent();
    void refreshProject();
    void updateRunButtons();

    Context m_context;
    AuditRunner* m_runner;
    SampleOpener* m_sampleOpener;
    QStackedWidget* m_stack;
    QLabel* m_recentTitle;
    QListWidget* m_recent;
    StepRow* m_modelStep;
    StepRow* m_imageStep;
    StepRow* m_probeStep;
    StepRow* m_runStep;
    QStackedWidget* m_runStack;
    TableView* m_runs;
    QPushButton* m_showRun;
    QPushButton* m_goOn;
    QPushButton* m_new;
    QPushButton* m_open;
    QPushButton* m_sample;
};

} // namespace plumbline::ui
