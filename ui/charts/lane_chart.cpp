// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/lane_chart.h"

#include <algorithm>

#include <QHelpEvent>
#include <QPainter>
#include <QScrollBar>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/tool_tips.h"

namespace plumbline::ui {
namespace {

constexpr qreal kMark = 10, kMarkRoom = 18;
constexpr qreal kGap = 4;
constexpr qreal kMostLane = 110, kPictureLane = 64;
constexpr qreal kMostLabels = 0.36; ///< of the width
constexpr int kPictureWidth = 760, kEdge = 16;

} // namespace

report::GroupStyle styleOf(const std::vector<report::GroupStyle>& styles, const std::string& group) {
    const auto found = std::ranges::find(styles, group, &report::GroupStyle::name);
    return found == styles.end() ? report::GroupStyle{group, report::MarkShape::Circle, 0} : *found;
}

LaneChart::LaneChart(QWidget* parent) : QAbstractScrollArea(parent) {
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setAutoFillBackground(false);
    viewport()->setMouseTracking(true);
}

void LaneChart::setMessage(const QString& message) {
    clearData();
    m_message = message;
    m_lanes.clear();
    fitScrollBar();
    setAccessibleDescription(message);
    viewport()->update();
}

void LaneChart::setLanes(std::vector<Lane> lanes, const QString& title, const QString& key) {
    m_lanes = std::move(lanes);
    m_title = title;
    m_key = key;
    m_message.clear();
    fitScrollBar();
    setAccessibleName(title);
    viewport()->update();
}

qreal LaneChart::endRoom(const QFont& font) {
    return QFontMetrics(theme::smallFont(font)).horizontalAdvance(QStringLiteral("100 %")) + kGap;
}

qreal LaneChart::leastLane() const {
    qsizetype notes = 0;
    for (const Lane& lane : m_lanes)
        notes = std::max(notes, lane.notes.size());
    const int small = QFontMetrics(theme::smallFont(font())).height();
    return std::max<qreal>(fontMetrics().height() + static_cast<qreal>(notes) * small + 2 * kGap, 40);
}

LaneChart::Measures LaneChart::measures(const QSizeF& size) const {
    const QFontMetrics small(theme::smallFont(font()));
    Measures result;
    result.axis = small.height() + 2 * kGap;
    for (const Lane& lane : m_lanes) {
        result.labels = std::max<qreal>(
            result.labels, kMarkRoom + fontMetrics().horizontalAdvance(QString::fromStdString(lane.style.name)));
        for (const QString& note : lane.notes)
            result.labels = std::max<qreal>(result.labels, kMarkRoom + small.horizontalAdvance(note));
    }
    result.labels = std::min(result.labels + 3 * kGap, kMostLabels * size.width());
    const qreal each = (size.height() - result.axis) / static_cast<qreal>(std::max<std::size_t>(1, m_lanes.size()));
    result.lane = std::max(leastLane(), std::min(each, kMostLane));
    return result;
}

QRectF LaneChart::areaOf(const Measures& measures, const QRectF& whole, qreal scrolled, std::size_t lane) const {
    return {whole.left() + measures.labels,
            whole.top() + measures.axis + static_cast<qreal>(lane) * measures.lane - scrolled,
            whole.width() - measures.labels - endRoom(font()), measures.lane};
}

QRectF LaneChart::laneArea(std::size_t lane) const {
    const QRectF whole(viewport()->rect());
    return areaOf(measures(whole.size()), whole, verticalScrollBar()->value(), lane);
}

std::optional<std::size_t> LaneChart::laneAt(QPointF place) const {
    if (place.y() < measures(QSizeF(viewport()->size())).axis)
        return std::nullopt;
    for (std::size_t lane = 0; lane < m_lanes.size(); ++lane)
        if (const QRectF area = laneArea(lane); place.y() >= area.top() && place.y() < area.bottom())
            return lane;
    return std::nullopt;
}

void LaneChart::scrollToLane(std::size_t lane) {
    const QRectF area = laneArea(lane);
    const qreal axis = measures(QSizeF(viewport()->size())).axis;
    if (area.top() < axis)
        verticalScrollBar()->setValue(static_cast<int>(verticalScrollBar()->value() + area.top() - axis));
    else if (area.bottom() > viewport()->height())
        verticalScrollBar()->setValue(
            static_cast<int>(verticalScrollBar()->value() + area.bottom() - viewport()->height() + 1));
}

void LaneChart::paintLabel(QPainter& painter, const QRectF& area, const Lane& lane, const QPalette& palette) const {
    const QFont small = theme::smallFont(font());
    const qreal line = fontMetrics().height(), noteLine = QFontMetrics(small).height();
    const qreal height = line + static_cast<qreal>(lane.notes.size()) * noteLine;
    qreal y = area.top() + std::max<qreal>(2, std::min((area.height() - height) / 2, 2 * kGap));
    paintMark(painter, lane.style, {area.left() + kMark / 2 + 2, y + line / 2}, kMark, MarkFill::Filled, palette);
    const qreal left = area.left() + kMarkRoom, width = area.right() - left - 2 * kGap;
    const auto say = [&](const QString& words, const QFont& with, const QColor& colour, qreal lineHeight) {
        painter.setFont(with);
        painter.setPen(colour);
        painter.drawText(QRectF(left, y, width, lineHeight), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         QFontMetrics(with).elidedText(words, Qt::ElideMiddle, static_cast<int>(width)));
        y += lineHeight;
    };
    say(QString::fromStdString(lane.style.name), font(), palette.color(QPalette::WindowText), line);
    for (const QString& note : lane.notes)
        say(note, theme::tabularFont(small), theme::muted(palette), noteLine);
}

void LaneChart::paintAll(QPainter& painter, const QRectF& whole, qreal scrolled, const QPalette& palette,
                         bool onScreen) const {
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_lanes.empty()) {
        painter.setFont(font());
        painter.setPen(theme::muted(palette));
        painter.drawText(whole, static_cast<int>(Qt::AlignCenter) | Qt::TextWordWrap, m_message);
        return;
    }
    const Measures m = measures(whole.size());
    const QRectF lanesRect = whole.adjusted(0, m.axis, 0, 0);
    painter.save();
    painter.setClipRect(lanesRect, Qt::IntersectClip);
    QRectF all;
    for (std::size_t lane = 0; lane < m_lanes.size(); ++lane) {
        const QRectF area = areaOf(m, whole, scrolled, lane);
        all = all.united(area);
        if (!area.intersects(lanesRect))
            continue;
        painter.setPen(QPen(theme::line(palette), 1));
        painter.drawLine(QPointF(whole.left(), area.top()), QPointF(whole.right(), area.top()));
        paintLabel(painter, {whole.left(), area.top(), m.labels, area.height()}, m_lanes[lane], palette);
        painter.save();
        paintLane(painter, area, lane, palette);
        painter.restore();
    }
    paintOver(painter, all.intersected(lanesRect), palette, onScreen);
    painter.restore();
    painter.save();
    painter.setFont(theme::tabularFont(theme::smallFont(font())));
    paintAxis(painter, {whole.left() + m.labels, whole.top(), all.width(), m.axis}, palette);
    painter.restore();
}

