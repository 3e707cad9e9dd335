// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/data/model_info.h"
#include "core/formats/safetensors.h"

namespace plumbline::test {

/// A CLIP with random weights, tiny unless told otherwise. Two calls with the same seed and sizes write the same
/// network, whatever the container.
struct RandomClip {
    int imageSize = 32, patchSize = 8, visionWidth = 32, visionLayers = 2, visionHeads = 2, visionMlp = 128;
    int contextLength = 16, textWidth = 24, textLayers = 2, textHeads = 2, textMlp = 96;
    int embedDim = 20;
    Activation activation = Activation::QuickGelu;
    formats::DType dtype = formats::DType::F32; ///< F32, F16 or BF16: how the tensors are stored
    std::optional<formats::DType> roundTo;      ///< values are rounded to this first (to compare two storages)
    std::optional<int> vocabSize;               ///< default: exactly the small vocabulary's
    bool vocabulary = true;                     ///< writes vocab.json and merges.txt
};

/// The sizes of OpenAI's ViT-B/32.
RandomClip vitB32();

/// Writes a whole model folder (created if need be): configuration, weights, preprocessing, vocabulary. The vocabulary
/// has 512 byte tokens, a few merges ("the", "photo", "of", "man", ...), BOS and EOS. Throws std::runtime_error where
/// the folder cannot be written.
void writeRandomClip(const std::filesystem::path& folder, const RandomClip& clip = {},
                     Container container = Container::HuggingFace, std::uint64_t seed = 1);

/// A tensor of a random network, with its bytes.
struct RandomTensor {
    std::string name;
    formats::DType dtype;
    std::vector<std::int64_t> shape;
    std::vector<std::byte> bytes;
};

/// Every tensor of a network of this configuration, under the names of its files. A canonical tensor's values depend on
/// its name, its shape and the seed alone: two containers of one architecture get the same network.
std::vector<RandomTensor> randomTensors(const ModelConfig& config, std::uint64_t seed = 1,
                                        formats::DType dtype = formats::DType::F32,
                                        std::optional<formats::DType> roundTo = {});

/// The same, as the writers take them. The tensors must outlive it.
std::vector<formats::TensorToWrite> toWrite(const std::vector<RandomTensor>& tensors);

/// A model folder of any architecture: the given files (name -> content, among them the configuration), and random
/// weights for it. Returns the configuration as it was read. Throws std::runtime_error.
ModelConfig writeRandomModel(const std::filesystem::path& folder, const std::map<std::string, std::string>& files,
                             std::uint64_t seed = 1, formats::DType dtype = formats::DType::F32,
                             std::optional<formats::DType> roundTo = {});

/// vocab.json and merges.txt alone; returns the number of ids.
int writeSmallVocabulary(const std::filesystem::path& folder);

/// A config.json of a new model that learns a few pictures in seconds: 32 pixels, 16 tokens.
inline constexpr const char* kTinyConfig = R"({
  "model_type": "clip", "projection_dim": 24,
  "text_config": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
                  "max_position_embeddings": 16, "hidden_act": "quick_gelu", "projection_dim": 24},
  "vision_config": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
                    "image_size": 32, "patch_size": 8, "hidden_act": "quick_gelu", "projection_dim": 24}})";

/// A 24-bit BMP of random colour gradients; different seeds look different.
void writeRandomPicture(const std::filesystem::path& path, int width, int height, std::uint64_t seed);

} // namespace plumbline::test
