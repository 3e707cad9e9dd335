// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QWidget>

#include "core/data/image_catalog.h"

class QComboBox;
class QLabel;
class QListView;
class QPushButton;
class QVBoxLayout;

namespace plumbline::ui {

class DuplicateList;
class ImageTable;
class ImageTile;
class ThumbnailCache;
class TileGrid;

/// What looking at every picture of a set found, in sentences, the gravest first; and pictures that are the same or
/// look the same side by side with their labels.
class CheckView : public QWidget {
    Q_OBJECT
public:
    /// `thumbnails` must outlive this.
    explicit CheckView(ThumbnailCache* thumbnails, QWidget* parent = nullptr);

    void setCatalog(const std::shared_ptr<const ImageCatalog>& catalog);
    /// `why`: why the button cannot be pressed; empty where it can.
    void setCanCheck(bool on, const QString& why);
    void setBlurred(bool on);

    QPushButton* checkButton() const { return m_check; }
    QListView* groups() const { return m_groups; }
    TileGrid* sideBySide() const { return m_grid; }

Q_SIGNALS:
    void checkWanted();
    void flawWanted(plumbline::ImageFlaw flaw);

private:
    void showFindings();
    void compare();
    void showGroup();

    std::shared_ptr<const ImageCatalog> m_catalog;
    QLabel* m_when;
    QString m_why;
    QPushButton* m_check;
    QWidget* m_findings;
    QWidget* m_comparison;
    QComboBox* m_kind;
    DuplicateList* m_list;
    QListView* m_groups;
    ImageTable* m_images;
    ImageTile* m_tile;
    TileGrid* m_grid;
};

/// What a check found in sentences: "3 images cannot be decoded."
QString flawSentence(const ImageFindings& findings, const ImageCatalog& catalog);

} // namespace plumbline::ui
