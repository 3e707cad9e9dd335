// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_catalog.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace plumbline {

namespace {

/// Rows between two looks at whether to stop.
constexpr std::size_t kStep = 16384;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// `needle` is in lower case.
bool holds(std::string_view text, std::string_view needle) {
    return std::search(text.begin(), text.end(), needle.begin(), needle.end(),
                       [](char a, char b) { return lower(a) == b; }) != text.end();
}

} // namespace

void PackedNames::reserve(std::size_t names, std::size_t bytes) {
    m_ends.reserve(names);
    m_bytes.reserve(bytes);
}

void PackedNames::add(std::string_view name) {
    m_bytes.append(name);
    m_ends.push_back(m_bytes.size());
}

void ImageCatalog::markFlaws() {
    flaws.clear();
    if (!check)
        return;
    flaws.resize(size(), 0);
    for (const ImageFindings& findings : check->findings)
        for (const std::int32_t image : findings.images)
            if (image >= 0 && static_cast<std::size_t>(image) < flaws.size())
                flaws[static_cast<std::size_t>(image)] |= flawBit(findings.flaw);
}

bool ImageFilter::isEmpty() const {
    return text.empty() && flaws == 0 &&
           std::ranges::none_of(groups, [](const auto& group) { return group.has_value(); });
}

std::optional<std::vector<std::uint32_t>> arrange(const ImageCatalog& catalog, const ImageFilter& filter,
                                                  const ImageOrder& order, const Feedback& feedback) {
    std::string needle = filter.text;
    std::ranges::transform(needle, needle.begin(), lower);
    std::vector<std::pair<const std::int32_t*, std::int32_t>>
        wanted; // codes of an attribute, and the one that it must be
    for (std::size_t a = 0; a < std::min(filter.groups.size(), catalog.attributes.size()); ++a)
        if (filter.groups[a])
            wanted.emplace_back(catalog.attributes[a].codes.data(), *filter.groups[a]);

    std::vector<std::uint32_t> rows;
    if (filter.isEmpty()) {
        rows.resize(catalog.size());
        std::iota(rows.begin(), rows.end(), 0U);
    } else {
        for (std::size_t row = 0; row < catalog.size(); ++row) {
            if (row % kStep == 0 && feedback.cancelled())
                return std::nullopt;
            if (filter.flaws != 0 && (catalog.flawsOf(row) & filter.flaws) == 0)
                continue;
            if (!std::ranges::all_of(wanted, [row](const auto& one) { return one.first[row] == one.second; }))
                continue;
            if (needle.empty() || holds(catalog.files[row], needle))
                rows.push_back(static_cast<std::uint32_t>(row));
        }
    }

    // Sorted by a key with the direction in it, so that equal images keep their order in both.
    const auto sortBy = [&](auto&& key) {
        if (order.descending)
            std::ranges::stable_sort(rows, std::ranges::greater(), key);
        else
            std::ranges::stable_sort(rows, std::ranges::less(), key);
    };
    switch (order.by) {
    case ImageOrder::By::Row:
        if (order.descending)
            std::ranges::reverse(rows);
        break;
    case ImageOrder::By::File:
        sortBy([&](std::uint32_t row) { return catalog.files[row]; });
        break;
    case ImageOrder::By::Attribute:
        if (order.attribute < catalog.attributes.size()) {
            const Attribute& attribute = catalog.attributes[order.attribute];
            const auto last = order.descending ? -1 : static_cast<std::int32_t>(attribute.groups.size());
            sortBy([&](std::uint32_t row) {
                const std::int32_t code = attribute.codes[row];
                return code == Attribute::kUnlabelled ? last : code;
            });
        }
        break;
    case ImageOrder::By::Flaws:
        // The lowest bit weighs most, so what matters most comes first; images without a flaw come last.
        sortBy([&](std::uint32_t row) {
            const std::uint8_t flaws = catalog.flawsOf(row);
            if (flaws == 0)
                return order.descending ? -1 : 256;
            int reversed = 0;
            for (unsigned bit = 0; bit < 8; ++bit)
                reversed |= ((flaws >> bit) & 1) << (7 - bit);
            return 255 - reversed;
        });
        break;
    }
    if (feedback.cancelled())
        return std::nullopt;
    return rows;
}

std::vector<std::int64_t> crossCounts(const Attribute& a, const Attribute& b) {
    const std::size_t width = b.groups.size() + 1;
    std::vector<std::int64_t> counts((a.groups.size() + 1) * width, 0);
    const auto place = [](const Attribute& attribute, std::size_t row) {
        const std::int32_t code = attribute.codes[row];
        return code == Attribute::kUnlabelled ? attribute.groups.size() : static_cast<std::size_t>(code);
    };
    for (std::size_t row = 0; row < std::min(a.codes.size(), b.codes.size()); ++row)
        ++counts[place(a, row) * width + place(b, row)];
    return counts;
}

bool labelsDiffer(const std::vector<Attribute>& attributes, const DuplicateGroup& group) {
    return std::ranges::any_of(attributes, [&](const Attribute& attribute) {
        std::int32_t label = Attribute::kUnlabelled;
        for (const std::int32_t image : group.images) {
            const std::int32_t code = attribute.codes[static_cast<std::size_t>(image)];
            if (code == Attribute::kUnlabelled)
                continue;
            if (label != Attribute::kUnlabelled && code != label)
                return true;
            label = code;
        }
        return false;
    });
}

} // namespace plumbline
