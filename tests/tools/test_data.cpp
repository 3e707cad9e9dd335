// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a tiny random model and a few drawn images with labels: what quickstart.sh audits where there is no reference
// data. The figures mean nothing.
#include <cstdio>

#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: test_data FOLDER\n", stderr);
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    plumbline::test::RandomClip clip;
    clip.contextLength = 40;
    plumbline::test::writeRandomClip(folder / "model", clip);
    plumbline::test::writeLabelledImages(folder / "images", 120, 1);
    return 0;
}
