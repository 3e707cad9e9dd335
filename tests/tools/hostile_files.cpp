// SPDX-License-Identifier: GPL-3.0-or-later
// Writes one hostile model into an empty folder, or, without arguments, lists them; for tests/bench/hostile_files.sh.
// "0" is a good one: what the others are compared with.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/hostile_models.h"
#include "tests/support/random_model.h"

int main(int argc, char** argv) {
    std::vector<plumbline::test::HostileModel> all = {{"a tiny good model",
                                                       [](const std::filesystem::path& folder) {
                                                           plumbline::test::writeRandomClip(folder / "model");
                                                           return folder / "model";
                                                       },
                                                       plumbline::ErrorCode::Internal, ""}};
    for (const auto& list : {plumbline::test::hostileModels(), plumbline::test::hostileTokenizers()})
        all.insert(all.end(), list.begin(), list.end());
    if (argc == 1) { // number, what `plumb model` must end with, name; images need no tokenizer
        const std::size_t tokenizers = plumbline::test::hostileTokenizers().size();
        for (std::size_t i = 0; i < all.size(); ++i)
            std::printf("%zu\t%d\t%s\n", i, i == 0 || i >= all.size() - tokenizers ? 0 : 2, all[i].name.c_str());
        return 0;
    }
    const std::size_t index = argc == 3 ? std::strtoul(argv[1], nullptr, 10) : all.size();
    if (index >= all.size()) {
        std::fputs("usage: hostile_files [NUMBER FOLDER]\n", stderr);
        return 2;
    }
    std::puts(all[index].write(argv[2]).c_str());
    return 0;
}
