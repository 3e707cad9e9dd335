// SPDX-License-Identifier: GPL-3.0-or-later
// Runs of a project against each other: what is refused, what is said of the differences.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include <QtTest>

#include "core/audit/audit.h"
#include "core/audit/compare_runs.h"
#include "core/base/error_text.h"
#include "core/base/random.h"
#include "core/data/debias_price.h"
#include "core/probe/probe_set.h"
#include "tests/support/test_support.h"

using namespace plumbline;

namespace {

constexpr std::size_t kImages = 240;
constexpr std::int64_t kTop = 40;

/// Images of whom every third is a woman; half of them are old.
ImageSet people() {
    ImageSet set;
    set.root = "/photos";
    set.labelsFile = "/photos/labels.csv";
    set.labelsSha256 = std::string(64, 'a');
    std::vector<std::string> gender, age;
    for (std::size_t i = 0; i < kImages; ++i) {
        set.files.push_back("p" + std::to_string(i) + ".jpg");
        gender.emplace_back(i % 3 == 0 ? "Female" : "Male");
        age.emplace_back(i % 2 == 0 ? "old" : "young");
    }
    set.attributes = {makeAttribute("gender", gender), makeAttribute("age", age)};
    return set;
}

AuditConfig config() {
    AuditConfig made;
    made.modelPath = "/models/a";
    made.attributes = {"gender"};
    made.probe = probe::handWritten({"a nurse", "a boss"});
    made.measure.k = {kTop, 0};
    made.measure.nullDraws = 1000;
    made.measure.bootstrapDraws = 200;
    return made;
}

/// Scores of every prompt: chance, and for the first prompt so much more for women.
std::vector<float> scoresOf(const ImageSet& set, std::size_t prompts, double lean) {
    std::vector<float> scores;
    for (std::size_t p = 0; p < prompts; ++p) {
        RandomStream random(5, streamId("tst_compare_runs"), p);
        for (std::size_t i = 0; i < set.size(); ++i)
            scores.push_back(static_cast<float>(random.normal() + (p == 0 && i % 3 == 0 ? lean : 0.0)));
    }
    return scores;
}

const MeasureRow& rowOf(const RunComparison& comparison, std::string_view table, const std::vector<std::string>& keys,
                        std::string_view measure) {
    const MeasureTable* found = comparison.table(table);
    const MeasureRow* row = found ? found->find(keys, measure) : nullptr;
    if (!row)
        throw std::runtime_error("no row " + std::string(measure));
    return *row;
}

std::optional<Change> changeOf(const RunComparison& comparison, std::int64_t run, std::string_view prompt,
                               std::string_view measure) {
    for (const JudgedDifference& one : comparison.judged)
        if (one.run == run && one.prompt == prompt && one.measure == measure)
            return one.change;
    return {};
}

} // namespace

class TestCompareRuns : public QObject {
    Q_OBJECT
    test::TempFolder m_folder;
    std::optional<store::Project> m_project;
    ImageSet m_set = people();
    std::int64_t m_setId = 0;
    int m_files = 0;

    /// A finished run, measured from these scores as an audit does; `change` may make it another than all others.
    std::int64_t add(AuditConfig asked, const std::vector<float>& scores,
                     const std::function<void(AuditResult&)>& change = {}, const ImageSet* other = nullptr) {
        const ImageSet& set = other ? *other : m_set;
        asked.imageSetId = other ? m_project->addImageSet(*other, "others").value() : m_setId;
        std::vector<bool> present(set.size());
        for (std::size_t i = 0; i < set.size(); ++i)
            present[i] = !std::isnan(scores[i]);
        Feedback feedback;
        AuditResult result = audit::measureScores(asked, set, present, scores, {}, feedback).value();
        result.truncated.assign(result.prompts.size(), false);
        result.provenance.imagesSha256 = std::string(64, 'i');
        result.provenance.labelsSha256 = set.labelsSha256;
        result.provenance.preprocessing = "224 bicubic";
        result.provenance.precision = "fp32";
        if (change)
            change(result);
        const std::int64_t id = m_project->beginRun(asked).value();
        if (const auto finished = m_project->finishRun(id, result, scores); !finished)
            throw std::runtime_error(errorText(finished.error()));
        return id;
    }
    RunComparison compare(const std::vector<std::int64_t>& runs) {
        Feedback feedback;
        auto comparison = audit::compareRuns(*m_project, runs, feedback);
        if (!comparison)
            throw std::runtime_error(errorText(comparison.error().error()));
        return std::move(*comparison);
    }

private Q_SLOTS:
    void init() {
        m_project = store::Project::create(m_folder / ("p" + std::to_string(m_files++) + ".plumb")).value();
        m_setId = m_project->addImageSet(m_set, "people").value();
    }

