// SPDX-License-Identifier: GPL-3.0-or-later
// sample_figures SAMPLE MODEL...: the figures of resources/sample/README.md for models trained with train.sh.
#include <cstdio>

#include "core/base/error_text.h"
#include "tests/tools/sample_figures.h"

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: sample_figures SAMPLE MODEL...\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc; ++i) {
        plumbline::Feedback feedback;
        const auto figures = plumbline::test::sampleFigures(argv[1], argv[i], feedback);
        if (!figures) {
            std::fprintf(stderr, "%s\n", plumbline::errorText(figures.error().error()).c_str());
            return 1;
        }
        std::printf("%s\n%s\n", argv[i], plumbline::test::describe(*figures).c_str());
    }
}
