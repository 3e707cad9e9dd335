// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/context.h"

#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"

namespace plumbline::ui {

QJsonObject Context::projectParams() const { return {{QStringLiteral("project"), encoded(project->path())}}; }

bool Context::isWritable() const { return project->isOpen() && !project->isReadOnly(); }

} // namespace plumbline::ui
