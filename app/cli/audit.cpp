// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <unordered_map>

#include <CLI/CLI.hpp>

#include "app/cli/arguments.h"
#include "app/cli/audit_output.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/run_report.h"
#include "core/audit/other_measures.h"
#include "core/audit/project_audit.h"
#include "core/audit/project_mitigation.h"
#include "core/base/clock.h"
#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/npy.h"
#include "core/probe/probe_set.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
    ModelArguments model;
    std::string images, labels, preset, probe, project, sets, classes, captions, captionSplit;
    std::string relevance;
    std::vector<std::string> where, readAs, embeddings, prompts, also, dimensions, debias, afterModels;
    AttributeArguments attributes;
    AuditOutput output;
    MeasureArguments measure;
};

/// Embeddings written by `plumb embed`, all parts together, and the names of their images.
struct EmbeddingParts {
    Embeddings all;
    std::vector<std::string> files; ///< raw bytes
};

Outcome<EmbeddingParts> readParts(const std::vector<std::string>& paths, std::size_t dim, Feedback& feedback) {
    EmbeddingParts parts;
    parts.all.dim = dim;
    for (const std::string& path : paths) {
        PLUMBLINE_TRY(const formats::NpyArray array, formats::readNpy(path));
        if (array.shape.size() != 2 || static_cast<std::size_t>(array.shape[1]) != dim)
            return fail(ErrorCode::NpyInvalid, {{"path", encodeName(path)},
                                                {"reason", "it must hold rows of " + std::to_string(dim) +
                                                               " values, as the model makes them"}});
        const std::size_t before = parts.files.size();
        std::size_t pathColumn = 0;
        PLUMBLINE_TRY(
            [[maybe_unused]] const formats::CsvHeader header,
            formats::readCsv(
                path + ".rows.csv",
                [&](const formats::CsvHeader& head, std::size_t, const std::vector<std::string>& row) {
                    pathColumn =
                        static_cast<std::size_t>(std::ranges::find(head.columns, "path") - head.columns.begin());
                    parts.files.push_back(pathColumn < row.size() ? decodeName(row[pathColumn]) : std::string());
                },
                &feedback));
        if (parts.files.size() - before != static_cast<std::size_t>(array.shape[0]))
            return fail(ErrorCode::NpyInvalid,
                        {{"path", encodeName(path)},
                         {"reason", "it has " + std::to_string(array.shape[0]) + " rows, but " + path +
                                        ".rows.csv names " + std::to_string(parts.files.size() - before)}});
        parts.all.values.insert(parts.all.values.end(), array.values.begin(), array.values.end());
        parts.all.rows += static_cast<std::size_t>(array.shape[0]);
    }
    return parts;
}

/// Row for row of the set; an image that no part holds is absent.
audit::SetEmbeddings matchParts(const EmbeddingParts& parts, const ImageSet& set) {
    std::unordered_map<std::string_view, std::size_t> rowOf;
    for (std::size_t i = 0; i < parts.files.size(); ++i)
        rowOf.try_emplace(parts.files[i], i);
    audit::SetEmbeddings result;
    result.raw = Embeddings(set.size(), parts.all.dim);
    result.present.assign(set.size(), false);
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (const auto found = rowOf.find(set.files[i]); found != rowOf.end()) {
            std::ranges::copy(parts.all.row(found->second), result.raw.row(i).begin());
            result.present[i] = true;
        } else {
            result.skipped.push_back({encodeName(set.files[i]), "no embedding was given for it"});
        }
    }
    return result;
}

Result<formats::LabelOptions> labelOptions(const Arguments& arguments) {
    formats::LabelOptions options;
    options.preset = arguments.preset;
    PLUMBLINE_TRY(options.where, conditions(arguments.where));
    for (const std::string& text : arguments.readAs) {
        PLUMBLINE_TRY(AttributePart part, parseMerge(text));
        options.readAs.push_back(std::move(part));
    }
    return options;
}

Result<ProbeSet> probeOf(const Arguments& arguments) {
    if (arguments.probe.empty())
        return probe::handWritten(arguments.prompts);
    return probe::namedProbeSet(arguments.probe);
}

Result<store::Project> openOrCreate(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored) ? store::Project::open(path) : store::Project::create(path);
}

struct Audited {
    AuditResult result;
    std::int64_t run = 0;          ///< in the project, 0 without one
    std::vector<DebiasCard> cards; ///< of the transform that it was made with
    std::vector<Audited> debiased; ///< the same under each of --debias and --after-model
    ModelCard card;                ///< of the first
    ImageSet set;
};

