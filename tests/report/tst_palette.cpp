// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the colours of groups can be told apart by people who see some colours alike, and from what they stand on.
#include <array>
#include <cmath>
#include <set>

#include <QtTest>

#include "core/report/group_style.h"

using namespace plumbline::report;

namespace {

using Triple = std::array<double, 3>;
using Matrix = std::array<Triple, 3>;

Triple times(const Matrix& m, const Triple& v) {
    Triple result{};
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 3; ++j)
            result[i] += m[i][j] * v[j];
    return result;
}

/// sRGB to light (IEC 61966-2-1).
Triple light(unsigned rgb) {
    Triple result{};
    for (std::size_t i = 0; i < 3; ++i) {
        const double value = double(rgb >> (16 - 8 * i) & 255U) / 255;
        result[i] = value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    }
    return result;
}

/// CIE L*a*b*, D65.
Triple lab(Triple rgb) {
    for (double& value : rgb)
        value = std::clamp(value, 0.0, 1.0);
    const Triple xyz = times({{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}}, rgb);
    const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
    const double x = f(xyz[0] / 0.9505), y = f(xyz[1]), z = f(xyz[2] / 1.089);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double apart(const Triple& a, const Triple& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/// WCAG 2: relative luminance and contrast.
double contrast(unsigned a, unsigned b) {
    const auto luminance = [](unsigned rgb) {
        const Triple l = light(rgb);
        return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
    };
    const double one = luminance(a), other = luminance(b);
    return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

// Complete deficiency, in linear light: Machado, Oliveira and Fernandes, IEEE TVCG 2009.
const std::pair<const char*, Matrix> kSights[] = {
    {"typical", {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
    {"protanopia",
     {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}}},
    {"deuteranopia",
     {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}}},
    {"tritanopia",
     {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}},
};

} // namespace

class TestPalette : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A difference of 10 in L*a*b* is seen at a glance.
    void fillsAreToldApartByEveryone() {
        for (const bool dark : {false, true})
            for (const auto& [sight, matrix] : kSights)
                for (int a = 0; a < kPaletteColours; ++a)
                    for (int b = 0; b < a; ++b) {
                        const double distance = apart(lab(times(matrix, light(paletteColour(a, dark)))),
                                                      lab(times(matrix, light(paletteColour(b, dark)))));
                        QVERIFY2(distance > 10, qPrintable(QStringLiteral("%1, %2: %3 and %4 are %5 apart")
                                                               .arg(QLatin1String(sight))
                                                               .arg(QLatin1String(dark ? "dark" : "light"))
                                                               .arg(a)
                                                               .arg(b)
                                                               .arg(distance)));
                    }
    }

    /// Outlines and lines are as dark as they must be, which brings some of them together: there the shape tells.
    void whoseOutlinesAreAlikeHasAnotherShape() {
        const std::vector<GroupStyle> styles = groupStyles({"a", "b", "c", "d", "e", "f", "g", "h"});
        std::set<MarkShape> shapes;
        for (const GroupStyle& style : styles)
            shapes.insert(style.shape);
        QCOMPARE(shapes.size(), styles.size());
    }

    void outlinesStandOutFromTheCard() {
        for (int colour = 0; colour < kPaletteColours; ++colour) {
            QVERIFY2(contrast(paletteStroke(colour, false), 0xFFFFFF) >= 3, qPrintable(QString::number(colour)));
            QVERIFY2(contrast(paletteStroke(colour, true), 0x2A2D2F) >= 3, qPrintable(QString::number(colour)));
        }
        QCOMPARE(contrast(0, 0xFFFFFF), 21.0);
    }
};

QTEST_APPLESS_MAIN(TestPalette)
#include "tst_palette.moc"
