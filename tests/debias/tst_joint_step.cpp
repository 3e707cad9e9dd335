// SPDX-License-Identifier: GPL-3.0-or-later
// One step of joint vision-language removal against values that PyTorch computed from the published code
// (fixtures/debias, vl_*), and what must hold of it whatever the numbers.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <QTest>
#include <nlohmann/json.hpp>

#include "core/base/random.h"
#include "core/debias/heads/joint_step.h"
#include "core/formats/npy.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::debias;
using nlohmann::json;

namespace {

std::filesystem::path fixture(const std::string& name) {
    return test::shared() / "fixtures/debias" / (name + ".npy");
}

std::vector<float> numbers(const std::string& name) {
    return formats::readNpy(fixture(name)).value().values;
}

Embeddings matrix(const std::string& name, bool turned = false) {
    const formats::NpyArray array = formats::readNpy(fixture(name)).value();
    const auto rows = static_cast<std::size_t>(array.shape[0]), columns = static_cast<std::size_t>(array.shape[1]);
    Embeddings result = turned ? Embeddings(columns, rows) : Embeddings(rows, columns);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j)
            (turned ? result.values[j * rows + i] : result.values[i * columns + j]) = array.values[i * columns + j];
    return result;
}

const std::vector<std::string> kParts = {"mlp1.network.0.weight", "mlp1.network.0.bias",   "mlp1.network.2.weight",
                                         "mlp1.network.2.bias",   "mlp2.network.0.weight", "mlp2.network.0.bias",
                                         "mlp2.network.2.weight", "mlp2.network.2.bias"};

std::string fileName(std::string part, const std::string& copy = {}) {
    part.insert(4, copy);
    std::ranges::replace(part, '.', '_');
    return part;
}

std::vector<float> weights(const std::string& copy) {
    std::vector<float> result;
    for (const std::string& part : kParts) {
        const std::vector<float> values = numbers("vl_" + fileName(part, copy));
        result.insert(result.end(), values.begin(), values.end());
    }
    return result;
}

double largest(std::span<const float> values) {
    double result = 0;
    for (const float value : values)
        result = std::max(result, static_cast<double>(std::abs(value)));
    return result;
}

double apart(std::span<const float> a, std::span<const float> b) {
    double result = a.size() == b.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        result = std::max(result, static_cast<double>(std::abs(a[i] - b[i])));
    return result;
}

Embeddings randomRows(std::size_t rows, std::size_t dim, std::uint64_t seed, bool unit = false) {
    Embeddings result(rows, dim);
    RandomStream random(seed, streamId("test/rows"), 0);
    for (float& value : result.values)
        value = static_cast<float>(random.normal());
    if (unit)
        normaliseRows(result);
    return result;
}

/// A problem of any size, and what came of some steps.
struct Made {
    JointShape shape{24, 10, 20};
    Embeddings images = randomRows(700, 24, 1), captions, imageStart, captionStart;
    JointStepOptions options;
    std::vector<JointLoss> losses;
    JointState state;

    Made(std::size_t distinct, std::size_t queue, std::size_t batch, int threads, int steps)
        : captions(randomRows(distinct, 24, 2)), imageStart(randomRows(queue, 24, 3, true)),
          captionStart(randomRows(queue, 24, 4, true)) {
        options.threads = threads;
        options.lr = 1e-3;
        std::vector<float> heads = randomRows(shape.parameters(), 1, 5).values;
        for (float& value : heads)
            value *= 0.2F;
        JointStep step(images, captions, shape, options, startOf(heads, images.rows, captions.rows, queue), imageStart,
                       captionStart);
        RandomStream random(6, streamId("test/batches"), 0);
        for (int s = 0; s < steps; ++s) {
            std::vector<std::uint32_t> rows, factual, counterfactual;
            for (std::size_t i = 0; i < batch; ++i) {
                rows.push_back(static_cast<std::uint32_t>(random.below(images.rows)));
                factual.push_back(static_cast<std::uint32_t>(random.below(distinct)));
                counterfactual.push_back(static_cast<std::uint32_t>(random.below(distinct)));
            }
            losses.push_back(step.run({rows, factual, counterfactual, s % 2 == 1, s >= 2}).value());
        }
        state = step.state();
    }
};

} // namespace

class TstJointStep : public QObject {
    Q_OBJECT
private Q_SLOTS:

