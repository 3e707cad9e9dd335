// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QStringList>
#include <QUrl>

namespace plumbline::ui {

/// What dropping these files would do.
struct DropPlan {
    QString project;     ///< a .plumb file to open; everything else is then left aside
    QStringList models;  ///< models to add: folders, or files of weights
    QString imageFolder; ///< with `labels`: what to open the form for new images with
    QString labels;
    QString probe;       ///< a probe file to import
    QString sentence;    ///< said while the files hover over the window

    bool isUseful() const {
        return !project.isEmpty() || !models.isEmpty() || !imageFolder.isEmpty() || !labels.isEmpty() || !probe.isEmpty();
    }
};

/// Looks at the names, and into folders for a model's configuration or weights or an image (a bounded number of entries).
DropPlan planDrop(const QList<QUrl>& urls, bool projectIsOpen);

} // namespace plumbline::ui
