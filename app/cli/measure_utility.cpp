// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include <CLI/CLI.hpp>

#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/formats/caption_list.h"
#include "core/formats/csv.h"
#include "core/formats/data_table.h"
#include "core/metric/rates.h"
#include "core/metric/utility/able.h"
#include "core/metric/utility/retrieval.h"
#include "core/metric/utility/zero_shot.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct RetrievalArguments {
    std::string images, texts, captions, split;
    ResamplingArguments resampling;
    MeasureOutput output;
};

/// What `plumb embed` wrote beside a .npy: the file or text of each row; nothing where it is not there.
Outcome<std::optional<std::vector<std::string>>> rowNames(const std::string& npy, Feedback& feedback) {
    std::error_code ignored;
    const fs::path path = npy + ".rows.csv";
    if (!fs::exists(path, ignored))
        return std::optional<std::vector<std::string>>();
    std::vector<std::string> names;
    PLUMBLINE_TRY(const formats::CsvHeader header, formats::readCsvHeader(path));
    const auto column = static_cast<std::size_t>(
        std::ranges::find_if(header.columns, [](const std::string& c) { return c == "path" || c == "text"; }) -
        header.columns.begin());
    PLUMBLINE_CHECK(formats::readCsv(
        path,
        [&](const formats::CsvHeader&, std::size_t, const std::vector<std::string>& row) {
            names.push_back(column < row.size() ? decodeName(row[column]) : std::string());
        },
        &feedback));
    return std::optional(std::move(names));
}

tl::unexpected<Error> doNotFit(const std::string& what, const std::string& path, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", what}, {"value", encodeName(path)}, {"expected", std::move(expected)}});
}

/// Which row of the images' embeddings each caption is of. `missing`: captions whose image has no embedding.
struct Pairing {
    Embeddings captions;
    std::vector<std::uint32_t> imageOf;
    std::int64_t missing = 0;
};

Outcome<Pairing> pairUp(const RetrievalArguments& arguments, std::size_t imageRows, Embeddings captions,
                        const formats::CaptionList& list, Feedback& feedback) {
    if (captions.rows != list.captions.size())
        return doNotFit("--texts", arguments.texts,
                        std::to_string(list.captions.size()) + " rows, one a caption of " + arguments.captions +
                            ", but it has " + std::to_string(captions.rows));
    PLUMBLINE_TRY(const auto texts, rowNames(arguments.texts, feedback));
    if (texts && texts->size() == list.captions.size())
        for (std::size_t c = 0; c < texts->size(); ++c)
            if (trim((*texts)[c]) != list.captions[c])
                return doNotFit("--texts", arguments.texts,
                                "the captions in the order of " + arguments.captions + ", but row " +
                                    std::to_string(c) + " is of “" + (*texts)[c] + "” and not of “" + list.captions[c] +
                                    "”");

    std::vector<std::optional<std::uint32_t>> rowOf(list.images.size());
    PLUMBLINE_TRY(const auto files, rowNames(arguments.images, feedback));
    if (files) {
        if (files->size() != imageRows)
            return doNotFit("--images", arguments.images,
                            "as many rows as " + arguments.images + ".rows.csv names, " +
                                std::to_string(files->size()));
        rowOf = formats::rowsOfImages(list, *files);
    } else {
        if (list.images.size() != imageRows)
            return doNotFit("--images", arguments.images,
                            std::to_string(list.images.size()) + " rows, one an image of " + arguments.captions +
                                ", or a " + arguments.images + ".rows.csv with their names; it has " +
                                std::to_string(imageRows));
        for (std::size_t i = 0; i < rowOf.size(); ++i)
            rowOf[i] = static_cast<std::uint32_t>(i);
    }

    Pairing pairing;
    pairing.captions.dim = captions.dim;
    for (std::size_t c = 0; c < captions.rows; ++c) {
        const std::optional<std::uint32_t> row = rowOf[list.imageOfCaption[c]];
        if (!row) {
            ++pairing.missing;
            continue;
        }
        pairing.imageOf.push_back(*row);
        pairing.captions.values.insert(pairing.captions.values.end(), captions.row(c).begin(), captions.row(c).end());
        ++pairing.captions.rows;
    }
    if (pairing.imageOf.empty())
        return fail(ErrorCode::LabelsMatchNothing,
                    {{"labels", encodeName(arguments.captions)}, {"images", encodeName(arguments.images)}});
    return pairing;
}

Outcome<std::vector<MeasureTable>> measureRetrieval(const RetrievalArguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(const Embeddings images, formats::readEmbeddings(arguments.images));
    PLUMBLINE_TRY(Embeddings texts, formats::readEmbeddings(arguments.texts));
    PLUMBLINE_TRY(const formats::CaptionList list,
                  formats::readCaptionList(arguments.captions, arguments.split, feedback));
    PLUMBLINE_TRY(const Pairing pairing, pairUp(arguments, images.rows, std::move(texts), list, feedback));
    PLUMBLINE_TRY(const metric::RetrievalRanks ranks,
                  metric::retrievalRanks(images, pairing.captions, pairing.imageOf, feedback));
    PLUMBLINE_TRY(MeasureTable table,
                  metric::retrievalTable(ranks, pairing.imageOf, nullptr, arguments.resampling.options, feedback));
    warnOfRows(list.invalidRows, table);
    if (pairing.missing > 0)
        table.warnings.push_back(std::to_string(pairing.missing) +
                                 (pairing.missing == 1 ? " caption is" : " captions are") +
                                 " of an image without an embedding and took no part.");
    return std::vector{std::move(table)};
}

