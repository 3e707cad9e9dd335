// SPDX-License-Identifier: GPL-3.0-or-later
// The Compare page, driven as a user drives it, on a real project with the real engine.
#include <QApplication>
#include <QComboBox>
#include <QJsonArray>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTabBar>
#include <QTest>
#include <QToolButton>

#include "tests/ui/engine_bench.h"
#include "tests/ui/named.h"
#include "ui/charts/dumb_bells.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/run_scatter.h"
#include "ui/pages/compare/compare_page.h"
#include "ui/pages/compare/compare_words.h"
#include "ui/pages/compare/comparison_view.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::button;
using plumbline::test::EngineBench;
using plumbline::test::kLong;
using plumbline::test::named;
using plumbline::test::says;

namespace {

void choose(ComparePage& page, const QString& box, qint64 run) {
    auto* combo = named<QComboBox>(&page, box);
    combo->setCurrentIndex(combo->findData(run));
    Q_EMIT combo->activated(combo->currentIndex());
}

MeasureRow row(std::vector<std::string> keys, const char* measure, double value, std::optional<double> low = {},
               std::optional<double> high = {}) {
    MeasureRow made;
    made.keys = std::move(keys);
    made.measure = measure;
    made.value.value = value;
    made.value.ciLow = low;
    made.value.ciHigh = high;
    made.n = 1000;
    return made;
}

/// Three runs, the means of one attribute and an accuracy.
RunComparison threeRuns() {
    RunComparison comparison;
    comparison.runs = {{1, "a", "", "faces", ""}, {4, "b", "", "faces", ""}, {7, "a", "LEACE", "faces", ""}};
    MeasureTable means, utility;
    means.id = kComparedMeansId;
    utility.id = kComparedUtilityId;
    for (const auto& [run, value] : {std::pair("4", 0.5), std::pair("7", 0.1)}) {
        means.rows.push_back(row({run, "gender", kOfFirst, "images"}, "max_skew", 0.3, 0.2, 0.4));
        means.rows.push_back(row({run, "gender", kOfSecond, "images"}, "max_skew", value, value - 0.1, value + 0.1));
        means.rows.push_back(
            row({run, "gender", kOfDifference, "images"}, "max_skew", value - 0.3, value - 0.35, value - 0.25));
        utility.rows.push_back(row({run, "", kOfFirst}, "zero_shot_accuracy", 0.9));
        utility.rows.push_back(row({run, "", kOfSecond}, "zero_shot_accuracy", value + 0.3));
        utility.rows.push_back(row({run, "", kOfDifference}, "zero_shot_accuracy", value - 0.6));
    }
    comparison.judged = {{4, "gender", "", "max_skew", Change::LeansMore},
                         {7, "gender", "", "max_skew", Change::LeansLess}};
    comparison.tables = {means, utility};
    return comparison;
}

} // namespace

