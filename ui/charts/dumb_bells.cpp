// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/dumb_bells.h"

#include <algorithm>
#include <cmath>

#include <QEvent>
#include <QHeaderView>
#include <QPainter>
#include <QStyledItemDelegate>

#include "ui/charts/chart_text.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kLeastChart = 160, kRoom = 14, kEdge = 16, kPictureChart = 320;
constexpr qreal kMark = 9;
constexpr int kTickRoom = 56; ///< pixels a tick label has

/// Ring and disc differ in more than their colour.
void paintFirst(QPainter& painter, QPointF at, const QPalette& palette) {
    painter.setPen(QPen(palette.color(QPalette::Text), 1.6));
    painter.setBrush(theme::card(palette));
    painter.drawEllipse(at, kMark / 2, kMark / 2);
}

void paintSecond(QPainter& painter, QPointF at, const QPalette& palette) {
    painter.setPen(QPen(theme::card(palette), 1));
    painter.setBrush(theme::accent(palette));
    painter.drawEllipse(at, kMark / 2 + 0.5, kMark / 2 + 0.5);
}

QColor intervalColour(const QPalette& palette) {
    return theme::mix(theme::card(palette), theme::accent(palette), 0.22);
}

/// What the marks mean; returns how wide that is. Draws only with a painter.
int layOutKey(QPainter* painter, const QRect& rect, const QFont& font, const QPalette& palette, const QString& first,
              const QString& second) {
    const QFontMetrics metrics(font);
    int x = rect.left();
    const int middle = rect.center().y();
    const auto say = [&](const QString& words) {
        if (painter != nullptr) {
            painter->setFont(font);
            painter->setPen(theme::muted(palette));
            painter->drawText(QRect(x, rect.top(), metrics.horizontalAdvance(words) + 2, rect.height()),
                              Qt::AlignVCenter | Qt::TextSingleLine, words);
        }
        x += metrics.horizontalAdvance(words) + theme::kSpace;
    };
    if (painter != nullptr)
        paintFirst(*painter, QPointF(x + kMark / 2 + 1, middle + 0.5), palette);
    x += static_cast<int>(kMark) + theme::kGrid;
    say(first);
    if (painter != nullptr)
        paintSecond(*painter, QPointF(x + kMark / 2 + 1, middle + 0.5), palette);
    x += static_cast<int>(kMark) + theme::kGrid;
    say(second);
    if (painter != nullptr)
        painter->fillRect(QRect(x, middle - 5, 28, 11), intervalColour(palette));
    x += 28 + theme::kGrid;
    say(DumbBellTable::tr("95 % interval of the difference, from the first on"));
    for (const auto& [trend, words] : {std::pair(Grid::Trend::Better, DumbBellTable::tr("leans less")),
                                       std::pair(Grid::Trend::Worse, DumbBellTable::tr("leans more")),
                                       std::pair(Grid::Trend::Unsure, DumbBellTable::tr("cannot tell"))}) {
        if (painter != nullptr)
            paintTrend(*painter, trend, QPointF(x + 5, middle + 0.5), palette);
        x += kTrendWidth;
        say(words);
    }
    return x - rect.left();
}

} // namespace

class DumbBellTable::Delegate : public QStyledItemDelegate {
public:
    explicit Delegate(DumbBellTable* table) : QStyledItemDelegate(table), m_table(table) {}

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index); // the ground, as of the cells beside it
        const int row = m_table->gridRow(index);
        if (row >= 0 && static_cast<std::size_t>(row) < m_table->m_pairs.size())
            m_table->paintPair(*painter, option.rect, m_table->m_pairs[static_cast<std::size_t>(row)], option.palette);
    }

private:
    DumbBellTable* m_table;
};

/// Over the drawing it has the axis.
class DumbBellTable::Header : public QHeaderView {
public:
    explicit Header(DumbBellTable* table) : QHeaderView(Qt::Horizontal, table), m_table(table) {
        setSectionsClickable(true);
    }

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override {
        painter->save(); // the style leaves an empty clip behind where there was none
        QHeaderView::paintSection(painter, rect, section);
        painter->restore();
        if (section == Chart && !m_table->m_pairs.empty())
            m_table->paintAxis(*painter, rect, theme::smallFont(font()), palette());
    }

private:
    DumbBellTable* m_table;
};

double DumbBellTable::Scale::pixel(const QRectF& cell, double value) const {
    const double share = std::clamp((value - low) / (high - low), 0.0, 1.0);
    return cell.left() + kRoom + share * (cell.width() - 2 * kRoom);
}

DumbBellTable::DumbBellTable(QWidget* parent) : NumbersTable(parent) {
    takeHeader(new Header(this));
    setItemDelegateForColumn(Chart, new Delegate(this));
    setSelectionMode(QAbstractItemView::SingleSelection);
}

