// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/logistic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>

#include "core/base/random.h"
#include "core/metric/parallel.h"

namespace plumbline::metric {

namespace {

using Vector = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Four sums at a time, always the same four: fast, and the same bits everywhere.
template <class A>
double dot(const A* a, const double* b, std::size_t n) {
    double sums[4] = {0, 0, 0, 0};
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (std::size_t j = 0; j < 4; ++j)
            sums[j] += static_cast<double>(a[i + j]) * b[i + j];
    for (; i < n; ++i)
        sums[0] += static_cast<double>(a[i]) * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double dot(const Vector& a, const Vector& b) {
    return dot(a.data(), b.data(), a.size());
}

/// ln(1 + exp(t)) without overflow.
double softplus(double t) {
    return t > 0 ? t + std::log1p(std::exp(-t)) : std::log1p(std::exp(t));
}

double logistic(double t) {
    if (t >= 0)
        return 1 / (1 + std::exp(-t));
    const double e = std::exp(t);
    return e / (1 + e);
}

tl::unexpected<Stop> unusable(std::string name, std::string value, std::string expected) {
    return tl::unexpected<Stop>(
        Error{ErrorCode::InvalidArgument,
              {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}},
              {}});
}

/// The objective for one set of rows. Parameters are in the units of the standardised columns, the bias last; the
/// columns themselves are never rewritten: (x - mean) / sd is folded into the products.
class Objective {
public:
    /// `labels`: 0 or 1 for each of `rows`.
    Objective(const Embeddings& x, std::vector<std::uint32_t> rows, std::vector<double> labels,
              const LogisticOptions& options)
        : m_x(x), m_rows(std::move(rows)), m_labels(std::move(labels)), m_l2(options.l2), m_mean(x.dim, 0.0),
          m_inverseSd(x.dim, 1.0), m_odds(m_rows.size()), m_curvature(m_rows.size()) {
        if (options.standardise)
            standardise();
    }

    std::size_t parameters() const { return m_x.dim + 1; }
    std::size_t rows() const { return m_rows.size(); }

    /// The value at `at`, and the state that `gradient` and `curve` use.
    double evaluate(const Vector& at) {
        multiply(at, m_odds);
        double sum = 0;
        for (std::size_t i = 0; i < m_rows.size(); ++i)
            sum += m_labels[i] > 0.5 ? softplus(-m_odds[i]) : softplus(m_odds[i]);
        return sum + m_l2 / 2 * dot(at.data(), at.data(), m_x.dim);
    }

    Vector gradient(const Vector& at) {
        Vector residual(m_rows.size());
        for (std::size_t i = 0; i < m_rows.size(); ++i) {
            const double p = logistic(m_odds[i]);
            residual[i] = p - m_labels[i];
            m_curvature[i] = p * logistic(-m_odds[i]);
        }
        Vector sum = multiplyTransposed(residual);
        for (std::size_t j = 0; j < m_x.dim; ++j)
            sum[j] += m_l2 * at[j];
        return sum;
    }

    /// The Hessian at the point of the last `gradient`, times `direction`.
    Vector curve(const Vector& direction) {
        Vector along(m_rows.size());
        multiply(direction, along);
        for (std::size_t i = 0; i < m_rows.size(); ++i)
            along[i] *= m_curvature[i];
        Vector sum = multiplyTransposed(along);
        for (std::size_t j = 0; j < m_x.dim; ++j)
            sum[j] += m_l2 * direction[j];
        return sum;
    }

    /// The plane in the units of the columns as they came in.
    LogisticFit fit(const Vector& at) const {
        LogisticFit fit;
        fit.weights.resize(m_x.dim);
        fit.bias = at[m_x.dim];
        for (std::size_t j = 0; j < m_x.dim; ++j) {
            fit.weights[j] = at[j] * m_inverseSd[j];
            fit.bias -= fit.weights[j] * m_mean[j];
        }
        return fit;
    }

    /// The bias that fits best alone: the log odds of the classes' shares.
    double startBias() const {
        const double ones = std::accumulate(m_labels.begin(), m_labels.end(), 0.0);
        return std::log(ones / (static_cast<double>(m_labels.size()) - ones));
    }

private:
    static constexpr std::size_t kBlock = 256; ///< rows whose sums are made one after the other

