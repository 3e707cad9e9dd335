// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/biased_prompts.h"

#include <Eigen/Dense>

namespace plumbline::debias {

Outcome<SpuriousTexts> spuriousTexts(const Embeddings* texts, const std::vector<std::size_t>& spurious,
                                     const std::vector<std::pair<std::size_t, std::size_t>>& pairs,
                                     std::vector<std::string>& warnings) {
    SpuriousTexts result;
    const std::size_t count = texts ? texts->rows : 0;
    const auto unit = [&](std::size_t row) { return unitRow(texts->row(row)); };
    for (const std::size_t row : spurious) {
        if (row >= count)
            return unusable("spurious", std::to_string(row), "a row of the " + std::to_string(count) + " texts");
        const std::vector<double> values = unit(row);
        if (values.empty())
            warnings.push_back("The embedding of text " + std::to_string(row) + " is zero or not finite: left out.");
        result.spurious.insert(result.spurious.end(), values.begin(), values.end());
    }
    for (const auto& [a, b] : pairs) {
        if (a >= count || b >= count)
            return unusable("pairs", std::to_string(a) + "-" + std::to_string(b),
                            "rows of the " + std::to_string(count) + " texts");
        std::vector<double> values = unit(a);
        const std::vector<double> other = unit(b);
        if (values.empty() || other.empty()) {
            warnings.push_back("The embedding of text " + std::to_string(values.empty() ? a : b) +
                               " is zero or not finite: its pair is left out.");
            continue;
        }
        for (std::size_t j = 0; j < values.size(); ++j)
            values[j] -= other[j];
        result.differences.insert(result.differences.end(), values.begin(), values.end());
    }
    return result;
}

Outcome<Fitted> biasedPrompts(const FitInput& input, const BiasedPromptsOptions& options, Feedback& feedback) {
    Fitted fitted;
    if (options.spurious.empty())
        return unusable("spurious", "none", "rows of texts that say nothing but the attribute");
    PLUMBLINE_TRY(const SpuriousTexts texts,
                  spuriousTexts(input.texts, options.spurious, options.pairs, fitted.warnings));
    const std::size_t dim = input.texts->dim;
    if (input.images.rows > 0 && input.images.dim != dim)
        return unusable("texts", std::to_string(dim) + " dimensions",
                        std::to_string(input.images.dim) + ", as the images have");
    const std::vector<double> basis = orthonormal(texts.spurious, dim, kRankCut);
    const std::size_t rank = dim == 0 ? 0 : basis.size() / dim;
    if (rank == 0)
        return unusable("spurious", "only zero or not finite embeddings", "texts with an embedding");
    if (rank >= dim)
        return unusable("spurious", std::to_string(rank) + " directions",
                        "fewer than the " + std::to_string(dim) + " dimensions, all of which would be removed");
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    LinearMap map = projectionOff(basis, dim);
    const std::size_t pairs = texts.differences.size() / dim;
    if (pairs > 0) {
        using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        const auto d = static_cast<Eigen::Index>(dim);
        const Eigen::Map<const Matrix> z(texts.differences.data(), static_cast<Eigen::Index>(pairs), d);
        Eigen::MatrixXd system = options.lambda / static_cast<double>(pairs) * (z.transpose() * z);
        system.diagonal().array() += 1;
        Eigen::Map<Matrix> projection(map.matrix.data(), d, d);
        // P0 and the system are symmetric: the transpose of system^-1 P0 is what is wanted.
        projection = Eigen::MatrixXd(system.llt().solve(Eigen::MatrixXd(projection))).transpose().eval();
    }
    map.unitOutput = true;
    fitted.facts.push_back({"directions removed", static_cast<double>(rank), "the rank of the spurious texts"});
    fitted.facts.push_back({"pairs", static_cast<double>(pairs), "of texts that should coincide"});
    if (rank < texts.spurious.size() / dim)
        fitted.warnings.push_back("The " + std::to_string(texts.spurious.size() / dim) + " spurious texts span only " +
                                  std::to_string(rank) + " directions.");
    if (2 * rank > dim)
        fitted.warnings.push_back(std::to_string(rank) + " of " + std::to_string(dim) +
                                  " directions were removed: little is left of what the texts say.");
    place(std::move(map), options.apply, fitted);
    return fitted;
}

Outcome<Fitted> fitBiasedPrompts(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    BiasedPromptsOptions options;
    const std::size_t texts = input.texts ? input.texts->rows : 0;
    PLUMBLINE_TRY(options.spurious, parameters.rows("spurious", texts));
    PLUMBLINE_TRY(options.pairs, parameters.pairs("pairs", texts));
    PLUMBLINE_TRY(options.lambda, parameters.number("lambda", 0, 1e9));
    PLUMBLINE_TRY(options.apply, applyOf(parameters));
    return biasedPrompts(input, options, feedback);
}

} // namespace plumbline::debias
