// SPDX-License-Identifier: GPL-3.0-or-later
// What an audit measures beside its rankings, on embeddings made here: the first two coordinates are two groups.
#include <algorithm>
#include <set>

#include <QTest>

#include "core/audit/other_measures.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/probe/probe_set.h"
#include "tests/support/test_support.h"

using namespace plumbline;

namespace {

constexpr std::size_t kDim = 8;

struct Made {
    std::string captions; ///< a list of captions
    AuditConfig config;
    ImageSet set;
    audit::SetEmbeddings images;
    Embeddings prompts;
    std::vector<float> scores;
    AuditResult result;
};

/// `images` rows of two groups, each near its own direction; three prompts, the first near the first group.
Made made(std::size_t images, std::vector<std::string> attributes = {"letter"}) {
    Made m;
    RandomStream random(3, streamId("others"), 0);
    std::vector<std::string> labels, sets, poses;
    m.images.raw = Embeddings(images, kDim);
    m.images.present.assign(images, true);
    for (std::size_t i = 0; i < images; ++i) {
        labels.push_back(i % 3 == 0 ? "a" : "b");
        sets.push_back(i % 3 == 2 ? "" : "set " + std::to_string(i / 3)); // one image of each group
        poses.push_back(i % 2 == 0 ? "front" : "side");
        m.set.files.push_back("f" + std::to_string(i));
        for (std::size_t d = 0; d < kDim; ++d)
            m.images.raw.row(i)[d] =
                static_cast<float>(0.3 * random.normal() + (d == (i % 3 == 0 ? 0U : 1U) ? 1.0 : 0.0));
    }
    m.set.attributes.push_back(makeAttribute("letter", labels));
    m.set.attributes.push_back(makeAttribute("set", sets));
    m.set.attributes.push_back(makeAttribute("pose", poses));
    m.prompts = Embeddings(3, kDim);
    m.prompts.row(0)[0] = 1;
    m.prompts.row(1)[2] = 1;
    m.prompts.row(2)[3] = 1;
    m.config.attributes = std::move(attributes);
    m.config.probe = probe::handWritten({"one", "two", "three"});
    m.config.measure.k = {30, 0};
    m.config.measure.nullDraws = m.config.measure.bootstrapDraws = 100;
    Feedback feedback;
    auto measured = audit::measureAll(m.config, m.set, m.images, m.prompts, m.scores, feedback, 100.0);
    if (measured)
        m.result = std::move(*measured);
    return m;
}

/// The class texts of the groups in order: the first coordinate is a, the second b.
Outcome<Embeddings> encode(std::span<const std::string> texts) {
    Embeddings rows(texts.size(), kDim);
    for (std::size_t i = 0; i < texts.size(); ++i)
        rows.row(i)[i % kDim] = 1;
    return rows;
}

Outcome<std::vector<MeasureTable>> others(const Made& m, std::vector<Family> families,
                                          std::vector<std::string>& warnings, Feedback& feedback) {
    AuditConfig config = m.config;
    config.others.families = std::move(families);
    config.others.sets = "set";
    config.others.dimensions = {"pose"};
    config.others.classes = "pose";
    config.others.captions = m.captions;
    const audit::EncodeTexts texts = encode;
    return audit::measureOthers({config, m.set, m.images, m.prompts, m.scores, m.result.measurements, texts, 100.0},
                                warnings, feedback);
}

} // namespace

class TestOtherMeasures : public QObject {
    Q_OBJECT

    test::TempFolder m_folder;

    Made withCaptions(Made m) {
        std::string list = "file,caption\n";
        for (int i = 0; i < 40; ++i)
            list += "f" + std::to_string(i) + ",caption " + std::to_string(i) + "\n";
        list += "elsewhere.jpg,a stranger\n";
        m.captions = encodePath(m_folder / "captions.csv");
        test::writeText(m_folder / "captions.csv", list);
        return m;
    }

private Q_SLOTS:
    void groupsBecomeWords() {
        const std::vector<std::string> gender{"Male", "Female", "Other"}, age{"20-29", "3-9"};
        QCOMPARE(audit::groupWords(makeAttribute("gender", gender)),
                 (std::vector<std::string>{"woman", "man", "other person"})); // in byte order of the groups
        QCOMPARE(audit::groupWords(makeAttribute("Age", age)),
                 (std::vector<std::string>{"person aged 20-29", "person aged 3-9"}));
    }

