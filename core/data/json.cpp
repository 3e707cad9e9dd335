// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/json.h"

#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/path.h"

namespace plumbline {

namespace {

using nlohmann::json;

/// Deeper than any document of ours; what is nested further is not data but an attack on the stack.
constexpr int kMaxDepth = 128;

// ---------------------------------------------------------------------------------------------------------------------
// Names of the enumerations

template <class T>
struct Names;

template <>
struct Names<Container> {
    static constexpr std::pair<Container, std::string_view> kAll[] = {
        {Container::HuggingFace, "huggingface"}, {Container::OpenClip, "openclip"}, {Container::OpenAi, "openai"}};
};
template <>
struct Names<Activation> {
    static constexpr std::pair<Activation, std::string_view> kAll[] = {
        {Activation::QuickGelu, "quick_gelu"}, {Activation::Gelu, "gelu"}, {Activation::GeluTanh, "gelu_tanh"}};
};
template <>
struct Names<ImageTower> {
    static constexpr std::pair<ImageTower, std::string_view> kAll[] = {{ImageTower::Transformer, "transformer"},
                                                                       {ImageTower::ResNet, "resnet"}};
};
template <>
struct Names<ImagePooling> {
    static constexpr std::pair<ImagePooling, std::string_view> kAll[] = {
        {ImagePooling::ClassToken, "class_token"},
        {ImagePooling::Average, "average"},
        {ImagePooling::AttentionProbe, "attention_probe"},
        {ImagePooling::AttentionQuery, "attention_query"},
        {ImagePooling::AttentionMean, "attention_mean"}};
};
template <>
struct Names<TensorNames> {
    static constexpr std::pair<TensorNames, std::string_view> kAll[] = {
        {TensorNames::OpenClip, "openclip"},
        {TensorNames::OpenClipCustomText, "openclip_custom_text"},
        {TensorNames::HuggingFace, "huggingface"}};
};
template <>
struct Names<TextCleaning> {
    static constexpr std::pair<TextCleaning, std::string_view> kAll[] = {{TextCleaning::None, "none"},
                                                                         {TextCleaning::Whitespace, "whitespace"},
                                                                         {TextCleaning::Lower, "lower"},
                                                                         {TextCleaning::Canonicalize, "canonicalize"}};
};
template <>
struct Names<Preprocessing::Resize> {
    static constexpr std::pair<Preprocessing::Resize, std::string_view> kAll[] = {
        {Preprocessing::Resize::ShorterSide, "shorter_side"}, {Preprocessing::Resize::Stretch, "stretch"}};
};
template <>
struct Names<TokenizerRules> {
    static constexpr std::pair<TokenizerRules, std::string_view> kAll[] = {{TokenizerRules::OpenAi, "openai"},
                                                                           {TokenizerRules::HuggingFace, "huggingface"},
                                                                           {TokenizerRules::OpenClip, "openclip"}};
};
template <>
struct Names<TextPooling> {
    static constexpr std::pair<TextPooling, std::string_view> kAll[] = {{TextPooling::ArgMax, "argmax"},
                                                                        {TextPooling::FirstEos, "first_eos"},
                                                                        {TextPooling::Last, "last"},
                                                                        {TextPooling::ClassToken, "class_token"}};
};
template <>
struct Names<Interpolation> {
    static constexpr std::pair<Interpolation, std::string_view> kAll[] = {{Interpolation::Nearest, "nearest"},
                                                                          {Interpolation::Bilinear, "bilinear"},
                                                                          {Interpolation::Bicubic, "bicubic"}};
};
template <>
struct Names<Preprocessing::Order> {
    static constexpr std::pair<Preprocessing::Order, std::string_view> kAll[] = {
        {Preprocessing::Order::ResizeThenRgb, "resize_then_rgb"},
        {Preprocessing::Order::RgbThenResize, "rgb_then_resize"}};
};
template <>
struct Names<Preprocessing::CropOffset> {
    static constexpr std::pair<Preprocessing::CropOffset, std::string_view> kAll[] = {
        {Preprocessing::CropOffset::RoundHalfEven, "round_half_even"}, {Preprocessing::CropOffset::Floor, "floor"}};
};
template <>
struct Names<Target::Kind> {
    static constexpr std::pair<Target::Kind, std::string_view> kAll[] = {{Target::Kind::Pool, "pool"},
                                                                         {Target::Kind::Uniform, "uniform"},
                                                                         {Target::Kind::Custom, "custom"},
                                                                         {Target::Kind::Conditional, "conditional"}};
};

template <>
struct Names<Correction> {
    static constexpr std::pair<Correction, std::string_view> kAll[] = {{Correction::Holm, "holm"},
                                                                       {Correction::FalseDiscovery, "bh"}};
};
template <>
struct Names<Change> {
    static constexpr std::pair<Change, std::string_view> kAll[] = {{Change::LeansLess, "leans_less"},
                                                                   {Change::LeansMore, "leans_more"},
                                                                   {Change::CannotTell, "cannot_tell"}};
};

template <class T>
std::string enumName(T value) {
    for (const auto& [known, name] : Names<T>::kAll)
        if (known == value)
            return std::string(name);
    return {};
}
std::string enumName(Definition value) {
    return std::string(definitionName(value));
}
std::string enumName(Verdict value) {
    return std::string(verdictName(value));
}
std::string enumName(Family value) {
    return std::string(familyName(value));
}
std::string enumName(ErrorCode value) {
    return std::string(errorName(value));
}

template <class T>
std::optional<T> enumFromName(const std::string& text) {
    if constexpr (std::same_as<T, Definition>) {
        return definitionFromName(text);
    } else if constexpr (std::same_as<T, Verdict>) {
        return verdictFromName(text);
    } else if constexpr (std::same_as<T, Family>) {
        return familyFromName(text);
    } else if constexpr (std::same_as<T, ErrorCode>) {
        return errorFromName(text); // an unknown code of a newer engine is Internal, by its contract
    } else {
        for (const auto& [value, name] : Names<T>::kAll)
            if (name == text)
                return value;
        return std::nullopt;
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// One description a type serves both directions, so that writing and reading cannot drift apart:
//   io(key, member)             a field that must be there
//   io.whenPresent(key, member) an optional that is left out while it is empty
//   io.since(key, member)       a field that older documents lack: the member keeps its default then
//   io.copy(key, member)        written for the reader's convenience, not read back

template <class T, class Of>
concept Is = std::same_as<std::remove_const_t<T>, Of>;

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsArray = false;
template <class T, std::size_t n>
inline constexpr bool kIsArray<std::array<T, n>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsSourced = false;
template <class T>
inline constexpr bool kIsSourced<Sourced<T>> = true;

template <class S>
requires kIsSourced<std::remove_const_t<S>>
void describe(auto& io, S& sourced) {
    io("value", sourced.value);
    io("source", sourced.source);
}

void describe(auto& io, Is<VisionConfig> auto& vision) {
    io("image_size", vision.imageSize);
    io("patch_size", vision.patchSize);
    io("width", vision.width);
    io("layers", vision.layers);
    io("heads", vision.heads);
    io("mlp_width", vision.mlpWidth);
    io("layer_norm_eps", vision.layerNormEps);
    io("activation", vision.activation);
    io("channels", vision.channels);
    io.since("tower", vision.tower);
    io.since("pooling", vision.pooling);
    io.since("stages", vision.stages);
    io.since("class_token", vision.classToken);
    io.since("patch_bias", vision.patchBias);
    io.since("first_norm", vision.firstNorm);
    io.since("final_norm_after_pool", vision.finalNormAfterPool);
    io.since("layer_scale", vision.layerScale);
    io.since("projection", vision.projection);
    io.since("projection_bias", vision.projectionBias);
    io.since("pooler_heads", vision.poolerHeads);
    io.since("pooler_queries", vision.poolerQueries);
}

void describe(auto& io, Is<TextConfig> auto& text) {
    io("context_length", text.contextLength);
    io("vocab_size", text.vocabSize);
    io("width", text.width);
    io("layers", text.layers);
    io("heads", text.heads);
    io("mlp_width", text.mlpWidth);
    io("layer_norm_eps", text.layerNormEps);
    io("activation", text.activation);
    io("pooling", text.pooling);
    io("eos_id", text.eosId);
    io.since("causal", text.causal);
    io.since("layer_scale", text.layerScale);
    io.since("projection", text.projection);
    io.since("projection_bias", text.projectionBias);
    io.since("pad_id", text.padId);
}

void describe(auto& io, Is<Preprocessing> auto& preprocessing) {
    io("size", preprocessing.size);
    io("mean", preprocessing.mean);
    io("std", preprocessing.std);
    io("interpolation", preprocessing.interpolation);
    io("order", preprocessing.order);
    io("crop", preprocessing.cropOffset);
    io.since("resize", preprocessing.resize);
}

void describe(auto& io, Is<ModelFile> auto& file) {
    io("path", file.path);
    io("bytes", file.bytes);
    io("sha256", file.sha256);
}

void describe(auto& io, Is<SelfCheck> auto& check) {
    io("passed", check.passed);
    io("findings", check.findings);
}

/// The part of the configuration that the card shows as "architecture".
template <class C>
struct Architecture {
    C& config;
};

template <class C>
void describe(auto& io, const Architecture<C>& architecture) {
    io("vision", architecture.config.vision);
    io("text", architecture.config.text);
    io("embed_dim", architecture.config.embedDim);
}

void describe(auto& io, Is<PlantedLean> auto& lean) {
    io("concept", lean.concept_);
    io("attribute", lean.attribute);
    io("favours", lean.favours);
    io("strength", lean.strength);
}

void describe(auto& io, Is<ModelCard> auto& card) {
    io("name", card.config.name);
    io("path", card.path);
    io("container", card.config.container);
    Architecture<std::remove_reference_t<decltype((card.config))>> architecture{card.config};
    io("architecture", architecture);
    io.copy("activation", card.config.vision.activation);
    io("tokenizer", card.config.tokenizer);
    io.since("tensor_names", card.config.names);
    io.since("timm", card.config.timm);
    io.since("sigmoid_loss", card.config.sigmoidLoss);
    io.since("captioner", card.config.captioner);
    io.since("clip_tokenizer", card.config.clipTokenizer);
    io.since("tokenizer_name", card.config.tokenizerName);
    io.since("tokenizer_kind", card.tokenizerKind);
    io.since("text_cleaning", card.config.cleaning);
    io.since("strip_separator", card.config.stripSeparator);
    io.copy("context_length", card.config.text.contextLength);
    io("preprocess", card.config.preprocessing);
    io("logit_scale", card.logitScale);
    io.whenPresent("logit_bias", card.logitBias);
    io("parameters", card.parameters);
    io("dtype", card.dtype);
    io.since("storage", card.storage);
    io.since("licence", card.licence);
    io("files", card.files);
    io("content_sha256", card.contentSha256);
    io("vocabulary", card.vocabulary);
    io("self_check", card.selfCheck);
    io.since("planted", card.planted);
    io("config_warnings", card.config.warnings);
    io("warnings", card.warnings);
}

void describe(auto& io, Is<Skipped> auto& skipped) {
    io("file", skipped.file);
    io("reason", skipped.reason);
}

void describe(auto& io, Is<MatchReport::Repair> auto& repair) {
    io("column", repair.column);
    io("from", repair.from);
    io("to", repair.to);
    io("rows", repair.rows);
}

void describe(auto& io, Is<MatchReport::Unlabelled> auto& unlabelled) {
    io("attribute", unlabelled.attribute);
    io("rows", unlabelled.rows);
    io("values", unlabelled.values);
}

void describe(auto& io, Is<MatchReport> auto& report) {
    io("table_rows", report.tableRows);
    io("matched", report.matched);
    io("missing", report.missing);
    io("duplicates", report.duplicates);
    io("invalid_rows", report.invalidRows);
    io("not_in_table", report.notInTable);
    io.since("filter", report.filter);
    io.since("filtered_rows", report.filteredRows);
    io.since("merged", report.merged);
    io("unreadable", report.unreadable);
    io("exif_oriented", report.exifOriented);
    io("missing_examples", report.missingExamples);
    io("duplicate_examples", report.duplicateExamples);
    io("invalid_examples", report.invalidExamples);
    io("not_in_table_examples", report.notInTableExamples);
    io("unreadable_examples", report.unreadableExamples);
    io("repairs", report.repairs);
    io("unlabelled", report.unlabelled);
}

void describe(auto& io, Is<Concept> auto& concept_) {
    io("text", concept_.text);
    io("group", concept_.group);
}

void describe(auto& io, Is<ProbeSet> auto& probe) {
    io("name", probe.name);
    io("version", probe.version);
    io("source", probe.source);
    io("templates", probe.templates);
    io("concepts", probe.concepts);
}

void describe(auto& io, Is<KSpec> auto& k) {
    io("count", k.count);
    io("fraction", k.fraction);
}

void describe(auto& io, Is<std::pair<std::string, double>> auto& share) {
    io("name", share.first);
    io("share", share.second);
}

void describe(auto& io, Is<ConceptShares> auto& entry) {
    io("concept", entry.concept_);
    io("shares", entry.shares);
}

void describe(auto& io, Is<Target> auto& target) {
    io("kind", target.kind);
    io("shares", target.shares);
    io.since("by_concept", target.byConcept);
}

void describe(auto& io, Is<MeasureOptions> auto& options) {
    io("k", options.k);
    io("target", options.target);
    io("definition", options.definition);
    io("seed", options.seed);
    io("null_draws", options.nullDraws);
    io("bootstrap_draws", options.bootstrapDraws);
    io("confidence", options.confidence);
    io("min_group", options.minGroup);
    io("min_expected", options.minExpected);
    io.since("correction", options.correction);
    io.since("level", options.level);
    io.since("tolerance", options.tolerance);
    io.since("slight_gap", options.slightGap);
    io.since("bias_groups", options.biasGroups);
}

void describe(auto& io, Is<MetricValue> auto& metric) {
    io("value", metric.value);
    io("ci_low", metric.ciLow);
    io("ci_high", metric.ciHigh);
    io("null_mean", metric.nullMean);
    io("null_p95", metric.nullP95);
    io("p_value", metric.pValue);
    io.whenPresent("adjusted_p", metric.adjustedP);
    io.whenPresent("false_discovery", metric.falseDiscovery);
    io("neutral", metric.neutral);
    io.whenPresent("at_most", metric.atMost);
}

void describe(auto& io, Is<MeasureRow> auto& row) {
    io("keys", row.keys);
    io("measure", row.measure);
    io("value", row.value);
    io("n", row.n);
    io("enough", row.enough);
}

void describe(auto& io, Is<MeasureTable> auto& table) {
    io("id", table.id);
    io("title", table.title);
    io("definition", table.definition);
    io("source", table.source);
    io("count_of", table.countOf);
    io("keys", table.keys);
    io("rows", table.rows);
    io("family", table.family);
    io("warnings", table.warnings);
    io.since("attribute", table.attribute);
    io.since("kind", table.kind);
}

void describe(auto& io, Is<GroupMeasure> auto& group) {
    io("name", group.name);
    io("pool_count", group.poolCount);
    io("top_count", group.topCount);
    io("pool_share", group.poolShare);
    io("top_share", group.topShare);
    io("target_share", group.targetShare);
    io("skew", group.skew);
    io("ci_low", group.ciLow);
    io("ci_high", group.ciHigh);
    io("null_low", group.nullLow);
    io("null_high", group.nullHigh);
    io("p_value", group.pValue);
    io.since("adjusted_p", group.adjustedP);
    io.since("false_discovery", group.falseDiscovery);
    io.since("verdict", group.verdict);
    io.since("slight", group.slight);
    io.since("detectable_below", group.detectableBelow);
    io.since("detectable_above", group.detectableAbove);
    io("mean_score", group.meanScore);
    io("gap", group.gap);
    io.since("gap_ci_low", group.gapLow);
    io.since("gap_ci_high", group.gapHigh);
    io("gap_in_sd", group.gapInSd);
    io.since("gap_in_logits", group.gapInLogits);
    io.since("cliffs_delta", group.cliffsDelta);
}

void describe(auto& io, Is<NamedValue> auto& named) {
    io("name", named.name);
    io("value", named.value);
    io("meaning", named.meaning);
}

void describe(auto& io, Is<Measurement> auto& measurement) {
    io("n", measurement.n);
    io("k", measurement.k);
    io("k_effective", measurement.kEffective);
    io("definition", measurement.definition);
    io("target", measurement.target);
    io("attribute", measurement.attribute);
    io("prompt", measurement.prompt);
    io("groups", measurement.groups);
    io("max_skew", measurement.maxSkew);
    io("min_skew", measurement.minSkew);
    io("ndkl", measurement.ndkl);
    io("score_mean", measurement.scoreMean);
    io("score_sd", measurement.scoreSd);
    io.since("explained_variance", measurement.explained);
    io.since("relative_spread", measurement.relativeSpread);
    io.since("tests_in_family", measurement.tests);
    io("decided_by_thousandths", measurement.decidedByThousandths);
    io("unlabelled", measurement.unlabelled);
    io("not_finite", measurement.notFinite);
    io("warnings", measurement.warnings);
    io.since("definition_text", measurement.definitionText);
    io.since("more", measurement.more);
}

void describe(auto& io, Is<std::pair<std::string, std::string>> auto& parameter) {
    io("name", parameter.first);
    io("value", parameter.second);
}

void describe(auto& io, Is<std::pair<std::string, std::int64_t>> auto& group) {
    io("name", group.first);
    io("rows", group.second);
}

void describe(auto& io, Is<DebiasConfig> auto& config) {
    io("method", config.method);
    io("attribute", config.attribute);
    io("parameters", config.parameters);
    io("seed", config.seed);
}

void describe(auto& io, Is<DebiasFact> auto& fact) {
    io("name", fact.name);
    io("value", fact.value);
    io("meaning", fact.meaning);
}

void describe(auto& io, Is<DebiasCard> auto& card) {
    io("config", card.config);
    io("name", card.name);
    io("model_sha256", card.modelSha256);
    io("images_sha256", card.imagesSha256);
    io("labels_sha256", card.labelsSha256);
    io.since("other_model_sha256", card.otherModelSha256);
    io("fit_rows", card.fitRows);
    io("groups", card.groups);
    io("predicted_labels", card.predictedLabels);
    io("dim", card.dim);
    io("strength", card.strength);
    io("seconds", card.seconds);
    io("facts", card.facts);
    io("warnings", card.warnings);
    io("program", card.program);
    io("fitted", card.fitted);
}

void describe(auto& io, Is<DebiasNumber> auto& number) {
    io("attribute", number.attribute);
    io("measure", number.measure);
    io("value", number.value);
}

void describe(auto& io, Is<DebiasPoint> auto& point) {
    io("strength", point.strength);
    io("select", point.select);
    io("audit", point.audit);
}

void describe(auto& io, Is<DebiasRecipe> auto& recipe) {
    io("steps", recipe.steps);
}

void describe(auto& io, Is<DebiasCandidate> auto& candidate) {
    io("recipe", candidate.recipe);
    io("card", candidate.card);
    io("transform_id", candidate.transformId);
    io("curve", candidate.curve);
    io("select_score", candidate.selectScore);
    io("uses_true_labels", candidate.usesTrueLabels);
    io("price", candidate.price);
    io("failure", candidate.failure);
}

void describe(auto& io, Is<DebiasStudyConfig> auto& config) {
    io("model_path", config.modelPath);
    io("vocab_path", config.vocabPath);
    io("model_id", config.modelId);
    io("image_set_id", config.imageSetId);
    io("audit_set_id", config.auditSetId);
    io("attribute", config.attribute);
    io("untargeted", config.untargeted);
    io("classes", config.classes);
    io("captions", config.captions);
    io("caption_split", config.captionSplit);
    io("probe", config.probe);
    io("measure", config.measure);
    io("methods", config.methods);
    io("split_column", config.splitColumn);
    io("together", config.together);
    io("shares", config.shares);
    io("seed", config.seed);
    io.since("predicted_labels", config.predictedLabels);
    io("precision", config.precision);
}

void describe(auto& io, Is<DebiasStudy> auto& study) {
    io("config", study.config);
    io("fit_rows", study.fitRows);
    io("select_rows", study.selectRows);
    io("audit_rows", study.auditRows);
    io("split", study.split);
    io("score", study.score);
    io("candidates", study.candidates);
    io("recommended", study.recommended);
    io("warnings", study.warnings);
}

void describe(auto& io, Is<ComparedRun> auto& run) {
    io("run", run.run);
    io("model", run.model);
    io("debias", run.debias);
    io("images", run.images);
    io("created", run.created);
}

void describe(auto& io, Is<JudgedDifference> auto& judged) {
    io("run", judged.run);
    io("attribute", judged.attribute);
    io("prompt", judged.prompt);
    io("measure", judged.measure);
    io("change", judged.change);
}

void describe(auto& io, Is<MovedImage> auto& moved) {
    io("run", moved.run);
    io("prompt", moved.prompt);
    io("row", moved.row);
    io("file", moved.file);
    io("first_rank", moved.firstRank);
    io("second_rank", moved.secondRank);
}

void describe(auto& io, Is<RunComparison> auto& comparison) {
    io("runs", comparison.runs);
    io("refusals", comparison.refusals);
    io("cautions", comparison.cautions);
    io("measure", comparison.measure);
    io("tables", comparison.tables);
    io("judged", comparison.judged);
    io("moved", comparison.moved);
}

void describe(auto& io, Is<AppliedDebias> auto& debias) {
    io("transform_id", debias.transformId);
    io("path", debias.path);
    io("name", debias.name);
    io("sha256", debias.sha256);
    io("strength", debias.strength);
    io("baseline_run", debias.baselineRun);
    io.whenPresent("model", debias.model);
}

void describe(auto& io, Is<OtherMeasures> auto& others) {
    io("families", others.families);
    io("sets", others.sets);
    io("dimensions", others.dimensions);
    io.since("classes", others.classes);
    io.since("captions", others.captions);
    io.since("caption_split", others.captionSplit);
}

void describe(auto& io, Is<AuditConfig> auto& config) {
    io("model_path", config.modelPath);
    io("vocab_path", config.vocabPath);
    io("model_id", config.modelId);
    io("image_set_id", config.imageSetId);
    io("attributes", config.attributes);
    io("probe", config.probe);
    io("measure", config.measure);
    io.since("relevance", config.relevance);
    io("precision", config.precision);
    io("threads", config.threads);
    io.since("others", config.others);
    io.whenPresent("debias", config.debias);
}

void describe(auto& io, Is<RunProvenance> auto& provenance) {
    io("model_sha256", provenance.modelSha256);
    io.since("tensors_sha256", provenance.tensorsSha256);
    io("model_name", provenance.modelName);
    io("preprocessing", provenance.preprocessing);
    io("labels_sha256", provenance.labelsSha256);
    io("images_sha256", provenance.imagesSha256);
    io("probe_sha256", provenance.probeSha256);
    io("program", provenance.program);
    io("libraries", provenance.libraries);
    io("host", provenance.host);
    io("threads", provenance.threads);
    io("precision", provenance.precision);
    io("started", provenance.started);
    io("finished", provenance.finished);
}

void describe(auto& io, Is<std::pair<std::string, std::optional<double>>> auto& group) {
    io("name", group.first);
    io("skew", group.second);
}

void describe(auto& io, Is<NamedMean> auto& mean) {
    io("name", mean.name);
    io("value", mean.value);
}

void describe(auto& io, Is<ConceptSummary> auto& summary) {
    io("concept", summary.concept_);
    io("group", summary.group);
    io("attribute", summary.attribute);
    io("prompts", summary.prompts);
    io("max_skew", summary.maxSkew);
    io("min_skew", summary.minSkew);
    io("ndkl", summary.ndkl);
    io("groups", summary.groupSkew);
    io.since("more", summary.more);
}

// ---------------------------------------------------------------------------------------------------------------------
// Writing

template <class T>
json encode(const T& value);

struct Writer {
    json object = json::object();

    template <class T>
    void operator()(const char* key, const T& value) {
        object[key] = encode(value);
    }
    template <class T>
    void whenPresent(const char* key, const std::optional<T>& value) {
        if (value)
            object[key] = encode(*value);
    }
    template <class T>
    void since(const char* key, const T& value) {
        object[key] = encode(value);
    }
    template <class T>
    void copy(const char* key, const T& value) {
        object[key] = encode(value);
    }
};

template <class T>
json encode(const T& value) {
    if constexpr (std::same_as<T, bool> || std::integral<T>) {
        return value;
    } else if constexpr (std::same_as<T, double>) {
        return std::isfinite(value) ? json(value) : json(nullptr);
    } else if constexpr (std::same_as<T, std::string>) {
        return isUtf8(value) ? value : encodeName(value); // a JSON text that is not UTF-8 cannot be written at all
    } else if constexpr (std::is_enum_v<T>) {
        return enumName(value);
    } else if constexpr (kIsOptional<T>) {
        return value ? encode(*value) : json(nullptr);
    } else if constexpr (kIsList<T> || kIsArray<T>) {
        json list = json::array();
        for (const auto& item : value)
            list.push_back(encode(item));
        return list;
    } else {
        Writer writer;
        describe(writer, value);
        return std::move(writer.object);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

/// Where the reader stands, and the first thing that was wrong.
struct Place {
    std::string path; ///< "groups[2].skew"
    std::string reason;

    bool wrong(std::string_view expected) {
        if (reason.empty())
            reason = (path.empty() ? std::string("the document") : path) + ": " + std::string(expected);
        return false;
    }
};

template <class T>
bool decode(const json& from, T& to, Place& place);

class Reader {
public:
    Reader(const json& object, Place& place) : m_object(object), m_place(place) {}

    template <class T>
    void operator()(const char* key, T& value) {
        read(key, value, true);
    }
    template <class T>
    void whenPresent(const char* key, std::optional<T>& value) {
        read(key, value, false);
    }
    template <class T>
    void since(const char* key, T& value) {
        read(key, value, false);
    }
    template <class T>
    void copy(const char*, T&) {}

    bool good() const { return m_good; }

private:
    template <class T>
    void read(const char* key, T& value, bool needed) {
        if (!m_good)
            return;
        const std::size_t length = m_place.path.size();
        m_place.path += (length == 0 ? "" : ".") + std::string(key);
        if (const auto it = m_object.find(key); it != m_object.end())
            m_good = decode(*it, value, m_place);
        else if (needed)
            m_good = m_place.wrong("the field is missing");
        m_place.path.resize(length);
    }

    const json& m_object;
    Place& m_place;
    bool m_good = true;
};

template <std::integral T>
bool decodeInteger(const json& from, T& to, Place& place) {
    if (!from.is_number_integer())
        return place.wrong("a whole number is expected");
    if (from.is_number_unsigned()) {
        const auto value = from.get<std::uint64_t>();
        if (!std::in_range<T>(value))
            return place.wrong("the number is out of range");
        to = static_cast<T>(value);
    } else {
        const auto value = from.get<std::int64_t>();
        if (!std::in_range<T>(value))
            return place.wrong("the number is out of range");
        to = static_cast<T>(value);
    }
    return true;
}

template <class T>
bool decode(const json& from, T& to, Place& place) {
    if constexpr (std::same_as<T, bool>) {
        if (!from.is_boolean())
            return place.wrong("true or false is expected");
        to = from.get<bool>();
        return true;
    } else if constexpr (std::integral<T>) {
        return decodeInteger(from, to, place);
    } else if constexpr (std::same_as<T, double>) {
        if (from.is_null()) {
            to = std::numeric_limits<double>::quiet_NaN();
            return true;
        }
        if (!from.is_number())
            return place.wrong("a number is expected");
        to = from.get<double>();
        return true;
    } else if constexpr (std::same_as<T, std::string>) {
        if (!from.is_string())
            return place.wrong("a text is expected");
        to = from.get<std::string>();
        return true;
    } else if constexpr (std::is_enum_v<T>) {
        if (!from.is_string())
            return place.wrong("a text is expected");
        const auto text = from.get<std::string>();
        const auto value = enumFromName<T>(text);
        if (!value)
            return place.wrong("\"" + text + "\" is not known");
        to = *value;
        return true;
    } else if constexpr (kIsOptional<T>) {
        to.reset();
        return from.is_null() || decode(from, to.emplace(), place);
    } else if constexpr (kIsList<T> || kIsArray<T>) {
        if (!from.is_array())
            return place.wrong("a list is expected");
        if constexpr (kIsList<T>)
            to = T(from.size());
        else if (from.size() != to.size())
            return place.wrong("a list of " + std::to_string(to.size()) + " numbers is expected");
        const std::size_t length = place.path.size();
        for (std::size_t i = 0; i < to.size(); ++i) {
            place.path += '[' + std::to_string(i) + ']';
            if (!decode(from[i], to[i], place))
                return false;
            place.path.resize(length);
        }
        return true;
    } else {
        if (!from.is_object())
            return place.wrong("an object is expected");
        Reader reader(from, place);
        describe(reader, to);
        return reader.good();
    }
}

template <class T>
Result<T> fromJson(const json& from, std::string_view kind) {
    T value;
    Place place;
    if (!decode(from, value, place))
        return fail(ErrorCode::JsonInvalid, {{"path", std::string(kind)}, {"reason", place.reason}});
    return value;
}

} // namespace

json toJson(const ModelCard& card) {
    return encode(card);
}
json toJson(const MatchReport& report) {
    return encode(report);
}
json toJson(const ProbeSet& probe) {
    return encode(probe);
}
json toJson(const Target& target) {
    return encode(target);
}
json toJson(const MeasureOptions& options) {
    return encode(options);
}
json toJson(const Measurement& measurement) {
    return encode(measurement);
}
json toJson(const MeasureTable& table) {
    return encode(table);
}
json toJson(const AuditConfig& config) {
    return encode(config);
}
json toJson(const RunProvenance& provenance) {
    return encode(provenance);
}
json toJson(const ConceptSummary& summary) {
    return encode(summary);
}

json toJson(const DebiasCard& card) {
    return encode(card);
}

json toJson(const DebiasConfig& config) {
    return encode(config);
}

json toJson(const DebiasStudyConfig& config) {
    return encode(config);
}

json toJson(const DebiasStudy& study) {
    return encode(study);
}

json toJson(const RunComparison& comparison) {
    return encode(comparison);
}

json toJson(const DebiasMethodInfo& info) {
    json parameters = json::array();
    for (const DebiasParameter& parameter : info.parameters)
        parameters.push_back(
            {{"name", parameter.name}, {"default", parameter.standard}, {"meaning", parameter.meaning}});
    return {{"name", info.name},
            {"title", info.title},
            {"about", info.about},
            {"source", info.source},
            {"changes", debiasTargetName(info.target)},
            {"needs_labels", info.needsLabels},
            {"needs_texts", info.needsTexts},
            {"parameters", std::move(parameters)}};
}

json toJson(const Error& error) {
    json args = json::object();
    for (const auto& [name, value] : error.args)
        args.emplace(name, encode(value)); // the first of a name counts, as in Error::arg
    return {{"code", encode(error.code)}, {"args", std::move(args)}, {"detail", encode(error.detail)}};
}

json toJson(std::span<const PlantedLean> leans) {
    return encode(std::vector<PlantedLean>(leans.begin(), leans.end()));
}

Result<std::vector<PlantedLean>> plantedLeansFromJson(const json& from) {
    return fromJson<std::vector<PlantedLean>>(from, "planted leans");
}
Result<ModelCard> modelCardFromJson(const json& from) {
    return fromJson<ModelCard>(from, "model card");
}
Result<MatchReport> matchReportFromJson(const json& from) {
    return fromJson<MatchReport>(from, "match report");
}
Result<ProbeSet> probeSetFromJson(const json& from) {
    return fromJson<ProbeSet>(from, "probe set");
}
Result<Target> targetFromJson(const json& from) {
    return fromJson<Target>(from, "target");
}
Result<MeasureOptions> measureOptionsFromJson(const json& from) {
    return fromJson<MeasureOptions>(from, "measure options");
}
Result<Measurement> measurementFromJson(const json& from) {
    return fromJson<Measurement>(from, "measurement");
}
Result<MeasureTable> measureTableFromJson(const json& from) {
    return fromJson<MeasureTable>(from, "table of measures");
}
Result<AuditConfig> auditConfigFromJson(const json& from) {
    return fromJson<AuditConfig>(from, "audit");
}
Result<RunProvenance> runProvenanceFromJson(const json& from) {
    return fromJson<RunProvenance>(from, "provenance");
}
Result<ConceptSummary> conceptSummaryFromJson(const json& from) {
    return fromJson<ConceptSummary>(from, "concept summary");
}

Result<DebiasCard> debiasCardFromJson(const json& from) {
    return fromJson<DebiasCard>(from, "debiasing card");
}

Result<DebiasStudyConfig> debiasStudyConfigFromJson(const json& from) {
    return fromJson<DebiasStudyConfig>(from, "debiasing study's configuration");
}

Result<DebiasStudy> debiasStudyFromJson(const json& from) {
    return fromJson<DebiasStudy>(from, "debiasing study");
}

Result<RunComparison> runComparisonFromJson(const json& from) {
    return fromJson<RunComparison>(from, "comparison of runs");
}

Result<DebiasConfig> debiasConfigFromJson(const json& from) {
    return fromJson<DebiasConfig>(from, "debiasing configuration");
}

Result<Error> errorFromJson(const json& from) {
    const auto wrong = [](std::string reason) {
        return fail(ErrorCode::JsonInvalid, {{"path", "error"}, {"reason", std::move(reason)}});
    };
    if (!from.is_object())
        return wrong("the document: an object is expected");
    Error error;
    Place place;
    Reader reader(from, place);
    reader("code", error.code);
    reader("detail", error.detail);
    if (!reader.good())
        return wrong(place.reason);
    const auto args = from.find("args");
    if (args == from.end() || !args->is_object())
        return wrong("args: an object is expected");
    for (const auto& [name, value] : args->items()) {
        if (!value.is_string())
            return wrong("args." + name + ": a text is expected");
        error.args.emplace_back(name, value.get<std::string>());
    }
    return error;
}

Result<json> parseJson(std::string_view text, std::string_view path) {
    const auto wrong = [&](std::string reason) {
        return fail(ErrorCode::JsonInvalid, {{"path", std::string(path)}, {"reason", std::move(reason)}});
    };
    if (!isUtf8(text))
        return wrong("the text is not UTF-8");
    if (text.find('\0') != std::string_view::npos)
        return wrong("the text has a zero byte"); // the library would take it for the end

    // Counted beforehand: the library's parser would build any depth, and what reads the value afterwards recurses.
    int depth = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '[' || c == '{') {
            if (++depth > kMaxDepth)
                return wrong("it is nested deeper than " + std::to_string(kMaxDepth) + " levels");
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    try {
        return json::parse(text.begin(), text.end());
    } catch (const std::exception& e) {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: …": the name in brackets helps nobody.
        std::string_view what = e.what();
        if (const auto end = what.find("] "); what.starts_with('[') && end != std::string_view::npos)
            what.remove_prefix(end + 2);
        return wrong(isUtf8(what) ? std::string(what) : encodeName(what)); // it may quote half a character
    }
}

} // namespace plumbline
