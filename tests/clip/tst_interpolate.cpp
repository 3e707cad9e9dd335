// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>

#include "core/base/error_text.h"
#include "core/clip/canonical.h"
#include "core/clip/encoder.h"
#include "core/clip/interpolate.h"
#include "core/formats/model_folder.h"
#include "core/formats/safetensors.h"
#include "core/formats/vocabulary.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
namespace fs = std::filesystem;

namespace {

std::string problem(const Outcome<clip::InterpolateReport>& report) {
    return report ? "" : report.error().cancelled() ? "cancelled" : errorText(report.error().error());
}

} // namespace

class TestInterpolate : public QObject {
    Q_OBJECT

    TempFolder m_folder;
    Feedback m_feedback;

    Outcome<clip::InterpolateReport> mix(std::string_view a, std::string_view b, double alpha, const char* out,
                                         bool half = false) {
        return clip::interpolate(m_folder / a, m_folder / b, {alpha, half, {}}, m_folder / out, m_feedback);
    }
    std::string hashOf(const char* name) {
        const auto model = formats::readModelFolder(m_folder / name);
        if (!model)
            return errorText(model.error());
        return *clip::tensorsSha256(model->config, model->weights, m_feedback);
    }

private Q_SLOTS:
    void initTestCase() {
        writeRandomClip(m_folder / "a", {}, Container::HuggingFace, 1);
        writeRandomClip(m_folder / "b", {}, Container::HuggingFace, 2);
        writeRandomClip(m_folder / "open-a", {}, Container::OpenClip, 1);
        writeRandomClip(m_folder / "open-b", {}, Container::OpenClip, 2);
    }

    /// The ends give every tensor back, but for the logit scale; between them each number is the mean of the two.
    void exact() {
        QCOMPARE(problem(mix("a", "b", 0, "zero")), std::string());
        QCOMPARE(hashOf("zero"), hashOf("a"));
        QCOMPARE(problem(mix("a", "b", 1, "one")), std::string());
        const auto half = mix("a", "b", 0.5, "middle");
        QVERIFY(half.has_value() && half->distance > 0.5);
        const auto a = formats::readSafetensors(m_folder / "a/model.safetensors");
        const auto b = formats::readSafetensors(m_folder / "b/model.safetensors");
        const auto one = formats::readSafetensors(m_folder / "one/model.safetensors");
        const auto middle = formats::readSafetensors(m_folder / "middle/model.safetensors");
        QVERIFY(a && b && one && middle);
        QCOMPARE(middle->tensors.size(), a->tensors.size());
        int differ = 0;
        for (const auto& [name, view] : a->tensors) {
            QVERIFY2(middle->tensors.contains(name), name.c_str());
            QVERIFY2(middle->tensors.at(name).shape == view.shape, name.c_str());
            const bool scale = name == "logit_scale";
            QVERIFY2(std::ranges::equal(one->tensors.at(name).bytes, (scale ? view : b->tensors.at(name)).bytes),
                     name.c_str());
            std::vector<float> x(static_cast<std::size_t>(view.elements())), y(x.size()), z(x.size());
            widen(view, 0, x);
            widen(b->tensors.at(name), 0, y);
            widen(middle->tensors.at(name), 0, z);
            for (std::size_t i = 0; i < x.size(); ++i) {
                differ += x[i] != y[i] ? 1 : 0;
                QCOMPARE(z[i], scale ? x[i] : static_cast<float>(0.5 * x[i] + 0.5 * y[i]));
            }
        }
        QVERIFY(differ > 1000);
        const auto encoder = clip::Encoder::load(m_folder / "middle", {}, m_feedback);
        QVERIFY(encoder.has_value());
        QVERIFY((*encoder)->card(m_feedback)->selfCheck.passed);
    }

