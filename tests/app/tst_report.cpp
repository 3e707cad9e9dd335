// SPDX-License-Identifier: GPL-3.0-or-later
// plumb report: what a stored run becomes, and the command in it.
#include <QProcess>
#include <QRegularExpression>
#include <QXmlStreamReader>
#include <QtTest>

#include "core/base/hash.h"
#include "core/image/decode.h"
#include "core/store/project.h"
#include "tests/app/plumb_process.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

using namespace plumbline;
using test::Json;
using test::q;
namespace fs = std::filesystem;

#define L(text) QStringLiteral(text)

class TestReport : public QObject {
    Q_OBJECT
    test::TempFolder m_folder;
    fs::path m_project = m_folder / "it's a project.plumb";
    Json m_first; ///< what the first audit printed

    test::Called plumb(const QStringList& arguments) const { return test::plumb(arguments, q(m_folder / "cache")); }
    test::Called audit(const QStringList& more) const {
        return plumb(QStringList{L("audit"), L("--model"), q(m_folder / "the model"), L("--images"),
                                 q(m_folder / "images"), L("--labels"), q(m_folder / "images/labels.csv"),
                                 L("--project"), q(m_project)} +
                     more);
    }
    QString report(const char* out, const QStringList& more) const {
        const test::Called called = plumb(QStringList{L("report"), q(m_project), L("--out"), q(m_folder / out)} + more);
        if (called.exitCode != 0)
            return QString::fromUtf8(called.err);
        return QString::fromStdString(test::readText(m_folder / out));
    }
    static QString between(const QString& text, const QString& from, const QString& to) {
        const qsizetype begin = text.indexOf(from);
        return begin < 0 ? QString() : text.mid(begin, text.indexOf(to, begin) - begin);
    }
    /// The pictures of a page as the bytes of their files.
    static std::vector<QByteArray> pictures(const QString& page) {
        std::vector<QByteArray> all;
        static const QRegularExpression image(L("<img src=\"data:image/jpeg;base64,([^\"]+)\" alt=\"Rank "));
        for (const auto& match : image.globalMatch(page))
            all.push_back(QByteArray::fromBase64(match.captured(1).toLatin1()));
        return all;
    }

private Q_SLOTS:
    void initTestCase() {
        test::RandomClip tiny;
        tiny.contextLength = 40;
        test::writeRandomClip(m_folder / "the model", tiny);
        test::writeLabelledImages(m_folder / "images", 160, 3);
        // Everything that a command may have to say: a probe of one's own, merged and crossed groups, a filter, a
        // target.
        std::string labels = test::readText(m_folder / "images/labels.csv"), table;
        std::size_t line = 0;
        for (const char c : labels) {
            if (c == '\n')
                table += line == 0       ? ",part,tone"
                         : line % 5 == 0 ? ",other,it's"
                         : line % 3 == 0 ? ",used,it's"
                         : line % 2 == 0 ? ",used,mid"
                                         : ",used,dark";
            line += c == '\n';
            table += c;
        }
        test::writeText(m_folder / "images/labels.csv", table);
        const Json own = {
            {"name", "my own"},
            {"version", "2"},
            {"templates", {"a {}", "one's {}"}},
            {"concepts", {{{"text", "doctor"}, {"group", "work"}}, {{"text", "nurse"}, {"group", "work"}}}}};
        test::writeText(m_folder / "own.json", own.dump());
        test::writeText(m_folder / "shares.csv", "concept,group,share\ndoctor,fair one,0.25\ndoctor,dark,0.75\n");
        const test::Called called = audit({L("--where"),      L("part=used"),
                                           L("--read-as"),    L("age: \"the old, 60+\" = 60-69"),
                                           L("--attribute"),  L("tone,age"),
                                           L("--cross"),      L("gender,age"),
                                           L("--cross"),      L("tone,gender"),
                                           L("--read-as"),    L("gender: Male = Male, \"its Female\" = Female"),
                                           L("--merge"),      L("tone: fair one = it's + mid"),
                                           L("--probe"),      q(m_folder / "own.json"),
                                           L("-k"),           L("10%"),
                                           L("--target"),     q(m_folder / "shares.csv"),
                                           L("--seed"),       L("5"),
                                           L("--correction"), L("bh"),
                                           L("--min-group"),  L("7"),
                                           L("--also"),       L("summary,templates"),
                                           L("--csv"),        q(m_folder / "audit.csv"),
                                           L("--json"),       L("-")});
        if (called.exitCode != 0)
            qWarning("%s", called.err.constData());
        QCOMPARE(called.exitCode, 0);
        m_first = called.json();
        const test::Called second = audit({L("--attribute"), L("gender"), L("--prompt"), L("it's a <b> & \"c\""),
                                           L("--prompt"), L("a nurse"), L("-k"), L("12"), L("--also"), L("none")});
        QVERIFY2(second.exitCode == 0, second.err.constData());
    }

