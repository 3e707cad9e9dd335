// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/runs_room.h"

#include <QVBoxLayout>

#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/runs/runs_page.h"

namespace plumbline::ui {

RunsRoom::RunsRoom(const Context& context, AuditRunner* runner, QWidget* parent)
    : Page({}, {}, parent), m_page(new RunsPage(context.project, context.engine)) {
    body()->addWidget(m_page, 1);
    m_page->setCanGoOn([runner](const store::RunRecord& run) { return runner->canGoOn(run); });
    connect(m_page, &RunsPage::newAuditRequested, this, &RunsRoom::auditWanted);
    connect(m_page, &RunsPage::resumeRequested, runner, &AuditRunner::resume);
    connect(m_page, &RunsPage::messageRaised, this, [this](const QString& text, int severity) {
        Q_EMIT raised({static_cast<Severity>(severity), text});
    });
}

void RunsRoom::showRun(qint64 id) { m_page->showRun(id); }

void RunsRoom::focusFirst() {
    if (QWidget* first = m_page->nextInFocusChain(); first != nullptr && m_page->isAncestorOf(first))
        first->setFocus(Qt::OtherFocusReason);
}

} // namespace plumbline::ui