    void againstPublishedCode_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"epoch0_text1", "epoch0_text2", "epoch5_text1", "epoch5_text2"})
            QTest::newRow(name) << name;
    }
    void againstPublishedCode() {
        if (!std::filesystem::exists(fixture("vl_image_embeddings")))
            QSKIP("no reference data");
        QFETCH(QString, name);
        const json all = json::parse(test::readText(test::shared() / "fixtures/debias/expected.json"))["vl_joint_loss"];
        const json& expected = all["cases"][name.toStdString()];
        const double lossTolerance = all["tolerance"]["loss_rel"], normTolerance = all["tolerance"]["grad_norm_rel"],
                     gradientTolerance = all["tolerance"]["grad_max_abs_rel"],
                     embeddingTolerance = all["tolerance"]["embeddings_max_abs"];

        const Embeddings images = matrix("vl_image_embeddings"), text1 = matrix("vl_text1_embeddings"),
                         text2 = matrix("vl_text2_embeddings");
        Embeddings captions(text1.rows + text2.rows, text1.dim);
        std::ranges::copy(text1.values, captions.values.begin());
        std::ranges::copy(text2.values, captions.row(text1.rows).begin());
        const JointShape shape{all["dims"]["embed"], all["dims"]["hidden1"], all["dims"]["hidden2"]};
        JointStepOptions options;
        options.alpha = all["alpha"];
        options.tau = all["temperature"];
        options.momentum = all["momentum"];
        options.lr = all["adam_lr"];
        options.threads = 2;
        const std::size_t queue = all["dims"]["queue"];
        JointState state = startOf(weights(""), images.rows, captions.rows, queue);
        state.copies = weights("_m");
        state.next = all["queue_ptr_before"];
        JointStep step(images, captions, shape, options, state, matrix("vl_image_queue_before", true),
                       matrix("vl_text_queue_before", true));
        std::vector<std::uint32_t> rows, counterfactual;
        for (std::uint32_t i = 0; i < images.rows; ++i) {
            rows.push_back(i);
            counterfactual.push_back(static_cast<std::uint32_t>(images.rows) + i);
        }
        const JointLoss loss = step.run({rows, rows, counterfactual, name.endsWith(QStringLiteral("text2")),
                                         name.startsWith(QStringLiteral("epoch5"))})
                                   .value();

        const auto near = [](double mine, double theirs, double tolerance) {
            if (std::abs(mine - theirs) > tolerance * std::abs(theirs))
                qWarning("%.9g instead of %.9g", mine, theirs);
            return std::abs(mine - theirs) <= tolerance * std::abs(theirs);
        };
        QVERIFY(near(loss.counterfactual, expected["loss_cd"], lossTolerance));
        QVERIFY(near(loss.alignment, expected["loss_ba"], lossTolerance));
        QVERIFY(near(loss.total, expected["total"], lossTolerance));

        // Gradients, and the parts of the state that are known.
        std::span<const float> gradients = step.gradients(), heads = step.state().heads, copies = step.state().copies;
        int compared = 0;
        for (const std::string& part : kParts) {
            const std::size_t count = numbers("vl_" + fileName(part)).size();
            double square = 0;
            for (const float g : gradients.first(count))
                square += static_cast<double>(g) * g;
            QVERIFY2(near(std::sqrt(square), expected["grad_l2"][part], normTolerance), part.c_str());
            const auto known = [&](const std::string& file, std::span<const float> mine, double tolerance) {
                if (!std::filesystem::exists(fixture(file)))
                    return true;
                ++compared;
                const std::vector<float> theirs = numbers(file);
                return apart(mine.first(count), theirs) <= tolerance * largest(theirs);
            };
            QVERIFY2(known("vl_grad_" + name.toStdString() + "_" + fileName(part), gradients, gradientTolerance),
                     part.c_str());
            QVERIFY2(known("vl_after_momentum_" + fileName(part, "_m"), copies, 1e-6), part.c_str());
            if (name == QStringLiteral("epoch0_text1")) // the case that the stored step of Adam was made with
                QVERIFY2(known("vl_after_adam_" + fileName(part), heads, 1e-6), part.c_str());
            gradients = gradients.subspan(count);
            heads = heads.subspan(count);
            copies = copies.subspan(count);
        }
        QCOMPARE(compared, name == QStringLiteral("epoch0_text1")   ? 12
                           : name == QStringLiteral("epoch5_text1") ? 10
                                                                    : 2);

        QCOMPARE(step.state().next, expected["queue_ptr_after"].get<std::uint64_t>());
        QVERIFY(apart(step.imageQueue().values, matrix("vl_image_queue_after", true).values) <= embeddingTolerance);
        QVERIFY(apart(step.captionQueue().values, matrix("vl_text_queue_after", true).values) <= embeddingTolerance);
    }

    /// Captions that repeat are one row of a product; two copies of the captions are as many rows as there are images,
    /// and must give the same loss and the same heads but for rounding.
    void repeatedCaptionsAreOnlyAShortCut() {
        Made few(6, 64, 200, 1, 0);
        Embeddings copied(6 * 40, 24);
        for (std::size_t i = 0; i < copied.rows; ++i)
            std::ranges::copy(few.captions.row(i % 6), copied.row(i).begin());
        std::vector<float> heads = randomRows(few.shape.parameters(), 1, 5).values;
        for (float& value : heads)
            value *= 0.2F;
        JointStep shortly(few.images, few.captions, few.shape, few.options, startOf(heads, few.images.rows, 6, 64),
                          few.imageStart, few.captionStart);
        JointStep fully(few.images, copied, few.shape, few.options, startOf(heads, few.images.rows, copied.rows, 64),
                        few.imageStart, few.captionStart);
        RandomStream random(8, streamId("test/batches"), 0);
        for (int s = 0; s < 4; ++s) {
            std::vector<std::uint32_t> rows, factual, other, factualCopy, otherCopy;
            for (std::size_t i = 0; i < 200; ++i) {
                rows.push_back(static_cast<std::uint32_t>(random.below(few.images.rows)));
                factual.push_back(static_cast<std::uint32_t>(random.below(6)));
                other.push_back(static_cast<std::uint32_t>(random.below(6)));
                factualCopy.push_back(static_cast<std::uint32_t>(factual.back() + 6 * (i % 40)));
                otherCopy.push_back(static_cast<std::uint32_t>(other.back() + 6 * ((i + 7) % 40)));
            }
            const JointLoss a = shortly.run({rows, factual, other, s % 2 == 1, s >= 2}).value();
            const JointLoss b = fully.run({rows, factualCopy, otherCopy, s % 2 == 1, s >= 2}).value();
            QVERIFY(std::abs(a.counterfactual - b.counterfactual) < 1e-4 * a.counterfactual);
            QVERIFY(std::abs(a.alignment - b.alignment) < 1e-4 * a.alignment);
            QVERIFY(apart(shortly.gradients(), fully.gradients()) < 1e-3 * largest(fully.gradients()));
        }
    }

    /// The gradient is that of the loss: a small step along it lowers the loss by what it says.
    void gradientIsThatOfTheLoss() {
        Made made(9, 50, 300, 1, 0);
        std::vector<float> heads = randomRows(made.shape.parameters(), 1, 5).values;
        for (float& value : heads)
            value *= 0.2F;
        std::vector<std::uint32_t> rows, factual, other;
        for (std::uint32_t i = 0; i < 300; ++i) {
            rows.push_back(i);
            factual.push_back(i % 4);
            other.push_back(3 + i % 6);
        }
        made.options.momentum = 1; // the copies stay, so that the targets do
        const auto lossAt = [&](const std::vector<float>& at, std::vector<float>* gradient) {
            JointState state = startOf(heads, made.images.rows, 9, 50);
            state.heads = at;
            JointStep step(made.images, made.captions, made.shape, made.options, state, made.imageStart,
                           made.captionStart);
            const JointLoss loss = step.run({rows, factual, other, true, true}).value();
            if (gradient)
                *gradient = step.gradients();
            return loss.total;
        };
        std::vector<float> gradient;
        lossAt(heads, &gradient);
        double square = 0;
        for (const float g : gradient)
            square += static_cast<double>(g) * g;
        std::vector<float> up = heads, down = heads;
        const double length = 2e-2 / std::sqrt(square);
        for (std::size_t p = 0; p < heads.size(); ++p) {
            up[p] += static_cast<float>(length * gradient[p]);
            down[p] -= static_cast<float>(length * gradient[p]);
        }
        const double slope = (lossAt(up, nullptr) - lossAt(down, nullptr)) / (2 * length);
        QVERIFY2(std::abs(slope / square - 1) < 0.01, std::to_string(slope / square).c_str());
    }

    void sameBitsForAnyNumberOfThreads() {
        const Made one(90, 300, 400, 1, 4), three(90, 300, 400, 3, 4);
        QCOMPARE(one.state.heads, three.state.heads);
        QCOMPARE(one.state.copies, three.state.copies);
        for (std::size_t s = 0; s < 4; ++s)
            QCOMPARE(one.losses[s].total, three.losses[s].total);
        QVERIFY(one.losses[3].total < one.losses[1].total);
    }

    /// A queue shorter than a batch keeps the batch's last rows; one place is enough.
    void queueShorterThanBatch() {
        for (const std::size_t queue : {1U, 7U}) {
            Made made(5, queue, 33, 1, 3);
            QCOMPARE(made.state.next, std::uint64_t{99 % queue});
            for (const JointLoss& loss : made.losses)
                QVERIFY(std::isfinite(loss.total) && loss.alignment > 0);
            for (const std::uint32_t image : made.state.imageQueue)
                QVERIFY(image < made.images.rows);
        }
    }
};

QTEST_GUILESS_MAIN(TstJointStep)
#include "tst_joint_step.moc"
