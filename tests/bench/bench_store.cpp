// SPDX-License-Identifier: GPL-3.0-or-later
// The figures of core/store/README.md and core/data/README.md: bench_store FOLDER (which must not exist; it is kept).
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/data/embeddings.h"
#include "core/store/embedding_cache.h"
#include "core/store/project.h"

using namespace plumbline;

namespace {

template <class Work>
void timed(const char* what, Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    const bool good = work();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%-44s %8.4f s%s\n", what, seconds.count(), good ? "" : "  FAILED");
}

void cosinesOfManyImages() {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    Embeddings prompts(300, 512), images(20'000, 512);
    for (Embeddings* embeddings : {&prompts, &images})
        for (float& value : embeddings->values)
            value = normal(random);
    timed("cosines 300 x 20 000 x 512", [&] { return !cosines(prompts, images).empty(); });
}

void largeImageSet(store::Project& project) {
    constexpr std::size_t kImages = 1'000'000;
    ImageSet set;
    set.root = "/data";
    for (std::size_t i = 0; i < kImages; ++i)
        set.files.push_back("part-" + std::to_string(i % 100) + "/image-" + std::to_string(i) + ".jpg");
    Attribute attribute{"group", {"a", "b", "c", "d", "e", "f", "g"}, std::vector<std::int32_t>(kImages)};
    for (std::size_t i = 0; i < kImages; ++i)
        attribute.codes[i] = static_cast<std::int32_t>(i % 7);
    set.attributes.assign(3, attribute);
    std::int64_t id = 0;
    timed("add a set of 1 000 000 images", [&] {
        const auto added = project.addImageSet(set, "large");
        id = added.value_or(0);
        return added.has_value();
    });
    timed("read it back", [&] { return project.imageSet(id).has_value(); });
}

void largeRun(store::Project& project) {
    constexpr std::size_t kPrompts = 300, kImages = 100'000;
    AuditResult result;
    result.images = kImages;
    for (std::size_t i = 0; i < kPrompts; ++i) {
        result.prompts.push_back("a photo of a person number " + std::to_string(i));
        result.truncated.push_back(false);
        Measurement measurement;
        GroupMeasure group;
        group.name = "Group";
        group.poolShare = group.topShare = group.targetShare = 0.1234567890123;
        group.skew = group.ciLow = group.ciHigh = group.nullLow = group.nullHigh = group.pValue = 0.9876543210987;
        measurement.groups.assign(7, group);
        result.measurements.insert(result.measurements.end(), 2, measurement);
    }
    const std::vector<float> scores(kPrompts * kImages, 0.25f);
    const std::int64_t id = project.beginRun(result.config).value_or(0);
    timed("finish a run of 300 x 100 000", [&] { return project.finishRun(id, result, scores).has_value(); });
    timed("scores of one prompt", [&] { return project.runScores(id, 150).has_value(); });
    timed("600 measurements", [&] { return project.runResult(id).has_value(); });
}

void cache(store::EmbeddingCache& cache) {
    constexpr std::size_t kImages = 100'000, kBatch = 256;
    const store::EmbeddingCache::Key key{"model", "preprocessing", "fp32"};
    const std::vector<float> embedding(512, 0.5f);
    std::vector<std::string> hashes;
    for (std::size_t i = 0; i < kImages; ++i)
        hashes.push_back(sha256(std::to_string(i)));
    timed("cache: put 100 000 x 512", [&] {
        bool good = true;
        for (std::size_t first = 0; first < kImages; first += kBatch) {
            std::vector<store::EmbeddingCache::Row> rows;
            for (std::size_t i = first; i < std::min(first + kBatch, kImages); ++i)
                rows.push_back({hashes[i], embedding});
            good = good && cache.put(key, rows);
        }
        return good;
    });
    timed("cache: find each, in no order", [&] {
        bool good = true;
        for (std::size_t i = 0; i < kImages; ++i) {
            const auto found = cache.find(key, hashes[i * 7919 % kImages], embedding.size());
            good = good && found && *found;
        }
        return good;
    });
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: bench_store FOLDER\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    auto project = store::Project::create(folder / "bench.plumb");
    auto embeddings = store::EmbeddingCache::open(folder / "bench.cache");
    if (!project || !embeddings) {
        std::fprintf(stderr, "cannot write in %s\n", folder.c_str());
        return 3;
    }
    cosinesOfManyImages();
    largeImageSet(*project);
    largeRun(*project);
    cache(*embeddings);
    return 0;
}
