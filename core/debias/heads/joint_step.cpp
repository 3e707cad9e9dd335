// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/heads/joint_step.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include "core/clip/linear.h"
#include "core/clip/workers.h"

namespace plumbline::debias {
namespace {

using at::Tensor;
using clip::Linear;

/// Rows that a worker takes through a product at once.
constexpr std::int64_t kRows = 128;
/// Sums of gradients that are kept apart, each for every eighth block.
constexpr std::size_t kLanes = 8;
constexpr double kMixed = 0.4; ///< share of the copies in mixed targets
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
constexpr std::size_t kChunk = 1 << 16U; ///< parameters that a worker takes at once

std::int64_t signedSize(std::size_t size) {
    return static_cast<std::int64_t>(size);
}

/// A head, or its gradients, inside a row of numbers.
struct Mlp {
    Tensor first, firstBias, second, secondBias;
};

Mlp mlpAt(float* numbers, std::size_t dim, std::size_t hidden) {
    const std::int64_t d = signedSize(dim), h = signedSize(hidden);
    return {at::from_blob(numbers, {h, d}, at::kFloat), at::from_blob(numbers + h * d, {h}, at::kFloat),
            at::from_blob(numbers + h * d + h, {d, h}, at::kFloat),
            at::from_blob(numbers + 2 * h * d + h, {d}, at::kFloat)};
}

struct Heads {
    Heads(std::vector<float>& numbers, const JointShape& shape)
        : image(mlpAt(numbers.data(), shape.dim, shape.hidden1)),
          shared(mlpAt(numbers.data() + shape.imageParameters(), shape.dim, shape.hidden2)) {}
    Mlp image, shared;
};

/// What a head made of rows, and what the way back needs.
struct Passed {
    Tensor in, hidden, out;
};

Passed through(const Mlp& mlp, const Tensor& rows) {
    Passed passed;
    passed.in = rows;
    passed.hidden = Linear{mlp.first, mlp.firstBias}(rows).relu_();
    passed.out = Linear{mlp.second, mlp.secondBias}(passed.hidden).relu_();
    return passed;
}

/// Adds the gradients of the head's parameters; returns that of its input where it is wanted.
Tensor back(const Mlp& mlp, const Passed& passed, const Tensor& ofOut, Mlp& sums, bool wantInput) {
    const Tensor second = at::threshold_backward(ofOut, passed.out, 0);
    sums.second.addmm_(second.t(), passed.hidden);
    sums.secondBias.add_(second.sum(0));
    const Tensor first = at::threshold_backward(second.mm(mlp.second), passed.hidden, 0);
    sums.first.addmm_(first.t(), passed.in);
    sums.firstBias.add_(first.sum(0));
    return wantInput ? first.mm(mlp.first) : Tensor();
}

struct UnitRows {
    Tensor rows, length;
};

UnitRows unitLength(const Tensor& rows) {
    const Tensor length = rows.norm(2, {1}, true).clamp_min_(1e-12);
    return {rows / length, length};
}

/// The gradient by rows whose unit vectors have the gradient `ofUnit`.
Tensor backFromUnit(const UnitRows& unit, const Tensor& ofUnit) {
    return (ofUnit - unit.rows * (unit.rows * ofUnit).sum(1, true)).div_(unit.length);
}

/// Softmax in place of `scores`, and the logarithm of each row's sum of exponentials.
Tensor softmaxOf(Tensor& scores) {
    const Tensor highest = scores.amax(1);
    scores = at::softmax(scores, 1);
    return highest - scores.amax(1).log_();
}

double sumOf(const Tensor& values) {
    const float* at = values.data_ptr<float>();
    return std::accumulate(at, at + values.numel(), 0.0);
}

/// The unit vectors that scores are taken with, as rows and turned; a column that stands for several has the logarithm
/// of their number.
struct Columns {
    Tensor rows, turned, logCounts;

