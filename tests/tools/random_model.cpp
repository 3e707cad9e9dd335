// SPDX-License-Identifier: GPL-3.0-or-later
// random_model ARCHITECTURES.json NAME FOLDER: the random model that tst_clip_architectures makes, as a folder that the
// real packages read (tests/interop/expected_features.py).
#include <cstdio>
#include <exception>

#include <nlohmann/json.hpp>

#include "tests/support/random_model.h"
#include "tests/support/test_support.h"

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: random_model ARCHITECTURES.json NAME FOLDER\n");
        return 2;
    }
    try {
        const auto all = nlohmann::json::parse(plumbline::test::readText(argv[1]));
        std::map<std::string, std::string> files;
        for (const auto& [name, content] : all.at(argv[2]).at("files").items())
            files.emplace(name, content.dump());
        plumbline::test::writeRandomModel(argv[3], files);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "random_model: %s\n", error.what());
        return 1;
    }
}
