// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"

namespace plumbline::formats {

/// Images and their captions, in the order of the file, whether the images are on this machine or not.
struct CaptionList {
    std::vector<std::string> images;   ///< file names as the list has them (raw bytes); each once
    std::vector<std::string> captions; ///< one a caption; the same text may come twice
    std::vector<std::uint32_t> imageOfCaption;
    std::int64_t invalidRows = 0; ///< rows of a table, or images or sentences of a JSON, without file or text
};

/// Reads
/// - Karpathy's lists of COCO and Flickr30k (dataset_coco.json): {"images": [{"filename", "filepath"?, "split",
///   "sentences": [{"raw"}]}]}; the file's name is filepath/filename;
/// - [{"image": "…", "caption": "…" or ["…"]}];
/// - a CSV or TSV with a file column (as readCaptionTable) and a column caption (title, text), and `split` where one is
///   asked for: one row a caption.
/// `split`: only images of one of these splits, separated by commas; empty: all. JSON is read event by event, at most
/// 1 GiB of it and at most 50 million images and captions.
/// Errors: FileNotFound, FileUnreadable, JsonInvalid (no images, another shape), LabelColumnMissing, LabelFilterEmpty
/// (nothing of that split), those of readCsv; Cancelled.
Outcome<CaptionList> readCaptionList(const std::filesystem::path& path, std::string_view split, Feedback& feedback);

/// Which of `files` (paths, raw bytes) each image of the list is: the one of the same path, otherwise the only one with
/// the same file name; nothing where there is none.
std::vector<std::optional<std::uint32_t>> rowsOfImages(const CaptionList& list, std::span<const std::string> files);

} // namespace plumbline::formats