    const float* row(std::size_t i) const { return m_x.values.data() + m_rows[i] * m_x.dim; }

    void standardise() {
        const auto n = static_cast<double>(m_rows.size());
        for (std::size_t i = 0; i < m_rows.size(); ++i)
            for (std::size_t j = 0; j < m_x.dim; ++j)
                m_mean[j] += static_cast<double>(row(i)[j]) / n;
        Vector squares(m_x.dim, 0.0), largest(m_x.dim, 0.0);
        for (std::size_t i = 0; i < m_rows.size(); ++i)
            for (std::size_t j = 0; j < m_x.dim; ++j) {
                const double value = row(i)[j], distance = value - m_mean[j];
                squares[j] += distance * distance;
                largest[j] = std::max(largest[j], std::abs(value));
            }
        for (std::size_t j = 0; j < m_x.dim; ++j) {
            const double sd = std::sqrt(squares[j] / n);
            m_inverseSd[j] = sd > 1e-12 * largest[j] ? 1 / sd : 0.0; // a constant column says nothing
        }
    }

    /// products[i] = standardised row i times v, with v's last component as the constant.
    void multiply(const Vector& v, Vector& products) const {
        Vector scaled(m_x.dim);
        double constant = v[m_x.dim];
        for (std::size_t j = 0; j < m_x.dim; ++j) {
            scaled[j] = v[j] * m_inverseSd[j];
            constant -= scaled[j] * m_mean[j];
        }
        blocks([&](std::size_t first, std::size_t last, std::size_t) {
            for (std::size_t i = first; i < last; ++i)
                products[i] = dot(row(i), scaled.data(), m_x.dim) + constant;
        });
    }

    /// The sum of the standardised rows times their weights; the last component is the sum of the weights.
    Vector multiplyTransposed(const Vector& weights) const {
        const std::size_t count = (m_rows.size() + kBlock - 1) / kBlock;
        std::vector<Vector> parts(count);
        blocks([&](std::size_t first, std::size_t last, std::size_t block) {
            Vector& part = parts[block];
            part.assign(m_x.dim, 0.0);
            for (std::size_t i = first; i < last; ++i) {
                const float* values = row(i);
                for (std::size_t j = 0; j < m_x.dim; ++j)
                    part[j] += weights[i] * static_cast<double>(values[j]);
            }
        });
        Vector sum(m_x.dim + 1, 0.0);
        for (const Vector& part : parts)
            for (std::size_t j = 0; j < part.size(); ++j)
                sum[j] += part[j];
        for (const double weight : weights)
            sum[m_x.dim] += weight;
        for (std::size_t j = 0; j < m_x.dim; ++j)
            sum[j] = (sum[j] - m_mean[j] * sum[m_x.dim]) * m_inverseSd[j];
        return sum;
    }

    template <class Work>
    void blocks(const Work& work) const {
        const std::size_t count = (m_rows.size() + kBlock - 1) / kBlock;
        const auto one = [&](std::size_t block) {
            work(block * kBlock, std::min(m_rows.size(), (block + 1) * kBlock), block);
        };
        if (count == 1)
            return one(0);
        Feedback whole; // a sum is finished once begun; the steps ask for the user's wish
        forEachReplicate(
            count, whole, [] { return 0; }, [&](int, std::size_t block) { one(block); });
    }

