// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/form.h"

#include <algorithm>

#include <QComboBox>
#include <QLabel>
#include <QSignalBlocker>

#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {
constexpr int kLabelWidth = 13 * theme::kGrid;
} // namespace

Form::Form() {
    setColumnMinimumWidth(0, kLabelWidth);
    setColumnStretch(1, 1);
    setHorizontalSpacing(theme::kSpace);
    setVerticalSpacing(theme::kHalf);
}

QLabel* Form::add(const QString& text, QWidget* control, QLabel* sentence, QWidget* buddy) {
    auto* label = new QLabel(text);
    label->setBuddy(buddy != nullptr ? buddy : control);
    label->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    label->setContentsMargins(0, theme::kGrid - 1, 0, 0);
    addWidget(label, m_row, 0);
    addWidget(control, m_row++, 1);
    if (sentence != nullptr)
        addWidget(sentence, m_row++, 1);
    setRowMinimumHeight(m_row++, theme::kGrid);
    return label;
}

QLabel* hint(const QString& text) {
    auto* result = caption(text);
    result->setWordWrap(true);
    result->setFont(theme::smallFont(result->font()));
    return result;
}

bool fillBox(QComboBox* box, const QList<std::pair<QString, qint64>>& entries) {
    bool same = box->count() == entries.size();
    for (int i = 0; same && i < box->count(); ++i)
        same = box->itemText(i) == entries[i].first && box->itemData(i).toLongLong() == entries[i].second;
    if (same)
        return false;
    const bool waits = box->count() > 0 && box->currentIndex() < 0; // for one that is gone: no other takes its place
    const QVariant chosen = box->currentData();
    const QSignalBlocker quiet(box);
    box->clear();
    for (const auto& [name, id] : entries)
        box->addItem(name, id);
    box->setCurrentIndex(waits ? -1 : std::max(box->findData(chosen), entries.isEmpty() ? -1 : 0));
    return true;
}

} // namespace plumbline::ui
