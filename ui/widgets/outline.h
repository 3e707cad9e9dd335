// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QPointer>
#include <QWidget>

namespace plumbline::ui {

/// A frame in the accent around another widget of the same page, or around a part of it: what is being spoken of. Lets
/// the mouse through and takes no keyboard.
class Outline : public QWidget {
    Q_OBJECT
public:
    /// `page`: whatever is outlined is inside of it.
    explicit Outline(QWidget* page);

    /// `part`: the rectangle in the target's coordinates, asked for whenever something moves; the whole target without
    /// one. Nothing is outlined while it is empty or the target is not to be seen.
    void follow(QWidget* target, std::function<QRect()> part = {});
    void release();

public Q_SLOTS:
    /// To be called when the part has moved within its target.
    void place();

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QPointer<QWidget> m_target;
    std::function<QRect()> m_part;
};

} // namespace plumbline::ui
