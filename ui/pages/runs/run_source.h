// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QImage>
#include <QObject>

#include "core/base/error.h"
#include "core/data/image_set.h"
#include "core/metric/rank_ribbon.h"
#include "core/metric/score_spread.h"
#include "core/store/project.h"
#include "ui/charts/plumb_model.h"
#include "ui/charts/ranked_images.h"

namespace plumbline::ui {

/// What is looked at instead of what a run measured: another k, another target.
struct Exploration {
    std::int64_t k = 0;
    std::optional<Target::Kind> target; ///< Pool or Uniform; none: the run's own
    bool operator==(const Exploration&) const = default;
};

/// A finished run, read and laid out: everything that its page shows at once. Never changed afterwards.
struct LoadedRun {
    struct AttributeChart {
        std::string name;
        std::vector<std::string> groups;         ///< all groups of the attribute, in byte order
        std::shared_ptr<const Attribute> labels; ///< of the run's images; null where they cannot be had
        std::shared_ptr<const PlumbData> chart;  ///< measurement i is that of prompt i
    };
    store::RunRecord record;
    AuditResult result;
    std::shared_ptr<const ImageSet> images; ///< null where they cannot be had
    std::vector<AttributeChart> attributes;
    std::vector<PlantedLean> planted; ///< what is known to have been planted in the model
    /// Set where the chart of an attribute is an exploration: never stored, never in a report.
    struct Explored {
        Exploration what;
        std::size_t attribute = 0;
        bool complete = false; ///< all prompts have values, and those in sight intervals
        int draws = 0;         ///< behind intervals and bands
    };
    std::optional<Explored> explored;

    /// Lays out a result. `images` may be null: then the groups are those that were measured. `planted`: what is known
    /// to have been planted in the model.
    static std::shared_ptr<const LoadedRun> make(store::RunRecord record, AuditResult result,
                                                 std::shared_ptr<const ImageSet> images,
                                                 const std::vector<PlantedLean>& planted = {});
};

/// A prompt's ranking image by image, and how its scores lie.
struct RankingDetails {
    std::shared_ptr<const metric::RankRibbon> ribbon;
    std::shared_ptr<const metric::ScoreSpread> spread;
};

/// Where the runs page has its runs from. Nothing here blocks: answers come later, on the main thread, and not at all
/// once `context` is gone.
class RunSource : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    template <class T>
    using Answer = std::function<void(Result<T>)>;

    virtual void runs(QObject* context, Answer<std::vector<store::RunRecord>> answer) = 0;
    virtual void load(qint64 run, QObject* context, Answer<std::shared_ptr<const LoadedRun>> answer) = 0;
    /// The top k of a prompt's ranking, by rank.
    virtual void topImages(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                           QObject* context, Answer<std::vector<RankedImage>> answer) = 0;
    /// Measured again from the stored scores. A later question cancels an earlier one, which is then never answered.
    virtual void curve(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                       QObject* context, Answer<std::shared_ptr<const RankCurve>> answer) = 0;
    /// From the stored scores, at the k and target of the prompt's measurement.
    virtual void details(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                         QObject* context, Answer<RankingDetails> answer) = 0;
    /// The run's attribute at another k or against another target, from the stored scores. Answered several times: with
    /// values of the prompts in sight, with their intervals and null bands, with values of all prompts. Without a
    /// question only what makes later answers quick is read. A later call cancels an earlier one.
    virtual void explore(const std::shared_ptr<const LoadedRun>& run, std::size_t attribute,
                         const std::optional<Exploration>& what, const std::vector<int>& inSight, QObject* context,
                         Answer<std::shared_ptr<const LoadedRun>> answer) = 0;
    virtual void stopExploring() = 0;
    /// What was noted of a run, of its findings and of its images.
    virtual void notes(qint64 run, QObject* context, Answer<std::vector<Note>> answer) = 0;
    /// Takes the place of what was noted of the same; changed() follows.
    virtual void setNote(const Note& note, QObject* context, std::function<void(Result<void>)> answer) = 0;
    /// One call of `each` a row, null where there is no thumbnail.
    virtual void thumbnails(qint64 imageSet, const QList<qint64>& rows, QObject* context,
                            std::function<void(qint64, QImage)> each) = 0;

Q_SIGNALS:
    /// The list of runs may be another one, or a run has gone on.
    void changed();
};

} // namespace plumbline::ui
