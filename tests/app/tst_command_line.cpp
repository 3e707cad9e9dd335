// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include <QtTest>

#include "core/base/path.h"
#include "core/store/project.h"
#include "tests/app/plumb_process.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

using namespace plumbline;
using test::plumb;
using test::q;
using test::Json;

/// Drives the program as a script would: exit codes, files, JSON shapes.
#define L(text) QStringLiteral(text)

class TestCommandLine : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void wrongUse();
    void modelCard();
    void modelInWords();
    void modelOfEveryKind();
    void modelErrors();
    void tokenize();
    void embedImagesAndShards();
    void embedTextsAndPixels();
    void brokenModelsAreNotSilent();
    void importedParts();
    void promptArrayAsDebiasing();
    void anotherModelAsTheAfter();
    void measureShape();
    void measureEveryDefinition();
    void measureAgainstTargets();
    void measureRelevance();
    void measureLimits();
    void measureBadInput();
    void auditTwiceGivesTheSame();
    void auditFromEmbeddings();
    void auditIntoAProject();
    void auditBadInput();
    void oneBadImageIsSkippedAndNamed();
    void namesOfAnyBytesSurvive();
    void reportIsOnePage();
    void longPromptIsCutAndSaid();
    void kBeyondThePool();

private:
    QStringList audit(const QStringList& more, const QString& k = QStringLiteral("12")) const {
        return QStringList{QStringLiteral("audit"), QStringLiteral("--model"), m_model, QStringLiteral("--images"), m_images,
                           QStringLiteral("--labels"), m_labels, QStringLiteral("-k"), k} + more;
    }
    test::TempFolder m_folder;
    QString m_model, m_images, m_labels, m_cache;
};

void TestCommandLine::initTestCase() {
    test::RandomClip tiny;
    tiny.contextLength = 40;
    test::writeRandomClip(m_folder / "model", tiny, Container::HuggingFace, 1);
    test::writeLabelledImages(m_folder / "images", 60, 1);
    m_model = q(m_folder / "model");
    m_images = q(m_folder / "images");
    m_labels = q(m_folder / "images" / "labels.csv");
    m_cache = q(m_folder / "cache");
}

void TestCommandLine::wrongUse() {
    QCOMPARE(plumb({}).exitCode, 2);
    QCOMPARE(plumb({L("dance")}).exitCode, 2);
    QCOMPARE(plumb({L("audit")}).exitCode, 2);
    QCOMPARE(plumb({L("--help")}).exitCode, 0);
    QCOMPARE(plumb({L("--version")}).exitCode, 0);
    QCOMPARE(plumb({L("embed"), L("--model"), m_model, L("--out"), q(m_folder / "x.npy")}).exitCode, 2); // nothing to embed
    for (const char* shard : {"0/2", "3/2", "a", "1/", "1/2/3"})
        QCOMPARE(plumb({L("embed"), L("--model"), m_model, L("--images"), m_images, L("--out"), q(m_folder / "x.npy"),
                        L("--shard"), QString::fromLatin1(shard)}).exitCode, 2);
}

void TestCommandLine::modelCard() {
    const test::Called called = plumb({L("model"), m_model, L("--json"), L("-")});
    QCOMPARE(called.exitCode, 0);
    const Json card = called.json();
    for (const char* field : {"container", "architecture", "activation", "tokenizer", "context_length", "preprocess", "logit_scale",
                              "parameters", "dtype", "files", "content_sha256", "warnings", "self_check"})
        QVERIFY2(card.contains(field), field);
    QVERIFY(card["self_check"]["passed"].get<bool>());
    QCOMPARE(card["content_sha256"].get<std::string>().size(), std::size_t(64));
    QVERIFY(plumb({L("model"), m_model}).out.contains("self-check passed"));
}

namespace {

/// The value behind a name in what `plumb model` prints, from the heading on; without its source.
QString printed(const QByteArray& out, const QString& name, const QString& heading = {}) {
    const QString text = QString::fromUtf8(out);
    const auto start = heading.isEmpty() ? 0 : text.indexOf(u'\n' + heading);
    for (const QString& line : start < 0 ? QStringList() : text.mid(start).split(u'\n'))
        if (line.startsWith(QStringLiteral("  ") + name + u' '))
            return line.mid(2 + name.size()).section(QStringLiteral("   ["), 0, 0).trimmed();
    return {};
}

/// The same document but for what rounding may do to numbers: images that are embedded twice, in batches of another
/// size, differ in the last digits.
bool alike(const Json& a, const Json& b) {
    if (a.is_number() && b.is_number())
        return std::abs(a.get<double>() - b.get<double>()) <= 1e-3 * std::max(1.0, std::abs(a.get<double>()));
    if (a.type() != b.type() || a.size() != b.size())
        return false;
    if (!a.is_structured())
        return a == b;
    for (auto one = a.begin(), other = b.begin(); one != a.end(); ++one, ++other)
        if ((a.is_object() && one.key() != other.key()) || !alike(*one, *other))
            return false;
    return true;
}

} // namespace

