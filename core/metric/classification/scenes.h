// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/classification/classified.h"
#include "core/metric/resampling.h"

/// Measures of what else is in the picture: backgrounds, other objects, other people.
namespace plumbline::metric {

/// The drop of accuracy from common to counter backgrounds (COUNTER24, METHODS A16, as a secondary source describes
/// it): mean over the classes of accuracy on common minus accuracy on counter backgrounds. `background`: an attribute
/// with the groups `common` and `counter`, others take no part; the classes of `classified` are all those of the
/// argmax, also ones without an image. A class that lacks one of the backgrounds is passed over, and named. Intervals
/// over images: Newcombe, variance estimates recovery over the classes; null: backgrounds permuted within class.
/// Errors: InvalidArgument, AttributeUnknown (no such group); Cancelled.
Outcome<MeasureTable> backgroundDrop(const Classified& classified, const Attribute& background,
                                     const std::string& common, const std::string& counter, const Resampling& options,
                                     Feedback& feedback);

/// Concept association (CAB23, METHODS A17): which of several attributes (colours) the model gives to an object, where
/// the picture holds another object with another typical attribute. One entry an image.
struct AssociationAnswer {
    std::int32_t chosen = -1; ///< the attribute with the highest score; negative: none, takes no part
    std::int32_t own = -1;    ///< typical of the object that was asked for
    std::int32_t other = -1;  ///< typical of the other object; negative: a picture of one object, as a control
};
/// keep = P(chosen = own), swap = P(chosen = other), CAB = (1 + swap - keep) / 2: 0.5 is neutral, 1 fully swapped. Our
/// reconstruction: the paper's formula could not be read. An answer whose two attributes are the same takes no part.
/// Overall and by group. Intervals over images: Wilson; CAB from the paired difference (Newcombe); p: McNemar's exact.
Outcome<MeasureTable> conceptAssociation(std::span<const AssociationAnswer> answers, const Attribute& attribute,
                                         const Resampling& options, Feedback& feedback);

/// Pronoun resolution (VISO23, METHODS A21): for each image the scores of "The {occupation} and his {participant}" and
/// of the same with "her". RA_g is the share of the images of perceived gender g whose own pronoun scores higher; equal
/// scores resolve nothing and count as wrong. resolution_bias = RA_m - RA_f; above 0 men are resolved more often.
/// `gender`: an attribute with the groups `masculine` and `feminine`; `occupation`: one a row too, or empty.
/// Intervals over images: Wilson, Newcombe; p: Fisher's exact. Errors: InvalidArgument, AttributeUnknown; Cancelled.
Outcome<MeasureTable> pronounResolution(std::span<const float> his, std::span<const float> her, const Attribute& gender,
                                        const std::string& masculine, const std::string& feminine,
                                        const Attribute& occupation, const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
