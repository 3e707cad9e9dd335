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
    /// Every attribute has a button that asks for its groups to be merged; from the next content on.
    void setMergeable(bool on) { m_mergeable = on; }

Q_SIGNALS:
    void mergeAsked(const QString& attribute);

private:
    QVBoxLayout* m_content;
    bool m_mergeable = false;
};

/// A match report in sentences.
std::vector<Finding> findings(std::int64_t images, const MatchReport& report);
/// Groups whose names differ in nothing but capitals and blanks. `here`: they can be merged where this is said.
std::vector<Finding> groupsThatReadAlike(const store::ImageSetRecord::AttributeCounts& attribute, bool here = false);

} // namespace plumbline::ui
