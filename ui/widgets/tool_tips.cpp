// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/tool_tips.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QHeaderView>
#include <QHelpEvent>
#include <QTabBar>
#include <QToolTip>

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
    QString words;
    QRect within; ///< of the widget; outside of it the tip is gone
};

Tip tipOf(const QWidget* widget, QPoint place) {
    const auto* view = qobject_cast<const QAbstractItemView*>(widget->parentWidget());
    if (view != nullptr && view->viewport() == widget && view->model() != nullptr) {
        if (const auto* header = qobject_cast<const QHeaderView*>(view)) {
            const int section = header->logicalIndexAt(place);
            if (section >= 0)
                return {header->model()->headerData(section, header->orientation(), Qt::ToolTipRole).toString(), {}};
        } else if (const QModelIndex index = view->indexAt(place); index.isValid()) {
            return {index.data(Qt::ToolTipRole).toString(), view->visualRect(index)};
        }
    }
    if (const auto* tabs = qobject_cast<const QTabBar*>(widget))
        if (const int tab = tabs->tabAt(place); tab >= 0 && !tabs->tabToolTip(tab).isEmpty())
            return {tabs->tabToolTip(tab), tabs->tabRect(tab)};
    return {widget->toolTip(), {}};
}

} // namespace

void ToolTips::install(QApplication& application) {
    if (application.findChild<ToolTips*>(QString(), Qt::FindDirectChildrenOnly) == nullptr)
        application.installEventFilter(new ToolTips(&application));
}

void ToolTips::show(QPoint globalPosition, const QString& words, QWidget* widget, const QRect& within) {
    QToolTip::showText(globalPosition, wrapped(words), widget, within);
}

bool ToolTips::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::ToolTip || !watched->isWidgetType())
        return false;
    auto* widget = static_cast<QWidget*>(watched);
    const auto* help = static_cast<QHelpEvent*>(event);
    const Tip tip = tipOf(widget, help->pos());
    if (tip.words.isEmpty())
        return false; // a chart has its own way, or a widget around it has words
    show(help->globalPos(), tip.words, widget, tip.within);
    return true;
}

} // namespace plumbline::ui
