// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "core/text/clean.h"

using namespace plumbline::text;

namespace {

std::string utf8(std::u32string_view text) {
    std::string bytes;
    for (const char32_t c : text)
        appendUtf8(bytes, c);
    return bytes;
}

} // namespace

/// What Python 3.11 gives for the same texts: html.unescape, str.lower.
class TestClean : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void decodesUtf8() {
        QCOMPARE(decodeUtf8("a\u00E9\u20AC\U0001F600"), std::u32string(U"a\u00E9\u20AC\U0001F600"));
        QCOMPARE(decodeUtf8("\xC3"), std::u32string(U"\uFFFD"));
        QCOMPARE(decodeUtf8("\xE2\x82x"), std::u32string(U"\uFFFDx"));          // one for the part that breaks off
        QCOMPARE(decodeUtf8("\xED\xA0\x80"), std::u32string(U"\uFFFD\uFFFD\uFFFD")); // a surrogate
        QCOMPARE(utf8(U"a\u00E9\u20AC\U0001F600"), std::string("a\u00E9\u20AC\U0001F600"));
    }

    void unescapes_data() {
        QTest::addColumn<QByteArray>("input");
        QTest::addColumn<QByteArray>("output");
        const auto row = [](const char* input, const char* output) {
            QTest::newRow(input) << QByteArray(input) << QByteArray(output);
        };
        row("&amp;", "&");
        row("&ampx", "&x");
        row("&notit;", "¬it;");
        row("&notin;", "∉");
        row("&AMP", "&");
        row("&Amp", "&Amp");
        row("&eacute", "é");
        row("&hellip", "&hellip"); // only with its semicolon
        row("&acE;", "\u223E\u0333");
        row("&#65;&#x42;&#X43", "ABC");
        row("&#128;", "€");
        row("&#129;", "\xC2\x81");
        row("&#xD800;", "\uFFFD");
        row("&#1114112;", "\uFFFD");
        row("&#99999999999999999999;", "\uFFFD");
        row("&#1;x", "x");
        row("&#xFFFE;x", "x");
        row("&#13;", "\r");
        row("&#;&#x;&;& ", "&#;&#x;&;& ");
        row("&\u00E9;", "&\u00E9;");
        row("&", "&");
        row("&abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz;",
            "&abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz;");
    }
    void unescapes() {
        QFETCH(QByteArray, input);
        QFETCH(QByteArray, output);
        QCOMPARE(QByteArray::fromStdString(utf8(htmlUnescape(decodeUtf8(input.toStdString())))), output);
    }

    void lowers() {
        QCOMPARE(lowerInContext(U"\u03A3\u0391\u03A3"), std::u32string(U"\u03C3\u03B1\u03C2"));
        QCOMPARE(lowerEachCharacter(U"\u03A3\u0391\u03A3"), std::u32string(U"\u03C3\u03B1\u03C3"));
        QCOMPARE(lowerInContext(U"\u03A3"), std::u32string(U"\u03C3"));             // alone: nothing before it
        QCOMPARE(lowerInContext(U"\u0391\u03A3'\u0391"), std::u32string(U"\u03B1\u03C3'\u03B1")); // ' is passed over
        QCOMPARE(lowerInContext(U"\u0391\u03A3' \u0391"), std::u32string(U"\u03B1\u03C2' \u03B1"));
        QCOMPARE(lowerInContext(U"\u0130"), std::u32string(U"i\u0307"));
        QCOMPARE(lowerInContext(U"\u1E9E\u212A\u00C7"), std::u32string(U"\u00DFk\u00E7"));
    }

    void collapses() {
        QCOMPARE(collapseSpaces(U" \u00A0a\t\u3000b\u200Bc \n"), std::u32string(U"a b\u200Bc"));
        QCOMPARE(collapseSpaces(U" \n"), std::u32string());
    }

    void fixesCharacters_data() {
        QTest::addColumn<QByteArray>("input");
        QTest::addColumn<QByteArray>("output");
        const auto row = [](const char* name, const char* input, const char* output) {
            QTest::newRow(name) << QByteArray(input) << QByteArray(output);
        };
        row("plain", "a photo of a doctor's cat", "a photo of a doctor's cat");
        row("quotes", "\u201Cit\u2019s\u201D", "\"it's\"");
        row("quotes by reference", "it&rsquo;s", "it's");
        row("markup keeps references", "<b>it&rsquo;s", "<b>it&rsquo;s");
        row("references to the end", "&amp;amp;amp;eacute;", "é");
        row("half a reference", "&eacute &#12ab;", "&eacute &#12ab;");
        row("ligatures", "\uFB01sh \u01C6", "fish d\u017E");
        row("width", "\uFF26\u3000\uFF76", "F \u30AB");
        row("terminal", "\x1B[31;1mred\x1B[0m", "red");
        row("controls", "a\x07\x7F\uFEFF" "b", "ab");
        row("Windows-1252", "5\xC2\x80\xC2\x85", "5€…");
        row("composed", "cafe\u0301", "caf\u00E9");
        row("emoji stay", "\U0001F469\u200D\U0001F680", "\U0001F469\u200D\U0001F680");
    }
    void fixesCharacters() {
        QFETCH(QByteArray, input);
        QFETCH(QByteArray, output);
        QCOMPARE(QByteArray::fromStdString(utf8(fixCharacters(decodeUtf8(input.toStdString())))), output);
    }
};

QTEST_APPLESS_MAIN(TestClean)
#include "tst_clean.moc"
