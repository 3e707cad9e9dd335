// SPDX-License-Identifier: GPL-3.0-or-later
// What an audit has as its "after" from elsewhere: a prompt array, residual heads, another model.
#include <algorithm>
#include <cmath>

#include <QTest>

#include "core/audit/mitigation.h"
#include "core/audit/project_audit.h"
#include "core/audit/project_mitigation.h"
#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/formats/label_table.h"
#include "core/probe/probe_set.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"
#include "tests/support/test_support.h"
#include "tests/support/torch_writer.h"

using namespace plumbline;

namespace {

namespace fs = std::filesystem;

std::vector<float> someValues(std::size_t count, std::uint64_t seed) {
    RandomStream random(seed, streamId("test/imported"), 0);
    std::vector<float> values(count);
    for (float& value : values)
        value = static_cast<float>(0.4 * random.normal());
    return values;
}

/// Scores of the same images, embedded twice: batches of another size move them by rounding.
bool alike(const std::vector<float>& a, const std::vector<float>& b) {
    return std::ranges::equal(a, b, [](float x, float y) { return std::abs(double(x) - double(y)) < 1e-5; });
}

std::unique_ptr<clip::Encoder> load(const fs::path& model, const clip::EncoderOptions& options = {}) {
    Feedback feedback;
    auto encoder = clip::Encoder::load(model, options, feedback);
    return encoder ? std::move(*encoder) : nullptr;
}

DebiasConfig importOf(const char* method, const fs::path& file) {
    return {method, {}, {{"file", encodePath(file)}}, 0};
}

/// The import, without embeddings, through a folder and back.
Outcome<debias::Transform> imported(const DebiasConfig& config, const fs::path& folder) {
    Feedback feedback;
    PLUMBLINE_TRY(const debias::Transform fitted,
                  debias::fit(config, {Embeddings(), Attribute(), nullptr, {}}, {}, feedback));
    PLUMBLINE_CHECK(debias::writeTransform(fitted, folder));
    PLUMBLINE_TRY(debias::Transform read, debias::readTransform(folder));
    return read;
}

const MeasureTable* priceIn(const AuditResult& result) {
    const auto found = std::ranges::find(result.tables, kDebiasPriceId, &MeasureTable::id);
    return found == result.tables.end() ? nullptr : &*found;
}

std::optional<double> valueOf(const MeasureTable& table, const char* state, const char* measure) {
    const MeasureRow* row = table.find({"gender", state}, measure);
    return row ? row->value.value : std::nullopt;
}

} // namespace

class TstImported : public QObject {
    Q_OBJECT

    test::TempFolder m_folder;
    ImageSet m_set;
    AuditConfig m_config;
    const std::vector<std::string> m_texts = {"a photo of a man", "the nurse", "a doctor of the people"};

    fs::path writeArray(const char* name, std::uint64_t seed, std::int64_t width = 24) const {
        const std::vector<float> values = someValues(static_cast<std::size_t>(2 * width), seed);
        const formats::TensorToWrite array{
            "debias_tokens", formats::DType::F32, {2, width}, std::as_bytes(std::span(values))};
        test::writeTorchZip(m_folder / name, std::span(&array, 1));
        return m_folder / name;
    }

private Q_SLOTS:
    void initTestCase() {
        test::writeRandomClip(m_folder / "model");
        test::RandomClip other;
        other.embedDim = 28;
        test::writeRandomClip(m_folder / "other", other, Container::HuggingFace, 9);
        test::writeLabelledImages(m_folder / "images", 60, 1);
        Feedback feedback;
        auto set = formats::readImageSet(m_folder / "images", m_folder / "images" / "labels.csv", {}, feedback);
        QVERIFY(set.has_value());
        m_set = std::move(*set);
        m_config.attributes = {"gender"};
        m_config.probe = probe::handWritten(m_texts);
        m_config.measure.k = {15, 0};
        m_config.modelPath = encodePath(m_folder / "model");
    }

