// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/grid.h"

#include <algorithm>

#include <QClipboard>
#include <QEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLocale>
#include <QSortFilterProxyModel>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
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
        header << field(column.title);
    addLine(header);
    for (const Grid::Row& row : grid.rows) {
        QStringList fields;
        for (const Grid::Cell& cell : row)
            fields << field(cell.plain);
        addLine(fields);
    }
    return text;
}

} // namespace

Grid::Cell Grid::number(std::optional<double> value, const QString& shown) {
    Cell cell(shown.isEmpty() ? numberText(value) : shown, plainNumber(value));
    cell.value = value;
    return cell;
}

Grid::Cell Grid::count(qint64 value) {
    Cell cell(QLocale().toString(value), QString::number(value));
    cell.value = static_cast<double>(value);
    return cell;
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
        return column.isNumber && !cell.plain.isEmpty() ? cell.plain : cell.shown;
    case Qt::AccessibleTextRole:
        return tr("%1: %2").arg(column.title, cell.shown);
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

GridTable::GridTable(QWidget* parent) : QTableView(parent), m_model(new GridModel(this)) {
    auto* proxy = new QSortFilterProxyModel(this);
    proxy->setSourceModel(m_model);
    proxy->setSortRole(GridModel::kSortRole);
    proxy->setSortLocaleAware(true);
    m_model->setPalette(palette());
    setModel(proxy);
    theme::styleTable(this);
    setFont(theme::tabularFont(font()));
    horizontalHeader()->setStretchLastSection(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setSortingEnabled(true);
    horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    horizontalHeader()->setSortIndicatorClearable(true);
}

void GridTable::setGrid(const Grid& grid) {
    m_model->setGrid(grid);
}

void GridTable::copy() const {
    Grid chosen = grid();
    QList<Grid::Row> rows;
    QModelIndexList selected = selectionModel()->selectedRows();
    std::sort(selected.begin(), selected.end(), [](const auto& a, const auto& b) { return a.row() < b.row(); });
    const auto* proxy = qobject_cast<const QSortFilterProxyModel*>(model());
    for (const QModelIndex& index : selected)
        rows << chosen.rows[proxy->mapToSource(index).row()];
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
}

} // namespace plumbline::ui
