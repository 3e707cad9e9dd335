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
#include "core/formats/counterfactual_sets.h"
#include "core/formats/text_file.h"
#include "core/formats/vocabulary.h"
#include "core/text/vocabulary_training.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestConfig = std::size_t{1} << 20U;

struct Arguments {
    std::string captions, counterfactual, images, model, fresh, vocab, out, json;
    std::vector<std::string> where;
    formats::CounterfactualOptions sets;
    double heldOut = 0.02;
    std::size_t merges = 2000;
    clip::TrainOptions options;
};

/// Which images are held out follows from the seed and their place in the table, or their set's place.
void holdOut(CaptionedImages& images, double share, std::uint64_t seed) {
    for (std::size_t i = 0; i < images.files.size(); ++i)
        images.heldOut[i] =
            RandomStream(seed, streamId("train/held-out"), images.setOf.empty() ? i : images.setOf[i]).uniform() <
            share;
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

nlohmann::json jsonOf(const std::optional<clip::SetCosines>& cosines) {
    if (!cosines)
        return nullptr;
    return {{"within_sets", cosines->within}, {"between_sets", cosines->between}};
}

nlohmann::json jsonOf(const clip::TrainReport& report, const formats::CounterfactualSets* sets) {
    nlohmann::json points = nlohmann::json::array();
    for (const clip::TrainPoint& point : report.points) {
        points.push_back(
            {{"step", point.step},
             {"loss", point.loss},
             {"held_out_accuracy", point.heldOutAccuracy ? nlohmann::json(*point.heldOutAccuracy) : nullptr}});
        if (sets) {
            points.back()["contrastive_loss"] = point.contrastiveLoss;
            points.back()["cohesion_loss"] = point.cohesionLoss;
            points.back()["cosines"] = jsonOf(point.cosines);
        }
    }
    nlohmann::json json = {
        {"steps", report.steps},       {"resumed_at", report.resumedAt},          {"pairs", report.pairs},
        {"points", std::move(points)}, {"held_out_images", report.heldOutImages}, {"skipped", report.skipped}};
    if (sets)
        json["counterfactual"] = {{"sets", report.sets},
                                  {"single_image_sets", report.singleSets},
                                  {"cosines_before", jsonOf(report.cosines)},
                                  {"rows", sets->rows},
                                  {"filtered_rows", sets->filteredRows},
                                  {"missing", sets->missing},
                                  {"missing_examples", sets->missingExamples},
                                  {"incomplete", sets->incomplete},
                                  {"incomplete_examples", sets->incompleteExamples},
                                  {"duplicates", sets->duplicates},
                                  {"duplicate_examples", sets->duplicateExamples},
                                  {"single_image_examples", sets->singleExamples},
                                  {"sets_with_several_captions", sets->mixed},
                                  {"several_captions_examples", sets->mixedExamples}};
    return json;
}

/// What was left out of the sets, and what to know of them.
void tellSets(const formats::CounterfactualSets& sets, Feedback& feedback) {
    const auto tell = [&feedback](std::int64_t count, const std::string& what,
                                  const std::vector<std::string>& examples) {
        if (count > 0)
            feedback.log(std::to_string(count) + what +
                         (examples.empty() ? "" : " (such as " + examples.front() + ")"));
    };
    feedback.log(std::to_string(sets.sets.size()) + " counterfactual sets with " +
                 std::to_string(sets.images.files.size()) + " images and " +
                 std::to_string(sets.images.captions.size()) + " different captions");
    tell(sets.missing, " rows name a file that is not there; they are left out", sets.missingExamples);
    tell(sets.incomplete, " rows or images lack a set or a caption; they are left out", sets.incompleteExamples);
    tell(sets.duplicates, " further rows for a file that an earlier row names; they are left out",
         sets.duplicateExamples);
    tell(sets.singles,
         " sets have one image: there is nothing to hold together, they take part in the contrastive loss alone",
         sets.singleExamples);
    tell(sets.mixed,
         " sets have several captions: the contrastive loss then pulls apart what the cohesion loss holds together; "
         "--shared-caption or --caption-template gives a set one",
         sets.mixedExamples);
}

Outcome<clip::TrainReport> trainOn(const CaptionedImages& images, const Arguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(const fs::path start, startOf(arguments, images));
    const auto tell = [&](const clip::TrainPoint& point) {
        std::string line = "step " + std::to_string(point.step) + " of " + std::to_string(point.steps) + ": loss " +
                           formatFixed(point.loss, 3);
        if (!images.setOf.empty())
            line += " (contrastive " + formatFixed(point.contrastiveLoss, 3) + ", cohesion " +
                    formatFixed(point.cohesionLoss, 4) + ")";
        if (point.heldOutAccuracy)
            line += ", held-out accuracy " + formatFixed(100 * *point.heldOutAccuracy, 1) + " %";
        if (point.cosines)
            line += ", cosine within sets " + formatFixed(point.cosines->within, 4) + ", between " +
                    formatFixed(point.cosines->between, 4);
        feedback.log(line);
    };
    PLUMBLINE_TRY(clip::TrainReport report,
                  clip::train(start, images, arguments.options, arguments.out, tell, feedback));
    for (const std::string& skipped : report.skipped)
        feedback.log("left out: " + skipped);
    if (report.cosines)
        feedback.log("before: cosine within sets " + formatFixed(report.cosines->within, 4) + ", between " +
                     formatFixed(report.cosines->between, 4));
    if (arguments.model.empty()) {
        std::error_code ignored;
        fs::remove_all(start, ignored);
    }
    return report;
}

Outcome<formats::CounterfactualSets> readSets(const Arguments& arguments, Feedback& feedback) {
    formats::CounterfactualOptions options = arguments.sets;
    PLUMBLINE_TRY(options.where, conditions(arguments.where));
    return formats::readCounterfactualSets(arguments.counterfactual, arguments.images, options, feedback);
}

Outcome<CaptionedImages> readCaptions(const Arguments& arguments, Feedback& feedback) {
    const fs::path root =
        arguments.images.empty() ? fs::path(arguments.captions).parent_path() : fs::path(arguments.images);
    PLUMBLINE_TRY(formats::CaptionTable table, formats::readCaptionTable(arguments.captions, root, feedback));
    if (table.missing + table.invalidRows > 0)
        feedback.log(std::to_string(table.missing) + " rows name a file that is not there, " +
                     std::to_string(table.invalidRows) + " rows are incomplete; they are left out");
    return std::move(table.images);
}

Outcome<nlohmann::json> trainModel(const Arguments& arguments, Feedback& feedback) {
    if (arguments.counterfactual.empty()) {
        PLUMBLINE_TRY(CaptionedImages images, readCaptions(arguments, feedback));
        holdOut(images, arguments.heldOut, arguments.options.seed);
        PLUMBLINE_TRY(const clip::TrainReport report, trainOn(images, arguments, feedback));
        return jsonOf(report, nullptr);
    }
    PLUMBLINE_TRY(formats::CounterfactualSets sets, readSets(arguments, feedback));
    tellSets(sets, feedback);
    holdOut(sets.images, arguments.heldOut, arguments.options.seed);
    PLUMBLINE_TRY(const clip::TrainReport report, trainOn(sets.images, arguments, feedback));
    return jsonOf(report, &sets);
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const Outcome<nlohmann::json> trained = trainModel(arguments, feedback);
    if (!trained) {
        if (trained.error().cancelled())
            note("stopped; the same command goes on from " + arguments.out);
        return report(trained.error());
    }
    if (!arguments.json.empty())
        if (auto written = writeJson(arguments.json, *trained); !written)
            return report(written.error());
    note("trained on " + (*trained)["pairs"].dump() + " pairs, " + (*trained)["steps"].dump() +
         " steps; the model is in " + arguments.out);
    return kDone;
}

} // namespace

