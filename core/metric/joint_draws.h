// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/labels.h"
#include "core/data/measure.h"
#include "core/metric/ndkl.h"
#include "core/metric/pool.h"

namespace plumbline::metric {

/// What the rankings of many prompts over the same images have in common, and the draws that treat them together: a
/// resample is of images, so the same images are drawn for every prompt (and for both models of a comparison).
///
/// Nothing is sorted again. A replicate is one multiplicity an image (how often it was drawn); each prompt's ranking,
/// sorted once, is walked from the top until k rows are collected: about k steps a prompt and replicate. Random
/// relabellings and exchanges of two rankings are walked in the same way.

/// MaxSkew, MinSkew, NDKL of one list of k rows, in this order. In MinSkew an absent group counts as if it had one row
/// (otherwise it would be minus infinity, and no mean over prompts or replicates would exist).
constexpr std::size_t kRankMeasures = 3;
using RankValues = std::array<double, kRankMeasures>;

/// The labelled images, numbered 0 to n - 1 in row order ("places"), and what their rankings are measured against.
struct JointPool {
    Rules rules;
    Pool pool;
    std::int64_t k = 0;               ///< asked for
    std::size_t rows = 0;             ///< min(k, n)
    std::vector<std::uint32_t> rowOf; ///< of each place
    std::vector<std::uint32_t> group; ///< of each place
    std::optional<NdklTables> tables; ///< none with a single group
    double normaliserOfK = 0;         ///< Z over the k asked for, of definitions that divide by it
    std::size_t n() const { return rowOf.size(); }
    bool applicable() const { return pool.groups.size() > 1; }

    /// Errors: those of makePool, KInvalid.
    static Result<JointPool> create(const Attribute& attribute, const MeasureOptions& options);
    /// The measures of a list of groups in rank order. `anyAbsent`: set where a group has no row in it.
    RankValues measure(std::span<const std::uint32_t> groups, std::span<const double> logShare, NdklSum& scratch,
                       bool* anyAbsent = nullptr) const;
    /// The groups with the largest and the smallest skew in such a list; the largest is absent where MaxSkew starts at
    /// 0 and none is above.
    struct Extremes {
        std::optional<std::uint32_t> largest, smallest;
    };
    Extremes extremes(std::span<const std::uint32_t> groups, std::span<const double> logShare) const;
    /// The skews of these groups in another list: MaxSkew and MinSkew as linear functions about the first list, in the
    /// first two places. The third is not set.
    RankValues skewsOf(const Extremes& of, std::span<const std::uint32_t> groups,
                       std::span<const double> logShare) const;
    /// NDKL alone, over as many ranks as the list has.
    double ndkl(std::span<const std::uint32_t> groups, std::span<const double> logShare, NdklSum& scratch) const;
    NdklSum scratch() const { return {*tables, pool.groups.size(), 0}; }
    /// What a ranking blind to the attribute tends to (METHODS A3) for these counts of the pool.
    RankValues neutral(std::span<const std::int64_t> counts) const;
};

/// The fronts of all prompts' rankings.
struct JointRankings {
    std::size_t prompts = 0, depth = 0;
    std::vector<std::uint32_t> places; ///< prompts x depth
    std::vector<std::uint32_t> tieEnd; ///< prompts x depth, for each rank the first rank of a lower score; only where
                                       ///< the rules keep ties
    std::span<const std::uint32_t> of(std::size_t prompt) const {
        return std::span(places).subspan(prompt * depth, depth);
    }
    std::span<const std::uint32_t> tiesOf(std::size_t prompt) const {
        return tieEnd.empty() ? std::span<const std::uint32_t>() : std::span(tieEnd).subspan(prompt * depth, depth);
    }
};
/// `scores`: prompts x rows of the attribute. Cancelled.
Outcome<JointRankings> rankJointly(const JointPool& pool, std::span<const float> scores, std::size_t prompts,
                                   Feedback& feedback);

/// How often each place was drawn.
using Multiplicity = std::vector<std::uint8_t>;
/// One bootstrap sample of n images; `counts` receives how many of each group were drawn.
void drawImages(const JointPool& pool, std::uint64_t seed, std::uint64_t replicate, Multiplicity& drawn,
                std::vector<std::int64_t>& counts);
/// The groups of the first `rows` rows of a resample. `drawn` empty: of the images themselves.
void walk(const JointPool& pool, std::size_t rows, std::span<const std::uint32_t> ranking,
          std::span<const std::uint32_t> tieEnd, std::span<const std::uint8_t> drawn,
          std::vector<std::uint32_t>& groups);
inline void walk(const JointPool& pool, std::span<const std::uint32_t> ranking, std::span<const std::uint32_t> tieEnd,
                 std::span<const std::uint8_t> drawn, std::vector<std::uint32_t>& groups) {
    walk(pool, pool.rows, ranking, tieEnd, drawn, groups);
}

/// Images dealt at random to parts of (nearly) the same size, to leave one part out at a time (the delete-a-group
/// jackknife; Kott, "The Delete-a-Group Jackknife", Journal of Official Statistics 17(4), 2001): the number of the part
/// of each place. As many parts as images where there are fewer than `parts`.
struct Parts {
    std::vector<std::uint8_t> partOf;
    std::size_t count = 0;
};
Parts dealParts(const JointPool& pool, std::size_t parts, std::uint64_t seed);
/// Leaves out a part: `kept` as for walk; `counts` of the groups that stay.
void leaveOut(const JointPool& pool, const Parts& parts, std::size_t part, Multiplicity& kept,
              std::vector<std::int64_t>& counts);
/// The groups of the top rows when each place with `swapped` stands where the second ranking has it, and every other
/// where the first has it.
void walkExchanged(const JointPool& pool, std::span<const std::uint32_t> first, std::span<const std::uint32_t> second,
                   std::span<const std::uint8_t> swapped, bool complement, std::vector<std::uint32_t>& groups);

/// Sums of standardised scores over blocks of images of the same group, so that the groups' mean scores can be
/// resampled in a time that does not grow with the number of images. A group has at most kBlocks blocks, to which its
/// images are dealt at random; a group with fewer images has one a block. Resampling blocks estimates the variance of a
/// group's mean with kBlocks - 1 degrees of freedom: its standard error is 3.5 % of the standard deviation.
struct ScoreBlocks {
    static constexpr std::size_t kBlocks = 400;
    std::size_t prompts = 0;
    std::vector<std::size_t> begin; ///< of each group's blocks, and the end of the last
    std::vector<double> size;       ///< images of each block
    std::vector<float> sums;        ///< prompts x blocks: of (score - mean of the prompt) / its standard deviation
    std::vector<float> squares;     ///< the same of the squares of these scores
    std::vector<double> sd;         ///< of each prompt's scores (ddof 1); 0 where all are alike
    std::int64_t leftOut = 0;       ///< images without a finite score for every prompt
    std::size_t blocks() const { return size.size(); }

