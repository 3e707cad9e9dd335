// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/measure_view.h"

#include <algorithm>

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/data/family.h"
#include "core/report/measure_order.h"
#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"
#include "ui/charts/numbers_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/page.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kDecimals = 3;
constexpr int kLeastHeight = 12 * theme::kGrid;

QString joined(const std::vector<std::string>& lines) {
    QStringList list;
    for (const std::string& line : lines)
        list << fromUtf8(line);
    return list.join(u'\n');
}

bool isOfRankings(const MeasureTable& table) {
    return table.id == "ranking_numbers";
}

/// The heading that a table stands under.
QString familyTitle(const MeasureTable& table) {
    if (const auto family = familyFromName(table.kind))
        return fromUtf8(std::string(std::ranges::find(allFamilies(), *family, &FamilyInfo::family)->title));
    return isOfRankings(table) ? MeasureView::tr("Rankings") : MeasureView::tr("Other");
}

/// Without the attribute, which stands above the list.
QString shortTitle(const MeasureTable& table) {
    QString title = fromUtf8(table.title);
    for (const char* form : {" · %1", " (%1)"})
        if (const QString end = fromUtf8(form).arg(fromUtf8(table.attribute));
            !table.attribute.empty() && title.endsWith(end))
            title.chop(end.size());
    return title;
}

/// Up to a full stop after which a sentence begins.
QString firstSentence(const QString& text) {
    static const QRegularExpression end(QStringLiteral("\\n|\\. (?=\\p{Lu}|\\w+:)|; (?=\\w+:)"));
    const auto match = end.match(text);
    return match.hasMatch() ? text.left(match.capturedStart()) + u'.' : text;
}

} // namespace

Grid measureGrid(const MeasureTable& table, double level) {
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
        grid.addRange(V::tr("95 % interval"));
    if (tested) {
        grid.addNumber(V::tr("p, Holm"), V::tr("Corrected for all tests of this table"));
        grid.addNumber(V::tr("FDR"), V::tr("Benjamini and Hochberg's adjusted p over the same tests"));
        grid.addNumber(V::tr("p"), V::tr("Of the single test"));
    }
    if (neutral)
        grid.addNumber(V::tr("neutral"), V::tr("What a model blind to the attribute tends to"));
    if (nulls) {
        grid.addNumber(V::tr("chance"), V::tr("What chance alone shows on average"));
        grid.addNumber(V::tr("chance, 95 %"), V::tr("One of twenty chance results lies beyond this"));
    }
    grid.addNumber(V::tr("n"), fromUtf8(table.countOf));
    for (const std::size_t index : report::readingOrder(table, level).rows) {
        const MeasureRow& row = table.rows[index];
        const MetricValue& v = row.value;
        Grid::Row cells;
        for (std::size_t k = 0; k < table.keys.size(); ++k)
            cells << Grid::Cell(k < row.keys.size() && !row.keys[k].empty() ? fromUtf8(row.keys[k]) : V::tr("all"));
        cells << Grid::Cell(fromUtf8(row.measure).replace(u'_', u' '))
              << Grid::number(v.value, numberText(v.value, kDecimals));
        if (intervals)
            cells << Grid::range(v.ciLow, v.ciHigh, rangeText(v.ciLow, v.ciHigh, false, kDecimals));
        if (tested) {
            const bool few = row.value.pValue && !row.enough;
            const auto corrected = [&](const std::optional<double>& p) {
                return Grid::number(p, few ? V::tr("not enough") : pText(p));
            };
            cells << corrected(v.adjustedP) << corrected(v.falseDiscovery) << Grid::number(v.pValue, pText(v.pValue));
        }
        if (neutral)
            cells << Grid::number(v.neutral, numberText(v.neutral, kDecimals));
        if (nulls)
            cells << Grid::number(v.nullMean, numberText(v.nullMean, kDecimals))
                  << Grid::number(v.nullP95, numberText(v.nullP95, kDecimals));
        cells << Grid::count(row.n);
        grid.rows << cells;
    }
    return grid;
}

