// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/weat.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/metric/family.h"

namespace plumbline::metric {

namespace {

const char* const kWeatSource =
    "Caliskan, Bryson and Narayanan, Science 356(6334), 2017 (WEAT); May and others, NAACL 2019 (SEAT); Steed and "
    "Caliskan, FAccT 2021 (iEAT)";

Outcome<void> check(const WeatOptions& options) {
    if (options.ddof != 0 && options.ddof != 1)
        return unusableArgument("ddof", std::to_string(options.ddof), "0 or 1");
    if (options.partitions < 2 || options.partitions > Partitions::kMost)
        return unusableArgument("partitions", std::to_string(options.partitions),
                                "2 to " + std::to_string(Partitions::kMost));
    return {};
}

Outcome<void> check(const char* name, const VectorSet& set, std::size_t dim) {
    if (set.rows() == 0)
        return unusableArgument(name, "no embedding", "at least one");
    if (set.dim() != dim || dim == 0)
        return unusableArgument(name, std::to_string(set.dim()) + " dimensions",
                                dim == 0 ? "a dimension at least" : std::to_string(dim) + " as the others have");
    return {};
}

Outcome<void> checkUsed(const char* name, std::size_t used) {
    if (used == 0)
        return unusableArgument(name, "zero or not finite throughout", "an embedding that has a direction");
    return {};
}

/// The p-value that a table's rows carry, and the null of the effect size.
void setTest(MetricValue& value, const EffectSize& effect, const PartitionTest& test, WeatOptions::Sides sides) {
    if (!effect.d)
        return;
    const bool two = sides == WeatOptions::Sides::Two;
    value.pValue = two ? test.twoSided : test.greaterEqual;
    value.nullMean = 0.0; // of all partitions: both sets have the same mean
    value.nullP95 = (two ? test.size95 : test.upper95) / effect.sd;
}

std::string sidesSentence(const WeatOptions& options) {
    return options.sides == WeatOptions::Sides::Two ? "two-sided (as large a size of the centred difference)"
                                                    : "one-sided (as large a difference)";
}

std::string partitionsSentence(const WeatOptions& options, const char* of) {
    return "p: share of the partitions of " + std::string(of) + " into sets of the same sizes that are as extreme, " +
           sidesSentence(options) + ", equality counted against the finding; all partitions where there are at most " +
           std::to_string(options.partitions) +
           ", otherwise random ones and the observed one, and where none of them is as extreme the saddlepoint tail of "
           "the same law.";
}

std::string weatDefinition(const WeatOptions& options) {
    return "Effect size d = (mean of s over X - mean of s over Y) / standard deviation of s over X and Y (ddof " +
           std::to_string(options.ddof) +
           "), s(w) = mean cosine of w with A - mean cosine with B. Above 0: X is nearer to A, and Y to B, than the "
           "other "
           "way round. Intervals are over the stimuli X and Y, with A and B as given; a word list is no random sample, "
           "so "
           "they say how much the result hangs on its words. " +
           partitionsSentence(options, "X and Y together");
}

struct Form {
    const char* name;
    std::optional<VectorSet> AssociationSet::*targets;
    std::optional<VectorSet> AssociationSet::*attributes;
};
constexpr std::array kForms = {
    Form{"texts", &AssociationSet::texts, &AssociationSet::texts},
    Form{"images", &AssociationSet::images, &AssociationSet::images},
    Form{"images against texts", &AssociationSet::images, &AssociationSet::texts},
    Form{"texts against images", &AssociationSet::texts, &AssociationSet::images},
};

/// The smallest p that the number of partitions allows.
double smallestP(const PartitionTest& test, bool equalSizes, WeatOptions::Sides sides) {
    const double one = test.exact && equalSizes && sides == WeatOptions::Sides::Two ? 2 : 1;
    return one / static_cast<double>(test.partitions);
}

std::string threeDigits(double value) {
    const auto thousandths = static_cast<int>(std::lround(value * 1000));
    std::string digits = std::to_string(thousandths % 1000);
    return std::to_string(thousandths / 1000) + "." + std::string(3 - digits.size(), '0') + digits;
}

std::string things(std::size_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
}

void warn(MeasureTable& table, const std::string& what, const Weat& result, const WeatOptions& options) {
    const std::size_t nX = result.sX.size(), nY = result.sY.size();
    if (result.leftOut > 0)
        table.warnings.push_back(what + ": " + things(result.leftOut, "embedding is", "embeddings are") +
                                 " zero or not finite and left out.");
    if (!result.effect.d)
        table.warnings.push_back(what + ": all stimuli are associated alike (standard deviation 0), so there is no "
                                        "effect size.");
    if (nX != nY)
        table.warnings.push_back(what + ": X has " + things(nX, "stimulus", "stimuli") + " and Y " +
                                 std::to_string(nY) +
                                 "; the published test wants as many. Sizes are kept in the partitions, which is an "
                                 "extension.");
    if (static_cast<std::int64_t>(result.smallestSet) < options.minStimuli)
        table.warnings.push_back(what + ": a set of " + things(result.smallestSet, "item", "items") +
                                 " is not enough for a finding.");
    if (const double least = smallestP(result.test, nX == nY, options.sides); least > 0.05)
        table.warnings.push_back(what + ": with " + std::to_string(result.test.partitions) +
                                 " partitions no p can be below " + threeDigits(least) + ".");
}

MeasureRow effectRow(std::vector<std::string> keys, const Weat& result, const WeatOptions& options) {
    MeasureRow row{std::move(keys),
                   "effect_size",
                   {},
                   static_cast<std::int64_t>(result.sX.size() + result.sY.size()),
                   static_cast<std::int64_t>(result.smallestSet) >= options.minStimuli};
    row.value.value = result.effect.d;
    if (result.effect.d)
        setInterval(row.value, result.effectInterval);
    setTest(row.value, result.effect, result.test, options.sides);
    return row;
}

MeasureRow plainRow(const MeasureRow& like, std::string measure, std::optional<double> value) {
    MeasureRow row{like.keys, std::move(measure), {}, like.n, like.enough};
    row.value.value = value;
    return row;
}

MeasureRow differenceRow(const MeasureRow& like, const Weat& result) {
    MeasureRow row = plainRow(like, "mean_difference", result.effect.difference);
    setInterval(row.value, result.differenceInterval);
    return row;
}

} // namespace

Outcome<Weat> weat(const VectorSet& x, const VectorSet& y, const VectorSet& a, const VectorSet& b,
                   const WeatOptions& weatOptions, std::string_view name, const Resampling& options,
                   Feedback& feedback) {
    PLUMBLINE_CHECK(check(weatOptions));
    for (const auto& [what, set] :
         {std::pair{"targets X", &x}, {"targets Y", &y}, {"attributes A", &a}, {"attributes B", &b}})
        PLUMBLINE_CHECK(check(what, *set, x.dim()));
    const MeanDirection meanA = meanDirection(a), meanB = meanDirection(b);
    PLUMBLINE_CHECK(checkUsed("attributes A", meanA.used));
    PLUMBLINE_CHECK(checkUsed("attributes B", meanB.used));
    Weat result;
    result.leftOut = meanA.leftOut + meanB.leftOut;
    // The mean cosine with a set is the dot product with the mean of its unit vectors: one product an item.
    std::vector<double> unit(x.dim());
    const auto associate = [&](const VectorSet& set, std::vector<double>& s) {
        for (std::size_t i = 0; i < set.rows(); ++i) {
            if (set.unitRow(i, unit))
                s.push_back(dotProduct(unit, meanA.mean) - dotProduct(unit, meanB.mean));
            else
                ++result.leftOut;
        }
    };
    associate(x, result.sX);
    associate(y, result.sY);
    PLUMBLINE_CHECK(checkUsed("targets X", result.sX.size()));
    PLUMBLINE_CHECK(checkUsed("targets Y", result.sY.size()));
    result.smallestSet = std::min({result.sX.size(), result.sY.size(), meanA.used, meanB.used});
    result.effect = effectSize(result.sX, result.sY, weatOptions.ddof);
    PLUMBLINE_TRY(result.effectInterval,
                  effectInterval(result.sX, result.sY, weatOptions.ddof, name, options, feedback));
    result.differenceInterval = meanDifferenceInterval(result.sX, result.sY, options.confidence);
    std::vector<double> all = result.sX;
    all.insert(all.end(), result.sY.begin(), result.sY.end());
    PLUMBLINE_TRY(const std::vector<PartitionTest> tests,
                  partitionTests(all, 1, result.sX.size(), 1, name,
                                 {weatOptions.partitions, weatOptions.partitions, options.seed}, feedback));
    result.test = tests.front();
    return result;
}

Outcome<std::vector<SingleCategory>> singleCategory(const VectorSet& items, const VectorSet& a, const VectorSet& b,
                                                    const WeatOptions& weatOptions, std::string_view name,
                                                    const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(weatOptions));
    for (const auto& [what, set] : {std::pair{"items", &items}, {"attributes A", &a}, {"attributes B", &b}})
        PLUMBLINE_CHECK(check(what, *set, items.dim()));
    const UnitRows w = unitRows(items);
    std::vector<SingleCategory> results(items.rows());
    const std::size_t columns = w.rows();
    std::vector<double> unit(items.dim()), cosines; // one row an item of A or B, one column an item of w
    const auto associate = [&](const VectorSet& set) {
        std::size_t used = 0;
        for (std::size_t i = 0; i < set.rows(); ++i) {
            if (!set.unitRow(i, unit))
                continue;
            ++used;
            for (std::size_t c = 0; c < columns; ++c)
                cosines.push_back(dotProduct(unit, w.row(c)));
        }
        return used;
    };
    const std::size_t nA = associate(a), nB = associate(b);
    if (columns > 0) {
        PLUMBLINE_CHECK(checkUsed("attributes A", nA));
        PLUMBLINE_CHECK(checkUsed("attributes B", nB));
    }
    PLUMBLINE_TRY(const std::vector<PartitionTest> tests,
                  partitionTests(cosines, columns, nA, 1, name,
                                 {weatOptions.partitions, weatOptions.partitions, options.seed}, feedback));
    std::vector<double> column(nA + nB);
    for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t i = 0; i < column.size(); ++i)
            column[i] = cosines[i * columns + c];
        SingleCategory& result = results[w.kept[c]];
        const auto ofA = std::span<const double>(column).first(nA), ofB = std::span<const double>(column).subspan(nA);
        result.defined = true;
        result.nA = nA;
        result.nB = nB;
        result.effect = effectSize(ofA, ofB, weatOptions.ddof);
        PLUMBLINE_TRY(result.effectInterval, effectInterval(ofA, ofB, weatOptions.ddof, name, options, feedback));
        result.test = tests[c];
    }
    return results;
}

