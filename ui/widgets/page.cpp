// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/page.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/widgets/style.h"

namespace plumbline::ui {

Page::Page(const QString& title, const QString& line, QWidget* parent)
    : Surface(Kind::Page, parent), m_header(new QHBoxLayout), m_messagePlace(new QVBoxLayout),
      m_body(new QVBoxLayout), m_title(new QLabel), m_line(caption(line)) {
    auto* all = column();
    all->setContentsMargins(theme::kMargin, theme::kSpace, theme::kMargin, theme::kSpace);
    all->setSpacing(theme::kSpace);
    m_messagePlace->setSpacing(0);

    auto* words = new QVBoxLayout;
    words->setSpacing(theme::kHalf);
    m_title->setFont(theme::titleFont(font()));
    m_line->setWordWrap(true);
    words->addWidget(m_title);
    words->addWidget(m_line);
    setTitle(title);
    setLine(line);
    m_header->setSpacing(theme::kGrid);
    m_header->addLayout(words, 1);

    m_body->setSpacing(theme::kSpace);
    all->addLayout(m_header);
    all->addLayout(m_messagePlace);
    all->addLayout(m_body, 1);
}

void Page::setTitle(const QString& title) {
    m_title->setText(title);
    m_title->setVisible(!title.isEmpty());
    setAccessibleName(title);
}

void Page::setLine(const QString& line) {
    m_line->setText(line);
    m_line->setVisible(!line.isEmpty());
}

QPushButton* Page::addPrimaryButton(const QString& label) { return makePrimary(addButton(label)); }

QPushButton* Page::addButton(const QString& label) {
    auto* button = new QPushButton(label);
    addToHeader(button);
    return button;
}

void Page::addToHeader(QWidget* widget) { m_header->addWidget(widget, 0, Qt::AlignTop); }

void Page::host(MessageBar* messages) { m_messagePlace->addWidget(messages); }

void Page::focusFirst() {
    if (auto* first = nextInFocusChain(); first != nullptr && isAncestorOf(first))
        first->setFocus(Qt::OtherFocusReason);
}

QPushButton* makePrimary(QPushButton* button) {
    button->setProperty(kPrimaryProperty, true);
    return button;
}

QLabel* caption(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    theme::setMuted(label);
    return label;
}

QLabel* heading(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setFont(theme::strongFont(label->font()));
    return label;
}

} // namespace plumbline::ui
