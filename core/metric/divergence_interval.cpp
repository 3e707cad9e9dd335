// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/divergence_interval.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/random/binomial_distribution.hpp>

#include "core/base/random.h"
#include "core/metric/ndkl.h"
#include "core/metric/parallel.h"

namespace plumbline::metric {
namespace {

constexpr double kFurthest = 40;               // there a path has left every group but one
constexpr std::size_t kSingleRanks = 256;
constexpr std::size_t kPart = 32;
constexpr std::size_t kRowsDrawnSingly = 8;    // in a block, and in a list of many blocks so many a group:
constexpr double kFewForNormal = 50;           // expected rows of the rarest group under which no counts are normal
constexpr std::size_t kMostNormalGroups = 128; // whose numbers are kept
constexpr std::size_t kFewestRowsOfMany = 32, kMostRowsOfMany = 128;
constexpr std::size_t kGuideBits = 6;
constexpr double kGrowth = 0.2; // of a lean, for each factor e by which the rank is smaller
constexpr std::size_t kStepsAlone = 2'000;
constexpr double kPriorRows = 20;
constexpr double kNdklTail = 0.7; // of the tail asked for: the shares along the ranks are estimated, not known

struct Block {
    std::size_t end;   ///< rank of its last row, from 1
    double weight = 0; ///< of the divergence of the rows up to its end in the mean over ranks
};

/// Blocks of the ranks: the first kSingleRanks each for itself, then a part of the rank. Between the ends of two blocks
/// the divergence is taken as linear in the rank: the mean over rankings is off by less than a ten-thousandth of it.
std::vector<Block> blocksOf(std::size_t rows, DivergenceKind kind) {
    if (kind != DivergenceKind::Ndkl)
        return {{rows, 1.0}};
    std::vector<Block> blocks;
    double all = 0;
    for (std::size_t begin = 0; begin < rows;) {
        const std::size_t length = begin < kSingleRanks ? 1 : begin / kPart;
        Block block{std::min(rows, begin + length)};
        for (std::size_t rank = begin + 1; rank <= block.end; ++rank) {
            const double weight = 1.0 / std::log2(static_cast<double>(rank) + 1.0);
            const double part = static_cast<double>(rank - begin) / static_cast<double>(block.end - begin);
            block.weight += weight * part;
            if (part < 1)
                blocks.back().weight += weight * (1 - part);
            all += weight;
        }
        begin = block.end;
        blocks.push_back(block);
    }
    for (Block& block : blocks)
        block.weight /= all;
    return blocks;
}

double xLogX(double x) {
    return x > 0 ? x * std::log(x) : 0.0;
}

/// A quantile of draws from their first three moments: that of a gamma distribution, shifted and perhaps mirrored.
double gammaQuantile(const std::vector<double>& draws, double p) {
    const auto n = static_cast<double>(draws.size());
    double mean = 0, square = 0, cube = 0;
    for (const double draw : draws)
        mean += draw / n;
    for (const double draw : draws) {
        square += (draw - mean) * (draw - mean);
        cube += (draw - mean) * (draw - mean) * (draw - mean);
    }
    const double sd = std::sqrt(square / (n - 1));
    if (!(sd > 1e-14))
        return mean;
    const double skewness = std::clamp(cube / n / (sd * sd * sd), -15.0, 15.0);
    if (std::abs(skewness) < 0.01)
        return mean + sd * boost::math::quantile(boost::math::normal(), p);
    const double shape = 4 / (skewness * skewness);
    const double q = boost::math::gamma_p_inv(shape, skewness > 0 ? p : 1 - p);
    return mean + (skewness > 0 ? sd : -sd) * (q - shape) / std::sqrt(shape);
}

struct Generator {
    using result_type = std::uint32_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
    result_type operator()() { return random.next32(); }
    RandomStream random;
};

std::int64_t binomial(std::int64_t trials, double probability, Generator& generator) {
    if (trials <= 0 || !(probability > 0))
        return 0;
    return probability >= 1 ? trials
                            : boost::random::binomial_distribution<std::int64_t>(trials, probability)(generator);
}

/// Random numbers, the same at every place of all paths, so that what is drawn there differs by the shares only.
struct Numbers {
    std::size_t draws = 0;
    std::size_t singleRows = 0;        ///< of the first blocks: a number for each row
    std::vector<std::uint32_t> single; ///< draws x singleRows
    std::size_t normalBlocks = 0;      ///< of a long list those after them: a normal number for each group
    std::vector<float> normal;         ///< draws x normalBlocks x groups
};

/// Rows are drawn singly in blocks of few, else as a multinomial. In a list of many blocks the counts that matter are
/// sums over many draws by then: where the rarest group has enough rows for it, blocks add normal numbers with a
/// multinomial's means and covariances.
Outcome<Numbers> drawNumbers(std::span<const Block> blocks, std::span<const double> share, std::size_t draws,
                             std::uint64_t seed, std::string_view name, Feedback& feedback) {
    const std::size_t groups = share.size();
    const double normalFrom = groups > kMostNormalGroups ? std::numeric_limits<double>::infinity()
                                                         : kFewForNormal / *std::ranges::min_element(share);
    std::size_t most = kRowsDrawnSingly;
    if (blocks.size() > 1) {
        most = std::clamp(kRowsDrawnSingly * groups, kFewestRowsOfMany, kMostRowsOfMany);
        if (normalFrom > static_cast<double>(kPart * most)) // where blocks have so many rows
            most = kMostRowsOfMany;
    }
    Numbers numbers;
    numbers.draws = draws;
    std::size_t singleBlocks = 0;
    for (; singleBlocks < blocks.size() && blocks[singleBlocks].end - numbers.singleRows <= most; ++singleBlocks)
        numbers.singleRows = blocks[singleBlocks].end;
    std::size_t firstNormal = blocks.size() == 1 ? 1 : singleBlocks;
    while (firstNormal < blocks.size() &&
           (firstNormal == 0 || static_cast<double>(blocks[firstNormal - 1].end) < normalFrom))
        ++firstNormal;
    numbers.normalBlocks = blocks.size() - firstNormal;
    const std::size_t normals = numbers.normalBlocks * groups;
    numbers.single.resize(draws * numbers.singleRows);
    numbers.normal.resize(draws * normals);
    const std::uint64_t rowStream = streamId(std::string(name) + "/rows");
    const std::uint64_t blockStream = streamId(std::string(name) + "/blocks");
    const bool done = forEachReplicate(
        draws, feedback, [] { return 0; },
        [&](int, std::size_t i) {
            RandomStream rows(seed, rowStream, i);
            std::generate_n(numbers.single.data() + i * numbers.singleRows, numbers.singleRows,
                            [&] { return rows.next32(); });
            RandomStream normal(seed, blockStream, i);
            std::generate_n(numbers.normal.data() + i * normals, normals,
                            [&] { return static_cast<float>(normal.normal()); });
        });
    if (!done)
        return tl::unexpected(Stop(Cancelled{}));
    return numbers;
}

/// What rankings show at one place of a path.
struct Level {
    double truth = 0;                     ///< the population's divergence there
    double low = 0, middle = 0, high = 0; ///< quantiles of the divergences of drawn rankings
};

/// Rankings drawn along one path.
class Path {
public:
    /// `direction`: blocks x groups, what is added to ln q for each unit of s.
    Path(const DivergenceEvidence& evidence, DivergenceKind kind, std::span<const Block> blocks, const Numbers& numbers,
         std::vector<double> direction, double tail, std::uint64_t stream, std::uint64_t seed, Feedback& feedback)
        : m_evidence(evidence), m_kind(kind), m_blocks(blocks), m_numbers(numbers), m_direction(std::move(direction)),
          m_tail(tail), m_stream(stream), m_seed(seed), m_feedback(feedback) {
        // A row that comes in a block counts in the shares from that block on.
        m_tailOfBlock.resize(blocks.size());
        double sum = 0;
        for (std::size_t b = blocks.size(); b-- > 0;) {
            sum += blocks[b].weight / static_cast<double>(blocks[b].end);
            m_tailOfBlock[b] = sum;
            m_offset += blocks[b].weight * std::log(static_cast<double>(blocks[b].end));
        }
    }

