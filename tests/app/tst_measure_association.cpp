// SPDX-License-Identifier: GPL-3.0-or-later
// plumb measure association, as a script calls it.
#include <cmath>

#include <QtTest>

#include "core/formats/npy.h"
#include "tests/app/plumb_process.h"

using namespace plumbline;
using test::plumb;
using test::q;
using test::Json;

class TestMeasureAssociation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { // METHODS F3
        write("x.npy", {1, .2F, .9F, .1F, .8F, .5F});
        write("y.npy", {.1F, 1, .3F, .9F, .6F, .7F});
        write("a.npy", {1, 0, .95F, .1F});
        write("b.npy", {0, 1, .1F, .9F});
        test::writeText(m_folder / "names.txt", "first\nsecond\nthird\n");
    }

    void fourSets() {
        const auto result = plumb(sets({QStringLiteral("--json"), QStringLiteral("-")}));
        QCOMPARE(result.exitCode, 0);
        const Json table = Json::parse(result.out.toStdString())["tables"][0];
        QCOMPARE(table["id"].get<std::string>(), std::string("weat"));
        const Json effect = row(table, "effect_size");
        QVERIFY(std::abs(effect["value"]["value"].get<double>() - 1.646118) < 1e-6);
        QVERIFY(std::abs(effect["value"]["p_value"].get<double>() - 0.1) < 1e-12);
        QVERIFY(effect["value"]["ci_low"].get<double>() < 1.646);
        QVERIFY(std::abs(row(table, "p_one_sided")["value"]["value"].get<double>() - 0.05) < 1e-12);
        QCOMPARE(row(table, "partitions")["value"]["value"].get<double>(), 20.0);
        const auto oneSided = plumb(sets({QStringLiteral("--one-sided"), QStringLiteral("--ddof"), QStringLiteral("0"),
                                          QStringLiteral("--json"), QStringLiteral("-")}));
        const Json other = row(Json::parse(oneSided.out.toStdString())["tables"][0], "effect_size");
        QVERIFY(std::abs(other["value"]["value"].get<double>() - 1.803231) < 1e-6);
        QVERIFY(std::abs(other["value"]["p_value"].get<double>() - 0.05) < 1e-12);
    }

    void csvAndText() {
        const QString csv = q(m_folder / "out.csv");
        QCOMPARE(
            plumb(sets({QStringLiteral("--csv"), csv, QStringLiteral("--name"), QStringLiteral("career")})).exitCode,
            0);
        const std::string text = test::readText(m_folder / "out.csv");
        QVERIFY(text.starts_with("table,keys,measure,value"));
        QVERIFY2(text.find("weat,test=career; sets=as given,effect_size,1.646") != std::string::npos, text.c_str());
        const auto shown = plumb(sets({}));
        QCOMPARE(shown.exitCode, 0);
        QVERIFY(shown.out.contains("effect_size") && shown.out.contains("1.646"));
    }

    void sampledPartitionsKeepToTheSeed() {
        const auto run = [&](const char* seed) {
            const auto result =
                plumb(sets({QStringLiteral("--partitions"), QStringLiteral("10"), QStringLiteral("--seed"),
                            QString::fromUtf8(seed), QStringLiteral("--json"), QStringLiteral("-")}));
            return Json::parse(result.out.toStdString())["tables"][0];
        };
        QCOMPARE(row(run("1"), "partitions")["value"]["value"].get<double>(), 10.0);
        QVERIFY(run("1") == run("1"));
    }

    void itemsOnTheirOwn() {
        const QStringList items = {QStringLiteral("measure"),        QStringLiteral("association"),
                                   QStringLiteral("--items"),        path("x.npy"),
                                   QStringLiteral("--attributes-a"), path("a.npy"),
                                   QStringLiteral("--attributes-b"), path("b.npy"),
                                   QStringLiteral("--json"),         QStringLiteral("-")};
        const auto result = plumb(items + QStringList{QStringLiteral("--item-names"), path("names.txt")});
        QCOMPARE(result.exitCode, 0);
        const Json table = Json::parse(result.out.toStdString())["tables"][0];
        QCOMPARE(table["id"].get<std::string>(), std::string("sc_weat"));
        QCOMPARE(table["rows"][0]["keys"][0].get<std::string>(), std::string("first"));
        QVERIFY(std::abs(table["rows"][0]["value"]["value"].get<double>() - 1.722838) < 1e-6);
        QCOMPARE(table["rows"][0]["enough"].get<bool>(), false); // two attributes a side
        const auto unnamed = plumb(items);
        QCOMPARE(Json::parse(unnamed.out.toStdString())["tables"][0]["rows"][2]["keys"][0].get<std::string>(),
                 std::string("row 3"));
        test::writeText(m_folder / "few.txt", "one\n");
        QCOMPARE(plumb(items + QStringList{QStringLiteral("--item-names"), path("few.txt")}).exitCode, 2);
    }

    void wrongUse() {
        const QStringList attributes = {QStringLiteral("--attributes-a"), path("a.npy"),
                                        QStringLiteral("--attributes-b"), path("b.npy")};
        const QStringList measure = {QStringLiteral("measure"), QStringLiteral("association")};
        QCOMPARE(plumb(measure + attributes).exitCode, 2);
        QCOMPARE(plumb(measure + attributes + QStringList{QStringLiteral("--targets-x"), path("x.npy")}).exitCode, 2);
        QCOMPARE(plumb(sets({QStringLiteral("--items"), path("x.npy")})).exitCode, 2);
        QCOMPARE(plumb(sets({QStringLiteral("--partitions"), QStringLiteral("1")})).exitCode, 2);
        QCOMPARE(plumb(sets({QStringLiteral("--ddof"), QStringLiteral("2")})).exitCode, 2);
        write("wide.npy", {1, 2, 3}, 3);
        const auto other = plumb(
            measure + attributes +
            QStringList{QStringLiteral("--targets-x"), path("wide.npy"), QStringLiteral("--targets-y"), path("y.npy")});
        QCOMPARE(other.exitCode, 2);
        QVERIFY2(other.err.contains("dimensions"), other.err.constData());
    }

private:
    void write(const char* name, const std::vector<float>& values, std::size_t dim = 2) const {
        auto writer = formats::NpyWriter::create(m_folder / name, dim);
        QVERIFY(writer && writer->append(values) && writer->finish());
    }
    QString path(const char* name) const { return q(m_folder / name); }
    QStringList sets(const QStringList& more) const {
        return QStringList{QStringLiteral("measure"),        QStringLiteral("association"),
                           QStringLiteral("--targets-x"),    path("x.npy"),
                           QStringLiteral("--targets-y"),    path("y.npy"),
                           QStringLiteral("--attributes-a"), path("a.npy"),
                           QStringLiteral("--attributes-b"), path("b.npy")} +
               more;
    }
    static Json row(const Json& table, const char* measure) {
        for (const Json& one : table["rows"])
            if (one["measure"] == measure)
                return one;
        return {};
    }
    test::TempFolder m_folder;
};

QTEST_GUILESS_MAIN(TestMeasureAssociation)
#include "tst_measure_association.moc"
