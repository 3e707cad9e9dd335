// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/ranking/logit_bias.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Core>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include "core/base/numbers.h"
#include "core/debias/classifier/training_rows.h"

namespace plumbline::debias {

std::string_view gateName(Gate gate) {
    constexpr std::string_view names[] = {"none", "moment", "entropy", "max"};
    return names[static_cast<std::size_t>(gate)];
}

std::optional<Gate> gateFromName(std::string_view name) {
    for (const Gate gate : {Gate::None, Gate::Moment, Gate::Entropy, Gate::Max})
        if (gateName(gate) == name)
            return gate;
    return std::nullopt;
}

namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr std::size_t kBlock = 256; // rows whose sums belong together, whatever the number of threads

bool finite(std::span<const float> row) {
    return std::ranges::all_of(row, [](float value) { return std::isfinite(value); });
}

/// values := softmax(values), and ln sum exp(values).
template <class Row>
double softmax(Row&& values) {
    const double most = values.maxCoeff();
    values = (values.array() - most).exp();
    const double sum = values.sum();
    values /= sum;
    return most + std::log(sum);
}

/// The rows that take part: their logits, and kappa.
struct Gated {
    RowMatrix logits;
    Eigen::VectorXd kappa;
};
Gated gated(const ScoreRule& rule, std::span<const float> cosines) {
    const std::size_t texts = rule.bias.size();
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < cosines.size() / texts; ++i)
        if (finite(cosines.subspan(i * texts, texts)))
            rows.push_back(i);
    const auto n = static_cast<Eigen::Index>(rows.size());
    Gated result{RowMatrix(n, static_cast<Eigen::Index>(texts)), Eigen::VectorXd(n)};
    for (Eigen::Index r = 0; r < n; ++r) {
        const auto row = cosines.subspan(rows[static_cast<std::size_t>(r)] * texts, texts);
        result.kappa[r] = gateValue(rule, row);
        for (std::size_t c = 0; c < texts; ++c)
            result.logits(r, static_cast<Eigen::Index>(c)) = rule.logitScale * static_cast<double>(row[c]);
    }
    return result;
}

/// Sum of body(first, last) over the blocks of rows, in order.
template <class Body>
Eigen::VectorXd sumOverBlocks(Eigen::Index rows, Eigen::Index length, const Body& body) {
    const std::size_t blocks = (static_cast<std::size_t>(rows) + kBlock - 1) / kBlock;
    std::vector<Eigen::VectorXd> parts(blocks);
    tbb::parallel_for(std::size_t{0}, blocks, [&](std::size_t b) {
        const auto first = static_cast<Eigen::Index>(b * kBlock);
        parts[b] = body(first, std::min(first + static_cast<Eigen::Index>(kBlock), rows));
    });
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(length);
    for (const Eigen::VectorXd& part : parts)
        sum += part;
    return sum;
}

/// Softmax of every row with the bias, the mean of the objective over the rows, and its gradient.
struct Point {
    RowMatrix chances;
    Eigen::VectorXd gradient;
    double objective = 0;
};
Point at(const Gated& rows, const Eigen::VectorXd& bias, const Eigen::VectorXd& target) {
    const Eigen::Index n = rows.logits.rows(), texts = rows.logits.cols();
    Point point{RowMatrix(n, texts), {}, 0};
    const Eigen::VectorXd sums = sumOverBlocks(n, texts + 1, [&](Eigen::Index first, Eigen::Index last) {
        Eigen::VectorXd part = Eigen::VectorXd::Zero(texts + 1);
        for (Eigen::Index r = first; r < last; ++r) {
            auto row = point.chances.row(r);
            row = rows.logits.row(r) + rows.kappa[r] * bias.transpose();
            part[texts] += softmax(row) / rows.kappa[r];
            part.head(texts) += row.transpose();
        }
        return part;
    });
    point.gradient = sums.head(texts) / static_cast<double>(n) - target;
    point.objective = sums[texts] / static_cast<double>(n) - target.dot(bias);
    return point;
}

