// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QRect>

class QApplication;
class QWidget;

namespace plumbline::ui {

/// Tooltips of the whole program on lines of a length that can be read. Qt alone wraps what is wider than the screen.
class ToolTips : public QObject {
    Q_OBJECT
public:
    /// From now on of every widget, table cell, header and tab. May be called again.
    static void install(QApplication& application);
    /// As QToolTip::showText(); without words none is shown.
    static void show(QPoint globalPosition, const QString& words, QWidget* widget, const QRect& within = {});

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    using QObject::QObject;
};

} // namespace plumbline::ui
