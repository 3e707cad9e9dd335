// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QObject>
#include <QRect>

#include "core/report/glossary.h"

class QApplication;
class QWidget;

namespace plumbline::ui {

/// Tooltips of the whole program on lines of a length that can be read. Qt alone wraps what is wider than the screen.
/// Headers and tabs that the glossary explains say so, those without words of their own with its sentence.
class ToolTips : public QObject {
    Q_OBJECT
public:
    /// From now on of every widget, table cell, header and tab. May be called again.
    static void install(QApplication& application);
    /// As QToolTip::showText(); without words none is shown.
    static void show(QPoint globalPosition, const QString& words, QWidget* widget, const QRect& within = {});
    /// The entry that the tooltip which is shown right now leads to.
    static std::optional<report::GlossaryEntry> shownEntry();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    using QObject::QObject;
    static ToolTips* instance();

    std::optional<report::GlossaryEntry> m_entry; ///< of the last tooltip
    QString m_words;
};

} // namespace plumbline::ui
