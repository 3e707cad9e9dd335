// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/counterfactual_sets.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <unordered_map>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/table_columns.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kSetColumns = {"counterfactual_set", "set", "set_id"};
constexpr std::array<std::string_view, 3> kCaptionColumns = {"caption", "title", "text"};
constexpr std::size_t kLargestCaptionFile = std::size_t{1} << 16U;

void example(std::vector<std::string>& list, std::string text) {
    if (list.size() < MatchReport::kExamples)
        list.push_back(std::move(text));
}

tl::unexpected<Error> invalid(const char* name, const std::string& value, const char* expected) {
    return fail(ErrorCode::InvalidArgument, {{"name", name}, {"value", encodeName(value)}, {"expected", expected}});
}

/// A template in pieces: a text, then a column with what stands for a row without a value, and so on.
struct Template {
    struct Place {
        std::string before, column, otherwise;
    };
    std::vector<Place> places;
    std::string end;

    static Result<Template> parse(const std::string& text) {
        Template result;
        std::size_t at = 0;
        for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', at)) {
            const std::size_t close = text.find('}', open);
            if (close == std::string::npos || close == open + 1)
                return invalid("the caption template", text, "a column's name between each { and }");
            const std::string inner = text.substr(open + 1, close - open - 1);
            const std::size_t bar = inner.find('|');
            result.places.push_back({text.substr(at, open - at), inner.substr(0, bar),
                                     bar == std::string::npos ? std::string() : inner.substr(bar + 1)});
            at = close + 1;
        }
        result.end = text.substr(at);
        if (trim(text).empty() || result.end.find('}') != std::string::npos)
            return invalid("the caption template", text, "words, with a column's name between each { and }");
        return result;
    }

    /// Empty where a value lacks that nothing stands for.
    template <class ValueOf>
    std::string fill(ValueOf&& valueOf) const {
        std::string text;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const std::string value = valueOf(i);
            if (value.empty() && places[i].otherwise.empty())
                return {};
            text += places[i].before + (value.empty() ? places[i].otherwise : value);
        }
        return text + end;
    }
};

std::vector<std::string> wordsOf(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;)
        words.push_back(word);
    return words;
}

bool isArticle(const std::string& word) {
    const std::string lower = toLowerAscii(word);
    return lower == "a" || lower == "an";
}

/// The longest sequence of words that both have, in order. The two indefinite articles are one word.
std::vector<std::string> commonWords(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const auto same = [](const std::string& x, const std::string& y) {
        return toLowerAscii(x) == toLowerAscii(y) || (isArticle(x) && isArticle(y));
    };
    std::vector<std::vector<std::size_t>> length(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
    for (std::size_t i = a.size(); i-- > 0;)
        for (std::size_t j = b.size(); j-- > 0;)
            length[i][j] = same(a[i], b[j]) ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
    std::vector<std::string> words;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (same(a[i], b[j])) {
            words.push_back(a[i++]);
            ++j;
        } else if (length[i + 1][j] >= length[i][j + 1]) {
            ++i;
        } else {
            ++j;
        }
    }
    return words;
}

std::string sentenceOf(std::vector<std::string> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (isArticle(words[i]) && i + 1 < words.size()) {
            words[i].resize(1); // the word behind it may be another now
            if (std::string_view("aeiouAEIOU").find(words[i + 1].front()) != std::string_view::npos)
                words[i] += 'n';
        }
        text += (i > 0 ? " " : "") + words[i];
    }
    return text;
}

/// One image on its way into a set.
struct Item {
    fs::path file;
    std::string set, caption;
};

/// Every set's captions become what they have in common.
void shareCaptions(std::vector<Item>& items) {
    std::map<std::string, std::optional<std::vector<std::string>>> common;
    std::map<std::string, std::set<std::string>> captions;
    for (const Item& item : items)
        captions[item.set].insert(item.caption);
    for (const auto& [set, texts] : captions)
        for (const std::string& text : texts) {
            std::optional<std::vector<std::string>>& words = common[set];
            words = words ? commonWords(*words, wordsOf(text)) : wordsOf(text);
        }
    for (Item& item : items)
        if (captions[item.set].size() > 1)
            item.caption = sentenceOf(*common[item.set]);
}

