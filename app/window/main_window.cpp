// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/main_window.h"

#include <QActionGroup>
#include <QApplication>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QMimeData>
#include <QPainter>
#include <QShortcut>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QVBoxLayout>

#include "app/window/help_page.h"
#include "app/window/log_page.h"
#include "app/window/runs_room.h"
#include "app/window/settings_page.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/pages/audit/new_audit_panel.h"
#include "ui/pages/compare/compare_page.h"
#include "ui/pages/images/images_page.h"
#include "ui/pages/mitigate/mitigate_page.h"
#include "ui/pages/models/models_page.h"
#include "ui/pages/overview/overview_page.h"
#include "ui/pages/probes/probes_page.h"
#include "ui/pages/report/report_page.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/file_dialog.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/room_list.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/table_view.h"
#include "ui/widgets/tool_tips.h"
#include "ui/widgets/work_bar.h"

namespace plumbline::ui {

namespace {

const QString kOverview = QStringLiteral("overview");
const QString kModels = QStringLiteral("models");
const QString kImages = QStringLiteral("images");
const QString kProbes = QStringLiteral("probes");
const QString kRuns = QStringLiteral("runs");
const QString kCompare = QStringLiteral("compare");
const QString kMitigate = QStringLiteral("mitigate");
const QString kReport = QStringLiteral("report");
const QString kEngineMessage = QLatin1String(Message::kEngineKey);
const QString kProjectSuffix = QStringLiteral(".plumb");
/// Work that takes longer is not waited for.
constexpr double kLongSeconds = 10;
constexpr int kSidebarWidth = 23 * theme::kGrid;

theme::Appearance appearanceOf(const QString& name) {
    return name == u"light"  ? theme::Appearance::Light
           : name == u"dark" ? theme::Appearance::Dark
                             : theme::Appearance::System;
}

QString projectFilter() { return MainWindow::tr("Plumbline projects (*.plumb)"); }

} // namespace

/// Lies over the window while something is dragged over it, and says what dropping it would do.
class MainWindow::DropSign : public QWidget {
public:
    explicit DropSign(QWidget* parent) : QWidget(parent) {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        hide();
    }
    void say(const QString& sentence, bool isUseful) {
        m_sentence = sentence;
        m_isUseful = isUseful;
        setGeometry(parentWidget()->rect());
        raise();
        show();
        update();
    }
    QString sentence() const { return m_sentence; }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QColor colour = m_isUseful ? theme::accent(palette()) : theme::muted(palette());
        QColor veil = theme::page(palette());
        veil.setAlphaF(0.9F);
        painter.fillRect(rect(), veil);
        painter.setPen(QPen(colour, 2, m_isUseful ? Qt::SolidLine : Qt::DashLine));
        painter.setBrush(m_isUseful ? QColor(theme::selection(palette())) : QColor(Qt::transparent));
        painter.drawRoundedRect(rect().adjusted(theme::kSpace, theme::kSpace, -theme::kSpace, -theme::kSpace),
                                theme::kRadius, theme::kRadius);
        painter.setPen(palette().color(QPalette::WindowText));
        painter.setFont(theme::titleFont(font()));
        painter.drawText(rect().adjusted(2 * theme::kMargin, 0, -2 * theme::kMargin, 0),
                         Qt::AlignCenter | Qt::TextWordWrap, m_sentence);
    }

private:
    QString m_sentence;
    bool m_isUseful = false;
};

MainWindow::MainWindow(const QString& engineProgram, const QString& settingsFile, QWidget* parent)
    : QMainWindow(parent), m_settings(settingsFile), m_engine(engineProgram), m_work(&m_engine),
      m_lists(&m_project), m_context{&m_engine, &m_work, &m_project, &m_lists, &m_settings}, m_runner(m_context),
      m_sample(m_context) {
    QApplication::installTranslator(&m_plurals);
    theme::apply(*qApp, appearanceOf(m_settings.appearance()));
    setWindowIcon(programIcon());
    setAcceptDrops(true);
    buildRooms();
    buildMenus();
    connectServices();
    m_dropSign = new DropSign(this);
    resize(1280, 820);
    restoreGeometry(m_settings.geometry());
    updateTitle();
    showRoom(kOverview);
}

