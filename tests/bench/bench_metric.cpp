// SPDX-License-Identifier: GPL-3.0-or-later
// Google Benchmark: rows, groups, k in rows. "First" draws the null and the bootstrap's places, "Next" uses them.
//   bench_metric --memory ROWS GROUPS K         memory of one measurement, as a multiple of its float32 scores
//   bench_metric --prompts ROWS GROUPS K COUNT  seconds for COUNT prompts of one attribute, all cores
//   bench_metric --write FOLDER ROWS GROUPS K COUNT   the same scores as .npy files for rival_measures.py
//   bench_metric --values ROWS GROUPS K COUNT   what rival_measures.py computes of them, and the processor time
//   bench_metric --functions ROWS GROUPS K COUNT   MaxSkew and NDKL of them and nothing else
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include <tbb/parallel_for.h>

#include "core/base/random.h"
#include "core/metric/measure.h"
#include "core/metric/ndkl.h"
#include "core/metric/ranking.h"
#include "core/metric/skew.h"

using namespace plumbline;
using metric::Meter;

namespace {

struct Data {
    Attribute attribute;
    std::vector<float> scores;

    explicit Data(const benchmark::State& state) {
        const auto rows = static_cast<std::size_t>(state.range(0));
        const auto groups = static_cast<std::uint64_t>(state.range(1));
        RandomStream random(1, streamId("benchmark"), 0);
        attribute.name = "group";
        for (std::uint64_t g = 0; g < groups; ++g)
            attribute.groups.emplace_back(1, static_cast<char>('a' + g));
        for (std::size_t row = 0; row < rows; ++row) {
            attribute.codes.push_back(static_cast<std::int32_t>(random.below(groups)));
            scores.push_back(static_cast<float>(random.normal()));
        }
    }
};

Meter meterFor(const Data& data, const benchmark::State& state) {
    MeasureOptions options;
    options.k = {state.range(2), 0.0};
    return Meter::create(data.attribute, options).value();
}

void measureFirst(benchmark::State& state) {
    const Data data(state);
    Feedback feedback;
    for (auto _ : state)
        benchmark::DoNotOptimize(meterFor(data, state).measure(std::span(data.scores), feedback));
}

void measureNext(benchmark::State& state) {
    const Data data(state);
    Feedback feedback;
    const Meter meter = meterFor(data, state);
    benchmark::DoNotOptimize(meter.measure(std::span(data.scores), feedback));
    for (auto _ : state)
        benchmark::DoNotOptimize(meter.measure(std::span(data.scores), feedback));
}

void curve(benchmark::State& state) {
    const Data data(state);
    Feedback feedback;
    const Meter meter = meterFor(data, state);
    for (auto _ : state)
        benchmark::DoNotOptimize(meter.curve(data.scores, 200, feedback));
}

void settings(benchmark::internal::Benchmark* one) {
    one->Args({1'000'000, 14, 1000})->Args({100'000, 7, 1000})->Args({11'000, 2, 1000})->Args({1'000'000, 14, 100'000});
    one->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
}

BENCHMARK(measureFirst)->Apply(settings);
BENCHMARK(measureNext)->Apply(settings);
BENCHMARK(curve)->Apply(settings);

/// A line of /proc/self/status, in MiB.
double statusMiB(const char* name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name))
            return std::stod(line.substr(std::strlen(name))) / 1024;
    return 0;
}

struct Many {
    Attribute attribute;
    std::vector<float> scores; ///< prompts x rows
    std::size_t rows, prompts;

