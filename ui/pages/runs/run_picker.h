// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

#include "core/store/project.h"

namespace plumbline::ui {

/// The page's title, which opens into the list of runs: newest first, each with its state, images, question and date.
class RunPicker : public QComboBox {
    Q_OBJECT
public:
    enum Role { IdRole = Qt::UserRole + 1, LineRole, StateRole, DoneRole };

    explicit RunPicker(QWidget* parent = nullptr);

    /// Keeps the chosen run if it is still there.
    void setRuns(const std::vector<store::RunRecord>& runs);
    qint64 currentRun() const; ///< 0 without one
    void setCurrentRun(qint64 id);

    QSize sizeHint() const override;

Q_SIGNALS:
    /// The user, or setRuns(), chose another run.
    void runChosen(qint64 id);

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace plumbline::ui
