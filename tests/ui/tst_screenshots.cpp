// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of every page, light and dark, empty and full, to be looked at: they are written to
// <build folder>/screenshots, with "@2x" when run with QT_SCALE_FACTOR=2. What can be checked by itself is checked too:
// no word is cut, and every control that takes the keyboard has a name.
#include <functional>

#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QBuffer>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTabBar>
#include <QTest>
#include <QToolButton>

#include <nlohmann/json.hpp>

#include "app/window/help_page.h"
#include "app/window/main_window.h"
#include "core/data/json.h"
#include "core/probe/probe_set.h"
#include "tests/support/test_support.h"
#include "tests/ui/synthetic_project.h"
#include "tests/ui/synthetic_study.h"
#include "ui/bridge/error_texts.h"
#include "ui/charts/dumb_bells.h"
#include "ui/charts/numbers_table.h"
#include "ui/models/image_table.h"
#include "ui/charts/image_strip.h"
#include "ui/charts/plumb_chart_view.h"
#include "ui/charts/plumb_table.h"
#include "ui/models/prompt_table.h"
#include "ui/pages/audit/merge_groups_dialog.h"
#include "ui/pages/audit/new_audit_panel.h"
#include "ui/pages/compare/compare_page.h"
#include "ui/pages/compare/comparison_view.h"
#include "ui/pages/images/add_images_form.h"
#include "ui/pages/images/image_browser.h"
#include "ui/pages/images/image_set_panel.h"
#include "ui/pages/images/images_page.h"
#include "ui/pages/mitigate/audit_with_dialog.h"
#include "ui/pages/mitigate/comparison_form.h"
#include "ui/pages/mitigate/mitigate_page.h"
#include "ui/pages/mitigate/study_view.h"
#include "ui/pages/models/models_page.h"
#include "ui/pages/overview/overview_page.h"
#include "ui/pages/probes/import_dialog.h"
#include "ui/pages/probes/probes_page.h"
#include "ui/pages/probes/versions_dialog.h"
#include "ui/charts/page_view.h"
#include "ui/pages/report/report_page.h"
#include "ui/pages/runs/close_up.h"
#include "ui/pages/runs/explore_bar.h"
#include "ui/pages/runs/note_dialog.h"
#include "ui/pages/runs/runs_page.h"
#include "ui/widgets/command_palette.h"
#include "ui/widgets/group_bars.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/table_view.h"
#include "ui/widgets/tile_grid.h"
#include "ui/widgets/tour_panel.h"

using namespace plumbline;
using namespace plumbline::ui;

constexpr int kSettles = 3000;

class TestScreenshots : public QObject {
    Q_OBJECT

private:
    test::TempFolder m_folder;
    std::unique_ptr<MainWindow> m_window;

    QString path(const char* name) const { return QString::fromStdString((m_folder / name).string()); }

    void save(const QString& name) {
        QTest::qWait(50);
        const QDir folder(QString::fromStdString((test::binaryFolder() / "screenshots").string()));
        QVERIFY(folder.mkpath(QStringLiteral(".")));
        const QString scale = m_window->devicePixelRatioF() > 1 ? QStringLiteral("@2x") : QString();
        checkWords(name);
        QPixmap picture;
        QString faint; // a picture and the places of its words are taken at one moment
        (void)QTest::qWaitFor(
            [&] {
                picture = m_window->grab();
                return (faint = faintWords(picture.toImage())).isEmpty();
            },
            kSettles);
        QVERIFY(picture.save(folder.filePath(name + scale + QStringLiteral(".png"))));
        QVERIFY2(faint.isEmpty(), qPrintable(name + QStringLiteral(": ") + faint));
    }

