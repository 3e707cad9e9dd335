// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// Ranks of image-text retrieval by cosine (Karpathy and Fei-Fei, CVPR 2015; for CLIP Radford et al., ICML 2021),
/// from 1; 0: never found, since the embedding is zero or not a number.
/// Ties count against the model: the rank is 1 + the number of wrong candidates whose score is at least that of the
/// right one. A model that gives every pair the same score finds nothing, whatever the order of the files.
struct RetrievalRanks {
    std::vector<std::int64_t> ofCaption; ///< of each caption: place of its image among all images
    std::vector<std::int64_t> ofImage;   ///< of each image: best place of one of its captions among those of other
                                         ///< images; -1 for an image without a caption, which is a candidate only
    std::int64_t unusableImages = 0, unusableCaptions = 0; ///< zero or not finite
};

/// `imageOfCaption`: one a row of `captions`, a row of `images`. Scores are single-precision dot products of the unit
/// vectors, each pair summed in the same order, so that equal embeddings tie exactly and the ranks do not depend on
/// blocks or threads. Memory: the two matrices once more; time: images x captions x dimension.
/// Errors: ScoresInvalid (dimensions), InvalidArgument (an image that is not there); Cancelled.
Outcome<RetrievalRanks> retrievalRanks(const Embeddings& images, const Embeddings& captions,
                                       std::span<const std::uint32_t> imageOfCaption, Feedback& feedback);

/// R@1, R@5, R@10 in both directions and their mean r_mean, in [0, 1]. Intervals over images, with the candidates as
/// they are: the captions of an image belong together, so images are resampled with all their captions. A rate's
/// interval is Wilson's for the number of independent queries that would have the resampled variance (Korn and
/// Graubard 1998), which also covers rates near 0 and 1; that of r_mean the percentiles. With an attribute (one code an
/// image; may be null) the same of each group's images among all candidates, and the range over the groups with a null
/// of relabelled images.
Outcome<MeasureTable> retrievalTable(const RetrievalRanks& ranks, std::span<const std::uint32_t> imageOfCaption,
                                     const Attribute* attribute, const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
