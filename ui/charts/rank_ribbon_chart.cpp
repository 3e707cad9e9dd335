// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/rank_ribbon_chart.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr qreal kRankPart = 0.42; ///< of a lane's height
constexpr qreal kRoom = 3;

QString count(std::int64_t number) {
    return QLocale().toString(qlonglong(number));
}

} // namespace

void RankRibbonChart::setRibbon(std::shared_ptr<const metric::RankRibbon> ribbon,
                                const std::vector<report::GroupStyle>& styles, const QString& title) {
    m_ribbon = std::move(ribbon);
    m_current = 0;
    m_ranksOf.assign(m_ribbon->groups.size(), {});
    for (std::size_t place = 0; place < m_ribbon->places.size(); ++place)
        m_ranksOf[m_ribbon->places[place].group].push_back(static_cast<std::int64_t>(place) + 1);
    std::vector<Lane> lanes;
    for (const metric::RankRibbon::Group& group : m_ribbon->groups)
        lanes.push_back(
            {styleOf(styles, group.name),
             {tr("%1 of %2, target %3").arg(count(group.inTop), count(m_ribbon->k), percentText(group.target)),
              tr("chance %1 to %2").arg(percentText(group.topLow), percentText(group.topHigh))}});
    setLanes(std::move(lanes), title, key());
    describe();
}

void RankRibbonChart::clearData() {
    m_ribbon.reset();
    m_ranksOf.clear();
    m_current = 0;
}

QString RankRibbonChart::key() {
    return tr("A line at every rank that the group holds. Below, its share among the ranks so far: the shade is what "
              "chance alone would show (95 % at each rank), the dashed line its target, the upright line k. The arrow "
              "keys go from rank to rank, Enter shows the image.");
}

double RankRibbonChart::depth() const {
    return std::max<double>(1, static_cast<double>(m_ribbon->places.size()));
}

QRectF RankRibbonChart::rankStrip(const QRectF& area) {
    return {area.left(), area.top() + kRoom, area.width(), area.height() * kRankPart - kRoom};
}

QRectF RankRibbonChart::shareStrip(const QRectF& area) {
    const qreal top = area.top() + area.height() * kRankPart + kRoom;
    return {area.left(), top, area.width(), area.bottom() - kRoom - top};
}

double RankRibbonChart::x(const QRectF& area, double rank) const {
    return area.left() + (rank - 0.5) / depth() * area.width();
}

std::int64_t RankRibbonChart::rankAt(const QRectF& area, double at) const {
    const double rank = (at - area.left()) / area.width() * depth() + 0.5;
    return std::clamp<std::int64_t>(std::llround(rank), 1, static_cast<std::int64_t>(depth()));
}

std::int64_t RankRibbonChart::nearest(std::size_t lane, std::int64_t rank) const {
    const std::vector<std::int64_t>& ranks = m_ranksOf[lane];
    if (ranks.empty())
        return 0;
    const auto after = std::ranges::lower_bound(ranks, rank);
    if (after == ranks.end())
        return ranks.back();
    if (after == ranks.begin() || *after - rank <= rank - *(after - 1))
        return *after;
    return *(after - 1);
}

std::size_t RankRibbonChart::laneOf(std::int64_t rank) const {
    return m_ribbon->places[static_cast<std::size_t>(rank - 1)].group;
}

QString RankRibbonChart::placeText(std::int64_t rank) const {
    const metric::RankRibbon::Place& place = m_ribbon->places[static_cast<std::size_t>(rank - 1)];
    return tr("Rank %1: %2, score %3")
        .arg(count(rank), QString::fromStdString(m_ribbon->groups[place.group].name),
             numberText(static_cast<double>(place.score), 3));
}

void RankRibbonChart::setCurrentRank(std::int64_t rank) {
    if (!m_ribbon || m_ribbon->places.empty())
        return;
    const std::int64_t chosen = std::clamp<std::int64_t>(rank, 1, static_cast<std::int64_t>(m_ribbon->places.size()));
    if (chosen == std::exchange(m_current, chosen))
        return;
    scrollToLane(laneOf(m_current));
    describe();
    viewport()->update();
    Q_EMIT currentRankChanged(m_current);
}

void RankRibbonChart::describe() {
    setAccessibleDescription(m_current > 0 ? placeText(m_current) : chartSummary());
}

