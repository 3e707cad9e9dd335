// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_menu.h"

#include <QClipboard>
#include <QDir>
#include <QFileInfo>
#include <QGuiApplication>
#include <QMenu>
#include <QRegularExpression>
#include <QStandardPaths>

#include "ui/bridge/settings.h"
#include "ui/charts/chart_export.h"
#include "ui/widgets/file_dialog.h"

namespace plumbline::ui {
namespace {

/// A file name from a title: nothing that a file system could refuse.
QString fileNameFrom(QString title) {
    static const QRegularExpression odd(QStringLiteral("[^\\p{L}\\p{N}]+"));
    title.replace(odd, QStringLiteral("-"));
    title = title.left(80);
    while (title.startsWith(u'-'))
        title.remove(0, 1);
    while (title.endsWith(u'-'))
        title.chop(1);
    return title.isEmpty() ? QStringLiteral("chart") : title;
}

} // namespace

ChartMenu::ChartMenu(const ChartSource* chart, QWidget* parent) : QToolButton(parent), m_chart(chart) {
    setText(QStringLiteral("⋯"));
    setAutoRaise(true);
    setPopupMode(QToolButton::InstantPopup);
    setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; }"));
    setToolTip(tr("Copy or save this chart"));
    setAccessibleName(tr("Copy or save this chart"));
    auto* menu = new QMenu(this);
    menu->addAction(tr("&Copy numbers"), this, &ChartMenu::copyNumbers);
    menu->addAction(tr("Copy &picture"), this, &ChartMenu::copyPicture);
    menu->addSeparator();
    menu->addAction(tr("Save p&icture…"), this, [this] { saveAs(true); });
    menu->addAction(tr("Save &numbers…"), this, [this] { saveAs(false); });
    setMenu(menu);
}

void ChartMenu::copyNumbers() {
    QGuiApplication::clipboard()->setText(m_chart->chartNumbers().tsv());
}

void ChartMenu::copyPicture() {
    QGuiApplication::clipboard()->setImage(chartImage(*m_chart, palette(), 2));
}

void ChartMenu::saveAs(bool picture) {
    Settings settings;
    const QString purpose = QStringLiteral("charts");
    QString folder = settings.folder(purpose);
    if (folder.isEmpty())
        folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    const QString filters = picture ? tr("PNG picture (*.png);;SVG drawing (*.svg);;PDF document (*.pdf)")
                                    : tr("Comma-separated values (*.csv);;Tab-separated values (*.tsv)");
    const QString ending = picture ? QStringLiteral(".png") : QStringLiteral(".csv");
    QString filter;
    QString path = chooseNewFile(this, picture ? tr("Save picture") : tr("Save numbers"),
                                 QDir(folder).filePath(fileNameFrom(m_chart->chartTitle()) + ending), filters, &filter);
    if (path.isEmpty())
        return;
    if (QFileInfo(path).suffix().isEmpty()) { // the dialog's chosen kind says it
        static const QRegularExpression pattern(QStringLiteral("\\*(\\.\\w+)"));
        path += pattern.match(filter).captured(1);
    }
    settings.setFolder(purpose, QFileInfo(path).absolutePath());
    const Result<void> result = picture ? savePicture(*m_chart, path) : saveNumbers(*m_chart, path);
    if (result)
        Q_EMIT saved(path);
    else
        Q_EMIT failed(result.error());
}

} // namespace plumbline::ui
