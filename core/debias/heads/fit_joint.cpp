// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/heads/fit_joint.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/clip/network.h"
#include "core/clip/torch_errors.h"
#include "core/debias/classifier/training_rows.h"
#include "core/formats/safetensors.h"
#include "core/formats/text_file.h"

namespace plumbline::debias {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kCheckpoint = "joint.safetensors";
constexpr std::int64_t kMixedFrom = 5; ///< epoch, from 0, from which soft targets are mixed

/// Random unit rows, each from a stream of its own.
Embeddings startingRows(std::size_t rows, std::size_t dim, std::uint64_t seed, std::string_view stream) {
    Embeddings result(rows, dim);
    for (std::size_t i = 0; i < rows; ++i) {
        RandomStream random(seed, streamId(stream), i);
        for (float& value : result.row(i))
            value = static_cast<float>(random.normal());
    }
    normaliseRows(result);
    return result;
}

/// As PyTorch's linear layers begin: uniform within 1/sqrt(inputs), weights and biases.
std::vector<float> startingHeads(const JointShape& shape, std::uint64_t seed) {
    std::vector<float> result;
    result.reserve(shape.parameters());
    std::uint64_t layer = 0;
    for (const std::size_t hidden : {shape.hidden1, shape.hidden2})
        for (const auto& [in, out] : {std::pair{shape.dim, hidden}, std::pair{hidden, shape.dim}}) {
            RandomStream random(seed, streamId("joint-vl/heads"), layer++);
            const double bound = 1 / std::sqrt(static_cast<double>(in));
            for (std::size_t i = 0; i < out * (in + 1); ++i)
                result.push_back(static_cast<float>((2 * random.uniform() - 1) * bound));
        }
    return result;
}

class Fit {
public:
    Fit(const JointInput& input, const JointOptions& options, const JointEvaluation& evaluation, Feedback& feedback)
        : m_input(input), m_options(options), m_evaluation(evaluation),
          m_feedback(feedback), m_shape{input.images.dim, options.hidden1, options.hidden2},
          m_batch(std::min(options.batch, input.images.rows)),
          m_stepsOfEpoch(static_cast<std::int64_t>((input.images.rows + m_batch - 1) / m_batch)) {}

    Outcome<JointFit> run(const std::function<void(const JointPoint&)>& report) {
        JointState state = startOf(startingHeads(m_shape, m_options.seed), m_input.images.rows, m_input.captions.rows,
                                   m_options.queue);
        if (!m_options.folder.empty()) {
            identify();
            PLUMBLINE_CHECK(formats::makeFolder(m_options.folder));
            PLUMBLINE_CHECK(goOn(state));
        }
        m_fit.resumedAt = state.steps;
        const std::int64_t begun = state.steps;
        JointStepOptions step;
        step.alpha = m_options.alpha;
        step.tau = m_options.tau;
        step.lr = m_options.lr;
        step.momentum = m_options.momentum;
        step.threads = m_options.threads;
        m_step.emplace(m_input.images, m_input.captions, m_shape, step, std::move(state),
                       startingRows(m_options.queue, m_shape.dim, m_options.seed, "joint-vl/image-queue"),
                       startingRows(m_options.queue, m_shape.dim, m_options.seed, "joint-vl/text-queue"));
        if (m_evaluation && !m_hasUntouched) {
            const std::vector<float> nothing(m_shape.parameters(), 0.0F);
            PLUMBLINE_TRY(m_untouched, orSave(m_evaluation(headsFrom(m_shape, nothing))));
            m_hasUntouched = true;
        }
        const Clock::time_point started = Clock::now();
        m_saved = started;
        while (m_epoch < m_options.epochs && !ended()) {
            PLUMBLINE_CHECK(restOfEpoch());
            JointPoint point;
            point.epoch = static_cast<int>(m_epoch) + 1;
            point.epochs = m_options.epochs;
            const double images = static_cast<double>(m_input.images.rows);
            point.loss = {m_sums.counterfactual / images, m_sums.alignment / images, m_sums.total / images};
            if (m_evaluation && (point.epoch % m_options.every == 0 || point.epoch == m_options.epochs)) {
                PLUMBLINE_TRY(point.measure, orSave(m_evaluation(headsFrom(m_shape, m_step->state().heads))));
                judge(*point.measure, point.epoch);
            }
            ++m_epoch;
            m_at = 0;
            m_sums = {};
            const double done = static_cast<double>(m_step->state().steps - begun);
            point.secondsLeft = ended() ? 0
                                        : std::chrono::duration<double>(Clock::now() - started).count() / done *
                                              static_cast<double>((m_options.epochs - m_epoch) * m_stepsOfEpoch);
            m_fit.points.push_back(point);
            if (report)
                report(point);
        }
        m_fit.epochs = static_cast<int>(m_epoch);
        m_fit.bestEpoch = m_hasBest ? static_cast<int>(m_bestEpoch) : m_fit.epochs;
        m_fit.heads = headsFrom(m_shape, m_hasBest ? m_best : m_step->state().heads);
        if (m_hasUntouched)
            m_fit.untouched = m_untouched;
        if (m_hasBest)
            m_fit.best = m_bestMeasure;
        if (!m_options.folder.empty()) {
            std::error_code ignored;
            fs::remove(m_options.folder / kCheckpoint, ignored);
        }
        return std::move(m_fit);
    }

private:
    bool ended() const { return m_hasBest && m_sinceBest >= m_options.patience; }

