// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "ui/widgets/surface.h"

class QLabel;
class QVBoxLayout;

namespace plumbline::ui {

class Engine;
class RunningWork;

/// The bottom of the window: the state of the engine on the left; on the right what runs, how far it is, how long it
/// will take yet, and Cancel.
class WorkBar : public Surface {
    Q_OBJECT
public:
    WorkBar(Engine* engine, RunningWork* work, QWidget* parent = nullptr);

    QString engineText() const;

private:
    class Row;
    void updateEngine();
    void updateRow(int row);

    Engine* m_engine;
    RunningWork* m_work;
    QLabel* m_engineIcon;
    QLabel* m_engineText;
    QVBoxLayout* m_rowPlace;
    std::vector<Row*> m_rows;
};

} // namespace plumbline::ui
