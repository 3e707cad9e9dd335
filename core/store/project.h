// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/data/audit.h"
#include "core/data/debias.h"
#include "core/data/image_catalog.h"
#include "core/data/image_set.h"
#include "core/data/label_source.h"
#include "core/data/model_info.h"
#include "core/data/note.h"
#include "core/data/probe.h"

namespace plumbline::store {

struct ModelRecord {
    std::int64_t id = 0;
    std::string name, path; ///< path in encodePath form
    std::string vocabPath;
    ModelCard card;
    std::string added;
};

struct ImageSetRecord {
    std::int64_t id = 0;
    std::string name, root, labelsFile, preset; ///< root in encodePath form
    std::int64_t images = 0;
    MatchReport report;
    struct AttributeCounts {
        std::string name;
        std::vector<std::pair<std::string, std::int64_t>> groups;
        std::int64_t unlabelled = 0;
        LabelSource source;
    };
    std::vector<AttributeCounts> attributes;
    std::string added;
    std::string checked; ///< UTC; empty: its pictures were never looked at
    std::vector<std::pair<ImageFlaw, std::int64_t>> flaws; ///< with how many images have each, of the last check
};

struct ProbeRecord {
    std::int64_t id = 0;
    ProbeSet probe;
    std::string added;
};

/// A state of a probe set that the project keeps.
struct ProbeVersion {
    std::int64_t id = 0, probe = 0;
    ProbeSet state;
    std::string kept; ///< since when
};

struct RunRecord {
    std::int64_t id = 0;
    RunState state = RunState::Running;
    AuditConfig config;
    RunProvenance provenance;
    std::string modelName, imageSetName;
    std::int64_t prompts = 0, images = 0, skipped = 0;
    std::int64_t embedded = 0;  ///< progress of an unfinished run
    std::optional<Error> error; ///< of a failed run
    std::vector<std::string> warnings;
    std::string created;
};

struct StudyRecord {
    std::int64_t id = 0;
    RunState state = RunState::Running;
    DebiasStudyConfig config;
    std::optional<Error> error; ///< of a failed study
    std::string created, finished;
};

/// A fitted transform that the project keeps as the files of its folder (debias::writeTransform).
struct TransformRecord {
    std::int64_t id = 0, study = 0; ///< study 0: of none
    std::string name, created;
};
struct TransformFile {
    std::string name; ///< relative, with '/'
    std::string bytes;
};

/// What an edit changed, row by row, so that it can be taken back and made again (SQLite's session extension).
struct ChangeSet {
    std::vector<std::uint8_t> rows;
    bool empty() const { return rows.empty(); }
};
/// Both as one change. InvalidArgument ("change") where they do not follow each other.
Result<ChangeSet> joined(const ChangeSet& first, const ChangeSet& second);

/// A project file (.plumb): SQLite in WAL mode with application_id and user_version, STRICT tables, short transactions,
/// foreign keys. Complete by itself: labels, results, scores and thumbnails are inside. One object belongs to one
/// thread; any number of processes may have the file open (busy_timeout 5 s).
class Project {
public:
    enum class Access { ReadWrite, ReadOnly };

    /// Creates a new file; FileUnwritable if one exists already.
    static Result<Project> create(const std::filesystem::path& path);
    /// Opens and migrates if needed (a copy of the old file is kept beside it as NAME.plumb.v<N>.backup).
    /// A read-only file or folder is opened as immutable with access() == ReadOnly.
    /// Errors: FileNotFound, ProjectNotOne, ProjectTooNew, ProjectBusy, ProjectDamaged, FileUnreadable, DiskFull.
    static Result<Project> open(const std::filesystem::path& path, Access access = Access::ReadWrite);
    ~Project();
    Project(Project&&) noexcept;
    Project& operator=(Project&&) noexcept;

    const std::filesystem::path& path() const;
    Access access() const;
    /// A number that changes with every committed change of any process (PRAGMA data_version plus own writes).
    Result<std::int64_t> changeCounter();
    /// Folds the write-ahead log into the file, so that another program can copy it.
    Result<void> checkpoint();
    /// Writes a compact copy, complete and with the newest changes; FileUnwritable if the file exists already. A
    /// program that has the project open copies it with this: opening and closing the file by other means would drop
    /// the locks that protect it (sqlite.org/howtocorrupt.html, 2.2).
    Result<void> saveCopy(const std::filesystem::path& path);
    /// Reads the whole file and looks for damage: ProjectDamaged with the first finding. Long for a large project.
    Result<void> check();

    Result<std::int64_t> addModel(const ModelRecord& record); ///< the same path again updates and returns its id
    Result<std::vector<ModelRecord>> models();
    Result<ModelRecord> model(std::int64_t id);
    Result<void> removeModel(std::int64_t id); ///< runs keep their results