void TestCommandLine::modelInWords() {
    test::RandomClip half;
    half.dtype = formats::DType::F16;
    test::writeRandomClip(m_folder / "half", half, Container::OpenClip, 3);
    test::writeText(m_folder / "half/README.md", "---\ntags: [clip]\nlicense: mit\n---\n");
    const QByteArray out = plumb({L("model"), q(m_folder / "half")}).out;
    QVERIFY(out.startsWith("half\n"));
    QCOMPARE(printed(out, L("container")), L("OpenCLIP"));
    QCOMPARE(printed(out, L("storage")), L("safetensors"));
    QCOMPARE(printed(out, L("stored as")), L("float16"));
    QVERIFY(printed(out, L("parameters")).contains(u','));
    QCOMPARE(printed(out, L("licence")), L("mit (README.md)"));
    QCOMPARE(printed(out, L("kind"), L(" image tower")), L("vision transformer"));
    QCOMPARE(printed(out, L("pooling"), L(" image tower")), L("the class token"));
    QVERIFY(out.contains("[open_clip_config.json: model_cfg.vision_cfg.width]"));
    QCOMPARE(printed(out, L("attention"), L(" text tower")), L("causal"));
    QCOMPARE(printed(out, L("pooling"), L(" text tower")), L("the largest id"));
    QVERIFY(printed(out, L("kind"), L(" tokenizer")).startsWith(L("CLIP BPE")));
    QCOMPARE(printed(out, L("read from"), L(" tokenizer")), q(m_folder / "half"));
    QVERIFY(printed(out, L("resize"), L(" preprocessing")).startsWith(L("the shorter side")));
    for (const char* unusual : {"logit bias", "class token", "first norm", "layer scale", "trained with", "cleaning"})
        QVERIFY2(printed(out, QString::fromLatin1(unusual)).isEmpty(), unusual);
    const QString config = printed(out, L("open_clip_config.json"), L(" files and SHA-256"));
    QVERIFY2(QRegularExpression(L("^\\S+ (bytes|kB) +[0-9a-f]{64}$")).match(config).hasMatch(), qPrintable(config));
    QCOMPARE(printed(out, L("tensors"), L(" files and SHA-256")).size(), 64);
    QVERIFY(out.contains(" self-check passed\n"));

    test::RandomClip mute;
    mute.vocabulary = false;
    test::writeRandomClip(m_folder / "mute", mute, Container::HuggingFace, 3);
    const QByteArray said = plumb({L("model"), q(m_folder / "mute")}).out;
    QCOMPARE(printed(said, L("kind"), L(" tokenizer")), L("none: texts cannot be embedded"));
    QVERIFY(said.contains(" warning: The folder holds no tokenizer"));
    QCOMPARE(printed(said, L("licence")), L("none is named"));
}

void TestCommandLine::modelOfEveryKind() {
    PLUMBLINE_NEEDS_SHARED();
    const auto models = test::shared() / "fixtures" / "models";
    const QByteArray resNet = plumb({L("model"), q(models / "resnet/openai_torchscript_mixed_fp16.pt")}).out;
    QVERIFY(resNet.startsWith("openai_torchscript_mixed_fp16\n"));
    QVERIFY(printed(resNet, L("container")).startsWith(L("OpenAI")));
    QVERIFY(printed(resNet, L("storage")).startsWith(L("TorchScript")));
    QCOMPARE(printed(resNet, L("stored as")), L("mixed: float16, float32"));
    QCOMPARE(printed(resNet, L("kind"), L(" image tower")), L("ResNet, stages 1-1-2-1"));
    QCOMPARE(printed(resNet, L("activation"), L(" image tower")), L("ReLU"));
    QCOMPARE(printed(resNet, L("pooling"), L(" image tower")), L("attention of the mean of the tokens"));
    QVERIFY(resNet.contains("[shape of visual.layer1.0.conv1.weight]"));
    const QByteArray sharded = plumb({L("model"), q(models / "vit-gelu/huggingface_sharded")}).out;
    QCOMPARE(printed(sharded, L("storage")), L("safetensors in 2 files"));
    QCOMPARE(printed(sharded, L("activation"), L(" image tower")), L("GELU"));
    QCOMPARE(printed(sharded, L("pooling"), L(" text tower")), L("the first end of text (id 49407)"));
}

void TestCommandLine::modelErrors() {
    const test::Called none = plumb({L("model"), q(m_folder / "nowhere")});
    QCOMPARE(none.exitCode, 2);
    QVERIFY(none.err.contains("nowhere"));
    QCOMPARE(plumb({L("model"), m_images}).exitCode, 2); // a folder that is no model
}

