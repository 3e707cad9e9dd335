// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/tokenizer_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{80} << 20; // Gemma's is 34 MB, XLM-V's 61 MB
constexpr std::size_t kMostTokens = 1'000'000;              // XLM-V has 901,629
constexpr std::size_t kMostMerges = 1'000'000;              // Gemma has 580,604
constexpr std::size_t kLongestText = std::size_t{8} << 20;  // of the document: a character map has 4 MiB at most
constexpr std::size_t kLongestToken = 1024;                 // bytes; bounds the work a position of a text can cost
constexpr std::size_t kMostText = std::size_t{32} << 20;    // of all tokens together; XLM-V has 8 MB
constexpr std::size_t kMostAdded = 20'000;
constexpr std::size_t kMostSteps = 32;           // normalizers, and pre-tokenizers
constexpr std::size_t kLongestReplacement = 256; // bytes; the longest in use is one character
constexpr std::size_t kMostValues = 1'000'000;   // of everything but vocabulary and merges
constexpr std::size_t kDeepest = 32;
constexpr int kLargestId = 10'000'000;

/// A text of the file as it may stand in a message.
std::string shown(std::string_view text) {
    constexpr std::size_t kLongest = 80;
    if (text.size() <= kLongest)
        return "“" + encodeName(text) + "”";
    std::size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) // not inside a UTF-8 character
        --end;
    return "“" + encodeName(text.substr(0, end)) + "…”";
}

/// Texts one behind the other: a million small ones without a million allocations.
class TextList {
public:
    void add(std::string_view text) {
        m_texts += text;
        m_ends.push_back(m_texts.size());
    }
    std::size_t size() const { return m_ends.size(); }
    std::string_view operator[](std::size_t i) const {
        const std::size_t begin = i == 0 ? 0 : m_ends[i - 1];
        return std::string_view(m_texts).substr(begin, m_ends[i] - begin);
    }

private:
    std::string m_texts;
    std::vector<std::size_t> m_ends;
};

/// Whether a text in the document is longer than any part of a tokenizer: the parser would keep it several times over.
bool holdsTooLongText(std::string_view document) {
    std::size_t begin = 0;
    bool inText = false;
    for (std::size_t i = 0; i < document.size(); ++i) {
        if (inText && i - begin > kLongestText)
            return true;
        if (document[i] == '"') {
            inText = !inText;
            begin = i;
        } else if (inText && document[i] == '\\') {
            ++i;
        }
    }
    return false;
}

/// Takes the file apart event by event: the model's vocabulary and merges, which are nearly all of it, go into lists of
/// their own and never become a document; the rest does. Sees repeated keys.
class FileHandler : public nlohmann::json_sax<json> {
public:
    json document;
    TokenIds ids;                                       ///< vocab, if it is an object
    std::vector<std::pair<std::string, double>> pieces; ///< vocab, if it is a list
    bool hasIds = false, hasPieces = false, hasMerges = false;
    TextList merges;         ///< "left right", or left and right in turns
    bool mergePairs = false; ///< which of the two
    std::string reason;

    bool null() override { return value(nullptr); }
    bool boolean(bool v) override { return value(v); }
    bool number_integer(number_integer_t v) override {
        return m_place == Place::PieceScore ? score(static_cast<double>(v)) : value(v);
    }
    bool number_unsigned(number_unsigned_t v) override {
        if (m_place == Place::Ids)
            return id(v);
        return m_place == Place::PieceScore ? score(static_cast<double>(v)) : value(v);
    }
    bool number_float(number_float_t v, const string_t&) override {
        return m_place == Place::PieceScore ? score(v) : value(v);
    }
    bool string(string_t& v) override {
        switch (m_place) {
        case Place::PieceText:
            if (pieces.size() == kMostTokens)
                return tooMany("tokens", kMostTokens);
            if (!fits(v))
                return false;
            pieces.emplace_back(std::move(v), 0.0);
            m_place = Place::PieceScore;
            return true;
        case Place::Merges:
            if (merges.size() > 0 && mergePairs)
                return stop("some of its merges are one text and some are two");
            return merge(v);
        case Place::MergeLeft:
        case Place::MergeRight:
            m_place = m_place == Place::MergeLeft ? Place::MergeRight : Place::MergeEnd;
            return merge(v);
        default:
            return value(std::move(v));
        }
    }
    bool binary(binary_t&) override { return stop("it is not JSON"); }

    bool start_object(std::size_t) override {
        if (m_place != Place::Document)
            return unexpected();
        if (isModel("vocab")) {
            hasIds = true;
            m_place = Place::Ids;
            return true;
        }
        return open(json::object());
    }
    bool start_array(std::size_t) override {
        switch (m_place) {
        case Place::Pieces:
            m_place = Place::PieceText;
            return true;
        case Place::Merges:
            if (merges.size() > 0 && !mergePairs)
                return stop("some of its merges are one text and some are two");
            mergePairs = true;
            m_place = Place::MergeLeft;
            return true;
        case Place::Document:
            break;
        default:
            return unexpected();
        }
        if (isModel("vocab")) {
            hasPieces = true;
            m_place = Place::Pieces;
            return true;
        }
        if (isModel("merges")) {
            hasMerges = true;
            m_place = Place::Merges;
            return true;
        }
        return open(json::array());
    }
    bool end_object() override { return m_place == Place::Ids ? leave() : close(); }
    bool end_array() override {
        switch (m_place) {
        case Place::PieceEnd:
            m_place = Place::Pieces;
            return true;
        case Place::MergeEnd:
            m_place = Place::Merges;
            return true;
        case Place::Pieces:
        case Place::Merges:
            return leave();
        case Place::Document:
            return close();
        default:
            return unexpected();
        }
    }
    bool key(string_t& name) override {
        if (m_place == Place::Ids) {
            m_token = std::move(name);
            return true;
        }
        if (m_open.back()->contains(name))
            return stop("the key " + shown(name) + " is there twice");
        m_keys.back() = std::move(name);
        // Keys of the model's big lists must be seen as taken, though their values go elsewhere.
        if (m_open.size() == 2 && m_keys[0] == "model" && (m_keys[1] == "vocab" || m_keys[1] == "merges"))
            (*m_open.back())[m_keys[1]] = nullptr;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        return stop("it is not JSON: it breaks off or errs at byte " + std::to_string(position));
    }

private:
    enum class Place {
        Document,
        Ids,
        Pieces,
        PieceText,
        PieceScore,
        PieceEnd,
        Merges,
        MergeLeft,
        MergeRight,
        MergeEnd
    };

