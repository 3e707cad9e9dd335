// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/fairer_clip.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>

#include <Eigen/Dense>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/base/random.h"

namespace plumbline::debias {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Eigen::Index;

constexpr std::size_t kSigmaRows = 1000;    ///< the median distance is taken between so many rows at most
constexpr std::size_t kOtherFeatures = 200; ///< random features of the other modality's few directions
constexpr double kEnergy = 0.95;            ///< of the squared eigenvalues that is kept
constexpr double kRounding = 1e-10;         ///< of the largest eigenvalue: what rounding makes of a zero

Index index(std::size_t i) {
    return static_cast<Index>(i);
}

std::span<const double> values(const Matrix& of) {
    return {of.data(), static_cast<std::size_t>(of.size())};
}

/// a^T b and a b^T on all threads.
Matrix gramOf(const Matrix& a, const Matrix& b) {
    const std::vector<double> product = gram(values(a), static_cast<std::size_t>(a.cols()), values(b),
                                             static_cast<std::size_t>(b.cols()), static_cast<std::size_t>(a.rows()));
    return Eigen::Map<const Matrix>(product.data(), a.cols(), b.cols());
}

Matrix productOf(const Matrix& a, const Matrix& b) {
    const std::vector<double> product =
        timesTransposed(values(a), static_cast<std::size_t>(a.rows()), values(b), static_cast<std::size_t>(b.rows()),
                        static_cast<std::size_t>(a.cols()));
    return Eigen::Map<const Matrix>(product.data(), a.rows(), b.rows());
}

/// sqrt(half the median squared distance between two rows that differ); 1 where none do.
double medianSigma(const Matrix& rows, std::uint64_t seed, const std::string& name) {
    std::vector<Index> order(static_cast<std::size_t>(rows.rows()));
    std::iota(order.begin(), order.end(), Index(0));
    if (order.size() > kSigmaRows) {
        RandomStream random(seed, streamId(name + "/sigma"), 0);
        for (std::size_t i = 0; i < kSigmaRows; ++i)
            std::swap(order[i], order[i + random.below(order.size() - i)]);
        order.resize(kSigmaRows);
    }
    const Matrix sample = rows(order, Eigen::all);
    const Matrix products = productOf(sample, sample);
    std::vector<double> squares;
    for (Index i = 0; i < sample.rows(); ++i)
        for (Index j = 0; j < i; ++j) {
            const double scale = products(i, i) + products(j, j);
            if (const double square = scale - 2 * products(i, j); square > kRounding * scale)
                squares.push_back(square);
        }
    if (squares.empty())
        return 1;
    const auto middle = squares.begin() + static_cast<std::ptrdiff_t>((squares.size() - 1) / 2);
    std::ranges::nth_element(squares, middle);
    return std::sqrt(*middle / 2);
}

/// cos(R x + phase): R Gaussian with standard deviation 1 / sigma.
struct RandomFeatures {
    Matrix frequencies;        ///< [features, dim]
    std::vector<double> phase; ///< [features]

    Matrix of(const Matrix& rows) const {
        Matrix result = productOf(rows, frequencies);
        const double scale = std::sqrt(2 / static_cast<double>(phase.size()));
        tbb::this_task_arena::isolate([&] {
            tbb::parallel_for(Index(0), result.rows(), [&](Index i) {
                for (Index f = 0; f < result.cols(); ++f)
                    result(i, f) = scale * std::cos(result(i, f) + phase[static_cast<std::size_t>(f)]);
            });
        });
        return result;
    }
};

RandomFeatures randomFeatures(const Matrix& rows, std::size_t features, std::uint64_t seed, const std::string& name) {
    const double sigma = medianSigma(rows, seed, name);
    RandomFeatures result{Matrix(index(features), rows.cols()), std::vector<double>(features)};
    for (std::size_t f = 0; f < features; ++f) {
        RandomStream random(seed, streamId(name), f);
        for (Index j = 0; j < rows.cols(); ++j)
            result.frequencies(index(f), j) = random.normal() / sigma;
        result.phase[f] = 2 * std::numbers::pi * random.uniform();
    }
    return result;
}

/// One modality. Its features are those of the distinct rows: every image, every text. `sample` says which of them each
/// of the n samples (image, text of its class) has.
struct Side {
    RandomFeatures random;
    Matrix features; ///< [distinct, F]
    double tau = 0, tauOther = 0, gamma = 0;
    Eigen::LLT<Eigen::MatrixXd> ridge; ///< of the centred features' products, plus n gamma
    Eigen::VectorXd centre;            ///< mean feature over the samples
    Eigen::MatrixXd directions;        ///< [F, kept]