void TestCommandLine::tokenize() {
    test::writeText(m_folder / "texts.json", R"(["a photo", "", "a\nb"])");
    test::writeText(m_folder / "texts.txt", "a photo\n\nx\r\n");
    const Json fromJson = plumb({L("tokenize"), L("--model"), m_model, L("--texts"), q(m_folder / "texts.json"), L("--json"), L("-")}).json();
    QCOMPARE(fromJson["ids"].size(), std::size_t(3));
    QCOMPARE(fromJson["ids"][1].size(), std::size_t(2)); // BOS and EOS of the empty text
    const Json fromLines = plumb({L("tokenize"), L("--model"), m_model, L("--texts"), q(m_folder / "texts.txt")}).json();
    QCOMPARE(fromLines["ids"].size(), std::size_t(3));
    QVERIFY(fromLines["ids"][0] == fromJson["ids"][0]);
    const Json direct = plumb({L("tokenize"), L("--model"), m_model, L("a photo")}).json();
    QVERIFY(direct["ids"][0] == fromJson["ids"][0]);
    test::writeText(m_folder / "bad.json", R"(["a", 1])");
    QCOMPARE(plumb({L("tokenize"), L("--model"), m_model, L("--texts"), q(m_folder / "bad.json")}).exitCode, 2);
}

namespace {

struct Npy {
    std::size_t rows = 0, dim = 0;
    std::vector<float> values;
};

Npy readNpy(const std::filesystem::path& path) { // what NumPy would see: magic, version 1, header, data
    const std::string bytes = test::readText(path);
    const std::size_t header = static_cast<unsigned char>(bytes[8]) | static_cast<std::size_t>(static_cast<unsigned char>(bytes[9])) << 8;
    const std::string text = bytes.substr(10, header);
    Npy npy;
    const std::size_t shape = text.find("'shape': (");
    std::sscanf(text.c_str() + shape, "'shape': (%zu, %zu)", &npy.rows, &npy.dim);
    npy.values.resize((bytes.size() - 10 - header) / 4);
    std::memcpy(npy.values.data(), bytes.data() + 10 + header, npy.values.size() * 4);
    return npy;
}

} // namespace

void TestCommandLine::embedImagesAndShards() {
    const auto embed = [&](const char* name, const QStringList& more) {
        return plumb(QStringList{L("embed"), L("--model"), m_model, L("--images"), m_images, L("--out"), q(m_folder / name)} + more);
    };
    QCOMPARE(embed("all.npy", {}).exitCode, 0);
    const Npy all = readNpy(m_folder / "all.npy");
    QCOMPARE(all.rows, std::size_t(60));
    QCOMPARE(all.values.size(), all.rows * all.dim);
    for (std::size_t r = 0; r < all.rows; ++r) {
        double square = 0;
        for (std::size_t d = 0; d < all.dim; ++d)
            square += all.values[r * all.dim + d] * all.values[r * all.dim + d];
        QVERIFY(std::abs(square - 1) < 1e-5);
    }
    const std::string rows = test::readText(m_folder / "all.npy.rows.csv");
    QVERIFY(rows.starts_with("row,path\n0,img/000.bmp\n1,img/001.bmp\n"));
    QCOMPARE(test::readText(m_folder / "all.npy.skipped.csv"), std::string("path,reason\n"));
    std::vector<float> parts;
    for (int i = 1; i <= 7; ++i) { // 60 is not a multiple of 7
        QCOMPARE(embed("part.npy", {L("--shard"), QStringLiteral("%1/7").arg(i)}).exitCode, 0);
        const Npy part = readNpy(m_folder / "part.npy");
        parts.insert(parts.end(), part.values.begin(), part.values.end());
    }
    QCOMPARE(parts.size(), all.values.size());
    for (std::size_t i = 0; i < parts.size(); ++i)
        QVERIFY(std::abs(parts[i] - all.values[i]) < 1e-6F);
    QCOMPARE(embed("one.npy", {L("--threads"), L("1"), L("--raw")}).exitCode, 0);
    const Npy raw = readNpy(m_folder / "one.npy");
    QVERIFY(std::abs(raw.values[0] / all.values[0] - raw.values[1] / all.values[1]) < 1e-3F); // the same direction
    const test::Called unwritable = embed("no/such/folder/x.npy", {});
    QCOMPARE(unwritable.exitCode, 2);
}

void TestCommandLine::embedTextsAndPixels() {
    test::writeText(m_folder / "t.txt", "a photo\na person\n");
    QCOMPARE(plumb({L("embed"), L("--model"), m_model, L("--texts"), q(m_folder / "t.txt"), L("--out"), q(m_folder / "t.npy")}).exitCode, 0);
    QCOMPARE(readNpy(m_folder / "t.npy").rows, std::size_t(2));
    QVERIFY(test::readText(m_folder / "t.npy.rows.csv").find("1,a person") != std::string::npos);
    // An array of the wrong shape is refused in words.
    QCOMPARE(plumb({L("embed"), L("--model"), m_model, L("--pixels"), q(m_folder / "t.npy"), L("--out"), q(m_folder / "p.npy")}).exitCode, 2);
    QVERIFY(!std::filesystem::exists(m_folder / "p.npy"));
}

