// SPDX-License-Identifier: GPL-3.0-or-later
// What was shown as saved is there after any kill. The program starts itself as a window on a copy of the sample that
// walks through its rooms, edits probe sets and runs audits, and says on standard output what the window showed as
// saved; the window or its engine is killed at a moment that nobody chose, and the project is opened. Four kills, or as
// many as PLUMBLINE_KILLS says.
#include <cstdio>
#include <functional>
#include <set>

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProcess>
#include <QRandomGenerator>
#include <QStandardPaths>
#include <QTest>

#include "app/window/main_window.h"
#include "tests/support/test_support.h"
#include "tests/ui/named.h"
#include "ui/pages/audit/new_audit_panel.h"
#include "ui/pages/probes/probes_page.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::named;

namespace {

constexpr int kPatienceMs = 120'000;
/// The longest that a walk goes on before it is killed.
constexpr int kWalkMs = 4000;

QString text(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

std::filesystem::path plumb() {
    return test::binaryFolder() / "bin" / "plumb";
}

void say(const QString& line) {
    std::fputs(qPrintable(line + u'\n'), stdout);
    std::fflush(stdout);
}

/// The walk, until it is killed. `name` begins the names of its probe sets.
int walk(const QString& project, const QString& settings, const QString& name) {
    MainWindow window(text(plumb()), settings);
    window.show();
    window.openProject(project);
    auto* lists = window.context().lists;
    if (!QTest::qWaitFor([&] { return lists->isLoaded(); }, kPatienceMs))
        return 1;
    say(QStringLiteral("open"));
    for (int step = 0;; ++step) {
        const QString probe = QStringLiteral("%1-%2").arg(name).arg(step);
        window.showRoom(QStringLiteral("probes"));
        window.probesPage()->newProbe();
        auto* line = named<QLineEdit>(window.probesPage(), QStringLiteral("Name"));
        if (!QTest::qWaitFor([&] { return line->text() == u"New probe set" && !line->isReadOnly(); }, kPatienceMs))
            return 2;
        line->selectAll();
        QTest::keyClicks(line, probe);
        const auto stored = [&] {
            for (const QLabel* label : window.probesPage()->findChildren<QLabel*>())
                if (label->text() == u"Stored in this project")
                    return true;
            return false;
        };
        if (!QTest::qWaitFor(stored, kPatienceMs))
            return 3;
        say(QStringLiteral("probe ") + probe);

        for (const char* room : {"overview", "models", "images", "runs", "compare", "mitigate"}) {
            window.showRoom(QLatin1String(room));
            QTest::qWait(5);
        }

        std::set<std::int64_t> before;
        for (const auto& run : lists->runs()->records())
            before.insert(run.id);
        window.showNewAudit();
        NewAuditPanel* panel = window.auditPanel();
        named<QPlainTextEdit>(panel, QStringLiteral("Prompts, one a line"))
            ->setPlainText(QStringLiteral("a photo of a nurse, ") + probe);
        auto* attributes = named<QListWidget>(panel, QStringLiteral("Attributes"));
        for (int row = 0; row < attributes->count(); ++row)
            attributes->item(row)->setCheckState(row == 0 ? Qt::Checked : Qt::Unchecked);
        panel->run();
        const auto finished = [&]() -> std::int64_t {
            for (const auto& run : lists->runs()->records())
                if (!before.contains(run.id) && run.state == RunState::Done)
                    return run.id;
            return 0;
        };
        // After its engine was killed the audit has failed, and the window goes on.
        if (!QTest::qWaitFor([&] { return finished() != 0 || window.context().work->rowCount() == 0; }, kPatienceMs))
            return 4;
        if (QTest::qWaitFor([&] { return finished() != 0; }, 500))
            say(QStringLiteral("run %1").arg(finished()));
    }
}

/// The first child of a process, 0 without one.
qint64 childOf(qint64 process) {
    QFile children(QStringLiteral("/proc/%1/task/%1/children").arg(process));
    return children.open(QIODevice::ReadOnly) ? children.readAll().trimmed().split(' ').value(0).toLongLong() : 0;
}

} // namespace

class TestKills : public QObject {
    Q_OBJECT

private:
    test::TempFolder m_folder;
    QString m_project;
    std::set<std::string> m_probes;
    std::set<std::int64_t> m_runs;

