// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QTest>

#include "core/formats/data_table.h"
#include "core/formats/npy.h"
#include "tests/support/test_support.h"

using namespace plumbline;

class TestDataTable : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void columnsAsTextsNumbersAndGroups() {
        const test::TempFolder folder;
        test::writeText(folder / "t.csv", "id;s;g\n1; 0.5 ;b\n2;x;a\n3;;unknown\n4;1;2;3\n5;-1e3;b\n");
        Feedback feedback;
        const std::vector<std::string> columns{"s", "G", "s"};
        const auto table = formats::DataTable::read(folder / "t.csv", columns, feedback);
        QVERIFY(table);
        QCOMPARE(table->rows(), std::size_t(4));
        QCOMPARE(table->invalidRows(), std::int64_t(1));
        std::int64_t unreadable = 0;
        const std::vector<double> numbers = table->numbers("s", unreadable);
        QCOMPARE(unreadable, std::int64_t(1)); // "x"; the empty one has no number to read
        QVERIFY(numbers[0] == 0.5 && std::isnan(numbers[1]) && std::isnan(numbers[2]) && numbers[3] == -1000);
        const Attribute attribute = table->attribute("G");
        QCOMPARE(attribute.groups, (std::vector<std::string>{"a", "b"}));
        QCOMPARE(attribute.unlabelled(), std::int64_t(1));
    }

    void missingColumnsAreNamed() {
        const test::TempFolder folder;
        test::writeText(folder / "t.csv", "a,b\n1,2\n");
        Feedback feedback;
        const std::vector<std::string> columns{"c"};
        const auto table = formats::DataTable::read(folder / "t.csv", columns, feedback);
        QVERIFY(!table);
        QCOMPARE(table.error().error().code, ErrorCode::LabelColumnMissing);
    }

    void embeddingsHaveTwoDimensions() {
        const test::TempFolder folder;
        auto writer = formats::NpyWriter::create(folder / "x.npy", 3).value();
        const std::vector<float> rows{1, 2, 3, 4, 5, 6};
        QVERIFY(writer.append(rows));
        QVERIFY(writer.finish());
        const auto read = formats::readEmbeddings(folder / "x.npy");
        QVERIFY(read);
        QCOMPARE(read->rows, std::size_t(2));
        QCOMPARE(read->row(1)[2], 6.0F);
        QVERIFY(!formats::readEmbeddings(folder / "y.npy"));
    }
};

QTEST_APPLESS_MAIN(TestDataTable)
#include "tst_data_table.moc"
