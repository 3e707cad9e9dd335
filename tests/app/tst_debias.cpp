// SPDX-License-Identifier: GPL-3.0-or-later
// plumb debias, and plumb audit --debias.
#include <algorithm>
#include <set>

#include <QRegularExpression>
#include <QtTest>

#include "core/formats/data_table.h"
#include "core/formats/npy.h"
#include "core/store/project.h"
#include "tests/app/plumb_process.h"
#include "tests/debias/planted_rows.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

using namespace plumbline;
using test::Json;
using test::q;
namespace fs = std::filesystem;

#define L(text) QStringLiteral(text)

namespace {

void writeRows(const fs::path& path, const Embeddings& rows) {
    auto writer = formats::NpyWriter::create(path, rows.dim);
    QVERIFY(writer && writer->append(rows.values) && writer->finish());
}

Embeddings readRows(const fs::path& path) {
    const auto read = formats::readEmbeddings(path);
    return read ? *read : Embeddings();
}

double furthest(const Embeddings& a, const Embeddings& b) {
    if (a.rows != b.rows || a.dim != b.dim)
        return 1e9;
    double most = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i)
        most = std::max(most, std::abs(double(a.values[i]) - double(b.values[i])));
    return most;
}

} // namespace

class TestDebias : public QObject {
    Q_OBJECT
    test::TempFolder m_folder;
    test::PlantedRows m_planted = test::plantedRows(240, 16, 2, 2.0);

    test::Called plumb(const QStringList& arguments) const { return test::plumb(arguments, q(m_folder / "cache")); }

    /// plumb debias fit on the planted rows.
    QStringList fit(const char* method, const char* out, const QStringList& more = {}) const {
        return QStringList{L("debias"),       L("fit"),
                           L("--method"),     QString::fromLatin1(method),
                           L("--embeddings"), q(m_folder / "x.npy"),
                           L("--labels"),     q(m_folder / "x.csv"),
                           L("--attribute"),  L("group"),
                           L("--out"),        q(m_folder / out)} +
               more;
    }
    QStringList apply(const QStringList& transforms, const char* modality, const char* from, const char* to,
                      const QStringList& more = {}) const {
        QStringList arguments{L("debias"),       L("apply"),         L("--modality"), QString::fromLatin1(modality),
                              L("--embeddings"), q(m_folder / from), L("--out"),      q(m_folder / to)};
        for (const QString& transform : transforms)
            arguments << L("--transform") << q(m_folder / transform.toStdString());
        return arguments + more;
    }
    QStringList onModel(const char* command, const QStringList& more) const {
        QStringList arguments;
        if (qstrcmp(command, "compare") == 0)
            arguments << L("debias");
        return arguments +
               QStringList{QString::fromLatin1(command),
                           L("--model"),
                           q(m_folder / "model"),
                           L("--images"),
                           q(m_folder / "images"),
                           L("--labels"),
                           q(m_folder / "images/labels.csv"),
                           L("--attribute"),
                           L("gender"),
                           L("--prompt"),
                           L("a photo of a doctor"),
                           L("--prompt"),
                           L("a photo of a nurse"),
                           L("-k"),
                           L("10")} +
               more;
    }
    /// Refused with one sentence for people, and nothing was written.
    void refuses(const QStringList& arguments, const char* says, const char* out) {
        const test::Called called = plumb(arguments);
        const QByteArray context = arguments.join(u' ').toUtf8() + "\n" + called.err;
        QVERIFY2(called.exitCode == 2, context.constData());
        QVERIFY2(called.err.contains(says), context.constData());
        QVERIFY2(called.err.trimmed().count('\n') == 0, context.constData());
        static const QRegularExpression jargon(
            L("std::|nlohmann|\\[json|exception|InvalidArgument|JsonInvalid|expected<|NaN|null"));
        QVERIFY2(!QString::fromUtf8(called.err).contains(jargon), context.constData());
        QVERIFY2(called.out.isEmpty(), called.out.constData());
        std::error_code ignored;
        QVERIFY2(!fs::exists(m_folder / out, ignored), context.constData());
    }

private Q_SLOTS:
    void initTestCase() {
        test::RandomClip tiny;
        tiny.contextLength = 40;
        test::writeRandomClip(m_folder / "model", tiny);
        test::writeLabelledImages(m_folder / "images", 160, 3);
        writeRows(m_folder / "x.npy", m_planted.images);
        std::string table = "group\n";
        for (const std::int32_t code : m_planted.attribute.codes)
            table += m_planted.attribute.groups[static_cast<std::size_t>(code)] + "\n";
        test::writeText(m_folder / "x.csv", table);
        Embeddings texts(2, 16);
        texts.row(0)[0] = texts.row(1)[1] = 2;
        texts.row(0)[15] = texts.row(1)[15] = 1;
        writeRows(m_folder / "texts.npy", texts);
    }

    void listsEveryMethod() {
        const test::Called called = plumb({L("debias"), L("list"), L("--json"), L("-")});
        QCOMPARE(called.exitCode, 0);
        std::set<std::string> names;
        const Json all = called.json();
        for (const Json& method : all["methods"]) {
            names.insert(method["name"].get<std::string>());
            QVERIFY(!method["about"].get<std::string>().empty() && !method["title"].get<std::string>().empty());
        }
        const std::set<std::string> expected = {
            "joint-vl",       "cf-alpha", "mean-difference", "leace",        "inlp",
            "biased-prompts", "bend",     "clip-clip",       "sfid",         "fairer-clip",
            "gap-shift",      "gda",      "det-greedy",      "det-cons",     "det-relaxed",
            "det-const-sort", "fa-ir",    "logit-bias",      "prompt-array", "residual-head",
            "interpolation"};
        QCOMPARE(names, expected);
        QCOMPARE(all["methods"].size(), expected.size());
        const QByteArray text = plumb({L("debias"), L("list")}).out;
        for (const std::string& name : expected)
            QVERIFY2(text.contains(name.c_str()), name.c_str());
        QVERIFY(text.contains("--param shrinkage="));
    }

