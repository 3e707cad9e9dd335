// SPDX-License-Identifier: GPL-3.0-or-later
// The Mitigate page, driven as a user drives it, on a real project and a made-up engine.
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTest>
#include <QTimer>
#include <QToolButton>

#include "tests/support/test_support.h"
#include "tests/ui/named.h"
#include "tests/ui/synthetic_project.h"
#include "tests/ui/synthetic_study.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/charts/numbers_table.h"
#include "ui/charts/tradeoff_chart.h"
#include "ui/models/project_lists.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/mitigate/audit_with_dialog.h"
#include "ui/pages/mitigate/comparison_form.h"
#include "ui/pages/mitigate/mitigate_page.h"
#include "ui/pages/mitigate/study_view.h"
#include "ui/pages/mitigate/study_words.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::named;

namespace {

constexpr int kLong = 30000;

struct Bench {
    test::TempFolder folder;
    Settings settings{QString::fromStdString((folder / "settings.ini").string())};
    Engine engine{QStringLiteral(PLUMBLINE_FAKE_ENGINE)};
    RunningWork work{&engine};
    ProjectService project;
    ProjectLists lists{&project};
    Context context{&engine, &work, &project, &lists, &settings};
    AuditRunner audits{context};
    QList<Message> messages;

    enum class Contents { Nothing, Project, Studies };
    void open(Contents contents) {
        const auto path = folder / "bench.plumb";
        {
            auto fresh = store::Project::create(path);
            QVERIFY(fresh.has_value());
            if (contents != Contents::Nothing)
                QVERIFY(test::fillProject(*fresh).has_value());
            if (contents == Contents::Studies) {
                const auto added = test::addStudies(*fresh);
                QVERIFY2(added.has_value(), added ? "" : qPrintable(errorText(added.error())));
                const auto stopped = fresh->beginStudy(test::studyConfig());
                QVERIFY(stopped.has_value());
                QVERIFY(fresh->setStudyState(*stopped, RunState::Cancelled).has_value());
            }
        }
        project.open(QString::fromStdString(path.string()));
        QTRY_VERIFY_WITH_TIMEOUT(lists.isLoaded(), kLong);
    }
    store::Project again() { return std::move(*store::Project::open(folder / "bench.plumb")); }
    void show(MitigatePage& page) {
        QObject::connect(&page, &Page::raised, &page, [this](const Message& message) { messages.append(message); });
        page.resize(1080, 760);
        page.show();
        QVERIFY(QTest::qWaitForWindowExposed(&page));
    }
    bool told(const QString& words) const {
        return std::any_of(messages.begin(), messages.end(),
                           [&](const Message& message) { return message.text.contains(words); });
    }
    /// What the last debias/export or debias/audit asked for.
    QJsonObject asked() {
        QJsonObject result;
        bool answered = false;
        engine.request(QStringLiteral("test/debias"), {}, &engine, [&](const Outcome<QJsonObject>& answer) {
            result = answer ? *answer : QJsonObject();
            answered = true;
        });
        [&] { QTRY_VERIFY_WITH_TIMEOUT(answered, kLong); }();
        return result;
    }
};

QPushButton* button(QWidget* page, const QString& text) {
    for (auto* candidate : page->findChildren<QPushButton*>())
        if (QString(candidate->text()).remove(u'&') == text && candidate->isVisible())
            return candidate;
    return nullptr;
}

bool says(const QWidget* page, const QString& words) {
    const auto labels = page->findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(),
                       [&](const QLabel* label) { return label->isVisible() && label->text().contains(words); });
}

/// The form with a prompt, and by lot.
void fillForm(MitigatePage& page) {
    page.showForm();
    named<QPlainTextEdit>(page.form(), QStringLiteral("Prompts, one a line"))
        ->setPlainText(QStringLiteral("a photo of a pilot\na photo of a nurse"));
    auto* attribute = named<QComboBox>(page.form(), QStringLiteral("Attribute to remove"));
    attribute->setCurrentIndex(attribute->findText(QStringLiteral("gender")));
}

int columnOf(const Grid& grid, const QString& title) {
    for (int column = 0; column < grid.columns.size(); ++column)
        if (grid.columns[column].title == title)
            return column;
    return -1;
}

} // namespace

