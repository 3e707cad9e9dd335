// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/study_view.h"

#include <algorithm>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/bridge/json.h"
#include "ui/charts/chart_menu.h"
#include "ui/charts/chart_text.h"
#include "ui/charts/numbers_table.h"
#include "ui/charts/tradeoff_chart.h"
#include "ui/pages/mitigate/study_words.h"
#include "ui/pages/runs/plain_tabs.h"
#include "ui/widgets/fact_sheet.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {

const QString kByStrength = QStringLiteral("strength");

/// A measure in a box's data.
QString keyOf(const StudyMeasure& measure) {
    return fromUtf8(measure.measure) + QLatin1Char('\n') + fromUtf8(measure.attribute);
}

const StudyMeasure* measureOf(const std::vector<StudyMeasure>& measures, const QString& key) {
    const auto found = std::ranges::find_if(measures, [&](const auto& each) { return keyOf(each) == key; });
    return found == measures.end() ? nullptr : &*found;
}

/// What makes a model useful, for the horizontal axis.
bool isUtility(const StudyMeasure& measure) {
    return measure.measure == "zero_shot_accuracy" || measure.measure == "worst_group_accuracy" ||
           measure.measure == "able" || measure.measure == "recall_at_5";
}
/// Whether its strength is the alpha between two models.
bool isModel(const DebiasCandidate& candidate) {
    const DebiasMethodInfo* info = findDebiasMethod(candidate.card.config.method);
    return info != nullptr && info->target == DebiasTarget::Weights;
}
bool isFairness(const StudyMeasure& measure) {
    return measure.measure.starts_with("max_skew") || measure.measure == "min_skew" || measure.measure == "ndkl";
}

QLabel* wrapped(QLabel* label) {
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

QString bullets(const QStringList& lines) {
    return lines.size() < 2 ? lines.join(u' ') : QStringLiteral("• ") + lines.join(QStringLiteral("\n• "));
}

} // namespace

StudyView::StudyView(QWidget* parent)
    : QWidget(parent), m_sentence(wrapped(new QLabel)), m_caveats(wrapped(new QLabel)), m_rows(wrapped(caption({}))),
      m_table(new NumbersTable), m_tableMenu(new ChartMenu(m_table)), m_x(new QComboBox), m_y(new QComboBox),
      m_chart(new TradeoffChart), m_chartMenu(new ChartMenu(m_chart)), m_name(heading({})),
      m_cautions(wrapped(new QLabel)), m_dial(new QWidget), m_strengthLabel(new QLabel),
      m_slider(new QSlider(Qt::Horizontal)), m_strength(new QLabel), m_chosen(caption({})), m_tabs(new PlainTabs),
      m_sheets(new QStackedWidget), m_numbers(new NumbersTable), m_differences(new NumbersTable), m_card(new FactSheet),
      m_audit(new QPushButton(tr("Audit with it…"))), m_export(new QPushButton(tr("Export…"))) {
    auto* below = new QSplitter(Qt::Horizontal);
    below->setChildrenCollapsible(false);
    below->addWidget(buildChart());
    below->addWidget(buildMethod());
    below->setSizes({520, 480});
    auto* split = new QSplitter(Qt::Vertical);
    split->setChildrenCollapsible(false);
    split->addWidget(buildTop());
    split->addWidget(below);
    split->setSizes({360, 320});
    split->setStretchFactor(0, 1);
    split->setStretchFactor(1, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(split, 1);

    connect(m_table, &GridTable::currentGridRowChanged, this, [this](int row) {
        if (row >= 0)
            showCandidate(row - 1);
    });
    for (QComboBox* box : {m_x, m_y})
        connect(box, &QComboBox::currentIndexChanged, this, &StudyView::showCurves);
    connect(m_slider, &QSlider::valueChanged, this, &StudyView::showPoint);
    connect(m_tabs, &QTabBar::currentChanged, m_sheets, &QStackedWidget::setCurrentIndex);
    connect(m_audit, &QPushButton::clicked, this, [this] { Q_EMIT auditWanted(m_candidate, strength()); });
    connect(m_export, &QPushButton::clicked, this, [this] { Q_EMIT exportWanted(m_candidate, strength()); });
    say(m_tableMenu);
    say(m_chartMenu);
}

QWidget* StudyView::buildTop() {
    auto* card = new Surface(Surface::Kind::Card);
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::kGrid);
    auto* words = new QVBoxLayout;
    words->setSpacing(theme::kHalf);
    m_sentence->setFont(theme::strongFont(m_sentence->font()));
    m_sentence->setAccessibleName(tr("What is recommended"));
    m_caveats->setAccessibleName(tr("What to beware of"));
    m_rows->setFont(theme::smallFont(m_rows->font()));
    for (QLabel* label : {m_sentence, m_caveats, m_rows})
        words->addWidget(label);
    line->addLayout(words, 1);
    line->addWidget(m_tableMenu, 0, Qt::AlignTop);
    card->column()->addLayout(line);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setMinimumHeight(11 * theme::kGrid);
    card->column()->addWidget(m_table, 1);
    return card;
}

