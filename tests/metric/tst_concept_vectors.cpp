// SPDX-License-Identifier: GPL-3.0-or-later
// Concept vectors: they find what was planted, reject what is not there, keep the promises of their null and interval.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include <tbb/global_control.h> // before Qt, whose macro `emit` breaks it

#include <QTest>

#include "core/base/random.h"
#include "core/metric/association/concept_vectors.h"

using namespace plumbline;
using namespace plumbline::metric;

namespace {

/// Normal rows with this added along some axes.
Embeddings rows(std::size_t n, std::size_t dim, const std::vector<double>& added, std::uint64_t seed,
                std::uint64_t index) {
    Embeddings x(n, dim);
    RandomStream random(seed, streamId("rows"), index);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < dim; ++j)
            x.row(i)[j] = static_cast<float>(random.normal() + (j < added.size() ? added[j] : 0));
    return x;
}

/// Axis 0 and 1 are the references', axis 2 the concept's own; `lean` of the concept lies on axis 0.
struct World {
    Embeddings concept_, first, second, others;
    World(double lean, std::uint64_t seed, std::size_t n = 40, std::size_t dim = 12, double strength = 3)
        : concept_(rows(n, dim, {lean, 0, strength}, seed, 0)), first(rows(n, dim, {3}, seed, 1)),
          second(rows(n, dim, {0, 3}, seed, 2)), others(rows(3 * n, dim, {}, seed, 3)) {}

    Outcome<MeasureTable> table(const ConceptVectorOptions& vectors, std::uint64_t seed, Feedback& feedback) const {
        const std::vector<ConceptExamples> concepts = {{"nurse", concept_}},
                                           references = {{"woman", first}, {"man", second}};
        const std::vector<ReferencePair> pairs = {{0, 1}};
        Resampling options;
        options.seed = seed;
        return conceptVectorTable(concepts, references, pairs, others, vectors, options, feedback);
    }
    MeasureTable table(const ConceptVectorOptions& vectors, std::uint64_t seed = 0) const {
        Feedback feedback;
        return table(vectors, seed, feedback).value();
    }
};

const MeasureRow& row(const MeasureTable& table, const std::vector<std::string>& keys, const char* measure) {
    const MeasureRow* found = table.find(keys, measure);
    if (found == nullptr)
        throw std::runtime_error("no row " + keys.front() + "/" + measure);
    return *found;
}
const std::vector<std::string> kBias = {"nurse", "woman – man"};

ConceptVectorOptions quick(int relabellings = 40, int parts = 20) {
    ConceptVectorOptions options;
    options.relabellings = relabellings;
    options.parts = parts;
    return options;
}

bool full() {
    return qEnvironmentVariableIsSet("PLUMBLINE_FULL_CALIBRATION");
}

} // namespace

