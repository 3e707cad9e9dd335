// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QByteArray>
#include <QList>
#include <QObject>
#include <QString>

#include "ui/pages/context.h"
#include "ui/widgets/message_bar.h"

namespace plumbline::ui {

/// What a report is of.
struct ReportWish {
    qint64 run = 0;
    QList<qint64> others = {};                       ///< runs that are held against it
    QString evidence = QStringLiteral("thumbnails"); ///< as `plumb report` has it
    QString auditor = {};
    bool operator==(const ReportWish&) const = default;
};

/// Has reports written by the engine; pages are printed here, for the engine has no fonts.
class ReportWriter : public QObject {
    Q_OBJECT
public:
    explicit ReportWriter(const Context& context, QObject* parent = nullptr);

    /// Asks for a file that ends in `suffix` ("html", "pdf", "json", "csv") and writes it.
    void choose(const ReportWish& wish, const QString& suffix, QWidget* window);
    /// What is written goes by the end of the file's name.
    void write(const ReportWish& wish, const QString& file);
    /// The page as it would be written, for looking at it; nothing where it failed (raised() says why) or was
    /// cancelled.
    void read(const ReportWish& wish, QObject* context, std::function<void(QByteArray)> done);

Q_SIGNALS:
    void raised(const plumbline::ui::Message& message);

private:
    QJsonObject params(const ReportWish& wish, const QString& file) const;
    void print(qint64 run, const QByteArray& page, const QString& file);
    void sayWritten(qint64 run, const QString& file);

    Context m_context;
};

} // namespace plumbline::ui
