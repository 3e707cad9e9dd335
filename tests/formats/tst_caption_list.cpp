// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/formats/caption_list.h"
#include "core/formats/caption_table.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
using formats::CaptionList;
using formats::readCaptionList;

namespace {

constexpr const char* kKarpathy = R"({"images": [
 {"filepath": "val2014", "sentids": [1, 2], "filename": "b.jpg", "imgid": 0, "split": "test",
  "sentences": [{"tokens": ["a", "raw", "cat"], "raw": "A cat. ", "imgid": 0, "sentid": 1},
                {"tokens": ["two"], "raw": "Two \u00fcber cats.", "imgid": 0, "sentid": 2}], "cocoid": 9},
 {"filepath": "train2014", "filename": "a.jpg", "imgid": 1, "split": "train", "sentences": [{"raw": "A dog."}]},
 {"filename": "c.jpg", "split": "restval", "sentences": [{"raw": "A dog."}, {"raw": " "}, {"tokens": ["x"]}]},
 {"filename": "d.jpg", "split": "test", "sentences": []},
 {"split": "test", "sentences": [{"raw": "of nothing"}]},
 {"filename": "e.jpg", "split": "test", "sentences": [{"raw": "A cat."}], "extra": {"filename": "trap.jpg", "raw": "trap"}}
], "dataset": "coco"})";

} // namespace

class TestCaptionList : public QObject {
    Q_OBJECT
private:
    TempFolder m_folder;
    Feedback m_feedback;

