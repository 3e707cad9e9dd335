// SPDX-License-Identifier: GPL-3.0-or-later
// How long the main thread is held by one event, in a walk through every room with the choices in it:
// bench_walk PROJECT.plumb. The longest events with the step in which they came, and who took them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QMenuBar>
#include <QMetaEnum>
#include <QScrollBar>
#include <QSpinBox>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <QTimer>

#include "app/window/main_window.h"
#include "ui/pages/mitigate/mitigate_page.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/room_list.h"

using namespace plumbline::ui;

namespace {

constexpr double kLimitMs = 50;
constexpr int kPatienceMs = 60'000;

struct Held {
    double ms = 0;
    QString step, who;
};

/// Times each event of the main thread, those within it included.
class Watched : public QApplication {
public:
    using QApplication::QApplication;
    QString step;
    std::vector<Held> held;

    bool notify(QObject* receiver, QEvent* event) override {
        if (QThread::currentThread() != thread() || m_depth > 0) // threads have events of their own
            return QApplication::notify(receiver, event);
        const QString who = QString::fromLatin1(receiver->metaObject()->className()) + QStringLiteral(", ") +
                            QString::fromLatin1(QMetaEnum::fromType<QEvent::Type>().valueToKey(event->type()));
        const auto begin = std::chrono::steady_clock::now();
        ++m_depth;
        const bool result = QApplication::notify(receiver, event);
        --m_depth;
        const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
        held.push_back({time.count(), step, who});
        return result;
    }

private:
    int m_depth = 0;
};

} // namespace

int main(int argc, char** argv) {
    Watched application(argc, argv);
    if (argc < 2) {
        std::fprintf(stderr, "bench_walk PROJECT.plumb\n");
        return 2;
    }
    const QTemporaryDir folder;
    MainWindow window({}, folder.filePath(QStringLiteral("settings.ini")));
    window.show();
    // Each step is an event of its own, and all that it leads to is waited for.
    const auto take = [&](const QString& name, const std::function<void()>& step) {
        application.step = name;
        QTimer::singleShot(0, &window, step);
        QTest::qWait(250);
    };
    take(QStringLiteral("open"), [&] { window.openProject(QString::fromLocal8Bit(argv[1])); });
    if (!QTest::qWaitFor([&] { return window.context().lists->isLoaded(); }, kPatienceMs)) {
        std::fprintf(stderr, "%s did not open\n", argv[1]);
        return 1;
    }
    const auto shown = [&](auto* widget) { return widget->isVisible() && widget->isEnabled(); };
    const auto walkThrough = [&](const QString& room) {
        QTest::qWait(1500); // what it reads and draws at first
        for (auto* tabs : window.findChildren<QTabBar*>())
            for (int i = 0; shown(tabs) && i < tabs->count(); ++i)
                take(room + QStringLiteral(", tab ") + tabs->tabText(i), [tabs, i] { tabs->setCurrentIndex(i); });
        for (auto* tabs : window.findChildren<QTabBar*>())
            if (shown(tabs))
                take(room + QStringLiteral(", first tab"), [tabs] { tabs->setCurrentIndex(0); });
        for (auto* box : window.findChildren<QComboBox*>())
            for (int i = 0; shown(box) && i < std::min(box->count(), 4); ++i)
                take(room + QStringLiteral(", ") + box->accessibleName(), [box, i] {
                    box->setCurrentIndex(i);
                    Q_EMIT box->activated(i);
                });
        for (auto* number : window.findChildren<QSpinBox*>()) // another k is explored
            for (int i = 0; shown(number) && i < 4; ++i)
                take(room + QStringLiteral(", ") + number->accessibleName(), [number] { number->stepBy(7); });
        for (auto* view : window.findChildren<QAbstractItemView*>()) {
            if (!shown(view) || view->model() == nullptr || qobject_cast<RoomList*>(view) != nullptr)
                continue;
            const QString name = room + QStringLiteral(", ") + view->accessibleName();
            for (int row = 0; row < std::min(view->model()->rowCount(), 5); ++row)
                take(name + QStringLiteral(": row"),
                     [view, row] { view->setCurrentIndex(view->model()->index(row, 0)); });
            take(name + QStringLiteral(": to its end"),
                 [view] { view->verticalScrollBar()->setValue(view->verticalScrollBar()->maximum()); });
            take(name + QStringLiteral(": sorted"), [view] { view->model()->sort(0, Qt::DescendingOrder); });
        }
    };
    for (const QString& room : window.findChild<RoomList*>()->rooms()) {
        take(room, [&] { window.showRoom(room); });
        walkThrough(room);
    }
    take(QStringLiteral("mitigate"), [&] { window.showRoom(QStringLiteral("mitigate")); });
    take(QStringLiteral("mitigate, form"), [&] { window.mitigatePage()->showForm(); });
    walkThrough(QStringLiteral("mitigate, form"));
    for (const Command& command : commandsOf(window.menuBar()))
        if (command.name.startsWith(u"View › Appearance") || command.name.startsWith(u"Help") ||
            command.name == u"Project › Settings" || command.name == u"Audit › New audit")
            take(command.name, command.run);

    auto& held = application.held;
    std::sort(held.begin(), held.end(), [](const Held& a, const Held& b) { return a.ms > b.ms; });
    const auto beyond = std::count_if(held.begin(), held.end(), [](const Held& h) { return h.ms > kLimitMs; });
    std::printf("%zu events, %lld longer than %.0f ms\n", held.size(), static_cast<long long>(beyond), kLimitMs);
    for (std::size_t i = 0; i < std::min<std::size_t>(held.size(), 15); ++i)
        std::printf("%7.1f ms  %s  (%s)\n", held[i].ms, qPrintable(held[i].step), qPrintable(held[i].who));
    return beyond == 0 ? 0 : 1;
}
