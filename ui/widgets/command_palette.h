// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QDialog>

class QLabel;
class QLineEdit;
class QListView;
class QMenuBar;
class QStandardItemModel;

namespace plumbline::ui {

/// Something that can be done or gone to by its name.
struct Command {
    QString name; ///< "Project › Open…"
    QString keys; ///< in the system's notation; empty: none
    std::function<void()> run;
};

/// Every entry of the menus that can be chosen now, by its path, with its keys.
std::vector<Command> commandsOf(const QMenuBar* menus);

/// A line in which a command is found by parts of its name, and done by Return: what the menus hold and where one can
/// go, without the mouse.
class CommandPalette : public QDialog {
    Q_OBJECT
public:
    explicit CommandPalette(std::vector<Command> commands, QWidget* parent);

    QLineEdit* line() const { return m_line; }
    /// Names as they are listed now, best first.
    QStringList shown() const;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void find(const QString& words);
    void carryOut();

    std::vector<Command> m_commands;
    QLineEdit* m_line;
    QListView* m_list;
    QLabel* m_nothing;
    QStandardItemModel* m_found;
};

} // namespace plumbline::ui
