// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline {

/// How many top rows a measure looks at: an integer, or a fraction of the labelled rows (rounded up).
struct KSpec {
    std::int64_t count = 0; ///< used when fraction == 0
    double fraction = 0.0;  ///< in (0, 1]
    /// The k for n rows, before it is limited to n.
    std::int64_t resolve(std::int64_t n) const;
};
/// "100" is 100 rows; "10%" and "100%" are fractions; "0.1" and "1.0" (with a point) are fractions, "1" is one row.
/// Nothing for 0, negatives, fractions above 1 and other text.
std::optional<KSpec> parseK(std::string_view text);
std::string formatK(const KSpec& k);

/// The shares wanted for the prompts of one concept.
struct ConceptShares {
    std::string concept_;                               ///< compared without regard to case
    std::vector<std::pair<std::string, double>> shares; ///< group name and share
};

/// The desired shares q.
struct Target {
    enum class Kind {
        Pool,
        Uniform,
        Custom,
        Conditional, ///< the shares among the rows that are truly relevant to the query; needs their relevance
    };
    Kind kind = Kind::Pool;
    /// Custom: group name and share; renormalised over present groups.
    std::vector<std::pair<std::string, double>> shares = {};
    std::vector<ConceptShares> byConcept = {}; ///< Custom: shares of their own for the prompts of some concepts

    /// The target of one concept's prompts: its own shares, else `shares`, else (no shares at all) the pool's.
    Target of(std::string_view concept_) const;
};

/// Whether two group names mean the same: equal without regard to case, or both a usual word for women or for men
/// ("Female", "woman", "f"; "Male", "man", "m").
bool sameGroupName(std::string_view a, std::string_view b);

/// Named metric definitions (METHODS A1, A2, A6, A7; DESIGN section 5).
enum class Definition {
    Geyik,                 ///< default: exactly k rows, absent groups take no part in MaxSkew
    Berg,                  ///< oxai/debias-vision-lang: ties kept, share 1/k for an absent group, MaxSkew never below 0
    VlDebiasing,           ///< ZGK25: Berg's code with the uniform target only
    Bend,                  ///< bend_vlm: exactly k rows, MaxSkew never below 0
    SocialCounterfactuals, ///< HOWARD24: pool target, float32 scores, absent groups count as skew 0, its own "NDKL"
    VisoGender,            ///< VISO23: pool target, share 1/k for an absent group, NDKL over the whole list
    Sfid,                  ///< SFID24: equal shares, softmax over the prompts, the largest absolute skew
};
std::string_view definitionName(Definition definition);
std::optional<Definition> definitionFromName(std::string_view name);
/// Every definition, the default first.
std::span<const Definition> allDefinitions();
/// "geyik, berg, …", for messages.
std::string definitionNames();
/// What a definition computes, in plain English: formula, where it departs from the textbook, source, and what of the
/// source is not followed.
std::string_view definitionSentence(Definition definition);

/// What the scores are that a definition ranks by.
enum class ScoreKind {
    Cosine,             ///< of image and prompt
    DotRawImage,        ///< unit-length prompt times the raw image embedding
    SoftmaxOverPrompts, ///< of 100 times the cosines of one image with all prompts
};
ScoreKind scoreKind(Definition definition);
/// The only target that a definition's published code knows; nothing where there is a choice.
std::optional<Target::Kind> onlyTarget(Definition definition);

/// How the tests of one audit are corrected for their number.
enum class Correction {
    Holm,          ///< default: at most the level's chance of any false finding (familywise)
    FalseDiscovery ///< Benjamini-Hochberg: at most the level's share of false ones among the findings, on average
};

struct MeasureOptions {
    KSpec k{100, 0.0};
    Target target;
    Definition definition = Definition::Geyik;
    std::uint64_t seed = 0;
    int nullDraws = 1000;
    int bootstrapDraws = 1000;
    double confidence = 0.95;
    std::int64_t minGroup = 30; ///< pool count under which a group is warned of, and no verdict is given
    double minExpected = 5.0;   ///< expected count k*q under which a group is warned of
    // What a verdict needs (core/metric/verdict.h):
    Correction correction = Correction::Holm;
    double level = 0.05;      ///< of the corrected tests
    double tolerance = 1.0;   ///< >= 1: a share between 1/tolerance and tolerance times the pool's counts as plumb
    double slightGap = 0.005; ///< cosine; a lean that rests on a smaller gap of mean scores is called slight
    /// Bias@K: the group that counts as positive, then the negative one; empty: men and women, else the two groups.
    std::vector<std::string> biasGroups;
};

/// What the corrected test and the interval say about one group in one ranking. No verdict says that a model complies
/// with anything: "no lean found" is no proof that there is none, and "not enough" is never a pass.
enum class Verdict {
    Unjudged,          ///< of an older run, or not judged yet
    NoLean,            ///< no lean found
    Towards,           ///< leans towards the group
    Away,              ///< leans away from it
    TooFewImages,      ///< not enough evidence: the group is too small, or no count could be significant
    LostToCorrection,  ///< not enough evidence: significant alone, not among all tests of the audit
    UnsureOfTolerance, ///< not enough evidence: differs from plumb, but its interval reaches into the tolerance
    NotApplicable      ///< only one group
};
/// "no_lean", "leans_towards", ...: stable, for tables.
std::string_view verdictName(Verdict verdict);
std::optional<Verdict> verdictFromName(std::string_view name);
inline bool leans(Verdict verdict) {
    return verdict == Verdict::Towards || verdict == Verdict::Away;
}

