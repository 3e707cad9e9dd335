// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <QVector>

#include "ui/pages/runs/run_source.h"

namespace plumbline::ui {

// What the runs page says about a run.

/// "Run 7 · faceclip-a"
QString runTitle(const store::RunRecord& run);
/// "FairFace validation · gender, race · 28 prompts · 22 Nov 2026 08:15"
QString runLine(const store::RunRecord& run);

/// Both, with what a debiased run is after: for choosing among runs.
QString runChoice(const store::RunRecord& run);

/// A part of the line under the title, with what it means.
struct RunFact {
    QString text, explanation;
};
/// Image set, n, attribute, prompts, k, target, definition of one attribute of a run.
QVector<RunFact> runFacts(const LoadedRun& run, std::size_t attribute);

/// "10 prompts lean"
QString summaryTitle(const report::PlumbChart& chart);
/// "5 towards Female, 5 towards Male · 3 lean slightly · 13 show no lean · 2 without enough evidence"
QString summaryLine(const report::PlumbChart& chart);

/// Warnings of the run and of the measurements of one attribute, each once, with how many prompts it concerns.
QStringList runWarnings(const LoadedRun& run, std::size_t attribute);

/// What a lean rests on: "Mean scores: Male .080 above the others (1.5 sd). The prompt's scores spread by .054."
QString restsOn(const PlumbData& chart, int measurement);

} // namespace plumbline::ui
