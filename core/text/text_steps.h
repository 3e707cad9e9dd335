// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "core/formats/tokenizer_json.h"
#include "core/text/charsmap.h"

namespace plumbline::text {

/// A stretch of a text on its way to the model, in UTF-8.
struct Part {
    std::string text;
    bool atStart = false; ///< its first character is the text's own first character
    int id = -1;          ///< an added token: the text is done
};

/// The normalisers of a tokenizer.json, one after the other.
class Normalisers {
public:
    /// Unpacks the character maps among them; the error is a reason.
    static tl::expected<Normalisers, std::string> make(std::vector<formats::Normaliser> steps);
    Part apply(Part part) const;

private:
    void apply(const formats::Normaliser& step, Part& part, std::size_t& map) const;

    std::vector<formats::Normaliser> m_steps;
    std::vector<Charsmap> m_maps; ///< in the order of the steps that have one
};

/// What the pre-tokenizers of a tokenizer.json make of a text, one after the other.
std::vector<Part> preTokenised(const std::vector<formats::PreTokenizer>& steps, Part whole);

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>; // clang 14 does not find it by itself

} // namespace plumbline::text