    void whatIsLessIsFoundBothWays() {
        const std::vector<float> leaning = scoresOf(m_set, 2, 2.5), even = scoresOf(m_set, 2, 0);
        const std::int64_t first = add(config(), leaning), second = add(config(), even);
        const RunComparison there = compare({first, second}), back = compare({second, first});
        QVERIFY(there.refusals.empty() && there.cautions.empty());
        const std::string name = std::to_string(second);
        for (const char* measure : {"max_skew", "min_skew", "ndkl"}) {
            const auto& of = rowOf(there, kComparedPromptsId, {name, "gender", "a nurse", kOfFirst}, measure);
            const auto& after = rowOf(there, kComparedPromptsId, {name, "gender", "a nurse", kOfSecond}, measure);
            const auto& difference =
                rowOf(there, kComparedPromptsId, {name, "gender", "a nurse", kOfDifference}, measure);
            if (of.value.value && after.value.value) // MinSkew has none where a group is absent from the top
                QVERIFY(std::abs(*difference.value.value - (*after.value.value - *of.value.value)) < 1e-9);
            QCOMPARE(changeOf(there, second, "a nurse", measure), std::optional(Change::LeansLess));
            QCOMPARE(changeOf(back, first, "a nurse", measure), std::optional(Change::LeansMore));
            // The other prompt has the same scores in both.
            QCOMPARE(changeOf(there, second, "a boss", measure), std::optional(Change::CannotTell));
            QCOMPARE(*rowOf(there, kComparedPromptsId, {name, "gender", "a boss", kOfDifference}, measure).value.value,
                     0.0);
            // One of two prompts: the mean over both has half of the difference.
            QVERIFY(
                std::abs(
                    *rowOf(there, kComparedMeansId, {name, "gender", kOfDifference, "images"}, measure).value.value -
                    *difference.value.value / 2) < 1e-9);
        }
        QCOMPARE(changeOf(there, second, "", "max_skew"), std::optional(Change::LeansLess));
        QVERIFY(!changeOf(there, second, "", "gap"));
        // Who is at the top of each: as the runs stored it.
        const auto result = m_project->runResult(first).value();
        const GroupMeasure& women = result.measurements.front().groups.front();
        const auto& share =
            rowOf(there, kComparedGroupsId, {std::to_string(first), "gender", "a nurse", "Female"}, "top_share");
        QCOMPARE(*share.value.value, women.topShare);
        QCOMPARE(share.n, women.topCount);
    }

    void whoMovedIsNamed() {
        const std::vector<float> scores = scoresOf(m_set, 2, 0);
        std::vector<float> moved = scores;
        const std::size_t best =
            static_cast<std::size_t>(std::max_element(scores.begin(), scores.begin() + kImages) - scores.begin());
        moved[best] = -100;
        const std::int64_t first = add(config(), scores), second = add(config(), moved);
        const RunComparison comparison = compare({first, second});
        QVERIFY(!comparison.moved.empty());
        QCOMPARE(comparison.moved.size(), audit::kMovedImages);
        const MovedImage& most = comparison.moved.front();
        QCOMPARE(most.prompt, std::string("a nurse"));
        QCOMPARE(most.run, second);
        QCOMPARE(most.row, static_cast<std::int64_t>(best));
        QCOMPARE(most.file, m_set.files[best]);
        QCOMPARE(most.firstRank, std::int64_t(1));
        QCOMPARE(most.secondRank, static_cast<std::int64_t>(kImages));
        // All others among the first k move up by one, the one that comes in to the last of its ranks.
        for (std::size_t m = 1; m < comparison.moved.size(); ++m) {
            QCOMPARE(comparison.moved[m].secondRank, comparison.moved[m].firstRank - 1);
            QVERIFY(comparison.moved[m].secondRank <= kTop);
        }
    }

