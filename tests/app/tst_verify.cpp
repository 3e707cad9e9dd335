// SPDX-License-Identifier: GPL-3.0-or-later
// plumb verify: a stored run repeated and held against what is stored.
#include <QtTest>

#include "core/audit/verify_run.h"
#include "core/store/project.h"
#include "tests/app/plumb_process.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

using namespace plumbline;
using test::Json;
using test::q;
namespace fs = std::filesystem;

#define L(text) QStringLiteral(text)

class TestVerify : public QObject {
    Q_OBJECT
    test::TempFolder m_folder;

    test::Called plumb(const QStringList& arguments) const { return test::plumb(arguments, q(m_folder / "cache")); }
    test::Called verify(const QStringList& more) const {
        return plumb(QStringList{L("verify"), q(m_folder / "p.plumb")} + more);
    }
    /// An audit of the images that is kept in this project.
    QStringList audit(const char* project, const QStringList& more) const {
        return QStringList{L("audit"),
                           L("--model"),
                           q(m_folder / "model"),
                           L("--images"),
                           q(m_folder / "images"),
                           L("--labels"),
                           q(m_folder / "images/labels.csv"),
                           L("-k"),
                           L("20"),
                           L("--project"),
                           q(m_folder / project)} +
               more;
    }
    static Json input(const Json& found, const char* name) {
        for (const Json& one : found["inputs"])
            if (one["name"] == name)
                return one;
        return {};
    }

private Q_SLOTS:
    void initTestCase() {
        test::RandomClip tiny;
        tiny.contextLength = 40;
        test::writeRandomClip(m_folder / "model", tiny);
        test::writeLabelledImages(m_folder / "images", 120, 3);
        const test::Called called =
            plumb(audit("p.plumb", {L("--read-as"), L("age: old = 60-69"), L("--attribute"), L("gender,age"), L("--prompt"), L("a photo of a doctor"),
                                    L("--prompt"), L("a photo of a nurse")}));
        QVERIFY2(called.exitCode == 0, called.err);
        // And one after debiasing.
        const test::Called compared = plumb({L("debias"),      L("compare"),
                                             L("--model"),     q(m_folder / "model"),
                                             L("--images"),    q(m_folder / "images"),
                                             L("--labels"),    q(m_folder / "images/labels.csv"),
                                             L("--attribute"), L("gender"),
                                             L("--prompt"),    L("a photo of a doctor"),
                                             L("-k"),          L("10"),
                                             L("--method"),    L("leace"),
                                             L("--method"),    L("det-cons:labels=predicted;target=uniform"),
                                             L("--out"),       q(m_folder / "fitted")});
        QVERIFY2(compared.exitCode == 0, compared.err);
    }

    void aRunIsTheSame() {
        for (const QStringList& how : {QStringList(), {L("--cached")}, {L("--run"), L("1")}}) {
            const test::Called called = verify(how);
            QVERIFY2(called.exitCode == 0, called.err);
            QVERIFY2(called.out.contains("Run 1: the same"), called.out);
        }
        const Json found = verify({L("--cached"), L("--json"), L("-")}).json();
        QVERIFY(found["same"].get<bool>() && found["to_the_last_digit"].get<bool>());
        QVERIFY(found["numbers"].get<int>() > 200);
        QVERIFY(found["differences"].empty());
        for (const Json& one : found["inputs"])
            QVERIFY2(one["same"].get<bool>(), one.dump().c_str());
    }

    void aDebiasedRunIsRepeatedWithItsTransform() {
        if (!fs::exists(m_folder / "fitted/2-det-cons"))
            QSKIP("nothing was fitted that helps");
        QVERIFY(plumb(audit("d.plumb", {L("--attribute"), L("gender"), L("--prompt"), L("a photo of a nurse"),
                                        L("--debias"), q(m_folder / "fitted/2-det-cons")}))
                    .exitCode == 0);
        const test::Called called = plumb({L("verify"), q(m_folder / "d.plumb"), L("--run"), L("2"), L("--cached")});
        QVERIFY2(called.exitCode == 0, (called.out + called.err).constData());
        QVERIFY2(called.out.contains("Run 2: the same to the last digit"), called.out);
    }