    bool stop(std::string why) {
        reason = std::move(why);
        return false;
    }
    bool tooMany(const std::string& what, std::size_t limit) {
        return stop("it holds more than " + std::to_string(limit) + " " + what);
    }
    bool unexpected() {
        return stop(m_place == Place::Ids ? "the id of the token " + shown(m_token) + " is not a whole number from 0 on"
                    : m_place >= Place::Merges ? "its merge " + std::to_string(merges.size()) + " is not two tokens"
                                               : "the entry " + std::to_string(pieces.size()) +
                                                     " of its vocabulary is not a text and a score");
    }
    bool isModel(std::string_view name) const {
        return m_open.size() == 2 && m_keys[0] == "model" && m_keys[1] == name;
    }
    bool leave() {
        m_place = Place::Document;
        return true;
    }
    bool fits(std::string_view token) {
        if (token.size() > kLongestToken)
            return stop("the token " + shown(token) + " is longer than " + std::to_string(kLongestToken) + " bytes");
        m_text += token.size();
        return m_text <= kMostText || tooMany("bytes of tokens", kMostText);
    }
    bool id(number_unsigned_t v) {
        if (v > static_cast<number_unsigned_t>(kLargestId))
            return stop("the id " + std::to_string(v) + " of the token " + shown(m_token) + " is out of range");
        if (ids.size() == kMostTokens)
            return tooMany("tokens", kMostTokens);
        if (!fits(m_token))
            return false;
        return ids.try_emplace(m_token, static_cast<int>(v)).second ||
               stop("the token " + shown(m_token) + " is listed twice");
    }
    bool score(double v) {
        pieces.back().second = v;
        m_place = Place::PieceEnd;
        return true;
    }
    bool merge(std::string_view text) {
        if (merges.size() == 2 * kMostMerges)
            return tooMany("merges", kMostMerges);
        if (text.size() > 2 * kLongestToken + 1)
            return stop("its merge " + shown(text) + " is too long");
        merges.add(text);
        return true;
    }
    bool value(json v) {
        if (m_place != Place::Document)
            return unexpected();
        return add(std::move(v)) != nullptr;
    }
    json* add(json v) {
        if (++m_values > kMostValues) {
            tooMany("values", kMostValues);
            return nullptr;
        }
        if (m_open.empty()) {
            document = std::move(v);
            return &document;
        }
        json& parent = *m_open.back();
        if (parent.is_array()) {
            parent.push_back(std::move(v));
            return &parent.back();
        }
        return &(parent[m_keys.back()] = std::move(v));
    }
    bool open(json container) {
        if (m_open.size() == kDeepest)
            return stop("it is nested deeper than " + std::to_string(kDeepest) + " levels");
        json* added = add(std::move(container));
        if (!added)
            return false;
        m_open.push_back(added);
        m_keys.emplace_back();
        return true;
    }
    bool close() {
        m_open.pop_back();
        m_keys.pop_back();
        return true;
    }

    Place m_place = Place::Document;
    std::vector<json*> m_open; ///< a parent does not grow while one of its children is open
    std::vector<std::string> m_keys;
    std::string m_token;
    std::size_t m_values = 0, m_text = 0;
};

/// The member of an object, or nullptr where it is missing or null.
const json* member(const json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> decodeBase64(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::uint32_t bits = 0;
        if (c >= 'A' && c <= 'Z')
            bits = static_cast<std::uint32_t>(c - 'A');
        else if (c >= 'a' && c <= 'z')
            bits = static_cast<std::uint32_t>(c - 'a') + 26;
        else if (c >= '0' && c <= '9')
            bits = static_cast<std::uint32_t>(c - '0') + 52;
        else if (c == '+' || c == '/')
            bits = c == '+' ? 62 : 63;
        else if (c == '=' && i + 2 >= text.size())
            ++padding;
        else
            return std::nullopt;
        if (padding > 0 && c != '=')
            return std::nullopt;
        group = (group << 6) | bits;
        if (i % 4 == 3)
            for (const unsigned shift : {16U, 8U, 0U})
                bytes.push_back(static_cast<char>((group >> shift) & 0xFFU));
    }
    bytes.resize(bytes.size() - padding);
    return bytes;
}

bool isOneCharacter(std::string_view text) {
    return isUtf8(text) && std::count_if(text.begin(), text.end(),
                                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }) == 1;
}

// Both patterns that CLIP's tokenizer.json files split with.
constexpr std::array kClipPatterns = {
    R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)",
    R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)"};

bool isClipSplit(const json& step) {
    const json* list =
        step.is_object() && step.value("type", json()) == "Sequence" ? member(step, "pretokenizers") : nullptr;
    if (!list || !list->is_array() || list->size() != 2 || !(*list)[0].is_object() || !(*list)[1].is_object())
        return false;
    const json &split = (*list)[0], &bytes = (*list)[1];
    const json* pattern = member(split, "pattern");
    return split.value("type", json()) == "Split" && split.value("behavior", json()) == "Removed" &&
           split.value("invert", json()) == true && pattern && pattern->is_object() &&
           std::any_of(kClipPatterns.begin(), kClipPatterns.end(),
                       [&](const char* known) { return pattern->value("Regex", json()) == known; }) &&
           bytes.value("type", json()) == "ByteLevel" && bytes.value("add_prefix_space", json()) == false;
}

/// Turns the document into values.
class Builder {
public:
    Builder(const fs::path& path, FileHandler& file) : m_path(path), m_file(file) {}

