// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/run_explorer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>
#include <ranges>

#include "core/metric/verdict.h"
#include "core/report/lean.h"

namespace plumbline::ui {
namespace {

/// Ranks that are kept of every prompt, and of those in sight together (some 320 MB).
constexpr std::size_t kFewRanks = 16'384, kRanksInSight = 40'000'000;
/// Prompts that are read and ranked in one piece of work: of a million images some 20 ms, so that another k does not
/// wait for them.
constexpr std::size_t kPromptsAtOnce = 2;
/// Prompts that are ranked before a run is shown: as many first ranks as small k need of those that a large window
/// shows, then all of those that most windows show; and for how long at the most.
constexpr std::size_t kFirstPrompts = 16, kFirstWhole = 10;
constexpr std::chrono::milliseconds kBeforeShown(400);
/// Ranks that are drawn for intervals and bands of a prompt: a large k has fewer draws, which the bar says, but never
/// too few for a 95 % interval.
constexpr double kMostDrawnRanks = 1e6;
constexpr int kFewestDraws = 200;
/// Intervals are shown as they come, but not so often that the main thread is busy with nothing else.
constexpr std::chrono::milliseconds kBetweenViews(100);
/// What the first view may take for values of prompts that are not in sight.
constexpr std::chrono::milliseconds kWithTheFirst(15);

} // namespace

Result<RunExplorer> RunExplorer::create(std::shared_ptr<const LoadedRun> run, std::size_t attribute,
                                        const Scores& scores) {
    RunExplorer explorer;
    explorer.m_run = std::move(run);
    explorer.m_attribute = attribute;
    const LoadedRun::AttributeChart& chart = explorer.m_run->attributes[attribute];
    if (!chart.labels)
        return fail(ErrorCode::RecordUnknown,
                    {{"kind", "image set"}, {"id", std::to_string(explorer.m_run->record.config.imageSetId)}});
    explorer.m_labels = *chart.labels;
    explorer.m_fronts.resize(chart.chart->measurements.size());
    if (chart.chart->measurements.empty())
        return explorer;
    // An image without an embedding has no score and took no part.
    const std::int64_t labelled =
        static_cast<std::int64_t>(explorer.m_labels.codes.size()) - explorer.m_labels.unlabelled();
    if (labelled != chart.chart->measurements.front().n) {
        PLUMBLINE_TRY(const std::vector<float> first, scores(0));
        for (std::size_t row = 0; row < std::min(first.size(), explorer.m_labels.codes.size()); ++row)
            if (std::isnan(first[row]))
                explorer.m_labels.codes[row] = Attribute::kUnlabelled;
    }
    PLUMBLINE_CHECK(explorer.makeMeters({}));
    return explorer;
}

const std::vector<Measurement>& RunExplorer::scored() const {
    return m_run->attributes[m_attribute].chart->measurements;
}

MeasureOptions RunExplorer::options() const {
    MeasureOptions options = m_run->result.config.measure;
    if (m_what)
        options.k = {m_what->k, 0.0};
    if (m_what && m_what->target)
        options.target = Target{*m_what->target, {}, {}};
    return options;
}

Result<void> RunExplorer::makeMeters(const std::optional<Target::Kind>& target) {
    m_meters.clear();
    m_meterOfPrompt.clear();
    MeasureOptions wanted = m_run->result.config.measure;
    if (target)
        wanted.target = Target{*target, {}, {}};
    const bool ofThePrompt =
        !target && (wanted.target.kind == Target::Kind::Conditional || !wanted.target.byConcept.empty());
    std::map<std::pair<int, std::vector<std::pair<std::string, double>>>, std::size_t> known;
    for (const Measurement& measurement : scored()) {
        if (ofThePrompt)
            wanted.target = targetUsed(measurement);
        const auto [entry, isNew] =
            known.try_emplace({static_cast<int>(wanted.target.kind), wanted.target.shares}, m_meters.size());
        if (isNew) {
            PLUMBLINE_TRY(metric::Meter meter, metric::Meter::create(m_labels, wanted));
            m_meters.push_back(std::move(meter));
        }
        m_meterOfPrompt.push_back(entry->second);
    }
    m_target = target;
    return {};
}

Result<void> RunExplorer::ask(const std::optional<Exploration>& what) {
    if (what == m_what)
        return {};
    m_what.reset();
    m_metersAtK.clear();
    m_measurements.clear();
    if (!what)
        return {};
    if (what->target != m_target)
        PLUMBLINE_CHECK(makeMeters(what->target));
    m_draws = static_cast<int>(
        std::max<double>(kFewestDraws, kMostDrawnRanks / static_cast<double>(std::max<std::int64_t>(1, what->k))));
    for (const metric::Meter& meter : m_meters) {
        PLUMBLINE_TRY(metric::Meter atK, meter.at({what->k, 0.0}, m_draws));
        m_metersAtK.push_back(std::move(atK));
    }
    m_draws = std::min(m_draws, m_run->result.config.measure.bootstrapDraws);
    m_what = what;
    m_hasIntervals.assign(scored().size(), false);
    for (const Measurement& measurement : scored()) {
        Measurement& pending = m_measurements.emplace_back();
        pending.prompt = measurement.prompt;
        pending.attribute = measurement.attribute;
    }
    return {};
}

const metric::Meter& RunExplorer::meterOf(std::size_t prompt) const {
    return (m_metersAtK.empty() ? m_meters : m_metersAtK)[m_meterOfPrompt[prompt]];
}

const metric::RankedFront& RunExplorer::frontOf(std::size_t prompt) const {
    const auto found = m_longFronts.find(prompt);
    return found == m_longFronts.end() ? m_fronts[prompt] : found->second;
}

bool RunExplorer::isRanked(std::size_t prompt, std::size_t ranks) const {
    return frontOf(prompt).ranks() >= std::min(ranks, static_cast<std::size_t>(meterOf(prompt).images()));
}

/// Ranks those of the prompts that have fewer ranks.
Result<void> RunExplorer::rank(std::span<const std::size_t> prompts, std::size_t ranks, const Scores& scores) {
    std::vector<std::size_t> missing;
    std::vector<std::vector<float>> values;
    for (const std::size_t prompt : prompts) {
        if (isRanked(prompt, std::max(ranks, meterOf(prompt).valuesNeed())))
            continue;
        PLUMBLINE_TRY(std::vector<float> of, scores(prompt));
        missing.push_back(prompt);
        values.push_back(std::move(of));
    }
    if (missing.empty())
        return {};
    // The order of the images does not depend on the target. Some more of a large k: its intervals look further down.
    const metric::Meter& meter = meterOf(missing.front());
    const std::size_t need = meter.valuesNeed();
    const std::size_t some = std::max(ranks, need > kFewRanks ? need + need / 8 : need);
    PLUMBLINE_TRY(std::vector<metric::RankedFront> fronts, meter.fronts(values, some));
    for (std::size_t i = 0; i < missing.size(); ++i)
        (fronts[i].ranks() > kFewRanks ? m_longFronts[missing[i]] : m_fronts[missing[i]]) = std::move(fronts[i]);
    return {};
}

Result<void> RunExplorer::rankFirst(const Scores& scores) {
    const auto begin = std::chrono::steady_clock::now();
    const std::vector<report::Row>& rows = m_run->attributes[m_attribute].chart->chart.rows;
    if (rows.empty())
        return {};
    std::vector<std::size_t> prompts(rows.size());
    std::iota(prompts.begin(), prompts.end(), std::size_t(0));
    std::ranges::stable_sort(prompts, std::greater(), [&](std::size_t prompt) { return rows[prompt].lean.strength; });
    const std::size_t images = m_labels.codes.size();
    const std::size_t many = std::max(kFewRanks, std::min(images, kRanksInSight / kFirstPrompts));
    for (const auto& [most, ranks] : {std::pair(kFirstPrompts, kFewRanks), std::pair(kFirstWhole, many)}) {
        const std::span first = std::span(prompts).first(std::min(prompts.size(), most));
        for (std::size_t done = 0; done < first.size() && std::chrono::steady_clock::now() - begin < kBeforeShown;
             done += kPromptsAtOnce)
            PLUMBLINE_CHECK(rank(first.subspan(done, std::min(kPromptsAtOnce, first.size() - done)), ranks, scores));
    }
    m_tables = metric::ndklTables(many, images);
    return {};
}

Result<void> RunExplorer::measure(std::span<const std::size_t> prompts, const Scores& scores) {
    for (std::size_t meter = 0; meter < m_metersAtK.size(); ++meter) {
        std::vector<std::size_t> mine;
        std::ranges::copy_if(prompts, std::back_inserter(mine),
                             [&](std::size_t prompt) { return m_meterOfPrompt[prompt] == meter; });
        if (mine.empty())
            continue;
        PLUMBLINE_CHECK(rank(mine, kFewRanks, scores));
        std::vector<const metric::RankedFront*> fronts;
        std::vector<const Measurement*> known;
        for (const std::size_t prompt : mine) {
            fronts.push_back(&frontOf(prompt));
            known.push_back(&scored()[prompt]);
        }
        PLUMBLINE_TRY(std::vector<Measurement> values, m_metersAtK[meter].values(fronts, known));
        for (std::size_t i = 0; i < mine.size(); ++i)
            m_measurements[mine[i]] = std::move(values[i]);
        // Kept for the next k, whose meters are others.
        if (const auto rows = static_cast<std::size_t>(std::min(m_metersAtK[meter].k(), m_metersAtK[meter].images()));
            !m_tables || m_tables->ranks() < rows)
            m_tables = metric::ndklTables(rows, m_labels.codes.size());
    }
    return {};
}

Outcome<RunExplorer::Step> RunExplorer::step(std::span<const int> inSight, const Scores& scores, Feedback& feedback) {
    std::vector<std::size_t> seen;
    std::vector<bool> isSeen(m_fronts.size(), false);
    for (const int prompt : inSight)
        if (prompt >= 0 && static_cast<std::size_t>(prompt) < m_fronts.size() &&
            !isSeen[static_cast<std::size_t>(prompt)]) {
            seen.push_back(static_cast<std::size_t>(prompt));
            isSeen[seen.back()] = true;
        }
    const auto forget = [&] { // long rankings are kept of what is in sight only
        std::erase_if(m_longFronts, [&](const auto& front) { return !isSeen[front.first]; });
    };
    forget();
    const auto first = [](std::vector<std::size_t>& prompts, std::size_t most) {
        if (prompts.size() > most)
            prompts.erase(prompts.begin() + static_cast<std::ptrdiff_t>(most), prompts.end());
    };

    if (m_what) {
        const auto isPending = [this](std::size_t prompt) { return m_measurements[prompt].groups.empty(); };
        const auto every = std::views::iota(std::size_t(0), m_measurements.size());
        const auto isReady = [&](std::size_t prompt) {
            return isPending(prompt) && isRanked(prompt, std::max(kFewRanks, meterOf(prompt).valuesNeed()));
        };
        // First those in sight whose ranking is there; where none is, those that have to be ranked, a few at once until
        // there is something to show or another k comes. With them, or after, all others whose ranking is there: rows
        // that come into sight have their values.
        const auto begin = std::chrono::steady_clock::now();
        const auto isWithin = [&](std::chrono::milliseconds time) {
            return !feedback.cancelled() && std::chrono::steady_clock::now() - begin < time;
        };
        const auto measureWithin = [&](const std::vector<std::size_t>& prompts,
                                       std::chrono::milliseconds time) -> Result<void> {
            for (std::size_t done = 0; done < prompts.size() && isWithin(time); done += kPromptsAtOnce)
                PLUMBLINE_CHECK(
                    measure(std::span(prompts).subspan(done, std::min(kPromptsAtOnce, prompts.size() - done)), scores));
            return {};
        };
        std::vector<std::size_t> next, others;
        std::ranges::copy_if(seen, std::back_inserter(next), isReady);
        if (!next.empty()) {
            PLUMBLINE_CHECK(measure(next, scores));
        } else {
            std::ranges::copy_if(seen, std::back_inserter(next), isPending);
            PLUMBLINE_CHECK(measureWithin(next, kBetweenViews));
        }
        std::ranges::copy_if(every, std::back_inserter(others), isReady);
        PLUMBLINE_CHECK(measureWithin(others, next.empty() ? kBetweenViews : kWithTheFirst));
        next.insert(next.end(), others.begin(), others.end());
        if (!next.empty())
            return Step{view(m_draws == 0 && std::ranges::none_of(every, isPending)), false};
        std::ranges::copy_if(seen, std::back_inserter(next),
                             [this](std::size_t prompt) { return !m_hasIntervals[prompt]; });
        if (!next.empty() && m_draws > 0) {
            const bool theFirst = std::ranges::none_of(m_hasIntervals, std::identity());
            std::size_t done = 0;
            do {
                const std::size_t prompt = next[done++];
                PLUMBLINE_TRY(const std::size_t ranks, meterOf(prompt).measureNeeds(feedback));
                PLUMBLINE_CHECK(rank(std::span(&prompt, 1), ranks, scores));
                PLUMBLINE_TRY(m_measurements[prompt],
                              meterOf(prompt).measure(frontOf(prompt), scored()[prompt], feedback));
                m_hasIntervals[prompt] = true;
            } while (!theFirst && done < next.size() && isWithin(kBetweenViews));
            return Step{view(done == next.size() && std::ranges::none_of(every, isPending)), false};
        }
        next.clear();
        std::ranges::copy_if(every, std::back_inserter(next), isPending);
        if (!next.empty()) {
            const bool last = next.size() <= kPromptsAtOnce;
            first(next, kPromptsAtOnce);
            PLUMBLINE_CHECK(measure(next, scores));
            forget();
            return Step{last ? view(true) : nullptr, false};
        }
    }
    // What makes the next k quick: a few ranks of the prompts in sight, then all of theirs, then a few of the others.
    const auto readAhead = [&](std::vector<std::size_t> next, std::size_t ranks) -> Result<bool> {
        std::erase_if(next, [&](std::size_t prompt) { return isRanked(prompt, ranks); });
        first(next, kPromptsAtOnce);
        PLUMBLINE_CHECK(rank(next, ranks, scores));
        return !next.empty();
    };
    PLUMBLINE_TRY(bool more, readAhead(seen, kFewRanks));
    const std::size_t images = m_labels.codes.size();
    const std::size_t many =
        std::max(kFewRanks, std::min(images, kRanksInSight / std::max<std::size_t>(1, seen.size())));
    if (!more && !seen.empty() && (!m_tables || m_tables->ranks() < many)) {
        m_tables = metric::ndklTables(many, images);
        return Step{nullptr, false};
    }
    if (!more) {
        PLUMBLINE_TRY(more, readAhead(seen, many));
    }
    // Once each: rankings that are too long to be kept would be read again and again.
    const bool areKept = std::ranges::all_of(m_metersAtK.empty() ? m_meters : m_metersAtK,
                                             [](const auto& meter) { return meter.valuesNeed() <= kFewRanks; });
    if (!more && areKept) {
        std::vector<std::size_t> others;
        std::ranges::copy_if(std::views::iota(m_readAhead, m_fronts.size()), std::back_inserter(others),
                             [&](std::size_t prompt) { return !isRanked(prompt, kFewRanks); });
        m_readAhead = others.size() > kPromptsAtOnce ? others[kPromptsAtOnce] : m_fronts.size();
        first(others, kPromptsAtOnce);
        more = !others.empty();
        PLUMBLINE_CHECK(rank(others, kFewRanks, scores));
    }
    return Step{nullptr, !more};
}

std::shared_ptr<const LoadedRun> RunExplorer::view(bool complete) const {
    const LoadedRun::AttributeChart& own = m_run->attributes[m_attribute];
    auto run = std::make_shared<LoadedRun>();
    run->record = m_run->record;
    run->record.config.measure = options();
    run->result.config = run->record.config;
    run->result.prompts = m_run->result.prompts;
    run->images = m_run->images;
    run->attributes = m_run->attributes;
    run->planted = m_run->planted;
    run->explored = {*m_what, m_attribute, complete, m_draws};

    std::vector<Measurement> measurements = m_measurements;
    if (!m_what->target) // given shares stand for a target that depended on the query
        for (std::size_t i = 0; i < measurements.size(); ++i)
            measurements[i].target = scored()[i].target;
    const bool cosines = scoreKind(options().definition) == ScoreKind::Cosine && !m_run->result.config.debias;
    metric::judge(measurements, options(), cosines ? 1.0 : 0.0);
    auto chart = std::make_shared<PlumbData>(
        *PlumbData::make(std::move(measurements), own.groups, run->result.config.probe, m_run->planted, options()));
    chart->isExplored = true;
    for (std::size_t i = 0; i < chart->chart.rows.size(); ++i) {
        report::Lean& lean = chart->chart.rows[i].lean;
        if (m_measurements[i].groups.empty())
            lean = report::pendingLean();
        lean.strength = own.chart->chart.rows[i].lean.strength; // rows stay where they are while k is changed
    }
    run->attributes[m_attribute].chart = std::move(chart);
    return run;
}

} // namespace plumbline::ui
