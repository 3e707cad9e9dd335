// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractScrollArea>
#include <QHash>
#include <QImage>
#include <QThread>

namespace plumbline::ui {

/// The pages of a report under each other, as wide as there is room. They are laid out, painted when they come into
/// sight, and taken down on one thread beside the main thread.
class PageView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit PageView(QWidget* parent = nullptr);
    ~PageView() override;

    /// Lays the report out and shows it, then raises laidOut(); what is in sight stays where the new pages have as
    /// many. An empty one is cleared at once. A later call cancels an earlier one, which is then never answered.
    void setReport(const QByteArray& html);
    int count() const { return m_count; }
    /// The page in the middle of what is in sight, from 0.
    int currentPage() const;
    void showPage(int page);

Q_SIGNALS:
    /// Without pages where it is no report.
    void laidOut(bool hasPages);
    void currentPageChanged(int page);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Painted {
        QImage image;
        int width = 0; ///< that it was painted for, in device pixels; 0: it is asked for
    };
    QSize pageSize() const;
    int step() const;
    void setPages(int count, double ratio);
    void layOut();
    void want(int page, int width);
    void takePicture(quint64 generation, int page, int width, const QImage& image);

    struct Painter;
    QThread m_thread;
    Painter* m_painter; ///< on that thread
    int m_count = 0;
    double m_ratio = 1.414; ///< height of a sheet by its width
    int m_current = -1;
    quint64 m_generation = 0; ///< pictures of earlier pages are dropped
    QHash<int, Painted> m_painted;
};

} // namespace plumbline::ui