void addTrain(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("train", "Trains a CLIP, new or from a checkpoint, on images and captions");
    auto arguments = std::make_shared<Arguments>();
    clip::TrainOptions& options = arguments->options;
    auto* data = command->add_option_group("data", "What to learn from");
    auto* captions =
        data->add_option("--captions", arguments->captions, "Table with the columns file and caption, one row a pair");
    auto* counterfactual = data->add_option(
        "--counterfactual", arguments->counterfactual,
        "Counterfactual sets, to fine-tune a model so that the variants of a set look alike to it (CF-alpha): a table "
        "with the columns file, set and caption, SocialCounterfactuals' tables, or a folder with a folder for each "
        "set. "
        "Batches are then sets, and the standard is --epochs 3 --batch 64 --learning-rate 1e-5 --freeze-logit-scale");
    data->require_option(1);
    command->add_option("--images", arguments->images, "Folder that the files are relative to (default: the table's)");
    const auto ofSets = [&](CLI::Option* option) { option->needs(counterfactual)->excludes(captions); };
    ofSets(command->add_option("--beta0", options.cohesionWeight,
                               "Weight of the cohesion loss of --counterfactual (0.3)"));
    ofSets(command->add_option("--beta1", options.contrastiveWeight,
                               "Weight of the contrastive loss of --counterfactual (1)"));
    ofSets(command->add_option("--set-column", arguments->sets.setColumn,
                               "Of the table of sets (default: counterfactual_set, set or set_id)"));
    ofSets(command->add_option("--caption-column", arguments->sets.captionColumn,
                               "Of the table of sets (default: caption, title or text)"));
    ofSets(command->add_option(
        "--caption-template", arguments->sets.captionTemplate,
        "Captions made of columns: \"a photo of a {occupation}\"; {COLUMN|WORDS} has words for rows "
        "without a value, {folder} is the name of a set's folder"));
    ofSets(command->add_flag("--shared-caption", arguments->sets.sharedCaption,
                             "Of each set the words that all its captions have"));
    ofSets(command->add_option("--where", arguments->where, "COLUMN=VALUE: only these rows of the table of sets"));
    auto* from = command->add_option_group("from", "What to begin with");
    from->add_option("--model", arguments->model, "Model folder to train further");
    from->add_option("--new", arguments->fresh, "A new model of the sizes in this Hugging Face config.json");
    from->require_option(1);
    command->add_option("--vocab", arguments->vocab, "Vocabulary of a new model (default: learned from the captions)");
    command->add_option("--merges", arguments->merges, "Most merges of a learned vocabulary")->capture_default_str();
    command->add_option("--out", arguments->out, "Folder for the trained model; a stopped training goes on there")
        ->required();
    auto* epochs = command->add_option("--epochs", options.epochs)->capture_default_str();
    auto* batch =
        command->add_option("--batch", options.batch, "Pairs, or counterfactual sets, a step")->capture_default_str();
    auto* rate = command->add_option("--learning-rate", options.learningRate, "At its peak")->capture_default_str();
    command->add_option("--warm-up", options.warmUp, "Share of the steps")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--weight-decay", options.weightDecay)->capture_default_str()->check(CLI::Range(0.0, 1e6));
    command->add_option("--clip-norm", options.clipNorm, "Largest norm of all gradients")
        ->capture_default_str()
        ->check(aboveZero());
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
    auto* beta0 = command->get_option("--beta0");
    command->callback([=, &chosen] {
        if (*counterfactual) { // standards of fine-tuning, where nothing else was said
            clip::TrainOptions& asked = arguments->options;
            asked.epochs = *epochs ? asked.epochs : 3;
            asked.batch = *batch ? asked.batch : 64;
            asked.learningRate = *rate ? asked.learningRate : 1e-5;
            asked.cohesionWeight = *beta0 ? asked.cohesionWeight : 0.3;
            asked.freezeLogitScale = true;
        }
        chosen = [arguments] { return run(*arguments); };
    });
}

} // namespace plumbline::cli
