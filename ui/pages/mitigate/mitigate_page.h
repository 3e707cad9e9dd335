// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/data/debias.h"
#include "core/store/project.h"
#include "ui/pages/context.h"
#include "ui/pages/mitigate/comparison_runner.h"
#include "ui/widgets/page.h"

class QComboBox;
class QLabel;
class QStackedWidget;

namespace plumbline::ui {

class AuditRunner;
class ComparisonForm;
class EmptyState;
class StudyProgress;
class StudyView;

/// Debiasing methods compared on disjoint rows: what each brings and costs, and what can be done with the one that is
/// chosen.
class MitigatePage : public Page {
    Q_OBJECT
public:
    /// `audits`: makes the runs before and after.
    MitigatePage(const Context& context, AuditRunner* audits, QWidget* parent = nullptr);

    void showForm();
    /// Shows that comparison now, or as soon as the project has it.
    void showStudy(qint64 id);
    /// Starts what the form says, if it is open.
    void run();
    /// Leaves the form; false where there was none to leave.
    bool closeForm();
    /// Writes the method that is marked into a folder of its own in `folder`.
    void exportTo(const QString& folder);
    void focusFirst() override;

    ComparisonForm* form() const { return m_form; }
    StudyView* view() const { return m_view; }
    ComparisonRunner* runner() { return &m_runner; }

Q_SIGNALS:
    /// What an empty page lacks.
    void projectNeeded(std::function<void()> then);
    void modelWanted();
    void imagesWanted();

private:
    QWidget* buildEmpty();
    QWidget* buildStopped();
    void buildStudies();
    void refresh();
    void refreshEmpty();
    void showCurrent();
    void load(qint64 id);
    void finished(qint64 study);
    void removeCurrent();
    void remove(qint64 id);
    void auditWith(int candidate, double strength);
    void chooseExport();
    void refreshActions();
    const store::StudyRecord* current() const;
    QString methodAt(int candidate, double strength) const;

    Context m_context;
    AuditRunner* m_audits;
    ComparisonRunner m_runner;
    QPushButton* m_new;
    QPushButton* m_remove;
    QPushButton* m_back;
    QComboBox* m_picker;
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    QPushButton* m_emptyButton;
    ComparisonForm* m_form;
    StudyProgress* m_progress;
    QWidget* m_stopped;
    QLabel* m_stoppedText;
    QPushButton* m_again;
    QWidget* m_waiting;
    StudyView* m_view;
    bool m_formOpen = false;
    bool m_following = false; ///< the comparison that runs is shown before the project has it
    qint64 m_wanted = 0;      ///< to be shown once the project has it
    qint64 m_loading = 0;     ///< being read; answers to earlier questions are dropped
    qint64 m_shown = 0;       ///< in m_view
    std::shared_ptr<const DebiasStudy> m_study;
};

} // namespace plumbline::ui