    Outcome<Level> at(double strength) {
        if (const auto known = m_levels.find(strength); known != m_levels.end())
            return known->second;
        setShares(strength);
        Level level;
        level.truth = truth();
        const std::size_t count = m_numbers.draws;
        std::vector<double> draws(count);
        // A place is soon done and many follow each other: threads are worth waiting for in long lists only.
        const std::size_t steps = m_numbers.singleRows + m_blocks.size() * groups();
        if (steps > kStepsAlone) {
            if (!forEachReplicate(
                    count, m_feedback, [&] { return Scratch(groups()); },
                    [&](Scratch& scratch, std::size_t i) { draws[i] = draw(scratch, i); }))
                return tl::unexpected(Stop(Cancelled{}));
        } else {
            Scratch scratch(groups());
            for (std::size_t i = 0; i < count; ++i)
                draws[i] = draw(scratch, i);
            if (m_feedback.cancelled())
                return tl::unexpected(Stop(Cancelled{}));
        }
        std::sort(draws.begin(), draws.end());
        const auto drawn = [&](double p) {
            const double place = std::ceil(p * static_cast<double>(count) - 1e-9);
            return draws[static_cast<std::size_t>(std::clamp(place, 1.0, static_cast<double>(count))) - 1];
        };
        level.low = std::min(gammaQuantile(draws, m_tail), drawn(m_tail));
        level.high = std::max(gammaQuantile(draws, 1 - m_tail), drawn(1 - m_tail));
        level.middle = (draws[(count - 1) / 2] + draws[count / 2]) / 2;
        return m_levels.emplace(strength, level).first->second;
    }

