// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"

namespace plumbline::formats {

/// Columns of a table that was made elsewhere (scores, predictions, classes, groups), for `plumb measure`.
class DataTable {
public:
    /// Reads the named columns; rows with the wrong number of fields are left out and counted.
    /// Errors: those of readCsv, LabelColumnMissing; Cancelled.
    static Outcome<DataTable> read(const std::filesystem::path& path, std::span<const std::string> columns,
                                   Feedback& feedback);

    std::size_t rows() const { return m_rows; }
    std::int64_t invalidRows() const { return m_invalidRows; }
    /// The texts of a column, trimmed; a text that stands for "no value" is empty.
    const std::vector<std::string>& texts(const std::string& column) const;
    /// The same as numbers; a text that is none is NaN. `unreadable`: how many rows are (an empty one is not counted).
    std::vector<double> numbers(const std::string& column, std::int64_t& unreadable) const;
    Attribute attribute(const std::string& column) const;

private:
    std::vector<std::string> m_names;
    std::vector<std::vector<std::string>> m_columns;
    std::size_t m_rows = 0;
    std::int64_t m_invalidRows = 0;
};

/// A matrix of embeddings (N x D) from a .npy file. Errors: those of readNpy, NpyInvalid for another shape.
Result<Embeddings> readEmbeddings(const std::filesystem::path& path);

} // namespace plumbline::formats
