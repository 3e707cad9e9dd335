// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <set>

#include "core/report/measure_order.h"

using namespace plumbline;
using report::readingOrder;

class TestMeasureOrder : public QObject {
    Q_OBJECT

private:
    /// Rows "0", "1", …; tested where `p` says so.
    static MeasureTable table(std::size_t rows, const std::vector<std::pair<std::size_t, double>>& p) {
        MeasureTable made;
        made.keys = {"group"};
        for (std::size_t i = 0; i < rows; ++i)
            made.rows.push_back({{std::to_string(i)}, "rate", {}, 100, true});
        for (const auto& [row, value] : p)
            made.rows[row].value.adjustedP = value;
        return made;
    }

private Q_SLOTS:
    void findingsComeFirstThenWhatIsAboutAll() {
        MeasureTable made = table(40, {{7, 0.04}, {20, 0.2}, {30, 0.001}, {31, 0.04}, {35, 0.0001}});
        made.rows[35].enough = false; // too few images for a finding
        made.rows[12].keys = {""};
        const auto order = readingOrder(made);
        QCOMPARE(order.tested, std::size_t(4));
        QCOMPARE(order.found, std::size_t(3));
        QCOMPARE(std::vector(order.rows.begin(), order.rows.begin() + 6),
                 (std::vector<std::size_t>{30, 7, 31, 12, 0, 1}));
        QCOMPARE(std::set(order.rows.begin(), order.rows.end()).size(), std::size_t(40));
        QCOMPARE(readingOrder(made, 0.01).found, std::size_t(1));
    }
    void aShortTableKeepsItsOrder() {
        const auto order = readingOrder(table(12, {{7, 0.04}}));
        QCOMPARE(order.found, std::size_t(1));
        for (std::size_t i = 0; i < 12; ++i)
            QCOMPARE(order.rows[i], i);
        QVERIFY(readingOrder({}).rows.empty());
    }
};

QTEST_APPLESS_MAIN(TestMeasureOrder)
#include "tst_measure_order.moc"
