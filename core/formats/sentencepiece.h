// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace plumbline::formats {

/// A SentencePiece model (sentencepiece_model.proto) as far as encoding a text needs it.
struct SentencePieceModel {
    enum class Algorithm { Unigram = 1, Bpe = 2 };
    enum class Kind { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };
    struct Piece {
        std::string text;
        float score = 0;
        Kind kind = Kind::Normal;
    };
    Algorithm algorithm = Algorithm::Unigram;
    std::vector<Piece> pieces; ///< by id; texts differ and are UTF-8, scores are finite
    int unknownId = 0;         ///< the one piece of kind Unknown
    bool byteFallback = false; ///< then each of the 256 bytes has its piece
    bool spaceAsSuffix = false;
    std::string charsmap; ///< the packed character map; may be empty
    bool addDummyPrefix = true, removeExtraSpaces = true, escapeSpaces = true;
};

/// Reads a .model file. It is a protocol buffer; only the wire format is read, by ourselves (core/text/README.md says
/// why). Fields that do not change ids are passed over. Errors: FileNotFound, FileUnreadable, VocabularyInvalid.
Result<SentencePieceModel> readSentencePiece(const std::filesystem::path& path);

} // namespace plumbline::formats
