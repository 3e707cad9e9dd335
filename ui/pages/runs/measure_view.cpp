// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/measure_view.h"

#include <algorithm>

#include <QLabel>
#include <QListWidget>
#include <QVBoxLayout>

#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"
#include "ui/charts/numbers_table.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kDecimals = 3;

QString joined(const std::vector<std::string>& lines) {
    QStringList list;
    for (const std::string& line : lines)
        list << fromUtf8(line);
    return list.join(u'\n');
}

} // namespace

Grid measureGrid(const MeasureTable& table) {
    using V = MeasureView;
    const auto any = [&](auto member) {
        return std::ranges::any_of(table.rows, [=](const MeasureRow& row) { return (row.value.*member).has_value(); });
    };
    const bool intervals = any(&MetricValue::ciLow) || any(&MetricValue::ciHigh), nulls = any(&MetricValue::nullMean),
               tested = any(&MetricValue::pValue), neutral = any(&MetricValue::neutral);
    Grid grid;
    for (const std::string& key : table.keys)
        grid.addColumn(fromUtf8(key));
    grid.addColumn(V::tr("measure"));
    grid.addNumber(V::tr("value"));
    if (intervals)
        grid.addNumber(V::tr("95 % interval"));
    if (neutral)
        grid.addNumber(V::tr("neutral"), V::tr("What a model blind to the attribute tends to"));
    if (nulls)
        grid.addNumber(V::tr("chance"),
                       V::tr("What chance alone shows: its mean, and the value that one of twenty chance "
                             "results lies beyond"));
    if (tested) {
        grid.addNumber(V::tr("p"));
        grid.addNumber(V::tr("p, Holm"), V::tr("Corrected for all tests of this table"));
        grid.addNumber(V::tr("FDR"), V::tr("Benjamini and Hochberg's adjusted p over the same tests"));
    }
    grid.addNumber(V::tr("n"), fromUtf8(table.countOf));
    for (const MeasureRow& row : table.rows) {
        const MetricValue& v = row.value;
        Grid::Row cells;
        for (std::size_t k = 0; k < table.keys.size(); ++k)
            cells << Grid::Cell(k < row.keys.size() && !row.keys[k].empty() ? fromUtf8(row.keys[k]) : V::tr("all"));
        cells << Grid::Cell(fromUtf8(row.measure).replace(u'_', u' '))
              << Grid::number(v.value, numberText(v.value, kDecimals));
        if (intervals) {
            const QString range = rangeText(v.ciLow, v.ciHigh, false, kDecimals);
            cells << Grid::Cell(range.isEmpty() ? noValue() : range,
                                plainNumber(v.ciLow) + u' ' + plainNumber(v.ciHigh));
        }
        if (neutral)
            cells << Grid::number(v.neutral, numberText(v.neutral, kDecimals));
        if (nulls) {
            const QString chance =
                V::tr("%1, %2").arg(numberText(v.nullMean, kDecimals), numberText(v.nullP95, kDecimals));
            cells << Grid::Cell(v.nullMean || v.nullP95 ? chance : noValue(),
                                plainNumber(v.nullMean) + u' ' + plainNumber(v.nullP95));
        }
        if (tested) {
            const bool few = row.value.pValue && !row.enough;
            const auto corrected = [&](const std::optional<double>& p) {
                return Grid::number(p, few ? V::tr("not enough") : pText(p));
            };
            cells << Grid::number(v.pValue, pText(v.pValue)) << corrected(v.adjustedP) << corrected(v.falseDiscovery);
        }
        cells << Grid::count(row.n);
        grid.rows << cells;
    }
    return grid;
}

MeasureView::MeasureView(QWidget* parent)
    : QSplitter(Qt::Horizontal, parent), m_list(new QListWidget), m_title(heading({})), m_definition(new QLabel),
      m_family(caption({})), m_warnings(caption({})), m_numbers(new NumbersTable) {
    setChildrenCollapsible(false);
    m_list->setAccessibleName(tr("Measures of this run"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setWordWrap(true);
    m_list->setSpacing(2);
    auto* panel = new QWidget;
    auto* layout = new QVBoxLayout(panel);
    layout->setContentsMargins(theme::kGrid, 0, 0, 0);
    layout->setSpacing(theme::kGrid);
    for (QLabel* label : {m_definition, m_family, m_warnings}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    for (QWidget* each : std::initializer_list<QWidget*>{m_title, m_definition, m_family, m_warnings})
        layout->addWidget(each);
    layout->addWidget(m_numbers, 1);
    addWidget(m_list);
    addWidget(panel);
    setStretchFactor(1, 1);
    setSizes({28 * theme::kGrid, 100 * theme::kGrid});
    connect(m_list, &QListWidget::currentRowChanged, this, &MeasureView::showTable);
}

void MeasureView::setTables(std::vector<MeasureTable> tables, const QString& run) {
    const int before = std::max(0, m_list->currentRow());
    m_tables = std::move(tables);
    m_run = run;
    {
        const QSignalBlocker quiet(m_list);
        m_list->clear();
        for (const MeasureTable& table : m_tables)
            m_list->addItem(fromUtf8(table.title));
        m_list->setCurrentRow(std::min(before, m_list->count() - 1));
    }
    showTable(m_list->currentRow());
}

void MeasureView::showTable(int index) {
    if (index < 0 || static_cast<std::size_t>(index) >= m_tables.size())
        return;
    const MeasureTable& table = m_tables[static_cast<std::size_t>(index)];
    m_title->setText(fromUtf8(table.title));
    m_definition->setText(fromUtf8(table.definition));
    QString family = fromUtf8(table.source);
    if (!table.family.empty())
        family += u'\n' + tr("Corrected together: %1.").arg(fromUtf8(table.family));
    m_family->setText(family);
    m_warnings->setText(joined(table.warnings));
    m_warnings->setVisible(!table.warnings.empty());
    m_numbers->setNumbers(measureGrid(table), tr("%1 · %2").arg(m_run, m_title->text()), m_definition->text());
    Q_EMIT shown();
}

} // namespace plumbline::ui
