// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/clip/interpolate.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::string from, to, vocab, out, json;
    std::vector<double> alphas;
    bool half = false;
};

Outcome<nlohmann::json> writeModels(const Arguments& arguments, Feedback& feedback) {
    nlohmann::json models = nlohmann::json::array();
    clip::InterpolateReport report;
    for (const double alpha : arguments.alphas) {
        const fs::path folder = arguments.alphas.size() == 1
                                    ? fs::path(arguments.out)
                                    : fs::path(arguments.out) / ("alpha-" + formatDouble(alpha));
        PLUMBLINE_TRY(report, clip::interpolate(arguments.from, arguments.to, {alpha, arguments.half, arguments.vocab},
                                                folder, feedback));
        models.push_back({{"alpha", alpha}, {"folder", encodePath(folder)}});
    }
    for (const std::string& warning : report.warnings) // the same for every alpha
        feedback.log(warning);
    return nlohmann::json{{"models", std::move(models)},
                          {"parameters", report.parameters},
                          {"relative_distance", report.distance},
                          {"warnings", report.warnings}};
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const Outcome<nlohmann::json> written = writeModels(arguments, feedback);
    if (!written)
        return report(written.error());
    if (!arguments.json.empty())
        if (auto stored = writeJson(arguments.json, *written); !stored)
            return report(stored.error());
    const double distance = (*written)["relative_distance"].get<double>();
    note(std::to_string(arguments.alphas.size()) + (arguments.alphas.size() == 1 ? " model" : " models") +
         " written to " + arguments.out + "; the weights of the two differ by " + formatFixed(100 * distance, 2) +
         " % of their size");
    return kDone;
}

} // namespace

void addInterpolate(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand(
        "interpolate", "Writes the models between two others: (1 - alpha) FROM + alpha TO, weight by weight");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("--from", arguments->from, "Model at alpha 0, which also gives the logit scale")->required();
    command->add_option("--to", arguments->to, "Model at alpha 1, such as FROM after plumb train --counterfactual")
        ->required();
    command->add_option("--alpha", arguments->alphas, "From 0 to 1; several: 0.1,0.2,0.3")
        ->required()
        ->delimiter(',')
        ->check(CLI::Range(0.0, 1.0));
    command
        ->add_option("--out", arguments->out,
                     "Folder for the model, a Hugging Face CLIPModel; of several alphas DIR/alpha-0.1 and so on")
        ->required();
    command->add_option("--vocab", arguments->vocab, "Vocabulary for models that bring none");
    command->add_flag("--half", arguments->half, "Store the weights as float16");
    command->add_option("--json", arguments->json, "Write what was written to this file, - for standard output");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