    void whatIsNotTheSameIsRefused() {
        const std::vector<float> scores = scoresOf(m_set, 2, 1);
        const auto tensors = [](AuditResult& result) { result.provenance.tensorsSha256 = std::string(64, 't'); };
        const std::int64_t first = add(config(), scores, tensors);
        const auto refused = [&](std::int64_t run, const char* what) {
            const RunComparison comparison = compare({first, run});
            QCOMPARE(comparison.refusals.size(), std::size_t(1));
            const std::string& sentence = comparison.refusals.front();
            QVERIFY2(sentence.starts_with("Run " + std::to_string(first) + " and run " + std::to_string(run) + " "),
                     sentence.c_str());
            QVERIFY2(sentence.find(what) != std::string::npos, sentence.c_str());
            QVERIFY(comparison.tables.empty() && comparison.judged.empty() && comparison.moved.empty());
        };
        ImageSet others = m_set;
        others.files.front() = "another.jpg";
        refused(add(config(), scores, {}, &others), "are of different images");
        refused(add(config(), scores, [](AuditResult& r) { r.provenance.imagesSha256.front() = 'x'; }),
                "same names with different contents");
        refused(add(config(), scores, [](AuditResult& r) { r.provenance.labelsSha256.front() = 'x'; }),
                "are of different labels");
        ImageSet relabelled = m_set; // the same table, read by another preset
        relabelled.attributes.front().codes.front() = Attribute::kUnlabelled;
        refused(add(config(), scores, {}, &relabelled), "read the labels of gender differently");
        AuditConfig other = config();
        other.probe = probe::handWritten({"a nurse", "a chief"});
        refused(add(other, scores), "(“a boss”; “a chief”)");
        other.probe = probe::handWritten({"a nurse"});
        refused(add(other, {scores.begin(), scores.begin() + kImages}), "(“a boss”; no prompt 2)");
        other = config();
        other.attributes = {"age"};
        refused(add(other, scores), "(gender; age)");
        other = config();
        other.measure.k = {50, 0};
        refused(add(other, scores), "different k (40; 50)");
        other = config();
        other.measure.target.kind = Target::Kind::Uniform;
        refused(add(other, scores), "(the pool's shares; equal shares)");
        other = config();
        other.measure.definition = Definition::Bend;
        refused(add(other, scores), "(geyik; bend)");
        // The same weights that see the images otherwise; and two models, whose preparation is a part of them.
        const auto prepared = [](AuditResult& r) { r.provenance.preprocessing = "336 bilinear"; };
        refused(add(config(), scores,
                    [&](AuditResult& r) {
                        tensors(r);
                        prepared(r);
                    }),
                "prepared differently");
        AuditConfig after = config();
        after.debias = AppliedDebias{0, {}, "the model b", {}, 1, first, "/models/b"};
        const std::int64_t another = add(after, scores, prepared);
        refused(another, "prepared differently");
        QVERIFY(compare({first, another}).runs.back().debias.empty()); // the run is called after that model
        const RunComparison twoModels = compare({first, add(config(), scores, prepared)});
        QVERIFY(twoModels.refusals.empty() && !twoModels.tables.empty());
        QCOMPARE(twoModels.cautions.size(), std::size_t(1));
        QVERIFY(twoModels.cautions.front().find("(224 bicubic; 336 bilinear)") != std::string::npos);
        // Every reason is said, of every run.
        other = config();
        other.measure.k = {50, 0};
        other.measure.definition = Definition::Bend;
        const std::int64_t both = add(other, scores);
        QCOMPARE(compare({first, both, add(other, scores)}).refusals.size(), std::size_t(4));
    }

