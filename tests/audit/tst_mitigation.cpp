// SPDX-License-Identifier: GPL-3.0-or-later
// Debiasing that shows its price: what is counted, what the intervals cover, what a study may look at.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include <QtTest>

#include "core/audit/mitigation.h"
#include "core/base/random.h"
#include "core/debias/closed_form/linear.h"
#include "core/probe/probe_set.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::audit;

namespace {

constexpr std::size_t kDim = 12, kClasses = 3, kPrompts = 4;

/// A direction: these coordinates with these values.
std::vector<float> along(std::initializer_list<std::pair<std::size_t, double>> parts) {
    std::vector<float> row(kDim);
    for (const auto& [at, value] : parts)
        row[at] += static_cast<float>(value);
    return row;
}

Embeddings rowsOf(const std::vector<std::vector<float>>& rows) {
    Embeddings result(rows.size(), rows.empty() ? kDim : rows.front().size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(rows[i], result.row(i).begin());
    return result;
}

/// Images with a gender along coordinate 0, one of three classes along 1 to 3, and noise; prompts of coordinates 4 to
/// 7 that lean along the gender.
struct World {
    JudgedImages images;
    JudgedTexts texts;
    MeasureOptions options;
};
World world(std::size_t n, double lean, std::uint64_t seed) {
    World made;
    RandomStream random(seed, streamId("tst_mitigation"), 0);
    made.images.name = "drawn rows";
    made.images.rows = Embeddings(n, kDim);
    std::vector<std::string> genders, ages, classes;
    for (std::size_t i = 0; i < n; ++i) {
        const bool male = random.uniform() < 0.6;
        const std::size_t c = random.below(kClasses);
        genders.emplace_back(male ? "Male" : "Female");
        ages.emplace_back(random.uniform() < 0.5 ? "old" : "young");
        classes.push_back("class " + std::to_string(c));
        for (std::size_t j = 0; j < kDim; ++j)
            made.images.rows.row(i)[j] = static_cast<float>(
                0.6 * random.normal() + (j == 0 ? (male ? 1.0 : -1.0) : 0.0) + (j == 1 + c ? 1.2 : 0.0));
    }
    genders[3] = ""; // a row without a label
    made.images.attributes = {makeAttribute("gender", genders), makeAttribute("age", ages)};
    made.images.classes = makeAttribute("class", classes);
    std::vector<std::vector<float>> prompts, classRows;
    for (std::size_t p = 0; p < kPrompts; ++p) {
        made.texts.prompts.push_back({"prompt " + std::to_string(p), static_cast<int>(p), 0});
        prompts.push_back(along({{4 + p, 1.0}, {0, lean * (p % 2 ? 1.0 : -0.7)}}));
    }
    for (std::size_t c = 0; c < kClasses; ++c)
        classRows.push_back(along({{1 + c, 1.0}, {0, 0.3 * (double(c) - 1)}}));
    made.texts.promptRows.plain = rowsOf(prompts);
    made.texts.classRows.plain = rowsOf(classRows);
    made.texts.classes = made.images.classes->groups;
    made.options.k = {20, 0};
    made.options.bootstrapDraws = 200;
    made.options.nullDraws = 100;
    return made;
}

double cosineOf(std::span<const float> a, std::span<const float> b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t j = 0; j < a.size(); ++j) {
        ab += double(a[j]) * double(b[j]);
        aa += double(a[j]) * double(a[j]);
        bb += double(b[j]) * double(b[j]);
    }
    return ab / std::sqrt(aa * bb);
}

/// The measures of an attribute, counted the plain way. `share`: wanted of each group.
struct ByHand {
    double maxSkew = 0, minSkew = 0, ndkl = 0;
};
ByHand byHand(const World& of, const Attribute& attribute, std::size_t k, const std::vector<double>& share) {
    ByHand mean;
    std::size_t withMin = 0;
    const std::size_t groups = attribute.groups.size();
    for (std::size_t p = 0; p < kPrompts; ++p) {
        std::vector<std::pair<double, std::size_t>> ranked;
        for (std::size_t i = 0; i < of.images.rows.rows; ++i)
            if (attribute.codes[i] >= 0)
                ranked.emplace_back(-cosineOf(of.texts.promptRows.plain.row(p), of.images.rows.row(i)), i);
        std::ranges::sort(ranked);
        std::vector<double> count(groups);
        double weights = 0, sum = 0;
        for (std::size_t r = 1; r <= k; ++r) {
            ++count[static_cast<std::size_t>(attribute.codes[ranked[r - 1].second])];
            double divergence = 0;
            for (std::size_t g = 0; g < groups; ++g)
                if (count[g] > 0)
                    divergence += count[g] / double(r) * std::log(count[g] / double(r) / share[g]);
            weights += 1 / std::log2(double(r) + 1);
            sum += divergence / std::log2(double(r) + 1);
        }
        double most = -1e9, least = 1e9;
        for (std::size_t g = 0; g < groups; ++g) {
            if (count[g] > 0)
                most = std::max(most, std::log(count[g] / double(k) / share[g]));
            least = std::min(least, count[g] > 0 ? std::log(count[g] / double(k) / share[g]) : -1e18);
        }
        mean.maxSkew += most / kPrompts;
        if (least > -1e17) {
            mean.minSkew += least;
            ++withMin;
        }
        mean.ndkl += sum / weights / kPrompts;
    }
    mean.minSkew = withMin == kPrompts ? mean.minSkew / kPrompts : std::nan("");
    return mean;
}

std::vector<double> poolShares(const Attribute& attribute) {
    std::vector<double> shares;
    const double all = double(attribute.codes.size()) - double(attribute.unlabelled());
    for (const std::int64_t count : attribute.counts())
        shares.push_back(double(count) / all);
    return shares;
}

/// x̂ without its coordinate 0.
debias::Transform withoutGender(double strength = 1) {
    debias::Transform transform;
    debias::Part& part = transform.parts.emplace_back();
    debias::LinearMap map{kDim, kDim, std::vector<double>(kDim * kDim), std::vector<double>(kDim), false};
    for (std::size_t j = 1; j < kDim; ++j)
        map.matrix[j * kDim + j] = 1;
    part.image = map;
    part.text = map;
    part.card.name = "no gender";
    part.card.strength = strength;
    return transform;
}

/// A re-ranking by the given labels.
debias::Transform byLabels(std::vector<std::string> groups) {
    debias::Transform transform;
    debias::Part& part = transform.parts.emplace_back();
    debias::RankingRule rule;
    rule.algorithm = debias::RankingAlgorithm::DetCons;
    rule.target.kind = Target::Kind::Uniform;
    rule.groups = std::move(groups);
    part.ranking = rule;
    part.card.name = "by labels";
    return transform;
}

StudyMethod method(std::initializer_list<DebiasConfig> steps) {
    StudyMethod result;
    for (const DebiasConfig& config : steps) {
        result.steps.emplace_back().config = config;
        if (result.steps.back().config.attribute.empty())
            result.steps.back().config.attribute = "gender";
    }
    return result;
}

StudyInput studyOf(const World& of, std::vector<StudyMethod> methods) {
    StudyInput input;
    input.config.attribute = "gender";
    input.images = of.images;
    input.texts = of.texts;
    input.measure = of.options;
    const double shares[3] = {0.5, 0.25, 0.25};
    input.split = splitByLot(of.images.rows.rows, {}, shares, 1);
    input.methods = std::move(methods);
    input.splitText = "by lot";
    return input;
}

/// Cancels itself at the n-th report of that stage.
class CancelsAt : public Feedback {
public:
    CancelsAt(std::string stage, int at) : m_stage(std::move(stage)), m_left(at) {}
    void progress(std::string_view stage, std::int64_t, std::int64_t) override {
        if (stage == m_stage && --m_left == 0)
            cancel();
    }

private:
    std::string m_stage;
    int m_left;
};

/// A set with this many images of a world, and its embeddings.
struct DrawnSet {
    ImageSet set;
    SetEmbeddings embeddings;
};
DrawnSet drawnSet(const World& of, const std::string& folder, std::size_t begin, std::size_t end) {
    DrawnSet drawn;
    drawn.set.root = folder;
    for (const Attribute* attribute : {&of.images.attributes[0], &of.images.attributes[1], &*of.images.classes}) {
        std::vector<std::string> values;
        for (std::size_t i = begin; i < end; ++i)
            values.push_back(attribute->codes[i] < 0
                                 ? std::string()
                                 : attribute->groups[static_cast<std::size_t>(attribute->codes[i])]);
        drawn.set.attributes.push_back(makeAttribute(attribute->name, values));
    }
    drawn.embeddings.raw = Embeddings(end - begin, kDim);
    for (std::size_t i = begin; i < end; ++i) {
        drawn.set.files.push_back(std::to_string(i) + ".jpg");
        std::ranges::copy(of.images.rows.row(i), drawn.embeddings.raw.row(i - begin).begin());
    }
    drawn.embeddings.present.assign(end - begin, true);
    return drawn;
}

/// Texts with an embedding that depends on the text alone; counts what it is asked.
struct Encoder {
    std::set<std::string> asked;
    EncodeTexts function() {
        return [this](std::span<const std::string> texts) -> Outcome<Embeddings> {
            Embeddings rows(texts.size(), kDim);
            for (std::size_t i = 0; i < texts.size(); ++i) {
                asked.insert(texts[i]);
                RandomStream random(streamId(texts[i]), 1, 0);
                for (float& value : rows.row(i))
                    value = static_cast<float>(random.normal());
            }
            return rows;
        };
    }
};

DebiasStudyConfig studyConfig() {
    DebiasStudyConfig config;
    config.attribute = "gender";
    config.untargeted = {"age"};
    config.classes = "class";
    config.probe.name = "drawn";
    config.probe.templates = {"a photo of a {}", "a picture of a {}"};
    config.probe.concepts = {{"doctor", ""}, {"nurse", ""}};
    config.measure.k = {10, 0};
    config.measure.bootstrapDraws = 100;
    config.measure.nullDraws = 50;
    return config;
}

double valueOf(const MeasureTable& table, const char* attribute, const char* state, const char* measure) {
    const MeasureRow* row = table.find({attribute, state}, measure);
    return row && row->value.value ? *row->value.value : std::nan("");
}

bool covers(const MeasureTable& table, const char* attribute, const char* state, const char* measure, double truth) {
    const MeasureRow* row = table.find({attribute, state}, measure);
    return row && row->value.ciLow && row->value.ciHigh && *row->value.ciLow <= truth && truth <= *row->value.ciHigh;
}

} // namespace

