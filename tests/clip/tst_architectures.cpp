// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/clip/canonical.h"
#include "core/clip/network.h"
#include "core/clip/self_check.h"
#include "core/formats/debias_import.h"
#include "core/formats/model_config.h"
#include "core/formats/safetensors.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"
#include "tests/support/torch_writer.h"

using namespace plumbline;
using namespace plumbline::test;
using clip::Network;
using clip::Precision;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const json& architectures() {
    static const json all = json::parse(readText(sourceFolder() / "tests/clip/data/architectures.json"));
    return all;
}

std::map<std::string, std::string> filesOf(const json& architecture) {
    std::map<std::string, std::string> files;
    for (const auto& [name, content] : architecture.at("files").items())
        files.emplace(name, content.dump());
    return files;
}

[[noreturn]] void stop(const Error& error) {
    throw std::runtime_error(errorText(error) + ' ' + error.detail);
}

std::unique_ptr<Network> open(const fs::path& folder, Precision precision = Precision::Fp32) {
    auto model = formats::readModelFolder(folder);
    if (!model)
        stop(model.error());
    auto network = Network::build(std::move(*model), precision);
    if (!network)
        stop(network.error());
    return std::move(*network);
}

/// The pictures of tests/interop/expected_features.py.
std::vector<float> pixels(const ModelConfig& config) {
    const auto size = static_cast<std::size_t>(config.vision.imageSize.value);
    std::vector<float> values(2 * 3 * size * size);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] =
            static_cast<float>(std::sin(static_cast<double>(i) * 0.37 + static_cast<double>(i / (size * size))));
    return values;
}

std::vector<float> imageFeatures(const Network& network) {
    std::vector<float> out(2 * network.dim());
    const auto run = network.images(pixels(network.folder().config), 2, out, Feedback());
    if (!run)
        stop(run.error().error());
    return out;
}

std::vector<float> textFeatures(const Network& network, const std::vector<std::vector<int>>& ids) {
    std::vector<float> out(ids.size() * network.dim());
    std::vector<std::span<const int>> texts(ids.begin(), ids.end());
    const auto run = network.texts(texts, out, Feedback());
    if (!run)
        stop(run.error().error());
    return out;
}

/// The largest difference of the rows, each brought to unit length.
double apart(std::span<const float> a, std::span<const float> b, std::size_t dim) {
    if (a.size() != b.size())
        return INFINITY;
    double most = 0;
    for (std::size_t row = 0; row < a.size(); row += dim) {
        double lengthA = 0, lengthB = 0;
        for (std::size_t i = row; i < row + dim; ++i) {
            lengthA += static_cast<double>(a[i]) * a[i];
            lengthB += static_cast<double>(b[i]) * b[i];
        }
        for (std::size_t i = row; i < row + dim; ++i) {
            const double off = std::abs(a[i] / std::sqrt(lengthA) - b[i] / std::sqrt(lengthB));
            most = std::isfinite(off) ? std::max(most, off) : INFINITY;
        }
    }
    return most;
}

std::vector<float> expected(const json& rows) {
    std::vector<float> values;
    for (const json& row : rows)
        for (const json& value : row)
            values.push_back(value.get<float>());
    return values;
}

std::string hashOf(const Network& network) {
    Feedback feedback;
    const auto hash = clip::tensorsSha256(network.folder().config, network.folder().weights, feedback);
    return hash ? *hash : std::string("cancelled");
}

} // namespace

