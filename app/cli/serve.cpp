// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/serve/server.h"

namespace plumbline::cli {

void addServe(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("serve", "Serves the window: JSON-RPC 2.0 on standard input and output");
    command->callback([&chosen] {
        chosen = [] {
            // Native libraries print on stdout and would corrupt the pipe: the protocol keeps the real descriptor for
            // itself, and everything else that is printed goes to stderr.
            const int out = ::dup(STDOUT_FILENO);
            if (out < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
                note("standard output cannot be used");
                return int(kInternal);
            }
            std::signal(SIGPIPE, SIG_IGN);
            std::signal(SIGINT,
                        SIG_IGN); // Ctrl+C in a terminal is meant for the window, which ends us through the pipe
            return Server(STDIN_FILENO, out).run();
        };
    });
}

} // namespace plumbline::cli
