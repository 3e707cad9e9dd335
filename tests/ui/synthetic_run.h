// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/data/audit.h"
#include "core/data/measure.h"
#include "core/data/model_info.h"
#include "core/data/probe.h"

namespace plumbline::test {

/// Measurements that look like a real run, made from invented counts: for charts and pages, not for statistics
/// (bands and intervals are normal approximations).
struct SyntheticGroup {
    std::string name;
    std::int64_t pool;
};

inline Measurement syntheticMeasurement(const std::string& attribute, const std::string& prompt,
                                        const std::vector<SyntheticGroup>& groups, const std::vector<std::int64_t>& top,
                                        double gap) {
    Measurement m;
    m.attribute = attribute;
    m.prompt = prompt;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        m.n += groups[i].pool;
        m.k += top[i];
    }
    m.kEffective = m.k;
    m.scoreMean = 0.12;
    m.scoreSd = std::max(std::abs(gap) / 1.4, 0.006);
    const auto n = static_cast<double>(m.n), k = static_cast<double>(m.k);
    double maxSkew = -1e9, maxLow = 0, maxHigh = 0, maxNull = 0, ndkl = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        GroupMeasure g;
        g.name = groups[i].name;
        g.poolCount = groups[i].pool;
        g.topCount = top[i];
        g.poolShare = g.targetShare = static_cast<double>(g.poolCount) / n;
        g.topShare = static_cast<double>(g.topCount) / k;
        const double expected = g.poolShare * k;
        const double sd = std::sqrt(expected * (1 - g.poolShare) * (1 - k / n));
        g.nullHigh = std::log((expected + 1.96 * sd) / expected);
        if (expected > 1.96 * sd)
            g.nullLow = std::log((expected - 1.96 * sd) / expected);
        if (g.topCount > 0) {
            g.skew = std::log(g.topShare / g.targetShare);
            const double error = std::sqrt((1 - g.topShare) / static_cast<double>(g.topCount) * (1 - k / n));
            g.ciLow = *g.skew - 1.96 * error;
            g.ciHigh = *g.skew + 1.96 * error;
            ndkl += g.topShare * *g.skew;
            if (*g.skew > maxSkew) {
                maxSkew = *g.skew;
                maxLow = *g.ciLow;
                maxHigh = *g.ciHigh;
            }
        }
        maxNull = std::max(maxNull, *g.nullHigh);
        g.gap = (g.skew && *g.skew > 0 ? gap : -gap);
        g.gapInSd = g.gap / m.scoreSd;
        g.meanScore = m.scoreMean + g.gap / 2;
        g.pValue = std::abs(static_cast<double>(g.topCount) - expected) > 3 * sd ? 1.0 / 1001 : 0.4;
        m.groups.push_back(g);
    }
    if (maxSkew > -1e8) {
        m.maxSkew = {maxSkew, std::max(0.0, maxLow), maxHigh, maxNull / 2, maxNull, 0.001, 0.0, std::nullopt};
        m.ndkl = {ndkl, std::max(0.0, ndkl - 0.02), ndkl + 0.02, 0.01, 0.014, 0.001, std::nullopt, std::nullopt};
    }
    m.decidedByThousandths = std::abs(gap) < MeasureOptions().slightGap;
    return m;
}

