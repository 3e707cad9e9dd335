// SPDX-License-Identifier: GPL-3.0-or-later
#include <exception>
#include <new>

#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"

namespace plumbline::cli {

int runCommandLine(int argc, char** argv) {
    CLI::App app(
        "plumb: measures how far a CLIP model leans. Every number comes with its definition, null and interval.",
        "plumb");
    app.set_version_flag("--version", "plumb " PLUMBLINE_VERSION);
    app.require_subcommand(1);
    app.get_formatter()->column_width(36);
    Run run;
    addModel(app, run);
    addTokenize(app, run);
    addProbe(app, run);
    addEmbed(app, run);
    addMeasure(app, run);
    addAudit(app, run);
    addSample(app, run);
    addTrain(app, run);
    addInterpolate(app, run);
    addDebias(app, run);
    addImages(app, run);
    addReport(app, run);
    addVerify(app, run);
    addCompare(app, run);
    addServe(app, run);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kDone : kBadInput; // --help and --version are no errors
    }
    // Third parties' exceptions are turned into errors where they can arise; this is for what nobody foresaw.
    try {
        return run();
    } catch (const std::bad_alloc&) {
        note("there is not enough memory for this");
    } catch (const std::exception& error) {
        note(std::string("internal error: ") + error.what());
    }
    return kInternal;
}

} // namespace plumbline::cli
