// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/text/tokenizer.h"
#include "tests/support/hostile_models.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;

/// Tokenizers that were made to harm. That they are refused quickly and in little memory is measured by
/// tests/bench/hostile_files.sh.
class TestHostileTokenizers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void refused_data() {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < hostileTokenizers().size(); ++i)
            QTest::newRow(hostileTokenizers()[i].name.c_str()) << static_cast<int>(i);
    }
    void refused() {
        QFETCH(int, index);
        const HostileModel& one = hostileTokenizers()[static_cast<std::size_t>(index)];
        TempFolder temp;
        const auto read = text::Tokenizer::load(one.write(temp.path()), {});
        QVERIFY(!read);
        const std::string sentence = errorText(read.error());
        QVERIFY2(read.error().code == one.code, sentence.c_str());
        QVERIFY2(sentence.find(one.says) != std::string::npos, sentence.c_str());
        QVERIFY2(sentence.find(encodePath(temp.path())) != std::string::npos, sentence.c_str()); // says which file
        QVERIFY2(sentence.size() < 1000, sentence.substr(0, 1000).c_str());
        QVERIFY2(isUtf8(sentence), sentence.c_str());
    }
};

QTEST_APPLESS_MAIN(TestHostileTokenizers)
#include "tst_hostile_tokenizers.moc"
