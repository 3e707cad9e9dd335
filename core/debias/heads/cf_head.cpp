// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/heads/cf_head.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <string_view>

#include <Eigen/Dense>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/debias/classifier/training_rows.h"

namespace plumbline::debias {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::RowVectorXd;

constexpr std::size_t kBlock = 128;           ///< images that a thread takes through the head at once
constexpr std::size_t kLanes = 8;             ///< sums of gradients, each of every eighth block
constexpr double kStart = 0.01;               ///< of the second layer, against PyTorch's
constexpr std::size_t kLeastHeldOut = 5;      ///< sets; fewer say nothing
constexpr std::size_t kMostHeldOut = 1000;    ///< sets
constexpr std::size_t kMostHeldOutSets = 256; ///< that are contrasted with each other at once
constexpr double kBeta1 = 0.9, kBeta2 = 0.98, kEpsilon = 1e-6;
constexpr double kCollapse = 0.5; ///< share of the sets' distances that must be left

Eigen::Index index(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

/// Where the parts of a head lie in its row of numbers.
template <class Number>
struct Layers {
    using Block = Eigen::Map<std::conditional_t<std::is_const_v<Number>, const Matrix, Matrix>>;
    using Row = Eigen::Map<std::conditional_t<std::is_const_v<Number>, const Vector, Vector>>;

    Layers(Number* numbers, std::size_t dim, std::size_t hidden)
        : first(numbers, index(hidden == 0 ? dim : hidden), index(dim)),
          firstBias(numbers + dim * hidden, index(hidden)),
          second(numbers + dim * hidden + hidden, index(hidden == 0 ? 0 : dim), index(hidden)),
          secondBias(numbers + 2 * dim * hidden + hidden, index(hidden == 0 ? 0 : dim)) {}

    Block first;
    Row firstBias;
    Block second;
    Row secondBias;
};

std::size_t numbersOf(std::size_t dim, std::size_t hidden) {
    return hidden == 0 ? dim * dim : 2 * dim * hidden + hidden + dim;
}

/// Whether the number at this place belongs to a matrix.
bool decays(std::size_t at, std::size_t dim, std::size_t hidden) {
    const std::size_t matrix = dim * hidden;
    return hidden == 0 || at < matrix || (at >= matrix + hidden && at < 2 * matrix + hidden);
}

/// A block of images on its way through the head. A linear head takes unit rows, a residual one raw rows.
struct Passed {
    Matrix in, hidden, out; ///< out: before the image itself is added
    Matrix unit;            ///< the result, of unit length
    Eigen::VectorXd length;
};

Matrix rowsIn(const Embeddings& images, std::span<const std::uint32_t> rows, bool unit) {
    Matrix result(index(rows.size()), index(images.dim));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = images.row(rows[i]);
        for (std::size_t d = 0; d < images.dim; ++d)
            result(index(i), index(d)) = static_cast<double>(row[d]);
    }
    if (unit)
        result.rowwise().normalize();
    return result;
}

Passed through(const Layers<const double>& head, Matrix in, std::size_t hidden) {
    Passed passed;
    passed.in = std::move(in);
    if (hidden == 0) {
        passed.out = passed.in * head.first.transpose();
    } else {
        passed.hidden = ((passed.in * head.first.transpose()).rowwise() + Vector(head.firstBias)).cwiseMax(0);
        passed.out = ((passed.hidden * head.second.transpose()).rowwise() + Vector(head.secondBias)).cwiseMax(0);
    }
    passed.unit = passed.in + passed.out;
    passed.length = passed.unit.rowwise().norm().cwiseMax(1e-12);
    passed.unit.array().colwise() /= passed.length.array();
    return passed;
}

/// Adds the gradient of the head's numbers from that of the unit rows.
void back(const Layers<const double>& head, const Passed& passed, const Matrix& ofUnit, Layers<double>& sums,
          std::size_t hidden) {
    const Eigen::VectorXd along = (passed.unit.array() * ofUnit.array()).rowwise().sum();
    Matrix ofOut = ofUnit - (passed.unit.array().colwise() * along.array()).matrix();
    ofOut.array().colwise() /= passed.length.array();
    if (hidden == 0) {
        sums.first += ofOut.transpose() * passed.in;
        return;
    }
    ofOut = (passed.out.array() > 0).select(ofOut, 0.0);
    sums.second += ofOut.transpose() * passed.hidden;
    sums.secondBias += ofOut.colwise().sum();
    const Matrix ofHidden = (passed.hidden.array() > 0).select(ofOut * head.second, 0.0);
    sums.first += ofHidden.transpose() * passed.in;
    sums.firstBias += ofHidden.colwise().sum();
}

/// The images and captions of a batch.
struct Batch {
    std::vector<std::uint32_t> rows;     ///< of the images
    std::vector<std::size_t> setOf;      ///< of each, place in the batch
    std::vector<std::size_t> captionOf;  ///< of each, place in `captions`
    std::vector<std::uint32_t> captions; ///< distinct
    std::vector<double> setsOfCaption, imagesOfCaption;
    std::vector<double> size; ///< of each set
};

Batch batchOf(const CfSets& sets, std::span<const std::uint32_t> chosen) {
    Batch batch;
    std::map<std::uint32_t, std::size_t> place;
    for (const std::uint32_t s : chosen) {
        const CfSet& set = sets.sets[s];
        const auto [at, isNew] = place.try_emplace(set.caption, batch.captions.size());
        if (isNew) {
            batch.captions.push_back(set.caption);
            batch.setsOfCaption.push_back(0);
            batch.imagesOfCaption.push_back(0);
        }
        batch.setsOfCaption[at->second] += 1;
        batch.imagesOfCaption[at->second] += static_cast<double>(set.rows.size());
        for (const std::uint32_t row : set.rows) {
            batch.rows.push_back(row);
            batch.setOf.push_back(batch.size.size());
            batch.captionOf.push_back(at->second);
        }
        batch.size.push_back(static_cast<double>(set.rows.size()));
    }
    return batch;
}

/// L_CLIP of the scores (images x captions, over tau), whose place its gradient takes.
double contrast(Matrix& scores, const Batch& batch) {
    const Eigen::Index images = scores.rows(), captions = scores.cols();
    const double setCount = static_cast<double>(batch.size.size());
    Matrix gradient(images, captions);
    double loss = 0;
    for (Eigen::Index i = 0; i < images; ++i) { // each image among the captions of all sets
        const double most = scores.row(i).maxCoeff();
        double sum = 0;
        for (Eigen::Index c = 0; c < captions; ++c)
            sum += gradient(i, c) = batch.setsOfCaption[static_cast<std::size_t>(c)] * std::exp(scores(i, c) - most);
        const auto own = index(batch.captionOf[static_cast<std::size_t>(i)]);
        loss -= 0.5 * std::log(std::max(gradient(i, own) / sum, std::numeric_limits<double>::min())) /
                static_cast<double>(images);
        gradient.row(i) *= 0.5 / (sum * static_cast<double>(images));
        gradient(i, own) -= 0.5 / static_cast<double>(images);
    }
    for (Eigen::Index c = 0; c < captions; ++c) { // each caption among all images, all of its own equally wanted
        const double weight = 0.5 * batch.setsOfCaption[static_cast<std::size_t>(c)] / setCount;
        const double wanted = 1 / batch.imagesOfCaption[static_cast<std::size_t>(c)];
        const double most = scores.col(c).maxCoeff();
        const double sum = (scores.col(c).array() - most).exp().sum();
        for (Eigen::Index i = 0; i < images; ++i) {
            const double logShare = scores(i, c) - most - std::log(sum);
            const bool own = index(batch.captionOf[static_cast<std::size_t>(i)]) == c;
            gradient(i, c) += weight * (std::exp(logShare) - (own ? wanted : 0));
            if (own)
                loss -= weight * wanted * logShare;
        }
    }
    scores = std::move(gradient);
    return loss;
}

/// How close images stand: mean cosine within the sets that have several, mean over those, and between sets.
struct Closeness {
    double within = 0, between = 0;
};

Outcome<Closeness> closenessOf(const CfSets& sets, const VectorMap& map, Feedback& feedback) {
    PLUMBLINE_TRY(Embeddings after, apply(map, sets.images, feedback));
    normaliseRows(after);
    Eigen::VectorXd all = Eigen::VectorXd::Zero(index(after.dim));
    double within = 0, several = 0, squares = 0, pairs = 0, images = 0;
    for (const CfSet& set : sets.sets) {
        Eigen::VectorXd sum = Eigen::VectorXd::Zero(index(after.dim));
        for (const std::uint32_t row : set.rows)
            for (std::size_t d = 0; d < after.dim; ++d)
                sum[index(d)] += static_cast<double>(after.row(row)[d]);
        const double n = static_cast<double>(set.rows.size());
        if (n > 1) {
            within += (sum.squaredNorm() - n) / (n * (n - 1));
            several += 1;
        }
        squares += sum.squaredNorm();
        pairs += n * n;
        images += n;
        all += sum;
    }
    return Closeness{within / several, (all.squaredNorm() - squares) / (images * images - pairs)};
}

/// The caption of every set: a row of the texts.
Outcome<std::vector<std::size_t>> captionRows(const FitInput& input, const std::vector<std::size_t>& groups,
                                              const std::vector<CfSet>& sets, std::vector<std::string>& warnings) {
    const Embeddings& texts = *input.texts;
    std::vector<std::size_t> rows;
    if (input.words.size() == texts.rows) {
        std::map<std::string, std::size_t> known;
        for (std::size_t i = 0; i < input.words.size(); ++i)
            known.try_emplace(toLowerAscii(trim(input.words[i])), i);
        for (const std::size_t g : groups)
            if (const auto at = known.find(toLowerAscii(trim(input.attribute.groups[g]))); at != known.end())
                rows.push_back(at->second);
        if (rows.size() == groups.size())
            return rows;
        rows.clear();
    }
    if (texts.rows == input.attribute.groups.size())
        return groups;
    if (texts.rows != input.images.rows)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the texts"},
                     {"value", std::to_string(texts.rows) + " rows"},
                     {"expected", "a caption of each of the " + std::to_string(input.attribute.groups.size()) +
                                      " sets, in the order of their names, or of each of the " +
                                      std::to_string(input.images.rows) + " images"}});
    std::size_t several = 0;
    for (const CfSet& set : sets) {
        rows.push_back(set.rows.front());
        several += std::ranges::any_of(set.rows, [&](std::uint32_t row) {
            return !std::ranges::equal(texts.row(row), texts.row(set.rows.front()));
        });
    }
    if (several > 0)
        warnings.push_back(std::to_string(several) + " sets have images with different captions; the caption of the "
                                                     "first image was taken for the whole set.");
    return rows;
}

} // namespace

