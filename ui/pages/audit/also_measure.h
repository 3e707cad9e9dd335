// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

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

    /// The columns of the image set: one of them can name counterfactual sets, one the true classes, any can be
    /// controlled dimensions.
    void setColumns(const QStringList& columns);
    OtherMeasures chosen() const;
    /// Columns that the images do not have are left out.
    void choose(const OtherMeasures& others);
    /// A list of the images' captions (a path in the file system's encoding); empty: none.
    void setCaptions(const QString& file);

Q_SIGNALS:
    void changed();

private:
    /// A menu to choose one column in, or none.
    struct OneColumn {
        QMenu* menu = nullptr;
        QActionGroup* actions = nullptr;
        std::string chosen() const;
    };
    OneColumn oneColumn(const QString& title);
    void fill(const OneColumn& choice, const QStringList& columns);
    void refresh();

    QList<QAction*> m_families;
    OneColumn m_sets, m_classes;
    QMenu* m_dimensions;
    QMenu* m_captions;
    QAction* m_captionFile; ///< its data: the path
};

} // namespace plumbline::ui
