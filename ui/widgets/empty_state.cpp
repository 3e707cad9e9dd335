// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/empty_state.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {

/// An icon that follows the palette.
class Picture : public QWidget {
public:
    explicit Picture(QString name) : m_name(std::move(name)) { setFixedSize(kSize, kSize); }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter(this).drawPixmap(0, 0, iconPixmap(m_name, kSize, theme::muted(palette()), devicePixelRatioF()));
    }

private:
    static constexpr int kSize = 5 * theme::kGrid;
    QString m_name;
};

constexpr int kTextWidth = 52 * theme::kGrid;

} // namespace

EmptyState::EmptyState(const QString& iconName, const QString& sentence, QWidget* parent)
    : QWidget(parent), m_sentence(new QLabel(sentence)), m_buttons(new QHBoxLayout) {
    auto* column = new QVBoxLayout(this);
    column->setSpacing(theme::kSpace);
    column->addStretch(2);
    column->addWidget(new Picture(iconName), 0, Qt::AlignHCenter);
    m_sentence->setWordWrap(true);
    m_sentence->setAlignment(Qt::AlignHCenter);
    m_sentence->setFixedWidth(kTextWidth);
    auto* centred = new QHBoxLayout; // an alignment would keep the label from getting the height that it needs
    centred->addStretch(1);
    centred->addWidget(m_sentence);
    centred->addStretch(1);
    column->addLayout(centred);
    m_buttons->setSpacing(theme::kGrid);
    m_buttons->addStretch();
    m_buttons->addStretch();
    column->addLayout(m_buttons);
    column->addStretch(3);
}

QPushButton* EmptyState::addButton(const QString& label, bool primary) {
    auto* button = new QPushButton(label);
    if (primary)
        makePrimary(button);
    m_buttons->insertWidget(m_buttons->count() - 1, button);
    return button;
}

void EmptyState::setSentence(const QString& sentence) { m_sentence->setText(sentence); }

} // namespace plumbline::ui
