// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/runs_room.h"

#include <utility>

#include <QVBoxLayout>

#include "ui/bridge/settings.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/runs/runs_page.h"
#include "ui/widgets/tour_panel.h"

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
    connect(m_page, &RunsPage::plantedRunShown, this, [this, settings = context.settings] {
        if (!settings->tourSeen() && !std::exchange(m_tourOffered, true))
            m_page->startTour();
    });
    connect(m_page->tour(), &TourPanel::closed, this, [settings = context.settings](bool forGood) {
        if (forGood)
            settings->setTourSeen(true);
    });
}

bool RunsRoom::startTour() {
    return m_page->startTour();
}

bool RunsRoom::closeTour() {
    const bool wasOpen = m_page->tour()->isOpen();
    m_page->tour()->dismiss();
    return wasOpen;
}

void RunsRoom::showRun(qint64 id) { m_page->showRun(id); }

void RunsRoom::focusFirst() {
    if (m_page->tour()->isOpen()) {
        m_page->tour()->takeKeyboard();
        return;
    }
    if (QWidget* first = m_page->nextInFocusChain(); first != nullptr && m_page->isAncestorOf(first))
        first->setFocus(Qt::OtherFocusReason);
}

} // namespace plumbline::ui
