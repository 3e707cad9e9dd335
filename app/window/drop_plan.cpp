// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/drop_plan.h"

#include <QCoreApplication>
#include <QDir>
#include <QDirIterator>
#include <QFileInfo>
#include <QRegularExpression>

#include "ui/models/record_tables.h"

namespace plumbline::ui {

namespace {

/// A folder of this many entries without one image is no image folder to us.
constexpr int kMostEntries = 2000;

QString tr(const char* text) { return QCoreApplication::translate("plumbline::ui", text); }

bool isModelFolder(const QFileInfo& folder) {
    const QDir inside(folder.absoluteFilePath());
    return inside.exists(QStringLiteral("config.json")) || inside.exists(QStringLiteral("open_clip_config.json"));
}

/// The Hugging Face cache keeps each model in a folder models--organisation--name.
bool isInCache(const QFileInfo& folder) {
    static const QString kRepository = QStringLiteral("models--");
    return folder.fileName().startsWith(kRepository) ||
           !QDir(folder.absoluteFilePath()).entryList({kRepository + u'*'}, QDir::Dirs).isEmpty();
}

bool isWeights(const QString& suffix) {
    static const QStringList kSuffixes{QStringLiteral("safetensors"), QStringLiteral("bin"), QStringLiteral("pt"),
                                       QStringLiteral("pth"), QStringLiteral("ckpt")};
    return kSuffixes.contains(suffix.toLower());
}

/// The names of the files of weights in a folder, of a bounded number of entries.
QStringList weightsIn(const QString& folder) {
    QStringList names;
    QDirIterator entries(folder, QDir::Files);
    for (int i = 0; i < kMostEntries && entries.hasNext(); ++i) {
        entries.next();
        if (isWeights(entries.fileInfo().suffix()))
            names.append(entries.fileName());
    }
    return names;
}

/// What a file of weights stands for: its model's folder, where there is no choice, or the file is one part of several.
QString modelOf(const QFileInfo& file) {
    static const QRegularExpression kPart(QStringLiteral("-\\d+-of-\\d+$"));
    const QString folder = file.absolutePath();
    const bool stands = kPart.match(file.completeBaseName()).hasMatch() || weightsIn(folder).size() == 1;
    return isModelFolder(QFileInfo(folder)) && stands ? folder : file.absoluteFilePath();
}

bool isImage(const QString& suffix) {
    static const QStringList kSuffixes{QStringLiteral("jpg"), QStringLiteral("jpeg"), QStringLiteral("png"),
                                       QStringLiteral("webp"), QStringLiteral("bmp"), QStringLiteral("tif"),
                                       QStringLiteral("tiff"), QStringLiteral("gif")};
    return kSuffixes.contains(suffix.toLower());
}

bool holdsImages(const QFileInfo& folder) {
    QDirIterator entries(folder.absoluteFilePath(), QDir::Files | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    for (int i = 0; i < kMostEntries && entries.hasNext(); ++i) {
        entries.next();
        if (isImage(entries.fileInfo().suffix()))
            return true;
    }
    return false;
}

} // namespace

DropPlan planDrop(const QList<QUrl>& urls, bool projectIsOpen) {
    DropPlan plan;
    QStringList weights;
    const auto addModel = [&plan](const QString& path) {
        if (!plan.models.contains(path))
            plan.models.append(path);
    };
    for (const QUrl& url : urls) {
        if (!url.isLocalFile())
            continue;
        const QFileInfo file(url.toLocalFile());
        const QString path = QDir::cleanPath(file.absoluteFilePath());
        const QString suffix = file.suffix().toLower();
        if (file.isDir()) {
            if (isModelFolder(file) || isInCache(file))
                addModel(path);
            else if (holdsImages(file))
                plan.imageFolder = plan.imageFolder.isEmpty() ? path : plan.imageFolder;
            else if (!weightsIn(path).isEmpty())
                addModel(path);
        } else if (suffix == u"plumb") {
            plan.project = path;
        } else if (suffix == u"csv" || suffix == u"tsv") {
            plan.labels = path;
        } else if (isWeights(suffix)) {
            weights.append(QDir::cleanPath(modelOf(file)));
        } else if (suffix == u"json" && isModelFolder(QFileInfo(file.absolutePath()))) {
            addModel(QDir::cleanPath(file.absolutePath()));
        } else if (suffix == u"json" || suffix == u"txt") {
            plan.probe = path;
        } else if (isImage(suffix) && plan.imageFolder.isEmpty()) {
            plan.imageFolder = file.absolutePath();
        }
    }
    for (const QString& model : weights) // a folder that was dropped as well brings them along
        if (!plan.models.contains(QFileInfo(model).absolutePath()))
            addModel(model);

    const auto name = [](const QString& path) { return QFileInfo(path).fileName(); };
    QStringList parts;
    if (!plan.project.isEmpty()) {
        plan.sentence = tr("Open the project %1").arg(name(plan.project));
        return plan;
    }
    for (const QString& model : plan.models)
        parts.append(tr("Add the model %1").arg(modelPathText(model)));
    if (!plan.imageFolder.isEmpty() && !plan.labels.isEmpty())
        parts.append(tr("Add the images of %1 with the labels of %2").arg(name(plan.imageFolder), name(plan.labels)));
    else if (!plan.imageFolder.isEmpty())
        parts.append(tr("Add the images of %1").arg(name(plan.imageFolder)));
    else if (!plan.labels.isEmpty())
        parts.append(tr("Add images with the labels of %1").arg(name(plan.labels)));
    if (!plan.probe.isEmpty())
        parts.append(tr("Import the probe set %1").arg(name(plan.probe)));
    plan.sentence = parts.isEmpty() ? tr("This is no model, image folder, table of labels or project")
                                    : parts.join(u'\n') + (projectIsOpen ? QString() : tr("\nin a new project"));
    return plan;
}

} // namespace plumbline::ui
