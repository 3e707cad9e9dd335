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
    /// In place of "The images that caused it".
    void setHeading(const QString& text);

    /// Remembered between starts; off at first.
    bool isBlurred() const;
    void setBlurred(bool on);
    /// This strip has no switch and blurs as that one does.
    void blurLike(ImageStrip* other);

Q_SIGNALS:
    void blurredChanged(bool on);

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
};

} // namespace plumbline::ui