MainWindow::~MainWindow() {
    m_probes->flush();
    // Pages go before the services that they use, whose signals they would hear otherwise.
    delete takeCentralWidget();
}

void MainWindow::buildRooms() {
    m_messages = new MessageBar;
    m_overview = new OverviewPage(m_context, &m_runner, &m_sample);
    m_models = new ModelsPage(m_context);
    m_images = new ImagesPage(m_context);
    m_probes = new ProbesPage(m_context);
    m_reportWriter = new ReportWriter(m_context, this);
    m_runs = new RunsRoom(m_context, &m_runner, m_reportWriter);
    m_audit = new NewAuditPanel(m_context, &m_runner);
    m_compare = new ComparePage(m_context);
    m_mitigate = new MitigatePage(m_context, &m_runner);
    m_report = new ReportPage(m_context, m_reportWriter);
    m_help = new HelpPage;
    m_log = new LogPage(m_context);
    m_settingsPage = new SettingsPage(m_context);

    auto* side = new Surface(Surface::Kind::Sidebar);
    side->setFixedWidth(kSidebarWidth);
    auto* name = new QLabel(tr("Plumbline"));
    name->setFont(theme::strongFont(theme::titleFont(name->font())));
    name->setContentsMargins(theme::kSpace, 0, 0, 0);
    m_rooms = new RoomList;
    m_rooms->addRoom(kOverview, tr("Overview"), kOverview);
    m_rooms->addRoom(kModels, tr("Models"), kModels);
    m_rooms->addRoom(kImages, tr("Images"), kImages);
    m_rooms->addRoom(kProbes, tr("Probes"), kProbes);
    m_rooms->addRoom(kRuns, tr("Runs"), kRuns);
    m_rooms->addRoom(kCompare, tr("Compare"), kCompare);
    m_rooms->addRoom(kMitigate, tr("Mitigate"), kMitigate);
    m_rooms->addRoom(kReport, tr("Report"), kReport);
    side->column()->setContentsMargins(theme::kGrid, theme::kSpace, theme::kGrid, theme::kGrid);
    side->column()->setSpacing(theme::kSpace);
    side->column()->addWidget(name);
    side->column()->addWidget(m_rooms, 1);

    m_stack = new QStackedWidget;
    for (Page* page : std::initializer_list<Page*>{m_overview, m_models, m_images, m_probes, m_runs, m_audit,
                                                   m_compare, m_mitigate, m_report, m_help, m_log, m_settingsPage}) {
        m_stack->addWidget(page);
        connect(page, &Page::raised, this, [this](const Message& message) {
            if (message.key != kEngineMessage) // engineDied() has said it
                m_messages->show(message);
        });
    }

    connect(m_reportWriter, &ReportWriter::raised, m_messages, &MessageBar::show);

    auto* centre = new QWidget;
    auto* rows = new QVBoxLayout(centre);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(0);
    columns->addWidget(side);
    columns->addWidget(m_stack, 1);
    rows->addLayout(columns, 1);
    rows->addWidget(new WorkBar(&m_engine, &m_work));
    setCentralWidget(centre);

    // A drop means the same everywhere on the window, also on a field.
    for (QWidget* field : centre->findChildren<QWidget*>())
        field->setAcceptDrops(false);

    connect(m_rooms, &RoomList::roomChosen, this, &MainWindow::showRoom);
    connect(m_rooms, &QAbstractItemView::clicked, this, [this] { showRoom(m_rooms->currentRoom()); });
    connect(m_overview, &OverviewPage::newProjectWanted, this, &MainWindow::newProject);
    connect(m_overview, &OverviewPage::openProjectWanted, this, &MainWindow::chooseProject);
    connect(m_overview, &OverviewPage::projectChosen, this, &MainWindow::openProject);
    connect(m_overview, &OverviewPage::probesWanted, this, [this] { showRoom(kProbes); });
    connect(m_overview, &OverviewPage::auditWanted, this, &MainWindow::showNewAudit);
    const auto addModel = [this] {
        showRoom(kModels);
        m_models->chooseModelFolder();
    };
    const auto addImages = [this] {
        showRoom(kImages);
        m_images->addImages({}, {});
    };
    connect(m_overview, &OverviewPage::addModelWanted, this, addModel);
    connect(m_overview, &OverviewPage::addImagesWanted, this, addImages);
    connect(m_mitigate, &MitigatePage::modelWanted, this, addModel);
    connect(m_mitigate, &MitigatePage::imagesWanted, this, addImages);
    connect(m_mitigate, &MitigatePage::projectNeeded, this, &MainWindow::needProject);
    connect(m_overview, &OverviewPage::runChosen, this, [this](qint64 id) {
        showRoom(kRuns);
        m_runs->showRun(id);
    });
    connect(m_models, &ModelsPage::projectNeeded, this, &MainWindow::needProject);
    connect(m_images, &ImagesPage::projectNeeded, this, &MainWindow::needProject);
    connect(m_probes, &ProbesPage::projectNeeded, this, &MainWindow::needProject);
    connect(m_runs, &RunsRoom::auditWanted, this, &MainWindow::showNewAudit);
    connect(m_runs, &RunsRoom::auditLikeWanted, this, [this](qint64 run) {
        if (m_audit->chooseLike(run))
            showNewAudit();
    });
    connect(m_runs, &RunsRoom::compareWanted, this, [this](qint64 run) {
        showRoom(kCompare);
        m_compare->chooseWith(run);
    });
    const auto showReport = [this](qint64 run, const std::vector<qint64>& others) {
        showRoom(kReport);
        m_report->showReport(run, others);
    };
    connect(m_runs, &RunsRoom::reportWanted, this, [showReport](qint64 run) { showReport(run, {}); });
    connect(m_compare, &ComparePage::reportWanted, this, [showReport](const std::vector<qint64>& runs) {
        showReport(runs.front(), {runs.begin() + 1, runs.end()});
    });
    connect(m_report, &ReportPage::auditWanted, this, &MainWindow::showNewAudit);
    connect(m_report, &ReportPage::projectNeeded, this, &MainWindow::needProject);
    connect(m_compare, &ComparePage::auditWanted, this, &MainWindow::showNewAudit);
    connect(m_compare, &ComparePage::projectNeeded, this, &MainWindow::needProject);
    connect(m_audit, &NewAuditPanel::dismissed, this, [this] { showRoom(kRuns); });
    const auto back = [this] { showRoom(m_rooms->currentRoom()); };
    connect(m_help, &HelpPage::dismissed, this, back);
    connect(m_log, &LogPage::dismissed, this, back);
    connect(m_settingsPage, &SettingsPage::dismissed, this, back);
}

