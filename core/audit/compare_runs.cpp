// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/compare_runs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "core/audit/audit.h"
#include "core/base/path.h"
#include "core/data/debias_price.h"
#include "core/metric/family.h"
#include "core/metric/paired.h"
#include "core/metric/ranking.h"
#include "core/probe/probe_set.h"

namespace plumbline::audit {

namespace {

/// One run with all that a comparison needs of it.
struct Loaded {
    store::RunRecord record;
    AuditResult result;
    ImageSet set;
    std::string text; ///< "run 3"
};

Outcome<Loaded> load(store::Project& project, std::int64_t run) {
    Loaded loaded;
    PLUMBLINE_TRY(loaded.record, project.run(run));
    PLUMBLINE_TRY(loaded.result, project.runResult(run));
    PLUMBLINE_TRY(loaded.set, project.runImageSet(run));
    loaded.text = "run " + std::to_string(run);
    return loaded;
}

std::string listed(const std::vector<std::string>& texts) {
    std::string list;
    for (const std::string& text : texts)
        list += (list.empty() ? "" : ", ") + text;
    return list;
}

std::string targetText(const Target& target) {
    switch (target.kind) {
    case Target::Kind::Pool:
        return "the pool's shares";
    case Target::Kind::Uniform:
        return "equal shares";
    case Target::Kind::Conditional:
        return "the shares among the relevant images";
    case Target::Kind::Custom:
        break;
    }
    return "given shares";
}

bool sameTarget(const AuditConfig& a, const AuditConfig& b) {
    const Target &first = a.measure.target, &second = b.measure.target;
    return first.kind == second.kind && first.shares == second.shares &&
           std::ranges::equal(first.byConcept, second.byConcept,
                              [](const ConceptShares& x, const ConceptShares& y) {
                                  return x.concept_ == y.concept_ && x.shares == y.shares;
                              }) &&
           (first.kind != Target::Kind::Conditional || a.relevance == b.relevance);
}

/// Versions of one model, as far as the project knows: the same weights, or one is the other after a change.
bool sameModel(const Loaded& a, const Loaded& b) {
    const std::string& tensors = a.result.provenance.tensorsSha256;
    const auto after = [](const Loaded& later, const Loaded& earlier) {
        return later.result.config.debias && later.result.config.debias->baselineRun == earlier.record.id;
    };
    return (!tensors.empty() && tensors == b.result.provenance.tensorsSha256) || after(a, b) || after(b, a);
}

/// The concept of each prompt, empty where they are not all of one.
std::vector<std::int32_t> conceptsOf(const AuditResult& result) {
    std::vector<std::int32_t> concepts;
    for (const Prompt& prompt : probe::expand(result.config.probe))
        concepts.push_back(prompt.concept_);
    if (concepts.size() != result.prompts.size() || std::ranges::any_of(concepts, [](std::int32_t c) { return c < 0; }))
        concepts.clear();
    return concepts;
}

/// Why two runs do not say the same of the same.
Result<void> findRefusals(const Loaded& first, const Loaded& second, std::vector<std::string>& refusals) {
    const AuditResult &a = first.result, &b = second.result;
    const std::string both = "Run " + std::to_string(first.record.id) + " and " + second.text;
    const auto refuse = [&](const std::string& what, const std::string& of, const std::string& ofOther) {
        std::string sentence = both + " " + what;
        if (!of.empty() || !ofOther.empty())
            sentence += " (" + of + "; " + ofOther + ")";
        refusals.push_back(sentence + ".");
    };
    const auto countedImages = [](const ImageSet& set) { return std::to_string(set.size()) + " images"; };
    const bool sameFiles = first.set.files == second.set.files;
    if (!sameFiles)
        refuse("are of different images", first.record.imageSetName + ", " + countedImages(first.set),
               second.record.imageSetName + ", " + countedImages(second.set));
    else if (a.provenance.imagesSha256 != b.provenance.imagesSha256)
        refuse("have image files of the same names with different contents", {}, {});
    if (a.provenance.labelsSha256 != b.provenance.labelsSha256)
        refuse("are of different labels", encodePath(first.set.labelsFile), encodePath(second.set.labelsFile));
    if (a.prompts != b.prompts) {
        std::size_t at = 0;
        while (at < a.prompts.size() && at < b.prompts.size() && a.prompts[at] == b.prompts[at])
            ++at;
        const auto prompt = [&](const AuditResult& result) {
            return at < result.prompts.size() ? "“" + result.prompts[at] + "”" : "no prompt " + std::to_string(at + 1);
        };
        refuse("ask different prompts", prompt(a), prompt(b));
    } else if (conceptsOf(a) != conceptsOf(b))
        refuse("take their prompts together to different concepts", a.config.probe.name, b.config.probe.name);
    if (a.config.attributes != b.config.attributes)
        refuse("compare the groups of different attributes", listed(a.config.attributes), listed(b.config.attributes));
    else if (sameFiles && a.provenance.labelsSha256 == b.provenance.labelsSha256)
        for (const std::string& name : a.config.attributes) {
            PLUMBLINE_TRY(const Attribute of, resolveAttribute(first.set, name));
            PLUMBLINE_TRY(const Attribute ofOther, resolveAttribute(second.set, name));
            if (of.groups != ofOther.groups || of.codes != ofOther.codes)
                refuse("read the labels of " + name + " differently", {}, {});
        }
    const MeasureOptions &m = a.config.measure, &n = b.config.measure;
    if (m.k.count != n.k.count || m.k.fraction != n.k.fraction)
        refuse("look at different k", formatK(m.k), formatK(n.k));
    if (!sameTarget(a.config, b.config))
        refuse("are measured against different targets", targetText(m.target), targetText(n.target));
    if (m.definition != n.definition)
        refuse("are measured by different definitions", std::string(definitionName(m.definition)),
               std::string(definitionName(n.definition)));
    if (a.provenance.preprocessing != b.provenance.preprocessing && sameModel(first, second))
        refuse("are versions of one model that see the images prepared differently, so that what the model does and "
               "what the preparation does cannot be told apart",
               a.provenance.preprocessing, b.provenance.preprocessing);
    return {};
}

void findCautions(const Loaded& first, const Loaded& second, std::vector<std::string>& cautions) {
    const AuditResult &a = first.result, &b = second.result;
    const std::string both = "Run " + std::to_string(first.record.id) + " and " + second.text;
    if (a.provenance.preprocessing != b.provenance.preprocessing)
        cautions.push_back(both + " are of models that prepare images differently (" + a.provenance.preprocessing +
                           "; " + b.provenance.preprocessing + "): the preparation is part of what is compared.");
    if (a.provenance.precision != b.provenance.precision)
        cautions.push_back(both + " were computed in different precision (" + a.provenance.precision + "; " +
                           b.provenance.precision + ").");
    if (a.truncated != b.truncated)
        cautions.push_back(both + " cut different prompts to what their models read: there the models were asked "
                                  "different texts.");
    if (a.provenance.imagesSha256.empty())
        cautions.push_back(both + " hold no hash of their images: that they are the same goes by the names of the "
                                  "files.");
    if (a.config.others.classes != b.config.others.classes)
        cautions.push_back(both + " sort images into different classes: their accuracies are not compared.");
}

Outcome<std::vector<float>> scoresOf(store::Project& project, const Loaded& run, Feedback& feedback) {
    std::vector<float> scores;
    for (std::size_t p = 0; p < run.result.prompts.size(); ++p) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        PLUMBLINE_TRY(const std::vector<float> row, project.runScores(run.record.id, static_cast<std::int64_t>(p)));
        if (row.size() != run.set.size())
            return fail(ErrorCode::ScoresInvalid,
                        {{"reason", run.text + " has " + std::to_string(row.size()) + " scores for " +
                                        std::to_string(run.set.size()) + " images"}});
        scores.insert(scores.end(), row.begin(), row.end());
    }
    return scores;
}

/// What a run stored of one prompt and attribute.
using Stored = std::map<std::pair<std::string, std::string>, const Measurement*>;
Stored storedOf(const AuditResult& result) {
    Stored stored;
    for (const Measurement& measurement : result.measurements)
        stored[{measurement.attribute, measurement.prompt.value_or("")}] = &measurement;
    return stored;
}

void addPrompts(const MeasureTable& paired, const Stored& first, const Stored& second, const std::string& run,
                MeasureTable& table) {
    constexpr std::string_view kSuffix = "_difference";
    constexpr std::array kStored = {std::pair("max_skew", &Measurement::maxSkew),
                                    std::pair("min_skew", &Measurement::minSkew),
                                    std::pair("ndkl", &Measurement::ndkl)};
    for (const MeasureRow& row : paired.rows) {
        const std::string measure = row.measure.substr(0, row.measure.size() - kSuffix.size());
        for (const auto& [name, member] : kStored)
            if (measure == name)
                for (const auto& [of, stored] : {std::pair(kOfFirst, &first), std::pair(kOfSecond, &second)})
                    if (const auto found = stored->find({row.keys[0], row.keys[1]}); found != stored->end()) {
                        MetricValue value = found->second->*member;
                        value.pValue.reset(); // of the run's own family, not of this comparison
                        value.adjustedP.reset();
                        value.falseDiscovery.reset();
                        table.rows.push_back(
                            {{run, row.keys[0], row.keys[1], of}, measure, value, found->second->n, row.enough});
                    }
        table.rows.push_back({{run, row.keys[0], row.keys[1], kOfDifference}, measure, row.value, row.n, row.enough});
    }
}

void addMeans(const MeasureTable& paired, const std::string& run, MeasureTable& table) {
    for (MeasureRow row : paired.rows) {
        row.keys.insert(row.keys.begin(), run);
        table.rows.push_back(std::move(row));
    }
}

void addGroups(const Loaded& loaded, MeasureTable& table) {
    for (const Measurement& measurement : loaded.result.measurements)
        for (const GroupMeasure& group : measurement.groups) {
            MetricValue share;
            share.value = group.topShare;
            share.neutral = group.poolShare;
            table.rows.push_back(
                {{std::to_string(loaded.record.id), measurement.attribute, measurement.prompt.value_or(""), group.name},
                 "top_share",
                 share,
                 group.topCount,
                 true});
        }
}

/// What a run's own tables say of how well it does its work: zero-shot accuracy and retrieval of all images.
std::vector<MeasureRow> ownUtility(const AuditResult& result) {
    constexpr std::array kOwn = {std::array{"zero_shot_accuracy", "top1", "zero_shot_accuracy"},
                                 std::array{"retrieval", "r_mean", "retrieval_mean"}};
    std::vector<MeasureRow> rows;
    for (const auto& [id, measure, name] : kOwn)
        if (const auto table = std::ranges::find(result.tables, id, &MeasureTable::id); table != result.tables.end())
            for (const char* all : {"", "all"})
                if (const MeasureRow* row = table->find({all}, measure)) {
                    rows.push_back(*row);
                    rows.back().measure = name;
                    break;
                }
    return rows;
}

/// The paired utility of a debiased run that was compared with `first` when it was measured; else what both stored,
/// whose difference has no interval, since the answers image by image are not kept.
void addUtility(const Loaded& first, const Loaded& second, MeasureTable& table, std::vector<std::string>& cautions) {
    const std::string run = std::to_string(second.record.id);
    const AuditResult &a = first.result, &b = second.result;
    const auto price = std::ranges::find(b.tables, kDebiasPriceId, &MeasureTable::id);
    if (b.config.debias && b.config.debias->baselineRun == first.record.id && price != b.tables.end()) {
        for (const MeasureRow& row : price->rows) {
            const bool utility = row.measure == "zero_shot_accuracy" || row.measure == "worst_group_accuracy" ||
                                 row.measure == "able" || row.measure.starts_with("recall_at_");
            if (!utility)
                continue;
            MeasureRow& mine = table.rows.emplace_back(row);
            mine.keys = {run, row.keys[0],
                         row.keys[1] == "before"  ? kOfFirst
                         : row.keys[1] == "after" ? kOfSecond
                                                  : kOfDifference};
            mine.value.adjustedP.reset();
            mine.value.falseDiscovery.reset();
        }
        return;
    }
    if (a.config.others.classes != b.config.others.classes)
        return;
    const std::vector<MeasureRow> of = ownUtility(a), ofOther = ownUtility(b);
    bool any = false;
    for (const MeasureRow& one : of) {
        const auto other = std::ranges::find(ofOther, one.measure, &MeasureRow::measure);
        if (other == ofOther.end() || !one.value.value || !other->value.value)
            continue;
        any = true;
        MetricValue difference;
        difference.value = *other->value.value - *one.value.value;
        for (const auto& [name, row] : {std::pair(kOfFirst, &one), std::pair(kOfSecond, &*other)})
            table.rows.push_back({{run, "", name}, row->measure, row->value, row->n, row->enough});
        table.rows.push_back(
            {{run, "", kOfDifference}, one.measure, difference, std::min(one.n, other->n), one.enough});
    }
    if (any)
        cautions.push_back("The differences in utility of " + first.text + " and " + second.text +
                           " have no interval: a run keeps its accuracy, not its answer for each image.");
}

/// Of each prompt the images among the first k in either run that moved by most ranks.
void addMoved(const Loaded& first, std::span<const float> scores, const Loaded& second, std::span<const float> others,
              std::vector<MovedImage>& moved) {
    const std::size_t images = first.set.size();
    for (std::size_t p = 0; p < first.result.prompts.size(); ++p) {
        std::vector<float> of(scores.begin() + static_cast<std::ptrdiff_t>(p * images),
                              scores.begin() + static_cast<std::ptrdiff_t>((p + 1) * images));
        std::vector<float> ofOther(others.begin() + static_cast<std::ptrdiff_t>(p * images),
                                   others.begin() + static_cast<std::ptrdiff_t>((p + 1) * images));
        for (std::size_t i = 0; i < images; ++i)
            if (std::isnan(of[i]) || std::isnan(ofOther[i]))
                of[i] = ofOther[i] = std::numeric_limits<float>::quiet_NaN();
        const std::vector<std::uint32_t> order = metric::topRows(of, images),
                                         otherOrder = metric::topRows(ofOther, images);
        std::vector<std::int64_t> rank(images), otherRank(images);
        for (std::size_t at = 0; at < order.size(); ++at) {
            rank[order[at]] = static_cast<std::int64_t>(at) + 1;
            otherRank[otherOrder[at]] = static_cast<std::int64_t>(at) + 1;
        }
        const std::int64_t k = first.result.config.measure.k.resolve(static_cast<std::int64_t>(order.size()));
        std::vector<std::uint32_t> rows;
        for (const std::uint32_t row : order)
            if ((rank[row] <= k || otherRank[row] <= k) && rank[row] != otherRank[row])
                rows.push_back(row);
        std::ranges::stable_sort(rows, std::greater(),
                                 [&](std::uint32_t row) { return std::abs(rank[row] - otherRank[row]); });
        for (std::size_t at = 0; at < std::min(rows.size(), kMovedImages); ++at)
            moved.push_back({second.record.id, first.result.prompts[p], rows[at], encodeName(first.set.files[rows[at]]),
                             rank[rows[at]], otherRank[rows[at]]});
    }
}

/// A table of the comparison before it has rows.
MeasureTable emptyTable(std::string_view id, std::string title, std::vector<std::string> keys) {
    MeasureTable table;
    table.id = id;
    table.title = std::move(title);
    table.source = "Geyik et al., KDD 2019; paired intervals and tests: Plumbline's own (paired_means)";
    table.countOf = "images";
    table.keys = std::move(keys);
    return table;
}

void addWarnings(const std::vector<std::string>& warnings, std::vector<std::string>& to) {
    for (const std::string& warning : warnings)
        if (std::ranges::find(to, warning) == to.end())
            to.push_back(warning);
}

constexpr int kTestsOfAPrompt = 4; ///< MaxSkew, MinSkew, NDKL, gap in sd
constexpr int kMostDraws = 20000;  ///< of random exchanges

void judge(const MeasureTable& table, const MeasureOptions& options, std::vector<JudgedDifference>& judged) {
    const bool prompts = table.id == kComparedPromptsId;
    const std::size_t valueOf = prompts ? 3 : 2;
    for (const MeasureRow& row : table.rows) {
        // The gap in the scores' own unit has no test: scores of two models need not have the same.
        if (row.keys[valueOf] != kOfDifference || row.measure == "gap" || (!prompts && row.keys[3] != "images"))
            continue;
        judged.push_back({std::stoll(row.keys[0]), row.keys[1], prompts ? row.keys[2] : std::string(), row.measure,
                          changeOf(row, options)});
    }
}

} // namespace

