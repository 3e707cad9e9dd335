// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QAbstractTableModel>

#include "core/data/image_catalog.h"

namespace plumbline::ui {

class ThumbnailCache;

/// What a check found, in a word: "unreadable".
QString flawText(ImageFlaw flaw);

/// The images of a set: file, each attribute, findings. A million rows: nothing is kept a row but its number; filtering
/// and sorting happen on another thread, and a new wish takes the place of one that is not done yet.
class ImageTable : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role { ImageRole = Qt::UserRole + 1, ThumbnailRole, MissingRole, FlawsRole, LabelsRole };

    /// `thumbnails` may be null; it must outlive this.
    explicit ImageTable(ThumbnailCache* thumbnails, QObject* parent = nullptr);
    ~ImageTable() override;

    /// All images in the order of the set; null: none.
    void setCatalog(std::shared_ptr<const ImageCatalog> catalog);
    const std::shared_ptr<const ImageCatalog>& catalog() const { return m_catalog; }
    /// These images of the catalog at once, in this order.
    void setRows(std::vector<std::uint32_t> rows);

    const ImageFilter& filter() const { return m_filter; }
    void setFilter(ImageFilter filter);
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;
    bool isArranging() const { return m_feedback != nullptr; }

    /// The row of the set.
    qint64 imageRow(int row) const { return m_rows[static_cast<std::size_t>(row)]; }
    /// Where an image is shown; -1 where it is not. Looks through all that are shown.
    int rowOf(qint64 imageRow) const;
    int flawColumn() const { return columnCount() - 1; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    /// The filter or the order is being applied.
    void arranging();
    void arranged();

private:
    void arrangeAgain();
    QString fileText(std::size_t image) const;
    QString labelText(std::size_t image, std::size_t attribute) const;
    QString flawsText(std::size_t image) const;

    ThumbnailCache* m_thumbnails;
    std::shared_ptr<const ImageCatalog> m_catalog;
    std::vector<std::uint32_t> m_rows;
    ImageFilter m_filter;
    ImageOrder m_order;
    std::shared_ptr<Feedback> m_feedback; ///< of the arranging that is on its way
};

} // namespace plumbline::ui
