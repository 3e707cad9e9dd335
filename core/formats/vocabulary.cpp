// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/vocabulary.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>

#include <nlohmann/json.hpp>
#include <zlib.h>

#include "core/base/path.h"
#include "core/formats/byte_alphabet.h"
#include "core/formats/text_file.h"
#include "core/formats/weights.h"

namespace plumbline::formats {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20; // CLIP's own files are 0.9, 0.5 and 1.4 MB (3.2 unpacked)
constexpr std::size_t kMostMerges = 49152 - 256 - 2;        // all that CLIP's own tokenizers read of a list
constexpr std::size_t kMostTokens = 100'000;
constexpr std::string_view kWordEnd = "</w>";
constexpr std::string_view kBos = "<|startoftext|>", kEos = "<|endoftext|>";
constexpr const char* kGzName = "bpe_simple_vocab_16e6.txt.gz";

tl::unexpected<Error> invalid(const fs::path& path, std::string reason) {
    return fail(ErrorCode::VocabularyInvalid, {{"path", encodePath(path)}, {"reason", std::move(reason)}});
}

std::string inQuotes(std::string_view token) {
    return "“" + shownName(token) + "”";
}

/// Takes vocab.json apart: one object of texts and whole numbers. Unlike a parsed document it sees repeated keys.
class VocabularyHandler : public nlohmann::json_sax<nlohmann::json> {
public:
    std::unordered_map<std::string, int> ids;
    std::string reason; ///< empty: all is well

    bool null() override { return wrongValue(); }
    bool boolean(bool) override { return wrongValue(); }
    bool number_integer(number_integer_t) override { return wrongValue(); } // only negative numbers come here
    bool number_float(number_float_t, const string_t&) override { return wrongValue(); }
    bool string(string_t&) override { return wrongValue(); }
    bool binary(binary_t&) override { return wrongValue(); }
    bool start_array(std::size_t) override { return wrongValue(); }
    bool end_array() override { return true; }
    bool end_object() override { return true; }
    bool start_object(std::size_t) override { return m_depth++ == 0 || wrongValue(); }
    bool key(string_t& token) override {
        m_token = token;
        return true;
    }
    bool number_unsigned(number_unsigned_t id) override {
        if (m_depth == 0 || id > static_cast<number_unsigned_t>(std::numeric_limits<int>::max()))
            return wrongValue();
        if (ids.size() == kMostTokens) {
            reason = "it holds more than " + std::to_string(kMostTokens) + " tokens";
            return false;
        }
        if (!ids.emplace(m_token, static_cast<int>(id)).second) {
            reason = "the token " + inQuotes(m_token) + " is listed twice";
            return false;
        }
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        reason = "vocab.json is not JSON: it breaks off or errs at byte " + std::to_string(position);
        return false;
    }

private:
    bool wrongValue() {
        reason = m_depth == 0 ? "vocab.json must be one object of tokens and their ids"
                              : "the id of the token " + inQuotes(m_token) + " is not a whole number from 0 on";
        return false;
    }
    int m_depth = 0;
    std::string m_token;
};

/// Calls `line` for each line (LF or CRLF) until it returns false.
template <class F>
void eachLine(std::string_view text, F line) {
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view one = text.substr(0, end);
        if (one.ends_with('\r'))
            one.remove_suffix(1);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line(++number, one))
            return;
    }
}

Result<std::vector<std::pair<std::string, std::string>>> parseMerges(std::string_view text, const fs::path& path,
                                                                     bool skipFirstLine) {
    std::vector<std::pair<std::string, std::string>> merges;
    std::unordered_set<std::string_view> seen; // views of `text`
    std::string reason;
    eachLine(text, [&](std::size_t number, std::string_view line) {
        if (number == 1 && (skipFirstLine || line.starts_with("#version")))
            return true;
        if (line.empty())
            return true;
        const std::size_t blank = line.find(' ');
        if (blank == 0 || blank == std::string_view::npos || blank + 1 == line.size() ||
            line.find(' ', blank + 1) != std::string_view::npos) {
            reason = "line " + std::to_string(number) + " of the merges is not two tokens with a blank between";
            return false;
        }
        if (!seen.insert(line).second) {
            reason = "line " + std::to_string(number) + " repeats the merge " + inQuotes(line);
            return false;
        }
        merges.emplace_back(line.substr(0, blank), line.substr(blank + 1));
        return merges.size() < kMostMerges;
    });
    if (!reason.empty())
        return invalid(path, std::move(reason));
    return merges;
}

