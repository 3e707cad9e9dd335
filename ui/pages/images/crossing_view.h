// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QWidget>

#include "core/data/image_catalog.h"

class QComboBox;
class QLabel;
class QTableView;

namespace plumbline::ui {

class GroupCrossing;

/// How many images each combination of the groups of two attributes has, before anything is measured: where there are
/// too few, no audit can say much. A cell opens its images.
class CrossingView : public QWidget {
    Q_OBJECT
public:
    explicit CrossingView(QWidget* parent = nullptr);
    void setCatalog(const std::shared_ptr<const ImageCatalog>& catalog);
    QTableView* table() const { return m_table; }

Q_SIGNALS:
    /// One an attribute of the set; absent: any group.
    void groupsWanted(const std::vector<std::optional<std::int32_t>>& groups);

private:
    void showCounts();
    void open(const QModelIndex& index);

    std::shared_ptr<const ImageCatalog> m_catalog;
    QComboBox *m_rows, *m_columns;
    QLabel* m_summary;
    QTableView* m_table;
    GroupCrossing* m_model;
};

} // namespace plumbline::ui