std::vector<double> startingCfHead(std::size_t dim, const CfOptions& options) {
    std::vector<double> head(numbersOf(dim, options.hidden), 0.0);
    if (options.hidden == 0)
        return head;
    const std::size_t ofFirst = options.hidden * (dim + 1);
    RandomStream random(options.seed, streamId("cf-alpha/head"), 0);
    const double first = 1 / std::sqrt(static_cast<double>(dim)),
                 second = kStart / std::sqrt(static_cast<double>(options.hidden));
    for (std::size_t i = 0; i < head.size(); ++i)
        head[i] = (2 * random.uniform() - 1) * (i < ofFirst ? first : second);
    return head;
}

VectorMap cfMap(std::span<const double> head, std::size_t dim, const CfOptions& options, double alpha) {
    const std::size_t hidden = options.hidden;
    if (hidden == 0) {
        LinearMap map;
        map.dim = map.out = dim;
        map.offset.assign(dim, 0.0);
        for (std::size_t i = 0; i < dim * dim; ++i)
            map.matrix.push_back(alpha * head[i] + (i / dim == i % dim ? 1 : 0));
        return map;
    }
    HeadMap map;
    map.outer.dim = static_cast<std::int64_t>(dim);
    map.outer.hidden = static_cast<std::int64_t>(hidden);
    const auto take = [&](std::vector<float>& to, std::size_t count, double times) {
        for (std::size_t i = 0; i < count; ++i)
            to.push_back(static_cast<float>(times * head[i]));
        head = head.subspan(count);
    };
    take(map.outer.first, hidden * dim, 1);
    take(map.outer.firstBias, hidden, 1);
    take(map.outer.second, dim * hidden, alpha); // ReLU lets a factor above 0 through
    take(map.outer.secondBias, dim, alpha);
    return map;
}

