// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <nlohmann/json.hpp>
#include <zlib.h>

#include "core/base/error_text.h"
#include "core/formats/byte_alphabet.h"
#include "core/formats/vocabulary.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using formats::readVocabulary;

namespace {

struct Files {
    nlohmann::json ids;
    std::string merges = "#version: 0.2\ni n\nin g</w>\n";
};

Files smallFiles() {
    Files files;
    int next = 0;
    for (const std::string end : {"", "</w>"})
        for (const unsigned char byte : formats::byteOrder())
            files.ids[formats::byteAlphabet()[byte] + end] = next++;
    for (const char* token : {"in", "ing</w>", "<|startoftext|>", "<|endoftext|>"})
        files.ids[token] = next++;
    return files;
}

void write(const Files& files, const test::TempFolder& folder) {
    test::writeText(folder / "vocab.json", files.ids.dump());
    test::writeText(folder / "merges.txt", files.merges);
}

std::string reasonFor(const Files& files) {
    const test::TempFolder folder;
    write(files, folder);
    const auto vocabulary = readVocabulary(folder.path());
    if (vocabulary || vocabulary.error().code != ErrorCode::VocabularyInvalid)
        return "(read)";
    return std::string(vocabulary.error().arg("reason"));
}

void writeGz(const std::filesystem::path& path, const std::string& text) {
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
}

} // namespace

