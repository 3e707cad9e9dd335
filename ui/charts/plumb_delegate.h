// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

#include "ui/charts/plumb_paint.h"
#include "ui/charts/remark.h"

namespace plumbline::ui {

class PlumbModel;

/// Paints the cells of the plumb chart's table: the marks, prompts with their common beginning in quiet type, and
/// numbers with their interval in smaller type.
class PlumbDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit PlumbDelegate(const PlumbModel* model, QObject* parent = nullptr);

    void setHiddenGroups(const QSet<int>& groups) { m_hidden = groups; }
    /// Prompts without their common beginning, in all rows, because some do not fit.
    void setBeginningHidden(bool on) { m_beginningHidden = on; }
    /// Whether a measurement agrees with what was planted: as a word beside its sign.
    void setPlantedInWords(bool on) { m_plantedInWords = on; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    void paintPrompt(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const;
    void paintText(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const;

    const PlumbModel* m_model;
    QSet<int> m_hidden;
    bool m_beginningHidden = false;
    bool m_plantedInWords = true;
};

/// The width that a number with its interval takes (both may be empty).
int numberWidth(const QString& number, const QString& interval, const QFont& font);
/// The room that the sign of a note takes beside a prompt.
int remarkWidth(const Remark& remark);
/// The room left and right of a cell's content.
constexpr int kCellRoom = 8;

} // namespace plumbline::ui
