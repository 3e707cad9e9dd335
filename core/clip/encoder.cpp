// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/encoder.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>

#include "core/base/error_text.h"
#include "core/base/hash.h"
#include "core/base/hash_memory.h"
#include "core/base/path.h"
#include "core/clip/canonical.h"
#include "core/clip/model_tokenizer.h"
#include "core/clip/network.h"
#include "core/clip/self_check.h"
#include "core/clip/workers.h"
#include "core/formats/planted.h"
#include "core/image/decode.h"
#include "core/image/preprocess.h"

namespace plumbline::clip {

namespace {

namespace fs = std::filesystem;

/// A batch should take about this long, for a smooth progress bar; a cancelled one ends between two layers.
constexpr double kBatchSeconds = 0.8;
/// Rows (tokens of all items) that a batch aims at. Fewer leave the products too flat to pay for rearranging the
/// weights; more push the activations out of the cache.
constexpr std::size_t kBatchRows = 1600;

/// Processor time of this thread: a busy machine must not shrink the batches, which would make it busier.
double threadSeconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Chooses how many items a worker takes next.
class BatchSize {
public:
    explicit BatchSize(std::size_t rowsOfAnItem)
        : m_most(std::max<std::size_t>(1, kBatchRows / std::max<std::size_t>(1, rowsOfAnItem))) {}

    std::size_t next() const {
        if (m_secondsEach <= 0) // nothing measured yet: small, so that a slow model shows itself at once
            return std::min<std::size_t>(m_most, 4);
        const double wanted = kBatchSeconds / m_secondsEach;
        return wanted >= static_cast<double>(m_most) ? m_most
                                                     : std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
    }
    std::size_t most() const { return m_most; }
    void took(std::size_t items, double seconds) { m_secondsEach = seconds / static_cast<double>(items); }

private:
    std::size_t m_most;
    double m_secondsEach = 0;
};

std::string storedTypes(const formats::ModelFolder& folder) {
    std::set<std::string> types;
    for (const formats::ExpectedTensor& tensor : formats::expectedTensors(folder.config))
        types.emplace(formats::dtypeName(folder.weights.tensors.at(tensor.name).dtype));
    std::string text;
    for (const std::string& type : types)
        text += (text.empty() ? "" : ", ") + type;
    return types.size() > 1 ? "mixed: " + text : text;
}

} // namespace

struct Encoder::Impl {
    std::unique_ptr<Network> network;
    std::optional<text::Tokenizer> tokenizer;
    fs::path model;
    EncoderOptions options;
    double logitScale = 0;
    std::optional<double> logitBias;
    std::optional<Error> noTokenizer; ///< what is wrong with the folder's own
    std::vector<std::string> warnings;

    // Computed on demand; methods are called from one thread at a time.
    std::string tensorsHash;
    std::optional<ModelCard> card;

    const ModelConfig& config() const { return network->folder().config; }
    /// Files beside the model that change its embeddings.
    std::vector<fs::path> imports() const {
        std::vector<fs::path> files;
        for (const fs::path& file : {options.promptArray, options.residualHead})
            if (!file.empty())
                files.push_back(file);
        return files;
    }
    int threads() const {
        return options.threads > 0 ? options.threads
                                   : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    }
    std::size_t pixelsOfAnImage() const {
        const auto size = static_cast<std::size_t>(config().preprocessing.size.value);
        return 3 * size * size;
    }
    std::size_t rowsOfAnImage() const {
        const VisionConfig& vision = config().vision;
        if (vision.tower == ImageTower::ResNet) // its first stages are the wide ones
            return static_cast<std::size_t>(vision.grid()) * static_cast<std::size_t>(vision.grid()) * 4;
        return 1 + static_cast<std::size_t>(vision.grid()) * static_cast<std::size_t>(vision.grid());
    }

