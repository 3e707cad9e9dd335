// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <unordered_map>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "app/cli/table.h"
#include "core/audit/other_measures.h"
#include "core/audit/project_audit.h"
#include "core/base/clock.h"
#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/data/attribute_text.h"
#include "core/data/json.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/npy.h"
#include "core/formats/planted.h"
#include "core/metric/verdict.h"
#include "core/probe/probe_set.h"
#include "core/report/html_report.h"
#include "core/report/planted.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
    ModelArguments model;
    std::string images, labels, preset, probe, project, json, csv, report, sets, classes, captions, captionSplit;
    std::string relevance;
    std::vector<std::string> where, embeddings, attributes, cross, merges, prompts, failAbove, also, dimensions;
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
            return fail(ErrorCode::NpyInvalid,
                        {{"path", encodeName(path)},
                         {"reason", "it must hold rows of " + std::to_string(dim) + " values, as the model makes them"}});
        const std::size_t before = parts.files.size();
        std::size_t pathColumn = 0;
        PLUMBLINE_TRY([[maybe_unused]] const formats::CsvHeader header,
                      formats::readCsv(
                          path + ".rows.csv",
                          [&](const formats::CsvHeader& head, std::size_t, const std::vector<std::string>& row) {
                              pathColumn = static_cast<std::size_t>(std::ranges::find(head.columns, "path") - head.columns.begin());
                              parts.files.push_back(pathColumn < row.size() ? decodeName(row[pathColumn]) : std::string());
                          },
                          &feedback));
        if (parts.files.size() - before != static_cast<std::size_t>(array.shape[0]))
            return fail(ErrorCode::NpyInvalid, {{"path", encodeName(path)},
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
    for (const std::string& condition : arguments.where) {
        const std::size_t equals = condition.find('=');
        if (equals == 0 || equals == std::string::npos)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "--where"}, {"value", encodeName(condition)}, {"expected", "COLUMN=VALUE"}});
        options.where.emplace_back(condition.substr(0, equals), condition.substr(equals + 1));
    }
    return options;
}

/// The texts of --attribute and --cross with the groups of --merge merged wherever their attribute is named.
Result<std::vector<std::string>> attributesOf(const Arguments& arguments) {
    std::vector<AttributePart> merges;
    for (const std::string& text : arguments.merges) {
        PLUMBLINE_TRY(AttributePart merge, parseMerge(text));
        const auto same = std::ranges::find(merges, merge.name, &AttributePart::name);
        if (same == merges.end())
            merges.push_back(std::move(merge));
        else
            same->merges.insert(same->merges.end(), merge.merges.begin(), merge.merges.end());
    }
    std::vector<bool> used(merges.size(), false);
    const auto partOf = [&](const std::string& name) {
        const auto found = std::ranges::find(merges, name, &AttributePart::name);
        if (found == merges.end())
            return AttributePart{name, {}};
        used[static_cast<std::size_t>(found - merges.begin())] = true;
        return *found;
    };
    std::vector<std::string> texts;
    for (const std::string& name : arguments.attributes)
        texts.push_back(formatAttribute({partOf(name)}));
    std::vector<AttributePart> crossed;
    for (const std::string& name : arguments.cross)
        crossed.push_back(partOf(name));
    if (!crossed.empty())
        texts.push_back(formatAttribute(crossed));
    for (std::size_t m = 0; m < merges.size(); ++m)
        if (!used[m])
            return fail(ErrorCode::InvalidArgument, {{"name", "--merge"},
                                                     {"value", merges[m].name},
                                                     {"expected", "an attribute that --attribute or --cross names"}});
    return texts;
}

/// What the model is known to lean towards; a damaged file is only told of.
std::vector<PlantedLean> plantedIn(const fs::path& model, Feedback& feedback) {
    Result<std::vector<PlantedLean>> planted = formats::readPlanted(model / formats::kPlantedFile);
    if (planted)
        return std::move(*planted);
    feedback.log(errorText(planted.error()));
    return {};
}

