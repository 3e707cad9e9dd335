// SPDX-License-Identifier: GPL-3.0-or-later
#include <functional>

#include <QtTest>

#include <nlohmann/json.hpp>

#include "core/formats/tokenizer_json.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::formats;
using nlohmann::json;

namespace {

json added(int id, const std::string& text) {
    return {{"id", id},        {"content", text},     {"single_word", false}, {"lstrip", false},
            {"rstrip", false}, {"normalized", false}, {"special", true}};
}

json smallBpe() {
    json file = json::parse(R"({"version": "1.0", "truncation": null, "padding": null, "decoder": {"type": "Fuse"},
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": "x"}, "behavior": "MergedWithPrevious", "invert": false},
        "post_processor": {"type": "TemplateProcessing", "single": [
            {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "</s>", "type_id": 0}}], "pair": [],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]},
                               "</s>": {"id": "</s>", "ids": [6], "tokens": ["</s>"]}}},
        "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": false, "ignore_merges": true,
            "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "aba": 4}, "merges": [["a", "b"], ["ab", "a"]]}})");
    file["added_tokens"] = {added(5, "<s>"), added(6, "</s>")};
    return file;
}

json smallUnigram() {
    json file = smallBpe();
    file["model"] = json::parse(R"({"type": "Unigram", "unk_id": 0, "byte_fallback": false,
        "vocab": [["<unk>", 0.0], ["a", -1.5], ["b", -2], ["ab", 3], ["aba", -1e-3]]})");
    return file;
}

json smallWordPiece() {
    json file = smallBpe();
    file["model"] = json::parse(R"({"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 50, "vocab": {"<unk>": 0, "a": 1, "##b": 2, "ab": 3, "aba": 4}})");
    return file;
}

json smallClip() {
    json file = json::parse(R"({"version": "1.0",
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
            {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern":
            {"Regex": ""},
            "behavior": "Removed", "invert": true}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}]},
        "model": {"type": "BPE", "dropout": null, "unk_token": "<|endoftext|>", "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>", "fuse_unk": false, "vocab": {"a": 0, "b</w>": 1, "ab</w>": 2}, "merges": ["a b</w>"]}})");
    file["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] =
        "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
    file["added_tokens"] = {added(3, "<|startoftext|>"), added(4, "<|endoftext|>")};
    return file;
}

using Read = Result<std::variant<TokenizerJson, ClipTokenizerJson>>;

Read read(const std::string& text) {
    const test::TempFolder folder;
    test::writeText(folder / "tokenizer.json", text);
    return readTokenizerJson(folder / "tokenizer.json");
}

TokenizerJson value(const json& file) {
    return std::get<TokenizerJson>(read(file.dump()).value());
}

std::string reasonOf(const std::string& text) {
    const Read result = read(text);
    if (result)
        return "nothing is wrong";
    return result.error().code == ErrorCode::VocabularyInvalid ? std::string(result.error().arg("reason"))
                                                               : std::string(errorName(result.error().code));
}

Result<TokenizerSettings> settings(const std::string& config, const std::string& map = {},
                                   const std::string& ids = {}) {
    const test::TempFolder folder;
    for (const auto& [name, text] : {std::pair("tokenizer_config.json", config),
                                     std::pair("special_tokens_map.json", map), std::pair("added_tokens.json", ids)})
        if (!text.empty())
            test::writeText(folder / name, text);
    return readTokenizerSettings(folder.path());
}

} // namespace

