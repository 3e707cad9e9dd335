// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_paint.h"

#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QLocale>
#include <QPainter>
#include <QPainterPath>

#include "ui/charts/chart_text.h"
#include "ui/charts/palette.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

using report::Mark;

constexpr qreal kSideRoom = 20; ///< so that a mark at an edge and its arrow are not cut
constexpr qreal kLineWidth = 1.5;
constexpr qreal kMostLane = 12; ///< lanes are no further apart
constexpr qreal kWordLane = 11; ///< lanes at least so far apart have room for words at the edge
constexpr qreal kSign = 8;      ///< whether a measurement agrees with what was planted
constexpr qreal kSignGap = 6;

QColor ink(const PlumbLook& look) {
    return look.palette.color(QPalette::WindowText);
}

QRectF bandRect(const QRectF& cell, double low, double high) {
    const qreal left = plumbPixel(cell, low), right = plumbPixel(cell, high);
    const qreal inset = cell.height() * 0.16;
    return QRectF(QPointF(left, cell.top() + inset), QPointF(right, cell.bottom() - inset));
}

void paintBand(QPainter& painter, const QRectF& cell, const report::Row& row, const PlumbLook& look) {
    if (!row.hasBand)
        return;
    const QColor outer = theme::band(look.palette);
    painter.setPen(Qt::NoPen);
    painter.setBrush(outer);
    painter.drawRoundedRect(bandRect(cell, row.bandLow, row.bandHigh), 3, 3);
    // Darker where it is the band of every group, when the groups' bands differ visibly.
    const qreal difference = plumbPixel(cell, row.bandHigh) - plumbPixel(cell, row.coreHigh) +
                             plumbPixel(cell, row.coreLow) - plumbPixel(cell, row.bandLow);
    if (row.coreHigh > row.coreLow && difference > 6) {
        painter.setBrush(theme::mix(outer, ink(look), theme::isDark(look.palette) ? 0.14 : 0.09));
        painter.drawRoundedRect(bandRect(cell, row.coreLow, row.coreHigh), 3, 3);
    }
}

void paintTicks(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const PlumbLook& look) {
    painter.setRenderHint(QPainter::Antialiasing, false);
    for (const report::Axis::Tick& tick : chart.axis.ticks) {
        if (tick.skew == 0)
            continue;
        const qreal x = std::round(plumbPixel(cell, tick.x));
        painter.setPen(QPen(theme::line(look.palette), 1));
        painter.drawLine(QPointF(x, cell.top()), QPointF(x, cell.bottom()));
    }
    painter.setRenderHint(QPainter::Antialiasing, true);
}

