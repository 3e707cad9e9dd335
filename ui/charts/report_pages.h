// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QByteArray>
#include <QImage>
#include <QSizeF>
#include <QString>

#include "core/base/error.h"
#include "ui/charts/pdf_guide.h"

class QPainter;
class QPdfWriter;

namespace plumbline::ui {

/// A report (report::htmlReport) laid out on A4 pages: charts stay vectors, heads of tables stand again on their next
/// pages, each page says the title and its number. What a click would open is open, but for tables of more than 40
/// rows: a line says where they are. One thread at a time, of a QGuiApplication; laying out takes seconds.
class ReportPages {
public:
    /// Error: InvalidArgument (`html` is no report).
    static Result<std::unique_ptr<ReportPages>> layOut(const QByteArray& html);
    ~ReportPages();

    QString title() const;
    int count() const;
    /// Of a page within its margins, and of the whole sheet, in dots of kDotsPerInch.
    QSizeF area() const;
    QSizeF paper() const;
    /// Paints within the margins, in dots.
    void paint(QPainter& painter, int page) const;
    /// Headings and links within the report, for a PDF of these pages.
    PdfGuide guide() const;
    /// The whole sheet, so many pixels wide.
    QImage picture(int page, int width) const;

private:
    ReportPages();
    struct Private;
    std::unique_ptr<Private> d;
};

/// Gives a writer the sheet and the resolution that pages are laid out for.
void setUpPaper(QPdfWriter& writer);

} // namespace plumbline::ui
