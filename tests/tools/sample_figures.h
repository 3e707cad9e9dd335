// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"

namespace plumbline::test {

/// What a model makes of the sample: the figures of resources/sample/README.md.
struct SampleFigures {
    double occupation = 0;                ///< zero-shot accuracy on the `work` pictures
    double gender = 0, tone = 0, age = 0; ///< the same on the audit pool
    struct Occupation {
        std::string name, attribute,
            planted; ///< planted: "woman ×3", "control", or empty (planted by the other attribute)
        double maxSkew = 0, nullP95 = 0, gap = 0; ///< gap of mean cosine: woman - man, light - dark
        std::string towards;                      ///< the group of the largest skew
        bool asPlanted = false;
    };
    std::vector<Occupation> occupations; ///< for each attribute all eighteen
    int planted = 0, found = 0;
    std::map<std::string, double> rankCorrelations; ///< by favoured group: Spearman's, strength against gap
    struct Controls {
        int count = 0, plumb = 0;
        double largestGap = 0, weakestPlantedGap = 0; ///< absolute
    };
    std::map<std::string, Controls> controls; ///< by attribute
    double meanMaxSkew = 0;                   ///< of the twelve occupations with a planted lean, by their attribute
};

/// `sample`: a folder that writeSample() wrote. k = 100 of 2,000, seed 0, "a photo of a {}".
Outcome<SampleFigures> sampleFigures(const std::filesystem::path& sample, const std::filesystem::path& model,
                                     Feedback& feedback);
/// As a table.
std::string describe(const SampleFigures& figures);

} // namespace plumbline::test