    /// Everything after the array is what the encoder with the array gives; images stay.
    void promptArray() {
        const fs::path file = writeArray("tokens.pt", 3);
        const auto transform = imported(importOf("prompt-array", file), m_folder / "array");
        QVERIFY2(transform.has_value(), transform ? "" : errorText(transform.error().error()).c_str());
        fs::remove(m_folder / "gone");
        fs::rename(file, m_folder / "gone"); // the folder is complete by itself
        QVERIFY(debias::hasPromptArray(*transform));
        clip::EncoderOptions options;
        options.promptArray = m_folder / "gone";
        const auto plain = load(m_folder / "model"), with = load(m_folder / "model", options);
        QVERIFY(plain && with);

        Feedback feedback;
        const audit::EncodeWithArray encode = audit::encodeWithArray(*plain, feedback);
        debias::TextRows rows{m_texts, plain->encodeTexts(m_texts, feedback).value(), {}};
        QVERIFY(!debias::transformTexts(*transform, rows, feedback)); // the array was not asked
        QVERIFY(audit::addArrayRows(*transform, rows, encode).has_value());
        const Embeddings expected = with->encodeTexts(m_texts, feedback).value();
        QCOMPARE(debias::transformTexts(*transform, rows, feedback).value().values, expected.values);
        QVERIFY(expected.values != rows.plain.values);
        debias::Transform half = *transform;
        half.parts[0].card.strength = 0.5;
        QCOMPARE(debias::transformTexts(half, rows, feedback).value().values,
                 debias::blend(rows.plain, expected, 0.5).values);
        half.parts[0].card.strength = 0;
        QCOMPARE(debias::transformTexts(half, rows, feedback).value().values, rows.plain.values);
        QCOMPARE(debias::transformRows(*transform, debias::Modality::Image, rows.plain, feedback).value().values,
                 rows.plain.values);

        std::vector<float> before, after, asEncoder;
        const auto first = audit::runAudit(*plain, m_config, m_set, nullptr, before, feedback);
        const auto second = audit::runAudit(*plain, m_config, m_set, nullptr, after, feedback, &*transform);
        const auto third = audit::runAudit(*with, m_config, m_set, nullptr, asEncoder, feedback);
        QVERIFY2(second.has_value(), second ? "" : errorText(second.error().error()).c_str());
        QVERIFY(first.has_value() && third.has_value());
        QVERIFY(alike(after, asEncoder));
        QVERIFY(!alike(after, before));
        const MeasureTable* price = priceIn(*second);
        QVERIFY(price);
        QVERIFY(valueOf(*price, "before", "max_skew") && valueOf(*price, "after", "max_skew"));
        QCOMPARE(valueOf(*price, "after", "linear_probe"), valueOf(*price, "before", "linear_probe"));
        for (const MeasureTable& table : third->tables) { // what is asked beside the rankings is of the array, too
            const auto same = std::ranges::find(second->tables, table.id, &MeasureTable::id);
            QVERIFY(same != second->tables.end());
            for (std::size_t r = 0; r < table.rows.size(); ++r)
                QCOMPARE(same->rows[r].value.value, table.rows[r].value.value);
        }
    }

    void promptArraysThatDoNotFit() {
        Feedback feedback;
        const auto plain = load(m_folder / "model");
        const auto wide = imported(importOf("prompt-array", writeArray("wide.pt", 4, 30)), m_folder / "wide");
        QVERIFY(wide.has_value());
        std::vector<float> scores;
        const auto run = audit::runAudit(*plain, m_config, m_set, nullptr, scores, feedback, &*wide);
        QVERIFY(!run && run.error().error().code == ErrorCode::InvalidArgument);
        auto twice = imported(importOf("prompt-array", writeArray("two.pt", 5)), m_folder / "two");
        twice->parts.push_back(twice->parts.front());
        debias::TextRows rows{m_texts, Embeddings(3, 20), {}};
        QVERIFY(!audit::addArrayRows(*twice, rows, audit::encodeWithArray(*plain, feedback)));
        twice->parts.pop_back();
        QVERIFY(!audit::addArrayRows(*twice, rows, {})); // no model
        QVERIFY(!imported({"prompt-array", {}, {}, 0}, m_folder / "none"));
        QVERIFY(!imported(importOf("prompt-array", m_folder / "images" / "labels.csv"), m_folder / "none"));
        fs::remove(m_folder / "two" / "prompt_array.safetensors");
        QVERIFY(!debias::readTransform(m_folder / "two"));
    }

