// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/debias/closed_form/linear.h"

namespace plumbline::debias {

struct FairerClipOptions {
    std::size_t features = 1000;    ///< random Fourier features of each modality
    double tauImages = 0.7;         ///< weight of the attribute for images, from 0 to below 1
    double tauOtherForImages = 0.3; ///< weight of the texts' directions for images
    double tauTexts = 0.1;          ///< weight of the attribute for texts
    double tauOtherForTexts = 0.1;  ///< weight of the images' directions for texts
    double gammaImages = 3e-5;      ///< ridge
    double gammaTexts = 3e-4;       ///< ridge
    std::size_t dim = 0;            ///< directions that are kept; 0: the paper's rule
    int iterations = 3;             ///< rounds of texts and images in turn
};

/// METHODS B8, without labels of what the texts say: an image's class is the text nearest to it, first as the model has
/// it, then after each round. The directions that are kept by the paper's rule: one fewer than the classes at most,
/// with a positive eigenvalue, as many as hold 95 % of the squared eigenvalues. Errors also: InvalidArgument (fewer
/// than two usable texts, all images nearest to one text, nothing left, dimensions).
Outcome<Fitted> fairerClip(const FitInput& input, const FairerClipOptions& options, Feedback& feedback);
Outcome<Fitted> fitFairerClip(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