class TestArchitectures : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// What the real transformers and open_clip compute from the same weights (tests/interop/expected_features.py).
    void featuresOfThePackages_data() {
        QTest::addColumn<QString>("name");
        for (const auto& [name, one] : architectures().items())
            QTest::addRow("%s", name.c_str()) << QString::fromStdString(name);
    }
    void featuresOfThePackages() {
        QFETCH(QString, name);
        const json& one = architectures().at(name.toStdString());
        TempFolder temp;
        writeRandomModel(temp / "m", filesOf(one));
        const auto network = open(temp / "m");
        const double images = apart(imageFeatures(*network), expected(one.at("image_features")), network->dim());
        QVERIFY2(images < 2e-6, qPrintable(QString::number(images)));
        const auto ids = one.at("token_ids").get<std::vector<std::vector<int>>>();
        const double texts = apart(textFeatures(*network, ids), expected(one.at("text_features")), network->dim());
        QVERIFY2(texts < 2e-6, qPrintable(QString::number(texts)));
        Feedback feedback;
        const auto check = clip::selfCheck(*network, 14.0, Precision::Fp32, feedback);
        QVERIFY2(check && check->passed, check && !check->findings.empty() ? check->findings.front().c_str() : "");
    }

    /// What a reader could get wrong must show in those features.
    void everyOptionMatters() {
        const auto changed = [](const char* name, const std::function<void(ModelConfig&)>& change) {
            const json& one = architectures().at(name);
            TempFolder temp;
            writeRandomModel(temp / "m", filesOf(one));
            auto model = formats::readModelFolder(temp / "m");
            if (!model)
                stop(model.error());
            change(model->config);
            auto network = Network::build(std::move(*model), Precision::Fp32);
            if (!network)
                stop(network.error());
            const auto ids = one.at("token_ids").get<std::vector<std::vector<int>>>();
            return std::max(apart(imageFeatures(**network), expected(one.at("image_features")), (*network)->dim()),
                            apart(textFeatures(**network, ids), expected(one.at("text_features")), (*network)->dim()));
        };
        QVERIFY(changed("siglip", [](ModelConfig&) {}) < 2e-6);
        QVERIFY(changed("siglip", [](ModelConfig& c) { c.vision.activation.value = Activation::Gelu; }) > 2e-5);
        QVERIFY(changed("siglip", [](ModelConfig& c) { c.text.activation.value = Activation::QuickGelu; }) > 1e-4);
        QVERIFY(changed("siglip", [](ModelConfig& c) { c.text.causal = true; }) > 1e-2);
        QVERIFY(changed("siglip", [](ModelConfig& c) { c.text.pooling.value = TextPooling::ArgMax; }) > 1e-2);
        QVERIFY(changed("clipa", [](ModelConfig& c) { c.vision.finalNormAfterPool = false; }) > 1e-3);
        QVERIFY(changed("average", [](ModelConfig& c) { c.vision.finalNormAfterPool = true; }) > 1e-3);
        QVERIFY(changed("average", [](ModelConfig& c) { c.text.pooling.value = TextPooling::ArgMax; }) > 1e-2);
        QVERIFY(changed("options", [](ModelConfig& c) { c.vision.layerNormEps.value = 1e-5; }) > 1e-4);
        QVERIFY(changed("coca", [](ModelConfig& c) { c.text.padId = 119; }) > 1e-3);
        QVERIFY(changed("coca", [](ModelConfig& c) { c.vision.poolerHeads = 1; }) > 1e-3);
        QVERIFY(changed("resnet", [](ModelConfig& c) { c.vision.heads.value *= 2; }) > 1e-3);
    }

    /// SigLIP as transformers and as timm (OpenCLIP) name its tensors: one network, one content hash.
    void siglipInBothNamings() {
        TempFolder temp;
        const ModelConfig faces = writeRandomModel(temp / "hf", filesOf(architectures().at("siglip")));
        const auto huggingFace = open(temp / "hf");

        ModelConfig timm = faces;
        timm.container = Container::OpenClip;
        timm.names = TensorNames::OpenClipCustomText;
        timm.timm = true;
        const std::vector<RandomTensor> tensors = randomTensors(timm);
        QVERIFY(formats::writeSafetensors(temp / "timm.safetensors", toWrite(tensors)).has_value());
        auto weights = formats::readSafetensors(temp / "timm.safetensors");
        QVERIFY(weights.has_value());
        QVERIFY(weights->tensors.contains("visual.trunk.attn_pool.kv.weight"));
        formats::ModelFolder model;
        model.config = timm;
        model.weights = std::move(*weights);
        const auto openClip = Network::build(std::move(model), Precision::Fp32);
        QVERIFY(openClip.has_value());
        QCOMPARE(hashOf(**openClip), hashOf(*huggingFace));
        QCOMPARE(imageFeatures(**openClip), imageFeatures(*huggingFace));
    }

    void bfloat16Runs() {
        for (const auto& [name, one] : architectures().items()) {
            TempFolder temp;
            writeRandomModel(temp / "m", filesOf(one));
            const auto network = open(temp / "m", Precision::Bf16);
            const double images = apart(imageFeatures(*network), expected(one.at("image_features")), network->dim());
            QVERIFY2(images < 6e-2, (name + ' ' + std::to_string(images)).c_str());
        }
    }

    /// Learned tokens before a text have no positions: with the positions set to zero they are tokens like any other.
    void promptArray() {
        TempFolder temp;
        writeRandomModel(temp / "m", filesOf(architectures().at("clip-gelu")));
        auto weights = formats::readSafetensors(temp / "m/model.safetensors");
        QVERIFY(weights.has_value());
        const formats::TensorView& table = weights->tensors.at("text_model.embeddings.token_embedding.weight");
        std::vector<float> rows(2 * 24);
        formats::widen(table, 17 * 24, std::span(rows).first(24));
        formats::widen(table, 80 * 24, std::span(rows).subspan(24));
        std::vector<formats::TensorToWrite> tensors;
        const std::vector<std::byte> zeros(12 * 24 * 4);
        for (const auto& [name, view] : weights->tensors)
            tensors.push_back(
                {name, view.dtype, view.shape,
                 name == "text_model.embeddings.position_embedding.weight" ? std::span(zeros) : view.bytes});
        fs::create_directories(temp / "still");
        QVERIFY(formats::writeSafetensors(temp / "still/model.safetensors", tensors).has_value());
        fs::copy_file(temp / "m/config.json", temp / "still/config.json");

        const std::vector<formats::TensorToWrite> array = {
            {"", formats::DType::F32, {2, 24}, std::as_bytes(std::span(rows))}};
        std::vector<formats::TensorToWrite> named = array, noise = array;
        named[0].name = "model.debias_tokens.weight";
        noise[0].name = "b";
        noise.push_back({"a", formats::DType::F32, {2, 24}, std::as_bytes(std::span(rows))});
        writeTorchZip(temp / "prompts.pt", named);
        const auto prompts = formats::readPromptArray(temp / "prompts.pt");
        QVERIFY2(prompts.has_value(), prompts ? "" : errorText(prompts.error()).c_str());
        QCOMPARE(prompts->count, 2);
        QCOMPARE(prompts->values, rows);
        std::vector<float> broken = rows;
        broken[7] = NAN;
        std::vector<formats::TensorToWrite> notFinite = array;
        notFinite[0].bytes = std::as_bytes(std::span(broken));
        QVERIFY(formats::writeSafetensors(temp / "nan.safetensors", notFinite).has_value());
        QCOMPARE(formats::readPromptArray(temp / "nan.safetensors").error().code, ErrorCode::WeightsInvalid);
        QVERIFY(formats::writeSafetensors(temp / "two.safetensors", noise).has_value());
        QVERIFY(!formats::readPromptArray(temp / "two.safetensors"));

        const auto plain = open(temp / "still"), with = open(temp / "still");
        QVERIFY(with->usePromptArray(*prompts).has_value());
        const std::vector<std::vector<int>> texts = {{1, 5, 9, 7}, {1, 44, 3, 2, 60, 61, 7}};
        const std::vector<std::vector<int>> longer = {{17, 80, 1, 5, 9, 7}, {17, 80, 1, 44, 3, 2, 60, 61, 7}};
        QVERIFY(apart(textFeatures(*with, texts), textFeatures(*plain, longer), 12) < 2e-6);
        QVERIFY(apart(textFeatures(*with, texts), textFeatures(*plain, texts), 12) > 1e-3);
        // A text that fills the context loses its end, and the last position is read (METHODS B3).
        const std::vector<std::vector<int>> full = {{1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 7}};
        const std::vector<std::vector<int>> cut = {{17, 80, 1, 2, 3, 4, 5, 6, 8, 9, 10, 7}};
        QVERIFY(apart(textFeatures(*with, full), textFeatures(*plain, cut), 12) > 1e-3); // 10, not the end, is read
        Feedback feedback;
        const auto moving = open(temp / "m");
        QVERIFY(moving->usePromptArray(*prompts).has_value());
        const auto check = clip::selfCheck(*moving, 14.0, Precision::Fp32, feedback);
        QVERIFY(check && check->passed);
        const auto still = clip::selfCheck(*plain, 14.0, Precision::Fp32, feedback);
        QVERIFY(still && !still->passed); // a matrix of zeros is what a broken conversion leaves
        QVERIFY(still->findings.front().find("nothing but zeros") != std::string::npos);

        formats::PromptArray wide = *prompts;
        wide.width = 12;
        wide.count = 4;
        QCOMPARE(with->usePromptArray(wide).error().code, ErrorCode::InvalidArgument);
        writeRandomModel(temp / "siglip", filesOf(architectures().at("siglip")));
        formats::PromptArray other{1, 32, std::vector<float>(32)};
        QCOMPARE(open(temp / "siglip")->usePromptArray(other).error().code, ErrorCode::InvalidArgument);
    }

    /// x + mlp2(mlp1(x) + x) and t + mlp2(t) (METHODS B1), against the same in double precision.
    void residualHead() {
        TempFolder temp;
        writeRandomModel(temp / "m", filesOf(architectures().at("clip-gelu")));
        const auto plain = open(temp / "m"), with = open(temp / "m");
        constexpr std::size_t kDim = 12, kHidden = 5;
        std::map<std::string, std::vector<float>> values;
        std::vector<formats::TensorToWrite> tensors;
        float next = 0;
        for (const char* mlp : {"mlp1", "mlp2", "mlp1_m"})
            for (const auto& [part, shape] :
                 std::map<std::string, std::vector<std::int64_t>>{{".network.0.weight", {kHidden, kDim}},
                                                                  {".network.0.bias", {kHidden}},
                                                                  {".network.2.weight", {kDim, kHidden}},
                                                                  {".network.2.bias", {kDim}}}) {
                std::vector<float>& own = values[mlp + part];
                own.resize(static_cast<std::size_t>(shape[0] * (shape.size() > 1 ? shape[1] : 1)));
                for (float& value : own)
                    value = 0.6F * std::sin(next += 1.7F);
                tensors.push_back({mlp + part, formats::DType::F32, shape, std::as_bytes(std::span(own))});
            }
        writeTorchZip(temp / "head.pt", tensors);
        const auto head = formats::readResidualHead(temp / "head.pt");
        QVERIFY2(head.has_value(), head ? "" : errorText(head.error()).c_str());
        QVERIFY(with->useResidualHead(*head).has_value());

        const auto mlp = [&values](const std::string& name, const std::vector<double>& z) {
            std::vector<double> hidden(kHidden), y(kDim);
            for (std::size_t h = 0; h < kHidden; ++h) {
                hidden[h] = values.at(name + ".network.0.bias")[h];
                for (std::size_t i = 0; i < kDim; ++i)
                    hidden[h] += values.at(name + ".network.0.weight")[h * kDim + i] * z[i];
                hidden[h] = std::max(0.0, hidden[h]);
            }
            for (std::size_t o = 0; o < kDim; ++o) {
                y[o] = values.at(name + ".network.2.bias")[o];
                for (std::size_t h = 0; h < kHidden; ++h)
                    y[o] += values.at(name + ".network.2.weight")[o * kHidden + h] * hidden[h];
                y[o] = std::max(0.0, y[o]);
            }
            return y;
        };
        const auto added = [](std::vector<double> a, const std::vector<double>& b) {
            for (std::size_t i = 0; i < a.size(); ++i)
                a[i] += b[i];
            return a;
        };
        const std::vector<std::vector<int>> ids = {{1, 5, 9, 7}, {1, 44, 7}};
        const std::vector<float> images = imageFeatures(*plain), texts = textFeatures(*plain, ids);
        std::vector<float> expectedImages, expectedTexts;
        for (std::size_t row = 0; row < 2; ++row) {
            const auto at = static_cast<std::ptrdiff_t>(row * kDim);
            const std::vector<double> x(images.begin() + at, images.begin() + at + kDim),
                t(texts.begin() + at, texts.begin() + at + kDim);
            for (const double value : added(x, mlp("mlp2", added(mlp("mlp1", x), x))))
                expectedImages.push_back(static_cast<float>(value));
            for (const double value : added(t, mlp("mlp2", t)))
                expectedTexts.push_back(static_cast<float>(value));
        }
        QVERIFY(apart(imageFeatures(*with), expectedImages, kDim) < 2e-6);
        QVERIFY(apart(textFeatures(*with, ids), expectedTexts, kDim) < 2e-6);
        QVERIFY(apart(imageFeatures(*with), images, kDim) > 1e-2);

        tensors.pop_back();
        tensors[1].shape = {kDim, kHidden, 1};
        writeTorchZip(temp / "wrong.pt", tensors);
        QVERIFY(!formats::readResidualHead(temp / "wrong.pt"));
        tensors[1].shape = {kHidden, kDim};
        tensors.erase(tensors.begin());
        writeTorchZip(temp / "less.pt", tensors);
        QCOMPARE(formats::readResidualHead(temp / "less.pt").error().code, ErrorCode::TensorMissing);
        writeRandomModel(temp / "siglip", filesOf(architectures().at("siglip")));
        QCOMPARE(open(temp / "siglip")->useResidualHead(*head).error().code, ErrorCode::InvalidArgument);
    }

    /// The names of timm's towers that a configuration may have, and what they stand for.
    void timmTowers() {
        TempFolder temp;
        const auto tower = [&temp](const char* name, const char* pool, const json& proj, int dim) {
            const json config = {{"model_cfg",
                                  {{"embed_dim", dim},
                                   {"init_logit_bias", -10},
                                   {"custom_text", true},
                                   {"vision_cfg",
                                    {{"image_size", 224},
                                     {"timm_model_name", name},
                                     {"timm_model_pretrained", false},
                                     {"timm_pool", pool},
                                     {"timm_proj", proj}}},
                                   {"text_cfg", {{"context_length", 64}}}}}};
            writeText(temp / "c.json", config.dump());
            return formats::readOpenClipConfig(temp / "c.json");
        };
        auto read = tower("vit_base_patch16_siglip_224", "map", "none", 768);
        QVERIFY2(read.has_value(), read ? "" : errorText(read.error()).c_str());
        QCOMPARE(read->config.vision.activation.value, Activation::Gelu);
        QCOMPARE(read->config.vision.patchSize.value, 16);
        QCOMPARE(read->config.vision.layerNormEps.value, 1e-6);
        QVERIFY(!read->config.vision.classToken && !read->config.vision.projection);
        read = tower("vit_so400m_patch14_siglip_384", "map", "none", 1152);
        QVERIFY(read.has_value());
        QCOMPARE(read->config.vision.mlpWidth.value, 4304);
        QCOMPARE(read->config.vision.grid(), 16);
        read = tower("vit_so400m_patch16_siglip_256", "map", "none", 1152);
        QCOMPARE(read->config.vision.activation.value, Activation::GeluTanh);
        read = tower("vit_large_patch14_clip_224", "token", nullptr, 768);
        QVERIFY2(read.has_value(), read ? "" : errorText(read.error()).c_str());
        QVERIFY(read->config.vision.classToken && read->config.vision.projectionBias);
        QCOMPARE(read->config.vision.layerNormEps.value, 1e-5);

        QVERIFY(!tower("vit_base_patch16_siglip_gap_224", "avg", "none", 768));
        QVERIFY(!tower("vit_base_patch16_siglip_224", "avg", "none", 768));
        QVERIFY(!tower("vit_base_patch16_siglip_224", "map", "mlp", 768));
        QVERIFY(!tower("vit_base_patch16_siglip_224", "map", "none", 512));
        QVERIFY(!tower("vit_base_patch16_siglip_", "map", "none", 768) ||
                tower("vit_base_patch16_siglip_", "map", "none", 768)->config.vision.imageSize.value == 224);
    }

    /// Each configuration that OpenCLIP publishes: at full size every tensor has its name and shape (a sparse file);
    /// scaled down, the network runs and passes its self-check. What is foreign is refused by name.
    void publishedConfigurations_data() {
        QTest::addColumn<QString>("file");
        if (shared().empty())
            return;
        for (const auto& item : fs::directory_iterator(shared() / "fixtures/configs/openclip"))
            QTest::addRow("%s", item.path().stem().c_str()) << QString::fromStdString(item.path().string());
    }
    void publishedConfigurations() {
        PLUMBLINE_NEEDS_SHARED();
        QFETCH(QString, file);
        TempFolder temp;
        fs::create_directories(temp / "m");
        const json model = json::parse(readText(fs::path(file.toStdString())));
        writeText(temp / "m/open_clip_config.json", json{{"model_cfg", model}}.dump());
        const auto read = formats::readOpenClipConfig(temp / "m/open_clip_config.json");
        if (!read) {
            QVERIFY2(read.error().code == ErrorCode::ModelUnsupported, errorText(read.error()).c_str());
            const std::string vision = model["vision_cfg"].value("timm_model_name", ""),
                              text = model["text_cfg"].value("hf_model_name", "");
            const std::string what(read.error().arg("what"));
            QVERIFY2((!vision.empty() && what.find(vision) != std::string::npos) ||
                         (!text.empty() && what.find(text) != std::string::npos),
                     what.c_str());
            return;
        }
        writeSparse(temp / "m/open_clip_model.safetensors", read->config);
        const auto whole = formats::readModelFolder(temp / "m");
        QVERIFY2(whole.has_value(), whole ? "" : errorText(whole.error()).c_str());

        formats::ModelFolder small;
        small.config = scaledDown(read->config);
        const std::vector<RandomTensor> tensors = randomTensors(small.config);
        QVERIFY(formats::writeSafetensors(temp / "small.safetensors", toWrite(tensors)).has_value());
        auto weights = formats::readSafetensors(temp / "small.safetensors");
        QVERIFY(weights.has_value());
        small.weights = std::move(*weights);
        const auto network = Network::build(std::move(small), Precision::Fp32);
        QVERIFY2(network.has_value(), network ? "" : errorText(network.error()).c_str());
        Feedback feedback;
        const auto check = clip::selfCheck(**network, 14.0, Precision::Fp32, feedback);
        QVERIFY2(check && check->passed, check && !check->findings.empty() ? check->findings.front().c_str() : "");
    }