void DumbBellTable::setPairs(std::vector<DumbBell> pairs, const QString& measure, const QString& first,
                             const QString& second, const QString& corrected, const QString& title,
                             const QString& summary) {
    m_pairs = std::move(pairs);
    m_first = first;
    m_second = second;
    fitScale();
    Grid grid;
    grid.addColumn(tr("Prompt"));
    grid.addNumber({}, tr("%1 in %2 (ring) and in %3 (disc)").arg(measure, first, second));
    grid.addNumber(first, tr("%1 in %2").arg(measure, first));
    grid.addNumber(second, tr("%1 in %2").arg(measure, second));
    grid.addEstimate(tr("difference"),
                     tr("%1 of %2 minus that of %3, with its 95 % interval over the images that both scored")
                         .arg(measure, second, first));
    grid.addNumber(corrected, tr("p of the difference, corrected over everything that is compared"));
    for (const DumbBell& pair : m_pairs) {
        Grid::Cell chart{QString(), QString()};
        chart.value = pair.difference ? std::optional(std::abs(*pair.difference)) : std::nullopt;
        chart.toolTip = tr("%1: %2 in %3, %4 in %5; difference %6, %7: %8")
                            .arg(pair.prompt, numberText(pair.first), first, numberText(pair.second), second,
                                 signedText(pair.difference), rangeText(pair.low, pair.high, true),
                                 pair.trend == Grid::Trend::Better  ? tr("leans less")
                                 : pair.trend == Grid::Trend::Worse ? tr("leans more")
                                                                    : tr("cannot tell"));
        Grid::Cell difference = Grid::number(pair.difference, signedText(pair.difference));
        difference.note = rangeText(pair.low, pair.high, true);
        difference.plainLow = plainNumber(pair.low);
        difference.plainHigh = plainNumber(pair.high);
        difference.trend = pair.trend;
        difference.toolTip = chart.toolTip;
        grid.rows << Grid::Row{Grid::Cell(pair.prompt),   chart,      Grid::number(pair.first),
                               Grid::number(pair.second), difference, Grid::number(pair.p, pText(pair.p))};
    }
    setNumbers(grid, title, summary);
    shareWidth();
}

void DumbBellTable::fitScale() {
    double low = 0, high = 0;
    for (const DumbBell& pair : m_pairs)
        for (const auto& value : {pair.first, pair.second})
            if (value && std::isfinite(*value)) {
                low = std::min(low, *value);
                high = std::max(high, *value);
            }
    if (high - low < 1e-6)
        high = low + 1;
    // About four ticks at 1, 2 or 5 times a power of ten, and ends on ticks.
    const double least = (high - low) / 4, power = std::pow(10, std::floor(std::log10(least)));
    double step = 10 * power;
    for (const double times : {5, 2, 1})
        if (times * power >= least)
            step = times * power;
    m_scale = {std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, step,
               std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)))};
}

void DumbBellTable::paintPair(QPainter& painter, const QRectF& cell, const DumbBell& pair,
                              const QPalette& palette) const {
    painter.save();
    painter.setClipRect(cell, Qt::IntersectClip);
    painter.setRenderHint(QPainter::Antialiasing);
    const double middle = std::floor(cell.center().y()) + 0.5;
    painter.setPen(QPen(theme::line(palette), 1));
    const double zero = std::floor(m_scale.pixel(cell, 0)) + 0.5;
    painter.drawLine(QPointF(zero, cell.top()), QPointF(zero, cell.bottom()));
    const bool hasFirst = pair.first && std::isfinite(*pair.first);
    const bool hasSecond = pair.second && std::isfinite(*pair.second);
    if (hasFirst && pair.low && pair.high) {
        const double from = m_scale.pixel(cell, *pair.first + *pair.low),
                     to = m_scale.pixel(cell, *pair.first + *pair.high);
        painter.fillRect(QRectF(QPointF(from, middle - 5), QPointF(to, middle + 5)), intervalColour(palette));
    }
    const QPointF first(hasFirst ? m_scale.pixel(cell, *pair.first) : 0, middle),
        second(hasSecond ? m_scale.pixel(cell, *pair.second) : 0, middle);
    if (hasFirst && hasSecond) {
        painter.setPen(QPen(theme::muted(palette), 1.6));
        painter.drawLine(first, second);
    }
    if (hasFirst)
        paintFirst(painter, first, palette);
    if (hasSecond)
        paintSecond(painter, second, palette);
    painter.restore();
}

void DumbBellTable::paintAxis(QPainter& painter, const QRectF& cell, const QFont& font, const QPalette& palette) const {
    painter.save();
    painter.setFont(font);
    painter.setPen(theme::muted(palette));
    const int ticks = static_cast<int>(std::lround((m_scale.high - m_scale.low) / m_scale.step));
    const int room = std::max(1, static_cast<int>(cell.width()) / kTickRoom);
    const int each = std::max(1, (ticks + room - 1) / room);
    for (int tick = 0; tick <= ticks; tick += each) {
        const double value = m_scale.low + tick * m_scale.step, at = m_scale.pixel(cell, value);
        painter.drawText(QRectF(at - kTickRoom / 2.0, cell.top(), kTickRoom, cell.height()),
                         Qt::AlignCenter | Qt::TextSingleLine, numberText(value, m_scale.decimals));
    }
    painter.restore();
}

