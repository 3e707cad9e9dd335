// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/formats/tokenizer_json.h"

namespace plumbline::text {

/// Which of many texts a text begins with. A trie by bytes whose nodes lie in arrays, the children of a node side by
/// side.
class Prefixes {
public:
    Prefixes() : Prefixes(std::vector<std::pair<std::string_view, int>>()) {}
    /// Texts and their numbers; of equal texts the first counts, empty ones are left out.
    explicit Prefixes(std::vector<std::pair<std::string_view, int>> entries);
    explicit Prefixes(const formats::TokenIds& ids);

    /// Calls `found(length, number)` for each of the texts that `text` begins with, the shortest first.
    template <class F>
    void each(std::string_view text, F found) const {
        std::uint32_t node = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            node = child(node, static_cast<unsigned char>(text[i]));
            if (node == 0)
                return;
            if (m_nodes[node].number >= 0)
                found(i + 1, m_nodes[node].number);
        }
    }

private:
    struct Node {
        std::uint32_t firstChild = 0;
        std::uint16_t children = 0;
        int number = -1;
    };
    std::uint32_t child(std::uint32_t node, unsigned char label) const;

    std::vector<Node> m_nodes;
    std::vector<unsigned char> m_labels; ///< by node
};

/// The pieces "<0x00>" to "<0xFF>": what a character becomes that the vocabulary lacks. -1: there is none.
std::array<int, 256> bytePieces(const formats::TokenIds& ids);

/// Number of bytes of the UTF-8 character that `text` begins with (at least 1, at most what is there).
std::size_t characterLength(std::string_view text);

/// The best way through a text, by Viterbi's algorithm.
struct PathNode {
    double score = 0;
    std::size_t start = 0; ///< of the piece that ends here
    int id = -1;           ///< -1: nothing ends here
};

/// The tokenizers package's Unigram model: scores in double precision, unknown characters side by side are one token.
class UnigramEncoder {
public:
    explicit UnigramEncoder(formats::UnigramModel model);
    void encode(std::string_view text, std::vector<int>& ids) const;

private:
    formats::UnigramModel m_model;
    Prefixes m_pieces;
    std::array<int, 256> m_bytes;
    double m_unknownScore;
};

/// Its BPE model: characters, or bytes where they fail, joined again and again at the pair of lowest rank, of equals
/// the leftmost.
class BpeEncoder {
public:
    explicit BpeEncoder(formats::BpeModel model);
    void encode(std::string_view text, std::vector<int>& ids) const;

private:
    void join(std::vector<int> symbols, std::vector<int>& ids) const;

    formats::BpeModel m_model;
    std::array<int, 256> m_bytes;
};

/// Its WordPiece model: the longest piece first.
class WordPieceEncoder {
public:
    explicit WordPieceEncoder(formats::WordPieceModel model) : m_model(std::move(model)) {}
    void encode(std::string_view word, std::vector<int>& ids) const;

private:
    formats::WordPieceModel m_model;
};

} // namespace plumbline::text
