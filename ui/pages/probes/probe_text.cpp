// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/probes/probe_text.h"

#include "ui/bridge/json.h"

namespace plumbline::ui {

std::vector<std::string> linesOf(const QString& text) {
    std::vector<std::string> lines;
    for (const QString& line : text.split(u'\n'))
        if (const QString words = line.trimmed(); !words.isEmpty())
            lines.push_back(words.toStdString());
    return lines;
}

QString textOf(const std::vector<std::string>& lines) {
    QStringList result;
    for (const auto& line : lines)
        result.append(fromUtf8(line));
    return result.join(u'\n');
}

std::vector<Concept> conceptsOf(const QString& text) {
    std::vector<Concept> concepts;
    std::string group;
    for (const std::string& line : linesOf(text)) {
        if (line.starts_with('#')) {
            group = fromUtf8(line).mid(1).trimmed().toStdString();
            continue;
        }
        concepts.push_back({line.starts_with("\\#") ? line.substr(1) : line, group});
    }
    return concepts;
}

QString textOf(const std::vector<Concept>& concepts) {
    QStringList lines;
    std::string group;
    for (const Concept& entry : concepts) {
        if (entry.group != group) {
            group = entry.group;
            lines.append((QStringLiteral("# ") + fromUtf8(group)).trimmed());
        }
        const QString words = fromUtf8(entry.text);
        lines.append(words.startsWith(u'#') ? u'\\' + words : words);
    }
    return lines.join(u'\n');
}

} // namespace plumbline::ui
