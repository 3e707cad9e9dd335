// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/measure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/numbers.h"

namespace plumbline {
namespace {

constexpr std::array<std::pair<Definition, std::string_view>, 3> kDefinitions{{
    {Definition::Geyik, "geyik"},
    {Definition::Berg, "berg"},
    {Definition::VlDebiasing, "vl-debiasing"},
}};

constexpr std::array<std::pair<Verdict, std::string_view>, 8> kVerdicts{{
    {Verdict::Unjudged, "unjudged"},
    {Verdict::NoLean, "no_lean_found"},
    {Verdict::Towards, "leans_towards"},
    {Verdict::Away, "leans_away"},
    {Verdict::TooFewImages, "not_enough_images"},
    {Verdict::LostToCorrection, "not_enough_after_correction"},
    {Verdict::UnsureOfTolerance, "not_enough_beyond_tolerance"},
    {Verdict::NotApplicable, "not_applicable"},
}};

} // namespace

std::int64_t KSpec::resolve(std::int64_t n) const {
    if (fraction == 0)
        return count;
    // 0.1 * 30 is 3.0000000000000004: what rounding added must not cost a row.
    const double rows = fraction * static_cast<double>(n);
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(rows - rows * 1e-12)));
}

std::optional<KSpec> parseK(std::string_view text) {
    text = trim(text);
    const bool percent = text.ends_with('%');
    if (percent)
        text = trim(text.substr(0, text.size() - 1));
    // No signs, exponents or names of numbers: a k is written with digits and at most one point.
    if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos)
        return std::nullopt;
    if (!percent && text.find('.') == std::string_view::npos) {
        const std::optional<std::int64_t> count = parseInteger(text);
        if (!count || *count < 1)
            return std::nullopt;
        return KSpec{*count, 0.0};
    }
    const std::optional<double> number = parseDouble(text);
    if (!number)
        return std::nullopt;
    const double fraction = percent ? *number / 100.0 : *number;
    if (!(fraction > 0.0 && fraction <= 1.0))
        return std::nullopt;
    return KSpec{0, fraction};
}

std::string formatK(const KSpec& k) {
    if (k.fraction == 0)
        return std::to_string(k.count);
    const auto fixed = [](double value) {
        std::array<char, 400> buffer{};
        const auto [end, error] =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
        return error == std::errc() ? std::string(buffer.data(), end) : std::string();
    };
    // The percentage, where it reads back to the same fraction: 0.07 * 100 is 7.000000000000001, so it is rounded
    // first.
    const double percent = std::round(k.fraction * 1e10) / 1e8;
    if (percent / 100.0 == k.fraction)
        return fixed(percent) + "%";
    const std::string text = fixed(k.fraction);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string_view definitionName(Definition definition) {
    for (const auto& [value, name] : kDefinitions)
        if (value == definition)
            return name;
    return {};
}

std::optional<Definition> definitionFromName(std::string_view name) {
    for (const auto& [value, known] : kDefinitions)
        if (known == name)
            return value;
    return std::nullopt;
}

std::string_view verdictName(Verdict verdict) {
    for (const auto& [value, name] : kVerdicts)
        if (value == verdict)
            return name;
    return {};
}

std::optional<Verdict> verdictFromName(std::string_view name) {
    for (const auto& [value, known] : kVerdicts)
        if (known == name)
            return value;
    return std::nullopt;
}

} // namespace plumbline
