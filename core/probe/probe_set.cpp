// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/probe/probe_set.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/data/probe_templates.h"
#include "core/formats/csv.h"
#include "core/formats/table_columns.h"
#include "core/formats/text_file.h"
#include "embedded/class_sets.h"
#include "embedded/probe_sets.h"

namespace plumbline::probe {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20;
constexpr std::int64_t kMostPrompts = 1'000'000;
constexpr std::string_view kPlace = "{}";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

tl::unexpected<Error> invalid(std::string_view path, std::string reason) {
    return fail(ErrorCode::ProbeInvalid, {{"path", std::string(path)}, {"reason", std::move(reason)}});
}

/// What a set must hold, whatever file it comes from.
Result<ProbeSet> checked(ProbeSet probe, std::string_view path) {
    if (probe.concepts.empty())
        return fail(ErrorCode::ProbeEmpty, {{"name", probe.name}});
    if (std::vector<std::string> found = faults(probe); !found.empty())
        return invalid(path, std::move(found.front()));
    return probe;
}

/// A text, or a number as its text ("version": 2).
std::string textOf(const nlohmann::json& json, const char* field) {
    const auto found = json.find(field);
    if (found == json.end() || found->is_null())
        return {};
    return found->is_number() ? found->dump() : found->get<std::string>();
}

/// The CSV of published code: padded with blanks, the shorter column filled up with empty fields.
Result<ProbeSet> readCsvForm(const fs::path& path) {
    ProbeSet probe;
    probe.name = encodeName(path.stem().native());
    const auto tableError = [&path](const Error& error) -> tl::unexpected<Error> {
        if (error.code == ErrorCode::LabelTableInvalid)
            return invalid(encodePath(path),
                           "line " + std::string(error.arg("line")) + ": " + std::string(error.arg("reason")));
        return tl::unexpected(error);
    };
    const auto header = formats::readCsvHeader(path);
    if (!header)
        return tableError(header.error());
    const auto templates = formats::findColumn(*header, "template"), concepts = formats::findColumn(*header, "concept"),
               groups = formats::findColumn(*header, "group");
    if (!concepts)
        return invalid(encodePath(path), "its first line must name a column “concept” (and “template”)");
    std::string reason;
    const auto addRow = [&](const formats::CsvHeader&, std::size_t line, const std::vector<std::string>& fields) {
        const auto field = [&fields](std::optional<std::size_t> column) {
            return column && *column < fields.size() ? std::string(trim(fields[*column])) : std::string();
        };
        for (const std::string& text : fields)
            if (!isUtf8(text) && reason.empty())
                reason = "line " + std::to_string(line) + " is not UTF-8";
        if (std::string text = field(templates); !text.empty())
            probe.templates.push_back(std::move(text));
        if (std::string text = field(concepts); !text.empty())
            probe.concepts.push_back({std::move(text), field(groups)});
    };
    const auto read = formats::readCsv(path, addRow);
    if (!read)
        return tableError(read.error().error());
    if (!reason.empty())
        return invalid(encodePath(path), std::move(reason));
    return checked(std::move(probe), encodePath(path));
}

/// A plain list, as the window's editor has it: one entry a line, templates are the lines with {}, “# group” starts a
/// group, “\\#” is a # at the start of a concept.
Result<ProbeSet> parseLines(std::string_view text, std::string name, std::string_view path) {
    ProbeSet probe;
    probe.name = std::move(name);
    std::map<std::string, std::size_t, std::less<>> lineOf;
    std::string group;
    if (text.starts_with(kByteOrderMark))
        text.remove_prefix(kByteOrderMark.size());
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = text.find('\n');
        std::string_view entry = trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!isUtf8(entry) || entry.find('\0') != std::string_view::npos)
            return invalid(path, "line " + std::to_string(line) + " is not UTF-8");
        if (entry.empty())
            continue;
        if (entry.starts_with('#')) {
            group = trim(entry.substr(1));
            continue;
        }
        if (entry.starts_with("\\#"))
            entry.remove_prefix(1);
        if (const auto [first, isNew] = lineOf.try_emplace(std::string(entry), line); !isNew)
            return invalid(path, "“" + std::string(entry) + "” is there twice, in the lines " +
                                     std::to_string(first->second) + " and " + std::to_string(line));
        if (entry.find(kPlace) != std::string_view::npos || attributePlace(entry))
            probe.templates.emplace_back(entry);
        else
            probe.concepts.push_back({std::string(entry), group});
    }
    if (probe.concepts.empty() && !probe.templates.empty())
        return invalid(path, "every line is a template with {}, without a concept to put into it: add the concepts to "
                             "the file, one a line");
    return checked(std::move(probe), path);
}

