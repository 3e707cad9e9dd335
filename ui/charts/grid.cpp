// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/grid.h"

#include <algorithm>
#include <utility>

#include <QClipboard>
#include <QEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QStyle>
#include <QStyledItemDelegate>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

QString tsvField(QString text) {
    for (const char16_t c : {u'\t', u'\n', u'\r', u'\u2028'})
        text.replace(QChar(c), u' ');
    return text;
}

QString csvField(const QString& text) {
    const bool quote = text.contains(u',') || text.contains(u'"') || text.contains(u'\n') || text.contains(u'\r');
    return quote ? u'"' + QString(text).replace(u'"', QLatin1String("\"\"")) + u'"' : text;
}

template <class Field>
QString joined(const Grid& grid, QChar separator, const QString& lineEnd, Field field) {
    QString text;
    const auto addLine = [&](const QStringList& fields) { text += fields.join(separator) + lineEnd; };
    QStringList header;
    for (const Grid::Column& column : grid.columns)
        if (column.isRange)
            header << field(GridModel::tr("%1, low").arg(column.title))
                   << field(GridModel::tr("%1, high").arg(column.title));
        else if (column.hasInterval)
            header << field(column.title) << field(GridModel::tr("%1, low").arg(column.title))
                   << field(GridModel::tr("%1, high").arg(column.title));
        else
            header << field(column.title);
    addLine(header);
    for (const Grid::Row& row : grid.rows) {
        QStringList fields;
        for (qsizetype column = 0; column < grid.columns.size(); ++column) {
            const Grid::Cell cell = row.value(column);
            fields << field(cell.plain);
            if (grid.columns[column].hasInterval)
                fields << field(cell.plainLow);
            if (grid.columns[column].isRange || grid.columns[column].hasInterval)
                fields << field(cell.plainHigh);
        }
        addLine(fields);
    }
    return text;
}

/// The first of several is the longest; few are enough, since a proportional font hardly changes which is the widest.
constexpr qsizetype kLongest = 3;
constexpr int kMostText = 40 * theme::kGrid;
constexpr int kCellPadding = 2 * theme::kGrid + 4;
constexpr int kMarkWidth = 4 * theme::kGrid;

/// A number with its interval under it, and the sign of its change before it.
class NoteDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& styleOption, const QModelIndex& index) const override {
        const QVariant noteData = index.data(GridModel::kNoteRole);
        if (!noteData.isValid()) {
            QStyledItemDelegate::paint(painter, styleOption, index);
            return;
        }
        const QString note = noteData.toString();
        const auto trend = static_cast<Grid::Trend>(index.data(GridModel::kTrendRole).toInt());
        QStyleOptionViewItem option = styleOption;
        initStyleOption(&option, index);
        const QString words = std::exchange(option.text, QString());
        const QIcon mark = std::exchange(option.icon, QIcon());
        option.features &= ~QStyleOptionViewItem::HasDecoration;
        option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);
        QRect text = option.rect.adjusted(kInset, 3, -kInset, -3);
        if (!mark.isNull()) {
            mark.paint(painter, QRect(text.left(), text.top(), kMarkSize, text.height()));
            text.setLeft(text.left() + kMarkSize + kInset);
        }
        const QRect first(text.left(), text.top(), text.width(), note.isEmpty() ? text.height() : text.height() / 2);
        const QRect second = text.adjusted(0, text.height() / 2, 0, 0);
        const bool isNumber = option.displayAlignment & Qt::AlignRight;
        const int across = isNumber ? Qt::AlignRight : Qt::AlignLeft;
        painter->save();
        painter->setFont(option.font);
        painter->setPen(option.palette.color(QPalette::Text));
        const int room = first.width() - (trend == Grid::Trend::None ? 0 : kTrendWidth);
        const QString shown = option.fontMetrics.elidedText(words, Qt::ElideRight, room);
        painter->drawText(first, across | Qt::AlignVCenter | Qt::TextSingleLine, shown);
        if (trend != Grid::Trend::None)
            paintTrend(*painter, trend,
                       {first.right() - option.fontMetrics.horizontalAdvance(shown) - kTrendWidth / 2.0,
                        first.center().y() + 0.5},
                       option.palette);
        const QFont small = theme::tabularFont(theme::smallFont(option.font));
        painter->setFont(small);
        painter->setPen(theme::muted(option.palette));
        painter->drawText(second, across | Qt::AlignVCenter | Qt::TextSingleLine,
                          QFontMetrics(small).elidedText(note, Qt::ElideRight, second.width()));
        painter->restore();
    }

