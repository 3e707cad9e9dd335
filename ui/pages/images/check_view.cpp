// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/check_view.h"

#include <algorithm>
#include <utility>

#include <QAbstractListModel>
#include <QComboBox>
#include <QDateTime>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QLocale>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>

#include "core/base/path.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/models/image_table.h"
#include "ui/pages/images/image_tile.h"
#include "ui/widgets/form.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/tile_grid.h"

namespace plumbline::ui {

namespace {

constexpr int kSide = 120;
constexpr int kIcon = 16;

bool isRepeated(ImageFlaw flaw) {
    return flaw == ImageFlaw::OtherLabels || flaw == ImageFlaw::ExactDuplicate || flaw == ImageFlaw::NearDuplicate;
}

int number(std::size_t count) {
    return static_cast<int>(count);
}

QString percentText(double share) {
    return QLocale().toString(100 * share, 'f', 0) + QChar(QChar::Nbsp) + u'%';
}

} // namespace

QString flawSentence(const ImageFindings& findings, const ImageCatalog& catalog) {
    const ImageCheckOptions& options = catalog.check->options;
    const int images = number(findings.images.size());
    const auto say = [images](const char* text) { return CheckView::tr(text, nullptr, images); };
    switch (findings.flaw) {
    case ImageFlaw::OtherLabels: {
        // What is certain first: the very same file. Pictures that only look alike may be of two people.
        qint64 certain = 0, alike = 0;
        for (const DuplicateGroup& group : duplicateGroups(findings)) {
            const ImageFindings* exact = catalog.check->of(ImageFlaw::ExactDuplicate);
            std::vector<std::pair<std::int32_t, std::int32_t>> sameFile; // first of the file, image
            for (const std::int32_t image : group.images)
                if (exact != nullptr)
                    if (const auto at = std::ranges::lower_bound(exact->images, image);
                        at != exact->images.end() && *at == image)
                        sameFile.emplace_back(exact->firsts[static_cast<std::size_t>(at - exact->images.begin())],
                                              image);
            std::ranges::sort(sameFile);
            bool isCertain = false;
            for (std::size_t begin = 0, end = 0; begin < sameFile.size() && !isCertain; begin = end) {
                DuplicateGroup copies;
                while (end < sameFile.size() && sameFile[end].first == sameFile[begin].first)
                    copies.images.push_back(sameFile[end++].second);
                isCertain = labelsDiffer(catalog.attributes, copies);
            }
            ++(isCertain ? certain : alike);
        }
        QStringList sentences;
        if (certain > 0)
            sentences.append(CheckView::tr("%Ln picture(s) (stands|stand) in the set more than once with different "
                                           "labels: one of them is most likely wrong.",
                                           nullptr, static_cast<int>(certain)));
        if (alike > 0)
            sentences.append(CheckView::tr("%Ln picture(s) (looks|look) like another that is labelled differently: "
                                           "the same one in another form, or two that are alike.",
                                           nullptr, static_cast<int>(alike)));
        return sentences.join(u' ');
    }
    case ImageFlaw::Unreadable:
        return say("%Ln image(s) cannot be decoded and (takes|take) no part in an audit.");
    case ImageFlaw::ExactDuplicate:
        return CheckView::tr("%Ln image(s) (is|are) the same file as another; each counted once, %1 in all.", nullptr, images)
            .arg(countText(static_cast<qint64>(duplicateGroups(findings).size())));
    case ImageFlaw::NearDuplicate:
        return say("%Ln image(s) (looks|look) like another picture of the set (another size, format or brightness).");
    case ImageFlaw::Dark:
        return CheckView::tr("%Ln image(s) (is|are) very dark: the mean brightness is below %1.", nullptr, images)
            .arg(percentText(options.dark));
    case ImageFlaw::Bright:
        return CheckView::tr("%Ln image(s) (is|are) very bright: the mean brightness is above %1.", nullptr, images)
            .arg(percentText(options.bright));
    case ImageFlaw::Small:
        break;
    }
    return CheckView::tr("%Ln image(s) (is|are) small: the shorter side has fewer than %1 pixels, so a model sees them "
                         "enlarged.",
                         nullptr, images)
        .arg(options.smallestSide);
}

/// Groups of pictures that are the same or look the same, one a row.
class DuplicateList : public QAbstractListModel {
public:
    using QAbstractListModel::QAbstractListModel;

