// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/log_page.h"

#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QJsonObject>
#include <QPushButton>
#include <QSaveFile>
#include <QVBoxLayout>

#include "app/window/engine_log.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/settings.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/file_dialog.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

LogPage::LogPage(const Context& context, QWidget* parent)
    : Page(tr("Log"), tr("What computes, and what it said since this window opened."), parent), m_context(context),
      m_log(new EngineLog(context.engine, context.work, this)), m_facts(new FactSheet), m_table(new TableView) {
    auto* copyAll = addButton(tr("Copy all"));
    auto* saveAll = addButton(tr("Save…"));
    auto* clear = addButton(tr("Clear"));
    connect(addPrimaryButton(tr("Back")), &QPushButton::clicked, this, &LogPage::dismissed);
    connect(copyAll, &QPushButton::clicked, this, &LogPage::copy);
    connect(saveAll, &QPushButton::clicked, this, &LogPage::save);
    connect(clear, &QPushButton::clicked, m_log, &EngineLog::clear);
    const auto enable = [=, this] {
        for (QPushButton* button : {copyAll, saveAll, clear})
            button->setEnabled(m_log->rowCount() > 0);
    };
    for (const auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(m_log, signal, this, enable);
    connect(m_log, &QAbstractItemModel::modelReset, this, enable);
    enable();

    m_facts->setAccessibleName(tr("Engine"));
    m_table->setAccessibleName(tr("Log"));
    m_table->setSource(m_log);
    m_table->setStretchColumn(EngineLog::Text);
    connect(m_log, &QAbstractItemModel::rowsInserted, this, [this] {
        if (!m_table->currentSource().isValid()) // whoever reads a line is not carried away from it
            m_table->scrollToBottom();
    });

    auto* facts = new Surface(Surface::Kind::Card);
    facts->column()->addWidget(m_facts);
    auto* lines = new Surface(Surface::Kind::Card);
    lines->column()->addWidget(m_table);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(theme::kSpace);
    columns->addWidget(lines, 2);
    columns->addWidget(facts, 1);
    body()->addLayout(columns, 1);

    connect(context.engine, &Engine::stateChanged, this, &LogPage::showEngine);
    showEngine();
}

void LogPage::focusFirst() {
    m_table->setFocus(Qt::OtherFocusReason);
}

void LogPage::showEngine() {
    FactSheet::Group engine{tr("Engine"), {}};
    const auto add = [&engine](const QString& label, const QString& value, bool isWarning = false) {
        if (!value.isEmpty())
            engine.facts.push_back({label, value, {}, isWarning});
    };
    const QJsonObject info = m_context.engine->info();
    const auto word = [&info](QStringView key) { return info.value(key).toString(); };
    switch (m_context.engine->state()) {
    case Engine::State::Stopped:
        add(tr("State"), tr("starts when it is needed"));
        break;
    case Engine::State::Starting:
        add(tr("State"), tr("starting"));
        break;
    case Engine::State::Gone:
        add(tr("State"), tr("stopped; starts again when it is needed"), true);
        break;
    case Engine::State::Ready:
        add(tr("State"), tr("ready"));
        break;
    }
    if (!info.isEmpty()) {
        add(tr("Version"), word(u"version"));
        add(tr("Device"), tr("CPU"));
        const int threads = info.value(u"threads").toInt(), cores = info.value(u"cores").toInt();
        add(tr("Threads"), cores > 0 ? tr("%1 of %2 cores").arg(threads).arg(cores) : QString::number(threads));
        add(tr("Precision"), word(u"precision"));
        add(tr("Linear algebra"), word(u"blas"), info.value(u"slow_blas").toBool());
        if (const double speed = info.value(u"gflops").toDouble(); speed > 0)
            add(tr("Matrix product"), tr("%1 GFLOP/s").arg(speed, 0, 'f', 0), info.value(u"slow_blas").toBool());
        add(tr("LibTorch"), word(u"torch"));
    }
    m_facts->setGroups({engine});
}

void LogPage::copy() {
    QGuiApplication::clipboard()->setText(m_log->text());
}

void LogPage::save() {
    const QString purpose = QStringLiteral("log");
    const QString path =
        chooseNewFile(this, tr("Save the log"),
                      m_context.settings->folder(purpose) + QStringLiteral("/plumbline-log.txt"), tr("Text (*.txt)"));
    if (path.isEmpty())
        return;
    m_context.settings->setFolder(purpose, QFileInfo(path).absolutePath());
    QSaveFile file(path);
    const QByteArray bytes = m_log->text().toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        Q_EMIT raised({Severity::Error, tr("The log was not written to %1: %2.").arg(path, file.errorString())});
}

} // namespace plumbline::ui
