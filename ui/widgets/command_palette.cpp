// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/command_palette.h"

#include <algorithm>
#include <numeric>

#include <QAction>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMenuBar>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {

constexpr int kWidth = 70 * theme::kGrid;
constexpr int kRows = 11;
constexpr int kKeysRole = Qt::UserRole + 1;
constexpr int kCommandRole = Qt::UserRole + 2;

/// The name at the left, its keys muted at the right.
class CommandDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
        return {0, option.fontMetrics.height() + theme::kGrid + theme::kHalf};
    }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QRect area = option.rect.adjusted(theme::kGrid, 0, -theme::kGrid, 0);
        if (option.state & QStyle::State_Selected)
            painter->fillRect(option.rect, theme::selection(option.palette));
        const QString keys = index.data(kKeysRole).toString();
        const int right = keys.isEmpty() ? 0 : option.fontMetrics.horizontalAdvance(keys) + theme::kSpace;
        painter->setPen(option.palette.color(QPalette::Text));
        painter->drawText(
            area.adjusted(0, 0, -right, 0), Qt::AlignVCenter | Qt::AlignLeft,
            option.fontMetrics.elidedText(index.data().toString(), Qt::ElideMiddle, area.width() - right));
        painter->setPen(theme::muted(option.palette));
        painter->drawText(area, Qt::AlignVCenter | Qt::AlignRight, keys);
    }
};

void collect(const QList<QAction*>& actions, const QString& path, std::vector<Command>& commands) {
    for (QAction* action : actions) {
        if (action->isSeparator() || !action->isVisible() || !action->isEnabled())
            continue;
        QString text = action->text();
        text.replace(QStringLiteral("&&"), QStringLiteral("\x01")).remove(u'&').replace(u'\x01', u'&');
        const QString name = path.isEmpty() ? text : QStringLiteral("%1 › %2").arg(path, text);
        if (action->menu() != nullptr)
            collect(action->menu()->actions(), name, commands);
        else
            commands.push_back(
                {name, action->shortcut().toString(QKeySequence::NativeText), [action] { action->trigger(); }});
    }
}

/// How well words fit a name, more is better; negative: one of them is not in it. A word at the beginning of a word of
/// the name counts more than one inside.
int fit(const QString& name, const QStringList& words) {
    int score = 0;
    for (const QString& word : words) {
        int best = -1;
        for (qsizetype at = name.indexOf(word, 0, Qt::CaseInsensitive); at >= 0;
             at = name.indexOf(word, at + 1, Qt::CaseInsensitive))
            best = std::max(best, at == 0 || !name[at - 1].isLetterOrNumber() ? 2 : 1);
        if (best < 0)
            return -1;
        score += best;
    }
    return score;
}

} // namespace

std::vector<Command> commandsOf(const QMenuBar* menus) {
    std::vector<Command> commands;
    collect(menus->actions(), {}, commands);
    return commands;
}

CommandPalette::CommandPalette(std::vector<Command> commands, QWidget* parent)
    : QDialog(parent), m_commands(std::move(commands)), m_line(new QLineEdit), m_list(new QListView),
      m_nothing(new QLabel(tr("No command has all of these words in its name."))),
      m_found(new QStandardItemModel(this)) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Find a command"));
    m_line->setPlaceholderText(tr("What do you want to do? Type a part of its name"));
    m_line->setAccessibleName(tr("Part of a command's name"));
    m_line->setClearButtonEnabled(true);
    m_line->installEventFilter(this);
    m_list->setAccessibleName(tr("Commands"));
    m_list->setModel(m_found);
    m_list->setItemDelegate(new CommandDelegate(m_list));
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus); // the line moves its mark
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    theme::setMuted(m_nothing);
    auto* column = new QVBoxLayout(this);
    column->setSpacing(theme::kGrid);
    column->addWidget(m_line);
    column->addWidget(m_nothing);
    column->addWidget(m_list, 1);
    connect(m_line, &QLineEdit::textChanged, this, &CommandPalette::find);
    connect(m_line, &QLineEdit::returnPressed, this, &CommandPalette::carryOut);
    connect(m_list, &QListView::clicked, this, &CommandPalette::carryOut);
    find({});
    resize(kWidth, m_line->sizeHint().height() + kRows * (fontMetrics().height() + theme::kGrid + theme::kHalf) +
                       3 * theme::kSpace);
    if (parent != nullptr) // under the middle of the window's upper edge
        move(parent->mapToGlobal(QPoint((parent->width() - width()) / 2, 8 * theme::kGrid)));
}

void CommandPalette::find(const QString& words) {
    const QStringList parts = words.split(u' ', Qt::SkipEmptyParts);
    std::vector<std::pair<int, std::size_t>> fits;
    for (std::size_t c = 0; c < m_commands.size(); ++c)
        if (const int score = fit(m_commands[c].name, parts); score >= 0)
            fits.emplace_back(-score, c);
    std::ranges::sort(fits); // the best first; of equals as in the menus
    m_found->clear();
    for (const auto& [score, command] : fits) {
        auto* item = new QStandardItem(m_commands[command].name);
        const QString& keys = m_commands[command].keys;
        item->setData(keys, kKeysRole);
        item->setData(static_cast<qulonglong>(command), kCommandRole);
        item->setAccessibleText(keys.isEmpty() ? item->text() : QStringLiteral("%1, %2").arg(item->text(), keys));
        m_found->appendRow(item);
    }
    m_nothing->setVisible(fits.empty());
    m_list->setCurrentIndex(m_found->index(0, 0));
}

QStringList CommandPalette::shown() const {
    QStringList names;
    for (int row = 0; row < m_found->rowCount(); ++row)
        names << m_found->item(row)->text();
    return names;
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_line && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp || key == Qt::Key_PageDown) {
            const int step = key == Qt::Key_Up ? -1 : key == Qt::Key_Down ? 1 : key == Qt::Key_PageUp ? -kRows : kRows;
            const int row = std::clamp(m_list->currentIndex().row() + step, 0, std::max(0, m_found->rowCount() - 1));
            m_list->setCurrentIndex(m_found->index(row, 0));
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

void CommandPalette::carryOut() {
    const QModelIndex chosen = m_list->currentIndex();
    if (!chosen.isValid())
        return;
    const auto run = m_commands[static_cast<std::size_t>(chosen.data(kCommandRole).toULongLong())].run;
    accept();
    run();
}

} // namespace plumbline::ui
