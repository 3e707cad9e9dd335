// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/score_curves.h"

#include <algorithm>
#include <cmath>

#include <QLocale>
#include <QPainter>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr qreal kRoom = 3;

double shareOf(std::int64_t count, std::int64_t n) {
    return n > 0 ? static_cast<double>(count) / static_cast<double>(n) : 0;
}

} // namespace

void ScoreCurves::setSpread(std::shared_ptr<const metric::ScoreSpread> spread,
                            const std::vector<report::GroupStyle>& styles, const QString& title) {
    m_spread = std::move(spread);
    m_top = 1e-9;
    std::vector<Lane> lanes;
    for (const metric::ScoreSpread::Group& group : m_spread->groups) {
        for (std::size_t bin = 0; bin < group.counts.size(); ++bin)
            m_top = std::max({m_top, shareOf(group.counts[bin], group.n), group.nullHigh[bin]});
        QStringList notes{tr("median %1").arg(numberText(group.median, decimals()))};
        if (group.distance.value)
            notes << tr("KS %1, p %2").arg(numberText(group.distance.value), pText(group.distance.pValue));
        lanes.push_back({styleOf(styles, group.name), notes});
    }
    setLanes(std::move(lanes), title, key());
    setAccessibleDescription(chartSummary());
}

QString ScoreCurves::key() {
    return tr("How the scores of each group's images lie: the outline is the share of the group in each bin, the shade "
              "what shuffled labels would show (95 % of each bin by itself). Upright: the group's median, dashed the "
              "median of all, dotted the score at rank k. KS is Kolmogorov and Smirnov's distance from all other "
              "images, 0 to 1.");
}

int ScoreCurves::decimals() const {
    const double width = m_spread->edges.size() > 1 ? m_spread->edges[1] - m_spread->edges[0] : 1;
    return width > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(width))), 1, 6) : 3;
}

double ScoreCurves::x(const QRectF& area, double score) const {
    const double low = m_spread->edges.front(), high = m_spread->edges.back();
    return area.left() + (high > low ? (score - low) / (high - low) : 0.5) * area.width();
}

void ScoreCurves::paintAxis(QPainter& painter, const QRectF& area, const QPalette& palette) const {
    painter.setPen(theme::muted(palette));
    constexpr int kTicks = 4;
    for (int i = 0; i <= kTicks; ++i) {
        const double score =
            m_spread->edges.front() + (m_spread->edges.back() - m_spread->edges.front()) * i / double(kTicks);
        const QString words =
            i == 0 ? tr("score %1").arg(numberText(score, decimals())) : numberText(score, decimals());
        const int width = painter.fontMetrics().horizontalAdvance(words);
        const qreal left =
            std::clamp(x(area, score) - width / 2.0, area.left() - width / 4.0, area.right() - width / 2.0);
        painter.drawText(QRectF(left, area.top(), width + 1, area.height()), Qt::AlignVCenter, words);
    }
}

void ScoreCurves::paintLane(QPainter& painter, const QRectF& area, std::size_t lane, const QPalette& palette) const {
    const metric::ScoreSpread::Group& group = m_spread->groups[lane];
    const QRectF box = area.adjusted(0, kRoom, 0, -kRoom);
    const auto y = [&](double share) { return box.bottom() - share / m_top * box.height(); };
    const auto steps = [&](const auto& valueOf) {
        QPolygonF line;
        for (std::size_t bin = 0; bin < group.counts.size(); ++bin)
            line << QPointF(x(box, m_spread->edges[bin]), y(valueOf(bin)))
                 << QPointF(x(box, m_spread->edges[bin + 1]), y(valueOf(bin)));
        return line;
    };
    QPolygonF band = steps([&](std::size_t bin) { return group.nullLow[bin]; });
    QPolygonF upper = steps([&](std::size_t bin) { return group.nullHigh[bin]; });
    std::reverse(upper.begin(), upper.end());
    band << upper;
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme::band(palette));
    painter.drawPolygon(band);
    const QColor stroke = groupStroke(lanes()[lane].style, palette);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(stroke, 1.6));
    painter.drawPolyline(steps([&](std::size_t bin) { return shareOf(group.counts[bin], group.n); }));
    painter.setPen(QPen(stroke, 2.4));
    const qreal median = x(box, group.median);
    painter.drawLine(QPointF(median, box.top() + box.height() / 3), QPointF(median, box.bottom()));
}

void ScoreCurves::paintOver(QPainter& painter, const QRectF& area, const QPalette& palette, bool) const {
    const auto upright = [&](double score, const QPen& pen) {
        if (score < m_spread->edges.front() || score > m_spread->edges.back())
            return;
        painter.setPen(pen);
        painter.drawLine(QPointF(x(area, score), area.top()), QPointF(x(area, score), area.bottom()));
    };
    upright(m_spread->median, QPen(theme::muted(palette), 1, Qt::DashLine));
    upright(m_spread->kScore, QPen(palette.color(QPalette::WindowText), 1, Qt::DotLine));
}