    const Embeddings& m_x;
    std::vector<std::uint32_t> m_rows;
    std::vector<double> m_labels;
    double m_l2;
    Vector m_mean, m_inverseSd; ///< of the columns; 0 and 1 where they are not standardised
    Vector m_odds, m_curvature; ///< of the rows, at the last point
};

double largest(const Vector& values) {
    double most = 0;
    for (const double value : values)
        most = std::max(most, std::abs(value));
    return most;
}

/// The step d with H d = -g, to the residual that this distance from the optimum is worth (Nocedal and Wright,
/// "Numerical Optimization", 2006, algorithm 7.1).
Vector newtonStep(Objective& objective, const Vector& gradient, Feedback& feedback) {
    const double size = std::sqrt(dot(gradient, gradient));
    const double enough = std::min(0.1, std::sqrt(size / static_cast<double>(objective.rows()))) * size;
    Vector step(gradient.size(), 0.0), residual = gradient, direction(gradient.size());
    for (std::size_t j = 0; j < gradient.size(); ++j)
        direction[j] = -gradient[j];
    double square = dot(residual, residual);
    const std::size_t most = 2 * std::min(gradient.size(), objective.rows()) + 10;
    for (std::size_t i = 0; i < most && std::sqrt(square) > enough && !feedback.cancelled(); ++i) {
        const Vector curved = objective.curve(direction);
        const double curvature = dot(direction, curved);
        if (!(curvature > 0)) // flat up to rounding
            break;
        const double length = square / curvature;
        for (std::size_t j = 0; j < step.size(); ++j) {
            step[j] += length * direction[j];
            residual[j] += length * curved[j];
        }
        const double next = dot(residual, residual), ratio = next / square;
        square = next;
        for (std::size_t j = 0; j < step.size(); ++j)
            direction[j] = ratio * direction[j] - residual[j];
    }
    if (largest(step) == 0)
        for (std::size_t j = 0; j < step.size(); ++j)
            step[j] = -gradient[j];
    return step;
}

Outcome<LogisticFit> minimise(Objective& objective, const LogisticOptions& options, Feedback& feedback) {
    Vector at(objective.parameters(), 0.0);
    at.back() = objective.startBias();
    const auto n = static_cast<double>(objective.rows());
    double value = objective.evaluate(at);
    Vector gradient = objective.gradient(at);
    int iteration = 0;
    bool stuck = false;
    while (largest(gradient) > options.tolerance * n && iteration < options.maxIterations && !stuck) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        const Vector step = newtonStep(objective, gradient, feedback);
        const double slope = dot(gradient, step);
        double length = 1;
        Vector next(at.size());
        for (;;) {
            for (std::size_t j = 0; j < at.size(); ++j)
                next[j] = at[j] + length * step[j];
            const double there = objective.evaluate(next);
            // Near the optimum the value changes by less than its rounding.
            if (there <= value + 1e-4 * length * slope + 1e-14 * std::abs(value)) {
                value = there;
                break;
            }
            length /= 2;
            if (length < 1e-12) {
                stuck = true;
                break;
            }
        }
        if (stuck)
            break;
        at = std::move(next);
        gradient = objective.gradient(at);
        ++iteration;
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    LogisticFit fit = objective.fit(at);
    fit.iterations = iteration;
    fit.converged = largest(gradient) <= options.tolerance * n;
    return fit;
}

/// Every value of the rows that take part is a finite number, the options are usable.
Outcome<void> check(const Embeddings& x, std::span<const std::int32_t> labels, const LogisticOptions& options) {
    if (labels.size() != x.rows)
        return unusable("labels", std::to_string(labels.size()), "one for each of " + std::to_string(x.rows) + " rows");
    if (!(options.l2 >= 0) || !std::isfinite(options.l2))
        return unusable("l2", std::to_string(options.l2), "a penalty of 0 or more");
    if (!(options.tolerance > 0))
        return unusable("tolerance", std::to_string(options.tolerance), "a positive number");
    for (std::size_t i = 0; i < x.rows; ++i) {
        if (labels[i] < 0)
            continue;
        for (const float value : x.row(i))
            if (!std::isfinite(value))
                return tl::unexpected<Stop>(
                    Error{ErrorCode::ScoresInvalid,
                          {{"reason", "row " + std::to_string(i + 1) + " holds a value that is not a finite number"}},
                          {}});
    }
    return {};
}

/// The rows that `takes` accepts, with `one` as the class of label 1.
template <class Takes>
Outcome<LogisticFit> fitRows(const Embeddings& x, std::span<const std::int32_t> labels, std::int32_t one,
                             const LogisticOptions& options, Feedback& feedback, const Takes& takes) {
    std::vector<std::uint32_t> rows;
    std::vector<double> wanted;
    std::size_t ones = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] >= 0 && takes(i)) {
            rows.push_back(static_cast<std::uint32_t>(i));
            wanted.push_back(labels[i] == one ? 1.0 : 0.0);
            ones += labels[i] == one ? 1U : 0U;
        }
    if (ones == 0 || ones == rows.size())
        return unusable("labels", rows.empty() ? "none" : "one class", "rows of both classes");
    Objective objective(x, std::move(rows), std::move(wanted), options);
    return minimise(objective, options, feedback);
}

} // namespace

