// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/message_bar.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/edit_history.h"
#include "ui/bridge/error_texts.h"
#include "ui/widgets/icons.h"

namespace plumbline::ui {

namespace {

QString iconName(Severity severity) {
    switch (severity) {
    case Severity::Note: return QStringLiteral("note");
    case Severity::Warning: return QStringLiteral("warning");
    case Severity::Error: return QStringLiteral("error");
    }
    return {};
}

class MessageRow : public QWidget {
public:
    MessageRow(Message message, QWidget* parent) : QWidget(parent), m_message(std::move(message)) {
        setObjectName(QStringLiteral("message"));
        setAccessibleName(m_message.text);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(theme::kSpace, theme::kGrid, theme::kGrid, theme::kGrid);
        auto* line = new QHBoxLayout;
        line->setSpacing(theme::kGrid);
        column->addLayout(line);

        line->addSpacing(theme::kMargin); // the icon is painted here
        auto* text = new QLabel(m_message.text);
        text->setWordWrap(true);
        text->setTextInteractionFlags(Qt::TextSelectableByMouse);
        line->addWidget(text, 1);

        for (const Message::Action& action : m_message.actions) {
            auto* button = new QPushButton(action.label);
            QObject::connect(button, &QPushButton::clicked, this, [this, run = action.run] {
                deleteLater();
                hide();
                run();
            });
            line->addWidget(button);
        }
        if (!m_message.details.isEmpty())
            addDetails(line, column);

        auto* close = new QToolButton;
        close->setIcon(icon(QStringLiteral("close")));
        close->setAutoRaise(true);
        close->setFocusPolicy(Qt::StrongFocus);
        close->setAccessibleName(tr("Close this message"));
        close->setToolTip(tr("Close"));
        QObject::connect(close, &QToolButton::clicked, this, [this] {
            hide();
            deleteLater();
        });
        line->addWidget(close);
    }

    const Message& message() const { return m_message; }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QColor colour = theme::signal(m_message.severity, palette());
        painter.setPen(QPen(theme::mix(theme::card(palette()), colour, 0.4), 1));
        painter.setBrush(theme::mix(theme::card(palette()), colour, 0.09));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme::kRadius, theme::kRadius);
        painter.drawPixmap(theme::kSpace, (layout()->itemAt(0)->geometry().center().y()) - 9,
                           iconPixmap(iconName(m_message.severity), 18, colour, devicePixelRatioF()));
    }

private:
    void addDetails(QHBoxLayout* line, QVBoxLayout* column) {
        auto* toggle = new QPushButton(tr("Details"));
        toggle->setCheckable(true);
        auto* pane = new QWidget;
        auto* row = new QHBoxLayout(pane);
        row->setContentsMargins(theme::kMargin + theme::kGrid, 0, 0, 0);
        auto* text = new QPlainTextEdit(m_message.details);
        text->setReadOnly(true);
        text->setTabChangesFocus(true);
        text->setAccessibleName(tr("Details of the message"));
        const auto lines = std::min<qsizetype>(8, m_message.details.count(u'\n') + 2);
        text->setFixedHeight(static_cast<int>(lines) * text->fontMetrics().lineSpacing() + theme::kSpace);
        auto* copy = new QPushButton(tr("Copy"));
        QObject::connect(copy, &QPushButton::clicked, pane, [this] {
            QApplication::clipboard()->setText(m_message.text + QStringLiteral("\n\n") + m_message.details);
        });
        row->addWidget(text, 1);
        row->addWidget(copy, 0, Qt::AlignTop);
        pane->setVisible(false);
        QObject::connect(toggle, &QPushButton::toggled, pane, &QWidget::setVisible);
        line->addWidget(toggle);
        column->addWidget(pane);
    }

    Message m_message;
};

QList<MessageRow*> rows(const QVBoxLayout* column) {
    QList<MessageRow*> result;
    for (int i = 0; i < column->count(); ++i)
        if (auto* row = static_cast<MessageRow*>(column->itemAt(i)->widget()); row != nullptr && !row->isHidden())
            result.append(row);
    return result;
}

} // namespace

Message Message::of(const Error& error) {
    return {Severity::Error, errorText(error), errorDetails(error), {},
            error.code == ErrorCode::EngineGone ? QLatin1String(kEngineKey) : QString()};
}

Message Message::removed(const QString& what, EditHistory* history) {
    return {Severity::Note,
            MessageBar::tr("%1 was removed from the project.").arg(what),
            {},
            {{MessageBar::tr("Undo"), [history] { history->undo(); }}},
            QLatin1String(kUndoKey)};
}

MessageBar::MessageBar(QWidget* parent) : QWidget(parent), m_column(new QVBoxLayout(this)) {
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(theme::kGrid);
    setAccessibleName(tr("Messages"));
    hide();
}

void MessageBar::settle() { setVisible(!rows(m_column).isEmpty()); }

void MessageBar::show(Message message) {
    for (MessageRow* row : rows(m_column))
        if ((!message.key.isEmpty() && row->message().key == message.key) || row->message().text == message.text)
            delete row;
    auto* row = new MessageRow(std::move(message), this);
    m_column->insertWidget(0, row);
    row->show();
    connect(row, &QObject::destroyed, this, &MessageBar::settle, Qt::QueuedConnection); // once it is out of the layout
    const auto all = rows(m_column);
    for (qsizetype i = kMost; i < all.size(); ++i)
        delete all[i];
    settle();
    QAccessibleEvent event(row, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void MessageBar::withdraw(const QString& key) {
    for (MessageRow* row : rows(m_column))
        if (row->message().key == key)
            delete row;
    settle();
}

void MessageBar::clear() {
    qDeleteAll(rows(m_column));
    settle();
}

QStringList MessageBar::texts() const {
    QStringList result;
    for (const MessageRow* row : rows(m_column))
        result.append(row->message().text);
    return result;
}

} // namespace plumbline::ui
