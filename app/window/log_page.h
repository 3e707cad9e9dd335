// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

class EngineLog;
class FactSheet;
class TableView;

/// What computes (version, threads, precision, libraries), and what it said since the window opened.
class LogPage : public Page {
    Q_OBJECT
public:
    explicit LogPage(const Context& context, QWidget* parent = nullptr);

    EngineLog* log() const { return m_log; }
    TableView* table() const { return m_table; }
    void focusFirst() override;

Q_SIGNALS:
    void dismissed();

private:
    void showEngine();
    void copy();
    void save();

    Context m_context;
    EngineLog* m_log;
    FactSheet* m_facts;
    TableView* m_table;
};

} // namespace plumbline::ui
