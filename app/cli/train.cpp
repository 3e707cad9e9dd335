// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/clip/new_model.h"
#include "core/clip/trainer.h"
#include "core/formats/caption_table.h"
#include "core/formats/text_file.h"
#include "core/formats/vocabulary.h"
#include "core/text/vocabulary_training.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestConfig = std::size_t{1} << 20U;

struct Arguments {
    std::string captions, images, model, fresh, vocab, out, json;
    double heldOut = 0.02;
    std::size_t merges = 2000;
    clip::TrainOptions options;
};

/// Which images are held out follows from the seed and their place in the table.
void holdOut(CaptionedImages& images, double share, std::uint64_t seed) {
    for (std::size_t i = 0; i < images.files.size(); ++i)
        images.heldOut[i] = RandomStream(seed, streamId("train/held-out"), i).uniform() < share;
}

/// The model to start from: the given one, or a new one written into the folder for the result.
Outcome<fs::path> startOf(const Arguments& arguments, const CaptionedImages& images) {
    if (!arguments.model.empty())
        return fs::path(arguments.model);
    const fs::path folder = fs::path(arguments.out) / "untrained";
    PLUMBLINE_TRY(const std::string config, formats::readFile(arguments.fresh, kLargestConfig));
    formats::Vocabulary vocabulary;
    if (arguments.vocab.empty()) {
        vocabulary = text::learnVocabulary(images.captions, arguments.merges);
    } else {
        PLUMBLINE_TRY(vocabulary, formats::readVocabulary(arguments.vocab));
    }
    PLUMBLINE_CHECK(clip::writeNewModel(folder, config, vocabulary, arguments.options.seed));
    return folder;
}

nlohmann::json jsonOf(const clip::TrainReport& report) {
    nlohmann::json points = nlohmann::json::array();
    for (const clip::TrainPoint& point : report.points)
        points.push_back(
            {{"step", point.step},
             {"loss", point.loss},
             {"held_out_accuracy", point.heldOutAccuracy ? nlohmann::json(*point.heldOutAccuracy) : nullptr}});
    return {{"steps", report.steps},       {"resumed_at", report.resumedAt},          {"pairs", report.pairs},
            {"points", std::move(points)}, {"held_out_images", report.heldOutImages}, {"skipped", report.skipped}};
}

Outcome<clip::TrainReport> trainModel(const Arguments& arguments, Feedback& feedback) {
    const fs::path root =
        arguments.images.empty() ? fs::path(arguments.captions).parent_path() : fs::path(arguments.images);
    PLUMBLINE_TRY(formats::CaptionTable table, formats::readCaptionTable(arguments.captions, root, feedback));
    if (table.missing + table.invalidRows > 0)
        feedback.log(std::to_string(table.missing) + " rows name a file that is not there, " +
                     std::to_string(table.invalidRows) + " rows are incomplete; they are left out");
    holdOut(table.images, arguments.heldOut, arguments.options.seed);
    PLUMBLINE_TRY(const fs::path start, startOf(arguments, table.images));
    const auto tell = [&feedback](const clip::TrainPoint& point) {
        std::string line = "step " + std::to_string(point.step) + " of " + std::to_string(point.steps) + ": loss " +
                           formatFixed(point.loss, 3);
        if (point.heldOutAccuracy)
            line += ", held-out accuracy " + formatFixed(100 * *point.heldOutAccuracy, 1) + " %";
        feedback.log(line);
    };
    PLUMBLINE_TRY(clip::TrainReport report,
                  clip::train(start, table.images, arguments.options, arguments.out, tell, feedback));
    for (const std::string& skipped : report.skipped)
        feedback.log("left out: " + skipped);
    if (arguments.model.empty()) {
        std::error_code ignored;
        fs::remove_all(start, ignored);
    }
    return report;
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const Outcome<clip::TrainReport> trained = trainModel(arguments, feedback);
    if (!trained) {
        if (trained.error().cancelled())
            note("stopped; the same command goes on from " + arguments.out);
        return report(trained.error());
    }
    if (!arguments.json.empty())
        if (auto written = writeJson(arguments.json, jsonOf(*trained)); !written)
            return report(written.error());
    note("trained on " + std::to_string(trained->pairs) + " pairs, " + std::to_string(trained->steps) +
         " steps; the model is in " + arguments.out);
    return kDone;
}

} // namespace

void addTrain(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("train", "Trains a CLIP, new or from a checkpoint, on images and captions");
    auto arguments = std::make_shared<Arguments>();
    clip::TrainOptions& options = arguments->options;
    command->add_option("--captions", arguments->captions, "Table with the columns file and caption, one row a pair")
        ->required();
    command->add_option("--images", arguments->images, "Folder that the files are relative to (default: the table's)");
    auto* from = command->add_option_group("from", "What to begin with");
    from->add_option("--model", arguments->model, "Model folder to train further");
    from->add_option("--new", arguments->fresh, "A new model of the sizes in this Hugging Face config.json");
    from->require_option(1);
    command->add_option("--vocab", arguments->vocab, "Vocabulary of a new model (default: learned from the captions)");
    command->add_option("--merges", arguments->merges, "Most merges of a learned vocabulary")->capture_default_str();
    command->add_option("--out", arguments->out, "Folder for the trained model; a stopped training goes on there")
        ->required();
    command->add_option("--epochs", options.epochs)->capture_default_str();
    command->add_option("--batch", options.batch, "Pairs a step")->capture_default_str();
    command->add_option("--learning-rate", options.learningRate, "At its peak")->capture_default_str();
    command->add_option("--warm-up", options.warmUp, "Share of the steps")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--weight-decay", options.weightDecay)->capture_default_str()->check(CLI::NonNegativeNumber);
    command->add_option("--clip-norm", options.clipNorm, "Largest norm of all gradients")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    command
        ->add_option("--patch-dropout", options.patchDropout,
                     "Share of patches left out, but not in the last fifth of the steps")
        ->capture_default_str();
    command->add_flag("--freeze-logit-scale", options.freezeLogitScale, "Keep the temperature of the checkpoint");
    command->add_flag("--freeze-images", options.freezeImages,
                      "Keep the image tower, train the text tower alone (locked-image tuning)");
    command->add_option("--held-out", arguments->heldOut, "Share of images that are only looked at")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 0.9));
    command->add_option("--seed", options.seed)->capture_default_str();
    command->add_option("--threads", options.threads, "0: all cores; the result does not depend on it")
        ->capture_default_str();
    command->add_option("--report-every", options.reportEvery, "Steps")->capture_default_str();
    command->add_option("--checkpoint-every", options.checkpointSeconds, "Seconds")->capture_default_str();
    command->add_flag("--full-precision{false},--half{true}", options.half, "Store the weights as float32");
    command->add_option("--json", arguments->json,
                        "Write steps, losses and accuracies to this file, - for standard output");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
