// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/debias/fit.h"
#include "core/debias/heads/joint_step.h"
#include "core/formats/debias_import.h"

namespace plumbline::debias {

/// Parameters as in METHODS B1.
struct JointOptions {
    double alpha = 0.3, tau = 0.07, lr = 5e-6, momentum = 0.995;
    std::size_t queue = 8192, batch = 512; ///< M, B; fewer images than B are one batch
    int epochs = 100;                      ///< at most
    int patience = 10;                     ///< evaluations without gain after which the fit ends
    int every = 2;                         ///< epochs between two evaluations
    std::size_t hidden1 = 512, hidden2 = 1024;
    std::uint64_t seed = 0;
    bool published = false;       ///< images in their own order in every epoch instead of a new one
    int threads = 0;              ///< 0: all cores. The result does not depend on it.
    std::filesystem::path folder; ///< for the checkpoint, created if need be; empty: none is written
    double checkpointSeconds = 60;
};

/// What the heads are fitted on. Image i has caption `factual[i]`; its counterfactual caption is drawn anew in each
/// epoch, each entry of `lists[listOf[i]]` being equally likely.
struct JointInput {
    const Embeddings& images;   ///< raw, N x D; usable rows only
    const Embeddings& captions; ///< raw, the distinct captions, C x D
    std::span<const std::uint32_t> factual;
    std::span<const std::vector<std::uint32_t>> lists;
    std::span<const std::uint32_t> listOf;
};

struct JointPoint {
    int epoch = 0, epochs = 0;     ///< epochs done
    JointLoss loss;                ///< mean over the images of the epoch
    std::optional<double> measure; ///< where the epoch ended with an evaluation
    double secondsLeft = 0;        ///< if every epoch that is left is needed
};

struct JointFit {
    formats::ResidualHead heads;     ///< the best ones, or the last without an evaluation
    int epochs = 0, bestEpoch = 0;   ///< done; those of `heads`
    std::optional<double> untouched; ///< the measure of heads that change nothing
    std::optional<double> best;      ///< that of `heads`
    std::vector<JointPoint> points;  ///< one an epoch, those before a checkpoint too
    std::int64_t resumedAt = 0;      ///< steps that the checkpoint had
};

/// How good heads are, higher is better. First asked of heads that change nothing.
using JointEvaluation = std::function<Outcome<double>(const formats::ResidualHead&)>;

/// Fits both heads (see JointStep for a step). Weights start as those of PyTorch's linear layers, queues as random unit
/// rows. With an `evaluation` the heads of the best evaluated epoch are kept.
///
/// Every `checkpointSeconds`, and when it is cancelled, the whole state goes to `folder`/joint.safetensors; a later
/// call with the same input and options goes on from there and ends with the same bits as if it had never stopped. A
/// checkpoint of another fit is refused, not overwritten; at the end it is removed. Bits do not depend on the number of
/// threads. Errors: InvalidArgument (options, rows, a loss that is no longer finite), WeightsInvalid, FileUnwritable,
/// DiskFull, OutOfMemory, those of `evaluation`; Cancelled.
Outcome<JointFit> fitJoint(const JointInput& input, const JointOptions& options, const JointEvaluation& evaluation,
                           const std::function<void(const JointPoint&)>& report, Feedback& feedback);

/// The method joint-vl, from embeddings alone. The texts are a caption of each group (in the order of the groups, or
/// found among `words` by the sentences of jointCaptions), or a factual and then a counterfactual caption of each
/// image. A fifth of the images, drawn by the seed, is held out to choose the epoch by: exp(-MaxSkew) of the captions
/// as prompts, and the correlation of the similarities among images before and after, in harmonic mean.
Outcome<Fitted> fitJointVl(const FitInput& input, const Parameters& parameters, Feedback& feedback);

} // namespace plumbline::debias