/// Lists of texts by their category, as word lists are published. A text of several categories is one concept, whose
/// group names them all.
std::vector<Concept> conceptsByCategory(const nlohmann::json& json) {
    std::vector<Concept> concepts;
    std::map<std::string, std::pair<std::size_t, std::string>> seen; // the concept, and the category it was last in
    for (const auto& [category, list] : json.items())
        for (auto& text : list.get<std::vector<std::string>>()) {
            const auto [found, isNew] = seen.try_emplace(text, concepts.size(), category);
            if (isNew || found->second.second == category) { // twice in one category is a fault, said by checked()
                concepts.push_back({std::move(text), category});
                continue;
            }
            found->second.second = category;
            concepts[found->second.first].group += ", " + category;
        }
    return concepts;
}

bool isListOfTexts(const nlohmann::json& json) {
    return json.is_array() && std::ranges::all_of(json, [](const nlohmann::json& one) { return one.is_string(); });
}

bool isListsByCategory(const nlohmann::json& json) {
    return json.is_object() && !json.empty() && !json.contains("concepts") && !json.contains("templates") &&
           std::ranges::all_of(json, isListOfTexts);
}

/// What is wrong with the attribute's words of a template; nothing: empty.
std::string attributeFault(const std::string& text) {
    const auto place = attributePlace(text);
    if (!place)
        return {};
    if (attributePlace(text, place->at + place->length))
        return "the template “" + text + "” has two places for an attribute's words";
    std::set<std::string_view> seen;
    for (const std::string& word : place->words) {
        if (word.empty())
            return "the template “" + text + "” has an empty word beside a |";
        if (!seen.insert(word).second)
            return "the template “" + text + "” has the word “" + word + "” twice";
    }
    return {};
}

} // namespace

std::vector<std::string> faults(const ProbeSet& probe) {
    std::vector<std::string> found;
    std::set<std::string_view> seen;
    for (const std::string& text : probe.templates) {
        const std::size_t place = text.find(kPlace);
        if (place == std::string::npos)
            found.push_back("the template “" + text + "” has no {} for the concept");
        else if (text.find(kPlace, place + 1) != std::string::npos)
            found.push_back("the template “" + text + "” has more than one {}");
        if (std::string fault = attributeFault(text); !fault.empty())
            found.push_back(std::move(fault));
        if (!seen.insert(text).second)
            found.push_back("the template “" + text + "” is there twice");
    }
    seen.clear();
    for (const Concept& concept_ : probe.concepts) {
        if (trim(concept_.text).empty())
            found.emplace_back("a concept is empty");
        else if (!seen.insert(concept_.text).second)
            found.push_back("the concept “" + concept_.text + "” is there twice");
    }
    if (countPrompts(probe) > kMostPrompts)
        found.push_back("it asks for more than " + std::to_string(kMostPrompts) + " prompts");
    return found;
}

/// Whether "an" goes before it; by its letters and the usual exceptions, which is enough for a hint.
static bool soundsLikeAVowel(std::string_view word) {
    const auto begins = [word](std::string_view start) { return word.starts_with(start); };
    constexpr std::string_view kSilentH[] = {"hour", "honest", "honor", "honour", "heir"};
    // As in "you" or "won"; "unidentified" and "onerous" are not.
    constexpr std::string_view kConsonant[] = {"unico", "unifo", "unio", "uniq", "unit", "univ", "eu",
                                               "use",   "usu",   "one-", "once"};
    if (std::ranges::any_of(kSilentH, begins))
        return true;
    return std::string_view("aeiou").find(word.front()) != std::string_view::npos && word != "one" &&
           !std::ranges::any_of(kConsonant, begins);
}

std::vector<std::string> articleHints(const ProbeSet& probe) {
    std::vector<std::string> hints;
    for (const std::string& text : probe.templates) {
        const auto place = attributePlace(text);
        if (!place)
            continue;
        const std::string before = " " + toLowerAscii(text.substr(0, place->at));
        const bool a = before.ends_with(" a "), an = before.ends_with(" an ");
        if (!a && !an)
            continue;
        for (const std::string& word : place->words)
            if (!word.empty() && soundsLikeAVowel(toLowerAscii(word)) != an)
                hints.push_back("“" + std::string(a ? "a " : "an ") + word + "” in the template “" + text +
                                "”: write the article beside each word, as in {a man|an old man}");
    }
    return hints;
}