    /// Takes what the walk said; what was cut off by the kill was not said.
    void take(QProcess& child, QByteArray& said) {
        said += child.readAllStandardOutput();
        for (qsizetype end = said.indexOf('\n'); end >= 0; end = said.indexOf('\n')) {
            const QByteArray line = said.first(end);
            said.remove(0, end + 1);
            if (line.startsWith("probe "))
                m_probes.insert(line.mid(6).toStdString());
            if (line.startsWith("run "))
                m_runs.insert(line.mid(4).toLongLong());
        }
    }

private Q_SLOTS:
    void initTestCase() {
        if (!std::filesystem::exists(plumb()))
            QSKIP("needs the engine (target plumb), which is not built");
        qputenv("XDG_CACHE_HOME", QFile::encodeName(text(m_folder / "cache")));
        m_project = text(m_folder / "walk.plumb");
        const QString sample = text(m_folder / "sample");
        const auto run = [](const QStringList& arguments) {
            QProcess process;
            process.setProgram(text(plumb()));
            process.setArguments(arguments);
            process.start();
            return process.waitForFinished(kPatienceMs) && process.exitCode() == 0;
        };
        QVERIFY(run({QStringLiteral("sample"), sample}));
        QVERIFY(run({QStringLiteral("audit"), QStringLiteral("--model"), sample + QStringLiteral("/model"),
                     QStringLiteral("--images"), sample + QStringLiteral("/images"), QStringLiteral("--labels"),
                     sample + QStringLiteral("/labels.csv"), QStringLiteral("--preset"), QStringLiteral("sample"),
                     QStringLiteral("--attribute"), QStringLiteral("gender"), QStringLiteral("--prompt"),
                     QStringLiteral("a photo of a pilot"), QStringLiteral("--project"), m_project}));
    }

    void whatWasShownAsSavedIsThereAfterAnyKill() {
        const int kills = std::max(1, qEnvironmentVariableIntValue("PLUMBLINE_KILLS"));
        const int count = qEnvironmentVariableIsSet("PLUMBLINE_KILLS") ? kills : 4;
        QRandomGenerator random(7);
        for (int i = 0; i < count; ++i) {
            const bool killsEngine = i % 2 == 1;
            QProcess child;
            child.setProgram(QCoreApplication::applicationFilePath());
            child.setArguments({QStringLiteral("--walk"), m_project, text(m_folder / "settings.ini"),
                                QStringLiteral("kill%1").arg(i)});
            child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
            child.start();
            QVERIFY(child.waitForStarted(kPatienceMs));
            QByteArray said;
            QTRY_VERIFY_WITH_TIMEOUT((said += child.readAllStandardOutput()).startsWith("open\n"), kPatienceMs);
            QTest::qWait(random.bounded(kWalkMs));
            take(child, said);
            if (killsEngine) {
                if (const qint64 engine = childOf(child.processId()); engine != 0) {
                    QProcess::execute(QStringLiteral("kill"), {QStringLiteral("-9"), QString::number(engine)});
                    // The window lives on, and saves.
                    const std::size_t saved = m_probes.size();
                    QTRY_VERIFY_WITH_TIMEOUT((take(child, said), m_probes.size()) > saved, kPatienceMs);
                    QCOMPARE(child.state(), QProcess::Running);
                }
            }
            child.kill();
            QVERIFY(child.waitForFinished(kPatienceMs));
            take(child, said);

            auto project = store::Project::open(m_project.toStdString());
            QVERIFY2(project.has_value(), qPrintable(QString::number(i)));
            const auto sound = project->check();
            QVERIFY2(sound.has_value(), sound ? "" : sound.error().detail.c_str());
            std::set<std::string> probes;
            const auto records = project->probes();
            QVERIFY(records.has_value());
            for (const auto& record : *records)
                probes.insert(record.probe.name);
            for (const std::string& name : m_probes)
                QVERIFY2(probes.contains(name), name.c_str());
            for (const std::int64_t run : m_runs) {
                const auto record = project->run(run);
                QVERIFY(record.has_value());
                QCOMPARE(record->state, RunState::Done);
                QVERIFY(project->runResult(run).has_value());
                QVERIFY(project->runScores(run, 0).has_value());
            }
        }
        qInfo("%d kills: %zu probe sets and %zu runs were shown as saved, and all are there", count, m_probes.size(),
              m_runs.size());
        QVERIFY(!m_probes.empty());
    }
};

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QStandardPaths::setTestModeEnabled(true);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == u"--walk")
        return walk(arguments.value(2), arguments.value(3), arguments.value(4));
    TestKills test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_kills.moc"
