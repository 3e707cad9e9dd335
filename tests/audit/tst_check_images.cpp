// SPDX-License-Identifier: GPL-3.0-or-later
// A check of pictures on drawn ones, each with a flaw of its own, and on files that are no pictures.
#include <algorithm>
#include <cmath>

#include <QTest>

#include "core/audit/check_images.h"
#include "tests/support/test_images.h"
#include "tests/support/test_support.h"

using namespace plumbline;

namespace {

namespace fs = std::filesystem;

void draw(const fs::path& path, int side, double phase, double light = 1) {
    test::writeBmp(path, side, side, [&](int x, int y) {
        const double u = double(x) / side, v = double(y) / side;
        const double value =
            light * (128 + 100 * std::sin(phase + 9 * u + 4 * phase * v) * std::cos(5 * v + phase * phase * u));
        const auto byte = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
        return test::Colour{byte, byte, byte};
    });
}

std::vector<std::int32_t> imagesOf(const ImageCheck& check, ImageFlaw flaw) {
    const ImageFindings* found = check.of(flaw);
    return found != nullptr ? found->images : std::vector<std::int32_t>();
}

} // namespace

class TestCheckImages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyFlawIsFoundAndNothingElse() {
        const test::TempFolder folder;
        ImageSet set;
        set.root = folder.path();
        std::vector<std::string> gender;
        const auto add = [&](const std::string& name, const std::string& label) {
            set.files.push_back(name);
            gender.push_back(label);
            return folder / name;
        };
        draw(add("a.bmp", "woman"), 300, 1.0);                     // 0
        draw(add("b.bmp", "man"), 300, 2.0);                       // 1
        fs::copy_file(folder / "a.bmp", add("a copy.bmp", "man")); // 2: the same file, another label
        draw(add("b small.bmp", "man"), 100, 2.0);                 // 3: looks like 1, small
        fs::copy_file(folder / "b.bmp", add("b copy.bmp", ""));    // 4: the same file as 1, no label
        draw(add("dark.bmp", "man"), 300, 3.0, 0.05);              // 5
        test::writeBmp(add("white.bmp", "man"), 300, 300, [](int, int) { return test::Colour{255, 255, 255}; }); // 6
        test::writeBmp(add("white 2.bmp", "woman"), 310, 310, [](int, int) {
            return test::Colour{255, 255, 255};
        });                                                                                       // 7: flat
        test::writeText(add("text.jpg", "man"), "this is no picture");                            // 8
        test::writeText(add("empty.png", "man"), "");                                             // 9
        add("missing.png", "man");                                                                // 10
        test::writeText(add("cut.bmp", "man"), test::readText(folder / "a.bmp").substr(0, 5000)); // 11
        fs::create_directory(add("folder.png", "man"));                                           // 12
        test::writeText(add("text 2.jpg", "woman"), "this is no picture"); // 13: no duplicate: nobody can see it
        set.attributes = {makeAttribute("gender", gender)};

        Feedback feedback;
        const ImageCheckOptions options;
        const auto checked = audit::checkImages(set, options, feedback);
        QVERIFY(checked.has_value());
        QVERIFY(!checked->checked.empty());
        QCOMPARE(checked->options, options);
        using Rows = std::vector<std::int32_t>;
        QCOMPARE(imagesOf(*checked, ImageFlaw::Unreadable), (Rows{8, 9, 10, 11, 12, 13}));
        QCOMPARE(imagesOf(*checked, ImageFlaw::ExactDuplicate), (Rows{0, 1, 2, 4}));
        QCOMPARE(checked->of(ImageFlaw::ExactDuplicate)->firsts, (Rows{0, 1, 0, 1}));
        QCOMPARE(imagesOf(*checked, ImageFlaw::NearDuplicate), (Rows{1, 3, 4}));
        QCOMPARE(checked->of(ImageFlaw::NearDuplicate)->firsts, (Rows{1, 1, 1}));
        QCOMPARE(imagesOf(*checked, ImageFlaw::OtherLabels), (Rows{0, 2}));
        QCOMPARE(imagesOf(*checked, ImageFlaw::Dark), (Rows{5}));
        QCOMPARE(imagesOf(*checked, ImageFlaw::Bright), (Rows{6, 7}));
        QCOMPARE(imagesOf(*checked, ImageFlaw::Small), (Rows{3}));
        QCOMPARE(checked->of(ImageFlaw::Small)->measures.front(), 100.0F);
        for (const std::string& reason : checked->of(ImageFlaw::Unreadable)->reasons)
            QVERIFY(!reason.empty() && reason.find('\n') == std::string::npos);

        // Twice the same, in whatever order the threads come.
        auto again = audit::checkImages(set, options, feedback);
        QVERIFY(again && again->findings == checked->findings);
        // Other measures: nothing is small, nothing near but the same hash, and everything is dark.
        const auto other = audit::checkImages(set, {0, 1.0, 1.0, 0}, feedback);
        QVERIFY(other && imagesOf(*other, ImageFlaw::Small).empty() && imagesOf(*other, ImageFlaw::Bright).empty());
        QCOMPARE(imagesOf(*other, ImageFlaw::Dark), (Rows{0, 1, 2, 3, 4, 5}));
    }

    void hostileFilesAreFindings() {
        PLUMBLINE_NEEDS_SHARED();
        ImageSet set;
        set.root = test::shared() / "fixtures";
        for (const auto& entry : fs::recursive_directory_iterator(set.root))
            if (entry.is_regular_file() &&
                entry.path().parent_path().filename().string().find("broken") != std::string::npos)
                set.files.push_back(fs::relative(entry.path(), set.root).string());
        if (set.files.empty())
            QSKIP("there are no broken pictures among the fixtures");
        std::ranges::sort(set.files);
        Feedback feedback;
        const auto checked = audit::checkImages(set, {}, feedback);
        QVERIFY(checked.has_value());
        QVERIFY(!imagesOf(*checked, ImageFlaw::Unreadable).empty());
    }

    void cancelledAndInvalid() {
        ImageSet set;
        set.files = {"a.png"};
        Feedback feedback;
        for (const ImageCheckOptions& options :
             {ImageCheckOptions{-1, 0.1, 0.9, 4}, ImageCheckOptions{224, -0.1, 0.9, 4},
              ImageCheckOptions{224, 0.1, 1.1, 4}, ImageCheckOptions{224, 0.1, 0.9, 40},
              ImageCheckOptions{224, std::nan(""), 0.9, 4}}) {
            const auto refused = audit::checkImages(set, options, feedback);
            QVERIFY(!refused && !refused.error().cancelled());
            QCOMPARE(refused.error().error().code, ErrorCode::InvalidArgument);
        }
        feedback.cancel();
        const auto cancelled = audit::checkImages(set, {}, feedback);
        QVERIFY(!cancelled && cancelled.error().cancelled());
    }
};

QTEST_APPLESS_MAIN(TestCheckImages)
#include "tst_check_images.moc"
