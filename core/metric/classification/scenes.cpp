// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/scenes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/metric/classification/paired_rates.h"
#include "core/metric/classification/rows.h"
#include "core/metric/family.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

Result<std::int32_t> groupOf(const Attribute& attribute, const std::string& name) {
    const auto found = std::ranges::find(attribute.groups, name);
    if (found == attribute.groups.end())
        return fail(ErrorCode::AttributeUnknown,
                    {{"name", attribute.name + " " + name}, {"available", listed(attribute.groups)}});
    return static_cast<std::int32_t>(found - attribute.groups.begin());
}

double rateOf(std::int64_t count, std::int64_t n) {
    return static_cast<double>(count) / static_cast<double>(n);
}

} // namespace

Outcome<MeasureTable> backgroundDrop(const Classified& classified, const Attribute& background,
                                     const std::string& common, const std::string& counter, const Resampling& options,
                                     Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    PLUMBLINE_CHECK(check(classified));
    PLUMBLINE_CHECK(check(background, classified.truth.size()));
    PLUMBLINE_TRY(const std::int32_t commonCode, groupOf(background, common));
    PLUMBLINE_TRY(const std::int32_t counterCode, groupOf(background, counter));

    MeasureTable table;
    table.id = "background_drop";
    table.title = "Accuracy lost from " + common + " to " + counter + " " + background.name;
    table.definition = "accuracy: share of images whose highest-scoring class is the true one. drop: accuracy on " +
                       common + " minus accuracy on " + counter +
                       " backgrounds, of each class; over all classes the mean, each class counting the same. Above 0 "
                       "the model leans on "
                       "the background. Intervals are over images (Newcombe, joined over the classes); the null "
                       "permutes the backgrounds "
                       "within each class. Reconstructed from a secondary source.";
    table.source = "Wang et al., arXiv 2403.11497 (CounterAnimal)";
    table.countOf = "images";
    table.keys = {"class", background.name};

    const std::size_t classes = classified.classes.size();
    std::vector<std::array<std::int64_t, 2>> right(classes), images(classes);
    std::vector<std::int32_t> label, group;
    std::vector<std::uint8_t> isRight;
    for (std::size_t i = 0; i < classified.truth.size(); ++i) {
        const std::int32_t code = background.codes[i];
        if (classified.truth[i] < 0 || classified.predicted[i] < 0 || (code != commonCode && code != counterCode))
            continue;
        label.push_back(classified.truth[i]);
        group.push_back(code == commonCode ? 0 : 1);
        isRight.push_back(classified.truth[i] == classified.predicted[i]);
        const auto c = static_cast<std::size_t>(label.back()), g = static_cast<std::size_t>(group.back());
        ++images[c][g];
        right[c][g] += isRight.back();
    }
    if (label.size() < classified.truth.size())
        table.warnings.push_back(counted(static_cast<std::int64_t>(classified.truth.size() - label.size()), "image") +
                                 " without a true class, a prediction or one of the two backgrounds left out.");

    std::vector<std::size_t> used;
    std::vector<std::string> skipped;
    std::vector<double> drops;
    std::vector<Interval> intervals;
    std::array<std::vector<double>, 2> accuracies;
    std::array<std::vector<Interval>, 2> ofAccuracies;
    std::array<std::int64_t, 2> total{};
    for (std::size_t c = 0; c < classes; ++c) {
        if (images[c][0] + images[c][1] == 0)
            continue;
        const std::string& name = classified.classes[c];
        std::array<Rate, 2> rates;
        for (std::size_t g = 0; g < 2; ++g) {
            rates[g] = wilson(right[c][g], images[c][g], options.confidence);
            if (rates[g].n > 0)
                addRow(table, {name, g == 0 ? common : counter}, "accuracy", valueOf(rates[g]), rates[g].n,
                       rates[g].n >= options.minGroup);
        }
        if (rates[0].n == 0 || rates[1].n == 0) {
            skipped.push_back(name);
            continue;
        }
        used.push_back(c);
        drops.push_back(*rates[0].value - *rates[1].value);
        intervals.push_back(rateDifference(rates[0], rates[1], options.confidence));
        for (std::size_t g = 0; g < 2; ++g) {
            accuracies[g].push_back(*rates[g].value);
            ofAccuracies[g].push_back({rates[g].low, rates[g].high});
            total[g] += rates[g].n;
        }
        MetricValue drop = valueOf(drops.back(), intervals.back());
        drop.pValue = fisherExact(rates[0], rates[1]);
        addRow(table, {name, ""}, "drop", drop, rates[0].n + rates[1].n,
               std::min(rates[0].n, rates[1].n) >= options.minGroup);
    }
    if (!skipped.empty())
        table.warnings.push_back("Passed over, with images on one of the two backgrounds only: " + listed(skipped) +
                                 ".");
    MetricValue mean;
    if (used.empty()) {
        table.warnings.emplace_back("The drop is undefined: no class has images on both backgrounds.");
    } else {
        const std::vector<double> weights(used.size(), 1.0 / static_cast<double>(used.size()));
        for (std::size_t g = 0; g < 2; ++g) {
            const Combined of = combine(weights, accuracies[g], ofAccuracies[g]);
            addRow(table, {"", g == 0 ? common : counter}, "accuracy", valueOf(of.value, of.interval), total[g],
                   total[g] >= options.minGroup);
        }
        const Combined of = combine(weights, drops, intervals);
        mean = valueOf(of.value, of.interval);
        if (options.nullDraws > 0) {
            const auto statistics = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                std::vector<std::array<std::int64_t, 2>> drawn(classes);
                for (std::size_t i = 0; i < rows.size(); ++i)
                    drawn[static_cast<std::size_t>(label[i])][static_cast<std::size_t>(group[rows[i]])] += isRight[i];
                out[0] = 0;
                for (const std::size_t c : used)
                    out[0] += (rateOf(drawn[c][0], images[c][0]) - rateOf(drawn[c][1], images[c][1])) /
                              static_cast<double>(used.size());
            };
            PLUMBLINE_TRY(const Draws draws, permuteRows(label.size(), label, 1, "background/" + background.name,
                                                         options, statistics, feedback));
            setNull(mean, draws[0], Tail::TwoSided);
        }
    }
    addRow(table, {"", ""}, "drop", mean, total[0] + total[1], std::min(total[0], total[1]) >= options.minGroup);
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "the drop of each class and of all");
    return table;
}

