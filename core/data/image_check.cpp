// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_check.h"

#include <algorithm>
#include <numeric>

namespace plumbline {

std::string_view imageFlawName(ImageFlaw flaw) {
    switch (flaw) {
    case ImageFlaw::OtherLabels:
        return "other-labels";
    case ImageFlaw::Unreadable:
        return "unreadable";
    case ImageFlaw::ExactDuplicate:
        return "exact-duplicate";
    case ImageFlaw::NearDuplicate:
        return "near-duplicate";
    case ImageFlaw::Dark:
        return "dark";
    case ImageFlaw::Bright:
        return "bright";
    case ImageFlaw::Small:
        break;
    }
    return "small";
}

std::optional<ImageFlaw> imageFlawOf(std::string_view name) {
    const auto found = std::ranges::find(kImageFlaws, name, imageFlawName);
    return found == kImageFlaws.end() ? std::nullopt : std::optional(*found);
}

const ImageFindings* ImageCheck::of(ImageFlaw flaw) const {
    const auto found = std::ranges::find(findings, flaw, &ImageFindings::flaw);
    return found == findings.end() ? nullptr : &*found;
}

std::vector<DuplicateGroup> duplicateGroups(const ImageFindings& findings) {
    std::vector<std::size_t> order(std::min(findings.images.size(), findings.firsts.size()));
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return findings.firsts[i]; });
    std::vector<DuplicateGroup> groups;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i == 0 || findings.firsts[order[i]] != findings.firsts[order[i - 1]])
            groups.emplace_back();
        groups.back().images.push_back(findings.images[order[i]]);
    }
    return groups;
}

} // namespace plumbline
