// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/utility/retrieval.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <numeric>

#include "core/metric/family.h"
#include "core/metric/parallel.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {

namespace {

// Four floats at a time; compilers turn it into the vector instructions of the processor at hand.
using Lanes = float __attribute__((vector_size(16)));
constexpr std::size_t kLanes = 4, kTileImages = 4, kTileCaptions = 2;
constexpr std::size_t kBlockCaptions = 256; ///< with its vectors of 512 numbers half a megabyte

/// Unit rows, padded with zeros to whole lanes and whole tiles of rows.
class UnitRows {
public:
    UnitRows(const Embeddings& raw, std::size_t tile)
        : m_lanes((raw.dim + kLanes - 1) / kLanes), m_usable(raw.rows, true),
          m_values((raw.rows + tile - 1) / tile * tile * m_lanes, Lanes{}) {
        for (std::size_t r = 0; r < raw.rows; ++r) {
            double square = 0;
            for (const float value : raw.row(r))
                square += static_cast<double>(value) * static_cast<double>(value);
            if (!(square > 0) || !std::isfinite(square)) {
                m_usable[r] = false;
                continue;
            }
            const double length = std::sqrt(square);
            std::vector<float> unit(m_lanes * kLanes, 0.0F);
            for (std::size_t d = 0; d < raw.dim; ++d)
                unit[d] = static_cast<float>(static_cast<double>(raw.row(r)[d]) / length);
            std::memcpy(&m_values[r * m_lanes], unit.data(), unit.size() * sizeof(float));
        }
    }
    const Lanes* row(std::size_t r) const { return m_values.data() + r * m_lanes; }
    std::size_t lanes() const { return m_lanes; }
    bool usable(std::size_t r) const { return m_usable[r]; }
    std::int64_t unusable() const { return std::ranges::count(m_usable, false); }

private:
    std::size_t m_lanes;
    std::vector<bool> m_usable;
    std::vector<Lanes> m_values;
};

float total(const Lanes& lanes) {
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

/// One pair, summed as in a tile.
float score(const Lanes* a, const Lanes* b, std::size_t lanes) {
    Lanes sum{};
    for (std::size_t i = 0; i < lanes; ++i)
        sum += a[i] * b[i];
    return total(sum);
}

/// Scores of 4 images and 2 captions.
void scoreTile(const Lanes* images, const Lanes* captions, std::size_t lanes, float* out) {
    Lanes s00{}, s01{}, s10{}, s11{}, s20{}, s21{}, s30{}, s31{};
    const Lanes *i0 = images, *i1 = images + lanes, *i2 = images + 2 * lanes, *i3 = images + 3 * lanes;
    const Lanes *c0 = captions, *c1 = captions + lanes;
    for (std::size_t l = 0; l < lanes; ++l) {
        const Lanes a = c0[l], b = c1[l];
        s00 += i0[l] * a;
        s01 += i0[l] * b;
        s10 += i1[l] * a;
        s11 += i1[l] * b;
        s20 += i2[l] * a;
        s21 += i2[l] * b;
        s30 += i3[l] * a;
        s31 += i3[l] * b;
    }
    const std::array<Lanes, kTileImages* kTileCaptions> sums = {s00, s01, s10, s11, s20, s21, s30, s31};
    for (std::size_t i = 0; i < sums.size(); ++i)
        out[i] = total(sums[i]);
}

constexpr std::array<std::int64_t, 3> kTops = {1, 5, 10};
constexpr std::array<const char*, 6> kNames = {"image_to_text_r1", "image_to_text_r5", "image_to_text_r10",
                                               "text_to_image_r1", "text_to_image_r5", "text_to_image_r10"};

/// What one image adds to the six rates.
struct OfImage {
    std::array<std::int32_t, 6> hits{};
    std::int32_t images = 0, captions = 0;
};

/// The rates of some images, then their mean; NaN without a query.
std::array<double, 7> rates(const OfImage& sum) {
    std::array<double, 7> values{};
    double all = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        values[i] = static_cast<double>(sum.hits[i]) / (i < 3 ? sum.images : sum.captions);
        all += values[i];
    }
    values[6] = all / 6;
    return values;
}

/// Wilson's interval for a number of queries that need not be whole.
Interval wilsonOf(double p, double n, double confidence) {
    const double z = normalQuantile(confidence), z2 = z * z;
    const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = z / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return {p <= 0 ? 0.0 : std::max(0.0, centre - half), p >= 1 ? 1.0 : std::min(1.0, centre + half)};
}

double variance(const std::vector<double>& draws) {
    double sum = 0, squares = 0;
    for (const double draw : draws)
        sum += draw;
    const double mean = sum / static_cast<double>(draws.size());
    for (const double draw : draws)
        squares += (draw - mean) * (draw - mean);
    return squares / static_cast<double>(draws.size() - 1);
}

Outcome<RetrievalRanks> computeRanks(const Embeddings& images, const Embeddings& captions,
                                     std::span<const std::uint32_t> imageOfCaption, Feedback& feedback) {
    const UnitRows image(images, kTileImages), caption(captions, kTileCaptions);
    const std::size_t lanes = image.lanes();
    RetrievalRanks ranks;
    ranks.unusableImages = image.unusable();
    ranks.unusableCaptions = caption.unusable();

    // What the right pairs score; a pair without a score is never found.
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> own(captions.rows, kNone), best(images.rows, kNone);
    std::vector<bool> asked(images.rows, false);
    for (std::size_t c = 0; c < captions.rows; ++c) {
        const std::uint32_t i = imageOfCaption[c];
        asked[i] = true;
        if (!image.usable(i) || !caption.usable(c))
            continue;
        own[c] = score(image.row(i), caption.row(c), lanes);
        if (!(best[i] >= own[c]))
            best[i] = own[c];
    }

    // Wrong candidates at least as good. Every block of captions counts for its captions and, apart, for the images.
    std::vector<std::int64_t> better(captions.rows, 0);
    std::vector<std::atomic<std::int64_t>> betterOfImage(images.rows);
    const std::size_t blocks = (captions.rows + kBlockCaptions - 1) / kBlockCaptions;
    std::atomic<std::int64_t> blocksDone = 0;
    forEachReplicate(
        blocks, feedback, [&] { return std::vector<std::int32_t>(images.rows); },
        [&](std::vector<std::int32_t>& ofImage, std::size_t block) {
            std::ranges::fill(ofImage, 0);
            const std::size_t first = block * kBlockCaptions, last = std::min(captions.rows, first + kBlockCaptions);
            for (std::size_t i = 0; i < images.rows && !feedback.cancelled(); i += kTileImages)
                for (std::size_t c = first; c < last; c += kTileCaptions) {
                    std::array<float, kTileImages * kTileCaptions> scores{};
                    scoreTile(image.row(i), caption.row(c), lanes, scores.data());
                    for (std::size_t x = 0; x < kTileImages && i + x < images.rows; ++x)
                        for (std::size_t y = 0; y < kTileCaptions && c + y < last; ++y) {
                            const float s = scores[x * kTileCaptions + y];
                            if (imageOfCaption[c + y] == i + x || !image.usable(i + x) || !caption.usable(c + y))
                                continue;
                            better[c + y] += s >= own[c + y];
                            ofImage[i + x] += s >= best[i + x];
                        }
                }
            for (std::size_t i = 0; i < images.rows; ++i)
                betterOfImage[i] += ofImage[i]; // whole numbers: their order does not matter
            feedback.progress("retrieving", ++blocksDone, static_cast<std::int64_t>(blocks));
        });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    for (std::size_t c = 0; c < captions.rows; ++c)
        ranks.ofCaption.push_back(std::isnan(own[c]) ? 0 : better[c] + 1);
    for (std::size_t i = 0; i < images.rows; ++i)
        ranks.ofImage.push_back(!asked[i] ? -1 : std::isnan(best[i]) ? 0 : betterOfImage[i] + 1);
    return ranks;
}

OfImage sumOf(std::span<const OfImage> all, std::span<const std::uint32_t> rows) {
    OfImage sum;
    for (const std::uint32_t row : rows) {
        for (std::size_t i = 0; i < 6; ++i)
            sum.hits[i] += all[row].hits[i];
        sum.images += all[row].images;
        sum.captions += all[row].captions;
    }
    return sum;
}

/// The seven numbers of these images, as rows with this key; the intervals at `strict`, too.
Outcome<std::array<Estimate, 7>> addRates(std::span<const OfImage> all, const std::string& key,
                                          const Resampling& options, double strict, Feedback& feedback,
                                          MeasureTable& table) {
    std::vector<std::uint32_t> every(all.size());
    std::iota(every.begin(), every.end(), 0U);
    const OfImage sum = sumOf(all, every);
    const std::array<double, 7> observed = rates(sum);
    PLUMBLINE_TRY(const Draws draws, bootstrapRows(
                                         all.size(), {}, 7, key == "all" ? "retrieval" : "retrieval/" + key, options,
                                         [&](std::span<const std::uint32_t> rows, std::span<double> values) {
                                             std::ranges::copy(rates(sumOf(all, rows)), values.begin());
                                         },
                                         feedback));
    std::array<Estimate, 7> estimates;
    for (std::size_t i = 0; i < 7; ++i) {
        const double p = observed[i];
        const std::int64_t n = i < 3 ? sum.images : i < 6 ? sum.captions : static_cast<std::int64_t>(all.size());
        const auto interval = [&](double confidence) -> Interval {
            if (i == 6)
                return percentileInterval(draws[i], confidence);
            if (draws[i].size() < 2)
                return {};
            const double spread = variance(draws[i]);
            const double queries = spread > 0 ? std::clamp(p * (1 - p) / spread, 1.0, static_cast<double>(n))
                                              : static_cast<double>(all.size());
            return wilsonOf(p, queries, confidence);
        };
        estimates[i] = {p, interval(options.confidence), interval(strict)};
        MetricValue value;
        value.value = p;
        setInterval(value, estimates[i].own);
        const bool enough = static_cast<std::int64_t>(all.size()) >= options.minGroup;
        table.rows.push_back({{key}, i < 6 ? kNames[i] : "r_mean", value, n, enough});
    }
    return estimates;
}

/// Largest less smallest of each number over the groups with an image.
std::array<double, 7> ranges(std::span<const OfImage> all, std::span<const std::int32_t> groupOf, std::size_t groups) {
    std::vector<OfImage> sums(groups);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (groupOf[i] >= 0) {
            OfImage& sum = sums[static_cast<std::size_t>(groupOf[i])];
            for (std::size_t h = 0; h < 6; ++h)
                sum.hits[h] += all[i].hits[h];
            sum.images += all[i].images;
            sum.captions += all[i].captions;
        }
    std::array<double, 7> low{}, high{}, range{};
    low.fill(2);
    high.fill(-1);
    for (const OfImage& sum : sums)
        if (sum.captions > 0)
            for (std::size_t i = 0; i < 7; ++i) {
                const double rate = rates(sum)[i];
                low[i] = std::min(low[i], rate);
                high[i] = std::max(high[i], rate);
            }
    for (std::size_t i = 0; i < 7; ++i)
        range[i] = high[i] - low[i];
    return range;
}

Outcome<void> addGroups(std::span<const OfImage> all, std::span<const std::int32_t> groupOf, const Attribute& attribute,
                        const Resampling& options, Feedback& feedback, MeasureTable& table) {
    const std::size_t groups = attribute.groups.size();
    std::vector<std::vector<OfImage>> members(groups);
    std::int64_t labelled = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (groupOf[i] >= 0) {
            members[static_cast<std::size_t>(groupOf[i])].push_back(all[i]);
            ++labelled;
        }
    const auto present = std::ranges::count_if(members, [](const auto& some) { return !some.empty(); });
    const double strict = 1.0 - (1.0 - options.confidence) / static_cast<double>(std::max<std::ptrdiff_t>(1, present));
    std::array<std::vector<Estimate>, 7> estimates;
    bool enough = true;
    for (std::size_t g = 0; g < groups; ++g) {
        if (members[g].empty()) {
            table.warnings.push_back("No captioned image of " + attribute.groups[g] + ".");
            continue;
        }
        enough = enough && static_cast<std::int64_t>(members[g].size()) >= options.minGroup;
        PLUMBLINE_TRY(const auto own, addRates(members[g], attribute.groups[g], options, strict, feedback, table));
        for (std::size_t i = 0; i < 7; ++i)
            estimates[i].push_back(own[i]);
    }
    if (present < 2) {
        table.warnings.emplace_back("Only one group has captioned images, so there is no range over groups.");
        return {};
    }
    std::vector<std::int32_t> blocks(all.size(), 0);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (groupOf[i] < 0)
            blocks[i] = -1;
    PLUMBLINE_TRY(const Draws nulls, permuteRows(
                                         all.size(), blocks, 7, "retrieval/" + attribute.name, options,
                                         [&](std::span<const std::uint32_t> rows, std::span<double> values) {
                                             std::vector<std::int32_t> moved(rows.size());
                                             for (std::size_t i = 0; i < rows.size(); ++i)
                                                 moved[i] = groupOf[rows[i]];
                                             std::ranges::copy(ranges(all, moved, groups), values.begin());
                                         },
                                         feedback));
    const std::array<double, 7> observed = ranges(all, groupOf, groups);
    for (std::size_t i = 0; i < 7; ++i) {
        MetricValue value;
        value.value = observed[i];
        setInterval(value, extremesInterval(estimates[i]).range);
        setNull(value, nulls[i], Tail::Upper);
        table.rows.push_back({{""}, std::string(i < 6 ? kNames[i] : "r_mean") + "_range", value, labelled, enough});
    }
    correctFamily(table, "ranges of the retrieval rates over " + attribute.name);
    return {};
}

} // namespace

