// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/audit/other_measures.h"
#include "core/metric/controls/contrast.h"
#include "core/metric/resampling.h"

namespace plumbline::audit {

/// The families of measures beside the rankings (core/data/family.h) that are made of several measures; the others
/// stand in other_measures.cpp. Each is one function from what the audit has, and one of its attributes (without the
/// images that have no embedding), to tables. The folder's own.
using Tables = std::vector<MeasureTable>;

Outcome<Tables> classes(const Audited& audited, const Attribute& attribute, Feedback& feedback);
Outcome<Tables> captionRetrieval(const Audited& audited, const Attribute& attribute, Feedback& feedback);
Outcome<Tables> wordTests(const Audited& audited, const Attribute& attribute, Feedback& feedback);
Outcome<Tables> socialScales(const Audited& audited, const Attribute& attribute, Feedback& feedback);
Outcome<Tables> conceptVectors(const Audited& audited, const Attribute& attribute, Feedback& feedback);

/// The scales' contrasts to the blank prompt, one number an image; NaN where an image has no embedding.
Outcome<std::vector<metric::NamedScores>> scaleContrasts(const Audited& audited);

metric::Resampling resampling(const MeasureOptions& options);
/// The attribute without the images that have no embedding.
Result<Attribute> presentLabels(const Audited& audited, const std::string& name);
/// Images x texts cosines, row-major; NaN for images without an embedding.
std::vector<float> imagesByTexts(const Audited& audited, const Embeddings& texts);
std::vector<std::string> promptTexts(const Audited& audited);
/// The templates of the probe; "a photo of a {}" where its prompts were written by hand.
std::vector<std::string> templatesOf(const ProbeSet& probe);
/// Every word in every template, template-major.
std::vector<std::string> inTemplates(const std::vector<std::string>& words, const std::vector<std::string>& templates);
/// One direction a word from its texts in all templates (template-major): the mean of their unit vectors.
Result<Embeddings> meanOfTemplates(const Embeddings& texts, std::size_t words);

} // namespace plumbline::audit
