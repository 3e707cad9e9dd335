// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/text_audit.h"
#include "core/metric/mean_interval.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/metric/association/effect_size.h"
#include "core/metric/association/vectors.h"
#include "core/metric/family.h"

namespace plumbline::metric {

namespace {

constexpr std::size_t kMostWays = 65'536;

/// What a row is about: a concept, a category or all concepts. lean[t * G + g]: how much nearer to group g than to the
/// others in template t.
struct Subject {
    std::string category, concept_;
    std::vector<double> lean;
    std::vector<double> size; ///< of each template and group: mean size over the concepts; empty for one concept
    std::int64_t texts = 0;
    bool defined = true;
};

/// Which group's word stands for the one that is looked at, in each template: all ways, or random ones.
class Substitutions {
public:
    Substitutions(std::size_t groups, std::size_t templates, const Resampling& options)
        : m_groups(groups), m_templates(templates) {
        std::size_t ways = 1;
        for (std::size_t t = 0; t < templates && ways <= kMostWays; ++t)
            ways *= groups;
        m_exact = ways <= kMostWays;
        m_count = m_exact ? ways : static_cast<std::size_t>(std::max(0, options.nullDraws));
        if (!m_exact)
            m_drawn.resize(m_count * templates);
        const std::uint64_t stream = streamId("text-audit");
        for (std::size_t i = 0; i < m_drawn.size() / templates; ++i) {
            RandomStream random(options.seed, stream, i);
            for (std::size_t t = 0; t < templates; ++t)
                m_drawn[i * templates + t] = static_cast<std::uint8_t>(random.below(groups));
        }
    }
    bool exact() const { return m_exact; }
    std::size_t count() const { return m_count; }

    /// The mean over templates in every way.
    std::vector<double> means(const std::vector<double>& lean) const {
        std::vector<double> sums;
        if (m_exact) {
            sums = {0.0};
            for (std::size_t t = 0; t < m_templates; ++t) {
                std::vector<double> next;
                next.reserve(sums.size() * m_groups);
                for (const double sum : sums)
                    for (std::size_t g = 0; g < m_groups; ++g)
                        next.push_back(sum + lean[t * m_groups + g]);
                sums = std::move(next);
            }
        } else {
            for (std::size_t i = 0; i < m_count; ++i) {
                double sum = 0;
                for (std::size_t t = 0; t < m_templates; ++t)
                    sum += lean[t * m_groups + m_drawn[i * m_templates + t]];
                sums.push_back(sum);
            }
        }
        for (double& sum : sums)
            sum /= static_cast<double>(m_templates);
        return sums;
    }

private:
    std::size_t m_groups, m_templates, m_count = 0;
    bool m_exact = false;
    std::vector<std::uint8_t> m_drawn;
};

void setNullOf(MetricValue& value, std::vector<double> means, bool exact) {
    if (means.empty() || !value.value)
        return;
    for (double& mean : means)
        mean = std::abs(mean);
    const double here = std::abs(*value.value) - 1e-12;
    const auto asFar = static_cast<double>(std::ranges::count_if(means, [&](double mean) { return mean >= here; }));
    const auto count = static_cast<double>(means.size());
    value.pValue = exact ? asFar / count : (1 + asFar) / (count + 1);
    value.nullMean = 0.0; // the groups' leans have sum 0 in every template
    const auto place = static_cast<std::ptrdiff_t>(std::ceil(0.95 * count)) - 1;
    std::nth_element(means.begin(), means.begin() + place, means.end());
    value.nullP95 = means[static_cast<std::size_t>(place)];
}

Outcome<void> check(const TextAudit& audit) {
    const std::size_t groups = audit.groups.size();
    if (audit.concepts.empty())
        return unusableArgument("concepts", "none", "at least one");
    if (groups < 2 || groups > 255)
        return unusableArgument("groups", std::to_string(groups), "2 to 255 group words");
    if (audit.templates == 0)
        return unusableArgument("templates", "0", "at least one (texts as they stand count as one)");
    for (const auto& [name, texts, wanted] : {std::tuple{"concept texts", audit.conceptTexts, audit.concepts.size()},
                                              {"group texts", audit.groupTexts, groups}})
        if (texts == nullptr || texts->rows != wanted * audit.templates)
            return unusableArgument(name, texts == nullptr ? "none" : std::to_string(texts->rows) + " embeddings",
                                    std::to_string(wanted) + " in each of " + std::to_string(audit.templates) +
                                        " templates");
    if (audit.conceptTexts->dim != audit.groupTexts->dim)
        return unusableArgument("group texts", std::to_string(audit.groupTexts->dim) + " dimensions",
                                std::to_string(audit.conceptTexts->dim) + " as the concepts have");
    return {};
}

/// The mean of several subjects, template by template.
Subject meanOf(const std::vector<Subject>& subjects, std::string category, bool all) {
    Subject mean;
    mean.category = std::move(category);
    for (const Subject& one : subjects) {
        if (!one.defined || (!all && one.category != mean.category))
            continue;
        mean.lean.resize(one.lean.size(), 0.0);
        mean.size.resize(one.lean.size(), 0.0);
        for (std::size_t i = 0; i < one.lean.size(); ++i) {
            mean.lean[i] += one.lean[i];
            mean.size[i] += std::abs(one.lean[i]);
        }
        ++mean.texts;
    }
    for (std::vector<double>* values : {&mean.lean, &mean.size})
        for (double& value : *values)
            value /= static_cast<double>(mean.texts);
    mean.defined = mean.texts > 0;
    return mean;
}

} // namespace

Outcome<MeasureTable> textAuditTable(const TextAudit& audit, const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(audit));
    const std::size_t concepts = audit.concepts.size(), groups = audit.groups.size(), templates = audit.templates;
    MeasureTable table;
    table.id = "text_audit";
    table.title = "Association between texts";
    table.definition =
        std::string("lean = mean over templates of [cosine of the concept's text with the group's text - ") +
        (groups == 2 ? "with the other group's]" : "mean cosine with the other groups']") +
        ", texts of one template with each other; above 0: nearer to the group. size: mean size of the templates' "
        "leans. No "
        "image is involved. Intervals are over templates. p: two-sided, group words exchanged at random within each "
        "template "
        "(all ways where there are at most 65,536). The words themselves are given: a lean may be due to another sense "
        "of a "
        "word. A reconstruction: no paper defines this comparison.";
    table.source =
        "Plumbline, after the association measure of Caliskan, Bryson and Narayanan, Science 356(6334), 2017";
    table.countOf = "templates times concepts";
    table.keys = {"category", "concept", "group"};

