// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace plumbline::ui {

/// `plumbline --export-pdf PROJECT RUN FILE.pdf`: has `engine` (plumb) make the report and writes it as pages, without
/// a window. `run` "0": the newest that is finished; `evidence` and `compare` as plumb report has them. Says on standard error what is
/// wrong; the exit code, as plumb's.
int exportPdf(const QString& engine, const QString& project, const QString& run, const QString& file,
              const QString& evidence, const QString& auditor, const QString& compare);

} // namespace plumbline::ui