    void theCommandInItGivesTheSame() {
        for (const char* run : {"1", "2"}) {
            const QString page = report("r.html", {L("--run"), QString::fromLatin1(run)});
            QXmlStreamReader reader(between(page, L("<h2 id=\"repeat\">"), L("<h2 id=\"glossary\">"))
                                        .prepend(L("<all>"))
                                        .append(L("</all>")));
            const fs::path place = m_folder / ("again" + std::string(run));
            fs::create_directories(place);
            QString command, name;
            while (!reader.atEnd()) {
                reader.readNext();
                if (reader.isStartElement() && reader.name() == L("summary"))
                    name = reader.readElementText().section(u',', 0, 0);
                if (reader.isStartElement() && reader.name() == L("code")) {
                    const QString text = reader.readElementText();
                    if (name.isEmpty())
                        command = text;
                    else
                        test::writeText(place / name.toStdString(), text.toStdString());
                }
            }
            QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
            QVERIFY2(command.startsWith(L("plumb audit \\\n")), qPrintable(command));
            QCOMPARE(command.count(L("--read-as ")), run[0] == '1' ? 2 : 0);
            QProcess shell;
            QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
            environment.insert(L("PATH"), q(test::binaryFolder() / "bin") + L(":") + environment.value(L("PATH")));
            environment.insert(L("XDG_CACHE_HOME"), q(m_folder / "cache"));
            shell.setProcessEnvironment(environment);
            shell.setWorkingDirectory(q(place));
            shell.start(L("sh"), {L("-c"), command + L(" --json -")});
            shell.waitForFinished(300000);
            const Json again = Json::parse(shell.readAllStandardOutput().toStdString(), nullptr, false);
            QVERIFY2(again.is_object(), shell.readAllStandardError().constData());
            const Json stored = report("r.json", {L("--run"), QString::fromLatin1(run)}).isEmpty()
                                    ? Json()
                                    : Json::parse(test::readText(m_folder / "r.json"));
            for (const char* part : {"results", "concepts", "tables"})
                QVERIFY2(again[part] == stored["plumbline"][part], part);
            if (run[0] == '1')
                QVERIFY(stored["plumbline"]["results"] == m_first["results"]);
        }
    }

