// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/mitigation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>

#include <tbb/parallel_for.h>

#include "core/audit/measure_families.h"
#include "core/base/random.h"
#include "core/debias/classifier/gaussian.h"
#include "core/debias/ranking/logit_bias.h"
#include "core/debias/ranking/rerank.h"
#include "core/metric/classification/accuracy.h"
#include "core/metric/ndkl.h"
#include "core/metric/pool.h"
#include "core/metric/ranking.h"
#include "core/metric/skew.h"
#include "core/metric/utility/able.h"
#include "core/metric/utility/retrieval.h"

namespace plumbline::audit {
namespace {

Attribute takeCodes(const Attribute& attribute, std::span<const std::uint32_t> rows) {
    Attribute taken = attribute;
    taken.codes.clear();
    for (const std::uint32_t row : rows)
        taken.codes.push_back(attribute.codes[row]);
    return taken;
}

debias::TextRows takeTexts(const debias::TextRows& from, std::span<const std::size_t> rows) {
    const auto take = [&](const Embeddings& all) {
        Embeddings taken(rows.size(), all.dim);
        for (std::size_t i = 0; i < rows.size(); ++i)
            std::ranges::copy(all.row(rows[i]), taken.row(i).begin());
        return taken;
    };
    debias::TextRows taken;
    if (from.texts.size() == from.plain.rows) // what they say may not be known
        for (const std::size_t row : rows)
            taken.texts.push_back(from.texts[row]);
    taken.plain = take(from.plain);
    if (from.withArray)
        taken.withArray = take(*from.withArray);
    return taken;
}

/// prompts x images cosines.
std::vector<float> scoresOf(const Embeddings& prompts, const Embeddings& images, Feedback& feedback) {
    std::vector<float> scores(prompts.rows * images.rows);
    constexpr std::size_t kSlice = 512;
    tbb::parallel_for(std::size_t(0), (images.rows + kSlice - 1) / kSlice, [&](std::size_t s) {
        if (feedback.cancelled())
            return;
        const std::size_t begin = s * kSlice, rows = std::min(kSlice, images.rows - begin);
        Embeddings slice(rows, images.dim);
        std::copy_n(images.row(begin).data(), rows * images.dim, slice.values.begin());
        const std::vector<float> cosine = cosines(prompts, slice);
        for (std::size_t p = 0; p < prompts.rows; ++p)
            std::copy_n(cosine.data() + p * rows, rows, scores.data() + p * images.rows + begin);
    });
    return scores;
}

double neutralOf(const metric::Pool& pool) {
    double most = -std::numeric_limits<double>::infinity();
    for (std::size_t g = 0; g < pool.groups.size(); ++g)
        if (pool.share[g] > 0)
            most = std::max(most, std::log(pool.poolShare(g) / pool.share[g]));
    return most;
}

struct Means {
    double maxSkew = 0, ndkl = 0;
    std::optional<double> minSkew = 0; ///< nothing where a group is absent from the first k of a prompt
    std::size_t prompts = 0;
};

/// Means over the prompts, definition geyik; nothing where no prompt has a ranking.
std::optional<Means> meansOf(std::span<const float> scores, std::size_t prompts, const metric::Pool& pool,
                             const KSpec& kSpec) {
    const std::size_t n = pool.groupOfRow.size();
    const auto k = static_cast<std::size_t>(std::clamp<std::int64_t>(kSpec.resolve(pool.n), 1, pool.n));
    const metric::Rules rules = metric::rulesOf(Definition::Geyik);
    const metric::NdklTables tables(k);
    Means means;
    std::vector<float> row(n);
    for (std::size_t p = 0; p < prompts; ++p) {
        for (std::size_t i = 0; i < n; ++i)
            row[i] = pool.groupOfRow[i] < 0 ? std::numeric_limits<float>::quiet_NaN() : scores[p * n + i];
        const std::vector<std::uint32_t> top = metric::topRows(row, k);
        if (top.empty())
            continue;
        metric::NdklSum sum(tables, pool.groups.size(), top.size());
        for (const std::uint32_t image : top)
            sum.add(static_cast<std::uint32_t>(pool.groupOfRow[image]));
        const metric::SkewRange range =
            metric::skewRange(sum.counts(), static_cast<double>(top.size()), pool.logShare, rules);
        means.maxSkew += range.max;
        if (!std::isfinite(range.min))
            means.minSkew.reset();
        else if (means.minSkew)
            *means.minSkew += range.min;
        means.ndkl += sum.value(pool.logShare, metric::ndklNormaliser(static_cast<std::int64_t>(top.size())));
        ++means.prompts;
    }
    if (means.prompts == 0)
        return std::nullopt;
    means.maxSkew /= static_cast<double>(means.prompts);
    means.ndkl /= static_cast<double>(means.prompts);
    if (means.minSkew)
        *means.minSkew /= static_cast<double>(means.prompts);
    return means;
}

/// Share of right answers among the images that have one, of all or of one group.
std::optional<double> accuracyOf(const Judged& judged, const Attribute& truth, const Attribute* attribute,
                                 std::int32_t group) {
    std::int64_t right = 0, n = 0;
    for (std::size_t i = 0; i < truth.codes.size(); ++i) {
        if (truth.codes[i] < 0 || judged.predicted[i] < 0 || (attribute && attribute->codes[i] != group))
            continue;
        ++n;
        right += truth.codes[i] == judged.predicted[i];
    }
    return n == 0 ? std::nullopt : std::optional(double(right) / double(n));
}

/// By whose labels a re-ranking goes: its attribute by name, else the first with one of its groups; null: none.
const Attribute* attributeOf(const debias::Part& part, std::span<const Attribute> attributes) {
    for (const Attribute& attribute : attributes)
        if (attribute.name == part.card.config.attribute)
            return &attribute;
    for (const Attribute& attribute : attributes)
        for (const std::string& group : part.ranking->groups)
            if (std::ranges::find(attribute.groups, group) != attribute.groups.end())
                return &attribute;
    return nullptr;
}

} // namespace

Split splitByLot(std::size_t rows, std::span<const std::int32_t> together, const double (&shares)[3],
                 std::uint64_t seed) {
    // A cluster's place is a matter of its own lot, so that more rows do not move those that are there.
    std::map<std::int32_t, std::size_t> clusterOf;
    std::vector<std::size_t> cluster(rows);
    std::size_t clusters = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        if (i < together.size() && together[i] >= 0) {
            const auto [found, isNew] = clusterOf.try_emplace(together[i], clusters);
            clusters += isNew;
            cluster[i] = found->second;
        } else {
            cluster[i] = clusters++;
        }
    }
    std::vector<std::size_t> order(clusters);
    std::iota(order.begin(), order.end(), std::size_t(0));
    RandomStream random(seed, streamId("debias/split"), 0);
    for (std::size_t i = clusters; i > 1; --i)
        std::swap(order[i - 1], order[random.below(i)]);
    const double sum = shares[0] + shares[1] + shares[2];
    std::vector<int> part(clusters, 2);
    for (std::size_t i = 0; i < clusters; ++i) {
        const double at = (double(i) + 0.5) / double(clusters) * sum;
        part[order[i]] = at < shares[0] ? 0 : at < shares[0] + shares[1] ? 1 : 2;
    }
    Split split;
    for (std::size_t i = 0; i < rows; ++i) {
        std::vector<std::uint32_t>& to = part[cluster[i]] == 0   ? split.fit
                                         : part[cluster[i]] == 1 ? split.select
                                                                 : split.audit;
        to.push_back(static_cast<std::uint32_t>(i));
    }
    return split;
}

