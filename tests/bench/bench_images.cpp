// SPDX-License-Identifier: GPL-3.0-or-later
// Browsing many images: `bench_images --make FILE.plumb [IMAGES]` writes a project (names and labels only, a million by
// default), `bench_images FILE.plumb` opens its first set as the Images page does and times opening, scrolling,
// filtering and sorting.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <QApplication>
#include <QEventLoop>
#include <QScrollBar>
#include <QTableView>

#include "core/base/error_text.h"
#include "core/base/random.h"
#include "core/store/project.h"
#include "ui/bridge/project_service.h"
#include "ui/models/image_table.h"
#include "ui/models/thumbnails.h"
#include "ui/pages/images/crossing_view.h"
#include "ui/pages/images/image_browser.h"
#include "ui/widgets/tile_grid.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// MB of this process, now and at its highest.
std::pair<double, double> memory() {
    std::ifstream status("/proc/self/status");
    std::pair<double, double> megabytes;
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:"))
            megabytes.first = std::stod(line.substr(6)) / 1024;
        if (line.starts_with("VmHWM:"))
            megabytes.second = std::stod(line.substr(6)) / 1024;
    }
    return megabytes;
}

int make(const char* path, long images) {
    RandomStream random(1, streamId("bench/images"), 0);
    const std::vector<std::string> genders{"Female", "Male"}, races{"Black", "East Asian", "Indian", "Latino", "White"},
        ages{"0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60+"};
    ImageSet set;
    set.root = "/data/faces";
    set.preset = "generic";
    std::vector<std::string> gender, race, age;
    const auto pick = [&random](const std::vector<std::string>& names) {
        return names[static_cast<std::size_t>(random.uniform() * static_cast<double>(names.size()))];
    };
    for (long i = 0; i < images; ++i) {
        set.files.push_back("part-" + std::to_string(i / 10000) + "/face-" + std::to_string(i) + ".jpg");
        gender.push_back(pick(genders));
        race.push_back(pick(races));
        age.push_back(random.uniform() < 0.02 ? std::string() : pick(ages));
    }
    set.attributes = {makeAttribute("gender", gender), makeAttribute("race", race), makeAttribute("age", age)};
    set.report.tableRows = set.report.matched = images;
    ImageCheck check{"2026-11-23T09:00:00Z", {}, {}};
    ImageFindings small;
    small.flaw = ImageFlaw::Small;
    for (std::int32_t i = 0; i < images; i += 3) {
        small.images.push_back(i);
        small.measures.push_back(96);
    }
    check.findings.push_back(std::move(small));
    auto project = store::Project::create(path);
    if (!project) {
        std::fprintf(stderr, "%s\n", errorText(project.error()).c_str());
        return 1;
    }
    const auto id = project->addImageSet(set, "Many faces");
    return id && project->putImageCheck(*id, check) && project->checkpoint() ? 0 : 1;
}

struct Steps {
    double middle = 0, longest = 0;
};
/// One step after the other, each painted before the next.
template <class Step>
Steps timed(int count, Step&& step) {
    std::vector<double> times;
    for (int i = 0; i < count; ++i) {
        const auto begin = Clock::now();
        step(i);
        times.push_back(since(begin));
    }
    std::ranges::sort(times);
    return {times[times.size() / 2], times.back()};
}