Outcome<RetrievalRanks> retrievalRanks(const Embeddings& images, const Embeddings& captions,
                                       std::span<const std::uint32_t> imageOfCaption, Feedback& feedback) {
    if (images.dim != captions.dim || images.dim == 0)
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "the embeddings of the images have " + std::to_string(images.dim) +
                                    " numbers and those of the captions " + std::to_string(captions.dim)}});
    if (imageOfCaption.size() != captions.rows)
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(captions.rows) + " embeddings of captions, but " +
                                    std::to_string(imageOfCaption.size()) + " captions"}});
    for (const std::uint32_t i : imageOfCaption)
        if (i >= images.rows)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "the image of a caption"},
                         {"value", std::to_string(i)},
                         {"expected", "an image number below " + std::to_string(images.rows)}});
    try {
        return computeRanks(images, captions, imageOfCaption, feedback);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory, {{"what", "the embeddings"}, {"bytes", {}}});
    }
}

Outcome<MeasureTable> retrievalTable(const RetrievalRanks& ranks, std::span<const std::uint32_t> imageOfCaption,
                                     const Attribute* attribute, const Resampling& options, Feedback& feedback) {
    MeasureTable table;
    table.id = "retrieval";
    table.title = "Image-text retrieval";
    table.definition =
        "image_to_text_rK: share of the images with one of their captions among the first K captions by cosine (the "
        "others of "
        "its own captions do not count against it); text_to_image_rK: share of the captions whose image is among the "
        "first K "
        "images; r_mean: mean of the six. Higher is better. A wrong candidate that ties stands before the right one. "
        "Intervals over images, each with its captions; the candidates stay.";
    if (attribute != nullptr)
        table.definition += " A group's queries are its images and their captions, the candidates those of everybody; "
                            "range: largest less "
                            "smallest of the groups, whose null gives the groups to the images at random.";
    table.source = "Karpathy and Fei-Fei, CVPR 2015; Radford et al., ICML 2021";
    table.countOf = "queries";
    table.keys = {attribute != nullptr ? attribute->name : "images"};
    if (attribute != nullptr && attribute->codes.size() != ranks.ofImage.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(ranks.ofImage.size()) + " images, but " +
                                    std::to_string(attribute->codes.size()) + " values of " + attribute->name}});
    if (imageOfCaption.size() != ranks.ofCaption.size())
        return fail(ErrorCode::ScoresInvalid,
                    {{"reason", "there are " + std::to_string(ranks.ofCaption.size()) + " ranks for " +
                                    std::to_string(imageOfCaption.size()) + " captions"}});
    std::vector<OfImage> all(ranks.ofImage.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].images = ranks.ofImage[i] >= 0 ? 1 : 0;
        for (std::size_t top = 0; top < 3; ++top)
            all[i].hits[top] = ranks.ofImage[i] > 0 && ranks.ofImage[i] <= kTops[top] ? 1 : 0;
    }
    for (std::size_t c = 0; c < ranks.ofCaption.size(); ++c) {
        if (imageOfCaption[c] >= all.size())
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "the image of a caption"},
                         {"value", std::to_string(imageOfCaption[c])},
                         {"expected", "an image number below " + std::to_string(all.size())}});
        OfImage& mine = all[imageOfCaption[c]];
        ++mine.captions;
        for (std::size_t top = 0; top < 3; ++top)
            mine.hits[3 + top] += ranks.ofCaption[c] > 0 && ranks.ofCaption[c] <= kTops[top];
    }
    // Images without a caption are no queries and take no part in the resampling.
    std::vector<OfImage> asked;
    std::vector<std::int32_t> group;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i].captions > 0) {
            asked.push_back(all[i]);
            group.push_back(attribute != nullptr ? attribute->codes[i] : Attribute::kUnlabelled);
        }
    if (const auto candidates = static_cast<std::int64_t>(all.size() - asked.size()); candidates > 0)
        table.warnings.push_back(counted(candidates, "image") + " without a caption " +
                                 (candidates == 1 ? "is a candidate" : "are candidates") + " only.");
    if (ranks.unusableImages > 0)
        table.warnings.push_back(counted(ranks.unusableImages, "embedding") +
                                 " of images with length 0 or not a number: never found.");
    if (ranks.unusableCaptions > 0)
        table.warnings.push_back(counted(ranks.unusableCaptions, "embedding") +
                                 " of captions with length 0 or not a number: never found.");
    if (asked.empty()) {
        table.warnings.emplace_back("There is no caption, so nothing is given.");
        return table;
    }
    PLUMBLINE_CHECK(addRates(asked, "all", options, options.confidence, feedback, table));
    if (attribute != nullptr)
        PLUMBLINE_CHECK(addGroups(asked, group, *attribute, options, feedback, table));
    return table;
}

} // namespace plumbline::metric
