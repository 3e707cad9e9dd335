// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// A made-up comparison of debiasing methods: one that helps, one that is over-corrected, one that changes nothing that
// could be told from chance, one with true labels, one that failed.

#include <cmath>
#include <string>
#include <vector>

#include "core/data/debias.h"
#include "core/probe/probe_set.h"
#include "core/store/project.h"

namespace plumbline::test {

inline DebiasStudyConfig studyConfig(std::int64_t model = 1, std::int64_t images = 1) {
    DebiasStudyConfig config;
    config.modelPath = "/data/models/faceclip-a";
    config.modelId = model;
    config.imageSetId = images;
    config.attribute = "gender";
    config.untargeted = {"race", "age"};
    config.classes = "race";
    config.probe = probe::handWritten({"a photo of a pilot", "a photo of a nurse"});
    config.measure.k = {500, 0};
    config.measure.target.kind = Target::Kind::Uniform;
    return config;
}

/// How a method's numbers run along its strength: value = before + strength * change + strength² * bend.
struct StudyPath {
    std::string attribute, measure;
    double before, change, bend, half; ///< half: of the intervals
    double at(double strength) const { return before + strength * change + strength * strength * bend; }
};

inline std::vector<StudyPath> pathsOf(double skew, double skewBend, double accuracy, double race, double low) {
    return {{"gender", "max_skew", 0.61, skew, skewBend, 0.03},
            {"gender", "min_skew", -1.92, low, 0, 0.11},
            {"gender", "ndkl", 0.41, 0.6 * skew, 0.6 * skewBend, 0.02},
            {"gender", "max_skew_excess", 0.56, skew, skewBend, 0.03},
            {"", "zero_shot_accuracy", 0.554, accuracy, 0, 0.013},
            {"gender", "worst_group_accuracy", 0.541, accuracy, 0, 0.018},
            {"gender", "able", 0.548, -0.4 * (skew + skewBend) + accuracy, 0, 0.008},
            {"gender", "linear_probe", 0.871, 0.3 * skew, 0, 0.012},
            {"gender", "nearest_neighbour_probe", 0.842, 0.2 * skew, 0, 0.012},
            {"race", "max_skew", 0.402, race, 0, 0.04},
            {"age", "max_skew", 1.178, 0.01, 0, 0.06}};
}

inline DebiasCandidate candidate(const std::string& method, const std::vector<StudyPath>& paths, double chosen,
                                 int steps = 20) {
    DebiasCandidate result;
    result.card.config.method = method;
    result.card.config.attribute = "gender";
    result.card.name = std::string(findDebiasMethod(method)->title) + ", gender";
    result.card.strength = chosen;
    result.card.seconds = 1.25;
    result.card.fitRows = "2500 rows, by lot";
    result.card.groups = {{"Female", 1183}, {"Male", 1317}};
    result.card.dim = 512;
    result.card.modelSha256 = std::string(64, 'a');
    result.card.program = "plumbline 0.1.0";
    result.card.fitted = "2026-11-22T08:15:00Z";
    result.card.facts = {{"rank", 1, "directions that were removed"},
                         {"held-out accuracy", 0.52, "of a linear classifier"}};
    result.transformId = 1;
    result.selectScore = 0.6;
    const auto points = [&](double strength, double shift) {
        std::vector<DebiasNumber> numbers;
        for (const StudyPath& path : paths)
            if (!path.measure.ends_with("probe"))
                numbers.push_back(
                    {path.measure == "able" || path.measure == "worst_group_accuracy" ? "" : path.attribute,
                     path.measure, path.at(strength) + shift});
        return numbers;
    };
    for (int s = 0; s <= steps; ++s) {
        const double strength = double(s) / steps;
        result.curve.push_back({strength, points(strength, 0.008), points(strength, 0)});
    }
    MeasureTable table;
    table.id = "debias_price";
    table.title = "Before and after, the audit split";
    table.keys = {"attribute", "state"};
    table.countOf = "images";
    for (const StudyPath& path : paths) {
        const auto add = [&](const char* state, double value, double half) {
            MeasureRow row{{path.attribute, state}, path.measure, {}, 1250, true};
            row.value.value = value;
            row.value.ciLow = value - half;
            row.value.ciHigh = value + half;
            table.rows.push_back(row);
        };
        add("before", path.before, path.half);
        add("after", path.at(chosen), path.half);
        add("difference", path.at(chosen) - path.before, 0.6 * path.half);
        table.rows.back().value.adjustedP = 0.012;
    }
    result.price.push_back(std::move(table));
    return result;
}

inline DebiasStudy syntheticStudy() {
    DebiasStudy study;
    study.config = studyConfig();
    study.fitRows = 2500;
    study.selectRows = study.auditRows = 1250;
    study.split = "by lot";
    study.score =
        "ABLE on the select rows: harmonic mean of the zero-shot accuracy of race and exp(-MaxSkew) with equal "
        "shares";
    study.candidates.push_back(candidate("leace", pathsOf(-0.52, 0.03, -0.004, 0.01, 0.9), 0.85));
    // Turns at a half, takes from the lowest group, costs accuracy, and makes race worse.
    study.candidates.push_back(candidate("mean-difference", pathsOf(-1.2, 1.1, -0.09, 0.21, -0.6), 1));
    study.candidates.back().card.config.parameters = {{"apply", "both"}};
    study.candidates.push_back(candidate("gda", pathsOf(-0.01, 0, 0.002, -0.01, 0.02), 0.3));
    DebiasCandidate failed;
    failed.card.config.method = "joint-vl";
    failed.card.config.attribute = "gender";
    failed.card.name = "joint-vl";
    failed.failure = "The texts say nothing of gender: a counterfactual caption needs a word for each group.";
    study.candidates.push_back(failed);
    study.candidates.push_back(candidate("det-cons", pathsOf(-0.6, 0, 0, 0.02, 1.85), 1, 1));
    study.candidates.back().card.config.parameters = {{"labels", "given"}};
    study.candidates.back().usesTrueLabels = true;
    study.candidates.back().card.warnings = {
        "It was given the true labels of the images that it ranks, which a model in "
        "use does not have: an upper baseline, never recommended."};
    study.recommended = 0;
    return study;
}

/// A finished comparison with a transform, after one that failed and before one that was cancelled.
inline Result<std::int64_t> addStudies(store::Project& project) {
    PLUMBLINE_TRY(const std::int64_t done, project.beginStudy(studyConfig()));
    DebiasStudy study = syntheticStudy();
    const store::TransformFile files[] = {{"card.json", "{}"}};
    for (DebiasCandidate& each : study.candidates)
        if (each.failure.empty()) {
            PLUMBLINE_TRY(each.transformId, project.addTransform(done, each.card.name, files));
        }
    PLUMBLINE_CHECK(project.finishStudy(done, study));
    return done;
}

} // namespace plumbline::test
