// SPDX-License-Identifier: GPL-3.0-or-later

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include <QTest>
#include <nlohmann/json.hpp>

#include "core/base/random.h"
#include "core/debias/coordinates/clip_clip.h"
#include "core/debias/coordinates/mutual_information.h"
#include "core/formats/npy.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

/// Normal rows whose coordinates `informative` tell the groups apart.
struct Planted {
    Embeddings images;
    Attribute attribute;
};
Planted planted(std::size_t rows, std::size_t dim, std::size_t groups, const std::vector<std::size_t>& informative) {
    RandomStream random(31, streamId("test/coordinates"), rows + dim);
    Planted result{Embeddings(rows, dim), {"group", {}, {}}};
    for (std::size_t g = 0; g < groups; ++g)
        result.attribute.groups.push_back("group " + std::to_string(g));
    for (float& value : result.images.values)
        value = static_cast<float>(random.normal());
    for (std::size_t i = 0; i < rows; ++i) {
        result.attribute.codes.push_back(static_cast<std::int32_t>(i % groups));
        for (const std::size_t d : informative)
            result.images.row(i)[d] += 3.0F * static_cast<float>(i % groups);
    }
    return result;
}

FitInput inputOf(const Planted& from, const Embeddings* texts = nullptr) {
    return {.images = from.images, .attribute = from.attribute, .texts = texts, .words = {}, .seed = 5};
}

Outcome<Fitted> clipped(const FitInput& input, std::vector<std::pair<std::string, std::string>> parameters = {}) {
    const DebiasConfig config{
        .method = "clip-clip", .attribute = "group", .parameters = std::move(parameters), .seed = input.seed};
    Feedback feedback;
    return fitClipClip(input, Parameters(config), feedback);
}

/// Mixed-KSG by its definition: every pair of rows.
double plainMixedKsg(const std::vector<double>& x, const std::vector<std::int32_t>& codes, std::size_t k) {
    const auto psi = [](std::size_t n) {
        double sum = -0.57721566490153286;
        for (std::size_t i = 1; i < n; ++i)
            sum += 1.0 / static_cast<double>(i);
        return sum;
    };
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        std::vector<double> nearest;
        std::size_t ofGroup = 0, equal = 0, near = 0;
        for (std::size_t j = 0; j < x.size(); ++j)
            if (codes[j] == codes[i]) {
                ++ofGroup;
                nearest.push_back(std::abs(x[j] - x[i]));
                equal += x[j] == x[i] ? 1 : 0;
            }
        std::ranges::sort(nearest);
        const double distance = nearest[k];
        for (const double other : x)
            near += (distance > 0 ? std::abs(other - x[i]) < distance : other == x[i]) ? 1 : 0;
        sum += psi(distance > 0 ? k : equal) + std::log(static_cast<double>(x.size())) - psi(near) - psi(ofGroup);
    }
    return sum / static_cast<double>(x.size());
}

/// The published histogram estimate: 64 x 64 cells, both axes smoothed.
double plainHistogram(const std::vector<double>& x, const std::vector<std::int32_t>& codes) {
    const auto [least, most] = std::ranges::minmax(x);
    std::vector<std::vector<double>> cells(64, std::vector<double>(64, 0.0));
    for (std::size_t i = 0; i < x.size(); ++i)
        cells[std::min<std::size_t>(63, static_cast<std::size_t>((x[i] - least) / (most - least) * 64))]
             [codes[i] == 0 ? 0 : 63] += 1;
    std::vector<double> kernel;
    double whole = 0;
    for (int i = -4; i <= 4; ++i)
        whole += kernel.emplace_back(std::exp(-0.5 * i * i));
    for (int axis = 0; axis < 2; ++axis) {
        auto smooth = std::vector<std::vector<double>>(64, std::vector<double>(64, 0.0));
        for (int a = 0; a < 64; ++a)
            for (int b = 0; b < 64; ++b)
                for (int i = -4; i <= 4; ++i) {
                    const int from = (axis == 0 ? a : b) + i;
                    if (from >= 0 && from < 64)
                        smooth[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)] +=
                            kernel[static_cast<std::size_t>(i + 4)] / whole *
                            (axis == 0 ? cells[static_cast<std::size_t>(from)][static_cast<std::size_t>(b)]
                                       : cells[static_cast<std::size_t>(a)][static_cast<std::size_t>(from)]);
                }
        cells = smooth;
    }
    std::vector<double> ofRow(64, 0.0), ofColumn(64, 0.0);
    double all = 0, sum = 0;
    for (std::size_t a = 0; a < 64; ++a)
        for (std::size_t b = 0; b < 64; ++b) {
            cells[a][b] += std::numeric_limits<double>::epsilon();
            all += cells[a][b];
        }
    for (std::size_t a = 0; a < 64; ++a)
        for (std::size_t b = 0; b < 64; ++b) {
            ofRow[a] += cells[a][b] / all;
            ofColumn[b] += cells[a][b] / all;
            sum += cells[a][b] / all * std::log(cells[a][b] / all);
        }
    for (std::size_t i = 0; i < 64; ++i)
        sum -= ofRow[i] * std::log(ofRow[i]) + ofColumn[i] * std::log(ofColumn[i]);
    return sum;
}

