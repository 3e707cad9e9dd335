// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QRegularExpression>
#include <QSet>
#include <QTest>
#include <QXmlStreamReader>

#include "core/base/hash.h"
#include "core/data/labels.h"
#include "core/report/glossary.h"
#include "core/report/html_report.h"

using namespace plumbline;

#define L(text) QStringLiteral(text)

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

/// Run 8 against run 7: "prompt 3" leans less by MaxSkew, "prompt 5" more, the rest cannot be told.
RunComparison comparison() {
    RunComparison all;
    all.runs = {{7, "a", "", "faces", "2026-01-01"}, {8, "a", "LEACE", "faces", "2026-01-02"}};
    all.cautions = {"They differ in batch size."};
    MeasureTable means, prompts;
    means.id = kComparedMeansId;
    prompts.id = kComparedPromptsId;
    for (const char* of : {kOfFirst, kOfSecond, kOfDifference}) {
        const double value = of == kOfFirst ? 0.5 : of == kOfSecond ? 0.25 : -0.25;
        MeasureRow row{{"8", "gender", of, "images"}, "max_skew", {}, 900, true};
        row.value.value = value;
        if (of == kOfDifference) {
            row.value.ciLow = -0.375;
            row.value.ciHigh = -0.125;
            row.value.pValue = row.value.adjustedP = 0.0125;
        }
        means.rows.push_back(row);
    }
    for (int p = 0; p < 20; ++p)
        for (const char* of : {kOfFirst, kOfSecond, kOfDifference}) {
            MeasureRow row{{"8", "gender", "prompt " + std::to_string(p), of}, "max_skew", {}, 900, true};
            row.value.value = p == 3 ? -0.5 : p == 5 ? 0.0625 : 0.001;
            prompts.rows.push_back(row);
        }
    all.tables = {means, prompts};
    all.judged = {{8, "gender", "", "max_skew", Change::LeansLess},
                  {8, "gender", "prompt 3", "max_skew", Change::LeansLess},
                  {8, "gender", "prompt 5", "max_skew", Change::LeansMore}};
    all.moved = {{8, "prompt 3", 4, "x.jpg", 2, 50}, {8, "prompt 3", 5, "y.jpg", 90, 1}};
    return all;
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
    const AuditResult m_audit = audit();

private Q_SLOTS:
    void theMarkupIsWhole() {
        AuditResult hostile = audit();
        // As a label, a prompt, a model or a file could have them.
        const std::string text = "</main></td><script>alert(1)</script>&\"'\x01\xff\xed\xa0\x80 {{TITLE}}";
        hostile.provenance.modelName = hostile.config.modelPath = text;
        hostile.prompts[3] = text;
        for (Measurement& m : hostile.measurements) {
            if (m.prompt == "prompt 3")
                m.prompt = text;
            for (GroupMeasure& group : m.groups)
                group.name += text;
            m.warnings.push_back(text);
        }
        hostile.tables.front().title = hostile.tables.front().definition = text;
        hostile.skippedImages = {{text, text}};
        ImageSet images;
        images.root = text;
        images.labelsFile = images.preset = text;
        for (const char* name : {"gender", "race", "<b>religion</b>"})
            images.attributes.push_back(makeAttribute(name, std::vector<std::string>{"a" + text, "b", ""}));
        report::ReportInput input{&hostile, 7};
        input.auditor = input.imagesName = text;
        input.images = &images;
        input.labelSources.assign(3, {LabelSource::Kind::Annotated, text});
        input.mitigated = {{&hostile, text, 8, {DebiasCard()}}};
        input.mitigated.front().cards.front().name = text;
        input.notes = {{7, {}, true, text, text},
                       {7, {text, "gender", {}}, true, text, text},
                       {8, {"", "", 0}, true, text, text},
                       {7, {"", "", 1}, false, text, text}};
        input.notedImages = {{0, text, 0, {1, 2, 3}}, {1, text, 0, {}}};
        RunComparison compared = comparison();
        compared.runs.back().model = compared.cautions.front() = text;
        for (MeasureTable& table : compared.tables)
            for (MeasureRow& row : table.rows)
                row.keys[1] = text;
        compared.moved.front().prompt = compared.moved.front().file = text;
        input.comparison = &compared;
        for (const report::EvidenceKind kind : {report::EvidenceKind::None, report::EvidenceKind::Ids,
                                                report::EvidenceKind::Blurred, report::EvidenceKind::Thumbnails}) {
            input.evidence = {kind, {{text, {{0, text, 0.5, {1, 2, 3}}, {1, "b", 0.25, {}}}}}};
            const auto html = report::htmlReport(input);
            QVERIFY(html.has_value());
            const QString page = QString::fromStdString(*html);
            QXmlStreamReader reader(page);
            QString alternative;
            while (!reader.atEnd())
                if (reader.readNext() == QXmlStreamReader::StartElement) {
                    QVERIFY(reader.name() != L("script") && reader.name() != L("b"));
                    if (reader.name() == L("img"))
                        alternative = reader.attributes().value(L("alt")).toString();
                }
            QVERIFY2(!reader.hasError(), qPrintable(reader.errorString()));
            QCOMPARE(page.count(L("</main>")), 1);
            const bool pictures = kind == report::EvidenceKind::Blurred || kind == report::EvidenceKind::Thumbnails;
            QCOMPARE(page.contains(L("src=\"data:image/jpeg;base64,AQID\"")), pictures);
            QCOMPARE(alternative.startsWith(L("Rank 1 for “</main>")), pictures);
            // No name where pictures are blurred so that nobody is known.
            const QString evidence = between(page, L("<h2 id=\"evidence\">"), L("<h2 id=\"limitations\">"));
            QCOMPARE(evidence.contains(L("<td class=\"t\">b</td>")),
                     kind == report::EvidenceKind::Ids || kind == report::EvidenceKind::Thumbnails);
        }
    }

    void theNumberIsTheHashOfTheContents() {
        const auto html = report::htmlReport({&m_audit});
        QVERIFY(html.has_value());
        const std::size_t begin = html->find("<main>") + 6;
        const std::string number = sha256(std::string_view(*html).substr(begin, html->find("</main>") - begin));
        QVERIFY(html->find(">" + number + "<") != std::string::npos);
    }

    void whatWasNotLookedAtIsSaid() {
        ImageSet images;
        for (const char* name : {"gender", "race", "religion"})
            images.attributes.push_back(makeAttribute(name, std::vector<std::string>{"a", "b", "", "b"}));
        report::ReportInput input{&m_audit};
        input.images = &images;
        const QString page = QString::fromStdString(*report::htmlReport(input));
        const QString scope = between(page, L("<h2 id=\"scope\">"), L("<h2 id=\"model\">"));
        QVERIFY2(scope.contains(L("were not audited: religion (2 values).")), qPrintable(scope));
        QVERIFY(scope.contains(L("No crossing of attributes was audited")));
        const QString data = between(page, L("<h2 id=\"data\">"), L("<h2 id=\"method\">"));
        QVERIFY(data.contains(L("<td class=\"t\">b</td><td>2</td><td>50.0 %</td>")));
        QVERIFY(data.contains(L("<td class=\"t\">without a label</td><td>1</td><td>25.0 %</td>")));
        QVERIFY(data.contains(L("<td class=\"t\">b × b</td><td>2</td>")));
        QVERIFY(page.contains(L("No task was measured in this run")));
    }

    void whoLabelledAndWhatThePicturesAreIsSaid() {
        ImageSet images;
        for (const char* name : {"gender", "race"})
            images.attributes.push_back(makeAttribute(name, std::vector<std::string>{"a", "b"}));
        report::ReportInput input{&m_audit};
        input.images = &images;
        const auto data = [&] {
            return between(QString::fromStdString(*report::htmlReport(input)), L("<h2 id=\"data\">"),
                           L("<h2 id=\"method\">"));
        };
        input.labelSources.resize(2);
        QVERIFY(data().contains(L("is not recorded in the label table"))); // nothing was said
        QVERIFY(!data().contains(L("The pictures themselves")));
        input.labelSources[1] = {LabelSource::Kind::SelfReported, "a form"};
        QVERIFY(data().contains(
            L("<td class=\"t\">race</td><td class=\"t\">said by the people shown</td><td class=\"t\">a form</td>")));
        QVERIFY(data().contains(L("<td class=\"t\">gender</td><td class=\"t\">not known</td>")));
        ImageCheck check{"2026-11-23T09:00:00Z", {}, {}};
        input.imageCheck = &check;
        QVERIFY(data().contains(L("Looked at 2026-11-23T09:00:00Z: nothing was found.")));
        check.findings = {{ImageFlaw::OtherLabels, {0, 1}, {0, 0}, {}, {}}, {ImageFlaw::Small, {1}, {}, {90}, {}}};
        QVERIFY(data().contains(L("2 images are the same picture as another, or like it, with different labels")));
        QVERIFY(data().contains(L("1 image has a shorter side below 224 pixels")));
    }

    void selectionRatesAreThoseOfTheCutOff() {
        const QString rules = between(page(m_audit), L("<h3 id=\"ll144\">"), L("<h3 id=\"frameworks\">"));
        // 60 of 300 against 30 of 300.
        QVERIFY2(rules.contains(L("<td>300</td><td>33.3 %</td><td>60</td><td>20.0 %</td><td class=\"v\">1.00</td>")),
                 qPrintable(rules.left(3000)));
        QVERIFY(rules.contains(L("<tr class=\"sure\"><td class=\"t\">prompt 3</td><td class=\"t\">a</td>"
                                 "<td>300</td><td>33.3 %</td><td>30</td><td>10.0 %</td><td class=\"v\">0.50</td>")));
        QVERIFY(!page(m_audit).contains(L("compliant")));
    }

    void longVerdictsHaveTheirRoom() {
        const auto width = [](const QString& page) {
            static const QRegularExpression box(L("viewBox=\"0 0 ([0-9.]+) "));
            return box.match(page).captured(1).toDouble();
        };
        AuditResult result = audit();
        const double usual = width(page(result));
        for (Measurement& m : result.measurements)
            m.groups[1].name = "people of a group whose name is a whole sentence";
        const QString wide = page(result);
        QVERIFY(wide.contains(L(">leans towards people of a group whose name is a whole sentence")));
        QVERIFY2(width(wide) > usual + 80, qPrintable(QString::number(width(wide))));
        for (Measurement& m : result.measurements)
            m.groups[1].name = std::string(300, 'x');
        QVERIFY(width(page(result)) < 2 * usual); // cut with an ellipsis
    }

    void impactRatiosHaveTheirIntervals() {
        const QString table = between(page(m_audit), L("Selection rate: images"), L("</table>"));
        const qsizetype row = table.indexOf(L("<td class=\"t\">prompt 3</td><td class=\"t\">a</td>"));
        QVERIFY(row > 0);
        // 30 of 300 against 60 of 300. Wilson: 0.0709 to 0.1393 and 0.1587 to 0.2489; on the log scale
        // ln 0.5 -/+ sqrt(ln(r1/l1)^2 + ln(u2/r2)^2) and sqrt(ln(u1/r1)^2 + ln(r2/l2)^2).
        const QString cells = table.mid(row, table.indexOf(L("</tr>"), row) - row);
        QVERIFY2(cells.contains(L("<td class=\"v\">0.50</td><td>0.33 to 0.75</td>")), qPrintable(cells));
        QVERIFY(table.contains(L("<td class=\"v\">1.00</td><td>the highest</td>")));
    }

    void notesAreSaidWhereTheyAreLookedFor() {
        report::ReportInput input{&m_audit, 7};
        QVERIFY(!QString::fromStdString(*report::htmlReport(input)).contains(L("Notes of the auditor")));
        input.notes = {{7, {}, false, "Done in a hurry.", "2026-01-02T10:00:00Z"},
                       {7, {"prompt 3", "gender", {}}, true, "A cap is in sight.", "2026-01-02T10:00:00Z"},
                       {8, {"", "", 41}, true, "Two people.", "2026-01-03T10:00:00Z"}};
        input.notedImages = {{41, "secret.jpg", 0, {1, 2, 3}}};
        for (const auto kind : {report::EvidenceKind::Blurred, report::EvidenceKind::Thumbnails}) {
            input.evidence = {kind, {{"prompt 3", {{41, "secret.jpg", 0.5, {1, 2, 3}}, {42, "b", 0.25, {}}}}}};
            const QString page = QString::fromStdString(*report::htmlReport(input));
            const QString summary = between(page, L("<h2 id=\"summary\""), L("<h2 id=\"scope\""));
            QVERIFY(summary.contains(L("prompt 3, by gender: A cap is in sight.")));
            QVERIFY(!summary.contains(L("Two people.")));
            const QString notes = between(page, L("<h2 id=\"notes\""), L("<h2 id=\"evidence\""));
            QVERIFY(notes.contains(L("Done in a hurry.")) && notes.contains(L("A cap is in sight.")));
            const bool named = kind == report::EvidenceKind::Thumbnails;
            QVERIFY(notes.contains(named ? L("secret.jpg (run 8)") : L("number 42 (run 8)")));
            QCOMPARE(notes.count(L("<img ")), 1);
            QCOMPARE(page.contains(L("secret.jpg")), named);
            const QString evidence = page.mid(page.indexOf(L("<h2 id=\"evidence\"")));
            QVERIFY(evidence.contains(L("<figcaption>1, flagged</figcaption>")));
            QVERIFY(evidence.contains(L("<figcaption>2</figcaption>")));
        }
    }

    void otherRunsStandAgainstThisOne() {
        const RunComparison compared = comparison();
        report::ReportInput input{&m_audit, 7};
        input.comparison = &compared;
        input.evidence.kind = report::EvidenceKind::None;
        QString page = QString::fromStdString(*report::htmlReport(input));
        const QString summary = between(page, L("<h2 id=\"summary\""), L("<h2 id=\"scope\""));
        QVERIFY(summary.contains(L("run 8: a after LEACE on faces, 2026-01-02")));
        const QString counts = L("Of 20 differences of single prompts 1 lean more, 1 lean less, 18 cannot be told.");
        QVERIFY(summary.contains(counts));
        const QString section = between(page, L("<h2 id=\"comparison\""), L("<h2 id=\"evidence\""));
        QVERIFY(section.contains(counts));
        QVERIFY(section.contains(L("MaxSkew leans less (difference -0.250, 95 % interval -0.375 to -0.125)")));
        QVERIFY(section.contains(L("They differ in batch size.")));
        // What leans more comes first, then what leans less.
        QVERIFY(section.indexOf(L("prompt 5</td>")) < section.indexOf(L("prompt 3</td>")));
        QVERIFY(section.indexOf(L("prompt 3</td>")) < section.indexOf(L("prompt 0</td>")));
        QVERIFY(section.contains(L("number 6</td><td>90</td><td>1</td>")) && !page.contains(L("y.jpg")));
        input.evidence.kind = report::EvidenceKind::Ids;
        page = QString::fromStdString(*report::htmlReport(input));
        QVERIFY(page.contains(L("y.jpg</td><td>90</td><td>1</td>")));
    }

    void whatToDoNextFollowsFromTheResults() {
        const auto steps = [](const report::ReportInput& input) {
            return between(QString::fromStdString(*report::htmlReport(input)), L("<h3 id=\"next\""), L("</ul>"))
                .split(L("<li>"))
                .mid(1);
        };
        AuditResult result = audit();
        report::ReportInput input{&result, 7};
        QStringList said = steps(input);
        QCOMPARE(said.size(), 3);
        QVERIFY(said[0].contains(L("the surest lean, “prompt 3” by gender")));
        QVERIFY(said[1].contains(L("Try a debiasing method for gender")));
        QVERIFY(said[2].contains(L("the crossing of gender and race")));

        input.mitigated = {{&result, "LEACE", 8, {}}};
        input.evidence = {report::EvidenceKind::Ids, {{"prompt 3", {}}}};
        said = steps(input);
        QVERIFY(said[0].contains(L("href=\"#evidence\"")));
        QVERIFY(said[1].contains(L("href=\"#mitigation\"")));

        for (Measurement& m : result.measurements)
            for (GroupMeasure& group : m.groups)
                group.verdict = m.prompt < "prompt 15" ? Verdict::TooFewImages : Verdict::NoLean;
        input = {&result, 7};
        ImageSet images;
        ImageCheck check;
        check.findings = {{ImageFlaw::OtherLabels, {3}, {1}, {}, {}}};
        input.images = &images;
        input.imageCheck = &check;
        said = steps(input);
        QVERIFY2(said[0].contains(L("not enough evidence")), qPrintable(said[0]));
        QVERIFY(said[1].contains(L("1 picture has other labels")));
    }

    /// WCAG 2.1, 1.4.3: every colour that text has in the page against its grounds.
    void textsAreReadable() {
        const QString style = between(page(m_audit), L("<style>"), L("</style>"));
        const auto luminance = [](QStringView hex) {
            double sum = 0;
            const bool brief = hex.size() == 3;
            for (int i = 0; i < 3; ++i) {
                const int digits = hex.mid(brief ? i : 2 * i, brief ? 1 : 2).toInt(nullptr, 16) * (brief ? 17 : 1);
                const double c = digits / 255.0;
                sum += (i == 0 ? 0.2126 : i == 1 ? 0.7152 : 0.0722) *
                       (c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
            }
            return sum;
        };
        static const QRegularExpression colour(L("[ {;](?:color|fill): #([0-9a-f]{3,6})\\b"));
        static const QRegularExpression ground(L("background: #([0-9a-f]{3,6})\\b"));
        int pairs = 0;
        for (const auto& text : colour.globalMatch(style))
            for (const auto& under : ground.globalMatch(style)) {
                const double a = luminance(text.captured(1)), b = luminance(under.captured(1));
                const double contrast = (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
                QVERIFY2(contrast >= 4.5, qPrintable(text.captured() + L(" on ") + under.captured()));
                ++pairs;
            }
        QVERIFY(pairs >= 12);
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
        QVERIFY(places.contains(named));
        const QString contents = between(html, QStringLiteral("<nav"), QStringLiteral("</nav>"));
        const QString sections = between(html, QStringLiteral("<main>"), QStringLiteral("</main>"));
        int level = 1;
        for (const auto& match :
             QRegularExpression(QStringLiteral("<h([2-6])( id=\"([^\"]+)\")?>")).globalMatch(sections)) {
            const int next = match.captured(1).toInt();
            QVERIFY(next <= level + 1); // no level is left out
            level = next;
            if (next == 2)
                QVERIFY2(contents.contains(L("href=\"#%1\"").arg(match.captured(3))), qPrintable(match.captured(3)));
        }
        for (const char* title :
             {"By gender", "By race", "Harmful labels, the other way", "Further numbers of the rankings"})
            QVERIFY2(contents.contains(QString::fromUtf8(title)), title);
    }

    void theGlossaryIsFoundByWhatTablesCallThings() {
        QCOMPARE(report::glossaryEntry("max_skew")->term, std::string_view("MaxSkew"));
        QCOMPARE(report::glossaryEntry("p, holm")->id, std::string_view("g-corrected"));
        QCOMPARE(report::glossaryEntry("P")->id, std::string_view("g-p"));
        QVERIFY(!report::glossaryEntry("prompt") && !report::glossaryEntry(""));
        const QString html = page(m_audit);
        for (const report::GlossaryEntry& entry : report::glossary())
            QVERIFY2(
                html.contains(L("<dt id=\"%1\">").arg(QString::fromUtf8(entry.id.data(), qsizetype(entry.id.size())))),
                entry.id.data());
    }
    void findingsAreSaidFirstWithTheirIntervals() {
        const QString summary = between(page(audit()), L("<h2 id=\"summary\">"), L("<h2 id=\"scope\">"));
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
        const QString summary = between(page(result), QStringLiteral("To be kept in mind"), L("<h2 id=\"scope\">"));
        QCOMPARE(summary.count(QStringLiteral("7 images have no value.")), 1); // of all, so without a number
        QVERIFY2(summary.contains(QStringLiteral("By race, 3 of 20 prompts: Not among the top k: c.")),
                 qPrintable(summary));
        QVERIFY2(summary.contains(QStringLiteral("By race: 17 more remarks about single prompts")),
                 qPrintable(summary));
    }

    void theChosenCorrectionIsShown() {
        AuditResult result = audit();
        QVERIFY(
            page(result).contains(L("<a href=\"#g-corrected\">p, Holm</a></th><th scope=\"col\"><a href=\"#g-p\">p</a>"
                                    "</th><th scope=\"col\">In top")));
        result.config.measure.correction = Correction::FalseDiscovery;
        const QString html = page(result);
        QVERIFY(html.contains(QStringLiteral("p, FDR</a></th>")) && html.contains(QStringLiteral("<td>0.330</td>")));
    }
};

QTEST_APPLESS_MAIN(TestHtmlReport)
#include "tst_html_report.moc"