    void theRankingsCarryLogitsAndVerdicts() {
        const Made m = made(300);
        const GroupMeasure& group = m.result.measurements.front().groups.front();
        QCOMPARE(*group.gapInLogits, group.gap * 100);
        QCOMPARE(group.verdict, Verdict::Towards);
        QVERIFY(!group.slight);
    }

    void everyFamilyAnswersOrSaysWhyNot() {
        const Made m = withCaptions(made(300));
        std::vector<Family> families;
        for (const FamilyInfo& family : allFamilies())
            if (family.family != Family::ConceptVectors && family.family != Family::Relevance) // tests of their own
                families.push_back(family.family);
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto tables = others(m, families, warnings, feedback);
        QVERIFY(tables);
        QVERIFY2(warnings.empty(), warnings.empty() ? "" : warnings.front().c_str());
        std::set<std::string> ids;
        for (const MeasureTable& table : *tables) {
            ids.insert(table.id);
            QVERIFY2(!table.id.empty() && !table.title.empty() && !table.definition.empty() && !table.source.empty() &&
                         !table.countOf.empty(),
                     table.title.c_str());
            QVERIFY2(!table.rows.empty(), table.title.c_str());
            QVERIFY2(familyFromName(table.kind), table.title.c_str());
            const bool ofAll = table.kind == familyName(Family::Controls) || table.id == "association";
            QCOMPARE(table.attribute, ofAll ? std::string() : m.config.attributes.front());
            for (const MeasureRow& row : table.rows)
                QCOMPARE(row.keys.size(), table.keys.size());
        }
        // One a family, but eight of classes (one of them also of zero-shot), three of gap and scales, two of
        // association, harm and word tests; none of templates, since prompts written by hand have none.
        QCOMPARE(ids.size(), std::size_t(28));
    }

    void whatNeedsAColumnSaysSo() {
        const Made m = made(300);
        AuditConfig config = m.config;
        config.others.families = {Family::Counterfactuals, Family::Controls};
        std::vector<std::string> warnings;
        Feedback feedback;
        const audit::EncodeTexts texts = encode;
        const auto tables = audit::measureOthers(
            {config, m.set, m.images, m.prompts, m.scores, m.result.measurements, texts, 100.0}, warnings, feedback);
        QVERIFY(tables && tables->empty());
        QCOMPARE(warnings.size(), std::size_t(2));
        QVERIFY(warnings[0].find("column") != std::string::npos && warnings[1].find("column") != std::string::npos);
    }

    void whatNeedsInputKnowsIt() {
        QCOMPARE(allFamilies().size(), static_cast<std::size_t>(Family::Relevance) + 1); // each has a name
        AuditConfig config;
        OtherMeasures& given = config.others;
        QVERIFY(needsInput(Family::Classes) && !hasInput(config, Family::Classes));
        QVERIFY(needsInput(Family::Relevance) && !hasInput(config, Family::Relevance));
        QVERIFY(!needsInput(Family::Summary) && hasInput(config, Family::Summary));
        given.classes = "pose";
        given.captions = "captions.csv";
        config.relevance = "occupation";
        for (const Family family : {Family::Classes, Family::Retrieval, Family::Relevance})
            QVERIFY(hasInput(config, family));
        QVERIFY(!hasInput(config, Family::Controls) && !hasInput(config, Family::Counterfactuals));
    }

    void classesOfAColumn() {
        Made m = made(300, {"pose"});
        AuditConfig config = m.config;
        config.others.families = {Family::Classes};
        config.others.classes = "letter"; // the stub's texts of a and b lie where their images do
        std::vector<std::string> warnings;
        Feedback feedback;
        const audit::EncodeTexts texts = encode;
        const audit::Audited audited{config, m.set, m.images, m.prompts, m.scores, m.result.measurements, texts, 100.0};
        const auto tables = audit::measureOthers(audited, warnings, feedback);
        QVERIFY(tables && warnings.empty());
        std::set<std::string> ids;
        for (const MeasureTable& table : *tables)
            ids.insert(table.id);
        const std::set<std::string> expected = {
            "group_accuracy", "parity", "zero_shot_accuracy", "auroc", "cross_group_auroc", "average_precision",
            "calibration",    "able"};
        QCOMPARE(ids, expected);
        const auto of = [&](const char* id) -> const MeasureTable& {
            return *std::ranges::find(*tables, std::string(id), &MeasureTable::id);
        };
        const MeasureRow* accuracy = of("group_accuracy").find({"", ""}, "accuracy");
        QVERIFY(accuracy && *accuracy->value.value > 0.9);
        // ABLE joins that accuracy with the mean MaxSkew against equal shares.
        const MeasureRow* able = of("able").find({"pose"}, "able");
        QVERIFY(able && able->value.value && able->value.ciLow && able->value.ciHigh);
        QVERIFY(*able->value.value < 2 / (1 / *accuracy->value.value + 1) + 1e-12);

        config.others.classes = "pose";
        QVERIFY(audit::measureOthers(audited, warnings, feedback)->empty());
        QVERIFY(warnings.size() == 1 && warnings.front().find("another column") != std::string::npos);
    }

