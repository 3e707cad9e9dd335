// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text/subword.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <string>
#include <tuple>

namespace plumbline::text {

Prefixes::Prefixes(std::vector<std::pair<std::string_view, int>> entries) {
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    struct Open {
        std::size_t begin, end; // of the entries below this node
    };
    std::vector<Open> open = {{0, entries.size()}};
    m_nodes.emplace_back();
    m_labels.push_back(0);
    // Level by level: a node's children are appended together. Entries of one length come first, as they are sorted.
    std::size_t node = 0, levelEnd = 1;
    for (std::size_t depth = 0; node < m_nodes.size(); ++depth, levelEnd = m_nodes.size())
        for (; node < levelEnd; ++node) {
            auto [begin, end] = open[node];
            while (begin < end && entries[begin].first.size() == depth) {
                if (depth > 0 && m_nodes[node].number < 0)
                    m_nodes[node].number = entries[begin].second;
                ++begin;
            }
            m_nodes[node].firstChild = static_cast<std::uint32_t>(m_nodes.size());
            while (begin < end) {
                const char label = entries[begin].first[depth];
                std::size_t next = begin;
                while (next < end && entries[next].first[depth] == label)
                    ++next;
                m_nodes.emplace_back();
                m_labels.push_back(static_cast<unsigned char>(label));
                open.push_back({begin, next});
                ++m_nodes[node].children;
                begin = next;
            }
        }
}

Prefixes::Prefixes(const formats::TokenIds& ids)
    : Prefixes([&ids] {
          std::vector<std::pair<std::string_view, int>> entries;
          entries.reserve(ids.size());
          for (const auto& [text, id] : ids)
              entries.emplace_back(text, id);
          return entries;
      }()) {
}

std::uint32_t Prefixes::child(std::uint32_t node, unsigned char label) const {
    const auto begin = m_labels.begin() + m_nodes[node].firstChild, end = begin + m_nodes[node].children;
    const auto found = std::lower_bound(begin, end, label);
    return found != end && *found == label ? static_cast<std::uint32_t>(found - m_labels.begin()) : 0;
}

std::array<int, 256> bytePieces(const formats::TokenIds& ids) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::array<int, 256> pieces{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        const auto found = ids.find(std::string("<0x") + kHex[byte >> 4] + kHex[byte & 15U] + '>');
        pieces[byte] = found == ids.end() ? -1 : found->second;
    }
    return pieces;
}

std::size_t characterLength(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    return std::min(length, text.size());
}

UnigramEncoder::UnigramEncoder(formats::UnigramModel model)
    : m_model(std::move(model)), m_pieces(m_model.ids), m_bytes(bytePieces(m_model.ids)) {
    constexpr double kPenalty = 10; // of the reference
    m_unknownScore = *std::min_element(m_model.scores.begin(), m_model.scores.end()) - kPenalty;
}

void UnigramEncoder::encode(std::string_view text, std::vector<int>& ids) const {
    std::vector<PathNode> ends(text.size() + 1);
    const auto offer = [&ends](std::size_t start, std::size_t end, double score, int id) {
        PathNode& node = ends[end];
        if (node.id < 0 || score > node.score)
            node = {score, start, id};
    };
    for (std::size_t start = 0; start < text.size();) {
        const std::string_view rest = text.substr(start);
        const double before = ends[start].score;
        const std::size_t character = characterLength(rest);
        bool known = false;
        m_pieces.each(rest, [&](std::size_t length, int id) {
            offer(start, start + length, m_model.scores[static_cast<std::size_t>(id)] + before, id);
            known = known || length == character;
        });
        if (!known)
            offer(start, start + character, m_unknownScore + before, m_model.unknownId);
        start += character;
    }
    const std::size_t first = ids.size();
    // From the end to the beginning; the ids are turned around at the last.
    for (std::size_t end = text.size(); end > 0;) {
        std::size_t start = ends[end].start;
        if (ends[end].id != m_model.unknownId) {
            ids.push_back(ends[end].id);
            end = start;
            continue;
        }
        while (start > 0 && ends[start].id == m_model.unknownId)
            start = ends[start].start;
        const std::string_view unknown = text.substr(start, end - start);
        end = start;
        // The reference looks the joined text up, and may find it.
        if (const auto found = m_model.ids.find(unknown); found != m_model.ids.end()) {
            ids.push_back(found->second);
        } else if (m_model.byteFallback && std::all_of(unknown.begin(), unknown.end(), [this](char byte) {
                       return m_bytes[static_cast<unsigned char>(byte)] >= 0;
                   })) {
            for (auto byte = unknown.rbegin(); byte != unknown.rend(); ++byte)
                ids.push_back(m_bytes[static_cast<unsigned char>(*byte)]);
        } else {
            ids.push_back(m_model.unknownId);
        }
    }
    std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(first), ids.end());
}

