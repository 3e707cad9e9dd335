// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdio>
#include <string_view>

#include <QApplication>
#include <QCommandLineParser>

#include "app/window/export_pdf.h"
#include "app/window/main_window.h"

int main(int argc, char** argv) {
    // A report is printed where there is no screen, too.
    if (std::any_of(argv + 1, argv + argc, [](const char* word) { return std::string_view(word) == "--export-pdf"; }) &&
        !qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
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
    const QCommandLineOption pdf(QStringLiteral("export-pdf"),
                                 QApplication::translate("main", "Writes the report of a run as PDF, without a window: "
                                                                 "PROJECT RUN FILE.pdf (run 0: the newest)."));
    const QCommandLineOption evidence(
        QStringLiteral("evidence"),
        QApplication::translate("main", "With --export-pdf: thumbnails, blurred, ids or none."),
        QStringLiteral("kind"), QStringLiteral("thumbnails"));
    const QCommandLineOption auditor(
        QStringLiteral("auditor"), QApplication::translate("main", "With --export-pdf: who made the audit."),
        QStringLiteral("name"));
    const QCommandLineOption compare(
        QStringLiteral("compare"),
        QApplication::translate("main", "With --export-pdf: numbers of runs to hold against it, 2,3."),
        QStringLiteral("runs"));
    arguments.addOptions({pdf, evidence, auditor, compare});
    arguments.process(application);
    if (arguments.isSet(pdf)) {
        const QStringList words = arguments.positionalArguments();
        if (words.size() != 3) {
            std::fputs("plumbline: --export-pdf needs a project, the number of a run (0: the newest) and a file.\n",
                       stderr);
            return 2;
        }
        return plumbline::ui::exportPdf(QApplication::applicationDirPath() + QStringLiteral("/plumb"), words[0],
                                        words[1], words[2], arguments.value(evidence), arguments.value(auditor),
                                        arguments.value(compare));
    }

    plumbline::ui::MainWindow window;
    if (const QStringList projects = arguments.positionalArguments(); !projects.isEmpty())
        window.openProject(projects.first());
    else
        window.restoreLastProject();
    window.show();
    return QApplication::exec();
}
