// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/comparison_view.h"

#include <algorithm>
#include <limits>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/base/path.h"
#include "ui/bridge/json.h"
#include "ui/charts/chart_menu.h"
#include "ui/charts/dumb_bells.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/numbers_table.h"
#include "ui/charts/run_scatter.h"
#include "ui/pages/compare/compare_words.h"
#include "ui/pages/runs/plain_tabs.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {

QLabel* wrapped(const QString& name) {
    auto* label = new QLabel;
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setAccessibleName(name);
    return label;
}

void fill(QComboBox* box, const std::vector<ComparedMeasure>& measures) {
    const QVariant before = box->currentData();
    const QSignalBlocker quiet(box);
    box->clear();
    for (const ComparedMeasure& measure : measures) {
        box->addItem(measure.title, fromUtf8(measure.name));
        box->setItemData(box->count() - 1, measure.toolTip, Qt::ToolTipRole);
    }
    box->setCurrentIndex(std::max(box->count() > 0 ? 0 : -1, box->findData(before)));
}

const ComparedMeasure* chosen(const std::vector<ComparedMeasure>& measures, const QComboBox* box) {
    const auto found = std::ranges::find(measures, box->currentData().toString().toStdString(), &ComparedMeasure::name);
    return found == measures.end() ? nullptr : &*found;
}

} // namespace

ComparisonView::ComparisonView(QWidget* parent)
    : QWidget(parent), m_sentences(wrapped(tr("What the comparison says"))),
      m_counts(wrapped(tr("How many prompts changed"))), m_cautionsButton(new QToolButton),
      m_cautions(wrapped(tr("What to beware of"))), m_tabs(new PlainTabs),
      m_runLabel(caption(tr("Against the first:"))), m_run(new QComboBox), m_attribute(new QComboBox),
      m_measure(new QComboBox), m_utility(new QComboBox), m_menu(nullptr), m_sheets(new QStackedWidget),
      m_pairs(new DumbBellTable), m_key(new DumbBellKey), m_means(new NumbersTable), m_scatter(new RunScatter),
      m_scatterOrNot(new QStackedWidget), m_movedTitle(heading({})), m_risen(new ImageStrip), m_fallen(new ImageStrip),
      m_moved(new QWidget), m_movedCard(nullptr) {
    m_menu = new ChartMenu(m_pairs);
    auto* split = new QSplitter(Qt::Vertical);
    split->setChildrenCollapsible(false);
    split->setHandleWidth(theme::kSpace);
    split->addWidget(buildTop());
    split->addWidget(buildImages());
    split->setSizes({460, 220});
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(split, 1);

    connect(m_tabs, &QTabBar::currentChanged, this, &ComparisonView::showTab);
    connect(m_run, &QComboBox::currentIndexChanged, this, &ComparisonView::showRun);
    connect(m_attribute, &QComboBox::currentIndexChanged, this, [this] {
        showPairs();
        showUtility();
    });
    connect(m_measure, &QComboBox::currentIndexChanged, this, [this] {
        showPairs();
        showUtility();
    });
    connect(m_utility, &QComboBox::currentIndexChanged, this, &ComparisonView::showUtility);
    connect(m_pairs, &GridTable::currentGridRowChanged, this, &ComparisonView::showMoved);
    connect(m_menu, &ChartMenu::saved, this, [this](const QString& path) {
        Q_EMIT raised({Severity::Note, tr("Saved as %1.").arg(path)});
    });
    connect(m_menu, &ChartMenu::failed, this, [this](const Error& error) { Q_EMIT raised(Message::of(error)); });
    clear();
}

