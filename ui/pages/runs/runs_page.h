// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QTimer>
#include <QWidget>

#include "ui/pages/runs/run_source.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QMenu;
class QProgressBar;
class QPushButton;
class QSplitter;
class QStackedWidget;
class QTabBar;
class QToolButton;

namespace plumbline::ui {

class ChartMenu;
class CloseUp;
class Engine;
class ExploreBar;
class HeatMap;
class MeasureView;
class NotesView;
class NumbersTable;
class Outline;
class PlumbChartView;
class ProjectService;
class RunPicker;
class TourPanel;
struct TourStop;

/// The results: one run with its plumb chart, its concepts, and the close-ups of the chosen prompt.
class RunsPage : public QWidget {
    Q_OBJECT
public:
    RunsPage(ProjectService* project, Engine* engine, QWidget* parent = nullptr);
    explicit RunsPage(std::unique_ptr<RunSource> source, QWidget* parent = nullptr);
    ~RunsPage() override;

    /// Whether an unfinished run can be gone on with; cancelled and failed ones by default.
    void setCanGoOn(std::function<bool(const store::RunRecord&)> canGoOn);

    PlumbChartView* chart() const { return m_chart; }
    CloseUp* closeUp() const { return m_closeUp; }
    ExploreBar* exploreBar() const { return m_explore; }
    TourPanel* tour() const { return m_tour; }

    /// The finished run that is shown; 0: none.
    qint64 shownRun() const { return m_run ? m_run->record.id : 0; }
    /// Begins the guided tour, at once or when the run that is being read is there; false without a finished run.
    bool startTour();

public Q_SLOTS:
    /// Shows that run now, or as soon as the project has it.
    void showRun(qint64 id);

Q_SIGNALS:
    void newAuditRequested();
    /// The form of a new audit, with the choices of the run that is shown.
    void auditLikeRequested(qint64 run);
    void resumeRequested(qint64 run);
    /// Of the finished run that is shown. `suffix`: "html", "pdf", "json" or "csv"; `evidence`: as plumb report has it.
    void reportRequested(qint64 run, const QString& suffix, const QString& evidence);
    /// The report is to be looked at first.
    void previewRequested(qint64 run);
    void verifyRequested(qint64 run);
    void compareRequested(qint64 run);
    void removeRequested(qint64 run);
    /// A run is shown of a model that is known to have been taught to lean.
    void plantedRunShown();
    /// severity: a Severity of theme.h.
    void messageRaised(const QString& text, int severity);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    enum Tab { Prompts, Heat, Concepts, OtherMeasures, Notes };

    void build();
    QWidget* buildResults();
    QWidget* buildUnfinished();
    void refresh();
    void runChosen(qint64 id);
    void showUnfinished(const store::RunRecord& run);
    void showLoaded(std::shared_ptr<const LoadedRun> run);
    void showAttribute(int attribute);
    void showTab(int tab);
    void openPrompt(int prompt);
    /// The run, or what is explored of it.
    const std::shared_ptr<const LoadedRun>& shown() const { return m_explored ? m_explored : m_run; }
    std::vector<int> promptsInSight(int beyond = 0) const;
    void explore();
    void redraw();
    void drawHeat();
    /// Opens the bar or closes it; in a low window the close-ups give their room to it.
    void openExploring(bool open);
    QString chartTitle(std::size_t attribute) const;
    void setFacts();
    QMenu* buildHand();
    void setRun(std::shared_ptr<const LoadedRun> run);
    void shareHeight();
    std::vector<TourStop> stops() const;
    void tellTour(bool fromTheStart);
    void outlineStop(int stop);
    /// A finished run of another model: the newest; null without one.
    const store::RunRecord* otherRun() const;
    void raise(const Error& error);
    const store::RunRecord* record(qint64 id) const;
    std::string attributeName() const;
    /// The finding that the close-up shows; that of the run where there is none.
    NoteSubject finding() const;
    Note noteOn(const NoteSubject& about) const;
    QString subjectText(const NoteSubject& about) const;
    void readNotes();
    void showNotes();
    /// The note on the finding that is looked at.
    void showRemark();
    void writeNote(const NoteSubject& about);
    void toggleFlag(const NoteSubject& about);
    void store(const Note& note);
    void showSubject(const NoteSubject& about);

    std::unique_ptr<RunSource> m_source;
    std::function<bool(const store::RunRecord&)> m_canGoOn;
    std::vector<store::RunRecord> m_runs;
    std::shared_ptr<const LoadedRun> m_run;
    std::shared_ptr<const LoadedRun> m_explored; ///< null: the run itself is looked at
    bool m_heatIsOld = false;                    ///< it is drawn when it is looked at
    std::vector<Note> m_notes;                   ///< of the run
    QTimer m_scrolled;                           ///< what came into sight has no intervals yet
    qint64 m_wanted = 0;       ///< to be shown once it is there
    quint64 m_loading = 0;     ///< answers to earlier questions are dropped
    bool m_tourWanted = false; ///< as soon as the run is there

    RunPicker* m_picker = nullptr;
    QLabel* m_facts = nullptr;
    QComboBox* m_attribute = nullptr;
    QLabel* m_attributeLabel = nullptr;
    QPushButton* m_newAudit = nullptr;
    QPushButton* m_hand = nullptr; ///< what can be done with the run that is shown
    QWidget* m_header = nullptr;
    QStackedWidget* m_stack = nullptr;
    QWidget* m_empty = nullptr;
    QWidget* m_unfinished = nullptr;
    QWidget* m_results = nullptr;
    QWidget* m_waiting = nullptr;

    QLabel* m_stateText = nullptr;
    QProgressBar* m_progress = nullptr;
    QPushButton* m_goOn = nullptr;
    QPushButton* m_remove = nullptr; ///< of an unfinished run

    QSplitter* m_split = nullptr;
    bool m_splitByHand = false;
    QLabel* m_summaryTitle = nullptr;
    QLabel* m_summaryLine = nullptr;
    QToolButton* m_warningsButton = nullptr;
    QLabel* m_truth = nullptr;
    QLabel* m_warnings = nullptr;
    QTabBar* m_tabs = nullptr;
    QLineEdit* m_find = nullptr;
    ChartMenu* m_menu = nullptr;
    ExploreBar* m_explore = nullptr;
    QPushButton* m_exploreButton = nullptr; ///< opens the bar
    bool m_exploreByHand = false;           ///< the user decides whether it is open
    QStackedWidget* m_tables = nullptr;
    PlumbChartView* m_chart = nullptr;
    HeatMap* m_heat = nullptr;
    NumbersTable* m_concepts = nullptr;
    MeasureView* m_measures = nullptr;
    NotesView* m_notesView = nullptr;
    CloseUp* m_closeUp = nullptr;
    TourPanel* m_tour = nullptr;
    Outline* m_outline = nullptr;
};

} // namespace plumbline::ui