CfLoss cfLoss(const CfSets& sets, std::span<const std::uint32_t> chosen, std::span<const double> numbers,
              const CfOptions& options, std::vector<double>* gradient) {
    const std::size_t dim = sets.images.dim;
    const Batch batch = batchOf(sets, chosen);
    const Layers<const double> head(numbers.data(), dim, options.hidden);
    const Matrix captions = rowsIn(sets.captions, batch.captions, true);
    const std::size_t images = batch.rows.size(), blocks = (images + kBlock - 1) / kBlock;
    std::vector<Passed> passed(blocks);
    Matrix scores(index(images), captions.rows());
    const auto each = [](std::size_t count, const auto& work) {
        tbb::this_task_arena::isolate([&] { tbb::parallel_for(std::size_t(0), count, work); });
    };
    each(blocks, [&](std::size_t b) {
        const std::size_t first = b * kBlock, count = std::min(kBlock, images - first);
        passed[b] = through(head, rowsIn(sets.images, std::span(batch.rows).subspan(first, count), options.hidden == 0),
                            options.hidden);
        scores.middleRows(index(first), index(count)).noalias() = passed[b].unit * captions.transpose() / options.tau;
    });

    CfLoss loss;
    loss.clip = contrast(scores, batch);
    Matrix means = Matrix::Zero(index(batch.size.size()), index(dim));
    for (std::size_t i = 0; i < images; ++i)
        means.row(index(batch.setOf[i])) += passed[i / kBlock].unit.row(index(i % kBlock)) / batch.size[batch.setOf[i]];
    const double several = static_cast<double>(std::ranges::count_if(batch.size, [](double size) { return size > 1; }));
    for (std::size_t s = 0; s < batch.size.size(); ++s)
        if (batch.size[s] > 1)
            loss.cohesion += (1 - means.row(index(s)).squaredNorm()) / several;
    loss.total = options.beta1 * loss.clip + options.beta0 * loss.cohesion;
    if (!gradient)
        return loss;

    const std::size_t lanes = std::min(kLanes, blocks);
    std::vector<std::vector<double>> sums(lanes);
    each(lanes, [&](std::size_t lane) {
        sums[lane].assign(numbers.size(), 0.0);
        Layers<double> own(sums[lane].data(), dim, options.hidden);
        for (std::size_t b = lane; b < blocks; b += lanes) {
            const std::size_t first = b * kBlock, count = std::min(kBlock, images - first);
            Matrix ofUnit = scores.middleRows(index(first), index(count)) * captions * (options.beta1 / options.tau);
            for (std::size_t i = 0; i < count; ++i) {
                const std::size_t set = batch.setOf[first + i];
                if (batch.size[set] > 1)
                    ofUnit.row(index(i)) -= means.row(index(set)) * (2 * options.beta0 / (batch.size[set] * several));
            }
            back(head, passed[b], ofUnit, own, options.hidden);
        }
    });
    *gradient = std::move(sums.front());
    for (std::size_t lane = 1; lane < lanes; ++lane)
        for (std::size_t i = 0; i < numbers.size(); ++i)
            (*gradient)[i] += sums[lane][i];
    return loss;
}

