// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/numbers.h"
#include "core/metric/verdict.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

std::optional<Section> methodSection(const AuditResult& result) {
    const AuditConfig& config = result.config;
    Dictionary dictionary("method");
    const ScoreKind score = scoreKind(config.measure.definition);
    values (&dictionary)("SCORE", score == ScoreKind::Cosine ? "the cosine between prompt and image"
                                  : score == ScoreKind::DotRawImage
                                      ? "the dot product of the unit-length prompt with the raw image embedding"
                                      : "the softmax over all prompts of 100 times the cosine")(
        "DEFINITION", std::string(definitionName(config.measure.definition)))(
        "TARGET", config.measure.target.kind == Target::Kind::Pool      ? "the shares of the pool"
                  : config.measure.target.kind == Target::Kind::Uniform ? "the same share for every group"
                  : config.measure.target.kind == Target::Kind::Conditional
                      ? "the shares among the images that are relevant to the prompt"
                  : !config.measure.target.byConcept.empty() ? "shares given by the auditor, for each concept its own"
                                                             : "shares given by the auditor")(
        "FAMILY", metric::familyText(result.measurements, config.measure))(
        "MIN_GROUP", std::to_string(config.measure.minGroup))("SLIGHT", formatDouble(config.measure.slightGap))(
        "K", formatK(config.measure.k))("NULL_DRAWS", std::to_string(config.measure.nullDraws))(
        "BOOTSTRAP_DRAWS", std::to_string(config.measure.bootstrapDraws))("SEED", std::to_string(config.measure.seed));
    const std::optional<Html> text = expand(Template::Method, dictionary);
    if (!text)
        return {};
    return Section{{"method", "Method", {}}, heading(2, "method", "Method") + *text};
}

Section repeatSection(const AuditResult& result) {
    const AuditConfig& config = result.config;
    const RunProvenance& provenance = result.provenance;
    const std::string title = "What was audited, and how to repeat it";
    return {{"repeat", title, {}},
            heading(2, "repeat", title) + facts({{"Program", provenance.program},
                                                 {"Model", config.modelPath},
                                                 {"Model, SHA-256", provenance.modelSha256},
                                                 {"Preprocessing", provenance.preprocessing},
                                                 {"Images, SHA-256", provenance.imagesSha256},
                                                 {"Labels, SHA-256", provenance.labelsSha256},
                                                 {"Probe", config.probe.name + " " + config.probe.version},
                                                 {"Probe, SHA-256", provenance.probeSha256},
                                                 {"Precision", provenance.precision},
                                                 {"Libraries", provenance.libraries},
                                                 {"Machine", provenance.host},
                                                 {"Began", provenance.started},
                                                 {"Ended", provenance.finished}})};
}

} // namespace plumbline::report
