// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCommandLineParser>

#include "app/window/main_window.h"

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("plumbline"));
    QApplication::setApplicationDisplayName(QStringLiteral("Plumbline"));
    QApplication::setApplicationVersion(QStringLiteral(PLUMBLINE_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("plumbline"));

    QCommandLineParser arguments;
    arguments.setApplicationDescription(QApplication::translate("main", "Audits CLIP models for social bias."));
    arguments.addHelpOption();
    arguments.addVersionOption();
    arguments.addPositionalArgument(QStringLiteral("project"),
                                    QApplication::translate("main", "A project file to open (.plumb)."),
                                    QStringLiteral("[PROJECT.plumb]"));
    arguments.process(application);

    plumbline::ui::MainWindow window;
    if (const QStringList projects = arguments.positionalArguments(); !projects.isEmpty())
        window.openProject(projects.first());
    else
        window.restoreLastProject();
    window.show();
    return QApplication::exec();
}
