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

/// What is asked: every concept in every template. `{}` in a template stands for the concept; "{gender: woman|man}" for
/// each of an attribute's words in turn (core/data/probe_templates.h), so that prompts differ in that word only.
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
    int template_ = -1; ///< index into plainTemplates(), ProbeSet::templates where none has an attribute's words
};

} // namespace plumbline
