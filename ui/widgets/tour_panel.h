// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QString>

#include "ui/widgets/surface.h"

class QLabel;
class QPushButton;

namespace plumbline::ui {

/// A guided tour as a quiet strip of the page, never over it: what to look at now, in words, with Back, Next and Close.
/// What is meant is outlined by the page (see Outline).
class TourPanel : public Surface {
    Q_OBJECT
public:
    struct Stop {
        QString title, text;
        QString action; ///< the label of a button that does what the text proposes; empty: none
        bool operator==(const Stop&) const = default;
    };

    explicit TourPanel(QWidget* parent = nullptr);

    /// From the first stop; takes the keyboard where the panel can be seen.
    void start(std::vector<Stop> stops);
    /// Other words while the tour goes on at the same stop.
    void setStops(std::vector<Stop> stops);
    bool isOpen() const { return !m_stops.empty(); }
    int stop() const { return m_stop; }
    void takeKeyboard();
    void dismiss();

Q_SIGNALS:
    void stopShown(int stop);
    void actionChosen();
    /// `forGood`: it was gone through to its end, or is not wanted again.
    void closed(bool forGood);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void showStop(int stop);
    void end(bool forGood);
    /// Room for the longest of the texts, so that the page under it stands still while the tour goes on.
    void reserveHeight();

    std::vector<Stop> m_stops;
    int m_stop = 0;
    QLabel* m_title;
    QLabel* m_text;
    QPushButton* m_action;
    QPushButton* m_back;
    QPushButton* m_next;
};

} // namespace plumbline::ui
