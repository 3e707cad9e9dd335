// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/run_report.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string project, out, evidence = "thumbnails", auditor;
    std::int64_t run = 0;
    std::vector<std::int64_t> others;
};

/// The runs there are, for one who named another.
void listRuns(store::Project& project) {
    const auto runs = project.runs();
    if (!runs)
        return;
    for (const store::RunRecord& run : *runs)
        note("run " + std::to_string(run.id) + ": " + std::string(runStateName(run.state)) + ", " + run.modelName +
             " on " + run.imageSetName + (run.config.debias ? " after " + run.config.debias->name : "") + ", " +
             run.created);
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    if (const auto named = checkReportFile(arguments.out); !named)
        return report(named.error());
    Result<store::Project> project = store::Project::open(arguments.project, store::Project::Access::ReadOnly);
    if (!project)
        return report(project.error());
    const Result<std::int64_t> run = finishedRun(*project, arguments.run);
    if (!run) {
        const int code = report(run.error());
        listRuns(*project);
        return code;
    }
    Outcome<RunReport> gathered =
        readRunReport(*project, *run, arguments.others, *report::evidenceFromName(arguments.evidence), feedback);
    if (!gathered)
        return report(gathered.error());
    gathered->auditor = arguments.auditor;
    if (const auto written = writeRunReport(*gathered, arguments.out); !written)
        return report(written.error());
    note("the report of run " + std::to_string(*run) + " is in " + arguments.out);
    return kDone;
}

} // namespace

void addReport(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("report", "Writes the report of an audit that a project holds");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("project", arguments->project, "Project file (.plumb)")->required();
    command->add_option("--run", arguments->run, "Number of the run; without it the newest that is finished")
        ->check(aboveZero());
    command
        ->add_option("--compare", arguments->others,
                     "Numbers of other finished runs, which the report holds against this one")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(aboveZero());
    command->add_option("--out", arguments->out, "File to write: .html, .csv or .json")->required();
    command->add_option("--evidence", arguments->evidence, "Images in the appendix: thumbnails, blurred, ids or none")
        ->check(CLI::IsMember({"thumbnails", "blurred", "ids", "none"}))
        ->capture_default_str();
    command->add_option("--auditor", arguments->auditor, "Who made the audit, for the first page");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
