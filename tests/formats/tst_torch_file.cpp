// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <sys/resource.h>

#include "core/base/error_text.h"
#include "core/base/random.h"
#include "core/formats/safetensors.h"
#include "core/formats/torch_file.h"
#include "tests/support/test_support.h"
#include "tests/support/torch_writer.h"

using namespace plumbline;
using namespace plumbline::test;
using formats::DType;
using formats::TorchForm;
namespace fs = std::filesystem;

Q_DECLARE_METATYPE(plumbline::ErrorCode)

namespace {

using Sizes = std::vector<std::int64_t>;

const std::vector<float> kNumbers = {1.5F, -2, 3, 4, 5, 6};
const std::vector<std::uint16_t> kHalves = {0x3C00, 0xC000, 0x7BFF};
const std::vector<std::int64_t> kLongs = {-1};
const std::vector<double> kDoubles = {0.25, -8};
const std::vector<std::int32_t> kInts = {7, -7};
const std::vector<std::int16_t> kShorts = {300};
const std::vector<std::uint8_t> kBytes = {0, 1, 255};

/// Every type; a scalar and an empty tensor among them.
std::vector<formats::TensorToWrite> manyTensors() {
    const auto bytes = std::as_bytes(std::span(kBytes));
    return {{"visual.conv1.weight", DType::F32, {2, 3}, std::as_bytes(std::span(kNumbers))},
            {"visual.half", DType::F16, {3}, std::as_bytes(std::span(kHalves))},
            {"visual.blocks.0.bf", DType::BF16, {3, 1}, std::as_bytes(std::span(kHalves))},
            {"input_resolution", DType::I64, {}, std::as_bytes(std::span(kLongs))},
            {"double", DType::F64, {2}, std::as_bytes(std::span(kDoubles))},
            {"int", DType::I32, {2}, std::as_bytes(std::span(kInts))},
            {"short", DType::I16, {1}, std::as_bytes(std::span(kShorts))},
            {"char", DType::I8, {3}, bytes},
            {"byte", DType::U8, {3}, bytes},
            {"flags", DType::Bool, {2}, bytes.first(2)},
            {"empty", DType::F32, {4, 0}, {}}};
}
std::vector<formats::TensorToWrite> twoTensors() {
    return {{"a.weight", DType::F32, {2, 3}, std::as_bytes(std::span(kNumbers))},
            {"a.bias", DType::F16, {3}, std::as_bytes(std::span(kHalves))}};
}

std::string said(const Result<formats::TorchFile>& read) {
    return read ? "it was read" : errorText(read.error());
}

/// A zip of torch's with that pickle and six floats as storage 0.
std::string torchZip(const std::string& pickle, const std::vector<ZipPart>& more = {}) {
    std::vector<ZipPart> parts(2);
    parts[0].name = "archive/data.pkl";
    parts[0].bytes = pickle;
    parts[1].name = "archive/data/0";
    parts[1].bytes.assign(reinterpret_cast<const char*>(kNumbers.data()), kNumbers.size() * sizeof(float));
    parts.insert(parts.end(), more.begin(), more.end());
    return zipArchive(parts);
}
ZipPart part(const std::string& name, const std::string& bytes = "x") {
    ZipPart made;
    made.name = name;
    made.bytes = bytes;
    return made;
}

/// {"w": a view of the six floats}
std::string viewPickle(std::int64_t offset, const Sizes& shape, const Sizes& strides, std::int64_t stored = 6,
                       const std::string& key = "0", DType dtype = DType::F32) {
    return PickleText().raw("}").text("w").tensor(key, dtype, stored, offset, shape, strides).raw("s").done();
}
std::string goodPickle() {
    return viewPickle(0, {2, 3}, {3, 1});
}

/// What the fields of a tuple of a persistent id or a call are replaced with.
std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const std::size_t at = text.find(what);
    if (at == std::string::npos)
        throw std::runtime_error("the test's own file lacks " + what);
    return text.replace(at, what.size(), with);
}

std::vector<float> floats(const formats::TensorView& view) {
    std::vector<float> values(view.bytes.size() / sizeof(float));
    if (!values.empty())
        std::memcpy(values.data(), view.bytes.data(), view.bytes.size());
    return values;
}

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

constexpr std::array kRefusals = {ErrorCode::WeightsInvalid, ErrorCode::PickleRefused, ErrorCode::ModelUnsupported,
                                  ErrorCode::NotAModel};

/// Reads every byte, so that a sanitizer sees a view beyond its memory; false where a tensor is not what it says.
bool sound(const formats::TorchFile& file) {
    for (const auto& [name, view] : file.weights.tensors) {
        std::uint64_t bytes = formats::dtypeSize(view.dtype);
        for (const std::int64_t size : view.shape)
            bytes *= static_cast<std::uint64_t>(size);
        if (bytes != view.bytes.size())
            return false;
        unsigned sum = 0;
        for (const std::byte byte : view.bytes)
            sum += static_cast<unsigned>(byte);
        static volatile unsigned sink = 0;
        sink = sink + sum;
    }
    return !file.weights.tensors.empty();
}

} // namespace

class TestTorchFile : public QObject {
    Q_OBJECT

    TempFolder m_temp;

    Result<formats::TorchFile> readBytes(const std::string& bytes) const {
        writeText(m_temp / "file.pt", bytes);
        return formats::readTorchFile(m_temp / "file.pt");
    }

    static void compare(const formats::Weights& weights, const std::vector<formats::TensorToWrite>& tensors) {
        QCOMPARE(weights.tensors.size(), tensors.size());
        for (const auto& tensor : tensors) {
            QVERIFY2(weights.tensors.count(tensor.name) == 1, tensor.name.c_str());
            const formats::TensorView& view = weights.tensors.at(tensor.name);
            QCOMPARE(view.dtype, tensor.dtype);
            QCOMPARE(view.shape, tensor.shape);
            QVERIFY(std::equal(view.bytes.begin(), view.bytes.end(), tensor.bytes.begin(), tensor.bytes.end()));
        }
    }

private Q_SLOTS:
    void writtenAndReadBack_data() {
        QTest::addColumn<int>("form");
        QTest::newRow("zip") << 0;
        QTest::newRow("TorchScript") << 1;
        QTest::newRow("legacy") << 2;
    }
    void writtenAndReadBack() {
        QFETCH(int, form);
        const auto tensors = manyTensors();
        const fs::path path = m_temp / "good.pt";
        if (form == 0)
            writeTorchZip(path, tensors);
        else if (form == 1)
            writeTorchScript(path, tensors);
        else
            writeTorchLegacy(path, tensors);
        QVERIFY(formats::looksLikeTorchFile(path));
        const auto read = formats::readTorchFile(path);
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(static_cast<int>(read->form), form);
        compare(read->weights, tensors);
        QVERIFY(read->notes.empty());
        QVERIFY(read->weights.buffers.empty());
        QCOMPARE(read->weights.files.size(), 1U);
        QCOMPARE(read->weights.paths, std::vector{path});
        const auto file = read->weights.files.front().bytes(); // nothing was copied
        for (const auto& [name, view] : read->weights.tensors)
            QVERIFY(view.bytes.empty() || (view.bytes.data() >= file.data() &&
                                           view.bytes.data() + view.bytes.size() <= file.data() + file.size()));
    }

