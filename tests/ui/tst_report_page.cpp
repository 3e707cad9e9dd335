// SPDX-License-Identifier: GPL-3.0-or-later
// The page Report, driven as a user drives it, on a real project with the real engine.
#include <QApplication>
#include <QComboBox>
#include <QFile>
#include <QLineEdit>
#include <QListWidget>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>

#include "tests/ui/engine_bench.h"
#include "tests/ui/named.h"
#include "ui/charts/page_view.h"
#include "ui/charts/report_pages.h"
#include "ui/pages/report/report_page.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::button;
using plumbline::test::EngineBench;
using plumbline::test::kLong;
using plumbline::test::named;
using plumbline::test::says;

namespace {

/// A report of so many paragraphs.
QByteArray html(int paragraphs) {
    QByteArray text = "<!DOCTYPE html><html><head><title>Audit of A</title></head><body><main>";
    for (int i = 0; i < paragraphs; ++i)
        text += "<p>paragraph " + QByteArray::number(i) + "</p>";
    return text + "</main></body></html>";
}

/// Pixels that are not those of the paper.
qsizetype inked(const QImage& image) {
    qsizetype count = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            count += qGray(image.pixel(x, y)) < 128 ? 1 : 0;
    return count;
}

} // namespace

class TestReportPage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QLocale::setDefault(QLocale::c());
    }

    void pagesArePaintedWhenTheyAreInSight() {
        auto pages = ReportPages::layOut(html(400));
        QVERIFY(pages.has_value());
        const int count = (*pages)->count();
        QVERIFY(count > 4);
        QCOMPARE((*pages)->title(), QStringLiteral("Audit of A"));
        const QImage sheet = (*pages)->picture(1, 600);
        QCOMPARE(sheet.size(), QSize(600, 849)); // A4: 210 x 297 mm
        QVERIFY(inked(sheet) > 500);
        QVERIFY(inked(sheet.copy(0, 0, 600, 40)) == 0); // the margin
        QVERIFY(!ReportPages::layOut("<p>something else</p>").has_value());

        PageView view;
        view.resize(500, 700);
        view.show();
        QSignalSpy spy(&view, &PageView::currentPageChanged);
        view.setReport(html(400));
        QTRY_COMPARE_WITH_TIMEOUT(view.count(), count, kLong);
        QCOMPARE(view.currentPage(), 0);
        QTRY_VERIFY_WITH_TIMEOUT(inked(view.viewport()->grab().toImage()) > 500, kLong);
        QTest::keyClick(&view, Qt::Key_End);
        QCOMPARE(view.currentPage(), count - 1);
        QTRY_VERIFY_WITH_TIMEOUT(inked(view.viewport()->grab().toImage()) > 100, kLong);
        QTest::keyClick(&view, Qt::Key_Home);
        QCOMPARE(view.currentPage(), 0);
        view.showPage(2);
        QCOMPARE(view.currentPage(), 2);
        QCOMPARE(spy.back()[0].toInt(), 2);
        QSignalSpy laidOut(&view, &PageView::laidOut);
        view.setReport(html(10)); // overtaken
        view.setReport({});
        QCOMPARE(view.count(), 0);
        view.setReport("<p>something else</p>");
        QTRY_COMPARE_WITH_TIMEOUT(laidOut.count(), 1, kLong);
        QCOMPARE(laidOut[0][0].toBool(), false);
        QCOMPARE(view.currentPage(), -1);
    }

    void anEmptyPageSaysWhatItLacks() {
        EngineBench bench;
        ReportWriter writer(bench.context);
        ReportPage page(bench.context, &writer);
        bench.show(page);
        QSignalSpy project(&page, &ReportPage::projectNeeded), audit(&page, &ReportPage::auditWanted);
        button(&page, QStringLiteral("New project…"))->click();
        QCOMPARE(project.count(), 1);
        QVERIFY(store::Project::create(bench.path()).has_value());
        bench.open();
        QTRY_VERIFY(says(&page, QStringLiteral("has none yet")));
        button(&page, QStringLiteral("New audit"))->click();
        QCOMPARE(audit.count(), 1);
        QVERIFY(button(&page, QStringLiteral("Write HTML…")) == nullptr);
    }

    void thePagesAreOfWhatIsChosen() {
        EngineBench bench;
        bench.make();
        bench.open();
        ReportWriter writer(bench.context);
        QList<Message> messages;
        connect(&writer, &ReportWriter::raised, this, [&](const Message& message) { messages.append(message); });
        ReportPage page(bench.context, &writer);
        bench.show(page);
        page.showReport(1);
        QTRY_VERIFY_WITH_TIMEOUT(page.pages()->count() > 2, kLong);
        const int alone = page.pages()->count();
        QVERIFY(says(&page, QStringLiteral("Page 1 of %1").arg(alone)));

        // With a comparison there are more.
        page.showReport(1, {2});
        QCOMPARE(page.wish().others, QList<qint64>{2});
        QTRY_VERIFY_WITH_TIMEOUT(page.pages()->count() > alone, kLong);
        const int compared = page.pages()->count();

        // A note that was written meanwhile is on them.
        bench.project.ask<int>(
            this,
            [](store::Project& project) -> Result<int> {
                PLUMBLINE_CHECK(project.setNote({1, {}, true, std::string(20000, 'x'), "", 0}));
                return 1;
            },
            [](Result<int>) {});
        QTRY_VERIFY_WITH_TIMEOUT(page.pages()->count() > compared, kLong);

        named<QLineEdit>(&page, QStringLiteral("Auditor"))->setText(QStringLiteral("A. Example"));
        auto* evidence = named<QComboBox>(&page, QStringLiteral("Images"));
        evidence->setCurrentIndex(evidence->findData(QStringLiteral("none")));
        QVERIFY(says(&page, QStringLiteral("No picture and no file name.")));
        QCOMPARE(page.wish(), (ReportWish{1, {2}, QStringLiteral("none"), QStringLiteral("A. Example")}));
        const QString file = QString::fromStdString((bench.folder / "r.html").string());
        writer.write(page.wish(), file);
        QTRY_VERIFY_WITH_TIMEOUT(!messages.isEmpty() && messages.back().text.contains(QStringLiteral("was written to")),
                                 kLong);
        QFile written(file);
        QVERIFY(written.open(QIODevice::ReadOnly));
        const QByteArray html = written.readAll();
        QVERIFY(html.contains("A. Example") && html.contains("id=\"comparison-1\"") && html.contains("id=\"notes\""));
        QTRY_COMPARE_WITH_TIMEOUT(bench.settings.auditor(), QStringLiteral("A. Example"), kLong);

        // Run 3 has another k: no pages, and the reason.
        messages.clear();
        page.showReport(1, {3});
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("There is no preview of this report.")), kLong);
        QCOMPARE(page.pages()->count(), 0);
        QVERIFY(messages.size() == 1 && messages[0].text.contains(QStringLiteral("runs to compare")));
        page.showReport(1);
        QTRY_VERIFY_WITH_TIMEOUT(page.pages()->count() > 2, kLong);

        // What is looked at elsewhere is followed once: a choice made here stays.
        page.follow(2);
        QCOMPARE(page.wish().run, qint64(2));
        page.showReport(1);
        page.follow(2);
        QCOMPARE(page.wish().run, qint64(1));
    }
};

QTEST_MAIN(TestReportPage)
#include "tst_report_page.moc"
