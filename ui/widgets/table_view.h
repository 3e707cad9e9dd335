// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

namespace plumbline::ui {

class WordsProxy;

/// A table on a card: whole rows, sortable by its header, columns that can be hidden, Ctrl+C copies the selected rows
/// with their headers as tab-separated text, Ctrl+F finds rows (TableSearch).
class TableView : public QTableView {
    Q_OBJECT
public:
    explicit TableView(QWidget* parent = nullptr);

    /// Shows `source` through a proxy that sorts by `sortRole`; rows keep the source's order until a header is clicked.
    void setSource(QAbstractItemModel* source, int sortRole = Qt::DisplayRole);
    /// This column takes the room that is left, but never less than its contents need; the others are as wide as
    /// theirs.
    void setStretchColumn(int column);
    QModelIndex currentSource() const;
    void setCurrentSource(const QModelIndex& index);
    void copySelection() const;

Q_SIGNALS:
    /// Another row became current (an invalid index: none).
    void currentSourceChanged(const QModelIndex& index);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void showColumnMenu(const QPoint& position);
    void fitStretchColumn();
    int m_stretch = -1;
    WordsProxy* m_proxy;
};

} // namespace plumbline::ui
