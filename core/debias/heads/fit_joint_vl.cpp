// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/debias/classifier/training_rows.h"
#include "core/debias/heads/fit_joint.h"
#include "core/debias/heads/joint_captions.h"
#include "core/metric/ranking.h"

namespace plumbline::debias {
namespace {

constexpr std::size_t kLeastHeldOut = 20;  ///< fewer say nothing of a ranking
constexpr std::size_t kMostHeldOut = 4000; ///< of a larger fifth
constexpr std::size_t kMostPrompts = 64;   ///< of the captions, evenly spaced
constexpr std::size_t kMostCompared = 500; ///< images whose similarities are compared

/// The captions of images that are known by embeddings alone.
struct Texts {
    Embeddings captions;
    std::vector<std::uint32_t> factual, listOf; ///< one an image of the input
    std::vector<std::vector<std::uint32_t>> lists;
};

/// The row of each group's caption among `words`; empty unless every group has one.
std::vector<std::size_t> rowsByWords(const FitInput& input) {
    std::map<std::string, std::size_t> rows;
    if (input.words.size() == input.texts->rows)
        for (std::size_t i = 0; i < input.words.size(); ++i)
            rows.try_emplace(toLowerAscii(trim(input.words[i])), i);
    std::vector<std::size_t> found;
    for (const std::string& group : input.attribute.groups)
        for (const std::string& caption : {jointCaption(group), "This is the photo of a " + group + "."})
            if (const auto at = rows.find(toLowerAscii(caption)); at != rows.end()) {
                found.push_back(at->second);
                break;
            }
    return found.size() == input.attribute.groups.size() ? found : std::vector<std::size_t>();
}

Result<Texts> textsOf(const FitInput& input, bool published, Fitted& fitted) {
    const Embeddings& from = *input.texts;
    const std::vector<std::string>& groups = input.attribute.groups;
    Texts texts;
    std::vector<std::size_t> rows = rowsByWords(input);
    if (rows.empty() && from.rows == groups.size())
        for (std::size_t g = 0; g < groups.size(); ++g)
            rows.push_back(g);
    const std::size_t images = input.images.rows;
    if (!rows.empty()) {
        texts.captions = Embeddings(groups.size(), from.dim);
        for (std::size_t g = 0; g < groups.size(); ++g)
            std::ranges::copy(from.row(rows[g]), texts.captions.row(g).begin());
        const bool races = published && toLowerAscii(input.attribute.name).find("race") != std::string::npos;
        for (const std::vector<std::size_t>& others : otherGroups(groups, races))
            texts.lists.emplace_back(others.begin(), others.end());
        for (const std::int32_t code : input.attribute.codes)
            texts.factual.push_back(static_cast<std::uint32_t>(std::max(code, 0)));
        texts.listOf = texts.factual;
        return texts;
    }
    if (from.rows != 2 * images)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the texts"},
                     {"value", std::to_string(from.rows) + " rows"},
                     {"expected", "a caption of each of the " + std::to_string(groups.size()) +
                                      " groups, in their order or with sentences such as \"" +
                                      jointCaption(groups.empty() ? "..." : groups.front()) + "\", or " +
                                      std::to_string(2 * images) +
                                      " captions: the factual ones of all images, then the counterfactual ones"}});
    // Equal rows are one caption.
    std::map<std::string_view, std::uint32_t> known;
    std::vector<std::uint32_t> captionOf;
    std::vector<std::size_t> firstRows;
    for (std::size_t row = 0; row < from.rows; ++row) {
        const std::span<const float> values = from.row(row);
        const auto [at, isNew] =
            known.try_emplace(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()),
                              static_cast<std::uint32_t>(firstRows.size()));
        if (isNew)
            firstRows.push_back(row);
        captionOf.push_back(at->second);
    }
    texts.captions = Embeddings(firstRows.size(), from.dim);
    for (std::size_t c = 0; c < firstRows.size(); ++c)
        std::ranges::copy(from.row(firstRows[c]), texts.captions.row(c).begin());
    std::map<std::uint32_t, std::uint32_t> listOfCaption;
    for (std::size_t i = 0; i < images; ++i) {
        const auto [at, isNew] =
            listOfCaption.try_emplace(captionOf[images + i], static_cast<std::uint32_t>(texts.lists.size()));
        if (isNew)
            texts.lists.push_back({captionOf[images + i]});
        texts.factual.push_back(captionOf[i]);
        texts.listOf.push_back(at->second);
    }
    fitted.facts.push_back({"distinct captions", static_cast<double>(firstRows.size()),
                            "among the factual and counterfactual captions given"});
    return texts;
}

