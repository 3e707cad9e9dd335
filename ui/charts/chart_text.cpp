// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_text.h"

#include <cmath>

#include <QLocale>
#include <QStringList>

#include "core/base/numbers.h"

namespace plumbline::ui {
namespace {

/// What core/report says in English, for lupdate; a test compares the list with the one there.
[[maybe_unused]] constexpr const char* kTranslated[] = {
    QT_TRANSLATE_NOOP("PlumbChart", "leans towards {group}, {ratio} its share"),
    QT_TRANSLATE_NOOP("PlumbChart", "leans away from {group}, {ratio} its share"),
    QT_TRANSLATE_NOOP("PlumbChart", "leans away from {group}: none in the top {k}"),
    QT_TRANSLATE_NOOP("PlumbChart", "leans slightly towards {group}: scores differ by {gap}"),
    QT_TRANSLATE_NOOP("PlumbChart", "leans slightly away from {group}: scores differ by {gap}"),
    QT_TRANSLATE_NOOP("PlumbChart", "no lean found"),
    QT_TRANSLATE_NOOP("PlumbChart", "not enough evidence: too few images"),
    QT_TRANSLATE_NOOP("PlumbChart", "not enough evidence after correction"),
    QT_TRANSLATE_NOOP("PlumbChart", "not enough evidence that it is beyond the tolerance"),
    QT_TRANSLATE_NOOP("PlumbChart", "not applicable: only one group"),
    QT_TRANSLATE_NOOP("PlumbChart", "not applicable: nothing to measure"),
    QT_TRANSLATE_NOOP("PlumbChart", "being measured"),
    QT_TRANSLATE_NOOP("PlumbChart", "{group}, ×{strength}"),
    QT_TRANSLATE_NOOP("PlumbChart", "nothing"),
    QT_TRANSLATE_NOOP("PlumbChart", "found"),
    QT_TRANSLATE_NOOP("PlumbChart", "not found"),
    QT_TRANSLATE_NOOP("PlumbChart", "hangs plumb, as planted"),
    QT_TRANSLATE_NOOP("PlumbChart", "not enough evidence"),
    QT_TRANSLATE_NOOP("PlumbChart", "leans without planting (chance or residue)"),
    QT_TRANSLATE_NOOP(
        "PlumbChart",
        "Known truth: {found} of {planted} planted leans found; {plumb} of {others} prompts without one hang plumb."),
    QT_TRANSLATE_NOOP("PlumbChart", "Known truth: {found} of {planted} planted leans found."),
    QT_TRANSLATE_NOOP("PlumbChart", "Nothing was planted in this model: {plumb} of {others} prompts hang plumb."),
    QT_TRANSLATE_NOOP("PlumbChart",
                      "Known truth: nothing was planted by this attribute; {plumb} of {others} prompts hang plumb."),
    QT_TRANSLATE_NOOP("PlumbChart", "less than 0.01 ×"),
    QT_TRANSLATE_NOOP("PlumbChart", "half"),
    QT_TRANSLATE_NOOP("PlumbChart", "a third of"),
    QT_TRANSLATE_NOOP("PlumbChart", "a quarter of"),
    QT_TRANSLATE_NOOP("PlumbChart", "a fifth of"),
    QT_TRANSLATE_NOOP("PlumbChart", "a tenth of"),
    QT_TRANSLATE_NOOP("PlumbChart", "plumb"),
    QT_TRANSLATE_NOOP("PlumbChart", "half its share"),
    QT_TRANSLATE_NOOP("PlumbChart", "twice"),
    QT_TRANSLATE_NOOP("PlumbChart", "a third"),
    QT_TRANSLATE_NOOP("PlumbChart", "three times"),
    QT_TRANSLATE_NOOP("PlumbChart", "an eighth"),
    QT_TRANSLATE_NOOP("PlumbChart", "eight times"),
};

QString translated(std::string_view text) {
    return ChartWords::tr(std::string(text).c_str());
}

} // namespace

QString phraseText(const report::Phrase& phrase) {
    if (phrase.pattern.empty())
        return {};
    QString text = translated(phrase.pattern);
    for (const auto& [name, value] : phrase.args) {
        QString shown = QString::fromStdString(value);
        if (name == "ratio" || name == "gap")
            shown = translated(value); // "a third of"; numbers stay as they are
        text.replace(QLatin1Char('{') + QString::fromStdString(name) + QLatin1Char('}'), shown);
    }
    return text;
}

QString leanText(const report::Lean& lean) {
    const QString text = phraseText(lean.phrase);
    return lean.more > 0 ? text + ChartWords::tr(", and %1 more").arg(lean.more) : text;
}

QString strengthText(const PlantedLean& lean) {
    return QLocale().toString(lean.strength, 'f', lean.strength == std::round(lean.strength) ? 0 : 1);
}

QString plantedText(const report::PlantedView& view) {
    if (!view.known)
        return ChartWords::tr("What was planted here is not known.");
    const QString judgement = view.finding == report::PlantedView::Finding::Unknown
                                  ? ChartWords::tr("cannot be judged by this run")
                                  : phraseText(view.judgement());
    if (!view.lean)
        return ChartWords::tr("Planted: nothing – %1.").arg(judgement);
    return ChartWords::tr("Planted: %1, %2 times as often as the opposite group – %3.")
        .arg(QString::fromStdString(view.lean->favours), strengthText(*view.lean), judgement);
}

QString plantedWord(const report::PlantedView& view) {
    switch (view.finding) {
    case report::PlantedView::Finding::Found:
        return ChartWords::tr("found");
    case report::PlantedView::Finding::Missed:
        return ChartWords::tr("not found");
    case report::PlantedView::Finding::Plumb:
        return ChartWords::tr("plumb");
    case report::PlantedView::Finding::Leans:
        return ChartWords::tr("leans");
    case report::PlantedView::Finding::Unsure:
        return ChartWords::tr("not enough evidence");
    case report::PlantedView::Finding::Unknown:
        break;
    }
    return {};
}

QString tickText(const report::Axis::Tick& tick) {
    return translated(tick.label);
}

QString noValue() {
    return QStringLiteral("–");
}

/// What reads as zero has no sign.
static bool roundsToZero(double value, int decimals) {
    return std::abs(value) * std::pow(10, decimals) < 0.5;
}

QString numberText(std::optional<double> value, int decimals) {
    if (!value || !std::isfinite(*value))
        return noValue();
    const double shown = roundsToZero(*value, decimals) ? 0 : *value;
    QString text = QLocale().toString(shown, 'f', decimals);
    if (shown < 0)
        text.replace(QLocale().negativeSign(), QStringLiteral("\u2212"));
    return text;
}

QString signedText(std::optional<double> value, int decimals) {
    QString text = numberText(value, decimals);
    const bool plus = value && std::isfinite(*value) && *value > 0 && !roundsToZero(*value, decimals);
    return plus ? QLatin1Char('+') + text : text;
}

QString rangeText(std::optional<double> low, std::optional<double> high, bool withSign, int decimals) {
    const auto end = [&](std::optional<double> value) {
        return withSign ? signedText(value, decimals) : numberText(value, decimals);
    };
    if (!low && !high)
        return {};
    if (!low)
        return ChartWords::tr("up to %1").arg(end(high));
    if (!high)
        return ChartWords::tr("from %1").arg(end(low));
    return ChartWords::tr("%1 to %2", "an interval").arg(end(low), end(high));
}

QString shortRangeText(std::optional<double> low, std::optional<double> high, int decimals) {
    if (!low || !high || *low < 0 || *high < 0)
        return rangeText(low, high, false, decimals);
    return numberText(low, decimals) + QChar(u'–') + numberText(high, decimals);
}

QString percentText(double share) {
    const double percent = 100 * share;
    const bool whole = percent >= 9.95 || percent == 0;
    return ChartWords::tr("%1 %", "percent").arg(QLocale().toString(percent, 'f', whole ? 0 : 1));
}

QString pText(std::optional<double> p) {
    if (!p)
        return noValue();
    if (*p < 0.001)
        return ChartWords::tr("< %1", "a p-value").arg(QLocale().toString(0.001, 'f', 3));
    return QLocale().toString(*p, 'f', *p < 0.1 ? 3 : 2);
}

QString plainNumber(std::optional<double> value) {
    return value ? QString::fromStdString(formatDouble(*value)) : QString();
}

std::optional<double> correctedP(const report::Mark& mark, const GroupMeasure& group, Correction correction) {
    return correction == Correction::FalseDiscovery ? group.falseDiscovery : mark.adjustedP;
}

QString marksText(const report::PlumbChart& chart, const report::Row& row, const Measurement& measurement,
                  Correction correction) {
    QStringList lines;
    for (std::size_t i = 0; i < row.marks.size(); ++i) {
        const report::Mark& mark = row.marks[i];
        const GroupMeasure& group = measurement.groups[i];
        const QString name = QString::fromStdString(chart.styles[mark.group].name);
        QString line;
        if (mark.kind == report::Mark::Kind::Absent) {
            line = ChartWords::tr("%1: none in the top %2").arg(name).arg(measurement.kEffective);
        } else {
            line = ChartWords::tr("%1: skew %2, %3 of the top against %4 of the target")
                       .arg(name, signedText(group.skew), percentText(group.topShare), percentText(group.targetShare));
            if (const QString range = rangeText(group.ciLow, group.ciHigh, true); !range.isEmpty())
                line += ChartWords::tr(", 95 % interval %1").arg(range);
        }
        if (const QString band = rangeText(group.nullLow, group.nullHigh, true); !band.isEmpty())
            line += ChartWords::tr(", chance %1").arg(band);
        line += QStringLiteral(", ") + verdictText(mark.verdict, group.slight);
        if (const auto p = correctedP(mark, group, correction))
            line += ChartWords::tr(" (corrected p %1)").arg(pText(p));
        if (group.cliffsDelta)
            line += ChartWords::tr(", Cliff's delta of its scores %1").arg(signedText(group.cliffsDelta));
        lines << line;
    }
    return lines.join(QLatin1Char('\n'));
}

QString verdictText(Verdict verdict, bool slight) {
    switch (verdict) {
    case Verdict::Towards:
        return slight ? ChartWords::tr("leans slightly towards it") : ChartWords::tr("leans towards it");
    case Verdict::Away:
        return slight ? ChartWords::tr("leans slightly away") : ChartWords::tr("leans away");
    case Verdict::NoLean:
        return ChartWords::tr("no lean found");
    case Verdict::TooFewImages:
        return ChartWords::tr("not enough evidence: too few images");
    case Verdict::LostToCorrection:
        return ChartWords::tr("not enough evidence after correction");
    case Verdict::UnsureOfTolerance:
        return ChartWords::tr("not enough evidence that it is beyond the tolerance");
    case Verdict::NotApplicable:
        return ChartWords::tr("not applicable: only one group");
    case Verdict::Unjudged:
        break;
    }
    return noValue();
}

QString detectableText(const GroupMeasure& group) {
    const auto times = [](const std::optional<double>& ratio) { return numberText(ratio, *ratio < 10 ? 2 : 0); };
    if (group.detectableBelow && group.detectableAbove)
        return ChartWords::tr("< %1 × or > %2 ×").arg(times(group.detectableBelow), times(group.detectableAbove));
    if (group.detectableAbove)
        return ChartWords::tr("> %1 ×").arg(times(group.detectableAbove));
    return group.detectableBelow ? ChartWords::tr("< %1 ×").arg(times(group.detectableBelow)) : noValue();
}

QString targetText(Target::Kind target) {
    switch (target) {
    case Target::Kind::Pool:
        return ChartWords::tr("pool shares");
    case Target::Kind::Uniform:
        return ChartWords::tr("equal shares");
    case Target::Kind::Custom:
        return ChartWords::tr("given shares");
    case Target::Kind::Conditional:
        return ChartWords::tr("shares of the relevant images");
    }
    return {};
}

} // namespace plumbline::ui
