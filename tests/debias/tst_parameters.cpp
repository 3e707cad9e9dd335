// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/debias/fit.h"

using namespace plumbline;
using debias::Parameters;

class TestParameters : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aParameterThatIsNotGivenHasTheMethodsStandardValue() {
        const DebiasConfig config{.method = "biased-prompts", .attribute = "gender", .parameters = {}, .seed = 0};
        QCOMPARE(Parameters(config).number("lambda", 0, 1e9).value(), 1000.0);
        QVERIFY(!Parameters(config).given("lambda"));
    }

    void rowsAndPairsAreReadAndHeldAgainstTheTexts() {
        const DebiasConfig config{.method = "biased-prompts",
                                  .attribute = "gender",
                                  .parameters = {{"spurious", "0-2, 5,5"}, {"pairs", "6-7,8-9"}},
                                  .seed = 0};
        const Parameters parameters(config);
        QCOMPARE(parameters.rows("spurious", 6).value(), (std::vector<std::size_t>{0, 1, 2, 5}));
        QCOMPARE(parameters.pairs("pairs", 10).value(),
                 (std::vector<std::pair<std::size_t, std::size_t>>{{6, 7}, {8, 9}}));
        const auto beyond = parameters.pairs("pairs", 9);
        QVERIFY(!beyond);
        QCOMPARE(QString::fromStdString(std::string(beyond.error().arg("value"))), QStringLiteral("8-9"));
        QVERIFY(!parameters.rows("spurious", 5));
    }

    void namesWithNumbersAreRead() {
        const auto weights = [](std::string text) {
            const DebiasConfig config{
                .method = "det-greedy", .attribute = "gender", .parameters = {{"target", std::move(text)}}, .seed = 0};
            return Parameters(config).weights("target");
        };
        QCOMPARE(weights("woman:0.5, ratio 1:2 :1e-1,0:-3").value(),
                 (std::vector<std::pair<std::string, double>>{{"woman", 0.5}, {"ratio 1:2", 0.1}, {"0", -3}}));
        QVERIFY(weights("").value().empty());
        for (const std::string text : {"woman", "woman:", ":1", "woman:nan", "woman:half", "woman:1,woman:2"})
            QCOMPARE(weights(text).error().arg("name"), std::string_view("target"));
    }

    void nonsenseIsRefusedByName() {
        const DebiasConfig config{.method = "leace",
                                  .attribute = "gender",
                                  .parameters = {{"shrinkage", "perhaps"}, {"apply", "nothing"}, {"tolerance", "nan"}},
                                  .seed = 0};
        const Parameters parameters(config);
        QCOMPARE(parameters.flag("shrinkage").error().arg("name"), std::string_view("shrinkage"));
        QVERIFY(!parameters.choice("apply", {"images", "texts"}));
        QVERIFY(!parameters.number("tolerance", 0, 1));
        QVERIFY(!parameters.integer("tolerance", 0, 1));
    }

    void everyMethodHasANameOfItsOwnAndSaysWhatItDoes() {
        QCOMPARE(allDebiasMethods().size(), std::size_t(21));
        for (const DebiasMethodInfo& info : allDebiasMethods()) {
            QCOMPARE(findDebiasMethod(info.name), &info);
            QVERIFY(!info.about.empty() && !info.source.empty());
        }
        QVERIFY(!findDebiasMethod("magic"));
    }
};

QTEST_APPLESS_MAIN(TestParameters)
#include "tst_parameters.moc"
