// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/group_bars.h"

#include <algorithm>
#include <numeric>

#include <QCollator>
#include <QLocale>
#include <QPainter>

#include "core/report/plumb_chart.h"
#include "ui/bridge/error_texts.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {
constexpr int kBarHeight = theme::kGrid;
constexpr int kMark = theme::kGrid; ///< of a group with few images
constexpr int kMinimumBar = 5 * theme::kGrid;
constexpr int kMaximumBar = 26 * theme::kGrid;
/// At least, so that the bars of several attributes begin at the same place.
constexpr int kNameWidth = 14 * theme::kGrid;
} // namespace

GroupBars::GroupBars(QWidget* parent) : QWidget(parent) {
    setFont(theme::tabularFont(font()));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void GroupBars::setGroups(const QString& attribute, std::vector<Group> groups, qint64 unlabelled, qint64 least) {
    m_attribute = attribute;
    m_groups = std::move(groups);
    std::ranges::stable_sort(m_groups, [](const Group& a, const Group& b) {
        return std::pair(a.count == 0, a.name.toUtf8()) < std::pair(b.count == 0, b.name.toUtf8());
    });
    m_unlabelled = unlabelled;
    m_least = least;
    std::vector<std::string> names;
    QStringList words;
    for (const Group& group : m_groups) {
        if (group.count > 0)
            names.push_back(group.name.toStdString());
        words.append((group.count > 0 && group.count < m_least ? tr("%1 %2 (few)") : QStringLiteral("%1 %2"))
                         .arg(group.name, countText(group.count)));
    }
    if (unlabelled > 0)
        words.append(tr("unlabelled %1").arg(countText(unlabelled)));
    m_light.clear();
    m_dark.clear();
    for (const auto& style : report::groupStyles(names)) {
        m_light.push_back(QColor::fromRgb(report::paletteColour(style.colour, false)));
        m_dark.push_back(QColor::fromRgb(report::paletteColour(style.colour, true)));
    }
    // Shown as people count: 3-9 before 10-19.
    QCollator collator;
    collator.setNumericMode(true);
    m_order.resize(m_groups.size());
    std::iota(m_order.begin(), m_order.end(), std::size_t(0));
    std::stable_sort(m_order.begin(), m_order.end(), [&](std::size_t a, std::size_t b) {
        if (const bool none = m_groups[a].count == 0; none != (m_groups[b].count == 0))
            return !none;
        return collator.compare(m_groups[a].name, m_groups[b].name) < 0;
    });
    setAccessibleName(attribute);
    setAccessibleDescription(words.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

int GroupBars::lineHeight() const { return fontMetrics().height() + theme::kHalf; }

QSize GroupBars::sizeHint() const {
    const auto lines = static_cast<int>(m_groups.size()) + (m_unlabelled > 0 ? 1 : 0);
    return {40 * theme::kGrid, lines * lineHeight()};
}

QSize GroupBars::minimumSizeHint() const { return {30 * theme::kGrid, sizeHint().height()}; }

void GroupBars::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QFontMetrics metrics = fontMetrics();
    qint64 most = std::max<qint64>(1, m_unlabelled);
    qint64 total = m_unlabelled;
    int nameWidth = m_unlabelled > 0 ? metrics.horizontalAdvance(tr("unlabelled")) : 0;
    for (const Group& group : m_groups) {
        most = std::max(most, group.count);
        total += group.count;
        nameWidth = std::max(nameWidth, metrics.horizontalAdvance(group.name) + 2);
    }
    const int shareWidth = metrics.horizontalAdvance(QStringLiteral("100.0 %")) + theme::kGrid;
    const int countWidth = std::max(metrics.horizontalAdvance(countText(std::max(most, m_unlabelled))),
                                    metrics.horizontalAdvance(QStringLiteral("0000"))) +
                           theme::kGrid;
    // Where names are long, they are worth more than the shares, which the bars show as well.
    const bool hasShares = nameWidth + shareWidth + countWidth + kMinimumBar + theme::kSpace <= width();
    const int numbers = (hasShares ? shareWidth : 0) + countWidth;
    const int roomForNames = width() - numbers - kMinimumBar - theme::kSpace;
    nameWidth = std::max(5 * theme::kGrid, std::min(std::max(kNameWidth, nameWidth), roomForNames));
    const int barLeft = nameWidth + theme::kSpace;
    const int barWidth = std::clamp(width() - barLeft - numbers, kMinimumBar, kMaximumBar);
    const bool dark = theme::isDark(palette());

    int top = 0;
    const auto line = [&](const QString& name, qint64 count, const QColor& colour, bool muted) {
        const int height = lineHeight();
        const auto cell = [&](int left, int cellWidth, int align, const QString& text, const QColor& pen) {
            painter.setPen(pen);
            painter.drawText(QRect(left, top, cellWidth, height), align | Qt::AlignVCenter | Qt::TextSingleLine, text);
        };
        const QColor words = palette().color(QPalette::WindowText);
        const QColor second = theme::muted(palette());
        cell(0, nameWidth, Qt::AlignLeft, metrics.elidedText(name, Qt::ElideMiddle, nameWidth), muted ? second : words);
        if (colour.isValid() && count > 0) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(colour);
            const double share = static_cast<double>(count) / static_cast<double>(most);
            painter.drawRoundedRect(QRectF(barLeft, top + (height - kBarHeight) / 2.0,
                                           std::max(2.0, barWidth * share), kBarHeight),
                                    2, 2);
        }
        cell(barLeft + barWidth, countWidth, Qt::AlignRight, countText(count), muted ? second : words);
        if (count > 0 && count < m_least && !muted) {
            // Beside the bar, which is short; no colour of a group's own.
            const qreal x = barLeft + barWidth - kMark, y = top + height / 2.0;
            painter.setPen(QPen(words, 1.2));
            painter.setBrush(Qt::NoBrush);
            painter.drawPolygon(QPolygonF({{x - kMark / 2.0, y - kMark / 2.0 + 1},
                                           {x + kMark / 2.0, y - kMark / 2.0 + 1},
                                           {x, y + kMark / 2.0}}));
        }
        if (total > 0 && hasShares)
            cell(barLeft + barWidth + countWidth, shareWidth, Qt::AlignRight,
                 tr("%1 %").arg(QLocale().toString(100.0 * static_cast<double>(count) / static_cast<double>(total), 'f', 1)),
                 second);
        top += height;
    };
    for (const std::size_t i : m_order)
        line(m_groups[i].name, m_groups[i].count,
             m_groups[i].count == 0 ? QColor()
             : dark                 ? m_dark[i]
                                    : m_light[i],
             m_groups[i].count == 0);
    if (m_unlabelled > 0)
        line(tr("unlabelled"), m_unlabelled, theme::band(palette()), true);
}

} // namespace plumbline::ui
