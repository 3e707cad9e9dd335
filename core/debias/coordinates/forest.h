// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"

namespace plumbline::debias {

/// A random forest (Breiman, Machine Learning 45(1), 2001): every tree sees as many rows as there are, drawn with
/// replacement, splits a node by Gini impurity on the best of sqrt(D) coordinates that are not constant there, and
/// grows until nodes are pure or all alike. A coordinate is cut at up to 255 places, the quantiles of its values.
class Forest {
public:
    /// `codes`: one a row, from 0 to groups - 1. Tree t draws from a stream of its own. Errors: Cancelled.
    static Outcome<Forest> fit(const Embeddings& x, std::span<const std::int32_t> codes, std::size_t groups,
                               std::size_t trees, std::uint64_t seed, Feedback& feedback);

    /// Mean over the trees of the groups' shares in the leaf that the row falls into.
    void probabilities(std::span<const float> row, std::span<double> into) const;

    /// One a coordinate: the impurity that its splits take away, weighted by the rows of the node, as a share of all
    /// that a tree takes away; mean over the trees. Sums to 1, or to 0 where no tree splits.
    const std::vector<double>& importance() const { return m_importance; }

private:
    static constexpr std::uint32_t kLeaf = ~std::uint32_t{0};
    struct Node {
        std::uint32_t coordinate = kLeaf; ///< kLeaf: `next` is the place of its shares
        float threshold = 0;              ///< a value up to it goes to node `next`, a greater one to `next` + 1
        std::uint32_t next = 0;
    };
    struct Tree {
        std::vector<Node> nodes;
        std::vector<float> shares;
        std::vector<double> importance;
    };
    class Grower;

    std::size_t m_groups = 0;
    std::vector<Tree> m_trees;
    std::vector<double> m_importance;
};

} // namespace plumbline::debias
