// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLineEdit;

namespace plumbline::ui {

/// A line for a file or folder, with a button that opens the system's dialog. "~" stands for the home folder.
class PathEdit : public QWidget {
    Q_OBJECT
public:
    enum class Kind { Folder, File };
    /// `name` is read by screen readers and stands in the dialog's title; `filter` as in QFileDialog.
    PathEdit(Kind kind, const QString& name, const QString& filter = {}, QWidget* parent = nullptr);

    QString path() const;
    void setPath(const QString& path);
    /// The line, for a label's buddy.
    QLineEdit* line() const { return m_line; }

Q_SIGNALS:
    void pathChanged(const QString& path);

private:
    void choose();
    Kind m_kind;
    QString m_name, m_filter;
    QLineEdit* m_line;
};

} // namespace plumbline::ui