class TestMitigation : public QObject {
    Q_OBJECT
    Feedback m_feedback;

    Judged judged(const debias::Transform& transform, const World& of) {
        return judge(transform, of.images, of.texts, of.options, m_feedback).value();
    }

private Q_SLOTS:
    // ---- what is counted ----------------------------------------------------------------------------------------
    void pointsAreWhatCountingGives() {
        World of = world(200, 0.8, 1);
        const Judged before = judged({}, of);
        bool withMin[2] = {};
        for (const bool uniform : {false, true}) {
            of.options.target.kind = uniform ? Target::Kind::Uniform : Target::Kind::Pool;
            const auto points = pointsOf(before, of.images, of.texts, of.options);
            for (const Attribute& attribute : of.images.attributes) {
                const std::vector<double> pool = poolShares(attribute), even(2, 0.5);
                const ByHand hand = byHand(of, attribute, 20, uniform ? even : pool);
                QVERIFY(std::abs(*pointOf(points, attribute.name, "max_skew") - hand.maxSkew) < 1e-9);
                // No mean over the prompts that happen to have one: the others lean most.
                const auto minSkew = pointOf(points, attribute.name, "min_skew");
                QCOMPARE(minSkew.has_value(), !std::isnan(hand.minSkew));
                QVERIFY(!minSkew || std::abs(*minSkew - hand.minSkew) < 1e-9);
                withMin[minSkew.has_value()] = true;
                QVERIFY(std::abs(*pointOf(points, attribute.name, "ndkl") - hand.ndkl) < 1e-9);
                const double neutral = uniform ? std::log(*std::ranges::max_element(pool) / 0.5) : 0;
                QVERIFY(std::abs(*pointOf(points, attribute.name, "max_skew_excess") - hand.maxSkew + neutral) < 1e-9);
            }
            // The class whose prompt is nearest.
            std::map<int, std::pair<double, double>> ofGroup; // right, all
            double right = 0;
            for (std::size_t i = 0; i < of.images.rows.rows; ++i) {
                std::size_t best = 0;
                for (std::size_t c = 1; c < kClasses; ++c)
                    if (cosineOf(of.texts.classRows.plain.row(c), of.images.rows.row(i)) >
                        cosineOf(of.texts.classRows.plain.row(best), of.images.rows.row(i)))
                        best = c;
                const bool hit = static_cast<std::int32_t>(best) == of.images.classes->codes[i];
                right += hit;
                ofGroup[of.images.attributes[0].codes[i]].first += hit;
                ofGroup[of.images.attributes[0].codes[i]].second += 1;
            }
            const double accuracy = right / 200;
            QVERIFY(accuracy > 0.5 && accuracy < 1);
            QCOMPARE(*pointOf(points, "", "zero_shot_accuracy"), accuracy);
            QCOMPARE(*pointOf(points, "", "worst_group_accuracy"),
                     std::min(ofGroup[0].first / ofGroup[0].second, ofGroup[1].first / ofGroup[1].second));
            const double skew = byHand(of, of.images.attributes[0], 20, {0.5, 0.5}).maxSkew;
            QVERIFY(std::abs(*pointOf(points, "", "able") - 2 / (1 / accuracy + std::exp(skew))) < 1e-9);
            QVERIFY(!pointOf(points, "", "recall_at_5") && !pointOf(points, "age", "able"));
        }
        QVERIFY(withMin[0] && withMin[1]); // both cases were seen
    }

    void templatesAreAveragedAndCaptionsRanked() {
        World of = world(60, 0.5, 2);
        // A second template of nonsense for all classes leaves the order; one that swaps two classes does not.
        Embeddings two(2 * kClasses, kDim);
        std::ranges::copy(of.texts.classRows.plain.values, two.values.begin());
        for (std::size_t c = 0; c < kClasses; ++c)
            std::ranges::copy(along({{1 + c, 1.0}, {10, 1.0}}), two.row(kClasses + c).begin());
        of.texts.classRows.plain = two;
        const Judged before = judged({}, of);
        for (std::size_t i = 0; i < 60; ++i) {
            std::vector<double> score;
            for (std::size_t c = 0; c < kClasses; ++c) {
                std::vector<float> mean(kDim);
                for (const std::size_t row : {c, kClasses + c}) {
                    double length = 0;
                    for (const float value : two.row(row))
                        length += double(value) * double(value);
                    for (std::size_t j = 0; j < kDim; ++j)
                        mean[j] += static_cast<float>(double(two.row(row)[j]) / std::sqrt(length));
                }
                score.push_back(cosineOf(mean, of.images.rows.row(i)));
            }
            QCOMPARE(before.predicted[i], static_cast<std::int32_t>(std::ranges::max_element(score) - score.begin()));
        }
        // Captions: that of image 5 is its own embedding, that of image 6 is another image's.
        of.images.captions.plain = Embeddings(2, kDim);
        std::ranges::copy(of.images.rows.row(5), of.images.captions.plain.row(0).begin());
        std::ranges::copy(of.images.rows.row(50), of.images.captions.plain.row(1).begin());
        of.images.imageOfCaption = {5, 6};
        const Judged ranked = judged({}, of);
        QCOMPARE(ranked.captionRanks.size(), std::size_t(2));
        QCOMPARE(ranked.captionRanks[0], std::int64_t(1));
        QVERIFY(ranked.captionRanks[1] > 1);
        const double recall = *pointOf(pointsOf(ranked, of.images, of.texts, of.options), "", "recall_at_5");
        QCOMPARE(recall, ranked.captionRanks[1] <= 5 ? 1.0 : 0.5);
    }

