// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/formats/caption_table.h"
#include "core/formats/planted.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;

class TestCaptionTable : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void onePairARow() {
        const TempFolder folder;
        writeText(folder / "a.png", "x");
        writeText(folder / "b.png", "x");
        writeText(folder / "t.csv", "caption,file\na cat,a.png\n\"a dog, asleep\",b.png\na cat,b.png\n,a.png\na "
                                    "cow,gone.png\na cow\n a cat ,a.png\n");
        Feedback feedback;
        const auto table = formats::readCaptionTable(folder / "t.csv", folder.path(), feedback);
        QVERIFY(table.has_value());
        QCOMPARE(table->rows, 7);
        QCOMPARE(table->invalidRows, 2); // no caption; too few fields
        QCOMPARE(table->missing, 1);
        const CaptionedImages& images = table->images;
        QCOMPARE(images.files.size(), std::size_t{2});
        QVERIFY(images.captions == (std::vector<std::string>{"a cat", "a dog, asleep"}));
        QCOMPARE(images.pairs.size(), std::size_t{4});
        QCOMPARE(images.pairs[2].file, 1U);
        QCOMPARE(images.pairs[2].caption, 0U);
        QCOMPARE(images.pairs[3].caption, 0U); // blanks around a caption are no difference
        QCOMPARE(images.heldOut.size(), std::size_t{2});
    }

    void whatCannotBeUsed() {
        const TempFolder folder;
        Feedback feedback;
        const auto code = [&](const char* text) {
            writeText(folder / "t.csv", text);
            const auto table = formats::readCaptionTable(folder / "t.csv", folder.path(), feedback);
            return table || table.error().cancelled() ? ErrorCode::Internal : table.error().error().code;
        };
        QCOMPARE(code("file,words\na.png,b\n"), ErrorCode::LabelColumnMissing);
        QCOMPARE(code("picture,caption\na.png,b\n"), ErrorCode::LabelColumnMissing);
        QCOMPARE(code("file,caption\na.png,b\n"), ErrorCode::LabelsMatchNothing);
        const auto missing = formats::readCaptionTable(folder / "none.csv", folder.path(), feedback);
        QVERIFY(!missing && missing.error().error().code == ErrorCode::FileNotFound);
    }

    void plantedFileReadsBack() {
        const TempFolder folder;
        const std::vector<PlantedLean> leans = {{"pilot", "gender", "woman", 20}, {"doctor", "", "", 1}};
        QVERIFY(formats::writePlanted(folder / "planted.json", leans).has_value());
        QVERIFY(readText(folder / "planted.json").find("\"control\": true") != std::string::npos);
        const auto read = formats::readPlanted(folder / "planted.json");
        QVERIFY(read.has_value());
        QCOMPARE(read->size(), std::size_t{2});
        QCOMPARE(read->at(0).concept_, std::string("pilot"));
        QCOMPARE(read->at(0).favours, std::string("woman"));
        QCOMPARE(read->at(0).strength, 20.0);
        QVERIFY(!read->at(0).isControl());
        QVERIFY(read->at(1).isControl());
    }

    void plantedFilesOfOthersAreNotOurs() {
        const TempFolder folder;
        QVERIFY(formats::readPlanted(folder / "planted.json")->empty());
        for (const char* text : {"{\"concepts\": 3}", "no JSON", "[]", "{\"format\": \"other\", \"concepts\": []}"}) {
            writeText(folder / "planted.json", text);
            const auto read = formats::readPlanted(folder / "planted.json");
            QVERIFY2(read && read->empty(), text);
        }
        for (const char* text : {"{\"format\": \"plumbline-planted\"}",
                                 "{\"format\": \"plumbline-planted\", \"concepts\": [{\"concept\": 1}]}"}) {
            writeText(folder / "planted.json", text);
            const auto read = formats::readPlanted(folder / "planted.json");
            QVERIFY2(!read && read.error().code == ErrorCode::JsonInvalid, text);
        }
    }
};

QTEST_APPLESS_MAIN(TestCaptionTable)
#include "tst_caption_table.moc"
