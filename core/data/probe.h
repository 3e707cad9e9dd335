// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace plumbline {

struct Concept {
    std::string text;
    std::string group; ///< free grouping for display ("trait", "occupation"); may be empty
};

/// What is asked: every concept in every template. `{}` in a template stands for the concept.
struct ProbeSet {
    std::string name;
    std::string version;
    std::string source; ///< citation
    std::vector<std::string> templates;
    std::vector<Concept> concepts;
};

/// One prompt as it goes to the text tower.
struct Prompt {
    std::string text;
    int concept_ = -1;  ///< index into ProbeSet::concepts, -1 for a prompt written by hand
    int template_ = -1; ///< index into ProbeSet::templates
};

} // namespace plumbline