class TestTokenizerJson : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsBpe() {
        const TokenizerJson tokenizer = value(smallBpe());
        const auto& model = std::get<BpeModel>(tokenizer.model);
        QCOMPARE(model.ids.size(), std::size_t{5});
        QCOMPARE(model.unknownId, 0);
        QVERIFY(model.fuseUnknown && model.ignoreMerges && !model.byteFallback);
        QCOMPARE(model.merges.size(), std::size_t{2});
        const auto merge = model.merges.at(BpeModel::pair(3, 1));
        QCOMPARE(merge.rank, 1);
        QCOMPARE(merge.joined, 4);
        QCOMPARE(tokenizer.before, std::vector<int>{5});
        QCOMPARE(tokenizer.after, std::vector<int>{6});
        QCOMPARE(tokenizer.added().size(), std::size_t{2});
        QCOMPARE(tokenizer.find("</s>"), std::optional(6));
        QCOMPARE(tokenizer.find("ab"), std::optional(3));
        QCOMPARE(tokenizer.find("c"), std::nullopt);
        QCOMPARE(tokenizer.largestId(), 6);
        QCOMPARE(std::get<ReplaceText>(tokenizer.normalisers.at(0)).to, std::string("_"));
        QCOMPARE(std::get<SplitText>(tokenizer.preTokenizers.at(0)).behaviour,
                 SplitText::Behaviour::MergedWithPrevious);
        // Older files write a merge as one text, and say nothing of the type.
        json older = smallBpe();
        older["model"]["merges"] = {"#version: 0.2", "a b", "ab a"};
        older["model"].erase("type");
        QCOMPARE(std::get<BpeModel>(value(older).model).merges.at(BpeModel::pair(3, 1)).joined, 4);
    }

    void readsUnigram() {
        const TokenizerJson tokenizer = value(smallUnigram());
        const auto& model = std::get<UnigramModel>(tokenizer.model);
        QCOMPARE(model.ids.at("ab"), 3);
        QCOMPARE(model.scores, (std::vector<double>{0.0, -1.5, -2.0, 3.0, -1e-3}));
    }

    void readsWordPiece() {
        const TokenizerJson tokenizer = value(smallWordPiece());
        const auto& model = std::get<WordPieceModel>(tokenizer.model);
        QCOMPARE(model.prefix, std::string("##"));
        QCOMPARE(model.longestWord, std::size_t{50});
    }

    void readsClip() {
        const Read result = read(smallClip().dump());
        const auto& clip = std::get<ClipTokenizerJson>(result.value());
        QCOMPARE(clip.ids.size(), std::size_t{5});
        QCOMPARE(clip.ids.at("<|endoftext|>"), 4);
        QCOMPARE(clip.merges.at(0).second, std::string("b</w>"));
    }

    void readsSteps() {
        json file = smallUnigram();
        file["normalizer"] = json::parse(R"({"type": "Sequence", "normalizers": [{"type": "NFKC"},
            {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "StripAccents"}]},
            {"type": "Strip", "strip_left": false, "strip_right": true}, {"type": "Prepend", "prepend": "_"},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            {"type": "Precompiled", "precompiled_charsmap": "AQID/w=="},
            {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": false, "strip_accents": null, "lowercase": false}]})");
        file["pre_tokenizer"] = json::parse(R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
            {"type": "BertPreTokenizer"}, {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true},
            {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": false},
            {"type": "Metaspace", "replacement": "_", "add_prefix_space": false, "str_rep": "_"}]})");
        file["post_processor"] =
            json::parse(R"({"type": "Sequence", "processors": [{"type": "ByteLevel", "trim_offsets": true},
            {"type": "BertProcessing", "sep": ["</s>", 6], "cls": ["<s>", 5]}]})");
        file["padding"] = {{"pad_id", 3}};
        const TokenizerJson tokenizer = value(file);
        const auto& steps = tokenizer.normalisers;
        QCOMPARE(steps.size(), std::size_t{8});
        QCOMPARE(std::get<UnicodeForm>(steps[0]), UnicodeForm::Nfkc);
        QVERIFY(std::holds_alternative<Lowercase>(steps[1]) && std::holds_alternative<StripAccents>(steps[2]));
        QVERIFY(!std::get<StripBlanks>(steps[3]).left && std::get<StripBlanks>(steps[3]).right);
        QCOMPARE(std::get<PrependText>(steps[4]).text, std::string("_"));
        QCOMPARE(std::get<ReplaceText>(steps[5]).what, ReplaceText::What::TwoOrMoreBlanks);
        QCOMPARE(std::get<PrecompiledMap>(steps[6]).bytes, std::string("\1\2\3\xff"));
        QVERIFY(!std::get<BertClean>(steps[7]).stripAccents && !std::get<BertClean>(steps[7]).spaceChinese);
        const auto& splits = tokenizer.preTokenizers;
        QCOMPARE(splits.size(), std::size_t{5});
        QCOMPARE(std::get<Metaspace>(splits[2]).prefix, Metaspace::Prefix::Always);
        QCOMPARE(std::get<Metaspace>(splits[3]).prefix, Metaspace::Prefix::First);
        QVERIFY(std::get<Metaspace>(splits[2]).split && !std::get<Metaspace>(splits[3]).split);
        QCOMPARE(std::get<Metaspace>(splits[4]).prefix, Metaspace::Prefix::Never);
        QCOMPARE(tokenizer.before, std::vector<int>{5});
        QCOMPARE(tokenizer.after, std::vector<int>{6});
        QCOMPARE(tokenizer.padId, std::optional(3));
    }

    void addsTokens() {
        TokenizerJson tokenizer = value(smallBpe());
        AddedToken token;
        token.text = "ab";
        token.leftStrip = true;
        QCOMPARE(tokenizer.add(token), 3); // known to the model
        token.text = "new";
        QCOMPARE(tokenizer.add(token), 7); // behind the largest
        token.text = "<s>";
        token.normalized = true;
        QCOMPARE(tokenizer.add(token), 5); // again: normalized stays, blanks count anew
        QVERIFY(!tokenizer.added()[0].normalized && tokenizer.added()[0].leftStrip);
        QCOMPARE(tokenizer.added().size(), std::size_t{4});
    }

    void refuses_data() {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, json file, const std::function<void(json&)>& edit, const char* reason) {
            edit(file);
            QTest::newRow(name) << QByteArray::fromStdString(file.dump()) << QByteArray(reason);
        };
        const auto set = [](const char* pointer, const char* text) {
            return [=](json& file) { file[json::json_pointer(pointer)] = json::parse(text); };
        };
        row(
            "a list", json::array(), [](json&) {}, "it is not one JSON object");
        row(
            "no model", smallBpe(), [](json& f) { f.erase("model"); }, "it has no model");
        row("part of a later version", smallBpe(), set("/rescorer", "1"),
            "the file has an option “rescorer”, which is not known");
        row("another model", smallBpe(), set("/model/type", R"("WordLevel")"),
            "its model “WordLevel” is not supported");
        row("option of a model", smallBpe(), set("/model/cache", "5"),
            "its model has an option “cache”, which is not known");
        row("dropout", smallBpe(), set("/model/dropout", "0.1"),
            "its model leaves merges out by chance (“dropout”), which is not supported");
        row("prefix", smallBpe(), set("/model/continuing_subword_prefix", R"("##")"),
            "“continuing_subword_prefix” is “\"##\"”, which is not supported");
        row("suffix", smallBpe(), set("/model/end_of_word_suffix", R"("@")"),
            "“end_of_word_suffix” is “\"@\"”, which is not supported");
        row(
            "no vocabulary", smallBpe(), [](json& f) { f["model"].erase("vocab"); }, "its model has no vocabulary");
        row("empty vocabulary", smallBpe(), set("/model/vocab", "{}"), "its model has no vocabulary");
        row(
            "no merges", smallBpe(), [](json& f) { f["model"].erase("merges"); }, "its model has no merges");
        row("id twice", smallBpe(), set("/model/vocab/b", "1"), "the id 1 is given to “a” and to “b”");
        row("negative id", smallBpe(), set("/model/vocab/b", "-1"),
            "the id of the token “b” is not a whole number from 0 on");
        row("broken id", smallBpe(), set("/model/vocab/b", "1.5"),
            "the id of the token “b” is not a whole number from 0 on");
        row("id as a text", smallBpe(), set("/model/vocab/b", R"("2")"),
            "the id of the token “b” is not a whole number from 0 on");
        row("huge id", smallBpe(), set("/model/vocab/b", "4294967297"),
            "the id 4294967297 of the token “b” is out of range");
        row("unknown is unknown", smallBpe(), set("/model/unk_token", R"("<u>")"),
            "its unknown token “<u>” is not in the vocabulary");
        row("merge without its parts", smallBpe(), set("/model/merges", R"([["a", "c"]])"),
            "the merge of “a” and “c” needs the token “c”, which the vocabulary lacks");
        row("merge without its product", smallBpe(), set("/model/merges", R"([["b", "a"]])"),
            "the merge of “b” and “a” needs the token “ba”, which the vocabulary lacks");
        row("merge twice", smallBpe(), set("/model/merges", R"([["a", "b"], ["a", "b"]])"),
            "the merge of “a” and “b” is listed twice");
        row("merge of three", smallBpe(), set("/model/merges", R"([["a", "b", "a"]])"),
            "its merge 2 is not two tokens");
        row("merge of one", smallBpe(), set("/model/merges", R"(["ab"])"),
            "its merge “ab” is not two tokens with a blank between");
        row("merge of numbers", smallBpe(), set("/model/merges", "[1]"), "its merge 0 is not two tokens");
        row("merges of both forms", smallBpe(), set("/model/merges", R"(["a b", ["ab", "a"]])"),
            "some of its merges are one text and some are two");
        row("merges of both forms, turned", smallBpe(), set("/model/merges", R"([["ab", "a"], "a b"])"),
            "some of its merges are one text and some are two");
        row(
            "long token", smallBpe(), [](json& f) { f["model"]["vocab"][std::string(1025, 'a')] = 9; },
            ("the token “" + std::string(80, 'a') + "…” is longer than 1024 bytes").c_str());
        row("flag is a number", smallBpe(), set("/model/fuse_unk", "1"), "“fuse_unk” is not true or false");
        row("no unknown piece", smallUnigram(), set("/model/unk_id", "null"),
            "its model has no unknown token (“unk_id”)");
        row("unknown piece out of range", smallUnigram(), set("/model/unk_id", "5"),
            "its unknown token (“unk_id”) is not one of its tokens");
        row("negative unknown piece", smallUnigram(), set("/model/unk_id", "-1"),
            "its unknown token (“unk_id”) is not one of its tokens");
        row("piece twice", smallUnigram(), set("/model/vocab/2/0", R"("a")"), "the token “a” is listed twice");
        row("piece without score", smallUnigram(), set("/model/vocab/2", R"(["b"])"),
            "the entry 3 of its vocabulary is not a text and a score");
        row("score is a text", smallUnigram(), set("/model/vocab/2/1", R"("-1")"),
            "the entry 3 of its vocabulary is not a text and a score");
        row("score out of range", smallUnigram(), set("/model/vocab/2/1", "-1e300"),
            "the score of the token “b” is out of range");
        row("pieces as an object", smallUnigram(), set("/model/vocab", R"({"a": 1})"),
            "its model has no list of tokens and scores");
        row("word piece without unknown", smallWordPiece(), set("/model/unk_token", "null"),
            "its model has no unknown token (“unk_token”)");
        row("too long words", smallWordPiece(), set("/model/max_input_chars_per_word", "1001"),
            "“max_input_chars_per_word” is not a number up to 1000");
        row("another normalizer", smallBpe(), set("/normalizer", R"({"type": "Nmt"})"),
            "its normalizer “Nmt” is not supported");
        row("normalizer without type", smallBpe(), set("/normalizer", R"({"kind": 1})"), "a normalizer has no “type”");
        row("option of a normalizer", smallBpe(), set("/normalizer/times", "2"),
            "its normalizer “Replace” has an option “times”, which is not known");
        row("pattern of a normalizer", smallBpe(), set("/normalizer/pattern", R"({"Regex": "a|b"})"),
            "its normalizer replaces the pattern “a|b”, which is not supported");
        row("empty text to replace", smallBpe(), set("/normalizer/pattern/String", R"("")"),
            "a “pattern” is not a text of its own (“String”)");
        row(
            "long replacement", smallBpe(), [](json& f) { f["normalizer"]["content"] = std::string(257, 'x'); },
            "“content” is longer than 256 bytes");
        row("sequence without a list", smallBpe(), set("/normalizer", R"({"type": "Sequence", "normalizers": {}})"),
            "its sequence of normalizers is not a list");
        row(
            "many normalizers", smallBpe(),
            [](json& f) {
                f["normalizer"] = {{"type", "Sequence"}, {"normalizers", json(33, json{{"type", "NFC"}})}};
            },
            "it has more than 32 normalizers");
        row("map is not base64", smallBpe(),
            set("/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "a=bc"})"),
            "its character map is not base64");
        row("another pre-tokenizer", smallBpe(), set("/pre_tokenizer", R"({"type": "UnicodeScripts"})"),
            "its pre-tokenizer “UnicodeScripts” is not supported");
        row("pattern of a pre-tokenizer", smallBpe(), set("/pre_tokenizer/pattern", R"({"Regex": "a"})"),
            "it splits texts at the pattern “\"a\"”, which is not supported");
        row("behaviour", smallBpe(), set("/pre_tokenizer/behavior", R"("Odd")"),
            "“behavior” is “Odd”, which is not known");
        row("metaspace of two", smallBpe(), set("/pre_tokenizer", R"({"type": "Metaspace", "replacement": "__"})"),
            "the replacement of its pre-tokenizer “Metaspace” is not one character");
        row("metaspace scheme", smallBpe(),
            set("/pre_tokenizer", R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"})"),
            "“prepend_scheme” is “last”, which is not known");
        row("metaspace contradiction", smallBpe(),
            set("/pre_tokenizer",
                R"({"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "add_prefix_space": false})"),
            "the two options of its pre-tokenizer “Metaspace” for a blank in front contradict each other");
        row("another post-processor", smallBpe(), set("/post_processor", R"({"type": "Magic"})"),
            "its post-processor “Magic” is not supported");
        row("template without the text", smallBpe(),
            set("/post_processor/single", R"([{"SpecialToken": {"id": "<s>"}}])"),
            "its template for one text does not hold the text once");
        row("template with the text twice", smallBpe(),
            set("/post_processor/single", R"([{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}])"),
            "its template for one text does not hold the text once");
        row("template with another token", smallBpe(), set("/post_processor/single/0/SpecialToken/id", R"("<t>")"),
            "its template for one text holds something other than the text and known special tokens");
        row("two post-processors", smallBpe(),
            set("/post_processor",
                R"({"type": "Sequence", "processors": [{"type": "BertProcessing", "sep": ["a", 1], "cls": ["b", 2]}, {"type": "BertProcessing", "sep": ["a", 1], "cls": ["b", 2]}]})"),
            "two of its post-processors add tokens");
        row("post-processor without id", smallBpe(),
            set("/post_processor", R"({"type": "BertProcessing", "sep": ["a"], "cls": ["b", 2]})"),
            "a token of its post-processor is not a text and an id");
        row("added tokens", smallBpe(), set("/added_tokens", "{}"), "its added tokens are not a list");
        row("added token twice", smallBpe(), set("/added_tokens/1/content", R"("<s>")"),
            "the added token “<s>” is listed twice");
        row(
            "added token without id", smallBpe(), [](json& f) { f["added_tokens"][1].erase("id"); },
            "the id of the added token “</s>” is missing or out of range");
        row("added token with another id", smallBpe(), set("/added_tokens/1/id", "9"),
            "the added token “</s>” has the id 9, where the vocabulary gives it 6");
        row("added token with another's id", smallBpe(), set("/added_tokens/0", added(3, "b").dump().c_str()),
            "the added token “b” has the id 3, where the vocabulary gives it 2");
        row("CLIP with another normalizer", smallClip(), set("/normalizer/normalizers/0/type", R"("NFKC")"),
            "it is CLIP's by its end of a word “</w>”, but its normalizer is not CLIP's");
        row("CLIP with another pattern", smallClip(), set("/pre_tokenizer/pretokenizers/0/pattern/Regex", R"("a")"),
            "it is CLIP's by its end of a word “</w>”, but its pre-tokenizer is not CLIP's");
        row("CLIP with a blank in front", smallClip(), set("/pre_tokenizer/pretokenizers/1/add_prefix_space", "true"),
            "it is CLIP's by its end of a word “</w>”, but its pre-tokenizer is not CLIP's");
    }
    void refuses() {
        QFETCH(QByteArray, file);
        QFETCH(QByteArray, reason);
        QCOMPARE(QByteArray::fromStdString(reasonOf(file.toStdString())), reason);
    }

    void refusesBrokenText() {
        QCOMPARE(reasonOf("{\"model\": "), std::string("it is not JSON: it breaks off or errs at byte 11"));
        QCOMPARE(reasonOf("{\"model\": 1, \"model\": 2}"), std::string("the key “model” is there twice"));
        std::string twice = smallBpe().dump();
        twice.insert(twice.find("\"a\":1"), "\"b\":7,");
        QCOMPARE(reasonOf(twice), std::string("the token “b” is listed twice"));
        twice = smallBpe().dump();
        twice.insert(twice.find("\"vocab\":"), "\"vocab\":{},");
        QCOMPARE(reasonOf(twice), std::string("the key “vocab” is there twice"));
        std::string deep;
        for (int i = 0; i < 40; ++i)
            deep += "{\"a\":";
        QCOMPARE(reasonOf(deep), std::string("it is nested deeper than 32 levels"));
        std::string many = "[0";
        for (int i = 0; i < 1'000'001; ++i)
            many += ",0";
        QCOMPARE(reasonOf(many + "]"), std::string("it holds more than 1000000 values"));
        QVERIFY(reasonOf("{\"model\": {\"vocab\": {\"\xff\": 1}}}").starts_with("it is not JSON"));
        const test::TempFolder folder;
        QCOMPARE(readTokenizerJson(folder / "tokenizer.json").error().code, ErrorCode::FileNotFound);
    }

    void readsSettings() {
        const auto read =
            settings(R"({"tokenizer_class": "XLMRobertaTokenizerFast", "do_lower_case": true, "add_eos_token": false,
            "padding_side": "left", "extra_ids": 3, "pad_token": "<pad>", "unk_token": null, "eos_token": {"content": "</s>", "lstrip": true},
            "additional_special_tokens": ["x", "<pad>"], "model_max_length": 64,
            "added_tokens_decoder": {"1": {"content": "<pad>", "rstrip": true, "special": true, "normalized": false}, "0": {"content": "q"}}})",
                     R"({"sep_token": "ignored"})");
        QVERIFY(read.has_value());
        QCOMPARE(read->tokenizerClass, std::string("XLMRobertaTokenizer"));
        QCOMPARE(read->files.size(), std::size_t{1}); // the older files are not looked at
        QVERIFY(read->listsAdded && read->lowerCase == true && read->addEos == false && !read->addBos);
        QCOMPARE(read->paddingSide, std::string("left"));
        QCOMPARE(read->extraIds, std::optional(3));
        QCOMPARE(read->added.size(), std::size_t{2});
        QCOMPARE(read->added[0].text, std::string("q"));
        QVERIFY(read->added[0].normalized && !read->added[0].special && read->added[1].rightStrip);
        QVERIFY(read->find("sep_token") == nullptr && read->find("unk_token") == nullptr);
        const auto* pad = read->find("pad_token");
        QVERIFY(pad && !pad->plain && pad->token.rightStrip); // by the list of added tokens
        QVERIFY(read->find("eos_token")->token.leftStrip && !read->find("eos_token")->plain);
        QCOMPARE(read->special.size(), std::size_t{4});
    }

    void readsOlderSettings() {
        const auto read =
            settings(R"({"pad_token": "a", "eos_token": "b"})", R"({"pad_token": "c"})", R"({"c": 9, "d": 8})");
        QVERIFY(read.has_value());
        QCOMPARE(read->files.size(), std::size_t{3});
        QCOMPARE(read->find("pad_token")->token.text, std::string("c"));
        QVERIFY(read->find("eos_token")->plain);
        QCOMPARE(read->added.size(), std::size_t{2});
        QCOMPARE(read->added[0].id, 8);
        QVERIFY(read->added[1].special && !read->added[0].special && read->added[0].normalized);
        const auto none = settings("");
        QVERIFY(none.has_value() && none->files.empty() && none->tokenizerClass.empty());
    }

    void refusesSettings_data() {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* config, const char* reason) {
            QTest::newRow(config) << QByteArray(config) << QByteArray(reason);
        };
        row("[]", "it is not one JSON object");
        row("{", "it is not JSON: it breaks off or errs at byte 2");
        row(R"({"tokenizer_class": 1})", "“tokenizer_class” is not a text");
        row(R"({"do_lower_case": "yes"})", "“do_lower_case” is not true or false");
        row(R"({"pad_token": 1})", "“pad_token” is not a token");
        row(R"({"additional_special_tokens": "a"})", "“additional_special_tokens” is not a list");
        row(R"({"added_tokens_decoder": []})", "“added_tokens_decoder” is not an object");
        row(R"({"added_tokens_decoder": {"x": "a"}})", "the id “x” of an added token is not a number in range");
        row(R"({"added_tokens_decoder": {"99999999999999999999": "a"}})",
            "the id “99999999999999999999” of an added token is not a number in range");
        row(R"({"added_tokens_decoder": {"1": "a", "01": "b"}})", "the id 1 is given to two added tokens");
        row(R"({"split_special_tokens": true})",
            "it takes special tokens for plain text (“split_special_tokens”), which is not supported");
        row(R"({"sp_model_kwargs": {"alpha": 0.1}})",
            "it gives options to SentencePiece (“sp_model_kwargs”), which is not supported");
        row(R"({"extra_ids": -1})", "“extra_ids” is not a number up to 1000");
    }
    void refusesSettings() {
        QFETCH(QByteArray, config);
        QFETCH(QByteArray, reason);
        const auto read = settings(config.toStdString());
        QVERIFY(!read.has_value());
        QCOMPARE(QByteArray::fromStdString(std::string(read.error().arg("reason"))), reason);
        QVERIFY(QByteArray::fromStdString(std::string(read.error().arg("path"))).endsWith("tokenizer_config.json"));
    }
};

QTEST_APPLESS_MAIN(TestTokenizerJson)
#include "tst_tokenizer_json.moc"
