// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "core/base/error.h"
#include "ui/pages/context.h"
#include "ui/widgets/message_bar.h"

class QJsonObject;

namespace plumbline::ui {

/// Has the engine make the sample (paint its portraits, audit its models) or find it made already.
class SampleOpener : public QObject {
    Q_OBJECT
public:
    explicit SampleOpener(const Context& context, QObject* parent = nullptr);

    void open();
    bool isRunning() const;

Q_SIGNALS:
    void started();
    /// The project file of the sample, and the run to show.
    void ready(const QString& project, qint64 run);
    /// It is over, with whatever result.
    void ended();
    void raised(const plumbline::ui::Message& message);

private:
    void answered(const Outcome<QJsonObject>& answer);

    Context m_context;
};

} // namespace plumbline::ui
