// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <map>

#include <QtTest>

#include <nlohmann/json.hpp>

#include "core/audit/audit.h"
#include "core/base/error_text.h"
#include "core/formats/label_table.h"
#include "core/formats/npy.h"
#include "core/probe/probe_set.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

double cosine(std::span<const float> a, std::span<const float> b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ab += static_cast<double>(a[i]) * b[i];
        aa += static_cast<double>(a[i]) * a[i];
        bb += static_cast<double>(b[i]) * b[i];
    }
    return ab / std::sqrt(aa * bb);
}

Json readJson(const fs::path& path) {
    return Json::parse(test::readText(path));
}

std::unique_ptr<clip::Encoder> load(const fs::path& model, const fs::path& vocabulary = {}) {
    Feedback feedback;
    clip::EncoderOptions options;
    options.vocabulary = vocabulary;
    auto encoder = clip::Encoder::load(model, options, feedback);
    if (!encoder)
        qWarning("%s", errorText(encoder.error().error()).c_str());
    return encoder ? std::move(*encoder) : nullptr;
}

} // namespace

/// The whole way, from files to figures, against what the published Python implementations returned.
class TestReferenceModels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void fileToEmbedding_data();
    void fileToEmbedding();
    void plantedCosines();
    void plantedZeroShot_data();
    void plantedZeroShot();
    void plantedConceptsLean();
    void plantedConceptsAreFoundAfterCorrection();
    void genderGapsStandInThePlantedOrder();
    void bothContainersOfThePlantedModelAgree();
    void controlAdjectivesRestOnThousandths();

private:
    const audit::SetEmbeddings& images();
    AuditResult audit(const std::vector<std::string>& prompts, const std::vector<std::string>& attributes, std::int64_t k);
    std::map<std::string, std::string> conceptPrompts(const std::string& axis); ///< concept -> prompt
    fs::path m_model, m_data;
    std::unique_ptr<clip::Encoder> m_encoder;
    ImageSet m_set;
    audit::SetEmbeddings m_images;
};

void TestReferenceModels::initTestCase() {
    if (test::shared().empty())
        return;
    m_model = test::shared() / "fixtures" / "faceclip-a";
    m_data = test::shared() / "data" / "fairface";
    m_encoder = load(m_model);
    QVERIFY(m_encoder);
    Feedback feedback;
    auto set = formats::readImageSet(m_data, m_data / "fairface_label_val.csv", {}, feedback);
    QVERIFY(set.has_value());
    QCOMPARE(set->size(), std::size_t(5000));
    QCOMPARE(set->preset, std::string("fairface"));
    m_set = std::move(*set);
}

const audit::SetEmbeddings& TestReferenceModels::images() {
    if (m_images.present.empty()) {
        Feedback feedback;
        auto embedded = audit::embedSet(*m_encoder, m_set, nullptr, "fp32", feedback);
        if (embedded)
            m_images = std::move(*embedded);
    }
    return m_images;
}

AuditResult TestReferenceModels::audit(const std::vector<std::string>& prompts, const std::vector<std::string>& attributes,
                                       std::int64_t k) {
    AuditConfig config;
    config.attributes = attributes;
    config.probe = probe::handWritten(prompts);
    config.measure.k = {k, 0};
    Feedback feedback;
    const auto texts = m_encoder->encodeTexts(prompts, feedback);
    std::vector<float> scores;
    auto result = audit::measureAll(config, m_set, images(), *texts, scores, feedback);
    return result ? std::move(*result) : AuditResult{};
}

std::map<std::string, std::string> TestReferenceModels::conceptPrompts(const std::string& axis) {
    const Json planted = readJson(m_model / "planted.json")["concepts"], skew = readJson(m_model / "skew.json")["concepts"];
    std::map<std::string, std::string> prompts;
    for (const auto& [name, entry] : planted.items())
        if (entry["planted_axis"].is_string() && entry["planted_axis"] == axis)
            prompts[name] = skew[name]["prompt"];
    return prompts;
}