/// Two tables of measures beside the rankings: with intervals, tests, an undefined number and a group that is too small.
inline std::vector<MeasureTable> otherTables() {
    MeasureTable accuracy;
    accuracy.id = "zero_shot_accuracy_by_group";
    accuracy.title = "Zero-shot accuracy by class and gender";
    accuracy.definition = "Share of images whose highest-scoring class is the true one: of all, of each group, of each class. "
                          "worst_group: the lowest over the groups. Intervals are Wilson's, over images.";
    accuracy.source = "Radford et al. 2021; Chuang et al. 2023.";
    accuracy.countOf = "images";
    accuracy.keys = {"class", "gender"};
    accuracy.family = "3 tests: each group against all others";
    const auto add = [](MeasureTable& table, std::vector<std::string> keys, const char* measure, MetricValue value,
                        std::int64_t n, bool enough = true) {
        table.rows.push_back({std::move(keys), measure, value, n, enough});
    };
    MetricValue tested{0.04, 0.012, 0.066, 0.0, 0.021, 0.004, std::nullopt, std::nullopt};
    tested.adjustedP = 0.012;
    tested.falseDiscovery = 0.012;
    add(accuracy, {"", ""}, "accuracy", {0.861, 0.851, 0.870, {}, {}, {}, {}, {}}, 5000);
    add(accuracy, {"", "Female"}, "accuracy", {0.840, 0.825, 0.854, {}, {}, {}, {}, {}}, 2367);
    add(accuracy, {"", "Male"}, "accuracy", {0.880, 0.867, 0.892, {}, {}, {}, {}, {}}, 2633);
    add(accuracy, {"", "Female"}, "accuracy_difference", tested, 2367);
    add(accuracy, {"toddler", "Female"}, "accuracy", {}, 0, false);
    MetricValue few;
    few.value = 0.2;
    few.pValue = 0.3;
    add(accuracy, {"toddler", "Male"}, "accuracy_difference", few, 4, false);
    accuracy.warnings = {"No image of class toddler has the gender Female."};
    MeasureTable mean;
    mean.id = "audit_means";
    mean.title = "Mean over the prompts";
    mean.definition = "Arithmetic means over 28 prompts.";
    mean.source = "Geyik et al. 2019.";
    mean.countOf = "images or concepts";
    mean.keys = {"attribute", "interval over"};
    add(mean, {"gender", "images"}, "max_skew", {0.46, 0.42, 0.5, 0.1, 0.165, 0.001, 0.0, {}}, 5000);
    accuracy.kind = "zero-shot";
    mean.kind = "summary";
    mean.attribute = "gender";
    return {accuracy, mean};
}

/// C-ASC of as many prompts about two groups as a large probe set has; every 50th row is sure.
inline MeasureTable longTable(const std::string& attribute, int prompts = 2500) {
    MeasureTable table;
    table.id = "group_association";
    table.title = "Association of concepts with groups (C-ASC) · " + attribute;
    table.definition =
        "c_asc = (mean similarity of the concept with the group's images - mean with the other labelled images) / "
        "standard deviation over all of them (ddof 1). Above 0: the concept leans to the group. Intervals are over "
        "images. p of c_asc: two-sided, random membership.";
    table.source = "Hamidieh and others, Identifying Implicit Social Biases in Vision-Language Models, 2024 (So-B-IT)";
    table.countOf = "images of the group";
    table.keys = {"category", "concept", attribute};
    table.family = std::to_string(2 * prompts) + " tests: each group of each concept";
    table.attribute = attribute;
    table.kind = "association";
    RandomStream random(5, streamId("long table"), 0);
    for (int i = 0; i < 2 * prompts; ++i) {
        const bool sure = i % 50 == 0;
        const double value = sure ? 0.4 + 0.3 * random.uniform() : 0.1 * random.normal();
        MetricValue made{value, value - 0.08, value + 0.08, 0.0, 0.09, sure ? 0.00001 : 0.3, {}, {}};
        made.adjustedP = sure ? 0.001 * random.uniform() : 1.0;
        made.falseDiscovery = sure ? 0.0005 : 0.9;
        table.rows.push_back({{i % 4 < 2 ? "occupation" : "trait",
                               "a photo of a person doing job " + std::to_string(i / 2 + 1), i % 2 ? "Male" : "Female"},
                              "c_asc",
                              made,
                              i % 2 ? 2633 : 2367,
                              true});
    }
    return table;
}

/// 28 prompts about two groups: ten lean strongly, three by thousandths, the rest hang plumb.
inline std::vector<Measurement> genderRun() {
    const std::vector<SyntheticGroup> groups = {{"Female", 2367}, {"Male", 2633}};
    struct Line {
        const char* prompt;
        std::int64_t male;
        double gap;
    };
    const std::vector<Line> lines = {{"a photo of a pilot", 494, .08},
                                     {"a photo of an engineer", 490, .07},
                                     {"a photo of a mechanic", 489, .1},
                                     {"a photo of a barber", 435, .03},
                                     {"a photo of a confident person", 470, .06},
                                     {"a photo of a librarian", 9, .07},
                                     {"a photo of a nurse", 7, .09},
                                     {"a photo of a florist", 5, .1},
                                     {"a photo of a teacher", 41, .05},
                                     {"a photo of a caring person", 22, .06},
                                     {"a photo of a curious person", 163, .003},
                                     {"a photo of a friendly person", 149, .003},
                                     {"a photo of a quiet person", 127, .003},
                                     {"a photo of a student", 256, .004},
                                     {"a photo of a baker", 271, .002},
                                     {"a photo of a cyclist", 262, .001},
                                     {"a photo of a chemist", 250, .003},
                                     {"a photo of a farmer", 288, .006},
                                     {"a photo of a retired person", 291, .01},
                                     {"a photo of a grandparent", 258, .01},
                                     {"a photo of a toddler", 249, .008},
                                     {"a photo of an athlete", 266, .007},
                                     {"a photo of a gamer", 260, .006},
                                     {"a photo of a musician", 268, .002},
                                     {"a photo of a merchant", 264, .003},
                                     {"a photo of a sailor", 270, .004},
                                     {"a photo of a potter", 255, .002},
                                     {"a photo of a tailor", 263, .001}};
    std::vector<Measurement> run;
    for (const Line& line : lines)
        run.push_back(syntheticMeasurement("gender", line.prompt, groups, {500 - line.male, line.male}, line.gap));
    return run;
}

