// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/path.h"
#include "core/text/subword.h"
#include "core/text/tokenizer_impl.h"

namespace plumbline::text {

namespace {

using formats::SentencePieceModel;
using Kind = SentencePieceModel::Kind;

constexpr const char* kSpace = "\u2581";

/// The vocabulary as it is converted: texts and scores by id.
using Entries = std::vector<std::pair<std::string, double>>;

Entries entriesFrom(const SentencePieceModel& model, std::size_t first) {
    Entries entries;
    for (std::size_t id = first; id < model.pieces.size(); ++id)
        entries.emplace_back(model.pieces[id].text, model.pieces[id].score);
    return entries;
}

std::string tokenOf(const formats::TokenizerSettings& settings, std::string_view role, const char* otherwise) {
    const auto* special = settings.find(role);
    return special ? special->token.text : otherwise;
}

Result<formats::TokenIds> idsOf(const Entries& entries, const std::filesystem::path& path) {
    formats::TokenIds ids;
    ids.reserve(entries.size());
    for (std::size_t id = 0; id < entries.size(); ++id)
        if (!ids.try_emplace(entries[id].first, static_cast<int>(id)).second)
            return unusable(path, "the token “" + encodeName(entries[id].first) + "” would be there twice");
    return ids;
}

Result<formats::UnigramModel> unigram(const Entries& entries, int unknownId, const std::filesystem::path& path) {
    formats::UnigramModel model;
    PLUMBLINE_TRY(model.ids, idsOf(entries, path));
    for (const auto& [text, score] : entries)
        model.scores.push_back(score);
    model.unknownId = unknownId;
    return model;
}

/// A SentencePiece BPE model has no merges: two pieces are joined where both together are a piece, the best score
/// first, of equals the longest left part, then the longest right part.
Result<formats::BpeModel> bpe(const SentencePieceModel& source, const Entries& entries,
                              const std::filesystem::path& path) {
    formats::BpeModel model;
    PLUMBLINE_TRY(model.ids, idsOf(entries, path));
    struct Merge {
        double score;
        std::size_t leftLength, rightLength; // in characters
        int left, right, joined;
    };
    std::vector<Merge> merges;
    for (std::size_t id = 0; id < entries.size(); ++id) {
        const std::string_view text = entries[id].first;
        std::vector<Merge> ofOne;
        std::size_t characters = 0;
        for (std::size_t at = 0; at < text.size(); ++characters)
            at += characterLength(text.substr(at));
        std::size_t leftLength = 1;
        for (std::size_t at = characterLength(text); at < text.size();
             at += characterLength(text.substr(at)), ++leftLength) {
            const auto left = model.ids.find(text.substr(0, at));
            if (left == model.ids.end())
                continue;
            if (const auto right = model.ids.find(text.substr(at)); right != model.ids.end())
                ofOne.push_back({entries[id].second, leftLength, characters - leftLength, left->second, right->second,
                                 static_cast<int>(id)});
        }
        std::sort(ofOne.begin(), ofOne.end(),
                  [](const Merge& a, const Merge& b) { return std::tie(a.left, a.right) < std::tie(b.left, b.right); });
        merges.insert(merges.end(), ofOne.begin(), ofOne.end());
    }
    std::stable_sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) {
        return std::tie(a.score, a.leftLength, a.rightLength) > std::tie(b.score, b.leftLength, b.rightLength);
    });
    model.merges.reserve(merges.size());
    for (std::size_t rank = 0; rank < merges.size(); ++rank)
        model.merges.try_emplace(formats::BpeModel::pair(merges[rank].left, merges[rank].right),
                                 formats::BpeModel::Merge{static_cast<int>(rank), merges[rank].joined});
    const auto unknown = model.ids.find(source.pieces[static_cast<std::size_t>(source.unknownId)].text);
    if (unknown == model.ids.end())
        return unusable(path, "its unknown token is lost among the first three");
    model.unknownId = unknown->second;
    model.fuseUnknown = model.byteFallback = true;
    return model;
}

} // namespace

