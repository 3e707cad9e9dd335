// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include "core/data/probe.h"

namespace plumbline::ui {

/// What a probe file was taken for, and the prompts that come of it, before it is added to the project.
class ImportDialog : public QDialog {
    Q_OBJECT
public:
    ImportDialog(const QString& file, const ProbeSet& probe, QWidget* parent = nullptr);
};

} // namespace plumbline::ui