/// Embeddings that nothing can be measured with are written, said, and no success.
void TestCommandLine::brokenModelsAreNotSilent() {
    test::TempFolder folder;
    test::writeRandomClip(folder / "zero");
    auto weights = formats::readSafetensors(folder / "zero/model.safetensors");
    QVERIFY(weights.has_value());
    const std::vector<std::byte> zeros(1 << 20);
    std::vector<formats::TensorToWrite> tensors;
    for (const auto& [name, view] : weights->tensors)
        tensors.push_back({name, view.dtype, view.shape,
                           name == "text_projection.weight" ? std::span(zeros).first(view.bytes.size()) : view.bytes});
    QVERIFY(formats::writeSafetensors(folder / "zero/model.safetensors", tensors).has_value());
    test::writeText(folder / "t.txt", "a man\na woman\n");
    const test::Called called = plumb({L("embed"), L("--model"), q(folder / "zero"), L("--texts"), q(folder / "t.txt"), L("--out"), q(folder / "t.npy")});
    QCOMPARE(called.exitCode, 2);
    QVERIFY2(called.err.contains("2 of them are zero or not finite"), called.err.constData());
    QVERIFY(std::filesystem::exists(folder / "t.npy"));
}

/// A learned prompt array changes texts and is said; a project could not repeat such a run.
void TestCommandLine::importedParts() {
    test::TempFolder folder;
    test::writeRandomClip(folder / "m");
    std::vector<float> values(2 * 24);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i % 7) * 0.3F - 0.8F;
    const formats::TensorToWrite array{"debias_tokens", formats::DType::F32, {2, 24}, std::as_bytes(std::span(values))};
    QVERIFY(formats::writeSafetensors(folder / "tokens.safetensors", std::span(&array, 1)).has_value());
    test::writeText(folder / "t.txt", "a man\n");
    const QStringList base = {L("embed"), L("--model"), q(folder / "m"), L("--texts"), q(folder / "t.txt"), L("--out")};
    const QStringList with = {L("--prompt-array"), q(folder / "tokens.safetensors")};
    QCOMPARE(plumb(base + QStringList{q(folder / "a.npy")}).exitCode, 0);
    const test::Called called = plumb(base + QStringList{q(folder / "b.npy")} + with);
    QCOMPARE(called.exitCode, 0);
    QVERIFY2(called.err.contains("2 learned tokens"), called.err.constData());
    QVERIFY(test::readText(folder / "a.npy") != test::readText(folder / "b.npy"));
    const test::Called alone = plumb({L("model"), q(folder / "tokens.safetensors")});
    QCOMPARE(alone.exitCode, 2);
    QVERIFY2(alone.err.contains("--prompt-array"), alone.err.constData());
    const test::Called audit = plumb(QStringList{L("audit"), L("--model"), m_model, L("--images"), m_images, L("--labels"), m_labels, L("--attribute"), L("gender"),
                                                 L("--prompt"), L("a man"), L("--project"), q(folder / "x.plumb")} + with);
    QCOMPARE(audit.exitCode, 2);
    QVERIFY2(audit.err.contains("--project"), audit.err.constData());
    QVERIFY(!std::filesystem::exists(folder / "x.plumb"));
}

/// The array as a transform: fitted without embeddings, the same scores as the encoder's option, no use for embeddings alone.
void TestCommandLine::promptArrayAsDebiasing() {
    test::TempFolder folder;
    std::vector<float> values(2 * 24);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i % 5) * 0.3F - 0.5F;
    const formats::TensorToWrite array{"debias_tokens", formats::DType::F32, {2, 24}, std::as_bytes(std::span(values))};
    QVERIFY(formats::writeSafetensors(folder / "tokens.safetensors", std::span(&array, 1)).has_value());
    const test::Called fitted = plumb({L("debias"), L("fit"), L("--method"), L("prompt-array"), L("--param"), L("file=") + q(folder / "tokens.safetensors"),
                                       L("--out"), q(folder / "t")});
    QVERIFY2(fitted.exitCode == 0, fitted.err.constData());
    const test::Called needs = plumb({L("debias"), L("fit"), L("--method"), L("leace"), L("--out"), q(folder / "none")});
    QCOMPARE(needs.exitCode, 2);
    QVERIFY2(needs.err.contains("--embeddings"), needs.err.constData());
    test::writeText(folder / "texts.txt", "a man\n");
    QCOMPARE(plumb({L("embed"), L("--model"), m_model, L("--texts"), q(folder / "texts.txt"), L("--out"), q(folder / "t.npy")}).exitCode, 0);
    const test::Called applied = plumb({L("debias"), L("apply"), L("--transform"), q(folder / "t"), L("--modality"), L("text"), L("--embeddings"), q(folder / "t.npy"),
                                        L("--out"), q(folder / "after.npy")});
    QCOMPARE(applied.exitCode, 2);
    QVERIFY2(applied.err.contains("prompt array"), applied.err.constData());
    QVERIFY(!std::filesystem::exists(folder / "after.npy"));
    const QStringList asked = audit({L("--attribute"), L("gender"), L("--prompt"), L("a nurse"), L("--json"), L("-")});
    const Json debiased = plumb(asked + QStringList{L("--debias"), q(folder / "t")}, m_cache).json();
    const Json option = plumb(asked + QStringList{L("--prompt-array"), q(folder / "tokens.safetensors")}, m_cache).json();
    QCOMPARE(debiased["debias"].size(), std::size_t(1));
    QVERIFY(alike(debiased["debias"][0]["results"], option["results"]));
    QVERIFY(!alike(debiased["results"], option["results"]));
}

