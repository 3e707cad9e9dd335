// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/probe.h"

namespace plumbline {

/// The place of an attribute in a template, with the words that stand in it by turns: "{gender: woman|man}", or without
/// its name "{woman|man}". A name is one word without digits. What is in braces without a bar is none.
struct AttributePlace {
    std::string name; ///< may be empty
    std::vector<std::string> words;
    std::size_t at = 0, length = 0; ///< bytes of the template, with the braces
};

/// The first such place; `from`: the byte to look from.
std::optional<AttributePlace> attributePlace(std::string_view template_, std::size_t from = 0);

/// A template with each word of its attribute in turn; itself if it has none.
std::vector<std::string> withoutAttribute(std::string_view template_);

/// The templates of a set, each as withoutAttribute() has it.
std::vector<std::string> plainTemplates(const ProbeSet& probe);

/// How many prompts a set asks.
std::int64_t countPrompts(const ProbeSet& probe);

} // namespace plumbline
