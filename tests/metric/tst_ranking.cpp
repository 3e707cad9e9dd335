// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <QTest>

#include "core/base/random.h"
#include "core/metric/ranking.h"

using namespace plumbline;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The definition, word for word.
template <class T>
std::vector<std::uint32_t> sortedRows(const std::vector<T>& scores, std::size_t k) {
    std::vector<std::uint32_t> rows(scores.size());
    std::iota(rows.begin(), rows.end(), 0U);
    std::erase_if(rows, [&](std::uint32_t row) { return std::isnan(scores[row]); });
    std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
    rows.resize(std::min(k, rows.size()));
    return rows;
}

template <class T>
void compareWithSort(std::size_t n, int distinct) {
    RandomStream random(1, streamId("ranking test"), n);
    std::vector<T> scores(n);
    for (T& score : scores) {
        score =
            static_cast<T>(static_cast<double>(random.below(static_cast<std::uint64_t>(distinct))) / distinct - 0.5);
        if (random.below(50) == 0)
            score = static_cast<T>(std::vector{kNan, kInf, -kInf, 0.0, -0.0}[random.below(5)]);
    }
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{7}, n / 2, n - 1, n, n + 10})
        QVERIFY(metric::topRows(std::span<const T>(scores), k) == sortedRows(scores, k));
}

} // namespace

class TestRanking : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithAStableSort() {
        for (const std::size_t n : {1, 2, 10, 1000, 20'000})
            for (const int distinct : {2, 30, 1'000'000}) {
                compareWithSort<float>(n, distinct);
                compareWithSort<double>(n, distinct);
            }
    }

    void tiesKeepTheOrderOfRows() {
        const std::vector<double> scores{0.5, 0.7, 0.5, 0.7, 0.5};
        QVERIFY((metric::topRows(std::span(scores), 3) == std::vector<std::uint32_t>{1, 3, 0}));
        const std::vector<double> zeros{0.0, -0.0, 0.0};
        QVERIFY((metric::topRows(std::span(zeros), 3) == std::vector<std::uint32_t>{0, 1, 2}));
    }

    void infinitiesTakePartAndNaNDoesNot() {
        const std::vector<float> scores{-1.0F,
                                        static_cast<float>(kNan),
                                        static_cast<float>(-kInf),
                                        static_cast<float>(kInf),
                                        -static_cast<float>(kNan),
                                        2.0F};
        QVERIFY((metric::topRows(std::span(scores), 9) == std::vector<std::uint32_t>{3, 5, 0, 2}));
    }

    void nothingFromNothing() {
        QVERIFY(metric::topRows(std::span<const double>(), 5).empty());
        const std::vector<double> nothing(4, kNan);
        QVERIFY(metric::topRows(std::span(nothing), 5).empty());
    }
};

QTEST_APPLESS_MAIN(TestRanking)
#include "tst_ranking.moc"
