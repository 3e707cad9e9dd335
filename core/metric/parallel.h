// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/base/feedback.h"
#include "core/base/vector_state.h"

namespace plumbline::metric {

/// Runs `body(makeScratch(), i)` for i in [0, count) on all threads, one scratch object a piece of work; false when
/// cancelled. The results must go to places of their own by i, so that they do not depend on the number of threads.
template <class MakeScratch, class Body>
bool forEachReplicate(std::size_t count, Feedback& feedback, const MakeScratch& makeScratch, const Body& body) {
    // Isolated: a thread that waits here must not pick up another prompt's work while its caller holds a lock.
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count, 8),
                          [&](const tbb::blocked_range<std::size_t>& range) {
                              clearUpperHalves();
                              auto scratch = makeScratch();
                              for (std::size_t i = range.begin(); i != range.end() && !feedback.cancelled(); ++i)
                                  body(scratch, i);
                          });
    });
    return !feedback.cancelled();
}

} // namespace plumbline::metric
