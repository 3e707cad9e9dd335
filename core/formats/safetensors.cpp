// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/path.h"

namespace plumbline::formats {

namespace {

struct TypeEntry {
    DType dtype;
    std::string_view code; ///< in the file
};
constexpr std::array kTypes = {
    TypeEntry{DType::F64, "F64"},   TypeEntry{DType::F32, "F32"}, TypeEntry{DType::F16, "F16"},
    TypeEntry{DType::BF16, "BF16"}, TypeEntry{DType::I64, "I64"}, TypeEntry{DType::I32, "I32"},
    TypeEntry{DType::I16, "I16"},   TypeEntry{DType::I8, "I8"},   TypeEntry{DType::U8, "U8"},
    TypeEntry{DType::Bool, "BOOL"},
};

constexpr std::size_t kLengthBytes = 8;
// The reference reader takes 100 MB. The largest CLIP models have headers of some 200 kB, and a header costs several
// times its size in memory.
constexpr std::uint64_t kHeaderLimit = 16'000'000;
constexpr std::size_t kMostTensors = 50'000;

/// A tensor as its header entry declares it.
struct Declared {
    std::string name;
    std::optional<std::string> dtype;
    std::optional<std::vector<std::uint64_t>> shape;
    std::optional<std::vector<std::uint64_t>> offsets;
};

/// Walks the header's JSON event by event. A DOM would silently keep one of two entries of the same name; here every
/// name is seen. Anything but {name: {dtype, shape, data_offsets}, "__metadata__": {text: text}} ends the walk.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
public:
    std::vector<Declared> tensors;
    std::string problem;

    bool start_object(std::size_t) override {
        switch (m_state) {
        case State::Start:
            m_state = State::Root;
            return true;
        case State::Entry:
            if (m_name == "__metadata__") {
                m_state = State::Metadata;
            } else {
                if (tensors.size() == kMostTensors)
                    return stop("it has more than " + std::to_string(kMostTensors) + " tensors");
                tensors.push_back({m_name, {}, {}, {}});
                m_state = State::Tensor;
            }
            return true;
        default:
            return unexpected();
        }
    }
    bool key(string_t& name) override {
        switch (m_state) {
        case State::Root:
            if (!m_names.insert(name).second)
                return stop("the name " + shownName(name) + " occurs twice");
            m_name = name;
            m_state = State::Entry;
            return true;
        case State::Metadata:
            m_state = State::MetadataValue;
            return true;
        case State::Tensor: {
            Declared& tensor = tensors.back();
            const bool again = (name == "dtype" && tensor.dtype) || (name == "shape" && tensor.shape) ||
                               (name == "data_offsets" && tensor.offsets);
            if (again)
                return stop("the tensor " + shownName(m_name) + " has two fields " + name);
            if (name == "dtype")
                m_state = State::DType;
            else if (name == "shape")
                m_state = State::Shape;
            else if (name == "data_offsets")
                m_state = State::Offsets;
            else
                return stop("the tensor " + shownName(m_name) + " has a field " + shownName(name) +
                            ", which the format does not know");
            return true;
        }
        default:
            return unexpected();
        }
    }
    bool end_object() override {
        if (m_state == State::Root) {
            m_state = State::End;
            return true;
        }
        if (m_state == State::Tensor) {
            const Declared& tensor = tensors.back();
            if (!tensor.dtype || !tensor.shape || !tensor.offsets)
                return stop("the tensor " + shownName(m_name) + " lacks its dtype, shape or data_offsets");
        }
        m_state = State::Root; // of a tensor or of the metadata
        return true;
    }
    bool start_array(std::size_t) override {
        if (m_state == State::Shape)
            return open(tensors.back().shape, State::ShapeItems);
        if (m_state == State::Offsets)
            return open(tensors.back().offsets, State::OffsetItems);
        return unexpected();
    }
    bool end_array() override {
        m_state = State::Tensor;
        return true;
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (m_state != State::ShapeItems && m_state != State::OffsetItems)
            return unexpected();
        if (m_items->size() == kRankLimit)
            return stop("the tensor " + shownName(m_name) + " has more than " + std::to_string(kRankLimit) +
                        " dimensions");
        m_items->push_back(value);
        return true;
    }
    bool string(string_t& value) override {
        if (m_state == State::DType) {
            tensors.back().dtype = value;
            m_state = State::Tensor;
            return true;
        }
        if (m_state == State::MetadataValue) {
            m_state = State::Metadata;
            return true;
        }
        return unexpected();
    }
    bool number_integer(number_integer_t) override { return badNumber("a negative number"); }
    bool number_float(number_float_t, const string_t&) override { return badNumber("a number that is no whole one"); }
    bool null() override { return unexpected(); }
    bool boolean(bool) override { return unexpected(); }
    bool binary(binary_t&) override { return unexpected(); }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
        return stop("its header is not JSON (byte " + std::to_string(position) + ")");
    }

private:
    enum class State {
        Start,
        Root,
        Entry,
        Tensor,
        DType,
        Shape,
        ShapeItems,
        Offsets,
        OffsetItems,
        Metadata,
        MetadataValue,
        End
    };

