// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/report_pdf.h"

#include <QBuffer>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>

#include "ui/charts/report_pages.h"

namespace plumbline::ui {

Result<void> writeReportPdf(const QByteArray& html, const QString& file) {
    PLUMBLINE_TRY(const std::unique_ptr<ReportPages> pages, ReportPages::layOut(html));
    QBuffer sheets;
    {
        sheets.open(QIODevice::WriteOnly);
        QPdfWriter writer(&sheets);
        setUpPaper(writer);
        writer.setTitle(pages->title());
        writer.setCreator(QStringLiteral("Plumbline"));
        QPainter painter(&writer);
        for (int i = 0; i < pages->count(); ++i) {
            if (i > 0)
                writer.newPage();
            pages->paint(painter, i);
        }
    }
    PLUMBLINE_TRY(const QByteArray pdf, withGuide(sheets.data(), pages->guide()));
    QSaveFile out(file);
    const auto unwritable = [&] {
        return fail(ErrorCode::FileUnwritable,
                    {{"path", file.toStdString()}, {"reason", out.errorString().toStdString()}});
    };
    if (!out.open(QIODevice::WriteOnly) || out.write(pdf) != pdf.size() || !out.commit())
        return unwritable();
    return {};
}

} // namespace plumbline::ui
