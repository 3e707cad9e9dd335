// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

#include "core/base/path.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "values are read and written as they lie in memory");

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLargestHeader = std::size_t{1} << 20;
constexpr std::size_t kWrittenHeader = 128; // a multiple of 64, as numpy aligns it, with room for any row count

tl::unexpected<Error> invalid(const fs::path& path, std::string reason) {
    return fail(ErrorCode::NpyInvalid, {{"path", encodePath(path)}, {"reason", std::move(reason)}});
}

/// Reads the header's Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
public:
    explicit HeaderParser(std::string_view text) : m_text(text) {}

    std::optional<std::string> descr;
    std::optional<bool> fortranOrder;
    std::optional<std::vector<std::int64_t>> shape;

    /// Empty if all is well, else what is wrong.
    std::string parse() {
        if (!take('{'))
            return "its header is not a dictionary";
        while (!take('}')) {
            const auto key = text();
            if (!key || !take(':'))
                return "its header is damaged";
            bool read = false;
            if (*key == "descr" && !descr)
                read = (descr = text()).has_value();
            else if (*key == "fortran_order" && !fortranOrder)
                read = (fortranOrder = boolean()).has_value();
            else if (*key == "shape" && !shape)
                read = (shape = tuple()).has_value();
            if (!read)
                return "its header has a wrong or repeated field “" + encodeName(*key) + "”";
            if (!take(',') && peek() != '}')
                return "its header is damaged";
        }
        if (!descr || !fortranOrder || !shape)
            return "its header lacks descr, fortran_order or shape";
        return peek() == '\0' ? "" : "its header is damaged";
    }

private:
    char peek() {
        while (!m_text.empty() && (m_text.front() == ' ' || m_text.front() == '\n'))
            m_text.remove_prefix(1);
        return m_text.empty() ? '\0' : m_text.front();
    }
    bool take(char c) {
        if (peek() != c || m_text.empty())
            return false;
        m_text.remove_prefix(1);
        return true;
    }
    std::optional<std::string> text() {
        const char quote = peek();
        if (quote != '\'' && quote != '"')
            return {};
        const std::size_t end = m_text.find(quote, 1);
        if (end == std::string_view::npos)
            return {};
        std::string value(m_text.substr(1, end - 1));
        m_text.remove_prefix(end + 1);
        return value;
    }
    std::optional<bool> boolean() {
        peek();
        for (const bool value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (m_text.starts_with(word)) {
                m_text.remove_prefix(word.size());
                return value;
            }
        }
        return {};
    }
    std::optional<std::vector<std::int64_t>> tuple() {
        if (!take('('))
            return {};
        std::vector<std::int64_t> values;
        while (!take(')')) {
            peek();
            std::int64_t value = 0;
            const auto [end, status] = std::from_chars(m_text.data(), m_text.data() + m_text.size(), value);
            if (status != std::errc() || value < 0)
                return {};
            m_text.remove_prefix(static_cast<std::size_t>(end - m_text.data()));
            if (m_text.starts_with('L')) // written by Python 2
                m_text.remove_prefix(1);
            values.push_back(value);
            if (!take(',') && peek() != ')')
                return {};
        }
        return values;
    }

    std::string_view m_text;
};

std::size_t itemSize(std::string_view descr) {
    return descr == "<f2" ? 2 : descr == "<f4" ? 4 : descr == "<f8" ? 8 : 0;
}

