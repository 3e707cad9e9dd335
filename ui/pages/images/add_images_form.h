// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <vector>

#include <QHash>
#include <QTimer>
#include <QWidget>

#include "core/data/labels.h"
#include "ui/pages/context.h"
#include "ui/pages/images/image_set_view.h"
#include "ui/widgets/message_bar.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QStackedWidget;
class QStandardItemModel;

namespace plumbline::ui {

class LabelSources;
class PathEdit;
class TableView;

/// Folder, label table and column mapping on the left; on the right at once what would come of it.
class AddImagesForm : public QWidget {
    Q_OBJECT
public:
    explicit AddImagesForm(const Context& context, QWidget* parent = nullptr);

    /// Empty texts keep what is there.
    void prefill(const QString& folder, const QString& labels);
    void reset();
    bool isReady() const;
    void submit();

Q_SIGNALS:
    void added(qint64 id);
    void dismissed();
    void raised(const plumbline::ui::Message& message);

private:
    void schedulePreview();
    void requestPreview();
    void showPreview(const QJsonObject& answer);
    /// What was found, with the groups merged that the user wants merged.
    void showFound();
    void mergeGroupsOf(const QString& attribute);
    void showProblem(const QString& text);
    QJsonObject question() const;
    QStringList chosenColumns() const;
    void offerValues();
    void updateState();

    Context m_context;
    PathEdit* m_folder;
    PathEdit* m_labels;
    QLineEdit* m_name;
    QComboBox* m_preset;
    QComboBox* m_fileColumn;
    QListWidget* m_columns;
    QLabel* m_columnsHint;
    LabelSources* m_sources;
    QComboBox* m_whereColumn;
    QComboBox* m_whereValue;
    QString m_valuesOf;                 ///< the column that the values are offered for
    QHash<QString, QStringList> m_values; ///< column → its different values, where they are few
    QPushButton* m_add;
    QLabel* m_status;
    TableView* m_rows;
    QStandardItemModel* m_rowModel;
    QLabel* m_rowsTitle;
    ImageSetView* m_report;
    ImageSetView::Attributes m_found; ///< of the last preview, with the groups that are in the table
    MatchReport m_match;
    qint64 m_images = 0;
    std::map<QString, std::vector<GroupMerge>> m_merges; ///< by attribute
    QTimer m_delay;
    qint64 m_asked = 0;   ///< the preview request that counts; 0: none is open
    bool m_isGood = false; ///< the last preview fits what is in the fields
    bool m_columnsChosen = false;
    bool m_nameChosen = false;
};

} // namespace plumbline::ui