QWidget* StudyView::buildChart() {
    auto* card = new Surface(Surface::Kind::Card);
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::kGrid);
    m_y->setAccessibleName(tr("Fairness, upwards"));
    m_x->setAccessibleName(tr("Utility, to the right"));
    for (QComboBox* box : {m_y, m_x})
        box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    line->addWidget(m_y);
    line->addWidget(caption(tr("against")));
    line->addWidget(m_x);
    line->addStretch(1);
    line->addWidget(m_chartMenu);
    card->column()->addLayout(line);
    card->column()->addWidget(m_chart, 1);
    auto* legend = caption(tr("Line: audit rows, dashed: select rows. Mark: chosen strength, ring: the slider's."));
    legend->setFont(theme::smallFont(legend->font()));
    legend->setWordWrap(true);
    card->column()->addWidget(legend);
    return card;
}

QWidget* StudyView::buildMethod() {
    auto* card = new Surface(Surface::Kind::Card);
    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kGrid);
    m_name->setWordWrap(true);
    top->addWidget(m_name, 1);
    top->addWidget(m_audit, 0, Qt::AlignTop);
    top->addWidget(m_export, 0, Qt::AlignTop);
    card->column()->addLayout(top);
    m_cautions->setAccessibleName(tr("What to beware of with this method"));
    m_cautions->setFont(theme::smallFont(m_cautions->font()));
    card->column()->addWidget(m_cautions);

    auto* dial = new QHBoxLayout(m_dial);
    dial->setContentsMargins(0, 0, 0, 0);
    dial->setSpacing(theme::kGrid);
    m_strengthLabel->setBuddy(m_slider);
    m_slider->setAccessibleName(tr("Strength"));
    m_slider->setToolTip(
        tr("How far the method is dialled. Moving it shows what another strength would do; the choice stays."));
    m_strength->setFont(theme::tabularFont(theme::strongFont(m_strength->font())));
    m_chosen->setFont(theme::smallFont(m_chosen->font()));
    dial->addWidget(m_strengthLabel);
    dial->addWidget(m_slider, 1);
    dial->addWidget(m_strength);
    dial->addWidget(m_chosen);
    card->column()->addWidget(m_dial);

    m_tabs->addTab(tr("Strength"));
    m_tabs->addTab(tr("Differences"));
    m_tabs->addTab(tr("Card"));
    m_tabs->setAccessibleName(tr("About the method"));
    card->column()->addWidget(m_tabs);
    m_numbers->setFont(theme::tabularFont(theme::smallFont(m_numbers->font())));
    m_sheets->addWidget(m_numbers);
    m_sheets->addWidget(m_differences);
    m_card->setAccessibleName(tr("Card of the method"));
    m_sheets->addWidget(m_card);
    QSizePolicy kept = m_sheets->sizePolicy();
    kept.setRetainSizeWhenHidden(true); // what stands above it stays where it is
    m_sheets->setSizePolicy(kept);
    card->column()->addWidget(m_sheets, 1);
    return card;
}

void StudyView::say(ChartMenu* menu) {
    connect(menu, &ChartMenu::saved, this, [this](const QString& path) {
        Q_EMIT raised({Severity::Note, tr("Saved as %1.").arg(path)});
    });
    connect(menu, &ChartMenu::failed, this, [this](const Error& error) { Q_EMIT raised(Message::of(error)); });
}