    void rowsAreTakenWithTheirCaptions() {
        World of = world(10, 0, 3);
        of.images.captions.plain = of.images.rows;
        of.images.imageOfCaption = {0, 1, 2, 3, 4, 5, 6, 7, 7, 8};
        const std::vector<std::uint32_t> rows = {7, 2};
        const JudgedImages taken = takeRows(of.images, rows);
        QCOMPARE(taken.imageOfCaption, (std::vector<std::uint32_t>{1, 0, 0}));
        QVERIFY(std::ranges::equal(taken.captions.plain.row(0), of.images.rows.row(2)));
        QVERIFY(std::ranges::equal(taken.captions.plain.row(2), of.images.rows.row(8)));
        QVERIFY(std::ranges::equal(taken.rows.row(0), of.images.rows.row(7)));
        for (std::size_t a = 0; a < 2; ++a)
            QCOMPARE(taken.attributes[a].codes,
                     (std::vector<std::int32_t>{of.images.attributes[a].codes[7], of.images.attributes[a].codes[2]}));
        QCOMPARE(taken.classes->codes,
                 (std::vector<std::int32_t>{of.images.classes->codes[7], of.images.classes->codes[2]}));
        QCOMPARE(taken.attributes[0].groups, of.images.attributes[0].groups);
        const JudgedImages none = takeRows(of.images, {});
        QVERIFY(none.rows.rows == 0 && none.imageOfCaption.empty() && none.captions.plain.rows == 0);
    }

    void lotsAreDisjointCompleteAndKeepClustersTogether() {
        const double shares[3] = {2, 1, 1};
        const Split plain = splitByLot(1001, {}, shares, 5);
        std::vector<int> seen(1001);
        for (const auto* part : {&plain.fit, &plain.select, &plain.audit}) {
            QVERIFY(std::ranges::is_sorted(*part));
            for (const std::uint32_t row : *part)
                ++seen[row];
        }
        QVERIFY(std::ranges::all_of(seen, [](int times) { return times == 1; }));
        QVERIFY(std::abs(double(plain.fit.size()) - 500.5) < 1.6 &&
                std::abs(double(plain.select.size()) - 250.25) < 1.6);
        const Split again = splitByLot(1001, {}, shares, 5), other = splitByLot(1001, {}, shares, 6);
        QVERIFY(again.fit == plain.fit && again.select == plain.select && again.audit == plain.audit);
        QVERIFY(other.fit != plain.fit);
        std::vector<std::int32_t> cluster;
        for (int i = 0; i < 1001; ++i)
            cluster.push_back(i % 10 == 0 ? -1 : (i * 7) % 90);
        const Split together = splitByLot(1001, cluster, shares, 5);
        std::map<std::int32_t, std::set<int>> partsOf;
        std::map<int, int> alone;
        int part = 0;
        for (const auto* rows : {&together.fit, &together.select, &together.audit}) {
            for (const std::uint32_t row : *rows)
                if (cluster[row] >= 0)
                    partsOf[cluster[row]].insert(part);
                else
                    ++alone[part];
            ++part;
        }
        QCOMPARE(together.fit.size() + together.select.size() + together.audit.size(), std::size_t(1001));
        for (const auto& [number, parts] : partsOf)
            QCOMPARE(parts.size(), std::size_t(1));
        QVERIFY(alone[0] > 20 && alone[1] > 5 && alone[2] > 5); // without a number each row is its own
    }

    // ---- the price ----------------------------------------------------------------------------------------------
    void thePriceIsThePointsAndTheirDifference() {
        World of = world(240, 0.8, 4);
        of.images.captions.plain = of.images.rows; // each image's caption lies near it
        RandomStream random(8, 1, 0);
        for (float& value : of.images.captions.plain.values)
            value += static_cast<float>(0.5 * random.normal());
        for (std::uint32_t i = 0; i < 240; ++i)
            of.images.imageOfCaption.push_back(i);
        const Judged before = judged({}, of), after = judged(withoutGender(), of);
        const auto first = pointsOf(before, of.images, of.texts, of.options),
                   second = pointsOf(after, of.images, of.texts, of.options);
        const MeasureTable table = priceOf(before, after, of.images, of.texts, of.options, m_feedback).value();
        const auto check = [&](const char* attribute, const char* measure, const char* point) {
            const auto pointBefore = pointOf(first, point, measure), pointAfter = pointOf(second, point, measure);
            if (!pointBefore || !pointAfter) { // a group is absent from the first k: a bound, no value
                QCOMPARE(std::string(measure), std::string("min_skew"));
                QVERIFY(pointBefore || table.find({attribute, "before"}, measure)->value.atMost);
                QVERIFY(pointAfter || table.find({attribute, "after"}, measure)->value.atMost);
                return;
            }
            const double b = *pointBefore, a = *pointAfter;
            QVERIFY2(std::abs(valueOf(table, attribute, "before", measure) - b) < 1e-9, measure);
            QVERIFY2(std::abs(valueOf(table, attribute, "after", measure) - a) < 1e-9, measure);
            QVERIFY2(std::abs(valueOf(table, attribute, "difference", measure) - (a - b)) < 1e-9, measure);
        };
        for (const char* measure : {"max_skew", "min_skew", "ndkl"})
            for (const char* attribute : {"gender", "age"})
                check(attribute, measure, attribute);
        QVERIFY(std::abs(valueOf(table, "gender", "after", "max_skew_excess") -
                         *pointOf(second, "gender", "max_skew_excess")) < 1e-9);
        QVERIFY(pointOf(first, "age", "min_skew") && pointOf(second, "age", "min_skew"));
        check("", "zero_shot_accuracy", "");
        check("", "recall_at_5", "");
        check("gender", "worst_group_accuracy", "");
        check("gender", "able", "");
        for (const MeasureRow& row : table.rows) {
            QCOMPARE(row.keys.size(), std::size_t(2));
            if (row.value.ciLow && row.value.ciHigh && row.value.value)
                QVERIFY2(*row.value.ciLow <= *row.value.value && *row.value.value <= *row.value.ciHigh,
                         (row.keys[1] + " " + row.measure).c_str());
        }
        // What it was for: the rankings lean less, and what reads the gender reads less.
        QVERIFY(*table.find({"gender", "difference"}, "max_skew")->value.ciHigh < 0);
        QVERIFY(valueOf(table, "gender", "before", "linear_probe") > 0.9);
        QVERIFY(valueOf(table, "gender", "after", "linear_probe") < 0.65);
        // Equal shares are another target: ABLE stays what it is by its definition.
        of.options.target.kind = Target::Kind::Uniform;
        const MeasureTable even = priceOf(before, after, of.images, of.texts, of.options, m_feedback).value();
        QVERIFY(std::abs(valueOf(even, "gender", "after", "able") - valueOf(table, "gender", "after", "able")) < 1e-12);
        QVERIFY(std::abs(valueOf(even, "gender", "after", "max_skew") - valueOf(table, "gender", "after", "max_skew")) >
                1e-6);
    }

    void nothingCostsNothing() {
        const World of = world(200, 0.8, 5);
        debias::Transform off = withoutGender(0);
        off.parts.push_back(byLabels({"Female", "Male"}).parts.front());
        off.parts.back().card.strength = 0;
        const Judged before = judged({}, of);
        for (const debias::Transform& transform : {debias::Transform(), off}) {
            const Judged after = judged(transform, of);
            QCOMPARE(after.images.values, before.images.values);
            const MeasureTable table = priceOf(before, after, of.images, of.texts, of.options, m_feedback).value();
            int differences = 0, tests = 0;
            for (const MeasureRow& row : table.rows) {
                if (row.keys[1] != "difference")
                    continue;
                ++differences;
                QVERIFY2(row.value.value && *row.value.value == 0, row.measure.c_str());
                if (row.value.pValue) {
                    ++tests;
                    QVERIFY2(*row.value.pValue == 1, row.measure.c_str());
                }
                if (row.value.ciLow && row.value.ciHigh)
                    QVERIFY2(*row.value.ciLow <= 0 && *row.value.ciHigh >= 0, row.measure.c_str());
            }
            QVERIFY(differences >= 15 && tests >= 3);
        }
    }

