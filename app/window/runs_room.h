// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QTemporaryDir;

namespace plumbline::ui {

class AuditRunner;
class RunsPage;

/// The room Runs: the page of the results, which brings its own header, in the window's frame.
class RunsRoom : public Page {
    Q_OBJECT
public:
    RunsRoom(const Context& context, AuditRunner* runner, QWidget* parent = nullptr);
    void showRun(qint64 id);
    /// Has the run's report written to this file; what is in it goes by the end of its name.
    void writeReport(qint64 run, const QString& file, const QString& evidence);
    /// Begins the guided tour; false where there is no finished run to lead through.
    bool startTour();
    /// Whether there was a tour to close.
    bool closeTour();
    void focusFirst() override;

Q_SIGNALS:
    void auditWanted();
    /// With this run as the first.
    void compareWanted(qint64 run);

private:
    void chooseReport(qint64 run, const QString& suffix, const QString& evidence);
    /// Prints the page in that folder, on a thread of its own.
    void print(qint64 run, const std::shared_ptr<QTemporaryDir>& pages, const QString& file);
    void sayWritten(qint64 run, const QString& file);
    void verify(qint64 run);
    void remove(qint64 run);

    Context m_context;
    RunsPage* m_page;
    bool m_tourOffered = false; ///< once a session, unless asked for
};

} // namespace plumbline::ui