    void agreesWithTheReferenceValues() {
        PLUMBLINE_NEEDS_SHARED();
        const fs::path reference = test::shared() / "fixtures/debias";
        const Attribute labels = test::referenceLabels("label_binary");
        std::string table = "id,kind\n";
        for (std::size_t i = 0; i < labels.codes.size(); ++i)
            table += std::to_string(i) + ",kind " + std::to_string(labels.codes[i]) + "\n";
        test::writeText(m_folder / "reference.csv", table);
        test::Called called = plumb({L("debias"), L("fit"), L("--method"), L("leace"), L("--embeddings"),
                                     q(reference / "images.npy"), L("--labels"), q(m_folder / "reference.csv"),
                                     L("--attribute"), L("kind"), L("--out"), q(m_folder / "leace")});
        QVERIFY2(called.exitCode == 0, called.err);
        fs::copy_file(reference / "images.npy", m_folder / "images.npy");
        fs::copy_file(reference / "texts.npy", m_folder / "reference-texts.npy");
        called = plumb(apply({L("leace")}, "image", "images.npy", "leace.npy"));
        QVERIFY2(called.exitCode == 0, called.err);
        QVERIFY(furthest(readRows(m_folder / "leace.npy"), test::referenceMatrix("leace_binary_images")) < 1e-5);
        for (const char* lambda : {"1000", "10"}) {
            const QString out = L("biased-prompts-%1").arg(QLatin1String(lambda));
            called = plumb({L("debias"), L("fit"), L("--method"), L("biased-prompts"), L("--embeddings"),
                            q(reference / "images.npy"), L("--text-embeddings"), q(reference / "texts.npy"),
                            L("--param"), L("spurious=0,1,2,3,4,5"), L("--param"), L("pairs=6-7,8-9"), L("--param"),
                            L("lambda=%1").arg(QLatin1String(lambda)), L("--out"), q(m_folder / out.toStdString())});
            QVERIFY2(called.exitCode == 0, called.err);
            called = plumb(apply({out}, "text", "reference-texts.npy", "queries.npy"));
            QVERIFY2(called.exitCode == 0, called.err);
            const Embeddings all = readRows(m_folder / "queries.npy"),
                             expected = test::referenceMatrix(std::string("calibrated_queries_lambda") + lambda);
            QCOMPARE(all.rows, std::size_t(40));
            Embeddings queries(28, all.dim);
            std::copy_n(all.row(12).data(), queries.values.size(), queries.values.begin());
            QVERIFY(furthest(queries, expected) < 1e-4);
        }
    }

    void meanDifferenceTakesTheDirectionOut() {
        test::Called called = plumb(fit("mean-difference", "md", {L("--seed"), L("3"), L("--predicted-labels")}));
        QVERIFY2(called.exitCode == 0, called.err);
        QVERIFY(called.out.contains("rows of group 0"));
        QVERIFY(called.err.contains("classifier")); // the labels are a classifier's: it says so
        const Json card = Json::parse(test::readText(m_folder / "md/card.json"));
        QVERIFY(card.dump().find("\"predicted_labels\":true") != std::string::npos);
        called = plumb(apply({L("md")}, "image", "x.npy", "md.npy"));
        QVERIFY2(called.exitCode == 0, called.err);
        const auto asRows = [](const Embeddings& of) {
            std::vector<std::vector<double>> rows;
            for (std::size_t i = 0; i < of.rows; ++i)
                rows.emplace_back(of.row(i).begin(), of.row(i).end());
            return rows;
        };
        Embeddings unit = m_planted.images;
        normaliseRows(unit);
        QVERIFY(test::meansApart(asRows(unit), m_planted.attribute) > 0.2);
        QVERIFY(test::meansApart(asRows(readRows(m_folder / "md.npy")), m_planted.attribute) < 1e-5);
        // Rows of unit length, where they are asked for.
        QCOMPARE(plumb(apply({L("md")}, "image", "x.npy", "unit.npy", {L("--unit")})).exitCode, 0);
        Embeddings after = readRows(m_folder / "md.npy");
        normaliseRows(after);
        QVERIFY(furthest(after, readRows(m_folder / "unit.npy")) < 1e-6);
    }