    void groupsThatAreReadAsOneAreSaid() {
        const QString page = report("r.html", {L("--run"), L("1")});
        for (const char* said : {"age: &quot;the old, 60+&quot; = 60-69", "values of age “60-69” read as “the old, 60+”",
                                 "values of gender “Female” read as “its Female”"})
            QVERIFY2(page.contains(QString::fromUtf8(said)), said);
        QVERIFY(!page.contains(QString::fromUtf8("“Male” read as")));
        // The groups of the results have that name, and those labels are another set of images than the plain ones.
        const std::string results = m_first["results"].dump();
        QVERIFY(results.find("the old, 60+") != std::string::npos && results.find("60-69") == std::string::npos);
        auto project = store::Project::open(m_project);
        QVERIFY(project.has_value());
        QCOMPARE(project->imageSets()->size(), std::size_t(2));
        const test::Called wrong = plumb({L("audit"), L("--model"), q(m_folder / "the model"), L("--images"),
                                          q(m_folder / "images"), L("--labels"), q(m_folder / "images/labels.csv"),
                                          L("--attribute"), L("age"), L("--prompt"), L("a nurse"), L("--read-as"),
                                          L("age: old = 70")});
        QVERIFY(wrong.exitCode != 0);
        QVERIFY2(wrong.err.contains("one of 20-29, 60-69"), wrong.err.constData());
    }

    void evidenceIsWhatWasChosen() {
        const auto side = [](const QByteArray& bytes) {
            const auto decoded =
                image::decode(std::as_bytes(std::span(bytes.constData(), std::size_t(bytes.size()))), "x");
            return decoded ? std::max(decoded->width, decoded->height) : 0;
        };
        const std::string before = sha256(test::readText(m_project));
        const QString seen = report("t.html", {L("--evidence"), L("thumbnails")});
        QCOMPARE(pictures(seen).size(), std::size_t(2 * 12)); // two prompts, the first 12 of each
        QVERIFY(side(pictures(seen).front()) > 20);
        const QString blurred = report("b.html", {L("--evidence"), L("blurred")});
        QCOMPARE(pictures(blurred).size(), std::size_t(2 * 12));
        for (const QByteArray& picture : pictures(blurred))
            QVERIFY(side(picture) > 0 && side(picture) <= 6);
        const QString ids = report("i.html", {L("--evidence"), L("ids")}),
                      none = report("n.html", {L("--evidence"), L("none")});
        QVERIFY(pictures(ids).empty() && pictures(none).empty());
        QVERIFY(seen.contains(L("img/0")) && ids.contains(L("img/0")));
        QVERIFY(!blurred.contains(L("img/")) && !none.contains(L("img/")));
        QVERIFY(none.contains(L("this report shows no images")));
        // An image that is gone is said to be, and the rest is there.
        QVERIFY(seen.contains(L("<h3>it&#39;s a &lt;b&gt; &amp; &quot;c&quot;</h3>")));
        QCOMPARE(sha256(test::readText(m_project)), before); // a report changes nothing
    }

    void otherForms() {
        QCOMPARE(report("r.csv", {L("--run"), L("1")}).toStdString(), test::readText(m_folder / "audit.csv"));
        report("r.json", {L("--run"), L("1"), L("--auditor"), L("A. Example")});
        const Json card = Json::parse(test::readText(m_folder / "r.json"));
        QCOMPARE(card["model_details"]["name"].get<std::string>(), std::string("the model"));
        QCOMPARE(card["model_details"]["owners"][0]["name"].get<std::string>(), std::string("A. Example"));
        const Json& first = m_first["results"][0];
        bool found = false;
        for (const Json& metric : card["quantitative_analysis"]["performance_metrics"])
            if (metric["type"] == "max_skew" &&
                metric["slice"].get<std::string>() ==
                    first["prompt"].get<std::string>() + "; " + first["attribute"].get<std::string>()) {
                found = true;
                QCOMPARE(std::stod(metric["value"].get<std::string>()), first["max_skew"]["value"].get<double>());
                QVERIFY(metric["confidence_interval"].contains("lower_bound"));
            }
        QVERIFY(found);
        QVERIFY(card["considerations"]["limitations"].size() >= 3);
    }

