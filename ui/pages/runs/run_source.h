// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <QImage>
#include <QObject>

#include "core/base/error.h"
#include "core/data/image_set.h"
#include "core/store/project.h"
#include "ui/charts/plumb_model.h"
#include "ui/charts/ranked_images.h"

namespace plumbline::ui {

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

    /// Lays out a result. `images` may be null: then the groups are those that were measured. `planted`: what is known
    /// to have been planted in the model.
    static std::shared_ptr<const LoadedRun> make(store::RunRecord record, AuditResult result,
                                                 std::shared_ptr<const ImageSet> images,
                                                 const std::vector<PlantedLean>& planted = {});
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
    /// One call of `each` a row, null where there is no thumbnail.
    virtual void thumbnails(qint64 imageSet, const QList<qint64>& rows, QObject* context,
                            std::function<void(qint64, QImage)> each) = 0;

Q_SIGNALS:
    /// The list of runs may be another one, or a run has gone on.
    void changed();
};

} // namespace plumbline::ui
