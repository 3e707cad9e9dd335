// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <QtTest>

#include "core/formats/npy.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using formats::NpyWriter;
using formats::readNpy;

namespace {

/// A file as NumPy writes it, with any header text.
std::string npy(const std::string& dictionary, std::string_view data, char version = 1) {
    std::string header = dictionary + "\n";
    std::string file = std::string("\x93NUMPY") + version + '\0';
    const std::size_t lengthBytes = version == 1 ? 2 : 4;
    for (std::size_t i = 0; i < lengthBytes; ++i)
        file += static_cast<char>(header.size() >> (8 * i));
    return file + header + std::string(data);
}

template <class T>
std::string bytesOf(std::initializer_list<T> values) {
    std::string bytes;
    for (const T value : values)
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    return bytes;
}

std::string reasonFor(const std::string& file) {
    const test::TempFolder folder;
    test::writeText(folder / "a.npy", file);
    const auto array = readNpy(folder / "a.npy");
    if (array || array.error().code != ErrorCode::NpyInvalid)
        return "(read)";
    return std::string(array.error().arg("reason"));
}

} // namespace

class TestNpy : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsEachType() {
        const test::TempFolder folder;
        const auto read = [&](const std::string& file) {
            test::writeText(folder / "a.npy", file);
            return readNpy(folder / "a.npy").value();
        };
        auto array = read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                              bytesOf<float>({1, 2, 3, 4, 5, -0.5F})));
        QCOMPARE(array.shape, (std::vector<std::int64_t>{2, 3}));
        QCOMPARE(array.values, (std::vector<float>{1, 2, 3, 4, 5, -0.5F}));

        array = read(npy("{\"shape\":(2L,),\"fortran_order\":True,\"descr\":\"<f8\"}", bytesOf<double>({0.1, 1e300}), 2));
        QCOMPARE(array.values, (std::vector<float>{0.1F, std::numeric_limits<float>::infinity()}));

        array = read(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (7,)}",
                         bytesOf<std::uint16_t>({0x3C00, 0xC000, 0x0001, 0x03FF, 0x7BFF, 0x7C00, 0x3555}), 3));
        QCOMPARE(array.values, (std::vector<float>{1.0F, -2.0F, 0x1p-24F, 0x3FFp-24F, 65504.0F,
                                                   std::numeric_limits<float>::infinity(), 0x1.554p-2F}));

        array = read(npy("{'descr': '<f2', 'fortran_order': False, 'shape': ()}", bytesOf<std::uint16_t>({0x7E00})));
        QVERIFY(array.shape.empty());
        QVERIFY(std::isnan(array.values.at(0)));

        array = read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 512)}", ""));
        QVERIFY(array.values.empty());
    }

    void readsTheHeaderAlone() {
        const test::TempFolder folder;
        test::writeText(folder / "a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}",
                                              bytesOf<float>({1, 2})));
        const auto header = formats::readNpyHeader(folder / "a.npy");
        QVERIFY(header);
        QCOMPARE(header->shape, (std::vector<std::int64_t>{1, 2}));
        QCOMPARE(header->descr, std::string("<f4"));
        QCOMPARE(test::readText(folder / "a.npy").size() - header->dataOffset, std::size_t{8});
    }

    void faultsAreNamed() {
        const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
        const std::string one = bytesOf<float>({1});
        QCOMPARE(reasonFor(""), std::string("it does not begin as a .npy file"));
        QCOMPARE(reasonFor("PK\x03\x04 an archive"), std::string("it does not begin as a .npy file"));
        QCOMPARE(reasonFor(npy(good, one).substr(0, 40)), std::string("it ends within its header"));
        QCOMPARE(reasonFor(npy(good, one, 4)), std::string("it is of version 4.0; 1.0 to 3.0 can be read"));
        QCOMPARE(reasonFor(npy(good, one + "x")),
                 std::string("its shape asks for 1 values, but 5 bytes follow the header"));
        QCOMPARE(reasonFor(npy(good, "abc")), std::string("its shape asks for 1 values, but 3 bytes follow the header"));
        QCOMPARE(reasonFor(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}", "12345678")),
                 std::string("its values are of type “<i8”; float16, float32 and float64 (little-endian) can be read"));
        QVERIFY(reasonFor(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", one)).starts_with("its values"));
        QVERIFY(reasonFor(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1)}", one)).ends_with("in C order"));
        QCOMPARE(reasonFor(npy("{'descr': '<f4', 'shape': (1,)}", one)),
                 std::string("its header lacks descr, fortran_order or shape"));
        QVERIFY(reasonFor(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", one)).ends_with("“shape”"));
        QVERIFY(reasonFor(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", one)) != "(read)");
        QVERIFY(reasonFor(npy("[1]", one)) != "(read)");
        QVERIFY(reasonFor(npy("", one)) != "(read)");
        QVERIFY(reasonFor(npy(good + good, one)) != "(read)");
        // Extents whose product overflows, or asks for more than there is: no memory is taken for them.
        QVERIFY(reasonFor(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", ""))
                    .starts_with("its shape asks for more values than can be"));
        QVERIFY(reasonFor(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}", one)) != "(read)");
        QVERIFY(reasonFor(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", one)) !=
                "(read)");
    }

    void everyCutIsRefused() {
        const std::string file = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", bytesOf<float>({1, 2}));
        for (std::size_t n = 0; n < file.size(); ++n)
            QVERIFY2(reasonFor(file.substr(0, n)) != "(read)", qPrintable(QString::number(n)));
    }

    void notThere() {
        const test::TempFolder folder;
        QCOMPARE(readNpy(folder / "a.npy").error().code, ErrorCode::FileNotFound);
        QCOMPARE(readNpy(folder.path()).error().code, ErrorCode::FileUnreadable);
    }

    void writesAndReadsBack() {
        std::mt19937 random(3);
        for (int round = 0; round < 50; ++round) {
            const test::TempFolder folder;
            const std::size_t dim = 1 + random() % 9;
            auto writer = NpyWriter::create(folder / "a.npy", dim);
            QVERIFY(writer);
            std::vector<float> all;
            for (std::size_t pieces = random() % 4; pieces > 0; --pieces) {
                std::vector<float> rows(dim * (random() % 5));
                for (float& value : rows) {
                    const std::uint32_t bits = static_cast<std::uint32_t>(random());
                    std::memcpy(&value, &bits, sizeof value);
                }
                QVERIFY(writer->append(rows));
                all.insert(all.end(), rows.begin(), rows.end());
            }
            QVERIFY(!std::filesystem::exists(folder / "a.npy"));
            QVERIFY(writer->finish());
            const auto array = readNpy(folder / "a.npy");
            QVERIFY(array);
            QCOMPARE(array->shape, (std::vector<std::int64_t>{static_cast<std::int64_t>(all.size() / dim),
                                                              static_cast<std::int64_t>(dim)}));
            QVERIFY(all.empty() || std::memcmp(array->values.data(), all.data(), all.size() * sizeof(float)) == 0);
            const std::string bytes = test::readText(folder / "a.npy");
            QCOMPARE(bytes.size(), 128 + all.size() * sizeof(float));
            QCOMPARE(bytes[127], '\n');
        }
    }

    void anUnfinishedFileLeavesNothing() {
        const test::TempFolder folder;
        test::writeText(folder / "a.npy", "what was there before");
        {
            auto writer = NpyWriter::create(folder / "a.npy", 2);
            QVERIFY(writer);
            NpyWriter moved = std::move(*writer);
            QVERIFY(moved.append(std::vector<float>{1, 2}));
            QVERIFY(!moved.append(std::vector<float>{1}));
        }
        QCOMPARE(test::readText(folder / "a.npy"), std::string("what was there before"));
        QVERIFY(!std::filesystem::exists(folder / "a.npy.part"));
        QVERIFY(!NpyWriter::create(folder / "no" / "a.npy", 2));
    }

    void fullDisk() {
        if (!std::filesystem::exists("/dev/full"))
            QSKIP("no /dev/full here");
        const test::TempFolder folder;
        std::filesystem::create_symlink("/dev/full", folder / "a.npy.part");
        auto writer = NpyWriter::create(folder / "a.npy", 1024);
        QVERIFY(writer); // nothing has left the buffer yet
        const std::vector<float> rows(1024 * 100);
        const auto appended = writer->append(rows);
        QVERIFY(!appended);
        QCOMPARE(appended.error().code, ErrorCode::DiskFull);
    }

    void readsNumPysOwn() {
        PLUMBLINE_NEEDS_SHARED();
        const auto array = readNpy(test::shared() / "fixtures/models/preprocessed_64_openai.npy");
        QVERIFY(array);
        QCOMPARE(array->shape.size(), std::size_t{4});
        QCOMPARE(array->shape[1], std::int64_t{3});
        QCOMPARE(array->shape[2], std::int64_t{64});
        const auto half = readNpy(test::shared() / "fixtures/association/float16_embeddings_A.npy");
        QVERIFY(half);
        for (const float value : half->values)
            QVERIFY(std::isfinite(value) && std::abs(value) < 100);
    }
};

QTEST_APPLESS_MAIN(TestNpy)
#include "tst_npy.moc"
