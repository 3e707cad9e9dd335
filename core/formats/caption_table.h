// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/captions.h"

namespace plumbline::formats {

/// A caption table and what was left out of it.
struct CaptionTable {
    CaptionedImages images;                              ///< nothing held out
    std::int64_t rows = 0, missing = 0, invalidRows = 0; ///< missing: the file is not there
};

/// Reads a table with a file column (file, path, image, filename, filepath, image_id) and a column `caption` (or title,
/// text): one row a pair, files relative to `root`. Rows without a file or a caption are counted, never fatal.
/// A .json file is read as by readCaptionList; where it has the splits "train" or "restval" only these are taken, so
/// that nothing is trained on what retrieval is measured with.
/// Errors: those of readCsv and readCaptionList, LabelColumnMissing, LabelsMatchNothing; Cancelled.
Outcome<CaptionTable> readCaptionTable(const std::filesystem::path& table, const std::filesystem::path& root,
                                       Feedback& feedback);

} // namespace plumbline::formats
