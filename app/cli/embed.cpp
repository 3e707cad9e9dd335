// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>

#include <CLI/CLI.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "core/base/path.h"
#include "core/formats/csv.h"
#include "core/formats/label_table.h"
#include "core/formats/npy.h"

namespace plumbline::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
    ModelArguments model;
    std::string images, pixels, texts, out, shard;
    bool raw = false;
};

struct Shard {
    std::size_t index = 1, of = 1;
    /// The index-th of `of` contiguous slices of n items.
    std::pair<std::size_t, std::size_t> range(std::size_t n) const {
        return {n / of * (index - 1) + std::min(index - 1, n % of), n / of * index + std::min(index, n % of)};
    }
};

Result<Shard> parseShard(const std::string& text) {
    Shard shard;
    if (text.empty())
        return shard;
    const char* end = text.data() + text.size();
    const auto [slash, first] = std::from_chars(text.data(), end, shard.index);
    const auto last = slash != end && *slash == '/' ? std::from_chars(slash + 1, end, shard.of)
                                                    : std::from_chars_result{slash, std::errc::invalid_argument};
    if (first != std::errc() || last.ec != std::errc() || last.ptr != end || shard.index < 1 || shard.index > shard.of)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "--shard"}, {"value", text}, {"expected", "I/N with 1 ≤ I ≤ N, for instance 3/64"}});
    return shard;
}

/// Writes NAME.npy with NAME.npy.rows.csv and NAME.npy.skipped.csv beside it. Embeddings may arrive in any order; rows
/// come out in the order of the list, as soon as the ones before them are there.
class EmbeddingFiles {
public:
    static Result<EmbeddingFiles> create(const fs::path& path, std::size_t dim, bool raw) {
        EmbeddingFiles files;
        PLUMBLINE_TRY(files.m_npy, formats::NpyWriter::create(path, dim));
        files.m_path = path;
        files.m_raw = raw;
        files.m_rows = "row,path\n";
        files.m_skipped = "path,reason\n";
        return files;
    }

    /// Item `index` of the list with its embedding, or with the reason why it has none.
    Result<void> add(std::size_t index, std::string name, std::span<const float> embedding, std::string reason) {
        m_pending[index] = {std::move(name), {embedding.begin(), embedding.end()}, std::move(reason)};
        while (!m_pending.empty() && m_pending.begin()->first == m_next) {
            PLUMBLINE_CHECK(write(m_pending.begin()->second));
            m_pending.erase(m_pending.begin());
            ++m_next;
        }
        return {};
    }

    Result<void> finish() {
        PLUMBLINE_CHECK(m_npy->finish());
        PLUMBLINE_CHECK(writeOut(m_path.string() + ".rows.csv", m_rows));
        return writeOut(m_path.string() + ".skipped.csv", m_skipped);
    }
    std::size_t written() const { return m_written; }
    std::size_t skipped() const { return m_next - m_written; }
    /// Rows that are zero or not finite: the model is broken, not the input.
    std::size_t unusable() const { return m_unusable; }

private:
    struct Item {
        std::string name;
        std::vector<float> embedding;
        std::string reason;
    };

    EmbeddingFiles() = default;

    Result<void> write(Item& item) {
        if (item.embedding.empty()) {
            m_skipped += formats::csvField(item.name) + "," + formats::csvField(item.reason) + "\n";
            return {};
        }
        const auto unusable = [](float x) { return !std::isfinite(x); };
        m_unusable += std::any_of(item.embedding.begin(), item.embedding.end(), unusable) ||
                      std::all_of(item.embedding.begin(), item.embedding.end(), [](float x) { return x == 0; });
        if (!m_raw) {
            Embeddings one(1, item.embedding.size());
            one.values.swap(item.embedding);
            normaliseRows(one);
            item.embedding.swap(one.values);
        }
        m_rows += std::to_string(m_written++) + "," + formats::csvField(item.name) + "\n";
        return m_npy->append(item.embedding);
    }

    std::optional<formats::NpyWriter> m_npy;
    fs::path m_path;
    bool m_raw = false;
    std::map<std::size_t, Item> m_pending;
    std::size_t m_next = 0, m_written = 0;
    std::size_t m_unusable = 0;
    std::string m_rows, m_skipped;
};

Outcome<void> embedImages(const Arguments& arguments, const Shard& shard, const clip::Encoder& encoder,
                          EmbeddingFiles& files, Feedback& feedback) {
    PLUMBLINE_TRY(const std::vector<std::string> names, formats::listImages(arguments.images, feedback));
    const auto [begin, end] = shard.range(names.size());
    std::vector<fs::path> paths;
    for (std::size_t i = begin; i < end; ++i)
        paths.push_back(fs::path(arguments.images) / names[i]);
    std::optional<Error> failure;
    std::int64_t done = 0;
    PLUMBLINE_CHECK(encoder
                        .encodeImages(
                            paths,
                            [&, first = begin](const clip::Encoder::ImageDone& image) {
                                if (failure)
                                    return;
                                if (auto added = files.add(image.index, encodeName(names[first + image.index]),
                                                           image.embedding, image.reason);
                                    !added) {
                                    failure = added.error();
                                    feedback.cancel();
                                }
                                feedback.progress("embedding-images", ++done, static_cast<std::int64_t>(paths.size()));
                            },
                            feedback)
                        .or_else([&](const Stop& stop) -> Outcome<void> {
                            if (failure)
                                return tl::unexpected<Stop>(*failure);
                            return tl::unexpected(stop);
                        }));
    if (failure)
        return tl::unexpected<Stop>(*failure);
    return {};
}