std::vector<double> column(const Embeddings& of, std::size_t d) {
    std::vector<double> values;
    for (std::size_t i = 0; i < of.rows; ++i)
        values.push_back(static_cast<double>(of.row(i)[d]));
    return values;
}

Embeddings matrix(const std::filesystem::path& path) {
    auto array = formats::readNpy(path).value();
    Embeddings result;
    result.rows = static_cast<std::size_t>(array.shape[0]);
    result.dim = static_cast<std::size_t>(array.shape[1]);
    result.values = std::move(array.values);
    return result;
}

/// Labels are whole numbers in 64 bits, which readNpy does not read.
std::vector<std::int32_t> labels(const std::filesystem::path& path) {
    const std::string bytes = test::readText(path);
    const std::size_t begin = bytes.size() % 8 == 0 ? bytes.size() - 400 * 8 : bytes.size();
    std::vector<std::int32_t> result;
    for (std::size_t i = begin; i + 8 <= bytes.size(); i += 8)
        result.push_back(static_cast<unsigned char>(bytes[i]));
    return result;
}

/// The nearest float16, as a float.
float halved(float value) {
    const double step = std::ldexp(1.0, std::max(-24, std::ilogb(value) - 10));
    return static_cast<float>(std::nearbyint(static_cast<double>(value) / step) * step);
}

} // namespace