    /// Cosines over tau; `unit` may be differences of unit rows.
    Tensor scores(const Tensor& unit, double tau) const { return Linear{rows, {}}(unit / tau); }
    /// Of each row its softmax, with the probability of all that a column stands for.
    Tensor probabilities(const Tensor& unit, double tau) const {
        Tensor result = scores(unit, tau);
        if (logCounts.defined())
            result.add_(logCounts);
        return at::softmax(result, 1);
    }
    /// The weighted sums of the columns.
    Tensor mixed(const Tensor& weights) const { return Linear{weights, {}}(turned).t(); }
};

struct Entropy {
    double loss = 0;
    Tensor gradient; ///< by the predicting rows
};

/// Sum over rows of the cross entropy of softmax(predicting columns^T / tau) under `targets`, whose rows sum up to
/// `weights` (undefined: 1).
Entropy crossEntropy(const Tensor& targets, const Tensor& weights, const Tensor& predicting, const Columns& columns,
                     double tau) {
    Tensor scores = columns.scores(predicting, tau);
    Entropy result;
    result.loss = -sumOf((targets * scores).sum(1));
    if (columns.logCounts.defined())
        scores.add_(columns.logCounts);
    Tensor logSums = softmaxOf(scores);
    if (weights.defined()) {
        scores.mul_(weights.unsqueeze(1));
        logSums = logSums * weights;
    }
    result.loss += sumOf(logSums);
    result.gradient = columns.mixed(scores.sub_(targets)) / tau;
    return result;
}

void unitRow(std::span<const float> from, float* to) {
    double square = 0;
    for (const float value : from)
        square += static_cast<double>(value) * value;
    const double scale = 1 / std::max(std::sqrt(square), 1e-12);
    for (std::size_t i = 0; i < from.size(); ++i)
        to[i] = static_cast<float>(from[i] * scale);
}

Tensor gathered(const Embeddings& from, std::span<const std::uint32_t> rows) {
    const Tensor result = at::empty({signedSize(rows.size()), signedSize(from.dim)}, at::kFloat);
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(from.row(rows[i]), result.data_ptr<float>() + i * from.dim);
    return result;
}

/// Writes rows as the columns of `to`, which is [dim, width], from column `first` on.
void turnInto(const float* rows, std::size_t count, std::size_t dim, float* to, std::size_t width, std::size_t first) {
    for (std::size_t from = 0; from < count; from += 16) // a cache line of each column
        for (std::size_t d = 0; d < dim; ++d)
            for (std::size_t i = from; i < std::min(from + 16, count); ++i)
                to[d * width + first + i] = rows[i * dim + d];
}

std::size_t blocksOf(std::int64_t rows) {
    return static_cast<std::size_t>((rows + kRows - 1) / kRows);
}

/// The captions of a step, each once.
struct Said {
    std::vector<std::uint32_t> rows; ///< first the factual ones, then what the counterfactual ones add
    std::int64_t factual = 0;        ///< how many are factual
    std::vector<std::size_t> ofImage;
    Tensor counts; ///< [factual]: images that have it