std::vector<Prompt> expand(const ProbeSet& probe) {
    std::vector<Prompt> prompts;
    const int concepts = static_cast<int>(probe.concepts.size());
    if (probe.templates.empty()) {
        for (int c = 0; c < concepts; ++c)
            prompts.push_back({probe.concepts[static_cast<std::size_t>(c)].text, c, -1});
        return prompts;
    }
    const std::vector<std::string> templates = plainTemplates(probe);
    prompts.reserve(templates.size() * probe.concepts.size());
    for (int t = 0; t < static_cast<int>(templates.size()); ++t) {
        const std::string& text = templates[static_cast<std::size_t>(t)];
        const std::size_t place = text.find(kPlace);
        for (int c = 0; c < concepts; ++c) {
            std::string prompt = text;
            if (place != std::string::npos)
                prompt.replace(place, kPlace.size(), probe.concepts[static_cast<std::size_t>(c)].text);
            prompts.push_back({std::move(prompt), c, t});
        }
    }
    return prompts;
}

ProbeSet handWritten(const std::vector<std::string>& prompts) {
    ProbeSet probe;
    for (const std::string& prompt : prompts)
        probe.concepts.push_back({prompt, {}});
    return probe;
}

Result<ProbeSet> parseProbeSet(std::string_view text, std::string_view name) {
    PLUMBLINE_TRY(const nlohmann::json json, parseJson(text, name));
    if (isListOfTexts(json) || isListsByCategory(json)) {
        ProbeSet probe = json.is_array() ? handWritten(json.get<std::vector<std::string>>()) : ProbeSet();
        if (json.is_object())
            probe.concepts = conceptsByCategory(json);
        probe.name = encodeName(fs::path(name).stem().native());
        return checked(std::move(probe), name);
    }
    if (!json.is_object() || !(json.contains("concepts") || json.contains("templates")))
        return invalid(name, "a probe set is an object with “templates” and “concepts”, an object that names lists of "
                             "texts by their category, or a list of texts");
    ProbeSet probe;
    try {
        probe.name = textOf(json, "name");
        probe.version = textOf(json, "version");
        probe.source = textOf(json, "source");
        probe.templates = json.value("templates", std::vector<std::string>());
        for (const nlohmann::json& one : json.value("concepts", std::vector<nlohmann::json>())) {
            if (one.is_string())
                probe.concepts.push_back({one.get<std::string>(), {}});
            else
                probe.concepts.push_back({one.at("text").get<std::string>(), textOf(one, "group")});
        }
    } catch (const nlohmann::json::exception&) {
        return invalid(name, "“templates” must be a list of texts, “concepts” a list of texts or of "
                             "{\"text\": …, \"group\": …}, and “name”, “version” and “source” texts");
    }
    if (probe.name.empty())
        probe.name = encodeName(fs::path(name).stem().native());
    return checked(std::move(probe), name);
}

Result<ProbeSet> readProbeSet(const fs::path& path) {
    const std::string extension = toLowerAscii(path.extension().native());
    if (extension == ".csv" || extension == ".tsv")
        return readCsvForm(path);
    PLUMBLINE_TRY(const std::string text, formats::readFile(path, kLargestFile));
    if (extension == ".txt")
        return parseLines(text, encodeName(path.stem().native()), encodePath(path));
    return parseProbeSet(text, encodePath(path));
}

std::vector<ProbeSet> builtInProbeSets() {
    std::vector<ProbeSet> sets;
    for (const std::string_view text : embedded::probe_sets)
        if (auto probe = parseProbeSet(text, "built-in")) // a fault in one of our own files is found by the tests
            sets.push_back(std::move(*probe));
    return sets;
}

Result<ProbeSet> namedProbeSet(const std::string& nameOrFile) {
    std::error_code ignored;
    for (ProbeSet& builtIn : builtInProbeSets())
        if (builtIn.name == nameOrFile && !std::filesystem::exists(nameOrFile, ignored))
            return std::move(builtIn);
    return readProbeSet(nameOrFile);
}

ProbeSet harmLabelSet() {
    return parseProbeSet(embedded::class_sets[0], "built-in").value_or(ProbeSet());
}

std::string contentSha256(const ProbeSet& probe) {
    // With their lengths, so that no two lists of texts read the same.
    std::string content;
    const auto add = [&content](std::string_view kind, std::string_view text) {
        content.append(kind).append(std::to_string(text.size())).append(":").append(text);
    };
    for (const std::string& text : probe.templates)
        add("t", text);
    for (const Concept& concept_ : probe.concepts)
        add("c", concept_.text);
    return sha256(content);
}

} // namespace plumbline::probe
