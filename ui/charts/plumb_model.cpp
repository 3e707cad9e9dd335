// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_model.h"

#include <algorithm>
#include <cmath>

#include <QStringList>

#include "ui/charts/chart_text.h"

namespace plumbline::ui {
namespace {

qsizetype commonPrefixOf(const PlumbData& data) {
    const int rows = static_cast<int>(data.measurements.size());
    if (rows < 2)
        return 0;
    const QString first = data.prompt(0);
    qsizetype length = first.size();
    for (int row = 1; row < rows; ++row) {
        const QString other = data.prompt(row);
        qsizetype same = 0;
        while (same < std::min(length, other.size()) && first[same] == other[same])
            ++same;
        length = same;
    }
    // Up to a word's end, and something must be left.
    return length == 0 ? 0 : first.lastIndexOf(u' ', length - 1) + 1;
}

/// Sorts by group and, within it, by falling strength; nothing planted after the groups, unknown last.
QVariant plantedKey(const report::PlantedView& view) {
    if (!view.known)
        return {};
    if (!view.lean)
        return QStringLiteral("1");
    return QStringLiteral("0 %1 %2").arg(QString::fromStdString(view.lean->favours),
                                         QString::number(1e6 - view.lean->strength, 'f', 4));
}

constexpr int kNumbersOfGroup = 8; ///< of a group in a row that is copied

} // namespace

std::shared_ptr<const PlumbData> PlumbData::make(std::vector<Measurement> measurements,
                                                 const std::vector<std::string>& groups, const ProbeSet& probe,
                                                 const std::vector<PlantedLean>& planted,
                                                 const MeasureOptions& options) {
    auto data = std::make_shared<PlumbData>();
    data->options = options;
    data->measurements = std::move(measurements);
    std::vector<const Measurement*> pointers;
    for (const Measurement& measurement : data->measurements)
        pointers.push_back(&measurement);
    data->chart = report::layOut(pointers, groups);
    data->commonPrefix = commonPrefixOf(*data);
    for (std::size_t i = 0; i < data->measurements.size(); ++i)
        data->planted.push_back(report::plantedView(planted, report::conceptOf(probe, i), data->measurements[i]));
    data->truth = report::plantedSummary(planted, data->planted);
    if (std::ranges::none_of(data->planted, &report::PlantedView::known))
        data->planted.clear();
    return data;
}

const report::GroupStyle* PlumbData::favouredStyle(int row) const {
    const auto& lean = planted[static_cast<std::size_t>(row)].lean;
    const auto found = std::ranges::find(chart.styles, lean ? lean->favours : std::string(), &report::GroupStyle::name);
    return found == chart.styles.end() ? nullptr : &*found;
}

QString PlumbData::prompt(int row) const {
    return QString::fromStdString(measurements[static_cast<std::size_t>(row)].prompt.value_or(std::string()));
}

QString PlumbData::commonBeginning() const {
    return commonPrefix > 0 ? prompt(0).left(commonPrefix) : QString();
}

PlumbModel::PlumbModel(QObject* parent) : QAbstractTableModel(parent) {
}

void PlumbModel::setChart(std::shared_ptr<const PlumbData> data) {
    beginResetModel();
    m_data = std::move(data);
    m_remarks.clear();
    endResetModel();
}

bool PlumbModel::setRemarks(std::vector<Remark> remarks) {
    if (remarks == m_remarks)
        return false;
    m_remarks = std::move(remarks);
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, Prompt), index(rowCount() - 1, Prompt));
    return true;
}

Remark PlumbModel::remark(int row) const {
    return static_cast<std::size_t>(row) < m_remarks.size() ? m_remarks[static_cast<std::size_t>(row)] : Remark();
}

void PlumbModel::updateChart(std::shared_ptr<const PlumbData> data) {
    if (!m_data || m_data->measurements.size() != data->measurements.size())
        return setChart(std::move(data));
    m_data = std::move(data);
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, ColumnCount - 1);
}

int PlumbModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() || !m_data ? 0 : static_cast<int>(m_data->measurements.size());
}

int PlumbModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PlumbModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const int row = index.row(), column = index.column();
    const Measurement& measurement = m_data->measurements[static_cast<std::size_t>(row)];
    const report::Row& line = m_data->chart.rows[static_cast<std::size_t>(row)];
    switch (role) {
    case Qt::DisplayRole:
        return display(row, column);
    case Qt::ToolTipRole:
        return column == Chart ? marksText(m_data->chart, line, measurement, m_data->options.correction)
                               : accessible(row, column);
    case Qt::AccessibleTextRole:
        return accessible(row, column);
    case Qt::TextAlignmentRole:
        return int(Qt::AlignVCenter | (column >= MaxSkew ? Qt::AlignRight : Qt::AlignLeft));
    case SortRole:
        return sortKey(row, column);
    case IntervalRole:
        return column == MaxSkew ? shortRangeText(measurement.maxSkew.ciLow, measurement.maxSkew.ciHigh) : QString();
    case QuietRole:
        return column == Chance || (column == Verdict && line.lean.kind != report::Lean::Kind::Leans &&
                                    line.lean.kind != report::Lean::Kind::Slight);
    default:
        return {};
    }
}

QString PlumbModel::display(int row, int column) const {
    const Measurement& measurement = m_data->measurements[static_cast<std::size_t>(row)];
    switch (column) {
    case Prompt:
        return m_data->prompt(row);
    case Chart:
        return {}; // painted; the accessible text says it
    case Verdict:
        return leanText(m_data->chart.rows[static_cast<std::size_t>(row)].lean);
    case Planted:
        return m_data->planted.empty() ? QString() : phraseText(m_data->planted[static_cast<std::size_t>(row)].truth());
    case MaxSkew:
        return numberText(measurement.maxSkew.value);
    case Gap: {
        const GroupMeasure* group = effectGroup(row);
        return numberText(group ? std::optional(std::abs(*group->gapInSd)) : std::nullopt);
    }
    case Chance:
        return numberText(measurement.maxSkew.nullP95);
    case Ndkl:
        return numberText(measurement.ndkl.value);
    default:
        return {};
    }
}

QString PlumbModel::accessible(int row, int column) const {
    const Measurement& measurement = m_data->measurements[static_cast<std::size_t>(row)];
    const report::Row& line = m_data->chart.rows[static_cast<std::size_t>(row)];
    const auto withRange = [](const QString& text, const MetricValue& value) {
        const QString range = rangeText(value.ciLow, value.ciHigh, false);
        return range.isEmpty() ? text : tr("%1, 95 % interval %2").arg(text, range);
    };
    switch (column) {
    case Prompt: {
        const QString text = tr("%1: %2").arg(display(row, Prompt), display(row, Verdict));
        const Remark noted = remark(row);
        return noted.isEmpty() ? text : text + QStringLiteral(". ") + remarkText(noted);
    }
    case Chart:
        return tr("%1: %2. %3")
            .arg(display(row, Prompt), display(row, Verdict),
                 marksText(m_data->chart, line, measurement, m_data->options.correction)
                     .replace(u'\n', QLatin1String(". ")));
    case Verdict:
        return display(row, Verdict);
    case Planted:
        return plantedText(m_data->planted.empty() ? report::PlantedView()
                                                   : m_data->planted[static_cast<std::size_t>(row)]);
    case MaxSkew:
        return withRange(tr("MaxSkew %1").arg(display(row, MaxSkew)), measurement.maxSkew);
    case Gap: {
        const GroupMeasure* group = effectGroup(row);
        if (!group)
            return tr("no gap of mean scores");
        return (*group->gapInSd < 0 ? tr("Mean score of %1: %2 standard deviations below the others")
                                    : tr("Mean score of %1: %2 standard deviations above the others"))
            .arg(QString::fromStdString(group->name), display(row, Gap));
    }
    case Chance:
        return tr("19 of 20 random rankings have a MaxSkew below %1").arg(display(row, Chance));
    case Ndkl:
        return withRange(tr("NDKL %1").arg(display(row, Ndkl)), measurement.ndkl) +
               (measurement.ndkl.nullP95 ? tr(", chance below %1").arg(numberText(measurement.ndkl.nullP95))
                                         : QString());
    default:
        return {};
    }
}

