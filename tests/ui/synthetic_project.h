// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/path.h"
#include "core/base/random.h"
#include "core/data/attribute_text.h"
#include "core/probe/probe_set.h"
#include "core/store/project.h"
#include "tests/ui/synthetic_run.h"

namespace plumbline::test {

// A project as an auditor would have it, with invented contents.

inline ModelCard syntheticCard(const std::string& name, bool hasVocabulary = true) {
    ModelCard card;
    ModelConfig& config = card.config;
    config.container = Container::HuggingFace;
    config.name = name;
    config.embedDim = {512, "config.json: projection_dim"};
    VisionConfig& vision = config.vision;
    vision.imageSize = {224, "config.json: vision_config.image_size"};
    vision.patchSize = {32, "shape of visual.conv1.weight"};
    vision.width = {768, "config.json: vision_config.hidden_size"};
    vision.layers = {12, "config.json: vision_config.num_hidden_layers"};
    vision.heads = {12, "config.json: vision_config.num_attention_heads"};
    vision.mlpWidth = {3072, "default of CLIPVisionConfig"};
    vision.layerNormEps = {1e-5, "default of CLIPVisionConfig"};
    vision.activation = {Activation::QuickGelu, "config.json: vision_config.hidden_act"};
    vision.pooling = {ImagePooling::ClassToken, "CLIPVisionModel: the class token"};
    TextConfig& text = config.text;
    text.contextLength = {77, "config.json: text_config.max_position_embeddings"};
    text.vocabSize = {49408, "config.json: text_config.vocab_size"};
    text.width = {512, "config.json: text_config.hidden_size"};
    text.layers = {12, "config.json: text_config.num_hidden_layers"};
    text.heads = {8, "config.json: text_config.num_attention_heads"};
    text.mlpWidth = {2048, "default of CLIPTextConfig"};
    text.layerNormEps = {1e-5, "default of CLIPTextConfig"};
    text.activation = {Activation::QuickGelu, "config.json: text_config.hidden_act"};
    text.pooling = {TextPooling::ArgMax, "eos_token_id is 2"};
    text.eosId = {2, "config.json: text_config.eos_token_id"};
    Preprocessing& pixels = config.preprocessing;
    pixels.size = {224, "preprocessor_config.json: crop_size"};
    pixels.mean = {{0.48145466, 0.4578275, 0.40821073}, "preprocessor_config.json: image_mean"};
    pixels.std = {{0.26862954, 0.26130258, 0.27577711}, "preprocessor_config.json: image_std"};
    pixels.interpolation = {Interpolation::Bicubic, "preprocessor_config.json: resample 3"};
    pixels.order = {Preprocessing::Order::RgbThenResize, "the reference of this container"};
    pixels.cropOffset = {Preprocessing::CropOffset::Floor, "the reference of this container"};
    pixels.resize = {Preprocessing::Resize::ShorterSide, "preprocessor_config.json: size.shortest_edge"};
    config.tokenizer = TokenizerRules::HuggingFace;
    card.path = "/data/models/" + name;
    card.logitScale = {100.0, "logit_scale"};
    card.parameters = 151'277'313;
    card.dtype = "float32";
    card.storage = "safetensors";
    card.licence = "mit (README.md)";
    card.files = {{"config.json", 4186, std::string(64, 'a')}, {"model.safetensors", 605'157'884, std::string(64, 'b')}};
    card.contentSha256 = "3f1c0e9f7a5bd2c84e6602f1d9a1c37be5840f6ab1c2d3e4f5061728394a5b6c";
    card.selfCheck.passed = true;
    card.warnings = {"The configuration names no activation for the text tower; the default of CLIPTextConfig is used."};
    if (hasVocabulary) {
        card.vocabulary = card.path;
        card.tokenizerKind = "CLIP BPE, 49408 entries";
    } else {
        card.warnings.push_back("The folder holds no tokenizer: images can be embedded, texts cannot.");
    }
    return card;
}

/// The card as it is between adding a model and checking it.
inline ModelCard uncheckedCard(const std::string& name) {
    ModelCard card = syntheticCard(name);
    card.contentSha256.clear();
    for (ModelFile& file : card.files)
        file.sha256.clear();
    card.selfCheck = {};
    return card;
}

/// A SigLIP of OpenCLIP with much to say about it.
inline ModelCard siglipCard(const std::string& name) {
    ModelCard card = syntheticCard(name, false);
    ModelConfig& config = card.config;
    config.container = Container::OpenClip;
    config.sigmoidLoss = true;
    card.logitBias = {-12.932, "tensor logit_bias"};
    VisionConfig& vision = config.vision;
    vision.patchSize.value = 16;
    vision.imageSize.value = 256;
    vision.activation.value = Activation::GeluTanh;
    vision.pooling = {ImagePooling::AttentionProbe, "open_clip_config.json: model_cfg.vision_cfg.timm_pool"};
    vision.classToken = vision.firstNorm = vision.projection = false;
    vision.patchBias = true;
    config.text.pooling = {TextPooling::Last, "open_clip_config.json: model_cfg.text_cfg.pool_type"};
    config.text.causal = false;
    config.text.projectionBias = true;
    config.clipTokenizer = false;
    config.tokenizerName = "timm/ViT-B-16-SigLIP2-256";
    config.cleaning = TextCleaning::Canonicalize;
    config.preprocessing.resize = {Preprocessing::Resize::Stretch, "open_clip_config.json: preprocess_cfg.resize_mode"};
    card.storage = "PyTorch zip";
    card.licence = "Apache License\nVersion 2.0, January 2004\n\nTERMS AND CONDITIONS FOR USE, REPRODUCTION, AND "
                   "DISTRIBUTION\n\n1. Definitions.\n\n\"License\" shall mean the terms and conditions for use.";
    config.warnings = {"About the weights: the tensors lie under \"state_dict\".",
                       "About the weights: the prefix \"module.\" was taken off.",
                       "The folder names the fast image processor, which resizes with torchvision; Plumbline resizes as "
                       "SiglipImageProcessor does, with Pillow's rounding."};
    card.selfCheck = {false, {"Two different texts gave the same embedding."}};
    return card;
}

inline ImageSet syntheticImages(std::int64_t rows = 5000) {
    RandomStream random(7, streamId("synthetic images"), 0);
    std::vector<std::string> gender, race, age;
    const std::vector<std::string> ages{"0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70"};
    ImageSet set;
    set.root = "/data/fairface";
    for (std::int64_t i = 0; i < rows; ++i) {
        set.files.push_back("val/" + std::to_string(i + 1) + ".jpg");
        gender.push_back(random.uniform() < 0.473 ? "Female" : "Male");
        race.push_back(raceGroups()[static_cast<std::size_t>(random.uniform() * 7)].name);
        const double u = random.uniform();
        age.push_back(i % 800 == 0 ? std::string() : ages[static_cast<std::size_t>(u * u * 9)]);
    }
    set.attributes = {makeAttribute("age", age), makeAttribute("gender", gender), makeAttribute("race", race)};
    set.labelsFile = "/data/fairface/label_val.csv";
    set.labelsSha256 = std::string(64, 'c');
    set.preset = "fairface";
    MatchReport& report = set.report;
    report.tableRows = rows + 12;
    report.matched = rows;
    report.missing = 9;
    report.missingExamples = {"val/10921.jpg", "val/10922.jpg", "val/10933.jpg"};
    report.duplicates = 3;
    report.duplicateExamples = {"val/17.jpg"};
    report.notInTable = 240;
    report.notInTableExamples = {"val/extra/1.jpg", "val/extra/2.jpg"};
    report.unreadable = 2;
    report.unreadableExamples = {{"val/77.jpg", "the file ends in the middle of the image"},
                                 {"val/78.jpg", "the file is empty"}};
    report.exifOriented = 14;
    report.repairs = {{"age", "03-Sep", "3-9", 402}, {"age", "Oct-19", "10-19", 511}};
    report.unlabelled = {{"age", 7, {""}}};
    return set;
}

inline AuditConfig syntheticConfig(std::int64_t modelId, std::int64_t imageSetId) {
    AuditConfig config;
    config.modelPath = "/data/models/faceclip-a";
    config.modelId = modelId;
    config.imageSetId = imageSetId;
    config.attributes = {"gender"};
    config.measure.k = {500, 0};
    std::vector<std::string> prompts;
    for (const auto& m : genderRun())
        prompts.push_back(*m.prompt);
    config.probe = probe::handWritten(prompts);
    return config;
}

/// Scores of one prompt whose first k images have the groups that `measured` (one an attribute) counts among them, so
/// that whatever ranks the images again finds the numbers that the run shows.
inline Result<void> rankAsMeasured(std::span<const Measurement> measured, const ImageSet& set, std::span<float> scores,
                                   RandomStream& random) {
    for (float& score : scores)
        score = static_cast<float>(0.1 + 0.04 * random.uniform());
    const auto shuffle = [&random](auto& list, std::size_t from) {
        for (std::size_t i = list.size(); i > from + 1; --i)
            std::swap(list[i - 1], list[from + random.below(i - from)]);
    };
    std::vector<Attribute> labels;
    std::vector<std::vector<std::int32_t>> wanted; // of each attribute, the groups of the ranks
    for (const Measurement& m : measured) {
        PLUMBLINE_TRY(const Attribute own, resolveAttribute(set, m.attribute));
        labels.push_back(own);
        std::vector<std::int32_t>& groups = wanted.emplace_back();
        for (const GroupMeasure& group : m.groups)
            groups.insert(groups.end(), static_cast<std::size_t>(group.topCount),
                          static_cast<std::int32_t>(std::ranges::find(own.groups, group.name) - own.groups.begin()));
        shuffle(groups, 0);
    }
    std::map<std::vector<std::int32_t>, std::vector<std::size_t>> cells; // images by their groups
    for (std::size_t i = 0; i < set.size(); ++i) {
        std::vector<std::int32_t> cell;
        for (const Attribute& attribute : labels)
            cell.push_back(attribute.codes[i]);
        cells[cell].push_back(i);
    }
    for (auto& [cell, images] : cells)
        shuffle(images, 0);
    const std::size_t k = wanted.front().size();
    for (std::size_t rank = 0; rank < k; ++rank) {
        std::vector<std::size_t>* images = nullptr;
        for (int tries = 0; tries < 1000 && images == nullptr; ++tries) {
            std::vector<std::int32_t> cell;
            for (const auto& groups : wanted)
                cell.push_back(groups[rank]);
            if (const auto found = cells.find(cell); found != cells.end() && !found->second.empty())
                images = &found->second;
            else // no such image is left: another order of one attribute's groups
                shuffle(wanted.back(), rank);
        }
        if (images == nullptr)
            return fail(ErrorCode::Internal, {}, "the invented images cannot be ranked as the run says");
        scores[images->back()] =
            static_cast<float>(0.24 - 0.09 * std::sqrt(static_cast<double>(rank + 1) / static_cast<double>(k)));
        images->pop_back();
    }
    return {};
}

/// A run of `config` in `project`, finished with `measurements` (prompt-major over its attributes) and scores that fit
/// them.
inline Result<std::int64_t> addFinishedRun(store::Project& project, const AuditConfig& config, const ImageSet& set,
                                           const std::vector<Measurement>& measurements = genderRun(),
                                           const std::string& modelName = "faceclip-a") {
    PLUMBLINE_TRY(const std::int64_t id, project.beginRun(config));
    AuditResult result;
    result.config = config;
    result.measurements = measurements;
    for (std::size_t m = 0; m < measurements.size(); m += config.attributes.size())
        result.prompts.push_back(*measurements[m].prompt);
    result.truncated.assign(result.prompts.size(), false);
    result.images = static_cast<std::int64_t>(set.size());
    result.skipped = 2;
    result.provenance.modelName = modelName;
    PLUMBLINE_TRY(const store::ModelRecord model, project.model(config.modelId));
    result.provenance.modelSha256 = std::string(64, 'a');
    result.provenance.tensorsSha256 = model.card.contentSha256;
    result.provenance.program = "plumbline 0.1.0";
    result.provenance.started = result.provenance.finished = "2026-11-20T09:30:00Z";
    std::vector<float> scores(result.prompts.size() * set.size());
    RandomStream random(11, streamId("synthetic scores"), 0);
    for (std::size_t p = 0; p < result.prompts.size(); ++p)
        PLUMBLINE_CHECK(
            rankAsMeasured(std::span(measurements).subspan(p * config.attributes.size(), config.attributes.size()), set,
                           std::span(scores).subspan(p * set.size(), set.size()), random));
    PLUMBLINE_CHECK(project.finishRun(id, result, scores));
    return id;
}

/// Models, images, probes, one finished and one cancelled run.
inline Result<void> fillProject(store::Project& project) {
    store::ModelRecord model;
    model.name = "faceclip-a";
    model.path = "/data/models/faceclip-a";
    model.card = syntheticCard(model.name);
    PLUMBLINE_TRY(const std::int64_t modelId, project.addModel(model));
    model.name = "clip-vit-b-32-laion";
    model.path = "/data/models/clip-vit-b-32-laion";
    model.card = syntheticCard(model.name);
    model.card.config.container = Container::OpenClip;
    PLUMBLINE_CHECK(project.addModel(model));
    const ImageSet set = syntheticImages();
    PLUMBLINE_TRY(const std::int64_t setId, project.addImageSet(set, "FairFace validation"));
    PLUMBLINE_CHECK(project.addProbe({"Office", "2", "our own", {"a photo of a {}", "a portrait of a {}"},
                                      {{"nurse", "occupation"}, {"engineer", "occupation"}, {"kind person", "trait"}}}));
    AuditConfig config = syntheticConfig(modelId, setId);
    PLUMBLINE_CHECK(addFinishedRun(project, config, set));
    config.attributes = {"gender", "race"};
    PLUMBLINE_TRY(const std::int64_t cancelled, project.beginRun(config));
    PLUMBLINE_CHECK(project.setRunProgress(cancelled, 1200, 5000));
    PLUMBLINE_CHECK(project.setRunState(cancelled, RunState::Cancelled));
    return {};
}

/// The drawn portraits of the sample: their labels, no files.
inline ImageSet sampleImages() {
    ImageSet set;
    set.root = "/data/sample/images";
    set.labelsFile = "/data/sample/labels.csv";
    std::vector<std::string> gender, tone;
    const std::vector<std::string> genders{"woman", "man", "woman", "man", "androgynous"};
    const std::vector<std::string> tones{"light", "medium", "dark",   "light", "medium",
                                         "dark",  "light",  "medium", "dark",  "light"};
    for (std::size_t i = 0; i < 2000; ++i) {
        set.files.push_back("audit/" + std::to_string(i + 1) + ".png");
        gender.push_back(genders[i % 5]);
        tone.push_back(tones[i / 5 % 10]); // in the shares of plantedRun(), whatever the gender
    }
    set.attributes = {makeAttribute("gender", gender), makeAttribute("skin tone", tone)};
    set.report.tableRows = 3600;
    set.report.matched = 2000;
    set.report.filter = "split = audit";
    set.report.filteredRows = 1600;
    return set;
}

/// A project as the engine leaves it after sample/open: run 1 of the model without planting, run 2 of the planted one.
inline Result<void> fillSample(store::Project& project) {
    const ImageSet set = sampleImages();
    PLUMBLINE_TRY(const std::int64_t setId, project.addImageSet(set, "Drawn portraits"));
    for (const bool fair : {true, false}) {
        store::ModelRecord model;
        model.name = fair ? "sample-fair" : "sample";
        model.path = "/data/sample/" + model.name;
        model.card = syntheticCard(model.name);
        model.card.planted = fair ? nothingPlanted() : plantedLeans();
        AuditConfig config;
        PLUMBLINE_TRY(config.modelId, project.addModel(model));
        config.imageSetId = setId;
        config.attributes = {"gender", "skin tone"};
        config.measure.k = {100, 0};
        config.probe = plantedProbe();
        const auto gender = plantedRun("gender", model.card.planted),
                   tone = plantedRun("skin tone", model.card.planted);
        std::vector<Measurement> both;
        for (std::size_t p = 0; p < gender.size(); ++p) {
            both.push_back(gender[p]);
            both.push_back(tone[p]);
        }
        PLUMBLINE_CHECK(addFinishedRun(project, config, set, both, model.name));
    }
    return {};
}

} // namespace plumbline::test
