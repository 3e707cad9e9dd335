// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/probes/difference_view.h"

#include <QCoreApplication>
#include <QPointer>
#include <QThreadPool>

#include "ui/pages/probes/probe_text.h"

namespace plumbline::ui {

DifferenceView::DifferenceView(const QString& accessibleName, QWidget* parent) : QPlainTextEdit(parent) {
    setAccessibleName(accessibleName);
    setReadOnly(true);
    setTabChangesFocus(true);
}

void DifferenceView::say(const QString& text) {
    ++m_asked;
    if (text != toPlainText()) // a selection stays
        setPlainText(text);
}

void DifferenceView::compare(const ProbeSet& first, const ProbeSet& second) {
    QThreadPool::globalInstance()->start([view = QPointer(this), asked = ++m_asked, first, second] {
        const QString text = differenceText(first, second);
        QMetaObject::invokeMethod(qApp, [view, asked, text] {
            if (view && view->m_asked == asked)
                view->say(text);
        });
    });
}

} // namespace plumbline::ui