    /// A study encodes its texts anew for the array, and dials it.
    void promptArrayInAStudy() {
        Feedback feedback;
        const auto plain = load(m_folder / "model");
        const audit::SetEmbeddings images = audit::embedSet(*plain, m_set, nullptr, "fp32", feedback).value();
        DebiasStudyConfig config;
        config.attribute = "gender";
        config.probe = m_config.probe;
        config.measure = m_config.measure;
        config.methods = {{{importOf("prompt-array", writeArray("study.pt", 6))}}};
        config.modelPath = m_config.modelPath;
        const audit::EncodeTexts encode = [&](std::span<const std::string> texts) {
            return plain->encodeTexts(texts, feedback);
        };
        audit::StudyInput input = audit::studyInput(config, {m_set, images}, encode, feedback).value();
        const auto without = audit::runStudy(input, feedback);
        QVERIFY(without.has_value() && !without->result.candidates[0].failure.empty());
        input.encodeWithArray = audit::encodeWithArray(*plain, feedback);
        const auto study = audit::runStudy(input, feedback);
        QVERIFY(study.has_value());
        const DebiasCandidate& candidate = study->result.candidates[0];
        QVERIFY2(candidate.failure.empty(), candidate.failure.c_str());
        QCOMPARE(candidate.curve.size(), std::size_t(21));
        QVERIFY(study->transforms[0].parts.front().promptArray.has_value());
        const auto skew = [&](std::size_t point) {
            return audit::pointOf(candidate.curve[point].select, "gender", "ndkl");
        };
        QVERIFY(skew(0) && skew(20) && skew(0) != skew(20));
    }

    void promptArrayInAProject() {
        auto project = store::Project::create(m_folder / "array.plumb");
        QVERIFY(project.has_value());
        const auto transform = imported(importOf("prompt-array", writeArray("stored.pt", 7)), m_folder / "stored");
        const auto id = audit::storeTransform(*project, 0, *transform);
        QVERIFY(id.has_value());
        const auto back = audit::transformIn(*project, *id, 0.5);
        QVERIFY(back.has_value());
        QVERIFY(back->parts[0].promptArray == transform->parts[0].promptArray);
        QCOMPARE(back->parts[0].card.strength, 0.5);
    }

    /// A checkpoint of the published code, fitted and applied, is what the encoder makes of it.
    void residualHead() {
        constexpr std::int64_t kDim = 20, kHidden = 7;
        std::vector<std::vector<float>> values;
        std::vector<formats::TensorToWrite> tensors;
        values.reserve(12);
        for (const char* mlp : {"mlp1", "mlp2", "mlp1_m"}) // a momentum copy, which nobody reads
            for (const auto& [part, shape] :
                 std::vector<std::pair<std::string, std::vector<std::int64_t>>>{{".network.0.weight", {kHidden, kDim}},
                                                                                {".network.0.bias", {kHidden}},
                                                                                {".network.2.weight", {kDim, kHidden}},
                                                                                {".network.2.bias", {kDim}}}) {
                std::size_t count = 1;
                for (const std::int64_t extent : shape)
                    count *= static_cast<std::size_t>(extent);
                values.push_back(someValues(count, 20 + values.size()));
                tensors.push_back({mlp + part, formats::DType::F32, shape, std::as_bytes(std::span(values.back()))});
            }
        test::writeTorchZip(m_folder / "heads.pt", tensors);
        const auto transform = imported(importOf("residual-head", m_folder / "heads.pt"), m_folder / "heads");
        QVERIFY2(transform.has_value(), transform ? "" : errorText(transform.error().error()).c_str());
        QCOMPARE(transform->parts[0].card.dim, kDim);
        clip::EncoderOptions options;
        options.residualHead = m_folder / "heads.pt";
        const auto plain = load(m_folder / "model"), with = load(m_folder / "model", options);
        QVERIFY(plain && with);
        Feedback feedback;
        const auto compare = [&](const Embeddings& before, const Embeddings& expected, debias::Modality modality) {
            const Embeddings after = debias::transformRows(*transform, modality, before, feedback).value();
            QCOMPARE(after.values.size(), expected.values.size());
            double most = 0, moved = 0;
            for (std::size_t i = 0; i < after.values.size(); ++i) {
                most = std::max(most, double(std::abs(after.values[i] - expected.values[i])));
                moved = std::max(moved, double(std::abs(after.values[i] - before.values[i])));
            }
            QVERIFY2(most < 1e-5, std::to_string(most).c_str());
            QVERIFY(moved > 1e-2);
        };
        compare(plain->encodeTexts(m_texts, feedback).value(), with->encodeTexts(m_texts, feedback).value(),
                debias::Modality::Text);
        compare(audit::embedSet(*plain, m_set, nullptr, "fp32", feedback).value().raw,
                audit::embedSet(*with, m_set, nullptr, "fp32", feedback).value().raw, debias::Modality::Image);
        const Embeddings other(3, 21);
        QVERIFY(!debias::fit(importOf("residual-head", m_folder / "heads.pt"), {other, Attribute(), nullptr, {}}, {},
                             feedback));
    }

