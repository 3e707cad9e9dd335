// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/classification/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/random.h"
#include "core/metric/classification/binary.h"
#include "core/metric/classification/rows.h"
#include "core/metric/family.h"
#include "core/metric/parallel.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

/// Confidence, answer and Brier's score of the kept rows at one temperature.
struct Answers {
    std::vector<double> confidence, brier;
    std::vector<std::uint8_t> right;
};

Answers answersOf(std::span<const double> probability, std::size_t classes, std::span<const std::int32_t> truth,
                  const std::vector<std::uint32_t>& rows) {
    Answers answers;
    for (const std::uint32_t row : rows) {
        const auto own = probability.subspan(row * classes, classes);
        const auto best = static_cast<std::size_t>(std::ranges::max_element(own) - own.begin());
        const auto label = static_cast<std::size_t>(truth[row]);
        double square = 0;
        for (std::size_t c = 0; c < classes; ++c)
            square += std::pow(own[c] - (c == label ? 1 : 0), 2);
        answers.confidence.push_back(std::min(1.0, own[best]));
        answers.brier.push_back(square);
        answers.right.push_back(best == label);
    }
    return answers;
}

/// Mean and normal-theory interval.
Combined meanOf(const std::vector<double>& values, double confidence) {
    const auto n = static_cast<double>(values.size());
    Combined mean{std::accumulate(values.begin(), values.end(), 0.0) / n, {}};
    if (values.size() < 2)
        return mean;
    double square = 0;
    for (const double value : values)
        square += (value - mean.value) * (value - mean.value);
    const double reach = normalQuantile(confidence) * std::sqrt(square / (n - 1) / n);
    mean.interval = {mean.value - reach, mean.value + reach};
    return mean;
}

std::vector<std::uint32_t> binOf(const std::vector<ReliabilityBin>& bins, const std::vector<double>& confidence) {
    std::vector<double> edges;
    for (const ReliabilityBin& bin : bins)
        edges.push_back(bin.high);
    std::vector<std::uint32_t> of;
    for (const double value : confidence)
        of.push_back(
            static_cast<std::uint32_t>(std::lower_bound(edges.begin(), edges.end() - 1, value) - edges.begin()));
    return of;
}

/// Calibration errors of answers drawn with the stated confidence.
Outcome<std::vector<double>> calibratedDraws(const std::vector<double>& confidence,
                                             const std::vector<std::uint32_t>& bin, std::size_t bins,
                                             std::string_view name, const Resampling& options, Feedback& feedback) {
    std::vector<double> draws(static_cast<std::size_t>(std::max(0, options.nullDraws)));
    const std::uint64_t id = streamId("calibrated/" + std::string(name));
    const bool done = forEachReplicate(
        draws.size(), feedback, [&] { return std::vector<double>(bins); },
        [&](std::vector<double>& sums, std::size_t i) {
            RandomStream random(options.seed, id, i);
            std::ranges::fill(sums, 0.0);
            for (std::size_t row = 0; row < confidence.size(); ++row)
                sums[bin[row]] += (random.uniform() < confidence[row] ? 1 : 0) - confidence[row];
            double error = 0;
            for (const double sum : sums)
                error += std::abs(sum);
            draws[i] = error / static_cast<double>(confidence.size());
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});
    return draws;
}

} // namespace

Outcome<CalibrationError> calibrationErrorInterval(std::span<const double> residual, std::span<const std::uint32_t> bin,
                                                   std::size_t bins, std::size_t alternatives, std::string_view name,
                                                   const Resampling& options, Feedback& feedback) {
    const auto n = static_cast<double>(residual.size());
    std::vector<double> sums(bins), squares(bins);
    for (std::size_t i = 0; i < residual.size(); ++i) {
        sums[bin[i]] += residual[i] / n;
        squares[bin[i]] += residual[i] * residual[i] / n;
    }
    CalibrationError error;
    std::vector<double> signs(bins);
    std::vector<bool> sure(bins);
    for (std::size_t b = 0; b < bins; ++b) {
        error.value += std::abs(sums[b]);
        signs[b] = sums[b] < 0 ? -1 : 1;
        sure[b] = std::abs(sums[b]) > 3 * std::sqrt((squares[b] - sums[b] * sums[b]) / n);
    }
    if (options.bootstrapDraws <= 0 || residual.empty())
        return error;
    const auto statistics = [&](std::span<const std::uint32_t> rows, std::span<double> out) {
        std::vector<double> drawn(bins);
        for (const std::uint32_t row : rows)
            drawn[bin[row]] += residual[row] / n;
        out[0] = out[1] = 0;
        for (std::size_t b = 0; b < bins; ++b) {
            const double distance = drawn[b] - sums[b];
            out[0] += sure[b] ? signs[b] * distance : std::abs(distance);
            out[1] += signs[b] * distance;
        }
    };
    PLUMBLINE_TRY(const Draws draws, bootstrapRows(residual.size(), {}, 2, name, options, statistics, feedback));
    const auto around = [&](double confidence) -> Interval {
        const Interval whole = percentileInterval(draws[0], confidence),
                       ofSigns = percentileInterval(draws[1], confidence);
        if (!whole.high || !ofSigns.low)
            return {};
        return {std::max(0.0, error.value - std::max(0.0, *whole.high)),
                std::min(1.0, error.value + std::max(0.0, -*ofSigns.low))};
    };
    error.interval = around(options.confidence);
    error.strict = around(strictConfidence(options.confidence, alternatives));
    return error;
}

