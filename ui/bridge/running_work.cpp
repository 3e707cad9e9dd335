// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/running_work.h"

#include <algorithm>
#include <memory>

#include <QPointer>

#include "ui/bridge/error_texts.h"

namespace plumbline::ui {

RunningWork::RunningWork(Engine* engine, QObject* parent) : QAbstractListModel(parent), m_engine(engine) {
    connect(engine, &Engine::progress, this,
            [this](qint64 id, const QString& stage, qint64 done, qint64 total, double secondsLeft) {
                const int row = rowOf(id);
                if (row < 0)
                    return;
                Item& item = m_items[static_cast<std::size_t>(row)];
                item.stage = stage;
                item.done = done;
                item.total = total;
                item.secondsLeft = secondsLeft;
                Q_EMIT dataChanged(index(row), index(row));
            });
}

qint64 RunningWork::start(const QString& kind, const QString& title, const QString& method, const QJsonObject& params,
                          QObject* context, Engine::Answer answer) {
    auto ours = std::make_shared<qint64>(0);
    const qint64 id = m_engine->request(
        method, params, this,
        [this, ours, alive = QPointer<QObject>(context), answer = std::move(answer)](Outcome<QJsonObject> outcome) {
            remove(*ours, outcome                       ? End::Done
                          : outcome.error().cancelled() ? End::Cancelled
                                                        : End::Failed);
            if (alive)
                answer(std::move(outcome));
        });
    *ours = id;
    const int row = rowCount();
    beginInsertRows({}, row, row);
    m_items.push_back({id, kind, title, {}, 0, 0, -1, false});
    m_items.back().time.start();
    endInsertRows();
    Q_EMIT started(title);
    return id;
}

void RunningWork::cancel(qint64 id) {
    const int row = rowOf(id);
    if (row < 0 || m_items[static_cast<std::size_t>(row)].cancelling)
        return;
    m_items[static_cast<std::size_t>(row)].cancelling = true;
    Q_EMIT dataChanged(index(row), index(row));
    m_engine->cancel(id);
}

void RunningWork::cancelAll() {
    const auto items = m_items;
    for (const Item& item : items)
        cancel(item.id);
}

bool RunningWork::isRunning(const QString& kind) const {
    return std::any_of(m_items.begin(), m_items.end(), [&](const Item& item) { return item.kind == kind; });
}

int RunningWork::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_items.size());
}

QVariant RunningWork::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Item& item = m_items[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole: return item.title;
    case IdRole: return item.id;
    case StageRole: return item.cancelling ? tr("Cancelling") : stageText(item.stage);
    case DoneRole: return item.done;
    case TotalRole: return item.total;
    case SecondsLeftRole: return item.secondsLeft;
    case CancellingRole: return item.cancelling;
    default: return {};
    }
}

int RunningWork::rowOf(qint64 id) const {
    const auto it = std::find_if(m_items.begin(), m_items.end(), [id](const Item& item) { return item.id == id; });
    return it == m_items.end() ? -1 : static_cast<int>(it - m_items.begin());
}

void RunningWork::remove(qint64 id, End how) {
    const int row = rowOf(id);
    if (row < 0)
        return;
    beginRemoveRows({}, row, row);
    const Item item = std::move(m_items[static_cast<std::size_t>(row)]);
    m_items.erase(m_items.begin() + row);
    endRemoveRows();
    Q_EMIT ended(item.title, how, static_cast<double>(item.time.elapsed()) / 1000);
}

} // namespace plumbline::ui
