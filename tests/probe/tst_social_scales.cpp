// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>

#include <QTest>

#include "core/probe/social_scales.h"

using namespace plumbline;

class TestSocialScales : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsBuiltIn() {
        const probe::SocialScales scales = probe::socialScales();
        QVERIFY(scales.source.find("FAccT 2025") != std::string::npos);
        QCOMPARE(scales.templates.size(), std::size_t{4});
        QCOMPARE(scales.blank.size(), scales.templates.size());
        for (const std::string& text : scales.templates)
            QVERIFY(text.find("{}") != std::string::npos);
        // A blank is its template without the term.
        for (std::size_t t = 0; t < scales.templates.size(); ++t) {
            std::string without = scales.templates[t];
            without.erase(without.find("{} "), 3);
            QCOMPARE(scales.blank[t], without);
        }
        QCOMPARE(scales.scales.size(), std::size_t{5});
        QCOMPARE(scales.scales[0].positive.size(), std::size_t{6});
        QVERIFY(scales.scales[0].negative.empty());
        const std::vector<std::string> terms = scales.terms();
        QCOMPARE(std::set(terms.begin(), terms.end()).size(), terms.size());
        QCOMPARE(terms.size(), std::size_t{39}); // 44 with those of two scales
    }
};

QTEST_APPLESS_MAIN(TestSocialScales)
#include "tst_social_scales.moc"
