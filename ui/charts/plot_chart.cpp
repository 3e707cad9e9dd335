// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plot_chart.h"

#include <algorithm>
#include <cmath>

#include <QMouseEvent>
#include <QPainter>
#include <QStackedLayout>

#include "ui/charts/grid.h"
#include "ui/charts/qcp.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/tool_tips.h"

namespace plumbline::ui {

void styleAxes(QCustomPlot& plot, const QPalette& palette, const QFont& font) {
    plot.setBackground(QBrush(theme::card(palette)));
    const QColor ink = palette.color(QPalette::WindowText), quiet = theme::muted(palette), line = theme::line(palette);
    for (QCPAxis* axis : {plot.xAxis, plot.yAxis, plot.xAxis2, plot.yAxis2}) {
        axis->setTickLabelFont(theme::tabularFont(theme::smallFont(font)));
        axis->setLabelFont(theme::smallFont(font));
        axis->setTickLabelColor(quiet);
        axis->setLabelColor(quiet);
        axis->setBasePen(QPen(theme::mix(line, ink, 0.2), 1));
        axis->setTickPen(QPen(theme::mix(line, ink, 0.2), 1));
        axis->setSubTicks(false);
        axis->setTickLength(0, 4);
        axis->grid()->setPen(QPen(line, 1));
        axis->grid()->setZeroLinePen(Qt::NoPen);
        axis->grid()->setAntialiased(false);
    }
    plot.yAxis->setBasePen(Qt::NoPen);
    plot.yAxis->setTickPen(Qt::NoPen);
    plot.xAxis->grid()->setVisible(false);
    plot.axisRect()->setMinimumMargins(QMargins(4, 8, 8, 4));
}

void setRoundTicks(QCPAxis& axis, int most) {
    const double least = axis.range().size() / std::max(2, most);
    const double power = std::pow(10, std::floor(std::log10(least)));
    double step = 10 * power;
    for (const double times : {5, 2, 1})
        if (times * power >= least)
            step = times * power;
    QSharedPointer<QCPAxisTickerFixed> ticker(new QCPAxisTickerFixed);
    ticker->setTickStep(step);
    ticker->setScaleStrategy(QCPAxisTickerFixed::ssNone);
    axis.setTicker(ticker);
    axis.setNumberFormat(QStringLiteral("f"));
    axis.setNumberPrecision(std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9))));
}

namespace {

/// Says where the keyboard is.
class Plot : public QCustomPlot {
public:
    using QCustomPlot::QCustomPlot;

protected:
    void paintEvent(QPaintEvent* event) override {
        QCustomPlot::paintEvent(event);
        QPainter painter(this);
        paintFocusRing(painter, *this, *this);
    }
};

} // namespace

PlotChart::PlotChart(QWidget* parent)
    : QWidget(parent), m_stack(new QStackedLayout(this)), m_plot(new Plot(this)), m_table(new GridTable(this)) {
    m_stack->addWidget(m_plot);
    m_stack->addWidget(m_table);
    m_plot->setNoAntialiasingOnDrag(false);
    m_plot->setFocusPolicy(Qt::TabFocus);
    m_plot->setMouseTracking(true);
    m_plot->installEventFilter(this);
    setFocusProxy(m_plot);
}

void PlotChart::showTable(bool on) {
    if (on)
        m_table->setGrid(chartNumbers());
    m_stack->setCurrentWidget(on ? static_cast<QWidget*>(m_table) : m_plot);
    setFocusProxy(m_stack->currentWidget());
}

bool PlotChart::showsTable() const {
    return m_stack->currentWidget() == m_table;
}

QString PlotChart::hint(const QCustomPlot& plot, QPointF place) const {
    Q_UNUSED(plot)
    Q_UNUSED(place)
    return {};
}

void PlotChart::refresh() {
    if (showsTable()) // the table of a curve is long: made only for eyes that look at it
        m_table->setGrid(chartNumbers());
    m_table->setAccessibleName(chartTitle());
    m_plot->setAccessibleName(chartTitle());
    m_plot->setAccessibleDescription(chartSummary());
    redraw();
}

void PlotChart::redraw() {
    m_plot->clearPlottables();
    m_plot->clearItems();
    draw(*m_plot, palette(), m_plot->size());
    m_plot->replot(QCustomPlot::rpQueuedReplot);
}

QSize PlotChart::pictureSize() const {
    return {720, 400};
}

void PlotChart::paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const {
    QCustomPlot plot;
    plot.setFont(font());
    plot.resize(size);
    draw(plot, palette, size);
    QCPPainter painter;
    if (!painter.begin(&device))
        return;
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    painter.fillRect(QRect({0, 0}, size), theme::card(palette));
    plot.toPainter(&painter, size.width(), size.height());
}

void PlotChart::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    redraw();
}

void PlotChart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        redraw();
}

bool PlotChart::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_plot && event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString text = hint(*m_plot, help->pos());
        ToolTips::show(help->globalPos(), text, m_plot);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace plumbline::ui