/// A single byte, with or without the end of a word.
bool isByteToken(std::string_view token) {
    if (token.ends_with(kWordEnd) && token.size() > kWordEnd.size())
        token.remove_suffix(kWordEnd.size());
    return token.size() == 1 || (token.size() == 2 && (static_cast<unsigned char>(token[0]) & 0xE0) == 0xC0);
}

/// Tokens that no merge makes and that need none: markers such as <|pad|>.
bool isMarker(std::string_view token) {
    return token.size() > 2 && token.starts_with('<') && token.ends_with('>');
}

Result<Vocabulary> checked(Vocabulary vocabulary, const fs::path& path) {
    const auto& ids = vocabulary.ids;
    if (ids.empty())
        return invalid(path, "it holds no tokens");
    std::vector<const std::string*> byId(ids.size(), nullptr);
    for (const auto& [token, id] : ids) {
        if (static_cast<std::size_t>(id) >= byId.size())
            continue; // the hole that it leaves below is reported
        if (byId[static_cast<std::size_t>(id)])
            return invalid(path, "the id " + std::to_string(id) + " is given to " +
                                     inQuotes(std::min(token, *byId[static_cast<std::size_t>(id)])) + " and to " +
                                     inQuotes(std::max(token, *byId[static_cast<std::size_t>(id)])));
        byId[static_cast<std::size_t>(id)] = &token;
    }
    for (std::size_t id = 0; id < byId.size(); ++id)
        if (!byId[id])
            return invalid(path, "no token has the id " + std::to_string(id) + ", though there are " +
                                     std::to_string(byId.size()) + " tokens");
    const auto bos = ids.find(std::string(kBos)), eos = ids.find(std::string(kEos));
    if (bos == ids.end() || eos == ids.end())
        return invalid(path, "the token " + inQuotes(bos == ids.end() ? kBos : kEos) + " is missing");
    vocabulary.bos = bos->second;
    vocabulary.eos = eos->second;

    std::vector<bool> made(ids.size(), false);
    for (const auto& [left, right] : vocabulary.merges) {
        const std::string joined = left + right;
        for (const std::string* token : {&left, &right, &joined})
            if (!ids.contains(*token))
                return invalid(path, "the merge " + inQuotes(left + " " + right) + " needs the token " +
                                         inQuotes(*token) + ", which the vocabulary lacks");
        made[static_cast<std::size_t>(ids.at(joined))] = true;
    }
    std::size_t unmade = 0;
    const std::string* first = nullptr;
    for (std::size_t id = 0; id < byId.size(); ++id)
        if (!made[id] && !isByteToken(*byId[id]) && !isMarker(*byId[id])) {
            ++unmade;
            first = first ? first : byId[id];
        }
    if (unmade > 0)
        return invalid(path, "merges are missing: nothing makes " + std::to_string(unmade) + " of the " +
                                 std::to_string(ids.size()) + " tokens, such as " + inQuotes(*first));
    return vocabulary;
}

Result<Vocabulary> readJsonForm(const fs::path& folder) {
    const fs::path vocabPath = folder / "vocab.json", mergesPath = folder / "merges.txt";
    PLUMBLINE_TRY(const std::string json, readFile(vocabPath, kLargestFile));
    VocabularyHandler handler;
    if (!nlohmann::json::sax_parse(json, &handler))
        return invalid(vocabPath, handler.reason);
    PLUMBLINE_TRY(const std::string list, readFile(mergesPath, kLargestFile));
    Vocabulary vocabulary;
    vocabulary.ids = std::move(handler.ids);
    vocabulary.source = folder;
    PLUMBLINE_TRY(vocabulary.merges, parseMerges(list, mergesPath, false));
    return checked(std::move(vocabulary), folder);
}

