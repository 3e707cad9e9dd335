// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/runs_page.h"

#include <algorithm>
#include <utility>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabBar>
#include <QTimer>
#include <QToolButton>
#include <QToolTip>
#include <QVBoxLayout>

#include "core/base/path.h"
#include "core/report/ranking_table.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/charts/chart_menu.h"
#include "ui/charts/chart_text.h"
#include "ui/charts/heat_map.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/numbers_table.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/charts/plumb_table.h"
#include "ui/models/record_tables.h"
#include "ui/pages/runs/close_up.h"
#include "ui/pages/runs/concept_grid.h"
#include "ui/pages/runs/explore_bar.h"
#include "ui/pages/runs/measure_view.h"
#include "ui/pages/runs/note_dialog.h"
#include "ui/pages/runs/notes_view.h"
#include "ui/pages/runs/plain_tabs.h"
#include "ui/pages/runs/project_run_source.h"
#include "ui/pages/runs/run_picker.h"
#include "ui/pages/runs/run_words.h"
#include "ui/pages/runs/tour_stops.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/link_text.h"
#include "ui/widgets/outline.h"
#include "ui/widgets/page.h"
#include "ui/widgets/surface.h"
#include "ui/widgets/tool_tips.h"
#include "ui/widgets/tour_panel.h"

namespace plumbline::ui {
namespace {

/// From that many prompts on there is a field that finds some.
constexpr int kManyPrompts = 15;
constexpr int kLeastCloseUp = 260;
constexpr int kTruthInCloseUp = 48; ///< what it says about what was planted, up to two lines
constexpr int kRoomForTourAndBoth = 660;
constexpr int kScrollSettles = 150;
constexpr int kNearRows = 4; ///< rows around those in sight that are explored with them: rows may become lower

} // namespace

RunsPage::RunsPage(ProjectService* project, Engine* engine, QWidget* parent)
    : RunsPage(std::make_unique<ProjectRunSource>(project, engine), parent) {
}

RunsPage::RunsPage(std::unique_ptr<RunSource> source, QWidget* parent)
    : QWidget(parent), m_source(std::move(source)), m_canGoOn([](const store::RunRecord& run) {
          return run.state == RunState::Cancelled || run.state == RunState::Failed;
      }) {
    build();
    connect(m_source.get(), &RunSource::changed, this, &RunsPage::refresh);
    refresh();
}

RunsPage::~RunsPage() = default;

void RunsPage::setCanGoOn(std::function<bool(const store::RunRecord&)> canGoOn) {
    m_canGoOn = std::move(canGoOn);
    refresh();
}

void RunsPage::build() {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(theme::kSpace);

    m_header = new QWidget;
    auto* header = new QVBoxLayout(m_header);
    header->setContentsMargins(0, 0, 0, 0);
    header->setSpacing(theme::kHalf);
    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kGrid);
    m_picker = new RunPicker;
    m_attribute = new QComboBox;
    m_attributeLabel = caption(tr("&Attribute"));
    m_attributeLabel->setBuddy(m_attribute);
    m_newAudit = new QPushButton(tr("&New audit…"));
    m_hand = new QPushButton(tr("Re&port"));
    m_hand->setToolTip(tr("Hand this run over as a report, compare it, repeat it, or remove it"));
    m_hand->setMenu(buildHand());
    m_hand->setEnabled(false);
    top->addWidget(m_picker, 0, Qt::AlignLeft);
    top->addStretch();
    m_exploreButton = new QPushButton(tr("E&xplore k"));
    m_exploreButton->setCheckable(true);
    m_exploreButton->setToolTip(tr("Look at another k or target; what the run measured stays"));
    connect(m_exploreButton, &QPushButton::clicked, this, [this](bool open) {
        m_exploreByHand = true;
        openExploring(open);
    });
    top->addWidget(m_exploreButton);
    top->addWidget(m_attributeLabel);
    top->addWidget(m_attribute);
    top->addWidget(m_hand);
    top->addWidget(m_newAudit);
    header->addLayout(top);
    m_facts = new LinkText;
    m_facts->setWordWrap(true);
    m_facts->setContentsMargins(theme::kHalf, 0, 0, 0);
    header->addWidget(m_facts);
    layout->addWidget(m_header);
    m_tour = new TourPanel;
    layout->addWidget(m_tour);

    m_stack = new QStackedWidget;
    auto* empty =
        new EmptyState(QStringLiteral("runs"),
                       tr("The results of an audit appear here: for every prompt, which groups come up more or "
                          "less often than their share, how sure that is, and the images that caused it."));
    connect(empty->addButton(tr("New audit…")), &QPushButton::clicked, this, &RunsPage::newAuditRequested);
    m_empty = empty;
    m_waiting = new QWidget;
    m_unfinished = buildUnfinished();
    m_results = buildResults();
    for (QWidget* each : {m_empty, m_waiting, m_unfinished, m_results})
        m_stack->addWidget(each);
    layout->addWidget(m_stack, 1);
    m_outline = new Outline(this);

