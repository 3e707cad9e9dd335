// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <QtTest>

#include "core/base/clock.h"
#include "core/base/error_text.h"
#include "core/base/feedback.h"
#include "core/base/hash.h"
#include "core/base/hash_memory.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/base/random.h"
#include "core/base/vector_state.h"
#include "tests/support/test_support.h"

using namespace plumbline;

class TestBase : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyErrorHasAName();
    void errorTextFillsArguments();
    void tryHandsFailuresOn();
    void namesOfAnyBytesSurvive();
    void genuineEscapeCharactersSurvive();
    void utf8IsChecked();
    void sha256KnownAnswers();
    void sha256OfFiles();
    void hashesAreRemembered();
    void streamKnownAnswer();
    void streamsDiffer();
    void belowIsUniform();
    void numbersInTheCLocale();
    void remainingTimeRestarts();
    void upperHalvesAreCleared();
};

void TestBase::everyErrorHasAName() {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(ErrorCode::ProtocolError); ++i) {
        const auto code = static_cast<ErrorCode>(i);
        const std::string_view name = errorName(code);
        QVERIFY2(names.insert(name).second, "two codes share a name, or a code has no entry");
        QVERIFY(errorFromName(name) == code);
        QVERIFY(errorPattern(code).ends_with('.'));
    }
    QVERIFY(errorFromName("no such name") == ErrorCode::Internal);
}

void TestBase::errorTextFillsArguments() {
    const Error error{ErrorCode::FileUnreadable, {{"path", "a {reason} b"}, {"reason", "no permission"}}, {}};
    // An argument is data: braces in it are not filled again.
    QCOMPARE(errorText(error), std::string("a {reason} b cannot be read: no permission."));
    QCOMPARE(fillPattern("{nothing}|{path", error), std::string("|{path"));
}

void TestBase::tryHandsFailuresOn() {
    const auto inner = [](bool good) -> Result<int> {
        if (!good)
            return fail(ErrorCode::KInvalid, {{"value", "0"}});
        return 3;
    };
    const auto outer = [&](bool good) -> Outcome<int> {
        PLUMBLINE_TRY(const int value, inner(good));
        return value + 1;
    };
    QCOMPARE(outer(true).value(), 4);
    QVERIFY(!outer(false).error().cancelled());
    QVERIFY(outer(false).error().error().code == ErrorCode::KInvalid);
    const Outcome<int> stopped = tl::unexpected<Stop>(Cancelled{});
    QVERIFY(stopped.error().cancelled());
}

void TestBase::namesOfAnyBytesSurvive() {
    RandomStream random(1, streamId("names"), 0);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(random.below(12), '\0');
        for (char& c : bytes) // many bytes of the sequences that matter
            c = static_cast<char>(random.below(3) ? 0x80 + random.below(0x80) : random.below(256));
        const std::string name = encodeName(bytes);
        QVERIFY(isUtf8(name));
        QCOMPARE(decodeName(name), bytes);
    }
    QCOMPARE(encodeName("caf\xc3\xa9 \xf0\x9f\x98\x80"), std::string("caf\xc3\xa9 \xf0\x9f\x98\x80"));
    QCOMPARE(encodeName("\xff"), std::string("\xee\xbf\xbf"));
}

void TestBase::genuineEscapeCharactersSurvive() {
    const std::string genuine = "x\xee\xbe\x81y"; // U+EF81, also the escape of byte 0x81
    QVERIFY(encodeName(genuine) != genuine);
    QVERIFY(encodeName(genuine) != encodeName("x\x81y"));
    QCOMPARE(decodeName(encodeName(genuine)), genuine);
}

void TestBase::utf8IsChecked() {
    QVERIFY(isUtf8("\xed\x9f\xbf"));
    for (const char* bad :
         {"\xc0\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xc3", "\x80"})
        QVERIFY2(!isUtf8(bad), bad);
}