/// A mark beyond the axis with an arrow and, where there is room, its ratio ("0.03 ×"); a double arrow and "none" for a
/// group without an image in the top.
void paintEdgeMark(QPainter& painter, const QPointF& at, const QRectF& cell, const Mark& mark,
                   const report::PlumbChart& chart, bool withWords, const PlumbLook& look) {
    const report::GroupStyle& style = chart.styles[mark.group];
    const bool right = mark.kind == Mark::Kind::BeyondRight;
    const qreal side = right ? 1 : -1;
    const QPointF centre = at - QPointF(side * 2, 0);
    painter.setPen(QPen(groupStroke(style, look.palette), 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    // An arrow head beyond the mark; a second one for a group that is not there at all.
    for (int head = 0; head < (mark.kind == Mark::Kind::Absent ? 2 : 1); ++head) {
        const QPointF tip = centre + QPointF(side * (kMarkSize / 2 + 7 + 4 * head), 0);
        painter.drawPolyline(QPolygonF({tip + QPointF(-side * 3.5, -3.5), tip, tip + QPointF(-side * 3.5, 3.5)}));
    }
    paintMark(painter, style, centre, kMarkSize, mark.leans ? MarkFill::Filled : MarkFill::Hollow, look.palette);

    if (!withWords)
        return;
    QString text = ChartWords::tr("none");
    if (mark.skew) {
        const double ratio = std::exp(*mark.skew);
        text = ratio < 0.005 ? ChartWords::tr("< 0.01 ×")
                             : ChartWords::tr("%1 ×", "a ratio")
                                   .arg(QLocale().toString(ratio, 'f',
                                                           ratio < 1      ? 2
                                                           : ratio < 9.95 ? 1
                                                                          : 0));
    }
    painter.setFont(theme::smallFont(look.font));
    painter.setPen(theme::muted(look.palette));
    const QRectF box = right ? QRectF(QPointF(cell.left(), at.y() - 10), QPointF(centre.x() - kMarkSize, at.y() + 10))
                             : QRectF(QPointF(centre.x() + kMarkSize, at.y() - 10), QPointF(cell.right(), at.y() + 10));
    const int flags = Qt::AlignVCenter | Qt::TextSingleLine | (right ? Qt::AlignRight : Qt::AlignLeft);
    // Intervals of other groups pass behind the words.
    painter.setOpacity(0.8);
    painter.fillRect(painter.boundingRect(box, flags, text).adjusted(-1, 2, 1, -2),
                     look.ground.isValid() ? look.ground : theme::card(look.palette));
    painter.setOpacity(1);
    painter.drawText(box, flags, text);
}

} // namespace

int plumbRowHeight(int lanes, const QFont& font) {
    const int plain = QFontMetrics(font).height() + 14;
    return std::max(plain, std::min(lanes, 9) * 8 + 8);
}

qreal plumbPixel(const QRectF& cell, double x) {
    return cell.left() + kSideRoom + x * std::max(0.0, cell.width() - 2 * kSideRoom);
}

void paintPlumbLine(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const PlumbLook& look) {
    paintTicks(painter, cell, chart, look);
    const qreal x = plumbPixel(cell, chart.axis.x(0));
    painter.setPen(QPen(ink(look), kLineWidth, Qt::SolidLine, Qt::FlatCap));
    painter.drawLine(QPointF(x, cell.top()), QPointF(x, cell.bottom()));
}

void paintPlumbRow(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const report::Row& row,
                   const PlumbLook& look) {
    painter.save();
    painter.setClipRect(cell);
    painter.setRenderHint(QPainter::Antialiasing);
    paintBand(painter, cell, row, look);
    paintPlumbLine(painter, cell, chart, look);

    const qreal lane =
        row.lanes > 1 ? std::min<qreal>(kMostLane, (cell.height() - kMarkSize - 2) / (row.lanes - 1)) : 0;
    const auto at = [&](const Mark& mark) {
        return QPointF(plumbPixel(cell, mark.x), cell.center().y() + mark.offset * lane);
    };
    const auto shown = [&](const Mark& mark) { return !look.hiddenGroups.contains(static_cast<int>(mark.group)); };

    for (const Mark& mark : row.marks) {
        if (!mark.lowX || !mark.highX || !shown(mark) || mark.kind == Mark::Kind::BeyondLeft ||
            mark.kind == Mark::Kind::BeyondRight)
            continue;
        QColor colour = groupStroke(chart.styles[mark.group], look.palette);
        colour.setAlphaF(mark.leans ? 1.0F : 0.55F);
        painter.setPen(QPen(colour, 1.6, Qt::SolidLine, Qt::FlatCap));
        const qreal y = at(mark).y();
        painter.drawLine(QPointF(plumbPixel(cell, *mark.lowX), y), QPointF(plumbPixel(cell, *mark.highX), y));
    }
    // Leaning marks last, so that nothing hides them.
    for (const bool leaning : {false, true})
        for (const Mark& mark : row.marks) {
            if (mark.leans != leaning || !shown(mark))
                continue;
            switch (mark.kind) {
            case Mark::Kind::Inside:
            case Mark::Kind::Outside:
                paintMark(painter, chart.styles[mark.group], at(mark), kMarkSize,
                          mark.leans ? MarkFill::Filled : MarkFill::Hollow, look.palette);
                break;
            case Mark::Kind::BeyondLeft:
            case Mark::Kind::BeyondRight:
            case Mark::Kind::Absent:
                paintEdgeMark(painter, at(mark), cell, mark, chart, mark.offset == 0 || lane >= kWordLane, look);
                break;
            }
        }
    painter.restore();
}

int plantedWidth(const report::PlantedView& view, bool withWord, const QFont& font) {
    const QString word = plantedWord(view);
    qreal width = QFontMetricsF(font).horizontalAdvance(phraseText(view.truth()));
    if (view.lean)
        width += kMarkSize + kSignGap;
    if (!word.isEmpty())
        width += 2 * kSignGap + kSign;
    if (!word.isEmpty() && withWord)
        width += QFontMetricsF(theme::smallFont(font)).horizontalAdvance(word) + kSignGap;
    return static_cast<int>(std::ceil(width)) + 1;
}

void paintPlanted(QPainter& painter, const QRectF& cell, const report::PlantedView& view,
                  const report::GroupStyle* style, bool withWord, const PlumbLook& look) {
    using Finding = report::PlantedView::Finding;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QRectF words = cell;
    if (const QString word = plantedWord(view); !word.isEmpty()) {
        // What differs from the truth is as strong as the truth; what agrees with it is quiet.
        const bool agrees = view.finding == Finding::Found || view.finding == Finding::Plumb;
        const QColor colour = agrees ? theme::muted(look.palette) : ink(look);
        const QPointF centre(words.right() - kSign / 2, words.center().y());
        painter.setPen(QPen(colour, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        if (view.finding == Finding::Unsure) {
            painter.setPen(ink(look));
            painter.drawText(QRectF(centre.x() - kSign / 2, words.top(), kSign, words.height()), Qt::AlignCenter,
                             QStringLiteral("?"));
        } else if (agrees) {
            painter.drawPolyline(
                QPolygonF({centre + QPointF(-3.5, 0.5), centre + QPointF(-1, 3), centre + QPointF(4, -3)}));
        } else {
            painter.drawLine(centre + QPointF(-3.5, -1.5), centre + QPointF(3.5, -1.5));
            painter.drawLine(centre + QPointF(-3.5, 1.5), centre + QPointF(3.5, 1.5));
            painter.drawLine(centre + QPointF(-2, 4.5), centre + QPointF(2, -4.5));
        }
        words.setRight(words.right() - kSign - kSignGap);
        if (withWord) {
            painter.setFont(theme::smallFont(look.font));
            painter.setPen(colour);
            painter.drawText(words, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, word);
            words.setRight(words.right() - QFontMetricsF(painter.font()).horizontalAdvance(word) - kSignGap);
        }
    }
    if (style) {
        paintMark(painter, *style, {words.left() + kMarkSize / 2, words.center().y()}, kMarkSize, MarkFill::Filled,
                  look.palette);
        words.setLeft(words.left() + kMarkSize + kSignGap);
    }
    painter.setFont(look.font);
    painter.setPen(view.lean ? ink(look) : theme::muted(look.palette));
    painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                     QFontMetricsF(look.font).elidedText(phraseText(view.truth()), Qt::ElideRight, words.width()));
    painter.restore();
}

void paintPlumbAxis(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const PlumbLook& look) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const qreal tickLength = 4;
    // Labels nearest to plumb first; one that would run into another is left out, its tick stays.
    std::vector<const report::Axis::Tick*> ticks;
    for (const report::Axis::Tick& tick : chart.axis.ticks)
        ticks.push_back(&tick);
    std::stable_sort(ticks.begin(), ticks.end(),
                     [](const auto* a, const auto* b) { return std::abs(a->skew) < std::abs(b->skew); });
    std::vector<QRectF> taken;
    for (const report::Axis::Tick* each : ticks) {
        const report::Axis::Tick& tick = *each;
        const bool plumb = tick.skew == 0;
        const qreal x = plumbPixel(cell, tick.x);
        const QFont font = plumb ? theme::strongFont(look.font) : look.font;
        const QString text = tickText(tick);
        const qreal width = QFontMetricsF(font).horizontalAdvance(text) + 2;
        const qreal left =
            std::clamp(x - width / 2, cell.left() + 2, std::max(cell.left() + 2, cell.right() - width - 2));
        const QRectF box(left, cell.top(), width, cell.height());
        const bool fits = std::none_of(taken.begin(), taken.end(), [&](const QRectF& other) {
            return box.left() < other.right() + 8 && other.left() < box.right() + 8;
        });
        if (fits) {
            taken.push_back(box);
            painter.setFont(font);
            painter.setPen(plumb ? ink(look) : theme::muted(look.palette));
            painter.drawText(box, Qt::AlignCenter | Qt::TextSingleLine | Qt::TextDontClip, text);
        }
        painter.setPen(plumb ? QPen(ink(look), kLineWidth, Qt::SolidLine, Qt::FlatCap)
                             : QPen(theme::line(look.palette), 1));
        const qreal pixel = plumb ? x : std::round(x) + 0.5;
        painter.drawLine(QPointF(pixel, cell.bottom() - tickLength), QPointF(pixel, cell.bottom() + 1));
    }
    painter.restore();
}

void paintPlumbBob(QPainter& painter, const QRectF& cell, const report::PlumbChart& chart, const PlumbLook& look) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const qreal x = plumbPixel(cell, chart.axis.x(0));
    painter.setPen(QPen(ink(look), kLineWidth, Qt::SolidLine, Qt::FlatCap));
    painter.drawLine(QPointF(x, cell.top()), QPointF(x, cell.top() + 6));
    QPainterPath bob;
    const qreal top = cell.top() + 5;
    bob.moveTo(x - 4.5, top);
    bob.lineTo(x + 4.5, top);
    bob.lineTo(x + 4.5, top + 4);
    bob.lineTo(x, top + 14);
    bob.lineTo(x - 4.5, top + 4);
    bob.closeSubpath();
    painter.setPen(Qt::NoPen);
    painter.setBrush(ink(look));
    painter.drawPath(bob);
    painter.restore();
}

} // namespace plumbline::ui
