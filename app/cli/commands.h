// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace plumbline::cli {

/// Each adds its subcommand; when it is the one that was called, `run` receives the work, which gives the exit code.
using Run = std::function<int()>;
void addModel(CLI::App& app, Run& run);
void addTokenize(CLI::App& app, Run& run);
void addProbe(CLI::App& app, Run& run);
void addEmbed(CLI::App& app, Run& run);
void addMeasure(CLI::App& app, Run& run);
void addAudit(CLI::App& app, Run& run);
void addSample(CLI::App& app, Run& run);
void addTrain(CLI::App& app, Run& run);
void addInterpolate(CLI::App& app, Run& run);
void addDebias(CLI::App& app, Run& run);
void addImages(CLI::App& app, Run& run);
void addReport(CLI::App& app, Run& run);
void addVerify(CLI::App& app, Run& run);
void addCompare(CLI::App& app, Run& run);
void addServe(CLI::App& app, Run& run);

/// Parses the command line and does what it asks; the exit code of the program.
int runCommandLine(int argc, char** argv);

} // namespace plumbline::cli
