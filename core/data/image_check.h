// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {

/// What a check of the pictures may find at one of them. The order is that of weight: first what spoils a measurement.
enum class ImageFlaw { OtherLabels, Unreadable, ExactDuplicate, NearDuplicate, Dark, Bright, Small };
inline constexpr std::array kImageFlaws{ImageFlaw::OtherLabels,   ImageFlaw::Unreadable, ImageFlaw::ExactDuplicate,
                                        ImageFlaw::NearDuplicate, ImageFlaw::Dark,       ImageFlaw::Bright,
                                        ImageFlaw::Small};

/// "other-labels", "unreadable", "exact-duplicate", ...: as they are stored and printed.
std::string_view imageFlawName(ImageFlaw flaw);
std::optional<ImageFlaw> imageFlawOf(std::string_view name);
/// Of a set of flaws: bit i stands for kImageFlaws[i].
constexpr std::uint8_t flawBit(ImageFlaw flaw) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(flaw));
}

/// What counts as a flaw.
struct ImageCheckOptions {
    int smallestSide = 224; ///< pixels of the shorter side; below is Small
    double dark = 0.12;     ///< mean luma (ITU-R BT.601, 0 to 1); below is Dark
    double bright = 0.88;   ///< above is Bright
    int nearBits = 4;       ///< of the 64 of the perceptual hash that may differ in a NearDuplicate
    bool operator==(const ImageCheckOptions&) const = default;
};

/// The images with one flaw, packed: a set may have a million.
struct ImageFindings {
    ImageFlaw flaw = ImageFlaw::Unreadable;
    std::vector<std::int32_t> images; ///< rows of the set, ascending
    std::vector<std::int32_t> firsts; ///< duplicates and OtherLabels: the first row of the same picture, one an image
    std::vector<float> measures;      ///< Dark, Bright: mean luma; Small: pixels; NearDuplicate: bits to the nearest
    std::vector<std::string> reasons; ///< Unreadable: why
    bool operator==(const ImageFindings&) const = default;
};

/// What looking at every picture of a set found, when, and by what measure.
struct ImageCheck {
    std::string checked; ///< UTC
    ImageCheckOptions options;
    std::vector<ImageFindings> findings; ///< one a flaw that was found, in the order of kImageFlaws

    const ImageFindings* of(ImageFlaw flaw) const;
};

/// One group of pictures that are the same or look the same.
struct DuplicateGroup {
    std::vector<std::int32_t> images; ///< ascending
};
/// The groups of a finding with `firsts`, by their first image.
std::vector<DuplicateGroup> duplicateGroups(const ImageFindings& findings);

} // namespace plumbline