Outcome<TemperatureFit> fitTemperature(std::span<const double> scores, std::size_t classes,
                                       std::span<const std::int32_t> truth, double scale, Feedback& feedback,
                                       double confidence) {
    PLUMBLINE_CHECK(checkSize("the scores", scores.size(), truth.size() * classes));
    if (!(scale > 0) || !std::isfinite(scale))
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the logit scale"}, {"value", std::to_string(scale)}, {"expected", "a number above 0"}});
    // Logits below the row's highest, the true class's first among the numbers that a row needs.
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < truth.size(); ++i)
        if (truth[i] >= 0 && static_cast<std::size_t>(truth[i]) < classes &&
            std::ranges::all_of(scores.subspan(i * classes, classes), [](double x) { return std::isfinite(x); }))
            rows.push_back(i);
    if (rows.empty())
        return fail(ErrorCode::ScoresInvalid, {{"reason", "no image of the fitting split has a class and scores"}});

    struct Term {
        double nll, slope, curvature; ///< of one row; derivatives in beta = 1 / T
    };
    const auto term = [&](std::size_t i, double beta) {
        const auto row = scores.subspan(rows[i] * classes, classes);
        const double highest = *std::ranges::max_element(row);
        double sum = 0, mean = 0, square = 0;
        for (const double score : row) {
            const double z = scale * (score - highest), weight = std::exp(beta * z);
            sum += weight;
            mean += weight * z;
            square += weight * z * z;
        }
        mean /= sum;
        const double own = scale * (row[static_cast<std::size_t>(truth[rows[i]])] - highest);
        return Term{std::log(sum) - beta * own, mean - own, square / sum - mean * mean};
    };
    std::vector<double> parts(rows.size());
    const auto n = static_cast<double>(rows.size());
    const auto nll = [&](double logT) {
        forEachReplicate(
            rows.size(), feedback, [] { return 0; },
            [&](int, std::size_t i) { parts[i] = term(i, std::exp(-logT)).nll; });
        return std::accumulate(parts.begin(), parts.end(), 0.0) / n;
    };
    const double bound = std::log(100.0), golden = (std::sqrt(5.0) - 1) / 2;
    double low = -bound, high = bound;
    double left = high - golden * (high - low), right = low + golden * (high - low);
    double atLeft = nll(left), atRight = nll(right);
    while (high - low > 1e-9) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        if (atLeft <= atRight) {
            high = right;
            right = left;
            atRight = atLeft;
            left = high - golden * (high - low);
            atLeft = nll(left);
        } else {
            low = left;
            left = right;
            atLeft = atRight;
            right = low + golden * (high - low);
            atRight = nll(right);
        }
    }
    const double best = (low + high) / 2;
    TemperatureFit fit;
    fit.n = static_cast<std::int64_t>(rows.size());
    fit.temperature = std::exp(best);
    fit.atBound = bound - std::abs(best) < 1e-6;
    fit.nll = nll(best);
    fit.nllAtOne = nll(0);
    double squares = 0, curvature = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Term at = term(i, 1 / fit.temperature);
        squares += at.slope * at.slope;
        curvature += at.curvature;
    }
    if (!fit.atBound && curvature > 0) {
        const double reach = normalQuantile(confidence) * std::sqrt(squares) / curvature * fit.temperature;
        fit.interval = {fit.temperature * std::exp(-reach), fit.temperature * std::exp(reach)};
    }
    return fit;
}