BpeEncoder::BpeEncoder(formats::BpeModel model) : m_model(std::move(model)), m_bytes(bytePieces(m_model.ids)) {
}

void BpeEncoder::encode(std::string_view text, std::vector<int>& ids) const {
    if (text.empty())
        return;
    if (m_model.ignoreMerges)
        if (const auto whole = m_model.ids.find(text); whole != m_model.ids.end()) {
            ids.push_back(whole->second);
            return;
        }
    std::vector<int> symbols;
    symbols.reserve(text.size());
    bool pending = false; // an unknown character that may be joined with the next
    while (!text.empty()) {
        const std::string_view character = text.substr(0, characterLength(text));
        text.remove_prefix(character.size());
        if (const auto found = m_model.ids.find(character); found != m_model.ids.end()) {
            if (pending)
                symbols.push_back(m_model.unknownId);
            pending = false;
            symbols.push_back(found->second);
        } else if (m_model.byteFallback && std::all_of(character.begin(), character.end(), [this](char byte) {
                       return m_bytes[static_cast<unsigned char>(byte)] >= 0;
                   })) {
            // The reference leaves what is pending pending, behind these bytes.
            for (const char byte : character)
                symbols.push_back(m_bytes[static_cast<unsigned char>(byte)]);
        } else if (m_model.unknownId >= 0) {
            if (pending && !m_model.fuseUnknown)
                symbols.push_back(m_model.unknownId);
            pending = true;
        }
    }
    if (pending)
        symbols.push_back(m_model.unknownId);
    join(std::move(symbols), ids);
}

void BpeEncoder::join(std::vector<int> symbols, std::vector<int>& ids) const {
    struct Candidate {
        int rank, joined;
        std::size_t at;
        bool operator>(const Candidate& other) const { return std::tie(rank, at) > std::tie(other.rank, other.at); }
    };
    constexpr auto kNone = std::numeric_limits<std::size_t>::max();
    const std::size_t n = symbols.size();
    std::vector<std::size_t> previous(n), next(n);
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
    const auto mergeAt = [&](std::size_t at) -> const formats::BpeModel::Merge* {
        if (at == kNone || symbols[at] < 0 || next[at] == kNone)
            return nullptr;
        const auto found = m_model.merges.find(formats::BpeModel::pair(symbols[at], symbols[next[at]]));
        return found == m_model.merges.end() ? nullptr : &found->second;
    };
    const auto offer = [&](std::size_t at) {
        if (const auto* merge = mergeAt(at))
            queue.push({merge->rank, merge->joined, at});
    };
    for (std::size_t i = 0; i < n; ++i) {
        previous[i] = i == 0 ? kNone : i - 1;
        next[i] = i + 1 == n ? kNone : i + 1;
    }
    for (std::size_t i = 0; i + 1 < n; ++i)
        offer(i);
    while (!queue.empty()) {
        const Candidate best = queue.top();
        queue.pop();
        const auto* merge = mergeAt(best.at);
        if (!merge || merge->joined != best.joined)
            continue; // an earlier join has taken one of the two
        const std::size_t right = next[best.at];
        symbols[best.at] = best.joined;
        symbols[right] = -1;
        next[best.at] = next[right];
        if (next[right] != kNone)
            previous[next[right]] = best.at;
        offer(previous[best.at]);
        offer(best.at);
    }
    for (std::size_t i = 0; i < n; i = next[i]) {
        ids.push_back(symbols[i]);
        if (next[i] == kNone)
            return;
    }
}

void WordPieceEncoder::encode(std::string_view word, std::vector<int>& ids) const {
    const auto characters = static_cast<std::size_t>(std::count_if(
        word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    const std::size_t first = ids.size();
    std::string piece;
    for (std::string_view rest = word; characters <= m_model.longestWord && !rest.empty();) {
        std::size_t length = rest.size();
        auto found = m_model.ids.end();
        for (; length > 0; --length) {
            if (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0U) == 0x80U)
                continue; // inside of a character
            piece.assign(rest.size() == word.size() ? "" : m_model.prefix).append(rest.substr(0, length));
            found = m_model.ids.find(piece);
            if (found != m_model.ids.end())
                break;
        }
        if (length == 0)
            break;
        ids.push_back(found->second);
        rest.remove_prefix(length);
        if (rest.empty())
            return;
    }
    ids.resize(first); // one part that is unknown makes the whole word unknown
    if (!word.empty())
        ids.push_back(m_model.unknownId);
}

} // namespace plumbline::text
