// SPDX-License-Identifier: GPL-3.0-or-later
#include <atomic>
#include <random>
#include <thread>

#include <QtTest>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/text/tokenizer.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using nlohmann::json;
using text::Tokenizer;
using text::TokenizerOptions;

namespace {

namespace fs = std::filesystem;

fs::path dataFolder() {
    return test::sourceFolder() / "tests/text/data";
}
json readJson(const fs::path& path) {
    return json::parse(test::readText(path));
}

std::vector<std::string> strings() {
    return readJson(dataFolder() / "strings.json").get<std::vector<std::string>>();
}

std::vector<std::string> tokenizerNames() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dataFolder()))
        if (entry.is_directory())
            names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

TokenizerOptions withContext(int contextLength) {
    TokenizerOptions options;
    options.contextLength = contextLength;
    return options;
}

QByteArray shown(const std::string& input, const std::vector<int>& got, const std::vector<int>& wanted) {
    return QByteArray::fromStdString(json(input).dump(-1, ' ', true) + "\n  got    " + json(got).dump() +
                                     "\n  wanted " + json(wanted).dump());
}

/// A copy of one of the small tokenizers, to be changed.
class Copy {
public:
    explicit Copy(const std::string& name) {
        for (const auto& entry : fs::directory_iterator(dataFolder() / name))
            if (entry.path().filename() != "expected.json")
                test::writeText(m_folder / entry.path().filename().string(), test::readText(entry.path()));
    }
    const fs::path& path() const { return m_folder.path(); }
    void change(const char* file, const std::function<void(json&)>& edit) {
        json content = fs::exists(m_folder / file) ? readJson(m_folder / file) : json::object();
        edit(content);
        test::writeText(m_folder / file, content.dump());
    }
    void configure(const char* name, json value) {
        change("tokenizer_config.json", [&](json& config) { config[name] = std::move(value); });
    }
    void remove(const char* file) { fs::remove(m_folder / file); }

private:
    test::TempFolder m_folder;
};

std::string failureOf(const fs::path& path, const TokenizerOptions& options = {}) {
    const auto tokenizer = Tokenizer::load(path, options);
    if (tokenizer)
        return "nothing is wrong";
    return tokenizer.error().code == ErrorCode::VocabularyInvalid ? std::string(tokenizer.error().arg("reason"))
                                                                  : std::string(errorName(tokenizer.error().code));
}

/// vocab.json and merges.txt with what the folder's tokenizer.json holds.
void writeLists(const fs::path& folder) {
    const json model = readJson(folder / "tokenizer.json").at("model");
    std::string merges = "#version: 0.2\n";
    for (const json& merge : model.at("merges"))
        merges += (merge.is_string() ? merge.get<std::string>()
                                     : merge[0].get<std::string>() + " " + merge[1].get<std::string>()) +
                  "\n";
    test::writeText(folder / "vocab.json", model.at("vocab").dump());
    test::writeText(folder / "merges.txt", merges);
}

} // namespace

