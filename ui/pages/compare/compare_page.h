// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QComboBox;
class QLabel;
class QStackedWidget;
class QVBoxLayout;

namespace plumbline::ui {

class ComparisonView;
class EmptyState;
class ProjectRunSource;
struct ShownComparison;

/// Finished runs side by side: which are held against which, why some cannot be, and what came of it. The engine
/// compares; what was chosen last is kept in the project.
class ComparePage : public Page {
    Q_OBJECT
public:
    /// Of the runs that are compared at once, the first included.
    static constexpr int kMostRuns = 5;

    explicit ComparePage(const Context& context, QWidget* parent = nullptr);
    ~ComparePage() override;

    /// Compares these runs, the first being the one that the others are held against.
    void compare(const std::vector<qint64>& runs);
    /// Opens the choice with this run as the first.
    void chooseWith(qint64 run);
    /// Compares what the choice says, or opens it.
    void run();
    /// Goes back from the choice to the comparison that there is; false where there is none to go back to.
    bool closeForm();
    void focusFirst() override;

    ComparisonView* view() const { return m_view; }
    /// The runs that are chosen, without gaps and repetitions.
    std::vector<qint64> chosen() const;

Q_SIGNALS:
    void auditWanted();
    /// Of the first run, with the others held against it.
    void reportWanted(const std::vector<qint64>& runs);
    /// What an empty page lacks.
    void projectNeeded(std::function<void()> then);

private:
    QWidget* buildEmpty();
    QWidget* buildForm();
    void refresh();
    void refreshBoxes();
    void setChosen(const std::vector<qint64>& runs);
    void showCurrent();
    void sayChoice();
    void answered(const std::vector<qint64>& runs, const QJsonObject& answer);
    void take(std::shared_ptr<const ShownComparison> shown);
    void showRefusals(const std::vector<std::string>& refusals);
    void remember(const std::vector<qint64>& runs);
    void recall();

    Context m_context;
    std::unique_ptr<ProjectRunSource> m_source;
    QPushButton* m_report;
    QPushButton* m_change;
    QPushButton* m_back;
    QPushButton* m_compare;
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    QPushButton* m_emptyButton;
    QWidget* m_form;
    QList<QComboBox*> m_boxes; ///< the first run, then those that are held against it
    QList<QLabel*> m_labels;
    QLabel* m_choiceSaid;
    QPushButton* m_beforeAfter;
    QPushButton* m_eachModel;
    QWidget* m_refused;
    QLabel* m_refusals;
    ComparisonView* m_view;
    std::shared_ptr<const ShownComparison> m_shown;
    quint64 m_asked = 0; ///< answers to earlier questions are dropped
    bool m_running = false;
    bool m_choosing = true;
};

} // namespace plumbline::ui
