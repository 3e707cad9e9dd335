// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become captions that each belong to an image of the list, as
// Karpathy's JSON and as CSV.
#include <algorithm>

#include "core/formats/caption_list.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    for (const char* name : {"input.json", "input.csv"})
        for (const char* split : {"", "test"}) {
            Feedback feedback;
            const auto list = formats::readCaptionList(fuzz::inputFile(name, data, size), split, feedback);
            if (!list)
                continue;
            if (list->captions.empty() || list->imageOfCaption.size() != list->captions.size() ||
                std::ranges::any_of(list->imageOfCaption, [&](std::uint32_t i) { return i >= list->images.size(); }))
                std::abort();
            const auto rows = formats::rowsOfImages(*list, list->images);
            for (std::size_t i = 0; i < rows.size(); ++i)
                if (!rows[i] || list->images[*rows[i]] != list->images[i])
                    std::abort();
        }
    return 0;
}
