// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTabBar>

namespace plumbline::ui {

/// Tabs as words, the chosen one underlined in the accent: quieter than a frame around each. Where there is no room for
/// "Skew by group" it is "Skew", and the rest in the tool tip.
class PlainTabs : public QTabBar {
    Q_OBJECT
public:
    explicit PlainTabs(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
    QSize tabSizeHint(int index) const override;
    QSize minimumTabSizeHint(int index) const override;
    void tabInserted(int index) override;

private:
    QSize sizeFor(const QString& words) const;
};

} // namespace plumbline::ui
