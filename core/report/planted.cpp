// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/planted.h"

#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"
#include "core/data/probe_templates.h"

namespace plumbline::report {
namespace {

using Finding = PlantedView::Finding;

constexpr std::string_view kGroup = "{group}, ×{strength}";
constexpr std::string_view kNothing = "nothing";
constexpr std::string_view kFound = "found";
constexpr std::string_view kMissed = "not found";
constexpr std::string_view kPlumb = "hangs plumb, as planted";
constexpr std::string_view kLeans = "leans without planting (chance or residue)";
constexpr std::string_view kUnsure = "not enough evidence";
constexpr std::string_view kBoth =
    "Known truth: {found} of {planted} planted leans found; {plumb} of {others} prompts without one hang plumb.";
constexpr std::string_view kOnlyPlanted = "Known truth: {found} of {planted} planted leans found.";
constexpr std::string_view kFair = "Nothing was planted in this model: {plumb} of {others} prompts hang plumb.";
constexpr std::string_view kElsewhere =
    "Known truth: nothing was planted by this attribute; {plumb} of {others} prompts hang plumb.";

constexpr std::string_view kCross = " × ";

/// "gender × age" has the part "gender".
bool crosses(std::string_view crossing, std::string_view attribute) {
    while (true) {
        const std::size_t cross = crossing.find(kCross);
        if (crossing.substr(0, cross) == attribute)
            return true;
        if (cross == std::string_view::npos)
            return false;
        crossing.remove_prefix(cross + kCross.size());
    }
}

Finding judge(const std::optional<PlantedLean>& lean, const Measurement& measurement) {
    // By the audit's verdicts; of an older run, which has none, by the bands of the row.
    const bool judged = !measurement.groups.empty() && measurement.groups.front().verdict != Verdict::Unjudged;
    if (judged && measurement.maxSkew.value) {
        const auto any = [&](auto... verdicts) {
            return std::ranges::any_of(measurement.groups,
                                       [=](const GroupMeasure& group) { return ((group.verdict == verdicts) || ...); });
        };
        if (!lean) // what is not enough evidence is never a pass
            return any(Verdict::Towards, Verdict::Away) ? Finding::Leans
                   : any(Verdict::LostToCorrection, Verdict::UnsureOfTolerance) || !any(Verdict::NoLean)
                       ? Finding::Unsure
                       : Finding::Plumb;
        const auto favoured = std::ranges::find(measurement.groups, lean->favours, &GroupMeasure::name);
        if (favoured == measurement.groups.end())
            return Finding::Unknown;
        return favoured->verdict == Verdict::Towards ? Finding::Found : Finding::Missed;
    }
    const MetricValue& most = measurement.maxSkew;
    if (!most.value || !most.nullP95)
        return Finding::Unknown;
    const bool beyond = *most.value > *most.nullP95;
    if (!lean)
        return beyond ? Finding::Leans : Finding::Plumb;
    const auto group = std::ranges::find(measurement.groups, lean->favours, &GroupMeasure::name);
    if (group == measurement.groups.end() || !group->nullHigh)
        return Finding::Unknown;
    return beyond && group->skew && *group->skew > *group->nullHigh ? Finding::Found : Finding::Missed;
}

} // namespace

PlantedView plantedView(std::span<const PlantedLean> planted, std::string_view concept_,
                        const Measurement& measurement) {
    PlantedView view;
    for (const PlantedLean& lean : planted) {
        if (lean.concept_ != concept_)
            continue;
        if (!lean.isControl() && lean.attribute != measurement.attribute &&
            crosses(measurement.attribute, lean.attribute))
            return {};
        view.known = true;
        if (!lean.isControl() && lean.attribute == measurement.attribute)
            view.lean = lean;
    }
    if (view.known)
        view.finding = judge(view.lean, measurement);
    return view;
}

Phrase PlantedView::truth() const {
    if (!known)
        return {};
    if (!lean)
        return {kNothing, {}};
    const bool whole = lean->strength == std::round(lean->strength);
    return {kGroup, {{"group", lean->favours}, {"strength", formatFixed(lean->strength, whole ? 0 : 1)}}};
}

Phrase PlantedView::judgement() const {
    switch (finding) {
    case Finding::Found:
        return {kFound, {}};
    case Finding::Missed:
        return {kMissed, {}};
    case Finding::Plumb:
        return {kPlumb, {}};
    case Finding::Leans:
        return {kLeans, {}};
    case Finding::Unsure:
        return {kUnsure, {}};
    case Finding::Unknown:
        break;
    }
    return {};
}

std::string_view conceptOf(const ProbeSet& probe, std::size_t prompt) {
    return prompt < static_cast<std::size_t>(countPrompts(probe)) ? std::string_view(probe.concepts[prompt % probe.concepts.size()].text)
                            : std::string_view();
}

PlantedSummary plantedSummary(std::span<const PlantedLean> planted, std::span<const PlantedView> views) {
    PlantedSummary summary;
    summary.fair = std::ranges::all_of(planted, &PlantedLean::isControl);
    for (const PlantedView& view : views) {
        if (view.finding == Finding::Unknown)
            continue;
        ++(view.lean ? summary.planted : summary.others);
        summary.found += view.finding == Finding::Found;
        summary.plumb += view.finding == Finding::Plumb;
    }
    return summary;
}

Phrase PlantedSummary::sentence() const {
    if (empty())
        return {};
    const std::string_view pattern = fair ? kFair : !planted ? kElsewhere : others == 0 ? kOnlyPlanted : kBoth;
    return {pattern,
            {{"found", std::to_string(found)},
             {"planted", std::to_string(planted)},
             {"plumb", std::to_string(plumb)},
             {"others", std::to_string(others)}}};
}

const std::vector<std::string_view>& plantedPatterns() {
    static const std::vector<std::string_view> patterns = {kGroup,  kNothing, kFound,       kMissed, kPlumb,    kLeans,
                                                           kUnsure, kBoth,    kOnlyPlanted, kFair,   kElsewhere};
    return patterns;
}

} // namespace plumbline::report
