// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/tool_tips.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QHeaderView>
#include <QHelpEvent>
#include <QTabBar>
#include <QToolTip>

#include "ui/bridge/json.h"

namespace plumbline::ui {
namespace {

constexpr qsizetype kLine = 72; // characters

/// On lines of so many characters at the most; a longer word (a path) goes on on the next one.
QString wrapped(const QString& words) {
    QString all;
    for (const QString& line : words.split(u'\n')) {
        qsizetype room = all.isEmpty() ? kLine : 0;
        for (QStringView word : QStringView(line).split(u' ')) {
            if (room < kLine && word.size() + 1 > room) {
                all += u'\n';
                room = kLine;
            } else if (room < kLine) {
                all += u' ';
                --room;
            }
            for (; word.size() > room; word = word.sliced(room), room = kLine)
                all.append(word.first(room)).append(u'\n');
            all += word;
            room -= word.size();
        }
    }
    return all;
}

struct Tip {
    QString words, name = {}; ///< name: of a header or tab
    QRect within = {};        ///< of the widget; outside of it the tip is gone
};

Tip tipOf(const QWidget* widget, QPoint place) {
    const auto* view = qobject_cast<const QAbstractItemView*>(widget->parentWidget());
    if (view != nullptr && view->viewport() == widget && view->model() != nullptr) {
        if (const auto* header = qobject_cast<const QHeaderView*>(view)) {
            const auto data = [&, section = header->logicalIndexAt(place)](int role) {
                return section < 0 ? QString()
                                   : view->model()->headerData(section, header->orientation(), role).toString();
            };
            const QString shown = data(Qt::DisplayRole); // nothing where a header is painted otherwise
            return {data(Qt::ToolTipRole), shown.isEmpty() ? data(Qt::AccessibleTextRole) : shown};
        }
        if (const QModelIndex index = view->indexAt(place); index.isValid())
            return {index.data(Qt::ToolTipRole).toString(), {}, view->visualRect(index)};
    }
    if (const auto* tabs = qobject_cast<const QTabBar*>(widget))
        if (const int tab = tabs->tabAt(place); tab >= 0) {
            const QString own = tabs->tabToolTip(tab);
            return {own.isEmpty() ? tabs->toolTip() : own, tabs->tabText(tab).remove(u'&'), tabs->tabRect(tab)};
        }
    return {widget->toolTip()};
}

} // namespace

void ToolTips::install(QApplication& application) {
    if (instance() == nullptr)
        application.installEventFilter(new ToolTips(&application));
}

void ToolTips::show(QPoint globalPosition, const QString& words, QWidget* widget, const QRect& within) {
    QToolTip::showText(globalPosition, wrapped(words), widget, within);
}

ToolTips* ToolTips::instance() {
    return qApp->findChild<ToolTips*>(QString(), Qt::FindDirectChildrenOnly);
}

std::optional<report::GlossaryEntry> ToolTips::shownEntry() {
    const ToolTips* tips = instance();
    return tips != nullptr && QToolTip::isVisible() && QToolTip::text() == tips->m_words ? tips->m_entry : std::nullopt;
}

bool ToolTips::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::ToolTip || !watched->isWidgetType())
        return false;
    auto* widget = static_cast<QWidget*>(watched);
    const auto* help = static_cast<QHelpEvent*>(event);
    Tip tip = tipOf(widget, help->pos());
    m_entry = report::glossaryEntry(tip.name.toStdString());
    if (m_entry) {
        if (tip.words.isEmpty())
            tip.words = fromUtf8(m_entry->meaning);
        tip.words += u'\n' + tr("F1: %1 in the glossary").arg(fromUtf8(m_entry->term));
    }
    if (tip.words.isEmpty())
        return false; // a chart has its own way, or a widget around it has words
    show(help->globalPos(), tip.words, widget, tip.within);
    m_words = QToolTip::text();
    return true;
}

} // namespace plumbline::ui
