// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/work_bar.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/running_work.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {
constexpr int kBarWidth = 20 * theme::kGrid;
/// QProgressBar counts in int; the share is what it shows.
constexpr int kSteps = 1000;
} // namespace

class WorkBar::Row : public QWidget {
public:
    Row(RunningWork* work, qint64 id) : m_title(new QLabel), m_numbers(caption({})), m_bar(new QProgressBar) {
        auto* line = new QHBoxLayout(this);
        line->setContentsMargins(0, 0, 0, 0);
        line->setSpacing(theme::kSpace);
        m_numbers->setFont(theme::tabularFont(m_numbers->font()));
        m_bar->setTextVisible(false);
        m_bar->setFixedSize(kBarWidth, theme::kGrid);
        auto* cancel = new QPushButton(WorkBar::tr("Cancel"));
        QObject::connect(cancel, &QPushButton::clicked, work, [work, id] { work->cancel(id); });
        m_cancel = cancel;
        line->addWidget(m_title);
        line->addWidget(m_bar);
        line->addWidget(m_numbers);
        line->addWidget(cancel);
    }

    void show(const QModelIndex& index) {
        const QString title = index.data().toString();
        const QString stage = index.data(RunningWork::StageRole).toString();
        const qint64 done = index.data(RunningWork::DoneRole).toLongLong();
        const qint64 total = index.data(RunningWork::TotalRole).toLongLong();
        m_title->setText(stage.isEmpty() ? title : title + QStringLiteral(" · ") + stage);
        m_bar->setMaximum(total > 0 ? kSteps : 0);
        if (total > 0)
            m_bar->setValue(static_cast<int>(static_cast<double>(done) / static_cast<double>(total) * kSteps));
        QStringList numbers;
        if (total > 0)
            numbers.append(WorkBar::tr("%1 of %2").arg(countText(done), countText(total)));
        if (const QString left = remainingText(index.data(RunningWork::SecondsLeftRole).toDouble()); !left.isEmpty())
            numbers.append(left);
        m_numbers->setText(numbers.join(QStringLiteral(" · ")));
        m_numbers->setVisible(!numbers.isEmpty());
        m_cancel->setEnabled(!index.data(RunningWork::CancellingRole).toBool());
        m_bar->setAccessibleName(m_title->text());
        m_bar->setAccessibleDescription(m_numbers->text());
        m_cancel->setAccessibleName(WorkBar::tr("Cancel: %1").arg(title));
    }

private:
    QLabel* m_title;
    QLabel* m_numbers;
    QProgressBar* m_bar;
    QPushButton* m_cancel;
};

WorkBar::WorkBar(Engine* engine, RunningWork* work, QWidget* parent)
    : Surface(Kind::Sidebar, parent), m_engine(engine), m_work(work), m_engineIcon(new QLabel),
      m_engineText(caption({})), m_rowPlace(new QVBoxLayout) {
    auto* line = new QHBoxLayout(this);
    line->setContentsMargins(theme::kMargin, theme::kGrid, theme::kMargin, theme::kGrid);
    line->setSpacing(theme::kGrid);
    m_engineText->setAccessibleName(tr("Engine"));
    line->addWidget(m_engineIcon);
    line->addWidget(m_engineText);
    line->addStretch(1);
    m_rowPlace->setSpacing(theme::kHalf);
    line->addLayout(m_rowPlace);
    setMinimumHeight(6 * theme::kGrid);

    connect(engine, &Engine::stateChanged, this, &WorkBar::updateEngine);
    connect(work, &QAbstractItemModel::rowsInserted, this, [this](const QModelIndex&, int first, int last) {
        for (int row = first; row <= last; ++row) {
            auto* widget = new Row(m_work, m_work->index(row).data(RunningWork::IdRole).toLongLong());
            m_rows.insert(m_rows.begin() + row, widget);
            m_rowPlace->insertWidget(row, widget);
            updateRow(row);
        }
    });
    connect(work, &QAbstractItemModel::rowsRemoved, this, [this](const QModelIndex&, int first, int last) {
        for (int row = last; row >= first; --row) {
            m_rows[static_cast<std::size_t>(row)]->deleteLater();
            m_rows.erase(m_rows.begin() + row);
        }
    });
    connect(work, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex& first, const QModelIndex& last) {
        for (int row = first.row(); row <= last.row(); ++row)
            updateRow(row);
    });
    updateEngine();
}

void WorkBar::updateRow(int row) { m_rows[static_cast<std::size_t>(row)]->show(m_work->index(row)); }

QString WorkBar::engineText() const { return m_engineText->text(); }

void WorkBar::updateEngine() {
    QString text;
    bool warns = false;
    switch (m_engine->state()) {
    case Engine::State::Stopped: text = tr("The engine starts when it is needed"); break;
    case Engine::State::Starting: text = tr("The engine is starting"); break;
    case Engine::State::Gone:
        text = tr("The engine stopped; it starts again when it is needed");
        warns = true;
        break;
    case Engine::State::Ready: {
        const QJsonObject info = m_engine->info();
        text = tr("Engine ready · CPU, %Ln thread(s)", nullptr, info.value(u"threads").toInt(1));
        if (const QString precision = info.value(u"precision").toString(); !precision.isEmpty())
            text += QStringLiteral(", ") + precision;
        if (const QString blas = info.value(u"blas").toString(); !blas.isEmpty())
            text += QStringLiteral(" · ") + blas;
        if (info.value(u"slow_blas").toBool()) {
            text += tr(" (slow)");
            warns = true;
        }
        break;
    }
    }
    m_engineText->setText(text);
    m_engineIcon->setVisible(warns);
    if (warns)
        m_engineIcon->setPixmap(iconPixmap(QStringLiteral("warning"), 16, theme::signal(Severity::Warning, palette()),
                                           devicePixelRatioF()));
}

} // namespace plumbline::ui
