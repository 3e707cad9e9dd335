// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QJsonObject>
#include <QString>
#include <QStringList>

#include "core/data/audit.h"

namespace plumbline::ui {

/// What stands in the form of a new audit, complete or not: kept while it is filled in, and taken from a run that is to
/// be asked again.
struct AuditChoices {
    static constexpr qint64 kGone = -1;    ///< one that the project has no more
    qint64 model = 0, images = 0;          ///< 0: none chosen
    qint64 probe = 0;                      ///< 0: the prompts written in the form
    QString prompts;                       ///< one a line
    std::optional<QStringList> attributes; ///< names of those measured one by one; nothing: the first one
    QStringList merged;                    ///< texts of attributes with merged groups (formatAttribute)
    QStringList crossed;                   ///< names of those crossed; empty: none is
    QString k = QStringLiteral("100");
    QString target, table, relevance; ///< TargetChoice's kind, table and attribute; empty: the first of each
    std::optional<Target> shares;     ///< of a target that came from a table which is not known any more
    MeasureOptions measure;           ///< definition, seed, correction, level, tolerance, smallest group
    OtherMeasures others;
    QString precision = QStringLiteral("fp32");
    bool more = false; ///< the further choices are shown

    AuditChoices();
    /// The form of an audit like this one; `probe` of the project, if its set is there.
    static AuditChoices of(const AuditConfig& config, qint64 probe);

    QJsonObject toJson() const;
    /// What is missing or of another kind is as in an empty form.
    static AuditChoices fromJson(const QJsonObject& json);
};

} // namespace plumbline::ui
