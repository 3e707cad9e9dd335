// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become a tokenizer that encodes. Zero bytes part tokenizer.json
// from tokenizer_config.json, and that from a text.
#include <algorithm>

#include "tests/fuzz/fuzz_encode.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto* end = data + size;
    const auto* first = std::find(data, end, 0);
    const auto* second = std::find(first == end ? end : first + 1, end, 0);
    const auto folder = fuzz::inputFile("tokenizer.json", data, static_cast<std::size_t>(first - data)).parent_path();
    const auto* config = first == end ? end : first + 1;
    // Without settings there is no file at all.
    std::filesystem::remove(folder / "tokenizer_config.json");
    if (config != second)
        fuzz::inputFile("tokenizer_config.json", config, static_cast<std::size_t>(second - config));
    text::TokenizerOptions options;
    options.stripSeparator = size % 2 != 0;
    options.cleaning = size % 3 == 0 ? TextCleaning::Canonicalize : TextCleaning::None;
    if (const auto tokenizer = text::Tokenizer::load(folder, options))
        fuzz::encodeAFew(*tokenizer, {reinterpret_cast<const char*>(second), static_cast<std::size_t>(end - second)});
    return 0;
}
