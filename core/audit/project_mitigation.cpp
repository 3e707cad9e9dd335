// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/project_mitigation.h"

#include <filesystem>

#include "core/base/passing_folder.h"
#include "core/base/path.h"
#include "core/formats/text_file.h"

namespace plumbline::audit {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFileBytes = std::size_t{1} << 30; // what SQLite keeps in one value

Outcome<DebiasStudy> runAndStore(store::Project& project, std::int64_t id, const clip::Encoder& encoder,
                                 store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_TRY(const store::StudyRecord record, project.study(id));
    const DebiasStudyConfig& config = record.config;
    PLUMBLINE_TRY(const ImageSet set, project.imageSet(config.imageSetId));
    PLUMBLINE_TRY(const SetEmbeddings embeddings, embedSet(encoder, set, cache, config.precision, feedback));
    std::optional<ImageSet> auditSet;
    std::optional<SetEmbeddings> auditEmbeddings;
    if (config.auditSetId != 0 && config.auditSetId != config.imageSetId) {
        PLUMBLINE_TRY(auditSet, project.imageSet(config.auditSetId));
        PLUMBLINE_TRY(auditEmbeddings, embedSet(encoder, *auditSet, cache, config.precision, feedback));
    }
    const EncodeTexts encode = [&](std::span<const std::string> texts) { return encoder.encodeTexts(texts, feedback); };
    PLUMBLINE_TRY(StudyInput input, studyInput(config,
                                               {set, embeddings, auditSet ? &*auditSet : nullptr,
                                                auditEmbeddings ? &*auditEmbeddings : nullptr},
                                               encode, feedback));
    input.encodeWithArray = encodeWithArray(encoder, feedback);
    input.between = interpolateModels(encoder, cache, config.precision);
    PLUMBLINE_TRY(input.card.modelSha256, encoder.contentSha256(feedback));
    PLUMBLINE_TRY(Study study, runStudy(input, feedback));
    feedback.progress("saving", 0, 0);
    for (std::size_t c = 0; c < study.transforms.size(); ++c)
        if (!study.transforms[c].parts.empty()) {
            PLUMBLINE_TRY(study.result.candidates[c].transformId, storeTransform(project, id, study.transforms[c]));
        }
    PLUMBLINE_CHECK(project.finishStudy(id, study.result));
    return std::move(study.result);
}

} // namespace

Result<std::int64_t> storeTransform(store::Project& project, std::int64_t study, const debias::Transform& transform) {
    PLUMBLINE_TRY(const PassingFolder folder, PassingFolder::create());
    PLUMBLINE_CHECK(debias::writeTransform(transform, folder.path()));
    std::vector<store::TransformFile> files;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder.path(), error))
        if (entry.is_regular_file()) {
            PLUMBLINE_TRY(std::string bytes, formats::readFile(entry.path(), kMostFileBytes));
            files.push_back({entry.path().lexically_relative(folder.path()).generic_string(), std::move(bytes)});
        }
    return project.addTransform(study, transform.name(), files);
}

Result<debias::Transform> transformIn(store::Project& project, std::int64_t id, double strength) {
    PLUMBLINE_TRY(const std::vector<store::TransformFile> files, project.transformFiles(id));
    PLUMBLINE_TRY(const PassingFolder folder, PassingFolder::create());
    for (const store::TransformFile& file : files) {
        const fs::path path = folder.path() / file.name;
        PLUMBLINE_CHECK(formats::makeFolder(path.parent_path()));
        PLUMBLINE_CHECK(formats::writeFile(path, file.bytes));
    }
    PLUMBLINE_TRY(debias::Transform transform, debias::readTransform(folder.path()));
    return debias::dialled(std::move(transform), strength);
}

Outcome<DebiasStudy> studyInProject(store::Project& project, std::int64_t study, const clip::Encoder& encoder,
                                    store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_CHECK(project.setStudyState(study, RunState::Running));
    Outcome<DebiasStudy> result = runAndStore(project, study, encoder, cache, feedback);
    if (!result) {
        if (result.error().cancelled())
            PLUMBLINE_CHECK(project.setStudyState(study, RunState::Cancelled));
        else // the first error is the one to tell, should storing it fail too
            static_cast<void>(project.setStudyState(study, RunState::Failed, result.error().error()));
    }
    return result;
}

} // namespace plumbline::audit
