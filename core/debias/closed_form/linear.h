// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/debias/fit.h"

namespace plumbline::debias {

// What the closed-form methods share: the rows of a fit and a little linear algebra. Matrices are row-major.

tl::unexpected<Stop> unusable(std::string name, std::string value, std::string expected);

/// The rows that take part in a fit, with their groups. Groups without a row are left out.
struct FitRows {
    std::size_t rows = 0, dim = 0;
    std::vector<double> values;      ///< unit rows, rows x dim
    std::vector<std::int32_t> group; ///< one a row, below names.size()
    std::vector<std::size_t> count;  ///< rows of each group
    std::vector<std::string> names;  ///< of the groups

    std::size_t groups() const { return count.size(); }
    std::span<const double> row(std::size_t i) const { return {values.data() + i * dim, dim}; }
};

/// Labelled rows that are neither zero nor infinite. Groups with few rows are named in `warnings`. Errors:
/// InvalidArgument (another number of labels than rows, no dimension), AttributeEmpty, AttributeSingleGroup.
Outcome<FitRows> labelledRows(const Embeddings& images, const Attribute& attribute, std::vector<std::string>& warnings);

/// The unit vectors of all rows that are neither zero nor infinite; how many were left out is said in `warnings`, where
/// they are called `what`.
FitRows usableRows(const Embeddings& embeddings, const std::string& what, std::vector<std::string>& warnings);

/// The unit vector of a row; empty where it is zero or not finite.
std::vector<double> unitRow(std::span<const float> row);

/// Mean of the rows, [dim].
std::vector<double> mean(const FitRows& rows);
/// Mean of the rows of each group, [groups, dim].
std::vector<double> groupMeans(const FitRows& rows);

/// The share of the variance of `values` [rows, dim] that lies between the groups' means: 0 where they coincide.
double betweenShare(std::span<const double> values, std::size_t dim, const FitRows& rows);
/// The greatest distance between two groups' means.
double meanDistance(std::span<const double> values, std::size_t dim, const FitRows& rows);

/// a^T b, [aCols, bCols], for a [rows, aCols] and b [rows, bCols].
std::vector<double> gram(std::span<const double> a, std::size_t aCols, std::span<const double> b, std::size_t bCols,
                         std::size_t rows);
/// a b^T, [aRows, bRows], for a [aRows, cols] and b [bRows, cols].
std::vector<double> timesTransposed(std::span<const double> a, std::size_t aRows, std::span<const double> b,
                                    std::size_t bRows, std::size_t cols);

/// Orthonormal rows, [rank, dim], that span the rows of `values` whose singular value is above `cut` times the largest.
/// Empty where all rows are zero.
std::vector<double> orthonormal(std::span<const double> values, std::size_t dim, double cut);
constexpr double kRankCut = 1e-6; ///< METHODS B4

/// The map y = x - B^T B x for orthonormal rows B.
LinearMap projectionOff(std::span<const double> basis, std::size_t dim);
/// A x + b for every row, divided by its length where the map says so.
std::vector<double> mapped(const LinearMap& map, const FitRows& rows);
/// Every row [dim] divided by its length; rows of zeros stay.
void normalise(std::vector<double>& values, std::size_t dim);

/// Which embeddings get the map that was fitted on the images.
enum class Apply { Images, Texts, Both };
Result<Apply> applyOf(const Parameters& parameters);
/// The map in its places.
void place(LinearMap map, Apply apply, Fitted& fitted);

/// Facts: how much of the images' variance lies between the groups, before and in `after` [rows, dim], unit rows.
void tellSeparation(const FitRows& rows, std::span<const double> after, std::size_t dim, Fitted& fitted);
/// Facts: how often a linear classifier names the groups of the images that it was fitted to, before and in `after`
/// [rows, rows.dim], unit rows. Errors: Cancelled.
Outcome<void> tellTraining(const FitRows& rows, std::span<const double> after, Fitted& fitted, Feedback& feedback);

} // namespace plumbline::debias
