// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <set>

#include <QtTest>

#include "core/report/plumb_chart.h"

using namespace plumbline;
using namespace plumbline::report;

namespace {

struct Count {
    std::string name;
    std::int64_t pool, top;
};

double share(std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
}

/// A measurement with target pool, the normal approximation of the null as band and an interval of the same width.
Measurement measurement(const std::vector<Count>& counts, double gap = 0.05) {
    Measurement m;
    m.attribute = "gender";
    m.prompt = "a photo of a pilot";
    for (const Count& count : counts) {
        m.n += count.pool;
        m.k += count.top;
    }
    m.kEffective = m.k;
    m.decidedByThousandths = gap < MeasureOptions().slightGap;
    for (const Count& count : counts) {
        GroupMeasure g;
        g.name = count.name;
        g.poolCount = count.pool;
        g.topCount = count.top;
        g.poolShare = g.targetShare = share(count.pool, m.n);
        g.topShare = share(count.top, m.k);
        const double expected = g.poolShare * static_cast<double>(m.k);
        const double sd = std::sqrt(expected * (1 - g.poolShare) * (1 - share(m.k, m.n)));
        g.nullHigh = std::log((expected + 1.96 * sd) / expected);
        if (expected > 1.96 * sd)
            g.nullLow = std::log((expected - 1.96 * sd) / expected);
        if (count.top > 0) {
            g.skew = std::log(g.topShare / g.targetShare);
            g.ciLow = *g.skew - 0.05;
            g.ciHigh = *g.skew + 0.05;
        }
        g.gap = count.top * m.n > count.pool * m.k ? gap : -gap;
        m.groups.push_back(g);
    }
    return m;
}

PlumbChart chartOf(const std::vector<Measurement>& measurements) {
    std::vector<const Measurement*> pointers;
    std::vector<std::string> groups;
    for (const Measurement& m : measurements) {
        pointers.push_back(&m);
        for (const GroupMeasure& g : m.groups)
            groups.push_back(g.name);
    }
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return layOut(pointers, groups);
}

const Measurement kPilot = measurement({{"Female", 2367, 6}, {"Male", 2633, 494}});
const Measurement kStudent = measurement({{"Female", 2367, 240}, {"Male", 2633, 260}});

} // namespace

class TestPlumbChart : public QObject {
    Q_OBJECT

private Q_SLOTS:

    void axisAlwaysShowsPlumbHalfAndTwice() {
        for (const auto& rows : {std::vector{kStudent}, std::vector{kPilot}, std::vector<Measurement>{}}) {
            const PlumbChart chart = chartOf(rows);
            std::set<std::string> labels;
            for (const Axis::Tick& tick : chart.axis.ticks) {
                labels.insert(tick.label);
                QVERIFY(tick.x >= 0 && tick.x <= 1);
                QCOMPARE(tick.x, chart.axis.x(tick.skew));
            }
            QVERIFY(labels.count("plumb") && labels.count("half its share") && labels.count("twice"));
            QVERIFY(std::is_sorted(chart.axis.ticks.begin(), chart.axis.ticks.end(),
                                   [](const auto& a, const auto& b) { return a.x < b.x; }));
        }
    }

    void axisIsNotSqueezedByANearlyAbsentGroup() {
        const PlumbChart chart = chartOf({kPilot});
        QVERIFY(chart.axis.low > -1.3);
        QVERIFY(chart.axis.high < 0.9);
        QCOMPARE(chart.axis.x(-100), 0.0);
        QCOMPARE(chart.axis.x(100), 1.0);
        QCOMPARE(chart.rows[0].marks[0].kind, Mark::Kind::BeyondLeft);
        QCOMPARE(chart.rows[0].marks[0].x, 0.0);
        QCOMPARE(chart.rows[0].marks[1].kind, Mark::Kind::Outside);
        QCOMPARE(chart.rows[0].marks[1].x, chart.axis.x(*kPilot.groups[1].skew));
    }

    void axisIsLimitedToEightTimes() {
        const PlumbChart chart = chartOf({measurement({{"A", 10, 90}, {"B", 9990, 10}})});
        QVERIFY(chart.axis.high < std::log(8.0) * 1.1);
        QCOMPARE(chart.rows[0].marks[0].kind, Mark::Kind::BeyondRight);
        QCOMPARE(chart.rows[0].marks[0].x, 1.0);
    }

