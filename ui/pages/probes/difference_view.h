// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QPlainTextEdit>

#include "core/data/probe.h"

namespace plumbline::ui {

/// What two probe sets ask differently, as text. Sets of many thousands of prompts are compared beside the main thread.
class DifferenceView : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit DifferenceView(const QString& accessibleName, QWidget* parent = nullptr);

    /// Shows it when it is found; what is shown until then stays. A later call takes the place of an earlier one.
    void compare(const ProbeSet& first, const ProbeSet& second);
    /// Shows this at once.
    void say(const QString& text);

private:
    quint64 m_asked = 0; ///< answers to earlier questions are dropped
};

} // namespace plumbline::ui
