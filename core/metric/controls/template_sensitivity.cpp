// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/template_sensitivity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <boost/math/special_functions/gamma.hpp>

#include "core/base/random.h"
#include "core/metric/family.h"
#include "core/metric/mean_interval.h"
#include "core/metric/parallel.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

using Vector = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Interval of a standard deviation by the chi-squared law of the sample variance.
Interval sdInterval(double sd, std::int64_t n, double confidence) {
    const double freedom = static_cast<double>(n - 1);
    const auto quantile = [&](double p) { return 2 * boost::math::gamma_p_inv(freedom / 2, p); };
    return {sd * std::sqrt(freedom / quantile((1 + confidence) / 2)),
            sd * std::sqrt(freedom / quantile((1 - confidence) / 2))};
}

/// Two-sided p of a fair coin's heads among n: the smaller tail doubled.
double signTest(std::int64_t heads, std::int64_t n) {
    const std::int64_t fewer = std::min(heads, n - heads);
    double tail = 0, term = std::exp2(-static_cast<double>(n)); // n is the number of templates: small
    for (std::int64_t i = 0; i <= fewer; ++i) {
        tail += term;
        term *= static_cast<double>(n - i) / static_cast<double>(i + 1);
    }
    return std::clamp(2 * tail, std::numeric_limits<double>::min(), 1.0);
}

/// The order of the groups under one template: of every two groups which is ahead, +1, 0 or -1, over the root of the
/// number that are not 0. The inner product of two of these is tau-b. Empty where all groups tie.
Vector orderOf(const Vector& skews) {
    Vector signs;
    double untied = 0;
    for (std::size_t a = 0; a < skews.size(); ++a)
        for (std::size_t b = a + 1; b < skews.size(); ++b) {
            signs.push_back(skews[a] > skews[b] ? 1 : skews[a] < skews[b] ? -1 : 0);
            untied += std::abs(signs.back());
        }
    if (untied == 0)
        return {};
    for (double& sign : signs)
        sign /= std::sqrt(untied);
    return signs;
}

double product(const Vector& a, const Vector& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += a[i] * b[i];
    return sum;
}

/// Mean tau of all pairs of templates.
double meanTau(const std::vector<Vector>& orders) {
    Vector sum(orders.front().size());
    for (const Vector& order : orders)
        for (std::size_t i = 0; i < sum.size(); ++i)
            sum[i] += order[i];
    const auto n = static_cast<double>(orders.size());
    return (product(sum, sum) - n) / (n * (n - 1)); // each has length 1
}

/// Interval of the mean tau of two templates. It is |m|^2, the squared length of the mean m of the templates' orders,
/// unit vectors u: never below 0, and estimated without bias. The interval holds every t in [0, 1] that is not
/// rejected, (tau - t)^2 <= c^2 (4 t a (1 - t) / n + 2 b (1 - t)^2 / (n (n - 1))): the variance that the estimate has
/// at t (as in MeanDistance), since the orders' variance is 1 - t in all. a is the part of it along m, b the squares'
/// sum of its parts; both are drawn to 1 as by two further templates, since orders that all agree show no variance
/// (Student's interval then is a point: it covered 80 % for five templates).
Interval tauInterval(const std::vector<Vector>& orders, double tau, double confidence) {
    const auto n = static_cast<double>(orders.size());
    const std::size_t dim = orders.front().size();
    Vector mean(dim);
    for (const Vector& order : orders)
        for (std::size_t i = 0; i < dim; ++i)
            mean[i] += order[i] / n;
    const double length = product(mean, mean);
    double all = 0, along = 0, squares = 0;
    std::vector<Vector> away = orders;
    for (Vector& order : away) {
        for (std::size_t i = 0; i < dim; ++i)
            order[i] -= mean[i];
        all += product(order, order);
        along += length > 0 ? std::pow(product(order, mean), 2) / length : product(order, order);
    }
    for (std::size_t i = 0; i < dim; ++i)
        for (std::size_t j = 0; j < dim; ++j) {
            double sum = 0;
            for (const Vector& order : away)
                sum += order[i] * order[j];
            squares += sum * sum;
        }
    const double further = 2 * (1 - std::max(0.0, tau)) + 1e-9;
    const double a = (along + further) / (all + further),
                 b = (squares + further * further) / std::pow(all + further, 2);
    const double c = *studentInterval(0, 1, n - 1, confidence).high;
    const auto rejected = [&](double t) {
        return (tau - t) * (tau - t) >
               c * c * (4 * t * a * (1 - t) / n + 2 * std::min(1.0, b) * (1 - t) * (1 - t) / (n * (n - 1)));
    };
    const auto edge = [&](double inside, double end) {
        if (!rejected(end))
            return end;
        for (int i = 0; i < 100; ++i) {
            const double middle = (inside + end) / 2;
            (rejected(middle) ? end : inside) = middle;
        }
        return inside;
    };
    const double inside = std::max(0.0, tau);
    return {std::min(tau, edge(inside, 0)), edge(inside, 1)};
}

} // namespace