    /// The population's divergence where a quantile of the drawn ones crosses `observed`; 0 where the path starts above
    /// it.
    Outcome<double> crossing(double Level::*quantile, double observed, double start) {
        PLUMBLINE_TRY(Level below, at(0));
        if (below.*quantile >= observed)
            return 0.0;
        double low = 0, high = start;
        Level above;
        for (;;) {
            PLUMBLINE_TRY(above, at(high));
            if (above.*quantile >= observed)
                break;
            if (high >= kFurthest)
                return above.truth;
            low = high;
            below = above;
            high = std::min(kFurthest, 1.8 * high);
        }
        // By interpolation, but never nearer than a fifth of the bracket to its ends, so that both ends move.
        const auto part = [&] {
            const double rise = above.*quantile - below.*quantile;
            return rise > 0 ? (observed - below.*quantile) / rise : 0.5;
        };
        for (int step = 0; step < 3; ++step) {
            const double middle = low + (high - low) * std::clamp(part(), 0.2, 0.8);
            PLUMBLINE_TRY(const Level level, at(middle));
            const bool beyond = level.*quantile >= observed;
            (beyond ? high : low) = middle;
            (beyond ? above : below) = level;
        }
        return below.truth + std::clamp(part(), 0.0, 1.0) * (above.truth - below.truth);
    }

private:
    std::size_t groups() const { return m_evidence.share.size(); }

    struct Scratch {
        explicit Scratch(std::size_t groups)
            : counts(groups), before(groups), rows(groups), values(groups), tails(groups), share(groups) {}
        std::vector<std::int64_t> counts, before;
        std::vector<double> rows, values, tails, share;
    };

