// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes as the index of shards of a small model, or as weights without a configuration, either
// are refused or make a model that has every tensor of the configuration that was read or inferred.
#include <array>

#include "core/base/error_text.h"
#include "core/formats/model_config.h"
#include "core/formats/model_folder.h"
#include "core/formats/safetensors.h"
#include "tests/fuzz/fuzz_file.h"

namespace {

using namespace plumbline;

constexpr std::string_view kConfig =
    R"({"model_type": "clip", "projection_dim": 4,
        "text_config": {"hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1,
                        "max_position_embeddings": 2, "vocab_size": 3},
        "vision_config": {"hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1,
                          "image_size": 2, "patch_size": 2}})";

std::filesystem::path textFile(const char* name, std::string_view text) {
    return fuzz::inputFile(name, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

/// All tensors of that configuration in two shards.
void writeShards(const std::filesystem::path& folder) {
    const auto read = formats::readHuggingFaceConfig(folder);
    if (!read)
        std::abort();
    static const std::vector<std::byte> zeros(4096);
    std::array<std::vector<formats::TensorToWrite>, 2> shards;
    for (const formats::ExpectedTensor& tensor : formats::expectedTensors(read->config)) {
        std::size_t bytes = sizeof(float);
        for (const std::int64_t size : tensor.shape)
            bytes *= static_cast<std::size_t>(size);
        shards[tensor.name.starts_with("text") ? 0 : 1].push_back(
            {tensor.name, formats::DType::F32, tensor.shape, std::span(zeros).first(bytes)});
    }
    if (!formats::writeSafetensors(folder / "a.safetensors", shards[0]) ||
        !formats::writeSafetensors(folder / "b.safetensors", shards[1]))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    static const std::filesystem::path base = [] {
        const auto file = textFile(formats::kHuggingFaceConfig, kConfig);
        const auto folder = file.parent_path();
        std::filesystem::create_directory(folder / "shards");
        std::filesystem::create_directory(folder / "alone");
        std::filesystem::rename(file, folder / "shards" / formats::kHuggingFaceConfig);
        writeShards(folder / "shards");
        return folder;
    }();
    static const std::array<std::filesystem::path, 3> kPlaces = {"shards/model.safetensors.index.json",
                                                                 "alone/model.safetensors", "alone/model.pt"};
    const std::filesystem::path place = kPlaces[data[0] % kPlaces.size()];
    const auto file = fuzz::inputFile(place.c_str(), data + 1, size - 1);
    const auto read = formats::readModelFolder(place.begin()->native() == "shards" ? base / "shards" : file);
    if (!read) {
        if (read.error().code == ErrorCode::Internal || errorText(read.error()).size() > 4096)
            std::abort();
        return 0;
    }
    for (const formats::ExpectedTensor& tensor : formats::expectedTensors(read->config)) {
        const formats::TensorView& view = read->weights.tensors.at(tensor.name);
        std::int64_t elements = 1;
        for (const std::int64_t length : tensor.shape)
            elements *= length;
        if (view.elements() != elements)
            std::abort();
    }
    return 0;
}
