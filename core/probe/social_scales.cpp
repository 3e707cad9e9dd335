// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/probe/social_scales.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "embedded/social_scales.h"

namespace plumbline::probe {

std::vector<std::string> SocialScales::terms() const {
    std::vector<std::string> terms;
    for (const Scale& scale : scales)
        for (const std::vector<std::string>* end : {&scale.positive, &scale.negative})
            for (const std::string& term : *end)
                if (std::ranges::find(terms, term) == terms.end())
                    terms.push_back(term);
    return terms;
}

SocialScales socialScales() {
    // Ours, part of the program: whether it can be read is a matter of the tests.
    const auto json = nlohmann::json::parse(embedded::social_scales[0]);
    SocialScales result{json["name"], json["source"], json["templates"], json["blank"], {}};
    for (const auto& scale : json["scales"])
        result.scales.push_back({scale["name"], scale["positive"], scale["negative"]});
    return result;
}

} // namespace plumbline::probe
