// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/page_view.h"

#include <algorithm>

#include <QCoreApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QPointer>
#include <QScrollBar>
#include <QThreadPool>

#include "ui/charts/report_pages.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {

constexpr int kGap = 12, kMostWidth = 900;
constexpr int kKept = 4; ///< pages before and after those in sight whose pictures are kept

} // namespace

PageView::PageView(QWidget* parent) : QAbstractScrollArea(parent), m_painter(new QThreadPool(this)) {
    m_painter->setMaxThreadCount(1); // the pages belong to one thread at a time
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
    m_painter->clear();
    m_painter->waitForDone();
}

void PageView::setPages(std::shared_ptr<const ReportPages> pages) {
    m_painter->clear();
    ++m_generation;
    m_painted.clear();
    m_pages = std::move(pages);
    m_count = m_pages ? m_pages->count() : 0;
    if (m_pages)
        m_ratio = m_pages->paper().height() / m_pages->paper().width();
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
    m_painter->start([view = QPointer(this), pages = m_pages, generation = m_generation, page, width] {
        QImage image = pages->picture(page, width);
        QMetaObject::invokeMethod(qApp, [view, generation, page, width, image = std::move(image)] {
            if (view)
                view->takePicture(generation, page, width, image);
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
