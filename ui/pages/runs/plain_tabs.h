// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTabBar>

namespace plumbline::ui {

/// Tabs as words, the chosen one underlined in the accent: quieter than a frame around each.
class PlainTabs : public QTabBar {
    Q_OBJECT
public:
    explicit PlainTabs(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
    QSize tabSizeHint(int index) const override;
};

} // namespace plumbline::ui