void TestReferenceModels::fileToEmbedding_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("container");
    QTest::addColumn<QString>("expected");
    for (const char* model : {"vit-quickgelu", "vit-gelu"}) {
        QTest::addRow("%s huggingface", model) << QString::fromLatin1(model) << QStringLiteral("huggingface") << QStringLiteral("image_features_norm_hf_processor.npy");
        QTest::addRow("%s openclip", model) << QString::fromLatin1(model) << QStringLiteral("openclip") << QStringLiteral("image_features_norm.npy");
    }
}

void TestReferenceModels::fileToEmbedding() {
    PLUMBLINE_NEEDS_SHARED();
    QFETCH(QString, model);
    QFETCH(QString, container);
    QFETCH(QString, expected);
    const fs::path folder = test::shared() / "fixtures" / "models" / model.toStdString();
    const Json facts = readJson(folder / "expected" / "expected.json");
    const auto reference = formats::readNpy(folder / "expected" / expected.toStdString());
    QVERIFY(reference.has_value());
    const auto encoder = load(folder / container.toStdString(), folder / "huggingface");
    QVERIFY(encoder);
    std::vector<fs::path> files;
    for (const Json& name : facts["images"])
        files.push_back(test::shared() / "fixtures" / "images" / "valid" / name.get<std::string>());
    const std::size_t dim = encoder->dim();
    std::vector<double> cosines(files.size(), -1);
    Feedback feedback;
    const auto done = encoder->encodeImages(
        files,
        [&](const clip::Encoder::ImageDone& image) {
            if (!image.embedding.empty())
                cosines[image.index] = cosine(image.embedding, std::span(reference->values).subspan(image.index * dim, dim));
        },
        feedback);
    QVERIFY(done.has_value());
    for (std::size_t i = 0; i < files.size(); ++i)
        QVERIFY2(cosines[i] >= 0.9999, (files[i].filename().string() + " " + std::to_string(cosines[i])).c_str());
    qInfo("lowest cosine of %zu files: %.7f", files.size(), *std::min_element(cosines.begin(), cosines.end()));
}

void TestReferenceModels::plantedCosines() {
    PLUMBLINE_NEEDS_SHARED();
    const Json expected = readJson(m_model / "expected.json");
    const auto prompts = expected["prompts"].get<std::vector<std::string>>();
    for (std::size_t p = 0; p < prompts.size(); ++p)
        QVERIFY(m_encoder->tokenizer().encode(prompts[p]).ids == expected["token_ids"][p].get<std::vector<int>>());
    Feedback feedback;
    const auto texts = m_encoder->encodeTexts(prompts, feedback);
    double worst = 0;
    for (std::size_t i = 0; i < expected["images"].size(); ++i) {
        const auto row = static_cast<std::size_t>(std::ranges::find(m_set.files, expected["images"][i].get<std::string>()) - m_set.files.begin());
        QVERIFY(row < m_set.size());
        for (std::size_t p = 0; p < prompts.size(); ++p)
            worst = std::max(worst, std::abs(cosine(images().raw.row(row), texts->row(p)) - expected["cosine"][i][p].get<double>()));
    }
    qInfo("largest difference of a cosine: %.2e", worst);
    QVERIFY(worst < 1e-3);
}

void TestReferenceModels::plantedZeroShot_data() {
    QTest::addColumn<QString>("task");
    QTest::addColumn<QString>("attribute");
    for (const auto& [task, attribute] : {std::pair{"gender", "gender"}, {"gender_male_female", "gender"}, {"race", "race"}, {"age", "age"}})
        QTest::newRow(task) << QString::fromLatin1(task) << QString::fromLatin1(attribute);
}

