// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/explore_bar.h"

#include <algorithm>
#include <cmath>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>

#include "ui/charts/chart_text.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

constexpr int kPlaces = 500; ///< of the slider
constexpr int kPage = 50;
constexpr int kTargetCharacters = 12;
enum Target { Own, PoolShares, EqualShares };

} // namespace

ExploreBar::ExploreBar(QWidget* parent)
    : QWidget(parent), m_slider(new QSlider(Qt::Horizontal)), m_number(new QSpinBox), m_target(new QComboBox),
      m_words(caption({})), m_back(new QPushButton(tr("&Back"))) {
    auto* line = new QHBoxLayout(this);
    line->setContentsMargins(theme::kGrid, 0, 0, 0);
    line->setSpacing(theme::kGrid);
    auto* label = caption(tr("Loo&k at the top"));
    label->setBuddy(m_number);
    auto* targetLabel = caption(tr("&Target"));
    targetLabel->setBuddy(m_target);
    const QString what = tr("k, how many images with the highest scores are looked at. What the run measured stays as "
                            "it is, and so does its report.");
    m_slider->setAccessibleName(tr("k, on a logarithmic scale"));
    m_slider->setToolTip(what);
    m_slider->setRange(0, kPlaces);
    m_slider->setPageStep(kPage);
    m_slider->setMinimumWidth(14 * theme::kGrid);
    m_slider->setMaximumWidth(30 * theme::kGrid);
    m_number->setAccessibleName(tr("k, images in the top"));
    m_number->setToolTip(what);
    m_number->setKeyboardTracking(false); // a number that is half typed is none
    m_number->setGroupSeparatorShown(true);
    m_target->setAccessibleName(tr("Target to look at"));
    m_target->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_target->setMinimumContentsLength(kTargetCharacters);
    m_words->setWordWrap(true);
    line->addWidget(label);
    line->addWidget(m_slider, 1);
    line->addWidget(m_number);
    line->addWidget(targetLabel);
    line->addWidget(m_target);
    line->addWidget(m_words, 3);
    line->addWidget(m_back);
    m_back->setToolTip(tr("Shows again what the run measured"));
    m_back->setAccessibleName(tr("Back to the run"));

    connect(m_slider, &QSlider::valueChanged, this, [this](int place) { choose(kAt(place)); });
    connect(m_number, &QSpinBox::valueChanged, this, [this](int k) { choose(k); });
    connect(m_target, &QComboBox::currentIndexChanged, this, [this] { choose(m_k); });
    connect(m_back, &QPushButton::clicked, this, &ExploreBar::goBack);
}

/// Evenly in the logarithm; both ends are whole numbers.
int ExploreBar::placeOf(std::int64_t k) const {
    if (m_images < 2)
        return 0;
    return static_cast<int>(
        std::lround(kPlaces * std::log(static_cast<double>(k)) / std::log(static_cast<double>(m_images))));
}

std::int64_t ExploreBar::kAt(int place) const {
    const double exponent = static_cast<double>(place) / kPlaces;
    return std::clamp<std::int64_t>(std::llround(std::pow(static_cast<double>(m_images), exponent)), 1,
                                    std::max<std::int64_t>(1, m_images));
}

bool ExploreBar::setRun(const LoadedRun& run, std::size_t attribute) {
    const LoadedRun::AttributeChart& chart = run.attributes[attribute];
    const Measurement* first = chart.chart->measurements.empty() ? nullptr : &chart.chart->measurements.front();
    const bool can = first != nullptr && chart.labels && first->groups.size() > 1;
    m_explored.reset();
    if (!can)
        return false;
    const QSignalBlocker quietSlider(m_slider), quietNumber(m_number), quietTarget(m_target);
    m_images = std::min<std::int64_t>(first->n, std::numeric_limits<int>::max());
    m_runK = std::clamp<std::int64_t>(first->k, 1, m_images);
    m_k = m_runK;
    m_number->setRange(1, static_cast<int>(m_images));
    m_number->setValue(static_cast<int>(m_k));
    m_slider->setValue(placeOf(m_k));
    m_target->clear();
    m_target->addItem(tr("run's: %1").arg(targetText(first->target)));
    m_target->addItem(targetText(plumbline::Target::Kind::Pool));
    m_target->addItem(targetText(plumbline::Target::Kind::Uniform));
    const bool choice = !onlyTarget(first->definition);
    m_target->setEnabled(choice);
    m_target->setToolTip(choice ? tr("The shares that the groups should have in the top")
                                : tr("The run's definition knows this target only"));
    tell();
    return true;
}

void ExploreBar::choose(std::int64_t k) {
    m_k = k;
    {
        const QSignalBlocker quietSlider(m_slider), quietNumber(m_number);
        m_number->setValue(static_cast<int>(k));
        if (kAt(m_slider->value()) != k) // a step that does not change k yet is not taken back
            m_slider->setValue(placeOf(k));
    }
    m_explored.reset();
    tell();
    Q_EMIT changed();
}

void ExploreBar::goBack() {
    {
        const QSignalBlocker quiet(m_target);
        m_target->setCurrentIndex(Own);
    }
    choose(m_runK);
}

std::optional<Exploration> ExploreBar::exploration() const {
    Exploration what{m_k, {}};
    if (m_target->currentIndex() == PoolShares)
        what.target = plumbline::Target::Kind::Pool;
    if (m_target->currentIndex() == EqualShares)
        what.target = plumbline::Target::Kind::Uniform;
    return what == Exploration{m_runK, {}} ? std::nullopt : std::optional(what);
}

void ExploreBar::setExplored(const LoadedRun::Explored& explored) {
    m_explored = explored;
    tell();
}

void ExploreBar::tell() {
    const bool exploring = exploration().has_value();
    m_back->setVisible(exploring);
    const QString runK = QLocale().toString(qlonglong(m_runK));
    if (!exploring) {
        m_words->setText(tr("As the run measured it: k = %1").arg(runK));
        m_words->setToolTip({});
        return;
    }
    const QString k = QLocale().toString(qlonglong(m_k));
    QString text = tr("Explored at k = %1; the run measured at k = %2.").arg(k, runK);
    if (m_explored && !m_explored->complete)
        text += u' ' + tr("Intervals follow.");
    m_words->setText(text);
    QString how = tr("Nothing of this is stored: verdict, report and the other tabs stay those of the run. Verdicts "
                     "here are exploratory: they are corrected for all prompts and groups of this attribute at this "
                     "k, not for the many k that can be tried. Rows keep the run's order.");
    if (m_explored && m_explored->draws > 0)
        how += u' ' + tr("Intervals and bands rest on %1 draws.").arg(QLocale().toString(m_explored->draws));
    m_words->setToolTip(how);
}

QString explorationText(const Exploration& what) {
    const QString k = QLocale().toString(qlonglong(what.k));
    return what.target ? ExploreBar::tr("explored at k = %1, %2").arg(k, targetText(*what.target))
                       : ExploreBar::tr("explored at k = %1").arg(k);
}

} // namespace plumbline::ui
