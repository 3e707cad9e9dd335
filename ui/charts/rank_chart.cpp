// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/rank_chart.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <QLocale>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/charts/qcp.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

QVector<double> asVector(const std::vector<double>& values) {
    return {values.begin(), values.end()};
}
QVector<double> asVector(const std::vector<std::int64_t>& values) {
    return {values.begin(), values.end()};
}

/// The area between two curves.
void drawBand(QCustomPlot& plot, const QVector<double>& keys, const std::vector<double>& low,
              const std::vector<double>& high, const QColor& colour) {
    if (low.empty() || high.empty())
        return;
    QCPGraph* lower = plot.addGraph();
    QCPGraph* upper = plot.addGraph();
    for (QCPGraph* graph : {lower, upper}) {
        graph->setPen(Qt::NoPen);
        graph->setLayer(QStringLiteral("background"));
    }
    lower->setData(keys, asVector(low), true);
    upper->setData(keys, asVector(high), true);
    upper->setBrush(colour);
    upper->setChannelFillGraph(lower);
}

/// Words at the right end of a line, moved apart where they would overlap.
struct EndLabel {
    double y;
    QString text;
    QColor colour;
};
void drawEndLabels(QCustomPlot& plot, std::vector<EndLabel> labels, const QFont& font, int plotHeight) {
    const QFontMetrics metrics(font);
    int width = 0;
    for (const EndLabel& label : labels)
        width = std::max(width, metrics.horizontalAdvance(label.text));
    plot.axisRect()->setAutoMargins(QCP::msLeft | QCP::msTop | QCP::msBottom);
    plot.axisRect()->setMargins(QMargins(0, 8, width + 14, 0));

    std::stable_sort(labels.begin(), labels.end(), [](const EndLabel& a, const EndLabel& b) { return a.y < b.y; });
    const double room = plot.yAxis->range().size() * metrics.height() / std::max(40, plotHeight - 50);
    for (std::size_t i = 1; i < labels.size(); ++i)
        labels[i].y = std::max(labels[i].y, labels[i - 1].y + room);
    // What was pushed out at the top comes back down, and pushes the ones below it.
    double limit = plot.yAxis->range().upper;
    for (std::size_t i = labels.size(); i-- > 0;) {
        labels[i].y = std::min(labels[i].y, limit);
        limit = labels[i].y - room;
    }
    for (const EndLabel& label : labels) {
        auto* text = new QCPItemText(&plot);
        text->setClipToAxisRect(false);
        text->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        text->position->setTypeY(QCPItemPosition::ptPlotCoords);
        text->position->setCoords(1, label.y);
        text->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        text->setPadding(QMargins(6, 0, 0, 0));
        text->setFont(font);
        text->setColor(label.colour);
        text->setText(label.text);
    }
}

} // namespace

RankChart::RankChart(What what, QWidget* parent) : PlotChart(parent), m_what(what) {
}

void RankChart::setCurve(std::shared_ptr<const RankCurve> curve, const std::vector<report::GroupStyle>& styles,
                         int focus, const QString& prompt) {
    m_curve = std::move(curve);
    m_styles = styles;
    m_focus = focus;
    m_prompt = prompt;
    m_message.clear();
    refresh();
}

void RankChart::setMessage(const QString& message) {
    m_curve.reset();
    m_message = message;
    refresh();
}

const report::GroupStyle* RankChart::styleOf(const std::string& group) const {
    const auto style =
        std::find_if(m_styles.begin(), m_styles.end(), [&](const auto& each) { return each.name == group; });
    return style == m_styles.end() ? nullptr : &*style;
}

std::size_t RankChart::focusGroup() const {
    if (m_curve && m_focus >= 0 && m_focus < static_cast<int>(m_styles.size()))
        for (std::size_t i = 0; i < m_curve->groups.size(); ++i)
            if (m_curve->groups[i].name == m_styles[static_cast<std::size_t>(m_focus)].name)
                return i;
    return 0;
}

QString RankChart::chartTitle() const {
    return m_what == What::Shares ? tr("%1 – shares by rank").arg(m_prompt) : tr("%1 – NDKL by rank").arg(m_prompt);
}

