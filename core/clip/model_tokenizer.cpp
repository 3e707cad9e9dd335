// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/model_tokenizer.h"

#include "core/base/path.h"

namespace plumbline::clip {

Result<std::optional<text::Tokenizer>> tokenizerOf(const formats::ModelFolder& model,
                                                   const std::filesystem::path& vocabulary,
                                                   std::vector<std::string>& warnings) {
    const std::filesystem::path& source = vocabulary.empty() ? model.folder : vocabulary;
    if (vocabulary.empty() && !text::hasTokenizer(model.folder))
        return std::nullopt;
    const ModelConfig& config = model.config;
    text::TokenizerOptions options;
    options.rules = config.tokenizer;
    options.contextLength = config.text.contextLength.value;
    options.cleaning = config.cleaning;
    options.stripSeparator = config.stripSeparator;
    PLUMBLINE_TRY(text::Tokenizer tokenizer, text::Tokenizer::load(source, options));

    const auto invalid = [&source](std::string reason) {
        return fail(ErrorCode::VocabularyInvalid, {{"path", encodePath(source)}, {"reason", std::move(reason)}});
    };
    const bool clip = tokenizer.kind().starts_with("CLIP BPE");
    if (clip && !config.clipTokenizer)
        return invalid("it is CLIP's own, and this model was trained with " +
                       (config.tokenizerName.empty() ? std::string("another tokenizer")
                                                     : "the tokenizer " + config.tokenizerName));
    if (!clip && config.clipTokenizer)
        return invalid("it is not CLIP's own (" + tokenizer.kind() + "), with which this model was trained");
    const int known = config.text.vocabSize.value;
    if (tokenizer.vocabularySize() > known)
        return invalid("it has " + std::to_string(tokenizer.vocabularySize()) + " entries, and the network knows " +
                       std::to_string(known));
    if (clip && tokenizer.vocabularySize() < known)
        warnings.push_back("The tokenizer has " + std::to_string(tokenizer.vocabularySize()) +
                           " entries, but the network knows " + std::to_string(known) +
                           ": it may belong to another model.");
    if (config.text.pooling.value == TextPooling::FirstEos && config.text.eosId.value != tokenizer.eos())
        warnings.push_back("The configuration says that texts end with the id " +
                           std::to_string(config.text.eosId.value) + ", but the vocabulary ends them with " +
                           std::to_string(tokenizer.eos()) + ": text embeddings will be meaningless.");
    warnings.insert(warnings.end(), tokenizer.warnings().begin(), tokenizer.warnings().end());
    return std::optional(std::move(tokenizer));
}

} // namespace plumbline::clip