void MainWindow::buildMenus() {
    QMenu* project = menuBar()->addMenu(tr("&Project"));
    project->addAction(tr("&New…"), QKeySequence::New, this, &MainWindow::newProject);
    project->addAction(tr("&Open…"), QKeySequence::Open, this, &MainWindow::chooseProject);
    m_recentMenu = project->addMenu(tr("Open &recent"));
    m_sampleAction = project->addAction(tr("Open the &sample"), &m_sample, &SampleOpener::open);
    m_closeAction = project->addAction(tr("&Close"), QKeySequence(tr("Ctrl+W")), this, &MainWindow::closeProject);
    project->addSeparator();
    project->addAction(tr("Add &model folder…"), this, [this] {
        showRoom(kModels);
        m_models->chooseModelFolder();
    });
    project->addAction(tr("Add model &file…"), this, [this] {
        showRoom(kModels);
        m_models->chooseModelFile();
    });
    project->addAction(tr("Add &images…"), this, [this] {
        showRoom(kImages);
        m_images->addImages({}, {});
    });
    project->addSeparator();
    project->addAction(tr("S&ettings"), QKeySequence(tr("Ctrl+,")), this, [this] {
        showPage(m_settingsPage);
        m_settingsPage->focusFirst();
    });
    project->addSeparator();
    project->addAction(tr("&Quit"), QKeySequence(tr("Ctrl+Q")), this, &QWidget::close);

    QMenu* edit = menuBar()->addMenu(tr("&Edit"));
    // A field with the keyboard takes these keys for what is typed there.
    m_undo = edit->addAction(QString(), QKeySequence::Undo, this, [this] {
        m_probes->flush();
        m_project.history()->undo();
    });
    m_redo = edit->addAction(QString(), this, [this] { m_project.history()->redo(); });
    m_redo->setShortcuts({QKeySequence(tr("Ctrl+Shift+Z")), QKeySequence(tr("Ctrl+Y"))}); // on every desktop
    updateHistory();

    QMenu* audit = menuBar()->addMenu(tr("&Audit"));
    m_auditAction = audit->addAction(tr("&New audit"), QKeySequence(tr("Ctrl+Shift+N")), this, &MainWindow::showNewAudit);
    audit->addAction(tr("&Run"), QKeySequence(Qt::Key_F5), this, [this] {
        if (m_stack->currentWidget() == m_audit)
            m_audit->run();
        else if (m_stack->currentWidget() == m_compare)
            m_compare->run();
        else if (m_stack->currentWidget() == m_mitigate)
            m_mitigate->run();
        else
            showNewAudit();
    });
    audit->addAction(tr("&Cancel what is running"), QKeySequence(Qt::Key_Escape), this, &MainWindow::cancelOrClose);

    QMenu* view = menuBar()->addMenu(tr("&View"));
    const QStringList rooms = m_rooms->rooms();
    for (int i = 0; i < rooms.size(); ++i)
        view->addAction(m_rooms->item(i)->text(), QKeySequence(QStringLiteral("Ctrl+%1").arg(i + 1)), this,
                        [this, room = rooms[i]] {
                            showRoom(room);
                            static_cast<Page*>(m_stack->currentWidget())->focusFirst();
                        });
    view->addSeparator();
    view->addAction(tr("From the rooms to the page and &back"), QKeySequence(Qt::Key_F6), this, [this] {
        if (m_rooms->hasFocus())
            static_cast<Page*>(m_stack->currentWidget())->focusFirst();
        else
            m_rooms->setFocus(Qt::ShortcutFocusReason);
    });
    view->addAction(tr("&Find in the table"), QKeySequence::Find, this, &MainWindow::findInTable);
    view->addSeparator();
    QMenu* appearance = view->addMenu(tr("&Appearance"));
    auto* choices = new QActionGroup(this);
    const std::pair<QString, QString> names[] = {{QStringLiteral("system"), tr("As the &system")},
                                                 {QStringLiteral("light"), tr("&Light")},
                                                 {QStringLiteral("dark"), tr("&Dark")}};
    for (const auto& [key, label] : names) {
        QAction* action = appearance->addAction(label, this, [this, name = key] { m_settings.setAppearance(name); });
        action->setCheckable(true);
        action->setChecked(m_settings.appearance() == key);
        connect(&m_settings, &Settings::appearanceChanged, action,
                [this, action, name = key] { action->setChecked(m_settings.appearance() == name); });
        choices->addAction(action);
    }

    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addAction(tr("&Help and keyboard"), QKeySequence::HelpContents, this, [this] {
        m_help->setCommands(commandsOf(menuBar()));
        if (const auto asked = ToolTips::shownEntry()) // as the tooltip says
            m_help->showGlossary(fromUtf8(asked->term));
        else
            m_help->showHelp();
        showPage(m_help);
    });
    help->addAction(tr("&Glossary"), this, [this] {
        m_help->setCommands(commandsOf(menuBar()));
        m_help->showGlossary();
        showPage(m_help);
    });
    help->addAction(tr("&Find a command…"), QKeySequence(tr("Ctrl+K")), this, &MainWindow::findCommand);
    help->addAction(tr("What the engine said: the &log"), QKeySequence(tr("Ctrl+L")), this, [this] {
        showPage(m_log);
        m_log->focusFirst();
    });
    help->addAction(tr("Show the &tour"), this, &MainWindow::showTour);

    connect(&m_settings, &Settings::appearanceChanged, this,
            [this] { theme::apply(*qApp, appearanceOf(m_settings.appearance())); });
    connect(&m_settings, &Settings::recentProjectsChanged, this, &MainWindow::refreshRecentMenu);
    refreshRecentMenu();
}

