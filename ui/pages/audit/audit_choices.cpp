// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/audit/audit_choices.h"

#include <algorithm>

#include <QJsonArray>

#include "core/data/attribute_text.h"
#include "core/probe/probe_set.h"
#include "ui/bridge/json.h"
#include "ui/pages/audit/target_choice.h"

namespace plumbline::ui {

namespace {

std::vector<Family> usualFamilies() {
    std::vector<Family> families;
    for (const FamilyInfo& family : allFamilies())
        if (family.byDefault && !needsInput(family.family))
            families.push_back(family.family);
    return families;
}

QStringList textsOf(const QJsonValue& value) {
    QStringList texts;
    for (const QJsonValue each : value.toArray())
        texts << each.toString();
    return texts;
}

} // namespace

AuditChoices::AuditChoices() {
    others.families = usualFamilies();
}

AuditChoices AuditChoices::of(const AuditConfig& config, qint64 probe) {
    AuditChoices choices;
    choices.model = config.modelId;
    choices.images = config.imageSetId;
    choices.probe = probe;
    QStringList lines;
    if (probe == 0)
        for (const Prompt& prompt : probe::expand(config.probe))
            lines << fromUtf8(prompt.text);
    choices.prompts = lines.join(u'\n');
    choices.attributes.emplace();
    for (const std::string& text : config.attributes) {
        const auto parts = parseAttribute(text);
        if (!parts)
            continue;
        for (const AttributePart& part : *parts) {
            (parts->size() == 1 ? *choices.attributes : choices.crossed) << fromUtf8(part.name);
            if (!part.merges.empty())
                choices.merged << fromUtf8(formatAttribute({part}));
        }
    }
    choices.merged.removeDuplicates();
    choices.crossed.removeDuplicates(); // the form has one crossing
    choices.k = fromUtf8(formatK(config.measure.k));
    choices.target = TargetChoice::kindOf(config.measure.target);
    if (config.measure.target.kind == Target::Kind::Custom)
        choices.shares = config.measure.target;
    choices.relevance = fromUtf8(config.relevance);
    choices.measure = config.measure;
    choices.others = config.others;
    choices.precision = fromUtf8(config.precision);
    const MeasureOptions usual;
    choices.more = config.measure.seed != usual.seed || config.measure.correction != usual.correction ||
                   config.measure.level != usual.level || config.measure.tolerance != usual.tolerance ||
                   config.measure.minGroup != usual.minGroup || config.precision != "fp32";
    return choices;
}

QJsonObject AuditChoices::toJson() const {
    QStringList families, dimensions;
    for (const Family family : others.families)
        families << fromUtf8(std::string(familyName(family)));
    for (const std::string& dimension : others.dimensions)
        dimensions << fromUtf8(dimension);
    QJsonObject json{
        {QStringLiteral("model"), model},
        {QStringLiteral("images"), images},
        {QStringLiteral("probe"), probe},
        {QStringLiteral("prompts"), prompts},
        {QStringLiteral("merged"), QJsonArray::fromStringList(merged)},
        {QStringLiteral("crossed"), QJsonArray::fromStringList(crossed)},
        {QStringLiteral("k"), k},
        {QStringLiteral("target"), target},
        {QStringLiteral("table"), table},
        {QStringLiteral("relevance"), relevance},
        {QStringLiteral("definition"), fromUtf8(std::string(definitionName(measure.definition)))},
        {QStringLiteral("seed"), static_cast<qint64>(measure.seed)},
        {QStringLiteral("correction"), static_cast<int>(measure.correction)},
        {QStringLiteral("level"), measure.level},
        {QStringLiteral("tolerance"), measure.tolerance},
        {QStringLiteral("minGroup"), static_cast<qint64>(measure.minGroup)},
        {QStringLiteral("families"), QJsonArray::fromStringList(families)},
        {QStringLiteral("sets"), fromUtf8(others.sets)},
        {QStringLiteral("classes"), fromUtf8(others.classes)},
        {QStringLiteral("dimensions"), QJsonArray::fromStringList(dimensions)},
        {QStringLiteral("captions"), fromUtf8(others.captions)},
        {QStringLiteral("precision"), precision},
        {QStringLiteral("more"), more},
    };
    if (shares) {
        QJsonArray all;
        for (const auto& [group, share] : shares->shares)
            all.append(QJsonObject{{QStringLiteral("group"), fromUtf8(group)}, {QStringLiteral("share"), share}});
        for (const ConceptShares& entry : shares->byConcept)
            for (const auto& [group, share] : entry.shares)
                all.append(QJsonObject{{QStringLiteral("concept"), fromUtf8(entry.concept_)},
                                       {QStringLiteral("group"), fromUtf8(group)},
                                       {QStringLiteral("share"), share}});
        json.insert(QStringLiteral("shares"), all);
    }
    if (attributes)
        json.insert(QStringLiteral("attributes"), QJsonArray::fromStringList(*attributes));
    return json;
}

AuditChoices AuditChoices::fromJson(const QJsonObject& json) {
    AuditChoices choices;
    choices.model = json.value(u"model").toInteger();
    choices.images = json.value(u"images").toInteger();
    choices.probe = json.value(u"probe").toInteger();
    choices.prompts = json.value(u"prompts").toString();
    for (const QJsonValue each : json.value(u"shares").toArray()) {
        if (!choices.shares)
            choices.shares = Target{Target::Kind::Custom, {}, {}};
        const std::pair share(each[u"group"].toString().toStdString(), each[u"share"].toDouble());
        const std::string concept_ = each[u"concept"].toString().toStdString();
        std::vector<ConceptShares>& all = choices.shares->byConcept;
        if (concept_.empty()) {
            choices.shares->shares.push_back(share);
            continue;
        }
        auto entry = std::ranges::find(all, concept_, &ConceptShares::concept_);
        if (entry == all.end())
            entry = all.insert(all.end(), ConceptShares{concept_, {}});
        entry->shares.push_back(share);
    }
    if (json.contains(u"attributes"))
        choices.attributes = textsOf(json.value(u"attributes"));
    choices.merged = textsOf(json.value(u"merged"));
    choices.crossed = textsOf(json.value(u"crossed"));
    choices.k = json.value(u"k").toString(choices.k);
    choices.target = json.value(u"target").toString();
    choices.table = json.value(u"table").toString();
    choices.relevance = json.value(u"relevance").toString();
    MeasureOptions& measure = choices.measure;
    measure.definition =
        definitionFromName(json.value(u"definition").toString().toStdString()).value_or(measure.definition);
    measure.seed = static_cast<std::uint64_t>(std::max<qint64>(0, json.value(u"seed").toInteger()));
    measure.correction = static_cast<Correction>(json.value(u"correction").toInt(static_cast<int>(measure.correction)));
    measure.level = json.value(u"level").toDouble(measure.level);
    measure.tolerance = json.value(u"tolerance").toDouble(measure.tolerance);
    measure.minGroup = json.value(u"minGroup").toInteger(measure.minGroup);
    if (json.contains(u"families")) {
        choices.others.families.clear();
        for (const QString& name : textsOf(json.value(u"families")))
            if (const auto family = familyFromName(name.toStdString()))
                choices.others.families.push_back(*family);
    }
    choices.others.sets = json.value(u"sets").toString().toStdString();
    choices.others.classes = json.value(u"classes").toString().toStdString();
    for (const QString& dimension : textsOf(json.value(u"dimensions")))
        choices.others.dimensions.push_back(dimension.toStdString());
    choices.others.captions = json.value(u"captions").toString().toStdString();
    choices.precision = json.value(u"precision").toString(choices.precision);
    choices.more = json.value(u"more").toBool();
    return choices;
}

} // namespace plumbline::ui
