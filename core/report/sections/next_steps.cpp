// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/data/attribute_text.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

constexpr std::size_t kSteps = 3;
constexpr std::size_t kWorthMore = 4; ///< a share of one in so many prompts without evidence calls for more images

bool leansAtAll(const Row& row) {
    return row.lean.kind == Lean::Kind::Leans || row.lean.kind == Lean::Kind::Slight;
}

} // namespace

std::vector<Html> nextSteps(const ReportInput& input, const std::vector<Rankings>& rankings) {
    const AuditResult& result = *input.result;
    std::vector<Html> steps;
    const Rankings* leaning = nullptr;
    for (const Rankings& one : rankings) // rows stand with the surest lean first
        if (!one.chart.rows.empty() && leansAtAll(one.chart.rows.front()) &&
            (leaning == nullptr || one.chart.rows.front().lean.strength > leaning->chart.rows.front().lean.strength))
            leaning = &one;
    if (leaning != nullptr) {
        const std::string prompt = leaning->measurements.front()->prompt.value_or("(scores)");
        const bool shown =
            std::ranges::any_of(input.evidence.rows, [&](const EvidenceRow& row) { return row.prompt == prompt; });
        steps.push_back(
            escaped("Look at the images behind the surest lean, “" + prompt + "” by " + leaning->attribute + ": ") +
            (shown ? link("evidence", "the evidence")
                   : escaped("the program shows them, and a report with images does.")));
        if (input.mitigated.empty() && !result.config.debias)
            steps.push_back(escaped("Try a debiasing method for " + leaning->attribute +
                                    " and weigh what it costs: the page Mitigate, or plumb debias compare."));
        else if (!input.mitigated.empty())
            steps.push_back(escaped("Decide whether what debiasing changes is worth what it costs: ") +
                            link("mitigation", "before and after"));
    }
    for (const Rankings& one : rankings) {
        const auto unsure = static_cast<std::size_t>(
            std::ranges::count(one.chart.rows, Lean::Kind::NotEnough, [](const Row& row) { return row.lean.kind; }));
        if (unsure * kWorthMore < one.chart.rows.size() || unsure == 0)
            continue;
        steps.push_back(escaped("Audit more labelled images, or a larger k: by " + one.attribute + " " +
                                std::to_string(unsure) + " of " +
                                count(one.chart.rows.size(), "prompt gives", "prompts give") +
                                " not enough evidence to say anything. ") +
                        link(one.id, "What would have shown stands in the tables."));
        break;
    }
    const ImageFindings* contradicted =
        input.imageCheck != nullptr ? input.imageCheck->of(ImageFlaw::OtherLabels) : nullptr;
    if (contradicted != nullptr)
        steps.push_back(
            escaped("Mend the labels: " + count(contradicted->images.size(), "picture has", "pictures have") +
                    " other labels than another copy of the same picture. ") +
            link("data", "The data card says more."));
    else if (input.images != nullptr && input.imageCheck == nullptr)
        steps.push_back(escaped("Have the pictures checked: nobody has looked for unreadable ones, duplicates and "
                                "contradicting labels in this set (the page Images, or plumb images --check)."));
    std::vector<std::string> single;
    bool crossed = false;
    for (const std::string& attribute : result.config.attributes)
        if (const auto parts = parseAttribute(attribute); parts && parts->size() == 1)
            single.push_back(attribute);
        else
            crossed = true;
    if (single.size() > 1 && !crossed)
        steps.push_back(escaped("Audit the crossing of " + single[0] + " and " + single[1] +
                                ": a lean can hide in it that neither shows alone."));
    if (std::ranges::find(input.labelSources, LabelSource::Kind::Unknown, &LabelSource::kind) !=
        input.labelSources.end())
        steps.push_back(escaped("Say who gave the labels, and how: a reader cannot judge what they mean."));
    steps.push_back(escaped("Have somebody else repeat this audit: ") + link("repeat", "the command and the hashes"));
    steps.resize(std::min(steps.size(), kSteps));
    return steps;
}

} // namespace plumbline::report
