// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/torch_writer.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/formats/zip_directory.h"
#include "tests/support/test_support.h"

namespace plumbline::test {

namespace {

namespace fs = std::filesystem;
using formats::DType;
using formats::TensorToWrite;

template <class Number>
void put(std::string& bytes, Number value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string_view storageType(DType dtype) {
    constexpr std::array<std::pair<DType, std::string_view>, 10> kTypes = {{{DType::F64, "DoubleStorage"},
                                                                            {DType::F32, "FloatStorage"},
                                                                            {DType::F16, "HalfStorage"},
                                                                            {DType::BF16, "BFloat16Storage"},
                                                                            {DType::I64, "LongStorage"},
                                                                            {DType::I32, "IntStorage"},
                                                                            {DType::I16, "ShortStorage"},
                                                                            {DType::I8, "CharStorage"},
                                                                            {DType::U8, "ByteStorage"},
                                                                            {DType::Bool, "BoolStorage"}}};
    for (const auto& [type, name] : kTypes)
        if (type == dtype)
            return name;
    return {};
}

bool isInteger(DType dtype) {
    return dtype != DType::F64 && dtype != DType::F32 && dtype != DType::F16 && dtype != DType::BF16;
}

std::string asText(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::int64_t elements(const TensorToWrite& tensor) {
    return static_cast<std::int64_t>(tensor.bytes.size() / formats::dtypeSize(tensor.dtype));
}

/// The dictionary that torch.save is given. The storage of the i-th tensor has the key i.
std::string savedPickle(std::span<const TensorToWrite> tensors, const TorchLayout& layout, bool legacy) {
    PickleText pickle(legacy);
    for (const std::string& wrapper : layout.wrappers)
        pickle.raw("}(").text("epoch").integer(3).text("loss").raw(std::string("G?\xe0\0\0\0\0\0\0", 9)).text(wrapper);
    pickle.global("collections", "OrderedDict").raw(")R(");
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        pickle.text(layout.prefix + tensors[i].name);
        if (layout.parameters)
            pickle.global("torch._utils", "_rebuild_parameter");
        pickle.tensor(std::to_string(i), tensors[i].dtype, elements(tensors[i]), tensors[i].shape);
        if (layout.parameters) // requires_grad, and hooks
            pickle.raw("\x88").global("collections", "OrderedDict").raw(")R\x87R");
    }
    pickle.raw("u");
    for (std::size_t i = layout.wrappers.size(); i-- > 0;) {
        if (i == 0 && !tensors.empty()) { // the momentum of the first parameter
            pickle.text("optimizer").raw("}").text("state").raw("}").integer(0).raw("}").text("exp_avg");
            pickle.tensor("0", tensors[0].dtype, elements(tensors[0]), tensors[0].shape).raw("sss");
        }
        pickle.raw("u");
    }
    return pickle.done();
}

struct Module {
    std::map<std::string, Module> children;
    std::map<std::string, std::size_t> tensors; ///< indices
    std::string type;
};

Module moduleTree(std::span<const TensorToWrite> tensors) {
    Module root;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        Module* module = &root;
        std::string_view rest = tensors[i].name;
        for (std::size_t dot; (dot = rest.find('.')) != std::string_view::npos; rest.remove_prefix(dot + 1))
            module = &module->children[std::string(rest.substr(0, dot))];
        module->tensors[std::string(rest)] = i;
    }
    return root;
}

/// The classes of the tree, those of children first, as the code of the archive declares them.
void declare(Module& module, std::span<const TensorToWrite> tensors, int& count, std::string& code) {
    for (auto& [name, child] : module.children)
        declare(child, tensors, count, code);
    module.type = "M" + std::to_string(count++);
    std::string parameters, buffers, attributes;
    for (const auto& [name, index] : module.tensors) {
        (isInteger(tensors[index].dtype) ? buffers : parameters) += '"' + name + "\", ";
        attributes += "  __annotations__[\"" + name + "\"] = Tensor\n";
    }
    for (const auto& [name, child] : module.children)
        attributes += "  __annotations__[\"" + name + "\"] = __torch__." + child.type + "\n";
    code += "class " + module.type + "(Module):\n  __parameters__ = [" + parameters + "]\n  __buffers__ = [" + buffers +
            "]\n  training : bool\n" + attributes;
}

void pickleModule(const Module& module, std::span<const TensorToWrite> tensors, PickleText& pickle) {
    pickle.global("__torch__", module.type).raw(")\x81}(");
    pickle.text("training").raw("\x89");
    for (const auto& [name, index] : module.tensors)
        pickle.text(name).tensor(std::to_string(index), tensors[index].dtype, elements(tensors[index]),
                                 tensors[index].shape);
    for (const auto& [name, child] : module.children) {
        pickle.text(name);
        pickleModule(child, tensors, pickle);
    }
    pickle.raw("ub");
}

} // namespace

PickleText& PickleText::raw(std::string_view instructions) {
    m_bytes += instructions;
    return *this;
}
PickleText& PickleText::text(std::string_view value) {
    m_bytes += 'X';
    put(m_bytes, static_cast<std::uint32_t>(value.size()));
    return raw(value);
}
PickleText& PickleText::integer(std::int64_t value) {
    if (value == static_cast<std::int32_t>(value)) {
        m_bytes += 'J';
        put(m_bytes, static_cast<std::int32_t>(value));
    } else {
        m_bytes += "\x8a\x08";
        put(m_bytes, value);
    }
    return *this;
}
PickleText& PickleText::global(std::string_view module, std::string_view name) {
    return raw("c").raw(module).raw("\n").raw(name).raw("\n");
}
PickleText& PickleText::sizes(std::span<const std::int64_t> values) {
    raw("(");
    for (const std::int64_t value : values)
        integer(value);
    return raw("t");
}
PickleText& PickleText::tensor(std::string_view key, DType dtype, std::int64_t stored, std::int64_t offset,
                               std::span<const std::int64_t> shape, std::span<const std::int64_t> strides) {
    global("torch._utils", "_rebuild_tensor_v2").raw("((").text("storage").global("torch", storageType(dtype));
    text(key).text("cpu").integer(stored).raw(m_legacy ? "NtQ" : "tQ");
    integer(offset).sizes(shape).sizes(strides);
    return raw("\x89").global("collections", "OrderedDict").raw(")RtR");
}
PickleText& PickleText::tensor(std::string_view key, DType dtype, std::int64_t stored,
                               std::span<const std::int64_t> shape) {
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t d = shape.size(); d-- > 1;)
        strides[d - 1] = strides[d] * std::max<std::int64_t>(shape[d], 1);
    return tensor(key, dtype, stored, 0, shape, strides);
}

