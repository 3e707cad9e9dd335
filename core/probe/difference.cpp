// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/probe/difference.h"

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/probe/probe_set.h"

namespace plumbline::probe {

namespace {

using Texts = std::unordered_set<std::string_view>;

std::string_view textOf(const std::string& text) {
    return text;
}
std::string_view textOf(const auto& one) {
    return one.text;
}

Texts setOf(const auto& list) {
    Texts texts;
    for (const auto& one : list)
        texts.insert(textOf(one));
    return texts;
}

/// Sorts what only one of two lists has, and says whether what both have stands in another order.
template <class T>
bool compareLists(const std::vector<T>& first, const std::vector<T>& second, std::vector<T>& added,
                  std::vector<T>& removed) {
    const Texts inFirst = setOf(first), inSecond = setOf(second);
    std::vector<std::string_view> keptOfFirst, keptOfSecond;
    for (const T& one : first) {
        if (inSecond.contains(textOf(one)))
            keptOfFirst.push_back(textOf(one));
        else
            removed.push_back(one);
    }
    for (const T& one : second) {
        if (inFirst.contains(textOf(one)))
            keptOfSecond.push_back(textOf(one));
        else
            added.push_back(one);
    }
    return keptOfFirst != keptOfSecond;
}

/// The texts of the prompts that the other set does not have, each once.
std::vector<std::string> without(const std::vector<Prompt>& prompts, const Texts& other) {
    std::vector<std::string> texts;
    Texts seen;
    for (const Prompt& prompt : prompts)
        if (!other.contains(prompt.text) && seen.insert(prompt.text).second)
            texts.push_back(prompt.text);
    return texts;
}

} // namespace

bool Difference::isEmpty() const {
    return asksTheSame() && fields.empty() && groups.empty() && templatesAdded.empty() && templatesRemoved.empty() &&
           conceptsAdded.empty() && conceptsRemoved.empty() && !templatesReordered && !conceptsReordered;
}

Difference difference(const ProbeSet& first, const ProbeSet& second) {
    Difference difference;
    const auto field = [&difference](const char* name, const std::string& was, const std::string& is) {
        if (was != is)
            difference.fields.push_back({name, was, is});
    };
    field("name", first.name, second.name);
    field("version", first.version, second.version);
    field("source", first.source, second.source);

    difference.templatesReordered =
        compareLists(first.templates, second.templates, difference.templatesAdded, difference.templatesRemoved);
    difference.conceptsReordered =
        compareLists(first.concepts, second.concepts, difference.conceptsAdded, difference.conceptsRemoved);
    std::unordered_map<std::string_view, const Concept*> before;
    for (const Concept& concept_ : first.concepts)
        before.emplace(concept_.text, &concept_);
    for (const Concept& concept_ : second.concepts)
        if (const auto was = before.find(concept_.text); was != before.end() && was->second->group != concept_.group)
            difference.groups.push_back({concept_.text, was->second->group, concept_.group});

    const std::vector<Prompt> asked = expand(first), asks = expand(second);
    const Texts inFirst = setOf(asked), inSecond = setOf(asks);
    difference.promptsAdded = without(asks, inFirst);
    difference.promptsRemoved = without(asked, inSecond);
    difference.promptsInBoth = inFirst.size() - difference.promptsRemoved.size();
    return difference;
}

} // namespace plumbline::probe
