// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QDialog>

#include "core/data/attribute_text.h"

class QComboBox;
class QDialogButtonBox;
class QLabel;
class QTableWidget;

namespace plumbline::ui {

class GroupBars;

/// Which groups of an attribute are counted as one: beside each group stands the name that it is counted under, which
/// can be written over; groups under the same name are one. The usual bands of the field fill the names in at once.
/// Below, the groups that come of it, with their images.
class MergeGroupsDialog : public QDialog {
    Q_OBJECT
public:
    MergeGroupsDialog(const QString& attribute, std::vector<std::pair<std::string, std::int64_t>> groups,
                      std::int64_t unlabelled, const std::vector<GroupMerge>& merges, QWidget* parent = nullptr);

    /// Empty: every group stays as it is.
    std::vector<GroupMerge> merges() const;

private:
    void fill(const std::vector<GroupMerge>& merges);
    void refresh();

    QString m_attribute;
    std::vector<std::pair<std::string, std::int64_t>> m_groups;
    std::int64_t m_unlabelled;
    std::vector<BandPreset> m_presets;
    QComboBox* m_bands;
    QTableWidget* m_table;
    QLabel* m_problem;
    GroupBars* m_bars;
    QDialogButtonBox* m_buttons;
};

/// Groups that differ in nothing but capitals and blanks, most likely the same value written twice: each in one with the
/// spelling that most images have.
std::vector<GroupMerge> sameButForSpelling(const std::vector<std::pair<std::string, std::int64_t>>& groups);

/// Images of each group after merging, in byte order of the name. `merges` fit the groups.
std::vector<std::pair<std::string, std::int64_t>>
mergedCounts(const std::vector<std::pair<std::string, std::int64_t>>& groups, const std::vector<GroupMerge>& merges);

} // namespace plumbline::ui