void MainWindow::connectServices() {
    connect(&m_project, &ProjectService::opened, this, [this] {
        m_settings.addRecentProject(m_project.path());
        m_settings.setLastProject(m_project.path());
        updateTitle();
        if (m_project.isReadOnly())
            m_messages->show({Severity::Note,
                              tr("This project can be read but not changed: the file or its folder is write-protected. "
                                 "Copy it elsewhere to work with it."),
                              {},
                              {},
                              QStringLiteral("readonly")});
        if (const auto then = std::exchange(m_afterOpening, nullptr))
            then();
    });
    connect(&m_project, &ProjectService::closed, this, [this] {
        updateTitle();
        m_messages->clear(); // they are about the project that was open, and so is their Undo
    });
    connect(&m_project, &ProjectService::failed, this, [this](const Error& error) {
        m_afterOpening = nullptr;
        updateTitle();
        m_messages->show(Message::of(error));
        if (error.code == ErrorCode::FileNotFound)
            m_settings.removeRecentProject(QString::fromUtf8(error.arg("path")));
    });
    connect(m_project.history(), &EditHistory::changed, this, &MainWindow::updateHistory);
    connect(m_project.history(), &EditHistory::failed, this, [this](const QString& sentence) {
        m_messages->show({Severity::Warning, sentence});
    });
    connect(&m_lists, &ProjectLists::failed, this, [this](const Error& error) {
        Message message = Message::of(error);
        message.key = QStringLiteral("lists");
        m_messages->show(std::move(message));
    });
    connect(&m_lists, &ProjectLists::refreshed, this, [this] {
        m_rooms->setCount(kModels, m_lists.models()->rowCount());
        m_rooms->setCount(kImages, m_lists.imageSets()->rowCount());
        m_rooms->setCount(kRuns, m_lists.runs()->rowCount());
        m_rooms->setCount(kMitigate, m_lists.studies()->rowCount());
    });
    connect(&m_sample, &SampleOpener::raised, m_messages, &MessageBar::show);
    connect(&m_sample, &SampleOpener::ready, this, &MainWindow::showSample);
    connect(&m_sample, &SampleOpener::started, this, [this] {
        m_messages->withdraw(QStringLiteral("sample"));
        m_sampleAction->setEnabled(false);
    });
    connect(&m_sample, &SampleOpener::ended, this, [this] { m_sampleAction->setEnabled(true); });
    connect(&m_engine, &Engine::died, this, &MainWindow::engineDied);
    connect(&m_engine, &Engine::stateChanged, this, &MainWindow::warnOfSlowEngine);
    connect(&m_work, &RunningWork::ended, this, [this](const QString&, RunningWork::End how, double seconds) {
        if (how != RunningWork::End::Cancelled && seconds >= kLongSeconds && m_settings.alertsWhenDone())
            QApplication::alert(this); // does nothing to the window in front
    });
    connect(&m_runner, &AuditRunner::raised, m_messages, &MessageBar::show);
    connect(&m_runner, &AuditRunner::started, this, [this] { m_messages->withdraw(QStringLiteral("audit")); });
    connect(&m_runner, &AuditRunner::finished, this, [this](qint64 run) {
        const auto show = [this, run] {
            showRoom(kRuns);
            m_runs->showRun(run);
        };
        // Whoever waits for it sees it at once; whoever is busy elsewhere is told.
        QWidget* page = m_stack->currentWidget();
        if (page == m_audit || page == m_runs || page == m_mitigate)
            show();
        else
            m_messages->show({Severity::Note, tr("Run %1 is done.").arg(run), {}, {{tr("Show"), show}}, QStringLiteral("audit")});
    });
}

