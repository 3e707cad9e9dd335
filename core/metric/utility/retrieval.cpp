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
                                     const Resampling& options, Feedback& feedback) {
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
    table.source = "Karpathy and Fei-Fei, CVPR 2015; Radford et al., ICML 2021";
    table.countOf = "queries";
    table.keys = {"images"};
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
    const auto candidates =
        static_cast<std::int64_t>(std::ranges::count_if(all, [](const OfImage& i) { return i.captions == 0; }));
    std::erase_if(all, [](const OfImage& i) { return i.captions == 0; });
    if (candidates > 0)
        table.warnings.push_back(counted(candidates, "image") + " without a caption " +
                                 (candidates == 1 ? "is a candidate" : "are candidates") + " only.");
    if (ranks.unusableImages > 0)
        table.warnings.push_back(counted(ranks.unusableImages, "embedding") +
                                 " of images with length 0 or not a number: never found.");
    if (ranks.unusableCaptions > 0)
        table.warnings.push_back(counted(ranks.unusableCaptions, "embedding") +
                                 " of captions with length 0 or not a number: never found.");
    const auto sumOf = [&all](auto&& rows) {
        OfImage sum;
        for (const auto row : rows) {
            for (std::size_t i = 0; i < 6; ++i)
                sum.hits[i] += all[row].hits[i];
            sum.images += all[row].images;
            sum.captions += all[row].captions;
        }
        return sum;
    };
    if (all.empty()) {
        table.warnings.emplace_back("There is no caption, so nothing is given.");
        return table;
    }
    std::vector<std::uint32_t> every(all.size());
    for (std::size_t i = 0; i < every.size(); ++i)
        every[i] = static_cast<std::uint32_t>(i);
    const OfImage sum = sumOf(every);
    const std::array<double, 7> observed = rates(sum);
    PLUMBLINE_TRY(const Draws draws, bootstrapRows(
                                         all.size(), {}, 7, "retrieval", options,
                                         [&](std::span<const std::uint32_t> rows, std::span<double> values) {
                                             std::ranges::copy(rates(sumOf(rows)), values.begin());
                                         },
                                         feedback));
    const auto images = static_cast<double>(all.size());
    for (std::size_t i = 0; i < 7; ++i) {
        MetricValue value;
        const double p = observed[i];
        value.value = p;
        const std::int64_t n = i < 3 ? sum.images : i < 6 ? sum.captions : static_cast<std::int64_t>(all.size());
        if (i == 6) {
            setInterval(value, percentileInterval(draws[i], options.confidence));
        } else if (draws[i].size() > 1) {
            const double spread = variance(draws[i]);
            const double queries = spread > 0 ? std::clamp(p * (1 - p) / spread, 1.0, static_cast<double>(n)) : images;
            setInterval(value, wilsonOf(p, queries, options.confidence));
        }
        table.rows.push_back({{"all"},
                              i < 6 ? kNames[i] : "r_mean",
                              value,
                              n,
                              static_cast<std::int64_t>(all.size()) >= options.minGroup});
    }
    return table;
}

} // namespace plumbline::metric
