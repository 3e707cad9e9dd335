// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/caption_table.h"

#include <optional>
#include <unordered_map>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/caption_list.h"
#include "core/formats/csv.h"
#include "core/formats/table_columns.h"

namespace plumbline::formats {

namespace {

/// Numbers texts in the order of their first appearance.
class Numbers {
public:
    /// The number of a text and whether it is new.
    std::pair<std::uint32_t, bool> of(const std::string& text) {
        const auto [at, isNew] = m_numbers.try_emplace(text, static_cast<std::uint32_t>(m_numbers.size()));
        return {at->second, isNew};
    }

private:
    std::unordered_map<std::string, std::uint32_t> m_numbers;
};

} // namespace

namespace {

Outcome<CaptionTable> fromList(const std::filesystem::path& path, const std::filesystem::path& root,
                               Feedback& feedback) {
    Outcome<CaptionList> list = readCaptionList(path, "train,restval", feedback);
    if (!list && !list.error().cancelled() && list.error().error().code == ErrorCode::LabelFilterEmpty)
        list = readCaptionList(path, {}, feedback); // it has no such splits
    if (!list)
        return tl::unexpected(std::move(list).error());
    CaptionTable result;
    result.rows = static_cast<std::int64_t>(list->captions.size()) + list->invalidRows;
    result.invalidRows = list->invalidRows;
    std::vector<std::optional<std::uint32_t>> place(list->images.size());
    for (std::size_t i = 0; i < list->images.size(); ++i) {
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(root / list->images[i], ignored))
            continue;
        place[i] = static_cast<std::uint32_t>(result.images.files.size());
        result.images.files.push_back(root / list->images[i]);
    }
    Numbers captions;
    for (std::size_t c = 0; c < list->captions.size(); ++c) {
        const std::optional<std::uint32_t> file = place[list->imageOfCaption[c]];
        if (!file) {
            ++result.missing;
            continue;
        }
        const auto [number, isNew] = captions.of(list->captions[c]);
        if (isNew)
            result.images.captions.push_back(list->captions[c]);
        result.images.pairs.push_back({*file, number});
    }
    return result;
}

Outcome<CaptionTable> fromTable(const std::filesystem::path& table, const std::filesystem::path& root,
                                Feedback& feedback) {
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(table));
    PLUMBLINE_TRY(const std::size_t fileField, requireOneOf(table, header, kFileColumns));
    constexpr std::string_view kCaptionColumns[] = {"caption", "title", "text"};
    PLUMBLINE_TRY(const std::size_t captionField, requireOneOf(table, header, kCaptionColumns));

    CaptionTable result;
    Numbers files, captions;
    std::vector<bool> exists;         // of each file named so far
    std::vector<std::uint32_t> place; // among the files that exist
    const auto addRow = [&](const CsvHeader&, std::size_t, const std::vector<std::string>& fields) {
        ++result.rows;
        if (fields.size() != header.columns.size() || trim(fields[fileField]).empty() ||
            trim(fields[captionField]).empty()) {
            ++result.invalidRows;
            return;
        }
        const std::filesystem::path path = root / fields[fileField];
        const auto [file, isNewFile] = files.of(fields[fileField]);
        if (isNewFile) {
            std::error_code ignored;
            exists.push_back(std::filesystem::is_regular_file(path, ignored));
            place.push_back(static_cast<std::uint32_t>(result.images.files.size()));
            if (exists.back())
                result.images.files.push_back(path);
        }
        if (!exists[file]) {
            ++result.missing;
            return;
        }
        const std::string caption(trim(fields[captionField]));
        const auto [number, isNewCaption] = captions.of(caption);
        if (isNewCaption)
            result.images.captions.push_back(caption);
        result.images.pairs.push_back({place[file], number});
    };
    PLUMBLINE_CHECK(readCsv(table, addRow, &feedback));
    return result;
}

} // namespace

Outcome<CaptionTable> readCaptionTable(const std::filesystem::path& table, const std::filesystem::path& root,
                                       Feedback& feedback) {
    const bool json = toLowerAscii(table.extension().string()) == ".json";
    PLUMBLINE_TRY(CaptionTable result, json ? fromList(table, root, feedback) : fromTable(table, root, feedback));
    if (result.images.pairs.empty())
        return fail(ErrorCode::LabelsMatchNothing, {{"labels", encodePath(table)}, {"images", encodePath(root)}});
    result.images.heldOut.assign(result.images.files.size(), false);
    return result;
}

} // namespace plumbline::formats
