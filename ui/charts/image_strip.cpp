// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/image_strip.h"

#include <cmath>

#include <QCheckBox>
#include <QClipboard>
#include <QDesktopServices>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/charts/chart_text.h"
#include "ui/charts/image_viewer.h"
#include "ui/charts/legend.h"
#include "ui/charts/palette.h"
#include "ui/charts/thumbnail_paint.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kSide = 80; ///< of a thumbnail; they are stored with twice as many pixels
constexpr int kGap = 4;
constexpr int kBadge = 18; ///< with the sign of a note
constexpr std::size_t kNamedGroups = 7; ///< more groups are named by their marks only, as in the chart above

} // namespace

QSize ThumbnailDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    Q_UNUSED(index)
    return {kSide + 2 * kGap, kSide + 2 * kGap + QFontMetrics(theme::smallFont(option.font)).height() + kGap};
}

void ThumbnailDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const auto* model = qobject_cast<const RankedImages*>(index.model());
    if (!model)
        return;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setRenderHint(QPainter::SmoothPixmapTransform);
    const QRectF box(option.rect.left() + kGap, option.rect.top() + kGap, kSide, kSide);
    paintThumbnail(*painter, box, index.data(Qt::DecorationRole).value<QImage>(),
                   index.data(RankedImages::StateRole).toInt() == static_cast<int>(RankedImages::Thumbnail::Missing),
                   m_blurred, option);

    const QFont small = theme::tabularFont(theme::smallFont(option.font));
    const QRectF line(box.left(), box.bottom() + 2, box.width(), QFontMetrics(small).height() + 2);
    qreal left = line.left();
    if (const report::GroupStyle* style = model->style(index.data(RankedImages::GroupRole).toInt())) {
        paintMark(*painter, *style, QPointF(left + 5, line.center().y()), 9, MarkFill::Filled, option.palette);
        left += 14;
    }
    painter->setFont(small);
    painter->setPen(option.palette.color(QPalette::Text));
    painter->drawText(QRectF(QPointF(left, line.top()), line.bottomRight()), Qt::AlignLeft | Qt::AlignVCenter,
                      index.data().toString());
    if (const Remark remark = model->remark(index.row()); !remark.isEmpty()) {
        const QRectF badge(box.right() - kBadge - 2, box.top() + 2, kBadge, kBadge);
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme::card(option.palette));
        painter->drawRoundedRect(badge, 3, 3);
        paintRemark(*painter, badge.adjusted(2, 2, -2, -2), remark, option.palette);
        painter->setPen(option.palette.color(QPalette::Text));
    }
    if (const double score = index.data(RankedImages::ScoreRole).toDouble(); std::isfinite(score)) {
        painter->setPen(theme::muted(option.palette));
        painter->drawText(line, Qt::AlignRight | Qt::AlignVCenter, numberText(score, 3));
    }
    painter->restore();
}

ImageStrip::ImageStrip(QWidget* parent)
    : QWidget(parent), m_images(new RankedImages(this)), m_view(new QListView(this)),
      m_delegate(new ThumbnailDelegate(this)), m_heading(heading(tr("The images that caused it"), this)),
      m_note(caption({}, this)), m_legend(new Legend(this)) {
    auto* blur = new QCheckBox(tr("Blur"), this);
    blur->setToolTip(tr("Makes people unrecognisable, for a screen that others see"));
    m_blur = blur;
    m_legend->setSwitchable(false);

    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kGrid);
    top->addWidget(m_heading);
    top->addWidget(m_note);
    top->addStretch();
    top->addWidget(m_blur);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(theme::kHalf);
    layout->addLayout(top);
    layout->addWidget(m_legend);
    layout->addWidget(m_view, 1);

    m_view->setModel(m_images);
    m_view->setItemDelegate(m_delegate);
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->viewport()->setAutoFillBackground(false);
    m_view->setFlow(QListView::LeftToRight);
    m_view->setWrapping(true);
    m_view->setResizeMode(QListView::Adjust);
    m_view->setUniformItemSizes(true);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_view->setAccessibleName(tr("Images by rank"));
    m_view->setMinimumHeight(m_delegate->sizeHint({}, {}).height());

    connect(m_blur, &QAbstractButton::toggled, this, &ImageStrip::setBlurred);
    connect(m_view, &QAbstractItemView::clicked, this, &ImageStrip::showLarge);
    connect(m_view, &QAbstractItemView::activated, this, &ImageStrip::showLarge);
    connect(m_view, &QWidget::customContextMenuRequested, this, &ImageStrip::showMenu);
    m_view->installEventFilter(this);
    setBlurred(areThumbnailsBlurred());
}