    void labelsByNameAndRowByRowAreTheSame() {
        QVERIFY(plumb(fit("leace", "by-row")).exitCode == 0);
        fs::copy_file(m_folder / "x.npy", m_folder / "named.npy");
        std::string rows = "row,path\n", table = "file,group\n";
        for (std::size_t i = 0; i < m_planted.images.rows; ++i) {
            const std::size_t back = m_planted.images.rows - 1 - i;
            rows += std::to_string(i) + ",img/" + std::to_string(i) + ".jpg\n";
            table += "img/" + std::to_string(back) + ".jpg," +
                     m_planted.attribute.groups[static_cast<std::size_t>(m_planted.attribute.codes[back])] + "\n";
        }
        test::writeText(m_folder / "named.npy.rows.csv", rows);
        test::writeText(m_folder / "named.csv", table + "img/elsewhere.jpg,group 0\n");
        QStringList arguments = fit("leace", "by-name");
        arguments.replaceInStrings(q(m_folder / "x.npy"), q(m_folder / "named.npy"));
        arguments.replaceInStrings(q(m_folder / "x.csv"), q(m_folder / "named.csv"));
        const test::Called called = plumb(arguments);
        QVERIFY2(called.exitCode == 0, called.err);
        QVERIFY(test::readText(m_folder / "by-name/image_matrix.npy") ==
                test::readText(m_folder / "by-row/image_matrix.npy"));
        // What has no label, or several, is said, and stands on the card.
        std::string half = table.substr(0, table.size() / 2);
        half.resize(half.rfind('\n') + 1);
        test::writeText(m_folder / "half.csv", half + "img/239.jpg,group 0\n");
        QStringList some = arguments;
        some.replaceInStrings(q(m_folder / "named.csv"), q(m_folder / "half.csv"));
        some.replaceInStrings(q(m_folder / "by-name"), q(m_folder / "by-half"));
        const test::Called halved = plumb(some);
        QVERIFY2(halved.exitCode == 0, halved.err);
        QVERIFY2(halved.err.contains("further rows for a file") && halved.err.contains("that no row names"),
                 halved.err);
        QVERIFY(test::readText(m_folder / "by-half/card.json").find("of them without a label") != std::string::npos);
        // A list of names that is of another file.
        test::writeText(m_folder / "named.npy.rows.csv", "row,path\n0,img/0.jpg\n");
        arguments.replaceInStrings(q(m_folder / "by-name"), q(m_folder / "short"));
        refuses(arguments, "names 1", "short");
    }

    void exportsStacksAndDials() {
        QVERIFY(plumb(fit("mean-difference", "one")).exitCode == 0);
        QVERIFY(plumb(fit("gda", "two")).exitCode == 0);
        const auto run = [&](const QStringList& arguments) {
            const test::Called called = plumb(arguments);
            QVERIFY2(called.exitCode == 0, called.err);
        };
        run({L("debias"), L("export"), L("--transform"), q(m_folder / "one"), L("--transform"), q(m_folder / "two"),
             L("--out"), q(m_folder / "stack")});
        run(apply({L("one")}, "image", "x.npy", "y1.npy"));
        run(apply({L("two")}, "image", "y1.npy", "y2.npy"));
        run(apply({L("stack")}, "image", "x.npy", "y-stack.npy"));
        run(apply({L("one"), L("two")}, "image", "x.npy", "y-both.npy"));
        QVERIFY(test::readText(m_folder / "y2.npy") == test::readText(m_folder / "y-stack.npy"));
        QVERIFY(test::readText(m_folder / "y2.npy") == test::readText(m_folder / "y-both.npy"));
        run({L("debias"), L("export"), L("--transform"), q(m_folder / "stack"), L("--strength"), L("0.5"), L("--out"),
             q(m_folder / "half")});
        run(apply({L("stack")}, "image", "x.npy", "y-half.npy", {L("--strength"), L("0.5")}));
        run(apply({L("half")}, "image", "x.npy", "y-exported.npy"));
        QVERIFY(test::readText(m_folder / "y-half.npy") == test::readText(m_folder / "y-exported.npy"));
        QVERIFY(test::readText(m_folder / "y-half.npy") != test::readText(m_folder / "y-stack.npy"));
        run(apply({L("half")}, "image", "x.npy", "y-quarter.npy", {L("--strength"), L("0.5")}));
        run(apply({L("stack")}, "image", "x.npy", "y-quarter-of-all.npy", {L("--strength"), L("0.25")}));
        QVERIFY(test::readText(m_folder / "y-quarter.npy") == test::readText(m_folder / "y-quarter-of-all.npy"));
        run(apply({L("stack")}, "image", "x.npy", "y-none.npy", {L("--strength"), L("0")}));
        QVERIFY(test::readText(m_folder / "y-none.npy") == test::readText(m_folder / "x.npy"));
    }