    /// A caption that predicts images, with the factual captions whose targets it has, and of how many images.
    struct Predicting {
        std::size_t row = 0;
        std::map<std::size_t, float> targets;
    };
    std::vector<Predicting> predicting;
};

Said saidIn(const JointBatch& batch) {
    Said said;
    std::map<std::uint32_t, std::size_t> place;
    const auto placeOf = [&](std::uint32_t caption) {
        const auto [at, isNew] = place.try_emplace(caption, said.rows.size());
        if (isNew)
            said.rows.push_back(caption);
        return at->second;
    };
    for (const std::uint32_t caption : batch.factual)
        said.ofImage.push_back(placeOf(caption));
    said.factual = signedSize(said.rows.size());
    said.counts = at::zeros({said.factual}, at::kFloat);
    std::map<std::size_t, std::map<std::size_t, float>> pairs;
    for (std::size_t i = 0; i < batch.factual.size(); ++i) {
        said.counts.data_ptr<float>()[said.ofImage[i]] += 1;
        pairs[batch.second ? placeOf(batch.counterfactual[i]) : said.ofImage[i]][said.ofImage[i]] += 1;
    }
    for (auto& [row, targets] : pairs)
        said.predicting.push_back({row, std::move(targets)});
    return said;
}

} // namespace

std::vector<float> flattened(const formats::ResidualHead& heads) {
    std::vector<float> result;
    for (const formats::ResidualMlp* mlp : {&heads.image, &heads.shared})
        for (const std::vector<float>* part : {&mlp->first, &mlp->firstBias, &mlp->second, &mlp->secondBias})
            result.insert(result.end(), part->begin(), part->end());
    return result;
}

formats::ResidualHead headsFrom(const JointShape& shape, std::span<const float> numbers) {
    formats::ResidualHead heads;
    for (auto [mlp, hidden] : {std::pair{&heads.image, shape.hidden1}, std::pair{&heads.shared, shape.hidden2}}) {
        mlp->dim = signedSize(shape.dim);
        mlp->hidden = signedSize(hidden);
        const auto take = [&](std::vector<float>& part, std::size_t count) {
            part.assign(numbers.begin(), numbers.begin() + signedSize(count));
            numbers = numbers.subspan(count);
        };
        take(mlp->first, hidden * shape.dim);
        take(mlp->firstBias, hidden);
        take(mlp->second, hidden * shape.dim);
        take(mlp->secondBias, shape.dim);
    }
    return heads;
}

JointState startOf(std::vector<float> heads, std::size_t images, std::size_t captions, std::size_t queue) {
    JointState state;
    state.copies = heads;
    state.first.resize(heads.size());
    state.second.resize(heads.size());
    state.heads = std::move(heads);
    state.imageQueue.resize(queue);
    state.captionQueue.resize(queue);
    std::iota(state.imageQueue.begin(), state.imageQueue.end(), static_cast<std::uint32_t>(images));
    std::iota(state.captionQueue.begin(), state.captionQueue.end(), static_cast<std::uint32_t>(captions));
    return state;
}

struct JointStep::Impl {
    Impl(const Embeddings& imagesOf, const Embeddings& captionsOf, const JointShape& shapeOf,
         const JointStepOptions& optionsOf, JointState stateOf, const Embeddings& imageStart,
         const Embeddings& captionStart)
        : images(imagesOf), captions(captionsOf), shape(shapeOf), options(optionsOf), state(std::move(stateOf)),
          threads(options.threads > 0 ? options.threads
                                      : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))),
          queue(state.imageQueue.size()), gradients(state.heads.size()) {
        const std::int64_t dim = signedSize(shape.dim);
        bank = at::empty({signedSize(captions.rows + captionStart.rows), dim}, at::kFloat);
        for (std::size_t i = 0; i < captions.rows; ++i)
            unitRow(captions.row(i), bank.data_ptr<float>() + i * shape.dim);
        std::ranges::copy(captionStart.values, bank.data_ptr<float>() + captions.rows * shape.dim);
        columnOf.assign(captions.rows + captionStart.rows, -1);
        makeRoom(1);
        for (std::size_t place = 0; place < queue; ++place) {
            float* row = bankOfImages.data_ptr<float>() + place * shape.dim;
            if (const std::size_t from = state.imageQueue[place]; from < images.rows)
                unitRow(images.row(from), row);
            else
                std::ranges::copy(imageStart.row(from - images.rows), row);
        }
        turnInto(bankOfImages.data_ptr<float>(), queue, shape.dim, turnedImages.data_ptr<float>(), width, 0);
    }

    /// Room for a batch behind the queue.
    void makeRoom(std::size_t rowsOfBatch) {
        if (queue + rowsOfBatch <= width)
            return;
        const bool first = width == 0;
        width = queue + rowsOfBatch;
        const Tensor rows = at::empty({signedSize(width), signedSize(shape.dim)}, at::kFloat);
        turnedImages = at::empty({signedSize(shape.dim), signedSize(width)}, at::kFloat);
        if (!first) {
            std::memcpy(rows.data_ptr<float>(), bankOfImages.data_ptr<float>(), queue * shape.dim * sizeof(float));
            turnInto(rows.data_ptr<float>(), queue, shape.dim, turnedImages.data_ptr<float>(), width, 0);
        }
        bankOfImages = rows;
    }

    template <class Task>
    Outcome<void> share(std::size_t count, Task task) const {
        std::atomic<std::size_t> next = 0;
        const int workers = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), count));
        return clip::onWorkers(workers, [&](const std::atomic<bool>& stopped) -> Outcome<void> {
            for (std::size_t i = next++; i < count && !stopped; i = next++)
                task(i);
            return {};
        });
    }

    Outcome<JointLoss> run(const JointBatch& next) {
        begin(next);
        PLUMBLINE_CHECK(share(pieces() + dimPieces(), [&](std::size_t piece) {
            if (piece < pieces())
                moveCopies(piece);
            else
                sumImagesOfColumns(piece - pieces());
        }));
        PLUMBLINE_CHECK(share(blocksOf(signedSize(said.rows.size())), [&](std::size_t block) { readTexts(block); }));
        const std::size_t predicting = blocksOf(signedSize(said.predicting.size()));
        PLUMBLINE_CHECK(share(predicting + kLanes, [&](std::size_t piece) {
            if (piece < predicting)
                predictImages(piece);
            else
                imageLane(piece - predicting);
        }));
        PLUMBLINE_CHECK(share(kLanes, [&](std::size_t lane) { textLane(lane); }));
        ++state.steps;
        PLUMBLINE_CHECK(share(pieces(), [&](std::size_t piece) { update(piece); }));
        enqueue();
        JointLoss loss;
        const double size = static_cast<double>(batch.images.size());
        loss.counterfactual = 0.5 *
                              (std::accumulate(ofImagesToTexts.begin(), ofImagesToTexts.end(), 0.0) +
                               std::accumulate(ofTextsToImages.begin(), ofTextsToImages.end(), 0.0)) /
                              size;
        loss.alignment = sumOf(divergence) / size;
        loss.total = options.alpha * loss.counterfactual + (1 - options.alpha) * loss.alignment;
        return loss;
    }

    // ---- what a step starts from ------------------------------------------------------------------------------------

    void begin(const JointBatch& from) {
        batch = from;
        said = saidIn(batch);
        const std::size_t size = batch.images.size(), dim = shape.dim;
        makeRoom(size);
        float* rows = bankOfImages.data_ptr<float>() + queue * dim;
        for (std::size_t i = 0; i < size; ++i)
            unitRow(images.row(batch.images[i]), rows + i * dim);
        turnInto(rows, size, dim, turnedImages.data_ptr<float>(), width, queue);
        imageColumns.rows = bankOfImages.narrow(0, 0, signedSize(queue + size));
        imageColumns.turned = turnedImages.narrow(1, 0, signedSize(queue + size)).contiguous();

        std::vector<std::uint32_t> distinct;
        std::vector<float> counts;
        columns.clear();
        for (const std::span<const std::uint32_t> part :
             {std::span<const std::uint32_t>(state.captionQueue), batch.factual})
            for (const std::uint32_t caption : part) {
                if (columnOf[caption] < 0) {
                    columnOf[caption] = static_cast<std::int32_t>(distinct.size());
                    distinct.push_back(caption);
                    counts.push_back(0);
                }
                counts[static_cast<std::size_t>(columnOf[caption])] += 1;
                columns.push_back(static_cast<std::uint32_t>(columnOf[caption]));
            }
        for (const std::uint32_t caption : distinct)
            columnOf[caption] = -1;
        const std::int64_t count = signedSize(distinct.size());
        textColumns.rows = at::empty({count, signedSize(dim)}, at::kFloat);
        textColumns.turned = at::empty({signedSize(dim), count}, at::kFloat);
        float* texts = textColumns.rows.data_ptr<float>();
        for (std::size_t k = 0; k < distinct.size(); ++k)
            std::memcpy(texts + k * dim, bank.data_ptr<float>() + distinct[k] * dim, dim * sizeof(float));
        turnInto(texts, distinct.size(), dim, textColumns.turned.data_ptr<float>(), distinct.size(), 0);
        columnCounts = at::empty({count}, at::kFloat);
        std::ranges::copy(counts, columnCounts.data_ptr<float>());
        textColumns.logCounts = columnCounts.log();
        imagesOfColumn = at::zeros({count, signedSize(dim)}, at::kFloat);

        const std::int64_t rowsOfTexts = signedSize(said.rows.size());
        const auto room = [dim](std::int64_t height) { return at::empty({height, signedSize(dim)}, at::kFloat); };
        rawTexts = gathered(captions, said.rows);
        unitTexts = unitRowsOf(said.rows);
        textOut.assign(blocksOf(rowsOfTexts), {});
        textUnit.assign(blocksOf(rowsOfTexts), {});
        cleanTexts = room(rowsOfTexts);
        copiedTexts = room(said.factual);
        expected = room(said.factual);
        negativeEntropy = at::empty({said.factual}, at::kFloat);
        ofTextUnits = at::zeros({rowsOfTexts, signedSize(dim)}, at::kFloat);
        bias = room(signedSize(size));
        divergence = at::empty({signedSize(size)}, at::kFloat);
        logSums = at::empty({signedSize(size)}, at::kFloat);
        ofImagesToTexts.assign(blocksOf(signedSize(size)), 0);
        ofTextsToImages.assign(blocksOf(signedSize(said.predicting.size())), 0);
        usedLanes = std::min(kLanes, std::max(ofImagesToTexts.size(), textOut.size()));
        sums.resize(usedLanes);
    }

    Tensor unitRowsOf(std::span<const std::uint32_t> rows) const {
        const Tensor result = at::empty({signedSize(rows.size()), signedSize(shape.dim)}, at::kFloat);
        for (std::size_t i = 0; i < rows.size(); ++i)
            std::memcpy(result.data_ptr<float>() + i * shape.dim, bank.data_ptr<float>() + rows[i] * shape.dim,
                        shape.dim * sizeof(float));
        return result;
    }

    std::size_t pieces() const { return (state.heads.size() + kChunk - 1) / kChunk; }
    std::pair<std::size_t, std::size_t> piece(std::size_t number) const {
        return {number * kChunk, std::min((number + 1) * kChunk, state.heads.size())};
    }

    void moveCopies(std::size_t number) {
        const auto keep = static_cast<float>(options.momentum), take = static_cast<float>(1 - options.momentum);
        const auto [from, to] = piece(number);
        for (std::size_t p = from; p < to; ++p)
            state.copies[p] = state.copies[p] * keep + state.heads[p] * take;
    }

    std::size_t dimPieces() const { return (shape.dim + 63) / 64; }

    /// Of each text column the sum of the images at its places, for 64 coordinates.
    void sumImagesOfColumns(std::size_t number) {
        const std::size_t dim = shape.dim, from = number * 64, to = std::min(from + 64, dim);
        const float* rows = bankOfImages.data_ptr<float>();
        float* sums64 = imagesOfColumn.data_ptr<float>();
        for (std::size_t place = 0; place < columns.size(); ++place) {
            float* sum = sums64 + columns[place] * dim;
            for (std::size_t d = from; d < to; ++d)
                sum[d] += rows[place * dim + d];
        }
    }

    // ---- there ------------------------------------------------------------------------------------------------------

    /// The rows of a block, and how many of them are factual captions.
    struct Block {
        std::int64_t from = 0, count = 0, factual = 0;
    };
    Block textBlock(std::size_t block) const {
        Block result;
        result.from = signedSize(block) * kRows;
        result.count = std::min(kRows, signedSize(said.rows.size()) - result.from);
        result.factual = std::clamp<std::int64_t>(said.factual - result.from, 0, result.count);
        return result;
    }

    /// What the text's bias says of the columns: scores, then log p of one place in a column.
    Tensor logOfBias(const Block& block) const {
        const Tensor b =
            unitTexts.narrow(0, block.from, block.factual) - cleanTexts.narrow(0, block.from, block.factual);
        Tensor scores = textColumns.scores(b, options.tau);
        Tensor withCounts = scores + textColumns.logCounts;
        const Tensor sum = softmaxOf(withCounts);
        return scores.sub_(sum.unsqueeze(1));
    }

    void readTexts(std::size_t number) {
        const Block block = textBlock(number);
        const Tensor raw = rawTexts.narrow(0, block.from, block.count);
        textOut[number] = through(heads.shared, raw);
        textUnit[number] = unitLength(raw + textOut[number].out);
        cleanTexts.narrow(0, block.from, block.count).copy_(textUnit[number].rows);
        if (block.factual == 0)
            return;
        if (batch.mixed) {
            const Tensor own = raw.narrow(0, 0, block.factual);
            copiedTexts.narrow(0, block.from, block.factual)
                .copy_(unitLength(own + through(copies.shared, own).out).rows);
        }
        const Tensor logs = logOfBias(block);
        const Tensor p = logs.exp();
        expected.narrow(0, block.from, block.factual).copy_(p.mm(imagesOfColumn));
        negativeEntropy.narrow(0, block.from, block.factual).copy_((p * logs).mv(columnCounts));
    }

    Tensor targets(const Columns& of, const Tensor& unit, const Tensor& copied) const {
        Tensor result = of.probabilities(unit, options.tau);
        if (batch.mixed)
            result.mul_(1 - kMixed).add_(of.probabilities(copied, options.tau), kMixed);
        return result;
    }

    /// Texts to images: a block of the captions that predict.
    void predictImages(std::size_t number) {
        const std::size_t from = number * static_cast<std::size_t>(kRows),
                          to = std::min(from + static_cast<std::size_t>(kRows), said.predicting.size());
        const std::int64_t count = signedSize(to - from), places = imageColumns.rows.size(0);
        std::map<std::size_t, std::vector<std::pair<std::size_t, float>>> users; // of each factual caption
        const Tensor weights = at::zeros({count}, at::kFloat);
        const Tensor rows = at::empty({count}, at::kLong);
        for (std::size_t i = from; i < to; ++i) {
            rows.data_ptr<std::int64_t>()[i - from] = signedSize(said.predicting[i].row);
            for (const auto& [caption, times] : said.predicting[i].targets) {
                users[caption].emplace_back(i - from, times);
                weights.data_ptr<float>()[i - from] += times;
            }
        }
        const Tensor wanted = at::zeros({count, places}, at::kFloat);
        for (auto at = users.begin(); at != users.end();) {
            const auto first = at;
            std::vector<std::int64_t> some;
            for (; at != users.end() && signedSize(some.size()) < kRows; ++at)
                some.push_back(signedSize(at->first));
            const Tensor index = at::empty({signedSize(some.size())}, at::kLong);
            std::ranges::copy(some, index.data_ptr<std::int64_t>());
            const Tensor soft = targets(imageColumns, unitTexts.index_select(0, index),
                                        batch.mixed ? copiedTexts.index_select(0, index) : Tensor());
            const float* row = soft.data_ptr<float>();
            for (auto user = first; user != at; ++user, row += places)
                for (const auto& [place, times] : user->second) {
                    float* sum = wanted.data_ptr<float>() + signedSize(place) * places;
                    for (std::int64_t j = 0; j < places; ++j)
                        sum[j] += times * row[j];
                }
        }
        const Entropy entropy =
            crossEntropy(wanted, weights, cleanTexts.index_select(0, rows), imageColumns, options.tau);
        ofTextsToImages[number] = entropy.loss;
        const double scale = options.alpha / (2 * static_cast<double>(batch.images.size()));
        for (std::int64_t i = 0; i < count; ++i)
            ofTextUnits[rows.data_ptr<std::int64_t>()[i]].copy_(entropy.gradient[i] * scale);
    }

    Heads sumsOf(std::size_t lane) { return {sums[lane], shape}; }

    /// Images to texts, and their side of the alignment: every eighth block, there and back.
    void imageLane(std::size_t lane) {
        if (lane >= usedLanes)
            return;
        sums[lane].assign(state.heads.size(), 0);
        for (std::size_t block = lane; block < ofImagesToTexts.size(); block += kLanes)
            imageBlock(block, sumsOf(lane));
    }

    void imageBlock(std::size_t number, Heads own) {
        const std::int64_t from = signedSize(number) * kRows, all = signedSize(batch.images.size()),
                           count = std::min(kRows, all - from);
        const double tau = options.tau, size = static_cast<double>(all);
        const Tensor raw =
            gathered(images, batch.images.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(count)));
        const Tensor unit = imageColumns.rows.narrow(0, signedSize(queue) + from, count);
        const Passed inner = through(heads.image, raw);
        const Passed outer = through(heads.shared, inner.out + raw);
        const UnitRows clean = unitLength(raw + outer.out);

        Tensor copied;
        if (batch.mixed)
            copied = unitLength(raw + through(copies.shared, through(copies.image, raw).out + raw).out).rows;
        const Entropy entropy = crossEntropy(targets(textColumns, unit, copied), {}, clean.rows, textColumns, tau);
        ofImagesToTexts[number] = entropy.loss;

        // KL(p_t || p_v) = sum p_t log p_t + log sum exp(z_v) - z_v expected under p_t, which is a product again.
        const Tensor rows = at::empty({count}, at::kLong);
        for (std::int64_t i = 0; i < count; ++i)
            rows.data_ptr<std::int64_t>()[i] = signedSize(said.ofImage[static_cast<std::size_t>(from + i)]);
        const Tensor b = unit - clean.rows, due = expected.index_select(0, rows);
        Tensor p = imageColumns.scores(b, tau);
        const Tensor sum = softmaxOf(p);
        bias.narrow(0, from, count).copy_(b);
        logSums.narrow(0, from, count).copy_(sum);
        divergence.narrow(0, from, count).copy_(negativeEntropy.index_select(0, rows) + sum - (b * due).sum(1) / tau);
        const Tensor ofBias = (imageColumns.mixed(p) - due).mul_((1 - options.alpha) / (size * tau));
        const Tensor ofUnit = entropy.gradient * (options.alpha / (2 * size)) - ofBias;
        const Tensor ofShared = backFromUnit(clean, ofUnit);
        const Tensor ofInner = back(heads.shared, outer, ofShared, own.shared, true);
        back(heads.image, inner, ofInner, own.image, false);
    }

    // ---- and back ---------------------------------------------------------------------------------------------------

    void textLane(std::size_t lane) {
        for (std::size_t block = lane; block < textOut.size(); block += kLanes)
            textBack(block, sumsOf(lane));
    }

    void textBack(std::size_t number, Heads own) {
        const Block block = textBlock(number);
        const Tensor ofUnit = ofTextUnits.narrow(0, block.from, block.count);
        if (block.factual > 0) {
            // Sums over the images that have the caption.
            const Tensor biases = at::zeros({block.factual, signedSize(shape.dim)}, at::kFloat);
            const Tensor rest = at::zeros({block.factual}, at::kFloat);
            for (std::size_t i = 0; i < said.ofImage.size(); ++i) {
                const std::int64_t row = signedSize(said.ofImage[i]) - block.from;
                if (row < 0 || row >= block.factual)
                    continue;
                rest.data_ptr<float>()[row] += logSums.data_ptr<float>()[i] - divergence.data_ptr<float>()[i];
                const float* from = bias.data_ptr<float>() + i * shape.dim;
                float* sum = biases.data_ptr<float>() + row * signedSize(shape.dim);
                for (std::size_t d = 0; d < shape.dim; ++d)
                    sum[d] += from[d];
            }
            const Tensor logs = logOfBias(block);
            const Tensor scoresOfImages = Linear{imagesOfColumn, {}}(biases / options.tau);
            const Tensor counts = said.counts.narrow(0, block.from, block.factual);
            const Tensor inner = (logs * counts.unsqueeze(1) + rest.unsqueeze(1)) * columnCounts - scoresOfImages;
            const Tensor ofBias = textColumns.mixed(logs.exp() * inner);
            ofUnit.narrow(0, 0, block.factual)
                .sub_(ofBias, (1 - options.alpha) / (static_cast<double>(batch.images.size()) * options.tau));
        }
        back(heads.shared, textOut[number], backFromUnit(textUnit[number], ofUnit), own.shared, false);
    }

    void update(std::size_t number) {
        const auto [from, to] = piece(number);
        std::copy(sums[0].begin() + signedSize(from), sums[0].begin() + signedSize(to),
                  gradients.begin() + signedSize(from));
        for (std::size_t lane = 1; lane < usedLanes; ++lane)
            for (std::size_t p = from; p < to; ++p)
                gradients[p] += sums[lane][p];
        const double steps = static_cast<double>(state.steps);
        const auto rate = static_cast<float>(options.lr / (1 - std::pow(kBeta1, steps)));
        const auto root = static_cast<float>(1 / std::sqrt(1 - std::pow(kBeta2, steps)));
        for (std::size_t p = from; p < to; ++p) {
            const float g = gradients[p];
            state.first[p] += (g - state.first[p]) * static_cast<float>(1 - kBeta1);
            state.second[p] = state.second[p] * static_cast<float>(kBeta2) + g * g * static_cast<float>(1 - kBeta2);
            state.heads[p] -=
                rate * state.first[p] / (std::sqrt(state.second[p]) * root + static_cast<float>(kEpsilon));
        }
    }

    void enqueue() {
        for (std::size_t i = 0; i < batch.images.size(); ++i) {
            const std::size_t place = static_cast<std::size_t>(state.next);
            state.imageQueue[place] = batch.images[i];
            state.captionQueue[place] = batch.factual[i];
            const float* row = bankOfImages.data_ptr<float>() + (queue + i) * shape.dim;
            std::memcpy(bankOfImages.data_ptr<float>() + place * shape.dim, row, shape.dim * sizeof(float));
            state.next = (state.next + 1) % queue;
        }
        // Turned: the places that were overwritten, in one or two stretches.
        const std::size_t count = std::min(batch.images.size(), queue),
                          first = (static_cast<std::size_t>(state.next) + queue - count) % queue,
                          untilEnd = std::min(count, queue - first);
        for (const auto& [at, places] : {std::pair{first, untilEnd}, std::pair{std::size_t{0}, count - untilEnd}})
            turnInto(bankOfImages.data_ptr<float>() + at * shape.dim, places, shape.dim, turnedImages.data_ptr<float>(),
                     width, at);
    }

    const Embeddings& images;
    const Embeddings& captions;
    const JointShape shape;
    const JointStepOptions options;
    JointState state;
    const int threads;
    const std::size_t queue;
    std::vector<float> gradients;
    Heads heads{state.heads, shape}, copies{state.copies, shape};
    Tensor bank;                       ///< unit captions, then what the text queue started with
    Tensor bankOfImages, turnedImages; ///< the image queue, then the batch: [width, dim] and [dim, width]
    std::size_t width = 0;
    std::vector<std::int32_t> columnOf; ///< scratch: of each row of the bank, its column

    JointBatch batch;
    Said said;
    Columns imageColumns, textColumns;
    std::vector<std::uint32_t> columns; ///< of each place its text column
    Tensor columnCounts, imagesOfColumn;
    Tensor rawTexts, unitTexts, cleanTexts, copiedTexts; ///< by Said::rows; copiedTexts the factual ones alone
    std::vector<Passed> textOut;
    std::vector<UnitRows> textUnit;
    Tensor expected;                  ///< sum over places of p_t times the image there
    Tensor negativeEntropy;           ///< of p_t
    Tensor ofTextUnits;               ///< gradients by cleanTexts
    Tensor bias, divergence, logSums; ///< of each image: b_v, its KL, log sum exp of its scores
    std::vector<double> ofImagesToTexts, ofTextsToImages;
    std::size_t usedLanes = 0;
    std::vector<std::vector<float>> sums; ///< gradients, by lane
};

