// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/overview/step_row.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"
#include "ui/widgets/style.h"

namespace plumbline::ui {

namespace {
constexpr int kIcon = 20;
}

StepRow::StepRow(const QString& title, const QString& button, QWidget* parent)
    : QWidget(parent), m_title(heading(title)), m_sentence(caption({})), m_button(new QPushButton(button)) {
    auto* line = new QHBoxLayout(this);
    line->setContentsMargins(kIcon + theme::kSpace, theme::kGrid, 0, theme::kGrid);
    line->setSpacing(theme::kSpace);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    m_sentence->setWordWrap(true);
    words->addWidget(m_title);
    words->addWidget(m_sentence);
    line->addLayout(words, 1);
    line->addWidget(m_button, 0, Qt::AlignVCenter);
    m_button->setMinimumWidth(19 * theme::kGrid);
}

void StepRow::setState(bool isDone, bool isNext, const QString& sentence) {
    m_isDone = isDone;
    m_sentence->setText(sentence);
    m_button->setProperty(kPrimaryProperty, isNext);
    m_button->update();
    setAccessibleName(isDone ? tr("%1: done").arg(m_title->text()) : tr("%1: to do").arg(m_title->text()));
    setAccessibleDescription(sentence);
    update();
}

void StepRow::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor colour = m_isDone ? theme::accent(palette()) : theme::muted(palette());
    painter.drawPixmap(0, m_title->geometry().center().y() - kIcon / 2,
                       iconPixmap(m_isDone ? QStringLiteral("done") : QStringLiteral("todo"), kIcon, colour,
                                  devicePixelRatioF()));
}

} // namespace plumbline::ui
