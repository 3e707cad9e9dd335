// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QListView>
#include <QProcess>
#include <QProgressBar>
#include <QPushButton>
#include <QTabBar>
#include <QVBoxLayout>

#include "fake_run_source.h"
#include "tests/support/test_support.h"
#include "ui/bridge/english_plurals.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/charts/plumb_table.h"
#include "ui/pages/runs/close_up.h"
#include "ui/pages/runs/run_picker.h"
#include "ui/pages/runs/run_words.h"
#include "ui/pages/runs/runs_page.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

using namespace plumbline;
using namespace plumbline::ui;
using test::FakeRunSource;

namespace {

QPushButton* visibleButton(QWidget& page, const QString& text) {
    for (QPushButton* button : page.findChildren<QPushButton*>())
        if (button->isVisible() && button->text().remove(u'&') == text)
            return button;
    return nullptr;
}

bool shows(QWidget& page, const QString& text) {
    for (const QLabel* label : page.findChildren<QLabel*>())
        if (label->isVisible() && label->text().contains(text))
            return true;
    return false;
}

} // namespace

class TestRunsPage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        qApp->installTranslator(new EnglishPlurals(qApp));
        QLocale::setDefault(QLocale::c());
        theme::apply(*qApp, theme::Appearance::Light);
    }

    void emptyProjectOffersAnAudit() {
        RunsPage page(std::make_unique<FakeRunSource>());
        page.show();
        QTRY_VERIFY_WITH_TIMEOUT(visibleButton(page, QStringLiteral("New audit…")), 30000);
        QSignalSpy spy(&page, &RunsPage::newAuditRequested);
        QTest::mouseClick(visibleButton(page, QStringLiteral("New audit…")), Qt::LeftButton);
        QCOMPARE(spy.count(), 1);
    }

    void newestRunIsShown() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addDone(6, {test::raceRun(8)});
        fake->addDone(7, {test::genderRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QVERIFY(shows(page, QStringLiteral("10 prompts lean")));
        QVERIFY(shows(page, QStringLiteral("5 towards Female, 5 towards Male")));
        // The strongest row is current, and its details were asked for once.
        QTRY_COMPARE_WITH_TIMEOUT(fake->curvesAsked, 1, 30000);
        QCOMPARE(fake->imagesAsked, 1);
        QTRY_VERIFY_WITH_TIMEOUT(!fake->thumbnailsAsked.isEmpty(), 30000);
        QVERIFY(fake->thumbnailsAsked.size() < 200); // those in sight, not all 500
    }

    void arrowKeysOpenRowsAndOnlyTheLastIsMeasured() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addDone(7, {test::genderRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(fake->curvesAsked, 1, 30000);
        PlumbTable* table = page.chart()->table();
        const int first = table->currentMeasurement();
        for (int i = 0; i < 5; ++i)
            QTest::keyClick(table, Qt::Key_Down);
        QVERIFY(table->currentMeasurement() != first);
        QVERIFY(shows(page, page.chart()->chart()->prompt(table->currentMeasurement())));
        QTRY_COMPARE_WITH_TIMEOUT(fake->curvesAsked, 2, 30000);
        QTest::qWait(150);
        QCOMPARE(fake->curvesAsked, 2);
    }

    void attributeSwitch() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun(), test::raceRun()});
        RunsPage page(std::move(source));
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QComboBox* attribute = nullptr;
        for (QComboBox* box : page.findChildren<QComboBox*>())
            if (box->findText(QStringLiteral("race")) >= 0)
                attribute = box;
        QVERIFY(attribute && attribute->isVisible());
        QCOMPARE(page.chart()->chart()->chart.styles.size(), std::size_t{2});
        attribute->setCurrentText(QStringLiteral("race"));
        QCOMPARE(page.chart()->chart()->chart.styles.size(), std::size_t{7});
    }

    void unfinishedRunsShowProgressAndGoOn() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addUnfinished(8, RunState::Cancelled, 1240);
        RunsPage page(std::move(source));
        page.show();
        QTRY_VERIFY_WITH_TIMEOUT(visibleButton(page, QStringLiteral("Go on")), 30000);
        QSignalSpy spy(&page, &RunsPage::resumeRequested);
        QTest::mouseClick(visibleButton(page, QStringLiteral("Go on")), Qt::LeftButton);
        QCOMPARE(spy.count(), 1);
        QCOMPARE(spy[0][0].toLongLong(), 8);

        fake->records[0].state = RunState::Running;
        fake->records[0].embedded = 2000;
        Q_EMIT fake->changed();
        QTRY_VERIFY_WITH_TIMEOUT(!visibleButton(page, QStringLiteral("Go on")), 30000);
        QCOMPARE(page.findChild<QProgressBar*>()->value(), 2000);

        // It finishes: the page shows its results without being asked.
        fake->records.clear();
        fake->addDone(8, {test::genderRun()});
        Q_EMIT fake->changed();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QVERIFY(page.chart()->isVisible());
    }

    void showRunWaitsForTheProject() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addDone(6, {test::raceRun(8)});
        RunsPage page(std::move(source));
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 8, 30000);
        page.showRun(7);
        fake->addDone(7, {test::genderRun()});
        Q_EMIT fake->changed();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        page.showRun(6);
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 8, 30000);
    }

    void aRunThatCannotBeReadIsSaid() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()});
        source->failLoading = true;
        RunsPage page(std::move(source));
        QSignalSpy spy(&page, &RunsPage::messageRaised);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(spy.count(), 1, 30000);
        QCOMPARE(spy[0][1].toInt(), static_cast<int>(Severity::Error));
        QVERIFY(!spy[0][0].toString().isEmpty());
    }

    void conceptsAppearWhereTemplatesWereAveraged() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()}, true);
        RunsPage page(std::move(source));
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QTabBar* tabs = nullptr;
        for (QTabBar* bar : page.findChildren<QTabBar*>())
            if (bar->tabText(1) == QStringLiteral("Concepts"))
                tabs = bar;
        QVERIFY(tabs && tabs->isVisible());
        tabs->setCurrentIndex(1);
        QVERIFY(!page.chart()->isVisible());
    }

    void imagesAskForThumbnailsOnceAndSayWhatIsMissing() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addDone(7, {test::genderRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_VERIFY_WITH_TIMEOUT(!fake->thumbnailsAsked.isEmpty(), 30000);
        QTest::qWait(50);
        const QList<qint64> asked = fake->thumbnailsAsked;
        QCOMPARE(QSet<qint64>(asked.begin(), asked.end()).size(), asked.size());
        RankedImages* images = page.closeUp()->images()->images();
        QCOMPARE(images->index(0).data(RankedImages::StateRole).toInt(),
                 static_cast<int>(RankedImages::Thumbnail::Missing));
        QCOMPARE(images->index(1).data(RankedImages::StateRole).toInt(),
                 static_cast<int>(RankedImages::Thumbnail::Here));
        QVERIFY(images->index(1).data(Qt::AccessibleTextRole).toString().startsWith(QStringLiteral("Rank 2, Female")));
    }

    void threeHundredPromptsAreShown() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::raceRun(300)});
        RunsPage page(std::move(source));
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 300, 30000);
    }

    /// The same pictures at twice the pixels: this program again, in another scale.
    void screenshotsOfAFineScreen() {
        if (qEnvironmentVariableIsSet("QT_SCALE_FACTOR"))
            return;
        QProcess again;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("QT_SCALE_FACTOR"), QStringLiteral("2"));
        again.setProcessEnvironment(environment);
        again.start(QCoreApplication::applicationFilePath(),
                    {QStringLiteral("screenshots:gender-light"), QStringLiteral("screenshots:race-dark")});
        QVERIFY(again.waitForFinished(60000));
        QVERIFY2(again.exitCode() == 0, again.readAllStandardOutput().constData());
    }

    void screenshots_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("dark");
        for (const bool dark : {false, true})
            for (const char* name : {"gender", "race", "crossing", "odd", "concepts", "empty", "cancelled", "failed"})
                QTest::addRow("%s-%s", name, dark ? "dark" : "light") << QString::fromLatin1(name) << dark;
    }

    /// Pictures to look at, in the build folder; fails only if the page draws nothing.
    void screenshots() {
        QFETCH(QString, name);
        QFETCH(bool, dark);
        theme::apply(*qApp, dark ? theme::Appearance::Dark : theme::Appearance::Light);
        auto source = std::make_unique<FakeRunSource>();
        if (name == u"gender")
            source->addDone(7, {test::genderRun(), test::raceRun()});
        else if (name == u"race")
            source->addDone(7, {test::raceRun()});
        else if (name == u"crossing")
            source->addDone(7, {test::crossingRun()});
        else if (name == u"odd")
            source->addDone(7, {test::oddPromptRun()});
        else if (name == u"concepts")
            source->addDone(7, {test::genderRun()}, true);
        else if (name == u"cancelled")
            source->addUnfinished(8, RunState::Cancelled, 1240);
        else if (name == u"failed") {
            source->addUnfinished(8, RunState::Failed, 0);
            source->records[0].error = Error{ErrorCode::FileNotFound, {{"path", "/models/faceclip-b"}}, {}};
        }
        Page room({}, {});
        auto* page = new RunsPage(std::move(source));
        room.body()->addWidget(page, 1);
        room.resize(1200, 900);
        room.show();
        QVERIFY(QTest::qWaitForWindowExposed(&room));
        if (name == u"race")
            page->closeUp()->tabs()->setCurrentIndex(1);
        if (name == u"odd")
            page->closeUp()->tabs()->setCurrentIndex(2);
        if (name == u"crossing")
            page->closeUp()->tabs()->setCurrentIndex(3);
        QTest::qWait(400);
        if (name == u"concepts")
            for (QTabBar* bar : page->findChildren<QTabBar*>())
                if (bar->tabText(1) == QStringLiteral("Concepts"))
                    bar->setCurrentIndex(1);
        const QString folder = QString::fromStdString((test::binaryFolder() / "screenshots").string());
        QVERIFY(QDir().mkpath(folder));
        const QImage shot = room.grab().toImage();
        const qreal scale = shot.devicePixelRatio();
        QVERIFY(shot.save(
            QStringLiteral("%1/runs-%2-%3@%4.png")
                .arg(folder, name, dark ? QStringLiteral("dark") : QStringLiteral("light"), QString::number(scale))));
        QSet<QRgb> colours;
        for (int x = 0; x < shot.width(); x += 3)
            for (int y = 0; y < shot.height(); y += 3)
                colours.insert(shot.pixel(x, y));
        QVERIFY(colours.size() > 10);
        theme::apply(*qApp, theme::Appearance::Light);
    }
};

QTEST_MAIN(TestRunsPage)
#include "tst_runs_page.moc"
