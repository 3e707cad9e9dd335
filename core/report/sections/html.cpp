// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/sections/html.h"

#include <algorithm>
#include <memory>

#include "core/base/numbers.h"
#include "embedded/report_templates.h"

namespace plumbline::report {

namespace {

constexpr std::size_t kWorthFolding = 4; ///< fewer rows more are no reason for a click

/// Bytes of the UTF-8 character that begins here; 0: none does.
std::size_t characterAt(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(at);
    const std::size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    unsigned code = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (byte(at + i) & 0x3F);
    }
    constexpr unsigned kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool control = (code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7F && code < 0xA0);
    const bool none = (code >= 0xD800 && code < 0xE000) || (code & 0xFFFE) == 0xFFFE || code > 0x10FFFF ||
                      (code >= 0xFDD0 && code < 0xFDF0);
    return length == 0 || code < kLeast[length] || control || none ? 0 : length;
}

Html element(const char* name, const Html& content, const char* kind = nullptr) {
    return {std::string("<") + name + (kind ? std::string(" class=\"") + kind + "\"" : "") + ">" + content.text + "</" +
            name + ">"};
}

} // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = characterAt(text, i);
        out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(i, length);
        i += std::max<std::size_t>(length, 1);
    }
    return out;
}

Html escaped(std::string_view text) {
    Html out;
    for (const char c : printable(text))
        if (c == '&')
            out.text += "&amp;";
        else if (c == '<')
            out.text += "&lt;";
        else if (c == '>')
            out.text += "&gt;";
        else if (c == '"')
            out.text += "&quot;";
        else if (c == '\'')
            out.text += "&#39;";
        else
            out.text += c;
    return out;
}

Html heading(int level, const std::string& id, const std::string& title) {
    const std::string name = "h" + std::to_string(std::clamp(level, 2, 6));
    return {"<" + name + (id.empty() ? "" : " id=\"" + escaped(id).text + "\"") + ">" + escaped(title).text + "</" +
            name + ">\n"};
}

Html paragraph(const Html& content) {
    return element("p", content) + Html{"\n"};
}

Html paragraph(std::string_view text) {
    return paragraph(escaped(text));
}

Html quiet(std::string_view text) {
    return text.empty() ? Html() : element("p", escaped(text), "quiet lines") + Html{"\n"};
}

Html link(const std::string& id, std::string_view text) {
    return {"<a href=\"#" + escaped(id).text + "\">" + escaped(text).text + "</a>"};
}

Html list(const std::vector<Html>& items) {
    Html all;
    for (const Html& item : items)
        all += element("li", item) + Html{"\n"};
    return items.empty() ? all : element("ul", Html{"\n"} + all) + Html{"\n"};
}

Html list(const std::vector<std::string>& items) {
    std::vector<Html> all;
    for (const std::string& item : items)
        all.push_back(escaped(item));
    return list(all);
}

Html facts(const std::vector<std::pair<std::string, std::string>>& pairs) {
    Html all;
    for (const auto& [name, value] : pairs)
        if (!value.empty())
            all += Html{"<tr><th class=\"t\" scope=\"row\">"} + escaped(name) + Html{"</th><td class=\"t\">"} +
                   escaped(value) + Html{"</td></tr>\n"};
    return all.text.empty() ? all : Html{"<table class=\"facts\"><tbody>\n"} + all + Html{"</tbody></table>\n"};
}

Html folded(const std::string& summary, const Html& content) {
    return {"<details><summary>" + escaped(summary).text + "</summary>" + content.text + "</details>\n"};
}

Html preformatted(std::string_view text) {
    return element("pre", element("code", escaped(text))) + Html{"\n"};
}

void Table::add(const std::vector<std::string>& cells, bool sure) {
    Html row{sure ? "<tr class=\"sure\">" : "<tr>"};
    for (std::size_t i = 0; i < m_columns.size(); ++i) {
        const Column& column = m_columns[i];
        row += element("td", escaped(i < cells.size() ? cells[i] : ""),
                       column.text && column.verdict ? "t v"
                       : column.text                 ? "t"
                       : column.verdict              ? "v"
                                                     : nullptr);
    }
    m_rows.push_back(row + Html{"</tr>\n"});
}

Html Table::part(std::size_t begin, std::size_t end, bool wide) const {
    Html all{std::string("<div class=\"scroll\">\n<table") + (wide ? " class=\"wide\"" : "") + ">\n"};
    if (begin == 0 && !m_caption.empty())
        all += element("caption", escaped(m_caption)) + Html{"\n"};
    all += Html{"<thead><tr>"};
    for (const Column& column : m_columns)
        all += Html{std::string("<th") + (column.text ? " class=\"t\"" : "") + " scope=\"col\">"} +
               (column.glossary ? link(column.glossary, column.name) : escaped(column.name)) + Html{"</th>"};
    all += Html{"</tr></thead>\n<tbody>\n"};
    for (std::size_t i = begin; i < end; ++i)
        all += m_rows[i];
    return all + Html{"</tbody>\n</table>\n</div>\n"};
}

Html Table::html(std::size_t inSight, bool wide) const {
    if (inSight >= m_rows.size() || m_rows.size() - inSight <= kWorthFolding)
        return part(0, m_rows.size(), wide);
    return part(0, inSight, wide) +
           folded(count(m_rows.size() - inSight, "more row", "more rows"), part(inSight, m_rows.size(), wide));
}

std::optional<Html> expand(Template which, const Dictionary& dictionary) {
    const std::string_view source = embedded::report_templates[static_cast<std::size_t>(which)];
    const std::unique_ptr<ctemplate::Template> parsed(
        ctemplate::Template::StringToTemplate(source.data(), source.size(), ctemplate::DO_NOT_STRIP));
    Html html;
    if (!parsed || !parsed->Expand(&html.text, &dictionary))
        return {};
    return html;
}

std::string number(const std::optional<double>& value, int decimals) {
    return value ? formatFixed(*value, decimals) : "–";
}

std::string interval(const std::optional<double>& low, const std::optional<double>& high, int decimals) {
    if (!low && !high)
        return "–";
    return (low ? formatFixed(*low, decimals) : "−∞") + " to " + (high ? formatFixed(*high, decimals) : "∞");
}

std::string valueText(const MeasureRow* row) {
    if (row == nullptr)
        return "–";
    return !row->value.value && row->value.atMost ? "≤ " + number(row->value.atMost) : number(row->value.value);
}

std::string pText(const std::optional<double>& p) {
    return p && *p < 0.0005 ? "< .001" : number(p);
}

std::string percent(const std::optional<double>& share) {
    return share ? formatFixed(*share * 100, 1) + " %" : "–";
}

std::string count(std::size_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
}

std::string shorten(const std::string& text, std::size_t characters) {
    std::size_t seen = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((text[i] & 0xC0) != 0x80 && seen++ == characters)
            return text.substr(0, i) + "…";
    return text;
}

} // namespace plumbline::report
