// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/sentencepiece.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "core/base/path.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace {

constexpr std::size_t kLargestFile = std::size_t{32} << 20; // mT5's is 4.3 MB, Gemma's 4.2 MB
constexpr std::size_t kMostPieces = 1'000'000;              // XLM-V has 901,629
constexpr std::size_t kLongestPiece =
    1024; // bytes; SentencePiece itself trains pieces of at most a few dozen characters

enum class Wire { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// One field of a message.
struct Field {
    std::uint64_t number = 0;
    Wire wire = Wire::Varint;
    std::uint64_t value = 0; ///< of the numeric wire types
    std::string_view bytes;
};

/// Walks over the fields of a message in the protocol buffers' wire format.
class Fields {
public:
    explicit Fields(std::string_view message) : m_rest(message) {}

    /// The next field; nothing at the end and where the bytes are none (then `broken`).
    std::optional<Field> next() {
        if (m_rest.empty())
            return std::nullopt;
        Field field;
        std::uint64_t tag = 0;
        if (!varint(tag) || tag >> 3 == 0)
            return stop();
        field.number = tag >> 3;
        switch (tag & 7) {
        case 0:
            return varint(field.value) ? std::optional(field) : stop();
        case 1:
            field.wire = Wire::Fixed64;
            return fixed(8, field.value) ? std::optional(field) : stop();
        case 2: {
            field.wire = Wire::Bytes;
            std::uint64_t length = 0;
            if (!varint(length) || length > m_rest.size())
                return stop();
            field.bytes = m_rest.substr(0, length);
            m_rest.remove_prefix(length);
            return field;
        }
        case 5:
            field.wire = Wire::Fixed32;
            return fixed(4, field.value) ? std::optional(field) : stop();
        default:
            return stop(); // groups, which nobody writes any more
        }
    }
    bool broken() const { return m_broken; }

private:
    std::nullopt_t stop() {
        m_broken = true;
        return std::nullopt;
    }
    bool varint(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && !m_rest.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(m_rest.front());
            m_rest.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if ((byte & 0x80U) == 0)
                return true;
        }
        return false;
    }
    bool fixed(std::size_t size, std::uint64_t& value) {
        if (m_rest.size() < size)
            return false;
        value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(m_rest[i])) << (8 * i);
        m_rest.remove_prefix(size);
        return true;
    }

    std::string_view m_rest;
    bool m_broken = false;
};

/// Reads the file into a model; `reason` says why not.
class Reader {
public:
    SentencePieceModel model;
    std::string reason;

    bool read(std::string_view bytes) {
        Fields fields(bytes);
        while (const auto field = fields.next()) {
            if (field->wire != Wire::Bytes)
                return stop("it is not a SentencePiece model");
            const bool fine = field->number == 1   ? piece(field->bytes)
                              : field->number == 2 ? training(field->bytes)
                              : field->number == 3 ? normalisation(field->bytes)
                                                   : true;
            if (!fine)
                return false;
        }
        if (fields.broken())
            return stop("it is not a SentencePiece model, or breaks off");
        return check();
    }

private:
    bool stop(std::string why) {
        reason = std::move(why);
        return false;
    }

    bool piece(std::string_view bytes) {
        if (model.pieces.size() == kMostPieces)
            return stop("it holds more than " + std::to_string(kMostPieces) + " pieces");
        const std::string name = "the piece " + std::to_string(model.pieces.size());
        SentencePieceModel::Piece piece;
        Fields fields(bytes);
        while (const auto field = fields.next()) {
            if (field->number == 1 && field->wire == Wire::Bytes)
                piece.text = field->bytes;
            else if (field->number == 2 && field->wire == Wire::Fixed32)
                piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field->value));
            else if (field->number == 3 && field->wire == Wire::Varint) {
                if (field->value < 1 || field->value > 6)
                    return stop(name + " is of a kind that is not known (" + std::to_string(field->value) + ")");
                piece.kind = static_cast<SentencePieceModel::Kind>(field->value);
            }
        }
        if (fields.broken())
            return stop(name + " is broken");
        if (piece.text.empty() || piece.text.size() > kLongestPiece)
            return stop(name + (piece.text.empty() ? " is empty"
                                                   : " is longer than " + std::to_string(kLongestPiece) + " bytes"));
        if (!isUtf8(piece.text))
            return stop(name + " is not UTF-8");
        if (!std::isfinite(piece.score))
            return stop("the score of " + name + " is not a number");
        model.pieces.push_back(std::move(piece));
        return true;
    }

    bool training(std::string_view bytes) {
        Fields fields(bytes);
        while (const auto field = fields.next()) {
            if (field->wire != Wire::Varint)
                continue;
            if (field->number == 3) {
                if (field->value != 1 && field->value != 2)
                    return stop(field->value == 3 || field->value == 4
                                    ? "it splits texts into words or characters, which is not supported"
                                    : "its algorithm is not known (" + std::to_string(field->value) + ")");
                model.algorithm = static_cast<SentencePieceModel::Algorithm>(field->value);
            } else if (field->number == 24) {
                model.spaceAsSuffix = field->value != 0;
            } else if (field->number == 35) {
                model.byteFallback = field->value != 0;
            }
        }
        return !fields.broken() || stop("its training settings are broken");
    }

    bool normalisation(std::string_view bytes) {
        Fields fields(bytes);
        while (const auto field = fields.next()) {
            if (field->number == 2 && field->wire == Wire::Bytes)
                model.charsmap = field->bytes;
            else if (field->wire != Wire::Varint)
                continue;
            else if (field->number == 3)
                model.addDummyPrefix = field->value != 0;
            else if (field->number == 4)
                model.removeExtraSpaces = field->value != 0;
            else if (field->number == 5)
                model.escapeSpaces = field->value != 0;
        }
        return !fields.broken() || stop("its normalisation settings are broken");
    }

    bool check() {
        using Kind = SentencePieceModel::Kind;
        if (model.pieces.empty())
            return stop("it holds no pieces");
        std::unordered_set<std::string_view> seen;
        std::size_t bytes = 0;
        int unknown = -1;
        for (std::size_t id = 0; id < model.pieces.size(); ++id) {
            const SentencePieceModel::Piece& piece = model.pieces[id];
            if (!seen.insert(piece.text).second)
                return stop("the piece “" + encodeName(piece.text) + "” is listed twice");
            if (piece.kind == Kind::Byte)
                ++bytes;
            if (piece.kind != Kind::Unknown)
                continue;
            if (unknown >= 0)
                return stop("two pieces stand for what is unknown: " + std::to_string(unknown) + " and " +
                            std::to_string(id));
            unknown = static_cast<int>(id);
        }
        if (unknown < 0)
            return stop("no piece stands for what is unknown");
        model.unknownId = unknown;
        if (model.byteFallback && bytes != 256)
            return stop("it falls back on bytes, but has " + std::to_string(bytes) + " of their 256 pieces");
        return true;
    }
};

} // namespace

Result<SentencePieceModel> readSentencePiece(const std::filesystem::path& path) {
    PLUMBLINE_TRY(const std::string bytes, readFile(path, kLargestFile));
    Reader reader;
    if (!reader.read(bytes))
        return fail(ErrorCode::VocabularyInvalid, {{"path", encodePath(path)}, {"reason", std::move(reader.reason)}});
    return std::move(reader.model);
}

} // namespace plumbline::formats
