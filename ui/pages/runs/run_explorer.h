// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <span>

#include "core/base/feedback.h"
#include "core/metric/measure.h"
#include "core/metric/ndkl.h"
#include "ui/pages/runs/run_source.h"

namespace plumbline::ui {

/// One attribute of a run at any k and against other targets, piece by piece. Rankings are made once, and kept: as many
/// first ranks as small k need of every prompt, all of those in sight. Used on one thread, not the main one.
class RunExplorer {
public:
    /// The stored scores of a prompt.
    using Scores = std::function<Result<std::vector<float>>(std::size_t prompt)>;

    /// Error: RecordUnknown where the run's labels are gone.
    static Result<RunExplorer> create(std::shared_ptr<const LoadedRun> run, std::size_t attribute,
                                      const Scores& scores);
    bool isOf(const LoadedRun& run, std::size_t attribute) const {
        return run.record.id == m_run->record.id && attribute == m_attribute;
    }

    /// Ranks the prompts that lean most, which a page shows first, so that the first other k need not wait for them: a
    /// screen of them, fewer where they take longer than a fraction of a second.
    Result<void> rankFirst(const Scores& scores);

    /// What is to be looked at; nothing: only rankings are made. Errors: KInvalid, TargetInvalid.
    Result<void> ask(const std::optional<Exploration>& what);

    /// The next piece of work, a fraction of a second at the most.
    struct Step {
        std::shared_ptr<const LoadedRun> view; ///< where there is something new to show
        bool done = true;
    };
    Outcome<Step> step(std::span<const int> inSight, const Scores& scores, Feedback& feedback);

private:
    RunExplorer() = default;
    Result<void> makeMeters(const std::optional<Target::Kind>& target);
    const metric::Meter& meterOf(std::size_t prompt) const;
    const metric::RankedFront& frontOf(std::size_t prompt) const;
    bool isRanked(std::size_t prompt, std::size_t ranks) const;
    Result<void> rank(std::span<const std::size_t> prompts, std::size_t ranks, const Scores& scores);
    Result<void> measure(std::span<const std::size_t> prompts, const Scores& scores);
    std::shared_ptr<const LoadedRun> view(bool complete) const;
    const std::vector<Measurement>& scored() const;
    MeasureOptions options() const;

    std::shared_ptr<const LoadedRun> m_run;
    std::size_t m_attribute = 0;
    Attribute m_labels;                   ///< of the images that took part
    std::optional<Target::Kind> m_target; ///< that m_meters were made for
    std::vector<metric::Meter> m_meters;  ///< one a target: prompts may have their own
    std::vector<std::size_t> m_meterOfPrompt;
    std::vector<metric::RankedFront> m_fronts;               ///< one a prompt; empty: not ranked yet
    std::map<std::size_t, metric::RankedFront> m_longFronts; ///< longer ones of prompts in sight
    std::shared_ptr<const metric::NdklTables> m_tables;      ///< that meters of any k find made
    std::size_t m_readAhead = 0; ///< prompts whose first ranks were read without being asked for

    std::optional<Exploration> m_what;
    std::vector<metric::Meter> m_metersAtK;
    std::vector<Measurement> m_measurements; ///< of m_what; without groups: not yet
    std::vector<bool> m_hasIntervals;
    int m_draws = 0;
};

} // namespace plumbline::ui
