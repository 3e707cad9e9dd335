// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include <QWidget>

#include "core/data/comparison.h"
#include "core/report/group_style.h"
#include "ui/widgets/message_bar.h"

class QComboBox;
class QLabel;
class QStackedWidget;
class QTabBar;
class QToolButton;

namespace plumbline::ui {

class ChartMenu;
class DumbBellKey;
class DumbBellTable;
class ImageStrip;
class NumbersTable;
class RunScatter;

/// A comparison with what is needed to show its images.
struct ShownComparison {
    RunComparison comparison;
    std::int64_t imageSet = 0;
    std::filesystem::path root;
    struct Groups {
        std::vector<report::GroupStyle> styles;
        std::map<std::int64_t, int> groupOf; ///< of the images that moved
    };
    std::map<std::string, Groups> attributes;
};

/// What came of a comparison: sentences, pairs prompt by prompt, means, fairness against utility, and the images of the
/// chosen prompt that moved most, those that rose beside those that fell.
class ComparisonView : public QWidget {
    Q_OBJECT
public:
    explicit ComparisonView(QWidget* parent = nullptr);

    void setComparison(std::shared_ptr<const ShownComparison> shown);
    void clear() { setComparison(nullptr); }

    DumbBellTable* pairs() const { return m_pairs; }
    NumbersTable* means() const { return m_means; }
    RunScatter* scatter() const { return m_scatter; }
    QTabBar* tabs() const { return m_tabs; }
    ImageStrip* risen() const { return m_risen; }
    ImageStrip* fallen() const { return m_fallen; }

Q_SIGNALS:
    void raised(const plumbline::ui::Message& message);

private:
    enum Tab { Prompts, Means, Utility };

    QWidget* buildTop();
    QWidget* buildImages();
    const RunComparison& comparison() const { return m_shown->comparison; }
    std::int64_t run() const;
    std::string attribute() const;
    void showRun();
    void showPairs();
    void showUtility();
    void showTab(int tab);
    void showMoved();

    std::shared_ptr<const ShownComparison> m_shown;
    QLabel* m_sentences;
    QLabel* m_counts;
    QToolButton* m_cautionsButton;
    QLabel* m_cautions;
    QTabBar* m_tabs;
    QLabel* m_runLabel;
    QComboBox* m_run;
    QComboBox* m_attribute;
    QComboBox* m_measure;
    QComboBox* m_utility;
    ChartMenu* m_menu;
    QStackedWidget* m_sheets;
    DumbBellTable* m_pairs;
    DumbBellKey* m_key;
    NumbersTable* m_means;
    RunScatter* m_scatter;
    QStackedWidget* m_scatterOrNot;
    QLabel* m_movedTitle;
    ImageStrip* m_risen;
    ImageStrip* m_fallen;
    QWidget* m_moved;
    QWidget* m_movedCard;
};

} // namespace plumbline::ui