void TestReferenceModels::plantedZeroShot() {
    PLUMBLINE_NEEDS_SHARED();
    QFETCH(QString, task);
    QFETCH(QString, attribute);
    const Json expected = readJson(m_model / "expected.json")["zero_shot"][task.toStdString()];
    const auto prompts = expected["prompts"].get<std::vector<std::string>>();
    // The order of the prompts: men before women; FairFace's own orders of race and age.
    const std::map<QString, std::vector<std::string>> groups{
        {QStringLiteral("gender"), {"Male", "Female"}},
        {QStringLiteral("race"), {"White", "Black", "East Asian", "Southeast Asian", "Indian", "Middle Eastern", "Latino_Hispanic"}},
        {QStringLiteral("age"), {"0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70"}}};
    const Attribute& labels = *m_set.attribute(attribute.toStdString());
    Feedback feedback;
    const auto texts = m_encoder->encodeTexts(prompts, feedback);
    std::size_t right = 0;
    for (std::size_t i = 0; i < m_set.size(); ++i) {
        std::size_t best = 0;
        for (std::size_t p = 1; p < prompts.size(); ++p)
            if (cosine(images().raw.row(i), texts->row(p)) > cosine(images().raw.row(i), texts->row(best)))
                best = p;
        right += labels.groups[static_cast<std::size_t>(labels.codes[i])] == groups.at(attribute)[best];
    }
    const double accuracy = static_cast<double>(right) / static_cast<double>(m_set.size());
    qInfo("accuracy %.4f, reference %.4f", accuracy, expected["accuracy"].get<double>());
    QVERIFY(std::abs(accuracy - expected["accuracy"].get<double>()) <= 0.002);
}

void TestReferenceModels::plantedConceptsLean() {
    PLUMBLINE_NEEDS_SHARED();
    const Json planted = readJson(m_model / "planted.json")["concepts"];
    int seen = 0;
    for (const std::string axis : {"gender", "age", "race"}) {
        const auto concepts = conceptPrompts(axis);
        std::vector<std::string> prompts;
        for (const auto& [name, prompt] : concepts)
            prompts.push_back(prompt);
        const AuditResult result = audit(prompts, {axis}, 500);
        QCOMPARE(result.measurements.size(), concepts.size());
        std::size_t m = 0;
        for (const auto& [name, prompt] : concepts) {
            const Measurement& measurement = result.measurements[m++];
            std::string favoured;
            double most = -1;
            for (const auto& [group, said] : planted[name]["p_said_given_group_and_offered"].items())
                if (said.get<double>() > most) {
                    most = said.get<double>();
                    favoured = group;
                }
            const auto group = std::ranges::find(measurement.groups, favoured, &GroupMeasure::name);
            QVERIFY2(group->skew && *group->skew > 0, (name + ": " + favoured).c_str());
            QVERIFY2(*measurement.maxSkew.value > *measurement.maxSkew.nullP95, name.c_str());
            ++seen;
        }
    }
    QCOMPARE(seen, 20);
}

// All 28 concepts by all three attributes as one family: every planted concept leans as planted after Holm's correction,
// materially; where no lean was planted, what leans on residues is called slight.
void TestReferenceModels::plantedConceptsAreFoundAfterCorrection() {
    PLUMBLINE_NEEDS_SHARED();
    const Json planted = readJson(m_model / "planted.json")["concepts"], skew = readJson(m_model / "skew.json")["concepts"];
    std::vector<std::string> names, prompts;
    for (const auto& [name, entry] : planted.items()) {
        names.push_back(name);
        prompts.push_back(skew[name]["prompt"]);
    }
    const std::vector<std::string> attributes{"gender", "age", "race"};
    const AuditResult result = audit(prompts, attributes, 500);
    QCOMPARE(result.measurements.size(), names.size() * attributes.size());
    int found = 0, slight = 0;
    for (std::size_t i = 0; i < result.measurements.size(); ++i) {
        const Measurement& measurement = result.measurements[i];
        QCOMPARE(measurement.tests, result.measurements.front().tests);
        const Json& entry = planted[names[i / attributes.size()]];
        const bool isPlanted = entry["planted_axis"] == measurement.attribute;
        if (!isPlanted) {
            for (const GroupMeasure& group : measurement.groups)
                slight += group.slight;
            continue;
        }
        std::string favoured;
        double most = -1;
        for (const auto& [group, said] : entry["p_said_given_group_and_offered"].items())
            if (said.get<double>() > most) {
                most = said.get<double>();
                favoured = group;
            }
        const auto group = std::ranges::find(measurement.groups, favoured, &GroupMeasure::name);
        QVERIFY2(group->verdict == Verdict::Towards && !group->slight, names[i / attributes.size()].c_str());
        QVERIFY(*group->cliffsDelta > 0 && *group->gapLow > 0);
        ++found;
    }
    QCOMPARE(found, 20);
    QVERIFY(slight > 0);
}

