// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/message_bar.h"
#include "ui/widgets/surface.h"

class QHBoxLayout;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace plumbline::ui {

/// A page of the window: a title, one line that says what this is, at most one primary button; under them the place of
/// the message bar, and the body.
class Page : public Surface {
    Q_OBJECT
public:
    Page(const QString& title, const QString& line, QWidget* parent = nullptr);

    void setTitle(const QString& title);
    void setLine(const QString& line);
    /// The button of the header that does the page's main thing.
    QPushButton* addPrimaryButton(const QString& label);
    QPushButton* addButton(const QString& label);
    /// After what the header has already.
    void addToHeader(QWidget* widget);

    QVBoxLayout* body() { return m_body; }
    /// Takes the window's message bar in, under the header.
    void host(MessageBar* messages);
    /// Where the keyboard goes when the page is shown.
    virtual void focusFirst();

Q_SIGNALS:
    void raised(const plumbline::ui::Message& message);

private:
    QHBoxLayout* m_header;
    QVBoxLayout* m_messagePlace;
    QVBoxLayout* m_body;
    QLabel* m_title;
    QLabel* m_line;
};

/// A button drawn in the accent.
QPushButton* makePrimary(QPushButton* button);

/// A caption in the second level of emphasis.
QLabel* caption(const QString& text, QWidget* parent = nullptr);
/// A heading inside a card.
QLabel* heading(const QString& text, QWidget* parent = nullptr);

} // namespace plumbline::ui
