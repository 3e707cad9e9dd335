// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/base/error_text.h"
#include "core/base/random.h"
#include "core/formats/safetensors.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
using formats::DType;
namespace fs = std::filesystem;

namespace {

/// A file from a header and `dataBytes` bytes of data; headerLength overrides the length field.
std::string file(const std::string& header, std::size_t dataBytes, std::optional<std::uint64_t> headerLength = {}) {
    const std::uint64_t length = headerLength.value_or(header.size());
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    return bytes + header + std::string(dataBytes, '\1');
}

/// JSON written with ' for ", since moc loses its way in raw strings.
std::string json(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return text;
}

std::string entry(const std::string& name, const std::string& shape, std::uint64_t begin, std::uint64_t end,
                  const std::string& dtype = "F32") {
    return json("'" + name + "':{'dtype':'" + dtype + "','shape':" + shape + ",'data_offsets':[" +
                std::to_string(begin) + ',' + std::to_string(end) + "]}");
}

} // namespace

class TestSafetensors : public QObject {
    Q_OBJECT

    TempFolder m_temp;

private Q_SLOTS:
    void writtenAndReadBack() {
        const std::vector<float> numbers = {1.5F, -2, 3, 4, 5, 6};
        const std::vector<std::uint16_t> halves = {0x3C00, 0xC000, 0x7BFF};
        const std::vector<std::int64_t> longs = {-1};
        const std::vector<formats::TensorToWrite> tensors = {
            {"a.weight", DType::F32, {2, 3}, std::as_bytes(std::span(numbers))},
            {"half", DType::F16, {3}, std::as_bytes(std::span(halves))},
            {"scalar", DType::I64, {}, std::as_bytes(std::span(longs))},
            {"empty", DType::F32, {4, 0}, {}},
        };
        const fs::path path = m_temp / "good.safetensors";
        QVERIFY(formats::writeSafetensors(path, tensors).has_value());
        const auto read = formats::readSafetensors(path);
        QVERIFY2(read.has_value(), read ? "" : errorText(read.error()).c_str());
        QCOMPARE(read->tensors.size(), tensors.size());
        for (const auto& tensor : tensors) {
            const formats::TensorView& view = read->tensors.at(tensor.name);
            QCOMPARE(view.dtype, tensor.dtype);
            QCOMPARE(view.shape, tensor.shape);
            QVERIFY(std::equal(view.bytes.begin(), view.bytes.end(), tensor.bytes.begin(), tensor.bytes.end()));
        }
        QCOMPARE(read->tensors.at("a.weight").elements(), 6);
        QCOMPARE(reinterpret_cast<std::uintptr_t>(read->tensors.at("a.weight").bytes.data()) % 8, 0U);
        QVERIFY(!fs::exists(m_temp / "good.safetensors.part"));

        const std::vector<formats::TensorToWrite> wrong = {{"a", DType::F32, {7}, std::as_bytes(std::span(numbers))}};
        QVERIFY(!formats::writeSafetensors(path, wrong).has_value());
        const auto nowhere = formats::writeSafetensors(m_temp / "no folder/x", tensors);
        QVERIFY(!nowhere);
        QCOMPARE(nowhere.error().code, ErrorCode::FileUnwritable);
    }

    void theViewOutlivesTheReader() {
        const std::vector<float> numbers = {7, 8};
        const std::vector<formats::TensorToWrite> tensors = {{"t", DType::F32, {2}, std::as_bytes(std::span(numbers))}};
        const fs::path path = m_temp / "removed.safetensors";
        QVERIFY(formats::writeSafetensors(path, tensors).has_value());
        auto read = formats::readSafetensors(path);
        QVERIFY(read.has_value());
        fs::remove(path);
        const formats::Weights copy = *read;
        read = formats::readSafetensors(path);
        QVERIFY(!read);
        QCOMPARE(read.error().code, ErrorCode::FileNotFound);
        float value = 0;
        std::memcpy(&value, copy.tensors.at("t").bytes.data() + 4, 4);
        QCOMPARE(value, 8.0F);
    }