Result<ProbeSet> probeOf(const Arguments& arguments) {
    if (arguments.probe.empty())
        return probe::handWritten(arguments.prompts);
    for (ProbeSet& builtIn : probe::builtInProbeSets())
        if (builtIn.name == arguments.probe && !fs::exists(arguments.probe))
            return std::move(builtIn);
    return probe::readProbeSet(arguments.probe);
}

Result<store::Project> openOrCreate(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored) ? store::Project::open(path) : store::Project::create(path);
}

struct Audited {
    AuditResult result;
    std::int64_t run = 0; ///< in the project, 0 without one
};

Outcome<Audited> runInNewOrOldProject(const Arguments& arguments, AuditConfig config, const clip::Encoder& encoder,
                                      const ImageSet& set, store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_TRY(store::Project project, openOrCreate(arguments.project));
    if (project.access() == store::Project::Access::ReadOnly)
        return fail(ErrorCode::ProjectReadOnly, {{"path", encodeName(arguments.project)}});
    store::ModelRecord model;
    model.name = encoder.config().name;
    model.path = config.modelPath;
    model.vocabPath = config.vocabPath;
    PLUMBLINE_TRY(model.card, encoder.card(feedback));
    PLUMBLINE_TRY(config.modelId, project.addModel(model));
    PLUMBLINE_TRY(config.imageSetId, audit::imageSetIn(project, set, encodeName(set.root.filename().native())));
    Audited audited;
    PLUMBLINE_TRY(audited.run, project.beginRun(config));
    PLUMBLINE_TRY(audited.result, audit::runInProject(project, audited.run, encoder, cache, feedback));
    PLUMBLINE_CHECK(project.checkpoint());
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
    PLUMBLINE_TRY(audited.result, audit::measureAll(config, set, images, prompts, scores, feedback,
                                                     encoder.logitScale()));
    const audit::EncodeTexts encode = [&](std::span<const std::string> more) { return encoder.encodeTexts(more, feedback); };
    PLUMBLINE_TRY(audited.result.tables,
                  audit::measureOthers({config, set, images, prompts, scores, audited.result.measurements, encode,
                                        encoder.logitScale()},
                                       audited.result.warnings, feedback));
    audited.result.truncated = truncated;
    return audited;
}

std::string familyNames() {
    std::string names;
    for (const FamilyInfo& family : allFamilies())
        names += (names.empty() ? "" : ", ") + std::string(family.name);
    return names;
}

/// Without a choice those that cost little and need nothing more. What needs a column or a file is chosen by naming it,
/// and left out of "all" where it is not named.
Result<std::vector<Family>> chosenFamilies(const std::vector<std::string>& names, const OtherMeasures& given) {
    const auto named = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
    std::vector<Family> families;
    for (const FamilyInfo& family : allFamilies())
        if (named(family.name) || (needsInput(family.family) ? hasInput(given, family.family) && !named("none")
                                   : names.empty()           ? family.byDefault
                                                             : named("all")))
            families.push_back(family.family);
    for (const std::string& name : names)
        if (name != "all" && name != "none" && !familyFromName(name))
            return fail(ErrorCode::InvalidArgument, {{"name", "--also"}, {"value", encodeName(name)}, {"expected", familyNames() + ", all or none"}});
    return families;
}

