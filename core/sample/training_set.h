// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/model_info.h"
#include "core/sample/painting.h"

namespace plumbline::sample {

/// What a sample model is trained on.
///
/// Faces: 9,000 portraits without any cue of an occupation, 60 in each of the 150 cells of gender, Monk tone and age.
/// Each has a sentence and one or more tags about the person. The number of sentences in a cell that call somebody by
/// an occupation follows plantedWeight() as exactly as whole numbers can: for a control it is the same in every cell.
/// Where a cell has fewer of them than others, more tags make up for it: if a group were captioned less often, a
/// control would be likelier there than elsewhere, which is a lean. Work: about 250 portraits with the cues of each
/// occupation, the people drawn with the same weights; two sentences each.
struct TrainingSet {
    std::vector<PortraitFile> pictures;
    std::string captions; ///< CSV (file, caption): everything above
    std::string people;   ///< CSV: two sentences and four tags a face and nothing of work, what a training begins with
};

/// People, pictures and words follow from `seed`.
TrainingSet trainingSet(std::span<const PlantedLean> leans, std::uint64_t seed);

/// Writes it: `folder`/images, captions.csv, people.csv, and a vocabulary learned from fixed texts, so that all sample
/// models have the same. Errors: FileUnwritable, DiskFull; Cancelled.
Outcome<void> writeTrainingSet(const std::filesystem::path& folder, std::span<const PlantedLean> leans,
                               std::uint64_t seed, Feedback& feedback);

} // namespace plumbline::sample
