// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/formats/vocabulary.h"
#include "core/text/tokenizer.h"
#include "core/text/vocabulary_training.h"
#include "tests/support/test_support.h"

using namespace plumbline;

class TestVocabularyTraining : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// The worked example of Sennrich, Haddow and Birch (2016), algorithm 1: low 5, lower 2, newest 6, widest 3 gives
    /// e s, es t, est</w>, l o, lo w, ... (there the end of a word is a symbol of its own; here it belongs to its last
    /// letter).
    void mostFrequentPairFirst() {
        std::vector<std::string> texts;
        const auto add = [&texts](const char* word, int times) {
            texts.insert(texts.end(), static_cast<std::size_t>(times), word);
        };
        add("low", 5);
        add("lower", 2);
        add("newest", 6);
        add("widest", 3);
        const formats::Vocabulary vocabulary = text::learnVocabulary(texts, 4);
        using Pair = std::pair<std::string, std::string>;
        QCOMPARE(vocabulary.merges.size(), std::size_t{4});
        QVERIFY(vocabulary.merges[0] == Pair("e", "s"));
        QVERIFY(vocabulary.merges[1] == Pair("es", "t</w>"));
        QVERIFY(vocabulary.merges[2] == Pair("l", "o"));
        QVERIFY(vocabulary.merges[3] == Pair("e", "w")); // 6, as n e, w est</w>: the first in byte order
    }

    void everyKnownWordBecomesOneToken() {
        const std::vector<std::string> texts = {"a photo of a carpenter", "a photo of a carpenter",
                                                "A Portrait of a judge", "a portrait of a judge"};
        const formats::Vocabulary vocabulary = text::learnVocabulary(texts, 1000);
        const text::Tokenizer tokenizer(vocabulary, TokenizerRules::HuggingFace, 32);
        QCOMPARE(tokenizer.encode("a photo of a judge").ids.size(), std::size_t{7});
        QCOMPARE(tokenizer.encode("carpenter").ids.at(1), vocabulary.ids.at("carpenter</w>"));
        QVERIFY(tokenizer.encode("zebra").ids.size() > 4); // unknown words fall into bytes, nothing is lost
    }

    void endsWhenNothingRepeats() {
        const formats::Vocabulary vocabulary = text::learnVocabulary(std::vector<std::string>{"abc"}, 100);
        QVERIFY(vocabulary.merges.empty());
        QCOMPARE(vocabulary.ids.size(), std::size_t{514});
        QCOMPARE(text::learnVocabulary({}, 100).ids.size(), std::size_t{514});
    }

    void filesReadBack() {
        const test::TempFolder folder;
        const std::vector<std::string> texts = {"größer “quoted” 日本 it's", "größer “quoted” 日本 it's"};
        const formats::Vocabulary vocabulary = text::learnVocabulary(texts, 50);
        QVERIFY(!vocabulary.merges.empty());
        QVERIFY(formats::writeVocabulary(folder.path(), vocabulary).has_value());
        const auto read = formats::readVocabulary(folder.path());
        QVERIFY(read.has_value());
        QVERIFY(read->ids == vocabulary.ids);
        QVERIFY(read->merges == vocabulary.merges);
        QCOMPARE(read->bos, vocabulary.bos);
        QCOMPARE(read->eos, vocabulary.eos);
    }
};

QTEST_APPLESS_MAIN(TestVocabularyTraining)
#include "tst_vocabulary_training.moc"