    connect(m_tour, &TourPanel::stopShown, this, &RunsPage::outlineStop);
    connect(m_tour, &TourPanel::closed, this, [this] {
        m_outline->release();
        m_closeUp->show();
        m_split->widget(0)->show();
        if (m_chart->isVisible())
            m_chart->table()->setFocus(Qt::OtherFocusReason);
        QTimer::singleShot(0, this, &RunsPage::shareHeight);
    });
    connect(m_tour, &TourPanel::actionChosen, this, [this] {
        if (const store::RunRecord* other = otherRun())
            showRun(other->id);
    });
    for (const QScrollBar* bar : {m_chart->table()->verticalScrollBar(), m_chart->table()->horizontalScrollBar()})
        connect(bar, &QScrollBar::valueChanged, m_outline, &Outline::place);
    connect(m_chart->table(), &PlumbTable::chartColumnMoved, m_outline, &Outline::place);
    connect(m_picker, &RunPicker::runChosen, this, &RunsPage::runChosen);
    connect(m_attribute, &QComboBox::currentIndexChanged, this, &RunsPage::showAttribute);
    connect(m_newAudit, &QPushButton::clicked, this, &RunsPage::newAuditRequested);
    connect(m_facts, &QLabel::linkHovered, this, [this](const QString& link) {
        if (link.isEmpty() || !m_run)
            return QToolTip::hideText();
        const auto facts = runFacts(*m_run, static_cast<std::size_t>(m_attribute->currentIndex()));
        ToolTips::show(QCursor::pos(), facts.value(link.toInt()).explanation, m_facts);
    });
    connect(m_facts, &QLabel::linkActivated, this, [this](const QString& link) {
        const auto facts = runFacts(*m_run, static_cast<std::size_t>(m_attribute->currentIndex()));
        ToolTips::show(m_facts->mapToGlobal(QPoint(0, m_facts->height())), facts.value(link.toInt()).explanation,
                       m_facts);
    });
}

QMenu* RunsPage::buildHand() {
    auto* menu = new QMenu(this);
    const auto add = [&](const QString& text, const char* suffix, const char* evidence) {
        menu->addAction(text, this,
                        [this, suffix = QString::fromLatin1(suffix), evidence = QString::fromLatin1(evidence)] {
                            if (m_run)
                                Q_EMIT reportRequested(m_run->record.id, suffix, evidence);
                        });
    };
    menu->addAction(tr("&Look at the report…"), this, [this] {
        if (m_run)
            Q_EMIT previewRequested(m_run->record.id);
    });
    menu->addSeparator();
    add(tr("Report with small &images…"), "html", "thumbnails");
    add(tr("Report with images &blurred…"), "html", "blurred");
    add(tr("Report with &file names instead of images…"), "html", "ids");
    add(tr("Report &without images…"), "html", "none");
    add(tr("Report with small images as &PDF…"), "pdf", "thumbnails");
    menu->addSeparator();
    add(tr("Results as &JSON (model card)…"), "json", "none");
    add(tr("Results as C&SV…"), "csv", "none");
    menu->addSeparator();
    menu->addAction(tr("&Note on this run…"), this, [this] {
        if (m_run)
            writeNote({});
    });
    menu->addAction(tr("&Compare with another run…"), this, [this] {
        if (m_run)
            Q_EMIT compareRequested(m_run->record.id);
    });
    menu->addAction(tr("New &audit like this one…"), this, [this] {
        if (m_run)
            Q_EMIT auditLikeRequested(m_run->record.id);
    });
    menu->addAction(tr("&Verify: repeat it and compare"), this, [this] {
        if (m_run)
            Q_EMIT verifyRequested(m_run->record.id);
    });
    menu->addSeparator();
    menu->addAction(tr("&Remove this run"), this, [this] {
        if (m_run)
            Q_EMIT removeRequested(m_run->record.id);
    });
    return menu;
}

QWidget* RunsPage::buildUnfinished() {
    auto* card = new Surface(Surface::Kind::Card);
    m_stateText = new QLabel;
    m_stateText->setWordWrap(true);
    m_progress = new QProgressBar;
    m_goOn = new QPushButton(tr("&Go on"));
    makePrimary(m_goOn);
    m_remove = new QPushButton(tr("&Remove this run"));
    card->column()->addWidget(m_stateText);
    card->column()->addWidget(m_progress);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_goOn);
    buttons->addWidget(m_remove);
    buttons->addStretch();
    card->column()->addLayout(buttons);
    connect(m_remove, &QPushButton::clicked, this, [this] { Q_EMIT removeRequested(m_picker->currentRun()); });
    connect(m_goOn, &QPushButton::clicked, this, [this] { Q_EMIT resumeRequested(m_picker->currentRun()); });

    auto* holder = new QWidget;
    auto* layout = new QVBoxLayout(holder);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(card);
    layout->addStretch();
    return holder;
}

