// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"

namespace plumbline::debias {

/// A Gaussian classifier of groups from unit embeddings (METHODS B11; Wang et al., ICLR 2024): one mean mu_g a group,
/// one covariance for all,
///
///   S = D ((N - 1) Sigma + tr(Sigma) I)^-1,   w_g = S mu_g / T,   b_g = (ln(1/G) - mu_g S mu_g / 2) / T,
///   p(g | x) = softmax_g(w_g x̂ + b_g):
///
/// groups are equally likely beforehand. (N - 1) Sigma is the scatter of the rows about their groups' means.
struct GaussianClassifier {
    std::size_t dim = 0, groups = 0;
    std::vector<double> weights, bias; ///< [groups, dim], [groups]; divided by the temperature T

    /// p(g | x) of a raw row; `into` has a place for each group. False for a row that is zero or not finite.
    bool posterior(std::span<const float> row, std::span<double> into) const;
};

/// The most likely group of each raw row; negative for a row that is zero or not finite. Errors: InvalidArgument
/// (another dimension); Cancelled.
Outcome<std::vector<std::int32_t>> predictCodes(const GaussianClassifier& classifier, const Embeddings& rows,
                                                Feedback& feedback);

/// What the classifier takes the rows for.
struct Confusion {
    std::size_t groups = 0;
    std::vector<std::int64_t> counts; ///< [group, taken for]
    std::int64_t of(std::size_t group, std::size_t as) const { return counts[group * groups + as]; }
    double accuracy() const;
};

struct GaussianFit {
    GaussianClassifier classifier;
    std::vector<double> means;        ///< of the unit rows of each group, [groups, dim]
    std::vector<double> mean;         ///< of all of them
    double temperature = 1;           ///< T
    Confusion training;               ///< of the rows that it was fitted on
    std::optional<Confusion> heldOut; ///< of a fifth of the rows, by a classifier fitted on the others
};

/// `unit`: unit rows; `codes`: one a row, from 0 to groups - 1, two rows of each group at least. A fifth of the rows is
/// held out once, to see how good it is, where every group has five rows. No temperature: the one with the least cross
/// entropy on the rows held out; without such rows D / (N - G), that of Fisher's discriminant. Errors: InvalidArgument
/// (groups without any spread); Cancelled.
Outcome<GaussianFit> fitGaussian(const Embeddings& unit, std::span<const std::int32_t> codes, std::size_t groups,
                                 std::optional<double> temperature, std::uint64_t seed, Feedback& feedback);

} // namespace plumbline::debias
