// SPDX-License-Identifier: GPL-3.0-or-later
// plumb probe: what a probe set asks, and how two sets differ.
#include <QtTest>

#include "tests/app/plumb_process.h"

using namespace plumbline;
using test::Json;
using test::plumb;
using test::q;

#define L(text) QStringLiteral(text)

class TestProbe : public QObject {
    Q_OBJECT
    test::TempFolder m_folder;

    test::Called probe(const QStringList& arguments) const { return plumb(QStringList{L("probe")} + arguments); }

private Q_SLOTS:
    void initTestCase() {
        test::writeText(m_folder / "a.json", R"({"name": "jobs", "version": "1", "templates": ["a photo of a {}"],
            "concepts": [{"text": "nurse", "group": "health"}, "boss"]})");
        test::writeText(m_folder / "b.json", R"({"name": "jobs", "version": "2", "templates": ["a photo of a {}"],
            "concepts": [{"text": "nurse", "group": "care"}, "cook"]})");
    }

    void summaryAndPrompts() {
        const test::Called summary = probe({q(m_folder / "a.json")});
        QCOMPARE(summary.exitCode, 0);
        QVERIFY2(summary.out.startsWith("jobs, version 1\n1 template, 2 concepts, 2 prompts\n"), summary.out);
        QCOMPARE(probe({q(m_folder / "a.json"), L("--expand")}).out,
                 QByteArray("a photo of a nurse\na photo of a boss\n"));
        const Json prompts = probe({q(m_folder / "a.json"), L("--expand"), L("--json"), L("-")}).json()["prompts"];
        QCOMPARE(prompts.size(), std::size_t{2});
        QCOMPARE(prompts[0]["group"].get<std::string>(), std::string("health"));
        QCOMPARE(prompts[1]["template"].get<std::string>(), std::string("a photo of a {}"));
        QVERIFY(probe({L("Occupations"), L("--expand")}).out.contains("a photo of an accountant\n"));
    }

    void anAttributesWords() {
        test::writeText(m_folder / "words.txt", "a {gender: woman|man} who is a {}\nnurse\ncook\n");
        const test::Called summary = probe({q(m_folder / "words.txt")});
        QVERIFY2(summary.out.startsWith("words\n1 template, 2 concepts, 4 prompts\n"), summary.out);
        const Json prompts = probe({q(m_folder / "words.txt"), L("--expand"), L("--json"), L("-")}).json()["prompts"];
        QCOMPARE(prompts[2]["text"].get<std::string>(), std::string("a man who is a nurse"));
        QCOMPARE(prompts[2]["template"].get<std::string>(), std::string("a man who is a {}"));
        QCOMPARE(prompts[2]["attribute_word"].get<std::string>(), std::string("man"));
        QCOMPARE(prompts[2]["attribute"].get<std::string>(), std::string("gender"));
    }

    void theJsonIsAProbeFile() {
        QCOMPARE(probe({q(m_folder / "a.json"), L("--json"), q(m_folder / "again.json")}).exitCode, 0);
        const test::Called same = probe({q(m_folder / "a.json"), L("--diff"), q(m_folder / "again.json")});
        QCOMPARE(same.out, QByteArray("No difference.\n"));
    }

    void differences() {
        const test::Called text = probe({q(m_folder / "a.json"), L("--diff"), q(m_folder / "b.json")});
        QCOMPARE(text.exitCode, 0);
        QCOMPARE(text.out.toStdString(),
                 std::string("- jobs, version 1\n+ jobs, version 2\n\nConcepts\n- boss\n+ cook\n"
                             "~ nurse: group “health” → “care”\n\n"
                             "Prompts: 1 in both, 1 only in the first, 1 only in the second\n"));
        const Json json =
            probe({q(m_folder / "a.json"), L("--diff"), q(m_folder / "b.json"), L("--json"), L("-")}).json();
        QVERIFY(!json["asks_the_same"].get<bool>());
        QCOMPARE(json["prompts"]["added"], Json({"a photo of a cook"}));
        QCOMPARE(json["prompts"]["removed"], Json({"a photo of a boss"}));
        QCOMPARE(json["concepts"]["groups"][0]["is"].get<std::string>(), std::string("care"));
    }

    void badInput() {
        const test::Called missing = probe({q(m_folder / "a.json"), L("--diff"), q(m_folder / "none.json")});
        QCOMPARE(missing.exitCode, 2);
        QVERIFY(missing.err.contains("none.json"));
        QCOMPARE(probe({}).exitCode, 2);
        QCOMPARE(probe({q(m_folder / "a.json"), L("--expand"), L("--diff"), q(m_folder / "b.json")}).exitCode, 2);
    }
};

QTEST_APPLESS_MAIN(TestProbe)
#include "tst_probe.moc"
