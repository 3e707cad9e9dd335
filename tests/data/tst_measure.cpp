// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include <QTest>

#include "core/data/measure.h"

using namespace plumbline;

class TestMeasureData : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsK_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<qint64>("count");
        QTest::addColumn<double>("fraction");
        QTest::newRow("rows") << std::string("100") << qint64{100} << 0.0;
        QTest::newRow("one row") << std::string("1") << qint64{1} << 0.0;
        QTest::newRow("blanks") << std::string(" 25 ") << qint64{25} << 0.0;
        QTest::newRow("percent") << std::string("10%") << qint64{0} << 0.1;
        QTest::newRow("percent with a blank") << std::string("2.5 %") << qint64{0} << 0.025;
        QTest::newRow("all") << std::string("100%") << qint64{0} << 1.0;
        QTest::newRow("fraction") << std::string("0.1") << qint64{0} << 0.1;
        QTest::newRow("the whole pool, not one row") << std::string("1.0") << qint64{0} << 1.0;
        QTest::newRow("no leading zero") << std::string(".5") << qint64{0} << 0.5;
    }
    void readsK() {
        QFETCH(std::string, text);
        QFETCH(qint64, count);
        QFETCH(double, fraction);
        const std::optional<KSpec> k = parseK(text);
        QVERIFY(k);
        QCOMPARE(k->count, count);
        QCOMPARE(k->fraction, fraction);
    }

    void refusesK_data() {
        QTest::addColumn<std::string>("text");
        for (const char* text : {"",   " ",    "0",     "0%",  "0.0", "-1",    "-10%",
                                 "+5", "101%", "1.5",   "ten", "1e3", "1,000", "10%%",
                                 "%",  ".",    "1.2.3", "nan", "inf", "0x10",  "99999999999999999999"})
            QTest::newRow(text) << std::string(text);
    }
    void refusesK() {
        QFETCH(std::string, text);
        QVERIFY(!parseK(text));
    }

    void writesWhatReadsBack_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("written");
        const std::pair<const char*, const char*> pairs[] = {
            {"100", "100"}, {"10%", "10%"},   {"0.1", "10%"},  {"7%", "7%"},     {"0.07", "7%"},
            {"29%", "29%"}, {"100%", "100%"}, {"1.0", "100%"}, {"2.5%", "2.5%"}, {"0.001%", "0.001%"}};
        for (const auto& [text, written] : pairs)
            QTest::newRow(text) << std::string(text) << std::string(written);
    }
    void writesWhatReadsBack() {
        QFETCH(std::string, text);
        QFETCH(std::string, written);
        const KSpec k = parseK(text).value();
        QCOMPARE(formatK(k), written);
    }

    void everyKReadsBackExactly() {
        for (std::int64_t count = 1; count < 2000; ++count) {
            const KSpec back = parseK(formatK({count, 0.0})).value();
            QCOMPARE(back.count, count);
            QCOMPARE(back.fraction, 0.0);
        }
        for (int i = 1; i <= 3000; ++i) {
            for (const double fraction : {i / 3000.0, i / 100'000.0, 1.0 / i, 1.0 / (7.0 * i * i)}) {
                const KSpec back = parseK(formatK({0, fraction})).value();
                QVERIFY2(back.fraction == fraction, formatK({0, fraction}).c_str());
            }
        }
    }

    void resolvesToRows_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<qint64>("n");
        QTest::addColumn<qint64>("rows");
        QTest::newRow("an integer is taken as it is") << std::string("100") << qint64{10} << qint64{100};
        QTest::newRow("rounded up") << std::string("10%") << qint64{101} << qint64{11};
        QTest::newRow("0.1 * 30 is above 3 in binary") << std::string("10%") << qint64{30} << qint64{3};
        QTest::newRow("0.29 * 100") << std::string("29%") << qint64{100} << qint64{29};
        QTest::newRow("0.07 * 100 is above 7 in binary") << std::string("7%") << qint64{100} << qint64{7};
        QTest::newRow("at least one") << std::string("0.001%") << qint64{50} << qint64{1};
        QTest::newRow("all") << std::string("1.0") << qint64{10954} << qint64{10954};
    }
    void resolvesToRows() {
        QFETCH(std::string, text);
        QFETCH(qint64, n);
        QFETCH(qint64, rows);
        QCOMPARE(parseK(text).value().resolve(n), rows);
    }

    void definitionsHaveNames() {
        QCOMPARE(allDefinitions().size(), std::size_t{7});
        QVERIFY(allDefinitions().front() == Definition::Geyik);
        std::set<std::string_view> sentences;
        for (const Definition definition : allDefinitions()) {
            const std::string_view name = definitionName(definition);
            QVERIFY(!name.empty());
            QVERIFY(definitionFromName(name) == definition);
            QVERIFY(definitionNames().find(name) != std::string::npos);
            const std::string_view sentence = definitionSentence(definition);
            QVERIFY(sentence.size() > 100 && sentence.ends_with('.'));
            QVERIFY(sentences.insert(sentence).second);
        }
        QVERIFY(scoreKind(Definition::Geyik) == ScoreKind::Cosine);
        QVERIFY(scoreKind(Definition::VlDebiasing) == ScoreKind::DotRawImage);
        QVERIFY(scoreKind(Definition::Sfid) == ScoreKind::SoftmaxOverPrompts);
        QVERIFY(definitionFromName("geyik") == Definition::Geyik);
        QVERIFY(definitionFromName("vl-debiasing") == Definition::VlDebiasing);
        QVERIFY(!definitionFromName("Geyik"));
        QVERIFY(!definitionFromName(""));
    }

    void groupNamesThatMeanTheSame() {
        QVERIFY(sameGroupName("Female", "woman") && sameGroupName(" F ", "FEMALE") && sameGroupName("men", "Male"));
        QVERIFY(sameGroupName("East Asian", "east asian"));
        QVERIFY(!sameGroupName("Female", "Male") && !sameGroupName("a", "b") && !sameGroupName("", "f"));
    }

    void aTableOfTargetsGivesEachConceptItsOwn() {
        Target target{Target::Kind::Custom, {}, {{"Doctor", {{"Female", 0.438}, {"Male", 0.562}}}}};
        QCOMPARE(target.of("doctor ").shares.front().second, 0.438);
        QVERIFY(target.of("doctor").kind == Target::Kind::Custom);
        QVERIFY(target.of("nurse").kind == Target::Kind::Pool); // no row and no shares for all
        target.shares = {{"Female", 0.5}, {"Male", 0.5}};
        QVERIFY(target.of("nurse").kind == Target::Kind::Custom && target.of("nurse").byConcept.empty());
        QCOMPARE(target.of("nurse").shares.front().second, 0.5);
        QVERIFY(Target{Target::Kind::Uniform}.of("nurse").kind == Target::Kind::Uniform);
    }
};

QTEST_APPLESS_MAIN(TestMeasureData)
#include "tst_measure.moc"
