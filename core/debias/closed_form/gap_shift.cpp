// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/gap_shift.h"

#include <cmath>

namespace plumbline::debias {
namespace {

double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double square = 0;
    for (std::size_t j = 0; j < a.size(); ++j)
        square += (a[j] - b[j]) * (a[j] - b[j]);
    return std::sqrt(square);
}

/// The mean of the rows after they were moved and brought to unit length.
std::vector<double> movedMean(FitRows rows, const std::vector<double>& offset) {
    for (std::size_t i = 0; i < rows.values.size(); ++i)
        rows.values[i] += offset[i % rows.dim];
    normalise(rows.values, rows.dim);
    return mean(rows);
}

} // namespace

Outcome<Fitted> gapShift(const FitInput& input, double lambda, Feedback& feedback) {
    Fitted fitted;
    const FitRows images = usableRows(input.images, "images", fitted.warnings);
    if (images.rows == 0)
        return unusable("images", "none", "images with an embedding");
    const FitRows texts = input.texts ? usableRows(*input.texts, "texts", fitted.warnings) : FitRows();
    if (texts.rows == 0)
        return unusable("texts", "none", "texts with an embedding, from whose mean the gap is taken");
    if (texts.dim != images.dim)
        return unusable("texts", std::to_string(texts.dim) + " dimensions",
                        std::to_string(images.dim) + ", as the images have");
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    const std::vector<double> imageMean = mean(images), textMean = mean(texts);
    LinearMap image = projectionOff({}, images.dim), text = image;
    image.unitOutput = text.unitOutput = true;
    for (std::size_t j = 0; j < images.dim; ++j) {
        text.offset[j] = lambda * (imageMean[j] - textMean[j]);
        image.offset[j] = -text.offset[j];
    }
    fitted.facts.push_back(
        {"gap before", distance(imageMean, textMean), "distance between the mean unit embeddings of images and texts"});
    fitted.facts.push_back({"gap after", distance(movedMean(images, image.offset), movedMean(texts, text.offset)),
                            "the same distance after the change; unit length leaves a rest of it"});
    fitted.image = std::move(image);
    fitted.text = std::move(text);
    return fitted;
}

Outcome<Fitted> fitGapShift(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    PLUMBLINE_TRY(const double lambda, parameters.number("lambda", -10, 10));
    return gapShift(input, lambda, feedback);
}

} // namespace plumbline::debias