void assemble(std::vector<Item> items, const CounterfactualOptions& options, CounterfactualSets& result) {
    if (options.sharedCaption)
        shareCaptions(items);
    std::unordered_map<std::string, std::uint32_t> sets, captions;
    std::vector<std::int64_t> images;
    std::vector<std::set<std::uint32_t>> said;
    for (Item& item : items) {
        if (item.caption.empty()) {
            ++result.incomplete;
            example(result.incompleteExamples, encodePath(item.file) + ": the captions of its set share no word");
            continue;
        }
        const auto [set, isNewSet] = sets.try_emplace(item.set, static_cast<std::uint32_t>(sets.size()));
        if (isNewSet) {
            result.sets.push_back(encodeName(item.set));
            images.push_back(0);
            said.emplace_back();
        }
        const auto [caption, isNew] = captions.try_emplace(item.caption, static_cast<std::uint32_t>(captions.size()));
        if (isNew)
            result.images.captions.push_back(item.caption);
        ++images[set->second];
        said[set->second].insert(caption->second);
        result.images.pairs.push_back({static_cast<std::uint32_t>(result.images.files.size()), caption->second});
        result.images.files.push_back(std::move(item.file));
        result.images.setOf.push_back(set->second);
    }
    result.images.heldOut.assign(result.images.files.size(), false);
    for (std::size_t s = 0; s < images.size(); ++s) {
        if (images[s] == 1) {
            ++result.singles;
            example(result.singleExamples, result.sets[s]);
        }
        if (said[s].size() > 1) {
            ++result.mixed;
            example(result.mixedExamples, result.sets[s]);
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// A label table

Outcome<std::vector<Item>> fromTable(const fs::path& table, const fs::path& root, const CsvHeader& header,
                                     const CounterfactualOptions& options, CounterfactualSets& result,
                                     Feedback& feedback) {
    LabelOptions labels;
    labels.where = options.where;
    const auto ask = [&](const std::string& name, std::span<const std::string_view> usual) -> Result<void> {
        PLUMBLINE_TRY(const std::size_t column,
                      name.empty() ? requireOneOf(table, header, usual) : requireColumn(table, header, name));
        labels.columns.emplace_back(header.columns[column], header.columns[column]);
        return {};
    };
    PLUMBLINE_CHECK(ask(options.setColumn, kSetColumns));
    Template words{{{{}, {}, {}}}, {}}; // the caption alone
    if (options.captionTemplate.empty()) {
        PLUMBLINE_CHECK(ask(options.captionColumn, kCaptionColumns));
    } else {
        PLUMBLINE_TRY(words, Template::parse(options.captionTemplate));
        for (const Template::Place& place : words.places)
            PLUMBLINE_CHECK(ask(place.column, {}));
    }
    PLUMBLINE_TRY(const ImageSet set, readImageSet(root, table, labels, feedback));
    result.rows = set.report.tableRows;
    result.filteredRows = set.report.filteredRows;
    result.missing = set.report.missing;
    result.missingExamples = set.report.missingExamples;
    result.duplicates = set.report.duplicates;
    result.duplicateExamples = set.report.duplicateExamples;
    result.incomplete = set.report.invalidRows;
    result.incompleteExamples = set.report.invalidExamples;

    std::vector<Item> items;
    const auto value = [&set](std::size_t column, std::size_t row) {
        const Attribute& attribute = set.attributes[column];
        const std::int32_t code = attribute.codes[row];
        return code == Attribute::kUnlabelled ? std::string() : attribute.groups[static_cast<std::size_t>(code)];
    };
    for (std::size_t row = 0; row < set.files.size(); ++row) {
        Item item{set.root / set.files[row], value(0, row),
                  words.fill([&](std::size_t place) { return value(place + 1, row); })};
        if (item.set.empty() || item.caption.empty()) {
            ++result.incomplete;
            example(result.incompleteExamples,
                    encodeName(set.files[row]) + (item.set.empty() ? ": no set" : ": no caption"));
            continue;
        }
        items.push_back(std::move(item));
    }
    return items;
}

// ---------------------------------------------------------------------------------------------------------------------
// SocialCounterfactuals as its generation leaves it

/// A name like FILENAME_3_41 in parts; nothing for any other.
struct GeneratedName {
    std::string filename, number;
    std::size_t caption = 0;

    static std::optional<GeneratedName> parse(const std::string& stem) {
        const std::size_t last = stem.rfind('_');
        const std::size_t middle = last == std::string::npos || last == 0 ? last : stem.rfind('_', last - 1);
        if (last == std::string::npos || middle == std::string::npos || middle == 0 || middle >= last)
            return std::nullopt;
        const std::optional<std::int64_t> caption = parseInteger(stem.substr(middle + 1, last - middle - 1));
        const std::string number = stem.substr(last + 1);
        if (!caption || *caption < 0 || !parseInteger(number))
            return std::nullopt;
        return GeneratedName{stem.substr(0, middle), number, static_cast<std::size_t>(*caption)};
    }
};

struct GeneratedRow {
    std::string seed, rank;
    std::vector<std::string> captions;
    bool used = false;
};

Outcome<std::vector<Item>> fromGeneration(const fs::path& table, const fs::path& root, CounterfactualSets& result,
                                          Feedback& feedback) {
    std::map<std::string, std::vector<GeneratedRow>> rows; // by filename
    const auto addRow = [&](const CsvHeader& header, std::size_t line, const std::vector<std::string>& fields) {
        ++result.rows;
        if (fields.size() != header.columns.size()) {
            ++result.incomplete;
            example(result.incompleteExamples, "line " + std::to_string(line) + ": " + std::to_string(fields.size()) +
                                                   " fields instead of " + std::to_string(header.columns.size()));
            return;
        }
        GeneratedRow row;
        std::string filename;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::string column = toLowerAscii(header.columns[i]);
            const std::string field(trim(fields[i]));
            if (column == "filename")
                filename = field;
            else if (column == "seed")
                row.seed = field;
            else if (column == "rank")
                row.rank = field;
            else if (column.starts_with("caption_"))
                if (const auto number = parseInteger(column.substr(8)); number && *number >= 0 && *number < 10000) {
                    row.captions.resize(std::max(row.captions.size(), static_cast<std::size_t>(*number) + 1));
                    row.captions[static_cast<std::size_t>(*number)] = field;
                }
        }
        rows[filename].push_back(std::move(row));
    };
    PLUMBLINE_CHECK(readCsv(table, addRow, &feedback));
    PLUMBLINE_TRY(const std::vector<std::string> files, listImages(root, feedback));
    std::vector<Item> items;
    for (const std::string& file : files) {
        const auto leaveOut = [&](const char* why) {
            ++result.incomplete;
            example(result.incompleteExamples, encodeName(file) + ": " + why);
        };
        const std::optional<GeneratedName> name = GeneratedName::parse(fs::path(file).stem().string());
        if (!name) {
            leaveOut("its name does not end in a caption's number and one more");
            continue;
        }
        const auto found = rows.find(name->filename);
        if (found == rows.end()) {
            leaveOut("no row of the table has its filename");
            continue;
        }
        GeneratedRow* row = &found->second.front();
        for (GeneratedRow& candidate : found->second)
            if (candidate.rank == name->number || candidate.seed == name->number)
                row = &candidate;
        row->used = true;
        if (name->caption >= row->captions.size() || row->captions[name->caption].empty()) {
            leaveOut("the table has no caption of its number");
            continue;
        }
        const std::string folder = fs::path(file).parent_path().string();
        items.push_back({root / file, (folder.empty() ? "" : folder + '/') + name->filename + '_' + name->number,
                         row->captions[name->caption]});
    }
    for (const auto& [filename, of] : rows)
        for (const GeneratedRow& row : of)
            if (!row.used) {
                ++result.missing;
                example(result.missingExamples, encodeName(filename));
            }
    return items;
}

// ---------------------------------------------------------------------------------------------------------------------
// A folder of sets

/// "a_photo_of_a_nurse-03" -> "a photo of a nurse".
std::string wordsInName(std::string name) {
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '_' || c == '-'; }, ' ');
    std::vector<std::string> words = wordsOf(name);
    while (words.size() > 1 && parseInteger(words.back()))
        words.pop_back();
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

Outcome<std::map<std::string, std::string>> readFolderCaptions(const fs::path& table, CounterfactualSets& result,
                                                               Feedback& feedback) {
    std::map<std::string, std::string> captions; // by set or file
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(table));
    constexpr std::array<std::string_view, 3> names = {"set", "file", "image"};
    PLUMBLINE_TRY(const std::size_t nameField, requireOneOf(table, header, names));
    PLUMBLINE_TRY(const std::size_t captionField, requireOneOf(table, header, kCaptionColumns));
    const auto addRow = [&](const CsvHeader&, std::size_t line, const std::vector<std::string>& fields) {
        if (fields.size() == header.columns.size() && !trim(fields[captionField]).empty()) {
            captions.try_emplace(std::string(trim(fields[nameField])), trim(fields[captionField]));
            return;
        }
        ++result.incomplete;
        example(result.incompleteExamples, "captions.csv, line " + std::to_string(line) + ": no caption");
    };
    PLUMBLINE_CHECK(readCsv(table, addRow, &feedback));
    return captions;
}

