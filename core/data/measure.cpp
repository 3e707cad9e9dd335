// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/measure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/numbers.h"

namespace plumbline {
namespace {

struct Described {
    Definition definition;
    std::string_view name;
    ScoreKind score;
    std::string_view sentence;
};

constexpr Described kDefinitions[] = {
    {Definition::Geyik, "geyik", ScoreKind::Cosine,
     "A group's skew is the natural logarithm of its share of the first k rows over its target share; MaxSkew and "
     "MinSkew are the largest and the smallest skew, NDKL the mean Kullback-Leibler divergence of the first 1 to k rows "
     "from the target, discounted by 1/log2(rank + 1). Exactly k rows of cosine scores, ties in row order; a group "
     "absent from them has no skew, takes no part in MaxSkew and leaves MinSkew an upper bound. Geyik, Ambler and "
     "Kenthapadi, KDD 2019."},
    {Definition::Berg, "berg", ScoreKind::DotRawImage,
     "Skew and NDKL as the published code of Berg et al. (A Prompt Array Keeps the Bias Away, AACL 2022; "
     "oxai/debias-vision-lang, measuring_bias.py) computes them: every row that ties with the k-th is counted too while "
     "shares and the discount's sum stay over the k asked for, an absent group has the share 1/k, and MaxSkew starts at "
     "0. Scores are dot products of the unit-length prompt with the raw image embedding. Where that code stops (labels "
     "that are not 0, 1, 2 and so on) the value that it defines is given; it has no MinSkew, so the textbook's is shown."},
    {Definition::VlDebiasing, "vl-debiasing", ScoreKind::DotRawImage,
     "As berg, always against equal shares: the published code of Zhang, Guo and Kankanhalli (Joint Vision-Language "
     "Social Bias Removal for CLIP, CVPR 2025; VL_Debiasing, measure_bias.py), whose tables use k = 1000. It has no "
     "MinSkew, so the textbook's is shown."},
    {Definition::Bend, "bend", ScoreKind::Cosine,
     "MaxSkew as the published code of BendVLM (Gerych et al., NeurIPS 2024; bend_vlm, bend_utils.py): the largest "
     "ln max(p/q, 1e-10), starting at 0, of the shares p among the rows returned, cosine scores; and KL, the divergence "
     "of those shares from the target. Published runs use k = 500 and average five folds, which is not repeated here. "
     "The floor of 1e-10 can never be the maximum, so an absent group's skew is left out. The code has no MinSkew and no "
     "NDKL: the textbook's (geyik) are shown."},
    {Definition::SocialCounterfactuals, "social-counterfactuals", ScoreKind::Cosine,
     "As the published code of SocialCounterfactuals (Howard et al., CVPR 2024; IntelLabs): skew = ln((c/n_g)/(k/n)), so "
     "always against the pool's shares, scores rounded to 32 bits, NaN ranked first; an absent group counts as 0 in "
     "MaxSkew and MinSkew and has no skew of its own. What it calls NDKL is the discounted mean of the skews weighted by "
     "the pool's shares, without absent groups: not the divergence of Geyik et al., and it can be negative. Not followed: "
     "the order of ties, which its top-k leaves open (row order here), its stop where k exceeds the pool, and the "
     "script around it that raises k to the number of labels."},
    {Definition::VisoGender, "visogender", ScoreKind::Cosine,
     "As the published code of VisoGender (Hall et al., NeurIPS 2023 Datasets and Benchmarks; oxai/visogender, "
     "metrics.py): skew against the pool's shares, exactly k rows of cosine scores, an absent group has the share 1/k "
     "and counts in MaxSkew and MinSkew alike, divided by k. NDKL runs over the whole ranked list, not the first k rows; "
     "Bias@K = (men - women)/(men + women) of the first k, 0 where there is neither."},
    {Definition::Sfid, "sfid", ScoreKind::SoftmaxOverPrompts,
     "As the published code of SFID (Jung, Jang and Wang, NeurIPS 2024; evaluation.py): against equal shares of two "
     "groups, MaxSkew is the largest absolute skew, max |ln 2p|, infinite (so absent here) where a group is absent from "
     "the first k rows; published runs use k = 100. Images are ranked by the softmax over all prompts of 100 times the "
     "cosine; a table of scores is taken as it is. Not followed: in that code only the last query of each repetition "
     "enters the average, by a misplaced line; here every prompt has its number. It has no MinSkew and no NDKL: the "
     "textbook's (geyik) are shown."},
};

const Described* described(Definition definition) {
    const auto found = std::ranges::find(kDefinitions, definition, &Described::definition);
    return found == std::end(kDefinitions) ? nullptr : found;
}

std::string lowered(std::string_view text) {
    return toLowerAscii(trim(text));
}

constexpr std::array<std::pair<Verdict, std::string_view>, 8> kVerdicts{{
    {Verdict::Unjudged, "unjudged"},
    {Verdict::NoLean, "no_lean_found"},
    {Verdict::Towards, "leans_towards"},
    {Verdict::Away, "leans_away"},
    {Verdict::TooFewImages, "not_enough_images"},
    {Verdict::LostToCorrection, "not_enough_after_correction"},
    {Verdict::UnsureOfTolerance, "not_enough_beyond_tolerance"},
    {Verdict::NotApplicable, "not_applicable"},
}};

} // namespace

std::int64_t KSpec::resolve(std::int64_t n) const {
    if (fraction == 0)
        return count;
    // 0.1 * 30 is 3.0000000000000004: what rounding added must not cost a row.
    const double rows = fraction * static_cast<double>(n);
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(rows - rows * 1e-12)));
}

