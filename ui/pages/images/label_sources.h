// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QStringList>
#include <QWidget>

#include "core/data/label_source.h"

class QComboBox;
class QGridLayout;
class QLineEdit;

namespace plumbline::ui {

/// "labelled by people", as a sentence goes on.
QString labelSourceText(LabelSource::Kind kind);

/// Who says what the labels say, one line an attribute: chosen, with a note of the user's own.
class LabelSources : public QWidget {
    Q_OBJECT
public:
    explicit LabelSources(QWidget* parent = nullptr);

    /// What is there already for an attribute of the same name is kept where `sources` is empty.
    void setAttributes(const QStringList& names, const std::vector<LabelSource>& sources = {});
    const QStringList& attributes() const { return m_names; }
    std::vector<LabelSource> sources() const;
    void setReadOnly(bool on);

Q_SIGNALS:
    /// By the user: a source was chosen or a note is finished.
    void edited();

private:
    struct Line {
        QComboBox* kind;
        QLineEdit* note;
    };
    QStringList m_names;
    std::vector<Line> m_lines;
    QGridLayout* m_grid;
};

} // namespace plumbline::ui
