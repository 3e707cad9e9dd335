// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/geometry/modality_gap.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/family.h"
#include "core/metric/geometry/mean_distance.h"
#include "core/metric/geometry/unit_rows.h"
#include "core/metric/mean_interval.h"
#include "core/metric/measure.h"
#include "core/metric/parallel.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

using Vector = std::vector<double>;
using Rows = std::vector<std::uint32_t>;

/// Multiplications that all draws of one permutation null may take together, some ten seconds.
constexpr double kMostWork = 2e10;

Rows usableRows(const UnitRows& rows) {
    Rows usable;
    for (std::size_t i = 0; i < rows.rows(); ++i)
        if (rows.usable(i))
            usable.push_back(static_cast<std::uint32_t>(i));
    return usable;
}

Vector meanOf(const UnitRows& rows, const Rows& which) {
    Vector mean(rows.dim());
    for (const std::uint32_t row : which)
        rows.addTo(mean, row);
    for (double& value : mean)
        value /= static_cast<double>(which.size());
    return mean;
}

VectorSample sampleOf(const UnitRows& rows, const Rows& which) {
    return {which.size(), rows.dim(), [&rows, &which](std::size_t i, std::span<double> to) {
                std::ranges::fill(to, 0.0);
                rows.addTo(to, which[i]);
            }};
}

/// Differences image - caption.
VectorSample differencesOf(const UnitRows& images, const UnitRows& texts, const Rows& which) {
    return {which.size(), images.dim(), [&](std::size_t i, std::span<double> to) {
                std::ranges::fill(to, 0.0);
                images.addTo(to, which[i]);
                texts.addTo(to, which[i], -1);
            }};
}

Interval squaredOver(const Interval& interval, double over) {
    const auto scaled = [&](const std::optional<double>& end) {
        return end ? std::optional(*end * *end / over) : std::nullopt;
    };
    return {scaled(interval.low), scaled(interval.high)};
}

/// Fewer draws where all that were asked for would take minutes; said in a warning.
Resampling affordable(const Resampling& options, double workOfADraw, std::vector<std::string>& warnings) {
    Resampling result = options;
    const double most = kMostWork / std::max(1.0, workOfADraw);
    if (static_cast<double>(options.nullDraws) > most) {
        result.nullDraws = std::max(99, static_cast<int>(most));
        if (result.nullDraws < options.nullDraws)
            warnings.push_back("The null has " + std::to_string(result.nullDraws) + " draws instead of " +
                               std::to_string(options.nullDraws) + ", because there are so many embeddings.");
        else
            result.nullDraws = options.nullDraws;
    }
    return result;
}

/// The usable rows of each group of the attribute.
std::vector<Rows> rowsOfGroups(const UnitRows& rows, const Attribute& attribute, const Rows& among) {
    std::vector<Rows> groups(attribute.groups.size());
    for (const std::uint32_t row : among)
        if (const std::int32_t code = attribute.codes[row];
            code >= 0 && static_cast<std::size_t>(code) < groups.size() && rows.usable(row))
            groups[static_cast<std::size_t>(code)].push_back(row);
    return groups;
}

void warnOfUnusable(std::int64_t left, const std::string& what, std::vector<std::string>& warnings) {
    if (left > 0)
        warnings.push_back(counted(left, what) + (left == 1 ? " has" : " have") +
                           " no direction (all zero or not finite): left out.");
}

} // namespace

std::optional<Vector> modalityDelta(const Embeddings& images, const Embeddings& texts) {
    const UnitRows x(images), t(texts);
    const Rows ofX = usableRows(x), ofT = usableRows(t);
    if (images.dim != texts.dim || ofX.empty() || ofT.empty())
        return std::nullopt;
    Vector delta = meanOf(x, ofX);
    const Vector other = meanOf(t, ofT);
    for (std::size_t d = 0; d < delta.size(); ++d)
        delta[d] -= other[d];
    return delta;
}

