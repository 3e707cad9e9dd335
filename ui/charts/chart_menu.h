// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>

#include "core/base/error.h"

namespace plumbline::ui {

class ChartSource;

/// The button of every chart that copies and saves its picture and its numbers.
class ChartMenu : public QToolButton {
    Q_OBJECT
public:
    /// `chart` must outlive the button.
    explicit ChartMenu(const ChartSource* chart, QWidget* parent = nullptr);
    /// The button now serves another chart.
    void setChart(const ChartSource* chart) { m_chart = chart; }

Q_SIGNALS:
    void saved(const QString& path);
    void failed(const plumbline::Error& error);

private:
    void copyNumbers();
    void copyPicture();
    void saveAs(bool picture);

    const ChartSource* m_chart;
};

} // namespace plumbline::ui
