// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QDialog>

#include "core/data/audit.h"
#include "core/data/debias.h"
#include "ui/pages/context.h"

class QComboBox;
class QDialogButtonBox;
class QLabel;
class QLineEdit;
class QListWidget;

namespace plumbline::ui {

/// What is audited with and without a method: images, attributes, prompts, top k. Everything else is the comparison's.
class AuditWithDialog : public QDialog {
    Q_OBJECT
public:
    /// `method`: "LEACE at strength 0.85".
    AuditWithDialog(const Context& context, const DebiasStudyConfig& study, const QString& method,
                    QWidget* parent = nullptr);

    /// The audit as chosen, or nothing and the reason in `problem`.
    std::optional<AuditConfig> config(QString* problem = nullptr) const;

private:
    void fillAttributes();
    void refresh();

    Context m_context;
    DebiasStudyConfig m_study;
    QComboBox* m_images;
    QLabel* m_caution;
    QListWidget* m_attributes;
    QComboBox* m_probe;
    QLineEdit* m_k;
    QLabel* m_problem;
    QDialogButtonBox* m_buttons;
};

} // namespace plumbline::ui
