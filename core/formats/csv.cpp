// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/csv.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <csv.h>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18;
constexpr std::size_t kLongestRecord = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// The delimiter that occurs most often outside quotes in the header line; a comma where none does.
char guessDelimiter(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
    std::size_t commas = 0, tabs = 0, semicolons = 0;
    bool quoted = false;
    for (const char c : text) {
        if (c == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        if (c == '\n' || c == '\r')
            break;
        commas += c == ',' ? 1 : 0;
        tabs += c == '\t' ? 1 : 0;
        semicolons += c == ';' ? 1 : 0;
    }
    if (tabs > commas && tabs >= semicolons)
        return '\t';
    return semicolons > commas ? ';' : ',';
}

/// libcsv behind an object. It calls back from C, so nothing may throw there; it hands over one record at a time.
class Parser {
public:
    Parser() {
        csv_init(&m_csv, 0); // its result only reports a null pointer
        csv_set_blk_size(&m_csv, std::size_t{1} << 16); // it grows by so much, by default by 128 bytes
        csv_set_space_func(&m_csv, [](unsigned char) { return 0; }); // blanks belong to the field
    }
    ~Parser() { csv_free(&m_csv); }
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    void setDelimiter(char delimiter) { csv_set_delim(&m_csv, static_cast<unsigned char>(delimiter)); }
    /// `bytes` hold at most one end of a line. False: out of memory.
    bool feed(std::string_view bytes) {
        return csv_parse(&m_csv, bytes.data(), bytes.size(), field, endOfRecord, this) == bytes.size() && !m_failed;
    }
    /// The end of the file: completes a last record without an end of line. False: a quote is still open.
    bool finish() {
        csv_set_opts(&m_csv, CSV_STRICT | CSV_STRICT_FINI); // strict only here: a stray quote inside a field is no fault
        return csv_fini(&m_csv, field, endOfRecord, this) == 0 && !m_failed;
    }

    /// True once a record is complete; its fields stay until the next feed.
    bool takeRecord() {
        if (!m_complete)
            return false;
        m_complete = false;
        m_fields.resize(m_count);
        m_count = 0;
        return true;
    }
    const std::vector<std::string>& fields() const { return m_fields; }

private:
    static void field(void* text, std::size_t size, void* self) {
        auto& parser = *static_cast<Parser*>(self);
        try {
            if (parser.m_count == parser.m_fields.size())
                parser.m_fields.emplace_back();
            parser.m_fields[parser.m_count++].assign(static_cast<const char*>(text), size);
        } catch (...) {
            parser.m_failed = true;
        }
    }
    static void endOfRecord(int, void* self) { static_cast<Parser*>(self)->m_complete = true; }

    csv_parser m_csv{};
    std::vector<std::string> m_fields; ///< reused from record to record
    std::size_t m_count = 0;
    bool m_complete = false, m_failed = false;
};

tl::unexpected<Error> invalid(const fs::path& path, std::size_t line, std::string reason) {
    return fail(ErrorCode::LabelTableInvalid,
                {{"path", encodePath(path)}, {"line", std::to_string(line)}, {"reason", std::move(reason)}});
}

using RowFunction = std::function<void(const CsvHeader&, std::size_t, const std::vector<std::string>&)>;

/// One pass over a file: cuts it into pieces of at most one line, so that every record's first line is known.
class Reading {
public:
    Reading(const fs::path& path, const RowFunction& row, Feedback* feedback)
        : m_path(path), m_row(row), m_feedback(feedback) {}

    /// To the end of the file, or only until the header is there.
    Outcome<CsvHeader> run(bool headerOnly) {
        PLUMBLINE_TRY(const FileHandle file, openFile(m_path));
        std::error_code ignored;
        const auto total = static_cast<std::int64_t>(fs::file_size(m_path, ignored));
        std::string piece(kPiece, '\0');
        std::int64_t done = 0;
        while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get())) {
            std::string_view bytes(piece.data(), n);
            if (done == 0) {
                if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
                    return fail(ErrorCode::NotUtf8, {{"path", encodePath(m_path)}}, "it begins as UTF-16");
                if (bytes.starts_with(kByteOrderMark))
                    bytes.remove_prefix(kByteOrderMark.size());
                m_header.delimiter = guessDelimiter(bytes);
                m_parser.setDelimiter(m_header.delimiter);
            }
            done += static_cast<std::int64_t>(n);
            PLUMBLINE_CHECK(feed(bytes, headerOnly));
            if (headerOnly && !m_header.columns.empty())
                return std::move(m_header);
            if (m_feedback) {
                if (m_feedback->cancelled())
                    return tl::unexpected<Stop>(Cancelled{});
                m_feedback->progress("reading-table", done, total);
            }
        }
        if (std::ferror(file.get()))
            return unreadable(m_path, errno);
        if (!m_parser.finish())
            return invalid(m_path, m_recordLine, "a quotation mark that opens here is never closed");
        PLUMBLINE_CHECK(takeRecord());
        if (m_header.columns.empty())
            return invalid(m_path, 1, "the table is empty; its first line must name the columns");
        return std::move(m_header);
    }