    /// Another model, whose embeddings are of another length, as the "after".
    void anotherModel() {
        const auto first = load(m_folder / "model"), second = load(m_folder / "other");
        QVERIFY(first && second && first->dim() != second->dim());
        Feedback feedback;
        std::vector<float> alone, compared, back;
        const auto own = audit::runAudit(*second, m_config, m_set, nullptr, alone, feedback);
        const auto there = audit::runAudit(*second, m_config, m_set, nullptr, compared, feedback, nullptr, first.get());
        const auto here = audit::runAudit(*first, m_config, m_set, nullptr, back, feedback, nullptr, second.get());
        QVERIFY2(there.has_value(), there ? "" : errorText(there.error().error()).c_str());
        QVERIFY(own.has_value() && here.has_value());
        QVERIFY(alike(compared, alone));
        const MeasureTable *price = priceIn(*there), *turned = priceIn(*here);
        QVERIFY(price && turned && !priceIn(*own));
        for (const char* measure : {"max_skew", "ndkl", "linear_probe", "nearest_neighbour_probe"}) {
            const auto before = valueOf(*price, "before", measure), after = valueOf(*price, "after", measure);
            QVERIFY2(before && after, measure);
            QCOMPARE(valueOf(*turned, "after", measure), before);
            QCOMPARE(valueOf(*turned, "before", measure), after);
            QVERIFY(std::abs(*valueOf(*price, "difference", measure) - (*after - *before)) < 1e-9);
        }
        QVERIFY(valueOf(*price, "before", "ndkl") != valueOf(*price, "after", "ndkl"));
    }

    /// Its run in a project goes on without anybody who remembers the first model.
    void anotherModelInAProject() {
        auto project = store::Project::create(m_folder / "models.plumb");
        QVERIFY(project.has_value());
        Feedback feedback;
        const auto first = load(m_folder / "model"), second = load(m_folder / "other");
        const auto add = [&](const clip::Encoder& encoder, const char* name) {
            store::ModelRecord record;
            record.name = name;
            record.path = encodePath(m_folder / name);
            record.card = encoder.quickCard();
            return project->addModel(record).value();
        };
        AuditConfig config = m_config;
        config.imageSetId = audit::imageSetIn(*project, m_set, "set").value();
        config.modelId = add(*first, "model");
        const std::int64_t before = project->beginRun(config).value();
        QVERIFY(audit::runInProject(*project, before, *first, nullptr, feedback).has_value());
        config.modelId = add(*second, "other");
        config.modelPath = encodePath(m_folder / "other");
        config.debias = AppliedDebias{0, {}, "the model other", {}, 1, before, config.modelPath};
        const std::int64_t after = project->beginRun(config).value();
        const auto result = audit::runInProject(*project, after, *second, nullptr, feedback);
        QVERIFY2(result.has_value(), result ? "" : errorText(result.error().error()).c_str());
        QVERIFY(priceIn(*result));
        QCOMPARE(project->run(after)->config.debias->model, std::optional(config.modelPath));
        QCOMPARE(project->run(after)->config.debias->baselineRun, before);
    }
};

QTEST_GUILESS_MAIN(TstImported)
#include "tst_imported.moc"
