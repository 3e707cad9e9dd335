// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QListView>
#include <QStyledItemDelegate>
#include <QWidget>

#include "ui/charts/ranked_images.h"

class QAbstractButton;
class QLabel;

namespace plumbline::ui {

class ImageViewer;
class Legend;

/// A thumbnail with its group's mark, rank and score.
class ThumbnailDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void setBlurred(bool on) { m_blurred = on; }
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    bool m_blurred = false;
};

/// The images that caused a number: the top of the ranking as thumbnails, with how many of each group, a switch that
/// blurs them, a larger view, and the way to the file.
class ImageStrip : public QWidget {
    Q_OBJECT
public:
    explicit ImageStrip(QWidget* parent = nullptr);

    RankedImages* images() const { return m_images; }
    QListView* view() const { return m_view; }
    void setImages(std::vector<RankedImage> images, const std::vector<report::GroupStyle>& styles,
                   const std::filesystem::path& root);
    void clear();
    /// Offers notes on images: by its menu, and F and N in the strip and in the larger view. Off at first.
    void setNotable(bool on) { m_notable = on; }
    /// Chooses this image; false where it is not in the strip.
    bool showImage(qint64 imageRow);
    /// The same without taking the keyboard.
    bool chooseImage(qint64 imageRow);
    /// Shows it large.
    void openImage(qint64 imageRow);
    /// In place of "The images that caused it".
    void setHeading(const QString& text);

    /// Remembered between starts; off at first.
    bool isBlurred() const;
    void setBlurred(bool on);
    /// This strip has no switch and blurs as that one does.
    void blurLike(ImageStrip* other);

Q_SIGNALS:
    void blurredChanged(bool on);
    /// The user wants to write about this image, or to flag it (not to flag it any more).
    void noteWanted(qint64 imageRow);
    void flagToggled(qint64 imageRow);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void showLarge(const QModelIndex& index);
    void showMenu(const QPoint& position);

    RankedImages* m_images;
    QListView* m_view;
    ThumbnailDelegate* m_delegate;
    QLabel* m_heading;
    QLabel* m_note;
    Legend* m_legend;
    QAbstractButton* m_blur;
    ImageViewer* m_viewer = nullptr;
    bool m_notable = false;
};

} // namespace plumbline::ui
