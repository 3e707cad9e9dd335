// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/html_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <ctemplate/template.h>

#include "core/base/numbers.h"
#include "core/data/family.h"
#include "core/metric/verdict.h"
#include "core/report/measure_order.h"
#include "core/report/plumb_chart.h"
#include "core/report/ranking_table.h"
#include "core/report/remarks.h"
#include "embedded/report_templates.h"

namespace plumbline::report {

namespace {

using Dictionary = ctemplate::TemplateDictionary;

// The chart's layout in pixels.
constexpr double kLabelWidth = 260, kChartWidth = 400, kVerdictWidth = 400, kLane = 9, kRowPadding = 19, kTop = 30, kMark = 5;

std::string px(double value) {
    return formatFixed(value, 1);
}

std::string number(const std::optional<double>& value, int decimals = 3) {
    return value ? formatFixed(*value, decimals) : "–";
}

std::string interval(const std::optional<double>& low, const std::optional<double>& high, int decimals = 3) {
    if (!low && !high)
        return "–";
    return (low ? formatFixed(*low, decimals) : "−∞") + " to " + (high ? formatFixed(*high, decimals) : "∞");
}

std::string css(unsigned rgb) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text = "#";
    for (int shift = 20; shift >= 0; shift -= 4)
        text += kDigits[rgb >> shift & 15];
    return text;
}

std::string shorten(const std::string& text, std::size_t characters) {
    std::size_t seen = 0;
    for (std::size_t i = 0; i < text.size(); ++i)
        if ((text[i] & 0xC0) != 0x80 && seen++ == characters)
            return text.substr(0, i) + "…";
    return text;
}

std::string polygon(double x, double y, const std::vector<std::pair<double, double>>& corners) {
    std::string path;
    for (const auto& [dx, dy] : corners)
        path += (path.empty() ? "M" : "L") + px(x + dx) + " " + px(y + dy);
    return path + "Z";
}

std::string markPath(MarkShape shape, double x, double y) {
    std::vector<std::pair<double, double>> outline = markOutline(shape);
    for (auto& [dx, dy] : outline) {
        dx *= kMark;
        dy *= kMark;
    }
    if (!outline.empty())
        return polygon(x, y, outline);
    const std::string r = px(kCircleRadius * kMark);
    return "M" + px(x - kCircleRadius * kMark) + " " + px(y) + "a" + r + " " + r + " 0 1 0 " + px(2 * kCircleRadius * kMark) +
           " 0a" + r + " " + r + " 0 1 0 " + px(-2 * kCircleRadius * kMark) + " 0Z";
}

std::string arrowPath(bool left, double x, double y) {
    const double d = left ? 1 : -1;
    return polygon(x, y, {{0, 0}, {d * 2 * kMark, -kMark}, {d * 2 * kMark, kMark}});
}

class Set {
public:
    explicit Set(Dictionary* dictionary) : m_dictionary(dictionary) {}
    const Set& operator()(const char* name, const std::string& value) const {
        m_dictionary->SetValue(name, value); // copied
        return *this;
    }

private:
    Dictionary* m_dictionary;
};

Set values(Dictionary* dictionary) {
    return Set(dictionary);
}

void addChart(Dictionary* section, const PlumbChart& chart, const std::vector<const Measurement*>& measurements) {
    const Set set(section);
    double bottom = kTop;
    for (const Row& row : chart.rows)
        bottom += kRowPadding + row.lanes * kLane;
    const auto x = [](double share) { return kLabelWidth + share * kChartWidth; };
    const double width = kLabelWidth + kChartWidth + kVerdictWidth;
    for (const Axis::Tick& tick : chart.axis.ticks) {
        const bool plumb = tick.skew == 0;
        values(section->AddSectionDictionary("TICK"))("X", px(x(tick.x)))("Y1", px(kTop))("Y2", px(bottom))("LABEL", tick.label)(
            "LABEL_Y", px(kTop - 10))("STROKE", plumb ? "#1d1d1b" : "#d5d5d0")("LINE_WIDTH", plumb ? "1.2" : "1");
        if (plumb)
            set("PLUMB_X", px(x(tick.x)))("PLUMB_Y1", px(kTop))("PLUMB_Y2", px(bottom + 8))(
                "BOB", polygon(x(tick.x), bottom + 8, {{-4, 0}, {4, 0}, {0, 9}}));
    }
    double top = kTop;
    for (const Row& row : chart.rows) {
        const Measurement& measurement = *measurements[row.measurement];
        const double height = kRowPadding + row.lanes * kLane, y = top + height / 2;
        top += height;
        const std::string prompt = measurement.prompt.value_or("(scores)");
        values(section->AddSectionDictionary("ROW"))("BAND_X", px(x(row.bandLow)))("BAND_Y", px(y - height / 2 + 4))(
            "BAND_WIDTH", px(row.hasBand ? (row.bandHigh - row.bandLow) * kChartWidth : 0))("BAND_HEIGHT", px(height - 8))(
            "TEXT_Y", px(y + 4))("PROMPT", shorten(prompt, 36));
        for (const Mark& mark : row.marks) {
            const GroupStyle& style = chart.styles[mark.group];
            const std::string colour = css(paletteStroke(style.colour, false));
            const double markY = y + mark.offset * kLane;
            const bool left = mark.kind == Mark::Kind::Absent || mark.kind == Mark::Kind::BeyondLeft;
            Dictionary* drawn = section->AddSectionDictionary("MARK");
            values(drawn)("COLOUR", colour)("FILL", mark.leans ? css(paletteColour(style.colour, false)) : "#ffffff")(
                "PATH", left || mark.kind == Mark::Kind::BeyondRight ? arrowPath(left, x(mark.x), markY)
                                                                     : markPath(style.shape, x(mark.x), markY))(
                "TITLE", style.name + ": " + (mark.skew ? "skew " + formatFixed(*mark.skew, 2) : "absent from the top"));
            if (mark.lowX && mark.highX)
                values(drawn->AddSectionDictionary("INTERVAL"))("X1", px(x(*mark.lowX)))("X2", px(x(*mark.highX)))("Y", px(markY))(
                    "COLOUR", colour);
        }
        values(section->AddSectionDictionary("VERDICT"))("X", px(kLabelWidth + kChartWidth + 16))("Y", px(y + 4))("LINE", row.lean.text);
    }
    double at = kLabelWidth, line = bottom + 34;
    for (const GroupStyle& style : chart.styles) {
        const double wide = 36 + 7.5 * static_cast<double>(std::min<std::size_t>(style.name.size(), 24));
        if (at + wide > width) {
            at = kLabelWidth;
            line += 20;
        }
        values(section->AddSectionDictionary("LEGEND"))("PATH", markPath(style.shape, at, line))(
            "COLOUR", css(paletteColour(style.colour, false)))("X", px(at + 12))("Y", px(line + 4))("NAME", shorten(style.name, 24));
        at += wide;
    }
    set("WIDTH", px(width))("HEIGHT", px(line + 16));
}

std::string pText(const std::optional<double>& p) {
    return p && *p < 0.0005 ? "< .001" : number(p);
}

std::string percent(const std::optional<double>& share) {
    return share ? formatFixed(*share * 100, 1) + " %" : "–";
}

std::string verdictText(const GroupMeasure& group) {
    const std::string how = group.slight ? "slightly " : "";
    switch (group.verdict) {
    case Verdict::Towards:
        return "leans " + how + "towards";
    case Verdict::Away:
        return "leans " + how + "away";
    case Verdict::NoLean:
        return "no lean found";
    case Verdict::TooFewImages:
    case Verdict::LostToCorrection:
    case Verdict::UnsureOfTolerance:
        return "not enough evidence";
    case Verdict::NotApplicable:
        return "not applicable";
    case Verdict::Unjudged:
        break;
    }
    return "–";
}

/// "< 0.60 × or > 1.50 ×"
std::string detectableText(const GroupMeasure& group) {
    std::string text;
    if (group.detectableBelow)
        text = "< " + formatFixed(*group.detectableBelow, 2) + " ×";
    if (group.detectableAbove)
        text += (text.empty() ? "> " : " or > ") + formatFixed(*group.detectableAbove, 2) + " ×";
    return text.empty() ? "nothing" : text;
}

std::string count(std::size_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
}

/// A table in two parts: what is read first, and the rest, which opens with a click.
class Parts {
public:
    Parts(Dictionary* section, const char* name, std::size_t rows, std::size_t shown, const std::string& caption)
        : m_shown(rows > shown + kWorthFolding ? shown : rows) {
        m_first = section->AddSectionDictionary(name);
        values(m_first->AddSectionDictionary("CAPTION"))("LINE", caption);
        if (m_shown == rows)
            return;
        m_rest = section->AddSectionDictionary(name);
        values(m_rest->AddSectionDictionary("FOLD"))("SUMMARY", count(rows - m_shown, "more row", "more rows"));
        m_rest->ShowSection("FOLDED");
    }
    /// The next row.
    Dictionary* row(const char* name) { return (m_given++ < m_shown ? m_first : m_rest)->AddSectionDictionary(name); }
    Dictionary* first() const { return m_first; }
    Dictionary* rest() const { return m_rest; }

private:
    static constexpr std::size_t kWorthFolding = 4; ///< fewer more are no reason for a click
    Dictionary* m_first;
    Dictionary* m_rest = nullptr;
    std::size_t m_shown, m_given = 0;
};

/// Prompts of which every number is in sight: those that lean, and at least a few.
std::size_t promptsInSight(const std::vector<Row>& rows) {
    constexpr std::ptrdiff_t kFew = 4, kMany = 10;
    const auto leaning = std::ranges::count_if(
        rows, [](const Row& row) { return row.lean.kind == Lean::Kind::Leans || row.lean.kind == Lean::Kind::Slight; });
    return static_cast<std::size_t>(std::clamp(leaning, kFew, kMany));
}

/// `rows`: of the chart, in the order of `measurements`.
void addTables(Dictionary* section, const std::vector<const Measurement*>& measurements, const std::vector<Row>& rows,
               Correction correction) {
    const bool falseDiscovery = correction == Correction::FalseDiscovery;
    const std::size_t prompts = promptsInSight(rows);
    std::size_t groups = 0, inSight = 0;
    for (std::size_t i = 0; i < measurements.size(); ++i) {
        groups += measurements[i]->groups.size();
        inSight += i < prompts ? measurements[i]->groups.size() : 0;
    }
    Parts cells(section, "CELLS", groups, inSight, "Every number of the chart, and what each lean rests on");
    Parts gaps(
        section, "GAPS", groups, inSight,
        "How much the scores differ: the gap of mean scores between a group and all others, and Cliff’s delta (0: no "
        "difference, 1 or −1: no overlap)");
    Parts summaries(section, "MEASURES", measurements.size(), prompts, "Summary measures of each prompt");
    for (Dictionary* part : {cells.first(), cells.rest()})
        if (part != nullptr)
            values(part)("CORRECTED", falseDiscovery ? "p, FDR" : "p, Holm");
    for (const Measurement* m : measurements) {
        const std::string prompt = m->prompt.value_or("(scores)");
        for (const GroupMeasure& g : m->groups) {
            values(cells.row("CELL"))("PROMPT", prompt)("GROUP", g.name)("POOL", std::to_string(g.poolCount))(
                "TOP", std::to_string(g.topCount))("SKEW", number(g.skew))("INTERVAL", interval(g.ciLow, g.ciHigh, 2))(
                "CHANCE", interval(g.nullLow, g.nullHigh, 2))("P", pText(g.pValue))(
                "HOLM", pText(falseDiscovery ? g.falseDiscovery : g.adjustedP))("VERDICT", verdictText(g))(
                "SURE", leans(g.verdict) ? "sure" : "unsure")("DETECTABLE", detectableText(g));
            values(gaps.row("GAP_ROW"))("PROMPT", prompt)("GROUP", g.name)("GAP", formatFixed(g.gap, 4))(
                "GAP_INTERVAL", interval(g.gapLow, g.gapHigh, 4))("GAP_LOGITS", number(g.gapInLogits, 2))(
                "GAP_SD", number(g.gapInSd, 2))("DELTA", number(g.cliffsDelta, 2));
        }
        values(summaries.row("MEASURE"))("PROMPT", prompt)("MAX", number(m->maxSkew.value))(
            "MAX_INTERVAL", interval(m->maxSkew.ciLow, m->maxSkew.ciHigh, 2))("MAX_MEAN", number(m->maxSkew.nullMean))(
            "MAX_P95", number(m->maxSkew.nullP95))("MAX_P", pText(m->maxSkew.pValue))("NEUTRAL",
                                                                                      number(m->maxSkew.neutral))(
            "MIN", m->minSkew.value ? number(m->minSkew.value) : "≤ " + number(m->minSkew.atMost))(
            "MIN_INTERVAL", interval(m->minSkew.ciLow, m->minSkew.ciHigh, 2))("NDKL", number(m->ndkl.value))(
            "NDKL_INTERVAL", interval(m->ndkl.ciLow, m->ndkl.ciHigh, 2))("NDKL_P95", number(m->ndkl.nullP95))(
            "EXPLAINED", percent(m->explained))("SPREAD", number(m->relativeSpread, 2));
    }
}

/// "Means over the prompts"; what is of no family stands under the name of all.
std::string familyTitle(const MeasureTable& table) {
    const auto family = familyFromName(table.kind);
    if (table.id == "ranking_numbers")
        return "Rankings";
    return family ? std::string(std::ranges::find(allFamilies(), *family, &FamilyInfo::family)->title)
                  : "Other measures";
}

void addMeasureTable(Dictionary* section, const MeasureTable& table, const std::string& id, double level) {
    values(section)("TITLE", table.title)("ID", id)("DEFINITION", table.definition)("SOURCE", table.source);
    const MeasureOrder order = readingOrder(table, level);
    std::string caption;
    if (order.tested > 0)
        caption = std::to_string(order.found) + " of " + count(order.tested, "test is", "tests are") +
                  " significant after correction" +
                  (order.found > 0 && table.rows.size() > kGlance ? "; they come first. " : ". ");
    if (!table.family.empty())
        caption += "Corrected together: " + table.family + ". ";
    Parts parts(section, "PART", order.rows.size(), kGlance, caption + "n counts " + table.countOf + ".");
    for (Dictionary* part : {parts.first(), parts.rest()})
        for (std::size_t k = 0; part != nullptr && k < table.keys.size(); ++k)
            values(part->AddSectionDictionary("KEY"))("NAME", table.keys[k]);
    for (const std::size_t index : order.rows) {
        const MeasureRow& row = table.rows[index];
        Dictionary* line = parts.row("LINE");
        for (const std::string& key : row.keys)
            values(line->AddSectionDictionary("LINE_KEY"))("VALUE", key.empty() ? "all" : key);
        const MetricValue& v = row.value;
        std::string measure = row.measure;
        std::ranges::replace(measure, '_', ' ');
        const bool sure = row.enough && v.adjustedP && *v.adjustedP <= level;
        values(line)("MEASURE", measure)("VALUE", number(v.value))("INTERVAL", interval(v.ciLow, v.ciHigh, 3))(
            "NULL_MEAN", number(v.nullMean))("NULL_P95", number(v.nullP95))("P", pText(v.pValue))(
            "HOLM", row.enough || !v.pValue ? pText(v.adjustedP) : "not enough evidence")("N", std::to_string(row.n))(
            "SURE", sure ? "sure" : "unsure");
    }
    for (const std::string& warning : table.warnings)
        values(section->AddSectionDictionary("TABLE_WARNING"))("LINE", warning);
}

/// The tables under their families, each with a line of the contents.
void addOthers(Dictionary& page, const std::vector<MeasureTable>& tables, double level) {
    Dictionary* family = nullptr;
    Dictionary* contents = nullptr;
    std::string title;
    std::size_t families = 0, number = 0;
    for (const MeasureTable& table : tables) {
        if (const std::string own = familyTitle(table); family == nullptr || own != title) {
            title = own;
            const std::string id = "measures-" + std::to_string(++families);
            family = page.AddSectionDictionary("FAMILY_OF_TABLES");
            values(family)("TITLE", title)("ID", id);
            contents = page.AddSectionDictionary("CONTENTS");
            values(contents)("TITLE", title)("ID", id);
        }
        const std::string id = "table-" + std::to_string(++number);
        addMeasureTable(family->AddSectionDictionary("TABLE"), table, id, level);
        values(contents->AddSectionDictionary("CONTENTS_TABLE"))("TITLE", table.title)("ID", id);
    }
}

/// The prompts that lean, the surest first: the group, the skew and its interval.
void addFindings(Dictionary* summary, const PlumbChart& chart, const std::vector<const Measurement*>& sorted) {
    constexpr std::size_t kFindings = 6;
    std::size_t given = 0, left = 0;
    for (std::size_t i = 0; i < chart.rows.size(); ++i) {
        const Row& row = chart.rows[i];
        if (row.lean.kind != Lean::Kind::Leans && row.lean.kind != Lean::Kind::Slight)
            continue;
        if (given == kFindings) {
            ++left;
            continue;
        }
        ++given;
        std::string line = sorted[i]->prompt.value_or("(scores)") + ": " + row.lean.text;
        const std::string& name = chart.styles[row.lean.group].name;
        const auto group = std::ranges::find(sorted[i]->groups, name, &GroupMeasure::name);
        if (group != sorted[i]->groups.end() && group->skew)
            line += " (skew " + formatFixed(*group->skew, 2) + ", 95 % interval " +
                    interval(group->ciLow, group->ciHigh, 2) +
                    (group->gapInSd ? ", mean scores " + formatFixed(std::abs(*group->gapInSd), 1) + " sd apart" : "") + ")";
        values(summary->AddSectionDictionary("FINDING"))("LINE", line);
    }
    if (left > 0)
        values(summary->AddSectionDictionary("FINDING"))("LINE", "and " + count(left, "more", "more"));
}

} // namespace

