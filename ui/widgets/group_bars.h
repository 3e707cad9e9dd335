// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QString>
#include <QWidget>

namespace plumbline::ui {

/// How many images each group of an attribute has: a small bar with its number and share, one line a group, and how
/// many images are unlabelled. A group has the colour that it has in the whole program.
class GroupBars : public QWidget {
    Q_OBJECT
public:
    struct Group {
        QString name;
        qint64 count = 0;
    };

    explicit GroupBars(QWidget* parent = nullptr);
    /// Colours follow from the byte order of the names. Groups with fewer images than `least` are marked, those without
    /// any stand at the end, muted.
    void setGroups(const QString& attribute, std::vector<Group> groups, qint64 unlabelled, qint64 least = 0);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int lineHeight() const;
    QString m_attribute;
    std::vector<Group> m_groups;
    std::vector<std::size_t> m_order;
    std::vector<QColor> m_light, m_dark;
    qint64 m_unlabelled = 0, m_least = 0;
};

} // namespace plumbline::ui