QString MainWindow::currentRoom() const { return m_rooms->currentRoom(); }

void MainWindow::showRoom(const QString& room) {
    m_rooms->setCurrentRoom(room);
    if (room == kReport)
        m_report->follow(m_runs->shownRun());
    showPage(room == kModels   ? static_cast<Page*>(m_models)
             : room == kImages ? static_cast<Page*>(m_images)
             : room == kProbes ? static_cast<Page*>(m_probes)
             : room == kRuns   ? static_cast<Page*>(m_runs)
             : room == kCompare ? static_cast<Page*>(m_compare)
             : room == kMitigate ? static_cast<Page*>(m_mitigate)
             : room == kReport ? static_cast<Page*>(m_report)
                               : static_cast<Page*>(m_overview));
}

void MainWindow::showNewAudit() {
    if (!m_project.isOpen()) {
        needProject([this] { showNewAudit(); });
        return;
    }
    m_rooms->setCurrentRoom(kRuns);
    showPage(m_audit);
    m_audit->focusFirst();
}

void MainWindow::showPage(Page* page) {
    m_probes->flush();
    page->host(m_messages);
    m_stack->setCurrentWidget(page);
}

// ---------------------------------------------------------------------------------------------------------------------
// Projects

void MainWindow::openProject(const QString& path) {
    leaveProject();
    m_project.open(QFileInfo(path).absoluteFilePath());
}

