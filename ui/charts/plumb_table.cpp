// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_table.h"

#include <algorithm>
#include <utility>

#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

#include "ui/charts/grid.h"
#include "ui/charts/plumb_delegate.h"
#include "ui/charts/plumb_header.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

PlumbTable::PlumbTable(QWidget* parent)
    : QTableView(parent), m_model(new PlumbModel(this)), m_proxy(new PlumbProxy(this)),
      m_delegate(new PlumbDelegate(m_model, this)), m_header(new PlumbHeader(m_model, this)) {
    m_proxy->setSourceModel(m_model);
    setHorizontalHeader(m_header);
    theme::styleTable(this);
    horizontalHeader()->setStretchLastSection(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
    horizontalHeader()->setMinimumSectionSize(40);
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    setModel(m_proxy);
    setItemDelegate(m_delegate);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setSortingEnabled(true);
    sortByColumn(PlumbModel::Chart, Qt::DescendingOrder);
    setAccessibleName(tr("Plumb chart"));
    connect(horizontalHeader(), &QHeaderView::sectionResized, this, &PlumbTable::chartColumnMoved);
    connect(horizontalHeader(), &QHeaderView::sortIndicatorChanged, this, [this] {
        if (currentIndex().isValid())
            scrollTo(currentIndex());
    });
    new TableSearch(
        this, [this](const QString& words) { setFilter(words); }, [this] { return m_model->rowCount(); });
}

void PlumbTable::setChart(std::shared_ptr<const PlumbData> chart) {
    m_delegate->setHiddenGroups({});
    m_lastMeasurement = -1;
    m_model->setChart(std::move(chart));
    setColumnHidden(PlumbModel::Planted, !m_model->chart() || m_model->chart()->planted.empty());
    for (const int column : {PlumbModel::Chance, PlumbModel::Ndkl})
        setColumnHidden(column, false);
    setRowHeight();
    shareWidth();
    if (m_proxy->rowCount() > 0)
        setCurrentIndex(m_proxy->index(0, PlumbModel::Prompt));
}

void PlumbTable::updateChart(std::shared_ptr<const PlumbData> chart) {
    m_model->updateChart(std::move(chart));
    setRowHeight();
    shareWidth();
    viewport()->update(); // the plumb line below the rows
}

void PlumbTable::setRemarks(std::vector<Remark> remarks) {
    if (m_model->setRemarks(std::move(remarks)))
        shareWidth(); // it looks at every row
}

void PlumbTable::setRowHeight() {
    int lanes = 1;
    if (const PlumbData* shown = m_model->chart())
        for (const report::Row& row : shown->chart.rows)
            lanes = std::max(lanes, row.lanes);
    verticalHeader()->setMinimumSectionSize(16);
    verticalHeader()->setDefaultSectionSize(plumbRowHeight(lanes, font()));
}

void PlumbTable::setHiddenGroups(const QSet<int>& groups) {
    m_delegate->setHiddenGroups(groups);
    viewport()->update();
}

void PlumbTable::setFilter(const QString& text) {
    m_proxy->setFilterFixedString(text);
}

int PlumbTable::currentMeasurement() const {
    return m_proxy->mapToSource(currentIndex()).row();
}

std::vector<int> PlumbTable::shownMeasurements() const {
    std::vector<int> rows;
    for (int row = 0; row < m_proxy->rowCount(); ++row)
        rows.push_back(m_proxy->mapToSource(m_proxy->index(row, 0)).row());
    return rows;
}

std::vector<int> PlumbTable::measurementsInSight(int beyond) const {
    std::vector<int> rows;
    for (const int row : rowsInSight(*this, m_proxy->rowCount(), beyond))
        rows.push_back(m_proxy->mapToSource(m_proxy->index(row, 0)).row());
    return rows;
}

void PlumbTable::setCurrentMeasurement(int measurement) {
    const QModelIndex index = m_proxy->mapFromSource(m_model->index(measurement, PlumbModel::Prompt));
    if (index.isValid())
        setCurrentIndex(index);
}

int PlumbTable::contentHeight() const {
    return horizontalHeader()->sizeHint().height() + verticalHeader()->defaultSectionSize() * m_proxy->rowCount() +
           2 * frameWidth();
}

QRect PlumbTable::chartColumn() const {
    return columnRect(PlumbModel::Chart);
}

QRect PlumbTable::columnRect(int column) const {
    return {columnViewportPosition(column) + viewport()->x(), 0, columnWidth(column), height()};
}

QRect PlumbTable::currentCell(int column) const {
    const QRect cell = visualRect(currentIndex().siblingAtColumn(column)) & viewport()->rect();
    return cell.isEmpty() ? QRect() : cell.translated(viewport()->pos());
}

void PlumbTable::copy() const {
    std::vector<int> rows;
    for (const QModelIndex& index : selectionModel()->selectedRows())
        rows.push_back(index.row());
    std::sort(rows.begin(), rows.end());
    std::vector<int> measurements = shownMeasurements();
    if (!rows.empty()) {
        std::vector<int> chosen;
        for (const int row : rows)
            chosen.push_back(measurements[static_cast<std::size_t>(row)]);
        measurements = chosen;
    }
    QGuiApplication::clipboard()->setText(m_model->grid(measurements).tsv());
}

int PlumbTable::contentWidth(int column, int limit) const {
    const QFontMetrics metrics(font());
    int width = metrics.horizontalAdvance(m_model->headerData(column, Qt::Horizontal).toString()) + theme::kGrid;
    for (int row = 0; row < m_model->rowCount() && width < limit; ++row) {
        const QModelIndex index = m_model->index(row, column);
        const int sign = column == PlumbModel::Prompt ? remarkWidth(m_model->remark(row)) : 0;
        width = std::max(width, sign + numberWidth(index.data().toString(),
                                                   index.data(PlumbModel::IntervalRole).toString(), font()));
    }
    return std::min(width + 2 * kCellRoom + 2, limit);
}

int PlumbTable::plantedColumnWidth(bool withWords) const {
    const PlumbData* shown = m_model->chart();
    if (!shown || shown->planted.empty())
        return 0;
    int width =
        QFontMetrics(font()).horizontalAdvance(m_model->headerData(PlumbModel::Planted, Qt::Horizontal).toString()) +
        theme::kGrid;
    for (const report::PlantedView& view : shown->planted)
        width = std::max(width, plantedWidth(view, withWords, font()));
    return width + 2 * kCellRoom + 2;
}

/// Of prompts without their common beginning, which then stands in the header.
int PlumbTable::shortPromptWidth() const {
    const PlumbData* shown = m_model->chart();
    if (!shown || shown->commonPrefix == 0)
        return contentWidth(PlumbModel::Prompt, width());
    const QFontMetrics metrics(font());
    int width = metrics.horizontalAdvance(tr("Prompt") + QStringLiteral("  ") + shown->commonBeginning()) / 2;
    for (int row = 0; row < m_model->rowCount(); ++row)
        width = std::max(width, remarkWidth(m_model->remark(row)) +
                                    metrics.horizontalAdvance(QChar(u'…') + shown->prompt(row).mid(shown->commonPrefix)));
    return width + 2 * kCellRoom + 2;
}

/// Numbers take what they need, the chart at least a third; the words share what is left. Where prompts do not fit,
/// they go without their common beginning, and the chart gets the room.
void PlumbTable::shareWidth() {
    const int whole = viewport()->width();
    int widths[PlumbModel::ColumnCount] = {};
    int numbers = 0;
    for (int column = PlumbModel::MaxSkew; column < PlumbModel::ColumnCount; ++column)
        numbers += widths[column] = contentWidth(column, 260);
    const int verdictWidth = contentWidth(PlumbModel::Verdict, std::max(160, whole * 34 / 100));
    // What was planted goes without words where they would cut the verdicts; after that the quieter numbers go.
    const int forNumbers = whole - std::max(220, whole / 3) - verdictWidth - shortPromptWidth();
    if (!isColumnHidden(PlumbModel::Planted)) {
        const bool inWords = numbers + plantedColumnWidth(true) <= forNumbers;
        m_delegate->setPlantedInWords(inWords);
        numbers += widths[PlumbModel::Planted] = plantedColumnWidth(inWords);
    }
    for (const int column : {PlumbModel::Chance, PlumbModel::Ndkl}) {
        setColumnHidden(column, numbers > forNumbers);
        if (isColumnHidden(column))
            numbers -= std::exchange(widths[column], 0);
    }
    const int words = std::max(200, whole - numbers - std::max(220, whole / 3));
    int verdict = std::min(verdictWidth, words * 7 / 10);
    const int wholePrompt = contentWidth(PlumbModel::Prompt, whole);
    const bool fits = wholePrompt <= std::min(words - verdict, whole * 30 / 100);
    const int prompt = fits ? wholePrompt : std::min(shortPromptWidth(), words - verdict);
    verdict = std::min(verdict, words - prompt);
    widths[PlumbModel::Prompt] = prompt;
    widths[PlumbModel::Verdict] = verdict;
    widths[PlumbModel::Chart] = std::max(120, whole - numbers - prompt - verdict);
    m_delegate->setBeginningHidden(!fits);
    m_header->setBeginningShown(!fits);
    for (int column = 0; column < PlumbModel::ColumnCount; ++column)
        if (!isColumnHidden(column))
            setColumnWidth(column, widths[column]);
    Q_EMIT chartColumnMoved();
}

void PlumbTable::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    shareWidth();
}

void PlumbTable::paintEvent(QPaintEvent* event) {
    const PlumbData* shown = m_model->chart();
    const int end = rowViewportPosition(m_proxy->rowCount() - 1) + rowHeight(m_proxy->rowCount() - 1);
    if (shown && m_proxy->rowCount() > 0 && end < viewport()->height()) {
        QPainter painter(viewport());
        const QRect column = chartColumn();
        paintPlumbLine(painter,
                       QRectF(column.left() - viewport()->x(), end, column.width(), viewport()->height() - end),
                       shown->chart, {palette(), font(), {}});
    }
    QTableView::paintEvent(event);
}

void PlumbTable::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copy();
        event->accept();
        return;
    }
    QTableView::keyPressEvent(event);
}

void PlumbTable::changeEvent(QEvent* event) {
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        setRowHeight();
        shareWidth();
    }
}

void PlumbTable::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    QTableView::currentChanged(current, previous);
    const int measurement = m_proxy->mapToSource(current).row();
    if (std::exchange(m_lastMeasurement, measurement) != measurement)
        Q_EMIT currentMeasurementChanged(measurement);
}

} // namespace plumbline::ui
