// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/theme.h"

#include <algorithm>
#include <cmath>

#include <QAbstractItemView>
#include <QApplication>
#include <QHeaderView>
#include <QStyleFactory>
#include <QTableView>
#include <QTreeView>

#include "ui/widgets/style.h"
#include "ui/widgets/tool_tips.h"

namespace plumbline::ui::theme {

QPalette ownPalette(bool dark) {
    const QColor window = dark ? QColor(0x1d, 0x1f, 0x21) : QColor(0xee, 0xee, 0xeb);
    const QColor base = dark ? QColor(0x2a, 0x2d, 0x30) : QColor(0xff, 0xff, 0xff);
    const QColor text = dark ? QColor(0xec, 0xec, 0xea) : QColor(0x1c, 0x1c, 0x1c);
    QPalette result(dark ? QColor(0x36, 0x3a, 0x3e) : QColor(0xfb, 0xfb, 0xfa), window);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        result.setColor(role, text);
    result.setColor(QPalette::Base, base);
    result.setColor(QPalette::AlternateBase, mix(base, window, 0.5));
    result.setColor(QPalette::ToolTipBase, base);
    result.setColor(QPalette::BrightText, Qt::white);
    result.setColor(QPalette::Highlight, dark ? QColor(0x6f, 0xae, 0xe6) : QColor(0x1f, 0x5c, 0x8f));
    result.setColor(QPalette::HighlightedText, dark ? QColor(0x10, 0x16, 0x1c) : QColor(0xff, 0xff, 0xff));
    result.setColor(QPalette::Link, result.color(QPalette::Highlight));
    result.setColor(QPalette::PlaceholderText, muted(result));
    const QColor disabled = mix(text, base, 0.6);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        result.setColor(QPalette::Disabled, role, disabled);
    result.setColor(QPalette::Disabled, QPalette::Highlight, mix(base, text, 0.2));
    return result;
}

namespace {

/// The lower and the higher of the palette's two surfaces: dark palettes differ in which of them is the base.
std::pair<QColor, QColor> surfaces(const QPalette& palette) {
    const QColor window = palette.color(QPalette::Active, QPalette::Window);
    const QColor base = palette.color(QPalette::Active, QPalette::Base);
    return window.lightness() <= base.lightness() ? std::pair(window, base) : std::pair(base, window);
}

} // namespace

QColor mix(const QColor& a, const QColor& b, double amount) {
    const auto part = [amount](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * amount)); };
    return {part(a.red(), b.red()), part(a.green(), b.green()), part(a.blue(), b.blue())};
}

void apply(QApplication& application, Appearance appearance) {
    if (!application.style()->inherits("plumbline::ui::Style"))
        application.setStyle(new Style);
    ToolTips::install(application);
    switch (appearance) {
    case Appearance::Light: application.setPalette(ownPalette(false)); break;
    case Appearance::Dark: application.setPalette(ownPalette(true)); break;
    case Appearance::System: application.setPalette(QPalette()); break;
    }
}

bool isDark(const QPalette& palette) {
    return palette.color(QPalette::Window).lightness() < palette.color(QPalette::WindowText).lightness();
}

QColor sidebar(const QPalette& palette) { return surfaces(palette).first; }

QColor page(const QPalette& palette) {
    const auto [low, high] = surfaces(palette);
    return mix(low, high, isDark(palette) ? 0.3 : 0.6);
}

QColor card(const QPalette& palette) { return surfaces(palette).second; }

QColor accent(const QPalette& palette) { return palette.color(QPalette::Active, QPalette::Highlight); }

QColor onAccent(const QPalette& palette) { return palette.color(QPalette::Active, QPalette::HighlightedText); }

QColor selection(const QPalette& palette) { return mix(card(palette), accent(palette), isDark(palette) ? 0.2 : 0.11); }

QColor muted(const QPalette& palette) {
    return mix(palette.color(QPalette::Active, QPalette::WindowText), card(palette), 0.28);
}

QColor line(const QPalette& palette) {
    return mix(card(palette), palette.color(QPalette::Active, QPalette::WindowText), isDark(palette) ? 0.16 : 0.13);
}

QColor band(const QPalette& palette) {
    return mix(card(palette), palette.color(QPalette::Active, QPalette::WindowText), isDark(palette) ? 0.18 : 0.12);
}

QColor signal(Severity severity, const QPalette& palette) {
    const bool dark = isDark(palette);
    switch (severity) {
    case Severity::Note: return accent(palette);
    case Severity::Warning: return dark ? QColor(0xe6, 0xb0, 0x4a) : QColor(0x8a, 0x5a, 0x00);
    case Severity::Error: return dark ? QColor(0xf0, 0x8a, 0x7c) : QColor(0xb0, 0x2a, 0x1c);
    }
    return accent(palette);
}

QFont titleFont(const QFont& base) {
    QFont font = base;
    font.setPointSizeF(base.pointSizeF() * 1.5);
    font.setWeight(QFont::DemiBold);
    return font;
}

QFont strongFont(const QFont& base) {
    QFont font = base;
    font.setWeight(QFont::DemiBold);
    return font;
}

QFont smallFont(const QFont& base) {
    QFont font = base;
    font.setPointSizeF(base.pointSizeF() * 0.88);
    return font;
}

QFont tabularFont(const QFont& base) {
    QFont font = base;
#if QT_VERSION >= QT_VERSION_CHECK(6, 7, 0)
    font.setFeature("tnum", 1);
#endif
    return font;
}

void styleTable(QAbstractItemView* view) {
    view->setFrameShape(QFrame::NoFrame);
    view->setSelectionBehavior(QAbstractItemView::SelectRows);
    view->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view->setTabKeyNavigation(false);
    view->viewport()->setAutoFillBackground(false);
    if (auto* table = qobject_cast<QTableView*>(view)) {
        table->setShowGrid(false);
        table->setWordWrap(false);
        table->verticalHeader()->hide();
        table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + kSpace);
        table->horizontalHeader()->setHighlightSections(false);
        table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        table->horizontalHeader()->setStretchLastSection(true);
    }
    if (auto* tree = qobject_cast<QTreeView*>(view))
        tree->setRootIsDecorated(false);
}

void setMuted(QWidget* widget) { widget->setForegroundRole(QPalette::PlaceholderText); }

} // namespace plumbline::ui::theme
