// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/attribute_text.h"
#include "core/data/image_set.h"

namespace plumbline::formats {

/// How a label table is read. Built-in presets are JSON files under resources/labels; this is their parsed form.
struct LabelPreset {
    std::string name;       ///< "generic", "fairface", "utkface"
    std::string title, licence, citation;
    std::string fileColumn; ///< header of the file column; empty: the first of file, path, image, filename, filepath, image_id
    struct Column {
        std::string column;    ///< header in the table (matched without regard to case)
        std::string attribute; ///< name in the program
        std::vector<std::pair<std::string, std::string>> repairs; ///< value as found -> value meant ("03-Sep" -> "3-9")
        std::vector<std::pair<std::string, std::string>> names;   ///< code -> group ("0" -> "Male")
    };
    std::vector<Column> columns;          ///< empty: every other column of the table becomes an attribute
    std::string filePattern;              ///< labels in file names: ECMAScript regex with one group a column, in order
    std::vector<std::string> unknownValues; ///< besides the empty text: "unknown", "n/a", "prefer not to say", ...
};

/// Names of the built-in presets, "generic" first.
std::vector<std::string> labelPresetNames();
/// A built-in preset by name, or one read from a .json file's path. Errors: LabelPresetUnknown, JsonInvalid.
Result<LabelPreset> labelPreset(const std::string& nameOrFile);
/// The preset whose columns fit this header (FairFace's five columns), else "generic".
std::string guessPreset(const std::vector<std::string>& header);

/// Options the user may set on top of a preset.
struct LabelOptions {
    std::string preset;                    ///< empty: guessed
    std::string fileColumn;                ///< overrides the preset
    std::vector<std::pair<std::string, std::string>> columns; ///< header -> attribute name; empty: the preset's
    std::vector<std::pair<std::string, std::string>> where = {}; ///< header, value: only rows that have all of these
    std::vector<AttributePart> readAs = {}; ///< groups that are read as one (readGroupsAs)
};

/// Lists the images under `root` by their extension (jpg jpeg png webp bmp tif tiff gif, any case): recursive, hidden
/// files and links to folders left out, byte order of the relative path. Errors: FileNotFound, FileUnreadable, ImagesNone.
Outcome<std::vector<std::string>> listImages(const std::filesystem::path& root, Feedback& feedback);

/// Joins a folder with its label table (labels empty: labels from file names if the preset has a pattern, otherwise an
/// unlabelled set). Files are looked up relative to the table's folder or to `root`, whichever matches more rows.
/// A table decides which images belong to the set. One bad row is counted, never fatal.
/// Errors: those of readCsv, LabelColumnMissing, LabelFilterEmpty, LabelsMatchNothing, ImagesNone, LabelPresetUnknown, those of readGroupsAs; Cancelled.
Outcome<ImageSet> readImageSet(const std::filesystem::path& root, const std::filesystem::path& labels,
                               const LabelOptions& options, Feedback& feedback);

/// The same for images that need not be on this machine: `files` are their relative paths (raw bytes), for instance
/// those of embeddings made elsewhere. A table's names are taken relative to its own folder, which stands for the root.
Outcome<ImageSet> readImageSet(const std::vector<std::string>& files, const std::filesystem::path& labels,
                               const LabelOptions& options, Feedback& feedback);

/// A score table for `plumb measure`: the score column as double (unreadable text = NaN, counted) and the attribute.
struct ScoreTable {
    std::vector<double> scores;
    Attribute attribute;
    std::vector<double> relevance, reference; ///< one a row where their columns were asked for
    std::int64_t invalidRows = 0; ///< with the wrong number of fields: left out
    std::int64_t unreadable = 0;  ///< scores that are no number: NaN
    std::int64_t invalidRelevance = 0; ///< rows whose relevance is no number of at least 0, nor yes or no: taken for 0
};
/// The columns' names; empty ones are not read.
struct ScoreColumns {
    std::string score, attribute, relevance, reference;
};
Outcome<ScoreTable> readScoreTable(const std::filesystem::path& path, const std::string& scoreColumn,
                                   const std::string& attributeColumn, Feedback& feedback);
Outcome<ScoreTable> readScoreTable(const std::filesystem::path& path, const ScoreColumns& columns, Feedback& feedback);

} // namespace plumbline::formats
