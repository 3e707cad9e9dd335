// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/data/association.h"
#include "core/data/labels.h"

namespace plumbline::probe {

/// Reads association tests from JSON: {"name", "version", "source", "templates"?, "tests": [{"name", "about"?, "x",
/// "y", "a", "b"}]}, each set {"label", "words"?: […], "images"?: {"attribute", "groups": […]}}. Errors: FileNotFound,
/// FileUnreadable, JsonInvalid, ProbeInvalid, ProbeEmpty.
Result<std::vector<AssociationTest>> readAssociationTests(const std::filesystem::path& path);
Result<std::vector<AssociationTest>> parseAssociationTests(std::string_view json, std::string_view name);

/// The built-in tests (resources/associations), in the order to show.
std::vector<AssociationTest> builtInAssociationTests();

/// Every word of a set in every template of its test, template-major; the words as they stand without templates. With
/// several templates a word is known by the mean of its unit embeddings.
std::vector<std::string> textsOf(const AssociationTest& test, const AssociationWords& set);

/// The rows of the images that stand for a set: those whose group has one of the set's names, in any case of letters.
/// None where the attribute is another one.
std::vector<std::uint32_t> imagesOf(const AssociationWords& set, const Attribute& attribute);

} // namespace plumbline::probe
