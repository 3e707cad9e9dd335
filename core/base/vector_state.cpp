// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/vector_state.h"

namespace plumbline {
namespace {

#if defined(__x86_64__)
__attribute__((target("avx"))) void zeroUpper() {
    __builtin_ia32_vzeroupper();
}
#endif

} // namespace

void clearUpperHalves() {
#if defined(__x86_64__)
    static const bool hasUpperHalves = __builtin_cpu_supports("avx");
    if (hasUpperHalves)
        zeroUpper();
#endif
}

} // namespace plumbline