void RankRibbonChart::paintAxis(QPainter& painter, const QRectF& area, const QPalette& palette) const {
    painter.setPen(theme::muted(palette));
    const auto last = static_cast<std::int64_t>(depth());
    for (const std::int64_t rank : {std::int64_t{1}, last / 4, last / 2, last * 3 / 4, last}) {
        if (rank < 1 || (rank == 1 && last < 8))
            continue;
        const QString words = rank == 1 ? tr("rank 1") : count(rank);
        const int width = painter.fontMetrics().horizontalAdvance(words);
        const qreal left = std::clamp(x(area, static_cast<double>(rank)) - width / 2.0, area.left() - width / 4.0,
                                      area.right() - width / 2.0);
        painter.drawText(QRectF(left, area.top(), width + 1, area.height()), Qt::AlignVCenter, words);
    }
}

void RankRibbonChart::paintRanks(QPainter& painter, const QRectF& strip, std::size_t lane,
                                 const QPalette& palette) const {
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.fillRect(strip, theme::mix(theme::card(palette), theme::band(palette), 0.45));
    const report::GroupStyle& style = lanes()[lane].style;
    const qreal width = std::max(1.0, strip.width() / depth() - (strip.width() / depth() > 4 ? 1 : 0));
    for (const std::int64_t rank : m_ranksOf[lane])
        painter.fillRect(QRectF(x(strip, static_cast<double>(rank)) - width / 2, strip.top(), width, strip.height()),
                         groupStroke(style, palette));
    painter.setRenderHint(QPainter::Antialiasing);
}

void RankRibbonChart::paintShares(QPainter& painter, const QRectF& strip, std::size_t lane,
                                  const QPalette& palette) const {
    const metric::RankRibbon::Group& group = m_ribbon->groups[lane];
    double top = std::max(0.05, group.target * 1.2);
    for (std::size_t i = m_ribbon->ranks.size() / 20; i < m_ribbon->ranks.size(); ++i)
        top = std::max({top, group.share[i], group.nullHigh[i]});
    top = std::min(1.0, top);
    const auto point = [&](std::size_t i, double share) {
        return QPointF(x(strip, static_cast<double>(m_ribbon->ranks[i])),
                       strip.bottom() - std::min(1.0, share / top) * strip.height());
    };
    QPolygonF band, line;
    for (std::size_t i = 0; i < m_ribbon->ranks.size(); ++i) {
        band << point(i, group.nullLow[i]);
        line << point(i, group.share[i]);
    }
    for (std::size_t i = m_ribbon->ranks.size(); i-- > 0;)
        band << point(i, group.nullHigh[i]);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme::band(palette));
    painter.drawPolygon(band);
    painter.setPen(QPen(theme::muted(palette), 1, Qt::DashLine));
    const qreal target = strip.bottom() - std::min(1.0, group.target / top) * strip.height();
    painter.drawLine(QPointF(strip.left(), target), QPointF(strip.right(), target));
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(groupStroke(lanes()[lane].style, palette), 1.6));
    painter.drawPolyline(line);
    if (!group.share.empty()) {
        painter.setFont(theme::tabularFont(theme::smallFont(font())));
        painter.setPen(palette.color(QPalette::WindowText));
        const qreal height = painter.fontMetrics().height();
        const qreal y = std::clamp(line.back().y() - height / 2, strip.top() - height / 3, strip.bottom() - height + 2);
        painter.drawText(QRectF(strip.right() + kRoom, y, endRoom(font()), height), Qt::AlignLeft | Qt::AlignVCenter,
                         percentText(group.share.back()));
    }
}

void RankRibbonChart::paintLane(QPainter& painter, const QRectF& area, std::size_t lane,
                                const QPalette& palette) const {
    paintRanks(painter, rankStrip(area), lane, palette);
    paintShares(painter, shareStrip(area), lane, palette);
}

void RankRibbonChart::paintOver(QPainter& painter, const QRectF& area, const QPalette& palette, bool onScreen) const {
    const auto upright = [&](double rank, const QPen& pen) {
        painter.setPen(pen);
        const qreal at = area.left() + rank / depth() * area.width();
        painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()));
    };
    if (m_ribbon->k < static_cast<std::int64_t>(m_ribbon->places.size()))
        upright(static_cast<double>(m_ribbon->k), QPen(palette.color(QPalette::WindowText), 1));
    if (onScreen && m_current > 0)
        upright(static_cast<double>(m_current) - 0.5, QPen(theme::accent(palette), 2));
}