    void notesAndOtherRunsAreInIt() {
        const fs::path file = m_folder / "noted.plumb";
        fs::copy_file(m_project, file);
        const test::Called third =
            plumb({L("audit"), L("--model"), q(m_folder / "the model"), L("--images"), q(m_folder / "images"),
                   L("--labels"), q(m_folder / "images/labels.csv"), L("--project"), q(file), L("--attribute"),
                   L("gender"), L("--prompt"), L("it's a <b> & \"c\""), L("--prompt"), L("a nurse"), L("-k"), L("12"),
                   L("--also"), L("none")});
        QVERIFY2(third.exitCode == 0, third.err.constData());
        std::string name;
        {
            auto project = store::Project::open(file);
            QVERIFY(project->setNote({2, {"a nurse", "gender", {}}, true, "Look at the <caps>.", ""}).has_value());
            QVERIFY(project->setNote({2, {"", "", 5}, false, "Two people.", ""}).has_value());
            name = project->runImageSet(2).value().files[5];
        }
        const auto written = [&](const char* out, const QStringList& more) {
            const test::Called called =
                plumb(QStringList{L("report"), q(file), L("--run"), L("2"), L("--out"), q(m_folder / out)} + more);
            return called.exitCode == 0 ? QString::fromStdString(test::readText(m_folder / out))
                                        : QString::fromUtf8(called.err);
        };
        const QString page = written("noted.html", {L("--compare"), L("3")});
        QVERIFY2(page.contains(L("Look at the &lt;caps&gt;.")), qPrintable(page.left(500)));
        const QString notes = between(page, L("<h2 id=\"notes\""), L("<h2 id=\"evidence\""));
        QVERIFY(notes.contains(L("Two people.")) && notes.contains(QString::fromStdString(name)));
        QCOMPARE(notes.count(L("<img ")), 1);
        // The same audit twice: nothing differs.
        const QString section = between(page, L("<h2 id=\"comparison\""), L("<h2 id=\"notes\""));
        QVERIFY(section.contains(L(" 0 lean more, 0 lean less, ")) && section.contains(L("run 3: the model on")) == false);
        QVERIFY(section.contains(L(">Run 3: the model on")));
        written("noted.json", {L("--compare"), L("3"), L("--evidence"), L("none")});
        const Json json = Json::parse(test::readText(m_folder / "noted.json"))["plumbline"];
        QCOMPARE(json["notes"].size(), std::size_t(2));
        QCOMPARE(json["notes"][0]["prompt"].get<std::string>(), std::string("a nurse"));
        QVERIFY(json["notes"][0]["flagged"].get<bool>() && !json["notes"][1].contains("file"));
        QCOMPARE(json["comparison"]["runs"].size(), std::size_t(2));
        QVERIFY(!written("noted.html", {L("--evidence"), L("blurred")}).contains(QString::fromStdString(name)));

        // Images that moved between two models: named only where the report names files.
        test::RandomClip other;
        other.contextLength = 40;
        test::writeRandomClip(m_folder / "another model", other, Container::HuggingFace, 2);
        const test::Called fourth =
            plumb({L("audit"), L("--model"), q(m_folder / "another model"), L("--images"), q(m_folder / "images"),
                   L("--labels"), q(m_folder / "images/labels.csv"), L("--project"), q(file), L("--attribute"),
                   L("gender"), L("--prompt"), L("it's a <b> & \"c\""), L("--prompt"), L("a nurse"), L("-k"), L("12"),
                   L("--also"), L("none")});
        QVERIFY2(fourth.exitCode == 0, fourth.err.constData());
        for (const auto& [evidence, named] : {std::pair("ids", true), std::pair("thumbnails", true),
                                              std::pair("blurred", false), std::pair("none", false)}) {
            const QStringList more{L("--compare"), L("4"), L("--evidence"), QLatin1String(evidence)};
            written("moved.json", more);
            const std::string text = test::readText(m_folder / "moved.json");
            const Json moved = Json::parse(text)["plumbline"]["comparison"]["moved"];
            QVERIFY(!moved.empty());
            for (const Json& one : moved)
                QVERIFY2(one["file"].get<std::string>().empty() != named, evidence);
            QVERIFY2((text.find("img/") != std::string::npos) == named, evidence);
            QVERIFY2(written("moved.html", more).contains(L("img/")) == named, evidence);
        }

        const QString refused = written("refused.html", {L("--compare"), L("1")});
        QVERIFY2(refused.contains(L("runs that ask the same of the same images: ")), qPrintable(refused));
        QVERIFY(!fs::exists(m_folder / "refused.html"));
    }

