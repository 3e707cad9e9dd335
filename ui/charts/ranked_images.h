// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

#include <QAbstractListModel>
#include <QHash>
#include <QImage>
#include <QTimer>

#include "core/report/group_style.h"
#include "ui/charts/remark.h"

namespace plumbline::ui {

/// One image of the top of a ranking.
struct RankedImage {
    qint64 row = 0; ///< of the image set
    int group = -1; ///< index into the styles
    double score = 0; ///< NaN: not to be shown
    std::string file; ///< relative to the set's folder, raw bytes
    qint64 rank = 0;  ///< from 1; 0: its place in the list
    qint64 before = 0; ///< the rank that it had in another ranking; 0: none
};

/// The images of a prompt by rank. Thumbnails are asked for when a view first paints them, a screenful at a time.
class RankedImages : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { RankRole = Qt::UserRole + 1, ScoreRole, GroupRole, StateRole };
    enum class Thumbnail { Unknown, Asked, Here, Missing };

    explicit RankedImages(QObject* parent = nullptr);

    void setImages(std::vector<RankedImage> images, std::vector<report::GroupStyle> styles, std::filesystem::path root);
    const std::vector<RankedImage>& images() const { return m_images; }
    const report::GroupStyle* style(int group) const;
    /// What was noted of images, by row of the image set.
    void setRemarks(QHash<qint64, Remark> remarks);
    Remark remark(int rank) const;
    /// The place of an image; -1 where it is not among them.
    int placeOf(qint64 imageRow) const { return m_rankOf.value(imageRow, -1); }
    /// The file as it lies on the disk.
    std::filesystem::path file(int rank) const;

    /// An answer to thumbnailsWanted(): a null image where there is none.
    void setThumbnail(qint64 imageRow, const QImage& image);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    void thumbnailsWanted(const QList<qint64>& imageRows);

private:
    void want(qint64 imageRow) const;
    /// "3", or "57 → 3" of an image that moved.
    QString rankText(int place) const;

    std::vector<RankedImage> m_images;
    std::vector<report::GroupStyle> m_styles;
    std::filesystem::path m_root;
    QHash<qint64, int> m_rankOf;
    mutable QHash<qint64, Thumbnail> m_states;
    QHash<qint64, QImage> m_thumbnails;
    QHash<qint64, Remark> m_remarks;
    mutable QList<qint64> m_wanted;
    mutable QTimer m_ask;
};

} // namespace plumbline::ui
