// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace plumbline::ui {

class PlumbTable;

/// The strip below the table into which the plumb line hangs: its end with the bob.
class PlumbFoot : public QWidget {
    Q_OBJECT
public:
    explicit PlumbFoot(const PlumbTable* table, QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const PlumbTable* m_table;
};

/// A sample of the shade, of a filled or hollow mark, or of an arrow at the edge, with its meaning.
class KeySample : public QWidget {
    Q_OBJECT
public:
    enum class Kind { Shade, Filled, Hollow, Absent };
    KeySample(Kind kind, const QString& text, QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Kind m_kind;
    QString m_text;
};

} // namespace plumbline::ui