    /// WCAG 2.1, 1.4.3: relative luminance.
    static double luminance(QRgb colour) {
        const auto part = [](int value) {
            const double c = value / 255.0;
            return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
        };
        return 0.2126 * part(qRed(colour)) + 0.7152 * part(qGreen(colour)) + 0.0722 * part(qBlue(colour));
    }
    /// The strongest contrast of a pixel against the ground, which is the commonest colour: of text in one colour that
    /// of its inside, or a little less where its strokes are thin. 0: nothing is written there.
    static double contrastIn(const QImage& picture, QRect rect) {
        rect &= picture.rect();
        QHash<QRgb, int> seen;
        for (int y = rect.top(); y <= rect.bottom(); ++y)
            for (int x = rect.left(); x <= rect.right(); ++x)
                ++seen[picture.pixel(x, y) | 0xFF000000];
        if (seen.size() < 2)
            return 0;
        QRgb ground = 0;
        for (auto colour = seen.cbegin(); colour != seen.cend(); ++colour)
            if (colour.value() > seen.value(ground))
                ground = colour.key();
        double most = 1;
        for (auto colour = seen.cbegin(); colour != seen.cend(); ++colour) {
            const double a = luminance(ground), b = luminance(colour.key());
            most = std::max(most, (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05));
        }
        return most;
    }
    /// Every text that can be read is readable: 4.5 to 1. What is disabled is exempt. The first that is not.
    QString faintWords(const QImage& picture) const {
        const qreal scale = picture.devicePixelRatio();
        QString faint;
        const auto check = [&](const QWidget* widget, const QRect& rect, const QString& text) {
            const QPoint at = widget->mapTo(m_window.get(), rect.topLeft());
            const QRect seen = QRect(at, rect.size()) & m_window->rect() &
                               QRect(widget->mapTo(m_window.get(), widget->visibleRegion().boundingRect().topLeft()),
                                     widget->visibleRegion().boundingRect().size());
            if (seen.width() < 4 || seen.height() < rect.height())
                return; // scrolled out of sight
            const double contrast =
                contrastIn(picture, QRectF(seen.topLeft() * scale, QSizeF(seen.size()) * scale).toRect());
            if (contrast > 0 && contrast < 4.5 && faint.isEmpty())
                faint = QStringLiteral("contrast %1: %2").arg(contrast).arg(text);
        };
        for (const QLabel* label : m_window->findChildren<QLabel*>())
            if (label->isVisible() && label->isEnabled() && !label->text().isEmpty())
                check(label, label->contentsRect(), label->text());
        for (const QAbstractButton* button : m_window->findChildren<QAbstractButton*>())
            if (button->isVisible() && button->isEnabled() && !button->text().isEmpty())
                check(button, button->rect().adjusted(3, 3, -3, -3), button->text());
        for (QAbstractItemView* view : m_window->findChildren<QAbstractItemView*>()) {
            if (!view->isVisible() || !view->isEnabled() || view->model() == nullptr)
                continue;
            const auto* list = qobject_cast<QListView*>(view);
            if (qobject_cast<TileGrid*>(view) != nullptr || (list != nullptr && list->isWrapping()))
                continue; // beside a picture the commonest colour is not that of the ground
            const QRect sight = view->viewport()->rect();
            for (int row = 0; row < std::min(view->model()->rowCount(view->rootIndex()), 400); ++row)
                for (int column = 0; column < std::min(view->model()->columnCount(view->rootIndex()), 40); ++column) {
                    const QModelIndex index = view->model()->index(row, column, view->rootIndex());
                    const QRect cell = view->visualRect(index).adjusted(2, 2, -2, -2);
                    if (!sight.contains(cell) || index.data().toString().isEmpty() ||
                        !(index.flags() & Qt::ItemIsEnabled))
                        continue;
                    check(view->viewport(), cell, index.data().toString());
                }
        }
        return faint;
    }

    void saveDialog(QDialog& dialog, const QString& name) {
        const QDir folder(QString::fromStdString((test::binaryFolder() / "screenshots").string()));
        const QString scale = m_window->devicePixelRatioF() > 1 ? QStringLiteral("@2x") : QString();
        QVERIFY(dialog.grab().save(folder.filePath(name + scale + QStringLiteral(".png"))));
        checkWords(name);
    }

    /// One line of text needs its width; a button its label. The first that does not have it.
    QString cutWords() const {
        for (const QLabel* label : m_window->findChildren<QLabel*>()) {
            if (!label->isVisible() || label->text().isEmpty())
                continue;
            if (!label->wordWrap() && label->width() < label->sizeHint().width() - 1)
                return QStringLiteral("cut: ") + label->text();
            if (label->wordWrap() && label->height() < label->heightForWidth(label->width()) - 1)
                return QStringLiteral("cut below: ") + label->text();
        }
        for (const QPushButton* button : m_window->findChildren<QPushButton*>())
            if (button->isVisible() && button->width() < button->sizeHint().width())
                return QStringLiteral("cut: ") + button->text();
        return {};
    }

