// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <QApplication>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProcess>
#include <QProgressBar>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

#include "fake_run_source.h"
#include "tests/support/test_support.h"
#include "ui/bridge/english_plurals.h"
#include "ui/charts/chart_text.h"
#include "ui/charts/heat_map.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/numbers_table.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/charts/plumb_table.h"
#include "ui/charts/rank_ribbon_chart.h"
#include "ui/charts/score_curves.h"
#include "ui/pages/runs/close_up.h"
#include "ui/pages/runs/explore_bar.h"
#include "ui/pages/runs/measure_view.h"
#include "ui/pages/runs/note_dialog.h"
#include "ui/pages/runs/notes_view.h"
#include "ui/pages/runs/run_picker.h"
#include "ui/pages/runs/run_words.h"
#include "ui/pages/runs/runs_page.h"
#include "ui/widgets/outline.h"
#include "ui/widgets/page.h"
#include "ui/widgets/table_view.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/tour_panel.h"

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

QTabBar* tabBarWith(const QWidget& page, const QString& tab) {
    for (QTabBar* bar : page.findChildren<QTabBar*>())
        for (int i = 0; i < bar->count(); ++i)
            if (bar->tabText(i) == tab)
                return bar;
    return nullptr;
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
        QTRY_COMPARE_WITH_TIMEOUT(fake->imagesAsked, 1, 30000);
        QCOMPARE(fake->curvesAsked, 0); // only when it is looked at
        page.closeUp()->tabs()->setCurrentIndex(1);
        QCOMPARE(fake->curvesAsked, 1);
        page.closeUp()->tabs()->setCurrentIndex(2); // the same curve
        QCOMPARE(fake->curvesAsked, 1);
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
        QTRY_COMPARE_WITH_TIMEOUT(fake->imagesAsked, 1, 30000);
        page.closeUp()->tabs()->setCurrentIndex(1);
        QCOMPARE(fake->curvesAsked, 1);
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

    void notesAndFlagsOfFindingsAndImages() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addDone(7, {test::genderRun(), test::raceRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        PlumbTable* table = page.chart()->table();
        QTabBar* tabs = tabBarWith(page, QStringLiteral("Heat map"));
        QCOMPARE(tabs->tabText(4), QStringLiteral("Notes"));
        const int prompt = table->currentMeasurement();
        const QString asked = page.chart()->chart()->prompt(prompt);

        // F and N in the chart.
        page.activateWindow();
        table->setFocus();
        QTRY_VERIFY_WITH_TIMEOUT(table->hasFocus(), 30000);
        QTest::keyClick(table, Qt::Key_F);
        QTRY_VERIFY_WITH_TIMEOUT(table->plumbModel().remark(prompt).flagged, 30000);
        QCOMPARE(fake->stored.size(), std::size_t{1});
        QVERIFY(fake->stored[0].run == 7 && fake->stored[0].about == (NoteSubject{asked.toStdString(), "gender", {}}));
        QTest::keyClick(table, Qt::Key_N);
        QTRY_VERIFY_WITH_TIMEOUT(page.findChild<NoteDialog*>(), 30000);
        auto* dialog = page.findChild<NoteDialog*>();
        auto* text = dialog->findChild<QPlainTextEdit*>();
        QVERIFY(dialog->note().flagged && shows(*dialog, asked));
        text->setPlainText(QString(int(kLongestNote) + 1, u'x'));
        auto* save = dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Save);
        QVERIFY(!save->isEnabled());
        text->setPlainText(QStringLiteral(" They all wear a cap.\nOutdoors. "));
        dialog->activateWindow();
        text->setFocus();
        QTRY_VERIFY_WITH_TIMEOUT(text->hasFocus(), 30000);
        QTest::keyClick(text, Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE_WITH_TIMEOUT(table->plumbModel().remark(prompt).text,
                                  QStringLiteral("They all wear a cap.\nOutdoors."), 30000);
        QVERIFY(fake->stored.size() == 1 && fake->stored[0].flagged);
        QVERIFY(shows(page, QStringLiteral("Flagged. Note: They all wear a cap. Outdoors.")));
        QVERIFY(table->plumbModel()
                    .index(prompt, PlumbModel::Prompt)
                    .data(Qt::AccessibleTextRole)
                    .toString()
                    .contains(QStringLiteral("Flagged. Note: They all wear")));

        page.activateWindow();

        // F on an image, in the strip.
        ImageStrip* strip = page.closeUp()->images();
        QTRY_VERIFY_WITH_TIMEOUT(strip->images()->rowCount() > 3, 30000);
        strip->view()->setFocus();
        strip->view()->setCurrentIndex(strip->images()->index(2));
        QTest::keyClick(strip->view(), Qt::Key_F);
        const qint64 row = strip->images()->images()[2].row;
        QTRY_VERIFY_WITH_TIMEOUT(strip->images()->remark(2).flagged, 30000);
        QCOMPARE(fake->stored.back().about.image, std::optional<std::int64_t>(row));
        QVERIFY(strip->images()->index(2).data(Qt::ToolTipRole).toString().endsWith(QStringLiteral("Flagged.")));

        // Another attribute has other findings, but the same images.
        auto* attribute = page.findChild<QComboBox*>();
        for (QComboBox* box : page.findChildren<QComboBox*>())
            if (box->findText(QStringLiteral("race")) >= 0)
                attribute = box;
        attribute->setCurrentText(QStringLiteral("race"));
        for (int other = 0; other < table->plumbModel().rowCount(); ++other)
            QVERIFY(table->plumbModel().remark(other).isEmpty());

        // The list leads back.
        QCOMPARE(tabs->tabText(4), QStringLiteral("Notes (2)"));
        tabs->setCurrentIndex(4);
        auto* list = page.findChild<NotesView*>();
        QVERIFY(list->isVisible());
        QCOMPARE(list->table()->model()->rowCount(), 2);
        list->table()->selectRow(0);
        QCOMPARE(list->table()->currentIndex().siblingAtColumn(0).data().toString(),
                 QStringLiteral("“%1”, by gender").arg(asked));
        QTest::mouseClick(visibleButton(page, QStringLiteral("Show what it is about")), Qt::LeftButton);
        QCOMPARE(tabs->currentIndex(), 0);
        QCOMPARE(attribute->currentText(), QStringLiteral("gender"));
        QCOMPARE(table->currentMeasurement(), prompt);
        tabs->setCurrentIndex(4);
        list->table()->selectRow(0);
        list->table()->setFocus();
        QTest::keyClick(list->table(), Qt::Key_Delete);
        QTRY_COMPARE_WITH_TIMEOUT(tabs->tabText(4), QStringLiteral("Notes (1)"), 30000);
        QVERIFY(table->plumbModel().remark(prompt).isEmpty());
        QCOMPARE(fake->stored.size(), std::size_t{1});

        // What is flagged twice is not flagged.
        tabs->setCurrentIndex(0);
        table->setFocus();
        QTest::keyClick(table, Qt::Key_F);
        QTRY_VERIFY_WITH_TIMEOUT(shows(page, QStringLiteral("Flagged.")), 30000);
        QTest::keyClick(table, Qt::Key_F);
        QTRY_VERIFY_WITH_TIMEOUT(table->plumbModel().remark(prompt).isEmpty(), 30000);
        QVERIFY(!shows(page, QStringLiteral("Flagged.")));
    }

    void theRankingImageByImageAndHowItsScoresLie() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addDone(7, {test::genderRun(), test::raceRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QTRY_COMPARE_WITH_TIMEOUT(fake->imagesAsked, 1, 30000);
        QCOMPARE(fake->detailsAsked, 0); // only when it is looked at
        CloseUp* closeUp = page.closeUp();
        closeUp->tabs()->setCurrentIndex(3);
        RankRibbonChart* ribbon = closeUp->ribbon();
        QTRY_VERIFY_WITH_TIMEOUT(ribbon->ribbon() != nullptr, 30000);
        QVERIFY(ribbon->isVisible() && !closeUp->scores()->isVisible());
        QCOMPARE(ribbon->chartNumbers().rows.size(), qsizetype(ribbon->ribbon()->ranks.size()));
        QVERIFY(ribbon->chartSummary().contains(QStringLiteral("Female")));
        QVERIFY(!ribbon->grab().toImage().isNull());

        // By keys from rank to rank and from group to group.
        const auto& places = ribbon->ribbon()->places;
        QSignalSpy chosen(ribbon, &RankRibbonChart::currentRankChanged);
        QTest::keyClick(ribbon, Qt::Key_Right);
        QTest::keyClick(ribbon, Qt::Key_Right);
        QCOMPARE(ribbon->currentRank(), std::int64_t{2});
        QVERIFY(ribbon->accessibleDescription().startsWith(QStringLiteral("Rank 2: ")));
        const auto group = places[1].group;
        QTest::keyClick(ribbon, Qt::Key_Down);
        QVERIFY(places[static_cast<std::size_t>(ribbon->currentRank() - 1)].group != group);
        QTest::keyClick(ribbon, Qt::Key_End);
        QCOMPARE(ribbon->currentRank(), std::int64_t(places.size()));
        QTest::keyClick(ribbon, Qt::Key_Right); // there is none
        QCOMPARE(ribbon->currentRank(), std::int64_t(places.size()));
        QCOMPARE(chosen.count(), 4);
        QSignalSpy opened(ribbon, &RankRibbonChart::rankActivated);
        QTest::keyClick(ribbon, Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        // A click chooses the rank of that lane that is nearest.
        QTest::mouseClick(ribbon->viewport(), Qt::LeftButton, {},
                          QPoint(ribbon->viewport()->width() / 2, ribbon->viewport()->height() / 3));
        QVERIFY(ribbon->currentRank() > 1 && ribbon->currentRank() < std::int64_t(places.size()));

        closeUp->tabs()->setCurrentIndex(4);
        ScoreCurves* scores = closeUp->scores();
        QVERIFY(scores->isVisible() && scores->spread() != nullptr);
        QCOMPARE(fake->detailsAsked, 1); // one question for both
        QVERIFY2(scores->chartSummary().contains(QStringLiteral("distance from the others")),
                 qPrintable(scores->chartSummary()));
        const Grid grid = spreadGrid(*scores->spread());
        QCOMPARE(grid.rows.size(), 2);
        QCOMPARE(grid.rows[0].size(), grid.columns.size());
        for (auto* button : closeUp->findChildren<QToolButton*>())
            if (button->text() == u"Table")
                button->click();
        QVERIFY(!scores->isVisible()); // the table is in its place
        // Another prompt is asked for again.
        QTest::keyClick(page.chart()->table(), Qt::Key_Down);
        QTRY_COMPARE_WITH_TIMEOUT(fake->detailsAsked, 2, 30000);
        // What is looked at later never shows another prompt's.
        closeUp->tabs()->setCurrentIndex(0);
        QTest::keyClick(page.chart()->table(), Qt::Key_Down);
        QVERIFY(ribbon->ribbon() == nullptr && scores->spread() == nullptr);
    }

    void goingToAnotherPromptLooksAtNoOtherRow() { // thousands of rows may be there
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        PlumbTable* table = page.chart()->table();
        QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 28, 30000);
        QVERIFY(QTest::qWaitForWindowExposed(&page));
        QTRY_VERIFY_WITH_TIMEOUT(page.closeUp()->images()->images()->rowCount() > 0, 30000);
        QSignalSpy shared(table, &PlumbTable::chartColumnMoved); // widths were shared among the columns
        const int before = table->currentMeasurement();
        QTest::keyClick(table, Qt::Key_Down);
        QVERIFY(table->currentMeasurement() != before);
        QCOMPARE(shared.count(), 0);
    }

    void aDebiasedRunIsToldFromTheOneBefore() {
        store::RunRecord run;
        run.id = 7;
        run.modelName = "faceclip-a";
        const QString plain = runChoice(run);
        QVERIFY(plain.startsWith(QStringLiteral("Run 7 · faceclip-a · ")));
        run.config.debias.emplace().name = "LEACE";
        QVERIFY(runChoice(run).startsWith(QStringLiteral("Run 7 · faceclip-a after LEACE · ")));
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

    void anotherKIsExploredAndLeft() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        fake->addDone(7, {test::genderRun(), test::raceRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        ExploreBar* bar = page.exploreBar();
        QVERIFY(bar->isVisible() && !bar->back()->isVisible());
        const int runK = bar->number()->value();
        QCOMPARE(std::int64_t{runK}, page.chart()->chart()->measurements[0].k);
        page.chart()->table()->setCurrentMeasurement(4);
        // By the keyboard: the slider, then the number.
        bar->slider()->setFocus();
        QTest::keyClick(bar->slider(), Qt::Key_PageUp);
        QVERIFY(bar->number()->value() > runK);
        QTRY_VERIFY_WITH_TIMEOUT(page.chart()->chart()->isExplored, 30000);
        bar->number()->setFocus();
        bar->number()->selectAll();
        QTest::keyClicks(bar->number(), QStringLiteral("321"));
        QTest::keyClick(bar->number(), Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(fake->explored.back().k, std::int64_t{321}, 30000);
        for (const ui::Exploration& what : fake->explored)
            QVERIFY(what.k != 3 && what.k != 32); // a number that is half typed is none
        QTRY_VERIFY_WITH_TIMEOUT(
            shows(page, QStringLiteral("Explored at k = 321; the run measured at k = %1.").arg(runK)), 30000);
        QTRY_VERIFY_WITH_TIMEOUT(page.chart()->chartTitle().endsWith(QStringLiteral("explored at k = 321")), 30000);
        QVERIFY(shows(page, QStringLiteral("exploratory")));
        QCOMPARE(page.chart()->table()->currentMeasurement(), 4);
        bar->target()->setCurrentIndex(2);
        QTRY_VERIFY_WITH_TIMEOUT(fake->explored.back().target == Target::Kind::Uniform, 30000);
        QTRY_VERIFY_WITH_TIMEOUT(page.chart()->chartTitle().endsWith(QStringLiteral("k = 321, equal shares")), 30000);

        // One click leads back.
        QTest::mouseClick(bar->back(), Qt::LeftButton);
        QVERIFY(!page.chart()->chart()->isExplored);
        QVERIFY(!bar->back()->isVisible());
        QCOMPARE(bar->number()->value(), runK);
        QCOMPARE(bar->target()->currentIndex(), 0);
        QCOMPARE(page.chart()->table()->currentMeasurement(), 4);
        QVERIFY(!shows(page, QStringLiteral("exploratory")));

        // Another attribute begins with what the run measured.
        page.closeUp()->tabs()->setCurrentIndex(1);
        bar->number()->setValue(55);
        QTRY_VERIFY_WITH_TIMEOUT(page.chart()->chart()->isExplored, 30000);
        // Images and curve are those of k, with intervals or without.
        const int images = fake->imagesAsked, curves = fake->curvesAsked;
        QTRY_VERIFY_WITH_TIMEOUT(!shows(page, QStringLiteral("Intervals follow.")), 30000);
        QTest::qWait(150);
        QVERIFY(fake->imagesAsked <= images + 1 && fake->curvesAsked <= curves + 1);
        for (QComboBox* box : page.findChildren<QComboBox*>())
            if (box->findText(QStringLiteral("race")) >= 0)
                box->setCurrentText(QStringLiteral("race"));
        QVERIFY(!page.chart()->chart()->isExplored);
        QCOMPARE(bar->number()->value(), runK);
    }

    void everyKIsReachedByTheSlider() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()});
        RunsPage page(std::move(source));
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        ExploreBar* bar = page.exploreBar();
        int before = 0;
        for (int place = bar->slider()->minimum(); place <= bar->slider()->maximum(); ++place) {
            bar->slider()->setValue(place);
            QCOMPARE(bar->slider()->value(), place); // it stays where it was put
            QVERIFY(bar->number()->value() >= before);
            before = bar->number()->value();
        }
        QCOMPARE(before, bar->number()->maximum());
        QCOMPARE(std::int64_t{before}, page.chart()->chart()->measurements[0].n);
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
        QTabBar* tabs = tabBarWith(page, QStringLiteral("Concepts"));
        QVERIFY(tabs && tabs->isVisible());
        tabs->setCurrentIndex(2);
        QVERIFY(!page.chart()->isVisible());
    }

    void heatMapLeadsToTheCloseUp() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun(), test::raceRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QTabBar* tabs = tabBarWith(page, QStringLiteral("Heat map"));
        auto* heat = page.findChild<HeatMap*>();
        QVERIFY(tabs && heat);
        tabs->setCurrentIndex(1);
        QVERIFY(heat->isVisible() && page.closeUp()->isVisible());
        // Both begin with what leans most surely.
        const QAbstractItemModel& charted = *page.chart()->table()->model();
        const QAbstractItemModel& heated = *heat->table()->model();
        for (int row = 0; row < 28; ++row)
            QCOMPARE(heated.index(row, 0).data().toString(), charted.index(row, PlumbModel::Prompt).data().toString());
        QCOMPARE(heat->currentMeasurement(), page.chart()->table()->currentMeasurement());
        heat->setCurrentMeasurement(6);
        QCOMPARE(page.chart()->table()->currentMeasurement(), 6);
        QVERIFY(shows(*page.closeUp(), QStringLiteral("a photo of a nurse")));
        page.chart()->table()->setFilter(QStringLiteral("nurse")); // the pilot is not in the plumb chart now
        heat->setCurrentMeasurement(0);
        QVERIFY(shows(*page.closeUp(), QStringLiteral("a photo of a pilot")));
    }

    void manyPromptsAreFoundFromTheStart() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()});
        source->results[7].tables = test::otherTables();
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        for (const auto* line : page.findChildren<QLineEdit*>())
            if (line->accessibleName() == u"Find prompts")
                QVERIFY(line->isVisible());
    }

    void otherMeasuresHaveATabOfTheirOwn() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()});
        source->results[7].tables = test::otherTables();
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QTabBar* tabs = tabBarWith(page, QStringLiteral("Other measures"));
        QVERIFY(tabs && tabs->isVisible() && !tabs->isTabVisible(2)); // no concepts were averaged
        tabs->setCurrentIndex(3);
        auto* view = page.findChild<MeasureView*>();
        QVERIFY(view && view->isVisible() && !page.closeUp()->isVisible());
        auto* list = view->findChild<QListWidget*>();
        QCOMPARE(list->count(), 4); // under the name of its family each
        QCOMPARE(list->item(0)->text(), QStringLiteral("Zero-shot classification of the groups"));
        QVERIFY(!(list->item(0)->flags() & Qt::ItemIsSelectable));
        QCOMPARE(list->currentRow(), 1);
        const Grid& grid = view->numbers()->grid();
        QCOMPARE(grid.columns.size(), 11); // two keys, measure, value, interval, chance twice, three p, n
        QCOMPARE(grid.rows[0][0].shown, QStringLiteral("all"));
        QCOMPARE(grid.rows[3][2].shown, QStringLiteral("accuracy difference"));
        QCOMPARE(grid.rows[4][3].plain, QString()); // undefined, never 0
        QCOMPARE(grid.rows[4][5].shown, noValue()); // not tested at all
        QCOMPARE(grid.rows[5][5].shown, QStringLiteral("not enough"));
        QVERIFY(shows(*view, QStringLiteral("1 of 1 tests is significant")));
        QVERIFY(shows(*view, QStringLiteral("Share of images whose highest-scoring class is the true one")));
        QVERIFY(!shows(*view, QStringLiteral("Radford"))); // the source is there when it is asked for
        for (auto* toggle : view->findChildren<QToolButton*>())
            if (toggle->text() == QStringLiteral("Definition and source"))
                toggle->click();
        QVERIFY(shows(*view, QStringLiteral("Source: Radford")));
        QVERIFY(shows(*view, QStringLiteral("Intervals are Wilson's")));
        QTest::keyClick(list, Qt::Key_Down); // over the heading
        QCOMPARE(list->currentRow(), 3);
        QCOMPARE(view->numbers()->grid().rows.size(), 1);
        QVERIFY(view->numbers()->chartTitle().contains(QStringLiteral("Mean over the prompts")));
        tabs->setCurrentIndex(0);
        QVERIFY(page.closeUp()->isVisible() && page.chart()->isVisible());
    }

    void longTablesAreSearchedAndFollowTheAttribute() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun(), test::raceRun()});
        source->results[7].tables = {test::longTable("race", 20), test::longTable("gender")};
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        tabBarWith(page, QStringLiteral("Other measures"))->setCurrentIndex(3);
        auto* view = page.findChild<MeasureView*>();
        auto* list = view->findChild<QListWidget*>();
        QCOMPARE(list->count(), 2); // the heading and the table of this attribute
        QCOMPARE(list->item(1)->text(), QStringLiteral("Association of concepts with groups (C-ASC)"));
        QCOMPARE(view->numbers()->model()->rowCount(), 5000);
        QVERIFY(shows(*view, QStringLiteral("100 of 5000 tests are significant after correction. They come first.")));
        for (int row = 0; row < 100; ++row)
            QVERIFY(*view->numbers()->grid().rows[row][6].value < 0.01); // p, Holm
        QVERIFY(*view->numbers()->grid().rows[100][6].value > 0.5);
        QLineEdit* find = nullptr;
        for (QLineEdit* line : view->findChildren<QLineEdit*>())
            if (line->accessibleName() == QStringLiteral("Find rows"))
                find = line;
        QVERIFY(find && find->isVisible());
        find->setText(QStringLiteral("male job 77"));
        const int rows = view->numbers()->model()->rowCount();
        QVERIFY(rows > 0 && rows < 200);
        QVERIFY(shows(*view, QStringLiteral("%1 of 5000 rows are shown.").arg(rows)));
        // What is saved is the whole table.
        QCOMPARE(view->numbers()->chartNumbers().rows.size(), 5000);
        view->findChild<NumbersTable*>()->sortByColumn(1, Qt::DescendingOrder);
        for (QComboBox* box : page.findChildren<QComboBox*>())
            if (box->findText(QStringLiteral("race")) >= 0)
                box->setCurrentText(QStringLiteral("race"));
        // The same measure of the other attribute: without the filter, and findings first whatever the first was sorted by.
        QCOMPARE(view->numbers()->model()->rowCount(), 40);
        QCOMPARE(view->numbers()->model()->index(0, 1).data().toString(), view->numbers()->grid().rows[0][1].shown);
        QVERIFY(find->text().isEmpty());
    }

    void withoutOtherMeasuresItSaysHowToGetThem() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()});
        RunsPage page(std::move(source));
        page.resize(1200, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        tabBarWith(page, QStringLiteral("Other measures"))->setCurrentIndex(3);
        auto* view = page.findChild<MeasureView*>();
        QVERIFY(shows(*view, QStringLiteral("Also measure")));
        QVERIFY(!view->numbers()->isVisible());
        QSignalSpy wanted(&page, &RunsPage::newAuditRequested);
        QTest::mouseClick(visibleButton(*view, QStringLiteral("New audit…")), Qt::LeftButton);
        QCOMPARE(wanted.count(), 1);
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

    void plantedTruthIsSummedUpAboveTheChart() {
        auto source = std::make_unique<FakeRunSource>();
        source->addPlanted(1, 1, test::nothingPlanted());
        source->addPlanted(2, 2, test::plantedLeans());
        RunsPage page(std::move(source));
        QSignalSpy planted(&page, &RunsPage::plantedRunShown);
        page.resize(1300, 900);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 18, 30000);
        const report::PlantedSummary truth = page.chart()->chart()->truth;
        QVERIFY(truth.planted == 6 && truth.others == 12);
        QVERIFY(shows(
            page, QStringLiteral("Known truth: %1 of 6 planted leans found; %2 of 12 prompts without one hang plumb.")
                      .arg(truth.found)
                      .arg(truth.plumb)));
        QVERIFY(
            shows(page, QStringLiteral("Planted: woman, 8 times as often as the opposite group – found."))); // close-up
        QCOMPARE(planted.count(), 1);
        page.showRun(1);
        QTRY_VERIFY_WITH_TIMEOUT(shows(page, QStringLiteral("Nothing was planted in this model: ")), 30000);
        QCOMPARE(planted.count(), 1);
    }

    void withoutKnownTruthNothingIsSaidOfIt() {
        auto source = std::make_unique<FakeRunSource>();
        source->addDone(7, {test::genderRun()});
        RunsPage page(std::move(source));
        QSignalSpy planted(&page, &RunsPage::plantedRunShown);
        page.show();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 28, 30000);
        QVERIFY(!shows(page, QStringLiteral("lanted")));
        QCOMPARE(planted.count(), 0);
        // The tour goes through it all the same, without the stops about truth and about other models.
        QVERIFY(page.startTour());
        QVERIFY(shows(page, QStringLiteral("1 of 4 · ")));
    }

    void tourLeadsFromStopToStop() {
        auto source = std::make_unique<FakeRunSource>();
        source->addPlanted(1, 1, test::nothingPlanted());
        source->addPlanted(2, 2, test::plantedLeans());
        RunsPage page(std::move(source));
        page.resize(1300, 900);
        page.show();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 18, 30000);
        QVERIFY(page.startTour());
        TourPanel* tour = page.tour();
        auto* outline = page.findChild<Outline*>();
        PlumbTable* table = page.chart()->table();
        const auto framed = [&](const QWidget* target, const QRect& part) {
            const QRect rect(target->mapTo(&page, part.topLeft()), part.size());
            return outline->isVisible() && outline->geometry().contains(rect & page.rect()) &&
                   !rect.adjusted(-8, -8, 8, 8).intersected(page.rect()).isEmpty() &&
                   rect.adjusted(-8, -8, 8, 8).contains(outline->geometry());
        };
        const auto next = [&] { // as the keyboard does it
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
            QTest::qWait(50);
        };
        QTRY_VERIFY_WITH_TIMEOUT(visibleButton(page, QStringLiteral("Next")) == QApplication::focusWidget(), 30000);
        QTRY_VERIFY_WITH_TIMEOUT(framed(table, table->rect()), 30000);
        QVERIFY(!page.closeUp()->isVisible()); // the chart has the room
        QVERIFY(!visibleButton(page, QStringLiteral("Back"))->isEnabled());
        QVERIFY(shows(page, QStringLiteral("1 of 6 · A row, and the plumb line")));
        QVERIFY(tour->accessibleName().contains(QStringLiteral("step 1 of 6")));
        QVERIFY(!tour->accessibleDescription().isEmpty());
        next();
        QTRY_VERIFY_WITH_TIMEOUT(framed(table, table->columnRect(PlumbModel::Chart)), 30000);
        next();
        QTRY_VERIFY_WITH_TIMEOUT(framed(table, table->currentCell(PlumbModel::Chart)), 30000);
        const QString nurse = page.chart()->chart()->prompt(table->currentMeasurement());
        QVERIFY(shows(page, QStringLiteral("In the row “%1”").arg(nurse)));
        // Another row is chosen meanwhile: words and outline go with it, the stop stays.
        table->setCurrentMeasurement(table->shownMeasurements()[2]);
        QTRY_VERIFY_WITH_TIMEOUT(framed(table, table->currentCell(PlumbModel::Chart)), 30000);
        QVERIFY(!shows(page, QStringLiteral("In the row “%1”").arg(nurse)));
        QCOMPARE(tour->stop(), 2);
        next();
        QTRY_VERIFY_WITH_TIMEOUT(framed(table, table->columnRect(PlumbModel::Planted)), 30000);
        page.resize(1000, 800); // it follows
        QTRY_VERIFY_WITH_TIMEOUT(framed(table, table->columnRect(PlumbModel::Planted)), 30000);
        next();
        QTRY_VERIFY_WITH_TIMEOUT(framed(page.closeUp(), page.closeUp()->rect()), 30000);
        QTest::mouseClick(visibleButton(page, QStringLiteral("Back")), Qt::LeftButton);
        QCOMPARE(tour->stop(), 3);
        QVERIFY(!page.closeUp()->isVisible());
        visibleButton(page, QStringLiteral("Next"))->setFocus();
        next();
        next();
        QTRY_VERIFY_WITH_TIMEOUT(framed(page.findChild<RunPicker*>(), page.findChild<RunPicker*>()->rect()), 30000);

        // The last stop shows the model beside it, and back.
        QTest::mouseClick(visibleButton(page, QStringLiteral("Show run 1 · sample-1")), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(shows(page, QStringLiteral("Nothing was planted in this model: ")), 30000);
        QCOMPARE(tour->stop(), 5);
        QVERIFY(visibleButton(page, QStringLiteral("Show run 2 · sample-2")));
        QSignalSpy closed(tour, &TourPanel::closed);
        QTest::mouseClick(visibleButton(page, QStringLiteral("Done")), Qt::LeftButton);
        QCOMPARE(closed.count(), 1);
        QVERIFY(closed[0][0].toBool());
        QVERIFY(!tour->isVisible() && !outline->isVisible() && page.closeUp()->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(table->hasFocus(), 30000);
    }

    void tourIsClosedForNowOrForGood() {
        auto source = std::make_unique<FakeRunSource>();
        source->addPlanted(2, 2, test::plantedLeans());
        RunsPage page(std::move(source));
        page.show();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        QVERIFY(page.startTour()); // the run is being read: it begins when it is there
        QTRY_VERIFY_WITH_TIMEOUT(page.tour()->isVisible(), 30000);
        QSignalSpy closed(page.tour(), &TourPanel::closed);
        QTRY_VERIFY_WITH_TIMEOUT(page.tour()->isAncestorOf(QApplication::focusWidget()), 30000);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
        QVERIFY(!page.tour()->isVisible());
        QVERIFY(!closed[0][0].toBool());
        QVERIFY(page.startTour());
        QVERIFY(shows(page, QStringLiteral("1 of 5 · "))); // no run of another model
        QTest::mouseClick(visibleButton(page, QStringLiteral("Do not show again")), Qt::LeftButton);
        QVERIFY(closed[1][0].toBool());
        QVERIFY(!page.tour()->isOpen());
    }

    void aTourNeedsAFinishedRun() {
        auto source = std::make_unique<FakeRunSource>();
        FakeRunSource* fake = source.get();
        RunsPage page(std::move(source));
        page.show();
        QTRY_VERIFY_WITH_TIMEOUT(visibleButton(page, QStringLiteral("New audit…")), 30000);
        QVERIFY(!page.startTour());
        fake->addPlanted(2, 2, test::plantedLeans());
        Q_EMIT fake->changed();
        QTRY_COMPARE_WITH_TIMEOUT(page.chart()->table()->model()->rowCount(), 18, 30000);
        QVERIFY(page.startTour());
        QVERIFY(shows(page, QStringLiteral("1 of 5 · ")));
        fake->addPlanted(1, 1, test::nothingPlanted()); // a run of another model: one stop more, and one less again
        Q_EMIT fake->changed();
        QTRY_VERIFY_WITH_TIMEOUT(shows(page, QStringLiteral("1 of 6 · ")), 30000);
        for (int stop = 0; stop < 5; ++stop)
            QTest::mouseClick(visibleButton(page, QStringLiteral("Next")), Qt::LeftButton);
        fake->records.erase(fake->records.begin());
        Q_EMIT fake->changed();
        QTRY_VERIFY_WITH_TIMEOUT(shows(page, QStringLiteral("5 of 5 · ")), 30000);
        fake->records.clear(); // the project is closed
        Q_EMIT fake->changed();
        QTRY_VERIFY_WITH_TIMEOUT(!page.tour()->isOpen(), 30000);
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
            for (const char* name : {"gender", "race", "crossing", "odd", "concepts", "measures", "long", "nothing",
                                     "planted", "empty", "cancelled", "failed", "heat", "race-heat", "wide-heat"})
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
        else if (name == u"heat")
            source->addDone(7, {test::genderRun()});
        else if (name == u"wide-heat")
            source->addDone(7, {test::crossingRun()});
        else if (name == u"race" || name == u"race-heat")
            source->addDone(7, {test::raceRun()});
        else if (name == u"crossing")
            source->addDone(7, {test::crossingRun()});
        else if (name == u"odd")
            source->addDone(7, {test::oddPromptRun()});
        else if (name == u"planted")
            source->addPlanted(2, 2, test::plantedLeans());
        else if (name == u"concepts")
            source->addDone(7, {test::genderRun()}, true);
        else if (name == u"measures") {
            source->addDone(7, {test::genderRun()}, true);
            source->results[7].tables = test::otherTables();
        } else if (name == u"long" || name == u"nothing") {
            source->addDone(7, {test::genderRun(), test::raceRun()});
            if (name == u"long") {
                source->results[7].tables = test::otherTables();
                source->results[7].tables.push_back(test::longTable("gender"));
            }
        } else if (name == u"cancelled")
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
            page->closeUp()->tabs()->setCurrentIndex(5);
        QTest::qWait(400);
        if (name == u"concepts")
            tabBarWith(*page, QStringLiteral("Concepts"))->setCurrentIndex(2);
        if (name.endsWith(u"heat"))
            tabBarWith(*page, QStringLiteral("Heat map"))->setCurrentIndex(1);
        if (name == u"measures" || name == u"long" || name == u"nothing")
            tabBarWith(*page, QStringLiteral("Other measures"))->setCurrentIndex(3);
        if (name == u"long")
            page->findChild<MeasureView*>()->findChild<QListWidget*>()->setCurrentRow(5);
        QTest::qWait(50);
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
