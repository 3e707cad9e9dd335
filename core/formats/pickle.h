// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/formats/weights.h"

namespace plumbline::formats {

/// Values refer to each other by number, so that a pickle may be shared, cyclic or nested as deep as it likes.
using PickleId = std::uint32_t;

struct PickleValue {
    enum class Kind : std::uint8_t {
        None,
        Inert,    ///< a value that weights are not made of: a float, bytes, a device, a NumPy scalar, …
        Bool,     ///< number
        Int,      ///< number
        Text,     ///< text
        Tuple,    ///< items
        List,     ///< items
        Dict,     ///< items: key, value, key, value, …; a key that occurs twice is there twice
        Function, ///< number: an index into the allowed globals; only while the pickle is read
        Object,   ///< items: nothing, or its state; an instance of a class of a TorchScript archive
        Storage,  ///< number: an index into Pickle::storages
        Tensor,   ///< number: an index into Pickle::tensors
    };
    Kind kind = Kind::None;
    std::int64_t number = 0;
    std::string_view text; ///< any bytes, a view into the pickle
    std::vector<PickleId> items;
};

/// Where the numbers of tensors lie: a record of the archive.
struct PickledStorage {
    DType dtype = DType::F32;
    std::string_view key;
    std::uint64_t elements = 0;
};
/// A view of a storage. Counted in elements; nothing is checked against the storage yet.
struct PickledTensor {
    std::uint64_t storage = 0, offset = 0;
    std::vector<std::uint64_t> shape, strides;
};

/// One pickle, as values.
struct Pickle {
    std::deque<PickleValue> values;
    std::vector<PickledStorage> storages;
    std::vector<PickledTensor> tensors;
    PickleId root = 0;
    std::uint64_t bytes = 0; ///< its length: another may follow

    const PickleValue& operator[](PickleId id) const { return values[id]; }
};

/// Reads the pickle at the beginning of `bytes` as a value; nothing is ever called. `script`: classes of `__torch__`
/// are allowed, as bags of attributes. `bytes` must outlive the result. Limits: 2 million instructions, 400,000
/// values, 50,000 tensors of at most 16 dimensions. Errors: PickleRefused (it asks for something that could run code),
/// ModelUnsupported (quantised, sparse, complex, … tensors), WeightsInvalid.
Result<Pickle> readPickle(std::span<const std::byte> bytes, bool script, const std::filesystem::path& path);

} // namespace plumbline::formats
