// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/finding_row.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {
constexpr int kIcon = 16;
}

FindingRow::FindingRow(const Finding& finding, QWidget* parent) : QWidget(parent), m_isWarning(finding.isWarning) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(kIcon + theme::kGrid, 0, 0, 0);
    column->setSpacing(2);
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::kGrid);
    auto* sentence = new QLabel(finding.sentence);
    sentence->setWordWrap(true);
    sentence->setContentsMargins(0, theme::kHalf, 0, theme::kHalf); // as high as the button beside it
    sentence->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    line->addWidget(sentence, 1);
    column->addLayout(line);
    if (finding.examples.isEmpty())
        return;

    auto* examples = caption(finding.examples.join(u'\n'));
    examples->setFont(theme::smallFont(examples->font()));
    examples->setWordWrap(true);
    examples->setTextInteractionFlags(Qt::TextSelectableByMouse);
    examples->setVisible(false);
    column->addWidget(examples);
    m_toggle = new QToolButton;
    m_toggle->setText(tr("Examples"));
    m_toggle->setAccessibleName(tr("Examples: %1").arg(finding.sentence));
    m_toggle->setArrowType(Qt::RightArrow);
    m_toggle->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_toggle->setAutoRaise(true);
    m_toggle->setCheckable(true);
    m_toggle->setFocusPolicy(Qt::StrongFocus);
    connect(m_toggle, &QToolButton::toggled, this, [this, examples](bool open) {
        m_toggle->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        examples->setVisible(open);
    });
    line->addWidget(m_toggle, 0, Qt::AlignTop);
}

void FindingRow::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor colour = m_isWarning ? theme::signal(Severity::Warning, palette()) : theme::muted(palette());
    const int middle = theme::kHalf + fontMetrics().height() / 2;
    painter.drawPixmap(0, std::max(0, middle - kIcon / 2),
                       iconPixmap(m_isWarning ? QStringLiteral("warning") : QStringLiteral("note"), kIcon, colour,
                                  devicePixelRatioF()));
}

} // namespace plumbline::ui
