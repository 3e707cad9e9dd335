// SPDX-License-Identifier: GPL-3.0-or-later
// One epoch of joint vision-language removal on random embeddings; rival_joint.py is the same in Python.
//
//   bench_joint [IMAGES DIM QUEUE BATCH CAPTIONS EPOCHS]     40000 512 8192 512 126 1
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/base/random.h"
#include "core/debias/heads/fit_joint.h"

using namespace plumbline;
using namespace plumbline::debias;

int main(int argc, char** argv) {
    std::array<std::size_t, 6> sizes = {40000, 512, 8192, 512, 126, 1};
    for (std::size_t i = 0; i < sizes.size() && static_cast<int>(i) + 1 < argc; ++i)
        sizes[i] = std::strtoull(argv[i + 1], nullptr, 10);
    const auto [rows, dim, queue, batch, distinct, epochs] = sizes;
    const auto random = [width = dim](std::size_t count, std::uint64_t stream) {
        Embeddings result(count, width);
        RandomStream numbers(1, stream, 0);
        for (float& value : result.values)
            value = static_cast<float>(numbers.normal());
        return result;
    };
    const Embeddings images = random(rows, 1), captions = random(distinct, 2);
    std::vector<std::uint32_t> factual, listOf;
    std::vector<std::vector<std::uint32_t>> lists;
    for (std::uint32_t c = 0; c < distinct; ++c)
        lists.push_back({static_cast<std::uint32_t>((c + 1) % distinct)});
    for (std::size_t i = 0; i < rows; ++i)
        factual.push_back(static_cast<std::uint32_t>(i % distinct));
    listOf = factual;
    JointOptions options;
    options.queue = queue;
    options.batch = batch;
    options.epochs = static_cast<int>(epochs);
    Feedback feedback;
    auto from = std::chrono::steady_clock::now();
    const auto report = [&](const JointPoint& point) {
        const auto now = std::chrono::steady_clock::now();
        std::printf("epoch %d: %.2f s, loss %.5f (counterfactual %.5f, alignment %.5f)\n", point.epoch,
                    std::chrono::duration<double>(now - from).count(), point.loss.total, point.loss.counterfactual,
                    point.loss.alignment);
        from = now;
    };
    if (const auto fit = fitJoint({images, captions, factual, lists, listOf}, options, {}, report, feedback); !fit) {
        std::fprintf(stderr, "%s\n", std::string(errorName(fit.error().error().code)).c_str());
        return 1;
    }
    return 0;
}
