// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/add_images_form.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <QComboBox>
#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStandardItemModel>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/pages/audit/merge_groups_dialog.h"
#include "ui/pages/images/label_sources.h"
#include "ui/widgets/page.h"
#include "ui/widgets/path_edit.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

namespace {

/// Typing is let to settle before the folder is read again.
constexpr int kDelayMs = 300;
/// Of the preview at a time; the others are scrolled to.
constexpr int kRowsShown = 6;
constexpr int kFormWidth = 46 * theme::kGrid;

QLabel* label(const QString& text, QWidget* buddy) {
    auto* result = new QLabel(text);
    result->setBuddy(buddy);
    return result;
}

QLabel* hint(const QString& text) {
    auto* result = caption(text);
    result->setWordWrap(true);
    result->setFont(theme::smallFont(result->font()));
    return result;
}

} // namespace

AddImagesForm::AddImagesForm(const Context& context, QWidget* parent)
    : QWidget(parent), m_context(context), m_folder(new PathEdit(PathEdit::Kind::Folder, tr("Image folder"))),
      m_labels(new PathEdit(PathEdit::Kind::File, tr("Label table"), tr("Tables (*.csv *.tsv *.txt);;All files (*)"))),
      m_name(new QLineEdit), m_preset(new QComboBox), m_fileColumn(new QComboBox), m_columns(new QListWidget),
      m_columnsHint(hint({})), m_sources(new LabelSources), m_whereColumn(new QComboBox), m_whereValue(new QComboBox),
      m_add(makePrimary(new QPushButton(tr("Add to the project")))), m_status(caption({})), m_rows(new TableView),
      m_rowModel(new QStandardItemModel(this)), m_rowsTitle(heading(tr("First rows"))), m_report(new ImageSetView) {
    auto* fields = new Surface(Surface::Kind::Card);
    fields->setMinimumWidth(kFormWidth - 6 * theme::kGrid);
    auto* questions = new QWidget;
    auto* column = new QVBoxLayout(questions);
    column->setContentsMargins(0, 0, theme::kHalf, 0);
    column->setSpacing(theme::kHalf);
    const auto field = [column](const QString& text, QWidget* widget, QWidget* buddy) {
        column->addWidget(label(text, buddy));
        column->addWidget(widget);
    };
    field(tr("Image &folder"), m_folder, m_folder->line());
    column->addSpacing(theme::kGrid);
    field(tr("&Label table"), m_labels, m_labels->line());
    column->addWidget(hint(tr("A CSV or TSV file with one row an image. Leave it empty when the labels are in the file "
                              "names.")));
    column->addSpacing(theme::kGrid);
    m_preset->setAccessibleName(tr("How the labels are written"));
    field(tr("Labels are written &as"), m_preset, m_preset);
    column->addSpacing(theme::kGrid);
    m_fileColumn->setAccessibleName(tr("Column with the file name"));
    field(tr("Column with the file &name"), m_fileColumn, m_fileColumn);
    column->addSpacing(theme::kGrid);
    m_columns->setAccessibleName(tr("Columns that are attributes"));
    m_columns->setMinimumHeight(8 * theme::kGrid);
    m_columns->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Ignored); // takes what is left
    field(tr("Columns that are a&ttributes"), m_columns, m_columns);
    column->setStretchFactor(m_columns, 1);
    column->addWidget(m_columnsHint);
    column->addSpacing(theme::kGrid);
    column->addWidget(new QLabel(tr("Where the labels come from")));
    column->addWidget(m_sources);
    column->addSpacing(theme::kGrid);
    auto* where = new QWidget;
    auto* condition = new QHBoxLayout(where);
    condition->setContentsMargins(0, 0, 0, 0);
    condition->setSpacing(theme::kGrid);
    for (QComboBox* each : {m_whereColumn, m_whereValue}) {
        each->setMinimumContentsLength(6);
        each->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    }
    condition->addWidget(m_whereColumn, 1);
    condition->addWidget(new QLabel(tr("is", "only rows where a column is a value")));
    condition->addWidget(m_whereValue, 1);
    m_whereColumn->setAccessibleName(tr("Column that chooses rows"));
    m_whereValue->setAccessibleName(tr("Value that the column must have"));
    m_whereValue->setEditable(true);
    m_whereValue->setInsertPolicy(QComboBox::NoInsert);
    m_whereValue->lineEdit()->setPlaceholderText(tr("value"));
    m_whereValue->lineEdit()->setAccessibleName(m_whereValue->accessibleName());
    field(tr("Only rows &where"), where, m_whereColumn);
    column->addSpacing(theme::kGrid);
    m_name->setAccessibleName(tr("Name of the image set"));
    field(tr("Na&me in the project"), m_name, m_name);
    auto* scroll = new QScrollArea; // for low windows; the buttons stay in sight
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(questions);
    scroll->viewport()->setAutoFillBackground(false);
    questions->setAutoFillBackground(false);
    scroll->setFocusPolicy(Qt::NoFocus);
    fields->column()->addWidget(scroll, 1);
    fields->column()->addSpacing(theme::kGrid);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(theme::kGrid);
    auto* back = new QPushButton(tr("Back"));
    buttons->addWidget(m_add);
    buttons->addWidget(back);
    buttons->addStretch(1);
    fields->column()->addLayout(buttons);

    auto* results = new Surface(Surface::Kind::Card);
    m_rowModel->setParent(this);
    m_rows->setSource(m_rowModel);
    m_rows->setAccessibleName(tr("First rows of the label table"));
    m_rows->setSortingEnabled(false);
    m_status->setWordWrap(true);
    results->column()->addWidget(m_status);
    results->column()->addWidget(m_rowsTitle);
    results->column()->addWidget(m_rows);
    results->column()->addWidget(m_report, 1);

    auto* both = new QSplitter;
    both->setChildrenCollapsible(false);
    both->addWidget(fields);
    both->addWidget(results);
    both->setSizes({kFormWidth, 2 * kFormWidth});
    both->setStretchFactor(1, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(both);
    setFocusProxy(m_folder);

    m_delay.setSingleShot(true);
    m_delay.setInterval(kDelayMs);
    connect(&m_delay, &QTimer::timeout, this, &AddImagesForm::requestPreview);
    connect(m_folder, &PathEdit::pathChanged, this, &AddImagesForm::schedulePreview);
    connect(m_labels, &PathEdit::pathChanged, this, [this] {
        m_columnsChosen = false;
        m_values.clear();
        m_merges.clear();
        m_whereColumn->setCurrentIndex(0);
        offerValues();
        schedulePreview();
    });
    connect(m_whereColumn, &QComboBox::activated, this, [this] {
        offerValues();
        schedulePreview();
    });
    connect(m_whereValue, &QComboBox::editTextChanged, this, &AddImagesForm::schedulePreview);
    connect(m_preset, &QComboBox::activated, this, [this] {
        m_columnsChosen = false;
        schedulePreview();
    });
    connect(m_fileColumn, &QComboBox::activated, this, &AddImagesForm::schedulePreview);
    connect(m_columns, &QListWidget::itemChanged, this, [this] {
        m_columnsChosen = true;
        schedulePreview();
    });
    m_report->setMergeable(true);
    connect(m_report, &ImageSetView::mergeAsked, this, &AddImagesForm::mergeGroupsOf);
    connect(m_name, &QLineEdit::textEdited, this, [this] { m_nameChosen = true; });
    connect(m_add, &QPushButton::clicked, this, &AddImagesForm::submit);
    connect(back, &QPushButton::clicked, this, &AddImagesForm::dismissed);
    reset();
}