std::optional<KSpec> parseK(std::string_view text) {
    text = trim(text);
    const bool percent = text.ends_with('%');
    if (percent)
        text = trim(text.substr(0, text.size() - 1));
    // No signs, exponents or names of numbers: a k is written with digits and at most one point.
    if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos)
        return std::nullopt;
    if (!percent && text.find('.') == std::string_view::npos) {
        const std::optional<std::int64_t> count = parseInteger(text);
        if (!count || *count < 1)
            return std::nullopt;
        return KSpec{*count, 0.0};
    }
    const std::optional<double> number = parseDouble(text);
    if (!number)
        return std::nullopt;
    const double fraction = percent ? *number / 100.0 : *number;
    if (!(fraction > 0.0 && fraction <= 1.0))
        return std::nullopt;
    return KSpec{0, fraction};
}

std::string formatK(const KSpec& k) {
    if (k.fraction == 0)
        return std::to_string(k.count);
    const auto fixed = [](double value) {
        std::array<char, 400> buffer{};
        const auto [end, error] =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
        return error == std::errc() ? std::string(buffer.data(), end) : std::string();
    };
    // The percentage, where it reads back to the same fraction: 0.07 * 100 is 7.000000000000001, so it is rounded
    // first.
    const double percent = std::round(k.fraction * 1e10) / 1e8;
    if (percent / 100.0 == k.fraction)
        return fixed(percent) + "%";
    const std::string text = fixed(k.fraction);
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

std::string_view definitionName(Definition definition) {
    const Described* known = described(definition);
    return known ? known->name : std::string_view();
}

std::optional<Definition> definitionFromName(std::string_view name) {
    for (const Described& known : kDefinitions)
        if (known.name == name)
            return known.definition;
    return std::nullopt;
}

std::string_view verdictName(Verdict verdict) {
    for (const auto& [value, name] : kVerdicts)
        if (value == verdict)
            return name;
    return {};
}

std::optional<Verdict> verdictFromName(std::string_view name) {
    for (const auto& [value, known] : kVerdicts)
        if (known == name)
            return value;
    return std::nullopt;
}

std::span<const Definition> allDefinitions() {
    static constexpr auto kAll = [] {
        std::array<Definition, std::size(kDefinitions)> all{};
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = kDefinitions[i].definition;
        return all;
    }();
    return kAll;
}

std::string definitionNames() {
    std::string text;
    for (const Described& known : kDefinitions)
        text += (text.empty() ? "" : ", ") + std::string(known.name);
    return text;
}

std::string_view definitionSentence(Definition definition) {
    const Described* known = described(definition);
    return known ? known->sentence : std::string_view();
}

ScoreKind scoreKind(Definition definition) {
    const Described* known = described(definition);
    return known ? known->score : ScoreKind::Cosine;
}

std::optional<Target::Kind> onlyTarget(Definition definition) {
    switch (definition) {
    case Definition::VlDebiasing:
    case Definition::Sfid:
        return Target::Kind::Uniform;
    case Definition::SocialCounterfactuals:
    case Definition::VisoGender:
        return Target::Kind::Pool;
    case Definition::Geyik:
    case Definition::Berg:
    case Definition::Bend:
        break;
    }
    return std::nullopt;
}

Target targetUsed(const Measurement& measurement) {
    Target target;
    target.kind = measurement.target;
    if (target.kind == Target::Kind::Pool || target.kind == Target::Kind::Uniform)
        return target;
    target.kind = Target::Kind::Custom;
    for (const GroupMeasure& group : measurement.groups)
        target.shares.emplace_back(group.name, group.targetShare);
    return target;
}

bool sameGroupName(std::string_view a, std::string_view b) {
    static constexpr std::string_view kWomen[] = {"female", "females", "woman", "women", "f", "feminine"};
    static constexpr std::string_view kMen[] = {"male", "males", "man", "men", "m", "masculine"};
    const std::string first = lowered(a), second = lowered(b);
    const auto both = [&](const auto& words) {
        return std::ranges::find(words, first) != std::end(words) &&
               std::ranges::find(words, second) != std::end(words);
    };
    return first == second || both(kWomen) || both(kMen);
}

Target Target::of(std::string_view concept_) const {
    Target own{kind, shares, {}};
    if (kind != Kind::Custom)
        return own;
    const std::string wanted = lowered(concept_);
    for (const ConceptShares& entry : byConcept)
        if (lowered(entry.concept_) == wanted)
            return {Kind::Custom, entry.shares, {}};
    if (shares.empty() && !byConcept.empty())
        own.kind = Kind::Pool;
    return own;
}

const NamedValue* Measurement::further(std::string_view name) const {
    const auto found = std::ranges::find(more, name, &NamedValue::name);
    return found == more.end() ? nullptr : &*found;
}

} // namespace plumbline
