// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/probes/import_dialog.h"

#include <set>

#include <QDialogButtonBox>
#include <QFileInfo>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/probe/probe_set.h"
#include "ui/bridge/json.h"
#include "ui/models/prompt_table.h"
#include "ui/widgets/form.h"
#include "ui/widgets/page.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

namespace {

constexpr int kWidth = 560, kHeight = 480;

/// As readProbeSet chooses, by the file's name.
QString takenFor(const QString& file) {
    const QString suffix = QFileInfo(file).suffix().toLower();
    if (suffix == u"txt")
        return ImportDialog::tr("Read as a plain list: a concept a line; lines with {} are templates, lines that begin "
                                "with # name a group, empty lines are left out.");
    if (suffix == u"csv" || suffix == u"tsv")
        return ImportDialog::tr("Read as a table: its columns template, concept and group. Other columns and empty "
                                "cells are left out.");
    return ImportDialog::tr("Read as JSON: templates and concepts, or lists of texts. Other fields are left out.");
}

} // namespace

ImportDialog::ImportDialog(const QString& file, const ProbeSet& probe, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Import a probe set"));
    auto* column = new QVBoxLayout(this);
    column->addWidget(heading(fromUtf8(probe.name)));
    column->addWidget(hint(takenFor(file)));

    std::set<std::string_view> groups;
    for (const Concept& each : probe.concepts)
        if (!each.group.empty())
            groups.insert(each.group);
    auto* prompts = new PromptTable(this);
    prompts->setProbe(probe);
    QStringList counts{probe.templates.empty()
                           ? tr("no templates")
                           : tr("%Ln template(s)", nullptr, static_cast<int>(probe.templates.size())),
                       tr("%Ln concept(s)", nullptr, static_cast<int>(probe.concepts.size()))};
    if (!groups.empty())
        counts.append(tr("%Ln group(s)", nullptr, static_cast<int>(groups.size())));
    counts.append(tr("%Ln prompt(s)", nullptr, prompts->rowCount()));
    column->addWidget(hint(counts.join(QStringLiteral(" · "))));
    if (!probe.source.empty())
        column->addWidget(hint(tr("Source: %1").arg(fromUtf8(probe.source))));
    for (const std::string& each : probe::articleHints(probe))
        column->addWidget(hint(tr("Please check: %1.").arg(fromUtf8(each))));

    auto* table = new TableView;
    table->setSource(prompts);
    table->setAccessibleName(tr("Prompts that come of it"));
    table->setSortingEnabled(false);
    table->setColumnHidden(PromptTable::Tokens, true);
    table->setStretchColumn(PromptTable::Text);
    column->addWidget(table, 1);

    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto* add = makePrimary(new QPushButton(tr("&Add to the project")));
    buttons->addButton(add, QDialogButtonBox::AcceptRole);
    add->setDefault(true);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    resize(kWidth, kHeight);
}

} // namespace plumbline::ui