    void aTaskOrAGroupMayBeMissing() {
        World of = world(120, 0.8, 6);
        of.images.classes.reset();
        // An attribute that all of these rows share one group of, and one of which a group has but a few.
        Attribute one = of.images.attributes[1], few = one;
        one.name = "one";
        std::ranges::fill(one.codes, 0);
        few.name = "few";
        for (std::size_t i = 0; i < few.codes.size(); ++i)
            few.codes[i] = i < 5;
        of.images.attributes.push_back(one);
        of.images.attributes.push_back(few);
        const Judged before = judged({}, of), after = judged(withoutGender(), of);
        QVERIFY(before.predicted.empty());
        const auto table = priceOf(before, after, of.images, of.texts, of.options, m_feedback);
        QVERIFY2(table.has_value(), table ? "" : table.error().error().detail.c_str());
        QVERIFY(std::isnan(valueOf(*table, "", "after", "zero_shot_accuracy")));
        QVERIFY(std::isnan(valueOf(*table, "few", "after", "linear_probe")));
        QVERIFY(
            std::ranges::any_of(table->warnings, [](const std::string& w) { return w.find("No probe of few") == 0; }));
        QVERIFY(valueOf(*table, "gender", "before", "linear_probe") > 0.9);
    }

    void intervalsCover() {
        // Hits of 300 images before and after, of groups with accuracies of their own, and images whose gender lies on
        // a circle with noise that grows. True: accuracy 0.75 to 0.65; worst group 0.6 to 0.55.
        constexpr int kRuns = 250;
        constexpr std::size_t kImages = 300;
        int accuracy = 0, worst = 0;
        std::vector<double> probes;
        std::vector<std::pair<double, double>> probeIntervals;
        const double chance[2][2] = {{0.9, 0.75}, {0.6, 0.55}}; // [group][before, after]
        for (int run = 0; run < kRuns; ++run) {
            RandomStream random(1000 + static_cast<std::uint64_t>(run), streamId("coverage"), 0);
            World of;
            Judged before, after;
            before.images = after.images = Embeddings(kImages, 2);
            of.images.rows = Embeddings(kImages, 2);
            std::vector<std::string> genders, classes;
            for (std::size_t i = 0; i < kImages; ++i) {
                const std::size_t g = random.below(2);
                genders.emplace_back(g ? "Male" : "Female");
                classes.emplace_back(i % 2 ? "a" : "b");
                // Correlated: three of four images keep the same luck.
                const double luck = random.uniform(), later = random.uniform() < 0.75 ? luck : random.uniform();
                const int truth = i % 2 ? 0 : 1;
                before.predicted.push_back(luck < chance[g][0] ? truth : 1 - truth);
                after.predicted.push_back(later < chance[g][1] ? truth : 1 - truth);
                const double shared = random.normal(), own = random.normal();
                const double angle = (g ? 0.5 : -0.5) + 0.4 * shared,
                             wider = (g ? 0.5 : -0.5) + 0.4 * shared + 0.6 * own;
                before.images.row(i)[0] = static_cast<float>(std::cos(angle));
                before.images.row(i)[1] = static_cast<float>(std::sin(angle));
                after.images.row(i)[0] = static_cast<float>(std::cos(wider));
                after.images.row(i)[1] = static_cast<float>(std::sin(wider));
                before.scores.push_back(static_cast<float>(random.normal()));
                after.scores.push_back(static_cast<float>(random.normal()));
            }
            of.images.attributes = {makeAttribute("gender", genders)};
            of.images.classes = makeAttribute("class", classes);
            of.texts.prompts = {{"prompt", 0, 0}};
            of.options.k = {20, 0};
            of.options.seed = static_cast<std::uint64_t>(run);
            of.options.bootstrapDraws = 200;
            of.options.nullDraws = 20;
            const MeasureTable table = priceOf(before, after, of.images, of.texts, of.options, m_feedback).value();
            accuracy += covers(table, "", "difference", "zero_shot_accuracy", -0.1);
            worst += covers(table, "gender", "difference", "worst_group_accuracy", -0.05);
            const MeasureRow* probe = table.find({"gender", "difference"}, "linear_probe");
            QVERIFY(probe && probe->value.ciLow && probe->value.ciHigh);
            probes.push_back(*probe->value.value);
            probeIntervals.emplace_back(*probe->value.ciLow, *probe->value.ciHigh);
        }
        // What the probe's difference is on average, over samples of this size.
        const double truth = std::accumulate(probes.begin(), probes.end(), 0.0) / kRuns;
        QVERIFY(truth < -0.05);
        int probe = 0;
        for (const auto& [low, high] : probeIntervals)
            probe += low <= truth && truth <= high;
        qInfo("covered of %d: accuracy %d, worst group %d, probe %d", kRuns, accuracy, worst, probe);
        QVERIFY(accuracy >= 0.9 * kRuns);
        QVERIFY(worst >= 0.9 * kRuns);
        QVERIFY(probe >= 0.9 * kRuns);
    }

    void probesSeeWhatIsThere() {
        // One linear direction: gone for the plane after the mean difference. An attribute that is the sign of a
        // product: no plane sees it, neighbours do, before and after.
        World of = world(3300, 0.5, 7);
        std::vector<std::string> crossed;
        RandomStream random(9, 1, 0);
        for (std::size_t i = 0; i < 3300; ++i) {
            const double a = random.uniform() < 0.5 ? 2 : -2, b = random.uniform() < 0.5 ? 2 : -2;
            of.images.rows.row(i)[8] = static_cast<float>(a + 0.3 * random.normal());
            of.images.rows.row(i)[9] = static_cast<float>(b + 0.3 * random.normal());
            crossed.emplace_back(a * b > 0 ? "same" : "other");
        }
        of.images.attributes.push_back(makeAttribute("crossed", crossed));
        std::vector<std::uint32_t> first(3000), second(300);
        std::iota(first.begin(), first.end(), 0U);
        std::iota(second.begin(), second.end(), 3000U);
        const JudgedImages fitSet = takeRows(of.images, first);
        of.images = takeRows(of.images, second);
        const auto fitOn = [&](std::size_t attribute) {
            return debias::fit({"mean-difference", fitSet.attributes[attribute].name, {}, 0},
                               {fitSet.rows, fitSet.attributes[attribute], nullptr, {}}, {}, m_feedback)
                .value();
        };
        const Judged before = judged({}, of);
        MeasureTable table = priceOf(before, judged(fitOn(0), of), of.images, of.texts, of.options, m_feedback).value();
        QVERIFY(valueOf(table, "gender", "before", "linear_probe") > 0.85);
        QVERIFY(covers(table, "gender", "after", "linear_probe", 0.5));
        QVERIFY(!covers(table, "gender", "difference", "linear_probe", 0));
        QCOMPARE(*table.find({"gender", "after"}, "linear_probe")->value.neutral, 0.5);
        table = priceOf(before, judged(fitOn(2), of), of.images, of.texts, of.options, m_feedback).value();
        // Without anything to find, a plane fitted without the fold is as often wrong as right, or a little oftener.
        for (const char* state : {"before", "after"}) {
            const double value = valueOf(table, "crossed", state, "linear_probe");
            QVERIFY2(value > 0.35 && value < 0.57, std::to_string(value).c_str());
        }
        QVERIFY(*table.find({"crossed", "after"}, "nearest_neighbour_probe")->value.ciLow > 0.8);
    }

