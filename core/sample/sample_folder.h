// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/probe.h"
#include "core/sample/painting.h"

namespace plumbline::sample {

/// The sample as files that every command and any other program can use.
///
///   model/, model-fair/   CLIP folders in the Hugging Face form, each with its planted.json
///   images/               the portraits
///   labels.csv            file, gender, skin tone, Monk tone, age, expression, pose, lighting, hair, hair colour,
///   covering,
///                         glasses, occupation, set, split
///   probe.json            the eighteen occupations
///   planted.json          what was planted in model/
///
/// split: `audit` are 2,000 people without any cue of an occupation; `work` are 20 of each occupation, with its cues;
/// `counterfactual` are sets (column `set`) of pictures that differ in one attribute alone (METHODS A15).
struct SamplePicture {
    PortraitFile file;
    std::string set; ///< "gender-01"; empty outside the counterfactual sets
    std::string split;
    std::string caption = {};
};
/// Every picture of the sample, in the order of the label table. Always the same.
std::vector<SamplePicture> samplePictures();
/// The label table of pictures; with a column `caption` if one of them has one.
std::string labelTable(const std::vector<SamplePicture>& pictures);
/// "a photo of a {}" for every occupation.
ProbeSet sampleProbe();

inline constexpr const char* kAuditSplit = "audit";

/// Writes the folder (created if need be). What is there already, from this version of the sample, stays; what is
/// missing is made: an interrupted call is completed by the next. Errors: FileUnwritable, DiskFull; Cancelled.
Outcome<void> writeSample(const std::filesystem::path& folder, Feedback& feedback);

/// What a model is fine-tuned and chosen on so that its leans go (METHODS B2); other people than those of the sample.
///
/// split `fit`: counterfactual sets (column `set`), each one picture in nine variants: three genders by three bands of
/// skin tone. Of half of the sets the pictures show an occupation and the caption names it, of the others neither, and
/// the caption says what all variants share. `select`, `select-work`: the like of the sample's `audit` and `work`.
std::vector<SamplePicture> counterfactualPictures(std::uint64_t seed);

/// Writes them: `folder`/images and labels.csv. Errors: FileUnwritable, DiskFull; Cancelled.
Outcome<void> writeCounterfactuals(const std::filesystem::path& folder, std::uint64_t seed, Feedback& feedback);

} // namespace plumbline::sample