void LaneChart::paintEvent(QPaintEvent*) {
    QPainter painter(viewport());
    paintAll(painter, QRectF(viewport()->rect()), verticalScrollBar()->value(), palette(), true);
    paintFocusRing(painter, *this, *viewport());
}

QSize LaneChart::pictureSize() const {
    const qreal lanes = static_cast<qreal>(std::max<std::size_t>(1, m_lanes.size()));
    const QSizeF inner(kPictureWidth - 2 * kEdge, 0);
    const QRect key = fontMetrics().boundingRect(QRect(0, 0, kPictureWidth - 2 * kEdge, 1000), Qt::TextWordWrap, m_key);
    const qreal height = measures(inner).axis + lanes * std::max(leastLane(), kPictureLane);
    return {kPictureWidth, static_cast<int>(height) + 2 * kEdge + fontMetrics().height() * 2 + key.height()};
}

void LaneChart::paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const {
    QPainter painter(&device);
    painter.fillRect(QRect({0, 0}, size), theme::card(palette));
    const int line = fontMetrics().height(), width = size.width() - 2 * kEdge;
    painter.setFont(theme::strongFont(font()));
    painter.setPen(palette.color(QPalette::WindowText));
    painter.drawText(QRect(kEdge, kEdge, width, line), Qt::AlignVCenter | Qt::TextSingleLine,
                     QFontMetrics(painter.font()).elidedText(m_title, Qt::ElideMiddle, width));
    const QRect key = fontMetrics().boundingRect(QRect(0, 0, width, 1000), Qt::TextWordWrap, m_key);
    const QRectF whole(kEdge, kEdge + 1.5 * line, width, size.height() - 2 * kEdge - 2 * line - key.height());
    paintAll(painter, whole, 0, palette, false);
    painter.setFont(font());
    painter.setPen(theme::muted(palette));
    painter.drawText(QRect(kEdge, size.height() - kEdge - key.height(), width, key.height()), Qt::TextWordWrap, m_key);
}

void LaneChart::fitScrollBar() {
    const Measures m = measures(QSizeF(viewport()->size()));
    const int content = static_cast<int>(m.axis + m.lane * static_cast<qreal>(m_lanes.size()));
    verticalScrollBar()->setRange(0, std::max(0, content - viewport()->height()));
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(static_cast<int>(m.lane) / 2);
}

void LaneChart::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    fitScrollBar();
}

void LaneChart::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        fitScrollBar();
        viewport()->update();
    }
}

bool LaneChart::viewportEvent(QEvent* event) {
    if (event->type() != QEvent::ToolTip)
        return QAbstractScrollArea::viewportEvent(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const auto lane = laneAt(help->pos());
    const QString words = lane ? hint(*lane, laneArea(*lane), help->pos()) : m_key;
    ToolTips::show(help->globalPos(), m_lanes.empty() ? QString() : words, viewport());
    return true;
}

} // namespace plumbline::ui
