// SPDX-License-Identifier: GPL-3.0-or-later
// Values computed elsewhere: METHODS F1, and the cases of fixtures/metrics (published code and a textbook version).
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <sstream>

#include <QTest>
#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/metric/measure.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using nlohmann::json;

namespace {

constexpr double kNear = 1e-9;

struct Case {
    std::vector<double> scores;
    Attribute attribute;
};

Case readCase(const std::filesystem::path& path) {
    Case result;
    std::vector<std::string> labels;
    std::istringstream lines(test::readText(path));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        const std::size_t comma = line.find(',');
        result.scores.push_back(parseDouble(std::string_view(line).substr(0, comma)).value());
        labels.emplace_back(trim(std::string_view(line).substr(comma + 1)));
    }
    result.attribute = makeAttribute("label", labels);
    return result;
}

Measurement measured(const Case& from, std::int64_t k, Target::Kind target, Definition definition) {
    MeasureOptions options;
    options.k = {k, 0.0};
    options.target.kind = target;
    options.definition = definition;
    options.nullDraws = 0;
    options.bootstrapDraws = 0;
    Feedback feedback;
    const metric::Meter meter = metric::Meter::create(from.attribute, options).value();
    return meter.measure(std::span(from.scores), feedback).value();
}

/// A number of expected.json; nothing for "-inf", which Plumbline gives as an absent value.
std::optional<double> expectedNumber(const json& value) {
    if (value.is_number())
        return value.get<double>();
    if (value != "-inf")
        throw std::runtime_error("unexpected value " + value.dump());
    return std::nullopt;
}

std::string difference(const std::string& what, const std::optional<double>& mine,
                       const std::optional<double>& theirs) {
    if (mine.has_value() == theirs.has_value() && (!mine || std::abs(*mine - *theirs) <= kNear))
        return {};
    return what + ": " + (mine ? formatDouble(*mine) : "absent") + " instead of " +
           (theirs ? formatDouble(*theirs) : "absent") + "\n";
}

/// The rows in the order in which torch.topk (CPU, 1.13 to 2.x) returns them where scores tie: a copy of (score, row)
/// is partially sorted, or selected and then sorted, with the standard library's algorithms and "not a number first".
/// Returned as scores that fall along that order, so that ties are gone.
std::vector<double> inOrderOfTorch(const std::vector<double>& scores, std::size_t k) {
    std::vector<std::pair<float, std::size_t>> queue;
    for (std::size_t row = 0; row < scores.size(); ++row)
        queue.emplace_back(static_cast<float>(scores[row]), row);
    const auto before = [](const auto& x, const auto& y) {
        return (std::isnan(x.first) && !std::isnan(y.first)) || x.first > y.first;
    };
    const auto end = queue.begin() + static_cast<std::ptrdiff_t>(k);
    if (k * 64 <= queue.size()) {
        std::partial_sort(queue.begin(), end, queue.end(), before);
    } else {
        std::nth_element(queue.begin(), end - 1, queue.end(), before);
        std::sort(queue.begin(), end - 1, before);
    }
    std::vector<double> result(scores.size());
    for (std::size_t place = 0; place < queue.size(); ++place)
        result[queue[place].second] = -static_cast<double>(place);
    return result;
}

Case golden() {
    const std::vector<std::string> labels{"a1", "a1", "a1", "a2", "a1", "a1", "a1", "a2", "a2", "a1"};
    Case result;
    result.attribute = makeAttribute("letter", labels);
    for (std::size_t i = 0; i < labels.size(); ++i)
        result.scores.push_back(1.0 - 0.05 * static_cast<double>(i));
    return result;
}

} // namespace