QString RankChart::chartSummary() const {
    if (!m_curve || m_curve->rank.empty())
        return m_message;
    const QString ranks = QLocale().toString(qlonglong(m_curve->rank.back()));
    if (m_what == What::Ndkl) {
        QString text = tr("NDKL over the first %1 ranks is %2").arg(ranks, numberText(m_curve->ndkl.back()));
        if (!m_curve->ndklNullHigh.empty())
            text += tr("; chance shows %1")
                        .arg(rangeText(m_curve->ndklNullLow.back(), m_curve->ndklNullHigh.back(), false));
        return text + u'.';
    }
    QStringList parts;
    for (const RankCurve::Group& group : m_curve->groups)
        parts << tr("%1 ends at %2, target %3")
                     .arg(QString::fromStdString(group.name), percentText(group.share.back()),
                          percentText(group.target));
    return tr("Shares among the first %1 ranks: %2.").arg(ranks, parts.join(QStringLiteral("; ")));
}

Grid RankChart::chartNumbers() const {
    Grid grid;
    grid.addNumber(tr("rank"));
    if (!m_curve)
        return grid;
    if (m_what == What::Ndkl) {
        grid.addNumber(tr("NDKL"));
        grid.addNumber(tr("chance low"));
        grid.addNumber(tr("chance high"));
    } else {
        for (const RankCurve::Group& group : m_curve->groups) {
            const QString name = QString::fromStdString(group.name);
            grid.addNumber(name);
            grid.addNumber(tr("%1 chance low").arg(name));
            grid.addNumber(tr("%1 chance high").arg(name));
        }
    }
    const auto at = [](const std::vector<double>& values, std::size_t i) {
        return i < values.size() ? std::optional<double>(values[i]) : std::nullopt;
    };
    for (std::size_t i = 0; i < m_curve->rank.size(); ++i) {
        Grid::Row cells;
        cells << Grid::count(m_curve->rank[i]);
        if (m_what == What::Ndkl)
            for (const auto* values : {&m_curve->ndkl, &m_curve->ndklNullLow, &m_curve->ndklNullHigh})
                cells << Grid::number(at(*values, i), numberText(at(*values, i), 3));
        else
            for (const RankCurve::Group& group : m_curve->groups)
                for (const auto* values : {&group.share, &group.nullLow, &group.nullHigh}) {
                    const auto value = at(*values, i);
                    cells << Grid::number(value, value ? percentText(*value) : noValue());
                }
        grid.rows << cells;
    }
    return grid;
}

void RankChart::draw(QCustomPlot& plot, const QPalette& palette, const QSize& size) const {
    styleAxes(plot, palette, font());
    const bool empty = !m_curve || m_curve->rank.empty();
    plot.xAxis->setVisible(!empty);
    plot.yAxis->setVisible(!empty);
    if (empty) {
        auto* text = new QCPItemText(&plot);
        text->position->setType(QCPItemPosition::ptAxisRectRatio);
        text->position->setCoords(0.5, 0.5);
        text->setFont(font());
        text->setColor(theme::muted(palette));
        text->setText(m_message);
        return;
    }
    // A little more than the last rank, so that the marks at the lines' ends are whole.
    plot.xAxis->setRange(1, 1.02 * std::max<double>(2, static_cast<double>(m_curve->rank.back())));
    plot.xAxis->setLabel(tr("first ranks"));
    plot.xAxis->setNumberFormat(QStringLiteral("f"));
    plot.xAxis->setNumberPrecision(0);
    plot.xAxis->ticker()->setTickCount(4);
    plot.yAxis->ticker()->setTickCount(4);
    if (m_what == What::Shares)
        drawShares(plot, palette, size);
    else
        drawNdkl(plot, palette);
}

