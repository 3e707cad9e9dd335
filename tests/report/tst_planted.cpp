// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QtTest>

#include "core/report/planted.h"

using namespace plumbline;
using namespace plumbline::report;

using Finding = PlantedView::Finding;

namespace {

/// Two groups of equal share; the first one is `ratio` times as frequent in the top as in the pool.
Measurement measurement(double ratio, const char* attribute = "gender", const char* first = "woman",
                        const char* second = "man") {
    Measurement m;
    m.attribute = attribute;
    GroupMeasure group;
    group.nullLow = -0.2;
    group.nullHigh = 0.2;
    group.name = first;
    group.skew = std::log(ratio);
    m.groups.push_back(group);
    group.name = second;
    group.skew = std::log(2 - ratio);
    m.groups.push_back(group);
    m.maxSkew.value = std::log(std::max(ratio, 2 - ratio));
    m.maxSkew.nullP95 = 0.18;
    return m;
}

const std::vector<PlantedLean> kPlanted = {{"nurse", "gender", "woman", 8},
                                           {"pilot", "gender", "man", 2.5},
                                           {"cleaner", "skin tone", "dark", 4},
                                           {"baker", "", "", 1}};

QString text(const Phrase& phrase) {
    return QString::fromStdString(phrase.text());
}

} // namespace

