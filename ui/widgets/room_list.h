// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QListWidget>

namespace plumbline::ui {

/// The rooms of a project at the left of the window, with how much is in each.
class RoomList : public QListWidget {
    Q_OBJECT
public:
    explicit RoomList(QWidget* parent = nullptr);

    void addRoom(const QString& key, const QString& label, const QString& iconName);
    /// A negative count shows none.
    void setCount(const QString& key, qint64 count);
    QString currentRoom() const;
    void setCurrentRoom(const QString& key);
    QStringList rooms() const;

    QSize sizeHint() const override;

Q_SIGNALS:
    void roomChosen(const QString& key);

private:
    QListWidgetItem* room(const QString& key) const;
};

} // namespace plumbline::ui
