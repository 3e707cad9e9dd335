// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Internal to core/formats: how the readers of configurations look at JSON.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/data/model_info.h"

namespace plumbline::formats {

// Bounds on what a configuration may ask for, several times beyond the largest published models.
inline constexpr int kMaxWidth = 1 << 16;
inline constexpr int kMaxMlpWidth = 1 << 18;
inline constexpr int kMaxLayers = 512;
inline constexpr int kMaxImageSize = 4096;
inline constexpr int kMaxContext = 1 << 16;
inline constexpr int kMaxVocabulary = 1 << 24;
inline constexpr std::int64_t kMaxAttention = std::int64_t{1} << 30; ///< heads times the square of the positions

inline constexpr std::array<double, 3> kOpenAiMean = {0.48145466, 0.4578275, 0.40821073};
inline constexpr std::array<double, 3> kOpenAiStd = {0.26862954, 0.26130258, 0.27577711};

/// A JSON object from a file. Errors: FileNotFound, FileUnreadable, JsonInvalid.
Result<nlohmann::json> readJsonObject(const std::filesystem::path& path);

/// A value as it may stand in a message.
std::string shown(const nlohmann::json& value);

/// An empty object, for what is missing.
const nlohmann::json& emptyObject();

/// The first thing that is wrong with a configuration; later ones are not kept.
class Problems {
public:
    explicit Problems(const std::filesystem::path& model);

    void invalid(const std::string& field, const std::string& reason);
    void unsupported(const std::string& what);
    const std::optional<Error>& first() const { return m_first; }

private:
    void add(Error error);
    std::string m_model;
    std::optional<Error> m_first;
};

/// Typed access to one object of a configuration file. What is wrong goes to Problems; the fallback is returned then,
/// so that a reader needs no check after each field. A null counts as missing, as it does for both libraries.
class Fields {
public:
    Fields(const nlohmann::json& object, std::string file, std::string prefix, std::string defaults,
           Problems& problems);

    /// "vision_config.hidden_act" for messages.
    std::string field(const std::string& name) const;
    /// "config.json: vision_config.hidden_act" for provenance.
    std::string source(const std::string& name) const { return m_file + ": " + field(name); }
    std::string defaultSource() const { return "default of " + m_defaults; }

    const nlohmann::json* find(const std::string& name) const;

    Sourced<int> integer(const std::string& name, std::optional<int> fallback, int low, int high) const;
    /// An integer, or a list of two equal ones (a square).
    Sourced<int> side(const std::string& name, std::optional<int> fallback, int low, int high) const;
    Sourced<double> number(const std::string& name, double fallback, double low, double high) const;
    Sourced<bool> flag(const std::string& name, bool fallback) const;
    Sourced<std::string> word(const std::string& name, const std::string& fallback) const;
    Sourced<std::array<double, 3>> triple(const std::string& name, const std::array<double, 3>& fallback,
                                          bool positive) const;
    /// The object in one of the fields, with the same file and defaults.
    Fields inner(const std::string& name, const nlohmann::json& object) const;
    Problems& problems() const { return m_problems; }
    const nlohmann::json& object() const { return m_object; }

private:
    Sourced<int> missing(const std::string& name, std::optional<int> fallback) const;
    int checkedInteger(const nlohmann::json& value, const std::string& name, int low, int high) const;

    const nlohmann::json& m_object;
    std::string m_file, m_prefix, m_defaults;
    Problems& m_problems;
};

/// What every container asks of its towers once their numbers are known.
void checkTowers(const ModelConfig& config, const std::string& visionHeads, const std::string& textHeads,
                 const std::string& patch, Problems& problems);

/// The preparation must give what the network takes.
void checkImageSize(const ModelConfig& config, const std::string& field, Problems& problems);

} // namespace plumbline::formats