    Matrix encoded() const { return (features * directions).rowwise() - (directions.transpose() * centre).transpose(); }
};

/// Sums of the samples' rows for each distinct row.
Matrix sumsOf(const Matrix& samples, const std::vector<Index>& sample, Index distinct) {
    Matrix sums = Matrix::Zero(distinct, samples.cols());
    for (std::size_t i = 0; i < sample.size(); ++i)
        sums.row(sample[i]) += samples.row(index(i));
    return sums;
}

Matrix centred(Matrix samples) {
    const Eigen::RowVectorXd centre = samples.colwise().mean();
    samples.rowwise() -= centre;
    return samples;
}

/// The covariance of a side whose samples are these.
void prepare(Side& side, const std::vector<Index>& sample) {
    const auto n = static_cast<double>(sample.size());
    Eigen::VectorXd weight = Eigen::VectorXd::Zero(side.features.rows());
    for (const Index row : sample)
        weight(row) += 1;
    side.centre = side.features.transpose() * weight / n;
    Matrix weighted = side.features.rowwise() - side.centre.transpose();
    for (Index i = 0; i < weighted.rows(); ++i)
        weighted.row(i) *= std::sqrt(weight(i));
    Eigen::MatrixXd covariance = gramOf(weighted, weighted);
    covariance = (covariance + covariance.transpose()).eval() / 2;
    covariance.diagonal().array() += n * side.gamma;
    side.ridge.compute(covariance);
}

/// The directions that depend most on what has a positive weight and least on what has a negative one. Each of `terms`
/// is a centred n x k matrix and its weight.
void solve(Side& side, const std::vector<Index>& sample, const std::vector<std::pair<const Matrix*, double>>& terms,
           std::size_t most, bool byEnergy) {
    Eigen::MatrixXd whitened;
    std::vector<double> weights;
    for (const auto& [samples, weight] : terms) {
        Eigen::MatrixXd cross = gramOf(side.features, sumsOf(*samples, sample, side.features.rows()));
        // The spectral norm of cross cross^T is that of the small matrix.
        const double norm =
            Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(cross.transpose() * cross, Eigen::EigenvaluesOnly)
                .eigenvalues()
                .maxCoeff();
        if (!(norm > 0))
            continue;
        const Index at = whitened.cols();
        whitened.conservativeResize(cross.rows(), at + cross.cols());
        whitened.rightCols(cross.cols()) = side.ridge.matrixL().solve(cross / std::sqrt(norm));
        weights.insert(weights.end(), static_cast<std::size_t>(cross.cols()), weight);
    }
    // The eigenvectors of H diag(w) H^T lie in the span of H: a small problem in an orthonormal basis of it.
    const Eigen::Map<const Eigen::VectorXd> w(weights.data(), index(weights.size()));
    const Index rank = std::min(whitened.rows(), whitened.cols());
    const Eigen::HouseholderQR<Eigen::MatrixXd> qr(whitened);
    const Eigen::MatrixXd basis = qr.householderQ() * Eigen::MatrixXd::Identity(whitened.rows(), rank);
    const Eigen::MatrixXd inside = basis.transpose() * whitened;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(inside * w.asDiagonal() * inside.transpose());
    const Eigen::VectorXd values = eigen.eigenvalues().reverse();
    const double largest = values.size() > 0 ? values.cwiseAbs().maxCoeff() : 0;
    Index kept = 0;
    while (kept < values.size() && kept < index(most) && values(kept) > kRounding * largest)
        ++kept;
    if (byEnergy) {
        const double all = values.head(kept).squaredNorm();
        Index enough = 0;
        while (enough < kept && values.head(enough).squaredNorm() < kEnergy * all)
            ++enough;
        kept = enough;
    }
    const Eigen::MatrixXd vectors = eigen.eigenvectors().rowwise().reverse().leftCols(kept);
    side.directions = std::sqrt(static_cast<double>(sample.size())) * side.ridge.matrixU().solve(basis * vectors);
}

/// Directions of zeros, so that both sides have as many.
void pad(Side& side, Index dim) {
    const Index had = side.directions.cols();
    if (had >= dim)
        return;
    side.directions.conservativeResize(Eigen::NoChange, dim);
    side.directions.rightCols(dim - had).setZero();
}

struct Problem {
    const FitRows& rows;
    const Matrix& texts; ///< unit rows
    const FairerClipOptions& options;
    std::uint64_t seed;
    std::vector<Index> every;  ///< 0 to n - 1: an image is a sample of itself
    std::vector<Index> labels; ///< text of each image
    Matrix attribute;          ///< centred one-hot
    Side image, text;

    std::size_t classes() const { return std::set<Index>(labels.begin(), labels.end()).size(); }