void MainWindow::restoreLastProject() {
    const QString path = m_settings.lastProject();
    if (path.isEmpty() || !QFileInfo::exists(path))
        return;
    const QString room = m_settings.lastRoom();
    m_afterOpening = [this, room] { showRoom(room); };
    m_project.open(path);
}

void MainWindow::leaveProject() {
    m_probes->flush();
    m_work.cancelAll();
    m_afterOpening = nullptr;
}

void MainWindow::newProject() { needProject([this] { showRoom(kOverview); }); }

void MainWindow::needProject(std::function<void()> then) {
    QString path = chooseNewFile(this, tr("New project"), m_settings.folder(QStringLiteral("project")), projectFilter(),
                                 nullptr, QFileDialog::DontConfirmOverwrite);
    if (path.isEmpty())
        return;
    if (!path.endsWith(kProjectSuffix))
        path += kProjectSuffix;
    m_settings.setFolder(QStringLiteral("project"), QFileInfo(path).absolutePath());
    if (QFileInfo::exists(path)) { // a project is never overwritten
        m_messages->show({Severity::Warning,
                          tr("%1 exists already. Open it, or choose another name.").arg(path),
                          {},
                          {{tr("Open it"), [this, path] { openProject(path); }}}});
        return;
    }
    create(path, std::move(then));
}

void MainWindow::makeProject(std::function<void()> then) {
    QString folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    if (folder.isEmpty() || !QDir().mkpath(folder))
        folder = QDir::homePath();
    QString path = QDir(folder).filePath(tr("Untitled") + kProjectSuffix);
    for (int n = 2; QFileInfo::exists(path); ++n)
        path = QDir(folder).filePath(tr("Untitled %1").arg(n) + kProjectSuffix);
    create(path, [this, path, then = std::move(then)] {
        m_messages->show({Severity::Note, tr("A new project was made for this: %1.").arg(path)});
        then();
    });
}

void MainWindow::create(const QString& path, std::function<void()> then) {
    leaveProject();
    m_afterOpening = std::move(then);
    m_project.create(path);
}

void MainWindow::chooseProject() {
    const QString path =
        chooseFile(this, tr("Open project"), m_settings.folder(QStringLiteral("project")), projectFilter());
    if (path.isEmpty())
        return;
    m_settings.setFolder(QStringLiteral("project"), QFileInfo(path).absolutePath());
    openProject(path);
}

void MainWindow::closeProject() {
    leaveProject();
    m_settings.setLastProject({});
    m_project.close();
    showRoom(kOverview);
}

void MainWindow::showSample(const QString& project, qint64 run) {
    const auto show = [this, run] {
        showRoom(kRuns);
        m_runs->showRun(run);
    };
    if (m_project.isOpen() && QFileInfo(m_project.path()) == QFileInfo(project)) {
        show();
        return;
    }
    openProject(project);
    m_afterOpening = show;
}

