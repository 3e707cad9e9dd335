// SPDX-License-Identifier: GPL-3.0-or-later
#include <random>

#include <QtTest>

#include "core/formats/csv.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using formats::CsvHeader;
using formats::readCsv;

namespace {

struct Read {
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
    std::vector<std::size_t> lines;
    char delimiter = 0;
    Error error{ErrorCode::Internal, {}, "no error"};
};

Read read(std::string_view text) {
    const test::TempFolder folder;
    test::writeText(folder / "a.csv", text);
    Read result;
    const auto header = readCsv(folder / "a.csv", [&](const CsvHeader&, std::size_t line, const auto& fields) {
        result.rows.push_back(fields);
        result.lines.push_back(line);
    });
    if (header) {
        result.columns = header->columns;
        result.delimiter = header->delimiter;
        const auto alone = formats::readCsvHeader(folder / "a.csv");
        if (!alone || alone->columns != header->columns)
            result.columns = {"readCsvHeader differs"};
    } else {
        result.error = header.error().error();
    }
    return result;
}

using Rows = std::vector<std::vector<std::string>>;
using Row = std::vector<std::string>;
using Lines = std::vector<std::size_t>;

} // namespace

class TestCsv : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void plain() {
        const Read r = read("file, age ,gender\na.jpg,3,Male\n b.jpg ,,\n");
        QCOMPARE(r.columns, (Row{"file", "age", "gender"}));
        QCOMPARE(r.rows, (Rows{{"a.jpg", "3", "Male"}, {" b.jpg ", "", ""}})); // as they stand
        QCOMPARE(r.lines, (Lines{2, 3}));
    }

    void endsOfLines() {
        const Rows rows = {{"1", "2"}, {"3", "4"}};
        for (const char* text : {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r"}) {
            const Read r = read(text);
            QCOMPARE(r.rows, rows);
            QCOMPARE(r.lines, (Lines{2, 3}));
        }
        const Read blank = read("\n\na,b\n\n1,2\n\r\n\n3,4\n\n");
        QCOMPARE(blank.rows, rows);
        QCOMPARE(blank.lines, (Lines{5, 8}));
    }

    void byteOrderMark() { QCOMPARE(read("\xEF\xBB\xBF" "a,b\n1,2\n").columns, (Row{"a", "b"})); }

    void delimiters() {
        QCOMPARE(read("a;b\n1,5;2\n").rows, (Rows{{"1,5", "2"}}));
        QCOMPARE(read("a\tb\n1,5\t2\n").rows, (Rows{{"1,5", "2"}}));
        QCOMPARE(read("\"a;b\",c\n1;2,3\n").rows, (Rows{{"1;2", "3"}})); // quoted delimiters do not count
        QCOMPARE(read("a\n1\n").delimiter, ',');
    }

    void quotes() {
        const Read r = read("a,b\n\"x, \"\"y\"\"\",\"line 1\nline 2\r\n\"\n\"\",2\nit's 5\" wide,3\n");
        QCOMPARE(r.rows, (Rows{{"x, \"y\"", "line 1\nline 2\r\n"}, {"", "2"}, {"it's 5\" wide", "3"}}));
        QCOMPARE(r.lines, (Lines{2, 5, 6}));
    }

    void embeddedZero() {
        const Read r = read(std::string_view("a,b\nx\0y,2\n", 10));
        QCOMPARE(r.rows.at(0).at(0), std::string("x\0y", 3));
    }

    void wrongLengthIsHandedOver() { QCOMPARE(read("a,b\n1\n1,2,3\n").rows, (Rows{{"1"}, {"1", "2", "3"}})); }

    void quoteNeverClosed() {
        const Read r = read("a,b\n1,2\n\n3,\"4\n5,6\n7,8\n");
        QCOMPARE(r.error.code, ErrorCode::LabelTableInvalid);
        QCOMPARE(r.error.arg("line"), std::string_view("4"));
        const Read long_ = read("a,b\n1,2\n3,\"" + std::string(std::size_t{2} << 20, 'x') + "\n");
        QCOMPARE(long_.error.code, ErrorCode::LabelTableInvalid);
        QCOMPARE(long_.error.arg("line"), std::string_view("3"));
        QCOMPARE(long_.rows.size(), std::size_t{1}); // what came before was handed over
    }

    void notText() {
        QCOMPARE(read("\xFF\xFE" "f\0i\0").error.code, ErrorCode::NotUtf8);
        QCOMPARE(read(std::string_view("f\0i\0l\0e\0\n\0", 10)).error.code, ErrorCode::NotUtf8);
        QCOMPARE(read("PK\x03\x04\xD0\xFF\n").error.code, ErrorCode::NotUtf8);
        // Fields may be any bytes: file names are.
        QCOMPARE(read("a\n\xE9.jpg\n").rows, (Rows{{"\xE9.jpg"}}));
    }

    void emptyFile() {
        for (const char* text : {"", "\n\n", "\xEF\xBB\xBF"}) {
            const Read r = read(text);
            QCOMPARE(r.error.code, ErrorCode::LabelTableInvalid);
        }
        QCOMPARE(read("a,b").columns, (Row{"a", "b"}));
    }

    void notThere() {
        const test::TempFolder folder;
        const auto ignore = [](const CsvHeader&, std::size_t, const Row&) {};
        QCOMPARE(readCsv(folder / "no.csv", ignore).error().error().code, ErrorCode::FileNotFound);
        QCOMPARE(readCsv(folder.path(), ignore).error().error().code, ErrorCode::FileUnreadable);
    }

    void cancels() {
        const test::TempFolder folder;
        std::string text = "a,b\n";
        while (text.size() < 2'000'000)
            text += "1,2\n";
        test::writeText(folder / "a.csv", text);
        Feedback feedback;
        std::size_t rows = 0;
        const auto result = readCsv(
            folder / "a.csv",
            [&](const CsvHeader&, std::size_t, const Row&) {
                ++rows;
                feedback.cancel();
            },
            &feedback);
        QVERIFY(!result && result.error().cancelled());
        QVERIFY(rows < 300'000);
    }

    void writtenFieldsReadBack() {
        std::mt19937 random(5);
        const std::string letters = "ab ,;\t\"'\n\r\xC3\xA9";
        for (int round = 0; round < 300; ++round) {
            const char delimiter = ",;\t"[random() % 3];
            std::string text = std::string("first") + delimiter + "second\n";
            Rows rows;
            for (std::size_t n = random() % 6; n > 0; --n) {
                Row row;
                for (int f = 0; f < 2; ++f) {
                    std::string field;
                    for (std::size_t length = random() % 7; length > 0; --length)
                        field += letters[random() % letters.size()];
                    text += (f > 0 ? std::string(1, delimiter) : std::string()) + formats::csvField(field, delimiter);
                    row.push_back(std::move(field));
                }
                text += random() % 2 == 0 ? "\n" : "\r\n";
                rows.push_back(std::move(row));
            }
            QCOMPARE(read(text).rows, rows);
        }
    }
};

QTEST_APPLESS_MAIN(TestCsv)
#include "tst_csv.moc"