    /// The whole set: file list and label codes are stored, images are not.
    Result<std::int64_t> addImageSet(const ImageSet& set, const std::string& name);
    Result<std::vector<ImageSetRecord>> imageSets();
    Result<ImageSet> imageSet(std::int64_t id);
    Result<void> updateMatchReport(std::int64_t id, const MatchReport& report);
    Result<void> removeImageSet(std::int64_t id);
    /// Who says what the labels say, one an attribute, in their order. InvalidArgument for another number of them.
    Result<void> setLabelSources(std::int64_t id, std::span<const LabelSource> sources);
    /// Of a set that runs need also when it was removed (as imagePaths and imageCheck).
    Result<std::vector<LabelSource>> labelSources(std::int64_t id);
    /// The set packed, with its check: what browsing a million images takes.
    Result<ImageCatalog> imageCatalog(std::int64_t id);
    /// Where these rows lie, without reading the whole set. RecordUnknown for a row that it does not have.
    Result<std::vector<std::filesystem::path>> imagePaths(std::int64_t id, std::span<const std::int64_t> rows);
    /// Takes the place of an earlier check. InvalidArgument for rows that the set does not have.
    Result<void> putImageCheck(std::int64_t id, const ImageCheck& check);
    Result<std::optional<ImageCheck>> imageCheck(std::int64_t id);

    Result<std::int64_t> addProbe(const ProbeSet& probe);
    Result<void> updateProbe(std::int64_t id, const ProbeSet& probe);
    Result<std::vector<ProbeRecord>> probes();
    Result<void> removeProbe(std::int64_t id); ///< with its versions
    /// Keeps the state that the set is in; false if it is kept already. What a run asks is kept as the run begins.
    Result<bool> keepProbe(std::int64_t id);
    Result<std::vector<ProbeVersion>> probeVersions(std::int64_t probe); ///< newest first
    /// Puts a set back into a state that is kept. The state that it is in now is kept first.
    Result<void> returnToVersion(std::int64_t version);

    /// A run is written in two steps: begun (Running), then finished with everything in one transaction; after that it
    /// never changes. `scores`: prompts x images, row-major float32 cosines, NaN where an image was skipped.
    Result<std::int64_t> beginRun(const AuditConfig& config);
    Result<void> setRunProgress(std::int64_t id, std::int64_t embedded, std::int64_t images);
    Result<void> setRunState(std::int64_t id, RunState state, const std::optional<Error>& error = {});
    Result<void> finishRun(std::int64_t id, const AuditResult& result, std::span<const float> scores);
    Result<std::vector<RunRecord>> runs(); ///< newest first
    Result<RunRecord> run(std::int64_t id);
    Result<void> removeRun(std::int64_t id);
    /// Everything of a finished run but its scores.
    Result<AuditResult> runResult(std::int64_t id);
    /// The scores of one prompt of a finished run, one a row of its image set.
    Result<std::vector<float>> runScores(std::int64_t id, std::int64_t prompt);
    /// The labels that the run used (they stay with the run even when the image set is removed).
    Result<ImageSet> runImageSet(std::int64_t id);

    /// What was said of a run, of its findings and of its images, in the order in which it was begun.
    Result<std::vector<Note>> notes(std::int64_t run);
    /// Takes the place of what was said of the same; an empty note takes it away. `changed` is set here.
    /// Errors: RecordUnknown (a run that is not done, an image), InvalidArgument (a finding that the run did not
    /// measure, more than kLongestNote).
    Result<void> setNote(const Note& note);

    /// A study of debiasing methods, written in two steps as a run is.
    Result<std::int64_t> beginStudy(const DebiasStudyConfig& config);
    Result<void> setStudyState(std::int64_t id, RunState state, const std::optional<Error>& error = {});
    Result<void> finishStudy(std::int64_t id, const DebiasStudy& result);
    Result<std::vector<StudyRecord>> studies(); ///< newest first
    Result<StudyRecord> study(std::int64_t id);
    /// Of a study that is done; RecordUnknown for another.
    Result<DebiasStudy> studyResult(std::int64_t id);
    /// With its transforms; runs that used them keep their results.
    Result<void> removeStudy(std::int64_t id);

    /// `study` 0: of none. Names of files are relative and stay inside the folder: InvalidArgument otherwise.
    Result<std::int64_t> addTransform(std::int64_t study, const std::string& name,
                                      std::span<const TransformFile> files);
    Result<std::vector<TransformRecord>> transforms();
    Result<std::vector<TransformFile>> transformFiles(std::int64_t id);

    /// Thumbnails (JPEG bytes) by image set and row.
    Result<void> putThumbnails(std::int64_t imageSet,
                               std::span<const std::pair<std::int64_t, std::vector<std::uint8_t>>> rows);
    Result<std::optional<std::vector<std::uint8_t>>> thumbnail(std::int64_t imageSet, std::int64_t row);

    /// Runs `edit` on this project and answers with what it changed. Settings and thumbnails do not count: they are no
    /// edits. All values that were changed or deleted are held in memory. Errors: those of `edit`, of a full memory.
    Result<ChangeSet> recorded(const std::function<Result<void>(Project&)>& edit);
    /// Undoes a change, or makes it again, whole or not at all. InvalidArgument ("change") where rows are not as the
    /// change left (found) them: somebody changed them since.
    Result<void> takeBack(const ChangeSet& change);
    Result<void> makeAgain(const ChangeSet& change);

    /// Small settings of the project (last page, selected run).
    Result<void> setSetting(const std::string& key, const std::string& value);
    Result<std::optional<std::string>> setting(const std::string& key);

private:
    Project();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace plumbline::store
