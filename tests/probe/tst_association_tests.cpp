// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>

#include <QtTest>

#include "core/probe/association_tests.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::probe;

namespace {

using Texts = std::vector<std::string>;

/// The file with this in the place of the set x.
std::string fileWith(const std::string& x, const std::string& before = "") {
    return "{" + before + R"("tests": [{"name": "t", "x": )" + x + R"(, "y": {"label": "y", "words": ["p", "q"]},
        "a": {"label": "a", "words": ["r"]}, "b": {"label": "b", "images": {"attribute": "Gender", "groups": ["Female"]}}}]})";
}

std::string reason(const std::string& json) {
    const auto tests = parseAssociationTests(json, "t.json");
    if (tests)
        return "(read)";
    return tests.error().code == ErrorCode::ProbeInvalid ? std::string(tests.error().arg("reason"))
                                                         : std::string(errorName(tests.error().code));
}

} // namespace

class TestAssociationTests : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsSetsOfWordsAndImages() {
        const auto tests = parseAssociationTests(
            fileWith(R"({"label": "x", "words": ["m", "n"]})", R"("source": "s", "templates": ["a {}", "{}!"], )"),
            "t.json");
        QVERIFY(tests);
        const AssociationTest& test = tests->front();
        QCOMPARE(test.source, std::string("s"));
        QCOMPARE(textsOf(test, test.x), (Texts{"a m", "a n", "m!", "n!"}));
        QCOMPARE(test.b.groups, Texts{"female"});
        Attribute attribute = makeAttribute("gender", Texts{"FEMALE", "male", "", "Female", "male"});
        QCOMPARE(imagesOf(test.b, attribute), (std::vector<std::uint32_t>{0, 3}));
        QVERIFY(imagesOf(test.x, attribute).empty());
        attribute.name = "race";
        QVERIFY(imagesOf(test.b, attribute).empty());
    }

    void faultsAreNamed() {
        QCOMPARE(reason(fileWith(R"({"label": "x", "words": ["m"]})")), std::string("(read)"));
        QVERIFY(reason(fileWith(R"({"label": "x", "words": ["m", "m"]})")).find("twice") != std::string::npos);
        QVERIFY(reason(fileWith(R"({"label": "x", "words": ["p"]})")).find("“p” is in “x” and in “y”") !=
                std::string::npos);
        QVERIFY(reason(fileWith(R"({"label": "x", "words": [" "]})")).find("empty") != std::string::npos);
        QVERIFY(reason(fileWith(R"({"label": "x"})")).find("neither") != std::string::npos);
        QVERIFY(reason(fileWith(R"({"label": "", "words": ["m"]})")).find("label") != std::string::npos);
        QVERIFY(reason(fileWith(R"({"words": ["m"]})")).find("of the form") != std::string::npos);
        QVERIFY(reason(fileWith("3")).find("of the form") != std::string::npos);
        QVERIFY(reason("[]").find("of the form") != std::string::npos);
        QVERIFY(
            reason(fileWith(R"({"label": "x", "images": {"attribute": " ", "groups": ["m"]}})")).find("attribute") !=
            std::string::npos);
        QVERIFY(reason(fileWith(R"({"label": "x", "words": ["m"]})", R"("templates": ["a"], )")).find("{}") !=
                std::string::npos);
        QCOMPARE(reason(R"({"tests": []})"), std::string("ProbeEmpty"));
        QCOMPARE(reason("{"), std::string("JsonInvalid"));
        QCOMPARE(readAssociationTests("nowhere.json").error().code, ErrorCode::FileNotFound);
    }

    void builtIn() {
        const auto tests = builtInAssociationTests();
        Texts names;
        for (const AssociationTest& test : tests) {
            names.push_back(test.name);
            QVERIFY(test.source.find("Caliskan") != std::string::npos && !test.about.empty());
            QCOMPARE(test.x.words.size(), test.y.words.size()); // as the published test wants it
            QVERIFY(test.x.words.size() >= 8);
        }
        QCOMPARE(names, (Texts{"WEAT 1", "WEAT 4", "WEAT 5", "WEAT 6", "WEAT 6b", "WEAT 7", "WEAT 8"}));
        const auto career = std::ranges::find(tests, "WEAT 6b", &AssociationTest::name);
        QCOMPARE(career->a.words.front(), std::string("executive"));
        // Whoever labels men and women has the form of images against texts too.
        const Attribute attribute = makeAttribute("gender", Texts{"Female", "Male", "Male"});
        QCOMPARE(imagesOf(career->x, attribute), (std::vector<std::uint32_t>{1, 2}));
        QCOMPARE(imagesOf(career->y, attribute), (std::vector<std::uint32_t>{0}));
    }
};

QTEST_APPLESS_MAIN(TestAssociationTests)
#include "tst_association_tests.moc"
