// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/base/error_text.h"
#include "core/sample/sample_project.h"
#include "core/store/project.h"
#include "tests/support/test_support.h"
#include "tests/tools/sample_figures.h"

using namespace plumbline;
using namespace plumbline::sample;
using plumbline::test::SampleFigures;
using plumbline::test::TempFolder;

/// The figures that resources/sample/README.md states, from the models that are shipped.
class TestSampleModels : public QObject {
    Q_OBJECT

    TempFolder m_folder;
    OpenedSample m_opened;
    SampleFigures m_planted, m_fair;

private Q_SLOTS:
    void initTestCase() {
        Feedback feedback;
        const auto opened = openSample(m_folder / "sample", nullptr, feedback);
        QVERIFY2(opened.has_value(), opened ? "" : errorText(opened.error().error()).c_str());
        m_opened = *opened;
        for (const auto& [name, figures] : {std::pair{"model", &m_planted}, std::pair{"model-fair", &m_fair}}) {
            const auto measured = test::sampleFigures(m_folder / "sample", m_folder / "sample" / name, feedback);
            QVERIFY2(measured.has_value(), measured ? "" : errorText(measured.error().error()).c_str());
            *figures = *measured;
        }
    }

    void knowsWhatItSees() {
        for (const SampleFigures* figures : {&m_planted, &m_fair}) {
            QVERIFY2(figures->occupation >= 0.90, std::to_string(figures->occupation).c_str());
            QVERIFY2(figures->gender >= 0.90, std::to_string(figures->gender).c_str());
            QVERIFY2(figures->tone >= 0.85, std::to_string(figures->tone).c_str());
            QVERIFY2(figures->age >= 0.70, std::to_string(figures->age).c_str());
        }
    }

    void everyPlantedLeanIsFound() {
        QCOMPARE(m_planted.planted, 12);
        QCOMPARE(m_planted.found, 12);
        // Within a direction the gaps of mean cosine stand in the planted order.
        QCOMPARE(m_planted.rankCorrelations.size(), std::size_t{4});
        for (const auto& [direction, correlation] : m_planted.rankCorrelations)
            QVERIFY2(correlation >= 0.8, direction.c_str());
    }

    /// Chance alone would let one in twenty seem to lean.
    void controlsHangPlumb() {
        for (const auto& [attribute, controls] : m_planted.controls) {
            QCOMPARE(controls.count, 6);
            QVERIFY2(controls.plumb >= 4, (attribute + " " + std::to_string(controls.plumb)).c_str());
            QVERIFY2(controls.largestGap < controls.weakestPlantedGap / 3, attribute.c_str());
        }
        QCOMPARE(m_planted.controls.size(), std::size_t{2});
    }

    void theFairModelLeansLess() {
        QVERIFY2(m_fair.meanMaxSkew <= m_planted.meanMaxSkew / 2,
                 (std::to_string(m_fair.meanMaxSkew) + " " + std::to_string(m_planted.meanMaxSkew)).c_str());
    }

    void theProjectIsFinished() {
        auto project = store::Project::open(m_opened.project);
        QVERIFY(project.has_value());
        const auto runs = project->runs();
        const auto models = project->models();
        const auto sets = project->imageSets();
        QCOMPARE(runs->size(), std::size_t{2});
        for (const store::RunRecord& run : *runs) {
            QVERIFY(run.state == RunState::Done);
            QCOMPARE(run.images, 2000);
            QCOMPARE(run.skipped, 0);
            // What the window asks before it shows the planted truth: the record is of the weights that were run.
            QCOMPARE(project->model(run.config.modelId)->card.contentSha256, run.provenance.tensorsSha256);
        }
        QCOMPARE(runs->front().id, m_opened.run);
        QCOMPARE(models->size(), std::size_t{2});
        for (const store::ModelRecord& model : *models) {
            QVERIFY(model.card.selfCheck.passed);
            QCOMPARE(model.card.planted.size(), std::size_t{18});
        }
        QCOMPARE(sets->size(), std::size_t{1});
        QCOMPARE(sets->front().images, 2000);
        QCOMPARE(project->probes()->size(), std::size_t{1});
    }

    void openingAgainChangesNothing() {
        Feedback feedback;
        const auto again = openSample(m_folder / "sample", nullptr, feedback);
        QVERIFY(again.has_value());
        QCOMPARE(again->run, m_opened.run);
        auto project = store::Project::open(again->project);
        QCOMPARE(project->runs()->size(), std::size_t{2});
        QCOMPARE(project->models()->size(), std::size_t{2});
        QCOMPARE(project->imageSets()->size(), std::size_t{1});
        QCOMPARE(project->probes()->size(), std::size_t{1});
    }
};

QTEST_APPLESS_MAIN(TestSampleModels)
#include "tst_sample_models.moc"
