// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <algorithm>

#include <QBuffer>
#include <QImage>

#include "core/base/feedback.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/data/attribute_text.h"
#include "core/metric/measure.h"
#include "core/store/project.h"
#include "tests/support/test_support.h"
#include "tests/ui/synthetic_project.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/project_service.h"
#include "ui/pages/runs/project_run_source.h"
#include "ui/pages/runs/run_explorer.h"

using namespace plumbline;
using namespace plumbline::ui;

namespace {

constexpr std::size_t kImages = 400;
constexpr std::size_t kPrompts = 3;

ImageSet labelledImages() {
    ImageSet set;
    set.root = "/photographs";
    std::vector<std::string> gender, race, age;
    for (std::size_t i = 0; i < kImages; ++i) {
        age.push_back(i % 4 == 0 ? "0-2" : i % 4 == 1 ? "3-9" : "20-29");
        set.files.push_back("f" + std::to_string(i) + ".jpg");
        gender.push_back(i % 10 == 0 ? "" : i % 2 ? "Male" : "Female");
        race.push_back(i % 3 ? "White" : "Black");
    }
    set.attributes = {makeAttribute("gender", gender), makeAttribute("race", race), makeAttribute("age", age)};
    return set;
}

/// Prompt 0 prefers the first group of gender, the others nobody; image 399 was skipped.
std::vector<float> inventedScores(const ImageSet& set) {
    std::vector<float> scores;
    for (std::size_t p = 0; p < kPrompts; ++p) {
        RandomStream random(11, streamId("scores"), p);
        for (std::size_t i = 0; i < kImages; ++i)
            scores.push_back(static_cast<float>(0.2 + 0.01 * random.normal() +
                                                (p == 0 && set.attributes[0].codes[i] == 0 ? 0.02 : 0.0)));
        scores.back() = std::numeric_limits<float>::quiet_NaN();
    }
    return scores;
}

/// A project with one finished run about gender and the crossing, as the engine would leave it.
void writeProject(const std::filesystem::path& path, std::int64_t* imageSet, std::int64_t* run) {
    auto project = store::Project::create(path);
    QVERIFY(project);
    const ImageSet set = labelledImages();
    *imageSet = project->addImageSet(set, "drawn").value();
    AuditResult result;
    result.config.imageSetId = *imageSet;
    // A plain one, crossings of two and three, and merged groups.
    result.config.attributes = {"gender", "gender × race", "age × gender × race", "age [young = 0-2 + 3-9] × gender"};
    result.config.measure.k = {50, 0.0};
    const std::vector<float> scores = inventedScores(set);
    std::vector<Attribute> attributes;
    for (const std::string& name : result.config.attributes)
        attributes.push_back(resolveAttribute(set, name).value());
    Feedback feedback;
    for (std::size_t p = 0; p < kPrompts; ++p) {
        result.prompts.push_back("prompt " + std::to_string(p));
        result.config.probe.concepts.push_back({result.prompts.back(), ""});
        result.truncated.push_back(false);
        for (const Attribute& attribute : attributes) {
            const auto meter = metric::Meter::create(attribute, result.config.measure);
            auto measured = meter->measure(std::span<const float>(scores).subspan(p * kImages, kImages), feedback);
            measured->prompt = result.prompts.back();
            measured->attribute = attribute.name;
            result.measurements.push_back(*measured);
        }
    }
    result.images = kImages;
    result.skipped = 1;
    *run = project->beginRun(result.config).value();
    QVERIFY(project->finishRun(*run, result, scores));
    QImage image(8, 8, QImage::Format_RGB32);
    image.fill(Qt::red);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "JPEG");
    const std::pair<std::int64_t, std::vector<std::uint8_t>> thumbnail{7, {bytes.begin(), bytes.end()}};
    QVERIFY(project->putThumbnails(*imageSet, std::span(&thumbnail, 1)));
}

} // namespace