Eigen::VectorXd curvatureTimes(const Gated& rows, const Point& point, const Eigen::VectorXd& v) {
    const Eigen::Index n = rows.logits.rows(), texts = rows.logits.cols();
    return sumOverBlocks(n, texts,
                         [&](Eigen::Index first, Eigen::Index last) {
                             Eigen::VectorXd part = Eigen::VectorXd::Zero(texts);
                             for (Eigen::Index r = first; r < last; ++r) {
                                 const auto p = point.chances.row(r).transpose();
                                 part += rows.kappa[r] * (p.cwiseProduct(v) - p.dot(v) * p);
                             }
                             return part;
                         }) /
           static_cast<double>(n);
}

/// The Newton step, nearly: what conjugate gradients find of H step = -gradient, H lifted a little so that it has an
/// inverse along the constant too.
Eigen::VectorXd newtonStep(const Gated& rows, const Point& point) {
    Eigen::VectorXd step = Eigen::VectorXd::Zero(point.gradient.size());
    Eigen::VectorXd residual = -point.gradient, direction = residual;
    double square = residual.squaredNorm();
    const double enough = square * 1e-6;
    for (Eigen::Index i = 0; i < 2 * step.size() + 10 && square > enough; ++i) {
        const Eigen::VectorXd image = curvatureTimes(rows, point, direction) + 1e-9 * direction;
        const double length = square / direction.dot(image);
        step += length * direction;
        residual -= length * image;
        const double next = residual.squaredNorm();
        direction = residual + next / square * direction;
        square = next;
    }
    return step;
}

/// `target` of the parameters: uniform, or ROW:SHARE for every text.
Result<std::vector<double>> targetShares(const Parameters& parameters, std::size_t texts) {
    std::vector<double> shares(texts, 1.0 / static_cast<double>(texts));
    if (toLowerAscii(trim(parameters.text("target"))) == "uniform")
        return shares;
    const auto wrong = [&](std::string expected) {
        return fail(
            ErrorCode::InvalidArgument,
            {{"name", "target"}, {"value", std::string(parameters.text("target"))}, {"expected", std::move(expected)}});
    };
    PLUMBLINE_TRY(const auto given, parameters.weights("target"));
    std::ranges::fill(shares, 0.0);
    for (const auto& [row, share] : given) {
        const auto number = parseInteger(row);
        if (!number || *number < 0 || static_cast<std::size_t>(*number) >= texts)
            return wrong("uniform, or row numbers of the texts from 0 to " + std::to_string(texts - 1));
        shares[static_cast<std::size_t>(*number)] = share;
    }
    if (!std::ranges::all_of(shares, [](double share) { return share > 0; }))
        return wrong("a share above 0 for each of the " + std::to_string(texts) + " texts");
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares)
        share /= sum;
    return shares;
}

/// What is said of a text: its words, else its row.
std::string textName(const ScoreRule& rule, std::size_t row) {
    return rule.texts.empty() ? "text " + std::to_string(row) : rule.texts[row];
}

} // namespace

double gateValue(const ScoreRule& rule, std::span<const float> cosines) {
    if (rule.gate == Gate::None || cosines.size() < 2)
        return 1;
    Eigen::VectorXd p =
        Eigen::Map<const Eigen::VectorXf>(cosines.data(), static_cast<Eigen::Index>(cosines.size())).cast<double>() *
        rule.logitScale;
    softmax(p);
    switch (rule.gate) {
    case Gate::Moment: {
        const Eigen::ArrayXd centred = p.array() - p.mean();
        const double variance = centred.square().mean();
        const double moment = variance > 1e-24 ? centred.pow(4).mean() / (variance * variance) : 1.0;
        return std::pow(moment / rule.reference, -rule.rho);
    }
    case Gate::Entropy: {
        const double entropy = -(p.array() * p.array().max(1e-300).log()).sum();
        return std::pow(std::max(entropy, 1e-12) / std::log(static_cast<double>(p.size())), rule.rho);
    }
    case Gate::Max:
        return std::pow(p.maxCoeff(), -rule.rho);
    case Gate::None:
        break;
    }
    return 1;
}