void StudyView::setStudy(std::shared_ptr<const DebiasStudy> study, const QString& title) {
    m_study = std::move(study);
    m_title = title;
    const int recommended = static_cast<int>(m_study->recommended);
    m_sentence->setText(studySentence(*m_study));
    QStringList caveats = studyCaveats(*m_study, -1);
    if (recommended >= 0) {
        caveats += studyCaveats(*m_study, recommended);
        for (const std::string& warning : m_study->candidates[static_cast<std::size_t>(recommended)].card.warnings)
            caveats << fromUtf8(warning);
    }
    m_caveats->setText(bullets(caveats));
    m_caveats->setVisible(!caveats.isEmpty());
    m_rows->setText(studyRows(*m_study));
    m_rows->setToolTip(tr("Compared by %1.").arg(fromUtf8(m_study->score)));
    m_candidate = -2; // whatever was shown is of another study
    {
        const QSignalBlocker quiet(m_table);
        m_table->setNumbers(studyGrid(*m_study), tr("Methods, %1").arg(title), studySentence(*m_study));
    }
    fillAxes();
    m_table->setCurrentGridRow(recommended + 1);
    if (m_candidate == -2)
        showCandidate(recommended);
}

void StudyView::fillAxes() {
    const auto measures = studyMeasures(*m_study);
    const QSignalBlocker quietX(m_x), quietY(m_y);
    const QString x = m_x->currentData().toString(), y = m_y->currentData().toString();
    m_x->clear();
    m_y->clear();
    for (const StudyMeasure& measure : measures) {
        if (isUtility(measure))
            m_x->addItem(measure.title, keyOf(measure));
        else if (isFairness(measure))
            m_y->addItem(measure.title, keyOf(measure));
    }
    m_x->addItem(tr("strength"), kByStrength);
    m_x->setCurrentIndex(std::max(0, m_x->findData(x)));
    m_y->setCurrentIndex(std::max(m_y->count() > 0 ? 0 : -1, m_y->findData(y)));
    m_candidate = -2;
}

void StudyView::showCurves() {
    if (!m_study)
        return;
    const auto measures = studyMeasures(*m_study);
    const StudyMeasure* x = measureOf(measures, m_x->currentData().toString());
    const StudyMeasure* y = measureOf(measures, m_y->currentData().toString());
    const auto styles = studyStyles(*m_study);
    const QStringList names = candidateNames(*m_study);
    std::vector<TradeoffCurve> curves;
    for (std::size_t i = 0; i < m_study->candidates.size() && y != nullptr; ++i) {
        const DebiasCandidate& candidate = m_study->candidates[i];
        TradeoffCurve curve{names[static_cast<qsizetype>(i)], styles[i + 1], {}, chosenPoint(candidate)};
        if (candidate.failure.empty())
            for (const DebiasPoint& point : candidate.curve)
                curve.points.push_back({point.strength, x != nullptr ? x->at(point.audit) : point.strength,
                                        y->at(point.audit), x != nullptr ? x->at(point.select) : point.strength,
                                        y->at(point.select)});
        curves.push_back(std::move(curve));
    }
    const auto axis = [](const StudyMeasure* measure) {
        return measure == nullptr ? TradeoffAxis{StudyView::tr("strength")}
                                  : TradeoffAxis{measure->title,
                                                 measure->lowerIsBetter ? StudyView::tr("lower is better")
                                                                        : StudyView::tr("higher is better"),
                                                 measure->decimals};
    };
    const QString yTitle = y != nullptr ? y->title : QString();
    m_chart->setCurves(std::move(curves), axis(x), axis(y),
                       tr("%1 against %2, %3").arg(yTitle, m_x->currentText(), m_title));
    m_chart->setFocusOn(m_candidate, m_slider->value());
}

double StudyView::strength() const {
    if (!m_study || m_candidate < 0)
        return 0;
    const auto& curve = m_study->candidates[static_cast<std::size_t>(m_candidate)].curve;
    const auto point = static_cast<std::size_t>(m_slider->value());
    return point < curve.size() ? curve[point].strength : 0;
}