void MainWindow::showTour() {
    showRoom(kRuns);
    if (m_runs->startTour())
        return;
    m_messages->show({Severity::Note,
                      tr("The tour leads through a finished run. The sample brings one."),
                      {},
                      {{tr("Open the sample"), [this] { m_sample.open(); }}},
                      QStringLiteral("tour")});
}

void MainWindow::findCommand() {
    std::vector<Command> commands = commandsOf(menuBar());
    const auto goTo = [&](const QString& kind, const QString& name, std::function<void()> run) {
        commands.push_back({QStringLiteral("%1 › %2").arg(kind, name), {}, std::move(run)});
    };
    for (const store::RunRecord& run : m_lists.runs()->records())
        goTo(tr("Runs"), tr("Run %1 · %2 · %3").arg(run.id).arg(fromUtf8(run.modelName), runQuestionText(run)),
             [this, id = run.id] {
                 showRoom(kRuns);
                 m_runs->showRun(id);
             });
    for (const store::StudyRecord& study : m_lists.studies()->records())
        goTo(tr("Mitigate"), studyText(study), [this, id = study.id] {
            showRoom(kMitigate);
            m_mitigate->showStudy(id);
        });
    const auto goToRow = [&](const QString& room, const QString& kind, auto* table, TableView* view) {
        for (const auto& record : table->records())
            goTo(kind, table->indexOf(record.id).data().toString(), [this, room, table, view, id = record.id] {
                showRoom(room);
                view->setCurrentSource(table->indexOf(id));
                view->setFocus(Qt::OtherFocusReason);
            });
    };
    goToRow(kModels, tr("Models"), m_lists.models(), m_models->table());
    goToRow(kImages, tr("Images"), m_lists.imageSets(), m_images->table());
    goToRow(kProbes, tr("Probes"), m_lists.probes(), m_probes->table());
    (new CommandPalette(std::move(commands), this))->open();
}

void MainWindow::findInTable() {
    // The table with the keyboard, else the first that is seen.
    QWidget* table = focusWidget();
    while (table != nullptr && TableSearch::of(table) == nullptr && table != this)
        table = table->parentWidget();
    QWidget* page = m_stack->currentWidget();
    if (table == nullptr || table == this) {
        table = nullptr;
        for (auto* line : page->findChildren<QLineEdit*>(QLatin1String(kFindLine)))
            if (line->isVisible()) {
                line->setFocus(Qt::ShortcutFocusReason);
                return;
            }
        for (auto* candidate : page->findChildren<QAbstractItemView*>())
            if (table == nullptr && candidate->isVisible() && TableSearch::of(candidate) != nullptr)
                table = candidate;
    }
    if (table != nullptr)
        TableSearch::of(table)->open();
}

void MainWindow::refreshRecentMenu() {
    m_recentMenu->clear();
    for (const QString& path : m_settings.recentProjects()) {
        QString name = QDir::toNativeSeparators(path);
        m_recentMenu->addAction(name.replace(u'&', QStringLiteral("&&")), this, [this, path] { openProject(path); });
    }
    m_recentMenu->setEnabled(!m_recentMenu->isEmpty());
}

void MainWindow::updateTitle() {
    const bool isOpen = m_project.isOpen();
    setWindowTitle(isOpen ? tr("%1 – Plumbline").arg(QFileInfo(m_project.path()).completeBaseName()) : tr("Plumbline"));
    m_closeAction->setEnabled(isOpen);
    m_auditAction->setEnabled(isOpen);
}

void MainWindow::updateHistory() {
    const auto name = [](QAction* action, const QString& word, const QString& wordWith, const QString& what) {
        action->setText(what.isEmpty() ? word : wordWith.arg(QString(what).replace(u'&', QStringLiteral("&&"))));
        action->setEnabled(!what.isEmpty());
    };
    name(m_undo, tr("&Undo"), tr("&Undo %1"), m_project.history()->undoName());
    name(m_redo, tr("&Redo"), tr("&Redo %1"), m_project.history()->redoName());
    m_messages->withdraw(QLatin1String(Message::kUndoKey)); // its button would undo something else now
}

