// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/audit/also_measure.h"

#include <algorithm>

#include <QAction>
#include <QActionGroup>
#include <QFileInfo>
#include <QMenu>
#include <QMouseEvent>

#include "core/data/audit.h"
#include "ui/bridge/json.h"
#include "ui/widgets/file_dialog.h"

namespace plumbline::ui {
namespace {

/// A menu to tick several things in: it stays open while they are ticked.
class TickMenu : public QMenu {
public:
    using QMenu::QMenu;

protected:
    void mouseReleaseEvent(QMouseEvent* event) override {
        if (QAction* action = activeAction(); action && action->isCheckable() && action->isEnabled()) {
            action->trigger();
            event->accept();
            return;
        }
        QMenu::mouseReleaseEvent(event);
    }
};

} // namespace

AlsoMeasure::AlsoMeasure(QWidget* parent)
    : QPushButton(parent), m_dimensions(nullptr), m_captions(nullptr), m_captionFile(nullptr) {
    auto* menu = new TickMenu(this);
    menu->setToolTipsVisible(true);
    const auto add = [&](const FamilyInfo& family, QAction* action) {
        action->setToolTip(fromUtf8(std::string(family.about)));
        action->setData(static_cast<int>(family.family));
        m_families << action;
    };
    for (const FamilyInfo& family : allFamilies()) {
        if (needsInput(family.family))
            continue;
        QAction* action = menu->addAction(fromUtf8(std::string(family.title)));
        action->setCheckable(true);
        action->setChecked(family.byDefault);
        connect(action, &QAction::toggled, this, &AlsoMeasure::refresh);
        add(family, action);
    }
    // Chosen by choosing what they need.
    menu->addSection(tr("With a column or a file"));
    for (const FamilyInfo& family : allFamilies()) {
        if (!needsInput(family.family) || family.family == Family::Relevance) // which comes with its target
            continue;
        const QString title = fromUtf8(std::string(family.title));
        QMenu* own = nullptr;
        if (family.family == Family::Counterfactuals) {
            m_sets = oneColumn(title);
            own = m_sets.menu;
        } else if (family.family == Family::Classes) {
            m_classes = oneColumn(title);
            own = m_classes.menu;
        } else if (family.family == Family::Retrieval) {
            own = m_captions = new QMenu(title, this);
            m_captionFile = m_captions->addAction(QString());
            connect(m_captionFile, &QAction::triggered, this, [this] { setCaptions({}); });
            connect(m_captions->addAction(tr("Choose a list of captions…")), &QAction::triggered, this, [this] {
                const QString file =
                    chooseFile(window(), tr("Choose a list of captions"), {}, tr("Captions (*.json *.csv *.tsv)"));
                if (!file.isEmpty())
                    setCaptions(file);
            });
        } else {
            own = m_dimensions = new TickMenu(title, this);
        }
        menu->addMenu(own);
        add(family, own->menuAction());
    }
    setMenu(menu);
    setAccessibleName(tr("Also measure"));
    setCaptions({});
    setColumns({});
}

std::string AlsoMeasure::OneColumn::chosen() const {
    const QAction* column = actions->checkedAction();
    return column ? column->data().toString().toStdString() : std::string();
}

AlsoMeasure::OneColumn AlsoMeasure::oneColumn(const QString& title) {
    return {new TickMenu(title, this), new QActionGroup(this)};
}

void AlsoMeasure::fill(const OneColumn& choice, const QStringList& columns) {
    const std::string before = choice.chosen();
    for (QAction* old : choice.actions->actions())
        choice.actions->removeAction(old);
    choice.menu->clear();
    const auto add = [&](const QString& text, const QString& column) {
        QAction* action = choice.menu->addAction(text);
        action->setCheckable(true);
        action->setData(column);
        choice.actions->addAction(action);
        action->setChecked(column.toStdString() == before);
        connect(action, &QAction::toggled, this, &AlsoMeasure::refresh);
        return action;
    };
    QAction* none = add(tr("None"), {});
    for (const QString& column : columns)
        add(column, column);
    if (!choice.actions->checkedAction())
        none->setChecked(true);
    choice.menu->setEnabled(!columns.isEmpty());
}

void AlsoMeasure::setColumns(const QStringList& columns) {
    const OtherMeasures before = chosen();
    fill(m_sets, columns);
    fill(m_classes, columns);
    m_dimensions->clear();
    for (const QString& column : columns) {
        QAction* dimension = m_dimensions->addAction(column);
        dimension->setCheckable(true);
        dimension->setData(column);
        dimension->setChecked(std::ranges::find(before.dimensions, column.toStdString()) != before.dimensions.end());
        connect(dimension, &QAction::toggled, this, &AlsoMeasure::refresh);
    }
    m_dimensions->setEnabled(!columns.isEmpty());
    refresh();
}

void AlsoMeasure::setCaptions(const QString& file) {
    m_captionFile->setData(file);
    m_captionFile->setVisible(!file.isEmpty());
    m_captionFile->setText(tr("Without %1").arg(QFileInfo(file).fileName()));
    refresh();
}

OtherMeasures AlsoMeasure::chosen() const {
    AuditConfig config;
    OtherMeasures& others = config.others;
    others.sets = m_sets.chosen();
    others.classes = m_classes.chosen();
    for (const QAction* dimension : m_dimensions->actions())
        if (dimension->isChecked())
            others.dimensions.push_back(dimension->data().toString().toStdString());
    if (const QString captions = m_captionFile->data().toString(); !captions.isEmpty())
        others.captions = encoded(captions).toStdString();
    for (const QAction* action : m_families) {
        const auto family = static_cast<Family>(action->data().toInt());
        if (needsInput(family) ? hasInput(config, family) : action->isChecked())
            others.families.push_back(family);
    }
    return others;
}

void AlsoMeasure::choose(const OtherMeasures& others) {
    for (QAction* action : m_families)
        if (const auto family = static_cast<Family>(action->data().toInt()); !needsInput(family))
            action->setChecked(std::ranges::find(others.families, family) != others.families.end());
    for (const auto& [column, wanted] : {std::pair(&m_sets, &others.sets), std::pair(&m_classes, &others.classes)})
        for (QAction* action : column->actions->actions()) // "None" comes first
            if (action->data().toString().isEmpty() || action->data().toString().toStdString() == *wanted)
                action->setChecked(true);
    for (QAction* dimension : m_dimensions->actions())
        dimension->setChecked(std::ranges::find(others.dimensions, dimension->data().toString().toStdString()) !=
                              others.dimensions.end());
    setCaptions(decoded(fromUtf8(others.captions)));
}

void AlsoMeasure::refresh() {
    const auto count = static_cast<int>(chosen().families.size());
    setText(count == 0 ? tr("Nothing more") : tr("%n more measure(s)", nullptr, count));
    Q_EMIT changed();
}

} // namespace plumbline::ui
