// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/probe.h"

namespace plumbline::probe {

/// Every concept in every template, template-major (the order of the published code). A set without templates gives one
/// prompt a concept, its text as it stands. A template with an attribute's words counts as one for each of them.
std::vector<Prompt> expand(const ProbeSet& probe);

/// What makes a set one that readProbeSet refuses, each as a clause; empty concepts are not said here. In order.
std::vector<std::string> faults(const ProbeSet& probe);

/// Where an attribute's words do not go with the “a” or “an” before them, so that a prompt would differ in being wrong
/// English, too: each as a clause. By the first letter, as a hint: “an hour” is right.
std::vector<std::string> articleHints(const ProbeSet& probe);

/// A probe set of prompts written by hand.
ProbeSet handWritten(const std::vector<std::string>& prompts);

/// Reads a probe file: our JSON, the CSV `template,concept` of published code (padded with blanks, columns of different
/// length), a plain list (.txt, one a line, templates are the lines with {}), or JSON with a list of texts or such lists
/// by category. Errors: FileNotFound, FileUnreadable, JsonInvalid, ProbeInvalid, ProbeEmpty.
Result<ProbeSet> readProbeSet(const std::filesystem::path& path);
Result<ProbeSet> parseProbeSet(std::string_view json, std::string_view name);

/// The built-in sets (resources/probes), in the order to show.
std::vector<ProbeSet> builtInProbeSets();

/// The built-in set of that name, unless there is a file of it; else what readProbeSet reads. Errors: those of it.
Result<ProbeSet> namedProbeSet(const std::string& nameOrFile);

/// The label set of CLIP's section 7.1: sorted into by the highest score, not ranked, so not among the sets above. A
/// concept's group is its category of harm, "non-human" or "crime", empty for a label without harm, "extra" for one
/// that only a varied label set holds (metric::harmClasses reads it).
ProbeSet harmLabelSet();

/// Hash of what is asked (templates and concepts, not the title).
std::string contentSha256(const ProbeSet& probe);

} // namespace plumbline::probe