QString RankRibbonChart::hint(std::size_t lane, const QRectF& area, QPointF place) const {
    if (!m_ribbon || place.x() < area.left() || place.x() > area.right())
        return key();
    const std::int64_t rank = rankAt(area, place.x());
    if (rankStrip(area).contains(place)) {
        const std::int64_t near = nearest(lane, rank);
        return near > 0 ? placeText(near)
                        : tr("none among the first %1").arg(count(static_cast<std::int64_t>(depth())));
    }
    const metric::RankRibbon::Group& group = m_ribbon->groups[lane];
    const auto found = std::ranges::lower_bound(m_ribbon->ranks, rank);
    const auto i = static_cast<std::size_t>(
        std::min<std::ptrdiff_t>(found - m_ribbon->ranks.begin(), std::ssize(m_ribbon->ranks) - 1));
    return tr("%1 among the first %2: %3, target %4, chance %5 to %6")
        .arg(QString::fromStdString(group.name), count(m_ribbon->ranks[i]), percentText(group.share[i]),
             percentText(group.target), percentText(group.nullLow[i]), percentText(group.nullHigh[i]));
}

void RankRibbonChart::keyPressEvent(QKeyEvent* event) {
    if (!m_ribbon || m_ribbon->places.empty())
        return LaneChart::keyPressEvent(event);
    const auto last = static_cast<std::int64_t>(m_ribbon->places.size());
    switch (event->key()) {
    case Qt::Key_Right:
        return setCurrentRank(m_current + 1);
    case Qt::Key_Left:
        return setCurrentRank(m_current - 1);
    case Qt::Key_Home:
        return setCurrentRank(1);
    case Qt::Key_End:
        return setCurrentRank(last);
    case Qt::Key_Up:
    case Qt::Key_Down: { // to the neighbouring group
        const std::size_t lane = m_current > 0 ? laneOf(m_current) : 0, count = m_ranksOf.size();
        const std::size_t step = event->key() == Qt::Key_Down ? 1 : count - 1;
        for (std::size_t to = (lane + step) % count; to != lane; to = (to + step) % count)
            if (const std::int64_t rank = nearest(to, std::max<std::int64_t>(1, m_current)); rank > 0)
                return setCurrentRank(rank);
        return;
    }
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_current > 0)
            Q_EMIT rankActivated(m_current);
        return;
    default:
        LaneChart::keyPressEvent(event);
    }
}

void RankRibbonChart::mousePressEvent(QMouseEvent* event) {
    const auto lane = m_ribbon ? laneAt(event->position()) : std::nullopt;
    if (!lane || event->button() != Qt::LeftButton)
        return LaneChart::mousePressEvent(event);
    if (const std::int64_t rank = nearest(*lane, rankAt(laneArea(*lane), event->position().x())); rank > 0)
        setCurrentRank(rank);
}

void RankRibbonChart::mouseDoubleClickEvent(QMouseEvent* event) {
    mousePressEvent(event);
    if (m_current > 0)
        Q_EMIT rankActivated(m_current);
}

QString RankRibbonChart::chartSummary() const {
    if (!m_ribbon)
        return accessibleDescription();
    QStringList parts;
    for (const metric::RankRibbon::Group& group : m_ribbon->groups)
        parts << tr("%1 %2 (target %3, chance %4 to %5)")
                     .arg(QString::fromStdString(group.name), percentText(group.topShare), percentText(group.target),
                          percentText(group.topLow), percentText(group.topHigh));
    return tr("Among the first %1 of %2: %3.")
        .arg(count(m_ribbon->k), count(m_ribbon->n), parts.join(QStringLiteral("; ")));
}

Grid RankRibbonChart::chartNumbers() const {
    Grid grid;
    grid.addNumber(tr("first ranks"));
    if (!m_ribbon)
        return grid;
    for (const metric::RankRibbon::Group& group : m_ribbon->groups) {
        const QString name = QString::fromStdString(group.name);
        grid.addNumber(name);
        grid.addNumber(tr("%1 chance low").arg(name));
        grid.addNumber(tr("%1 chance high").arg(name));
    }
    for (std::size_t i = 0; i < m_ribbon->ranks.size(); ++i) {
        Grid::Row cells;
        cells << Grid::count(m_ribbon->ranks[i]);
        for (const metric::RankRibbon::Group& group : m_ribbon->groups)
            for (const double value : {group.share[i], group.nullLow[i], group.nullHigh[i]})
                cells << Grid::number(value, percentText(value));
        grid.rows << cells;
    }
    return grid;
}

} // namespace plumbline::ui