Outcome<MeasureTable> calibrationByGroup(std::span<const double> scores, std::size_t classes,
                                         std::span<const std::int32_t> truth, const Attribute& attribute,
                                         const CalibrationOptions& options, Feedback& feedback) {
    const Resampling& resampling = options.resampling;
    PLUMBLINE_CHECK(check(resampling));
    PLUMBLINE_CHECK(checkSize("the scores", scores.size(), truth.size() * classes));
    PLUMBLINE_CHECK(check(attribute, truth.size()));
    if (!options.fit.empty())
        PLUMBLINE_CHECK(checkSize("the fitting split", options.fit.size(), truth.size()));
    if (options.bins < 1 || options.bins > 1'000'000 || !(options.scale > 0) || !std::isfinite(options.scale))
        return fail(ErrorCode::InvalidArgument, {{"name", "the bins or the logit scale"},
                                                 {"value", std::to_string(options.bins)},
                                                 {"expected", "numbers above 0"}});
    for (const std::int32_t label : truth)
        if (label >= 0 && static_cast<std::size_t>(label) >= classes)
            return fail(ErrorCode::InvalidArgument, {{"name", "a true class"},
                                                     {"value", std::to_string(label)},
                                                     {"expected", "less than " + std::to_string(classes)}});
    MeasureTable table;
    table.id = "calibration";
    table.title = "Calibration by " + attribute.name;
    table.definition =
        "Confidence is the highest softmax probability. ece: expected calibration error, the sum over " +
        std::to_string(options.bins) +
        " equal-width bins (closed on the right) of the bin's share of images times |accuracy - mean confidence|; "
        "ece_adaptive: the same with bins of equal mass; brier: mean squared distance of the probabilities from the "
        "truth, "
        "over all classes; confidence_minus_accuracy: above 0 is overconfident. 0 is best. ece_gap: highest minus "
        "lowest "
        "group. Chance is what a calibrated model would show with these confidences; of a gap, what permuted groups "
        "show. "
        "Intervals are over images.";
    table.source =
        "Guo et al., ICML 2017; Naeini et al., AAAI 2015; Tu et al., arXiv 2410.01534 (the paper's number of "
        "bins could not be confirmed)";
    table.countOf = "images";
    table.keys = {attribute.name, "temperature"};

    // The temperature, fitted on images that are measured nowhere.
    std::vector<std::pair<std::string, double>> temperatures{{"as it is", 1.0}};
    if (!options.fit.empty()) {
        std::vector<std::int32_t> split(truth.size(), -1);
        for (std::size_t i = 0; i < truth.size(); ++i)
            if (options.fit[i])
                split[i] = truth[i];
        PLUMBLINE_TRY(const TemperatureFit fit,
                      fitTemperature(scores, classes, split, options.scale, feedback, resampling.confidence));
        MetricValue value;
        if (fit.atBound) {
            table.warnings.emplace_back(
                "No temperature: the likelihood of the fitting split has no largest value within "
                "0.01 and 100 (all answers right, or no better than chance).");
        } else {
            value = valueOf(fit.temperature, fit.interval);
            temperatures.emplace_back("fitted", fit.temperature);
        }
        addRow(table, {"", "fitted"}, "temperature", value, fit.n, fit.n >= resampling.minGroup);
    }

    std::vector<bool> usable(truth.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] =
            truth[i] >= 0 && (options.fit.empty() || !options.fit[i]) &&
            std::ranges::all_of(scores.subspan(i * classes, classes), [](double x) { return std::isfinite(x); });
    const Kept kept = keep(attribute, usable,
                           options.fit.empty() ? "without a true class or finite scores"
                                               : "in the fitting split, or without a true class or finite scores,",
                           table);
    if (kept.rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    const std::size_t groups = kept.names.size();
    std::int64_t thinBins = 0;
    for (const auto& [temperatureName, temperature] : temperatures) {
        const std::vector<double> p = probabilities(scores, classes, options.scale, temperature);
        const Answers answers = answersOf(p, classes, truth, kept.rows);
        std::vector<Estimate> errors;
        std::vector<std::size_t> large;
        std::int64_t smallest = 0;
        for (std::size_t place = 0; place <= groups; ++place) {
            const std::size_t g = place == 0 ? groups : place - 1; // all of them first
            if (g == groups && groups == 1)
                continue; // it would be the same as the group
            Answers own;
            for (std::size_t i = 0; i < kept.rows.size(); ++i)
                if (g == groups || kept.group[i] == static_cast<std::int32_t>(g)) {
                    own.confidence.push_back(answers.confidence[i]);
                    own.brier.push_back(answers.brier[i]);
                    own.right.push_back(answers.right[i]);
                }
            const auto n = static_cast<std::int64_t>(own.right.size());
            const bool enough = n >= resampling.minGroup;
            const std::vector<std::string> keys{g == groups ? "" : kept.names[g], temperatureName};
            std::vector<double> residual(own.right.size());
            for (std::size_t i = 0; i < residual.size(); ++i)
                residual[i] = (own.right[i] ? 1 : 0) - own.confidence[i];
            for (const bool equalMass : {false, true}) {
                const auto bins = *reliabilityBins(own.confidence, own.right, options.bins, equalMass);
                const std::vector<std::uint32_t> bin = binOf(bins, own.confidence);
                const std::string name =
                    "ece/" + attribute.name + "/" + keys[0] + "/" + keys[1] + (equalMass ? "/mass" : "");
                PLUMBLINE_TRY(const CalibrationError error,
                              calibrationErrorInterval(residual, bin, bins.size(), groups, name, resampling, feedback));
                MetricValue value = valueOf(error.value, error.interval);
                PLUMBLINE_TRY(const auto draws,
                              calibratedDraws(own.confidence, bin, bins.size(), name, resampling, feedback));
                setNull(value, draws, Tail::Upper);
                if (equalMass) {
                    value.pValue.reset(); // one test of calibration a group
                } else {
                    thinBins += std::ranges::count_if(
                        bins, [&](const ReliabilityBin& each) { return each.n > 0 && each.n < resampling.minGroup; });
                    if (g < groups && n >= cellFloor(resampling)) {
                        errors.push_back({error.value, error.interval, error.strict});
                        large.push_back(g);
                        smallest = smallest == 0 ? n : std::min(smallest, n);
                    }
                }
                addRow(table, keys, equalMass ? "ece_adaptive" : "ece", value, n, enough);
            }
            const Combined square = meanOf(own.brier, resampling.confidence);
            addRow(table, keys, "brier", valueOf(square.value, square.interval), n, enough);
            for (double& each : residual)
                each = -each;
            const Combined over = meanOf(residual, resampling.confidence);
            addRow(table, keys, "confidence_minus_accuracy", valueOf(over.value, over.interval), n, enough);
        }
        if (errors.size() < 2)
            continue;
        const Extremes extremes = extremesOf(errors);
        MetricValue gap = valueOf(extremes.max - extremes.min, extremes.interval.range);
        if (resampling.nullDraws > 0) {
            const auto count = static_cast<std::size_t>(options.bins);
            std::vector<std::uint32_t> bin(kept.rows.size());
            const auto edges = *reliabilityBins(answers.confidence, answers.right, options.bins, false);
            bin = binOf(edges, answers.confidence);
            PLUMBLINE_TRY(const Draws draws,
                          permuteRows(
                              kept.rows.size(), {}, 1, "ece/" + attribute.name + "/" + temperatureName, resampling,
                              [&](std::span<const std::uint32_t> rows, std::span<double> out) {
                                  std::vector<double> sums(groups * count);
                                  for (std::size_t i = 0; i < rows.size(); ++i)
                                      sums[static_cast<std::size_t>(kept.group[rows[i]]) * count + bin[i]] +=
                                          (answers.right[i] ? 1 : 0) - answers.confidence[i];
                                  double low = 2, high = -1;
                                  for (const std::size_t g : large) {
                                      double error = 0;
                                      for (std::size_t b = 0; b < count; ++b)
                                          error += std::abs(sums[g * count + b]);
                                      error /= static_cast<double>(kept.counts[g]);
                                      low = std::min(low, error);
                                      high = std::max(high, error);
                                  }
                                  out[0] = high - low;
                              },
                              feedback));
            setNull(gap, draws[0], Tail::Upper);
        }
        addRow(table, {"", temperatureName}, "ece_gap", gap, smallest, true);
    }
    if (thinBins > 0)
        table.warnings.push_back(counted(thinBins, "bin") + " of the calibration errors " +
                                 (thinBins == 1 ? "holds" : "hold") + " fewer than " +
                                 std::to_string(resampling.minGroup) + " images and " +
                                 (thinBins == 1 ? "says" : "say") + " little.");
    if (groups > 1)
        table.warnings.emplace_back(
            "Noise raises a calibration error, more so in a small group: compare each with its own "
            "chance value before comparing groups.");
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "calibration of each group and of all, and the gaps");
    return table;
}

