// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/audit/measure_families.h"
#include "core/base/path.h"
#include "core/formats/caption_list.h"
#include "core/metric/classification/accuracy.h"
#include "core/metric/classification/calibration.h"
#include "core/metric/classification/classified.h"
#include "core/metric/classification/parity.h"
#include "core/metric/classification/ranking_quality.h"
#include "core/metric/paired.h"
#include "core/metric/rates.h"
#include "core/metric/utility/able.h"
#include "core/metric/utility/retrieval.h"
#include "core/metric/utility/zero_shot.h"
#include "core/probe/probe_set.h"

namespace plumbline::audit {

namespace {

/// Draws that areas under curves can afford: some 20 ns an image, class and draw, so at most about 20 s.
metric::Resampling affordable(metric::Resampling options, std::size_t images, std::size_t classes) {
    constexpr std::size_t kBudget = 1'000'000'000, kLeast = 200;
    const auto most = static_cast<int>(std::max(kLeast, kBudget / std::max<std::size_t>(images * classes, 1)));
    options.nullDraws = std::min(options.nullDraws, most);
    options.bootstrapDraws = std::min(options.bootstrapDraws, most);
    return options;
}

/// ABLE of the audit: its zero-shot accuracy and its mean MaxSkew against equal shares.
Outcome<MeasureTable> ableOf(const Audited& audited, const Attribute& attribute, const metric::Rate& accuracy,
                             Feedback& feedback) {
    MeasureOptions options = audited.config.measure;
    options.target = Target();
    options.target.kind = Target::Kind::Uniform;
    metric::AskedPrompts asked;
    asked.texts = promptTexts(audited);
    PLUMBLINE_TRY(const MeasureTable means,
                  metric::summariseAudit(audited.scores, asked, attribute, options, feedback));
    metric::AbleParts parts;
    parts.attribute = attribute.name;
    parts.groups = static_cast<std::int64_t>(attribute.groups.size());
    parts.accuracy = accuracy;
    if (const MeasureRow* row = means.find({attribute.name, "images"}, "max_skew"))
        parts.maxSkew = row->value;
    MeasureTable table = metric::ableTable(std::span(&parts, 1));
    table.warnings.push_back("The accuracy is that of " + audited.config.others.classes +
                             " on the images of this audit, and k " +
                             "the audit's; the paper's are top-1 on ImageNet and 1,000.");
    return table;
}

} // namespace

Outcome<Tables> classes(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const std::string& column = audited.config.others.classes;
    if (column.empty())
        return fail(
            ErrorCode::InvalidArgument,
            {{"name", "classes"}, {"value", "nothing"}, {"expected", "the column with the true class of each image"}});
    if (column == attribute.name)
        return fail(ErrorCode::InvalidArgument, {{"name", "classes"},
                                                 {"value", column},
                                                 {"expected", "another column than the attribute that is audited"}});
    PLUMBLINE_TRY(const Attribute truth, presentLabels(audited, column));
    PLUMBLINE_TRY(const Embeddings texts, audited.encode(inTemplates(truth.groups, templatesOf(audited.config.probe))));
    PLUMBLINE_TRY(const Embeddings weights, meanOfTemplates(texts, truth.groups.size()));
    const std::vector<float> cosine = imagesByTexts(audited, weights);
    const std::size_t count = truth.groups.size();

    metric::Classified classified;
    classified.classes = truth.groups;
    classified.truth = truth.codes;
    classified.predicted = metric::predict(cosine, count);
    metric::AccuracyOptions accuracy;
    accuracy.resampling = resampling(audited.config.measure);
    const metric::Resampling& options = accuracy.resampling;
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(), metric::accuracyByGroup(classified, attribute, accuracy, feedback));
    PLUMBLINE_TRY(tables.emplace_back(), metric::parityByGroup(classified, attribute, options, feedback));
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::zeroShotAccuracy(cosine, count, truth.codes, &attribute, options, feedback));

    // Cosines of different images are not on one scale; the probabilities of the classes are.
    const std::vector<double> scores(cosine.begin(), cosine.end());
    const std::vector<double> chances = metric::probabilities(scores, count, audited.logitScale);
    PLUMBLINE_TRY(const std::vector<metric::BinaryTask> tasks,
                  metric::oneVersusRest(chances, truth.codes, truth.groups));
    const metric::Resampling fewer = affordable(options, audited.set.size(), count);
    const std::size_t first = tables.size();
    PLUMBLINE_TRY(tables.emplace_back(), metric::aurocByGroup(tasks, attribute, fewer, feedback));
    PLUMBLINE_TRY(tables.emplace_back(), metric::crossGroupAuroc(tasks, attribute, fewer, feedback));
    PLUMBLINE_TRY(tables.emplace_back(), metric::averagePrecisionByGroup(tasks, attribute, fewer, feedback));
    if (fewer.nullDraws < options.nullDraws || fewer.bootstrapDraws < options.bootstrapDraws)
        for (std::size_t t = first; t < tables.size(); ++t)
            tables[t].warnings.push_back("With so many images and classes this table rests on " +
                                         std::to_string(std::max(fewer.nullDraws, fewer.bootstrapDraws)) + " draws.");
    metric::CalibrationOptions calibration;
    calibration.resampling = options;
    calibration.scale = audited.logitScale;
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::calibrationByGroup(scores, count, truth.codes, attribute, calibration, feedback));

    std::int64_t right = 0, judged = 0;
    for (std::size_t i = 0; i < truth.codes.size(); ++i)
        if (truth.codes[i] >= 0 && classified.predicted[i] >= 0) {
            ++judged;
            right += truth.codes[i] == classified.predicted[i];
        }
    if (judged > 0) {
        PLUMBLINE_TRY(tables.emplace_back(),
                      ableOf(audited, attribute, metric::wilson(right, judged, options.confidence), feedback));
    }
    return tables;
}

