// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/association/concept_vectors.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/random.h"
#include "core/metric/family.h"
#include "core/metric/logistic.h"
#include "core/metric/mean_interval.h"
#include "core/metric/parallel.h"
#include "core/metric/rates.h"

namespace plumbline::metric {

namespace {

using Vector = std::vector<double>;

/// Examples (label 1) and negatives (label 0) of unit length, the examples first.
struct Task {
    Embeddings rows;
    std::vector<std::int32_t> labels;
    std::size_t examples = 0;
};

/// Swaps `count` random ones of `items` to the front.
void drawFront(std::vector<std::uint32_t>& items, std::size_t count, RandomStream& random) {
    for (std::size_t i = 0; i < count; ++i)
        std::swap(items[i], items[i + random.below(items.size() - i)]);
}

Task makeTask(const UnitRows& examples, const UnitRows& negatives, std::uint64_t seed, const std::string& name) {
    std::vector<std::uint32_t> order(negatives.rows());
    std::iota(order.begin(), order.end(), 0U);
    RandomStream random(seed, streamId("negatives/" + name), 0);
    const std::size_t wanted = std::min(examples.rows(), negatives.rows());
    drawFront(order, wanted, random);
    Task task;
    task.examples = examples.rows();
    task.rows = Embeddings(examples.rows() + wanted, examples.dim);
    const auto put = [&](std::size_t at, std::span<const double> row) {
        std::ranges::transform(row, task.rows.row(at).begin(), [](double value) { return static_cast<float>(value); });
    };
    for (std::size_t i = 0; i < examples.rows(); ++i)
        put(i, examples.row(i));
    for (std::size_t i = 0; i < wanted; ++i)
        put(examples.rows() + i, negatives.row(order[i]));
    task.labels.assign(task.rows.rows, 0);
    std::fill_n(task.labels.begin(), task.examples, 1);
    return task;
}

bool makeUnit(Vector& vector) {
    const double length = std::sqrt(dotProduct(vector, vector));
    if (!(length > 0) || !std::isfinite(length))
        return false;
    for (double& value : vector)
        value /= length;
    return true;
}

/// Both vectors of some rows of a task; empty where there is none.
struct Vectors {
    Vector probe, means;
    bool converged = false;
};

Vector differenceOfMeans(const Embeddings& rows, std::span<const std::int32_t> labels) {
    Vector sums[2] = {Vector(rows.dim, 0.0), Vector(rows.dim, 0.0)};
    double counts[2] = {0, 0};
    for (std::size_t i = 0; i < rows.rows; ++i) {
        const auto label = static_cast<std::size_t>(labels[i]);
        counts[label] += 1;
        for (std::size_t j = 0; j < rows.dim; ++j)
            sums[label][j] += static_cast<double>(rows.row(i)[j]);
    }
    Vector difference(rows.dim);
    for (std::size_t j = 0; j < rows.dim; ++j)
        difference[j] = sums[1][j] / counts[1] - sums[0][j] / counts[0];
    return makeUnit(difference) ? difference : Vector();
}

/// Cancelled fits give empty vectors; the caller asks the feedback.
Vectors vectorsOf(const Embeddings& rows, std::span<const std::int32_t> labels, const ConceptVectorOptions& options,
                  Feedback& feedback) {
    Vectors vectors;
    vectors.means = differenceOfMeans(rows, labels);
    LogisticOptions logistic;
    logistic.l2 = options.l2;
    logistic.tolerance = 1e-7;
    if (auto fit = fitLogistic(rows, labels, logistic, feedback)) {
        vectors.converged = fit->converged;
        vectors.probe = std::move(fit->weights);
        if (!makeUnit(vectors.probe))
            vectors.probe.clear();
    }
    return vectors;
}

Outcome<void> check(const ConceptExamples& concept_, std::size_t rows, const VectorSet& negatives,
                    std::size_t usableNegatives, const ConceptVectorOptions& options) {
    if (concept_.examples.dim() != negatives.dim() || negatives.dim() == 0)
        return unusableArgument(concept_.name, std::to_string(concept_.examples.dim()) + " dimensions",
                                std::to_string(negatives.dim()) + " as the negatives have");
    const auto folds = static_cast<std::size_t>(std::max(2, options.folds));
    if (rows < folds)
        return unusableArgument(concept_.name, std::to_string(rows) + " examples", std::to_string(folds) + " or more");
    if (usableNegatives < folds)
        return unusableArgument("negatives", std::to_string(usableNegatives), std::to_string(folds) + " or more");
    return {};
}

Outcome<void> check(const ConceptVectorOptions& options) {
    if (!(options.l2 > 0) || !std::isfinite(options.l2))
        return unusableArgument("l2", std::to_string(options.l2), "a positive penalty");
    if (options.folds < 2)
        return unusableArgument("folds", std::to_string(options.folds), "2 or more");
    return {};
}

/// A concept or a reference with its vectors.
struct Fitted {
    Task task;
    ConceptVector vector;
    std::int64_t right = 0; ///< of the held-out examples, rounded
    bool usable = false;    ///< accurate enough, with both vectors
};

Outcome<Fitted> fitted(const ConceptExamples& concept_, const VectorSet& negatives, const UnitRows& pool,
                       const ConceptVectorOptions& vectors, const Resampling& options, Feedback& feedback) {
    const UnitRows examples = unitRows(concept_.examples);
    PLUMBLINE_CHECK(check(concept_, examples.rows(), negatives, pool.rows(), vectors));
    Fitted result;
    result.task = makeTask(examples, pool, options.seed, concept_.name);
    Vectors found = vectorsOf(result.task.rows, result.task.labels, vectors, feedback);
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    LogisticOptions logistic;
    logistic.l2 = vectors.l2;
    logistic.tolerance = 1e-7;
    const auto folds = stratifiedFolds(result.task.labels, vectors.folds, options.seed, "concept/" + concept_.name);
    PLUMBLINE_TRY(const HeldOut heldOut,
                  crossValidate(result.task.rows, result.task.labels, folds, logistic, feedback));
    result.vector = {std::move(found.probe), std::move(found.means), heldOut.accuracy,
                     found.converged && heldOut.converged, result.task.examples};
    result.right = std::llround(heldOut.accuracy * static_cast<double>(result.task.labels.size()));
    result.usable = heldOut.accuracy > vectors.accuracy && !result.vector.probe.empty() && !result.vector.means.empty();
    return result;
}

/// The vectors without each of so many parts of the task's rows; empty where the user has cancelled.
std::vector<Vectors> withoutParts(const Task& task, int parts, const std::string& name,
                                  const ConceptVectorOptions& options, std::uint64_t seed, Feedback& feedback) {
    const std::size_t negatives = task.rows.rows - task.examples;
    const auto count = std::min({static_cast<std::size_t>(std::max(0, parts)), task.examples, negatives});
    const std::vector<std::int32_t> part =
        stratifiedFolds(task.labels, static_cast<int>(count), seed, "jackknife/" + name);
    std::vector<Vectors> left(count);
    const bool done = forEachReplicate(
        count, feedback, [] { return 0; },
        [&](int, std::size_t p) {
            Embeddings rows(0, task.rows.dim);
            std::vector<std::int32_t> labels;
            for (std::size_t i = 0; i < task.rows.rows; ++i)
                if (part[i] != static_cast<std::int32_t>(p)) {
                    const auto row = task.rows.row(i);
                    rows.values.insert(rows.values.end(), row.begin(), row.end());
                    labels.push_back(task.labels[i]);
                }
            rows.rows = labels.size();
            left[p] = vectorsOf(rows, labels, options, feedback);
        });
    return done ? left : std::vector<Vectors>();
}

double bias(const Vector& concept_, const Vector& first, const Vector& second) {
    if (concept_.empty() || first.empty() || second.empty())
        return std::nan("");
    return dotProduct(concept_, first) - dotProduct(concept_, second);
}

/// The jackknife's variance of a number from its values without each part; NaN where one is undefined.
double jackknifeVariance(const std::vector<double>& without) {
    const auto n = static_cast<double>(without.size());
    const double mean = std::accumulate(without.begin(), without.end(), 0.0) / n;
    double squares = 0;
    for (const double value : without)
        squares += (value - mean) * (value - mean);
    return without.size() < 2 ? std::nan("") : squares * (n - 1) / n;
}

} // namespace

Outcome<ConceptVector> conceptVector(const ConceptExamples& concept_, const VectorSet& negatives,
                                     const ConceptVectorOptions& vectors, const Resampling& options,
                                     Feedback& feedback) {
    PLUMBLINE_CHECK(check(vectors));
    const UnitRows pool = unitRows(negatives);
    PLUMBLINE_TRY(Fitted result, fitted(concept_, negatives, pool, vectors, options, feedback));
    return std::move(result.vector);
}

Outcome<MeasureTable> conceptVectorTable(std::span<const ConceptExamples> concepts,
                                         std::span<const ConceptExamples> references,
                                         std::span<const ReferencePair> pairs, const VectorSet& negatives,
                                         const ConceptVectorOptions& vectors, const Resampling& options,
                                         Feedback& feedback) {
    PLUMBLINE_CHECK(check(vectors));
    for (const ReferencePair& pair : pairs)
        if (pair.first >= references.size() || pair.second >= references.size() || pair.first == pair.second)
            return unusableArgument("pairs", std::to_string(pair.first) + ", " + std::to_string(pair.second),
                                    "two of " + std::to_string(references.size()) + " references");
    const UnitRows pool = unitRows(negatives);
    MeasureTable table;
    table.id = "concept_vectors";
    table.title = "Alignment of concept vectors";
    table.definition =
        "bias = cosine of the concept's vector with the first reference's - with the second's; above 0: nearer to the "
        "first. A "
        "concept vector is the unit normal of an L2-regularised logistic probe that separates examples of the concept "
        "from as "
        "many random others (bias_of_means: the unit difference of their means). accuracy: of the probe on held-out "
        "examples; at most " +
        std::to_string(static_cast<int>(std::lround(vectors.accuracy * 100))) +
        " % rejects the vector. p: two-sided, against " + std::to_string(vectors.relabellings) +
        " random relabellings of the concept's examples. Intervals are over examples. A reconstruction of BiasLens for "
        "CLIP's embeddings: the original compares sparse features of a language model's activations.";
    table.source =
        "After BiasLens (Evaluate Bias without Manual Test Sets: A Concept Representation Perspective for LLMs); "
        "concept vectors: Kim and others, ICML 2018";
    table.countOf = "examples";
    table.keys = {"concept", "references"};

    std::vector<Fitted> ofReferences, ofConcepts;
    for (const auto& [list, out] : {std::pair{references, &ofReferences}, {concepts, &ofConcepts}})
        for (const ConceptExamples& one : list) {
            PLUMBLINE_TRY(Fitted result, fitted(one, negatives, pool, vectors, options, feedback));
            out->push_back(std::move(result));
        }
    const auto describe = [&](const ConceptExamples& one, const Fitted& fit) {
        MeasureRow row{{one.name, ""},
                       "accuracy",
                       {},
                       static_cast<std::int64_t>(fit.vector.examples),
                       static_cast<std::int64_t>(fit.vector.examples) >= vectors.minExamples};
        const auto n = static_cast<std::int64_t>(fit.task.labels.size());
        const Rate rate = wilson(fit.right, n, options.confidence);
        row.value.value = fit.vector.accuracy;
        row.value.ciLow = rate.low;
        row.value.ciHigh = rate.high;
        row.value.neutral = 0.5;
        table.rows.push_back(std::move(row));
        if (!fit.usable)
            table.warnings.push_back(one.name + ": its probe is right on " +
                                     std::to_string(std::lround(fit.vector.accuracy * 100)) +
                                     " % of the held-out examples; the concept vector is rejected.");
        if (!fit.vector.converged)
            table.warnings.push_back(one.name + ": a fit of its probe did not converge.");
    };
    for (std::size_t r = 0; r < references.size(); ++r)
        describe(references[r], ofReferences[r]);

    const auto relabellings = static_cast<std::size_t>(std::max(0, vectors.relabellings));
    std::vector<std::vector<Vectors>> referencesWithout(references.size());
    for (std::size_t r = 0; r < references.size(); ++r)
        if (ofReferences[r].usable)
            referencesWithout[r] = withoutParts(ofReferences[r].task, vectors.parts, "reference/" + references[r].name,
                                                vectors, options.seed, feedback);
    for (std::size_t c = 0; c < concepts.size(); ++c) {
        feedback.progress("concept-vectors", static_cast<std::int64_t>(c), static_cast<std::int64_t>(concepts.size()));
        const Fitted& fit = ofConcepts[c];
        describe(concepts[c], fit);
        std::vector<Vectors> null(relabellings), without;
        if (fit.usable) {
            const std::uint64_t stream = streamId("relabel/" + concepts[c].name);
            forEachReplicate(
                relabellings, feedback, [] { return 0; },
                [&](int, std::size_t i) {
                    RandomStream random(options.seed, stream, i);
                    std::vector<std::uint32_t> order(fit.task.labels.size());
                    std::iota(order.begin(), order.end(), 0U);
                    drawFront(order, fit.task.examples, random);
                    std::vector<std::int32_t> labels(order.size(), 0);
                    for (std::size_t j = 0; j < fit.task.examples; ++j)
                        labels[order[j]] = 1;
                    null[i] = vectorsOf(fit.task.rows, labels, vectors, feedback);
                });
            without =
                withoutParts(fit.task, vectors.parts, "concept/" + concepts[c].name, vectors, options.seed, feedback);
        }
        if (feedback.cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        for (const ReferencePair& pair : pairs) {
            const Fitted &first = ofReferences[pair.first], &second = ofReferences[pair.second];
            const std::string name = references[pair.first].name + " – " + references[pair.second].name;
            for (const auto& [measure, which, own] : {std::tuple{"bias", &Vectors::probe, &ConceptVector::probe},
                                                      {"bias_of_means", &Vectors::means, &ConceptVector::means}}) {
                const auto n = std::min({fit.vector.examples, first.vector.examples, second.vector.examples});
                MeasureRow row{{concepts[c].name, name},
                               measure,
                               {},
                               static_cast<std::int64_t>(fit.vector.examples),
                               static_cast<std::int64_t>(n) >= vectors.minExamples};
                if (fit.usable && first.usable && second.usable) {
                    const double value = bias(fit.vector.*own, first.vector.*own, second.vector.*own);
                    row.value.value = value;
                    std::vector<double> nulls, ofConcept, ofFirst, ofSecond;
                    for (const Vectors& one : null)
                        nulls.push_back(bias(one.*which, first.vector.*own, second.vector.*own));
                    setNull(row.value, std::move(nulls), Tail::TwoSided);
                    for (const Vectors& one : without)
                        ofConcept.push_back(bias(one.*which, first.vector.*own, second.vector.*own));
                    for (const Vectors& one : referencesWithout[pair.first])
                        ofFirst.push_back(bias(fit.vector.*own, one.*which, second.vector.*own));
                    for (const Vectors& one : referencesWithout[pair.second])
                        ofSecond.push_back(bias(fit.vector.*own, first.vector.*own, one.*which));
                    const double variance =
                        jackknifeVariance(ofConcept) + jackknifeVariance(ofFirst) + jackknifeVariance(ofSecond);
                    if (!std::isnan(variance)) {
                        const Interval interval = studentInterval(
                            value, std::sqrt(variance), static_cast<double>(ofConcept.size() - 1), options.confidence);
                        setInterval(row.value, Interval{std::max(-2.0, *interval.low), std::min(2.0, *interval.high)});
                    }
                }
                table.rows.push_back(std::move(row));
            }
        }
    }
    correctFamily(table, "biases of all concepts and references, by probe and by means");
    return table;
}

} // namespace plumbline::metric
