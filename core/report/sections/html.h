// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctemplate/template.h>

#include "core/data/measure_table.h"

namespace plumbline::report {

/// Markup. Texts become markup by the functions here alone, which escape them: what comes from labels, prompts and file
/// names is a std::string until then.
struct Html {
    std::string text;
    Html& operator+=(const Html& more) {
        text += more.text;
        return *this;
    }
};
inline Html operator+(Html a, const Html& b) {
    a += b;
    return a;
}

/// Control characters, which no page may hold, and bytes that are no UTF-8 as U+FFFD.
std::string printable(std::string_view text);
/// The same with the signs of markup as entities.
Html escaped(std::string_view text);
/// A heading of level 2 to 6; without `id` nothing leads there.
Html heading(int level, const std::string& id, const std::string& title);
Html paragraph(const Html& content);
Html paragraph(std::string_view text);
/// In grey.
Html quiet(std::string_view text);
Html link(const std::string& id, std::string_view text);
Html list(const std::vector<Html>& items);
Html list(const std::vector<std::string>& items);
/// Names and values; those without a value are left out.
Html facts(const std::vector<std::pair<std::string, std::string>>& pairs);
/// Behind a line that opens with a click; printed open.
Html folded(const std::string& summary, const Html& content);
Html preformatted(std::string_view text);

/// A table for reading: of a long one the first rows are in sight, and the rest opens with a click.
class Table {
public:
    struct Column {
        std::string name;
        bool text = false;              ///< set to the left; numbers stand right
        bool verdict = false;           ///< bold in the rows that are sure
        const char* glossary = nullptr; ///< where the glossary explains it
    };
    Table(std::string caption, std::vector<Column> columns)
        : m_caption(std::move(caption)), m_columns(std::move(columns)) {}
    void add(const std::vector<std::string>& cells, bool sure = false);
    std::size_t size() const { return m_rows.size(); }
    /// `wide`: in smaller print. `inSight`: rows before the fold, unless few are left.
    Html html(std::size_t inSight = static_cast<std::size_t>(-1), bool wide = false) const;

private:
    Html part(std::size_t begin, std::size_t end, bool wide) const;
    std::string m_caption;
    std::vector<Column> m_columns;
    std::vector<Html> m_rows;
};

using Dictionary = ctemplate::TemplateDictionary;
/// values(dictionary)("NAME", text)("OTHER", text): copies what is printable.
class Set {
public:
    explicit Set(Dictionary* dictionary) : m_dictionary(dictionary) {}
    const Set& operator()(const char* name, const std::string& value) const {
        m_dictionary->SetValue(name, printable(value));
        return *this;
    }

private:
    Dictionary* m_dictionary;
};
inline Set values(Dictionary* dictionary) {
    return Set(dictionary);
}

/// The built-in templates (resources/report), in the order of CMakeLists.txt.
enum class Template { Page, Chart, Method, Limitations };
/// Nothing where the template is broken.
std::optional<Html> expand(Template which, const Dictionary& dictionary);

// Numbers in words and cells.
std::string number(const std::optional<double>& value, int decimals = 3);
std::string interval(const std::optional<double>& low, const std::optional<double>& high, int decimals = 3);
/// "≤ −1.2" for a MinSkew that an absent group leaves open; a dash where there is no row.
std::string valueText(const MeasureRow* row);
std::string pText(const std::optional<double>& p);
std::string percent(const std::optional<double>& share);
/// "1 row", "3 rows"
std::string count(std::size_t n, const char* one, const char* many);
std::string shorten(const std::string& text, std::size_t characters);

} // namespace plumbline::report
