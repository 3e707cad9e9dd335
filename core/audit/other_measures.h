// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/audit/audit.h"
#include "core/data/embeddings.h"
#include "core/data/measure_table.h"

namespace plumbline::audit {

/// Encodes texts with the model that is audited; raw rows.
using EncodeTexts = std::function<Outcome<Embeddings>(std::span<const std::string> texts)>;

/// What an audit has when its rankings are measured.
struct Audited {
    const AuditConfig& config;
    const ImageSet& set;
    const SetEmbeddings& images;
    const Embeddings& prompts;     ///< raw, one row a prompt
    std::span<const float> scores; ///< prompts x images
    const std::vector<Measurement>& measurements;
    const EncodeTexts& encode; ///< empty where only scores are known: then `images.raw` and `prompts` are empty, too
    double logitScale = 100;

    bool hasModel() const { return static_cast<bool>(encode); }
};

/// Measures what `config.others` names, a table or some for each family and attribute. A family that cannot be measured
/// on these data does not stop the audit: `warnings` receives a sentence. Cancelled.
Outcome<std::vector<MeasureTable>> measureOthers(const Audited& audited, std::vector<std::string>& warnings,
                                                 Feedback& feedback);

/// The group as a noun phrase for a prompt: "man" and "woman" for Male and Female, "person aged 20-29" of an attribute
/// called age, otherwise the group's name in lower case with "person". An attribute's groups in order.
std::vector<std::string> groupWords(const Attribute& attribute);

} // namespace plumbline::audit