Outcome<std::vector<Item>> fromFolder(const fs::path& folder, const CounterfactualOptions& options,
                                      CounterfactualSets& result, Feedback& feedback) {
    if (!options.where.empty() || !options.setColumn.empty() || !options.captionColumn.empty())
        return invalid("a column or a filter", encodePath(folder), "a table of counterfactual sets, not a folder");
    std::optional<Template> words;
    if (!options.captionTemplate.empty()) {
        PLUMBLINE_TRY(words, Template::parse(options.captionTemplate));
        for (const Template::Place& place : words->places)
            if (place.column != "folder")
                return invalid("the caption template", options.captionTemplate,
                               "{folder} alone, where a folder of sets has no columns");
    }
    std::error_code ignored;
    std::map<std::string, std::string> captions;
    const bool hasTable = fs::exists(folder / "captions.csv", ignored);
    if (hasTable) {
        PLUMBLINE_TRY(captions, readFolderCaptions(folder / "captions.csv", result, feedback));
    }
    PLUMBLINE_TRY(const std::vector<std::string> files, listImages(folder, feedback));
    result.rows = static_cast<std::int64_t>(files.size());
    std::map<std::string, std::string> captionOf; // of each set, as its folder says it
    std::vector<Item> items;
    for (const std::string& file : files) {
        const std::string set = fs::path(file).parent_path().string();
        std::string caption;
        if (const auto [known, isNew] = captionOf.try_emplace(set); isNew && !set.empty()) {
            const std::string name = wordsInName(fs::path(set).filename().string());
            known->second = words ? words->fill([&name](std::size_t) { return name; }) : name;
            for (const char* text : {"caption.txt", "captions.txt"})
                if (!words && fs::exists(folder / set / text, ignored)) {
                    PLUMBLINE_TRY(const std::string bytes, readFile(folder / set / text, kLargestCaptionFile));
                    std::istringstream lines(bytes);
                    known->second.clear();
                    for (std::string line; known->second.empty() && std::getline(lines, line);)
                        known->second = trim(line);
                    break;
                }
        }
        caption = captionOf[set];
        if (hasTable && !words) {
            caption.clear();
            for (const std::string& name : {set, file})
                if (const auto said = captions.find(name); said != captions.end())
                    caption = said->second; // of a file before that of its set
        }
        if (set.empty() || caption.empty()) {
            ++result.incomplete;
            example(result.incompleteExamples,
                    encodeName(file) + (set.empty() ? ": not in a folder of a set" : ": no caption"));
            continue;
        }
        items.push_back({folder / file, set, caption});
    }
    return items;
}

} // namespace

