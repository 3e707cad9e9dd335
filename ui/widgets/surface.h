// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QVBoxLayout;

namespace plumbline::ui {

/// A plain area of the window in one of the theme's surfaces. A card has round corners and a margin, and lies on a page.
class Surface : public QWidget {
    Q_OBJECT
public:
    enum class Kind { Sidebar, Page, Card };
    explicit Surface(Kind kind, QWidget* parent = nullptr);

    /// The vertical layout (created on first use, with the margins of the kind).
    QVBoxLayout* column();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Kind m_kind;
};

} // namespace plumbline::ui