class TestCoordinates : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void informationAsInTheReference() {
        PLUMBLINE_NEEDS_SHARED();
        const std::filesystem::path folder = test::shared() / "fixtures" / "debias";
        const auto expected = nlohmann::json::parse(test::readText(folder / "expected.json"));
        const Embeddings images = matrix(folder / "images.npy");
        Embeddings halves = images;
        std::ranges::transform(halves.values, halves.values.begin(), halved);
        Feedback feedback;
        for (const std::string kind : {"binary", "multi"}) {
            const std::vector<std::int32_t> codes = labels(folder / ("label_" + kind + ".npy"));
            QCOMPARE(codes.size(), images.rows);
            const auto groups = static_cast<std::size_t>(*std::ranges::max_element(codes)) + 1;
            for (const std::string type : {"float32", "float16"}) {
                const auto mine = mixedKsg(type == "float32" ? images : halves, codes, groups, 5, feedback).value();
                const auto theirs = formats::readNpy(folder / ("mi_" + kind + "_" + type + "_input.npy")).value();
                for (std::size_t d = 0; d < images.dim; ++d)
                    QVERIFY2(std::abs(mine[d] - static_cast<double>(theirs.values[d])) < 1e-6,
                             qPrintable(QStringLiteral("%1 %2 coordinate %3: %4 instead of %5")
                                            .arg(QString::fromStdString(kind), QString::fromStdString(type))
                                            .arg(d)
                                            .arg(mine[d])
                                            .arg(static_cast<double>(theirs.values[d]))));
                if (type == "float32")
                    for (const auto& [m, kept] : expected["clip_clip_" + kind]["keep_dims_lowest_mi"].items())
                        QCOMPARE(leastInformative(mine, std::stoul(m)), kept.get<std::vector<std::uint32_t>>());
            }
        }
    }

    void mixedKsgIsWhatItsDefinitionSays() {
        for (const bool ties : {false, true}) {
            Planted from = planted(150, 6, 3, {1, 4});
            if (ties)
                for (float& value : from.images.values)
                    value = std::round(value * 2) / 2;
            Feedback feedback;
            for (const std::size_t k : {1, 5, 12}) {
                const auto found = mixedKsg(from.images, from.attribute.codes, 3, k, feedback).value();
                for (std::size_t d = 0; d < 6; ++d)
                    QVERIFY(std::abs(found[d] - plainMixedKsg(column(from.images, d), from.attribute.codes, k)) <
                            1e-10);
            }
        }
        // A coordinate that is the group carries all of its entropy; a constant one nothing.
        Embeddings x(90, 2);
        std::vector<std::int32_t> codes;
        for (std::size_t i = 0; i < 90; ++i) {
            codes.push_back(static_cast<std::int32_t>(i % 3));
            x.row(i)[0] = static_cast<float>(i % 3);
            x.row(i)[1] = 0.25F;
        }
        Feedback feedback;
        const auto found = mixedKsg(x, codes, 3, 5, feedback).value();
        QVERIFY(std::abs(found[0] - std::log(3.0)) < 0.05);
        QVERIFY(std::abs(found[1]) < 0.05);
    }

    void theHistogramIsThatOfThePublishedCodeForTwoGroups() {
        const Planted from = planted(300, 5, 2, {2});
        Feedback feedback;
        const auto found = histogramInformation(from.images, from.attribute.codes, 2, feedback).value();
        for (std::size_t d = 0; d < 5; ++d)
            QVERIFY(std::abs(found[d] - plainHistogram(column(from.images, d), from.attribute.codes)) < 1e-9);
        QVERIFY(found[2] > 2 * found[0]);
        const Embeddings constant(10, 1);
        QCOMPARE(histogramInformation(constant, std::vector<std::int32_t>(10, 0), 2, feedback).value().front(), 0.0);
    }

    void clipClipDropsWhatWasPlanted() {
        const std::vector<std::size_t> informative{3, 7, 19};
        const Planted from = planted(400, 32, 2, informative);
        for (const std::string estimator : {"mixed-ksg", "histogram"}) {
            const auto fitted = clipped(inputOf(from), {{"m", "29"}, {"estimator", estimator}}).value();
            const auto& mask = std::get<LinearMap>(fitted.image);
            QCOMPARE(std::get<LinearMap>(fitted.text).matrix, mask.matrix);
            QCOMPARE(mask.out, std::size_t(32));
            QCOMPARE(std::ranges::count(mask.matrix, 1.0), std::ptrdiff_t(29));
            QCOMPARE(std::ranges::count(mask.matrix, 0.0), std::ptrdiff_t(32 * 32 - 29));
            for (const std::size_t d : informative)
                QCOMPARE(mask.matrix[d * 32 + d], 0.0);
            double before = 0, after = 1;
            for (const DebiasFact& fact : fitted.facts) {
                before = fact.name == "accuracy before" ? fact.value : before;
                after = fact.name == "accuracy after" ? fact.value : after;
            }
            QVERIFY(before > 0.95 && after < 0.8);
        }
        QCOMPARE(std::ranges::count(std::get<LinearMap>(clipped(inputOf(from)).value().image).matrix, 1.0),
                 std::ptrdiff_t(25)); // 400 of 512
    }

    void clipClipRefusesInWordsAndLeavesSmallGroupsOut() {
        Planted from = planted(60, 8, 2, {0});
        from.attribute.groups.emplace_back("rare");
        from.attribute.codes[0] = from.attribute.codes[1] = 2;
        const auto fitted = clipped(inputOf(from)).value();
        QCOMPARE(fitted.warnings.size(), std::size_t(1));
        QCOMPARE(clipped(inputOf(from), {{"k", "40"}}).error().error().arg("name"), std::string_view("k"));
        for (const auto& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
                 {"m", "0"}, {"m", "8"}, {"m", "most"}, {"k", "0"}, {"estimator", "guess"}})
            QVERIFY2(!clipped(inputOf(from), {{name, value}}), (name + "=" + value).c_str());
        std::ranges::fill(from.attribute.codes, 0);
        QCOMPARE(clipped(inputOf(from)).error().error().code, ErrorCode::AttributeSingleGroup);
        QVERIFY(!clipped(inputOf(planted(20, 1, 2, {0}))));
        Planted alike = planted(40, 4, 2, {});
        std::ranges::fill(alike.images.values, 0.5F);
        const auto same = clipped(inputOf(alike)).value(); // nothing to tell apart, and nothing to divide by
        for (const DebiasFact& fact : same.facts)
            QVERIFY2(std::isfinite(fact.value), fact.name.c_str());
        QVERIFY(!same.warnings.empty());
    }
};

QTEST_APPLESS_MAIN(TestCoordinates)
#include "tst_coordinates.moc"
