// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become a tokenizer that encodes, under each of the names by which a
// SentencePiece model without settings is read in one way or another.
#include <array>

#include "tests/fuzz/fuzz_encode.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    for (const char* name : {"spiece.model", "tokenizer.model", "sentencepiece.bpe.model"}) {
        const auto file = fuzz::inputFile(name, data, size);
        if (const auto tokenizer = text::Tokenizer::load(file, {}))
            fuzz::encodeAFew(*tokenizer, {reinterpret_cast<const char*>(data), size});
    }
    return 0;
}