    void checkWords(const QString& page) {
        QString cut; // on a busy machine a card is laid out a moment after it is shown
        (void)QTest::qWaitFor([&] { return (cut = cutWords()).isEmpty(); }, kSettles);
        QVERIFY2(cut.isEmpty(), qPrintable(page + QStringLiteral(": ") + cut));
        for (QWidget* widget : m_window->findChildren<QWidget*>()) {
            if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus) || !widget->isEnabled())
                continue;
            const auto* button = qobject_cast<QAbstractButton*>(widget);
            if ((button != nullptr && !button->text().isEmpty()) || widget->inherits("QMenuBar"))
                continue;
            if (widget->focusProxy() != nullptr || qobject_cast<QAbstractSpinBox*>(widget->parentWidget()) != nullptr)
                continue; // a part of another control, which has the name
            QAccessibleInterface* readable = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(readable != nullptr && !readable->text(QAccessible::Name).isEmpty(),
                     qPrintable(page + QStringLiteral(": has no name: ") +
                                QString::fromLatin1(widget->metaObject()->className())));
        }
    }

    void press(QWidget* place, const QString& label) {
        for (QPushButton* button : place->findChildren<QPushButton*>())
            if (button->isVisible() && button->text() == label) {
                QTest::mouseClick(button, Qt::LeftButton);
                return;
            }
        QFAIL(qPrintable(QStringLiteral("no button ") + label));
    }

    void openSample() {
        press(m_window->overviewPage(), QStringLiteral("Open the sample"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<TourPanel*>()->isVisible(), 30000);
        QTest::qWait(1200); // curves and pictures of the first row
    }

    /// Another k and target of the run that is shown, and back.
    void explore(const QString& picture) {
        auto* runs = m_window->findChild<RunsPage*>();
        if (!runs->exploreBar()->isVisible())
            press(runs, QStringLiteral("E&xplore k"));
        QVERIFY(runs->exploreBar()->isVisible());
        runs->exploreBar()->number()->setValue(40);
        runs->exploreBar()->target()->setCurrentIndex(2);
        QTRY_VERIFY_WITH_TIMEOUT(runs->chart()->chart()->isExplored, 30000);
        QTest::qWait(1500); // intervals and curves
        save(picture);
        runs->exploreBar()->goBack();
    }

    /// Flags and notes at prompts and images, their list, and the window that writes one.
    void notes(const std::function<QString(const QString&)>& name) {
        auto* runs = m_window->findChild<RunsPage*>();
        PlumbTable* table = runs->chart()->table();
        if (!table->plumbModel().remark(table->currentMeasurement()).isEmpty())
            return; // of this very sample, in the other colours
        QTest::keyClick(table, Qt::Key_F);
        QTRY_VERIFY_WITH_TIMEOUT(table->plumbModel().remark(table->currentMeasurement()).flagged, 30000);
        ImageStrip* strip = runs->closeUp()->images();
        strip->view()->setFocus();
        strip->view()->setCurrentIndex(strip->images()->index(1));
        QTest::keyClick(strip->view(), Qt::Key_F);
        QTRY_VERIFY_WITH_TIMEOUT(strip->images()->remark(1).flagged, 30000);
        table->setFocus();
        QTest::keyClick(table, Qt::Key_N);
        auto* dialog = m_window->findChild<NoteDialog*>();
        QVERIFY(dialog);
        dialog->findChild<QPlainTextEdit*>()->setPlainText(
            QStringLiteral("Seven of the first ten wear a white coat. Ask for other pictures of the same occupation "
                           "before this is called a lean of the model."));
        QTest::qWait(100);
        saveDialog(*dialog, name(QStringLiteral("note")));
        dialog->accept();
        QTRY_VERIFY_WITH_TIMEOUT(!table->plumbModel().remark(table->currentMeasurement()).text.isEmpty(), 30000);
        save(name(QStringLiteral("noted")));
        for (QTabBar* tabs : runs->findChildren<QTabBar*>())
            if (tabs->tabText(0) == u"Prompts") {
                tabs->setCurrentIndex(4);
                save(name(QStringLiteral("notes")));
                tabs->setCurrentIndex(0);
            }
    }

    template <class Widget>
    Widget* named(const QString& accessibleName) {
        Widget* hidden = nullptr; // other pages may have one of that name, too
        for (auto* widget : m_window->findChildren<Widget*>()) {
            if (widget->accessibleName() != accessibleName)
                continue;
            if (widget->isVisible())
                return widget;
            if (hidden == nullptr)
                hidden = widget;
        }
        return hidden;
    }

    /// The audit panel with a crossing of 126 cells, each target, and everything that is folded away.
    void auditChoices(const std::function<QString(const char*)>& name) {
        NewAuditPanel* panel = m_window->auditPanel();
        auto* crossed = named<QListWidget>(QStringLiteral("Attributes of the crossing"));
        auto* target = named<QComboBox>(QStringLiteral("Target shares"));
        QVERIFY(crossed && target);
        for (auto* box : panel->findChildren<QCheckBox*>())
            box->setChecked(true); // Cross, More choices
        for (int row = 0; row < crossed->count(); ++row)
            crossed->item(row)->setCheckState(Qt::Checked);
        QTRY_COMPARE_WITH_TIMEOUT(panel->findChildren<GroupBars*>().size(), 2, 30000);
        save(name("audit-cross"));
        auto* counts = named<QScrollArea>(QStringLiteral("Groups to compare"));
        counts->verticalScrollBar()->setValue(counts->verticalScrollBar()->maximum());
        QScrollArea* form = nullptr;
        for (QWidget* above = target; form == nullptr; above = above->parentWidget())
            form = qobject_cast<QScrollArea*>(above);
        QTRY_VERIFY_WITH_TIMEOUT(target->count() == 5, 30000); // what comes with the program is there
        for (int kind = 2; kind < target->count(); ++kind) {
            target->setCurrentIndex(kind);
            if (auto* table = named<QLineEdit>(QStringLiteral("Table of target shares")); table->isVisible()) {
                table->setText(QStringLiteral("/data/genders.csv"));
                QTest::qWait(300);
            }
            form->ensureWidgetVisible(target, 0, 400);
            save(name(qPrintable(QStringLiteral("audit-target-%1").arg(kind))));
        }
        form->verticalScrollBar()->setValue(form->verticalScrollBar()->maximum());
        save(name("audit-more"));
        target->setCurrentIndex(0);
        std::vector<std::pair<std::string, std::int64_t>> ages;
        for (const char* age : {"0-2", "10-19", "20-29", "3-9", "30-39", "40-49", "50-59", "60-69", "more than 70"})
            ages.emplace_back(age, 300);
        MergeGroupsDialog dialog(QStringLiteral("age"), ages, 7, {}, panel);
        dialog.show();
        QTest::qWait(100);
        const QDir folder(QString::fromStdString((test::binaryFolder() / "screenshots").string()));
        const QString scale = m_window->devicePixelRatioF() > 1 ? QStringLiteral("@2x") : QString();
        QVERIFY(dialog.grab().save(folder.filePath(name("audit-merge") + scale + QStringLiteral(".png"))));
    }

    /// What the engine would leave: a check of the pictures, and thumbnails of some of them.
    static void lookAt(store::Project& project) {
        ImageCheck check{"2026-11-23T09:00:00Z", {}, {}};
        check.findings = {{ImageFlaw::OtherLabels, {4, 17}, {4, 4}, {}, {}},
                          {ImageFlaw::Unreadable, {30, 31}, {}, {}, {"it ends early", "it is no picture"}},
                          {ImageFlaw::ExactDuplicate, {4, 17}, {4, 4}, {}, {}},
                          {ImageFlaw::NearDuplicate, {6, 8, 9}, {6, 6, 6}, {2, 3, 2}, {}},
                          {ImageFlaw::Dark, {12}, {}, {0.04F}, {}},
                          {ImageFlaw::Small, {20, 21, 22, 23}, {}, {96, 100, 180, 200}, {}}};
        QVERIFY(project.putImageCheck(1, check).has_value());
        std::vector<std::pair<std::int64_t, std::vector<std::uint8_t>>> thumbnails;
        for (int row = 0; row < 60; ++row) {
            QImage image(160, 160, QImage::Format_RGB32);
            image.fill(QColor::fromHsv(row * 37 % 360, 90, 200));
            QPainter painter(&image);
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(Qt::NoPen);
            painter.setBrush(QColor::fromHsv(25, 60 + row % 5 * 30, 220 - row % 7 * 25));
            painter.drawEllipse(45, 30, 70, 90);
            QByteArray bytes;
            QBuffer buffer(&bytes);
            buffer.open(QIODevice::WriteOnly);
            QVERIFY(image.save(&buffer, "JPEG"));
            thumbnails.emplace_back(row, std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
        }
        QVERIFY(project.putThumbnails(1, thumbnails).has_value());
    }

    /// An image set from its other sides.
    void imageSides(const std::function<QString(const char*)>& name) {
        ImageSetPanel* panel = m_window->imagesPage()->panel();
        panel->showTab(ImageSetPanel::Images);
        QTRY_COMPARE_WITH_TIMEOUT(panel->browser()->images()->rowCount(), 5000, 30000);
        QTest::qWait(500); // thumbnails
        save(name("images-browse"));
        panel->browser()->showFlaw(ImageFlaw::NearDuplicate);
        panel->browser()->setAsTable(true);
        QTRY_COMPARE_WITH_TIMEOUT(panel->browser()->images()->rowCount(), 3, 30000);
        save(name("images-table"));
        panel->showTab(ImageSetPanel::Crossing);
        save(name("images-crossing"));
        panel->showTab(ImageSetPanel::Check);
        QTest::qWait(300);
        save(name("images-check"));
        m_window->resize(1024, 700); // the smallest window
        save(name("images-check-small"));
        panel->browser()->setAsTable(false);
        panel->showTab(ImageSetPanel::Images);
        save(name("images-browse-small"));
        m_window->resize(1280, 820);
    }

    void chooseRows(const QString& column, const QString& value) {
        for (QComboBox* box : m_window->imagesPage()->form()->findChildren<QComboBox*>())
            if (box->accessibleName() == QStringLiteral("Column that chooses rows")) {
                box->setCurrentIndex(box->findData(column));
                Q_EMIT box->activated(box->currentIndex());
            } else if (box->accessibleName() == QStringLiteral("Value that the column must have")) {
                box->setEditText(value);
            }
    }

    void start(const char* appearance, bool full, const QString& engine = QStringLiteral(PLUMBLINE_FAKE_ENGINE)) {
        m_window.reset();
        const QString settings = path("settings.ini");
        QFile::remove(settings);
        {
            Settings prepared(settings);
            prepared.setAppearance(QString::fromLatin1(appearance));
            prepared.setFolder(QStringLiteral("sample"), path("sample"));
            if (!full)
                for (const char* name : {"faceclip.plumb", "Hiring search 2026.plumb"})
                    prepared.addRecentProject(QDir::home().filePath(QStringLiteral("Documents/") + QString::fromLatin1(name)));
        }
        nlohmann::json report = toJson(test::syntheticImages().report);
        qputenv("FAKE_REPORT", QByteArray::fromStdString(report.dump()));
        m_window = std::make_unique<MainWindow>(engine, settings);
        m_window->resize(1280, 820);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
        if (full) {
            QSignalSpy loaded(m_window->context().lists, &ProjectLists::refreshed);
            m_window->openProject(path("FairFace audit.plumb"));
            QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        }
    }

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
        auto project = store::Project::create(m_folder / "FairFace audit.plumb");
        QVERIFY(project.has_value());
        const auto filled = test::fillProject(*project);
        QVERIFY2(filled.has_value(), filled ? "" : qPrintable(errorText(filled.error())));
        QVERIFY(test::addStudies(*project).has_value());
        lookAt(*project);
        std::filesystem::create_directories(m_folder / "sample");
        auto sample = store::Project::create(m_folder / "sample" / "sample.plumb");
        QVERIFY(sample.has_value());
        const auto sampled = test::fillSample(*sample);
        QVERIFY2(sampled.has_value(), sampled ? "" : qPrintable(errorText(sampled.error())));
    }
    void cleanupTestCase() { m_window.reset(); }

    void pages_data() {
        QTest::addColumn<QString>("appearance");
        QTest::newRow("light") << QStringLiteral("light");
        QTest::newRow("dark") << QStringLiteral("dark");
    }
    void pages() {
        QFETCH(const QString, appearance);
        const auto name = [&](const char* page) { return QString::fromLatin1(page) + u'-' + appearance; };
        start(appearance.toLatin1().constData(), false);
        save(name("start"));
        m_window->carryOut({});
        start(appearance.toLatin1().constData(), true);
        for (const char* room : {"overview", "models", "images", "probes", "runs"}) {
            m_window->showRoom(QString::fromLatin1(room));
            if (qstrcmp(room, "probes") == 0) {
                auto* table = m_window->probesPage()->table();
                QTest::qWait(700); // token counts
                save(name("probes-builtin"));
                table->setCurrentSource(m_window->context().lists->probes()->index(
                    m_window->context().lists->probes()->rowCount() - 1, 0));
                QTest::qWait(700);
                auto* other = m_window->probesPage()->findChild<QComboBox*>(QStringLiteral("otherProbe"));
                other->setCurrentIndex(1);
                save(name("probes-difference"));
                other->setCurrentIndex(0);
                const std::int64_t own = m_window->context().lists->probes()->records().back().id;
                QPlainTextEdit* templates = nullptr;
                for (auto* edit : m_window->probesPage()->findChildren<QPlainTextEdit*>())
                    if (edit->accessibleName() == QStringLiteral("Templates"))
                        templates = edit;
                const QString before = templates->toPlainText();
                templates->setPlainText(QStringLiteral("a {gender: woman|man} who is a {}\nan {old|young} {}"));
                m_window->probesPage()->findChild<QCheckBox*>()->setChecked(true);
                m_window->probesPage()->flush();
                save(name("probes-words"));
                VersionsDialog versions(m_window->context(), own, m_window->probesPage());
                versions.show();
                QTest::qWait(500);
                for (auto* button : versions.findChildren<QPushButton*>())
                    if (button->text() == QStringLiteral("&Save as version"))
                        button->click();
                templates->setPlainText(before);
                m_window->probesPage()->flush();
                QTest::qWait(700);
                saveDialog(versions, name("probes-versions"));
                versions.hide();
                ImportDialog import(QStringLiteral("occupations.csv"), probe::builtInProbeSets().front(),
                                    m_window->probesPage());
                import.show();
                QTest::qWait(200);
                saveDialog(import, name("probes-import"));
            }
            if (qstrcmp(room, "runs") == 0)
                QTest::qWait(700);
            save(name(room));
            if (qstrcmp(room, "images") == 0)
                imageSides(name);
        }
        Q_EMIT m_window->overviewPage()->runChosen(1);
        QTest::qWait(1500);
        save(name("runs-done"));
        m_window->showNewAudit();
        m_window->auditPanel()->findChild<QPlainTextEdit*>()->setPlainText(
            QStringLiteral("a photo of a nurse\na photo of an engineer\na photo of a criminal"));
        QTest::qWait(700);
        save(name("audit"));
        auditChoices(name);

        m_window->showRoom(QStringLiteral("images"));
        m_window->imagesPage()->addImages(QStringLiteral("/data/fairface"), QStringLiteral("/data/fairface/label_val.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->imagesPage()->form()->isReady(), 30000);
        save(name("images-add"));
        chooseRows(QStringLiteral("split"), QStringLiteral("audit"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->imagesPage()->form()->isReady(), 30000);
        save(name("images-add-where"));

        m_window->showRoom(QStringLiteral("overview"));
        m_window->messages()->show({Severity::Note, QStringLiteral("clip-vit-b-32-laion was removed from the project."), {}, {{QStringLiteral("Undo"), [] {}}}});
        m_window->messages()->show(
            Message::of({ErrorCode::TensorMissing, {{"path", "/data/models/broken/model.safetensors"}, {"tensor", "visual.proj"}}, "12 tensors"}));
        AuditConfig config = test::syntheticConfig(1, 1);
        AuditRunner runner(m_window->context());
        runner.start(config);
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().work->index(0).data(RunningWork::DoneRole).toInt() > 10, 30000);
        save(name("working"));
        m_window->context().work->cancelAll();
        QTRY_COMPARE_WITH_TIMEOUT(m_window->context().work->rowCount(), 0, 30000);
        m_window->messages()->clear();
        const auto choose = [&](const QString& command) {
            for (const Command& each : commandsOf(m_window->menuBar()))
                if (each.name == command)
                    return each.run();
            QFAIL(qPrintable(command));
        };
        choose(QStringLiteral("Help › Help and keyboard"));
        QVERIFY(m_window->findChild<HelpPage*>()->isVisible());
        save(name("help"));
        choose(QStringLiteral("Help › Glossary"));
        m_window->findChild<HelpPage*>()->showGlossary(QStringLiteral("NDKL"));
        save(name("glossary"));
        choose(QStringLiteral("Project › Settings"));
        save(name("settings"));
        choose(QStringLiteral("Help › What the engine said: the log"));
        save(name("log"));
        m_window->showRoom(QStringLiteral("models"));
        choose(QStringLiteral("View › Find in the table"));
        TableSearch::of(m_window->modelsPage()->table())->line()->setText(QStringLiteral("vit"));
        save(name("find-rows"));
        TableSearch::of(m_window->modelsPage()->table())->shut();
        choose(QStringLiteral("Help › Find a command…"));
        auto* palette = m_window->findChild<CommandPalette*>();
        QVERIFY(palette != nullptr && palette->isVisible());
        palette->line()->setText(QStringLiteral("run"));
        QTest::qWait(50);
        const QDir folder(QString::fromStdString((test::binaryFolder() / "screenshots").string()));
        const QString scale = m_window->devicePixelRatioF() > 1 ? QStringLiteral("@2x") : QString();
        QVERIFY(palette->grab().save(folder.filePath(name("find-command") + scale + QStringLiteral(".png"))));
        palette->close();
    }
    /// Comparisons of methods: the form, one that runs, its result with each kind of method, and one that was stopped.
    void mitigate_data() { pages_data(); }
    void mitigate() {
        QFETCH(const QString, appearance);
        const auto name = [&](const char* what) { return QStringLiteral("mitigate-%1-%2").arg(QLatin1String(what), appearance); };
        start(appearance.toLatin1().constData(), true);
        m_window->showRoom(QStringLiteral("mitigate"));
        MitigatePage* page = m_window->mitigatePage();
        QTRY_VERIFY_WITH_TIMEOUT(page->view()->isVisible(), 30000);
        save(name("result"));
        page->view()->slider()->setValue(8);
        page->view()->tabs()->setCurrentIndex(1);
        save(name("slider"));
        page->view()->table()->setCurrentGridRow(2);
        page->view()->tabs()->setCurrentIndex(2);
        save(name("overcorrected"));
        page->view()->table()->setCurrentGridRow(4);
        save(name("failed"));
        page->view()->table()->setCurrentGridRow(0);
        save(name("untouched"));
        AuditWithDialog dialog(m_window->context(), test::studyConfig(), QStringLiteral("LEACE at strength 0.85"), page);
        dialog.show();
        QTest::qWait(100);
        const QDir folder(QString::fromStdString((test::binaryFolder() / "screenshots").string()));
        const QString scale = m_window->devicePixelRatioF() > 1 ? QStringLiteral("@2x") : QString();
        QVERIFY(dialog.grab().save(folder.filePath(name("audit") + scale + QStringLiteral(".png"))));
        dialog.hide();

        page->showForm();
        save(name("form"));
        page->form()->findChild<QPlainTextEdit*>()->setPlainText(QStringLiteral("a photo of a pilot\na photo of a nurse"));
        for (auto* more : page->form()->findChildren<QToolButton*>())
            if (more->accessibleName() == QStringLiteral("Options of Mean difference"))
                more->setChecked(true);
        for (auto* scroll : page->form()->findChildren<QScrollArea*>())
            if (scroll->accessibleName().isEmpty())
                scroll->verticalScrollBar()->setValue(scroll->verticalScrollBar()->maximum());
        save(name("form-filled"));
        page->run();
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().work->index(0).data(RunningWork::DoneRole).toInt() > 10, 30000);
        save(name("running"));
        m_window->context().work->cancelAll();
        QTRY_COMPARE_WITH_TIMEOUT(m_window->context().work->rowCount(), 0, 30000);
        m_window->messages()->clear();
        m_window->resize(1024, 640);
        save(name("small"));
        page->showForm();
        save(name("small-form"));
    }
    /// Two models that were asked the same, compared by the real engine; a run with another k is refused.
    void compare_data() { pages_data(); }
    void compare() {
        QFETCH(const QString, appearance);
        const auto name = [&](const char* what) { return QStringLiteral("compare-%1-%2").arg(QLatin1String(what), appearance); };
        const auto path = m_folder / "Two models.plumb";
        std::filesystem::remove(path);
        {
            auto project = store::Project::create(path);
            QVERIFY(project.has_value() && test::fillSample(*project).has_value());
            AuditConfig config = project->run(2)->config;
            config.measure.k = {50, 0};
            config.attributes = {"gender"};
            QVERIFY(test::addFinishedRun(*project, config, test::sampleImages(),
                                         test::plantedRun("gender", test::plantedLeans()), "sample")
                        .has_value());
        }
        start(appearance.toLatin1().constData(), false,
              QString::fromStdString((test::binaryFolder() / "bin" / "plumb").string()));
        m_window->openProject(QString::fromStdString(path.string()));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        m_window->showRoom(QStringLiteral("compare"));
        ComparePage* page = m_window->comparePage();
        save(name("choice"));
        page->compare({1, 3});
        QTRY_VERIFY_WITH_TIMEOUT(page->findChild<QLabel*>(QStringLiteral("refusals"))->isVisible(), 60000);
        save(name("refused"));
        page->compare({1, 2});
        QTRY_VERIFY_WITH_TIMEOUT(page->view()->isVisible(), 60000);
        QTest::qWait(300);
        save(name("result"));
        page->view()->tabs()->setCurrentIndex(1);
        save(name("means"));
        page->view()->tabs()->setCurrentIndex(2);
        save(name("utility"));
        m_window->resize(1024, 640);
        page->view()->tabs()->setCurrentIndex(0);
        save(name("small"));

        // The report that the comparison leads to.
        m_window->resize(1280, 820);
        press(page, QStringLiteral("Report…"));
        ReportPage* report = m_window->reportPage();
        QCOMPARE(m_window->currentRoom(), QStringLiteral("report"));
        save(name("report-making"));
        QTRY_VERIFY_WITH_TIMEOUT(report->pages()->count() > 2, 60000);
        QTest::qWait(1500);
        save(name("report"));
        report->pages()->showPage(3);
        QTest::qWait(1500);
        save(name("report-page"));
        m_window->resize(1024, 640);
        QTest::qWait(1500);
        save(name("report-small"));
        QCOMPARE(m_window->size(), QSize(1024, 640));
    }
    /// Cards with much to say: not checked yet, being checked, and a SigLIP with warnings and a failed self-check.
    void cards_data() { pages_data(); }
    void cards() {
        QFETCH(const QString, appearance);
        const auto name = [&](const char* page) { return QString::fromLatin1(page) + u'-' + appearance; };
        const auto path = m_folder / "Cards.plumb";
        std::filesystem::remove(path);
        {
            auto project = store::Project::create(path);
            QVERIFY(project.has_value());
            for (const ModelCard& card : {test::uncheckedCard("faceclip-a"), test::siglipCard("timm/ViT-B-16-SigLIP2-256")}) {
                store::ModelRecord record;
                record.name = card.config.name;
                record.path = card.path;
                record.card = card;
                QVERIFY(project->addModel(record).has_value());
            }
        }
        qputenv("FAKE_CARD", QByteArray::fromStdString(toJson(test::siglipCard("timm/ViT-B-16-SigLIP2-256")).dump()));
        start(appearance.toLatin1().constData(), false);
        m_window->openProject(QString::fromStdString(path.string()));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        m_window->showRoom(QStringLiteral("models"));
        save(name("models-unchecked"));
        press(m_window.get(), QStringLiteral("Check now"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().work->index(0).data(RunningWork::DoneRole).toInt() > 10, 30000);
        save(name("models-checking"));
        m_window->context().work->cancelAll();
        QTRY_COMPARE_WITH_TIMEOUT(m_window->context().work->rowCount(), 0, 30000);
        auto* models = m_window->findChild<ModelsPage*>();
        models->table()->setCurrentSource(m_window->context().lists->models()->index(1, 0));
        models->addModel(QStringLiteral("/data/models/timm/ViT-B-16-SigLIP2-256"));
        QTRY_COMPARE_WITH_TIMEOUT(m_window->messages()->texts().size(), 2, 30000);
        save(name("models-warnings"));
        m_window->messages()->clear();
        m_window->resize(1280, 2300); // the whole card at once
        for (auto* toggle : models->findChildren<QToolButton*>())
            if (toggle->isVisible() && toggle->text() == QStringLiteral("Whole text"))
                toggle->setChecked(true);
        save(name("models-whole-card"));
    }
    /// The sample with its tour, from the click on the start page on.
    void sample_data() { pages_data(); }
    void sample() {
        QFETCH(const QString, appearance);
        const auto name = [&](const QString& what) { return QStringLiteral("sample-%1-%2").arg(what, appearance); };
        start(appearance.toLatin1().constData(), false);
        openSample();
        auto* tour = m_window->findChild<TourPanel*>();
        for (int stop = 0; tour->isOpen(); ++stop) {
            QTest::qWait(300);
            save(name(QStringLiteral("tour-%1").arg(stop + 1)));
            press(tour, stop == 5 ? QStringLiteral("Done") : QStringLiteral("Next"));
        }
        save(name(QStringLiteral("planted")));
        notes(name);
        explore(name(QStringLiteral("explored")));
        for (QTabBar* tabs : m_window->findChildren<QTabBar*>())
            if (tabs->isVisible() && tabs->count() == 6) {
                for (const auto& [index, what] : {std::pair(3, "ribbon"), std::pair(4, "scores")}) {
                    tabs->setCurrentIndex(index);
                    QTest::qWait(500);
                    save(name(QLatin1String(what)));
                }
                tabs->setCurrentIndex(5);
            }
        save(name(QStringLiteral("numbers")));
        m_window->showRoom(QStringLiteral("images"));
        save(name(QStringLiteral("images")));
        m_window->showRoom(QStringLiteral("models"));
        save(name(QStringLiteral("models")));
        m_window->showRoom(QStringLiteral("runs"));
        Q_EMIT m_window->overviewPage()->runChosen(1); // nothing planted
        QTest::qWait(800);
        save(name(QStringLiteral("fair")));
    }
    void sampleInASmallWindow() {
        start("light", false);
        m_window->resize(1024, 640);
        save(QStringLiteral("small-start"));
        openSample();
        auto* tour = m_window->findChild<TourPanel*>();
        for (int stop = 0; tour->isOpen(); ++stop) {
            QTest::qWait(300);
            save(QStringLiteral("small-sample-tour-%1").arg(stop + 1));
            QCOMPARE(m_window->size(), QSize(1024, 640)); // it did not have to grow
            press(tour, stop == 5 ? QStringLiteral("Done") : QStringLiteral("Next"));
        }
        save(QStringLiteral("small-sample-planted"));
        explore(QStringLiteral("small-sample-explored"));
        QCOMPARE(m_window->size(), QSize(1024, 640));
    }
    void sampleIsBeingOpened() {
        start("light", false);
        m_window->context().settings->setFolder(QStringLiteral("sample"), path("slow"));
        press(m_window->overviewPage(), QStringLiteral("Open the sample"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().work->index(0).data(RunningWork::DoneRole).toInt() > 10, 30000);
        save(QStringLiteral("sample-opening"));
        m_window->context().work->cancelAll();
        QTRY_COMPARE_WITH_TIMEOUT(m_window->messages()->texts().size(), 1, 30000);
        save(QStringLiteral("sample-cancelled"));
    }
    void emptyProject() {
        start("light", false);
        m_window->carryOut({});
        m_window->openProject({});
        auto project = store::Project::create(m_folder / "Empty.plumb");
        QVERIFY(project.has_value());
        m_window->openProject(path("Empty.plumb"));
        QTRY_VERIFY_WITH_TIMEOUT(m_window->context().lists->isLoaded(), 30000);
        for (const char* room : {"overview", "models", "images", "runs", "compare", "mitigate", "report"}) {
            m_window->showRoom(QString::fromLatin1(room));
            save(QStringLiteral("empty-%1").arg(QString::fromLatin1(room)));
        }
    }
    void smallWindow() {
        start("light", true);
        m_window->resize(1024, 640);
        for (const char* room : {"overview", "models", "images", "probes"}) {
            m_window->showRoom(QString::fromLatin1(room));
            save(QStringLiteral("small-%1").arg(QString::fromLatin1(room)));
        }
        m_window->showNewAudit();
        save(QStringLiteral("small-audit"));
    }
};

QTEST_MAIN(TestScreenshots)
#include "tst_screenshots.moc"
