// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/image_table.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include <QCoreApplication>
#include <QImage>
#include <QPointer>
#include <QThreadPool>

#include "core/base/path.h"
#include "ui/bridge/json.h"
#include "ui/models/thumbnails.h"

namespace plumbline::ui {

QString flawText(ImageFlaw flaw) {
    switch (flaw) {
    case ImageFlaw::OtherLabels:
        return ImageTable::tr("other labels");
    case ImageFlaw::Unreadable:
        return ImageTable::tr("unreadable");
    case ImageFlaw::ExactDuplicate:
        return ImageTable::tr("duplicate");
    case ImageFlaw::NearDuplicate:
        return ImageTable::tr("near-duplicate");
    case ImageFlaw::Dark:
        return ImageTable::tr("dark");
    case ImageFlaw::Bright:
        return ImageTable::tr("bright");
    case ImageFlaw::Small:
        break;
    }
    return ImageTable::tr("small");
}

ImageTable::ImageTable(ThumbnailCache* thumbnails, QObject* parent)
    : QAbstractTableModel(parent), m_thumbnails(thumbnails) {
    if (m_thumbnails != nullptr)
        connect(m_thumbnails, &ThumbnailCache::arrived, this, [this](qint64) {
            // Which row shows it is not looked up among a million: views repaint what is in sight.
            if (!m_rows.empty())
                Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, 0), {ThumbnailRole});
        });
}

ImageTable::~ImageTable() {
    if (m_feedback)
        m_feedback->cancel();
}

void ImageTable::setCatalog(std::shared_ptr<const ImageCatalog> catalog) {
    if (m_feedback)
        m_feedback->cancel();
    m_feedback.reset();
    beginResetModel();
    m_catalog = std::move(catalog);
    m_filter = {};
    m_order = {};
    m_rows.resize(m_catalog ? m_catalog->size() : 0);
    std::iota(m_rows.begin(), m_rows.end(), 0U);
    endResetModel();
    Q_EMIT arranged();
}

void ImageTable::setRows(std::vector<std::uint32_t> rows) {
    if (m_feedback)
        m_feedback->cancel();
    m_feedback.reset();
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
    Q_EMIT arranged();
}

void ImageTable::setFilter(ImageFilter filter) {
    if (filter == m_filter)
        return;
    m_filter = std::move(filter);
    arrangeAgain();
}

void ImageTable::sort(int column, Qt::SortOrder order) {
    ImageOrder wanted;
    wanted.descending = column >= 0 && order == Qt::DescendingOrder;
    if (column == 0)
        wanted.by = ImageOrder::By::File;
    else if (column > 0 && column == flawColumn())
        wanted.by = ImageOrder::By::Flaws;
    else if (column > 0) {
        wanted.by = ImageOrder::By::Attribute;
        wanted.attribute = static_cast<std::size_t>(column - 1);
    }
    if (wanted == m_order)
        return;
    m_order = wanted;
    arrangeAgain();
}

void ImageTable::arrangeAgain() {
    if (m_feedback)
        m_feedback->cancel();
    if (!m_catalog)
        return;
    m_feedback = std::make_shared<Feedback>();
    Q_EMIT arranging();
    QThreadPool::globalInstance()->start([alive = QPointer<ImageTable>(this), feedback = m_feedback,
                                          catalog = m_catalog, filter = m_filter, order = m_order] {
        auto rows = arrange(*catalog, filter, order, *feedback);
        if (!rows || QCoreApplication::instance() == nullptr)
            return;
        QMetaObject::invokeMethod(QCoreApplication::instance(), [alive, feedback, rows = std::move(*rows)]() mutable {
            if (!alive || feedback->cancelled())
                return;
            alive->m_feedback.reset();
            alive->beginResetModel();
            alive->m_rows = std::move(rows);
            alive->endResetModel();
            Q_EMIT alive->arranged();
        });
    });
}

int ImageTable::rowOf(qint64 imageRow) const {
    const auto found = std::ranges::find(m_rows, static_cast<std::uint32_t>(imageRow));
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

int ImageTable::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int ImageTable::columnCount(const QModelIndex& parent) const {
    return parent.isValid() || !m_catalog ? 0 : static_cast<int>(m_catalog->attributes.size()) + 2;
}

QString ImageTable::fileText(std::size_t image) const {
    return fromUtf8(encodeName(m_catalog->files[image]));
}

QString ImageTable::labelText(std::size_t image, std::size_t attribute) const {
    const Attribute& labels = m_catalog->attributes[attribute];
    const std::int32_t code = labels.codes[image];
    return code == Attribute::kUnlabelled ? QString() : fromUtf8(labels.groups[static_cast<std::size_t>(code)]);
}

QString ImageTable::flawsText(std::size_t image) const {
    QStringList words;
    for (const ImageFlaw flaw : kImageFlaws)
        if (m_catalog->flawsOf(image) & flawBit(flaw))
            words.append(flawText(flaw));
    return words.join(QStringLiteral(", "));
}

QVariant ImageTable::data(const QModelIndex& at, int role) const {
    if (!checkIndex(at, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const std::size_t image = m_rows[static_cast<std::size_t>(at.row())];
    const auto labels = [&] {
        QStringList all;
        for (std::size_t a = 0; a < m_catalog->attributes.size(); ++a)
            if (const QString text = labelText(image, a); !text.isEmpty())
                all.append(text);
        return all.join(QStringLiteral(" · "));
    };
    const auto all = [&](QChar separator) {
        QStringList parts{fileText(image)};
        for (const QString& part : {labels(), flawsText(image)})
            if (!part.isEmpty())
                parts.append(part);
        return parts.join(separator);
    };
    switch (role) {
    case ImageRole:
        return static_cast<qlonglong>(image);
    case FlawsRole:
        return static_cast<int>(m_catalog->flawsOf(image));
    case LabelsRole:
        return labels();
    case MissingRole:
        return m_thumbnails != nullptr && m_thumbnails->isMissing(static_cast<qint64>(image));
    case Qt::DisplayRole:
        if (at.column() == 0)
            return fileText(image);
        return at.column() == flawColumn() ? flawsText(image)
                                           : labelText(image, static_cast<std::size_t>(at.column() - 1));
    case ThumbnailRole:
        if (at.column() == 0 && m_thumbnails != nullptr)
            return m_thumbnails->image(static_cast<qint64>(image));
        return {};
    case Qt::ToolTipRole:
        return all(u'\n');
    case Qt::AccessibleTextRole:
        if (at.column() == 0)
            return all(u',');
        return {};
    default:
        return {};
    }
}

QVariant ImageTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= columnCount())
        return {};
    if (section == 0)
        return tr("File");
    return section == flawColumn() ? tr("Findings")
                                   : fromUtf8(m_catalog->attributes[static_cast<std::size_t>(section - 1)].name);
}

} // namespace plumbline::ui
