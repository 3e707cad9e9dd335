// SPDX-License-Identifier: GPL-3.0-or-later
// Google Benchmark: rows, groups, k in rows. "First" draws the null and the bootstrap's places, "Next" uses them.
#include <benchmark/benchmark.h>

#include "core/base/random.h"
#include "core/metric/measure.h"

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

} // namespace

BENCHMARK_MAIN();