    void wrongRuns() {
        const std::vector<float> scores = scoresOf(m_set, 2, 0);
        const std::int64_t first = add(config(), scores);
        AuditConfig asked = config();
        asked.imageSetId = m_setId;
        const std::int64_t unfinished = m_project->beginRun(asked).value();
        Feedback feedback;
        const auto error = [&](const std::vector<std::int64_t>& runs) {
            const auto comparison = audit::compareRuns(*m_project, runs, feedback);
            return comparison || comparison.error().cancelled() ? ErrorCode::Internal : comparison.error().error().code;
        };
        QCOMPARE(error({}), ErrorCode::InvalidArgument);
        QCOMPARE(error({first}), ErrorCode::InvalidArgument);
        QCOMPARE(error({first, first}), ErrorCode::InvalidArgument);
        QCOMPARE(error({first, 99}), ErrorCode::RecordUnknown);
        QCOMPARE(error({first, unfinished}), ErrorCode::RecordUnknown);
    }

    void imagesOfOneRunOnly() {
        const std::vector<float> scores = scoresOf(m_set, 2, 1);
        std::vector<float> holes = scores;
        for (std::size_t p = 0; p < 2; ++p)
            holes[p * kImages + 7] = std::numeric_limits<float>::quiet_NaN();
        const std::int64_t first = add(config(), scores), second = add(config(), holes);
        const RunComparison comparison = compare({first, second});
        QCOMPARE(comparison.cautions.size(), std::size_t(1));
        QVERIFY(comparison.cautions.front().starts_with("1 image has a score in only one of"));
        // On the images that both have they are the same.
        for (const MeasureRow& row : comparison.table(kComparedPromptsId)->rows)
            if (row.keys[3] == kOfDifference) {
                QCOMPARE(*row.value.value, 0.0);
                QCOMPARE(row.n, static_cast<std::int64_t>(kImages) - 1);
            }
        QVERIFY(comparison.moved.empty());
    }

    /// So few draws that no p of theirs could be below the corrected level: a comparison draws more.
    void aPromptCanBeFoundAmongItsFamily() {
        AuditConfig few = config();
        few.measure.nullDraws = 100;
        const std::int64_t first = add(few, scoresOf(m_set, 2, 2.5)), second = add(few, scoresOf(m_set, 2, 0));
        QCOMPARE(changeOf(compare({first, second}), second, "a nurse", "ndkl"), std::optional(Change::LeansLess));
    }

    void allRunsAreOneFamily() {
        const std::int64_t first = add(config(), scoresOf(m_set, 2, 2.5)),
                           second = add(config(), scoresOf(m_set, 2, 0)), third = add(config(), scoresOf(m_set, 2, 1));
        const RunComparison two = compare({first, second}), three = compare({first, second, third});
        const auto tests = [](const RunComparison& comparison) {
            return std::stoi(comparison.table(kComparedPromptsId)->family);
        };
        QVERIFY(tests(two) > 0);
        QCOMPARE(tests(three), 2 * tests(two));
        const std::vector<std::string> keys = {std::to_string(second), "gender", "a nurse", kOfDifference};
        const MetricValue &alone = rowOf(two, kComparedPromptsId, keys, "ndkl").value,
                          &among = rowOf(three, kComparedPromptsId, keys, "ndkl").value;
        QCOMPARE(alone.value, among.value);
        QCOMPARE(alone.ciLow, among.ciLow);
        QVERIFY(*among.adjustedP >= *among.pValue && *alone.adjustedP >= *alone.pValue);
    }

    /// As many exchanges are drawn as the family needs, however few the runs were made with.
    void aSinglePromptCanBeAFinding() {
        AuditConfig few = config();
        few.measure.nullDraws = 20;
        const std::int64_t first = add(few, scoresOf(m_set, 2, 2.5)), second = add(few, scoresOf(m_set, 2, 0));
        const RunComparison comparison = compare({first, second});
        QVERIFY(std::ranges::any_of(comparison.judged, [](const JudgedDifference& one) {
            return !one.prompt.empty() && one.change == Change::LeansLess;
        }));
    }