void RankChart::drawShares(QCustomPlot& plot, const QPalette& palette, const QSize& size) const {
    const QVector<double> keys = asVector(m_curve->rank);
    const std::size_t focus = focusGroup();
    // The first few ranks jump between 0 and all; what counts is the rest. The scale fits ranks from a tenth of k on.
    double top = 0;
    const std::size_t from = m_curve->groups.size() <= 2 ? 0 : m_curve->rank.size() / 10;
    for (const RankCurve::Group& group : m_curve->groups) {
        for (std::size_t i = from; i < group.share.size(); ++i)
            top = std::max(top, group.share[i]);
        top = std::max(top, group.target);
    }
    top = std::min(1.0, top > 0.6 ? 1.0 : top * 1.15);
    plot.yAxis->setRange(0, top);
    QSharedPointer<QCPAxisTickerText> ticks(new QCPAxisTickerText);
    const double step = top > 0.6 ? 0.5 : top > 0.45 ? 0.2 : top > 0.18 ? 0.1 : 0.05;
    for (double at = 0; at <= top + 1e-9; at += step)
        ticks->addTick(at, percentText(std::round(at * 1000) / 1000));
    plot.yAxis->setTicker(ticks);

    const RankCurve::Group& main = m_curve->groups[focus];
    drawBand(plot, keys, main.nullLow, main.nullHigh, theme::band(palette));
    plot.xAxis->setLabel(main.nullHigh.empty() ? tr("first ranks")
                                               : tr("first ranks · shade: what chance alone would show of %1 (95 %)")
                                                     .arg(QString::fromStdString(main.name)));
    QCPGraph* target = plot.addGraph();
    target->setPen(QPen(theme::muted(palette), 1, Qt::DashLine));
    target->setData({keys.front(), keys.back()}, {main.target, main.target}, true);

    std::vector<EndLabel> labels;
    for (const bool front : {false, true})
        for (std::size_t i = 0; i < m_curve->groups.size(); ++i) {
            if ((i == focus) != front)
                continue;
            const RankCurve::Group& group = m_curve->groups[i];
            const report::GroupStyle* style = styleOf(group.name);
            const QColor colour = style ? groupStroke(*style, palette) : theme::muted(palette);
            QCPGraph* line = plot.addGraph();
            line->setPen(QPen(colour, front ? 2.2 : 1.3));
            line->setData(keys, asVector(group.share), true);
            line->setAdaptiveSampling(true);
            if (style) { // the mark at the end tells lines apart without colour
                QCPGraph* end = plot.addGraph();
                end->setLineStyle(QCPGraph::lsNone);
                end->setScatterStyle(
                    QCPScatterStyle(markPath(style->shape, {}, 8), QPen(colour, 1.2), groupFill(*style, palette), 6));
                end->setData({keys.back()}, {group.share.back()}, true);
            }
            labels.push_back({group.share.back(),
                              QString::fromStdString(group.name) + u' ' + percentText(group.share.back()),
                              i == focus ? palette.color(QPalette::WindowText) : theme::muted(palette)});
        }
    drawEndLabels(plot, labels, theme::smallFont(font()), size.height());
}

void RankChart::drawNdkl(QCustomPlot& plot, const QPalette& palette) const {
    const QVector<double> keys = asVector(m_curve->rank);
    // NDKL starts at -ln q for the first image whatever the ranking; the scale fits what comes after.
    double top = 0;
    for (std::size_t i = m_curve->rank.size() / 20; i < m_curve->rank.size(); ++i)
        top = std::max({top, m_curve->ndkl[i], i < m_curve->ndklNullHigh.size() ? m_curve->ndklNullHigh[i] : 0.0});
    plot.yAxis->setRange(0, std::max(top * 1.1, 0.02));
    drawBand(plot, keys, m_curve->ndklNullLow, m_curve->ndklNullHigh, theme::band(palette));
    if (!m_curve->ndklNullHigh.empty())
        plot.xAxis->setLabel(tr("first ranks · shade: what chance alone would show (95 %)"));
    QCPGraph* line = plot.addGraph();
    line->setPen(QPen(palette.color(QPalette::WindowText), 2));
    line->setData(keys, asVector(m_curve->ndkl), true);
    drawEndLabels(plot, {{m_curve->ndkl.back(), numberText(m_curve->ndkl.back()), palette.color(QPalette::WindowText)}},
                  theme::smallFont(font()), 240);
}

QString RankChart::hint(const QCustomPlot& plot, QPointF place) const {
    if (!m_curve || m_curve->rank.empty() || !plot.axisRect()->rect().contains(place.toPoint()))
        return {};
    const auto wanted = static_cast<std::int64_t>(std::lround(plot.xAxis->pixelToCoord(place.x())));
    const auto found = std::lower_bound(m_curve->rank.begin(), m_curve->rank.end(), wanted);
    const auto i = static_cast<std::size_t>(
        std::min<std::ptrdiff_t>(found - m_curve->rank.begin(), static_cast<std::ptrdiff_t>(m_curve->rank.size()) - 1));
    QStringList lines{tr("First %1 ranks").arg(QLocale().toString(qlonglong(m_curve->rank[i])))};
    if (m_what == What::Ndkl) {
        lines << tr("NDKL %1").arg(numberText(m_curve->ndkl[i], 3));
        if (i < m_curve->ndklNullHigh.size())
            lines << tr("chance %1").arg(rangeText(m_curve->ndklNullLow[i], m_curve->ndklNullHigh[i], false, 3));
    } else {
        for (const RankCurve::Group& group : m_curve->groups) {
            QString line = QString::fromStdString(group.name) + u' ' + percentText(group.share[i]);
            if (i < group.nullHigh.size())
                line += tr(" (chance %1 to %2)").arg(percentText(group.nullLow[i]), percentText(group.nullHigh[i]));
            lines << line;
        }
    }
    return lines.join(u'\n');
}

} // namespace plumbline::ui
