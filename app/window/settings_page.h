// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QCheckBox;
class QComboBox;

namespace plumbline::ui {

class PathEdit;

/// What the window remembers for its user. Every change holds at once; there is nothing to confirm.
class SettingsPage : public Page {
    Q_OBJECT
public:
    explicit SettingsPage(const Context& context, QWidget* parent = nullptr);
    void focusFirst() override;

Q_SIGNALS:
    void dismissed();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void load();

    Context m_context;
    QComboBox* m_appearance;
    PathEdit* m_vocabulary;
    PathEdit* m_sample;
    QCheckBox* m_alert;
    QCheckBox* m_tour;
    bool m_loading = false;
};

} // namespace plumbline::ui
