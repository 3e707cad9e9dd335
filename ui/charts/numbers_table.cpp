// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/numbers_table.h"

#include <QPainter>

#include "ui/charts/palette.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {
constexpr int kEdge = 16;
constexpr int kColumnGap = 24;
constexpr int kMark = 18;

QString wordsOf(const Grid::Cell& cell) {
    return cell.note.isEmpty() ? cell.shown : QStringLiteral("%1 (%2)").arg(cell.shown, cell.note);
}
} // namespace

void NumbersTable::setNumbers(const Grid& numbers, const QString& title, const QString& summary) {
    m_title = title;
    m_summary = summary;
    setGrid(numbers);
    setAccessibleName(title);
    setAccessibleDescription(summary);
}

int NumbersTable::columnNeed(int column) const {
    const QFontMetrics metrics(font());
    int width = metrics.horizontalAdvance(grid().columns[column].title);
    for (const Grid::Row& row : grid().rows)
        width = std::max(width, metrics.horizontalAdvance(wordsOf(row.value(column))) +
                                    (row.value(column).trend == Grid::Trend::None ? 0 : kTrendWidth));
    return width + (column == 0 && !grid().styles.isEmpty() ? kMark : 0);
}

QSize NumbersTable::pictureSize() const {
    int width = 2 * kEdge - kColumnGap;
    for (int column = 0; column < grid().columns.size(); ++column)
        width += columnNeed(column) + kColumnGap;
    const int line = fontMetrics().height() + 8;
    return {std::max(width, 200), 2 * kEdge + line * static_cast<int>(grid().rows.size() + 2)};
}

void NumbersTable::paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const {
    QPainter painter(&device);
    painter.fillRect(QRect({0, 0}, size), theme::card(palette));
    const int line = fontMetrics().height() + 8;
    const QColor ink = palette.color(QPalette::WindowText);
    painter.setFont(theme::strongFont(font()));
    painter.setPen(ink);
    painter.drawText(QRect(kEdge, kEdge, size.width() - 2 * kEdge, line), Qt::AlignLeft | Qt::AlignVCenter, m_title);
    painter.setFont(font());
    int left = kEdge;
    for (int column = 0; column < grid().columns.size(); ++column) {
        const int width = columnNeed(column);
        const int flags =
            Qt::AlignVCenter | Qt::TextSingleLine | (grid().columns[column].isNumber ? Qt::AlignRight : Qt::AlignLeft);
        int top = kEdge + line;
        painter.setPen(theme::muted(palette));
        painter.drawText(QRect(left, top, width, line), flags, grid().columns[column].title);
        for (int row = 0; row < grid().rows.size(); ++row) {
            top += line;
            const bool marked = column == 0 && row < grid().styles.size();
            if (marked)
                paintMark(painter, grid().styles[row], QPointF(left + 6, top + line / 2.0), 10, MarkFill::Filled,
                          palette);
            const Grid::Cell cell = grid().rows[row].value(column);
            const QString words = wordsOf(cell);
            painter.setPen(ink);
            painter.drawText(QRect(left, top, width, line).adjusted(marked ? kMark : 0, 0, 0, 0), flags, words);
            if (cell.trend != Grid::Trend::None)
                paintTrend(painter, cell.trend,
                           {left + width - fontMetrics().horizontalAdvance(words) - kTrendWidth / 2.0, top + line / 2.0},
                           palette);
        }
        left += width + kColumnGap;
    }
    painter.setPen(theme::line(palette));
    painter.drawLine(kEdge, kEdge + 2 * line, size.width() - kEdge, kEdge + 2 * line);
}

} // namespace plumbline::ui
