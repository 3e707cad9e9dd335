// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace plumbline {

/// One of the four sets of an association test: words, the labelled images that may stand for them, or both.
struct AssociationWords {
    std::string label; ///< "career"
    std::vector<std::string> words;
    std::string attribute;           ///< of the images: "gender"; empty: no images
    std::vector<std::string> groups; ///< names that the images' group goes by, in lower case: "female", "woman"
};

/// A named association test (WEAT): are the targets X nearer to the attributes A, and Y to B?
struct AssociationTest {
    std::string name, about, source;
    std::vector<std::string> templates; ///< "a photo of a {}"; none: each word as it stands
    AssociationWords x, y, a, b;
};

} // namespace plumbline