Outcome<MeasureTable> associationTable(std::span<const AssociationInput> tests, const WeatOptions& weatOptions,
                                       const Resampling& options, Feedback& feedback) {
    MeasureTable table;
    table.id = "association";
    table.title = "Association tests (WEAT)";
    table.definition = weatDefinition(weatOptions);
    table.source = kWeatSource;
    table.countOf = "stimuli";
    table.keys = {"test", "sets"};
    std::int64_t done = 0;
    for (const AssociationInput& test : tests) {
        feedback.progress("association", done++, static_cast<std::int64_t>(tests.size()));
        bool any = false;
        for (const Form& form : kForms) {
            const auto &x = test.x.*form.targets, &y = test.y.*form.targets;
            const auto &a = test.a.*form.attributes, &b = test.b.*form.attributes;
            if (!x || !y || !a || !b)
                continue;
            any = true;
            const std::string what = test.test + " (" + form.name + ")";
            const auto result = weat(*x, *y, *a, *b, weatOptions, what, options, feedback);
            if (!result) {
                if (result.error().cancelled())
                    return tl::unexpected(result.error());
                const Error& error = result.error().error(); // one bad set does not cost the other tests
                table.warnings.push_back(what + ": " + std::string(error.arg("name")) + " have " +
                                         std::string(error.arg("value")) + ", expected " +
                                         std::string(error.arg("expected")) + ".");
                continue;
            }
            MeasureRow row = effectRow({test.test, form.name}, *result, weatOptions);
            MeasureRow difference = differenceRow(row, *result);
            table.rows.push_back(std::move(row));
            table.rows.push_back(std::move(difference));
            warn(table, what, *result, weatOptions);
        }
        if (!any)
            table.warnings.push_back(test.test + ": neither texts nor images for all four sets (" + test.x.label +
                                     ", " + test.y.label + "; " + test.a.label + ", " + test.b.label + ").");
    }
    correctFamily(table, "effect sizes of all tests and forms");
    return table;
}

