// SPDX-License-Identifier: GPL-3.0-or-later
// From the empty window to an exported report without a pointing device: every step is a key, sent to whatever has the
// keyboard, with the real engine and the sample. A control that Tab does not reach, or that has no name for
// screen readers when it is reached, fails the walk.
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QDir>
#include <QFileDialog>
#include <QLineEdit>
#include <QStandardPaths>
#include <QTest>
#include <QTimer>

#include "app/window/main_window.h"
#include "tests/support/test_support.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/page_view.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/charts/plumb_table.h"
#include "ui/pages/compare/compare_page.h"
#include "ui/pages/compare/comparison_view.h"
#include "ui/pages/images/add_images_form.h"
#include "ui/pages/images/images_page.h"
#include "ui/pages/report/report_page.h"
#include "ui/pages/runs/note_dialog.h"
#include "ui/pages/runs/runs_page.h"
#include "ui/widgets/tour_panel.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

constexpr int kLong = 120'000; ///< for the engine on a busy machine
constexpr int kMostTabs = 120;

QString text(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

/// What the keyboard acts on. There is no window manager here: what a closed dialog leaves is activated as one would.
QWidget* target() {
    if (QApplication::activeWindow() == nullptr)
        for (QWidget* window : QApplication::topLevelWidgets())
            if (auto* main = qobject_cast<MainWindow*>(window)) {
                main->activateWindow();
                (void)QTest::qWaitForWindowActive(main);
            }
    if (QWidget* popup = QApplication::activePopupWidget())
        return popup;
    if (QWidget* focus = QApplication::focusWidget())
        return focus;
    return QApplication::activeWindow();
}

void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QTest::keyClick(target(), key, modifiers);
    QCoreApplication::processEvents();
}

void type(const QString& words) {
    QTest::keyClicks(target(), words);
    QCoreApplication::processEvents();
}

/// What a screen reader says of the control that has the keyboard.
QString nameOf(QWidget* widget) {
    for (QWidget* each = widget; each != nullptr && !each->isWindow(); each = each->parentWidget())
        if (QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(each))
            if (const QString name = readable->text(QAccessible::Name); !name.isEmpty())
                return QString(name).remove(u'&');
    return {};
}

/// Goes on by Tab to the control of that name; whatever it passes must have a name, too.
bool tabTo(const QString& name, QString* passed) {
    for (int i = 0; i < kMostTabs; ++i) {
        QWidget* here = QApplication::focusWidget();
        const QString said = here != nullptr ? nameOf(here) : QString();
        if (said == name)
            return true;
        *passed += said + QStringLiteral(" | ");
        if (here != nullptr && said.isEmpty()) {
            *passed += QLatin1String("NO NAME: ") + QLatin1String(here->metaObject()->className());
            return false;
        }
        press(Qt::Key_Tab);
    }
    return false;
}

/// Where a control is in its window, with what is drawn around it.
QRect placeOf(const QWidget* widget) {
    constexpr int kFrame = 4;
    return QRect(widget->mapTo(widget->window(), QPoint(0, 0)), widget->size())
        .adjusted(-kFrame, -kFrame, kFrame, kFrame);
}

/// Answers the file dialog that opens by typing the path.
void answerDialog(const QString& path) {
    auto* timer = new QTimer(qApp);
    timer->setInterval(50);
    QObject::connect(timer, &QTimer::timeout, timer, [timer, path, tries = 0]() mutable {
        auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
        if (dialog == nullptr || !dialog->isVisible())
            return;
        auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        const bool ready = name != nullptr && name->hasFocus(); // where Qt puts the keyboard, in a moment
        if (!ready && ++tries < 200)
            return;
        timer->deleteLater();
        timer->stop();
        if (!ready) {
            dialog->reject();
            return;
        }
        name->selectAll();
        type(path);
        if (QApplication::activePopupWidget() != nullptr) // with its list of completions open, Qt may take another one
            press(Qt::Key_Escape);
        press(Qt::Key_Return);
    });
    timer->start();
}

/// Runs a command by its name, as one who does not know its keys does.
void command(const QString& words) {
    press(Qt::Key_K, Qt::ControlModifier);
    type(words);
    press(Qt::Key_Return);
}

/// Into the folder of the screenshots: the README shows some of them.
void picture(MainWindow& window, const char* name) {
    QTest::qWait(1500); // thumbnails, curves
    const QDir folder(text(test::binaryFolder() / "screenshots"));
    QVERIFY(folder.mkpath(QStringLiteral(".")));
    QVERIFY(window.grab().save(folder.filePath(QLatin1String(name) + QStringLiteral(".png"))));
}

} // namespace