QWidget* RunsPage::buildResults() {
    m_summaryTitle = heading({});
    m_summaryLine = caption({});
    m_summaryLine->setWordWrap(true);
    m_warningsButton = new QToolButton;
    m_warningsButton->setCheckable(true);
    m_warningsButton->setAutoRaise(true);
    m_truth = new QLabel;
    m_truth->setWordWrap(true);
    m_truth->setContentsMargins(theme::kGrid, 0, 0, 0);
    m_warnings = caption({});
    m_warnings->setWordWrap(true);
    m_warnings->setContentsMargins(theme::kGrid, 0, 0, 0);
    m_warnings->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_warnings->hide();
    connect(m_warningsButton, &QToolButton::toggled, m_warnings, &QWidget::setVisible);
    m_chart = new PlumbChartView;
    m_heat = new HeatMap;
    m_concepts = new NumbersTable;
    m_tables = new QStackedWidget;
    m_tables->addWidget(m_chart);
    m_tables->addWidget(m_heat);
    m_tables->addWidget(m_concepts);
    m_measures = new MeasureView;
    m_tables->addWidget(m_measures);
    m_notesView = new NotesView;
    m_tables->addWidget(m_notesView);
    m_tabs = new PlainTabs;
    m_tabs->addTab(tr("Prompts"));
    m_tabs->addTab(tr("Heat map"));
    m_tabs->setTabToolTip(Heat, tr("All prompts against all groups at a glance"));
    m_tabs->addTab(tr("Concepts"));
    m_tabs->addTab(tr("Other measures"));
    m_tabs->addTab(tr("Notes"));
    m_tabs->setTabToolTip(Notes, tr("What was noted and flagged of this run, its findings and its images"));
    m_find = new QLineEdit;
    m_find->setPlaceholderText(tr("Find prompts"));
    m_find->setAccessibleName(tr("Find prompts"));
    m_find->setClearButtonEnabled(true);
    m_find->setMaximumWidth(26 * theme::kGrid);
    m_menu = new ChartMenu(m_chart);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(theme::kGrid, 0, 0, 0);
    bar->setSpacing(theme::kSpace);
    bar->addWidget(m_summaryTitle);
    bar->addWidget(m_summaryLine, 1);
    bar->addStretch();
    bar->addWidget(m_warningsButton);
    bar->addWidget(m_tabs);
    bar->addWidget(m_find);
    bar->addWidget(m_menu);
    auto* card = new Surface(Surface::Kind::Card);
    card->column()->setContentsMargins(theme::kGrid, theme::kGrid, theme::kGrid, theme::kGrid);
    m_explore = new ExploreBar;
    card->column()->addLayout(bar);
    card->column()->addWidget(m_explore);
    card->column()->addWidget(m_truth);
    card->column()->addWidget(m_warnings);
    card->column()->addWidget(m_tables, 1);

    m_closeUp = new CloseUp(m_source.get());
    m_split = new QSplitter(Qt::Vertical);
    m_split->setChildrenCollapsible(false);
    m_split->setHandleWidth(theme::kSpace);
    m_split->addWidget(card);
    m_split->addWidget(m_closeUp);
    connect(m_split, &QSplitter::splitterMoved, this, [this] { m_splitByHand = true; });

    connect(m_explore, &ExploreBar::changed, this, &RunsPage::explore);
    m_scrolled.setSingleShot(true);
    m_scrolled.setInterval(kScrollSettles);
    connect(&m_scrolled, &QTimer::timeout, this, &RunsPage::explore);
    for (const QAbstractItemView* table :
         {static_cast<QAbstractItemView*>(m_chart->table()), static_cast<QAbstractItemView*>(m_heat->table())})
        connect(table->verticalScrollBar(), &QScrollBar::valueChanged, &m_scrolled, qOverload<>(&QTimer::start));
    connect(m_tabs, &QTabBar::currentChanged, this, &RunsPage::showTab);
    connect(m_measures, &MeasureView::shown, this, [this] { showTab(m_tabs->currentIndex()); });
    connect(m_measures, &MeasureView::newAuditRequested, this, &RunsPage::newAuditRequested);
    connect(m_find, &QLineEdit::textChanged, m_chart->table(), &PlumbTable::setFilter);
    connect(m_find, &QLineEdit::textChanged, m_heat->table(), &GridTable::setFilter);
    connect(m_menu, &ChartMenu::failed, this, &RunsPage::raise);
    connect(m_closeUp, &CloseUp::failed, this, &RunsPage::raise);
    connect(m_closeUp, &CloseUp::noteWanted, this, [this] { writeNote(finding()); });
    connect(m_closeUp->images(), &ImageStrip::noteWanted, this, [this](qint64 row) { writeNote({{}, {}, row}); });
    connect(m_closeUp->images(), &ImageStrip::flagToggled, this, [this](qint64 row) { toggleFlag({{}, {}, row}); });
    connect(m_notesView, &NotesView::chosen, this, &RunsPage::showSubject);
    connect(m_notesView, &NotesView::editWanted, this, &RunsPage::writeNote);
    connect(m_notesView, &NotesView::removeWanted, this, [this](const NoteSubject& about) {
        Note note = noteOn(about);
        note.flagged = false;
        note.text.clear();
        store(note);
    });
    // The tables of prompts; the strip of images has its own.
    for (QWidget* table : {static_cast<QWidget*>(m_chart->table()), static_cast<QWidget*>(m_heat->table())})
        for (const auto& [key, act] : {std::pair(Qt::Key_N, &RunsPage::writeNote),
                                       std::pair(Qt::Key_F, &RunsPage::toggleFlag)}) {
            auto* shortcut = new QShortcut(QKeySequence(key), table);
            shortcut->setContext(Qt::WidgetShortcut);
            connect(shortcut, &QShortcut::activated, this, [this, act = act] {
                if (const NoteSubject about = finding(); !about.prompt.empty())
                    (this->*act)(about);
            });
        }
    connect(m_chart, &PlumbChartView::currentMeasurementChanged, this, &RunsPage::openPrompt);
    connect(m_heat, &HeatMap::currentMeasurementChanged, this, [this](int prompt) {
        if (prompt < 0)
            return;
        m_chart->table()->setCurrentMeasurement(prompt);
        if (m_chart->table()->currentMeasurement() != prompt) // it is filtered out there
            openPrompt(prompt);
    });
    for (const QAbstractItemView* table : {static_cast<QAbstractItemView*>(m_chart->table()),
                                           static_cast<QAbstractItemView*>(m_heat->table())})
        connect(table, &QAbstractItemView::activated, this, [this] { m_closeUp->tabs()->setFocus(); });

    return m_split;
}

