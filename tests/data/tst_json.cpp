// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <clocale>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/data/json.h"
#include "tests/data/values.h"

using namespace plumbline;
using nlohmann::json;

namespace {

/// Through text, as the pipe and the project file take it.
template <class T>
Result<T> again(const T& value, Result<T> (*fromJson)(const json&)) {
    return parseJson(toJson(value).dump(), "test").and_then(fromJson);
}

/// What a model card has gained since the first version: documents without it are still read.
constexpr const char* kCardSince[] = {"planted", "tensor_names", "timm", "sigmoid_loss", "captioner", "clip_tokenizer", "tokenizer_name",
                                      "tokenizer_kind", "text_cleaning", "strip_separator", "storage", "licence",
                                      "logit_bias"};

template <class T>
void roundTrips(Result<T> (*fromJson)(const json&)) {
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        const T value = test::Inventor(seed).make<T>();
        const auto back = again(value, fromJson);
        QVERIFY2(back.has_value(), back ? "" : std::string(back.error().arg("reason")).c_str());
        QVERIFY2(test::same(value, *back), toJson(value).dump(1).c_str());
    }
}

/// Every way to take one field out or to give it another type must be refused, and the refusal must name the field.
template <class T>
void refusesEachBrokenField(Result<T> (*fromJson)(const json&), const std::vector<const char*>& notNeeded) {
    T value = test::Inventor(7).make<T>();
    const json good = toJson(value);
    QVERIFY(fromJson(good).has_value());
    for (const auto& [key, member] : good.items()) {
        if (std::find(notNeeded.begin(), notNeeded.end(), key) != notNeeded.end())
            continue;
        json missing = good;
        missing.erase(key);
        const auto withoutIt = fromJson(missing);
        QVERIFY2(!withoutIt && withoutIt.error().code == ErrorCode::JsonInvalid, key.c_str());
        QCOMPARE(QString::fromStdString(std::string(withoutIt.error().arg("reason"))),
                 QString::fromStdString(key + ": the field is missing"));

        json wrong = good;
        wrong[key] = member.is_object() ? json("text") : json::object({{"a", 1}});
        const auto withWrong = fromJson(wrong);
        QVERIFY2(!withWrong && withWrong.error().code == ErrorCode::JsonInvalid, key.c_str());
        QVERIFY2(withWrong.error().arg("reason").starts_with(key), key.c_str());
    }
    for (const json& other : {json(), json(1), json("x"), json::array({good})})
        QVERIFY(!fromJson(other));
}

std::string reasonOf(const Result<json>& result) {
    return result ? std::string("no error") : std::string(result.error().arg("reason"));
}

} // namespace

