// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/numbers.h"
#include "core/metric/verdict.h"
#include "core/report/glossary.h"
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
    const std::string_view sentence = definitionSentence(config.measure.definition);
    return Section{{"method", "Method", {}},
                   heading(2, "method", "Method") + *text +
                       paragraph("What “" + std::string(definitionName(config.measure.definition)) +
                                 "” computes, as used here: " + std::string(sentence))};
}

std::optional<Section> limitationsSection(const ReportInput& input) {
    Dictionary dictionary("limitations");
    if (input.images != nullptr && input.images->preset == "sample")
        dictionary.ShowSection("SYNTHETIC");
    const std::optional<Html> text = expand(Template::Limitations, dictionary);
    if (!text)
        return {};
    return Section{{"limitations", "Limitations", {}}, heading(2, "limitations", "Limitations") + *text};
}

Section glossarySection() {
    Html entries{"<dl>\n"};
    for (const GlossaryEntry& entry : glossary())
        entries += Html{"<dt id=\"" + std::string(entry.id) + "\">"} + escaped(entry.term) + Html{"</dt><dd>"} +
                   escaped(entry.meaning) + Html{"</dd>\n"};
    return {{"glossary", "Glossary", {}}, heading(2, "glossary", "Glossary") + entries + Html{"</dl>\n"}};
}

Section repeatSection(const ReportInput& input) {
    const AuditConfig& config = input.result->config;
    const RunProvenance& provenance = input.result->provenance;
    Section section{{"repeat", "Reproducibility", {}}, heading(2, "repeat", "Reproducibility")};
    std::vector<AppliedDebias> after;
    for (const MitigatedRun& run : input.mitigated)
        if (run.result->config.debias)
            after.push_back(*run.result->config.debias);
    const AuditCommand command = auditCommand(config, input.images, input.builtInProbe, after);
    section.html += paragraph("This call measures the same again; with the same files it gives the same numbers.") +
                    preformatted(command.line());
    for (const auto& [name, content] : command.files)
        section.html += folded(name + ", which must lie beside it", preformatted(content));
    section.html += list(command.notes);
    section.html += facts({{"Program", provenance.program},
                           {"Model", config.modelPath},
                           {"Model, SHA-256", provenance.modelSha256},
                           {"Preprocessing", provenance.preprocessing},
                           {"Images, SHA-256", provenance.imagesSha256},
                           {"Labels, SHA-256", provenance.labelsSha256},
                           {"Probe", config.probe.name + " " + config.probe.version},
                           {"Probe, SHA-256", provenance.probeSha256},
                           {"Precision", provenance.precision},
                           {"Threads", provenance.threads ? std::to_string(provenance.threads) : ""},
                           {"Libraries", provenance.libraries},
                           {"Machine", provenance.host},
                           {"Began", provenance.started},
                           {"Ended", provenance.finished}});
    return section;
}

} // namespace plumbline::report