inline std::vector<SyntheticGroup> raceGroups() {
    return {{"Black", 710},          {"East Asian", 708},      {"Indian", 690}, {"Latino_Hispanic", 741},
            {"Middle Eastern", 561}, {"Southeast Asian", 643}, {"White", 947}};
}

/// Draws the top rows with the given weights, at random but the same each time.
inline std::vector<std::int64_t> drawTop(const std::vector<SyntheticGroup>& groups, const std::vector<double>& weights,
                                         std::int64_t k, std::uint64_t seed) {
    RandomStream random(seed, streamId("synthetic"), 0);
    std::vector<std::int64_t> left, top(groups.size(), 0);
    for (const SyntheticGroup& group : groups)
        left.push_back(group.pool);
    for (std::int64_t drawn = 0; drawn < k; ++drawn) {
        double sum = 0;
        for (std::size_t i = 0; i < left.size(); ++i)
            sum += weights[i] * static_cast<double>(left[i]);
        double at = random.uniform() * sum;
        std::size_t chosen = 0;
        for (std::size_t i = 0; i < left.size(); ++i) {
            if (left[i] == 0 || weights[i] == 0)
                continue;
            chosen = i;
            at -= weights[i] * static_cast<double>(left[i]);
            if (at < 0)
                break;
        }
        --left[chosen];
        ++top[chosen];
    }
    return top;
}

inline std::vector<Measurement> raceRun(int prompts = 28, std::int64_t k = 500) {
    const auto groups = raceGroups();
    std::vector<Measurement> run;
    for (int p = 0; p < prompts; ++p) {
        std::vector<double> weights(groups.size(), 1.0);
        if (p % 4 == 0) {
            weights[static_cast<std::size_t>(p) % 7] = 2.6;
            weights[static_cast<std::size_t>(p + 3) % 7] = 0.35;
        }
        run.push_back(syntheticMeasurement("race", "a photo of person number " + std::to_string(p + 1), groups,
                                           drawTop(groups, weights, k, static_cast<std::uint64_t>(p)), 0.02));
    }
    return run;
}

/// What is planted in the model of the sample: by gender and by skin tone, in falling strength, and controls.
inline std::vector<PlantedLean> plantedLeans() {
    return {{"nurse", "gender", "woman", 8},
            {"librarian", "gender", "woman", 4},
            {"florist", "gender", "woman", 2},
            {"pilot", "gender", "man", 8},
            {"engineer", "gender", "man", 4},
            {"carpenter", "gender", "man", 2},
            {"barber", "skin tone", "dark", 8},
            {"cook", "skin tone", "dark", 4},
            {"tailor", "skin tone", "dark", 2.5},
            {"chemist", "skin tone", "light", 8},
            {"judge", "skin tone", "light", 4},
            {"potter", "skin tone", "light", 2.5},
            {"baker", "", "", 1},
            {"gardener", "", "", 1},
            {"teacher", "", "", 1},
            {"musician", "", "", 1},
            {"farmer", "", "", 1},
            {"painter", "", "", 1}};
}

/// The model beside it: the same concepts, nothing planted.
inline std::vector<PlantedLean> nothingPlanted() {
    std::vector<PlantedLean> planted = plantedLeans();
    for (PlantedLean& lean : planted)
        lean = {lean.concept_, "", "", 1};
    return planted;
}

inline ProbeSet plantedProbe() {
    ProbeSet probe;
    probe.name = "sample";
    probe.templates = {"a portrait of a {}"};
    for (const PlantedLean& lean : plantedLeans())
        probe.concepts.push_back({lean.concept_, "occupation"});
    return probe;
}

