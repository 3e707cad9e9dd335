// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/style.h"

#include <algorithm>

#include <QAbstractItemView>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>
#include <QWidget>

#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {

/// What Fusion gives itself where the desktop says nothing about colours.
const QColor kFusionHighlight(48, 140, 198);

bool isPrimary(const QWidget* widget) { return widget != nullptr && widget->property(kPrimaryProperty).toBool(); }

QRectF crisp(const QRect& rect) { return QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5); }

void panel(QPainter* painter, const QRect& rect, const QColor& fill, const QColor& border, qreal width = 1) {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(border.isValid() ? QPen(border, width) : QPen(Qt::NoPen));
    painter->setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
    const qreal inset = (width - 1) / 2;
    painter->drawRoundedRect(crisp(rect).adjusted(inset, inset, -inset, -inset), theme::kRadius - 1, theme::kRadius - 1);
    painter->restore();
}

void drawButton(const QStyleOption* option, QPainter* painter, const QWidget* widget) {
    const QPalette& palette = option->palette;
    const bool enabled = option->state & QStyle::State_Enabled;
    const bool hovered = enabled && (option->state & QStyle::State_MouseOver);
    const bool down = option->state & (QStyle::State_Sunken | QStyle::State_On);
    const QColor text = palette.color(QPalette::WindowText);
    QColor fill = isPrimary(widget) && enabled ? theme::accent(palette) : palette.color(QPalette::Button);
    QColor border = isPrimary(widget) && enabled ? fill : theme::mix(theme::line(palette), text, enabled ? 0.12 : 0);
    if (down || hovered)
        fill = theme::mix(fill, isPrimary(widget) ? theme::onAccent(palette) : text, down ? 0.16 : 0.06);
    if (option->state & QStyle::State_HasFocus && option->state & QStyle::State_KeyboardFocusChange)
        border = isPrimary(widget) ? text : theme::accent(palette);
    const bool ring = option->state & QStyle::State_HasFocus && option->state & QStyle::State_KeyboardFocusChange;
    panel(painter, option->rect, fill, border, ring ? 2 : 1);
}

void drawField(const QStyleOption* option, QPainter* painter) {
    const QPalette& palette = option->palette;
    const bool focused = option->state & QStyle::State_HasFocus;
    const QColor border = focused ? theme::accent(palette)
                                  : theme::mix(theme::line(palette), palette.color(QPalette::WindowText), 0.15);
    const bool enabled = option->state & QStyle::State_Enabled;
    panel(painter, option->rect, enabled ? palette.color(QPalette::Base) : QColor(), border, focused ? 2 : 1);
}

void drawCheck(const QStyleOption* option, QPainter* painter) {
    const QPalette& palette = option->palette;
    const bool enabled = option->state & QStyle::State_Enabled;
    const bool checked = option->state & QStyle::State_On;
    const QColor on = enabled ? theme::accent(palette) : theme::mix(theme::card(palette), theme::muted(palette), 0.5);
    const QRectF box = QRectF(option->rect).adjusted(1.5, 1.5, -1.5, -1.5);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(checked ? on : theme::mix(theme::line(palette), palette.color(QPalette::WindowText), 0.3), 1));
    painter->setBrush(checked ? on : theme::card(palette));
    painter->drawRoundedRect(box, 2.5, 2.5);
    if (checked) {
        painter->setPen(QPen(theme::onAccent(palette), 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter->setBrush(Qt::NoBrush);
        const auto at = [&box](qreal x, qreal y) { return box.topLeft() + QPointF(x * box.width(), y * box.height()); };
        painter->drawPolyline(QPolygonF({at(0.22, 0.52), at(0.42, 0.72), at(0.78, 0.3)}));
    }
    painter->restore();
}

/// Framed areas that are typed or chosen in: drawn as fields.
bool isField(const QWidget* widget) {
    return widget != nullptr && (widget->inherits("QPlainTextEdit") || widget->inherits("QListWidget"));
}

} // namespace

Style::Style() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

QPalette Style::standardPalette() const { return theme::ownPalette(false); }

