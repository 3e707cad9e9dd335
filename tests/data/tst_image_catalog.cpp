// SPDX-License-Identifier: GPL-3.0-or-later
// Filtering and ordering of many images, against plain loops.
#include <algorithm>
#include <numeric>

#include <QTest>

#include "core/base/random.h"
#include "core/data/image_catalog.h"

using namespace plumbline;

namespace {

ImageCatalog inventCatalog(std::size_t images, std::uint64_t seed) {
    RandomStream random(seed, streamId("test/image catalog"), 0);
    ImageCatalog catalog;
    std::vector<std::string> colour, age;
    const std::vector<std::string> colours{"", "red", "green", "blue"}, ages{"young", "old", ""};
    ImageFindings dark, same;
    dark.flaw = ImageFlaw::Dark;
    same.flaw = ImageFlaw::ExactDuplicate;
    for (std::size_t i = 0; i < images; ++i) {
        catalog.files.add((i % 3 == 0 ? "Train/Img" : "val/") +
                          std::to_string(static_cast<int>(random.uniform() * 500)));
        colour.push_back(colours[static_cast<std::size_t>(random.uniform() * 4)]);
        age.push_back(ages[static_cast<std::size_t>(random.uniform() * 3)]);
        if (random.uniform() < 0.1)
            dark.images.push_back(static_cast<std::int32_t>(i));
        if (random.uniform() < 0.1)
            same.images.push_back(static_cast<std::int32_t>(i));
    }
    catalog.attributes = {makeAttribute("colour", colour), makeAttribute("age", age)};
    catalog.check = ImageCheck{"2026-01-01T00:00:00Z", {}, {same, dark}};
    catalog.markFlaws();
    return catalog;
}

std::vector<std::uint32_t> arranged(const ImageCatalog& catalog, const ImageFilter& filter, const ImageOrder& order) {
    const Feedback feedback;
    return arrange(catalog, filter, order, feedback).value();
}

} // namespace

