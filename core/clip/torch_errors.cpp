// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/torch_errors.h"

#include <algorithm>
#include <new>

#include <c10/util/Exception.h>

namespace plumbline::clip {

namespace {

/// LibTorch tells the size in its text: "you tried to allocate 1234 bytes".
Error outOfMemory(const std::string& of, const std::string& what) {
    const std::size_t digits = what.find_first_of("0123456789", std::min(what.size(), what.find("tried to allocate")));
    std::string bytes = "unknown";
    if (digits != std::string::npos)
        bytes = what.substr(digits, what.find_first_not_of("0123456789", digits) - digits);
    return {ErrorCode::OutOfMemory, {{"what", of}, {"bytes", bytes}}, what};
}

} // namespace

Stop stopFromException(const std::string& of) {
    try {
        throw;
    } catch (const std::bad_alloc& error) {
        return outOfMemory(of, error.what());
    } catch (const c10::Error& error) {
        const std::string what = error.what_without_backtrace();
        if (what.find("allocate memory") != std::string::npos)
            return outOfMemory(of, what);
        return Error{ErrorCode::Internal, {}, what};
    } catch (const std::exception& error) {
        return Error{ErrorCode::Internal, {}, error.what()};
    }
}

} // namespace plumbline::clip
