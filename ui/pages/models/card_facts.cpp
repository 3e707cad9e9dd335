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
    switch (activation) {
    case Activation::QuickGelu: return tr("QuickGELU");
    case Activation::Gelu: return tr("GELU");
    case Activation::GeluTanh: return tr("GELU (tanh)");
    }
    return {};
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

QString cleaningText(TextCleaning cleaning) {
    switch (cleaning) {
    case TextCleaning::None: return tr("none");
    case TextCleaning::Whitespace: return tr("characters repaired, single blanks");
    case TextCleaning::Lower: return tr("characters repaired, single blanks, lower case");
    case TextCleaning::Canonicalize: return tr("characters repaired, single blanks, lower case, no punctuation");
    }
    return {};
}

QString poolingText(const VisionConfig& vision) {
    switch (vision.pooling.value) {
    case ImagePooling::ClassToken: return tr("the class token");
    case ImagePooling::Average: return tr("the mean of the patches");
    case ImagePooling::AttentionProbe: return tr("attention of one learned query");
    case ImagePooling::AttentionQuery:
        return tr("attention, the first of %1 learned queries").arg(vision.poolerQueries);
    case ImagePooling::AttentionMean: return tr("attention of the mean of all positions");
    }
    return {};
}

QString poolingText(const TextConfig& text) {
    switch (text.pooling.value) {
    case TextPooling::ArgMax: return tr("the largest token id");
    case TextPooling::FirstEos: return tr("the first end-of-text token (%1)").arg(text.eosId.value);
    case TextPooling::Last: return tr("the last position of the context");
    case TextPooling::ClassToken: return tr("a class token behind the text");
    }
    return {};
}

/// What sets a tower apart from CLIP's own, as one fact; none where nothing does.
void addUnusual(std::vector<Fact>& facts, const std::vector<std::pair<bool, QString>>& features) {
    QStringList unusual;
    for (const auto& [present, words] : features)
        if (present)
            unusual.append(words);
    if (!unusual.isEmpty())
        facts.push_back(fact(tr("Unlike CLIP's"), unusual.join(tr(", ", "between features of a network"))));
}

FactSheet::Group imageTower(const ModelConfig& config) {
    const VisionConfig& vision = config.vision;
    const bool resNet = vision.tower == ImageTower::ResNet;
    FactSheet::Group group{tr("Image tower"),
                           {fact(tr("Architecture"), architectureText(config), vision.patchSize.source),
                            fact(tr("Layers"), countText(vision.layers.value), vision.layers.source),
                            fact(tr("Width"), countText(vision.width.value), vision.width.source),
                            fact(tr("Heads"), countText(vision.heads.value), vision.heads.source)}};
    std::vector<Fact>& facts = group.facts;
    if (resNet) {
        facts.push_back(fact(tr("Activation"), tr("ReLU")));
        facts.push_back(fact(tr("Batch norm ε"), number(vision.layerNormEps.value), vision.layerNormEps.source));
    } else {
        facts.push_back(fact(tr("MLP width"), countText(vision.mlpWidth.value), vision.mlpWidth.source));
        facts.push_back(fact(tr("Activation"), activationText(vision.activation.value), vision.activation.source));
        facts.push_back(fact(tr("Layer norm ε"), number(vision.layerNormEps.value), vision.layerNormEps.source));
    }
    facts.push_back(fact(tr("Feature read at"), poolingText(vision), vision.pooling.source));
    addUnusual(facts, {{!resNet && !vision.classToken, tr("no class token")},
                       {!resNet && !vision.firstNorm, tr("no norm before the first layer")},
                       {vision.patchBias, tr("a bias of the patches")},
                       {vision.layerScale, tr("layer scale")},
                       {vision.finalNormAfterPool, tr("the last norm after pooling")},
                       {!vision.projection, tr("no projection")},
                       {vision.projectionBias, tr("a projection with a bias")}});
    return group;
}

FactSheet::Group textTower(const ModelConfig& config) {
    const TextConfig& text = config.text;
    FactSheet::Group group{tr("Text tower"),
                           {fact(tr("Layers"), countText(text.layers.value), text.layers.source),
                            fact(tr("Width"), countText(text.width.value), text.width.source),
                            fact(tr("Heads"), countText(text.heads.value), text.heads.source),
                            fact(tr("MLP width"), countText(text.mlpWidth.value), text.mlpWidth.source),
                            fact(tr("Activation"), activationText(text.activation.value), text.activation.source),
                            fact(tr("Layer norm ε"), number(text.layerNormEps.value), text.layerNormEps.source),
                            fact(tr("Feature read at"), poolingText(text), text.pooling.source)}};
    addUnusual(group.facts, {{!text.causal, tr("every position sees the whole context, padding included")},
                             {text.layerScale, tr("layer scale")},
                             {!text.projection, tr("no projection")},
                             {text.projectionBias, tr("a projection with a bias")}});
    return group;
}

