// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/audit/merge_groups_dialog.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <QCollator>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QTableWidget>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/widgets/group_bars.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {

enum Column { kGroup, kImages, kCountedAs, kColumns };
constexpr int kOwn = -2, kAsTheyAre = -1; ///< of the choice of bands; from 0 the presets
constexpr int kRowsShown = 9;

} // namespace

std::vector<std::pair<std::string, std::int64_t>>
mergedCounts(const std::vector<std::pair<std::string, std::int64_t>>& groups, const std::vector<GroupMerge>& merges) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& [group, count] : groups) {
        const auto merge = std::ranges::find_if(merges, [&](const GroupMerge& each) {
            return std::ranges::find(each.members, group) != each.members.end();
        });
        counts[merge == merges.end() ? group : merge->name] += count;
    }
    return {counts.begin(), counts.end()};
}

std::vector<GroupMerge> sameButForSpelling(const std::vector<std::pair<std::string, std::int64_t>>& groups) {
    std::map<QString, std::vector<std::pair<std::string, std::int64_t>>> spellings;
    for (const auto& group : groups)
        spellings[fromUtf8(group.first).simplified().remove(u' ').toCaseFolded()].push_back(group);
    std::vector<GroupMerge> merges;
    for (const auto& [plain, same] : spellings) {
        if (same.size() < 2)
            continue;
        GroupMerge merge{std::ranges::max_element(same, {}, [](const auto& group) { return group.second; })->first, {}};
        for (const auto& [group, count] : same)
            merge.members.push_back(group);
        merges.push_back(std::move(merge));
    }
    return merges;
}

MergeGroupsDialog::MergeGroupsDialog(const QString& attribute, std::vector<std::pair<std::string, std::int64_t>> groups,
                                     std::int64_t unlabelled, const std::vector<GroupMerge>& merges, QWidget* parent)
    : QDialog(parent), m_attribute(attribute), m_groups(std::move(groups)), m_unlabelled(unlabelled),
      m_bands(new QComboBox), m_table(new QTableWidget), m_problem(caption({})), m_bars(new GroupBars),
      m_buttons(new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel)) {
    setWindowTitle(tr("Merge groups of %1").arg(attribute));
    // As people count: 3-9 before 10-19, which the C locale cannot do.
    QCollator collator{QLocale(QLocale::English)};
    collator.setNumericMode(true);
    std::stable_sort(m_groups.begin(), m_groups.end(), [&](const auto& a, const auto& b) {
        return collator.compare(fromUtf8(a.first), fromUtf8(b.first)) < 0;
    });
    std::vector<std::string> names;
    for (const auto& [group, count] : m_groups)
        names.push_back(group);
    m_presets = bandPresets(attribute.toStdString(), names);
    if (std::vector<GroupMerge> same = sameButForSpelling(m_groups); !same.empty())
        m_presets.push_back({tr("One group where only capitals and blanks differ").toStdString(), {}, std::move(same)});

    m_bands->setAccessibleName(tr("Usual bands"));
    m_bands->addItem(tr("As they are"), kAsTheyAre);
    for (std::size_t i = 0; i < m_presets.size(); ++i) {
        m_bands->addItem(fromUtf8(m_presets[i].title), static_cast<int>(i));
        m_bands->setItemData(m_bands->count() - 1, fromUtf8(m_presets[i].source), Qt::ToolTipRole);
    }
    m_bands->addItem(tr("My own, as below"), kOwn);
    m_bands->setSizeAdjustPolicy(QComboBox::AdjustToContents);

    m_table->setAccessibleName(tr("Groups and what they are counted as"));
    m_table->setColumnCount(kColumns);
    m_table->setHorizontalHeaderLabels({tr("group"), tr("images"), tr("counted as")});
    m_table->verticalHeader()->hide();
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::AllEditTriggers);
    m_table->setTabKeyNavigation(false);
    m_table->setRowCount(static_cast<int>(m_groups.size()));
    for (int row = 0; row < m_table->rowCount(); ++row) {
        const auto& [group, count] = m_groups[static_cast<std::size_t>(row)];
        auto* name = new QTableWidgetItem(fromUtf8(group));
        name->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
        auto* images = new QTableWidgetItem(countText(count));
        images->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
        images->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        m_table->setItem(row, kGroup, name);
        m_table->setItem(row, kImages, images);
        m_table->setItem(row, kCountedAs, new QTableWidgetItem);
    }
    m_table->resizeColumnsToContents();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_table->setMinimumHeight(m_table->horizontalHeader()->sizeHint().height() +
                              std::min(kRowsShown, m_table->rowCount()) * m_table->rowHeight(0) + theme::kHalf);
    m_table->setMinimumWidth(52 * theme::kGrid);

    auto* how = caption(tr("Groups with the same name in the last column are counted as one."));
    how->setWordWrap(true);
    m_problem->setWordWrap(true);
    m_problem->setAccessibleName(tr("What is wrong"));
    auto* bars = new QScrollArea;
    bars->setAccessibleName(tr("Groups that come of it"));
    bars->setFrameShape(QFrame::NoFrame);
    bars->setWidgetResizable(true);
    bars->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    bars->setWidget(m_bars);
    bars->viewport()->setAutoFillBackground(false);
    bars->setMinimumHeight(12 * theme::kGrid);

    auto* column = new QVBoxLayout(this);
    column->setSpacing(theme::kGrid);
    auto* label = new QLabel(tr("&Bands"));
    label->setBuddy(m_bands);
    column->addWidget(label);
    column->addWidget(m_bands);
    column->addWidget(how);
    column->addWidget(m_table, 2);
    column->addWidget(m_problem);
    column->addWidget(caption(tr("Groups that will be compared")));
    column->addWidget(bars, 1);
    column->addWidget(m_buttons);

    connect(m_buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_bands, &QComboBox::activated, this, [this] {
        const int chosen = m_bands->currentData().toInt();
        if (chosen >= 0)
            fill(m_presets[static_cast<std::size_t>(chosen)].merges);
        else if (chosen == kAsTheyAre)
            fill({});
    });
    connect(m_table, &QTableWidget::itemChanged, this, &MergeGroupsDialog::refresh);
    fill(merges);
}

