// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/ranked_images.h"

#include <cmath>

#include <QLocale>

#include "core/base/path.h"
#include "ui/bridge/json.h"
#include "ui/charts/chart_text.h"

namespace plumbline::ui {

RankedImages::RankedImages(QObject* parent) : QAbstractListModel(parent) {
    m_ask.setSingleShot(true);
    m_ask.setInterval(0); // after the paint that asked
    connect(&m_ask, &QTimer::timeout, this, [this] {
        const QList<qint64> rows = std::exchange(m_wanted, {});
        if (!rows.isEmpty())
            Q_EMIT thumbnailsWanted(rows);
    });
}

void RankedImages::setImages(std::vector<RankedImage> images, std::vector<report::GroupStyle> styles,
                             std::filesystem::path root) {
    beginResetModel();
    const bool sameSet = root == m_root;
    m_images = std::move(images);
    m_styles = std::move(styles);
    m_root = std::move(root);
    m_rankOf.clear();
    for (std::size_t i = 0; i < m_images.size(); ++i)
        m_rankOf.insert(m_images[i].row, static_cast<int>(i));
    m_wanted.clear();
    if (!sameSet) {
        m_states.clear();
        m_thumbnails.clear();
    } else {
        // Thumbnails of the same set are kept; questions that were not asked yet are asked again.
        m_states.removeIf([](const auto& state) { return state.value() == Thumbnail::Unknown; });
    }
    endResetModel();
}

const report::GroupStyle* RankedImages::style(int group) const {
    return group >= 0 && group < static_cast<int>(m_styles.size()) ? &m_styles[static_cast<std::size_t>(group)]
                                                                   : nullptr;
}

void RankedImages::setRemarks(QHash<qint64, Remark> remarks) {
    if (remarks == m_remarks)
        return;
    m_remarks = std::move(remarks);
    if (!m_images.empty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1), {Qt::ToolTipRole, Qt::AccessibleTextRole});
}

Remark RankedImages::remark(int rank) const {
    return m_remarks.value(m_images[static_cast<std::size_t>(rank)].row);
}

std::filesystem::path RankedImages::file(int rank) const {
    return m_root / m_images[static_cast<std::size_t>(rank)].file;
}

void RankedImages::setThumbnail(qint64 imageRow, const QImage& image) {
    m_states[imageRow] = image.isNull() ? Thumbnail::Missing : Thumbnail::Here;
    if (!image.isNull())
        m_thumbnails[imageRow] = image;
    if (const auto rank = m_rankOf.constFind(imageRow); rank != m_rankOf.constEnd())
        Q_EMIT dataChanged(index(*rank), index(*rank), {Qt::DecorationRole});
}

void RankedImages::want(qint64 imageRow) const {
    if (m_states.value(imageRow, Thumbnail::Unknown) != Thumbnail::Unknown)
        return;
    m_states[imageRow] = Thumbnail::Asked;
    m_wanted << imageRow;
    m_ask.start();
}

int RankedImages::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_images.size());
}

QString RankedImages::rankText(int place) const {
    const RankedImage& image = m_images[static_cast<std::size_t>(place)];
    const QString rank = QLocale().toString(image.rank > 0 ? image.rank : qint64(place) + 1);
    return image.before > 0 ? QStringLiteral("%1 \u2192 %2").arg(QLocale().toString(image.before), rank) : rank;
}

QVariant RankedImages::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const RankedImage& image = m_images[static_cast<std::size_t>(index.row())];
    const report::GroupStyle* group = style(image.group);
    const QString name = group ? QString::fromStdString(group->name) : tr("unlabelled");
    const QString fileName = fromUtf8(encodeName(image.file));
    const auto words = [&](int decimals, const QString& join, const QString& lastJoin) {
        QStringList parts{tr("Rank %1").arg(rankText(index.row())), name};
        if (std::isfinite(image.score))
            parts << tr("score %1").arg(numberText(image.score, decimals));
        const QString noted = remarkText(remark(index.row()));
        return parts.join(join) + lastJoin + fileName + (noted.isEmpty() ? noted : lastJoin + noted);
    };
    switch (role) {
    case RankRole:
        return image.rank > 0 ? image.rank : qint64(index.row()) + 1;
    case ScoreRole:
        return image.score;
    case GroupRole:
        return image.group;
    case StateRole:
        return static_cast<int>(m_states.value(image.row, Thumbnail::Unknown));
    case Qt::DecorationRole:
        want(image.row);
        return m_thumbnails.value(image.row);
    case Qt::DisplayRole:
        return rankText(index.row());
    case Qt::ToolTipRole:
        return words(4, QStringLiteral(" · "), QStringLiteral("\n"));
    case Qt::AccessibleTextRole:
        return words(3, QStringLiteral(", "), QStringLiteral(", "));
    default:
        return {};
    }
}

} // namespace plumbline::ui