    /// Mean over the groups of |mean of the group - mean of all others|, in standard deviations of the prompt's scores.
    /// `weight`: one a block. `signs`: where not empty, one a group and prompt: the differences times these in the
    /// place of their absolute values.
    double gap(std::size_t prompt, std::span<const float> weight, std::span<const float> signs = {}) const;
    /// Standard deviation of these scores in a resample (near 1); 1 where all scores are alike.
    double spread(std::size_t prompt, std::span<const float> weight) const;
    /// The signs of each group's difference, prompts x groups.
    std::vector<float> signs() const;
};
/// The gaps of two models that exchange blocks.
class ExchangedGaps {
public:
    /// Blocks of the same images, which must outlive this.
    ExchangedGaps(const ScoreBlocks& first, const ScoreBlocks& second);
    /// As ScoreBlocks::gap() with every block once: of the first with the blocks of the second where `swapped` (0 or 1
    /// a block) says so, and of the second with those of the first.
    std::array<double, 2> of(std::size_t prompt, std::span<const float> swapped) const;

private:
    const ScoreBlocks& m_frame;
    std::vector<double> m_difference; ///< prompts x blocks: of the sums, second - first
    std::vector<double> m_images;     ///< of each group
    std::vector<double> m_sums;       ///< prompts x groups x 2: of the first and the second
};
/// Blocks of both score matrices over the same images (`second` may be empty); the same images in the same blocks.
struct BlocksOfBoth {
    ScoreBlocks first, second;
};
Outcome<BlocksOfBoth> makeBlocks(const JointPool& pool, std::span<const float> first, std::span<const float> second,
                                 std::size_t prompts, std::uint64_t seed, Feedback& feedback);
/// Draws blocks with replacement within each group.
void drawBlocks(const ScoreBlocks& blocks, std::uint64_t seed, std::uint64_t replicate, std::vector<float>& weight);

/// Prompts and what they are about, for intervals over prompts.
struct PromptClusters {
    std::vector<std::int32_t> cluster; ///< one a prompt, below `count`
    std::size_t count = 0;
};
/// Numbers the concepts from 0; `concepts` empty: each prompt is its own.
PromptClusters clusterPrompts(std::span<const std::int32_t> concepts, std::size_t prompts);

/// Interval of a mean over prompts that are a sample of the prompts that could have been asked, clustered by concept:
/// t with clusters - 1 degrees of freedom and the standard error of a ratio of cluster sums. Nothing with one cluster.
struct MeanOverPrompts {
    double mean = 0;
    std::optional<double> standardError;
    std::size_t clusters = 0;
};
MeanOverPrompts meanOverPrompts(std::span<const double> values, const PromptClusters& clusters);

} // namespace plumbline::metric
