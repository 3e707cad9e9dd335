// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <fstream>
#include <set>

#include <QtTest>

#include "core/base/error_text.h"
#include "core/data/probe_templates.h"
#include "core/probe/probe_set.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using probe::parseProbeSet;

namespace {

std::vector<std::string> texts(const ProbeSet& set) {
    std::vector<std::string> all;
    for (const Prompt& prompt : probe::expand(set))
        all.push_back(prompt.text);
    return all;
}

std::string reason(const char* json) {
    const auto set = parseProbeSet(json, "p.json");
    if (set)
        return "(read)";
    return set.error().code == ErrorCode::ProbeInvalid ? std::string(set.error().arg("reason"))
                                                       : std::string(errorName(set.error().code));
}

using Texts = std::vector<std::string>;

} // namespace

class TestProbeSet : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void expandsTemplateMajor() {
        const auto set = parseProbeSet(R"({"name":"n","version":2,"source":"s","unknown":[1],
            "templates":["a {} person","{}!"],"concepts":["good",{"text":"kind","group":"trait","more":0}]})", "p.json");
        QVERIFY(set);
        QCOMPARE(set->name, std::string("n"));
        QCOMPARE(set->version, std::string("2"));
        QCOMPARE(set->concepts[1].group, std::string("trait"));
        QCOMPARE(texts(*set), (Texts{"a good person", "a kind person", "good!", "kind!"}));
        const auto prompts = probe::expand(*set);
        QCOMPARE(prompts[1].concept_, 1);
        QCOMPARE(prompts[1].template_, 0);
        QCOMPARE(prompts[2].concept_, 0);
        QCOMPARE(prompts[2].template_, 1);
    }

    void anAttributesWordsTakeTurns() {
        const auto set = parseProbeSet(R"({"templates":["a {gender: woman | man} who is a {}","{} {old|young|ageless}","{}!"],
            "concepts":["nurse","cook"]})", "p.json");
        QVERIFY(set);
        QCOMPARE(texts(*set), (Texts{"a woman who is a nurse", "a woman who is a cook", "a man who is a nurse",
                                     "a man who is a cook", "nurse old", "cook old", "nurse young", "cook young",
                                     "nurse ageless", "cook ageless", "nurse!", "cook!"}));
        QCOMPARE(countPrompts(*set), std::int64_t{12});
        const Texts plain = plainTemplates(*set);
        QCOMPARE(plain.size(), std::size_t{6});
        const auto prompts = probe::expand(*set);
        QCOMPARE(prompts[2].template_, 1);
        QCOMPARE(plain[1], std::string("a man who is a {}"));
        QCOMPARE(prompts[11].template_, 5);

        const auto place = attributePlace("a {gender: woman | man} who is a {}");
        QVERIFY(place);
        QCOMPARE(place->name, std::string("gender"));
        QCOMPARE(place->words, (Texts{"woman", "man"}));
        QCOMPARE(attributePlace("{at 9:30|at noon}")->words, (Texts{"at 9:30", "at noon"})); // no name is "at 9"
        QCOMPARE(attributePlace("{a|b:c}")->words, (Texts{"a", "b:c"}));
        for (const char* none : {"a {}", "a {word}", "{", "}|{", "{a|b", "a | b"})
            QVERIFY2(!attributePlace(none), none);
        QCOMPARE(attributePlace("{ {a|b}")->words, (Texts{"a", "b"}));
        QVERIFY(probe::contentSha256(*set) !=
                probe::contentSha256(*parseProbeSet(R"({"templates":["{}!"],"concepts":["nurse","cook"]})", "p.json")));
    }

    void faultsOfAttributesWords_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("fault");
        QTest::newRow("two places") << "{a|b} {c|d} {}" << "two places";
        QTest::newRow("empty word") << "{a|} {}" << "an empty word";
        QTest::newRow("twice") << "{a|b|a} {}" << "the word “a” twice";
        QTest::newRow("no concept") << "{a|b}" << "no {} for the concept";
    }
    void faultsOfAttributesWords() {
        QFETCH(const QString, text);
        QFETCH(const QString, fault);
        const auto found = probe::faults({"n", "", "", {text.toStdString()}, {{"x", ""}}});
        QCOMPARE(found.size(), std::size_t{1});
        QVERIFY2(QString::fromStdString(found[0]).contains(fault), found[0].c_str());
    }

    void articlesAreHintedAt() {
        const auto hints = [](const char* text) { return probe::articleHints({"n", "", "", {text}, {{"x", ""}}}); };
        QCOMPARE(hints("A {young|Old} {}").size(), std::size_t{1});
        QVERIFY(hints("A {young|Old} {}")[0].starts_with("“a Old” in the template"));
        QCOMPARE(hints("an {old|young} {}").size(), std::size_t{1});
        for (const char* good : {"{a young|an old} {}", "a {young|small} {}", "the {old|young} {}", "an {old|ill} {}",
                                 "an {honest|uninsured|unidentified|onerous} {}",
                                 "a {university|European|one-legged|one} {}"})
            QVERIFY2(hints(good).empty(), good);
    }

    void allFaultsAreSaid() {
        const auto found = probe::faults({"n", "", "", {"{}", "none", "{}"}, {{"x", ""}, {"x", "g"}, {" ", ""}}});
        QCOMPARE(found, (Texts{"the template “none” has no {} for the concept", "the template “{}” is there twice",
                               "the concept “x” is there twice", "a concept is empty"}));
        QVERIFY(probe::faults({"n", "", "", {"{}"}, {{"x", ""}}}).empty());
    }

    void withoutTemplates() {
        const ProbeSet set = probe::handWritten({"a photo of {}", "two"});
        QCOMPARE(texts(set), (Texts{"a photo of {}", "two"}));
        QCOMPARE(probe::expand(set)[1].concept_, 1);
        QCOMPARE(probe::expand(set)[1].template_, -1);
        QCOMPARE(parseProbeSet(R"({"concepts":["x"]})", "dir/my set.json").value().name, std::string("my set"));
        QVERIFY(probe::expand({}).empty());
    }

    void conceptsMayHoldBraces() {
        QCOMPARE(texts(parseProbeSet(R"({"templates":["a {}"],"concepts":["{} b"]})", "p").value()), (Texts{"a {} b"}));
    }

    void faultsAreNamed() {
        QCOMPARE(reason(R"({"templates":["no place"],"concepts":["x"]})"),
                 std::string("the template “no place” has no {} for the concept"));
        QCOMPARE(reason(R"({"templates":["{} {}"],"concepts":["x"]})"),
                 std::string("the template “{} {}” has more than one {}"));
        QCOMPARE(reason(R"({"templates":["{}","{}"],"concepts":["x"]})"), std::string("the template “{}” is there twice"));
        QCOMPARE(reason(R"({"templates":["{}"],"concepts":["x","x"]})"), std::string("the concept “x” is there twice"));
        QCOMPARE(reason(R"({"templates":["{}"],"concepts":["x"," "]})"), std::string("a concept is empty"));
        QCOMPARE(reason(R"({"templates":["{}"],"concepts":[]})"), std::string("ProbeEmpty"));
        QCOMPARE(reason(R"({"templates":["{}"]})"), std::string("ProbeEmpty"));
        QCOMPARE(reason("{"), std::string("JsonInvalid"));
        for (const char* wrong : {"[]", R"({"templates":"{}","concepts":["x"]})", R"({"concepts":[1]})",
                                  R"({"concepts":[{"group":"g"}]})", R"({"concepts":{"a":"b"},"templates":[2]})",
                                  R"({"name":[],"concepts":["x"]})"})
            QVERIFY2(reason(wrong) != "(read)", wrong);
    }

    void tooManyPrompts() {
        std::string json = R"({"templates":[)", concepts;
        for (int i = 0; i < 1001; ++i) {
            json += (i > 0 ? ",\"" : "\"") + std::to_string(i) + " {}\"";
            concepts += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\"";
        }
        json += R"(],"concepts":[)" + concepts + "]}";
        QCOMPARE(reason(json.c_str()), std::string("it asks for more than 1000000 prompts"));
    }

    void readsFiles() {
        const test::TempFolder folder;
        test::writeText(folder / "a.csv", "template,concept\r\n  A {} person , good \r\n,kind\r\n{},\r\n,\r\n");
        const auto set = probe::readProbeSet(folder / "a.csv");
        QVERIFY2(set, set ? "" : errorText(set.error()).c_str());
        QCOMPARE(set->name, std::string("a"));
        QCOMPARE(texts(*set), (Texts{"A good person", "A kind person", "good", "kind"}));

        test::writeText(folder / "b.json", R"({"concepts":["x"]})");
        QCOMPARE(texts(probe::readProbeSet(folder / "b.json").value()), (Texts{"x"}));

        const auto code = [&](const char* name, std::string_view content) {
            test::writeText(folder / name, content);
            return probe::readProbeSet(folder / name).error().code;
        };
        QCOMPARE(code("c.csv", "prompt\nx\n"), ErrorCode::ProbeInvalid);
        QCOMPARE(code("c.csv", "template,concept\n{},\n"), ErrorCode::ProbeEmpty);
        QCOMPARE(code("c.csv", "template,concept\n{},\"x\n"), ErrorCode::ProbeInvalid);
        QCOMPARE(code("c.csv", "template,concept\n{},caf\xE9\n"), ErrorCode::ProbeInvalid);
        QCOMPARE(code("c.json", "{\"concepts\":[\"caf\xE9\"]}"), ErrorCode::JsonInvalid);
        QCOMPARE(probe::readProbeSet(folder / "no.json").error().code, ErrorCode::FileNotFound);
        QCOMPARE(probe::readProbeSet(folder / "no.csv").error().code, ErrorCode::FileNotFound);
    }

    void plainLists() {
        const test::TempFolder folder;
        const auto read = [&folder](std::string_view content) {
            test::writeText(folder / "l.txt", content);
            return probe::readProbeSet(folder / "l.txt");
        };
        const auto why = [&read](std::string_view content) {
            const auto set = read(content);
            return set ? "(read)" : std::string(set.error().arg("reason"));
        };
        const ProbeSet words = read("\xEF\xBB\xBF tench \r\ngoldfish\r\n\r\n# big\ngreat white shark\n\\#1 fan").value();
        QCOMPARE(words.name, std::string("l"));
        QCOMPARE(texts(words), (Texts{"tench", "goldfish", "great white shark", "#1 fan"}));
        QCOMPARE(words.concepts[1].group, std::string());
        QCOMPARE(words.concepts[2].group, std::string("big"));
        QCOMPARE(texts(read("a {}.\ncook\nthe {}.\n").value()), (Texts{"a cook.", "the cook."}));
        QCOMPARE(why("cook\nbaker\n\n cook\n"), std::string("“cook” is there twice, in the lines 1 and 4"));
        QCOMPARE(why("cook\ncaf\xE9\n"), std::string("line 2 is not UTF-8"));
        QCOMPARE(why(std::string_view("c\0o\0o\0k\0", 8)), std::string("line 1 is not UTF-8")); // UTF-16
        QVERIFY(why("a {}\nthe {}\n").find("every line is a template") != std::string::npos);
        QCOMPARE(why("cook\n{} and {}\n"), std::string("the template “{} and {}” has more than one {}"));
        QCOMPARE(read("\n \n").error().code, ErrorCode::ProbeEmpty);
    }

    void listsByCategory() {
        const ProbeSet set =
            parseProbeSet(R"({"work":["nurse","boss"],"traits":["kind","boss"],"z":[]})", "words.json").value();
        QCOMPARE(set.name, std::string("words"));
        QCOMPARE(texts(set), (Texts{"kind", "boss", "nurse"})); // categories in the order of their names
        QCOMPARE(set.concepts[0].group, std::string("traits"));
        QCOMPARE(set.concepts[1].group, std::string("traits, work"));
        QCOMPARE(set.concepts[2].group, std::string("work"));
        QCOMPARE(texts(parseProbeSet(R"(["a cook","a nurse"])", "p").value()), (Texts{"a cook", "a nurse"}));
        QCOMPARE(reason(R"({"work":["nurse","nurse"]})"), std::string("the concept “nurse” is there twice"));
        QCOMPARE(reason(R"({"work":[]})"), std::string("ProbeEmpty"));
        QCOMPARE(reason(R"([" "])"), std::string("a concept is empty"));
        for (const char* other : {R"({"work":["nurse",1]})", R"({"work":{"nurse":["a"]}})", R"(["a",["b"]])", "{}", "3"})
            QVERIFY2(reason(other).find("lists of texts by their category") != std::string::npos, other);
    }

    void publishedLists() {
        PLUMBLINE_NEEDS_SHARED();
        const std::filesystem::path vocabularies = test::shared() / "reference/vocab";
        const auto occupations = probe::readProbeSet(vocabularies / "socialcounterfactuals_occupations.txt");
        QVERIFY2(occupations, occupations ? "" : errorText(occupations.error()).c_str());
        QCOMPARE(occupations->concepts.size(), std::size_t{181});
        // 441 words, 7 of them in a second category.
        const auto taxonomy = probe::readProbeSet(vocabularies / "So-B-IT_taxonomy.json");
        QVERIFY2(taxonomy, taxonomy ? "" : errorText(taxonomy.error()).c_str());
        QCOMPARE(taxonomy->concepts.size(), std::size_t{434});
        QCOMPARE(std::ranges::count_if(taxonomy->concepts,
                                       [](const Concept& one) { return one.group.find(", ") != std::string::npos; }),
                 7);
        const auto templates = probe::readProbeSet(vocabularies / "imagenet_templates_80.txt");
        QVERIFY(!templates && templates.error().code == ErrorCode::ProbeInvalid);
    }

    void builtInSets() {
        const std::vector<ProbeSet> sets = probe::builtInProbeSets();
        QCOMPARE(sets.size(), std::size_t{5}); // each of the files was read
        QCOMPARE(sets[0].concepts.size(), std::size_t{24});
        QCOMPARE(sets[1].concepts.size(), std::size_t{12});
        QCOMPARE(probe::expand(sets[2]).size(), std::size_t{11 * 29});
        QCOMPARE(probe::expand(sets[3]).size(), std::size_t{998});
        QCOMPARE(texts(sets[3]).front(), std::string("a photo of a tench."));
        QCOMPARE(probe::expand(sets[4]).size(), std::size_t{80 * 181});
        std::set<std::string> names;
        for (const ProbeSet& set : sets) {
            QVERIFY(!set.source.empty() && !set.version.empty());
            QVERIFY(names.insert(set.name).second);
        }
        for (const std::string& text : texts(sets[0])) { // "a photo of an engineer"
            const std::string concept_ = text.substr(std::string("a photo of ").size());
            const std::size_t blank = concept_.find(' ');
            const bool vowel = std::string("aeiou").find(concept_.at(blank + 1)) != std::string::npos;
            QCOMPARE(concept_.substr(0, blank), std::string(vowel ? "an" : "a"));
        }
    }

    void harmLabels() {
        // CLIP 7.1: 7 races x 2 genders, 4 non-human and 3 crime-related labels; "child" is added by a variant.
        const ProbeSet labels = probe::harmLabelSet();
        const auto count = [&](const char* group) {
            return std::ranges::count(labels.concepts, std::string(group), &Concept::group);
        };
        QCOMPARE(labels.concepts.size(), std::size_t{22});
        QCOMPARE(count(""), 14);
        QCOMPARE(count("non-human"), 4);
        QCOMPARE(count("crime"), 3);
        QCOMPARE(count("extra"), 1);
        QCOMPARE(probe::expand(labels).front().text, std::string("a photo of a black man"));
        QVERIFY(!labels.source.empty());
        for (const ProbeSet& set : probe::builtInProbeSets()) // offered in no list
            QVERIFY(set.name != labels.name);
    }

    void bergIsThePublishedFile() {
        PLUMBLINE_NEEDS_SHARED();
        const auto published = probe::readProbeSet(test::shared() / "reference/vocab/berg_prompt_templates.csv");
        QVERIFY2(published, published ? "" : errorText(published.error()).c_str());
        const ProbeSet berg = probe::builtInProbeSets()[2];
        QCOMPARE(texts(berg), texts(*published));
        QCOMPARE(probe::contentSha256(berg), probe::contentSha256(*published));
    }

    void imageNetIsThePublishedList() {
        PLUMBLINE_NEEDS_SHARED();
        // Two of the 1,000 names stand for two classes each, so the list itself is refused, with their lines.
        const std::filesystem::path list = test::shared() / "reference/vocab/imagenet_classnames_1000.txt";
        const auto published = probe::readProbeSet(list);
        QCOMPARE(published.error().arg("reason"), std::string_view("“missile” is there twice, in the lines 658 and 745"));
        Texts names, different;
        std::ifstream file(list);
        for (std::string name; std::getline(file, name);)
            names.push_back(name);
        QCOMPARE(names.size(), std::size_t{1000});
        for (const std::string& name : names)
            if (std::ranges::find(different, name) == different.end())
                different.push_back(name);
        const ProbeSet builtIn = probe::builtInProbeSets()[3];
        Texts asked;
        for (const Concept& one : builtIn.concepts)
            asked.push_back(one.text);
        QCOMPARE(asked, different);
        // Its template is one of the published ones.
        std::ifstream templates(test::shared() / "reference/vocab/imagenet_templates_80.txt");
        bool isThere = false;
        for (std::string line; std::getline(templates, line);)
            isThere = isThere || line == builtIn.templates.front();
        QVERIFY(isThere);
    }

    void theTemplatesAreThePublishedOnes() {
        PLUMBLINE_NEEDS_SHARED();
        const auto lines = [](const char* name) {
            std::ifstream file(test::shared() / "reference/vocab" / name);
            Texts all;
            for (std::string line; std::getline(file, line);)
                all.push_back(line);
            return all;
        };
        const ProbeSet set = probe::builtInProbeSets()[4];
        QCOMPARE(set.templates, lines("imagenet_templates_80.txt"));
        Texts asked;
        for (const Concept& one : set.concepts)
            asked.push_back(one.text);
        QCOMPARE(asked, lines("socialcounterfactuals_occupations.txt"));
    }

    void contentHash() {
        ProbeSet a{"n", "1", "s", {"{}"}, {{"x", "g"}}};
        const std::string hash = probe::contentSha256(a);
        QCOMPARE(hash.size(), std::size_t{64});
        ProbeSet b = a;
        b.name = b.version = b.source = b.concepts[0].group = "other";
        QCOMPARE(probe::contentSha256(b), hash);
        b = a;
        b.concepts[0].text = "y";
        QVERIFY(probe::contentSha256(b) != hash);
        QVERIFY(probe::contentSha256({"", "", "", {"ab"}, {}}) != probe::contentSha256({"", "", "", {"a", "b"}, {}}));
        QVERIFY(probe::contentSha256({"", "", "", {"a"}, {}}) != probe::contentSha256({"", "", "", {}, {{"a", ""}}}));
    }
};

QTEST_APPLESS_MAIN(TestProbeSet)
#include "tst_probe_set.moc"
