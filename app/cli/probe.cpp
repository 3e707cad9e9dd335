// SPDX-License-Identifier: GPL-3.0-or-later
// plumb probe: what a probe set asks, and what another asks that it does not.
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/data/json.h"
#include "core/data/probe_templates.h"
#include "core/metric/sentences.h"
#include "core/probe/difference.h"
#include "core/probe/probe_set.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string probe, diff, json;
    bool expand = false;
};

std::string titleOf(const ProbeSet& probe) {
    return probe.version.empty() ? probe.name : probe.name + ", version " + probe.version;
}

std::string inQuotes(const std::string& text) {
    return "“" + text + "”";
}

std::string summary(const ProbeSet& probe) {
    std::string text = titleOf(probe) + "\n";
    if (!probe.source.empty())
        text += "source: " + probe.source + "\n";
    const auto templates = static_cast<std::int64_t>(probe.templates.size()),
               concepts = static_cast<std::int64_t>(probe.concepts.size());
    text += metric::counted(templates, "template") + ", " + metric::counted(concepts, "concept") + ", " +
            metric::counted(countPrompts(probe), "prompt") + "\n";
    return text + "SHA-256 of what is asked: " + probe::contentSha256(probe) + "\n";
}

std::string promptLines(const ProbeSet& probe) {
    std::string text;
    for (const Prompt& prompt : probe::expand(probe))
        text += prompt.text + "\n";
    return text;
}

nlohmann::json promptsJson(const ProbeSet& probe) {
    nlohmann::json prompts = nlohmann::json::array();
    const std::vector<std::string> templates = plainTemplates(probe);
    std::vector<std::pair<std::string, std::string>> attributes; // of each plain template, with its word
    for (const std::string& text : probe.templates) {
        const auto place = attributePlace(text);
        for (const std::string& word : place ? place->words : std::vector<std::string>{""})
            attributes.emplace_back(place ? place->name : "", word);
    }
    for (const Prompt& prompt : probe::expand(probe)) {
        const auto& asked = probe.concepts[static_cast<std::size_t>(prompt.concept_)];
        nlohmann::json one = {{"text", prompt.text}, {"concept", asked.text}, {"group", asked.group}};
        one["template"] = prompt.template_ < 0
                              ? nlohmann::json()
                              : nlohmann::json(templates[static_cast<std::size_t>(prompt.template_)]);
        if (prompt.template_ >= 0 && !attributes[static_cast<std::size_t>(prompt.template_)].second.empty())
            std::tie(one["attribute"], one["attribute_word"]) = attributes[static_cast<std::size_t>(prompt.template_)];
        prompts.push_back(std::move(one));
    }
    return {{"name", probe.name}, {"sha256", probe::contentSha256(probe)}, {"prompts", std::move(prompts)}};
}

/// Lines with - for what only the first set has, + for what only the second has, ~ for what both have otherwise.
std::string differenceText(const ProbeSet& first, const ProbeSet& second, const probe::Difference& difference) {
    std::string text = "- " + titleOf(first) + "\n+ " + titleOf(second) + "\n";
    const auto list = [&text](const char* sign, const auto& entries) {
        for (const auto& entry : entries) {
            if constexpr (requires { entry.group; })
                text += sign + entry.text + (entry.group.empty() ? "" : " (" + entry.group + ")") + "\n";
            else
                text += sign + entry + "\n";
        }
    };
    const auto head = [&text](const char* title, bool any) {
        if (any)
            text += std::string("\n") + title + "\n";
    };
    for (const auto& change : difference.fields)
        if (change.of == "source")
            text += "~ source: " + inQuotes(change.was) + " → " + inQuotes(change.is) + "\n";
    head("Templates",
         !difference.templatesAdded.empty() || !difference.templatesRemoved.empty() || difference.templatesReordered);
    list("- ", difference.templatesRemoved);
    list("+ ", difference.templatesAdded);
    if (difference.templatesReordered)
        text += "~ those in both stand in another order\n";
    head("Concepts", !difference.conceptsAdded.empty() || !difference.conceptsRemoved.empty() ||
                         !difference.groups.empty() || difference.conceptsReordered);
    list("- ", difference.conceptsRemoved);
    list("+ ", difference.conceptsAdded);
    for (const auto& change : difference.groups)
        text += "~ " + change.of + ": group " + inQuotes(change.was) + " → " + inQuotes(change.is) + "\n";
    if (difference.conceptsReordered)
        text += "~ those in both stand in another order\n";
    text += "\nPrompts: " + std::to_string(difference.promptsInBoth) + " in both, " +
            std::to_string(difference.promptsRemoved.size()) + " only in the first, " +
            std::to_string(difference.promptsAdded.size()) + " only in the second\n";
    return text;
}