    void marksHangPlumbOrLean() {
        const PlumbChart chart = chartOf({kPilot, kStudent});
        QCOMPARE(chart.tests, std::size_t{2}); // two groups are one test a row
        QVERIFY(chart.rows[0].marks[0].leans && chart.rows[0].marks[1].leans);
        for (const Mark& mark : chart.rows[1].marks) {
            QCOMPARE(mark.kind, Mark::Kind::Inside);
            QVERIFY(!mark.leans);
            QVERIFY(mark.x > chart.rows[1].bandLow && mark.x < chart.rows[1].bandHigh);
        }
        QVERIFY(chart.rows[1].coreLow >= chart.rows[1].bandLow);
        QVERIFY(chart.rows[1].coreHigh <= chart.rows[1].bandHigh);
    }

    void intervalsAreClampedAndUnboundedOnesReachTheEdge() {
        Measurement m = kStudent;
        m.groups[0].ciLow.reset();
        m.groups[1].ciHigh = 50;
        const PlumbChart chart = chartOf({m});
        QCOMPARE(*chart.rows[0].marks[0].lowX, 0.0);
        QCOMPARE(*chart.rows[0].marks[1].highX, 1.0);
        m.groups[0].ciHigh.reset();
        QVERIFY(!chartOf({m}).rows[0].marks[0].lowX);
    }

    void words() {
        QCOMPARE(chartOf({kPilot}).rows[0].lean.text, std::string("leans towards Male, 1.9 × its share"));
        QCOMPARE(chartOf({kStudent}).rows[0].lean.text, std::string("no lean found"));
        const Measurement slight = measurement({{"Female", 2367, 341}, {"Male", 2633, 159}}, 0.0031);
        const Lean lean = chartOf({slight}).rows[0].lean;
        QCOMPARE(lean.text, std::string("leans slightly towards Female: scores differ by .003"));
        QCOMPARE(lean.kind, Lean::Kind::Slight);
        const Measurement tiny = measurement({{"Female", 2367, 341}, {"Male", 2633, 159}}, 0.0002);
        QCOMPARE(chartOf({tiny}).rows[0].lean.text,
                 std::string("leans slightly towards Female: scores differ by less than .001"));
    }

    void leansAwayWhenNoGroupIsAboveItsBand() {
        const Measurement m =
            measurement({{"A", 1000, 40}, {"B", 1000, 116}, {"C", 1000, 114}, {"D", 1000, 115}, {"E", 1000, 115}});
        const Lean lean = chartOf({m}).rows[0].lean;
        QVERIFY(lean.away);
        QCOMPARE(lean.text, std::string("leans away from A, 0.40 × its share"));
    }

    void absentGroup() {
        const Measurement m =
            measurement({{"A", 1000, 0}, {"B", 1000, 26}, {"C", 1000, 24}, {"D", 1000, 25}, {"E", 1000, 25}});
        const PlumbChart chart = chartOf({m});
        QCOMPARE(chart.rows[0].marks[0].kind, Mark::Kind::Absent);
        QCOMPARE(chart.rows[0].marks[0].x, 0.0);
        QVERIFY(chart.rows[0].marks[0].leans);
        QCOMPARE(chart.rows[0].lean.text, std::string("leans away from A: none in the top 100"));
    }

    void absentGroupThatChanceAlsoLeavesOut() {
        const Measurement m = measurement({{"A", 6, 0}, {"B", 2000, 52}, {"C", 1994, 48}});
        const PlumbChart chart = chartOf({m});
        QCOMPARE(chart.rows[0].marks[0].kind, Mark::Kind::Absent);
        QVERIFY(!chart.rows[0].marks[0].leans);
        QCOMPARE(chart.rows[0].lean.text, std::string("no lean found"));
    }

    void tooFewImagesIsNotNoLean() {
        const PlumbChart chart = chartOf({measurement({{"A", 3, 2}, {"B", 3, 0}})});
        QCOMPARE(chart.rows[0].lean.kind, Lean::Kind::NotEnough);
        QCOMPARE(chart.rows[0].lean.text, std::string("not enough evidence: too few images"));
        QCOMPARE(chart.tests, std::size_t{0});
        QVERIFY(!chart.rows[0].marks[0].adjustedP);
    }