Result<std::string> unpack(const fs::path& path) {
    PLUMBLINE_TRY(const std::string packed, readFile(path, kLargestFile));
    z_stream stream{};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) // 16: gzip
        return fail(ErrorCode::OutOfMemory, {{"what", encodePath(path)}, {"bytes", std::to_string(packed.size())}});
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data())); // zlib does not write to it
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string text, piece(std::size_t{1} << 16, '\0');
    int status = Z_OK;
    while (status == Z_OK && text.size() <= kLargestFile) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        status = inflate(&stream, Z_NO_FLUSH);
        text.append(piece, 0, piece.size() - stream.avail_out);
    }
    if (text.size() > kLargestFile)
        return invalid(path, "it unpacks to more than " + std::to_string(kLargestFile >> 20) + " MiB");
    if (status != Z_STREAM_END)
        return invalid(path, "it is not a whole gzip file");
    return text;
}

/// The list has no ids: 256 bytes, the same at the end of a word, one token a merge, then the two markers.
Result<Vocabulary> readGzForm(const fs::path& path) {
    PLUMBLINE_TRY(const std::string text, unpack(path));
    Vocabulary vocabulary;
    vocabulary.source = path;
    PLUMBLINE_TRY(vocabulary.merges, parseMerges(text, path, true));
    if (vocabulary.merges.empty())
        return invalid(path, "it holds no merges");
    std::optional<std::string> repeated;
    const auto add = [&](std::string token) {
        const int id = static_cast<int>(vocabulary.ids.size());
        if (!vocabulary.ids.emplace(token, id).second && !repeated)
            repeated = std::move(token);
    };
    for (const std::string_view end : {std::string_view(), kWordEnd})
        for (const unsigned char byte : byteOrder())
            add(byteAlphabet()[byte] + std::string(end));
    for (const auto& [left, right] : vocabulary.merges)
        add(left + right);
    add(std::string(kBos));
    add(std::string(kEos));
    if (repeated)
        return invalid(path, "two merges make the token " + inQuotes(*repeated));
    return checked(std::move(vocabulary), path);
}

bool isFile(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

bool hasJsonForm(const fs::path& folder) {
    return isFile(folder / "vocab.json") && isFile(folder / "merges.txt");
}

} // namespace

Result<Vocabulary> readVocabulary(const fs::path& fileOrFolder) {
    if (hasJsonForm(fileOrFolder))
        return readJsonForm(fileOrFolder);
    if (isFile(fileOrFolder / kGzName))
        return readGzForm(fileOrFolder / kGzName);
    if (isFile(fileOrFolder)) {
        const std::string name = fileOrFolder.filename().string();
        if ((name == "vocab.json" || name == "merges.txt") && hasJsonForm(fileOrFolder.parent_path()))
            return readJsonForm(fileOrFolder.parent_path());
        if (name.ends_with(".gz"))
            return readGzForm(fileOrFolder);
    }
    return fail(ErrorCode::VocabularyMissing, {{"path", encodePath(fileOrFolder)}});
}

Result<Vocabulary> makeVocabulary(std::unordered_map<std::string, int> ids,
                                  std::vector<std::pair<std::string, std::string>> merges, const fs::path& source) {
    Vocabulary vocabulary;
    vocabulary.ids = std::move(ids);
    vocabulary.merges = std::move(merges);
    vocabulary.source = source;
    return checked(std::move(vocabulary), source);
}

Result<void> writeVocabulary(const fs::path& folder, const Vocabulary& vocabulary) {
    std::string merges = "#version: 0.2\n";
    for (const auto& [left, right] : vocabulary.merges)
        merges += left + ' ' + right + '\n';
    PLUMBLINE_CHECK(writeFile(folder / "merges.txt", merges));
    return writeFile(folder / "vocab.json", nlohmann::json(vocabulary.ids).dump());
}

bool hasVocabulary(const fs::path& folder) {
    return hasJsonForm(folder) || isFile(folder / kGzName);
}

} // namespace plumbline::formats