Outcome<Uniformity> uniformity(const Embeddings& images, const Embeddings& texts, bool paired,
                               const UniformityOptions& limits, const Resampling& options, Feedback& feedback) {
    if (images.dim != texts.dim)
        return badArgument("the dimension of the texts", std::to_string(texts.dim), "that of the images");
    if (paired && images.rows != texts.rows)
        return badArgument("the number of captions", std::to_string(texts.rows), "one for each image");
    const UnitRows x(images), t(texts);
    // The union: images first. Of a pair both must be usable.
    struct Member {
        const UnitRows* of;
        std::uint32_t row;
    };
    std::vector<Member> members;
    std::size_t units = 0;
    for (std::uint32_t i = 0; i < x.rows(); ++i)
        if (x.usable(i) && (!paired || t.usable(i))) {
            members.push_back({&x, i});
            ++units;
        }
    for (std::uint32_t j = 0; j < t.rows(); ++j)
        if (t.usable(j) && (!paired || x.usable(j)))
            members.push_back({&t, j});
    Uniformity result;
    const std::size_t rows = members.size();
    result.rows = static_cast<std::int64_t>(rows);
    result.pairs = result.rows * (result.rows - 1) / 2;
    if (rows < 2)
        return result;

    const bool all = rows <= std::max<std::size_t>(limits.exactRows, 2);
    const std::size_t partners = all ? rows - 1 : std::max<std::size_t>(2, limits.sampledPairs / rows);
    const std::uint64_t stream = streamId("uniformity/pairs");
    // Of each row the mean kernel over its partners, and the variance of that mean that is due to their choice.
    Vector mean(rows), noise(rows);
    const bool done = forEachReplicate(
        rows, feedback, [&] { return Vector(x.dim()); },
        [&](Vector& vector, std::size_t i) {
            std::ranges::fill(vector, 0.0);
            members[i].of->addTo(vector, members[i].row);
            RandomStream random(options.seed, stream, i);
            double sum = 0, squares = 0;
            for (std::size_t p = 0; p < partners; ++p) {
                std::size_t j = all ? p : random.below(rows - 1);
                j += j >= i;
                const double kernel = std::exp(-4 * (1 - members[j].of->dot(members[j].row, vector)));
                sum += kernel;
                squares += kernel * kernel;
            }
            const auto n = static_cast<double>(partners);
            mean[i] = sum / n;
            noise[i] = all ? 0 : std::max(0.0, squares / n - mean[i] * mean[i]) / (n - 1);
        });
    if (!done)
        return tl::unexpected<Stop>(Cancelled{});

    const auto n = static_cast<double>(rows), unitCount = static_cast<double>(units);
    const double value = std::accumulate(mean.begin(), mean.end(), 0.0) / n;
    const double ofSampling = std::accumulate(noise.begin(), noise.end(), 0.0) / (n * n);
    result.value = std::log(value);
    result.sampled = all ? 0 : static_cast<std::int64_t>(partners * rows);
    result.samplingError = std::sqrt(ofSampling) / value;
    if (units < 2)
        return result;
    // An image moves the mean by 2 / n times its own mean kernel (Hoeffding's projection); a pair by that of both.
    double average = 0, squares = 0, unitNoise = 0;
    const auto unit = [&](std::size_t i) { return mean[i] + (paired ? mean[units + i] : 0); };
    for (std::size_t i = 0; i < units; ++i) {
        average += unit(i) / unitCount;
        unitNoise += (noise[i] + (paired ? noise[units + i] : 0)) / unitCount;
    }
    for (std::size_t i = 0; i < units; ++i)
        squares += (unit(i) - average) * (unit(i) - average);
    const double variance = 4 * unitCount / (n * n) * std::max(0.0, squares / (unitCount - 1) - unitNoise) + ofSampling;
    result.interval = studentInterval(*result.value, std::sqrt(variance) / value, unitCount - 1, options.confidence);
    return result;
}