    void judge(double measure, int epoch) {
        if (m_hasBest && !(measure > m_bestMeasure)) {
            ++m_sinceBest;
            return;
        }
        m_hasBest = true;
        m_bestMeasure = measure;
        m_bestEpoch = epoch;
        m_best = m_step->state().heads;
        m_sinceBest = 0;
    }

    Outcome<double> orSave(Outcome<double> measure) {
        if (!measure && measure.error().cancelled())
            PLUMBLINE_CHECK(save());
        if (measure && std::isnan(*measure))
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "the evaluation of the heads"}, {"value", "nan"}, {"expected", "a number"}});
        return measure;
    }

    /// The order of the images in the epoch, and the counterfactual caption of each image.
    void drawEpoch() {
        const std::size_t images = m_input.images.rows;
        m_order.resize(images);
        std::iota(m_order.begin(), m_order.end(), 0U);
        if (!m_options.published) {
            RandomStream random(m_options.seed, streamId("joint-vl/order"), static_cast<std::uint64_t>(m_epoch));
            for (std::size_t i = images; i > 1; --i)
                std::swap(m_order[i - 1], m_order[random.below(i)]);
        }
        m_counterfactual.resize(images);
        RandomStream random(m_options.seed, streamId("joint-vl/counterfactual"), static_cast<std::uint64_t>(m_epoch));
        for (std::size_t i = 0; i < images; ++i) {
            const std::vector<std::uint32_t>& list = m_input.lists[m_input.listOf[i]];
            m_counterfactual[i] = list[random.below(list.size())];
        }
    }

    Outcome<void> restOfEpoch() {
        if (m_at < m_stepsOfEpoch)
            drawEpoch();
        std::vector<std::uint32_t> factual, counterfactual;
        while (m_at < m_stepsOfEpoch) {
            m_feedback.progress("fitting-heads", m_epoch * m_stepsOfEpoch + m_at, m_options.epochs * m_stepsOfEpoch);
            if (m_feedback.cancelled()) {
                PLUMBLINE_CHECK(save());
                return tl::unexpected<Stop>(Cancelled{});
            }
            const std::size_t first = static_cast<std::size_t>(m_at) * m_batch;
            const std::span<const std::uint32_t> rows =
                std::span<const std::uint32_t>(m_order).subspan(first, std::min(m_batch, m_order.size() - first));
            factual.clear();
            counterfactual.clear();
            for (const std::uint32_t row : rows) {
                factual.push_back(m_input.factual[row]);
                counterfactual.push_back(m_counterfactual[row]);
            }
            RandomStream coin(m_options.seed, streamId("joint-vl/coin"),
                              static_cast<std::uint64_t>(m_step->state().steps));
            PLUMBLINE_TRY(const JointLoss loss,
                          m_step->run({rows, factual, counterfactual, coin.below(2) == 1, m_epoch >= kMixedFrom}));
            if (!std::isfinite(loss.total))
                return fail(
                    ErrorCode::InvalidArgument,
                    {{"name", "lr"},
                     {"value", formatDouble(m_options.lr)},
                     {"expected", "a smaller learning rate or a larger tau: the loss is no longer a finite number"}});
            const double size = static_cast<double>(rows.size());
            m_sums.counterfactual += size * loss.counterfactual;
            m_sums.alignment += size * loss.alignment;
            m_sums.total += size * loss.total;
            ++m_at;
            if (std::chrono::duration<double>(Clock::now() - m_saved).count() >=
                std::min(m_untilSave, m_options.checkpointSeconds)) {
                PLUMBLINE_CHECK(save());
                m_untilSave *= 2;
                m_saved = Clock::now();
            }
        }
        return {};
    }

    // ---- checkpoints ------------------------------------------------------------------------------------------------

    /// What must be equal for a checkpoint to be gone on with.
    void identify() {
        Sha256 hash;
        for (const double number :
             {m_options.alpha, m_options.tau, m_options.lr, m_options.momentum, static_cast<double>(m_options.queue),
              static_cast<double>(m_options.batch), static_cast<double>(m_options.epochs),
              static_cast<double>(m_options.patience), static_cast<double>(m_options.every),
              static_cast<double>(m_options.hidden1), static_cast<double>(m_options.hidden2),
              m_options.published ? 1.0 : 0.0, m_evaluation ? 1.0 : 0.0, static_cast<double>(m_input.images.rows),
              static_cast<double>(m_input.images.dim), static_cast<double>(m_input.captions.rows)})
            hash.add(formatDouble(number) + ' ');
        hash.add(std::to_string(m_options.seed));
        const auto add = [&hash](const auto& values) { hash.add(values.data(), values.size() * sizeof(values[0])); };
        add(m_input.images.values);
        add(m_input.captions.values);
        add(m_input.factual);
        add(m_input.listOf);
        for (const std::vector<std::uint32_t>& list : m_input.lists) {
            hash.add(std::to_string(list.size()) + ':');
            add(list);
        }
        m_identity = hash.hex();
    }

    /// Every number of the state that is not a row of floats, in one place for writing and reading.
    template <class Each>
    void eachNumber(JointState& state, Each&& each) {
        each(m_epoch);
        each(m_at);
        each(state.next);
        each(state.steps);
        each(m_sums.counterfactual);
        each(m_sums.alignment);
        each(m_sums.total);
        each(m_hasUntouched);
        each(m_untouched);
        each(m_hasBest);
        each(m_bestMeasure);
        each(m_bestEpoch);
        each(m_sinceBest);
    }

    static std::vector<std::pair<const char*, std::vector<float>*>> rowsOf(JointState& state) {
        return {{"heads", &state.heads}, {"copies", &state.copies}, {"first", &state.first}, {"second", &state.second}};
    }
    static std::vector<std::pair<const char*, std::vector<std::uint32_t>*>> queuesOf(JointState& state) {
        return {{"image_queue", &state.imageQueue}, {"text_queue", &state.captionQueue}};
    }

    Result<void> save() {
        if (m_options.folder.empty())
            return {};
        JointState state = m_step->state();
        std::vector<double> numbers;
        eachNumber(state, [&numbers](auto& value) { numbers.push_back(static_cast<double>(value)); });
        std::vector<formats::TensorToWrite> tensors;
        const auto add = [&tensors](std::string name, formats::DType type, const auto& values) {
            tensors.push_back({std::move(name),
                               type,
                               {static_cast<std::int64_t>(values.size())},
                               std::as_bytes(std::span(values.data(), values.size()))});
        };
        add("identity", formats::DType::U8, m_identity);
        add("numbers", formats::DType::F64, numbers);
        for (const auto& [name, values] : rowsOf(state))
            add(name, formats::DType::F32, *values);
        for (const auto& [name, values] : queuesOf(state))
            add(name, formats::DType::I32, *values);
        if (m_hasBest)
            add("best", formats::DType::F32, m_best);
        std::vector<double> points;
        for (const JointPoint& point : m_fit.points)
            points.insert(points.end(), {point.loss.counterfactual, point.loss.alignment, point.loss.total,
                                         point.measure.value_or(std::numeric_limits<double>::quiet_NaN())});
        if (!points.empty())
            add("points", formats::DType::F64, points);
        return formats::writeSafetensors(m_options.folder / kCheckpoint, tensors);
    }

    Result<void> goOn(JointState& state) {
        const fs::path path = m_options.folder / kCheckpoint;
        std::error_code ignored;
        if (!fs::exists(path, ignored))
            return {};
        PLUMBLINE_TRY(const formats::Weights saved, formats::readSafetensors(path));
        const auto identity = saved.tensors.find("identity");
        if (identity == saved.tensors.end() ||
            std::string_view(reinterpret_cast<const char*>(identity->second.bytes.data()),
                             identity->second.bytes.size()) != m_identity)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "the folder for the checkpoint"},
                         {"value", encodePath(path)},
                         {"expected", "no checkpoint, or one of this very fit (same embeddings, captions and options); "
                                      "remove the file to begin anew"}});
        bool whole = true;
        const auto take = [&](const char* name, auto& values) {
            const auto found = saved.tensors.find(name);
            const std::size_t bytes = values.size() * sizeof(values[0]);
            if (found == saved.tensors.end() || found->second.bytes.size() != bytes)
                whole = false;
            else
                std::memcpy(values.data(), found->second.bytes.data(), bytes);
        };
        std::vector<double> numbers;
        eachNumber(state, [&numbers](auto&) { numbers.push_back(0); });
        take("numbers", numbers);
        for (const auto& [name, values] : rowsOf(state))
            take(name, *values);
        for (const auto& [name, values] : queuesOf(state))
            take(name, *values);
        auto number = numbers.begin();
        eachNumber(state, [&number](auto& value) { value = static_cast<std::decay_t<decltype(value)>>(*number++); });
        if (m_hasBest) {
            m_best.resize(state.heads.size());
            take("best", m_best);
        }
        std::vector<double> points(m_epoch >= 0 && m_epoch <= m_options.epochs ? std::size_t(m_epoch) * 4 : 0);
        if (!points.empty())
            take("points", points);
        for (std::size_t e = 0; e * 4 < points.size(); ++e) {
            JointPoint point;
            point.epoch = static_cast<int>(e) + 1;
            point.epochs = m_options.epochs;
            point.loss = {points[4 * e], points[4 * e + 1], points[4 * e + 2]};
            if (!std::isnan(points[4 * e + 3]))
                point.measure = points[4 * e + 3];
            m_fit.points.push_back(point);
        }
        const auto within = [&](const std::vector<std::uint32_t>& queue, std::size_t rows) {
            return std::ranges::all_of(queue, [&](std::uint32_t row) { return row < rows + m_options.queue; });
        };
        if (!whole || state.next >= m_options.queue || m_epoch < 0 || m_at < 0 || m_at > m_stepsOfEpoch ||
            !within(state.imageQueue, m_input.images.rows) || !within(state.captionQueue, m_input.captions.rows))
            return fail(ErrorCode::WeightsInvalid, {{"path", encodePath(path)},
                                                    {"reason", "it lacks a part of the fit; remove it to begin anew"}});
        return {};
    }

    const JointInput& m_input;
    const JointOptions& m_options;
    const JointEvaluation& m_evaluation;
    Feedback& m_feedback;
    const JointShape m_shape;
    const std::size_t m_batch;
    const std::int64_t m_stepsOfEpoch;
    std::optional<JointStep> m_step;
    std::int64_t m_epoch = 0, m_at = 0; ///< epochs done, steps done of the next one
    JointLoss m_sums;                   ///< over the images of the epoch so far
    std::vector<std::uint32_t> m_order, m_counterfactual;
    bool m_hasUntouched = false, m_hasBest = false;
    double m_untouched = 0, m_bestMeasure = 0;
    std::int64_t m_bestEpoch = 0;
    int m_sinceBest = 0;
    std::vector<float> m_best;
    std::string m_identity;
    Clock::time_point m_saved;
    double m_untilSave = 1; ///< seconds: the first state soon, then each after twice the time, up to checkpointSeconds
    JointFit m_fit;
};

