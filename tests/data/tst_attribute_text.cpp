// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/base/error_text.h"
#include "core/base/random.h"
#include "core/data/attribute_text.h"

using namespace plumbline;

namespace {

using Texts = std::vector<std::string>;

ImageSet set() {
    ImageSet images;
    images.files = {"a", "b", "c", "d", "e", "f"};
    images.attributes = {makeAttribute("age", Texts{"0-2", "3-9", "10-19", "60+", "3-9", ""}),
                         makeAttribute("gender", Texts{"F", "M", "F", "M", "M", "F"}),
                         makeAttribute("odd [x] \"y\" × z", Texts{"a=b", "c+d", "a;b", "", "×", "a=b"})};
    return images;
}

QByteArray sentence(const Result<Attribute>& result) {
    return result ? QByteArray() : QByteArray::fromStdString(errorText(result.error()));
}

} // namespace

class TestAttributeText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void groupsAreMerged() {
        const Attribute age = set().attributes[0];
        const std::vector<GroupMerge> merges = {{"young", {"0-2", "3-9"}}};
        const auto merged = mergeGroups(age, merges);
        QVERIFY(merged.has_value());
        QVERIFY(merged->groups == (Texts{"10-19", "60+", "young"}));
        QVERIFY(merged->codes == (std::vector<std::int32_t>{2, 2, 0, 1, 2, Attribute::kUnlabelled}));
        QVERIFY(merged->counts() == (std::vector<std::int64_t>{1, 1, 3}));
        QCOMPARE(merged->name, std::string("age [young = 0-2 + 3-9]"));
        // A merge may take the name of one of its members; none at all changes nothing.
        const std::vector<GroupMerge> into = {{"3-9", {"0-2", "3-9"}}};
        QVERIFY(mergeGroups(age, into)->groups == (Texts{"10-19", "3-9", "60+"}));
        QVERIFY(mergeGroups(age, {})->codes == age.codes && mergeGroups(age, {})->name == "age");
    }
    void whatCannotBeMerged() {
        const Attribute age = set().attributes[0];
        const auto failing = [&](const std::vector<GroupMerge>& merges) { return sentence(mergeGroups(age, merges)); };
        QVERIFY(failing({{"young", {"0-3"}}}).contains("expected one of 0-2, 10-19, 3-9, 60+"));
        QVERIFY(failing({{"young", {"0-2", "3-9"}}, {"old", {"3-9", "60+"}}}).contains("is in young and in old"));
        QVERIFY(failing({{"young", {"0-2", "0-2"}}}).contains("in young twice"));
        QVERIFY(failing({{"60+", {"0-2", "3-9"}}}).contains("a name that no other group has"));
        QVERIFY(failing({{"x", {"0-2"}}, {"x", {"3-9"}}}).contains("a name that no other merged group has"));
        QVERIFY(!failing({{"", {"0-2"}}}).isEmpty());
        QVERIFY(!failing({{"x", {}}}).isEmpty());
    }
    void textsReadBack_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("parts");
        QTest::addColumn<int>("merges");
        QTest::addRow("plain") << QByteArray("gender") << 1 << 0;
        QTest::addRow("crossed") << QByteArray("gender × race") << 2 << 0;
        QTest::addRow("merged") << QByteArray("age [young = 0-2 + 3-9]") << 1 << 1;
        QTest::addRow("two") << QByteArray("age [young = 0-2 + 3-9; \"60+\" = 60-69 + more than 70] × gender × race")
                             << 3 << 2;
        QTest::addRow("quotes") << QByteArray("\"a \\\"b\\\" \\\\ × c\" [\"=\" = \"[\" + \"]\"; \" x\" = y]") << 1 << 2;
    }
    void textsReadBack() {
        QFETCH(QByteArray, text);
        QFETCH(int, parts);
        QFETCH(int, merges);
        const auto parsed = parseAttribute(text.toStdString());
        QVERIFY(parsed.has_value());
        QCOMPARE(parsed->size(), static_cast<std::size_t>(parts));
        QCOMPARE(parsed->front().merges.size(), static_cast<std::size_t>(merges));
        QCOMPARE(QByteArray::fromStdString(formatAttribute(*parsed)), text);
    }
    void anyNameReadsBack() {
        RandomStream random(1, 2, 3);
        const Texts pieces = {"a", "Z",  " ",  "[", "]",   "=", "+",  ";",  ",",
                              ":", "\"", "\\", "×", " × ", "ä", "\n", "\t", "0-2"};
        const auto name = [&] {
            std::string text;
            for (std::uint64_t length = random.below(6); length > 0; --length)
                text += pieces[random.below(pieces.size())];
            return text;
        };
        for (int times = 0; times < 3000; ++times) {
            std::vector<AttributePart> parts;
            for (std::uint64_t count = 1 + random.below(3); count > 0; --count) {
                AttributePart part{name(), {}};
                for (std::uint64_t merges = random.below(3); merges > 0; --merges) {
                    GroupMerge merge{name(), {}};
                    for (std::uint64_t members = 1 + random.below(3); members > 0; --members)
                        merge.members.push_back(name());
                    part.merges.push_back(merge);
                }
                parts.push_back(part);
            }
            if (parts.size() == 1 && parts[0].merges.empty())
                continue; // its name alone
            const auto parsed = parseAttribute(formatAttribute(parts));
            QVERIFY2(parsed && *parsed == parts, formatAttribute(parts).c_str());
        }
    }
    void whatIsNoAttribute() {
        for (const char* text : {"", " ", "age [", "age [young", "age [young =", "age [young = 0-2",
                                 "age [young = 0-2 +]", "age [young = 0-2;]", "age []", "age [young = 0-2] gender",
                                 "age ×", "× age", "\"age", "age [young = 0-2]]", "\"age\\"})
            QVERIFY2(!parseAttribute(text), text);
        for (const char* text : {"", "age", "age:", "age: young", "age: young = ", "age: young = 0-2,",
                                 "age: young = 0-2 x: y", ": young = 0-2"})
            QVERIFY2(!parseMerge(text), text);
    }
    void theShortFormOfTheCommandLine() {
        const auto merge = parseMerge("age: young=0-2+3-9+10-19, \"60+\"=60-69 + more than 70;x = \"a, b\"");
        QVERIFY(merge.has_value());
        QCOMPARE(merge->name, std::string("age"));
        const std::vector<GroupMerge> wanted = {
            {"young", {"0-2", "3-9", "10-19"}}, {"60+", {"60-69", "more than 70"}}, {"x", {"a, b"}}};
        QVERIFY(merge->merges == wanted);
        QCOMPARE(formatMerge(*merge), std::string("age: young = 0-2 + 3-9 + 10-19, \"60+\" = 60-69 + more than 70, x = \"a, b\""));
        const auto again = parseMerge(formatMerge({"odd: [x]", {{"a, b", {"c + d", ""}}}}));
        QVERIFY(again && *again == (AttributePart{"odd: [x]", {{"a, b", {"c + d", ""}}}}));
    }
    void groupsAreReadAsOne() {
        ImageSet images = set();
        const ImageSet before = images;
        const std::vector<AttributePart> parts = {{"age", {{"young", {"0-2", "3-9"}}, {"10-19", {"10-19", "60+"}}}},
                                                  {"gender", {{"woman", {"F"}}}}};
        QVERIFY(readGroupsAs(images, parts).has_value());
        QCOMPARE(images.attributes[0].name, std::string("age"));
        QVERIFY(images.attributes[0].groups == (Texts{"10-19", "young"}));
        QVERIFY(images.attributes[0].codes == (std::vector<std::int32_t>{1, 1, 0, 0, 1, Attribute::kUnlabelled}));
        QVERIFY(images.attributes[1].groups == (Texts{"M", "woman"}));
        QCOMPARE(images.report.merged.size(), std::size_t(5));
        QCOMPARE(images.report.merged[1].from, std::string("3-9"));
        QCOMPARE(images.report.merged[1].to, std::string("young"));
        QCOMPARE(images.report.merged[1].rows, std::int64_t(2));
        QVERIFY(readAs(images.report) == parts); // with the group that had the name already
        // What the report says makes the same of the same labels.
        ImageSet again = before;
        QVERIFY(readGroupsAs(again, readAs(images.report)).has_value());
        QVERIFY(again.attributes[0].codes == images.attributes[0].codes);

        for (const auto& [wrong, said] :
             {std::pair{std::vector<AttributePart>{parts[1], {"skin", {{"x", {"y"}}}}}, "“skin”"},
              {{parts[1], {"age", {{"young", {"0-3"}}}}}, "one of 0-2, 10-19, 3-9, 60+"},
              {{parts[1], {"age", {{"60+", {"0-2"}}}}}, "the group of that name among its members"},
              {{parts[1], parts[1]}, "each attribute once"}}) {
            ImageSet same = before;
            const Result<void> refused = readGroupsAs(same, wrong);
            QVERIFY(!refused);
            const std::string sentence = errorText(refused.error());
            QVERIFY2(sentence.find(said) != std::string::npos, sentence.c_str());
            QVERIFY(same.report.merged.empty() && same.attributes[1].groups == before.attributes[1].groups);
        }
    }
    void attributesOfASet() {
        const ImageSet images = set();
        QVERIFY(resolveAttribute(images, "age")->groups == images.attributes[0].groups);
        const auto crossed = resolveAttribute(images, "age [young = 0-2 + 3-9 + 10-19] × gender");
        QVERIFY(crossed.has_value());
        QVERIFY(crossed->groups == (Texts{"60+ × M", "young × F", "young × M"}));
        QCOMPARE(crossed->name, std::string("age [young = 0-2 + 3-9 + 10-19] × gender"));
        // Names as they stand, whatever is in them, alone and in a crossing that an older program wrote.
        QVERIFY(resolveAttribute(images, "odd [x] \"y\" × z").has_value());
        const auto quoted = resolveAttribute(
            images, formatAttribute({{images.attributes[2].name, {{"a or c", {"a=b", "c+d"}}}}, {"gender", {}}}));
        QVERIFY(quoted.has_value());
        QVERIFY(quoted->groups == (Texts{"a or c × F", "a or c × M", "a;b × F", "× × M"}));
        QVERIFY(resolveAttribute(images, "gender × age")->groups.size() == 4);
        for (const auto& [text, wanted] : {std::pair{"skin", "“skin”. They have: age, gender"},
                                           {"gender × skin", "“skin”"},
                                           {"skin [a = b]", "“skin”"},
                                           {"age [young = 0-3]", "one of 0-2, 10-19, 3-9, 60+"},
                                           {"age [young = 0-2", "] or another merge"}}) {
            const QByteArray said = sentence(resolveAttribute(images, text));
            QVERIFY2(said.contains(wanted), said.constData());
        }
    }
    void usualBands() {
        const Texts fairface = {"0-2", "10-19", "20-29", "3-9", "30-39", "40-49", "50-59", "60-69", "more than 70"};
        const auto ages = bandPresets("age", fairface);
        QCOMPARE(ages.size(), std::size_t(2));
        const std::vector<GroupMerge> three = {{"0-29", {"0-2", "10-19", "20-29", "3-9"}},
                                               {"30-59", {"30-39", "40-49", "50-59"}},
                                               {"60 and older", {"60-69", "more than 70"}}};
        QVERIFY(ages[0].merges == three);
        QCOMPARE(bandPresets("Age in years", {"7", "29", "30", "61"})[0].merges.size(), std::size_t(3));
        QVERIFY(bandPresets("age", {"0-2", "somebody"}).empty()); // a group without a place
        QVERIFY(bandPresets("gender", {"Female", "Male"}).empty());
        const auto tones = bandPresets("Monk tone", {"1", "10", "5", "6"});
        QVERIFY(tones.at(0).merges == (std::vector<GroupMerge>{{"light", {"1", "5"}}, {"dark", {"10", "6"}}}));
        const auto race = bandPresets(
            "race", {"Black", "East Asian", "Indian", "Latino_Hispanic", "Middle Eastern", "Southeast Asian", "White"});
        QCOMPARE(race.at(0).merges.at(1).members.size(), std::size_t(6));
        for (const BandPreset& preset : ages) {
            Attribute age = makeAttribute("age", fairface);
            QVERIFY(mergeGroups(age, preset.merges).has_value());
        }
    }
};

QTEST_GUILESS_MAIN(TestAttributeText)
#include "tst_attribute_text.moc"
