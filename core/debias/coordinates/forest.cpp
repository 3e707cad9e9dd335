// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/coordinates/forest.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <tbb/parallel_for.h>

#include "core/base/random.h"

namespace plumbline::debias {
namespace {

constexpr std::size_t kCuts = 255;

/// The places where a coordinate may be cut, ascending: between its values, at their quantiles where there are many.
std::vector<float> cutsOf(std::vector<float> values) {
    std::ranges::sort(values);
    std::vector<float> cuts;
    const auto cutBefore = [&](std::size_t i) {
        const float cut = values[i - 1] + (values[i] - values[i - 1]) / 2;
        if (cut < values[i] && (cuts.empty() || cut > cuts.back())) // equal values cannot be cut
            cuts.push_back(cut);
    };
    std::size_t distinct = 1;
    for (std::size_t i = 1; i < values.size(); ++i)
        distinct += values[i] > values[i - 1] ? 1 : 0;
    for (std::size_t i = 1; i < values.size(); ++i)
        if (distinct <= kCuts + 1 || i * (kCuts + 1) / values.size() != (i - 1) * (kCuts + 1) / values.size())
            cutBefore(i);
    return cuts;
}

} // namespace

/// What every tree reads, and the growing of one.
class Forest::Grower {
public:
    Grower(const Embeddings& x, std::span<const std::int32_t> codes, std::size_t groups)
        : m_rows(x.rows), m_groups(groups), m_codes(codes), m_cuts(x.dim), m_bins(x.rows * x.dim),
          m_tries(std::max<std::size_t>(1, static_cast<std::size_t>(std::sqrt(static_cast<double>(x.dim))))) {
        tbb::parallel_for(std::size_t{0}, x.dim, [&](std::size_t d) {
            std::vector<float> values(x.rows);
            for (std::size_t i = 0; i < x.rows; ++i)
                values[i] = x.row(i)[d];
            m_cuts[d] = cutsOf(values);
            for (std::size_t i = 0; i < x.rows; ++i)
                m_bins[d * m_rows + i] =
                    static_cast<std::uint8_t>(std::ranges::lower_bound(m_cuts[d], values[i]) - m_cuts[d].begin());
        });
    }

    Tree grow(RandomStream random, Feedback& feedback) const {
        Tree tree;
        tree.importance.assign(m_cuts.size(), 0.0);
        std::vector<std::uint32_t> rows(m_rows), coordinates(m_cuts.size());
        for (std::uint32_t& row : rows)
            row = static_cast<std::uint32_t>(random.below(m_rows));
        std::iota(coordinates.begin(), coordinates.end(), 0U);

        struct Open {
            std::uint32_t node;
            std::size_t first, last;
        };
        std::vector<Open> open{{0, 0, m_rows}};
        tree.nodes.emplace_back();
        std::vector<std::uint32_t> counts(m_groups), histogram;
        while (!open.empty() && !feedback.cancelled()) {
            const auto [node, first, last] = open.back();
            open.pop_back();
            const std::span<std::uint32_t> mine(rows.data() + first, last - first);
            std::ranges::fill(counts, 0U);
            for (const std::uint32_t row : mine)
                ++counts[static_cast<std::size_t>(m_codes[row])];
            const Split split = std::ranges::count(counts, 0U) + 1 == static_cast<std::ptrdiff_t>(m_groups)
                                    ? Split{}
                                    : bestSplit(mine, counts, coordinates, histogram, random);
            if (!split.found) {
                tree.nodes[node].next = static_cast<std::uint32_t>(tree.shares.size());
                for (const std::uint32_t count : counts)
                    tree.shares.push_back(static_cast<float>(count) / static_cast<float>(mine.size()));
                continue;
            }
            tree.importance[split.coordinate] += split.gain;
            const std::uint8_t* bins = m_bins.data() + split.coordinate * m_rows;
            const auto right =
                std::partition(mine.begin(), mine.end(), [&](std::uint32_t row) { return bins[row] <= split.bin; });
            const std::size_t middle = first + static_cast<std::size_t>(right - mine.begin());
            const auto next = static_cast<std::uint32_t>(tree.nodes.size());
            tree.nodes[node] = {static_cast<std::uint32_t>(split.coordinate), m_cuts[split.coordinate][split.bin],
                                next};
            tree.nodes.resize(tree.nodes.size() + 2);
            open.push_back({next, first, middle});
            open.push_back({next + 1, middle, last});
        }
        const double all = std::accumulate(tree.importance.begin(), tree.importance.end(), 0.0);
        if (all > 0)
            for (double& value : tree.importance)
                value /= all;
        return tree;
    }

private:
    struct Split {
        bool found = false;
        std::size_t coordinate = 0, bin = 0; ///< bins up to this one go left
        double gain = 0;                     ///< rows times impurity
    };

