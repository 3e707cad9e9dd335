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

    /// In sets: three, each with a picture of every kind.
    explicit Material(bool inSets = false) {
        images.captions = kCaptions;
        for (std::uint32_t kind = 0; kind < 4; ++kind)
            for (int copy = 0; copy < 3; ++copy) {
                images.files.push_back(folder / (std::to_string(kind) + "-" + std::to_string(copy) + ".bmp"));
                writeRandomPicture(images.files.back(), 40 + copy, 40, kind + 1);
                images.pairs.push_back({static_cast<std::uint32_t>(images.files.size() - 1), kind});
                if (inSets)
                    images.setOf.push_back(static_cast<std::uint32_t>(copy));
            }
        images.heldOut.assign(images.files.size(), false);
        if (const auto made = clip::writeNewModel(start(), kTinyConfig, text::learnVocabulary(kCaptions, 50), 7); !made)
            throw std::runtime_error(errorText(made.error()));
    }
    fs::path start() const { return folder / "start"; }
};

Embeddings embeddedImages(const fs::path& model, const std::vector<fs::path>& files) {
    Feedback feedback;
    const auto encoder = clip::Encoder::load(model, {}, feedback);
    if (!encoder)
        throw std::runtime_error(problem(encoder.error()));
    Embeddings images(files.size(), (*encoder)->dim());
    const auto done = (*encoder)->encodeImages(
        files,
        [&](const clip::Encoder::ImageDone& image) {
            std::copy(image.embedding.begin(), image.embedding.end(), images.row(image.index).begin());
        },
        feedback);
    if (!done)
        throw std::runtime_error(problem(done.error()));
    return images;
}

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

    /// The cohesion loss of the first step and the cosines, from the embeddings of the encoder.
    void cohesionIsTheFormula() {
        const Material material(true);
        clip::TrainOptions options = quick();
        options.epochs = 1;
        options.batch = 3; // all sets
        options.cohesionWeight = 0.5;
        options.contrastiveWeight = 2;
        const clip::TrainReport report = train(material, options, material.folder / "out");
        QCOMPARE(report.sets, 3);
        QCOMPARE(report.singleSets, 0);
        QCOMPARE(report.steps, 1);

        const Embeddings images = embeddedImages(material.start(), material.images.files);
        const auto cosine = [&](std::size_t i, std::size_t j) {
            double dot = 0, a = 0, b = 0;
            for (std::size_t d = 0; d < images.dim; ++d) {
                dot += static_cast<double>(images.row(i)[d]) * images.row(j)[d];
                a += static_cast<double>(images.row(i)[d]) * images.row(i)[d];
                b += static_cast<double>(images.row(j)[d]) * images.row(j)[d];
            }
            return dot / std::sqrt(a * b);
        };
        double loss = 0, within = 0, between = 0;
        for (std::size_t i = 0; i < images.rows; ++i)
            for (std::size_t j = 0; j < images.rows; ++j) {
                const bool same = material.images.setOf[i] == material.images.setOf[j];
                if (same)
                    loss += (1 - cosine(i, j)) / (4 * 4) / 3; // three sets of four
                if (same && i != j)
                    within += cosine(i, j) / (4 * 3) / 3;
                if (!same)
                    between += cosine(i, j) / (4 * 4) / (3 * 2);
            }
        QVERIFY(loss > 0.001);
        const clip::TrainPoint& point = report.points.front();
        QVERIFY2(std::abs(point.cohesionLoss - loss) < 1e-5, std::to_string(point.cohesionLoss - loss).c_str());
        QVERIFY(std::abs(report.cosines->within - within) < 1e-5);
        QVERIFY(std::abs(report.cosines->between - between) < 1e-5);
        QCOMPARE(point.loss, 2 * point.contrastiveLoss + 0.5 * point.cohesionLoss);
        QVERIFY(point.cosines.has_value() && point.cosines->within != report.cosines->within);
    }

    /// With an epsilon that dwarfs every gradient AdamW takes a step of plain gradient descent, w' = w - s g. So the
    /// loss must fall by |w' - w|^2 / s, whatever the network is.
    void cohesionGradient() {
        const Material material(true);
        clip::TrainOptions options = quick();
        options.epochs = 1;
        options.batch = 3;
        options.half = false;
        options.contrastiveWeight = 0;
        options.cohesionWeight = 1;
        options.freezeLogitScale = true;
        options.weightDecay = options.warmUp = 0;
        options.clipNorm = 1e9;
        options.epsilon = 1e6;
        constexpr double kStep = 3e-3;
        options.learningRate = kStep * options.epsilon;
        const auto lossAt = [&](const fs::path& start, const char* out) {
            Feedback feedback;
            const auto report = clip::train(start, material.images, options, material.folder / out, {}, feedback);
            return report ? report->points.front().cohesionLoss : std::nan("");
        };
        const double before = lossAt(material.start(), "one");
        const double fall = before - lossAt(material.folder / "one", "two");
        const auto old = formats::readSafetensors(material.start() / "model.safetensors");
        const auto now = formats::readSafetensors(material.folder / "one/model.safetensors");
        QVERIFY(old && now);
        double square = 0;
        for (const auto& [name, view] : old->tensors) {
            std::vector<float> a(static_cast<std::size_t>(view.elements())), b(a.size());
            widen(view, 0, a);
            widen(now->tensors.at(name), 0, b);
            double own = 0;
            for (std::size_t i = 0; i < a.size(); ++i)
                own += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
            square += own;
            if (name.starts_with("text_model") || name == "text_projection.weight" || name == "logit_scale")
                QVERIFY2(own == 0, name.c_str()); // it acts on images alone
        }
        QVERIFY(fall > 1e-5);
        QVERIFY2(std::abs(square / kStep / fall - 1) < 0.05,
                 (std::to_string(square / kStep) + " " + std::to_string(fall)).c_str());
    }

    /// Nothing to hold together: the very training of images without sets.
    void setsOfOneImage() {
        Material material;
        clip::TrainOptions options = quick();
        train(material, options, material.folder / "plain");
        for (std::uint32_t i = 0; i < material.images.files.size(); ++i)
            material.images.setOf.push_back(i);
        options.cohesionWeight = 1;
        const clip::TrainReport report = train(material, options, material.folder / "single");
        QCOMPARE(report.singleSets, 12);
        QCOMPARE(report.points.back().cohesionLoss, 0.0);
        QVERIFY(!report.cosines.has_value());
        QVERIFY(readText(material.folder / "plain/model.safetensors") ==
                readText(material.folder / "single/model.safetensors"));
    }

    /// Without the contrastive loss nothing keeps the sets apart, and the cosine between them says so.
    void collapseIsTold() {
        Material material(true);
        clip::TrainOptions options = quick();
        options.epochs = 40;
        options.batch = 3;
        options.contrastiveWeight = 0;
        options.cohesionWeight = 1;
        const clip::TrainReport report = train(material, options, material.folder / "out");
        const clip::SetCosines after = *report.points.back().cosines;
        QVERIFY2(1 - after.within < (1 - report.cosines->within) / 4 &&
                     1 - after.between < (1 - report.cosines->between) / 4,
                 (std::to_string(report.cosines->between) + " " + std::to_string(after.between)).c_str());
        // Held-out sets are what is looked at, where there are two.
        material.images.heldOut.assign(12, true);
        for (std::size_t i = 0; i < 12; ++i)
            material.images.heldOut[i] = material.images.setOf[i] != 0;
        const clip::TrainReport other = train(material, options, material.folder / "held");
        QCOMPARE(other.sets, 1);
        QCOMPARE(other.heldOutImages, 8);
        QVERIFY(other.cosines->between != report.cosines->between);
    }

    void setsKeepTheBits() {
        const Material material(true);
        clip::TrainOptions options = quick();
        options.half = false;
        options.batch = 2;
        options.patchDropout = 0.5;
        options.cohesionWeight = 0.3;
        options.epochs = 6;
        const clip::TrainReport whole = train(material, options, material.folder / "whole");
        QCOMPARE(whole.steps, 6); // three sets, two a step
        StopAt stop(4);
        QVERIFY(!clip::train(material.start(), material.images, options, material.folder / "parts", {}, stop));
        options.threads = 3;
        const clip::TrainReport rest = train(material, options, material.folder / "parts");
        QCOMPARE(rest.resumedAt, 4);
        QCOMPARE(rest.cosines->within, whole.cosines->within);
        QVERIFY(readText(material.folder / "parts/model.safetensors") ==
                readText(material.folder / "whole/model.safetensors"));
        // Other weights of the losses are another training.
        StopAt again(2);
        QVERIFY(!clip::train(material.start(), material.images, options, material.folder / "other", {}, again));
        options.cohesionWeight = 0.4;
        Feedback feedback;
        QCOMPARE(
            errorOf(clip::train(material.start(), material.images, options, material.folder / "other", {}, feedback)),
            ErrorCode::InvalidArgument);
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
        const auto withSets = [&](const auto& change) {
            return codeFor([&](auto& i, auto& o) {
                i.setOf = Material(true).images.setOf;
                o.cohesionWeight = 1;
                change(i, o);
            });
        };
        QCOMPARE(codeFor([](auto&, auto& o) { o.cohesionWeight = 1; }), ErrorCode::InvalidArgument); // without sets
        QCOMPARE(withSets([](auto&, auto& o) { o.freezeImages = true; }), ErrorCode::InvalidArgument);
        QCOMPARE(withSets([](auto&, auto& o) { o.cohesionWeight = -1; }), ErrorCode::InvalidArgument);
        QCOMPARE(withSets([](auto&, auto& o) { o.contrastiveWeight = o.cohesionWeight = 0; }),
                 ErrorCode::InvalidArgument);
        QCOMPARE(withSets([](auto& i, auto&) { i.heldOut[0] = true; }), ErrorCode::InvalidArgument); // a part of a set
        QCOMPARE(withSets([](auto& i, auto&) { i.setOf.pop_back(); }), ErrorCode::InvalidArgument);
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
