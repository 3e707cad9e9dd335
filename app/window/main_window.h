// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMainWindow>

#include "app/window/drop_plan.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/english_plurals.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/context.h"
#include "ui/pages/overview/sample_opener.h"
#include "ui/widgets/message_bar.h"

class QActionGroup;
class QMenu;
class QStackedWidget;

namespace plumbline::ui {

class ComparePage;
class HelpPage;
class ImagesPage;
class LogPage;
class MitigatePage;
class ModelsPage;
class NewAuditPanel;
class OverviewPage;
class Page;
class ProbesPage;
class ReportPage;
class ReportWriter;
class RoomList;
class RunsRoom;
class SettingsPage;
class WorkBar;

/// The window: rooms at the left, the page in the middle with the messages under its header, running work at the bottom.
/// Owns the services; pages get them as a Context.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// `engineProgram`: path of plumb, beside this program by default. `settingsFile`: see Settings.
    explicit MainWindow(const QString& engineProgram = {}, const QString& settingsFile = {}, QWidget* parent = nullptr);
    ~MainWindow() override;

    void openProject(const QString& path);
    /// Opens what was open at the end of the last session, if it is still there.
    void restoreLastProject();
    void showRoom(const QString& room);
    void showNewAudit();
    QString currentRoom() const;

    const Context& context() const { return m_context; }
    MessageBar* messages() const { return m_messages; }
    ModelsPage* modelsPage() const { return m_models; }
    ImagesPage* imagesPage() const { return m_images; }
    ProbesPage* probesPage() const { return m_probes; }
    OverviewPage* overviewPage() const { return m_overview; }
    NewAuditPanel* auditPanel() const { return m_audit; }
    ComparePage* comparePage() const { return m_compare; }
    MitigatePage* mitigatePage() const { return m_mitigate; }
    ReportPage* reportPage() const { return m_report; }

    /// Does what the plan says; makes a project first where none is open.
    void carryOut(const DropPlan& plan);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragMoveEvent(QDragMoveEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    class DropSign;

    void buildRooms();
    void buildMenus();
    void connectServices();
    void showPage(Page* page);
    void newProject();
    void chooseProject();
    void closeProject();
    /// Makes a project with a free name in the documents folder, says so, and calls `then` once it is open.
    void makeProject(std::function<void()> then);
    /// Asks for a project file, and calls `then` once it is made.
    void needProject(std::function<void()> then);
    void create(const QString& path, std::function<void()> then);
    void showSample(const QString& project, qint64 run);
    void showTour();
    void findCommand();
    void findInTable();
    void leaveProject();
    void engineDied(const QString& how);
    void warnOfSlowEngine();
    void refreshRecentMenu();
    void updateTitle();
    void updateHistory();
    void cancelOrClose();

    EnglishPlurals m_plurals;
    Settings m_settings;
    Engine m_engine;
    RunningWork m_work;
    ProjectService m_project;
    ProjectLists m_lists;
    Context m_context;
    AuditRunner m_runner;
    SampleOpener m_sample;

    RoomList* m_rooms = nullptr;
    QStackedWidget* m_stack = nullptr;
    MessageBar* m_messages = nullptr;
    OverviewPage* m_overview = nullptr;
    ModelsPage* m_models = nullptr;
    ImagesPage* m_images = nullptr;
    ProbesPage* m_probes = nullptr;
    RunsRoom* m_runs = nullptr;
    NewAuditPanel* m_audit = nullptr;
    ComparePage* m_compare = nullptr;
    MitigatePage* m_mitigate = nullptr;
    ReportPage* m_report = nullptr;
    ReportWriter* m_reportWriter = nullptr;
    HelpPage* m_help = nullptr;
    LogPage* m_log = nullptr;
    SettingsPage* m_settingsPage = nullptr;
    DropSign* m_dropSign = nullptr;
    QMenu* m_recentMenu = nullptr;
    QAction* m_undo = nullptr;
    QAction* m_redo = nullptr;
    QAction* m_closeAction = nullptr;
    QAction* m_auditAction = nullptr;
    QAction* m_sampleAction = nullptr;
    DropPlan m_dropPlan;
    std::function<void()> m_afterOpening;
    bool m_warnedOfSlowEngine = false;
};

} // namespace plumbline::ui