Outcome<Audited> auditAll(const Arguments& arguments, Feedback& feedback) {
    AuditConfig config;
    PLUMBLINE_TRY(config.measure, arguments.measure.options());
    PLUMBLINE_TRY(config.probe, probeOf(arguments));
    PLUMBLINE_TRY(config.attributes, attributesOf(arguments));
    config.relevance = arguments.relevance;
    if (config.attributes.empty())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "--attribute"}, {"value", ""}, {"expected", "a column of the labels (or --cross A,B)"}});
    config.others.sets = arguments.sets;
    config.others.dimensions = arguments.dimensions;
    config.others.classes = arguments.classes;
    std::error_code ignored;
    if (!arguments.captions.empty())
        config.others.captions = encodePath(fs::absolute(arguments.captions, ignored));
    config.others.captionSplit = arguments.captionSplit;
    PLUMBLINE_TRY(config.others.families, chosenFamilies(arguments.also, config.others));
    config.precision = arguments.model.precision;
    config.threads = arguments.model.threads;
    config.modelPath = encodePath(fs::absolute(arguments.model.model, ignored));
    if (!arguments.model.vocab.empty())
        config.vocabPath = encodePath(fs::absolute(arguments.model.vocab, ignored));

    // A project keeps the model's folder and vocabulary; a run of it could not be repeated.
    for (const auto& [name, value] :
         {std::pair{"--prompt-array", arguments.model.promptArray}, {"--residual-head", arguments.model.residualHead}})
        if (!value.empty() && !arguments.project.empty())
            return fail(ErrorCode::InvalidArgument,
                        {{"name", name}, {"value", encodeName(value)}, {"expected", "no --project, which cannot keep it yet"}});

    PLUMBLINE_TRY(const auto encoder, arguments.model.load(feedback));
    if (!arguments.embeddings.empty())
        return runOnEmbeddings(arguments, config, *encoder, feedback);

    PLUMBLINE_TRY(const formats::LabelOptions options, labelOptions(arguments));
    PLUMBLINE_TRY(ImageSet set,
                  formats::readImageSet(fs::absolute(arguments.images, ignored), arguments.labels, options, feedback));
    PLUMBLINE_CHECK(audit::inspectImages(set, feedback));
    note("images in " + arguments.images + ":\n" + matchReportText(set.report));
    std::optional<store::EmbeddingCache> cache = openCache();
    store::EmbeddingCache* cachePointer = cache ? &*cache : nullptr;
    if (!arguments.project.empty())
        return runInNewOrOldProject(arguments, config, *encoder, set, cachePointer, feedback);
    Audited audited;
    std::vector<float> scores;
    PLUMBLINE_TRY(audited.result, audit::runAudit(*encoder, config, set, cachePointer, scores, feedback));
    return audited;
}

