// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFileDialog>
#include <QString>

namespace plumbline::ui {

/// The file dialogs of the program, as QFileDialog's functions of these names, but Qt's own and without icons by
/// content.
///
/// A dialog that looks into files to tell their kind (Qt's own by default, GTK's, KDE's) opens and closes the project
/// that this process has open, if it lies in the folder that is shown. Closing any descriptor of a file drops all locks
/// that the process has on it (POSIX, fcntl), and with them SQLite's: the engine then takes itself for the last user of
/// the project, removes its journal, and the window reads a damaged project ("How To Corrupt An SQLite Database File",
/// sqlite.org, section 2.2).
QString chooseFile(QWidget* parent, const QString& title, const QString& start = {}, const QString& filter = {});
QString chooseFolder(QWidget* parent, const QString& title, const QString& start = {});
QString chooseNewFile(QWidget* parent, const QString& title, const QString& start = {}, const QString& filter = {},
                      QString* chosenFilter = nullptr, QFileDialog::Options options = {});

} // namespace plumbline::ui