    // ---- re-ranking ---------------------------------------------------------------------------------------------
    void ranksGoByTheNamesOfTheGroups() {
        const World of = world(200, 0.8, 10);
        const auto scoresBy = [&](std::vector<std::string> groups) {
            std::vector<float> scores = judged({}, of).scores;
            const auto done = rerankScores(byLabels(std::move(groups)), of.images.rows, std::vector(200, true),
                                           of.images.attributes, of.options.k, scores, m_feedback);
            return done ? scores : std::vector<float>();
        };
        const std::vector<float> order = scoresBy({"Female", "Male"});
        QVERIFY(!order.empty());
        QCOMPARE(scoresBy({"Male", "Female"}), order);
        // 10 of 20 are women, where the prompts leaned before.
        const Judged after = judged(byLabels({"Male", "Female"}), of);
        QCOMPARE(after.scores, order);
        World even = of;
        even.options.target.kind = Target::Kind::Uniform;
        QVERIFY(std::abs(*pointOf(pointsOf(after, of.images, of.texts, even.options), "gender", "max_skew")) < 1e-9);
        QVERIFY(*pointOf(pointsOf(judged({}, of), of.images, of.texts, even.options), "gender", "max_skew") > 0.2);
        // Images that are not there keep their scores and are not counted.
        std::vector<float> scores = judged({}, of).scores;
        const std::vector<float> untouched = scores;
        QVERIFY(rerankScores(byLabels({"Female", "Male"}), of.images.rows, std::vector(200, false),
                             of.images.attributes, of.options.k, scores, m_feedback)
                        .has_value() == false ||
                scores == untouched);
        QVERIFY(usesTrueLabels(byLabels({"Female", "Male"})) && !usesTrueLabels(withoutGender()));
    }

    void aStackReadsTheLabelsFromTheUntouchedImages() {
        const World of = world(400, 0.8, 11);
        const DebiasConfig eraser{"mean-difference", "", {{"apply", "both"}}, 0},
            rerank{"det-cons", "", {{"labels", "predicted"}, {"target", "uniform"}}, 0};
        const Study study = runStudy(studyOf(of, {method({eraser, rerank}), method({rerank})}), m_feedback).value();
        const DebiasCandidate& stack = study.result.candidates[0];
        QVERIFY2(stack.failure.empty(), stack.failure.c_str());
        QVERIFY(!stack.usesTrueLabels);
        const auto& both = study.transforms[0].parts;
        QCOMPARE(both.size(), std::size_t(2));
        // The classifier is the one that the re-ranking alone has: from the images as they were.
        const auto& alone = study.transforms[1].parts.front();
        QVERIFY(both[1].ranking && both[1].ranking->predicted && alone.ranking->predicted);
        QCOMPARE(both[1].ranking->predicted->weights, alone.ranking->predicted->weights);
        // And so at the judging: the groups it finds among the first images are even.
        World even = of;
        even.options.target.kind = Target::Kind::Uniform;
        const Judged after = judged(study.transforms[0], even);
        const double skew = *pointOf(pointsOf(after, even.images, even.texts, even.options), "gender", "max_skew");
        QVERIFY2(skew < 0.25, std::to_string(skew).c_str());
        QVERIFY(stack.card.name.find(", then ") != std::string::npos);
    }

    // ---- studies ------------------------------------------------------------------------------------------------
    void theChoiceNeverSeesTheAuditRows() {
        const World of = world(400, 0.8, 12);
        const std::vector<StudyMethod> methods = {method({{"mean-difference", "", {}, 0}}),
                                                  method({{"leace", "", {}, 0}}),
                                                  method({{"det-cons", "", {{"labels", "predicted"}}, 0}})};
        const StudyInput input = studyOf(of, methods);
        const Study study = runStudy(input, m_feedback).value();
        StudyInput garbled = input;
        RandomStream random(3, 1, 0);
        for (const std::uint32_t row : input.split.audit) {
            for (float& value : garbled.images.rows.row(row))
                value = static_cast<float>(random.normal());
            garbled.images.classes->codes[row] = static_cast<std::int32_t>(random.below(kClasses));
        }
        // Permuted labels, so that as many are labelled as before.
        for (std::size_t i = input.split.audit.size(); i > 1; --i)
            std::swap(garbled.images.attributes[0].codes[input.split.audit[i - 1]],
                      garbled.images.attributes[0].codes[input.split.audit[random.below(i)]]);
        const Study other = runStudy(garbled, m_feedback).value();
        for (std::size_t m = 0; m < methods.size(); ++m) {
            const DebiasCandidate &a = study.result.candidates[m], &b = other.result.candidates[m];
            QVERIFY2(a.failure.empty() && b.failure.empty(), a.failure.c_str());
            QCOMPARE(a.card.strength, b.card.strength);
            QCOMPARE(*a.selectScore, *b.selectScore);
            QCOMPARE(a.curve.size(), b.curve.size());
            for (std::size_t s = 0; s < a.curve.size(); ++s)
                QCOMPARE(pointOf(a.curve[s].select, "gender", "max_skew"),
                         pointOf(b.curve[s].select, "gender", "max_skew"));
            QVERIFY(pointOf(a.curve[0].audit, "", "able") != pointOf(b.curve[0].audit, "", "able"));
        }
        QCOMPARE(study.result.recommended, other.result.recommended);
        const auto& image = std::get<debias::LinearMap>(study.transforms[0].parts.front().image);
        QCOMPARE(image.matrix, std::get<debias::LinearMap>(other.transforms[0].parts.front().image).matrix);

        // Nor does the fit see the rows that choose.
        StudyInput chosen = input;
        for (const std::uint32_t row : input.split.select)
            for (float& value : chosen.images.rows.row(row))
                value = static_cast<float>(random.normal());
        const Study third = runStudy(chosen, m_feedback).value();
        QCOMPARE(image.matrix, std::get<debias::LinearMap>(third.transforms[0].parts.front().image).matrix);
        QVERIFY(*third.result.candidates[0].selectScore != *study.result.candidates[0].selectScore);
    }

    void theBestOnTheSelectRowsIsRecommended() {
        const World of = world(500, 0.8, 13);
        const Study study =
            runStudy(studyOf(of, {method({{"det-cons", "", {{"labels", "given"}, {"target", "uniform"}}, 0}}),
                                  method({{"mean-difference", "", {{"apply", "both"}}, 0}}),
                                  method({{"mean-difference", "", {}, 0}}),
                                  method({{"det-cons", "", {{"labels", "predicted"}, {"target", "uniform"}}, 0}})}),
                     m_feedback)
                .value();
        const std::vector<DebiasCandidate>& all = study.result.candidates;
        QVERIFY(all[0].usesTrueLabels && !all[3].usesTrueLabels);
        QVERIFY(std::ranges::any_of(all[0].card.warnings, [](const std::string& w) {
            return w.find("never recommended") != std::string::npos;
        }));
        QVERIFY(study.result.recommended > 0);
        for (std::size_t c = 1; c < all.size(); ++c)
            QVERIFY(*all[c].selectScore <= *all[static_cast<std::size_t>(study.result.recommended)].selectScore);
        for (const DebiasCandidate& candidate : all) {
            QCOMPARE(candidate.curve.size(), std::size_t(candidate.recipe.steps[0].method == "det-cons" ? 2 : 21));
            double best = -1, strength = 0;
            for (const DebiasPoint& point : candidate.curve) {
                const double able = *pointOf(point.select, "", "able");
                if (able > best + 1e-12) {
                    best = able;
                    strength = point.strength;
                }
            }
            QCOMPARE(candidate.card.strength, strength);
            QCOMPARE(*candidate.selectScore, best);
            // The price is that of the strength that was chosen.
            const auto at = std::ranges::find(candidate.curve, strength, &DebiasPoint::strength);
            QCOMPARE(candidate.price.size(), std::size_t(1));
            for (const char* measure : {"max_skew", "ndkl"})
                QVERIFY(std::abs(valueOf(candidate.price[0], "gender", "after", measure) -
                                 *pointOf(at->audit, "gender", measure)) < 1e-9);
            QVERIFY(std::abs(valueOf(candidate.price[0], "gender", "after", "able") - *pointOf(at->audit, "", "able")) <
                    1e-9);
        }
        QCOMPARE(study.result.fitRows + study.result.selectRows + study.result.auditRows, std::int64_t(500));
    }

