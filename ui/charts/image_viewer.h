// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QImage>

class QLabel;

namespace plumbline::ui {

class RankedImages;

/// One image of a ranking, large: with its rank, group, score and file. The arrow keys go on to its neighbours.
class ImageViewer : public QDialog {
    Q_OBJECT
public:
    ImageViewer(RankedImages* images, QWidget* parent);

    void showRank(int rank);
    void setBlurred(bool on);

Q_SIGNALS:
    void rankChanged(int rank);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void load(const QString& path);
    void fit();

    RankedImages* m_images;
    QLabel* m_picture;
    QLabel* m_caption;
    QImage m_image;
    int m_rank = -1;
    quint64 m_asked = 0; ///< answers to earlier questions are dropped
    bool m_blurred = false;
};

} // namespace plumbline::ui