Outcome<Tables> captionRetrieval(const Audited& audited, const Attribute& attribute, Feedback& feedback) {
    const OtherMeasures& others = audited.config.others;
    if (others.captions.empty())
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "captions"}, {"value", "nothing"}, {"expected", "a list of the images' captions"}});
    PLUMBLINE_TRY(const formats::CaptionList list,
                  formats::readCaptionList(decodePath(others.captions), others.captionSplit, feedback));
    const std::vector<std::optional<std::uint32_t>> rows = formats::rowsOfImages(list, audited.set.files);
    std::vector<std::string> texts;
    std::vector<std::uint32_t> imageOf;
    for (std::size_t c = 0; c < list.captions.size(); ++c)
        if (const auto row = rows[list.imageOfCaption[c]]; row && audited.images.present[*row]) {
            texts.push_back(list.captions[c]);
            imageOf.push_back(*row);
        }
    if (texts.empty())
        return fail(ErrorCode::LabelsMatchNothing,
                    {{"labels", others.captions}, {"images", encodePath(audited.set.root)}});
    PLUMBLINE_TRY(const Embeddings captions, audited.encode(texts));
    PLUMBLINE_TRY(const metric::RetrievalRanks ranks,
                  metric::retrievalRanks(audited.images.raw, captions, imageOf, feedback));
    Tables tables;
    PLUMBLINE_TRY(tables.emplace_back(),
                  metric::retrievalTable(ranks, imageOf, &attribute, resampling(audited.config.measure), feedback));
    if (const std::size_t missing = list.captions.size() - texts.size(); missing > 0)
        tables.back().warnings.push_back(std::to_string(missing) +
                                         " captions are of images that are not in this audit and took no part.");
    if (list.invalidRows > 0)
        tables.back().warnings.push_back(std::to_string(list.invalidRows) +
                                         " entries of the list of captions have no file or no text.");
    return tables;
}

} // namespace plumbline::audit
