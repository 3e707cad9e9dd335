// SPDX-License-Identifier: GPL-3.0-or-later
// plumb images: the pictures of a stored set looked at from the command line.
#include <QtTest>

#include "core/store/project.h"
#include "tests/app/plumb_process.h"
#include "tests/support/test_images.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using test::Json;
using test::q;
namespace fs = std::filesystem;

#define L(text) QStringLiteral(text)

class TestImages : public QObject {
    Q_OBJECT
    test::TempFolder m_folder;

    test::Called images(const QStringList& more) const {
        return test::plumb(QStringList{L("images"), q(m_folder / "p.plumb")} + more, q(m_folder / "cache"));
    }

private Q_SLOTS:
    void initTestCase() {
        const auto draw = [this](const char* name, int phase) {
            test::writeBmp(m_folder / name, 240, 240, [phase](int x, int y) {
                return test::Colour{static_cast<std::uint8_t>(x * phase + y), static_cast<std::uint8_t>(x + y * phase),
                                    static_cast<std::uint8_t>(x * y / 97 * phase)};
            });
        };
        draw("a.bmp", 1);
        draw("b.bmp", 3);
        fs::copy_file(m_folder / "a.bmp", m_folder / "c.bmp");
        test::writeText(m_folder / "d.bmp", "no picture");
        ImageSet set;
        set.root = m_folder.path();
        set.files = {"a.bmp", "b.bmp", "c.bmp", "d.bmp"};
        set.attributes = {makeAttribute("gender", std::vector<std::string>{"woman", "man", "man", ""})};
        auto project = store::Project::create(m_folder / "p.plumb");
        QVERIFY(project.has_value() && project->addImageSet(set, "drawn").has_value());
    }

    void whatWasNotCheckedIsSaid() {
        const test::Called called = images({});
        QVERIFY2(called.exitCode == 0, called.err);
        QVERIFY2(called.out.contains("drawn, 4 images, never checked"), called.out);
        QVERIFY(!images({L("--json"), L("-")}).json().contains("check"));
    }

    void aCheckIsPrintedAndStored() {
        const test::Called called = images({L("--check"), L("--smallest-side"), L("241")});
        QVERIFY2(called.exitCode == 0, called.err);
        QVERIFY2(called.out.contains("1 picture stands in the set more than once with different labels"), called.out);
        QVERIFY(called.out.contains("a.bmp, woman") && called.out.contains("c.bmp, man"));
        // Printed again without looking, as people and as programs read it.
        QVERIFY(images({}).out.contains("cannot be decoded"));
        const Json found = images({L("--json"), L("-")}).json();
        const Json flaws = found["check"]["flaws"];
        QCOMPARE(flaws["other-labels"].get<int>(), 2);
        QCOMPARE(flaws["exact-duplicate"].get<int>(), 2);
        QCOMPARE(flaws["unreadable"].get<int>(), 1);
        QCOMPARE(flaws["small"].get<int>(), 3);
        QCOMPARE(found["check"]["smallest_side"].get<int>(), 241);
        QCOMPARE(found["findings"].size(), std::size_t(8));
        for (const Json& one : found["findings"])
            if (one["flaw"] == "unreadable")
                QVERIFY(one["file"] == "d.bmp" && one["row"] == 3 && !one["reason"].get<std::string>().empty());
    }

    void wrongUseIsRefused() {
        QCOMPARE(images({L("--set"), L("7")}).exitCode, 2);
        QCOMPARE(images({L("--dark"), L("0.5")}).exitCode, 2); // only with --check
        QCOMPARE(images({L("--check"), L("--dark"), L("2")}).exitCode, 2);
        QCOMPARE(images({L("--check"), L("--near-bits"), L("40")}).exitCode, 2);
        QCOMPARE(test::plumb({L("images"), q(m_folder / "none.plumb")}, q(m_folder / "cache")).exitCode, 2);
    }
};

QTEST_APPLESS_MAIN(TestImages)
#include "tst_images.moc"