FactSheet::Group tokenizer(const ModelCard& card) {
    const ModelConfig& config = card.config;
    FactSheet::Group group{tr("Tokenizer"), {}};
    const auto add = [&group](const QString& label, const QString& value, const std::string& source = {}) {
        group.facts.push_back(fact(label, value, source));
    };
    if (!card.tokenizerKind.empty())
        add(tr("Kind"), fromUtf8(card.tokenizerKind));
    add(tr("Read from"), card.vocabulary.empty() ? tr("none found") : shown(card.vocabulary));
    if (config.clipTokenizer) {
        add(tr("Rules"), rulesText(config.tokenizer));
    } else {
        add(tr("Trained with"), config.tokenizerName.empty() ? tr("another than CLIP's") : fromUtf8(config.tokenizerName));
        if (config.cleaning != TextCleaning::None)
            add(tr("Cleaning"), cleaningText(config.cleaning));
        if (config.stripSeparator)
            add(tr("Separators"), tr("become 0"));
    }
    add(tr("Entries"), countText(config.text.vocabSize.value), config.text.vocabSize.source);
    add(tr("Context length"), tr("%1 tokens").arg(config.text.contextLength.value), config.text.contextLength.source);
    return group;
}

FactSheet::Group preprocessing(const Preprocessing& pixels) {
    const bool stretched = pixels.resize.value == Preprocessing::Resize::Stretch;
    FactSheet::Group group{
        tr("Preprocessing"),
        {fact(tr("Size"), tr("%1 × %1 pixels").arg(pixels.size.value), pixels.size.source),
         fact(tr("Shape"), stretched ? tr("stretched to the square") : tr("shorter side fitted, centre cut out"),
              pixels.resize.source),
         fact(tr("Resizing"), interpolationText(pixels.interpolation.value), pixels.interpolation.source),
         fact(tr("Order"),
              pixels.order.value == Preprocessing::Order::ResizeThenRgb ? tr("resize, then RGB")
                                                                        : tr("RGB, then resize"),
              pixels.order.source)}};
    if (!stretched)
        group.facts.push_back(fact(tr("Centre crop"),
                                   pixels.cropOffset.value == Preprocessing::CropOffset::RoundHalfEven
                                       ? tr("offset rounded to the nearest pixel")
                                       : tr("offset rounded down"),
                                   pixels.cropOffset.source));
    group.facts.push_back(fact(tr("Mean"), triple(pixels.mean.value), pixels.mean.source));
    group.facts.push_back(fact(tr("Deviation"), triple(pixels.std.value), pixels.std.source));
    return group;
}

/// The first line of a licence; the rest opens.
Fact licence(const std::string& text) {
    constexpr int kMost = 120;
    const QString whole = fromUtf8(text).trimmed();
    if (whole.isEmpty())
        return fact(tr("Licence"), tr("none is named"));
    QString first = whole.section(u'\n', 0, 0).trimmed();
    if (first.size() > kMost)
        first = first.left(kMost).trimmed() + u'…';
    Fact result = fact(tr("Licence"), first);
    if (first != whole)
        result.whole = whole;
    return result;
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
    const QString notYet = tr("not computed yet");
    std::vector<FactSheet::Group> groups;

    FactSheet::Group findings{tr("To know"), {}};
    for (const auto* warnings : {&card.warnings, &config.warnings})
        for (const auto& warning : *warnings)
            findings.facts.push_back({tr("Warning"), fromUtf8(warning), {}, true});
    for (const auto& finding : card.selfCheck.findings)
        findings.facts.push_back({tr("Self-check"), fromUtf8(finding), {}, true});
    groups.push_back(std::move(findings));

    FactSheet::Group model{tr("Model"),
                           {fact(tr("Path"), shown(card.path)), fact(tr("Container"), containerText(config.container))}};
    if (!card.storage.empty())
        model.facts.push_back(fact(tr("Storage"), fromUtf8(card.storage)));
    model.facts.push_back(
        fact(tr("Parameters"), tr("%1 (%2)").arg(countText(card.parameters), fromUtf8(card.dtype))));
    model.facts.push_back(
        fact(tr("Embedding"), tr("%1 dimensions").arg(countText(config.embedDim.value)), config.embedDim.source));
    model.facts.push_back(fact(tr("Logit scale"), number(card.logitScale.value), card.logitScale.source));
    if (card.logitBias)
        model.facts.push_back(
            fact(tr("Logit bias"), tr("%1 (sigmoid loss)").arg(number(card.logitBias->value)), card.logitBias->source));
    if (config.captioner)
        model.facts.push_back(fact(tr("Caption decoder"), tr("beside the towers; it is not read")));
    model.facts.push_back(licence(card.licence));
    model.facts.push_back(fact(tr("Self-check"), !isChecked(card)        ? notYet
                                                 : card.selfCheck.passed ? tr("passed")
                                                                         : tr("not passed")));
    groups.push_back(std::move(model));

    if (!card.planted.empty())
        groups.push_back(plantedFacts(card.planted));
    groups.push_back(imageTower(config));
    groups.push_back(textTower(config));
    groups.push_back(tokenizer(card));
    groups.push_back(preprocessing(config.preprocessing));

    FactSheet::Group files{tr("Files and SHA-256"),
                           {fact(tr("Content"), isChecked(card) ? fromUtf8(card.contentSha256) : notYet)}};
    for (const ModelFile& file : card.files)
        files.facts.push_back(fact(shown(file.path), file.sha256.empty() ? notYet : fromUtf8(file.sha256),
                                   QLocale().formattedDataSize(file.bytes, 1, QLocale::DataSizeSIFormat)
                                       .toStdString()));
    groups.push_back(std::move(files));
    return groups;
}

} // namespace plumbline::ui