// ---------------------------------------------------------------------------------------------------------------------
// The engine

void MainWindow::engineDied(const QString& how) {
    m_messages->show({Severity::Error,
                      tr("The engine stopped: %1. Nothing that was stored is lost; it starts again with the next work.").arg(how),
                      {},
                      {{tr("Restart engine"), [this] { m_engine.start(); }}},
                      kEngineMessage});
}

void MainWindow::warnOfSlowEngine() {
    if (m_engine.state() != Engine::State::Ready || m_warnedOfSlowEngine || !m_engine.info().value(u"slow_blas").toBool())
        return;
    m_warnedOfSlowEngine = true;
    m_messages->show({Severity::Warning,
                      tr("The linear algebra library of this computer is slow (%1): embedding takes many times longer "
                         "than it could. Install libopenblas0-openmp and start Plumbline again.")
                          .arg(m_engine.info().value(u"blas").toString()),
                      {},
                      {},
                      QStringLiteral("slow")});
}

void MainWindow::cancelOrClose() {
    if (m_work.rowCount() > 0)
        m_work.cancelAll();
    else if (m_stack->currentWidget() == m_runs && m_runs->closeTour())
        return;
    else if (m_stack->currentWidget() == m_mitigate && m_mitigate->closeForm())
        return;
    else if (m_stack->currentWidget() == m_compare && m_compare->closeForm())
        return;
    else if (QWidget* page = m_stack->currentWidget();
             page == m_help || page == m_log || page == m_settingsPage || page == m_audit)
        showRoom(currentRoom());
}

// ---------------------------------------------------------------------------------------------------------------------
// Dropping

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (!event->mimeData()->hasUrls())
        return;
    m_dropPlan = planDrop(event->mimeData()->urls(), m_project.isOpen());
    if (m_project.isOpen() && m_project.isReadOnly() && m_dropPlan.project.isEmpty())
        m_dropPlan = {{}, {}, {}, {}, {}, tr("This project is read-only")};
    m_dropSign->say(m_dropPlan.sentence, m_dropPlan.isUseful());
    // Accepted even when it is useless, so that the sign can say why; the drop itself then does nothing.
    event->setDropAction(m_dropPlan.isUseful() ? Qt::CopyAction : Qt::IgnoreAction);
    event->accept();
}

void MainWindow::dragMoveEvent(QDragMoveEvent* event) {
    event->setDropAction(m_dropPlan.isUseful() ? Qt::CopyAction : Qt::IgnoreAction);
    event->accept();
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*) { m_dropSign->hide(); }

void MainWindow::dropEvent(QDropEvent* event) {
    m_dropSign->hide();
    if (!event->mimeData()->hasUrls())
        return;
    carryOut(planDrop(event->mimeData()->urls(), m_project.isOpen()));
    event->acceptProposedAction();
}

void MainWindow::carryOut(const DropPlan& plan) {
    if (!plan.isUseful())
        return;
    if (!plan.project.isEmpty()) {
        openProject(plan.project);
        return;
    }
    if (!m_project.isOpen()) {
        makeProject([this, plan] { carryOut(plan); });
        return;
    }
    if (m_project.isReadOnly())
        return;
    for (const QString& model : plan.models)
        m_models->addModel(model);
    if (!plan.probe.isEmpty()) {
        showRoom(kProbes);
        m_probes->importFile(plan.probe);
    }
    if (!plan.models.isEmpty())
        showRoom(kModels);
    if (!plan.imageFolder.isEmpty() || !plan.labels.isEmpty()) {
        showRoom(kImages);
        m_images->addImages(plan.imageFolder, plan.labels);
    }
}

void MainWindow::closeEvent(QCloseEvent* event) {
    m_probes->flush();
    m_audit->flush();
    m_settings.setGeometry(saveGeometry());
    m_settings.setLastRoom(currentRoom());
    m_settings.setLastProject(m_project.isOpen() ? m_project.path() : QString());
    QMainWindow::closeEvent(event);
}

} // namespace plumbline::ui
