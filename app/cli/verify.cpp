// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/run_report.h"
#include "app/cli/text_table.h"
#include "app/cli/verification_json.h"
#include "core/audit/project_audit.h"
#include "core/base/numbers.h"

namespace plumbline::cli {

namespace {

constexpr std::size_t kMostShown = 20;

struct Arguments {
    std::string project, json;
    std::int64_t run = 0;
    bool cached = false;
};

Outcome<audit::Verification> verify(const Arguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, store::Project::open(arguments.project, store::Project::Access::ReadOnly));
    PLUMBLINE_TRY(const std::int64_t run, finishedRun(project, arguments.run));
    PLUMBLINE_TRY(const store::RunRecord record, project.run(run));
    PLUMBLINE_TRY(const auto encoder, audit::loadModelOf(record.config, feedback));
    std::optional<store::EmbeddingCache> cache;
    if (arguments.cached)
        cache = openCache();
    return audit::verifyRun(project, run, *encoder, cache ? &*cache : nullptr, feedback);
}

std::string text(const audit::Verification& found) {
    std::string out;
    TextTable inputs({"made of", "now", "then"}, 3);
    for (const audit::VerifiedInput& input : found.inputs)
        inputs.add({input.name, input.same() ? "the same" : input.is, input.was});
    out += inputs.text() + "\n";
    for (std::size_t d = 0; d < std::min(found.differences.size(), kMostShown); ++d) {
        const audit::VerifiedDifference& one = found.differences[d];
        out += one.where + " was " + one.was + ", is " + one.is + "\n";
    }
    if (found.differences.size() > kMostShown)
        out += "and " + std::to_string(found.differences.size() - kMostShown) + " more\n";
    return out + verdictText(found) + "\n";
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const Outcome<audit::Verification> found = verify(arguments, feedback);
    if (!found)
        return report(found.error());
    if (!arguments.json.empty())
        if (const auto written = writeJson(arguments.json, verificationJson(*found)); !written)
            return report(written.error());
    if (arguments.json != "-")
        if (const auto written = writeOut("-", text(*found)); !written)
            return report(written.error());
    return found->same() ? kDone : kLimitExceeded;
}

} // namespace

std::string verdictText(const audit::Verification& found) {
    const std::string run = "Run " + std::to_string(found.run);
    const std::string compared = std::to_string(found.numbers) + " numbers";
    if (found.toTheLastDigit())
        return run + ": the same to the last digit, " + compared + " and every score.";
    if (found.same())
        return run + ": the same up to rounding. Of " + compared + " " + std::to_string(found.rounded) +
               " differ, by " + formatDouble(found.largestRounding) + " at most; scores by " +
               formatDouble(found.largestScore) + " at most.";
    std::string words = run + ": not the same.";
    if (!found.inputsSame())
        words += " What it was made of has changed.";
    if (!found.differences.empty())
        words += " " + std::to_string(found.differences.size()) + " values differ beyond rounding.";
    if (found.scoresBeyond > 0)
        words += " " + std::to_string(found.scoresBeyond) + " scores differ, by " + formatDouble(found.largestScore) +
                 " at most.";
    else if (!found.differences.empty())
        words += " The scores agree within " + formatDouble(found.largestScore) +
                 ": images with nearly the same score have changed places.";
    return words;
}

nlohmann::json verificationJson(const audit::Verification& found) {
    nlohmann::json inputs = nlohmann::json::array(), differences = nlohmann::json::array();
    for (const audit::VerifiedInput& input : found.inputs)
        inputs.push_back({{"name", input.name},
                          {"was", input.was},
                          {"is", input.is},
                          {"same", input.same()},
                          {"decides", input.decides}});
    for (const audit::VerifiedDifference& one : found.differences) {
        nlohmann::json difference = {{"where", one.where}, {"was", one.was}, {"is", one.is}};
        if (one.by)
            difference["by"] = *one.by;
        differences.push_back(std::move(difference));
    }
    return {{"run", found.run},
            {"same", found.same()},
            {"to_the_last_digit", found.toTheLastDigit()},
            {"verdict", verdictText(found)},
            {"inputs", std::move(inputs)},
            {"numbers", found.numbers},
            {"differences", std::move(differences)},
            {"rounded", found.rounded},
            {"largest_rounding", found.largestRounding},
            {"largest_score_difference", found.largestScore},
            {"scores_beyond_rounding", found.scoresBeyond}};
}

void addVerify(CLI::App& app, Run& chosen) {
    CLI::App* command =
        app.add_subcommand("verify", "Repeats an audit that a project holds and says what is not as it was");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("project", arguments->project, "Project file (.plumb)")->required();
    command->add_option("--run", arguments->run, "Number of the run; without it the newest that is finished")
        ->check(aboveZero());
    command->add_flag("--cached", arguments->cached,
                      "Take embeddings from the cache, whose images are checked by their hashes");
    command->add_option("--json", arguments->json,
                        "Write what was found as JSON to this file, or - for standard output");
    command->footer("Exit code 0: the same, up to rounding; 1: not the same.");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
