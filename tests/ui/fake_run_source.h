// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>

#include <QPainter>
#include <QTimer>

#include "synthetic_run.h"
#include "ui/pages/runs/run_source.h"

namespace plumbline::test {

/// Runs out of memory, answered on the next turn of the event loop like the real source.
class FakeRunSource : public ui::RunSource {
public:
    std::vector<store::RunRecord> records;
    std::map<std::int64_t, AuditResult> results;
    std::map<std::int64_t, std::shared_ptr<const ImageSet>> imageSets;
    std::map<std::int64_t, std::vector<PlantedLean>> planted;
    std::vector<ui::Exploration> explored;
    int curvesAsked = 0, imagesAsked = 0;
    QList<qint64> thumbnailsAsked;
    bool failLoading = false;

    /// A finished run of measurements, prompt-major over the attributes.
    void addDone(std::int64_t id, std::vector<std::vector<Measurement>> byAttribute, bool concepts = false) {
        store::RunRecord record;
        record.id = id;
        record.state = RunState::Done;
        record.modelName = "faceclip-a";
        record.imageSetName = "FairFace validation";
        record.images = 5000;
        record.prompts = static_cast<std::int64_t>(byAttribute.front().size());
        record.created = "2026-11-22T08:15:30Z";
        record.config.imageSetId = 1;
        record.config.measure.k = {byAttribute.front().front().k, 0.0};
        for (const auto& measurements : byAttribute)
            record.config.attributes.push_back(measurements.front().attribute);
        AuditResult result;
        result.config = record.config;
        result.images = 5000;
        auto images = std::make_shared<ImageSet>();
        images->root = "/photographs";
        for (std::size_t i = 0; i < 5000; ++i)
            images->files.push_back("val/" + std::to_string(i + 1) + ".jpg");
        for (const auto& measurements : byAttribute) {
            Attribute attribute{measurements.front().attribute, groupNames(measurements), {}};
            for (std::size_t i = 0; i < 5000; ++i)
                attribute.codes.push_back(static_cast<std::int32_t>(i % attribute.groups.size()));
            images->attributes.push_back(std::move(attribute));
        }
        for (std::size_t p = 0; p < byAttribute.front().size(); ++p) {
            result.prompts.push_back(byAttribute.front()[p].prompt.value_or(""));
            result.truncated.push_back(false);
            for (const auto& measurements : byAttribute)
                result.measurements.push_back(measurements[p]);
            if (!concepts)
                continue;
            for (const auto& measurements : byAttribute) {
                ConceptSummary summary{
                    "concept " + std::to_string(p), p % 2 ? "trait" : "occupation", measurements.front().attribute, 4,
                    measurements[p].maxSkew.value,  measurements[p].minSkew.value,  measurements[p].ndkl.value,     {}, {}};
                for (const GroupMeasure& g : measurements[p].groups)
                    summary.groupSkew.emplace_back(g.name, g.skew);
                result.concepts.push_back(summary);
            }
        }
        records.insert(records.begin(), record);
        results[id] = result;
        imageSets[id] = images;
    }

    /// A finished run of a model in which this was planted.
    void addPlanted(std::int64_t id, std::int64_t model, const std::vector<PlantedLean>& leans) {
        addDone(id, {plantedRun("gender", leans), plantedRun("skin tone", leans)});
        records.front().config.modelId = model;
        records.front().modelName = "sample-" + std::to_string(model);
        results[id].config.probe = plantedProbe();
        planted[id] = leans;
    }

    void addUnfinished(std::int64_t id, RunState state, std::int64_t embedded) {
        store::RunRecord record;
        record.id = id;
        record.state = state;
        record.modelName = "faceclip-b";
        record.imageSetName = "FairFace validation";
        record.images = 5000;
        record.embedded = embedded;
        record.prompts = 28;
        record.config.attributes = {"gender"};
        record.created = "2026-11-22T09:00:00Z";
        records.insert(records.begin(), record);
    }

    std::vector<Note> stored;
    void notes(qint64 run, QObject* context, Answer<std::vector<Note>> answer) override {
        std::vector<Note> found;
        std::ranges::copy_if(stored, std::back_inserter(found), [run](const Note& note) { return note.run == run; });
        QTimer::singleShot(0, context, [answer, found] { answer(found); });
    }
    void setNote(const Note& note, QObject* context, std::function<void(Result<void>)> answer) override {
        std::erase_if(stored, [&note](const Note& one) { return one.run == note.run && one.about == note.about; });
        if (!note.empty()) {
            stored.push_back(note);
            stored.back().id = ++notesMade;
            stored.back().changed = "2026-11-22T10:00:00Z";
        }
        QTimer::singleShot(0, context, [this, answer] {
            answer({});
            Q_EMIT changed();
        });
    }
    std::int64_t notesMade = 0;