    void setShares(double strength) {
        const std::size_t g = groups();
        m_shares.resize(m_blocks.size() * g);
        m_thresholds.resize(m_blocks.size() * g);
        m_guides.resize(m_blocks.size() << kGuideBits);
        m_roots.resize(m_blocks.size() * g);
        std::vector<double> expected(g, 0.0);
        std::size_t begin = 0;
        for (std::size_t b = 0; b < m_blocks.size(); ++b) {
            double* const mine = &m_shares[b * g];
            double largest = -std::numeric_limits<double>::infinity(), sum = 0;
            for (std::size_t i = 0; i < g; ++i) {
                mine[i] = std::log(m_evidence.share[i]) + strength * m_direction[b * g + i];
                largest = std::max(largest, mine[i]);
            }
            for (std::size_t i = 0; i < g; ++i)
                sum += mine[i] = std::exp(mine[i] - largest);
            double before = 0;
            for (std::size_t i = 0; i < g; ++i) {
                mine[i] /= sum;
                m_roots[b * g + i] = std::sqrt(mine[i]);
                before += mine[i];
                m_thresholds[b * g + i] = static_cast<std::uint32_t>(std::min(before * 4294967296.0, 4294967295.0));
                expected[i] += mine[i] * static_cast<double>(m_blocks[b].end - begin);
            }
            const std::uint32_t* const first = &m_thresholds[b * g];
            std::uint32_t group = 0;
            for (std::size_t j = 0; j < std::size_t{1} << kGuideBits; ++j) {
                while (group + 1 < g && static_cast<std::uint32_t>(j << (32 - kGuideBits)) >= first[group])
                    ++group;
                m_guides[(b << kGuideBits) + j] = group;
            }
            begin = m_blocks[b].end;
        }
        // The rest of the pool: what the pool has beyond the rows expected at the top.
        const auto rows = static_cast<double>(begin), n = static_cast<double>(m_evidence.n);
        m_rest.assign(g, 0.0);
        m_target.assign(m_evidence.share.begin(), m_evidence.share.end());
        if (!m_evidence.poolTarget)
            return;
        double left = 0;
        for (std::size_t i = 0; i < g; ++i)
            left += m_rest[i] = std::max(0.0, n * m_evidence.share[i] - expected[i]);
        for (std::size_t i = 0; i < g; ++i) {
            m_rest[i] = left > 0 ? m_rest[i] / left : m_evidence.share[i];
            m_target[i] = (expected[i] + m_rest[i] * (n - rows)) / n;
        }
    }

    /// The divergence without noise.
    double truth() const {
        const std::size_t g = groups();
        std::vector<double> sums(g, 0.0);
        double result = 0;
        std::size_t begin = 0;
        for (std::size_t b = 0; b < m_blocks.size(); ++b) {
            const auto end = static_cast<double>(m_blocks[b].end);
            double divergence = 0;
            for (std::size_t i = 0; i < g; ++i) {
                sums[i] += m_shares[b * g + i] * static_cast<double>(m_blocks[b].end - begin);
                divergence += term(sums[i] / end, m_target[i]);
            }
            result += m_blocks[b].weight * divergence;
            begin = m_blocks[b].end;
        }
        return std::max(0.0, m_kind == DivergenceKind::TotalVariation ? result / 2 : result);
    }
    double term(double share, double target) const {
        if (m_kind == DivergenceKind::TotalVariation)
            return std::abs(share - target);
        return share > 0 && target > 0 ? share * std::log(share / target) : 0.0;
    }

