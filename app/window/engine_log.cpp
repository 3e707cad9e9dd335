// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/engine_log.h"

#include "ui/bridge/engine.h"
#include "ui/bridge/running_work.h"

namespace plumbline::ui {

namespace {

QString stamp(const QDateTime& time) {
    return time.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
}

/// A row, a message and a tab-separated file have one line for it.
QString oneLine(QString text) {
    for (QChar& c : text)
        if (c == u'\n' || c == u'\r' || c == u'\t')
            c = u' ';
    return text.trimmed();
}

} // namespace

EngineLog::EngineLog(Engine* engine, RunningWork* work, QObject* parent) : QAbstractTableModel(parent) {
    connect(engine, &Engine::logLine, this, [this](const QString& line) { add(tr("Engine"), line); });
    connect(engine, &Engine::died, this, [this](const QString& how) { add(tr("Engine"), how); });
    connect(engine, &Engine::stateChanged, this, [this](Engine::State state) {
        if (state == Engine::State::Ready)
            add(tr("Engine"), tr("ready"));
    });
    connect(work, &RunningWork::started, this,
            [this](const QString& title) { add(tr("Window"), tr("began: %1").arg(title)); });
    connect(work, &RunningWork::ended, this, [this](const QString& title, RunningWork::End how, double seconds) {
        const QString words = how == RunningWork::End::Done        ? tr("done in %1 s: %2")
                              : how == RunningWork::End::Cancelled ? tr("cancelled after %1 s: %2")
                                                                   : tr("failed after %1 s: %2");
        add(tr("Window"), words.arg(QString::number(seconds, 'f', 1), title));
    });
}

void EngineLog::add(const QString& source, const QString& text) {
    QString line = oneLine(text);
    if (line.isEmpty())
        return;
    if (m_lines.size() >= kLines) {
        beginRemoveRows({}, 0, 0);
        m_lines.pop_front();
        endRemoveRows();
    }
    const int row = rowCount();
    beginInsertRows({}, row, row);
    m_lines.push_back({QDateTime::currentDateTime(), source, std::move(line)});
    endInsertRows();
}

void EngineLog::clear() {
    beginResetModel();
    m_lines.clear();
    endResetModel();
}

QString EngineLog::text() const {
    QString all;
    for (const Line& line : m_lines)
        all += stamp(line.time) + u'\t' + line.source + u'\t' + line.text + u'\n';
    return all;
}

int EngineLog::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_lines.size());
}

int EngineLog::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : Columns;
}

QVariant EngineLog::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Line& line = m_lines[static_cast<std::size_t>(index.row())];
    if (role == Qt::ToolTipRole && index.column() == Text)
        return line.text;
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Time:
        return stamp(line.time);
    case Source:
        return line.source;
    default:
        return line.text;
    }
}

QVariant EngineLog::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Source:
        return tr("From");
    case Text:
        return tr("What");
    default:
        return {};
    }
}

} // namespace plumbline::ui