std::vector<int> RunsPage::promptsInSight(int beyond) const {
    std::vector<int> prompts = m_tabs->currentIndex() == Heat ? m_heat->measurementsInSight(beyond)
                                                              : m_chart->table()->measurementsInSight(beyond);
    if (const int current = m_chart->table()->currentMeasurement(); current >= 0)
        prompts.insert(prompts.begin(), current);
    return prompts;
}

/// Asks for what the bar has chosen; without a choice only what will make the first one quick.
void RunsPage::explore() {
    if (!m_run || m_explore->isHidden())
        return;
    const std::optional<Exploration> what = m_explore->exploration();
    const auto attribute = static_cast<std::size_t>(std::max(0, m_attribute->currentIndex()));
    if (!what && std::exchange(m_explored, nullptr))
        redraw();
    const std::vector<int> inSight = promptsInSight(kNearRows);
    m_source->explore(m_run, attribute, what, inSight, this,
                      [this, run = m_run, attribute, what, inSight](Result<std::shared_ptr<const LoadedRun>> view) {
                          if (run != m_run || static_cast<int>(attribute) != m_attribute->currentIndex() ||
                              what != m_explore->exploration())
                              return;
                          if (!view) {
                              raise(view.error());
                              return;
                          }
                          m_explored = std::move(*view);
                          m_explore->setExplored(*m_explored->explored);
                          redraw();
                          if (std::ranges::any_of(promptsInSight(), [&](int prompt) { // rows may be lower now
                                  return std::ranges::find(inSight, prompt) == inSight.end();
                              }))
                              m_scrolled.start();
                      });
}

void RunsPage::openExploring(bool open) {
    const bool shows = open && m_exploreButton->isEnabled();
    m_exploreButton->setChecked(open);
    if (!shows && m_explored)
        m_explore->goBack();
    m_explore->setVisible(shows);
    if (!m_tour->isOpen())
        m_closeUp->setVisible(m_tabs->currentIndex() != OtherMeasures && (!shows || height() >= kRoomForTourAndBoth));
    QTimer::singleShot(0, this, &RunsPage::shareHeight);
    m_scrolled.start();
}

/// The same prompts with the numbers of the run or of what is explored.
void RunsPage::redraw() {
    const auto attribute = static_cast<std::size_t>(std::max(0, m_attribute->currentIndex()));
    const LoadedRun::AttributeChart& chart = shown()->attributes[attribute];
    m_summaryTitle->setText(summaryTitle(chart.chart->chart));
    m_summaryLine->setText(summaryLine(chart.chart->chart));
    m_summaryTitle->setToolTip(m_summaryLine->text());
    m_truth->setVisible(!m_explored && !m_truth->text().isEmpty()); // it is judged by what the run measured
    m_chart->updateChart(chart.chart, chartTitle(attribute));
    m_heatIsOld = true;
    if (m_tabs->currentIndex() == Heat)
        drawHeat();
    m_closeUp->setPrompt(shown(), attribute, m_chart->table()->currentMeasurement());
    QTimer::singleShot(0, this, &RunsPage::shareHeight);
}