QWidget* ComparisonView::buildTop() {
    auto* card = new Surface(Surface::Kind::Card);
    m_sentences->setFont(theme::strongFont(m_sentences->font()));
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::kGrid);
    m_cautionsButton->setCheckable(true);
    m_cautionsButton->setAutoRaise(true);
    m_cautionsButton->setToolTip(tr("Shows what to beware of in this comparison"));
    line->addWidget(m_counts, 1);
    line->addWidget(m_cautionsButton, 0, Qt::AlignTop);
    card->column()->addWidget(m_sentences);
    card->column()->addLayout(line);
    card->column()->addWidget(m_cautions);
    m_cautions->hide();
    connect(m_cautionsButton, &QToolButton::toggled, m_cautions, &QWidget::setVisible);

    m_tabs->addTab(tr("Prompts"));
    m_tabs->addTab(tr("Means"));
    m_tabs->addTab(tr("Utility"));
    m_tabs->setAccessibleName(tr("Parts of the comparison"));
    m_run->setAccessibleName(tr("Run that is held against the first"));
    m_attribute->setAccessibleName(tr("Attribute"));
    m_attribute->setToolTip(tr("The attribute whose groups are compared"));
    m_measure->setAccessibleName(tr("Measure of fairness"));
    m_utility->setAccessibleName(tr("Measure of utility"));
    for (QComboBox* box : {m_run, m_attribute, m_measure, m_utility})
        box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    fill(m_measure, comparedMeasures());
    auto* bar = new QHBoxLayout;
    bar->setSpacing(theme::kGrid);
    bar->addWidget(m_tabs);
    bar->addStretch(1);
    bar->addWidget(m_runLabel);
    for (QComboBox* box : {m_run, m_attribute, m_measure, m_utility})
        bar->addWidget(box);
    bar->addWidget(m_menu);
    card->column()->addLayout(bar);

    auto* pairs = new QWidget;
    auto* column = new QVBoxLayout(pairs);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::kHalf);
    column->addWidget(m_pairs, 1);
    column->addWidget(m_key);
    auto* none = wrapped(tr("Why there is no utility"));
    none->setText(tr("These runs measured nothing that says how useful the models are. Audit with classes or captions "
                     "(New audit, Measure beside) and compare those runs, to see what fairness costs."));
    none->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_scatterOrNot->addWidget(m_scatter);
    m_scatterOrNot->addWidget(none);
    m_sheets->addWidget(pairs);
    m_sheets->addWidget(m_means);
    m_sheets->addWidget(m_scatterOrNot);
    m_sheets->setMinimumHeight(14 * theme::kGrid); // a low window must not grow for the chart
    card->column()->addWidget(m_sheets, 1);
    return card;
}

QWidget* ComparisonView::buildImages() {
    auto* card = new Surface(Surface::Kind::Card);
    m_movedTitle->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    card->column()->addWidget(m_movedTitle);
    auto* columns = new QHBoxLayout(m_moved);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(theme::kSpace);
    columns->addWidget(m_risen, 1);
    columns->addWidget(m_fallen, 1);
    m_fallen->blurLike(m_risen);
    card->column()->addWidget(m_moved, 1);
    m_movedCard = card;
    return card;
}

std::int64_t ComparisonView::run() const {
    return m_run->currentData().toLongLong();
}

std::string ComparisonView::attribute() const {
    return m_attribute->currentText().toStdString();
}

void ComparisonView::setComparison(std::shared_ptr<const ShownComparison> shown) {
    m_shown = std::move(shown);
    if (!m_shown) {
        m_pairs->setPairs({}, {}, {}, {}, {}, {}, {});
        m_means->setNumbers({}, {}, {});
        m_risen->clear();
        m_fallen->clear();
        return;
    }
    const QString attribute = m_attribute->currentText();
    {
        const QSignalBlocker quietRun(m_run), quietAttribute(m_attribute);
        m_run->clear();
        for (std::size_t r = 1; r < comparison().runs.size(); ++r)
            m_run->addItem(comparedRunTitle(comparison().runs[r]), qlonglong(comparison().runs[r].run));
        m_attribute->clear();
        m_attribute->addItems(comparedAttributes(comparison()));
        m_attribute->setCurrentIndex(std::max(0, m_attribute->findText(attribute)));
    }
    fill(m_utility, comparedUtilities(comparison()));
    const QStringList cautions = comparisonCautions(comparison());
    m_cautionsButton->setVisible(!cautions.isEmpty());
    m_cautionsButton->setText(tr("%n caution(s)", nullptr, static_cast<int>(cautions.size())));
    m_cautions->setText(cautions.size() < 2 ? cautions.join(u' ')
                                            : QStringLiteral("• ") + cautions.join(QStringLiteral("\n• ")));
    m_cautions->setVisible(!cautions.isEmpty() && m_cautionsButton->isChecked());
    m_means->setNumbers(comparedMeansGrid(comparison()), tr("Means over the prompts and utility"), {});
    showRun();
    showTab(m_tabs->currentIndex());
}

void ComparisonView::showRun() {
    if (!m_shown)
        return;
    const QStringList sentences = comparisonSentences(comparison(), run());
    m_sentences->setText(sentences.join(u'\n'));
    m_counts->setText(promptCountSentence(comparison(), run()));
    showPairs();
    showUtility();
}