Result<std::string> htmlReport(const AuditResult& result) {
    Dictionary page("audit");
    const Set set(&page);
    const AuditConfig& config = result.config;
    const RunProvenance& provenance = result.provenance;
    const std::string model = provenance.modelName.empty() ? "a model" : provenance.modelName;
    set("TITLE", "Audit of " + model)("SUBTITLE", count(static_cast<std::size_t>(result.images), "image", "images") + ", " +
                                                      count(result.prompts.size(), "prompt", "prompts") + ", " + provenance.finished);

    std::vector<std::string> warnings = result.warnings;
    std::vector<MeasureTable> further;
    std::size_t attributes = 0;
    for (const std::string& attribute : config.attributes) {
        std::vector<const Measurement*> measurements;
        for (const Measurement& measurement : result.measurements)
            if (measurement.attribute == attribute)
                measurements.push_back(&measurement);
        if (measurements.empty())
            continue;
        std::vector<std::string> groups;
        for (const GroupMeasure& group : measurements.front()->groups)
            groups.push_back(group.name);
        PlumbChart chart = layOut(measurements, groups);
        std::ranges::stable_sort(chart.rows, std::ranges::greater{}, [](const Row& row) { return row.lean.strength; });
        const auto ofKind = [&](Lean::Kind kind) {
            return static_cast<std::size_t>(std::ranges::count(chart.rows, kind, [](const Row& row) { return row.lean.kind; }));
        };
        const std::string summary = count(ofKind(Lean::Kind::Leans), "prompt leans", "prompts lean") + ", " +
                                    count(ofKind(Lean::Kind::Slight), "leans", "lean") + " slightly, " +
                                    count(ofKind(Lean::Kind::NoLean), "shows", "show") + " no lean, " +
                                    std::to_string(ofKind(Lean::Kind::NotEnough)) + " not enough evidence.";
        const std::string id = "attribute-" + std::to_string(++attributes);
        Dictionary* summed = page.AddSectionDictionary("SUMMARY");
        values(summed)("LINE", summary)("NAME", attribute)("ID", id);
        values(page.AddSectionDictionary("CONTENTS"))("TITLE", "By " + attribute)("ID", id);
        Dictionary* section = page.AddSectionDictionary("ATTRIBUTE");
        std::string spoken = summary;
        for (const Row& row : chart.rows)
            spoken += " " + measurements[row.measurement]->prompt.value_or("(scores)") + ": " + row.lean.text + ".";
        const Measurement& first = *measurements.front();
        values(section)("NAME", attribute)("ID", id)("CHART_TEXT", spoken)(
            "CAPTION", std::to_string(first.n) + " images, the first " + std::to_string(first.kEffective) +
                           " of each ranking. " + summary);
        addChart(section, chart, measurements);
        std::vector<const Measurement*> sorted;
        for (const Row& row : chart.rows)
            sorted.push_back(measurements[row.measurement]);
        addTables(section, sorted, chart.rows, config.measure.correction);
        addFindings(summed, chart, sorted);
        if (MeasureTable table = rankingTable(result.measurements, attribute); !table.rows.empty())
            further.push_back(std::move(table));
        addRemarks(measurements, attribute, warnings);
    }
    std::vector<MeasureTable> tables = result.tables;
    tables.insert(tables.end(), further.begin(), further.end());
    addOthers(page, tables, config.measure.level);
    if (!warnings.empty()) {
        Dictionary* section = page.AddSectionDictionary("WARNINGS");
        for (const std::string& warning : warnings)
            values(section->AddSectionDictionary("WARNING"))("LINE", warning);
    }

    const ScoreKind score = scoreKind(config.measure.definition);
    set("SCORE", score == ScoreKind::Cosine        ? "the cosine between prompt and image"
                 : score == ScoreKind::DotRawImage ? "the dot product of the unit-length prompt with the raw image embedding"
                                                   : "the softmax over all prompts of 100 times the cosine")(
        "DEFINITION", std::string(definitionName(config.measure.definition)))(
        "TARGET", config.measure.target.kind == Target::Kind::Pool      ? "the shares of the pool"
                  : config.measure.target.kind == Target::Kind::Uniform ? "the same share for every group"
                  : config.measure.target.kind == Target::Kind::Conditional ? "the shares among the images that are relevant to the prompt"
                  : !config.measure.target.byConcept.empty() ? "shares given by the auditor, for each concept its own"
                                                                        : "shares given by the auditor")(
        "FAMILY", metric::familyText(result.measurements, config.measure))("MIN_GROUP", std::to_string(config.measure.minGroup))(
        "SLIGHT", formatDouble(config.measure.slightGap))("K", formatK(config.measure.k))("NULL_DRAWS", std::to_string(config.measure.nullDraws))(
        "BOOTSTRAP_DRAWS", std::to_string(config.measure.bootstrapDraws))("SEED", std::to_string(config.measure.seed));
    const std::array<std::pair<const char*, std::string>, 13> facts{{{"Program", provenance.program},
                                                                     {"Model", config.modelPath},
                                                                     {"Model, SHA-256", provenance.modelSha256},
                                                                     {"Preprocessing", provenance.preprocessing},
                                                                     {"Images, SHA-256", provenance.imagesSha256},
                                                                     {"Labels, SHA-256", provenance.labelsSha256},
                                                                     {"Probe", config.probe.name + " " + config.probe.version},
                                                                     {"Probe, SHA-256", provenance.probeSha256},
                                                                     {"Precision", provenance.precision},
                                                                     {"Libraries", provenance.libraries},
                                                                     {"Machine", provenance.host},
                                                                     {"Began", provenance.started},
                                                                     {"Ended", provenance.finished}}};
    for (const auto& [name, value] : facts)
        if (!value.empty())
            values(page.AddSectionDictionary("FACT"))("NAME", name)("VALUE", value);

    const std::unique_ptr<ctemplate::Template> parsed(ctemplate::Template::StringToTemplate(
        embedded::report_templates[0].data(), embedded::report_templates[0].size(), ctemplate::DO_NOT_STRIP));
    std::string html;
    if (!parsed || !parsed->Expand(&html, &page))
        return fail(ErrorCode::Internal, {}, "the built-in report template cannot be expanded");
    return html;
}

} // namespace plumbline::report