QString RunsPage::chartTitle(std::size_t attribute) const {
    QString title = runTitle(m_run->record) + QStringLiteral(" · ") + fromUtf8(m_run->attributes[attribute].name);
    if (m_explored)
        title += QStringLiteral(" · ") + explorationText(m_explored->explored->what);
    return title;
}

void RunsPage::drawHeat() {
    if (!std::exchange(m_heatIsOld, false))
        return;
    const auto attribute = static_cast<std::size_t>(std::max(0, m_attribute->currentIndex()));
    m_heat->updateChart(shown()->attributes[attribute].chart, tr("%1 · heat map").arg(chartTitle(attribute)));
}

std::string RunsPage::attributeName() const {
    return m_run->attributes[static_cast<std::size_t>(std::max(0, m_attribute->currentIndex()))].name;
}

NoteSubject RunsPage::finding() const {
    const int prompt = m_chart->table()->currentMeasurement();
    if (!m_run || prompt < 0)
        return {};
    return {m_chart->chart()->measurements[static_cast<std::size_t>(prompt)].prompt.value_or(""), attributeName(), {}};
}

Note RunsPage::noteOn(const NoteSubject& about) const {
    const auto found = std::ranges::find(m_notes, about, &Note::about);
    if (found != m_notes.end())
        return *found;
    Note note;
    note.run = m_run->record.id;
    note.about = about;
    return note;
}

QString RunsPage::subjectText(const NoteSubject& about) const {
    if (!about.prompt.empty())
        return tr("“%1”, by %2").arg(fromUtf8(about.prompt), fromUtf8(about.attribute));
    if (!about.image)
        return tr("the whole run");
    const auto row = static_cast<std::size_t>(*about.image);
    const bool known = m_run->images && row < m_run->images->files.size();
    return tr("image %1").arg(known ? fromUtf8(encodeName(m_run->images->files[row])) : countText(*about.image + 1));
}

void RunsPage::readNotes() {
    if (!m_run)
        return;
    m_source->notes(m_run->record.id, this, [this, run = m_run](Result<std::vector<Note>> notes) {
        if (run != m_run)
            return;
        if (!notes)
            return raise(notes.error());
        if (*notes == std::exchange(m_notes, *notes))
            return; // the project was changed elsewhere
        showNotes();
    });
}

static Remark remarkOf(const Note& note) {
    return {note.flagged, fromUtf8(note.text)};
}

void RunsPage::showRemark() {
    if (m_run)
        m_closeUp->setRemark(remarkOf(noteOn(finding())));
}

/// Their signs at prompts and images, the note on the finding that is looked at, and the list of all.
void RunsPage::showNotes() {
    if (!m_run)
        return;
    const std::string attribute = attributeName();
    const std::vector<Measurement>& measurements = m_chart->chart()->measurements;
    std::vector<Remark> remarks; // none where there is no note on a prompt
    QHash<qint64, Remark> images;
    for (const Note& note : m_notes) {
        if (note.about.image)
            images.insert(*note.about.image, remarkOf(note));
        if (note.about.attribute != attribute)
            continue;
        const auto at = std::ranges::find(measurements, note.about.prompt, [](const Measurement& measurement) {
            return measurement.prompt.value_or("");
        });
        if (at == measurements.end())
            continue;
        remarks.resize(measurements.size());
        remarks[static_cast<std::size_t>(at - measurements.begin())] = remarkOf(note);
    }
    m_chart->table()->setRemarks(std::move(remarks));
    m_closeUp->images()->images()->setRemarks(std::move(images));
    showRemark();
    m_notesView->setNotes(m_notes, [this](const NoteSubject& about) { return subjectText(about); });
    m_tabs->setTabText(Notes, m_notes.empty() ? tr("Notes")
                                              : tr("Notes (%1)").arg(countText(std::int64_t(m_notes.size()))));
}

void RunsPage::writeNote(const NoteSubject& about) {
    auto* dialog = new NoteDialog(noteOn(about), subjectText(about), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] { store(dialog->note()); });
    dialog->open();
}

void RunsPage::toggleFlag(const NoteSubject& about) {
    Note note = noteOn(about);
    note.flagged = !note.flagged;
    store(note);
}

void RunsPage::store(const Note& note) {
    m_source->setNote(note, this, [this](const Result<void>& stored) {
        if (!stored)
            raise(stored.error());
        readNotes();
    });
}