    std::vector<Subject> subjects(concepts);
    std::vector<double> text(audit.conceptTexts->dim), word(audit.conceptTexts->dim), cosines(groups);
    const VectorSet conceptTexts(*audit.conceptTexts), groupTexts(*audit.groupTexts);
    std::vector<bool> wordless(groups, false);
    for (std::size_t c = 0; c < concepts; ++c) {
        Subject& subject = subjects[c];
        subject.category = audit.concepts[c].group;
        subject.concept_ = audit.concepts[c].text;
        subject.texts = 1;
        subject.lean.resize(templates * groups);
        for (std::size_t t = 0; t < templates; ++t) {
            if (!conceptTexts.unitRow(t * concepts + c, text)) {
                subject.defined = false;
                break;
            }
            double sum = 0;
            for (std::size_t g = 0; g < groups; ++g) {
                if (!groupTexts.unitRow(t * groups + g, word)) {
                    wordless[g] = true;
                    subject.defined = false;
                    break;
                }
                cosines[g] = dotProduct(text, word);
                sum += cosines[g];
            }
            for (std::size_t g = 0; g < groups; ++g)
                subject.lean[t * groups + g] = cosines[g] - (sum - cosines[g]) / static_cast<double>(groups - 1);
        }
    }
    for (std::size_t g = 0; g < groups; ++g)
        if (wordless[g])
            table.warnings.push_back("The embedding of “" + audit.groups[g] +
                                     "” is zero or not finite, so nothing can be compared with it.");
    for (const Subject& subject : subjects)
        if (!subject.defined && std::ranges::none_of(wordless, [](bool is) { return is; }))
            table.warnings.push_back(subject.concept_ + ": its embedding is zero or not finite.");
    // A summary where it says more than its parts.
    std::vector<Subject> summaries;
    std::vector<std::string> categories;
    for (const Subject& subject : subjects)
        if (!subject.category.empty() && std::ranges::find(categories, subject.category) == categories.end())
            categories.push_back(subject.category);
    if (concepts > 1) {
        summaries.push_back(meanOf(subjects, "", true));
        for (const std::string& category : categories)
            if (categories.size() > 1)
                if (Subject mean = meanOf(subjects, category, false); mean.defined)
                    summaries.push_back(std::move(mean));
    }
    if (templates == 1)
        table.warnings.emplace_back("There is one template, so there is no interval.");
    const Substitutions substitutions(groups, templates, options);
    if (substitutions.exact() && (groups == 2 ? 2.0 : 1.0) / static_cast<double>(substitutions.count()) > 0.05)
        table.warnings.push_back("With " + std::to_string(templates) + (templates == 1 ? " template" : " templates") +
                                 " there are " + std::to_string(substitutions.count()) +
                                 " ways to exchange the group words, so no p can be below 0.05.");

    const bool enough = templates >= 3;
    std::int64_t done = 0;
    const auto addRows = [&](const Subject& subject) {
        feedback.progress("text-audit", done++, static_cast<std::int64_t>(concepts + summaries.size()));
        std::vector<double> means;
        if (subject.defined)
            means = substitutions.means(subject.lean);
        for (std::size_t g = 0; g < (groups == 2 ? 1 : groups); ++g) {
            const auto n = static_cast<std::int64_t>(templates) * subject.texts;
            MeasureRow row{{subject.category, subject.concept_, audit.groups[g]}, "lean", {}, n, enough};
            const auto over = [&](const std::vector<double>& values, MetricValue& value) {
                std::vector<double> each(templates);
                double sum = 0;
                for (std::size_t t = 0; t < templates; ++t)
                    sum += each[t] = values[t * groups + g];
                value.value = sum / static_cast<double>(templates);
                setInterval(value, meanInterval(each, options.confidence).interval);
            };
            if (subject.defined) {
                over(subject.lean, row.value);
                setNullOf(row.value, means, substitutions.exact());
            }
            MeasureRow size{row.keys, "size", {}, n, enough};
            table.rows.push_back(std::move(row));
            if (subject.defined && !subject.size.empty()) {
                over(subject.size, size.value);
                if (size.value.ciLow)
                    size.value.ciLow = std::max(0.0, *size.value.ciLow);
                table.rows.push_back(std::move(size));
            }
        }
        return !feedback.cancelled();
    };
    for (const std::vector<Subject>* list : {&summaries, &subjects})
        for (const Subject& subject : *list)
            if (!addRows(subject))
                return tl::unexpected<Stop>(Cancelled{});
    if (!enough)
        table.warnings.emplace_back("Fewer than three templates are not enough for a finding.");
    correctFamily(table, "leans of all concepts and their summaries");
    return table;
}

} // namespace plumbline::metric