float fromHalf(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
    const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
    if (exponent == 31)
        return mantissa != 0 ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
    if (exponent == 0)
        return sign * std::ldexp(static_cast<float>(mantissa), -24);
    return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

struct OpenedNpy {
    NpyHeader header;
    FileHandle file; ///< at the first value
    std::size_t items = 0, itemSize = 0;
};

Result<OpenedNpy> openNpy(const fs::path& path) {
    OpenedNpy npy;
    PLUMBLINE_TRY(npy.file, openFile(path));
    const auto read = [&npy](void* to, std::size_t n) { return std::fread(to, 1, n, npy.file.get()) == n; };
    unsigned char start[8] = {}, length[4] = {};
    if (!read(start, sizeof start) || std::memcmp(start, kMagic.data(), kMagic.size()) != 0)
        return invalid(path, "it does not begin as a .npy file");
    const int version = start[6];
    if (version < 1 || version > 3 || start[7] != 0)
        return invalid(path, "it is of version " + std::to_string(version) + "." + std::to_string(start[7]) +
                                 "; 1.0 to 3.0 can be read");
    const std::size_t lengthBytes = version == 1 ? 2 : 4;
    if (!read(length, lengthBytes))
        return invalid(path, "it ends within its header");
    const std::size_t headerBytes =
        length[0] | (std::size_t{length[1]} << 8) | (std::size_t{length[2]} << 16) | (std::size_t{length[3]} << 24);
    if (headerBytes > kLargestHeader)
        return invalid(path, "its header claims " + std::to_string(headerBytes) + " bytes");
    std::string text(headerBytes, '\0');
    if (!read(text.data(), headerBytes))
        return invalid(path, "it ends within its header");
    HeaderParser parser(text);
    if (std::string wrong = parser.parse(); !wrong.empty())
        return invalid(path, std::move(wrong));
    npy.header.descr = *parser.descr;
    npy.header.shape = *parser.shape;
    npy.header.dataOffset = sizeof start + lengthBytes + headerBytes;
    npy.itemSize = itemSize(npy.header.descr);
    if (npy.itemSize == 0)
        return invalid(path, "its values are of type “" + encodeName(npy.header.descr) +
                                 "”; float16, float32 and float64 (little-endian) can be read");
    if (*parser.fortranOrder && npy.header.shape.size() > 1)
        return invalid(path, "it is stored column by column (Fortran order); save it in C order");

    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error)
        return unreadable(path, error.value());
    const std::uintmax_t present = size > npy.header.dataOffset ? size - npy.header.dataOffset : 0;
    std::uintmax_t items = 1;
    bool tooMany = false;
    for (const std::int64_t extent : npy.header.shape) {
        if (extent != 0 && items > std::numeric_limits<std::int64_t>::max() / static_cast<std::uintmax_t>(extent))
            tooMany = true;
        items *= tooMany ? 1 : static_cast<std::uintmax_t>(extent);
    }
    if (tooMany && items == 0) // numpy writes such shapes: no values, whatever the other extents
        tooMany = false;
    if (tooMany || items > present / npy.itemSize || items * npy.itemSize != present)
        return invalid(path,
                       "its shape asks for " +
                           (tooMany ? std::string("more values than can be") : std::to_string(items) + " values") +
                           ", but " + std::to_string(present) + " bytes follow the header");
    npy.items = static_cast<std::size_t>(items);
    return npy;
}

template <class Stored, class Value, class Convert>
bool readConverted(std::FILE* file, std::span<Value> values, Convert convert) {
    std::vector<Stored> piece(std::min<std::size_t>(values.size(), 1 << 16));
    while (!values.empty()) {
        const std::size_t n = std::min(values.size(), piece.size());
        if (std::fread(piece.data(), sizeof(Stored), n, file) != n)
            return false;
        std::transform(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n), values.begin(), convert);
        values = values.subspan(n);
    }
    return true;
}

std::string headerBytes(std::string_view descr, std::span<const std::int64_t> shape) {
    std::string dictionary = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (";
    for (const std::int64_t extent : shape)
        dictionary += std::to_string(extent) + ", "; // numpy takes a comma behind the last one
    dictionary += "), }";
    std::string bytes(kMagic);
    constexpr std::size_t kLength = kWrittenHeader - 10;
    bytes += {'\x01', '\x00', static_cast<char>(kLength & 0xFF), static_cast<char>(kLength >> 8)};
    dictionary.resize(kLength - 1, ' ');
    return bytes + dictionary + '\n';
}

tl::unexpected<Error> unwritable(const fs::path& path, int errnoValue) {
    if (errnoValue == ENOSPC || errnoValue == EDQUOT)
        return fail(ErrorCode::DiskFull, {{"path", encodePath(path)}});
    return fail(ErrorCode::FileUnwritable,
                {{"path", encodePath(path)}, {"reason", std::generic_category().message(errnoValue)}});
}

} // namespace

