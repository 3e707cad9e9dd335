// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/caption_list.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/table_columns.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 30;
constexpr std::size_t kMostItems = 50'000'000;
constexpr std::size_t kDeepest = 128;
constexpr std::array<std::string_view, 3> kCaptionColumns = {"caption", "title", "text"};

std::vector<std::string> splitsOf(std::string_view text) {
    std::vector<std::string> splits;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        if (const std::string_view one = trim(text.substr(0, comma)); !one.empty())
            splits.emplace_back(one);
        text.remove_prefix(std::min(text.size(), comma + 1));
    }
    return splits;
}

/// Collects images and captions; an image that comes again goes on with its number.
class Collector {
public:
    Collector(CaptionList& list, std::vector<std::string> splits) : m_list(list), m_splits(std::move(splits)) {}

    bool wanted(const std::optional<std::string>& split) {
        const bool take = m_splits.empty() || (split && std::ranges::find(m_splits, *split) != m_splits.end());
        m_filtered += !take;
        return take;
    }
    std::uint32_t image(const std::string& name) {
        const auto [at, isNew] = m_numbers.try_emplace(name, static_cast<std::uint32_t>(m_list.images.size()));
        if (isNew)
            m_list.images.push_back(name);
        return at->second;
    }
    void caption(std::uint32_t image, std::string text) {
        m_list.captions.push_back(std::move(text));
        m_list.imageOfCaption.push_back(image);
    }
    bool full() const { return m_list.captions.size() >= kMostItems || m_list.images.size() >= kMostItems; }
    std::size_t filtered() const { return m_filtered; }
    CaptionList& list() { return m_list; }

private:
    CaptionList& m_list;
    std::vector<std::string> m_splits;
    std::unordered_map<std::string, std::uint32_t> m_numbers;
    std::size_t m_filtered = 0;
};

/// Takes the events of a JSON text. Where it is in the text is a stack of keys: of an object the key whose value
/// comes, of a list "[]".
class Events : public nlohmann::json_sax<nlohmann::json> {
public:
    Events(Collector& collector, Feedback& feedback) : m_collector(collector), m_feedback(feedback) {}

    bool null() override { return value(); }
    bool boolean(bool) override { return value(); }
    bool number_integer(number_integer_t) override { return value(); }
    bool number_unsigned(number_unsigned_t) override { return value(); }
    bool number_float(number_float_t, const string_t&) override { return value(); }
    bool binary(binary_t&) override { return value(); }
    bool string(string_t& text) override {
        if (atImage(1)) {
            const std::string& key = m_stack.back();
            if (key == "filename" || key == "image")
                m_file = text;
            else if (key == "filepath")
                m_folder = text;
            else if (key == "split")
                m_split = text;
            else if (key == "caption")
                m_captions.push_back(text);
        } else if ((atImage(2) && m_stack[m_imageDepth] == "caption") ||
                   (atImage(3) && m_stack[m_imageDepth] == "sentences" && m_stack.back() == "raw")) {
            m_captions.push_back(text);
        }
        return value();
    }
    bool key(string_t& text) override {
        m_stack.back() = text;
        return true;
    }
    bool start_object(std::size_t) override { return open(false); }
    bool start_array(std::size_t) override { return open(true); }
    bool end_object() override {
        m_stack.pop_back();
        if (m_inImage && m_stack.size() == m_imageDepth) {
            m_inImage = false;
            endImage();
        }
        return value();
    }
    bool end_array() override {
        m_stack.pop_back();
        return value();
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& exception) override {
        m_reason = exception.what();
        return false;
    }
    const std::string& reason() const { return m_reason; }
    bool foundList() const { return m_foundList; }

private:
    /// `below` containers inside an image's object, the object itself being one.
    bool atImage(std::size_t below) const { return m_inImage && m_stack.size() == m_imageDepth + below; }

    bool open(bool list) {
        if (m_stack.size() >= kDeepest) {
            m_reason = "it is nested deeper than " + std::to_string(kDeepest) + " levels";
            return false;
        }
        const bool isImages = m_stack.size() == 1 && m_stack[0] == "images" && list;
        const bool isRootList = m_stack.empty() && list;
        m_foundList = m_foundList || isImages || isRootList;
        if (!list && !m_inImage &&
            ((m_stack.size() == 1 && m_stack[0] == "[]") ||
             (m_stack.size() == 2 && m_stack[0] == "images" && m_stack[1] == "[]"))) {
            m_inImage = true;
            m_imageDepth = m_stack.size();
            m_file.clear();
            m_folder.clear();
            m_split.reset();
            m_captions.clear();
        }
        m_stack.emplace_back(list ? "[]" : "");
        return true;
    }
    bool value() { return !m_feedback.cancelled() && !tooMany(); }
    bool tooMany() {
        if (m_collector.full())
            m_reason = "it has more than " + std::to_string(kMostItems) + " images or captions";
        return m_collector.full();
    }
    void endImage() {
        if (!m_collector.wanted(m_split))
            return;
        std::erase_if(m_captions, [](const std::string& caption) { return trim(caption).empty(); });
        if (trim(m_file).empty() || m_captions.empty()) {
            ++m_collector.list().invalidRows;
            return;
        }
        const std::uint32_t image = m_collector.image(m_folder.empty() ? m_file : m_folder + "/" + m_file);
        for (std::string& caption : m_captions)
            m_collector.caption(image, std::string(trim(caption)));
    }

