// SPDX-License-Identifier: GPL-3.0-or-later
#include <QRegularExpression>
#include <QSet>
#include <QTest>
#include <QXmlStreamReader>

#include "core/report/html_report.h"

using namespace plumbline;

namespace {

/// 20 prompts about three groups; "prompt 3" leans, its second group surely.
AuditResult audit() {
    AuditResult result;
    result.config.attributes = {"gender", "race"};
    result.images = 900;
    for (int p = 0; p < 20; ++p) {
        result.prompts.push_back("prompt " + std::to_string(p));
        for (const std::string& attribute : result.config.attributes) {
            Measurement m;
            m.attribute = attribute;
            m.prompt = result.prompts.back();
            m.n = 900;
            m.k = m.kEffective = 100;
            m.tests = 120;
            for (const char* name : {"a", "b", "c"}) {
                GroupMeasure group;
                group.name = name;
                group.poolCount = 300;
                group.poolShare = group.targetShare = 1.0 / 3;
                const bool sure = p == 3 && group.name == "b";
                group.topCount = sure ? 60 : 30;
                group.topShare = 0.01 * static_cast<double>(group.topCount);
                group.skew = sure ? 0.59 : -0.1;
                group.ciLow = *group.skew - 0.15;
                group.ciHigh = *group.skew + 0.15;
                group.nullLow = -0.3;
                group.nullHigh = 0.25;
                group.pValue = group.adjustedP = sure ? 0.0001 : 0.8;
                group.falseDiscovery = 0.33;
                group.verdict = sure ? Verdict::Towards : Verdict::NoLean;
                group.gapLow = -0.01;
                group.gapHigh = 0.0123;
                m.groups.push_back(group);
            }
            m.maxSkew.value = 0.1;
            m.ndkl = {0.0321, 0.0123, 0.0456, {}, {}, {}, {}, {}};
            MetricValue kl;
            kl.value = 0.02;
            m.more.push_back({"kl", kl, "a divergence"});
            result.measurements.push_back(std::move(m));
        }
    }
    MeasureTable table;
    table.id = "harm_rates";
    table.kind = "harm";
    table.title = "Harmful labels";
    table.definition = "Share & such.";
    table.countOf = "images";
    table.keys = {"label"};
    for (int i = 0; i < 50; ++i) {
        MeasureRow row{{"<b>" + std::to_string(i)}, "rate_difference", {}, 10, true};
        row.value.adjustedP = row.value.pValue = i == 40 ? 0.001 : 0.9;
        table.rows.push_back(row);
    }
    result.tables = {table, table};
    result.tables[1].title = "Harmful labels, the other way";
    result.tables[1].rows.resize(5);
    return result;
}

QString page(const AuditResult& result) {
    const auto html = report::htmlReport({&result});
    return html ? QString::fromStdString(*html) : QString();
}

/// From `from` up to the next `to`.
QString between(const QString& text, const QString& from, const QString& to) {
    const qsizetype begin = text.indexOf(from);
    return begin < 0 ? QString() : text.mid(begin, text.indexOf(to, begin) - begin);
}

} // namespace

