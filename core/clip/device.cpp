// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "core/clip/encoder.h"
#include "core/clip/linear.h"
#include "core/clip/network.h"

namespace plumbline::clip {

namespace {

using TextFunction = char* (*)();

/// A function of a library that this process happens to have loaded, or null.
TextFunction loadedFunction(const char* name) {
    return reinterpret_cast<TextFunction>(::dlsym(RTLD_DEFAULT, name));
}

/// The BLAS that the linker bound: OpenBLAS tells its version and kernels itself; others are known by their file.
std::string blasName() {
    if (const TextFunction config = loadedFunction("openblas_get_config")) {
        std::string name = config();
        if (const std::size_t options = name.find(" NO_"); options != std::string::npos)
            name.resize(options);
        if (const TextFunction core = loadedFunction("openblas_get_corename"))
            name += std::string(" (") + core() + ")";
        return name;
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        for (const char* known : {"libmkl", "libblis", "libatlas", "libblas", "libtorch_cpu"})
            if (line.find(known) != std::string::npos && std::string_view(known) != "libtorch_cpu")
                return std::string_view(known) == "libblas"
                           ? "reference BLAS (" + line.substr(line.rfind('/') + 1) + ")"
                           : line.substr(line.rfind('/') + 1);
    return "unknown";
}

struct DnnlVersion {
    int major, minor, patch;
    const char* hash;
};

std::string oneDnnName() {
    using VersionFunction = const DnnlVersion* (*)();
    const auto version = reinterpret_cast<VersionFunction>(::dlsym(RTLD_DEFAULT, "dnnl_version"));
    if (!version)
        return "oneDNN";
    const DnnlVersion* v = version();
    return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

/// Billions of operations a second of one thread in the product that the towers spend their time in: the best of a few.
double measuredGflops() {
    constexpr std::int64_t kSide = 512;
    double best = 0;
    try {
        useOneThread();
        const c10::InferenceMode inference;
        const Linear linear = {at::ones({kSide, kSide}), at::zeros({kSide})};
        const at::Tensor x = at::ones({kSide, kSide});
        for (int i = 0; i < 4; ++i) {
            const auto start = std::chrono::steady_clock::now();
            linear(x);
            const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            best = std::max(best, 2.0 * kSide * kSide * kSide / std::max(seconds, 1e-9) / 1e9);
            if (seconds > 0.05) // a slow one need not be asked again
                break;
        }
    } catch (const std::exception&) {
        return 0; // no memory for 3 MB: the next step will say so
    }
    return best;
}

DeviceInfo measure() {
    DeviceInfo info;
    info.torch = TORCH_VERSION;
    info.blas = blasName();
    if (useOneDnn())
        info.blas += " + " + oneDnnName();
    info.cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    std::thread([&info] { info.gflops = measuredGflops(); }).join(); // the caller's OpenMP settings stay as they are
    // The reference BLAS does 2 to 4, any tuned one above 20, on one core of the last ten years.
    info.slowBlas = info.gflops < 8;
    return info;
}

} // namespace

DeviceInfo deviceInfo() {
    static const DeviceInfo info = measure();
    return info;
}

} // namespace plumbline::clip
