// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/torch_file.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <optional>

#include "core/base/path.h"
#include "core/formats/little_endian.h"
#include "core/formats/pickle.h"
#include "core/formats/zip_directory.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;
using Bytes = std::span<const std::byte>;
using Kind = PickleValue::Kind;

constexpr std::uint64_t kLargestPickle = 16'000'000; // of a large model with its optimizer: about a million
constexpr std::uint64_t kMostCopied = std::uint64_t{4} << 30U;
constexpr int kDeepest = 64;                       ///< a module of TorchScript is two: itself and its attributes
constexpr std::size_t kMostVisited = 500'000;      ///< values on the way to the tensors: shared ones count again
constexpr std::size_t kLongestName = 1024;         ///< names are put together again for each value on the way
constexpr std::size_t kMostNameBytes = 16'000'000; ///< of all tensors together
constexpr int kMostWrappers = 8;

/// Under which keys training scripts put the state dict, the clearest first.
constexpr std::array<std::string_view, 9> kWrappers = {
    "state_dict", "model_state_dict", "model", "module", "net", "ema", "model_ema", "state_dict_ema", "params_ema"};
/// What DataParallel, wrapping modules and torch.compile put before each name.
constexpr std::array<std::string_view, 3> kPrefixes = {"module.", "model.", "_orig_mod."};

// Before 1.6: five pickles, then the storages.
constexpr std::string_view kLegacyMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"; // a number of 80 bits
constexpr std::int64_t kLegacyProtocol = 1001;

std::string_view textOf(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
bool looksLikeZip(Bytes bytes) {
    return textOf(bytes).substr(0, 4) == "PK\x03\x04";
}
bool looksLikePickle(Bytes bytes) {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x80} && bytes[1] >= std::byte{2} && bytes[1] <= std::byte{5};
}
bool looksLikeTar(Bytes bytes) {
    constexpr std::size_t kMagicAt = 257;
    return bytes.size() > kMagicAt && textOf(bytes.subspan(kMagicAt)).substr(0, 5) == "ustar";
}

std::string inQuotes(std::string_view name) {
    return '"' + shownName(name) + '"';
}

class Reader {
public:
    Reader(fs::path path, MappedFile file) : m_path(std::move(path)), m_file(std::move(file)), m_all(m_file.bytes()) {}

    Result<TorchFile> read() {
        if (looksLikeZip(m_all))
            return readZip();
        if (looksLikePickle(m_all))
            return readLegacy();
        if (looksLikeTar(m_all))
            return unsupported("the tar form that PyTorch wrote before 0.1.10");
        return invalid(m_all.empty() ? "it is empty" : "it is neither a zip archive nor a pickle");
    }

private:
    /// The bytes of a storage that the pickle names.
    using StorageBytes = std::function<Result<Bytes>(const PickledStorage&)>;

    tl::unexpected<Error> invalid(std::string reason) const {
        return fail(ErrorCode::WeightsInvalid, {{"path", encodePath(m_path)}, {"reason", std::move(reason)}});
    }
    tl::unexpected<Error> unsupported(std::string what) const {
        return fail(ErrorCode::ModelUnsupported, {{"path", encodePath(m_path)}, {"what", std::move(what)}});
    }
    tl::unexpected<Error> notAModel(std::string what) const {
        return fail(ErrorCode::NotAModel, {{"path", encodePath(m_path)}, {"expected", std::move(what)}});
    }

    // --- the zip forms

    Result<TorchFile> readZip() {
        const auto directory = readZipDirectory(m_all, [this] { m_file.release(m_all); });
        if (!directory)
            return invalid(directory.error());
        PLUMBLINE_TRY(const std::string root, archiveRoot(*directory));
        if (directory->count(root + "byteorder") != 0) {
            PLUMBLINE_TRY(const Bytes order, content(*directory, root + "byteorder"));
            if (textOf(order) != "little")
                return unsupported("numbers in the byte order " + inQuotes(textOf(order)));
        }

        const std::string pickleName = root + "data.pkl";
        PLUMBLINE_TRY(const Bytes bytes, content(*directory, pickleName));
        if (bytes.size() > kLargestPickle)
            return invalid("its entry " + shownName(pickleName) + " is larger than 16 MB");
        // A checksum of zero counts as none: torch can be told not to compute them.
        const std::uint32_t crc = directory->at(pickleName).crc;
        if (crc != 0 && zipChecksum(bytes) != crc)
            return invalid("the checksum of its entry " + shownName(pickleName) + " is wrong");

        const auto code = directory->lower_bound(root + "code/");
        const bool script = directory->count(root + "constants.pkl") != 0 ||
                            (code != directory->end() && code->first.substr(0, root.size() + 5) == root + "code/");
        PLUMBLINE_TRY(const Pickle pickle, readPickle(bytes, script, m_path));
        return finish(script ? TorchForm::TorchScript : TorchForm::ZipPickle, pickle,
                      [&](const PickledStorage& storage) -> Result<Bytes> {
                          const std::string name = root + "data/" + std::string(storage.key);
                          PLUMBLINE_TRY(const Bytes found, content(*directory, name));
                          const auto length = tensorBytes(std::array{storage.elements}, dtypeSize(storage.dtype));
                          if (!length || *length != found.size())
                              return invalid("its entry " + shownName(name) + " has " + std::to_string(found.size()) +
                                             " bytes, not those of " + std::to_string(storage.elements) +
                                             " numbers of the type " + std::string(dtypeName(storage.dtype)));
                          return found;
                      });
    }

