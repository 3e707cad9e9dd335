// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/audit/also_measure.h"

#include <algorithm>

#include <QAction>
#include <QActionGroup>
#include <QMenu>
#include <QMouseEvent>

#include "ui/bridge/json.h"

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
    : QPushButton(parent), m_sets(nullptr), m_dimensions(nullptr), m_setColumns(new QActionGroup(this)) {
    auto* menu = new TickMenu(this);
    menu->setToolTipsVisible(true);
    for (const FamilyInfo& family : allFamilies()) {
        const QString title = fromUtf8(std::string(family.title));
        QAction* action = nullptr;
        if (family.family == Family::Counterfactuals || family.family == Family::Controls) {
            // Chosen by choosing their columns.
            auto* columns = new TickMenu(title, this);
            menu->addMenu(columns);
            action = columns->menuAction();
            (family.family == Family::Counterfactuals ? m_sets : m_dimensions) = columns;
        } else {
            action = menu->addAction(title);
            action->setCheckable(true);
            action->setChecked(family.byDefault);
            connect(action, &QAction::toggled, this, &AlsoMeasure::refresh);
        }
        action->setToolTip(fromUtf8(std::string(family.about)));
        action->setData(static_cast<int>(family.family));
        m_families << action;
    }
    setMenu(menu);
    setAccessibleName(tr("Also measure"));
    setColumns({});
}

void AlsoMeasure::setColumns(const QStringList& columns) {
    const OtherMeasures before = chosen();
    m_sets->clear();
    m_dimensions->clear();
    for (QAction* old : m_setColumns->actions())
        m_setColumns->removeAction(old);
    QAction* none = m_sets->addAction(tr("None"));
    none->setCheckable(true);
    none->setChecked(true);
    m_setColumns->addAction(none);
    for (const QString& column : columns) {
        QAction* set = m_sets->addAction(column);
        set->setCheckable(true);
        set->setData(column);
        m_setColumns->addAction(set);
        set->setChecked(column.toStdString() == before.sets);
        QAction* dimension = m_dimensions->addAction(column);
        dimension->setCheckable(true);
        dimension->setData(column);
        dimension->setChecked(std::ranges::find(before.dimensions, column.toStdString()) != before.dimensions.end());
        connect(set, &QAction::toggled, this, &AlsoMeasure::refresh);
        connect(dimension, &QAction::toggled, this, &AlsoMeasure::refresh);
    }
    m_sets->setEnabled(!columns.isEmpty());
    m_dimensions->setEnabled(!columns.isEmpty());
    refresh();
}

OtherMeasures AlsoMeasure::chosen() const {
    OtherMeasures others;
    if (const QAction* set = m_setColumns->checkedAction())
        others.sets = set->data().toString().toStdString();
    for (const QAction* dimension : m_dimensions->actions())
        if (dimension->isChecked())
            others.dimensions.push_back(dimension->data().toString().toStdString());
    for (const QAction* action : m_families) {
        const auto family = static_cast<Family>(action->data().toInt());
        const bool on = family == Family::Counterfactuals ? !others.sets.empty()
                        : family == Family::Controls      ? !others.dimensions.empty()
                                                          : action->isChecked();
        if (on)
            others.families.push_back(family);
    }
    return others;
}

void AlsoMeasure::refresh() {
    const auto count = static_cast<int>(chosen().families.size());
    setText(count == 0 ? tr("Nothing more") : tr("%n more measure(s)", nullptr, count));
    Q_EMIT changed();
}

} // namespace plumbline::ui