Outcome<MeasureTable> templateSensitivity(std::span<const TemplateMeasurement> measurements, const Resampling& options,
                                          Feedback& feedback) {
    std::vector<std::string> concepts; // in order of appearance
    std::map<std::string, std::vector<const Measurement*>> ofConcept;
    std::string attribute;
    for (const TemplateMeasurement& each : measurements) {
        if (attribute.empty())
            attribute = each.measurement->attribute;
        if (each.measurement->attribute != attribute)
            return badArgument("the attribute", each.measurement->attribute, attribute + ", that of the others");
        if (!ofConcept.contains(each.concept_))
            concepts.push_back(each.concept_);
        ofConcept[each.concept_].push_back(each.measurement);
    }
    MeasureTable table;
    table.id = "template_sensitivity";
    table.title = "Sensitivity to the wording (" + attribute + ")";
    table.definition =
        "Each concept under all its templates. skew_mean, skew_sd: of a group's skew at k over templates; "
        "sign_agreement: share of templates with the more frequent sign of the skew (a group that is absent from the "
        "top "
        "counts as negative; robust from 0.8 on), sign test; order_agreement: mean Kendall tau-b between the groups' "
        "orders under two templates, 1 if all agree, with the null of groups in random order. Intervals are over "
        "templates.";
    table.source = "Plumbline's reconstruction";
    table.countOf = "templates";
    table.keys = {"concept", "group"};
    std::vector<std::string> fragile;
    for (const std::string& name : concepts) {
        const std::vector<const Measurement*>& templates = ofConcept[name];
        std::set<std::string> groups;
        for (const Measurement* measurement : templates)
            for (const GroupMeasure& group : measurement->groups)
                groups.insert(group.name);
        std::vector<Vector> skews(templates.size()); // of each template, in the groups' order; absent: minus infinity
        for (const std::string& group : groups) {
            Vector defined;
            std::int64_t positive = 0, negative = 0, n = 0;
            for (std::size_t t = 0; t < templates.size(); ++t) {
                const auto found =
                    std::ranges::find_if(templates[t]->groups, [&](const auto& each) { return each.name == group; });
                const bool measured = found != templates[t]->groups.end() && templates[t]->maxSkew.value;
                if (!measured) {
                    skews[t].push_back(-kInfinity);
                    continue;
                }
                const double skew = found->skew.value_or(-kInfinity);
                skews[t].push_back(skew);
                if (std::isfinite(skew))
                    defined.push_back(skew);
                ++n;
                positive += skew > 0;
                negative += skew < 0;
            }
            const auto add = [&](const char* measure, std::optional<double> value, const Interval& interval,
                                 std::int64_t count) -> MeasureRow& {
                MeasureRow& row =
                    table.rows.emplace_back(makeRow({name, group}, measure, value, interval, count, options));
                row.enough = count >= kEnoughTemplates;
                return row;
            };
            const Mean mean = meanInterval(defined, options.confidence);
            add("skew_mean", mean.mean, mean.interval, mean.n);
            add("skew_sd", mean.sd, mean.sd ? sdInterval(*mean.sd, mean.n, options.confidence) : Interval{}, mean.n);
            const Rate agreement = wilson(std::max(positive, negative), n, options.confidence);
            MeasureRow& row = add("sign_agreement", agreement.value, {agreement.low, agreement.high}, n);
            if (positive + negative > 0)
                row.value.pValue = signTest(positive, positive + negative);
            if (row.enough && *agreement.value < kRobustShare)
                fragile.push_back(name + " for " + group);
        }
        std::vector<Vector> orders;
        std::vector<Vector> ordered; // the skews behind them
        for (const Vector& skew : skews)
            if (Vector order = orderOf(skew); !order.empty()) {
                orders.push_back(std::move(order));
                ordered.push_back(skew);
            }
        const auto n = static_cast<std::int64_t>(orders.size());
        MeasureRow row = makeRow({name, ""}, "order_agreement", {}, {}, n, options);
        row.enough = n >= kEnoughTemplates;
        if (n >= 2) {
            row.value.value = meanTau(orders);
            if (n >= 3)
                setInterval(row.value, tauInterval(orders, *row.value.value, options.confidence));
            const std::uint64_t stream = streamId("templates/" + attribute + "/" + name);
            Vector draws(static_cast<std::size_t>(std::max(0, options.nullDraws)));
            const bool done = forEachReplicate(
                draws.size(), feedback, [] { return 0; },
                [&](int, std::size_t i) {
                    RandomStream random(options.seed, stream, i);
                    std::vector<Vector> shuffled;
                    for (Vector skew : ordered) {
                        for (std::size_t left = skew.size(); left > 1; --left)
                            std::swap(skew[left - 1], skew[random.below(left)]);
                        shuffled.push_back(orderOf(skew));
                    }
                    draws[i] = meanTau(shuffled);
                });
            if (!done)
                return tl::unexpected<Stop>(Cancelled{});
            setNull(row.value, std::move(draws), Tail::Upper);
        }
        table.rows.push_back(std::move(row));
    }
    if (!fragile.empty())
        table.warnings.push_back("The sign of the lean holds in fewer than 80 % of the templates: " + listed(fragile) +
                                 ".");
    if (std::ranges::any_of(table.rows, [](const MeasureRow& row) { return !row.enough; }))
        table.warnings.emplace_back("Fewer than five templates are not enough to tell a concept from its wording.");
    correctFamily(table, "signs and orders over templates of every concept");
    return table;
}

} // namespace plumbline::metric