Result<NpyHeader> readNpyHeader(const fs::path& path) {
    return openNpy(path).map([](OpenedNpy&& npy) { return std::move(npy.header); });
}

namespace {

template <class Array>
Result<Array> readValues(const fs::path& path) {
    using Value = typename decltype(Array::values)::value_type;
    PLUMBLINE_TRY(OpenedNpy npy, openNpy(path));
    Array array;
    array.shape = std::move(npy.header.shape);
    array.values.resize(npy.items);
    std::FILE* file = npy.file.get();
    const std::span<Value> values = array.values;
    const auto convert = [](auto v) { return static_cast<Value>(v); };
    const bool read = npy.itemSize == sizeof(Value)
                          ? std::fread(values.data(), sizeof(Value), npy.items, file) == npy.items
                      : npy.itemSize == 2 ? readConverted<std::uint16_t>(file, values, fromHalf)
                      : npy.itemSize == 4 ? readConverted<float>(file, values, convert)
                                          : readConverted<double>(file, values, convert);
    if (!read)
        return unreadable(path, std::ferror(file) ? errno : EIO);
    return array;
}

} // namespace

Result<NpyArray> readNpy(const fs::path& path) {
    return readValues<NpyArray>(path);
}

Result<NpyDoubles> readNpyDoubles(const fs::path& path) {
    return readValues<NpyDoubles>(path);
}

Result<void> writeNpyDoubles(const fs::path& path, std::span<const std::int64_t> shape,
                             std::span<const double> values) {
    std::string bytes = headerBytes("<f8", shape);
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return writeFile(path, bytes);
}

Result<NpyWriter> NpyWriter::create(const fs::path& path, std::size_t dim) {
    if (dim == 0)
        return fail(ErrorCode::InvalidArgument, {{"name", "dim"}, {"value", "0"}, {"expected", "at least 1"}});
    NpyWriter writer;
    writer.m_path = path;
    writer.m_part = path;
    writer.m_part += ".part";
    writer.m_dim = dim;
    errno = 0;
    writer.m_out.open(writer.m_part, std::ios::binary | std::ios::trunc);
    writer.m_out << headerBytes("<f4", std::array{std::int64_t{0}, static_cast<std::int64_t>(dim)});
    if (!writer.m_out)
        return unwritable(path, errno);
    return writer;
}

Result<void> NpyWriter::append(std::span<const float> rows) {
    if (rows.size() % m_dim != 0)
        return fail(ErrorCode::Internal, {}, "NpyWriter::append: not whole rows");
    errno = 0;
    m_out.write(reinterpret_cast<const char*>(rows.data()), static_cast<std::streamsize>(rows.size_bytes()));
    if (!m_out)
        return unwritable(m_path, errno);
    m_rows += rows.size() / m_dim;
    return {};
}

Result<void> NpyWriter::finish() {
    errno = 0;
    m_out.seekp(0);
    m_out << headerBytes("<f4", std::array{static_cast<std::int64_t>(m_rows), static_cast<std::int64_t>(m_dim)});
    m_out.flush();
    if (!m_out)
        return unwritable(m_path, errno); // the destructor removes what is there
    m_out.close();
    std::error_code error;
    fs::rename(m_part, m_path, error);
    if (error) {
        std::error_code ignored;
        fs::remove(m_part, ignored);
        return unwritable(m_path, error.value());
    }
    return {};
}

NpyWriter::~NpyWriter() {
    if (m_out.is_open()) { // neither finished nor moved from
        m_out.close();
        std::error_code ignored;
        fs::remove(m_part, ignored);
    }
}

} // namespace plumbline::formats