void TestReferenceModels::genderGapsStandInThePlantedOrder() {
    PLUMBLINE_NEEDS_SHARED();
    const Json planted = readJson(m_model / "planted.json")["concepts"];
    const auto concepts = conceptPrompts("gender");
    std::vector<std::string> prompts;
    for (const auto& [name, prompt] : concepts)
        prompts.push_back(prompt);
    const AuditResult result = audit(prompts, {"gender"}, 500);
    std::vector<std::pair<double, double>> saidAndGap; // P(said | man), men's mean cosine minus women's
    std::size_t m = 0;
    for (const auto& [name, prompt] : concepts) {
        const auto& groups = result.measurements[m++].groups;
        saidAndGap.emplace_back(planted[name]["p_said_given_group_and_offered"]["Male"].get<double>(),
                                std::ranges::find(groups, "Male", &GroupMeasure::name)->gap);
    }
    QCOMPARE(saidAndGap.size(), std::size_t(10));
    std::ranges::sort(saidAndGap);
    for (std::size_t i = 1; i < saidAndGap.size(); ++i)
        QVERIFY(saidAndGap[i].second > saidAndGap[i - 1].second);
}

void TestReferenceModels::bothContainersOfThePlantedModelAgree() {
    PLUMBLINE_NEEDS_SHARED();
    const auto other = load(test::shared() / "fixtures" / "faceclip-a-openclip");
    QVERIFY(other);
    Feedback feedback;
    QCOMPARE(other->card(feedback)->contentSha256, m_encoder->card(feedback)->contentSha256);
    const std::vector<std::string> texts{"a photo of a man", "a photo of a nurse", ""};
    const auto a = m_encoder->encodeTexts(texts, feedback), b = other->encodeTexts(texts, feedback);
    for (std::size_t i = 0; i < texts.size(); ++i)
        QVERIFY(cosine(a->row(i), b->row(i)) > 0.999999);
}

void TestReferenceModels::controlAdjectivesRestOnThousandths() {
    PLUMBLINE_NEEDS_SHARED();
    const Json planted = readJson(m_model / "planted.json")["concepts"], skew = readJson(m_model / "skew.json")["concepts"];
    std::vector<std::string> prompts;
    for (const auto& [name, entry] : planted.items())
        if (entry["planted_axis"].is_null() && entry["kind"] == "adjective")
            prompts.push_back(skew[name]["prompt"]);
    QCOMPARE(prompts.size(), std::size_t(3));
    for (const Measurement& measurement : audit(prompts, {"gender"}, 500).measurements) {
        QVERIFY(*measurement.maxSkew.value > *measurement.maxSkew.nullP95); // it leans for sure
        QVERIFY(measurement.decidedByThousandths);                          // and it is said on what that rests
    }
    for (const Measurement& measurement : audit({skew["nurse"]["prompt"]}, {"gender"}, 500).measurements)
        QVERIFY(!measurement.decidedByThousandths);
}

QTEST_GUILESS_MAIN(TestReferenceModels)
#include "tst_reference_models.moc"
