// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/table_view.h"

#include <algorithm>

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QSortFilterProxyModel>

#include "ui/widgets/table_search.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {
/// A long name is no reason to push every other column out of sight.
constexpr int kMostNeeded = 20 * theme::kGrid;
} // namespace

/// Lets through the rows whose cells hold every word.
class WordsProxy : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setWords(const QString& words) {
        m_words = words.split(u' ', Qt::SkipEmptyParts);
        invalidateFilter();
    }

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
        return std::ranges::all_of(m_words, [&](const QString& word) {
            for (int column = 0; column < sourceModel()->columnCount(parent); ++column)
                if (sourceModel()->index(row, column, parent).data().toString().contains(word, Qt::CaseInsensitive))
                    return true;
            return false;
        });
    }

private:
    QStringList m_words;
};

TableView::TableView(QWidget* parent) : QTableView(parent), m_proxy(new WordsProxy(this)) {
    theme::styleTable(this);
    setFont(theme::tabularFont(font()));
    setSelectionMode(ExtendedSelection);
    setModel(m_proxy);
    m_proxy->setSortLocaleAware(true);
    m_proxy->setSortCaseSensitivity(Qt::CaseInsensitive);
    horizontalHeader()->setSortIndicatorClearable(true);
    horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    setSortingEnabled(true);
    horizontalHeader()->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(horizontalHeader(), &QWidget::customContextMenuRequested, this, &TableView::showColumnMenu);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& current) { Q_EMIT currentSourceChanged(m_proxy->mapToSource(current)); });
    new TableSearch(
        this, [this](const QString& words) { m_proxy->setWords(words); },
        [this] { return m_proxy->sourceModel() != nullptr ? m_proxy->sourceModel()->rowCount() : 0; });
}

void TableView::setSource(QAbstractItemModel* source, int sortRole) {
    m_proxy->setSortRole(sortRole);
    m_proxy->setSourceModel(source);
}

void TableView::setStretchColumn(int column) {
    QHeaderView* header = horizontalHeader();
    header->setStretchLastSection(false);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(column, QHeaderView::Interactive);
    m_stretch = column;
    // Queued: once the header has sized all the others.
    connect(header, &QHeaderView::geometriesChanged, this, &TableView::fitStretchColumn, Qt::QueuedConnection);
    connect(
        header, &QHeaderView::sectionResized, this,
        [this](int section) {
            if (section != m_stretch)
                fitStretchColumn();
        },
        Qt::QueuedConnection);
    fitStretchColumn();
}

void TableView::fitStretchColumn() {
    if (m_stretch < 0 || m_stretch >= model()->columnCount())
        return;
    int others = 0;
    for (int column = 0; column < model()->columnCount(); ++column)
        if (column != m_stretch && !isColumnHidden(column))
            others += columnWidth(column);
    const int needed =
        std::min(kMostNeeded, std::max(sizeHintForColumn(m_stretch), horizontalHeader()->sectionSizeHint(m_stretch)));
    setColumnWidth(m_stretch, std::max(needed, viewport()->width() - others));
}

void TableView::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    fitStretchColumn();
}

QModelIndex TableView::currentSource() const {
    return m_proxy->mapToSource(currentIndex());
}

void TableView::setCurrentSource(const QModelIndex& index) {
    const QModelIndex here = m_proxy->mapFromSource(index);
    if (here.isValid())
        selectionModel()->setCurrentIndex(here, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
}

void TableView::copySelection() const {
    QStringList lines;
    const auto line = [this](auto&& cell) {
        QStringList cells;
        for (int visual = 0; visual < model()->columnCount(); ++visual) {
            const int column = horizontalHeader()->logicalIndex(visual);
            if (!isColumnHidden(column))
                cells.append(QString(cell(column)).replace(u'\t', u' ').replace(u'\n', u' '));
        }
        return cells.join(u'\t');
    };
    lines.append(line([this](int column) { return model()->headerData(column, Qt::Horizontal).toString(); }));
    QModelIndexList rows = selectionModel()->selectedRows();
    std::sort(rows.begin(), rows.end());
    for (const QModelIndex& row : rows)
        lines.append(line([&](int column) { return row.siblingAtColumn(column).data().toString(); }));
    if (!rows.isEmpty())
        QApplication::clipboard()->setText(lines.join(u'\n') + u'\n');
}

void TableView::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copySelection();
        event->accept();
        return;
    }
    QTableView::keyPressEvent(event);
}

void TableView::focusInEvent(QFocusEvent* event) {
    QTableView::focusInEvent(event);
    if (!currentIndex().isValid() && model()->rowCount() > 0)
        setCurrentSource(m_proxy->mapToSource(model()->index(0, 0)));
}

void TableView::showColumnMenu(const QPoint& position) {
    QMenu menu(this);
    for (int column = 1; column < model()->columnCount(); ++column) { // the first names the row and stays
        QAction* action = menu.addAction(model()->headerData(column, Qt::Horizontal).toString());
        action->setCheckable(true);
        action->setChecked(!isColumnHidden(column));
        connect(action, &QAction::toggled, this, [this, column](bool on) { setColumnHidden(column, !on); });
    }
    menu.exec(horizontalHeader()->mapToGlobal(position));
}

} // namespace plumbline::ui
