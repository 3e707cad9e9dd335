// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/contrast.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/metric/family.h"
#include "core/metric/mean_interval.h"
#include "core/metric/rates.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Vector = std::vector<double>;

template <class Operation>
Vector together(std::span<const double> a, std::span<const double> b, const Operation& operation) {
    Vector result(a.size(), kNan);
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        if (std::isfinite(a[i]) && std::isfinite(b[i]))
            result[i] = operation(a[i], b[i]);
    return result;
}

/// Pearson's r and the least squares parabola through (x, y) of the rows drawn.
struct Fit {
    double r = kNan, curvature = kNan, turningPoint = kNan;
};

Fit fit(std::span<const double> x, std::span<const double> y, std::span<const std::uint32_t> rows,
        std::span<const std::uint32_t> rowsOfX) {
    Fit result;
    const auto n = static_cast<double>(rows.size());
    double meanX = 0, meanY = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        meanX += x[rowsOfX[i]] / n;
        meanY += y[rows[i]] / n;
    }
    double xx = 0, yy = 0, xy = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double a = x[rowsOfX[i]] - meanX, b = y[rows[i]] - meanY;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    // A constant's deviations are what rounding leaves of its mean.
    constexpr double kRounding = 1e-24;
    if (!(xx > kRounding * n * meanX * meanX) || !(yy > kRounding * n * meanY * meanY) || n < 3)
        return result;
    result.r = std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
    // y = b z + c (z^2 - m3 z - 1) with z of mean 0 and sd 1: the two terms are orthogonal, so c is the sum of their
    // products with y over that of squares.
    const double sd = std::sqrt(xx / n);
    double m3 = 0;
    for (const std::uint32_t row : rowsOfX) {
        const double z = (x[row] - meanX) / sd;
        m3 += z * z * z / n;
    }
    double squares = 0, products = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double z = (x[rowsOfX[i]] - meanX) / sd, bend = z * z - m3 * z - 1;
        squares += bend * bend;
        products += bend * (y[rows[i]] - meanY);
    }
    if (squares <= 1e-9 * n) // two values only
        return result;
    result.curvature = products / squares;
    const double slope = xy / sd / n - result.curvature * m3; // of z, beside curvature z^2
    if (result.curvature != 0)
        result.turningPoint = meanX - sd * slope / (2 * result.curvature);
    return result;
}

} // namespace

Vector contrast(std::span<const double> scores, std::span<const double> blank) {
    return together(scores, blank, [](double a, double b) { return a - b; });
}

Vector relativeContrast(std::span<const double> scores, std::span<const double> blank) {
    return together(scores, blank, [](double a, double b) { return b == 0 ? kNan : (a - b) / b; });
}

Vector scaleScores(std::span<const double> scores, std::size_t columns, const ScaleTerms& scale) {
    const std::size_t images = columns == 0 ? 0 : scores.size() / columns;
    Vector result(images, kNan);
    if (scale.positive.empty())
        return result;
    for (std::size_t i = 0; i < images; ++i) {
        const auto mean = [&](const std::vector<std::size_t>& terms) {
            double sum = 0;
            for (const std::size_t term : terms)
                sum += term < columns ? scores[i * columns + term] : kNan;
            return terms.empty() ? 0 : sum / static_cast<double>(terms.size());
        };
        const double value = mean(scale.positive) - mean(scale.negative);
        result[i] = std::isfinite(value) ? value : kNan;
    }
    return result;
}

