// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/serve/methods.h"

#include <algorithm>
#include <set>

#include "app/cli/arguments.h"
#include "app/cli/image_check_json.h"
#include "app/cli/run_report.h"
#include "app/cli/verification_json.h"
#include "core/audit/check_images.h"
#include "core/audit/compare_runs.h"
#include "core/audit/project_audit.h"
#include "core/audit/project_mitigation.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/clip/interpolate.h"
#include "core/clip/model_tokenizer.h"
#include "core/data/json.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/target_table.h"
#include "core/sample/sample_project.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kPreviewRows = 20;
/// A column with more different values is a name or a number: none are told.
constexpr std::size_t kMostValues = 30;

/// A text parameter; an absent optional one is empty.
Result<std::string> textOf(const json& params, const char* name, bool required = true) {
    const auto found = params.find(name);
    if (found != params.end() && found->is_string())
        return found->get<std::string>();
    if (found == params.end() && !required)
        return std::string();
    if (found != params.end() && found->is_null() && !required)
        return std::string();
    return fail(ErrorCode::ProtocolError, {{"reason", std::string("the parameter ") + name + " must be a text"}});
}

Result<std::int64_t> integerOf(const json& params, const char* name) {
    const auto found = params.find(name);
    if (found != params.end() && found->is_number_integer())
        return found->get<std::int64_t>();
    return fail(ErrorCode::ProtocolError,
                {{"reason", std::string("the parameter ") + name + " must be a whole number"}});
}

/// None where the parameter is missing.
Result<std::vector<std::int64_t>> integersOf(const json& params, const char* name) {
    std::vector<std::int64_t> numbers;
    const json given = params.value(name, json::array());
    for (const json& one : given) {
        if (!one.is_number_integer())
            return fail(ErrorCode::ProtocolError,
                        {{"reason", std::string("the parameter ") + name + " must hold whole numbers"}});
        numbers.push_back(one.get<std::int64_t>());
    }
    return numbers;
}

/// Of a transform: from 0 to 1, 1 where none is given.
Result<double> strengthOf(const json& params) {
    const json strength = params.value("strength", json(1.0));
    if (strength.is_number() && strength.get<double>() >= 0 && strength.get<double>() <= 1)
        return strength.get<double>();
    return fail(ErrorCode::ProtocolError, {{"reason", "the parameter strength must be a number from 0 to 1"}});
}

Result<store::Project> projectOf(const json& params) {
    PLUMBLINE_TRY(const std::string path, textOf(params, "project"));
    PLUMBLINE_TRY(store::Project project, store::Project::open(decodePath(path)));
    if (project.access() == store::Project::Access::ReadOnly)
        return fail(ErrorCode::ProjectReadOnly, {{"path", path}});
    return project;
}

struct ImageSource {
    fs::path folder, labels;
    formats::LabelOptions options;
};

Result<ImageSource> imageSourceOf(const json& params) {
    ImageSource source;
    PLUMBLINE_TRY(const std::string labels, textOf(params, "labels", false));
    PLUMBLINE_TRY(const std::string folder, textOf(params, "folder", labels.empty()));
    source.labels = decodePath(labels);
    source.folder = folder.empty() ? source.labels.parent_path() : decodePath(folder);
    PLUMBLINE_TRY(source.options.preset, textOf(params, "preset", false));
    PLUMBLINE_TRY(source.options.fileColumn, textOf(params, "file_column", false));
    if (const auto columns = params.find("columns"); columns != params.end() && columns->is_object())
        for (const auto& [column, attribute] : columns->items())
            if (attribute.is_string())
                source.options.columns.emplace_back(column, attribute.get<std::string>());
    if (const auto where = params.find("where"); where != params.end() && where->is_object())
        for (const auto& [column, value] : where->items())
            if (value.is_string())
                source.options.where.emplace_back(column, value.get<std::string>());
    for (const json& text : params.value("read_as", json::array())) {
        if (!text.is_string())
            return fail(ErrorCode::ProtocolError, {{"reason", "the parameter read_as must hold texts"}});
        PLUMBLINE_TRY(AttributePart part, parseMerge(text.get<std::string>()));
        source.options.readAs.push_back(std::move(part));
    }
    return source;
}

