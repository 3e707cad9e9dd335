// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/report/report_writer.h"

#include <memory>

#include <QCoreApplication>
#include <QDesktopServices>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QPointer>
#include <QTemporaryDir>
#include <QThreadPool>
#include <QUrl>

#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/charts/report_pdf.h"
#include "ui/widgets/file_dialog.h"

namespace plumbline::ui {

namespace {

const QString kFolder = QStringLiteral("report");
const QString kMethod = QStringLiteral("report/write");

} // namespace

ReportWriter::ReportWriter(const Context& context, QObject* parent) : QObject(parent), m_context(context) {
}

void ReportWriter::choose(const ReportWish& wish, const QString& suffix, QWidget* window) {
    const QString name = QStringLiteral("%1-run-%2.%3")
                             .arg(QFileInfo(m_context.project->path()).completeBaseName())
                             .arg(wish.run)
                             .arg(suffix);
    const QString file =
        chooseNewFile(window, suffix == u"html" || suffix == u"pdf" ? tr("Write the report") : tr("Write the results"),
                      QDir(m_context.settings->folder(kFolder)).filePath(name), QStringLiteral("*.%1").arg(suffix));
    if (file.isEmpty())
        return;
    m_context.settings->setFolder(kFolder, QFileInfo(file).absolutePath());
    write(wish, file.endsWith(u'.' + suffix) ? file : file + u'.' + suffix);
}

QJsonObject ReportWriter::params(const ReportWish& wish, const QString& file) const {
    QJsonArray others;
    for (const qint64 run : wish.others)
        others.append(run);
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("run"), wish.run);
    params.insert(QStringLiteral("path"), encoded(file));
    params.insert(QStringLiteral("evidence"), wish.evidence);
    params.insert(QStringLiteral("auditor"), wish.auditor);
    params.insert(QStringLiteral("compare"), others);
    return params;
}

void ReportWriter::read(const ReportWish& wish, QObject* context, std::function<void(QByteArray)> done) {
    auto folder = std::make_shared<QTemporaryDir>();
    const QString file = folder->filePath(QStringLiteral("report.html"));
    m_context.work->start(kFolder, tr("Writing the report of run %1").arg(wish.run), kMethod, params(wish, file),
                          context, [this, folder, file, done](const Outcome<QJsonObject>& answer) {
                              QFile page(file);
                              if (answer && page.open(QIODevice::ReadOnly))
                                  return done(page.readAll());
                              if (!answer && !answer.error().cancelled())
                                  Q_EMIT raised(Message::of(answer.error().error()));
                              else if (answer)
                                  Q_EMIT raised({Severity::Error, page.errorString()});
                              done({});
                          });
}

void ReportWriter::write(const ReportWish& wish, const QString& file) {
    if (file.endsWith(u".pdf")) {
        read(wish, this, [this, run = wish.run, file](const QByteArray& page) {
            if (!page.isEmpty())
                print(run, page, file);
        });
        return;
    }
    m_context.work->start(kFolder, tr("Writing the report of run %1").arg(wish.run), kMethod, params(wish, file), this,
                          [this, run = wish.run, file](const Outcome<QJsonObject>& answer) {
                              if (answer)
                                  sayWritten(run, file);
                              else if (!answer.error().cancelled())
                                  Q_EMIT raised(Message::of(answer.error().error()));
                          });
}

void ReportWriter::sayWritten(qint64 run, const QString& file) {
    Q_EMIT raised({Severity::Note,
                   tr("Run %1 was written to %2.").arg(run).arg(QDir::toNativeSeparators(file)),
                   {},
                   {{tr("Open"), [file] { QDesktopServices::openUrl(QUrl::fromLocalFile(file)); }}},
                   QStringLiteral("report")});
}

void ReportWriter::print(qint64 run, const QByteArray& page, const QString& file) {
    QThreadPool::globalInstance()->start([this, alive = QPointer(this), run, page, file] {
        const Result<void> written = writeReportPdf(page, file);
        QMetaObject::invokeMethod(qApp, [this, alive, run, file, written] {
            if (!alive)
                return;
            if (written)
                sayWritten(run, file);
            else
                Q_EMIT raised(Message::of(written.error()));
        });
    });
}

} // namespace plumbline::ui
