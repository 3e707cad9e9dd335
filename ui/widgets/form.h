// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <utility>

#include <QGridLayout>
#include <QList>

class QComboBox;
class QLabel;

namespace plumbline::ui {

/// A form of rows "label, control, a sentence under it".
class Form : public QGridLayout {
public:
    Form();
    /// `buddy`: the part of the control that the label's shortcut goes to; the control itself by default.
    QLabel* add(const QString& text, QWidget* control, QLabel* sentence = nullptr, QWidget* buddy = nullptr);

private:
    int m_row = 0;
};

/// A sentence in small type that wraps, for under a control.
QLabel* hint(const QString& text = {});

/// Names with their ids. Keeps what is chosen if it is still there, else chooses the first, but where nothing had been
/// chosen of several. False if nothing changed.
bool fillBox(QComboBox* box, const QList<std::pair<QString, qint64>>& entries);

} // namespace plumbline::ui
