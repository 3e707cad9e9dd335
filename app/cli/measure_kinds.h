// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "app/cli/commands.h"
#include "core/base/error.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::cli {

/// `plumb measure TABLE --score … --attribute …` measures a ranking; `plumb measure KIND …` everything else. Each kind
/// is a file measure_KIND.cpp with a function add… that adds its subcommand, called in addMeasure (measure.cpp); it
/// reads its input (formats::DataTable, formats::readEmbeddings), calls core/metric and hands the tables to
/// MeasureOutput.

/// --null-draws and --bootstrap-draws, with what is drawn in words.
void addDraws(CLI::App& command, int& nullDraws, const char* ofNull, int& bootstrapDraws, const char* ofBootstrap);

/// --seed, --null-draws, --bootstrap-draws, --min-group.
struct ResamplingArguments {
    metric::Resampling options;
    void addTo(CLI::App& command);
};

/// --json, --csv and the table for people on stdout; notes for the warnings.
struct MeasureOutput {
    std::string json, csv;
    void addTo(CLI::App& command);
    /// The exit code.
    int write(const Outcome<std::vector<MeasureTable>>& tables) const;
};

void addMeasureRankings(CLI::App& measure, Run& run);
void addMeasureRetrieval(CLI::App& measure, Run& run);
void addMeasureZeroShot(CLI::App& measure, Run& run);
void addMeasurePaired(CLI::App& measure, Run& run);
void addMeasureGeneralisation(CLI::App& measure, Run& run);
void addMeasureAble(CLI::App& measure, Run& run);
void addMeasureAssociation(CLI::App& measure, Run& run);

/// {"tables": [...]} as JSON holds them; one line a row for spreadsheets; columns for people.
std::string measureTablesCsv(const std::vector<MeasureTable>& tables);
std::string measureTableText(const MeasureTable& table);

/// "3 rows with the wrong number of fields were left out."; nothing for 0.
void warnOfRows(std::int64_t invalid, MeasureTable& table);

/// A classifier's answers by group; pronouns in pictures of two people; attributes in pictures of two objects.
void addMeasureClassification(CLI::App& measure, Run& chosen);
void addMeasureResolution(CLI::App& measure, Run& chosen);
void addMeasureSwap(CLI::App& measure, Run& chosen);

/// Where images and texts lie; sets of images that differ in one attribute; what else moves scores.
void addMeasureGeometry(CLI::App& measure, Run& chosen);
void addMeasureCounterfactual(CLI::App& measure, Run& chosen);
void addMeasureControls(CLI::App& measure, Run& chosen);

} // namespace plumbline::cli
