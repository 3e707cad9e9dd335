// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/classifier/fit_gda.h"

#include <algorithm>

#include "core/base/numbers.h"

namespace plumbline::debias {
namespace {

/// The rows that say most of how well it does.
const Confusion& best(const GaussianFit& fit) {
    return fit.heldOut ? *fit.heldOut : fit.training;
}

} // namespace

void tellOfClassifier(const GaussianFit& fit, const TrainingRows& rows, Fitted& fitted) {
    fitted.facts.push_back(
        {"majority", rows.majority(), "share of the largest group: the accuracy of always naming it"});
    fitted.facts.push_back(
        {"training accuracy", fit.training.accuracy(), "share of the fit images whose group the classifier names"});
    if (fit.heldOut)
        fitted.facts.push_back({"held-out accuracy", fit.heldOut->accuracy(),
                                "the same for a fifth of the images, by a classifier that was fitted on the others"});
    else
        fitted.warnings.emplace_back("A group has fewer than five images: how good the classifier is on images that it "
                                     "has not seen is not known.");
    fitted.facts.push_back({"temperature", fit.temperature, "by which the classifier's logits were divided"});
    const Confusion& confusion = best(fit);
    const std::string where = fit.heldOut ? " among the images held out" : " among the fit images";
    for (std::size_t g = 0; g < confusion.groups; ++g) {
        std::int64_t all = 0;
        for (std::size_t as = 0; as < confusion.groups; ++as)
            all += confusion.of(g, as);
        for (std::size_t as = 0; all > 0 && as < confusion.groups; ++as) {
            const double share = static_cast<double>(confusion.of(g, as)) / static_cast<double>(all);
            if (as == g || share >= 0.05) // the diagonal, and the mistakes that matter
                fitted.facts.push_back({rows.groups[g] + " taken for " + rows.groups[as], share,
                                        "share of the images of " + rows.groups[g] + where});
        }
    }
}

Outcome<void> tellOfSeparability(const TrainingRows& rows, Embeddings after, std::uint64_t seed, Feedback& feedback,
                                 Fitted& fitted) {
    normaliseRows(after);
    const auto accuracy = [&](const Embeddings& unit) {
        return fitGaussian(unit, rows.codes, rows.groups.size(), 1.0, seed, feedback).map([](const GaussianFit& fit) {
            return best(fit).accuracy();
        });
    };
    const std::pair<std::string, const Embeddings*> both[] = {{"before", &rows.unit}, {"after", &after}};
    for (const auto& [when, unit] : both) {
        const auto found = accuracy(*unit);
        if (found)
            fitted.facts.push_back({"accuracy " + when, *found,
                                    "how often a Gaussian classifier, fitted " + when +
                                        " the change, names the group (of images held out, where there are enough)"});
        else if (found.error().cancelled())
            return tl::unexpected(found.error());
        if (found && unit == &after)
            warnOfLess(*found, rows.majority(), rows.codes.size(), fitted);
        if (!found)
            fitted.warnings.push_back("How well the groups can be told apart " + when +
                                      " the change is not known: the images of each group are all alike.");
    }
    return {};
}

Outcome<Fitted> fitGda(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    std::optional<double> temperature;
    if (toLowerAscii(trim(parameters.text("temperature"))) != "auto") {
        PLUMBLINE_TRY(temperature, parameters.number("temperature", 1e-4, 1e4));
    }
    PLUMBLINE_TRY(const TrainingRows rows, trainingRows(input, 2));
    const std::size_t groups = rows.groups.size(), dim = rows.unit.dim;
    PLUMBLINE_TRY(const GaussianFit fit, fitGaussian(rows.unit, rows.codes, groups, temperature, input.seed, feedback));
    PosteriorMap map{dim, groups, fit.classifier.weights, fit.classifier.bias, fit.means};
    for (std::size_t i = 0; i < map.shift.size(); ++i)
        map.shift[i] -= fit.mean[i % dim];

    PLUMBLINE_TRY(Embeddings after, apply(map, rows.unit, feedback));
    Fitted fitted;
    tellOfClassifier(fit, rows, fitted);
    PLUMBLINE_CHECK(tellOfSeparability(rows, std::move(after), input.seed, feedback, fitted));
    fitted.image = std::move(map);
    return fitted;
}

} // namespace plumbline::debias
