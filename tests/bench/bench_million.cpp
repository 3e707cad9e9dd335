// SPDX-License-Identifier: GPL-3.0-or-later
// A project of 1,000,000 images and 300 prompts: bench_million --write FOLDER makes one (drawn scores, names and
// labels, no pictures; 1.3 GB), bench_million FOLDER MS K... opens it on the runs page and changes k: to the
// first after so many milliseconds, to the others six seconds later.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <sys/resource.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QSpinBox>
#include <QThread>

#include "core/base/random.h"
#include "core/data/attribute_text.h"
#include "core/metric/measure.h"
#include "core/metric/verdict.h"
#include "core/store/project.h"
#include "ui/bridge/project_service.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/charts/plumb_table.h"
#include "ui/pages/runs/explore_bar.h"
#include "ui/pages/runs/runs_page.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

constexpr std::size_t kImages = 1'000'000, kPrompts = 300;
constexpr qint64 kMostWait = 120;

std::filesystem::path projectIn(const char* folder) {
    return std::filesystem::path(folder) / "million.plumb";
}

ImageSet drawnImages() {
    ImageSet set;
    set.root = "/data";
    set.files.reserve(kImages);
    for (std::size_t i = 0; i < kImages; ++i)
        set.files.push_back("part-" + std::to_string(i % 100) + "/image-" + std::to_string(i) + ".jpg");
    RandomStream random(1, streamId("labels"), 0);
    Attribute gender{"gender", {"Female", "Male"}, std::vector<std::int32_t>(kImages)};
    Attribute race{"race",
                   {"Black", "East Asian", "Indian", "Latino", "Middle Eastern", "Southeast Asian", "White"},
                   std::vector<std::int32_t>(kImages)};
    for (std::size_t i = 0; i < kImages; ++i) {
        gender.codes[i] = static_cast<std::int32_t>(random.below(2));
        race.codes[i] = static_cast<std::int32_t>(std::min(random.below(7), random.below(8)));
    }
    set.attributes = {std::move(gender), std::move(race)};
    return set;
}

Result<void> write(const char* folder) {
    std::filesystem::create_directories(folder);
    PLUMBLINE_TRY(store::Project project, store::Project::create(projectIn(folder)));
    const ImageSet set = drawnImages();
    AuditResult result;
    PLUMBLINE_TRY(result.config.imageSetId, project.addImageSet(set, "A million"));
    result.config.attributes = {"gender × race"};
    result.config.measure.k = {1000, 0.0};
    result.images = kImages;
    PLUMBLINE_TRY(const Attribute labels, resolveAttribute(set, result.config.attributes.front()));
    PLUMBLINE_TRY(const metric::Meter meter, metric::Meter::create(labels, result.config.measure));
    std::vector<float> scores(kPrompts * kImages);
    Feedback feedback;
    for (std::size_t p = 0; p < kPrompts; ++p) {
        RandomStream random(2, streamId("scores"), p);
        const double lean = p % 3 == 0 ? 0.01 : 0.0;
        const std::span<float> row = std::span(scores).subspan(p * kImages, kImages);
        for (std::size_t i = 0; i < kImages; ++i)
            row[i] = static_cast<float>(0.2 + 0.03 * random.normal() + (set.attributes[0].codes[i] == 0 ? lean : 0.0));
        result.prompts.push_back("a photo of a person of kind " + std::to_string(p));
        result.truncated.push_back(false);
        result.config.probe.concepts.push_back({result.prompts.back(), ""});
        auto measured = meter.measure(std::span<const float>(row), feedback);
        if (!measured)
            return tl::unexpected(measured.error().error());
        measured->prompt = result.prompts.back();
        measured->attribute = result.config.attributes.front();
        result.measurements.push_back(std::move(*measured));
        std::fprintf(stderr, "\r%zu of %zu prompts", p + 1, kPrompts);
    }
    std::fprintf(stderr, "\n");
    metric::judge(result.measurements, result.config.measure);
    PLUMBLINE_TRY(const std::int64_t run, project.beginRun(result.config));
    return project.finishRun(run, result, scores);
}

double memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Milliseconds until it is so, with the main thread free to do everything else; the longest of its turns is kept.
double waitFor(const std::function<bool()>& isSo, double* longestTurn = nullptr) {
    QElapsedTimer all;
    all.start();
    while (!isSo() && all.elapsed() < kMostWait * 1000) {
        QElapsedTimer turn;
        turn.start();
        QCoreApplication::processEvents();
        if (longestTurn != nullptr)
            *longestTurn = std::max(*longestTurn, static_cast<double>(turn.nsecsElapsed()) / 1e6);
        QThread::usleep(200);
    }
    return static_cast<double>(all.nsecsElapsed()) / 1e6;
}

int measure(const char* folder, int pause, const std::vector<int>& ks) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    ProjectService service;
    auto page = std::make_unique<RunsPage>(&service, nullptr);
    page->resize(1280, 820);
    page->show();
    waitFor([&] { return page->isVisible(); });
    double turn = 0;
    service.open(QString::fromStdString(projectIn(folder).string()));
    std::printf("project open                 %8.1f ms\n", waitFor([&] { return service.isOpen(); }, &turn));
    const auto shown = [&] { return page->chart()->isVisible() && page->chart()->chart() != nullptr; };
    std::printf("its run of 300 prompts shown %8.1f ms more\n", waitFor(shown, &turn));
    std::printf("prompts in sight             %8zu\n", page->chart()->table()->measurementsInSight().size());
    const auto change = [&](int k) {
        const auto is = [&] {
            const PlumbData* chart = page->chart()->chart();
            const auto inSight = page->chart()->table()->measurementsInSight();
            return chart->isExplored && std::ranges::all_of(inSight, [&](int row) {
                       return chart->measurements[static_cast<std::size_t>(row)].k == k;
                   });
        };
        const auto hasIntervals = [&] {
            const PlumbData* chart = page->chart()->chart();
            const auto inSight = page->chart()->table()->measurementsInSight();
            return is() && std::ranges::all_of(inSight, [&](int row) {
                       return chart->measurements[static_cast<std::size_t>(row)].ndkl.ciHigh.has_value();
                   });
        };
        turn = 0;
        QElapsedTimer clock;
        clock.start();
        page->exploreBar()->number()->setValue(k);
        waitFor(is, &turn);
        const double values = static_cast<double>(clock.nsecsElapsed()) / 1e6;
        waitFor(hasIntervals, &turn);
        const double intervals = static_cast<double>(clock.nsecsElapsed()) / 1e6;
        std::printf(
            "k = %7d: values %8.1f ms, intervals and bands %8.1f ms; longest turn of the main thread %6.1f ms; highest "
            "memory %5.0f MiB\n",
            k, values, intervals, turn, memory());
    };
    QElapsedTimer clock;
    const auto wait = [&](int ms) {
        clock.start();
        waitFor([&] { return clock.elapsed() >= ms; });
    };
    std::printf("%d ms later:\n", pause);
    wait(pause);
    change(ks.front());
    wait(6000);
    std::printf("six seconds later:\n");
    for (const int k : std::span(ks).subspan(1))
        change(k);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], "--write") == 0) {
        const Result<void> written = write(argv[2]);
        if (!written)
            std::fprintf(stderr, "not written: %d %s\n", static_cast<int>(written.error().code),
                         written.error().detail.c_str());
        return written ? 0 : 3;
    }
    if (argc < 3) {
        std::fprintf(stderr, "usage: bench_million --write FOLDER | FOLDER MS [K...]\n");
        return 2;
    }
    std::vector<int> ks;
    for (int i = 3; i < argc; ++i)
        ks.push_back(std::max(1, std::atoi(argv[i])));
    if (ks.empty())
        ks = {500, 100, 2000, 700, 10'000, 50'000, 100'000, 300'000, 1'000'000};
    const QApplication application(argc, argv);
    return measure(argv[1], std::max(0, std::atoi(argv[2])), ks);
}
