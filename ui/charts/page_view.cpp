// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/page_view.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

#include "ui/charts/report_pages.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {

constexpr int kGap = 12, kMostWidth = 900;
constexpr int kKept = 4; ///< pages before and after those in sight whose pictures are kept

} // namespace

/// Holds the pages on the thread that they belong to.
struct PageView::Painter : QObject {
    std::unique_ptr<ReportPages> pages;
    std::atomic<quint64> wanted = 0; ///< what else is asked for came too late
};

PageView::PageView(QWidget* parent) : QAbstractScrollArea(parent), m_painter(new Painter) {
    m_painter->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_painter, &QObject::deleteLater);
    m_thread.start();
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Pages of the report"));
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, [this] {
        viewport()->update();
        if (const int page = currentPage(); page != m_current) {
            m_current = page;
            Q_EMIT currentPageChanged(page);
        }
    });
}

PageView::~PageView() {
    m_painter->wanted = 0;
    m_thread.quit();
    m_thread.wait();
}

void PageView::setReport(const QByteArray& html) {
    const quint64 generation = m_painter->wanted = ++m_generation;
    if (html.isEmpty())
        setPages(0, m_ratio);
    QMetaObject::invokeMethod(m_painter, [this, painter = m_painter, generation, html] {
        if (painter->wanted != generation)
            return;
        auto made = html.isEmpty() ? Result<std::unique_ptr<ReportPages>>() : ReportPages::layOut(html);
        painter->pages = made ? std::move(*made) : nullptr;
        const int count = painter->pages ? painter->pages->count() : 0;
        const QSizeF paper = painter->pages ? painter->pages->paper() : QSizeF(1, 1);
        if (!html.isEmpty())
            QMetaObject::invokeMethod(this, [this, generation, count, ratio = paper.height() / paper.width()] {
                if (generation != m_generation)
                    return;
                setPages(count, ratio);
                Q_EMIT laidOut(count > 0);
            });
    });
}

void PageView::setPages(int count, double ratio) {
    m_painted.clear();
    m_count = count;
    m_ratio = ratio;
    layOut();
    m_current = currentPage();
    Q_EMIT currentPageChanged(m_current);
    viewport()->update();
}

QSize PageView::pageSize() const {
    const int width = std::max(1, std::min(kMostWidth, viewport()->width() - 2 * kGap));
    return {width, qRound(width * m_ratio)};
}

int PageView::step() const {
    return pageSize().height() + kGap;
}

void PageView::layOut() {
    const double place =
        m_count > 0 ? double(verticalScrollBar()->value()) / std::max(1, verticalScrollBar()->maximum()) : 0;
    const int whole = m_count * step() + kGap;
    verticalScrollBar()->setRange(0, std::max(0, whole - viewport()->height()));
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(40);
    verticalScrollBar()->setValue(qRound(place * verticalScrollBar()->maximum()));
}

int PageView::currentPage() const {
    if (m_count == 0)
        return -1;
    return std::clamp((verticalScrollBar()->value() + viewport()->height() / 2) / step(), 0, m_count - 1);
}

void PageView::showPage(int page) {
    verticalScrollBar()->setValue(std::clamp(page, 0, std::max(0, m_count - 1)) * step());
}

void PageView::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    layOut();
}

void PageView::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Home:
        showPage(0);
        return;
    case Qt::Key_End:
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
        return;
    case Qt::Key_Space:
        verticalScrollBar()->triggerAction(event->modifiers() & Qt::ShiftModifier ? QAbstractSlider::SliderPageStepSub
                                                                                  : QAbstractSlider::SliderPageStepAdd);
        return;
    default:
        QAbstractScrollArea::keyPressEvent(event); // arrows and page keys scroll
    }
}

void PageView::want(int page, int width) {
    m_painted[page].width = width;
    QMetaObject::invokeMethod(m_painter, [this, painter = m_painter, generation = m_generation, page, width] {
        if (painter->wanted != generation || !painter->pages)
            return;
        QMetaObject::invokeMethod(this, [this, generation, page, width, image = painter->pages->picture(page, width)] {
            takePicture(generation, page, width, image);
        });
    });
}

void PageView::takePicture(quint64 generation, int page, int width, const QImage& image) {
    if (generation != m_generation || m_painted.value(page).width != width)
        return;
    m_painted[page].image = image;
    viewport()->update();
}

void PageView::paintEvent(QPaintEvent*) {
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), theme::band(palette()));
    if (m_count == 0)
        return;
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const QSize size = pageSize();
    const int top = verticalScrollBar()->value(), left = (viewport()->width() - size.width()) / 2;
    const int first = std::max(0, (top - kGap) / step()),
              last = std::min(m_count - 1, (top + viewport()->height()) / step());
    m_painted.removeIf([&](const auto& one) { return one.key() < first - kKept || one.key() > last + kKept; });
    const int width = qRound(size.width() * devicePixelRatioF());
    for (int page = first; page <= last; ++page) {
        const QRect sheet(left, kGap + page * step() - top, size.width(), size.height());
        painter.fillRect(sheet, Qt::white);
        if (m_painted.value(page).width != width)
            want(page, width);
        if (const QImage image = m_painted.value(page).image; !image.isNull())
            painter.drawImage(sheet, image);
        painter.setPen(theme::line(palette()));
        painter.drawRect(sheet.adjusted(0, 0, -1, -1));
    }
}

} // namespace plumbline::ui
