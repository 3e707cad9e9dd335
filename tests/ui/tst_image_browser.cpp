// SPDX-License-Identifier: GPL-3.0-or-later
// Browsing images: a million rows as a model, and a page with real pictures driven by mouse and keyboard.
#include <set>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QStringListModel>
#include <QTabBar>
#include <QTableView>
#include <QTest>

#include "core/base/random.h"
#include "tests/support/test_support.h"
#include "tests/ui/named.h"
#include "tests/ui/synthetic_project.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/english_plurals.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/charts/image_viewer.h"
#include "ui/models/group_crossing.h"
#include "ui/models/image_table.h"
#include "ui/models/project_lists.h"
#include "ui/pages/images/check_view.h"
#include "ui/pages/images/crossing_view.h"
#include "ui/pages/images/image_browser.h"
#include "ui/pages/images/image_set_panel.h"
#include "ui/pages/images/image_tile.h"
#include "ui/pages/images/images_page.h"
#include "ui/widgets/tile_grid.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::named;

namespace {

constexpr int kWait = 30000;

std::shared_ptr<const ImageCatalog> inventCatalog(std::size_t images) {
    RandomStream random(9, streamId("test/image browser"), 0);
    auto catalog = std::make_shared<ImageCatalog>();
    catalog->root = "/data";
    catalog->files.reserve(images, images * 12);
    Attribute gender{"gender", {"man", "woman"}, {}}, age{"age", {"old", "young"}, {}};
    ImageFindings dark;
    dark.flaw = ImageFlaw::Dark;
    for (std::size_t i = 0; i < images; ++i) {
        catalog->files.add("img/" + std::to_string(i) + ".jpg");
        gender.codes.push_back(random.uniform() < 0.5 ? 0 : 1);
        age.codes.push_back(static_cast<std::int32_t>(random.uniform() * 3) - 1);
        if (i % 1000 == 7)
            dark.images.push_back(static_cast<std::int32_t>(i));
    }
    catalog->attributes = {gender, age};
    catalog->check = ImageCheck{"2026-11-23T09:00:00Z", {}, {dark}};
    catalog->markFlaws();
    return catalog;
}

std::vector<std::uint8_t> jpegOf(const QImage& image) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "JPEG");
    return {bytes.begin(), bytes.end()};
}

QImage picture(int hue) {
    QImage image(160, 120, QImage::Format_RGB32);
    image.fill(QColor::fromHsv(hue, 160, 220));
    QPainter(&image).fillRect(40, 30, 50, 60, QColor::fromHsv((hue + 120) % 360, 200, 90));
    return image;
}

/// A project with a set of sixty drawn pictures, half of them without a thumbnail, and a check of it.
struct Bench {
    test::TempFolder folder;
    Settings settings{QString::fromStdString((folder / "settings.ini").string())};
    Engine engine{QStringLiteral(PLUMBLINE_FAKE_ENGINE)};
    RunningWork work{&engine};
    ProjectService project;
    ProjectLists lists{&project};
    Context context{&engine, &work, &project, &lists, &settings};
    ImageSet set;

    static ImageCheck check() {
        return {"2026-11-23T09:00:00Z",
                {},
                {{ImageFlaw::OtherLabels, {2, 3}, {2, 2}, {}, {}},
                 {ImageFlaw::ExactDuplicate, {2, 3, 8, 11}, {2, 2, 8, 8}, {}, {}},
                 {ImageFlaw::Small, {1, 3, 5}, {}, {100, 90, 80}, {}}}};
    }
    void open(bool checked) {
        const auto path = folder / "bench.plumb";
        auto fresh = store::Project::create(path);
        QVERIFY(fresh.has_value());
        set.root = folder / "images";
        std::filesystem::create_directories(set.root);
        std::vector<std::string> gender, age;
        std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>> thumbnails;
        for (int i = 0; i < 60; ++i) {
            set.files.push_back("face " + std::to_string(i) + ".png");
            QVERIFY(picture(i * 6).save(QString::fromStdString((set.root / set.files.back()).string())));
            gender.push_back(i % 3 == 0 ? "man" : "woman");
            age.push_back(i % 10 == 9 ? "" : i < 40 ? "young" : "old");
            if (i < 30)
                thumbnails.emplace_back(i, jpegOf(picture(i * 6)));
        }
        set.attributes = {makeAttribute("gender", gender), makeAttribute("age", age)};
        const auto id = fresh->addImageSet(set, "drawn");
        QVERIFY(id.has_value() && fresh->putThumbnails(*id, thumbnails).has_value());
        if (checked)
            QVERIFY(fresh->putImageCheck(*id, check()).has_value());
        project.open(QString::fromStdString(path.string()));
        QTRY_VERIFY_WITH_TIMEOUT(lists.isLoaded(), kWait);
    }
    store::Project again() { return std::move(*store::Project::open(folder / "bench.plumb")); }
};

