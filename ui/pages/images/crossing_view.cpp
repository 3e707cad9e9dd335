// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/crossing_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QSignalBlocker>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/models/group_crossing.h"
#include "ui/widgets/form.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {

constexpr int kIcon = 12;
constexpr int kBar = 4;

/// The number over a bar of its share; a sign before a number that is too small to say much.
class CountCell : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QSize size = QStyledItemDelegate::sizeHint(option, index);
        return {size.width() + kIcon + theme::kGrid, size.height() + kBar};
    }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index);
        const QRect cell = option.rect.adjusted(theme::kHalf, 0, -theme::kHalf, 0);
        if (const double share = index.data(GroupCrossing::ShareRole).toDouble(); share > 0) {
            const int width = std::max(1, static_cast<int>(share * cell.width()));
            painter->fillRect(QRect(cell.right() + 1 - width, cell.bottom() - kBar, width, kBar - 1),
                              theme::mix(theme::band(option.palette), theme::accent(option.palette), 0.5));
        }
        if (index.data(GroupCrossing::FewRole).toBool())
            painter->drawPixmap(cell.left(), cell.center().y() - kIcon / 2,
                                iconPixmap(QStringLiteral("warning"), kIcon,
                                           theme::signal(Severity::Warning, option.palette),
                                           painter->device()->devicePixelRatioF()));
    }
};

} // namespace

CrossingView::CrossingView(QWidget* parent)
    : QWidget(parent), m_rows(new QComboBox), m_columns(new QComboBox), m_summary(hint()), m_table(new QTableView),
      m_model(new GroupCrossing(this)) {
    m_rows->setAccessibleName(tr("Attribute of the rows"));
    m_columns->setAccessibleName(tr("Attribute of the columns"));
    m_table->setModel(m_model);
    theme::styleTable(m_table);
    m_table->setItemDelegate(new CountCell(m_table));
    m_table->setFont(theme::tabularFont(m_table->font()));
    m_table->setSelectionBehavior(QAbstractItemView::SelectItems);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setAccessibleName(tr("Images by the groups of both attributes"));
    m_table->verticalHeader()->show();
    m_table->verticalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->verticalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->setToolTip(tr("Click a number to see its images"));

    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kGrid);
    top->addWidget(m_rows);
    top->addWidget(new QLabel(QStringLiteral("×")));
    top->addWidget(m_columns);
    top->addStretch(1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(theme::kGrid);
    all->addLayout(top);
    all->addWidget(m_summary);
    all->addWidget(m_table, 1);

    for (QComboBox* box : {m_rows, m_columns})
        connect(box, &QComboBox::activated, this, &CrossingView::showCounts);
    connect(m_table, &QAbstractItemView::clicked, this, &CrossingView::open);
    connect(m_table, &QAbstractItemView::activated, this, &CrossingView::open);
}

void CrossingView::setCatalog(const std::shared_ptr<const ImageCatalog>& catalog) {
    if (catalog == m_catalog)
        return;
    m_catalog = catalog;
    for (QComboBox* box : {m_rows, m_columns}) {
        box->clear();
        if (m_catalog)
            for (const Attribute& attribute : m_catalog->attributes)
                box->addItem(fromUtf8(attribute.name));
    }
    m_columns->setCurrentIndex(std::min(1, m_columns->count() - 1));
    showCounts();
}

void CrossingView::showCounts() {
    const bool any = m_catalog && m_catalog->attributes.size() > 1;
    for (QWidget* widget :
         {static_cast<QWidget*>(m_rows), static_cast<QWidget*>(m_columns), static_cast<QWidget*>(m_table)})
        widget->setEnabled(any);
    if (!any) {
        m_model->clear();
        m_summary->setText(m_catalog ? tr("Crossing takes two attributes; this set has fewer.") : tr("Reading…"));
        return;
    }
    m_model->setAttributes(m_catalog->attributes[static_cast<std::size_t>(m_rows->currentIndex())],
                           m_catalog->attributes[static_cast<std::size_t>(m_columns->currentIndex())]);
    m_table->resizeColumnsToContents();
    const GroupCrossing::Summary summary = m_model->summary();
    QString words = tr("%Ln combination(s).", nullptr, static_cast<int>(summary.all));
    if (summary.empty > 0)
        words += u' ' + tr("%Ln (has|have) no image.", nullptr, static_cast<int>(summary.empty));
    if (summary.few > 0)
        words += u' ' + tr("%Ln (has|have) fewer than %1, marked: too few to say much.", nullptr,
                           static_cast<int>(summary.few))
                            .arg(kFewImages);
    m_summary->setText(words);
}

void CrossingView::open(const QModelIndex& index) {
    if (!index.isValid())
        return;
    const GroupCrossing::Cell cell = m_model->cell(index);
    const auto row = static_cast<std::size_t>(m_rows->currentIndex());
    const auto column = static_cast<std::size_t>(m_columns->currentIndex());
    if (row == column && cell.row && cell.column && *cell.row != *cell.column)
        return; // an attribute with itself: nothing is two groups
    std::vector<std::optional<std::int32_t>> groups(m_catalog->attributes.size());
    groups[column] = cell.column;
    if (cell.row)
        groups[row] = cell.row;
    Q_EMIT groupsWanted(groups);
}

} // namespace plumbline::ui
