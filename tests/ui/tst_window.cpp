// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAccessible>
#include <QAbstractItemModelTester>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDragEnterEvent>
#include <QFile>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QTest>

#include "app/window/drop_plan.h"
#include "app/window/engine_log.h"
#include "app/window/help_page.h"
#include "app/window/log_page.h"
#include "app/window/main_window.h"
#include "app/window/runs_room.h"
#include "app/window/settings_page.h"
#include "core/report/glossary.h"
#include "tests/support/test_support.h"
#include "tests/ui/named.h"
#include "tests/ui/synthetic_project.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/json.h"
#include "ui/charts/plumb_table.h"
#include "ui/pages/images/add_images_form.h"
#include "ui/pages/images/images_page.h"
#include "ui/pages/models/models_page.h"
#include "ui/pages/overview/overview_page.h"
#include "ui/pages/probes/probes_page.h"
#include "ui/pages/report/report_page.h"
#include "ui/pages/runs/run_picker.h"
#include "ui/pages/runs/runs_page.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/room_list.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/table_view.h"
#include "ui/widgets/tour_panel.h"
#include "ui/widgets/work_bar.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::named;
using plumbline::test::TempFolder;
using plumbline::test::writeText;

namespace {

QString text(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

/// A drop of these files on the window, as the system would send it; the plan's sentence that was shown.
void drop(QWidget* window, const QList<QUrl>& urls) {
    QMimeData data;
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window, &enter);
    QDropEvent event(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window, &event);
}

} // namespace

class TestWindow : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<TempFolder> m_folder;
    std::unique_ptr<MainWindow> m_window;

    QString settingsFile() const { return text(*m_folder / "settings.ini"); }
    void open() {
        m_window = std::make_unique<MainWindow>(QStringLiteral(PLUMBLINE_FAKE_ENGINE), settingsFile());
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    }
    void makeProject(const char* name) {
        auto project = store::Project::create(*m_folder / name);
        QVERIFY(project.has_value());
        QVERIFY(test::fillProject(*project).has_value());
    }
    /// A sample that was opened before, as the engine would find it.
    void makeSample() {
        std::filesystem::create_directories(*m_folder / "sample");
        auto project = store::Project::create(*m_folder / "sample" / "sample.plumb");
        QVERIFY(project.has_value());
        QVERIFY(test::fillSample(*project).has_value());
        m_window->context().settings->setFolder(QStringLiteral("sample"), text(*m_folder / "sample"));
    }
    QPushButton* button(QWidget* place, const QString& label) const {
        for (auto* candidate : place->findChildren<QPushButton*>())
            if (candidate->text() == label)
                return candidate;
        return nullptr;
    }
    /// Triggers a menu entry as its key would.
    void choose(const QString& label) {
        for (QAction* action : m_window->findChildren<QAction*>())
            if (action->text().remove(u'&') == label) {
                action->trigger();
                return;
            }
        QFAIL(qPrintable(QStringLiteral("no menu entry ") + label));
    }
    bool says(const QString& words) const {
        const QStringList texts = m_window->messages()->texts();
        return std::any_of(texts.begin(), texts.end(), [&](const QString& t) { return t.contains(words); });
    }