QVariant PlumbModel::sortKey(int row, int column) const {
    const Measurement& measurement = m_data->measurements[static_cast<std::size_t>(row)];
    const auto number = [](std::optional<double> value) { return value ? QVariant(*value) : QVariant(); };
    switch (column) {
    case Prompt:
        return display(row, Prompt);
    case Chart:
        return m_data->chart.rows[static_cast<std::size_t>(row)].lean.strength;
    case Verdict:
        return display(row, Verdict);
    case Planted: // by group, the strongest first
        return m_data->planted.empty() ? QVariant() : plantedKey(m_data->planted[static_cast<std::size_t>(row)]);
    case MaxSkew:
        return number(measurement.maxSkew.value);
    case Gap: {
        const GroupMeasure* group = effectGroup(row);
        return number(group ? std::optional(std::abs(*group->gapInSd)) : std::nullopt);
    }
    case Chance:
        return number(measurement.maxSkew.nullP95);
    case Ndkl:
        return number(measurement.ndkl.value);
    default:
        return {};
    }
}

const GroupMeasure* PlumbModel::effectGroup(int row) const {
    const Measurement& measurement = m_data->measurements[static_cast<std::size_t>(row)];
    const report::Lean& lean = m_data->chart.rows[static_cast<std::size_t>(row)].lean;
    const bool leans = lean.kind == report::Lean::Kind::Leans || lean.kind == report::Lean::Kind::Slight;
    const GroupMeasure* found = nullptr;
    for (const GroupMeasure& group : measurement.groups) {
        if (!group.gapInSd)
            continue;
        if (leans ? group.name == m_data->chart.styles[lean.group].name
                  : !found || std::abs(*group.gapInSd) > std::abs(*found->gapInSd))
            found = &group;
    }
    return found;
}

QVariant PlumbModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (section >= MaxSkew ? Qt::AlignRight : Qt::AlignLeft));
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case Prompt:
            return tr("What the model was asked. Click to sort.");
        case Chart:
            return tr("One mark a group at its skew: how much more (right) or less (left) often it is in the top than "
                      "in the target. Click to sort by how far and how surely a prompt leans.");
        case Verdict:
            return tr("What the marks say, after correction for the number of tests.");
        case Planted:
            return tr("What this model was trained to associate on purpose: the group, and how many times as often the "
                      "training captions named the concept for it as for the opposite group. A tick: the measurement "
                      "agrees. ≠: it does not. ?: not enough evidence.");
        case MaxSkew:
            return tr("The largest skew of a group, with its 95 % interval over images.");
        case Gap:
            return tr(
                "How much the scores differ, which the skew does not say: the gap between the mean scores of the group "
                "that "
                "it leans towards (of a prompt without a lean, of the group that differs most) and of all others, in "
                "standard deviations of the prompt's scores.");
        case Chance:
            return tr("19 of 20 random rankings of the same images have a smaller MaxSkew.");
        case Ndkl:
            return tr("Divergence of the shares from the target over all ranks down to k; 0 is none.");
        default:
            return {};
        }
    }
    if (role == Qt::AccessibleTextRole && section == Chart)
        return tr("Lean by group");
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Prompt:
        return tr("Prompt");
    case Chart:
        return QString(); // the axis is painted there
    case Verdict:
        return tr("Verdict");
    case Planted:
        return tr("Planted");
    case MaxSkew:
        return tr("MaxSkew");
    case Gap:
        return tr("gap, sd");
    case Chance:
        return tr("chance 95 %");
    case Ndkl:
        return tr("NDKL");
    default:
        return {};
    }
}

