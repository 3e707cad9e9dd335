// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/console.h"
#include "app/cli/debias_parts.h"
#include "app/cli/measure_kinds.h"
#include "app/cli/text_table.h"
#include "core/audit/mitigation.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/label_table.h"
#include "core/metric/utility/generalisation.h"
#include "core/probe/probe_set.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
    ModelArguments model;
    MeasureArguments measure;
    std::string images, labels, auditLabels, preset, probe, out, json, csv;
    std::vector<std::string> prompts, methods, transforms, models, elsewhere;
    std::vector<std::string> attributes; ///< of the matrix: each is removed in turn
    DebiasStudyConfig config;
};

tl::unexpected<Error> invalid(std::string name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

/// The pieces of a text between separators, without empty ones.
std::vector<std::string> pieces(const std::string& text, char separator) {
    std::vector<std::string> result;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        if (end > begin)
            result.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

/// "leace", "leace:apply=both;shrinkage=on", "mean-difference+det-cons:labels=predicted".
Result<DebiasRecipe> recipeOf(const std::string& text) {
    DebiasRecipe recipe;
    for (const std::string& step : pieces(text, '+')) {
        const std::size_t colon = step.find(':');
        DebiasConfig config;
        config.method = step.substr(0, colon);
        if (!findDebiasMethod(config.method))
            return invalid("--method", encodeName(config.method), "a name that plumb debias list prints");
        if (colon != std::string::npos) {
            PLUMBLINE_TRY(config.parameters, debiasParameters(pieces(step.substr(colon + 1), ';')));
            PLUMBLINE_CHECK(debias::checkParameters(config));
        }
        recipe.steps.push_back(std::move(config));
    }
    if (recipe.steps.empty())
        return invalid("--method", encodeName(text), "a name that plumb debias list prints");
    return recipe;
}

/// A model and the sets of images, embedded once for every study.
struct Prepared {
    std::unique_ptr<clip::Encoder> encoder;
    ImageSet set;
    audit::SetEmbeddings embeddings;
    struct Other {
        std::string name;
        ImageSet set;
        audit::SetEmbeddings embeddings;
    };
    std::optional<Other> audit;
    std::vector<Other> elsewhere;
};

Outcome<Prepared> prepare(const Arguments& arguments, Feedback& feedback) {
    Prepared prepared;
    PLUMBLINE_TRY(prepared.encoder, arguments.model.load(feedback));
    formats::LabelOptions options;
    options.preset = arguments.preset;
    std::error_code ignored;
    const fs::path root = fs::absolute(arguments.images, ignored);
    std::optional<store::EmbeddingCache> cache = openCache();
    const auto embed = [&](const ImageSet& set) {
        return audit::embedSet(*prepared.encoder, set, cache ? &*cache : nullptr, arguments.model.precision, feedback);
    };
    const auto other = [&](const std::string& labels) -> Outcome<Prepared::Other> {
        Prepared::Other one;
        one.name = fs::path(labels).stem().string();
        PLUMBLINE_TRY(one.set, formats::readImageSet(root, labels, options, feedback));
        PLUMBLINE_TRY(one.embeddings, embed(one.set));
        return one;
    };
    PLUMBLINE_TRY(prepared.set, formats::readImageSet(root, arguments.labels, options, feedback));
    PLUMBLINE_TRY(prepared.embeddings, embed(prepared.set));
    if (!arguments.auditLabels.empty()) {
        PLUMBLINE_TRY(prepared.audit, other(arguments.auditLabels));
    }
    for (const std::string& labels : arguments.elsewhere) {
        PLUMBLINE_TRY(prepared.elsewhere.emplace_back(), other(labels));
    }
    return prepared;
}

/// What the arguments ask for all studies.
Result<DebiasStudyConfig> configOf(const Arguments& arguments) {
    DebiasStudyConfig config = arguments.config;
    PLUMBLINE_TRY(config.measure, arguments.measure.options());
    config.seed = config.measure.seed;
    if (arguments.probe.empty()) {
        config.probe = probe::handWritten(arguments.prompts);
    } else {
        PLUMBLINE_TRY(config.probe, probe::namedProbeSet(arguments.probe));
    }
    if ((arguments.methods.empty() && arguments.models.empty()) || arguments.methods == std::vector<std::string>{"all"})
        config.methods = studyRecipes();
    else
        for (const std::string& name : arguments.methods) {
            PLUMBLINE_TRY(config.methods.emplace_back(), recipeOf(name));
        }
    std::error_code ignored;
    for (const std::string& model : arguments.models)
        config.methods.push_back(
            {{{"interpolation", {}, {{"model", encodePath(fs::absolute(model, ignored))}}, config.seed}}});
    config.modelPath = encodePath(fs::absolute(arguments.model.model, ignored));
    if (!arguments.model.vocab.empty())
        config.vocabPath = encodePath(fs::absolute(arguments.model.vocab, ignored));
    if (!config.captions.empty())
        config.captions = encodePath(fs::absolute(config.captions, ignored));
    config.precision = arguments.model.precision;
    return config;
}

Outcome<audit::Study> studyOf(const Arguments& arguments, const DebiasStudyConfig& config, const Prepared& prepared,
                              Feedback& feedback) {
    const audit::EncodeTexts encode = [&](std::span<const std::string> texts) {
        return prepared.encoder->encodeTexts(texts, feedback);
    };
    const Prepared::Other* audited = prepared.audit ? &*prepared.audit : nullptr;
    PLUMBLINE_TRY(audit::StudyInput input,
                  audit::studyInput(config,
                                    {prepared.set, prepared.embeddings, audited ? &audited->set : nullptr,
                                     audited ? &audited->embeddings : nullptr},
                                    encode, feedback));
    input.encodeWithArray = audit::encodeWithArray(*prepared.encoder, feedback);
    std::optional<store::EmbeddingCache> cache = openCache();
    input.between = audit::interpolateModels(*prepared.encoder, cache ? &*cache : nullptr, config.precision);
    PLUMBLINE_TRY(input.card.modelSha256, prepared.encoder->contentSha256(feedback));
    for (const Prepared::Other& other : prepared.elsewhere) {
        PLUMBLINE_TRY(input.elsewhere.emplace_back(),
                      audit::imagesElsewhere(input, other.set, other.embeddings, other.name, feedback));
    }
    for (const std::string& folder : arguments.transforms) {
        PLUMBLINE_TRY(debias::Transform transform, debias::readTransform(folder));
        audit::StudyMethod method;
        for (const debias::Part& part : transform.parts)
            method.steps.emplace_back().config = part.card.config;
        method.fitted = std::move(transform);
        input.methods.push_back(std::move(method));
    }
    return audit::runStudy(input, feedback);
}

Outcome<audit::Study> compare(const Arguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(const DebiasStudyConfig config, configOf(arguments));
    PLUMBLINE_TRY(const Prepared prepared, prepare(arguments, feedback));
    return studyOf(arguments, config, prepared, feedback);
}

/// The matrix of METHODS A23.1: the method fitted for each attribute in turn, audited on the audit images and on the
/// other sets, for every attribute.
Outcome<std::vector<MeasureTable>> matrix(const Arguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(const DebiasStudyConfig common, configOf(arguments));
    PLUMBLINE_TRY(const Prepared prepared, prepare(arguments, feedback));
    const std::string fitSet = fs::path(arguments.labels).stem().string();
    std::vector<MeasureTable> tables;
    for (std::size_t r = 0; r < common.methods.size(); ++r) {
        metric::GeneralisationMatrix matrix;
        std::string title;
        for (const std::string& attribute : arguments.attributes) {
            DebiasStudyConfig config = common;
            config.methods = {common.methods[r]};
            config.attribute = attribute;
            config.untargeted = arguments.attributes;
            if (config.classes == attribute)
                config.classes.clear(); // its zero-shot accuracy would fall with the attribute
            PLUMBLINE_TRY(const audit::Study study, studyOf(arguments, config, prepared, feedback));
            const DebiasCandidate& candidate = study.result.candidates.front();
            if (!candidate.failure.empty())
                return fail(ErrorCode::InvalidArgument, {{"name", candidate.card.config.method + " for " + attribute},
                                                         {"value", candidate.failure},
                                                         {"expected", "a method that can be fitted for it"}});
            title = candidate.card.config.method;
            const metric::SetAttribute fitted{fitSet, attribute};
            matrix.rows.push_back(fitted);
            for (std::size_t set = 0; set < candidate.price.size(); ++set) {
                const std::string name = set > 0          ? prepared.elsewhere[set - 1].name
                                         : prepared.audit ? prepared.audit->name
                                                          : fitSet; // a part of it that nothing was fitted on
                for (const std::string& audited : arguments.attributes) {
                    const metric::SetAttribute column{name, audited};
                    if (std::ranges::find(matrix.columns, column) == matrix.columns.end())
                        matrix.columns.push_back(column);
                    for (const char* measure : {"max_skew", "ndkl"}) {
                        const MeasureTable& price = candidate.price[set];
                        const MeasureRow* before = price.find({audited, "before"}, measure);
                        const MeasureRow* after = price.find({audited, "after"}, measure);
                        const MeasureRow* difference = price.find({audited, "difference"}, measure);
                        if (before && after && difference)
                            matrix.cells.push_back({fitted, column, measure, before->value, after->value,
                                                    difference->value, before->n, before->enough});
                    }
                }
            }
        }
        MeasureTable& table = tables.emplace_back(metric::generalisationTable(matrix));
        table.title += ": " + title;
    }
    return tables;
}

std::string signedCell(const MeasureRow* row) {
    std::string text = valueCell(row);
    if (row && row->value.value && row->value.ciLow && row->value.ciHigh)
        text += " [" + cell(row->value.ciLow) + ", " + cell(row->value.ciHigh) + "]";
    return text;
}

/// The card's name with the parameters that were given: "LEACE, gender (apply=both)"; long ones are cut.
std::string candidateName(const DebiasCandidate& candidate) {
    std::string given;
    for (const DebiasConfig& step : candidate.recipe.steps)
        for (const auto& [name, value] : step.parameters)
            given += (given.empty() ? "" : ", ") + name + "=" + (value.size() > 12 ? value.substr(0, 10) + "…" : value);
    return candidate.card.name + (given.empty() ? "" : " (" + given + ")");
}

/// One line a method: what it gives on the audit rows, before it the untouched model.
std::string studyText(const DebiasStudy& study) {
    std::vector<std::string> header = {"method", "strength", "MaxSkew " + study.config.attribute,
                                       "change", "MinSkew",  "NDKL"};
    const bool task = !study.config.classes.empty();
    if (task)
        header.insert(header.end(), {"accuracy " + study.config.classes, "worst group", "ABLE"});
    header.insert(header.end(), {"linear probe", "k-NN probe"});
    for (const std::string& other : study.config.untargeted)
        header.push_back("MaxSkew " + other);
    header.insert(header.end(), {"select score", "seconds"});
    TextTable table(header, 1);
    const std::string& target = study.config.attribute;
    const auto line = [&](const DebiasCandidate& candidate, const char* state) {
        const MeasureTable& price = candidate.price.front();
        const bool before = std::string_view(state) == "before";
        std::vector<std::string> row = {before ? "untouched" : candidateName(candidate),
                                        before ? "" : cell(candidate.card.strength, 2)};
        const auto add = [&](const std::string& attribute, const char* measure) {
            row.push_back(signedCell(price.find({attribute, state}, measure)));
        };
        add(target, "max_skew");
        row.push_back(before ? "" : signedCell(price.find({target, "difference"}, "max_skew")));
        add(target, "min_skew");
        add(target, "ndkl");
        if (task) {
            add("", "zero_shot_accuracy");
            add(target, "worst_group_accuracy");
            add(target, "able");
        }
        add(target, "linear_probe");
        add(target, "nearest_neighbour_probe");
        for (const std::string& other : study.config.untargeted)
            add(other, "max_skew");
        row.push_back(before ? "" : cell(candidate.selectScore));
        row.push_back(before ? "" : cell(candidate.card.seconds, 2));
        table.add(row);
    };
    bool first = true;
    for (const DebiasCandidate& candidate : study.candidates) {
        if (!candidate.failure.empty() || candidate.price.empty())
            continue;
        if (first)
            line(candidate, "before");
        first = false;
        line(candidate, "after");
    }
    std::string text = table.text();
    for (const DebiasCandidate& candidate : study.candidates)
        if (!candidate.failure.empty())
            text += candidate.card.config.method + ": " + candidate.failure + "\n";
    text += "\nFitted on " + std::to_string(study.fitRows) + " images, chosen on " + std::to_string(study.selectRows) +
            ", audited on " + std::to_string(study.auditRows) + "; " + study.split + ". Compared by " + study.score +
            ".\nIn brackets 95 % intervals over images; a change is paired, on the same images.\n";
    const bool none = std::ranges::all_of(study.candidates, [](const auto& one) { return !one.failure.empty(); });
    text += none ? "No method could be compared.\n"
            : study.recommended < 0
                ? "No method that does without true labels is better than the untouched model on the select rows.\n"
                : "Recommended by the select rows: " +
                      study.candidates[static_cast<std::size_t>(study.recommended)].card.name + " at strength " +
                      cell(study.candidates[static_cast<std::size_t>(study.recommended)].card.strength, 2) + ".\n";
    return text;
}

Outcome<void> write(const Arguments& arguments, const audit::Study& study, Feedback& feedback) {
    if (!arguments.json.empty())
        PLUMBLINE_CHECK(writeJson(arguments.json, toJson(study.result)));
    if (!arguments.csv.empty()) {
        std::vector<MeasureTable> tables;
        for (const DebiasCandidate& candidate : study.result.candidates)
            for (MeasureTable table : candidate.price) {
                table.title = candidate.card.name + ": " + table.title;
                tables.push_back(std::move(table));
            }
        PLUMBLINE_CHECK(writeOut(arguments.csv, measureTablesCsv(tables)));
    }
    for (std::size_t c = 0; !arguments.out.empty() && c < study.transforms.size(); ++c) {
        const DebiasCard& card = study.result.candidates[c].card;
        const fs::path folder = fs::path(arguments.out) / (std::to_string(c + 1) + "-" + card.config.method);
        if (!study.transforms[c].parts.empty()) {
            PLUMBLINE_CHECK(debias::writeTransform(debias::dialled(study.transforms[c], card.strength), folder));
        } else if (!card.otherModelSha256.empty() && card.strength > 0) {
            PLUMBLINE_CHECK(clip::interpolate(
                decodePath(study.result.config.modelPath), decodePath(std::string(card.config.parameter("model"))),
                {card.strength, false, decodePath(study.result.config.vocabPath)}, folder, feedback));
        }
    }
    if (arguments.json != "-")
        PLUMBLINE_CHECK(writeOut("-", studyText(study.result)));
    return {};
}

int run(const Arguments& arguments) {
    for (const auto& [path, folder] : {std::pair{arguments.json, false}, {arguments.csv, false}, {arguments.out, true}})
        if (const Result<void> writable = checkWritable(path, folder); !writable)
            return report(writable.error());
    ConsoleFeedback feedback;
    const Outcome<audit::Study> study = compare(arguments, feedback);
    if (!study)
        return report(study.error());
    for (const std::string& warning : study->result.warnings)
        note(warning);
    for (const DebiasCandidate& candidate : study->result.candidates)
        for (const std::string& warning : candidate.card.warnings)
            note(candidate.card.name + ": " + warning);
    const Outcome<void> written = write(arguments, *study, feedback);
    if (!written)
        return report(written.error());
    const auto failed = [](const DebiasCandidate& candidate) { return !candidate.failure.empty(); };
    return std::ranges::all_of(study->result.candidates, failed) ? kBadInput : kDone;
}

} // namespace

void addDebiasCompare(CLI::App& debias, Run& chosen) {
    const auto addCommon = [](CLI::App* command, Arguments& arguments) {
        arguments.model.addTo(*command, true);
        command->add_option("--images", arguments.images, "Folder with images")->required();
        command->add_option("--labels", arguments.labels, "Table with a file column and one column an attribute")
            ->required();
        command->add_option(
            "--audit-labels", arguments.auditLabels,
            "Another table of the same folder: its images are audited, those of --labels fit and choose");
        command->add_option("--elsewhere", arguments.elsewhere,
                            "Further tables of the same folder, audited only: how it goes elsewhere");
        command->add_option("--preset", arguments.preset,
                            "How to read the tables: fairface, utkface, generic, or a file");
        DebiasStudyConfig& config = arguments.config;
        command->add_option("--classes", config.classes, "Attribute whose zero-shot accuracy is the utility");
        command->add_option("--captions", config.captions, "Captions of the images, for recall");
        command->add_option("--caption-split", config.captionSplit, "Only this part of the list, e.g. test");
        command->add_option("--split", config.splitColumn,
                            "Column with the values fit, select and audit; without it by lot");
        command->add_option("--together", config.together,
                            "Column whose groups are not divided by lot: identities, sets");
        command
            ->add_option("--shares", config.shares,
                         "FIT,SELECT,AUDIT of the images, by lot; with --audit-labels FIT,SELECT")
            ->delimiter(',')
            ->expected(2, 3)
            ->type_name("NUMBERS");
        command->add_flag("--predicted-labels", config.predictedLabels,
                          "The labels were made by a classifier: the cards say so");
        auto* asked = command->add_option_group("asked", "What is asked");
        asked->add_option("--probe", arguments.probe, "Probe file (JSON or CSV), or the name of a built-in set");
        asked->add_option("--prompt", arguments.prompts, "Prompts");
        asked->require_option(1);
        arguments.measure.addTo(*command);
        command->add_option("--json", arguments.json,
                            "Write everything as JSON to this file, or - for standard output");
        command->add_option("--csv", arguments.csv, "Write the tables as CSV to this file, or - for standard output");
    };
    const std::string methodHelp = "NAME, NAME:KEY=VALUE;KEY=VALUE or several in turn, NAME+NAME; several times; "
                                   "all tries every one";
    CLI::App* command = debias.add_subcommand(
        "compare", "Fits methods on some images, chooses their strength on others and audits them on a third part");
    auto arguments = std::make_shared<Arguments>();
    addCommon(command, *arguments);
    command->add_option("--attribute", arguments->config.attribute, "The attribute to remove")->required();
    command->add_option("--untargeted", arguments->config.untargeted, "Attributes that are looked at, too")
        ->delimiter(',');
    command->add_option("--method", arguments->methods, methodHelp + " (the default)");
    command->add_option("--transform", arguments->transforms, "Folder of a transform that was fitted elsewhere");
    command->add_option("--interpolate", arguments->models,
                        "Another model of the same shape: those between, weight by weight, are compared; its strength "
                        "is alpha");
    command->add_option("--out", arguments->out,
                        "Folder for the fitted transforms at the chosen strength, and models at the chosen alpha");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });

    CLI::App* generalise = debias.add_subcommand(
        "matrix", "Fits a method for each attribute in turn and audits every attribute on every set of images");
    auto ofMatrix = std::make_shared<Arguments>();
    addCommon(generalise, *ofMatrix);
    generalise->add_option("--attribute", ofMatrix->attributes, "Attributes A,B[,C…]")->delimiter(',')->required();
    generalise->add_option("--method", ofMatrix->methods, methodHelp)->required();
    generalise->callback([ofMatrix, &chosen] {
        chosen = [ofMatrix] {
            ConsoleFeedback feedback;
            MeasureOutput output;
            output.json = ofMatrix->json;
            output.csv = ofMatrix->csv;
            return output.write(matrix(*ofMatrix, feedback));
        };
    });
}

} // namespace plumbline::cli