struct ZeroShotArguments {
    std::string scores, table, label, attribute;
    ResamplingArguments resampling;
    MeasureOutput output;
};

Outcome<std::vector<MeasureTable>> measureZeroShot(const ZeroShotArguments& arguments, Feedback& feedback) {
    PLUMBLINE_TRY(const Embeddings scores, formats::readEmbeddings(arguments.scores));
    std::vector<std::string> columns = {arguments.label};
    if (!arguments.attribute.empty())
        columns.push_back(arguments.attribute);
    PLUMBLINE_TRY(const formats::DataTable table, formats::DataTable::read(arguments.table, columns, feedback));
    if (table.invalidRows() > 0 || table.rows() != scores.rows)
        return doNotFit("the table of labels", arguments.table,
                        std::to_string(scores.rows) + " rows, one an image of " + arguments.scores + "; it has " +
                            std::to_string(table.rows()) + " whole ones");
    std::vector<std::int32_t> labels;
    for (const std::string& text : table.texts(arguments.label)) {
        const std::optional<std::int64_t> number = parseInteger(text);
        if (!text.empty() && (!number || *number < 0 || *number >= static_cast<std::int64_t>(scores.dim)))
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "a class in " + arguments.label},
                         {"value", text},
                         {"expected", "a class number from 0 to " + std::to_string(scores.dim - 1)}});
        labels.push_back(number ? static_cast<std::int32_t>(*number) : -1);
    }
    std::optional<Attribute> attribute;
    if (!arguments.attribute.empty())
        attribute = table.attribute(arguments.attribute);
    PLUMBLINE_TRY(MeasureTable measured,
                  metric::zeroShotAccuracy(scores.values, scores.dim, labels, attribute ? &*attribute : nullptr,
                                           arguments.resampling.options, feedback));
    return std::vector{std::move(measured)};
}

} // namespace

void addMeasureRetrieval(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand("retrieval", "Image-text retrieval: R@1, R@5, R@10 in both directions");
    auto arguments = std::make_shared<RetrievalArguments>();
    command->add_option("--images", arguments->images, "Embeddings of the images (.npy)")->required();
    command->add_option("--texts", arguments->texts, "Embeddings of the captions (.npy), in the order of --captions")
        ->required();
    command
        ->add_option("--captions", arguments->captions,
                     "Which image a caption is of: a table with a file and a caption column, or Karpathy's JSON of "
                     "COCO or Flickr30k")
        ->required();
    command->add_option("--split", arguments->split, "Only images of this split (test), several with commas");
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            return arguments->output.write(measureRetrieval(*arguments, feedback));
        };
    });
}

void addMeasureZeroShot(CLI::App& measure, Run& chosen) {
    CLI::App* command =
        measure.add_subcommand("zero-shot", "Zero-shot top-1 and top-5 accuracy, over all and by group");
    auto arguments = std::make_shared<ZeroShotArguments>();
    command->add_option("--scores", arguments->scores, "Scores, images x classes (.npy)")->required();
    command->add_option("--labels", arguments->table, "Table with one row an image, in the order of --scores")
        ->required();
    command->add_option("--label", arguments->label, "Column with the class numbers, from 0")->required();
    command->add_option("--attribute", arguments->attribute, "Column with the groups");
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            ConsoleFeedback feedback;
            return arguments->output.write(measureZeroShot(*arguments, feedback));
        };
    });
}

void addMeasureAble(CLI::App& measure, Run& chosen) {
    struct Arguments {
        double accuracy = 0, maxSkew = 0;
        std::int64_t images = 0;
        std::vector<double> interval;
        std::optional<double> neutral;
        std::string attribute = "attribute";
        MeasureOutput output;
    };
    CLI::App* command = measure.add_subcommand("able", "ABLE: zero-shot accuracy and MaxSkew in one number");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("--accuracy", arguments->accuracy, "Zero-shot top-1 accuracy")
        ->required()
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("--images", arguments->images, "Images that it was measured on")
        ->required()
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    command->add_option("--max-skew", arguments->maxSkew, "Mean MaxSkew@k over the prompts, against equal shares")
        ->required()
        ->check(CLI::Range(-1000.0, 1000.0));
    command->add_option("--interval", arguments->interval, "Of the MaxSkew: low high")->expected(2);
    command->add_option("--neutral", arguments->neutral,
                        "MaxSkew of a ranking blind to the attribute: adds the reference level and the excess");
    command->add_option("--attribute", arguments->attribute, "What to call it")->capture_default_str();
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] {
        chosen = [arguments] {
            metric::AbleParts parts;
            parts.attribute = arguments->attribute;
            const double right = std::round(arguments->accuracy * static_cast<double>(arguments->images));
            parts.accuracy = metric::wilson(static_cast<std::int64_t>(right), arguments->images, 0.95);
            parts.accuracy.value = arguments->accuracy; // as given: percentages are rounded
            parts.maxSkew.value = arguments->maxSkew;
            if (arguments->interval.size() == 2) {
                parts.maxSkew.ciLow = arguments->interval[0];
                parts.maxSkew.ciHigh = arguments->interval[1];
            }
            parts.maxSkew.neutral = arguments->neutral;
            return arguments->output.write(std::vector{metric::ableTable(std::span(&parts, 1))});
        };
    });
}

} // namespace plumbline::cli
