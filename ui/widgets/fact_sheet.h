// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QScrollArea>
#include <QString>

namespace plumbline::ui {

/// The words with places to break at the joints of paths, hashes and names, which would force a label wide.
QString breakable(const QString& words);

/// Values in groups, each with its label and, in small type, where it comes from. Every value can be selected and
/// copied. A long text stands as its beginning, and opens by a button.
class FactSheet : public QScrollArea {
    Q_OBJECT
public:
    struct Fact {
        QString label, value;
        QString source = {};
        bool isWarning = false;
        QString whole = {}; ///< the text that `value` is the beginning of
    };
    struct Group {
        QString title;
        std::vector<Fact> facts;
    };

    explicit FactSheet(QWidget* parent = nullptr);
    void setGroups(const std::vector<Group>& groups);
    /// Scrolls to a fact, whose value is then selected, or to a group's title.
    void reveal(const QString& label);

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
};

} // namespace plumbline::ui
