// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/label_table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <cerrno>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <span>
#include <string_view>
#include <system_error>

#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/file_index.h"
#include "core/formats/table_columns.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 8> kExtensions = {".jpg", ".jpeg", ".png", ".webp",
                                                         ".bmp", ".tif",  ".tiff", ".gif"};

/// A column that nobody asked for by name becomes an attribute only if it looks like one.
constexpr std::size_t kMostGroups = 200;
constexpr std::size_t kFewRows = 10; ///< up to here, values that are all different may still be groups
constexpr std::size_t kShownValues = 20;
constexpr std::size_t kBetweenQuestions = 4096; ///< rows between two looks at feedback.cancelled()

void example(std::vector<std::string>& list, std::string text) {
    if (list.size() < MatchReport::kExamples)
        list.push_back(std::move(text));
}

// ---------------------------------------------------------------------------------------------------------------------
// Values

/// One attribute on its way from the table.
struct RawColumn {
    LabelPreset::Column rule;
    std::size_t field = 0;
    bool guessed = false; ///< taken because it is there, not because it was asked for
    bool dropped = false; ///< guessed wrong: too many values
    InternedValues values;
};

/// Applies a column's rules to each distinct text, then to the rows that belong to the set.
Attribute finish(const RawColumn& column, std::span<const std::size_t> rows, const std::vector<std::string>& unknown,
                 MatchReport& report) {
    const std::vector<std::string>& texts = column.values.texts();
    std::vector<std::string> meaning(texts.size()); // empty: no value
    std::vector<bool> repaired(texts.size(), false);
    for (std::size_t v = 0; v < texts.size(); ++v) {
        std::string text = encodeName(trim(texts[v]));
        for (const auto& [found, meant] : column.rule.repairs)
            if (!repaired[v] && toLowerAscii(found) == toLowerAscii(text)) {
                text = meant;
                repaired[v] = true;
            }
        const auto& names = column.rule.names;
        const auto named = std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == text; });
        if (named != names.end())
            text = named->second;
        if (!isUnknownValue(text, unknown))
            meaning[v] = std::move(text);
    }

    std::vector<std::int32_t> codes;
    codes.reserve(rows.size());
    std::vector<std::int64_t> counts(texts.size(), 0);
    for (const std::size_t row : rows) {
        codes.push_back(column.values.codes()[row]);
        ++counts[static_cast<std::size_t>(codes.back())];
    }
    Attribute attribute = groupValues(column.rule.attribute, meaning, codes);

    MatchReport::Unlabelled unlabelled{attribute.name, attribute.unlabelled(), {}};
    for (std::size_t v = 0; v < texts.size(); ++v) {
        std::string text = encodeName(trim(texts[v]));
        if (counts[v] > 0 && repaired[v])
            report.repairs.push_back({attribute.name, text, meaning[v], counts[v]});
        if (counts[v] > 0 && meaning[v].empty() && unlabelled.values.size() < kShownValues)
            unlabelled.values.push_back(std::move(text));
    }
    if (unlabelled.rows > 0)
        report.unlabelled.push_back(std::move(unlabelled));
    return attribute;
}

/// Why a guessed column is no attribute; empty if it is one.
std::string_view whyNoAttribute(const Attribute& attribute) {
    const std::size_t labelled = attribute.codes.size() - static_cast<std::size_t>(attribute.unlabelled());
    if (labelled == 0)
        return "it holds no values";
    if (attribute.groups.size() > kMostGroups)
        return "it holds more than 200 different values";
    if (attribute.groups.size() == labelled && labelled > kFewRows)
        return "no two of its values are the same";
    return {};
}

void logDropped(const RawColumn& column, std::string_view why, Feedback& feedback) {
    feedback.log("The column “" + column.rule.attribute + "” is not used as an attribute: " + std::string(why) + ".");
}

// ---------------------------------------------------------------------------------------------------------------------
// Files

/// Turns the names of a table into paths relative to the image folder. Both folders are canonical.
class NameResolver {
public:
    NameResolver(const fs::path& base, const fs::path& root) : m_base(base), m_root(root.native()) {
        if (m_root.back() != '/')
            m_root += '/';
        std::string from = base.native();
        if (from.back() != '/')
            from += '/';
        if (from.starts_with(m_root))
            m_add = from.substr(m_root.size()); // the table lies in the image folder
        else if (m_root.starts_with(from))
            m_strip = m_root.substr(from.size()); // above it
        else
            m_apart = true;
    }

