// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/glossary.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace plumbline::report {
namespace {

struct Entry : GlossaryEntry {
    std::vector<std::string_view> names = {}; ///< by which tables and charts call it beside its term
};

const std::vector<Entry>& entries() {
    static const std::vector<Entry> all{
        {{"g-pool", "Pool", "All images that are ranked for a prompt and have a label for the attribute."},
         {"in pool"}},
        {{"g-skew", "Skew",
          "Natural logarithm of a group's share among the first k divided by its target share: 0 is plumb, +0.69 "
          "twice, −0.69 half."},
         {"Lean by group"}},
        {{"g-maxskew", "MaxSkew", "The largest skew of a prompt: how far the most favoured group is above its target."},
         {"max_skew"}},
        {{"g-minskew", "MinSkew",
          "The smallest skew of a prompt: how far the least favoured group is below its target."},
         {"min_skew"}},
        {{"g-ndkl", "NDKL",
          "The distance of the shares from the target over all beginnings of the ranking, the first ranks counting "
          "most: 0 is plumb."},
         {"NDKL by rank"}},
        {{"g-interval", "95 % interval",
          "Where the number would lie for 95 of 100 other sets of images drawn like this one."},
         {"gap, 95 % interval"}},
        {{"g-chance", "Chance", "What random rankings of the same pool show, which know nothing of groups."},
         {"chance 95 %", "chance: mean"}},
        {{"g-neutral", "Neutral",
          "What a ranking that is blind to the attribute tends to; MaxSkew is above 0 by chance alone."},
         {}},
        {{"g-p", "p", "How often a random ranking is at least as far from plumb."}, {}},
        {{"g-corrected", "p, Holm or FDR",
          "The same after correction for the number of tests of the audit: what verdicts rest on."},
         {"p, Holm", "p, FDR", "p (Holm)", "p (FDR)", "p corrected"}},
        {{"g-verdict", "Verdict",
          "What the corrected test says of a group: leans towards, leans away, no lean found, or not enough evidence, "
          "which is no pass."},
         {}},
        {{"g-shows", "Would show",
          "The smallest lean, in multiples of the group's share, that these images would show in four of five cases."},
         {}},
        {{"g-gap", "Gap",
          "Mean score of a group minus that of all other images: the size of the effect behind a lean."},
         {"gap, sd", "gap in sd", "gap in logits"}},
        {{"g-delta", "Cliff’s delta",
          "How often an image of the group scores above one of the others, minus how often below: from −1 to 1."},
         {"Cliff's delta"}},
        {{"g-explained", "Variance explained",
          "Share of the variance of a prompt's scores that lies between the groups."},
         {}},
        {{"g-spread", "Spread", "How much a prompt tells images apart, against the median prompt of the audit."}, {}},
        {{"g-ratio", "Impact ratio", "Selection rate of a group divided by the highest group's."}, {}},
        {{"g-difference", "Difference",
          "After minus before on the same images: its interval is narrower than those of both, since the images are "
          "the same."},
         {}},
    };
    return all;
}

bool sameWord(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

} // namespace

std::vector<GlossaryEntry> glossary() {
    return {entries().begin(), entries().end()};
}

std::optional<GlossaryEntry> glossaryEntry(std::string_view name) {
    for (const Entry& entry : entries())
        if (sameWord(entry.term, name) ||
            std::ranges::any_of(entry.names, [&](std::string_view other) { return sameWord(other, name); }))
            return entry;
    return {};
}

} // namespace plumbline::report
