// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/data/labels.h"

namespace plumbline {

/// A file or row that was left out, and why (an error's sentence without its name, one line).
struct Skipped {
    std::string file; ///< encodeName form, relative to the root
    std::string reason;
};

/// What joining a label table with an image folder found. Counts are exact; the lists hold the first kExamples.
struct MatchReport {
    static constexpr std::size_t kExamples = 100;

    std::int64_t tableRows = 0;
    std::int64_t matched = 0;
    std::int64_t missing = 0;       ///< rows whose file does not exist
    std::int64_t duplicates = 0;    ///< further rows for a file that an earlier row named (the first one counts)
    std::int64_t invalidRows = 0;   ///< rows with the wrong number of fields
    std::int64_t notInTable = 0;    ///< images in the folder that no row names (not part of the set)
    std::string filter;             ///< which rows were asked for, "split = audit"; empty: all
    std::int64_t filteredRows = 0;  ///< rows that the filter left out
    std::int64_t unreadable = 0;    ///< filled when the images are decoded
    std::int64_t exifOriented = 0;  ///< images with an EXIF orientation other than 1 (ignored, as the reference does)
    std::vector<std::string> missingExamples, duplicateExamples, invalidExamples, notInTableExamples;
    std::vector<Skipped> unreadableExamples;
    struct Repair {
        std::string column, from, to;
        std::int64_t rows = 0;
    };
    std::vector<Repair> repairs; ///< e.g. age "03-Sep" read as "3-9"
    /// Groups that are read as another, by the user's wish ("female" as "Female"), with those of them that had that name
    /// already ("Female" as "Female").
    std::vector<Repair> merged;
    struct Unlabelled {
        std::string attribute;
        std::int64_t rows = 0;
        std::vector<std::string> values; ///< the texts that were read as "no value", distinct, the first few
    };
    std::vector<Unlabelled> unlabelled;
};

/// A labelled set of images: row i is one image. The order is that of the label table (of the folder, in byte order of
/// the relative path, where there is no table); ties in a ranking are broken by it.
struct ImageSet {
    std::filesystem::path root;
    std::vector<std::string> files; ///< relative to root, raw bytes, '/' separated
    std::vector<Attribute> attributes;
    std::string labelsFile;   ///< encodePath form; empty without a table
    std::string labelsSha256; ///< of the table's bytes; empty without a table
    std::string preset;       ///< name of the label preset used
    MatchReport report;

    std::size_t size() const { return files.size(); }
    /// The attribute of that name, or nullptr.
    const Attribute* attribute(std::string_view name) const;
};

} // namespace plumbline
