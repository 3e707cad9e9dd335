// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/table_search.h"

#include <QAbstractItemView>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QToolButton>

#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {
constexpr int kLineWidth = 26 * theme::kGrid;
}

TableSearch::TableSearch(QAbstractItemView* table, std::function<void(const QString&)> filter,
                         std::function<int()> total)
    : QFrame(table), m_table(table), m_filter(std::move(filter)), m_total(std::move(total)), m_line(new QLineEdit),
      m_count(new QLabel) {
    setFrameShape(StyledPanel);
    setAutoFillBackground(true);
    m_line->setPlaceholderText(tr("Find in the table"));
    m_line->setAccessibleName(tr("Find in the table"));
    m_line->setFixedWidth(kLineWidth);
    m_line->installEventFilter(this);
    m_count->setFont(theme::smallFont(m_count->font()));
    auto* close = new QToolButton;
    close->setText(QStringLiteral("×"));
    close->setAutoRaise(true);
    close->setAccessibleName(tr("Close the search"));
    close->setToolTip(tr("Show all rows again (Esc)"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(theme::kHalf, theme::kHalf, theme::kHalf, theme::kHalf);
    row->setSpacing(theme::kGrid);
    row->addWidget(m_line);
    row->addWidget(m_count);
    row->addWidget(close);
    connect(m_line, &QLineEdit::textChanged, this, &TableSearch::search);
    connect(close, &QToolButton::clicked, this, &TableSearch::shut);
    for (auto signal : {&QAbstractItemModel::rowsInserted, &QAbstractItemModel::rowsRemoved})
        connect(table->model(), signal, this, &TableSearch::count);
    connect(table->model(), &QAbstractItemModel::modelReset, this, &TableSearch::count);
    table->installEventFilter(this);
    hide();
}

TableSearch* TableSearch::of(const QWidget* table) {
    return table->findChild<TableSearch*>(QString(), Qt::FindDirectChildrenOnly);
}

void TableSearch::open() {
    show();
    raise();
    count();
    m_line->setFocus(Qt::ShortcutFocusReason);
    m_line->selectAll();
}

void TableSearch::shut() {
    const bool hadFocus = m_line->hasFocus();
    m_line->clear();
    hide();
    if (hadFocus)
        m_table->setFocus(Qt::OtherFocusReason);
}

void TableSearch::search(const QString& words) {
    m_filter(words);
    count();
}

void TableSearch::count() {
    if (isHidden())
        return;
    const QLocale locale;
    m_count->setText(
        m_line->text().trimmed().isEmpty()
            ? tr("%n row(s)", nullptr, m_total())
            : tr("%1 of %2").arg(locale.toString(m_table->model()->rowCount()), locale.toString(m_total())));
    place();
}

void TableSearch::place() {
    adjustSize();
    const QRect area = m_table->viewport()->geometry();
    move(area.right() - width() - theme::kHalf, area.bottom() - height() - theme::kHalf);
}

bool TableSearch::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_table && event->type() == QEvent::Resize && !isHidden())
        place();
    if (watched == m_line && (event->type() == QEvent::KeyPress || event->type() == QEvent::ShortcutOverride)) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        const bool closes = key == Qt::Key_Escape;
        const bool enters = key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Down;
        if (!closes && !enters)
            return QFrame::eventFilter(watched, event);
        event->accept(); // also against the window's own use of Escape
        if (event->type() == QEvent::ShortcutOverride)
            return true;
        if (closes) {
            shut();
        } else if (m_table->model()->rowCount() > 0) {
            m_table->setFocus(Qt::OtherFocusReason);
            m_table->setCurrentIndex(m_table->model()->index(0, 0));
        }
        return true;
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace plumbline::ui
