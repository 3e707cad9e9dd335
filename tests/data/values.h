// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/data/audit.h"
#include "core/data/comparison.h"
#include "core/data/image_set.h"
#include "core/data/measure_table.h"
#include "core/data/model_info.h"

/// Compares and invents any value of core/data, member by member. `fields` names every member by a structured binding:
/// a member that is added to a type and forgotten here does not compile.
namespace plumbline::test {

template <class T, class Of>
concept Is = std::same_as<std::remove_const_t<T>, Of>;

template <class T>
inline constexpr bool kIsSourced = false;
template <class T>
inline constexpr bool kIsSourced<Sourced<T>> = true;

template <class T>
requires kIsSourced<std::remove_const_t<T>>
auto fields(T& v) {
    auto& [a, b] = v;
    return std::tie(a, b);
}
auto fields(Is<VisionConfig> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
}
auto fields(Is<TextConfig> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
}
auto fields(Is<Preprocessing> auto& v) {
    auto& [a, b, c, d, e, f, g] = v;
    return std::tie(a, b, c, d, e, f, g);
}
auto fields(Is<ModelConfig> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
}
auto fields(Is<ModelFile> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<SelfCheck> auto& v) {
    auto& [a, b] = v;
    return std::tie(a, b);
}
auto fields(Is<PlantedLean> auto& v) {
    auto& [a, b, c, d] = v;
    return std::tie(a, b, c, d);
}
auto fields(Is<ModelCard> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
}
auto fields(Is<Skipped> auto& v) {
    auto& [a, b] = v;
    return std::tie(a, b);
}
auto fields(Is<MatchReport::Repair> auto& v) {
    auto& [a, b, c, d] = v;
    return std::tie(a, b, c, d);
}
auto fields(Is<MatchReport::Unlabelled> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<MatchReport> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
}
auto fields(Is<Concept> auto& v) {
    auto& [a, b] = v;
    return std::tie(a, b);
}
auto fields(Is<ProbeSet> auto& v) {
    auto& [a, b, c, d, e] = v;
    return std::tie(a, b, c, d, e);
}
auto fields(Is<KSpec> auto& v) {
    auto& [a, b] = v;
    return std::tie(a, b);
}
auto fields(Is<ConceptShares> auto& v) {
    auto& [a, b] = v;
    return std::tie(a, b);
}
auto fields(Is<Target> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<MeasureOptions> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
}
auto fields(Is<MetricValue> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
}
auto fields(Is<MeasureRow> auto& v) {
    auto& [a, b, c, d, e] = v;
    return std::tie(a, b, c, d, e);
}
auto fields(Is<MeasureTable> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}
auto fields(Is<ComparedRun> auto& v) {
    auto& [a, b, c, d, e] = v;
    return std::tie(a, b, c, d, e);
}
auto fields(Is<JudgedDifference> auto& v) {
    auto& [a, b, c, d, e] = v;
    return std::tie(a, b, c, d, e);
}
auto fields(Is<MovedImage> auto& v) {
    auto& [a, b, c, d, e, f] = v;
    return std::tie(a, b, c, d, e, f);
}
auto fields(Is<RunComparison> auto& v) {
    auto& [a, b, c, d, e, f, g] = v;
    return std::tie(a, b, c, d, e, f, g);
}
auto fields(Is<GroupMeasure> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, w, x, y, z] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, w, x, y, z);
}
auto fields(Is<NamedValue> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<Measurement> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, w] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, w);
}
auto fields(Is<OtherMeasures> auto& v) {
    auto& [a, b, c, d, e, f] = v;
    return std::tie(a, b, c, d, e, f);
}
auto fields(Is<AppliedDebias> auto& v) {
    auto& [a, b, c, d, e, f, g] = v;
    return std::tie(a, b, c, d, e, f, g);
}
auto fields(Is<DebiasNumber> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<DebiasPoint> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<DebiasRecipe> auto& v) {
    auto& [a] = v;
    return std::tie(a);
}
auto fields(Is<DebiasCandidate> auto& v) {
    auto& [a, b, c, d, e, f, g, h] = v;
    return std::tie(a, b, c, d, e, f, g, h);
}
auto fields(Is<DebiasStudyConfig> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
}
auto fields(Is<DebiasStudy> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i] = v;
    return std::tie(a, b, c, d, e, f, g, h, i);
}
auto fields(Is<DebiasConfig> auto& v) {
    auto& [a, b, c, d] = v;
    return std::tie(a, b, c, d);
}
auto fields(Is<DebiasFact> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<DebiasCard> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
}
auto fields(Is<AuditConfig> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
}
auto fields(Is<RunProvenance> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
}
auto fields(Is<NamedMean> auto& v) {
    auto& [a, b] = v;
    return std::tie(a, b);
}
auto fields(Is<ConceptSummary> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i] = v;
    return std::tie(a, b, c, d, e, f, g, h, i);
}
auto fields(Is<AuditResult> auto& v) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = v;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k);
}
auto fields(Is<Attribute> auto& v) {
    auto& [a, b, c] = v;
    return std::tie(a, b, c);
}
auto fields(Is<ImageSet> auto& v) {
    auto& [a, b, c, d, e, f, g] = v;
    return std::tie(a, b, c, d, e, f, g);
}
template <class T>
requires requires(T& v) {
    v.first;
    v.second;
}
auto fields(T& v) {
    return std::tie(v.first, v.second);
}

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;
template <>
inline constexpr bool kIsList<std::array<double, 3>> = true;
template <>
inline constexpr bool kIsList<std::array<int, 4>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

