// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/probe_templates.h"

#include "core/base/numbers.h"

namespace plumbline {

namespace {

/// One word without digits: "gender", but not the first part of "at 9:30".
bool isName(std::string_view text) {
    text = trim(text);
    return !text.empty() && text.find_first_of(" \t0123456789") == std::string_view::npos;
}

} // namespace

std::optional<AttributePlace> attributePlace(std::string_view template_, std::size_t from) {
    for (std::size_t open = template_.find('{', from); open != std::string_view::npos;
         open = template_.find('{', open + 1)) {
        const std::size_t close = template_.find_first_of("{}", open + 1);
        if (close == std::string_view::npos || template_[close] == '{')
            continue;
        std::string_view inside = template_.substr(open + 1, close - open - 1);
        if (inside.find('|') == std::string_view::npos)
            continue;
        AttributePlace place;
        place.at = open;
        place.length = close + 1 - open;
        if (const std::size_t colon = inside.find(':'); colon < inside.find('|') && isName(inside.substr(0, colon))) {
            place.name = trim(inside.substr(0, colon));
            inside.remove_prefix(colon + 1);
        }
        for (std::size_t bar = inside.find('|'); bar != std::string_view::npos; bar = inside.find('|')) {
            place.words.emplace_back(trim(inside.substr(0, bar)));
            inside.remove_prefix(bar + 1);
        }
        place.words.emplace_back(trim(inside));
        return place;
    }
    return std::nullopt;
}

std::vector<std::string> withoutAttribute(std::string_view template_) {
    const auto place = attributePlace(template_);
    if (!place)
        return {std::string(template_)};
    std::vector<std::string> plain;
    for (const std::string& word : place->words)
        plain.emplace_back(template_).replace(place->at, place->length, word);
    return plain;
}

std::vector<std::string> plainTemplates(const ProbeSet& probe) {
    std::vector<std::string> plain;
    for (const std::string& each : probe.templates)
        for (std::string& one : withoutAttribute(each))
            plain.push_back(std::move(one));
    return plain;
}

std::int64_t countPrompts(const ProbeSet& probe) {
    std::size_t templates = probe.templates.empty() ? 1 : 0;
    for (const std::string& each : probe.templates) {
        const auto place = attributePlace(each);
        templates += place ? place->words.size() : 1;
    }
    return static_cast<std::int64_t>(probe.concepts.size() * templates);
}

} // namespace plumbline