    Result<std::variant<TokenizerJson, ClipTokenizerJson>> build() {
        const json& document = m_file.document;
        if (!document.is_object())
            return refuse("it is not one JSON object");
        PLUMBLINE_CHECK(knowsAll(document, "the file",
                                 {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
                                  "post_processor", "decoder", "model"}));
        const json* model = member(document, "model");
        if (!model || !model->is_object())
            return refuse("it has no model");
        if (const json* suffix = member(*model, "end_of_word_suffix"); suffix && *suffix == "</w>")
            return clip(*model);
        PLUMBLINE_CHECK(readModel(*model));
        if (const json* normaliser = member(document, "normalizer"))
            PLUMBLINE_CHECK(readNormaliser(*normaliser));
        if (const json* preTokenizer = member(document, "pre_tokenizer"))
            PLUMBLINE_CHECK(readPreTokenizer(*preTokenizer));
        PLUMBLINE_CHECK(readAdded(member(document, "added_tokens")));
        if (const json* processor = member(document, "post_processor"))
            PLUMBLINE_CHECK(readProcessor(*processor));
        if (const json* padding = member(document, "padding"); padding && padding->is_object())
            if (const json* id = member(*padding, "pad_id"); id && id->is_number_unsigned() && *id <= kLargestId)
                m_result.padId = id->get<int>();
        return std::move(m_result);
    }

private:
    tl::unexpected<Error> refuse(std::string reason) const {
        return fail(ErrorCode::VocabularyInvalid, {{"path", encodePath(m_path)}, {"reason", std::move(reason)}});
    }
    tl::unexpected<Error> unsupported(const std::string& what, std::string_view type) const {
        return refuse("its " + what + " " + shown(type) + " is not supported");
    }

    /// Refuses a field that is not in the list, unless it is null.
    Result<void> knowsAll(const json& object, const std::string& what,
                          std::initializer_list<std::string_view> names) const {
        for (const auto& [name, value] : object.items())
            if (!value.is_null() && std::find(names.begin(), names.end(), name) == names.end())
                return refuse(what + " has an option " + shown(name) + ", which is not known");
        return {};
    }
    Result<bool> flag(const json& object, const char* name, bool otherwise) const {
        const json* value = member(object, name);
        if (value && !value->is_boolean())
            return refuse(std::string("“") + name + "” is not true or false");
        return value ? value->get<bool>() : otherwise;
    }
    Result<std::string> text(const json& object, const char* name) const {
        const json* value = member(object, name);
        if (!value || !value->is_string())
            return refuse(std::string("“") + name + "” is missing or not a text");
        return value->get<std::string>();
    }
    Result<std::string> replacement(const json& object, const char* name) const {
        PLUMBLINE_TRY(std::string given, text(object, name));
        if (given.size() > kLongestReplacement)
            return refuse(std::string("“") + name + "” is longer than " + std::to_string(kLongestReplacement) +
                          " bytes");
        return given;
    }
    Result<std::string> typeOf(const json& step, const std::string& what) const {
        const json* type = step.is_object() ? member(step, "type") : nullptr;
        if (!type || !type->is_string())
            return refuse("a " + what + " has no “type”");
        return type->get<std::string>();
    }

    Result<void> readModel(const json& model) {
        std::string type;
        if (const json* given = member(model, "type"))
            type = given->is_string() ? given->get<std::string>() : given->dump();
        else // files of the first versions do not say
            type = m_file.hasMerges ? "BPE" : m_file.hasPieces ? "Unigram" : "WordPiece";
        if (type == "BPE")
            return readBpe(model);
        if (type == "Unigram")
            return readUnigram(model);
        if (type == "WordPiece")
            return readWordPiece(model);
        return unsupported("model", type);
    }

    /// Every id once.
    Result<void> checkIds(const TokenIds& ids) const {
        if (ids.empty())
            return refuse("its model has no vocabulary");
        std::vector<int> sorted;
        sorted.reserve(ids.size());
        for (const auto& [token, id] : ids)
            sorted.push_back(id);
        std::sort(sorted.begin(), sorted.end());
        const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
        if (twice == sorted.end())
            return {};
        std::vector<std::string> tokens;
        for (const auto& [token, id] : ids)
            if (id == *twice)
                tokens.push_back(token);
        std::sort(tokens.begin(), tokens.end());
        return refuse("the id " + std::to_string(*twice) + " is given to " + shown(tokens[0]) + " and to " +
                      shown(tokens[1]));
    }

    Result<int> unknownOf(const json& model, const TokenIds& ids) const {
        const json* token = member(model, "unk_token");
        if (!token)
            return -1;
        if (!token->is_string())
            return refuse("“unk_token” is not a text");
        const auto found = ids.find(token->get_ref<const std::string&>());
        if (found == ids.end())
            return refuse("its unknown token " + shown(token->get_ref<const std::string&>()) +
                          " is not in the vocabulary");
        return found->second;
    }

    Result<void> readBpe(const json& model) {
        PLUMBLINE_CHECK(knowsAll(model, "its model",
                                 {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                                  "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"}));
        if (const json* dropout = member(model, "dropout"); dropout && *dropout != 0.0)
            return refuse("its model leaves merges out by chance (“dropout”), which is not supported");
        for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"})
            if (const json* mark = member(model, name); mark && *mark != "")
                return refuse(std::string("“") + name + "” is " + shown(mark->dump()) + ", which is not supported");
        if (!m_file.hasIds || !m_file.hasMerges)
            return refuse(std::string("its model has no ") + (m_file.hasIds ? "merges" : "vocabulary"));
        PLUMBLINE_CHECK(checkIds(m_file.ids));
        BpeModel bpe;
        PLUMBLINE_TRY(bpe.unknownId, unknownOf(model, m_file.ids));
        PLUMBLINE_TRY(bpe.fuseUnknown, flag(model, "fuse_unk", false));
        PLUMBLINE_TRY(bpe.byteFallback, flag(model, "byte_fallback", false));
        PLUMBLINE_TRY(bpe.ignoreMerges, flag(model, "ignore_merges", false));
        std::string joined;
        bpe.merges.reserve(m_file.merges.size());
        PLUMBLINE_CHECK(eachMerge([&](std::string_view left, std::string_view right) -> Result<void> {
            joined.assign(left).append(right);
            std::array<int, 3> ids{};
            const std::array<std::string_view, 3> tokens = {left, right, joined};
            for (std::size_t i = 0; i < tokens.size(); ++i) {
                const auto found = m_file.ids.find(tokens[i]);
                if (found == m_file.ids.end())
                    return refuse("the merge of " + shown(left) + " and " + shown(right) + " needs the token " +
                                  shown(tokens[i]) + ", which the vocabulary lacks");
                ids[i] = found->second;
            }
            const int rank = static_cast<int>(bpe.merges.size());
            if (!bpe.merges.try_emplace(BpeModel::pair(ids[0], ids[1]), BpeModel::Merge{rank, ids[2]}).second)
                return refuse("the merge of " + shown(left) + " and " + shown(right) + " is listed twice");
            return {};
        }));
        bpe.ids = std::move(m_file.ids);
        m_result.model = std::move(bpe);
        return {};
    }

