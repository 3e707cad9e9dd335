// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/path_edit.h"

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>

#include "ui/widgets/file_dialog.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

PathEdit::PathEdit(Kind kind, const QString& name, const QString& filter, QWidget* parent)
    : QWidget(parent), m_kind(kind), m_name(name), m_filter(filter), m_line(new QLineEdit) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(theme::kGrid);
    m_line->setAccessibleName(name);
    m_line->setClearButtonEnabled(true);
    auto* button = new QPushButton(tr("Choose…"));
    button->setAccessibleName(tr("Choose: %1").arg(name));
    row->addWidget(m_line, 1);
    row->addWidget(button);
    setFocusProxy(m_line);
    connect(button, &QPushButton::clicked, this, &PathEdit::choose);
    connect(m_line, &QLineEdit::textChanged, this, [this] { Q_EMIT pathChanged(path()); });
}

QString PathEdit::path() const {
    QString text = m_line->text().trimmed();
    if (text == u"~" || text.startsWith(u"~/"))
        text.replace(0, 1, QDir::homePath());
    return text;
}

void PathEdit::setPath(const QString& path) { m_line->setText(path); }

void PathEdit::choose() {
    const QString start = path().isEmpty() ? QDir::homePath() : QFileInfo(path()).absolutePath();
    const QString chosen = m_kind == Kind::Folder ? chooseFolder(window(), m_name, start)
                                                  : chooseFile(window(), m_name, start, m_filter);
    if (!chosen.isEmpty())
        setPath(chosen);
}

} // namespace plumbline::ui
