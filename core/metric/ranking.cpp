// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/ranking.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>

#include <boost/sort/pdqsort/pdqsort.hpp>

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

/// The score whose bits these are.
template <class T, class Bits>
T scoreOf(Bits bits) {
    constexpr Bits kSign = Bits{1} << (sizeof(T) * 8 - 1);
    return std::bit_cast<T>((bits & kSign) != 0 ? bits : static_cast<Bits>(~bits & ~kSign));
}

/// Score and row number in one comparable key.
template <class T>
struct Key;

template <>
struct Key<float> {
    std::uint64_t packed;
    Key(float score, std::uint32_t row) : packed(std::uint64_t{descendingBits(score)} << 32 | row) {}
    std::uint32_t row() const { return static_cast<std::uint32_t>(packed); }
    float score() const { return scoreOf<float>(static_cast<std::uint32_t>(packed >> 32)); }
    bool operator<(const Key& other) const { return packed < other.packed; }
};

template <>
struct Key<double> {
    std::uint64_t bits;
    std::uint32_t number;
    Key(double score, std::uint32_t row) : bits(descendingBits(score)), number(row) {}
    std::uint32_t row() const { return number; }
    double score() const { return scoreOf<double>(bits); }
    bool operator<(const Key& other) const { // without a jump
        return (bits < other.bits) | ((bits == other.bits) & (number < other.number));
    }
};

/// Keeps the `prefix` smallest of the keys that are shown to it, without holding the others: whenever as many again
/// have gathered, the larger half is forgotten. O(n) altogether.
template <class T>
class Smallest {
public:
    Smallest(std::size_t prefix, std::size_t most)
        : m_prefix(std::min(prefix, most)), m_room(std::min(most, m_prefix + std::max<std::size_t>(m_prefix, 4096))) {
        m_keys.reserve(m_room);
    }
    /// Whether a score is below all that can still be among the smallest keys; never said of a NaN.
    bool tooLow(T score) const { return score < m_lowest; }
    void add(const Key<T>& key) {
        if (m_bound && !(key < *m_bound))
            return;
        m_keys.push_back(key);
        if (m_keys.size() == m_room && m_prefix < m_room && m_prefix > 0)
            cut();
    }
    /// The rows in order.
    std::vector<std::uint32_t> rows() {
        if (m_keys.size() > m_prefix && m_prefix > 0)
            cut();
        m_keys.resize(std::min(m_keys.size(), m_prefix), Key<T>(T{}, 0));
        boost::sort::pdqsort_branchless(m_keys.begin(), m_keys.end());
        std::vector<std::uint32_t> rows(m_keys.size());
        std::transform(m_keys.begin(), m_keys.end(), rows.begin(), std::mem_fn(&Key<T>::row));
        return rows;
    }

private:
    void cut() {
        const auto last = m_keys.begin() + static_cast<std::ptrdiff_t>(m_prefix) - 1;
        std::nth_element(m_keys.begin(), last, m_keys.end());
        m_bound = *last;
        m_lowest = last->score();
        m_keys.resize(m_prefix, *m_bound);
    }

    std::size_t m_prefix, m_room;
    std::vector<Key<T>> m_keys;
    std::optional<Key<T>> m_bound;                    ///< a key at or above it is not among the smallest
    T m_lowest = -std::numeric_limits<T>::infinity(); ///< the bound's score
};

template <class T>
std::vector<std::uint32_t> topRowsOf(std::span<const T> scores, std::size_t k) {
    Smallest<T> keys(k, scores.size());
    for (std::size_t row = 0; row < scores.size(); ++row)
        if (!keys.tooLow(scores[row]) && !std::isnan(scores[row]))
            keys.add(Key<T>(scores[row], static_cast<std::uint32_t>(row)));
    return keys.rows();
}

template <class T>
RankOrder rankOrderOf(std::span<const T> scores, std::span<const std::int32_t> groups, std::size_t prefix,
                      bool notNumbersFirst) {
    Smallest<T> keys(prefix, scores.size());
    RankOrder order;
    std::vector<std::uint32_t> last;
    for (std::size_t row = 0; row < scores.size(); ++row) {
        if (groups[row] < 0 || keys.tooLow(scores[row]))
            continue;
        const auto number = static_cast<std::uint32_t>(row);
        if (!std::isnan(scores[row])) {
            keys.add(Key<T>(scores[row], number));
            continue;
        }
        ++order.notNumbers;
        if (notNumbersFirst) // a positive NaN has the bits above infinity
            keys.add(Key<T>(std::numeric_limits<T>::quiet_NaN(), number));
        else if (last.size() < prefix)
            last.push_back(number);
    }
    order.rows = keys.rows();
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

RankOrder rankOrder(std::span<const double> scores, std::span<const std::int32_t> groups, std::size_t prefix,
                    bool notNumbersFirst) {
    return rankOrderOf(scores, groups, prefix, notNumbersFirst);
}
RankOrder rankOrder(std::span<const float> scores, std::span<const std::int32_t> groups, std::size_t prefix,
                    bool notNumbersFirst) {
    return rankOrderOf(scores, groups, prefix, notNumbersFirst);
}

} // namespace plumbline::metric
