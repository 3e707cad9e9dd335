// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include <QCache>
#include <QHash>
#include <QImage>
#include <QList>
#include <QObject>
#include <QSet>

namespace plumbline::ui {

class Engine;
class ProjectService;

/// Thumbnails of the images of a set: read and decoded on the project's worker thread, made by the engine where the
/// project has none.
class ThumbnailReader : public QObject {
    Q_OBJECT
public:
    using Each = std::function<void(qint64 row, QImage image)>;

    /// `engine` may be null: then missing thumbnails stay missing.
    ThumbnailReader(ProjectService* project, Engine* engine, QObject* parent = nullptr);

    /// Answers each row once, with a null image where there is none, as long as `context` lives.
    void read(qint64 imageSet, const QList<qint64>& rows, QObject* context, Each each);

private:
    void read(qint64 imageSet, const QList<qint64>& rows, QObject* context, Each each, bool makeMissing);

    ProjectService* m_project;
    Engine* m_engine;
};

/// The thumbnails that a view shows of one image set, some more for scrolling back, and never more than some ten
/// thousand: what was not looked at for longest is forgotten first. Rows are asked for when they are painted, a batch
/// at a time, newest first, so that a fast scroll does not wait for everything that it passed.
class ThumbnailCache : public QObject {
    Q_OBJECT
public:
    explicit ThumbnailCache(ThumbnailReader* reader, QObject* parent = nullptr);

    /// Forgets everything when the set is another one.
    void setImageSet(qint64 id);
    /// A null image while it is not here; it is asked for then.
    QImage image(qint64 row);
    /// There is none: the file cannot be read.
    bool isMissing(qint64 row) const { return m_missing.contains(row); }

Q_SIGNALS:
    void arrived(qint64 row);

private:
    void ask();

    ThumbnailReader* m_reader;
    qint64 m_imageSet = 0;
    QObject* m_context; ///< of the open question; another one for another set
    QCache<qint64, QImage> m_images;
    QSet<qint64> m_missing;
    QList<qint64> m_wanted; ///< newest last
    qint64 m_open = 0;      ///< rows that are not answered yet
    bool m_isQueued = false;
};

} // namespace plumbline::ui