    void utilityOfTheRuns() {
        const std::vector<float> scores = scoresOf(m_set, 2, 1);
        const auto accuracy = [](double value) {
            return [value](AuditResult& result) {
                MeasureTable table;
                table.id = "zero_shot_accuracy";
                table.keys = {"gender"};
                table.rows.push_back({{""}, "top1", {}, 200, true});
                table.rows.back().value.value = value;
                table.rows.back().value.ciLow = value - 0.05;
                table.rows.back().value.ciHigh = value + 0.05;
                result.tables.push_back(table);
            };
        };
        const std::int64_t first = add(config(), scores, accuracy(0.75)), second = add(config(), scores, accuracy(0.5));
        const RunComparison stored = compare({first, second});
        std::string name = std::to_string(second);
        const MetricValue& unpaired =
            rowOf(stored, kComparedUtilityId, {name, "", kOfDifference}, "zero_shot_accuracy").value;
        QCOMPARE(*unpaired.value, -0.25);
        QVERIFY(!unpaired.ciLow && !unpaired.pValue);
        QCOMPARE(*rowOf(stored, kComparedUtilityId, {name, "", kOfSecond}, "zero_shot_accuracy").value.ciLow, 0.45);
        QCOMPARE(stored.cautions.size(), std::size_t(1));
        // A debiased run that was compared with the first when it was measured keeps the paired difference.
        AuditConfig after = config();
        after.debias = AppliedDebias{1, {}, "erasure", {}, 1, first, {}};
        const std::int64_t third = add(after, scores, [&](AuditResult& result) {
            accuracy(0.7)(result);
            MeasureTable price;
            price.id = kDebiasPriceId;
            price.keys = {"attribute", "state"};
            for (const auto& [state, value] : {std::pair("before", 0.75), {"after", 0.7}, {"difference", -0.05}}) {
                price.rows.push_back({{"", state}, "zero_shot_accuracy", {}, 200, true});
                price.rows.back().value.value = value;
            }
            price.rows.back().value.pValue = 0.01;
            price.rows.back().value.adjustedP = 0.5; // of that run's family
            price.rows.push_back({{"gender", "after"}, "linear_probe", {}, 200, true});
            result.tables.push_back(price);
        });
        const RunComparison paired = compare({first, third});
        QVERIFY(paired.cautions.empty());
        QCOMPARE(paired.runs.back().debias, std::string("erasure"));
        name = std::to_string(third);
        QCOMPARE(paired.table(kComparedUtilityId)->rows.size(), std::size_t(3));
        const MetricValue& difference =
            rowOf(paired, kComparedUtilityId, {name, "", kOfDifference}, "zero_shot_accuracy").value;
        QCOMPARE(*difference.pValue, 0.01);
        QCOMPARE(*difference.adjustedP, 0.01);
        QVERIFY(!compare({first, add(config(), scores)}).table(kComparedUtilityId));
    }

    void verdicts() {
        MeasureOptions options;
        MeasureRow row{{}, "max_skew", {}, 100, true};
        const auto judged = [&] { return plumbline::changeOf(row, options); };
        row.value.value = -0.2;
        row.value.ciLow = -0.3;
        row.value.ciHigh = -0.1;
        QCOMPARE(judged(), Change::CannotTell); // without a test
        row.value.adjustedP = 0.04;
        row.value.falseDiscovery = 0.06;
        QCOMPARE(judged(), Change::LeansLess);
        options.correction = Correction::FalseDiscovery;
        QCOMPARE(judged(), Change::CannotTell);
        options.correction = Correction::Holm;
        options.level = 0.01;
        QCOMPARE(judged(), Change::CannotTell);
        options.level = 0.05;
        row.measure = "min_skew"; // further below 0
        QCOMPARE(judged(), Change::LeansMore);
        row.value.ciHigh = 0.1; // the interval holds 0
        QCOMPARE(judged(), Change::CannotTell);
        row.value.ciHigh = -0.1;
        row.enough = false;
        QCOMPARE(judged(), Change::CannotTell);
    }
};

QTEST_GUILESS_MAIN(TestCompareRuns)
#include "tst_compare_runs.moc"
