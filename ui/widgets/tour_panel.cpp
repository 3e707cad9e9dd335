// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/tour_panel.h"

#include <algorithm>
#include <utility>

#include <QAccessible>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

TourPanel::TourPanel(QWidget* parent)
    : Surface(Kind::Card, parent), m_title(heading({})), m_text(new QLabel), m_action(new QPushButton),
      m_back(new QPushButton(tr("Back"))), m_next(makePrimary(new QPushButton(tr("Next")))) {
    auto* both = new QHBoxLayout;
    both->setSpacing(theme::kMargin);
    auto* words = new QVBoxLayout;
    words->setSpacing(theme::kHalf);
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    words->addWidget(m_title);
    words->addWidget(m_text, 1);
    words->addWidget(m_action, 0, Qt::AlignLeft);
    both->addLayout(words, 1);

    auto* close = new QToolButton;
    close->setIcon(icon(QStringLiteral("close")));
    close->setAutoRaise(true);
    close->setFocusPolicy(Qt::StrongFocus);
    close->setAccessibleName(tr("Close the tour"));
    close->setToolTip(tr("Close; Help → Show the tour brings it back"));
    auto* never = new QPushButton(tr("Do not show again"));
    never->setFlat(true);
    auto* buttons = new QVBoxLayout;
    buttons->setSpacing(theme::kHalf);
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::kGrid);
    line->addStretch(1);
    line->addWidget(m_back);
    line->addWidget(m_next);
    line->addWidget(close);
    buttons->addLayout(line);
    buttons->addWidget(never, 0, Qt::AlignRight);
    buttons->addStretch(1);
    both->addLayout(buttons);
    column()->setContentsMargins(theme::kSpace + theme::kHalf, theme::kGrid + theme::kHalf, theme::kGrid, theme::kGrid);
    column()->addLayout(both);

    QWidget* order[] = {m_next, m_back, m_action, never, close};
    for (std::size_t i = 1; i < std::size(order); ++i)
        setTabOrder(order[i - 1], order[i]);
    connect(m_back, &QPushButton::clicked, this, [this] { showStop(m_stop - 1); });
    connect(m_next, &QPushButton::clicked, this, [this] {
        if (m_stop + 1 < static_cast<int>(m_stops.size()))
            showStop(m_stop + 1);
        else
            end(true);
    });
    connect(m_action, &QPushButton::clicked, this, &TourPanel::actionChosen);
    connect(never, &QPushButton::clicked, this, [this] { end(true); });
    connect(close, &QToolButton::clicked, this, &TourPanel::dismiss);
    hide();
}

void TourPanel::start(std::vector<Stop> stops) {
    m_stops = std::move(stops);
    setVisible(isOpen());
    if (!isOpen())
        return;
    showStop(0);
    if (isVisible())
        takeKeyboard();
}

void TourPanel::setStops(std::vector<Stop> stops) {
    if (stops == m_stops)
        return;
    m_stops = std::move(stops);
    if (!isOpen())
        return end(false);
    showStop(std::min(m_stop, static_cast<int>(m_stops.size()) - 1));
}

void TourPanel::takeKeyboard() {
    m_next->setFocus(Qt::OtherFocusReason);
}

void TourPanel::dismiss() {
    if (isOpen())
        end(false);
}

void TourPanel::showStop(int stop) {
    m_stop = stop;
    const auto count = static_cast<int>(m_stops.size());
    const Stop& shown = m_stops[static_cast<std::size_t>(stop)];
    m_title->setText(tr("%1 of %2 · %3").arg(stop + 1).arg(count).arg(shown.title));
    m_text->setText(shown.text);
    m_action->setText(shown.action);
    m_action->setVisible(!shown.action.isEmpty());
    reserveHeight();
    if (stop == 0 && m_back->hasFocus())
        takeKeyboard(); // a disabled button has no focus to give on
    m_back->setEnabled(stop > 0);
    m_next->setText(stop + 1 < count ? tr("Next") : tr("Done"));
    // The words are read out where the keyboard is, and announced as the panel's own.
    setAccessibleName(tr("Guided tour, step %1 of %2: %3").arg(stop + 1).arg(count).arg(shown.title));
    setAccessibleDescription(shown.text);
    m_next->setAccessibleDescription(shown.title + QStringLiteral(". ") + shown.text);
    QAccessibleEvent changed(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&changed);
    Q_EMIT stopShown(stop);
}

void TourPanel::end(bool forGood) {
    m_stops.clear();
    m_text->setMinimumHeight(0);
    hide();
    Q_EMIT closed(forGood);
}

void TourPanel::reserveHeight() {
    if (!isVisible())
        return; // its width is not settled
    int height = 0;
    for (const Stop& stop : m_stops)
        height = std::max(height, m_text->fontMetrics()
                                      .boundingRect(QRect(0, 0, m_text->width(), QWIDGETSIZE_MAX),
                                                    Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, stop.text)
                                      .height());
    if (!m_action->isHidden())
        height -= m_action->sizeHint().height();
    m_text->setMinimumHeight(std::max(0, height));
}

void TourPanel::paintEvent(QPaintEvent* event) {
    Surface::paintEvent(event);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme::mix(theme::card(palette()), theme::accent(palette()), 0.4), 1));
    painter.setBrush(theme::mix(theme::card(palette()), theme::accent(palette()), 0.09));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme::kRadius, theme::kRadius);
}

void TourPanel::resizeEvent(QResizeEvent* event) {
    Surface::resizeEvent(event);
    reserveHeight();
}

bool TourPanel::event(QEvent* event) {
    // Escape is the window's key for cancelling what runs; in here it closes the tour.
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return Surface::event(event);
}

void TourPanel::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape)
        dismiss();
    else
        Surface::keyPressEvent(event);
}

} // namespace plumbline::ui