void RunsPage::showSubject(const NoteSubject& about) {
    if (about.image) {
        if (!m_closeUp->images()->showImage(*about.image))
            Q_EMIT messageRaised(tr("This image is not among those of the prompt that is shown: choose another prompt, or "
                                    "find it on the page Images by its name."),
                                 static_cast<int>(Severity::Note));
        return;
    }
    if (about.prompt.empty())
        return;
    if (const int attribute = m_attribute->findText(fromUtf8(about.attribute)); attribute >= 0)
        m_attribute->setCurrentIndex(attribute);
    const std::vector<Measurement>& measurements = m_chart->chart()->measurements;
    const auto at = std::ranges::find(measurements, about.prompt,
                                      [](const Measurement& measurement) { return measurement.prompt.value_or(""); });
    if (at == measurements.end())
        return;
    m_tabs->setCurrentIndex(Prompts);
    m_find->clear();
    m_chart->table()->setCurrentMeasurement(static_cast<int>(at - measurements.begin()));
    m_chart->table()->setFocus(Qt::OtherFocusReason);
}

void RunsPage::openPrompt(int prompt) {
    m_closeUp->setPrompt(shown(), static_cast<std::size_t>(std::max(0, m_attribute->currentIndex())), prompt);
    showRemark();
    tellTour(false);
}

/// The chart takes what its rows need and leaves the close-ups a good third; until the user decides.
void RunsPage::shareHeight() {
    if (m_splitByHand || m_split->height() <= 0 || m_closeUp->isHidden() || m_split->widget(0)->isHidden())
        return;
    const int whole = m_split->height() - m_split->handleWidth();
    const int truth = m_truth->isHidden() ? 0 : m_truth->heightForWidth(m_truth->width()) + theme::kGrid;
    const int explore = m_explore->isHidden() ? 0 : m_explore->sizeHint().height() + theme::kGrid;
    const int bar = m_find->sizeHint().height() + 4 * theme::kGrid + truth + explore;
    const int wanted = std::max(kLeastCloseUp + (truth > 0 ? kTruthInCloseUp : 0), whole * 38 / 100);
    const int closeUp = std::min(wanted, std::max(kLeastCloseUp, whole / 2));
    const int chart = std::min(m_chart->contentHeight() + bar, whole - closeUp);
    m_split->setSizes({chart, whole - chart});
}

void RunsPage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    m_summaryLine->setVisible(height() >= kRoomForTourAndBoth); // rows of the chart say the same
    if (!m_exploreByHand && !m_explored)
        m_exploreButton->setChecked(height() >= kRoomForTourAndBoth);
    openExploring(m_exploreButton->isChecked());
    QTimer::singleShot(0, this, &RunsPage::shareHeight); // when the layout has settled
}

const store::RunRecord* RunsPage::record(qint64 id) const {
    const auto found = std::find_if(m_runs.begin(), m_runs.end(), [id](const auto& run) { return run.id == id; });
    return found == m_runs.end() ? nullptr : &*found;
}

void RunsPage::refresh() {
    m_source->runs(this, [this](Result<std::vector<store::RunRecord>> runs) {
        if (!runs) {
            raise(runs.error());
            return;
        }
        m_runs = std::move(*runs);
        m_header->setVisible(!m_runs.empty());
        const qint64 before = m_picker->currentRun();
        m_picker->setRuns(m_runs);
        if (m_wanted != 0 && record(m_wanted)) {
            m_picker->setCurrentRun(m_wanted);
            m_wanted = 0;
        }
        if (m_runs.empty()) {
            setRun({});
            m_tour->dismiss();
            m_closeUp->clear();
            m_stack->setCurrentWidget(m_empty);
        } else if (m_picker->currentRun() == before) {
            runChosen(before); // its state may be another one
            tellTour(false);   // another model's run may have come or gone
        }
    });
}

void RunsPage::setRun(std::shared_ptr<const LoadedRun> run) {
    m_source->stopExploring();
    m_scrolled.stop();
    m_explored.reset();
    m_notes.clear();
    m_run = std::move(run);
    m_hand->setEnabled(m_run != nullptr);
}

void RunsPage::showRun(qint64 id) {
    m_wanted = id;
    if (record(id)) {
        m_wanted = 0;
        m_picker->setCurrentRun(id);
    }
}

void RunsPage::runChosen(qint64 id) {
    const store::RunRecord* run = record(id);
    if (!run)
        return;
    if (run->state != RunState::Done) {
        ++m_loading;
        setRun({});
        m_tour->dismiss();
        m_closeUp->clear();
        showUnfinished(*run);
        return;
    }
    if (m_run && m_run->record.id == id)
        return readNotes(); // all else of a finished run never changes
    const quint64 loading = ++m_loading;
    setRun({});
    m_closeUp->clear();
    m_facts->setText(tr("Reading…"));
    m_stack->setCurrentWidget(m_waiting);
    m_source->load(id, this, [this, loading](Result<std::shared_ptr<const LoadedRun>> loaded) {
        if (loading != m_loading)
            return;
        if (loaded) {
            showLoaded(std::move(*loaded));
            return;
        }
        m_tourWanted = false;
        raise(loaded.error());
    });
}