void Style::polish(QPalette& palette) {
    if (palette.color(QPalette::Active, QPalette::Highlight) == kFusionHighlight)
        palette = theme::ownPalette(theme::isDark(palette));
    else
        palette.setColor(QPalette::PlaceholderText, theme::muted(palette));
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const {
    switch (element) {
    case PE_PanelButtonCommand:
        drawButton(option, painter, widget);
        return;
    case PE_FrameDefaultButton:
    case PE_PanelScrollAreaCorner:
        return;
    case PE_PanelTipLabel: {
        const QColor base = option->palette.color(QPalette::ToolTipBase);
        painter->fillRect(option->rect, base);
        painter->setPen(theme::mix(option->palette.color(QPalette::ToolTipText), base, 0.4));
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
        return;
    }
    case PE_PanelButtonTool: {
        const bool enabled = option->state & State_Enabled;
        const bool marked = option->state & (State_On | State_Sunken);
        if (marked || (enabled && option->state & State_MouseOver))
            panel(painter, option->rect,
                  theme::mix(theme::card(option->palette), option->palette.color(QPalette::WindowText), marked ? 0.14 : 0.07),
                  QColor());
        return;
    }
    case PE_PanelLineEdit:
        // A line edit inside a spin box or combo box has no frame of its own.
        if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option); frame && frame->lineWidth > 0)
            drawField(option, painter);
        return;
    case PE_FrameLineEdit:
        drawField(option, painter);
        return;
    case PE_Frame:
        if (isField(widget)) {
            QStyleOption own = *option;
            own.state.setFlag(State_HasFocus, widget->hasFocus());
            drawField(&own, painter);
            return;
        }
        break;
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
        drawCheck(option, painter);
        return;
    case PE_FrameFocusRect: {
        if (qobject_cast<const QAbstractItemView*>(widget) != nullptr && !(option->state & State_KeyboardFocusChange))
            return;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(theme::accent(option->palette), 1.5));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(option->rect).adjusted(1, 1, -1, -1), 3, 3);
        painter->restore();
        return;
    }
    case PE_PanelItemViewRow:
    case PE_PanelItemViewItem: {
        const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option);
        if (item != nullptr && item->state & State_Selected)
            painter->fillRect(item->rect, theme::selection(item->palette));
        else if (item != nullptr && item->backgroundBrush.style() != Qt::NoBrush)
            painter->fillRect(item->rect, item->backgroundBrush);
        return;
    }
    case PE_IndicatorHeaderArrow: {
        const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
        if (header == nullptr || header->sortIndicator == QStyleOptionHeader::None)
            return;
        const bool up = header->sortIndicator == QStyleOptionHeader::SortUp;
        const QPointF centre = QRectF(option->rect).center();
        const qreal sign = up ? 1 : -1;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(theme::muted(option->palette), 1.5));
        painter->drawPolyline(QPolygonF({centre + QPointF(-3.5, -1.75 * sign), centre + QPointF(0, 1.75 * sign),
                                         centre + QPointF(3.5, -1.75 * sign)}));
        painter->restore();
        return;
    }
    default:
        break;
    }
    QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                        const QWidget* widget) const {
    switch (element) {
    case CE_PushButtonBevel: // which draws the arrow of a menu, too
    case CE_PushButtonLabel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            QStyleOptionButton own = *button;
            if (isPrimary(widget) && own.state & State_Enabled)
                for (const auto role : {QPalette::ButtonText, QPalette::WindowText}) // the text and the arrow
                    own.palette.setColor(role, theme::onAccent(own.palette));
            QProxyStyle::drawControl(element, &own, painter, widget);
            return;
        }
        break;
    case CE_ItemViewItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option)) {
            QStyleOptionViewItem own = *item; // a selected row is tinted, so its text keeps its colour
            own.palette.setColor(QPalette::HighlightedText, own.palette.color(QPalette::Text));
            QProxyStyle::drawControl(element, &own, painter, widget);
            return;
        }
        break;
    case CE_Splitter:
        return;
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        painter->fillRect(option->rect, theme::card(option->palette));
        painter->fillRect(QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1),
                          theme::line(option->palette));
        return;
    case CE_HeaderLabel:
        if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            painter->save();
            painter->setPen(theme::muted(option->palette));
            const QRect rect = option->rect.adjusted(theme::kHalf, 0, -theme::kHalf, 0); // as wide as a cell's text
            const QString text = option->fontMetrics.elidedText(header->text, Qt::ElideRight, rect.width());
            painter->drawText(rect, static_cast<int>(header->textAlignment) | Qt::TextSingleLine, text);
            painter->restore();
            return;
        }
        break;
    case CE_ProgressBarGroove:
        panel(painter, option->rect, theme::band(option->palette), QColor());
        return;
    case CE_ProgressBarContents:
        if (const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option)) {
            painter->save();
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setPen(Qt::NoPen);
            painter->setBrush(theme::accent(option->palette));
            QRectF rect = option->rect;
            const qint64 range = static_cast<qint64>(bar->maximum) - bar->minimum;
            if (range > 0)
                rect.setWidth(rect.width() * static_cast<qreal>(bar->progress - bar->minimum) / static_cast<qreal>(range));
            else // unknown length: a still, hatched bar, not an animation
                painter->setBrush(QBrush(theme::accent(option->palette), Qt::BDiagPattern));
            const qreal radius = std::min<qreal>(rect.height() / 2, theme::kRadius - 1);
            painter->drawRoundedRect(rect, radius, radius);
            painter->restore();
            return;
        }
        break;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                               const QWidget* widget) const {
    if (control != CC_ScrollBar) {
        QProxyStyle::drawComplexControl(control, option, painter, widget);
        return;
    }
    QRectF thumb = subControlRect(control, option, SC_ScrollBarSlider, widget);
    const bool active = option->activeSubControls & SC_ScrollBarSlider && option->state & (State_MouseOver | State_Sunken);
    thumb = option->state & State_Horizontal ? thumb.adjusted(1, 3, -1, -3) : thumb.adjusted(3, 1, -3, -1);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme::mix(theme::card(option->palette), option->palette.color(QPalette::WindowText),
                                 active ? 0.5 : 0.3));
    painter->drawRoundedRect(thumb, 3, 3);
    painter->restore();
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                            const QWidget* widget) const {
    if (control == CC_ComboBox && part == SC_ComboBoxEditField)
        return QProxyStyle::subControlRect(control, option, part, widget).adjusted(theme::kHalf, 0, 0, 0);
    const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (control != CC_ScrollBar || slider == nullptr)
        return QProxyStyle::subControlRect(control, option, part, widget);
    // No arrow buttons: the groove is the whole bar.
    const bool isHorizontal = slider->orientation == Qt::Horizontal;
    const int length = isHorizontal ? slider->rect.width() : slider->rect.height();
    const qint64 range = static_cast<qint64>(slider->maximum) - slider->minimum;
    int thumb = length;
    if (range > 0)
        thumb = std::clamp(static_cast<int>(static_cast<qint64>(length) * slider->pageStep / (range + slider->pageStep)),
                           std::min(length, pixelMetric(PM_ScrollBarSliderMin, option, widget)), length);
    const int from = sliderPositionFromValue(slider->minimum, slider->maximum, slider->sliderPosition, length - thumb,
                                             slider->upsideDown);
    const auto span = [&](int start, int size) {
        const QRect rect = isHorizontal ? QRect(start, 0, size, slider->rect.height())
                                        : QRect(0, start, slider->rect.width(), size);
        return visualRect(slider->direction, slider->rect, rect.translated(slider->rect.topLeft()));
    };
    switch (part) {
    case SC_ScrollBarGroove: return slider->rect;
    case SC_ScrollBarSlider: return span(from, thumb);
    case SC_ScrollBarSubPage: return span(0, from);
    case SC_ScrollBarAddPage: return span(from + thumb, length - from - thumb);
    default: return {};
    }
}

