// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHeaderView>

namespace plumbline::ui {

class PlumbModel;

/// The header of the plumb chart's table: over the chart it draws the axis and the beginning of the plumb line.
class PlumbHeader : public QHeaderView {
    Q_OBJECT
public:
    explicit PlumbHeader(const PlumbModel* model, QWidget* parent = nullptr);

    /// The common beginning of the prompts stands over their column, because the rows go without it.
    void setBeginningShown(bool on);

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override;
    QSize sectionSizeFromContents(int section) const override;

private:
    const PlumbModel* m_model;
    bool m_beginningShown = false;
};

} // namespace plumbline::ui