Outcome<MeasureTable> modalityGap(const ModalityGapInput& input, const Resampling& options, Feedback& feedback) {
    if (!input.images || !input.texts)
        return badArgument("embeddings", "none", "those of images and texts");
    const Embeddings &images = *input.images, &texts = *input.texts;
    if (images.rows == 0 || texts.rows == 0)
        return badArgument(images.rows == 0 ? "the number of images" : "the number of texts", "0", "at least 1");
    if (images.dim != texts.dim)
        return badArgument("the dimension of the texts", std::to_string(texts.dim),
                           std::to_string(images.dim) + ", that of the images");
    if (input.paired && images.rows != texts.rows)
        return badArgument("the number of captions", std::to_string(texts.rows),
                           std::to_string(images.rows) + ", one for each image");
    if (input.attribute && input.attribute->codes.size() != images.rows)
        return badArgument("the number of labels", std::to_string(input.attribute->codes.size()),
                           std::to_string(images.rows) + ", one for each image");
    const UnitRows x(images), t(texts);
    Rows ofX = usableRows(x), ofT = usableRows(t);
    MeasureTable table;
    table.id = "modality_gap";
    table.title = "Modality gap";
    table.definition =
        "gap: length of the difference delta between the mean unit vector of the images and that of the texts; "
        "gap_corrected: without what sampling noise adds to a length; modality_gap: |delta|² / D; feature_gap: mean "
        "distance of an image to its caption, as embedded; alignment: mean squared distance of unit vectors; "
        "uniformity: ln of the mean of exp(−2 distance²) over pairs (higher: more alike). Intervals are over " +
        std::string(input.paired ? "pairs of image and caption" : "images, the texts as they are") +
        "; that of a gap is for the gap without sampling noise.";
    table.source =
        "Liang et al. 2022 (gap); Yamaguchi et al. 2025, published code (modality_gap, feature_gap, alignment, "
        "uniformity). Gaps of groups and their range are Plumbline's reconstruction.";
    table.countOf = input.paired ? "pairs of image and caption" : "images";
    table.keys = {"group"};
    warnOfUnusable(static_cast<std::int64_t>(images.rows - ofX.size()), "image", table.warnings);
    warnOfUnusable(static_cast<std::int64_t>(texts.rows - ofT.size()), "text", table.warnings);
    if (input.paired) {
        std::erase_if(ofX, [&](std::uint32_t row) { return !t.usable(row); });
        ofT = ofX;
    }
    const auto n = static_cast<std::int64_t>(ofX.size());
    const auto add = [&](std::string group, const char* measure, std::optional<double> value, const Interval& interval,
                         std::int64_t rows) -> MeasureRow& {
        return table.rows.emplace_back(makeRow({std::move(group)}, measure, value, interval, rows, options));
    };
    if (ofX.empty() || ofT.empty()) {
        table.warnings.emplace_back("No image or no text has a direction, so there is no gap.");
        for (const char* measure : {"gap", "gap_corrected", "modality_gap", "uniformity"})
            add("", measure, {}, {}, 0);
        return table;
    }

    const Vector textMean = meanOf(t, ofT);
    const auto gapOf = [&](const Rows& which, const std::string& name) {
        return input.paired ? meanDistance(differencesOf(x, t, which), Vector(x.dim()), options.seed, name)
                            : meanDistance(sampleOf(x, which), textMean, options.seed, name);
    };
    const MeanDistance whole = gapOf(ofX, "gap");
    const Interval interval = whole.interval(options.confidence);
    const auto dim = static_cast<double>(images.dim);
    add("", "gap", whole.plain, interval, n);
    add("", "gap_corrected", whole.corrected(), interval, n);
    add("", "modality_gap", whole.plain * whole.plain / dim, squaredOver(interval, dim), n);
    if (input.paired) {
        Vector distances, squares, difference(images.dim);
        for (const std::uint32_t row : ofX) {
            std::ranges::fill(difference, 0.0);
            x.addTo(difference, row, x.length(row));
            t.addTo(difference, row, -t.length(row));
            double sum = 0;
            for (const double value : difference)
                sum += value * value;
            distances.push_back(std::sqrt(sum));
            std::ranges::fill(difference, 0.0);
            x.addTo(difference, row);
            t.addTo(difference, row, -1);
            sum = 0;
            for (const double value : difference)
                sum += value * value;
            squares.push_back(sum);
        }
        const Mean feature = meanInterval(distances, options.confidence);
        const Mean alignment = meanInterval(squares, options.confidence);
        add("", "feature_gap", feature.mean, feature.interval, n);
        add("", "alignment", alignment.mean, alignment.interval, n);
    }
    PLUMBLINE_TRY(const Uniformity even, uniformity(images, texts, input.paired, input.uniformity, options, feedback));
    add("", "uniformity", even.value, even.interval, n);
    if (even.sampled > 0)
        table.warnings.push_back(
            "Uniformity is over a sample of " + std::to_string(even.sampled) + " of " + std::to_string(2 * even.pairs) +
            " ordered pairs; this alone gives it a standard error of " + formatFixed(even.samplingError, 5) + ".");
    if (!input.attribute)
        return table;

    const std::vector<Rows> groups = rowsOfGroups(x, *input.attribute, ofX);
    std::vector<std::size_t> present;
    for (std::size_t g = 0; g < groups.size(); ++g)
        if (!groups[g].empty())
            present.push_back(g);
    if (present.size() < 2) {
        table.warnings.push_back("Fewer than two groups of " + input.attribute->name +
                                 " have an image, so there is nothing to compare.");
        return table;
    }
    // The range is over the groups whose gap has an interval, and so a measure of its noise.
    std::vector<std::size_t> compared;
    std::vector<std::string> tooFew;
    std::vector<MeanDistance> gaps;
    std::int64_t smallest = n;
    for (const std::size_t g : present) {
        const std::string& name = input.attribute->groups[g];
        const auto size = static_cast<std::int64_t>(groups[g].size());
        const MeanDistance gap = gapOf(groups[g], "gap/" + name);
        add(name, "gap", gap.plain, gap.interval(options.confidence), size);
        add(name, "gap_corrected", gap.corrected(), gap.interval(options.confidence), size);
        if (!gap.spread) {
            tooFew.push_back(name);
            continue;
        }
        smallest = std::min(smallest, size);
        compared.push_back(g);
        gaps.push_back(gap);
    }
    if (!tooFew.empty())
        table.warnings.push_back("Too few images for an interval, so not in the range of gaps: " + listed(tooFew) +
                                 ".");
    if (compared.size() < 2)
        return table;
    present = compared;
    std::vector<Estimate> estimates;
    const double strict = 1 - (1 - options.confidence) / static_cast<double>(present.size());
    for (const MeanDistance& gap : gaps)
        estimates.push_back({*gap.corrected(), gap.interval(options.confidence), gap.interval(strict)});
    const auto [low, high] = std::ranges::minmax(estimates, {}, &Estimate::value);
    MeasureRow& range = add("", "gap_range", high.value - low.value, extremesInterval(estimates).range, smallest);
    // The null: the labels change places among the labelled images.
    Rows labelled;
    std::vector<std::size_t> placeOf; // group (among those present) of the label at each place
    for (std::size_t at = 0; at < present.size(); ++at)
        for (const std::uint32_t row : groups[present[at]]) {
            labelled.push_back(row);
            placeOf.push_back(at);
        }
    const std::size_t dims = images.dim;
    const auto statistic = [&](std::span<const std::uint32_t> order, std::span<double> values) {
        std::vector<Vector> sums(present.size(), Vector(dims));
        std::vector<double> squares(present.size());
        Vector difference(dims);
        for (std::size_t i = 0; i < order.size(); ++i) {
            const std::uint32_t row = labelled[order[i]];
            std::ranges::fill(difference, 0.0);
            x.addTo(difference, row);
            if (input.paired)
                t.addTo(difference, row, -1);
            double square = 0;
            for (std::size_t d = 0; d < dims; ++d) {
                sums[placeOf[i]][d] += difference[d];
                square += difference[d] * difference[d];
            }
            squares[placeOf[i]] += square;
        }
        double least = std::numeric_limits<double>::infinity(), most = 0;
        for (std::size_t g = 0; g < sums.size(); ++g) {
            const auto size = static_cast<double>(groups[present[g]].size());
            double length = 0, meanSquare = 0;
            for (std::size_t d = 0; d < dims; ++d) {
                const double mean = sums[g][d] / size;
                const double from = mean - (input.paired ? 0 : textMean[d]);
                length += from * from;
                meanSquare += mean * mean;
            }
            const double trace = (squares[g] - size * meanSquare) / (size - 1);
            const double gap = std::sqrt(std::max(0.0, length - trace / size));
            least = std::min(least, gap);
            most = std::max(most, gap);
        }
        values[0] = most - least;
    };
    const Resampling fewer =
        affordable(options, 2.0 * static_cast<double>(labelled.size()) * static_cast<double>(dims), table.warnings);
    PLUMBLINE_TRY(const Draws draws, permuteRows(labelled.size(), {}, 1, "gap-range/" + input.attribute->name, fewer,
                                                 statistic, feedback));
    setNull(range.value, draws[0], Tail::Upper);
    correctFamily(table, "the range of the groups' gaps of " + input.attribute->name);
    return table;
}