    void theViewOutlivesTheReader() {
        writeTorchZip(m_temp / "removed.pt", twoTensors());
        auto read = formats::readTorchFile(m_temp / "removed.pt");
        QVERIFY(read.has_value());
        fs::remove(m_temp / "removed.pt");
        const formats::Weights copy = read->weights;
        read = formats::readTorchFile(m_temp / "removed.pt");
        QVERIFY(!read);
        QCOMPARE(read.error().code, ErrorCode::FileNotFound);
        QCOMPARE(floats(copy.tensors.at("a.weight")), kNumbers);
    }

    void layouts_data() {
        QTest::addColumn<QStringList>("wrappers");
        QTest::addColumn<QString>("prefix");
        QTest::addColumn<bool>("parameters");
        QTest::addColumn<QStringList>("notes");
        QTest::newRow("parameters") << QStringList() << "" << true << QStringList();
        for (const char* key : {"state_dict", "model_state_dict", "model", "module", "net"})
            QTest::newRow(key) << QStringList{QString::fromUtf8(key)} << "" << false
                               << QStringList{
                                      QStringLiteral("the tensors lie under \"%1\"").arg(QString::fromUtf8(key))};
        QTest::newRow("nested") << QStringList{QStringLiteral("model"), QStringLiteral("state_dict")} << "" << true
                                << QStringList{QStringLiteral("the tensors lie under \"model.state_dict\"")};
        QTest::newRow("prefix") << QStringList() << "module." << false
                                << QStringList{QStringLiteral("the prefix \"module.\" was taken off")};
        QTest::newRow("prefixes") << QStringList{QStringLiteral("state_dict")} << "_orig_mod.module.model." << false
                                  << QStringList{QStringLiteral("the tensors lie under \"state_dict\""),
                                                 QStringLiteral("the prefix \"_orig_mod.\" was taken off"),
                                                 QStringLiteral("the prefix \"module.\" was taken off"),
                                                 QStringLiteral("the prefix \"model.\" was taken off")};
    }
    void layouts() {
        QFETCH(QStringList, wrappers);
        QFETCH(QString, prefix);
        QFETCH(bool, parameters);
        QFETCH(QStringList, notes);
        TorchLayout layout;
        layout.parameters = parameters;
        layout.prefix = prefix.toStdString();
        for (const QString& wrapper : wrappers)
            layout.wrappers.push_back(wrapper.toStdString());
        for (const bool legacy : {false, true}) {
            const fs::path path = m_temp / "layout.pt";
            (legacy ? writeTorchLegacy : writeTorchZip)(path, manyTensors(), layout);
            const auto read = formats::readTorchFile(path);
            QVERIFY2(read.has_value(), said(read).c_str());
            compare(read->weights, manyTensors());
            QStringList found;
            for (const std::string& note : read->notes)
                found.push_back(QString::fromStdString(note));
            QCOMPARE(found, notes);
        }
    }

