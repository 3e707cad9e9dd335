// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace plumbline {

/// Images and what is said of them, to train on. An image may have several captions and a caption several images.
struct CaptionedImages {
    struct Pair {
        std::uint32_t file = 0, caption = 0; ///< indices
    };
    std::vector<std::filesystem::path> files;
    std::vector<std::string> captions; ///< distinct
    std::vector<Pair> pairs;           ///< the examples
    std::vector<bool> heldOut;         ///< of each file: never trained on, only looked at for the accuracy
};

} // namespace plumbline
