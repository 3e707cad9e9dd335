// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/command_palette.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

class FactSheet;

/// The way through an audit in a few sentences, and the keyboard.
class HelpPage : public Page {
    Q_OBJECT
public:
    explicit HelpPage(QWidget* parent = nullptr);
    /// What the menus hold: those with keys are listed.
    void setCommands(const std::vector<Command>& commands);
    /// Scrolls to a term of the glossary; without one to its first.
    void showTerm(const QString& term = {});

Q_SIGNALS:
    void dismissed();

private:
    FactSheet* m_sheet;
};

} // namespace plumbline::ui