    void theFirstOfSeveralCandidates() {
        const Sizes shape = {6};
        PickleText pickle;
        pickle.raw("}(");
        for (const char* key : {"state_dict_ema", "net", "state_dict", "model"})
            pickle.text(key).raw("}").text(std::string("of ") + key).tensor("0", DType::F32, 6, shape).raw("s");
        const auto read = readBytes(torchZip(pickle.raw("u").done()));
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->weights.tensors.size(), 1U);
        QVERIFY(read->weights.tensors.count("of state_dict") == 1);
        QCOMPARE(read->notes.size(), 4U);
        QCOMPARE(read->notes[3], std::string("\"state_dict_ema\" holds tensors too and was left out"));
        QCOMPARE(read->notes[1], std::string("\"model\" holds tensors too and was left out"));
        QCOMPARE(read->notes[2], std::string("\"net\" holds tensors too and was left out"));
    }

    void aPrefixThatNotAllShareStays() {
        const Sizes shape = {6};
        const auto dict = [&](const std::vector<std::string>& names) {
            PickleText pickle;
            pickle.raw("}(");
            for (const std::string& name : names)
                pickle.text(name).tensor("0", DType::F32, 6, shape);
            return torchZip(pickle.raw("u").done());
        };
        auto read = readBytes(dict({"module.a", "b"}));
        QVERIFY(read.has_value());
        QVERIFY(read->weights.tensors.count("module.a") == 1);
        QVERIFY(read->notes.empty());
        read = readBytes(dict({"module.a", "module."})); // what would be left is no name
        QVERIFY(read.has_value());
        QVERIFY(read->weights.tensors.count("module.a") == 1);
    }

    void namesAreFlattened() {
        const Sizes shape = {6};
        PickleText pickle; // {"a": {"b": w, 3: w}, "c": [w, w], "s": "text", "n": None}
        pickle.raw("}(").text("a").raw("}(").text("b").tensor("0", DType::F32, 6, shape).integer(3);
        pickle.tensor("0", DType::F32, 6, shape).raw("u").text("c").raw("](");
        pickle.tensor("0", DType::F32, 6, shape).tensor("0", DType::F32, 6, shape).raw("e");
        pickle.text("s").text("text").text("n").raw("Nu");
        const auto read = readBytes(torchZip(pickle.done()));
        QVERIFY2(read.has_value(), said(read).c_str());
        QStringList names;
        for (const auto& [name, view] : read->weights.tensors)
            names.push_back(QString::fromStdString(name));
        QCOMPARE(names.join(QLatin1Char(' ')), QStringLiteral("a.3 a.b c.0 c.1"));
    }

    void aBareTensor() {
        const Sizes shape = {2, 3};
        const auto read = readBytes(torchZip(PickleText().tensor("0", DType::F32, 6, shape).done()));
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->weights.tensors.size(), 1U);
        QCOMPARE(floats(read->weights.tensors.at("tensor")), kNumbers);
    }

    void viewsOfAStorage_data() {
        QTest::addColumn<qint64>("offset");
        QTest::addColumn<QList<qint64>>("shape");
        QTest::addColumn<QList<qint64>>("strides");
        QTest::addColumn<QList<float>>("values");
        QTest::addColumn<bool>("copied");
        using Q = QList<qint64>;
        using F = QList<float>;
        QTest::newRow("a row") << qint64(3) << Q{3} << Q{1} << F{4, 5, 6} << false;
        QTest::newRow("a number") << qint64(5) << Q{} << Q{} << F{6} << false;
        QTest::newRow("sizes of one have any stride")
            << qint64(0) << Q{1, 6, 1} << Q{77, 1, 99} << F{1.5F, -2, 3, 4, 5, 6} << false;
        QTest::newRow("transposed") << qint64(0) << Q{3, 2} << Q{1, 3} << F{1.5F, 4, -2, 5, 3, 6} << true;
        QTest::newRow("every other") << qint64(1) << Q{2, 2} << Q{3, 1} << F{-2, 3, 5, 6} << true;
        QTest::newRow("expanded") << qint64(2) << Q{2, 2} << Q{0, 0} << F{3, 3, 3, 3} << true;
        QTest::newRow("three dimensions") << qint64(0) << Q{2, 1, 3} << Q{1, 5, 2} << F{1.5F, 3, 5, -2, 4, 6} << true;
        QTest::newRow("nothing, beyond the end") << qint64(99) << Q{0, 5} << Q{1, 1} << F{} << false;
    }
    void viewsOfAStorage() {
        QFETCH(qint64, offset);
        QFETCH(QList<qint64>, shape);
        QFETCH(QList<qint64>, strides);
        QFETCH(QList<float>, values);
        QFETCH(bool, copied);
        const Sizes wanted(shape.begin(), shape.end());
        const auto read = readBytes(torchZip(viewPickle(offset, wanted, Sizes(strides.begin(), strides.end()))));
        QVERIFY2(read.has_value(), said(read).c_str());
        const formats::TensorView& view = read->weights.tensors.at("w");
        QCOMPARE(view.shape, wanted);
        const std::vector<float> found = floats(view);
        QCOMPARE(QList<float>(found.begin(), found.end()), values);
        QCOMPARE(read->weights.buffers.size(), copied ? 1U : 0U);
    }

    void whatTrainingScriptsKeepBesides() {
        const Sizes shape = {6};
        PickleText pickle;
        pickle.raw("}(").text("state_dict").raw("}").text("w").tensor("0", DType::F32, 6, shape).raw("s");
        pickle.text("args")
            .global("argparse", "Namespace")
            .raw(")\x81}")
            .text("lr")
            .raw(std::string("G?\xe0\0\0\0\0\0\0", 9));
        pickle.raw("sb").text("best").global("numpy.core.multiarray", "scalar").global("numpy", "dtype");
        pickle.text("f8")
            .raw("\x89\x88\x87R(")
            .integer(3)
            .text("<")
            .raw("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff")
            .raw("K")
            .raw(std::string(1, '\0'))
            .raw("tb");
        pickle.global("_codecs", "encode").text("12345678").text("latin1").raw("\x86R\x86R");
        pickle.text("device").global("torch", "device").text("cpu").raw("\x85R");
        pickle.text("type").global("torch", "float16").text("size").global("torch", "Size").sizes(shape).raw("\x85R");
        pickle.text("large").integer(std::int64_t{1} << 40).raw("U\x03py2U\x02ok");
        pickle.text("bytes").raw("C\x02\xff\xfe").text("very large").raw("\x8a\x0b").raw(std::string(11, '\x7f'));
        const auto read = readBytes(torchZip(pickle.raw("u").done()));
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->weights.tensors.size(), 1U);
        QCOMPARE(floats(read->weights.tensors.at("w")), kNumbers);
    }

    /// Protocol 4 writes frames, short texts, memo entries without a number and names from the stack.
    void newerProtocols() {
        const Sizes shape = {6};
        std::string pickle = "\x80\x04\x95" + std::string("\xff\0\0\0\0\0\0\0", 8) + "}\x94\x8c\x01w\x94";
        pickle += "\x8c\x0ctorch._utils\x94\x8c\x12_rebuild_tensor_v2\x94\x93\x94((\x8c\x07storage\x8c\x05torch\x8c\x0c"
                  "FloatStorage\x93\x8c\x01"
                  "0\x8c\x03"
                  "cpuK\x06tQ";
        pickle += std::string("K\0K\x02K\x03\x86K\x03K\x01\x86\x89}tRs.", 19);
        const auto read = readBytes(torchZip(pickle));
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->weights.tensors.at("w").shape, (Sizes{2, 3}));
    }

    void namesOfMemoEntries() {
        // The same tensor by BINPUT, LONG_BINPUT and the highest number there is; a dictionary made of pairs.
        const Sizes shape = {6};
        PickleText pickle;
        pickle.global("collections", "OrderedDict").raw("](").raw("(").text("a").tensor("0", DType::F32, 6, shape);
        pickle.raw("q\x07r\xff\xff\xff\xfft")
            .raw("(")
            .text("b")
            .raw("h\x07t(")
            .text("c")
            .raw("j\xff\xff\xff\xffle\x85R");
        const auto read = readBytes(torchZip(pickle.done()));
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->weights.tensors.size(), 3U);
    }

    /// What a TorchScript module has besides tensors and modules is inert; a module shared by two has two names.
    void attributesOfTorchScript() {
        const Sizes shape = {6};
        PickleText pickle;
        pickle.global("__torch__.a.b", "Root").raw(")\x81}(");
        pickle.text("training").raw("\x89").text("size").integer(224);
        pickle.text("sizes").global("torch.jit._pickle", "build_intlist").raw("](").integer(1).integer(2).raw("e\x85R");
        pickle.text("tagged")
            .global("torch.jit._pickle", "restore_type_tag")
            .raw("}")
            .text("Dict[str, int]")
            .raw("\x86R");
        pickle.text("colour").global("__torch__", "Colour").integer(1).raw("\x85R");
        pickle.text("tensors").global("torch.jit._pickle", "build_tensorlist").raw("]");
        pickle.tensor("0", DType::F32, 6, shape).raw("a\x85R");
        pickle.text("child").global("__torch__", "Child").raw(")\x81}").text("w").tensor("0", DType::F32, 6, shape);
        pickle.raw("sbq\x09").text("same").raw("h\x09").text("stateless").global("__torch__", "Relu").raw(")\x81ub");
        const auto read = readBytes(torchZip(pickle.done(), {part("archive/constants.pkl", "never read")}));
        QVERIFY2(read.has_value(), said(read).c_str());
        QStringList names;
        for (const auto& [name, view] : read->weights.tensors)
            names.push_back(QString::fromStdString(name));
        QCOMPARE(names.join(QLatin1Char(' ')), QStringLiteral("child.w same.w tensors.0"));
    }

    void zip64() {
        std::vector<ZipPart> parts = {part("archive/data.pkl", goodPickle())};
        parts.push_back(part("archive/data/0", std::string(24, '\1')));
        parts.push_back(part("archive/code/x.py", "compressed"));
        parts.back().method = 8; // TorchScript's code may be; it is never looked at
        const auto read = readBytes(zipArchive(parts, true));
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->form, TorchForm::TorchScript);
    }

    void checksums() {
        std::vector<ZipPart> parts = {part("archive/data.pkl", goodPickle()),
                                      part("archive/data/0", std::string(24, '\1'))};
        parts[0].crc = 0; // not computed
        QVERIFY(readBytes(zipArchive(parts)).has_value());
        parts[1].crc = 12345; // storages may be gigabytes: not checked
        QVERIFY(readBytes(zipArchive(parts)).has_value());
        parts[0].crc = 12345;
        const auto read = readBytes(zipArchive(parts));
        QVERIFY(!read);
        QVERIFY(read.error().arg("reason").find("checksum") != std::string_view::npos);
    }

    void hostileZips_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& bytes, const char* reason,
                            ErrorCode code = ErrorCode::WeightsInvalid) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << code << QString::fromUtf8(reason);
        };
        const auto with = [](const char* name, const std::function<void(ZipPart&)>& change = {}) {
            std::vector<ZipPart> more = {part(name)};
            if (change)
                change(more[0]);
            return torchZip(goodPickle(), more);
        };
        row("empty", "", "empty");
        row("text", "hello", "neither a zip archive nor a pickle");
        row("only the beginning", "PK\x03\x04", "no zip directory");
        row("another kind of zip", zipArchive(std::vector{part("word/document.xml")}), "without a data.pkl",
            ErrorCode::NotAModel);
        row("data.pkl without a folder", zipArchive(std::vector{part("data.pkl")}), "without a data.pkl",
            ErrorCode::NotAModel);
        row("no entries", std::string("PK\x03\x04PK\x05\x06", 8) + std::string(18, '\0'), "without a data.pkl",
            ErrorCode::NotAModel);
        row("two data.pkl", with("other/data.pkl"), "more than one data.pkl");
        row("upwards", with("archive/../../etc/passwd"), "leads outside");
        row("ends upwards", with("archive/.."), "leads outside");
        row("absolute", with("/etc/passwd"), "leads outside");
        row("absolute on Windows", with("C:/windows"), "leads outside");
        row("backslashes", with("..\\x"), "leads outside");
        row("no name", with(""), "leads outside");
        row("twice", with("archive/data/0"), "occurs twice");
        row("a long name", with(std::string(5000, 'n').c_str()), "too long");
        row("encrypted", with("archive/x", [](ZipPart& p) { p.flags = 1; }), "encrypted");
        row("another name in the local header", with("archive/x", [](ZipPart& p) { p.localName = "archive/y"; }),
            "another name");
        row("pointing at another entry", with("archive/x", [](ZipPart& p) { p.offset = 0; }), "another name");
        {
            // The bomb of D. Fifield: many names for one piece of content.
            std::vector<ZipPart> parts = {part("archive/x"), part("archive/x"), part("archive/data.pkl", goodPickle())};
            parts[1].offset = 0;
            row("the same content twice", zipArchive(parts), "occurs twice");
        }
        {
            // A local header within the content of another entry.
            const std::string inner = zipArchive(std::vector{part("archive/y", "yy")});
            std::vector<ZipPart> parts = {part("archive/x", inner), part("archive/y", "yy"),
                                          part("archive/data.pkl", goodPickle())};
            parts[1].offset = 64;
            row("an entry inside another", zipArchive(parts), "overlap");
        }
        row("offset beyond", with("archive/x", [](ZipPart& p) { p.offset = 0x7FFFFFFF; }), "not where");
        row("not at a header", with("archive/x", [](ZipPart& p) { p.offset = 5; }), "not where");
        row("size beyond", with("archive/x", [](ZipPart& p) { p.size = 0x7FFFFFFF; }), "ends beyond the file");
        {
            std::vector<ZipPart> parts = {part("archive/data.pkl", goodPickle()), part("archive/data/0")};
            parts[1].size = ~std::uint64_t{0} - 8;
            row("size of 64 bits", zipArchive(parts, true), "ends beyond the file");
            parts[1].size = {};
            parts[1].offset = ~std::uint64_t{0} - 8;
            row("offset of 64 bits", zipArchive(parts, true), "not where");
        }
        {
            std::vector<ZipPart> parts = {part("archive/data.pkl", goodPickle())};
            parts[0].method = 8;
            row("deflated pickle", zipArchive(parts), "compressed");
            parts = {part("archive/data.pkl", goodPickle()), part("archive/data/0", std::string(24, '\1'))};
            parts[1].method = 8;
            row("deflated storage", zipArchive(parts), "compressed");
            parts[1].method = 0;
            parts[1].name = parts[1].localName.emplace("archive/data/1");
            row("storage missing", zipArchive(parts), "archive/data/0 is missing");
        }
        row("big-endian", torchZip(goodPickle(), {part("archive/byteorder", "big")}), "big",
            ErrorCode::ModelUnsupported);

        const std::string good = torchZip(goodPickle());
        const std::size_t end = good.size() - 22;
        const auto patched = [&](std::size_t at, const std::string& bytes) {
            std::string text = good;
            return text.replace(at, bytes.size(), bytes);
        };
        row("another disk", patched(end + 4, "\1"), "several files");
        row("more entries on other disks", patched(end + 8, "\1"), "several files");
        row("more entries than there are", patched(end + 8, std::string("\3\0\3", 3)), "shorter than it says");
        row("65535 entries", patched(end + 8, "\xff\xff\xff\xff"), "zip64");
        row("directory beyond the file", patched(end + 16, std::string("\xff\xff\xff\x7f", 4)), "beyond the file");
        row("directory elsewhere", patched(end + 16, std::string("\0\0\0\0", 4)), "shorter than it says");
        row("something after the end", good + "x", "no zip directory");
        std::vector<ZipPart> parts = {part("archive/data.pkl", goodPickle())};
        const std::string wide = zipArchive(parts, true);
        const std::size_t end64 = wide.size() - 22 - 20 - 56;
        const auto patchedWide = [&](std::size_t at, const std::string& bytes) {
            std::string text = wide;
            return text.replace(at, bytes.size(), bytes);
        };
        row("zip64 end elsewhere", patchedWide(wide.size() - 22 - 20 + 8, std::string(8, '\xff')), "zip64 end record");
        row("zip64 end no end", patchedWide(end64, "x"), "zip64 end record");
        row("zip64 parts", patchedWide(wide.size() - 22 - 4, "\2"), "several files");
        row("zip64 2^64 - 1 entries", patchedWide(end64 + 24, std::string(16, '\xff')), "entries");
        row("zip64 directory of 2^64 - 1", patchedWide(end64 + 40, std::string(16, '\xff')), "beyond the file");
        row("zip64 field too short", replaced(wide, std::string("\1\0\x18\0", 4), std::string("\1\0\x08\0", 4)), "");
        const std::size_t central = wide.find("PK\x01\x02");
        row("zip64 field of the directory too short", patchedWide(central + 46 + 16 + 2, "\x08"), "zip64 field");
        row("zip64 field missing", patchedWide(central + 46 + 16, "\2"), "zip64 field");
    }
    void hostileZips() {
        QFETCH(QByteArray, bytes);
        QFETCH(ErrorCode, code);
        QFETCH(QString, reason);
        checkRefused(bytes, code, reason);
    }

    void hostilePickles_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& pickle, const char* reason,
                            ErrorCode code = ErrorCode::WeightsInvalid) {
            QTest::newRow(name) << QByteArray::fromStdString(torchZip(pickle)) << code << QString::fromUtf8(reason);
        };
        const auto calls = [&row](const char* name, const std::string& pickle, const char* reason) {
            row(name, pickle, reason, ErrorCode::PickleRefused);
        };
        calls("os.system", PickleText().global("posix", "system").text("touch x").raw("\x85R").done(), "posix.system");
        calls("os.system on Windows", PickleText().global("nt", "system").text("x").raw("\x85R").done(), "nt.system");
        calls("eval", PickleText().global("builtins", "eval").text("1").raw("\x85R").done(), "builtins.eval");
        calls("by way of the stack", PickleText().text("os").text("system").raw("\x93").done(), "os.system");
        calls("only named", PickleText().raw("}").text("w").global("os", "system").raw("s").done(), "os.system");
        calls("a class", PickleText().global("open_clip.model", "CLIP").raw(")\x81").done(), "open_clip.model.CLIP");
        calls("a pickle in a pickle", PickleText().global("torch.storage", "_load_from_bytes").done(),
              "_load_from_bytes");
        calls("an attribute of an allowed module", PickleText().global("torch", "Size.__class__").done(),
              "Size.__class__");
        calls("a module below an allowed one", PickleText().global("collections.abc", "OrderedDict").done(),
              "collections.abc");
        calls("TorchScript's classes elsewhere", PickleText().global("__torch__", "M").raw(")\x81").done(),
              "__torch__.M");
        calls("TorchScript's helpers elsewhere", PickleText().global("torch.jit._pickle", "build_intlist").done(),
              "build_intlist");
        calls("a name that is no text", PickleText().global("\xff\xfe", "x").done(), ".x");
        calls("a long name", PickleText().global(std::string(100000, 'm'), "x").done(), "mmm…");
        calls("INST", PickleText().raw("(iposix\nsystem\n").done(), "0x69");
        calls("OBJ", PickleText().raw("(o").done(), "0x6f");
        calls("EXT1", PickleText().raw("\x82\x01").done(), "0x82");
        calls("EXT2", PickleText().raw("\x83\x01\x01").done(), "0x83");
        calls("EXT4", PickleText().raw("\x84").done(), "0x84");
        calls("NEWOBJ_EX", PickleText().raw("\x92").done(), "0x92");
        calls("a module with its source", PickleText().raw("(").text("module").raw("NNNtQ").done(), "source code");

        const auto unsupported = [&row](const char* module, const char* name, const char* what) {
            row(name, PickleText().global(module, name).done(), what, ErrorCode::ModelUnsupported);
        };
        unsupported("torch._utils", "_rebuild_qtensor", "quantised");
        unsupported("torch", "QInt8Storage", "quantised");
        unsupported("torch", "ComplexFloatStorage", "complex");
        unsupported("torch._utils", "_rebuild_sparse_tensor", "sparse");
        unsupported("torch.serialization", "_get_layout", "sparse");
        unsupported("torch._utils", "_rebuild_meta_tensor_no_storage", "without numbers");
        unsupported("torch._utils", "_rebuild_tensor_v3", "without a storage of its own");
        unsupported("torch.storage", "UntypedStorage", "torch.storage.UntypedStorage");
        const std::string negated =
            replaced(goodPickle(), ")RtRs", ")R}" + PickleText().text("neg").done().substr(2, 8) + "\x88stRs");
        row("negated", negated, "negated", ErrorCode::ModelUnsupported);
        row("a part of a storage", replaced(goodPickle(), "tQ", "K\1tQ"), "parts of others",
            ErrorCode::ModelUnsupported);

        row("nothing", "", "begin as a pickle");
        row("not a pickle", "hello", "begin as a pickle");
        row("version 0", "(lp0\n.", "begin as a pickle");
        row("version 1", "\x80\x01}.", "version 1");
        row("version 6", "\x80\x06}.", "version 6");
        row("no end", "\x80\x02}", "ends too early");
        row("nothing on the stack", "\x80\x02.", "makes no sense");
        row("a mark left over", "\x80\x02}(.", "makes no sense");
        row("unknown instruction", "\x80\x02\xff.", "0xff");
        row("an instruction of text pickles", "\x80\x02I5\n.", "0x49");
        for (const char* op :
             {"0", "1", "2", "a",    "b",    "d",    "e",    "l",    "q\1",  "r\1\1\1\1", "s",        "t",
              "u", "Q", "R", "\x81", "\x85", "\x86", "\x87", "\x93", "\x94", "h\1",       "j\1\1\1\1"})
            row(("alone: " + std::to_string(static_cast<unsigned char>(*op))).c_str(), PickleText().raw(op).done(),
                "makes no sense");
        row("pops below a mark", PickleText().raw("}(0").done(), "makes no sense");
        row("takes from below a mark", PickleText().raw("]](a").done(), "makes no sense");
        row("a dictionary of three", PickleText().raw("(NNNd").done(), "makes no sense");
        row("three items to set", PickleText().raw("}(NNNu").done(), "makes no sense");
        row("appends to a dictionary", PickleText().raw("}Na").done(), "makes no sense");
        row("sets in a list", PickleText().raw("]NNs").done(), "makes no sense");
        row("calls a text", PickleText().text("x").raw(")R").done(), "makes no sense");
        row("calls a type", PickleText().global("torch", "FloatStorage").raw(")R").done(), "makes no sense");
        row("calls with a list", PickleText().global("collections", "OrderedDict").raw("]R").done(), "makes no sense");
        row("a dictionary of no pairs", PickleText().global("collections", "OrderedDict").raw("]NaaR").done(),
            "makes no sense");
        row("attributes of a list", PickleText().raw("]}b").done(), "makes no sense");
        row("no arguments", PickleText().global("torch", "Size").raw(")R").done(), "makes no sense");
        row("names from numbers", PickleText().raw("K\1K\1\x93").done(), "makes no sense");
        row("a persistent id that is none", PickleText().raw("K\1Q").done(), "makes no sense");
        row("a persistent id too short", PickleText().raw("(tQ").done(), "makes no sense");
        row("a persistent id of another kind", replaced(goodPickle(), "storage", "stowage"), "makes no sense");
        row("a storage of no type", replaced(goodPickle(), "ctorch\nFloatStorage\n", "ctorch\nSize\n"),
            "makes no sense");
        row("a tensor of too little", PickleText().global("torch._utils", "_rebuild_tensor_v2").raw(")R").done(),
            "makes no sense");
        row("a tensor of no storage", PickleText().global("torch._utils", "_rebuild_tensor_v2").raw("(NK\1))tR").done(),
            "makes no sense");

        row("a text of 4 GB", PickleText().raw("X\xff\xff\xff\xff").done(), "ends too early");
        row("a text of 2^64 - 1 bytes", PickleText().raw("\x8d" + std::string(8, '\xff')).done(), "ends too early");
        row("bytes of 2^64 - 1 bytes", PickleText().raw("\x8e" + std::string(8, '\xff')).done(), "ends too early");
        row("a number of 4 GB", PickleText().raw("\x8b\xff\xff\xff\xff").done(), "ends too early");
        row("a name without an end", PickleText().raw("ctorch").done(), "ends too early");

        row("too few strides", viewPickle(0, {2, 3}, {1}), "sizes or strides");
        row("a negative size", viewPickle(0, {-2, 3}, {3, 1}), "sizes or strides");
        row("a negative stride", viewPickle(0, {2, 3}, {3, -1}), "sizes or strides");
        row("17 dimensions", viewPickle(0, Sizes(17, 1), Sizes(17, 1)), "16 dimensions");
        row("a negative offset", viewPickle(-1, {2}, {1}), "makes no sense");
        row("a negative storage", viewPickle(0, {2}, {1}, -6), "makes no sense");
        constexpr std::int64_t kHuge = std::int64_t{1} << 62;
        row("beyond the storage", viewPickle(1, {2, 3}, {3, 1}), "beyond its storage");
        row("offset beyond the storage", viewPickle(6, {1}, {1}), "beyond its storage");
        row("offset of 2^62", viewPickle(kHuge, {1}, {1}), "beyond its storage");
        row("strides that overflow to nothing", viewPickle(0, {5, 2}, {kHuge, 1}), "beyond its storage");
        row("offset that overflows to nothing", viewPickle(kHuge, {2, 2, 2, 2}, {kHuge, kHuge, kHuge, 1}),
            "beyond its storage");
        row("a shape of 2^64 numbers", viewPickle(0, {std::int64_t{1} << 32, std::int64_t{1} << 32}, {0, 0}), "larger");
        row("a shape of 2^62 floats", viewPickle(0, {kHuge}, {0}), "larger");
        row("a number expanded to 4 GB", viewPickle(0, {1 << 30}, {0}), "more memory than the file");
        row("more numbers than stored", viewPickle(0, {2}, {1}, 7), "not those of 7 numbers");
        row("fewer numbers than stored", viewPickle(0, {2}, {1}, 5), "not those of 5 numbers");
        row("another type than stored", viewPickle(0, {2}, {1}, 6, "0", DType::F64), "float64");
        row("2^61 doubles stored", viewPickle(0, {2}, {1}, kHuge, "0", DType::F64), "not those of");
        row("no such storage", viewPickle(0, {2}, {1}, 6, "7"), "archive/data/7 is missing");
        row("a storage elsewhere", viewPickle(0, {2}, {1}, 6, "../../data/0"), "is missing");

        const Sizes six = {6};
        const std::string w = PickleText().tensor("0", DType::F32, 6, six).done().substr(2);
        const std::string tensor = w.substr(0, w.size() - 1);
        row("the same name twice", PickleText().raw("}(").text("a").raw(tensor).text("a").raw(tensor).raw("u").done(),
            "have the name a");
        row("the same name twice by its dot",
            PickleText().raw("}(").text("a.b").raw(tensor).text("a").raw("}").text("b").raw(tensor).raw("su").done(),
            "have the name a.b");
        row("a name that is no text in a dictionary", PickleText().raw("}N" + tensor + "s").done(), "is not a text");
        row("a name that is not UTF-8", PickleText().raw("}").text("\xff").raw(tensor + "s").done(), "is not a text");
        row("a name of 2000 bytes", PickleText().raw("}").text(std::string(2000, 'n')).raw(tensor + "s").done(),
            "longer than names");
        row("a name of 2000 bytes in parts",
            PickleText()
                .raw("}")
                .text(std::string(1000, 'n'))
                .raw("}")
                .text(std::string(1000, 'n'))
                .raw(tensor + "ss")
                .done(),
            "longer than names");
        row("a storage with a key of 300 bytes", viewPickle(0, {2}, {1}, 6, std::string(300, '0')), "makes no sense");
        {
            PickleText slow;
            slow.raw("}(").text(std::string(10000000, 'n')).raw("q\1](Neq\2" + repeated("h\1h\2", 100000) + "u");
            row("a name of 10 MB again and again", slow.done(), "longer than names");
        }
        row("a list", PickleText().raw("](" + tensor + "e").done(), "a list and not", ErrorCode::NotAModel);
        row("a tuple", PickleText().raw("(" + tensor + "t").done(), "a list and not", ErrorCode::NotAModel);
        row("a text instead", PickleText().text("x").done(), "no dictionary of tensors", ErrorCode::NotAModel);
        row("no tensors", PickleText().raw("}").text("lr").integer(1).raw("s").done(), "no dictionary of tensors",
            ErrorCode::NotAModel);

        constexpr int kDeep = 100000;
        row("lists 100,000 deep", PickleText().raw(repeated("]", kDeep) + repeated("a", kDeep - 1)).done(),
            "a list and not", ErrorCode::NotAModel);
        row("marks 100,000 deep", PickleText().raw(repeated("(", kDeep) + repeated("l", kDeep)).done(),
            "a list and not", ErrorCode::NotAModel);
        row("only marks", PickleText().raw(repeated("(", kDeep)).done(), "makes no sense");
        row("tuples 100,000 deep", PickleText().raw(")" + repeated("\x85", kDeep)).done(), "a list and not",
            ErrorCode::NotAModel);
        row("dictionaries 100,000 deep",
            PickleText().raw(repeated("}K\1", kDeep) + tensor + repeated("s", kDeep)).done(), "deep");
        row("wrappers 100,000 deep",
            PickleText()
                .raw(repeated(PickleText().raw("}").text("model").done().substr(2, 11), kDeep) + tensor +
                     repeated("s", kDeep))
                .done(),
            "deep");
        row("a dictionary that holds itself",
            PickleText().raw("}q\1").text("w").raw(tensor + "s").text("self").raw("h\1s").done(), "contain themselves");
        row("a wrapper that holds itself",
            PickleText().raw("}q\1").text("w").raw(tensor + "s").text("model").raw("h\1s").done(),
            "contain themselves");
        row("a list that holds itself", PickleText().raw("]q\1h\1a").done(), "a list and not", ErrorCode::NotAModel);
        {
            // Ten names for each of twenty dictionaries: 10^20 names for one tensor.
            PickleText laughs;
            laughs.raw("}").text("w").raw(tensor + "s");
            for (int level = 0; level < 20; ++level) {
                laughs.raw("q\1"
                           "0}(");
                for (int i = 0; i < 10; ++i)
                    laughs.integer(i).raw("h\1");
                laughs.raw("u");
            }
            row("10^20 names", laughs.done(), "more than weights need");
        }
        {
            // Dictionaries made again and again of one long list of pairs.
            PickleText copies;
            copies.raw("}(").integer(0).global("collections", "OrderedDict").raw("q\1").integer(1).raw("](");
            copies.raw(repeated("NN\x86", 100000) + "e\x85q\2");
            copies.raw(repeated("0h\1h\2R", 1000)).raw("u");
            row("a long list copied", copies.done(), "longer than weights need");
        }
        row("a pickle of 9 million instructions", PickleText().raw(repeated("N0", 4500000) + "}").done(),
            "longer than weights need");
        row("a pickle of 3 million values", PickleText().raw(repeated("N", 3000000)).done(),
            "longer than weights need");
        row("a pickle of 3 million memo entries",
            PickleText()
                .raw("N" +
                     [] {
                         std::string puts;
                         for (std::uint32_t i = 0; i < 3000000; ++i)
                             puts += std::string("r").append(reinterpret_cast<const char*>(&i), 4);
                         return puts;
                     }())
                .done(),
            "longer than weights need");
        row("300,000 tensors",
            PickleText()
                .raw("}")
                .raw(replaced(tensor, "RtR", "Rtq\1R"))
                .global("torch._utils", "_rebuild_tensor_v2")
                .raw("q\2"
                     "00" +
                     repeated("h\2h\1R0", 300000))
                .done(),
            "longer than weights need");
    }
    void hostilePickles() {
        QFETCH(QByteArray, bytes);
        QFETCH(ErrorCode, code);
        QFETCH(QString, reason);
        checkRefused(bytes, code, reason);
    }

    void hostileLegacyFiles_data() {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& bytes, const char* reason,
                            ErrorCode code = ErrorCode::WeightsInvalid) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes) << code << QString::fromUtf8(reason);
        };
        writeTorchLegacy(m_temp / "good.pt", twoTensors());
        const std::string good = readText(m_temp / "good.pt");
        const std::string protocol = PickleText().integer(1001).done();
        row("a pickle of something else", PickleText().raw("}").done(), "torch.save did not write it",
            ErrorCode::NotAModel);
        row("os.system", PickleText().global("posix", "system").text("x").raw("\x85R").done(), "posix.system",
            ErrorCode::PickleRefused);
        row("another version", replaced(good, protocol, PickleText().integer(1002).done()), "version");
        row("big-endian",
            replaced(good, PickleText().text("little_endian").done().substr(2, 18) + "\x88",
                     PickleText().text("little_endian").done().substr(2, 18) + "\x89"),
            "big", ErrorCode::ModelUnsupported);
        row("a call in the data", replaced(good, "torch._utils\n_rebuild_tensor_v2", "posix\nsystem"), "posix.system",
            ErrorCode::PickleRefused);
        row("something after the end", good + "x", "1 bytes after the last storage");
        const std::string keys = PickleText().raw("](").text("0").text("1").raw("e").done();
        const auto withKeys = [&](const std::string& other) { return replaced(good, keys, other); };
        row("an unknown storage", withKeys(PickleText().raw("](").text("0").text("9").raw("e").done()),
            "9 has no type");
        row("a storage twice", withKeys(PickleText().raw("](").text("0").text("0").raw("e").done()), "");
        row("a storage missing",
            good.substr(0, good.find(keys)) + PickleText().raw("](").text("0").raw("e").done() +
                good.substr(good.find(keys) + keys.size(), 32),
            "storage 1 is missing");
        row("no storages", withKeys(PickleText().raw("]").done()), "bytes after");
        row("a storage of 2^62 numbers",
            replaced(good, keys + std::string("\6\0\0\0\0\0\0\0", 8), keys + std::string("\0\0\0\0\0\0\0\x40", 8)),
            "ends beyond");
        row("a storage of -1 numbers",
            replaced(good, keys + std::string("\6\0\0\0\0\0\0\0", 8), keys + std::string(8, '\xff')), "ends beyond");
        const std::string count = PickleText().integer(6).done().substr(2, 5) + "NtQ";
        row("fewer numbers than stored", replaced(good, count, PickleText().integer(5).done().substr(2, 5) + "NtQ"),
            "6 numbers and not 5");
        const auto storage = [](const std::string& key) {
            return PickleText().text(key).text("cpu").done().substr(2, 14);
        };
        row("a storage of two types", replaced(good, storage("1"), storage("0")), "0 has two types");
    }
    void hostileLegacyFiles() {
        QFETCH(QByteArray, bytes);
        QFETCH(ErrorCode, code);
        QFETCH(QString, reason);
        checkRefused(bytes, code, reason);
    }

    void theTarForm() {
        std::string tar = "sys_info" + std::string(249, '\0') + "ustar" + std::string(250, '\0');
        const auto read = readBytes(tar);
        QVERIFY(!read);
        QCOMPARE(read.error().code, ErrorCode::ModelUnsupported);
        QVERIFY(read.error().arg("what").find("tar form") != std::string_view::npos);
    }

    void everyTruncationIsRefused() {
        const auto tensors = twoTensors();
        for (int form = 0; form < 3; ++form) {
            const fs::path path = m_temp / "whole.pt";
            if (form == 0)
                writeTorchZip(path, tensors);
            else if (form == 1)
                writeTorchScript(path, tensors);
            else
                writeTorchLegacy(path, tensors);
            const std::string whole = readText(path);
            QVERIFY(readBytes(whole).has_value());
            for (std::size_t length = 0; length < whole.size(); ++length) {
                const auto read = readBytes(whole.substr(0, length));
                QVERIFY2(!read, (std::to_string(form) + ": " + std::to_string(length)).c_str());
                QCOMPARE(read.error().code, ErrorCode::WeightsInvalid);
            }
        }
    }

    /// What a fuzzer does first: a good file with a few bytes changed. What is still read must fit the file.
    void changedFiles() {
        for (int form = 0; form < 3; ++form) {
            const fs::path path = m_temp / "whole.pt";
            if (form == 0)
                writeTorchZip(path, twoTensors());
            else if (form == 1)
                writeTorchScript(path, twoTensors());
            else
                writeTorchLegacy(path, twoTensors());
            const std::string whole = readText(path);
            int refused = 0;
            constexpr int kRounds = 1500;
            for (std::uint64_t round = 0; round < kRounds; ++round) {
                RandomStream random(static_cast<std::uint64_t>(form), streamId("changed torch files"), round);
                std::string bytes = whole;
                for (std::uint64_t i = 0; i <= random.below(3); ++i)
                    bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
                const auto read = readBytes(bytes);
                if (read) {
                    QVERIFY(sound(*read));
                    continue;
                }
                ++refused;
                QVERIFY(std::find(kRefusals.begin(), kRefusals.end(), read.error().code) != kRefusals.end());
            }
            QVERIFY2(refused > kRounds / 10 && refused < kRounds, std::to_string(refused).c_str());
        }
    }

    /// Files of a few kilobytes that speak of gigabytes.
    void claimsAreNotAllocated() {
        const auto peak = [] {
            rusage usage{};
            getrusage(RUSAGE_SELF, &usage);
            return usage.ru_maxrss; // in KiB
        };
        const long before = peak();
        for (const std::string& pickle :
             {viewPickle(0, {1 << 30}, {0}), viewPickle(0, {1 << 30}, {1}, 1 << 30),
              PickleText().raw("X\xff\xff\xff\xff").done(), PickleText().raw("\x8b\xff\xff\xff\x7f").done(),
              PickleText().raw("}r\xff\xff\xff\xff").done()})
            QVERIFY(!readBytes(torchZip(pickle)));
        QVERIFY2(peak() - before < 64 * 1024, std::to_string(peak() - before).c_str());
    }

    void looks() {
        writeText(m_temp / "x", "\x80\x02}.");
        QVERIFY(formats::looksLikeTorchFile(m_temp / "x"));
        writeText(m_temp / "x", "PK\x03\x04");
        QVERIFY(formats::looksLikeTorchFile(m_temp / "x"));
        for (const char* text : {"", "P", "PK\x05\x06", "\x80", "\x80\x07}.", "{\"a\":1}"}) {
            writeText(m_temp / "x", text);
            QVERIFY(!formats::looksLikeTorchFile(m_temp / "x"));
        }
        QVERIFY(!formats::looksLikeTorchFile(m_temp / "missing"));
        QVERIFY(!formats::looksLikeTorchFile(m_temp.path()));
        const auto folder = formats::readTorchFile(m_temp.path());
        QVERIFY(!folder);
        QCOMPARE(folder.error().code, ErrorCode::FileUnreadable);
    }

    void theSentenceSaysWhatToDo() {
        const auto read = readBytes(torchZip(PickleText().global("posix", "system").text("x").raw("\x85R").done()));
        QVERIFY(!read);
        const std::string sentence = errorText(read.error());
        for (const char* piece : {"file.pt", "posix.system", "running code", "safetensors"})
            QVERIFY2(sentence.find(piece) != std::string::npos, sentence.c_str());
    }

    void fixtures_data() {
        QTest::addColumn<QString>("path");
        QTest::addColumn<int>("form");
        QTest::newRow("state dict") << "vit-quickgelu/open_clip_pytorch_model.bin" << int(TorchForm::ZipPickle);
        QTest::newRow("ViT, TorchScript")
            << "vit-quickgelu/openai_torchscript_mixed_fp16.pt" << int(TorchForm::TorchScript);
        QTest::newRow("ResNet, TorchScript")
            << "resnet/openai_torchscript_mixed_fp16.pt" << int(TorchForm::TorchScript);
    }
    void fixtures() {
        PLUMBLINE_NEEDS_SHARED();
        QFETCH(QString, path);
        QFETCH(int, form);
        const fs::path file = shared() / "fixtures/models" / path.toStdString();
        const auto read = formats::readTorchFile(file);
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(int(read->form), form);
        const auto same = formats::readSafetensors(file.parent_path() / "openclip/open_clip_model.safetensors");
        QVERIFY(same.has_value());
        std::size_t compared = 0;
        for (const auto& [name, view] : same->tensors) {
            QVERIFY2(read->weights.tensors.count(name) == 1, name.c_str());
            const formats::TensorView& found = read->weights.tensors.at(name);
            QCOMPARE(found.shape, view.shape);
            if (found.dtype == view.dtype)
                QVERIFY2(std::equal(found.bytes.begin(), found.bytes.end(), view.bytes.begin(), view.bytes.end()),
                         name.c_str());
            compared += found.dtype == view.dtype ? 1 : 0;
        }
        QVERIFY(compared > 0);
        for (const auto& [name, view] : read->weights.tensors)
            QVERIFY2(same->tensors.count(name) == 1 || view.dtype == DType::I64, name.c_str());
    }

    void brokenFixtures_data() {
        QTest::addColumn<ErrorCode>("code");
        QTest::newRow("zero_bytes.pt") << ErrorCode::WeightsInvalid;
        QTest::newRow("text.pt") << ErrorCode::WeightsInvalid;
        QTest::newRow("truncated.bin") << ErrorCode::WeightsInvalid;
        QTest::newRow("pickle_with_call.bin") << ErrorCode::PickleRefused;
        QTest::newRow("legacy_not_zip.bin") << ErrorCode::NotAModel;
    }
    void brokenFixtures() {
        PLUMBLINE_NEEDS_SHARED();
        QFETCH(ErrorCode, code);
        const auto read = formats::readTorchFile(shared() / "fixtures/models/_broken" / QTest::currentDataTag());
        QVERIFY(!read);
        QCOMPARE(read.error().code, code);
    }
    void anIncompleteFixtureIsReadAsFarAsItGoes() {
        PLUMBLINE_NEEDS_SHARED();
        const auto read =
            formats::readTorchFile(shared() / "fixtures/models/_broken/training_checkpoint_incomplete.pt");
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->weights.tensors.size(), 1U);
        QVERIFY(read->weights.tensors.count("logit_scale") == 1);
        QCOMPARE(read->notes.size(), 2U);
    }

private:
    void checkRefused(const QByteArray& bytes, ErrorCode code, const QString& reason) {
        const auto read = readBytes(bytes.toStdString());
        QVERIFY(!read);
        const QString sentence = QString::fromStdString(errorText(read.error()));
        QVERIFY2(read.error().code == code, qPrintable(sentence));
        QVERIFY2(sentence.contains(reason), qPrintable(sentence));
        QVERIFY(sentence.size() < 1000);
        QVERIFY(!sentence.contains(QChar::ReplacementCharacter));
    }
};

QTEST_APPLESS_MAIN(TestTorchFile)
#include "tst_torch_file.moc"