class TestImageCatalog : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void namesArePacked() {
        PackedNames names;
        for (const char* name : {"a.jpg", "", "caf\xe9.jpg"})
            names.add(name);
        QCOMPARE(names.size(), std::size_t(3));
        QVERIFY(names[0] == "a.jpg" && names[1].empty() && names[2] == "caf\xe9.jpg");
    }

    void flawsHaveNames() {
        for (const ImageFlaw flaw : kImageFlaws)
            QVERIFY(imageFlawOf(imageFlawName(flaw)) == flaw);
        QVERIFY(!imageFlawOf("pretty"));
    }

    void filtersAreAsAPlainLoopSays() {
        const ImageCatalog catalog = inventCatalog(4000, 1);
        std::vector<ImageFilter> filters(1);
        filters.push_back({{0, std::nullopt}, "", 0});
        filters.push_back({{std::nullopt, Attribute::kUnlabelled}, "", 0});
        filters.push_back({{2, 1}, "iMG1", 0});
        filters.push_back({{}, "val/", flawBit(ImageFlaw::Dark)});
        filters.push_back(
            {{1}, "", static_cast<std::uint8_t>(flawBit(ImageFlaw::Dark) | flawBit(ImageFlaw::ExactDuplicate))});
        filters.push_back({{}, "no such name", 0});
        filters.push_back({{}, "", flawBit(ImageFlaw::Unreadable)});
        for (const ImageFilter& filter : filters) {
            std::vector<std::uint32_t> expected;
            for (std::uint32_t row = 0; row < catalog.size(); ++row) {
                bool in = true;
                for (std::size_t a = 0; a < filter.groups.size(); ++a)
                    in = in && (!filter.groups[a] || catalog.attributes[a].codes[row] == *filter.groups[a]);
                const QString name =
                    QString::fromLatin1(catalog.files[row].data(), qsizetype(catalog.files[row].size()));
                in = in && name.contains(QString::fromStdString(filter.text), Qt::CaseInsensitive);
                bool flawed = filter.flaws == 0;
                for (const ImageFindings& findings : catalog.check->findings)
                    if (filter.flaws & flawBit(findings.flaw))
                        flawed = flawed || std::ranges::count(findings.images, std::int32_t(row)) > 0;
                if (in && flawed)
                    expected.push_back(row);
            }
            QVERIFY(arranged(catalog, filter, {}) == expected);
        }
        QVERIFY(arranged(catalog, filters[3], {}).size() > 0 && arranged(catalog, filters[5], {}).size() > 0);
    }

    void everyOrderKeepsEqualImagesInTheirPlaces() {
        const ImageCatalog catalog = inventCatalog(3000, 2);
        const auto check = [&](const ImageOrder& order, auto&& before) {
            const std::vector<std::uint32_t> rows = arranged(catalog, {}, order);
            QCOMPARE(rows.size(), catalog.size());
            QVERIFY(std::ranges::is_permutation(rows, arranged(catalog, {}, {})));
            for (std::size_t i = 1; i < rows.size(); ++i) {
                QVERIFY(!before(rows[i], rows[i - 1]));
                if (!before(rows[i - 1], rows[i]))
                    QVERIFY(rows[i - 1] < rows[i]);
            }
        };
        using By = ImageOrder::By;
        for (const bool descending : {false, true}) {
            check({By::File, 0, descending}, [&](std::uint32_t a, std::uint32_t b) {
                return descending ? catalog.files[b] < catalog.files[a] : catalog.files[a] < catalog.files[b];
            });
            const Attribute& age = catalog.attributes[1];
            check({By::Attribute, 1, descending}, [&](std::uint32_t a, std::uint32_t b) {
                if ((age.codes[a] < 0) != (age.codes[b] < 0))
                    return age.codes[b] < 0; // unlabelled last, in either direction
                return descending ? age.codes[b] < age.codes[a] : age.codes[a] < age.codes[b];
            });
        }
        std::vector<std::uint32_t> backwards = arranged(catalog, {}, {By::Row, 0, true});
        std::ranges::reverse(backwards);
        QVERIFY(std::ranges::is_sorted(backwards));
        // The gravest finding first, none last, in either direction.
        const auto gravest = arranged(catalog, {}, {By::Flaws, 0, false});
        QVERIFY(catalog.flawsOf(gravest.front()) & flawBit(ImageFlaw::ExactDuplicate));
        QCOMPARE(catalog.flawsOf(gravest.back()), std::uint8_t(0));
        QCOMPARE(catalog.flawsOf(arranged(catalog, {}, {By::Flaws, 0, true}).back()), std::uint8_t(0));
        QVERIFY(catalog.flawsOf(arranged(catalog, {}, {By::Flaws, 0, true}).front()) == flawBit(ImageFlaw::Dark));
    }

    void whatIsCancelledHasNoAnswer() {
        const ImageCatalog catalog = inventCatalog(10, 3);
        Feedback feedback;
        feedback.cancel();
        QVERIFY(!arrange(catalog, {{}, "a", 0}, {}, feedback));
        QVERIFY(!arrange(catalog, {}, {}, feedback));
    }

    void aCrossingCountsEveryImageOnce() {
        const ImageCatalog catalog = inventCatalog(2000, 4);
        const Attribute &a = catalog.attributes[0], &b = catalog.attributes[1];
        const std::vector<std::int64_t> counts = crossCounts(a, b);
        QCOMPARE(counts.size(), (a.groups.size() + 1) * (b.groups.size() + 1));
        QCOMPARE(std::accumulate(counts.begin(), counts.end(), std::int64_t(0)), std::int64_t(2000));
        for (std::int32_t g = -1; g < std::int32_t(a.groups.size()); ++g)
            for (std::int32_t h = -1; h < std::int32_t(b.groups.size()); ++h) {
                std::int64_t expected = 0;
                for (std::size_t row = 0; row < catalog.size(); ++row)
                    expected += a.codes[row] == g && b.codes[row] == h;
                const std::size_t at = (g < 0 ? a.groups.size() : std::size_t(g)) * (b.groups.size() + 1) +
                                       (h < 0 ? b.groups.size() : std::size_t(h));
                QCOMPARE(counts[at], expected);
            }
    }

    void groupsOfDuplicatesAndTheirLabels() {
        ImageFindings same;
        same.flaw = ImageFlaw::ExactDuplicate;
        same.images = {0, 1, 3, 4, 5};
        same.firsts = {0, 1, 0, 1, 1};
        const std::vector<DuplicateGroup> groups = duplicateGroups(same);
        QCOMPARE(groups.size(), std::size_t(2));
        QCOMPARE(groups[0].images, (std::vector<std::int32_t>{0, 3}));
        QCOMPARE(groups[1].images, (std::vector<std::int32_t>{1, 4, 5}));
        const std::vector<std::string> labels{"a", "b", "a", "", "", "c"};
        const std::vector<Attribute> attributes{makeAttribute("letter", labels)};
        QVERIFY(!labelsDiffer(attributes, groups[0])); // "a" and none
        QVERIFY(labelsDiffer(attributes, groups[1]));  // "b", none, "c"
        QVERIFY(!labelsDiffer({}, groups[1]));
    }
};

QTEST_APPLESS_MAIN(TestImageCatalog)
#include "tst_image_catalog.moc"
