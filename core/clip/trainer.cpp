// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <numeric>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include "core/base/error_text.h"
#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/clip/canonical.h"
#include "core/clip/model_writer.h"
#include "core/clip/network.h"
#include "core/clip/torch_errors.h"
#include "core/clip/towers.h"
#include "core/clip/workers.h"
#include "core/formats/model_config.h"
#include "core/formats/model_folder.h"
#include "core/formats/safetensors.h"
#include "core/formats/text_file.h"
#include "core/formats/vocabulary.h"
#include "core/image/preprocess.h"
#include "core/text/tokenizer.h"

namespace plumbline::clip {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCheckpoint = "checkpoint.safetensors";
constexpr const char* kLogitScale = "logit_scale";
constexpr double kMostLogitScale = 4.605170185988092; ///< ln 100
/// Items that one worker passes through a tower at once. Gradients are added up in the order of these chunks, so the
/// number of workers changes no bit.
constexpr std::size_t kChunk = 64;
constexpr std::size_t kMostHeldOut = 1024;
constexpr std::size_t kPixelBudget = std::size_t{2} << 30U; ///< bytes of decoded images kept in memory

/// The part of a model that training is not made for; empty: there is none. CLIP's loss is, for towers of CLIP's form.
std::string foreignPart(const formats::ModelFolder& model) {
    const ModelConfig& config = model.config;
    if (config.vision.tower == ImageTower::ResNet)
        return "a ResNet image tower";
    if (config.sigmoidLoss)
        return "the sigmoid loss of SigLIP";
    if (config.vision.pooling.value != ImagePooling::ClassToken || !config.vision.classToken)
        return "an image tower whose feature is not that of a class token";
    if (!config.text.causal || config.text.pooling.value == TextPooling::Last || config.captioner ||
        config.text.pooling.value == TextPooling::ClassToken)
        return "a text tower whose feature is not that of the text's end";
    if (config.container == Container::OpenAi)
        return "weights without a configuration";
    return {};
}

/// The images as the network will see them, 8 bits a value. What fits is decoded once, the rest each time.
class Pixels {
public:
    Pixels(const std::vector<fs::path>& files, const Preprocessing& preprocessing)
        : m_files(files), m_preprocessing(preprocessing), m_crops(files.size()) {
        const auto size = static_cast<std::size_t>(preprocessing.size.value);
        m_each = 3 * size * size;
    }

    /// Decodes every file once; `reasons` receives why one cannot be used.
    Outcome<void> readAll(int threads, std::vector<std::string>& reasons, Feedback& feedback) {
        reasons.assign(m_files.size(), {});
        std::mutex mutex;
        std::size_t next = 0, kept = 0;
        return onWorkers(threads, [&](const std::atomic<bool>& stopped) -> Outcome<void> {
            while (!stopped) {
                std::size_t i = 0;
                {
                    const std::lock_guard lock(mutex);
                    if (next == m_files.size())
                        return {};
                    i = next++;
                    if (next % 64 == 0)
                        feedback.progress("reading-images", static_cast<std::int64_t>(next),
                                          static_cast<std::int64_t>(m_files.size()));
                }
                if (feedback.cancelled())
                    return tl::unexpected<Stop>(Cancelled{});
                const Result<image::Decoded> picture = image::decodeFile(m_files[i]);
                if (!picture) {
                    reasons[i] = errorText(picture.error());
                    continue;
                }
                image::Rgb crop = image::cropForModel(*picture, m_preprocessing);
                const std::lock_guard lock(mutex);
                if (kept + m_each <= kPixelBudget) {
                    kept += m_each;
                    m_crops[i] = std::move(crop.pixels);
                }
            }
            return {};
        });
    }