    template <class F>
    Result<void> eachMerge(F take) const {
        const TextList& merges = m_file.merges;
        if (m_file.mergePairs) {
            for (std::size_t i = 0; i + 1 < merges.size(); i += 2)
                PLUMBLINE_CHECK(take(merges[i], merges[i + 1]));
            return {};
        }
        for (std::size_t i = 0; i < merges.size(); ++i) {
            const std::string_view line = merges[i];
            if (line.starts_with("#version"))
                continue;
            const std::size_t blank = line.find(' ');
            if (blank == std::string_view::npos || line.find(' ', blank + 1) != std::string_view::npos)
                return refuse("its merge " + shown(line) + " is not two tokens with a blank between");
            PLUMBLINE_CHECK(take(line.substr(0, blank), line.substr(blank + 1)));
        }
        return {};
    }

    Result<void> readUnigram(const json& model) {
        PLUMBLINE_CHECK(knowsAll(model, "its model", {"type", "unk_id", "byte_fallback", "vocab"}));
        if (!m_file.hasPieces || m_file.pieces.empty())
            return refuse("its model has no list of tokens and scores");
        UnigramModel unigram;
        PLUMBLINE_TRY(unigram.byteFallback, flag(model, "byte_fallback", false));
        const json* unknown = member(model, "unk_id");
        if (!unknown)
            return refuse("its model has no unknown token (“unk_id”)");
        if (!unknown->is_number_unsigned() || *unknown >= m_file.pieces.size())
            return refuse("its unknown token (“unk_id”) is not one of its tokens");
        unigram.unknownId = unknown->get<int>();
        unigram.ids.reserve(m_file.pieces.size());
        unigram.scores.reserve(m_file.pieces.size());
        for (auto& [piece, score] : m_file.pieces) {
            if (!std::isfinite(score) || std::abs(score) > 1e9)
                return refuse("the score of the token " + shown(piece) + " is out of range");
            const auto [entry, isNew] =
                unigram.ids.try_emplace(std::move(piece), static_cast<int>(unigram.scores.size()));
            if (!isNew)
                return refuse("the token " + shown(entry->first) + " is listed twice");
            unigram.scores.push_back(score);
        }
        m_result.model = std::move(unigram);
        return {};
    }

    Result<void> readWordPiece(const json& model) {
        PLUMBLINE_CHECK(
            knowsAll(model, "its model",
                     {"type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"}));
        if (!m_file.hasIds)
            return refuse("its model has no vocabulary");
        PLUMBLINE_CHECK(checkIds(m_file.ids));
        WordPieceModel words;
        PLUMBLINE_TRY(words.unknownId, unknownOf(model, m_file.ids));
        if (words.unknownId < 0)
            return refuse("its model has no unknown token (“unk_token”)");
        if (member(model, "continuing_subword_prefix")) {
            PLUMBLINE_TRY(words.prefix, text(model, "continuing_subword_prefix"));
        }
        if (const json* longest = member(model, "max_input_chars_per_word")) {
            if (!longest->is_number_unsigned() || *longest > 1000)
                return refuse("“max_input_chars_per_word” is not a number up to 1000");
            words.longestWord = longest->get<std::size_t>();
        }
        words.ids = std::move(m_file.ids);
        m_result.model = std::move(words);
        return {};
    }

