// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QListView>
#include <QMenu>
#include <QProcess>
#include <QXmlStreamReader>

#include "core/report/plumb_chart.h"
#include "fake_run_source.h"
#include "synthetic_run.h"
#include "tests/support/test_support.h"
#include "ui/bridge/english_plurals.h"
#include "ui/charts/chart_menu.h"
#include "ui/charts/chart_text.h"
#include "ui/charts/heat_map.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/legend.h"
#include "ui/charts/numbers_table.h"
#include "ui/charts/palette.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/charts/plumb_paint.h"
#include "ui/charts/plumb_table.h"
#include "ui/charts/rank_chart.h"
#include "ui/charts/skew_bars.h"
#include "ui/widgets/theme.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

std::shared_ptr<const PlumbData> chartOf(const std::vector<Measurement>& run) {
    return PlumbData::make(run, test::groupNames(run));
}

/// The sample's chart of one attribute.
std::shared_ptr<const PlumbData> plantedChart(const std::string& attribute) {
    const auto run = test::plantedRun(attribute, test::plantedLeans());
    return PlumbData::make(run, test::groupNames(run), test::plantedProbe(), test::plantedLeans());
}

QString path(const test::TempFolder& folder, const char* name) {
    return QString::fromStdString((folder / name).string());
}

/// Well-formed, with a drawing in it.
bool isSvg(const QByteArray& bytes) {
    QXmlStreamReader xml(bytes);
    int elements = 0;
    while (!xml.atEnd())
        if (xml.readNext() == QXmlStreamReader::StartElement)
            ++elements;
    if (xml.hasError())
        qWarning("%s at line %lld", qPrintable(xml.errorString()), xml.lineNumber());
    return !xml.hasError() && elements > 20 && bytes.contains("<svg");
}

QByteArray bytesOf(const QString& file) {
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
}

int count(const QImage& image, const QColor& colour) {
    int found = 0;
    for (int x = 0; x < image.width(); ++x)
        for (int y = 0; y < image.height(); ++y)
            found += image.pixelColor(x, y) == colour;
    return found;
}

} // namespace

