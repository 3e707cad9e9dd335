// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

class AuditRunner;
class RunsPage;

/// The room Runs: the page of the results, which brings its own header, in the window's frame.
class RunsRoom : public Page {
    Q_OBJECT
public:
    RunsRoom(const Context& context, AuditRunner* runner, QWidget* parent = nullptr);
    void showRun(qint64 id);
    void focusFirst() override;

Q_SIGNALS:
    void auditWanted();

private:
    RunsPage* m_page;
};

} // namespace plumbline::ui