/// Letters in the strip and in the larger view, where a shortcut of the page does not reach.
bool ImageStrip::eventFilter(QObject* watched, QEvent* event) {
    if (!m_notable || event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(watched, event);
    const auto* key = static_cast<QKeyEvent*>(event);
    const QModelIndex index = m_view->currentIndex();
    if (!index.isValid() || key->modifiers() != Qt::NoModifier || (key->key() != Qt::Key_F && key->key() != Qt::Key_N))
        return QWidget::eventFilter(watched, event);
    const qint64 row = m_images->images()[static_cast<std::size_t>(index.row())].row;
    if (key->key() == Qt::Key_F)
        Q_EMIT flagToggled(row);
    else
        Q_EMIT noteWanted(row);
    return true;
}

bool ImageStrip::chooseImage(qint64 imageRow) {
    const int place = m_images->placeOf(imageRow);
    if (place < 0)
        return false;
    m_view->setCurrentIndex(m_images->index(place));
    m_view->scrollTo(m_view->currentIndex());
    return true;
}

bool ImageStrip::showImage(qint64 imageRow) {
    if (!chooseImage(imageRow))
        return false;
    m_view->setFocus(Qt::OtherFocusReason);
    return true;
}

void ImageStrip::openImage(qint64 imageRow) {
    if (chooseImage(imageRow))
        showLarge(m_view->currentIndex());
}

void ImageStrip::setImages(std::vector<RankedImage> images, const std::vector<report::GroupStyle>& styles,
                           const std::filesystem::path& root) {
    std::vector<qint64> counts(styles.size(), 0);
    for (const RankedImage& image : images)
        if (image.group >= 0 && image.group < static_cast<int>(counts.size()))
            ++counts[static_cast<std::size_t>(image.group)];
    const bool isTop = !images.empty() && images.front().rank == 0;
    m_note->setText(!isTop ? QString() : tr("rank 1 to %1").arg(QLocale().toString(qulonglong(images.size()))));
    m_legend->setCompact(styles.size() > kNamedGroups);
    m_legend->setGroups(styles);
    QStringList remarks;
    for (const qint64 count : counts)
        remarks << QLocale().toString(count);
    m_legend->setRemarks(remarks);
    m_images->setImages(std::move(images), styles, root);
    m_view->scrollToTop();
}

void ImageStrip::setHeading(const QString& text) {
    m_heading->setText(text);
    m_view->setAccessibleName(text);
}

void ImageStrip::blurLike(ImageStrip* other) {
    QSizePolicy kept = m_blur->sizePolicy();
    kept.setRetainSizeWhenHidden(true); // so that both strips begin at the same height
    m_blur->setSizePolicy(kept);
    m_blur->hide();
    setBlurred(other->isBlurred());
    connect(other, &ImageStrip::blurredChanged, this, &ImageStrip::setBlurred);
}

void ImageStrip::clear() {
    setImages({}, {}, {});
}

bool ImageStrip::isBlurred() const {
    return m_blur->isChecked();
}

void ImageStrip::setBlurred(bool on) {
    m_blur->setChecked(on);
    m_delegate->setBlurred(on);
    m_view->viewport()->update();
    if (m_viewer)
        m_viewer->setBlurred(on);
    rememberThumbnailsBlurred(on);
    Q_EMIT blurredChanged(on);
}

void ImageStrip::showLarge(const QModelIndex& index) {
    if (!index.isValid())
        return;
    if (!m_viewer) {
        m_viewer = new ImageViewer(m_images, this);
        m_viewer->installEventFilter(this);
        connect(m_viewer, &ImageViewer::rankChanged, this,
                [this](int rank) { m_view->setCurrentIndex(m_images->index(rank)); });
    }
    m_viewer->setBlurred(isBlurred());
    m_viewer->showRank(index.row());
}

void ImageStrip::showMenu(const QPoint& position) {
    const QModelIndex index = m_view->indexAt(position);
    if (!index.isValid())
        return;
    const QString path = QString::fromStdString(m_images->file(index.row()).string());
    QMenu menu(this);
    menu.addAction(tr("&Open larger"), this, [this, index] { showLarge(index); });
    menu.addAction(tr("&Copy path"), this, [path] { QGuiApplication::clipboard()->setText(path); });
    menu.addAction(tr("Show in &folder"), this,
                   [path] { QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(path).absolutePath())); });
    if (m_notable) {
        const qint64 row = m_images->images()[static_cast<std::size_t>(index.row())].row;
        menu.addSeparator();
        menu.addAction(tr("&Note on this image…"), this, [this, row] { Q_EMIT noteWanted(row); });
        menu.addAction(m_images->remark(index.row()).flagged ? tr("Take the &flag away") : tr("&Flag this image"), this,
                       [this, row] { Q_EMIT flagToggled(row); });
    }
    menu.exec(m_view->viewport()->mapToGlobal(position));
}

} // namespace plumbline::ui