    /// The divergence of one drawn ranking. NDKL is summed as in NdklSum.
    double draw(Scratch& s, std::size_t replicate) const {
        const std::size_t g = groups();
        Generator generator{RandomStream(m_seed, m_stream, replicate)};
        const std::size_t singly = m_numbers.singleRows;
        const std::uint32_t* number = m_numbers.single.data() + replicate * singly;
        std::fill(s.counts.begin(), s.counts.end(), 0);
        std::fill(s.tails.begin(), s.tails.end(), 0.0);
        double sum = 0;
        std::size_t begin = 0;
        for (std::size_t b = 0; b + m_numbers.normalBlocks < m_blocks.size(); ++b) {
            const std::size_t length = m_blocks[b].end - begin;
            begin = m_blocks[b].end;
            const double tail = m_tailOfBlock[b];
            if (begin <= singly) {
                const std::uint32_t* const first = &m_thresholds[b * g];
                if (length > kRowsDrawnSingly) {
                    const std::uint32_t* const guide = &m_guides[b << kGuideBits];
                    s.before = s.counts;
                    for (std::size_t row = 0; row < length; ++row) {
                        const std::uint32_t at = *number++;
                        std::uint32_t group = guide[at >> (32 - kGuideBits)];
                        while (group + 1 < g && at >= first[group])
                            ++group;
                        ++s.counts[group];
                    }
                    for (std::size_t i = 0; i < g; ++i)
                        if (s.counts[i] > s.before[i]) {
                            sum += tail * (m_xLogX.of(s.counts[i]) - m_xLogX.of(s.before[i]));
                            s.tails[i] += tail * static_cast<double>(s.counts[i] - s.before[i]);
                        }
                    continue;
                }
                for (std::size_t row = 0; row < length; ++row) {
                    const std::uint32_t at = *number++;
                    std::size_t group = 0;
                    if (g <= 16)
                        for (std::size_t i = 0; i + 1 < g; ++i) // without a jump that cannot be foreseen
                            group += at >= first[i];
                    else
                        group =
                            std::min(g - 1, static_cast<std::size_t>(std::upper_bound(first, first + g, at) - first));
                    sum += tail * m_xLogX.step(++s.counts[group]);
                    s.tails[group] += tail;
                }
                continue;
            }
            auto left = static_cast<std::int64_t>(length);
            double probability = 1;
            for (std::size_t i = 0; i < g && left > 0; ++i) {
                const double mine = m_shares[b * g + i];
                const std::int64_t drawn =
                    i + 1 == g ? left : binomial(left, std::min(1.0, mine / probability), generator);
                if (drawn > 0) {
                    const std::int64_t before = s.counts[i];
                    s.counts[i] += drawn;
                    sum += tail * (m_xLogX.of(s.counts[i]) - m_xLogX.of(before));
                    s.tails[i] += tail * static_cast<double>(drawn);
                }
                left -= drawn;
                probability = std::max(1e-300, probability - mine);
            }
        }
        std::copy(s.counts.begin(), s.counts.end(), s.rows.begin());
        if (m_numbers.normalBlocks > 0) {
            sum += addNormalBlocks(s, replicate, begin);
            begin = m_blocks.back().end;
        }
        s.share = m_target;
        if (m_evidence.poolTarget)
            drawPool(s, static_cast<std::int64_t>(begin), generator);
        if (m_kind == DivergenceKind::TotalVariation) {
            double distance = 0;
            for (std::size_t i = 0; i < g; ++i)
                distance += std::abs(s.rows[i] / static_cast<double>(begin) - s.share[i]);
            return distance / 2;
        }
        sum -= m_offset;
        for (std::size_t i = 0; i < g; ++i)
            if (s.tails[i] > 0 && s.share[i] > 0) // rows that blocks have taken back have left their part
                sum -= s.tails[i] * std::log(s.share[i]);
        return std::max(0.0, sum);
    }
    /// Adds the blocks after `begin` to the rows of the groups; what they add to the sum.
    double addNormalBlocks(Scratch& s, std::size_t replicate, std::size_t begin) const {
        const std::size_t g = groups();
        const float* number = m_numbers.normal.data() + replicate * m_numbers.normalBlocks * g;
        for (std::size_t i = 0; i < g; ++i)
            s.values[i] = xLogX(s.rows[i]);
        double sum = 0;
        for (std::size_t b = m_blocks.size() - m_numbers.normalBlocks; b < m_blocks.size(); ++b, number += g) {
            const auto length = static_cast<double>(m_blocks[b].end - begin);
            begin = m_blocks[b].end;
            const double tail = m_tailOfBlock[b], root = std::sqrt(length);
            const double* const share = &m_shares[b * g];
            const double* const rootOfShare = &m_roots[b * g];
            double shift = 0; // so that the groups' rows sum up to the block's
            for (std::size_t i = 0; i < g; ++i)
                shift += rootOfShare[i] * static_cast<double>(number[i]);
            for (std::size_t i = 0; i < g; ++i) {
                const double added =
                    length * share[i] + root * (rootOfShare[i] * static_cast<double>(number[i]) - share[i] * shift);
                const double rows = std::max(0.0, s.rows[i] + added), value = xLogX(rows);
                sum += tail * (value - s.values[i]);
                s.tails[i] += tail * (rows - s.rows[i]);
                s.rows[i] = rows;
                s.values[i] = value;
            }
        }
        return sum;
    }
    void drawPool(Scratch& s, std::int64_t rows, Generator& generator) const {
        std::int64_t left = m_evidence.n - rows;
        double probability = 1;
        for (std::size_t i = 0; i < groups(); ++i) {
            const std::int64_t drawn =
                i + 1 == groups() ? left : binomial(left, std::min(1.0, m_rest[i] / probability), generator);
            left -= drawn;
            probability = std::max(1e-300, probability - m_rest[i]);
            s.share[i] = (s.rows[i] + static_cast<double>(drawn)) / static_cast<double>(m_evidence.n);
        }
    }

