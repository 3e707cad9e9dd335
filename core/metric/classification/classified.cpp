// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/classified.h"

#include <algorithm>
#include <cmath>

namespace plumbline::metric {

namespace {

template <class Number>
std::vector<std::int32_t> predictRows(std::span<const Number> scores, std::size_t classes) {
    if (classes == 0 || scores.size() % classes != 0)
        return {};
    std::vector<std::int32_t> best(scores.size() / classes, -1);
    for (std::size_t i = 0; i < best.size(); ++i) {
        const auto row = scores.subspan(i * classes, classes);
        if (std::ranges::none_of(row, [](Number score) { return std::isnan(score); }))
            best[i] = static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin());
    }
    return best;
}

template <class Number>
std::vector<double> softmaxRows(std::span<const Number> scores, std::size_t classes, double scale, double temperature) {
    std::vector<double> out(scores.size(), std::nan(""));
    if (classes == 0 || scores.size() % classes != 0)
        return out;
    for (std::size_t i = 0; i < scores.size(); i += classes) {
        const auto row = scores.subspan(i, classes);
        if (!std::ranges::all_of(row, [](Number score) { return std::isfinite(score); }))
            continue;
        const auto highest = static_cast<double>(*std::ranges::max_element(row));
        double sum = 0;
        for (std::size_t c = 0; c < classes; ++c) {
            out[i + c] = std::exp(scale * (static_cast<double>(row[c]) - highest) / temperature);
            sum += out[i + c];
        }
        for (std::size_t c = 0; c < classes; ++c)
            out[i + c] /= sum;
    }
    return out;
}

} // namespace

std::vector<std::int32_t> predict(std::span<const float> scores, std::size_t classes) {
    return predictRows(scores, classes);
}

std::vector<std::int32_t> predict(std::span<const double> scores, std::size_t classes) {
    return predictRows(scores, classes);
}

std::vector<double> probabilities(std::span<const double> scores, std::size_t classes, double scale,
                                  double temperature) {
    return softmaxRows(scores, classes, scale, temperature);
}

std::vector<double> probabilities(std::span<const float> scores, std::size_t classes, double scale,
                                  double temperature) {
    return softmaxRows(scores, classes, scale, temperature);
}

Result<Embeddings> promptEnsemble(const Embeddings& texts, std::span<const std::int32_t> classOf, std::size_t classes) {
    if (classOf.size() != texts.rows)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the classes of the texts"},
                     {"value", std::to_string(classOf.size())},
                     {"expected", "one for each of " + std::to_string(texts.rows) + " texts"}});
    std::vector<double> sums(classes * texts.dim);
    for (std::size_t i = 0; i < texts.rows; ++i) {
        if (classOf[i] < 0)
            continue;
        const auto target = static_cast<std::size_t>(classOf[i]);
        if (target >= classes)
            return fail(ErrorCode::InvalidArgument, {{"name", "the class of a text"},
                                                     {"value", std::to_string(classOf[i])},
                                                     {"expected", "less than " + std::to_string(classes)}});
        double square = 0;
        for (const float value : texts.row(i))
            square += static_cast<double>(value) * static_cast<double>(value);
        if (!std::isfinite(square) || square == 0)
            continue;
        const double length = std::sqrt(square);
        for (std::size_t d = 0; d < texts.dim; ++d)
            sums[target * texts.dim + d] += static_cast<double>(texts.row(i)[d]) / length;
    }
    Embeddings weights(classes, texts.dim);
    for (std::size_t c = 0; c < classes; ++c) {
        double square = 0;
        for (std::size_t d = 0; d < texts.dim; ++d)
            square += sums[c * texts.dim + d] * sums[c * texts.dim + d];
        if (square == 0)
            continue;
        for (std::size_t d = 0; d < texts.dim; ++d)
            weights.row(c)[d] = static_cast<float>(sums[c * texts.dim + d] / std::sqrt(square));
    }
    return weights;
}

} // namespace plumbline::metric