class TestConceptVectors : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsThePlantedLean() {
        const MeasureTable to = World(2.5, 1, 150, 64).table(quick()), from = World(-2.5, 1, 150, 64).table(quick());
        for (const char* measure : {"bias", "bias_of_means"}) {
            const MeasureValueCheck a(row(to, kBias, measure)), b(row(from, kBias, measure));
            QVERIFY2(a.value > 0.2 && b.value < -0.2, measure);
            QVERIFY2(a.p < 0.05 && b.p < 0.05, measure);
            QVERIFY2(a.low > 0 && b.high < 0, measure);
        }
        QVERIFY(*row(to, {"nurse", ""}, "accuracy").value.value > 0.75);
        QVERIFY(*row(to, {"woman", ""}, "accuracy").value.value > 0.75);
        QVERIFY(to.warnings.empty());
    }

    void referencesSwappedTurnTheSign() {
        const World world(1, 2);
        const std::vector<ConceptExamples> concepts = {{"nurse", world.concept_}},
                                           references = {{"woman", world.first}, {"man", world.second}};
        const std::vector<ReferencePair> pairs = {{0, 1}, {1, 0}};
        Feedback feedback;
        const MeasureTable table =
            conceptVectorTable(concepts, references, pairs, world.others, quick(), {}, feedback).value();
        for (const char* measure : {"bias", "bias_of_means"}) {
            const MetricValue &a = row(table, kBias, measure).value,
                              &b = row(table, {"nurse", "man – woman"}, measure).value;
            QCOMPARE(*a.value, -*b.value);
            QCOMPARE(*a.pValue, *b.pValue);
        }
    }

    void meansVariantIsTheDifferenceOfMeans() {
        // Two axes: examples at (1, 0) and (0.6, 0.8), negatives at (-1, 0).
        const std::vector<double> examples = {1, 0, 3, 4, 1, 0, 3, 4, 1, 0, 3, 4},
                                  others = {-1, 0, -2, 0, -3, 0, -1, 0, -2, 0, -3, 0};
        Feedback feedback;
        const auto vector =
            conceptVector({"x", VectorSet(examples, 2)}, VectorSet(others, 2), {}, {}, feedback).value();
        const double length = std::hypot(1.8, 0.4); // mean (0.8, 0.4) less (-1, 0)
        QVERIFY(std::abs(vector.means[0] - 1.8 / length) < 1e-7 && std::abs(vector.means[1] - 0.4 / length) < 1e-7);
        QCOMPARE(vector.accuracy, 1.0);
        QVERIFY(vector.converged);
        QCOMPARE(vector.examples, std::size_t{6});
        QVERIFY(std::abs(dotProduct(vector.probe, vector.probe) - 1) < 1e-12);
    }

    void lengthsDoNotMatter() {
        const World world(1, 3);
        Embeddings longer = world.concept_;
        for (std::size_t i = 0; i < longer.rows; ++i)
            for (float& value : longer.row(i))
                value *= i % 2 == 0 ? 4.F : 0.25F; // exact
        Feedback feedback;
        const auto a = conceptVector({"x", world.concept_}, world.others, {}, {}, feedback).value();
        const auto b = conceptVector({"x", longer}, world.others, {}, {}, feedback).value();
        QVERIFY(a.probe == b.probe && a.means == b.means);
    }

    void whatIsNotThereIsRejected() {
        const World world(0, 4, 40, 12, 0); // the concept's examples are like the others
        const MeasureTable table = world.table(quick());
        QVERIFY(*row(table, {"nurse", ""}, "accuracy").value.value <= 0.7);
        QVERIFY(!row(table, kBias, "bias").value.value && !row(table, kBias, "bias").value.pValue);
        QVERIFY(
            std::ranges::any_of(table.warnings, [](const auto& w) { return w.find("rejected") != std::string::npos; }));
        QCOMPARE(table.family.substr(0, 7), std::string("0 tests"));
    }

    void unusableInputIsRefused() {
        const World world(1, 5);
        const Embeddings few = rows(4, 12, {}, 6, 0), other = rows(40, 11, {}, 6, 1);
        Feedback feedback;
        QVERIFY(!conceptVector({"x", few}, world.others, {}, {}, feedback));
        QVERIFY(!conceptVector({"x", other}, world.others, {}, {}, feedback));
        QVERIFY(!conceptVector({"x", world.first}, few, {}, {}, feedback));
        ConceptVectorOptions options;
        options.l2 = 0;
        QVERIFY(!conceptVector({"x", world.first}, world.others, options, {}, feedback));
        options = {};
        options.folds = 1;
        QVERIFY(!conceptVector({"x", world.first}, world.others, options, {}, feedback));
        const std::vector<ConceptExamples> one = {{"x", world.first}};
        const std::vector<ReferencePair> pairs = {{0, 1}};
        QVERIFY(!conceptVectorTable(one, one, pairs, world.others, {}, {}, feedback));
        feedback.cancel();
        const auto stopped = world.table(quick(), 0, feedback);
        QVERIFY(!stopped && stopped.error().cancelled());
    }

    void sameBitsForAnyNumberOfThreads() {
        const World world(1, 7);
        std::vector<MeasureTable> tables;
        for (const std::size_t threads : {1U, 2U, 5U}) {
            const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
            tables.push_back(world.table(quick(20)));
        }
        for (const MeasureTable& table : tables) {
            const MetricValue &a = row(table, kBias, "bias").value, &b = row(tables[0], kBias, "bias").value;
            QVERIFY(a.value == b.value && a.pValue == b.pValue && a.ciLow == b.ciLow && a.nullP95 == b.nullP95);
        }
    }

    void relabellingIsANull() {
        // The concept's examples are like the others, and no accuracy is asked for.
        ConceptVectorOptions options = quick(39, 0);
        options.accuracy = -1;
        std::vector<double> p;
        for (std::uint64_t run = 0; run < 200; ++run)
            p.push_back(*row(World(0, 100 + run, 20, 6, 0).table(options, run), kBias, "bias").value.pValue);
        for (const double level : {0.05, 0.1}) {
            const auto count =
                static_cast<double>(std::ranges::count_if(p, [&](double each) { return each <= level + 1e-12; }));
            QVERIFY2(count <= 200 * level + 3 * std::sqrt(200 * level * (1 - level)), std::to_string(count).c_str());
        }
        QVERIFY(std::ranges::count_if(p, [](double each) { return each <= 0.3; }) > 30);
    }

    /// The interval covers the mean bias of concept vectors from so many examples. With PLUMBLINE_FULL_CALIBRATION=1
    /// the table of core/metric/association/README.md.
    void intervalCoversTheMeanOfSuchVectors() {
        struct Setting {
            std::size_t n, dim;
            double lean;
        };
        const std::vector<Setting> settings =
            full() ? std::vector<Setting>{{40, 12, 0}, {40, 12, 1.5}, {40, 64, 0}, {40, 64, 1.5}, {150, 64, 1.5}}
                   : std::vector<Setting>{{40, 12, 1.5}};
        const int runs = full() ? 200 : 60;
        if (full())
            std::printf(
                "| examples, dimensions | lean | bias covers %% | bias of means covers %% |\n|---|---|---|---|\n");
        for (const Setting& setting : settings) {
            double sum = 0, sumOfMeans = 0;
            const int fresh = full() ? 600 : 200;
            for (int run = 0; run < fresh; ++run) {
                const MeasureTable table =
                    World(setting.lean, 10'000 + static_cast<std::uint64_t>(run), setting.n, setting.dim)
                        .table(quick(0, 0));
                sum += *row(table, kBias, "bias").value.value;
                sumOfMeans += *row(table, kBias, "bias_of_means").value.value;
            }
            int covered = 0, coveredOfMeans = 0;
            for (int run = 0; run < runs; ++run) {
                const MeasureTable table =
                    World(setting.lean, 20'000 + static_cast<std::uint64_t>(run), setting.n, setting.dim)
                        .table(quick(0), static_cast<std::uint64_t>(run));
                const auto in = [&](const char* measure, double truth) {
                    const MetricValue& value = row(table, kBias, measure).value;
                    return *value.ciLow <= truth && truth <= *value.ciHigh ? 1 : 0;
                };
                covered += in("bias", sum / fresh);
                coveredOfMeans += in("bias_of_means", sumOfMeans / fresh);
            }
            if (full())
                std::printf("| %zu, %zu | %.1f | %.1f | %.1f |\n", setting.n, setting.dim, setting.lean,
                            100.0 * covered / runs, 100.0 * coveredOfMeans / runs);
            else
                QVERIFY2(covered >= 52 && coveredOfMeans >= 52,
                         (std::to_string(covered) + " " + std::to_string(coveredOfMeans)).c_str());
        }
    }

private:
    /// What a finding needs.
    struct MeasureValueCheck {
        double value, p, low, high;
        explicit MeasureValueCheck(const MeasureRow& from)
            : value(*from.value.value), p(*from.value.pValue), low(*from.value.ciLow), high(*from.value.ciHigh) {}
    };
};

QTEST_APPLESS_MAIN(TestConceptVectors)
#include "tst_concept_vectors.moc"
