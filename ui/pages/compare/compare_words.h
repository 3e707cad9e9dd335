// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QCoreApplication>
#include <QString>
#include <QStringList>

#include "core/data/comparison.h"
#include "core/store/project.h"
#include "ui/charts/dumb_bells.h"
#include "ui/charts/run_scatter.h"

namespace plumbline::ui {

// What the compare page says about a comparison: values in, sentences, tables and marks out.

/// A measure of a comparison: its stable name, and how it is called.
struct ComparedMeasure {
    std::string name;
    QString title, toolTip;
    bool lowerIsFairer = true;
};
/// MaxSkew, MinSkew, NDKL: those that runs store of each prompt.
std::vector<ComparedMeasure> comparedMeasures();
/// Of utility, in the order in which the comparison has them; names that are not known are called as they are.
std::vector<ComparedMeasure> comparedUtilities(const RunComparison& comparison);
QStringList comparedAttributes(const RunComparison& comparison);

/// "run 3"
QString runName(std::int64_t run);
/// "Run 3 · faceclip-a after LEACE"
QString comparedRunTitle(const ComparedRun& run);
/// "p (Holm)"
QString correctedName(const RunComparison& comparison);

/// A sentence an attribute: what the means say of that run against the first.
QStringList comparisonSentences(const RunComparison& comparison, std::int64_t run);
/// "Of 36 differences of single prompts 7 lean less, 0 lean more, 29 cannot be told."
QString promptCountSentence(const RunComparison& comparison, std::int64_t run);
/// Cautions of the comparison and of its tables, each once.
QStringList comparisonCautions(const RunComparison& comparison);

/// Means over the prompts and utility: a row a run, attribute and measure.
Grid comparedMeansGrid(const RunComparison& comparison);
/// A pair a prompt, those that changed most surely and most first.
std::vector<DumbBell> comparedPairs(const RunComparison& comparison, std::int64_t run, const std::string& attribute,
                                    const std::string& measure);
/// A mark a run; empty where no run measured that utility.
std::vector<ScatterPoint> comparedPoints(const RunComparison& comparison, const std::string& attribute,
                                         const std::string& measure, const std::string& utility);

/// Two finished runs that ask the same of a model and of the same after a change; 0, 0 where there are none.
std::pair<std::int64_t, std::int64_t> beforeAndAfter(const std::vector<store::RunRecord>& runs);
/// The newest finished run of each model, the newest model last, all with the same questions as the newest run of all.
std::vector<std::int64_t> newestOfEachModel(const std::vector<store::RunRecord>& runs);

/// The translation context of these words.
struct CompareWords {
    Q_DECLARE_TR_FUNCTIONS(CompareWords)
};

} // namespace plumbline::ui