    bool stop(std::string why) {
        problem = std::move(why);
        return false;
    }
    bool unexpected() {
        return stop(m_name.empty() ? "its header is not an object of tensors"
                                   : "the header's entry " + shownName(m_name) + " is not what the format asks for");
    }
    bool badNumber(const std::string& what) {
        if (m_state == State::ShapeItems || m_state == State::OffsetItems)
            return stop("the tensor " + shownName(m_name) + " has " + what + " among its sizes or offsets");
        return unexpected();
    }
    bool open(std::optional<std::vector<std::uint64_t>>& items, State state) {
        m_items = &items.emplace();
        m_state = state;
        return true;
    }

    State m_state = State::Start;
    std::string m_name;
    std::set<std::string> m_names;
    std::vector<std::uint64_t>* m_items = nullptr;
};

} // namespace

bool looksLikeSafetensors(const std::filesystem::path& path) {
    const Result<MappedFile> file = MappedFile::open(path);
    if (!file)
        return false;
    const std::span<const std::byte> bytes = file->bytes();
    return bytes.size() > kLengthBytes && bytes[kLengthBytes] == std::byte{'{'};
}

Result<Weights> readSafetensors(const std::filesystem::path& path) {
    PLUMBLINE_TRY(const MappedFile file, MappedFile::open(path));
    const std::span<const std::byte> all = file.bytes();
    const auto invalid = [&path](std::string reason) {
        return fail(ErrorCode::WeightsInvalid, {{"path", encodePath(path)}, {"reason", std::move(reason)}});
    };

    if (all.size() < kLengthBytes)
        return invalid("it has only " + std::to_string(all.size()) + " bytes");
    std::uint64_t headerBytes = 0;
    std::memcpy(&headerBytes, all.data(), kLengthBytes);
    if (headerBytes > all.size() - kLengthBytes)
        return invalid("its header would end beyond the file");
    if (headerBytes > kHeaderLimit)
        return invalid("its header is longer than 16 MB");

    const auto* text = reinterpret_cast<const char*>(all.data()) + kLengthBytes;
    HeaderReader header;
    if (headerBytes == 0 || *text != '{')
        return invalid("its header does not begin with {");
    if (!nlohmann::json::sax_parse(text, text + headerBytes, &header))
        return invalid(header.problem);

    const std::span<const std::byte> data = all.subspan(kLengthBytes + headerBytes);
    struct Range {
        std::uint64_t begin, end;
        const std::string* name;
    };
    std::vector<Range> ranges;
    ranges.reserve(header.tensors.size());
    Weights weights;
    for (const Declared& declared : header.tensors) {
        const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                       [&declared](const TypeEntry& e) { return e.code == *declared.dtype; });
        if (type == kTypes.end())
            return invalid("the tensor " + shownName(declared.name) + " has the type " + shownName(*declared.dtype) +
                           ", which is not supported");
        if (declared.offsets->size() != 2)
            return invalid("the tensor " + shownName(declared.name) + " does not have two offsets");
        const std::uint64_t begin = (*declared.offsets)[0];
        const std::uint64_t end = (*declared.offsets)[1];
        if (end < begin)
            return invalid("the tensor " + shownName(declared.name) + " ends before it begins");
        if (end > data.size())
            return invalid("the tensor " + shownName(declared.name) + " ends beyond the file, which may be cut short");
        const std::optional<std::uint64_t> bytes = tensorBytes(*declared.shape, dtypeSize(type->dtype));
        if (!bytes || *bytes != end - begin)
            return invalid("the shape of the tensor " + shownName(declared.name) + " does not fit its " +
                           std::to_string(end - begin) + " bytes");

        TensorView view;
        view.dtype = type->dtype;
        view.shape.assign(declared.shape->begin(), declared.shape->end());
        view.bytes = data.subspan(begin, end - begin);
        weights.tensors.emplace(declared.name, std::move(view));
        ranges.push_back({begin, end, &declared.name});
    }

    // The format's rule: without gaps and without overlap from the first byte of the data to the last.
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::uint64_t covered = 0;
    for (const Range& range : ranges) {
        if (range.begin < covered)
            return invalid("the tensor " + shownName(*range.name) + " overlaps another");
        if (range.begin > covered)
            return invalid("there is a gap before the tensor " + shownName(*range.name));
        covered = range.end;
    }
    if (covered != data.size())
        return invalid("there are " + std::to_string(data.size() - covered) + " bytes after the last tensor");

    weights.files.push_back(file);
    weights.paths.push_back(path);
    return weights;
}

