// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "core/base/error.h"
#include "core/data/labels.h"
#include "core/data/measure.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Two prompts that differ in the word of an attribute only: a concept in a template, with one word and with another.
struct WordChange {
    std::string concept_, template_, words;     ///< words: "woman → man"
    std::span<const float> was, is;             ///< a score an image; NaN where it has none
    const Measurement *ranked = nullptr, *now = nullptr; ///< both against the same attribute as the table
};

/// What changing nothing but an attribute's word does. Keys {"concept", "template", "words", "group"}.
/// score_difference: the mean over a group's images (all labelled ones for the group "") of the second prompt's score
/// less the first's, in the scores' unit, with Student's interval over images, which are the same under both prompts.
/// skew_difference: the group's skew at k under the second prompt less that under the first; absent where either is.
/// No test: another word is another text, and its scores differ.
/// Errors: InvalidArgument (measurements of another attribute, scores that are not one an image).
Result<MeasureTable> attributeWordChanges(std::span<const WordChange> changes, const Attribute& attribute,
                                          const Resampling& options);

} // namespace plumbline::metric