/// Preprocessed pixels, [N, 3, H, W] float32, read a part at a time.
Outcome<void> embedPixels(const Arguments& arguments, const Shard& shard, const clip::Encoder& encoder,
                          EmbeddingFiles& files, Feedback& feedback) {
    const std::string path = encodeName(arguments.pixels);
    PLUMBLINE_TRY(const formats::NpyHeader header, formats::readNpyHeader(arguments.pixels));
    const std::int64_t side = encoder.config().vision.imageSize.value;
    if (header.descr != "<f4" || header.shape.size() != 4 || header.shape[1] != 3 || header.shape[2] != side ||
        header.shape[3] != side)
        return fail(ErrorCode::NpyInvalid, {{"path", path},
                                            {"reason", "it must hold float32 of the shape [N, 3, " +
                                                           std::to_string(side) + ", " + std::to_string(side) + "]"}});
    const auto [begin, end] = shard.range(static_cast<std::size_t>(header.shape[0]));
    const auto each = static_cast<std::size_t>(3 * side * side);
    std::ifstream in(arguments.pixels, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(header.dataOffset + begin * each * sizeof(float)));
    constexpr std::size_t kPart = 64;
    std::vector<float> pixels(kPart * each);
    for (std::size_t at = begin; at < end; at += kPart) {
        const std::size_t n = std::min(kPart, end - at);
        in.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(n * each * sizeof(float)));
        if (!in)
            return fail(ErrorCode::NpyInvalid, {{"path", path}, {"reason", "it ends before its last array element"}});
        PLUMBLINE_TRY(const Embeddings part, encoder.encodePixels(std::span(pixels).first(n * each), n, feedback));
        for (std::size_t i = 0; i < n; ++i)
            PLUMBLINE_CHECK(files.add(at - begin + i, std::to_string(at + i), part.row(i), {}));
        feedback.progress("embedding-pixels", static_cast<std::int64_t>(at + n - begin),
                          static_cast<std::int64_t>(end - begin));
    }
    return {};
}

Outcome<void> embedTexts(const Arguments& arguments, const Shard& shard, const clip::Encoder& encoder,
                         EmbeddingFiles& files, Feedback& feedback) {
    PLUMBLINE_TRY(const std::vector<std::string> texts, readTexts(arguments.texts));
    const auto [begin, end] = shard.range(texts.size());
    const std::span<const std::string> part(texts.data() + begin, end - begin);
    std::vector<bool> truncated;
    PLUMBLINE_TRY(const Embeddings embeddings, encoder.encodeTexts(part, feedback, &truncated));
    for (std::size_t i = 0; i < part.size(); ++i) {
        if (truncated[i])
            feedback.log("text " + std::to_string(begin + i + 1) + " was cut to " +
                         std::to_string(encoder.tokenizer().contextLength()) + " tokens, as the reference does");
        PLUMBLINE_CHECK(files.add(i, part[i], embeddings.row(i), {}));
    }
    return {};
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    std::string summary;
    std::size_t unusable = 0;
    const auto done = [&]() -> Outcome<void> {
        PLUMBLINE_TRY(const Shard shard, parseShard(arguments.shard));
        PLUMBLINE_TRY(const auto encoder, arguments.model.load(feedback));
        PLUMBLINE_TRY(EmbeddingFiles files, EmbeddingFiles::create(arguments.out, encoder->dim(), arguments.raw));
        PLUMBLINE_CHECK(!arguments.images.empty()   ? embedImages(arguments, shard, *encoder, files, feedback)
                        : !arguments.pixels.empty() ? embedPixels(arguments, shard, *encoder, files, feedback)
                                                    : embedTexts(arguments, shard, *encoder, files, feedback));
        PLUMBLINE_CHECK(files.finish());
        unusable = files.unusable();
        summary = std::to_string(files.written()) + " embeddings of " + std::to_string(encoder->dim()) + " values in " +
                  arguments.out;
        if (files.skipped() > 0)
            summary += "; " + std::to_string(files.skipped()) + " skipped, see " + arguments.out + ".skipped.csv";
        return {};
    }();
    if (!done)
        return report(done.error());
    note(summary);
    if (unusable > 0) {
        note(std::to_string(unusable) +
             " of them are zero or not finite, and nothing can be measured with them: the model is "
             "broken; plumb model " +
             arguments.model.model + " says where");
        return kBadInput;
    }
    return kDone;
}

} // namespace

void addEmbed(CLI::App& app, Run& chosen) {
    CLI::App* command =
        app.add_subcommand("embed", "Writes embeddings of images, preprocessed pixels or texts as .npy");
    auto arguments = std::make_shared<Arguments>();
    arguments->model.addTo(*command, true);
    auto* what = command->add_option_group("what", "What to embed");
    what->add_option("--images", arguments->images, "Folder with images, read recursively");
    what->add_option("--pixels", arguments->pixels, "Normalised pixels, .npy of float32 [N, 3, H, W]");
    what->add_option("--texts", arguments->texts, "A .json array of strings, or one text a line");
    what->require_option(1);
    command->add_option("--out", arguments->out, "The .npy to write; .rows.csv and .skipped.csv stand beside it")
        ->required();
    command->add_flag("--raw", arguments->raw, "Keep the length of the embeddings (default: unit length)");
    command->add_option("--shard", arguments->shard, "I/N: only the I-th of N equal parts of the list");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