std::string zipArchive(std::span<const ZipPart> parts, bool zip64) {
    constexpr std::size_t kAlignment = 64;
    constexpr std::uint32_t kIn64 = 0xFFFFFFFF;
    std::string archive, directory;
    for (const ZipPart& part : parts) {
        const std::string localName = part.localName.value_or(part.name);
        const std::uint64_t offset = part.offset.value_or(archive.size());
        const std::uint64_t size = part.size.value_or(part.bytes.size());
        const std::uint32_t crc = part.crc.value_or(formats::zipChecksum(std::as_bytes(std::span(part.bytes))));
        const auto common = [&](std::string& to) {
            put(to, part.flags);
            put(to, part.method);
            put(to, std::uint32_t{0}); // time and date
            put(to, crc);
            for (int i = 0; i < 2; ++i)
                put(to, zip64 ? kIn64 : static_cast<std::uint32_t>(size));
        };
        std::string extra;
        if (zip64) {
            put(extra, std::uint16_t{1});
            put(extra, std::uint16_t{24});
            put(extra, size);
            put(extra, size);
            put(extra, offset);
        }
        std::string padding = "FB";
        const std::size_t before = archive.size() + 30 + localName.size() + extra.size() + 4;
        put(padding, static_cast<std::uint16_t>((kAlignment - before % kAlignment) % kAlignment));
        padding.append((kAlignment - before % kAlignment) % kAlignment, 'Z');

        archive += "PK\x03\x04";
        put(archive, std::uint16_t{45}); // version
        common(archive);
        put(archive, static_cast<std::uint16_t>(localName.size()));
        put(archive, static_cast<std::uint16_t>(extra.size() + padding.size()));
        archive += localName + extra + padding + part.bytes;

        directory += "PK\x01\x02";
        put(directory, std::uint32_t{45}); // versions
        common(directory);
        put(directory, static_cast<std::uint16_t>(part.name.size()));
        put(directory, static_cast<std::uint16_t>(extra.size()));
        directory.append(10, '\0'); // comment, disk, attributes
        put(directory, zip64 ? kIn64 : static_cast<std::uint32_t>(offset));
        directory += part.name + extra;
    }
    const std::uint64_t directoryAt = archive.size();
    archive += directory;
    if (zip64) {
        const std::uint64_t endAt = archive.size();
        archive += "PK\x06\x06";
        put(archive, std::uint64_t{44});
        put(archive, std::uint32_t{45});
        put(archive, std::uint64_t{0}); // disks
        for (int i = 0; i < 2; ++i)
            put(archive, static_cast<std::uint64_t>(parts.size()));
        put(archive, static_cast<std::uint64_t>(directory.size()));
        put(archive, directoryAt);
        archive += std::string("PK\x06\x07\0\0\0\0", 8);
        put(archive, endAt);
        put(archive, std::uint32_t{1});
    }
    archive += std::string("PK\x05\x06\0\0\0\0", 8);
    for (int i = 0; i < 2; ++i)
        put(archive, zip64 ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(parts.size()));
    put(archive, zip64 ? kIn64 : static_cast<std::uint32_t>(directory.size()));
    put(archive, zip64 ? kIn64 : static_cast<std::uint32_t>(directoryAt));
    put(archive, std::uint16_t{0});
    return archive;
}

