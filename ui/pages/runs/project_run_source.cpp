// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/project_run_source.h"

#include <cmath>
#include <limits>
#include <optional>


#include "core/base/feedback.h"
#include "core/metric/measure.h"
#include "core/metric/ranking.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/pages/runs/run_explorer.h"

namespace plumbline::ui {
namespace {

/// Points of a curve: more than a chart has pixels.
constexpr std::size_t kCurvePoints = 1000;
/// Ranks of a ribbon: some beyond k, and enough to see a pattern.
constexpr std::int64_t kLeastDepth = 200;
constexpr std::size_t kRibbonPoints = 300;
/// Images that can be scrolled through; a k of a hundred thousand has nobody looking at its end.
constexpr std::size_t kMostImages = 2000;

/// The scores that took part: NaN for rows without a label.
std::vector<float> labelledScores(std::vector<float> scores, const Attribute& labels) {
    const std::size_t rows = std::min(scores.size(), labels.codes.size());
    for (std::size_t row = 0; row < rows; ++row)
        if (labels.codes[row] == Attribute::kUnlabelled)
            scores[row] = std::numeric_limits<float>::quiet_NaN();
    return scores;
}

std::vector<RankedImage> rank(const LoadedRun& run, const Attribute& labels, const std::vector<float>& scores,
                              std::size_t k) {
    std::vector<RankedImage> top;
    for (const std::uint32_t row : metric::topRows(std::span<const float>(scores), std::min(k, kMostImages)))
        top.push_back({row, labels.codes[row], scores[row], run.images->files[row]});
    return top;
}

/// What is known to have been planted in the model of a run; nothing where its record is gone, or is of other weights
/// by now (a folder that was added again).
std::vector<PlantedLean> plantedIn(store::Project& project, const store::RunRecord& run) {
    const auto model = project.model(run.config.modelId);
    if (!model || model->card.contentSha256 != run.provenance.tensorsSha256)
        return {};
    return model->card.planted;
}

RunExplorer::Scores scoresOf(store::Project& project, std::int64_t run) {
    return [&project, run](std::size_t prompt) { return project.runScores(run, static_cast<std::int64_t>(prompt)); };
}

Error labelsGone(const LoadedRun& run) {
    return Error{
        ErrorCode::RecordUnknown, {{"kind", "image set"}, {"id", std::to_string(run.record.config.imageSetId)}}, {}};
}

} // namespace

/// The null of a curve depends on run and attribute only, so one Meter serves all prompts.
struct ProjectRunSource::MeterCache {
    std::int64_t run = 0;
    std::size_t attribute = 0;
    KSpec k;
    Target::Kind target = Target::Kind::Pool;
    std::vector<std::pair<std::string, double>> shares; ///< of the prompt's own target
    std::optional<metric::Meter> meter;
};

struct ProjectRunSource::ExplorerCache {
    std::optional<RunExplorer> explorer;
};

struct ProjectRunSource::Exploring {
    std::shared_ptr<const LoadedRun> run;
    std::size_t attribute;
    std::optional<Exploration> what;
    std::vector<int> inSight;
    QPointer<QObject> context;
    Answer<std::shared_ptr<const LoadedRun>> answer;
    std::shared_ptr<Feedback> feedback;
};

ProjectRunSource::ProjectRunSource(ProjectService* project, Engine* engine, QObject* parent)
    : RunSource(parent), m_project(project), m_thumbnails(project, engine), m_meters(std::make_shared<MeterCache>()),
      m_explorer(std::make_shared<ExplorerCache>()) {
    for (const auto signal : {&ProjectService::opened, &ProjectService::closed, &ProjectService::changed})
        connect(project, signal, this, &RunSource::changed);
    // Another project has other runs of the same numbers.
    connect(project, &ProjectService::closed, this, [this] {
        stopExploring();
        m_meters = std::make_shared<MeterCache>();
        m_explorer = std::make_shared<ExplorerCache>();
    });
}

ProjectRunSource::~ProjectRunSource() {
    if (m_curve)
        m_curve->cancel();
    stopExploring();
}

void ProjectRunSource::runs(QObject* context, Answer<std::vector<store::RunRecord>> answer) {
    if (!m_project->isOpen()) {
        answer(std::vector<store::RunRecord>());
        return;
    }
    m_project->ask<std::vector<store::RunRecord>>(
        context, [](store::Project& project) { return project.runs(); }, std::move(answer));
}

void ProjectRunSource::load(qint64 run, QObject* context, Answer<std::shared_ptr<const LoadedRun>> answer) {
    using Loaded = std::shared_ptr<const LoadedRun>;
    m_project->ask<Loaded>(
        context,
        [run, cache = m_explorer](store::Project& project) -> Result<Loaded> {
            PLUMBLINE_TRY(store::RunRecord record, project.run(run));
            PLUMBLINE_TRY(AuditResult result, project.runResult(run));
            // Without its labels a run still has its numbers; only the images cannot be shown.
            std::shared_ptr<const ImageSet> images;
            if (auto set = project.runImageSet(run))
                images = std::make_shared<ImageSet>(std::move(*set));
            const std::vector<PlantedLean> planted = plantedIn(project, record);
            Loaded loaded = LoadedRun::make(std::move(record), std::move(result), std::move(images), planted);
            // Without rankings a run can still be shown; exploring it says what is wrong.
            if (!loaded->attributes.empty() && loaded->attributes.front().labels) {
                const RunExplorer::Scores scores = scoresOf(project, run);
                cache->explorer.reset();
                if (auto explorer = RunExplorer::create(loaded, 0, scores); explorer && explorer->rankFirst(scores))
                    cache->explorer.emplace(std::move(*explorer));
            }
            return loaded;
        },
        std::move(answer));
}

void ProjectRunSource::topImages(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                                 QObject* context, Answer<std::vector<RankedImage>> answer) {
    m_project->ask<std::vector<RankedImage>>(
        context,
        [run, attribute, prompt](store::Project& project) -> Result<std::vector<RankedImage>> {
            const LoadedRun::AttributeChart& chart = run->attributes[attribute];
            if (!chart.labels || !run->images)
                return tl::unexpected(labelsGone(*run));
            PLUMBLINE_TRY(std::vector<float> scores,
                          project.runScores(run->record.id, static_cast<std::int64_t>(prompt)));
            scores = labelledScores(std::move(scores), *chart.labels);
            return rank(*run, *chart.labels, scores,
                        static_cast<std::size_t>(chart.chart->measurements[prompt].kEffective));
        },
        std::move(answer));
}

void ProjectRunSource::curve(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                             QObject* context, Answer<std::shared_ptr<const RankCurve>> answer) {
    using Curve = std::shared_ptr<const RankCurve>;
    if (m_curve)
        m_curve->cancel();
    m_curve = std::make_shared<Feedback>();
    m_project->ask<Curve>(
        context,
        [run, attribute, prompt, meters = m_meters, feedback = m_curve](store::Project& project) -> Result<Curve> {
            if (feedback->cancelled())
                return Curve();
            const LoadedRun::AttributeChart& chart = run->attributes[attribute];
            if (!chart.labels)
                return tl::unexpected(labelsGone(*run));
            // Prompts may have targets of their own.
            MeasureOptions options = run->result.config.measure;
            if (options.target.kind == Target::Kind::Conditional || !options.target.byConcept.empty())
                options.target = targetUsed(chart.chart->measurements[prompt]);
            if (!meters->meter || meters->run != run->record.id || meters->attribute != attribute ||
                meters->shares != options.target.shares || meters->target != options.target.kind ||
                meters->k.count != options.k.count || meters->k.fraction != options.k.fraction) {
                PLUMBLINE_TRY(metric::Meter meter, metric::Meter::create(*chart.labels, options));
                meters->meter.emplace(std::move(meter));
                meters->run = run->record.id;
                meters->attribute = attribute;
                meters->shares = options.target.shares;
                meters->target = options.target.kind;
                meters->k = options.k;
            }
            PLUMBLINE_TRY(const std::vector<float> scores,
                          project.runScores(run->record.id, static_cast<std::int64_t>(prompt)));
            auto measured = meters->meter->curve(std::span<const float>(scores), kCurvePoints, *feedback);
            if (measured)
                return std::make_shared<const RankCurve>(std::move(*measured));
            if (measured.error().cancelled())
                return Curve();
            return tl::unexpected(measured.error().error());
        },
        [feedback = m_curve, answer = std::move(answer)](Result<Curve> curve) {
            if (!feedback->cancelled())
                answer(std::move(curve));
        });
}

void ProjectRunSource::details(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                               QObject* context, Answer<RankingDetails> answer) {
    m_project->ask<RankingDetails>(
        context,
        [run, attribute, prompt](store::Project& project) -> Result<RankingDetails> {
            const LoadedRun::AttributeChart& chart = run->attributes[attribute];
            if (!chart.labels)
                return tl::unexpected(labelsGone(*run));
            const Measurement& measurement = chart.chart->measurements[prompt];
            MeasureOptions options = run->result.config.measure;
            options.target = targetUsed(measurement);
            options.k = {measurement.kEffective, 0};
            PLUMBLINE_TRY(const std::vector<float> scores,
                          project.runScores(run->record.id, static_cast<std::int64_t>(prompt)));
            const std::int64_t depth = std::max(measurement.kEffective * 3 / 2, kLeastDepth);
            PLUMBLINE_TRY(metric::RankRibbon ribbon,
                          metric::rankRibbon(*chart.labels, options, scores, depth, kRibbonPoints));
            PLUMBLINE_TRY(metric::ScoreSpread spread,
                          metric::scoreSpread(*chart.labels, scores, options.k, options.confidence));
            return RankingDetails{std::make_shared<const metric::RankRibbon>(std::move(ribbon)),
                                  std::make_shared<const metric::ScoreSpread>(std::move(spread))};
        },
        std::move(answer));
}

void ProjectRunSource::explore(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute,
                               const std::optional<Exploration>& what, const std::vector<int>& inSight,
                               QObject* context, Answer<std::shared_ptr<const LoadedRun>> answer) {
    stopExploring();
    m_exploring = std::make_shared<Feedback>();
    exploreOn(std::make_shared<const Exploring>(
        Exploring{run, attribute, what, inSight, context, std::move(answer), m_exploring}));
}

void ProjectRunSource::stopExploring() {
    if (m_exploring)
        m_exploring->cancel();
}

/// One piece of work; the next is asked for when it is answered, so that other questions come between.
void ProjectRunSource::exploreOn(std::shared_ptr<const Exploring> job) {
    using Step = RunExplorer::Step;
    m_project->ask<Step>(
        job->context,
        [job, cache = m_explorer](store::Project& project) -> Result<Step> {
            if (job->feedback->cancelled())
                return Step();
            const RunExplorer::Scores scores = scoresOf(project, job->run->record.id);
            if (!cache->explorer || !cache->explorer->isOf(*job->run, job->attribute)) {
                PLUMBLINE_TRY(RunExplorer explorer, RunExplorer::create(job->run, job->attribute, scores));
                cache->explorer.emplace(std::move(explorer));
            }
            PLUMBLINE_CHECK(cache->explorer->ask(job->what));
            auto step = cache->explorer->step(job->inSight, scores, *job->feedback);
            if (step)
                return std::move(*step);
            if (step.error().cancelled())
                return Step();
            return tl::unexpected(step.error().error());
        },
        [this, job](Result<Step> step) {
            if (job->feedback->cancelled())
                return;
            if (!step)
                return job->answer(tl::unexpected(step.error()));
            if (step->view)
                job->answer(step->view);
            if (!step->done && !job->feedback->cancelled())
                exploreOn(job);
        });
}

void ProjectRunSource::notes(qint64 run, QObject* context, Answer<std::vector<Note>> answer) {
    m_project->ask<std::vector<Note>>(
        context, [run](store::Project& project) { return project.notes(run); }, std::move(answer));
}

void ProjectRunSource::setNote(const Note& note, QObject* context, std::function<void(Result<void>)> answer) {
    m_project->history()->edit(
        context, note.empty() ? tr("removing a note") : tr("writing a note"),
        [note](store::Project& project) { return project.setNote(note); }, std::move(answer));
}

void ProjectRunSource::thumbnails(qint64 imageSet, const QList<qint64>& rows, QObject* context,
                                  std::function<void(qint64, QImage)> each) {
    m_thumbnails.read(imageSet, rows, context, std::move(each));
}

} // namespace plumbline::ui