MeasureView::MeasureView(QWidget* parent)
    : QSplitter(Qt::Horizontal, parent), m_list(new QListWidget), m_fewer(caption({})), m_title(heading({})),
      m_find(new QLineEdit), m_definition(new QLabel), m_more(new QToolButton), m_wholeText(caption({})),
      m_warnings(caption({})), m_found(new QLabel), m_numbers(new NumbersTable) {
    setChildrenCollapsible(false);
    m_side = buildList();
    m_panel = buildPanel();
    m_empty = new EmptyState(QStringLiteral("runs"),
                             tr("This run measured nothing beside its rankings. A new audit offers more under “Also "
                                "measure”: means over the prompts, association, harmful labels, and others."));
    connect(m_empty->addButton(tr("New audit…")), &QPushButton::clicked, this, &MeasureView::newAuditRequested);
    m_empty->hide();
    for (QWidget* each : {m_side, m_panel, static_cast<QWidget*>(m_empty)})
        addWidget(each);
    setStretchFactor(1, 1);
    setStretchFactor(2, 1);
    setSizes({30 * theme::kGrid, 100 * theme::kGrid});
}

QWidget* MeasureView::buildList() {
    m_list->setAccessibleName(tr("Measures of this run"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setWordWrap(true);
    m_list->setSpacing(2);
    m_fewer->setWordWrap(true);
    m_fewer->setText(tr("Nothing else was measured. A new audit offers more under “Also measure”."));
    auto* side = new QWidget;
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_list, 1);
    column->addWidget(m_fewer);
    connect(m_list, &QListWidget::currentRowChanged, this, &MeasureView::showTable);
    return side;
}

QWidget* MeasureView::buildPanel() {
    for (QLabel* label : {m_definition, m_wholeText, m_warnings}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    m_title->setWordWrap(true);
    m_find->setPlaceholderText(tr("Find rows"));
    m_find->setAccessibleName(tr("Find rows"));
    m_find->setToolTip(tr("Words that a row must hold, for instance: nurse woman"));
    m_find->setClearButtonEnabled(true);
    m_find->setObjectName(QLatin1String(kFindLine));
    delete TableSearch::of(m_numbers); // this line does it
    m_find->setFixedWidth(26 * theme::kGrid);
    m_more->setText(tr("Definition and source"));
    m_more->setCheckable(true);
    m_more->setAutoRaise(true);
    m_more->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_more->setArrowType(Qt::RightArrow);
    m_more->setFocusPolicy(Qt::StrongFocus);
    m_wholeText->hide();
    m_found->setWordWrap(true);

    auto* panel = new QWidget;
    auto* layout = new QVBoxLayout(panel);
    layout->setContentsMargins(theme::kGrid, 0, 0, 0);
    layout->setSpacing(theme::kGrid);
    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kSpace);
    top->addWidget(m_title, 1);
    top->addWidget(m_find, 0, Qt::AlignTop);
    layout->addLayout(top);
    layout->addWidget(m_definition);
    layout->addWidget(m_more, 0, Qt::AlignLeft);
    layout->addWidget(m_wholeText);
    layout->addWidget(m_warnings);
    layout->addWidget(m_found);
    layout->addWidget(m_numbers, 1);
    connect(m_more, &QToolButton::toggled, this, [this](bool on) {
        m_more->setArrowType(on ? Qt::DownArrow : Qt::RightArrow);
        m_wholeText->setVisible(on);
        m_definition->setVisible(!on);
    });
    connect(m_find, &QLineEdit::textChanged, this, [this](const QString& words) {
        m_numbers->setFilter(words);
        showCount();
    });
    return panel;
}

QSize MeasureView::minimumSizeHint() const {
    return {QSplitter::minimumSizeHint().width(), kLeastHeight};
}

void MeasureView::setTables(std::vector<MeasureTable> tables, const QString& run, const std::string& attribute,
                            double level) {
    const std::string before = current() != nullptr ? current()->id : std::string();
    m_tables = std::move(tables);
    std::erase_if(m_tables,
                  [&](const MeasureTable& table) { return !table.attribute.empty() && table.attribute != attribute; });
    m_run = run;
    m_level = level;
    {
        const QSignalBlocker quiet(m_list);
        m_list->clear();
        QString under;
        int first = -1, same = -1;
        for (std::size_t i = 0; i < m_tables.size(); ++i) {
            const MeasureTable& table = m_tables[i];
            if (const QString family = familyTitle(table); family != under) {
                auto* title = new QListWidgetItem(family, m_list); // without a table: a heading
                title->setFlags(Qt::NoItemFlags);
                title->setFont(theme::strongFont(theme::smallFont(m_list->font())));
                under = family;
            }
            auto* item = new QListWidgetItem(shortTitle(table), m_list);
            item->setData(Qt::UserRole, static_cast<int>(i));
            item->setToolTip(fromUtf8(table.title));
            for (int* row : {&first, &same})
                if (*row < 0 && (row == &first || table.id == before))
                    *row = m_list->row(item);
        }
        m_list->setCurrentRow(same < 0 ? first : same);
    }
    colourHeadings();
    m_side->setVisible(!m_tables.empty());
    m_panel->setVisible(!m_tables.empty());
    m_empty->setVisible(m_tables.empty());
    m_fewer->setVisible(std::ranges::all_of(m_tables, [](const MeasureTable& table) { return isOfRankings(table); }));
    showTable();
}

/// As all muted text: what cannot be chosen would be paler than can be read.
void MeasureView::colourHeadings() {
    for (int row = 0; row < m_list->count(); ++row)
        if (!m_list->item(row)->data(Qt::UserRole).isValid())
            m_list->item(row)->setForeground(theme::muted(palette()));
}

void MeasureView::changeEvent(QEvent* event) {
    QSplitter::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        colourHeadings();
}

const MeasureTable* MeasureView::current() const {
    const QListWidgetItem* item = m_list->currentItem();
    const QVariant index = item != nullptr ? item->data(Qt::UserRole) : QVariant();
    return index.isValid() ? &m_tables[index.toUInt()] : nullptr;
}

void MeasureView::showTable() {
    const MeasureTable* table = current();
    m_find->clear();
    m_numbers->sortByColumn(-1, Qt::AscendingOrder); // the columns are others
    if (table == nullptr) {
        m_numbers->setNumbers({}, {}, {});
        Q_EMIT shown();
        return;
    }
    const QString definition = fromUtf8(table->definition);
    m_title->setText(fromUtf8(table->title));
    m_definition->setText(firstSentence(definition));
    QStringList whole{definition};
    if (!table->source.empty())
        whole << tr("Source: %1").arg(fromUtf8(table->source));
    if (!table->family.empty())
        whole << tr("Corrected together: %1.").arg(fromUtf8(table->family));
    if (!table->countOf.empty())
        whole << tr("n counts %1.").arg(fromUtf8(table->countOf));
    m_wholeText->setText(whole.join(u'\n'));
    m_warnings->setText(joined(table->warnings));
    m_warnings->setVisible(!table->warnings.empty());
    m_numbers->setNumbers(measureGrid(*table, m_level), tr("%1 · %2").arg(m_run, m_title->text()), definition);
    m_find->setVisible(table->rows.size() > report::kGlance);
    showCount();
    Q_EMIT shown();
}

/// What the tests found and, where rows are looked for, how many there are.
void MeasureView::showCount() {
    const MeasureTable* table = current();
    if (table == nullptr)
        return;
    QStringList parts;
    const auto order = report::readingOrder(*table, m_level);
    const QString tested = QLocale().toString(qulonglong(order.tested));
    if (order.tested > 0 && order.found == 0)
        parts << tr("None of %1 tests is significant after correction.").arg(tested);
    else if (order.found > 0)
        parts << tr("%Ln of %1 tests (is|are) significant after correction.", nullptr, static_cast<int>(order.found))
                     .arg(tested);
    if (order.found > 0 && table->rows.size() > report::kGlance)
        parts << tr("They come first.");
    if (!m_find->text().trimmed().isEmpty())
        parts << tr("%1 of %2 rows are shown.")
                     .arg(QLocale().toString(m_numbers->model()->rowCount()),
                          QLocale().toString(qulonglong(table->rows.size())));
    m_found->setText(parts.join(u' '));
    m_found->setVisible(!parts.isEmpty());
}

} // namespace plumbline::ui