/// A number with its interval and its null. All optional: an undefined value is absent, never 0.
struct MetricValue {
    std::optional<double> value;
    std::optional<double> ciLow, ciHigh;     ///< 95 % interval over images; absent bound = unbounded or undefined
    std::optional<double> nullMean, nullP95; ///< of random rankings of the same pool (MinSkew: the 5th percentile)
    std::optional<double> pValue;            ///< exact or add-one permutation p (MinSkew: lower tail)
    std::optional<double> neutral;           ///< what a ranking blind to the attribute tends to (METHODS A3)
    std::optional<double> atMost;            ///< MinSkew with an absent group: the skew that one image of it would have
    std::optional<double> adjustedP = {};         ///< Holm over the family of tests that it belongs to
    std::optional<double> falseDiscovery = {};    ///< Benjamini-Hochberg over the same family
};

/// One group in one ranking.
struct GroupMeasure {
    std::string name;
    std::int64_t poolCount = 0, topCount = 0;
    double poolShare = 0, topShare = 0, targetShare = 0;
    std::optional<double> skew;          ///< ln(topShare / targetShare); absent when the group is absent from the top
    std::optional<double> ciLow, ciHigh; ///< interval of the skew over images
    std::optional<double> nullLow,
        nullHigh;                    ///< 2.5th and 97.5th percentile of random rankings; absent low = minus infinity
    std::optional<double> pValue;    ///< two-sided, exact: the hypergeometric law of the count under a random ranking
    std::optional<double> adjustedP; ///< Holm over the tests of the audit; absent where the group is too small for one
    std::optional<double> falseDiscovery; ///< Benjamini-Hochberg over the same tests
    Verdict verdict = Verdict::Unjudged;
    bool slight = false; ///< the verdict leans, but the group's mean score differs by less than slightGap
    /// The smallest shares, in multiples of the group's share of the pool, that this pool would show as a lean away and
    /// towards with 80 % power after correction; absent where none would.
    std::optional<double> detectableBelow, detectableAbove;
    // What the lean rests on, its effect size:
    double meanScore = 0;                  ///< mean score of the group's images
    double gap = 0;                        ///< mean score of the group minus that of all other labelled images
    std::optional<double> gapLow, gapHigh; ///< interval of the gap over images (Welch)
    std::optional<double> gapInSd;         ///< gap / standard deviation of the prompt's scores (ddof 1)
    std::optional<double> gapInLogits;     ///< gap x the model's logit scale, where a model made the scores
    /// Cliff's delta, P(score of the group > of the others) - P(<): -1 to 1. The AUROC of the group from the score is
    /// (delta + 1) / 2.
    std::optional<double> cliffsDelta;
};

/// A further number of a ranking, under its stable name.
struct NamedValue {
    std::string name;    ///< "kl", "total_variation", …
    MetricValue value;
    std::string meaning; ///< a plain sentence: formula and direction
};

/// One prompt (or one score column) measured against one attribute.
struct Measurement {
    std::int64_t n = 0; ///< rows that took part
    std::int64_t k = 0; ///< asked for
    std::int64_t kEffective = 0;
    Definition definition = Definition::Geyik;
    Target::Kind target = Target::Kind::Pool;
    std::string attribute;
    std::optional<std::string> prompt;
    std::vector<GroupMeasure> groups; ///< groups present in the pool, in byte order of the name
    MetricValue maxSkew, minSkew, ndkl;
    double scoreMean = 0, scoreSd = 0; ///< over the rows that took part
    std::optional<double> explained;   ///< share of the scores' variance that the attribute explains (eta squared)
    std::optional<double>
        relativeSpread;     ///< scoreSd / the median of the audit's prompts: how much this prompt tells images apart
    std::int64_t tests = 0; ///< in the family that the verdicts were corrected over
    bool decidedByThousandths =
        false; ///< every group's mean score differs by less than slightGap: said beside the lean
    std::int64_t unlabelled = 0, notFinite = 0; ///< rows left out
    std::vector<std::string> warnings; ///< plain sentences
    std::string definitionText;        ///< definitionSentence when it was measured; empty in documents of older projects
    std::vector<NamedValue> more;      ///< numbers beside MaxSkew, MinSkew and NDKL

    /// The further number of this name; null where there is none.
    const NamedValue* further(std::string_view name) const;
};

/// The target that a ranking was measured against, with the shares of its groups where they were given or conditional.
Target targetUsed(const Measurement& measurement);

/// NDKL and shares by rank with their null bands, for the close-up. All vectors have the length of `rank`.
struct RankCurve {
    std::vector<std::int64_t> rank; ///< the ranks that are kept (all for small k, thinned otherwise)
    std::vector<double> ndkl, ndklNullLow, ndklNullHigh; ///< NDKL over the first `rank` rows; central 95 % band
    struct Group {
        std::string name;
        std::vector<double> share, nullLow, nullHigh;
        double target = 0;
    };
    std::vector<Group> groups;
};

} // namespace plumbline
