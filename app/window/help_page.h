// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/command_palette.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

class FactSheet;
class PlainTabs;

/// The way through an audit in a few sentences, and the keyboard.
class HelpPage : public Page {
    Q_OBJECT
public:
    explicit HelpPage(QWidget* parent = nullptr);
    /// What the menus hold: those with keys are listed.
    void setCommands(const std::vector<Command>& commands);
    void showHelp();
    /// Turns to the glossary, to its begin or a term.
    void showGlossary(const QString& term = {});

Q_SIGNALS:
    void dismissed();

private:
    PlainTabs* m_tabs;
    FactSheet *m_sheet, *m_terms; // one at a time: laying out so many texts takes a moment
};

} // namespace plumbline::ui