    void runs(QObject* context, Answer<std::vector<store::RunRecord>> answer) override {
        QTimer::singleShot(0, context, [this, answer] { answer(records); });
    }
    void load(qint64 run, QObject* context, Answer<std::shared_ptr<const ui::LoadedRun>> answer) override {
        QTimer::singleShot(0, context, [this, run, answer] {
            if (failLoading) {
                answer(fail(ErrorCode::ProjectDamaged, {{"path", "x.plumb"}, {"reason", "a test"}}));
                return;
            }
            for (const store::RunRecord& record : records)
                if (record.id == run)
                    answer(ui::LoadedRun::make(record, results[run], imageSets[run], planted[run]));
        });
    }
    void topImages(const std::shared_ptr<const ui::LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                   QObject* context, Answer<std::vector<ui::RankedImage>> answer) override {
        ++imagesAsked;
        const Measurement& m = run->attributes[attribute].chart->measurements[prompt];
        RandomStream random(3, streamId("images"), prompt);
        std::vector<int> groups; // as many of each as were counted, in an invented order
        for (std::size_t i = 0; i < m.groups.size(); ++i)
            groups.insert(groups.end(), static_cast<std::size_t>(m.groups[i].topCount), static_cast<int>(i));
        for (std::size_t i = groups.size(); i > 1; --i)
            std::swap(groups[i - 1], groups[random.below(i)]);
        std::vector<ui::RankedImage> images;
        for (std::int64_t rank = 0; rank < m.kEffective; ++rank)
            images.push_back({rank * 7 % 5000, groups[static_cast<std::size_t>(rank)],
                              0.412 - 0.0003 * static_cast<double>(rank),
                              run->images->files[static_cast<std::size_t>(rank * 7 % 5000)]});
        QTimer::singleShot(0, context, [answer, images] { answer(images); });
    }
    void details(const std::shared_ptr<const ui::LoadedRun>& run, std::size_t attribute, std::size_t prompt,
                 QObject* context, Answer<ui::RankingDetails> answer) override {
        ++detailsAsked;
        const Attribute& labels = *run->attributes[attribute].labels;
        std::vector<float> scores; // those of the first group a little higher
        RandomStream random(4, streamId("scores"), prompt);
        for (const std::int32_t code : labels.codes)
            scores.push_back(static_cast<float>(0.2 + 0.0001 * static_cast<double>(random.below(1000)) + (code == 0 ? 0.02 : 0)));
        MeasureOptions options;
        options.k = {run->attributes[attribute].chart->measurements[prompt].kEffective, 0};
        auto ribbon = metric::rankRibbon(labels, options, scores, 2 * options.k.count, 200);
        auto spread = metric::scoreSpread(labels, scores, options.k);
        QTimer::singleShot(0, context, [answer, ribbon, spread] {
            answer(ui::RankingDetails{std::make_shared<const metric::RankRibbon>(*ribbon),
                                      std::make_shared<const metric::ScoreSpread>(*spread)});
        });
    }
    int detailsAsked = 0;
    void explore(const std::shared_ptr<const ui::LoadedRun>& run, std::size_t attribute,
                 const std::optional<ui::Exploration>& what, const std::vector<int>&, QObject* context,
                 Answer<std::shared_ptr<const ui::LoadedRun>> answer) override {
        if (!what)
            return;
        explored.push_back(*what);
        auto view = std::make_shared<ui::LoadedRun>(*run);
        view->explored = {*what, attribute, false, 1000};
        auto chart = std::make_shared<ui::PlumbData>(*run->attributes[attribute].chart);
        chart->isExplored = true;
        view->attributes[attribute].chart = chart;
        auto complete = std::make_shared<ui::LoadedRun>(*view); // with intervals, later
        complete->explored->complete = true;
        QTimer::singleShot(0, context, [view, answer] { answer(std::shared_ptr<const ui::LoadedRun>(view)); });
        QTimer::singleShot(kIntervalsAfter, context,
                           [complete, answer] { answer(std::shared_ptr<const ui::LoadedRun>(complete)); });
    }
    static constexpr int kIntervalsAfter = 200; ///< ms
    void stopExploring() override {}
    void curve(const std::shared_ptr<const ui::LoadedRun>& run, std::size_t attribute, std::size_t prompt,
               QObject* context, Answer<std::shared_ptr<const RankCurve>> answer) override {
        ++curvesAsked;
        auto curve =
            std::make_shared<const RankCurve>(syntheticCurve(run->attributes[attribute].chart->measurements[prompt]));
        QTimer::singleShot(0, context, [answer, curve] { answer(curve); });
    }
    void thumbnails(qint64, const QList<qint64>& rows, QObject* context,
                    std::function<void(qint64, QImage)> each) override {
        thumbnailsAsked << rows;
        QTimer::singleShot(0, context, [rows, each] {
            for (const qint64 row : rows)
                each(row, row % 91 == 0 ? QImage() : drawnFace(row));
        });
    }

    /// A drawn head and shoulders: no photograph.
    static QImage drawnFace(qint64 seed) {
        QImage image(160, 160, QImage::Format_RGB32);
        image.fill(QColor::fromHsv(static_cast<int>(seed * 37 % 360), 60, 220));
        QPainter painter(&image);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(
            QColor::fromHsv(25, 60 + static_cast<int>(seed * 13 % 120), 120 + static_cast<int>(seed * 7 % 110)));
        painter.drawEllipse(QPointF(80, 68), 32, 40);
        painter.setBrush(QColor::fromHsv(static_cast<int>(seed * 71 % 360), 120, 130));
        painter.drawEllipse(QPointF(80, 170), 62, 58);
        return image;
    }
};

} // namespace plumbline::test
