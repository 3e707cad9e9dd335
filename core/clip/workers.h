// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/clip/network.h"
#include "core/clip/torch_errors.h"

namespace plumbline::clip {

/// Runs `work` on `threads` new threads, each with a single-threaded LibTorch, and waits for all of them. The batches
/// of a run are independent, so whole batches are shared out instead of the products inside one: no barriers, and one
/// busy core does not hold up the others. The first failure makes `stopped` true, which the others look at between
/// batches, and is returned.
template <class Work>
Outcome<void> onWorkers(int threads, Work&& work) {
    std::mutex mutex;
    std::optional<Stop> first;
    std::atomic<bool> stopped = false;
    const auto body = [&] {
        Outcome<void> result;
        try {
            useOneThread();
            result = work(stopped);
        } catch (...) {
            result = tl::unexpected(stopFromException("a batch of images"));
        }
        if (!result) {
            stopped = true;
            const std::lock_guard lock(mutex);
            if (!first)
                first = result.error();
        }
    };
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < threads; ++i)
            workers.emplace_back(body);
    }
    if (first)
        return tl::unexpected(*first);
    return {};
}

} // namespace plumbline::clip