    void refusesWhatItCannotWrite() {
        const auto called = [&](const QStringList& more) {
            return plumb(QStringList{L("report"), q(m_project)} + more);
        };
        const test::Called unknown = called({L("--run"), L("9"), L("--out"), q(m_folder / "x.html")});
        QCOMPARE(unknown.exitCode, 2);
        QVERIFY2(unknown.err.contains("no run with the number 9") && unknown.err.contains("run 1: done, the model on"),
                 unknown.err.constData());
        const test::Called form = called({L("--out"), q(m_folder / "x.docx")});
        QVERIFY2(form.exitCode == 2 && form.err.contains(".html, .csv or .json"), form.err.constData());
        QVERIFY(called({L("--out"), q(m_folder / "nowhere/x.html")}).exitCode == 2);
        for (const char* run : {"0", "-3", "inf", "nan", "abc"}) {
            const auto none = called({L("--run"), QString::fromLatin1(run), L("--out"), q(m_folder / "x.html")});
            QVERIFY2(none.exitCode == 2 && none.err.contains("is not a number above 0."), none.err.constData());
        }
        QVERIFY(called({L("--out"), q(m_folder / "x.html"), L("--evidence"), L("all")}).exitCode == 2);
        QVERIFY(plumb({L("report"), q(m_folder / "none.plumb"), L("--out"), q(m_folder / "x.html")}).exitCode == 2);
        {
            auto project = store::Project::open(m_project);
            AuditConfig config = project->run(1)->config;
            QVERIFY(project->beginRun(config));
        }
        const test::Called unfinished = called({L("--run"), L("3"), L("--out"), q(m_folder / "x.html")});
        QVERIFY2(unfinished.exitCode == 2 && unfinished.err.contains("a finished run: 2, 1"),
                 unfinished.err.constData());
        QVERIFY(!fs::exists(m_folder / "x.html") && !fs::exists(m_folder / "x.docx"));
        QVERIFY(report("newest.html", {}).contains(L("<td class=\"t\">2</td>"))); // the newest that is finished
    }
    void theWindowsProgramWritesPages() {
        const auto plumbline = [this](const QStringList& arguments) {
            QProcess process;
            process.start(q(test::binaryFolder() / "bin" / "plumbline"), QStringList{L("--export-pdf")} + arguments);
            return process.waitForFinished(120'000) && process.exitStatus() == QProcess::NormalExit ? process.exitCode()
                                                                                                   : -1;
        };
        QCOMPARE(plumbline({q(m_project), L("0"), q(m_folder / "r.pdf"), L("--evidence"), L("ids")}), 0);
        QVERIFY(test::readText(m_folder / "r.pdf").starts_with("%PDF-"));
        QCOMPARE(plumbline({q(m_project), L("2"), q(m_folder / "s.pdf"), L("--compare"), L("1")}), 2); // not alike
        QCOMPARE(plumbline({q(m_project), L("99"), q(m_folder / "s.pdf")}), 2); // no such run
        QCOMPARE(plumbline({q(m_folder / "none.plumb"), L("0"), q(m_folder / "s.pdf")}), 2);
        QCOMPARE(plumbline({q(m_project), L("0"), q(m_folder / "no/such/s.pdf")}), 2);
        QCOMPARE(plumbline({q(m_project)}), 2);
        QVERIFY(!fs::exists(m_folder / "s.pdf"));
    }
};

QTEST_GUILESS_MAIN(TestReport)
#include "tst_report.moc"