Outcome<MeasureTable> conceptAssociation(std::span<const AssociationAnswer> answers, const Attribute& attribute,
                                         const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    PLUMBLINE_CHECK(check(attribute, answers.size()));
    MeasureTable table;
    table.id = "concept_association";
    table.title = "Concept association by " + attribute.name;
    table.definition = "Of pictures of two objects: keep, the share where the attribute given to the asked object is "
                       "its own typical one; "
                       "swap, the share where it is the other object's; cab = (1 + swap - keep) / 2, 0.5 neutral and 1 "
                       "fully swapped. Of "
                       "pictures of one object, as a control: keep. Intervals are over images (Wilson; of cab a paired "
                       "difference); p is "
                       "McNemar's exact that swap and keep are as frequent. A reconstruction: the formula of the paper "
                       "could not be read.";
    table.source = "Yamada et al., arXiv 2212.12043 (the idea); the formula is Plumbline's";
    table.countOf = "images";
    table.keys = {"objects", attribute.name};

    struct Counts {
        PairedCounts two; ///< first: swapped, second: kept
        std::int64_t kept = 0, one = 0;
    };
    const std::size_t groups = attribute.groups.size();
    std::vector<Counts> counts(groups + 1); // all of them last
    std::int64_t leftOut = 0, noGroup = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const AssociationAnswer& of = answers[i];
        if (of.chosen < 0 || of.own < 0 || of.own == of.other) {
            ++leftOut;
            continue;
        }
        noGroup += attribute.codes[i] < 0;
        for (const std::size_t g :
             {groups, attribute.codes[i] < 0 ? groups : static_cast<std::size_t>(attribute.codes[i])}) {
            if (of.other < 0) {
                ++counts[g].one;
                counts[g].kept += of.chosen == of.own;
            } else {
                PairedCounts& two = counts[g].two;
                ++(of.chosen == of.other ? two.first : of.chosen == of.own ? two.second : two.neither);
            }
            if (attribute.codes[i] < 0)
                break;
        }
    }
    if (leftOut > 0)
        table.warnings.push_back(counted(leftOut, "image") +
                                 " without an answer, or with the same typical attribute for both objects, left out.");
    if (noGroup > 0)
        table.warnings.push_back(counted(noGroup, "image") + " without a value for " + attribute.name +
                                 " counted in the rows of all images only.");
    if (counts[groups].two.n() == 0)
        table.warnings.emplace_back("CAB is undefined: no picture of two objects has an answer.");
    for (std::size_t place = 0; place <= groups; ++place) {
        const std::size_t g = place == 0 ? groups : place - 1;
        const std::string group = g == groups ? std::string() : attribute.groups[g];
        const PairedCounts& two = counts[g].two;
        const std::int64_t n = two.n();
        if (n > 0 || g == groups) {
            const bool enough = n >= options.minGroup;
            addRow(table, {"two", group}, "keep", valueOf(wilson(two.second, n, options.confidence)), n, enough);
            addRow(table, {"two", group}, "swap", valueOf(wilson(two.first, n, options.confidence)), n, enough);
            MetricValue cab;
            if (const auto difference = pairedDifference(two)) {
                const Interval interval = pairedInterval(two, options.confidence);
                cab = valueOf((1 + *difference) / 2, {(1 + *interval.low) / 2, (1 + *interval.high) / 2});
                cab.nullMean = 0.5;
                cab.pValue = mcNemarExact(two);
            }
            addRow(table, {"two", group}, "cab", cab, n, enough);
        }
        if (counts[g].one > 0)
            addRow(table, {"one", group}, "keep", valueOf(wilson(counts[g].kept, counts[g].one, options.confidence)),
                   counts[g].one, counts[g].one >= options.minGroup);
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "swap against keep, of all images and of each group");
    return table;
}