json attributesOf(const ImageSet& set) {
    json attributes = json::array();
    for (const Attribute& attribute : set.attributes) {
        json groups = json::array();
        const std::vector<std::int64_t> counts = attribute.counts();
        for (std::size_t g = 0; g < attribute.groups.size(); ++g)
            groups.push_back({attribute.groups[g], counts[g]});
        attributes.push_back(
            {{"name", attribute.name}, {"groups", std::move(groups)}, {"unlabelled", attribute.unlabelled()}});
    }
    return attributes;
}

Methods::Method bind(Methods* self, Methods::Answer (Methods::*method)(const json&, Feedback&)) {
    return [self, method](const json& params, Feedback& feedback) { return (self->*method)(params, feedback); };
}

} // namespace

Methods::Methods() {
    m_entries = {
        {"initialize", {Lane::Light, bind(this, &Methods::initialize)}},
        {"model/inspect", {Lane::Heavy, bind(this, &Methods::inspectModel)}},
        {"project/addModel", {Lane::Heavy, bind(this, &Methods::addModel)}},
        {"project/checkModel", {Lane::Heavy, bind(this, &Methods::checkModel)}},
        {"audit/run", {Lane::Heavy, bind(this, &Methods::runAudit)}},
        {"audit/resume", {Lane::Heavy, bind(this, &Methods::resumeAudit)}},
        {"runs/verify", {Lane::Heavy, bind(this, &Methods::verifyRun)}},
        {"runs/compare", {Lane::Heavy, bind(this, &Methods::compareRuns)}},
        {"debias/compare", {Lane::Heavy, bind(this, &Methods::compareDebiasing)}},
        {"debias/exportModel", {Lane::Heavy, bind(this, &Methods::exportModel)}},
        {"debias/export", {Lane::Light, bind(this, &Methods::exportTransform)}},
        {"debias/audit", {Lane::Heavy, bind(this, &Methods::auditWithTransform)}},
        {"model/tokenize", {Lane::Light, bind(this, &Methods::tokenize)}},
        {"images/preview", {Lane::Light, bind(this, &Methods::previewImages)}},
        {"images/check", {Lane::Heavy, bind(this, &Methods::checkImages)}},
        {"targets/presets", {Lane::Light, bind(this, &Methods::targetPresets)}},
        {"targets/read", {Lane::Light, bind(this, &Methods::readTarget)}},
        {"project/addImages", {Lane::Light, bind(this, &Methods::addImages)}},
        {"project/thumbnails", {Lane::Light, bind(this, &Methods::thumbnails)}},
        {"report/write", {Lane::Light, bind(this, &Methods::writeReport)}},
        {"sample/open", {Lane::Heavy, bind(this, &Methods::openSample)}},
    };
}

Methods::~Methods() = default;

const Methods::Entry* Methods::find(const std::string& name) const {
    const auto found = m_entries.find(name);
    return found == m_entries.end() ? nullptr : &found->second;
}

Methods::Answer Methods::initialize(const json&, Feedback&) {
    const clip::DeviceInfo device = clip::deviceInfo();
    return json{{"version", PLUMBLINE_VERSION}, {"protocol", 1},
                {"threads", device.cores},      {"cores", device.cores},
                {"torch", device.torch},        {"blas", device.blas},
                {"gflops", device.gflops},      {"slow_blas", device.slowBlas},
                {"precision", "fp32"}};
}

Outcome<const clip::Encoder*> Methods::encoder(const std::string& path, const std::string& vocab,
                                               const std::string& precision, int threads, Feedback& feedback) {
    const std::string key = json{path, vocab, precision, threads}.dump();
    if (!m_encoder || m_encoderKey != key) {
        m_encoder.reset(); // the old one's memory first
        m_encoderKey.clear();
        feedback.progress("loading-model", 0, 0);
        clip::EncoderOptions options;
        options.vocabulary = decodePath(vocab);
        options.hashMemory = hashMemoryFile();
        options.precision = precision == "bf16" ? clip::Precision::Bf16 : clip::Precision::Fp32;
        options.threads = threads;
        PLUMBLINE_TRY(m_encoder, clip::Encoder::load(decodePath(path), options, feedback));
        m_encoderKey = key;
    }
    return m_encoder.get();
}

