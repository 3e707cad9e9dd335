// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <cmath>
#include <limits>

#include "core/base/random.h"
#include "core/debias/maps.h"
#include "core/debias/transform.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

Embeddings randomRows(std::size_t rows, std::size_t dim, std::uint64_t seed) {
    Embeddings result(rows, dim);
    RandomStream random(seed, streamId("tst_maps"), 0);
    for (float& value : result.values)
        value = static_cast<float>(3 * random.normal());
    return result;
}

std::vector<double> unit(std::span<const float> row) {
    double square = 0;
    for (const float value : row)
        square += double(value) * double(value);
    std::vector<double> result;
    for (const float value : row)
        result.push_back(double(value) / std::sqrt(square));
    return result;
}

formats::ResidualMlp head(std::int64_t dim, std::int64_t hidden, std::uint64_t seed) {
    formats::ResidualMlp mlp{dim, hidden, {}, {}, {}, {}};
    RandomStream random(seed, streamId("tst_maps/head"), 0);
    const auto fill = [&](std::vector<float>& to, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i)
            to.push_back(static_cast<float>(random.normal() * 0.3));
    };
    fill(mlp.first, hidden * dim);
    fill(mlp.firstBias, hidden);
    fill(mlp.second, dim * hidden);
    fill(mlp.secondBias, dim);
    return mlp;
}

/// The head in double, as METHODS B1 writes it.
std::vector<double> forward(const formats::ResidualMlp& mlp, const std::vector<double>& x) {
    std::vector<double> hidden, out;
    for (std::int64_t h = 0; h < mlp.hidden; ++h) {
        double sum = double(mlp.firstBias[std::size_t(h)]);
        for (std::int64_t d = 0; d < mlp.dim; ++d)
            sum += double(mlp.first[std::size_t(h * mlp.dim + d)]) * x[std::size_t(d)];
        hidden.push_back(std::max(0.0, sum));
    }
    for (std::int64_t d = 0; d < mlp.dim; ++d) {
        double sum = double(mlp.secondBias[std::size_t(d)]);
        for (std::int64_t h = 0; h < mlp.hidden; ++h)
            sum += double(mlp.second[std::size_t(d * mlp.hidden + h)]) * hidden[std::size_t(h)];
        out.push_back(std::max(0.0, sum));
    }
    return out;
}

double furthest(const Embeddings& a, const Embeddings& b) {
    double most = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i)
        most = std::max(most, std::abs(double(a.values[i]) - double(b.values[i])));
    return most;
}

} // namespace

class TestMaps : public QObject {
    Q_OBJECT
    Feedback m_feedback;

private Q_SLOTS:
    void aLinearMapTakesUnitRows() {
        const LinearMap map{3, 2, {1, 2, 3, 0, -1, 1}, {0.5, -0.25}, false};
        const Embeddings rows = randomRows(600, 3, 1); // more than one block
        const Embeddings mapped = apply(map, rows, m_feedback).value();
        QCOMPARE(mapped.rows, std::size_t(600));
        QCOMPARE(mapped.dim, std::size_t(2));
        for (std::size_t i = 0; i < rows.rows; ++i) {
            const std::vector<double> x = unit(rows.row(i));
            QVERIFY(std::abs(double(mapped.row(i)[0]) - (x[0] + 2 * x[1] + 3 * x[2] + 0.5)) < 1e-6);
            QVERIFY(std::abs(double(mapped.row(i)[1]) - (x[2] - x[1] - 0.25)) < 1e-6);
        }
        LinearMap unitMap = map;
        unitMap.unitOutput = true;
        const Embeddings ofLengthOne = apply(unitMap, rows, m_feedback).value();
        for (std::size_t i = 0; i < rows.rows; ++i)
            QVERIFY(std::abs(std::hypot(double(ofLengthOne.row(i)[0]), double(ofLengthOne.row(i)[1])) - 1) < 1e-6);
    }

    void headsAreAppliedToRawRows() {
        const formats::ResidualMlp inner = head(4, 5, 2), outer = head(4, 7, 3);
        const Embeddings rows = randomRows(9, 4, 4);
        const Embeddings image = apply(HeadMap{inner, outer}, rows, m_feedback).value();
        const Embeddings text = apply(HeadMap{std::nullopt, outer}, rows, m_feedback).value();
        for (std::size_t i = 0; i < rows.rows; ++i) {
            const std::vector<double> x(rows.row(i).begin(), rows.row(i).end());
            std::vector<double> inText = forward(inner, x);
            for (std::size_t d = 0; d < 4; ++d)
                inText[d] += x[d];
            const std::vector<double> ofImage = forward(outer, inText), ofText = forward(outer, x);
            for (std::size_t d = 0; d < 4; ++d) {
                QVERIFY(std::abs(double(image.row(i)[d]) - x[d] - ofImage[d]) < 1e-4);
                QVERIFY(std::abs(double(text.row(i)[d]) - x[d] - ofText[d]) < 1e-4);
            }
        }
    }

