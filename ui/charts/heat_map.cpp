// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/heat_map.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include <QHeaderView>
#include <QPainter>
#include <QScrollBar>
#include <QSet>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "ui/charts/chart_text.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr double kStrongest = 4; ///< times its share, or the same part of it
constexpr double kPale = 0.3;    ///< of the colour that is left where it could be chance
constexpr int kHatch = 6;
constexpr int kLeastCell = 68, kMostCell = 120;
constexpr int kEdge = 16;
constexpr int kRoom = 8;
constexpr int kBarWidth = 120;

void paintHatch(QPainter& painter, const QRectF& rect, const QColor& colour) {
    painter.save();
    painter.setClipRect(rect, Qt::IntersectClip);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colour, 1));
    for (qreal x = rect.left() - rect.height(); x < rect.right(); x += kHatch)
        painter.drawLine(QPointF(x, rect.bottom()), QPointF(x + rect.height(), rect.top()));
    painter.restore();
}

/// The colour of a cell, and its words with the sign of what could be chance.
void paintCell(QPainter& painter, const QRect& rect, std::optional<double> skew, bool unsure, const QString& words,
               const QFont& font, const QPalette& palette) {
    const QColor ground = skew ? heatColour(*skew, unsure, palette) : theme::card(palette);
    painter.fillRect(rect, ground);
    if (skew && unsure)
        paintHatch(painter, rect, theme::mix(ground, theme::muted(palette), 0.35));
    painter.setFont(font);
    painter.setPen(inkOn(ground));
    // Right-aligned, so that the decimals of a column stand under each other.
    const int right = rect.right() - kRoom;
    painter.drawText(QRect(rect.left(), rect.top(), right - rect.left(), rect.height()),
                     Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, words);
    if (unsure)
        paintTrend(painter, Grid::Trend::Unsure,
                   {right - QFontMetrics(font).horizontalAdvance(words) - kTrendWidth / 2.0, rect.center().y() + 0.5},
                   palette);
}

/// What the colours mean.
void paintKey(QPainter& painter, const QRect& rect, const QFont& font, const QPalette& palette) {
    const QFontMetrics metrics(font);
    int x = rect.left();
    painter.setFont(font);
    const auto say = [&](const QString& words) {
        painter.setPen(theme::muted(palette));
        painter.drawText(QRect(x, rect.top(), metrics.horizontalAdvance(words) + 1, rect.height()),
                         Qt::AlignVCenter | Qt::TextSingleLine, words);
        x += metrics.horizontalAdvance(words) + theme::kGrid;
    };
    const int top = rect.center().y() - 6;
    say(HeatMap::tr("a quarter of its share"));
    for (int i = 0; i < kBarWidth; i += 2) {
        const double skew = (2.0 * i / (kBarWidth - 2) - 1) * std::log(kStrongest);
        painter.fillRect(QRect(x + i, top, 2, 12), heatColour(skew, false, palette));
    }
    painter.setBrush(Qt::NoBrush);
    painter.setPen(theme::line(palette));
    painter.drawRect(QRect(x, top, kBarWidth - 1, 12));
    x += kBarWidth + theme::kGrid;
    say(HeatMap::tr("4 times its share"));
    x += theme::kSpace;
    paintCell(painter, QRect(x, top - 2, 32, 16), 0.3, true, {}, font, palette);
    x += 32 + theme::kGrid;
    say(HeatMap::tr("could be chance"));
}

int keyHeight(const QFont& font) {
    return QFontMetrics(font).height() + 2 * theme::kGrid;
}

class HeatKey : public QWidget {
public:
    explicit HeatKey(QWidget* parent) : QWidget(parent) {
        setToolTip(HeatMap::tr("Hatched cells with a circle could be chance: the test finds no lean after correction, "
                               "the 95 % interval holds 0, or the number lies where 19 of 20 random rankings do."));
        setAccessibleName(HeatMap::tr("Key of the heat map"));
        setAccessibleDescription(toolTip());
    }
    QSize sizeHint() const override { return {400, keyHeight(font())}; }
    QSize minimumSizeHint() const override { return {0, keyHeight(font())}; }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        paintKey(painter, rect().adjusted(kRoom, 0, 0, 0), theme::smallFont(font()), palette());
    }
};

class HeatDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void setCommonPrefix(qsizetype length) { m_prefix = length; }

    void paint(QPainter* painter, const QStyleOptionViewItem& styleOption, const QModelIndex& index) const override {
        if (index.column() == 0) {
            QStyledItemDelegate::paint(painter, styleOption, index);
            return;
        }
        const QVariant value = index.data(GridModel::kSortRole);
        const bool unsure = index.data(GridModel::kTrendRole).toInt() == static_cast<int>(Grid::Trend::Unsure);
        const QRect rect = styleOption.rect.adjusted(0, 0, -1, -1);
        painter->save();
        paintCell(*painter, rect, value.isValid() ? std::optional(value.toDouble()) : std::nullopt, unsure,
                  index.data().toString(), styleOption.font, styleOption.palette);
        // The chosen row keeps its colours: it has an outline, a thicker one where the keyboard is.
        if (styleOption.state & (QStyle::State_Selected | QStyle::State_HasFocus)) {
            const bool here = styleOption.state & QStyle::State_HasFocus;
            painter->setPen(QPen(styleOption.palette.color(QPalette::Text), here ? 2 : 1));
            painter->setBrush(Qt::NoBrush);
            if (here) {
                painter->drawRect(rect.adjusted(1, 1, -1, -1));
            } else {
                painter->drawLine(rect.topLeft(), rect.topRight());
                painter->drawLine(rect.bottomLeft(), rect.bottomRight());
            }
        }
        painter->restore();
    }

protected:
    /// A prompt that does not fit goes without what all prompts begin with.
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        option->textElideMode = Qt::ElideMiddle;
        if (m_prefix > 0 &&
            option->fontMetrics.horizontalAdvance(option->text) > option->rect.width() - 2 * theme::kGrid)
            option->text = QChar(u'…') + option->text.mid(m_prefix);
    }

private:
    qsizetype m_prefix = 0;
};

/// Prompts take what they need, up to a share of the width, and the groups the rest.
class HeatTable : public GridTable {
public:
    explicit HeatTable(QWidget* parent) : GridTable(parent), m_delegate(new HeatDelegate(this)) {
        setItemDelegate(m_delegate);
        setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
        horizontalHeader()->setTextElideMode(Qt::ElideMiddle);
    }
    void setHeat(const Grid& grid, qsizetype commonPrefix) {
        m_prefix = commonPrefix;
        m_delegate->setCommonPrefix(commonPrefix);
        setGrid(grid);
        shareWidth();
    }

protected:
    void resizeEvent(QResizeEvent* event) override {
        GridTable::resizeEvent(event);
        shareWidth();
    }
    void changeEvent(QEvent* event) override {
        GridTable::changeEvent(event);
        if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
            shareWidth();
    }

private:
    void shareWidth() {
        const int groups = static_cast<int>(grid().columns.size()) - 1;
        if (groups < 1)
            return;
        const QFontMetrics metrics(font());
        int prompt = 0;
        for (const Grid::Row& row : grid().rows)
            prompt = std::max(prompt, metrics.horizontalAdvance(QChar(u'…') + row.front().shown.mid(m_prefix)));
        const int whole = viewport()->width();
        prompt = std::max(prompt, QFontMetrics(horizontalHeader()->font()).horizontalAdvance(grid().columns[0].title));
        prompt = std::min(prompt + 4 * theme::kGrid, whole * 2 / 5);
        const int cell = std::max(std::clamp((whole - prompt) / groups, kLeastCell, kMostCell), needOfNames(prompt));
        setColumnWidth(0, std::max(prompt, whole - groups * cell));
        for (int column = 1; column <= groups; ++column)
            setColumnWidth(column, cell);
    }

    /// What the groups' names need where two would be cut to the same; the table then scrolls.
    int needOfNames(int prompt) const {
        const QFontMetrics metrics(horizontalHeader()->font());
        const int groups = static_cast<int>(grid().columns.size()) - 1;
        const int cell = std::clamp((viewport()->width() - prompt) / groups, kLeastCell, kMostCell);
        QSet<QString> shown;
        int widest = 0;
        for (int column = 1; column <= groups; ++column) {
            const QString& name = grid().columns[column].title;
            shown.insert(metrics.elidedText(name, Qt::ElideMiddle, cell - 3 * theme::kGrid));
            widest = std::max(widest, metrics.horizontalAdvance(name) + 4 * theme::kGrid);
        }
        return shown.size() < groups ? widest : 0;
    }

    HeatDelegate* m_delegate;
    qsizetype m_prefix = 0;
};

} // namespace