    /// Empty if the name leads outside the image folder.
    std::string resolve(const std::string& name) const {
        if (name.empty())
            return {};
        if (name.find('\0') != std::string::npos)
            return {};
        const bool plain = !m_apart && name.front() != '/' && name.find("./") == std::string::npos &&
                           name.find("//") == std::string::npos;
        if (plain)
            return name.starts_with(m_strip) ? m_add + name.substr(m_strip.size()) : std::string();
        const std::string path = (m_base / name).lexically_normal().native();
        return path.starts_with(m_root) ? path.substr(m_root.size()) : std::string();
    }

    /// The file that a table means, tried as it is written and then without its commonest slips. Empty: there is none.
    std::string find(const std::string& name, FileIndex& files) const {
        const auto tried = [&](const std::string& text) {
            std::string relative = resolve(text);
            return !relative.empty() && files.exists(relative) ? relative : std::string();
        };
        if (std::string found = tried(name); !found.empty())
            return found;
        std::string tidy(trim(name));
        std::replace(tidy.begin(), tidy.end(), '\\', '/'); // written on Windows
        return tidy == name ? std::string() : tried(tidy);
    }

private:
    fs::path m_base;
    std::string m_root, m_add, m_strip;
    bool m_apart = false;
};

Result<fs::path> canonicalFolder(const fs::path& folder) {
    std::error_code error;
    fs::path path = fs::canonical(folder, error);
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
        return fail(ErrorCode::FileNotFound, {{"path", encodePath(folder)}});
    if (error)
        return unreadable(folder, error.value());
    if (!fs::is_directory(path, error))
        return unreadable(folder, ENOTDIR);
    return path;
}

// ---------------------------------------------------------------------------------------------------------------------
// The two ways to an image set

/// The rows of a label table as they stand.
struct TableRows {
    std::vector<std::string> names; ///< of the files, raw bytes
    std::vector<std::string> filteredNames; ///< of the rows that the filter left out
    std::vector<RawColumn> columns;
    std::size_t fileField = 0, fields = 0;
    std::vector<std::pair<std::size_t, std::string>> where; ///< field, value
};

/// Settles which columns are read, before any row is.
Result<TableRows> chooseColumns(const fs::path& path, const CsvHeader& header, const LabelPreset& preset,
                                const LabelOptions& options) {
    TableRows table;
    table.fields = header.columns.size();
    const std::string& fileColumn = options.fileColumn.empty() ? preset.fileColumn : options.fileColumn;
    if (!fileColumn.empty()) {
        PLUMBLINE_TRY(table.fileField, requireColumn(path, header, fileColumn));
    } else {
        PLUMBLINE_TRY(table.fileField, requireOneOf(path, header, kFileColumns));
    }
    for (const auto& [column, value] : options.where) {
        PLUMBLINE_TRY(const std::size_t field, requireColumn(path, header, column));
        table.where.emplace_back(field, trim(value));
    }

    const auto ruleOf = [&preset](const std::string& column) {
        for (const LabelPreset::Column& rule : preset.columns)
            if (toLowerAscii(rule.column) == toLowerAscii(column))
                return rule;
        return LabelPreset::Column{column, column, {}, {}};
    };
    if (!options.columns.empty()) {
        for (const auto& [column, attribute] : options.columns) {
            RawColumn raw;
            PLUMBLINE_TRY(raw.field, requireColumn(path, header, column));
            raw.rule = ruleOf(column);
            raw.rule.attribute = attribute.empty() ? column : attribute;
            table.columns.push_back(std::move(raw));
        }
    } else if (!preset.columns.empty()) {
        for (const LabelPreset::Column& rule : preset.columns) {
            if (rule.attribute.empty())
                continue; // bookkeeping
            RawColumn raw;
            PLUMBLINE_TRY(raw.field, requireColumn(path, header, rule.column));
            raw.rule = rule;
            table.columns.push_back(std::move(raw));
        }
    } else {
        std::set<std::string> seen;
        for (std::size_t i = 0; i < header.columns.size(); ++i) {
            const std::string& column = header.columns[i];
            if (i == table.fileField || column.empty() || !seen.insert(column).second)
                continue;
            RawColumn raw;
            raw.rule = ruleOf(column);
            raw.field = i;
            raw.guessed = true;
            table.columns.push_back(std::move(raw));
        }
    }
    return table;
}