nlohmann::json differenceJson(const ProbeSet& first, const ProbeSet& second, const probe::Difference& difference) {
    const auto concepts = [](const std::vector<Concept>& list) {
        nlohmann::json json = nlohmann::json::array();
        for (const Concept& concept_ : list)
            json.push_back({{"text", concept_.text}, {"group", concept_.group}});
        return json;
    };
    const auto changes = [](const char* key, const std::vector<probe::Difference::Change>& list) {
        nlohmann::json json = nlohmann::json::array();
        for (const auto& change : list)
            json.push_back({{key, change.of}, {"was", change.was}, {"is", change.is}});
        return json;
    };
    return {{"first", {{"name", first.name}, {"version", first.version}, {"sha256", probe::contentSha256(first)}}},
            {"second", {{"name", second.name}, {"version", second.version}, {"sha256", probe::contentSha256(second)}}},
            {"asks_the_same", difference.asksTheSame()},
            {"fields", changes("field", difference.fields)},
            {"templates",
             {{"added", difference.templatesAdded},
              {"removed", difference.templatesRemoved},
              {"reordered", difference.templatesReordered}}},
            {"concepts",
             {{"added", concepts(difference.conceptsAdded)},
              {"removed", concepts(difference.conceptsRemoved)},
              {"groups", changes("concept", difference.groups)},
              {"reordered", difference.conceptsReordered}}},
            {"prompts",
             {{"added", difference.promptsAdded},
              {"removed", difference.promptsRemoved},
              {"in_both", difference.promptsInBoth}}}};
}

int run(const Arguments& arguments) {
    const Result<ProbeSet> probe = probe::namedProbeSet(arguments.probe);
    if (!probe)
        return report(probe.error());
    std::string text;
    nlohmann::json json;
    if (!arguments.diff.empty()) {
        const Result<ProbeSet> other = probe::namedProbeSet(arguments.diff);
        if (!other)
            return report(other.error());
        const probe::Difference difference = probe::difference(*probe, *other);
        text = difference.isEmpty() ? "No difference.\n" : differenceText(*probe, *other, difference);
        json = differenceJson(*probe, *other, difference);
    } else {
        text = arguments.expand ? promptLines(*probe) : summary(*probe);
        json = arguments.expand ? promptsJson(*probe) : toJson(*probe);
    }
    const Result<void> written = arguments.json.empty() ? writeOut("-", text) : writeJson(arguments.json, json);
    return written ? kDone : report(written.error());
}

} // namespace

void addProbe(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("probe", "Shows what a probe set asks, and how two sets differ");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("probe", arguments->probe, "A probe file, or the name of a built-in set")->required();
    auto* expand = command->add_flag("--expand", arguments->expand, "Every prompt, one a line");
    command
        ->add_option("--diff", arguments->diff,
                     "Another file or built-in set: what only it asks (+), what only the first asks (-)")
        ->excludes(expand);
    command->add_option(
        "--json", arguments->json,
        "Output file, - for standard output; without --expand and --diff the set itself, as a probe file");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
