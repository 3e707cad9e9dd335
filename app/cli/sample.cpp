// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/sample/planting.h"
#include "core/sample/sample_folder.h"
#include "core/sample/training_set.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string folder, trainingSet;
    std::uint64_t seed = 1;
};

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    if (arguments.trainingSet.empty()) {
        if (const auto written = sample::writeSample(arguments.folder, feedback); !written)
            return report(written.error());
        note("the sample is in " + arguments.folder);
        return kDone;
    }
    if (arguments.trainingSet == "counterfactual") {
        if (const auto written = sample::writeCounterfactuals(arguments.folder, arguments.seed, feedback); !written)
            return report(written.error());
        note("the counterfactual sets are in " + arguments.folder);
        return kDone;
    }
    const auto& leans = arguments.trainingSet == "planted" ? sample::plantedLeans() : sample::nothingPlanted();
    if (const auto written = sample::writeTrainingSet(arguments.folder, leans, arguments.seed, feedback); !written)
        return report(written.error());
    note("the training set is in " + arguments.folder);
    return kDone;
}

} // namespace

void addSample(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("sample", "Writes the sample: portraits, labels, probe set, models");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("folder", arguments->folder, "Folder to write to")->required();
    command
        ->add_option("--training-set", arguments->trainingSet,
                     "Write instead what a sample model is trained on, or fine-tuned on to be rid of its leans")
        ->check(CLI::IsMember({"planted", "fair", "counterfactual"}));
    command->add_option("--seed", arguments->seed, "Of a training set")->capture_default_str();
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
