// SPDX-License-Identifier: GPL-3.0-or-later
// Files to embeddings, and where the time goes. Run by hand beside rival_embed.py:
//   bench_embed --write-vit-b32 FOLDER          writes a random Hugging Face model of ViT-B/32's size
//   bench_embed MODEL IMAGES [COUNT] [THREADS] [fp32|bf16]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error_text.h"
#include "core/clip/encoder.h"
#include "core/image/decode.h"
#include "core/image/preprocess.h"
#include "tests/support/random_model.h"

using namespace plumbline;
namespace fs = std::filesystem;

namespace {

/// Time on the wall and time of all processors together; the second says more on a machine that is busy otherwise.
struct Stopwatch {
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    std::clock_t startCpu = std::clock();

    double wall() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
    double cpu() const { return static_cast<double>(std::clock() - startCpu) / CLOCKS_PER_SEC; }
    void print(const char* what, std::size_t images) const {
        const auto n = static_cast<double>(images);
        std::printf("%-8s %8.3f ms an image on the wall, %8.3f ms of processor\n", what, 1000 * wall() / n,
                    1000 * cpu() / n);
    }
};

int failed(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], "--write-vit-b32") == 0) {
        test::writeRandomClip(argv[2], test::vitB32());
        return 0;
    }
    if (argc < 3)
        return failed("usage: bench_embed MODEL IMAGES [COUNT] [THREADS] [fp32|bf16]");
    std::vector<fs::path> files;
    for (const auto& item : fs::directory_iterator(argv[2]))
        files.push_back(item.path());
    std::sort(files.begin(), files.end());
    if (argc > 3)
        files.resize(std::min(files.size(), static_cast<std::size_t>(std::stoul(argv[3]))));
    clip::EncoderOptions options;
    options.threads = argc > 4 ? std::stoi(argv[4]) : 0;
    options.precision = argc > 5 && std::string(argv[5]) == "bf16" ? clip::Precision::Bf16 : clip::Precision::Fp32;

    Feedback feedback;
    Stopwatch watch;
    const auto loaded = clip::Encoder::load(argv[1], options, feedback);
    if (!loaded)
        return failed(errorText(loaded.error().error()));
    const clip::Encoder& encoder = **loaded;
    std::printf("load     %8.3f s\n", watch.wall());

    std::size_t bad = 0;
    watch = {};
    const auto run = encoder.encodeImages(
        files, [&](const clip::Encoder::ImageDone& image) { bad += image.embedding.empty() ? 1 : 0; }, feedback);
    if (!run)
        return failed(errorText(run.error().error()));
    watch.print("all", files.size());
    std::printf("%zu files (%zu unreadable): %.1f images/s\n", files.size(), bad,
                static_cast<double>(files.size()) / watch.wall());

    // The steps one by one, on a part of the files.
    files.resize(std::min<std::size_t>(files.size(), 200));
    const Preprocessing& preprocessing = encoder.config().preprocessing;
    const auto size = static_cast<std::size_t>(preprocessing.size.value);
    std::vector<image::Decoded> pictures;
    watch = {};
    for (const fs::path& file : files)
        if (auto picture = image::decodeFile(file))
            pictures.push_back(std::move(*picture));
    watch.print("decode", pictures.size());
    std::vector<float> pixels(pictures.size() * 3 * size * size);
    watch = {};
    for (std::size_t i = 0; i < pictures.size(); ++i)
        image::normalise(image::cropForModel(pictures[i], preprocessing), preprocessing,
                         {pixels.data() + i * 3 * size * size, 3 * size * size});
    watch.print("prepare", pictures.size());
    watch = {};
    if (!encoder.encodePixels(pixels, pictures.size(), feedback))
        return failed("the forward pass failed");
    watch.print("forward", pictures.size());
    return 0;
}
