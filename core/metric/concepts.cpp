// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/metric/measure.h"

namespace plumbline::metric {
namespace {

/// An arithmetic mean over the values that are defined.
class Mean {
public:
    void add(const std::optional<double>& value) {
        if (!value)
            return;
        m_sum += *value;
        ++m_count;
    }
    std::optional<double> value() const { return m_count > 0 ? std::optional(m_sum / m_count) : std::nullopt; }

private:
    double m_sum = 0;
    int m_count = 0;
};

ConceptSummary summarise(const Concept& about, std::span<const Measurement* const> measurements) {
    ConceptSummary summary;
    summary.concept_ = about.text;
    summary.group = about.group;
    summary.attribute = measurements.front()->attribute;
    summary.prompts = static_cast<int>(measurements.size());
    Mean maxSkew, minSkew, ndkl, absoluteBias;
    std::vector<Mean> further(measurements.front()->more.size());
    std::vector<Mean> groups(measurements.front()->groups.size()); // one attribute: the same groups in every prompt
    for (const Measurement* measurement : measurements) {
        maxSkew.add(measurement->maxSkew.value);
        minSkew.add(measurement->minSkew.value);
        ndkl.add(measurement->ndkl.value);
        for (std::size_t i = 0; i < further.size(); ++i)
            if (const NamedValue* value = measurement->further(measurements.front()->more[i].name))
                further[i].add(value->value.value);
        // Opposite biases of prompts cancel in the mean of Bias@K (METHODS A7).
        if (const NamedValue* bias = measurement->further("bias_at_k"); bias && bias->value.value)
            absoluteBias.add(std::abs(*bias->value.value));
        for (std::size_t g = 0; g < std::min(groups.size(), measurement->groups.size()); ++g)
            groups[g].add(measurement->groups[g].skew);
    }
    summary.maxSkew = maxSkew.value();
    summary.minSkew = minSkew.value();
    summary.ndkl = ndkl.value();
    for (std::size_t i = 0; i < further.size(); ++i)
        summary.more.push_back({measurements.front()->more[i].name, further[i].value()});
    if (absoluteBias.value())
        summary.more.push_back({"mean_absolute_bias_at_k", absoluteBias.value()});
    for (std::size_t g = 0; g < groups.size(); ++g)
        summary.groupSkew.emplace_back(measurements.front()->groups[g].name, groups[g].value());
    return summary;
}

} // namespace

std::vector<ConceptSummary> summariseConcepts(const ProbeSet& probe, std::span<const Prompt> prompts,
                                              std::span<const Measurement> promptMajor, std::size_t attributes) {
    std::vector<ConceptSummary> summaries;
    for (std::size_t c = 0; c < probe.concepts.size(); ++c) {
        for (std::size_t a = 0; a < attributes; ++a) {
            std::vector<const Measurement*> mine;
            for (std::size_t p = 0; p < prompts.size() && p * attributes + a < promptMajor.size(); ++p)
                if (prompts[p].concept_ == static_cast<int>(c))
                    mine.push_back(&promptMajor[p * attributes + a]);
            if (!mine.empty())
                summaries.push_back(summarise(probe.concepts[c], mine));
        }
    }
    return summaries;
}

} // namespace plumbline::metric
