// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>
#include <limits>

#include <QtTest>

#include "core/formats/sentencepiece.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using formats::SentencePieceModel;
using Kind = SentencePieceModel::Kind;

namespace {

// The wire format of protocol buffers, written down.
std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7)
        bytes.push_back(static_cast<char>(value | 0x80U));
    bytes.push_back(static_cast<char>(value));
    return bytes;
}
std::string number(unsigned field, std::uint64_t value) {
    return varint(field << 3) + varint(value);
}
std::string bytes(unsigned field, const std::string& value) {
    return varint(field << 3 | 2U) + varint(value.size()) + value;
}
std::string floating(unsigned field, float value) {
    std::string result = varint(field << 3 | 5U);
    for (unsigned shift = 0; shift < 32; shift += 8)
        result.push_back(static_cast<char>(std::bit_cast<std::uint32_t>(value) >> shift));
    return result;
}

std::string piece(const std::string& text, float score, std::uint64_t kind = 1) {
    return bytes(1, bytes(1, text) + floating(2, score) + (kind == 1 ? "" : number(3, kind)));
}
const std::string kUnknown = piece("<unk>", 0, 2);

std::string reasonOf(const std::string& content) {
    const test::TempFolder folder;
    test::writeText(folder / "spiece.model", content);
    const auto read = formats::readSentencePiece(folder / "spiece.model");
    if (read)
        return "nothing is wrong";
    return read.error().code == ErrorCode::VocabularyInvalid ? std::string(read.error().arg("reason"))
                                                             : std::string(errorName(read.error().code));
}

} // namespace

class TestSentencePiece : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void reads() {
        const test::TempFolder folder;
        // Fields that are not known lie between, of each wire type; a message comes in two parts.
        test::writeText(
            folder / "a.model",
            kUnknown + piece("a", -1.5F) + piece("</s>", 0, 3) + piece("of", 0, 4) + piece("old", -2, 5) +
                bytes(2, number(3, 2) + number(24, 1) + bytes(1, "input") + varint(99U << 3 | 1U) + "12345678") +
                bytes(2, number(40, 0)) +
                bytes(3, bytes(1, "nfkc") + bytes(2, "map") + number(3, 0) + number(4, 0) + number(5, 0)) +
                bytes(4, "tests"));
        const auto model = formats::readSentencePiece(folder / "a.model");
        QVERIFY(model.has_value());
        QCOMPARE(model->pieces.size(), std::size_t{5});
        QCOMPARE(model->pieces[1].text, std::string("a"));
        QCOMPARE(model->pieces[1].score, -1.5F);
        QCOMPARE(model->pieces[1].kind, Kind::Normal);
        QCOMPARE(model->pieces[2].kind, Kind::Control);
        QCOMPARE(model->pieces[4].kind, Kind::Unused);
        QCOMPARE(model->algorithm, SentencePieceModel::Algorithm::Bpe);
        QVERIFY(model->spaceAsSuffix && !model->byteFallback);
        QCOMPARE(model->charsmap, std::string("map"));
        QVERIFY(!model->addDummyPrefix && !model->removeExtraSpaces && !model->escapeSpaces);
        QCOMPARE(model->unknownId, 0);
    }

    void defaults() {
        const test::TempFolder folder;
        test::writeText(folder / "a.model", piece("a", 0) + kUnknown);
        const auto model = formats::readSentencePiece(folder / "a.model");
        QVERIFY(model.has_value());
        QCOMPARE(model->algorithm, SentencePieceModel::Algorithm::Unigram);
        QCOMPARE(model->unknownId, 1);
        QVERIFY(model->addDummyPrefix && model->removeExtraSpaces && model->escapeSpaces && !model->spaceAsSuffix);
    }

    void readsBytePieces() {
        const test::TempFolder folder;
        std::string content = kUnknown + bytes(2, number(35, 1));
        for (int byte = 0; byte < 256; ++byte)
            content += piece(
                QByteArray("<0x" + QByteArray::number(byte, 16).toUpper().rightJustified(2, '0') + ">").toStdString(),
                0, 6);
        test::writeText(folder / "a.model", content);
        QVERIFY(formats::readSentencePiece(folder / "a.model")->byteFallback);
    }

    void refuses_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, const std::string& content, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(content) << QByteArray(reason);
        };
        row("empty", "", "it holds no pieces");
        row("text", "once upon a time", "it is not a SentencePiece model, or breaks off");
        row("numbers at the top", number(1, 5), "it is not a SentencePiece model");
        row("breaks off", kUnknown.substr(0, kUnknown.size() - 1), "it is not a SentencePiece model, or breaks off");
        row("length out of range", varint(10) + varint(std::numeric_limits<std::uint64_t>::max()),
            "it is not a SentencePiece model, or breaks off");
        row("endless number", varint(10) + std::string(11, '\xff'), "it is not a SentencePiece model, or breaks off");
        row("group", varint(1U << 3 | 3U), "it is not a SentencePiece model, or breaks off");
        row("field 0", std::string(2, '\0'), "it is not a SentencePiece model, or breaks off");
        row("broken piece", kUnknown + bytes(1, varint(1U << 3 | 2U) + varint(9)), "the piece 1 is broken");
        row("empty piece", kUnknown + piece("", 0), "the piece 1 is empty");
        row("long piece", kUnknown + piece(std::string(1025, 'a'), 0), "the piece 1 is longer than 1024 bytes");
        row("piece of other bytes", kUnknown + piece("\xff", 0), "the piece 1 is not UTF-8");
        row("no number", kUnknown + piece("a", std::numeric_limits<float>::quiet_NaN()),
            "the score of the piece 1 is not a number");
        row("infinite", kUnknown + piece("a", std::numeric_limits<float>::infinity()),
            "the score of the piece 1 is not a number");
        row("unknown kind", kUnknown + piece("a", 0, 7), "the piece 1 is of a kind that is not known (7)");
        row("piece twice", kUnknown + piece("a", 0) + piece("a", 1), "the piece “a” is listed twice");
        row("two unknowns", kUnknown + piece("a", 0, 2), "two pieces stand for what is unknown: 0 and 1");
        row("no unknown", piece("a", 0), "no piece stands for what is unknown");
        row("words", kUnknown + bytes(2, number(3, 3)),
            "it splits texts into words or characters, which is not supported");
        row("another algorithm", kUnknown + bytes(2, number(3, 9)), "its algorithm is not known (9)");
        row("bytes missing", kUnknown + bytes(2, number(35, 1)) + piece("<0x00>", 0, 6),
            "it falls back on bytes, but has 1 of their 256 pieces");
        row("broken training", kUnknown + bytes(2, "\x08"), "its training settings are broken");
        row("broken normalisation", kUnknown + bytes(3, "\x12\x05"), "its normalisation settings are broken");
    }
    void refuses() {
        QFETCH(QByteArray, content);
        QFETCH(QByteArray, reason);
        QCOMPARE(QByteArray::fromStdString(reasonOf(content.toStdString())), reason);
    }

    void missingFile() {
        const test::TempFolder folder;
        QCOMPARE(formats::readSentencePiece(folder / "none.model").error().code, ErrorCode::FileNotFound);
    }
};

QTEST_APPLESS_MAIN(TestSentencePiece)
#include "tst_sentencepiece.moc"
