// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/charsmap.h"

#include <algorithm>

#include "core/base/path.h"

namespace plumbline::text {

namespace {

constexpr std::size_t kLargest = std::size_t{4} << 20; // nmt_nfkc is 0.24 MB
constexpr std::uint16_t kLongestKey = 1024;
constexpr std::size_t kLongestText = 256; // the longest of Unicode's own are 33

// A unit of the double array: the label that leads to it, whether a key ends there, and where its children lie.
std::uint32_t labelOf(std::uint32_t unit) {
    return unit & 0x800000FFU;
}
bool endsKey(std::uint32_t unit) {
    return ((unit >> 8) & 1U) != 0;
}
std::uint32_t valueOf(std::uint32_t unit) {
    return unit & 0x7FFFFFFFU;
}
std::uint32_t offsetOf(std::uint32_t unit) {
    return (unit >> 10) << ((unit & 0x200U) >> 6);
}

} // namespace

tl::expected<Charsmap, std::string> Charsmap::parse(std::string_view bytes) {
    const auto word = [bytes](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t i = 4; i-- > 0;)
            value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
        return value;
    };
    if (bytes.size() > kLargest)
        return tl::unexpected(std::string("its character map is larger than 4 MiB"));
    const std::size_t size = bytes.size() < 4 ? 0 : word(0);
    if (size == 0 || size % 4 != 0 || size > bytes.size() - 4)
        return tl::unexpected(std::string("its character map breaks off"));
    Charsmap map;
    map.m_units.reserve(size / 4);
    for (std::size_t at = 4; at < 4 + size; at += 4)
        map.m_units.push_back(word(at));
    map.m_texts = bytes.substr(4 + size);
    if (!isUtf8(map.m_texts) || map.m_texts.empty() || map.m_texts.back() != '\0')
        return tl::unexpected(std::string("the replacements of its character map are not whole UTF-8 texts"));
    if (const char* why = map.check())
        return tl::unexpected(std::string("its character map is damaged: ") + why);
    return map;
}

/// Walks through every unit that a key can reach, once. Height: the longest way from a unit to the end of a key.
const char* Charsmap::check() const {
    struct Step {
        std::uint32_t unit, label;
    };
    constexpr std::uint16_t kNew = 0, kOpen = 0xFFFF;
    std::vector<std::uint16_t> heights(m_units.size(), kNew);
    std::vector<Step> way = {{0, 1}};
    heights[0] = kOpen;
    std::vector<std::uint16_t> best = {0};
    while (!way.empty()) {
        Step& step = way.back();
        const std::uint32_t base = step.unit ^ offsetOf(m_units[step.unit]);
        if (step.label == 1 && endsKey(m_units[step.unit])) {
            if (base >= m_units.size())
                return "a key ends outside of it";
            const std::uint32_t value = valueOf(m_units[base]);
            if (value >= m_texts.size() || (static_cast<unsigned char>(m_texts[value]) & 0xC0U) == 0x80U)
                return "a replacement lies outside of it";
            if (std::string_view(m_texts).substr(value, kLongestText + 1).find('\0') == std::string_view::npos)
                return "a replacement is longer than 256 bytes";
        }
        std::uint32_t child = 0;
        for (; step.label < 256; ++step.label) {
            child = base ^ step.label;
            if (child < m_units.size() && labelOf(m_units[child]) == step.label) {
                if (heights[child] == kOpen)
                    return "a key leads back to its own beginning";
                if (heights[child] == kNew)
                    break;
                best.back() = std::max(best.back(), heights[child]);
            }
        }
        if (step.label < 256) {
            if (way.size() > kLongestKey)
                return "a key is longer than 1024 bytes";
            heights[child] = kOpen;
            way.push_back({child, 1});
            best.push_back(0);
            continue;
        }
        const auto height = static_cast<std::uint16_t>(best.back() + 1);
        if (height > kLongestKey + 1)
            return "a key is longer than 1024 bytes";
        heights[step.unit] = height;
        way.pop_back();
        best.pop_back();
        if (!best.empty())
            best.back() = std::max(best.back(), height);
    }
    return nullptr;
}

template <class F>
void Charsmap::eachKey(std::string_view text, F found) const {
    std::uint32_t at = offsetOf(m_units[0]);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        at ^= byte;
        if (byte == 0 || at >= m_units.size() || labelOf(m_units[at]) != byte)
            return;
        const std::uint32_t unit = m_units[at];
        at ^= offsetOf(unit);
        if (endsKey(unit) && !found(Match{i + 1, replacement(valueOf(m_units[at]))}))
            return;
    }
}

std::string_view Charsmap::replacement(std::uint32_t at) const {
    return std::string_view(m_texts).substr(at, m_texts.find('\0', at) - at);
}

Charsmap::Match Charsmap::longest(std::string_view text) const {
    Match longest;
    eachKey(text, [&](const Match& match) {
        longest = match;
        return true;
    });
    return longest;
}

Charsmap::Match Charsmap::shortest(std::string_view text) const {
    Match shortest;
    eachKey(text, [&](const Match& match) {
        shortest = match;
        return false;
    });
    return shortest;
}

} // namespace plumbline::text