    /// c ln c and its steps, from tables for the counts that are common.
    class Steps {
    public:
        Steps() : m_values(kCommon), m_steps(kCommon) {
            for (std::size_t c = 1; c < kCommon; ++c) {
                m_values[c] = xLogX(static_cast<double>(c));
                m_steps[c] = m_values[c] - m_values[c - 1];
            }
        }
        double of(std::int64_t c) const {
            const auto place = static_cast<std::size_t>(c);
            return place < kCommon ? m_values[place] : xLogX(static_cast<double>(c));
        }
        /// c ln c - (c-1) ln(c-1)
        double step(std::int64_t c) const {
            const auto place = static_cast<std::size_t>(c);
            return place < kCommon ? m_steps[place] : xLogX(static_cast<double>(c)) - xLogX(static_cast<double>(c) - 1);
        }

    private:
        static constexpr std::size_t kCommon = 8192;
        std::vector<double> m_values, m_steps;
    };

    const DivergenceEvidence& m_evidence;
    DivergenceKind m_kind;
    std::span<const Block> m_blocks;
    const Numbers& m_numbers;
    std::vector<double> m_direction;
    double m_tail;
    std::uint64_t m_stream, m_seed;
    Feedback& m_feedback;
    std::vector<double> m_tailOfBlock;
    double m_offset = 0;
    inline static const Steps m_xLogX;
    std::vector<double> m_shares, m_roots; ///< blocks x groups; their square roots
    std::vector<std::uint32_t> m_thresholds;
    std::vector<std::uint32_t>
        m_guides; ///< by the first bits of a number, the lowest group that it can mean; blocks x 64
    std::vector<double> m_rest, m_target;
    std::map<double, Level> m_levels;
};

/// ln of the estimated shares over the target's, blocks x groups.
std::vector<double> estimatedLean(const DivergenceEvidence& e, std::span<const Block> blocks) {
    const std::size_t groups = e.share.size(), rows = e.groupAtRank.size();
    std::vector<double> counts((blocks.size() + 1) * groups, 0.0); // before each block, and at the end
    std::size_t rank = 0;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
        std::copy_n(counts.begin() + static_cast<std::ptrdiff_t>(b * groups), groups,
                    counts.begin() + static_cast<std::ptrdiff_t>((b + 1) * groups));
        for (; rank < blocks[b].end; ++rank)
            counts[(b + 1) * groups + e.groupAtRank[rank]] += 1;
    }
    std::vector<double> whole(groups);
    for (std::size_t g = 0; g < groups; ++g) // with one row of the target's, so that no share is 0
        whole[g] = (counts[blocks.size() * groups + g] + e.share[g]) / (static_cast<double>(rows) + 1);
    const auto blockBeyond = [&](std::size_t wanted) { // the number of blocks that end at or before a rank
        return static_cast<std::size_t>(std::ranges::upper_bound(blocks, wanted, {}, &Block::end) - blocks.begin());
    };
    // From the last block up to the first: the few rows around a rank are joined with the shares found around twice the
    // rank, so that a lean that grows towards the top goes on growing where nothing speaks against it.
    std::vector<double> shares(blocks.size() * groups), lean(blocks.size() * groups);
    for (std::size_t b = blocks.size(); b-- > 0;) {
        const std::size_t from = blockBeyond(blocks[b].end / 2), to = blockBeyond(std::min(rows, 2 * blocks[b].end));
        const std::size_t first = from == 0 ? 0 : blocks[from - 1].end, last = blocks[to - 1].end;
        const auto length = static_cast<double>(last - first);
        const double* const prior = 2 * blocks[b].end <= rows ? &shares[(to - 1) * groups] : whole.data();
        for (std::size_t g = 0; g < groups; ++g) {
            const double here = counts[to * groups + g] - counts[from * groups + g];
            double& share = shares[b * groups + g];
            share = (here + kPriorRows * prior[g]) / (length + kPriorRows);
            lean[b * groups + g] = std::log(share / e.share[g]);
        }
    }
    return lean;
}

/// Root mean square, over the groups in proportion to their target share, of the mean over the blocks' rows.
double sizeOf(const std::vector<double>& lean, const DivergenceEvidence& e, std::span<const Block> blocks) {
    double size = 0;
    for (std::size_t g = 0; g < e.share.size(); ++g) {
        double mean = 0;
        std::size_t begin = 0;
        for (std::size_t b = 0; b < blocks.size(); ++b) {
            mean += lean[b * e.share.size() + g] * static_cast<double>(blocks[b].end - begin);
            begin = blocks[b].end;
        }
        mean /= static_cast<double>(begin);
        size += e.share[g] * mean * mean;
    }
    return std::sqrt(size);
}

} // namespace