Outcome<CounterfactualSets> readCounterfactualSets(const fs::path& tableOrFolder, const fs::path& root,
                                                   const CounterfactualOptions& options, Feedback& feedback) {
    CounterfactualSets result;
    std::vector<Item> items;
    std::error_code ignored;
    fs::path images = root.empty() ? tableOrFolder.parent_path() : root;
    if (images.empty())
        images = ".";
    if (fs::is_directory(tableOrFolder, ignored)) {
        if (!root.empty())
            return invalid("the folder of the images", encodePath(root), "none, since a folder of sets holds its own");
        PLUMBLINE_TRY(items, fromFolder(tableOrFolder, options, result, feedback));
    } else {
        PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(tableOrFolder));
        if (findColumn(header, "caption_0") && findColumn(header, "filename")) {
            if (!options.where.empty() || !options.setColumn.empty() || !options.captionColumn.empty() ||
                !options.captionTemplate.empty())
                return invalid("a column, a filter or a template", encodePath(tableOrFolder),
                               "a table with a row for each image; this one has a row for each set");
            PLUMBLINE_TRY(items, fromGeneration(tableOrFolder, images, result, feedback));
        } else {
            PLUMBLINE_TRY(items, fromTable(tableOrFolder, images, header, options, result, feedback));
        }
    }
    assemble(std::move(items), options, result);
    if (result.images.files.empty())
        return fail(ErrorCode::LabelsMatchNothing,
                    {{"labels", encodePath(tableOrFolder)}, {"images", encodePath(images)}});
    return result;
}

} // namespace plumbline::formats
