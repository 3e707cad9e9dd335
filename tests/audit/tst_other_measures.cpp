// SPDX-License-Identifier: GPL-3.0-or-later
// What an audit measures beside its rankings, on embeddings made here: the first two coordinates are two groups.
#include <set>

#include <QTest>

#include "core/audit/other_measures.h"
#include "core/base/random.h"
#include "core/probe/probe_set.h"

using namespace plumbline;

namespace {

constexpr std::size_t kDim = 8;

struct Made {
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
            m.images.raw.row(i)[d] = static_cast<float>(0.3 * random.normal() + (d == (i % 3 == 0 ? 0U : 1U) ? 1.0 : 0.0));
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

Outcome<std::vector<MeasureTable>> others(const Made& m, std::vector<Family> families, std::vector<std::string>& warnings,
                                          Feedback& feedback) {
    AuditConfig config = m.config;
    config.others = {std::move(families), "set", {"pose"}};
    const audit::EncodeTexts texts = encode;
    return audit::measureOthers({config, m.set, m.images, m.prompts, m.scores, m.result.measurements, texts, 100.0}, warnings,
                                feedback);
}

} // namespace

class TestOtherMeasures : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void groupsBecomeWords() {
        const std::vector<std::string> gender{"Male", "Female", "Other"}, age{"20-29", "3-9"};
        QCOMPARE(audit::groupWords(makeAttribute("gender", gender)),
                 (std::vector<std::string>{"woman", "man", "other person"})); // in byte order of the groups
        QCOMPARE(audit::groupWords(makeAttribute("Age", age)), (std::vector<std::string>{"person aged 20-29", "person aged 3-9"}));
    }

    void theRankingsCarryLogitsAndVerdicts() {
        const Made m = made(300);
        const GroupMeasure& group = m.result.measurements.front().groups.front();
        QCOMPARE(*group.gapInLogits, group.gap * 100);
        QCOMPARE(group.verdict, Verdict::Towards);
        QVERIFY(!group.slight);
    }

    void everyFamilyAnswersOrSaysWhyNot() {
        const Made m = made(300);
        std::vector<Family> families;
        for (const FamilyInfo& family : allFamilies())
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
            QCOMPARE(table.attribute,
                     table.kind == familyName(Family::Controls) ? std::string() : m.config.attributes.front());
            for (const MeasureRow& row : table.rows)
                QCOMPARE(row.keys.size(), table.keys.size());
        }
        // Two of association, harm and gap each; none of templates, since prompts written by hand have none.
        QCOMPARE(ids.size(), std::size_t(14));
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