/// One of --debias.
struct NamedTransform {
    std::string folder;
    debias::Transform transform;

    std::vector<DebiasCard> cards() const {
        std::vector<DebiasCard> cards;
        for (const debias::Part& part : transform.parts)
            cards.push_back(part.card);
        return cards;
    }
};

/// One of --after-model, with the tokenizer and precision of the first model.
Outcome<std::unique_ptr<clip::Encoder>> loadAfter(const Arguments& arguments, const std::string& path,
                                                  Feedback& feedback) {
    ModelArguments model;
    model.model = path;
    model.vocab = arguments.model.vocab;
    model.precision = arguments.model.precision;
    model.threads = arguments.model.threads;
    return model.load(feedback);
}

/// The configuration of the same audit of another model.
AuditConfig afterModel(AuditConfig config, const std::string& path, const clip::Encoder& encoder,
                       std::int64_t baselineRun) {
    std::error_code ignored;
    config.modelPath = encodePath(fs::absolute(path, ignored));
    config.debias = AppliedDebias{0, {}, "the model " + encoder.config().name, {}, 1, baselineRun, config.modelPath};
    return config;
}

Result<std::int64_t> modelIn(store::Project& project, const clip::Encoder& encoder, const AuditConfig& config,
                             ModelCard card) {
    store::ModelRecord model;
    model.name = encoder.config().name;
    model.path = config.modelPath;
    model.vocabPath = config.vocabPath;
    model.card = std::move(card);
    return project.addModel(model);
}

Outcome<Audited> runInNewOrOldProject(const Arguments& arguments, AuditConfig config, const clip::Encoder& encoder,
                                      const ImageSet& set, store::EmbeddingCache* cache,
                                      const std::vector<NamedTransform>& transforms, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, openOrCreate(arguments.project));
    if (project.access() == store::Project::Access::ReadOnly)
        return fail(ErrorCode::ProjectReadOnly, {{"path", encodeName(arguments.project)}});
    PLUMBLINE_TRY(const ModelCard card, encoder.card(feedback));
    PLUMBLINE_TRY(config.modelId, modelIn(project, encoder, config, card));
    PLUMBLINE_TRY(config.imageSetId, audit::imageSetIn(project, set, encodeName(set.root.filename().native())));
    Audited audited;
    PLUMBLINE_TRY(audited.run, project.beginRun(config));
    PLUMBLINE_TRY(audited.result, audit::runInProject(project, audited.run, encoder, cache, feedback));
    for (const NamedTransform& one : transforms) {
        PLUMBLINE_TRY(const std::int64_t id, audit::storeTransform(project, 0, one.transform));
        config.debias = AppliedDebias{id, one.folder, one.transform.name(), {}, 1, audited.run};
        Audited& after = audited.debiased.emplace_back();
        after.cards = one.cards();
        PLUMBLINE_TRY(after.run, project.beginRun(config));
        PLUMBLINE_TRY(after.result, audit::runInProject(project, after.run, encoder, cache, feedback));
    }
    for (const std::string& path : arguments.afterModels) {
        PLUMBLINE_TRY(const auto other, loadAfter(arguments, path, feedback));
        AuditConfig after = afterModel(config, path, *other, audited.run);
        PLUMBLINE_TRY(const ModelCard cardAfter, other->card(feedback));
        PLUMBLINE_TRY(after.modelId, modelIn(project, *other, after, cardAfter));
        Audited& one = audited.debiased.emplace_back();
        PLUMBLINE_TRY(one.run, project.beginRun(after));
        PLUMBLINE_TRY(one.result, audit::runInProject(project, one.run, *other, cache, feedback));
    }
    PLUMBLINE_CHECK(project.checkpoint());
    audited.card = card;
    return audited;
}