void AddImagesForm::reset() {
    m_delay.stop();
    if (const qint64 asked = std::exchange(m_asked, 0); asked != 0)
        m_context.engine->cancel(asked);
    for (QWidget* widget : {static_cast<QWidget*>(m_folder), static_cast<QWidget*>(m_labels)}) {
        const QSignalBlocker quiet(widget);
        static_cast<PathEdit*>(widget)->setPath({});
    }
    m_name->clear();
    m_nameChosen = m_columnsChosen = m_isGood = false;
    m_preset->clear();
    m_preset->addItem(tr("Find out"), QString());
    m_fileColumn->clear();
    m_fileColumn->addItem(tr("Find out"), QString());
    m_columns->clear();
    m_sources->setAttributes({});
    m_values.clear();
    m_merges.clear();
    m_whereColumn->clear();
    m_whereColumn->addItem(tr("All rows"), QString());
    offerValues();
    m_rowModel->clear();
    m_report->clear();
    showProblem(tr("Choose a folder or a label table; what they hold is shown here before anything is added."));
}

void AddImagesForm::prefill(const QString& folder, const QString& labels) {
    if (!folder.isEmpty())
        m_folder->setPath(folder);
    if (!labels.isEmpty())
        m_labels->setPath(labels);
    // A table that comes alone usually lies in or beside its images.
    if (folder.isEmpty() && m_folder->path().isEmpty() && !labels.isEmpty())
        m_folder->setPath(QFileInfo(labels).absolutePath());
}