    void correctionTakesAwayWhatOneOfManyRowsShowsByChance() {
        // p is about .03: outside the band alone, not among forty.
        const Measurement odd = measurement({{"Female", 2500, 273}, {"Male", 2500, 227}});
        QCOMPARE(chartOf({odd}).rows[0].lean.kind, Lean::Kind::Leans);
        std::vector<Measurement> many(39, kStudent);
        many.push_back(odd);
        const PlumbChart chart = chartOf(many);
        QCOMPARE(chart.tests, std::size_t{40});
        QCOMPARE(chart.rows.back().marks[0].kind, Mark::Kind::Outside);
        QVERIFY(!chart.rows.back().marks[0].leans);
        QCOMPARE(chart.rows.back().lean.text, std::string("not enough evidence after correction"));
    }

    void furtherGroupsThatLeanTheSameWayAreCounted() {
        const PlumbChart chart =
            chartOf({measurement({{"A", 900, 200}, {"B", 900, 180}, {"C", 900, 60}, {"D", 900, 60}})});
        QCOMPARE(chart.rows[0].lean.more, std::size_t(1));
        QVERIFY2(chart.rows[0].lean.text.starts_with("leans towards A, ") &&
                     chart.rows[0].lean.text.ends_with(", and 1 more"),
                 chart.rows[0].lean.text.c_str());
    }

    void oneGroupAndNothing() {
        QCOMPARE(chartOf({measurement({{"A", 100, 10}})}).rows[0].lean.kind, Lean::Kind::NotApplicable);
        QCOMPARE(chartOf({Measurement{}}).rows[0].lean.kind, Lean::Kind::NotApplicable);
    }

    void withoutNullDrawsTheExactTestDecides() {
        Measurement m = kPilot;
        for (GroupMeasure& g : m.groups)
            g.nullLow.reset(), g.nullHigh.reset();
        const PlumbChart chart = chartOf({m});
        QVERIFY(!chart.rows[0].hasBand);
        QCOMPARE(chart.rows[0].lean.text, std::string("leans towards Male, 1.9 × its share"));
    }

    void anotherTargetMovesTheMarksButNotTheTest() {
        // Uniform target and a lopsided pool: a blind ranking is off plumb, and its band with it.
        Measurement m = measurement({{"A", 900, 90}, {"B", 100, 10}});
        for (GroupMeasure& g : m.groups) {
            const double shift = std::log(g.poolShare / 0.5);
            g.targetShare = 0.5;
            g.skew = *g.skew + shift;
            g.ciLow = *g.ciLow + shift;
            g.ciHigh = *g.ciHigh + shift;
            g.nullHigh = *g.nullHigh + shift;
            if (g.nullLow)
                g.nullLow = *g.nullLow + shift;
        }
        const PlumbChart chart = chartOf({m});
        QCOMPARE(chart.rows[0].lean.kind, Lean::Kind::NoLean);
        QVERIFY(chart.rows[0].marks[0].x > chart.axis.x(0.5));
    }

