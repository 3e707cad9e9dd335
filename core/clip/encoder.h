// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/data/embeddings.h"
#include "core/data/image_set.h"
#include "core/data/model_info.h"
#include "core/formats/debias_import.h"
#include "core/text/tokenizer.h"

namespace plumbline::clip {

enum class Precision { Fp32, Bf16 };

struct EncoderOptions {
    std::filesystem::path vocabulary;   ///< empty: the model folder's own
    std::filesystem::path promptArray;  ///< a learned prompt array to put before every text (formats::readPromptArray)
    std::filesystem::path residualHead; ///< heads to pass embeddings through (formats::readResidualHead)
    std::filesystem::path hashMemory;   ///< a file that keeps the hashes of large files (HashMemory); empty: none
    Precision precision = Precision::Fp32;
    int threads = 0; ///< 0: all cores
};

/// What the engine runs on, for provenance and warnings.
struct DeviceInfo {
    std::string torch, blas; ///< versions
    int cores = 0;
    double gflops = 0;     ///< of a short float32 matrix product, measured once
    bool slowBlas = false; ///< the reference BLAS or slower
};
DeviceInfo deviceInfo();

/// A loaded CLIP: image and text tower, preprocessing and tokenizer. No LibTorch type appears here.
/// Methods may be called from one thread at a time; they use `threads` worker threads inside.
class Encoder {
public:
    /// Loads and checks a model, in any layout that formats::readModelFolder reads. Errors: those of it and of
    /// tokenizerOf, OutOfMemory. A model without a tokenizer loads; texts are then an error.
    static Outcome<std::unique_ptr<Encoder>> load(const std::filesystem::path& model, const EncoderOptions& options,
                                                  Feedback& feedback);
    ~Encoder();

    /// The same model, read again with the same options, with this array of prompt tokens before every text. Errors:
    /// those of load; InvalidArgument where it has an array already, or one of another width is given.
    Outcome<std::unique_ptr<Encoder>> withPromptArray(const formats::PromptArray& array, Feedback& feedback) const;

    /// The provenance card without what takes time: no hashes, no self-check.
    ModelCard quickCard() const;
    /// The whole card; hashes of all files, the content hash and the self-check are computed by the first call.
    Outcome<ModelCard> card(Feedback& feedback) const;
    /// The card's content hash alone.
    Outcome<std::string> tensorsSha256(Feedback& feedback) const;
    /// Hash of configuration, tokenizer and tensors: the model part of the cache key. Computed by the first call.
    Outcome<std::string> contentSha256(Feedback& feedback) const;

    /// What it was loaded from, and how.
    const std::filesystem::path& path() const;
    const EncoderOptions& options() const;
    const ModelConfig& config() const;
    /// What is odd about the configuration, the tokenizer and what was put beside them: one sentence each.
    const std::vector<std::string>& warnings() const;
    std::size_t dim() const;
    double logitScale() const;
    bool hasTokenizer() const;
    /// Only when hasTokenizer().
    const text::Tokenizer& tokenizer() const;

    /// One embedding (raw) for each text. Errors: VocabularyMissing; Cancelled.
    /// truncated, if given, receives whether each text was cut.
    Outcome<Embeddings> encodeTexts(std::span<const std::string> texts, Feedback& feedback,
                                    std::vector<bool>* truncated = nullptr) const;

    /// Raw embeddings of preprocessed pixels [n, 3, size, size]. Cancelled.
    Outcome<Embeddings> encodePixels(std::span<const float> pixels, std::size_t n, Feedback& feedback) const;

    /// One finished image: its embedding (raw, D values), or why there is none.
    struct ImageDone {
        std::size_t index = 0;            ///< into the list that was given
        std::span<const float> embedding; ///< empty when it failed
        std::string reason;               ///< why it failed, one sentence
        int exifOrientation = 1;
    };
    /// Decodes, preprocesses and encodes files; `done` is called under a lock, in any order, soon after each batch.
    /// Batches are sized by time so that cancel holds within a second. One bad image never ends the run.
    Outcome<void> encodeImages(std::span<const std::filesystem::path> files,
                               const std::function<void(const ImageDone&)>& done, Feedback& feedback) const;

private:
    Encoder();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace plumbline::clip
