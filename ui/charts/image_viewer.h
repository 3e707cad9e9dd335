// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QDialog>
#include <QImage>

class QLabel;

namespace plumbline::ui {

class RankedImages;

/// What is said of an image that is shown large.
struct ViewedImage {
    QString title, caption, spoken; ///< spoken: for a screen reader
    QImage preview;                 ///< until the file is read
    QString path;
};

/// One image of a row of images, large: with what is known of it. The arrow keys go on to its neighbours.
class ImageViewer : public QDialog {
    Q_OBJECT
public:
    /// `count` images, of which `at` gives each.
    ImageViewer(std::function<int()> count, std::function<ViewedImage(int)> at, QWidget* parent);
    /// Those of a ranking.
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

    std::function<int()> m_count;
    std::function<ViewedImage(int)> m_at;
    QLabel* m_picture;
    QLabel* m_caption;
    QImage m_image;
    int m_rank = -1;
    quint64 m_asked = 0; ///< answers to earlier questions are dropped
    bool m_blurred = false;
};

} // namespace plumbline::ui