    // ---- models in the place of the study's own -----------------------------------------------------------------
    /// At alpha the images are (1 - alpha) theirs + alpha (theirs without the gender); texts stay.
    static InterpolateModels towards(const World& of, const std::map<std::string, std::vector<float>>& textRows) {
        return [&of, &textRows](const std::filesystem::path& other, double alpha, Feedback&) -> Outcome<ModelBetween> {
            if (other != "/models/fair")
                return fail(ErrorCode::FileNotFound, {{"path", other.string()}});
            ModelBetween model;
            model.report = {100, 0.25, std::string(64, 'b'), {"The tokenizers differ."}};
            model.images = [&of, alpha](std::span<const std::filesystem::path> files) -> Outcome<Embeddings> {
                Embeddings rows(files.size(), kDim);
                for (std::size_t i = 0; i < files.size(); ++i) {
                    std::ranges::copy(of.images.rows.row(std::stoul(files[i].stem().string())), rows.row(i).begin());
                    rows.row(i)[0] *= static_cast<float>(1 - alpha);
                }
                return rows;
            };
            model.texts = [&textRows](std::span<const std::string> texts) -> Outcome<Embeddings> {
                Embeddings rows(texts.size(), kDim);
                for (std::size_t i = 0; i < texts.size(); ++i)
                    std::ranges::copy(textRows.at(texts[i]), rows.row(i).begin());
                return rows;
            };
            return model;
        };
    }

    void modelsBetweenTwoAreJudgedAlongAlpha() {
        World of = world(400, 0.8, 21);
        std::map<std::string, std::vector<float>> textRows;
        for (debias::TextRows* rows : {&of.texts.promptRows, &of.texts.classRows})
            for (std::size_t i = 0; i < rows->plain.rows; ++i) {
                rows->texts.push_back("text " + std::to_string(textRows.size()));
                textRows[rows->texts.back()] = {rows->plain.row(i).begin(), rows->plain.row(i).end()};
            }
        for (std::size_t i = 0; i < of.images.rows.rows; ++i)
            of.images.files.push_back("/images/" + std::to_string(i) + ".jpg");
        const auto between = [](const char* model, const char* steps) {
            return DebiasConfig{"interpolation", "", {{"model", model}, {"steps", steps}}, 0};
        };
        StudyInput input =
            studyOf(of, {method({between("/models/fair", "4")}), method({between("/models/lost", "4")}),
                         method({between("/models/fair", "0")}),
                         method({between("/models/fair", "4"), {"leace", "", {}, 0}}), method({between("", "4")})});
        input.between = towards(of, textRows);
        std::vector<std::uint32_t> some(80);
        std::iota(some.begin(), some.end(), 5U);
        const JudgedImages elsewhere = takeRows(of.images, some);
        input.elsewhere = {elsewhere};
        input.card.modelSha256 = std::string(64, 'a');
        const Study study = runStudy(input, m_feedback).value();
        const DebiasCandidate& fair = study.result.candidates[0];
        QVERIFY2(fair.failure.empty(), fair.failure.c_str());
        QCOMPARE(fair.curve.size(), std::size_t(5));
        QCOMPARE(fair.card.otherModelSha256, std::string(64, 'b'));
        QCOMPARE(fair.card.modelSha256, std::string(64, 'a'));
        QCOMPARE(fair.card.warnings, std::vector<std::string>{"The tokenizers differ."});
        QVERIFY(study.transforms[0].parts.empty());
        // Each point is what judging those rows by hand gives.
        for (std::size_t s = 0; s < 5; ++s) {
            const double alpha = double(s) / 4;
            QCOMPARE(fair.curve[s].strength, alpha);
            JudgedImages audit = takeRows(of.images, input.split.audit);
            for (std::size_t i = 0; i < audit.rows.rows; ++i)
                audit.rows.row(i)[0] *= static_cast<float>(1 - alpha);
            const auto points =
                pointsOf(judge({}, audit, of.texts, of.options, m_feedback).value(), audit, of.texts, of.options);
            for (const char* measure : {"max_skew", "ndkl"})
                QCOMPARE(pointOf(fair.curve[s].audit, "gender", measure), pointOf(points, "gender", measure));
            QCOMPARE(pointOf(fair.curve[s].audit, "", "able"), pointOf(points, "", "able"));
        }
        // Chosen by the select rows, and priced there.
        const auto best = std::ranges::max_element(
            fair.curve, {}, [](const DebiasPoint& point) { return *pointOf(point.select, "", "able"); });
        QCOMPARE(fair.card.strength, best->strength);
        QVERIFY(fair.card.strength > 0);
        QVERIFY(std::abs(valueOf(fair.price[0], "gender", "after", "ndkl") - *pointOf(best->audit, "gender", "ndkl")) <
                1e-9);
        QCOMPARE(study.result.recommended, std::int64_t(0));
        // Another set is seen by the model at the chosen alpha.
        QCOMPARE(fair.price.size(), std::size_t(2));
        JudgedImages there = elsewhere;
        for (std::size_t i = 0; i < there.rows.rows; ++i)
            there.rows.row(i)[0] *= static_cast<float>(1 - best->strength);
        MeasureOptions share = of.options;
        const JudgedImages audited = takeRows(of.images, input.split.audit);
        share.k = {0,
                   double(of.options.k.count) / double(audited.attributes[0].codes.size() -
                                                       static_cast<std::size_t>(audited.attributes[0].unlabelled()))};
        const auto after = pointsOf(judge({}, there, of.texts, share, m_feedback).value(), there, of.texts, share);
        QVERIFY(std::abs(valueOf(fair.price[1], "gender", "after", "ndkl") - *pointOf(after, "gender", "ndkl")) < 1e-9);
        // What cannot be made is said, and stops no other.
        const auto says = [&](std::size_t candidate, const char* words) {
            const std::string& failure = study.result.candidates[candidate].failure;
            return failure.find(words) != std::string::npos && study.result.candidates[candidate].price.empty();
        };
        QVERIFY(says(1, "/models/lost") && says(2, "from 1 to 20") && says(3, "interpolation alone"));
        QVERIFY(says(4, "the other model"));
    }

    void whatSaysLittleIsSaid() {
        const auto warned = [&](const StudyInput& input, const char* words) {
            return std::ranges::any_of(runStudy(input, m_feedback).value().result.warnings,
                                       [&](const std::string& w) { return w.find(words) != std::string::npos; });
        };
        const World of = world(400, 0.8, 15);
        StudyInput input = studyOf(of, {method({{"mean-difference", "", {}, 0}})});
        QVERIFY(!warned(input, "hardly more than") && !warned(input, "in the first k"));
        StudyInput guessed = input; // classes that are drawn anew are named right by a guess alone
        RandomStream random(9, 1, 0);
        for (std::int32_t& code : guessed.images.classes->codes)
            code = static_cast<std::int32_t>(random.below(kClasses));
        QVERIFY(warned(guessed, "hardly more than"));
        input.measure.k = {5000, 0};
        QVERIFY(warned(input, "in the first k"));
    }

    void theCurveHasTheKOfThePrice() {
        // Half of the audit rows have no label: k stays k.
        World of = world(400, 0.8, 14);
        StudyInput input = studyOf(of, {method({{"mean-difference", "", {}, 0}})});
        for (std::size_t i = 0; i < input.split.audit.size(); i += 2)
            input.images.attributes[0].codes[input.split.audit[i]] = Attribute::kUnlabelled;
        const Study study = runStudy(input, m_feedback).value();
        const DebiasCandidate& candidate = study.result.candidates[0];
        QVERIFY2(candidate.failure.empty(), candidate.failure.c_str());
        QVERIFY(std::abs(valueOf(candidate.price[0], "gender", "before", "ndkl") -
                         *pointOf(candidate.curve[0].audit, "gender", "ndkl")) < 1e-9);
        QVERIFY(std::abs(valueOf(candidate.price[0], "age", "before", "ndkl") -
                         *pointOf(candidate.curve[0].audit, "age", "ndkl")) < 1e-9);
    }