void ComparisonView::showPairs() {
    if (!m_shown)
        return;
    const QString before = m_pairs->currentGridRow() >= 0
                               ? m_pairs->pairs()[static_cast<std::size_t>(m_pairs->currentGridRow())].prompt
                               : QString();
    const auto measures = comparedMeasures();
    const ComparedMeasure* measure = chosen(measures, m_measure);
    const QString first = runName(comparison().runs.front().run), second = runName(run());
    std::vector<DumbBell> pairs = comparedPairs(comparison(), run(), attribute(), measure->name);
    const auto same = std::ranges::find(pairs, before, &DumbBell::prompt);
    const int row = same == pairs.end() ? 0 : static_cast<int>(same - pairs.begin());
    const bool any = !pairs.empty();
    m_key->setRuns(first, second);
    {
        const QSignalBlocker quiet(m_pairs);
        m_pairs->setPairs(std::move(pairs), measure->title, first, second, correctedName(comparison()),
                          tr("%1 by %2, %3 and %4").arg(measure->title, m_attribute->currentText(), first, second),
                          promptCountSentence(comparison(), run()));
        if (any)
            m_pairs->setCurrentGridRow(row);
    }
    showMoved();
}

void ComparisonView::showUtility() {
    if (!m_shown)
        return;
    const auto measures = comparedMeasures(), utilities = comparedUtilities(comparison());
    const ComparedMeasure *fairness = chosen(measures, m_measure), *utility = chosen(utilities, m_utility);
    m_scatterOrNot->setCurrentIndex(utility == nullptr ? 1 : 0);
    if (utility == nullptr)
        return;
    m_scatter->setPoints(comparedPoints(comparison(), attribute(), fairness->name, utility->name),
                         {utility->title, tr("higher is better"), 3},
                         {tr("mean %1").arg(fairness->title),
                          fairness->lowerIsFairer ? tr("lower is fairer") : tr("higher is fairer"), 2},
                         tr("%1 by %2 against %3").arg(fairness->title, m_attribute->currentText(), utility->title));
}

void ComparisonView::showTab(int tab) {
    m_sheets->setCurrentIndex(tab);
    m_movedCard->setVisible(tab == Prompts); // they are a prompt's
    const bool several = m_run->count() > 1 && tab == Prompts;
    m_runLabel->setVisible(several);
    m_run->setVisible(several);
    const bool hasUtility = tab == Utility && m_utility->count() > 0;
    m_attribute->setVisible(tab == Prompts || hasUtility);
    m_measure->setVisible(tab == Prompts || hasUtility);
    m_utility->setVisible(hasUtility);
    m_menu->setVisible(tab != Utility || hasUtility);
    const ChartSource* sources[] = {m_pairs, m_means, m_scatter};
    if (tab >= 0)
        m_menu->setChart(sources[tab]);
}

void ComparisonView::showMoved() {
    const int row = m_pairs->currentGridRow();
    std::vector<RankedImage> risen, fallen;
    std::vector<report::GroupStyle> styles;
    const QString prompt = m_shown && row >= 0 ? m_pairs->pairs()[static_cast<std::size_t>(row)].prompt : QString();
    if (m_shown) {
        const auto groups = m_shown->attributes.find(attribute());
        if (groups != m_shown->attributes.end())
            styles = groups->second.styles;
        for (const MovedImage& image : comparison().moved) {
            if (image.run != run() || fromUtf8(image.prompt) != prompt)
                continue;
            int group = -1;
            if (groups != m_shown->attributes.end())
                if (const auto found = groups->second.groupOf.find(image.row); found != groups->second.groupOf.end())
                    group = found->second;
            (image.secondRank < image.firstRank ? risen : fallen)
                .push_back({image.row, group, std::numeric_limits<double>::quiet_NaN(), decodeName(image.file),
                            image.secondRank, image.firstRank});
        }
    }
    m_movedTitle->setText(prompt.isEmpty() ? tr("Mark a prompt to see the images that moved most")
                                           : tr("Images that moved most for “%1”").arg(prompt));
    m_movedTitle->setToolTip(m_movedTitle->text());
    const QString second = m_shown ? runName(run()) : QString();
    m_risen->setHeading(tr("Rose in %1").arg(second));
    m_fallen->setHeading(tr("Fell in %1").arg(second));
    m_moved->setVisible(m_shown != nullptr && row >= 0);
    const std::filesystem::path root = m_shown ? m_shown->root : std::filesystem::path();
    m_risen->setImages(std::move(risen), styles, root);
    m_fallen->setImages(std::move(fallen), styles, root);
}

} // namespace plumbline::ui