class TestHtmlReport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theMarkupIsWhole() {
        const QString html = page(audit());
        QXmlStreamReader reader(between(html, QStringLiteral("<main>"), QStringLiteral("</main>")) +
                                QStringLiteral("</main>"));
        while (!reader.atEnd())
            reader.readNext();
        QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
        QVERIFY(!html.contains(QStringLiteral("<b>4"))); // a label is no markup
        QVERIFY(!html.contains(QStringLiteral("<script")));
    }

    void theContentsLeadEverywhere() {
        const QString html = page(audit());
        QSet<QString> places, named;
        for (const auto& match : QRegularExpression(QStringLiteral(" id=\"([^\"]+)\"")).globalMatch(html)) {
            QVERIFY2(!places.contains(match.captured(1)), qPrintable(match.captured(1)));
            places << match.captured(1);
        }
        for (const auto& match : QRegularExpression(QStringLiteral("href=\"#([^\"]+)\"")).globalMatch(html))
            named << match.captured(1);
        QCOMPARE(named, places);
        // Two attributes, harm with two tables, further numbers with two, method, repetition.
        QCOMPARE(places.size(), 10);
        const QString contents = between(html, QStringLiteral("<nav"), QStringLiteral("</nav>"));
        for (const char* title :
             {"By gender", "By race", "Harmful labels, the other way", "Further numbers of the rankings"})
            QVERIFY2(contents.contains(QString::fromUtf8(title)), title);
    }

    void findingsAreSaidFirstWithTheirIntervals() {
        const QString summary = between(page(audit()), QStringLiteral("<h2>Summary"), QStringLiteral("<nav"));
        QVERIFY2(summary.contains(QStringLiteral("prompt 3: leans towards b")), qPrintable(summary));
        QVERIFY2(summary.contains(QStringLiteral("(skew 0.59, 95 % interval 0.44 to 0.74)")), qPrintable(summary));
        QVERIFY(!summary.contains(QStringLiteral("prompt 4")));
        AuditResult withGaps = audit();
        for (Measurement& measurement : withGaps.measurements)
            for (GroupMeasure& group : measurement.groups)
                group.gapInSd = -1.84;
        QVERIFY(page(withGaps).contains(QStringLiteral("0.44 to 0.74, mean scores 1.8 sd apart)")));
    }

    void longTablesShowTheirFindingsAndFoldTheRest() {
        const QString html = page(audit());
        const QString gender =
            between(html, QStringLiteral("<h2 id=\"attribute-1\">"), QStringLiteral("<h2 id=\"attribute-2\">"));
        const QString first = between(gender, QStringLiteral("Every number of the chart"), QStringLiteral("<details>"));
        QCOMPARE(first.count(QStringLiteral("<td class=\"t\">prompt ")), 4 * 3); // the one that leans and a few more
        QVERIFY(first.indexOf(QStringLiteral("prompt 3<")) < first.indexOf(QStringLiteral("prompt 0<")));
        QVERIFY(gender.contains(QStringLiteral("<summary>48 more rows</summary>")));
        QCOMPARE(gender.count(QStringLiteral("<td class=\"t\">prompt ")), 2 * 60 + 20); // nothing is left out
        QVERIFY(gender.contains(QStringLiteral("0.0321").left(5)) &&
                gender.contains(QStringLiteral("0.01 to 0.05")));      // NDKL's interval
        QVERIFY(gender.contains(QStringLiteral("-0.0100 to 0.0123"))); // the gap's

        const QString harm =
            between(html, QStringLiteral("<h3 id=\"table-1\">"), QStringLiteral("<h3 id=\"table-2\">"));
        QVERIFY(harm.contains(QStringLiteral("1 of 50 tests are significant after correction; they come first.")));
        QVERIFY(harm.indexOf(QStringLiteral("&lt;b&gt;40<")) < harm.indexOf(QStringLiteral("&lt;b&gt;0<")));
        QVERIFY(harm.contains(QStringLiteral("<summary>38 more rows</summary>")));
        QCOMPARE(harm.count(QStringLiteral("rate difference")), 50);
        const QString few = between(html, QStringLiteral("<h3 id=\"table-2\">"), QStringLiteral("<h2"));
        QVERIFY(!few.contains(QStringLiteral("<details>")));
    }

    void remarksSayHowManyPromptsTheyAreAbout() {
        AuditResult result = audit();
        for (std::size_t i = 0; i < result.measurements.size(); ++i) {
            Measurement& m = result.measurements[i];
            m.warnings = {"7 images have no value."};
            if (m.attribute == "race" && i < 6)
                m.warnings.push_back("Not among the top k: c.");
            if (m.attribute == "race")
                m.warnings.push_back("Only about " + *m.prompt + ".");
        }
        const QString summary = between(page(result), QStringLiteral("To be kept in mind"), QStringLiteral("<nav"));
        QCOMPARE(summary.count(QStringLiteral("7 images have no value.")), 1); // of all, so without a number
        QVERIFY2(summary.contains(QStringLiteral("By race, 3 of 20 prompts: Not among the top k: c.")),
                 qPrintable(summary));
        QVERIFY2(summary.contains(QStringLiteral("By race: 17 more remarks about single prompts")),
                 qPrintable(summary));
    }

    void theChosenCorrectionIsShown() {
        AuditResult result = audit();
        QVERIFY(page(result).contains(QStringLiteral("p, Holm</th><th scope=\"col\">p</th><th scope=\"col\">In top")));
        result.config.measure.correction = Correction::FalseDiscovery;
        const QString html = page(result);
        QVERIFY(html.contains(QStringLiteral("p, FDR</th>")) && html.contains(QStringLiteral("<td>0.330</td>")));
    }
};

QTEST_APPLESS_MAIN(TestHtmlReport)
#include "tst_html_report.moc"
