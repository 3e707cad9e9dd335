// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "ui/charts/numbers_table.h"

namespace plumbline::ui {

/// One measure of one prompt in two runs.
struct DumbBell {
    QString prompt;
    std::optional<double> first, second;
    std::optional<double> difference, low, high; ///< second minus first, with its interval
    std::optional<double> p;                     ///< after correction
    Grid::Trend trend = Grid::Trend::Unsure;     ///< Better: the second leans less, Worse: more
};

/// Pairs of numbers, a row a prompt: the first run's as a ring and the second's as a disc, joined by a line, over a
/// pale bar that is the interval of the difference, laid at the first. A table: it sorts, finds, copies and reads
/// aloud, and its picture is drawn as it is shown.
class DumbBellTable : public NumbersTable {
    Q_OBJECT
public:
    enum Column { Prompt, Chart, First, Second, Difference, P };

    explicit DumbBellTable(QWidget* parent = nullptr);

    /// `measure`: "MaxSkew"; `first`, `second`: "run 2", "run 3"; `corrected`: the name of the p, "p (Holm)".
    void setPairs(std::vector<DumbBell> pairs, const QString& measure, const QString& first, const QString& second,
                  const QString& corrected, const QString& title, const QString& summary);
    const std::vector<DumbBell>& pairs() const { return m_pairs; }

    /// Without the column of the drawing.
    Grid chartNumbers() const override;
    QSize pictureSize() const override;
    void paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    class Delegate;
    class Header;
    struct Scale {
        double low = 0, high = 1;
        double step = 1;
        int decimals = 0;
        double pixel(const QRectF& cell, double value) const;
    };

    void fitScale();
    void shareWidth();
    void paintPair(QPainter& painter, const QRectF& cell, const DumbBell& pair, const QPalette& palette) const;
    void paintAxis(QPainter& painter, const QRectF& cell, const QFont& font, const QPalette& palette) const;

    std::vector<DumbBell> m_pairs;
    QString m_first, m_second;
    Scale m_scale;
};

/// The marks of the two runs with their names, as a line for under the table.
class DumbBellKey : public QWidget {
    Q_OBJECT
public:
    explicit DumbBellKey(QWidget* parent = nullptr);
    void setRuns(const QString& first, const QString& second);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_first, m_second;
};

} // namespace plumbline::ui