class TestPlanted : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void plantedLeanIsFound() {
        const PlantedView view = plantedView(kPlanted, "nurse", measurement(1.6));
        QVERIFY(view.known && view.lean);
        QCOMPARE(view.finding, Finding::Found);
        QCOMPARE(text(view.truth()), QStringLiteral("woman, ×8"));
        QCOMPARE(text(view.judgement()), QStringLiteral("found"));
        QCOMPARE(text(plantedView(kPlanted, "pilot", measurement(0.4)).truth()), QStringLiteral("man, ×2.5"));
        QCOMPARE(plantedView(kPlanted, "pilot", measurement(0.4)).finding, Finding::Found);
    }

    void plantedLeanIsMissed() {
        QCOMPARE(plantedView(kPlanted, "nurse", measurement(1.1)).finding, Finding::Missed); // within the band
        QCOMPARE(plantedView(kPlanted, "nurse", measurement(0.4)).finding, Finding::Missed); // leans the other way
        Measurement absent = measurement(0.4);
        absent.groups[0].skew.reset(); // none of the favoured group in the top
        QCOMPARE(plantedView(kPlanted, "nurse", absent).finding, Finding::Missed);
        // Above its own band, but the largest skew of the prompt could be chance.
        Measurement weak = measurement(1.6);
        weak.maxSkew.nullP95 = 0.5;
        QCOMPARE(plantedView(kPlanted, "nurse", weak).finding, Finding::Missed);
        // MaxSkew is no chance, but the favoured group lies within its own band.
        Measurement other = measurement(1.6);
        other.groups[0].nullHigh = 0.5;
        QCOMPARE(plantedView(kPlanted, "nurse", other).finding, Finding::Missed);
    }

    void whatIsNotPlantedHangsPlumbOrLeans() {
        for (const char* concept_ : {"baker", "cleaner"}) { // a control, and one planted by another attribute
            const PlantedView plumb = plantedView(kPlanted, concept_, measurement(1.1));
            QVERIFY(plumb.known && !plumb.lean);
            QCOMPARE(plumb.finding, Finding::Plumb);
            QCOMPARE(text(plumb.truth()), QStringLiteral("nothing"));
            QCOMPARE(text(plumb.judgement()), QStringLiteral("hangs plumb, as planted"));
            QCOMPARE(plantedView(kPlanted, concept_, measurement(1.6)).finding, Finding::Leans);
        }
        // The 95th percentile itself is within what chance shows.
        Measurement edge = measurement(1.1);
        edge.maxSkew.nullP95 = edge.maxSkew.value;
        QCOMPARE(plantedView(kPlanted, "baker", edge).finding, Finding::Plumb);
    }

    // Where the audit judged, its verdicts decide and not the bands: what stands side by side must agree.
    void verdictsDecideWhereThereAreAny() {
        Measurement m = measurement(1.6);
        m.groups[0].verdict = m.groups[1].verdict = Verdict::NoLean;
        QCOMPARE(plantedView(kPlanted, "nurse", m).finding, Finding::Missed);
        QCOMPARE(plantedView(kPlanted, "baker", m).finding, Finding::Plumb);
        m.groups[0].verdict = Verdict::Towards;
        m.groups[1].verdict = Verdict::Away;
        QCOMPARE(plantedView(kPlanted, "nurse", m).finding,
                 m.groups[0].name == "woman" ? Finding::Found : Finding::Missed);
        QCOMPARE(plantedView(kPlanted, "baker", m).finding, Finding::Leans);
        m.groups[0].verdict = m.groups[1].verdict = Verdict::LostToCorrection;
        QCOMPARE(plantedView(kPlanted, "nurse", m).finding, Finding::Missed); // not enough evidence is no finding
        for (GroupMeasure& group : m.groups)
            group.verdict = Verdict::NoLean;
        QCOMPARE(plantedView(kPlanted, "baker", m).finding, Finding::Plumb);
        m.groups.front().verdict = Verdict::LostToCorrection;
        const PlantedView unsure = plantedView(kPlanted, "baker", m);
        QCOMPARE(unsure.finding, Finding::Unsure); // and no pass
        QCOMPARE(unsure.judgement().text(), std::string("not enough evidence"));
        const PlantedSummary summary = plantedSummary(kPlanted, std::span(&unsure, 1));
        QVERIFY(summary.others == 1 && summary.plumb == 0);
    }

    void conceptPlantedByTwoAttributes() {
        const std::vector<PlantedLean> both = {{"nurse", "gender", "woman", 8}, {"nurse", "skin tone", "light", 3}};
        QCOMPARE(plantedView(both, "nurse", measurement(1.6)).lean->favours, std::string("woman"));
        const auto tone = plantedView(both, "nurse", measurement(1.6, "skin tone", "light", "dark"));
        QCOMPARE(tone.lean->favours, std::string("light"));
        QCOMPARE(tone.finding, Finding::Found);
    }

    void nothingIsClaimedThatIsNotKnown() {
        for (const char* concept_ : {"astronaut", "a photo of a nurse", ""})
            QVERIFY(!plantedView(kPlanted, concept_, measurement(1.6)).known);
        QVERIFY(!plantedView({}, "nurse", measurement(1.6)).known);
        QCOMPARE(text(plantedView({}, "nurse", measurement(1.6)).truth()), QString());
        QCOMPARE(text(plantedView({}, "nurse", measurement(1.6)).judgement()), QString());
        // A crossing has groups of which nothing is recorded, except where nothing was planted at all.
        const Measurement crossed = measurement(1.1, "age × gender", "old × woman", "old × man");
        QVERIFY(!plantedView(kPlanted, "nurse", crossed).known);
        QCOMPARE(plantedView(kPlanted, "cleaner", crossed).finding, Finding::Plumb);
        QCOMPARE(plantedView(kPlanted, "baker", crossed).finding, Finding::Plumb);
        QVERIFY(plantedView(kPlanted, "nurse", measurement(1.1, "gender expression")).known); // no crossing
    }

    void noVerdictWithoutANullOrTheGroup() {
        Measurement m = measurement(1.6);
        m.maxSkew.nullP95.reset();
        QCOMPARE(plantedView(kPlanted, "nurse", m).finding, Finding::Unknown);
        QCOMPARE(plantedView(kPlanted, "baker", m).finding, Finding::Unknown);
        m = measurement(1.6);
        m.maxSkew.value.reset();
        QCOMPARE(plantedView(kPlanted, "baker", m).finding, Finding::Unknown);
        m = measurement(1.6);
        m.groups[0].nullHigh.reset();
        QCOMPARE(plantedView(kPlanted, "nurse", m).finding, Finding::Unknown);
        const PlantedView view = plantedView(kPlanted, "nurse", measurement(1.6, "gender", "Female", "Male"));
        QVERIFY(view.known && view.lean); // what was planted is still said
        QCOMPARE(view.finding, Finding::Unknown);
    }

    void promptsAreTemplateMajor() {
        ProbeSet probe;
        probe.concepts = {{"nurse", {}}, {"pilot", {}}};
        QCOMPARE(conceptOf(probe, 1), std::string_view("pilot")); // written by hand
        QCOMPARE(conceptOf(probe, 2), std::string_view());
        probe.templates = {"a photo of a {}", "the {}", "{}"};
        QCOMPARE(conceptOf(probe, 2), std::string_view("nurse"));
        QCOMPARE(conceptOf(probe, 5), std::string_view("pilot"));
        QCOMPARE(conceptOf(probe, 6), std::string_view());
        QCOMPARE(conceptOf({}, 0), std::string_view());
    }

    void summarySaysHowMany() {
        const auto line = [](const std::vector<PlantedLean>& planted, const char* attribute) {
            std::vector<PlantedView> views;
            for (const auto& [concept_, ratio] :
                 {std::pair{"nurse", 1.6}, {"pilot", 0.95}, {"cleaner", 1.1}, {"baker", 1.6}})
                views.push_back(plantedView(planted, concept_, measurement(ratio, attribute)));
            return text(plantedSummary(planted, views).sentence());
        };
        QCOMPARE(line(kPlanted, "gender"),
                 QStringLiteral("Known truth: 1 of 2 planted leans found; 1 of 2 prompts without one hang plumb."));
        QCOMPARE(line({kPlanted[0]}, "gender"), QStringLiteral("Known truth: 1 of 1 planted leans found."));
        QCOMPARE(line(kPlanted, "age"),
                 QStringLiteral("Known truth: nothing was planted by this attribute; 2 of 4 prompts hang plumb."));
        QCOMPARE(line({{"nurse", "", "", 1}, {"pilot", "", "", 1}}, "gender"),
                 QStringLiteral("Nothing was planted in this model: 1 of 2 prompts hang plumb."));
        QCOMPARE(line({}, "gender"), QString());
        QVERIFY(plantedSummary({}, {}).empty());
        // A row that cannot be judged is in neither count: by skin tone, the favoured group is not in the pool.
        QCOMPARE(line(kPlanted, "skin tone"),
                 QStringLiteral("Known truth: nothing was planted by this attribute; 1 of 3 prompts hang plumb."));
    }

    void everyPhraseIsListedForTranslation() {
        const auto& patterns = plantedPatterns();
        const auto listed = [&](const Phrase& phrase) {
            return phrase.pattern.empty() || std::ranges::find(patterns, phrase.pattern) != patterns.end();
        };
        PlantedView view;
        for (const bool known : {false, true})
            for (const bool lean : {false, true})
                for (const Finding verdict :
                     {Finding::Unknown, Finding::Found, Finding::Missed, Finding::Plumb, Finding::Leans}) {
                    view.known = known;
                    view.lean = lean ? std::optional(kPlanted[0]) : std::nullopt;
                    view.finding = verdict;
                    QVERIFY(listed(view.truth()) && listed(view.judgement()));
                    QCOMPARE(view.judgement().pattern.empty(), verdict == Finding::Unknown);
                }
        for (const auto& [planted, others, fair] :
             {std::tuple{1, 1, false}, {1, 0, false}, {0, 1, false}, {0, 1, true}}) {
            PlantedSummary summary;
            summary.planted = planted;
            summary.others = others;
            summary.fair = fair;
            QVERIFY(!summary.sentence().pattern.empty() && listed(summary.sentence()));
        }
    }
};

QTEST_APPLESS_MAIN(TestPlanted)
#include "tst_planted.moc"
