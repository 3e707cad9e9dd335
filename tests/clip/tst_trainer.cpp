// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <map>

#include "core/base/error_text.h"
#include "core/clip/encoder.h"
#include "core/clip/new_model.h"
#include "core/clip/trainer.h"
#include "core/formats/safetensors.h"
#include "core/text/vocabulary_training.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kCaptions = {"a red square", "a picture of the sea", "something green", "an old house"};

std::string problem(const Stop& stop) {
    return stop.cancelled() ? "cancelled" : errorText(stop.error()) + stop.error().detail;
}

/// Pictures of four kinds, three a kind, and what is said of them: pictures of a kind look nearly the same.
struct Material {
    TempFolder folder;
    CaptionedImages images;

    Material() {
        images.captions = kCaptions;
        for (std::uint32_t kind = 0; kind < 4; ++kind)
            for (int copy = 0; copy < 3; ++copy) {
                images.files.push_back(folder / (std::to_string(kind) + "-" + std::to_string(copy) + ".bmp"));
                writeRandomPicture(images.files.back(), 40 + copy, 40, kind + 1);
                images.pairs.push_back({static_cast<std::uint32_t>(images.files.size() - 1), kind});
            }
        images.heldOut.assign(images.files.size(), false);
        if (const auto made = clip::writeNewModel(start(), kTinyConfig, text::learnVocabulary(kCaptions, 50), 7); !made)
            throw std::runtime_error(errorText(made.error()));
    }
    fs::path start() const { return folder / "start"; }
};

clip::TrainOptions quick() {
    clip::TrainOptions options;
    options.epochs = 4;
    options.batch = 5; // does not divide twelve
    options.reportEvery = 1;
    options.checkpointSeconds = 1e9;
    options.threads = 1;
    return options;
}

clip::TrainReport train(const Material& material, const clip::TrainOptions& options, const fs::path& out,
                        Feedback& feedback) {
    auto report = clip::train(material.start(), material.images, options, out, {}, feedback);
    if (!report)
        throw std::runtime_error(problem(report.error()));
    return std::move(*report);
}

clip::TrainReport train(const Material& material, const clip::TrainOptions& options, const fs::path& out) {
    Feedback feedback;
    return train(material, options, out, feedback);
}

/// Cancels when the training reports the given step.
struct StopAt : Feedback {
    std::int64_t step;
    explicit StopAt(std::int64_t at) : step(at) {}
    void progress(std::string_view stage, std::int64_t done, std::int64_t) override {
        if (stage == "training" && done == step)
            cancel();
    }
};

ErrorCode errorOf(const Outcome<clip::TrainReport>& report) {
    return report || report.error().cancelled() ? ErrorCode::Internal : report.error().error().code;
}

} // namespace

class TestTrainer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void learnsWhatIsSaid() {
        Material material;
        material.images.heldOut[2] = material.images.heldOut[5] = material.images.heldOut[8] = true;
        clip::TrainOptions options = quick();
        options.epochs = 60;
        options.batch = 9;
        const clip::TrainReport report = train(material, options, material.folder / "out");
        QCOMPARE(report.pairs, 9);
        QCOMPARE(report.heldOutImages, 3);
        QCOMPARE(report.steps, 60);
        QVERIFY(report.points.front().loss > 1.0);
        // No lower than 0.414: a caption of n images can give each of them 1/n, so (3 ln 3 + 6 ln 2) / 9 / 2.
        QVERIFY2(report.points.back().loss < 0.5, std::to_string(report.points.back().loss).c_str());
        QCOMPARE(*report.points.back().heldOutAccuracy, 1.0);

