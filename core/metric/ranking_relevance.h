// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure_table.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// NDCG@k (METHODS A4; Järvelin and Kekäläinen, ACM TOIS 20(4), 2002; used by Geyik, Ambler, Kenthapadi, KDD 2019):
/// DCG / DCG of the best order, DCG = sum_{i=1..k} u_i / log2(i + 1). `gains`: u of every row of the list in ranked order,
/// at least 0. Nothing where no row has a gain, for k = 0, and for a gain that is negative or not a number.
std::optional<double> ndcg(std::span<const double> gains, std::size_t k);

/// Overlap-NDCG (METHODS A4; the `ndcg_diff` of yuanlonghao/reranking): u = 1 for a row that is among the first k of the
/// reference order, and the best order is that of the k rows shown, so that only the places count and a single row in
/// common at rank 1 gives 1. Both orders are row numbers from the top. 0 where no row is in common; nothing for k = 0.
std::optional<double> overlapNdcg(std::span<const std::uint32_t> order, std::span<const std::uint32_t> reference,
                                  std::size_t k);

/// Scores as gains: (s - min) / (max - min) over the finite scores; the others get 0. All 0 for constant scores.
std::vector<double> minMaxGains(std::span<const double> scores);

/// What a ranking is compared with, one value a row each.
struct RelevanceInput {
    std::span<const double> scores;    ///< higher ranks first, NaN last, ties in row order
    std::span<const double> relevance; ///< gain of the row for the query, at least 0; above 0 is relevant. May be empty
    std::span<const double> reference; ///< scores of another ranking, of which this one is a changed form. May be empty
};

/// A table of one ranking. With relevance: NDCG@k, recall and precision among the first k, of all rows and of each group
/// (METHODS A7), the worst group's recall, and the gap between the largest and the smallest recall (precision). With a
/// reference: the NDCG@k that is left (gains: the reference scores, min-max), overlap-NDCG@k, and the share of the first k
/// rows that are not among its first k. Rows without a group take no part. Errors: InvalidArgument, ScoresInvalid.
Outcome<MeasureTable> relevanceMeasures(const Attribute& attribute, const RelevanceInput& input, const KSpec& k,
                                        const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