private:
    Outcome<void> feed(std::string_view bytes, bool headerOnly) {
        while (!bytes.empty() && !(headerOnly && !m_header.columns.empty())) {
            const auto end = std::find_if(bytes.begin(), bytes.end(), [](char c) { return c == '\n' || c == '\r'; });
            const bool ended = end != bytes.end();
            const std::size_t length = static_cast<std::size_t>(end - bytes.begin()) + (ended ? 1 : 0);
            const std::string_view line = bytes.substr(0, length);
            bytes.remove_prefix(length);
            const bool secondHalf = m_afterReturn && line == "\n"; // of CRLF
            if (!m_inRecord && !secondHalf)
                m_recordLine = m_line;
            m_recordBytes = m_inRecord ? m_recordBytes + length : length;
            if (!m_parser.feed(line))
                return fail(ErrorCode::OutOfMemory,
                            {{"what", encodePath(m_path)}, {"bytes", std::to_string(m_recordBytes)}});
            m_inRecord = m_inRecord || length > (ended ? 1u : 0u);
            PLUMBLINE_CHECK(takeRecord());
            if (m_inRecord && m_recordBytes > kLongestRecord)
                return invalid(m_path, m_recordLine,
                               "a record of more than 1 MiB begins here; probably a quotation mark is never closed");
            if (ended && !secondHalf)
                ++m_line;
            m_afterReturn = line.ends_with('\r');
        }
        return {};
    }

    Outcome<void> takeRecord() {
        if (!m_parser.takeRecord())
            return {};
        m_inRecord = false;
        if (!m_header.columns.empty()) {
            m_row(m_header, m_recordLine, m_parser.fields());
            return {};
        }
        for (const std::string& field : m_parser.fields()) {
            if (!isUtf8(field) || field.find('\0') != std::string::npos)
                return fail(ErrorCode::NotUtf8, {{"path", encodePath(m_path)}});
            m_header.columns.emplace_back(trim(field));
        }
        return {};
    }

    const fs::path& m_path;
    const RowFunction& m_row;
    Feedback* m_feedback;
    Parser m_parser;
    CsvHeader m_header;
    std::size_t m_line = 1, m_recordLine = 1, m_recordBytes = 0;
    bool m_inRecord = false, m_afterReturn = false;
};

} // namespace

Outcome<CsvHeader> readCsv(const fs::path& path, const RowFunction& row, Feedback* feedback) {
    return Reading(path, row, feedback).run(false);
}

Result<CsvHeader> readCsvHeader(const fs::path& path) {
    const RowFunction ignore = [](const CsvHeader&, std::size_t, const std::vector<std::string>&) {};
    return Reading(path, ignore, nullptr).run(true).map_error([](Stop&& stop) { return stop.error(); });
}

std::string csvField(std::string_view text, char delimiter) {
    constexpr auto kNone = std::string_view::npos;
    if (text.find_first_of("\"\r\n") == kNone && text.find(delimiter) == kNone)
        return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"')
            quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

} // namespace plumbline::formats
