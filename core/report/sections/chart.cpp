// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/numbers.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

// The chart's layout in pixels.
constexpr double kLabelWidth = 260, kChartWidth = 400, kVerdictWidth = 400, kLane = 9, kRowPadding = 19, kTop = 30,
                 kMark = 5, kCharacter = 7.2;
constexpr std::size_t kMostVerdict = 90; ///< characters

std::string px(double value) {
    return formatFixed(value, 1);
}

std::string css(unsigned rgb) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text = "#";
    for (int shift = 20; shift >= 0; shift -= 4)
        text += kDigits[rgb >> shift & 15];
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
    return "M" + px(x - kCircleRadius * kMark) + " " + px(y) + "a" + r + " " + r + " 0 1 0 " +
           px(2 * kCircleRadius * kMark) + " 0a" + r + " " + r + " 0 1 0 " + px(-2 * kCircleRadius * kMark) + " 0Z";
}

std::string arrowPath(bool left, double x, double y) {
    const double d = left ? 1 : -1;
    return polygon(x, y, {{0, 0}, {d * 2 * kMark, -kMark}, {d * 2 * kMark, kMark}});
}

/// What fits beside the chart.
std::string verdictOf(const Row& row) {
    return shorten(row.lean.text, kMostVerdict);
}

} // namespace

std::optional<Html> chartPicture(const PlumbChart& chart, const std::vector<const Measurement*>& measurements,
                                 const std::string& spoken) {
    Dictionary dictionary("chart");
    Dictionary* section = &dictionary;
    const Set set(section);
    set("CHART_TEXT", spoken);
    double bottom = kTop;
    for (const Row& row : chart.rows)
        bottom += kRowPadding + row.lanes * kLane;
    const auto x = [](double share) { return kLabelWidth + share * kChartWidth; };
    double verdictWidth = kVerdictWidth;
    for (const Row& row : chart.rows)
        verdictWidth = std::max(verdictWidth, 24 + kCharacter * static_cast<double>(verdictOf(row).size()));
    const double width = kLabelWidth + kChartWidth + verdictWidth;
    for (const Axis::Tick& tick : chart.axis.ticks) {
        const bool plumb = tick.skew == 0;
        values(section->AddSectionDictionary("TICK"))("X", px(x(tick.x)))("Y1", px(kTop))("Y2", px(bottom))("LABEL",
                                                                                                            tick.label)(
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
            "BAND_WIDTH", px(row.hasBand ? (row.bandHigh - row.bandLow) * kChartWidth : 0))(
            "BAND_HEIGHT", px(height - 8))("TEXT_Y", px(y + 4))("PROMPT", shorten(prompt, 36));
        for (const Mark& mark : row.marks) {
            const GroupStyle& style = chart.styles[mark.group];
            const std::string colour = css(paletteStroke(style.colour, false));
            const double markY = y + mark.offset * kLane;
            const bool left = mark.kind == Mark::Kind::Absent || mark.kind == Mark::Kind::BeyondLeft;
            Dictionary* drawn = section->AddSectionDictionary("MARK");
            values(drawn)("COLOUR", colour)("FILL", mark.leans ? css(paletteColour(style.colour, false)) : "#ffffff")(
                "PATH", left || mark.kind == Mark::Kind::BeyondRight ? arrowPath(left, x(mark.x), markY)
                                                                     : markPath(style.shape, x(mark.x), markY))(
                "TITLE",
                style.name + ": " + (mark.skew ? "skew " + formatFixed(*mark.skew, 2) : "absent from the top"));
            if (mark.lowX && mark.highX)
                values(drawn->AddSectionDictionary("INTERVAL"))("X1", px(x(*mark.lowX)))("X2", px(x(*mark.highX)))(
                    "Y", px(markY))("COLOUR", colour);
        }
        values(section->AddSectionDictionary("VERDICT"))("X", px(kLabelWidth + kChartWidth + 16))("Y", px(y + 4))(
            "LINE", verdictOf(row));
    }
    double at = kLabelWidth, line = bottom + 34;
    for (const GroupStyle& style : chart.styles) {
        const double wide = 36 + 7.5 * static_cast<double>(std::min<std::size_t>(style.name.size(), 24));
        if (at + wide > width) {
            at = kLabelWidth;
            line += 20;
        }
        values(section->AddSectionDictionary("LEGEND"))("PATH", markPath(style.shape, at, line))(
            "COLOUR", css(paletteColour(style.colour, false)))("X", px(at + 12))("Y", px(line + 4))(
            "NAME", shorten(style.name, 24));
        at += wide;
    }
    set("WIDTH", px(width))("HEIGHT", px(line + 16));
    return expand(Template::Chart, dictionary);
}

} // namespace plumbline::report
