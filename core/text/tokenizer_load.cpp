// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/path.h"
#include "core/text/tokenizer_impl.h"

namespace plumbline::text {

namespace {

namespace fs = std::filesystem;
using formats::AddedToken;
using formats::TokenizerJson;
using formats::TokenizerSettings;

constexpr const char* kJsonName = "tokenizer.json";
constexpr std::array kPieceNames = {"spiece.model", "tokenizer.model", "sentencepiece.bpe.model"};

/// A class of the transformers package: what it takes where its settings are silent.
struct TokenizerClass {
    std::string_view name;
    std::array<std::string_view, 7> special; ///< begin, end, unknown, separator, padding, class, mask; empty: none
};
constexpr std::array<std::string_view, 7> kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                    "pad_token", "cls_token", "mask_token"};
constexpr std::array kClasses = {
    TokenizerClass{"PreTrainedTokenizer", {}},
    TokenizerClass{"TokenizersBackend", {}},
    TokenizerClass{"T5Tokenizer", {"", "</s>", "<unk>", "", "<pad>", "", ""}},
    TokenizerClass{"GemmaTokenizer", {"<bos>", "<eos>", "<unk>", "", "<pad>", "", ""}},
    TokenizerClass{"XLMRobertaTokenizer", {"<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"}},
    TokenizerClass{"BertTokenizer", {"", "", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}},
    TokenizerClass{"SiglipTokenizer", {"", "</s>", "<unk>", "", "</s>", "", ""}},
};

bool isFile(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::optional<fs::path> pieceFileIn(const fs::path& folder) {
    for (const char* name : kPieceNames)
        if (isFile(folder / name))
            return folder / name;
    return std::nullopt;
}

/// What is to be read, and what lies beside it.
struct Source {
    fs::path path, folder; ///< the folder or file that was named; where the settings lie
    TokenizerSettings settings;
    std::string kind; ///< the class of its settings, or the one that its files' names suggest
    std::vector<std::string> warnings;
};

/// A special token by the settings, or by the class.
std::optional<AddedToken> specialOf(const Source& source, const TokenizerClass* known, std::size_t role) {
    if (const auto* given = source.settings.find(kRoles[role])) {
        AddedToken token = given->token;
        if (given->plain && known && known->name == "XLMRobertaTokenizer" && kRoles[role] == "mask_token")
            token.leftStrip = true;
        return token;
    }
    if (!known || known->special[role].empty())
        return std::nullopt;
    AddedToken token;
    token.text = known->special[role];
    token.special = true;
    token.leftStrip = known->name == "XLMRobertaTokenizer" && kRoles[role] == "mask_token";
    return token;
}

/// What the class of the settings does to a tokenizer.json when it loads one: adds tokens, sets what stands around a
/// text.
Result<void> applySettings(TokenizerJson& tokenizer, const Source& source, const TokenizerClass* known,
                           const fs::path& file) {
    const TokenizerSettings& settings = source.settings;
    for (const AddedToken& token : settings.added) {
        if (token.text.empty())
            continue;
        if (const int id = tokenizer.add(token); id != token.id)
            return unusable(source.folder / "tokenizer_config.json",
                            "the added token “" + encodeName(token.text) + "” has the id " + std::to_string(token.id) +
                                ", where " + encodePath(file) + " gives it " + std::to_string(id));
    }
    // A special token whose options are given counts anew; of another one only the text counts, if it is not there yet.
    struct Special {
        AddedToken token;
        bool ifNew;
    };
    std::vector<Special> special;
    for (std::size_t role = 0; role < kRoles.size(); ++role)
        if (const auto token = specialOf(source, known, role)) {
            const auto* given = settings.find(kRoles[role]);
            special.push_back({*token, given ? given->plain || !settings.listsAdded : !token->leftStrip});
        }
    for (const auto& one : settings.special)
        if (one.role == "additional_special_tokens")
            special.push_back({one.token, one.plain || !settings.listsAdded});
    // T5's sentinels, where the settings do not name them.
    constexpr std::string_view kSentinel = "<extra_id_";
    if (known && known->name == "T5Tokenizer" && std::none_of(special.begin(), special.end(), [&](const Special& one) {
            return one.token.text.find(kSentinel) != std::string::npos;
        }))
        for (int i = 0; i < settings.extraIds.value_or(100); ++i) {
            AddedToken token;
            token.text = std::string(kSentinel) + std::to_string(i) + ">";
            token.special = true;
            special.push_back({std::move(token), true});
        }
    for (Special& one : special) {
        const auto same = [&one](const AddedToken& token) { return token.text == one.token.text; };
        if (!one.token.text.empty() &&
            (!one.ifNew || std::none_of(tokenizer.added().begin(), tokenizer.added().end(), same)))
            tokenizer.add(std::move(one.token));
    }

    if (known && known->name == "GemmaTokenizer") {
        tokenizer.before.clear();
        tokenizer.after.clear();
        for (const auto& [wanted, role, where] :
             {std::tuple(settings.addBos.value_or(true), std::size_t{0}, &tokenizer.before),
              std::tuple(settings.addEos.value_or(false), std::size_t{1}, &tokenizer.after)}) {
            if (!wanted)
                continue;
            const auto id = tokenizer.find(specialOf(source, known, role)->text);
            if (!id)
                return unusable(source.folder / "tokenizer_config.json",
                                "it puts a " + std::string(kRoles[role]) + " around each text, which is empty");
            where->push_back(*id);
        }
    }
    if (known && known->name == "BertTokenizer" && tokenizer.normalisers.size() == 1)
        if (auto* bert = std::get_if<formats::BertClean>(&tokenizer.normalisers.front())) {
            bert->lowercase = settings.lowerCase.value_or(true);
            bert->spaceChinese = settings.spaceChinese.value_or(true);
            bert->stripAccents = settings.stripAccents.value_or(bert->lowercase);
        }
    return {};
}

/// A tokenizer in the form of a tokenizer.json, with its settings.
Result<std::unique_ptr<Tokenizer::Impl>> finished(TokenizerJson description, const Source& source, const fs::path& file,
                                                  const TokenizerOptions& options) {
    const auto* known = std::find_if(kClasses.begin(), kClasses.end(),
                                     [&](const TokenizerClass& one) { return one.name == source.kind; });
    if (known == kClasses.end()) {
        if (!source.kind.empty())
            return unusable(source.folder / "tokenizer_config.json",
                            "its tokenizer_class “" + encodeName(source.kind) + "” is not supported");
        known = nullptr;
    }
    if (source.kind == "T5Tokenizer" && source.settings.addPrefixSpace &&
        (!*source.settings.addPrefixSpace || file.extension() != ".model"))
        return unusable(
            source.folder / "tokenizer_config.json",
            "its “add_prefix_space” makes the reference build the tokenizer anew from a spiece.model, which " +
                std::string(*source.settings.addPrefixSpace ? "is not there" : "is not supported"));
    PLUMBLINE_CHECK(applySettings(description, source, known, file));
    const auto idOf = [&](std::size_t role) {
        const auto token = specialOf(source, known, role);
        return token ? description.find(token->text) : std::nullopt;
    };
    const std::optional<int> eos = idOf(1), separator = idOf(3);
    std::optional<int> pad = idOf(4);
    for (const char* name : {"<pad>", "[PAD]"})
        if (!pad && !description.padId)
            pad = description.find(name);
    if (options.stripSeparator && !separator && !description.find("[SEP]"))
        return unusable(file, "it has no separator token, which the model's configuration wants to be replaced");
    const int stripped = options.stripSeparator ? separator.value_or(description.find("[SEP]").value_or(-1)) : -1;
    PLUMBLINE_TRY(auto tokenizer, makeFromJson(std::move(description), options.contextLength, file));
    tokenizer->eos = eos.value_or(tokenizer->eos);
    tokenizer->padId = pad.value_or(tokenizer->padId);
    tokenizer->separator = stripped;
    if (tokenizer->padId == stripped)
        tokenizer->padId = 0;
    return tokenizer;
}

/// CLIP's BPE, with what its settings cut out of a text besides BOS and EOS.
std::unique_ptr<Tokenizer::Impl> clipFrom(const formats::Vocabulary& vocabulary, const Source& source,
                                          const TokenizerOptions& options) {
    std::vector<AddedToken> markers;
    std::optional<int> pad;
    const auto take = [&](const AddedToken& token, std::string_view role) {
        const auto found = vocabulary.ids.find(token.text);
        AddedToken marker = token;
        if (found != vocabulary.ids.end())
            marker.id = found->second;
        if (marker.id < 0)
            return;
        if (role == "pad_token")
            pad = marker.id;
        constexpr std::size_t kMost = 100;
        if (marker.id != vocabulary.bos && marker.id != vocabulary.eos && markers.size() < kMost)
            markers.push_back(std::move(marker));
    };
    for (const AddedToken& token : source.settings.added)
        take(token, "");
    for (const auto& special : source.settings.special)
        take(special.token, special.role);
    auto tokenizer = makeClip(vocabulary, options.rules, options.contextLength, markers);
    if (options.rules == TokenizerRules::HuggingFace)
        tokenizer->padId = pad.value_or(tokenizer->padId);
    return tokenizer;
}

Result<std::unique_ptr<Tokenizer::Impl>> readClip(const Source& source, const TokenizerOptions& options) {
    PLUMBLINE_TRY(const formats::Vocabulary vocabulary, formats::readVocabulary(source.path));
    auto tokenizer = clipFrom(vocabulary, source, options);
    if (isFile(vocabulary.source))
        tokenizer->files = {vocabulary.source};
    else
        tokenizer->files = {vocabulary.source / "vocab.json", vocabulary.source / "merges.txt"};
    return tokenizer;
}

Result<std::unique_ptr<Tokenizer::Impl>> readPieces(const fs::path& file, const Source& source,
                                                    const TokenizerOptions& options);

Result<std::unique_ptr<Tokenizer::Impl>> readJson(const fs::path& file, const Source& source,
                                                  const TokenizerOptions& options) {
    PLUMBLINE_TRY(auto read, formats::readTokenizerJson(file));
    std::unique_ptr<Tokenizer::Impl> tokenizer;
    if (auto* clip = std::get_if<formats::ClipTokenizerJson>(&read)) {
        PLUMBLINE_TRY(const formats::Vocabulary vocabulary,
                      formats::makeVocabulary(std::move(clip->ids), std::move(clip->merges), file));
        tokenizer = clipFrom(vocabulary, source, options);
    } else {
        if (source.kind == "CLIPTokenizer")
            return unusable(file, "it is not CLIP's, though its tokenizer_class is CLIPTokenizer");
        // With this setting the reference does not use tokenizer.json.
        if (const fs::path pieces = source.folder / "spiece.model";
            source.kind == "T5Tokenizer" && source.settings.addPrefixSpace.value_or(false) && isFile(pieces))
            return readPieces(pieces, source, options);
        PLUMBLINE_TRY(tokenizer, finished(std::move(std::get<TokenizerJson>(read)), source, file, options));
        tokenizer->kind = "tokenizer.json " + tokenizer->kind;
    }
    tokenizer->files = {file};
    return tokenizer;
}

Result<std::unique_ptr<Tokenizer::Impl>> readPieces(const fs::path& file, const Source& source,
                                                    const TokenizerOptions& options) {
    constexpr std::array kReaders = {"SiglipTokenizer", "T5Tokenizer", "XLMRobertaTokenizer", "GemmaTokenizer"};
    if (std::find(kReaders.begin(), kReaders.end(), source.kind) == kReaders.end())
        return unusable(source.folder / "tokenizer_config.json", "its tokenizer_class “" + encodeName(source.kind) +
                                                                     "” is not supported with a SentencePiece model");
    PLUMBLINE_TRY(const formats::SentencePieceModel model, formats::readSentencePiece(file));
    std::unique_ptr<Tokenizer::Impl> tokenizer;
    if (source.kind == "SiglipTokenizer") {
        PLUMBLINE_TRY(tokenizer, makeSiglip(model, source.settings, options.contextLength, file));
    } else {
        PLUMBLINE_TRY(TokenizerJson description, converted(model, source.kind, source.settings, file));
        PLUMBLINE_TRY(tokenizer, finished(std::move(description), source, file, options));
        tokenizer->kind = "SentencePiece " + tokenizer->kind;
    }
    tokenizer->files = {file};
    return tokenizer;
}

/// The class that a SentencePiece model without settings is read by.
void guessKind(Source& source, const fs::path& file) {
    if (!source.kind.empty())
        return;
    const std::string name = file.filename().string();
    if (name == "sentencepiece.bpe.model") {
        source.kind = "XLMRobertaTokenizer";
    } else if (name == "tokenizer.model") {
        source.kind = "GemmaTokenizer";
        source.settings.addBos = false; // SigLIP 2's own settings
        source.settings.addEos = true;
        source.settings.paddingSide = "right";
    } else {
        source.kind = "SiglipTokenizer";
    }
    source.warnings.push_back("No tokenizer_config.json says how " + encodePath(file) + " is used; it is read as " +
                              source.kind + " does.");
}

Result<std::unique_ptr<Tokenizer::Impl>> readAny(Source& source, const TokenizerOptions& options) {
    const bool isClip = source.kind.empty() || source.kind == "CLIPTokenizer";
    if (isFile(source.path)) {
        const std::string name = source.path.filename().string();
        if (name.ends_with(".model")) {
            guessKind(source, source.path);
            return readPieces(source.path, source, options);
        }
        if (name.ends_with(".json") && name != "vocab.json")
            return readJson(source.path, source, options);
        return readClip(source, options);
    }
    const std::optional<fs::path> pieces = pieceFileIn(source.folder);
    const fs::path json = source.folder / kJsonName;
    if (isClip && formats::hasVocabulary(source.folder)) {
        // transformers reads tokenizer.json where it is, and fine-tuning adds tokens there.
        if (options.rules == TokenizerRules::HuggingFace && isFile(json)) {
            auto tokenizer = readJson(json, source, options);
            if (tokenizer && (*tokenizer)->kind.starts_with("CLIP"))
                return tokenizer;
            source.warnings.push_back(
                "The reference would use " + encodePath(json.filename()) + ", which is not CLIP's in every part" +
                (tokenizer ? std::string() : " (" + std::string(tokenizer.error().arg("reason")) + ")") +
                "; vocab.json and merges.txt are used in its place, and token ids may differ.");
        }
        return readClip(source, options);
    }
    if (source.kind == "SiglipTokenizer" && pieces)
        return readPieces(*pieces, source, options);
    if (isFile(json)) {
        if (source.kind == "SiglipTokenizer")
            source.warnings.push_back("SiglipTokenizer reads a spiece.model, which is missing; " + encodePath(json) +
                                      " is read in its place.");
        return readJson(json, source, options);
    }
    if (pieces) {
        guessKind(source, *pieces);
        return readPieces(*pieces, source, options);
    }
    return readClip(source, options); // says what is missing
}

} // namespace

Result<Tokenizer> Tokenizer::load(const fs::path& fileOrFolder, const TokenizerOptions& options) {
    Source source;
    source.path = fileOrFolder;
    source.folder = isFile(fileOrFolder) ? fileOrFolder.parent_path() : fileOrFolder;
    PLUMBLINE_TRY(source.settings, formats::readTokenizerSettings(source.folder));
    source.kind = source.settings.tokenizerClass == "MT5Tokenizer" ? "T5Tokenizer" : source.settings.tokenizerClass;
    PLUMBLINE_TRY(std::unique_ptr<Impl> tokenizer, readAny(source, options));
    const bool isClip = tokenizer->kind.starts_with("CLIP");
    // CLIP's own rules pad and cut on the right whatever such a file says.
    if (!isClip || options.rules == TokenizerRules::HuggingFace)
        for (const auto& [name, side] : {std::pair("padding_side", source.settings.paddingSide),
                                         std::pair("truncation_side", source.settings.truncationSide)})
            if (!side.empty() && side != "right")
                return unusable(source.folder / "tokenizer_config.json", std::string("its “") + name + "” is “" +
                                                                             encodeName(side) +
                                                                             "”, which is not supported");
    if (source.kind == "GemmaTokenizer" && source.settings.paddingSide.empty())
        source.warnings.push_back(
            "GemmaTokenizer pads on the left where its settings are silent; it is padded on the right "
            "here, as SigLIP 2's.");
    if (!isClip)
        tokenizer->cleaning = options.cleaning;
    tokenizer->files.insert(tokenizer->files.end(), source.settings.files.begin(), source.settings.files.end());
    tokenizer->warnings.insert(tokenizer->warnings.end(), source.warnings.begin(), source.warnings.end());
    return Tokenizer(std::move(tokenizer));
}

bool hasTokenizer(const fs::path& folder) {
    return formats::hasVocabulary(folder) || isFile(folder / kJsonName) || pieceFileIn(folder).has_value();
}

} // namespace plumbline::text
