// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/help_page.h"

#include <QKeySequence>
#include <QLabel>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include "core/report/glossary.h"
#include "ui/bridge/json.h"
#include "ui/pages/runs/plain_tabs.h"
#include "ui/widgets/fact_sheet.h"

namespace plumbline::ui {

namespace {
enum Tab { kHelp, kGlossary };
} // namespace

HelpPage::HelpPage(QWidget* parent)
    : Page(tr("Help"),
           tr("Plumbline %1. How an audit goes, what the words mean, and the keyboard.")
               .arg(QStringLiteral(PLUMBLINE_VERSION)),
           parent),
      m_tabs(new PlainTabs), m_sheet(new FactSheet), m_terms(new FactSheet) {
    connect(addPrimaryButton(tr("Back")), &QPushButton::clicked, this, &HelpPage::dismissed);
    m_sheet->setAccessibleName(tr("Help"));
    m_terms->setAccessibleName(tr("Glossary"));
    FactSheet::Group terms{tr("Glossary"), {}};
    for (const report::GlossaryEntry& entry : report::glossary())
        terms.facts.push_back({fromUtf8(entry.term), fromUtf8(entry.meaning)});
    m_terms->setGroups({terms});
    m_terms->hide();
    m_tabs->setAccessibleName(tr("Help and glossary"));
    m_tabs->addTab(tr("Help"));
    m_tabs->addTab(tr("Glossary"));
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int tab) {
        m_sheet->setVisible(tab == kHelp);
        m_terms->setVisible(tab == kGlossary);
    });
    auto* card = new Surface(Surface::Kind::Card);
    card->column()->addWidget(m_tabs, 0, Qt::AlignLeft);
    card->column()->addWidget(m_sheet);
    card->column()->addWidget(m_terms);
    body()->addWidget(card, 1);
}

void HelpPage::setCommands(const std::vector<Command>& commands) {
    FactSheet::Group keys{tr("Keyboard"), {}};
    for (const Command& command : commands)
        if (!command.keys.isEmpty())
            keys.facts.push_back({command.keys, command.name});
    keys.facts.push_back({QKeySequence(QKeySequence::Copy).toString(QKeySequence::NativeText),
                          tr("Copy the selected rows of a table, with their headers, as tab-separated text")});
    keys.facts.push_back({tr("N"), tr("On a prompt or an image of a run: write a note on it")});
    keys.facts.push_back({tr("F"), tr("On a prompt or an image of a run: flag it, or take the flag away")});
    keys.facts.push_back({tr("Esc"), tr("Also: close a search, a form, the tour or this page")});
    m_sheet->setGroups({
        {tr("An audit in four steps"),
         {
             {tr("Model"),
              tr("Add a CLIP folder as Hugging Face or OpenCLIP store it. The card says how every value was "
                 "read or inferred.")},
             {tr("Images"), tr("Add a folder of photographs with a table of labels. The match report says what came "
                               "together and what did not.")},
             {tr("Prompts"), tr("Take a built-in probe set, or write templates and concepts, or plain prompts.")},
             {tr("Audit"), tr("Choose an attribute and run. Cancel at any time: it goes on where it stopped.")},
         }},
        {tr("Reading the result"),
         {
             {tr("Plumb line"),
              tr("The vertical line is plumb: every group as often in the top k as its target share.")},
             {tr("Shade"), tr("What chance alone would show. Marks within the shade hang plumb; marks outside lean.")},
             {tr("Skew"), tr("The logarithm of a group's share in the top k over its target share: +0.69 is twice, "
                             "−0.69 half.")},
             {tr("Tour"),
              tr("Help → Show the tour leads through a run. That of the sample is of a model whose lean was "
                 "planted, so you see whether the measurement finds it.")},
         }},
        keys,
        {tr("Good to know"),
         {
             {tr("Privacy"), tr("Plumbline never uses the network. Images stay where they are.")},
             {tr("Project file"),
              tr("A .plumb file is an SQLite database and complete by itself: copy it, keep it, open "
                 "it elsewhere.")},
             {tr("Licence"), tr("GPL-3.0-or-later")},
         }},
    });
}

void HelpPage::showHelp() {
    m_tabs->setCurrentIndex(kHelp);
}

void HelpPage::showGlossary(const QString& term) {
    m_tabs->setCurrentIndex(kGlossary);
    // Once the page has its size.
    QTimer::singleShot(0, m_terms, [this, term] { m_terms->reveal(term.isEmpty() ? tr("Glossary") : term); });
}

} // namespace plumbline::ui
