// SPDX-License-Identifier: GPL-3.0-or-later
// The whole way in the window with the real engine: drop a model, drop photographs with their labels, write prompts,
// run, cancel, go on, close, reopen.
#include <QApplication>
#include <QComboBox>
#include <QDragEnterEvent>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStandardPaths>
#include <QTest>

#include "app/window/main_window.h"
#include "tests/support/test_support.h"
#include "tests/ui/named.h"
#include "ui/pages/audit/new_audit_panel.h"
#include "ui/pages/images/add_images_form.h"
#include "ui/pages/images/images_page.h"
#include "ui/pages/overview/overview_page.h"
#include "ui/widgets/tour_panel.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::named;

namespace {

constexpr int kImages = 400;
/// For work of the engine on a busy machine.
constexpr int kPatienceMs = 60'000;

QString text(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }

void drop(QWidget* window, const QList<std::filesystem::path>& paths) {
    QList<QUrl> urls;
    for (const auto& path : paths)
        urls.append(QUrl::fromLocalFile(text(path)));
    QMimeData data;
    data.setUrls(urls);
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier); // no drop without it
    QApplication::sendEvent(window, &enter);
    QDropEvent event(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window, &event);
}

} // namespace

class TestFlow : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void anAuditFromDropToResult() {
        PLUMBLINE_NEEDS_SHARED();
        const auto program = test::binaryFolder() / "bin" / "plumb";
        if (!std::filesystem::exists(program))
            QSKIP("needs the engine (target plumb), which is not built");
        const auto photographs = test::shared() / "data" / "fairface";
        const auto model = test::shared() / "fixtures" / "faceclip-a";
        if (!std::filesystem::exists(photographs / "fairface_label_val.csv"))
            QSKIP("needs the photographs, which are not here");

        test::TempFolder folder;
        std::string table; // the first rows of the labels, in a table of its own
        {
            const std::string all = test::readText(photographs / "fairface_label_val.csv");
            std::size_t end = 0;
            for (int line = 0; line <= kImages; ++line)
                end = all.find('\n', end) + 1;
            table = all.substr(0, end);
        }
        test::writeText(folder / "labels.csv", table);
        const QString settings = text(folder / "settings.ini");
        const QString project = text(folder / "flow.plumb");
        {
            auto made = store::Project::create(folder / "flow.plumb");
            QVERIFY(made.has_value());
        }
        // The engine of this test must not find embeddings of an earlier one.
        qputenv("XDG_CACHE_HOME", QFile::encodeName(text(folder / "cache")));
        auto window = std::make_unique<MainWindow>(text(program), settings);
        window->show();
        window->openProject(project);
        auto* lists = window->context().lists;
        QTRY_VERIFY_WITH_TIMEOUT(lists->isLoaded(), 30000);

