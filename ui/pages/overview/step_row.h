// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace plumbline::ui {

/// One step to a result: done or to do, what there is, and the button that does it.
class StepRow : public QWidget {
    Q_OBJECT
public:
    StepRow(const QString& title, const QString& button, QWidget* parent = nullptr);

    /// `isNext` draws the button in the accent.
    void setState(bool isDone, bool isNext, const QString& sentence);
    bool isDone() const { return m_isDone; }
    QPushButton* button() const { return m_button; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_title;
    QLabel* m_sentence;
    QPushButton* m_button;
    bool m_isDone = false;
};

} // namespace plumbline::ui
