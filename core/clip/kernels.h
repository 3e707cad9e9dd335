// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

namespace plumbline::clip {

/// The two steps of a CLIP block for which LibTorch 1.13 has only slow forms on a CPU: QuickGELU (three passes with
/// temporaries) and attention over small heads (copies, then a matrix product a head). Single-threaded, and compiled
/// for AVX-512, AVX2 and the baseline; the best that the processor has is chosen once.

/// x * sigmoid(1.702 x), in place (OpenAI's CLIP, model.py: QuickGELU). Relative error of a value below 1e-6.
void quickGelu(float* values, std::size_t count);

/// One head of one item: out = softmax(scale * q kT) v. Row i of q, k, v and out begins at i times its stride; the rows
/// are `headWidth` long. Causal: query i sees the keys 0..i only (queries == keys then).
struct Attention {
    const float* q;
    std::size_t qStride, queries;
    const float* k;
    const float* v;
    std::size_t kvStride, keys;
    float* out;
    std::size_t outStride;
    std::size_t headWidth;
    float scale;
    bool causal;
};
void attend(const Attention& head);

/// One compiled form of the two, for the tests: what this processor can run, the one in use first.
struct KernelSet {
    const char* name; ///< "AVX-512", "AVX2", "baseline"
    void (*quickGelu)(float* values, std::size_t count);
    std::size_t (*scratchSize)(const Attention& head); ///< floats that attend() needs
    void (*attend)(const Attention& head, float* scratch);
};
const std::vector<KernelSet>& kernelSets();

} // namespace plumbline::clip
