// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/pickle.h"

#include <array>
#include <map>
#include <optional>
#include <string>

#include "core/base/path.h"
#include "core/formats/little_endian.h"

namespace plumbline::formats {

namespace {

using Kind = PickleValue::Kind;

constexpr std::uint64_t kMostSteps = 2'000'000; ///< instructions, and items that an instruction copies
constexpr std::size_t kMostValues = 400'000;    ///< and as many memo entries
constexpr std::size_t kMostTensors = 50'000;
constexpr std::size_t kLongestKey = 256; ///< of a storage: torch writes small numbers, and addresses before 1.6

enum class Does {
    Value,       ///< a plain value, never called: torch.float32
    Storage,     ///< the type of a storage, only named in persistent ids
    MakesDict,   ///< an empty dictionary, or one of a list of pairs
    MakesTensor, ///< storage, offset, size, stride, …
    GivesFirst,  ///< its first argument
    MakesInert,  ///< a value that weights are not made of
    MakesObject, ///< an instance of a class that is not looked at
};
struct Global {
    std::string_view module, name;
    Does does;
    DType dtype = DType::F32; ///< of a storage
};
constexpr std::array kAllowed = {
    Global{"collections", "OrderedDict", Does::MakesDict},
    Global{"torch._utils", "_rebuild_tensor", Does::MakesTensor},
    Global{"torch._utils", "_rebuild_tensor_v2", Does::MakesTensor},
    Global{"torch._utils", "_rebuild_parameter", Does::GivesFirst},
    Global{"torch._utils", "_rebuild_parameter_with_state", Does::GivesFirst},
    Global{"torch", "Size", Does::GivesFirst},
    Global{"torch", "FloatStorage", Does::Storage, DType::F32},
    Global{"torch", "HalfStorage", Does::Storage, DType::F16},
    Global{"torch", "BFloat16Storage", Does::Storage, DType::BF16},
    Global{"torch", "DoubleStorage", Does::Storage, DType::F64},
    Global{"torch", "LongStorage", Does::Storage, DType::I64},
    Global{"torch", "IntStorage", Does::Storage, DType::I32},
    Global{"torch", "ShortStorage", Does::Storage, DType::I16},
    Global{"torch", "CharStorage", Does::Storage, DType::I8},
    Global{"torch", "ByteStorage", Does::Storage, DType::U8},
    Global{"torch", "BoolStorage", Does::Storage, DType::Bool},
    Global{"torch", "device", Does::MakesInert},
    Global{"torch", "float64", Does::Value},
    Global{"torch", "float32", Does::Value},
    Global{"torch", "float16", Does::Value},
    Global{"torch", "bfloat16", Does::Value},
    Global{"torch", "int64", Does::Value},
    Global{"torch", "int32", Does::Value},
    Global{"torch", "int16", Does::Value},
    Global{"torch", "int8", Does::Value},
    Global{"torch", "uint8", Does::Value},
    Global{"torch", "bool", Does::Value},
    // What training scripts keep beside the weights.
    Global{"argparse", "Namespace", Does::MakesInert},
    Global{"numpy.core.multiarray", "scalar", Does::MakesInert},
    Global{"numpy._core.multiarray", "scalar", Does::MakesInert},
    Global{"numpy", "dtype", Does::MakesInert},
    Global{"_codecs", "encode", Does::MakesInert},
};
// Only in TorchScript archives.
constexpr std::array kAllowedInScripts = {
    Global{"torch.jit._pickle", "build_intlist", Does::GivesFirst},
    Global{"torch.jit._pickle", "build_doublelist", Does::GivesFirst},
    Global{"torch.jit._pickle", "build_boollist", Does::GivesFirst},
    Global{"torch.jit._pickle", "build_tensorlist", Does::GivesFirst},
    Global{"torch.jit._pickle", "restore_type_tag", Does::GivesFirst},
    Global{"__torch__", "", Does::MakesObject}, // any class of __torch__ and of what lies below
};

/// Harmless, but nothing that weights of a CLIP come in.
struct Unsupported {
    std::string_view module, name, what;
};
constexpr std::array kUnsupported = {
    Unsupported{"torch._utils", "_rebuild_qtensor", "quantised tensors"},
    Unsupported{"torch", "QInt8Storage", "quantised tensors"},
    Unsupported{"torch", "QUInt8Storage", "quantised tensors"},
    Unsupported{"torch", "QInt32Storage", "quantised tensors"},
    Unsupported{"torch", "QUInt4x2Storage", "quantised tensors"},
    Unsupported{"torch", "QUInt2x4Storage", "quantised tensors"},
    Unsupported{"torch", "ComplexFloatStorage", "complex tensors"},
    Unsupported{"torch", "ComplexDoubleStorage", "complex tensors"},
    Unsupported{"torch._utils", "_rebuild_sparse_tensor", "sparse tensors"},
    Unsupported{"torch._utils", "_rebuild_sparse_csr_tensor", "sparse tensors"},
    Unsupported{"torch.serialization", "_get_layout", "sparse tensors"},
    Unsupported{"torch._utils", "_rebuild_nested_tensor", "nested tensors"},
    Unsupported{"torch._utils", "_rebuild_meta_tensor_no_storage", "tensors without numbers"},
    Unsupported{"torch._utils", "_rebuild_device_tensor_from_numpy", "tensors of another device"},
    Unsupported{"torch._utils", "_rebuild_tensor_v3", "tensors of a type without a storage of its own"},
    Unsupported{"torch.storage", "UntypedStorage", "tensors of a type without a storage of its own"},
};

// The instructions of Python's pickle module, by their values there.
enum class Op : std::uint8_t {
    Mark = '(',
    Stop = '.',
    Pop = '0',
    PopMark = '1',
    Dup = '2',
    BinFloat = 'G',
    BinInt = 'J',
    BinInt1 = 'K',
    BinInt2 = 'M',
    None = 'N',
    BinPersId = 'Q',
    Reduce = 'R',
    BinString = 'T',
    ShortBinString = 'U',
    BinUnicode = 'X',
    EmptyList = ']',
    Append = 'a',
    Build = 'b',
    Global = 'c',
    Dict = 'd',
    Appends = 'e',
    BinGet = 'h',
    Inst = 'i',
    LongBinGet = 'j',
    List = 'l',
    Obj = 'o',
    BinPut = 'q',
    LongBinPut = 'r',
    SetItem = 's',
    Tuple = 't',
    SetItems = 'u',
    EmptyTuple = ')',
    EmptyDict = '}',
    BinBytes = 'B',
    ShortBinBytes = 'C',
    Proto = 0x80,
    NewObj = 0x81,
    Ext1 = 0x82,
    Ext2 = 0x83,
    Ext4 = 0x84,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8a,
    Long4 = 0x8b,
    ShortBinUnicode = 0x8c,
    BinUnicode8 = 0x8d,
    BinBytes8 = 0x8e,
    NewObjEx = 0x92,
    StackGlobal = 0x93,
    Memoize = 0x94,
    Frame = 0x95,
};

std::string hexByte(std::uint8_t byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return {'0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
}

/// The stack machine that pickles are written for, with values instead of objects and nothing to call.
class Machine {
public:
    Machine(std::span<const std::byte> bytes, bool script, const std::filesystem::path& path)
        : m_bytes(bytes), m_script(script), m_path(path) {}

    Result<Pickle> run() {
        const auto protocol = take(2);
        if (!protocol || static_cast<Op>((*protocol)[0]) != Op::Proto)
            return tl::unexpected(invalid("it does not begin as a pickle of torch.save does"));
        if (const auto version = static_cast<int>((*protocol)[1]); version < 2 || version > 5)
            return tl::unexpected(invalid("it is a pickle of version " + std::to_string(version)));
        while (!m_stopped) {
            m_opAt = m_at;
            const auto code = number<std::uint8_t>();
            if (!code)
                return tl::unexpected(endsEarly());
            if (++m_steps > kMostSteps || m_pickle.values.size() > kMostValues || m_memo.size() > kMostValues ||
                m_pickle.tensors.size() > kMostTensors)
                return tl::unexpected(tooLong());
            if (const std::optional<Error> error = step(static_cast<Op>(*code)))
                return tl::unexpected(*error);
        }
        m_pickle.bytes = m_at;
        return std::move(m_pickle);
    }

private:
    using Failure = std::optional<Error>;

    // --- errors
    Error invalid(std::string reason) const {
        return {ErrorCode::WeightsInvalid, {{"path", encodePath(m_path)}, {"reason", std::move(reason)}}, {}};
    }
    Error endsEarly() const { return invalid("its pickle ends too early, so the file may be cut short"); }
    Error garbled() const { return invalid("its pickle makes no sense at byte " + std::to_string(m_opAt)); }
    Error tooLong() const { return invalid("its pickle is longer than weights need"); }
    Error refused(std::string reason) const {
        return {ErrorCode::PickleRefused, {{"path", encodePath(m_path)}, {"reason", std::move(reason)}}, {}};
    }
    Error unsupported(std::string what) const {
        return {ErrorCode::ModelUnsupported, {{"path", encodePath(m_path)}, {"what", std::move(what)}}, {}};
    }

    // --- bytes
    std::optional<std::span<const std::byte>> take(std::uint64_t count) {
        if (count > m_bytes.size() - m_at)
            return std::nullopt;
        const auto taken = m_bytes.subspan(m_at, count);
        m_at += count;
        return taken;
    }
    template <class Number>
    std::optional<Number> number() {
        const auto value = numberAt<Number>(m_bytes, m_at);
        if (value)
            m_at += sizeof(Number);
        return value;
    }
    std::optional<std::string_view> line() {
        const auto* begin = reinterpret_cast<const char*>(m_bytes.data()) + m_at;
        const std::string_view rest(begin, m_bytes.size() - m_at);
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos)
            return std::nullopt;
        m_at += end + 1;
        return rest.substr(0, end);
    }

    // --- values
    PickleId add(PickleValue value) {
        m_pickle.values.push_back(std::move(value));
        return static_cast<PickleId>(m_pickle.values.size() - 1);
    }
    Failure push(PickleId id) {
        m_stack.push_back(id);
        return {};
    }
    Failure push(Kind kind, std::int64_t value = 0) { return push(add({kind, value, {}, {}})); }
    PickleValue& at(PickleId id) { return m_pickle.values[id]; }
    std::size_t floor() const { return m_marks.empty() ? 0 : m_marks.back(); }
    /// The topmost value, which must lie above the last mark.
    std::optional<PickleId> pop() {
        if (m_stack.size() <= floor())
            return std::nullopt;
        const PickleId top = m_stack.back();
        m_stack.pop_back();
        return top;
    }
    PickleValue* top() { return m_stack.size() <= floor() ? nullptr : &at(m_stack.back()); }
    /// Everything above the last mark; the mark goes too.
    std::optional<std::vector<PickleId>> popToMark() {
        if (m_marks.empty())
            return std::nullopt;
        const auto begin = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
        std::vector<PickleId> items(begin, m_stack.end());
        m_stack.erase(begin, m_stack.end());
        m_marks.pop_back();
        return items;
    }

    // --- instructions
    Failure step(Op op) {
        switch (op) {
        case Op::Proto:
            return number<std::uint8_t>() ? Failure() : endsEarly();
        case Op::Frame:
            return number<std::uint64_t>() ? Failure() : endsEarly();
        case Op::Stop: {
            const auto root = pop();
            if (!root || !m_marks.empty())
                return garbled();
            m_pickle.root = *root;
            m_stopped = true;
            return {};
        }
        case Op::Mark:
            m_marks.push_back(m_stack.size());
            return {};
        case Op::Pop:
            return pop() ? Failure() : garbled();
        case Op::PopMark:
            return popToMark() ? Failure() : garbled();
        case Op::Dup:
            return top() ? push(m_stack.back()) : garbled();

        case Op::None:
            return push(Kind::None);
        case Op::NewTrue:
            return push(Kind::Bool, 1);
        case Op::NewFalse:
            return push(Kind::Bool, 0);
        case Op::BinInt:
            return pushNumber<std::int32_t>();
        case Op::BinInt1:
            return pushNumber<std::uint8_t>();
        case Op::BinInt2:
            return pushNumber<std::uint16_t>();
        case Op::Long1:
            return pushLong(number<std::uint8_t>());
        case Op::Long4:
            return pushLong(number<std::uint32_t>());
        case Op::BinFloat:
            return take(8) ? push(Kind::Inert) : endsEarly();
        case Op::BinString: // the text of pickles that Python 2 wrote
        case Op::BinUnicode:
            return pushText(Kind::Text, number<std::uint32_t>());
        case Op::ShortBinString:
        case Op::ShortBinUnicode:
            return pushText(Kind::Text, number<std::uint8_t>());
        case Op::BinUnicode8:
            return pushText(Kind::Text, number<std::uint64_t>());
        case Op::ShortBinBytes:
            return pushText(Kind::Inert, number<std::uint8_t>());
        case Op::BinBytes:
            return pushText(Kind::Inert, number<std::uint32_t>());
        case Op::BinBytes8:
            return pushText(Kind::Inert, number<std::uint64_t>());

        case Op::EmptyTuple:
            return push(Kind::Tuple);
        case Op::EmptyList:
            return push(Kind::List);
        case Op::EmptyDict:
            return push(Kind::Dict);
        case Op::Tuple:
            return gather(Kind::Tuple);
        case Op::List:
            return gather(Kind::List);
        case Op::Dict:
            return gather(Kind::Dict);
        case Op::Tuple1:
            return tuple(1);
        case Op::Tuple2:
            return tuple(2);
        case Op::Tuple3:
            return tuple(3);
        case Op::Append:
            return extend(Kind::List, popSome(1));
        case Op::Appends:
            return extend(Kind::List, popToMark());
        case Op::SetItem:
            return extend(Kind::Dict, popSome(2));
        case Op::SetItems:
            return extend(Kind::Dict, popToMark());

        case Op::BinPut:
            return put(number<std::uint8_t>());
        case Op::LongBinPut:
            return put(number<std::uint32_t>());
        case Op::Memoize:
            return put(static_cast<std::uint32_t>(m_memo.size()));
        case Op::BinGet:
            return get(number<std::uint8_t>());
        case Op::LongBinGet:
            return get(number<std::uint32_t>());

        case Op::Global: {
            const auto module = line();
            const auto name = module ? line() : std::nullopt;
            return name ? global(*module, *name) : endsEarly();
        }
        case Op::StackGlobal: {
            const auto name = pop();
            const auto module = name ? pop() : std::nullopt;
            if (!module || at(*module).kind != Kind::Text || at(*name).kind != Kind::Text)
                return garbled();
            return global(at(*module).text, at(*name).text);
        }
        case Op::BinPersId:
            return persistentId();
        case Op::Reduce:
        case Op::NewObj: {
            const auto arguments = pop();
            const auto function = arguments ? pop() : std::nullopt;
            if (!function || at(*arguments).kind != Kind::Tuple || at(*function).kind != Kind::Function)
                return garbled();
            return apply(static_cast<std::size_t>(at(*function).number), *arguments);
        }
        case Op::Build: {
            const auto state = pop();
            PickleValue* object = state ? top() : nullptr;
            if (!object)
                return garbled();
            if (object->kind == Kind::Object)
                object->items.assign(1, *state);
            // The attributes of a dictionary (its "_metadata") or of a value that weights are not made of say nothing.
            else if (object->kind != Kind::Dict && object->kind != Kind::Inert)
                return garbled();
            return {};
        }

        case Op::Inst:
        case Op::Obj:
        case Op::NewObjEx:
        case Op::Ext1:
        case Op::Ext2:
        case Op::Ext4:
            return refused("it holds the pickle instruction " + hexByte(static_cast<std::uint8_t>(op)) +
                           ", which makes objects of any class; a checkpoint has no need of it");
        }
        return invalid("its pickle holds the instruction " + hexByte(static_cast<std::uint8_t>(op)) +
                       ", which torch.save never writes");
    }

    template <class Number>
    Failure pushNumber() {
        const auto value = number<Number>();
        return value ? push(Kind::Int, *value) : endsEarly();
    }
    template <class Length>
    Failure pushText(Kind kind, std::optional<Length> length) {
        const auto bytes = length ? take(*length) : std::nullopt;
        if (!bytes)
            return endsEarly();
        return push(add({kind, 0, {reinterpret_cast<const char*>(bytes->data()), bytes->size()}, {}}));
    }
    /// Two's complement, little-endian, of any length. What does not fit into 64 bits is kept as bytes.
    template <class Length>
    Failure pushLong(std::optional<Length> length) {
        if (length && *length > sizeof(std::int64_t))
            return pushText(Kind::Inert, length);
        const auto bytes = length ? take(*length) : std::nullopt;
        if (!bytes)
            return endsEarly();
        const bool negative = !bytes->empty() && (bytes->back() & std::byte{0x80}) != std::byte{0};
        std::int64_t value = negative ? -1 : 0;
        std::memcpy(&value, bytes->data(), bytes->size());
        return push(Kind::Int, value);
    }

    std::optional<std::vector<PickleId>> popSome(std::size_t count) {
        if (m_stack.size() < floor() + count)
            return std::nullopt;
        const auto begin = m_stack.end() - static_cast<std::ptrdiff_t>(count);
        std::vector<PickleId> items(begin, m_stack.end());
        m_stack.erase(begin, m_stack.end());
        return items;
    }
    Failure collect(Kind kind, std::optional<std::vector<PickleId>> items) {
        if (!items || (kind == Kind::Dict && items->size() % 2 != 0))
            return garbled();
        return push(add({kind, 0, {}, std::move(*items)}));
    }
    Failure gather(Kind kind) { return collect(kind, popToMark()); }
    Failure tuple(std::size_t count) { return collect(Kind::Tuple, popSome(count)); }
    Failure extend(Kind kind, const std::optional<std::vector<PickleId>>& items) {
        PickleValue* container = items ? top() : nullptr;
        if (!container || container->kind != kind || (kind == Kind::Dict && items->size() % 2 != 0))
            return garbled();
        container->items.insert(container->items.end(), items->begin(), items->end());
        return {};
    }

    template <class Index>
    Failure put(std::optional<Index> index) {
        if (!index)
            return endsEarly();
        if (!top())
            return garbled();
        m_memo[*index] = m_stack.back();
        return {};
    }
    Failure put(std::uint32_t index) { return put(std::optional(index)); }
    template <class Index>
    Failure get(std::optional<Index> index) {
        if (!index)
            return endsEarly();
        const auto found = m_memo.find(*index);
        return found == m_memo.end() ? garbled() : push(found->second);
    }

    /// A function is its place in kAllowed, or behind that in kAllowedInScripts.
    static const Global& globalAt(std::size_t index) {
        return index < kAllowed.size() ? kAllowed[index] : kAllowedInScripts[index - kAllowed.size()];
    }
    Failure global(std::string_view module, std::string_view name) {
        const bool ofScript = module == "__torch__" || module.substr(0, 10) == "__torch__.";
        for (std::size_t i = 0; i < kAllowed.size() + (m_script ? kAllowedInScripts.size() : 0); ++i) {
            const Global& allowed = globalAt(i);
            if (allowed.does == Does::MakesObject ? ofScript : allowed.module == module && allowed.name == name)
                return push(allowed.does == Does::Value ? Kind::Inert : Kind::Function, static_cast<std::int64_t>(i));
        }
        const std::string full = shownName(module) + "." + shownName(name);
        for (const Unsupported& known : kUnsupported)
            if (known.module == module && known.name == name)
                return unsupported(std::string(known.what) + " (" + full + ")");
        return refused("it would call " + full + " when it is unpickled, and a checkpoint has no need to");
    }

    Failure persistentId() {
        const auto id = pop();
        if (!id || at(*id).kind != Kind::Tuple)
            return garbled();
        const std::vector<PickleId>& items = at(*id).items;
        if (!items.empty() && at(items[0]).kind == Kind::Text && at(items[0]).text == "module")
            return refused("it holds the source code of a module and not only its weights");
        // ("storage", type, key, device, elements), in the legacy form with a view of a part of it behind
        if (items.size() < 5 || items.size() > 6 || at(items[0]).kind != Kind::Text || at(items[0]).text != "storage" ||
            at(items[1]).kind != Kind::Function || at(items[2]).kind != Kind::Text || at(items[4]).kind != Kind::Int)
            return garbled();
        const Global& type = globalAt(static_cast<std::size_t>(at(items[1]).number));
        if (type.does != Does::Storage || at(items[4]).number < 0 || at(items[2]).text.size() > kLongestKey)
            return garbled();
        if (items.size() == 6 && at(items[5]).kind != Kind::None)
            return unsupported("storages that are parts of others, as versions before 0.4 wrote them");
        m_pickle.storages.push_back({type.dtype, at(items[2]).text, static_cast<std::uint64_t>(at(items[4]).number)});
        return push(Kind::Storage, static_cast<std::int64_t>(m_pickle.storages.size() - 1));
    }

    Failure apply(std::size_t function, PickleId argumentsId) {
        const std::vector<PickleId>& arguments = at(argumentsId).items;
        switch (globalAt(function).does) {
        case Does::MakesDict:
            return makeDict(arguments);
        case Does::MakesTensor:
            return makeTensor(arguments);
        case Does::GivesFirst:
            return arguments.empty() ? garbled() : push(arguments[0]);
        case Does::MakesInert:
            return push(Kind::Inert);
        case Does::MakesObject:
            return push(Kind::Object);
        case Does::Value:
        case Does::Storage:
            break;
        }
        return garbled();
    }

    Failure makeDict(const std::vector<PickleId>& arguments) {
        PickleValue dict{Kind::Dict, 0, {}, {}};
        if (arguments.size() > 1 || (arguments.size() == 1 && at(arguments[0]).kind != Kind::List))
            return garbled();
        if (!arguments.empty()) {
            const std::vector<PickleId>& pairs = at(arguments[0]).items;
            m_steps += pairs.size();
            if (m_steps > kMostSteps)
                return tooLong();
            for (const PickleId id : pairs) {
                const PickleValue& pair = at(id);
                if ((pair.kind != Kind::Tuple && pair.kind != Kind::List) || pair.items.size() != 2)
                    return garbled();
                dict.items.insert(dict.items.end(), pair.items.begin(), pair.items.end());
            }
        }
        return push(add(std::move(dict)));
    }

    std::optional<std::vector<std::uint64_t>> sizes(PickleId id) {
        const PickleValue& list = at(id);
        if (list.kind != Kind::Tuple && list.kind != Kind::List)
            return std::nullopt;
        std::vector<std::uint64_t> values;
        if (list.items.size() > kRankLimit)
            return std::nullopt;
        for (const PickleId item : list.items) {
            if (at(item).kind != Kind::Int || at(item).number < 0)
                return std::nullopt;
            values.push_back(static_cast<std::uint64_t>(at(item).number));
        }
        return values;
    }

    Failure makeTensor(const std::vector<PickleId>& arguments) {
        // storage, offset, size, stride; then whether it requires a gradient, hooks, metadata
        if (arguments.size() < 4 || arguments.size() > 7)
            return garbled();
        const PickleValue& storage = at(arguments[0]);
        const PickleValue& offset = at(arguments[1]);
        const auto shape = sizes(arguments[2]);
        const auto strides = sizes(arguments[3]);
        if (storage.kind != Kind::Storage || offset.kind != Kind::Int || offset.number < 0)
            return garbled();
        if (!shape || !strides || shape->size() != strides->size())
            return invalid("one of its tensors has sizes or strides that are none, or more than " +
                           std::to_string(kRankLimit) + " dimensions");
        if (arguments.size() == 7) { // {"neg": True}: the numbers count with the other sign
            const PickleValue& metadata = at(arguments[6]);
            if (metadata.kind != Kind::None && !(metadata.kind == Kind::Dict && metadata.items.empty()))
                return unsupported("tensors that are kept conjugated, negated or with other marks");
        }
        m_pickle.tensors.push_back(
            {static_cast<std::uint64_t>(storage.number), static_cast<std::uint64_t>(offset.number), *shape, *strides});
        return push(Kind::Tensor, static_cast<std::int64_t>(m_pickle.tensors.size() - 1));
    }

    std::span<const std::byte> m_bytes;
    bool m_script;
    const std::filesystem::path& m_path;
    std::uint64_t m_at = 0, m_opAt = 0, m_steps = 0;
    bool m_stopped = false;
    Pickle m_pickle;
    std::vector<PickleId> m_stack;
    std::vector<std::size_t> m_marks; ///< sizes of the stack
    std::map<std::uint32_t, PickleId> m_memo;
};

} // namespace

Result<Pickle> readPickle(std::span<const std::byte> bytes, bool script, const std::filesystem::path& path) {
    return Machine(bytes, script, path).run();
}

} // namespace plumbline::formats
