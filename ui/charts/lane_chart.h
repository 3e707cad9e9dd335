// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <QAbstractScrollArea>

#include "core/report/group_style.h"
#include "ui/charts/chart_export.h"

namespace plumbline::ui {

/// A chart of lanes, one a group, under one axis: mark, name and a few numbers at the left, the drawing beside them. The
/// axis stays in sight while the lanes scroll. A group is told by its lane and mark, not only by its colour.
class LaneChart : public QAbstractScrollArea, public ChartSource {
    Q_OBJECT
public:
    explicit LaneChart(QWidget* parent = nullptr);

    /// Why there is nothing to see; takes what was drawn away.
    void setMessage(const QString& message);

    QString chartTitle() const override { return m_title; }
    QSize pictureSize() const override;
    void paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const override;
    QSize sizeHint() const override { return {520, 320}; }
    QSize minimumSizeHint() const override { return {280, 140}; }

protected:
    struct Lane {
        report::GroupStyle style;
        QStringList notes; ///< numbers under the name, one a line
    };
    /// `key`: what the signs mean, in words; it stands under saved pictures.
    void setLanes(std::vector<Lane> lanes, const QString& title, const QString& key);
    const std::vector<Lane>& lanes() const { return m_lanes; }
    virtual void clearData() = 0;

    /// `area` is as wide as those of the lanes.
    virtual void paintAxis(QPainter& painter, const QRectF& area, const QPalette& palette) const = 0;
    virtual void paintLane(QPainter& painter, const QRectF& area, std::size_t lane, const QPalette& palette) const = 0;
    /// What goes through all lanes. `onScreen`: with what is chosen.
    virtual void paintOver(QPainter& painter, const QRectF& area, const QPalette& palette, bool onScreen) const = 0;
    /// What a place of a lane means, in words.
    virtual QString hint(std::size_t lane, const QRectF& area, QPointF place) const = 0;

    /// Of a lane on the viewport; it may be scrolled out of sight.
    QRectF laneArea(std::size_t lane) const;
    std::optional<std::size_t> laneAt(QPointF place) const;
    void scrollToLane(std::size_t lane);
    /// Room at the right end of each lane's area that the drawing has for a word.
    static qreal endRoom(const QFont& font);

    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    struct Measures {
        qreal axis = 0, labels = 0, lane = 0;
    };
    Measures measures(const QSizeF& size) const;
    QRectF areaOf(const Measures& measures, const QRectF& whole, qreal scrolled, std::size_t lane) const;
    void paintAll(QPainter& painter, const QRectF& whole, qreal scrolled, const QPalette& palette, bool onScreen) const;
    void paintLabel(QPainter& painter, const QRectF& area, const Lane& lane, const QPalette& palette) const;
    qreal leastLane() const;
    void fitScrollBar();

    std::vector<Lane> m_lanes;
    QString m_title, m_key, m_message;
};

/// The style of this group, or a plain one.
report::GroupStyle styleOf(const std::vector<report::GroupStyle>& styles, const std::string& group);

} // namespace plumbline::ui
