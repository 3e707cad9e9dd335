// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QScrollArea>

#include "core/data/image_set.h"
#include "core/store/project.h"
#include "ui/pages/images/finding_row.h"

class QVBoxLayout;

namespace plumbline::ui {

/// What joining images and labels found, in words with counts and expandable examples; and how many images each group
/// of each attribute has.
class ImageSetView : public QScrollArea {
    Q_OBJECT
public:
    using Attributes = std::vector<store::ImageSetRecord::AttributeCounts>;

    explicit ImageSetView(QWidget* parent = nullptr);
    /// `images`: rows of the set.
    void setContent(std::int64_t images, const MatchReport& report, const Attributes& attributes);
    void clear();

private:
    QVBoxLayout* m_content;
};

/// A match report in sentences.
std::vector<Finding> findings(std::int64_t images, const MatchReport& report);
/// Groups whose names differ in nothing but capitals and blanks, most likely the same value written twice.
std::vector<Finding> groupsThatReadAlike(const store::ImageSetRecord::AttributeCounts& attribute);

} // namespace plumbline::ui