Outcome<void> readRows(const fs::path& path, TableRows& table, MatchReport& report, Feedback& feedback) {
    const auto addRow = [&](const CsvHeader&, std::size_t line, const std::vector<std::string>& fields) {
        ++report.tableRows;
        std::string wrong;
        if (fields.size() != table.fields)
            wrong = std::to_string(fields.size()) + " fields instead of " + std::to_string(table.fields);
        else if (trim(fields[table.fileField]).empty())
            wrong = "no file name";
        if (!wrong.empty()) {
            ++report.invalidRows;
            example(report.invalidExamples, "line " + std::to_string(line) + ": " + wrong);
            return;
        }
        const auto asked = [&fields](const auto& condition) { return trim(fields[condition.first]) == condition.second; };
        if (!std::all_of(table.where.begin(), table.where.end(), asked)) {
            ++report.filteredRows;
            table.filteredNames.push_back(fields[table.fileField]);
            return;
        }
        table.names.push_back(fields[table.fileField]);
        for (RawColumn& column : table.columns) {
            if (column.dropped)
                continue;
            column.values.add(fields[column.field]);
            // Twice the limit: some of the texts may be repaired, unknown or belong to files that are not there.
            if (column.guessed && column.values.texts().size() > 2 * kMostGroups) {
                column.dropped = true;
                column.values = {};
                logDropped(column, "it holds more than 200 different values", feedback);
            }
        }
    };
    PLUMBLINE_TRY([[maybe_unused]] const CsvHeader header, readCsv(path, addRow, &feedback));
    return {};
}

/// Finds the rows' files, fills set.files and the counts; returns the rows that belong to the set.
Outcome<std::vector<std::size_t>> matchRows(const fs::path& root, const fs::path& tableFolder, const TableRows& table,
                                            FileIndex& files, ImageSet& set, Feedback& feedback) {
    const auto stopped = [&feedback](std::size_t row) { return row % kBetweenQuestions == 0 && feedback.cancelled(); };
    const auto total = static_cast<std::int64_t>(table.names.size());
    const auto located = [&](const NameResolver& resolver) -> Outcome<std::vector<std::string>> {
        std::vector<std::string> paths(table.names.size());
        for (std::size_t row = 0; row < paths.size(); ++row) {
            if (stopped(row))
                return tl::unexpected<Stop>(Cancelled{});
            if (row % kBetweenQuestions == 0)
                feedback.progress("matching-images", static_cast<std::int64_t>(row), total);
            paths[row] = resolver.find(table.names[row], files);
        }
        return paths;
    };
    const auto count = [](const std::vector<std::string>& paths) {
        return std::count_if(paths.begin(), paths.end(), [](const std::string& p) { return !p.empty(); });
    };
    const NameResolver besideTable(tableFolder, root), underRoot(root, root);
    PLUMBLINE_TRY(std::vector<std::string> paths, located(besideTable));
    const NameResolver* used = &besideTable;
    if (tableFolder != root && count(paths) < total) {
        PLUMBLINE_TRY(std::vector<std::string> others, located(underRoot));
        if (count(others) > count(paths)) {
            paths = std::move(others);
            used = &underRoot;
        }
    }

    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < paths.size(); ++row) {
        const std::string& name = table.names[row];
        if (paths[row].empty()) {
            ++set.report.missing;
            const bool outside = used->resolve(name).empty();
            example(set.report.missingExamples,
                    encodeName(name) + (outside ? " (outside the image folder)" : ""));
        } else if (!files.take(paths[row])) {
            ++set.report.duplicates;
            example(set.report.duplicateExamples, encodeName(paths[row]));
        } else {
            rows.push_back(row);
            set.files.push_back(std::move(paths[row]));
        }
    }
    set.report.matched = static_cast<std::int64_t>(rows.size());
    for (const std::string& name : table.filteredNames) // a row names them: they are not strangers in the folder
        if (const std::string path = used->find(name, files); !path.empty())
            files.take(path);
    return rows;
}

