// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/export_pdf.h"

#include <cstdio>

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

#include "ui/bridge/error_texts.h"
#include "ui/charts/report_pdf.h"

namespace plumbline::ui {

namespace {

constexpr int kBadInput = 2, kInternal = 3;

void complain(const QString& sentence) {
    std::fprintf(stderr, "plumbline: %s\n", qPrintable(sentence));
}

} // namespace

int exportPdf(const QString& engine, const QString& project, const QString& run, const QString& file,
              const QString& evidence, const QString& auditor, const QString& compare) {
    const QTemporaryDir folder;
    if (!folder.isValid()) {
        complain(folder.errorString());
        return kInternal;
    }
    const QString html = folder.filePath(QStringLiteral("report.html"));
    QStringList arguments{QStringLiteral("report"),     project, QStringLiteral("--out"), html,
                          QStringLiteral("--evidence"), evidence};
    if (run != u"0")
        arguments << QStringLiteral("--run") << run;
    if (!auditor.isEmpty())
        arguments << QStringLiteral("--auditor") << auditor;
    if (!compare.isEmpty())
        arguments << QStringLiteral("--compare") << compare;
    QProcess plumb;
    plumb.start(engine, arguments);
    if (!plumb.waitForStarted()) {
        complain(QStringLiteral("%1 cannot be started: %2.").arg(engine, plumb.errorString()));
        return kInternal;
    }
    plumb.waitForFinished(-1);
    const bool ended = plumb.exitStatus() == QProcess::NormalExit;
    if (!ended || plumb.exitCode() != 0) { // what it says when all is well is of a file that nobody will find
        std::fputs(plumb.readAllStandardError().constData(), stderr);
        return ended ? plumb.exitCode() : kInternal;
    }
    QFile page(html);
    if (!page.open(QIODevice::ReadOnly)) {
        complain(page.errorString());
        return kInternal;
    }
    const Result<void> written = writeReportPdf(page.readAll(), file);
    if (!written) {
        complain(errorText(written.error()));
        return kBadInput;
    }
    std::fprintf(stderr, "plumbline: the report is in %s\n", qPrintable(QDir::toNativeSeparators(file)));
    return 0;
}

} // namespace plumbline::ui