    /// The content hash, remembered under the hashes of the files and the names by which their tensors are read.
    Outcome<std::string> hashTensors(HashMemory& memory, Feedback& feedback) {
        if (!tensorsHash.empty())
            return tensorsHash;
        if (options.hashMemory.empty()) { // the files' hashes would be computed for a key that nothing keeps
            PLUMBLINE_TRY(tensorsHash, clip::tensorsSha256(config(), network->folder().weights, feedback));
            return tensorsHash;
        }
        Sha256 key;
        for (const formats::TensorRecipe& recipe : formats::tensorRecipes(config()))
            for (const formats::ExpectedTensor& part : recipe.parts)
                key.add(recipe.name + (recipe.transposed ? " t " : " ") + part.name + '\n');
        for (const fs::path& file : network->folder().weights.paths) {
            PLUMBLINE_TRY(const std::string hash, memory.ofFile(file, feedback));
            key.add(hash);
        }
        const std::string name = "tensors-1 " + key.hex();
        if (std::optional<std::string> known = memory.find(name))
            return tensorsHash = std::move(*known);
        PLUMBLINE_TRY(tensorsHash, clip::tensorsSha256(config(), network->folder().weights, feedback));
        memory.remember(name, tensorsHash);
        memory.save();
        return tensorsHash;
    }
    Outcome<std::string> hashTensors(Feedback& feedback) {
        HashMemory memory(options.hashMemory);
        return hashTensors(memory, feedback);
    }
};

Encoder::Encoder() : m_impl(std::make_unique<Impl>()) {
}
Encoder::~Encoder() = default;

Outcome<std::unique_ptr<Encoder>> Encoder::load(const fs::path& model, const EncoderOptions& options,
                                                Feedback& feedback) {
    feedback.progress("loading-model", 0, 0);
    PLUMBLINE_TRY(formats::ModelFolder read, formats::readModelFolder(model));
    std::unique_ptr<Encoder> encoder(new Encoder);
    Impl& impl = *encoder->m_impl;
    impl.model = model;
    impl.options = options;
    impl.warnings = read.config.warnings;
    auto tokenizer = tokenizerOf(read, options.vocabulary, impl.warnings);
    if (tokenizer) {
        impl.tokenizer = std::move(*tokenizer);
    } else if (!options.vocabulary.empty()) {
        return tl::unexpected<Stop>(tokenizer.error());
    } else { // images can be embedded all the same
        impl.noTokenizer = tokenizer.error();
        impl.warnings.push_back("Texts cannot be embedded: " + errorText(tokenizer.error()));
    }
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});

    const auto scalar = [&read](const char* name) {
        float value = 0;
        widen(read.weights.tensors.at(name), 0, {&value, 1});
        return static_cast<double>(value);
    };
    impl.logitScale = std::exp(scalar("logit_scale"));
    if (read.config.sigmoidLoss)
        impl.logitBias = scalar("logit_bias");
    PLUMBLINE_TRY(impl.network, Network::build(std::move(read), options.precision));
    if (!options.promptArray.empty()) {
        PLUMBLINE_TRY(const formats::PromptArray prompts, formats::readPromptArray(options.promptArray));
        PLUMBLINE_CHECK(impl.network->usePromptArray(prompts));
        impl.warnings.push_back("An array of " + std::to_string(prompts.count) +
                                " learned tokens is put before every text: " + encodePath(options.promptArray) + ".");
    }
    if (!options.residualHead.empty()) {
        PLUMBLINE_TRY(const formats::ResidualHead head, formats::readResidualHead(options.residualHead));
        PLUMBLINE_CHECK(impl.network->useResidualHead(head));
        impl.warnings.push_back("Embeddings are passed through residual heads: " + encodePath(options.residualHead) +
                                ".");
    }
    return encoder;
}

Outcome<std::unique_ptr<Encoder>> Encoder::withPromptArray(const formats::PromptArray& array,
                                                           Feedback& feedback) const {
    if (!m_impl->options.promptArray.empty())
        return fail(ErrorCode::InvalidArgument, {{"name", "the prompt array"},
                                                 {"value", "another one is in use"},
                                                 {"expected", "one array of prompt tokens at a time"}});
    PLUMBLINE_TRY(std::unique_ptr<Encoder> encoder, load(m_impl->model, m_impl->options, feedback));
    PLUMBLINE_CHECK(encoder->m_impl->network->usePromptArray(array));
    return encoder;
}

const fs::path& Encoder::path() const {
    return m_impl->model;
}

const EncoderOptions& Encoder::options() const {
    return m_impl->options;
}

