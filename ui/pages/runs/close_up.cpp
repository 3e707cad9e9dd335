// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/close_up.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTabBar>
#include <QTextDocument>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/charts/chart_menu.h"
#include "ui/charts/chart_text.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/numbers_table.h"
#include "ui/charts/rank_chart.h"
#include "ui/charts/skew_bars.h"
#include "ui/pages/runs/plain_tabs.h"
#include "ui/pages/runs/run_words.h"
#include "ui/widgets/page.h"
#include "ui/widgets/surface.h"

namespace plumbline::ui {
namespace {

enum Tab { Skew, Shares, Ndkl, Numbers };
constexpr int kSettleTime = 60;
constexpr int kShownOfANote = 48; ///< characters
/// Charts that are lower than they would like to be are better than a window that does not fit its screen.
constexpr int kLeastChart = 84;

/// A chart that needs a certain height scrolls when it has less.
QScrollArea* scrolling(QWidget* chart) {
    auto* area = new QScrollArea;
    area->setWidget(chart);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->viewport()->setAutoFillBackground(false);
    area->setFocusPolicy(Qt::NoFocus);
    return area;
}

} // namespace

CloseUp::CloseUp(RunSource* source, QWidget* parent)
    : QSplitter(Qt::Horizontal, parent), m_source(source), m_title(heading({})), m_note(caption({})),
      m_write(new QToolButton), m_remark(new QLabel),
      m_restsOn(caption({})), m_planted(new QLabel), m_tabs(new PlainTabs), m_asTable(new QToolButton),
      m_charts(new QStackedWidget), m_bars(new SkewBars), m_shares(new RankChart(RankChart::What::Shares)),
      m_ndkl(new RankChart(RankChart::What::Ndkl)), m_numbers(new NumbersTable), m_strip(new ImageStrip) {
    setChildrenCollapsible(false);
    setHandleWidth(theme::kSpace);

    auto* charts = new Surface(Surface::Kind::Card);
    auto* top = new QHBoxLayout;
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    top->addWidget(m_title, 1);
    top->addWidget(m_note);
    m_write->setText(tr("Note…"));
    m_write->setToolTip(tr("Writes what a reader of the report should know about this finding (N), or flags it (F)"));
    m_write->setAutoRaise(true);
    m_write->setEnabled(false);
    top->addWidget(m_write);
    connect(m_write, &QToolButton::clicked, this, &CloseUp::noteWanted);
    charts->column()->addLayout(top);
    m_remark->setTextFormat(Qt::PlainText);
    m_remark->setWordWrap(true);
    m_remark->setAccessibleName(tr("Note on this finding"));
    m_remark->hide();
    charts->column()->addWidget(m_remark);
    m_restsOn->setWordWrap(true);
    charts->column()->addWidget(m_restsOn);
    m_planted->setWordWrap(true);
    m_planted->setTextFormat(Qt::PlainText);
    m_planted->hide();
    charts->column()->addWidget(m_planted);

    m_tabs->addTab(tr("Skew by group"));
    m_tabs->addTab(tr("Shares by rank"));
    m_tabs->addTab(tr("NDKL by rank"));
    m_tabs->addTab(tr("Numbers"));
    m_tabs->setAccessibleName(tr("Close-up"));
    m_asTable->setText(tr("Table"));
    m_asTable->setCheckable(true);
    m_asTable->setAutoRaise(true);
    m_asTable->setToolTip(tr("Shows the chart's numbers as a table"));
    m_menu = new ChartMenu(m_bars);
    auto* bar = new QHBoxLayout;
    bar->addWidget(m_tabs);
    bar->addStretch();
    bar->addWidget(m_asTable);
    bar->addWidget(m_menu);
    charts->column()->addLayout(bar);
    m_charts->addWidget(scrolling(m_bars));
    m_charts->addWidget(m_shares);
    m_charts->addWidget(m_ndkl);
    m_charts->addWidget(m_numbers);
    m_charts->setMinimumHeight(kLeastChart);
    charts->column()->addWidget(m_charts, 1);
    addWidget(charts);

    auto* images = new Surface(Surface::Kind::Card);
    images->column()->addWidget(m_strip);
    addWidget(images);
    setSizes({1100, 1000}); // in proportion
    setStretchFactor(0, 11);
    setStretchFactor(1, 10);

    m_settled.setSingleShot(true);
    m_settled.setInterval(kSettleTime);
    connect(&m_settled, &QTimer::timeout, this, &CloseUp::askForDetails);
    connect(m_tabs, &QTabBar::currentChanged, this, &CloseUp::showTab);
    connect(m_asTable, &QToolButton::toggled, this, [this](bool on) {
        m_shares->showTable(on);
        m_ndkl->showTable(on);
        m_bars->showTable(on);
    });
    connect(m_menu, &ChartMenu::failed, this, &CloseUp::failed);
    m_strip->setNotable(true);
    connect(m_strip->images(), &RankedImages::thumbnailsWanted, this, [this](const QList<qint64>& rows) {
        if (m_run)
            m_source->thumbnails(
                m_run->record.config.imageSetId, rows, m_strip->images(),
                [images = m_strip->images()](qint64 row, const QImage& image) { images->setThumbnail(row, image); });
    });
}

void CloseUp::showTab(int tab) {
    m_charts->setCurrentIndex(tab);
    m_asTable->setVisible(tab != Numbers);
    const ChartSource* sources[] = {m_bars, m_shares, m_ndkl, m_numbers};
    if (tab >= 0)
        m_menu->setChart(sources[tab]);
}

void CloseUp::clear() {
    m_run.reset();
    m_prompt = -1;
    m_settled.stop();
    for (QLabel* label : {m_title, m_note, m_restsOn, m_planted})
        label->clear();
    m_planted->hide();
    setRemark({});
    m_bars->setPrompt(nullptr, -1);
    m_shares->setMessage({});
    m_ndkl->setMessage({});
    m_numbers->setNumbers({}, {}, {});
    m_strip->clear();
}

void CloseUp::setRemark(const Remark& remark) {
    m_write->setEnabled(m_prompt >= 0);
    m_remark->setVisible(!remark.isEmpty());
    const QString line = remarkText(remark).simplified();
    m_remark->setText(line.size() > kShownOfANote ? line.left(kShownOfANote) + u'…' : line);
    m_remark->setToolTip(Qt::convertFromPlainText(remark.text));
}

void CloseUp::setPrompt(std::shared_ptr<const LoadedRun> run, std::size_t attribute, int prompt) {
    if (!run || prompt < 0) {
        clear();
        return;
    }
    m_run = std::move(run);
    m_attribute = attribute;
    m_prompt = prompt;
    const std::shared_ptr<const PlumbData>& chart = m_run->attributes[attribute].chart;
    const Measurement& measurement = chart->measurements[static_cast<std::size_t>(prompt)];
    m_title->setText(chart->prompt(prompt));
    m_title->setToolTip(chart->prompt(prompt));
    QString note;
    if (measurement.ndkl.value) {
        note = tr("NDKL %1").arg(numberText(measurement.ndkl.value));
        if (measurement.ndkl.nullMean)
            note += tr(" (chance %1)").arg(numberText(measurement.ndkl.nullMean));
    }
    m_note->setText(note);
    m_restsOn->setText(restsOn(*chart, prompt));
    m_planted->setVisible(!chart->planted.empty());
    if (!chart->planted.empty())
        m_planted->setText(plantedText(chart->planted[static_cast<std::size_t>(prompt)]));
    m_bars->setPrompt(chart, prompt);
    m_bars->setMinimumHeight(70 + 24 * static_cast<int>(measurement.groups.size()));
    m_numbers->setNumbers(numbersGrid(*chart, prompt), tr("%1 – numbers").arg(chart->prompt(prompt)),
                          m_bars->chartSummary());
    m_settled.start();
}

void CloseUp::askForDetails() {
    if (!m_run)
        return;
    const auto isCurrent = [this, run = m_run, attribute = m_attribute, prompt = m_prompt] {
        return run == m_run && attribute == m_attribute && prompt == m_prompt;
    };
    const auto prompt = static_cast<std::size_t>(m_prompt);
    const auto styles = m_run->attributes[m_attribute].chart->chart.styles;
    m_source->topImages(m_run, m_attribute, prompt, this,
                        [this, isCurrent, styles](Result<std::vector<RankedImage>> images) {
                            if (!isCurrent())
                                return;
                            if (images && m_run->images)
                                m_strip->setImages(std::move(*images), styles, m_run->images->root);
                            else
                                m_strip->clear();
                            if (!images)
                                Q_EMIT failed(images.error());
                        });
    m_source->curve(m_run, m_attribute, prompt, this,
                    [this, isCurrent, styles](Result<std::shared_ptr<const RankCurve>> curve) {
                        if (!isCurrent())
                            return;
                        const PlumbData& chart = *m_run->attributes[m_attribute].chart;
                        const report::Lean& lean = chart.chart.rows[static_cast<std::size_t>(m_prompt)].lean;
                        for (RankChart* each : {m_shares, m_ndkl})
                            if (curve)
                                each->setCurve(*curve, styles, static_cast<int>(lean.group), chart.prompt(m_prompt));
                            else
                                each->setMessage(tr("The curve cannot be drawn: the run's labels are missing."));
                    });
}

} // namespace plumbline::ui
