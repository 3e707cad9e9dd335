// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>

#include <QTimer>

#include "core/data/attribute_text.h"
#include "core/data/audit.h"
#include "core/store/project.h"
#include "ui/pages/audit/audit_choices.h"
#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QSpinBox;
class QStackedWidget;
class QVBoxLayout;

namespace plumbline::ui {

class AlsoMeasure;
class AuditRunner;
class PromptTable;
class TargetChoice;
class TokenCounter;

/// Everything that one audit asks, each choice explained in a sentence; on the right the groups that it will compare.
class NewAuditPanel : public Page {
    Q_OBJECT
public:
    NewAuditPanel(const Context& context, AuditRunner* runner, QWidget* parent = nullptr);

    /// The audit as chosen, or nothing and the reason in `problem`.
    std::optional<AuditConfig> config(QString* problem = nullptr) const;
    void run();
    void chooseProbe(qint64 id);
    /// What stands in the form, complete or not.
    AuditChoices choices() const;
    /// Images, attributes and columns that the project does not have are left out.
    void choose(const AuditChoices& choices);
    /// The choices of a run of the project; what it does not have any more is said (raised()). False: there is no such
    /// run.
    bool chooseLike(qint64 run);
    /// Keeps what stands in the form, which is else done a moment after the last change: it is there again when the
    /// project is opened, also after a crash.
    void flush();
    void focusFirst() override;

Q_SIGNALS:
    void dismissed();

private:
    QWidget* buildQuestion();
    QWidget* buildMeasure();
    QWidget* buildGroups();
    void refreshLists();
    void refreshAttributes();
    void refreshGroups();
    void refreshPrompts();
    void refreshState();
    void takeUp();
    const store::ImageSetRecord* imageSet() const;
    /// The attribute with the groups that were merged.
    AttributePart part(const QString& attribute) const;
    /// Each single attribute chosen, then the crossing; the texts of AuditConfig::attributes.
    QStringList chosenAttributes() const;
    QStringList crossedAttributes() const;
    QString crossing() const;
    void mergeGroupsOf(const QString& attribute);
    void nameAttributes();
    ProbeSet probe() const;
    /// Without k and target, which may be incomplete.
    MeasureOptions measure() const;
    QStringList cautions() const;
    void countCrossing(const QString& name);
    /// The groups of each chosen attribute as they will be compared, with how many images have no value.
    struct Groups {
        QString title; ///< the attributes' names
        QString text;  ///< as in AuditConfig::attributes
        std::vector<std::pair<std::string, std::int64_t>> counts;
        std::int64_t unlabelled = 0;
        QStringList none; ///< combinations without an image
        std::int64_t allNone = 0;
    };
    std::vector<Groups> chosenGroups() const;
    void showGroups(const Groups& groups);

    Context m_context;
    AuditRunner* m_runner;
    QComboBox* m_model;
    QLabel* m_modelHint;
    QComboBox* m_images;
    QListWidget* m_attributes;
    QCheckBox* m_cross;
    QListWidget* m_crossed;
    QPushButton* m_merge;
    QComboBox* m_probe;
    QPlainTextEdit* m_prompts;
    QLabel* m_promptHint;
    PromptTable* m_expanded;
    TokenCounter* m_tokens;
    QLineEdit* m_k;
    QLabel* m_kHint;
    TargetChoice* m_target;
    QComboBox* m_definition;
    QLabel* m_definitionHint;
    QCheckBox* m_more;
    QWidget* m_moreArea;
    QSpinBox* m_seed;
    QComboBox* m_precision;
    AlsoMeasure* m_also;
    QComboBox* m_correction;
    QDoubleSpinBox* m_tolerance;
    QDoubleSpinBox* m_level;
    QSpinBox* m_minGroup;
    QLabel* m_problem;
    QLabel* m_cautions;
    QPushButton* m_run;
    QVBoxLayout* m_groupColumn;
    std::int64_t m_shownSet = 0;
    QStringList m_shownGroups;
    std::map<QString, std::vector<GroupMerge>> m_merges; ///< by attribute, of the set that is shown
    /// Counts of the crossing that was last computed, with the set and name that they belong to.
    struct Crossed {
        std::int64_t set = 0;
        QString name;
        std::vector<std::pair<std::string, std::int64_t>> groups;
        std::int64_t unlabelled = 0;
        std::int64_t empty = 0;  ///< combinations without an image
        QStringList emptyGroups; ///< the first of them
    };
    Crossed m_counted;
    QTimer m_keep;
    QString m_keptOf;  ///< the project that the form belongs to
    QByteArray m_kept; ///< what is kept of it
    std::optional<AuditChoices> m_restored; ///< what is to stand in the form once the project's lists are read
};

} // namespace plumbline::ui