const ModelConfig& Encoder::config() const {
    return m_impl->config();
}
const std::vector<std::string>& Encoder::warnings() const {
    return m_impl->warnings;
}
std::size_t Encoder::dim() const {
    return m_impl->network->dim();
}
double Encoder::logitScale() const {
    return m_impl->logitScale;
}
bool Encoder::hasTokenizer() const {
    return m_impl->tokenizer.has_value();
}
const text::Tokenizer& Encoder::tokenizer() const {
    return *m_impl->tokenizer;
}

Outcome<std::string> Encoder::tensorsSha256(Feedback& feedback) const {
    return m_impl->hashTensors(feedback);
}

Outcome<std::string> Encoder::contentSha256(Feedback& feedback) const {
    Impl& impl = *m_impl;
    PLUMBLINE_TRY(const std::string tensors, impl.hashTensors(feedback));
    const ModelConfig& c = impl.config();
    // What the same tensors can still be run as. Shapes are in the hash of the tensors.
    std::string text = "plumbline-model-2\n" + tensors;
    const auto add = [&text](const auto& value) { text += '\n' + std::to_string(value); };
    for (const int value : {c.vision.heads.value, c.text.heads.value, c.vision.poolerHeads, c.text.padId,
                            static_cast<int>(c.vision.pooling.value), static_cast<int>(c.text.pooling.value),
                            static_cast<int>(c.vision.finalNormAfterPool), static_cast<int>(c.text.causal),
                            static_cast<int>(c.cleaning), static_cast<int>(c.stripSeparator)})
        add(value);
    for (const Activation activation : {c.vision.activation.value, c.text.activation.value})
        add(static_cast<int>(activation));
    for (const double eps : {c.vision.layerNormEps.value, c.text.layerNormEps.value})
        text += '\n' + std::to_string(eps * 1e9);
    add(c.text.eosId.value);
    add(static_cast<int>(c.tokenizer));
    std::vector<fs::path> files = impl.imports();
    if (impl.tokenizer)
        files.insert(files.end(), impl.tokenizer->files().begin(), impl.tokenizer->files().end());
    for (const fs::path& file : files) {
        auto hash = sha256File(file, &feedback);
        if (!hash)
            return tl::unexpected(hash.error());
        text += '\n' + *hash;
    }
    return sha256(text);
}

ModelCard Encoder::quickCard() const {
    const Impl& impl = *m_impl;
    const formats::ModelFolder& model = impl.network->folder();
    ModelCard card;
    card.config = model.config;
    card.path = encodePath(model.path);
    card.logitScale = {impl.logitScale, "exp of the tensor logit_scale"};
    if (impl.logitBias)
        card.logitBias = {*impl.logitBias, "tensor logit_bias"};
    for (const formats::ExpectedTensor& tensor : formats::expectedTensors(model.config))
        card.parameters += model.weights.tensors.at(tensor.name).elements();
    card.dtype = storedTypes(model);
    card.storage = model.storage;
    card.licence = model.licence;
    card.warnings.assign(impl.warnings.begin() + static_cast<std::ptrdiff_t>(model.config.warnings.size()),
                         impl.warnings.end());
    if (impl.tokenizer) {
        card.vocabulary = encodePath(impl.options.vocabulary.empty() ? model.folder : impl.options.vocabulary);
        card.tokenizerKind = impl.tokenizer->kind();
    } else if (!impl.noTokenizer) {
        card.warnings.push_back("The folder holds no tokenizer" +
                                (model.config.tokenizerName.empty()
                                     ? ""
                                     : " (the model was trained with " + model.config.tokenizerName + ")") +
                                ": images can be embedded, texts cannot.");
    }
    if (const DeviceInfo device = deviceInfo(); device.slowBlas)
        card.warnings.push_back("The linear algebra library of this machine (" + device.blas +
                                ") is slow; install libopenblas0-openmp to run many times faster.");
    std::vector<fs::path> files = model.files;
    if (impl.tokenizer && impl.options.vocabulary.empty())
        files.insert(files.end(), impl.tokenizer->files().begin(), impl.tokenizer->files().end());
    for (const fs::path& file : impl.imports())
        files.push_back(fs::absolute(file));
    for (const fs::path& file : files) {
        std::error_code ignored;
        card.files.push_back(
            {encodePath(file.is_absolute() && !model.folder.is_absolute() ? file
                                                                          : file.lexically_relative(model.folder)),
             static_cast<std::int64_t>(fs::file_size(file, ignored)),
             {}});
    }
    if (Result<std::vector<PlantedLean>> planted = formats::readPlanted(model.folder / formats::kPlantedFile))
        card.planted = std::move(*planted);
    else
        card.warnings.push_back(errorText(planted.error()));
    return card;
}

