// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/fact_sheet.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QRegularExpression>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/widgets/focus_ring.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {

enum Column { Label, Value };

/// A text that wraps anywhere sensible, can be selected, and is copied as it was given.
class Text : public QLabel {
public:
    explicit Text(const QString& words) : QLabel(breakable(words)), m_words(words) {
        setWordWrap(true);
        setAlignment(Qt::AlignLeft | Qt::AlignTop);
        setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        setFocusPolicy(Qt::ClickFocus); // Tab goes on to the next control, not through forty labels
        auto* copy = new QAction(FactSheet::tr("Copy"), this);
        copy->setShortcut(QKeySequence::Copy);
        copy->setShortcutContext(Qt::WidgetShortcut);
        connect(copy, &QAction::triggered, this, [this] {
            QApplication::clipboard()->setText(hasSelectedText() ? selectedText().remove(QChar(0x200B)) : m_words);
        });
        addAction(copy);
        setContextMenuPolicy(Qt::ActionsContextMenu);
    }

private:
    QString m_words;
};

Text* smallText(const QString& words) {
    auto* text = new Text(words);
    text->setFont(theme::smallFont(text->font()));
    theme::setMuted(text);
    return text;
}

/// The button that shows the whole text, and the text.
void addWhole(QVBoxLayout* column, const FactSheet::Fact& fact) {
    auto* toggle = new QToolButton;
    toggle->setText(FactSheet::tr("Whole text"));
    toggle->setAccessibleName(FactSheet::tr("Whole text: %1").arg(fact.label));
    toggle->setArrowType(Qt::RightArrow);
    toggle->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    toggle->setAutoRaise(true);
    toggle->setCheckable(true);
    toggle->setFocusPolicy(Qt::StrongFocus);
    Text* text = smallText(fact.whole);
    text->setVisible(false);
    QObject::connect(toggle, &QToolButton::toggled, text, [toggle, text](bool open) {
        toggle->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        text->setVisible(open);
    });
    column->addWidget(toggle, 0, Qt::AlignLeft);
    column->addWidget(text);
}

} // namespace

QString breakable(const QString& words) {
    static const QRegularExpression kJoint(QStringLiteral("([/._:-])(?=\\S)|(\\S{16})(?=\\S)"));
    return QString(words).replace(kJoint, QStringLiteral("\\1\\2\u200B"));
}

FactSheet::FactSheet(QWidget* parent) : QScrollArea(parent) {
    setFrameShape(NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false);
    setFocusPolicy(Qt::StrongFocus); // scrolls by the keyboard
}

void FactSheet::paintEvent(QPaintEvent* event) {
    QScrollArea::paintEvent(event);
    QPainter painter(viewport());
    paintFocusRing(painter, *this, *viewport());
}

void FactSheet::focusInEvent(QFocusEvent* event) {
    QScrollArea::focusInEvent(event);
    viewport()->update();
}

void FactSheet::focusOutEvent(QFocusEvent* event) {
    QScrollArea::focusOutEvent(event);
    viewport()->update();
}

void FactSheet::setGroups(const std::vector<Group>& groups) {
    auto* sheet = new QWidget;
    auto* grid = new QGridLayout(sheet);
    grid->setContentsMargins(theme::kHalf, theme::kHalf, theme::kGrid, theme::kHalf); // within the ring of the keyboard
    grid->setHorizontalSpacing(theme::kSpace);
    grid->setVerticalSpacing(theme::kHalf + 2);
    grid->setColumnStretch(Value, 1);
    grid->setColumnMinimumWidth(Label, 15 * theme::kGrid);
    int row = 0;
    for (const Group& group : groups) {
        if (group.facts.empty())
            continue;
        auto* title = heading(group.title);
        title->setObjectName(group.title);
        if (row > 0)
            grid->setRowMinimumHeight(row++, theme::kHalf);
        grid->addWidget(title, row++, Label, 1, 2);
        for (const Fact& fact : group.facts) {
            auto* label = caption(fact.label);
            label->setObjectName(fact.label);
            label->setAlignment(Qt::AlignLeft | Qt::AlignTop);
            auto* value = new Text(fact.value);
            value->setFont(theme::tabularFont(value->font()));
            value->setAccessibleName(fact.label + QStringLiteral(": ") + fact.value);
            label->setBuddy(value);
            if (fact.isWarning) { // an icon and a whole sentence, over both columns
                label->setPixmap(iconPixmap(QStringLiteral("warning"), 16,
                                            theme::signal(Severity::Warning, palette()), devicePixelRatioF()));
                auto* line = new QHBoxLayout;
                line->setSpacing(theme::kGrid);
                line->addWidget(label);
                line->addWidget(value, 1);
                grid->addLayout(line, row++, Label, 1, 2);
                continue;
            }
            label->setText(breakable(fact.label)); // a file's name must not take the room of the values
            label->setWordWrap(true);
            label->setMaximumWidth(16 * theme::kGrid);
            grid->addWidget(label, row, Label);
            auto* both = new QVBoxLayout;
            both->setSpacing(0);
            both->addWidget(value);
            if (!fact.source.isEmpty()) {
                Text* source = smallText(fact.source);
                source->setAccessibleName(tr("Source of %1: %2").arg(fact.label, fact.source));
                both->addWidget(source);
            }
            if (!fact.whole.isEmpty())
                addWhole(both, fact);
            grid->addLayout(both, row++, Value);
        }
    }
    grid->setRowStretch(row, 1);
    const int position = verticalScrollBar()->value();
    setWidget(sheet);
    sheet->setAutoFillBackground(false);
    verticalScrollBar()->setValue(position);
}

void FactSheet::reveal(const QString& label) {
    const auto* found = widget() != nullptr ? widget()->findChild<QLabel*>(label) : nullptr;
    if (found == nullptr)
        return;
    widget()->layout()->activate();
    verticalScrollBar()->setValue(found->y() - theme::kGrid);
    if (auto* value = qobject_cast<QLabel*>(found->buddy()))
        value->setSelection(0, static_cast<int>(value->text().size()));
}

} // namespace plumbline::ui
