// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>

#include <QAbstractTableModel>
#include <QDateTime>
#include <QString>

namespace plumbline::ui {

class Engine;
class RunningWork;

/// What the engine said and what was asked of it since the window opened: one line a row, the newest last. Keeps the
/// last kLines of them.
class EngineLog : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int kLines = 5000;
    enum Column { Time, Source, Text, Columns };

    EngineLog(Engine* engine, RunningWork* work, QObject* parent = nullptr);

    void add(const QString& source, const QString& text);
    void clear();
    /// All lines, each "time TAB source TAB text".
    QString text() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Line {
        QDateTime time;
        QString source, text;
    };
    std::deque<Line> m_lines;
};

} // namespace plumbline::ui
