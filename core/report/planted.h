// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/measure.h"
#include "core/data/model_info.h"
#include "core/data/probe.h"
#include "core/report/plumb_chart.h"

namespace plumbline::report {

/// The known truth beside a measured lean: what a model was trained to associate on purpose (ModelCard::planted), and
/// whether a measurement found it.
struct PlantedView {
    bool known = false;              ///< it is known what was planted on this concept by this attribute
    std::optional<PlantedLean> lean; ///< absent: nothing was
    enum class Finding {
        Unknown, ///< not known, or the measurement has no null, or not the favoured group, to judge it by
        Found,   ///< the verdict is that the row leans towards the favoured group
        Missed,
        Plumb,  ///< nothing was planted, and no group leans
        Leans,  ///< nothing was planted, and one does
        Unsure, ///< nothing was planted, and there is not enough evidence to say that no group leans
    } finding = Finding::Unknown;

    Phrase truth() const;     ///< "woman, ×8"; "nothing"; empty while not known
    Phrase judgement() const; ///< "found", "hangs plumb, as planted"; empty for a verdict of Unknown
};

/// `concept_` is matched by its text. A control, and a concept planted by another attribute, have nothing planted by
/// this one; of a crossing with an attribute that something was planted by, nothing is known.
PlantedView plantedView(std::span<const PlantedLean> planted, std::string_view concept_,
                        const Measurement& measurement);

/// The concept that the prompt of that index asks for (prompts are template-major); empty beyond the last prompt.
/// That of a prompt written by hand is the prompt.
std::string_view conceptOf(const ProbeSet& probe, std::size_t prompt);

/// How the prompts of one attribute compare with what was planted; those of Finding::Unknown are left out.
struct PlantedSummary {
    int planted = 0, found = 0; ///< prompts with a planted lean by this attribute
    int others = 0, plumb = 0;  ///< prompts without
    bool fair = true;           ///< the model has nothing planted by any attribute

    bool empty() const { return planted + others == 0; }
    /// "Known truth: 11 of 12 planted leans found; 5 of 6 prompts without one hang plumb."
    Phrase sentence() const;
};
PlantedSummary plantedSummary(std::span<const PlantedLean> planted, std::span<const PlantedView> views);

/// All patterns of the phrases here (see the window's translations).
const std::vector<std::string_view>& plantedPatterns();

} // namespace plumbline::report
