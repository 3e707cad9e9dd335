// SPDX-License-Identifier: GPL-3.0-or-later
// A report as pages: what it holds, what it leaves out, and what it refuses.
#include <algorithm>

#include <QApplication>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QSet>
#include <QStandardPaths>
#include <QTest>

#include "tests/support/test_support.h"
#include "ui/charts/pdf_guide.h"
#include "ui/charts/report_drawings.h"
#include "ui/charts/report_pdf.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

QString rows(int count) {
    QString all = QStringLiteral("<table><thead><tr><th>Prompt</th></tr></thead><tbody>");
    for (int i = 0; i < count; ++i)
        all += QStringLiteral("<tr><td class=\"t\">row %1</td></tr>").arg(i);
    return all + QStringLiteral("</tbody></table>");
}

QByteArray page(const QString& body) {
    return (QStringLiteral(
                "<!DOCTYPE html><html><head><title>Audit of A &amp; B</title><style>h1 { rem }</style></head>"
                "<body><main>") +
            body + QStringLiteral("</main></body></html>"))
        .toUtf8();
}

QByteArray read(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

qsizetype pages(const QByteArray& pdf) {
    static const QRegularExpression one(QStringLiteral("/Type /Page\\b(?!s)"));
    return QString::fromLatin1(pdf).count(one);
}

} // namespace