class TestComparePage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QLocale::setDefault(QLocale::c());
    }

    void anEmptyPageSaysWhatItLacks() {
        EngineBench bench;
        ComparePage page(bench.context);
        bench.show(page);
        QSignalSpy project(&page, &ComparePage::projectNeeded), audit(&page, &ComparePage::auditWanted);
        QVERIFY(button(&page, QStringLiteral("New project…")) != nullptr);
        button(&page, QStringLiteral("New project…"))->click();
        QCOMPARE(project.count(), 1);
        QVERIFY(store::Project::create(bench.path()).has_value());
        bench.open();
        QTRY_VERIFY(says(&page, QStringLiteral("no finished audit")));
        button(&page, QStringLiteral("New audit"))->click();
        QCOMPARE(audit.count(), 1);
        QVERIFY(button(&page, QStringLiteral("Compare")) == nullptr);
    }

    void whatIsShownIsWhatTheRunsStored() {
        EngineBench bench;
        bench.make();
        bench.open();
        ComparePage page(bench.context);
        bench.show(page);
        choose(page, QStringLiteral("First run"), 1);
        choose(page, QStringLiteral("Held against it"), 2);
        QCOMPARE(page.chosen(), (std::vector<qint64>{1, 2}));
        QTest::mouseClick(button(&page, QStringLiteral("Compare")), Qt::LeftButton);
        ComparisonView* view = page.view();
        QTRY_VERIFY_WITH_TIMEOUT(view->isVisible(), kLong);
        QVERIFY2(bench.messages.isEmpty(), bench.messages.isEmpty() ? "" : qPrintable(bench.messages.front().text));
        QVERIFY(says(&page, QStringLiteral("By gender, run 2 leans more than run 1")));
        QSignalSpy report(&page, &ComparePage::reportWanted);
        button(&page, QStringLiteral("Report…"))->click();
        QCOMPARE(report[0][0].value<std::vector<qint64>>(), (std::vector<qint64>{1, 2}));

        auto project = store::Project::open(bench.path(), store::Project::Access::ReadOnly);
        QVERIFY(project.has_value());
        const auto first = project->runResult(1), second = project->runResult(2);
        QVERIFY(first.has_value() && second.has_value());
        for (const char* attribute : {"gender", "skin tone"}) {
            auto* box = named<QComboBox>(view, QStringLiteral("Attribute"));
            box->setCurrentIndex(box->findText(QLatin1String(attribute)));
            QCOMPARE(view->pairs()->pairs().size(), first->prompts.size());
            for (const DumbBell& pair : view->pairs()->pairs())
                for (const auto& [result, value] : {std::pair(&*first, pair.first), std::pair(&*second, pair.second)}) {
                    const auto measured = std::ranges::find_if(result->measurements, [&](const Measurement& one) {
                        return one.attribute == attribute && *one.prompt == pair.prompt.toStdString();
                    });
                    QVERIFY(measured != result->measurements.end());
                    QCOMPARE(value, measured->maxSkew.value);
                }
        }
        // Of two attributes three measures that are shown and the gap in sd, which the table of means has, too.
        QCOMPARE(view->means()->grid().rows.size(), 2 * 4);
    }

    void imagesThatMovedStandOnTheirSide() {
        EngineBench bench;
        bench.make();
        bench.open();
        ComparePage page(bench.context);
        bench.show(page);
        page.compare({1, 2});
        ComparisonView* view = page.view();
        QTRY_VERIFY_WITH_TIMEOUT(view->isVisible(), kLong);
        view->pairs()->setCurrentGridRow(0);
        const auto &risen = view->risen()->images()->images(), &fallen = view->fallen()->images()->images();
        QVERIFY(!risen.empty());
        QVERIFY(!fallen.empty());
        for (const RankedImage& image : risen)
            QVERIFY(image.rank < image.before);
        for (const RankedImage& image : fallen)
            QVERIFY(image.rank > image.before);
        const QModelIndex at = view->risen()->images()->index(0);
        QCOMPARE(at.data().toString(),
                 QStringLiteral("%1 → %2").arg(QLocale().toString(risen[0].before), QLocale().toString(risen[0].rank)));
        QVERIFY(!at.data(Qt::ToolTipRole).toString().contains(QStringLiteral("score")));
        QVERIFY(at.data(RankedImages::GroupRole).toInt() >= 0);
        view->risen()->setBlurred(true);
        QVERIFY(view->fallen()->isBlurred());
        view->risen()->setBlurred(false);
        QVERIFY(!view->fallen()->isBlurred());
    }

    void whatCannotBeComparedIsSaidWithItsReasons() {
        EngineBench bench;
        bench.make();
        bench.open();
        ComparePage page(bench.context);
        bench.show(page);
        page.compare({1, 3});
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("Run 1 and run 3")), kLong);
        QVERIFY(says(&page, QStringLiteral("These runs are not compared")));
        QVERIFY(!page.view()->isVisible());
        choose(page, QStringLiteral("Held against it"), 2);
        QVERIFY(!says(&page, QStringLiteral("These runs are not compared")));
        QVERIFY(button(&page, QStringLiteral("Compare"))->isEnabled());
    }

    void theSameRunTwiceIsNotOffered() {
        EngineBench bench;
        bench.make();
        bench.open();
        ComparePage page(bench.context);
        bench.show(page);
        choose(page, QStringLiteral("First run"), 2);
        choose(page, QStringLiteral("Held against it"), 2);
        QVERIFY(says(&page, QStringLiteral("Choose two different runs.")));
        QVERIFY(!button(&page, QStringLiteral("Compare"))->isEnabled());
        choose(page, QStringLiteral("Held against it"), 1);
        auto* third = named<QComboBox>(&page, QStringLiteral("Held against it, number 2"));
        QVERIFY(third->isVisible());
        choose(page, QStringLiteral("Held against it, number 2"), 3);
        QCOMPARE(page.chosen(), (std::vector<qint64>{2, 1, 3}));
    }

    void theChoiceIsRememberedInTheProject() {
        EngineBench bench;
        bench.make();
        bench.open();
        ComparePage page(bench.context);
        bench.show(page);
        page.compare({2, 1});
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        bench.project.close();
        QTRY_VERIFY(!page.view()->isVisible());
        QVERIFY(page.chosen().empty());
        bench.open();
        QTRY_COMPARE(page.chosen(), (std::vector<qint64>{2, 1}));
    }

    void anEngineThatFailsLeavesThePageUsable() {
        EngineBench bench(QStringLiteral(PLUMBLINE_FAKE_ENGINE)); // it compares nothing
        bench.make();
        bench.open();
        ComparePage page(bench.context);
        bench.show(page);
        page.compare({1, 2});
        QTRY_VERIFY_WITH_TIMEOUT(!bench.messages.isEmpty(), kLong);
        QVERIFY(button(&page, QStringLiteral("Compare"))->isEnabled());
    }

    void goingBackShowsTheComparisonAgain() {
        EngineBench bench;
        bench.make();
        bench.open();
        ComparePage page(bench.context);
        bench.show(page);
        QVERIFY(!page.closeForm());
        page.compare({1, 2});
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        page.chooseWith(3);
        QVERIFY(!page.view()->isVisible());
        QCOMPARE(page.chosen().front(), 3);
        QVERIFY(page.closeForm());
        QVERIFY(page.view()->isVisible());
    }

    void pairsOfRunsAreOffered() {
        const auto record = [](std::int64_t id, const char* model, std::int64_t images,
                               RunState state = RunState::Done) {
            store::RunRecord run;
            run.id = id;
            run.modelName = model;
            run.config.imageSetId = images;
            run.state = state;
            return run;
        };
        std::vector<store::RunRecord> runs{record(1, "a", 1), record(2, "b", 1), record(3, "b", 2), record(4, "a", 1),
                                           record(5, "c", 1, RunState::Cancelled)};
        QVERIFY(newestOfEachModel({runs[0]}).empty());
        QCOMPARE(newestOfEachModel(runs), (std::vector<std::int64_t>{2, 4})); // run 3 asks other images
        QCOMPARE(beforeAndAfter(runs), (std::pair<std::int64_t, std::int64_t>{}));
        runs.push_back(record(6, "a", 1));
        runs.back().config.debias.emplace();
        runs.back().config.debias->baselineRun = 4;
        QCOMPARE(beforeAndAfter(runs), (std::pair<std::int64_t, std::int64_t>{4, 6}));
        QCOMPARE(newestOfEachModel(runs), (std::vector<std::int64_t>{2, 4})); // as the models are
        runs[3].state = RunState::Failed;
        QCOMPARE(beforeAndAfter(runs), (std::pair<std::int64_t, std::int64_t>{}));
    }

    void severalRunsAndTheirUtility() {
        const RunComparison comparison = threeRuns();
        QVERIFY(comparisonSentences(comparison, 4).front().contains(QStringLiteral("run 4 leans more than run 1")));
        QVERIFY(comparisonSentences(comparison, 7).front().contains(QStringLiteral("run 7 leans less than run 1")));
        const auto points = comparedPoints(comparison, "gender", "max_skew", "zero_shot_accuracy");
        QCOMPARE(points.size(), 3U);
        QCOMPARE(points[0].x, std::optional(0.9));
        QCOMPARE(points[0].y, std::optional(0.3));
        QCOMPARE(points[2].x, std::optional(0.4));
        QCOMPARE(points[2].yHigh, std::optional(0.2));
        QCOMPARE(points[2].name, QStringLiteral("Run 7 · a after LEACE"));
        const Grid grid = comparedMeansGrid(comparison);
        QCOMPARE(grid.columns.front().title, QStringLiteral("Run"));
        QCOMPARE(grid.rows.size(), 4);
        QCOMPARE(grid.rows[0][5].trend, Grid::Trend::Worse);
        QCOMPARE(grid.rows[1][5].trend, Grid::Trend::Better);
        QCOMPARE(grid.rows[2][5].trend, Grid::Trend::None); // an accuracy without an interval says nothing

        ComparisonView view;
        auto shown = std::make_shared<ShownComparison>();
        shown->comparison = comparison;
        view.setComparison(shown);
        view.resize(900, 600);
        view.show();
        auto* run = named<QComboBox>(&view, QStringLiteral("Run that is held against the first"));
        QCOMPARE(run->count(), 2);
        QVERIFY(run->isVisible());
        run->setCurrentIndex(1);
        QVERIFY(says(&view, QStringLiteral("run 7 leans less")));
        view.tabs()->setCurrentIndex(2);
        QCOMPARE(view.scatter()->points().size(), 3U);
        QVERIFY(named<QComboBox>(&view, QStringLiteral("Measure of utility"))->isVisible());
    }

    void pairsCopySortAndSave() {
        DumbBellTable table;
        table.resize(800, 300);
        std::vector<DumbBell> pairs(3);
        const char* prompts[] = {"a photo of a <b>pilot</b>", "a photo of a nurse", "a photo of a clerk"};
        for (int i = 0; i < 3; ++i) {
            auto& pair = pairs[static_cast<std::size_t>(i)];
            pair.prompt = QLatin1String(prompts[i]);
            pair.first = 0.1 * i;
            pair.second = 0.5;
            pair.difference = 0.5 - 0.1 * i;
            pair.low = *pair.difference - 0.05;
            pair.high = *pair.difference + 0.05;
            pair.trend = i == 0 ? Grid::Trend::Worse : Grid::Trend::Unsure;
        }
        pairs[2].first.reset(); // nothing was measured there
        table.setPairs(pairs, QStringLiteral("MaxSkew"), QStringLiteral("run 1"), QStringLiteral("run 2"),
                       QStringLiteral("p (Holm)"), QStringLiteral("MaxSkew by gender"), {});
        const Grid numbers = table.chartNumbers();
        QCOMPARE(numbers.columns.size(), 6);
        QCOMPARE(numbers.rows.size(), 3);
        QCOMPARE(numbers.rows[0].back().shown, QStringLiteral("leans more"));
        QVERIFY(numbers.tsv().startsWith(QStringLiteral("Prompt\trun 1\trun 2\tdifference\tdifference, low\t")));
        table.sortByColumn(DumbBellTable::Chart, Qt::AscendingOrder); // by how far they are apart
        QCOMPARE(table.shownGridRows(), (QList<int>{2, 1, 0}));
        table.setFilter(QStringLiteral("nurse"));
        QCOMPARE(table.chartNumbers().rows.size(), 1);
        test::TempFolder folder;
        const QString file = QString::fromStdString((folder / "pairs.svg").string());
        table.setFilter({});
        QVERIFY(savePicture(table, file).has_value());
        const std::string svg = test::readText(folder / "pairs.svg");
        QVERIFY(svg.find("a photo of a nurse") != std::string::npos);
        QVERIFY(svg.find("<b>") == std::string::npos);
    }
};

QTEST_MAIN(TestComparePage)
#include "tst_compare_page.moc"
