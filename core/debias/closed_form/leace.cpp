// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/leace.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Dense>

#include "core/base/numbers.h"

namespace plumbline::debias {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kRounding = 1e-9; ///< of the largest singular value: what rounding makes of a zero

/// S^1/2 and its pseudo-inverse, without the directions in which there is nothing but rounding.
struct Roots {
    Eigen::MatrixXd root, inverse;
};

Roots rootsOf(const Eigen::MatrixXd& covariance) {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(covariance);
    const double cut = std::max(0.0, eigen.eigenvalues().maxCoeff()) * static_cast<double>(covariance.rows()) *
                       std::numeric_limits<double>::epsilon();
    Eigen::VectorXd root(covariance.rows()), inverse(covariance.rows());
    for (Eigen::Index j = 0; j < root.size(); ++j) {
        const double value = eigen.eigenvalues()(j);
        root(j) = value > cut ? std::sqrt(value) : 0;
        inverse(j) = value > cut ? 1 / std::sqrt(value) : 0;
    }
    const Eigen::MatrixXd& v = eigen.eigenvectors();
    return {v * root.asDiagonal() * v.transpose(), v * inverse.asDiagonal() * v.transpose()};
}

/// The left singular vectors above the tolerance.
Eigen::MatrixXd leftVectors(const Eigen::MatrixXd& of, double tolerance, bool relative) {
    const Eigen::BDCSVD<Eigen::MatrixXd> svd(of, Eigen::ComputeThinU);
    const double largest = svd.singularValues()(0);
    Eigen::Index rank = 0;
    while (rank < svd.singularValues().size() &&
           svd.singularValues()(rank) > std::max(kRounding, relative ? tolerance : 0.0) * largest &&
           (relative || svd.singularValues()(rank) > tolerance))
        ++rank;
    return svd.matrixU().leftCols(rank);
}

/// The share of P in the mixture with Q whose variance is `wanted`: Q has less, P more.
double mixture(const Eigen::MatrixXd& p, const Eigen::MatrixXd& q, const Eigen::MatrixXd& covariance, double wanted) {
    const Eigen::MatrixXd change = p - q;
    const double square = (change * covariance).cwiseProduct(change).sum();
    const double cross = (q * covariance).cwiseProduct(change).sum();
    const double missing = wanted - (q * covariance).cwiseProduct(q).sum();
    return std::clamp((std::sqrt(cross * cross + square * missing) - cross) / square, 0.0, 1.0);
}

} // namespace

Outcome<LeaceMap> leaceOf(const FitRows& rows, const LeaceOptions& options, Feedback& feedback) {
    if (rows.rows < 2)
        return unusable("images", std::to_string(rows.rows), "two labelled images or more");
    const auto dim = static_cast<Eigen::Index>(rows.dim);
    const auto n = static_cast<double>(rows.rows);
    const std::vector<double> centre = mean(rows), means = groupMeans(rows);
    const Eigen::Map<const Eigen::VectorXd> mu(centre.data(), dim);
    std::vector<double> centred = rows.values;
    for (std::size_t i = 0; i < centred.size(); ++i)
        centred[i] -= centre[i % rows.dim];
    const std::vector<double> products = gram(centred, rows.dim, centred, rows.dim, rows.rows);
    Eigen::MatrixXd covariance = Eigen::Map<const Matrix>(products.data(), dim, dim) / (n - 1);
    covariance = (covariance + covariance.transpose()).eval() / 2;
    if (!(covariance.trace() > 0))
        return unusable("images", "the same embedding for every image", "embeddings that differ");
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});

    LeaceMap result;
    if (options.shrinkage) {
        const double trace = covariance.trace(), d = static_cast<double>(rows.dim);
        const double spread = covariance.squaredNorm() - trace * trace / d;
        result.shrunk = spread > 0 ? std::clamp(trace * trace / n / spread, 0.0, 1.0) : 1.0;
        covariance *= 1 - result.shrunk;
        covariance.diagonal().array() += result.shrunk * trace / d;
    }
    // With Z one-hot, column g of the cross-covariance is n_g (mean_g - mean) / (n - 1).
    Eigen::MatrixXd cross(dim, static_cast<Eigen::Index>(rows.groups()));
    for (std::size_t g = 0; g < rows.groups(); ++g)
        cross.col(static_cast<Eigen::Index>(g)) =
            static_cast<double>(rows.count[g]) / (n - 1) *
            (Eigen::Map<const Eigen::VectorXd>(means.data() + g * rows.dim, dim) - mu);

    const double tolerance = options.tolerance.value_or(0);
    const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(dim, dim);
    Eigen::MatrixXd erasing;
    if (options.orth) {
        const Eigen::MatrixXd u = leftVectors(cross, tolerance, true);
        result.rank = static_cast<std::size_t>(u.cols());
        erasing = identity - u * u.transpose();
    } else {
        const Roots roots = rootsOf(covariance);
        const Eigen::MatrixXd u = leftVectors(roots.inverse * cross, tolerance, false);
        result.rank = static_cast<std::size_t>(u.cols());
        erasing = identity - (roots.root * u) * (u.transpose() * roots.inverse);
        const double before = covariance.trace();
        if ((erasing * covariance).cwiseProduct(erasing).sum() > before * (1 + 1e-12)) {
            // The orthogonal projection off what is removed takes the same means together, so every mixture does.
            const Eigen::MatrixXd removed = leftVectors(roots.root * u, 0, true);
            const Eigen::MatrixXd orthogonal = identity - removed * removed.transpose();
            const double share = mixture(erasing, orthogonal, covariance, before);
            erasing = share * erasing + (1 - share) * orthogonal;
            result.traceGuarded = true;
        }
    }
    LinearMap& map = result.map;
    map.dim = map.out = rows.dim;
    map.matrix.resize(rows.dim * rows.dim);
    map.offset.resize(rows.dim);
    Eigen::Map<Matrix>(map.matrix.data(), dim, dim) = erasing;
    Eigen::Map<Eigen::VectorXd>(map.offset.data(), dim) = mu - erasing * mu;
    return result;
}