    /// Network input [items, 3, size, size]. Throws where a file can no longer be decoded.
    at::Tensor batch(std::span<const std::uint32_t> items) const {
        const std::int64_t size = m_preprocessing.size.value;
        const at::Tensor pixels = at::empty({static_cast<std::int64_t>(items.size()), 3, size, size}, at::kFloat);
        for (std::size_t i = 0; i < items.size(); ++i) {
            image::Rgb crop{static_cast<int>(size), static_cast<int>(size), m_crops[items[i]]};
            if (crop.pixels.empty()) {
                const Result<image::Decoded> picture = image::decodeFile(m_files[items[i]]);
                if (!picture)
                    throw std::runtime_error(errorText(picture.error()));
                crop = image::cropForModel(*picture, m_preprocessing);
            }
            image::normalise(crop, m_preprocessing, {pixels.data_ptr<float>() + i * m_each, m_each});
        }
        return pixels;
    }

private:
    const std::vector<fs::path>& m_files;
    const Preprocessing& m_preprocessing;
    std::size_t m_each = 0;
    std::vector<std::vector<std::uint8_t>> m_crops;
};

struct Parameter {
    std::string name;                ///< in the container
    at::Tensor value, first, second; ///< AdamW's moments
    bool decays = false;
};

/// One chunk of a batch on its way through a tower and back.
struct Chunk {
    bool ofImages = true;
    std::span<const std::uint32_t> items; ///< files or captions
    at::Tensor kept;                      ///< patches, undefined: all
    std::vector<at::Tensor> leaves;       ///< the parameters of this pass, in the order of the parameters
    at::Tensor features;                  ///< raw
    std::vector<at::Tensor> gradients;    ///< undefined where the tower does not use the parameter
};

std::vector<Chunk> chunksOf(std::span<const std::uint32_t> items, bool ofImages) {
    std::vector<Chunk> chunks;
    for (std::size_t at = 0; at < items.size(); at += kChunk) {
        chunks.emplace_back();
        chunks.back().ofImages = ofImages;
        chunks.back().items = items.subspan(at, std::min(kChunk, items.size() - at));
    }
    return chunks;
}

at::Tensor unitLength(const at::Tensor& rows) {
    return rows / rows.norm(2, {-1}, true);
}

/// What is said in a batch: its images, the distinct captions, and for each image which of them.
struct Said {
    std::vector<std::uint32_t> files, captions;
    std::vector<std::int64_t> ofImage;
    std::vector<float> counts; ///< images of each caption
    std::vector<std::vector<std::int64_t>> variants =
        {}; ///< of each set with two images or more: their rows in `files`
};

/// The rows of each set's images among `files`, each image once; sets with one image are left out.
std::vector<std::vector<std::int64_t>> variantsAmong(std::span<const std::uint32_t> files,
                                                     std::span<const std::uint32_t> setOf) {
    std::map<std::uint32_t, std::map<std::uint32_t, std::int64_t>> rows; // set, file
    for (std::size_t row = 0; row < files.size(); ++row)
        rows[setOf[files[row]]].try_emplace(files[row], static_cast<std::int64_t>(row));
    std::vector<std::vector<std::int64_t>> variants;
    for (const auto& [set, images] : rows) {
        if (images.size() < 2)
            continue;
        variants.emplace_back();
        for (const auto& [file, row] : images)
            variants.back().push_back(row);
    }
    return variants;
}

/// The mean of each set's rows.
at::Tensor setMeans(const at::Tensor& rows, const std::vector<std::vector<std::int64_t>>& variants) {
    const at::Tensor shares = at::zeros({static_cast<std::int64_t>(variants.size()), rows.size(0)}, at::kDouble);
    for (std::size_t s = 0; s < variants.size(); ++s)
        for (const std::int64_t row : variants[s])
            shares.data_ptr<double>()[static_cast<std::int64_t>(s) * rows.size(0) + row] =
                1.0 / static_cast<double>(variants[s].size());
    return at::matmul(shares.to(rows.scalar_type()), rows);
}

/// A batch's loss before its weights, and the gradients of the weighted sum.
struct Loss {
    double contrastive = 0, cohesion = 0;
    at::Tensor ofImages, ofTexts, ofScale; ///< with respect to raw features and the logit scale
};

class Training {
public:
    Training(const CaptionedImages& images, const TrainOptions& options, Feedback& feedback)
        : m_images(images), m_options(options), m_feedback(feedback),
          m_threads(options.threads > 0 ? options.threads
                                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))) {}

    Outcome<TrainReport> run(const fs::path& start, const fs::path& out,
                             const std::function<void(const TrainPoint&)>& report) {
        PLUMBLINE_CHECK(load(start, out));
        PLUMBLINE_CHECK(readImages());
        PLUMBLINE_CHECK(identify(start));
        if (m_options.freezeImages)
            PLUMBLINE_CHECK(embedImages());
        PLUMBLINE_TRY(m_report.cosines, setCosines());
        PLUMBLINE_CHECK(goOn(out / kCheckpoint));
        m_report.resumedAt = m_step;
        PLUMBLINE_CHECK(steps(out / kCheckpoint, report));
        PLUMBLINE_CHECK(finish(out));
        m_report.steps = m_steps;
        return std::move(m_report);
    }