    /// `coordinates` is a permutation that is shuffled further as far as it is needed.
    Split bestSplit(std::span<const std::uint32_t> rows, std::span<const std::uint32_t> counts,
                    std::vector<std::uint32_t>& coordinates, std::vector<std::uint32_t>& histogram,
                    RandomStream& random) const {
        const auto n = static_cast<double>(rows.size());
        double before = 0;
        for (const std::uint32_t count : counts)
            before += static_cast<double>(count) * static_cast<double>(count);
        before /= n;
        Split best;
        std::size_t tried = 0;
        std::vector<std::uint32_t> left(m_groups);
        for (std::size_t next = 0; next < coordinates.size() && tried < m_tries; ++next) {
            std::swap(coordinates[next], coordinates[next + random.below(coordinates.size() - next)]);
            const std::size_t d = coordinates[next];
            const std::size_t bins = m_cuts[d].size() + 1;
            const std::uint8_t* binOfRow = m_bins.data() + d * m_rows;
            histogram.assign(bins * m_groups, 0U);
            for (const std::uint32_t row : rows)
                ++histogram[binOfRow[row] * m_groups + static_cast<std::size_t>(m_codes[row])];
            std::ranges::fill(left, 0U);
            std::uint32_t leftAll = 0;
            bool constant = true;
            for (std::size_t bin = 0; bin + 1 < bins; ++bin) {
                std::uint32_t here = 0;
                for (std::size_t g = 0; g < m_groups; ++g) {
                    left[g] += histogram[bin * m_groups + g];
                    here += histogram[bin * m_groups + g];
                }
                leftAll += here;
                if (here == 0 || leftAll == rows.size())
                    continue;
                constant = false;
                double leftSquares = 0, rightSquares = 0;
                for (std::size_t g = 0; g < m_groups; ++g) {
                    const auto onLeft = static_cast<double>(left[g]);
                    const double onRight = static_cast<double>(counts[g]) - onLeft;
                    leftSquares += onLeft * onLeft;
                    rightSquares += onRight * onRight;
                }
                const auto size = static_cast<double>(leftAll);
                const double gain = leftSquares / size + rightSquares / (n - size) - before;
                if (!best.found || gain > best.gain)
                    best = {true, d, bin, gain};
            }
            tried += constant ? 0 : 1;
        }
        best.gain = std::max(0.0, best.gain);
        return best;
    }

    std::size_t m_rows, m_groups;
    std::span<const std::int32_t> m_codes;
    std::vector<std::vector<float>> m_cuts;
    std::vector<std::uint8_t> m_bins; ///< coordinate by coordinate
    std::size_t m_tries;
};

Outcome<Forest> Forest::fit(const Embeddings& x, std::span<const std::int32_t> codes, std::size_t groups,
                            std::size_t trees, std::uint64_t seed, Feedback& feedback) {
    const Grower grower(x, codes, groups);
    Forest forest;
    forest.m_groups = groups;
    forest.m_trees.resize(trees);
    tbb::parallel_for(std::size_t{0}, trees, [&](std::size_t t) {
        if (!feedback.cancelled())
            forest.m_trees[t] = grower.grow(RandomStream(seed, streamId("debias/forest"), t), feedback);
    });
    if (feedback.cancelled())
        return tl::unexpected(Stop(Cancelled{}));
    forest.m_importance.assign(x.dim, 0.0);
    for (const Tree& tree : forest.m_trees)
        for (std::size_t d = 0; d < x.dim; ++d)
            forest.m_importance[d] += tree.importance[d];
    const double all = std::accumulate(forest.m_importance.begin(), forest.m_importance.end(), 0.0);
    if (all > 0)
        for (double& value : forest.m_importance)
            value /= all;
    return forest;
}

void Forest::probabilities(std::span<const float> row, std::span<double> into) const {
    std::ranges::fill(into, 0.0);
    for (const Tree& tree : m_trees) {
        const Node* node = &tree.nodes.front();
        while (node->coordinate != kLeaf)
            node = &tree.nodes[node->next + (row[node->coordinate] <= node->threshold ? 0 : 1)];
        for (std::size_t g = 0; g < m_groups; ++g)
            into[g] += static_cast<double>(tree.shares[node->next + g]);
    }
    for (double& value : into)
        value /= static_cast<double>(m_trees.size());
}

} // namespace plumbline::debias
