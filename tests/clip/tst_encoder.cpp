// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/clip/encoder.h"
#include "core/formats/npy.h"
#include "core/image/decode.h"
#include "core/image/preprocess.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
using clip::Encoder;
using clip::EncoderOptions;
using clip::Precision;
namespace fs = std::filesystem;

namespace {

std::string problem(const Stop& stop) {
    return stop.cancelled() ? "cancelled" : errorText(stop.error()) + stop.error().detail;
}

/// The encoder of a folder, or a failure of the test that says why.
std::unique_ptr<Encoder> load(const fs::path& folder, EncoderOptions options = {}) {
    Feedback feedback;
    if (options.threads == 0)
        options.threads = 1;
    auto encoder = Encoder::load(folder, options, feedback);
    if (!encoder)
        throw std::runtime_error(problem(encoder.error()));
    return std::move(*encoder);
}

EncoderOptions threads(int count) {
    EncoderOptions options;
    options.threads = count;
    return options;
}
EncoderOptions vocabulary(const fs::path& folder) {
    EncoderOptions options;
    options.vocabulary = folder;
    return options;
}
EncoderOptions bfloat16() {
    EncoderOptions options;
    options.precision = Precision::Bf16;
    return options;
}

Embeddings unit(Outcome<Embeddings> embeddings) {
    if (!embeddings)
        throw std::runtime_error(problem(embeddings.error()));
    normaliseRows(*embeddings);
    return std::move(*embeddings);
}

float largestDifference(std::span<const float> a, std::span<const float> b) {
    if (a.size() != b.size())
        throw std::runtime_error("sizes differ");
    float most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i]) || !std::isfinite(b[i]))
            return INFINITY;
        most = std::max(most, std::abs(a[i] - b[i]));
    }
    return most;
}

/// Two prepared pictures for an encoder.
std::vector<float> somePixels(const Encoder& encoder, std::size_t count) {
    const auto size = static_cast<std::size_t>(encoder.config().preprocessing.size.value);
    std::vector<float> pixels(count * 3 * size * size);
    for (std::size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = std::sin(static_cast<float>(i) * 0.37F + static_cast<float>(i / (size * size)));
    return pixels;
}

struct CancelAfter : Feedback {
    int reports = 0;
    void progress(std::string_view stage, std::int64_t, std::int64_t) override {
        if (stage == "embedding-images" && --reports <= 0)
            cancel();
    }
};

/// The reference models and the forms that each comes in.
const std::vector<std::pair<const char*, std::vector<const char*>>> kContainers = {
    {"vit-quickgelu",
     {"huggingface", "openclip", "openai_torchscript_mixed_fp16.pt", "open_clip_pytorch_model.bin"}},
    {"vit-gelu", {"huggingface", "huggingface_sharded", "openclip"}},
    {"resnet", {"openclip", "openai_torchscript_mixed_fp16.pt"}}};

const std::vector<std::string> kTexts = {"a photo of a man", "the woman", "doctor", "", "a photo of the doctor of man"};

} // namespace

