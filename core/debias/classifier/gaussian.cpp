// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/classifier/gaussian.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include "core/data/labels.h"
#include "core/metric/logistic.h"

namespace plumbline::debias {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr std::size_t kBlock = 1024; // rows at a time

/// Logits of a row divided by its length; false for one of no use.
bool logits(const GaussianClassifier& of, std::span<const float> row, std::span<double> into) {
    double square = 0;
    std::ranges::copy(of.bias, into.begin());
    for (const float value : row)
        square += static_cast<double>(value) * static_cast<double>(value);
    const double length = std::sqrt(square);
    if (!std::isfinite(length) || length == 0)
        return false;
    for (std::size_t g = 0; g < of.groups; ++g) {
        double sum = 0;
        for (std::size_t d = 0; d < of.dim; ++d)
            sum += of.weights[g * of.dim + d] * static_cast<double>(row[d]);
        into[g] += sum / length;
    }
    return true;
}

/// Index of the greatest; the first of equals.
std::size_t greatest(std::span<const double> values) {
    return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

/// The classifier at temperature 1, with the means, of the rows whose fold is not `without`.
Outcome<GaussianFit> fitOn(const Embeddings& unit, std::span<const std::int32_t> codes, std::size_t groups,
                           std::span<const std::int32_t> fold, std::int32_t without, Feedback& feedback) {
    const auto dim = static_cast<Eigen::Index>(unit.dim);
    const auto takesPart = [&](std::size_t i) { return fold.empty() || fold[i] != without; };
    RowMatrix means = RowMatrix::Zero(static_cast<Eigen::Index>(groups), dim);
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(dim);
    std::vector<double> counts(groups, 0.0);
    double n = 0;
    for (std::size_t i = 0; i < unit.rows; ++i) {
        if (!takesPart(i))
            continue;
        const auto row = Eigen::Map<const Eigen::VectorXf>(unit.row(i).data(), dim).cast<double>();
        means.row(codes[i]) += row.transpose();
        mean += row;
        counts[static_cast<std::size_t>(codes[i])] += 1;
        n += 1;
    }
    mean /= n;
    for (std::size_t g = 0; g < groups; ++g)
        means.row(static_cast<Eigen::Index>(g)) /= counts[g];

    Eigen::MatrixXd scatter = Eigen::MatrixXd::Zero(dim, dim);
    RowMatrix block(static_cast<Eigen::Index>(kBlock), dim);
    Eigen::Index filled = 0;
    for (std::size_t i = 0; i <= unit.rows; ++i) {
        if (i < unit.rows && takesPart(i))
            block.row(filled++) =
                Eigen::Map<const Eigen::RowVectorXf>(unit.row(i).data(), dim).cast<double>() - means.row(codes[i]);
        if (filled < block.rows() && i < unit.rows)
            continue;
        if (feedback.cancelled())
            return tl::unexpected(Stop(Cancelled{}));
        if (filled > 0)
            scatter.selfadjointView<Eigen::Lower>().rankUpdate(block.topRows(filled).transpose());
        filled = 0;
    }
    const double trace = scatter.trace() / std::max(1.0, n - 1);
    if (!(trace > 1e-12))
        return fail(ErrorCode::InvalidArgument, {{"name", "images"},
                                                 {"value", "images of a group that are all alike"},
                                                 {"expected", "images that differ within their group"}});
    scatter.diagonal().array() += trace;
    const Eigen::LLT<Eigen::MatrixXd> inverse(scatter.selfadjointView<Eigen::Lower>());
    const Eigen::MatrixXd weights = static_cast<double>(dim) * inverse.solve(means.transpose());

    GaussianFit fit;
    fit.classifier.dim = unit.dim;
    fit.classifier.groups = groups;
    fit.means.assign(means.data(), means.data() + means.size());
    fit.mean.assign(mean.data(), mean.data() + mean.size());
    for (std::size_t g = 0; g < groups; ++g) {
        const auto column = weights.col(static_cast<Eigen::Index>(g));
        fit.classifier.weights.insert(fit.classifier.weights.end(), column.data(), column.data() + column.size());
        fit.classifier.bias.push_back(std::log(1.0 / static_cast<double>(groups)) -
                                      0.5 * means.row(static_cast<Eigen::Index>(g)).dot(column));
    }
    return fit;
}

/// Logits at temperature 1 of the rows of a fold, all groups of a row together.
struct Judged {
    std::vector<double> logits;
    std::vector<std::int32_t> codes;
};
Judged judge(const GaussianClassifier& classifier, const Embeddings& unit, std::span<const std::int32_t> codes,
             std::span<const std::int32_t> fold, std::int32_t which) {
    Judged judged;
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < unit.rows; ++i)
        if (fold.empty() || fold[i] == which) {
            rows.push_back(i);
            judged.codes.push_back(codes[i]);
        }
    judged.logits.resize(rows.size() * classifier.groups);
    tbb::parallel_for(std::size_t{0}, rows.size(), [&](std::size_t r) {
        logits(classifier, unit.row(rows[r]),
               std::span(judged.logits).subspan(r * classifier.groups, classifier.groups));
    });
    return judged;
}

Confusion confusionOf(const Judged& judged, std::size_t groups) {
    Confusion confusion{groups, std::vector<std::int64_t>(groups * groups, 0)};
    for (std::size_t r = 0; r < judged.codes.size(); ++r)
        ++confusion.counts[static_cast<std::size_t>(judged.codes[r]) * groups +
                           greatest(std::span(judged.logits).subspan(r * groups, groups))];
    return confusion;
}

double crossEntropy(const Judged& judged, std::size_t groups, double temperature) {
    double sum = 0;
    for (std::size_t r = 0; r < judged.codes.size(); ++r) {
        const auto row = std::span(judged.logits).subspan(r * groups, groups);
        const double most = *std::ranges::max_element(row);
        double total = 0;
        for (const double value : row)
            total += std::exp((value - most) / temperature);
        sum += std::log(total) + (most - row[static_cast<std::size_t>(judged.codes[r])]) / temperature;
    }
    return sum;
}

/// The temperature of least cross entropy, within 1e-4 to 1e4: it is convex in 1 / T, so golden sections find it.
double bestTemperature(const Judged& judged, std::size_t groups) {
    constexpr double kGolden = 0.6180339887498949;
    double low = std::log(1e-4), high = std::log(1e4);
    const auto at = [&](double log) { return crossEntropy(judged, groups, std::exp(log)); };
    double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
    double atLeft = at(left), atRight = at(right);
    while (high - low > 1e-4) {
        if (atLeft <= atRight) {
            high = right;
            right = left;
            atRight = atLeft;
            left = high - kGolden * (high - low);
            atLeft = at(left);
        } else {
            low = left;
            left = right;
            atLeft = atRight;
            right = low + kGolden * (high - low);
            atRight = at(right);
        }
    }
    return std::exp((low + high) / 2);
}

} // namespace