Outcome<MeasureTable> weatTable(const FourSets& sets, const WeatOptions& weatOptions, const Resampling& options,
                                Feedback& feedback) {
    PLUMBLINE_TRY(const Weat result, weat(sets.x, sets.y, sets.a, sets.b, weatOptions, sets.test, options, feedback));
    MeasureTable table;
    table.id = "weat";
    table.title = "Association test (WEAT)";
    table.definition = weatDefinition(weatOptions);
    table.source = kWeatSource;
    table.countOf = "stimuli";
    table.keys = {"test", "sets"};
    const MeasureRow row = effectRow({sets.test, sets.form}, result, weatOptions);
    table.rows.push_back(row);
    table.rows.push_back(differenceRow(row, result));
    table.rows.push_back(plainRow(row, "statistic_sum", result.effect.sum));
    if (result.effect.d) {
        table.rows.push_back(plainRow(row, "p_one_sided", result.test.greaterEqual));
        table.rows.push_back(plainRow(row, "p_one_sided_strict", result.test.greater));
        table.rows.push_back(plainRow(row, "p_two_sided", result.test.twoSided));
    }
    table.rows.push_back(plainRow(row, "partitions", static_cast<double>(result.test.partitions)));
    warn(table, sets.test, result, weatOptions);
    correctFamily(table, "the effect size");
    return table;
}