Result<void> checked(const JointInput& input, const JointOptions& options) {
    const auto require = [](bool holds, const char* name, double value, const char* expected) -> Result<void> {
        if (!holds)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", name}, {"value", formatDouble(value)}, {"expected", expected}});
        return {};
    };
    const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
    PLUMBLINE_CHECK(require(options.alpha >= 0 && options.alpha <= 1, "alpha", options.alpha, "a share from 0 to 1"));
    PLUMBLINE_CHECK(require(positive(options.tau), "tau", options.tau, "a positive number"));
    PLUMBLINE_CHECK(require(positive(options.lr), "lr", options.lr, "a positive number"));
    PLUMBLINE_CHECK(
        require(options.momentum >= 0 && options.momentum <= 1, "momentum", options.momentum, "a share from 0 to 1"));
    const auto atLeastOne = [&](const char* name, auto value) {
        return require(value >= 1 && static_cast<double>(value) < 1e9, name, static_cast<double>(value), "at least 1");
    };
    PLUMBLINE_CHECK(atLeastOne("M", options.queue));
    PLUMBLINE_CHECK(atLeastOne("B", options.batch));
    PLUMBLINE_CHECK(atLeastOne("epochs", options.epochs));
    PLUMBLINE_CHECK(atLeastOne("patience", options.patience));
    PLUMBLINE_CHECK(atLeastOne("every", options.every));
    PLUMBLINE_CHECK(atLeastOne("hidden1", options.hidden1));
    PLUMBLINE_CHECK(atLeastOne("hidden2", options.hidden2));
    const std::size_t images = input.images.rows;
    PLUMBLINE_CHECK(require(images >= 2, "the images", static_cast<double>(images), "at least 2"));
    PLUMBLINE_CHECK(require(input.images.dim >= 1 && input.captions.dim == input.images.dim,
                            "the embeddings of the captions", static_cast<double>(input.captions.dim),
                            "as many values a row as those of the images"));
    PLUMBLINE_CHECK(require(input.factual.size() == images && input.listOf.size() == images, "the captions",
                            static_cast<double>(input.factual.size()), "one for each image"));
    for (std::size_t i = 0; i < images; ++i) {
        PLUMBLINE_CHECK(require(hasDirection(input.images.row(i)), "image", static_cast<double>(i),
                                "an embedding that is finite and not zero"));
        PLUMBLINE_CHECK(
            require(input.factual[i] < input.captions.rows, "a caption", input.factual[i], "a row of the captions"));
        PLUMBLINE_CHECK(
            require(input.listOf[i] < input.lists.size(), "a list of captions", input.listOf[i], "one that there is"));
    }
    for (const std::vector<std::uint32_t>& list : input.lists) {
        PLUMBLINE_CHECK(require(!list.empty(), "the counterfactual captions of an image", 0, "at least one"));
        for (const std::uint32_t caption : list)
            PLUMBLINE_CHECK(require(caption < input.captions.rows, "a caption", caption, "a row of the captions"));
    }
    for (std::size_t c = 0; c < input.captions.rows; ++c)
        PLUMBLINE_CHECK(require(hasDirection(input.captions.row(c)), "caption", static_cast<double>(c),
                                "an embedding that is finite and not zero"));
    return {};
}

} // namespace

Outcome<JointFit> fitJoint(const JointInput& input, const JointOptions& options, const JointEvaluation& evaluation,
                           const std::function<void(const JointPoint&)>& report, Feedback& feedback) {
    PLUMBLINE_CHECK(checked(input, options));
    clip::keepFreedMemory();
    try {
        clip::useOneThread();
        return Fit(input, options, evaluation, feedback).run(report);
    } catch (...) {
        return tl::unexpected(clip::stopFromException("this fit of heads"));
    }
}

} // namespace plumbline::debias
