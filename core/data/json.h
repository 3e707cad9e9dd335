// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/error.h"
#include "core/data/audit.h"
#include "core/data/comparison.h"
#include "core/data/debias.h"
#include "core/data/image_set.h"
#include "core/data/measure.h"
#include "core/data/measure_table.h"
#include "core/data/model_info.h"
#include "core/data/probe.h"

namespace plumbline {

/// The JSON forms that the command line prints, the pipe carries and the project file stores (DESIGN section 5).
/// Reading back is exact, but for numbers that are not finite: they are written as null and read back as NaN (an
/// optional: as absent). Fields that are not known are passed over. A field that is missing or of the wrong type gives
/// JsonInvalid, with the kind of document as `path` and a reason that names the field ("groups[2].skew: …").
/// Texts are UTF-8; bytes that are not take the form of encodeName.
nlohmann::json toJson(const ModelCard& card);
nlohmann::json toJson(const MatchReport& report);
nlohmann::json toJson(const ProbeSet& probe);
nlohmann::json toJson(const Target& target);
nlohmann::json toJson(const MeasureOptions& options);
nlohmann::json toJson(const Measurement& measurement);
nlohmann::json toJson(const MeasureTable& table);
nlohmann::json toJson(const AuditConfig& config);
nlohmann::json toJson(const RunProvenance& provenance);
nlohmann::json toJson(const ConceptSummary& summary);
nlohmann::json toJson(const DebiasCard& card);
nlohmann::json toJson(const DebiasConfig& config);
nlohmann::json toJson(const DebiasStudyConfig& config);
nlohmann::json toJson(const DebiasStudy& study);
nlohmann::json toJson(const DebiasMethodInfo& info);
nlohmann::json toJson(const RunComparison& comparison);
nlohmann::json toJson(const Error& error);
nlohmann::json toJson(std::span<const PlantedLean> leans);

Result<ModelCard> modelCardFromJson(const nlohmann::json& json);
Result<MatchReport> matchReportFromJson(const nlohmann::json& json);
Result<ProbeSet> probeSetFromJson(const nlohmann::json& json);
Result<Target> targetFromJson(const nlohmann::json& json);
Result<MeasureOptions> measureOptionsFromJson(const nlohmann::json& json);
Result<Measurement> measurementFromJson(const nlohmann::json& json);
Result<MeasureTable> measureTableFromJson(const nlohmann::json& json);
Result<AuditConfig> auditConfigFromJson(const nlohmann::json& json);
Result<RunProvenance> runProvenanceFromJson(const nlohmann::json& json);
Result<ConceptSummary> conceptSummaryFromJson(const nlohmann::json& json);
Result<DebiasCard> debiasCardFromJson(const nlohmann::json& json);
Result<DebiasStudyConfig> debiasStudyConfigFromJson(const nlohmann::json& json);
Result<DebiasStudy> debiasStudyFromJson(const nlohmann::json& json);
Result<RunComparison> runComparisonFromJson(const nlohmann::json& json);
Result<DebiasConfig> debiasConfigFromJson(const nlohmann::json& json);
Result<Error> errorFromJson(const nlohmann::json& json);
Result<std::vector<PlantedLean>> plantedLeansFromJson(const nlohmann::json& json);

/// Parses UTF-8 text; JsonInvalid with the reason. Text nested deeper than 128 levels is refused, so that nobody who
/// walks through the value runs out of stack; of duplicate keys the last counts. Never throws.
Result<nlohmann::json> parseJson(std::string_view text, std::string_view path);

} // namespace plumbline