Methods::Answer Methods::inspectModel(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(const std::string path, textOf(params, "path"));
    PLUMBLINE_TRY(const std::string vocab, textOf(params, "vocab", false));
    PLUMBLINE_TRY(const clip::Encoder* model, encoder(path, vocab, "fp32", 0, feedback));
    PLUMBLINE_TRY(const ModelCard card, model->card(feedback));
    return json{{"card", toJson(card)}};
}

Methods::Answer Methods::addModel(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    store::ModelRecord record;
    PLUMBLINE_TRY(record.path, textOf(params, "path"));
    PLUMBLINE_TRY(record.vocabPath, textOf(params, "vocab", false));
    m_encoder.reset(); // the folder may have changed since it was loaded
    PLUMBLINE_TRY(const clip::Encoder* model, encoder(record.path, record.vocabPath, "fp32", 0, feedback));
    record.card = model->quickCard();
    record.name = record.card.config.name;
    PLUMBLINE_TRY(const std::int64_t id, project.addModel(record));
    return json{{"id", id}, {"card", toJson(record.card)}};
}

Methods::Answer Methods::checkModel(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const std::int64_t id, integerOf(params, "id"));
    PLUMBLINE_TRY(const store::ModelRecord record, project.model(id));
    PLUMBLINE_TRY(const clip::Encoder* model, encoder(record.path, record.vocabPath, "fp32", 0, feedback));
    PLUMBLINE_TRY(const ModelCard card, model->card(feedback));
    // Meanwhile the window may have removed the model, which must not come back by this.
    PLUMBLINE_TRY(store::ModelRecord checked, project.model(id));
    checked.card = card;
    checked.name = card.config.name;
    PLUMBLINE_CHECK(project.addModel(checked));
    return json{{"card", toJson(card)}};
}

Methods::Answer Methods::runAudit(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(AuditConfig config, auditConfigFromJson(params.value("config", json::object())));
    PLUMBLINE_TRY(const store::ModelRecord model, project.model(config.modelId));
    config.modelPath = model.path;
    config.vocabPath = model.vocabPath;
    PLUMBLINE_TRY(const std::int64_t run, project.beginRun(config));
    return carryOut(project, run, feedback);
}

Methods::Answer Methods::resumeAudit(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const std::int64_t run, integerOf(params, "run"));
    return carryOut(project, run, feedback);
}

Methods::Answer Methods::carryOut(store::Project& project, std::int64_t run, Feedback& feedback) {
    PLUMBLINE_TRY(const store::RunRecord record, project.run(run));
    if (record.state == RunState::Done)
        return json{{"run", run}};
    const AuditConfig& config = record.config;
    auto model = encoder(config.modelPath, config.vocabPath, config.precision, config.threads, feedback);
    if (!model) {
        if (model.error().cancelled())
            PLUMBLINE_CHECK(project.setRunState(run, RunState::Cancelled));
        else
            PLUMBLINE_CHECK(project.setRunState(run, RunState::Failed, model.error().error()));
        return tl::unexpected(model.error());
    }
    std::optional<store::EmbeddingCache> cache = openCache();
    PLUMBLINE_TRY([[maybe_unused]] const AuditResult result,
                  audit::runInProject(project, run, **model, cache ? &*cache : nullptr, feedback));
    return json{{"run", run}};
}