    Matrix classMatrix() const {
        Matrix result = Matrix::Zero(index(labels.size()), texts.rows());
        for (std::size_t i = 0; i < labels.size(); ++i)
            result(index(i), labels[i]) = 1;
        return centred(std::move(result));
    }

    /// `side` given what the other modality's samples are mapped to; null: nothing yet.
    void fit(Side& side, const std::vector<Index>& sample, const Matrix* other, const std::string& name) const {
        const Matrix y = classMatrix();
        std::vector<std::pair<const Matrix*, double>> terms{{&y, 1.0}, {&attribute, -side.tau / (1 - side.tau)}};
        Matrix otherFeatures;
        if (other && side.tauOther > 0) {
            otherFeatures = centred(randomFeatures(*other, kOtherFeatures, seed, name).of(*other));
            terms.emplace_back(&otherFeatures, side.tauOther / (1 - side.tauOther));
        }
        const std::size_t most = options.dim > 0 ? options.dim : classes() - 1;
        solve(side, sample, terms, most, options.dim == 0 && side.tau > 0);
    }

    /// Turns `side` (or mirrors it, if it has one direction) so that its samples are nearest to the other's.
    void align(Side& side, const std::vector<Index>& sample, const Side& other,
               const std::vector<Index>& otherSample) const {
        const Matrix mine = side.encoded()(sample, Eigen::all), theirs = other.encoded()(otherSample, Eigen::all);
        const Eigen::MatrixXd cross = mine.transpose() * theirs;
        const Eigen::JacobiSVD<Eigen::MatrixXd> svd(cross, Eigen::ComputeFullU | Eigen::ComputeFullV);
        side.directions = (side.directions * svd.matrixU() * svd.matrixV().transpose()).eval();
    }
};

/// The text whose vector has the greatest cosine with the image's, the first on ties.
std::vector<Index> nearestTexts(const Matrix& images, const Matrix& texts) {
    std::vector<Index> result(static_cast<std::size_t>(images.rows()), 0);
    const Matrix products = productOf(images, texts);
    const Eigen::VectorXd length = texts.rowwise().norm();
    for (Index i = 0; i < images.rows(); ++i) {
        double highest = -std::numeric_limits<double>::infinity();
        for (Index t = 0; t < texts.rows(); ++t)
            if (const double cosine = products(i, t) / length(t); length(t) > 0 && cosine > highest) {
                highest = cosine;
                result[static_cast<std::size_t>(i)] = t;
            }
    }
    return result;
}

FourierMap mapOf(const Side& side) {
    const Eigen::VectorXd centre = side.directions.transpose() * side.centre;
    const Matrix weights = side.directions.transpose();
    FourierMap map;
    map.dim = static_cast<std::size_t>(side.random.frequencies.cols());
    map.features = side.random.phase.size();
    map.out = static_cast<std::size_t>(weights.rows());
    map.frequencies.assign(values(side.random.frequencies).begin(), values(side.random.frequencies).end());
    map.phase = side.random.phase;
    map.weights.assign(values(weights).begin(), values(weights).end());
    map.centre.assign(centre.begin(), centre.end());
    return map;
}

} // namespace