class TestReportPdf : public QObject {
    Q_OBJECT

private:
    test::TempFolder m_folder;
    QString file(const char* name) const { return QString::fromStdString((m_folder / name).string()); }
    QByteArray written(const QString& body) const {
        const QString path = file("a.pdf");
        return writeReportPdf(page(body), path) ? read(path) : QByteArray();
    }
    /// The text of a.pdf page by page; nothing where the program does not read it.
    QStringList sheets(const QString& reader) const {
        QProcess process;
        process.start(reader, {file("a.pdf"), QStringLiteral("-")});
        if (!process.waitForFinished() || process.exitCode() != 0)
            return {};
        return QString::fromUtf8(process.readAllStandardOutput()).split(u'\f');
    }
    /// The page that shows a word; -1: none.
    static qsizetype pageOf(const QStringList& sheets, QStringView word) {
        const auto found = std::ranges::find_if(sheets, [&](const QString& sheet) { return sheet.contains(word); });
        return found == sheets.end() ? -1 : found - sheets.begin();
    }

private Q_SLOTS:
    void itHasItsTitleAndAsManyPagesAsItNeeds() {
        const QByteArray one = written(QStringLiteral("<h2>Summary</h2><p>short</p>"));
        QVERIFY(one.startsWith("%PDF-"));
        QCOMPARE(pages(one), 1);
        const QByteArray title = QByteArrayLiteral("Audit of A & B"); // in the document's facts, perhaps as UTF-16
        QByteArray wide("\xfe\xff");
        for (const char c : title)
            wide += QByteArray(1, '\0') + c;
        QVERIFY(one.contains(title) || one.contains(wide) || one.contains('<' + wide.toHex() + '>'));
        const qsizetype many = pages(written(rows(400)));
        QVERIFY2(many >= 4 && many <= 20, qPrintable(QString::number(many)));
    }
    void headingsAndLinksLead() {
        const QString pdf = QString::fromLatin1(
            written(QStringLiteral("<h1>Audit</h1><p><a href=\"#far\">see there</a>, <a href=\"#nowhere\">not</a></p>"
                                   "<h2>Summary</h2><h3>By gender</h3>") +
                    rows(120) + QStringLiteral("<h2 id=\"far\">Method (é)</h2><p>words</p>")));
        const auto found = [&](const char* pattern) {
            const QRegularExpression expression(QString::fromLatin1(pattern),
                                                QRegularExpression::DotMatchesEverythingOption);
            QStringList all;
            for (auto matches = expression.globalMatch(pdf); matches.hasNext();)
                all << matches.next().captured(1);
            return all;
        };
        const QStringList sheets = found("/Kids \\[([^\\]]*)\\]").value(0).split(QStringLiteral(" 0 R"), Qt::SkipEmptyParts);
        QVERIFY(sheets.size() > 3);
        const QString first = sheets.front().trimmed(), last = sheets[sheets.size() - 2].trimmed(); // then a blank
        QVERIFY(pdf.contains(QStringLiteral("/PageMode /UseOutlines")));
        QVERIFY(pdf.contains(QStringLiteral("/Lang (en)")) && pdf.contains(QStringLiteral("/DisplayDocTitle true")));
        // Two entries, one of them with one below it that is folded; the report's own name is none.
        QCOMPARE(found("/Count (\\d+) [^>]*/Type /Outlines"), QStringList{QStringLiteral("2")});
        QCOMPARE(found("/Count (-1) "), QStringList{QStringLiteral("-1")});
        QVERIFY(pdf.contains(QStringLiteral("/Title (Summary)")) && pdf.contains(QStringLiteral("/Title (By gender)")));
        QVERIFY(!pdf.contains(QStringLiteral("/Title (Audit)")));
        // One link, to the page of its heading; so does the heading's entry.
        QCOMPARE(pdf.count(QStringLiteral("/Subtype /Link")), 1);
        const QStringList places = found("/Dest \\[ (\\d+) 0 R /XYZ");
        QCOMPARE(places.count(first), 2);
        QCOMPARE(places.count(last), 2);
        QCOMPARE(places.size(), 4);
        QCOMPARE(withGuide("no pages", {}).error().code, ErrorCode::Internal);
    }
    void whatWouldFillPagesIsLeftOut() {
        const auto folded = [](int count) {
            return QStringLiteral("<details><summary>more rows</summary>%1</details>").arg(rows(count));
        };
        QCOMPARE(pages(written(folded(400))), 1);
        QVERIFY(written(folded(30)).size() > written(folded(400)).size()); // a short one is printed
    }
    void chartsAndPicturesAreDrawn() {
        const QString chart = QStringLiteral("<svg role=\"img\" viewBox=\"0 0 400 200\" width=\"400\" height=\"200\" "
                                             "xmlns=\"http://www.w3.org/2000/svg\"><rect x=\"0\" y=\"0\" "
                                             "width=\"400\" height=\"%1\"/></svg>");
        const QByteArray with = written(chart.arg(150)), without = written(QString());
        QVERIFY(!with.isEmpty() && with.size() > without.size());
        QVERIFY(!with.contains("/Subtype /Image")); // a vector
        Drawings drawings(QSizeF(1000, 2000));
        QTextImageFormat format;
        format.setName(drawings.addChart(chart.arg(150)));
        const QSizeF size = drawings.intrinsicSize(nullptr, 0, format);
        QCOMPARE(size, QSizeF(1000, 500)); // as wide as the page, not wider
        format.setName(QStringLiteral("chart:7"));
        QVERIFY(drawings.intrinsicSize(nullptr, 0, format).isEmpty());
        format.setName(QStringLiteral("/etc/passwd"));
        QVERIFY(drawings.intrinsicSize(nullptr, 0, format).isEmpty());
    }
    void noPageIsEmptyBetweenHeadings() {
        for (int before = 40; before < 60; ++before) { // the heading comes to the end of the page
            const qsizetype count = pages(written(rows(before) + QStringLiteral("<h2>Next</h2>") + rows(5)));
            QVERIFY2(count <= 2, qPrintable(QString::number(before)));
        }
    }
    void aTableKeepsItsCaption() {
        const QString reader = QStandardPaths::findExecutable(QStringLiteral("pdftotext"));
        if (reader.isEmpty())
            QSKIP("pdftotext is not here");
        int moved = 0;
        for (int before = 40; before < 70; ++before) {
            QVERIFY(
                !written(rows(before) + QStringLiteral("<table><caption>captionz</caption><thead><tr><th>firstz</th>"
                                                       "</tr></thead><tbody><tr><td>rowz</td></tr></tbody></table>"))
                     .isEmpty());
            const QStringList text = sheets(reader);
            QVERIFY(pageOf(text, u"captionz") >= 0);
            QCOMPARE(pageOf(text, u"captionz"), pageOf(text, u"rowz"));
            QCOMPARE(text.filter(QStringLiteral("captionz")).size(), 1); // and is not in the text of the page before
            moved += pageOf(text, u"captionz") > 0 ? 1 : 0;
        }
        QVERIFY(moved > 0);
    }
    void aChartKeepsItsHeading_data() {
        QTest::addColumn<QString>("between");
        QTest::newRow("right under it") << QString();
        QTest::newRow("after a sentence") << QStringLiteral("<p>What the chart shows.</p>");
    }
    void aChartKeepsItsHeading() {
        QFETCH(const QString, between);
        const QString reader = QStandardPaths::findExecutable(QStringLiteral("pdftotext"));
        if (reader.isEmpty())
            QSKIP("pdftotext is not here");
        int moved = 0, alone = 0;
        for (int before = 40; before < 90; before += 2) {
            QVERIFY(!written(rows(before) +
                             QStringLiteral(
                                 "<h2>headingz</h2>%1<div class=\"scroll\"><svg role=\"img\" viewBox=\"0 0 400 300\" "
                                 "width=\"400\" height=\"300\" xmlns=\"http://www.w3.org/2000/svg\"><text x=\"9\" "
                                 "y=\"290\">chartz</text></svg></div><p>afterz</p>")
                                 .arg(between))
                         .isEmpty());
            const QStringList text = sheets(reader);
            QVERIFY(pageOf(text, u"headingz") >= 0);
            // The words of a chart are drawn: those after it say where it is.
            alone += pageOf(text, u"headingz") != pageOf(text, u"afterz") ? 1 : 0;
            moved += pageOf(text, u"headingz") > 0 ? 1 : 0;
        }
        QVERIFY(moved > 0);
        QVERIFY2(alone <= 1, qPrintable(QString::number(alone))); // where the chart just fits, what follows does not
    }
    void nothingIsLostWhereHeadingsMove() {
        const QString reader = QStandardPaths::findExecutable(QStringLiteral("pdftotext"));
        if (reader.isEmpty())
            QSKIP("pdftotext is not here");
        constexpr int kParts = 12;
        static const QRegularExpression word(QStringLiteral("(heading|remark|after)[0-9]+z"));
        for (int count = 10; count <= 24; ++count) {
            QString body;
            for (int i = 0; i < kParts; ++i)
                body += QStringLiteral("<h3>heading%1z</h3><p>remark%1z</p>%2<p>after%1z</p>").arg(i).arg(rows(count));
            QVERIFY(!written(body).isEmpty());
            QProcess process;
            process.start(reader, {file("a.pdf"), QStringLiteral("-")});
            QVERIFY(process.waitForFinished() && process.exitCode() == 0);
            QSet<QString> found;
            for (auto words = word.globalMatch(QString::fromUtf8(process.readAllStandardOutput())); words.hasNext();)
                found.insert(words.next().captured());
            QVERIFY2(found.size() == 3 * kParts,
                     qPrintable(QStringLiteral("%1 rows: %2 words").arg(count).arg(found.size())));
        }
    }
    void whatOnlyThePageMaySayIsSaidOtherwise() {
        const QString reader = QStandardPaths::findExecutable(QStringLiteral("pdftotext"));
        if (reader.isEmpty())
            QSKIP("pdftotext is not here");
        QVERIFY(!written(QStringLiteral("<p class=\"quiet number\">of this file's bytes</p>"
                                        "<p class=\"quiet lines\">one line\nanother line</p>"))
                     .isEmpty());
        QProcess process;
        process.start(reader, {QStringLiteral("-layout"), file("a.pdf"), QStringLiteral("-")});
        QVERIFY(process.waitForFinished() && process.exitCode() == 0);
        const QString text = QString::fromUtf8(process.readAllStandardOutput());
        QVERIFY(!text.contains(u"this file's bytes") && text.contains(u"report as HTML"));
        QVERIFY2(text.contains(u"one line\n"), qPrintable(text));
    }
    void whatIsNoReportIsRefusedAndNothingIsLost() {
        const QString path = file("old.pdf");
        test::writeText(m_folder / "old.pdf", "the old one");
        const auto refused = writeReportPdf("<html>", path);
        QVERIFY(!refused && refused.error().code == ErrorCode::InvalidArgument);
        QCOMPARE(read(path), QByteArray("the old one"));
        const auto nowhere = writeReportPdf(page(QString()), file("no/such/folder.pdf"));
        QVERIFY(!nowhere && nowhere.error().code == ErrorCode::FileUnwritable);
        QVERIFY(writeReportPdf(page(QString()), path).has_value());
        QVERIFY(read(path).startsWith("%PDF-"));
    }
};

QTEST_MAIN(TestReportPdf)
#include "tst_report_pdf.moc"