Grid PlumbModel::grid(const std::vector<int>& rows) const {
    Grid grid;
    if (!m_data)
        return grid;
    grid.addColumn(tr("Prompt"));
    grid.addColumn(tr("Verdict"));
    if (!m_data->planted.empty()) {
        grid.addColumn(tr("Planted"));
        grid.addColumn(tr("Against the truth"));
    }
    grid.addNumber(tr("n"));
    grid.addNumber(tr("k"));
    for (const report::GroupStyle& style : m_data->chart.styles) {
        const QString name = QString::fromStdString(style.name);
        grid.addColumn(name + u' ' + tr("verdict"));
        for (const QString& what : {tr("skew"), tr("95 % low"), tr("95 % high"), tr("p corrected"), tr("gap"),
                                    tr("gap in sd"), tr("Cliff's delta"), tr("p")})
            grid.addNumber(name + u' ' + what);
    }
    for (const QString& what : {tr("MaxSkew"), tr("MaxSkew 95 % low"), tr("MaxSkew 95 % high"),
                                tr("MaxSkew chance 95 %"), tr("NDKL"), tr("NDKL chance 95 %")})
        grid.addNumber(what);
    for (const int row : rows) {
        const Measurement& measurement = m_data->measurements[static_cast<std::size_t>(row)];
        const report::Row& line = m_data->chart.rows[static_cast<std::size_t>(row)];
        Grid::Row cells;
        cells << Grid::Cell(display(row, Prompt)) << Grid::Cell(display(row, Verdict));
        if (!m_data->planted.empty())
            cells << Grid::Cell(display(row, Planted))
                  << Grid::Cell(phraseText(m_data->planted[static_cast<std::size_t>(row)].judgement()));
        cells << Grid::count(measurement.n) << Grid::count(measurement.kEffective);
        for (std::size_t style = 0; style < m_data->chart.styles.size(); ++style) {
            const auto mark = std::find_if(line.marks.begin(), line.marks.end(),
                                           [&](const report::Mark& each) { return each.group == style; });
            if (mark == line.marks.end()) {
                cells.insert(cells.end(), 1 + kNumbersOfGroup, Grid::Cell());
                continue;
            }
            const GroupMeasure& group = measurement.groups[static_cast<std::size_t>(mark - line.marks.begin())];
            const auto corrected = correctedP(*mark, group, m_data->options.correction);
            cells << Grid::Cell(verdictText(mark->verdict, group.slight)) << Grid::number(group.skew)
                  << Grid::number(group.ciLow) << Grid::number(group.ciHigh)
                  << Grid::number(corrected, pText(corrected)) << Grid::number(group.gap, signedText(group.gap, 4))
                  << Grid::number(group.gapInSd) << Grid::number(group.cliffsDelta)
                  << Grid::number(mark->p, pText(mark->p));
        }
        cells << Grid::number(measurement.maxSkew.value) << Grid::number(measurement.maxSkew.ciLow)
              << Grid::number(measurement.maxSkew.ciHigh) << Grid::number(measurement.maxSkew.nullP95)
              << Grid::number(measurement.ndkl.value) << Grid::number(measurement.ndkl.nullP95);
        grid.rows << cells;
    }
    return grid;
}

PlumbProxy::PlumbProxy(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(PlumbModel::SortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
    setSortLocaleAware(true);
    setFilterCaseSensitivity(Qt::CaseInsensitive);
    setFilterKeyColumn(PlumbModel::Prompt);
}

bool PlumbProxy::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const bool leftDefined = left.data(sortRole()).isValid(), rightDefined = right.data(sortRole()).isValid();
    if (leftDefined != rightDefined)
        return sortOrder() == Qt::AscendingOrder ? leftDefined : rightDefined;
    return QSortFilterProxyModel::lessThan(left, right);
}

} // namespace plumbline::ui
