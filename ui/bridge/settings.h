// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QObject>
#include <QSettings>
#include <QStringList>

namespace plumbline::ui {

/// What the window remembers between two starts. Of a project nothing is kept here but where it was, and what stood in
/// an unfinished form: that is the user's, not the project's.
class Settings : public QObject {
    Q_OBJECT
public:
    /// `file`: an INI file; the user's own (~/.config/plumbline/plumbline.ini) by default.
    explicit Settings(const QString& file = {}, QObject* parent = nullptr);

    QStringList recentProjects() const; ///< newest first
    void addRecentProject(const QString& path);
    void removeRecentProject(const QString& path);

    /// The project that was open at the end; empty when the user closed it.
    QString lastProject() const;
    void setLastProject(const QString& path);

    QString lastRoom() const;
    void setLastRoom(const QString& room);

    QByteArray geometry() const;
    void setGeometry(const QByteArray& geometry);

    /// The vocabulary for models that bring none.
    QString vocabulary() const;
    void setVocabulary(const QString& path);

    /// "system", "light" or "dark".
    QString appearance() const;
    void setAppearance(const QString& appearance);

    /// Whether the window asks for attention when long work ends while it is in the background; it does at first.
    bool alertsWhenDone() const;
    void setAlertsWhenDone(bool on);

    /// Who makes audits here, for the first page of reports.
    QString auditor() const;
    void setAuditor(const QString& name);

    /// Where the sample is kept: a folder of the user's own data by default; setFolder("sample") moves it.
    QString sampleFolder() const;

    /// The guided tour was gone through, or is not wanted again.
    bool tourSeen() const;
    void setTourSeen(bool seen);

    /// The folder that a file dialog starts in.
    QString folder(const QString& purpose) const;
    void setFolder(const QString& purpose, const QString& path);

    /// What stood in an unfinished form of a project; kept for the recent projects. Written to the disk at once.
    QByteArray draft(const QString& project) const;
    void setDraft(const QString& project, const QByteArray& draft);

Q_SIGNALS:
    void recentProjectsChanged();
    void appearanceChanged();

private:
    QSettings m_settings;
};

} // namespace plumbline::ui