/// `images`: what there is, by relative path, to count those that the table does not name.
Outcome<ImageSet> readWithTable(ImageSet set, FileIndex files,
                                const std::function<Outcome<std::vector<std::string>>()>& images, const fs::path& labels,
                                const LabelOptions& options, Feedback& feedback) {
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(labels));
    PLUMBLINE_TRY(const LabelPreset preset,
                  labelPreset(options.preset.empty() ? guessPreset(header.columns) : options.preset));
    PLUMBLINE_TRY(TableRows table, chooseColumns(labels, header, preset, options));
    for (const auto& [column, value] : options.where)
        set.report.filter += (set.report.filter.empty() ? "" : ", ") + column + " = " + value;
    PLUMBLINE_CHECK(readRows(labels, table, set.report, feedback));
    if (table.names.empty() && set.report.filteredRows > 0)
        return fail(ErrorCode::LabelFilterEmpty, {{"path", encodePath(labels)}, {"filter", set.report.filter}});
    PLUMBLINE_TRY(const fs::path tableFolder, canonicalFolder(labels.has_parent_path() ? labels.parent_path() : "."));

    PLUMBLINE_TRY(const std::vector<std::size_t> rows,
                  matchRows(set.root, tableFolder, table, files, set, feedback));
    if (rows.empty())
        return fail(ErrorCode::LabelsMatchNothing, {{"labels", encodePath(labels)}, {"images", encodePath(set.root)}});

    for (const RawColumn& column : table.columns) {
        if (column.dropped)
            continue;
        MatchReport notes;
        Attribute attribute = finish(column, rows, preset.unknownValues, notes);
        if (const std::string_view why = whyNoAttribute(attribute); column.guessed && !why.empty()) {
            logDropped(column, why, feedback);
            continue;
        }
        set.attributes.push_back(std::move(attribute));
        std::move(notes.repairs.begin(), notes.repairs.end(), std::back_inserter(set.report.repairs));
        std::move(notes.unlabelled.begin(), notes.unlabelled.end(), std::back_inserter(set.report.unlabelled));
    }

    auto listed = images();
    if (!listed && (listed.error().cancelled() || listed.error().error().code != ErrorCode::ImagesNone))
        return tl::unexpected(listed.error()); // a table may well name files without an image's extension
    if (listed)
        for (const std::string& file : *listed)
            if (!files.taken(file)) {
                ++set.report.notInTable;
                example(set.report.notInTableExamples, encodeName(file));
            }
    PLUMBLINE_CHECK(readGroupsAs(set, options.readAs));
    PLUMBLINE_TRY(set.labelsSha256, sha256File(labels, &feedback));
    set.labelsFile = encodePath(labels);
    set.preset = preset.name;
    return set;
}

/// Whether the last part of a path fits the pattern of a preset.
bool fits(const std::string& file, const std::regex& pattern, std::smatch& match, std::string& name) {
    name = file.substr(file.rfind('/') + 1);
    try {
        return std::regex_match(name, match, pattern);
    } catch (const std::regex_error&) { // a pattern of the user's that asks too much of a name
        return false;
    }
}

/// Labels in file names. A name that does not fit the pattern stays in the set, without labels.
void labelByName(ImageSet& set, const LabelPreset& preset) {
    std::vector<RawColumn> columns;
    for (const LabelPreset::Column& rule : preset.columns) {
        columns.emplace_back();
        columns.back().rule = rule;
    }
    const std::regex pattern(preset.filePattern); // labelPreset() has tried it
    std::vector<std::size_t> rows;
    std::vector<std::string> unfitting;
    for (const std::string& file : set.files) {
        std::smatch match;
        std::string name; // the match refers to it
        const bool labelled = fits(file, pattern, match, name);
        for (std::size_t c = 0; c < columns.size(); ++c)
            columns[c].values.add(labelled ? match[c + 1].str() : std::string());
        if (!labelled && unfitting.size() < kShownValues)
            unfitting.push_back(encodeName(file));
        rows.push_back(rows.size());
    }
    for (const RawColumn& column : columns) {
        if (column.rule.attribute.empty())
            continue;
        set.attributes.push_back(finish(column, rows, preset.unknownValues, set.report));
        if (!set.report.unlabelled.empty() && set.report.unlabelled.back().attribute == column.rule.attribute)
            set.report.unlabelled.back().values = unfitting;
    }
}