class TestProjectRunSource : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        writeProject(m_folder / "p.plumb", &m_imageSet, &m_run);
        m_project = std::make_unique<ProjectService>();
        m_source = std::make_unique<ProjectRunSource>(m_project.get(), nullptr);
        m_project->open(QString::fromStdString((m_folder / "p.plumb").string()));
        QTRY_VERIFY_WITH_TIMEOUT(m_project->isOpen(), 30000);
    }

    void cleanupTestCase() {
        m_source.reset();
        m_project.reset();
    }

    void runsAreListed() {
        std::vector<store::RunRecord> runs;
        m_source->runs(this, [&](Result<std::vector<store::RunRecord>> answer) { runs = answer.value(); });
        QTRY_COMPARE_WITH_TIMEOUT(runs.size(), std::size_t{1}, 30000);
        QCOMPARE(runs[0].id, m_run);
        QVERIFY(runs[0].state == RunState::Done);
    }

    void notesAreStoredAndCanBeUndone() {
        const auto notes = [this] {
            std::optional<std::vector<Note>> found;
            m_source->notes(m_run, this, [&](Result<std::vector<Note>> answer) { found = std::move(answer.value()); });
            [&] { QTRY_VERIFY_WITH_TIMEOUT(found.has_value(), 30000); }();
            return found.value_or(std::vector<Note>());
        };
        const NoteSubject about{"prompt 2", "gender", {}};
        std::optional<Result<void>> stored;
        m_source->setNote({m_run, about, true, "look", "", 0}, this, [&](Result<void> answer) { stored = answer; });
        QTRY_VERIFY_WITH_TIMEOUT(stored, 30000);
        QVERIFY(stored->has_value());
        QCOMPARE(notes().size(), std::size_t{1});
        QVERIFY(notes()[0].about == about && notes()[0].text == "look");
        m_project->history()->undo();
        QTRY_VERIFY_WITH_TIMEOUT(notes().empty(), 30000);
        stored.reset();
        m_source->setNote({m_run, {"not asked", "gender", {}}, true, "", "", 0}, this,
                          [&](Result<void> answer) { stored = answer; });
        QTRY_VERIFY_WITH_TIMEOUT(stored, 30000);
        QVERIFY(!stored->has_value());
    }

    void aRunIsReadAndLaidOut() {
        load();
        QCOMPARE(m_loaded->attributes.size(), std::size_t{4});
        const auto& gender = m_loaded->attributes[0];
        QCOMPARE(gender.chart->measurements.size(), kPrompts);
        QCOMPARE(gender.chart->prompt(2), QStringLiteral("prompt 2"));
        QCOMPARE(gender.groups, (std::vector<std::string>{"Female", "Male"}));
        QVERIFY(gender.chart->chart.rows[0].lean.kind == report::Lean::Kind::Leans);
        // Crossings and merged groups have no labels of their own: they are made from those of the images.
        QCOMPARE(m_loaded->attributes[1].groups.size(), std::size_t{4});
        for (const auto& attribute : m_loaded->attributes)
            QVERIFY2(attribute.labels, attribute.name.c_str());
    }

    void topImagesAreThoseThatWereMeasured() {
        load();
        for (std::size_t attribute = 0; attribute < m_loaded->attributes.size(); ++attribute)
            for (std::size_t prompt = 0; prompt < kPrompts; ++prompt) {
                std::vector<RankedImage> images;
                m_source->topImages(m_loaded, attribute, prompt, this,
                                    [&](Result<std::vector<RankedImage>> answer) { images = answer.value(); });
                const Measurement& m = m_loaded->attributes[attribute].chart->measurements[prompt];
                QTRY_COMPARE_WITH_TIMEOUT(images.size(), std::size_t(m.kEffective), 30000);
                std::vector<std::int64_t> counts(m.groups.size(), 0);
                for (const RankedImage& image : images) {
                    QVERIFY(image.group >= 0); // unlabelled images take no part
                    QVERIFY(image.row != kImages - 1);
                    ++counts[static_cast<std::size_t>(image.group)];
                }
                for (std::size_t g = 0; g < counts.size(); ++g)
                    QCOMPARE(counts[g], m.groups[g].topCount);
                QVERIFY(std::is_sorted(images.begin(), images.end(),
                                       [](const auto& a, const auto& b) { return a.score > b.score; }));
            }
    }

    void curvesEndAtTheMeasuredShares() {
        load();
        std::shared_ptr<const RankCurve> curve;
        m_source->curve(m_loaded, 0, 0, this,
                        [&](Result<std::shared_ptr<const RankCurve>> answer) { curve = answer.value(); });
        QTRY_VERIFY_WITH_TIMEOUT(curve, 30000);
        const Measurement& m = m_loaded->attributes[0].chart->measurements[0];
        QCOMPARE(curve->rank.back(), m.kEffective);
        QVERIFY(std::abs(curve->ndkl.back() - *m.ndkl.value) < 1e-12);
        for (std::size_t g = 0; g < m.groups.size(); ++g)
            QVERIFY(std::abs(curve->groups[g].share.back() - m.groups[g].topShare) < 1e-12);
    }

    void aLaterCurveCancelsAnEarlierOne() {
        load();
        QList<int> answered;
        for (int prompt = 0; prompt < 3; ++prompt)
            m_source->curve(
                m_loaded, 0, static_cast<std::size_t>(prompt), this,
                [&answered, prompt](const Result<std::shared_ptr<const RankCurve>>&) { answered << prompt; });
        QTRY_COMPARE_WITH_TIMEOUT(answered, QList<int>{2}, 30000);
        QTest::qWait(50);
        QCOMPARE(answered, QList<int>{2});
    }

    /// What is shown at another k is what a Meter measures there, to the last bit; the run stays as it is.
    void exploringMeasuresAsAMeterDoes() {
        load();
        const ImageSet set = labelledImages();
        const std::vector<float> scores = inventedScores(set);
        Feedback feedback;
        for (std::size_t attribute = 0; attribute < m_loaded->attributes.size(); ++attribute)
            for (const auto target : {std::optional<Target::Kind>(), std::optional(Target::Kind::Uniform)})
                for (const std::int64_t k : {7, 120, 300}) {
                    std::vector<std::shared_ptr<const LoadedRun>> views;
                    m_source->explore(
                        m_loaded, attribute, Exploration{k, target}, {2}, this,
                        [&](Result<std::shared_ptr<const LoadedRun>> view) { views.push_back(view.value()); });
                    QTRY_VERIFY_WITH_TIMEOUT(!views.empty() && views.back()->explored->complete, 30000);
                    const LoadedRun::AttributeChart& shown = views.back()->attributes[attribute];
                    QVERIFY(shown.chart->isExplored);
                    MeasureOptions options = m_loaded->result.config.measure;
                    options.k = {k, 0.0};
                    if (target)
                        options.target.kind = *target;
                    Attribute labels = *m_loaded->attributes[attribute].labels;
                    const auto meter = metric::Meter::create(labels, options);
                    for (std::size_t prompt = 0; prompt < kPrompts; ++prompt) {
                        const Measurement expected =
                            meter->measure(std::span<const float>(scores).subspan(prompt * kImages, kImages), feedback)
                                .value();
                        const Measurement& found = shown.chart->measurements[prompt];
                        QCOMPARE(found.kEffective, expected.kEffective);
                        QCOMPARE(found.maxSkew.value, expected.maxSkew.value);
                        QCOMPARE(found.minSkew.value, expected.minSkew.value);
                        QCOMPARE(found.ndkl.value, expected.ndkl.value);
                        QCOMPARE(found.groups.size(), expected.groups.size());
                        for (std::size_t g = 0; g < found.groups.size(); ++g) {
                            QCOMPARE(found.groups[g].skew, expected.groups[g].skew);
                            QCOMPARE(found.groups[g].topCount, expected.groups[g].topCount);
                            QCOMPARE(found.groups[g].pValue, expected.groups[g].pValue);
                            if (prompt != 2) // not in sight
                                continue;
                            QCOMPARE(found.groups[g].ciLow, expected.groups[g].ciLow);
                            QCOMPARE(found.groups[g].ciHigh, expected.groups[g].ciHigh);
                            QCOMPARE(found.groups[g].nullHigh, expected.groups[g].nullHigh);
                        }
                        QCOMPARE(found.maxSkew.ciHigh, prompt == 2 ? expected.maxSkew.ciHigh : std::nullopt);
                    }
                    // The other attributes are the run's, and the run itself has not changed.
                    for (std::size_t other = 0; other < m_loaded->attributes.size(); ++other)
                        QCOMPARE(views.back()->attributes[other].chart == m_loaded->attributes[other].chart,
                                 other != attribute);
                    QCOMPARE(m_loaded->attributes[attribute].chart->measurements[0].k, std::int64_t{50});
                }
        std::shared_ptr<const LoadedRun> again;
        m_source->load(m_run, this, [&](Result<std::shared_ptr<const LoadedRun>> answer) { again = answer.value(); });
        QTRY_VERIFY_WITH_TIMEOUT(again, 30000);
        QCOMPARE(again->attributes[0].chart->measurements[0].k, std::int64_t{50});
        QVERIFY(!again->explored);
    }

    /// Rankings are kept: at the next k what is in sight has its values first, and all others have theirs before
    /// intervals.
    void nextKHasAllValuesAtOnce() {
        load();
        std::vector<std::shared_ptr<const LoadedRun>> views;
        const auto look = [&](std::int64_t k) {
            views.clear();
            m_source->explore(m_loaded, 0, Exploration{k, {}}, {1}, this,
                              [&](Result<std::shared_ptr<const LoadedRun>> view) { views.push_back(view.value()); });
            QTRY_VERIFY_WITH_TIMEOUT(!views.empty() && views.back()->explored->complete, 30000);
        };
        const auto measured = [](const std::shared_ptr<const LoadedRun>& view) -> const std::vector<Measurement>& {
            return view->attributes[0].chart->measurements;
        };
        look(120);
        look(90);
        QVERIFY(!measured(views.front())[1].groups.empty());
        const auto whole = std::ranges::find_if(views, [&](const auto& view) {
            return std::ranges::none_of(measured(view), [](const auto& each) { return each.groups.empty(); });
        });
        QVERIFY(whole != views.end() && !(*whole)->explored->complete);
        for (std::size_t prompt = 0; prompt < kPrompts; ++prompt) {
            const Measurement& found = measured(*whole)[prompt];
            QCOMPARE(found.k, std::int64_t{90});
            QVERIFY(!found.ndkl.ciHigh);
            QCOMPARE(found.groups.size(), measured(views.back())[prompt].groups.size());
            QCOMPARE(found.maxSkew.value, measured(views.back())[prompt].maxSkew.value);
        }
    }

    /// Rows that lean most are shown first: they are ranked before, and the first k reads no scores of theirs.
    void whatIsShownFirstIsRankedBefore() {
        load();
        AuditResult many = m_loaded->result;
        for (std::size_t copy = 1; copy < 8; ++copy)
            many.measurements.insert(many.measurements.end(), m_loaded->result.measurements.begin(),
                                     m_loaded->result.measurements.end());
        const auto run = LoadedRun::make(m_loaded->record, std::move(many), m_loaded->images);
        const std::vector<report::Row>& rows = run->attributes[0].chart->chart.rows;
        QCOMPARE(rows.size(), 8 * kPrompts);
        auto project = store::Project::open(m_folder / "p.plumb");
        QVERIFY(project);
        std::vector<std::size_t> read;
        const RunExplorer::Scores scores = [&](std::size_t prompt) {
            read.push_back(prompt);
            return project->runScores(m_run, static_cast<std::int64_t>(prompt % kPrompts));
        };
        auto explorer = RunExplorer::create(run, 0, scores);
        QVERIFY(explorer);
        read.clear(); // one may have been looked at for images without a score
        QVERIFY(explorer->rankFirst(scores));
        QCOMPARE(read.size(), std::size_t{16});
        double weakest = rows[read.front()].lean.strength, left = 0;
        for (std::size_t prompt = 0; prompt < rows.size(); ++prompt) {
            const double strength = rows[prompt].lean.strength;
            if (std::ranges::find(read, prompt) != read.end())
                weakest = std::min(weakest, strength);
            else
                left = std::max(left, strength);
        }
        QVERIFY2(weakest >= left, qPrintable(QStringLiteral("%1 < %2").arg(weakest).arg(left)));

        const std::vector<int> inSight(read.begin(), read.end());
        read.clear();
        QVERIFY(explorer->ask(Exploration{90, {}}));
        Feedback feedback;
        const auto step = explorer->step(inSight, scores, feedback);
        QVERIFY(step && step->view);
        for (const int prompt : inSight)
            QCOMPARE(step->view->attributes[0].chart->measurements[static_cast<std::size_t>(prompt)].k,
                     std::int64_t{90});
        QVERIFY(read.empty());
    }

    void imagesAndCurvesFollowTheExploredK() {
        load();
        std::shared_ptr<const LoadedRun> view;
        m_source->explore(m_loaded, 0, Exploration{20, Target::Kind::Uniform}, {0}, this,
                          [&](Result<std::shared_ptr<const LoadedRun>> answer) { view = answer.value(); });
        QTRY_VERIFY_WITH_TIMEOUT(view && view->explored->complete, 30000);
        std::vector<RankedImage> images;
        m_source->topImages(view, 0, 0, this,
                            [&](Result<std::vector<RankedImage>> answer) { images = answer.value(); });
        QTRY_COMPARE_WITH_TIMEOUT(images.size(), std::size_t{20}, 30000);
        for (const auto& run : {view, m_loaded, view}) {
            std::shared_ptr<const RankCurve> curve;
            m_source->curve(run, 0, 0, this,
                            [&](Result<std::shared_ptr<const RankCurve>> answer) { curve = answer.value(); });
            QTRY_VERIFY_WITH_TIMEOUT(curve, 30000);
            const Measurement& m = run->attributes[0].chart->measurements[0];
            QCOMPARE(curve->rank.back(), m.kEffective);
            QCOMPARE(curve->groups[0].target, m.groups[0].targetShare);
            QVERIFY(std::abs(curve->ndkl.back() - *m.ndkl.value) < 1e-12);
        }
    }

    void aLaterKCancelsAnEarlierOne() {
        load();
        QList<std::int64_t> answered;
        for (const std::int64_t k : {10, 20, 30})
            m_source->explore(
                m_loaded, 0, Exploration{k, {}}, {0, 1, 2}, this,
                [&](Result<std::shared_ptr<const LoadedRun>> view) { answered << view.value()->explored->what.k; });
        QTRY_VERIFY_WITH_TIMEOUT(answered.size() >= 2, 30000); // values, then intervals
        QTest::qWait(50);
        QCOMPARE(QSet<std::int64_t>(answered.begin(), answered.end()), QSet<std::int64_t>{30});
    }

    void thumbnailsAreReadAndMissingOnesSaid() {
        QHash<qint64, bool> found;
        m_source->thumbnails(m_imageSet, {7, 8}, this,
                             [&](qint64 row, const QImage& image) { found[row] = !image.isNull(); });
        QTRY_COMPARE_WITH_TIMEOUT(found.size(), 2, 30000);
        QVERIFY(found[7]);
        QVERIFY(!found[8]); // and there is no engine that could make it
    }

    void anUnknownRunIsAnError() {
        bool failed = false;
        m_source->load(999, this, [&](Result<std::shared_ptr<const LoadedRun>> answer) { failed = !answer; });
        QTRY_VERIFY_WITH_TIMEOUT(failed, 30000);
    }

    void aGoneContextIsNotAnswered() {
        bool answered = false;
        {
            QObject shortLived;
            m_source->runs(&shortLived, [&](const Result<std::vector<store::RunRecord>>&) { answered = true; });
        }
        QTest::qWait(50);
        QVERIFY(!answered);
    }

    void plantedTruthComesFromTheModelThatWasAudited() {
        const std::filesystem::path path = m_folder / "sample.plumb";
        {
            auto project = store::Project::create(path);
            QVERIFY(project);
            QVERIFY(test::fillSample(*project));
        }
        ProjectService service;
        ProjectRunSource source(&service, nullptr);
        service.open(QString::fromStdString(path.string()));
        QTRY_VERIFY_WITH_TIMEOUT(service.isOpen(), 30000);
        const auto truth = [&](qint64 run) {
            std::shared_ptr<const LoadedRun> loaded;
            source.load(run, this, [&](Result<std::shared_ptr<const LoadedRun>> answer) { loaded = answer.value(); });
            [&] { QTRY_VERIFY_WITH_TIMEOUT(loaded, 30000); }();
            return loaded->attributes[0].chart->truth;
        };
        QCOMPARE(truth(2).planted, 6);
        QCOMPARE(truth(2).others, 12);
        QVERIFY(!truth(2).fair);
        QCOMPARE(truth(1).planted, 0);
        QCOMPARE(truth(1).others, 18);
        QVERIFY(truth(1).fair);
        // The same folder with other weights is another model: what was planted in it says nothing about the run.
        auto project = store::Project::open(path);
        store::ModelRecord model = project->model(2).value();
        model.card.contentSha256 = std::string(64, '0');
        QCOMPARE(project->addModel(model).value(), std::int64_t{2});
        QVERIFY(truth(2).empty());
        QVERIFY(project->removeModel(1));
        QVERIFY(truth(1).empty());
    }

    /// What the window's tests and pictures show of the invented projects is of one piece.
    void inventedRunsRankTheirImagesAsTheySay() {
        const std::filesystem::path path = m_folder / "invented.plumb";
        {
            auto project = store::Project::create(path);
            QVERIFY(project);
            const auto filled = test::fillSample(*project);
            QVERIFY(filled);
        }
        ProjectService service;
        ProjectRunSource source(&service, nullptr);
        service.open(QString::fromStdString(path.string()));
        QTRY_VERIFY_WITH_TIMEOUT(service.isOpen(), 30000);
        std::shared_ptr<const LoadedRun> run;
        source.load(2, this, [&](Result<std::shared_ptr<const LoadedRun>> answer) { run = answer.value(); });
        QTRY_VERIFY_WITH_TIMEOUT(run, 30000);
        for (std::size_t attribute = 0; attribute < 2; ++attribute)
            for (const std::size_t prompt : {0, 17}) {
                std::vector<RankedImage> images;
                source.topImages(run, attribute, prompt, this,
                                 [&](Result<std::vector<RankedImage>> answer) { images = answer.value(); });
                const Measurement& m = run->attributes[attribute].chart->measurements[prompt];
                QTRY_COMPARE_WITH_TIMEOUT(images.size(), std::size_t(m.kEffective), 30000);
                for (std::size_t g = 0; g < m.groups.size(); ++g) {
                    QCOMPARE(std::ranges::count(images, static_cast<int>(g), &RankedImage::group),
                             m.groups[g].topCount);
                    QCOMPARE(run->attributes[attribute].labels->counts()[g], m.groups[g].poolCount);
                }
            }
    }

    void closingTheProjectIsTold() {
        QSignalSpy spy(m_source.get(), &RunSource::changed);
        m_project->close();
        QVERIFY(spy.count() >= 1);
        std::optional<std::size_t> count;
        m_source->runs(this, [&](Result<std::vector<store::RunRecord>> answer) { count = answer.value().size(); });
        QTRY_VERIFY_WITH_TIMEOUT(count, 30000);
        QCOMPARE(*count, std::size_t{0});
    }

private:
    void load() {
        if (m_loaded)
            return;
        m_source->load(m_run, this,
                       [this](Result<std::shared_ptr<const LoadedRun>> answer) { m_loaded = answer.value(); });
        QTRY_VERIFY_WITH_TIMEOUT(m_loaded, 30000);
    }

    test::TempFolder m_folder;
    std::int64_t m_imageSet = 0, m_run = 0;
    std::unique_ptr<ProjectService> m_project;
    std::unique_ptr<ProjectRunSource> m_source;
    std::shared_ptr<const LoadedRun> m_loaded;
};

QTEST_GUILESS_MAIN(TestProjectRunSource)
#include "tst_project_run_source.moc"
