// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/models/card_facts.h"

#include <QCoreApplication>
#include <QLocale>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/models/record_tables.h"

namespace plumbline::ui {

namespace {

QString tr(const char* text, const char* comment = nullptr, int n = -1) {
    return QCoreApplication::translate("plumbline::ui", text, comment, n);
}

using Fact = FactSheet::Fact;

Fact fact(const QString& label, const QString& value, const std::string& source = {}) {
    return {label, value, fromUtf8(source), false};
}

QString number(double value, int precision = 6) { return QLocale().toString(value, 'g', precision); }

QString activationText(Activation activation) {
    return activation == Activation::QuickGelu ? tr("QuickGELU") : tr("GELU");
}

QString rulesText(TokenizerRules rules) {
    switch (rules) {
    case TokenizerRules::OpenAi: return tr("OpenAI CLIP");
    case TokenizerRules::HuggingFace: return tr("Hugging Face CLIP");
    case TokenizerRules::OpenClip: return tr("OpenCLIP");
    }
    return {};
}

QString interpolationText(Interpolation interpolation) {
    switch (interpolation) {
    case Interpolation::Nearest: return tr("nearest");
    case Interpolation::Bilinear: return tr("bilinear, antialiased");
    case Interpolation::Bicubic: return tr("bicubic, antialiased");
    }
    return {};
}

QString triple(const std::array<double, 3>& values) {
    return QStringLiteral("%1  %2  %3").arg(number(values[0]), number(values[1]), number(values[2]));
}

std::vector<Fact> tower(const Sourced<int>& layers, const Sourced<int>& width, const Sourced<int>& heads,
                        const Sourced<int>& mlpWidth, const Sourced<Activation>& activation,
                        const Sourced<double>& eps) {
    return {
        fact(tr("Layers"), countText(layers.value), layers.source),
        fact(tr("Width"), countText(width.value), width.source),
        fact(tr("Heads"), countText(heads.value), heads.source),
        fact(tr("MLP width"), countText(mlpWidth.value), mlpWidth.source),
        fact(tr("Activation"), activationText(activation.value), activation.source),
        fact(tr("Layer norm ε"), number(eps.value), eps.source),
    };
}

/// What was planted in a model for teaching: by group the concepts with their strengths, and those without any.
FactSheet::Group plantedFacts(const std::vector<PlantedLean>& planted) {
    FactSheet::Group truth{tr("Planted on purpose"), {}};
    const auto add = [&truth](const QString& label, const QString& concept_) {
        for (Fact& known : truth.facts)
            if (known.label == label) {
                known.value += QStringLiteral(", ") + concept_;
                return;
            }
        truth.facts.push_back(fact(label, concept_));
    };
    for (const PlantedLean& lean : planted)
        if (!lean.isControl())
            add(tr("%1: %2").arg(fromUtf8(lean.attribute), fromUtf8(lean.favours)),
                tr("%1 ×%2").arg(fromUtf8(lean.concept_), number(lean.strength)));
    for (const PlantedLean& lean : planted)
        if (lean.isControl())
            add(tr("Nothing"), fromUtf8(lean.concept_));
    return truth;
}

} // namespace

std::vector<FactSheet::Group> cardFacts(const ModelCard& card) {
    const ModelConfig& config = card.config;
    std::vector<FactSheet::Group> groups;

    FactSheet::Group findings{tr("To know"), {}};
    for (const auto* warnings : {&card.warnings, &config.warnings})
        for (const auto& warning : *warnings)
            findings.facts.push_back({tr("Warning"), fromUtf8(warning), {}, true});
    for (const auto& finding : card.selfCheck.findings)
        findings.facts.push_back({tr("Self-check"), fromUtf8(finding), {}, true});
    if (card.vocabulary.empty())
        findings.facts.push_back({tr("Warning"),
                                  tr("This folder holds no tokenizer vocabulary. Images can be embedded, prompts "
                                     "cannot: choose a vocabulary."),
                                  {},
                                  true});
    groups.push_back(std::move(findings));

    groups.push_back({tr("Model"),
                      {
                          fact(tr("Folder"), shown(card.path)),
                          fact(tr("Container"), containerText(config.container)),
                          fact(tr("Parameters"), tr("%1 (%2)").arg(countText(card.parameters), fromUtf8(card.dtype))),
                          fact(tr("Embedding"), tr("%1 dimensions").arg(countText(config.embedDim.value)),
                               config.embedDim.source),
                          fact(tr("Logit scale"), number(card.logitScale.value), card.logitScale.source),
                          fact(tr("Self-check"), card.selfCheck.passed ? tr("passed") : tr("not passed")),
                      }});

    if (!card.planted.empty())
        groups.push_back(plantedFacts(card.planted));

    const VisionConfig& vision = config.vision;
    FactSheet::Group image{tr("Image tower"),
                           {fact(tr("Architecture"), architectureText(config), vision.patchSize.source)}};
    for (auto& f : tower(vision.layers, vision.width, vision.heads, vision.mlpWidth, vision.activation,
                         vision.layerNormEps))
        image.facts.push_back(std::move(f));
    groups.push_back(std::move(image));

    const TextConfig& text = config.text;
    FactSheet::Group texts{tr("Text tower"), tower(text.layers, text.width, text.heads, text.mlpWidth, text.activation,
                                                   text.layerNormEps)};
    texts.facts.push_back(fact(tr("Feature read at"),
                               text.pooling.value == TextPooling::ArgMax
                                   ? tr("the largest token id")
                                   : tr("the first end-of-text token (%1)").arg(text.eosId.value),
                               text.pooling.source));
    groups.push_back(std::move(texts));

    groups.push_back({tr("Tokenizer"),
                      {
                          fact(tr("Rules"), rulesText(config.tokenizer)),
                          fact(tr("Vocabulary"), card.vocabulary.empty() ? tr("none found") : shown(card.vocabulary)),
                          fact(tr("Entries"), countText(text.vocabSize.value), text.vocabSize.source),
                          fact(tr("Context length"), tr("%1 tokens").arg(text.contextLength.value),
                               text.contextLength.source),
                      }});

    const Preprocessing& pixels = config.preprocessing;
    groups.push_back(
        {tr("Preprocessing"),
         {
             fact(tr("Size"), tr("%1 × %1 pixels").arg(pixels.size.value), pixels.size.source),
             fact(tr("Resizing"), interpolationText(pixels.interpolation.value), pixels.interpolation.source),
             fact(tr("Order"),
                  pixels.order.value == Preprocessing::Order::ResizeThenRgb ? tr("resize, crop, then RGB")
                                                                            : tr("RGB, then resize and crop"),
                  pixels.order.source),
             fact(tr("Centre crop"),
                  pixels.cropOffset.value == Preprocessing::CropOffset::RoundHalfEven
                      ? tr("offset rounded to the nearest pixel")
                      : tr("offset rounded down"),
                  pixels.cropOffset.source),
             fact(tr("Mean"), triple(pixels.mean.value), pixels.mean.source),
             fact(tr("Deviation"), triple(pixels.std.value), pixels.std.source),
         }});

    FactSheet::Group files{tr("Files and hashes"), {fact(tr("Content SHA-256"), fromUtf8(card.contentSha256))}};
    for (const ModelFile& file : card.files)
        files.facts.push_back(fact(shown(file.path), fromUtf8(file.sha256),
                                   QLocale().formattedDataSize(file.bytes, 1, QLocale::DataSizeTraditionalFormat)
                                       .toStdString()));
    groups.push_back(std::move(files));
    return groups;
}

} // namespace plumbline::ui