    void nothingIsRecommendedWhereNothingHelps() {
        // What changes nothing at any strength is not needed, and prompts that do not lean are made to.
        const World of = world(400, 0, 15);
        StudyMethod idle;
        idle.steps.emplace_back().config.method = "leace";
        idle.fitted = withoutGender();
        idle.fitted->parts.front().image = idle.fitted->parts.front().text = debias::Unchanged{};
        const Study study =
            runStudy(
                studyOf(
                    of,
                    {idle,
                     method({{"det-cons", "", {{"labels", "predicted"}, {"target", "Female:0.95,Male:0.05"}}, 0}})}),
                m_feedback)
                .value();
        for (const DebiasCandidate& candidate : study.result.candidates) {
            QVERIFY2(candidate.failure.empty(), candidate.failure.c_str());
            QCOMPARE(candidate.card.strength, 0.0);
            QCOMPARE(*candidate.selectScore, *pointOf(candidate.curve.front().select, "", "able"));
        }
        QVERIFY(*pointOf(study.result.candidates[1].curve[1].select, "", "able") <
                *pointOf(study.result.candidates[1].curve[0].select, "", "able"));
        QCOMPARE(study.result.recommended, std::int64_t(-1));
        QCOMPARE(study.result.candidates[0].card.strength, 0.0);
        QCOMPARE(valueOf(study.result.candidates[0].price[0], "gender", "difference", "max_skew"), 0.0);
        QCOMPARE(valueOf(study.result.candidates[0].price[0], "", "difference", "zero_shot_accuracy"), 0.0);
    }

    void anImportKeepsItsOwnStrength() {
        const World of = world(400, 0.8, 16);
        StudyMethod import;
        import.steps.emplace_back().config.method = "leace";
        import.fitted = withoutGender(0.5);
        const StudyInput input = studyOf(of, {import});
        const Study study = runStudy(input, m_feedback).value();
        const DebiasCandidate& candidate = study.result.candidates[0];
        // The end of its curve is the import as it is, at half strength.
        const JudgedImages audit = takeRows(of.images, input.split.audit);
        const Judged half = judge(withoutGender(0.5), audit, of.texts, of.options, m_feedback).value();
        QCOMPARE(pointOf(candidate.curve.back().audit, "gender", "ndkl"),
                 pointOf(pointsOf(half, audit, of.texts, of.options), "gender", "ndkl"));
    }

    void aMethodThatFailsStopsNoOther() {
        const World of = world(300, 0.8, 17);
        StudyMethod refused = method({{"joint-vl", "", {}, 0}});
        refused.refused = Error{ErrorCode::AttributeSingleGroup, {{"name", "gender"}, {"group", "Male"}}, {}};
        StudyMethod wide; // of another dimension
        wide.steps.emplace_back().config.method = "leace";
        wide.fitted = withoutGender();
        wide.fitted->parts.front().image =
            debias::LinearMap{5, 5, std::vector<double>(25), std::vector<double>(5), false};
        StudyMethod empty;
        empty.fitted = debias::Transform();
        const Study study =
            runStudy(studyOf(of, {method({{"leace", "", {{"no such", "1"}}, 0}}),
                                  method({{"biased-prompts", "", {}, 0}}), // no texts were brought
                                  method({{"clip-clip", "", {{"keep", "no number"}}, 0}}), refused, wide, empty,
                                  StudyMethod(), method({{"mean-difference", "", {}, 0}})}),
                     m_feedback)
                .value();
        QCOMPARE(study.result.candidates.size(), std::size_t(8));
        QCOMPARE(study.transforms.size(), std::size_t(8));
        for (std::size_t c = 0; c < 7; ++c) {
            QVERIFY2(!study.result.candidates[c].failure.empty(), std::to_string(c).c_str());
            QVERIFY(study.transforms[c].parts.empty());
            QVERIFY(study.result.recommended != static_cast<std::int64_t>(c));
        }
        QVERIFY(study.result.candidates[0].failure.find("no such") != std::string::npos);
        QVERIFY(study.result.candidates[7].failure.empty() && study.transforms[7].parts.size() == 1);
    }

    void cancellingEndsAStudy() {
        const World of = world(300, 0.8, 18);
        const StudyInput input =
            studyOf(of, {method({{"mean-difference", "", {}, 0}}), method({{"leace", "", {}, 0}})});
        for (const int at : {1, 2}) {
            CancelsAt feedback("comparing-methods", at);
            const auto study = runStudy(input, feedback);
            QVERIFY(!study && study.error().cancelled());
        }
        StudyInput none = input;
        none.split.select.clear();
        const auto refused = runStudy(none, m_feedback);
        QVERIFY(!refused && !refused.error().cancelled());
        QCOMPARE(refused.error().error().code, ErrorCode::InvalidArgument);
    }

    // ---- what a study is made of --------------------------------------------------------------------------------
    void inputOfOneSet() {
        World of = world(90, 0.8, 19);
        DrawnSet drawn = drawnSet(of, "/pictures", 0, 90);
        drawn.embeddings.present[7] = false; // skipped
        std::ranges::fill(drawn.embeddings.raw.row(7), 0.0F);
        DebiasStudyConfig config = studyConfig();
        config.methods = {{{{"leace", "", {}, 0}}},
                          {{{"biased-prompts", "", {}, 0}}},
                          {{{"biased-prompts", "", {{"pairs", ""}}, 0}}},
                          {{{"joint-vl", "", {}, 0}}},
                          {{{"gap-shift", "", {}, 0}, {"det-cons", "age", {{"labels", "predicted"}}, 0}}}};
        Encoder encoder;
        const auto input = studyInput(config, {drawn.set, drawn.embeddings}, encoder.function(), m_feedback);
        QVERIFY2(input.has_value(), input ? "" : input.error().error().args[0].second.c_str());
        QCOMPARE(input->images.rows.rows, std::size_t(89));
        QVERIFY(std::ranges::equal(input->images.rows.row(7), of.images.rows.row(8)));
        QCOMPARE(input->images.attributes[0].codes[7], of.images.attributes[0].codes[8]);
        QCOMPARE(input->images.attributes[0].name, std::string("gender"));
        QCOMPARE(input->images.attributes[1].name, std::string("age"));
        QCOMPARE(input->split.fit.size() + input->split.select.size() + input->split.audit.size(), std::size_t(89));
        QCOMPARE(input->texts.prompts.size(), std::size_t(4));
        QCOMPARE(input->texts.promptRows.plain.rows, std::size_t(4));
        QCOMPARE(input->texts.classRows.plain.rows, 2 * kClasses);
        QVERIFY(encoder.asked.contains("a picture of a class 2"));
        QVERIFY(input->methods[0].steps[0].texts.plain.rows == 0);
        QCOMPARE(input->methods[0].steps[0].config.attribute, std::string("gender"));
        const StudyMethod::Step& biased = input->methods[1].steps[0];
        QCOMPARE(biased.texts.plain.rows, biased.texts.texts.size());
        QVERIFY(biased.texts.plain.rows > 4 && !biased.config.parameter("pairs").empty());
        QVERIFY(encoder.asked.contains("a photo of a male doctor"));
        QVERIFY(input->methods[2].steps[0].config.parameter("pairs").empty());
        // A factual and a counterfactual caption of each fit row, which differ.
        const StudyMethod::Step& joint = input->methods[3].steps[0];
        QCOMPARE(joint.texts.plain.rows, 2 * input->split.fit.size());
        for (std::size_t i = 0; i < input->split.fit.size(); ++i)
            if (input->images.attributes[0].codes[input->split.fit[i]] >= 0)
                QVERIFY(joint.texts.texts[i] != joint.texts.texts[input->split.fit.size() + i]);
        QCOMPARE(input->methods[4].steps.size(), std::size_t(2));
        QCOMPARE(input->methods[4].steps[1].config.attribute, std::string("age"));
        QVERIFY(input->card.fitRows.find(std::to_string(input->split.fit.size())) == 0);
        // All of them can be fitted on it.
        const Study study = runStudy(*input, m_feedback).value();
        for (const DebiasCandidate& candidate : study.result.candidates)
            QVERIFY2(candidate.failure.empty(), (candidate.card.config.method + ": " + candidate.failure).c_str());
    }

