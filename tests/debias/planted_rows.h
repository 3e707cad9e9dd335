// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/debias/fit.h"
#include "core/formats/npy.h"
#include "tests/support/test_support.h"

namespace plumbline::test {

/// Images of groups whose means differ: group g has `strength` more along coordinate g, all have noise.
struct PlantedRows {
    Embeddings images;
    Attribute attribute;
};

inline PlantedRows plantedRows(std::size_t rows, std::size_t dim, std::size_t groups, double strength) {
    PlantedRows result{Embeddings(rows, dim), {}};
    RandomStream random(7, streamId("planted rows"), 0);
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < rows; ++i) {
        // The first group is the largest.
        const std::size_t group = i % (groups + 1) % groups;
        labels.push_back("group " + std::to_string(group));
        for (std::size_t j = 0; j < dim; ++j)
            result.images.row(i)[j] =
                static_cast<float>(random.normal() + (j == dim - 1 ? 2.0 : 0.0) + (j == group ? strength : 0.0));
    }
    result.attribute = makeAttribute("group", labels);
    return result;
}

/// The rows after a linear map, in double precision.
inline std::vector<std::vector<double>> after(const debias::LinearMap& map, const Embeddings& rows) {
    std::vector<std::vector<double>> result;
    for (std::size_t i = 0; i < rows.rows; ++i) {
        double length = 0;
        for (const float value : rows.row(i))
            length += static_cast<double>(value) * static_cast<double>(value);
        length = std::sqrt(length);
        std::vector<double> y = map.offset;
        double square = 0;
        for (std::size_t o = 0; o < map.out; ++o) {
            for (std::size_t j = 0; j < map.dim; ++j)
                y[o] += map.matrix[o * map.dim + j] * static_cast<double>(rows.row(i)[j]) / length;
            square += y[o] * y[o];
        }
        if (map.unitOutput)
            for (double& value : y)
                value /= std::sqrt(square);
        result.push_back(std::move(y));
    }
    return result;
}

inline Embeddings asEmbeddings(const std::vector<std::vector<double>>& rows) {
    Embeddings result(rows.size(), rows.empty() ? 0 : rows[0].size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = 0; j < result.dim; ++j)
            result.row(i)[j] = static_cast<float>(rows[i][j]);
    return result;
}

/// The greatest distance between the means of two groups.
inline double meansApart(const std::vector<std::vector<double>>& rows, const Attribute& attribute) {
    std::vector<std::vector<double>> means(attribute.groups.size(), std::vector<double>(rows[0].size(), 0.0));
    const auto counts = attribute.counts();
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (attribute.codes[i] >= 0)
            for (std::size_t j = 0; j < rows[i].size(); ++j)
                means[static_cast<std::size_t>(attribute.codes[i])][j] +=
                    rows[i][j] / static_cast<double>(counts[static_cast<std::size_t>(attribute.codes[i])]);
    double most = 0;
    for (const auto& a : means)
        for (const auto& b : means) {
            double square = 0;
            for (std::size_t j = 0; j < a.size(); ++j)
                square += (a[j] - b[j]) * (a[j] - b[j]);
            most = std::max(most, std::sqrt(square));
        }
    return most;
}

inline bool allFinite(const std::vector<double>& values) {
    for (const double value : values)
        if (!std::isfinite(value))
            return false;
    return true;
}

/// A matrix of the reference values.
inline Embeddings referenceMatrix(const std::string& name) {
    const formats::NpyArray array = formats::readNpy(shared() / "fixtures" / "debias" / (name + ".npy")).value();
    Embeddings result(static_cast<std::size_t>(array.shape[0]),
                      array.shape.size() > 1 ? static_cast<std::size_t>(array.shape[1]) : 1);
    result.values = array.values;
    return result;
}

/// Whole numbers of 64 bits, which no reader of ours takes.
inline Attribute referenceLabels(const std::string& name) {
    Attribute result{name, {}, {}};
    const std::string bytes = readText(shared() / "fixtures" / "debias" / (name + ".npy"));
    std::uint16_t header = 0;
    std::memcpy(&header, bytes.data() + 8, sizeof header);
    for (std::size_t at = 10U + header; at + 8 <= bytes.size(); at += 8) {
        std::int64_t value = 0;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        result.codes.push_back(static_cast<std::int32_t>(value));
        while (result.groups.size() <= static_cast<std::size_t>(value))
            result.groups.push_back(std::to_string(result.groups.size()));
    }
    return result;
}

inline double greatestDifference(const std::vector<double>& mine, const std::vector<float>& theirs) {
    double most = mine.size() == theirs.size() ? 0.0 : 1e9;
    for (std::size_t i = 0; most < 1e9 && i < mine.size(); ++i)
        most = std::max(most, std::abs(mine[i] - static_cast<double>(theirs[i])));
    return most;
}

inline double greatestDifference(const std::vector<std::vector<double>>& mine, const Embeddings& theirs) {
    std::vector<double> flat;
    for (const auto& row : mine)
        flat.insert(flat.end(), row.begin(), row.end());
    return greatestDifference(flat, theirs.values);
}

} // namespace plumbline::test