    Many(std::size_t rowCount, std::uint64_t groups, std::size_t count) : rows(rowCount), prompts(count) {
        attribute.name = "group";
        for (std::uint64_t g = 0; g < groups; ++g)
            attribute.groups.emplace_back(1, static_cast<char>('a' + g));
        RandomStream labels(1, streamId("labels"), 0);
        for (std::size_t row = 0; row < rows; ++row)
            attribute.codes.push_back(static_cast<std::int32_t>(labels.below(groups)));
        scores.resize(rows * prompts);
        tbb::parallel_for(std::size_t{0}, prompts, [&](std::size_t p) {
            RandomStream random(2, streamId("scores"), p);
            for (std::size_t row = 0; row < rows; ++row)
                scores[p * rows + row] = static_cast<float>(random.normal() + (attribute.codes[row] == 0 ? 0.3 : 0.0));
        });
    }
    std::span<const float> prompt(std::size_t p) const { return std::span(scores).subspan(p * rows, rows); }
};

double secondsOf(const auto& work) {
    const auto started = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}
/// Processor seconds of all threads together: steadier on a machine that others use too.
double processorSecondsOf(const auto& work) {
    const std::clock_t started = std::clock();
    work();
    return static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
}

MeasureOptions optionsFor(std::int64_t k) {
    MeasureOptions options;
    options.k = {k, 0.0};
    return options;
}

void measureAll(const Many& data, const MeasureOptions& options) {
    const Meter meter = Meter::create(data.attribute, options).value();
    tbb::parallel_for(std::size_t{0}, data.prompts, [&](std::size_t p) {
        Feedback feedback;
        benchmark::DoNotOptimize(meter.measure(data.prompt(p), feedback));
    });
}

int memory(const Many& data, std::int64_t k) {
    const double before = statusMiB("VmRSS:");
    std::ofstream("/proc/self/clear_refs") << 5; // starts the high-water mark anew
    double seconds = 0;
    const double processor = processorSecondsOf([&] { seconds = secondsOf([&] { measureAll(data, optionsFor(k)); }); });
    const double grown = statusMiB("VmHWM:") - before, scores = static_cast<double>(data.scores.size()) * 4 / (1 << 20);
    std::printf("%.2f s, %.2f processor seconds, %.1f MiB more, %.2f times the scores\n", seconds, processor, grown,
                grown / scores);
    return 0;
}

int prompts(const Many& data, std::int64_t k) {
    for (int i = 0; i < 3; ++i) {
        double seconds = 0;
        const double processor =
            processorSecondsOf([&] { seconds = secondsOf([&] { measureAll(data, optionsFor(k)); }); });
        std::printf("%zu prompts: %.2f s, %.2f processor seconds\n", data.prompts, seconds, processor);
    }
    return 0;
}

template <class T>
void writeNpy(const std::filesystem::path& path, const std::string& type, const std::string& shape,
              const std::vector<T>& values) {
    std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    header.resize((header.size() + 10) / 64 * 64 + 64 - 11, ' ');
    header += '\n';
    std::ofstream out(path, std::ios::binary);
    const auto length = static_cast<std::uint16_t>(header.size());
    out.write("\x93NUMPY\x01\x00", 8);
    out.write(reinterpret_cast<const char*>(&length), 2);
    out << header;
    out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

int write(const std::filesystem::path& folder, const Many& data) {
    writeNpy(folder / "scores.npy", "<f4", std::to_string(data.prompts) + ", " + std::to_string(data.rows),
             data.scores);
    writeNpy(folder / "labels.npy", "<i4", std::to_string(data.rows) + ",", data.attribute.codes);
    return 0;
}

/// MaxSkew and NDKL against equal shares and the pool's, as in rival_measures.py; one core, then with null and
/// intervals.
int values(const Many& data, std::int64_t k) {
    for (const int draws : {0, 1000}) {
        std::vector<double> first;
        const double seconds = processorSecondsOf([&] {
            for (const Target::Kind kind : {Target::Kind::Uniform, Target::Kind::Pool}) {
                MeasureOptions options = optionsFor(k);
                options.definition = Definition::Berg;
                options.target.kind = kind;
                options.nullDraws = options.bootstrapDraws = draws;
                const Meter meter = Meter::create(data.attribute, options).value();
                for (std::size_t p = 0; p < data.prompts; ++p) {
                    Feedback feedback;
                    const Measurement m = meter.measure(data.prompt(p), feedback).value();
                    if (p == 0)
                        first.insert(first.end(), {*m.maxSkew.value, *m.ndkl.value});
                }
            }
        });
        std::printf("%4d draws, processor seconds a prompt: %.5f; first prompt:", draws,
                    seconds / static_cast<double>(data.prompts));
        for (const double value : first)
            std::printf(" %.12f", value);
        std::printf("\n");
    }
    return 0;
}

/// MaxSkew and NDKL against the pool's shares from the functions that the Meter calls, without the rest of what it
/// tells (effect sizes, ties, warnings): the work of the published function. Shares and tables are made once, as the
/// Meter does.
int functions(const Many& data, std::int64_t k) {
    const std::size_t groups = data.attribute.groups.size();
    for (int i = 0; i < 5; ++i) {
        std::vector<double> maxSkews(data.prompts), divergences(data.prompts);
        double seconds = 0;
        const auto all = [&] {
            std::vector<double> logShare(groups, 0.0);
            for (const std::int32_t code : data.attribute.codes)
                ++logShare[static_cast<std::size_t>(code)];
            for (double& share : logShare)
                share = std::log(share / static_cast<double>(data.rows));
            const metric::NdklTables tables(static_cast<std::size_t>(k));
            tbb::parallel_for(std::size_t{0}, data.prompts, [&](std::size_t p) {
                const std::vector<std::uint32_t> top = metric::topRows(data.prompt(p), static_cast<std::size_t>(k));
                metric::NdklSum ndkl(tables, groups, top.size());
                for (const std::uint32_t row : top)
                    ndkl.add(static_cast<std::uint32_t>(data.attribute.codes[row]));
                maxSkews[p] = metric::skewRange(ndkl.counts(), static_cast<double>(k), logShare,
                                                metric::rulesOf(Definition::Geyik))
                                  .max;
                divergences[p] = ndkl.value(logShare, tables.normaliser(top.size()));
            });
        };
        const double processor = processorSecondsOf([&] { seconds = secondsOf(all); });
        const auto count = static_cast<double>(data.prompts);
        std::printf("a prompt: %.6f s, %.6f processor seconds; first prompt: %.12f %.12f\n", seconds / count,
                    processor / count, maxSkews[0], divergences[0]);
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const auto number = [&](std::size_t i) { return std::stoul(words.at(i)); };
    const auto k = [&](std::size_t i) { return static_cast<std::int64_t>(number(i)); };
    if (!words.empty() && words[0] == "--memory")
        return memory(Many(number(1), number(2), 1), k(3));
    if (!words.empty() && words[0] == "--prompts")
        return prompts(Many(number(1), number(2), number(4)), k(3));
    if (!words.empty() && words[0] == "--write")
        return write(words.at(1), Many(number(2), number(3), number(5)));
    if (!words.empty() && words[0] == "--values")
        return values(Many(number(1), number(2), number(4)), k(3));
    if (!words.empty() && words[0] == "--functions")
        return functions(Many(number(1), number(2), number(4)), k(3));
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
