// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QTimer>
#include <QWidget>

#include "core/data/image_catalog.h"

class QAbstractItemView;
class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace plumbline::ui {

class ImageTable;
class ImageTile;
class ImageViewer;
class ThumbnailCache;
class TileGrid;

/// The images of a set as thumbnails or as a table, however many there are: found by the text of their file name, by
/// group and by finding; sorted; each shown large with a click or Enter.
class ImageBrowser : public QWidget {
    Q_OBJECT
public:
    /// `thumbnails` must outlive this.
    explicit ImageBrowser(ThumbnailCache* thumbnails, QWidget* parent = nullptr);

    void setCatalog(const std::shared_ptr<const ImageCatalog>& catalog);
    /// Shows only the images with that finding.
    void showFlaw(ImageFlaw flaw);
    /// Shows only the images of these groups (absent: any), and nothing else that was chosen.
    void showGroups(std::vector<std::optional<std::int32_t>> groups);

    ImageTable* images() const { return m_images; }
    TileGrid* grid() const { return m_grid; }
    QTableView* table() const { return m_table; }
    QLineEdit* find() const { return m_find; }
    /// Images as a table rather than as thumbnails.
    void setAsTable(bool on);
    bool isBlurred() const;

Q_SIGNALS:
    void blurred(bool on);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void offerChoices();
    void choose();
    void clearChoices();
    void showCount();
    void showLarge(const QModelIndex& index);
    void showMenu(QAbstractItemView* view, const QPoint& position);
    void copyRows() const;
    void setBlurred(bool on);
    QString pathOf(int row) const;

    ThumbnailCache* m_thumbnails;
    ImageTable* m_images;
    QLineEdit* m_find;
    QWidget* m_choices;
    std::vector<QComboBox*> m_groups; ///< one an attribute
    QComboBox* m_flaw;
    QPushButton* m_all;
    QLabel* m_count;
    QCheckBox* m_blur;
    QToolButton *m_asGrid, *m_asTable;
    QStackedWidget* m_views;
    TileGrid* m_grid;
    QTableView* m_table;
    ImageTile* m_tile;
    ImageViewer* m_viewer = nullptr;
    QTimer m_typing;
};

} // namespace plumbline::ui