private:
    // ---- before
    // -------------------------------------------------------------------------------------------------------

    Outcome<void> load(const fs::path& start, const fs::path& out) {
        PLUMBLINE_CHECK(formats::makeFolder(out));
        std::error_code error;
        if (fs::equivalent(start, out, error))
            return fail(ErrorCode::InvalidArgument, {{"name", "the folder for the result"},
                                                     {"value", encodePath(out)},
                                                     {"expected", "another folder than the model's own"}});
        PLUMBLINE_TRY(m_folder, formats::readModelFolder(start));
        if (const std::string part = foreignPart(m_folder); !part.empty())
            return fail(ErrorCode::ModelUnsupported,
                        {{"path", encodePath(start)}, {"what", part + ", which Plumbline does not train"}});
        PLUMBLINE_TRY(formats::Vocabulary vocabulary, formats::readVocabulary(start));
        const text::Tokenizer tokenizer(std::move(vocabulary), m_folder.config.tokenizer,
                                        m_folder.config.text.contextLength.value);
        for (const std::string& caption : m_images.captions)
            m_ids.push_back(tokenizer.encode(caption).ids);
        for (const auto& [name, view] : m_folder.weights.tensors) {
            if (view.dtype == formats::DType::I64)
                continue; // the position buffers of old exports
            Parameter parameter;
            parameter.name = name;
            parameter.value = at::empty(view.shape, at::kFloat);
            widen(view, 0, {parameter.value.data_ptr<float>(), static_cast<std::size_t>(parameter.value.numel())});
            parameter.first = at::zeros_like(parameter.value);
            parameter.second = at::zeros_like(parameter.value);
            parameter.decays = view.shape.size() >= 2;
            m_number.emplace(name, m_parameters.size());
            m_parameters.push_back(std::move(parameter));
        }
        m_tokenTable = m_number.at(formats::tokenTableName(m_folder.config));
        return {};
    }

    Outcome<void> readImages() {
        m_pixels.emplace(m_images.files, m_folder.config.preprocessing);
        std::vector<std::string> reasons;
        PLUMBLINE_CHECK(m_pixels->readAll(m_threads, reasons, m_feedback));
        m_captionsOf.resize(m_images.files.size());
        for (const CaptionedImages::Pair& pair : m_images.pairs) {
            m_captionsOf[pair.file].push_back(pair.caption);
            if (reasons[pair.file].empty() && !m_images.heldOut[pair.file])
                m_train.push_back(pair);
        }
        for (std::uint32_t i = 0; i < m_images.files.size(); ++i) {
            if (!reasons[i].empty())
                m_report.skipped.push_back(encodePath(m_images.files[i]) + ": " + reasons[i]);
            else if (m_images.heldOut[i] && !m_captionsOf[i].empty() && m_heldOut.size() < kMostHeldOut)
                m_heldOut.push_back(i);
        }
        m_report.pairs = static_cast<std::int64_t>(m_train.size());
        m_report.heldOutImages = static_cast<std::int64_t>(m_heldOut.size());
        if (m_train.size() < 2)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "the captions"},
                         {"value", std::to_string(m_train.size())},
                         {"expected", "at least two, of images that can be decoded and are not held out"}});
        gatherUnits();
        m_batch = std::min(m_units.size(), static_cast<std::size_t>(m_options.batch));
        m_mostPairs = m_images.setOf.empty() ? m_batch : m_train.size();
        m_stepsOfEpoch = static_cast<std::int64_t>(m_units.size() / m_batch);
        m_steps = m_stepsOfEpoch * m_options.epochs;
        return {};
    }

    /// Fills m_units, and m_watched where there are sets.
    void gatherUnits() {
        if (m_images.setOf.empty()) {
            for (const CaptionedImages::Pair& pair : m_train)
                m_units.push_back({pair});
            return;
        }
        std::map<std::uint32_t, std::vector<CaptionedImages::Pair>> sets;
        std::vector<std::uint32_t> files;
        for (const CaptionedImages::Pair& pair : m_train) {
            sets[m_images.setOf[pair.file]].push_back(pair);
            files.push_back(pair.file);
        }
        for (auto& [set, pairs] : sets)
            m_units.push_back(std::move(pairs));
        m_report.sets = static_cast<std::int64_t>(m_units.size());
        m_report.singleSets = m_report.sets - static_cast<std::int64_t>(variantsAmong(files, m_images.setOf).size());
        if (watch(m_heldOut) < 2)
            watch(files);
    }

    /// Makes the whole sets among the files those whose cosines are told: their number.
    std::size_t watch(const std::vector<std::uint32_t>& files) {
        m_watched.clear();
        std::size_t sets = 0;
        for (const std::vector<std::int64_t>& rows : variantsAmong(files, m_images.setOf)) {
            if (sets > 0 && m_watched.size() + rows.size() > kMostHeldOut)
                break;
            for (const std::int64_t row : rows)
                m_watched.push_back(files[static_cast<std::size_t>(row)]);
            ++sets;
        }
        return sets;
    }

    /// What must be equal for a checkpoint to be gone on with.
    Outcome<void> identify(const fs::path& start) {
        Sha256 hash;
        PLUMBLINE_TRY(const std::string tensors, tensorsSha256(m_folder.config, m_folder.weights, m_feedback));
        hash.add(tensors + encodePath(start.filename()));
        for (const double number :
             {static_cast<double>(m_options.epochs), static_cast<double>(m_options.batch), m_options.learningRate,
              m_options.warmUp, m_options.weightDecay, m_options.beta1, m_options.beta2, m_options.epsilon,
              m_options.clipNorm, m_options.patchDropout, m_options.freezeLogitScale ? 1.0 : 0.0,
              m_options.freezeImages ? 1.0 : 0.0, m_options.contrastiveWeight, m_options.cohesionWeight,
              static_cast<double>(m_options.seed)})
            hash.add(formatDouble(number) + ' ');
        for (const std::string& caption : m_images.captions)
            hash.add(caption + '\n');
        for (std::size_t i = 0; i < m_images.files.size(); ++i)
            hash.add(m_images.files[i].filename().native() + (m_images.heldOut[i] ? " held out\n" : "\n"));
        for (const CaptionedImages::Pair& pair : m_images.pairs)
            hash.add(std::to_string(pair.file) + ' ' + std::to_string(pair.caption) + '\n');
        for (const std::uint32_t set : m_images.setOf)
            hash.add(std::to_string(set) + '\n');
        m_identity = hash.hex();
        return {};
    }

    /// Fills m_features: of an image tower that does not change.
    Outcome<void> embedImages() {
        std::vector<std::uint32_t> files = m_heldOut;
        for (const CaptionedImages::Pair& pair : m_train)
            files.push_back(pair.file);
        std::sort(files.begin(), files.end());
        files.erase(std::unique(files.begin(), files.end()), files.end());
        m_row.resize(m_images.files.size());
        std::vector<at::Tensor> parts;
        constexpr std::size_t kAtOnce = 16 * kChunk; // between two reports of progress
        for (std::size_t at = 0; at < files.size(); at += kAtOnce) {
            m_feedback.progress("embedding-images", static_cast<std::int64_t>(at),
                                static_cast<std::int64_t>(files.size()));
            std::vector<Chunk> chunks =
                chunksOf(std::span(files).subspan(at, std::min(kAtOnce, files.size() - at)), true);
            PLUMBLINE_CHECK(share(chunks, [this](Chunk& chunk) { forward(chunk, false); }));
            parts.push_back(featuresOf(chunks, true));
        }
        for (std::size_t row = 0; row < files.size(); ++row)
            m_row[files[row]] = static_cast<std::int64_t>(row);
        m_features = at::cat(parts);
        return {};
    }

    at::Tensor embedded(std::span<const std::uint32_t> files) const {
        const at::Tensor rows = at::empty({static_cast<std::int64_t>(files.size())}, at::kLong);
        for (std::size_t i = 0; i < files.size(); ++i)
            rows.data_ptr<std::int64_t>()[i] = m_row[files[i]];
        return m_features.index_select(0, rows);
    }

    // ---- checkpoints
    // --------------------------------------------------------------------------------------------------

    Outcome<void> goOn(const fs::path& path) {
        std::error_code ignored;
        if (!fs::exists(path, ignored))
            return {};
        PLUMBLINE_TRY(const formats::Weights saved, formats::readSafetensors(path));
        const auto identity = saved.tensors.find("identity");
        const auto step = saved.tensors.find("step");
        if (identity == saved.tensors.end() || step == saved.tensors.end() ||
            step->second.bytes.size() != sizeof m_step ||
            std::string_view(reinterpret_cast<const char*>(identity->second.bytes.data()),
                             identity->second.bytes.size()) != m_identity)
            return fail(
                ErrorCode::InvalidArgument,
                {{"name", "the folder for the result"},
                 {"value", encodePath(path)},
                 {"expected", "no checkpoint, or one of this very training (same model, images, captions and options); "
                              "remove the file to begin anew"}});
        for (Parameter& parameter : m_parameters)
            for (const auto& [kind, tensor] : states(parameter)) {
                const auto found = saved.tensors.find(kind + parameter.name);
                if (found == saved.tensors.end() || found->second.bytes.size() != tensor->nbytes())
                    return fail(ErrorCode::WeightsInvalid,
                                {{"path", encodePath(path)}, {"reason", "it lacks a part of " + parameter.name}});
                std::memcpy(tensor->data_ptr<float>(), found->second.bytes.data(), tensor->nbytes());
            }
        std::memcpy(&m_step, step->second.bytes.data(), sizeof m_step);
        return {};
    }

    Result<void> save(const fs::path& path) {
        std::vector<formats::TensorToWrite> tensors = {
            {"identity",
             formats::DType::U8,
             {static_cast<std::int64_t>(m_identity.size())},
             std::as_bytes(std::span(m_identity))},
            {"step", formats::DType::I64, {1}, std::as_bytes(std::span(&m_step, 1))}};
        for (Parameter& parameter : m_parameters)
            for (const auto& [kind, tensor] : states(parameter))
                tensors.push_back({kind + parameter.name,
                                   formats::DType::F32,
                                   tensor->sizes().vec(),
                                   {reinterpret_cast<const std::byte*>(tensor->data_ptr<float>()), tensor->nbytes()}});
        return formats::writeSafetensors(path, tensors);
    }

    static std::vector<std::pair<std::string, at::Tensor*>> states(Parameter& parameter) {
        return {{"value/", &parameter.value}, {"first/", &parameter.first}, {"second/", &parameter.second}};
    }

    // ---- one step
    // -----------------------------------------------------------------------------------------------------

    /// The numbers of all units in an epoch's own random order.
    std::vector<std::size_t> shuffled(std::int64_t epoch) const {
        std::vector<std::size_t> order(m_units.size());
        std::iota(order.begin(), order.end(), 0);
        RandomStream random(m_options.seed, streamId("train/order"), static_cast<std::uint64_t>(epoch));
        for (std::size_t i = order.size(); i > 1; --i)
            std::swap(order[i - 1], order[random.below(i)]);
        return order;
    }

    Said saidIn(std::span<const std::size_t> units) const {
        Said said;
        std::map<std::uint32_t, std::size_t> place;
        for (const std::size_t unit : units)
            for (const CaptionedImages::Pair& pair : m_units[unit]) {
                said.files.push_back(pair.file);
                const auto [at, isNew] = place.try_emplace(pair.caption, said.captions.size());
                if (isNew) {
                    said.captions.push_back(pair.caption);
                    said.counts.push_back(0);
                }
                said.counts[at->second] += 1;
                said.ofImage.push_back(static_cast<std::int64_t>(at->second));
            }
        if (m_options.cohesionWeight > 0)
            said.variants = variantsAmong(said.files, m_images.setOf);
        return said;
    }

    /// Which patches each image of the step's n-th chunk keeps, ascending; undefined: all.
    at::Tensor keptPatches(std::size_t chunk, const Said& said) const {
        const bool last = m_step * 5 >= m_steps * 4;
        if (last || m_options.patchDropout <= 0)
            return {};
        const std::int64_t grid = m_folder.config.vision.imageSize.value / m_folder.config.vision.patchSize.value;
        const std::int64_t patches = grid * grid;
        const auto keep =
            std::max<std::int64_t>(1, std::llround(static_cast<double>(patches) * (1 - m_options.patchDropout)));
        const std::size_t first = chunk * kChunk, count = std::min(kChunk, said.files.size() - first);
        const at::Tensor kept = at::empty({static_cast<std::int64_t>(count), keep}, at::kLong);
        std::vector<std::int64_t> order(static_cast<std::size_t>(patches));
        for (std::size_t i = 0; i < count; ++i) {
            RandomStream random(m_options.seed, streamId("train/patches"),
                                static_cast<std::uint64_t>(m_step) * m_mostPairs + first + i);
            std::iota(order.begin(), order.end(), 0);
            for (std::size_t p = 0; p < static_cast<std::size_t>(keep); ++p)
                std::swap(order[p], order[p + random.below(order.size() - p)]);
            std::sort(order.begin(), order.begin() + keep);
            std::copy_n(order.begin(), keep, kept.data_ptr<std::int64_t>() + static_cast<std::int64_t>(i) * keep);
        }
        return kept;
    }

    /// Gives the chunks to the workers; the order in which they are taken does not matter.
    template <class Work>
    Outcome<void> share(std::vector<Chunk>& chunks, Work&& work) {
        std::atomic<std::size_t> next = 0;
        const int threads = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(m_threads), chunks.size()));
        return onWorkers(threads, [&](const std::atomic<bool>& stopped) -> Outcome<void> {
            for (std::size_t i = next++; i < chunks.size() && !stopped; i = next++) {
                if (m_feedback.cancelled())
                    return tl::unexpected<Stop>(Cancelled{});
                work(chunks[i]);
            }
            return {};
        });
    }

    /// Through its tower: fills leaves and features. Without `learn` nothing is recorded.
    void forward(Chunk& chunk, bool learn) const {
        const at::AutoGradMode grad(learn);
        for (const Parameter& parameter : m_parameters)
            chunk.leaves.push_back(parameter.value.detach().requires_grad_(learn));
        const Towers towers =
            Towers::build(m_folder.config, [&](const std::string& name) { return chunk.leaves[m_number.at(name)]; });
        if (chunk.ofImages) {
            chunk.features = towers.plainImages(m_pixels->batch(chunk.items), chunk.kept);
            return;
        }
        const auto count = static_cast<std::int64_t>(chunk.items.size());
        const at::Tensor pooled = at::empty({count}, at::kLong);
        std::size_t length = 0;
        for (const std::uint32_t caption : chunk.items)
            length = std::max(length, m_ids[caption].size());
        const at::Tensor ids =
            at::zeros({count, static_cast<std::int64_t>(length)}, at::kLong); // causal: padding is not seen
        for (std::size_t i = 0; i < chunk.items.size(); ++i) {
            const std::vector<int>& own = m_ids[chunk.items[i]];
            std::copy(own.begin(), own.end(), ids.data_ptr<std::int64_t>() + i * length);
            pooled.data_ptr<std::int64_t>()[i] = static_cast<std::int64_t>(pooledPosition(m_folder.config.text, own));
        }
        chunk.features = towers.plainTexts(at::embedding(chunk.leaves[m_tokenTable], ids), pooled);
    }

    static at::Tensor featuresOf(const std::vector<Chunk>& chunks, bool ofImages) {
        std::vector<at::Tensor> parts;
        for (const Chunk& chunk : chunks)
            if (chunk.ofImages == ofImages)
                parts.push_back(chunk.features.detach());
        return at::cat(parts);
    }

    Loss lossOf(const std::vector<Chunk>& chunks, const Said& said) const {
        const at::Tensor images =
            (m_options.freezeImages ? embedded(said.files) : featuresOf(chunks, true)).requires_grad_(true);
        const at::Tensor texts = featuresOf(chunks, false).requires_grad_(true);
        const at::Tensor scale = m_parameters[m_number.at(kLogitScale)].value.detach().clone().requires_grad_(true);
        const at::Tensor unitImages = unitLength(images);
        const at::Tensor logits = at::matmul(unitImages, unitLength(texts).t()) * scale.exp();
        const at::Tensor target = at::from_blob(const_cast<std::int64_t*>(said.ofImage.data()),
                                                {static_cast<std::int64_t>(said.ofImage.size())}, at::kLong);
        const at::Tensor counts = at::from_blob(const_cast<float*>(said.counts.data()),
                                                {static_cast<std::int64_t>(said.counts.size())}, at::kFloat);
        // Every image stands once for each image that the same was said of: a caption weighs as often as it was said.
        const at::Tensor imageToText = at::cross_entropy_loss(logits + counts.log(), target);
        const at::Tensor textToImage = -at::log_softmax(logits, 0).gather(1, target.unsqueeze(1)).mean();
        const at::Tensor contrastive = (imageToText + textToImage) / 2;
        at::Tensor sum = contrastive * m_options.contrastiveWeight;
        Loss loss;
        loss.contrastive = contrastive.item<double>();
        if (!said.variants.empty()) {
            const at::Tensor cohesion = 1 - setMeans(unitImages, said.variants).square().sum(1).mean();
            loss.cohesion = cohesion.item<double>();
            sum = sum + cohesion * m_options.cohesionWeight;
        }
        const std::vector<at::Tensor> gradients = torch::autograd::grad({sum}, {images, texts, scale});
        loss.ofImages = gradients[0];
        loss.ofTexts = gradients[1];
        loss.ofScale = gradients[2];
        return loss;
    }

    double learningRate() const {
        const double warm = std::max(1.0, m_options.warmUp * static_cast<double>(m_steps));
        const auto step = static_cast<double>(m_step);
        if (step < warm)
            return m_options.learningRate * (step + 1) / warm;
        const double done = (step - warm) / std::max(1.0, static_cast<double>(m_steps) - warm);
        return m_options.learningRate * 0.5 * (1 + std::cos(3.14159265358979323846 * done));
    }

    void update(std::vector<at::Tensor>& gradients) {
        double square = 0;
        for (const at::Tensor& gradient : gradients)
            if (gradient.defined())
                square += gradient.square().sum().item<double>();
        const double norm = std::sqrt(square);
        const double shrink = norm > m_options.clipNorm ? m_options.clipNorm / norm : 1.0;
        const double rate = learningRate();
        const auto count = static_cast<double>(m_step + 1);
        const double unbias1 = 1 - std::pow(m_options.beta1, count), unbias2 = 1 - std::pow(m_options.beta2, count);
        for (std::size_t p = 0; p < m_parameters.size(); ++p) {
            Parameter& parameter = m_parameters[p];
            if (!gradients[p].defined())
                continue;
            const at::Tensor gradient = gradients[p] * shrink;
            if (parameter.decays)
                parameter.value.mul_(1 - rate * m_options.weightDecay);
            parameter.first.mul_(m_options.beta1).add_(gradient, 1 - m_options.beta1);
            parameter.second.mul_(m_options.beta2).addcmul_(gradient, gradient, 1 - m_options.beta2);
            parameter.value.addcdiv_(parameter.first, (parameter.second / unbias2).sqrt_().add_(m_options.epsilon),
                                     -rate / unbias1);
            if (parameter.name == kLogitScale)
                parameter.value.clamp_max_(kMostLogitScale);
        }
    }

    Outcome<Loss> step(std::span<const std::size_t> units) {
        const Said said = saidIn(units);
        std::vector<Chunk> chunks;
        if (!m_options.freezeImages)
            chunks = chunksOf(said.files, true);
        for (std::size_t i = 0; i < chunks.size(); ++i)
            chunks[i].kept = keptPatches(i, said);
        for (Chunk& chunk : chunksOf(said.captions, false))
            chunks.push_back(std::move(chunk));
        PLUMBLINE_CHECK(share(chunks, [this](Chunk& chunk) { forward(chunk, true); }));

        const Loss loss = lossOf(chunks, said);
        if (!std::isfinite(loss.contrastive) || !std::isfinite(loss.cohesion))
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "the learning rate"},
                         {"value", formatDouble(m_options.learningRate)},
                         {"expected",
                          "a smaller one: the loss is no longer a finite number at step " + std::to_string(m_step)}});
        std::map<const Chunk*, at::Tensor> upstream;
        std::int64_t imageAt = 0, textAt = 0;
        for (const Chunk& chunk : chunks) {
            const auto count = static_cast<std::int64_t>(chunk.items.size());
            std::int64_t& at = chunk.ofImages ? imageAt : textAt;
            upstream[&chunk] = (chunk.ofImages ? loss.ofImages : loss.ofTexts).narrow(0, at, count);
            at += count;
        }
        PLUMBLINE_CHECK(share(chunks, [&](Chunk& chunk) {
            chunk.gradients = torch::autograd::grad({chunk.features}, chunk.leaves, {upstream.at(&chunk)}, false, false,
                                                    /*allow_unused=*/true);
            chunk.features = at::Tensor();
        }));
        std::vector<at::Tensor> gradients(m_parameters.size());
        for (Chunk& chunk : chunks)
            for (std::size_t p = 0; p < gradients.size(); ++p)
                if (chunk.gradients[p].defined())
                    gradients[p] = gradients[p].defined() ? gradients[p] + chunk.gradients[p] : chunk.gradients[p];
        if (!m_options.freezeLogitScale)
            gradients[m_number.at(kLogitScale)] = loss.ofScale;
        update(gradients);
        return loss;
    }

    Outcome<std::optional<double>> heldOutAccuracy() {
        if (m_heldOut.empty())
            return std::optional<double>();
        std::vector<std::uint32_t> captions;
        for (const std::uint32_t file : m_heldOut)
            captions.insert(captions.end(), m_captionsOf[file].begin(), m_captionsOf[file].end());
        std::sort(captions.begin(), captions.end());
        captions.erase(std::unique(captions.begin(), captions.end()), captions.end());
        std::vector<Chunk> chunks;
        if (!m_options.freezeImages)
            chunks = chunksOf(m_heldOut, true);
        for (Chunk& chunk : chunksOf(captions, false))
            chunks.push_back(std::move(chunk));
        PLUMBLINE_CHECK(share(chunks, [this](Chunk& chunk) { forward(chunk, false); }));
        const at::Tensor images = m_options.freezeImages ? embedded(m_heldOut) : featuresOf(chunks, true);
        const at::Tensor best = at::matmul(unitLength(images), unitLength(featuresOf(chunks, false)).t()).argmax(1);
        std::size_t right = 0;
        for (std::size_t i = 0; i < m_heldOut.size(); ++i) {
            const std::vector<std::uint32_t>& own = m_captionsOf[m_heldOut[i]];
            const std::uint32_t chosen = captions[static_cast<std::size_t>(best.data_ptr<std::int64_t>()[i])];
            right += std::find(own.begin(), own.end(), chosen) != own.end() ? 1 : 0;
        }
        return std::optional<double>(static_cast<double>(right) / static_cast<double>(m_heldOut.size()));
    }

    Outcome<std::optional<SetCosines>> setCosines() {
        if (m_watched.empty())
            return std::optional<SetCosines>();
        at::Tensor features;
        if (m_options.freezeImages) {
            features = embedded(m_watched);
        } else {
            std::vector<Chunk> chunks = chunksOf(m_watched, true);
            PLUMBLINE_CHECK(share(chunks, [this](Chunk& chunk) { forward(chunk, false); }));
            features = featuresOf(chunks, true);
        }
        const std::vector<std::vector<std::int64_t>> sets = variantsAmong(m_watched, m_images.setOf);
        const at::Tensor means = setMeans(unitLength(features.to(at::kDouble)), sets);
        const auto count = static_cast<double>(sets.size());
        SetCosines cosines;
        double squares = 0;
        for (std::size_t s = 0; s < sets.size(); ++s) {
            // The squared norm of a mean of V unit vectors holds V cosines of a vector with itself, which are 1.
            const auto variants = static_cast<double>(sets[s].size());
            const double square = means[static_cast<std::int64_t>(s)].square().sum().item<double>();
            cosines.within += (variants * square - 1) / (variants - 1) / count;
            squares += square;
        }
        if (sets.size() > 1)
            cosines.between = (means.sum(0).square().sum().item<double>() - squares) / (count * (count - 1));
        return std::optional(cosines);
    }

    Outcome<void> steps(const fs::path& checkpoint, const std::function<void(const TrainPoint&)>& report) {
        using Clock = std::chrono::steady_clock;
        Clock::time_point saved = Clock::now();
        double contrastiveSum = 0, cohesionSum = 0;
        std::int64_t lossCount = 0;
        std::vector<std::size_t> order;
        std::int64_t orderOf = -1;
        for (; m_step < m_steps; ++m_step) {
            const std::int64_t epoch = m_step / m_stepsOfEpoch;
            if (epoch != orderOf) {
                order = shuffled(epoch);
                orderOf = epoch;
            }
            m_feedback.progress("training", m_step, m_steps);
            const auto first = static_cast<std::size_t>(m_step % m_stepsOfEpoch) * m_batch;
            const Outcome<Loss> loss = step(std::span(order).subspan(first, m_batch));
            if (!loss) {
                if (loss.error().cancelled())
                    PLUMBLINE_CHECK(save(checkpoint));
                return tl::unexpected(loss.error());
            }
            contrastiveSum += loss->contrastive;
            cohesionSum += loss->cohesion;
            ++lossCount;
            const std::int64_t done = m_step + 1;
            if (done % m_options.reportEvery == 0 || done == m_steps) {
                TrainPoint point{done, m_steps};
                point.contrastiveLoss = contrastiveSum / static_cast<double>(lossCount);
                point.cohesionLoss = cohesionSum / static_cast<double>(lossCount);
                point.loss =
                    m_options.contrastiveWeight * point.contrastiveLoss + m_options.cohesionWeight * point.cohesionLoss;
                PLUMBLINE_TRY(point.heldOutAccuracy, heldOutAccuracy());
                PLUMBLINE_TRY(point.cosines, setCosines());
                m_report.points.push_back(point);
                if (report)
                    report(point);
                contrastiveSum = cohesionSum = 0;
                lossCount = 0;
            }
            if (std::chrono::duration<double>(Clock::now() - saved).count() >= m_options.checkpointSeconds &&
                done < m_steps) {
                ++m_step; // the state is the one after this step
                const Result<void> written = save(checkpoint);
                --m_step;
                PLUMBLINE_CHECK(written);
                saved = Clock::now();
            }
        }
        return {};
    }

    // ---- after
    // --------------------------------------------------------------------------------------------------------

    Outcome<void> finish(const fs::path& out) {
        PLUMBLINE_CHECK(copyCompanions(m_folder, out));
        std::vector<at::Tensor> stored;
        std::vector<formats::TensorToWrite> tensors;
        for (const Parameter& parameter : m_parameters) {
            stored.push_back(m_options.half ? parameter.value.to(at::kHalf) : parameter.value);
            tensors.push_back({parameter.name,
                               m_options.half ? formats::DType::F16 : formats::DType::F32,
                               stored.back().sizes().vec(),
                               {static_cast<const std::byte*>(stored.back().data_ptr()), stored.back().nbytes()}});
        }
        const char* name = m_folder.config.container == Container::HuggingFace ? formats::kHuggingFaceWeights
                                                                               : formats::kOpenClipWeights;
        PLUMBLINE_CHECK(formats::writeSafetensors(out / name, tensors));
        std::error_code ignored;
        fs::remove(out / kCheckpoint, ignored);
        return {};
    }

    const CaptionedImages& m_images;
    const TrainOptions& m_options;
    Feedback& m_feedback;
    const int m_threads;
    formats::ModelFolder m_folder;
    std::vector<std::vector<int>> m_ids; ///< of each caption
    std::vector<Parameter> m_parameters;
    std::map<std::string, std::size_t> m_number;
    std::size_t m_tokenTable = 0;
    std::optional<Pixels> m_pixels;
    std::vector<CaptionedImages::Pair> m_train;
    std::vector<std::uint32_t> m_heldOut;
    std::vector<std::vector<std::uint32_t>> m_captionsOf; ///< of each file
    at::Tensor m_features;                                ///< raw, of images whose tower is frozen
    std::vector<std::int64_t> m_row;                      ///< of each file in m_features
    std::vector<std::vector<CaptionedImages::Pair>>
        m_units;                          ///< never divided between batches: a pair each, or a set each
    std::vector<std::uint32_t> m_watched; ///< files of whole sets whose cosines are told
    std::size_t m_batch = 0;              ///< units
    std::size_t m_mostPairs = 0;          ///< at least those of any batch
    std::int64_t m_stepsOfEpoch = 0, m_steps = 0, m_step = 0;
    std::string m_identity;
    TrainReport m_report;
};

