// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/settings.h"

#include <QCryptographicHash>
#include <QStandardPaths>

namespace plumbline::ui {

namespace {

constexpr qsizetype kMaxRecent = 10;

const QString kRecent = QStringLiteral("projects/recent");
const QString kLastProject = QStringLiteral("projects/last");
const QString kRoom = QStringLiteral("window/room");
const QString kGeometry = QStringLiteral("window/geometry");
const QString kAppearance = QStringLiteral("window/appearance");
const QString kAlerts = QStringLiteral("window/alerts");
const QString kAuditor = QStringLiteral("report/auditor");
const QString kVocabulary = QStringLiteral("models/vocabulary");
const QString kTourSeen = QStringLiteral("tour/seen");
const QString kDrafts = QStringLiteral("drafts/");
const QString kFolders = QStringLiteral("folders/");
const QString kSample = QStringLiteral("sample");

/// A path may hold any sign, also the one that parts groups of settings.
QString draftKey(const QString& project) {
    return kDrafts + QString::fromLatin1(QCryptographicHash::hash(project.toUtf8(), QCryptographicHash::Sha1).toHex());
}

QString userFile() {
    return QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) +
           QStringLiteral("/plumbline/plumbline.ini");
}

} // namespace

Settings::Settings(const QString& file, QObject* parent)
    : QObject(parent), m_settings(file.isEmpty() ? userFile() : file, QSettings::IniFormat) {}

QStringList Settings::recentProjects() const { return m_settings.value(kRecent).toStringList(); }

void Settings::addRecentProject(const QString& path) {
    QStringList paths = recentProjects();
    paths.removeAll(path);
    paths.prepend(path);
    for (; paths.size() > kMaxRecent; paths.removeLast())
        m_settings.remove(draftKey(paths.last()));
    m_settings.setValue(kRecent, paths);
    Q_EMIT recentProjectsChanged();
}

void Settings::removeRecentProject(const QString& path) {
    QStringList paths = recentProjects();
    if (paths.removeAll(path) == 0)
        return;
    // What was written in its form is kept: the file may be on a disk that is away.
    m_settings.setValue(kRecent, paths);
    Q_EMIT recentProjectsChanged();
}

QByteArray Settings::draft(const QString& project) const {
    return m_settings.value(draftKey(project)).toByteArray();
}

void Settings::setDraft(const QString& project, const QByteArray& draft) {
    m_settings.setValue(draftKey(project), draft);
    m_settings.sync();
}

QString Settings::lastProject() const { return m_settings.value(kLastProject).toString(); }

void Settings::setLastProject(const QString& path) { m_settings.setValue(kLastProject, path); }

QString Settings::lastRoom() const { return m_settings.value(kRoom).toString(); }

void Settings::setLastRoom(const QString& room) { m_settings.setValue(kRoom, room); }

QByteArray Settings::geometry() const { return m_settings.value(kGeometry).toByteArray(); }

void Settings::setGeometry(const QByteArray& geometry) { m_settings.setValue(kGeometry, geometry); }

QString Settings::vocabulary() const { return m_settings.value(kVocabulary).toString(); }

void Settings::setVocabulary(const QString& path) { m_settings.setValue(kVocabulary, path); }

QString Settings::appearance() const { return m_settings.value(kAppearance, QStringLiteral("system")).toString(); }

void Settings::setAppearance(const QString& appearance) {
    if (appearance == this->appearance())
        return;
    m_settings.setValue(kAppearance, appearance);
    Q_EMIT appearanceChanged();
}

QString Settings::auditor() const { return m_settings.value(kAuditor).toString(); }

void Settings::setAuditor(const QString& name) { m_settings.setValue(kAuditor, name); }

bool Settings::alertsWhenDone() const { return m_settings.value(kAlerts, true).toBool(); }

void Settings::setAlertsWhenDone(bool on) { m_settings.setValue(kAlerts, on); }

QString Settings::sampleFolder() const {
    const QString own = QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + u'/' + kSample;
    return m_settings.value(kFolders + kSample, own).toString();
}

bool Settings::tourSeen() const {
    return m_settings.value(kTourSeen, false).toBool();
}

void Settings::setTourSeen(bool seen) {
    m_settings.setValue(kTourSeen, seen);
}

QString Settings::folder(const QString& purpose) const {
    return m_settings.value(kFolders + purpose, QStandardPaths::writableLocation(QStandardPaths::HomeLocation))
        .toString();
}

void Settings::setFolder(const QString& purpose, const QString& path) {
    m_settings.setValue(kFolders + purpose, path);
}

} // namespace plumbline::ui
