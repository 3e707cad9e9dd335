// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/remarks.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace plumbline::report {

void addRemarks(const std::vector<const Measurement*>& measurements, const std::string& attribute,
                std::vector<std::string>& warnings) {
    constexpr std::size_t kMost = 5;
    std::vector<std::pair<std::string, std::size_t>> counted;
    for (const Measurement* m : measurements)
        for (const std::string& warning : m->warnings) {
            const auto known = std::ranges::find(counted, warning, &std::pair<std::string, std::size_t>::first);
            if (known == counted.end())
                counted.emplace_back(warning, 1);
            else
                ++known->second;
        }
    std::ranges::stable_sort(counted, std::ranges::greater{}, &std::pair<std::string, std::size_t>::second);
    for (std::size_t i = 0; i < std::min(kMost, counted.size()); ++i) {
        const auto& [warning, prompts] = counted[i];
        std::string line = warning;
        if (prompts < measurements.size())
            line = "By " + attribute + ", " + std::to_string(prompts) + " of " + std::to_string(measurements.size()) +
                   (measurements.size() == 1 ? " prompt" : " prompts") + ": " + warning;
        if (std::ranges::find(warnings, line) == warnings.end())
            warnings.push_back(std::move(line));
    }
    if (counted.size() > kMost)
        warnings.push_back("By " + attribute + ": " + std::to_string(counted.size() - kMost) +
                           (counted.size() - kMost == 1 ? " more remark" : " more remarks") +
                           " about single prompts, which the project and the JSON have.");
}

} // namespace plumbline::report