double LogisticFit::logOdds(std::span<const float> embedding) const {
    return dot(embedding.data(), weights.data(), std::min(embedding.size(), weights.size())) + bias;
}

bool OneVsRestFit::converged() const {
    return std::ranges::all_of(classes, &LogisticFit::converged);
}

std::size_t OneVsRestFit::predict(std::span<const float> embedding) const {
    std::size_t best = 0;
    double highest = -std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < classes.size(); ++c)
        if (const double odds = classes[c].logOdds(embedding); odds > highest) {
            highest = odds;
            best = c;
        }
    return best;
}

Outcome<LogisticFit> fitLogistic(const Embeddings& x, std::span<const std::int32_t> labels,
                                 const LogisticOptions& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(x, labels, options));
    for (const std::int32_t label : labels)
        if (label > 1)
            return unusable("labels", std::to_string(label), "0, 1 or negative");
    return fitRows(x, labels, 1, options, feedback, [](std::size_t) { return true; });
}

Outcome<OneVsRestFit> fitOneVsRest(const Embeddings& x, std::span<const std::int32_t> labels, std::size_t classes,
                                   const LogisticOptions& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(x, labels, options));
    for (const std::int32_t label : labels)
        if (label >= 0 && static_cast<std::size_t>(label) >= classes)
            return unusable("labels", std::to_string(label), "below " + std::to_string(classes));
    OneVsRestFit fit;
    for (std::size_t c = 0; c < classes; ++c) {
        PLUMBLINE_TRY(LogisticFit one, fitRows(x, labels, static_cast<std::int32_t>(c), options, feedback,
                                               [](std::size_t) { return true; }));
        fit.classes.push_back(std::move(one));
    }
    return fit;
}

std::vector<std::int32_t> stratifiedFolds(std::span<const std::int32_t> labels, int folds, std::uint64_t seed,
                                          std::string_view name) {
    std::map<std::int32_t, std::vector<std::size_t>> byLabel;
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] >= 0)
            byLabel[labels[i]].push_back(i);
    std::vector<std::int32_t> fold(labels.size(), -1);
    RandomStream random(seed, streamId("folds/" + std::string(name)), 0);
    std::size_t place = 0; // goes on from class to class, so that the folds are even altogether too
    for (auto& [label, rows] : byLabel) {
        for (std::size_t i = rows.size(); i > 1; --i)
            std::swap(rows[i - 1], rows[random.below(i)]);
        for (const std::size_t row : rows)
            fold[row] = static_cast<std::int32_t>(place++ % static_cast<std::size_t>(std::max(1, folds)));
    }
    return fold;
}

Outcome<HeldOut> crossValidate(const Embeddings& x, std::span<const std::int32_t> labels,
                               std::span<const std::int32_t> fold, const LogisticOptions& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(x, labels, options));
    if (fold.size() != labels.size())
        return unusable("fold", std::to_string(fold.size()), "one for each of " + std::to_string(x.rows) + " rows");
    std::int32_t folds = 0;
    std::int64_t taking = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] > 1)
            return unusable("labels", std::to_string(labels[i]), "0, 1 or negative");
        if (labels[i] >= 0 && fold[i] < 0)
            return unusable("fold", std::to_string(fold[i]), "a fold for every row that takes part");
        if (labels[i] >= 0) {
            folds = std::max(folds, fold[i] + 1);
            ++taking;
        }
    }
    HeldOut heldOut;
    heldOut.logOdds.assign(x.rows, kNan);
    heldOut.converged = true;
    double right = 0;
    for (std::int32_t f = 0; f < folds; ++f) {
        PLUMBLINE_TRY(const LogisticFit fit,
                      fitRows(x, labels, 1, options, feedback, [&](std::size_t i) { return fold[i] != f; }));
        heldOut.converged = heldOut.converged && fit.converged;
        for (std::size_t i = 0; i < x.rows; ++i)
            if (labels[i] >= 0 && fold[i] == f) {
                const double odds = heldOut.logOdds[i] = fit.logOdds(x.row(i));
                right += odds == 0 ? 0.5 : (odds > 0) == (labels[i] == 1) ? 1.0 : 0.0;
            }
    }
    if (taking == 0)
        return unusable("labels", "none", "rows of both classes");
    heldOut.accuracy = right / static_cast<double>(taking);
    return heldOut;
}

} // namespace plumbline::metric
