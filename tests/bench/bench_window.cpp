// SPDX-License-Identifier: GPL-3.0-or-later
// From the start of the process to a window that is drawn and answers: bench_window [PROJECT.plumb]
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include <QApplication>
#include <QTemporaryDir>
#include <QTimer>

#include "app/window/main_window.h"

namespace {

/// Milliseconds since the kernel made this process: the loader's work counts (in clock ticks, 10 ms on most machines).
double sinceStart() {
    std::ifstream stat("/proc/self/stat");
    const std::string all(std::istreambuf_iterator<char>(stat), {});
    std::size_t at = all.rfind(')') + 2;
    for (int field = 3; field < 22; ++field) // starttime is the 22nd
        at = all.find(' ', at) + 1;
    const double started = std::stod(all.substr(at)) / static_cast<double>(sysconf(_SC_CLK_TCK));
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 - started) * 1e3;
}

} // namespace

int main(int argc, char** argv) {
    const double atMain = sinceStart();
    QApplication application(argc, argv);
    const QTemporaryDir folder;
    plumbline::ui::MainWindow window({}, folder.filePath(QStringLiteral("settings.ini")));
    if (argc > 1)
        window.openProject(QString::fromLocal8Bit(argv[1]));
    window.show();
    QTimer::singleShot(0, &application, [&] { // after everything that was queued for showing it
        window.grab();                        // and painted once, whole
        std::printf("main %.0f ms, usable %.0f ms\n", atMain, sinceStart());
        QApplication::quit();
    });
    return QApplication::exec();
}
