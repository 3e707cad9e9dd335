// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <QCoreApplication>
#include <QStringList>

#include "core/data/debias.h"
#include "core/report/group_style.h"
#include "ui/charts/grid.h"
#include "ui/widgets/fact_sheet.h"

namespace plumbline::ui {

// What the Mitigate page says about a study.

struct StudyWords {
    Q_DECLARE_TR_FUNCTIONS(Mitigate)
};

/// One of the numbers that methods are compared by.
struct StudyMeasure {
    std::string attribute, measure; ///< as MeasureRow has them: "gender", "max_skew"
    QString title, explanation;
    bool lowerIsBetter = false;
    int decimals = 2;

    /// As DebiasNumber has it: tasks belong to no attribute there.
    std::optional<double> at(std::span<const DebiasNumber> points) const;
};
/// Those that the study has, in the order in which they are read.
std::vector<StudyMeasure> studyMeasures(const DebiasStudy& study);

/// The names of the candidates, no two the same: "LEACE", "LEACE (apply = both)".
QStringList candidateNames(const DebiasStudy& study);
/// The first for the untouched model, then one a candidate.
std::vector<report::GroupStyle> studyStyles(const DebiasStudy& study);

/// "Fitted on 3,500 images, chosen on 1,500, audited on 5,000; …"
QString studyRows(const DebiasStudy& study);

/// What is recommended and what it changes, in a sentence or two.
QString studySentence(const DebiasStudy& study);
/// What the numbers say against relying on a candidate: over-correction, another attribute that got worse. -1: of the
/// study as a whole.
QStringList studyCaveats(const DebiasStudy& study, int candidate);

/// A row a method, the untouched model first: its numbers on the audit rows, each with its interval and what it
/// changed.
Grid studyGrid(const DebiasStudy& study);
/// Every number of a candidate before and after, with its paired difference: of the audit rows, then of other sets.
Grid differencesGrid(const DebiasStudy& study, std::size_t candidate);
/// The numbers of a candidate at a strength, beside those untouched and those at the strength that was chosen.
Grid strengthGrid(const DebiasStudy& study, std::size_t candidate, std::size_t point);
/// Index of the curve's point that was chosen; -1: none.
int chosenPoint(const DebiasCandidate& candidate);

std::vector<FactSheet::Group> candidateFacts(const DebiasStudy& study, std::size_t candidate);

} // namespace plumbline::ui
