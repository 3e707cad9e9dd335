// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/page.h"

namespace plumbline::ui {

/// The way through an audit in a few sentences, and the keyboard.
class HelpPage : public Page {
    Q_OBJECT
public:
    explicit HelpPage(QWidget* parent = nullptr);

Q_SIGNALS:
    void dismissed();
};

} // namespace plumbline::ui
