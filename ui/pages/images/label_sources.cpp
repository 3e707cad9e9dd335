// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/label_sources.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>

#include "ui/bridge/json.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

QString labelSourceText(LabelSource::Kind kind) {
    switch (kind) {
    case LabelSource::Kind::SelfReported:
        return LabelSources::tr("said by the people shown");
    case LabelSource::Kind::Annotated:
        return LabelSources::tr("given by annotators");
    case LabelSource::Kind::Inferred:
        return LabelSources::tr("inferred by a model");
    case LabelSource::Kind::Unknown:
        break;
    }
    return LabelSources::tr("not known");
}

LabelSources::LabelSources(QWidget* parent) : QWidget(parent), m_grid(new QGridLayout(this)) {
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(theme::kGrid);
    m_grid->setVerticalSpacing(theme::kHalf);
    m_grid->setColumnStretch(2, 1);
    setToolTip(tr("What people say of themselves, what others see in a picture and what a model guesses are different "
                  "things. The report says which of them the labels are."));
}

void LabelSources::setAttributes(const QStringList& names, const std::vector<LabelSource>& sources) {
    if (names == m_names && (sources.empty() || sources == this->sources()))
        return;
    std::vector<LabelSource> wanted = sources;
    if (wanted.empty()) {
        const std::vector<LabelSource> before = this->sources();
        for (const QString& name : names) {
            const qsizetype old = m_names.indexOf(name);
            wanted.push_back(old < 0 ? LabelSource() : before[static_cast<std::size_t>(old)]);
        }
    }
    wanted.resize(static_cast<std::size_t>(names.size()));
    while (QLayoutItem* item = m_grid->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_names = names;
    m_lines.clear();
    for (int row = 0; row < names.size(); ++row) {
        const LabelSource& source = wanted[static_cast<std::size_t>(row)];
        Line line{new QComboBox, new QLineEdit};
        for (const LabelSource::Kind kind : LabelSource::kKinds)
            line.kind->addItem(labelSourceText(kind), static_cast<int>(kind));
        line.kind->setCurrentIndex(line.kind->findData(static_cast<int>(source.kind)));
        line.kind->setAccessibleName(tr("Where the labels of %1 come from").arg(names[row]));
        line.note->setText(fromUtf8(source.note));
        line.note->setPlaceholderText(tr("note"));
        line.note->setMinimumWidth(9 * theme::kGrid);
        line.note->setAccessibleName(tr("Note on where the labels of %1 come from").arg(names[row]));
        line.note->setToolTip(tr("For example: three annotators each, majority"));
        connect(line.kind, &QComboBox::activated, this, &LabelSources::edited);
        connect(line.note, &QLineEdit::editingFinished, this, &LabelSources::edited);
        m_grid->addWidget(new QLabel(names[row]), row, 0);
        m_grid->addWidget(line.kind, row, 1);
        m_grid->addWidget(line.note, row, 2);
        m_lines.push_back(line);
    }
}

std::vector<LabelSource> LabelSources::sources() const {
    std::vector<LabelSource> result;
    for (const Line& line : m_lines)
        result.push_back({static_cast<LabelSource::Kind>(line.kind->currentData().toInt()),
                          line.note->text().trimmed().toStdString()});
    return result;
}

void LabelSources::setReadOnly(bool on) {
    for (const Line& line : m_lines) {
        line.kind->setEnabled(!on);
        line.note->setReadOnly(on);
    }
}

} // namespace plumbline::ui