void RunsPage::showUnfinished(const store::RunRecord& run) {
    m_attribute->hide();
    m_attributeLabel->hide();
    m_exploreButton->setEnabled(false);
    m_facts->setText(runLine(run).toHtmlEscaped());
    QString text = runStateText(run);
    text[0] = text[0].toUpper();
    text += u'.';
    if (run.state == RunState::Cancelled)
        text += u' ' + tr("What was done is kept; going on starts where it stopped.");
    if (run.state == RunState::Failed && run.error)
        text += u' ' + errorText(*run.error);
    m_stateText->setText(text);
    m_progress->setRange(0, static_cast<int>(run.images));
    m_progress->setValue(static_cast<int>(run.embedded));
    m_progress->setFormat(tr("%1 of %2 images").arg(countText(run.embedded), countText(run.images)));
    m_progress->setVisible(run.state != RunState::Failed);
    m_goOn->setVisible(m_canGoOn(run));
    m_remove->setVisible(run.state != RunState::Running || m_canGoOn(run)); // one that is at work is cancelled first
    m_stack->setCurrentWidget(m_unfinished);
}

void RunsPage::showLoaded(std::shared_ptr<const LoadedRun> run) {
    setRun(std::move(run));
    {
        const QSignalBlocker quiet(m_attribute);
        const QString before = m_attribute->currentText();
        m_attribute->clear();
        for (const LoadedRun::AttributeChart& attribute : m_run->attributes)
            m_attribute->addItem(fromUtf8(attribute.name));
        m_attribute->setCurrentIndex(std::max(0, m_attribute->findText(before)));
    }
    const bool several = m_run->attributes.size() > 1;
    m_attribute->setVisible(several);
    m_attributeLabel->setVisible(several);
    m_stack->setCurrentWidget(m_results);
    setFocusProxy(m_chart->table());
    showAttribute(m_attribute->currentIndex());
    readNotes();
    if (std::exchange(m_tourWanted, false))
        startTour();
    if (std::ranges::any_of(m_run->attributes, [](const auto& each) { return each.chart->truth.planted > 0; }))
        Q_EMIT plantedRunShown();
}

void RunsPage::setFacts() {
    QStringList parts;
    const auto facts = runFacts(*m_run, static_cast<std::size_t>(m_attribute->currentIndex()));
    const QString colour = theme::muted(palette()).name();
    for (qsizetype i = 0; i < facts.size(); ++i)
        parts << QStringLiteral("<a href=\"%1\" style=\"color:%2; text-decoration:none\">%3</a>")
                     .arg(QString::number(i), colour, facts[i].text.toHtmlEscaped());
    m_facts->setText(parts.join(QStringLiteral(" · ")));
}

void RunsPage::showAttribute(int index) {
    if (!m_run || index < 0)
        return;
    const auto attribute = static_cast<std::size_t>(index);
    const LoadedRun::AttributeChart& chart = m_run->attributes[attribute];
    setFacts();
    m_summaryTitle->setText(summaryTitle(chart.chart->chart));
    m_summaryLine->setText(summaryLine(chart.chart->chart));
    m_summaryTitle->setToolTip(m_summaryLine->text());
    const QStringList warnings = runWarnings(*m_run, attribute);
    m_warningsButton->setVisible(!warnings.isEmpty());
    m_warningsButton->setText(tr("%n warning(s)", nullptr, static_cast<int>(warnings.size())));
    m_warnings->setText(warnings.join(u'\n'));
    m_warnings->setVisible(!warnings.isEmpty() && m_warningsButton->isChecked());
    m_truth->setText(phraseText(chart.chart->truth.sentence()));
    m_truth->setVisible(!m_truth->text().isEmpty());

    m_find->clear();
    const QString title = runTitle(m_run->record) + QStringLiteral(" · ") + fromUtf8(chart.name);
    const Grid concepts = conceptGrid(*m_run, attribute);
    m_concepts->setNumbers(concepts, tr("%1 · concepts").arg(title), {});
    m_tabs->setTabVisible(Concepts, !concepts.rows.isEmpty());
    std::vector<MeasureTable> others = m_run->result.tables;
    if (MeasureTable further = report::rankingTable(m_run->result.measurements, chart.name); !further.rows.empty())
        others.push_back(std::move(further));
    m_measures->setTables(std::move(others), runTitle(m_run->record), chart.name, m_run->result.config.measure.level);
    if (!m_tabs->isTabVisible(m_tabs->currentIndex()))
        m_tabs->setCurrentIndex(Prompts);
    m_explored.reset();
    m_exploreButton->setEnabled(m_explore->setRun(*m_run, attribute));
    openExploring(m_exploreButton->isChecked());
    m_heat->setChart(chart.chart, tr("%1 · heat map").arg(title));
    m_heatIsOld = false;
    m_chart->setChart(chart.chart, title);
    showTab(m_tabs->currentIndex()); // whether prompts can be found goes by their number
    m_closeUp->setPrompt(m_run, attribute, m_chart->table()->currentMeasurement());
    showNotes();
    tellTour(false);
    m_scrolled.start();
}

