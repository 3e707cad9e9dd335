// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become a vocabulary; split at the first zero byte into vocab.json and
// merges.txt, and as a whole as a packed list.
#include <algorithm>

#include "core/formats/vocabulary.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto* end = data + size;
    const auto* zero = std::find(data, end, 0);
    const auto folder = fuzz::inputFile("vocab.json", data, static_cast<std::size_t>(zero - data)).parent_path();
    fuzz::inputFile("merges.txt", zero, static_cast<std::size_t>(end - zero));
    for (const auto& path : {folder, fuzz::inputFile("input.gz", data, size)}) {
        const auto vocabulary = formats::readVocabulary(path);
        if (vocabulary && (vocabulary->bos < 0 || vocabulary->eos < 0 || vocabulary->bos == vocabulary->eos))
            std::abort();
    }
    return 0;
}
