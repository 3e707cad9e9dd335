// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/close_up.h"

#include <utility>

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
#include "ui/charts/rank_ribbon_chart.h"
#include "ui/charts/score_curves.h"
#include "ui/charts/skew_bars.h"
#include "ui/pages/runs/plain_tabs.h"
#include "ui/pages/runs/run_words.h"
#include "ui/widgets/page.h"
#include "ui/widgets/surface.h"

namespace plumbline::ui {
namespace {

enum Tab { Skew, Shares, Ndkl, Ribbon, Scores, Numbers };
/// Of the stack: charts, and the tables of those that have them apart.
enum Sheet { kBars, kShares, kNdkl, kRibbon, kRibbonNumbers, kScores, kScoreNumbers, kNumbers };
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
      m_ndkl(new RankChart(RankChart::What::Ndkl)), m_numbers(new NumbersTable), m_ribbon(new RankRibbonChart), m_ribbonNumbers(new NumbersTable), m_scores(new ScoreCurves),
      m_scoreNumbers(new NumbersTable), m_strip(new ImageStrip) {
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
    m_remark->setWordWrap(true);
    m_remark->setAccessibleName(tr("Note on this finding"));
    m_remark->hide();
    charts->column()->addWidget(m_remark);
    m_restsOn->setWordWrap(true);
    charts->column()->addWidget(m_restsOn);
    m_planted->setWordWrap(true);
    m_planted->hide();
    charts->column()->addWidget(m_planted);

    m_tabs->addTab(tr("Skew by group"));
    m_tabs->addTab(tr("Shares by rank"));
    m_tabs->addTab(tr("NDKL by rank"));
    m_tabs->addTab(tr("Ribbon"));
    m_tabs->setTabToolTip(Ribbon, tr("The ranking image by image, a lane a group"));
    m_tabs->addTab(tr("Scores"));
    m_tabs->setTabToolTip(Scores, tr("How the scores of each group's images lie"));
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
    m_ribbon->setAccessibleName(tr("Ribbon"));
    m_scores->setAccessibleName(tr("Scores"));
    m_charts->addWidget(scrolling(m_bars));
    m_charts->addWidget(m_shares);
    m_charts->addWidget(m_ndkl);
    for (QWidget* each : {static_cast<QWidget*>(m_ribbon), static_cast<QWidget*>(m_ribbonNumbers),
                          static_cast<QWidget*>(m_scores), static_cast<QWidget*>(m_scoreNumbers),
                          static_cast<QWidget*>(m_numbers)})
        m_charts->addWidget(each);
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
    connect(m_tabs, &QTabBar::currentChanged, this, [this] {
        chooseChart();
        askForChart();
    });
    connect(m_asTable, &QToolButton::toggled, this, [this](bool on) {
        m_shares->showTable(on);
        m_ndkl->showTable(on);
        m_bars->showTable(on);
        chooseChart();
    });
    connect(m_ribbon, &RankRibbonChart::currentRankChanged, this, [this](qint64 rank) {
        const auto& places = m_ribbon->ribbon()->places;
        m_strip->chooseImage(places[static_cast<std::size_t>(rank - 1)].row);
    });
    connect(m_ribbon, &RankRibbonChart::rankActivated, this, [this](qint64 rank) {
        const auto& places = m_ribbon->ribbon()->places;
        m_strip->openImage(places[static_cast<std::size_t>(rank - 1)].row);
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

void CloseUp::chooseChart() {
    const int tab = std::max(0, m_tabs->currentIndex());
    const bool table = m_asTable->isChecked();
    const int pages[] = {kBars,
                         kShares,
                         kNdkl,
                         table ? kRibbonNumbers : kRibbon,
                         table ? kScoreNumbers : kScores,
                         kNumbers};
    const ChartSource* sources[] = {m_bars,
                                    m_shares,
                                    m_ndkl,
                                    m_ribbon,
                                    table ? static_cast<const ChartSource*>(m_scoreNumbers) : m_scores,
                                    m_numbers};
    m_charts->setCurrentIndex(pages[tab]);
    m_asTable->setVisible(tab != Numbers);
    m_menu->setChart(sources[tab]);
}

void CloseUp::askForChart() {
    if (!m_run)
        return;
    switch (m_tabs->currentIndex()) {
    case Shares:
    case Ndkl:
        return askForCurve();
    case Ribbon:
    case Scores:
        return askForRanking();
    default:
        return;
    }
}

void CloseUp::askForRanking() {
    if (std::exchange(m_rankingAsked, true))
        return;
    m_source->details(
        m_run, m_attribute, static_cast<std::size_t>(m_prompt), this,
        [this, subject = m_subject](Result<RankingDetails> details) {
            if (subject != m_subject)
                return;
            if (!details) {
                for (LaneChart* chart : {static_cast<LaneChart*>(m_ribbon), static_cast<LaneChart*>(m_scores)})
                    chart->setMessage(tr("It cannot be drawn: the run's labels are missing."));
                return;
            }
            const PlumbData& chart = *m_run->attributes[m_attribute].chart;
            const QString words = chart.prompt(m_prompt);
            m_ribbon->setRibbon(details->ribbon, chart.chart.styles, tr("%1 – ribbon").arg(words));
            m_ribbonNumbers->setNumbers(m_ribbon->chartNumbers(), m_ribbon->chartTitle(), m_ribbon->chartSummary());
            m_scores->setSpread(details->spread, chart.chart.styles, tr("%1 – scores").arg(words));
            m_scoreNumbers->setNumbers(spreadGrid(*details->spread), m_scores->chartTitle(), m_scores->chartSummary());
        });
}

void CloseUp::askForCurve() {
    if (std::exchange(m_curveAsked, true))
        return;
    m_source->curve(m_run, m_attribute, static_cast<std::size_t>(m_prompt), this,
                    [this, subject = m_subject](Result<std::shared_ptr<const RankCurve>> curve) {
                        if (subject != m_subject)
                            return;
                        if (curve)
                            m_curve = *curve;
                        else
                            for (RankChart* each : {m_shares, m_ndkl})
                                each->setMessage(tr("The curve cannot be drawn: the run's labels are missing."));
                        showCurve();
                    });
}

void CloseUp::showCurve() {
    if (!m_curve)
        return;
    const PlumbData& chart = *m_run->attributes[m_attribute].chart;
    const report::Lean& lean = chart.chart.rows[static_cast<std::size_t>(m_prompt)].lean;
    for (RankChart* each : {m_shares, m_ndkl})
        each->setCurve(m_curve, chart.chart.styles, static_cast<int>(lean.group), chart.prompt(m_prompt));
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
    m_numbers->setNumbers({}, {}, {});
    m_subject = {};
    m_curve.reset();
    clearCurve();
    clearRanking();
    m_strip->clear();
}

void CloseUp::clearCurve() {
    m_shares->setMessage({});
    m_ndkl->setMessage({});
}

void CloseUp::clearRanking() {
    m_ribbon->setMessage({});
    m_scores->setMessage({});
    m_ribbonNumbers->setNumbers({}, {}, {});
    m_scoreNumbers->setNumbers({}, {}, {});
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
    Subject subject{m_run->record.id, m_run->images.get(), {}, attribute, prompt};
    if (m_run->explored)
        subject.explored = m_run->explored->what;
    if (subject != m_subject) {
        m_subject = std::move(subject);
        m_curve.reset();
        m_imagesAsked = m_curveAsked = m_rankingAsked = false;
        // The chart in sight stays until the next is there; the others would be another prompt's when they are opened.
        const int tab = m_tabs->currentIndex();
        if (tab != Shares && tab != Ndkl)
            clearCurve();
        if (tab != Ribbon && tab != Scores)
            clearRanking();
    }
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
    showCurve(); // the group that it points out may be another
    m_settled.start();
}

void CloseUp::askForDetails() {
    if (!m_run)
        return;
    askForChart();
    if (std::exchange(m_imagesAsked, true))
        return;
    m_source->topImages(m_run, m_attribute, static_cast<std::size_t>(m_prompt), this,
                        [this, subject = m_subject](Result<std::vector<RankedImage>> images) {
                            if (subject != m_subject)
                                return;
                            if (images && m_run->images)
                                m_strip->setImages(std::move(*images),
                                                   m_run->attributes[m_attribute].chart->chart.styles,
                                                   m_run->images->root);
                            else
                                m_strip->clear();
                            if (!images)
                                Q_EMIT failed(images.error());
                        });
}

} // namespace plumbline::ui
