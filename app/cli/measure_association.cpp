// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "core/formats/data_table.h"
#include "core/formats/text_file.h"
#include "core/metric/association/weat.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string x, y, a, b, items, names, name = "association", form = "as given";
    metric::WeatOptions weat;
    bool oneSided = false;
    metric::Resampling resampling;
    MeasureOutput output;
};

tl::unexpected<Error> wrong(std::string_view name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::string(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

/// One name a line, as many as there are items; "row 1" and so on where no file is given.
Result<std::vector<std::string>> itemNames(const std::string& path, std::size_t items) {
    std::vector<std::string> names;
    if (path.empty()) {
        for (std::size_t i = 0; i < items; ++i)
            names.push_back("row " + std::to_string(i + 1));
        return names;
    }
    PLUMBLINE_TRY(const std::string text, formats::readFile(path, std::size_t{16} << 20));
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        std::string line = text.substr(from, end - from);
        if (line.ends_with('\r'))
            line.pop_back();
        names.push_back(std::move(line));
        from = end + 1;
    }
    if (names.size() != items)
        return wrong("--item-names", std::to_string(names.size()) + " lines", std::to_string(items) + ", one an item");
    return names;
}

Outcome<std::vector<MeasureTable>> measureAssociation(const Arguments& arguments, Feedback& feedback) {
    const bool targets = !arguments.x.empty() || !arguments.y.empty();
    if (targets == !arguments.items.empty())
        return wrong("--targets-x and --targets-y, or --items", targets ? "both" : "neither", "one of the two");
    if (targets && (arguments.x.empty() || arguments.y.empty()))
        return wrong(arguments.x.empty() ? "--targets-x" : "--targets-y", "nothing", "the other set of targets");
    PLUMBLINE_TRY(const Embeddings a, formats::readEmbeddings(arguments.a));
    PLUMBLINE_TRY(const Embeddings b, formats::readEmbeddings(arguments.b));
    metric::WeatOptions weat = arguments.weat;
    weat.sides = arguments.oneSided ? metric::WeatOptions::Sides::One : metric::WeatOptions::Sides::Two;
    const metric::Resampling& options = arguments.resampling;
    std::vector<MeasureTable> tables;
    if (targets) {
        PLUMBLINE_TRY(const Embeddings x, formats::readEmbeddings(arguments.x));
        PLUMBLINE_TRY(const Embeddings y, formats::readEmbeddings(arguments.y));
        PLUMBLINE_TRY(tables.emplace_back(),
                      metric::weatTable({arguments.name, arguments.form, x, y, a, b}, weat, options, feedback));
    } else {
        PLUMBLINE_TRY(const Embeddings items, formats::readEmbeddings(arguments.items));
        PLUMBLINE_TRY(const std::vector<std::string> names, itemNames(arguments.names, items.rows));
        const std::vector<metric::AttributePair> pairs = {{arguments.name, a, b, weat.minStimuli}};
        PLUMBLINE_TRY(tables.emplace_back(), metric::singleCategoryTable(items, names, pairs, weat, options, feedback));
    }
    return tables;
}

} // namespace

void addMeasureAssociation(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand(
        "association", "Association tests of embeddings (WEAT, SEAT, iEAT; SC-WEAT with --items)");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("--targets-x", arguments->x, "Embeddings (.npy) of the first targets, e.g. men's pictures");
    command->add_option("--targets-y", arguments->y, "Embeddings of the second targets");
    command->add_option("--items", arguments->items, "Instead of targets: each row on its own against A and B");
    command->add_option("--item-names", arguments->names, "Text file with a name for each item, one a line");
    command->add_option("--attributes-a", arguments->a, "Embeddings of the first attributes, e.g. career words")
        ->required();
    command->add_option("--attributes-b", arguments->b, "Embeddings of the second attributes")->required();
    command->add_option("--name", arguments->name, "What to call the test")->capture_default_str();
    command->add_option("--sets", arguments->form, "What the sets are, e.g. images against texts")
        ->capture_default_str();
    command
        ->add_option("--partitions", arguments->weat.partitions,
                     "All partitions where there are at most so many, otherwise so many at random")
        ->check(CLI::Range(std::int64_t{2}, metric::Partitions::kMost))
        ->capture_default_str();
    command->add_option("--ddof", arguments->weat.ddof, "Of the standard deviation: 1 as published code has it, or 0")
        ->check(CLI::Range(0, 1))
        ->capture_default_str();
    command->add_flag("--one-sided", arguments->oneSided, "p that the effect is so large, not its size");
    command
        ->add_option("--min-stimuli", arguments->weat.minStimuli, "A set of fewer is not enough evidence for a finding")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
    command->add_option("--seed", arguments->resampling.seed, "Seed of the random partitions and the interval")
        ->capture_default_str();
    command
        ->add_option("--bootstrap-draws", arguments->resampling.bootstrapDraws, "Resamples of each interval; 0: none")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            return arguments->output.write(measureAssociation(*arguments, feedback));
        };
    });
}

} // namespace plumbline::cli
