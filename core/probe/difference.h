// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "core/data/probe.h"

namespace plumbline::probe {

/// What one probe set asks that another does not. What was added stands in the order of the second set, what was
/// removed in the order of the first.
struct Difference {
    /// A field of the set (name, version, source), or the group of a concept that both sets have.
    struct Change {
        std::string of, was, is;
    };
    std::vector<Change> fields, groups;
    std::vector<std::string> templatesAdded, templatesRemoved;
    std::vector<Concept> conceptsAdded, conceptsRemoved;
    /// What both have stands in another order: every prompt is the same, the set's hash is not.
    bool templatesReordered = false, conceptsReordered = false;
    std::vector<std::string> promptsAdded, promptsRemoved; ///< as the models would read them, each text once
    std::size_t promptsInBoth = 0;

    /// Both ask the same prompts, whatever they are called and in whatever order.
    bool asksTheSame() const { return promptsAdded.empty() && promptsRemoved.empty(); }
    /// Nothing differs at all.
    bool isEmpty() const;
};

Difference difference(const ProbeSet& first, const ProbeSet& second);

} // namespace plumbline::probe
