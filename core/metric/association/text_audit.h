// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/measure_table.h"
#include "core/data/probe.h"
#include "core/metric/resampling.h"

namespace plumbline::metric {

/// The texts of a direct text audit: every concept and every group word in the same templates. Rows are
/// template-major, as `probe::expand` orders prompts: row t * C + c.
struct TextAudit {
    std::span<const Concept> concepts;
    std::span<const std::string> groups; ///< two or more: "man", "woman"
    std::size_t templates = 1;
    const Embeddings* conceptTexts = nullptr; ///< templates * concepts rows
    const Embeddings* groupTexts = nullptr;   ///< templates * groups rows
};

/// Whether a concept's text is nearer to one group's word than to the others', without any image (METHODS A25, our own
/// construction):
///
///   b(c, g) = mean over templates of [cos(t_c, t_g) - mean over the other groups h of cos(t_c, t_h)],
///
/// texts of one template with each other. With two groups it is given for the first only, b = cos(t_c, t_1) - cos(t_c,
/// t_2). Above 0: nearer to g. The interval is Student's over templates (whole templates are the sample); none for one
/// template. Null: in each template any group's word may stand for g; all G^T ways where there are at most 65,536 (for
/// two groups the signs of the templates' differences), otherwise `nullDraws` at random and the observed one; p is
/// two-sided. The words of the groups themselves are given, not sampled: a difference may be theirs alone ("man" is
/// also "mankind"). Rows too for every category of concepts and for all concepts: the mean of b over them, and the mean
/// size of b. Errors: InvalidArgument.
Outcome<MeasureTable> textAuditTable(const TextAudit& audit, const Resampling& options, Feedback& feedback);

} // namespace plumbline::metric