Result<void> writeSafetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors) {
    nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}}; // transformers refuses a file without it
    std::uint64_t offset = 0;
    for (const TensorToWrite& tensor : tensors) {
        const std::vector<std::uint64_t> shape(tensor.shape.begin(), tensor.shape.end());
        const std::optional<std::uint64_t> bytes = tensorBytes(shape, dtypeSize(tensor.dtype));
        if (!bytes || *bytes != tensor.bytes.size())
            return fail(ErrorCode::InvalidArgument, {{"name", tensor.name},
                                                     {"value", std::to_string(tensor.bytes.size())},
                                                     {"expected", "as many bytes as its shape"}});
        const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                       [&tensor](const TypeEntry& e) { return e.dtype == tensor.dtype; });
        header[tensor.name] = {
            {"dtype", type->code}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + *bytes}}};
        offset += *bytes;
    }
    std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text.append((8 - text.size() % 8) % 8, ' '); // the data stays aligned when the file is mapped

    std::filesystem::path part = path;
    part += ".part";
    std::error_code ignored;
    errno = 0;
    {
        std::ofstream out(part, std::ios::binary | std::ios::trunc);
        const std::uint64_t headerBytes = text.size();
        out.write(reinterpret_cast<const char*>(&headerBytes), kLengthBytes);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        for (const TensorToWrite& tensor : tensors)
            out.write(reinterpret_cast<const char*>(tensor.bytes.data()),
                      static_cast<std::streamsize>(tensor.bytes.size()));
        out.close();
        if (!out) {
            const int error = errno;
            std::filesystem::remove(part, ignored);
            if (error == ENOSPC)
                return fail(ErrorCode::DiskFull, {{"path", encodePath(path)}});
            return fail(ErrorCode::FileUnwritable,
                        {{"path", encodePath(path)}, {"reason", error ? std::strerror(error) : "writing failed"}});
        }
    }
    std::error_code error;
    std::filesystem::rename(part, path, error);
    if (error) {
        std::filesystem::remove(part, ignored);
        return fail(ErrorCode::FileUnwritable, {{"path", encodePath(path)}, {"reason", error.message()}});
    }
    return {};
}

} // namespace plumbline::formats