JudgedImages takeRows(const JudgedImages& images, std::span<const std::uint32_t> rows) {
    JudgedImages taken;
    taken.name = images.name;
    taken.rows = Embeddings(rows.size(), images.rows.dim);
    std::vector<std::int64_t> placeOf(images.rows.rows, -1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::ranges::copy(images.rows.row(rows[i]), taken.rows.row(i).begin());
        placeOf[rows[i]] = static_cast<std::int64_t>(i);
    }
    if (!images.files.empty())
        for (const std::uint32_t row : rows)
            taken.files.push_back(images.files[row]);
    for (const Attribute& attribute : images.attributes)
        taken.attributes.push_back(takeCodes(attribute, rows));
    if (images.classes)
        taken.classes = takeCodes(*images.classes, rows);
    std::vector<std::size_t> captions;
    for (std::size_t c = 0; c < images.imageOfCaption.size(); ++c)
        if (placeOf[images.imageOfCaption[c]] >= 0) {
            captions.push_back(c);
            taken.imageOfCaption.push_back(static_cast<std::uint32_t>(placeOf[images.imageOfCaption[c]]));
        }
    taken.captions = takeTexts(images.captions, captions);
    return taken;
}

Outcome<Judged> judge(const debias::Transform& transform, const JudgedImages& images, const JudgedTexts& texts,
                      const MeasureOptions& options, Feedback& feedback) {
    using debias::Modality;
    Judged judged;
    PLUMBLINE_TRY(judged.images, debias::transformRows(transform, Modality::Image, images.rows, feedback));
    PLUMBLINE_TRY(const Embeddings prompts, debias::transformTexts(transform, texts.promptRows, feedback));
    judged.scores = scoresOf(prompts, judged.images, feedback);
    PLUMBLINE_CHECK(rerankScores(transform, images.rows, std::vector(images.rows.rows, true), images.attributes,
                                 options.k, judged.scores, feedback));
    if (images.classes && texts.classRows.plain.rows > 0) {
        PLUMBLINE_TRY(const Embeddings classRows, debias::transformTexts(transform, texts.classRows, feedback));
        PLUMBLINE_TRY(const Embeddings weights, meanOfTemplates(classRows, texts.classes.size()));
        const std::vector<float> byClass = scoresOf(weights, judged.images, feedback);
        std::vector<float> cosine(byClass.size()); // images x classes
        const std::size_t classes = weights.rows, n = judged.images.rows;
        for (std::size_t c = 0; c < classes; ++c)
            for (std::size_t i = 0; i < n; ++i)
                cosine[i * classes + c] = byClass[c * n + i];
        for (const debias::Part& part : transform.parts)
            if (part.scores && part.card.strength > 0 && part.scores->bias.size() == classes) {
                PLUMBLINE_TRY(cosine, debias::rescore(*part.scores, cosine, feedback));
            }
        judged.predicted = metric::predict(cosine, classes);
    }
    if (!images.imageOfCaption.empty()) {
        PLUMBLINE_TRY(const Embeddings captions, debias::transformTexts(transform, images.captions, feedback));
        PLUMBLINE_TRY(const metric::RetrievalRanks ranks,
                      metric::retrievalRanks(judged.images, captions, images.imageOfCaption, feedback));
        judged.captionRanks = ranks.ofCaption;
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    return judged;
}

EncodeWithArray encodeWithArray(const clip::Encoder& encoder, Feedback& feedback) {
    struct Loaded {
        formats::PromptArray array;
        std::unique_ptr<clip::Encoder> encoder;
    };
    return [&encoder, &feedback, loaded = std::make_shared<Loaded>()](
               const formats::PromptArray& array, std::span<const std::string> texts) -> Outcome<Embeddings> {
        if (!loaded->encoder || loaded->array != array) {
            loaded->encoder.reset(); // the old one's memory first
            PLUMBLINE_TRY(loaded->encoder, encoder.withPromptArray(array, feedback));
            loaded->array = array;
        }
        return loaded->encoder->encodeTexts(texts, feedback);
    };
}

Outcome<void> addArrayRows(const debias::Transform& transform, debias::TextRows& rows, const EncodeWithArray& encode) {
    const formats::PromptArray* array = nullptr;
    for (const debias::Part& part : transform.parts) {
        if (!part.promptArray)
            continue;
        if (array)
            return fail(ErrorCode::InvalidArgument, {{"name", "the prompt array"},
                                                     {"value", "several in turn"},
                                                     {"expected", "one array of prompt tokens at a time"}});
        array = &*part.promptArray;
    }
    rows.withArray.reset();
    if (!array || rows.texts.empty())
        return {};
    if (!encode)
        return fail(ErrorCode::InvalidArgument, {{"name", "a prompt array"},
                                                 {"value", "embeddings alone"},
                                                 {"expected", "the model, which encodes the texts with it"}});
    PLUMBLINE_TRY(rows.withArray, encode(*array, rows.texts));
    return {};
}

Outcome<void> rerankScores(const debias::Transform& transform, const Embeddings& images,
                           const std::vector<bool>& present, std::span<const Attribute> attributes, const KSpec& k,
                           std::vector<float>& scores, Feedback& feedback) {
    const std::size_t n = images.rows, prompts = n == 0 ? 0 : scores.size() / n;
    for (const debias::Part& part : transform.parts) {
        if (!part.ranking || part.card.strength <= 0)
            continue;
        const debias::RankingRule& rule = *part.ranking;
        std::vector<std::int32_t> codes;
        if (rule.predicted) {
            PLUMBLINE_TRY(codes, debias::predictCodes(*rule.predicted, images, feedback));
        } else {
            const Attribute* found = attributeOf(part, attributes);
            if (!found)
                return fail(ErrorCode::AttributeUnknown, {{"name", part.card.config.attribute}});
            const Attribute& attribute = *found;
            // The groups of these images under the numbers that the rule gave them.
            std::vector<std::int32_t> number(attribute.groups.size(), Attribute::kUnlabelled);
            for (std::size_t g = 0; g < number.size(); ++g)
                if (const auto known = std::ranges::find(rule.groups, attribute.groups[g]); known != rule.groups.end())
                    number[g] = static_cast<std::int32_t>(known - rule.groups.begin());
            for (const std::int32_t code : attribute.codes)
                codes.push_back(code < 0 ? code : number[static_cast<std::size_t>(code)]);
        }
        for (std::size_t i = 0; i < n; ++i)
            if (!present[i])
                codes[i] = Attribute::kUnlabelled;
        std::optional<Stop> stop;
        std::mutex mutex;
        tbb::parallel_for(std::size_t(0), prompts, [&](std::size_t p) {
            const std::span<float> row(scores.data() + p * n, n);
            Outcome<std::vector<float>> after = debias::rerank(rule, row, codes, k, feedback);
            if (after) {
                std::ranges::copy(*after, row.begin());
                return;
            }
            const std::lock_guard lock(mutex);
            stop = after.error();
        });
        if (stop)
            return tl::unexpected(*stop);
    }
    return {};
}

bool usesTrueLabels(const debias::Transform& transform) {
    return std::ranges::any_of(transform.parts,
                               [](const debias::Part& part) { return part.ranking && !part.ranking->predicted; });
}

std::vector<DebiasNumber> pointsOf(const Judged& judged, const JudgedImages& images, const JudgedTexts& texts,
                                   const MeasureOptions& options) {
    std::vector<DebiasNumber> points;
    const metric::Rules rules = metric::rulesOf(Definition::Geyik);
    std::optional<double> skewForAble;
    for (const Attribute& attribute : images.attributes) {
        const Result<metric::Pool> pool = metric::makePool(attribute, options.target.of({}), rules);
        const std::optional<Means> means =
            pool ? meansOf(judged.scores, texts.prompts.size(), *pool, options.k) : std::nullopt;
        const auto add = [&](const char* measure, std::optional<double> value) {
            points.push_back({attribute.name, measure, value});
        };
        add("max_skew", means ? std::optional(means->maxSkew) : std::nullopt);
        add("min_skew", means ? means->minSkew : std::nullopt);
        add("ndkl", means ? std::optional(means->ndkl) : std::nullopt);
        add("max_skew_excess", means ? std::optional(means->maxSkew - neutralOf(*pool)) : std::nullopt);
        if (&attribute == &images.attributes.front()) {
            Target uniform;
            uniform.kind = Target::Kind::Uniform;
            if (const Result<metric::Pool> even = metric::makePool(attribute, uniform, rules))
                if (const std::optional<Means> ofEven = meansOf(judged.scores, texts.prompts.size(), *even, options.k))
                    skewForAble = ofEven->maxSkew;
        }
    }
    if (images.classes && !judged.predicted.empty()) {
        const std::optional<double> accuracy = accuracyOf(judged, *images.classes, nullptr, 0);
        std::optional<double> worst;
        const Attribute& target = images.attributes.front();
        for (std::size_t g = 0; g < target.groups.size(); ++g)
            if (const auto ofGroup = accuracyOf(judged, *images.classes, &target, static_cast<std::int32_t>(g)))
                worst = worst ? std::min(*worst, *ofGroup) : *ofGroup;
        points.push_back({"", "zero_shot_accuracy", accuracy});
        points.push_back({"", "worst_group_accuracy", worst});
        points.push_back({"", "able", accuracy && skewForAble ? metric::able(*accuracy, *skewForAble) : std::nullopt});
    }
    if (!judged.captionRanks.empty()) {
        std::int64_t found = 0;
        for (const std::int64_t rank : judged.captionRanks)
            found += rank >= 1 && rank <= 5;
        points.push_back({"", "recall_at_5", double(found) / double(judged.captionRanks.size())});
    }
    return points;
}

std::optional<double> pointOf(std::span<const DebiasNumber> points, std::string_view attribute,
                              std::string_view measure) {
    for (const DebiasNumber& number : points)
        if (number.attribute == attribute && number.measure == measure)
            return number.value;
    return std::nullopt;
}

} // namespace plumbline::audit