    void aKilledJointFitGoesOn() {
        // So few rows that none is held out: the heads are those of the last step, whatever happened before.
        Embeddings few(90, 16);
        std::copy_n(m_planted.images.values.begin(), few.values.size(), few.values.begin());
        writeRows(m_folder / "few.npy", few);
        std::string table = "group\n";
        for (std::size_t i = 0; i < 90; ++i)
            table += m_planted.attribute.groups[static_cast<std::size_t>(m_planted.attribute.codes[i])] + "\n";
        test::writeText(m_folder / "few.csv", table);
        const auto joint = [&](const char* out, const QStringList& more) {
            QStringList arguments = fit("joint-vl", out, {L("--text-embeddings"), q(m_folder / "texts.npy")});
            arguments.replaceInStrings(q(m_folder / "x."), q(m_folder / "few."));
            for (const char* parameter : {"hidden1=16", "hidden2=16", "B=32", "M=64", "lr=1e-3", "epochs=600"})
                arguments << L("--param") << QString::fromLatin1(parameter);
            return arguments + more;
        };
        const test::Called whole = plumb(joint("whole", {}));
        QVERIFY2(whole.exitCode == 0, whole.err);
        QVERIFY(!fs::exists(m_folder / "whole/checkpoint"));
        QVERIFY(plumb(apply({L("whole")}, "image", "x.npy", "whole.npy")).exitCode == 0);
        QVERIFY(furthest(readRows(m_folder / "whole.npy"), m_planted.images) > 1e-3);

        const fs::path checkpoint = m_folder / "killed/checkpoint/joint.safetensors";
        QProcess process;
        process.start(test::plumbProgram(), joint("killed", {}));
        QTRY_VERIFY_WITH_TIMEOUT(fs::exists(checkpoint), 60000);
        process.kill(); // SIGKILL
        QVERIFY(process.waitForFinished());
        QVERIFY(!fs::exists(m_folder / "killed/card.json")); // it was in the middle
        QVERIFY(fs::exists(checkpoint));
        // Another fit does not take its state, and does not destroy it.
        const std::string state = test::readText(checkpoint);
        const test::Called other = plumb(joint("killed", {L("--param"), L("alpha=0.5")}));
        QCOMPARE(other.exitCode, 2);
        QVERIFY2(other.err.contains("checkpoint"), other.err);
        QVERIFY(test::readText(checkpoint) == state);
        const test::Called rest = plumb(joint("killed", {}));
        QVERIFY2(rest.exitCode == 0, rest.err);
        QVERIFY(test::readText(m_folder / "killed/heads.safetensors") ==
                test::readText(m_folder / "whole/heads.safetensors"));
        QVERIFY(!fs::exists(m_folder / "killed/checkpoint"));

        // A folder of that name with somebody's files in it is none of its business.
        fs::create_directories(m_folder / "guarded/checkpoint");
        test::writeText(m_folder / "guarded/checkpoint/weights.bin", "precious");
        QVERIFY(plumb(fit("leace", "guarded")).exitCode == 0);
        QCOMPARE(test::readText(m_folder / "guarded/checkpoint/weights.bin"), std::string("precious"));
    }

    void auditsBeforeAndAfter() {
        QVERIFY(plumb({L("embed"), L("--model"), q(m_folder / "model"), L("--images"), q(m_folder / "images"),
                       L("--raw"), L("--out"), q(m_folder / "e.npy")})
                    .exitCode == 0);
        for (const auto& [method, out, more] :
             {std::tuple{"leace", "audit-leace", QStringList()},
              {"det-cons", "audit-rank", QStringList{L("--param"), L("target=uniform")}}}) {
            QStringList arguments = fit(method, out, more);
            arguments.replaceInStrings(q(m_folder / "x.npy"), q(m_folder / "e.npy"));
            arguments.replaceInStrings(q(m_folder / "x.csv"), q(m_folder / "images/labels.csv"));
            arguments.replaceInStrings(L("group"), L("gender"));
            const test::Called called = plumb(arguments);
            QVERIFY2(called.exitCode == 0, called.err);
        }
        const test::Called called = plumb(
            onModel("audit", {L("--debias"), q(m_folder / "audit-leace"), L("--debias"), q(m_folder / "audit-rank"),
                              L("--also"), L("none"), L("--json"), L("-"), L("--project"), q(m_folder / "audit.plumb"),
                              L("--report"), q(m_folder / "audit.html"), L("--csv"), q(m_folder / "audit.csv")}));
        QVERIFY2(called.exitCode == 0, called.err);
        const Json all = called.json();
        QCOMPARE(all["debias"].size(), std::size_t(2));
        QCOMPARE(all["debias"][0]["transform"].get<std::string>(), std::string("LEACE, gender"));
        for (const Json& after : all["debias"]) {
            const auto price =
                std::ranges::find_if(after["tables"], [](const Json& table) { return table["id"] == "debias_price"; });
            QVERIFY(price != after["tables"].end());
            // Before is what the run without it measured: the mean of its prompts.
            double mean = 0, told = -1, afterMean = 0, afterTold = -1;
            for (const Json& one : all["results"])
                mean += one["max_skew"]["value"].get<double>() / 2;
            for (const Json& one : after["results"])
                afterMean += one["max_skew"]["value"].get<double>() / 2;
            for (const Json& row : (*price)["rows"])
                if (row["measure"] == "max_skew" && row["keys"][0] == "gender")
                    (row["keys"][1] == "before"  ? told
                     : row["keys"][1] == "after" ? afterTold
                                                 : mean) =
                        row["keys"][1] == "difference" ? mean : row["value"]["value"].get<double>();
            QVERIFY2(std::abs(mean - told) < 1e-9, (std::to_string(mean) + " " + std::to_string(told)).c_str());
            QVERIFY(std::abs(afterMean - afterTold) < 1e-9);
        }
        // The report says which run is which, what each changed, and with what.
        const QString page = QString::fromStdString(test::readText(m_folder / "audit.html"));
        const qsizetype mitigation = page.indexOf(L("<h2 id=\"mitigation\">"));
        QVERIFY(mitigation > 0);
        QVERIFY(page.indexOf(L("of the untouched model (run 1)")) > mitigation);
        const qsizetype leace = page.indexOf(L("<h3 id=\"mitigation-1\">After LEACE, gender (run 2)</h3>")),
                        ranking = page.indexOf(L("<h3 id=\"mitigation-2\">After DetCons, gender (run 3)</h3>"));
        QVERIFY(leace > mitigation && ranking > leace);
        QVERIFY(page.contains(L("<a href=\"#mitigation-2\">After DetCons, gender (run 3)</a>")));
        const QString afterLeace = page.mid(leace, ranking - leace), afterRanking = page.mid(ranking);
        QVERIFY(afterLeace.contains(L("Method: LEACE, gender")) && afterLeace.contains(L("shrinkage = ")));
        QVERIFY(afterRanking.contains(L("target = uniform")));
        QCOMPARE(page.count(L("<svg ")), 3);
        const auto& rows = *std::ranges::find_if(all["debias"][0]["tables"],
                                                 [](const Json& table) { return table["id"] == "debias_price"; });
        for (const Json& row : rows["rows"])
            if (row["measure"] == "max_skew" && row["keys"][0] == "gender") {
                const QString cell = L("<td>%1</td>").arg(row["value"]["value"].get<double>(), 0, 'f', 3);
                const QString value =
                    row["keys"][1] == "difference" ? QString(cell).replace(L("<td>"), L("<td class=\"v\">")) : cell;
                QVERIFY2(afterLeace.contains(value), qPrintable(value));
            }
        // The table for spreadsheets: the same rows of each, named in its last column.
        const QStringList csv = QString::fromStdString(test::readText(m_folder / "audit.csv")).split(u'\n');
        QVERIFY(csv.front().endsWith(L(",debias")));
        const auto linesOf = [&](const QString& end) {
            return std::ranges::count_if(csv, [&](const QString& line) { return line.endsWith(end); });
        };
        QCOMPARE(linesOf(L(",\"LEACE, gender\"")), 4);
        QCOMPARE(linesOf(L(",\"DetCons, gender\"")), 4);
        QCOMPARE(csv.size(), 1 + 3 * 4 + 1);
        auto project = store::Project::open(m_folder / "audit.plumb");
        QVERIFY(project.has_value());
        QCOMPARE(project->runs()->size(), std::size_t(3));
        const auto first = project->run(1), second = project->run(2), third = project->run(3);
        QVERIFY(first && second && third && !first->config.debias);
        QCOMPARE(second->config.debias->baselineRun, std::int64_t(1));
        QCOMPARE(third->config.debias->baselineRun, std::int64_t(1));
        QVERIFY(second->config.debias->transformId != third->config.debias->transformId);
        QVERIFY(third->state == RunState::Done);
        QCOMPARE(project->transforms()->size(), std::size_t(2));
        // Its report from the project holds the same runs; that of a debiased one, the one before and itself.
        QVERIFY(
            plumb({L("report"), q(m_folder / "audit.plumb"), L("--run"), L("1"), L("--out"), q(m_folder / "1.html")})
                .exitCode == 0);
        const auto sectionOf = [](const QString& text) {
            const qsizetype begin = text.indexOf(L("<h2 id=\"mitigation\">"));
            return text.mid(begin, text.indexOf(L("<h2 id=\"evidence\">")) - begin);
        };
        QCOMPARE(sectionOf(QString::fromStdString(test::readText(m_folder / "1.html"))), sectionOf(page));
        QVERIFY(
            plumb({L("report"), q(m_folder / "audit.plumb"), L("--run"), L("3"), L("--out"), q(m_folder / "3.html")})
                .exitCode == 0);
        const QString ofThird = sectionOf(QString::fromStdString(test::readText(m_folder / "3.html")));
        QVERIFY(ofThird.contains(L("After DetCons, gender (run 3)")) && !ofThird.contains(L("LEACE")));
        // For people: both are there.
        const test::Called words = plumb(
            onModel("audit", {L("--debias"), q(m_folder / "audit-leace"), L("--debias"), q(m_folder / "audit-rank")}));
        QVERIFY2(words.exitCode == 0, words.err);
        QVERIFY(words.out.contains("== After LEACE, gender ==") && words.out.contains("== After DetCons, gender =="));
    }