private:
    static constexpr int kInset = 8, kMarkSize = 16;
};

} // namespace

void paintTrend(QPainter& painter, Grid::Trend trend, QPointF centre, const QPalette& palette) {
    constexpr qreal kHalf = 4;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    const QPen pen(trend == Grid::Trend::Better  ? betterColour(palette)
                   : trend == Grid::Trend::Worse ? worseColour(palette)
                                                 : theme::muted(palette),
                   1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
    painter.setPen(pen);
    switch (trend) {
    case Grid::Trend::Better:
        painter.drawPolyline(QPolygonF({centre + QPointF(-kHalf, 0), centre + QPointF(-kHalf / 4, kHalf * 0.8),
                                        centre + QPointF(kHalf, -kHalf * 0.8)}));
        break;
    case Grid::Trend::Worse:
        painter.drawLine(centre + QPointF(-kHalf, -kHalf) * 0.8, centre + QPointF(kHalf, kHalf) * 0.8);
        painter.drawLine(centre + QPointF(-kHalf, kHalf) * 0.8, centre + QPointF(kHalf, -kHalf) * 0.8);
        break;
    case Grid::Trend::Unsure:
        painter.setPen(QPen(pen.color(), 1.2));
        painter.drawEllipse(centre, kHalf * 0.75, kHalf * 0.75);
        break;
    case Grid::Trend::None:
        break;
    }
    painter.restore();
}

QString trendText(Grid::Trend trend) {
    switch (trend) {
    case Grid::Trend::Better:
        return GridModel::tr("better");
    case Grid::Trend::Worse:
        return GridModel::tr("worse");
    case Grid::Trend::Unsure:
        return GridModel::tr("cannot tell");
    case Grid::Trend::None:
        break;
    }
    return {};
}

Grid::Cell Grid::number(std::optional<double> value, const QString& shown) {
    Cell cell(shown.isEmpty() ? numberText(value) : shown, plainNumber(value));
    cell.value = value;
    return cell;
}

Grid::Cell Grid::range(std::optional<double> low, std::optional<double> high, const QString& shown) {
    Cell cell(shown.isEmpty() ? noValue() : shown, plainNumber(low));
    cell.plainHigh = plainNumber(high);
    cell.value = low ? low : high;
    return cell;
}

Grid::Cell Grid::count(qint64 value) {
    Cell cell(QLocale().toString(value), QString::number(value));
    cell.value = static_cast<double>(value);
    return cell;
}

Grid::Cell Grid::estimate(std::optional<double> value, std::optional<double> low, std::optional<double> high,
                          int decimals) {
    Cell cell = number(value, numberText(value, decimals));
    if (value) {
        cell.note = shortRangeText(low, high, decimals);
        cell.plainLow = plainNumber(low);
        cell.plainHigh = plainNumber(high);
    }
    return cell;
}

Grid::Cell Grid::estimate(const MetricValue& value, int decimals) {
    if (value.value || !value.atMost)
        return estimate(value.value, value.ciLow, value.ciHigh, decimals);
    Cell cell = number(value.atMost, QStringLiteral("≤ %1").arg(numberText(value.atMost, decimals)));
    cell.toolTip = ChartWords::tr("A group is absent from the first images of a prompt, so its skew has no lower end. "
                                  "This is what it is at most.");
    return cell;
}

bool Grid::hasNotes() const {
    return std::ranges::any_of(rows, [](const Row& row) {
        return std::ranges::any_of(row, [](const Cell& cell) { return !cell.note.isEmpty(); });
    });
}

QString Grid::tsv() const {
    return joined(*this, u'\t', QStringLiteral("\n"), tsvField);
}

QString Grid::csv() const {
    return joined(*this, u',', QStringLiteral("\r\n"), csvField);
}

void GridModel::setGrid(Grid grid) {
    beginResetModel();
    m_grid = std::move(grid);
    m_hasNotes = m_grid.hasNotes();
    endResetModel();
}

void GridModel::setPalette(const QPalette& palette) {
    m_palette = palette;
    if (!m_grid.rows.isEmpty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, 0), {Qt::DecorationRole});
}

int GridModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_grid.rows.size());
}

int GridModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_grid.columns.size());
}

QVariant GridModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const Grid::Cell cell = m_grid.rows[index.row()].value(index.column());
    const Grid::Column& column = m_grid.columns[index.column()];
    switch (role) {
    case Qt::DisplayRole:
        return cell.shown;
    case Qt::ToolTipRole:
        if (!cell.toolTip.isEmpty())
            return cell.toolTip;
        if (column.isRange && !(cell.plain.isEmpty() && cell.plainHigh.isEmpty()))
            return tr("%1 to %2")
                .arg(cell.plain.isEmpty() ? QStringLiteral("−∞") : cell.plain,
                     cell.plainHigh.isEmpty() ? QStringLiteral("∞") : cell.plainHigh);
        return column.isNumber && !cell.plain.isEmpty() ? cell.plain : cell.shown;
    case Qt::AccessibleTextRole: {
        QString words = tr("%1: %2").arg(column.title, cell.shown);
        for (const QString& more : {cell.note, trendText(cell.trend)})
            if (!more.isEmpty())
                words += QStringLiteral(", ") + more;
        return words;
    }
    case Qt::AccessibleDescriptionRole:
        return cell.toolTip;
    case kNoteRole: // nothing at all in a grid of single lines
        return m_hasNotes ? QVariant(cell.note) : QVariant();
    case kTrendRole:
        return static_cast<int>(cell.trend);
    case Qt::TextAlignmentRole:
        return int(Qt::AlignVCenter | (column.isNumber ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::DecorationRole:
        if (index.column() == 0 && index.row() < m_grid.styles.size())
            return markPixmap(m_grid.styles[index.row()], 14, 2, m_palette);
        return {};
    case kSortRole:
        if (column.isNumber)
            return cell.value ? QVariant(*cell.value) : QVariant();
        return cell.shown;
    default:
        return {};
    }
}

QVariant GridModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= m_grid.columns.size())
        return {};
    const Grid::Column& column = m_grid.columns[section];
    switch (role) {
    case Qt::DisplayRole:
        return column.title;
    case Qt::ToolTipRole:
        return column.toolTip;
    case Qt::TextAlignmentRole:
        return int(Qt::AlignVCenter | (column.isNumber ? Qt::AlignRight : Qt::AlignLeft));
    default:
        return {};
    }
}

GridProxy::GridProxy(GridModel* source) : QSortFilterProxyModel(source), m_source(source) {
    setSourceModel(source);
    setSortRole(GridModel::kSortRole);
    setSortLocaleAware(true);
}

void GridProxy::setWords(const QStringList& words) {
    m_words = words;
    invalidateFilter();
}

bool GridProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const bool leftDefined = left.data(sortRole()).isValid(), rightDefined = right.data(sortRole()).isValid();
    if (leftDefined != rightDefined)
        return sortOrder() == Qt::AscendingOrder ? leftDefined : rightDefined;
    return QSortFilterProxyModel::lessThan(left, right);
}

bool GridProxy::filterAcceptsRow(int row, const QModelIndex& parent) const {
    Q_UNUSED(parent)
    const Grid& grid = m_source->grid();
    return std::ranges::all_of(m_words, [&](const QString& word) {
        for (qsizetype column = 0; column < grid.columns.size(); ++column)
            if (!grid.columns[column].isNumber &&
                grid.rows[row].value(column).shown.contains(word, Qt::CaseInsensitive))
                return true;
        return false;
    });
}

GridTable::GridTable(QWidget* parent)
    : QTableView(parent), m_model(new GridModel(this)), m_proxy(new GridProxy(m_model)) {
    m_model->setPalette(palette());
    setModel(m_proxy);
    setItemDelegate(new NoteDelegate(this));
    theme::styleTable(this);
    setFont(theme::tabularFont(font()));
    dressHeader();
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this] { Q_EMIT currentGridRowChanged(currentGridRow()); });
    new TableSearch(
        this, [this](const QString& words) { setFilter(words); }, [this] { return m_model->rowCount(); });
}

void GridTable::dressHeader() {
    QHeaderView* header = horizontalHeader();
    header->setHighlightSections(false);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    header->setStretchLastSection(false);
    header->setSectionResizeMode(QHeaderView::Interactive);
    setSortingEnabled(true);
    header->setSortIndicator(-1, Qt::AscendingOrder);
    header->setSortIndicatorClearable(true);
}