QRect Style::subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const {
    const QRect rect = QProxyStyle::subElementRect(element, option, widget);
    return element == SE_LineEditContents ? rect.adjusted(theme::kHalf, 0, -theme::kHalf, 0) : rect;
}

void Style::polish(QWidget* widget) {
    QProxyStyle::polish(widget);
    if (auto* area = qobject_cast<QAbstractScrollArea*>(widget); area != nullptr && isField(widget))
        area->viewport()->setAutoFillBackground(false); // the field behind it has round corners
    // Screen readers do not read placeholders: where that is all that names a field, it becomes its name.
    if (auto* line = qobject_cast<QLineEdit*>(widget); line != nullptr && line->accessibleName().isEmpty())
        line->setAccessibleName(line->placeholderText());
    // Words are words, also the names of files, labels and models; who writes markup says so.
    if (auto* label = qobject_cast<QLabel*>(widget); label != nullptr && label->textFormat() == Qt::AutoText)
        label->setTextFormat(Qt::PlainText);
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
    switch (metric) {
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return theme::kGrid;
    case PM_LayoutLeftMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutBottomMargin:
        return theme::kGrid;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_ToolTipLabelFrameWidth:
        return theme::kHalf;
    case PM_SplitterWidth:
        return theme::kGrid;
    case PM_HeaderMargin:
        return theme::kHalf;
    case PM_FocusFrameHMargin: // the margin of a cell's text, less one
        return theme::kGrid - 1;
    case PM_ScrollBarExtent:
        return theme::kGrid + theme::kHalf;
    case PM_ScrollBarSliderMin:
        return 4 * theme::kGrid;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                     QStyleHintReturn* returnData) const {
    switch (hint) {
    case SH_UnderlineShortcut:
        return QProxyStyle::styleHint(hint, option, widget, returnData);
    case SH_ItemView_ShowDecorationSelected:
        return 1;
    case SH_Widget_Animation_Duration:
        return 0;
    case SH_EtchDisabledText:
        return 0;
    default:
        return QProxyStyle::styleHint(hint, option, widget, returnData);
    }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                              const QWidget* widget) const {
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        return {result.width() + 2 * theme::kGrid, std::max(result.height(), 4 * theme::kGrid)};
    case CT_ItemViewItem:
        return {result.width(), std::max(result.height(), option->fontMetrics.height() + theme::kGrid)};
    case CT_LineEdit:
    case CT_ComboBox:
    case CT_SpinBox:
        return {result.width(), std::max(result.height(), 4 * theme::kGrid)};
    case CT_HeaderSection:
        return {result.width() + theme::kGrid, std::max(result.height(), 4 * theme::kGrid)};
    default:
        return result;
    }
}

} // namespace plumbline::ui
