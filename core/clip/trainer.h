// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/captions.h"

namespace plumbline::clip {

struct TrainOptions {
    int epochs = 10;
    int batch = 256;            ///< pairs a step; of images in counterfactual sets, sets a step
    double learningRate = 1e-3; ///< at its peak
    double warmUp = 0.05;       ///< share of the steps over which the rate rises; then it falls as half a cosine
    double weightDecay = 0.1;   ///< of tensors with two dimensions or more; norms, biases and the logit scale have none
    double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-6; ///< AdamW
    double clipNorm = 1.0;                            ///< of all gradients together
    double patchDropout =
        0.0; ///< share of an image's patches that is left out (FLIP), but not in the last fifth of the steps
    double contrastiveWeight = 1; ///< of the contrastive loss (METHODS B2: beta 1)
    double cohesionWeight = 0;    ///< of the cohesion loss of counterfactual sets (METHODS B2: beta 0); needs sets
    bool freezeLogitScale = false;
    bool freezeImages = false; ///< the image tower stays as it is, each image is embedded once and only the text tower
                               ///< learns: locked-image tuning (Zhai et al. 2022, LiT). Not with patch dropout.
    std::uint64_t seed = 0;
    int threads = 0;      ///< 0: all cores. The result does not depend on it.
    int reportEvery = 50; ///< steps between two points of the report
    double checkpointSeconds = 60;
    bool half = true; ///< the finished weights are stored as float16
};

/// How near to each other the images of counterfactual sets lie. A difference that falls while both rise to 1 is a
/// collapse: everything looks alike, not only the variants.
struct SetCosines {
    double within = 0;  ///< mean over sets of the mean cosine of two of its images
    double between = 0; ///< mean over pairs of sets of the mean cosine of an image of each; 0 for a single set
};

struct TrainPoint {
    std::int64_t step = 0, steps = 0;
    double loss = 0;                            ///< mean over the steps since the last point, as are its parts:
    double contrastiveLoss = 0;                 ///< without its weight
    double cohesionLoss = 0;                    ///< without its weight
    std::optional<double> heldOutAccuracy = {}; ///< see train()
    std::optional<SetCosines> cosines = {};     ///< see train()
};

struct TrainReport {
    std::vector<TrainPoint> points; ///< since the start or the checkpoint that it went on from
    std::int64_t steps = 0, resumedAt = 0;
    std::int64_t pairs = 0, heldOutImages = 0;
    std::int64_t sets = 0;             ///< counterfactual sets that are trained on
    std::int64_t singleSets = 0;       ///< of these, with one image: they take part in the contrastive loss alone
    std::optional<SetCosines> cosines; ///< of the model to start from
    std::vector<std::string> skipped;  ///< files that cannot be decoded, each with its reason
};

/// Trains both towers of the model in `start` on images and captions and writes the result, a model folder of the same
/// form, to `out` (created if need be).
///
/// Loss: symmetric contrastive (Radford et al. 2021); where a caption occurs more than once in a batch all its images
/// are its positives and none a negative (METHODS B2: image to text, the log of the summed probability of all
/// positives; text to image, a uniform target over them). An epoch is every pair once, in an order of its own. AdamW
/// (Loshchilov and Hutter 2019), linear warm-up, half a cosine down to 0, gradients clipped by their common norm, logit
/// scale at most 100. Held-out accuracy: share of the held-out images (at most 1,024) whose likeliest caption, among
/// the distinct captions said of any of them, is one of their own.
///
/// Images in counterfactual sets: a batch is made of whole sets, and an epoch is every set once. To the loss,
/// contrastiveWeight times the one above, comes cohesionWeight times the mean over the batch's sets of
/// 1 - |mean of the unit image features|^2, which is 0 where all variants of a set coincide. Cosines are those of the
/// held-out sets, if there are two, else of the sets trained on: those of two images or more, among at most 1,024
/// images.
///
/// Every `checkpointSeconds` the whole state goes to `out`/checkpoint.safetensors; a later call with the same model,
/// images and options goes on from there, and ends with the same bits as if it had never stopped. Bits do not depend on
/// the number of threads. A checkpoint of another training is refused, not overwritten. Errors: those of
/// formats::readModelFolder and readVocabulary, InvalidArgument, FileUnwritable, DiskFull, OutOfMemory; Cancelled (the
/// checkpoint is written first).
Outcome<TrainReport> train(const std::filesystem::path& start, const CaptionedImages& images,
                           const TrainOptions& options, const std::filesystem::path& out,
                           const std::function<void(const TrainPoint&)>& report, Feedback& feedback);

} // namespace plumbline::clip
