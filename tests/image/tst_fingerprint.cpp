// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <bit>
#include <cmath>

#include <QTest>

#include "core/base/random.h"
#include "core/image/fingerprint.h"
#include "core/image/preprocess.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::image;

namespace {

/// A picture of many blobs, the same at every size.
Decoded drawn(int width, int height, std::uint64_t seed, double brightness = 1) {
    RandomStream random(seed, streamId("test/fingerprint"), 0);
    struct Blob {
        double x, y, size, light;
    };
    std::vector<Blob> blobs;
    for (int i = 0; i < 40; ++i)
        blobs.push_back({random.uniform(), random.uniform(), 0.03 + 0.06 * random.uniform(), random.uniform()});
    Decoded image;
    image.width = width;
    image.height = height;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            double light = 0.1;
            for (const Blob& blob : blobs)
                light +=
                    blob.light *
                    std::exp(-(std::pow((x + 0.5) / width - blob.x, 2) + std::pow((y + 0.5) / height - blob.y, 2)) /
                             (2 * blob.size * blob.size));
            const auto value = static_cast<std::uint8_t>(std::min(255.0, 120 * brightness * light));
            image.pixels.insert(image.pixels.end(), {value, value, value});
        }
    return image;
}

Decoded plain(std::uint8_t value) {
    Decoded image;
    image.width = 40;
    image.height = 30;
    image.pixels.assign(40 * 30 * 3, value);
    return image;
}

} // namespace

class TestFingerprint : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatLooksAlikeIsNear() {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const Fingerprint one = fingerprint(drawn(300, 200, seed));
            QVERIFY(one.hasContrast);
            QCOMPARE(one.shorterSide, 200);
            QVERIFY(std::popcount(one.hash ^ fingerprint(drawn(150, 100, seed)).hash) <= 4);
            QVERIFY(std::popcount(one.hash ^ fingerprint(drawn(300, 200, seed, 0.8)).hash) <= 4);
            for (std::uint64_t other = seed + 1; other <= 20; ++other)
                QVERIFY(std::popcount(one.hash ^ fingerprint(drawn(300, 200, other)).hash) > 4);
        }
    }

    void photographsAreKnownAgain() {
        PLUMBLINE_NEEDS_SHARED();
        constexpr std::size_t kPhotographs = 300;
        std::vector<std::uint64_t> hashes;
        int known = 0;
        for (std::size_t i = 1; i <= kPhotographs; ++i) {
            const auto photograph = decodeFile(test::shared() / "data/fairface/val" / (std::to_string(i) + ".jpg"));
            if (!photograph)
                QSKIP("needs the photographs of the reference data");
            hashes.push_back(fingerprint(*photograph).hash);
            // Half as large and compressed anew.
            const auto jpeg = thumbnail(*photograph, photograph->width / 2).value();
            const auto small = decode(std::as_bytes(std::span(jpeg)), "small");
            QVERIFY(small.has_value());
            known += std::popcount(fingerprint(*small).hash ^ hashes.back()) <= 4;
        }
        QVERIFY2(known >= 0.95 * kPhotographs, qPrintable(QString::number(known)));
        // Faces in the same pose are not the same picture.
        const Feedback feedback;
        const NearHashes found = nearHashes(hashes, 4, feedback).value();
        QCOMPARE(std::ranges::count(found.bits, NearHashes::kNone), std::ptrdiff_t(kPhotographs));
    }

    void lightIsMeasured() {
        QCOMPARE(fingerprint(plain(0)).meanLuma, 0.0);
        QCOMPARE(fingerprint(plain(255)).meanLuma, 1.0);
        QVERIFY(!fingerprint(plain(255)).hasContrast);
        Decoded green = plain(0);
        for (std::size_t i = 1; i < green.pixels.size(); i += 3)
            green.pixels[i] = 255;
        QVERIFY(std::abs(fingerprint(green).meanLuma - 0.587) < 1e-9);
        Decoded one;
        one.width = one.height = 1;
        one.pixels = {10, 20, 30};
        QCOMPARE(fingerprint(one).shorterSide, 1);
    }

    void nearHashesAreAsAllPairsSay() {
        for (const int bits : {0, 1, 4, 7, 15}) {
            RandomStream random(static_cast<std::uint64_t>(bits), streamId("test/near hashes"), 0);
            std::vector<std::uint64_t> hashes;
            for (int i = 0; i < 600; ++i) {
                if (i < 100) {
                    std::uint64_t hash = 0;
                    for (int b = 0; b < 64; ++b)
                        hash |= std::uint64_t(random.uniform() < 0.5) << b;
                    hashes.push_back(hash);
                    continue;
                }
                // Some bits away from an earlier one, or none.
                std::uint64_t hash =
                    hashes[static_cast<std::size_t>(random.uniform() * static_cast<double>(hashes.size()))];
                for (int flips = static_cast<int>(random.uniform() * 12); flips > 0; --flips)
                    hash ^= std::uint64_t(1) << static_cast<unsigned>(random.uniform() * 64);
                hashes.push_back(hash);
            }
            const Feedback feedback;
            const NearHashes found = nearHashes(hashes, bits, feedback).value();
            // All pairs: the nearest, and the least member of what is joined by steps.
            std::vector<std::uint32_t> least(hashes.size());
            for (std::uint32_t i = 0; i < hashes.size(); ++i)
                least[i] = i;
            for (bool changed = true; changed;) {
                changed = false;
                for (std::size_t i = 0; i < hashes.size(); ++i)
                    for (std::size_t j = 0; j < hashes.size(); ++j)
                        if (std::popcount(hashes[i] ^ hashes[j]) <= bits && least[j] < least[i]) {
                            least[i] = least[j];
                            changed = true;
                        }
            }
            for (std::size_t i = 0; i < hashes.size(); ++i) {
                int nearest = NearHashes::kNone;
                for (std::size_t j = 0; j < hashes.size(); ++j)
                    if (const int apart = std::popcount(hashes[i] ^ hashes[j]); i != j && apart <= bits)
                        nearest = std::min(nearest, apart);
                QCOMPARE(int(found.bits[i]), nearest);
                QCOMPARE(found.first[i], least[i]);
            }
        }
    }

    void limitsOfNearness() {
        Feedback feedback;
        QVERIFY(nearHashes({}, 4, feedback).value().first.empty());
        for (const int bits : {-1, 16, 64})
            QVERIFY(!nearHashes({}, bits, feedback));
        feedback.cancel();
        const std::vector<std::uint64_t> hashes{1, 2, 3};
        const auto cancelled = nearHashes(hashes, 4, feedback);
        QVERIFY(!cancelled && cancelled.error().cancelled());
    }
};

QTEST_APPLESS_MAIN(TestFingerprint)
#include "tst_fingerprint.moc"