    void hostileFiles_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& bytes, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << QString::fromUtf8(reason);
        };
        const std::string good = "{" + entry("a", "[2]", 0, 8) + "}";
        row("nothing", "", "0 bytes");
        row("seven bytes", std::string(7, '\0'), "7 bytes");
        row("no header", file("", 0), "begin with {");
        row("header beyond the file", file(good, 8, 1000), "beyond the file");
        row("header of 2^64 - 1 bytes", file(good, 8, ~std::uint64_t{0}), "beyond the file");
        row("header not JSON", file("{\"a\":", 8), "not JSON");
        row("header not UTF-8", file("{\"\xff\":1}", 8), "not JSON");
        row("two documents", file(good + good, 16), "not JSON");
        row("header an array", file("[1]", 8), "begin with {");
        row("entry not an object", file(json("{'a':5}"), 8), "entry a");
        row("deep nesting", file("{\"a\":" + std::string(200000, '['), 8), "entry a");
        row("deep objects",
            file(
                [] {
                    std::string text;
                    for (int i = 0; i < 100000; ++i)
                        text += "{\"a\":";
                    return text;
                }(),
                8),
            "");
        row("metadata not text", file(json("{'__metadata__':{'a':1}}"), 0), "__metadata__");
        row("missing offsets", file(json("{'a':{'dtype':'F32','shape':[2]}}"), 8), "lacks");
        row("foreign field", file(json("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'x':1}}"), 8), "field x");
        row("field twice", file(json("{'a':{'dtype':'F32','shape':[2],'shape':[2],'data_offsets':[0,8]}}"), 8),
            "two fields");
        row("three offsets", file(json("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8,8]}}"), 8), "two offsets");
        row("negative offset", file(json("{'a':{'dtype':'F32','shape':[2],'data_offsets':[-8,8]}}"), 8), "negative");
        row("fractional size", file(json("{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}"), 8), "no whole");
        row("size beyond 64 bits",
            file(json("{'a':{'dtype':'F32','shape':[99999999999999999999999],'data_offsets':[0,8]}}"), 8), "whole");
        row("unknown type", file("{" + entry("a", "[2]", 0, 8, "F8_E4M3") + "}", 8), "F8_E4M3");
        row("reversed", file("{" + entry("a", "[2]", 8, 0) + "}", 8), "before it begins");
        row("past the end", file("{" + entry("a", "[4]", 0, 16) + "}", 8), "beyond the file");
        row("offset of 2^64 - 8", file("{" + entry("a", "[2]", ~std::uint64_t{7}, ~std::uint64_t{0}) + "}", 8),
            "beyond");
        row("shape too small", file("{" + entry("a", "[1]", 0, 8) + "}", 8), "does not fit");
        row("product overflows to the right size", file("{" + entry("a", "[4294967296,4294967296,2]", 0, 8) + "}", 8),
            "does not fit");
        row("size overflows in bytes", file("{" + entry("a", "[4611686018427387906]", 0, 8) + "}", 8), "does not fit");
        row("empty with a size beyond int64", file("{" + entry("a", "[0,18446744073709551615]", 0, 0) + "}", 0),
            "does not fit");
        row("too many dimensions", file("{" + entry("a", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]", 0, 8) + "}", 8),
            "dimensions");
        row("same name twice", file("{" + entry("a", "[1]", 0, 4) + "," + entry("a", "[1]", 4, 8) + "}", 8), "twice");
        row("same bytes twice", file("{" + entry("a", "[2]", 0, 8) + "," + entry("b", "[2]", 0, 8) + "}", 8),
            "overlaps");
        row("partial overlap", file("{" + entry("a", "[2]", 0, 8) + "," + entry("b", "[2]", 4, 12) + "}", 12),
            "overlaps");
        row("gap", file("{" + entry("a", "[1]", 0, 4) + "," + entry("b", "[1]", 8, 12) + "}", 12), "gap");
        row("rest", file(good, 12), "after the last");
        row("rest without tensors", file("{}", 4), "after the last");
        row("long name", file("{" + entry(std::string(100000, 'x'), "[1]", 0, 8) + "}", 8), "xxx…");
    }
    void hostileFiles() {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, reason);
        const fs::path path = m_temp / "bad.safetensors";
        writeText(path, bytes.toStdString());
        const auto read = formats::readSafetensors(path);
        QVERIFY(!read);
        QCOMPARE(read.error().code, ErrorCode::WeightsInvalid);
        const QString said = QString::fromStdString(std::string(read.error().arg("reason")));
        QVERIFY2(said.contains(reason), qPrintable(said));
        QVERIFY(said.size() < 600);
    }

    void everyTruncationIsRefused() {
        const std::vector<float> numbers = {1, 2, 3, 4};
        const std::vector<formats::TensorToWrite> tensors = {
            {"a", DType::F32, {4}, std::as_bytes(std::span(numbers))},
            {"b", DType::F32, {2, 2}, std::as_bytes(std::span(numbers))}};
        const fs::path path = m_temp / "whole.safetensors";
        QVERIFY(formats::writeSafetensors(path, tensors).has_value());
        const std::string whole = readText(path);
        for (std::size_t length = 0; length < whole.size(); ++length) {
            writeText(m_temp / "cut.safetensors", whole.substr(0, length));
            QVERIFY2(!formats::readSafetensors(m_temp / "cut.safetensors"), std::to_string(length).c_str());
        }
    }

    /// Replays what a fuzzer does first: a good file with a few bytes changed. Whatever is still read must fit the
    /// file.
    void mutatedFiles() {
        const std::vector<float> numbers = {1, 2, 3, 4, 5, 6};
        const std::vector<formats::TensorToWrite> tensors = {
            {"a", DType::F32, {6}, std::as_bytes(std::span(numbers))},
            {"b", DType::F32, {2, 3}, std::as_bytes(std::span(numbers))}};
        const fs::path path = m_temp / "mutated.safetensors";
        QVERIFY(formats::writeSafetensors(path, tensors).has_value());
        const std::string whole = readText(path);
        int refused = 0;
        for (std::uint64_t round = 0; round < 1000; ++round) {
            RandomStream random(1, streamId("mutated"), round);
            std::string bytes = whole;
            for (std::uint64_t i = 0; i <= random.below(3); ++i)
                bytes[random.below(bytes.size())] = static_cast<char>(
                    random.below(2) == 0 ? random.below(256)
                                         : static_cast<std::uint64_t>("0123456789[]{}\",:"[random.below(18)]));
            writeText(path, bytes);
            const auto read = formats::readSafetensors(path);
            if (!read) {
                ++refused;
                QCOMPARE(read.error().code, ErrorCode::WeightsInvalid);
                continue;
            }
            std::size_t total = 0;
            for (const auto& [name, view] : read->tensors)
                total += view.bytes.size();
            QCOMPARE(total, 48U);
        }
        QVERIFY(refused > 250 && refused < 1000);
    }

    void unusualButRight() {
        // Spaces behind the header, tensors out of order, metadata, an empty tensor between others, no tensor at all.
        const std::string header = json("{'__metadata__':{'format':'pt'},") + entry("b", "[1]", 4, 8) + "," +
                                   entry("none", "[0,3]", 4, 4) + "," + entry("a", "[1]", 0, 4) + "}   ";
        writeText(m_temp / "ok.safetensors", file(header, 8));
        const auto read = formats::readSafetensors(m_temp / "ok.safetensors");
        QVERIFY2(read.has_value(), read ? "" : errorText(read.error()).c_str());
        QCOMPARE(read->tensors.size(), 3U);
        QCOMPARE(read->tensors.at("none").elements(), 0);
        writeText(m_temp / "ok.safetensors", file("{}", 0));
        QVERIFY(formats::readSafetensors(m_temp / "ok.safetensors").has_value());
    }

    void notAFile() {
        const auto folder = formats::readSafetensors(m_temp.path());
        QVERIFY(!folder);
        QCOMPARE(folder.error().code, ErrorCode::FileUnreadable);
        const auto missing = formats::readSafetensors(m_temp / "missing");
        QVERIFY(!missing);
        QCOMPARE(missing.error().code, ErrorCode::FileNotFound);
    }

    void brokenFixtures() {
        PLUMBLINE_NEEDS_SHARED();
        int seen = 0;
        for (const auto& item : fs::directory_iterator(shared() / "fixtures/models/_broken")) {
            if (item.path().extension() != ".safetensors")
                continue;
            ++seen;
            const auto read = formats::readSafetensors(item.path());
            QVERIFY2(!read, item.path().c_str());
            QCOMPARE(read.error().code, ErrorCode::WeightsInvalid);
            QVERIFY(!read.error().arg("reason").empty());
        }
        QCOMPARE(seen, 12);
    }
};

QTEST_APPLESS_MAIN(TestSafetensors)
#include "tst_safetensors.moc"