class TestEncoder : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void imageFeaturesOfTheReference_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("container");
        QTest::addColumn<QString>("pixels");
        for (const auto& [model, containers] : kContainers)
            for (const char* container : containers)
                QTest::addRow("%s/%s", model, container)
                    << model << container
                    << (std::string_view(model) == "vit-gelu" ? "preprocessed_96_gelu.npy"
                                                              : "preprocessed_64_openai.npy");
    }
    void imageFeaturesOfTheReference() {
        PLUMBLINE_NEEDS_SHARED();
        QFETCH(QString, model);
        QFETCH(QString, container);
        QFETCH(QString, pixels);
        const fs::path models = shared() / "fixtures/models";
        const fs::path folder = models / model.toStdString();
        const auto encoder = load(folder / container.toStdString(), threads(2));
        const auto input = formats::readNpy(models / pixels.toStdString());
        const auto expected = formats::readNpy(folder / "expected/image_features_norm.npy");
        QVERIFY(input && expected);
        Feedback feedback;
        const auto rows = static_cast<std::size_t>(input->shape[0]);
        const Embeddings got = unit(encoder->encodePixels(input->values, rows, feedback));
        const float off = largestDifference(got.values, expected->values);
        QVERIFY2(off <= 2e-5F, qPrintable(QString::number(static_cast<double>(off))));

        const nlohmann::json facts = nlohmann::json::parse(readText(folder / "expected/expected.json"));
        QVERIFY(std::abs(encoder->logitScale() - facts["logit_scale_exp"].get<double>()) < 1e-5);
    }

    void textFeaturesOfTheReference_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("container");
        for (const auto& [model, containers] : kContainers)
            for (const char* container : containers)
                QTest::addRow("%s/%s", model, container) << model << container;
    }
    void textFeaturesOfTheReference() {
        PLUMBLINE_NEEDS_SHARED();
        QFETCH(QString, model);
        QFETCH(QString, container);
        const fs::path folder = shared() / "fixtures/models" / model.toStdString();
        // Most hold no vocabulary of their own.
        const auto encoder = load(folder / container.toStdString(),
                                  vocabulary(shared() / "fixtures/models/vit-quickgelu/huggingface"));
        const nlohmann::json facts = nlohmann::json::parse(readText(folder / "expected/expected.json"));
        const auto texts = facts["texts"].get<std::vector<std::string>>();
        const auto expected = formats::readNpy(folder / "expected/text_features_norm.npy");
        QVERIFY(expected);
        Feedback feedback;
        std::vector<bool> truncated;
        const Embeddings got = unit(encoder->encodeTexts(texts, feedback, &truncated));
        QCOMPARE(truncated.size(), texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i) {
            QCOMPARE(truncated[i], texts[i].starts_with("word word word"));
            // The reference ids are OpenAI's; to OpenCLIP's own tokenizer <|endoftext|> within a text is plain text.
            if (encoder->config().tokenizer == TokenizerRules::OpenClip && texts[i].find("<|endoftext|>") != std::string::npos)
                continue;
            const float off = largestDifference(got.row(i), std::span(expected->values).subspan(i * got.dim, got.dim));
            QVERIFY2(off <= 2e-5F, (texts[i] + ": " + std::to_string(off)).c_str());
        }
    }

    void filesOfTheReference() {
        PLUMBLINE_NEEDS_SHARED();
        const fs::path fixtures = shared() / "fixtures";
        for (const char* model : {"vit-quickgelu", "vit-gelu"}) {
            const fs::path folder = fixtures / "models" / model;
            const nlohmann::json facts = nlohmann::json::parse(readText(folder / "expected/expected.json"));
            std::vector<fs::path> files;
            for (const std::string& name : facts["images"].get<std::vector<std::string>>())
                files.push_back(fixtures / "images/valid" / name);
            for (const auto& [container, file] :
                 std::map<std::string, std::string>{{"openclip", "image_features_norm.npy"},
                                                    {"huggingface", "image_features_norm_hf_processor.npy"}}) {
                const auto encoder = load(folder / container);
                const auto expected = formats::readNpy(folder / "expected" / file);
                QVERIFY(expected);
                Embeddings reference(files.size(), encoder->dim()), got(files.size(), encoder->dim());
                reference.values = expected->values;
                Feedback feedback;
                const auto run = encoder->encodeImages(
                    files,
                    [&](const Encoder::ImageDone& image) {
                        std::copy(image.embedding.begin(), image.embedding.end(), got.row(image.index).begin());
                    },
                    feedback);
                QVERIFY(run.has_value());
                const std::vector<float> all = cosines(got, reference);
                for (std::size_t i = 0; i < files.size(); ++i)
                    QVERIFY2(all[i * files.size() + i] >= 0.9999F, files[i].c_str());
            }
        }
    }

    void containersOfOneNetworkAgree() {
        TempFolder temp;
        writeRandomClip(temp / "hf", {}, Container::HuggingFace);
        writeRandomClip(temp / "oc", {}, Container::OpenClip);
        writeRandomClip(temp / "other", {}, Container::OpenClip, 2);
        const auto hf = load(temp / "hf"), oc = load(temp / "oc"), other = load(temp / "other");
        Feedback feedback;
        const auto pixels = somePixels(*hf, 5);
        QCOMPARE(unit(hf->encodePixels(pixels, 5, feedback)).values,
                 unit(oc->encodePixels(pixels, 5, feedback)).values);
        const auto a = hf->card(feedback), b = oc->card(feedback), c = other->card(feedback);
        QVERIFY(a && b && c);
        QCOMPARE(a->contentSha256, b->contentSha256);
        QVERIFY(a->contentSha256 != c->contentSha256);
        QCOMPARE(a->contentSha256.size(), 64U);
        QCOMPARE(a->parameters, b->parameters);
    }

    /// Safetensors whole and in shards, PyTorch zips and TorchScript, float32, half and mixed: one network, one hash.
    void containersOfTheFixturesAgree() {
        PLUMBLINE_NEEDS_SHARED();
        std::set<std::string> networks;
        for (const auto& [model, containers] : kContainers) {
            std::set<std::string> hashes;
            for (const char* container : containers) {
                const auto encoder = load(shared() / "fixtures/models" / model / container);
                Feedback feedback;
                const auto card = encoder->card(feedback);
                QVERIFY(card.has_value());
                hashes.insert(card->contentSha256);
                QVERIFY(!card->storage.empty());
                QVERIFY2(card->selfCheck.passed, container);
            }
            QCOMPARE(hashes.size(), 1U);
            networks.merge(hashes);
        }
        QCOMPARE(networks.size(), kContainers.size());
    }

    void theActivationMatters() {
        TempFolder temp;
        RandomClip clip;
        writeRandomClip(temp / "quick", clip);
        clip.activation = Activation::Gelu;
        writeRandomClip(temp / "exact", clip);
        const auto quick = load(temp / "quick"), exact = load(temp / "exact");
        Feedback feedback;
        const auto pixels = somePixels(*quick, 2);
        QVERIFY(largestDifference(unit(quick->encodePixels(pixels, 2, feedback)).values,
                                  unit(exact->encodePixels(pixels, 2, feedback)).values) > 1e-3F);
        QVERIFY(largestDifference(unit(quick->encodeTexts(kTexts, feedback)).values,
                                  unit(exact->encodeTexts(kTexts, feedback)).values) > 1e-3F);
        QVERIFY(*quick->contentSha256(feedback) != *exact->contentSha256(feedback)); // same tensors, other network
        QCOMPARE(quick->card(feedback)->contentSha256, exact->card(feedback)->contentSha256);
    }

    void storageTypes_data() {
        QTest::addColumn<int>("dtype");
        QTest::addRow("float16") << static_cast<int>(formats::DType::F16);
        QTest::addRow("bfloat16") << static_cast<int>(formats::DType::BF16);
    }
    void storageTypes() {
        QFETCH(int, dtype);
        TempFolder temp;
        RandomClip clip;
        clip.roundTo = static_cast<formats::DType>(dtype);
        writeRandomClip(temp / "wide", clip);
        clip.dtype = *clip.roundTo;
        writeRandomClip(temp / "narrow", clip, Container::OpenClip);
        const auto wide = load(temp / "wide"), narrow = load(temp / "narrow");
        Feedback feedback;
        const auto pixels = somePixels(*wide, 3);
        QCOMPARE(unit(narrow->encodePixels(pixels, 3, feedback)).values,
                 unit(wide->encodePixels(pixels, 3, feedback)).values);
        const auto a = wide->card(feedback), b = narrow->card(feedback);
        QCOMPARE(a->contentSha256, b->contentSha256);
        QCOMPARE(a->dtype, std::string("float32"));
        QCOMPARE(b->dtype, std::string(QTest::currentDataTag()));
    }

    void bfloat16Precision() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const auto full = load(temp / "m"), half = load(temp / "m", bfloat16());
        Feedback feedback;
        const auto pixels = somePixels(*full, 4);
        const Embeddings a = unit(full->encodePixels(pixels, 4, feedback)),
                         b = unit(half->encodePixels(pixels, 4, feedback));
        for (std::size_t i = 0; i < 4; ++i)
            QVERIFY(cosines(a, b)[i * 4 + i] > 0.999F);
        QVERIFY(a.values != b.values);
        const Embeddings c = unit(full->encodeTexts(kTexts, feedback)), d = unit(half->encodeTexts(kTexts, feedback));
        for (std::size_t i = 0; i < kTexts.size(); ++i)
            QVERIFY(cosines(c, d)[i * kTexts.size() + i] > 0.999F);
        QVERIFY(half->card(feedback)->selfCheck.passed);
    }

    void sizesThatFitNoVector_data() {
        QTest::addColumn<int>("imageSize");
        QTest::addColumn<int>("patch");
        QTest::addColumn<int>("headWidth");
        QTest::addColumn<int>("heads");
        QTest::newRow("one patch") << 16 << 16 << 16 << 1;
        QTest::newRow("head of 24") << 30 << 10 << 24 << 3;
        QTest::newRow("head of 7, a remainder of the image unused") << 35 << 8 << 7 << 5;
        QTest::newRow("head of 1") << 12 << 4 << 1 << 6;
        QTest::newRow("long") << 96 << 4 << 8 << 2;
    }
    /// The self check compares the fast pass with the plain one; here for shapes at the edges of its loops.
    void sizesThatFitNoVector() {
        QFETCH(int, imageSize);
        QFETCH(int, patch);
        QFETCH(int, headWidth);
        QFETCH(int, heads);
        for (const Activation activation : {Activation::QuickGelu, Activation::Gelu}) {
            TempFolder temp;
            RandomClip clip;
            clip.imageSize = imageSize;
            clip.patchSize = patch;
            clip.visionHeads = clip.textHeads = heads;
            clip.visionWidth = clip.textWidth = heads * headWidth;
            clip.visionMlp = 3 * clip.visionWidth + 1;
            clip.textMlp = 2 * clip.textWidth + 3;
            clip.visionLayers = 1;
            clip.textLayers = 3;
            clip.contextLength = 40;
            clip.activation = activation;
            writeRandomClip(temp / "m", clip);
            Feedback feedback;
            const auto card = load(temp / "m")->card(feedback);
            QVERIFY(card.has_value());
            QVERIFY2(card->selfCheck.passed,
                     card->selfCheck.findings.empty() ? "" : card->selfCheck.findings.front().c_str());
        }
    }

    void textsDoNotInfluenceEachOther() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const auto encoder = load(temp / "m");
        Feedback feedback;
        const Embeddings together = unit(encoder->encodeTexts(kTexts, feedback));
        for (std::size_t i = 0; i < kTexts.size(); ++i) {
            const Embeddings alone = unit(encoder->encodeTexts(std::span(kTexts).subspan(i, 1), feedback));
            QVERIFY(largestDifference(alone.row(0), together.row(i)) < 1e-6F);
        }
        QCOMPARE(encoder->encodeTexts({}, feedback)->rows, 0U);
    }

    void threadsDoNotChangeResults() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const auto one = load(temp / "m", threads(1)), two = load(temp / "m", threads(2)),
                   five = load(temp / "m", threads(5));
        Feedback feedback;
        const auto pixels = somePixels(*one, 70);
        const Embeddings a = unit(one->encodePixels(pixels, 70, feedback));
        QVERIFY(largestDifference(a.values, unit(two->encodePixels(pixels, 70, feedback)).values) <= 1e-6F);
        QVERIFY(largestDifference(a.values, unit(five->encodePixels(pixels, 70, feedback)).values) <= 1e-6F);
    }

    void imagesFromFiles() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        std::vector<fs::path> files;
        for (int i = 0; i < 40; ++i) {
            files.push_back(temp / ("picture" + std::to_string(i) + ".bmp"));
            writeRandomPicture(files.back(), 40 + i, 70 - i, static_cast<std::uint64_t>(i));
        }
        writeText(files[7], "this is no picture");
        writeText(files[11], "");
        fs::remove(files[13]);
        const auto encoder = load(temp / "m", threads(2));
        Feedback feedback;
        std::map<std::size_t, std::vector<float>> embeddings;
        std::map<std::size_t, std::string> reasons;
        const auto run = encoder->encodeImages(
            files,
            [&](const Encoder::ImageDone& image) {
                if (image.embedding.empty())
                    reasons[image.index] = image.reason;
                else
                    embeddings[image.index].assign(image.embedding.begin(), image.embedding.end());
            },
            feedback);
        QVERIFY(run.has_value());
        QCOMPARE(embeddings.size(), 37U);
        QCOMPARE(reasons.size(), 3U);
        for (const std::size_t bad : {std::size_t{7}, std::size_t{11}, std::size_t{13}})
            QVERIFY(!reasons.at(bad).empty());
        // Each at its own index: the same as alone, prepared by hand.
        for (const std::size_t i : {std::size_t{0}, std::size_t{12}, std::size_t{39}}) {
            const auto picture = image::decodeFile(files[i]);
            QVERIFY(picture.has_value());
            const Preprocessing& preprocessing = encoder->config().preprocessing;
            std::vector<float> pixels(3U * 32 * 32);
            image::normalise(image::cropForModel(*picture, preprocessing), preprocessing, pixels);
            const auto alone = encoder->encodePixels(pixels, 1, feedback);
            QVERIFY(largestDifference(alone->values, embeddings.at(i)) < 1e-5F);
        }
        QVERIFY(encoder
                    ->encodeImages(
                        {}, [](const Encoder::ImageDone&) {}, feedback)
                    .has_value());
    }

    void cancelling() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const auto encoder = load(temp / "m");
        Feedback before;
        before.cancel();
        const auto pixels = somePixels(*encoder, 400);
        const auto a = encoder->encodePixels(pixels, 400, before);
        QVERIFY(!a && a.error().cancelled());
        const auto b = encoder->encodeTexts(kTexts, before);
        QVERIFY(!b && b.error().cancelled());
        const auto c = encoder->card(before);
        QVERIFY(!c && c.error().cancelled());

        CancelAfter during;
        during.reports = 1;
        const auto d = encoder->encodePixels(pixels, 400, during);
        QVERIFY(!d && d.error().cancelled());

        writeRandomPicture(temp / "p.bmp", 50, 40, 1);
        const std::vector<fs::path> files(300, temp / "p.bmp");
        Feedback inCallback;
        int delivered = 0;
        const auto e = encoder->encodeImages(
            files,
            [&](const Encoder::ImageDone&) {
                ++delivered;
                inCallback.cancel();
            },
            inCallback);
        QVERIFY(!e && e.error().cancelled());
        QVERIFY(delivered > 0 && delivered < 300);

        Feedback fresh; // the encoder is as good as before
        QVERIFY(encoder->encodePixels(std::span(pixels).subspan(0, 3U * 3 * 32 * 32), 3, fresh).has_value());
    }

    void cardOfAFolder() {
        TempFolder temp;
        writeRandomClip(temp / "my model");
        const auto encoder = load(temp / "my model");
        Feedback feedback;
        const auto card = encoder->card(feedback);
        QVERIFY(card.has_value());
        QCOMPARE(card->config.name, std::string("my model"));
        QCOMPARE(card->dtype, std::string("float32"));
        QVERIFY(card->selfCheck.passed);
        QVERIFY(card->warnings.empty());
        QVERIFY(std::abs(card->logitScale.value - std::exp(2.6592)) < 1e-5);
        std::set<std::string> names;
        for (const ModelFile& file : card->files) {
            names.insert(file.path);
            QCOMPARE(file.bytes, static_cast<std::int64_t>(fs::file_size(temp / "my model" / file.path)));
            QCOMPARE(file.sha256.size(), 64U);
        }
        QCOMPARE(names, (std::set<std::string>{"config.json", "preprocessor_config.json", "model.safetensors",
                                               "vocab.json", "merges.txt"}));
        // Counted by hand: vision, text, projections, scale.
        const std::int64_t block = 12 * 32 * 32 + 13 * 32, textBlock = 12 * 24 * 24 + 13 * 24;
        const std::int64_t vision = 32 + 3 * 64 * 32 + 17 * 32 + 4 * 32 + 2 * block + 32 * 20;
        const std::int64_t text = (512 + 14 + 2) * 24 + 16 * 24 + 2 * 24 + 2 * textBlock + 24 * 20;
        QCOMPARE(card->parameters, vision + text + 1);
    }

    void withoutAVocabulary() {
        TempFolder temp;
        RandomClip clip;
        clip.vocabulary = false;
        writeRandomClip(temp / "m", clip);
        const auto encoder = load(temp / "m");
        Feedback feedback;
        QVERIFY(!encoder->hasTokenizer());
        QVERIFY(encoder->encodePixels(somePixels(*encoder, 1), 1, feedback).has_value());
        const auto texts = encoder->encodeTexts(kTexts, feedback);
        QVERIFY(!texts && !texts.error().cancelled());
        QCOMPARE(texts.error().error().code, ErrorCode::VocabularyMissing);
        QCOMPARE(encoder->card(feedback)->vocabulary, std::string());
        QVERIFY(!encoder->card(feedback)->warnings.empty());

        writeSmallVocabulary(temp / "words");
        const auto helped = load(temp / "m", vocabulary(temp / "words"));
        QVERIFY(helped->encodeTexts(kTexts, feedback).has_value());
    }

    void aVocabularyOfAnotherModel() {
        TempFolder temp;
        RandomClip clip;
        clip.vocabSize = 300; // fewer rows than ids
        writeRandomClip(temp / "m", clip);
        Feedback feedback;
        const auto encoder = Encoder::load(temp / "m", {}, feedback);
        QVERIFY(encoder.has_value()); // images are not concerned
        QVERIFY(!(*encoder)->hasTokenizer());
        const auto texts = (*encoder)->encodeTexts(kTexts, feedback);
        QCOMPARE(texts.error().error().code, ErrorCode::VocabularyInvalid);
        const ModelCard card = (*encoder)->quickCard();
        QVERIFY(std::any_of(card.warnings.begin(), card.warnings.end(), [](const std::string& warning) {
            return warning.find("the network knows 300") != std::string::npos;
        }));
        EncoderOptions named; // one that was asked for must fit
        named.vocabulary = temp / "m";
        QCOMPARE(Encoder::load(temp / "m", named, feedback).error().error().code, ErrorCode::VocabularyInvalid);
    }

    void weightsThatAreNoNumbers() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        std::string file = readText(temp / "m/model.safetensors");
        const float nan = std::nanf("");
        std::memcpy(file.data() + file.size() - 400, &nan, sizeof nan);
        writeText(temp / "m/model.safetensors", file);
        Feedback feedback;
        const auto card = load(temp / "m")->card(feedback);
        QVERIFY(card.has_value());
        QVERIFY(!card->selfCheck.passed);
        QVERIFY(!card->selfCheck.findings.empty());
    }

    void pixelsOfTheWrongSize() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const auto encoder = load(temp / "m");
        Feedback feedback;
        const std::vector<float> pixels(100);
        const auto result = encoder->encodePixels(pixels, 1, feedback);
        QVERIFY(!result);
        QCOMPARE(result.error().error().code, ErrorCode::InvalidArgument);
    }

    void theMachine() {
        const clip::DeviceInfo info = clip::deviceInfo();
        QVERIFY(!info.torch.empty());
        QVERIFY(!info.blas.empty());
        QVERIFY(info.cores >= 1);
        QVERIFY(info.gflops > 0);
        qInfo("LibTorch %s, %s, %d cores, %.0f GFLOP/s", info.torch.c_str(), info.blas.c_str(), info.cores,
              info.gflops);
    }
};

QTEST_GUILESS_MAIN(TestEncoder)
#include "tst_encoder.moc"
