// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"

namespace plumbline::formats {

/// A delimited table (RFC 4180 quoting; comma, tab or semicolon by the header line; UTF-8 with or without byte-order
/// mark; LF or CRLF), read with libcsv. The header's fields are trimmed. Rows keep their fields as they stand.
struct CsvHeader {
    std::vector<std::string> columns;
    char delimiter = ',';
};
/// Calls `row` once a record after the header with its number (1 = first line of the file is the header = line 1);
/// blank lines are passed over. A row of the wrong length is handed over as it is (the caller reports it).
/// Errors: FileNotFound, FileUnreadable, LabelTableInvalid (no header, quote never closed), NotUtf8; Cancelled.
Outcome<CsvHeader> readCsv(const std::filesystem::path& path,
                           const std::function<void(const CsvHeader&, std::size_t line, const std::vector<std::string>&)>& row,
                           Feedback* feedback = nullptr);

/// The header alone. Errors as above.
Result<CsvHeader> readCsvHeader(const std::filesystem::path& path);

/// Quotes a field where RFC 4180 asks for it.
std::string csvField(std::string_view text, char delimiter = ',');

} // namespace plumbline::formats
