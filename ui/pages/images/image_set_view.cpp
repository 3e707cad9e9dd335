// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/image_set_view.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/pages/audit/merge_groups_dialog.h"
#include "ui/widgets/group_bars.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {

QStringList examples(const std::vector<std::string>& texts, std::int64_t count) {
    QStringList result;
    for (const auto& text : texts)
        result.append(shown(text));
    if (const auto more = count - static_cast<std::int64_t>(texts.size()); more > 0 && !texts.empty())
        result.append(ImageSetView::tr("and %1 more").arg(countText(more)));
    return result;
}

constexpr char kMerges[] = "mergesGroupsOf"; ///< property of a button: the attribute

int number(std::int64_t count) { return static_cast<int>(count); }

} // namespace

std::vector<Finding> findings(std::int64_t images, const MatchReport& report) {
    const auto say = [](const char* text, std::int64_t n) { return ImageSetView::tr(text, nullptr, number(n)); };
    std::vector<Finding> result;
    if (report.tableRows > 0)
        result.push_back({false,
                          ImageSetView::tr("%1 of %2 rows of the label table have their image.")
                              .arg(countText(report.matched), countText(report.tableRows - report.filteredRows)),
                          {}});
    else
        result.push_back({false, say("%Ln image(s), without a label table.", images), {}});
    if (!report.filter.empty())
        result.push_back({false,
                          ImageSetView::tr("Only rows with %1 were taken; %2 others were left out.")
                              .arg(fromUtf8(report.filter), countText(report.filteredRows)),
                          {}});
    if (report.missing > 0)
        result.push_back({true, say("%Ln (row names|rows name) an image that is not there. Left out.", report.missing),
                          examples(report.missingExamples, report.missing)});
    if (report.duplicates > 0)
        result.push_back({true,
                          say("%Ln (row names|rows name) an image that an earlier row named. The first row counts.",
                              report.duplicates),
                          examples(report.duplicateExamples, report.duplicates)});
    if (report.invalidRows > 0)
        result.push_back({true, say("%Ln (row has|rows have) the wrong number of fields. Left out.", report.invalidRows),
                          examples(report.invalidExamples, report.invalidRows)});
    if (report.notInTable > 0)
        result.push_back({false,
                          say("%Ln image(s) of the folder (is|are) not in the label table and (takes|take) no part.",
                              report.notInTable),
                          examples(report.notInTableExamples, report.notInTable)});
    if (report.unreadable > 0) {
        QStringList lines;
        for (const Skipped& skipped : report.unreadableExamples)
            lines.append(QStringLiteral("%1: %2").arg(shown(skipped.file), fromUtf8(skipped.reason)));
        result.push_back({true, say("%Ln image(s) cannot be decoded and (is|are) skipped.", report.unreadable), lines});
    }
    if (report.exifOriented > 0)
        result.push_back({false,
                          say("%Ln (image carries|images carry) a rotation in the EXIF data. It is ignored, as the models' "
                              "own preprocessing does.",
                              report.exifOriented),
                          {}});
    for (const auto& repair : report.repairs)
        result.push_back({true,
                          ImageSetView::tr("“%1” in the column %2 was damaged by a spreadsheet and is read as “%3” "
                                           "(%4 rows).")
                              .arg(fromUtf8(repair.from), fromUtf8(repair.column), fromUtf8(repair.to),
                                   countText(repair.rows)),
                          {}});
    for (const AttributePart& part : readAs(report))
        for (const GroupMerge& merge : part.merges) {
            QStringList members;
            for (const MatchReport::Repair& one : report.merged)
                if (one.column == part.name && one.to == merge.name)
                    members.append(ImageSetView::tr("“%1” (%2)").arg(fromUtf8(one.from), countText(one.rows)));
            result.push_back({false,
                              ImageSetView::tr("%1: %2 count as “%3”.")
                                  .arg(fromUtf8(part.name), members.join(ImageSetView::tr(" and ")), fromUtf8(merge.name)),
                              {}});
        }
    for (const auto& unlabelled : report.unlabelled) {
        if (unlabelled.rows == 0)
            continue;
        QStringList values;
        for (const auto& value : unlabelled.values)
            values.append(value.empty() ? ImageSetView::tr("(empty)") : fromUtf8(value));
        result.push_back({false,
                          ImageSetView::tr("%1 images have no value for %2 and take no part in its ranking.")
                              .arg(countText(unlabelled.rows), fromUtf8(unlabelled.attribute)),
                          values});
    }
    return result;
}

