// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProxyStyle>

namespace plumbline::ui {

/// Fusion with flat buttons, fields, headers and progress bars, a focus ring that is always visible, and no
/// decoration. Draws from the option's palette only, so it follows any palette. Labels show their texts as they are,
/// never as markup that somebody's file name happens to be.
class Style : public QProxyStyle {
    Q_OBJECT
public:
    Style();

    void polish(QPalette& palette) override;
    using QProxyStyle::polish;
    QPalette standardPalette() const override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget) const override;
    QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                         const QWidget* widget) const override;
    QRect subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const override;
    void polish(QWidget* widget) override;
    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* returnData) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                           const QWidget* widget) const override;
};

/// Marks the button that does the page's main thing; it is drawn in the accent.
constexpr char kPrimaryProperty[] = "plumblinePrimary";

} // namespace plumbline::ui
