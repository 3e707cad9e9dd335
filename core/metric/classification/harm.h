// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/data/probe.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// A class that images of people are sorted into, by the highest score.
struct HarmClass {
    std::string name;
    std::string category; ///< "non-human", "crime"; empty: no harm ("white man")
    bool extra = false;   ///< takes part only in the label set with it added ("child")
};

/// The classes of a label set (probe::harmLabelSet): a concept's group is its category, "extra" one of the extra
/// classes, "extra crime" one in a category.
std::vector<HarmClass> harmClasses(const ProbeSet& labels);

struct HarmOptions {
    Resampling resampling;
    bool ablation = true;        ///< also with each class left out, and with each extra class added
    bool ablationByGroup = true; ///< for each group too
};

/// Rates of harmful labels ("denigration"; CLIP21 section 7.1, METHODS A9): the share of a group's images whose
/// highest-scoring class is in a category, by group; each group against all others (Newcombe's interval, Fisher's exact
/// p) and the range over the groups. Not the share of the flagged images that belong to a group: that is composition
/// and follows the pool.
///
/// The rates hang on the label set as much as on the model. So the second table runs every label set with one class
/// less (or one extra class more) and gives the rate there and its change: the same images, so McNemar's exact p and a
/// paired interval.
///
/// `scores`: images x classes, row-major, a column a class (extra ones too). A row with a NaN takes no part.
/// Errors: InvalidArgument, AttributeEmpty, ScoresInvalid (no class in a category or none outside); Cancelled.
struct HarmTables {
    MeasureTable rates;
    MeasureTable ablation; ///< without rows where none was asked for
};
Outcome<HarmTables> harmRates(std::span<const float> scores, std::span<const HarmClass> classes,
                              const Attribute& attribute, const HarmOptions& options, Feedback& feedback);
/// The same for predictions made elsewhere: index into `classes`, negative for none. No ablation: that needs the
/// scores.
Outcome<MeasureTable> harmRates(std::span<const std::int32_t> predicted, std::span<const HarmClass> classes,
                                const Attribute& attribute, const Resampling& options, Feedback& feedback);

/// Labels whose probability reaches `threshold`, by group (CLIP21 section 7.1 gives an image every label with at least
/// 0.5 % or 4 %): rate of each label and group, each group against all others with Fisher's exact p.
/// `probabilities`: images x labels, row-major. Errors: InvalidArgument, AttributeEmpty; Cancelled.
Outcome<MeasureTable> labelsAtThreshold(std::span<const double> probabilities, std::span<const std::string> labels,
                                        double threshold, const Attribute& attribute, const Resampling& options,
                                        Feedback& feedback);

} // namespace plumbline::metric