private Q_SLOTS:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }
    void init() {
        m_folder = std::make_unique<TempFolder>();
        open();
    }
    void cleanup() {
        m_window.reset();
        m_folder.reset();
        qunsetenv("FAKE_ENGINE");
    }

    void noLibTorchAndNoQt5InThisProcess() {
        QFile maps(QStringLiteral("/proc/self/maps"));
        QVERIFY(maps.open(QIODevice::ReadOnly));
        const QByteArray all = maps.readAll();
        QVERIFY(all.contains("libQt6Widgets"));
        for (const char* name : {"libtorch", "libc10", "libQt5", "libopencv"})
            QVERIFY2(!all.contains(name), name);
    }
    void roomsByKeyboard() {
        makeProject("a.plumb");
        m_window->openProject(text(*m_folder / "a.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        const QStringList rooms{QStringLiteral("overview"), QStringLiteral("models"), QStringLiteral("images"),
                                QStringLiteral("probes"),   QStringLiteral("runs"),   QStringLiteral("compare"), QStringLiteral("mitigate")};
        for (int i = static_cast<int>(rooms.size()) - 1; i >= 0; --i) {
            QTest::keyClick(m_window.get(), static_cast<Qt::Key>(Qt::Key_1 + i), Qt::ControlModifier);
            QCOMPARE(m_window->currentRoom(), rooms[i]);
        }
        auto* list = m_window->findChild<RoomList*>();
        QTest::keyClick(m_window.get(), Qt::Key_F6);
        QVERIFY(list->hasFocus());
        QTest::keyClick(list, Qt::Key_Down);
        QCOMPARE(m_window->currentRoom(), QStringLiteral("models"));
        QTest::keyClick(m_window.get(), Qt::Key_F6);
        QVERIFY(!list->hasFocus());
        QTest::keyClick(m_window.get(), Qt::Key_F1);
        QTest::keyClick(m_window.get(), Qt::Key_Escape);
        QCOMPARE(m_window->currentRoom(), QStringLiteral("models"));
    }
    void editsAreUndoneAndRedone() {
        makeProject("a.plumb");
        m_window->openProject(text(*m_folder / "a.plumb"));
        ProjectLists* lists = m_window->context().lists;
        QTRY_VERIFY_WITH_TIMEOUT(lists->isLoaded(), 30000);
        const auto entry = [&](const char* word) {
            for (QAction* action : m_window->findChildren<QAction*>())
                if (QString(action->text()).remove(u'&').startsWith(QLatin1String(word)))
                    return action;
            return static_cast<QAction*>(nullptr);
        };
        QVERIFY(!entry("Undo")->isEnabled());
        QVERIFY(!entry("Redo")->isEnabled());

        // A model, by the page's button and by keys; it comes back under its number.
        m_window->showRoom(QStringLiteral("models"));
        const auto id = lists->models()->records().front().id;
        m_window->modelsPage()->table()->setCurrentSource(lists->models()->index(0, 0));
        button(m_window->modelsPage(), QStringLiteral("Remove"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(lists->models()->rowCount(), 1, 30000);
        QTRY_COMPARE(entry("Undo")->text().remove(u'&'), QStringLiteral("Undo removing faceclip-a"));
        QTRY_VERIFY(says(QStringLiteral("faceclip-a was removed")));
        QTest::keyClick(m_window.get(), Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(lists->models()->indexOf(id).isValid(), 30000);
        QVERIFY(!says(QStringLiteral("faceclip-a was removed"))); // its Undo would undo something else
        QTRY_COMPARE(entry("Redo")->text().remove(u'&'), QStringLiteral("Redo removing faceclip-a"));
        QTest::keyClick(m_window.get(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY_WITH_TIMEOUT(!lists->models()->indexOf(id).isValid(), 30000);
        entry("Undo")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(lists->models()->indexOf(id).isValid(), 30000);

        // What was typed into a probe set: the fields follow.
        m_window->showRoom(QStringLiteral("probes"));
        auto* probes = m_window->probesPage();
        probes->table()->setCurrentSource(lists->probes()->index(lists->probes()->rowCount() - 1, 0));
        auto* concepts = named<QPlainTextEdit>(probes, QStringLiteral("Concepts"));
        const QString before = concepts->toPlainText();
        concepts->setPlainText(QStringLiteral("pilot"));
        QVERIFY(!entry("Redo")->isEnabled() || entry("Redo")->text().contains(QStringLiteral("faceclip-a")));
        probes->flush();
        QTRY_COMPARE(entry("Undo")->text().remove(u'&'), QStringLiteral("Undo changing Office"));
        QVERIFY(!entry("Redo")->isEnabled()); // another edit was made
        concepts->setPlainText(QStringLiteral("pilot\nnurse")); // one step with the edit before
        probes->flush();
        QTRY_COMPARE_WITH_TIMEOUT(lists->probes()->records().back().probe.concepts.size(), std::size_t(2), 30000);
        entry("Undo")->trigger();
        QTRY_COMPARE_WITH_TIMEOUT(concepts->toPlainText(), before, 30000);
        entry("Redo")->trigger();
        QTRY_COMPARE_WITH_TIMEOUT(concepts->toPlainText(), QStringLiteral("pilot\nnurse"), 30000);

        // A run.
        const int runs = lists->runs()->rowCount();
        auto* room = m_window->findChild<RunsRoom*>();
        m_window->showRoom(QStringLiteral("runs"));
        Q_EMIT room->findChild<RunsPage*>()->removeRequested(1);
        QTRY_COMPARE_WITH_TIMEOUT(lists->runs()->rowCount(), runs - 1, 30000);
        QTRY_VERIFY(button(m_window->messages(), QStringLiteral("Undo")) != nullptr);
        button(m_window->messages(), QStringLiteral("Undo"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(lists->runs()->rowCount(), runs, 30000);
        QVERIFY(lists->runs()->indexOf(1).isValid());

        // What another program changed since stays as that program left it.
        QTRY_COMPARE(entry("Undo")->text().remove(u'&'), QStringLiteral("Undo changing Office"));
        const auto probe = lists->probes()->records().back();
        {
            auto other = store::Project::open(*m_folder / "a.plumb");
            QVERIFY(other.has_value());
            ProbeSet changed = probe.probe;
            changed.name = "Elsewhere";
            QVERIFY(other->updateProbe(probe.id, changed).has_value());
        }
        entry("Undo")->trigger();
        QTRY_VERIFY(says(QStringLiteral("Cannot undo changing Office. What it changed was changed again since.")));
        QTRY_COMPARE(lists->probes()->records().back().probe.name, std::string("Elsewhere"));

        // What the engine added; closing forgets everything.
        m_window->context().project->history()->added(QStringLiteral("adding a model"), [id](store::Project& project) {
            return project.removeModel(id);
        });
        entry("Undo")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(!lists->models()->indexOf(id).isValid(), 30000);
        entry("Redo")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(lists->models()->indexOf(id).isValid(), 30000);
        entry("Undo")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(!lists->models()->indexOf(id).isValid(), 30000);
        m_window->context().project->close();
        QVERIFY(!entry("Undo")->isEnabled());
        QVERIFY(!entry("Redo")->isEnabled());
    }
    void aCommandIsFoundByPartsOfItsName() {
        makeProject("a.plumb");
        m_window->openProject(text(*m_folder / "a.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        const auto palette = [&] {
            m_window->activateWindow();
            [&] { QVERIFY(QTest::qWaitForWindowActive(m_window.get())); }();
            QTest::keyClick(m_window.get(), Qt::Key_K, Qt::ControlModifier);
            return m_window->findChild<CommandPalette*>();
        };
        CommandPalette* commands = palette();
        QVERIFY(commands != nullptr && commands->isVisible());
        const QStringList all = commands->shown();
        QVERIFY(all.contains(QStringLiteral("Project › Open…")));
        QVERIFY(all.contains(QStringLiteral("View › Appearance › Dark")));
        // Every word must be there, in any order; a word's beginning counts most.
        QTest::keyClicks(commands->line(), QStringLiteral("image add"));
        QCOMPARE(commands->shown(), QStringList{QStringLiteral("Project › Add images…")});
        commands->line()->setText(QStringLiteral("mod"));
        QVERIFY(commands->shown().size() > 1);
        commands->line()->setText(QStringLiteral("no such thing"));
        QVERIFY(commands->shown().isEmpty());
        QTest::keyClick(commands->line(), Qt::Key_Return); // nothing to do, and nothing is done
        QVERIFY(commands->isVisible());
        // A run is gone to by its number, without the mouse.
        commands->line()->setText(QStringLiteral("run 1 ·"));
        QVERIFY2(!commands->shown().isEmpty() && commands->shown().first().startsWith(QStringLiteral("Runs › Run 1")),
                 qPrintable(commands->shown().join(u'|')));
        QTest::keyClick(commands->line(), Qt::Key_Return);
        QCOMPARE(m_window->currentRoom(), QStringLiteral("runs"));
        QTRY_VERIFY(m_window->findChild<CommandPalette*>() == nullptr);
        commands = palette();
        commands->line()->setText(QStringLiteral("view models"));
        QTest::keyClick(commands->line(), Qt::Key_Return);
        QCOMPARE(m_window->currentRoom(), QStringLiteral("models"));
        QTRY_VERIFY(m_window->findChild<CommandPalette*>() == nullptr);
        // What cannot be chosen now is not offered.
        choose(QStringLiteral("Close"));
        QTRY_VERIFY(!m_window->context().project->isOpen());
        QVERIFY(!palette()->shown().contains(QStringLiteral("Audit › New audit")));
    }
    void aRunIsHandedOverAndVerified() {
        makeProject("a.plumb");
        m_window->openProject(text(*m_folder / "a.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        m_window->showRoom(QStringLiteral("runs"));
        auto* room = m_window->findChild<RunsRoom*>();
        auto* page = room->findChild<RunsPage*>();
        QPushButton* hand = nullptr;
        for (auto* each : page->findChildren<QPushButton*>())
            if (QString(each->text()).remove(u'&') == u"Report")
                hand = each;
        QVERIFY(hand != nullptr && hand->menu() != nullptr);
        room->showRun(1);
        QTRY_VERIFY_WITH_TIMEOUT(hand->isEnabled(), 30000);
        QSignalSpy reports(page, &RunsPage::reportRequested), verified(page, &RunsPage::verifyRequested);
        const auto action = [&](QStringView words) {
            const auto all = hand->menu()->actions();
            return *std::ranges::find_if(all, [&](const QAction* each) { return each->text().contains(words); });
        };
        QAction* verify = action(u"Verify");
        action(u"Compare")->trigger();
        QCOMPARE(m_window->currentRoom(), QStringLiteral("compare"));
        m_window->showRoom(QStringLiteral("runs"));
        verify->trigger();
        QCOMPARE(verified.count(), 1);
        const auto run = verified[0][0].toLongLong();
        QTRY_VERIFY_WITH_TIMEOUT(
            says(run == 1 ? QStringLiteral("the same to the last digit") : QStringLiteral("not the same")), 30000);
        const QString file = text(*m_folder / "report of run.html");
        auto* writer = m_window->findChild<ReportWriter*>();
        writer->write({run, {}, QStringLiteral("ids"), {}}, file);
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("was written to ") + file), 30000);
        const QString pages = text(*m_folder / "report of run.pdf");
        writer->write({run, {}, QStringLiteral("none"), {}}, pages);
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("was written to ") + pages), 30000);
        QVERIFY(test::readText(*m_folder / "report of run.pdf").starts_with("%PDF-"));
        writer->write({run, {}, QStringLiteral("none"), {}}, text(*m_folder / "no folder" / "r.pdf"));
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("r.pdf")) && says(QStringLiteral("cannot be written")), 30000);
        QVERIFY(reports.isEmpty()); // nothing else was asked
        action(u"Look at the report")->trigger();
        QCOMPARE(m_window->currentRoom(), QStringLiteral("report"));
        QCOMPARE(m_window->reportPage()->wish().run, run);
    }
    void rowsOfATableAreFound() {
        makeProject("a.plumb");
        m_window->openProject(text(*m_folder / "a.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        m_window->showRoom(QStringLiteral("models"));
        TableView* table = m_window->modelsPage()->table();
        const int rows = table->model()->rowCount();
        QVERIFY(rows > 1);
        QTest::keyClick(m_window.get(), Qt::Key_F, Qt::ControlModifier);
        TableSearch* search = TableSearch::of(table);
        QVERIFY(search != nullptr && search->isVisible());
        const QString name = table->model()->index(0, 0).data().toString();
        search->line()->setText(name);
        QVERIFY(table->model()->rowCount() >= 1 && table->model()->rowCount() < rows);
        QCOMPARE(table->model()->index(0, 0).data().toString(), name);
        search->line()->setText(QStringLiteral("no such model"));
        QCOMPARE(table->model()->rowCount(), 0);
        QTest::keyClick(search->line(), Qt::Key_Escape);
        QVERIFY(!search->isVisible());
        QCOMPARE(table->model()->rowCount(), rows);
        QVERIFY(table->hasFocus());
    }
    void theHelpListsTheKeysThatTheMenusHave() {
        choose(QStringLiteral("Help and keyboard"));
        QStringList texts;
        for (const QLabel* label : m_window->findChild<HelpPage*>()->findChildren<QLabel*>())
            texts << label->text();
        int keys = 0;
        for (const Command& command : commandsOf(m_window->menuBar()))
            if (!command.keys.isEmpty()) {
                ++keys;
                QVERIFY2(texts.contains(command.keys), qPrintable(command.keys));
                QVERIFY2(texts.contains(command.name), qPrintable(command.name));
            }
        QVERIFY(keys > 10);
    }
    void theHelpHoldsTheGlossary() {
        choose(QStringLiteral("Glossary"));
        auto* help = m_window->findChild<HelpPage*>();
        QTRY_VERIFY_WITH_TIMEOUT(help->isVisible(), 30000);
        const report::GlossaryEntry ndkl = *report::glossaryEntry("ndkl");
        help->showGlossary(fromUtf8(ndkl.term));
        const auto selected = [help] {
            QStringList all;
            for (const QLabel* label : help->findChildren<QLabel*>())
                if (label->hasSelectedText() && !label->visibleRegion().isEmpty())
                    all << label->selectedText();
            return all;
        };
        QTRY_VERIFY_WITH_TIMEOUT(!selected().isEmpty(), 30000);
        QCOMPARE(selected(), QStringList{fromUtf8(ndkl.meaning)});
    }
    void settingsHoldAtOnce() {
        const auto file = [this] { return Settings(settingsFile()).appearance(); };
        QTest::keyClick(m_window.get(), Qt::Key_Comma, Qt::ControlModifier);
        auto* page = m_window->findChild<SettingsPage*>();
        QTRY_VERIFY(page->isVisible());
        auto* appearance = page->findChild<QComboBox*>();
        QTRY_VERIFY(appearance->hasFocus());
        QTest::keyClick(appearance, Qt::Key_End);
        QCOMPARE(appearance->currentData().toString(), QStringLiteral("dark"));
        QTRY_VERIFY(theme::isDark(m_window->palette()));
        QCOMPARE(file(), QStringLiteral("dark"));
        for (const Command& command : commandsOf(m_window->menuBar())) // the menu goes with it, and the other way round
            if (command.name == u"View › Appearance › Light") {
                command.run();
                QCOMPARE(appearance->currentData().toString(), QStringLiteral("light"));
                QTRY_VERIFY(!theme::isDark(m_window->palette()));
            }
        QCOMPARE(file(), QStringLiteral("light"));

        QLineEdit* vocabulary = nullptr;
        for (QLineEdit* line : page->findChildren<QLineEdit*>())
            if (line->accessibleName() == u"Vocabulary")
                vocabulary = line;
        QVERIFY(vocabulary != nullptr);
        vocabulary->setText(QStringLiteral("/no/such/folder")); // as it would stand while it is typed
        QCOMPARE(Settings(settingsFile()).vocabulary(), QString());
        vocabulary->setText(text(m_folder->path()));
        QCOMPARE(Settings(settingsFile()).vocabulary(), text(m_folder->path()));

        for (QCheckBox* box : page->findChildren<QCheckBox*>())
            QTest::keyClick(box, Qt::Key_Space);
        QVERIFY(!Settings(settingsFile()).alertsWhenDone());
        QTest::keyClick(m_window.get(), Qt::Key_Escape);
        QVERIFY(!page->isVisible());
        theme::apply(*qApp, theme::Appearance::System);
    }
    void theLogTellsWhatTheEngineSaid() {
        QTest::keyClick(m_window.get(), Qt::Key_L, Qt::ControlModifier);
        auto* page = m_window->findChild<LogPage*>();
        QTRY_VERIFY(page->isVisible());
        EngineLog& log = *page->log();
        const QAbstractItemModelTester tester(&log, QAbstractItemModelTester::FailureReportingMode::QtTest);
        log.clear();
        for (QPushButton* button : page->findChildren<QPushButton*>())
            QCOMPARE(button->isEnabled(), button->text() == u"Back"); // nothing to copy, to save, to clear
        Q_EMIT m_window->context().engine->logLine(QStringLiteral("two\nlines\tand a tab"));
        Q_EMIT m_window->context().work->started(QStringLiteral("Audit"));
        Q_EMIT m_window->context().work->ended(QStringLiteral("Audit"), RunningWork::End::Failed, 1.25);
        QCOMPARE(log.rowCount(), 3);
        const auto words = [&log](int row) { return log.index(row, EngineLog::Text).data().toString(); };
        QCOMPARE(words(0), QStringLiteral("two lines and a tab"));
        QCOMPARE(words(1), QStringLiteral("began: Audit"));
        QVERIFY2(words(2).startsWith(u"failed after 1.") && words(2).endsWith(u"s: Audit"), qPrintable(words(2)));
        for (QPushButton* button : page->findChildren<QPushButton*>())
            if (button->text() == u"Copy all")
                button->click();
        const QStringList copied = QApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(copied.size(), 3);
        QCOMPARE(copied[0].count(u'\t'), 2);

        for (int i = 0; i < EngineLog::kLines; ++i)
            log.add(QStringLiteral("Engine"), QString::number(i));
        QCOMPARE(log.rowCount(), EngineLog::kLines); // the oldest have gone
        QCOMPARE(words(EngineLog::kLines - 1), QString::number(EngineLog::kLines - 1));
        QTest::keyClick(m_window.get(), Qt::Key_Escape);
        QVERIFY(!page->isVisible());
    }
    void tabGoesThroughEveryPageAndComesRound() {
        makeProject("a.plumb");
        m_window->openProject(text(*m_folder / "a.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        for (const QString& room : m_window->findChild<RoomList*>()->rooms()) {
            m_window->showRoom(room);
            m_window->findChild<RoomList*>()->setFocus();
            QSet<QWidget*> seen;
            for (int i = 0; i < 200 && !seen.contains(QApplication::focusWidget()); ++i) {
                QWidget* focus = QApplication::focusWidget();
                QVERIFY(focus != nullptr);
                QVERIFY2(focus->isVisible(), focus->metaObject()->className());
                seen.insert(focus);
                QTest::keyClick(focus, Qt::Key_Tab);
            }
            QStringList names;
            for (const QWidget* widget : seen)
                names.append(QString::fromLatin1(widget->metaObject()->className()));
            QVERIFY2(seen.size() > 1 && seen.size() < 100, qPrintable(room + QStringLiteral(": ") + names.join(u' ')));
        }
    }
    void aProjectIsOpenedShownClosedAndRemembered() {
        makeProject("audit.plumb");
        const QString path = text(*m_folder / "audit.plumb");
        m_window->openProject(path);
        QTRY_COMPARE_WITH_TIMEOUT(m_window->overviewPage()->runs()->model()->rowCount(), 2, 30000);
        QVERIFY(m_window->windowTitle().startsWith(QStringLiteral("audit")));
        QCOMPARE(m_window->context().settings->recentProjects().first(), path);
        m_window->showRoom(QStringLiteral("images"));
        m_window->resize(1111, 777);
        m_window->close();

        open();
        m_window->restoreLastProject();
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        QTRY_COMPARE_WITH_TIMEOUT(m_window->currentRoom(), QStringLiteral("images"), 30000);
        QCOMPARE(m_window->size(), QSize(1111, 777));
        QTest::keyClick(m_window.get(), Qt::Key_W, Qt::ControlModifier);
        QVERIFY(!m_window->context().project->isOpen());
        m_window->close();

        open();
        m_window->restoreLastProject(); // it was closed on purpose
        QVERIFY(!m_window->context().project->isOpen());
        QTest::qWait(100);
        QVERIFY(!m_window->context().project->isOpen());
    }
    void aBrokenProjectIsAMessage() {
        writeText(*m_folder / "notes.plumb", std::string(5000, 'x'));
        m_window->openProject(text(*m_folder / "notes.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(!m_window->messages()->texts().isEmpty(), 30000);
        QVERIFY(says(QStringLiteral("notes.plumb")));
        QCOMPARE(QApplication::activeModalWidget(), nullptr);
        m_window->openProject(text(*m_folder / "gone.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("gone.plumb")), 30000);
    }
    void aReadOnlyProjectIsSaidToBe() {
        makeProject("a.plumb");
        const auto path = *m_folder / "a.plumb";
        std::filesystem::permissions(path, std::filesystem::perms::owner_read);
        std::filesystem::permissions(m_folder->path(),
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
        const auto restore = qScopeGuard([&] {
            std::filesystem::permissions(m_folder->path(), std::filesystem::perms::owner_all);
            std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        });
        if (QFile(text(path)).open(QIODevice::ReadWrite))
            QSKIP("this user may write everything");
        m_window->openProject(text(path));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        QVERIFY(m_window->context().project->isReadOnly());
        QVERIFY(says(QStringLiteral("write-protected")));
    }

    // Dropping --------------------------------------------------------------------------------------------------------
    void dropsAreUnderstood() {
        namespace fs = std::filesystem;
        const fs::path root = m_folder->path();
        fs::create_directories(root / "clip");
        writeText(root / "clip" / "config.json", "{}");
        fs::create_directories(root / "openclip");
        writeText(root / "openclip" / "open_clip_config.json", "{}");
        fs::create_directories(root / "photos 😀" / "val");
        writeText(root / "photos 😀" / "val" / "1.JPG", "x");
        fs::create_directories(root / "nothing");
        writeText(root / "nothing" / "readme.txt", "x");
        writeText(root / "labels.csv", "file,gender\n");
        writeText(root / "probe.json", "{}");
        const auto url = [&](const char* name) { return QUrl::fromLocalFile(text(root / name)); };

        DropPlan plan = planDrop({url("clip"), url("openclip")}, true);
        QCOMPARE(plan.models.size(), 2);
        plan = planDrop({url("clip/config.json")}, true); // a file of the folder stands for it
        QCOMPARE(plan.models, QStringList{text(root / "clip")});
        plan = planDrop({url("labels.csv"), url("photos 😀")}, false);
        QCOMPARE(plan.imageFolder, text(root / "photos 😀"));
        QCOMPARE(plan.labels, text(root / "labels.csv"));
        QVERIFY(plan.sentence.contains(QStringLiteral("labels.csv")) &&
                plan.sentence.contains(QStringLiteral("new project")));
        plan = planDrop({url("photos 😀/val/1.JPG")}, true);
        QCOMPARE(plan.imageFolder, text(root / "photos 😀" / "val"));
        plan = planDrop({url("probe.json")}, true);
        QCOMPARE(plan.probe, text(root / "probe.json"));
        writeText(root / "jobs.txt", "a photo of a {}\nnurse\n"); // a plain list
        plan = planDrop({url("jobs.txt")}, true);
        QCOMPARE(plan.probe, text(root / "jobs.txt"));
        QVERIFY2(plan.sentence.contains(QStringLiteral("jobs.txt")), qPrintable(plan.sentence));
        plan = planDrop({url("nothing"), QUrl(QStringLiteral("https://example.org/a.csv"))}, true);
        QVERIFY(!plan.isUseful());
        QVERIFY(!plan.sentence.isEmpty());
        plan = planDrop({QUrl::fromLocalFile(text(root / "clip" / "vocab.json"))}, true); // any of its JSON files
        QCOMPARE(plan.models, QStringList{text(root / "clip")});
        plan = planDrop({url("clip"), QUrl::fromLocalFile(text(root / "x.plumb"))}, true);
        QCOMPARE(plan.project, text(root / "x.plumb"));
    }
    void modelsAreDroppedAsFilesAndFolders() {
        namespace fs = std::filesystem;
        const fs::path root = m_folder->path();
        const auto write = [&](const char* name) {
            fs::create_directories((root / name).parent_path());
            writeText(root / name, "x");
        };
        const auto models = [&](std::initializer_list<const char*> names) {
            QList<QUrl> urls;
            for (const char* name : names)
                urls.append(QUrl::fromLocalFile(text(root / name)));
            return planDrop(urls, true).models;
        };
        const auto paths = [&](std::initializer_list<const char*> names) {
            QStringList all;
            for (const char* name : names)
                all.append(text(root / name));
            return all;
        };
        for (const char* name :
             {"alone/ViT-B-32.pt", "one/config.json", "one/model.safetensors", "two/open_clip_config.json",
              "two/a.safetensors", "two/b.bin", "parts/config.json", "parts/model-00001-of-00002.safetensors",
              "parts/model-00002-of-00002.safetensors", "mixed/features.pt", "mixed/1.jpg",
              "hub/models--openai--clip/snapshots/1/config.json"})
            write(name);
        for (const char* suffix : {"safetensors", "bin", "pt", "pth", "ckpt"}) {
            const std::string name = std::string("files/w.") + suffix;
            write(name.c_str());
            QCOMPARE(models({name.c_str()}), paths({name.c_str()}));
        }
        QCOMPARE(models({"alone"}), paths({"alone"}));
        QCOMPARE(models({"one/model.safetensors"}), paths({"one"})); // stands for its folder
        QCOMPARE(models({"one/config.json", "one/model.safetensors"}), paths({"one"}));
        QCOMPARE(models({"two/b.bin"}), paths({"two/b.bin"})); // the one that was meant
        QCOMPARE(models({"two/b.bin", "two"}), paths({"two"}));
        QCOMPARE(models({"parts/model-00002-of-00002.safetensors"}), paths({"parts"}));
        QCOMPARE(models({"hub"}), paths({"hub"}));
        QCOMPARE(models({"hub/models--openai--clip"}), paths({"hub/models--openai--clip"}));
        QCOMPARE(models({"mixed"}), QStringList()); // images with something beside them
        const DropPlan plan = planDrop({QUrl::fromLocalFile(text(root / "hub/models--openai--clip"))}, true);
        QVERIFY(plan.sentence.contains(QStringLiteral("openai/clip")));
    }
    void aDroppedFileOfWeightsIsAdded() {
        makeProject("a.plumb");
        m_window->openProject(text(*m_folder / "a.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        writeText(*m_folder / "ViT-B-32.pt", "x");
        drop(m_window.get(), {QUrl::fromLocalFile(text(*m_folder / "ViT-B-32.pt"))});
        QCOMPARE(m_window->currentRoom(), QStringLiteral("models"));
        QCOMPARE(m_window->context().work->rowCount(), 1);
        QCOMPARE(m_window->context().work->index(0).data().toString(), QStringLiteral("Adding model ViT-B-32.pt"));
    }
    void aDropOnTheEmptyWindowMakesAProject() {
        namespace fs = std::filesystem;
        fs::create_directories(*m_folder / "photos");
        writeText(m_folder->path() / "photos" / "1.jpg", "x");
        drop(m_window.get(), {QUrl::fromLocalFile(text(*m_folder / "photos"))});
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().project->isOpen(), 30000);
        const QString path = m_window->context().project->path();
        const auto remove = qScopeGuard([&] {
            m_window.reset();
            QFile::remove(path);
        });
        QVERIFY(path.startsWith(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation)));
        QVERIFY(says(path));
        QCOMPARE(m_window->currentRoom(), QStringLiteral("images"));
        QVERIFY(m_window->imagesPage()->form()->isVisible());
        drop(m_window.get(), {QUrl::fromLocalFile(text(*m_folder / "nowhere"))}); // does nothing
        QCOMPARE(m_window->context().project->path(), path);
    }
    void aDroppedProjectIsOpened() {
        makeProject("dropped.plumb");
        drop(m_window.get(), {QUrl::fromLocalFile(text(*m_folder / "dropped.plumb"))});
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        QCOMPARE(m_window->context().lists->models()->rowCount(), 2);
    }

    // The sample ------------------------------------------------------------------------------------------------------
    void theSampleIsOneClickAway() {
        makeSample();
        QPushButton* open = button(m_window->overviewPage(), QStringLiteral("Open the sample"));
        QVERIFY(open != nullptr && open->isVisible() && !open->accessibleDescription().isEmpty());
        open->setFocus();
        QTest::keyClick(open, Qt::Key_Space);
        QVERIFY(!open->isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().project->isOpen(), 30000);
        QCOMPARE(m_window->context().project->path(), text(*m_folder / "sample" / "sample.plumb"));
        QCOMPARE(m_window->currentRoom(), QStringLiteral("runs"));
        auto* tour = m_window->findChild<TourPanel*>();
        QTRY_VERIFY_WITH_TIMEOUT(tour->isVisible(), 30000);
        QTRY_VERIFY_WITH_TIMEOUT(tour->isAncestorOf(QApplication::focusWidget()), 30000);
        QVERIFY(m_window->findChild<RunPicker*>()->currentRun() == 2);
        QVERIFY(open->isEnabled());
        QVERIFY(m_window->messages()->texts().isEmpty());
        // Again, from the menu, while it is open: only its run is shown.
        m_window->showRoom(QStringLiteral("models"));
        QSignalSpy opened(m_window->context().project, &ProjectService::opened);
        choose(QStringLiteral("Open the sample"));
        QTRY_COMPARE_WITH_TIMEOUT(m_window->currentRoom(), QStringLiteral("runs"), 30000);
        QCOMPARE(opened.count(), 0);
    }
    void openingTheSampleCanBeCancelled() {
        m_window->context().settings->setFolder(QStringLiteral("sample"), text(*m_folder / "slow"));
        QPushButton* open = button(m_window->overviewPage(), QStringLiteral("Open the sample"));
        open->click();
        RunningWork* work = m_window->context().work;
        QTRY_VERIFY_WITH_TIMEOUT(work->index(0).data(RunningWork::DoneRole).toInt() > 0, 30000);
        QCOMPARE(work->index(0).data(RunningWork::StageRole).toString(), QStringLiteral("Painting portraits"));
        QVERIFY(!open->isEnabled());
        open->click();
        choose(QStringLiteral("Open the sample")); // neither asks for a second one
        QCOMPARE(work->rowCount(), 1);
        QTest::keyClick(m_window.get(), Qt::Key_Escape);
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("cancelled")), 30000);
        QVERIFY(open->isEnabled());
        QCOMPARE(work->rowCount(), 0);
        QVERIFY(!m_window->context().project->isOpen());
        button(m_window->messages(), QStringLiteral("Try again"))->click();
        QCOMPARE(work->rowCount(), 1);
        QVERIFY(m_window->messages()->texts().isEmpty());
        // Opening something else instead cancels it, and is not interrupted later on.
        makeProject("other.plumb");
        m_window->openProject(text(*m_folder / "other.plumb"));
        QTRY_COMPARE_WITH_TIMEOUT(work->rowCount(), 0, 30000);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().project->isOpen(), 30000);
        QCOMPARE(m_window->context().project->path(), text(*m_folder / "other.plumb"));
    }
    void aSampleThatCannotBeMadeIsSaid() {
        m_window->context().settings->setFolder(QStringLiteral("sample"), text(*m_folder / "full"));
        choose(QStringLiteral("Open the sample"));
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("Free some space")), 30000);
        QVERIFY(button(m_window->overviewPage(), QStringLiteral("Open the sample"))->isEnabled());
        QVERIFY(!m_window->context().project->isOpen());
        QCOMPARE(QApplication::activeModalWidget(), nullptr);
    }
    void theTourComesBackUntilItIsNotWanted() {
        makeSample();
        const auto showSample = [&] {
            choose(QStringLiteral("Open the sample"));
            QTRY_COMPARE_WITH_TIMEOUT(m_window->currentRoom(), QStringLiteral("runs"), 30000);
            auto* chart = m_window->findChild<PlumbTable*>();
            QTRY_COMPARE_WITH_TIMEOUT(chart->model()->rowCount(), 18, 30000);
        };
        const auto tour = [&] { return m_window->findChild<TourPanel*>(); };
        showSample();
        QTRY_VERIFY_WITH_TIMEOUT(tour()->isVisible(), 30000);
        // Escape closes it for now, wherever the keyboard is; in the panel even while something runs.
        m_window->findChild<RoomList*>()->setFocus();
        QTest::keyClick(m_window.get(), Qt::Key_Escape);
        QVERIFY(!tour()->isOpen());
        m_window->findChild<RunPicker*>()->setCurrentRun(1);
        m_window->findChild<RunPicker*>()->setCurrentRun(2);
        QTest::qWait(300);
        QVERIFY(!tour()->isOpen()); // not twice in a session by itself
        choose(QStringLiteral("Show the tour"));
        QVERIFY(tour()->isVisible());
        RunningWork* work = m_window->context().work;
        work->start(QStringLiteral("test"), QStringLiteral("Slow"), QStringLiteral("test/slow"), {}, this,
                    [](const Outcome<QJsonObject>&) {});
        tour()->takeKeyboard();
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
        QVERIFY(!tour()->isOpen());
        QCOMPARE(work->rowCount(), 1);
        QTest::keyClick(m_window.get(), Qt::Key_Escape);
        QTRY_COMPARE_WITH_TIMEOUT(work->rowCount(), 0, 30000);
        m_window->close();

        open(); // the next session offers it again
        showSample();
        QTRY_VERIFY_WITH_TIMEOUT(tour()->isVisible(), 30000);
        button(tour(), QStringLiteral("Do not show again"))->click();
        QVERIFY(!tour()->isOpen());
        m_window->close();

        open(); // and after that, none does by itself
        showSample();
        QTest::qWait(300);
        QVERIFY(!tour()->isOpen());
        choose(QStringLiteral("Show the tour"));
        QVERIFY(tour()->isVisible());
    }
    void aTourWithoutARunOffersTheSample() {
        makeSample();
        choose(QStringLiteral("Show the tour"));
        QVERIFY(says(QStringLiteral("The sample brings one")));
        button(m_window->messages(), QStringLiteral("Open the sample"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<TourPanel*>()->isVisible(), 30000);
    }

    // The engine ------------------------------------------------------------------------------------------------------
    void aDeadEngineIsSaidAndRestarted() {
        Engine* engine = m_window->context().engine;
        auto* bar = m_window->findChild<WorkBar*>();
        engine->request(QStringLiteral("test/crash"), {}, this, [](const Outcome<QJsonObject>&) {});
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("engine")), 30000);
        QVERIFY(bar->engineText().contains(QStringLiteral("stopped")));
        const auto buttons = m_window->messages()->findChildren<QPushButton*>();
        const auto restart = std::find_if(buttons.begin(), buttons.end(), [](const QPushButton* button) {
            return button->text() == QStringLiteral("Restart engine");
        });
        QVERIFY(restart != buttons.end());
        (*restart)->click();
        QTRY_COMPARE_WITH_TIMEOUT(engine->state(), Engine::State::Ready, 30000);
        QVERIFY(bar->engineText().contains(QStringLiteral("OpenBLAS")));
        QVERIFY(m_window->messages()->texts().isEmpty());
    }
    void aSlowBlasIsSaid() {
        qputenv("FAKE_ENGINE", "slow");
        m_window->context().engine->start();
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("libopenblas0-openmp")), 30000);
        QVERIFY(m_window->findChild<WorkBar*>()->engineText().contains(QStringLiteral("slow")));
    }
    void escapeCancelsWhatRuns() {
        RunningWork* work = m_window->context().work;
        bool cancelled = false;
        work->start(QStringLiteral("test"), QStringLiteral("Slow"), QStringLiteral("test/slow"), {}, this,
                    [&](const Outcome<QJsonObject>& answer) { cancelled = !answer && answer.error().cancelled(); });
        QTRY_VERIFY_WITH_TIMEOUT(work->index(0).data(RunningWork::DoneRole).toInt() > 0, 30000);
        QTest::keyClick(m_window.get(), Qt::Key_Escape);
        QTRY_VERIFY_WITH_TIMEOUT(cancelled, 30000);
        QCOMPARE(work->rowCount(), 0);
    }

    // Appearance ------------------------------------------------------------------------------------------------------
    void lightAndDarkAreReadable_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void lightAndDarkAreReadable() {
        QFETCH(const bool, dark);
        const auto luminance = [](const QColor& colour) {
            const auto channel = [](double c) { return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
            return 0.2126 * channel(colour.redF()) + 0.7152 * channel(colour.greenF()) +
                   0.0722 * channel(colour.blueF());
        };
        const auto contrast = [&](const QColor& a, const QColor& b) { // WCAG 2.1, 1.4.3
            const double x = luminance(a), y = luminance(b);
            return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
        };
        const QPalette palette = theme::ownPalette(dark);
        QCOMPARE(theme::isDark(palette), dark);
        for (const QColor& surface : {theme::card(palette), theme::page(palette), theme::sidebar(palette)}) {
            QVERIFY(contrast(palette.color(QPalette::WindowText), surface) >= 7);
            QVERIFY2(contrast(theme::muted(palette), surface) >= 4.5, qPrintable(surface.name()));
        }
        QVERIFY(contrast(theme::muted(palette), theme::selection(palette)) >= 4.5);
        QVERIFY(contrast(theme::onAccent(palette), theme::accent(palette)) >= 4.5);
        for (const auto severity : {Severity::Note, Severity::Warning, Severity::Error})
            QVERIFY(contrast(theme::signal(severity, palette), theme::card(palette)) >= 4.5);
    }
    void aSwitchOfAppearanceReachesEverything() {
        theme::apply(*qApp, theme::Appearance::Light);
        const QColor light = m_window->grab().toImage().pixelColor(400, 500);
        theme::apply(*qApp, theme::Appearance::Dark);
        QTest::qWait(20);
        const QColor dark = m_window->grab().toImage().pixelColor(400, 500);
        QVERIFY(light.lightness() > 200 && dark.lightness() < 80);
        theme::apply(*qApp, theme::Appearance::System);
    }
};

QTEST_MAIN(TestWindow)
#include "tst_window.moc"