/// Images that no step sees, and what is asked of heads on them.
struct HeldOut {
    Embeddings images, prompts;
    std::vector<std::int32_t> codes;
    std::size_t groups = 0, k = 0;
    std::vector<float> similarities; ///< among the first images, before any change

    /// Cosines of all pairs of the first images.
    std::vector<float> similaritiesOf(const Embeddings& of) const {
        Embeddings some(std::min(of.rows, kMostCompared), of.dim);
        std::copy_n(of.values.begin(), some.values.size(), some.values.begin());
        const std::vector<float> all = cosines(some, some);
        std::vector<float> result;
        for (std::size_t i = 0; i < some.rows; ++i)
            for (std::size_t j = 0; j < i; ++j)
                result.push_back(all[i * some.rows + j]);
        return result;
    }

    /// Mean over the prompts of the largest log ratio of a group's share of the first k to its share of all.
    double maxSkew(const Embeddings& imagesNow, const Embeddings& promptsNow) const {
        std::vector<double> all(groups, 0.0);
        for (const std::int32_t code : codes)
            all[static_cast<std::size_t>(code)] += 1;
        const std::vector<float> scores = cosines(promptsNow, imagesNow);
        double sum = 0;
        for (std::size_t p = 0; p < promptsNow.rows; ++p) {
            std::vector<double> top(groups, 0.0);
            const auto rows =
                metric::topRows(std::span<const float>(scores).subspan(p * imagesNow.rows, imagesNow.rows), k);
            for (const std::uint32_t row : rows)
                top[static_cast<std::size_t>(codes[row])] += 1;
            double most = 0;
            for (std::size_t g = 0; g < groups; ++g)
                if (top[g] > 0)
                    most = std::max(most, std::log(top[g] / static_cast<double>(rows.size()) /
                                                   (all[g] / static_cast<double>(codes.size()))));
            sum += most;
        }
        return sum / static_cast<double>(promptsNow.rows);
    }
};