Outcome<MeasureTable> centroidDistances(const Embeddings& rows, const Attribute& attribute, const std::string& what,
                                        const Resampling& options, Feedback& feedback) {
    if (attribute.codes.size() != rows.rows)
        return badArgument("the number of labels", std::to_string(attribute.codes.size()),
                           std::to_string(rows.rows) + ", one for each row");
    const UnitRows unit(rows);
    const Rows usable = usableRows(unit);
    MeasureTable table;
    table.id = "centroid_distance";
    table.title = "Distances between the centres of groups (" + what + ")";
    table.definition =
        "distance: length of the difference between the mean unit vectors of two groups of " + what +
        "; its null relabels the rows of the two groups, one-sided. distance_corrected: without what sampling noise "
        "adds to a length. Both have the interval of the distance without sampling noise, over " +
        what + ".";
    table.source =
        "Plumbline's reconstruction, after the modality gap of Liang et al. 2022; without bias as Chen and Qin 2010";
    table.countOf = what;
    table.keys = {"group", "other"};
    warnOfUnusable(static_cast<std::int64_t>(rows.rows - usable.size()), "row", table.warnings);
    const std::vector<Rows> groups = rowsOfGroups(unit, attribute, usable);
    std::vector<std::size_t> present;
    for (std::size_t g = 0; g < groups.size(); ++g)
        if (!groups[g].empty())
            present.push_back(g);
    if (present.size() < 2) {
        table.warnings.push_back("Fewer than two groups of " + attribute.name + " have a row: nothing to compare.");
        return table;
    }
    double work = 0;
    for (std::size_t a = 0; a < present.size(); ++a)
        for (std::size_t b = a + 1; b < present.size(); ++b)
            work += static_cast<double>(std::min(groups[present[a]].size(), groups[present[b]].size()) * rows.dim);
    const Resampling fewer = affordable(options, work, table.warnings);
    for (std::size_t a = 0; a < present.size(); ++a)
        for (std::size_t b = a + 1; b < present.size(); ++b) {
            const Rows &first = groups[present[a]], &second = groups[present[b]];
            const std::string &nameA = attribute.groups[present[a]], &nameB = attribute.groups[present[b]];
            const std::string name = attribute.name + "/" + nameA + "/" + nameB;
            const MeanDistance distance =
                meanDistance(sampleOf(unit, first), sampleOf(unit, second), options.seed, name);
            const auto n = static_cast<std::int64_t>(std::min(first.size(), second.size()));
            const Interval interval = distance.interval(options.confidence);
            MeasureRow plain = makeRow({nameA, nameB}, "distance", distance.plain, interval, n, options);
            Rows both = first;
            both.insert(both.end(), second.begin(), second.end());
            Vector total(rows.dim);
            for (const std::uint32_t row : both)
                unit.addTo(total, row);
            const std::size_t fewest = std::min(first.size(), second.size());
            PLUMBLINE_TRY(const Draws draws, permuteRows(
                                                 both.size(), {}, 1, "centroids/" + name, fewer,
                                                 [&](std::span<const std::uint32_t> order, std::span<double> values) {
                                                     Vector sum(rows.dim);
                                                     for (std::size_t i = 0; i < fewest; ++i)
                                                         unit.addTo(sum, both[order[i]]);
                                                     double squares = 0;
                                                     for (std::size_t d = 0; d < rows.dim; ++d) {
                                                         const double difference =
                                                             sum[d] / static_cast<double>(fewest) -
                                                             (total[d] - sum[d]) /
                                                                 static_cast<double>(both.size() - fewest);
                                                         squares += difference * difference;
                                                     }
                                                     values[0] = std::sqrt(squares);
                                                 },
                                                 feedback));
            setNull(plain.value, draws[0], Tail::Upper);
            table.rows.push_back(std::move(plain));
            table.rows.push_back(
                makeRow({nameA, nameB}, "distance_corrected", distance.corrected(), interval, n, options));
        }
    correctFamily(table, "distances between groups of " + attribute.name + " (" + what + ")");
    return table;
}

