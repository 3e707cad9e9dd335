// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/pages/runs/run_source.h"

class QComboBox;
class QLabel;
class QPushButton;
class QSlider;
class QSpinBox;

namespace plumbline::ui {

/// Another k and another target for the chart below: a logarithmic slider with a number field, the targets, what is
/// looked at in words, and the way back to the run.
class ExploreBar : public QWidget {
    Q_OBJECT
public:
    explicit ExploreBar(QWidget* parent = nullptr);

    /// Shows what an attribute of the run was measured at; false where nothing can be explored.
    bool setRun(const LoadedRun& run, std::size_t attribute);
    /// What is shown now; of the exploration that was asked for.
    void setExplored(const LoadedRun::Explored& explored);
    /// The way back, also taken by its button.
    void goBack();

    /// What is chosen; nothing where it is what the run measured.
    std::optional<Exploration> exploration() const;
    QSlider* slider() const { return m_slider; }
    QSpinBox* number() const { return m_number; }
    QComboBox* target() const { return m_target; }
    QPushButton* back() const { return m_back; }

Q_SIGNALS:
    void changed();

private:
    void choose(std::int64_t k);
    void tell();
    int placeOf(std::int64_t k) const;
    std::int64_t kAt(int place) const;

    QSlider* m_slider;
    QSpinBox* m_number;
    QComboBox* m_target;
    QLabel* m_words;
    QPushButton* m_back;
    std::int64_t m_k = 0, m_runK = 0, m_images = 0;
    std::optional<LoadedRun::Explored> m_explored;
};

/// "explored at k = 500, equal shares": for titles of what is copied and saved.
QString explorationText(const Exploration& what);

} // namespace plumbline::ui