bool AddImagesForm::isReady() const { return m_isGood && m_asked == 0 && !m_delay.isActive(); }

QStringList AddImagesForm::chosenColumns() const {
    QStringList result;
    for (int row = 0; row < m_columns->count(); ++row)
        if (m_columns->item(row)->checkState() == Qt::Checked)
            result.append(m_columns->item(row)->text());
    return result;
}

QJsonObject AddImagesForm::question() const {
    QJsonObject params;
    if (!m_folder->path().isEmpty())
        params.insert(QStringLiteral("folder"), encoded(m_folder->path()));
    if (!m_labels->path().isEmpty())
        params.insert(QStringLiteral("labels"), encoded(m_labels->path()));
    if (const QString preset = m_preset->currentData().toString(); !preset.isEmpty())
        params.insert(QStringLiteral("preset"), preset);
    if (const QString file = m_fileColumn->currentData().toString(); !file.isEmpty())
        params.insert(QStringLiteral("file_column"), file);
    if (m_columnsChosen) { // column → name of the attribute
        QJsonObject columns;
        for (const QString& name : chosenColumns())
            columns.insert(name, name);
        params.insert(QStringLiteral("columns"), columns);
    }
    if (const QString filtered = m_whereColumn->currentData().toString(); !filtered.isEmpty())
        params.insert(QStringLiteral("where"), QJsonObject{{filtered, m_whereValue->currentText().trimmed()}});
    return params;
}

void AddImagesForm::offerValues() {
    const QSignalBlocker quiet(m_whereValue);
    const QString filtered = m_whereColumn->currentData().toString();
    const QString typed = m_whereValue->currentText();
    m_whereValue->clear();
    m_whereValue->addItems(m_values.value(filtered));
    m_whereValue->setCurrentIndex(-1);
    // Another column has other values; what was typed for this one stays.
    m_whereValue->setEditText(std::exchange(m_valuesOf, filtered) == filtered ? typed : QString());
    m_whereValue->setEnabled(!filtered.isEmpty());
}

void AddImagesForm::schedulePreview() {
    m_isGood = false;
    if (!m_nameChosen) {
        const QString source = m_folder->path().isEmpty() ? m_labels->path() : m_folder->path();
        m_name->setText(QFileInfo(source).completeBaseName());
    }
    m_delay.start();
    updateState();
}

void AddImagesForm::requestPreview() {
    if (m_asked != 0)
        m_context.engine->cancel(std::exchange(m_asked, 0));
    if (m_folder->path().isEmpty() && m_labels->path().isEmpty()) {
        m_rowModel->clear();
        m_report->clear();
        showProblem(tr("Choose a folder or a label table; what they hold is shown here before anything is added."));
        return;
    }
    if (m_columnsChosen && chosenColumns().isEmpty()) {
        m_report->clear();
        showProblem(tr("Choose at least one column that is an attribute; without one nothing can be measured."));
        return;
    }
    if (const QString filtered = m_whereColumn->currentData().toString();
        !filtered.isEmpty() && m_whereValue->currentText().trimmed().isEmpty()) {
        m_report->clear();
        showProblem(tr("Choose or type the value that “%1” must have, or go back to all rows.").arg(filtered));
        return;
    }
    m_status->setText(tr("Reading…"));
    m_status->setVisible(true);
    auto mine = std::make_shared<qint64>(0);
    m_asked = *mine = m_context.engine->request(QStringLiteral("images/preview"), question(), this,
                                                [this, mine](const Outcome<QJsonObject>& answer) {
                                                    if (*mine != m_asked)
                                                        return; // of an earlier question
                                                    m_asked = 0;
                                                    if (answer)
                                                        showPreview(*answer);
                                                    else if (!answer.error().cancelled()) {
                                                        m_rowModel->clear();
                                                        m_report->clear();
                                                        showProblem(errorText(answer.error().error()));
                                                    }
                                                    updateState();
                                                });
    updateState();
}