    /// The folder in the archive, with its slash, that holds data.pkl.
    Result<std::string> archiveRoot(const ZipDirectory& directory) const {
        std::optional<std::string> root;
        for (const auto& [name, entry] : directory) {
            const std::size_t slash = name.find('/');
            if (slash == std::string_view::npos || name.substr(slash + 1) != "data.pkl")
                continue;
            if (root)
                return invalid("it holds more than one data.pkl");
            root = std::string(name.substr(0, slash + 1));
        }
        if (!root)
            return notAModel("it is a zip archive without a data.pkl, so torch.save did not write it");
        return *root;
    }

    Result<Bytes> content(const ZipDirectory& directory, const std::string& name) const {
        const auto found = directory.find(name);
        if (found == directory.end())
            return invalid("its entry " + shownName(name) + " is missing");
        if (!found->second.stored)
            return invalid("its entry " + shownName(name) + " is compressed, which torch.save never does");
        return found->second.bytes;
    }

    // --- the legacy form

    Result<TorchFile> readLegacy() {
        std::uint64_t at = 0;
        const auto next = [&]() -> Result<Pickle> {
            auto pickle = readPickle(m_all.subspan(at), false, m_path);
            at += pickle ? pickle->bytes : 0;
            return pickle;
        };
        { // the first three are freed before the others are read
            PLUMBLINE_TRY(const Pickle magic, next());
            if (magic[magic.root].text != kLegacyMagic)
                return notAModel("it is a pickle, but torch.save did not write it");
        }
        {
            PLUMBLINE_TRY(const Pickle protocol, next());
            if (protocol[protocol.root].number != kLegacyProtocol)
                return invalid("it has another version than " + std::to_string(kLegacyProtocol));
        }
        {
            PLUMBLINE_TRY(const Pickle system, next());
            if (const PickleValue* little = entryOf(system, system.root, "little_endian");
                little && little->number == 0)
                return unsupported("numbers in the byte order \"big\"");
        }
        PLUMBLINE_TRY(const Pickle pickle, next());
        PLUMBLINE_TRY(const Pickle keys, next());

        std::map<std::string_view, DType> types;
        for (const PickledStorage& storage : pickle.storages)
            if (const auto [entry, isNew] = types.emplace(storage.key, storage.dtype);
                !isNew && entry->second != storage.dtype)
                return invalid("its storage " + shownName(storage.key) + " has two types");
        struct Stored {
            std::uint64_t elements = 0;
            Bytes bytes;
        };
        std::map<std::string_view, Stored> stored;
        for (const PickleId id : keys[keys.root].items) {
            const std::string_view key = keys[id].text;
            const auto type = types.find(key);
            if (type == types.end())
                return invalid("its storage " + shownName(key) + " has no type");
            const auto elements = numberAt<std::uint64_t>(m_all, at);
            const auto length = elements ? tensorBytes(std::array{*elements}, dtypeSize(type->second)) : std::nullopt;
            if (!length || *length > m_all.size() - at - sizeof *elements)
                return invalid("its storage " + shownName(key) + " ends beyond the file, which may be cut short");
            at += sizeof *elements;
            if (!stored.emplace(key, Stored{*elements, m_all.subspan(at, *length)}).second)
                return invalid("its storage " + shownName(key) + " occurs twice");
            at += *length;
        }
        if (at != m_all.size())
            return invalid("there are " + std::to_string(m_all.size() - at) + " bytes after the last storage");

        return finish(TorchForm::Legacy, pickle, [&](const PickledStorage& storage) -> Result<Bytes> {
            const auto found = stored.find(storage.key);
            if (found == stored.end())
                return invalid("its storage " + shownName(storage.key) + " is missing");
            if (found->second.elements != storage.elements)
                return invalid("its storage " + shownName(storage.key) + " has " +
                               std::to_string(found->second.elements) + " numbers and not " +
                               std::to_string(storage.elements));
            return found->second.bytes;
        });
    }