class TestCharts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        qApp->installTranslator(new EnglishPlurals(qApp));
        QLocale::setDefault(QLocale::c());
        theme::apply(*qApp, theme::Appearance::Light);
    }

    void modelsKeepTheContract() {
        PlumbModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setChart(chartOf(test::genderRun()));
        QCOMPARE(model.rowCount(), 28);
        model.setChart(chartOf(test::crossingRun()));
        model.setChart(nullptr);
        QCOMPARE(model.rowCount(), 0);

        PlumbProxy proxy;
        proxy.setSourceModel(&model);
        QAbstractItemModelTester proxyTester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setChart(chartOf(test::raceRun()));
        proxy.sort(PlumbModel::Chart, Qt::DescendingOrder);
        proxy.setFilterFixedString(QStringLiteral("number 1"));
        QVERIFY(proxy.rowCount() > 1 && proxy.rowCount() < 28);

        GridModel grid;
        QAbstractItemModelTester gridTester(&grid, QAbstractItemModelTester::FailureReportingMode::QtTest);
        grid.setGrid(numbersGrid(*chartOf(test::genderRun()), 0));
        QCOMPARE(grid.rowCount(), 2);

        RankedImages images;
        QAbstractItemModelTester imagesTester(&images, QAbstractItemModelTester::FailureReportingMode::QtTest);
        images.setImages({{4, 0, 0.4, "a.jpg"}, {2, 1, 0.3, "b.jpg"}}, report::groupStyles({"A", "B"}), "/photographs");
        images.setThumbnail(2, QImage(8, 8, QImage::Format_RGB32));
        images.setThumbnail(77, {}); // an answer for an image that is no longer shown
        QCOMPARE(images.rowCount(), 2);
    }

    void sortsByStrengthPromptAndValueWithUndefinedLast() {
        auto run = test::genderRun();
        run[3].maxSkew = {};
        PlumbModel model;
        model.setChart(chartOf(run));
        PlumbProxy proxy;
        proxy.setSourceModel(&model);
        const auto first = [&](PlumbModel::Column column) { return proxy.index(0, column).data().toString(); };
        proxy.sort(PlumbModel::Chart, Qt::DescendingOrder);
        QCOMPARE(first(PlumbModel::Prompt), QStringLiteral("a photo of a florist"));
        proxy.sort(PlumbModel::Prompt, Qt::AscendingOrder);
        QCOMPARE(first(PlumbModel::Prompt), QStringLiteral("a photo of a baker"));
        for (const Qt::SortOrder order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            proxy.sort(PlumbModel::MaxSkew, order);
            QCOMPARE(proxy.index(27, PlumbModel::MaxSkew).data().toString(), noValue());
        }
        QCOMPARE(first(PlumbModel::MaxSkew), QStringLiteral("0.74"));
    }

    void accessibleTextSaysWhatTheMarksSay() {
        PlumbModel model;
        model.setChart(chartOf(test::genderRun()));
        const QString text = model.index(0, PlumbModel::Chart).data(Qt::AccessibleTextRole).toString();
        for (const char* part : {"a photo of a pilot", "leans towards Male, 1.9 × its share", "Male: skew +0.63",
                                 "95 % interval", "chance", "Female: skew \u22123.68"})
            QVERIFY2(text.contains(QString::fromUtf8(part)), qPrintable(text));
        QVERIFY(text.contains(percentText(494.0 / 500)));
        const QString plumb = model.index(13, PlumbModel::Chart).data(Qt::AccessibleTextRole).toString();
        QVERIFY2(plumb.contains(QStringLiteral("no lean found (corrected p")), qPrintable(plumb));
        for (int row = 0; row < model.rowCount(); ++row)
            for (int column = 0; column < model.columnCount(); ++column)
                QVERIFY(!model.index(row, column).data(Qt::AccessibleTextRole).toString().isEmpty());

        model.setChart(chartOf(test::crossingRun()));
        bool none = false;
        for (int row = 0; row < model.rowCount(); ++row)
            none = none || model.index(row, PlumbModel::Chart)
                               .data(Qt::AccessibleTextRole)
                               .toString()
                               .contains(QStringLiteral("none in the top 100"));
        QVERIFY(none);
    }

    void wordsOfCoreAreTranslated() {
        // The list in chart_text.cpp, read as lupdate reads it.
        const std::string source = test::readText(test::sourceFolder() / "ui/charts/chart_text.cpp");
        for (const std::string_view pattern : report::leanPatterns())
            QVERIFY2(source.find('"' + std::string(pattern) + '"') != std::string::npos, std::string(pattern).c_str());
        for (const std::string_view pattern : report::plantedPatterns())
            QVERIFY2(source.find('"' + std::string(pattern) + '"') != std::string::npos, std::string(pattern).c_str());
        for (const std::string_view word : report::ratioWords())
            QVERIFY2(source.find('"' + std::string(word) + '"') != std::string::npos, std::string(word).c_str());
        for (const auto& run : {test::genderRun(), test::raceRun(), test::crossingRun()}) {
            const auto data = chartOf(run);
            for (const report::Axis::Tick& tick : data->chart.axis.ticks)
                QVERIFY2(source.find('"' + tick.label + '"') != std::string::npos, tick.label.c_str());
        }
        const auto gender = chartOf(test::genderRun());
        for (const report::Row& row : gender->chart.rows)
            QCOMPARE(leanText(row.lean), QString::fromStdString(row.lean.text));
    }

    void plantedTruthStandsBesideTheMeasuredValue() {
        PlumbModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto data = plantedChart("gender");
        model.setChart(data);
        const auto cell = [&](int row, int role = Qt::DisplayRole) {
            return model.index(row, PlumbModel::Planted).data(role).toString();
        };
        QCOMPARE(cell(0), QStringLiteral("woman, ×8")); // nurse
        QCOMPARE(cell(3), QStringLiteral("man, ×8"));   // pilot
        QCOMPARE(cell(6), QStringLiteral("nothing"));   // barber: by skin tone
        QCOMPARE(cell(12), QStringLiteral("nothing"));  // baker, a control
        QCOMPARE(data->favouredStyle(0)->name, std::string("woman"));
        QVERIFY(data->favouredStyle(12) == nullptr);
        QVERIFY(data->planted[0].finding == report::PlantedView::Finding::Found);
        QCOMPARE(cell(0, Qt::AccessibleTextRole),
                 QStringLiteral("Planted: woman, 8 times as often as the opposite group – found."));
        QVERIFY(data->planted[15].finding == report::PlantedView::Finding::Leans); // musician
        QCOMPARE(cell(15, Qt::AccessibleTextRole),
                 QStringLiteral("Planted: nothing – leans without planting (chance or residue)."));
        // By group, the strongest first; nothing comes last.
        PlumbProxy proxy;
        proxy.setSourceModel(&model);
        proxy.sort(PlumbModel::Planted, Qt::AscendingOrder);
        QStringList order;
        for (int row = 0; row < 7; ++row)
            order << proxy.index(row, PlumbModel::Planted).data().toString();
        QCOMPARE(order.join(u'|'), QStringLiteral("man, ×8|man, ×4|man, ×2|woman, ×8|woman, ×4|woman, ×2|nothing"));
        // What is copied says it too, and only where it is known.
        const Grid grid = model.grid({0, 12});
        QCOMPARE(grid.columns[2].title, QStringLiteral("Planted"));
        QCOMPARE(grid.rows[0][2].plain, QStringLiteral("woman, ×8"));
        QCOMPARE(grid.rows[0][3].plain, QStringLiteral("found"));
        model.setChart(chartOf(test::genderRun()));
        QCOMPARE(model.grid({0}).columns[2].title, QStringLiteral("n"));
    }

    void plantedColumnIsThereOnlyWithTruth() {
        PlumbChartView view;
        view.resize(1300, 500);
        view.show();
        view.setChart(chartOf(test::genderRun()), QStringLiteral("Run 7"));
        QVERIFY(view.table()->isColumnHidden(PlumbModel::Planted));
        view.setChart(plantedChart("skin tone"), QStringLiteral("Run 2"));
        QVERIFY(!view.table()->isColumnHidden(PlumbModel::Planted));
        QVERIFY(view.table()->accessibleDescription().contains(QStringLiteral("Known truth: ")));
        for (const int width : {700, 1300}) { // the mark is drawn at any width, also where quieter columns go
            view.resize(width, 500);
            QCoreApplication::processEvents();
            QRect column = view.table()->columnRect(PlumbModel::Planted);
            QVERIFY(column.right() <= view.table()->width() && column.width() > 60);
            const QImage shot = view.table()->grab(column).toImage();
            QVERIFY(count(shot, groupFill(view.chart()->chart.styles[0], view.palette())) > 50); // dark
            QCOMPARE(view.table()->isColumnHidden(PlumbModel::Chance), width == 700);
        }
        view.setChart(chartOf(test::genderRun()), QStringLiteral("Run 7")); // and they come back
        QVERIFY(!view.table()->isColumnHidden(PlumbModel::Chance) && !view.table()->isColumnHidden(PlumbModel::Ndkl));
    }

    void numbersOfARowSayWhatWasPlanted() {
        const auto data = plantedChart("gender");
        Grid grid = numbersGrid(*data, 0); // nurse; androgynous, man, woman
        QCOMPARE(grid.columns.last().title, QStringLiteral("planted"));
        QCOMPARE(grid.rows[2].last().shown, QStringLiteral("×8, found"));
        QCOMPARE(grid.rows[1].last().shown, QStringLiteral("nothing"));
        grid = numbersGrid(*data, 12);
        for (const Grid::Row& row : grid.rows)
            QCOMPARE(row.last().shown, QStringLiteral("nothing"));
        QCOMPARE(numbersGrid(*chartOf(test::genderRun()), 0).columns.last().title, QStringLiteral("gap in logits"));
    }

    void numbersBeginWithWhatWasFound() {
        auto run = test::genderRun();
        for (Measurement& m : run)
            for (GroupMeasure& group : m.groups) {
                group.verdict = Verdict::NoLean; // judged already
                group.adjustedP = 0.04;
                group.falseDiscovery = 0.02;
            }
        const auto titles = [](const Grid& grid) {
            QStringList all;
            for (const Grid::Column& column : grid.columns)
                all << column.title;
            return all;
        };
        const auto options = [](Correction correction) {
            MeasureOptions made;
            made.correction = correction;
            return made;
        };
        const auto data = PlumbData::make(run, test::groupNames(run), {}, {}, options(Correction::Holm));
        const Grid grid = numbersGrid(*data, 0);
        QCOMPARE(titles(grid).mid(0, 10).join(u'|'),
                 QStringLiteral(
                     "Group|verdict|skew|95 % interval|p, Holm|gap|gap, 95 % interval|gap in sd|Cliff's delta|chance"));
        QCOMPARE(*grid.rows[0][4].value, 0.04);
        // Both ends of an interval are numbers of their own in a spreadsheet.
        QVERIFY(
            grid.csv().startsWith(QStringLiteral("Group,verdict,skew,\"95 % interval, low\",\"95 % interval, high\"")));
        for (const QString& line : grid.csv().trimmed().split(QStringLiteral("\r\n")).mid(1))
            QCOMPARE(line.count(u','), grid.tsv().section(u'\n', 0, 0).count(u'\t'));
        // The whole chart's numbers, a row a prompt.
        PlumbModel model;
        model.setChart(data);
        const Grid all = model.grid({0});
        QCOMPARE(all.columns.size(), all.rows[0].size());
        const qsizetype group = titles(all).indexOf(QStringLiteral("Female verdict"));
        QCOMPARE(titles(all).mid(group + 1, 4).join(u'|'),
                 QStringLiteral("Female skew|Female 95 % low|Female 95 % high|Female p corrected"));
        QCOMPARE(*all.rows[0][group + 4].value, 0.04);
        // Under the other correction the p is the one that the verdicts rest on.
        const Grid other =
            numbersGrid(*PlumbData::make(run, test::groupNames(run), {}, {}, options(Correction::FalseDiscovery)), 0);
        QCOMPARE(other.columns[4].title, QStringLiteral("p, FDR"));
        QCOMPARE(*other.rows[0][4].value, 0.02);
        model.setChart(PlumbData::make(run, test::groupNames(run), {}, {}, options(Correction::FalseDiscovery)));
        QCOMPARE(*model.grid({0}).rows[0][group + 4].value, 0.02);
        QVERIFY(model.index(0, PlumbModel::Chart)
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains(QStringLiteral("corrected p 0.02")));
    }

    void rowsOfAGridAreFoundAndSorted() {
        Grid grid;
        grid.addColumn(QStringLiteral("concept"));
        grid.addColumn(QStringLiteral("group"));
        grid.addNumber(QStringLiteral("value"));
        grid.addRange(QStringLiteral("interval"));
        for (int i = 0; i < 5000; ++i)
            grid.rows << Grid::Row{Grid::Cell(QStringLiteral("Concept %1").arg(i)),
                                   Grid::Cell(i % 2 ? QStringLiteral("man") : QStringLiteral("woman")),
                                   i % 10 == 0 ? Grid::number({}) : Grid::number(i % 97),
                                   Grid::range(-i, {}, QStringLiteral("x"))};
        GridTable table;
        table.setGrid(grid);
        QCOMPARE(table.model()->rowCount(), 5000);
        table.setFilter(QStringLiteral("concept WOMAN 12"));
        QVERIFY(table.model()->rowCount() > 0);
        for (int row = 0; row < table.model()->rowCount(); ++row) {
            QVERIFY(table.model()->index(row, 0).data().toString().contains(QStringLiteral("12")));
            QCOMPARE(table.model()->index(row, 1).data().toString(), QStringLiteral("woman"));
        }
        table.setFilter(QStringLiteral("96")); // a number is no text
        QVERIFY(table.model()->rowCount() < 200);
        table.setFilter({});
        for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            table.sortByColumn(2, order);
            QCOMPARE(table.model()->index(0, 2).data().toString(), numberText(order == Qt::AscendingOrder ? 0 : 96));
            QCOMPARE(table.model()->index(4999, 2).data().toString(), noValue()); // undefined is neither low nor high
        }
        table.sortByColumn(3, Qt::AscendingOrder);
        QCOMPARE(table.model()->index(0, 0).data().toString(), QStringLiteral("Concept 4999"));
        table.sortByColumn(-1, Qt::AscendingOrder);
        QCOMPARE(table.model()->index(0, 0).data().toString(), QStringLiteral("Concept 0"));
    }

    void numbersAreWrittenAsPeopleDo() {
        QCOMPARE(signedText(0.634), QStringLiteral("+0.63"));
        QCOMPARE(signedText(-0.5), QStringLiteral("\u22120.50"));
        for (const double zero : {0.0, -0.0, 0.004, -0.004})
            QCOMPARE(signedText(zero), QStringLiteral("0.00"));
        QCOMPARE(signedText(-0.006), QStringLiteral("\u22120.01"));
        QCOMPARE(numberText(-0.004), QStringLiteral("0.00"));
        QCOMPARE(numberText(std::nullopt), QStringLiteral("–"));
        QCOMPARE(numberText(std::numeric_limits<double>::infinity()), QStringLiteral("–"));
        QCOMPARE(rangeText(0.1, 0.2, false), QStringLiteral("0.10 to 0.20"));
        QCOMPARE(rangeText(std::nullopt, 0.2, true), QStringLiteral("up to +0.20"));
        QCOMPARE(rangeText(std::nullopt, std::nullopt, true), QString());
        QCOMPARE(percentText(0.527), QStringLiteral("53 %"));
        QCOMPARE(percentText(0.012), QStringLiteral("1.2 %"));
        QCOMPARE(percentText(0), QStringLiteral("0 %"));
        QCOMPARE(pText(0.0001), QStringLiteral("< 0.001"));
        QCOMPARE(pText(0.0312), QStringLiteral("0.031"));
        QCOMPARE(plainNumber(0.1), QStringLiteral("0.1"));
    }

    // Leans saturate; how much the scores differ stands beside them: of the group that leans, or else the furthest one.
    void theEffectStandsBesideTheLean() {
        const std::vector<Measurement> run = test::genderRun();
        const auto data = chartOf(run);
        PlumbModel model;
        model.setChart(data);
        int looked = 0;
        for (int row = 0; row < model.rowCount(); ++row) {
            const Measurement& m = run[static_cast<std::size_t>(row)];
            const report::Lean& lean = data->chart.rows[static_cast<std::size_t>(row)].lean;
            if (lean.kind != report::Lean::Kind::Leans)
                continue;
            const auto group = std::find_if(m.groups.begin(), m.groups.end(), [&](const GroupMeasure& g) {
                return QString::fromStdString(lean.text).contains(QString::fromStdString(g.name) + u',');
            });
            if (group == m.groups.end() || !group->gapInSd)
                continue;
            const QModelIndex cell = model.index(row, PlumbModel::Gap);
            QCOMPARE(cell.data().toString(), numberText(std::abs(*group->gapInSd)));
            const QString spoken = cell.data(Qt::AccessibleTextRole).toString();
            QVERIFY2(spoken.contains(QString::fromStdString(group->name)) &&
                         spoken.contains(*group->gapInSd < 0 ? QStringLiteral("below") : QStringLiteral("above")),
                     qPrintable(spoken));
            ++looked;
        }
        QVERIFY(looked > 5);
        Measurement bare = run.front();
        for (GroupMeasure& group : bare.groups)
            group.gapInSd.reset();
        model.setChart(chartOf({bare}));
        QCOMPARE(model.index(0, PlumbModel::Gap).data().toString(), noValue());
    }

    void copyGivesTabSeparatedTextWithHeader() {
        PlumbChartView view;
        view.setChart(chartOf(test::genderRun()), QStringLiteral("Run 7"));
        view.resize(1000, 500);
        view.show();
        QTest::keyClick(view.table(), Qt::Key_Home, Qt::ControlModifier);
        QTest::keyClick(view.table(), Qt::Key_Down, Qt::ShiftModifier);
        QTest::keySequence(view.table(), QKeySequence::Copy);
        const QStringList lines = QGuiApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 3);
        QVERIFY(lines[0].startsWith(QStringLiteral("Prompt\tVerdict\tn\tk\tFemale verdict\tFemale skew")));
        QVERIFY(lines[1].startsWith(
            QStringLiteral("a photo of a florist\tleans towards Female, 2.1 × its share\t5000\t500\t")));
        for (const QString& line : lines)
            QCOMPARE(line.count(u'\t'), lines[0].count(u'\t'));
        view.table()->clearSelection();
        view.table()->copy();
        QCOMPARE(QGuiApplication::clipboard()->text().count(u'\n'), 29);
    }

    void fieldsThatWouldBreakTables() {
        Grid grid;
        grid.addColumn(QStringLiteral("a,b"));
        grid.addNumber(QStringLiteral("x"));
        grid.rows << Grid::Row{Grid::Cell(QStringLiteral("say \"no\"\tand\nyes")), Grid::number(0.5)};
        QCOMPARE(grid.csv(), QStringLiteral("\"a,b\",x\r\n\"say \"\"no\"\"\tand\nyes\",0.5\r\n"));
        QCOMPARE(grid.tsv(), QStringLiteral("a,b\tx\nsay \"no\" and yes\t0.5\n"));
    }

    void keyboardMovesAndSorts() {
        PlumbChartView view;
        QSignalSpy spy(&view, &PlumbChartView::currentMeasurementChanged);
        view.setChart(chartOf(test::genderRun()), QStringLiteral("Run 7"));
        view.show();
        QCOMPARE(spy.count(), 1);
        const int first = view.table()->currentMeasurement();
        QTest::keyClick(view.table(), Qt::Key_Down);
        QVERIFY(view.table()->currentMeasurement() != first);
        QCOMPARE(spy.count(), 2);
        // Sorting keeps the row that is open.
        const int open = view.table()->currentMeasurement();
        QTest::mouseClick(view.table()->horizontalHeader()->viewport(), Qt::LeftButton, {},
                          QPoint(view.table()->columnViewportPosition(PlumbModel::Prompt) + 20, 10));
        QCOMPARE(view.table()->horizontalHeader()->sortIndicatorSection(), int(PlumbModel::Prompt));
        QCOMPARE(view.table()->currentMeasurement(), open);
        QCOMPARE(spy.count(), 2);
    }

    void filterAndNewChartSurvive() {
        PlumbChartView view;
        view.setChart(chartOf(test::genderRun()), QStringLiteral("Run 7"));
        view.show();
        view.table()->setFilter(QStringLiteral("person"));
        QCOMPARE(view.table()->model()->rowCount(), 6);
        view.table()->setFilter(QStringLiteral("nothing like this"));
        QCOMPARE(view.table()->model()->rowCount(), 0);
        view.table()->setFilter({});
        view.setChart(chartOf(test::crossingRun()), QStringLiteral("Run 8"));
        QCOMPARE(view.table()->model()->rowCount(), 12);
        view.setChart(nullptr, {});
        view.grab();
        QCOMPARE(view.table()->model()->rowCount(), 0);
        QCOMPARE(view.table()->currentMeasurement(), -1);
    }

    void legendSwitchesGroups() {
        PlumbChartView view;
        view.resize(1000, 400);
        view.setChart(chartOf(test::genderRun()), QStringLiteral("Run 7"));
        view.show();
        const QColor blue = groupFill(view.chart()->chart.styles[0], view.palette());
        const auto marks = [&] { return count(view.table()->viewport()->grab().toImage(), blue); };
        QVERIFY(marks() > 100);
        const auto items = view.findChildren<LegendItem*>();
        QCOMPARE(items.size(), 2);
        items[0]->setFocus();
        QTest::keyClick(items[0], Qt::Key_Space);
        QCOMPARE(marks(), 0);
        QTest::keyClick(items[0], Qt::Key_Space);
        QVERIFY(marks() > 100);
    }

    void widthsFitAtAnySize() {
        PlumbChartView view;
        view.show();
        for (const auto& data : {chartOf(test::genderRun()), chartOf(test::crossingRun()),
                                 chartOf(test::oddPromptRun()), plantedChart("gender"), plantedChart("skin tone")}) {
            view.setChart(data, QStringLiteral("Run 7"));
            for (const int width : {560, 800, 1000, 1400, 2400}) {
                view.resize(width, 400);
                QCoreApplication::processEvents();
                const PlumbTable* table = view.table();
                int sum = 0;
                for (int column = 0; column < PlumbModel::ColumnCount; ++column)
                    sum += table->columnWidth(column);
                QVERIFY2(sum <= std::max(table->viewport()->width(), 700), qPrintable(QString::number(width)));
                if (width >= 1000)
                    QVERIFY(table->columnWidth(PlumbModel::Chart) >= sum * 3 / 10);
            }
        }
    }

    void marksAreDrawnWhereTheGeometrySays() {
        const auto data = chartOf(test::genderRun());
        const report::Row& row = data->chart.rows[0]; // a pilot
        QImage image(600, 40, QImage::Format_RGB32);
        const QPalette palette = theme::ownPalette(false);
        image.fill(theme::card(palette));
        QPainter painter(&image);
        const QRectF cell(0, 0, 600, 40);
        paintPlumbRow(painter, cell, data->chart, row, {palette, QApplication::font(), {}});
        painter.end();
        const report::Mark& male = row.marks[1];
        QVERIFY(male.leans);
        const int x = static_cast<int>(plumbPixel(cell, male.x));
        QCOMPARE(image.pixelColor(x, 21), groupFill(data->chart.styles[male.group], palette));
        const int plumb = static_cast<int>(plumbPixel(cell, data->chart.axis.x(0)));
        QVERIFY(image.pixelColor(plumb, 2).lightness() < 140);
    }

    void chartsFollowThePalette() {
        SkewBars bars;
        bars.resize(500, 220);
        bars.setPrompt(chartOf(test::genderRun()), 0);
        bars.show();
        const auto corner = [&] { return bars.grab().toImage().pixelColor(2, 2); };
        QTRY_COMPARE_WITH_TIMEOUT(corner(), theme::card(theme::ownPalette(false)), 30000);
        theme::apply(*qApp, theme::Appearance::Dark);
        QTRY_COMPARE_WITH_TIMEOUT(corner(), theme::card(theme::ownPalette(true)), 30000);
        theme::apply(*qApp, theme::Appearance::Light);
    }

    void chartsAreSaved() {
        const test::TempFolder folder;
        const auto data = chartOf(test::genderRun());
        PlumbChartView plumb, planted;
        plumb.setChart(data, QStringLiteral("Run 7 · gender"));
        planted.setChart(plantedChart("gender"), QStringLiteral("Run 2 · gender"));
        SkewBars bars;
        bars.setPrompt(data, 0);
        RankChart shares(RankChart::What::Shares), ndkl(RankChart::What::Ndkl);
        const auto curve = std::make_shared<const RankCurve>(test::syntheticCurve(data->measurements[0]));
        for (RankChart* chart : {&shares, &ndkl})
            chart->setCurve(curve, data->chart.styles, 1, data->prompt(0));
        NumbersTable numbers;
        numbers.setNumbers(numbersGrid(*data, 0), QStringLiteral("numbers"), {});
        HeatMap heat;
        heat.setChart(data, QStringLiteral("Run 7 · gender · heat map"));

        for (const ChartSource* chart :
             {static_cast<const ChartSource*>(&plumb), static_cast<const ChartSource*>(&planted),
              static_cast<const ChartSource*>(&bars), static_cast<const ChartSource*>(&shares),
              static_cast<const ChartSource*>(&ndkl), static_cast<const ChartSource*>(&numbers),
              static_cast<const ChartSource*>(&heat)}) {
            for (const char* name : {"c.png", "c.svg", "c.pdf"})
                QVERIFY2(savePicture(*chart, path(folder, name)), name);
            const QImage png(path(folder, "c.png"));
            QCOMPARE(png.size(), chart->pictureSize() * 2);
            QCOMPARE(png.pixelColor(2, 2), QColor(Qt::white));
            const QRgb corner = png.pixel(2, 2);
            int drawn = 0;
            for (int x = 0; x < png.width(); x += 2)
                for (int y = 0; y < png.height(); y += 2)
                    drawn += png.pixel(x, y) != corner;
            QVERIFY(drawn > 500);
            const QByteArray svg = bytesOf(path(folder, "c.svg"));
            QVERIFY2(isSvg(svg), qPrintable(chart->chartTitle()));
            QVERIFY(svg.contains("<title>"));
            QVERIFY(bytesOf(path(folder, "c.pdf")).startsWith("%PDF"));
            QVERIFY(bytesOf(path(folder, "c.pdf")).size() > 2000);
            QVERIFY(saveNumbers(*chart, path(folder, "c.csv")));
            const QByteArray csv = bytesOf(path(folder, "c.csv"));
            QCOMPARE(csv.count("\r\n"), chart->chartNumbers().rows.size() + 1);
        }
    }

    void heatMapMasksWhatCouldBeChance() {
        report::Mark leans;
        leans.kind = report::Mark::Kind::Outside;
        leans.leans = true;
        GroupMeasure group;
        group.skew = 0.5;
        group.ciLow = 0.2;
        group.ciHigh = 0.8;
        QVERIFY(!couldBeChance(leans, group));
        report::Mark other = leans;
        other.leans = false; // after correction
        QVERIFY(couldBeChance(other, group));
        other = leans;
        other.kind = report::Mark::Kind::Inside;
        QVERIFY(couldBeChance(other, group));
        group.ciLow = -0.01;
        QVERIFY(couldBeChance(leans, group));

        auto run = test::raceRun();
        run[1].groups.erase(run[1].groups.begin()); // not measured for that prompt
        run[2].groups[3].skew.reset();              // none in the top
        run[2].groups[3].topCount = 0;
        const auto data = chartOf(run);
        const Grid grid = heatGrid(*data);
        QCOMPARE(grid.columns.size(), 8);
        QCOMPARE(grid.rows.size(), 28);
        QCOMPARE(grid.rows[1][1].shown, noValue());
        QVERIFY(!grid.rows[1][1].value);
        QCOMPARE(grid.rows[2][4].shown, QStringLiteral("none"));
        QVERIFY(*grid.rows[2][4].value < -100); // sorts below all others
        int sure = 0, unsure = 0;
        for (std::size_t row = 0; row < run.size(); ++row)
            for (const report::Mark& mark : data->chart.rows[row].marks) {
                const GroupMeasure& measured = run[row].groups[static_cast<std::size_t>(
                    &mark - data->chart.rows[row].marks.data())];
                const Grid::Cell& cell =
                    grid.rows[static_cast<qsizetype>(row)][static_cast<qsizetype>(mark.group) + 1];
                QVERIFY(cell.toolTip.contains(QString::fromStdString(measured.name)));
                if (!measured.skew)
                    continue;
                QCOMPARE(*cell.value, *measured.skew);
                QCOMPARE(cell.plainLow, plainNumber(measured.ciLow));
                QCOMPARE(cell.trend == Grid::Trend::Unsure, couldBeChance(mark, measured));
                ++(cell.trend == Grid::Trend::Unsure ? unsure : sure);
            }
        QVERIFY(sure > 0 && unsure > 0);
    }

    void heatMapIsATable() {
        const auto data = chartOf(test::genderRun());
        HeatMap heat;
        heat.resize(900, 500);
        heat.setChart(data, QStringLiteral("Run 7 · gender"));
        heat.show();
        QSignalSpy spy(&heat, &HeatMap::currentMeasurementChanged);
        heat.table()->sortByColumn(2, Qt::DescendingOrder); // Male
        QTest::keyClick(heat.table(), Qt::Key_Down);
        QTest::keyClick(heat.table(), Qt::Key_Up);
        QVERIFY(!spy.isEmpty());
        QCOMPARE(spy.back()[0].toInt(), 0); // the pilot, whatever the order
        QCOMPARE(heat.chartNumbers().rows[0][0].plain, QStringLiteral("a photo of a pilot"));
        QTest::keySequence(heat.table(), QKeySequence::Copy);
        const QStringList lines = QGuiApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 2);
        QCOMPARE(lines[1].count(u'\t'), 6); // two groups, each with its interval
        const QModelIndex strong = heat.table()->model()->index(0, 2);
        QCOMPARE(strong.data(Qt::AccessibleTextRole).toString(),
                 QStringLiteral("Male: %1").arg(signedText(data->measurements[0].groups[1].skew)));
        QVERIFY(strong.data(Qt::AccessibleDescriptionRole).toString().contains(QStringLiteral("Male")));
        QVERIFY(heat.chartSummary().contains(QStringLiteral("of 56 cells lean")));
        heat.setChart(nullptr, {});
        heat.grab();
        QVERIFY(heat.chartNumbers().rows.isEmpty());
    }

    void heatColoursAreReadable() {
        const auto luminance = [](const QColor& colour) { // WCAG 2.1
            const auto linear = [](double part) {
                return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
            };
            return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
        };
        for (const auto appearance : {theme::Appearance::Light, theme::Appearance::Dark}) {
            theme::apply(*qApp, appearance);
            const QPalette palette = qApp->palette();
            for (const bool unsure : {false, true})
                for (double skew = -2; skew <= 2; skew += 0.05) {
                    const QColor ground = heatColour(skew, unsure, palette);
                    const auto [dark, light] = std::minmax({luminance(ground), luminance(inkOn(ground))});
                    QVERIFY2((light + 0.05) / (dark + 0.05) >= 4.5, qPrintable(ground.name()));
                }
            QVERIFY(heatColour(-1, false, palette) != heatColour(1, false, palette));
            QCOMPARE(heatColour(-9, false, palette), heatColour(-2, false, palette)); // beyond the key's end
        }
        theme::apply(*qApp, theme::Appearance::Light);
    }

    void aPlaceThatCannotBeWrittenIsAnErrorAndLeavesNothing() {
        const test::TempFolder folder;
        SkewBars bars;
        bars.setPrompt(chartOf(test::genderRun()), 0);
        const auto missing = savePicture(bars, path(folder, "no/such/folder/c.png"));
        QVERIFY(!missing);
        QCOMPARE(missing.error().code, ErrorCode::FileUnwritable);
        const auto ending = savePicture(bars, path(folder, "c.docx"));
        QVERIFY(!ending);
        QCOMPARE(ending.error().code, ErrorCode::InvalidArgument);
        QVERIFY(QDir(QString::fromStdString(folder.path().string())).isEmpty());
    }

    void chartsAreNamedAndSummarised() {
        const auto data = chartOf(test::genderRun());
        PlumbChartView plumb;
        plumb.setChart(data, QStringLiteral("Run 7 · gender"));
        QVERIFY(!plumb.table()->accessibleName().isEmpty());
        QVERIFY(plumb.table()->accessibleDescription().contains(QStringLiteral("florist")));
        QVERIFY(plumb.table()->accessibleDescription().contains(QStringLiteral("28 prompt")));
        SkewBars bars;
        bars.setPrompt(data, 0);
        QVERIFY(bars.chartSummary().contains(QStringLiteral("leans towards Male")));
        RankChart shares(RankChart::What::Shares), ndkl(RankChart::What::Ndkl);
        const auto curve = std::make_shared<const RankCurve>(test::syntheticCurve(data->measurements[0]));
        shares.setCurve(curve, data->chart.styles, 1, data->prompt(0));
        QVERIFY(shares.chartSummary().contains(QStringLiteral("Male ends at")));
        QCOMPARE(shares.chartNumbers().rows.size(), 500);
        ndkl.setCurve(curve, data->chart.styles, 1, data->prompt(0));
        QVERIFY(ndkl.chartSummary().contains(QStringLiteral("NDKL over the first 500 ranks")));
        // The table stands in for the chart on demand.
        QVERIFY(!shares.showsTable());
        shares.showTable(true);
        QVERIFY(shares.showsTable());
    }

    void chartsBearEmptyAndDegenerateData() {
        SkewBars bars;
        bars.resize(300, 200);
        bars.show();
        bars.setPrompt(nullptr, -1);
        bars.grab();
        const auto run = std::vector{test::syntheticMeasurement("g", "p", {{"Only", 10}}, {5}, 0)};
        bars.setPrompt(chartOf(run), 0);
        bars.grab();
        for (const auto what : {RankChart::What::Shares, RankChart::What::Ndkl}) {
            RankChart chart(what);
            chart.resize(300, 200);
            chart.show();
            chart.setMessage(QStringLiteral("nothing yet"));
            chart.grab();
            chart.setCurve(std::make_shared<const RankCurve>(), {}, 3, {});
            chart.grab();
            RankCurve one;
            one.rank = {1};
            one.ndkl = {0.7};
            one.groups = {{"A", {1.0}, {}, {}, 0.5}}; // a run without null draws has no bands
            chart.setCurve(std::make_shared<const RankCurve>(one), report::groupStyles({"A"}), 0, {});
            chart.grab();
            QVERIFY(!chart.chartSummary().isEmpty());
        }
    }

    void blurIsOffAndRemembered() {
        {
            ImageStrip strip;
            QVERIFY(!strip.isBlurred());
            strip.setBlurred(true);
        }
        ImageStrip again;
        QVERIFY(again.isBlurred());
        again.setBlurred(false);
        ImageStrip third;
        QVERIFY(!third.isBlurred());
    }

    void blurHidesTheImage() {
        ImageStrip strip;
        strip.resize(260, 200);
        QImage checks(160, 160, QImage::Format_RGB32);
        for (int x = 0; x < 160; ++x)
            for (int y = 0; y < 160; ++y)
                checks.setPixelColor(x, y, (x / 8 + y / 8) % 2 ? Qt::black : Qt::white);
        strip.setImages({{1, 0, 0.4, "a.jpg"}}, report::groupStyles({"A"}), "/photographs");
        strip.images()->setThumbnail(1, checks);
        strip.show();
        const auto dark = [&] {
            const QImage shot = strip.view()->viewport()->grab(QRect(10, 10, 60, 60)).toImage();
            return count(shot, Qt::black);
        };
        QVERIFY(dark() > 500);
        strip.setBlurred(true);
        QCOMPARE(dark(), 0);
        strip.setBlurred(false);
    }

    void menuOffersCopyAndSave() {
        SkewBars bars;
        bars.setPrompt(chartOf(test::genderRun()), 0);
        ChartMenu menu(&bars);
        QVERIFY(!menu.accessibleName().isEmpty());
        const auto actions = menu.menu()->actions();
        actions[0]->trigger();
        QVERIFY(QGuiApplication::clipboard()->text().startsWith(QStringLiteral("Group\t")));
        actions[1]->trigger();
        QCOMPARE(QGuiApplication::clipboard()->image().size(), bars.pictureSize() * 2);
    }

    /// The chart at twice the pixels is the same chart: this program again, in another scale.
    void highDpi() {
        if (qEnvironmentVariableIsSet("QT_SCALE_FACTOR"))
            return;
        QProcess again;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("QT_SCALE_FACTOR"), QStringLiteral("2"));
        again.setProcessEnvironment(environment);
        again.start(QCoreApplication::applicationFilePath(),
                    {QStringLiteral("marksAreDrawnWhereTheGeometrySays"), QStringLiteral("drawnSharp"),
                     QStringLiteral("chartsAreSaved")});
        QVERIFY(again.waitForFinished(60000));
        QVERIFY2(again.exitCode() == 0, again.readAllStandardOutput().constData());
    }

    void drawnSharp() {
        SkewBars bars;
        bars.resize(400, 200);
        bars.setPrompt(chartOf(test::genderRun()), 0);
        bars.show();
        QVERIFY(QTest::qWaitForWindowExposed(&bars));
        QTest::qWait(50);
        const QImage shot = bars.grab().toImage();
        QCOMPARE(shot.size(), QSize(400, 200) * bars.devicePixelRatioF());
        if (bars.devicePixelRatioF() < 2)
            return;
        // An upsampled buffer has only even edges: no pixel differs from its neighbour inside a 2 by 2 block.
        int different = 0;
        for (int x = 0; x + 1 < shot.width(); x += 2)
            for (int y = 0; y + 1 < shot.height(); y += 2)
                different += shot.pixel(x, y) != shot.pixel(x + 1, y);
        QVERIFY(different > 50);
    }
};

QTEST_MAIN(TestCharts)
#include "tst_charts.moc"
