// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>
#include <QStringList>

#include "core/data/family.h"

class QAction;
class QActionGroup;
class QMenu;

namespace plumbline::ui {

/// What an audit measures beside its rankings: a button that says how many families are chosen, and a menu to choose
/// them, with the columns that some of them need.
class AlsoMeasure : public QPushButton {
    Q_OBJECT
public:
    explicit AlsoMeasure(QWidget* parent = nullptr);

    /// The columns of the image set: one of them can name counterfactual sets, any can be controlled dimensions.
    void setColumns(const QStringList& columns);
    OtherMeasures chosen() const;

Q_SIGNALS:
    void changed();

private:
    void refresh();

    QList<QAction*> m_families;
    QMenu* m_sets;
    QMenu* m_dimensions;
    QActionGroup* m_setColumns;
};

} // namespace plumbline::ui