JointStep::JointStep(const Embeddings& images, const Embeddings& captions, const JointShape& shape,
                     const JointStepOptions& options, JointState state, const Embeddings& imageStart,
                     const Embeddings& captionStart)
    : m_impl(std::make_unique<Impl>(images, captions, shape, options, std::move(state), imageStart, captionStart)) {
}
JointStep::~JointStep() = default;

Outcome<JointLoss> JointStep::run(const JointBatch& batch) {
    return m_impl->run(batch);
}
const JointState& JointStep::state() const {
    return m_impl->state;
}
const std::vector<float>& JointStep::gradients() const {
    return m_impl->gradients;
}

Embeddings JointStep::imageQueue() const {
    Embeddings result(m_impl->queue, m_impl->shape.dim);
    std::copy_n(m_impl->bankOfImages.data_ptr<float>(), result.values.size(), result.values.begin());
    return result;
}

Embeddings JointStep::captionQueue() const {
    Embeddings result(m_impl->queue, m_impl->shape.dim);
    for (std::size_t place = 0; place < result.rows; ++place)
        std::copy_n(m_impl->bank.data_ptr<float>() + m_impl->state.captionQueue[place] * result.dim, result.dim,
                    result.row(place).begin());
    return result;
}

} // namespace plumbline::debias