Outcome<CfFit> fitCf(const CfSets& sets, std::span<const std::uint32_t> train, const CfOptions& options,
                     const CfEvaluation& evaluation, Feedback& feedback) {
    const std::size_t dim = sets.images.dim;
    std::vector<double> head = startingCfHead(dim, options), gradient, first(head.size(), 0.0),
                        second(head.size(), 0.0);
    CfFit fit;
    if (evaluation) {
        PLUMBLINE_TRY(fit.untouched, evaluation(std::vector<double>(head.size(), 0.0)));
    }
    const std::size_t batch = std::min(options.batch, train.size()), steps = (train.size() + batch - 1) / batch;
    double power1 = 1, power2 = 1;
    int sinceBest = 0;
    for (int epoch = 0; epoch < options.epochs && (!evaluation || sinceBest < options.patience); ++epoch) {
        std::vector<std::uint32_t> order(train.begin(), train.end());
        RandomStream random(options.seed, streamId("cf-alpha/order"), static_cast<std::uint64_t>(epoch));
        for (std::size_t i = order.size(); i > 1; --i)
            std::swap(order[i - 1], order[random.below(i)]);
        CfLoss mean;
        for (std::size_t step = 0; step < steps; ++step) {
            feedback.progress("fitting-heads",
                              static_cast<std::int64_t>(static_cast<std::size_t>(epoch) * steps + step),
                              static_cast<std::int64_t>(static_cast<std::size_t>(options.epochs) * steps));
            if (feedback.cancelled())
                return tl::unexpected<Stop>(Cancelled{});
            const auto rows = std::span<const std::uint32_t>(order).subspan(
                step * batch, std::min(batch, order.size() - step * batch));
            const CfLoss loss = cfLoss(sets, rows, head, options, &gradient);
            if (!std::isfinite(loss.total))
                return fail(
                    ErrorCode::InvalidArgument,
                    {{"name", "lr"},
                     {"value", formatDouble(options.lr)},
                     {"expected", "a smaller learning rate or a larger tau: the loss is no longer a finite number"}});
            const double share = static_cast<double>(rows.size()) / static_cast<double>(order.size());
            mean.clip += share * loss.clip;
            mean.cohesion += share * loss.cohesion;
            mean.total += share * loss.total;
            power1 *= kBeta1;
            power2 *= kBeta2;
            for (std::size_t i = 0; i < head.size(); ++i) {
                first[i] += (gradient[i] - first[i]) * (1 - kBeta1);
                second[i] += (gradient[i] * gradient[i] - second[i]) * (1 - kBeta2);
                if (decays(i, dim, options.hidden))
                    head[i] *= 1 - options.lr * options.decay;
                head[i] -= options.lr * (first[i] / (1 - power1)) / (std::sqrt(second[i] / (1 - power2)) + kEpsilon);
            }
        }
        fit.losses.push_back(mean);
        std::optional<double> measure;
        if (evaluation) {
            PLUMBLINE_TRY(measure, evaluation(head));
        }
        if (!measure || !fit.best || *measure > *fit.best) {
            fit.best = measure;
            fit.bestEpoch = epoch + 1;
            fit.head = head;
            sinceBest = 0;
        } else {
            ++sinceBest;
        }
        feedback.log("epoch " + std::to_string(epoch + 1) + " of at most " + std::to_string(options.epochs) +
                     ": loss " + formatFixed(mean.total, 4) + " (contrastive " + formatFixed(mean.clip, 4) +
                     ", cohesion " + formatFixed(mean.cohesion, 4) + ")" +
                     (measure ? ", held out " + formatFixed(*measure, 4) : std::string()));
    }
    return fit;
}

