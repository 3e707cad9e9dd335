// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QAbstractScrollArea>
#include <QHash>
#include <QImage>

class QThreadPool;

namespace plumbline::ui {

class ReportPages;

/// The pages of a report under each other, as wide as there is room. Pages are painted on a thread of their own when
/// they come into sight.
class PageView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit PageView(QWidget* parent = nullptr);
    ~PageView() override;

    /// What is in sight stays in sight where the new pages have as many.
    void setPages(std::shared_ptr<const ReportPages> pages);
    int count() const { return m_count; }
    /// The page in the middle of what is in sight, from 0.
    int currentPage() const;
    void showPage(int page);

Q_SIGNALS:
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
    void layOut();
    void want(int page, int width);
    void takePicture(quint64 generation, int page, int width, const QImage& image);

    std::shared_ptr<const ReportPages> m_pages;
    QThreadPool* m_painter;
    int m_count = 0;
    double m_ratio = 1.414; ///< height of a sheet by its width
    int m_current = -1;
    quint64 m_generation = 0; ///< pictures of earlier pages are dropped
    QHash<int, Painted> m_painted;
};

} // namespace plumbline::ui