std::vector<double> meanShares(const ScoreRule& rule, std::span<const float> cosines) {
    const Gated rows = gated(rule, cosines);
    const auto texts = static_cast<Eigen::Index>(rule.bias.size());
    if (rows.logits.rows() == 0)
        return std::vector<double>(rule.bias.size(), 0.0);
    const Eigen::VectorXd bias = Eigen::Map<const Eigen::VectorXd>(rule.bias.data(), texts);
    const Eigen::VectorXd shares = at(rows, bias, Eigen::VectorXd::Zero(texts)).gradient;
    return {shares.data(), shares.data() + texts};
}

Outcome<BiasFit> fitBias(const ScoreRule& rule, std::span<const float> cosines, std::span<const double> target,
                         Feedback& feedback) {
    const Gated rows = gated(rule, cosines);
    if (rows.logits.rows() == 0)
        return fail(ErrorCode::ScoresInvalid, {{"reason", "no image has a score for every text"}});
    const auto texts = static_cast<Eigen::Index>(target.size());
    const Eigen::VectorXd wanted = Eigen::Map<const Eigen::VectorXd>(target.data(), texts);
    Eigen::VectorXd bias = Eigen::VectorXd::Zero(texts);
    Point point = at(rows, bias, wanted);
    for (int i = 0; i < 200 && point.gradient.lpNorm<Eigen::Infinity>() > 1e-10; ++i) {
        if (feedback.cancelled())
            return tl::unexpected(Stop(Cancelled{}));
        Eigen::VectorXd step = newtonStep(rows, point);
        // Far from the optimum the curvature all but vanishes, where every image is sure of one text.
        const double longest = step.lpNorm<Eigen::Infinity>();
        if (longest > 10)
            step *= 10 / longest;
        const double slope = point.gradient.dot(step);
        bool better = false;
        for (double length = 1; length > 1e-9 && !better; length /= 2) {
            const Eigen::VectorXd tried = bias + length * step;
            Point next = at(rows, tried, wanted);
            better = next.objective <= point.objective + 1e-4 * length * slope ||
                     next.gradient.norm() < 0.5 * point.gradient.norm(); // objectives that rounding makes equal
            if (better) {
                bias = tried;
                point = std::move(next);
            }
        }
        if (!better)
            break;
    }
    bias.array() -= bias.mean();
    return BiasFit{{bias.data(), bias.data() + texts}, rows.logits.rows(), point.gradient.lpNorm<Eigen::Infinity>()};
}

Outcome<std::vector<float>> rescore(const ScoreRule& rule, std::span<const float> cosines, Feedback& feedback) {
    const std::size_t texts = rule.bias.size();
    if (texts == 0 || cosines.size() % texts != 0)
        return fail(ErrorCode::ScoresInvalid, {{"reason", "there are " + std::to_string(cosines.size()) +
                                                              " scores where every image has one for each of " +
                                                              std::to_string(texts) + " texts"}});
    std::vector<float> result(cosines.begin(), cosines.end());
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, cosines.size() / texts, 64), [&](const auto& range) {
        for (std::size_t i = range.begin(); i != range.end() && !feedback.cancelled(); ++i) {
            const auto row = cosines.subspan(i * texts, texts);
            if (!finite(row))
                continue;
            const double kappa = gateValue(rule, row);
            for (std::size_t c = 0; c < texts; ++c)
                result[i * texts + c] =
                    static_cast<float>(static_cast<double>(row[c]) + kappa * rule.bias[c] / rule.logitScale);
        }
    });
    if (feedback.cancelled())
        return tl::unexpected(Stop(Cancelled{}));
    return result;
}