    void limitsJudgeWhatComesAfter() {
        const auto maxSkew = [](const Json& results) {
            double most = 0;
            for (const Json& one : results)
                most = std::max(most, std::abs(one["max_skew"]["value"].get<double>()));
            return most;
        };
        const QStringList transform{L("--debias"), q(m_folder / "audit-rank"), L("--also"), L("none")};
        const Json all = plumb(onModel("audit", transform + QStringList{L("--json"), L("-")})).json();
        const double before = maxSkew(all["results"]), after = maxSkew(all["debias"][0]["results"]);
        QVERIFY2(after + 1e-6 < before, "the re-ranking must help, or this test says nothing");
        const auto limited = [&](double limit, const QStringList& more) {
            return plumb(
                onModel("audit", QStringList{L("--fail-above"), L("max_skew=%1").arg(limit, 0, 'g', 17)} + more));
        };
        const double between = (before + after) / 2;
        QCOMPARE(limited(between, {L("--also"), L("none")}).exitCode, 1);
        const test::Called passes = limited(between, transform);
        QVERIFY2(passes.exitCode == 0, passes.err.constData());
        QVERIFY2(passes.err.contains("without debiasing"), passes.err.constData());
        const test::Called fails = limited(after - 0.01, transform);
        QCOMPARE(fails.exitCode, 1);
        QVERIFY2(fails.err.contains("after DetCons, gender: max_skew of"), fails.err.constData());
        // Two of one name are told apart, and one that is beyond is enough.
        const test::Called twice = limited(after - 0.01, transform + transform.mid(0, 2));
        QCOMPARE(twice.exitCode, 1);
        QVERIFY2(twice.err.contains("after DetCons, gender (2): max_skew of"), twice.err.constData());
        QVERIFY(twice.out.contains("== After DetCons, gender (2) =="));
    }

