// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_set.h"

#include <algorithm>

namespace plumbline {

const Attribute* ImageSet::attribute(std::string_view name) const {
    const auto it =
        std::find_if(attributes.begin(), attributes.end(), [&](const Attribute& a) { return a.name == name; });
    return it == attributes.end() ? nullptr : &*it;
}

} // namespace plumbline