/// Equal to the last bit.
template <class T>
bool same(const T& a, const T& b) {
    if constexpr (std::same_as<T, double>) {
        return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
    } else if constexpr (std::equality_comparable<T> && !kIsList<T> && !kIsOptional<T>) {
        return a == b;
    } else if constexpr (std::same_as<T, std::vector<bool>>) {
        return a == b;
    } else if constexpr (kIsOptional<T>) {
        return a.has_value() == b.has_value() && (!a || same(*a, *b));
    } else if constexpr (kIsList<T>) {
        if (a.size() != b.size())
            return false;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (!same(a[i], b[i]))
                return false;
        return true;
    } else {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            const auto x = fields(a);
            const auto y = fields(b);
            return (same(std::get<I>(x), std::get<I>(y)) && ...);
        }
        (std::make_index_sequence<std::tuple_size_v<decltype(fields(a))>>{});
    }
}

/// Invents values: any finite double, any integer, texts with quotes, control characters, emoji and right-to-left
/// signs.
class Inventor {
public:
    explicit Inventor(std::uint32_t seed) : m_random(seed) {}

    std::uint64_t bits() { return m_random(); }

    std::string text() {
        static constexpr const char* kPieces[] = {
            "a", "Ω", "\xF0\x9F\x8E\xAD", "\"", "\\", "\n", "שלום", "\xE2\x80\xAE", "0/", "{}", "\x01", "'", ";",
            "",  "é", "\xEE\xBE\x80"};
        std::string result;
        for (std::uint64_t n = bits() % 6; n > 0; --n)
            result += kPieces[bits() % std::size(kPieces)];
        return result;
    }

    template <class T>
    void fill(T& value) {
        if constexpr (std::same_as<T, bool>) {
            value = bits() % 2 == 0;
        } else if constexpr (std::integral<T>) {
            value = static_cast<T>(bits());
        } else if constexpr (std::same_as<T, double>) {
            do
                value = std::bit_cast<double>(bits());
            while (!(value - value == 0)); // finite
        } else if constexpr (std::same_as<T, std::string>) {
            value = text();
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(bits() % 2); // each has at least two
        } else if constexpr (kIsOptional<T>) {
            if (bits() % 3 == 0)
                value.reset();
            else
                fill(value.emplace());
        } else if constexpr (std::same_as<T, std::array<double, 3>> || std::same_as<T, std::array<int, 4>>) {
            for (auto& item : value)
                fill(item);
        } else if constexpr (kIsList<T>) {
            value.clear();
            for (std::uint64_t n = bits() % 4; n > 0; --n) {
                typename T::value_type item{};
                fill(item);
                value.push_back(std::move(item));
            }
        } else {
            std::apply([&](auto&... members) { (fill(members), ...); }, fields(value));
        }
    }

    template <class T>
    T make() {
        T value{};
        fill(value);
        return value;
    }

private:
    std::mt19937_64 m_random;
};

} // namespace plumbline::test