private:
    /// A safetensors file of the right names, types and shapes whose values are a hole in the disk.
    static void writeSparse(const fs::path& path, const ModelConfig& config) {
        json header = json::object();
        std::uint64_t offset = 0;
        for (const formats::ExpectedTensor& tensor : formats::expectedTensors(config)) {
            std::uint64_t bytes = 2;
            for (const std::int64_t size : tensor.shape)
                bytes *= static_cast<std::uint64_t>(size);
            header[tensor.name] = {
                {"dtype", "F16"}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
            offset += bytes;
        }
        const std::string text = header.dump();
        const std::uint64_t length = text.size();
        std::string head(reinterpret_cast<const char*>(&length), 8);
        writeText(path, head + text);
        fs::resize_file(path, 8 + length + offset);
    }

    /// The same form with few and narrow layers, so that a machine of any size runs it.
    static ModelConfig scaledDown(ModelConfig config) {
        VisionConfig& v = config.vision;
        TextConfig& t = config.text;
        if (v.tower == ImageTower::ResNet) {
            v.stages = {1, 1, 1, 1};
            v.width.value = 8;
            v.heads.value = 4;
            v.imageSize.value = 64;
        } else {
            v.heads.value = 2;
            v.width.value = 2 * 16;
            v.layers.value = 2;
            v.mlpWidth.value = 48;
            v.imageSize.value = 3 * v.patchSize.value + 1;
        }
        config.preprocessing.size.value = v.imageSize.value;
        config.embedDim.value = v.projection ? 24 : v.width.value;
        if (v.pooling.value == ImagePooling::AttentionQuery)
            v.poolerHeads = 2;
        t.heads.value = 2;
        t.width.value = t.projection ? 24 : config.embedDim.value;
        t.layers.value = 2;
        t.mlpWidth.value = 40;
        t.vocabSize.value = 200;
        t.eosId.value = std::min(t.eosId.value, 199);
        return config;
    }
};

QTEST_APPLESS_MAIN(TestArchitectures)
#include "tst_architectures.moc"