void RunsPage::showTab(int tab) {
    m_tables->setCurrentIndex(tab);
    m_find->setVisible((tab == Prompts || tab == Heat) && m_chart->table()->plumbModel().rowCount() >= kManyPrompts);
    if (tab == Heat) {
        drawHeat();
        m_heat->setCurrentMeasurement(m_chart->table()->currentMeasurement());
    }
    m_explore->setEnabled(tab == Prompts || tab == Heat); // the others are the run's
    m_scrolled.start();
    const ChartSource* sources[] = {m_chart, m_heat, m_concepts, m_measures->numbers()};
    m_menu->setVisible(tab != Notes);
    if (tab != Notes)
        m_menu->setChart(sources[tab]);
    // The other measures are not about one prompt: they have the close-up's room as well.
    m_closeUp->setVisible(tab != OtherMeasures && (m_explore->isHidden() || height() >= kRoomForTourAndBoth));
    QTimer::singleShot(0, this, &RunsPage::shareHeight);
}

bool RunsPage::startTour() {
    if (!m_run) {
        m_tourWanted = m_stack->currentWidget() == m_waiting;
        return m_tourWanted;
    }
    m_tabs->setCurrentIndex(Prompts);
    if (m_explored || height() < kRoomForTourAndBoth)
        openExploring(false); // it tells of what the run measured
    tellTour(true);
    QTimer::singleShot(0, this, &RunsPage::shareHeight);
    return m_tour->isOpen();
}

std::vector<TourStop> RunsPage::stops() const {
    const auto attribute = static_cast<std::size_t>(std::max(0, m_attribute->currentIndex()));
    return tourStops(*m_run, attribute, m_chart->table()->currentMeasurement(), otherRun() != nullptr);
}

void RunsPage::tellTour(bool fromTheStart) {
    if (!m_run || !(fromTheStart || m_tour->isOpen()))
        return;
    std::vector<TourPanel::Stop> words;
    for (const TourStop& stop : stops()) {
        const bool offersRun = stop.about == TourStop::About::OtherRuns;
        words.push_back(
            {stop.title, stop.text,
             offersRun ? tr("Show run %1 · %2").arg(otherRun()->id).arg(fromUtf8(otherRun()->modelName)) : QString()});
    }
    if (!fromTheStart) {
        m_tour->setStops(std::move(words));
        return;
    }
    m_closeUp->hide(); // first, so that the window need not grow for both
    m_tour->start(std::move(words));
    if (!m_tour->isOpen())
        m_closeUp->show();
}

void RunsPage::outlineStop(int stop) {
    if (!m_run)
        return;
    const auto all = stops();
    if (static_cast<std::size_t>(stop) >= all.size())
        return;
    PlumbTable* table = m_chart->table();
    const auto column = [this, table](PlumbModel::Column which) {
        m_outline->follow(table, [table, which] { return table->columnRect(which); });
    };
    // The chart has the whole height while it is spoken of; in a low window the close-up has it in its turn.
    const TourStop::About about = all[static_cast<std::size_t>(stop)].about;
    m_closeUp->setVisible(about == TourStop::About::CloseUp);
    m_split->widget(0)->setVisible(about != TourStop::About::CloseUp || height() >= kRoomForTourAndBoth);
    QTimer::singleShot(0, this, &RunsPage::shareHeight);
    switch (about) {
    case TourStop::About::Chart:
        m_outline->follow(table);
        break;
    case TourStop::About::Shade:
        column(PlumbModel::Chart);
        break;
    case TourStop::About::Mark:
        table->scrollTo(table->currentIndex());
        m_outline->follow(table, [table] { return table->currentCell(PlumbModel::Chart); });
        break;
    case TourStop::About::Planted:
        column(PlumbModel::Planted);
        break;
    case TourStop::About::CloseUp:
        m_outline->follow(m_closeUp);
        break;
    case TourStop::About::OtherRuns:
        m_outline->follow(m_picker);
        break;
    }
}

const store::RunRecord* RunsPage::otherRun() const {
    if (!m_run)
        return nullptr;
    const auto found = std::ranges::find_if(m_runs, [this](const store::RunRecord& run) {
        return run.state == RunState::Done && run.config.modelId != m_run->record.config.modelId;
    });
    return found == m_runs.end() ? nullptr : &*found;
}

void RunsPage::raise(const Error& error) {
    Q_EMIT messageRaised(errorText(error), static_cast<int>(Severity::Error));
}

} // namespace plumbline::ui