    Collector& m_collector;
    Feedback& m_feedback;
    std::vector<std::string> m_stack;
    std::string m_reason;
    bool m_inImage = false, m_foundList = false;
    std::size_t m_imageDepth = 0;
    std::string m_file, m_folder;
    std::optional<std::string> m_split;
    std::vector<std::string> m_captions;
};

Outcome<void> readJson(const std::filesystem::path& path, Collector& collector, Feedback& feedback) {
    PLUMBLINE_TRY(const FileHandle checked, openFile(path)); // its errors
    std::error_code ignored;
    const auto invalid = [&path](std::string reason) {
        return fail(ErrorCode::JsonInvalid, {{"path", encodePath(path)}, {"reason", std::move(reason)}});
    };
    if (std::filesystem::file_size(path, ignored) > kLargestFile)
        return invalid("it is larger than 1 GiB");
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        return unreadable(path, errno);
    Events events(collector, feedback);
    const bool whole = nlohmann::json::sax_parse(stream, &events);
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    if (!whole)
        return invalid(events.reason().empty() ? "it ends too early" : events.reason());
    if (!events.foundList())
        return invalid("it has no list of images (\"images\", or a list of objects with \"image\" and \"caption\")");
    return {};
}

Outcome<void> readTable(const std::filesystem::path& path, bool bySplit, Collector& collector, Feedback& feedback) {
    PLUMBLINE_TRY(const CsvHeader header, readCsvHeader(path));
    PLUMBLINE_TRY(const std::size_t fileField, requireOneOf(path, header, kFileColumns));
    PLUMBLINE_TRY(const std::size_t captionField, requireOneOf(path, header, kCaptionColumns));
    std::optional<std::size_t> splitField;
    if (bySplit) {
        PLUMBLINE_TRY(splitField, requireColumn(path, header, "split"));
    }
    const auto addRow = [&](const CsvHeader&, std::size_t, const std::vector<std::string>& fields) {
        if (fields.size() != header.columns.size() || trim(fields[fileField]).empty() ||
            trim(fields[captionField]).empty()) {
            ++collector.list().invalidRows;
            return;
        }
        if (collector.wanted(splitField ? std::optional(std::string(trim(fields[*splitField]))) : std::nullopt))
            collector.caption(collector.image(fields[fileField]), std::string(trim(fields[captionField])));
    };
    PLUMBLINE_CHECK(readCsv(path, addRow, &feedback));
    return {};
}

} // namespace

Outcome<CaptionList> readCaptionList(const std::filesystem::path& path, std::string_view split, Feedback& feedback) {
    CaptionList list;
    const std::vector<std::string> splits = splitsOf(split);
    Collector collector(list, splits);
    if (toLowerAscii(path.extension().string()) == ".json")
        PLUMBLINE_CHECK(readJson(path, collector, feedback));
    else
        PLUMBLINE_CHECK(readTable(path, !splits.empty(), collector, feedback));
    if (!list.captions.empty())
        return list;
    if (collector.filtered() > 0)
        return fail(ErrorCode::LabelFilterEmpty,
                    {{"path", encodePath(path)}, {"filter", "split = " + encodeName(split)}});
    return fail(ErrorCode::JsonInvalid,
                {{"path", encodePath(path)}, {"reason", "none of its entries has both a file and a caption"}});
}

std::vector<std::optional<std::uint32_t>> rowsOfImages(const CaptionList& list, std::span<const std::string> files) {
    const auto baseName = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
    const auto several = static_cast<std::uint32_t>(files.size());
    std::unordered_map<std::string_view, std::uint32_t> byPath, byName;
    for (std::uint32_t i = 0; i < files.size(); ++i) {
        byPath.try_emplace(files[i], i);
        if (const auto [at, isNew] = byName.try_emplace(baseName(files[i]), i); !isNew)
            at->second = several; // two files have this name
    }
    std::vector<std::optional<std::uint32_t>> rows(list.images.size());
    for (std::size_t i = 0; i < list.images.size(); ++i) {
        if (const auto exact = byPath.find(list.images[i]); exact != byPath.end())
            rows[i] = exact->second;
        else if (const auto named = byName.find(baseName(list.images[i]));
                 named != byName.end() && named->second != several)
            rows[i] = named->second;
    }
    return rows;
}

} // namespace plumbline::formats