bool says(const QWidget* page, const QString& words) {
    for (const QLabel* label : page->findChildren<QLabel*>())
        if (label->isVisible() && label->text().contains(words))
            return true;
    return false;
}

} // namespace

class TestImageBrowser : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
        qApp->installTranslator(new EnglishPlurals(qApp));
    }

    void aMillionRowsAreAModel() {
        const auto catalog = inventCatalog(1000000);
        ImageTable table(nullptr);
        const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        table.setCatalog(catalog);
        QCOMPARE(table.rowCount(), 1000000);
        QCOMPARE(table.columnCount(), 4);
        QCOMPARE(table.index(999999, 0).data().toString(), QStringLiteral("img/999999.jpg"));
        QCOMPARE(table.index(7, 3).data().toString(), QStringLiteral("dark"));
        QVERIFY(table.index(7, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("dark")));
        QCOMPARE(table.headerData(1, Qt::Horizontal).toString(), QStringLiteral("gender"));

        // As a plain loop would have it, and the answer of the last wish only.
        QSignalSpy arranged(&table, &ImageTable::arranged);
        table.setFilter({{0}, "", 0});
        table.setFilter({{1, -1}, "99", 0});
        QVERIFY(table.isArranging());
        QTRY_COMPARE_WITH_TIMEOUT(arranged.count(), 1, kWait);
        QVERIFY(!table.isArranging());
        std::vector<qint64> expected, found;
        for (std::size_t row = 0; row < catalog->size(); ++row)
            if (catalog->attributes[0].codes[row] == 1 && catalog->attributes[1].codes[row] == -1 &&
                std::to_string(row).find("99") != std::string::npos)
                expected.push_back(static_cast<qint64>(row));
        for (int row = 0; row < table.rowCount(); ++row)
            found.push_back(table.imageRow(row));
        QVERIFY(expected.size() > 1000 && found == expected);
        QCOMPARE(table.rowOf(expected[5]), 5);
        QCOMPARE(table.rowOf(0), -1);

        table.sort(0, Qt::DescendingOrder);
        QTRY_COMPARE_WITH_TIMEOUT(arranged.count(), 2, kWait);
        QCOMPARE(table.rowCount(), static_cast<int>(expected.size()));
        for (int row = 1; row < 500; ++row)
            QVERIFY(table.index(row, 0).data().toString() < table.index(row - 1, 0).data().toString());
        table.setFilter({});
        table.sort(-1);
        QTRY_COMPARE_WITH_TIMEOUT(table.rowCount(), 1000000, kWait);
        QCOMPARE(table.imageRow(3), 3);
        table.setCatalog(nullptr);
        QCOMPARE(table.rowCount(), 0);
    }

    void aModelThatGoesWhileItIsArrangedIsNoMatter() {
        const auto catalog = inventCatalog(200000);
        auto table = std::make_unique<ImageTable>(nullptr);
        table->setCatalog(catalog);
        table->sort(0, Qt::DescendingOrder);
        table.reset();
        QTest::qWait(50);
    }

    void aGridOfAMillionTilesMovesByTheKeyboard() {
        ImageTable table(nullptr);
        table.setCatalog(inventCatalog(1000000));
        TileGrid grid;
        QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        ImageTile tile(64, false, nullptr);
        grid.setItemDelegate(&tile);
        grid.setModel(&table);
        grid.resize(600, 400);
        grid.show();
        QVERIFY(QTest::qWaitForWindowExposed(&grid));
        const int columns = grid.columns();
        QTest::keyClick(&grid, Qt::Key_Home);
        QCOMPARE(grid.currentIndex().row(), 0);
        QTest::keyClick(&grid, Qt::Key_Right);
        QCOMPARE(grid.currentIndex().row(), 1);
        QTest::keyClick(&grid, Qt::Key_Down);
        QCOMPARE(grid.currentIndex().row(), 1 + columns);
        QTest::keyClick(&grid, Qt::Key_Up);
        QTest::keyClick(&grid, Qt::Key_Up); // stays in the first line
        QCOMPARE(grid.currentIndex().row(), 1);
        QTest::keyClick(&grid, Qt::Key_End);
        QCOMPARE(grid.currentIndex().row(), 999999);
        QVERIFY(grid.viewport()->rect().contains(grid.visualRect(grid.currentIndex())));
        QTest::keyClick(&grid, Qt::Key_PageUp);
        QVERIFY(grid.currentIndex().row() < 999999 && grid.currentIndex().row() > 999000);
        // Every place leads back to its tile, wherever it is scrolled to.
        grid.verticalScrollBar()->setValue(grid.verticalScrollBar()->maximum() / 3);
        const QModelIndex middle = grid.indexAt({300, 200});
        QVERIFY(middle.isValid());
        QVERIFY(grid.visualRect(middle).contains(QPoint(300, 200)));
        QVERIFY(!grid.indexAt({-1, 5}).isValid());
        // A wider grid keeps the same tiles in sight.
        const int first = grid.indexAt({0, 0}).row();
        grid.resize(900, 400);
        QTRY_VERIFY_WITH_TIMEOUT(grid.columns() > columns, kWait);
        QVERIFY(std::abs(grid.indexAt({0, 0}).row() - first) <= grid.columns());
    }

    void aCrossingIsATableWithSums() {
        const auto catalog = inventCatalog(3000);
        GroupCrossing crossing;
        const QAbstractItemModelTester tester(&crossing, QAbstractItemModelTester::FailureReportingMode::QtTest);
        crossing.setAttributes(catalog->attributes[0], catalog->attributes[1]);
        QCOMPARE(crossing.rowCount(), 3);    // man, woman, all
        QCOMPARE(crossing.columnCount(), 4); // old, young, no label, all
        qint64 sum = 0;
        for (int row = 0; row < 2; ++row)
            for (int column = 0; column < 3; ++column)
                sum += crossing.index(row, column).data(GroupCrossing::CountRole).toLongLong();
        QCOMPARE(sum, 3000);
        QCOMPARE(crossing.index(2, 3).data(GroupCrossing::CountRole).toLongLong(), 3000);
        QVERIFY(!crossing.index(0, 0).data(GroupCrossing::FewRole).toBool());
        QCOMPARE(crossing.summary().all, 4);
        QCOMPARE(crossing.summary().few, 0);
        const auto small = inventCatalog(40);
        crossing.setAttributes(small->attributes[0], small->attributes[1]);
        QCOMPARE(crossing.summary().few + crossing.summary().empty, 4);
        QVERIFY(crossing.index(0, 0).data(GroupCrossing::FewRole).toBool());
        QVERIFY(crossing.index(0, 0).data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("too few")));
        QVERIFY(!crossing.index(0, 2).data(GroupCrossing::FewRole).toBool()); // no label is no group
    }

    void imagesAreBrowsedWithMouseAndKeyboard() {
        Bench bench;
        bench.open(true);
        ImagesPage page(bench.context);
        page.resize(1000, 700);
        page.show();
        QVERIFY(QTest::qWaitForWindowActive(&page));
        ImageSetPanel* panel = page.panel();
        ImageBrowser* browser = panel->browser();
        panel->tabs()->setFocus();
        QTest::keyClick(panel->tabs(), Qt::Key_Right);
        QTRY_COMPARE_WITH_TIMEOUT(browser->images()->rowCount(), 60, kWait);
        QVERIFY(says(browser, QStringLiteral("60 images")));
        // Thumbnails come from the project; those that nobody can make are said to be missing.
        const auto thumbnail = [&](int row) {
            return browser->images()->index(row, 0).data(ImageTable::ThumbnailRole).value<QImage>();
        };
        QTRY_VERIFY_WITH_TIMEOUT(!thumbnail(3).isNull(), kWait);
        QTRY_VERIFY_WITH_TIMEOUT(
            thumbnail(45).isNull() && browser->images()->index(45, 0).data(ImageTable::MissingRole).toBool(), kWait);

        // By the text of a name, by a group, by a finding; and all again.
        QTest::keyClicks(browser->find(), QStringLiteral("FACE 1"));
        QTRY_COMPARE_WITH_TIMEOUT(browser->images()->rowCount(), 11, kWait);
        QVERIFY(says(browser, QStringLiteral("11 of 60 images")));
        auto* gender = named<QComboBox>(browser, QStringLiteral("Group of gender"));
        QVERIFY(gender != nullptr);
        gender->setFocus();
        QTest::keyClick(gender, Qt::Key_Down);
        QCOMPARE(gender->currentText(), QStringLiteral("gender: man"));
        QTRY_COMPARE_WITH_TIMEOUT(browser->images()->rowCount(), 3, kWait); // 12, 15, 18
        auto* all = [&] {
            for (auto* button : browser->findChildren<QPushButton*>())
                if (button->text() == QStringLiteral("Show all"))
                    return button;
            return static_cast<QPushButton*>(nullptr);
        }();
        QTest::mouseClick(all, Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(browser->images()->rowCount(), 60, kWait);
        QVERIFY(browser->find()->text().isEmpty());
        auto* finding = named<QComboBox>(browser, QStringLiteral("Findings"));
        QCOMPARE(finding->count(), 4);
        finding->setFocus();
        QTest::keyClick(finding, Qt::Key_Down);
        QTRY_COMPARE_WITH_TIMEOUT(browser->images()->rowCount(), 2, kWait);
        QTest::keyClick(finding, Qt::Key_Home);
        QTRY_COMPARE_WITH_TIMEOUT(browser->images()->rowCount(), 60, kWait);

        // A click shows it large; the arrow goes on; Escape closes.
        QTest::mouseClick(browser->grid()->viewport(), Qt::LeftButton, {},
                          browser->grid()->visualRect(browser->images()->index(1, 0)).center());
        auto* viewer = browser->findChild<ImageViewer*>();
        QVERIFY(viewer != nullptr && viewer->isVisible());
        QCOMPARE(viewer->windowTitle(), QStringLiteral("face 1.png"));
        QTest::keyClick(viewer, Qt::Key_Right);
        QCOMPARE(viewer->windowTitle(), QStringLiteral("face 2.png"));
        QCOMPARE(browser->grid()->currentIndex().row(), 2);
        QTest::keyClick(viewer, Qt::Key_Escape);
        QVERIFY(!viewer->isVisible());

        // As a table: sorted by a header, the row copied with it.
        browser->setAsTable(true);
        QVERIFY(browser->table()->isVisible());
        QCOMPARE(browser->table()->currentIndex().row(), 2);
        QHeaderView* header = browser->table()->horizontalHeader();
        QTest::mouseClick(header->viewport(), Qt::LeftButton, {},
                          QPoint(header->sectionViewportPosition(1) + 10, header->height() / 2));
        QTRY_COMPARE_WITH_TIMEOUT(browser->images()->index(19, 1).data().toString(), QStringLiteral("man"), kWait);
        QCOMPARE(browser->images()->index(20, 1).data().toString(), QStringLiteral("woman"));
        browser->table()->setFocus();
        browser->table()->selectRow(0);
        QTest::keyClick(browser->table(), Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QGuiApplication::clipboard()->text(),
                 QStringLiteral("File\tgender\tage\tFindings\nface 0.png\tman\tyoung\t\n"));
    }

    void aCellOfTheCrossingOpensItsImages() {
        Bench bench;
        bench.open(false);
        ImagesPage page(bench.context);
        page.resize(1000, 700);
        page.show();
        ImageSetPanel* panel = page.panel();
        panel->showTab(ImageSetPanel::Crossing);
        QTableView* table = panel->crossing()->table();
        QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 3, kWait);
        QVERIFY(says(panel->crossing(), QStringLiteral("4 combinations. 4 have fewer than 30")));
        const QModelIndex cell = table->model()->index(0, 0); // man, old
        const int images = cell.data(GroupCrossing::CountRole).toInt();
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(cell).center());
        QCOMPARE(panel->tabs()->currentIndex(), int(ImageSetPanel::Images));
        QTRY_COMPARE_WITH_TIMEOUT(panel->browser()->images()->rowCount(), images, kWait);
        QVERIFY(images > 0 && images < 60);
    }

    void whatACheckFoundIsSaidAndShown() {
        Bench bench;
        bench.open(false);
        ImagesPage page(bench.context);
        page.resize(1000, 700);
        page.show();
        ImageSetPanel* panel = page.panel();
        panel->showTab(ImageSetPanel::Check);
        CheckView* check = panel->check();
        QTRY_VERIFY_WITH_TIMEOUT(says(check, QStringLiteral("Nobody has looked")), kWait);
        QVERIFY(check->checkButton()->isEnabled());
        // As the engine would, and the page follows.
        QVERIFY(bench.again().putImageCheck(1, Bench::check()).has_value());
        QTRY_VERIFY_WITH_TIMEOUT(says(check, QStringLiteral("1 picture stands in the set more than once with different "
                                                            "labels")),
                                 kWait);
        QVERIFY(says(check, QStringLiteral("4 images are the same file as another; each counted once, 2 in all.")));
        QVERIFY(says(check, QStringLiteral("3 images are small: the shorter side has fewer than 224 pixels")));
        // Side by side: the pictures of the group, then of another kind of group.
        QCOMPARE(check->groups()->model()->rowCount(), 1);
        QVERIFY(check->groups()->model()->index(0, 0).data().toString().contains(QStringLiteral("labels differ")));
        QAbstractItemModel* tiles = check->sideBySide()->model();
        QCOMPARE(tiles->rowCount(), 2);
        QCOMPARE(tiles->index(0, 0).data().toString(), QStringLiteral("face 2.png"));
        QCOMPARE(tiles->index(0, 0).data(ImageTable::LabelsRole).toString(), QStringLiteral("woman · young"));
        auto* kind = named<QComboBox>(check, QStringLiteral("Which pictures are held side by side"));
        kind->setFocus();
        QTest::keyClick(kind, Qt::Key_Down);
        QCOMPARE(check->groups()->model()->rowCount(), 2);
        check->groups()->setCurrentIndex(check->groups()->model()->index(1, 0));
        QCOMPARE(tiles->index(0, 0).data().toString(), QStringLiteral("face 8.png"));
        // The button beside a finding shows its images among all.
        auto* show =
            named<QPushButton>(check, QStringLiteral("Show: 3 images are small: the shorter side has fewer than "
                                                     "224 pixels, so a model sees them enlarged."));
        QVERIFY(show != nullptr);
        show->setFocus();
        QTest::keyClick(show, Qt::Key_Space);
        QCOMPARE(panel->tabs()->currentIndex(), int(ImageSetPanel::Images));
        QTRY_COMPARE_WITH_TIMEOUT(panel->browser()->images()->rowCount(), 3, kWait);
        QCOMPARE(panel->browser()->images()->imageRow(2), 5);
    }

    void thumbnailsOfAnotherSetAreNotMixedUp() {
        Bench bench;
        bench.open(false);
        {
            auto project = bench.again();
            ImageSet other = bench.set;
            other.files.resize(5);
            for (Attribute& attribute : other.attributes)
                attribute.codes.resize(5);
            QVERIFY(project.addImageSet(other, "without thumbnails").has_value());
        }
        ThumbnailReader reader(&bench.project, nullptr);
        ThumbnailCache cache(&reader);
        QSignalSpy arrived(&cache, &ThumbnailCache::arrived);
        cache.setImageSet(1);
        QVERIFY(cache.image(2).isNull()); // asked for
        QTRY_COMPARE_WITH_TIMEOUT(arrived.count(), 1, kWait);
        QVERIFY(!cache.image(2).isNull());
        QVERIFY(cache.image(3).isNull());
        cache.setImageSet(2); // while one of the first set is on its way
        QVERIFY(cache.image(2).isNull());
        QTRY_VERIFY_WITH_TIMEOUT(cache.isMissing(2), kWait);
        QVERIFY(cache.image(2).isNull());
        QVERIFY(!cache.isMissing(3));
    }
};

QTEST_MAIN(TestImageBrowser)
#include "tst_image_browser.moc"