std::vector<AttributePair> attributePairs(const Embeddings& images, std::span<const std::string> groups,
                                          std::span<const std::int32_t> codes, std::int64_t minimum) {
    std::vector<std::vector<std::uint32_t>> rows(groups.size());
    for (std::size_t i = 0; i < std::min(codes.size(), images.rows); ++i)
        if (codes[i] >= 0 && static_cast<std::size_t>(codes[i]) < groups.size())
            rows[static_cast<std::size_t>(codes[i])].push_back(static_cast<std::uint32_t>(i));
    std::vector<AttributePair> pairs;
    for (std::size_t g = 0; g < groups.size(); ++g)
        for (std::size_t h = g + 1; h < groups.size(); ++h)
            if (!rows[g].empty() && !rows[h].empty())
                pairs.push_back(
                    {groups[g] + " – " + groups[h], VectorSet(images, rows[g]), VectorSet(images, rows[h]), minimum});
    return pairs;
}

Outcome<MeasureTable> singleCategoryTable(const VectorSet& items, std::span<const std::string> names,
                                          std::span<const AttributePair> pairs, const WeatOptions& weatOptions,
                                          const Resampling& options, Feedback& feedback) {
    if (names.size() != items.rows())
        return unusableArgument("names", std::to_string(names.size()),
                                "one for each of " + std::to_string(items.rows()) + " items");
    MeasureTable table;
    table.id = "sc_weat";
    table.title = "Association of single items (SC-WEAT)";
    table.definition = "Effect size d = (mean cosine of the item with the first set - with the second set) / standard "
                       "deviation of its "
                       "cosines with both (ddof " +
                       std::to_string(weatOptions.ddof) +
                       "). Above 0: the item is nearer to the first. Intervals are over the members of the two sets. " +
                       partitionsSentence(weatOptions, "both sets together");
    table.source = std::string(kWeatSource) + "; of images as Hausladen and others, FAccT 2025, use it";
    table.countOf = "members of both sets";
    table.keys = {"item", "sets"};
    std::int64_t done = 0;
    for (const AttributePair& pair : pairs) {
        feedback.progress("association", done++, static_cast<std::int64_t>(pairs.size()));
        PLUMBLINE_TRY(const std::vector<SingleCategory> results,
                      singleCategory(items, pair.a, pair.b, weatOptions, pair.name, options, feedback));
        const auto any = std::ranges::find_if(results, &SingleCategory::defined);
        const std::size_t nA = any == results.end() ? 0 : any->nA, nB = any == results.end() ? 0 : any->nB;
        const auto n = static_cast<std::int64_t>(nA + nB), smaller = static_cast<std::int64_t>(std::min(nA, nB));
        if (any != results.end() && smaller < pair.minimum)
            table.warnings.push_back(pair.name + ": a set of " + things(std::min(nA, nB), "member", "members") +
                                     " is not enough for a finding.");
        if (const std::size_t leftOut = pair.a.rows() + pair.b.rows() - nA - nB; any != results.end() && leftOut > 0)
            table.warnings.push_back(pair.name + ": " + things(leftOut, "embedding is", "embeddings are") +
                                     " zero or not finite and left out.");
        for (std::size_t i = 0; i < results.size(); ++i) {
            MeasureRow row{{names[i], pair.name}, "effect_size", {}, n, smaller >= pair.minimum};
            row.value.value = results[i].effect.d;
            if (results[i].effect.d)
                setInterval(row.value, results[i].effectInterval);
            setTest(row.value, results[i].effect, results[i].test, weatOptions.sides);
            if (!results[i].defined)
                table.warnings.push_back(names[i] + ": its embedding is zero or not finite.");
            else if (!row.value.value)
                table.warnings.push_back(names[i] + ", " + pair.name +
                                         ": all cosines are equal, so there is no effect size.");
            table.rows.push_back(std::move(row));
        }
    }
    correctFamily(table, "effect sizes of all items and pairs of sets");
    return table;
}

} // namespace plumbline::metric