/// The preset whose pattern fits at least half of the names, else "generic".
std::string guessPresetByNames(const std::vector<std::string>& files) {
    for (const std::string& presetName : labelPresetNames()) {
        const auto preset = labelPreset(presetName);
        if (!preset || preset->filePattern.empty())
            continue;
        const std::regex pattern(preset->filePattern);
        const auto fitting = std::count_if(files.begin(), files.end(), [&](const std::string& file) {
            std::smatch match;
            std::string name;
            return fits(file, pattern, match, name);
        });
        if (2 * static_cast<std::size_t>(fitting) >= files.size())
            return presetName;
    }
    return "generic";
}

/// set.files is filled.
Result<ImageSet> readWithoutTable(ImageSet set, const LabelOptions& options) {
    if (!options.where.empty())
        return fail(ErrorCode::InvalidArgument, {{"name", "where"},
                                                 {"value", options.where.front().first},
                                                 {"expected", "a label table, whose rows it chooses"}});
    PLUMBLINE_TRY(const LabelPreset preset,
                  labelPreset(options.preset.empty() ? guessPresetByNames(set.files) : options.preset));
    set.preset = preset.name;
    set.report.matched = static_cast<std::int64_t>(set.files.size());
    if (!preset.filePattern.empty())
        labelByName(set, preset);
    PLUMBLINE_CHECK(readGroupsAs(set, options.readAs));
    return set;
}

} // namespace

Outcome<std::vector<std::string>> listImages(const fs::path& root, Feedback& feedback) {
    PLUMBLINE_TRY(const fs::path top, canonicalFolder(root));
    std::vector<std::string> images;
    std::vector<std::string> folders = {""}; // still to list; relative, with a '/' at the end
    while (!folders.empty()) {
        const std::string folder = std::move(folders.back());
        folders.pop_back();
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        feedback.progress("listing-images", static_cast<std::int64_t>(images.size()), 0);
        std::error_code error;
        for (fs::directory_iterator it(top / folder, error), end; !error && it != end; it.increment(error)) {
            const std::string name = it->path().filename().native();
            if (name.starts_with('.'))
                continue;
            std::error_code unknown;
            if (it->is_directory(unknown)) {
                if (!it->is_symlink(unknown))
                    folders.push_back(folder + name + '/');
            } else if (it->is_regular_file(unknown)) {
                const std::string extension = toLowerAscii(it->path().extension().native());
                if (std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end())
                    images.push_back(folder + name);
            }
        }
        if (error && folder.empty())
            return unreadable(root, error.value());
        if (error)
            feedback.log("The folder " + encodeName(folder) + " cannot be read (" + error.message() +
                         "); its images are left out.");
    }
    if (images.empty())
        return fail(ErrorCode::ImagesNone, {{"path", encodePath(root)}});
    std::sort(images.begin(), images.end());
    return images;
}

Outcome<ImageSet> readImageSet(const fs::path& root, const fs::path& labels, const LabelOptions& options,
                               Feedback& feedback) {
    ImageSet set;
    PLUMBLINE_TRY(set.root, canonicalFolder(root));
    const auto images = [&feedback, top = set.root] { return listImages(top, feedback); };
    if (!labels.empty()) {
        FileIndex files(set.root);
        return readWithTable(std::move(set), std::move(files), images, labels, options, feedback);
    }
    PLUMBLINE_TRY(set.files, images());
    return readWithoutTable(std::move(set), options);
}

Outcome<ImageSet> readImageSet(const std::vector<std::string>& files, const fs::path& labels, const LabelOptions& options,
                               Feedback& feedback) {
    ImageSet set;
    if (labels.empty()) {
        set.files = files;
        return readWithoutTable(std::move(set), options);
    }
    PLUMBLINE_TRY(set.root, canonicalFolder(labels.has_parent_path() ? labels.parent_path() : "."));
    return readWithTable(std::move(set), FileIndex(files), [&files] { return files; }, labels, options, feedback);
}

} // namespace plumbline::formats