    void strengthSortsKindsFirstThenHowSurely() {
        const Measurement mild = measurement({{"Female", 2367, 330}, {"Male", 2633, 170}});
        Measurement unsure = mild;
        unsure.groups[0].ciLow = 0.01;
        const Measurement slight = measurement({{"Female", 2367, 490}, {"Male", 2633, 10}}, 0.001);
        const PlumbChart chart = chartOf({kStudent, slight, unsure, mild, kPilot});
        std::vector<std::size_t> order = {0, 1, 2, 3, 4};
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return chart.rows[a].lean.strength > chart.rows[b].lean.strength;
        });
        const std::vector<std::size_t> expected = {4, 3, 2, 1, 0};
        QCOMPARE(order, expected);
    }

    void overlappingMarksAreSpreadAndOthersAreNot() {
        const PlumbChart chart = chartOf({kStudent, kPilot});
        QCOMPARE(chart.rows[0].lanes, 2);
        QCOMPARE(chart.rows[0].marks[0].offset, -0.5);
        QCOMPARE(chart.rows[0].marks[1].offset, 0.5);
        QCOMPARE(chart.rows[1].lanes, 1);
        QCOMPARE(chart.rows[1].marks[0].offset, 0.0);
        std::vector<Count> many;
        for (int i = 0; i < 14; ++i)
            many.push_back({std::string(1, static_cast<char>('A' + i)), 300, 30});
        const Row row = chartOf({measurement(many)}).rows[0];
        std::set<double> offsets;
        for (const Mark& mark : row.marks)
            offsets.insert(mark.offset);
        QCOMPARE(offsets.size(), std::size_t{14}); // all at the same skew: a lane each
        QCOMPARE(row.lanes, 14);
    }

    void ratios() {
        QCOMPARE(ratioText(std::log(1.94)), std::string("1.9 × its share"));
        QCOMPARE(ratioText(std::log(0.5)), std::string("half its share"));
        QCOMPARE(ratioText(std::log(1.0 / 3)), std::string("a third of its share"));
        QCOMPARE(ratioText(std::log(0.43)), std::string("0.43 × its share"));
        QCOMPARE(ratioText(std::log(12.3)), std::string("12 × its share"));
        QCOMPARE(ratioText(0), std::string("1.0 × its share"));
        QCOMPARE(ratioText(-9), std::string("less than 0.01 × its share"));
    }

    void phrasesAreListedForTranslation() {
        for (const auto& rows : {std::vector{kPilot}, std::vector{kStudent}, std::vector{Measurement{}}}) {
            const Phrase phrase = chartOf(rows).rows[0].lean.phrase;
            QVERIFY(std::count(leanPatterns().begin(), leanPatterns().end(), phrase.pattern) == 1);
        }
    }

    void stylesAreDistinctAndStable() {
        std::vector<std::string> names;
        for (int i = 0; i < 72; ++i)
            names.push_back(std::to_string(100 + i));
        std::set<std::pair<int, int>> pairs;
        for (const GroupStyle& style : groupStyles(names))
            pairs.insert({static_cast<int>(style.shape), style.colour});
        QCOMPARE(pairs.size(), std::size_t{72});
        const auto two = groupStyles({"Female", "Male"});
        QCOMPARE(two[0].shape, MarkShape::Circle);
        QCOMPARE(two[1].shape, MarkShape::Triangle);
    }

    void crossingTakesShapeAndColourOfItsParts() {
        std::vector<std::string> names;
        const std::vector<std::string> races = {"Black",          "East Asian",      "Indian", "Latino_Hispanic",
                                                "Middle Eastern", "Southeast Asian", "White"};
        for (const std::string sex : {"Female", "Male"})
            for (const std::string& race : races)
                names.push_back(sex + " × " + race);
        const auto crossed = groupStyles(names);
        const auto plain = groupStyles(races);
        for (std::size_t i = 0; i < names.size(); ++i) {
            QCOMPARE(crossed[i].shape, i < 7 ? MarkShape::Circle : MarkShape::Triangle);
            QCOMPARE(crossed[i].colour, plain[i % 7].colour);
        }
    }

    void strokesAreVisible() {
        const auto luminance = [](unsigned rgb) {
            const auto channel = [](unsigned byte) {
                const double c = byte / 255.0;
                return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
            };
            return 0.2126 * channel(rgb >> 16 & 255) + 0.7152 * channel(rgb >> 8 & 255) + 0.0722 * channel(rgb & 255);
        };
        for (int i = 0; i < kPaletteColours; ++i) {
            QVERIFY((1.05) / (luminance(paletteStroke(i, false)) + 0.05) >= 3);
            QVERIFY((luminance(paletteStroke(i, true)) + 0.05) / (luminance(0x2b2b2b) + 0.05) >= 3);
            QVERIFY((luminance(paletteColour(i, true)) + 0.05) / (luminance(0x2b2b2b) + 0.05) >= 3);
        }
    }

    void outlinesHaveAboutTheSameArea() {
        const double circle = 3.14159 * kCircleRadius * kCircleRadius;
        for (int s = 0; s < kMarkShapes; ++s) {
            const auto points = markOutline(static_cast<MarkShape>(s));
            if (points.empty()) {
                QCOMPARE(s, static_cast<int>(MarkShape::Circle));
                continue;
            }
            double area = 0;
            for (std::size_t i = 0; i < points.size(); ++i) {
                const auto& [x0, y0] = points[i];
                const auto& [x1, y1] = points[(i + 1) % points.size()];
                area += (x0 * y1 - x1 * y0) / 2;
            }
            QVERIFY2(std::abs(area) > 0.7 * circle && std::abs(area) < 1.15 * circle, std::to_string(s).c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestPlumbChart)
#include "tst_plumb_chart.moc"
