// SPDX-License-Identifier: GPL-3.0-or-later
// bench_load --write b32|l14 FOLDER: a random model of that size in each form that people have.
// bench_load MODEL...: for each, in a process of its own: seconds to load, and memory above the idle engine.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/base/error_text.h"
#include "core/clip/encoder.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"
#include "tests/support/torch_writer.h"

namespace {

using namespace plumbline;
using namespace plumbline::test;
namespace fs = std::filesystem;
using nlohmann::json;

RandomClip vitL14() {
    RandomClip clip = vitB32();
    clip.patchSize = 14;
    clip.visionWidth = 1024;
    clip.visionLayers = 24;
    clip.visionHeads = 16;
    clip.visionMlp = 4096;
    clip.textWidth = clip.embedDim = 768;
    clip.textHeads = 12;
    clip.textMlp = 3072;
    return clip;
}

void check(const Result<void>& written) {
    if (!written)
        throw std::runtime_error(errorText(written.error()));
}

void writeForms(const RandomClip& clip, const fs::path& out) {
    writeRandomClip(out / "huggingface", clip);
    writeRandomClip(out / "openclip", clip, Container::OpenClip);
    RandomClip half = clip;
    half.dtype = formats::DType::F16;
    writeRandomClip(out / "huggingface-float16", half);

    const auto huggingFace = formats::readSafetensors(out / "huggingface/model.safetensors");
    const auto openClip = formats::readSafetensors(out / "openclip/open_clip_model.safetensors");
    if (!huggingFace || !openClip)
        throw std::runtime_error("what was written cannot be read");
    std::vector<formats::TensorToWrite> faces, clips;
    for (const auto& [name, view] : huggingFace->tensors)
        faces.push_back({name, view.dtype, view.shape, view.bytes});
    for (const auto& [name, view] : openClip->tensors)
        clips.push_back({name, view.dtype, view.shape, view.bytes});

    const auto besideConfig = [&](const char* name, const char* of) {
        fs::create_directories(out / name);
        for (const auto& item : fs::directory_iterator(out / of))
            if (item.path().extension() != ".safetensors")
                fs::copy_file(item.path(), out / name / item.path().filename(), fs::copy_options::overwrite_existing);
        return out / name;
    };
    const fs::path sharded = besideConfig("huggingface-sharded", "huggingface");
    json map = json::object();
    const std::size_t split = faces.size() / 2;
    for (std::size_t i = 0; i < faces.size(); ++i)
        map[faces[i].name] = i < split ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors";
    writeText(sharded / "model.safetensors.index.json", json{{"metadata", json::object()}, {"weight_map", map}}.dump());
    check(formats::writeSafetensors(sharded / "model-00001-of-00002.safetensors", std::span(faces).first(split)));
    check(formats::writeSafetensors(sharded / "model-00002-of-00002.safetensors", std::span(faces).subspan(split)));
    writeTorchZip(besideConfig("huggingface-bin", "huggingface") / "pytorch_model.bin", faces);
    writeTorchZip(besideConfig("openclip-bin", "openclip") / "open_clip_pytorch_model.bin", clips);
    writeTorchScript(out / "torchscript.pt", clips);
    writeTorchLegacy(out / "legacy.pt", clips);
}

double mebibytes(const char* field) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(field))
            return std::strtod(line.c_str() + std::strlen(field) + 1, nullptr) / 1024;
    return 0;
}

int measure(const fs::path& model) {
    Feedback feedback;
    clip::deviceInfo(); // the engine's own libraries are up, as they are in an idle engine
    const double idle = mebibytes("VmRSS");
    const auto begin = std::chrono::steady_clock::now();
    clip::EncoderOptions options;
    options.threads = 1;
    const auto encoder = clip::Encoder::load(model, options, feedback);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!encoder) {
        std::printf("%-40s %s\n", model.c_str(), errorText(encoder.error().error()).c_str());
        return 1;
    }
    const double loaded = mebibytes("VmRSS") - idle;
    const auto size = static_cast<std::size_t>((*encoder)->config().preprocessing.size.value);
    const std::vector<float> pixels(3 * size * size, 0.5F);
    if (!(*encoder)->encodePixels(pixels, 1, feedback))
        return 1;
    const double used = mebibytes("VmRSS") - idle;
    const auto card = (*encoder)->card(feedback);
    if (!card)
        return 1;
    const double weights = static_cast<double>(card->parameters) * 4 / 1024 / 1024;
    std::printf("%-40s %6.3f s   %7.0f MiB as float32   loaded %5.2f   one image %5.2f   peak with hashes %5.2f x\n",
                model.c_str(), seconds, weights, loaded / weights, used / weights,
                (mebibytes("VmHWM") - idle) / weights);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 4 && std::string_view(argv[1]) == "--write") {
            writeForms(std::string_view(argv[2]) == "l14" ? vitL14() : vitB32(), argv[3]);
            return 0;
        }
        for (int i = 1; i < argc; ++i) {
            const pid_t child = fork();
            if (child == 0) {
                const int result = measure(argv[i]);
                std::fflush(stdout);
                _exit(result);
            }
            waitpid(child, nullptr, 0);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_load: %s\n", error.what());
        return 1;
    }
    return 0;
}
