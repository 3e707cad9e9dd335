// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer target: any bytes either are refused or become rows, with line numbers that rise.
#include "core/formats/csv.h"
#include "tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace plumbline;
    const auto path = fuzz::inputFile("input.csv", data, size);
    std::size_t last = 0;
    const auto header = formats::readCsv(path, [&](const formats::CsvHeader& h, std::size_t line, const auto& fields) {
        if (line <= last || h.columns.empty() || fields.empty())
            std::abort();
        last = line;
    });
    const auto alone = formats::readCsvHeader(path);
    if (header && (!alone || alone->columns != header->columns))
        std::abort();
    return 0;
}
