// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QHBoxLayout;
class QLabel;
class QPushButton;

namespace plumbline::ui {

/// What an empty page shows: in a sentence what goes there, and the button that does it.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    EmptyState(const QString& iconName, const QString& sentence, QWidget* parent = nullptr);
    QPushButton* addButton(const QString& label, bool primary = true);
    void setSentence(const QString& sentence);

private:
    QLabel* m_sentence;
    QHBoxLayout* m_buttons;
};

} // namespace plumbline::ui