class TestMitigatePage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
    }

    // Words -----------------------------------------------------------------------------------------------------------
    void theSentenceSaysGainAndCost() {
        const DebiasStudy study = test::syntheticStudy();
        const QString sentence = studySentence(study);
        QVERIFY2(sentence.startsWith(QStringLiteral("The select rows recommend LEACE at strength 0.85.")),
                 qPrintable(sentence));
        QVERIFY2(sentence.contains(
                     QStringLiteral("MaxSkew of gender goes from 0.61 to 0.19 (−0.42, 95 % interval −0.44 to −0.40)")),
                 qPrintable(sentence));
        // -0.34 points with an interval of ±0.78: chance could do that.
        QVERIFY2(sentence.contains(
                     QStringLiteral("changes by −0.3 points (95 % interval −1.1 to +0.4), which could be chance.")),
                 qPrintable(sentence));
    }
    void aCostOfNothingIsSaidSo() {
        DebiasStudy study = test::syntheticStudy();
        study.recommended = 4; // its accuracy is that of the untouched model
        for (MeasureRow& row : study.candidates[4].price.front().rows)
            if (row.measure == "zero_shot_accuracy" && row.keys[1] == "difference")
                row.value.ciLow = row.value.ciHigh = row.value.value = 0.0;
        QVERIFY(studySentence(study).endsWith(QStringLiteral("Zero-shot accuracy of race stays as it is.")));
    }
    void nothingIsRecommendedWhereNothingIsBetter() {
        DebiasStudy study = test::syntheticStudy();
        study.recommended = -1;
        QVERIFY(studySentence(study).startsWith(QStringLiteral("No method is recommended")));
        study.config.classes.clear();
        study.recommended = 0;
        for (DebiasCandidate& each : study.candidates)
            for (MeasureTable& table : each.price)
                std::erase_if(table.rows, [](const MeasureRow& row) { return row.measure == "zero_shot_accuracy"; });
        QVERIFY(studySentence(study).contains(QStringLiteral("What it costs is not known")));
        for (DebiasCandidate& each : study.candidates) {
            each.failure = "no";
            each.price.clear();
        }
        study.recommended = -1;
        QVERIFY(studySentence(study).startsWith(QStringLiteral("No method could be fitted")));
        QCOMPARE(studyGrid(study).rows.size(), 6); // untouched and every failed method, without a number
    }
    void overCorrectionIsSaid() {
        const DebiasStudy study = test::syntheticStudy();
        QVERIFY(studyCaveats(study, 0).isEmpty());
        const QString caveats = studyCaveats(study, 1).join(u'\n');
        QVERIFY2(caveats.contains(QStringLiteral("MinSkew from −1.92 to −2.52")), qPrintable(caveats));
        // 0.61 - 1.2 s + 1.1 s²: least at 0.55 (0.28), 0.51 at the chosen 1.
        QVERIFY2(caveats.contains(QStringLiteral("strength 0.55 leaves less, MaxSkew 0.28")), qPrintable(caveats));
        QVERIFY2(caveats.contains(QStringLiteral("MaxSkew of race from 0.40 to 0.61")), qPrintable(caveats));
        QVERIFY(studyCaveats(study, 2).join(u' ').contains(QStringLiteral("could be chance")));
        QVERIFY(studyCaveats(study, 3).front().contains(QStringLiteral("could not be compared")));
        QCOMPARE(studyCaveats(study, 4).size(), 1);
        QVERIFY(studyCaveats(study, 4).front().contains(QStringLiteral("upper baseline")));
    }
    void theTableSaysBetterWorseAndCannotTell() {
        const Grid grid = studyGrid(test::syntheticStudy());
        QCOMPARE(grid.rows.size(), 6);
        QCOMPARE(grid.styles.size(), 6);
        const int skew = columnOf(grid, QStringLiteral("MaxSkew")),
                  race = columnOf(grid, QStringLiteral("MaxSkew race")),
                  accuracy = columnOf(grid, QStringLiteral("accuracy"));
        QVERIFY(skew > 0 && race > 0 && accuracy > 0 && columnOf(grid, QStringLiteral("k-NN probe")) > 0);
        QCOMPARE(grid.rows[0][skew].shown, QStringLiteral("0.61"));
        QCOMPARE(grid.rows[0][skew].note, QStringLiteral("0.58–0.64"));
        QVERIFY(grid.rows[0][skew].trend == Grid::Trend::None);
        QVERIFY(grid.rows[1][skew].trend == Grid::Trend::Better);
        QVERIFY(grid.rows[1][accuracy].trend == Grid::Trend::Unsure);
        QVERIFY(grid.rows[2][accuracy].trend == Grid::Trend::Worse);
        QVERIFY(grid.rows[2][race].trend == Grid::Trend::Worse);
        QVERIFY(grid.rows[3][skew].trend == Grid::Trend::Unsure);
        QVERIFY(grid.rows[1][skew].toolTip.contains(QStringLiteral("against untouched, 95 % interval")));
        QCOMPARE(grid.rows[2][0].shown, QStringLiteral("Mean difference (apply = both)"));
        QVERIFY(grid.rows[4][0].note.startsWith(QStringLiteral("failed: The texts say nothing")));
        QVERIFY(!grid.rows[4][skew].value);
        // Copied, a number stands with the ends of its interval.
        const QStringList header = grid.tsv().section(u'\n', 0, 0).split(u'\t');
        QCOMPARE(header.mid(2, 3), QStringList({QStringLiteral("MaxSkew"), QStringLiteral("MaxSkew, low"),
                                                QStringLiteral("MaxSkew, high")}));
        const QStringList row = grid.tsv().section(u'\n', 2, 2).split(u'\t');
        QCOMPARE(row.size(), header.size());
        QVERIFY(row[3].toDouble() < row[2].toDouble() && row[2].toDouble() < row[4].toDouble());
    }

    // The empty page --------------------------------------------------------------------------------------------------
    void aBoundIsShownWhereThereIsNoValue() {
        DebiasStudy study = test::syntheticStudy();
        for (MeasureRow& row : study.candidates[0].price[0].rows)
            if (row.measure == "min_skew" && row.keys[0] == "gender" && row.keys[1] != "difference") {
                row.value.value.reset();
                row.value.ciLow.reset();
                row.value.atMost = row.keys[1] == "before" ? -1.5 : -0.25;
            }
        const Grid grid = studyGrid(study);
        const int column = columnOf(grid, QStringLiteral("MinSkew"));
        QVERIFY(column > 0);
        QCOMPARE(grid.rows[0][column].shown, QStringLiteral("≤ −1.50"));
        QCOMPARE(grid.rows[1][column].shown, QStringLiteral("≤ −0.25"));
        QVERIFY(grid.rows[1][column].trend != Grid::Trend::None);
    }
    void anotherModelIsNamedByItsFolder() {
        DebiasStudy study = test::syntheticStudy();
        study.candidates[1].card.config = {"interpolation", "", {{"model", "/data/models/tuned/"}, {"steps", "9"}}, 0};
        study.candidates[2].card.config = {"residual-head", "", {{"file", "/data/a long folder/heads.pt"}}, 0};
        const QStringList names = candidateNames(study);
        QCOMPARE(names[1], QStringLiteral("Interpolation with tuned (steps = 9)"));
        QVERIFY2(names[2].contains(QStringLiteral("file = heads.pt")), qPrintable(names[2]));
    }
    void anEmptyProjectLeadsToWhatIsMissing() {
        Bench bench;
        bench.open(Bench::Contents::Nothing);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        QSignalSpy model(&page, &MitigatePage::modelWanted);
        QVERIFY(says(&page, QStringLiteral("It has no model yet")));
        QTest::mouseClick(button(&page, QStringLiteral("Add a model")), Qt::LeftButton);
        QCOMPARE(model.count(), 1);
        {
            store::ModelRecord record;
            record.name = "faceclip-a";
            record.path = "/data/models/faceclip-a";
            record.card = test::syntheticCard(record.name);
            QVERIFY(bench.again().addModel(record).has_value());
        }
        QSignalSpy images(&page, &MitigatePage::imagesWanted);
        QTRY_VERIFY_WITH_TIMEOUT(button(&page, QStringLiteral("Add images")) != nullptr, kLong);
        QTest::mouseClick(button(&page, QStringLiteral("Add images")), Qt::LeftButton);
        QCOMPARE(images.count(), 1);
        QVERIFY(bench.again().addImageSet(test::syntheticImages(300), "faces").has_value());
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("No comparison yet")), kLong);
        QTest::mouseClick(button(&page, QStringLiteral("New comparison")), Qt::LeftButton);
        QVERIFY(page.form()->isVisible());
        QTest::mouseClick(button(&page, QStringLiteral("Back")), Qt::LeftButton);
        QVERIFY(!page.form()->isVisible());
    }

    // The form --------------------------------------------------------------------------------------------------------
    void theFormSaysWhatIsMissing() {
        Bench bench;
        bench.open(Bench::Contents::Project);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        page.showForm();
        ComparisonForm* form = page.form();
        QString problem;
        const auto lacks = [&](const char* words) {
            QVERIFY(!form->config(&problem));
            QVERIFY2(problem.contains(QLatin1String(words)), qPrintable(problem));
            QVERIFY(says(form, problem));
            QVERIFY(!button(form, QStringLiteral("Start comparison"))->isEnabled());
        };
        lacks("Write at least one prompt");
        fillForm(page);
        QVERIFY2(form->config(&problem).has_value(), qPrintable(problem));
        QVERIFY(button(form, QStringLiteral("Start comparison"))->isEnabled());
        auto* k = form->findChild<QLineEdit*>(); // found by its name below
        k = named<QLineEdit>(form, QStringLiteral("How many top images to look at: a number, or a share such as 10%"));
        k->setText(QStringLiteral("some"));
        lacks("k is a number");
        k->setText(QStringLiteral("5000"));
        QVERIFY(says(form, QStringLiteral("k reaches all 1,250 images")));
        k->setText(QStringLiteral("10%"));
        auto* classes = named<QComboBox>(form, QStringLiteral("Column whose classes the model must still tell apart"));
        QVERIFY(says(form, QStringLiteral("No classes are named")));
        classes->setCurrentIndex(classes->findData(QStringLiteral("gender")));
        lacks("What is removed cannot be");
        classes->setCurrentIndex(classes->findData(QStringLiteral("race")));
        QVERIFY(form->config().has_value());
        named<QSpinBox>(form, QStringLiteral("Share that fits"))->setValue(80);
        lacks("Nothing is left to audit");
        named<QSpinBox>(form, QStringLiteral("Share that fits"))->setValue(50);
        QTest::mouseClick(button(form, QStringLiteral("None")), Qt::LeftButton);
        lacks("Tick at least one method");
        for (auto* box : form->findChildren<QCheckBox*>())
            if (box->text() == QStringLiteral("Residual heads (import)"))
                box->setChecked(true);
        lacks("needs its file");
        QTest::mouseClick(button(form, QStringLiteral("None")), Qt::LeftButton);
        for (auto* box : form->findChildren<QCheckBox*>())
            if (box->text() == QStringLiteral("Model interpolation"))
                box->click();
        lacks("needs the other model");
        // A click opens what it needs.
        auto* model = named<QLineEdit>(form, QStringLiteral("model of Model interpolation"));
        QVERIFY(model != nullptr);
        QTRY_VERIFY(model->isVisibleTo(form));
        model->setText(QStringLiteral("/data/models/tuned"));
        QVERIFY(form->config().has_value());
        QCOMPARE(form->config()->methods[0].steps[0].parameter("model"), std::string_view("/data/models/tuned"));
        QTest::mouseClick(button(form, QStringLiteral("Standard")), Qt::LeftButton);
        QVERIFY(form->config().has_value());
    }
    void theFormAsksWhatItSays() {
        Bench bench;
        bench.open(Bench::Contents::Project);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        fillForm(page);
        ComparisonForm* form = page.form();
        QVERIFY(says(form, QStringLiteral("About 2,500 images fit, 1,250 choose, 1,250 are audited.")));
        auto* together = named<QComboBox>(form, QStringLiteral("Column whose groups are not divided"));
        together->setCurrentIndex(together->findData(QStringLiteral("age")));
        auto* looked = named<QListWidget>(form, QStringLiteral("Attributes looked at, too"));
        for (int row = 0; row < looked->count(); ++row)
            if (looked->item(row)->text() == QStringLiteral("age"))
                looked->item(row)->setCheckState(Qt::Unchecked);
        // The prompts of an audit are offered, unless they are a probe set of the project's.
        auto* prompts = named<QComboBox>(form, QStringLiteral("Prompts"));
        const int ofRun = prompts->findText(QStringLiteral("As in run 1"), Qt::MatchStartsWith);
        const int written = prompts->currentIndex();
        QVERIFY(ofRun > 0);
        prompts->setCurrentIndex(ofRun);
        QCOMPARE(form->config()->probe.concepts.size(), bench.again().run(1)->config.probe.concepts.size());
        QVERIFY(form->config()->probe.concepts.size() != 2);
        prompts->setCurrentIndex(written);
        QCOMPARE(form->config()->captions, std::string());
        named<QLineEdit>(form, QStringLiteral("Captions of the images"))->setText(QStringLiteral("/data/captions.csv"));
        QCOMPARE(form->config()->captions, std::string("/data/captions.csv"));
        named<QLineEdit>(form, QStringLiteral("Captions of the images"))->clear();
        // A parameter, and a ranking that keeps its preset though its parameters were opened.
        for (auto* more : form->findChildren<QToolButton*>())
            if (more->accessibleName() == QStringLiteral("Options of INLP") ||
                more->accessibleName() == QStringLiteral("Options of FA*IR"))
                more->setChecked(true);
        auto* rank = named<QLineEdit>(form, QStringLiteral("rank of INLP"));
        QVERIFY(rank != nullptr);
        QCOMPARE(rank->placeholderText(), QStringLiteral("20"));
        rank->setText(QStringLiteral("8"));
        const auto config = form->config();
        QVERIFY(config.has_value());
        QCOMPARE(config->attribute, std::string("gender"));
        QVERIFY(config->untargeted == std::vector<std::string>{"race"});
        QCOMPARE(config->together, std::string("age"));
        QCOMPARE(config->shares.size(), std::size_t(3));
        QCOMPARE(config->shares[2], 0.25);
        const auto parametersOf = [&](const std::string& method) {
            for (const DebiasRecipe& each : config->methods)
                if (each.steps.size() == 1 && each.steps.front().method == method)
                    return each.steps.front().parameters;
            return std::vector<std::pair<std::string, std::string>>{{"not", "ticked"}};
        };
        using Parameters = std::vector<std::pair<std::string, std::string>>;
        QVERIFY((parametersOf("inlp") == Parameters{{"rank", "8"}}));
        QVERIFY((parametersOf("fa-ir") == Parameters{{"labels", "predicted"}}));
        QVERIFY(parametersOf("sfid").empty());
        QVERIFY((parametersOf("cf-alpha") == Parameters{{"not", "ticked"}}));
    }
    void aColumnSplitsWhereThereIsOne() {
        Bench bench;
        bench.open(Bench::Contents::Project);
        ImageSet set = test::syntheticImages(400);
        std::vector<std::string> parts;
        for (std::size_t i = 0; i < set.size(); ++i)
            parts.emplace_back(i < 200 ? "train" : i < 280 ? "val" : "test");
        set.attributes.push_back(makeAttribute("part", parts));
        QVERIFY(bench.again().addImageSet(set, "split faces").has_value());
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.imageSets()->rowCount(), 2, kLong);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        fillForm(page);
        auto* images = named<QComboBox>(page.form(), QStringLiteral("Images"));
        images->setCurrentIndex(images->findText(QStringLiteral("split faces"), Qt::MatchStartsWith));
        QVERIFY(says(page.form(), QStringLiteral("200 images fit, 80 choose, 120 are audited.")));
        const auto config = page.form()->config();
        QVERIFY(config.has_value());
        QCOMPARE(config->splitColumn, std::string("part"));
        QVERIFY(std::ranges::find(config->untargeted, "part") == config->untargeted.end());
        // Another set to audit: the rest only fits and chooses.
        auto* audit = named<QComboBox>(page.form(), QStringLiteral("Images that are audited"));
        QCOMPARE(audit->count(), 2);
        audit->setCurrentIndex(1);
        const auto other = page.form()->config();
        QVERIFY(other.has_value());
        QVERIFY(other->auditSetId != 0 && other->splitColumn.empty());
        QCOMPARE(other->shares.size(), std::size_t(2));
        QVERIFY(says(page.form(), QStringLiteral("About 200 images fit, 200 choose, 5,000 are audited.")));
    }

    // Running ---------------------------------------------------------------------------------------------------------
    void aComparisonRunsIsCancelledAndStartsAgain() {
        Bench bench;
        bench.open(Bench::Contents::Project);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        fillForm(page);
        QTest::mouseClick(button(page.form(), QStringLiteral("Start comparison")), Qt::LeftButton);
        QVERIFY(page.runner()->isRunning());
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("Fitting Joint vision-language removal: ")), kLong);
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("about 15 s left")), kLong);
        auto* log = named<QPlainTextEdit>(&page, QStringLiteral("What the fits say"));
        QTRY_VERIFY_WITH_TIMEOUT(log->toPlainText().contains(QStringLiteral("epoch 3 of 100: loss 0.4213")), kLong);
        QVERIFY(named<QProgressBar>(&page, QStringLiteral("Progress of the comparison"))->value() > 0);
        QTest::mouseClick(button(&page, QStringLiteral("Cancel")), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!page.runner()->isRunning(), kLong);
        QVERIFY(bench.told(QStringLiteral("The comparison was cancelled.")));
        QCOMPARE(bench.messages.back().actions.size(), std::size_t(1));
        bench.messages.back().actions.front().run();
        QVERIFY(page.runner()->isRunning());
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("Fitting Joint vision-language removal: ")), kLong);
        page.runner()->cancel();
        QTRY_VERIFY_WITH_TIMEOUT(!page.runner()->isRunning(), kLong);
    }
    void aFailureIsSaid() {
        Bench bench;
        bench.open(Bench::Contents::Project);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        fillForm(page);
        named<QSpinBox>(page.form(), QStringLiteral("Seed"))->setValue(13);
        page.run();
        QTRY_VERIFY_WITH_TIMEOUT(!bench.messages.isEmpty(), kLong);
        QVERIFY(bench.told(QStringLiteral("gender")));
        QVERIFY(bench.messages.back().severity == Severity::Error);
        QVERIFY(!page.runner()->isRunning());
    }
    void aFinishedComparisonIsShown() {
        Bench bench;
        bench.open(Bench::Contents::Project);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        fillForm(page);
        named<QSpinBox>(page.form(), QStringLiteral("Seed"))->setValue(7);
        { // what the engine does
            store::Project project = bench.again();
            QVERIFY(test::addStudies(project).has_value());
        }
        page.run();
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("The select rows recommend LEACE")), kLong);
        QVERIFY(bench.told(QStringLiteral("Comparison 1 is done.")));
    }

    // The result ------------------------------------------------------------------------------------------------------
    void comparisonsAreListedNewestFirst() {
        Bench bench;
        bench.open(Bench::Contents::Studies);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        auto* picker = named<QComboBox>(&page, QStringLiteral("Comparisons, the newest first"));
        QCOMPARE(picker->count(), 2);
        QVERIFY(picker->itemText(0).startsWith(QStringLiteral("Comparison 2 · faceclip-a · gender · ")));
        QVERIFY(picker->itemText(0).endsWith(QStringLiteral(" · stopped")));
        QVERIFY(says(&page, QStringLiteral("stopped before it had a result")));
        // The stopped one starts again with the same choices.
        QTest::mouseClick(button(&page, QStringLiteral("Start again")), Qt::LeftButton);
        QVERIFY(page.runner()->isRunning());
        page.runner()->cancel();
        QTRY_VERIFY_WITH_TIMEOUT(!page.runner()->isRunning(), kLong);
        picker->setFocus();
        QTest::keyClick(picker, Qt::Key_Down);
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        // Removing asks first.
        QTest::mouseClick(button(&page, QStringLiteral("Remove…")), Qt::LeftButton);
        QCOMPARE(bench.messages.back().actions.size(), std::size_t(1));
        QVERIFY(bench.messages.back().text.startsWith(QStringLiteral("Remove comparison 1")));
        QCOMPARE(bench.again().studies()->size(), std::size_t(2));
        bench.messages.back().actions.front().run();
        QTRY_COMPARE_WITH_TIMEOUT(picker->count(), 1, kLong);
        QCOMPARE(bench.again().studies()->size(), std::size_t(1));
        QVERIFY(bench.again().transforms()->empty());
    }
    void theSliderMovesRingAndNumbersButNotTheChoice() {
        Bench bench;
        bench.open(Bench::Contents::Studies);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        page.showStudy(1);
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        StudyView* view = page.view();
        QCOMPARE(view->candidate(), 0);
        QCOMPARE(view->slider()->value(), 17);
        QCOMPARE(view->strength(), 0.85);
        const auto paths = test::pathsOf(-0.52, 0.03, -0.004, 0.01, 0.9);
        const auto ringIsAt = [&](double strength) {
            const auto ring = view->chart()->ring();
            QVERIFY(ring.has_value());
            QCOMPARE(ring->x(), paths[4].at(strength)); // accuracy
            QCOMPARE(ring->y(), paths[0].at(strength)); // MaxSkew
        };
        ringIsAt(0.85);
        view->slider()->setFocus();
        for (int i = 0; i < 7; ++i)
            QTest::keyClick(view->slider(), Qt::Key_Left);
        QCOMPARE(view->strength(), 0.5);
        ringIsAt(0.5);
        QVERIFY(says(view, QStringLiteral("0.85 was chosen on the select rows")));
        NumbersTable* numbers = nullptr;
        for (auto* table : view->findChildren<NumbersTable*>())
            if (table->accessibleName() == QStringLiteral("LEACE at strength 0.50"))
                numbers = table;
        QVERIFY(numbers != nullptr);
        QCOMPARE(numbers->grid().columns[3].title, QStringLiteral("at 0.50"));
        QCOMPARE(numbers->grid().rows[0][1].value, std::optional(paths[0].at(0)));
        QCOMPARE(numbers->grid().rows[0][2].value, std::optional(paths[0].at(0.85)));
        QCOMPARE(numbers->grid().rows[0][3].value, std::optional(paths[0].at(0.5)));
        QCOMPARE(numbers->grid().rows[0][4].value, std::optional(paths[0].at(0.5) + 0.008));
        // Other axes, the same ring.
        auto* x = named<QComboBox>(view, QStringLiteral("Utility, to the right"));
        auto* y = named<QComboBox>(view, QStringLiteral("Fairness, upwards"));
        x->setCurrentIndex(x->findText(QStringLiteral("ABLE")));
        y->setCurrentIndex(y->findText(QStringLiteral("MaxSkew race")));
        QCOMPARE(view->chart()->ring()->x(), paths[6].at(0.5));
        QCOMPARE(view->chart()->ring()->y(), paths[9].at(0.5));
        x->setCurrentIndex(x->findText(QStringLiteral("strength")));
        QCOMPARE(view->chart()->ring()->x(), 0.5);
        const Grid points = view->chart()->chartNumbers();
        QCOMPARE(points.rows.size(), 3 * 21 + 2);
        QCOMPARE(std::ranges::count_if(points.rows, [](const Grid::Row& row) { return !row.back().shown.isEmpty(); }),
                 4);
        QVERIFY(!chartImage(*view->chart(), view->palette(), 1).isNull());
    }
    void theTableIsReadSortedAndCopiedByKeyboard() {
        Bench bench;
        bench.open(Bench::Contents::Studies);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        page.showStudy(1);
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        StudyView* view = page.view();
        NumbersTable* table = view->table();
        const int skew = columnOf(table->grid(), QStringLiteral("MaxSkew"));
        table->sortByColumn(skew, Qt::AscendingOrder);
        QCOMPARE(table->model()->index(0, 0).data().toString(), QStringLiteral("DetCons (labels = given)"));
        QCOMPARE(table->model()->index(5, 0).data().toString(),
                 QStringLiteral("Joint vision-language removal")); // no number: last
        QVERIFY(table->model()
                    ->index(0, skew)
                    .data(Qt::AccessibleTextRole)
                    .toString()
                    .endsWith(QStringLiteral(", better")));
        // The row that is marked stays with its method; the keyboard marks another.
        QCOMPARE(view->candidate(), 0);
        table->setFocus();
        QTest::keyClick(table, Qt::Key_End, Qt::ControlModifier);
        QCOMPARE(view->candidate(), 3);
        QVERIFY(says(view, QStringLiteral("It could not be compared: The texts say nothing of gender")));
        QVERIFY(!view->slider()->isVisible());
        QVERIFY(button(view, QStringLiteral("Export…")) == nullptr);
        QTest::keyClick(table, Qt::Key_C, Qt::ControlModifier);
        const QStringList copied = QApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(copied.size(), 2);
        QVERIFY(copied[1].startsWith(QStringLiteral("Joint vision-language removal")));
        table->setCurrentGridRow(0);
        QCOMPARE(view->candidate(), -1);
        QVERIFY(says(view, QStringLiteral("The model as it is.")));
        table->setCurrentGridRow(5); // no dial: nothing or the whole
        QCOMPARE(view->slider()->maximum(), 1);
        QCOMPARE(view->strength(), 1.0);
    }

    // What can be done with a method ----------------------------------------------------------------------------------
    void aMethodIsExportedAtTheShownStrength() {
        Bench bench;
        bench.open(Bench::Contents::Studies);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        page.showStudy(1);
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        QVERIFY(button(page.view(), QStringLiteral("Export…"))->isEnabled());
        page.view()->slider()->setValue(12);
        const QString folder = QString::fromStdString((bench.folder / "out").string());
        QVERIFY(QDir().mkpath(folder + QStringLiteral("/leace-gender-0.60")));
        page.exportTo(folder);
        QTRY_VERIFY_WITH_TIMEOUT(bench.told(QStringLiteral("LEACE at strength 0.60 was written to ")), kLong);
        const QJsonObject asked = bench.asked();
        QCOMPARE(asked.value(u"strength").toDouble(), 0.6);
        QCOMPARE(asked.value(u"transform").toInteger(), bench.again().transforms()->front().id);
        QCOMPARE(asked.value(u"folder").toString(),
                 folder + QStringLiteral("/leace-gender-0.60-2")); // nothing is written over
        page.view()->slider()->setValue(0);
        QVERIFY(!button(page.view(), QStringLiteral("Export…"))->isEnabled());
    }
    void theAlphaBetweenTwoModelsIsASliderAndWritesAModel() {
        Bench bench;
        bench.open(Bench::Contents::Studies);
        {
            store::Project project = bench.again();
            DebiasStudy study;
            study.config = test::studyConfig();
            study.candidates = {test::candidate("interpolation", test::pathsOf(-0.5, 0.2, 0.01, 0, 0.3), 0.6, 5)};
            study.candidates[0].transformId = 0;
            study.candidates[0].card.config.parameters = {{"model", "/data/models/tuned"}};
            study.recommended = 0;
            const auto id = project.beginStudy(study.config);
            QVERIFY(id && project.finishStudy(*id, study));
        }
        bench.project.open(bench.project.path()); // what another program wrote
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.studies()->rowCount(), 3, kLong);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        page.showStudy(3);
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        QCOMPARE(page.view()->slider()->maximum(), 5);
        QCOMPARE(page.view()->strength(), 0.6);
        QVERIFY(says(page.view(), QStringLiteral("Al&pha")));
        QVERIFY(!button(page.view(), QStringLiteral("Audit with it…")));
        page.view()->slider()->setValue(4);
        QVERIFY(button(page.view(), QStringLiteral("Write the model…"))->isEnabled());
        const QString folder = QString::fromStdString((bench.folder / "out").string());
        QVERIFY(QDir().mkpath(folder));
        page.exportTo(folder);
        QTRY_VERIFY_WITH_TIMEOUT(bench.told(QStringLiteral("is now one of this project's models")), kLong);
        const QJsonObject asked = bench.asked();
        QCOMPARE(asked.value(u"model").toInteger(), 1);
        QCOMPARE(asked.value(u"other").toString(), QStringLiteral("/data/models/tuned"));
        QCOMPARE(asked.value(u"strength").toDouble(), 0.8);
        QCOMPARE(asked.value(u"folder").toString(), folder + QStringLiteral("/interpolation-gender-0.80"));
    }
    void aMethodIsAuditedWith() {
        Bench bench;
        bench.open(Bench::Contents::Studies);
        MitigatePage page(bench.context, &bench.audits);
        bench.show(page);
        page.showStudy(1);
        QTRY_VERIFY_WITH_TIMEOUT(page.view()->isVisible(), kLong);
        QSignalSpy finished(&bench.audits, &AuditRunner::finished);
        QTimer::singleShot(0, &page, [] {
            auto* dialog = qobject_cast<AuditWithDialog*>(QApplication::activeModalWidget());
            QVERIFY(dialog != nullptr);
            QVERIFY(says(dialog, QStringLiteral("fitted on a part of these images")));
            auto* attributes = named<QListWidget>(dialog, QStringLiteral("Attributes"));
            for (int row = 0; row < attributes->count(); ++row)
                attributes->item(row)->setCheckState(Qt::Unchecked);
            QVERIFY(says(dialog, QStringLiteral("Choose at least one attribute.")));
            QVERIFY(!button(dialog, QStringLiteral("Run both"))->isEnabled());
            attributes->item(1)->setCheckState(Qt::Checked);
            QTest::mouseClick(button(dialog, QStringLiteral("Run both")), Qt::LeftButton);
        });
        QTest::mouseClick(button(page.view(), QStringLiteral("Audit with it…")), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, kLong);
        QCOMPARE(finished[0][0].toLongLong(), 2); // the run after
        const QJsonObject asked = bench.asked();
        QCOMPARE(asked.value(u"strength").toDouble(), 0.85);
        const QJsonObject config = asked.value(u"config").toObject();
        QCOMPARE(config.value(u"attributes").toArray().first().toString(), QStringLiteral("gender"));
        QCOMPARE(config.value(u"image_set_id").toInteger(), 1);
    }
};

QTEST_MAIN(TestMitigatePage)
#include "tst_mitigate_page.moc"