    ErrorCode codeOf(const char* name, std::string_view text, std::string_view split = {}) {
        writeText(m_folder / name, text);
        const auto list = readCaptionList(m_folder / name, split, m_feedback);
        return list || list.error().cancelled() ? ErrorCode::Internal : list.error().error().code;
    }

private Q_SLOTS:
    void karpathysListsBySplit() {
        writeText(m_folder / "dataset_coco.json", kKarpathy);
        const auto test = readCaptionList(m_folder / "dataset_coco.json", "test", m_feedback);
        QVERIFY(test.has_value());
        QVERIFY(test->images == (std::vector<std::string>{"val2014/b.jpg", "e.jpg"}));
        QVERIFY(test->captions == (std::vector<std::string>{"A cat.", "Two \u00fcber cats.", "A cat."}));
        QVERIFY(test->imageOfCaption == (std::vector<std::uint32_t>{0, 0, 1}));
        QCOMPARE(test->invalidRows, std::int64_t(2)); // no sentence; no file
        const auto some = readCaptionList(m_folder / "dataset_coco.json", "train, restval", m_feedback);
        QVERIFY(some->images == (std::vector<std::string>{"train2014/a.jpg", "c.jpg"}));
        QCOMPARE(some->captions.size(), std::size_t(2));
        const auto all = readCaptionList(m_folder / "dataset_coco.json", "", m_feedback);
        QCOMPARE(all->images.size(), std::size_t(4));
        QCOMPARE(all->captions.size(), std::size_t(5));
    }
    void listsOfObjects() {
        writeText(m_folder / "albef.json", R"([{"image": "x.jpg", "caption": ["one", "two"], "image_id": "f"},
            {"image": "y.jpg", "caption": "three", "more": [{"caption": "trap"}]}, {"image": "x.jpg", "caption": "four"}])");
        const auto list = readCaptionList(m_folder / "albef.json", "", m_feedback);
        QVERIFY(list.has_value());
        QVERIFY(list->images == (std::vector<std::string>{"x.jpg", "y.jpg"}));
        QVERIFY(list->captions == (std::vector<std::string>{"one", "two", "three", "four"}));
        QVERIFY(list->imageOfCaption == (std::vector<std::uint32_t>{0, 0, 1, 0}));
    }
    void tables() {
        writeText(m_folder / "t.csv", "image,caption,split\nx.jpg,one,test\n\"y.jpg\",\"two, "
                                      "too\",test\nx.jpg,one,test\nz.jpg,no,val\n,a,test\n");
        const auto list = readCaptionList(m_folder / "t.csv", "test", m_feedback);
        QVERIFY(list.has_value());
        QVERIFY(list->captions ==
                (std::vector<std::string>{"one", "two, too", "one"})); // one row a caption, twice or not
        QVERIFY(list->imageOfCaption == (std::vector<std::uint32_t>{0, 1, 0}));
        QCOMPARE(list->invalidRows, std::int64_t(1));
        QCOMPARE(readCaptionList(m_folder / "t.csv", "", m_feedback)->captions.size(), std::size_t(4));
    }
    void whatCannotBeUsed() {
        QCOMPARE(codeOf("a.json", "{\"images\": ["), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", ""), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", "{}"), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", "3"), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", "[]"), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", "[[{\"image\": \"x\", \"caption\": \"y\"}]]"), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", "{\"images\": {\"image\": \"x\", \"caption\": \"y\"}}"), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", "{\"images\": [{\"filename\": 3, \"sentences\": [{\"raw\": 4}]}]}"),
                 ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", std::string(100000, '[')), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", "[{\"image\": \"x\xff\", \"caption\": \"y\"}]"), ErrorCode::JsonInvalid);
        QCOMPARE(codeOf("a.json", kKarpathy, "dev"), ErrorCode::LabelFilterEmpty);
        QCOMPARE(codeOf("a.csv", "image,caption\na,b\n", "test"), ErrorCode::LabelColumnMissing);
        QCOMPARE(codeOf("a.csv", "image,words\na,b\n"), ErrorCode::LabelColumnMissing);
        const auto none = readCaptionList(m_folder / "none.json", "", m_feedback);
        QVERIFY(!none && none.error().error().code == ErrorCode::FileNotFound);
        const auto folder = readCaptionList(m_folder.path(), "", m_feedback);
        QVERIFY(!folder.has_value());
        writeText(m_folder / "dataset_coco.json", kKarpathy);
        Feedback cancelled;
        cancelled.cancel();
        const auto stopped = readCaptionList(m_folder / "dataset_coco.json", "", cancelled);
        QVERIFY(!stopped && stopped.error().cancelled());
    }
    void trainingTakesTheTrainingSplits() {
        std::filesystem::create_directories(m_folder / "train2014");
        std::filesystem::create_directories(m_folder / "val2014");
        for (const char* name : {"train2014/a.jpg", "val2014/b.jpg", "e.jpg"})
            writeText(m_folder / name, "x");
        writeText(m_folder / "dataset_coco.json", kKarpathy);
        const auto table = formats::readCaptionTable(m_folder / "dataset_coco.json", m_folder.path(), m_feedback);
        QVERIFY(table.has_value());
        QCOMPARE(table->images.files.size(), std::size_t(1));
        QVERIFY(table->images.files[0] == m_folder / "train2014/a.jpg");
        QCOMPARE(table->missing, std::int64_t(1)); // c.jpg
        QCOMPARE(table->rows, std::int64_t(2));
        writeText(m_folder / "albef.json", R"([{"image": "e.jpg", "caption": ["one", "one"]}])");
        const auto plain = formats::readCaptionTable(m_folder / "albef.json", m_folder.path(), m_feedback);
        QCOMPARE(plain->images.pairs.size(), std::size_t(2));
        QCOMPARE(plain->images.captions.size(), std::size_t(1));
        writeText(m_folder / "gone.json", R"([{"image": "gone.jpg", "caption": "one"}])");
        const auto gone = formats::readCaptionTable(m_folder / "gone.json", m_folder.path(), m_feedback);
        QVERIFY(!gone && gone.error().error().code == ErrorCode::LabelsMatchNothing);
    }
};

QTEST_GUILESS_MAIN(TestCaptionList)
#include "tst_caption_list.moc"