nlohmann::json jsonOf(const Audited& audited) {
    nlohmann::json results = nlohmann::json::array(), concepts = nlohmann::json::array(),
                   tables = nlohmann::json::array();
    for (const Measurement& measurement : audited.result.measurements)
        results.push_back(toJson(measurement));
    for (const ConceptSummary& summary : audited.result.concepts)
        concepts.push_back(toJson(summary));
    for (const MeasureTable& table : audited.result.tables)
        tables.push_back(toJson(table));
    nlohmann::json run = {{"config", toJson(audited.result.config)},
                          {"provenance", toJson(audited.result.provenance)},
                          {"images", audited.result.images},
                          {"skipped", audited.result.skipped},
                          {"family", metric::familyText(audited.result.measurements, audited.result.config.measure)},
                          {"warnings", audited.result.warnings}};
    if (audited.run)
        run["id"] = audited.run;
    return {{"run", std::move(run)}, {"results", std::move(results)}, {"concepts", std::move(concepts)}, {"tables", std::move(tables)}};
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    std::vector<Limit> limits;
    for (const std::string& text : arguments.failAbove) {
        Result<Limit> limit = parseLimit(text);
        if (!limit)
            return report(limit.error());
        limits.push_back(std::move(*limit));
    }
    const Outcome<Audited> audited = auditAll(arguments, feedback);
    if (!audited)
        return report(audited.error());
    const AuditResult& result = audited->result;
    for (const std::string& warning : result.warnings)
        feedback.log(warning);
    if (!arguments.csv.empty())
        if (auto written = writeOut(arguments.csv, measurementsCsv(result.measurements)); !written)
            return report(written.error());
    if (!arguments.report.empty()) {
        const Result<std::string> page = report::htmlReport(result);
        if (!page)
            return cli::report(page.error());
        if (auto written = writeOut(arguments.report, *page); !written)
            return cli::report(written.error());
    }
    if (!arguments.json.empty())
        if (auto written = writeJson(arguments.json, jsonOf(*audited)); !written)
            return report(written.error());
    if (arguments.json != "-" && arguments.csv != "-") {
        std::vector<const Measurement*> all;
        for (const Measurement& measurement : result.measurements)
            all.push_back(&measurement);
        const std::vector<PlantedLean> planted = plantedIn(arguments.model.model, feedback);
        const auto view = [&](const Measurement& measurement) {
            const auto prompt = std::ranges::find(result.prompts, measurement.prompt.value_or(std::string()));
            return report::plantedView(planted,
                                       report::conceptOf(result.config.probe, static_cast<std::size_t>(prompt - result.prompts.begin())),
                                       measurement);
        };
        std::string text = measurementTable(all, planted, view) +
                           metric::familyText(result.measurements, result.config.measure) + "\n";
        for (const MeasureTable& table : result.tables)
            text += "\n" + measureTableText(table);
        if (auto written = writeOut("-", text); !written)
            return report(written.error());
    }
    if (audited->run)
        note("run " + std::to_string(audited->run) + " stored in " + arguments.project);
    const std::vector<std::string> findings = exceeded(limits, result.measurements);
    for (const std::string& finding : findings)
        note(finding);
    return findings.empty() ? kDone : kLimitExceeded;
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
    command->add_option("--preset", arguments->preset, "How to read the table: fairface, utkface, generic, or a .json file");
    command->add_option("--where", arguments->where, "COLUMN=VALUE: only the rows of the table that have it (all of several)");
    command->add_option("--attribute", arguments->attributes, "Attributes A[,B…], one result each")->delimiter(',');
    command->add_option("--cross", arguments->cross, "A,B[,C…]: one crossed attribute")->delimiter(',');
    command->add_option("--merge", arguments->merges,
                        "Groups to take as one: \"age: young=0-2+3-9, old=60-69+more than 70\"; names with signs in double quotes");
    auto* asked = command->add_option_group("asked", "What is asked");
    asked->add_option("--probe", arguments->probe, "Probe file (JSON or CSV), or the name of a built-in set");
    asked->add_option("--prompt", arguments->prompts, "Prompts");
    asked->require_option(1);
    command->add_option("--relevance", arguments->relevance,
                        "Attribute whose value names the concept that an image is relevant to, for --target conditional");
    arguments->measure.addTo(*command);
    command->add_option("--also", arguments->also, "Measured beside the rankings: " + familyNames() + ", all or none")
        ->delimiter(',');
    command->add_option("--sets", arguments->sets, "Attribute that names the counterfactual set of an image (counterfactuals)");
    command->add_option("--classes", arguments->classes, "Attribute with the true class of each image (classes)");
    command->add_option("--captions", arguments->captions,
                        "Captions of the images: Karpathy's JSON, or a CSV of file and caption (retrieval)");
    command->add_option("--caption-split", arguments->captionSplit, "Only this part of the list, e.g. test");
    command->add_option("--dimensions", arguments->dimensions, "Attributes that images are controlled for (controls)")
        ->delimiter(',');
    command->add_option("--project", arguments->project, "Store everything in this project file (.plumb), made if it is new");
    command->add_option("--json", arguments->json, "Write the results as JSON to this file, - for standard output");
    command->add_option("--csv", arguments->csv, "Write one line a group and prompt to this file, - for standard output");
    command->add_option("--report", arguments->report, "Write a report as one HTML file");
    command->add_option("--fail-above", arguments->failAbove, "max_skew=0.2: exit code 1 when a measure is beyond its limit");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
