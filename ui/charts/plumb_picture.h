// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QPaintDevice>
#include <QSize>

#include "ui/charts/plumb_model.h"
#include "ui/charts/plumb_paint.h"

namespace plumbline::ui {

/// The whole plumb chart as one picture with title, axis, all rows, bob and legend: for saving and copying.
QSize plumbPictureSize(const PlumbData& data, int width, const QFont& font);
void paintPlumbPicture(QPaintDevice& device, const QSize& size, const PlumbModel& model, const std::vector<int>& order,
                       const QString& title, const PlumbLook& look);

} // namespace plumbline::ui