/// Another checkpoint on the same images and prompts, with the price of it; in a project as a run of its own.
void TestCommandLine::anotherModelAsTheAfter() {
    test::TempFolder folder;
    test::RandomClip other;
    other.contextLength = 40;
    other.embedDim = 28;
    test::writeRandomClip(folder / "other", other, Container::HuggingFace, 9);
    const QStringList asked{L("--attribute"), L("gender"), L("--prompt"), L("a nurse"), L("--json"), L("-")};
    const QStringList after{L("--after-model"), q(folder / "other")};
    const test::Called called = plumb(audit(asked + after), m_cache);
    QVERIFY2(called.exitCode == 0, called.err.constData());
    const Json json = called.json();
    const Json alone = plumb(QStringList{L("audit"), L("--model"), q(folder / "other"), L("--images"), m_images, L("--labels"), m_labels, L("-k"), L("12")} + asked, m_cache).json();
    QCOMPARE(json["debias"].size(), std::size_t(1));
    QCOMPARE(json["debias"][0]["model"].get<std::string>(), (folder / "other").string());
    QVERIFY(json["debias"][0]["results"] == alone["results"]);
    QCOMPARE(json["debias"][0]["tables"][0]["id"].get<std::string>(), std::string("debias_price"));
    const test::Called stored = plumb(audit(asked + after + QStringList{L("--project"), q(folder / "x.plumb")}), m_cache);
    QVERIFY2(stored.exitCode == 0, stored.err.constData());
    QVERIFY(stored.json()["debias"][0]["results"] == alone["results"]);
    auto project = store::Project::open(folder / "x.plumb");
    QVERIFY(project.has_value());
    QCOMPARE(project->models()->size(), std::size_t(2));
    QCOMPARE(project->runs()->size(), std::size_t(2));
    QCOMPARE(plumb(audit(asked + QStringList{L("--after-model"), q(folder / "none")}), m_cache).exitCode, 2);
}

void TestCommandLine::measureShape() {
    std::string table = "s;g\n"; // ten items of METHODS.md F1: a1 a1 a1 a2 a1 a1 a1 a2 a2 a1
    for (int i = 0; i < 10; ++i)
        table += std::to_string(1.0 - i * 0.05) + (i == 3 || i == 7 || i == 8 ? ";a2\n" : ";a1\n");
    test::writeText(m_folder / "m.csv", table);
    const test::Called called = plumb({L("measure"), q(m_folder / "m.csv"), L("--score"), L("s"), L("--attribute"), L("g"), L("-k"), L("5"),
                                       L("--target"), L("uniform"), L("--seed"), L("3"), L("--json"), L("-")});
    QCOMPARE(called.exitCode, 0);
    const Json json = called.json();
    QCOMPARE(json["n"].get<int>(), 10);
    QCOMPARE(json["k_effective"].get<int>(), 5);
    QCOMPARE(json["definition"].get<std::string>(), std::string("geyik"));
    QVERIFY(json["prompt"].is_null());
    QVERIFY(std::abs(json["max_skew"]["value"].get<double>() - 0.4700036292) < 1e-9);
    QVERIFY(std::abs(json["min_skew"]["value"].get<double>() + 0.9162907319) < 1e-9);
    QVERIFY(std::abs(json["ndkl"]["value"].get<double>() - 0.5453524752) < 1e-9);
    QCOMPARE(json["groups"][0]["name"].get<std::string>(), std::string("a1"));
    for (const char* field : {"pool_count", "top_count", "pool_share", "top_share", "target_share", "skew"})
        QVERIFY2(json["groups"][1].contains(field), field);
    for (const char* field : {"value", "ci_low", "ci_high", "null_mean", "null_p95", "p_value"})
        QVERIFY2(json["max_skew"].contains(field), field);
}

/// Each definition has its name, its sentence with the result, and the further numbers.
void TestCommandLine::measureEveryDefinition() {
    const QStringList base{L("measure"), q(m_folder / "m.csv"), L("--score"), L("s"), L("--attribute"), L("g"), L("-k"), L("5")};
    for (const Definition definition : allDefinitions()) {
        const QString name = QString::fromStdString(std::string(definitionName(definition)));
        const Json json = plumb(base + QStringList{L("--definition"), name, L("--json"), L("-")}).json();
        QCOMPARE(json["definition"].get<std::string>(), name.toStdString());
        QCOMPARE(json["definition_text"].get<std::string>(), std::string(definitionSentence(definition)));
        std::set<std::string> names;
        for (const Json& number : json["more"])
            names.insert(number["name"].get<std::string>());
        for (const char* number : {"kl", "total_variation", "normalised_entropy", "infeasible_index", "infeasible_count"})
            QVERIFY2(names.contains(number), number);
        const test::Called printed = plumb(base + QStringList{L("--definition"), name});
        QVERIFY(printed.out.contains(QByteArray::fromStdString(std::string(definitionSentence(definition)))));
        QVERIFY(printed.out.contains("total_variation: Half the sum"));
    }
    QVERIFY(plumb({L("measure"), L("--help")}).out.contains("social-counterfactuals"));
}