Outcome<Audited> runOnEmbeddings(const Arguments& arguments, const AuditConfig& config, const clip::Encoder& encoder,
                                 Feedback& feedback) {
    PLUMBLINE_TRY(const EmbeddingParts parts, readParts(arguments.embeddings, encoder.dim(), feedback));
    PLUMBLINE_TRY(const formats::LabelOptions options, labelOptions(arguments));
    PLUMBLINE_TRY(const ImageSet set, formats::readImageSet(parts.files, arguments.labels, options, feedback));
    std::vector<std::string> texts;
    for (Prompt& prompt : probe::expand(config.probe))
        texts.push_back(std::move(prompt.text));
    if (texts.empty())
        return fail(ErrorCode::ProbeEmpty, {{"name", config.probe.name}});
    std::vector<bool> truncated;
    PLUMBLINE_TRY(const Embeddings prompts, encoder.encodeTexts(texts, feedback, &truncated));
    const audit::SetEmbeddings images = matchParts(parts, set);
    std::vector<float> scores;
    Audited audited;
    PLUMBLINE_TRY(audited.result,
                  audit::measureAll(config, set, images, prompts, scores, feedback, encoder.logitScale()));
    const audit::EncodeTexts encode = [&](std::span<const std::string> more) {
        return encoder.encodeTexts(more, feedback);
    };
    PLUMBLINE_TRY(audited.result.tables,
                  audit::measureOthers(
                      {config, set, images, prompts, scores, audited.result.measurements, encode, encoder.logitScale()},
                      audited.result.warnings, feedback));
    audited.result.truncated = truncated;
    audited.card = encoder.quickCard();
    audited.set = set;
    return audited;
}

Outcome<Audited> auditAll(const Arguments& arguments, Feedback& feedback) {
    AuditConfig config;
    PLUMBLINE_TRY(config.measure, arguments.measure.options());
    PLUMBLINE_TRY(config.probe, probeOf(arguments));
    PLUMBLINE_TRY(config.attributes, arguments.attributes.texts());
    config.relevance = arguments.relevance;
    config.others.sets = arguments.sets;
    config.others.dimensions = arguments.dimensions;
    config.others.classes = arguments.classes;
    std::error_code ignored;
    if (!arguments.captions.empty())
        config.others.captions = encodePath(fs::absolute(arguments.captions, ignored));
    config.others.captionSplit = arguments.captionSplit;
    PLUMBLINE_TRY(config.others.families, chosenFamilies(arguments.also, config));
    config.precision = arguments.model.precision;
    config.threads = arguments.model.threads;
    config.modelPath = encodePath(fs::absolute(arguments.model.model, ignored));
    if (!arguments.model.vocab.empty())
        config.vocabPath = encodePath(fs::absolute(arguments.model.vocab, ignored));

    // A project keeps the model's folder and vocabulary; a run of it could not be repeated.
    for (const auto& [name, value] :
         {std::pair{"--prompt-array", arguments.model.promptArray}, {"--residual-head", arguments.model.residualHead}})
        if (!value.empty() && !arguments.project.empty())
            return fail(
                ErrorCode::InvalidArgument,
                {{"name", name}, {"value", encodeName(value)}, {"expected", "no --project, which cannot keep it yet"}});

    std::vector<NamedTransform> transforms;
    for (const std::string& folder : arguments.debias) {
        PLUMBLINE_TRY(debias::Transform transform, debias::readTransform(folder));
        transforms.push_back({encodePath(fs::absolute(folder, ignored)), std::move(transform)});
    }
    for (const auto& [name, given] :
         {std::pair{"--debias", !transforms.empty()}, {"--after-model", !arguments.afterModels.empty()}})
        if (given && !arguments.embeddings.empty())
            return fail(ErrorCode::InvalidArgument,
                        {{"name", name}, {"value", "--embeddings"}, {"expected", "--images"}});
    PLUMBLINE_TRY(const auto encoder, arguments.model.load(feedback));
    if (!arguments.embeddings.empty())
        return runOnEmbeddings(arguments, config, *encoder, feedback);

    PLUMBLINE_TRY(const formats::LabelOptions options, labelOptions(arguments));
    PLUMBLINE_TRY(ImageSet set,
                  formats::readImageSet(fs::absolute(arguments.images, ignored),
                                        arguments.labels.empty() ? fs::path() : fs::absolute(arguments.labels, ignored),
                                        options, feedback));
    PLUMBLINE_CHECK(audit::inspectImages(set, feedback));
    note("images in " + arguments.images + ":\n" + matchReportText(set.report));
    std::optional<store::EmbeddingCache> cache = openCache();
    store::EmbeddingCache* cachePointer = cache ? &*cache : nullptr;
    if (!arguments.project.empty()) {
        PLUMBLINE_TRY(Audited stored,
                      runInNewOrOldProject(arguments, config, *encoder, set, cachePointer, transforms, feedback));
        stored.set = std::move(set);
        return stored;
    }
    Audited audited;
    audited.card = encoder->quickCard();
    std::vector<float> scores;
    PLUMBLINE_TRY(audited.result, audit::runAudit(*encoder, config, set, cachePointer, scores, feedback));
    for (const NamedTransform& one : transforms) {
        config.debias = AppliedDebias{0, one.folder, one.transform.name(), {}, 1, 0};
        Audited& after = audited.debiased.emplace_back();
        after.cards = one.cards();
        PLUMBLINE_TRY(after.result,
                      audit::runAudit(*encoder, config, set, cachePointer, scores, feedback, &one.transform));
    }
    for (const std::string& path : arguments.afterModels) {
        PLUMBLINE_TRY(const auto other, loadAfter(arguments, path, feedback));
        PLUMBLINE_TRY(audited.debiased.emplace_back().result,
                      audit::runAudit(*other, afterModel(config, path, *other, 0), set, cachePointer, scores, feedback,
                                      nullptr, encoder.get()));
    }
    audited.set = std::move(set);
    return audited;
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const Result<std::vector<Limit>> limits = arguments.output.limits();
    if (!limits)
        return report(limits.error());
    const Outcome<Audited> audited = auditAll(arguments, feedback);
    if (!audited)
        return report(audited.error());
    std::vector<AuditOutput::Debiased> debiased;
    for (const Audited& after : audited->debiased)
        debiased.push_back({after.result, after.run, after.cards});
    report::ReportInput known;
    known.model = &audited->card;
    known.images = &audited->set;
    known.imagesName = encodeName(audited->set.root.filename().native());
    known.builtInProbe = isBuiltIn(audited->result.config.probe);
    return arguments.output.write(audited->result, *limits, feedback,
                                  {audited->run, arguments.project, arguments.model.model, debiased, known});
}

} // namespace

