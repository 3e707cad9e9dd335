// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/data/embeddings.h"
#include "core/formats/debias_import.h"

namespace plumbline::debias {

/// The sizes of the two heads of joint vision-language bias removal (METHODS B1).
struct JointShape {
    std::size_t dim = 0, hidden1 = 512, hidden2 = 1024;
    std::size_t parameters() const { return imageParameters() + 2 * dim * hidden2 + hidden2 + dim; }
    std::size_t imageParameters() const { return 2 * dim * hidden1 + hidden1 + dim; }
};

/// The heads as one row of numbers: first weight, first bias, second weight, second bias of the image head, then of the
/// shared one.
std::vector<float> flattened(const formats::ResidualHead& heads);
formats::ResidualHead headsFrom(const JointShape& shape, std::span<const float> numbers);

struct JointStepOptions {
    double alpha = 0.3;      ///< weight of the counterfactual loss; the alignment loss has the rest
    double tau = 0.07;       ///< temperature of all softmaxes
    double lr = 5e-6;        ///< Adam's
    double momentum = 0.995; ///< of the copies
    int threads = 0;         ///< 0: all cores. The result does not depend on it.
};

/// All that a step changes. Heads, copies and Adam's moments as `flattened`. The queues hold numbers of rows: of an
/// image (a caption), or, from the number of images (captions) on, of a row that the queues started with.
struct JointState {
    std::vector<float> heads, copies, first, second;
    std::vector<std::uint32_t> imageQueue, captionQueue;
    std::uint64_t next = 0; ///< the place in the queues that is overwritten next
    std::int64_t steps = 0;
};

/// The state before the first step: copies equal the heads, the queues hold what they start with.
JointState startOf(std::vector<float> heads, std::size_t images, std::size_t captions, std::size_t queue);

/// Row numbers of the images of a step, of their captions and of their counterfactual captions.
struct JointBatch {
    std::span<const std::uint32_t> images, factual, counterfactual;
    bool second = false; ///< the coin: the text-to-image term takes the counterfactual captions
    bool mixed = false;  ///< soft targets are mixed with those of the copies (from the sixth epoch on)
};

struct JointLoss {
    double counterfactual = 0, alignment = 0, total = 0; ///< L_cd, L_ba and alpha L_cd + (1 - alpha) L_ba
};

/// One step after the other of METHODS B1 on raw embeddings, with gradients worked out by hand: copies move, loss and
/// gradients, Adam, queues.
///
/// Captions repeat: the many rows of a batch and places of the text queue that hold the same caption are one row (one
/// column with a multiplicity) in every product, which changes rounding only. What is as long as the queue is made for
/// 128 rows at a time. Blocks of rows are shared out to single-threaded workers and their gradients added up in an
/// order of their own, so bits do not depend on the number of threads. Memory: the image queue twice, the start of the
/// text queue, eight times the heads, and 128 x (M + B) numbers three times for each thread.
class JointStep {
public:
    /// Images and captions must outlive the object and have usable rows only. `imageStart` and `captionStart` are what
    /// the queues start with, unit rows, one a place; `state` may be that of an earlier object.
    JointStep(const Embeddings& images, const Embeddings& captions, const JointShape& shape,
              const JointStepOptions& options, JointState state, const Embeddings& imageStart,
              const Embeddings& captionStart);
    ~JointStep();
    JointStep(const JointStep&) = delete;
    JointStep& operator=(const JointStep&) = delete;

    /// Errors: OutOfMemory, Internal; the state is not to be used after one.
    Outcome<JointLoss> run(const JointBatch& batch);

    const JointState& state() const;
    const std::vector<float>& gradients() const; ///< of the last step, as `flattened`
    Embeddings imageQueue() const;               ///< unit rows, by place
    Embeddings captionQueue() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace plumbline::debias