        // The folder is a model like any other, and says of every picture what was said of it.
        Feedback feedback;
        const auto encoder = clip::Encoder::load(material.folder / "out", {}, feedback);
        QVERIFY2(encoder.has_value(), encoder ? "" : problem(encoder.error()).c_str());
        QVERIFY((*encoder)->card(feedback)->selfCheck.passed);
        const auto texts = (*encoder)->encodeTexts(kCaptions, feedback);
        int images = 0;
        const auto done = (*encoder)->encodeImages(
            material.images.files,
            [&](const clip::Encoder::ImageDone& image) {
                Embeddings one(1, (*encoder)->dim());
                std::copy(image.embedding.begin(), image.embedding.end(), one.row(0).begin());
                std::size_t best = 0;
                double most = -2;
                for (std::size_t t = 0; t < kCaptions.size(); ++t) {
                    double dot = 0, square = 0;
                    for (std::size_t d = 0; d < one.dim; ++d) {
                        dot += static_cast<double>(one.row(0)[d]) * texts->row(t)[d];
                        square += static_cast<double>(texts->row(t)[d]) * texts->row(t)[d];
                    }
                    if (const double cosine = dot / std::sqrt(square); cosine > most) {
                        most = cosine;
                        best = t;
                    }
                }
                QCOMPARE(best, image.index / 3);
                ++images;
            },
            feedback);
        QVERIFY(done.has_value());
        QCOMPARE(images, 12);
    }

    /// The loss of the first step, from the embeddings of the encoder and the formula of METHODS B2 written out: every
    /// pair is a row and a column, pairs with the same caption are positives of each other.
    void lossIsTheFormula() {
        Material material;
        clip::TrainOptions options = quick();
        options.epochs = 1;
        options.batch = 12;
        const double loss = train(material, options, material.folder / "out").points.front().loss;

        Feedback feedback;
        const auto encoder = clip::Encoder::load(material.start(), {}, feedback);
        const std::size_t n = material.images.pairs.size();
        Embeddings images(n, (*encoder)->dim());
        QVERIFY((*encoder)
                    ->encodeImages(
                        material.images.files,
                        [&](const clip::Encoder::ImageDone& image) {
                            std::copy(image.embedding.begin(), image.embedding.end(), images.row(image.index).begin());
                        },
                        feedback)
                    .has_value());
        std::vector<std::string> said;
        for (const CaptionedImages::Pair& pair : material.images.pairs)
            said.push_back(kCaptions[pair.caption]);
        const auto texts = (*encoder)->encodeTexts(said, feedback);
        const auto cosine = [&](std::size_t i, std::size_t t) {
            double dot = 0, a = 0, b = 0;
            for (std::size_t d = 0; d < images.dim; ++d) {
                const double x = images.row(i)[d], y = texts->row(t)[d];
                dot += x * y;
                a += x * x;
                b += y * y;
            }
            return dot / std::sqrt(a * b);
        };
        const double scale = (*encoder)->logitScale();
        double imageToText = 0, textToImage = 0;
        for (std::size_t i = 0; i < n; ++i) {
            double all = 0, positives = 0, positiveCount = 0, logShares = 0, column = 0;
            for (std::size_t j = 0; j < n; ++j) {
                const double e = std::exp(scale * cosine(i, j));
                all += e;
                column += std::exp(scale * cosine(j, i));
                if (said[i] == said[j])
                    positives += e;
            }
            imageToText -= std::log(positives / all) / static_cast<double>(n);
            for (std::size_t j = 0; j < n; ++j)
                if (said[i] == said[j]) {
                    logShares += scale * cosine(j, i) - std::log(column);
                    positiveCount += 1;
                }
            textToImage -= logShares / positiveCount / static_cast<double>(n);
        }
        QVERIFY2(std::abs(loss - (imageToText + textToImage) / 2) < 1e-5,
                 (std::to_string(loss) + " " + std::to_string((imageToText + textToImage) / 2)).c_str());
    }

    void bitsDoNotDependOnThreads() {
        // More than one chunk of 64 a step, and patches left out.
        Material material;
        const std::vector<CaptionedImages::Pair> pairs = material.images.pairs;
        for (int copy = 0; copy < 12; ++copy)
            material.images.pairs.insert(material.images.pairs.end(), pairs.begin(), pairs.end());
        clip::TrainOptions options = quick();
        options.batch = 150;
        options.epochs = 3;
        options.patchDropout = 0.5;
        train(material, options, material.folder / "one");
        options.threads = 3;
        train(material, options, material.folder / "three");
        QVERIFY(readText(material.folder / "one/model.safetensors") ==
                readText(material.folder / "three/model.safetensors"));
        options.seed = 1;
        train(material, options, material.folder / "other");
        QVERIFY(readText(material.folder / "one/model.safetensors") !=
                readText(material.folder / "other/model.safetensors"));
    }

    void goesOnAfterAStop() {
        const Material material;
        clip::TrainOptions options = quick();
        options.half = false;
        const clip::TrainReport whole = train(material, options, material.folder / "whole");
        QCOMPARE(whole.steps, 8);

        StopAt stop(5);
        const auto stopped =
            clip::train(material.start(), material.images, options, material.folder / "parts", {}, stop);
        QVERIFY(!stopped && stopped.error().cancelled());
        QVERIFY(fs::exists(material.folder / "parts/checkpoint.safetensors"));
        QVERIFY(!fs::exists(material.folder / "parts/model.safetensors"));
        const clip::TrainReport rest = train(material, options, material.folder / "parts");
        QCOMPARE(rest.resumedAt, 5);
        QCOMPARE(rest.points.size(), std::size_t{3});
        QCOMPARE(rest.points.back().loss, whole.points.back().loss);
        QVERIFY(!fs::exists(material.folder / "parts/checkpoint.safetensors"));
        QVERIFY(readText(material.folder / "parts/model.safetensors") ==
                readText(material.folder / "whole/model.safetensors"));
    }

    /// What a kill leaves: the last periodic checkpoint, whole, since it is written under another name and renamed.
    void periodicCheckpointIsWhole() {
        const Material material;
        clip::TrainOptions options = quick();
        options.checkpointSeconds = 0; // after every step
        const fs::path out = material.folder / "out", kept = material.folder / "kept";
        fs::create_directories(kept);
        Feedback feedback;
        const auto report = [&](const clip::TrainPoint& point) {
            if (point.step == 4) // what a kill in the fourth step would leave: the state after the third
                fs::copy_file(out / "checkpoint.safetensors", kept / "checkpoint.safetensors");
        };
        QVERIFY(clip::train(material.start(), material.images, options, out, report, feedback).has_value());
        const clip::TrainReport rest = train(material, options, kept);
        QCOMPARE(rest.resumedAt, 3);
        QVERIFY(readText(kept / "model.safetensors") == readText(out / "model.safetensors"));
    }

    void anotherTrainingsCheckpointIsRefused() {
        const Material material;
        clip::TrainOptions options = quick();
        StopAt stop(3);
        QVERIFY(!clip::train(material.start(), material.images, options, material.folder / "out", {}, stop));
        const std::string before = readText(material.folder / "out/checkpoint.safetensors");
        Feedback feedback;
        const double rate = options.learningRate;
        for (const double other : {2e-3, rate + 1e-8}) { // fine-tuning uses rates that differ this little
            options.learningRate = other;
            QCOMPARE(
                errorOf(clip::train(material.start(), material.images, options, material.folder / "out", {}, feedback)),
                ErrorCode::InvalidArgument);
        }
        QVERIFY(readText(material.folder / "out/checkpoint.safetensors") == before);
    }

    void frozenLogitScaleStays() {
        const Material material;
        clip::TrainOptions options = quick();
        options.half = false;
        const auto scaleAfter = [&](bool freeze, const char* out) {
            options.freezeLogitScale = freeze;
            train(material, options, material.folder / out);
            Feedback feedback;
            return (*clip::Encoder::load(material.folder / out, {}, feedback))->logitScale();
        };
        QVERIFY(std::abs(scaleAfter(true, "frozen") - 1 / 0.07) < 1e-4);
        QVERIFY(std::abs(scaleAfter(false, "free") - 1 / 0.07) > 1e-4);
    }

    /// The image tower keeps every bit, the text tower learns; a checkpoint of it goes on to the same end.
    void frozenImagesStay() {
        const Material material;
        clip::TrainOptions options = quick();
        options.half = false;
        options.freezeImages = true;
        const clip::TrainReport whole = train(material, options, material.folder / "frozen");
        QVERIFY(whole.points.back().loss < whole.points.front().loss);
        const auto before = formats::readSafetensors(material.start() / "model.safetensors");
        const auto after = formats::readSafetensors(material.folder / "frozen/model.safetensors");
        QVERIFY(before && after);
        int images = 0, texts = 0;
        for (const auto& [name, view] : before->tensors) {
            const bool same = std::ranges::equal(view.bytes, after->tensors.at(name).bytes);
            if (name.starts_with("vision_model") || name == "visual_projection.weight") {
                QVERIFY2(same, name.c_str());
                ++images;
            } else {
                texts += same ? 0 : 1;
            }
        }
        QVERIFY(images > 20);
        QVERIFY(texts > 20);

        StopAt stop(5);
        QVERIFY(!clip::train(material.start(), material.images, options, material.folder / "parts", {}, stop));
        QCOMPARE(train(material, options, material.folder / "parts").resumedAt, 5);
        QVERIFY(readText(material.folder / "parts/model.safetensors") ==
                readText(material.folder / "frozen/model.safetensors"));
    }

    void openClipFoldersTrainToo() {
        Material material;
        writeRandomClip(material.folder / "openclip", {}, Container::OpenClip);
        Feedback feedback;
        const auto report =
            clip::train(material.folder / "openclip", material.images, quick(), material.folder / "out", {}, feedback);
        QVERIFY2(report.has_value(), report ? "" : problem(report.error()).c_str());
        QVERIFY(fs::exists(material.folder / "out/open_clip_model.safetensors"));
        QVERIFY(clip::Encoder::load(material.folder / "out", {}, feedback).has_value());
    }

    /// CLIP's loss is not what other towers were made for: refused before anything is written.
    void otherTowersAreNotTrained() {
        Material material;
        Feedback feedback;
        const auto refusal = [&](const std::map<std::string, std::string>& files) {
            writeRandomModel(material.folder / "other", files);
            writeSmallVocabulary(material.folder / "other");
            const auto report =
                clip::train(material.folder / "other", material.images, quick(), material.folder / "out", {}, feedback);
            return report ? std::string() : std::string(report.error().error().arg("what"));
        };
        QVERIFY(refusal({{"config.json", R"({"model_type": "siglip",
            "vision_config": {"image_size": 32, "patch_size": 16, "hidden_size": 16, "num_hidden_layers": 1,
                              "num_attention_heads": 2, "intermediate_size": 16},
            "text_config": {"vocab_size": 600, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                            "intermediate_size": 16, "max_position_embeddings": 8}})"}})
                    .starts_with("the sigmoid loss"));
        fs::remove_all(material.folder / "other");
        QVERIFY(refusal({{"open_clip_config.json", R"({"model_cfg": {"embed_dim": 8,
            "vision_cfg": {"layers": [1, 1, 1, 1], "width": 8, "head_width": 32, "image_size": 32},
            "text_cfg": {"vocab_size": 600, "width": 16, "heads": 2, "layers": 1, "context_length": 8}},
            "preprocess_cfg": {"size": 32}})"}})
                    .starts_with("a ResNet image tower"));
        QVERIFY(!fs::exists(material.folder / "out/open_clip_model.safetensors"));
    }

    void badImagesAreLeftOut() {
        Material material;
        writeText(material.images.files[4], "no picture");
        const clip::TrainReport report = train(material, quick(), material.folder / "out");
        QCOMPARE(report.pairs, 11);
        QCOMPARE(report.skipped.size(), std::size_t{1});
        QVERIFY(report.skipped.front().find("1-1.bmp") != std::string::npos);
    }

    void wrongUse() {
        Material material;
        Feedback feedback;
        const auto codeFor = [&](const auto& change) {
            clip::TrainOptions options = quick();
            CaptionedImages images = material.images;
            change(images, options);
            return errorOf(clip::train(material.start(), images, options, material.folder / "out", {}, feedback));
        };
        QCOMPARE(codeFor([](auto&, auto& o) { o.epochs = 0; }), ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto&, auto& o) { o.batch = 1; }), ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto&, auto& o) { o.learningRate = -1; }), ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto&, auto& o) { o.patchDropout = 1; }), ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto&, auto& o) {
                     o.patchDropout = 0.5;
                     o.freezeImages = true;
                 }),
                 ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto& i, auto&) { i.pairs.clear(); }), ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto& i, auto&) { i.pairs.front().caption = 99; }), ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto& i, auto&) { i.heldOut.pop_back(); }), ErrorCode::InvalidArgument);
        QCOMPARE(codeFor([](auto&, auto& o) { o.learningRate = 1e30; }), ErrorCode::InvalidArgument);
        QCOMPARE(errorOf(clip::train(material.start(), material.images, quick(), material.start(), {}, feedback)),
                 ErrorCode::InvalidArgument);
        QCOMPARE(errorOf(clip::train(material.folder / "none", material.images, quick(), material.folder / "out", {},
                                     feedback)),
                 ErrorCode::FileNotFound);
    }
};

QTEST_GUILESS_MAIN(TestTrainer)
#include "tst_trainer.moc"