void StudyView::showCandidate(int index) {
    if (!m_study || index == m_candidate)
        return;
    m_candidate = index;
    const DebiasCandidate* candidate = index >= 0 ? &m_study->candidates[static_cast<std::size_t>(index)] : nullptr;
    const int chosen = candidate != nullptr ? chosenPoint(*candidate) : -1;
    m_name->setText(candidate != nullptr ? candidateNames(*m_study)[index] : tr("Untouched"));
    const QStringList cautions =
        candidate != nullptr ? studyCaveats(*m_study, index)
                             : QStringList{tr("The model as it is. Mark a method in the table to see what it does.")};
    // Of the recommended one they stand above the table.
    m_cautions->setText(bullets(cautions));
    m_cautions->setVisible(!cautions.isEmpty() && (candidate == nullptr || index != m_study->recommended));
    m_dial->setVisible(chosen >= 0);
    m_tabs->setVisible(candidate != nullptr);
    m_sheets->setVisible(candidate != nullptr);
    for (int tab : {0, 1}) // a method that failed has a card alone
        m_tabs->setTabVisible(tab, chosen >= 0);
    if (candidate != nullptr) {
        const auto warnings = static_cast<int>(candidate->card.warnings.size());
        m_tabs->setTabText(2, warnings > 0 ? tr("Card · %n warning(s)", nullptr, warnings) : tr("Card"));
        m_card->setGroups(candidateFacts(*m_study, static_cast<std::size_t>(index)));
        m_differences->setNumbers(differencesGrid(*m_study, static_cast<std::size_t>(index)),
                                  tr("Differences, %1").arg(m_name->text()), {});
    }
    if (chosen >= 0) {
        const QSignalBlocker quiet(m_slider);
        m_slider->setRange(0, static_cast<int>(candidate->curve.size()) - 1);
        m_slider->setPageStep(std::max(1, m_slider->maximum() / 5));
        m_slider->setValue(chosen);
        m_strengthLabel->setText(isModel(*candidate) ? tr("Al&pha") : tr("Stren&gth"));
        m_chosen->setText(tr("%1 was chosen on the select rows").arg(numberText(candidate->card.strength)));
    } else if (candidate != nullptr) {
        m_tabs->setCurrentIndex(2);
    }
    showCurves();
    showPoint(m_slider->value());
    showActions();
}

void StudyView::showPoint(int point) {
    if (!m_study || m_candidate < 0)
        return;
    const auto index = static_cast<std::size_t>(m_candidate);
    if (chosenPoint(m_study->candidates[index]) < 0)
        return;
    m_strength->setText(numberText(strength()));
    m_numbers->setNumbers(strengthGrid(*m_study, index, static_cast<std::size_t>(point)),
                          tr("%1 at strength %2").arg(m_name->text(), m_strength->text()), {});
    m_chart->setFocusOn(m_candidate, point);
    showActions();
}

void StudyView::setCanAct(bool can, const QString& why) {
    m_canAct = can;
    m_whyNot = why;
    showActions();
}

void StudyView::showActions() {
    const DebiasCandidate* candidate =
        m_study && m_candidate >= 0 ? &m_study->candidates[static_cast<std::size_t>(m_candidate)] : nullptr;
    const bool fitted = candidate != nullptr && candidate->failure.empty();
    const bool model = fitted && isModel(*candidate);
    const bool stored = fitted && (candidate->transformId != 0 || model);
    const QString why = fitted && !stored           ? tr("The fit was not kept in the project.")
                        : stored && strength() == 0 ? tr("At strength 0 nothing changes.")
                                                    : m_whyNot;
    const bool can = stored && strength() > 0 && m_canAct;
    for (QPushButton* button : {m_audit, m_export}) {
        button->setVisible(fitted && !(model && button == m_audit)); // once written it is audited as any model is
        button->setEnabled(can);
    }
    m_export->setText(model ? tr("Write the model…") : tr("Export…"));
    m_audit->setToolTip(can ? tr("Audit images with and without this method, at the strength shown") : why);
    m_export->setToolTip(can && model ? tr("Write the model at the alpha shown as a Hugging Face folder, and add it to "
                                           "this project's models")
                         : can        ? tr("Write the method as files that Python can apply, at the strength shown")
                                      : why);
}

} // namespace plumbline::ui
