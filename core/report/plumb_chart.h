// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/data/measure.h"
#include "core/report/group_style.h"

namespace plumbline::report {

/// The geometry of the plumb chart, computed once and drawn by the window and by the report alike: one row a prompt,
/// a vertical line at zero skew, the row's null band, and one mark a group at its skew with its interval.
/// x is in 0..1 from the left to the right edge of the chart column.

struct Axis {
    double low = -1, high = 1; ///< skew at the edges
    struct Tick {
        double skew = 0, x = 0;
        std::string label; ///< "half its share", "plumb", "twice"
    };
    std::vector<Tick> ticks;     ///< from left to right; one of them is plumb (skew 0)
    double x(double skew) const; ///< clamped to 0..1
};

struct Mark {
    std::size_t group = 0; ///< index into the styles
    double x = 0;
    std::optional<double> skew;        ///< as measured, for the marks at an edge; none for an absent group
    std::optional<double> lowX, highX; ///< interval
    enum class Kind { Inside, Outside, BeyondLeft, BeyondRight, Absent } kind = Kind::Inside; ///< of the null band
    bool leans = false; ///< by its verdict: drawn filled
    Verdict verdict = Verdict::Unjudged;
    std::optional<double> p; ///< exact, two-sided; absent where it cannot be computed
    std::optional<double>
        adjustedP;     ///< after Holm over the audit's tests; absent where the group is too small to judge
    double offset = 0; ///< marks that would overlap are moved apart vertically, in lanes from the row's middle
};

/// A sentence in plain English as a pattern with `{name}` for an argument: the window translates the pattern first.
struct Phrase {
    std::string_view pattern;
    std::vector<std::pair<std::string, std::string>> args;
    std::string text() const;
};
/// All patterns of Lean::phrase, and all words that its argument "ratio" can be (see the window's translations).
const std::vector<std::string_view>& leanPatterns();
const std::vector<std::string_view>& ratioWords();

/// How a row leans, in words and for sorting.
struct Lean {
    enum class Kind { NotApplicable, NoLean, Slight, Leans, NotEnough } kind = Kind::NoLean;
    std::size_t group = 0; ///< the group that it leans towards (of the largest skew among those that lean)
    bool away = false;     ///< no group is above its band: the row leans away from `group`
    std::size_t more = 0;  ///< further groups that lean the same way
    double strength = 0;   ///< sort key: first what kind, then how far and how surely
    std::string text;      ///< "leans towards Male, 1.9 × its share", and how many more lean so
    Phrase phrase;         ///< the same without the others, for translation
};

struct Row {
    std::size_t measurement = 0;      ///< index into the measurements given
    double bandLow = 0, bandHigh = 0; ///< x of the null band: the widest of the groups'
    double coreLow = 0, coreHigh = 0; ///< x of what lies within the band of every group
    bool hasBand = false;             ///< a run without null draws has none
    std::vector<Mark> marks;
    int lanes = 1; ///< the most lanes that marks of this row are spread over
    Lean lean;
};

struct PlumbChart {
    Axis axis;
    std::vector<GroupStyle> styles;
    std::vector<Row> rows; ///< in the order of the measurements
    std::size_t tests = 0; ///< in the family that the verdicts were corrected over: those of the whole audit
};

/// All measurements must be of one attribute.
PlumbChart layOut(const std::vector<const Measurement*>& measurements, const std::vector<std::string>& allGroups);

/// "1.9 × its share", "a third of its share"; from a skew.
std::string ratioText(double skew);

} // namespace plumbline::report