void TestCommandLine::measureAgainstTargets() {
    std::string table = "s,g,rel\n";
    for (int i = 0; i < 40; ++i)
        table += std::to_string(-i) + (i % 4 == 0 ? ",woman" : ",man") + (i % 2 == 0 ? ",1\n" : ",0\n");
    test::writeText(m_folder / "gender.csv", table);
    test::writeText(m_folder / "targets.csv", "concept,group,percent\nnurse,woman,88\nnurse,man,12\npilot,woman,10\npilot,man,90\n");
    const auto shareOfWomen = [&](const QStringList& more) {
        const test::Called called = plumb(QStringList{L("measure"), q(m_folder / "gender.csv"), L("--score"), L("s"), L("--attribute"), L("g"),
                                                      L("-k"), L("10"), L("--json"), L("-")} + more);
        return called.exitCode == 0 ? called.json()["groups"][1]["target_share"].get<double>() : -called.exitCode;
    };
    QCOMPARE(shareOfWomen({}), 0.25);
    QCOMPARE(shareOfWomen({L("--target"), L("visogender-us:doctor")}), 0.438);
    QCOMPARE(shareOfWomen({L("--target"), L("visogender-us"), L("--concept"), L("Baker")}), 0.636);
    QCOMPARE(shareOfWomen({L("--target"), q(m_folder / "targets.csv"), L("--concept"), L("nurse")}), 0.88);
    QCOMPARE(shareOfWomen({L("--target"), L("conditional"), L("--relevance"), L("rel")}), 0.5);
    // Which occupation? None of that name. No relevance.
    QCOMPARE(shareOfWomen({L("--target"), L("visogender-us")}), -2.0);
    QCOMPARE(shareOfWomen({L("--target"), q(m_folder / "targets.csv"), L("--concept"), L("chef")}), -2.0);
    QCOMPARE(shareOfWomen({L("--target"), L("conditional")}), -2.0);
}

void TestCommandLine::measureRelevance() {
    const QStringList base{L("measure"), q(m_folder / "gender.csv"), L("--score"), L("s"), L("--attribute"), L("g"), L("-k"), L("10"),
                           L("--relevance"), L("rel"), L("--reference"), L("s")};
    const Json json = plumb(base + QStringList{L("--json"), L("-")}).json();
    const Json& tables = json["tables"];
    QCOMPARE(tables.size(), std::size_t(1));
    QCOMPARE(tables[0]["id"].get<std::string>(), std::string("ranking_relevance"));
    bool found = false;
    for (const Json& row : tables[0]["rows"])
        if (row["measure"] == "recall" && row["keys"][0] == "woman") {
            found = true;
            QCOMPARE(row["value"]["value"].get<double>(), 0.3); // 3 of 10
        }
    QVERIFY(found);
    QVERIFY(plumb(base).out.contains("overlap_ndcg"));
}

void TestCommandLine::measureLimits() {
    const QStringList base{L("measure"), q(m_folder / "m.csv"), L("--score"), L("s"), L("--attribute"), L("g"), L("-k"), L("3"), L("--target"), L("uniform")};
    QCOMPARE(plumb(base + QStringList{L("--fail-above"), L("max_skew=0.7")}).exitCode, 0);
    QCOMPARE(plumb(base + QStringList{L("--fail-above"), L("max_skew=0.5")}).exitCode, 1);
    QCOMPARE(plumb(base + QStringList{L("--fail-above"), L("min_skew=9")}).exitCode, 1); // undefined: a2 is absent from the top 3
    QCOMPARE(plumb(base + QStringList{L("--fail-above"), L("kl=0.7")}).exitCode, 0); // ln 2: one group alone
    QCOMPARE(plumb(base + QStringList{L("--fail-above"), L("kl=0.6")}).exitCode, 1);
    QCOMPARE(plumb(base + QStringList{L("--fail-above"), L("charm=1")}).exitCode, 2);
}

void TestCommandLine::measureBadInput() {
    const auto measure = [&](const char* score, const char* attribute, const char* k) {
        return plumb({L("measure"), q(m_folder / "m.csv"), L("--score"), QString::fromLatin1(score), L("--attribute"),
                      QString::fromLatin1(attribute), L("-k"), QString::fromLatin1(k), L("--json"), L("-")});
    };
    const test::Called column = measure("s", "colour", "5");
    QCOMPARE(column.exitCode, 2);
    QVERIFY(column.err.contains("colour") && column.err.contains("s, g"));
    QCOMPARE(measure("s", "g", "0").exitCode, 2);
    QCOMPARE(measure("s", "g", "-1").exitCode, 2);
    QCOMPARE(measure("s", "g", "120%").exitCode, 2);
    QCOMPARE(plumb({L("measure"), q(m_folder / "m.csv"), L("--score"), L("s"), L("--attribute"), L("g"), L("--definition"), L("mine")}).exitCode, 2);
    QCOMPARE(plumb({L("measure"), q(m_folder / "none.csv"), L("--score"), L("s"), L("--attribute"), L("g")}).exitCode, 2);
    // 10% of 10 rows is one row; a group that is absent has no skew, and it is said.
    const Json one = measure("s", "g", "10%").json();
    QCOMPARE(one["k_effective"].get<int>(), 1);
    QVERIFY(one["groups"][1]["skew"].is_null());
    QVERIFY(one["min_skew"]["value"].is_null());
    QVERIFY(!one["warnings"].empty());
}