void print(const char* what, const Steps& steps) {
    std::printf("%-34s median %6.1f ms, longest %6.1f ms\n", what, steps.middle, steps.longest);
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 2 && std::strcmp(argv[1], "--make") == 0)
        return make(argv[2], argc > 3 ? std::atol(argv[3]) : 1000000);
    QApplication application(argc, argv);
    if (argc < 2)
        return 2;
    const double before = memory().first;
    ProjectService project;
    ThumbnailReader reader(&project, nullptr);
    ThumbnailCache thumbnails(&reader);
    ImageBrowser browser(&thumbnails);
    CrossingView crossing;
    browser.resize(1200, 800);
    crossing.resize(1200, 800);
    browser.show();
    QEventLoop loop;

    // From the project's file to painted tiles.
    const auto begin = Clock::now();
    using Catalog = std::shared_ptr<const ImageCatalog>;
    QObject::connect(&project, &ProjectService::opened, &loop, [&] {
        std::printf("%-34s %.1f ms\n", "project open", since(begin));
        project.ask<Catalog>(
            &loop,
            [](store::Project& file) -> Result<Catalog> {
                PLUMBLINE_TRY(ImageCatalog catalog, file.imageCatalog(1));
                return std::make_shared<const ImageCatalog>(std::move(catalog));
            },
            [&](const Result<Catalog>& catalog) {
                if (!catalog)
                    std::exit(1);
                const double read = since(begin);
                const auto main = Clock::now();
                thumbnails.setImageSet(1);
                browser.setCatalog(*catalog);
                browser.repaint();
                browser.grid()->viewport()->repaint();
                std::printf("%-34s %.1f ms, on the main thread %.1f ms\n", "read · shown", read, since(main));
                const auto counts = Clock::now();
                crossing.setCatalog(*catalog);
                crossing.grab();
                std::printf("%-34s %.1f ms\n", "crossing counted and painted", since(counts));
                loop.quit();
            });
    });
    project.open(QString::fromLocal8Bit(argv[1]));
    loop.exec();

    constexpr int kSteps = 300;
    const auto scroll = [&](QAbstractItemView* view, bool far) {
        QScrollBar* bar = view->verticalScrollBar();
        return timed(kSteps, [&, far](int i) {
            bar->setValue(far ? static_cast<int>(static_cast<double>(bar->maximum()) * ((i * 7919) % kSteps) / kSteps)
                              : bar->value() + bar->singleStep() * 3);
            view->viewport()->repaint();
            QCoreApplication::processEvents();
        });
    };
    print("thumbnails, a turn of the wheel", scroll(browser.grid(), false));
    print("thumbnails, anywhere", scroll(browser.grid(), true));
    const auto table = Clock::now();
    browser.setAsTable(true);
    browser.table()->viewport()->repaint();
    std::printf("%-34s %.1f ms\n", "table shown", since(table));
    print("table, a turn of the wheel", scroll(browser.table(), false));
    print("table, anywhere", scroll(browser.table(), true));

    // A wish until its rows are painted; and what of it the main thread is busy with.
    const auto wish = [&](const char* what, auto&& ask) {
        const auto asked = Clock::now();
        double busy = 0;
        const auto finished = QObject::connect(browser.images(), &ImageTable::arranged, &loop, &QEventLoop::quit);
        const auto asking = Clock::now();
        ask();
        busy = since(asking);
        if (browser.images()->isArranging()) {
            double reset = 0;
            Clock::time_point from;
            const auto about = QObject::connect(browser.images(), &QAbstractItemModel::modelAboutToBeReset, &loop,
                                                [&from] { from = Clock::now(); });
            loop.exec();
            browser.table()->viewport()->repaint();
            reset = since(from);
            busy = std::max(busy, reset);
            QObject::disconnect(about);
        }
        QObject::disconnect(finished);
        std::printf("%-34s %6.1f ms, main thread at once %5.1f ms, %d images\n", what, since(asked), busy,
                    browser.images()->rowCount());
    };
    wish("filter by two groups", [&] { browser.images()->setFilter({{0, 2}, "", 0}); });
    wish("filter by text", [&] { browser.images()->setFilter({{}, "face-77", 0}); });
    wish("filter by finding", [&] { browser.images()->setFilter({{}, "", flawBit(ImageFlaw::Small)}); });
    wish("all again", [&] { browser.images()->setFilter({}); });
    wish("sort by file", [&] { browser.images()->sort(0, Qt::DescendingOrder); });
    wish("sort by group", [&] { browser.images()->sort(2, Qt::AscendingOrder); });
    const auto [now, most] = memory();
    std::printf("memory %.0f MB beyond the empty window's %.0f, at its highest %.0f\n", now - before, before, most);
    return 0;
}