std::vector<Finding> groupsThatReadAlike(const store::ImageSetRecord::AttributeCounts& attribute, bool here) {
    std::vector<Finding> result;
    for (const GroupMerge& merge : sameButForSpelling(attribute.groups)) {
        QStringList names;
        for (const std::string& member : merge.members)
            names.append(ImageSetView::tr("“%1”").arg(fromUtf8(member)));
        const QString how = here ? ImageSetView::tr("They can be merged below.")
                                 : ImageSetView::tr("They can be merged when an audit is set up.");
        result.push_back({true,
                          ImageSetView::tr("%1: %2 differ only in capitals or blanks and count as different groups. %3")
                              .arg(fromUtf8(attribute.name), names.join(ImageSetView::tr(" and ")), how),
                          {}});
    }
    return result;
}

ImageSetView::ImageSetView(QWidget* parent) : QScrollArea(parent) {
    setFrameShape(NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setAutoFillBackground(false);
    setAccessibleName(tr("Match report and groups"));
    auto* content = new QWidget;
    m_content = new QVBoxLayout(content);
    m_content->setContentsMargins(0, 0, theme::kGrid, 0);
    m_content->setSpacing(theme::kGrid);
    setWidget(content);
    content->setAutoFillBackground(false);
}

void ImageSetView::setContent(std::int64_t images, const MatchReport& report, const Attributes& attributes) {
    const QWidget* focused = focusWidget();
    const QString mergedLast = focused != nullptr ? focused->property(kMerges).toString() : QString();
    clear();
    m_content->addWidget(heading(tr("Match report")));
    auto* rows = new QVBoxLayout;
    rows->setSpacing(0);
    for (const Finding& finding : findings(images, report))
        rows->addWidget(new FindingRow(finding));
    for (const auto& attribute : attributes)
        for (const Finding& finding : groupsThatReadAlike(attribute, m_mergeable))
            rows->addWidget(new FindingRow(finding));
    auto* found = new QWidget;
    rows->setContentsMargins(0, 0, 0, 0);
    found->setLayout(rows);
    m_content->addWidget(found);
    for (const auto& attribute : attributes) {
        const QString name = fromUtf8(attribute.name);
        m_content->addSpacing(theme::kGrid);
        auto* line = new QWidget;
        auto* title = new QHBoxLayout(line);
        title->setContentsMargins(0, 0, 0, 0);
        title->setSpacing(2 * theme::kGrid);
        title->addWidget(heading(tr("%1, %Ln group(s)", nullptr, static_cast<int>(attribute.groups.size())).arg(name)));
        if (m_mergeable && attribute.groups.size() > 1) {
            auto* merge = new QPushButton(tr("Merge groups…"));
            merge->setAccessibleName(tr("Merge groups of %1").arg(name));
            merge->setToolTip(tr("Values that mean the same are read as one: F, female and Female, for instance"));
            merge->setProperty(kMerges, name);
            // Queued: what follows shows the groups anew, without this button.
            connect(merge, &QPushButton::clicked, this, [this, name] { Q_EMIT mergeAsked(name); }, Qt::QueuedConnection);
            title->addWidget(merge);
            if (name == mergedLast)
                merge->setFocus();
        }
        title->addStretch(1);
        m_content->addWidget(line);
        auto* bars = new GroupBars;
        std::vector<GroupBars::Group> groups;
        for (const auto& [group, count] : attribute.groups)
            groups.push_back({fromUtf8(group), count});
        bars->setGroups(name, std::move(groups), attribute.unlabelled);
        m_content->addWidget(bars);
    }
    m_content->addStretch(1);
}

void ImageSetView::clear() {
    while (QLayoutItem* item = m_content->takeAt(0)) {
        delete item->widget();
        delete item;
    }
}

} // namespace plumbline::ui