void TestCommandLine::auditTwiceGivesTheSame() {
    const QStringList call = audit({L("--attribute"), L("gender,age"), L("--cross"), L("gender,age"), L("--prompt"), L("a photo of a doctor"),
                                    L("a photo of a nurse"), L("--seed"), L("5"), L("--json"), L("-")});
    const test::Called first = plumb(call, m_cache);
    QCOMPARE(first.exitCode, 0);
    const Json a = first.json(), b = plumb(call + QStringList{L("--threads"), L("1")}, m_cache).json(); // from the cache
    QCOMPARE(a["results"].size(), std::size_t(6));
    QVERIFY(a["results"] == b["results"]);
    QCOMPARE(a["results"][2]["attribute"].get<std::string>(), std::string("gender × age"));
    QCOMPARE(a["results"][0]["prompt"].get<std::string>(), std::string("a photo of a doctor"));
    QVERIFY(a["run"]["provenance"]["model_sha256"].get<std::string>().size() == 64);
    const Json fresh = plumb(call, q(m_folder / "other-cache")).json(); // computed again
    for (std::size_t i = 0; i < a["results"].size(); ++i)
        QVERIFY(std::abs(a["results"][i]["score_mean"].get<double>() - fresh["results"][i]["score_mean"].get<double>()) < 1e-6);
}

void TestCommandLine::auditFromEmbeddings() {
    for (int i = 1; i <= 2; ++i)
        QCOMPARE(plumb({L("embed"), L("--model"), m_model, L("--images"), m_images, L("--raw"), L("--shard"), QStringLiteral("%1/2").arg(i), L("--out"),
                        q(m_folder / ("e" + std::to_string(i) + ".npy"))}).exitCode, 0);
    const QStringList asked{L("--attribute"), L("gender"), L("--prompt"), L("a nurse"), L("--json"), L("-")};
    const Json direct = plumb(audit(asked), m_cache).json();
    const test::Called called = plumb(QStringList{L("audit"), L("--model"), m_model, L("--embeddings"), q(m_folder / "e1.npy"), q(m_folder / "e2.npy"),
                                                  L("--labels"), m_labels, L("-k"), L("12")} + asked);
    QCOMPARE(called.exitCode, 0);
    const Json parts = called.json();
    QVERIFY(std::abs(direct["results"][0]["score_mean"].get<double>() - parts["results"][0]["score_mean"].get<double>()) < 1e-6);
    QVERIFY(direct["results"][0]["groups"][0]["top_count"] == parts["results"][0]["groups"][0]["top_count"]);
}

void TestCommandLine::auditIntoAProject() {
    const std::filesystem::path file = m_folder / "audit.plumb";
    const test::Called called = plumb(audit({L("--attribute"), L("gender"), L("--prompt"), L("a nurse"), L("--project"), q(file), L("--csv"), q(m_folder / "out.csv")}), m_cache);
    QCOMPARE(called.exitCode, 0);
    auto project = store::Project::open(file);
    QVERIFY(project.has_value());
    const auto runs = project->runs();
    QCOMPARE(runs->size(), std::size_t(1));
    QVERIFY(runs->front().state == RunState::Done);
    QCOMPARE(project->runScores(runs->front().id, 0)->size(), std::size_t(60));
    QVERIFY(project->thumbnail(runs->front().config.imageSetId, 0).has_value());
    QCOMPARE(project->models()->size(), std::size_t(1));
    const std::string csv = test::readText(m_folder / "out.csv");
    QCOMPARE(std::count(csv.begin(), csv.end(), '\n'), 3); // a header and two groups
    // Again: another run on the same model and the same set.
    QCOMPARE(plumb(audit({L("--attribute"), L("age"), L("--prompt"), L("a nurse"), L("--project"), q(file)}), m_cache).exitCode, 0);
    QCOMPARE(project->runs()->size(), std::size_t(2));
    QCOMPARE(project->imageSets()->size(), std::size_t(1));
    QCOMPARE(project->models()->size(), std::size_t(1));
    // A file of another kind is refused and left alone.
    test::writeText(m_folder / "other.plumb", "not a project");
    QCOMPARE(plumb(audit({L("--attribute"), L("gender"), L("--prompt"), L("x"), L("--project"), q(m_folder / "other.plumb")}), m_cache).exitCode, 2);
    QCOMPARE(test::readText(m_folder / "other.plumb"), std::string("not a project"));
}

void TestCommandLine::auditBadInput() {
    const test::Called attribute = plumb(audit({L("--attribute"), L("height"), L("--prompt"), L("x")}), m_cache);
    QCOMPARE(attribute.exitCode, 2);
    QVERIFY(attribute.err.contains("gender"));
    QCOMPARE(plumb(audit({L("--attribute"), L("gender")}), m_cache).exitCode, 2); // nothing asked
    QCOMPARE(plumb(audit({L("--attribute"), L("gender"), L("--probe"), q(m_folder / "none.json")}), m_cache).exitCode, 2);
    QCOMPARE(plumb(audit({L("--prompt"), L("x")}), m_cache).exitCode, 2); // no attribute
}