Result<formats::TokenizerJson> converted(const SentencePieceModel& model, std::string_view tokenizerClass,
                                         const formats::TokenizerSettings& settings,
                                         const std::filesystem::path& path) {
    using Algorithm = SentencePieceModel::Algorithm;
    const bool gemma = tokenizerClass == "GemmaTokenizer";
    const auto wanted = gemma ? Algorithm::Bpe : Algorithm::Unigram;
    if (model.algorithm != wanted)
        return unusable(path, std::string("it is a ") + (gemma ? "unigram" : "BPE") + " model, where " +
                                  std::string(tokenizerClass) + " needs one of the other kind");
    constexpr std::size_t kReplaced = 3; // pieces at the beginning that a class renames
    if (model.pieces.size() <= kReplaced)
        return unusable(path, "it holds only " + std::to_string(model.pieces.size()) + " pieces");
    formats::TokenizerJson result;
    if (gemma) {
        Entries entries = {{tokenOf(settings, "pad_token", "<pad>"), 0.0},
                           {tokenOf(settings, "eos_token", "<eos>"), 0.0},
                           {tokenOf(settings, "bos_token", "<bos>"), 0.0}};
        for (auto& entry : entriesFrom(model, kReplaced))
            entries.push_back(std::move(entry));
        // The first models lacked the tabulator: its byte piece stands for it.
        const auto named = [&entries](std::string_view text) {
            return std::find_if(entries.begin(), entries.end(),
                                [text](const auto& entry) { return entry.first == text; });
        };
        if (const auto byte = named("<0x09>"); byte != entries.end() && named("\t") == entries.end())
            *byte = {"\t", 0.0};
        PLUMBLINE_TRY(result.model, bpe(model, entries, path));
        result.normalisers.emplace_back(formats::ReplaceText{formats::ReplaceText::What::Text, " ", kSpace});
        result.preTokenizers.emplace_back(
            formats::SplitText{" ", formats::SplitText::Behaviour::MergedWithPrevious, false});
    } else {
        const bool xlm = tokenizerClass == "XLMRobertaTokenizer";
        Entries entries;
        if (xlm)
            entries = {{"<s>", 0.0}, {"<pad>", 0.0}, {"</s>", 0.0}, {"<unk>", 0.0}};
        for (auto& entry : entriesFrom(model, xlm ? kReplaced : 0))
            entries.push_back(std::move(entry));
        if (xlm)
            entries.emplace_back("<mask>", 0.0);
        else
            for (int extra = settings.extraIds.value_or(100); extra-- > 0;)
                entries.emplace_back("<extra_id_" + std::to_string(extra) + ">", 0.0);
        PLUMBLINE_TRY(result.model, unigram(entries, xlm ? 3 : model.unknownId, path));
        if (!model.charsmap.empty())
            result.normalisers.emplace_back(formats::PrecompiledMap{model.charsmap});
        result.normalisers.emplace_back(formats::StripBlanks{false, true});
        result.normalisers.emplace_back(formats::ReplaceText{formats::ReplaceText::What::TwoOrMoreBlanks, "", kSpace});
        using Prefix = formats::Metaspace::Prefix;
        const bool first = !xlm && !settings.legacy.value_or(true);
        result.preTokenizers.emplace_back(formats::Metaspace{kSpace, first ? Prefix::First : Prefix::Always, true});
    }
    for (const SentencePieceModel::Piece& piece : model.pieces)
        if (piece.kind == Kind::Control || piece.kind == Kind::UserDefined) {
            formats::AddedToken token;
            token.text = piece.text;
            token.special = piece.kind == Kind::Control ||
                            (gemma && (piece.text == "<start_of_turn>" || piece.text == "<end_of_turn>"));
            result.add(std::move(token));
        }
    if (gemma)
        return result; // what stands around a text is for the settings to say
    const auto end = result.find("</s>");
    if (!end)
        return unusable(path, "it has no closing token </s>");
    result.after = {*end};
    if (tokenizerClass == "XLMRobertaTokenizer")
        result.before = {*result.find("<s>")};
    return result;
}

} // namespace plumbline::text
