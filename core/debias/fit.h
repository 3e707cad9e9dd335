// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/debias.h"
#include "core/data/embeddings.h"
#include "core/data/labels.h"
#include "core/debias/maps.h"
#include "core/debias/ranking/rules.h"

namespace plumbline::debias {

/// The parameters of a fit as values. Errors: InvalidArgument that names the parameter, what was given and what is
/// expected.
class Parameters {
public:
    explicit Parameters(const DebiasConfig& config) : m_config(config) {}

    Result<double> number(std::string_view name, double least, double most) const;
    Result<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most) const;
    /// "1", "0", "true", "false", "yes", "no", "on", "off".
    Result<bool> flag(std::string_view name) const;
    Result<std::string> choice(std::string_view name, std::initializer_list<std::string_view> choices) const;
    /// Row numbers from 0, below `rows`: "0,1,2" or "0-5" for a range; empty where nothing is given.
    Result<std::vector<std::size_t>> rows(std::string_view name, std::size_t rows) const;
    /// Pairs of row numbers: "0-1,2-3".
    Result<std::vector<std::pair<std::size_t, std::size_t>>> pairs(std::string_view name, std::size_t rows) const;
    /// Names with a number: "woman:0.5,man:0.5"; what stands after the last colon of a piece is the number. Empty where
    /// nothing is given.
    Result<std::vector<std::pair<std::string, double>>> weights(std::string_view name) const;
    std::string_view text(std::string_view name) const { return m_config.parameter(name); }
    bool given(std::string_view name) const;

private:
    const DebiasConfig& m_config;
};

/// How good a transform is on rows that the fit does not see, higher is better; for methods that choose an epoch.
using Evaluate = std::function<Outcome<double>(const VectorMap& image, const VectorMap& text)>;

/// What a method is fitted on. Row i of `images` has code i of `attribute`; a row without a label, zero or not finite
/// takes no part.
struct FitInput {
    const Embeddings& images; ///< raw, N x D
    const Attribute& attribute;
    const Embeddings* texts = nullptr;  ///< raw, T x D: spurious prompts, pairs, captions, …; null: none were given
    std::span<const std::string> words; ///< what the rows of `texts` say; empty where it is not known
    std::uint64_t seed = 0;
    Evaluate evaluate = {};                ///< empty: a method that needs it holds out some of these images
    std::filesystem::path checkpoint = {}; ///< folder where a long fit may leave its state and go on from; empty: none
};

/// What a method made of it.
struct Fitted {
    VectorMap image, text;
    std::optional<RankingRule> ranking;
    std::optional<ScoreRule> scores;
    std::optional<formats::PromptArray> promptArray;
    std::vector<DebiasFact> facts;
    std::vector<std::string> warnings;
};

/// A method: reads its parameters, fits. Errors: InvalidArgument (parameters, texts that it needs, groups with too few
/// rows), AttributeSingleGroup, AttributeEmpty, ScoresInvalid; Cancelled. Same input, parameters and seed give the same
/// bits for any number of threads.
using FitFunction = Outcome<Fitted> (*)(const FitInput&, const Parameters&, Feedback&);

/// Warns where a classifier names the group of `rows` images right less often than always naming the largest group
/// would, by more than chance: the method has over-corrected.
void warnOfLess(double accuracy, double majority, std::size_t rows, Fitted& fitted);

} // namespace plumbline::debias