    void aReRankingGoesByItsOwnAttribute() {
        QVERIFY(plumb({L("embed"), L("--model"), q(m_folder / "model"), L("--images"), q(m_folder / "images"),
                       L("--raw"), L("--out"), q(m_folder / "r.npy")})
                    .exitCode == 0);
        QStringList arguments = fit("det-greedy", "rank-gender", {L("--param"), L("target=Female:0.95,Male:0.05")});
        arguments.replaceInStrings(q(m_folder / "x.npy"), q(m_folder / "r.npy"));
        arguments.replaceInStrings(q(m_folder / "x.csv"), q(m_folder / "images/labels.csv"));
        arguments.replaceInStrings(L("group"), L("gender"));
        const test::Called fitted = plumb(arguments);
        QVERIFY2(fitted.exitCode == 0, fitted.err);
        const auto ndkl = [&](const QString& attributes, const char* state) {
            QStringList audit = onModel(
                "audit", {L("--debias"), q(m_folder / "rank-gender"), L("--also"), L("none"), L("--json"), L("-")});
            audit[audit.indexOf(L("--attribute")) + 1] = attributes;
            const test::Called called = plumb(audit);
            [&] { QVERIFY2(called.exitCode == 0, called.err); }();
            const Json all = called.json();
            for (const Json& table : all["debias"][0]["tables"])
                for (const Json& row : table["rows"])
                    if (table["id"] == "debias_price" && row["measure"] == "ndkl" && row["keys"][0] == "gender" &&
                        row["keys"][1] == state)
                        return row["value"]["value"].get<double>();
            return -1.0;
        };
        const double before = ndkl(L("gender"), "before"), after = ndkl(L("gender"), "after");
        QVERIFY(after >= 0 && std::abs(after - before) > 1e-6);
        for (const QString& attributes : {L("age,gender"), L("age")}) { // second, and not asked for at all
            QVERIFY2(std::abs(ndkl(attributes, "before") - before) < 1e-9, qPrintable(attributes));
            QVERIFY2(std::abs(ndkl(attributes, "after") - after) < 1e-9, qPrintable(attributes));
        }
    }

    void whatACardKnowsIsHeldAgainstTheAudit() {
        const test::Called compared =
            plumb(onModel("compare", {L("--method"), L("mean-difference"), L("--out"), q(m_folder / "known")}));
        QVERIFY2(compared.exitCode == 0, compared.err);
        const QStringList audit = onModel("audit", {L("--debias"), q(m_folder / "known/1-mean-difference"), L("--also"),
                                                    L("none"), L("--json"), L("-")});
        const test::Called same = plumb(audit);
        QVERIFY2(same.exitCode == 0, same.err);
        QVERIFY(same.out.contains("fitted on images of this very set") && !same.out.contains("of another model"));
        test::RandomClip tiny;
        tiny.contextLength = 40;
        test::writeRandomClip(m_folder / "unknown", tiny, Container::HuggingFace, 5);
        QStringList elsewhere = audit;
        elsewhere[elsewhere.indexOf(L("--model")) + 1] = q(m_folder / "unknown");
        const test::Called other = plumb(elsewhere);
        QVERIFY2(other.exitCode == 0, other.err);
        QVERIFY(other.out.contains("of another model"));
    }

    void comparesMethods() {
        const QStringList arguments = onModel(
            "compare", {L("--classes"), L("age"), L("--method"), L("leace"), L("--method"),
                        L("mean-difference:apply=both"), L("--method"), L("leace+det-cons:labels=predicted"),
                        L("--method"), L("det-cons:labels=given;target=uniform"), L("--method"), L("fa-ir:p=2")});
        const test::Called called =
            plumb(arguments + QStringList{L("--json"), q(m_folder / "c.json"), L("--csv"), q(m_folder / "c.csv"),
                                          L("--out"), q(m_folder / "fitted")});
        QVERIFY2(called.exitCode == 0, called.err);
        const Json study = Json::parse(test::readText(m_folder / "c.json"), nullptr, false);
        QCOMPARE(study["candidates"].size(), std::size_t(5));
        QCOMPARE(study["fit_rows"].get<int>() + study["select_rows"].get<int>() + study["audit_rows"].get<int>(), 160);
        QVERIFY(study["candidates"][3]["uses_true_labels"].get<bool>());
        QVERIFY(study["recommended"].get<int>() != 3 && study["recommended"].get<int>() != 4);
        for (int c = 0; c < 4; ++c)
            QVERIFY2(study["candidates"][c].value("failure", "").empty(), study["candidates"][c].dump().c_str());
        QVERIFY(!study["candidates"][4]["failure"].get<std::string>().empty()); // and the others went on
        QVERIFY(called.out.contains("fa-ir: ") && called.out.contains("untouched"));
        QVERIFY(test::readText(m_folder / "c.csv").find("zero_shot_accuracy") != std::string::npos);
        for (const char* name : {"1-leace", "2-mean-difference", "3-leace", "4-det-cons"})
            QVERIFY2(fs::exists(m_folder / "fitted" / name / "card.json"), name);
        QVERIFY(!fs::exists(m_folder / "fitted/5-fa-ir"));
        // The same again, with one of them from its folder: the same numbers.
        const test::Called again =
            plumb(onModel("compare", {L("--classes"), L("age"), L("--method"), L("leace"), L("--transform"),
                                      q(m_folder / "fitted/1-leace"), L("--json"), L("-")}));
        QVERIFY2(again.exitCode == 0, again.err);
        const Json both = again.json()["candidates"];
        QCOMPARE(both.size(), std::size_t(2));
        QCOMPARE(both[0]["price"], study["candidates"][0]["price"]);
        // What was written is dialled to the strength that was chosen: whole, it is the candidate.
        const double chosen = study["candidates"][0]["card"]["strength"].get<double>();
        const Json card = Json::parse(test::readText(m_folder / "fitted/1-leace/card.json"), nullptr, false);
        QCOMPARE(card["card"]["strength"].get<double>(), chosen);
        const auto ndkl = [](const Json& point) {
            for (const Json& number : point["audit"])
                if (number["attribute"] == "gender" && number["measure"] == "ndkl")
                    return number["value"].get<double>();
            return -1.0;
        };
        QVERIFY(chosen > 0);
        const auto point = std::ranges::find_if(
            both[0]["curve"], [&](const Json& one) { return std::abs(one["strength"].get<double>() - chosen) < 1e-9; });
        QVERIFY(std::abs(ndkl(both[1]["curve"].back()) - ndkl(*point)) < 1e-9);
        // A method that cannot be asked for like this is refused before anything is embedded.
        refuses(onModel("compare", {L("--method"), L("leace:colour=red")}), "colour", "nothing");
        // So is what could not be written at the end: nothing else is looked at before.
        for (const QStringList& where : {QStringList{L("--out"), q(m_folder / "x.csv/out")},
                                         {L("--json"), q(m_folder / "nowhere/c.json")},
                                         {L("--csv"), q(m_folder / "fitted")}}) {
            QStringList asked = onModel("compare", {L("--method"), L("leace")}) + where;
            asked[asked.indexOf(L("--model")) + 1] = q(m_folder / "no model");
            refuses(asked, where[1].toUtf8().constData(), "nothing");
        }
        // k is more than there is to rank: said.
        QStringList all = onModel("compare", {L("--method"), L("leace")});
        all[all.indexOf(L("-k")) + 1] = L("5000");
        const test::Called whole = plumb(all);
        QVERIFY2(whole.err.contains("k is 5000"), whole.err);
    }

