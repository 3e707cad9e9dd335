// SPDX-License-Identifier: GPL-3.0-or-later
// From the empty window to an exported report without a pointing device: every step is a key, sent to whatever has the
// keyboard, with the real engine and the sample's pictures. A control that Tab does not reach, or that has no name for
// screen readers when it is reached, fails the walk.
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>
#include <QTimer>

#include "app/window/main_window.h"
#include "tests/support/test_support.h"
#include "ui/pages/images/add_images_form.h"
#include "ui/pages/images/images_page.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

constexpr int kLong = 120'000; ///< for the engine on a busy machine
constexpr int kMostTabs = 120;

QString text(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

/// What the keyboard acts on.
QWidget* target() {
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

/// Answers the file dialog that opens by typing the path.
void answerDialog(const QString& path) {
    auto* timer = new QTimer(qApp);
    timer->setInterval(50);
    QObject::connect(timer, &QTimer::timeout, timer, [timer, path] {
        auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
        if (dialog == nullptr || !dialog->isVisible())
            return;
        timer->deleteLater();
        timer->stop();
        auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        if (name == nullptr || !name->hasFocus()) { // where Qt puts the keyboard
            dialog->reject();
            return;
        }
        name->selectAll();
        type(path);
        press(Qt::Key_Escape); // the list of completions, if there is one
        if (!dialog->isVisible())
            return;
        QTest::keyClick(name, Qt::Key_Return);
    });
    timer->start();
}

/// Runs a command by its name, as one who does not know its keys does.
void command(const QString& words) {
    QTest::keyClick(QApplication::activeWindow(), Qt::Key_K, Qt::ControlModifier);
    QCoreApplication::processEvents();
    type(words);
    press(Qt::Key_Return);
}

} // namespace

#define TAB_TO(name)                                                                                                   \
    do {                                                                                                               \
        QString passed;                                                                                                \
        QVERIFY2(tabTo(name, &passed), qPrintable(QStringLiteral("no %1 among %2").arg(name, passed)));                \
    } while (false)

class TestKeyboardWalk : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    }

    void fromNothingToAReport() {
        const auto program = test::binaryFolder() / "bin" / "plumb";
        QVERIFY2(std::filesystem::exists(program), "needs the engine (target plumb)");
        test::TempFolder folder;
        qputenv("XDG_CACHE_HOME", QFile::encodeName(text(folder / "cache")));
        // What an auditor would have on the disk.
        QCOMPARE(QProcess::execute(text(program), {QStringLiteral("sample"), text(folder / "sample")}), 0);

        MainWindow window(text(program), text(folder / "settings.ini"));
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        ProjectLists* lists = window.context().lists;

        answerDialog(text(folder / "walk.plumb"));
        press(Qt::Key_N, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(lists->isLoaded(), kLong);

        answerDialog(text(folder / "sample" / "model"));
        command(QStringLiteral("add model folder"));
        QTRY_COMPARE_WITH_TIMEOUT(lists->models()->rowCount(), 1, kLong);

        command(QStringLiteral("add images"));
        QTRY_COMPARE(window.currentRoom(), QStringLiteral("images"));
        TAB_TO(QStringLiteral("Image folder"));
        type(text(folder / "sample" / "images"));
        TAB_TO(QStringLiteral("Label table"));
        type(text(folder / "sample" / "labels.csv"));
        press(Qt::Key_Tab);
        QTRY_VERIFY_WITH_TIMEOUT(window.imagesPage()->form()->isReady(), kLong); // the button is disabled before
        TAB_TO(QStringLiteral("Add to the project"));
        press(Qt::Key_Space);
        QTRY_COMPARE_WITH_TIMEOUT(lists->imageSets()->rowCount(), 1, kLong);

        press(Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
        TAB_TO(QStringLiteral("Prompts, one a line"));
        type(QStringLiteral("a photo of a nurse"));
        press(Qt::Key_Return);
        type(QStringLiteral("a photo of a pilot"));
        press(Qt::Key_F5);
        QTRY_VERIFY_WITH_TIMEOUT(lists->runs()->rowCount() == 1 &&
                                     lists->runs()->records().front().state == RunState::Done,
                                 kLong);
        QTRY_COMPARE_WITH_TIMEOUT(window.currentRoom(), QStringLiteral("runs"), kLong);

        QTest::keyClick(&window, Qt::Key_5, Qt::ControlModifier);
        const QString report = text(folder / "walk report.html");
        QTest::qWait(1000); // the run is read
        press(Qt::Key_Escape); // the tour, if it has begun
        TAB_TO(QStringLiteral("Report"));
        press(Qt::Key_Space);
        QTRY_VERIFY(qobject_cast<QMenu*>(QApplication::activePopupWidget()) != nullptr);
        answerDialog(report);
        press(Qt::Key_Down);
        press(Qt::Key_Return);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(report), kLong);
        QTRY_VERIFY_WITH_TIMEOUT(test::readText(folder / "walk report.html").find("</html>") != std::string::npos, kLong);
        QVERIFY(test::readText(folder / "walk report.html").find("a photo of a nurse") != std::string::npos);
    }
};

QTEST_MAIN(TestKeyboardWalk)
#include "tst_keyboard_walk.moc"
