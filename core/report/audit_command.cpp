// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/audit_command.h"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/attribute_text.h"
#include "core/data/json.h"

namespace plumbline::report {

namespace {

constexpr const char* kProbeFile = "probe.json";
constexpr const char* kTargetFile = "target.csv";

std::string quoted(const std::string& argument) {
    const bool plain = !argument.empty() && std::ranges::all_of(argument, [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("-_./=,:%+").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (plain)
        return argument;
    std::string text = "'";
    for (const char c : argument)
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

std::string csvField(const std::string& text) {
    std::string field = "\"";
    for (const char c : text)
        field += c == '"' ? std::string("\"\"") : std::string(1, c);
    return field + "\"";
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
        all += (all.empty() ? "" : ",") + text;
    return all;
}

/// "age: young = 0-2 + 3-9", the short form of a merged attribute.
std::string mergeText(const AttributePart& part) {
    const std::string text = formatAttribute({part}); // age [young = 0-2 + 3-9]
    const std::size_t open = text.find(" [");
    std::string merges = text.substr(open + 2);
    merges.pop_back();
    return text.substr(0, open) + ": " + merges;
}

void addAttributes(AuditCommand& command, const std::vector<std::string>& texts) {
    std::vector<std::string> single;
    std::vector<std::vector<std::string>> crossed;
    std::vector<AttributePart> named; // each attribute as it was first named
    for (const std::string& text : texts) {
        const auto parts = parseAttribute(text);
        if (!parts)
            continue;
        std::vector<std::string> names;
        for (const AttributePart& part : *parts) {
            names.push_back(part.name);
            const auto same = std::ranges::find(named, part.name, &AttributePart::name);
            if (same == named.end())
                named.push_back(part);
            else if (!(*same == part))
                command.notes.push_back("The run merged the groups of " + part.name +
                                        " in different ways; one call can name one of them, that of “" + text +
                                        "” is missing.");
        }
        if (names.size() == 1)
            single.push_back(names.front());
        else
            crossed.push_back(names);
        for (const std::string& name : names)
            if (name.find(',') != std::string::npos)
                command.notes.push_back("The name of the attribute “" + name +
                                        "” has a comma, which the command line takes as the end of a name.");
    }
    if (!single.empty())
        command.arguments.insert(command.arguments.end(), {"--attribute", joined(single)});
    for (const std::vector<std::string>& names : crossed)
        command.arguments.insert(command.arguments.end(), {"--cross", joined(names)});
    for (const AttributePart& part : named)
        if (!part.merges.empty())
            command.arguments.insert(command.arguments.end(), {"--merge", mergeText(part)});
}

void addProbe(AuditCommand& command, const ProbeSet& probe, bool builtIn) {
    const bool byHand = probe.templates.empty() &&
                        std::ranges::all_of(probe.concepts, [](const Concept& one) { return one.group.empty(); });
    if (builtIn) {
        command.arguments.insert(command.arguments.end(), {"--probe", probe.name});
    } else if (byHand) {
        for (const Concept& one : probe.concepts)
            command.arguments.insert(command.arguments.end(), {"--prompt", one.text});
    } else {
        command.arguments.insert(command.arguments.end(), {"--probe", kProbeFile});
        command.files.emplace_back(kProbeFile, toJson(probe).dump(1) + "\n");
    }
}

void addTarget(AuditCommand& command, const Target& target) {
    const auto shares = [](const std::string& concept_, const auto& of, bool named) {
        std::string lines;
        for (const auto& [group, share] : of)
            lines += (named ? csvField(concept_) + "," : "") + csvField(group) + "," + formatDouble(share) + "\n";
        return lines;
    };
    switch (target.kind) {
    case Target::Kind::Pool:
        return;
    case Target::Kind::Uniform:
        command.arguments.insert(command.arguments.end(), {"--target", "uniform"});
        return;
    case Target::Kind::Conditional:
        command.arguments.insert(command.arguments.end(), {"--target", "conditional"});
        return;
    case Target::Kind::Custom:
        break;
    }
    const bool named = !target.byConcept.empty();
    std::string table = named ? "concept,group,share\n" : "group,share\n";
    for (const ConceptShares& one : target.byConcept)
        table += shares(one.concept_, one.shares, true);
    table += shares("*", target.shares, named);
    command.arguments.insert(command.arguments.end(), {"--target", kTargetFile});
    command.files.emplace_back(kTargetFile, std::move(table));
}

void addMeasure(AuditCommand& command, const MeasureOptions& asked) {
    const MeasureOptions standard;
    const auto add = [&](const char* name, const std::string& value) {
        command.arguments.insert(command.arguments.end(), {name, value});
    };
    add("-k", formatK(asked.k));
    add("--definition", std::string(definitionName(asked.definition)));
    addTarget(command, asked.target);
    add("--seed", std::to_string(asked.seed));
    if (asked.correction == Correction::FalseDiscovery)
        add("--correction", "bh");
    if (asked.level != standard.level)
        add("--level", formatDouble(asked.level));
    if (asked.tolerance != standard.tolerance)
        add("--tolerance", formatDouble(asked.tolerance));
    if (asked.slightGap != standard.slightGap)
        add("--slight-gap", formatDouble(asked.slightGap));
    if (asked.minGroup != standard.minGroup)
        add("--min-group", std::to_string(asked.minGroup));
    if (!asked.biasGroups.empty())
        add("--bias-groups", joined(asked.biasGroups));
    if (asked.nullDraws != standard.nullDraws || asked.bootstrapDraws != standard.bootstrapDraws)
        command.notes.push_back("The run took " + std::to_string(asked.nullDraws) + " random rankings and " +
                                std::to_string(asked.bootstrapDraws) + " resamples; the command line takes " +
                                std::to_string(standard.nullDraws) + " and " + std::to_string(standard.bootstrapDraws) +
                                ".");
}

void addOthers(AuditCommand& command, const OtherMeasures& others) {
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty())
            command.arguments.insert(command.arguments.end(), {name, value});
    };
    std::vector<std::string> families;
    for (const Family family : others.families)
        families.emplace_back(familyName(family));
    add("--also", families.empty() ? "none" : joined(families));
    add("--sets", others.sets);
    add("--dimensions", joined(others.dimensions));
    add("--classes", others.classes);
    add("--captions", decodePath(others.captions).native());
    add("--caption-split", others.captionSplit);
}

void addDebias(AuditCommand& command, const AppliedDebias& debias) {
    if (debias.model)
        command.arguments.insert(command.arguments.end(), {"--after-model", decodePath(*debias.model).native()});
    else if (!debias.path.empty() && debias.strength == 1)
        command.arguments.insert(command.arguments.end(), {"--debias", decodePath(debias.path).native()});
    else
        command.notes.push_back(
            "The transform “" + debias.name +
            "” lies in the project: export it from the Mitigate page and name its folder with --debias.");
}

} // namespace

std::string AuditCommand::line() const {
    std::string text;
    for (const std::string& argument : arguments) {
        const bool option = argument.starts_with("-") && argument.size() > 1 && std::isalpha(argument.back()) != 0;
        text += (text.empty() ? "" : option ? " \\\n  " : " ") + quoted(argument);
    }
    return text;
}

AuditCommand auditCommand(const AuditConfig& config, const ImageSet* images, bool builtInProbe,
                          const std::vector<AppliedDebias>& after) {
    AuditCommand command;
    const auto add = [&](const char* name, const std::string& value) {
        command.arguments.insert(command.arguments.end(), {name, value});
    };
    command.arguments = {"plumb", "audit"};
    add("--model", config.modelPath.empty() ? "MODEL" : decodePath(config.modelPath).native());
    if (!config.vocabPath.empty())
        add("--vocab", decodePath(config.vocabPath).native());
    add("--images", images ? images->root.native() : "IMAGES");
    if (images == nullptr)
        add("--labels", "LABELS");
    if (images != nullptr && !images->labelsFile.empty()) {
        add("--labels", decodePath(images->labelsFile).native());
        for (std::string rest = images->report.filter; !rest.empty();) {
            const std::size_t equals = rest.find(" = "), end = rest.find(", ", equals);
            if (equals == std::string::npos)
                break;
            add("--where", rest.substr(0, equals) + "=" + rest.substr(equals + 3, end - equals - 3));
            rest = end == std::string::npos ? "" : rest.substr(end + 2);
        }
    }
    if (images != nullptr && !images->preset.empty())
        add("--preset", images->preset);
    if (images != nullptr)
        for (const AttributePart& merged : readAs(images->report))
            add("--read-as", formatMerge(merged));
    addAttributes(command, config.attributes);
    addProbe(command, config.probe, builtInProbe);
    if (!config.relevance.empty())
        add("--relevance", config.relevance);
    addMeasure(command, config.measure);
    addOthers(command, config.others);
    if (config.precision != "fp32")
        add("--precision", config.precision);
    if (config.debias)
        addDebias(command, *config.debias);
    for (const AppliedDebias& debias : after)
        addDebias(command, debias);
    return command;
}

} // namespace plumbline::report
