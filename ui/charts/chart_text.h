// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>

#include <QCoreApplication>
#include <QString>

#include "core/report/planted.h"
#include "core/report/plumb_chart.h"

namespace plumbline::ui {

// Words and numbers of the charts, in the user's language.

/// The translation context of all words that no class owns.
struct ChartWords {
    Q_DECLARE_TR_FUNCTIONS(PlumbChart)
};

/// A sentence of core/report, translated.
QString phraseText(const report::Phrase& phrase);
/// The verdict of a row, translated.
QString leanText(const report::Lean& lean);
/// "8", the factor of a planted lean.
QString strengthText(const PlantedLean& lean);
/// What was planted and whether it was found, as a sentence: also where nothing is known.
QString plantedText(const report::PlantedView& view);
/// The same judgement in a word, for a cell: "found", "plumb"; empty where there is none.
QString plantedWord(const report::PlantedView& view);
/// A tick of the plumb chart's axis, translated.
QString tickText(const report::Axis::Tick& tick);

/// A dash for what is undefined.
QString noValue();
/// "0.63", in the user's number format.
QString numberText(std::optional<double> value, int decimals = 2);
/// "+0.63", "−0.31" with a true minus sign.
QString signedText(std::optional<double> value, int decimals = 2);
/// "0.58 to 0.67"; an unbounded end is said so; empty if both ends are missing.
QString rangeText(std::optional<double> low, std::optional<double> high, bool withSign, int decimals = 2);
/// "0.58–0.67", for cells with little room; as rangeText() where a sign would be misread.
QString shortRangeText(std::optional<double> low, std::optional<double> high, int decimals = 2);
/// "52.3 %"; below 10 % one decimal, else as whole as it can be.
QString percentText(double share);
/// "0.03", "< .001".
QString pText(std::optional<double> p);
/// For spreadsheets and programs: full precision, a point, empty when undefined.
QString plainNumber(std::optional<double> value);

/// Everything that the marks of a row say, in words: one line a group.
QString marksText(const report::PlumbChart& chart, const report::Row& row, const Measurement& measurement,
                  Correction correction);

/// The p of a mark after the correction that its verdict rests on.
std::optional<double> correctedP(const report::Mark& mark, const GroupMeasure& group, Correction correction);

/// The verdict on one group.
QString verdictText(Verdict verdict, bool slight);
/// "< 0.61 × or > 1.48 ×": the shares, in multiples of the group's share of the pool, that would show as a lean.
QString detectableText(const GroupMeasure& group);

/// How a target is said: "pool shares", "equal shares", "given shares".
QString targetText(Target::Kind target);

} // namespace plumbline::ui
