// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractButton>
#include <QSet>
#include <QWidget>

#include "core/report/group_style.h"

namespace plumbline::ui {

/// A group's mark and name; checked while the group is shown.
class LegendItem : public QAbstractButton {
    Q_OBJECT
public:
    LegendItem(const report::GroupStyle& style, QWidget* parent);
    QSize sizeHint() const override;
    /// A remark after the name, quiet: "494".
    void setRemark(const QString& remark);
    /// Only mark and remark; the name is in the tool tip.
    void setCompact(bool on);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    report::GroupStyle m_style;
    QString words() const {
        return m_compact ? QString() : text() + (m_remark.isEmpty() ? QString() : QStringLiteral(" "));
    }
    QString m_remark;
    bool m_compact = false;
};

/// The legend of an attribute's groups; each entry switches its group's marks off and on.
class Legend : public QWidget {
    Q_OBJECT
public:
    explicit Legend(QWidget* parent = nullptr);
    void setGroups(const std::vector<report::GroupStyle>& styles);
    void setRemarks(const QStringList& remarks);
    QSet<int> hiddenGroups() const;
    /// Without switches it only explains.
    void setSwitchable(bool on);
    /// Entries without names, from the next setGroups() on.
    void setCompact(bool on) { m_compact = on; }
    /// A widget after the groups; stays when they change.
    void addNote(QWidget* note);

Q_SIGNALS:
    void hiddenGroupsChanged();

private:
    std::vector<LegendItem*> m_items;
    std::vector<QWidget*> m_notes;
    bool m_switchable = true;
    bool m_compact = false;
};

} // namespace plumbline::ui
