// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/verify_run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/audit/project_audit.h"
#include "core/base/hash.h"
#include "core/base/path.h"
#include "core/data/json.h"

namespace plumbline::audit {

namespace {

using nlohmann::json;

/// Holds two trees against each other, leaf by leaf.
class Comparison {
public:
    explicit Comparison(Verification& found) : m_found(found) {}

    void compare(const std::string& where, const json& was, const json& is) {
        if (was.is_number() && is.is_number()) {
            number(where, was, is);
        } else if (was.is_object() && is.is_object()) {
            for (const auto& [key, value] : was.items())
                compare(below(where, key), value, is.contains(key) ? is.at(key) : json());
            for (const auto& [key, value] : is.items())
                if (!was.contains(key))
                    compare(below(where, key), json(), value);
        } else if (was.is_array() && is.is_array()) {
            for (std::size_t i = 0; i < std::max(was.size(), is.size()); ++i)
                compare(below(where, std::to_string(i + 1)), i < was.size() ? was[i] : json(),
                        i < is.size() ? is[i] : json());
        } else if (was != is) {
            m_found.differences.push_back({where, text(was), text(is), {}});
        }
    }

private:
    static std::string below(const std::string& where, const std::string& key) {
        return where.empty() ? key : where + (where.back() == ':' ? " " : "/") + key;
    }
    static std::string text(const json& value) { return value.is_null() ? "nothing" : value.dump(); }

    void number(const std::string& where, const json& was, const json& is) {
        ++m_found.numbers;
        if (was == is)
            return;
        const double a = was.get<double>(), b = is.get<double>(), by = std::abs(a - b);
        if (by <= Verification::kTolerance * std::max(1.0, std::abs(a))) {
            ++m_found.rounded;
            m_found.largestRounding = std::max(m_found.largestRounding, by);
        } else {
            m_found.differences.push_back({where, text(was), text(is), by});
        }
    }

    Verification& m_found;
};

/// What the run measured, as trees under names that people know.
void compareResults(const AuditResult& was, const AuditResult& is, Verification& found) {
    Comparison comparison(found);
    comparison.compare("prompts:", was.prompts, is.prompts);
    for (std::size_t m = 0; m < std::max(was.measurements.size(), is.measurements.size()); ++m) {
        const Measurement& any = m < was.measurements.size() ? was.measurements[m] : is.measurements[m];
        const std::string name = (any.prompt ? "“" + *any.prompt + "”, " : std::string()) + any.attribute + ":";
        comparison.compare(name, m < was.measurements.size() ? toJson(was.measurements[m]) : json(),
                           m < is.measurements.size() ? toJson(is.measurements[m]) : json());
    }
    for (std::size_t c = 0; c < std::max(was.concepts.size(), is.concepts.size()); ++c)
        comparison.compare("summary " + std::to_string(c + 1) + ":",
                           c < was.concepts.size() ? toJson(was.concepts[c]) : json(),
                           c < is.concepts.size() ? toJson(is.concepts[c]) : json());
    for (std::size_t t = 0; t < std::max(was.tables.size(), is.tables.size()); ++t)
        comparison.compare("table " + (t < was.tables.size() ? was.tables[t].title : is.tables[t].title) + ":",
                           t < was.tables.size() ? toJson(was.tables[t]) : json(),
                           t < is.tables.size() ? toJson(is.tables[t]) : json());
    comparison.compare("skipped images:", was.skipped, is.skipped);
    std::ranges::stable_sort(found.differences, std::ranges::greater(),
                             [](const VerifiedDifference& one) { return one.by.value_or(INFINITY); });
}

Result<void> compareScores(store::Project& project, std::int64_t run, std::span<const float> scores,
                           std::size_t prompts, Verification& found) {
    const std::size_t images = prompts > 0 ? scores.size() / prompts : 0;
    for (std::size_t p = 0; p < prompts; ++p) {
        PLUMBLINE_TRY(const std::vector<float> was, project.runScores(run, static_cast<std::int64_t>(p)));
        for (std::size_t i = 0; i < std::max(was.size(), images); ++i) {
            const float a = i < was.size() ? was[i] : NAN, b = i < images ? scores[p * images + i] : NAN;
            if (std::isnan(a) && std::isnan(b))
                continue;
            const double by = std::abs(double(a) - double(b));
            if (!(by <= Verification::kScoreTolerance))
                ++found.scoresBeyond;
            if (by > found.largestScore)
                found.largestScore = by;
        }
    }
    return {};
}

} // namespace

bool Verification::inputsSame() const {
    return std::ranges::all_of(inputs, [](const VerifiedInput& input) { return input.same() || !input.decides; });
}

Outcome<Verification> verifyRun(store::Project& project, std::int64_t run, const clip::Encoder& encoder,
                                store::EmbeddingCache* cache, Feedback& feedback) {
    PLUMBLINE_TRY(const store::RunRecord record, project.run(run));
    if (record.state != RunState::Done)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the run"}, {"value", std::to_string(run)}, {"expected", "a run that is finished"}});
    PLUMBLINE_TRY(const AuditResult was, project.runResult(run));
    PLUMBLINE_TRY(const ImageSet set, project.imageSet(record.config.imageSetId));
    std::vector<float> scores;
    PLUMBLINE_TRY(const AuditResult is, repeatRun(project, record, set, encoder, cache, scores, feedback));

    Verification found;
    found.run = run;
    const RunProvenance &then = was.provenance, &now = is.provenance;
    // The labels are in the project; the table that they came from may have changed since.
    std::string table = set.labelsSha256;
    if (!set.labelsFile.empty()) {
        if (const Outcome<std::string> hash = sha256File(decodePath(set.labelsFile), &feedback))
            table = *hash;
        else if (hash.error().cancelled())
            return tl::unexpected(hash.error());
        else
            table = "not readable";
    }
    found.inputs = {{"model", then.modelSha256, now.modelSha256},
                    {"images", then.imagesSha256, now.imagesSha256},
                    {"label table", then.labelsSha256, table},
                    {"prompts", then.probeSha256, now.probeSha256},
                    {"preprocessing", then.preprocessing, now.preprocessing},
                    {"program", then.program, now.program, false},
                    {"libraries", then.libraries, now.libraries, false},
                    {"computer", then.host, now.host, false},
                    {"threads", std::to_string(then.threads), std::to_string(now.threads), false}};
    compareResults(was, is, found);
    PLUMBLINE_CHECK(compareScores(project, run, scores, is.prompts.size(), found));
    return found;
}

} // namespace plumbline::audit
