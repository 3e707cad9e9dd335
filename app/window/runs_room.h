// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

class AuditRunner;
class ReportWriter;
class RunsPage;

/// The room Runs: the page of the results, which brings its own header, in the window's frame.
class RunsRoom : public Page {
    Q_OBJECT
public:
    RunsRoom(const Context& context, AuditRunner* runner, ReportWriter* writer, QWidget* parent = nullptr);
    void showRun(qint64 id);
    /// The finished run that is shown; 0: none.
    qint64 shownRun() const;
    /// Begins the guided tour; false where there is no finished run to lead through.
    bool startTour();
    /// Whether there was a tour to close.
    bool closeTour();
    void focusFirst() override;

Q_SIGNALS:
    void auditWanted();
    /// With the choices of this run.
    void auditLikeWanted(qint64 run);
    /// With this run as the first.
    void compareWanted(qint64 run);
    /// To be looked at before it is written.
    void reportWanted(qint64 run);

private:
    void verify(qint64 run);
    void remove(qint64 run);

    Context m_context;
    RunsPage* m_page;
    bool m_tourOffered = false; ///< once a session, unless asked for
};

} // namespace plumbline::ui