Outcome<Fitted> fitCfHead(const FitInput& input, const Parameters& parameters, Feedback& feedback) {
    CfOptions options;
    PLUMBLINE_TRY(options.beta0, parameters.number("beta0", 0, 1e6));
    PLUMBLINE_TRY(options.beta1, parameters.number("beta1", 0, 1e6));
    PLUMBLINE_TRY(options.tau, parameters.number("tau", 1e-4, 1e3));
    PLUMBLINE_TRY(options.lr, parameters.number("lr", 0, 10));
    PLUMBLINE_TRY(options.decay, parameters.number("decay", 0, 1));
    PLUMBLINE_TRY(const std::int64_t hidden, parameters.integer("hidden", 0, 65536));
    PLUMBLINE_TRY(const std::int64_t batch, parameters.integer("B", 1, 65536));
    PLUMBLINE_TRY(const std::int64_t epochs, parameters.integer("epochs", 1, 100000));
    PLUMBLINE_TRY(const std::int64_t patience, parameters.integer("patience", 1, 100000));
    PLUMBLINE_TRY(const double alpha, parameters.number("alpha", 0, 1));
    options.hidden = static_cast<std::size_t>(hidden);
    options.batch = static_cast<std::size_t>(batch);
    options.epochs = static_cast<int>(epochs);
    options.patience = static_cast<int>(patience);
    options.seed = input.seed;

    const Attribute& attribute = input.attribute;
    if (!input.texts)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the texts"}, {"value", "none"}, {"expected", "the captions of the sets"}});
    if (attribute.codes.size() != input.images.rows || input.texts->dim != input.images.dim)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "the sets and texts"},
                     {"value", std::to_string(attribute.codes.size()) + " rows, " + std::to_string(input.texts->dim) +
                                   " values a text"},
                     {"expected", std::to_string(input.images.rows) + " and " + std::to_string(input.images.dim) +
                                      ", as the images have"}});
    Fitted fitted;
    std::vector<std::vector<std::uint32_t>> rowsOfGroup(attribute.groups.size());
    for (std::size_t i = 0; i < input.images.rows; ++i)
        if (const std::int32_t code = attribute.codes[i];
            code >= 0 && static_cast<std::size_t>(code) < rowsOfGroup.size() && hasDirection(input.images.row(i)))
            rowsOfGroup[static_cast<std::size_t>(code)].push_back(static_cast<std::uint32_t>(i));
    std::vector<std::size_t> groups;
    std::vector<CfSet> found;
    for (std::size_t g = 0; g < rowsOfGroup.size(); ++g)
        if (!rowsOfGroup[g].empty()) {
            groups.push_back(g);
            found.push_back({std::move(rowsOfGroup[g]), 0});
        }
    if (found.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    if (found.size() == 1)
        return fail(ErrorCode::AttributeSingleGroup,
                    {{"name", attribute.name}, {"group", attribute.groups[groups.front()]}});
    PLUMBLINE_TRY(const std::vector<std::size_t> rows, captionRows(input, groups, found, fitted.warnings));

    // Equal captions are one, and a set whose caption is not usable has no part.
    std::map<std::string_view, std::uint32_t> known;
    std::vector<std::size_t> distinct;
    std::vector<CfSet> sets;
    for (std::size_t s = 0; s < found.size(); ++s) {
        const std::span<const float> text = input.texts->row(rows[s]);
        if (!hasDirection(text))
            continue;
        const std::string_view bits(reinterpret_cast<const char*>(text.data()), text.size_bytes());
        const auto [at, isNew] = known.try_emplace(bits, static_cast<std::uint32_t>(distinct.size()));
        if (isNew)
            distinct.push_back(rows[s]);
        found[s].caption = at->second;
        sets.push_back(std::move(found[s]));
    }
    if (sets.size() < found.size())
        fitted.warnings.push_back(std::to_string(found.size() - sets.size()) +
                                  " sets took no part: their caption's embedding is zero or not finite.");
    const auto several = std::ranges::count_if(sets, [](const CfSet& set) { return set.rows.size() > 1; });
    if (several == 0 || sets.size() < 2)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", attribute.name},
                     {"value", std::to_string(sets.size()) + " sets, " + std::to_string(several) +
                                   " of them with several images"},
                     {"expected", "a column that names each image's counterfactual set"}});
    if (static_cast<std::size_t>(several) < sets.size())
        fitted.warnings.push_back(std::to_string(sets.size() - static_cast<std::size_t>(several)) +
                                  " sets have one image only: they take part in the contrastive loss alone.");
    if (distinct.size() == 1)
        fitted.warnings.emplace_back("All sets have the same caption: the contrastive loss keeps nothing apart.");
    Embeddings captions(distinct.size(), input.texts->dim);
    for (std::size_t c = 0; c < distinct.size(); ++c)
        std::ranges::copy(input.texts->row(distinct[c]), captions.row(c).begin());

    // Usable rows only, in the order of the sets.
    std::size_t images = 0;
    for (const CfSet& set : sets)
        images += set.rows.size();
    Embeddings used(images, input.images.dim);
    std::size_t next = 0;
    for (CfSet& set : sets)
        for (std::uint32_t& row : set.rows) {
            std::ranges::copy(input.images.row(row), used.row(next).begin());
            row = static_cast<std::uint32_t>(next++);
        }
    const CfSets all{used, captions, std::move(sets)};

    std::vector<std::uint32_t> train(all.sets.size()), heldOut;
    std::iota(train.begin(), train.end(), 0U);
    if (!input.evaluate && train.size() / 5 >= kLeastHeldOut) {
        RandomStream random(options.seed, streamId("cf-alpha/held-out"), 0);
        for (std::size_t i = train.size(); i > 1; --i)
            std::swap(train[i - 1], train[random.below(i)]);
        const std::size_t count = std::min(train.size() / 5, kMostHeldOut);
        heldOut.assign(train.end() - static_cast<std::ptrdiff_t>(count), train.end());
        train.resize(train.size() - count);
    }
    const auto heldOutLoss = [&](std::span<const double> head) {
        double sum = 0;
        for (std::size_t from = 0; from < heldOut.size(); from += kMostHeldOutSets) {
            const std::size_t count = std::min(kMostHeldOutSets, heldOut.size() - from);
            sum += cfLoss(all, std::span<const std::uint32_t>(heldOut).subspan(from, count), head, options, nullptr)
                       .total *
                   static_cast<double>(count) / static_cast<double>(heldOut.size());
        }
        return sum;
    };
    CfEvaluation evaluation;
    if (input.evaluate)
        evaluation = [&](std::span<const double> head) {
            return input.evaluate(cfMap(head, used.dim, options, alpha), Unchanged{});
        };
    else if (!heldOut.empty())
        evaluation = [&](std::span<const double> head) -> Outcome<double> { return -heldOutLoss(head); };
    else
        fitted.warnings.emplace_back("Too few sets to hold some out: the head is that of the last epoch.");
    PLUMBLINE_TRY(const CfFit fit, fitCf(all, train, options, evaluation, feedback));
    fitted.image = cfMap(fit.head, used.dim, options, alpha);

    PLUMBLINE_TRY(const Closeness before, closenessOf(all, Unchanged{}, feedback));
    PLUMBLINE_TRY(const Closeness after, closenessOf(all, fitted.image, feedback));
    const auto fact = [&](const char* name, double value, const char* meaning) {
        fitted.facts.push_back({name, value, meaning});
    };
    fact("sets", static_cast<double>(all.sets.size()), "counterfactual sets that took part");
    fact("images", static_cast<double>(images), "of these sets");
    fact("captions", static_cast<double>(distinct.size()), "different ones");
    fact("held-out sets", static_cast<double>(heldOut.size()), "that chose the epoch and were not fitted on");
    fact("best epoch", fit.bestEpoch, "whose head this is");
    fact("cosine within sets before", before.within, "mean over the sets with several images");
    fact("cosine within sets after", after.within, "the same with the head");
    fact("cosine between sets before", before.between, "mean over pairs of images of different sets");
    fact("cosine between sets after", after.between, "the same with the head; close to 1: all images have collapsed");
    fact("loss, first epoch", fit.losses.front().total, "beta1 L_CLIP + beta0 L_cf, mean over the sets");
    fact("loss, last epoch", fit.losses.back().total, "beta1 L_CLIP + beta0 L_cf, mean over the sets");
    fact("cohesion loss, first epoch", fit.losses.front().cohesion, "L_cf: 0 where the variants coincide");
    fact("cohesion loss, last epoch", fit.losses.back().cohesion, "L_cf: 0 where the variants coincide");
    if (fit.untouched && fit.best) {
        const double sign = input.evaluate ? 1 : -1;
        fact(input.evaluate ? "measure before" : "held-out loss before", sign * *fit.untouched,
             "of what chose the epoch");
        fact(input.evaluate ? "measure after" : "held-out loss after", sign * *fit.best, "of what chose the epoch");
        if (!(*fit.best > *fit.untouched))
            fitted.warnings.emplace_back("No epoch did better on what was held out than leaving the embeddings as they "
                                         "are; more epochs or another lr may be needed.");
    }
    if (1 - after.between < kCollapse * (1 - before.between))
        fitted.warnings.push_back(
            "The head draws the images of different sets together as well: their mean cosine is " +
            formatFixed(after.between, 3) + ", before " + formatFixed(before.between, 3) +
            ". A larger beta1 or a smaller beta0 keeps them apart.");
    if (!(after.within > before.within))
        fitted.warnings.emplace_back("The variants of a set are no closer to each other than before.");
    return fitted;
}

} // namespace plumbline::debias
