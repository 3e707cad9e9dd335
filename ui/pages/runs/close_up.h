// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <QSplitter>
#include <QTimer>

#include "ui/pages/runs/run_source.h"

class QLabel;
class QStackedWidget;
class QTabBar;
class QToolButton;

namespace plumbline::ui {

class ChartMenu;
class ImageStrip;
class NumbersTable;
class RankChart;
class RankRibbonChart;
class ScoreCurves;
class SkewBars;

/// What one row of the plumb chart opens into: skew by group, shares and NDKL by rank, the table of numbers, and the
/// images that caused it.
class CloseUp : public QSplitter {
    Q_OBJECT
public:
    explicit CloseUp(RunSource* source, QWidget* parent = nullptr);

    void setPrompt(std::shared_ptr<const LoadedRun> run, std::size_t attribute, int prompt);
    void clear();
    /// What was noted of the prompt that is shown.
    void setRemark(const Remark& remark);

    QTabBar* tabs() const { return m_tabs; }
    RankRibbonChart* ribbon() const { return m_ribbon; }
    ScoreCurves* scores() const { return m_scores; }
    ImageStrip* images() const { return m_strip; }

Q_SIGNALS:
    void failed(const plumbline::Error& error);
    /// The user wants to write about the prompt that is shown.
    void noteWanted();

private:
    /// What is shown, whichever of its numbers have their intervals already.
    struct Subject {
        std::int64_t run = 0;
        const ImageSet* images = nullptr;
        std::optional<Exploration> explored;
        std::size_t attribute = 0;
        int prompt = -1;
        bool operator==(const Subject&) const = default;
    };

    /// Once a subject: its images, and what the chart in sight is drawn from.
    void askForDetails();
    void askForChart();
    void askForCurve();
    void askForRanking();
    void showCurve();
    void chooseChart();
    void clearCurve();
    void clearRanking();

    RunSource* m_source;
    std::shared_ptr<const LoadedRun> m_run;
    std::size_t m_attribute = 0;
    int m_prompt = -1;
    Subject m_subject;
    QTimer m_settled; ///< the arrow keys may run over many rows: only the one they stop at is measured

    QLabel* m_title;
    QLabel* m_note;
    QToolButton* m_write;
    QLabel* m_remark;
    QLabel* m_restsOn;
    QLabel* m_planted;
    QTabBar* m_tabs;
    QToolButton* m_asTable;
    ChartMenu* m_menu;
    QStackedWidget* m_charts;
    SkewBars* m_bars;
    RankChart* m_shares;
    RankChart* m_ndkl;
    NumbersTable* m_numbers;
    RankRibbonChart* m_ribbon;
    NumbersTable* m_ribbonNumbers;
    ScoreCurves* m_scores;
    NumbersTable* m_scoreNumbers;
    std::shared_ptr<const RankCurve> m_curve;                                    ///< of the subject
    bool m_imagesAsked = false, m_curveAsked = false, m_rankingAsked = false; ///< for the subject
    ImageStrip* m_strip;
};

} // namespace plumbline::ui