    void setGroups(std::shared_ptr<const ImageCatalog> catalog, std::vector<DuplicateGroup> groups) {
        beginResetModel();
        m_catalog = std::move(catalog);
        m_groups = std::move(groups);
        endResetModel();
    }
    const DuplicateGroup* group(const QModelIndex& index) const {
        return index.isValid() ? &m_groups[static_cast<std::size_t>(index.row())] : nullptr;
    }
    int rowCount(const QModelIndex& parent = {}) const override {
        return parent.isValid() ? 0 : static_cast<int>(m_groups.size());
    }
    QVariant data(const QModelIndex& index, int role) const override {
        if (!checkIndex(index, CheckIndexOption::IndexIsValid) || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
            return {};
        const DuplicateGroup& group = m_groups[static_cast<std::size_t>(index.row())];
        const QString first = fromUtf8(encodeName(m_catalog->files[static_cast<std::size_t>(group.images.front())]));
        const int images = number(group.images.size());
        // The name comes last: what does not fit is its end.
        return labelsDiffer(m_catalog->attributes, group)
                   ? CheckView::tr("%Ln image(s), labels differ: %1", nullptr, images).arg(first)
                   : CheckView::tr("%Ln image(s): %1", nullptr, images).arg(first);
    }

private:
    std::shared_ptr<const ImageCatalog> m_catalog;
    std::vector<DuplicateGroup> m_groups;
};

CheckView::CheckView(ThumbnailCache* thumbnails, QWidget* parent)
    : QWidget(parent), m_when(hint()), m_check(new QPushButton(tr("Check the pictures"))), m_findings(new QWidget),
      m_comparison(new QWidget), m_kind(new QComboBox), m_list(new DuplicateList(this)), m_groups(new QListView),
      m_images(new ImageTable(thumbnails, this)), m_tile(new ImageTile(kSide, true, this)), m_grid(new TileGrid) {
    m_check->setToolTip(tr("Looks at every picture: unreadable, duplicate, near-duplicate, dark, bright, small"));
    m_kind->setAccessibleName(tr("Which pictures are held side by side"));
    m_groups->setModel(m_list);
    m_groups->setUniformItemSizes(true);
    m_groups->setAccessibleName(tr("Pictures that stand more than once"));
    m_groups->setFrameShape(QFrame::NoFrame);
    m_groups->viewport()->setAutoFillBackground(false);
    m_groups->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_grid->setModel(m_images);
    m_grid->setItemDelegate(m_tile);
    m_grid->setAccessibleName(tr("The same picture side by side, with labels"));
    auto* found = new QVBoxLayout(m_findings);
    found->setContentsMargins(0, 0, 0, 0);
    found->setSpacing(theme::kHalf);

    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kGrid);
    top->addWidget(m_when, 1);
    top->addWidget(m_check, 0, Qt::AlignTop);
    auto* title = new QHBoxLayout;
    title->setSpacing(theme::kGrid);
    title->addWidget(heading(tr("Side by side")));
    title->addWidget(m_kind);
    title->addStretch(1);
    auto* both = new QSplitter;
    both->setChildrenCollapsible(false);
    both->addWidget(m_groups);
    both->addWidget(m_grid);
    both->setStretchFactor(0, 2);
    both->setStretchFactor(1, 3);
    auto* comparison = new QVBoxLayout(m_comparison);
    comparison->setContentsMargins(0, theme::kGrid, 0, 0);
    comparison->addLayout(title);
    comparison->addWidget(both, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(theme::kGrid);
    all->addLayout(top);
    all->addWidget(m_findings);
    all->addWidget(m_comparison, 1);
    all->addStretch(0);

    connect(m_check, &QPushButton::clicked, this, &CheckView::checkWanted);
    connect(m_kind, &QComboBox::activated, this, &CheckView::compare);
    connect(m_groups->selectionModel(), &QItemSelectionModel::currentChanged, this, &CheckView::showGroup);
    showFindings();
}

void CheckView::setCatalog(const std::shared_ptr<const ImageCatalog>& catalog) {
    if (catalog == m_catalog)
        return;
    m_catalog = catalog;
    m_list->setGroups(m_catalog, {});
    m_images->setCatalog(m_catalog);
    m_images->setRows({});
    showFindings();
}

void CheckView::setCanCheck(bool on, const QString& why) {
    m_check->setEnabled(on);
    if (std::exchange(m_why, why) == why)
        return; // the list that is being read stays as it is
    if (!why.isEmpty())
        m_when->setText(why);
    else
        showFindings();
}

void CheckView::setBlurred(bool on) {
    m_tile->setBlurred(on);
    m_grid->viewport()->update();
}

void CheckView::showFindings() {
    QLayout* layout = m_findings->layout();
    while (QLayoutItem* item = layout->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    const QVariant kind = m_kind->currentData();
    m_kind->clear();
    if (!m_catalog || !m_catalog->check) {
        m_when->setText(m_catalog
                            ? tr("Nobody has looked at the pictures of this set yet. The check reads every file and "
                                 "finds what no label table tells: the same picture twice, perhaps with "
                                 "different labels, and pictures that cannot be read, are dark, bright or small.")
                            : tr("Reading…"));
        m_comparison->hide();
        return;
    }
    const ImageCheck& check = *m_catalog->check;
    const QDateTime when = QDateTime::fromString(fromUtf8(check.checked), Qt::ISODate).toLocalTime();
    QString words = tr("Checked %1.").arg(QLocale().toString(when, QLocale::ShortFormat));
    if (check.findings.empty())
        words += u' ' + tr("Nothing was found.");
    m_when->setText(words);
    for (const ImageFindings& findings : check.findings) {
        auto* row = new QWidget;
        auto* line = new QHBoxLayout(row);
        line->setContentsMargins(0, 0, 0, 0);
        line->setSpacing(theme::kGrid);
        const bool isGrave = findings.flaw == ImageFlaw::OtherLabels || findings.flaw == ImageFlaw::Unreadable;
        auto* sign = new QLabel;
        sign->setPixmap(iconPixmap(isGrave ? QStringLiteral("warning") : QStringLiteral("note"), kIcon,
                                   isGrave ? theme::signal(Severity::Warning, palette()) : theme::muted(palette()),
                                   devicePixelRatioF()));
        auto* sentence = new QLabel(flawSentence(findings, *m_catalog));
        sentence->setWordWrap(true);
        auto* show = new QPushButton(tr("Show"));
        show->setAccessibleName(tr("Show: %1").arg(sentence->text()));
        connect(show, &QPushButton::clicked, this, [this, flaw = findings.flaw] { Q_EMIT flawWanted(flaw); });
        line->addWidget(sign, 0, Qt::AlignVCenter);
        line->addWidget(sentence, 1);
        line->addWidget(show, 0, Qt::AlignVCenter);
        layout->addWidget(row);
        if (isRepeated(findings.flaw)) {
            m_kind->addItem(findings.flaw == ImageFlaw::OtherLabels      ? tr("different labels")
                            : findings.flaw == ImageFlaw::ExactDuplicate ? tr("the same file")
                                                                         : tr("looking alike"),
                            static_cast<int>(findings.flaw));
        }
    }
    m_kind->setCurrentIndex(std::max(0, m_kind->findData(kind)));
    m_comparison->setVisible(m_kind->count() > 0);
    compare();
}

void CheckView::compare() {
    const ImageFindings* findings = m_catalog && m_catalog->check && m_kind->count() > 0
                                        ? m_catalog->check->of(static_cast<ImageFlaw>(m_kind->currentData().toInt()))
                                        : nullptr;
    m_list->setGroups(m_catalog, findings != nullptr ? duplicateGroups(*findings) : std::vector<DuplicateGroup>());
    if (m_list->rowCount() > 0)
        m_groups->setCurrentIndex(m_list->index(0));
    showGroup();
}

void CheckView::showGroup() {
    std::vector<std::uint32_t> rows;
    if (const DuplicateGroup* group = m_list->group(m_groups->currentIndex()); group != nullptr)
        rows.assign(group->images.begin(), group->images.end());
    m_images->setRows(std::move(rows));
}

} // namespace plumbline::ui
