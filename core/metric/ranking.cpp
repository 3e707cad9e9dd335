// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/ranking.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <compare>
#include <functional>
#include <type_traits>

#include "core/metric/rank_order.h"

namespace plumbline::metric {
namespace {

/// The bits of a score as an unsigned number that grows as the score falls, so that integers can be compared instead of
/// scores looked up. Adding zero makes -0 and +0 a tie.
template <class T>
auto descendingBits(T score) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr Bits kSign = Bits{1} << (sizeof(T) * 8 - 1);
    const Bits bits = std::bit_cast<Bits>(score + T{0});
    return (bits & kSign) != 0 ? bits : static_cast<Bits>(~(bits | kSign));
}

/// Score and row number in one comparable key.
template <class T>
struct Key;

template <>
struct Key<float> {
    std::uint64_t packed;
    Key(float score, std::uint32_t row) : packed(std::uint64_t{descendingBits(score)} << 32 | row) {}
    std::uint32_t row() const { return static_cast<std::uint32_t>(packed); }
    auto operator<=>(const Key&) const = default;
};

template <>
struct Key<double> {
    std::uint64_t bits;
    std::uint32_t number;
    Key(double score, std::uint32_t row) : bits(descendingBits(score)), number(row) {}
    std::uint32_t row() const { return number; }
    auto operator<=>(const Key&) const = default;
};

template <class T>
std::vector<std::uint32_t> firstRows(std::vector<Key<T>>& keys, std::size_t prefix) {
    prefix = std::min(prefix, keys.size());
    const auto middle = keys.begin() + static_cast<std::ptrdiff_t>(prefix);
    if (prefix < keys.size())
        std::nth_element(keys.begin(), middle, keys.end());
    std::sort(keys.begin(), middle);
    std::vector<std::uint32_t> rows(prefix);
    std::transform(keys.begin(), middle, rows.begin(), std::mem_fn(&Key<T>::row));
    return rows;
}

template <class T>
std::vector<std::uint32_t> topRowsOf(std::span<const T> scores, std::size_t k) {
    std::vector<Key<T>> keys;
    keys.reserve(scores.size());
    for (std::size_t row = 0; row < scores.size(); ++row)
        if (!std::isnan(scores[row]))
            keys.emplace_back(scores[row], static_cast<std::uint32_t>(row));
    return firstRows(keys, k);
}

template <class T>
RankOrder rankOrderOf(std::span<const T> scores, std::span<const std::int32_t> groups, std::size_t prefix) {
    std::vector<Key<T>> keys;
    keys.reserve(scores.size());
    std::vector<std::uint32_t> last;
    for (std::size_t row = 0; row < scores.size(); ++row) {
        if (groups[row] < 0)
            continue;
        if (std::isnan(scores[row]))
            last.push_back(static_cast<std::uint32_t>(row));
        else
            keys.emplace_back(scores[row], static_cast<std::uint32_t>(row));
    }
    RankOrder order{firstRows(keys, prefix), static_cast<std::int64_t>(last.size())};
    const std::size_t missing = std::min(prefix - order.rows.size(), last.size());
    order.rows.insert(order.rows.end(), last.begin(), last.begin() + static_cast<std::ptrdiff_t>(missing));
    return order;
}

} // namespace

std::vector<std::uint32_t> topRows(std::span<const double> scores, std::size_t k) {
    return topRowsOf(scores, k);
}
std::vector<std::uint32_t> topRows(std::span<const float> scores, std::size_t k) {
    return topRowsOf(scores, k);
}

RankOrder rankOrder(std::span<const double> scores, std::span<const std::int32_t> groups, std::size_t prefix) {
    return rankOrderOf(scores, groups, prefix);
}
RankOrder rankOrder(std::span<const float> scores, std::span<const std::int32_t> groups, std::size_t prefix) {
    return rankOrderOf(scores, groups, prefix);
}

} // namespace plumbline::metric
