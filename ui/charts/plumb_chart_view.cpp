// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/plumb_chart_view.h"

#include <algorithm>

#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

#include "ui/charts/chart_text.h"
#include "ui/charts/legend.h"
#include "ui/charts/plumb_delegate.h"
#include "ui/charts/plumb_foot.h"
#include "ui/charts/plumb_picture.h"
#include "ui/charts/plumb_table.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kPictureWidth = 1200;

bool hasAbsentGroup(const report::PlumbChart& chart) {
    return std::any_of(chart.rows.begin(), chart.rows.end(), [](const report::Row& row) {
        return std::any_of(row.marks.begin(), row.marks.end(),
                           [](const report::Mark& mark) { return mark.kind == report::Mark::Kind::Absent; });
    });
}

} // namespace

QString correctionText(const PlumbData& data) {
    const QString level = QLocale().toString(data.options.level * 100);
    if (data.chart.tests < 2)
        return PlumbChartView::tr("tested at %1 %").arg(level);
    const QString tests = QLocale().toString(qulonglong(data.chart.tests));
    if (data.isExplored)
        return (data.options.correction == Correction::Holm
                    ? PlumbChartView::tr("exploratory: Holm-corrected over the %1 tests of this attribute, %2 %")
                    : PlumbChartView::tr("exploratory: false discovery rate over the %1 tests of this attribute, %2 %"))
            .arg(tests, level);
    QString text = data.options.correction == Correction::Holm
                       ? PlumbChartView::tr("Holm-corrected over the audit's %1 tests, %2 %").arg(tests, level)
                       : PlumbChartView::tr("false discovery rate over the audit's %1 tests, %2 %").arg(tests, level);
    if (data.options.tolerance > 1)
        text += PlumbChartView::tr(", tolerance %1 ×").arg(numberText(data.options.tolerance));
    return text;
}

PlumbChartView::PlumbChartView(QWidget* parent)
    : QWidget(parent), m_table(new PlumbTable(this)), m_foot(new PlumbFoot(m_table, this)), m_legend(new Legend(this)),
      m_correction(new QLabel(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_foot);

    m_legend->addNote(new KeySample(KeySample::Kind::Shade, tr("what chance alone would show (95 %)")));
    m_legend->addNote(new KeySample(KeySample::Kind::Filled, tr("leans")));
    m_legend->addNote(new KeySample(KeySample::Kind::Hollow, tr("could be chance")));
    m_absentKey = new KeySample(KeySample::Kind::Absent, tr("none in the top"));
    m_legend->addNote(m_absentKey);
    m_legend->addNote(m_correction);
    theme::setMuted(m_correction);
    m_correction->setToolTip(
        tr("Each group of each prompt is tested against a random ranking of the same images (exact, two-sided; of two "
           "groups one test stands for both). Holm's correction keeps the chance of even one false lean in the whole "
           "audit (all prompts and attributes) at the level or below; the false discovery rate keeps the share of "
           "false leans among those found there."));
    m_legend->setContentsMargins(kCellRoom - 3, 0, kCellRoom, 0);
    layout->addWidget(m_legend);

    connect(m_table, &PlumbTable::currentMeasurementChanged, this, &PlumbChartView::currentMeasurementChanged);
    connect(m_legend, &Legend::hiddenGroupsChanged, this,
            [this] { m_table->setHiddenGroups(m_legend->hiddenGroups()); });
}

void PlumbChartView::setChart(std::shared_ptr<const PlumbData> shown, const QString& title) {
    m_title = title;
    m_legend->setGroups(shown ? shown->chart.styles : std::vector<report::GroupStyle>{});
    m_correction->setText(shown ? correctionText(*shown) : QString());
    m_absentKey->setVisible(shown && hasAbsentGroup(shown->chart));
    m_table->setChart(std::move(shown));
    m_table->setAccessibleDescription(chartSummary());
    m_foot->update();
    updateGeometry();
}

void PlumbChartView::updateChart(std::shared_ptr<const PlumbData> shown, const QString& title) {
    m_title = title;
    m_correction->setText(correctionText(*shown));
    m_absentKey->setVisible(hasAbsentGroup(shown->chart));
    m_table->updateChart(std::move(shown));
    m_table->setAccessibleDescription(chartSummary());
    m_foot->update();
}

const PlumbData* PlumbChartView::chart() const {
    return m_table->plumbModel().chart();
}

int PlumbChartView::contentHeight() const {
    return m_table->contentHeight() + m_foot->height() + m_legend->heightForWidth(std::max(400, width()));
}

QSize PlumbChartView::sizeHint() const {
    return {900, std::min(contentHeight(), 480)};
}

QString PlumbChartView::chartSummary() const {
    const PlumbData* shown = chart();
    if (!shown)
        return {};
    int leaning = 0;
    for (const report::Row& row : shown->chart.rows)
        leaning += row.lean.kind == report::Lean::Kind::Leans || row.lean.kind == report::Lean::Kind::Slight;
    QString text = tr("%1. %n prompt(s)", nullptr, static_cast<int>(shown->chart.rows.size())).arg(m_title) +
                   tr(", of which %n (leans|lean).", nullptr, leaning);
    // The three strongest, in words.
    std::vector<const report::Row*> rows;
    for (const report::Row& row : shown->chart.rows)
        rows.push_back(&row);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto* a, const auto* b) { return a->lean.strength > b->lean.strength; });
    rows.resize(std::min<std::size_t>(rows.size(), 3));
    for (const report::Row* row : rows) {
        const QModelIndex index = m_table->plumbModel().index(static_cast<int>(row->measurement), PlumbModel::Prompt);
        text += u' ' + index.data(Qt::AccessibleTextRole).toString() + u'.';
    }
    if (!shown->truth.empty())
        text += u' ' + phraseText(shown->truth.sentence());
    return text;
}

Grid PlumbChartView::chartNumbers() const {
    return m_table->plumbModel().grid(m_table->shownMeasurements());
}

QSize PlumbChartView::pictureSize() const {
    return chart() ? plumbPictureSize(*chart(), kPictureWidth, font()) : QSize(kPictureWidth, 100);
}

void PlumbChartView::paintPicture(QPaintDevice& device, const QSize& size, const QPalette& palette) const {
    if (chart())
        paintPlumbPicture(device, size, m_table->plumbModel(), m_table->shownMeasurements(), m_title,
                          {palette, font(), m_legend->hiddenGroups()});
}

} // namespace plumbline::ui