void GridTable::takeHeader(QHeaderView* header) {
    setHorizontalHeader(header);
    dressHeader();
}

int GridTable::gridRow(const QModelIndex& index) const {
    return m_proxy->mapToSource(index).row();
}

QList<int> GridTable::shownGridRows() const {
    QList<int> rows;
    for (int row = 0; row < m_proxy->rowCount(); ++row)
        rows << gridRow(m_proxy->index(row, 0));
    return rows;
}

int GridTable::currentGridRow() const {
    return gridRow(currentIndex());
}

void GridTable::setCurrentGridRow(int row) {
    if (const QModelIndex here = m_proxy->mapFromSource(m_model->index(row, 0)); here.isValid())
        selectionModel()->setCurrentIndex(here, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void GridTable::setGrid(const Grid& grid) {
    m_model->setGrid(grid);
    fitColumns();
}

void GridTable::setFilter(const QString& words) {
    m_proxy->setWords(words.split(u' ', Qt::SkipEmptyParts));
}

void GridTable::fitColumns() {
    const QFontMetrics metrics(font()), heads(horizontalHeader()->font()), small(theme::smallFont(font()));
    verticalHeader()->setDefaultSectionSize(grid().hasNotes() ? metrics.height() + small.height() + theme::kGrid
                                                              : metrics.height() + theme::kSpace);
    const int arrow = style()->pixelMetric(QStyle::PM_HeaderMarkSize, nullptr, horizontalHeader());
    for (int column = 0; column < grid().columns.size(); ++column) {
        QList<QString> longest;
        for (const Grid::Row& row : grid().rows) {
            const QString text = row.value(column).shown;
            if (longest.size() == kLongest && text.size() <= longest.back().size())
                continue;
            longest.insert(
                std::ranges::find_if(longest, [&](const QString& other) { return other.size() < text.size(); }), text);
            if (longest.size() > kLongest)
                longest.removeLast();
        }
        int text = 0;
        for (const QString& each : longest)
            text = std::max(text, metrics.horizontalAdvance(each));
        for (const Grid::Row& row : grid().rows) {
            const Grid::Cell cell = row.value(column);
            if (cell.trend != Grid::Trend::None)
                text = std::max(text, metrics.horizontalAdvance(cell.shown) + kTrendWidth);
            if (!cell.note.isEmpty() && grid().columns[column].isNumber)
                text = std::max(text, small.horizontalAdvance(cell.note));
        }
        if (column == 0 && !grid().styles.isEmpty())
            text += kMarkWidth;
        if (!grid().columns[column].isNumber)
            text = std::min(text, kMostText);
        setColumnWidth(column,
                       std::max(text, heads.horizontalAdvance(grid().columns[column].title) + arrow) + kCellPadding);
    }
}

void GridTable::copy() const {
    Grid chosen = grid();
    QList<Grid::Row> rows;
    QModelIndexList selected = selectionModel()->selectedRows();
    std::sort(selected.begin(), selected.end(), [](const auto& a, const auto& b) { return a.row() < b.row(); });
    for (const QModelIndex& index : selected)
        rows << chosen.rows[m_proxy->mapToSource(index).row()];
    if (!rows.isEmpty())
        chosen.rows = rows;
    QGuiApplication::clipboard()->setText(chosen.tsv());
}

void GridTable::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copy();
        event->accept();
        return;
    }
    QTableView::keyPressEvent(event);
}

void GridTable::changeEvent(QEvent* event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        m_model->setPalette(palette());
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fitColumns();
}

std::vector<int> rowsInSight(const QTableView& table, int rows, int beyond) {
    const int first = std::max(0, table.rowAt(0)), lowest = table.rowAt(table.viewport()->height() - 1);
    const int last = lowest < 0 ? rows - 1 : lowest;
    std::vector<int> result;
    for (int row = first; row <= last; ++row)
        result.push_back(row);
    for (int row = last + 1; row <= std::min(rows - 1, last + beyond); ++row)
        result.push_back(row);
    for (int row = std::max(0, first - beyond); row < first; ++row)
        result.push_back(row);
    return result;
}

} // namespace plumbline::ui
