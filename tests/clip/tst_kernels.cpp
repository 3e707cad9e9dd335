// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>

#include "core/base/random.h"
#include "core/clip/kernels.h"

using namespace plumbline;

namespace {

/// What one head computes, in double and by the book.
std::vector<double> plainAttention(const clip::Attention& head) {
    std::vector<double> out(head.queries * head.headWidth);
    for (std::size_t i = 0; i < head.queries; ++i) {
        const std::size_t seen = head.causal ? i + 1 : head.keys;
        std::vector<double> weight(seen);
        double most = -INFINITY, sum = 0;
        for (std::size_t j = 0; j < seen; ++j) {
            for (std::size_t c = 0; c < head.headWidth; ++c)
                weight[j] += static_cast<double>(head.q[i * head.qStride + c]) * head.k[j * head.kvStride + c];
            weight[j] *= static_cast<double>(head.scale);
            most = std::max(most, weight[j]);
        }
        for (double& w : weight)
            sum += w = std::exp(w - most);
        for (std::size_t j = 0; j < seen; ++j)
            for (std::size_t c = 0; c < head.headWidth; ++c)
                out[i * head.headWidth + c] += weight[j] / sum * head.v[j * head.kvStride + c];
    }
    return out;
}

} // namespace

/// Every form that this processor can run, not only the one that it would choose.
class TestKernels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void quickGelu() {
        for (const clip::KernelSet& set : clip::kernelSets()) {
            for (std::size_t count = 0; count < 70; ++count) { // every remainder of a vector
                std::vector<float> values(count + 1, 5.0F);
                for (std::size_t i = 0; i < count; ++i)
                    values[i] = static_cast<float>(i) * 0.37F - 12.0F;
                std::vector<float> got = values;
                set.quickGelu(got.data(), count);
                QCOMPARE(got[count], 5.0F); // not one too many
                for (std::size_t i = 0; i < count; ++i) {
                    const double x = values[i], expected = x / (1 + std::exp(-static_cast<double>(1.702F) * x));
                    QVERIFY2(std::abs(got[i] - expected) <= 1e-6 * std::abs(expected) + 1e-30, set.name);
                }
            }
            std::vector<float> edges = {0.0F, -0.0F, 1e30F, -1e30F, 1e-30F, -50.0F, 50.0F, NAN};
            set.quickGelu(edges.data(), edges.size());
            QCOMPARE(edges[0], 0.0F);
            QCOMPARE(edges[2], 1e30F);
            QVERIFY(std::abs(edges[3]) < 1e-6F);
            QVERIFY(std::abs(edges[5]) < 1e-30F);
            QCOMPARE(edges[6], 50.0F);
            QVERIFY(std::isnan(edges[7]));
        }
    }

    void attention_data() {
        QTest::addColumn<int>("queries");
        QTest::addColumn<int>("keys");
        QTest::addColumn<int>("headWidth");
        QTest::addColumn<bool>("causal");
        for (const int keys : {1, 2, 7, 16, 17, 50, 65, 197})
            for (const int width : {1, 8, 24, 64, 80}) {
                QTest::addRow("%d keys of %d", keys, width) << keys << keys << width << false;
                QTest::addRow("%d keys of %d, causal", keys, width) << keys << keys << width << true;
                QTest::addRow("%d keys of %d, one query", keys, width) << 1 << keys << width << false;
            }
    }
    void attention() {
        QFETCH(int, queries);
        QFETCH(int, keys);
        QFETCH(int, headWidth);
        QFETCH(bool, causal);
        const auto n = static_cast<std::size_t>(queries), m = static_cast<std::size_t>(keys),
                   d = static_cast<std::size_t>(headWidth);
        constexpr std::size_t kGap = 3; // strides wider than a row, and not a multiple of a vector
        RandomStream random(3, streamId("attention"), 0);
        const auto draw = [&random](std::size_t count) {
            std::vector<float> values(count);
            for (float& value : values)
                value = static_cast<float>(random.normal());
            return values;
        };
        const std::vector<float> q = draw(n * (d + kGap)), k = draw(m * (d + kGap)), v = draw(m * (d + kGap));
        for (const clip::KernelSet& set : clip::kernelSets()) {
            std::vector<float> out(n * (d + 1), 77.0F);
            clip::Attention head{};
            head.q = q.data();
            head.k = k.data();
            head.v = v.data();
            head.out = out.data();
            head.qStride = head.kvStride = d + kGap;
            head.outStride = d + 1;
            head.queries = n;
            head.keys = m;
            head.headWidth = d;
            head.scale = 1.0F / std::sqrt(static_cast<float>(d));
            head.causal = causal;
            std::vector<float> scratch(set.scratchSize(head), NAN); // nothing may be read that was not written
            set.attend(head, scratch.data());
            const std::vector<double> expected = plainAttention(head);
            for (std::size_t i = 0; i < n; ++i) {
                for (std::size_t c = 0; c < d; ++c)
                    QVERIFY2(std::abs(out[i * (d + 1) + c] - expected[i * d + c]) < 2e-6, set.name);
                QCOMPARE(out[i * (d + 1) + d], 77.0F);
            }
        }
    }

    /// Scores so far apart, or so large, that a careless softmax overflows.
    void extremeScores() {
        for (const clip::KernelSet& set : clip::kernelSets()) {
            const std::vector<float> q = {1000.0F}, k = {1000.0F, -1000.0F, 999.0F}, v = {1.0F, 2.0F, 4.0F};
            float out = 0;
            clip::Attention head{};
            head.q = q.data();
            head.k = k.data();
            head.v = v.data();
            head.out = &out;
            head.qStride = head.kvStride = head.outStride = head.headWidth = head.queries = 1;
            head.keys = 3;
            head.scale = 1;
            std::vector<float> scratch(set.scratchSize(head));
            set.attend(head, scratch.data());
            QCOMPARE(out, 1.0F);
        }
    }

    void theFormsOfThisProcessor() {
        QVERIFY(!clip::kernelSets().empty());
        for (const clip::KernelSet& set : clip::kernelSets())
            qInfo("%s", set.name);
        QCOMPARE(std::string_view(clip::kernelSets().back().name), std::string_view("baseline"));
    }
};

QTEST_APPLESS_MAIN(TestKernels)
#include "tst_kernels.moc"