class TestJson : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Projects of version 0.1.0 hold cards and match reports without these fields.
    void olderDocumentsAreRead() {
        json card = toJson(test::Inventor(3).make<ModelCard>());
        for (const char* key : kCardSince)
            card.erase(key);
        for (const char* key : {"tower", "pooling", "stages", "class_token", "patch_bias", "first_norm",
                                "final_norm_after_pool", "layer_scale", "projection", "projection_bias",
                                "pooler_heads", "pooler_queries"})
            card["architecture"]["vision"].erase(key);
        for (const char* key : {"causal", "layer_scale", "projection", "projection_bias", "pad_id"})
            card["architecture"]["text"].erase(key);
        card["preprocess"].erase("resize");
        const auto older = modelCardFromJson(card);
        QVERIFY2(older.has_value(), older ? "" : std::string(older.error().arg("reason")).c_str());
        QVERIFY(older->planted.empty() && older->storage.empty() && !older->logitBias);
        QVERIFY(older->config.vision.classToken && older->config.vision.firstNorm && older->config.text.causal);
        QCOMPARE(older->config.preprocessing.resize.value, Preprocessing::Resize::ShorterSide);
        json report = toJson(test::Inventor(3).make<MatchReport>());
        report.erase("filter");
        report.erase("filtered_rows");
        report.erase("merged");
        QVERIFY(matchReportFromJson(report)->filter.empty());
        QCOMPARE(matchReportFromJson(report)->filteredRows, 0);

        json measurement = toJson(test::Inventor(3).make<Measurement>());
        measurement.erase("definition_text");
        measurement.erase("more");
        const auto olderMeasurement = measurementFromJson(measurement);
        QVERIFY(olderMeasurement && olderMeasurement->more.empty() && olderMeasurement->definitionText.empty());
        json table = toJson(test::Inventor(3).make<MeasureTable>());
        table.erase("attribute");
        table.erase("kind");
        const auto olderTable = measureTableFromJson(table);
        QVERIFY(olderTable && olderTable->attribute.empty() && olderTable->kind.empty());
        json config = toJson(test::Inventor(3).make<AuditConfig>());
        config.erase("relevance");
        config["measure"].erase("bias_groups");
        config["measure"]["target"].erase("by_concept");
        const auto olderConfig = auditConfigFromJson(config);
        QVERIFY(olderConfig && olderConfig->relevance.empty() && olderConfig->measure.biasGroups.empty() &&
                olderConfig->measure.target.byConcept.empty());
        json summary = toJson(test::Inventor(3).make<ConceptSummary>());
        summary.erase("more");
        QVERIFY(conceptSummaryFromJson(summary)->more.empty());
    }

    void everyTypeReadsBackToTheLastBit() {
        roundTrips<ModelCard>(modelCardFromJson);
        roundTrips<MatchReport>(matchReportFromJson);
        roundTrips<ProbeSet>(probeSetFromJson);
        roundTrips<Target>(targetFromJson);
        roundTrips<MeasureOptions>(measureOptionsFromJson);
        roundTrips<Measurement>(measurementFromJson);
        roundTrips<MeasureTable>(measureTableFromJson);
        roundTrips<AuditConfig>(auditConfigFromJson);
        roundTrips<DebiasCard>(debiasCardFromJson);
        roundTrips<DebiasConfig>(debiasConfigFromJson);
        roundTrips<DebiasStudy>(debiasStudyFromJson);
        roundTrips<RunComparison>(runComparisonFromJson);
        roundTrips<RunProvenance>(runProvenanceFromJson);
        roundTrips<ConceptSummary>(conceptSummaryFromJson);
    }

    void everyFieldIsChecked() {
        refusesEachBrokenField<ModelCard>(modelCardFromJson, [] {
            std::vector<const char*> keys(std::begin(kCardSince), std::end(kCardSince));
            keys.insert(keys.end(), {"activation", "context_length"});
            return keys;
        }());
        refusesEachBrokenField<MatchReport>(matchReportFromJson, {"filter", "filtered_rows", "merged"});
        refusesEachBrokenField<ProbeSet>(probeSetFromJson, {});
        refusesEachBrokenField<Target>(targetFromJson, {"by_concept"});
        refusesEachBrokenField<MeasureOptions>(measureOptionsFromJson,
                                               {"correction", "level", "tolerance", "slight_gap", "bias_groups"});
        refusesEachBrokenField<Measurement>(
            measurementFromJson,
            {"explained_variance", "relative_spread", "tests_in_family", "definition_text", "more"});
        refusesEachBrokenField<MeasureTable>(measureTableFromJson, {"attribute", "kind"});
        refusesEachBrokenField<AuditConfig>(auditConfigFromJson, {"others", "relevance", "debias"});
        refusesEachBrokenField<DebiasCard>(debiasCardFromJson, {"other_model_sha256"});
        refusesEachBrokenField<RunProvenance>(runProvenanceFromJson, {"tensors_sha256"});
        refusesEachBrokenField<ConceptSummary>(conceptSummaryFromJson, {"more"});
    }

    void measurementHasThePublishedShape() {
        Measurement measurement;
        measurement.n = 1000;
        measurement.k = 100;
        measurement.kEffective = 99;
        measurement.attribute = "gender";
        measurement.groups.resize(1);
        measurement.groups[0].name = "Female";
        measurement.groups[0].poolCount = 470;
        measurement.minSkew.atMost = -3.25;
        measurement.maxSkew.value = 0.5;
        const json j = toJson(measurement);

        for (const char* key : {"n", "k", "k_effective", "definition", "target", "attribute", "prompt", "groups",
                                "max_skew", "min_skew", "ndkl", "warnings"})
            QVERIFY2(j.contains(key), key);
        QCOMPARE(j["n"], json(1000));
        QCOMPARE(j["k_effective"], json(99));
        QCOMPARE(j["definition"], json("geyik"));
        QCOMPARE(j["target"], json("pool"));
        QVERIFY(j["prompt"].is_null());
        for (const char* key : {"name", "pool_count", "top_count", "pool_share", "top_share", "target_share", "skew"})
            QVERIFY2(j["groups"][0].contains(key), key);
        QVERIFY(j["groups"][0]["skew"].is_null());
        for (const char* metric : {"max_skew", "min_skew", "ndkl"})
            for (const char* key : {"value", "ci_low", "ci_high", "null_mean", "null_p95", "p_value"})
                QVERIFY2(j[metric].contains(key), key);
        QCOMPARE(j["max_skew"]["value"], json(0.5));
        QVERIFY(!j["max_skew"].contains("at_most"));
        QVERIFY(j["min_skew"]["value"].is_null());
        QCOMPARE(j["min_skew"]["at_most"], json(-3.25));
    }

    void modelCardHasThePublishedShape() {
        ModelCard card;
        card.config.container = Container::OpenClip;
        card.config.vision.activation = {Activation::Gelu, "open_clip_config.json: quick_gelu"};
        card.config.text.contextLength = {77, "shape of positional_embedding"};
        card.config.preprocessing.mean = {{0.1, 0.2, 0.3}, "default"};
        const json j = toJson(card);
        QCOMPARE(j["container"], json("openclip"));
        QCOMPARE(j["activation"], json({{"value", "gelu"}, {"source", "open_clip_config.json: quick_gelu"}}));
        QCOMPARE(j["context_length"]["value"], json(77));
        QCOMPARE(j["preprocess"]["mean"]["value"], json({0.1, 0.2, 0.3}));
        for (const char* key : {"size", "mean", "std", "interpolation", "order", "crop"})
            QVERIFY2(j["preprocess"][key].contains("source"), key);
        for (const char* key : {"vision", "text", "embed_dim"})
            QVERIFY2(j["architecture"].contains(key), key);
        for (const char* key :
             {"tokenizer", "logit_scale", "parameters", "dtype", "files", "content_sha256", "warnings"})
            QVERIFY2(j.contains(key), key);
        QVERIFY(j["self_check"]["passed"].is_boolean());
    }

    void numbersThatAreNotFiniteAreNull() {
        Measurement measurement;
        measurement.scoreMean = std::numeric_limits<double>::quiet_NaN();
        measurement.scoreSd = std::numeric_limits<double>::infinity();
        measurement.ndkl.ciHigh = std::numeric_limits<double>::infinity();
        const std::string text = toJson(measurement).dump();
        const auto back = again(measurement, measurementFromJson);
        QVERIFY(back.has_value());
        QVERIFY(std::isnan(back->scoreMean) && std::isnan(back->scoreSd));
        QVERIFY(!back->ndkl.ciHigh);
        QVERIFY(text.find("\"score_sd\":null") != std::string::npos);
    }

    void anotherLocaleChangesNothing() {
        Target target{Target::Kind::Custom, {{"a", 0.1}, {"b", 1e-300}}};
        const std::string text = toJson(target).dump();
        const char* german =
            std::setlocale(LC_ALL, "de_DE.UTF-8"); // absent on many machines: then this is a plain trip
        const auto back = again(target, targetFromJson);
        const std::string inGerman = toJson(target).dump();
        std::setlocale(LC_ALL, "C");
        Q_UNUSED(german);
        QCOMPARE(inGerman, text);
        QVERIFY(back && test::same(target, *back));
    }

    void integersStayWithinTheirTypes() {
        json options = toJson(MeasureOptions{});
        options["seed"] = std::numeric_limits<std::uint64_t>::max();
        QCOMPARE(measureOptionsFromJson(options).value().seed, std::numeric_limits<std::uint64_t>::max());
        options["seed"] = -1;
        QCOMPARE(measureOptionsFromJson(options).error().arg("reason"), "seed: the number is out of range");
        options["seed"] = 1;
        options["null_draws"] = 3000000000LL;
        QCOMPARE(measureOptionsFromJson(options).error().arg("reason"), "null_draws: the number is out of range");
        options["null_draws"] = 10.0;
        QCOMPARE(measureOptionsFromJson(options).error().arg("reason"), "null_draws: a whole number is expected");
        options["null_draws"] = 10;
        options["min_group"] = std::numeric_limits<std::uint64_t>::max();
        QCOMPARE(measureOptionsFromJson(options).error().arg("reason"), "min_group: the number is out of range");
    }

    void theReasonNamesTheNestedField() {
        Measurement measurement;
        measurement.groups.resize(3);
        json j = toJson(measurement);
        j["groups"][2]["skew"] = "0.5";
        QCOMPARE(measurementFromJson(j).error().arg("reason"), "groups[2].skew: a number is expected");
        j = toJson(measurement);
        j["definition"] = "mine";
        QCOMPARE(measurementFromJson(j).error().arg("reason"), "definition: \"mine\" is not known");
        j = toJson(measurement);
        j["of_a_later_version"] = 1;
        QVERIFY(measurementFromJson(j).has_value());

        json card = toJson(ModelCard{});
        card["preprocess"]["mean"]["value"] = {1, 2};
        QCOMPARE(modelCardFromJson(card).error().arg("reason"),
                 "preprocess.mean.value: a list of 3 numbers is expected");
    }

    void errorsTravel() {
        const Error error{ErrorCode::TensorShape,
                          {{"path", encodePath("a\xFF/model")}, {"tensor", "visual.proj"}, {"expected", "[512]"}},
                          "line\n2"};
        const auto back = again(error, errorFromJson);
        QVERIFY(back.has_value());
        QCOMPARE(back->code, error.code);
        QCOMPARE(back->detail, error.detail);
        QCOMPARE(back->args.size(), error.args.size());
        for (const auto& [name, value] : error.args)
            QCOMPARE(back->arg(name), std::string_view(value));
        QVERIFY(!errorFromJson(json::parse(R"({"code":"DiskFull","args":{"path":1},"detail":""})")));
        QVERIFY(!errorFromJson(json::parse(R"({"args":{},"detail":""})")));
        QVERIFY(!errorFromJson(json(3)));
    }

    void bytesThatAreNotUtf8DoNotStopTheWriter() {
        ProbeSet probe;
        probe.name = "caf\xE9";
        const auto back = again(probe, probeSetFromJson);
        QVERIFY(back.has_value());
        QCOMPARE(decodeName(back->name), probe.name);
    }

    void textIsParsedWithoutTrust() {
        QCOMPARE(parseJson(R"({"a":[1,"\u00e9"]})", "x").value()["a"][1], json("é"));
        QCOMPARE(parseJson("\"a\xFF\"", "x").error().code, ErrorCode::JsonInvalid);
        QCOMPARE(reasonOf(parseJson("\"a\xFF\"", "x")), std::string("the text is not UTF-8"));
        for (const char* bad :
             {"", " ", "{", "[1,]", "{\"a\":}", "nul", "01", "\"a", "1 2", "1e999", "é", "\"\\ud800\""}) {
            const auto result = parseJson(bad, "file.json");
            QVERIFY2(!result, bad);
            QCOMPARE(result.error().code, ErrorCode::JsonInvalid);
            QCOMPARE(result.error().arg("path"), "file.json");
            QVERIFY2(isUtf8(reasonOf(result)) && !reasonOf(result).starts_with('['), reasonOf(result).c_str());
        }
        QVERIFY(!parseJson(std::string_view("1\0garbage", 9), "x"));
    }

    void nestingIsLimited() {
        const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
        QVERIFY(parseJson(nested(128), "x").has_value());
        QVERIFY(reasonOf(parseJson(nested(129), "x")).find("128") != std::string::npos);
        QVERIFY(!parseJson(std::string(10'000'000, '['), "x"));
        std::string objects;
        for (int i = 0; i < 100'000; ++i)
            objects += "{\"a\":";
        QVERIFY(!parseJson(objects, "x"));
        // Brackets in texts do not count, nor do many side by side.
        QVERIFY(parseJson("\"" + std::string(1000, '[') + "\\\"[\"", "x").has_value());
        std::string flat = "[";
        for (int i = 0; i < 1000; ++i)
            flat += "[],";
        QVERIFY(parseJson(flat + "{}]", "x").has_value());
    }
};

QTEST_APPLESS_MAIN(TestJson)
#include "tst_json.moc"
