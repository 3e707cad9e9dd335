// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

#include "core/base/error.h"

namespace plumbline::ui {

/// Writes a report (report::htmlReport) as A4 pages: charts stay vectors, heads of tables stand again on their next
/// pages, each page says the title and its number. What a click would open is open, but for tables of
/// more than 40 rows: a line says where they are. A file that is there is
/// replaced when the new one is whole. May be called on any thread of a QGuiApplication; takes seconds.
/// Errors: FileUnwritable; InvalidArgument (`html` is no report).
Result<void> writeReportPdf(const QByteArray& html, const QString& file);

} // namespace plumbline::ui