    // --- from values to tensors

    Result<TorchFile> finish(TorchForm form, const Pickle& pickle, const StorageBytes& storageBytes) {
        TorchFile file;
        file.form = form;
        const PickleValue& top = pickle[pickle.root];
        if (top.kind == Kind::Tensor) {
            m_flat.push_back({"tensor", static_cast<std::size_t>(top.number)});
        } else if (top.kind == Kind::Dict || top.kind == Kind::Object) {
            const std::string noName;
            PLUMBLINE_CHECK(flatten(pickle, unwrap(pickle, file.notes), &noName, 0));
            takeOffPrefixes(file.notes);
        }
        if (m_flat.empty())
            return notAModel(top.kind == Kind::List || top.kind == Kind::Tuple
                                 ? "it holds a list and not a dictionary of tensors"
                                 : "it holds no dictionary of tensors");

        file.weights.files.push_back(m_file);
        file.weights.paths.push_back(m_path);
        for (const auto& [name, index] : m_flat) {
            PLUMBLINE_TRY(TensorView view, tensor(pickle, index, name, storageBytes, file.weights));
            if (!file.weights.tensors.emplace(name, std::move(view)).second)
                return invalid("two of its tensors have the name " + shownName(name));
        }
        return file;
    }

    /// The value under that key, the last one as Python has it.
    static const PickleValue* entryOf(const Pickle& pickle, PickleId dict, std::string_view key,
                                      PickleId* id = nullptr) {
        const std::vector<PickleId>& items = pickle[dict].items;
        if (pickle[dict].kind != Kind::Dict)
            return nullptr;
        for (std::size_t i = items.size(); i >= 2; i -= 2) {
            const PickleValue& candidate = pickle[items[i - 2]];
            if (candidate.kind != Kind::Text || candidate.text != key)
                continue;
            if (id)
                *id = items[i - 1];
            return &pickle[items[i - 1]];
        }
        return nullptr;
    }

    static bool holdsTensor(const Pickle& pickle, PickleId id) {
        std::vector<bool> seen(pickle.values.size());
        std::vector<PickleId> open = {id};
        seen[id] = true;
        while (!open.empty()) {
            const PickleValue& value = pickle[open.back()];
            open.pop_back();
            if (value.kind == Kind::Tensor)
                return true;
            for (const PickleId item : value.items) {
                if (!seen[item])
                    open.push_back(item);
                seen[item] = true;
            }
        }
        return false;
    }

    /// The dictionary that holds the state dict, and notes on the way there.
    static PickleId unwrap(const Pickle& pickle, std::vector<std::string>& notes) {
        PickleId at = pickle.root;
        std::string way;
        std::vector<std::string> leftOut;
        for (int depth = 0; depth < kMostWrappers; ++depth) {
            std::optional<PickleId> inner;
            for (const std::string_view wrapper : kWrappers) {
                PickleId id = 0;
                const PickleValue* value = entryOf(pickle, at, wrapper, &id);
                if (!value || value->kind != Kind::Dict || !holdsTensor(pickle, id))
                    continue;
                if (inner) {
                    leftOut.push_back(inQuotes(wrapper) + " holds tensors too and was left out");
                    continue;
                }
                inner = id;
                way += (way.empty() ? "" : ".") + std::string(wrapper);
            }
            if (!inner)
                break;
            at = *inner;
        }
        if (!way.empty())
            notes.push_back("the tensors lie under " + inQuotes(way));
        notes.insert(notes.end(), leftOut.begin(), leftOut.end());
        return at;
    }

    /// Collects the tensors below a value under their names. `name` is null below a key that is no name.
    Result<void> flatten(const Pickle& pickle, PickleId id, const std::string* name, int depth) {
        const PickleValue& value = pickle[id];
        if (value.kind == Kind::Tensor) {
            if (!name || !isUtf8(*name))
                return invalid("the name of one of its tensors is not a text");
            m_nameBytes += name->size();
            if (m_nameBytes > kMostNameBytes)
                return invalid("the names of its tensors are longer than weights need");
            m_flat.push_back({*name, static_cast<std::size_t>(value.number)});
            return {};
        }
        if (value.items.empty())
            return {};
        if (depth == kDeepest)
            return invalid("its dictionaries are nested more than " + std::to_string(kDeepest) +
                           " deep, or contain themselves");
        if (value.kind == Kind::Object) // its attributes are its names
            return flatten(pickle, value.items[0], name, depth + 1);
        const bool dict = value.kind == Kind::Dict;
        for (std::size_t i = 0; i < value.items.size(); i += dict ? 2 : 1) {
            if (++m_visited > kMostVisited)
                return invalid("its dictionaries hold more than weights need");
            const PickleId item = value.items[dict ? i + 1 : i];
            if (pickle[item].kind != Kind::Tensor && pickle[item].items.empty())
                continue;
            std::optional<std::string> itemName;
            const PickleValue& key = pickle[value.items[i]];
            if (name && (!dict || key.kind == Kind::Int))
                itemName = std::to_string(dict ? key.number : std::int64_t(i));
            else if (name && key.kind == Kind::Text)
                itemName = key.text.substr(0, kLongestName + 1);
            if (itemName && !name->empty())
                itemName = *name + "." + *itemName;
            if (itemName && itemName->size() > kLongestName)
                return invalid("its name " + shownName(*itemName) + " is longer than names of tensors are");
            PLUMBLINE_CHECK(flatten(pickle, item, itemName ? &*itemName : nullptr, depth + 1));
        }
        return {};
    }