void AddImagesForm::showPreview(const QJsonObject& answer) {
    const auto report = matchReportFrom(answer.value(u"report").toObject());
    if (!report) {
        showProblem(errorText(report.error()));
        return;
    }
    QStringList columns;
    for (const QJsonValue value : answer.value(u"columns").toArray())
        columns.append(value.toString());

    // What the engine found out stands in the fields, so that it can be corrected.
    const QString preset = answer.value(u"preset").toString();
    const QString chosen = m_preset->currentData().toString();
    m_preset->clear();
    m_preset->addItem(preset.isEmpty() ? tr("Find out") : tr("Find out: %1").arg(preset), QString());
    for (const QJsonValue value : answer.value(u"presets").toArray())
        m_preset->addItem(value.toString(), value.toString());
    m_preset->setCurrentIndex(std::max(0, m_preset->findData(chosen)));

    const QString file = m_fileColumn->currentData().toString();
    m_fileColumn->clear();
    m_fileColumn->addItem(tr("Find out"), QString());
    for (const QString& name : columns)
        m_fileColumn->addItem(name, name);
    m_fileColumn->setCurrentIndex(std::max(0, m_fileColumn->findData(file)));
    m_fileColumn->setEnabled(!columns.isEmpty());

    const QString filtered = m_whereColumn->currentData().toString();
    m_whereColumn->clear();
    m_whereColumn->addItem(tr("All rows"), QString());
    for (const QString& name : columns)
        m_whereColumn->addItem(name, name);
    m_whereColumn->setCurrentIndex(std::max(0, m_whereColumn->findData(filtered)));
    m_whereColumn->setEnabled(!columns.isEmpty());
    m_values.clear();
    const QJsonObject valuesOf = answer.value(u"values").toObject();
    for (auto column = valuesOf.begin(); column != valuesOf.end(); ++column)
        for (const QJsonValue value : column.value().toArray())
            m_values[column.key()].append(value.toString());
    offerValues();

    m_found.clear();
    QStringList used;
    for (const QJsonValue value : answer.value(u"attributes").toArray()) {
        const QJsonObject json = value.toObject();
        store::ImageSetRecord::AttributeCounts counts;
        counts.name = json.value(u"name").toString().toStdString();
        counts.unlabelled = json.value(u"unlabelled").toInteger();
        for (const QJsonValue group : json.value(u"groups").toArray())
            counts.groups.emplace_back(group.toArray().at(0).toString().toStdString(), group.toArray().at(1).toInteger());
        used.append(fromUtf8(counts.name));
        m_found.push_back(std::move(counts));
    }
    m_sources->setAttributes(used);
    if (!m_columnsChosen) {
        const QSignalBlocker quiet(m_columns);
        m_columns->clear();
        for (const QString& name : columns.isEmpty() ? used : columns) {
            auto* item = new QListWidgetItem(name, m_columns);
            item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
            item->setCheckState(used.contains(name, Qt::CaseInsensitive) ? Qt::Checked : Qt::Unchecked);
        }
    }
    m_columns->setEnabled(!columns.isEmpty());
    m_columnsHint->setText(columns.isEmpty() && !used.isEmpty() ? tr("These are read from the file names.")
                           : used.isEmpty()                     ? tr("Without an attribute nothing can be measured.")
                                                                : QString());
    m_columnsHint->setVisible(!m_columnsHint->text().isEmpty());

    m_rowModel->clear();
    m_rowModel->setHorizontalHeaderLabels(columns);
    for (const QJsonValue row : answer.value(u"rows").toArray()) {
        QList<QStandardItem*> cells;
        for (const QJsonValue cell : row.toArray()) {
            cells.append(new QStandardItem(cell.toString()));
            cells.last()->setEditable(false);
        }
        m_rowModel->appendRow(cells);
    }
    m_rows->resizeColumnsToContents();
    const int rowsShown = std::min(kRowsShown, m_rowModel->rowCount());
    m_rows->setFixedHeight(m_rows->horizontalHeader()->sizeHint().height() +
                           rowsShown * m_rows->verticalHeader()->defaultSectionSize() + theme::kSpace);
    m_rows->setVisible(!columns.isEmpty());
    m_rowsTitle->setVisible(!columns.isEmpty());
    m_status->setVisible(false);
    m_images = answer.value(u"images").toInteger();
    m_match = *report;
    showFound();
    m_isGood = m_images > 0 && !used.isEmpty();
}