    Result<void> readNormaliser(const json& step) { // NOLINT(misc-no-recursion): the document's depth is bounded
        PLUMBLINE_TRY(const std::string type, typeOf(step, "normalizer"));
        const std::string what = "its normalizer " + shown(type);
        auto& steps = m_result.normalisers;
        if (steps.size() == kMostSteps)
            return refuse("it has more than " + std::to_string(kMostSteps) + " normalizers");
        if (type == "Sequence") {
            PLUMBLINE_CHECK(knowsAll(step, what, {"type", "normalizers"}));
            const json* list = member(step, "normalizers");
            if (!list || !list->is_array())
                return refuse("its sequence of normalizers is not a list");
            for (const json& one : *list)
                PLUMBLINE_CHECK(readNormaliser(one));
            return {};
        }
        constexpr std::array<std::pair<std::string_view, UnicodeForm>, 4> kForms = {{{"NFC", UnicodeForm::Nfc},
                                                                                     {"NFD", UnicodeForm::Nfd},
                                                                                     {"NFKC", UnicodeForm::Nfkc},
                                                                                     {"NFKD", UnicodeForm::Nfkd}}};
        for (const auto& [name, form] : kForms)
            if (type == name) {
                steps.emplace_back(form);
                return knowsAll(step, what, {"type"});
            }
        if (type == "Lowercase" || type == "StripAccents") {
            steps.push_back(type == "Lowercase" ? Normaliser(Lowercase{}) : Normaliser(StripAccents{}));
            return knowsAll(step, what, {"type"});
        }
        if (type == "Strip") {
            StripBlanks strip;
            PLUMBLINE_TRY(strip.left, flag(step, "strip_left", true));
            PLUMBLINE_TRY(strip.right, flag(step, "strip_right", true));
            steps.emplace_back(strip);
            return knowsAll(step, what, {"type", "strip_left", "strip_right"});
        }
        if (type == "Prepend") {
            PrependText prepend;
            PLUMBLINE_TRY(prepend.text, replacement(step, "prepend"));
            steps.emplace_back(std::move(prepend));
            return knowsAll(step, what, {"type", "prepend"});
        }
        if (type == "Replace") {
            ReplaceText replace;
            PLUMBLINE_TRY(replace.to, replacement(step, "content"));
            const json* pattern = member(step, "pattern");
            if (const json* regex = pattern && pattern->is_object() ? member(*pattern, "Regex") : nullptr) {
                if (*regex != " {2,}" && *regex != R"(\s+)")
                    return refuse("its normalizer replaces the pattern " +
                                  shown(regex->is_string() ? regex->get_ref<const std::string&>() : regex->dump()) +
                                  ", which is not supported");
                replace.what = *regex == " {2,}" ? ReplaceText::What::TwoOrMoreBlanks : ReplaceText::What::WhiteSpace;
            } else {
                PLUMBLINE_TRY(replace.from, literalOf(pattern));
            }
            steps.emplace_back(std::move(replace));
            return knowsAll(step, what, {"type", "pattern", "content"});
        }
        if (type == "Precompiled") {
            PLUMBLINE_TRY(const std::string packed, text(step, "precompiled_charsmap"));
            std::optional<std::string> bytes = decodeBase64(packed);
            if (!bytes)
                return refuse("its character map is not base64");
            steps.emplace_back(PrecompiledMap{std::move(*bytes)});
            return knowsAll(step, what, {"type", "precompiled_charsmap"});
        }
        if (type == "BertNormalizer") {
            BertClean bert;
            PLUMBLINE_TRY(bert.cleanText, flag(step, "clean_text", true));
            PLUMBLINE_TRY(bert.spaceChinese, flag(step, "handle_chinese_chars", true));
            PLUMBLINE_TRY(bert.lowercase, flag(step, "lowercase", true));
            PLUMBLINE_TRY(bert.stripAccents, flag(step, "strip_accents", bert.lowercase));
            steps.emplace_back(bert);
            return knowsAll(step, what, {"type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
        }
        return unsupported("normalizer", type);
    }

    Result<std::string> literalOf(const json* pattern) const {
        const json* literal = pattern && pattern->is_object() ? member(*pattern, "String") : nullptr;
        if (!literal || !literal->is_string() || literal->get_ref<const std::string&>().empty())
            return refuse("a “pattern” is not a text of its own (“String”)");
        return literal->get<std::string>();
    }

    Result<void> readPreTokenizer(const json& step) { // NOLINT(misc-no-recursion): the document's depth is bounded
        PLUMBLINE_TRY(const std::string type, typeOf(step, "pre-tokenizer"));
        const std::string what = "its pre-tokenizer " + shown(type);
        auto& steps = m_result.preTokenizers;
        if (steps.size() == kMostSteps)
            return refuse("it has more than " + std::to_string(kMostSteps) + " pre-tokenizers");
        if (type == "Sequence") {
            PLUMBLINE_CHECK(knowsAll(step, what, {"type", "pretokenizers"}));
            const json* list = member(step, "pretokenizers");
            if (!list || !list->is_array())
                return refuse("its sequence of pre-tokenizers is not a list");
            for (const json& one : *list)
                PLUMBLINE_CHECK(readPreTokenizer(one));
            return {};
        }
        if (type == "WhitespaceSplit" || type == "BertPreTokenizer") {
            steps.push_back(type == "WhitespaceSplit" ? PreTokenizer(SplitWhiteSpace{})
                                                      : PreTokenizer(SplitBertWords{}));
            return knowsAll(step, what, {"type"});
        }
        if (type == "Metaspace") {
            PLUMBLINE_CHECK(knowsAll(
                step, what, {"type", "replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep"}));
            Metaspace metaspace;
            PLUMBLINE_TRY(metaspace.replacement, text(step, "replacement"));
            if (!isOneCharacter(metaspace.replacement))
                return refuse("the replacement of " + what + " is not one character");
            PLUMBLINE_TRY(metaspace.split, flag(step, "split", true));
            PLUMBLINE_TRY(const bool prefix, flag(step, "add_prefix_space", true));
            std::string scheme = prefix ? "always" : "never";
            if (member(step, "prepend_scheme")) {
                PLUMBLINE_TRY(scheme, text(step, "prepend_scheme"));
            }
            if (!prefix && scheme != "never")
                return refuse("the two options of " + what + " for a blank in front contradict each other");
            if (scheme == "always" || scheme == "first" || scheme == "never")
                metaspace.prefix = scheme == "always"  ? Metaspace::Prefix::Always
                                   : scheme == "first" ? Metaspace::Prefix::First
                                                       : Metaspace::Prefix::Never;
            else
                return refuse("“prepend_scheme” is " + shown(scheme) + ", which is not known");
            steps.emplace_back(std::move(metaspace));
            return {};
        }
        if (type == "Split") {
            PLUMBLINE_CHECK(knowsAll(step, what, {"type", "pattern", "behavior", "invert"}));
            SplitText split;
            const json* pattern = member(step, "pattern");
            if (const json* regex = pattern && pattern->is_object() ? member(*pattern, "Regex") : nullptr)
                return refuse("it splits texts at the pattern " + shown(regex->dump()) + ", which is not supported");
            PLUMBLINE_TRY(split.text, literalOf(pattern));
            PLUMBLINE_TRY(split.invert, flag(step, "invert", false));
            PLUMBLINE_TRY(const std::string behaviour, text(step, "behavior"));
            using Behaviour = SplitText::Behaviour;
            constexpr std::array<std::pair<std::string_view, Behaviour>, 5> kBehaviours = {
                {{"Removed", Behaviour::Removed},
                 {"Isolated", Behaviour::Isolated},
                 {"MergedWithPrevious", Behaviour::MergedWithPrevious},
                 {"MergedWithNext", Behaviour::MergedWithNext},
                 {"Contiguous", Behaviour::Contiguous}}};
            const auto* found = std::find_if(kBehaviours.begin(), kBehaviours.end(),
                                             [&](const auto& known) { return known.first == behaviour; });
            if (found == kBehaviours.end())
                return refuse("“behavior” is " + shown(behaviour) + ", which is not known");
            split.behaviour = found->second;
            steps.emplace_back(std::move(split));
            return {};
        }
        return unsupported("pre-tokenizer", type);
    }

    Result<AddedToken> readToken(const json& entry) const {
        AddedToken token;
        if (!entry.is_object())
            return refuse("an added token is not an object");
        PLUMBLINE_TRY(token.text, text(entry, "content"));
        if (token.text.size() > kLongestToken)
            return refuse("the added token " + shown(token.text) + " is longer than " + std::to_string(kLongestToken) +
                          " bytes");
        PLUMBLINE_TRY(token.singleWord, flag(entry, "single_word", false));
        PLUMBLINE_TRY(token.leftStrip, flag(entry, "lstrip", false));
        PLUMBLINE_TRY(token.rightStrip, flag(entry, "rstrip", false));
        PLUMBLINE_TRY(token.special, flag(entry, "special", false));
        PLUMBLINE_TRY(token.normalized, flag(entry, "normalized", !token.special));
        return token;
    }

    Result<void> readAdded(const json* list) {
        if (!list)
            return {};
        if (!list->is_array())
            return refuse("its added tokens are not a list");
        if (list->size() > kMostAdded)
            return refuse("it has more than " + std::to_string(kMostAdded) + " added tokens");
        std::unordered_set<std::string> seen;
        for (const json& entry : *list) {
            PLUMBLINE_TRY(const AddedToken token, readToken(entry));
            if (!seen.insert(token.text).second)
                return refuse("the added token " + shown(token.text) + " is listed twice");
            const json* id = member(entry, "id");
            if (!id || !id->is_number_unsigned() || *id > kLargestId)
                return refuse("the id of the added token " + shown(token.text) + " is missing or out of range");
            if (token.text.empty())
                continue; // as the tokenizers package
            if (const int got = m_result.add(token); got != id->get<int>())
                return refuse("the added token " + shown(token.text) + " has the id " + id->dump() +
                              ", where the vocabulary gives it " + std::to_string(got));
        }
        return {};
    }

    Result<int> idOf(const json& pair) const {
        if (!pair.is_array() || pair.size() != 2 || !pair[1].is_number_unsigned() || pair[1] > kLargestId)
            return refuse("a token of its post-processor is not a text and an id");
        return pair[1].get<int>();
    }

    Result<void> readProcessor(const json& step) { // NOLINT(misc-no-recursion): the document's depth is bounded
        PLUMBLINE_TRY(const std::string type, typeOf(step, "post-processor"));
        if (type == "Sequence") {
            const json* list = member(step, "processors");
            if (!list || !list->is_array())
                return refuse("its sequence of post-processors is not a list");
            for (const json& one : *list)
                PLUMBLINE_CHECK(readProcessor(one));
            return {};
        }
        if (type == "ByteLevel")
            return {}; // offsets only
        if (!m_result.before.empty() || !m_result.after.empty())
            return refuse("two of its post-processors add tokens");
        if (type == "BertProcessing" || type == "RobertaProcessing") {
            for (const auto& [name, ids] : {std::pair("cls", &m_result.before), std::pair("sep", &m_result.after)}) {
                const json* pair = member(step, name);
                PLUMBLINE_TRY(const int id, idOf(pair ? *pair : json()));
                ids->push_back(id);
            }
            return {};
        }
        if (type != "TemplateProcessing")
            return unsupported("post-processor", type);
        const json *single = member(step, "single"), *tokens = member(step, "special_tokens");
        if (!single || !single->is_array())
            return refuse("its template for one text is not a list");
        bool text = false;
        for (const json& part : *single) {
            if (const json* sequence = part.is_object() ? member(part, "Sequence") : nullptr) {
                const json* id = sequence->is_object() ? member(*sequence, "id") : nullptr;
                if (text || !id || *id != "A")
                    return refuse("its template for one text does not hold the text once");
                text = true;
                continue;
            }
            const json* token = part.is_object() ? member(part, "SpecialToken") : nullptr;
            const json* name = token && token->is_object() ? member(*token, "id") : nullptr;
            const json* entry = name && name->is_string() && tokens && tokens->is_object()
                                    ? member(*tokens, name->get_ref<const std::string&>().c_str())
                                    : nullptr;
            const json* ids = entry && entry->is_object() ? member(*entry, "ids") : nullptr;
            if (!ids || !ids->is_array() || ids->size() > 16)
                return refuse("its template for one text holds something other than the text and known special tokens");
            for (const json& id : *ids) {
                if (!id.is_number_unsigned() || id > kLargestId)
                    return refuse("a special token of its template has no id");
                (text ? m_result.after : m_result.before).push_back(id.get<int>());
            }
        }
        if (!text)
            return refuse("its template for one text does not hold the text once");
        if (m_result.before.size() + m_result.after.size() > 16)
            return refuse("its template adds more than 16 tokens to a text");
        return {};
    }

    /// A tokenizer.json of CLIP's own: every step must be what the CLIP code does.
    Result<std::variant<TokenizerJson, ClipTokenizerJson>> clip(const json& model) {
        const json normalised = json::parse(R"({"type": "Sequence", "normalizers": [{"type": "NFC"},
            {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]})");
        const json& document = m_file.document;
        const json *normaliser = member(document, "normalizer"), *splitter = member(document, "pre_tokenizer");
        if (!normaliser || *normaliser != normalised)
            return refuse("it is CLIP's by its end of a word “</w>”, but its normalizer is not CLIP's");
        const bool split = splitter && isClipSplit(*splitter);
        if (!split)
            return refuse("it is CLIP's by its end of a word “</w>”, but its pre-tokenizer is not CLIP's");
        PLUMBLINE_CHECK(knowsAll(model, "its model",
                                 {"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                                  "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"}));
        if (!m_file.hasIds || !m_file.hasMerges)
            return refuse(std::string("its model has no ") + (m_file.hasIds ? "merges" : "vocabulary"));
        m_result.model = WordPieceModel{};
        std::get<WordPieceModel>(m_result.model).ids = std::move(m_file.ids);
        PLUMBLINE_CHECK(readAdded(member(document, "added_tokens")));
        ClipTokenizerJson clip;
        for (auto& [token, id] : std::get<WordPieceModel>(m_result.model).ids)
            clip.ids.emplace(token, id);
        for (const AddedToken& token : m_result.added())
            clip.ids.emplace(token.text, token.id);
        PLUMBLINE_CHECK(eachMerge([&](std::string_view left, std::string_view right) -> Result<void> {
            clip.merges.emplace_back(left, right);
            return {};
        }));
        return clip;
    }

    const fs::path& m_path;
    FileHandler& m_file;
    TokenizerJson m_result;
};

/// The settings beside a tokenizer, one file after the other.
class SettingsReader {
public:
    explicit SettingsReader(const fs::path& folder) : m_folder(folder) {}

    Result<TokenizerSettings> read() {
        PLUMBLINE_TRY(const std::optional<json> config, document("tokenizer_config.json"));
        if (config)
            PLUMBLINE_CHECK(readConfig(*config));
        if (m_result.listsAdded)
            return std::move(m_result); // as the transformers package: then the older files are not looked at
        PLUMBLINE_TRY(const std::optional<json> map, document("special_tokens_map.json"));
        if (map)
            PLUMBLINE_CHECK(readSpecial(*map));
        PLUMBLINE_TRY(const std::optional<json> added, document("added_tokens.json"));
        if (added)
            PLUMBLINE_CHECK(readIds(*added));
        return std::move(m_result);
    }

private:
    static constexpr std::array kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                                          "pad_token", "cls_token", "mask_token"};

    tl::unexpected<Error> refuse(std::string reason) const {
        return fail(ErrorCode::VocabularyInvalid, {{"path", encodePath(m_path)}, {"reason", std::move(reason)}});
    }

    Result<std::optional<json>> document(const char* name) {
        constexpr std::size_t kLargest = std::size_t{16} << 20;
        m_path = m_folder / name;
        std::error_code ignored;
        if (!fs::is_regular_file(m_path, ignored))
            return std::optional<json>();
        PLUMBLINE_TRY(const std::string text, readFile(m_path, kLargest));
        FileHandler handler;
        if (!json::sax_parse(text, &handler))
            return refuse(handler.reason);
        if (!handler.document.is_object())
            return refuse("it is not one JSON object");
        m_result.files.push_back(m_path);
        return std::optional(std::move(handler.document));
    }

    Result<std::optional<bool>> flag(const json& object, const char* name) const {
        const json* value = member(object, name);
        if (value && !value->is_boolean())
            return refuse(std::string("“") + name + "” is not true or false");
        return value ? std::optional(value->get<bool>()) : std::nullopt;
    }
    Result<std::string> text(const json& object, const char* name) const {
        const json* value = member(object, name);
        if (value && !value->is_string())
            return refuse(std::string("“") + name + "” is not a text");
        return value ? value->get<std::string>() : std::string();
    }

    /// A special token: its text alone, or an object with its options.
    Result<AddedToken> token(const json& value, const std::string& where) const {
        AddedToken token;
        token.special = true;
        if (value.is_string()) {
            token.text = value.get<std::string>();
        } else if (value.is_object()) {
            PLUMBLINE_TRY(token.text, text(value, "content"));
            for (const auto& [name, option] :
                 {std::pair("single_word", &token.singleWord), std::pair("lstrip", &token.leftStrip),
                  std::pair("rstrip", &token.rightStrip), std::pair("normalized", &token.normalized),
                  std::pair("special", &token.special)}) {
                PLUMBLINE_TRY(const std::optional<bool> given, flag(value, name));
                *option = given.value_or(*option);
            }
        } else {
            return refuse(where + " is not a token");
        }
        if (token.text.size() > kLongestToken)
            return refuse("the token " + shown(token.text) + " is longer than " + std::to_string(kLongestToken) +
                          " bytes");
        return token;
    }

    Result<void> readSpecial(const json& object) {
        for (const char* role : kRoles)
            if (const json* value = member(object, role))
                PLUMBLINE_CHECK(addSpecial(role, *value));
        if (const json* list = member(object, "additional_special_tokens")) {
            if (!list->is_array())
                return refuse("“additional_special_tokens” is not a list");
            constexpr std::size_t kMost = 2000; // each is compared with the others
            if (list->size() > kMost)
                return refuse("it has more than " + std::to_string(kMost) + " additional special tokens");
            for (const json& value : *list)
                PLUMBLINE_CHECK(addSpecial("additional_special_tokens", value));
        }
        return {};
    }

    Result<void> addSpecial(const std::string& role, const json& value) {
        TokenizerSettings::Special special{role, {}, value.is_string()};
        PLUMBLINE_TRY(special.token, token(value, "“" + role + "”"));
        special.token.special = true;
        for (const AddedToken& added : m_result.added)
            if (special.plain && added.text == special.token.text) {
                special.token = added;
                special.plain = false;
            }
        auto& list = m_result.special;
        const bool several = role == "additional_special_tokens";
        const auto same = std::find_if(list.begin(), list.end(), [&](const TokenizerSettings::Special& other) {
            return other.role == role && (!several || other.token.text == special.token.text);
        });
        if (same == list.end())
            list.push_back(std::move(special));
        else
            *same = std::move(special);
        return {};
    }

    Result<void> readConfig(const json& config) {
        auto& settings = m_result;
        PLUMBLINE_TRY(settings.tokenizerClass, text(config, "tokenizer_class"));
        if (settings.tokenizerClass.ends_with("Fast"))
            settings.tokenizerClass.resize(settings.tokenizerClass.size() - 4);
        if (const json* added = member(config, "added_tokens_decoder")) {
            if (!added->is_object())
                return refuse("“added_tokens_decoder” is not an object");
            settings.listsAdded = true;
            if (added->size() > kMostAdded)
                return refuse("it has more than " + std::to_string(kMostAdded) + " added tokens");
            for (const auto& [id, value] : added->items()) {
                PLUMBLINE_TRY(AddedToken one, token(value, "the added token " + shown(id)));
                const json* special = value.is_object() ? member(value, "special") : nullptr;
                one.special = special && *special == true;
                if (value.is_object() && !member(value, "normalized"))
                    one.normalized = !one.special;
                PLUMBLINE_TRY(one.id, idOf(id));
                settings.added.push_back(std::move(one));
            }
            PLUMBLINE_CHECK(sortAdded());
        }
        PLUMBLINE_CHECK(readSpecial(config));
        PLUMBLINE_TRY(settings.addBos, flag(config, "add_bos_token"));
        PLUMBLINE_TRY(settings.addEos, flag(config, "add_eos_token"));
        PLUMBLINE_TRY(settings.lowerCase, flag(config, "do_lower_case"));
        PLUMBLINE_TRY(settings.stripAccents, flag(config, "strip_accents"));
        PLUMBLINE_TRY(settings.spaceChinese, flag(config, "tokenize_chinese_chars"));
        PLUMBLINE_TRY(settings.legacy, flag(config, "legacy"));
        PLUMBLINE_TRY(settings.addPrefixSpace, flag(config, "add_prefix_space"));
        PLUMBLINE_TRY(settings.paddingSide, text(config, "padding_side"));
        PLUMBLINE_TRY(settings.truncationSide, text(config, "truncation_side"));
        PLUMBLINE_TRY(const std::optional<bool> split, flag(config, "split_special_tokens"));
        if (split.value_or(false))
            return refuse("it takes special tokens for plain text (“split_special_tokens”), which is not supported");
        if (const json* options = member(config, "sp_model_kwargs"); options && !options->empty())
            return refuse("it gives options to SentencePiece (“sp_model_kwargs”), which is not supported");
        if (const json* extra = member(config, "extra_ids")) {
            if (!extra->is_number_unsigned() || *extra > 1000)
                return refuse("“extra_ids” is not a number up to 1000");
            settings.extraIds = extra->get<int>();
        }
        return {};
    }

    Result<int> idOf(std::string_view digits) const {
        int id = 0;
        for (const char digit : digits) {
            if (digit < '0' || digit > '9' || id > kLargestId)
                return refuse("the id " + shown(digits) + " of an added token is not a number in range");
            id = 10 * id + (digit - '0');
        }
        if (digits.empty() || id > kLargestId)
            return refuse("the id " + shown(digits) + " of an added token is not a number in range");
        return id;
    }

    /// added_tokens.json: texts and ids.
    Result<void> readIds(const json& object) {
        if (object.size() > kMostAdded)
            return refuse("it has more than " + std::to_string(kMostAdded) + " added tokens");
        for (const auto& [name, id] : object.items()) {
            AddedToken token;
            token.text = name;
            if (token.text.size() > kLongestToken || !id.is_number_unsigned() || id > kLargestId)
                return refuse("the added token " + shown(name) + " is too long, or its id is not a number in range");
            token.id = id.get<int>();
            token.special = std::any_of(m_result.special.begin(), m_result.special.end(),
                                        [&](const auto& special) { return special.token.text == token.text; });
            token.normalized = !token.special;
            m_result.added.push_back(std::move(token));
        }
        return sortAdded();
    }

    Result<void> sortAdded() {
        auto& added = m_result.added;
        std::sort(added.begin(), added.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
        const auto same = std::adjacent_find(added.begin(), added.end(),
                                             [](const AddedToken& a, const AddedToken& b) { return a.id == b.id; });
        if (same != added.end())
            return refuse("the id " + std::to_string(same->id) + " is given to two added tokens");
        return {};
    }

    const fs::path& m_folder;
    fs::path m_path;
    TokenizerSettings m_result;
};

} // namespace

const TokenIds& TokenizerJson::modelIds() const {
    return std::visit([](const auto& one) -> const TokenIds& { return one.ids; }, model);
}

std::optional<int> TokenizerJson::find(std::string_view token) const {
    if (const auto place = m_places.find(token); place != m_places.end())
        return m_added[static_cast<std::size_t>(place->second)].id;
    const TokenIds& ids = modelIds();
    const auto found = ids.find(token);
    return found == ids.end() ? std::nullopt : std::optional(found->second);
}

int TokenizerJson::largestId() const {
    int largest = m_largestAdded;
    for (const auto& [token, id] : modelIds())
        largest = std::max(largest, id);
    return largest;
}

int TokenizerJson::add(AddedToken token) {
    const int next = std::max(m_largestAdded + 1, static_cast<int>(modelIds().size()));
    token.id = find(token.text).value_or(next);
    m_largestAdded = std::max(m_largestAdded, token.id);
    const auto [place, isNew] = m_places.try_emplace(token.text, static_cast<int>(m_added.size()));
    if (isNew) {
        m_added.push_back(std::move(token));
        return m_added.back().id;
    }
    AddedToken& known = m_added[static_cast<std::size_t>(place->second)];
    token.normalized = known.normalized;
    known = std::move(token);
    return known.id;
}

const TokenizerSettings::Special* TokenizerSettings::find(std::string_view role) const {
    const auto found =
        std::find_if(special.begin(), special.end(), [role](const Special& one) { return one.role == role; });
    return found == special.end() ? nullptr : &*found;
}

Result<std::variant<TokenizerJson, ClipTokenizerJson>> readTokenizerJson(const fs::path& path) {
    PLUMBLINE_TRY(const std::string text, readFile(path, kLargestFile));
    if (holdsTooLongText(text))
        return fail(ErrorCode::VocabularyInvalid,
                    {{"path", encodePath(path)},
                     {"reason", "one of its texts is longer than " + std::to_string(kLongestText >> 20U) + " MiB"}});
    FileHandler handler;
    if (!json::sax_parse(text, &handler))
        return fail(ErrorCode::VocabularyInvalid, {{"path", encodePath(path)}, {"reason", std::move(handler.reason)}});
    return Builder(path, handler).build();
}

Result<TokenizerSettings> readTokenizerSettings(const fs::path& folder) {
    return SettingsReader(folder).read();
}

} // namespace plumbline::formats