    void takeOffPrefixes(std::vector<std::string>& notes) {
        for (int pass = 0; pass < kMostWrappers && !m_flat.empty(); ++pass) {
            const auto shared = std::find_if(kPrefixes.begin(), kPrefixes.end(), [this](std::string_view prefix) {
                return std::all_of(m_flat.begin(), m_flat.end(), [prefix](const Named& tensor) {
                    return tensor.name.size() > prefix.size() && tensor.name.substr(0, prefix.size()) == prefix;
                });
            });
            if (shared == kPrefixes.end())
                return;
            for (Named& tensor : m_flat)
                tensor.name.erase(0, shared->size());
            notes.push_back("the prefix " + inQuotes(*shared) + " was taken off");
        }
    }

    Result<TensorView> tensor(const Pickle& pickle, std::size_t index, const std::string& name,
                              const StorageBytes& storageBytes, Weights& weights) {
        const PickledTensor& declared = pickle.tensors[index];
        const PickledStorage& storage = pickle.storages[declared.storage];
        const std::size_t elementSize = dtypeSize(storage.dtype);
        const std::optional<std::uint64_t> bytes = tensorBytes(declared.shape, elementSize);
        if (!bytes)
            return invalid("the shape of its tensor " + shownName(name) + " is larger than numbers go");
        PLUMBLINE_TRY(const Bytes stored, storageBytes(storage));
        TensorView view;
        view.dtype = storage.dtype;
        view.shape.assign(declared.shape.begin(), declared.shape.end());
        if (*bytes == 0)
            return view;

        std::uint64_t last = declared.offset;
        bool fits = true;
        for (std::size_t d = 0; d < declared.shape.size(); ++d) {
            std::uint64_t step = 0;
            fits = fits && !__builtin_mul_overflow(declared.shape[d] - 1, declared.strides[d], &step) &&
                   !__builtin_add_overflow(last, step, &last);
        }
        if (!fits || last >= stored.size() / elementSize)
            return invalid("its tensor " + shownName(name) + " ends beyond its storage");

        std::uint64_t expected = 1;
        bool inOnePiece = true;
        for (std::size_t d = declared.shape.size(); d-- > 0;) {
            inOnePiece = inOnePiece && (declared.shape[d] == 1 || declared.strides[d] == expected);
            expected *= declared.shape[d];
        }
        if (inOnePiece) {
            view.bytes = stored.subspan(declared.offset * elementSize, *bytes);
            return view;
        }

        // A view of few numbers may claim to be of any size: what is copied must not exceed what the file holds.
        if (*bytes > std::min<std::uint64_t>(m_all.size(), kMostCopied) - m_copied)
            return invalid("its tensor " + shownName(name) +
                           " is a view that would need more memory than the file has");
        m_copied += *bytes;
        weights.scattered.push_back({name, stored, declared.offset, declared.strides});
        return view;
    }

    struct Named {
        std::string name;
        std::size_t tensor;
    };

    fs::path m_path;
    MappedFile m_file;
    Bytes m_all;
    std::vector<Named> m_flat;
    std::size_t m_nameBytes = 0, m_visited = 0;
    std::uint64_t m_copied = 0;
};

} // namespace

bool looksLikeTorchFile(const fs::path& path) {
    const auto file = MappedFile::open(path);
    return file && (looksLikeZip(file->bytes()) || looksLikePickle(file->bytes()));
}

Result<TorchFile> readTorchLayout(const fs::path& path) {
    PLUMBLINE_TRY(MappedFile file, MappedFile::open(path));
    return Reader(path, std::move(file)).read();
}

Result<TorchFile> readTorchFile(const fs::path& path) {
    PLUMBLINE_TRY(TorchFile file, readTorchLayout(path));
    PLUMBLINE_CHECK(gather(file.weights));
    return file;
}

} // namespace plumbline::formats