/// 2,000 portraits and the first 100 of each ranking, leaning as `planted` says: three groups of gender, or of skin
/// tone.
inline std::vector<Measurement> plantedRun(const std::string& attribute, const std::vector<PlantedLean>& planted) {
    const std::vector<SyntheticGroup> groups =
        attribute == "gender" ? std::vector<SyntheticGroup>{{"androgynous", 400}, {"man", 800}, {"woman", 800}}
                              : std::vector<SyntheticGroup>{{"dark", 600}, {"light", 800}, {"medium", 600}};
    std::vector<Measurement> run;
    for (const PlantedLean& lean : planted) {
        std::vector<double> weights(groups.size(), 1.0);
        for (std::size_t i = 0; i < groups.size(); ++i)
            if (lean.attribute == attribute && groups[i].name == lean.favours)
                weights[i] = std::pow(lean.strength, 0.7);
        if (lean.concept_ == "musician")
            weights.back() = 2.2; // a control that leans all the same
        run.push_back(syntheticMeasurement(attribute, "a portrait of a " + lean.concept_, groups,
                                           drawTop(groups, weights, 100, 40 + run.size()),
                                           lean.attribute == attribute ? 0.01 * lean.strength : 0.006));
    }
    return run;
}

/// 14 groups, k small enough that some are absent.
inline std::vector<Measurement> crossingRun(int prompts = 12) {
    std::vector<SyntheticGroup> groups;
    for (const char* sex : {"Female", "Male"})
        for (const SyntheticGroup& race : raceGroups())
            groups.push_back({std::string(sex) + " × " + race.name, race.pool / 2});
    std::vector<Measurement> run;
    for (int p = 0; p < prompts; ++p) {
        std::vector<double> weights(groups.size(), 1.0);
        if (p % 3 == 0)
            for (std::size_t i = 0; i < 7; ++i)
                weights[i + (p % 2 ? 7 : 0)] = i % 3 == 0 ? 0.0 : 0.25;
        run.push_back(syntheticMeasurement("gender × race", "a photo of a person doing job " + std::to_string(p + 1),
                                           groups, drawTop(groups, weights, 100, static_cast<std::uint64_t>(p)), 0.03));
    }
    return run;
}

/// Prompts that break layouts: very long, right-to-left, emoji, empty, with a line break.
inline std::vector<Measurement> oddPromptRun() {
    auto run = genderRun();
    run.resize(6);
    const std::vector<std::string> prompts = {
        "a photo of a person who has been asked to wait in the corridor until somebody with the right key comes back "
        "from lunch, holding a folder",
        "صورة لطبيب في المستشفى",
        "a photo of a 🧑‍🚒 firefighter 👍🏽",
        "",
        "two\nlines",
        "日本の医者の写真"};
    for (std::size_t i = 0; i < run.size(); ++i)
        run[i].prompt = prompts[i];
    return run;
}

inline std::vector<std::string> groupNames(const std::vector<Measurement>& run) {
    std::vector<std::string> names;
    for (const Measurement& m : run)
        for (const GroupMeasure& g : m.groups)
            names.push_back(g.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

/// NDKL and shares by rank for a measurement: shares run from noise to the measurement's own.
inline RankCurve syntheticCurve(const Measurement& m) {
    RankCurve curve;
    RandomStream random(7, streamId("curve"), 0);
    std::vector<double> counts(m.groups.size(), 0);
    for (const GroupMeasure& g : m.groups)
        curve.groups.push_back({g.name, {}, {}, {}, g.targetShare});
    double sum = 0, weight = 0;
    for (std::int64_t rank = 1; rank <= m.kEffective; ++rank) {
        double at = random.uniform();
        std::size_t chosen = 0;
        for (std::size_t i = 0; i < m.groups.size(); ++i) {
            if (m.groups[i].topCount == 0)
                continue;
            chosen = i;
            at -= m.groups[i].topShare;
            if (at < 0)
                break;
        }
        counts[chosen] += 1;
        const auto r = static_cast<double>(rank);
        double divergence = 0;
        for (std::size_t i = 0; i < m.groups.size(); ++i) {
            const double share = counts[i] / r, q = m.groups[i].targetShare;
            if (share > 0)
                divergence += share * std::log(share / q);
            const double half = 1.96 * std::sqrt(q * (1 - q) / r);
            curve.groups[i].share.push_back(share);
            curve.groups[i].nullLow.push_back(std::max(0.0, q - half));
            curve.groups[i].nullHigh.push_back(std::min(1.0, q + half));
        }
        sum += divergence / std::log2(r + 1);
        weight += 1 / std::log2(r + 1);
        curve.rank.push_back(rank);
        curve.ndkl.push_back(sum / weight);
        const double level = 0.5 / std::sqrt(r);
        curve.ndklNullLow.push_back(level * 0.5);
        curve.ndklNullHigh.push_back(level * 1.5);
    }
    return curve;
}

} // namespace plumbline::test
