// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

namespace plumbline::test {

/// The first widget of a kind in `page` whose name for screen readers this is; null without one.
template <class Widget>
Widget* named(const QWidget* page, const QString& accessibleName) {
    for (auto* widget : page->findChildren<Widget*>())
        if (widget->accessibleName() == accessibleName)
            return widget;
    return nullptr;
}

} // namespace plumbline::test
