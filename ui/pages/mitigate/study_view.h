// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QWidget>

#include "core/data/debias.h"
#include "ui/widgets/message_bar.h"

class QComboBox;
class QLabel;
class QPushButton;
class QSlider;
class QStackedWidget;
class QTabBar;

namespace plumbline::ui {

class ChartMenu;
class FactSheet;
class NumbersTable;
class TradeoffChart;

/// The result of a comparison: what is recommended, all methods in one table, fairness against utility as curves, and
/// of the method that is marked its strength, its differences, its card and what can be done with it.
class StudyView : public QWidget {
    Q_OBJECT
public:
    explicit StudyView(QWidget* parent = nullptr);

    void setStudy(std::shared_ptr<const DebiasStudy> study, const QString& title);
    /// Whether an audit can be made and a file written now; `why`: shown where not.
    void setCanAct(bool can, const QString& why);

    NumbersTable* table() const { return m_table; }
    TradeoffChart* chart() const { return m_chart; }
    QSlider* slider() const { return m_slider; }
    QTabBar* tabs() const { return m_tabs; }
    /// -1: the untouched model.
    int candidate() const { return m_candidate; }
    double strength() const;

Q_SIGNALS:
    /// With the candidate that is marked, at the strength that the slider shows.
    void auditWanted(int candidate, double strength);
    void exportWanted(int candidate, double strength);
    void raised(const plumbline::ui::Message& message);

private:
    QWidget* buildTop();
    QWidget* buildChart();
    QWidget* buildMethod();
    void fillAxes();
    void showCurves();
    void showCandidate(int candidate);
    void showPoint(int point);
    void showActions();
    void say(ChartMenu* menu);

    std::shared_ptr<const DebiasStudy> m_study;
    QString m_title;
    int m_candidate = -1;
    bool m_canAct = false;
    QString m_whyNot;

    QLabel* m_sentence;
    QLabel* m_caveats;
    QLabel* m_rows;
    NumbersTable* m_table;
    ChartMenu* m_tableMenu;
    QComboBox* m_x;
    QComboBox* m_y;
    TradeoffChart* m_chart;
    ChartMenu* m_chartMenu;
    QLabel* m_name;
    QLabel* m_cautions;
    QWidget* m_dial;
    QLabel* m_strengthLabel;
    QSlider* m_slider;
    QLabel* m_strength;
    QLabel* m_chosen;
    QTabBar* m_tabs;
    QStackedWidget* m_sheets;
    NumbersTable* m_numbers;
    NumbersTable* m_differences;
    FactSheet* m_card;
    QPushButton* m_audit;
    QPushButton* m_export;
};

} // namespace plumbline::ui