QString ScoreCurves::hint(std::size_t lane, const QRectF& area, QPointF place) const {
    if (!m_spread || place.x() < area.left() || place.x() > area.right())
        return key();
    const metric::ScoreSpread::Group& group = m_spread->groups[lane];
    const auto bins = static_cast<std::ptrdiff_t>(group.counts.size());
    const auto bin = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(
        static_cast<std::ptrdiff_t>((place.x() - area.left()) / area.width() * static_cast<double>(bins)), 0,
        bins - 1));
    return tr("%1: %2 of its %3 images have scores from %4 to %5 (%6; shuffled labels %7 to %8)")
        .arg(QString::fromStdString(group.name), QLocale().toString(qlonglong(group.counts[bin])),
             QLocale().toString(qlonglong(group.n)), numberText(m_spread->edges[bin], decimals()),
             numberText(m_spread->edges[bin + 1], decimals()), percentText(shareOf(group.counts[bin], group.n)),
             percentText(group.nullLow[bin]), percentText(group.nullHigh[bin]));
}

QString ScoreCurves::chartSummary() const {
    if (!m_spread)
        return accessibleDescription();
    QStringList parts;
    for (const metric::ScoreSpread::Group& group : m_spread->groups) {
        QString part = tr("%1 median %2").arg(QString::fromStdString(group.name), numberText(group.median, decimals()));
        if (group.distance.value)
            part += tr(", distance from the others %1 (p %2)")
                        .arg(numberText(group.distance.value), pText(group.distance.pValue));
        parts << part;
    }
    return tr("Scores of %1 images, median %2: %3.")
        .arg(QLocale().toString(qlonglong(m_spread->n)), numberText(m_spread->median, decimals()),
             parts.join(QStringLiteral("; ")));
}

Grid ScoreCurves::chartNumbers() const {
    Grid grid;
    grid.addNumber(tr("from"));
    grid.addNumber(tr("to"));
    if (!m_spread)
        return grid;
    for (const metric::ScoreSpread::Group& group : m_spread->groups) {
        const QString name = QString::fromStdString(group.name);
        grid.addNumber(name);
        grid.addNumber(tr("%1 share").arg(name));
        grid.addNumber(tr("%1 shuffled low").arg(name));
        grid.addNumber(tr("%1 shuffled high").arg(name));
    }
    for (std::size_t bin = 0; bin + 1 < m_spread->edges.size(); ++bin) {
        Grid::Row cells;
        for (const double edge : {m_spread->edges[bin], m_spread->edges[bin + 1]})
            cells << Grid::number(edge, numberText(edge, decimals()));
        for (const metric::ScoreSpread::Group& group : m_spread->groups) {
            cells << Grid::count(group.counts[bin]);
            for (const double value : {shareOf(group.counts[bin], group.n), group.nullLow[bin], group.nullHigh[bin]})
                cells << Grid::number(value, percentText(value));
        }
        grid.rows << cells;
    }
    return grid;
}

Grid spreadGrid(const metric::ScoreSpread& spread) {
    Grid grid;
    grid.addColumn(ScoreCurves::tr("Group"));
    grid.addNumber(ScoreCurves::tr("images"));
    grid.addNumber(ScoreCurves::tr("median"));
    grid.addEstimate(ScoreCurves::tr("KS distance"),
                     ScoreCurves::tr("Kolmogorov and Smirnov's distance from the scores of all other images: how far "
                                     "apart the two distributions are at most, 0 to 1"));
    grid.addNumber(ScoreCurves::tr("chance 95 %"));
    grid.addNumber(ScoreCurves::tr("p"));
    grid.addNumber(ScoreCurves::tr("p, FDR"), ScoreCurves::tr("After Benjamini and Hochberg, over the groups"));
    grid.addNumber(ScoreCurves::tr("furthest at"), ScoreCurves::tr("The score at which the two are furthest apart"));
    grid.addNumber(ScoreCurves::tr("at or below"), ScoreCurves::tr("Of the group's images, at most that score"));
    grid.addNumber(ScoreCurves::tr("others"), ScoreCurves::tr("Of all other images, at most that score"));
    for (const metric::ScoreSpread::Group& group : spread.groups) {
        Grid::Row cells;
        cells << Grid::Cell(QString::fromStdString(group.name)) << Grid::count(group.n)
              << Grid::number(group.median, numberText(group.median, 4));
        const MetricValue& distance = group.distance;
        cells << Grid::estimate(distance, 3) << Grid::number(distance.nullP95, numberText(distance.nullP95, 3));
        for (const std::optional<double>& p : {distance.pValue, distance.falseDiscovery})
            cells << Grid::number(p, pText(p));
        cells << Grid::number(group.place, numberText(group.place, 4))
              << Grid::number(group.atOrBelow, percentText(group.atOrBelow))
              << Grid::number(group.others, percentText(group.others));
        grid.rows << cells;
    }
    return grid;
}

} // namespace plumbline::ui