Shifted shiftModalities(const Embeddings& images, const Embeddings& texts, std::span<const double> delta,
                        double lambda) {
    const auto shift = [&](const Embeddings& from, double by) {
        const UnitRows unit(from);
        Embeddings to = from; // a row without a direction stays as it is
        Vector moved(from.dim);
        for (std::size_t i = 0; i < from.rows; ++i) {
            if (!unit.usable(i))
                continue;
            for (std::size_t d = 0; d < from.dim; ++d)
                moved[d] = by * delta[d];
            unit.addTo(moved, i);
            double squares = 0;
            for (const double value : moved)
                squares += value * value;
            const double length = std::sqrt(squares);
            for (std::size_t d = 0; d < from.dim; ++d)
                to.row(i)[d] = static_cast<float>(length > 0 ? moved[d] / length : 0.0);
        }
        return to;
    };
    return {shift(images, -lambda), shift(texts, lambda)};
}

Result<ShiftMeasure> skewOfShifted(const Attribute& attribute, const MeasureOptions& options,
                                   std::vector<std::string> prompts) {
    PLUMBLINE_TRY(Meter made, Meter::create(attribute, options));
    const auto meter = std::make_shared<const Meter>(std::move(made));
    return [meter, options, prompts = std::move(prompts)](const Embeddings& images, const Embeddings& texts,
                                                          Feedback& feedback) -> Outcome<std::vector<MeasureRow>> {
        if (prompts.size() != texts.rows)
            return badArgument("the number of prompts", std::to_string(prompts.size()),
                               std::to_string(texts.rows) + ", one for each text");
        const std::vector<float> scores = cosines(texts, images);
        std::vector<MeasureRow> rows;
        for (std::size_t p = 0; p < prompts.size(); ++p) {
            PLUMBLINE_TRY(const Measurement measured,
                          meter->measure(std::span(scores).subspan(p * images.rows, images.rows), feedback));
            for (const auto& [name, value] : {std::pair{"max_skew", measured.maxSkew}, {"ndkl", measured.ndkl}}) {
                MeasureRow& row = rows.emplace_back();
                row.keys = {prompts[p]};
                row.measure = name;
                row.value = value;
                if (std::string_view(name) == "ndkl") // cannot fall below one in the draws: lost in so large a family
                    row.value.pValue.reset();
                row.n = measured.n;
                row.enough = measured.n >= options.minGroup;
            }
        }
        return rows;
    };
}