QColor heatColour(double skew, bool unsure, const QPalette& palette) {
    const bool dark = theme::isDark(palette);
    const QColor strongest = skew < 0 ? QColor::fromRgb(dark ? 0xb9a7ec : 0x5e3c99)  // purple and orange are told apart
                                      : QColor::fromRgb(dark ? 0xfda94f : 0xb35806); // by colour-blind people too
    const double amount = std::min(1.0, std::abs(skew) / std::log(kStrongest));
    return theme::mix(theme::card(palette), strongest, unsure ? kPale * amount : 0.1 + 0.9 * amount);
}

QColor inkOn(const QColor& ground) {
    const auto linear = [](double part) {
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    const double luminance =
        0.2126 * linear(ground.redF()) + 0.7152 * linear(ground.greenF()) + 0.0722 * linear(ground.blueF());
    return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? Qt::black : Qt::white;
}

bool couldBeChance(const report::Mark& mark, const GroupMeasure& group) {
    const bool holdsZero = group.ciLow && group.ciHigh && *group.ciLow <= 0 && *group.ciHigh >= 0;
    return !mark.leans || holdsZero || mark.kind == report::Mark::Kind::Inside;
}

Grid heatGrid(const PlumbData& data) {
    Grid grid;
    grid.addColumn(HeatMap::tr("Prompt"));
    for (const report::GroupStyle& style : data.chart.styles) {
        const QString name = QString::fromStdString(style.name);
        grid.addEstimate(
            name, HeatMap::tr("%1: skew, the natural logarithm of its share in the top ÷ its target share").arg(name));
    }
    for (std::size_t i = 0; i < data.measurements.size(); ++i) {
        const Measurement& measurement = data.measurements[i];
        const report::Row& row = data.chart.rows[i];
        const QStringList lines = marksText(data.chart, row, measurement, data.options.correction).split(u'\n');
        Grid::Row cells(static_cast<qsizetype>(data.chart.styles.size()) + 1, Grid::Cell(noValue(), QString()));
        cells[0] = Grid::Cell(data.prompt(static_cast<int>(i)));
        for (std::size_t g = 0; g < measurement.groups.size(); ++g) {
            const GroupMeasure& group = measurement.groups[g];
            const report::Mark& mark = row.marks[g];
            Grid::Cell& cell = cells[static_cast<qsizetype>(mark.group) + 1];
            if (group.skew) {
                cell = Grid::number(group.skew, signedText(group.skew));
                cell.plainLow = plainNumber(group.ciLow);
                cell.plainHigh = plainNumber(group.ciHigh);
            } else if (mark.kind == report::Mark::Kind::Absent) {
                cell = Grid::Cell(HeatMap::tr("none"), QString());
                cell.value = -std::numeric_limits<double>::infinity(); // the logarithm of no share at all
            } else {
                continue;
            }
            if (couldBeChance(mark, group))
                cell.trend = Grid::Trend::Unsure;
            cell.toolTip = lines.value(static_cast<qsizetype>(g));
        }
        grid.rows << cells;
    }
    return grid;
}

HeatMap::HeatMap(QWidget* parent) : QWidget(parent), m_model(new PlumbModel(this)), m_table(new HeatTable(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_table, 1);
    layout->addWidget(new HeatKey(this));
    m_table->setAccessibleName(tr("Heat map"));
    connect(m_table, &GridTable::currentGridRowChanged, this,
            [this](int row) { Q_EMIT currentMeasurementChanged(measurementOf(row)); });
}

void HeatMap::setChart(std::shared_ptr<const PlumbData> shown, const QString& title) {
    m_title = title;
    m_model->setChart(std::move(shown));
    Grid grid = chart() ? heatGrid(*chart()) : Grid();
    m_order.resize(static_cast<std::size_t>(grid.rows.size()));
    std::iota(m_order.begin(), m_order.end(), 0);
    std::ranges::stable_sort(m_order, std::greater(), [this](int measurement) {
        return chart()->chart.rows[static_cast<std::size_t>(measurement)].lean.strength;
    });
    QList<Grid::Row> rows;
    for (const int measurement : m_order)
        rows << std::move(grid.rows[measurement]);
    grid.rows = std::move(rows);
    const QSignalBlocker quiet(m_table);
    static_cast<HeatTable*>(m_table)->setHeat(grid, chart() ? chart()->commonPrefix : 0);
    m_table->setAccessibleDescription(chartSummary());
}

void HeatMap::updateChart(std::shared_ptr<const PlumbData> shown, const QString& title) {
    const int current = currentMeasurement();
    const int place = m_table->verticalScrollBar()->value();
    setChart(std::move(shown), title);
    const QSignalBlocker quiet(m_table);
    setCurrentMeasurement(current);
    m_table->verticalScrollBar()->setValue(place);
}

std::vector<int> HeatMap::measurementsInSight(int beyond) const {
    const QList<int> rows = m_table->shownGridRows();
    std::vector<int> measurements;
    for (const int row : rowsInSight(*m_table, static_cast<int>(rows.size()), beyond))
        measurements.push_back(measurementOf(rows[row]));
    return measurements;
}

int HeatMap::measurementOf(int row) const {
    return row < 0 ? -1 : m_order[static_cast<std::size_t>(row)];
}

void HeatMap::setCurrentMeasurement(int measurement) {
    const auto found = std::ranges::find(m_order, measurement);
    m_table->setCurrentGridRow(found == m_order.end() ? -1 : static_cast<int>(found - m_order.begin()));
}

QString HeatMap::chartSummary() const {
    if (!chart())
        return {};
    int cells = 0, sure = 0;
    for (const Grid::Row& row : m_table->grid().rows)
        for (qsizetype column = 1; column < row.size(); ++column)
            if (row[column].value) {
                ++cells;
                sure += row[column].trend != Grid::Trend::Unsure;
            }
    return tr("%1. Skew of each group for each prompt.").arg(m_title) + u' ' +
           tr("%1 of %2 cells lean, the others could be chance.").arg(sure).arg(cells);
}

Grid HeatMap::chartNumbers() const {
    std::vector<int> measurements;
    for (const int row : m_table->shownGridRows())
        measurements.push_back(measurementOf(row));
    return m_model->grid(measurements);
}

QSize HeatMap::pictureSize() const {
    const QFontMetrics metrics(font());
    int prompt = 200, cell = kLeastCell;
    for (const Grid::Row& row : m_table->grid().rows)
        prompt = std::max(prompt, metrics.horizontalAdvance(row.front().shown));
    for (qsizetype column = 1; column < m_table->grid().columns.size(); ++column)
        cell = std::max(cell, metrics.horizontalAdvance(m_table->grid().columns[column].title) + 2 * kRoom);
    const int groups = std::max(1, static_cast<int>(m_table->grid().columns.size()) - 1);
    const int line = metrics.height() + theme::kGrid;
    const int rows = static_cast<int>(m_table->shownGridRows().size()) + 2;
    return {std::max(560, 2 * kEdge + prompt + kEdge + groups * cell), 2 * kEdge + rows * line + keyHeight(font())};
}

void HeatMap::paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const {
    QPainter painter(&device);
    painter.fillRect(QRect({0, 0}, size), theme::card(palette));
    const Grid& grid = m_table->grid();
    const QFontMetrics metrics(font());
    const int line = metrics.height() + theme::kGrid;
    const int groups = std::max(1, static_cast<int>(grid.columns.size()) - 1);
    int cell = kLeastCell;
    for (qsizetype column = 1; column < grid.columns.size(); ++column)
        cell = std::max(cell, metrics.horizontalAdvance(grid.columns[column].title) + 2 * kRoom);
    const int left = size.width() - kEdge - groups * cell;
    painter.setFont(theme::strongFont(font()));
    painter.setPen(palette.color(QPalette::WindowText));
    painter.drawText(QRect(kEdge, kEdge, size.width() - 2 * kEdge, line), Qt::AlignVCenter, m_title);
    int top = kEdge + line;
    painter.setFont(font());
    painter.setPen(theme::muted(palette));
    for (int group = 0; group < groups && group + 1 < grid.columns.size(); ++group)
        painter.drawText(QRect(left + group * cell, top, cell - 1 - kRoom, line),
                         Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, grid.columns[group + 1].title);
    for (const int index : m_table->shownGridRows()) {
        top += line;
        const Grid::Row& row = grid.rows[index];
        painter.setFont(font());
        painter.setPen(palette.color(QPalette::WindowText));
        painter.drawText(QRect(kEdge, top, left - kEdge, line), Qt::AlignVCenter | Qt::TextSingleLine,
                         row.front().shown);
        for (int group = 0; group < groups; ++group) {
            const Grid::Cell& each = row[group + 1];
            paintCell(painter, QRect(left + group * cell, top, cell - 1, line - 1), each.value,
                      each.trend == Grid::Trend::Unsure, each.shown, font(), palette);
        }
    }
    paintKey(painter, QRect(kEdge, top + line, size.width() - 2 * kEdge, keyHeight(font())), theme::smallFont(font()),
             palette);
}

} // namespace plumbline::ui