Outcome<Fitted> leace(const FitInput& input, const LeaceOptions& options, Feedback& feedback) {
    Fitted fitted;
    PLUMBLINE_TRY(const FitRows rows, labelledRows(input.images, input.attribute, fitted.warnings));
    FitRows texts;
    if (options.apply != Apply::Images) {
        if (input.texts)
            texts = usableRows(*input.texts, "texts", fitted.warnings);
        if (texts.rows == 0)
            return unusable("texts", "none", "texts around whose mean texts are changed, or apply = images");
        if (texts.dim != rows.dim)
            return unusable("texts", std::to_string(texts.dim) + " dimensions",
                            std::to_string(rows.dim) + ", as the images have");
    }
    PLUMBLINE_TRY(LeaceMap result, leaceOf(rows, options, feedback));
    LinearMap& map = result.map;
    if (rows.rows <= rows.dim)
        fitted.warnings.push_back(std::to_string(rows.rows) + " labelled images are too few for " +
                                  std::to_string(rows.dim) +
                                  " dimensions: what is erased on them says little of other images.");
    if (result.traceGuarded)
        fitted.warnings.emplace_back("The smallest change would have raised the variance: it was mixed with the "
                                     "orthogonal projection, so that the variance stays.");
    std::vector<double> after = mapped(map, rows);
    const double distance = meanDistance(after, map.out, rows);
    if (options.tolerance && distance > 1e-6)
        fitted.warnings.push_back("With this tolerance the groups' means do not come to coincide: " +
                                  formatFixed(distance, 4) + " is left between two of them.");
    fitted.facts.push_back({"directions removed", static_cast<double>(result.rank), {}});
    if (options.shrinkage)
        fitted.facts.push_back({"shrinkage", result.shrunk, "weight of the identity in the covariance"});
    fitted.facts.push_back({"distance between means before", meanDistance(rows.values, rows.dim, rows),
                            "the greatest distance between two groups' mean embeddings"});
    fitted.facts.push_back({"distance between means after", distance,
                            "the same distance after the change; 0: no linear classifier beats the constant on the "
                            "fitted images"});
    normalise(after, rows.dim);
    tellSeparation(rows, after, rows.dim, fitted);
    PLUMBLINE_CHECK(tellTraining(rows, after, fitted, feedback));
    if (options.apply != Apply::Images) {
        LinearMap forTexts = map;
        const std::vector<double> centre = mean(texts);
        for (std::size_t i = 0; i < map.out; ++i) {
            forTexts.offset[i] = centre[i];
            for (std::size_t j = 0; j < map.dim; ++j)
                forTexts.offset[i] -= map.matrix[i * map.dim + j] * centre[j];
        }
        fitted.text = std::move(forTexts);
    }
    if (options.apply != Apply::Texts)
        fitted.image = std::move(map);
    return fitted;
}

Outcome<Fitted> fitLeace(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    LeaceOptions options;
    PLUMBLINE_TRY(options.shrinkage, parameters.flag("shrinkage"));
    if (toLowerAscii(trim(parameters.text("tolerance"))) != "auto") {
        PLUMBLINE_TRY(options.tolerance, parameters.number("tolerance", 0, 1));
    }
    PLUMBLINE_TRY(options.orth, parameters.flag("orth"));
    PLUMBLINE_TRY(options.apply, applyOf(parameters));
    return leace(input, options, feedback);
}

} // namespace plumbline::debias
