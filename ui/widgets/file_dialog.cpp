// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/file_dialog.h"

#include <QFileIconProvider>
#include <QFileInfo>

namespace plumbline::ui {

namespace {

/// Goes by what the file system says, never by what is in a file.
class Icons : public QFileIconProvider {
public:
    QIcon icon(IconType kind) const override { return QFileIconProvider::icon(kind); }
    QIcon icon(const QFileInfo& file) const override { return icon(file.isDir() ? Folder : File); }
    QString type(const QFileInfo& file) const override {
        return file.isDir() ? QFileDialog::tr("Folder") : file.suffix();
    }
};

QString choose(QFileDialog& dialog, const QString& start, QFileDialog::Options options) {
    static Icons* const icons = new Icons; // a thread of the dialog may ask it for as long as the program runs
    dialog.setOptions(options | QFileDialog::DontUseNativeDialog);
    dialog.setIconProvider(icons);
    const QFileInfo place(start);
    if (place.isDir()) {
        dialog.setDirectory(start);
    } else if (!start.isEmpty()) {
        dialog.setDirectory(place.absolutePath());
        dialog.selectFile(place.fileName());
    }
    return dialog.exec() == QDialog::Accepted ? dialog.selectedFiles().value(0) : QString();
}

} // namespace

QString chooseFile(QWidget* parent, const QString& title, const QString& start, const QString& filter) {
    QFileDialog dialog(parent, title, {}, filter);
    dialog.setFileMode(QFileDialog::ExistingFile);
    return choose(dialog, start, {});
}

QString chooseFolder(QWidget* parent, const QString& title, const QString& start) {
    QFileDialog dialog(parent, title);
    dialog.setFileMode(QFileDialog::Directory);
    return choose(dialog, start, QFileDialog::ShowDirsOnly);
}

QString chooseNewFile(QWidget* parent, const QString& title, const QString& start, const QString& filter,
                      QString* chosenFilter, QFileDialog::Options options) {
    QFileDialog dialog(parent, title, {}, filter);
    dialog.setAcceptMode(QFileDialog::AcceptSave);
    if (chosenFilter != nullptr && !chosenFilter->isEmpty())
        dialog.selectNameFilter(*chosenFilter);
    const QString file = choose(dialog, start, options);
    if (chosenFilter != nullptr)
        *chosenFilter = dialog.selectedNameFilter();
    return file;
}

} // namespace plumbline::ui