void AddImagesForm::showFound() {
    MatchReport report = m_match;
    ImageSetView::Attributes attributes = m_found;
    for (auto& attribute : attributes) {
        const auto merges = m_merges.find(fromUtf8(attribute.name));
        if (merges == m_merges.end())
            continue;
        // Other rows or columns may have other values; what is not there cannot be merged.
        for (GroupMerge& merge : merges->second)
            std::erase_if(merge.members, [&](const std::string& member) {
                return std::ranges::find(attribute.groups, member, &std::pair<std::string, std::int64_t>::first) ==
                       attribute.groups.end();
            });
        std::erase_if(merges->second, [](const GroupMerge& merge) {
            return merge.members.empty() || (merge.members.size() == 1 && merge.members[0] == merge.name);
        });
        Attribute plain{attribute.name, {}, {}};
        for (const auto& [group, count] : attribute.groups)
            plain.groups.push_back(group);
        if (const auto merged = mergeGroups(plain, merges->second);
            merges->second.empty() || !merged || merged->groups.size() < 2) {
            m_merges.erase(merges);
            continue;
        }
        std::ranges::move(mergedOf({attribute.name, merges->second}, attribute.groups), std::back_inserter(report.merged));
        attribute.groups = mergedCounts(attribute.groups, merges->second);
    }
    m_report->setContent(m_images, report, attributes);
}

void AddImagesForm::mergeGroupsOf(const QString& attribute) {
    const auto found = std::ranges::find(m_found, attribute.toStdString(), &ImageSetView::Attributes::value_type::name);
    if (found == m_found.end())
        return;
    const auto before = m_merges.find(attribute);
    MergeGroupsDialog dialog(attribute, found->groups, found->unlabelled,
                             before == m_merges.end() ? std::vector<GroupMerge>() : before->second, this);
    if (dialog.exec() != QDialog::Accepted)
        return;
    m_merges[attribute] = dialog.merges(); // none: showFound() forgets it
    showFound();
}

void AddImagesForm::showProblem(const QString& text) {
    m_isGood = false;
    m_status->setText(text);
    m_status->setVisible(true);
    m_rows->setVisible(false);
    m_rowsTitle->setVisible(false);
    updateState();
}

void AddImagesForm::updateState() { m_add->setEnabled(isReady() && m_context.isWritable()); }

void AddImagesForm::submit() {
    if (!isReady())
        return;
    QJsonObject params = question();
    params.insert(QStringLiteral("project"), m_context.projectParams().value(u"project"));
    const QString name = m_name->text().trimmed();
    if (!name.isEmpty())
        params.insert(QStringLiteral("name"), name);
    QJsonArray merged;
    for (const auto& attribute : m_found)
        if (const auto merges = m_merges.find(fromUtf8(attribute.name)); merges != m_merges.end())
            merged.append(fromUtf8(formatMerge({attribute.name, merges->second})));
    if (!merged.isEmpty())
        params.insert(QStringLiteral("read_as"), merged);
    QJsonArray sources; // in the order of the attributes
    for (const LabelSource& source : m_sources->sources())
        sources.append(QJsonObject{{QStringLiteral("source"), fromUtf8(labelSourceName(source.kind))},
                                   {QStringLiteral("note"), fromUtf8(source.note)}});
    params.insert(QStringLiteral("label_sources"), sources);
    m_context.work->start(QStringLiteral("images"), tr("Adding images %1").arg(name),
                          QStringLiteral("project/addImages"), params, this,
                          [this](const Outcome<QJsonObject>& answer) {
                              if (answer)
                                  Q_EMIT added(answer->value(u"id").toInteger());
                              else if (!answer.error().cancelled())
                                  Q_EMIT raised(Message::of(answer.error().error()));
                          });
    Q_EMIT dismissed();
}

} // namespace plumbline::ui