        drop(window.get(), {model});
        QTRY_COMPARE_WITH_TIMEOUT(lists->models()->rowCount(), 1, kPatienceMs);
        QVERIFY(!lists->models()->records().front().card.vocabulary.empty());
        QTRY_VERIFY_WITH_TIMEOUT(lists->models()->records().front().card.selfCheck.passed, kPatienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(window->context().work->rowCount(), 0, kPatienceMs);

        drop(window.get(), {photographs, folder / "labels.csv"});
        AddImagesForm* form = window->imagesPage()->form();
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), kPatienceMs);
        auto* columns = named<QListWidget>(form, QStringLiteral("Columns that are attributes"));
        QVERIFY(columns->count() >= 4);
        form->submit();
        QTRY_COMPARE_WITH_TIMEOUT(lists->imageSets()->rowCount(), 1, kPatienceMs);
        QCOMPARE(lists->imageSets()->records().front().images, kImages);

        window->showNewAudit();
        NewAuditPanel* panel = window->auditPanel();
        named<QPlainTextEdit>(panel, QStringLiteral("Prompts, one a line"))
            ->setPlainText(QStringLiteral("a photo of a nurse\na photo of a pilot"));
        named<QLineEdit>(panel, QStringLiteral("How many top images to look at: a number, or a share such as 10%"))
            ->setText(QStringLiteral("10%"));
        auto* attributes = named<QListWidget>(panel, QStringLiteral("Attributes"));
        for (int row = 0; row < attributes->count(); ++row)
            attributes->item(row)->setCheckState(
                attributes->item(row)->data(Qt::UserRole) == QStringLiteral("gender") ? Qt::Checked : Qt::Unchecked);
        QString problem;
        QVERIFY2(panel->config(&problem).has_value(), qPrintable(problem));
        QTest::keyClick(window.get(), Qt::Key_F5);
        auto* work = window->context().work;
        QCOMPARE(work->rowCount(), 1);

        // Cancelled as soon as images are being embedded; the run says so and can go on.
        QTRY_VERIFY_WITH_TIMEOUT(work->rowCount() == 0 ||
                                     (work->index(0).data(RunningWork::TotalRole).toLongLong() == kImages &&
                                      work->index(0).data(RunningWork::DoneRole).toLongLong() > 0),
                                 kPatienceMs);
        QTest::keyClick(window.get(), Qt::Key_Escape);
        QTRY_COMPARE_WITH_TIMEOUT(work->rowCount(), 0, kPatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(lists->runs()->rowCount() == 1 &&
                                     lists->runs()->records().front().state != RunState::Running,
                                 kPatienceMs);
        if (lists->runs()->records().front().state == RunState::Cancelled) {
            const auto goOn = [&]() -> QPushButton* {
                for (auto* button : window->messages()->findChildren<QPushButton*>())
                    if (button->text() == QStringLiteral("Go on"))
                        return button;
                return nullptr;
            };
            QTRY_VERIFY_WITH_TIMEOUT(goOn() != nullptr, 30000);
            goOn()->click();
        }
        QTRY_VERIFY_WITH_TIMEOUT(lists->runs()->records().front().state == RunState::Done, kPatienceMs);
        QCOMPARE(lists->runs()->records().front().prompts, 2);
        QTRY_COMPARE_WITH_TIMEOUT(window->currentRoom(), QStringLiteral("runs"), kPatienceMs);
        window->close();
        window.reset();

        window = std::make_unique<MainWindow>(text(program), settings);
        window->restoreLastProject();
        lists = window->context().lists;
        QTRY_VERIFY_WITH_TIMEOUT(lists->isLoaded(), 30000);
        QCOMPARE(lists->models()->rowCount(), 1);
        QCOMPARE(lists->imageSets()->rowCount(), 1);
        QVERIFY(lists->runs()->records().front().state == RunState::Done);
        std::optional<AuditResult> result;
        window->context().project->ask<AuditResult>(
            this, [](store::Project& open) { return open.runResult(1); },
            [&](Result<AuditResult> answer) {
                if (answer)
                    result = std::move(*answer);
            });
        QTRY_VERIFY_WITH_TIMEOUT(result.has_value(), 30000);
        QCOMPARE(result->measurements.size(), std::size_t(2));
        // What was planted: nurses are taken for women, pilots for men (../shared/fixtures/faceclip-README.md).
        for (const auto& measurement : result->measurements) {
            const bool nurse = *measurement.prompt == "a photo of a nurse";
            for (const auto& group : measurement.groups)
                if (group.skew)
                    QCOMPARE(*group.skew > 0, (group.name == "Female") == nurse);
        }
    }

    /// An empty window, one click: the sample is painted, audited with both models, shown with its known truth.
    void theSampleInOneClick() {
        const auto program = test::binaryFolder() / "bin" / "plumb";
        if (!std::filesystem::exists(program))
            QSKIP("needs the engine (target plumb), which is not built");
        test::TempFolder folder;
        const QString settings = text(folder / "settings.ini");
        Settings(settings).setFolder(QStringLiteral("sample"), text(folder / "sample"));
        qputenv("XDG_CACHE_HOME", QFile::encodeName(text(folder / "cache")));
        MainWindow window(text(program), settings);
        window.show();
        for (auto* button : window.overviewPage()->findChildren<QPushButton*>())
            if (button->isVisible() && button->text() == QStringLiteral("Open the sample"))
                button->click();
        QTRY_COMPARE_WITH_TIMEOUT(window.context().work->rowCount(), 1, kPatienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(window.context().work->rowCount(), 0, 4 * kPatienceMs);
        QTRY_COMPARE_WITH_TIMEOUT(window.currentRoom(), QStringLiteral("runs"), kPatienceMs);
        auto* lists = window.context().lists;
        QTRY_COMPARE_WITH_TIMEOUT(lists->runs()->rowCount(), 2, kPatienceMs);
        for (const auto& run : lists->runs()->records())
            QVERIFY(run.state == RunState::Done);
        QTRY_VERIFY_WITH_TIMEOUT(window.findChild<TourPanel*>()->isVisible(), kPatienceMs);
        const auto says = [&](const QString& words) {
            for (const auto* label : window.findChildren<QLabel*>())
                if (label->isVisible() && label->text().contains(words))
                    return true;
            return false;
        };
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("Known truth: 6 of 6 planted leans found")), kPatienceMs);
    }
};

QTEST_MAIN(TestFlow)
#include "tst_flow.moc"
