// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/clip/encoder.h"
#include "core/formats/debias_import.h"
#include "core/formats/model_folder.h"

namespace plumbline::clip {

/// Makes LibTorch, its BLAS and oneDNN run single-threaded when called from this thread. Every worker calls it first:
/// the settings of OpenMP belong to a thread (TRAPS of LibTorch: at::set_num_threads).
void useOneThread();

/// Keeps freed activations in the heap, from the first call on. By default glibc gives blocks of this size back to the
/// kernel at once, and the next layer waits for the same pages to be zeroed again: a tenth of the time of a ViT-B/32.
void keepFreedMemory();

/// Whether the feature depends on the padding behind a text, so that ids must be padded to the context length.
bool readsWholeContext(const TextConfig& config);

/// The position whose feature is the text's embedding, for ids [BOS, ..., EOS], padded where readsWholeContext().
std::size_t pooledPosition(const TextConfig& config, std::span<const int> ids);

/// Both towers, in OpenAI's architecture (pre-LayerNorm transformer; Radford et al. 2021; openai/CLIP, model.py).
/// The methods are const, keep no state and may run on several threads at once, each of which called useOneThread().
class Network {
public:
    /// Float32 weights are used where they lie in the mapped file; others are widened (or rounded to bfloat16).
    /// The network keeps the mapping alive. Errors: OutOfMemory, Internal.
    static Result<std::unique_ptr<Network>> build(formats::ModelFolder folder, Precision precision);
    ~Network();

    /// Puts learned tokens before every text, as Berg et al. 2022 do: behind the positions, which they have none of, so
    /// that the end of the text moves back by their number and what does not fit the context falls off.
    /// Errors: InvalidArgument (another width, or a text tower that reads its padding).
    Result<void> usePromptArray(const formats::PromptArray& prompts);
    /// Passes raw embeddings through the heads of Zhang et al. 2025. Errors: InvalidArgument (another length).
    Result<void> useResidualHead(const formats::ResidualHead& head);

    const formats::ModelFolder& folder() const;
    std::size_t dim() const;

    /// Raw embeddings of `count` images: pixels [count, 3, size, size] -> out [count, dim]. Asks feedback between
    /// layers. Errors: OutOfMemory, Internal; Cancelled.
    Outcome<void> images(std::span<const float> pixels, std::size_t count, std::span<float> out,
                         const Feedback& feedback) const;

    /// Raw embeddings of texts given as ids: each at least one and at most the context length (exactly that many where
    /// readsWholeContext()), each id below the size of the vocabulary. out [texts.size(), dim].
    Outcome<void> texts(std::span<const std::span<const int>> texts, std::span<float> out,
                        const Feedback& feedback) const;

    /// The same as images() and texts(), step by step as the papers state it, without any of the shortcuts above and
    /// with LibTorch's own operations only. Slow; the self check compares the two.
    Outcome<void> plainImages(std::span<const float> pixels, std::size_t count, std::span<float> out) const;
    Outcome<void> plainTexts(std::span<const std::span<const int>> texts, std::span<float> out) const;

private:
    Network();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace plumbline::clip