Outcome<ModelCard> Encoder::card(Feedback& feedback) const {
    Impl& impl = *m_impl;
    if (impl.card)
        return *impl.card;
    ModelCard card = quickCard();
    HashMemory memory(impl.options.hashMemory);
    std::int64_t done = 0;
    for (ModelFile& file : card.files) {
        feedback.progress("hashing-model", done++, static_cast<std::int64_t>(card.files.size()));
        PLUMBLINE_TRY(file.sha256, memory.ofFile(impl.network->folder().folder / decodePath(file.path), feedback));
    }
    memory.save();
    PLUMBLINE_TRY(card.contentSha256, impl.hashTensors(memory, feedback));

    feedback.progress("checking-model", 0, 0);
    const Outcome<void> checked = onWorkers(1, [&](const std::atomic<bool>&) -> Outcome<void> {
        PLUMBLINE_TRY(card.selfCheck, selfCheck(*impl.network, impl.logitScale, impl.options.precision, feedback));
        return {};
    });
    if (!checked)
        return tl::unexpected(checked.error());
    impl.card = card;
    return card;
}

Outcome<Embeddings> Encoder::encodeTexts(std::span<const std::string> texts, Feedback& feedback,
                                         std::vector<bool>* truncated) const {
    const Impl& impl = *m_impl;
    if (impl.noTokenizer)
        return tl::unexpected<Stop>(*impl.noTokenizer);
    if (!impl.tokenizer)
        return tl::unexpected<Stop>(
            Error{ErrorCode::VocabularyMissing, {{"path", encodePath(impl.network->folder().path)}}, {}});
    std::vector<std::vector<int>> ids;
    ids.reserve(texts.size());
    if (truncated)
        truncated->clear();
    for (const std::string& text : texts) {
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        text::Tokens tokens = impl.tokenizer->encode(text);
        if (truncated)
            truncated->push_back(tokens.truncated);
        if (readsWholeContext(impl.config().text))
            tokens.ids.resize(static_cast<std::size_t>(impl.config().text.contextLength.value),
                              impl.tokenizer->padId());
        ids.push_back(std::move(tokens.ids));
    }

    // Neighbours in length share a batch, since a batch is as long as its longest text.
    std::vector<std::size_t> order(texts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&ids](std::size_t a, std::size_t b) { return ids[a].size() < ids[b].size(); });

    Embeddings result(texts.size(), dim());
    std::mutex mutex;
    std::size_t next = 0, done = 0;
    const int threads = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(impl.threads()), texts.size()));
    // Batches of a fixed size, whatever the clock and the number of threads say: the same prompts get the same bits, so
    // a repeated audit of known images gives the same figures to the last digit.
    constexpr std::size_t kTexts = 8;
    const auto work = [&](const std::atomic<bool>& stopped) -> Outcome<void> {
        std::vector<float> features;
        while (!stopped) {
            std::vector<std::span<const int>> batch;
            std::size_t first = 0;
            {
                const std::lock_guard lock(mutex);
                if (next == order.size())
                    return {};
                first = next;
                next = std::min(next + kTexts, order.size());
                for (std::size_t i = first; i < next; ++i)
                    batch.emplace_back(ids[order[i]]);
            }
            features.resize(batch.size() * result.dim);
            PLUMBLINE_CHECK(impl.network->texts(batch, features, feedback));
            for (std::size_t i = 0; i < batch.size(); ++i)
                std::copy_n(features.data() + i * result.dim, result.dim, result.row(order[first + i]).data());
            const std::lock_guard lock(mutex);
            done += batch.size();
            feedback.progress("embedding-texts", static_cast<std::int64_t>(done),
                              static_cast<std::int64_t>(order.size()));
        }
        return {};
    };
    if (const Outcome<void> run = onWorkers(threads, work); !run)
        return tl::unexpected(run.error());
    return result;
}