    /// Nothing is written to the project, whatever is found.
    void whatChangedIsFound() {
        const std::string before = test::readText(m_folder / "p.plumb");
        // A label table that was edited: the labels of the run are in the project, the file is not what it was.
        const std::string table = test::readText(m_folder / "images/labels.csv");
        test::writeText(m_folder / "images/labels.csv", table + "\n");
        test::Called called = verify({L("--cached"), L("--json"), L("-")});
        QCOMPARE(called.exitCode, 1);
        Json found = called.json();
        QVERIFY(!found["same"].get<bool>() && !input(found, "label table")["same"].get<bool>());
        QVERIFY(found["differences"].empty());
        QVERIFY(input(found, "images")["same"].get<bool>());
        fs::remove(m_folder / "images/labels.csv");
        QCOMPARE(input(verify({L("--cached"), L("--json"), L("-")}).json(), "label table")["is"].get<std::string>(),
                 std::string("not readable"));
        test::writeText(m_folder / "images/labels.csv", table);

        // A picture that is another now, and one that is gone.
        const fs::path picture = m_folder / "images/img/007.bmp", gone = m_folder / "images/img/011.bmp";
        fs::copy_file(picture, m_folder / "007");
        fs::copy_file(m_folder / "images/img/012.bmp", picture, fs::copy_options::overwrite_existing);
        called = verify({L("--json"), L("-")});
        QCOMPARE(called.exitCode, 1);
        found = called.json();
        QVERIFY(!input(found, "images")["same"].get<bool>());
        QVERIFY(found["scores_beyond_rounding"].get<int>() == 2); // two prompts
        QVERIFY(found["verdict"].get<std::string>().find("has changed") != std::string::npos);
        fs::rename(m_folder / "007", picture);
        fs::rename(gone, m_folder / "011");
        called = verify({L("--json"), L("-")});
        QCOMPARE(called.exitCode, 1);
        found = called.json();
        const auto skipped = std::ranges::find_if(found["differences"],
                                                  [](const Json& one) { return one["where"] == "skipped images:"; });
        QVERIFY2(skipped != found["differences"].end() && (*skipped)["is"] == "1", found.dump().c_str());
        fs::rename(m_folder / "011", gone);
        QCOMPARE(verify({L("--cached")}).exitCode, 0);

        // Another model at the same place.
        test::RandomClip tiny;
        tiny.contextLength = 40;
        fs::rename(m_folder / "model", m_folder / "first");
        test::writeRandomClip(m_folder / "model", tiny, Container::HuggingFace, 9);
        called = verify({});
        QCOMPARE(called.exitCode, 1);
        QVERIFY2(called.out.contains("not the same") && called.out.contains("values differ beyond rounding"),
                 called.out);
        fs::remove_all(m_folder / "model");
        called = verify({});
        QCOMPARE(called.exitCode, 2); // nothing to repeat it with
        fs::rename(m_folder / "first", m_folder / "model");
        QVERIFY(test::readText(m_folder / "p.plumb") == before);
    }

    void whatCannotBeRepeatedIsSaid() {
        QCOMPARE(verify({L("--run"), L("77")}).exitCode, 2);
        QCOMPARE(plumb({L("verify"), q(m_folder / "nowhere.plumb")}).exitCode, 2);
        QCOMPARE(plumb({L("verify"), q(m_folder / "images/labels.csv")}).exitCode, 2);
        {
            auto project = store::Project::open(m_folder / "p.plumb");
            QVERIFY(project.has_value());
            AuditConfig config = project->run(1)->config;
            const auto begun = project->beginRun(config);
            QVERIFY(begun && project->setRunState(*begun, RunState::Cancelled));
        }
        const test::Called unfinished = verify({L("--run"), L("2")});
        QCOMPARE(unfinished.exitCode, 2);
        QVERIFY2(unfinished.err.contains("finished"), unfinished.err);
    }
};

QTEST_APPLESS_MAIN(TestVerify)
#include "tst_verify.moc"