double correlation(std::span<const float> a, std::span<const float> b) {
    double meanA = 0, meanB = 0, ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        meanA += a[i] / static_cast<double>(a.size());
        meanB += b[i] / static_cast<double>(a.size());
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += (a[i] - meanA) * (b[i] - meanB);
        aa += (a[i] - meanA) * (a[i] - meanA);
        bb += (b[i] - meanB) * (b[i] - meanB);
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

struct Judged {
    double maxSkew = 0, kept = 0;
    double measure() const { return kept <= 0 ? 0 : 2 / (std::exp(maxSkew) + 1 / kept); }
};

HeadMap imageMap(const formats::ResidualHead& heads) {
    return {heads.image, heads.shared};
}
HeadMap textMap(const formats::ResidualHead& heads) {
    return {std::nullopt, heads.shared};
}

Outcome<Judged> judged(const HeldOut& of, const formats::ResidualHead& heads, Feedback& feedback) {
    PLUMBLINE_TRY(const Embeddings images, apply(imageMap(heads), of.images, feedback));
    PLUMBLINE_TRY(const Embeddings prompts, apply(textMap(heads), of.prompts, feedback));
    return Judged{of.maxSkew(images, prompts), correlation(of.similarities, of.similaritiesOf(images))};
}

Result<JointOptions> optionsFrom(const Parameters& parameters) {
    constexpr std::int64_t kMany = 1 << 24U;
    JointOptions options;
    PLUMBLINE_TRY(options.alpha, parameters.number("alpha", 0, 1));
    PLUMBLINE_TRY(options.tau, parameters.number("tau", 1e-4, 100));
    PLUMBLINE_TRY(const std::int64_t queue, parameters.integer("M", 1, kMany));
    PLUMBLINE_TRY(const std::int64_t batch, parameters.integer("B", 1, kMany));
    PLUMBLINE_TRY(options.lr, parameters.number("lr", 1e-12, 10));
    PLUMBLINE_TRY(const std::int64_t epochs, parameters.integer("epochs", 1, kMany));
    PLUMBLINE_TRY(const std::int64_t patience, parameters.integer("patience", 1, kMany));
    PLUMBLINE_TRY(const std::int64_t every, parameters.integer("every", 1, kMany));
    PLUMBLINE_TRY(const std::int64_t hidden1, parameters.integer("hidden1", 1, 1 << 16U));
    PLUMBLINE_TRY(const std::int64_t hidden2, parameters.integer("hidden2", 1, 1 << 16U));
    PLUMBLINE_TRY(options.momentum, parameters.number("momentum", 0, 1));
    PLUMBLINE_TRY(options.published, parameters.flag("published"));
    options.queue = static_cast<std::size_t>(queue);
    options.batch = static_cast<std::size_t>(batch);
    options.epochs = static_cast<int>(epochs);
    options.patience = static_cast<int>(patience);
    options.every = static_cast<int>(every);
    options.hidden1 = static_cast<std::size_t>(hidden1);
    options.hidden2 = static_cast<std::size_t>(hidden2);
    return options;
}

Embeddings rowsOf(const Embeddings& from, std::span<const std::size_t> rows) {
    Embeddings result(rows.size(), from.dim);
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(from.row(rows[i]), result.row(i).begin());
    return result;
}

} // namespace