void addAudit(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand("audit", "Audits a model on labelled images");
    auto arguments = std::make_shared<Arguments>();
    arguments->model.addTo(*command, true);
    auto* pool = command->add_option_group("pool", "The images");
    pool->add_option("--images", arguments->images, "Folder with images");
    pool->add_option("--embeddings", arguments->embeddings, "Files written by plumb embed, all parts together");
    pool->require_option(1);
    command->add_option("--labels", arguments->labels, "Table with a file column and one column an attribute");
    command->add_option("--preset", arguments->preset,
                        "How to read the table: fairface, utkface, generic, or a .json file");
    command->add_option("--where", arguments->where,
                        "COLUMN=VALUE: only the rows of the table that have it (all of several)");
    command->add_option("--read-as", arguments->readAs,
                        "\"gender: Female = F + Female, Male = M + Male\": values that are one group, as if the table had "
                        "them so; once an attribute");
    arguments->attributes.addTo(*command);
    auto* asked = command->add_option_group("asked", "What is asked");
    asked->add_option("--probe", arguments->probe, "Probe file (JSON, CSV or a list in a .txt), or a built-in set");
    asked->add_option("--prompt", arguments->prompts, "Prompts");
    asked->require_option(1);
    command->add_option(
        "--relevance", arguments->relevance,
        "Attribute whose value names the concept that an image is relevant to, for --target conditional");
    arguments->measure.addTo(*command);
    command->add_option("--also", arguments->also, "Measured beside the rankings: " + familyNames() + ", all or none")
        ->delimiter(',');
    command->add_option("--sets", arguments->sets,
                        "Attribute that names the counterfactual set of an image (counterfactuals)");
    command->add_option("--classes", arguments->classes, "Attribute with the true class of each image (classes)");
    command->add_option("--captions", arguments->captions,
                        "Captions of the images: Karpathy's JSON, or a CSV of file and caption (retrieval)");
    command->add_option("--caption-split", arguments->captionSplit, "Only this part of the list, e.g. test");
    command->add_option("--dimensions", arguments->dimensions, "Attributes that images are controlled for (controls)")
        ->delimiter(',');
    command->add_option(
        "--debias", arguments->debias,
        "Folder of a transform (plumb debias fit): everything again after it, with what changed; may be "
        "given several times, each is compared with the untouched model");
    command->add_option("--after-model", arguments->afterModels,
                        "Another model, such as a fine-tuned checkpoint: everything again with it, with what changed; "
                        "may be given several times");
    command->add_option("--project", arguments->project,
                        "Store everything in this project file (.plumb), made if it is new");
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