Outcome<RunComparison> compareRuns(store::Project& project, std::span<const std::int64_t> runs, Feedback& feedback) {
    RunComparison comparison;
    std::string asked;
    for (const std::int64_t run : runs)
        asked += (asked.empty() ? "" : ", ") + std::to_string(run);
    const auto wrong = [&](const char* expected) {
        return fail(ErrorCode::InvalidArgument, {{"name", "the runs"}, {"value", asked}, {"expected", expected}});
    };
    if (runs.size() < 2)
        return wrong("the numbers of two or more runs");
    std::vector<Loaded> loaded;
    for (const std::int64_t run : runs) {
        if (std::ranges::any_of(loaded, [&](const Loaded& one) { return one.record.id == run; }))
            return wrong("each run once");
        PLUMBLINE_TRY(loaded.emplace_back(), load(project, run));
        const Loaded& one = loaded.back();
        // Where another model is the change, its name is the run's.
        const std::optional<AppliedDebias>& debias = one.result.config.debias;
        comparison.runs.push_back({run, one.record.modelName, debias && !debias->model ? debias->name : "",
                                   one.record.imageSetName, one.record.created});
    }
    const Loaded& first = loaded.front();
    for (std::size_t r = 1; r < loaded.size(); ++r)
        PLUMBLINE_CHECK(findRefusals(first, loaded[r], comparison.refusals));
    if (!comparison.refusals.empty())
        return comparison;

    const MeasureOptions& measure = comparison.measure = first.result.config.measure;
    MeasureOptions options = measure;
    options.target = measure.target.kind == Target::Kind::Conditional ? Target() : measure.target.of({});
    MeasureTable means = emptyTable(kComparedMeansId, "Means over the prompts, each run against " + first.text,
                                    {"run", "attribute", "value of", "interval over"});
    MeasureTable prompts = emptyTable(kComparedPromptsId, "Prompt by prompt, each run against " + first.text,
                                      {"run", "attribute", "prompt", "value of"});
    MeasureTable utility =
        emptyTable(kComparedUtilityId, "Utility, each run against " + first.text, {"run", "attribute", "value of"});
    utility.definition = "Share of images whose class prompt wins (zero_shot_accuracy), of captions whose image is "
                         "among the first K (recall_at_K), mean recall of both directions (retrieval_mean); ABLE: "
                         "harmonic mean of that accuracy and exp(-MaxSkew) with equal shares. Higher is better; "
                         "difference = second minus first.";
    utility.source = "Radford et al., ICML 2021; Zhang, Guo, Kankanhalli, CVPR 2025 (ABLE)";
    MeasureTable groups =
        emptyTable(kComparedGroupsId, "Groups in the top k of each run", {"run", "attribute", "prompt", "group"});
    groups.definition = "Share of each group in the top k; neutral: its share of the pool; n: its images in the top k.";
    groups.source = "Geyik et al., KDD 2019";
    groups.countOf = "images in the top k";
    if (measure.target.kind == Target::Kind::Conditional || !measure.target.byConcept.empty())
        comparison.cautions.push_back("The target differs from prompt to prompt: differences are of measures against " +
                                      std::string(options.target.kind == Target::Kind::Custom
                                                      ? "the shares that it has for all others"
                                                      : "the pool's shares") +
                                      ", the values beside them against each prompt's own.");

    // One prompt among many reaches below the corrected level only if its p can be small enough.
    const double tests = double(first.result.prompts.size()) * double(first.result.config.attributes.size()) *
                         double(loaded.size() - 1) * kTestsOfAPrompt;
    const double needed = std::ceil(2 * tests / measure.level);
    options.nullDraws = std::max(options.nullDraws, static_cast<int>(std::min(needed, double(kMostDraws))));
    if (needed / 2 > kMostDraws)
        comparison.cautions.push_back("So many differences are tested that " + std::to_string(kMostDraws) +
                                      " draws cannot bring a single prompt below the corrected level: read the means, "
                                      "and the intervals of the prompts.");

    const metric::AskedPrompts askedPrompts{first.result.prompts, conceptsOf(first.result)};
    PLUMBLINE_TRY(const std::vector<float> scores, scoresOf(project, first, feedback));
    const Stored stored = storedOf(first.result);
    addGroups(first, groups);
    for (std::size_t r = 1; r < loaded.size(); ++r) {
        const Loaded& second = loaded[r];
        const std::string run = std::to_string(second.record.id);
        findCautions(first, second, comparison.cautions);
        PLUMBLINE_TRY(const std::vector<float> others, scoresOf(project, second, feedback));
        std::int64_t inOne = 0;
        for (std::size_t i = 0; i < first.set.size(); ++i)
            inOne += std::isnan(scores[i]) != std::isnan(others[i]);
        if (inOne > 0)
            comparison.cautions.push_back(std::to_string(inOne) + (inOne == 1 ? " image has" : " images have") +
                                          " a score in only one of " + first.text + " and " + second.text +
                                          ": differences are of the images that both have, the values beside them of "
                                          "each run's own.");
        const Stored storedOther = storedOf(second.result);
        for (const std::string& name : first.result.config.attributes) {
            PLUMBLINE_TRY(const Attribute attribute, resolveAttribute(first.set, name));
            PLUMBLINE_TRY(
                const metric::PairedMeasures paired,
                metric::comparePaired(scores, others, askedPrompts, attribute, options, kOfFirst, kOfSecond, feedback));
            means.definition = paired.mean.definition;
            prompts.definition = paired.prompts.definition + " The values of each run are those that it stored.";
            addMeans(paired.mean, run, means);
            addPrompts(paired.prompts, stored, storedOther, run, prompts);
            addWarnings(paired.mean.warnings, means.warnings);
        }
        addGroups(second, groups);
        addUtility(first, second, utility, comparison.cautions);
        addMoved(first, scores, second, others, comparison.moved);
    }
    metric::correctFamily(means, "differences of the means of everything that is compared");
    metric::correctFamily(prompts, "differences of all prompts of everything that is compared");
    judge(means, measure, comparison.judged);
    judge(prompts, measure, comparison.judged);
    comparison.tables = {std::move(means), std::move(prompts)};
    if (!utility.rows.empty()) {
        metric::correctFamily(utility, "differences in utility of everything that is compared");
        comparison.tables.push_back(std::move(utility));
    }
    comparison.tables.push_back(std::move(groups));
    return comparison;
}

} // namespace plumbline::audit