std::string_view oodScoreName(OodScore score) {
    switch (score) {
    case OodScore::Msp:
        return "MSP";
    case OodScore::Mcm:
        return "MCM";
    case OodScore::Energy:
        break;
    }
    return "energy";
}

std::vector<double> oodScores(OodScore score, std::span<const double> cosines, std::size_t classes, double scale,
                              double temperature) {
    if (classes == 0 || cosines.size() % classes != 0)
        return {};
    std::vector<double> out(cosines.size() / classes, std::nan(""));
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto row = cosines.subspan(i * classes, classes);
        if (!std::ranges::all_of(row, [](double x) { return std::isfinite(x); }))
            continue;
        const double highest = *std::ranges::max_element(row);
        const double factor = (score == OodScore::Mcm ? 1.0 : scale) / temperature;
        double sum = 0;
        for (const double x : row)
            sum += std::exp(factor * (x - highest));
        out[i] = score == OodScore::Energy ? scale * highest + temperature * std::log(sum) : 1 / sum;
    }
    return out;
}

Outcome<MeasureTable> outOfDistribution(const std::string& scoreName, std::span<const double> inside,
                                        std::span<const double> outside, const Attribute& attribute,
                                        const Resampling& options, Feedback& feedback) {
    PLUMBLINE_CHECK(check(options));
    PLUMBLINE_CHECK(check(attribute, inside.size()));
    MeasureTable table;
    table.id = "out_of_distribution";
    table.title = "Taken for strangers, by " + attribute.name + " (" + scoreName + ")";
    table.definition =
        "auroc: the chance that an image of the classes scores above another image; fpr_at_95_tpr: share of the other "
        "images that pass the threshold which 95 % of the images of the classes pass. false_alarm: share of a group's "
        "images of the classes below that one threshold; false_alarm_difference: the group minus all others; "
        "false_alarm_range: highest minus lowest group. Low false alarms, the same for all groups, are best. Intervals "
        "are "
        "over images (DeLong, bootstrap, Wilson, Newcombe); p is Fisher's exact, of the range that of permuted groups.";
    table.source =
        "Hendrycks and Gimpel, ICLR 2017; Ming et al., NeurIPS 2022 (MCM); Liu et al., NeurIPS 2020 (energy)";
    table.countOf = "images";
    table.keys = {attribute.name};

    std::vector<double> in, out;
    const auto isNumber = [](double x) { return !std::isnan(x); };
    std::ranges::copy_if(inside, std::back_inserter(in), isNumber);
    std::ranges::copy_if(outside, std::back_inserter(out), isNumber);
    if (in.empty())
        return fail(ErrorCode::ScoresInvalid, {{"reason", "no image of the classes has a score"}});
    if (in.size() < inside.size() || out.size() < outside.size())
        table.warnings.push_back(
            counted(static_cast<std::int64_t>(inside.size() + outside.size() - in.size() - out.size()), "image") +
            " without a score left out.");
    // The lowest of the highest 95 %, rounded up: at least 95 % score as high.
    const auto thresholdOf = [](std::vector<double>& scores) {
        const std::size_t keep95 = (scores.size() * 95 + 99) / 100;
        const auto at = scores.begin() + static_cast<std::ptrdiff_t>(scores.size() - keep95);
        std::nth_element(scores.begin(), at, scores.end());
        return *at;
    };
    std::vector<double> sorted = in;
    const double threshold = thresholdOf(sorted);
    const auto nIn = static_cast<std::int64_t>(in.size()), nOut = static_cast<std::int64_t>(out.size());

    MetricValue area, accepted;
    const bool enoughOut = std::min(nIn, nOut) >= options.minGroup;
    if (const auto value = auroc(in, out)) {
        area = valueOf(value->value, aurocInterval(*value, options.confidence));
        const auto passed = std::ranges::count_if(out, [&](double score) { return score >= threshold; });
        accepted = valueOf(wilson(passed, nOut, options.confidence));
        if (options.bootstrapDraws > 0) {
            // The threshold is estimated too.
            std::vector<std::int32_t> strata(in.size() + out.size(), 1);
            std::fill_n(strata.begin(), in.size(), 0);
            PLUMBLINE_TRY(const Draws draws, bootstrapWithinGroups(
                                                 strata, 1, "fpr95/" + scoreName, options,
                                                 [&](std::span<const std::uint32_t> rows, std::span<double> result) {
                                                     std::vector<double> drawn;
                                                     std::size_t i = 0;
                                                     for (; i < in.size(); ++i)
                                                         drawn.push_back(in[rows[i]]);
                                                     const double at = thresholdOf(drawn);
                                                     double passing = 0;
                                                     for (; i < rows.size(); ++i)
                                                         passing += out[rows[i] - in.size()] >= at;
                                                     result[0] = passing / static_cast<double>(out.size());
                                                 },
                                                 feedback));
            // Never narrower than for a known threshold, which also holds where no image passes.
            const Interval drawn = percentileInterval(draws[0], options.confidence);
            if (drawn.low && drawn.high)
                setInterval(accepted, {std::min(*accepted.ciLow, *drawn.low), std::max(*accepted.ciHigh, *drawn.high)});
        }
    } else {
        table.warnings.emplace_back("No image outside the classes has a score: no AUROC and no false acceptance.");
    }
    addRow(table, {""}, "auroc", area, nIn + nOut, enoughOut);
    addRow(table, {""}, "fpr_at_95_tpr", accepted, nOut, enoughOut);

    std::vector<bool> usable(inside.size());
    for (std::size_t i = 0; i < usable.size(); ++i)
        usable[i] = isNumber(inside[i]);
    const Kept kept = keep(attribute, usable, "without a score", table);
    if (kept.rows.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    const std::size_t groups = kept.names.size();
    std::vector<std::int64_t> alarms(groups);
    std::vector<std::uint8_t> flagged;
    std::int64_t all = 0;
    const auto n = static_cast<std::int64_t>(kept.rows.size());
    for (std::size_t i = 0; i < kept.rows.size(); ++i) {
        flagged.push_back(inside[kept.rows[i]] < threshold);
        alarms[static_cast<std::size_t>(kept.group[i])] += flagged[i];
        all += flagged[i];
    }
    addRow(table, {""}, "false_alarm", valueOf(wilson(all, n, options.confidence)), n, n >= options.minGroup);
    std::vector<Estimate> estimates;
    std::vector<std::size_t> large;
    for (std::size_t g = 0; g < groups; ++g) {
        const Rate rate = wilson(alarms[g], kept.counts[g], options.confidence);
        addRow(table, {kept.names[g]}, "false_alarm", valueOf(rate), rate.n, rate.n >= options.minGroup);
        if (rate.n >= cellFloor(options)) {
            estimates.push_back(estimateOf(rate, options.confidence, groups));
            large.push_back(g);
        }
    }
    for (std::size_t g = 0; g < groups && groups > 1; ++g) {
        const Rate rate = wilson(alarms[g], kept.counts[g], options.confidence);
        const Rate others = wilson(all - alarms[g], n - kept.counts[g], options.confidence);
        MetricValue value = valueOf(*rate.value - *others.value, rateDifference(rate, others, options.confidence));
        value.pValue = fisherExact(rate, others);
        addRow(table, {kept.names[g]}, "false_alarm_difference", value, rate.n,
               std::min(rate.n, others.n) >= options.minGroup);
        if (groups == 2)
            break; // the other group's is its negative
    }
    if (estimates.size() > 1) {
        const Extremes extremes = extremesOf(estimates);
        MetricValue spread = valueOf(extremes.max - extremes.min, extremes.interval.range);
        if (options.nullDraws > 0) {
            PLUMBLINE_TRY(const Draws draws,
                          permuteRows(
                              kept.rows.size(), {}, 1, "false-alarm/" + attribute.name + "/" + scoreName, options,
                              [&](std::span<const std::uint32_t> rows, std::span<double> result) {
                                  std::vector<double> drawn(groups);
                                  for (std::size_t i = 0; i < rows.size(); ++i)
                                      drawn[static_cast<std::size_t>(kept.group[rows[i]])] += flagged[i];
                                  double low = 2, high = -1;
                                  for (const std::size_t g : large) {
                                      const double rate = drawn[g] / static_cast<double>(kept.counts[g]);
                                      low = std::min(low, rate);
                                      high = std::max(high, rate);
                                  }
                                  result[0] = high - low;
                              },
                              feedback));
            setNull(spread, draws[0], Tail::Upper);
            if (groups == 2)
                spread.pValue.reset(); // Fisher's p of the difference is that test
        }
        addRow(table, {""}, "false_alarm_range", spread, n, true);
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    correctFamily(table, "the false alarms of each group against all others, and their range");
    return table;
}

} // namespace plumbline::metric