void TestCommandLine::oneBadImageIsSkippedAndNamed() {
    const test::TempFolder folder;
    test::writeLabelledImages(folder.path(), 20, 2);
    test::writeText(folder / "img/007.bmp", "this is no picture");
    const test::Called embedded = plumb({L("embed"), L("--model"), m_model, L("--images"), q(folder.path()), L("--out"), q(folder / "e.npy")});
    QCOMPARE(embedded.exitCode, 0);
    QCOMPARE(readNpy(folder / "e.npy").rows, std::size_t(19));
    QVERIFY(test::readText(folder / "e.npy.skipped.csv").find("img/007.bmp") != std::string::npos);
    const Json json = plumb({L("audit"), L("--model"), m_model, L("--images"), q(folder.path()), L("--labels"), q(folder / "labels.csv"), L("--attribute"),
                             L("gender"), L("--prompt"), L("x"), L("-k"), L("5"), L("--json"), L("-")}, m_cache).json();
    QCOMPARE(json["run"]["skipped"].get<int>(), 1);
    QCOMPARE(json["results"][0]["n"].get<int>(), 19);
}

void TestCommandLine::namesOfAnyBytesSurvive() {
    const test::TempFolder folder;
    test::writeLabelledImages(folder.path(), 4, 3);
    const std::vector<std::string> names{"with space.bmp", "\xf0\x9f\x98\x80 emoji.bmp", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d.bmp", "latin1-\xe9.bmp"};
    std::string table = "file,gender\n";
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::filesystem::rename(folder / ("img/00" + std::to_string(i) + ".bmp"), folder / ("img/" + names[i]));
        table += "img/" + names[i] + (i % 2 ? ",Female\n" : ",Male\n");
    }
    QCOMPARE(plumb({L("embed"), L("--model"), m_model, L("--images"), q(folder.path()), L("--raw"), L("--out"), q(folder / "e.npy")}).exitCode, 0);
    const std::string rows = test::readText(folder / "e.npy.rows.csv");
    QVERIFY(isUtf8(rows));
    for (const std::string& name : names)
        QVERIFY2(rows.find(encodeName("img/" + name)) != std::string::npos, name.c_str());
    // The way back: the embeddings find their rows in a table that names the first three.
    test::writeText(folder / "labels.csv", table.substr(0, table.rfind("img/")));
    const Json json = plumb({L("audit"), L("--model"), m_model, L("--embeddings"), q(folder / "e.npy"), L("--labels"), q(folder / "labels.csv"),
                             L("--attribute"), L("gender"), L("--prompt"), L("x"), L("-k"), L("2"), L("--json"), L("-")}).json();
    QCOMPARE(json["results"][0]["n"].get<int>(), 3);
}

void TestCommandLine::reportIsOnePage() {
    const test::Called called = plumb(audit({L("--attribute"), L("gender,age"), L("--prompt"), L("a <script>alert(1)</script> & \"nurse\""), L("--report"),
                                             q(m_folder / "report.html")}), m_cache);
    QCOMPARE(called.exitCode, 0);
    const std::string html = test::readText(m_folder / "report.html");
    QVERIFY(html.starts_with("<!DOCTYPE html>"));
    QVERIFY(html.find("<script") == std::string::npos); // texts never become markup
    QVERIFY(html.find("&lt;script&gt;") != std::string::npos);
    QVERIFY(html.find("<svg") != std::string::npos && html.find("By age") != std::string::npos);
    // Nothing is loaded from anywhere: what looks like an address is the name of a markup language.
    std::string rest = html;
    for (const std::string name : {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"})
        for (std::size_t at = rest.find(name); at != std::string::npos; at = rest.find(name))
            rest.erase(at, name.size());
    QVERIFY(rest.find("http://") == std::string::npos && rest.find("https://") == std::string::npos);
}

void TestCommandLine::longPromptIsCutAndSaid() {
    QString words;
    for (int i = 0; i < 500; ++i)
        words += L("word ");
    const Json json = plumb(audit({L("--attribute"), L("gender"), L("--prompt"), words, L("--json"), L("-")}), m_cache).json();
    bool said = false;
    for (const Json& warning : json["run"]["warnings"])
        said = said || warning.get<std::string>().find("cut") != std::string::npos;
    QVERIFY(said);
}

void TestCommandLine::kBeyondThePool() {
    const Json json = plumb(audit({L("--attribute"), L("gender"), L("--prompt"), L("x"), L("--json"), L("-")}, L("5000")), m_cache).json();
    QCOMPARE(json["results"][0]["k"].get<int>(), 5000);
    QCOMPARE(json["results"][0]["k_effective"].get<int>(), 60);
    QVERIFY(!json["results"][0]["warnings"].empty());
}

QTEST_GUILESS_MAIN(TestCommandLine)
#include "tst_command_line.moc"