Outcome<Fitted> fitJointVl(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    PLUMBLINE_TRY(JointOptions options, optionsFrom(parameters));
    options.seed = input.seed;
    options.folder = input.checkpoint;
    const Attribute& attribute = input.attribute;
    if (!input.texts || input.texts->rows == 0)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the texts"}, {"value", "none"}, {"expected", "embeddings of captions"}});
    if (attribute.codes.size() != input.images.rows || input.texts->dim != input.images.dim)
        return fail(ErrorCode::InvalidArgument, {{"name", attribute.name},
                                                 {"value", std::to_string(attribute.codes.size()) + " labels"},
                                                 {"expected", "one an image, and texts as wide as the images"}});
    Fitted fitted;
    PLUMBLINE_TRY(const Texts texts, textsOf(input, options.published, fitted));

    // Rows that take part, in a seeded order whose first fifth is held out.
    std::vector<std::size_t> rows;
    std::vector<std::int64_t> counts(attribute.groups.size(), 0);
    for (std::size_t i = 0; i < input.images.rows; ++i) {
        const std::int32_t code = attribute.codes[i];
        const std::vector<std::uint32_t>& others = texts.lists[texts.listOf[i]];
        if (code < 0 || static_cast<std::size_t>(code) >= counts.size() || !hasDirection(input.images.row(i)) ||
            !hasDirection(texts.captions.row(texts.factual[i])) ||
            !std::ranges::all_of(others,
                                 [&](std::uint32_t caption) { return hasDirection(texts.captions.row(caption)); }))
            continue;
        rows.push_back(i);
        ++counts[static_cast<std::size_t>(code)];
    }
    const auto occurring = std::ranges::count_if(counts, [](std::int64_t count) { return count > 0; });
    if (occurring == 0)
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    if (occurring == 1)
        return fail(
            ErrorCode::AttributeSingleGroup,
            {{"name", attribute.name},
             {"group", attribute.groups[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())]}});
    std::vector<std::size_t> shuffled = rows;
    RandomStream random(input.seed, streamId("joint-vl/held-out"), 0);
    for (std::size_t i = shuffled.size(); i > 1; --i)
        std::swap(shuffled[i - 1], shuffled[random.below(i)]);
    std::vector<std::size_t> outside(shuffled.begin(), shuffled.begin() + static_cast<std::ptrdiff_t>(rows.size() / 5));
    std::ranges::sort(outside);
    const bool judges =
        !input.evaluate && outside.size() >= kLeastHeldOut && std::ranges::any_of(outside, [&](std::size_t row) {
            return attribute.codes[row] != attribute.codes[outside.front()];
        });
    if (judges)
        std::erase_if(rows, [&](std::size_t row) { return std::ranges::binary_search(outside, row); });

    std::vector<std::uint32_t> factual, listOf;
    for (const std::size_t row : rows) {
        factual.push_back(texts.factual[row]);
        listOf.push_back(texts.listOf[row]);
    }
    // Only captions that a row takes part with: others need not be usable.
    std::vector<std::uint32_t> number(texts.captions.rows, JointCaptions::kNone);
    std::vector<std::size_t> taken;
    const auto renumbered = [&](std::uint32_t caption) {
        if (number[caption] == JointCaptions::kNone) {
            number[caption] = static_cast<std::uint32_t>(taken.size());
            taken.push_back(caption);
        }
        return number[caption];
    };
    std::vector<std::uint32_t> listNumber(texts.lists.size(), JointCaptions::kNone);
    std::vector<std::vector<std::uint32_t>> lists;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        factual[i] = renumbered(factual[i]);
        std::uint32_t& list = listNumber[listOf[i]];
        if (list == JointCaptions::kNone) {
            list = static_cast<std::uint32_t>(lists.size());
            lists.emplace_back();
            for (const std::uint32_t caption : texts.lists[listOf[i]])
                lists.back().push_back(renumbered(caption));
        }
        listOf[i] = list;
    }
    const Embeddings images = rowsOf(input.images, rows), captions = rowsOf(texts.captions, taken);

    HeldOut heldOut;
    JointEvaluation evaluation;
    if (input.evaluate)
        evaluation = [&](const formats::ResidualHead& heads) {
            return input.evaluate(imageMap(heads), textMap(heads));
        };
    if (judges) {
        std::vector<std::size_t> prompts;
        const std::size_t step = (captions.rows + kMostPrompts - 1) / kMostPrompts;
        for (std::size_t c = 0; c < captions.rows; c += step)
            prompts.push_back(c);
        heldOut.prompts = rowsOf(captions, prompts);
        std::vector<std::size_t> some;
        const std::size_t every = (outside.size() + kMostHeldOut - 1) / kMostHeldOut;
        for (std::size_t i = 0; i < outside.size(); i += every)
            some.push_back(outside[i]);
        heldOut.images = rowsOf(input.images, some);
        for (const std::size_t row : some)
            heldOut.codes.push_back(attribute.codes[row]);
        heldOut.groups = attribute.groups.size();
        heldOut.k = std::min<std::size_t>(1000, std::max<std::size_t>(5, some.size() / 10));
        heldOut.similarities = heldOut.similaritiesOf(heldOut.images);
        evaluation = [&](const formats::ResidualHead& heads) -> Outcome<double> {
            PLUMBLINE_TRY(const Judged found, judged(heldOut, heads, feedback));
            return found.measure();
        };
    }
    const auto report = [&feedback](const JointPoint& point) {
        feedback.log("epoch " + std::to_string(point.epoch) + " of at most " + std::to_string(point.epochs) +
                     ": loss " + formatFixed(point.loss.total, 4) + " (counterfactual " +
                     formatFixed(point.loss.counterfactual, 4) + ", alignment " + formatFixed(point.loss.alignment, 4) +
                     ")" + (point.measure ? ", held out " + formatFixed(*point.measure, 4) : std::string()) +
                     ", at most " + formatFixed(point.secondsLeft, 0) + " s left");
    };
    PLUMBLINE_TRY(const JointFit fit,
                  fitJoint({images, captions, factual, lists, listOf}, options, evaluation, report, feedback));
    fitted.image = imageMap(fit.heads);
    fitted.text = textMap(fit.heads);

    fitted.facts.push_back({"images", static_cast<double>(images.rows), "that the heads were fitted on"});
    fitted.facts.push_back({"epochs", static_cast<double>(fit.epochs), "passes over these images"});
    if (fit.points.size() > 1) {
        const JointLoss &first = fit.points.front().loss, &last = fit.points.back().loss;
        fitted.facts.push_back({"loss, first epoch", first.total, "alpha L_cd + (1 - alpha) L_ba"});
        fitted.facts.push_back({"loss, last epoch", last.total, "alpha L_cd + (1 - alpha) L_ba"});
        fitted.facts.push_back({"alignment loss, first epoch", first.alignment,
                                "divergence between the bias predicted in texts and in images"});
        fitted.facts.push_back({"alignment loss, last epoch", last.alignment,
                                "divergence between the bias predicted in texts and in images"});
    }
    if (input.evaluate) {
        fitted.facts.push_back({"best epoch", static_cast<double>(fit.bestEpoch), "whose heads these are"});
        if (fit.untouched)
            fitted.facts.push_back({"measure before", *fit.untouched, "of the rows that chose the epoch"});
        if (fit.best)
            fitted.facts.push_back({"measure after", *fit.best, "of the rows that chose the epoch"});
        if (fit.best && fit.untouched && !(*fit.best > *fit.untouched))
            fitted.warnings.emplace_back("No epoch did better on the rows that choose than leaving the embeddings as "
                                         "they are.");
        return fitted;
    }
    if (!judges) {
        fitted.warnings.emplace_back("Too few images to hold some out: the heads are those of the last epoch, not of "
                                     "the best one.");
        return fitted;
    }
    const formats::ResidualHead nothing =
        headsFrom({images.dim, 1, 1}, std::vector<float>(JointShape{images.dim, 1, 1}.parameters()));
    PLUMBLINE_TRY(const Judged before, judged(heldOut, nothing, feedback));
    PLUMBLINE_TRY(const Judged after, judged(heldOut, fit.heads, feedback));
    fitted.facts.push_back(
        {"held-out images", static_cast<double>(heldOut.images.rows), "that chose the epoch and were not fitted on"});
    fitted.facts.push_back({"best epoch", static_cast<double>(fit.bestEpoch), "whose heads these are"});
    fitted.facts.push_back({"MaxSkew of the captions before", before.maxSkew,
                            "mean over the captions as prompts, first " + std::to_string(heldOut.k) +
                                " held-out images, against their shares of all"});
    fitted.facts.push_back({"MaxSkew of the captions after", after.maxSkew, "the same with the heads"});
    fitted.facts.push_back({"similarities kept", after.kept,
                            "correlation of the cosines among held-out images before and after; 1: as they were"});
    fitted.warnings.emplace_back(
        "The epoch was chosen by the captions as prompts and by the similarities among held-out images (harmonic mean "
        "of exp(-MaxSkew) and their correlation), since embeddings alone have no accuracy to weigh, as the published "
        "choice by ABLE does.");
    if (fit.best && fit.untouched && !(*fit.best > *fit.untouched))
        fitted.warnings.emplace_back("No epoch did better on the held-out images than leaving the embeddings as they "
                                     "are; more epochs or a larger lr may be needed.");
    return fitted;
}

} // namespace plumbline::debias