Outcome<MeasureTable> pronounResolution(std::span<const float> his, std::span<const float> her, const Attribute& gender,
                                        const std::string& masculine, const std::string& feminine,
                                        const Attribute& occupation, const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    PLUMBLINE_CHECK(checkSize("the scores of “her”", her.size(), his.size()));
    PLUMBLINE_CHECK(check(gender, his.size()));
    if (!occupation.codes.empty())
        PLUMBLINE_CHECK(check(occupation, his.size()));
    PLUMBLINE_TRY(const std::int32_t men, groupOf(gender, masculine));
    PLUMBLINE_TRY(const std::int32_t women, groupOf(gender, feminine));

    MeasureTable table;
    table.id = "pronoun_resolution";
    table.title = "Pronoun resolution";
    table.definition =
        "resolution_accuracy: share of the images of a perceived gender for which the caption with its own pronoun "
        "scores "
        "above the same caption with the other one; equal scores count as wrong. resolution_bias: that of " +
        masculine + " minus that of " + feminine + "; above 0 " + masculine +
        " people are resolved more often; 0 is even. Intervals are over images (Wilson, Newcombe); p is Fisher's "
        "exact.";
    table.source = "Hall et al., NeurIPS 2023 Datasets and Benchmarks (VisoGender)";
    table.countOf = "images";
    const bool byOccupation = !occupation.codes.empty();
    table.keys = {byOccupation && !occupation.name.empty() ? occupation.name : "occupation", gender.name};

    const std::size_t occupations = byOccupation ? occupation.groups.size() : 0;
    std::vector<std::array<std::int64_t, 2>> right(occupations + 1), images(occupations + 1); // all of them last
    std::int64_t equal = 0, leftOut = 0, noOccupation = 0;
    for (std::size_t i = 0; i < his.size(); ++i) {
        if (std::isnan(his[i]) || std::isnan(her[i]) || (gender.codes[i] != men && gender.codes[i] != women)) {
            ++leftOut;
            continue;
        }
        const std::size_t g = gender.codes[i] == men ? 0 : 1;
        const bool isRight = g == 0 ? his[i] > her[i] : her[i] > his[i];
        equal += his[i] == her[i];
        ++images[occupations][g];
        right[occupations][g] += isRight;
        if (!byOccupation)
            continue;
        if (occupation.codes[i] < 0) {
            ++noOccupation;
            continue;
        }
        const auto place = static_cast<std::size_t>(occupation.codes[i]);
        ++images[place][g];
        right[place][g] += isRight;
    }
    if (leftOut > 0)
        table.warnings.push_back(counted(leftOut, "image") + " without scores or one of the two genders left out.");
    if (noOccupation > 0)
        table.warnings.push_back(counted(noOccupation, "image") + " without " + table.keys[0] +
                                 " counted in the rows of all images only.");
    if (equal > 0)
        table.warnings.push_back(counted(equal, "image") + " with equal scores for both pronouns " +
                                 (equal == 1 ? "counts" : "count") + " as wrong.");
    for (std::size_t place = 0; place <= occupations; ++place) {
        const std::size_t o = place == 0 ? occupations : place - 1;
        const std::string key = o == occupations ? std::string() : occupation.groups[o];
        std::array<Rate, 2> rates;
        for (std::size_t g = 0; g < 2; ++g) {
            rates[g] = wilson(right[o][g], images[o][g], options.confidence);
            if (rates[g].n > 0)
                addRow(table, {key, g == 0 ? masculine : feminine}, "resolution_accuracy", valueOf(rates[g]),
                       rates[g].n, rates[g].n >= options.minGroup);
        }
        MetricValue bias;
        if (rates[0].value && rates[1].value) {
            bias = valueOf(*rates[0].value - *rates[1].value, rateDifference(rates[0], rates[1], options.confidence));
            bias.pValue = fisherExact(rates[0], rates[1]);
        } else if (o == occupations) {
            table.warnings.push_back("The resolution bias is undefined: no image of " +
                                     (rates[0].n == 0 ? masculine : feminine) + " people.");
        } else {
            continue;
        }
        addRow(table, {key, ""}, "resolution_bias", bias, rates[0].n + rates[1].n,
               std::min(rates[0].n, rates[1].n) >= options.minGroup);
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, byOccupation ? "the bias over all and of each " + table.keys[0] : "the bias over all");
    return table;
}

} // namespace plumbline::metric
