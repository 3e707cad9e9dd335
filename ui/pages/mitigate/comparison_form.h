// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QWidget>

#include "core/data/debias.h"
#include "core/store/project.h"
#include "ui/pages/context.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace plumbline::ui {

class GroupBars;
class MethodList;
class PathEdit;
class TargetChoice;

/// Everything that a comparison asks: question and split on the left, the methods on the right, and before it starts
/// how many images fit, choose and audit.
class ComparisonForm : public QWidget {
    Q_OBJECT
public:
    explicit ComparisonForm(const Context& context, QWidget* parent = nullptr);

    /// The comparison as chosen, or nothing and the reason in `problem`.
    std::optional<DebiasStudyConfig> config(QString* problem = nullptr) const;
    void focusFirst();
    /// As the button does, if everything is there.
    void start();
    /// Whether one runs already.
    void setBusy(bool busy);

    /// How many images fit, choose and audit, as far as it is known before the run.
    struct Counts {
        std::int64_t fit = 0, select = 0, audit = 0;
    };
    std::optional<Counts> counts() const;

Q_SIGNALS:
    void startWanted(const plumbline::DebiasStudyConfig& config);

private:
    QWidget* buildQuestion();
    QWidget* buildSplit();
    QWidget* buildMethods();
    void refreshLists();
    void refreshColumns();
    void refreshState();
    const store::ImageSetRecord* imageSet() const;
    const store::ImageSetRecord* auditSet() const;
    ProbeSet probe() const;
    QStringList cautions() const;

    Context m_context;
    bool m_busy = false;
    QComboBox* m_model;
    QComboBox* m_images;
    QComboBox* m_auditImages;
    QComboBox* m_attribute;
    QListWidget* m_untargeted;
    QComboBox* m_classes;
    PathEdit* m_captions;
    QComboBox* m_probe;
    QPlainTextEdit* m_prompts;
    QLabel* m_promptHint;
    QLineEdit* m_k;
    TargetChoice* m_target;
    QComboBox* m_split;
    QWidget* m_shares;
    QSpinBox* m_fit;
    QSpinBox* m_select;
    QLabel* m_rest;
    QComboBox* m_together;
    QSpinBox* m_seed;
    MethodList* m_methods;
    QLabel* m_counts;
    GroupBars* m_bars;
    QLabel* m_problem;
    QLabel* m_cautions;
    QPushButton* m_start;
    std::int64_t m_shownSet = 0;
};

} // namespace plumbline::ui
