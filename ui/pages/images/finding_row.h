// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>

class QToolButton;

namespace plumbline::ui {

/// One finding of a match report: a sentence, how grave it is, and examples.
struct Finding {
    bool isWarning = false;
    QString sentence;
    QStringList examples;
};

/// A finding with its examples, which open on demand.
class FindingRow : public QWidget {
    Q_OBJECT
public:
    explicit FindingRow(const Finding& finding, QWidget* parent = nullptr);
    /// Opens the examples; null where there are none.
    QToolButton* toggle() const { return m_toggle; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    bool m_isWarning;
    QToolButton* m_toggle = nullptr;
};

} // namespace plumbline::ui