#define TAB_TO(name)                                                                                                   \
    do {                                                                                                               \
        QString passed;                                                                                                \
        QVERIFY2(tabTo(name, &passed), qPrintable(QStringLiteral("no %1 among %2").arg(name, passed)));                \
    } while (false)

class TestKeyboardWalk : public QObject {
    Q_OBJECT

    test::TempFolder m_folder; ///< with the sample, once it was opened

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    }

    void fromNothingToAReport() {
        const auto program = test::binaryFolder() / "bin" / "plumb";
        QVERIFY2(std::filesystem::exists(program), "needs the engine (target plumb)");
        const test::TempFolder& folder = m_folder;
        qputenv("XDG_CACHE_HOME", QFile::encodeName(text(folder / "cache")));
        {
            Settings settings(text(folder / "settings.ini"));
            settings.setFolder(QStringLiteral("sample"), text(folder / "sample"));
        }
        MainWindow window(text(program), text(folder / "settings.ini"));
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        ProjectLists* lists = window.context().lists;

        // A project of one's own, and back to the pictures that come with the program.
        answerDialog(text(folder / "walk.plumb"));
        press(Qt::Key_N, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(lists->isLoaded(), kLong);
        command(QStringLiteral("open sample"));
        QTRY_COMPARE_WITH_TIMEOUT(lists->runs()->rowCount(), 2, kLong);
        QTRY_COMPARE_WITH_TIMEOUT(window.currentRoom(), QStringLiteral("runs"), kLong);
        QTRY_VERIFY_WITH_TIMEOUT(window.findChild<TourPanel*>()->isOpen(), kLong);
        press(Qt::Key_Escape);
        QVERIFY(!window.findChild<TourPanel*>()->isOpen());

        picture(window, "walk-runs");

        // The two models of the sample side by side.
        press(Qt::Key_6, Qt::ControlModifier);
        TAB_TO(QStringLiteral("Newest run of each model"));
        press(Qt::Key_Space);
        QTRY_VERIFY_WITH_TIMEOUT(window.comparePage()->view()->isVisible(), kLong);
        QTRY_VERIFY_WITH_TIMEOUT(!window.comparePage()->view()->risen()->images()->images().empty(), kLong);
        picture(window, "walk-compare");

        // Every room can be gone round with Tab, and everything passed has a name.
        std::vector<Qt::Key> places{Qt::Key_Comma, Qt::Key_L}; // settings, log
        for (int room = 0; room < 8; ++room)
            places.push_back(static_cast<Qt::Key>(Qt::Key_1 + room));
        QStringList unseen;
        for (const Qt::Key place : places) {
            press(place, Qt::ControlModifier);
            press(Qt::Key_Tab); // from what the room chose, which may be the page itself
            QWidget* first = QApplication::focusWidget();
            QVERIFY2(first != nullptr, qPrintable(window.currentRoom()));
            int steps = 0;
            QStringList passed;
            QList<QWidget*> way;
            do {
                QWidget* here = QApplication::focusWidget();
                passed << nameOf(here);
                way << here;
                QVERIFY2(!nameOf(here).isEmpty(), qPrintable(window.currentRoom() + QLatin1String(": ") +
                                                             QLatin1String(here->metaObject()->className())));
                // It is seen where the keyboard is: the control looks different once it has left it.
                const QRect around = placeOf(here);
                const QImage with = window.grab(around).toImage();
                press(Qt::Key_Tab);
                if (QApplication::focusWidget() != here && placeOf(here) == around &&
                    window.grab(around).toImage() == with)
                    unseen << QStringLiteral("%1: %2 (%3)").arg(window.currentRoom(), passed.back(),
                                                                QLatin1String(here->metaObject()->className()));
            } while (QApplication::focusWidget() != first && ++steps < kMostTabs);
            QVERIFY2(steps < kMostTabs, qPrintable(QStringLiteral("%1: Tab does not come round: %2")
                                                       .arg(window.currentRoom(), passed.join(QStringLiteral(", ")))));
            // And back the same way. Links within a text are stops of their own.
            QList<QWidget*> back;
            for (steps = 0; steps < kMostTabs; ++steps) {
                press(Qt::Key_Tab, Qt::ShiftModifier);
                if (back.isEmpty() || back.front() != QApplication::focusWidget())
                    back.push_front(QApplication::focusWidget());
                if (QApplication::focusWidget() == first)
                    break;
            }
            way.erase(std::unique(way.begin(), way.end()), way.end());
            if (back != way) {
                QStringList names;
                for (QWidget* each : back)
                    names << nameOf(each);
                QFAIL(qPrintable(QStringLiteral("%1: backwards %2; forwards %3")
                                     .arg(window.currentRoom(), names.join(QStringLiteral(" | ")),
                                          passed.join(QStringLiteral(" | ")))));
            }
        }
        QVERIFY2(unseen.isEmpty(), qPrintable(unseen.join(QStringLiteral("; "))));

        press(Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
        TAB_TO(QStringLiteral("Prompts, one a line"));
        type(QStringLiteral("a photo of a nurse"));
        press(Qt::Key_Return);
        type(QStringLiteral("a photo of a pilot"));
        press(Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(
            lists->runs()->rowCount() == 3 && lists->runs()->records().front().state == RunState::Done, kLong);
        QTRY_COMPARE_WITH_TIMEOUT(window.currentRoom(), QStringLiteral("runs"), kLong);

        // The finding is flagged where the keyboard is after the audit, and a note is written on it.
        auto* runs = window.findChild<RunsPage*>();
        PlumbTable* chart = runs->chart()->table();
        QTRY_COMPARE_WITH_TIMEOUT(chart->plumbModel().rowCount(), 2, kLong);
        TAB_TO(QStringLiteral("Plumb chart"));
        press(Qt::Key_Down);
        const int prompt = chart->currentMeasurement();
        press(Qt::Key_N);
        QTRY_VERIFY_WITH_TIMEOUT(qobject_cast<NoteDialog*>(QApplication::activeModalWidget()), kLong);
        QApplication::activeModalWidget()->activateWindow();
        type(QStringLiteral("Written without a mouse."));
        press(Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE_WITH_TIMEOUT(chart->plumbModel().remark(prompt).text, QStringLiteral("Written without a mouse."),
                                  kLong);

        // The report: looked at, then written.
        press(Qt::Key_8, Qt::ControlModifier);
        QCOMPARE(window.currentRoom(), QStringLiteral("report"));
        QTRY_VERIFY_WITH_TIMEOUT(window.reportPage()->pages()->count() > 2, kLong);
        QCOMPARE(window.reportPage()->wish().run, lists->runs()->records().front().id);
        picture(window, "walk-report");
        const QString report = text(folder / "walk report.html");
        TAB_TO(QStringLiteral("Write HTML…"));
        answerDialog(report);
        press(Qt::Key_Space);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(report), kLong);
        QTRY_VERIFY_WITH_TIMEOUT(test::readText(folder / "walk report.html").find("</html>") != std::string::npos,
                                 kLong);
        const std::string page = test::readText(folder / "walk report.html");
        QVERIFY(page.find("a photo of a nurse") != std::string::npos);
        QVERIFY(page.find("Written without a mouse.") != std::string::npos);
    }

    /// The same with files of one's own, whose places are typed: a model, images with labels, an audit, a PDF.
    void fromTypedPathsToAReport() {
        const auto program = test::binaryFolder() / "bin" / "plumb";
        const auto own = m_folder / "sample";
        QVERIFY2(std::filesystem::exists(own / "labels.csv"), "the sample is made by the walk before this one");
        MainWindow window(text(program), text(m_folder / "other.ini"));
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        ProjectLists* lists = window.context().lists;
        answerDialog(text(m_folder / "typed.plumb"));
        press(Qt::Key_N, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(lists->isLoaded(), kLong);

        answerDialog(text(own / "model-fair"));
        command(QStringLiteral("add model folder"));
        QTRY_COMPARE_WITH_TIMEOUT(lists->models()->rowCount(), 1, kLong);
        QTRY_COMPARE_WITH_TIMEOUT(window.context().work->rowCount(), 0, kLong);

        command(QStringLiteral("add images"));
        QCOMPARE(window.currentRoom(), QStringLiteral("images"));
        TAB_TO(QStringLiteral("Image folder"));
        type(text(own / "images"));
        TAB_TO(QStringLiteral("Label table"));
        type(text(own / "labels.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(window.imagesPage()->form()->isReady(), kLong);
        TAB_TO(QStringLiteral("Add to the project"));
        press(Qt::Key_Space);
        QTRY_COMPARE_WITH_TIMEOUT(lists->imageSets()->rowCount(), 1, kLong);

        press(Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
        TAB_TO(QStringLiteral("Prompts, one a line"));
        type(QStringLiteral("a photo of a doctor"));
        press(Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(
            lists->runs()->rowCount() == 1 && lists->runs()->records().front().state == RunState::Done, kLong);

        press(Qt::Key_8, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(window.reportPage()->pages()->count() > 2, kLong);
        const QString report = text(m_folder / "typed report.pdf");
        TAB_TO(QStringLiteral("PDF…"));
        answerDialog(report);
        press(Qt::Key_Space);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(report), kLong);
        QTRY_VERIFY_WITH_TIMEOUT(test::readText(m_folder / "typed report.pdf").find("/Outlines") != std::string::npos,
                                 kLong);
    }
};

QTEST_MAIN(TestKeyboardWalk)
#include "tst_keyboard_walk.moc"
