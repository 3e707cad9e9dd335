// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"
#include "ui/models/record_table.h"

namespace plumbline::ui {

class ModelTable : public RecordTable<store::ModelRecord> {
    Q_OBJECT
public:
    enum ColumnIndex { Name, Kind, Architecture, Dimension, Parameters };
    explicit ModelTable(QObject* parent = nullptr);
};

class ImageSetTable : public RecordTable<store::ImageSetRecord> {
    Q_OBJECT
public:
    enum ColumnIndex { Name, Images, Attributes, Skipped };
    explicit ImageSetTable(QObject* parent = nullptr);
};

/// Probe sets: the built-in ones (negative ids, read-only) before those of the project.
class ProbeTable : public RecordTable<store::ProbeRecord> {
    Q_OBJECT
public:
    enum ColumnIndex { Name, Prompts, Origin };
    explicit ProbeTable(QObject* parent = nullptr);

    static bool isBuiltIn(std::int64_t id) { return id < 0; }
    /// The built-in sets as records.
    static std::vector<store::ProbeRecord> builtIn();
};

class RunTable : public RecordTable<store::RunRecord> {
    Q_OBJECT
public:
    enum ColumnIndex { Number, Model, Images, Asked, State, Created };
    explicit RunTable(QObject* parent = nullptr);
    /// Newest first.
    std::vector<const store::RunRecord*> finished() const;
};

/// Comparisons of debiasing methods, newest first.
class StudyTable : public RecordTable<store::StudyRecord> {
    Q_OBJECT
public:
    explicit StudyTable(QObject* parent = nullptr);
};

// The values of records in words.
QString containerText(Container container);
/// "ViT-B/32, 224 px"; "ResNet, stages 3-4-6-3, 224 px"
QString architectureText(const ModelConfig& config);
/// What a model is called until it is read: the name of its folder or file; of what lies in the Hugging Face cache the
/// repository's, "org/name".
QString modelPathText(const QString& path);
/// Whether the hashes and the self-check of a card were computed (project/checkModel).
bool isChecked(const ModelCard& card);
/// 151,277,313 as "151 M".
QString magnitudeText(qint64 count);
/// "done", "cancelled after 1,200 of 5,000 images", …
QString runStateText(const store::RunRecord& run);
/// "Comparison 3 · faceclip-a · gender · 22 Nov 2026 08:15"; one without a result says so.
QString studyText(const store::StudyRecord& study);
/// "28 prompts · gender, race"
QString runQuestionText(const store::RunRecord& run);
/// Local date and time of a UTC ISO 8601 stamp.
QString momentText(const std::string& utc);
/// How many prompts a set expands to.
qint64 promptCount(const ProbeSet& probe);

} // namespace plumbline::ui