class TestReference : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void goldenSkew_data() {
        QTest::addColumn<int>("k");
        QTest::addColumn<bool>("uniform");
        QTest::addColumn<double>("a1");
        QTest::addColumn<double>("a2");
        QTest::newRow("uniform 4") << 4 << true << 0.4054651 << -0.6931472;
        QTest::newRow("uniform 5") << 5 << true << 0.4700036 << -0.9162907;
        QTest::newRow("uniform 10") << 10 << true << 0.3364722 << -0.5108256;
        QTest::newRow("uniform 20") << 20 << true << 0.3364722 << -0.5108256;
        QTest::newRow("pool 5") << 5 << false << 0.1335314 << -0.4054651;
        QTest::newRow("pool 10") << 10 << false << 0.0 << 0.0;
    }
    void goldenSkew() {
        QFETCH(int, k);
        QFETCH(bool, uniform);
        QFETCH(double, a1);
        QFETCH(double, a2);
        const Measurement m =
            measured(golden(), k, uniform ? Target::Kind::Uniform : Target::Kind::Pool, Definition::Geyik);
        QVERIFY(std::abs(m.groups[0].skew.value() - a1) < 1e-7);
        QVERIFY(std::abs(m.groups[1].skew.value() - a2) < 1e-7);
        QVERIFY(std::abs(m.maxSkew.value.value() - a1) < 1e-7);
        QVERIFY(std::abs(m.minSkew.value.value() - a2) < 1e-7);
        QCOMPARE(m.kEffective, std::min<std::int64_t>(k, 10));
    }

    void goldenNdkl_data() {
        QTest::addColumn<int>("k");
        QTest::addColumn<bool>("uniform");
        QTest::addColumn<double>("ndkl");
        QTest::newRow("uniform, all") << 10 << true << 0.4117485325;
        QTest::newRow("uniform, 5") << 5 << true << 0.5453524752;
        QTest::newRow("pool, all") << 10 << false << 0.1793256900;
        QTest::newRow("pool, 5") << 5 << false << 0.2620550449;
    }
    void goldenNdkl() {
        QFETCH(int, k);
        QFETCH(bool, uniform);
        QFETCH(double, ndkl);
        const Measurement m =
            measured(golden(), k, uniform ? Target::Kind::Uniform : Target::Kind::Pool, Definition::Geyik);
        QVERIFY(std::abs(m.ndkl.value.value() - ndkl) < kNear);
    }

    void goldenNdklOfThreeGroups() {
        const std::vector<std::string> labels{"A", "A", "B", "A", "A", "C", "B", "A", "C", "A", "B", "C"};
        Case letters{{}, makeAttribute("letter", labels)};
        for (std::size_t i = 0; i < labels.size(); ++i)
            letters.scores.push_back(-static_cast<double>(i));
        MeasureOptions options;
        options.k = {10, 0.0};
        options.target = {Target::Kind::Custom, {{"A", 0.4}, {"B", 0.3}, {"C", 0.3}}};
        Feedback feedback;
        const Measurement m = metric::Meter::create(letters.attribute, options)
                                  .value()
                                  .measure(std::span(letters.scores), feedback)
                                  .value();
        QVERIFY(std::abs(m.ndkl.value.value() - 0.4854338) < 1e-7);
    }

    // An absent group: its share is 1/k in the published code (which can turn its skew positive) and undefined in ours.
    void goldenAbsentGroup() {
        const Measurement uniform = measured(golden(), 3, Target::Kind::Uniform, Definition::Berg);
        QVERIFY(std::abs(uniform.groups[0].skew.value() - 0.6931472) < 1e-7);
        QVERIFY(std::abs(uniform.groups[1].skew.value() - -0.4054651) < 1e-7);
        const Measurement pool = measured(golden(), 3, Target::Kind::Pool, Definition::Berg);
        QVERIFY(std::abs(pool.groups[0].skew.value() - 0.3566749) < 1e-7);
        QVERIFY(std::abs(pool.groups[1].skew.value() - 0.1053605) < 1e-7);

        const Measurement ours = measured(golden(), 3, Target::Kind::Pool, Definition::Geyik);
        QVERIFY(!ours.groups[1].skew);
        QVERIFY(std::abs(ours.maxSkew.value.value() - 0.3566749) < 1e-7);
        QVERIFY(!ours.minSkew.value);
        QCOMPARE(ours.minSkew.atMost.value(), 0.0); // one image would turn its skew positive, but shares add up to 1
    }

    void goldenKBeyondThePool() {
        const Measurement m = measured(golden(), 20, Target::Kind::Uniform, Definition::Berg);
        QVERIFY(std::abs(m.groups[0].skew.value() - -0.3566749) < 1e-7);
        QVERIFY(std::abs(m.groups[1].skew.value() - -1.2039728) < 1e-7);
        QCOMPARE(m.k, 20);
        QCOMPARE(m.kEffective, 10);
    }

    void fixtureCases() {
        PLUMBLINE_NEEDS_SHARED();
        const std::filesystem::path folder = test::shared() / "fixtures" / "metrics";
        const json expected = json::parse(test::readText(folder / "expected.json"));
        std::string wrong;
        int compared = 0;
        for (const auto& [name, entry] : expected.items()) {
            const Case data = readCase(folder / "cases" / (name + ".csv"));
            for (const auto& [k, value] : entry.at("k").items())
                wrong += compareAll(name + ", k = " + k + ", ", data, *parseInteger(k), value, compared);
        }
        QVERIFY2(wrong.empty(), wrong.c_str());
        QCOMPARE(compared, 3270);
    }