Outcome<Fitted> fitLogitBias(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    const auto wrong = [](std::string name, std::string value, std::string expected) {
        return fail(ErrorCode::InvalidArgument,
                    {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
    };
    if (!input.texts || input.texts->rows < 2)
        return wrong("texts", std::to_string(input.texts ? input.texts->rows : 0), "two texts at least");
    const Embeddings& texts = *input.texts;
    if (texts.dim != input.images.dim)
        return wrong("texts", "dimension " + std::to_string(texts.dim),
                     "dimension " + std::to_string(input.images.dim) + ", that of the images");
    for (std::size_t t = 0; t < texts.rows; ++t)
        if (!hasDirection(texts.row(t)))
            return wrong("texts", "row " + std::to_string(t), "embeddings that are finite and not zero");

    ScoreRule rule;
    rule.bias.assign(texts.rows, 0.0);
    if (input.words.size() == texts.rows)
        rule.texts.assign(input.words.begin(), input.words.end());
    PLUMBLINE_TRY(const std::string gate, parameters.choice("gate", {"moment", "entropy", "max", "none"}));
    rule.gate = *gateFromName(gate);
    PLUMBLINE_TRY(rule.rho, parameters.number("rho", 0, 10));
    rule.reference = static_cast<double>(texts.rows) / 4;
    if (toLowerAscii(trim(parameters.text("reference"))) != "auto") {
        PLUMBLINE_TRY(rule.reference, parameters.number("reference", 1e-3, 1e6));
    }
    PLUMBLINE_TRY(rule.logitScale, parameters.number("logit_scale", 1e-3, 1e4));
    PLUMBLINE_TRY(const std::vector<double> target, targetShares(parameters, texts.rows));

    Fitted fitted;
    if (rule.gate == Gate::Moment && texts.rows == 2)
        fitted.warnings.emplace_back("Of two texts the fourth moment is always 1, so that every image gets the same "
                                     "bias; gate=entropy or gate=max tells sure from unsure images.");
    std::vector<float> scores;
    for (std::size_t first = 0; first < input.images.rows; first += 1024) {
        if (feedback.cancelled())
            return tl::unexpected(Stop(Cancelled{}));
        const std::size_t rows = std::min<std::size_t>(1024, input.images.rows - first);
        Embeddings part(rows, input.images.dim);
        std::ranges::copy(std::span(input.images.values).subspan(first * part.dim, rows * part.dim),
                          part.values.begin());
        const std::vector<float> found = cosines(part, texts);
        scores.insert(scores.end(), found.begin(), found.end());
    }
    const std::vector<double> before = meanShares(rule, scores);
    PLUMBLINE_TRY(const auto given, parameters.weights("bias"));
    for (const auto& [row, value] : given) {
        const auto number = parseInteger(row);
        if (!number || *number < 0 || static_cast<std::size_t>(*number) >= texts.rows)
            return wrong("bias", row, "row numbers of the texts from 0 to " + std::to_string(texts.rows - 1));
        if (std::abs(value) > 1e4)
            return wrong("bias", formatDouble(value), "logits from -10000 to 10000");
        rule.bias[static_cast<std::size_t>(*number)] = value;
    }
    if (given.empty()) {
        PLUMBLINE_TRY(BiasFit fit, fitBias(rule, scores, target, feedback));
        rule.bias = std::move(fit.bias);
        fitted.facts.push_back({"furthest from target", fit.furthest,
                                "largest difference of a text's mean share, on the fit images, from its target"});
        if (fit.furthest > 1e-3)
            fitted.warnings.emplace_back("No bias was found that brings the mean shares to the target; the closest one "
                                         "is used.");
        if (const auto [least, most] = std::ranges::minmax(rule.bias); most - least > 20)
            fitted.warnings.push_back("The biases differ by " + formatFixed(most - least, 1) +
                                      " logits: the model hardly ever predicts some of the texts.");
    }
    const std::vector<double> after = meanShares(rule, scores);
    for (std::size_t t = 0; t < texts.rows && t < 20; ++t) {
        const std::string name = textName(rule, t);
        fitted.facts.push_back({"bias: " + name, rule.bias[t], "logits that are added, times the gate"});
        fitted.facts.push_back({"share before: " + name, before[t], "mean predicted share on the fit images"});
        fitted.facts.push_back({"share after: " + name, after[t], "mean predicted share on the fit images"});
    }
    fitted.warnings.emplace_back("The bias changes how often each text is predicted, for all groups alike: that is no "
                                 "removal of a social bias by itself.");
    fitted.scores = std::move(rule);
    return fitted;
}

} // namespace plumbline::debias