void TestBase::sha256KnownAnswers() { // FIPS 180-2, appendix B
    QCOMPARE(sha256("abc"), std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    QCOMPARE(sha256(std::string_view()),
             std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}

void TestBase::sha256OfFiles() {
    const test::TempFolder folder;
    test::writeText(folder / "a", std::string(3'000'001, 'x'));
    QCOMPARE(sha256File(folder / "a").value(), sha256(std::string(3'000'001, 'x')));
    QVERIFY(sha256File(folder / "none").error().error().code == ErrorCode::FileNotFound);
    QVERIFY(sha256File(folder.path()).error().error().code == ErrorCode::FileUnreadable);
    Feedback feedback;
    feedback.cancel();
    QVERIFY(sha256File(folder / "a", &feedback).error().cancelled());
}

/// A hash is remembered for exactly one state of a file: what the memory says of it is believed, and nothing of
/// another.
void TestBase::hashesAreRemembered() {
    test::TempFolder temp;
    Feedback feedback;
    test::writeText(temp / "weights", "one");
    const std::string one = sha256("one"), invented(64, 'f');
    {
        HashMemory memory(temp / "cache/hashes.txt");
        QCOMPARE(memory.ofFile(temp / "weights", feedback).value(), one);
        memory.save();
    }
    std::string kept = test::readText(temp / "cache/hashes.txt");
    QVERIFY(kept.starts_with(one + " file 3 "));
    test::writeText(temp / "cache/hashes.txt", "no hash at all\n" + invented + kept.substr(64));
    HashMemory memory(temp / "cache/hashes.txt");
    QCOMPARE(memory.ofFile(temp / "weights", feedback).value(), invented);
    test::writeText(temp / "weights", "two"); // as long as before
    QCOMPARE(memory.ofFile(temp / "weights", feedback).value(), sha256("two"));
    QVERIFY(memory.ofFile(temp / "missing", feedback).error().error().code == ErrorCode::FileNotFound);
    memory.remember("a key", one);
    memory.remember("of two\nlines", one);
    memory.remember("no hash", "abc");
    memory.save();
    const HashMemory again(temp / "cache/hashes.txt");
    QCOMPARE(again.find("a key").value_or(""), one);
    QVERIFY(!again.find("of two\nlines") && !again.find("no hash"));

    HashMemory none; // remembers nothing, and writes nothing
    QCOMPARE(none.ofFile(temp / "weights", feedback).value(), sha256("two"));
    none.remember("a key", one);
    none.save();
    QVERIFY(!none.find("a key"));
}

void TestBase::streamKnownAnswer() {
    // The first numbers of one stream. They must never change: old runs are repeated from their seed.
    RandomStream stream(7, streamId("null/gender"), 3);
    for (const std::uint32_t expected : {0xCA97C131U, 0x97D97171U, 0x900E9FD3U, 0x9F0CF58AU})
        QCOMPARE(stream.next32(), expected);
    QCOMPARE(streamId(""), 0xCBF29CE484222325U);
    QCOMPARE(streamId("a"), 0xAF63DC4C8601EC8CU); // FNV-1a test vector
}

void TestBase::streamsDiffer() {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 5; ++seed)
        for (std::uint64_t stream = 0; stream < 5; ++stream)
            for (std::uint64_t index = 0; index < 200; ++index)
                seen.insert(RandomStream(seed, stream, index).next64());
    QCOMPARE(seen.size(), std::size_t(5 * 5 * 200));
}

void TestBase::belowIsUniform() {
    RandomStream random(11, 0, 0);
    std::array<int, 6> counts{};
    constexpr int kDraws = 60000;
    for (int i = 0; i < kDraws; ++i)
        ++counts[random.below(6)];
    double chi2 = 0;
    for (const int count : counts)
        chi2 += (count - kDraws / 6.0) * (count - kDraws / 6.0) / (kDraws / 6.0);
    QVERIFY2(chi2 < 20.5, "chi-squared with 5 degrees of freedom beyond its 99.9 % point"); // fixed seed
    double mean = 0, square = 0;
    for (int i = 0; i < kDraws; ++i) {
        const double z = random.normal();
        mean += z / kDraws;
        square += z * z / kDraws;
    }
    QVERIFY(std::abs(mean) < 0.02 && std::abs(square - 1) < 0.03);
}

void TestBase::numbersInTheCLocale() {
    QCOMPARE(parseDouble(" 1.5e3 ").value(), 1500.0);
    QCOMPARE(parseDouble("+.5").value(), 0.5);
    QVERIFY(std::isnan(parseDouble("NaN").value()));
    QCOMPARE(parseDouble("-inf").value(), -std::numeric_limits<double>::infinity());
    QCOMPARE(parseDouble("1e999").value(), std::numeric_limits<double>::infinity());
    QCOMPARE(parseDouble("1e-999").value(), 0.0);
    for (const char* bad : {"", "1,5", "1.5x", "++1", "+-1", "0x10", "e"})
        QVERIFY2(!parseDouble(bad), bad);
    QCOMPARE(parseInteger("-12").value(), std::int64_t(-12));
    QVERIFY(!parseInteger("9223372036854775808"));
    QVERIFY(!parseInteger("1.0"));
    QCOMPARE(formatDouble(0.1), std::string("0.1"));
    QCOMPARE(parseDouble(formatDouble(1.0 / 3.0)).value(), 1.0 / 3.0);
    QCOMPARE(formatFixed(-0.001, 2), std::string("0.00"));
    QCOMPARE(formatFixed(-1.005, 1), std::string("-1.0"));
}

void TestBase::remainingTimeRestarts() {
    RemainingTime time;
    time.start();
    QVERIFY(!time.update(0, 100)); // too little is known
    QVERIFY(!time.update(50, 100));
    QVERIFY(!time.update(10, 100)); // went backwards: another piece of work
    QVERIFY(!time.update(10, 0));
}

#if defined(__x86_64__)
/// Whether the processor holds the upper halves to be in use: bit 2 of XINUSE, or nothing where it does not tell.
std::optional<bool> upperHalvesInUse() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__builtin_cpu_supports("avx") || !__get_cpuid_count(0xD, 1, &a, &b, &c, &d) || (a & 4U) == 0)
        return {};
    asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(1));
    return (a & 4U) != 0;
}
#endif

void TestBase::upperHalvesAreCleared() {
#if defined(__x86_64__)
    if (!upperHalvesInUse())
        QSKIP("this processor does not tell what it holds to be in use");
    bool before = false, after = true;
    asm volatile("vpcmpeqd %%xmm15, %%xmm15, %%xmm15\n\tvinsertf128 $1, %%xmm15, %%ymm15, %%ymm15" ::: "xmm15");
    before = *upperHalvesInUse();
    clearUpperHalves();
    after = *upperHalvesInUse();
    QVERIFY(before && !after);
#else
    clearUpperHalves(); // there is nothing to clear
#endif
}

QTEST_APPLESS_MAIN(TestBase)
#include "tst_base.moc"
