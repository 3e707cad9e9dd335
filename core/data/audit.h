// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/data/debias.h"
#include "core/data/family.h"
#include "core/data/image_set.h"
#include "core/data/measure.h"
#include "core/data/measure_table.h"
#include "core/data/probe.h"

namespace plumbline {

/// What one audit asks; stored with the run and enough to repeat it.
struct AuditConfig {
    std::string modelPath;                 ///< encodePath form; empty when the embeddings come from files
    std::string vocabPath;                 ///< encodePath form; empty: the model's own
    std::int64_t modelId = 0, imageSetId = 0; ///< records of the project; 0 outside one
    std::vector<std::string> attributes;   ///< as in attribute_text.h: "gender × race", "age [young = 0-2 + 3-9]"
    ProbeSet probe;                        ///< prompts written by hand: no templates, one concept a prompt
    MeasureOptions measure;
    std::string relevance; ///< attribute whose value says to which concept an image is relevant; empty: none
    std::string precision = "fp32";        ///< or "bf16"
    int threads = 0;                       ///< 0: chosen by the engine
    OtherMeasures others;                  ///< what is measured beside the rankings
    std::optional<AppliedDebias> debias;   ///< what the embeddings or rankings were changed by
};

enum class RunState { Running, Cancelled, Failed, Done };
std::string_view runStateName(RunState state);

/// Everything that says how a run came about.
struct RunProvenance {
    std::string modelSha256, modelName, preprocessing, labelsSha256, imagesSha256, probeSha256;
    std::string tensorsSha256; ///< the card's content hash; modelSha256 covers how the tensors are run, too
    std::string program;  ///< "plumbline 0.1.0"
    std::string libraries;///< versions, BLAS
    std::string host;     ///< operating system and processor, no host name
    int threads = 0;
    std::string precision;
    std::string started, finished; ///< UTC, ISO 8601
};

/// The mean of one of a Measurement's further numbers over prompts.
struct NamedMean {
    std::string name; ///< as in Measurement::more; "mean_absolute_bias_at_k": mean of |Bias@K|, in which opposite biases add up
    std::optional<double> value;
};

/// Mean over the prompts of a concept, for one attribute.
struct ConceptSummary {
    std::string concept_, group, attribute;
    int prompts = 0;
    std::optional<double> maxSkew, minSkew, ndkl; ///< arithmetic means of the defined values
    std::vector<std::pair<std::string, std::optional<double>>> groupSkew; ///< mean skew of each group
    std::vector<NamedMean> more;
};

struct AuditResult {
    AuditConfig config;
    RunProvenance provenance;
    std::vector<std::string> prompts;         ///< expanded, in order
    std::vector<bool> truncated;              ///< prompt was cut to the context length
    std::vector<Measurement> measurements;    ///< prompt-major, then attribute
    std::vector<ConceptSummary> concepts;
    std::vector<MeasureTable> tables;         ///< what was measured beside the rankings
    std::int64_t images = 0, skipped = 0;
    std::vector<Skipped> skippedImages;       ///< each image without an embedding, with its reason
    std::vector<std::string> warnings;
};

} // namespace plumbline