Methods::Answer Methods::verifyRun(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(const std::string path, textOf(params, "project"));
    PLUMBLINE_TRY(store::Project project, store::Project::open(decodePath(path), store::Project::Access::ReadOnly));
    PLUMBLINE_TRY(const std::int64_t run, integerOf(params, "run"));
    PLUMBLINE_TRY(const store::RunRecord record, project.run(run));
    const AuditConfig& config = record.config;
    m_encoder.reset(); // its files are what is to be verified
    PLUMBLINE_TRY(const clip::Encoder* model,
                  encoder(config.modelPath, config.vocabPath, config.precision, config.threads, feedback));
    PLUMBLINE_TRY(const audit::Verification found, audit::verifyRun(project, run, *model, nullptr, feedback));
    return verificationJson(found);
}

Methods::Answer Methods::compareRuns(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(const std::string path, textOf(params, "project"));
    PLUMBLINE_TRY(const std::vector<std::int64_t> runs, integersOf(params, "runs"));
    PLUMBLINE_TRY(store::Project project, store::Project::open(decodePath(path), store::Project::Access::ReadOnly));
    PLUMBLINE_TRY(const RunComparison comparison, audit::compareRuns(project, runs, feedback));
    return toJson(comparison);
}

Methods::Answer Methods::compareDebiasing(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(DebiasStudyConfig config, debiasStudyConfigFromJson(params.value("config", json::object())));
    PLUMBLINE_TRY(const store::ModelRecord record, project.model(config.modelId));
    config.modelPath = record.path;
    config.vocabPath = record.vocabPath;
    PLUMBLINE_TRY(const std::int64_t study, project.beginStudy(config));
    auto model = encoder(config.modelPath, config.vocabPath, config.precision, 0, feedback);
    if (!model) {
        PLUMBLINE_CHECK(model.error().cancelled()
                            ? project.setStudyState(study, RunState::Cancelled)
                            : project.setStudyState(study, RunState::Failed, model.error().error()));
        return tl::unexpected(model.error());
    }
    std::optional<store::EmbeddingCache> cache = openCache();
    PLUMBLINE_TRY([[maybe_unused]] const DebiasStudy result,
                  audit::studyInProject(project, study, **model, cache ? &*cache : nullptr, feedback));
    return json{{"study", study}};
}

Methods::Answer Methods::exportTransform(const json& params, Feedback&) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const std::int64_t id, integerOf(params, "transform"));
    PLUMBLINE_TRY(const std::string folder, textOf(params, "folder"));
    PLUMBLINE_TRY(const double strength, strengthOf(params));
    PLUMBLINE_TRY(const debias::Transform transform, audit::transformIn(project, id, strength));
    PLUMBLINE_CHECK(debias::writeTransform(transform, decodePath(folder)));
    return json::object();
}

Methods::Answer Methods::exportModel(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const std::int64_t id, integerOf(params, "model"));
    PLUMBLINE_TRY(const std::string other, textOf(params, "other"));
    PLUMBLINE_TRY(const std::string folder, textOf(params, "folder"));
    PLUMBLINE_TRY(const double alpha, strengthOf(params));
    PLUMBLINE_TRY(const store::ModelRecord first, project.model(id));
    PLUMBLINE_CHECK(clip::interpolate(decodePath(first.path), decodePath(other),
                                      {alpha, false, decodePath(first.vocabPath)}, decodePath(folder), feedback));
    return addModel(json{{"project", params.at("project")}, {"path", folder}}, feedback);
}

Methods::Answer Methods::auditWithTransform(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const std::int64_t id, integerOf(params, "transform"));
    PLUMBLINE_TRY(const double strength, strengthOf(params));
    PLUMBLINE_TRY(AuditConfig config, auditConfigFromJson(params.value("config", json::object())));
    PLUMBLINE_TRY(const store::ModelRecord model, project.model(config.modelId));
    PLUMBLINE_TRY(const debias::Transform transform, audit::transformIn(project, id, strength));
    config.modelPath = model.path;
    config.vocabPath = model.vocabPath;
    config.debias.reset();
    PLUMBLINE_TRY(const std::int64_t before, project.beginRun(config));
    PLUMBLINE_TRY([[maybe_unused]] const json first, carryOut(project, before, feedback));
    config.debias = AppliedDebias{id, {}, transform.name(), {}, strength, before};
    PLUMBLINE_TRY(const std::int64_t after, project.beginRun(config));
    PLUMBLINE_TRY([[maybe_unused]] const json second, carryOut(project, after, feedback));
    return json{{"before", before}, {"after", after}};
}

