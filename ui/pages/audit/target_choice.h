// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <QStringList>
#include <QWidget>

#include "core/data/measure.h"
#include "core/data/probe.h"
#include "ui/pages/context.h"

class QComboBox;
class QLabel;

namespace plumbline::ui {

class PathEdit;

/// Which shares plumb means: the pool's, equal ones, published ones, those of a table, or those among the images that
/// are relevant to a prompt. Tables are read by the engine.
class TargetChoice : public QWidget {
    Q_OBJECT
public:
    using Counts = std::vector<std::pair<std::string, std::int64_t>>;

    TargetChoice(const Context& context, QWidget* parent = nullptr);

    QComboBox* box() const { return m_kind; }
    /// The attributes of the image set, one of which may say to which concept an image is relevant.
    void setAttributes(std::vector<std::pair<QString, Counts>> attributes);
    /// Some definitions know one target only.
    void setDefinition(Definition definition);

    /// The target, or nothing and the reason.
    std::optional<Target> target(QString* problem = nullptr) const;
    /// AuditConfig::relevance; empty where it is not asked for.
    std::string relevance() const;
    /// Why these groups cannot be measured against it at all; empty: they can.
    QString misfit(const std::string& attribute, const Counts& groups) const;
    /// How a target is called among the choices ("pool", "uniform", "conditional", "table").
    static QString kindOf(const Target& target);
    /// What was chosen, to be chosen again: the kind ("preset:NAME" for published shares), the table's path, the
    /// attribute of relevance.
    QString chosenKind() const;
    QString table() const;
    QString chosenRelevance() const;
    /// Shares that were chosen without a table; nothing where there are none.
    std::optional<Target> shares() const;
    /// `shares`: of a table that is not known any more; those of a published target are found among these.
    void choose(const QString& kind, const QString& table, const QString& relevance,
                const std::optional<Target>& shares);
    /// What becomes of the concepts of a probe that the choice says nothing about.
    QStringList cautions(const ProbeSet& probe) const;

Q_SIGNALS:
    void changed();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void askPresets();
    void readTable();
    void refresh();
    void preferPreset();
    int indexOf(const QString& kind) const;
    QString kind() const;

    struct Preset {
        QString title, citation;
        Target target;
    };

    Context m_context;
    QComboBox* m_kind;
    PathEdit* m_table;
    QComboBox* m_relevance;
    QLabel* m_hint;
    std::vector<std::pair<QString, Preset>> m_presets; ///< by name
    std::vector<std::pair<QString, Counts>> m_attributes;
    std::optional<Target::Kind> m_only;
    std::optional<Target> m_read; ///< of the table
    QString m_problem;            ///< why the table could not be read
    qint64 m_asked = 0;           ///< the request that reads it
    QString m_wanted;             ///< a published target that is to be chosen when they are known
};

} // namespace plumbline::ui