    void anImputedCoordinateIsTheSameInEveryRow() {
        const Embeddings rows = randomRows(5, 4, 5);
        const Embeddings mapped = apply(ImputeMap{{1, 3}, {0.25, -0.5}}, rows, m_feedback).value();
        for (std::size_t i = 0; i < rows.rows; ++i) {
            QCOMPARE(mapped.row(i)[1], 0.25F);
            QCOMPARE(mapped.row(i)[3], -0.5F);
            QVERIFY(std::abs(double(mapped.row(i)[0]) - unit(rows.row(i))[0]) < 1e-6);
        }
        QVERIFY(!apply(ImputeMap{{1, 4}, {0, 0}}, rows, m_feedback));
    }

    void aPosteriorTakesOutWhatItExpects() {
        const PosteriorMap map{2, 2, {50, 0, -50, 0}, {0, 0}, {0.3, 0.1, -0.2, 0.4}};
        Embeddings rows(2, 2);
        rows.values = {2, 0, -3, 0};
        const Embeddings mapped = apply(map, rows, m_feedback).value();
        const double expected[] = {0.7, -0.1, -0.8, -0.4};
        for (std::size_t i = 0; i < 4; ++i)
            QVERIFY(std::abs(double(mapped.values[i]) - expected[i]) < 1e-6);
    }

    void rowsWithoutADirectionStay() {
        Embeddings rows = randomRows(3, 2, 6);
        rows.row(0)[0] = rows.row(0)[1] = 0;
        rows.row(1)[0] = std::numeric_limits<float>::quiet_NaN();
        const LinearMap map{2, 2, {1, 0, 0, 1}, {1, 1}, false};
        const Embeddings mapped = apply(map, rows, m_feedback).value();
        QCOMPARE(mapped.row(0)[0], 0.0F);
        QVERIFY(std::isnan(mapped.row(1)[0]));
        QVERIFY(std::isfinite(mapped.row(2)[0]));
        QCOMPARE(apply(map, randomRows(1, 3, 7), m_feedback).error().error().code, ErrorCode::InvalidArgument);
    }

    void theDialGoesFromOneToTheOther() {
        const Embeddings before = randomRows(4, 3, 8), after = randomRows(4, 3, 9);
        QCOMPARE(furthest(blend(before, after, 0), before), 0.0);
        QCOMPARE(furthest(blend(before, after, 1), after), 0.0);
        const Embeddings half = blend(before, after, 0.5);
        for (std::size_t i = 0; i < before.rows; ++i) {
            const std::vector<double> x = unit(before.row(i)), y = unit(after.row(i)), z = unit(half.row(i));
            double length = 0;
            for (std::size_t d = 0; d < 3; ++d)
                length += std::pow(x[d] + y[d], 2);
            for (std::size_t d = 0; d < 3; ++d)
                QVERIFY(std::abs(z[d] - (x[d] + y[d]) / std::sqrt(length)) < 1e-6);
        }
    }

    /// Where the dimension changes the dial mixes the cosines.
    void theDialOverDimensionsMixesCosines() {
        const Embeddings x = randomRows(3, 4, 10), t = randomRows(2, 4, 11), fx = randomRows(3, 2, 12),
                         ft = randomRows(2, 2, 13);
        const std::vector<float> plain = cosines(t, x), mapped = cosines(ft, fx),
                                 mixed = cosines(blend(t, ft, 0.3), blend(x, fx, 0.3));
        for (std::size_t i = 0; i < plain.size(); ++i)
            QVERIFY(std::abs(double(mixed[i]) - 0.7 * double(plain[i]) - 0.3 * double(mapped[i])) < 1e-6);
    }

    void aStackAppliesItsPartsInTurnAndNothingIsNothing() {
        const Embeddings rows = randomRows(4, 2, 14);
        QCOMPARE(furthest(transformRows({}, Modality::Image, rows, m_feedback).value(), rows), 0.0);
        Transform transform;
        transform.parts.resize(2);
        transform.parts[0].image = LinearMap{2, 2, {0, 1, 1, 0}, {0, 0}, false};
        transform.parts[1].image = LinearMap{2, 1, {1, 0}, {0}, false};
        const Embeddings after = transformRows(transform, Modality::Image, rows, m_feedback).value();
        QCOMPARE(after.dim, std::size_t(1));
        for (std::size_t i = 0; i < rows.rows; ++i)
            QVERIFY(std::abs(double(after.row(i)[0]) - unit(rows.row(i))[1]) < 1e-6);
        QCOMPARE(transformRows(transform, Modality::Text, rows, m_feedback).value().dim, std::size_t(2));
    }
};

QTEST_GUILESS_MAIN(TestMaps)
#include "tst_maps.moc"