Methods::Answer Methods::tokenize(const json& params, Feedback&) {
    PLUMBLINE_TRY(const std::string path, textOf(params, "path"));
    PLUMBLINE_TRY(const std::string vocab, textOf(params, "vocab", false));
    const std::string key = json{path, vocab}.dump();
    if (!m_tokenizer || m_tokenizerKey != key) {
        m_tokenizer.reset();
        PLUMBLINE_TRY(const formats::ModelFolder model, formats::readModelFolder(decodePath(path)));
        std::vector<std::string> warnings; // on the model's card already
        PLUMBLINE_TRY(m_tokenizer, clip::tokenizerOf(model, decodePath(vocab), warnings));
        if (!m_tokenizer)
            return fail(ErrorCode::VocabularyMissing, {{"path", path}});
        m_tokenizerKey = key;
    }
    json counts = json::array(), truncated = json::array();
    for (const json& item : params.value("texts", json::array())) {
        if (!item.is_string())
            return fail(ErrorCode::ProtocolError, {{"reason", "the parameter texts must hold texts"}});
        const text::Tokens tokens = m_tokenizer->encode(item.get_ref<const std::string&>());
        counts.push_back(tokens.untruncated);
        truncated.push_back(tokens.truncated);
    }
    return json{{"context_length", m_tokenizer->contextLength()},
                {"counts", std::move(counts)},
                {"truncated", std::move(truncated)}};
}

Methods::Answer Methods::previewImages(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(const ImageSource source, imageSourceOf(params));
    json columns = json::array(), rows = json::array();
    std::vector<std::set<std::string>> different; // values of each column, one more than are offered at most
    if (!source.labels.empty()) {
        PLUMBLINE_TRY(const formats::CsvHeader header,
                      formats::readCsv(
                          source.labels,
                          [&](const formats::CsvHeader& read, std::size_t, const std::vector<std::string>& row) {
                              if (rows.size() < kPreviewRows)
                                  rows.push_back(row);
                              different.resize(read.columns.size());
                              for (std::size_t i = 0; i < std::min(row.size(), different.size()); ++i)
                                  if (const std::string_view value = trim(row[i]);
                                      !value.empty() && different[i].size() <= kMostValues)
                                      different[i].emplace(value);
                          },
                          &feedback));
        columns = header.columns;
    }
    json values = json::object();
    for (std::size_t i = 0; i < different.size(); ++i)
        if (different[i].size() <= kMostValues)
            values[columns[i].get<std::string>()] = different[i];
    PLUMBLINE_TRY(const ImageSet set, formats::readImageSet(source.folder, source.labels, source.options, feedback));
    return json{{"columns", std::move(columns)},
                {"rows", std::move(rows)},
                {"values", std::move(values)},
                {"preset", set.preset},
                {"presets", formats::labelPresetNames()},
                {"attributes", attributesOf(set)},
                {"report", toJson(set.report)},
                {"images", set.size()}};
}

Methods::Answer Methods::targetPresets(const json&, Feedback&) {
    json presets = json::array();
    for (const formats::TargetPreset& preset : formats::targetPresets())
        presets.push_back({{"name", preset.name},
                           {"title", preset.title},
                           {"citation", preset.citation},
                           {"target", toJson(Target{Target::Kind::Custom, {}, preset.concepts})}});
    return json{{"presets", std::move(presets)}};
}

Methods::Answer Methods::readTarget(const json& params, Feedback&) {
    PLUMBLINE_TRY(const std::string path, textOf(params, "path"));
    PLUMBLINE_TRY(const Target target, formats::readTargetTable(decodePath(path)));
    return json{{"target", toJson(target)}};
}