Result<void> checked(const CaptionedImages& images, const TrainOptions& options) {
    const auto require = [](bool holds, const char* name, const std::string& value,
                            const char* expected) -> Result<void> {
        if (!holds)
            return fail(ErrorCode::InvalidArgument, {{"name", name}, {"value", value}, {"expected", expected}});
        return {};
    };
    PLUMBLINE_CHECK(require(options.epochs >= 1, "the epochs", std::to_string(options.epochs), "at least 1"));
    PLUMBLINE_CHECK(require(options.batch >= 2, "the batch", std::to_string(options.batch), "at least 2 images"));
    PLUMBLINE_CHECK(require(options.reportEvery >= 1, "the report interval", std::to_string(options.reportEvery),
                            "at least 1 step"));
    PLUMBLINE_CHECK(require(options.learningRate > 0 && std::isfinite(options.learningRate), "the learning rate",
                            std::to_string(options.learningRate), "a positive number"));
    PLUMBLINE_CHECK(require(options.patchDropout >= 0 && options.patchDropout < 1, "the patch dropout",
                            std::to_string(options.patchDropout), "a share below 1"));
    PLUMBLINE_CHECK(require(!options.freezeImages || options.patchDropout == 0, "the patch dropout",
                            std::to_string(options.patchDropout), "0 while the image tower is frozen"));
    PLUMBLINE_CHECK(require(options.contrastiveWeight >= 0 && std::isfinite(options.contrastiveWeight),
                            "the weight of the contrastive loss", formatDouble(options.contrastiveWeight),
                            "a number of at least 0"));
    PLUMBLINE_CHECK(require(options.cohesionWeight >= 0 && std::isfinite(options.cohesionWeight),
                            "the weight of the cohesion loss", formatDouble(options.cohesionWeight),
                            "a number of at least 0"));
    PLUMBLINE_CHECK(require(options.contrastiveWeight + options.cohesionWeight > 0, "the weights of both losses", "0",
                            "one that is larger"));
    PLUMBLINE_CHECK(require(options.cohesionWeight == 0 || !images.setOf.empty(), "the weight of the cohesion loss",
                            formatDouble(options.cohesionWeight), "0 where no images come in counterfactual sets"));
    PLUMBLINE_CHECK(require(options.cohesionWeight == 0 || !options.freezeImages, "the weight of the cohesion loss",
                            formatDouble(options.cohesionWeight),
                            "0 while the image tower is frozen, since it moves images alone"));
    PLUMBLINE_CHECK(require(images.heldOut.size() == images.files.size(), "the held-out marks",
                            std::to_string(images.heldOut.size()), "one for each image"));
    for (const CaptionedImages::Pair& pair : images.pairs)
        PLUMBLINE_CHECK(require(pair.file < images.files.size() && pair.caption < images.captions.size(), "a pair",
                                std::to_string(pair.file) + ", " + std::to_string(pair.caption),
                                "the numbers of an image and of a caption"));
    if (images.setOf.empty())
        return {};
    PLUMBLINE_CHECK(require(images.setOf.size() == images.files.size(), "the counterfactual sets",
                            std::to_string(images.setOf.size()), "one for each image"));
    std::map<std::uint32_t, bool> heldOut;
    for (std::size_t i = 0; i < images.files.size(); ++i)
        PLUMBLINE_CHECK(require(
            heldOut.try_emplace(images.setOf[i], images.heldOut[i]).first->second == images.heldOut[i],
            "a counterfactual set", std::to_string(images.setOf[i]), "one that is held out as a whole or not at all"));
    return {};
}

} // namespace

Outcome<TrainReport> train(const fs::path& start, const CaptionedImages& images, const TrainOptions& options,
                           const fs::path& out, const std::function<void(const TrainPoint&)>& report,
                           Feedback& feedback) {
    PLUMBLINE_CHECK(checked(images, options));
    keepFreedMemory();
    try {
        useOneThread();
        return Training(images, options, feedback).run(start, out, report);
    } catch (...) {
        return tl::unexpected(stopFromException("this training"));
    }
}

} // namespace plumbline::clip
