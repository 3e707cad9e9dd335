// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/clip/encoder.h"
#include "core/data/measure.h"
#include "core/store/embedding_cache.h"

namespace CLI {
class App;
class Validator;
}

namespace plumbline::cli {

/// Options that several subcommands share, and how their texts become values.
struct ModelArguments {
    std::string model, vocab, promptArray, residualHead, precision = "fp32";
    int threads = 0;

    void addTo(CLI::App& command, bool withPrecision);
    Result<clip::EncoderOptions> options() const;
    Outcome<std::unique_ptr<clip::Encoder>> load(Feedback& feedback) const;
};

struct MeasureArguments {
    std::string k = "100", target = "pool", definition = "geyik", correction = "holm";
    std::uint64_t seed = 0;
    std::int64_t minGroup = MeasureOptions().minGroup;
    std::vector<std::string> biasGroups;
    double level = MeasureOptions().level, tolerance = MeasureOptions().tolerance,
           slightGap = MeasureOptions().slightGap;

    void addTo(CLI::App& command);
    /// Errors: KInvalid, DefinitionUnknown, and those of a target table.
    Result<MeasureOptions> options() const;
};

/// A check of an option: a number above 0, said in a sentence.
CLI::Validator aboveZero();

/// Where the hashes of large files are kept (HashMemory).
std::filesystem::path hashMemoryFile();

/// The embedding cache in the user's cache folder; without it (a note says so) everything works, only slower.
std::optional<store::EmbeddingCache> openCache();

/// Row filters of the form COLUMN=VALUE. Errors: InvalidArgument.
Result<std::vector<std::pair<std::string, std::string>>> conditions(const std::vector<std::string>& texts);

/// The texts of a file: a JSON array of strings (.json), or one a line. Errors: FileNotFound, FileUnreadable,
/// JsonInvalid.
Result<std::vector<std::string>> readTexts(const std::string& file);

} // namespace plumbline::cli
