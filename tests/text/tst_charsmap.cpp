// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <functional>
#include <vector>

#include <QtTest>

#include "core/text/charsmap.h"

using plumbline::text::Charsmap;

namespace {

/// A double array by hand: each node gets 256 units of its own, and is led to by its label.
struct Builder {
    std::vector<std::uint32_t> units = std::vector<std::uint32_t>(256);
    std::string texts;

    /// The unit of the node that `label` leads to from `node` (a unit, whose children lie in its block).
    std::uint32_t child(std::uint32_t node, unsigned char label) {
        const std::uint32_t base = ensureBlock(node), at = base ^ label;
        units[at] |= label;
        return at;
    }
    void end(std::uint32_t node, std::uint32_t value) {
        const std::uint32_t base = ensureBlock(node);
        units[node] |= 0x100U;
        units[base] = value | 0x80000000U;
    }
    void add(const std::string& key, const std::string& text) {
        std::uint32_t node = 0;
        for (const char c : key)
            node = child(node, static_cast<unsigned char>(c));
        end(node, static_cast<std::uint32_t>(texts.size()));
        texts += text + '\0';
    }
    std::string packed() const {
        std::string bytes = word(static_cast<std::uint32_t>(4 * units.size()));
        for (const std::uint32_t unit : units)
            bytes += word(unit);
        return bytes + texts;
    }
    static std::string word(std::uint32_t value) {
        std::string bytes;
        for (unsigned shift = 0; shift < 32; shift += 8)
            bytes.push_back(static_cast<char>(value >> shift));
        return bytes;
    }

private:
    std::uint32_t ensureBlock(std::uint32_t node) {
        if (units[node] >> 10 == 0) {
            const auto base = static_cast<std::uint32_t>(units.size());
            units.resize(units.size() + 256);
            units[node] |= (node ^ base) << 10;
        }
        return node ^ (units[node] >> 10);
    }
};

Builder small() {
    Builder builder;
    builder.add("x", "");
    builder.add("a", "A");
    builder.add("ab", "[ab]");
    builder.add("\xC3\xA9", "e");
    return builder;
}

std::string reasonOf(const std::string& bytes) {
    const auto map = Charsmap::parse(bytes);
    return map ? "nothing is wrong" : map.error();
}

} // namespace

class TestCharsmap : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void finds() {
        const auto map = Charsmap::parse(small().packed());
        QVERIFY2(map.has_value(), map ? "" : map.error().c_str());
        QCOMPARE(map->longest("abc").length, std::size_t{2});
        QCOMPARE(std::string(map->longest("abc").text), std::string("[ab]"));
        QCOMPARE(map->shortest("abc").length, std::size_t{1});
        QCOMPARE(std::string(map->shortest("abc").text), std::string("A"));
        QCOMPARE(map->longest("ac").length, std::size_t{1});
        QCOMPARE(std::string(map->longest("\xC3\xA9").text), std::string("e"));
        QCOMPARE(map->longest("x").length, std::size_t{1});
        QVERIFY(map->longest("x").text.empty());
        for (const std::string_view nothing : {"", "b", "\xC3", "\xC3\xA8", "\xFF"})
            QCOMPARE(map->longest(nothing).length, std::size_t{0});
        QCOMPARE(map->longest(std::string(1, '\0')).length, std::size_t{0});
    }

    void refuses() {
        const std::string good = small().packed();
        QCOMPARE(reasonOf(""), std::string("its character map breaks off"));
        QCOMPARE(reasonOf(Builder::word(0) + "a"), std::string("its character map breaks off"));
        QCOMPARE(reasonOf(Builder::word(6) + "abcdef"), std::string("its character map breaks off"));
        QCOMPARE(reasonOf(Builder::word(0xFFFFFFFC) + "abcd"), std::string("its character map breaks off"));
        QCOMPARE(reasonOf(std::string((4U << 20) + 1, 'a')), std::string("its character map is larger than 4 MiB"));
        const std::string open("the replacements of its character map are not whole UTF-8 texts");
        QCOMPARE(reasonOf(good.substr(0, good.size() - 1)), open);
        QCOMPARE(reasonOf(good + "\xFF" + '\0'), open);
        QCOMPARE(reasonOf(Builder::word(4) + Builder::word(0)), open);
    }

    void refusesDamage_data() {
        QTest::addColumn<QByteArray>("packed");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, const std::function<void(Builder&)>& edit, const char* reason) {
            Builder builder = small();
            edit(builder);
            const std::string packed = builder.packed();
            QTest::newRow(name) << QByteArray(packed.data(), static_cast<int>(packed.size()))
                                << "its character map is damaged: " + QByteArray(reason);
        };
        row(
            "replacement outside", [](Builder& b) { b.end(b.child(0, 'q'), 100'000); },
            "a replacement lies outside of it");
        row(
            "replacement inside a character",
            [](Builder& b) {
                b.texts += "\xC3\xA9" + std::string(1, '\0');
                b.end(b.child(0, 'q'), static_cast<std::uint32_t>(b.texts.size() - 2));
            },
            "a replacement lies outside of it");
        row(
            "long replacement", [](Builder& b) { b.add("q", std::string(257, 'q')); },
            "a replacement is longer than 256 bytes");
        row(
            "long key", [](Builder& b) { b.add(std::string(1025, 'q'), "q"); }, "a key is longer than 1024 bytes");
        row(
            "circle",
            [](Builder& b) {
                // "qq" leads back to "q": the second is reached through a block that is the first's own.
                const std::uint32_t first = b.child(0, 'q');
                const std::uint32_t root = 0 ^ (b.units[0] >> 10);
                b.units[first] = (b.units[first] & 0x3FFU) | ((first ^ root) << 10);
            },
            "a key leads back to its own beginning");
        row(
            "end outside",
            [](Builder& b) {
                const std::uint32_t node = b.child(0, 'q');
                b.units[node] |= 0x100U | 0x1FFFFFU << 10;
            },
            "a key ends outside of it");
    }
    void refusesDamage() {
        QFETCH(QByteArray, packed);
        QFETCH(QByteArray, reason);
        QCOMPARE(QByteArray::fromStdString(reasonOf(packed.toStdString())), reason);
    }

    void aLongKeyThatIsAllowed() {
        Builder builder;
        builder.add(std::string(1024, 'q'), "q");
        const auto map = Charsmap::parse(builder.packed());
        QVERIFY(map.has_value());
        QCOMPARE(map->longest(std::string(2000, 'q')).length, std::size_t{1024});
    }
};

QTEST_APPLESS_MAIN(TestCharsmap)
#include "tst_charsmap.moc"
