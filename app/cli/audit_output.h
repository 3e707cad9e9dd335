// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "app/cli/commands.h"
#include "app/cli/table.h"
#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/audit.h"
#include "core/report/html_report.h"

namespace plumbline::cli {

/// --attribute, --cross and --merge.
struct AttributeArguments {
    std::vector<std::string> attributes, cross, merges;
    void addTo(CLI::App& command);
    /// The texts of AuditConfig::attributes, with the groups of --merge merged wherever their attribute is named; one
    /// at least. InvalidArgument.
    Result<std::vector<std::string>> texts() const;
};

/// The names of the families, for --also: "summary, association, …".
std::string familyNames();
/// What --also names. `config`: with what the families need. Without a choice those that cost little and need nothing
/// more. What needs a column or a file is chosen by naming it, and left out of "all" where it is not named.
/// InvalidArgument.
Result<std::vector<Family>> chosenFamilies(const std::vector<std::string>& names, const AuditConfig& config);

/// What debiased runs are called: the name of what was applied; one that was taken gets a number.
std::vector<std::string> debiasNames(const std::vector<const AuditResult*>& debiased);
/// A result as --json has it; `run`: in the project, 0 without one.
nlohmann::json resultJson(const AuditResult& result, std::int64_t run);

/// --json, --csv, --report and --fail-above of an audit; a table for people on stdout.
struct AuditOutput {
    std::string json, csv, report;
    std::vector<std::string> failAbove;

    void addTo(CLI::App& command);
    Result<std::vector<Limit>> limits() const;
    /// The same audit under a transform (result.config.debias).
    struct Debiased {
        const AuditResult& result;
        std::int64_t run = 0;
        std::vector<DebiasCard> cards; ///< of the transform's methods
    };
    struct From {
        std::int64_t run = 0; ///< in the project, 0 without one
        std::string project;
        std::filesystem::path model; ///< the folder that may say what was planted; empty: none
        std::vector<Debiased> debiased = {};
        report::ReportInput known = {}; ///< what the report may say of model and images
    };
    /// The exit code.
    /// With debiased results the limits judge each of those, and not the first, which nobody would deploy.
    int write(const AuditResult& result, const std::vector<Limit>& limits, Feedback& feedback, const From& from) const;
};

} // namespace plumbline::cli