Methods::Answer Methods::addImages(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const ImageSource source, imageSourceOf(params));
    PLUMBLINE_TRY(std::string name, textOf(params, "name", false));
    if (name.empty())
        name = encodePath((source.folder / "").parent_path().filename());
    PLUMBLINE_TRY(ImageSet set, formats::readImageSet(source.folder, source.labels, source.options, feedback));
    PLUMBLINE_CHECK(audit::inspectImages(set, feedback));
    std::vector<LabelSource> sources;
    for (const json& one : params.value("label_sources", json::array())) {
        PLUMBLINE_TRY(const std::string kind, textOf(one, "source"));
        PLUMBLINE_TRY(const std::string note, textOf(one, "note", false));
        sources.push_back({labelSourceKind(kind), note});
    }
    PLUMBLINE_TRY(const std::int64_t id, project.addImageSet(set, name));
    if (sources.size() == set.attributes.size()) {
        PLUMBLINE_CHECK(project.setLabelSources(id, sources));
    }
    return json{{"id", id}, {"report", toJson(set.report)}};
}

Methods::Answer Methods::openSample(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(const std::string folder, textOf(params, "folder"));
    std::optional<store::EmbeddingCache> cache = openCache();
    PLUMBLINE_TRY(const sample::OpenedSample opened,
                  sample::openSample(decodePath(folder), cache ? &*cache : nullptr, feedback));
    return json{{"project", encodePath(opened.project)}, {"run", opened.run}};
}

Methods::Answer Methods::writeReport(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(const std::string path, textOf(params, "project"));
    PLUMBLINE_TRY(const std::string out, textOf(params, "path"));
    PLUMBLINE_TRY(const std::string kind, textOf(params, "evidence", false));
    PLUMBLINE_TRY(const std::string auditor, textOf(params, "auditor", false));
    const auto evidence = kind.empty() ? report::EvidenceKind::Thumbnails : report::evidenceFromName(kind);
    if (!evidence)
        return fail(ErrorCode::ProtocolError,
                    {{"reason", "the parameter evidence must be thumbnails, blurred, ids or none"}});
    const std::string file = decodePath(out).native();
    PLUMBLINE_CHECK(checkReportFile(file));
    PLUMBLINE_TRY(store::Project project, store::Project::open(decodePath(path), store::Project::Access::ReadOnly));
    PLUMBLINE_TRY(const std::int64_t asked, integerOf(params, "run"));
    PLUMBLINE_TRY(const std::int64_t run, finishedRun(project, asked));
    PLUMBLINE_TRY(const std::vector<std::int64_t> others, integersOf(params, "compare"));
    PLUMBLINE_TRY(RunReport report, readRunReport(project, run, others, *evidence, feedback));
    report.auditor = auditor;
    PLUMBLINE_CHECK(writeRunReport(report, file));
    return json{{"run", run}};
}

Methods::Answer Methods::checkImages(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const std::int64_t id, integerOf(params, "image_set"));
    ImageCheckOptions options;
    if (params.contains("smallest_side")) {
        PLUMBLINE_TRY(const std::int64_t side, integerOf(params, "smallest_side"));
        options.smallestSide = static_cast<int>(std::clamp<std::int64_t>(side, -1, 1 << 20));
    }
    PLUMBLINE_TRY(const ImageSet set, project.imageSet(id));
    PLUMBLINE_TRY(const ImageCheck check, audit::checkImages(set, options, feedback));
    PLUMBLINE_CHECK(project.putImageCheck(id, check));
    return imageCheckJson(check);
}

Methods::Answer Methods::thumbnails(const json& params, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, projectOf(params));
    PLUMBLINE_TRY(const std::int64_t setId, integerOf(params, "image_set"));
    std::vector<std::int64_t> rows;
    for (const json& row : params.value("rows", json::array())) {
        if (!row.is_number_integer())
            return fail(ErrorCode::ProtocolError, {{"reason", "the parameter rows must hold whole numbers"}});
        rows.push_back(row.get<std::int64_t>());
    }
    PLUMBLINE_CHECK(audit::ensureThumbnails(project, setId, rows, feedback));
    return json::object();
}

} // namespace plumbline::cli
