// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/image_viewer.h"

#include <QApplication>
#include <QImageReader>
#include <QKeyEvent>
#include <QLabel>
#include <QPointer>
#include <QThreadPool>
#include <QVBoxLayout>

#include "ui/charts/ranked_images.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kLargest = 1600; ///< pixels of the longer side that are decoded to
constexpr int kLimitMegabytes = 256;

QImage readImage(const QString& path) {
    QImageReader reader(path);
    reader.setAllocationLimit(kLimitMegabytes);
    reader.setAutoTransform(false); // as the model saw it
    const QSize size = reader.size();
    if (size.isValid() && std::max(size.width(), size.height()) > kLargest)
        reader.setScaledSize(size.scaled(kLargest, kLargest, Qt::KeepAspectRatio));
    return reader.read();
}

} // namespace

ImageViewer::ImageViewer(RankedImages* images, QWidget* parent)
    : ImageViewer([images] { return images->rowCount(); },
                  [images](int rank) {
                      const QModelIndex index = images->index(rank);
                      return ViewedImage{tr("Rank %1").arg(index.data().toString()),
                                         index.data(Qt::ToolTipRole).toString(),
                                         index.data(Qt::AccessibleTextRole).toString(),
                                         index.data(Qt::DecorationRole).value<QImage>(),
                                         QString::fromStdString(images->file(rank).string())};
                  },
                  parent) {}

ImageViewer::ImageViewer(std::function<int()> count, std::function<ViewedImage(int)> at, QWidget* parent)
    : QDialog(parent), m_count(std::move(count)), m_at(std::move(at)), m_picture(new QLabel(this)), m_caption(new QLabel(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme::kSpace, theme::kSpace, theme::kSpace, theme::kSpace);
    m_picture->setAlignment(Qt::AlignCenter);
    m_picture->setMinimumSize(320, 320);
    m_picture->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);
    m_caption->setWordWrap(true);
    m_caption->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout->addWidget(m_picture, 1);
    layout->addWidget(m_caption);
    resize(560, 640);
}

void ImageViewer::showRank(int rank) {
    if (rank < 0 || rank >= m_count())
        return;
    m_rank = rank;
    const ViewedImage image = m_at(rank);
    setWindowTitle(image.title);
    m_caption->setText(image.caption);
    m_picture->setAccessibleName(image.spoken);
    m_image = image.preview;
    fit();
    load(image.path);
    show();
    raise();
    Q_EMIT rankChanged(rank);
}

void ImageViewer::setBlurred(bool on) {
    m_blurred = on;
    fit();
}

void ImageViewer::load(const QString& path) {
    const quint64 asked = ++m_asked;
    QPointer<ImageViewer> alive(this);
    QThreadPool::globalInstance()->start([alive, asked, path] {
        QImage image = readImage(path);
        QMetaObject::invokeMethod(qApp, [alive, asked, image = std::move(image)] {
            if (!alive || alive->m_asked != asked)
                return;
            if (image.isNull()) {
                alive->m_caption->setText(alive->m_caption->text() + u'\n' +
                                          tr("The file cannot be read now; this is its thumbnail."));
                return;
            }
            alive->m_image = image;
            alive->fit();
        });
    });
}

void ImageViewer::fit() {
    if (m_image.isNull()) {
        m_picture->clear();
        return;
    }
    const qreal scale = devicePixelRatioF();
    QImage shown = m_blurred ? m_image.scaled(6, 6, Qt::IgnoreAspectRatio, Qt::SmoothTransformation) : m_image;
    const QSize room = m_image.size().scaled(m_picture->size() * scale, Qt::KeepAspectRatio);
    QPixmap pixmap = QPixmap::fromImage(shown.scaled(room, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
    pixmap.setDevicePixelRatio(scale);
    m_picture->setPixmap(pixmap);
}

void ImageViewer::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Right:
    case Qt::Key_Down:
    case Qt::Key_Space:
        showRank(m_rank + 1);
        return;
    case Qt::Key_Left:
    case Qt::Key_Up:
        showRank(m_rank - 1);
        return;
    default:
        QDialog::keyPressEvent(event);
    }
}

void ImageViewer::resizeEvent(QResizeEvent* event) {
    QDialog::resizeEvent(event);
    fit();
}

} // namespace plumbline::ui
