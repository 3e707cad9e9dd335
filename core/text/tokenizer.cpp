// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/tokenizer.h"

#include <algorithm>
#include <iterator>

#include "core/text/clean.h"
#include "core/text/tokenizer_impl.h"

namespace plumbline::text {

Tokens fitted(const std::vector<int>& before, std::vector<int> ids, const std::vector<int>& after, int contextLength) {
    const auto limit = static_cast<std::size_t>(std::max(contextLength, 0));
    const std::size_t around = before.size() + after.size();
    Tokens tokens;
    tokens.untruncated = ids.size() + around;
    tokens.truncated = tokens.untruncated > limit;
    if (tokens.truncated)
        ids.resize(std::min(ids.size(), limit - std::min(limit, around)));
    tokens.ids = before;
    tokens.ids.insert(tokens.ids.end(), ids.begin(), ids.end());
    tokens.ids.insert(tokens.ids.end(), after.begin(), after.end());
    return tokens;
}

Tokenizer::Tokenizer(formats::Vocabulary vocabulary, TokenizerRules rules, int contextLength)
    : Tokenizer(makeClip(vocabulary, rules, contextLength)) {
}
Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {
}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Tokens Tokenizer::encode(std::string_view text) const {
    Tokens tokens = m_impl->cleaning == TextCleaning::None
                        ? m_impl->encode(text)
                        : m_impl->encode(encodeUtf8(cleanAsOpenClip(decodeUtf8(text), m_impl->cleaning)));
    if (m_impl->separator >= 0)
        std::replace(tokens.ids.begin(), tokens.ids.end(), m_impl->separator, 0);
    return tokens;
}

int Tokenizer::contextLength() const {
    return m_impl->contextLength;
}
int Tokenizer::vocabularySize() const {
    return m_impl->size;
}
int Tokenizer::eos() const {
    return m_impl->eos;
}
int Tokenizer::padId() const {
    return m_impl->padId;
}
const std::string& Tokenizer::kind() const {
    return m_impl->kind;
}
const std::vector<std::filesystem::path>& Tokenizer::files() const {
    return m_impl->files;
}
const std::vector<std::string>& Tokenizer::warnings() const {
    return m_impl->warnings;
}

} // namespace plumbline::text
