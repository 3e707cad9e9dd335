// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace plumbline::probe {

/// Scales on which faces are judged, and how they are asked (resources/scales/social_perception.json): every term in
/// every template, and the same sentences without a term, against which a term's score is a contrast.
struct SocialScales {
    struct Scale {
        std::string name;
        std::vector<std::string> positive, negative; ///< terms; a term may belong to several scales
    };
    std::string name, source;
    std::vector<std::string> templates; ///< `{}` stands for the term
    std::vector<std::string> blank;     ///< of each template the sentence without a term
    std::vector<Scale> scales;

    /// Every term once, in the order of its first scale.
    std::vector<std::string> terms() const;
};

SocialScales socialScales();

} // namespace plumbline::probe