Outcome<MeasureTable> groupContrasts(std::span<const NamedScores> scores, const Attribute& attribute,
                                     const Resampling& options, Feedback& feedback) {
    MeasureTable table;
    table.id = "group_contrast";
    table.title = "Mean scores by " + attribute.name;
    table.definition = "mean: mean score of a group's images, with Student's interval over images; range: the largest "
                       "less the smallest group mean; its null relabels the images.";
    table.source = "After Hausladen et al. 2025, published code; the range and its null are Plumbline's";
    table.countOf = "images";
    table.keys = {"score", "group"};
    const std::vector<std::size_t> present = presentGroups(attribute.codes, attribute.groups.size());
    if (present.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    std::vector<std::uint32_t> labelled;
    for (std::size_t i = 0; i < attribute.codes.size(); ++i)
        if (attribute.codes[i] >= 0 && static_cast<std::size_t>(attribute.codes[i]) < attribute.groups.size())
            labelled.push_back(static_cast<std::uint32_t>(i));
    for (const NamedScores& score : scores) {
        if (score.values.size() != attribute.codes.size())
            return badArgument("the number of scores of " + score.name, std::to_string(score.values.size()),
                               std::to_string(attribute.codes.size()) + ", one for each image");
        std::vector<Estimate> estimates;
        const double strict = 1 - (1 - options.confidence) / static_cast<double>(present.size());
        std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
        for (const std::size_t g : present) {
            Vector values;
            for (const std::uint32_t row : labelled)
                if (attribute.codes[row] == static_cast<std::int32_t>(g))
                    values.push_back(score.values[row]);
            const Mean mean = meanInterval(values, options.confidence);
            table.rows.push_back(
                makeRow({score.name, attribute.groups[g]}, "mean", mean.mean, mean.interval, mean.n, options));
            if (mean.n < 2)
                continue;
            smallest = std::min(smallest, mean.n);
            estimates.push_back({*mean.mean, mean.interval, meanInterval(values, strict).interval});
        }
        if (estimates.size() < 2)
            continue;
        const auto [low, high] = std::ranges::minmax(estimates, {}, &Estimate::value);
        MeasureRow range = makeRow({score.name, ""}, "range", high.value - low.value, extremesInterval(estimates).range,
                                   smallest, options);
        const auto statistic = [&](std::span<const std::uint32_t> order, std::span<double> values) {
            Vector sum(attribute.groups.size()), count(attribute.groups.size());
            for (std::size_t i = 0; i < order.size(); ++i)
                if (const double value = score.values[labelled[order[i]]]; std::isfinite(value)) {
                    sum[static_cast<std::size_t>(attribute.codes[labelled[i]])] += value;
                    ++count[static_cast<std::size_t>(attribute.codes[labelled[i]])];
                }
            double least = std::numeric_limits<double>::infinity(), most = -least;
            for (const std::size_t g : present)
                if (count[g] >= 2) {
                    least = std::min(least, sum[g] / count[g]);
                    most = std::max(most, sum[g] / count[g]);
                }
            values[0] = most >= least ? most - least : kNan;
        };
        PLUMBLINE_TRY(const Draws draws,
                      permuteRows(labelled.size(), {}, 1, "contrast/" + attribute.name + "/" + score.name, options,
                                  statistic, feedback));
        setNull(range.value, draws[0], Tail::Upper);
        table.rows.push_back(std::move(range));
    }
    correctFamily(table, "range of the means by " + attribute.name + " of every score");
    return table;
}

Result<MeasureTable> markedness(std::span<const double> blank, std::span<const double> own, const Attribute& attribute,
                                const Resampling& options) {
    if (blank.size() != attribute.codes.size() || own.size() != attribute.codes.size())
        return badArgument("the number of scores",
                           std::to_string(blank.size() != attribute.codes.size() ? blank.size() : own.size()),
                           std::to_string(attribute.codes.size()) + ", one for each image");
    MeasureTable table;
    table.id = "markedness";
    table.title = "Markedness by " + attribute.name;
    table.definition =
        "markedness: share of a group's images that are more similar to the prompt without a group than to the prompt "
        "with their own group's word; high: the group goes without saying. Wilson's interval over images. difference: "
        "of two groups' shares, Newcombe's interval, Fisher's exact p.";
    table.source = "Hausladen et al. 2025, published code";
    table.countOf = "images";
    table.keys = {"group", "other"};
    const std::vector<std::size_t> present = presentGroups(attribute.codes, attribute.groups.size());
    std::vector<Rate> rates;
    for (const std::size_t g : present) {
        std::int64_t marked = 0, n = 0;
        for (std::size_t i = 0; i < blank.size(); ++i)
            if (attribute.codes[i] == static_cast<std::int32_t>(g) && std::isfinite(blank[i]) &&
                std::isfinite(own[i])) {
                ++n;
                marked += blank[i] > own[i];
            }
        rates.push_back(wilson(marked, n, options.confidence));
        table.rows.push_back(makeRow({attribute.groups[g], ""}, "markedness", rates.back().value,
                                     {rates.back().low, rates.back().high}, n, options));
    }
    for (std::size_t a = 0; a < present.size(); ++a)
        for (std::size_t b = a + 1; b < present.size(); ++b) {
            if (!rates[a].value || !rates[b].value)
                continue;
            MeasureRow row =
                makeRow({attribute.groups[present[a]], attribute.groups[present[b]]}, "difference",
                        *rates[a].value - *rates[b].value, rateDifference(rates[a], rates[b], options.confidence),
                        std::min(rates[a].n, rates[b].n), options);
            row.value.neutral = 0;
            row.value.pValue = fisherExact(rates[a], rates[b]);
            table.rows.push_back(std::move(row));
        }
    correctFamily(table, "differences of markedness by " + attribute.name);
    return table;
}

Outcome<MeasureTable> covariates(std::span<const NamedScores> scores, std::span<const NamedCovariate> covariates,
                                 std::span<const std::int32_t> identity, const Resampling& options,
                                 Feedback& feedback) {
    MeasureTable table;
    table.id = "covariates";
    table.title = "Scores along measured properties of the images";
    table.definition =
        "pearson_r: correlation of the score with the covariate; its null lets the covariate's values change places" +
        std::string(identity.empty() ? "" : " within the images of one identity") +
        "; curvature: coefficient of x² in a quadratic fit, x in standard deviations (positive: a valley); "
        "turning_point: where the parabola turns. Intervals: bootstrap over " +
        std::string(identity.empty() ? "images." : "identities.");
    table.source = "After Hausladen et al. 2025, published code";
    table.countOf = "images";
    table.keys = {"score", "covariate"};
    for (const NamedScores& score : scores)
        for (const NamedCovariate& covariate : covariates) {
            if (covariate.values.size() != score.values.size() ||
                (!identity.empty() && identity.size() != score.values.size()))
                return badArgument("the number of values of " + covariate.name, std::to_string(covariate.values.size()),
                                   std::to_string(score.values.size()) + ", one for each image");
            Vector x, y;
            std::vector<std::int32_t> blocks;
            for (std::size_t i = 0; i < score.values.size(); ++i)
                if (std::isfinite(score.values[i]) && std::isfinite(covariate.values[i]) &&
                    (identity.empty() || identity[i] >= 0)) {
                    x.push_back(covariate.values[i]);
                    y.push_back(score.values[i]);
                    if (!identity.empty())
                        blocks.push_back(identity[i]);
                }
            std::vector<std::uint32_t> every(x.size());
            std::iota(every.begin(), every.end(), 0U);
            const Fit observed = fit(x, y, every, every);
            const auto n = static_cast<std::int64_t>(x.size());
            const auto defined = [](double value) {
                return std::isfinite(value) ? std::optional(value) : std::nullopt;
            };
            const std::vector<std::string> keys{score.name, covariate.name};
            if (!defined(observed.r)) {
                table.warnings.push_back(covariate.name + " or " + score.name +
                                         " does not vary, so they have no correlation.");
                table.rows.push_back(makeRow(keys, "pearson_r", {}, {}, n, options));
                continue;
            }
            const std::string name = score.name + "/" + covariate.name;
            PLUMBLINE_TRY(const Draws boot, bootstrapRows(
                                                x.size(), blocks, 3, "covariates/" + name, options,
                                                [&](std::span<const std::uint32_t> rows, std::span<double> values) {
                                                    const Fit drawn = fit(x, y, rows, rows);
                                                    values[0] = drawn.r;
                                                    values[1] = drawn.curvature;
                                                    values[2] = drawn.turningPoint;
                                                },
                                                feedback));
            PLUMBLINE_TRY(const Draws null, permuteRows(
                                                x.size(), blocks, 1, "covariates/" + name, options,
                                                [&](std::span<const std::uint32_t> order, std::span<double> values) {
                                                    values[0] = fit(x, y, every, order).r;
                                                },
                                                feedback));
            const auto intervalOf = [&](std::size_t field) {
                return options.bootstrapDraws > 0 ? percentileInterval(boot[field], options.confidence) : Interval{};
            };
            MeasureRow r = makeRow(keys, "pearson_r", observed.r, intervalOf(0), n, options);
            r.value.neutral = 0;
            // Values that stay within their identity may have a correlation by themselves: distances from its mean.
            const double centre = null[0].empty() ? 0
                                                  : std::accumulate(null[0].begin(), null[0].end(), 0.0) /
                                                        static_cast<double>(null[0].size());
            setNull(r.value, null[0], Tail::TwoSided, centre);
            table.rows.push_back(std::move(r));
            if (std::isfinite(observed.curvature)) {
                table.rows.push_back(makeRow(keys, "curvature", observed.curvature, intervalOf(1), n, options));
                table.rows.push_back(
                    makeRow(keys, "turning_point", defined(observed.turningPoint), intervalOf(2), n, options));
            }
        }
    correctFamily(table, "correlations of every score with every covariate");
    return table;
}

std::optional<Ellipse> covarianceEllipse(std::span<const double> x, std::span<const double> y, double sigmas) {
    double n = 0;
    Ellipse result;
    const auto each = [&](const auto& body) {
        for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i)
            if (std::isfinite(x[i]) && std::isfinite(y[i]))
                body(x[i], y[i]);
    };
    each([&](double a, double b) {
        ++n;
        result.x += a;
        result.y += b;
    });
    if (n < 2)
        return std::nullopt;
    result.x /= n;
    result.y /= n;
    double xx = 0, yy = 0, xy = 0;
    each([&](double a, double b) {
        xx += (a - result.x) * (a - result.x) / (n - 1);
        yy += (b - result.y) * (b - result.y) / (n - 1);
        xy += (a - result.x) * (b - result.y) / (n - 1);
    });
    const double middle = (xx + yy) / 2, spread = std::hypot((xx - yy) / 2, xy);
    result.major = sigmas * std::sqrt(middle + spread);
    result.minor = sigmas * std::sqrt(std::max(0.0, middle - spread));
    result.angle = std::atan2(2 * xy, xx - yy) / 2;
    return result;
}

} // namespace plumbline::metric
