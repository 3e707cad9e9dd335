// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/probes/probe_text.h"

#include <QCoreApplication>
#include <QLocale>

#include "core/probe/difference.h"
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

namespace {

constexpr std::size_t kMostShown = 2000; ///< lines of a kind; nobody reads more

QString tr(const char* text) {
    return QCoreApplication::translate("plumbline::ui", text);
}

QString titleOf(const ProbeSet& probe) {
    const QString name = probe.name.empty() ? tr("Untitled") : fromUtf8(probe.name);
    return probe.version.empty() ? name : tr("%1, version %2").arg(name, fromUtf8(probe.version));
}

QString textOf(const Concept& entry) {
    return entry.group.empty() ? fromUtf8(entry.text)
                               : QStringLiteral("%1 (%2)").arg(fromUtf8(entry.text), fromUtf8(entry.group));
}
QString textOf(const std::string& text) {
    return fromUtf8(text);
}

/// A head and the lines below it, nothing where there are none.
void addPart(QStringList& lines, const QString& head, const auto& removed, const auto& added,
             const QStringList& changed) {
    if (removed.empty() && added.empty() && changed.isEmpty())
        return;
    lines << QString() << head;
    const auto add = [&lines](const QString& sign, const auto& all) {
        const std::size_t shown = all.size() > kMostShown ? kMostShown : all.size();
        for (std::size_t i = 0; i < shown; ++i)
            lines.append(sign + textOf(all[i]));
        if (shown < all.size())
            lines.append(sign + tr("… and %1 more").arg(QLocale().toString(qulonglong(all.size() - shown))));
    };
    add(QStringLiteral("- "), removed);
    add(QStringLiteral("+ "), added);
    for (const QString& one : changed)
        lines.append(QStringLiteral("~ ") + one);
}

} // namespace

QString differenceText(const ProbeSet& first, const ProbeSet& second) {
    const probe::Difference difference = probe::difference(first, second);
    if (difference.isEmpty())
        return tr("No difference.");
    QStringList lines{QStringLiteral("- ") + titleOf(first), QStringLiteral("+ ") + titleOf(second), QString(),
                      tr("Prompts: %1 in both, %2 only in -, %3 only in +")
                          .arg(difference.promptsInBoth)
                          .arg(difference.promptsRemoved.size())
                          .arg(difference.promptsAdded.size())};
    QStringList templates, concepts;
    if (difference.templatesReordered)
        templates.append(tr("those in both stand in another order"));
    for (const auto& change : difference.groups)
        concepts.append(
            tr("%1: group “%2” → “%3”").arg(fromUtf8(change.of), fromUtf8(change.was), fromUtf8(change.is)));
    if (difference.conceptsReordered)
        concepts.append(tr("those in both stand in another order"));
    addPart(lines, tr("Templates"), difference.templatesRemoved, difference.templatesAdded, templates);
    addPart(lines, tr("Concepts"), difference.conceptsRemoved, difference.conceptsAdded, concepts);
    addPart(lines, tr("Prompts"), difference.promptsRemoved, difference.promptsAdded, {});
    return lines.join(u'\n');
}

} // namespace plumbline::ui
