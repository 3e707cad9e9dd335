// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The one place that includes QCustomPlot: its header uses bare `signals` and `slots` (no QT_NO_KEYWORDS here).
#include <qcustomplot.h>
