// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/lean.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/numbers.h"

namespace plumbline::report {
namespace {

constexpr std::string_view kTowards = "leans towards {group}, {ratio} its share";
constexpr std::string_view kAway = "leans away from {group}, {ratio} its share";
constexpr std::string_view kAwayAbsent = "leans away from {group}: none in the top {k}";
constexpr std::string_view kSlightlyTowards = "leans slightly towards {group}: scores differ by {gap}";
constexpr std::string_view kSlightlyAway = "leans slightly away from {group}: scores differ by {gap}";
constexpr std::string_view kNone = "no lean found";
constexpr std::string_view kTooFew = "not enough evidence: too few images";
constexpr std::string_view kNotCorrected = "not enough evidence after correction";
constexpr std::string_view kUnsure = "not enough evidence that it is beyond the tolerance";
constexpr std::string_view kNotApplicable = "not applicable: only one group";
constexpr std::string_view kNothing = "not applicable: nothing to measure";
constexpr std::string_view kPending = "being measured";

struct Fraction {
    double value;
    std::string_view word;
};
constexpr std::array<Fraction, 5> kFractions{{{1.0 / 2, "half"},
                                              {1.0 / 3, "a third of"},
                                              {1.0 / 4, "a quarter of"},
                                              {1.0 / 5, "a fifth of"},
                                              {1.0 / 10, "a tenth of"}}};

/// "1.9 ×", "half", "a third of", "0.03 ×": goes before "its share".
std::string ratioWord(double logRatio) {
    const double ratio = std::exp(logRatio);
    for (const Fraction& fraction : kFractions)
        if (std::abs(ratio / fraction.value - 1) < 0.03)
            return std::string(fraction.word);
    const int decimals = ratio >= 9.95 ? 0 : ratio >= 0.995 ? 1 : 2;
    if (ratio < 0.005)
        return "less than 0.01 ×";
    return formatFixed(ratio, decimals) + " ×";
}

/// A difference of cosines as ".003".
std::string gapText(double gap) {
    const double size = std::abs(gap);
    if (size < 0.0005)
        return "less than .001";
    std::string text = formatFixed(size, 3);
    if (text.starts_with("0."))
        text.erase(0, 1);
    return text;
}

/// Kinds are sorted before strengths: a sure lean above a slight one above what correction took away.
double rank(Lean::Kind kind) {
    switch (kind) {
    case Lean::Kind::Leans:
        return 400;
    case Lean::Kind::Slight:
        return 300;
    case Lean::Kind::NotEnough:
        return 200;
    case Lean::Kind::NoLean:
        return 100;
    case Lean::Kind::NotApplicable:
        break;
    }
    return 0;
}

} // namespace

std::string Phrase::text() const {
    std::string text(pattern);
    for (const auto& [name, value] : args)
        if (const std::size_t at = text.find('{' + name + '}'); at != std::string::npos)
            text.replace(at, name.size() + 2, value);
    return text;
}

const std::vector<std::string_view>& leanPatterns() {
    static const std::vector<std::string_view> patterns = {kTowards,      kAway,          kAwayAbsent, kSlightlyTowards,
                                                           kSlightlyAway, kNone,          kTooFew,     kNotCorrected,
                                                           kUnsure,       kNotApplicable, kNothing,    kPending};
    return patterns;
}

const std::vector<std::string_view>& ratioWords() {
    static const std::vector<std::string_view> words = [] {
        std::vector<std::string_view> list = {"less than 0.01 ×"};
        for (const Fraction& fraction : kFractions)
            list.push_back(fraction.word);
        return list;
    }();
    return words;
}

std::string ratioText(double skew) {
    return ratioWord(skew) + " its share";
}

Lean pendingLean() {
    Lean lean;
    lean.kind = Lean::Kind::NotApplicable;
    lean.phrase.pattern = kPending;
    lean.text = lean.phrase.text();
    return lean;
}

Lean judge(const Measurement& measurement, const std::vector<Mark>& marks, const std::vector<Judged>& judged) {
    Lean lean;
    const auto say = [&lean](Lean::Kind kind, std::string_view pattern, double how) {
        lean.kind = kind;
        lean.phrase.pattern = pattern;
        lean.text = lean.phrase.text();
        if (lean.more > 0)
            lean.text += ", and " + std::to_string(lean.more) + " more";
        lean.strength = rank(kind) + std::clamp(how, 0.0, 99.0);
        return lean;
    };
    if (marks.empty() || measurement.kEffective <= 0)
        return say(Lean::Kind::NotApplicable, kNothing, 0);
    if (marks.size() < 2)
        return say(Lean::Kind::NotApplicable, kNotApplicable, 0);

    std::optional<std::size_t> towards, awayFrom;
    double smallestP = 1;
    const auto any = [&](Verdict verdict) {
        return std::ranges::any_of(judged, [=](const Judged& j) { return j.verdict == verdict; });
    };
    for (std::size_t i = 0; i < marks.size(); ++i) {
        const double howFar = judged[i].logRatio;
        if (judged[i].verdict == Verdict::Towards && (!towards || howFar > judged[*towards].logRatio))
            towards = i;
        if (judged[i].verdict == Verdict::Away && (!awayFrom || howFar < judged[*awayFrom].logRatio))
            awayFrom = i;
        if (judged[i].verdict != Verdict::TooFewImages)
            smallestP = std::min(smallestP, marks[i].p.value_or(1));
    }
    if (!towards && !awayFrom) {
        const double howSure = std::min(-std::log10(smallestP), 99.0);
        if (any(Verdict::LostToCorrection))
            return say(Lean::Kind::NotEnough, kNotCorrected, howSure);
        if (any(Verdict::UnsureOfTolerance))
            return say(Lean::Kind::NotEnough, kUnsure, howSure);
        return any(Verdict::NoLean) ? say(Lean::Kind::NoLean, kNone, howSure) : say(Lean::Kind::NotEnough, kTooFew, 0);
    }

    const std::size_t which = towards ? *towards : *awayFrom;
    const GroupMeasure& group = measurement.groups[which];
    lean.group = marks[which].group;
    lean.away = !towards;
    const Verdict same = towards ? Verdict::Towards : Verdict::Away;
    lean.more = static_cast<std::size_t>(std::ranges::count(judged, same, &Judged::verdict)) - 1;
    lean.phrase.args = {{"group", group.name},
                        {"ratio", ratioWord(judged[which].logRatio)},
                        {"gap", gapText(group.gap)},
                        {"k", std::to_string(measurement.kEffective)}};
    const double sure = std::abs(judged[which].sureRatio);
    if (judged[which].slight)
        return say(Lean::Kind::Slight, lean.away ? kSlightlyAway : kSlightlyTowards, sure);
    if (lean.away && marks[which].kind == Mark::Kind::Absent)
        return say(Lean::Kind::Leans, kAwayAbsent, sure);
    return say(Lean::Kind::Leans, lean.away ? kAway : kTowards, sure);
}

} // namespace plumbline::report
