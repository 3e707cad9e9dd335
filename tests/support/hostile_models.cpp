// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/hostile_models.h"

#include <array>
#include <cstring>
#include <stdexcept>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <zlib.h>

#include "core/formats/model_folder.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"
#include "tests/support/torch_writer.h"

namespace plumbline::test {

namespace {

namespace fs = std::filesystem;
using formats::DType;
using nlohmann::json;
using Sizes = std::vector<std::int64_t>;

constexpr std::uint64_t kMega = 1'000'000, kGiga = 1'000'000'000;

// --- files

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    all.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

std::string numbered(std::size_t times, const std::function<std::string(std::size_t)>& item) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += (i ? "," : "") + item(i);
    return all;
}

/// The file as it is, and zeros behind it that take no room.
fs::path sparse(const fs::path& path, std::string_view text, std::uint64_t size) {
    writeText(path, text);
    fs::resize_file(path, size);
    return path;
}

void pipe(const fs::path& path) {
    if (::mkfifo(path.c_str(), 0600) != 0)
        throw std::runtime_error("cannot make a pipe");
}

fs::path replacedBy(const fs::path& path, const std::function<void(const fs::path&)>& make) {
    fs::remove_all(path);
    make(path);
    return path;
}

void editJson(const fs::path& file, const std::function<void(json&)>& edit) {
    json value = json::parse(readText(file));
    edit(value);
    writeText(file, value.dump());
}

/// A good model, and beside it a folder with a secret.
fs::path goodModel(const fs::path& folder, Container container = Container::HuggingFace) {
    writeRandomClip(folder / "model", {}, container);
    fs::create_directories(folder / "elsewhere");
    return folder / "model";
}

// --- safetensors

std::string headerLength(std::uint64_t length) {
    std::string bytes(sizeof length, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes;
}
std::string safetensors(const std::string& header, std::size_t dataBytes = 0) {
    return headerLength(header.size()) + header + std::string(dataBytes, '\0');
}
fs::path weightsFile(const fs::path& folder, const std::string& bytes) {
    writeText(folder / "model.safetensors", bytes);
    return folder / "model.safetensors";
}
/// A header of `count` tensors of one byte.
std::string manyTensors(std::size_t count) {
    return "{" +
           numbered(count,
                    [](std::size_t i) {
                        return "\"" + std::to_string(i) + R"(":{"dtype":"U8","shape":[1],"data_offsets":[)" +
                               std::to_string(i) + "," + std::to_string(i + 1) + "]}";
                    }) +
           "}";
}

/// All tensors of a folder's configuration, as one file of zeros that takes no room.
void writeZeros(const fs::path& file, const ModelConfig& config) {
    json header;
    std::uint64_t offset = 0;
    for (const formats::ExpectedTensor& tensor : formats::expectedTensors(config)) {
        std::uint64_t bytes = 4;
        for (const std::int64_t size : tensor.shape)
            bytes *= static_cast<std::uint64_t>(size);
        header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
        offset += bytes;
    }
    const std::string text = header.dump();
    sparse(file, headerLength(text.size()) + text, 8 + text.size() + offset);
}

// --- PyTorch files

ZipPart part(const std::string& name, const std::string& bytes) {
    ZipPart made;
    made.name = name;
    made.bytes = bytes;
    return made;
}
fs::path torchZip(const fs::path& folder, const std::string& pickle, const std::vector<ZipPart>& more = {}) {
    std::vector<ZipPart> parts = {part("archive/data.pkl", pickle), part("archive/data/0", std::string(24, '\0'))};
    parts.insert(parts.end(), more.begin(), more.end());
    writeText(folder / "model.pt", zipArchive(parts));
    return folder / "model.pt";
}
std::string sixFloats() {
    const std::string pickle = PickleText().tensor("0", DType::F32, 6, Sizes{6}).done();
    return pickle.substr(2, pickle.size() - 3);
}
std::string legacyHead() {
    return PickleText().raw("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19").done() +
           PickleText().integer(1001).done();
}
/// A pickle that would make a file beside the one it lies in.
std::string callsSystem(const fs::path& folder) {
    return PickleText()
        .raw("}")
        .text("logit_scale")
        .global("posix", "system")
        .text("touch '" + (folder / "marker").string() + "'")
        .raw("\x85Rs")
        .done();
}

// --- the lists

using Write = std::function<fs::path(const fs::path&)>;

Write lone(const std::string& header, std::size_t dataBytes = 0) {
    return [=](const fs::path& folder) { return weightsFile(folder, safetensors(header, dataBytes)); };
}
Write zipOf(const std::string& pickle, const std::vector<ZipPart>& more = {}) {
    return [=](const fs::path& folder) { return torchZip(folder, pickle, more); };
}
Write config(const std::function<void(json&)>& edit) {
    return [=](const fs::path& folder) {
        const fs::path model = goodModel(folder);
        editJson(model / "config.json", edit);
        return model;
    };
}
Write configText(const std::string& text) {
    return [=](const fs::path& folder) {
        const fs::path model = goodModel(folder);
        writeText(model / "config.json", text);
        return model;
    };
}
/// A good model with one of its files in another form.
Write file(const char* name, const std::function<void(const fs::path&)>& make) {
    return [=](const fs::path& folder) {
        const fs::path model = goodModel(folder);
        replacedBy(model / name, make);
        return model;
    };
}
Write index(const std::string& text, const std::function<void(const fs::path&)>& more = {}) {
    return [=](const fs::path& folder) {
        const fs::path model = goodModel(folder);
        fs::rename(model / "model.safetensors", folder / "elsewhere/model.safetensors");
        writeText(model / "model.safetensors.index.json", text);
        if (more)
            more(model);
        return model;
    };
}
Write shardNamed(const std::string& name, const std::function<void(const fs::path&)>& more = {}) {
    return index(json{{"weight_map", {{"logit_scale", name}}}}.dump(), more);
}
/// A folder of the Hugging Face cache with a good model as its snapshots.
Write cache(const std::function<void(const fs::path&)>& change) {
    return [=](const fs::path& folder) {
        const fs::path repository = folder / "models--org--name";
        for (const char* commit : {"aaaa", "bbbb"})
            writeRandomClip(repository / "snapshots" / commit);
        fs::create_directories(repository / "refs");
        fs::create_directories(folder / "elsewhere");
        writeText(repository / "refs/main", "aaaa");
        change(repository);
        return repository;
    };
}

std::vector<HostileModel> safetensorsModels() {
    constexpr auto kInvalid = ErrorCode::WeightsInvalid;
    return {
        {"safetensors: a header of 10 GB in a file of 100 bytes",
         [](const fs::path& folder) { return weightsFile(folder, headerLength(10 * kGiga) + std::string(92, '{')); },
         kInvalid, "beyond the file"},
        {"safetensors: a header of 10 GB that is there",
         [](const fs::path& folder) {
             return sparse(folder / "model.safetensors", headerLength(10 * kGiga) + "{", 11 * kGiga);
         },
         kInvalid, "longer than 16 MB"},
        {"safetensors: a header of 2^64 - 1 bytes",
         [](const fs::path& folder) { return weightsFile(folder, std::string(8, '\xff') + std::string(92, '{')); },
         kInvalid, "beyond the file"},
        {"safetensors: a header of 90 MB of nested lists", lone(R"({"a":)" + repeated("[", 90 * kMega)), kInvalid,
         "longer than 16 MB"},
        {"safetensors: a header of 15 MB of nested lists", lone(R"({"a":)" + repeated("[", 15 * kMega)), kInvalid,
         "not what the format asks for"},
        {"safetensors: nested lists as a shape", lone(R"({"a":{"dtype":"F32","shape":)" + repeated("[", 15 * kMega)),
         kInvalid, "not what the format asks for"},
        {"safetensors: a name of 15 MB", lone(R"({")" + std::string(15 * kMega, 'n') + R"(":1})"), kInvalid, "nnn…"},
        {"safetensors: a metadata text of 15 MB",
         lone(R"({"__metadata__":{"a":")" + std::string(15 * kMega, 'n') + R"("}})"), ErrorCode::NotAModel,
         "no tensors of a CLIP"},
        {"safetensors: 200,000 tensors of one byte",
         [](const fs::path& folder) { return weightsFile(folder, safetensors(manyTensors(200'000), 200'000)); },
         kInvalid, "more than 50000 tensors"},
        {"safetensors: 50,000 tensors of one byte",
         [](const fs::path& folder) { return weightsFile(folder, safetensors(manyTensors(50'000), 50'000)); },
         ErrorCode::NotAModel, "no tensors of a CLIP"},
        {"safetensors: 40,000 names of 300 bytes",
         [](const fs::path& folder) {
             const std::string header = "{" +
                                        numbered(40'000,
                                                 [](std::size_t i) {
                                                     return "\"" + std::string(300, 'n') + std::to_string(i) +
                                                            R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
                                                 }) +
                                        "}";
             return weightsFile(folder, safetensors(header));
         },
         ErrorCode::NotAModel, "no tensors of a CLIP"},
        {"safetensors: a shape of 2^124 numbers",
         lone(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,4]}})", 4),
         kInvalid, "does not fit"},
        {"safetensors: a million dimensions",
         lone(R"({"a":{"dtype":"F32","shape":[)" + repeated("1,", 1'000'000) + R"(1],"data_offsets":[0,4]}})", 4),
         kInvalid, "more than 16 dimensions"},
        {"safetensors: names of other bytes than UTF-8",
         lone("{\"\xff\xfe\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4), kInvalid, "not JSON"},
        {"safetensors: two tensors of one place",
         lone(
             R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
             4),
         kInvalid, "overlaps another"},
        {"safetensors: a name with a zero and an escape sequence",
         [](const fs::path& folder) {
             const fs::path model = goodModel(folder);
             auto read = formats::readSafetensors(model / "model.safetensors");
             std::vector<formats::TensorToWrite> tensors;
             for (const auto& [name, view] : read->tensors)
                 tensors.push_back({name, view.dtype, view.shape, view.bytes});
             tensors.push_back({std::string("a\0b\x1b[2J", 7), DType::F32, {0}, {}});
             if (!formats::writeSafetensors(model / "model.safetensors", tensors))
                 throw std::runtime_error("cannot write weights");
             return model;
         },
         ErrorCode::TensorUnexpected, "a\uFFFDb\uFFFD[2J"},
        {"weights that are a folder", file("model.safetensors", [](const fs::path& p) { fs::create_directory(p); }),
         ErrorCode::FileUnreadable, "not a regular file"},
        {"weights that are a pipe", file("model.safetensors", pipe), ErrorCode::FileUnreadable, "not a regular file"},
        {"weights of nothing", file("model.safetensors", [](const fs::path& p) { writeText(p, ""); }), kInvalid,
         "0 bytes"},
        {"weights of 100 GB of zeros", file("model.safetensors", [](const fs::path& p) { sparse(p, "", 100 * kGiga); }),
         kInvalid, "does not begin with {"},
    };
}

std::vector<HostileModel> torchModels() {
    constexpr auto kInvalid = ErrorCode::WeightsInvalid;
    const Write systemZip = [](const fs::path& folder) { return torchZip(folder, callsSystem(folder)); };
    return {
        {"pickle: calls os.system", systemZip, ErrorCode::PickleRefused, "it would call posix.system"},
        {"pickle: calls os.system, in a model's folder",
         [](const fs::path& folder) {
             const fs::path model = goodModel(folder);
             fs::remove(model / "model.safetensors");
             fs::rename(torchZip(folder, callsSystem(folder)), model / "pytorch_model.bin");
             return model;
         },
         ErrorCode::PickleRefused, "it would call posix.system"},
        {"pickle: calls os.system, named .safetensors",
         [](const fs::path& folder) {
             const fs::path model = goodModel(folder);
             fs::rename(torchZip(folder, callsSystem(folder)), model / "model.safetensors");
             return model;
         },
         ErrorCode::PickleRefused, "it would call posix.system"},
        {"pickle: calls os.system, of before 1.6",
         [](const fs::path& folder) {
             writeText(folder / "model.pt", legacyHead() + callsSystem(folder));
             return folder / "model.pt";
         },
         ErrorCode::PickleRefused, "it would call posix.system"},
        {"pickle: calls os.system, with nothing around it",
         [](const fs::path& folder) {
             writeText(folder / "model.pt", callsSystem(folder));
             return folder / "model.pt";
         },
         ErrorCode::PickleRefused, "it would call posix.system"},
        {"pickle: calls eval by way of the stack",
         zipOf(PickleText().text("builtins").text("eval").raw("\x93").text("1").raw("\x85R").done()),
         ErrorCode::PickleRefused, "builtins.eval"},
        {"pickle: an object of any class", zipOf(PickleText().raw("(iposix\nsystem\n").done()),
         ErrorCode::PickleRefused, "instruction 0x69"},
        {"pickle: a frame of 2^60 bytes and memo entry 2^32 - 1",
         zipOf(PickleText().raw(std::string("\x95\0\0\0\0\0\0\0\x10", 9)).raw("}r\xff\xff\xff\xff").done()),
         ErrorCode::NotAModel, "no dictionary of tensors"},
        {"pickle: a number of 4 GB", zipOf(PickleText().raw("\x8b\xff\xff\xff\xff").done()), kInvalid,
         "ends too early"},
        {"pickle: a text of 4 GB", zipOf(PickleText().raw("X\xff\xff\xff\xff").done()), kInvalid, "ends too early"},
        {"pickle: a text of 2^63 bytes", zipOf(PickleText().raw(std::string("\x8d\0\0\0\0\0\0\0\x80", 9)).done()),
         kInvalid, "ends too early"},
        {"pickle: a text of 4 GB that is there",
         [](const fs::path& folder) {
             return sparse(folder / "model.pt", legacyHead() + "\x80\x02X" + std::string("\0\0\0\xf0", 4), 5 * kGiga);
         },
         kInvalid, "instruction 0x00"},
        {"pickle: a dictionary that holds itself",
         zipOf(PickleText().raw("}q\1").text("w").raw(sixFloats() + "s").text("self").raw("h\1s").done()), kInvalid,
         "contain themselves"},
        {"pickle: dictionaries a hundred thousand deep",
         zipOf(PickleText().raw(repeated("}K\1", 100'000) + sixFloats() + repeated("s", 100'000)).done()), kInvalid,
         "deep"},
        {"pickle: 10^20 names for one tensor",
         [](const fs::path& folder) {
             PickleText laughs;
             laughs.raw("}").text(std::string(500, 'w')).raw(sixFloats() + "s");
             for (int level = 0; level < 20; ++level) {
                 laughs.raw("q\1"
                            "0}(");
                 for (int i = 0; i < 10; ++i)
                     laughs.text(std::string(20, static_cast<char>('a' + i))).raw("h\1");
                 laughs.raw("u");
             }
             return torchZip(folder, laughs.done());
         },
         kInvalid, "than weights need"},
        {"pickle: 100,000 names of 500 bytes",
         [](const fs::path& folder) {
             PickleText names;
             names.raw("}").text("a").raw(sixFloats() + "q\1s").text(std::string(500, 'n')).raw("](");
             names.raw(repeated("h\1", 100'000) + "es");
             return torchZip(folder, names.done());
         },
         kInvalid, "longer than weights need"},
        {"pickle: three million values", zipOf(PickleText().raw(repeated("N", 3 * kMega)).done()), kInvalid,
         "longer than weights need"},
        {"pickle: a list of one value again and again",
         zipOf(PickleText().raw("]q\1(" + repeated("h\1", 7 * kMega) + "e").done()), kInvalid,
         "longer than weights need"},
        {"pickle: seven million marks", zipOf(PickleText().raw(repeated("(", 7 * kMega)).done()), kInvalid,
         "longer than weights need"},
        {"pickle: 100,000 tensors",
         [](const fs::path& folder) {
             return torchZip(folder, PickleText().raw("](" + repeated(sixFloats(), 100'000) + "e").done());
         },
         kInvalid, "longer than weights need"},
        {"pickle: 15 MB of empty lists", zipOf(PickleText().raw(repeated("]", 15 * kMega)).done()), kInvalid,
         "longer than weights need"},
        {"pickle: 70 MB", zipOf(PickleText().text(std::string(70 * kMega, ' ')).done()), kInvalid, "larger than 16 MB"},
        {"pickle: five long ones, one behind the other",
         [](const fs::path& folder) {
             const std::string values = "(" + repeated("]", 350'000) + "1";
             writeText(folder / "model.pt",
                       PickleText().raw(values + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19").done() +
                           PickleText().raw(values).integer(1001).done() + PickleText().raw(values + "}").done() +
                           PickleText().raw(values + "}").done() + PickleText().raw(values + "]").done());
             return folder / "model.pt";
         },
         ErrorCode::NotAModel, "no dictionary of tensors"},
        {"torch file of before 1.6: a storage of 2^62 numbers",
         [](const fs::path& folder) {
             PickleText saved(true);
             saved.raw("}").text("w").tensor("0", DType::F32, 6, Sizes{6}).raw("s");
             writeText(folder / "model.pt", legacyHead() + PickleText().raw("}").done() + saved.done() +
                                                PickleText().raw("]").text("0").raw("a").done() +
                                                headerLength(std::uint64_t{1} << 62) + std::string(24, '\0'));
             return folder / "model.pt";
         },
         kInvalid, "ends beyond the file"},
        {"torch file: a number seen as 4 GB",
         [](const fs::path& folder) {
             return torchZip(folder, PickleText()
                                         .raw("}")
                                         .text("w")
                                         .tensor("0", DType::F32, 6, 0, Sizes{1 << 30}, Sizes{0})
                                         .raw("s")
                                         .done());
         },
         kInvalid, "more memory than the file"},
        {"torch file: four gigabytes, transposed",
         [](const fs::path& folder) {
             constexpr std::int64_t kSide = 32'000;
             PickleText saved(true);
             saved.raw("}").text("w").tensor("0", DType::F32, kSide * kSide, 0, Sizes{kSide, kSide}, Sizes{1, kSide});
             const std::string head = legacyHead() + PickleText().raw("}").done() + saved.raw("s").done() +
                                      PickleText().raw("]").text("0").raw("a").done() + headerLength(kSide * kSide);
             return sparse(folder / "model.pt", head, head.size() + 4 * kSide * kSide);
         },
         ErrorCode::NotAModel, "no tensors of a CLIP"},
        {"zip: a bomb of 4 GB",
         [](const fs::path& folder) {
             std::vector<ZipPart> parts = {part("archive/data.pkl", std::string(4000, 'x'))};
             parts[0].method = 8;
             writeText(folder / "model.pt", zipArchive(parts));
             return folder / "model.pt";
         },
         kInvalid, "compressed"},
        {"zip: a bomb of overlapping entries",
         [](const fs::path& folder) {
             std::vector<ZipPart> parts = {part("archive/x", zipArchive(std::vector{part("archive/y", "yy")})),
                                           part("archive/y", "yy"),
                                           part("archive/data.pkl", PickleText().raw("}").done())};
             parts[1].offset = 64;
             writeText(folder / "model.pt", zipArchive(parts));
             return folder / "model.pt";
         },
         kInvalid, "overlap"},
        {"zip: an entry that leads upwards", zipOf(PickleText().raw("}").done(), {part("archive/../../marker", "x")}),
         kInvalid, "leads outside the archive"},
        {"zip: an absolute entry", zipOf(PickleText().raw("}").done(), {part("/etc/passwd", "x")}), kInvalid,
         "leads outside the archive"},
        {"zip: an entry with a zero in its name",
         zipOf(PickleText().raw("}").done(), {part(std::string("archive/a\0b", 11), "x")}), kInvalid,
         "leads outside the archive"},
        {"zip: 60,000 entries",
         [](const fs::path& folder) {
             std::vector<ZipPart> parts = {part("archive/data.pkl", PickleText().raw("}").done())};
             for (int i = 0; i < 60'000; ++i)
                 parts.push_back(part("archive/data/" + std::to_string(i), "x"));
             writeText(folder / "model.pt", zipArchive(parts, true));
             return folder / "model.pt";
         },
         kInvalid, "more than 50000 entries"},
        {"zip: 40,000 entries, a page each",
         [](const fs::path& folder) {
             std::vector<ZipPart> parts = {part("archive/data.pkl", PickleText().raw("}").done())};
             const std::string page(4096, '\0');
             for (int i = 0; i < 40'000; ++i)
                 parts.push_back(part("archive/data/" + std::to_string(i), page));
             writeText(folder / "model.pt", zipArchive(parts, true));
             return folder / "model.pt";
         },
         ErrorCode::NotAModel, "no dictionary of tensors"},
        {"zip: a directory of names of 4,000 bytes",
         [](const fs::path& folder) {
             std::vector<ZipPart> parts = {part("archive/data.pkl", PickleText().raw("}").done())};
             for (int i = 0; i < 10'000; ++i)
                 parts.push_back(part(std::string(4000, 'n') + std::to_string(i), "x"));
             writeText(folder / "model.pt", zipArchive(parts, true));
             return folder / "model.pt";
         },
         kInvalid, "directory is larger"},
        {"TorchScript archive without its data.pkl",
         [](const fs::path& folder) {
             writeText(folder / "model.pt", zipArchive(std::vector{part("archive/code/__torch__.py", "import os"),
                                                                   part("archive/constants.pkl", "\x80\x02).")}));
             return folder / "model.pt";
         },
         ErrorCode::NotAModel, "without a data.pkl"},
    };
}

std::vector<HostileModel> folders() {
    const auto linkOut = [](const char* target) {
        return [target](const fs::path& p) {
            const fs::path out = p.parent_path().parent_path() / "elsewhere" / target;
            writeText(out, "{}");
            fs::create_symlink(out, p);
        };
    };
    const auto loop = [](const fs::path& p) {
        fs::create_symlink("loop", p);
        fs::create_symlink(p.filename(), p.parent_path() / "loop");
    };
    constexpr auto kLink = ErrorCode::NotAModel;
    const std::string link = "link that leads out", beside = "does not lie beside it";
    return {
        {"config.json: a link out of the folder", file("config.json", linkOut("config.json")), kLink, link},
        {"preprocessor_config.json: a link out of the folder",
         file("preprocessor_config.json", linkOut("preprocessor_config.json")), kLink, link},
        {"config.json: a link to itself by way of another", file("config.json", loop), ErrorCode::NotAModel,
         "leads nowhere"},
        {"config.json: a pipe", file("config.json", pipe), ErrorCode::FileUnreadable, "not a regular file"},
        {"config.json: a folder", file("config.json", [](const fs::path& p) { fs::create_directory(p); }),
         ErrorCode::FileUnreadable, "not a regular file"},
        {"config.json: 5 GB", file("config.json", [](const fs::path& p) { sparse(p, "{", 5 * kGiga); }),
         ErrorCode::JsonInvalid, "larger than a configuration"},
        {"config.json: 2 MB of nested lists", configText(repeated("[", 2 * kMega)), ErrorCode::JsonInvalid, "deep"},
        {"config.json: 2 MB of numbers", configText("{\"a\":[" + repeated("0,", kMega - 10) + "0]}"),
         ErrorCode::NotAModel, "does not name a model type"},
        {"config.json: 2 MB of empty lists", configText("{\"a\":[" + repeated("[],", 650'000) + "0]}"),
         ErrorCode::NotAModel, "does not name a model type"},
        {"config.json: 150,000 fields",
         configText("{" + numbered(150'000, [](std::size_t i) { return "\"" + std::to_string(i) + "\":0"; }) + "}"),
         ErrorCode::NotAModel, "does not name a model type"},
        {"config.json: lists a hundred deep as an activation", config([](json& c) {
             c["vision_config"]["hidden_act"] = json::parse(repeated("[", 100) + repeated("]", 100));
         }),
         ErrorCode::ModelConfigInvalid, "hidden_act"},
        {"config.json: 10^308 pixels", config([](json& c) { c["vision_config"]["image_size"] = 1e308; }),
         ErrorCode::ModelConfigInvalid, "image_size"},
        {"config.json: 10^400 pixels", configText(R"({"model_type":"clip","projection_dim":1e400})"),
         ErrorCode::JsonInvalid, ""},
        {"config.json: no heads", config([](json& c) { c["text_config"]["num_attention_heads"] = 0; }),
         ErrorCode::ModelConfigInvalid, "num_attention_heads"},
        {"config.json: patches of no pixels", config([](json& c) { c["vision_config"]["patch_size"] = 0; }),
         ErrorCode::ModelConfigInvalid, "patch_size"},
        {"config.json: a billion tokens", config([](json& c) { c["text_config"]["vocab_size"] = 1'000'000'000; }),
         ErrorCode::ModelConfigInvalid, "vocab_size"},
        {"config.json: 512 layers of two", config([](json& c) {
             c["text_config"]["num_hidden_layers"] = 512;
             c["vision_config"]["num_hidden_layers"] = 512;
         }),
         ErrorCode::ModelConfigConflict, "layers of the image tower"},
        {"config.json: 513 layers", config([](json& c) { c["text_config"]["num_hidden_layers"] = 513; }),
         ErrorCode::ModelConfigInvalid, "num_hidden_layers"},
        {"16 million patches, with weights to fit",
         [](const fs::path& folder) {
             const fs::path model = goodModel(folder);
             auto read = formats::readModelFolder(model);
             editJson(model / "config.json", [](json& c) {
                 c["vision_config"]["image_size"] = 4096;
                 c["vision_config"]["patch_size"] = 1;
             });
             editJson(model / "preprocessor_config.json", [](json& c) { c["size"] = c["crop_size"] = 4096; });
             read->config.vision.imageSize.value = 4096;
             read->config.vision.patchSize.value = 1;
             writeZeros(model / "model.safetensors", read->config);
             return model;
         },
         ErrorCode::ModelConfigInvalid, "16777217 positions"},
        {"65,536 words in a text, with weights to fit",
         [](const fs::path& folder) {
             const fs::path model = goodModel(folder);
             auto read = formats::readModelFolder(model);
             editJson(model / "config.json", [](json& c) { c["text_config"]["max_position_embeddings"] = 65536; });
             read->config.text.contextLength.value = 65536;
             writeZeros(model / "model.safetensors", read->config);
             return model;
         },
         ErrorCode::ModelConfigInvalid, "65536 positions"},
        {"weights: a link out of the folder", file("model.safetensors", linkOut("x.safetensors")), kLink, link},
        {"weights: a link out of a folder without a configuration",
         [](const fs::path& folder) {
             fs::create_directories(folder / "model");
             fs::create_directories(folder / "elsewhere");
             writeText(folder / "elsewhere/x.safetensors", "{}");
             fs::create_symlink(folder / "elsewhere/x.safetensors", folder / "model/x.safetensors");
             return folder / "model";
         },
         kLink, link},
        {"tokenizer.json: a link out of the folder", file("tokenizer.json", linkOut("tokenizer.json")), kLink, link},
        {"vocab.json: a link out of the folder", file("vocab.json", linkOut("vocab.json")), kLink, link},
        {"spiece.model: a link out of the folder", file("spiece.model", linkOut("spiece.model")), kLink, link},
        {"index: the shard ../elsewhere/model.safetensors", shardNamed("../elsewhere/model.safetensors"),
         ErrorCode::WeightsInvalid, beside},
        {"index: an absolute shard", shardNamed("/etc/passwd"), ErrorCode::WeightsInvalid, beside},
        {"index: a shard without a name", shardNamed(""), ErrorCode::WeightsInvalid, beside},
        {"index: the folder itself", shardNamed("."), ErrorCode::WeightsInvalid, beside},
        {"index: the folder above", shardNamed(".."), ErrorCode::WeightsInvalid, beside},
        {"index: a zero in a name", shardNamed(std::string("a\0.safetensors", 14)), ErrorCode::WeightsInvalid, beside},
        {"index: a shard's name of a megabyte", shardNamed(std::string(kMega, 'n')), ErrorCode::WeightsInvalid,
         "nnn…, which it names, is not there"},
        {"index: a shard that is a link out of the folder",
         shardNamed("a.safetensors",
                    [](const fs::path& model) {
                        fs::create_symlink(model.parent_path() / "elsewhere/model.safetensors",
                                           model / "a.safetensors");
                    }),
         kLink, link},
        {"index: a shard that is a pipe",
         shardNamed("a.safetensors", [](const fs::path& model) { pipe(model / "a.safetensors"); }),
         ErrorCode::FileUnreadable, "not a regular file"},
        {"index: itself as a shard", shardNamed("model.safetensors.index.json"), ErrorCode::WeightsInvalid,
         "neither a zip archive nor a pickle"},
        {"index: 2 MB of nested objects", index(repeated(R"({"weight_map":)", 140'000)), ErrorCode::JsonInvalid,
         "deep"},
        {"index: 100,000 shards",
         index(R"({"weight_map":{)" +
               numbered(100'000,
                        [](std::size_t i) { return "\"" + std::to_string(i) + "\":\"" + std::to_string(i) + "\""; }) +
               "}}"),
         ErrorCode::WeightsInvalid, "is not there"},
        {"index: a number instead of a file", index(R"({"weight_map":{"logit_scale":7}})"), ErrorCode::WeightsInvalid,
         "is not a text"},
        {"cache: main is ../../..",
         cache([](const fs::path& repository) { writeText(repository / "refs/main", "../../../elsewhere"); }),
         ErrorCode::NotAModel, "several snapshots"},
        {"cache: main has 5 GB",
         cache([](const fs::path& repository) { sparse(repository / "refs/main", "", 5 * kGiga); }),
         ErrorCode::NotAModel, "several snapshots"},
        {"cache: main is a pipe", cache([](const fs::path& repository) { replacedBy(repository / "refs/main", pipe); }),
         ErrorCode::NotAModel, "several snapshots"},
        {"cache: the snapshot is a link out of the cache", cache([](const fs::path& repository) {
             const fs::path out = repository.parent_path() / "elsewhere/model";
             fs::rename(repository / "snapshots/aaaa", out);
             fs::create_directory_symlink(out, repository / "snapshots/aaaa");
         }),
         kLink, link},
        {"cache: a file of the snapshot is a link out of the cache", cache([](const fs::path& repository) {
             const fs::path inside = repository / "snapshots/aaaa/config.json";
             const fs::path out = repository.parent_path() / "elsewhere/config.json";
             fs::rename(inside, out);
             fs::create_symlink(out, inside);
         }),
         kLink, link},
        {"a folder that is a link to itself",
         [](const fs::path& folder) {
             fs::create_symlink("model", folder / "model");
             return folder / "model";
         },
         ErrorCode::FileNotFound, "model"},
        {"a pipe instead of a model",
         [](const fs::path& folder) {
             pipe(folder / "model.safetensors");
             return folder / "model.safetensors";
         },
         ErrorCode::FileUnreadable, "not a regular file"},
    };
}

std::string gzipped(const std::string& text) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("cannot compress");
    std::string packed(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); // zlib does not write to it
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        throw std::runtime_error("cannot compress");
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

/// A good model whose vocabulary is replaced by other files.
Write tokenizer(const std::function<void(const fs::path&)>& write) {
    return [=](const fs::path& folder) {
        RandomClip clip;
        clip.vocabulary = false;
        clip.vocabSize = 528;
        writeRandomClip(folder / "model", clip);
        write(folder / "model");
        return folder / "model";
    };
}
Write tokenizerFile(const char* name, const std::function<std::string()>& text) {
    return tokenizer([=](const fs::path& model) { writeText(model / name, text()); });
}
Write vocabulary(const std::function<std::string()>& text, const std::string& merges = "#version: 0.2\n") {
    return tokenizer([=](const fs::path& model) {
        writeText(model / "vocab.json", text());
        writeText(model / "merges.txt", merges);
    });
}
std::string tokenizerJson(const std::string& model, const std::string& more = "") {
    return R"({"version":"1.0","model":)" + model + more + "}";
}

} // namespace

const std::vector<HostileModel>& hostileModels() {
    static const std::vector<HostileModel> all = [] {
        std::vector<HostileModel> list;
        for (std::vector<HostileModel>& some : std::array{safetensorsModels(), torchModels(), folders()})
            list.insert(list.end(), some.begin(), some.end());
        return list;
    }();
    return all;
}

const std::vector<HostileModel>& hostileTokenizers() {
    constexpr auto kInvalid = ErrorCode::VocabularyInvalid;
    static const std::vector<HostileModel> all = {
        {"vocab.json: 30 MB of nested lists", vocabulary([] { return repeated("[", 30 * kMega); }),
         ErrorCode::FileUnreadable, "larger than"},
        {"vocab.json: 10 MB of nested lists", vocabulary([] { return repeated("[", 10 * kMega); }), kInvalid,
         "one object of tokens"},
        {"vocab.json: 15 MB of tokens", vocabulary([] {
             return "{" + numbered(1'200'000, [](std::size_t i) { return "\"" + std::to_string(i) + "\":1"; }) + "}";
         }),
         kInvalid, "more than"},
        {"vocab.json: one id for two tokens", vocabulary([] { return std::string(R"({"a":0,"b":0})"); }), kInvalid,
         "the id 0 is given to"},
        {"vocab.json: an id of 2^40", vocabulary([] { return std::string(R"({"a":1099511627776})"); }), kInvalid,
         "not a whole number"},
        {"vocab.json: a token of 15 MB",
         vocabulary([] { return R"({")" + std::string(15 * kMega, 'n') + R"(":"x"})"; }), kInvalid, "nnn"},
        {"vocab.json: 5 GB", tokenizer([](const fs::path& model) {
             sparse(model / "vocab.json", "{", 5 * kGiga);
             writeText(model / "merges.txt", "");
         }),
         ErrorCode::FileUnreadable, "larger than"},
        {"merges.txt: 5 GB", tokenizer([](const fs::path& model) {
             writeText(model / "vocab.json", R"({"a":0})");
             sparse(model / "merges.txt", "", 5 * kGiga);
         }),
         ErrorCode::FileUnreadable, "larger than"},
        {"a packed vocabulary that unpacks to 200 MB",
         tokenizerFile("bpe_simple_vocab_16e6.txt.gz", [] { return gzipped(std::string(200 * kMega, 'a')); }), kInvalid,
         "unpacks to more than"},
        {"tokenizer.json: 5 GB",
         tokenizer([](const fs::path& model) { sparse(model / "tokenizer.json", "{", 5 * kGiga); }),
         ErrorCode::FileUnreadable, "larger than"},
        {"tokenizer.json: 15 MB of nested lists",
         tokenizerFile("tokenizer.json", [] { return repeated("[", 15 * kMega); }), kInvalid, "nested deeper"},
        {"tokenizer.json: nested normalizers",
         tokenizerFile("tokenizer.json",
                       [] {
                           return tokenizerJson(R"({"type":"WordPiece","vocab":{"a":0},"unk_token":"a"})",
                                                R"(,"normalizer":)" +
                                                    repeated(R"({"type":"Sequence","normalizers":[)", 100'000));
                       }),
         kInvalid, "nested deeper"},
        {"tokenizer.json: two million tokens",
         tokenizerFile("tokenizer.json",
                       [] {
                           return tokenizerJson(R"({"type":"WordPiece","vocab":{)" +
                                                numbered(2'000'000,
                                                         [](std::size_t i) {
                                                             return "\"" + std::to_string(i) +
                                                                    "\":" + std::to_string(i);
                                                         }) +
                                                "}}");
                       }),
         kInvalid, "more than"},
        {"tokenizer.json: 45 MB of one text",
         tokenizerFile("tokenizer.json", [] { return R"({"a":")" + std::string(45 * kMega, 'n') + R"("})"; }), kInvalid,
         "one of its texts is longer"},
        {"tokenizer.json: 45 MB of merges",
         tokenizerFile("tokenizer.json",
                       [] {
                           return tokenizerJson(R"({"type":"BPE","vocab":{"a":0},"merges":[)" +
                                                repeated(R"("a a",)", 7'500'000) + R"("a a"]})");
                       }),
         kInvalid, "more than 1000000 merges"},
        {"tokenizer.json: 200 MB of zeros",
         tokenizer([](const fs::path& model) { sparse(model / "tokenizer.json", "", 200 * kMega); }),
         ErrorCode::FileUnreadable, "larger than"},
        {"tokenizer.json: two million values beside the vocabulary",
         tokenizerFile("tokenizer.json",
                       [] { return tokenizerJson("{}", R"(,"added_tokens":[)" + repeated("0,", 2'000'000) + "0]"); }),
         kInvalid, "more than"},
        {"tokenizer.json: a regular expression that never ends",
         tokenizerFile("tokenizer.json",
                       [] {
                           return tokenizerJson(R"({"type":"WordPiece","vocab":{"a":0},"unk_token":"a"})",
                                                R"(,"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a+)+$"},)"
                                                R"("behavior":"Removed","invert":false})");
                       }),
         kInvalid, "(a+)+$"},
        {"spiece.model: a piece of 2^63 bytes",
         tokenizerFile("spiece.model", [] { return "\x0a" + std::string(8, '\xff') + "\x7f"; }), kInvalid,
         "breaks off"},
        {"spiece.model: three million empty pieces",
         tokenizerFile("spiece.model", [] { return repeated(std::string("\x0a\0", 2), 3 * kMega); }), kInvalid,
         "is empty"},
        {"spiece.model: 60 MB",
         tokenizer([](const fs::path& model) { sparse(model / "spiece.model", "", 60 * kMega); }),
         ErrorCode::FileUnreadable, "larger than"},
        {"spiece.model: 1,200,000 pieces",
         tokenizerFile("spiece.model",
                       [] {
                           std::string pieces;
                           for (std::uint32_t i = 0; i < 1'200'000; ++i) {
                               const std::string text = std::to_string(i);
                               pieces += "\x0a";
                               pieces += static_cast<char>(text.size() + 2);
                               pieces += "\x0a";
                               pieces += static_cast<char>(text.size());
                               pieces += text;
                           }
                           return pieces;
                       }),
         kInvalid, "more than 1000000 pieces"},
        {"tokenizer_config.json: nested", tokenizer([](const fs::path& model) {
             writeText(model / "tokenizer.json", "{}");
             writeText(model / "tokenizer_config.json", repeated(R"({"a":)", 500'000));
         }),
         kInvalid, "nested deeper"},
        {"tokenizer_config.json: a million added tokens", tokenizer([](const fs::path& model) {
             writeText(model / "tokenizer.json", "{}");
             writeText(model / "tokenizer_config.json",
                       R"({"additional_special_tokens":[)" +
                           numbered(900'000, [](std::size_t i) { return "\"" + std::to_string(i) + "\""; }) + "]}");
         }),
         kInvalid, "more than"},
    };
    return all;
}

} // namespace plumbline::test
