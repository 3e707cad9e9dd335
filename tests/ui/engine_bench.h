// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QTest>

#include "tests/support/test_support.h"
#include "tests/ui/synthetic_project.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/pages/context.h"
#include "ui/widgets/page.h"

namespace plumbline::test {

inline constexpr int kLong = 60000;

/// A real project and the real engine, for a page that is driven as a user drives it.
struct EngineBench {
    explicit EngineBench(const QString& program = QString::fromStdString((binaryFolder() / "bin" / "plumb").string()))
        : engine(program) {}
    TempFolder folder;
    ui::Settings settings{QString::fromStdString((folder / "settings.ini").string())};
    ui::Engine engine;
    ui::RunningWork work{&engine};
    ui::ProjectService project;
    ui::ProjectLists lists{&project};
    ui::Context context{&engine, &work, &project, &lists, &settings};
    QList<ui::Message> messages;

    std::filesystem::path path() const { return folder / "bench.plumb"; }
    void open() {
        project.open(QString::fromStdString(path().string()));
        QTRY_VERIFY_WITH_TIMEOUT(lists.isLoaded(), kLong);
    }
    /// Runs 1 and 2 of two models that were asked the same, and run 3 with another k.
    void make() {
        auto fresh = store::Project::create(path());
        QVERIFY(fresh.has_value());
        QVERIFY(fillSample(*fresh).has_value());
        const auto second = fresh->run(2);
        QVERIFY(second.has_value());
        AuditConfig config = second->config;
        config.measure.k = {50, 0};
        const auto gender = plantedRun("gender", plantedLeans()), tone = plantedRun("skin tone", plantedLeans());
        std::vector<Measurement> both;
        for (std::size_t p = 0; p < gender.size(); ++p) {
            both.push_back(gender[p]);
            both.push_back(tone[p]);
        }
        QVERIFY(addFinishedRun(*fresh, config, sampleImages(), both, "sample").has_value());
    }
    void show(ui::Page& page) {
        QObject::connect(&page, &ui::Page::raised, &page,
                         [this](const ui::Message& message) { messages.append(message); });
        page.resize(1080, 760);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
    }
};

/// The button of this label that can be seen; null without one.
inline QPushButton* button(QWidget* page, const QString& text) {
    for (auto* candidate : page->findChildren<QPushButton*>())
        if (candidate->text() == text && candidate->isVisible())
            return candidate;
    return nullptr;
}

/// Whether a text that can be seen holds these words.
inline bool says(const QWidget* page, const QString& words) {
    const auto labels = page->findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(),
                       [&](const QLabel* label) { return label->isVisible() && label->text().contains(words); });
}

} // namespace plumbline::test
