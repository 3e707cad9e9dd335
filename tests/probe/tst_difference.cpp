// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/probe/difference.h"
#include "core/probe/probe_set.h"

using namespace plumbline;
using probe::Difference;
using probe::difference;

namespace {

using Texts = std::vector<std::string>;

const ProbeSet kFirst{"n", "1", "s", {"a {}", "the {}"}, {{"doctor", "work"}, {"nurse", "work"}, {"boss", ""}}};

Texts textsOf(const std::vector<Concept>& concepts) {
    Texts texts;
    for (const Concept& concept_ : concepts)
        texts.push_back(concept_.text);
    return texts;
}

} // namespace

class TestDifference : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void ofASetToItself() {
        const Difference none = difference(kFirst, kFirst);
        QVERIFY(none.isEmpty());
        QVERIFY(none.asksTheSame());
        QCOMPARE(none.promptsInBoth, std::size_t{6});
        QVERIFY(difference({}, {}).isEmpty());
    }

    void whatCameAndWent() {
        ProbeSet second = kFirst;
        second.version = "2";
        second.templates = {"the {}", "my {}", "our {}"};
        second.concepts = {{"doctor", "health"}, {"cook", "kitchen"}, {"nurse", "work"}};
        const Difference found = difference(kFirst, second);
        QCOMPARE(found.templatesRemoved, Texts{"a {}"});
        QCOMPARE(found.templatesAdded, (Texts{"my {}", "our {}"})); // in the order of the second set
        QCOMPARE(textsOf(found.conceptsRemoved), Texts{"boss"});
        QCOMPARE(textsOf(found.conceptsAdded), Texts{"cook"});
        QCOMPARE(found.conceptsAdded.front().group, std::string("kitchen"));
        QVERIFY(!found.templatesReordered && !found.conceptsReordered); // what both have stands as it stood
        QCOMPARE(found.groups.size(), std::size_t{1});
        QCOMPARE(found.groups.front().of, std::string("doctor"));
        QCOMPARE(found.groups.front().was, std::string("work"));
        QCOMPARE(found.groups.front().is, std::string("health"));
        QCOMPARE(found.fields.size(), std::size_t{1});
        QCOMPARE(found.fields.front().of, std::string("version"));
        // "the doctor" and "the nurse" are asked by both.
        QCOMPARE(found.promptsInBoth, std::size_t{2});
        QCOMPARE(found.promptsRemoved, (Texts{"a doctor", "a nurse", "a boss", "the boss"}));
        QCOMPARE(found.promptsAdded,
                 (Texts{"the cook", "my doctor", "my cook", "my nurse", "our doctor", "our cook", "our nurse"}));
        QVERIFY(!found.asksTheSame() && !found.isEmpty());
    }

    void theOtherWayRoundItIsTurned() {
        ProbeSet second = kFirst;
        second.concepts.pop_back();
        const Difference there = difference(kFirst, second), back = difference(second, kFirst);
        QCOMPARE(there.promptsRemoved, back.promptsAdded);
        QCOMPARE(textsOf(there.conceptsRemoved), textsOf(back.conceptsAdded));
        QVERIFY(there.promptsAdded.empty() && back.promptsRemoved.empty());
    }

    void anotherOrderAsksTheSame() {
        ProbeSet second = kFirst;
        std::swap(second.concepts[0], second.concepts[2]);
        const Difference found = difference(kFirst, second);
        QVERIFY(found.conceptsReordered && !found.templatesReordered);
        QVERIFY(found.asksTheSame());
        QVERIFY(!found.isEmpty());
        QVERIFY(probe::contentSha256(kFirst) != probe::contentSha256(second));
    }

    void otherPartsMayAskTheSame() {
        // The article in the template or in the concept: the models read the same.
        const ProbeSet article{"n", "1", "s", {"{}"}, {{"a cook", ""}}}, bare{"n", "1", "s", {"a {}"}, {{"cook", ""}}};
        const Difference found = difference(article, bare);
        QVERIFY(found.asksTheSame());
        QCOMPARE(found.promptsInBoth, std::size_t{1});
        QCOMPARE(found.templatesAdded, Texts{"a {}"});
        QVERIFY(!found.isEmpty());
    }

    void aPromptThatArisesTwiceCountsOnce() {
        const ProbeSet twice{"n", "1", "s", {"{}", "a {}"}, {{"cook", ""}, {"a cook", ""}}};
        const Difference found = difference({"n", "1", "s", {}, {}}, twice);
        QCOMPARE(found.promptsAdded, (Texts{"cook", "a cook", "a a cook"}));
    }
};

QTEST_APPLESS_MAIN(TestDifference)
#include "tst_difference.moc"