void DumbBellTable::shareWidth() {
    if (grid().columns.isEmpty())
        return;
    int others = 0;
    for (const int column : {First, Second, Difference, P})
        others += columnWidth(column);
    const int whole = viewport()->width();
    const QFontMetrics metrics(font());
    int prompt = metrics.horizontalAdvance(tr("Prompt"));
    for (const DumbBell& pair : m_pairs)
        prompt = std::max(prompt, metrics.horizontalAdvance(pair.prompt));
    prompt = std::min(prompt + 3 * theme::kGrid, std::max(whole / 4, (whole - others) * 11 / 20));
    setColumnWidth(Prompt, prompt);
    setColumnWidth(Chart, std::max(kLeastChart, whole - others - prompt));
}

void DumbBellTable::resizeEvent(QResizeEvent* event) {
    NumbersTable::resizeEvent(event);
    shareWidth();
}

void DumbBellTable::changeEvent(QEvent* event) {
    NumbersTable::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        shareWidth();
}

Grid DumbBellTable::chartNumbers() const {
    Grid numbers = grid();
    numbers.columns.removeAt(Chart);
    numbers.addColumn(tr("says"));
    QList<Grid::Row> rows;
    for (const int row : shownGridRows()) {
        Grid::Row cells = numbers.rows[row];
        cells.removeAt(Chart);
        const Grid::Trend trend = m_pairs[static_cast<std::size_t>(row)].trend;
        cells << Grid::Cell(trend == Grid::Trend::Better  ? tr("leans less")
                            : trend == Grid::Trend::Worse ? tr("leans more")
                                                          : tr("cannot tell"));
        rows << cells;
    }
    numbers.rows = rows;
    return numbers;
}

QSize DumbBellTable::pictureSize() const {
    const QFontMetrics metrics(font());
    int prompt = 120, words = 0;
    for (const Grid::Row& row : grid().rows) {
        prompt = std::max(prompt, metrics.horizontalAdvance(row[Prompt].shown));
        words = std::max(words, metrics.horizontalAdvance(row[Difference].shown + u' ' + row[Difference].note));
    }
    const int line = metrics.height() + theme::kGrid;
    const int key = layOutKey(nullptr, {}, theme::smallFont(font()), palette(), m_first, m_second);
    return {std::max(key, prompt + kPictureChart + words + kTrendWidth + 2 * theme::kSpace) + 2 * kEdge,
            2 * kEdge + (static_cast<int>(shownGridRows().size()) + 3) * line};
}

void DumbBellTable::paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const {
    QPainter painter(&device);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(QRect({0, 0}, size), theme::card(palette));
    const QFontMetrics metrics(font());
    const int line = metrics.height() + theme::kGrid;
    int words = 0;
    for (const Grid::Row& row : grid().rows)
        words = std::max(words, metrics.horizontalAdvance(row[Difference].shown + u' ' + row[Difference].note));
    const QRect chart(size.width() - kEdge - words - kTrendWidth - theme::kSpace - kPictureChart, 0, kPictureChart,
                      line);
    painter.setFont(theme::strongFont(font()));
    painter.setPen(palette.color(QPalette::WindowText));
    painter.drawText(QRect(kEdge, kEdge, size.width() - 2 * kEdge, line), Qt::AlignVCenter, chartTitle());
    int top = kEdge + line;
    paintAxis(painter, chart.translated(0, top), theme::smallFont(font()), palette);
    for (const int row : shownGridRows()) {
        top += line;
        const Grid::Row& cells = grid().rows[row];
        painter.setFont(font());
        painter.setPen(palette.color(QPalette::WindowText));
        painter.drawText(QRect(kEdge, top, chart.left() - kEdge, line), Qt::AlignVCenter | Qt::TextSingleLine,
                         cells[Prompt].shown);
        const QString said = cells[Difference].shown + u' ' + cells[Difference].note;
        painter.drawText(QRect(kEdge, top, size.width() - 2 * kEdge, line),
                         Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, said);
        paintTrend(
            painter, cells[Difference].trend,
            QPointF(size.width() - kEdge - metrics.horizontalAdvance(said) - kTrendWidth / 2.0, top + line / 2.0),
            palette);
        paintPair(painter, chart.translated(0, top), m_pairs[static_cast<std::size_t>(row)], palette);
    }
    layOutKey(&painter, QRect(kEdge, top + line, size.width() - 2 * kEdge, line), theme::smallFont(font()), palette,
              m_first, m_second);
}

DumbBellKey::DumbBellKey(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Key of the pairs"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void DumbBellKey::setRuns(const QString& first, const QString& second) {
    m_first = first;
    m_second = second;
    setAccessibleDescription(tr("Ring: %1, disc: %2.").arg(first, second));
    updateGeometry();
    update();
}

QSize DumbBellKey::sizeHint() const {
    const QFont small = theme::smallFont(font());
    return {layOutKey(nullptr, {}, small, palette(), m_first, m_second), QFontMetrics(small).height() + theme::kGrid};
}

void DumbBellKey::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    layOutKey(&painter, rect(), theme::smallFont(font()), palette(), m_first, m_second);
}

} // namespace plumbline::ui
