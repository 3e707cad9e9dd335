// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/closed_form/linear.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/base/numbers.h"
#include "core/metric/logistic.h"

namespace plumbline::debias {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;

constexpr std::size_t kFewRows = 10; ///< a group's mean of fewer rows is mostly noise

Eigen::Index index(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

View view(std::span<const double> values, std::size_t rows, std::size_t cols) {
    return {values.data(), index(rows), index(cols)};
}

/// Pieces of a fixed size, each of which writes to a place of its own: the same bits for any number of threads.
template <class Work>
void inPieces(std::size_t count, std::size_t size, const Work& work) {
    tbb::this_task_arena::isolate([&] {
        tbb::parallel_for(std::size_t(0), (count + size - 1) / size,
                          [&](std::size_t piece) { work(piece * size, std::min(size, count - piece * size)); });
    });
}

/// 0 for a row that is not finite.
double lengthOf(std::span<const float> row) {
    double sum = 0;
    for (const float value : row)
        sum += static_cast<double>(value) * static_cast<double>(value);
    return std::isfinite(sum) ? std::sqrt(sum) : 0;
}

/// The share of the rows whose group the linear classifier that is fitted to them names.
Outcome<double> trainingAccuracy(std::span<const double> values, std::size_t dim, const FitRows& rows,
                                 Feedback& feedback) {
    Embeddings x(rows.rows, dim);
    std::ranges::transform(values, x.values.begin(), [](double value) { return static_cast<float>(value); });
    PLUMBLINE_TRY(const metric::OneVsRestFit fit, metric::fitOneVsRest(x, rows.group, rows.groups(), {}, feedback));
    std::size_t right = 0;
    for (std::size_t i = 0; i < rows.rows; ++i)
        right += fit.predict(x.row(i)) == static_cast<std::size_t>(rows.group[i]) ? 1 : 0;
    return static_cast<double>(right) / static_cast<double>(rows.rows);
}

} // namespace

tl::unexpected<Stop> unusable(std::string name, std::string value, std::string expected) {
    return tl::unexpected<Stop>(
        Error{ErrorCode::InvalidArgument,
              {{"name", std::move(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}},
              {}});
}

std::vector<double> unitRow(std::span<const float> row) {
    const double length = lengthOf(row);
    if (!(length > 0))
        return {};
    std::vector<double> unit(row.begin(), row.end());
    for (double& value : unit)
        value /= length;
    return unit;
}

Outcome<FitRows> labelledRows(const Embeddings& images, const Attribute& attribute,
                              std::vector<std::string>& warnings) {
    if (attribute.codes.size() != images.rows)
        return unusable("labels", std::to_string(attribute.codes.size()),
                        "one for each of " + std::to_string(images.rows) + " images");
    if (images.dim == 0)
        return unusable("images", "no dimension", "embeddings");
    std::vector<std::size_t> count(attribute.groups.size(), 0), taking;
    FitRows result;
    result.dim = images.dim;
    std::size_t unusableRows = 0;
    for (std::size_t i = 0; i < images.rows; ++i) {
        const std::int32_t code = attribute.codes[i];
        if (code < 0 || static_cast<std::size_t>(code) >= count.size())
            continue;
        if (!(lengthOf(images.row(i)) > 0)) {
            ++unusableRows;
            continue;
        }
        ++count[static_cast<std::size_t>(code)];
        taking.push_back(i);
    }
    result.rows = taking.size();
    std::vector<std::int32_t> place(count.size(), -1);
    for (std::size_t g = 0; g < count.size(); ++g)
        if (count[g] > 0) {
            place[g] = static_cast<std::int32_t>(result.count.size());
            result.count.push_back(count[g]);
            result.names.push_back(attribute.groups[g]);
        }
    if (result.rows == 0)
        return tl::unexpected<Stop>(Error{ErrorCode::AttributeEmpty, {{"name", attribute.name}}, {}});
    if (result.count.size() == 1)
        return tl::unexpected<Stop>(
            Error{ErrorCode::AttributeSingleGroup, {{"name", attribute.name}, {"group", result.names[0]}}, {}});
    result.values.reserve(result.rows * result.dim);
    for (const std::size_t i : taking) {
        const std::vector<double> unit = unitRow(images.row(i));
        result.values.insert(result.values.end(), unit.begin(), unit.end());
        result.group.push_back(place[static_cast<std::size_t>(attribute.codes[i])]);
    }
    if (unusableRows > 0)
        warnings.push_back(std::to_string(unusableRows) +
                           " labelled images have an embedding that is zero or not finite; they took no part.");
    for (std::size_t g = 0; g < result.groups(); ++g)
        if (result.count[g] < kFewRows)
            warnings.push_back("Only " + std::to_string(result.count[g]) + " of the images are labelled “" +
                               result.names[g] + "”: what was fitted to them is mostly chance.");
    return result;
}

FitRows usableRows(const Embeddings& embeddings, const std::string& what, std::vector<std::string>& warnings) {
    FitRows result;
    result.dim = embeddings.dim;
    for (std::size_t i = 0; i < embeddings.rows; ++i)
        if (const std::vector<double> unit = unitRow(embeddings.row(i)); !unit.empty()) {
            result.values.insert(result.values.end(), unit.begin(), unit.end());
            ++result.rows;
        }
    if (result.rows < embeddings.rows)
        warnings.push_back(std::to_string(embeddings.rows - result.rows) + " of the " + what +
                           " have an embedding that is zero or not finite; they took no part.");
    return result;
}

std::vector<double> mean(const FitRows& rows) {
    std::vector<double> result(rows.dim, 0.0);
    Eigen::Map<Eigen::RowVectorXd>(result.data(), index(rows.dim)) =
        view(rows.values, rows.rows, rows.dim).colwise().mean();
    return result;
}

namespace {

Matrix meansOf(std::span<const double> values, std::size_t dim, const FitRows& rows) {
    Matrix means = Matrix::Zero(index(rows.groups()), index(dim));
    const View x = view(values, rows.rows, dim);
    for (std::size_t i = 0; i < rows.rows; ++i)
        means.row(rows.group[i]) += x.row(index(i));
    for (std::size_t g = 0; g < rows.groups(); ++g)
        means.row(index(g)) /= static_cast<double>(rows.count[g]);
    return means;
}

} // namespace

std::vector<double> groupMeans(const FitRows& rows) {
    const Matrix means = meansOf(rows.values, rows.dim, rows);
    return {means.data(), means.data() + means.size()};
}

double betweenShare(std::span<const double> values, std::size_t dim, const FitRows& rows) {
    const View x = view(values, rows.rows, dim);
    const Eigen::RowVectorXd centre = x.colwise().mean();
    double total = 0, between = 0;
    for (std::size_t i = 0; i < rows.rows; ++i)
        total += (x.row(index(i)) - centre).squaredNorm();
    const Matrix means = meansOf(values, dim, rows);
    for (std::size_t g = 0; g < rows.groups(); ++g)
        between += static_cast<double>(rows.count[g]) * (means.row(index(g)) - centre).squaredNorm();
    return total > 0 ? between / total : 0;
}

double meanDistance(std::span<const double> values, std::size_t dim, const FitRows& rows) {
    const Matrix means = meansOf(values, dim, rows);
    double most = 0;
    for (Eigen::Index g = 0; g < means.rows(); ++g)
        for (Eigen::Index h = 0; h < g; ++h)
            most = std::max(most, (means.row(g) - means.row(h)).norm());
    return most;
}

std::vector<double> gram(std::span<const double> a, std::size_t aCols, std::span<const double> b, std::size_t bCols,
                         std::size_t rows) {
    std::vector<double> result(aCols * bCols);
    Eigen::Map<Matrix> to(result.data(), index(aCols), index(bCols));
    const View left = view(a, rows, aCols), right = view(b, rows, bCols);
    inPieces(aCols, 128, [&](std::size_t first, std::size_t count) {
        to.middleRows(index(first), index(count)).noalias() =
            left.middleCols(index(first), index(count)).transpose() * right;
    });
    return result;
}

std::vector<double> timesTransposed(std::span<const double> a, std::size_t aRows, std::span<const double> b,
                                    std::size_t bRows, std::size_t cols) {
    std::vector<double> result(aRows * bRows);
    Eigen::Map<Matrix> to(result.data(), index(aRows), index(bRows));
    const View left = view(a, aRows, cols), right = view(b, bRows, cols);
    inPieces(aRows, 256, [&](std::size_t first, std::size_t count) {
        to.middleRows(index(first), index(count)).noalias() =
            left.middleRows(index(first), index(count)) * right.transpose();
    });
    return result;
}

std::vector<double> orthonormal(std::span<const double> values, std::size_t dim, double cut) {
    const std::size_t rows = dim == 0 ? 0 : values.size() / dim;
    if (rows == 0)
        return {};
    const Eigen::BDCSVD<Eigen::MatrixXd> svd(view(values, rows, dim).transpose(), Eigen::ComputeThinU);
    const double largest = svd.singularValues()(0);
    std::vector<double> basis;
    for (Eigen::Index k = 0; largest > 0 && k < svd.singularValues().size(); ++k)
        if (svd.singularValues()(k) > cut * largest)
            basis.insert(basis.end(), svd.matrixU().col(k).begin(), svd.matrixU().col(k).end());
    return basis;
}

LinearMap projectionOff(std::span<const double> basis, std::size_t dim) {
    LinearMap map{.dim = dim, .out = dim, .matrix = std::vector<double>(dim * dim), .offset = {}, .unitOutput = false};
    map.offset.assign(dim, 0.0);
    const View b = view(basis, basis.size() / dim, dim);
    Matrix projection = Matrix::Identity(index(dim), index(dim));
    projection.noalias() -= b.transpose() * b;
    Eigen::Map<Matrix>(map.matrix.data(), index(dim), index(dim)) = (projection + projection.transpose()) / 2;
    return map;
}

std::vector<double> mapped(const LinearMap& map, const FitRows& rows) {
    std::vector<double> result = timesTransposed(rows.values, rows.rows, map.matrix, map.out, map.dim);
    for (std::size_t i = 0; i < rows.rows; ++i)
        for (std::size_t j = 0; j < map.out; ++j)
            result[i * map.out + j] += map.offset[j];
    if (map.unitOutput)
        normalise(result, map.out);
    return result;
}

void normalise(std::vector<double>& values, std::size_t dim) {
    for (std::size_t first = 0; dim > 0 && first < values.size(); first += dim) {
        Eigen::Map<Eigen::VectorXd> row(values.data() + first, index(dim));
        if (const double length = row.norm(); length > 0)
            row /= length;
    }
}

Result<Apply> applyOf(const Parameters& parameters) {
    PLUMBLINE_TRY(const std::string apply, parameters.choice("apply", {"images", "texts", "both"}));
    return apply == "images" ? Apply::Images : apply == "texts" ? Apply::Texts : Apply::Both;
}

void place(LinearMap map, Apply apply, Fitted& fitted) {
    if (apply == Apply::Both)
        fitted.text = map;
    (apply == Apply::Texts ? fitted.text : fitted.image) = std::move(map);
}

void tellSeparation(const FitRows& rows, std::span<const double> after, std::size_t dim, Fitted& fitted) {
    fitted.facts.push_back({"between groups before", betweenShare(rows.values, rows.dim, rows),
                            "share of the variance of the fitted images that lies between the groups' means"});
    fitted.facts.push_back(
        {"between groups after", betweenShare(after, dim, rows), "the same share after the change, at unit length"});
}

Outcome<void> tellTraining(const FitRows& rows, std::span<const double> after, Fitted& fitted, Feedback& feedback) {
    PLUMBLINE_TRY(const double was, trainingAccuracy(rows.values, rows.dim, rows, feedback));
    PLUMBLINE_TRY(const double is, trainingAccuracy(after, rows.dim, rows, feedback));
    const double largest = static_cast<double>(std::ranges::max(rows.count)) / static_cast<double>(rows.rows);
    fitted.facts.push_back({"training accuracy before", was,
                            "share of the fitted images whose group a linear classifier fitted to them names; the "
                            "largest group is " +
                                formatFixed(largest, 3) + " of them"});
    fitted.facts.push_back({"training accuracy after", is, "the same share after the change, at unit length"});
    warnOfLess(is, largest, rows.rows, fitted);
    return {};
}

} // namespace plumbline::debias