Outcome<Fitted> fairerClip(const FitInput& input, const FairerClipOptions& options, Feedback& feedback) {
    Fitted fitted;
    PLUMBLINE_TRY(const FitRows rows, labelledRows(input.images, input.attribute, fitted.warnings));
    const FitRows texts = input.texts ? usableRows(*input.texts, "texts", fitted.warnings) : FitRows();
    if (texts.rows < 2)
        return unusable("texts", std::to_string(texts.rows), "two texts or more, the classes of the images");
    if (texts.dim != rows.dim)
        return unusable("texts", std::to_string(texts.dim) + " dimensions",
                        std::to_string(rows.dim) + ", as the images have");
    const Matrix imageRows = Eigen::Map<const Matrix>(rows.values.data(), index(rows.rows), index(rows.dim));
    const Matrix textRows = Eigen::Map<const Matrix>(texts.values.data(), index(texts.rows), index(texts.dim));
    Problem problem{.rows = rows,
                    .texts = textRows,
                    .options = options,
                    .seed = input.seed,
                    .every = std::vector<Index>(rows.rows),
                    .labels = nearestTexts(imageRows, textRows),
                    .attribute = Matrix::Zero(index(rows.rows), index(rows.groups())),
                    .image = {},
                    .text = {}};
    std::iota(problem.every.begin(), problem.every.end(), Index(0));
    for (std::size_t i = 0; i < rows.rows; ++i)
        problem.attribute(index(i), rows.group[i]) = 1;
    problem.attribute = centred(std::move(problem.attribute));
    const std::vector<Index> first = problem.labels;
    if (problem.classes() < 2)
        return unusable("texts", "one that all images are nearest to", "texts among which the images are divided");

    Side &image = problem.image, &text = problem.text;
    image.tau = options.tauImages;
    image.tauOther = options.tauOtherForImages;
    image.gamma = options.gammaImages;
    image.random = randomFeatures(imageRows, options.features, input.seed, "fairer-clip/images");
    image.features = image.random.of(imageRows);
    text.tau = options.tauTexts;
    text.tauOther = options.tauOtherForTexts;
    text.gamma = options.gammaTexts;
    text.random = randomFeatures(textRows, options.features, input.seed, "fairer-clip/texts");
    text.features = text.random.of(textRows);
    prepare(image, problem.every);
    problem.fit(image, problem.every, nullptr, {});
    for (int round = 0; round < options.iterations; ++round) {
        feedback.progress("debiasing", round, options.iterations);
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        // With one direction there are but two kinds of cosine, which cannot tell more classes apart.
        if (round > 0 && (image.directions.cols() > 1 || problem.classes() == 2)) {
            std::vector<Index> next = nearestTexts(image.encoded(), text.encoded());
            std::swap(problem.labels, next);
            if (problem.classes() < 2) {
                problem.labels = std::move(next);
                fitted.warnings.push_back("After " + std::to_string(round) +
                                          " rounds every image was nearest to the same text: it ended there.");
                break;
            }
        }
        const Matrix images = image.encoded();
        prepare(text, problem.labels);
        problem.fit(text, problem.labels, &images, "fairer-clip/other/images");
        const Matrix encodedTexts = text.encoded()(problem.labels, Eigen::all);
        problem.fit(image, problem.every, &encodedTexts, "fairer-clip/other/texts");
        if (image.directions.cols() == 0 || text.directions.cols() == 0)
            return unusable("tau_i", std::to_string(options.tauImages),
                            "a smaller weight of the attribute, as no direction is left that says more of the texts "
                            "than of the attribute");
        const Index dim = std::max(image.directions.cols(), text.directions.cols());
        pad(image, dim);
        pad(text, dim);
        problem.align(text, problem.labels, image, problem.every);
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});

    const Matrix encoded = image.encoded();
    std::vector<double> after(values(encoded).begin(), values(encoded).end());
    const auto dim = static_cast<std::size_t>(encoded.cols());
    normalise(after, dim);
    const std::vector<Index> last = nearestTexts(encoded, text.encoded());
    double moved = 0;
    for (std::size_t i = 0; i < rows.rows; ++i)
        moved += last[i] != first[i] ? 1.0 / static_cast<double>(rows.rows) : 0.0;
    fitted.facts.push_back({"directions kept", static_cast<double>(dim), {}});
    fitted.facts.push_back({"classes", static_cast<double>(problem.classes()), "texts that are nearest to an image"});
    fitted.facts.push_back({"nearest text changed", moved, "share of the fitted images whose nearest text is another"});
    tellSeparation(rows, after, dim, fitted);
    if (dim == 1)
        fitted.warnings.emplace_back("One direction is left: every cosine is 1 or -1, and a ranking is all ties. More "
                                     "texts, or `dim`, give more directions.");
    fitted.image = mapOf(image);
    fitted.text = mapOf(text);
    return fitted;
}

Outcome<Fitted> fitFairerClip(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    FairerClipOptions options;
    PLUMBLINE_TRY(const std::int64_t features, parameters.integer("features", 10, 8000));
    options.features = static_cast<std::size_t>(features);
    PLUMBLINE_TRY(options.tauImages, parameters.number("tau_i", 0, 0.999));
    PLUMBLINE_TRY(options.tauOtherForImages, parameters.number("tau_zi", 0, 0.999));
    PLUMBLINE_TRY(options.tauTexts, parameters.number("tau_t", 0, 0.999));
    PLUMBLINE_TRY(options.tauOtherForTexts, parameters.number("tau_zt", 0, 0.999));
    PLUMBLINE_TRY(options.gammaImages, parameters.number("gamma_i", 1e-9, 1e3));
    PLUMBLINE_TRY(options.gammaTexts, parameters.number("gamma_t", 1e-9, 1e3));
    PLUMBLINE_TRY(const std::int64_t dim, parameters.integer("dim", 0, 4096));
    options.dim = static_cast<std::size_t>(dim);
    PLUMBLINE_TRY(const std::int64_t iterations, parameters.integer("iterations", 1, 50));
    options.iterations = static_cast<int>(iterations);
    return fairerClip(input, options, feedback);
}

} // namespace plumbline::debias