class TestVocabulary : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void byteAlphabet() {
        QCOMPARE(formats::byteAlphabet()['A'], std::string("A"));
        QCOMPARE(formats::byteAlphabet()[0], std::string("\u0100"));
        QCOMPARE(formats::byteAlphabet()[' '], std::string("\u0120")); // GPT-2's well-known Ġ
        QCOMPARE(formats::byteAlphabet()[0xE9], std::string("\u00E9"));
        QCOMPARE(int(formats::byteOrder()[0]), int('!'));
        QCOMPARE(int(formats::byteOrder()[188]), 0);
    }

    void readsBothFiles() {
        const test::TempFolder folder;
        QVERIFY(!formats::hasVocabulary(folder.path()));
        write(smallFiles(), folder);
        QVERIFY(formats::hasVocabulary(folder.path()));
        for (const auto& path : {folder.path(), folder / "vocab.json", folder / "merges.txt"}) {
            const auto vocabulary = readVocabulary(path);
            QVERIFY(vocabulary);
            QCOMPARE(vocabulary->ids.size(), std::size_t{516});
            QCOMPARE(vocabulary->merges.size(), std::size_t{2});
            QCOMPARE(vocabulary->bos, 514);
            QCOMPARE(vocabulary->eos, 515);
        }
    }

    void versionLineAndReturnsAreOptional() {
        Files files = smallFiles();
        files.merges = "i n\r\nin g</w>\r\n";
        const test::TempFolder folder;
        write(files, folder);
        QCOMPARE(readVocabulary(folder.path()).value().merges.size(), std::size_t{2});
    }

    void readsPackedList() {
        const test::TempFolder folder;
        writeGz(folder / "bpe_simple_vocab_16e6.txt.gz", "\"bpe_simple_vocab_16e6.txt#version: 0.2\ni n\nin g</w>\n");
        QVERIFY(formats::hasVocabulary(folder.path()));
        for (const auto& path : {folder.path(), folder / "bpe_simple_vocab_16e6.txt.gz"}) {
            const auto vocabulary = readVocabulary(path);
            QVERIFY(vocabulary);
            // The same tokens have the same ids in both forms.
            const Files files = smallFiles();
            QCOMPARE(vocabulary->ids.size(), files.ids.size());
            for (const auto& [token, id] : files.ids.items())
                QCOMPARE(vocabulary->ids.at(token), id.get<int>());
        }
    }

    void packedListStopsWhereTheReferenceStops() {
        std::string text = "header\n";
        for (int i = 0; i < 60000; ++i) // a tower of merges: each makes a token of its own
            text += std::string(1, "abcdefghij"[i % 10]) + " " + "k" + std::to_string(i) + "\n";
        const test::TempFolder folder;
        writeGz(folder / "list.gz", text);
        const auto vocabulary = readVocabulary(folder / "list.gz");
        QVERIFY(!vocabulary); // its parts are no tokens; but only the first 48,894 were looked at
        QCOMPARE(vocabulary.error().code, ErrorCode::VocabularyInvalid);
        QVERIFY(vocabulary.error().arg("reason").starts_with("the merge “a k0” needs the token “k0”"));
    }

    void faultsAreNamed() {
        Files files = smallFiles();
        files.ids.erase("<|endoftext|>");
        QCOMPARE(reasonFor(files), std::string("the token “<|endoftext|>” is missing"));

        files = smallFiles();
        files.ids["in"] = 1000;
        QCOMPARE(reasonFor(files), std::string("no token has the id 512, though there are 516 tokens"));

        files = smallFiles();
        files.ids["in"] = 513;
        QCOMPARE(reasonFor(files), std::string("the id 513 is given to “in” and to “ing</w>”"));

        files = smallFiles();
        files.ids["in"] = -1;
        QCOMPARE(reasonFor(files), std::string("the id of the token “in” is not a whole number from 0 on"));

        files = smallFiles();
        files.ids["in"] = {1};
        QCOMPARE(reasonFor(files), std::string("the id of the token “in” is not a whole number from 0 on"));

        files = smallFiles();
        files.merges += "q u\n";
        QCOMPARE(reasonFor(files), std::string("the merge “q u” needs the token “qu”, which the vocabulary lacks"));

        files = smallFiles();
        files.merges = "#version: 0.2\ni n\n";
        QCOMPARE(reasonFor(files),
                 std::string("merges are missing: nothing makes 1 of the 516 tokens, such as “ing</w>”"));

        files = smallFiles();
        files.merges += "i n\n";
        QCOMPARE(reasonFor(files), std::string("line 4 repeats the merge “i n”"));

        files = smallFiles();
        files.merges += "i n g\n";
        QCOMPARE(reasonFor(files), std::string("line 4 of the merges is not two tokens with a blank between"));
    }

    void damagedJson() {
        const test::TempFolder folder;
        const std::string good = smallFiles().ids.dump();
        test::writeText(folder / "merges.txt", "i n\n");
        const auto reason = [&](const std::string& text) {
            test::writeText(folder / "vocab.json", text);
            const auto vocabulary = readVocabulary(folder.path());
            return vocabulary ? std::string("(read)") : std::string(vocabulary.error().arg("reason"));
        };
        QVERIFY(reason(good.substr(0, 100)).starts_with("vocab.json is not JSON"));
        QVERIFY(reason("").starts_with("vocab.json is not JSON"));
        QCOMPARE(reason("[1]"), std::string("vocab.json must be one object of tokens and their ids"));
        QCOMPARE(reason("7"), std::string("vocab.json must be one object of tokens and their ids"));
        QCOMPARE(reason("{}"), std::string("it holds no tokens"));
        QCOMPARE(reason(R"({"a":0,"a":1})"), std::string("the token “a” is listed twice"));
        QVERIFY(reason(std::string(200'000, '[')) != "(read)"); // no recursion
        QVERIFY(reason("{\"a\xff\":0}") != "(read)");
    }

    void damagedPackedList() {
        const test::TempFolder folder;
        test::writeText(folder / "list.gz", "not packed");
        QCOMPARE(readVocabulary(folder / "list.gz").error().arg("reason"), std::string_view("it is not a whole gzip file"));
        writeGz(folder / "list.gz", "header\ni n\n");
        const std::string packed = test::readText(folder / "list.gz");
        test::writeText(folder / "list.gz", packed.substr(0, packed.size() - 9));
        QCOMPARE(readVocabulary(folder / "list.gz").error().arg("reason"), std::string_view("it is not a whole gzip file"));
        writeGz(folder / "list.gz", std::string(std::size_t{70} << 20, '\n')); // 68 KB that unpack to 70 MiB
        QCOMPARE(readVocabulary(folder / "list.gz").error().arg("reason"),
                 std::string_view("it unpacks to more than 16 MiB"));
    }

    void missing() {
        const test::TempFolder folder;
        QCOMPARE(readVocabulary(folder.path()).error().code, ErrorCode::VocabularyMissing);
        QCOMPARE(readVocabulary(folder / "nowhere").error().code, ErrorCode::VocabularyMissing);
        test::writeText(folder / "vocab.json", "{}"); // half of the pair
        QVERIFY(!formats::hasVocabulary(folder.path()));
        QCOMPARE(readVocabulary(folder.path()).error().code, ErrorCode::VocabularyMissing);
    }

    void clipsOwn() {
        PLUMBLINE_NEEDS_SHARED();
        const auto vocabulary = readVocabulary(test::shared() / "fixtures/faceclip-a");
        QVERIFY2(vocabulary, vocabulary ? "" : errorText(vocabulary.error()).c_str());
        QCOMPARE(vocabulary->ids.size(), std::size_t{49408});
        QCOMPARE(vocabulary->merges.size(), std::size_t{48894});
        QCOMPARE(vocabulary->bos, 49406);
        QCOMPARE(vocabulary->eos, 49407);

        // Packed as OpenAI ships it (a header line, the list, more lines than are used), it is the same vocabulary.
        const test::TempFolder folder;
        std::string list = "\"bpe_simple_vocab_16e6.txt#version: 0.2\n";
        for (const auto& [left, right] : vocabulary->merges)
            list += left + " " + right + "\n";
        writeGz(folder / "bpe_simple_vocab_16e6.txt.gz", list + "unused line\n");
        const auto packed = readVocabulary(folder.path());
        QVERIFY2(packed, packed ? "" : errorText(packed.error()).c_str());
        QVERIFY(packed->ids == vocabulary->ids);
        QVERIFY(packed->merges == vocabulary->merges);
    }
};

QTEST_APPLESS_MAIN(TestVocabulary)
#include "tst_vocabulary.moc"