    void comparesTheModelsBetweenTwo() {
        test::RandomClip tiny;
        tiny.contextLength = 40;
        test::writeRandomClip(m_folder / "other", tiny, Container::HuggingFace, 2);
        const test::Called called =
            plumb(onModel("compare", {L("--classes"), L("age"), L("--interpolate"), q(m_folder / "other"), L("--json"),
                                      q(m_folder / "between.json"), L("--out"), q(m_folder / "between")}));
        QVERIFY2(called.exitCode == 0, called.err);
        const Json study = Json::parse(test::readText(m_folder / "between.json"), nullptr, false);
        QCOMPARE(study["candidates"].size(), std::size_t(1)); // not every method, too
        const Json& candidate = study["candidates"][0];
        QVERIFY2(candidate["failure"].get<std::string>().empty(), candidate.dump().c_str());
        QCOMPARE(candidate["curve"].size(), std::size_t(6));
        QCOMPARE(candidate["card"]["name"].get<std::string>(), std::string("Interpolation with other"));
        const double alpha = candidate["card"]["strength"].get<double>();
        QCOMPARE(fs::exists(m_folder / "between/1-interpolation/model.safetensors"), alpha > 0);
        // The last point is the other model: the same curve where the models change places, read backwards.
        QStringList swapped = onModel(
            "compare", {L("--classes"), L("age"), L("--interpolate"), q(m_folder / "model"), L("--json"), L("-")});
        swapped.replaceInStrings(q(m_folder / "model"), q(m_folder / "other"));
        swapped[swapped.indexOf(L("--interpolate")) + 1] = q(m_folder / "model");
        const test::Called back = plumb(swapped);
        QVERIFY2(back.exitCode == 0, back.err);
        const auto skew = [](const Json& of, std::size_t point) {
            for (const Json& number : of["curve"][point]["audit"])
                if (number["attribute"] == "gender" && number["measure"] == "ndkl")
                    return number["value"].get<double>();
            return -1.0;
        };
        const Json other = back.json()["candidates"][0];
        for (const std::size_t point : {std::size_t(0), std::size_t(5)})
            QVERIFY2(std::abs(skew(candidate, point) - skew(other, 5 - point)) < 1e-6, candidate.dump().c_str());
        // Not the same weights: a sentence, no table.
        const test::Called lost =
            plumb(onModel("compare", {L("--interpolate"), q(m_folder / "nowhere"), L("--json"), L("-")}));
        QCOMPARE(lost.exitCode, 2); // nothing could be compared
        QVERIFY(!lost.json()["candidates"][0]["failure"].get<std::string>().empty());
    }

