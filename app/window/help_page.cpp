// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/help_page.h"

#include <QKeySequence>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/widgets/fact_sheet.h"

namespace plumbline::ui {

HelpPage::HelpPage(QWidget* parent)
    : Page(tr("Help"), tr("Plumbline %1. How an audit goes, and the keyboard.").arg(QStringLiteral(PLUMBLINE_VERSION)),
           parent) {
    connect(addPrimaryButton(tr("Back")), &QPushButton::clicked, this, &HelpPage::dismissed);
    const auto key = [](QKeySequence::StandardKey standard) {
        return QKeySequence(standard).toString(QKeySequence::NativeText);
    };
    auto* sheet = new FactSheet;
    sheet->setAccessibleName(tr("Help"));
    sheet->setGroups({
        {tr("An audit in four steps"),
         {
             {tr("Model"), tr("Add a CLIP folder as Hugging Face or OpenCLIP store it. The card says how every value was "
                              "read or inferred.")},
             {tr("Images"), tr("Add a folder of photographs with a table of labels. The match report says what came "
                               "together and what did not.")},
             {tr("Prompts"), tr("Take a built-in probe set, or write templates and concepts, or plain prompts.")},
             {tr("Audit"), tr("Choose an attribute and run. Cancel at any time: it goes on where it stopped.")},
         }},
        {tr("Reading the result"),
         {
             {tr("Plumb line"), tr("The vertical line is plumb: every group as often in the top k as its target share.")},
             {tr("Shade"), tr("What chance alone would show. Marks within the shade hang plumb; marks outside lean.")},
             {tr("Skew"), tr("The logarithm of a group's share in the top k over its target share: +0.69 is twice, "
                             "−0.69 half.")},
             {tr("Tour"), tr("Help → Show the tour leads through a run. That of the sample is of a model whose lean was "
                             "planted, so you see whether the measurement finds it.")},
         }},
        {tr("Keyboard"),
         {
             {key(QKeySequence::New), tr("New project")},
             {key(QKeySequence::Open), tr("Open project")},
             {tr("Ctrl+1 … Ctrl+6"), tr("Go to a room")},
             {tr("F5"), tr("Run the audit, or the comparison on the Mitigate page")},
             {tr("Esc"), tr("Cancel what is running")},
             {key(QKeySequence::Copy), tr("Copy the selected rows of a table")},
             {tr("F6"), tr("From the rooms to the page and back")},
             {tr("F1"), tr("This page")},
             {tr("Ctrl+Q"), tr("Quit")},
         }},
        {tr("Good to know"),
         {
             {tr("Privacy"), tr("Plumbline never uses the network. Images stay where they are.")},
             {tr("Project file"), tr("A .plumb file is an SQLite database and complete by itself: copy it, keep it, open "
                                     "it elsewhere.")},
             {tr("Licence"), tr("GPL-3.0-or-later")},
         }},
    });
    auto* card = new Surface(Surface::Kind::Card);
    card->column()->addWidget(sheet);
    body()->addWidget(card, 1);
}

} // namespace plumbline::ui