void MergeGroupsDialog::fill(const std::vector<GroupMerge>& merges) {
    {
        const QSignalBlocker quiet(m_table);
        for (int row = 0; row < m_table->rowCount(); ++row) {
            const std::string& group = m_groups[static_cast<std::size_t>(row)].first;
            QString name = fromUtf8(group);
            for (const GroupMerge& merge : merges)
                if (std::ranges::find(merge.members, group) != merge.members.end())
                    name = fromUtf8(merge.name);
            m_table->item(row, kCountedAs)->setText(name);
        }
    }
    refresh();
}

std::vector<GroupMerge> MergeGroupsDialog::merges() const {
    std::vector<GroupMerge> result;
    for (int row = 0; row < m_table->rowCount(); ++row) {
        const std::string name = m_table->item(row, kCountedAs)->text().trimmed().toStdString();
        const std::string& group = m_groups[static_cast<std::size_t>(row)].first;
        const auto same = std::ranges::find(result, name, &GroupMerge::name);
        if (same == result.end())
            result.push_back({name, {group}});
        else
            same->members.push_back(group);
    }
    std::erase_if(result,
                  [](const GroupMerge& merge) { return merge.members.size() == 1 && merge.members[0] == merge.name; });
    return result;
}

void MergeGroupsDialog::refresh() {
    const std::vector<GroupMerge> chosen = merges();
    int bands = chosen.empty() ? kAsTheyAre : kOwn;
    for (std::size_t i = 0; i < m_presets.size(); ++i) {
        const auto sorted = [](std::vector<GroupMerge> list) {
            for (GroupMerge& merge : list)
                std::ranges::sort(merge.members);
            std::ranges::sort(list, {}, &GroupMerge::name);
            std::erase_if(list, [](const GroupMerge& merge) {
                return merge.members.size() == 1 && merge.members[0] == merge.name;
            });
            return list;
        };
        if (sorted(m_presets[i].merges) == sorted(chosen))
            bands = static_cast<int>(i);
    }
    m_bands->setCurrentIndex(m_bands->findData(bands));

    Attribute attribute{m_attribute.toStdString(), {}, {}};
    for (const auto& [group, count] : m_groups)
        attribute.groups.push_back(group);
    const Result<Attribute> merged = mergeGroups(attribute, chosen);
    QString problem;
    if (!merged)
        problem = errorText(merged.error());
    else if (merged->groups.size() < 2)
        problem = tr("With one group there is nothing to compare.");
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    m_buttons->button(QDialogButtonBox::Ok)->setEnabled(problem.isEmpty());
    if (!merged)
        return;
    std::vector<GroupBars::Group> groups;
    for (const auto& [group, count] : mergedCounts(m_groups, chosen))
        groups.push_back({fromUtf8(group), count});
    m_bars->setGroups(m_attribute, std::move(groups), m_unlabelled);
}

} // namespace plumbline::ui