bool GaussianClassifier::posterior(std::span<const float> row, std::span<double> into) const {
    if (!logits(*this, row, into))
        return false;
    const double most = *std::ranges::max_element(into);
    double sum = 0;
    for (double& value : into)
        sum += value = std::exp(value - most);
    for (double& value : into)
        value /= sum;
    return true;
}

Outcome<std::vector<std::int32_t>> predictCodes(const GaussianClassifier& classifier, const Embeddings& rows,
                                                Feedback& feedback) {
    if (rows.dim != classifier.dim)
        return fail(ErrorCode::InvalidArgument, {{"name", "embeddings"},
                                                 {"value", "dimension " + std::to_string(rows.dim)},
                                                 {"expected", "dimension " + std::to_string(classifier.dim)}});
    std::vector<std::int32_t> codes(rows.rows, Attribute::kUnlabelled);
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, rows.rows, 64), [&](const auto& range) {
        std::vector<double> into(classifier.groups);
        for (std::size_t i = range.begin(); i != range.end() && !feedback.cancelled(); ++i)
            if (logits(classifier, rows.row(i), into))
                codes[i] = static_cast<std::int32_t>(greatest(into));
    });
    if (feedback.cancelled())
        return tl::unexpected(Stop(Cancelled{}));
    return codes;
}

double Confusion::accuracy() const {
    std::int64_t right = 0;
    for (std::size_t g = 0; g < groups; ++g)
        right += of(g, g);
    return static_cast<double>(right) / static_cast<double>(std::max<std::int64_t>(
                                            1, std::accumulate(counts.begin(), counts.end(), std::int64_t{0})));
}

Outcome<GaussianFit> fitGaussian(const Embeddings& unit, std::span<const std::int32_t> codes, std::size_t groups,
                                 std::optional<double> temperature, std::uint64_t seed, Feedback& feedback) {
    std::vector<std::int64_t> counts(groups, 0);
    for (const std::int32_t code : codes)
        ++counts[static_cast<std::size_t>(code)];
    const auto n = static_cast<double>(unit.rows);
    double chosen = static_cast<double>(unit.dim) / (n - static_cast<double>(groups));
    std::optional<Confusion> heldOut;
    if (std::ranges::min(counts) >= 5) {
        const std::vector<std::int32_t> fold = metric::stratifiedFolds(codes, 5, seed, "debias/gaussian");
        PLUMBLINE_TRY(const GaussianFit part, fitOn(unit, codes, groups, fold, 0, feedback));
        const Judged judged = judge(part.classifier, unit, codes, fold, 0);
        heldOut = confusionOf(judged, groups);
        // The scatter grows with the rows, and the logits shrink by it.
        chosen = bestTemperature(judged, groups) * (n - static_cast<double>(judged.codes.size())) / n;
    }
    PLUMBLINE_TRY(GaussianFit fit, fitOn(unit, codes, groups, {}, 0, feedback));
    fit.training = confusionOf(judge(fit.classifier, unit, codes, {}, 0), groups);
    fit.heldOut = std::move(heldOut);
    fit.temperature = temperature.value_or(chosen);
    for (double& value : fit.classifier.weights)
        value /= fit.temperature;
    for (double& value : fit.classifier.bias)
        value /= fit.temperature;
    return fit;
}

} // namespace plumbline::debias
