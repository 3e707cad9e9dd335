// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

#include "core/base/error.h"

namespace plumbline::ui {

/// Writes a report as the pages of ReportPages. A file that is there is replaced when the new one is whole. May be called
/// on any thread of a QGuiApplication; takes seconds. Errors: FileUnwritable; InvalidArgument (`html` is no report).
Result<void> writeReportPdf(const QByteArray& html, const QString& file);

} // namespace plumbline::ui
