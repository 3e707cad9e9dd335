#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes html_entities.h from the HTML5 entity table that Python's html.unescape uses (html.entities.html5).

    python3 core/text/generate_html_entities.py > core/text/html_entities.h
"""
from html.entities import html5

print("""// SPDX-License-Identifier: GPL-3.0-or-later
// Written by generate_html_entities.py from the named character references of the HTML standard. Do not edit.
#pragma once

#include <string_view>

namespace plumbline::text {

struct HtmlEntity {
    std::string_view name; ///< without '&'; with ';' where the standard has it
    char32_t first, second; ///< second 0: the entity is one character
};

/// In byte order of the name.
// clang-format off
inline constexpr HtmlEntity kHtmlEntities[] = {""")
line = "   "
for name in sorted(html5, key=str.encode):
    points = [ord(c) for c in html5[name]] + [0]
    item = ' {"%s", 0x%X, 0x%X},' % (name, points[0], points[1])
    if len(line) + len(item) > 120:
        print(line)
        line = "   "
    line += item
print(line)
print("""};
// clang-format on

} // namespace plumbline::text""")
