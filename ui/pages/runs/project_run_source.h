// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/thumbnails.h"
#include "ui/pages/runs/run_source.h"

namespace plumbline {
class Feedback;
}

namespace plumbline::ui {

class Engine;
class ProjectService;

/// The runs of the open project. Reading, measuring and laying out happen on the project's worker thread; thumbnails
/// that the project lacks are made by the engine.
class ProjectRunSource : public RunSource {
    Q_OBJECT
public:
    /// `engine` may be null: then missing thumbnails stay missing.
    ProjectRunSource(ProjectService* project, Engine* engine, QObject* parent = nullptr);
    ~ProjectRunSource() override;

    void runs(QObject* context, Answer<std::vector<store::RunRecord>> answer) override;
    void load(qint64 run, QObject* context, Answer<std::shared_ptr<const LoadedRun>> answer) override;
    void topImages(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                   QObject* context, Answer<std::vector<RankedImage>> answer) override;
    void curve(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt, QObject* context,
               Answer<std::shared_ptr<const RankCurve>> answer) override;
    void details(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                 QObject* context, Answer<RankingDetails> answer) override;
    void explore(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute,
                 const std::optional<Exploration>& what, const std::vector<int>& inSight, QObject* context,
                 Answer<std::shared_ptr<const LoadedRun>> answer) override;
    void stopExploring() override;
    void notes(qint64 run, QObject* context, Answer<std::vector<Note>> answer) override;
    void setNote(const Note& note, QObject* context, std::function<void(Result<void>)> answer) override;
    void thumbnails(qint64 imageSet, const QList<qint64>& rows, QObject* context,
                    std::function<void(qint64, QImage)> each) override;

private:
    struct MeterCache;
    struct ExplorerCache;
    struct Exploring;
    void exploreOn(std::shared_ptr<const Exploring> job);

    ProjectService* m_project;
    ThumbnailReader m_thumbnails;
    std::shared_ptr<MeterCache> m_meters; ///< used on the worker thread only
    std::shared_ptr<ExplorerCache> m_explorer; ///< used on the worker thread only
    std::shared_ptr<Feedback> m_exploring;     ///< of what is being explored
    std::shared_ptr<Feedback> m_curve;    ///< of the curve that is being measured
};

} // namespace plumbline::ui
