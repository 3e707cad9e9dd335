// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>

#include "core/base/path.h"
#include "tests/support/test_support.h"
#include "tests/ui/synthetic_project.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/frame_reader.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::TempFolder;

Q_DECLARE_METATYPE(plumbline::Error)

namespace {

const QString kFake = QStringLiteral(PLUMBLINE_FAKE_ENGINE);

/// The outcome of one request, once it is there.
struct Reply {
    int count = 0;
    std::optional<QJsonObject> value;
    std::optional<Error> error;
    bool cancelled = false;

    Engine::Answer take() {
        return [this](const Outcome<QJsonObject>& outcome) {
            ++count;
            if (outcome)
                value = *outcome;
            else if (outcome.error().cancelled())
                cancelled = true;
            else
                error = outcome.error().error();
        };
    }
    bool arrived() const { return count > 0; }
};

QJsonObject object(const QString& key, const QJsonValue& value) { return {{key, value}}; }

QString text(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }

} // namespace

class TestBridge : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { qRegisterMetaType<Error>(); }
    void cleanup() { qunsetenv("FAKE_ENGINE"); }

    // Frames ----------------------------------------------------------------------------------------------------------
    void framesSurviveEverySplit() {
        const QByteArray bytes = FrameReader::frame("{\"a\":1}") + FrameReader::frame("") + FrameReader::frame("{}");
        for (qsizetype cut = 0; cut <= bytes.size(); ++cut) {
            FrameReader reader;
            QByteArrayList frames;
            for (const QByteArray& part : {bytes.first(cut), bytes.sliced(cut)}) {
                reader.append(part);
                while (auto frame = reader.next())
                    frames.append(*frame);
            }
            QCOMPARE(frames, (QByteArrayList{"{\"a\":1}", "", "{}"}));
            QVERIFY(reader.takeStrayBytes().isEmpty());
        }
    }
    void strayBytesAreSetAside() {
        FrameReader reader;
        reader.append("loading…\n" + FrameReader::frame("one") + "Content-Lengthy\n" + FrameReader::frame("two") + "Content-Le");
        QCOMPARE(reader.next(), QByteArray("one"));
        QCOMPARE(reader.next(), QByteArray("two"));
        QVERIFY(!reader.next());
        QCOMPARE(reader.takeStrayBytes(), QByteArray("loading…\nContent-Lengthy\n"));
        reader.append("ngth: 2\r\n\r\nok"); // what looked like the beginning of a header was one
        QCOMPARE(reader.next(), QByteArray("ok"));
        QVERIFY(!reader.broken());
    }
    void anUnbelievableLengthBreaks_data() {
        QTest::addColumn<QByteArray>("header");
        QTest::newRow("a terabyte") << QByteArray("Content-Length: 1099511627776\r\n\r\n");
        QTest::newRow("negative") << QByteArray("Content-Length: -1\r\n\r\n");
        QTest::newRow("no end") << "Content-Length: 12" + QByteArray(2 * FrameReader::kMaxHeader, ' ');
    }
    void anUnbelievableLengthBreaks() {
        QFETCH(const QByteArray, header);
        FrameReader reader;
        reader.append(header + FrameReader::frame("{}"));
        QVERIFY(!reader.next());
        QVERIFY(reader.broken());
    }

    // Engine ----------------------------------------------------------------------------------------------------------
    void startsOnTheFirstRequest() {
        Engine engine(kFake);
        QCOMPARE(engine.state(), Engine::State::Stopped);
        QSignalSpy log(&engine, &Engine::logLine);
        Reply reply, second;
        engine.request(QStringLiteral("test/echo"), object(QStringLiteral("x"), QStringLiteral("é 😀")), this, reply.take());
        engine.request(QStringLiteral("test/echo"), object(QStringLiteral("y"), 2), this, second.take());
        QCOMPARE(engine.state(), Engine::State::Starting);
        QVERIFY(!reply.arrived()); // never inside request()
        QTRY_VERIFY_WITH_TIMEOUT(reply.arrived() && second.arrived(), 30000);
        QCOMPARE(reply.value->value(u"x").toString(), QStringLiteral("é 😀"));
        QCOMPARE(second.value->value(u"y").toInt(), 2);
        QCOMPARE(engine.state(), Engine::State::Ready);
        QCOMPARE(engine.info().value(u"blas").toString(), QStringLiteral("OpenBLAS"));
        QTRY_VERIFY_WITH_TIMEOUT(!log.isEmpty(), 30000);
        QCOMPARE(log.first().first().toString(), QStringLiteral("fake engine started"));
    }
    void threadsOfTheEngineDoNotSpin() {
        Engine engine(kFake);
        Reply reply;
        engine.request(QStringLiteral("test/environment"), object(QStringLiteral("name"), QStringLiteral("GOMP_SPINCOUNT")),
                       this, reply.take());
        QTRY_VERIFY_WITH_TIMEOUT(reply.arrived(), 30000);
        QCOMPARE(reply.value->value(u"value").toString(), QStringLiteral("0"));
    }
    void errorsKeepCodeArgumentsAndDetail() {
        Engine engine(kFake);
        Reply reply, unknown;
        engine.request(QStringLiteral("test/fail"), {}, this, reply.take());
        engine.request(QStringLiteral("test/none"), {}, this, unknown.take());
        QTRY_VERIFY_WITH_TIMEOUT(reply.arrived() && unknown.arrived(), 30000);
        QCOMPARE(reply.error->code, ErrorCode::TensorMissing);
        QVERIFY(reply.error->arg("tensor") == "visual.proj");
        QVERIFY(errorText(*reply.error).contains(QStringLiteral("visual.proj")));
        QVERIFY(errorDetails(*reply.error).contains(QStringLiteral("header of 12 tensors")));
        QCOMPARE(unknown.error->code, ErrorCode::ProtocolError);
        QCOMPARE(engine.state(), Engine::State::Ready);
    }
    void garbageBetweenFramesIsLogged() {
        Engine engine(kFake);
        QSignalSpy log(&engine, &Engine::logLine);
        Reply garbled, split;
        engine.request(QStringLiteral("test/garble"), {}, this, garbled.take());
        engine.request(QStringLiteral("test/split"), {}, this, split.take());
        QTRY_VERIFY_WITH_TIMEOUT(garbled.arrived() && split.arrived(), 30000);
        QVERIFY(garbled.value && split.value);
        QString all;
        for (const auto& line : log)
            all += line.first().toString();
        QVERIFY(all.contains(QStringLiteral("a library prints this")));
    }
    void aDeathIsSaidAnsweredAndMended_data() {
        QTest::addColumn<QString>("method");
        QTest::newRow("crash") << QStringLiteral("test/crash");
        QTest::newRow("exit") << QStringLiteral("test/exit");
        QTest::newRow("oversized frame") << QStringLiteral("test/oversized");
        QTest::newRow("no JSON") << QStringLiteral("test/nojson");
    }
    void aDeathIsSaidAnsweredAndMended() {
        QFETCH(const QString, method);
        Engine engine(kFake);
        QSignalSpy died(&engine, &Engine::died);
        Reply waiting, fatal, again;
        engine.request(QStringLiteral("test/hang"), {}, this, waiting.take());
        engine.request(method, {}, this, fatal.take());
        QTRY_VERIFY_WITH_TIMEOUT(waiting.arrived() && fatal.arrived(), 30000);
        QCOMPARE(waiting.error->code, ErrorCode::EngineGone);
        QCOMPARE(fatal.error->code, ErrorCode::EngineGone);
        QCOMPARE(waiting.count, 1);
        QCOMPARE(died.count(), 1);
        QVERIFY(!died.first().first().toString().isEmpty());
        QCOMPARE(engine.state(), Engine::State::Gone);
        if (method == u"test/crash")
            QVERIFY(waiting.error->detail.find("about to crash") != std::string::npos);

        engine.request(QStringLiteral("test/echo"), {}, this, again.take());
        QTRY_VERIFY_WITH_TIMEOUT(again.arrived(), 30000);
        QVERIFY(again.value);
        QCOMPARE(engine.state(), Engine::State::Ready);
    }
    void aRequestFromTheAnswerOfADeathIsServed() {
        Engine engine(kFake);
        Reply again;
        engine.request(QStringLiteral("test/crash"), {}, this, [&](const Outcome<QJsonObject>&) {
            engine.request(QStringLiteral("test/echo"), {}, this, again.take());
        });
        QTRY_VERIFY_WITH_TIMEOUT(again.arrived(), 30000);
        QVERIFY(again.value);
    }
    void aProgramThatIsNotThereIsAnError() {
        Engine engine(QStringLiteral("/nowhere/plumb"));
        Reply reply;
        engine.request(QStringLiteral("test/echo"), {}, this, reply.take());
        QTRY_VERIFY_WITH_TIMEOUT(reply.arrived(), 30000);
        QCOMPARE(reply.error->code, ErrorCode::EngineGone);
        QVERIFY(errorText(*reply.error).contains(QStringLiteral("/nowhere/plumb")));
    }
    void anotherProtocolIsRefused_data() {
        QTest::addColumn<QByteArray>("mode");
        QTest::newRow("version 99") << QByteArray("protocol");
        QTest::newRow("ends at once") << QByteArray("silent");
    }
    void anotherProtocolIsRefused() {
        QFETCH(const QByteArray, mode);
        qputenv("FAKE_ENGINE", mode);
        Engine engine(kFake);
        Reply reply;
        engine.request(QStringLiteral("test/echo"), {}, this, reply.take());
        QTRY_VERIFY_WITH_TIMEOUT(reply.arrived(), 30000);
        QCOMPARE(reply.error->code, ErrorCode::EngineGone);
        QCOMPARE(engine.state(), Engine::State::Gone);
    }
    void cancelIsAnsweredAsCancelled() {
        Engine engine(kFake);
        Reply slow, hanging, unsent;
        QSignalSpy progress(&engine, &Engine::progress);
        const qint64 early = engine.request(QStringLiteral("test/slow"), {}, this, unsent.take());
        engine.cancel(early); // the engine is still starting
        const qint64 id = engine.request(QStringLiteral("test/slow"), {}, this, slow.take());
        const qint64 hangs = engine.request(QStringLiteral("test/hang"), {}, this, hanging.take());
        QTRY_VERIFY_WITH_TIMEOUT(progress.count() > 8, 30000);
        QVERIFY(unsent.cancelled);
        const auto first = progress.first();
        QCOMPARE(first.at(0).toLongLong(), id);
        QCOMPARE(first.at(1).toString(), QStringLiteral("embedding-images"));
        QCOMPARE(first.at(3).toLongLong(), 100);
        QVERIFY(first.at(4).toDouble() < 0); // null: unknown
        QCOMPARE(progress.last().at(4).toDouble(), 12.5);
        engine.cancel(id);
        engine.cancel(hangs); // an engine that does not react: the window does not wait for it
        QTRY_VERIFY_WITH_TIMEOUT(slow.arrived() && hanging.arrived(), 30000);
        QVERIFY(slow.cancelled && hanging.cancelled);
        QCOMPARE(slow.count, 1);
        Reply echo;
        engine.request(QStringLiteral("test/echo"), {}, this, echo.take());
        QTRY_VERIFY_WITH_TIMEOUT(echo.value, 30000);
    }
    void nobodyIsAnsweredAfterTheContextIsGone() {
        Engine engine(kFake);
        Reply lost, later;
        auto context = std::make_unique<QObject>();
        engine.request(QStringLiteral("test/late"), {}, context.get(), lost.take());
        engine.request(QStringLiteral("test/late"), {}, this, later.take());
        context.reset();
        QTRY_VERIFY_WITH_TIMEOUT(later.arrived(), 30000);
        QVERIFY(!lost.arrived());
    }
    void theDestructorEndsEvenADeafEngine() {
        qputenv("FAKE_ENGINE", "deaf");
        auto engine = std::make_unique<Engine>(kFake);
        Reply reply;
        QSignalSpy died(engine.get(), &Engine::died);
        engine->request(QStringLiteral("test/echo"), {}, this, reply.take());
        QTRY_VERIFY_WITH_TIMEOUT(reply.arrived(), 30000);
        Reply never;
        engine->request(QStringLiteral("test/hang"), {}, this, never.take());
        engine.reset(); // returns: terminated after it did not end by itself
        QVERIFY(!never.arrived());
        QCOMPARE(died.count(), 0);
    }

    // Running work ----------------------------------------------------------------------------------------------------
    void workIsListedWhileItRuns() {
        Engine engine(kFake);
        RunningWork work(&engine);
        QAbstractItemModelTester tester(&work, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QSignalSpy started(&work, &RunningWork::started), ended(&work, &RunningWork::ended);
        Reply reply;
        const qint64 id = work.start(QStringLiteral("audit"), QStringLiteral("Audit"), QStringLiteral("test/slow"), {},
                                     this, reply.take());
        QCOMPARE(work.rowCount(), 1);
        QVERIFY(work.isRunning(QStringLiteral("audit")));
        const QModelIndex row = work.index(0);
        QCOMPARE(row.data().toString(), QStringLiteral("Audit"));
        QTRY_VERIFY_WITH_TIMEOUT(row.data(RunningWork::DoneRole).toInt() > 5, 30000);
        QCOMPARE(row.data(RunningWork::StageRole).toString(), QStringLiteral("Embedding images"));
        QCOMPARE(row.data(RunningWork::TotalRole).toInt(), 100);
        work.cancel(id);
        QVERIFY(row.data(RunningWork::CancellingRole).toBool());
        QTRY_VERIFY_WITH_TIMEOUT(reply.arrived(), 30000);
        QVERIFY(reply.cancelled);
        QCOMPARE(work.rowCount(), 0);
        QCOMPARE(started.size(), 1);
        QCOMPARE(ended.size(), 1);
        QCOMPARE(ended[0][0].toString(), QStringLiteral("Audit"));
        QCOMPARE(ended[0][1].value<RunningWork::End>(), RunningWork::End::Cancelled);
        QVERIFY(ended[0][2].toDouble() > 0);

        Reply failure;
        work.start(QStringLiteral("audit"), QStringLiteral("Unknown"), QStringLiteral("test/unheard-of"), {}, this,
                   failure.take());
        QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 2, 30000);
        QCOMPARE(ended[1][1].value<RunningWork::End>(), RunningWork::End::Failed);
    }

    // Texts -----------------------------------------------------------------------------------------------------------
    void remainingTimeInWords() {
        QCOMPARE(remainingText(-1), QString());
        QCOMPARE(remainingText(2), QStringLiteral("a few seconds left"));
        QCOMPARE(remainingText(41), QStringLiteral("about 45 s left"));
        QCOMPARE(remainingText(61), QStringLiteral("about 2 min left"));
        QCOMPARE(remainingText(3700), QStringLiteral("about 1 h 2 min left"));
        QCOMPARE(remainingText(std::numeric_limits<double>::quiet_NaN()), QString());
    }
    void everyStageOfTheSampleIsWords() {
        for (const char* stage : {"painting-portraits", "loading-model", "hashing-images", "embedding-images",
                                  "encoding-prompts", "measuring", "saving", "thumbnails", "checking-images",
                                  "comparing-images"}) {
            const QString words = stageText(QString::fromLatin1(stage));
            QVERIFY2(words[0].isUpper() && !words.contains(u'-'),
                     stage); // a stage that nobody named stays in small letters
        }
    }
    void pathsOfAnyBytesTravel() {
        const QString name = QStringLiteral("/data/Straße 😀 صور");
        QCOMPARE(encoded(name), name);
        const std::filesystem::path raw(std::string("/data/caf\xe9.jpg"));
        const QString travelled = shown(encodePath(raw));
        QVERIFY(decodePath(travelled.toStdString()) == raw);
        QCOMPARE(decoded(encoded(name)), name);
    }
    void auditConfigsTravel() {
        const AuditConfig config = test::syntheticConfig(3, 4);
        const QJsonObject json = toQt(config);
        QVERIFY(!json.isEmpty());
        QVERIFY(QJsonDocument(json).toJson().contains("a photo of a pilot"));
    }
    void settingsRemember() {
        TempFolder folder;
        const QString file = text(folder / "plumbline.ini");
        {
            Settings settings(file);
            QSignalSpy changed(&settings, &Settings::recentProjectsChanged);
            for (int i = 0; i < 12; ++i)
                settings.addRecentProject(QStringLiteral("/p/%1.plumb").arg(i));
            settings.addRecentProject(QStringLiteral("/p/5.plumb"));
            settings.setVocabulary(QStringLiteral("/v"));
            settings.setLastRoom(QStringLiteral("images"));
            QVERIFY(!settings.tourSeen());
            settings.setTourSeen(true);
            // By default the user's own data; a test, or an administrator, can say otherwise.
            QCOMPARE(settings.sampleFolder(), QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) +
                                                  QStringLiteral("/sample"));
            settings.setFolder(QStringLiteral("sample"), QStringLiteral("/elsewhere"));
            QCOMPARE(changed.count(), 13);
        }
        Settings settings(file);
        QCOMPARE(settings.recentProjects().size(), 10);
        QCOMPARE(settings.recentProjects().first(), QStringLiteral("/p/5.plumb"));
        QCOMPARE(settings.recentProjects().count(QStringLiteral("/p/5.plumb")), 1);
        QCOMPARE(settings.vocabulary(), QStringLiteral("/v"));
        QCOMPARE(settings.lastRoom(), QStringLiteral("images"));
        QCOMPARE(settings.appearance(), QStringLiteral("system"));
        QVERIFY(settings.tourSeen());
        QCOMPARE(settings.sampleFolder(), QStringLiteral("/elsewhere"));
    }

    // Project service -------------------------------------------------------------------------------------------------
    void aProjectIsMadeAskedAndReopened() {
        TempFolder folder;
        const QString path = text(folder / "größe.plumb");
        ProjectService service;
        QSignalSpy opened(&service, &ProjectService::opened);
        QSignalSpy changed(&service, &ProjectService::changed);
        int before = 0;
        service.ask<int>(this, [](store::Project&) -> Result<int> { return 1; }, [&](Result<int>) { ++before; });
        service.create(path);
        QVERIFY(!service.isOpen());
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 30000);
        QVERIFY(service.isOpen() && !service.isReadOnly());
        QCOMPARE(service.path(), path);
        QCOMPARE(before, 0); // nothing was open then

        std::optional<Result<std::int64_t>> added;
        QThread* worker = nullptr;
        service.ask<std::int64_t>(
            this,
            [&](store::Project& project) {
                worker = QThread::currentThread();
                return project.addProbe({"Mine", "1", {}, {}, {{"a nurse", {}}}});
            },
            [&](Result<std::int64_t> result) { added = std::move(result); });
        QTRY_VERIFY_WITH_TIMEOUT(added.has_value(), 30000);
        QVERIFY(added->has_value());
        QVERIFY(worker != nullptr && worker != QThread::currentThread());
        QTRY_VERIFY(!changed.isEmpty()); // our own write, without waiting for the next poll

        QSignalSpy closed(&service, &ProjectService::closed);
        service.open(path);
        QCOMPARE(closed.count(), 1);
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 2, 30000);
        std::size_t probes = 0;
        service.ask<std::vector<store::ProbeRecord>>(
            this, [](store::Project& project) { return project.probes(); },
            [&](Result<std::vector<store::ProbeRecord>> result) { probes = result ? result->size() : 99; });
        QTRY_COMPARE_WITH_TIMEOUT(probes, std::size_t(1), 30000);
    }
    void whatAnotherProcessCommitsIsSeen() {
        TempFolder folder;
        ProjectService service;
        QSignalSpy opened(&service, &ProjectService::opened);
        service.create(text(folder / "a.plumb"));
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 30000);
        QSignalSpy changed(&service, &ProjectService::changed);
        auto other = store::Project::open(folder / "a.plumb"); // as the engine would
        QVERIFY(other.has_value());
        QVERIFY(other->addProbe({"Theirs", "1", {}, {}, {{"a nurse", {}}}}).has_value());
        QTRY_VERIFY_WITH_TIMEOUT(!changed.isEmpty(), 30000);
        QTest::qWait(1000);
        QCOMPARE(changed.count(), 1); // once, not at every poll
    }
    void failuresAreSaid() {
        TempFolder folder;
        ProjectService service;
        QSignalSpy failed(&service, &ProjectService::failed);
        service.open(text(folder / "none.plumb"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 30000);
        QCOMPARE(failed.first().first().value<Error>().code, ErrorCode::FileNotFound);
        test::writeText(folder / "text.plumb", "this is no database, but it is long enough to be looked at as one");
        service.open(text(folder / "text.plumb"));
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 2, 30000);
        QCOMPARE(failed.last().first().value<Error>().code, ErrorCode::ProjectNotOne);
        QVERIFY(!service.isOpen());
    }
    void answersOfAClosedProjectAreDropped() {
        TempFolder folder;
        ProjectService service;
        QSignalSpy opened(&service, &ProjectService::opened);
        service.create(text(folder / "a.plumb"));
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 30000);
        int answers = 0;
        std::atomic<bool> asked = false;
        service.ask<int>(
            this,
            [&](store::Project&) -> Result<int> {
                asked = true;
                return 1;
            },
            [&](Result<int>) { ++answers; });
        service.create(text(folder / "b.plumb"));
        QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 2, 30000);
        QVERIFY(asked); // what was asked before is still done: it may have been a write
        QCOMPARE(answers, 0);
    }
    void whatWasAskedIsDoneBeforeTheEnd() {
        TempFolder folder;
        {
            ProjectService service;
            QSignalSpy opened(&service, &ProjectService::opened);
            service.create(text(folder / "a.plumb"));
            QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 30000);
            for (int i = 0; i < 20; ++i)
                service.ask<std::int64_t>(
                    this, [](store::Project& project) { return project.addProbe({"P", "1", {}, {}, {{"x", {}}}}); },
                    [](Result<std::int64_t>) {});
        }
        auto project = store::Project::open(folder / "a.plumb");
        QVERIFY(project.has_value());
        QCOMPARE(project->probes()->size(), std::size_t(20));
    }
};

QTEST_GUILESS_MAIN(TestBridge)
#include "tst_bridge.moc"