ShiftMeasure accuracyOfShifted(std::vector<std::int32_t> classes, const Resampling& options) {
    return [classes = std::move(classes), options](const Embeddings& images, const Embeddings& texts,
                                                   Feedback&) -> Outcome<std::vector<MeasureRow>> {
        if (classes.size() != images.rows)
            return badArgument("the number of classes", std::to_string(classes.size()),
                               std::to_string(images.rows) + ", one for each image");
        const std::vector<float> scores = cosines(texts, images);
        std::int64_t right = 0, n = 0;
        for (std::size_t i = 0; i < images.rows; ++i) {
            if (classes[i] < 0)
                continue;
            std::optional<std::size_t> best;
            for (std::size_t j = 0; j < texts.rows; ++j)
                if (const float score = scores[j * images.rows + i];
                    !std::isnan(score) && (!best || score > scores[*best * images.rows + i]))
                    best = j;
            if (!best)
                continue;
            ++n;
            right += static_cast<std::int64_t>(*best) == classes[i];
        }
        const Rate rate = wilson(right, n, options.confidence);
        return std::vector{makeRow({""}, "accuracy", rate.value, {rate.low, rate.high}, n, options)};
    };
}

Outcome<MeasureTable> shiftExperiment(const Embeddings& images, const Embeddings& texts,
                                      std::span<const double> lambdas, std::span<const ShiftMeasure> measures,
                                      const Resampling& options, Feedback& feedback) {
    if (images.dim != texts.dim)
        return badArgument("the dimension of the texts", std::to_string(texts.dim), "that of the images");
    const std::optional<Vector> delta = modalityDelta(images, texts);
    if (!delta)
        return badArgument("embeddings", "none with a direction", "at least one image and one text");
    MeasureTable table;
    table.id = "modality_shift";
    table.title = "Measures along a shift of the modality gap";
    table.definition =
        "Every image is moved by −lambda delta and every text by +lambda delta, with delta the difference of their "
        "mean "
        "unit vectors, and both are given unit length again; lambda = 0 is the model as it is, 0.5 closes the gap, "
        "negative widens it. Each number has the interval and the null of its own measure; MaxSkew is tested.";
    table.source = "Liang et al. 2022";
    table.countOf = "images";
    table.keys = {"lambda", "of"};
    std::int64_t done = 0;
    for (const double lambda : lambdas) {
        if (!std::isfinite(lambda))
            return badArgument("lambda", formatDouble(lambda), "a finite number");
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        const Shifted shifted = shiftModalities(images, texts, *delta, lambda);
        const std::string at = formatDouble(lambda);
        const UnitRows x(shifted.images), t(shifted.texts);
        const Rows ofX = usableRows(x), ofT = usableRows(t);
        if (ofX.empty() || ofT.empty()) {
            table.warnings.push_back("At lambda = " + at + " no image or no text has a direction left.");
            continue;
        }
        const MeanDistance gap = meanDistance(sampleOf(x, ofX), meanOf(t, ofT), options.seed, "shift");
        table.rows.push_back(makeRow({at, ""}, "gap", gap.plain, gap.interval(options.confidence),
                                     static_cast<std::int64_t>(ofX.size()), options));
        for (const ShiftMeasure& measure : measures) {
            PLUMBLINE_TRY(std::vector<MeasureRow> rows, measure(shifted.images, shifted.texts, feedback));
            for (MeasureRow& row : rows) {
                row.keys.insert(row.keys.begin(), at);
                table.rows.push_back(std::move(row));
            }
        }
        feedback.progress("shifting", ++done, static_cast<std::int64_t>(lambdas.size()));
    }
    if (std::ranges::any_of(table.rows, [](const MeasureRow& row) { return row.value.pValue.has_value(); }))
        correctFamily(table, "all measures at every lambda");
    return table;
}

} // namespace plumbline::metric