    void captionsByGroup() {
        const Made m = withCaptions(made(300));
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto tables = others(m, {Family::Retrieval}, warnings, feedback);
        QVERIFY(tables && tables->size() == 1 && warnings.empty());
        const MeasureTable& table = tables->front();
        for (const char* group : {"all", "a", "b"}) {
            const MeasureRow* row = table.find({group}, "text_to_image_r10");
            QVERIFY(row && row->value.value && row->value.ciLow);
            QCOMPARE(row->n, std::int64_t(group == std::string("all") ? 40 : group == std::string("a") ? 14 : 26));
        }
        const MeasureRow* range = table.find({""}, "text_to_image_r10_range");
        QVERIFY(range && range->value.pValue);
        QVERIFY(std::ranges::any_of(table.warnings,
                                    [](const std::string& w) { return w.starts_with("1 captions are of images"); }));
        AuditConfig config = m.config;
        config.others.families = {Family::Retrieval};
        config.others.captions = encodePath(m_folder / "none.csv");
        const audit::EncodeTexts texts = encode;
        QVERIFY(
            audit::measureOthers({config, m.set, m.images, m.prompts, m.scores, m.result.measurements, texts, 100.0},
                                 warnings, feedback)
                ->empty());
        QVERIFY(warnings.front().find("none.csv") != std::string::npos);
    }

    void aTargetByPromptIsSaidWhereItHasNoPlace() {
        Made m = made(300);
        m.config.measure.target.kind = Target::Kind::Custom;
        m.config.measure.target.byConcept = {{"one", {{"a", 0.5}, {"b", 0.5}}}};
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto said = [&](const char* what) {
            const auto tables = others(m, {Family::Hubs}, warnings, feedback);
            return tables && tables->size() == 1 && tables->front().warnings.back().find(what) != std::string::npos;
        };
        QVERIFY(said("against the pool's shares"));
        m.config.measure.target.shares = {{"a", 0.5}, {"b", 0.5}};
        QVERIFY(said("the shares that it has for all others"));
        m.config.measure.target = {};
        QVERIFY(!said("from prompt to prompt"));
    }

    void relevanceOfTheConceptThatAnImageShows() {
        Made m = made(300, {"pose"});
        m.config.probe = probe::handWritten({"A ", "b", "nothing shown"});
        m.config.relevance = "letter"; // prompt 1 ranks the a first
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto tables = others(m, {Family::Relevance}, warnings, feedback);
        QVERIFY(tables && tables->size() == 1 && warnings.empty());
        const MeasureTable& table = tables->front();
        QCOMPARE(table.keys.front(), std::string("prompt"));
        const MeasureRow* precision = table.find({table.rows.front().keys.front(), ""}, "precision");
        QVERIFY(precision && *precision->value.value > 0.9);
        QVERIFY(table.find({"b", "front"}, "recall") && table.find({"b", ""}, "recall_gap"));
        QVERIFY(table.warnings.back().find("1 of the 3 prompts") != std::string::npos);
        m.config.relevance.clear();
        QVERIFY(others(m, {Family::Relevance}, warnings, feedback)->empty());
        QCOMPARE(warnings.size(), std::size_t(1));
    }

    void anAttributesWordsAreHeldAgainstEachOther() {
        Made m = made(300);
        m.config.probe.templates = {"{one|two|three} {}"};
        m.config.probe.concepts = {{"x", ""}};
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto tables = others(m, {Family::Templates}, warnings, feedback);
        QVERIFY(tables);
        const auto table = std::ranges::find(*tables, "attribute_words", &MeasureTable::id);
        QVERIFY(table != tables->end());
        QCOMPARE(table->rows.size(), std::size_t{2 * 5}); // two words against the first: all, and two rows a group
        const auto value = [&](const char* words, const char* group, const char* measure) {
            return *table->find({"x", "{one|two|three} {}", words, group}, measure)->value.value;
        };
        double sum = 0; // by hand
        std::size_t n = 0;
        for (std::size_t i = 0; i < 300; i += 3, ++n) // the group a
            sum += double(m.scores[2 * 300 + i]) - double(m.scores[i]);
        QVERIFY(std::abs(value("one → three", "a", "score_difference") - sum / double(n)) < 1e-9);
        QVERIFY(value("one → two", "a", "skew_difference") < 0); // only the first prompt is near the group's images
        // With the first word nobody of b is in front: there is no skew to take a difference from.
        const MeasureRow* ofB = table->find({"x", "{one|two|three} {}", "one → two", "b"}, "skew_difference");
        QVERIFY(ofB != nullptr && !ofB->value.value);
        const auto none = others(made(300), {Family::Templates}, warnings, feedback);
        QVERIFY(none && std::ranges::find(*none, "attribute_words", &MeasureTable::id) == none->end());
    }