    void inputWithAColumnOrClusters() {
        const World of = world(120, 0.8, 20);
        DrawnSet drawn = drawnSet(of, "/pictures", 0, 120);
        std::vector<std::string> parts, people;
        for (int i = 0; i < 120; ++i) {
            parts.emplace_back(i % 4 < 2 ? "Train" : i % 4 == 2 ? "val" : i % 8 == 3 ? "test" : "left over");
            people.push_back("p" + std::to_string(i / 6));
        }
        drawn.set.attributes.push_back(makeAttribute("part", parts));
        drawn.set.attributes.push_back(makeAttribute("person", people));
        Encoder encoder;
        DebiasStudyConfig config = studyConfig();
        config.splitColumn = "part";
        const StudySets sets{drawn.set, drawn.embeddings};
        const StudyInput byColumn = studyInput(config, sets, encoder.function(), m_feedback).value();
        QCOMPARE(byColumn.split.fit.size(), std::size_t(60));
        QCOMPARE(byColumn.split.select.size(), std::size_t(30));
        QCOMPARE(byColumn.split.audit,
                 (std::vector<std::uint32_t>{3, 11, 19, 27, 35, 43, 51, 59, 67, 75, 83, 91, 99, 107, 115}));
        config.splitColumn = "gender"; // has no such values
        auto wrong = studyInput(config, sets, encoder.function(), m_feedback);
        QVERIFY(!wrong && wrong.error().error().code == ErrorCode::InvalidArgument);
        config.splitColumn = "nowhere";
        wrong = studyInput(config, sets, encoder.function(), m_feedback);
        QVERIFY(!wrong && wrong.error().error().code == ErrorCode::AttributeUnknown);
        config.splitColumn.clear();
        config.together = "person";
        const StudyInput clustered = studyInput(config, sets, encoder.function(), m_feedback).value();
        std::map<std::uint32_t, std::set<int>> partsOf;
        int part = 0;
        for (const auto* rows : {&clustered.split.fit, &clustered.split.select, &clustered.split.audit}) {
            for (const std::uint32_t row : *rows)
                partsOf[row / 6].insert(part);
            ++part;
        }
        for (const auto& [person, in] : partsOf)
            QCOMPARE(in.size(), std::size_t(1));
        // A column that is called like it is kept together without being named, and said to be.
        config.together.clear();
        const StudyInput known = studyInput(config, sets, encoder.function(), m_feedback).value();
        QCOMPARE(known.split.fit, clustered.split.fit);
        QVERIFY(known.splitText.find("person kept together") != std::string::npos);
        config.together = "person";
        for (const std::vector<double>& shares :
             {std::vector<double>{}, {1, 1}, {0.5, 0, 0.5}, {0.5, -1, 0.5}, {0.5, std::nan(""), 1}}) {
            config.shares = shares;
            wrong = studyInput(config, sets, encoder.function(), m_feedback);
            QVERIFY(!wrong && wrong.error().error().code == ErrorCode::InvalidArgument);
        }
        config = studyConfig();
        config.methods = {{{{"no-such-method", "", {}, 0}}}};
        wrong = studyInput(config, sets, encoder.function(), m_feedback);
        QVERIFY(!wrong && wrong.error().error().arg("value") == "no-such-method");
        config = studyConfig();
        config.probe.concepts.clear();
        config.probe.templates.clear();
        wrong = studyInput(config, sets, encoder.function(), m_feedback);
        QVERIFY(!wrong && wrong.error().error().code == ErrorCode::ProbeEmpty);
    }

    void inputWithASetToAudit() {
        const World of = world(160, 0.8, 21);
        const DrawnSet first = drawnSet(of, "/pictures", 0, 100), second = drawnSet(of, "/pictures", 100, 160),
                       overlapping = drawnSet(of, "/pictures", 90, 160), elsewhere = drawnSet(of, "/others", 90, 160);
        Encoder encoder;
        DebiasStudyConfig config = studyConfig();
        config.shares = {3, 1};
        const auto inputOf = [&](const DrawnSet& audit) {
            return studyInput(config, {first.set, first.embeddings, &audit.set, &audit.embeddings}, encoder.function(),
                              m_feedback);
        };
        const auto input = inputOf(second);
        QVERIFY(input.has_value());
        QCOMPARE(input->split.fit.size(), std::size_t(75));
        QCOMPARE(input->split.select.size(), std::size_t(25));
        QCOMPARE(input->split.audit.size(), std::size_t(60));
        for (const std::uint32_t row : input->split.audit)
            QVERIFY(row >= 100 && std::ranges::equal(input->images.rows.row(row), of.images.rows.row(row)));
        for (std::size_t i = 0; i < 160; ++i)
            QCOMPARE(input->images.attributes[0].codes[i], of.images.attributes[0].codes[i]);
        // Images that are fitted on cannot be audited; files of the same names elsewhere are others.
        const auto both = inputOf(overlapping);
        QVERIFY(!both && both.error().error().code == ErrorCode::InvalidArgument);
        QVERIFY(both.error().error().arg("value").find("10 ") == 0);
        QVERIFY(inputOf(elsewhere).has_value());
        config.shares = {0, 1, 1};
        QVERIFY(!inputOf(second));
    }

    void captionsOfAListGoWithTheirImages() {
        const World of = world(60, 0.8, 22);
        const DrawnSet drawn = drawnSet(of, "/pictures", 0, 60);
        const test::TempFolder folder;
        std::string table = "file,caption\n";
        for (int i = 59; i >= 0; --i)
            table += std::to_string(i) + ".jpg,picture " + std::to_string(i) + "\n";
        test::writeText(folder / "captions.csv", table + "nowhere.jpg,none\n");
        DebiasStudyConfig config = studyConfig();
        config.captions = (folder / "captions.csv").string();
        Encoder encoder;
        const auto input = studyInput(config, {drawn.set, drawn.embeddings}, encoder.function(), m_feedback);
        QVERIFY(input.has_value());
        QCOMPARE(input->images.imageOfCaption.size(), std::size_t(60));
        QCOMPARE(input->images.captions.plain.rows, std::size_t(60));
        const Embeddings expected = encoder.function()(std::vector<std::string>{"picture 17"}).value();
        const auto at = std::ranges::find(input->images.imageOfCaption, 17U) - input->images.imageOfCaption.begin();
        QVERIFY(std::ranges::equal(input->images.captions.plain.row(static_cast<std::size_t>(at)), expected.row(0)));
        QVERIFY(!encoder.asked.contains("none"));
        test::writeText(folder / "captions.csv", "file,caption\nnowhere.jpg,none\n");
        const auto none = studyInput(config, {drawn.set, drawn.embeddings}, encoder.function(), m_feedback);
        QVERIFY(!none && none.error().error().code == ErrorCode::LabelsMatchNothing);
    }

    void aSetOfOneGroupRefusesTheMethodsNotTheStudy() {
        // The fit rows have one gender only: nothing can be learnt of it, and joint removal has no captions.
        World of = world(120, 0.8, 23);
        DrawnSet drawn = drawnSet(of, "/pictures", 0, 120);
        std::vector<std::string> parts, genders;
        for (int i = 0; i < 120; ++i) {
            parts.emplace_back(i < 40 ? "fit" : i < 80 ? "select" : "audit");
            genders.emplace_back(i < 40 || i % 2 ? "Male" : "Female");
        }
        drawn.set.attributes[0] = makeAttribute("gender", genders);
        drawn.set.attributes.push_back(makeAttribute("part", parts));
        DebiasStudyConfig config = studyConfig();
        config.splitColumn = "part";
        config.methods = {{{{"joint-vl", "", {}, 0}}}, {{{"leace", "", {}, 0}}}};
        Encoder encoder;
        const auto input = studyInput(config, {drawn.set, drawn.embeddings}, encoder.function(), m_feedback);
        QVERIFY(input.has_value());
        const Study study = runStudy(*input, m_feedback).value();
        QVERIFY(study.result.candidates[0].failure.find("Male") != std::string::npos);
        QVERIFY(!study.result.candidates[1].failure.empty());
        QCOMPARE(study.result.recommended, std::int64_t(-1));
    }
};

QTEST_GUILESS_MAIN(TestMitigation)
#include "tst_mitigation.moc"
