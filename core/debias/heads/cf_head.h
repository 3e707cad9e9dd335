// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/debias/fit.h"

namespace plumbline::debias {

/// Parameters as in METHODS B2.
struct CfOptions {
    double beta0 = 0.3, beta1 = 1; ///< weights of the cohesion loss and of the contrastive one
    double tau = 0.01;             ///< temperature of the contrastive loss, which does not learn
    double lr = 1e-4, decay = 0.1; ///< AdamW's; biases do not decay
    std::size_t hidden = 256;      ///< width of the residual head; 0: a linear head
    std::size_t batch = 64;        ///< sets a step
    int epochs = 3;
    int patience = 3; ///< evaluations without gain after which the fit ends
    std::uint64_t seed = 0;
};

/// The variants of one counterfactual set, rows of the images, and its caption.
struct CfSet {
    std::vector<std::uint32_t> rows;
    std::uint32_t caption = 0;
};

/// Usable rows only, raw. Captions are distinct: sets with the same one are positives of it.
struct CfSets {
    const Embeddings& images;
    const Embeddings& captions;
    std::vector<CfSet> sets;
};

struct CfLoss {
    double clip = 0, cohesion = 0, total = 0; ///< L_CLIP, L_cf and beta1 L_CLIP + beta0 L_cf
};

/// The numbers of a head before the first step: as PyTorch's linear layers begin, the second layer a hundredth of that,
/// so that the head begins close to changing nothing; a linear one at zero.
std::vector<double> startingCfHead(std::size_t dim, const CfOptions& options);

/// The head as a map. `alpha` mixes its output with what comes in, (1 - alpha) x + alpha (x + g(x)): the last layer's
/// weights times alpha, which is the same as the ensemble of weights of METHODS B2.
VectorMap cfMap(std::span<const double> head, std::size_t dim, const CfOptions& options, double alpha);

/// The loss of these sets (numbers of sets) as one batch, and where asked for its gradient. Images are spread over
/// threads in blocks that are always cut at the same places, so that threads change no bit.
CfLoss cfLoss(const CfSets& sets, std::span<const std::uint32_t> batch, std::span<const double> head,
              const CfOptions& options, std::vector<double>* gradient);

/// How good a head is, higher is better. First asked of zeros, which change nothing.
using CfEvaluation = std::function<Outcome<double>(std::span<const double> head)>;

struct CfFit {
    std::vector<double> head;        ///< of the best epoch, or of the last without an evaluation
    std::vector<CfLoss> losses;      ///< mean over the sets, one an epoch
    int bestEpoch = 0;               ///< from 1
    std::optional<double> untouched; ///< the evaluation of a head that changes nothing
    std::optional<double> best;      ///< that of `head`
};

/// Passes over the sets `train`, in an order that is drawn anew for each. Errors: InvalidArgument (a loss that is no
/// longer finite), those of `evaluation`; Cancelled.
Outcome<CfFit> fitCf(const CfSets& sets, std::span<const std::uint32_t> train, const CfOptions& options,
                     const CfEvaluation& evaluation, Feedback& feedback);

/// The method cf-alpha. Each group of the attribute is one counterfactual set. The texts are a caption of each set (in
/// the order of the groups, or found by FitInput::words that are the groups' names), or one of each image. Without
/// FitInput::evaluate a fifth of the sets, held out, chooses the epoch by their loss. It is short, so that it has no
/// checkpoint.
Outcome<Fitted> fitCfHead(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
