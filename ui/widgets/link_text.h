// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>

namespace plumbline::ui {

/// A muted text with links that Tab goes through, in both directions: a QLabel of Qt 6.4 does not let Shift+Tab leave
/// its first link.
class LinkText : public QLabel {
public:
    explicit LinkText(QWidget* parent = nullptr);

protected:
    bool focusNextPrevChild(bool next) override;
};

} // namespace plumbline::ui
