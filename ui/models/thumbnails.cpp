// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/thumbnails.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QPointer>
#include <QTimer>

#include "ui/bridge/engine.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"

namespace plumbline::ui {

namespace {
constexpr int kCacheKilobytes = 96 * 1024;
/// At once: some screens full, so that what is in sight comes soon.
constexpr int kBatch = 48;
/// Wishes that are kept; older ones were scrolled past.
constexpr int kMostWanted = 240;
} // namespace

ThumbnailReader::ThumbnailReader(ProjectService* project, Engine* engine, QObject* parent)
    : QObject(parent), m_project(project), m_engine(engine) {
}

void ThumbnailReader::read(qint64 imageSet, const QList<qint64>& rows, QObject* context, Each each) {
    read(imageSet, rows, context, std::move(each), m_engine != nullptr && !m_project->isReadOnly());
}

void ThumbnailReader::read(qint64 imageSet, const QList<qint64>& rows, QObject* context, Each each, bool makeMissing) {
    using Images = std::vector<std::pair<qint64, QImage>>;
    m_project->ask<Images>(
        context,
        [imageSet, rows](store::Project& project) -> Result<Images> {
            Images images;
            for (const qint64 row : rows) {
                PLUMBLINE_TRY(const auto bytes, project.thumbnail(imageSet, row));
                images.emplace_back(
                    row, bytes ? QImage::fromData(bytes->data(), static_cast<int>(bytes->size()), "JPEG") : QImage());
            }
            return images;
        },
        [this, imageSet, rows, makeMissing, each = std::move(each),
         alive = QPointer<QObject>(context)](Result<Images> images) {
            QList<qint64> missing;
            if (!images)
                missing = rows;
            else
                for (auto& [row, image] : *images)
                    if (image.isNull())
                        missing << row;
                    else
                        each(row, std::move(image));
            if (missing.isEmpty())
                return;
            if (!makeMissing || !images) {
                for (const qint64 row : missing)
                    each(row, {});
                return;
            }
            QJsonArray wanted;
            for (const qint64 row : missing)
                wanted.append(row);
            const QJsonObject parameters{{QStringLiteral("project"), encoded(m_project->path())},
                                         {QStringLiteral("image_set"), imageSet},
                                         {QStringLiteral("rows"), wanted}};
            m_engine->request(QStringLiteral("project/thumbnails"), parameters, this,
                              [this, imageSet, missing, alive, each](const Outcome<QJsonObject>&) {
                                  // Also after a failure: some may have been made before it.
                                  if (alive)
                                      read(imageSet, missing, alive, each, false);
                              });
        });
}

ThumbnailCache::ThumbnailCache(ThumbnailReader* reader, QObject* parent)
    : QObject(parent), m_reader(reader), m_context(new QObject(this)), m_images(kCacheKilobytes) {
}

void ThumbnailCache::setImageSet(qint64 id) {
    if (std::exchange(m_imageSet, id) == id)
        return;
    delete std::exchange(m_context, new QObject(this));
    m_images.clear();
    m_missing.clear();
    m_wanted.clear();
    m_open = 0;
}

QImage ThumbnailCache::image(qint64 row) {
    if (const QImage* image = m_images.object(row))
        return *image;
    if (m_missing.contains(row))
        return {};
    m_wanted.removeOne(row);
    m_wanted.append(row);
    if (m_wanted.size() > kMostWanted)
        m_wanted.removeFirst();
    if (!std::exchange(m_isQueued, true)) // after the paint that asks
        QTimer::singleShot(0, this, [this] {
            m_isQueued = false;
            ask();
        });
    return {};
}

void ThumbnailCache::ask() {
    if (m_open > 0 || m_wanted.isEmpty())
        return;
    const qsizetype first = std::max<qsizetype>(0, m_wanted.size() - kBatch);
    const QList<qint64> rows = m_wanted.mid(first);
    m_wanted.resize(first);
    m_open = rows.size();
    m_reader->read(m_imageSet, rows, m_context, [this](qint64 row, const QImage& image) {
        if (image.isNull())
            m_missing.insert(row);
        else
            m_images.insert(row, new QImage(image), std::max<qsizetype>(1, image.sizeInBytes() / 1024));
        m_wanted.removeOne(row);
        Q_EMIT arrived(row);
        if (--m_open == 0)
            ask();
    });
}

} // namespace plumbline::ui