class TestSubwordTokenizer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Every string, with the ids of the real package: whole, and cut.
    void reference_data() {
        QTest::addColumn<QByteArray>("name");
        for (const std::string& name : tokenizerNames())
            QTest::newRow(name.c_str()) << QByteArray::fromStdString(name);
    }
    void reference() {
        QFETCH(QByteArray, name);
        const fs::path folder = dataFolder() / name.toStdString();
        const json expected = readJson(folder / "expected.json");
        const auto whole = Tokenizer::load(folder, withContext(200)), cut = Tokenizer::load(folder, withContext(7));
        QVERIFY2(whole.has_value(), whole ? "" : errorText(whole.error()).c_str());
        QVERIFY(cut.has_value());
        QCOMPARE(whole->padId(), expected.at("pad").get<int>());
        const std::vector<std::string> inputs = strings();
        const auto ids = expected.at("ids").get<std::vector<std::vector<int>>>();
        QCOMPARE(ids.size(), inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const text::Tokens got = whole->encode(inputs[i]);
            QVERIFY2(got.ids == ids[i], shown(inputs[i], got.ids, ids[i]));
            QVERIFY(got.untruncated == got.ids.size() || got.truncated);
            const text::Tokens few = cut->encode(inputs[i]);
            QVERIFY(few.ids.size() <= 7);
            QCOMPARE(few.truncated, got.untruncated > 7);
            QCOMPARE(few.untruncated, got.untruncated);
        }
        QVERIFY(!expected.at("short").empty());
        for (const auto& [index, row] : expected.at("short").items()) {
            const std::string& input = inputs.at(std::stoul(index));
            const std::vector<int> got = cut->encode(input).ids, wanted = row.get<std::vector<int>>();
            QVERIFY2(got == wanted, shown(input, got, wanted));
        }
    }

    /// The same through OpenCLIP's HFTokenizer, which cleans the texts first and pads the ids.
    void openClip_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("clean");
        for (const std::string& name : tokenizerNames())
            if (const json expected = readJson(dataFolder() / name / "expected.json"); expected.contains("open_clip"))
                for (const auto& [clean, rows] : expected.at("open_clip").items())
                    QTest::newRow((name + ", " + clean).c_str())
                        << QByteArray::fromStdString(name) << QByteArray::fromStdString(clean);
    }
    void openClip() {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, clean);
        const fs::path folder = dataFolder() / name.toStdString();
        const json expected = readJson(folder / "expected.json").at("open_clip").at(clean.toStdString());
        TokenizerOptions options = withContext(expected.at("context").get<int>());
        options.cleaning = clean == "canonicalize" ? TextCleaning::Canonicalize
                           : clean == "lower"      ? TextCleaning::Lower
                                                   : TextCleaning::Whitespace;
        options.stripSeparator = expected.value("strip_sep_token", false);
        const auto tokenizer = Tokenizer::load(folder, options);
        QVERIFY(tokenizer.has_value());
        QCOMPARE(tokenizer->padId(), expected.at("pad").get<int>());
        const std::vector<std::string> inputs = strings();
        QVERIFY(expected.at("rows").size() > 170);
        for (const auto& [index, row] : expected.at("rows").items()) {
            const std::string& input = inputs.at(std::stoul(index));
            std::vector<int> got = tokenizer->encode(input).ids;
            while (!got.empty() && got.back() == tokenizer->padId())
                got.pop_back();
            QVERIFY2(got == row.get<std::vector<int>>(), shown(input, got, row.get<std::vector<int>>()));
        }
    }

    void saysWhatItIs_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("kind");
        QTest::addColumn<int>("eos");
        QTest::addColumn<int>("files");
        QTest::newRow("siglip") << QByteArray("siglip") << QByteArray("SentencePiece unigram, 282 entries") << 1 << 2;
        QTest::newRow("gemma_json") << QByteArray("gemma_json")
                                    << QByteArray("tokenizer.json BPE with bytes, 620 entries") << 1 << 2;
        QTest::newRow("gemma_model") << QByteArray("gemma_model")
                                     << QByteArray("SentencePiece BPE with bytes, 620 entries") << 1 << 2;
        QTest::newRow("bert") << QByteArray("bert") << QByteArray("tokenizer.json WordPiece, 420 entries") << 3 << 2;
        QTest::newRow("xlm_json") << QByteArray("xlm_json") << QByteArray("tokenizer.json unigram, 292 entries") << 2
                                  << 2;
        QTest::newRow("clip") << QByteArray("clip") << QByteArray("CLIP BPE, 532 entries") << 531 << 2;
    }
    void saysWhatItIs() {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, kind);
        QFETCH(int, eos);
        QFETCH(int, files);
        const fs::path folder = dataFolder() / name.toStdString();
        QVERIFY(text::hasTokenizer(folder));
        const auto tokenizer = Tokenizer::load(folder, withContext(64));
        QVERIFY(tokenizer.has_value());
        QCOMPARE(QByteArray::fromStdString(tokenizer->kind()), kind);
        QCOMPARE(tokenizer->eos(), eos);
        QCOMPARE(tokenizer->contextLength(), 64);
        QCOMPARE(tokenizer->vocabularySize(), kind.split(' ').at(kind.split(' ').size() - 2).toInt());
        QCOMPARE(static_cast<int>(tokenizer->files().size()), files);
        for (const fs::path& file : tokenizer->files())
            QVERIFY(fs::is_regular_file(file));
        QVERIFY(tokenizer->warnings().empty());
    }

    void readsOneFile() {
        const std::string sentence = "a photo of a person";
        for (const auto& [name, file] :
             {std::pair("siglip", "spiece.model"), std::pair("bert", "tokenizer.json"),
              std::pair("gemma_model", "tokenizer.model"), std::pair("clip", "tokenizer.json")}) {
            const auto whole = Tokenizer::load(dataFolder() / name, {}),
                       one = Tokenizer::load(dataFolder() / name / file, {});
            QVERIFY(whole.has_value() && one.has_value());
            QCOMPARE(one->encode(sentence).ids, whole->encode(sentence).ids);
        }
    }

    /// Without settings the file's name says which package it was made for, and a warning says that this is a guess.
    void guessesByName() {
        for (const auto& [name, file, kind] :
             {std::tuple("siglip", "spiece.model", "SiglipTokenizer"),
              std::tuple("gemma_model", "tokenizer.model", "GemmaTokenizer"),
              std::tuple("xlm_model", "sentencepiece.bpe.model", "XLMRobertaTokenizer")}) {
            const test::TempFolder folder;
            test::writeText(folder / file, test::readText(dataFolder() / name / file));
            QVERIFY(text::hasTokenizer(folder.path()));
            const auto tokenizer = Tokenizer::load(folder.path(), {});
            QVERIFY(tokenizer.has_value());
            QCOMPARE(tokenizer->warnings().size(), std::size_t{1});
            QVERIFY(tokenizer->warnings()[0].find(kind) != std::string::npos);
            // SigLIP 2 closes texts and does not open them.
            const std::vector<int> ids = tokenizer->encode("a photo").ids;
            QVERIFY(std::string(kind) != "GemmaTokenizer" || (ids.back() == 1 && ids.front() != 2));
        }
    }

    /// As transformers has it; OpenAI's and OpenCLIP's rules read the lists.
    void tokenizerJsonComesFirst() {
        Copy folder("clip");
        const auto fromJson = Tokenizer::load(folder.path(), {});
        writeLists(folder.path());
        const auto fromLists = Tokenizer::load(folder.path(), {});
        QVERIFY(fromJson.has_value() && fromLists.has_value());
        QCOMPARE(fromLists->files()[0].filename(), fs::path("tokenizer.json"));
        TokenizerOptions openClip;
        openClip.rules = TokenizerRules::OpenClip;
        QCOMPARE(Tokenizer::load(folder.path(), openClip)->files()[0].filename(), fs::path("vocab.json"));
        fs::remove(folder.path() / "tokenizer.json");
        const auto alone = Tokenizer::load(folder.path(), {});
        QVERIFY(alone.has_value());
        QCOMPARE(alone->files()[0].filename(), fs::path("vocab.json"));
        for (const std::string& input : strings()) {
            QCOMPARE(alone->encode(input).ids, fromJson->encode(input).ids);
            QCOMPARE(fromLists->encode(input).ids, fromJson->encode(input).ids);
        }
        // Its own rules pad with 0, whatever the settings say; cleaning is not for it.
        TokenizerOptions options;
        options.rules = TokenizerRules::OpenAi;
        options.cleaning = TextCleaning::Canonicalize;
        folder.configure("padding_side", "left");
        folder.configure("pad_token", "<|endoftext|>");
        const auto openAi = Tokenizer::load(folder.path(), options);
        QVERIFY(openAi.has_value());
        QCOMPARE(openAi->padId(), 0);
        QVERIFY(openAi->encode("a!").ids != openAi->encode("a").ids);
    }

    /// Fine-tuning adds tokens behind CLIP's vocabulary; vocab.json does not hold them.
    void tokensAddedToClip() {
        Copy folder("clip");
        const auto plain = Tokenizer::load(folder.path(), {});
        QVERIFY(plain.has_value());
        const int next = plain->vocabularySize();
        QVERIFY(plain->encode("a <nurse>").ids.size() > 3);
        writeLists(folder.path());
        fs::remove(folder.path() / "tokenizer.json"); // as the slow tokenizer saves it
        folder.change("tokenizer_config.json", [next](json& config) {
            config["added_tokens_decoder"][std::to_string(next)] = {{"content", "<nurse>"}, {"special", false}};
        });
        const auto more = Tokenizer::load(folder.path(), {});
        QVERIFY2(more.has_value(), more ? "" : std::string(more.error().arg("reason")).c_str());
        QCOMPARE(more->vocabularySize(), next + 1);
        const std::vector<int> ids = more->encode("a <nurse>").ids;
        QCOMPARE(ids.size(), std::size_t{4});
        QCOMPARE(ids[2], next);
    }

    void siglipNeedsItsOwnModel() {
        Copy folder("t5_json");
        folder.configure("tokenizer_class", "SiglipTokenizer");
        const auto tokenizer = Tokenizer::load(folder.path(), {});
        QVERIFY(tokenizer.has_value());
        QCOMPARE(tokenizer->warnings().size(), std::size_t{1});
        QVERIFY(tokenizer->warnings()[0].starts_with("SiglipTokenizer reads a spiece.model, which is missing"));
    }

    void warnsOfGemmasOwnPadding() {
        Copy folder("gemma_json");
        folder.change("tokenizer_config.json", [](json& config) { config.erase("padding_side"); });
        const auto tokenizer = Tokenizer::load(folder.path(), {});
        QVERIFY(tokenizer.has_value());
        QCOMPARE(tokenizer->warnings().size(), std::size_t{1});
        QVERIFY(tokenizer->warnings()[0].starts_with("GemmaTokenizer pads on the left"));
    }

    void refusesSettings() {
        const auto with = [](const char* name, const char* setting, json value) {
            Copy folder(name);
            folder.configure(setting, std::move(value));
            return failureOf(folder.path());
        };
        QCOMPARE(with("bert", "padding_side", "left"),
                 std::string("its “padding_side” is “left”, which is not supported"));
        QCOMPARE(with("siglip", "truncation_side", "left"),
                 std::string("its “truncation_side” is “left”, which is not supported"));
        QCOMPARE(with("clip", "padding_side", "left"),
                 std::string("its “padding_side” is “left”, which is not supported"));
        QCOMPARE(with("bert", "tokenizer_class", "MagicTokenizerFast"),
                 std::string("its tokenizer_class “MagicTokenizer” is not supported"));
        QCOMPARE(with("siglip", "tokenizer_class", "BertTokenizer"),
                 std::string("its tokenizer_class “BertTokenizer” is not supported with a SentencePiece model"));
        QCOMPARE(with("bert", "tokenizer_class", "CLIPTokenizer"),
                 std::string("it is not CLIP's, though its tokenizer_class is CLIPTokenizer"));
        QCOMPARE(
            with("t5_json", "add_prefix_space", true),
            std::string("its “add_prefix_space” makes the reference build the tokenizer anew from a spiece.model, which is not there"));
        QCOMPARE(with("siglip", "tokenizer_class", "GemmaTokenizer"),
                 std::string("it is a unigram model, where GemmaTokenizer needs one of the other kind"));
        QCOMPARE(with("gemma_model", "tokenizer_class", "XLMRobertaTokenizer"),
                 std::string("it is a BPE model, where XLMRobertaTokenizer needs one of the other kind"));
        QCOMPARE(with("gemma_model", "tokenizer_class", "SiglipTokenizer"),
                 std::string("it is a BPE model, where SigLIP's tokenizer is unigram"));
        QCOMPARE(with("gemma_json", "eos_token", ""),
                 std::string("it puts a eos_token around each text, which is empty"));
        QCOMPARE(with("siglip", "eos_token", ""), std::string("its closing token is empty"));
        QVERIFY(with("bert", "added_tokens_decoder", json::parse(R"({"900": {"content": "new"}})"))
                    .starts_with("the added token “new” has the id 900, where "));
        QCOMPARE(with("siglip", "added_tokens_decoder", json::parse(R"({"1": {"content": "a", "single_word": true}})")),
                 std::string("the added token “a” must stand alone (“single_word”), which is not supported"));
        QCOMPARE(with("gemma_model", "bos_token", "<unk>"), std::string("the token “<unk>” would be there twice"));
        QCOMPARE(with("siglip", "tokenizer_class", 5), std::string("“tokenizer_class” is not a text"));
        TokenizerOptions options;
        options.stripSeparator = true;
        QCOMPARE(failureOf(dataFolder() / "t5_json", options),
                 std::string("it has no separator token, which the model's configuration wants to be replaced"));
    }

    void refusesFiles() {
        Copy around("bert");
        around.change("tokenizer.json", [](json& file) {
            file["post_processor"] = json::parse(R"({"type": "BertProcessing", "sep": ["a", 3], "cls": ["b", 420]})");
        });
        QCOMPARE(failureOf(around.path()), std::string("it puts the id 420 around a text, which no token has"));
        Copy map("t5_json");
        map.change("tokenizer.json", [](json& file) {
            file["normalizer"] = json::parse(R"({"type": "Precompiled", "precompiled_charsmap": "AAAA"})");
        });
        QCOMPARE(failureOf(map.path()), std::string("its character map breaks off"));
        Copy empty("siglip");
        test::writeText(empty.path() / "spiece.model", "");
        QCOMPARE(failureOf(empty.path()), std::string("it holds no pieces"));
        const test::TempFolder nothing;
        QVERIFY(!text::hasTokenizer(nothing.path()));
        QCOMPARE(failureOf(nothing.path()), std::string("VocabularyMissing"));
        QCOMPARE(failureOf(nothing / "none.json"), std::string("VocabularyMissing"));
    }

    void shortContexts() {
        for (const std::string& name : tokenizerNames())
            for (const int context : {-5, 0, 1, 2, 3}) {
                const auto tokenizer = Tokenizer::load(dataFolder() / name, withContext(context));
                QVERIFY(tokenizer.has_value());
                const text::Tokens tokens = tokenizer->encode("a photo of a person");
                QVERIFY(static_cast<int>(tokens.ids.size()) <= tokenizer->contextLength());
                QVERIFY(tokenizer->contextLength() <= std::max(context, 2));
            }
    }

    void survivesAnything() {
        std::mt19937 random(13);
        const std::vector<std::string> known = strings();
        for (const std::string& name : tokenizerNames()) {
            const auto tokenizer = Tokenizer::load(dataFolder() / name, withContext(64));
            QVERIFY(tokenizer.has_value());
            for (int round = 0; round < 500; ++round) {
                std::string noise;
                for (std::size_t n = random() % 20; n > 0; --n)
                    noise += random() % 4 == 0 ? known[random() % known.size()]
                                               : std::string(1, static_cast<char>(random()));
                const text::Tokens tokens = tokenizer->encode(noise);
                QVERIFY(tokens.ids.size() <= 64);
                for (const int id : tokens.ids)
                    QVERIFY(id >= 0 && id < tokenizer->vocabularySize());
            }
            // A long text must not take quadratic time.
            for (const std::string& part :
                 {std::string("a"), std::string(" "), std::string("\xCC\x81"), std::string("ab "), std::string("</s>"),
                  std::string("gap "), std::string("\xFF"), std::string("<")}) {
                std::string text;
                while (text.size() < 400'000)
                    text += part;
                QVERIFY(tokenizer->encode(text).ids.size() <= 64);
            }
        }
    }

    void explosionsAreStopped() {
        Copy folder("steps_bytes");
        folder.change("tokenizer.json", [](json& file) {
            json steps = json::array();
            for (int i = 0; i < 32; ++i)
                steps.push_back({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aaaaaaaaaaaaaaaa"}});
            file["normalizer"] = {{"type", "Sequence"}, {"normalizers", steps}};
        });
        const auto tokenizer = Tokenizer::load(folder.path(), withContext(64));
        QVERIFY(tokenizer.has_value());
        const text::Tokens tokens = tokenizer->encode("aaaa");
        QVERIFY(tokens.truncated && tokens.untruncated <= 3 * (64 * 4 + 4096));
    }

    void severalThreads() {
        const auto tokenizer = Tokenizer::load(dataFolder() / "t5_json", {});
        QVERIFY(tokenizer.has_value());
        const std::string sentence = "ＦＵＬＬ　ｗｉｄｔｈ é the photographer";
        const std::vector<int> wanted = tokenizer->encode(sentence).ids;
        std::atomic<int> wrong = 0;
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 300; ++i)
                    wrong += tokenizer->encode(sentence).ids == wanted ? 0 : 1;
            });
        for (std::thread& thread : threads)
            thread.join();
        QCOMPARE(wrong.load(), 0);
    }

    /// The seeds of the fuzz targets, and whatever they once fell over.
    void fuzzCorpus_data() {
        QTest::addColumn<QByteArray>("path");
        for (const char* target : {"tokenizer_json", "sentencepiece"})
            for (const auto& entry : fs::directory_iterator(test::sourceFolder() / "tests/fuzz/corpus" / target))
                QTest::newRow(entry.path().filename().c_str()) << QByteArray::fromStdString(entry.path().string());
    }
    void fuzzCorpus() {
        QFETCH(QByteArray, path);
        const std::string content = test::readText(path.toStdString());
        for (const char* name : {"tokenizer.json", "spiece.model", "tokenizer.model", "sentencepiece.bpe.model"}) {
            const test::TempFolder folder;
            test::writeText(folder / name, content);
            const auto tokenizer = Tokenizer::load(folder.path(), {});
            if (!tokenizer) {
                QVERIFY(!errorText(tokenizer.error()).empty());
                continue;
            }
            for (const std::string& input : strings())
                for (const int id : tokenizer->encode(input).ids)
                    QVERIFY(id >= 0 && id < tokenizer->vocabularySize());
        }
    }
};

QTEST_APPLESS_MAIN(TestSubwordTokenizer)
#include "tst_subword_tokenizer.moc"