Outcome<DivergenceInterval> divergenceInterval(const DivergenceEvidence& evidence, DivergenceKind kind, double observed,
                                               double confidence, std::size_t draws, std::string_view name,
                                               std::uint64_t seed, Feedback& feedback) {
    const std::size_t groups = evidence.share.size();
    const std::vector<Block> blocks = blocksOf(evidence.groupAtRank.size(), kind);
    const double tail = (1 - confidence) / 2 * (kind == DivergenceKind::Ndkl ? kNdklTail : 1.0);
    const std::string stream = "divergence/" + std::string(name);
    PLUMBLINE_TRY(const Numbers numbers, drawNumbers(blocks, evidence.share, draws, seed, stream, feedback));

    std::vector<double> lean = estimatedLean(evidence, blocks);
    constexpr double kLeast = 0.02;
    const double size = std::max(kLeast, sizeOf(lean, evidence, blocks));
    for (double& value : lean)
        value /= size;
    // The same lean without its ups and downs, growing towards the top as leans do where groups' scores are shifted.
    const auto growth = [&](std::size_t b) {
        return 1 + kGrowth * std::log(static_cast<double>(blocks.back().end) / static_cast<double>(blocks[b].end));
    };
    std::vector<double> steady(blocks.size() * groups);
    for (std::size_t b = 0; b < blocks.size(); ++b)
        for (std::size_t g = 0; g < groups; ++g)
            steady[b * groups + g] = lean[(blocks.size() - 1) * groups + g] * growth(b);
    Path front(evidence, kind, blocks, numbers, std::move(steady), tail, streamId(stream + "/front"), seed, feedback);
    Path own(evidence, kind, blocks, numbers, std::move(lean), tail, streamId(stream + "/own"), seed, feedback);

    const auto rarest = static_cast<std::size_t>(std::ranges::min_element(evidence.share) - evidence.share.begin());
    const double q = evidence.share[rarest];
    std::vector<double> rise(blocks.size() * groups, 0.0);
    for (std::size_t b = 0; b < blocks.size(); ++b)
        rise[b * groups + rarest] = 1 / std::sqrt(q * (1 - q));
    Path rare(evidence, kind, blocks, numbers, std::move(rise), tail, streamId(stream + "/rare"), seed, feedback);

    // A divergence of up to rounding is none.
    const double value = observed + 1e-12;
    const double start = std::max(size, 0.1);
    PLUMBLINE_TRY(const double ownLow, own.crossing(&Level::high, value, start));
    PLUMBLINE_TRY(const double rareLow, rare.crossing(&Level::high, value, start));
    PLUMBLINE_TRY(const double ownMiddle, own.crossing(&Level::middle, value, start));
    PLUMBLINE_TRY(const double ownHigh, own.crossing(&Level::low, value, start));
    PLUMBLINE_TRY(const double rareHigh, rare.crossing(&Level::low, value, start));
    double frontHigh = 0; // of a single block it is the same as its own
    if (blocks.size() > 1) {
        PLUMBLINE_TRY(frontHigh, front.crossing(&Level::low, value, start));
    }
    DivergenceInterval result;
    result.interval = {std::min(ownLow, rareLow), std::max({ownHigh, rareHigh, frontHigh})};
    result.corrected = std::clamp(ownMiddle, *result.interval.low, *result.interval.high);
    return result;
}

} // namespace plumbline::metric
