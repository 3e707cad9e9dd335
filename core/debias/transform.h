// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/debias.h"
#include "core/debias/fit.h"

namespace plumbline::debias {

/// One fitted method, dialled to card.strength.
struct Part {
    DebiasCard card;
    VectorMap image, text;
    std::optional<RankingRule> ranking;
    std::optional<ScoreRule> scores;
    std::optional<formats::PromptArray> promptArray; ///< with which texts are encoded, before any map
};

/// Debiasing as a value: one method or several, applied one after the other. Without parts nothing changes, which is
/// how it is undone.
struct Transform {
    std::vector<Part> parts;

    std::string name() const; ///< for people: "LEACE, gender, then DetCons, gender"
};

/// Every part dialled by `strength`, from 0 to 1, on top of its own. A re-ranking or a rule for scores has no dial: it
/// is there at any strength above 0.
Transform dialled(Transform transform, double strength);

enum class Modality { Image, Text };

/// The rows as they are after every part; raw rows in, texts as they are encoded with its prompt array. Errors: those
/// of apply() of maps.h.
Outcome<Embeddings> transformRows(const Transform& transform, Modality modality, const Embeddings& rows,
                                  Feedback& feedback);

/// Texts as sentences, as the model encodes them, and, of a transform with a prompt array, as it does with that.
struct TextRows {
    std::vector<std::string> texts;      ///< one a row; empty where they are not known
    Embeddings plain;                    ///< raw
    std::optional<Embeddings> withArray; ///< raw
};
/// Whether texts are encoded with a prompt array; parts of strength 0 do nothing.
bool hasPromptArray(const Transform& transform);
/// The texts as they are after every part. The array comes first whichever part has it, dialled as blend() does.
/// Errors: those of transformRows; InvalidArgument (withArray is missing).
Outcome<Embeddings> transformTexts(const Transform& transform, const TextRows& rows, Feedback& feedback);

/// Whether it is a method with these parameters. InvalidArgument.
Result<void> checkParameters(const DebiasConfig& config);

/// Fits the method that `config` names: one part. `card` brings what is known of the images (hashes, rows in words,
/// predicted labels); the rest of the card is filled in. Errors: InvalidArgument (an unknown method or parameter, a
/// method that is imported or trained elsewhere), those of the method.
Outcome<Transform> fit(const DebiasConfig& config, const FitInput& input, DebiasCard card, Feedback& feedback);

/// Writes a transform as a folder: card.json, one float64 .npy an array (linear maps: image_matrix.npy,
/// image_offset.npy, ...), heads as heads.safetensors with the names of the published code,
/// a prompt array as prompt_array.safetensors, apply.py, a short NumPy
/// program that does the same. Of several parts each has a folder of its own, 1, 2, ...
/// The folder is created; files of the same names are replaced. Errors: FileUnwritable, DiskFull.
Result<void> writeTransform(const Transform& transform, const std::filesystem::path& folder);
/// Errors: FileNotFound, JsonInvalid, NpyInvalid, those of readResidualHead; InvalidArgument (arrays that do not fit
/// together).
Result<Transform> readTransform(const std::filesystem::path& folder);

} // namespace plumbline::debias
