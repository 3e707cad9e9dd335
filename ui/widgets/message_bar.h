// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QString>
#include <QWidget>

#include "core/base/error.h"
#include "ui/widgets/theme.h"

class QVBoxLayout;

namespace plumbline::ui {

class EditHistory;

/// One thing to tell the user. Never a box: it stays in the message bar until it is dealt with or closed.
struct Message {
    struct Action {
        QString label;
        std::function<void()> run;
    };

    Severity severity = Severity::Note;
    QString text;
    QString details = {};
    std::vector<Action> actions = {};
    /// A later message with the same key takes the earlier one's place.
    QString key = {};

    /// Of the errors that follow from the engine's end; its end itself is said once, with what to do.
    static constexpr char kEngineKey[] = "engine";

    /// The sentence and the details of an error.
    static Message of(const Error& error);
    /// That `what` was removed, with a button that undoes the newest edit; the window withdraws it with the next one.
    static Message removed(const QString& what, EditHistory* history);
    static constexpr char kUndoKey[] = "undo";
};

/// The messages under the page's header, newest first, at most kMost of them.
class MessageBar : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMost = 3;

    explicit MessageBar(QWidget* parent = nullptr);

    void show(Message message);
    /// Removes the message with this key.
    void withdraw(const QString& key);
    void clear();
    /// The texts shown, newest first.
    QStringList texts() const;

private:
    /// Hidden while empty, so that it takes no room.
    void settle();
    QVBoxLayout* m_column;
};

} // namespace plumbline::ui