    void conceptVectorsNeedTemplates() {
        Made m = made(120);
        std::vector<std::string> warnings;
        Feedback feedback;
        QVERIFY(others(m, {Family::ConceptVectors}, warnings, feedback)->empty());
        QCOMPARE(warnings.size(), std::size_t(1));
        m.config.probe.templates = {"a {}", "the {}"};
        warnings.clear();
        const auto tables = others(m, {Family::ConceptVectors}, warnings, feedback);
        QVERIFY(tables && warnings.empty() && tables->size() == 1);
        QVERIFY(std::ranges::any_of(tables->front().warnings, [](const std::string& w) {
            return w.find("has 2 templates") != std::string::npos; // those of a built-in set serve
        }));
        QVERIFY(tables->front().find({"one", ""}, "accuracy"));
    }

    void socialScalesFollowTheirScores() {
        // The stub's texts are one direction each, so the scales differ between the groups as these directions do.
        const Made m = made(300);
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto tables = others(m, {Family::Scales}, warnings, feedback);
        QVERIFY(tables && tables->size() == 3 && warnings.empty());
        const MeasureTable& contrasts = tables->front();
        for (const char* scale : {"warmth", "competence", "agency", "beliefs", "communion"}) {
            const MeasureRow* range = contrasts.find({scale, ""}, "range");
            QVERIFY(range && range->value.value && range->value.pValue);
        }
        // Markedness: the blank prompt and the first group's word are one text in the stub.
        const MeasureTable& marked = tables->back();
        QCOMPARE(*marked.find({"a", ""}, "markedness")->value.value, 0.0);
    }

    void zeroShotOfTheGroups() {
        const Made m = made(300);
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto tables = others(m, {Family::ZeroShot}, warnings, feedback);
        QVERIFY(tables && !tables->empty());
        const MeasureRow* all = tables->front().find({"", ""}, "accuracy");
        QVERIFY(all && *all->value.value > 0.9);
        QCOMPARE(all->n, std::int64_t(300));
    }

    void meansOverThePrompts() {
        const Made m = made(300);
        std::vector<std::string> warnings;
        Feedback feedback;
        const auto tables = others(m, {Family::Summary}, warnings, feedback);
        QVERIFY(tables && tables->size() == 1);
        double mean = 0;
        for (const Measurement& measurement : m.result.measurements)
            mean += *measurement.maxSkew.value / 3;
        QVERIFY(std::abs(*tables->front().find({"letter", "images"}, "max_skew")->value.value - mean) < 1e-9);
    }

    void aFamilyThatCannotBeMeasuredIsAWarning() {
        const Made m = made(300);
        std::vector<std::string> warnings;
        Feedback feedback;
        AuditConfig config = m.config;
        config.others.families = {Family::ZeroShot, Family::Summary};
        const audit::EncodeTexts noTexts = [](std::span<const std::string>) -> Outcome<Embeddings> {
            return fail(ErrorCode::Internal, {}, "no vocabulary");
        };
        const auto tables = audit::measureOthers(
            {config, m.set, m.images, m.prompts, m.scores, m.result.measurements, noTexts, 100.0}, warnings, feedback);
        QVERIFY(tables);
        QCOMPARE(tables->size(), std::size_t(1)); // the other family is there
        QCOMPARE(warnings.size(), std::size_t(1));
        QVERIFY(warnings.front().starts_with("Zero-shot classification of the groups by letter could not be measured"));
    }

    void cancelled() {
        const Made m = made(60);
        std::vector<std::string> warnings;
        Feedback feedback;
        feedback.cancel();
        const auto tables = others(m, {Family::Summary}, warnings, feedback);
        QVERIFY(!tables && tables.error().cancelled());
    }
};

QTEST_APPLESS_MAIN(TestOtherMeasures)
#include "tst_other_measures.moc"