    /// The same two networks in another container give the same result, which is a Hugging Face folder.
    void otherContainers() {
        QCOMPARE(problem(mix("a", "b", 0.25, "quarter")), std::string());
        const auto report = mix("open-a", "open-b", 0.25, "open-quarter");
        QCOMPARE(problem(report), std::string());
        QCOMPARE(hashOf("open-quarter"), hashOf("quarter"));
        QVERIFY(fs::exists(m_folder / "open-quarter/preprocessor_config.json"));
        QCOMPARE(report->warnings.size(), std::size_t{1});
        QCOMPARE(problem(mix("a", "open-b", 0.25, "crossed")), std::string());
        QCOMPARE(hashOf("crossed"), hashOf("quarter"));

        const auto texts = [&](const char* name) {
            const auto encoder = clip::Encoder::load(m_folder / name, {}, m_feedback);
            const std::vector<std::string> said = {"a photo of the man", "doctor"};
            return (*encoder)->encodeTexts(said, m_feedback)->values;
        };
        QVERIFY(texts("open-quarter") == texts("quarter"));
        QCOMPARE(problem(mix("open-a", "open-b", 0.25, "half", true)), std::string());
        QVERIFY(fs::file_size(m_folder / "half/model.safetensors") <
                fs::file_size(m_folder / "quarter/model.safetensors") * 6 / 10);
    }

    void refusals() {
        const auto refused = [&](const Outcome<clip::InterpolateReport>& report, const char* words) {
            QVERIFY2(problem(report).find(words) != std::string::npos, (problem(report) + " / " + words).c_str());
        };
        refused(mix("a", "b", 1.5, "x"), "alpha");
        refused(mix("a", "b", -0.1, "x"), "alpha");
        refused(mix("a", "b", std::nan(""), "x"), "alpha");
        refused(mix("a", "none", 0.5, "x"), "none");
        refused(mix("a", "b", 0.5, "a"), "another folder");
        RandomClip other;
        other.visionWidth = 16;
        writeRandomClip(m_folder / "narrow", other);
        refused(mix("a", "narrow", 0.5, "x"), "same architecture");
        other = {};
        other.visionHeads = 4;
        writeRandomClip(m_folder / "heads", other);
        refused(mix("a", "heads", 0.5, "x"), "number of heads");
        other = {};
        other.activation = Activation::Gelu;
        writeRandomClip(m_folder / "gelu", other);
        refused(mix("a", "gelu", 0.5, "x"), "activation");

        // The ids of two tokens change places.
        fs::copy(m_folder / "b", m_folder / "ids", fs::copy_options::recursive);
        auto vocabulary = formats::readVocabulary(m_folder / "ids");
        QVERIFY(vocabulary.has_value());
        std::swap(vocabulary->ids.at("a"), vocabulary->ids.at("b"));
        QVERIFY(formats::writeVocabulary(m_folder / "ids", *vocabulary).has_value());
        refused(mix("a", "ids", 0.5, "x"), "tokenizer");
        QVERIFY(!fs::exists(m_folder / "x/model.safetensors"));

        Feedback stopped;
        stopped.cancel();
        const auto cancelled = clip::interpolate(m_folder / "a", m_folder / "b", {}, m_folder / "y", stopped);
        QVERIFY(!cancelled && cancelled.error().cancelled());
    }

    /// One model without a tokenizer takes the other's; none at all in another container is an error.
    void tokenizers() {
        RandomClip bare;
        bare.vocabulary = false;
        writeRandomClip(m_folder / "bare", bare, Container::OpenClip, 2);
        const auto report = mix("bare", "a", 0.5, "taken");
        QCOMPARE(problem(report), std::string());
        QVERIFY(fs::exists(m_folder / "taken/vocab.json"));
        QCOMPARE(report->warnings.size(), std::size_t{2});
        QVERIFY(problem(mix("bare", "bare", 0.5, "z")).find("tokenizer") != std::string::npos);
        QCOMPARE(problem(clip::interpolate(m_folder / "bare", m_folder / "bare", {0.5, false, m_folder / "a"},
                                           m_folder / "z", m_feedback)),
                 std::string());
    }
};

QTEST_GUILESS_MAIN(TestInterpolate)
#include "tst_interpolate.moc"