    void refusesWhatItCannotUse() {
        QVERIFY(plumb(fit("leace", "good")).exitCode == 0);
        refuses(fit("no-such-method", "bad"), "no-such-method", "bad");
        refuses(fit("leace", "bad", {L("--param"), L("colour=red")}), "colour", "bad");
        refuses(fit("leace", "bad", {L("--param"), L("shrinkage=maybe")}), "maybe", "bad");
        refuses(fit("leace", "bad", {L("--param"), L("shrinkage")}), "KEY=VALUE", "bad");
        refuses(fit("clip-clip", "bad", {L("--param"), L("m=1e400")}), "1e400", "bad");
        refuses(fit("biased-prompts", "bad"), "text", "bad");
        refuses(fit("joint-vl", "bad"), "text", "bad");
        refuses(fit("cf-alpha", "bad"), "cf-alpha", "bad");
        QStringList column = fit("leace", "bad");
        column.replaceInStrings(QRegularExpression(L("^group$")), L("colour"));
        refuses(column, "colour", "bad");
        QStringList unlabelled = fit("leace", "bad");
        unlabelled.removeAt(unlabelled.indexOf(L("--labels")) + 1);
        unlabelled.removeAt(unlabelled.indexOf(L("--labels")));
        refuses(unlabelled, "--labels", "bad");
        test::writeText(m_folder / "short.csv", "group\ngroup 0\ngroup 1\n");
        QStringList shorter = fit("leace", "bad");
        shorter.replaceInStrings(q(m_folder / "x.csv"), q(m_folder / "short.csv"));
        refuses(shorter, "240", "bad");
        std::string same = "group\n";
        for (int i = 0; i < 240; ++i)
            same += "group 0\n";
        test::writeText(m_folder / "same.csv", same);
        shorter.replaceInStrings(q(m_folder / "short.csv"), q(m_folder / "same.csv"));
        refuses(shorter, "group 0", "bad");
        Embeddings narrow(2, 5);
        std::ranges::fill(narrow.values, 1.0F);
        writeRows(m_folder / "narrow.npy", narrow);
        refuses(fit("joint-vl", "bad", {L("--text-embeddings"), q(m_folder / "narrow.npy")}), "16", "bad");
        test::writeText(m_folder / "broken.npy", "no array");
        QStringList broken = fit("leace", "bad");
        broken.replaceInStrings(q(m_folder / "x.npy"), q(m_folder / "broken.npy"));
        refuses(broken, "broken.npy", "bad");

        refuses(apply({L("nowhere")}, "image", "x.npy", "bad.npy"), "nowhere", "bad.npy");
        refuses(apply({L("good")}, "image", "x.npy", "bad.npy", {L("--strength"), L("2")}), "from 0 to 1", "bad.npy");
        refuses(apply({L("good")}, "image", "x.npy", "bad.npy", {L("--strength"), L("-0.5")}), "from 0 to 1",
                "bad.npy");
        refuses(apply({L("good")}, "image", "x.npy", "bad.npy", {L("--strength"), L("nan")}), "from 0 to 1", "bad.npy");
        refuses(apply({L("good")}, "image", "narrow.npy", "bad.npy"), "16", "bad.npy");
        QVERIFY(plumb(fit("det-cons", "ranking")).exitCode == 0);
        refuses(apply({L("ranking")}, "image", "x.npy", "bad.npy"), "--debias", "bad.npy");
        QCOMPARE(plumb(apply({L("good")}, "sound", "x.npy", "bad.npy")).exitCode, 2);
        const QStringList toExport = {L("debias"),          L("export"), L("--transform"),
                                      q(m_folder / "good"), L("--out"),  q(m_folder / "bad")};
        refuses(toExport + QStringList{L("--strength"), L("2")}, "from 0 to 1", "bad");
        refuses(toExport + QStringList{L("--transform"), q(m_folder / "nowhere")}, "nowhere", "bad");

        // Cards that are damaged in this way and that.
        const std::string card = test::readText(m_folder / "good/card.json");
        fs::copy(m_folder / "good", m_folder / "damaged");
        for (const std::string& text :
             {std::string(), std::string("{"), std::string("[]"), std::string("{\"format\":\"plumbline-debias-1\"}"),
              std::string("{\"format\":\"other\"}"), card.substr(0, card.size() / 2),
              std::string("{\"format\":\"plumbline-debias-1\",\"parts\":7}"),
              std::string("{\"format\":\"plumbline-debias-1\",\"parts\":[\"1\"]}")}) {
            test::writeText(m_folder / "damaged/card.json", text);
            refuses(apply({L("damaged")}, "image", "x.npy", "bad.npy"), "damaged", "bad.npy");
        }
        test::writeText(m_folder / "damaged/card.json", card);
        writeRows(m_folder / "damaged/image_matrix.npy", narrow); // of another shape
        refuses(apply({L("damaged")}, "image", "x.npy", "bad.npy"), "image_", "bad.npy");

        const auto audit = [&](const QStringList& more) {
            return onModel("audit", {L("--json"), q(m_folder / "bad.json")}) + more;
        };
        refuses(audit({L("--debias"), q(m_folder / "nowhere")}), "nowhere", "bad.json");
        QStringList embedded = audit({L("--debias"), q(m_folder / "good")});
        embedded.replaceInStrings(L("--images"), L("--embeddings"));
        refuses(embedded, "--embeddings", "bad.json");
        const auto compare = [&](const QStringList& more) {
            return onModel("compare", {L("--json"), q(m_folder / "bad.json")}) + more;
        };
        refuses(compare({L("--method"), L("no-such-method")}), "no-such-method", "bad.json");
        refuses(compare({L("--method"), L("leace:apply")}), "KEY=VALUE", "bad.json");
        refuses(compare({L("--method"), L("leace"), L("--classes"), L("colour")}), "colour", "bad.json");
        refuses(compare({L("--method"), L("leace"), L("--shares"), L("1,0,1")}), "above 0", "bad.json");
        refuses(compare({L("--method"), L("leace"), L("--split"), L("age")}), "fit, select and audit", "bad.json");
        refuses(compare({L("--method"), L("leace"), L("--audit-labels"), q(m_folder / "images/labels.csv")}), "160",
                "bad.json");
    }
};

QTEST_GUILESS_MAIN(TestDebias)
#include "tst_debias.moc"