private:
    static void compareIntel(const Case& data, std::int64_t k, const json& theirs, const auto& compareValue,
                             const auto& compare) {
        if (theirs.at("skew").contains("error")) { // the published code stops: we give the value and say so
            const Measurement m = measured(data, k, Target::Kind::Pool, Definition::SocialCounterfactuals);
            const bool said = std::any_of(m.warnings.begin(), m.warnings.end(), [](const std::string& warning) {
                return warning.find("The published code stops here") != std::string::npos;
            });
            compare("intel stops", theirs.at("ndkl").contains("error") && (said || m.groups.size() == 1) ? 1.0 : 0.0,
                    1);
            return;
        }
        // Rows that tie are left in an order of its own by the published code.
        Case ordered = data;
        if (theirs.at("order_ambiguous_due_to_ties").get<bool>())
            ordered.scores = inOrderOfTorch(data.scores, static_cast<std::size_t>(k));
        const Measurement m = measured(ordered, k, Target::Kind::Pool, Definition::SocialCounterfactuals);
        compareValue("intel, MaxSkew", m.maxSkew.value, theirs.at("skew").at("MaxSkew@" + std::to_string(k)));
        compareValue("intel, MinSkew", m.minSkew.value, theirs.at("skew").at("MinSkew@" + std::to_string(k)));
        // It asks for the first i rows anew for each i, so that tied rows change places from rank to rank: then the
        // prefixes' numbers are compared, weighted as in our NDKL.
        compareValue("intel, NDKL", ordered.scores == data.scores ? m.ndkl.value : prefixMean(data, k),
                     theirs.at("ndkl"));
        for (const GroupMeasure& group : m.groups) {
            const json& skew = theirs.at("skew").at("g" + group.name);
            if (group.topCount > 0)
                compareValue("intel, skew of " + group.name, group.skew, skew);
            else
                compare("intel, absent " + group.name, group.skew ? 1.0 : 0.0, skew); // there 0, here none
        }
    }

    static std::optional<double> prefixMean(const Case& data, std::int64_t k) {
        double sum = 0, weights = 0;
        for (std::int64_t i = 1; i <= k; ++i) {
            Case ordered = data;
            ordered.scores = inOrderOfTorch(data.scores, static_cast<std::size_t>(i));
            const Measurement m = measured(ordered, i, Target::Kind::Pool, Definition::SocialCounterfactuals);
            const double weight = 1 / std::log2(static_cast<double>(i) + 1);
            for (const GroupMeasure& group : m.groups)
                sum += weight * group.poolShare * group.skew.value_or(0.0);
            weights += weight;
        }
        return sum / weights;
    }

    static std::string compareAll(const std::string& where, const Case& data, std::int64_t k, const json& value,
                                  int& compared) {
        std::string wrong;
        const auto compare = [&](const std::string& what, const std::optional<double>& mine, const json& theirs) {
            ++compared;
            wrong += difference(where + what, mine, expectedNumber(theirs));
        };
        // METHODS A1: one group is "not applicable", never 0, whatever the reference computes.
        const bool oneGroup = data.attribute.groups.size() == 1;
        const auto compareValue = [&](const std::string& what, const std::optional<double>& mine, const json& theirs) {
            if (!oneGroup)
                return compare(what, mine, theirs);
            ++compared;
            if (mine)
                wrong += where + what + ": a value for one group\n";
        };

        for (const auto& [target, kind] :
             {std::pair{"uniform", Target::Kind::Uniform}, {"empirical", Target::Kind::Pool}}) {
            const json& theirs = value.at("geyik_textbook").at(target);
            const std::string prefix = std::string("geyik, ") + target + ", ";
            const Measurement m = measured(data, k, kind, Definition::Geyik);
            for (const GroupMeasure& group : m.groups) {
                compareValue(prefix + "skew of " + group.name, group.skew, theirs.at("skew").at(group.name));
                compare(prefix + "count of " + group.name, static_cast<double>(group.topCount),
                        theirs.at("topk_counts").at(group.name));
            }
            compareValue(prefix + "MaxSkew", m.maxSkew.value, theirs.at("max_skew"));
            compareValue(prefix + "MinSkew", m.minSkew.value, theirs.at("min_skew"));
            compareValue(prefix + "NDKL", m.ndkl.value, theirs.at("ndkl_at_k"));
            const auto further = [&](const char* name) {
                const NamedValue* named = m.further(name);
                return named ? named->value.value : std::nullopt;
            };
            compareValue(prefix + "smallest skew present", further("min_skew_present"),
                         theirs.at("min_skew_present_groups_only"));
            compareValue(prefix + "ratio of counts", further("count_ratio"), theirs.at("ratio_min_over_max_count"));

            const Measurement bend = measured(data, k, kind, Definition::Bend);
            const json& published = value.at("bend_vlm");
            const std::string suffix = std::string("_") + target;
            compareValue("bend, MaxSkew" + suffix, bend.maxSkew.value, published.at("max_skew" + suffix));
            const NamedValue* kl = bend.further("kl");
            compareValue("bend, KL" + suffix, kl ? kl->value.value : std::nullopt, published.at("kl" + suffix));
        }
        compareIntel(data, k, value.at("intel"), compareValue, compare);
        const struct {
            const char* reference;
            const char* suffix;
            Definition definition;
            Target::Kind kind;
        } published[] = {{"oxai", "eq_opp", Definition::Berg, Target::Kind::Uniform},
                         {"oxai", "dem_par", Definition::Berg, Target::Kind::Pool},
                         {"vl_debiasing", "eq_opp", Definition::VlDebiasing, Target::Kind::Uniform}};
        for (const auto& p : published) {
            const json& theirs = value.at(p.reference);
            const std::string prefix = std::string(p.reference) + ", " + p.suffix + ", ";
            const Measurement m = measured(data, k, p.kind, p.definition);
            compare(prefix + "rows", static_cast<double>(m.kEffective), value.at("rows_kept_by_nlargest_keep_all"));
            compareValue(prefix + "MaxSkew", m.maxSkew.value, theirs.at("skew").at(std::string("maxskew_") + p.suffix));
            if (!theirs.at("ndkl").contains("error")) {
                compareValue(prefix + "NDKL", m.ndkl.value, theirs.at("ndkl").at(std::string("ndkl_") + p.suffix));
                continue;
            }
            // The published code stops at labels 0 and 2: we give the value and say so.
            compare(prefix + "NDKL", m.ndkl.value, value.at("geyik_textbook").at("uniform").at("ndkl_at_k"));
            const bool said = std::any_of(m.warnings.begin(), m.warnings.end(), [](const std::string& warning) {
                return warning.find("The published code stops at these labels") != std::string::npos;
            });
            if (!said)
                wrong += where + prefix + "no warning of the gap in the labels\n";
        }
        return wrong;
    }
};

QTEST_APPLESS_MAIN(TestReference)
#include "tst_reference.moc"