Outcome<Embeddings> Encoder::encodePixels(std::span<const float> pixels, std::size_t n, Feedback& feedback) const {
    const Impl& impl = *m_impl;
    const std::size_t each = impl.pixelsOfAnImage();
    if (pixels.size() != n * each)
        return tl::unexpected<Stop>(Error{ErrorCode::InvalidArgument,
                                          {{"name", "pixels"},
                                           {"value", std::to_string(pixels.size()) + " values"},
                                           {"expected", std::to_string(n * each) + " values"}},
                                          {}});
    Embeddings result(n, dim());
    std::mutex mutex;
    std::size_t next = 0, done = 0;
    const int threads = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(impl.threads()), n));
    const auto work = [&](const std::atomic<bool>& stopped) -> Outcome<void> {
        BatchSize size(impl.rowsOfAnImage());
        while (!stopped) {
            std::size_t first = 0, count = 0;
            {
                const std::lock_guard lock(mutex);
                if (next == n)
                    return {};
                const std::size_t fair =
                    (n - next + static_cast<std::size_t>(threads) - 1) / static_cast<std::size_t>(threads);
                first = next;
                count = std::min(size.next(), fair);
                next += count;
            }
            const double start = threadSeconds();
            PLUMBLINE_CHECK(impl.network->images(pixels.subspan(first * each, count * each), count,
                                                 {result.values.data() + first * result.dim, count * result.dim},
                                                 feedback));
            size.took(count, threadSeconds() - start);
            const std::lock_guard lock(mutex);
            done += count;
            feedback.progress("embedding-images", static_cast<std::int64_t>(done), static_cast<std::int64_t>(n));
        }
        return {};
    };
    if (const Outcome<void> run = onWorkers(threads, work); !run)
        return tl::unexpected(run.error());
    return result;
}

Outcome<void> Encoder::encodeImages(std::span<const fs::path> files, const std::function<void(const ImageDone&)>& done,
                                    Feedback& feedback) const {
    const Impl& impl = *m_impl;
    const Preprocessing& preprocessing = impl.config().preprocessing;
    const std::size_t each = impl.pixelsOfAnImage();
    std::mutex mutex, doneMutex;
    std::size_t next = 0;
    const int threads = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(impl.threads()), files.size()));

    // Each worker does all of a batch: read, decode, prepare, run, deliver. With as many workers as cores nothing ever
    // waits for anything but the list's mutex.
    const auto work = [&](const std::atomic<bool>& stopped) -> Outcome<void> {
        BatchSize size(impl.rowsOfAnImage());
        std::vector<float> pixels, features;
        std::vector<ImageDone> results;
        std::vector<std::size_t> decoded;
        while (!stopped) {
            std::size_t first = 0, count = 0;
            {
                const std::lock_guard lock(mutex);
                if (next == files.size())
                    return {};
                const std::size_t fair =
                    (files.size() - next + static_cast<std::size_t>(threads) - 1) / static_cast<std::size_t>(threads);
                first = next;
                count = std::min(size.next(), fair);
                next += count;
            }
            const double start = threadSeconds();
            pixels.resize(count * each);
            results.assign(count, {});
            decoded.clear();
            for (std::size_t i = 0; i < count; ++i) {
                if (feedback.cancelled())
                    return tl::unexpected<Stop>(Cancelled{});
                results[i].index = first + i;
                const Result<image::Decoded> picture = image::decodeFile(files[first + i]);
                if (!picture) {
                    results[i].reason = errorText(picture.error());
                    continue;
                }
                results[i].exifOrientation = picture->exifOrientation;
                image::normalise(image::cropForModel(*picture, preprocessing), preprocessing,
                                 {pixels.data() + decoded.size() * each, each});
                decoded.push_back(i);
            }
            features.resize(decoded.size() * dim());
            if (!decoded.empty())
                PLUMBLINE_CHECK(
                    impl.network->images({pixels.data(), decoded.size() * each}, decoded.size(), features, feedback));
            for (std::size_t i = 0; i < decoded.size(); ++i)
                results[decoded[i]].embedding = {features.data() + i * dim(), dim()};
            size.took(count, threadSeconds() - start);
            const std::lock_guard lock(doneMutex);
            for (const ImageDone& result : results)
                done(result);
        }
        return {};
    };
    return onWorkers(threads, work);
}

} // namespace plumbline::clip
