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
    /// Of each file the number of its counterfactual set: pictures alike but for one thing about the person (METHODS
    /// B2). Empty: there are no sets. A set is held out as a whole or not at all.
    std::vector<std::uint32_t> setOf;
};

} // namespace plumbline