void writeTorchZip(const fs::path& path, std::span<const TensorToWrite> tensors, const TorchLayout& layout) {
    std::vector<ZipPart> parts(2 + tensors.size());
    parts[0].name = "archive/data.pkl";
    parts[0].bytes = savedPickle(tensors, layout, false);
    parts[1].name = "archive/byteorder";
    parts[1].bytes = "little";
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        parts[2 + i].name = "archive/data/" + std::to_string(i);
        parts[2 + i].bytes = asText(tensors[i].bytes);
    }
    parts.push_back({});
    parts.back().name = "archive/version";
    parts.back().bytes = "3\n";
    writeText(path, zipArchive(parts));
}

void writeTorchLegacy(const fs::path& path, std::span<const TensorToWrite> tensors, const TorchLayout& layout) {
    std::string file = PickleText().raw("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19").done();
    file += PickleText().integer(1001).done();
    file += PickleText()
                .raw("}(")
                .text("protocol_version")
                .integer(1001)
                .text("little_endian")
                .raw("\x88")
                .text("type_sizes")
                .raw("}(")
                .text("short")
                .integer(2)
                .text("int")
                .integer(4)
                .text("long")
                .integer(4)
                .raw("uu")
                .done();
    file += savedPickle(tensors, layout, true);
    PickleText keys;
    keys.raw("](");
    for (std::size_t i = 0; i < tensors.size(); ++i)
        keys.text(std::to_string(i));
    file += keys.raw("e").done();
    for (const TensorToWrite& tensor : tensors) {
        put(file, elements(tensor));
        file += asText(tensor.bytes);
    }
    writeText(path, file);
}

void writeTorchScript(const fs::path& path, std::span<const TensorToWrite> tensors) {
    Module root = moduleTree(tensors);
    int count = 0;
    std::string code;
    declare(root, tensors, count, code);
    PickleText pickle;
    pickleModule(root, tensors, pickle);

    std::vector<ZipPart> parts(tensors.size() + 4);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        parts[i].name = "archive/data/" + std::to_string(i);
        parts[i].bytes = asText(tensors[i].bytes);
    }
    const std::array<std::pair<const char*, std::string>, 4> rest = {{{"archive/data.pkl", pickle.done()},
                                                                      {"archive/code/__torch__.py", code},
                                                                      {"archive/constants.pkl", "\x80\x02)."},
                                                                      {"archive/version", "3\n"}}};
    for (std::size_t i = 0; i < rest.size(); ++i) {
        parts[tensors.size() + i].name = rest[i].first;
        parts[tensors.size() + i].bytes = rest[i].second;
    }
    writeText(path, zipArchive(parts));
}

} // namespace plumbline::test
