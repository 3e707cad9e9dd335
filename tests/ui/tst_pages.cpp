// SPDX-License-Identifier: GPL-3.0-or-later
// The pages, driven as a user drives them, on a real project and a made-up engine.
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QHelpEvent>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScopeGuard>
#include <QSemaphore>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTabBar>
#include <QTableWidget>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <QToolTip>

#include <nlohmann/json.hpp>

#include "core/data/json.h"
#include "core/probe/probe_set.h"
#include "tests/support/test_support.h"
#include "tests/ui/named.h"
#include "tests/ui/synthetic_project.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/english_plurals.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/models/prompt_table.h"
#include "ui/pages/audit/also_measure.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/audit/merge_groups_dialog.h"
#include "ui/pages/audit/new_audit_panel.h"
#include "ui/pages/images/add_images_form.h"
#include "ui/pages/images/image_set_panel.h"
#include "ui/pages/images/image_set_view.h"
#include "ui/pages/images/images_page.h"
#include "ui/pages/images/label_sources.h"
#include "ui/pages/models/card_facts.h"
#include "ui/pages/models/models_page.h"
#include "ui/pages/probes/import_dialog.h"
#include "ui/pages/probes/probe_text.h"
#include "ui/pages/probes/probes_page.h"
#include "ui/pages/probes/versions_dialog.h"
#include "ui/widgets/group_bars.h"
#include "ui/widgets/table_view.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/tool_tips.h"

using namespace plumbline;
using namespace plumbline::ui;
using plumbline::test::named;

namespace {

/// Everything that a page needs, on a project of its own.
struct Bench {
    test::TempFolder folder;
    Settings settings{QString::fromStdString((folder / "settings.ini").string())};
    Engine engine{QStringLiteral(PLUMBLINE_FAKE_ENGINE)};
    RunningWork work{&engine};
    ProjectService project;
    ProjectLists lists{&project};
    Context context{&engine, &work, &project, &lists, &settings};

    void open(bool full = true) {
        const auto path = folder / "bench.plumb";
        if (full) {
            auto fresh = store::Project::create(path);
            QVERIFY(fresh.has_value());
            QVERIFY(test::fillProject(*fresh).has_value());
            project.open(QString::fromStdString(path.string()));
        } else {
            project.create(QString::fromStdString(path.string()));
        }
        QTRY_VERIFY_WITH_TIMEOUT(lists.isLoaded(), 30000);
    }
    store::Project again() { return std::move(*store::Project::open(folder / "bench.plumb")); }
};

bool says(const QWidget* page, const QString& words) {
    const auto labels = page->findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(),
                       [&](const QLabel* label) { return label->isVisible() && label->text().contains(words); });
}

/// The value of a fact, of the first group that has it; empty if none does.
QString valueOf(const std::vector<FactSheet::Group>& groups, const QString& label, const QString& title = {}) {
    for (const auto& group : groups)
        if (title.isEmpty() || group.title == title)
            for (const auto& fact : group.facts)
                if (fact.label == label)
                    return fact.value;
    return {};
}

/// The card that the engine answers with, from its next start on.
void fakeCard(const ModelCard& card) { qputenv("FAKE_CARD", QByteArray::fromStdString(toJson(card).dump())); }

/// What the engine does to the project file.
void put(Bench& bench, const ModelCard& card) {
    store::ModelRecord record;
    record.name = card.config.name;
    record.path = card.path;
    record.card = card;
    QVERIFY(bench.again().addModel(record).has_value());
}

QPushButton* button(QWidget* page, const QString& text) {
    for (auto* candidate : page->findChildren<QPushButton*>())
        if (QString(candidate->text()).remove(u'&') == text)
            return candidate;
    return nullptr;
}

} // namespace

class TestPages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        qputenv("FAKE_REPORT", QByteArray::fromStdString(toJson(test::syntheticImages().report).dump()));
    }

    void pluralsOfEnglish() {
        QCOMPARE(EnglishPlurals::choose(QStringLiteral("%n prompt(s)"), 1), QStringLiteral("%n prompt"));
        QCOMPARE(EnglishPlurals::choose(QStringLiteral("%n prompt(s)"), 0), QStringLiteral("%n prompts"));
        QCOMPARE(EnglishPlurals::choose(QStringLiteral("%n (row names|rows name) it"), 1), QStringLiteral("%n row names it"));
        QCOMPARE(EnglishPlurals::choose(QStringLiteral("%n (row names|rows name) it"), 9), QStringLiteral("%n rows name it"));
    }

    // Probes ----------------------------------------------------------------------------------------------------------
    void conceptsAsTextGoThereAndBack_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("plain") << QStringLiteral("nurse\nengineer");
        QTest::newRow("groups") << QStringLiteral("cook\n# occupation\nnurse\n# trait\nkind person\n#\nother");
        QTest::newRow("a concept with a hash") << QStringLiteral("\\#hashtag\n# g\n\\#b");
        QTest::newRow("empty") << QString();
    }
    void conceptsAsTextGoThereAndBack() {
        QFETCH(const QString, text);
        QCOMPARE(textOf(conceptsOf(text)), text);
    }
    void conceptsKnowTheirGroup() {
        const auto concepts = conceptsOf(QStringLiteral("  cook \n\n# occupation\n nurse\n"));
        QCOMPARE(concepts.size(), std::size_t(2));
        QVERIFY(concepts[0].text == "cook" && concepts[0].group.empty());
        QVERIFY(concepts[1].text == "nurse" && concepts[1].group == "occupation");
    }
    void aProbeSetIsTypedAndStored() {
        Bench bench;
        bench.open(false);
        ProbesPage page(bench.context);
        page.show();
        page.newProbe();
        auto* name = named<QLineEdit>(&page, QStringLiteral("Name"));
        QTRY_COMPARE_WITH_TIMEOUT(name->text(), QStringLiteral("New probe set"), 30000);
        QTRY_VERIFY_WITH_TIMEOUT(!name->isReadOnly(), 30000);
        auto* templates = named<QPlainTextEdit>(&page, QStringLiteral("Templates"));
        auto* concepts = named<QPlainTextEdit>(&page, QStringLiteral("Concepts"));
        templates->setPlainText(QStringLiteral("a photo of a {}\na {} at work"));
        concepts->setPlainText(QStringLiteral("nurse\nengineer\nbaker"));
        QCOMPARE(page.prompts()->rowCount(), 6);
        QCOMPARE(page.prompts()->prompts().at(5), QStringLiteral("a baker at work"));
        templates->clear(); // plain prompts
        QCOMPARE(page.prompts()->prompts(), (QStringList{QStringLiteral("nurse"), QStringLiteral("engineer"), QStringLiteral("baker")}));
        page.flush();
        auto stored = bench.again();
        QTRY_VERIFY_WITH_TIMEOUT(stored.probes()->size() == 1 && stored.probes()->front().probe.concepts.size() == 3, 30000);
    }
    void aProbeSetIsSaidToBeStoredOnceItIs() {
        Bench bench;
        bench.open();
        ProbesPage page(bench.context);
        page.show();
        page.table()->setCurrentSource(bench.lists.probes()->index(bench.lists.probes()->rowCount() - 1, 0));
        const auto says = [&page](QStringView words) {
            for (const QLabel* label : page.findChildren<QLabel*>())
                if (label->text() == words)
                    return true;
            return false;
        };
        QVERIFY(says(u"Stored in this project"));
        QSemaphore gate; // the disk takes its time
        bench.context.project->ask<std::monostate>(
            &page,
            [&gate](store::Project&) -> Result<std::monostate> {
                gate.acquire();
                return {};
            },
            [](const Result<std::monostate>&) {});
        const auto opened = qScopeGuard([&gate] { gate.release(); });
        named<QPlainTextEdit>(&page, QStringLiteral("Concepts"))->setPlainText(QStringLiteral("nurse"));
        page.flush();
        Q_EMIT bench.lists.refreshed(); // something else of the project has changed
        QVERIFY(!says(u"Stored in this project"));
        gate.release();
        QTRY_VERIFY_WITH_TIMEOUT(says(u"Stored in this project"), 30000);
    }
    void builtInSetsAreReadAndCopied() {
        Bench bench;
        bench.open(false);
        ProbesPage page(bench.context);
        page.show();
        const int builtIn = bench.lists.probes()->rowCount();
        auto* concepts = named<QPlainTextEdit>(&page, QStringLiteral("Concepts"));
        QVERIFY(concepts->isReadOnly());
        const QString text = concepts->toPlainText();
        QVERIFY(!text.isEmpty());
        button(&page, QStringLiteral("Copy to edit"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.probes()->rowCount(), builtIn + 1, 30000);
        QTRY_VERIFY_WITH_TIMEOUT(!concepts->isReadOnly(), 30000);
        QCOMPARE(concepts->toPlainText(), text);
    }
    void aSetIsHeldAgainstAnother() {
        Bench bench;
        bench.open(false);
        ProbesPage page(bench.context);
        page.show();
        auto* other = named<QComboBox>(&page, QStringLiteral("Probe set to compare with"));
        auto* difference = named<QPlainTextEdit>(&page, QStringLiteral("Difference between the two probe sets"));
        QVERIFY(!difference->isVisible());
        QCOMPARE(other->count(), bench.lists.probes()->rowCount()); // not the set itself, but "no other set"
        const QString original = named<QLineEdit>(&page, QStringLiteral("Name"))->text();
        QCOMPARE(other->findText(original), -1);
        button(&page, QStringLiteral("Copy to edit"))->click();
        auto* concepts = named<QPlainTextEdit>(&page, QStringLiteral("Concepts"));
        QTRY_VERIFY_WITH_TIMEOUT(!concepts->isReadOnly(), 30000);
        other->setCurrentIndex(other->findText(original));
        QVERIFY(difference->isVisible() && difference->isReadOnly());
        QTRY_VERIFY_WITH_TIMEOUT(
            difference->toPlainText().contains(QStringLiteral("24 in both, 0 only in -, 0 only in +")), 30000);
        concepts->setPlainText(
            concepts->toPlainText().replace(QStringLiteral("a lawyer"), QStringLiteral("a juggler")));
        page.flush();
        QTRY_VERIFY_WITH_TIMEOUT(
            difference->toPlainText().contains(QStringLiteral("Concepts\n- a lawyer (office)\n+ a juggler (office)")),
            30000);
        QVERIFY(difference->toPlainText().contains(QStringLiteral("- a photo of a lawyer\n+ a photo of a juggler")));
        other->setCurrentIndex(0);
        QVERIFY(!difference->isVisible());
    }
    void longDifferencesAreCutAndSaySo() {
        ProbeSet first{"n", "1", "", {"a {}"}, {{"x", ""}}}, second = first;
        for (int i = 0; i < 5000; ++i)
            second.concepts.push_back({"c" + std::to_string(i), ""});
        const QString text = differenceText(first, second);
        QVERIFY(text.contains(QStringLiteral("1 in both, 0 only in -, 5000 only in +")));
        QCOMPARE(text.count(QStringLiteral("\n+ a c")), 2000);
        QVERIFY(text.endsWith(QStringLiteral("+ … and %1 more").arg(QLocale().toString(3000))));
    }
    void aPromptOfFiveHundredWordsIsSaidToBeCut() {
        Bench bench;
        bench.open();
        ProbesPage page(bench.context);
        page.show();
        auto* table = page.table();
        table->setCurrentSource(bench.lists.probes()->index(bench.lists.probes()->rowCount() - 1, 0));
        auto* concepts = named<QPlainTextEdit>(&page, QStringLiteral("Concepts"));
        QVERIFY(!concepts->isReadOnly());
        concepts->setPlainText(QStringLiteral("short\n") + QStringLiteral("word ").repeated(500));
        QTRY_COMPARE(page.prompts()->truncatedCount(), 2); // in each of the two templates
        QVERIFY(page.prompts()->index(1, PromptTable::Tokens).data().toString().contains(QStringLiteral("cut to 77")));
    }
    void anAttributesWordsStandSideBySide() {
        Bench bench;
        bench.open();
        ProbesPage page(bench.context);
        page.show();
        page.table()->setCurrentSource(bench.lists.probes()->index(bench.lists.probes()->rowCount() - 1, 0));
        auto* templates = named<QPlainTextEdit>(&page, QStringLiteral("Templates"));
        auto* sideBySide = page.findChild<QCheckBox*>();
        QVERIFY(!sideBySide->isVisible());
        named<QPlainTextEdit>(&page, QStringLiteral("Concepts"))->setPlainText(QStringLiteral("nurse\ncook"));
        templates->setPlainText(QStringLiteral("a {gender: woman|man} who is a {}\na {}"));
        QCOMPARE(page.prompts()->rowCount(), 6);
        QCOMPARE(page.prompts()->prompt(3), QStringLiteral("a man who is a cook"));
        QVERIFY(sideBySide->isVisible());
        sideBySide->setChecked(true);
        auto* words = named<TableView>(&page, QStringLiteral("Prompts that differ in one word, side by side"));
        QVERIFY(words->isVisible());
        const QAbstractItemModel* pairs = words->model();
        QCOMPARE(pairs->rowCount(), 2);
        QCOMPARE(pairs->headerData(1, Qt::Horizontal).toString(), QStringLiteral("man"));
        QCOMPARE(pairs->index(1, 0).data().toString(), QStringLiteral("a woman who is a cook"));
        QCOMPARE(pairs->index(1, 1).data().toString(), QStringLiteral("a man who is a cook"));
        QVERIFY(!says(&page, QStringLiteral("Please check")));
        templates->setPlainText(QStringLiteral("a {old|young} {}\na {old|young} {}\nno place"));
        QVERIFY(says(&page, QStringLiteral("is there twice")));
        QVERIFY(says(&page, QStringLiteral("has no {} for the concept")));
        QVERIFY(says(&page, QStringLiteral("“a old” in the template")));
        templates->setPlainText(QStringLiteral("a {}"));
        QVERIFY(!words->isVisible() && !sideBySide->isVisible() && !says(&page, QStringLiteral("Please check")));
    }
    void aFileIsShownBeforeItIsAdded() {
        Bench bench;
        bench.open(false);
        ProbesPage page(bench.context);
        page.show();
        const auto file = bench.folder / "jobs.txt";
        test::writeText(file, "a photo of a {}\n# health\nnurse\n\ndoctor\n");
        const int before = bench.lists.probes()->rowCount();
        const auto dialogOf = [&page, &file]() -> ImportDialog* {
            page.importFile(QString::fromStdString(file.string()));
            [[maybe_unused]] const bool shown =
                QTest::qWaitFor([&page] { return page.findChild<ImportDialog*>() != nullptr; }, 30000);
            return page.findChild<ImportDialog*>();
        };
        ImportDialog* dialog = dialogOf();
        QVERIFY(dialog != nullptr);
        QVERIFY(says(dialog, QStringLiteral("a plain list")));
        QVERIFY(says(dialog, QStringLiteral("1 template(s) · 2 concept(s) · 1 group(s) · 2 prompt(s)")));
        QCOMPARE(named<TableView>(dialog, QStringLiteral("Prompts that come of it"))->model()->index(1, 0).data().toString(),
                 QStringLiteral("a photo of a doctor"));
        dialog->reject();
        QTRY_VERIFY_WITH_TIMEOUT(page.findChild<ImportDialog*>() == nullptr, 30000);
        QCOMPARE(bench.again().probes()->size(), std::size_t(0));
        dialog = dialogOf();
        QVERIFY(dialog != nullptr);
        button(dialog, QStringLiteral("Add to the project"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.probes()->rowCount(), before + 1, 30000);
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        test::writeText(file, "nurse\nnurse\n");
        page.importFile(QString::fromStdString(file.string()));
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(1), 30000); // with the reason, and no dialog
        QVERIFY(messages[0].text.contains(QStringLiteral("there twice")));
    }
    void versionsOfASetAreKeptComparedAndBroughtBack() {
        Bench bench;
        bench.open();
        ProbesPage page(bench.context);
        page.show();
        page.table()->setCurrentSource(bench.lists.probes()->index(bench.lists.probes()->rowCount() - 1, 0));
        auto* concepts = named<QPlainTextEdit>(&page, QStringLiteral("Concepts"));
        const std::int64_t id = bench.lists.probes()->records().back().id;
        const ProbeSet before = bench.lists.probes()->records().back().probe;
        AuditConfig asked;
        asked.probe = before;
        QVERIFY(bench.again().beginRun(asked).has_value());
        const std::int64_t run = bench.again().runs()->front().id;
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("As run %1 asked it.").arg(run)), 30000);
        concepts->setPlainText(QStringLiteral("juggler"));
        page.flush();
        QVERIFY(says(&page, QStringLiteral("Differs from what run %1 asked.").arg(run)));

        VersionsDialog dialog(bench.context, id);
        dialog.show();
        auto* table = named<TableView>(&dialog, QStringLiteral("Versions of the probe set"));
        auto* difference = named<QPlainTextEdit>(&dialog, QStringLiteral("Difference between the two versions"));
        QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 2, 30000); // as it is now, and what the run asked
        QCOMPARE(table->model()->index(1, 3).data().toString(), QString::number(run));
        QTRY_VERIFY_WITH_TIMEOUT(difference->toPlainText().contains(QStringLiteral("- juggler")), 30000);
        button(&dialog, QStringLiteral("Save as version"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 3, 30000);
        button(&dialog, QStringLiteral("Save as version"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(says(&dialog, QStringLiteral("kept already")), 30000);
        table->setCurrentIndex(table->model()->index(2, 0)); // the oldest
        QSignalSpy returned(&dialog, &QDialog::accepted);
        button(&dialog, QStringLiteral("Go back to this version"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(returned.size(), 1, 30000);
        auto stored = bench.again();
        QCOMPARE(probe::contentSha256(stored.probes()->back().probe), probe::contentSha256(before));
        QCOMPARE(stored.probeVersions(id)->size(), std::size_t(2)); // nothing was lost, nothing kept twice
    }
    void whatIsUndoneAtOnceIsTheLastEdit() { // Ctrl+Z before the project's thread is done with it
        Bench bench;
        bench.open();
        const int models = bench.lists.models()->rowCount();
        QVERIFY(models > 1);
        EditHistory* history = bench.project.history();
        const auto remove = [&](int row) {
            history->edit(
                &bench.project, QStringLiteral("removing %1").arg(row),
                [id = bench.lists.models()->records()[static_cast<std::size_t>(row)].id](store::Project& project) {
                    return project.removeModel(id);
                },
                [](const Result<void>& result) { QVERIFY(result.has_value()); });
        };
        remove(0);
        remove(1);
        history->undo();
        QTRY_COMPARE_WITH_TIMEOUT(history->redoName(), QStringLiteral("removing 1"), 30000);
        QCOMPARE(history->undoName(), QStringLiteral("removing 0"));
        QCOMPARE(int(bench.again().models()->size()), models - 1);
        remove(1);
        history->undo();
        history->undo(); // not lost while the first is on its way
        QTRY_COMPARE_WITH_TIMEOUT(history->redoName(), QStringLiteral("removing 0"), 30000);
        QVERIFY(history->undoName().isEmpty());
        QCOMPARE(int(bench.again().models()->size()), models);
    }
    void removingAProbeSetCanBeUndone() {
        Bench bench;
        bench.open();
        ProbesPage page(bench.context);
        page.show();
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        const int before = bench.lists.probes()->rowCount();
        page.table()->setCurrentSource(bench.lists.probes()->index(before - 1, 0));
        button(&page, QStringLiteral("Remove"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.probes()->rowCount(), before - 1, 30000);
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(1), 30000);
        messages[0].actions.at(0).run();
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.probes()->rowCount(), before, 30000);
        QVERIFY(bench.lists.probes()->records().back().probe.name == "Office");
    }

    // Models ----------------------------------------------------------------------------------------------------------
    void everyInferredValueHasItsSource() {
        const auto groups = cardFacts(test::syntheticCard("m"));
        int sources = 0;
        for (const auto& group : groups)
            for (const auto& fact : group.facts)
                sources += !fact.source.isEmpty() ? 1 : 0;
        QVERIFY(sources >= 25);
        QVERIFY(groups.front().facts.front().isWarning);
    }
    void aCardSaysWhatWasPlanted() {
        const auto truth = [](const ModelCard& card) {
            for (const auto& group : cardFacts(card))
                if (group.title == QStringLiteral("Planted on purpose"))
                    return group.facts;
            return std::vector<FactSheet::Fact>();
        };
        ModelCard card = test::syntheticCard("m");
        QVERIFY(truth(card).empty());
        card.planted = test::plantedLeans();
        QCOMPARE(truth(card).size(), std::size_t(5)); // two directions each of gender and skin tone, and controls
        QCOMPARE(truth(card)[0].label, QStringLiteral("gender: woman"));
        QCOMPARE(truth(card)[0].value, QStringLiteral("nurse ×8, librarian ×4, florist ×2"));
        QCOMPARE(truth(card)[4].label, QStringLiteral("Nothing"));
        QVERIFY(truth(card)[4].value.startsWith(QStringLiteral("baker, gardener")));
    }
    void anOrdinaryCardIsNotCluttered() {
        const auto groups = cardFacts(test::syntheticCard("m"));
        for (const char* label : {"Unlike CLIP's", "Logit bias", "Trained with", "Cleaning", "Caption decoder"})
            QCOMPARE(valueOf(groups, QString::fromUtf8(label)), QString());
        QCOMPARE(valueOf(groups, QStringLiteral("Storage")), QStringLiteral("safetensors"));
        QCOMPARE(valueOf(groups, QStringLiteral("Licence")), QStringLiteral("mit (README.md)"));
        QCOMPARE(valueOf(groups, QStringLiteral("Self-check")), QStringLiteral("passed"));
        QCOMPARE(valueOf(groups, QStringLiteral("Kind")), QStringLiteral("CLIP BPE, 49408 entries"));
        QCOMPARE(valueOf(groups, QStringLiteral("Shape")), QStringLiteral("shorter side fitted, centre cut out"));
    }
    void aSiglipCardSaysWhatIsUnusual() {
        const auto groups = cardFacts(test::siglipCard("m"));
        QCOMPARE(groups.front().title, QStringLiteral("To know"));
        QCOMPARE(groups.front().facts.size(), std::size_t(6)); // two and three warnings, one finding
        for (const auto& fact : groups.front().facts)
            QVERIFY(fact.isWarning);
        QCOMPARE(valueOf(groups, QStringLiteral("Container")), QStringLiteral("OpenCLIP"));
        QCOMPARE(valueOf(groups, QStringLiteral("Storage")), QStringLiteral("PyTorch zip"));
        QCOMPARE(valueOf(groups, QStringLiteral("Logit bias")), QStringLiteral("-12.932 (sigmoid loss)"));
        QCOMPARE(valueOf(groups, QStringLiteral("Architecture")), QStringLiteral("ViT-B/16, 256 px"));
        QCOMPARE(valueOf(groups, QStringLiteral("Activation")), QStringLiteral("GELU (tanh)"));
        QCOMPARE(valueOf(groups, QStringLiteral("Feature read at")), QStringLiteral("attention of one learned query"));
        QCOMPARE(valueOf(groups, QStringLiteral("Unlike CLIP's")),
                 QStringLiteral("no class token, no norm before the first layer, a bias of the patches, no projection"));
        QCOMPARE(valueOf(groups, QStringLiteral("Unlike CLIP's"), QStringLiteral("Text tower")),
                 QStringLiteral("every position sees the whole context, padding included, a projection with a bias"));
        QCOMPARE(valueOf(groups, QStringLiteral("Feature read at"), QStringLiteral("Text tower")),
                 QStringLiteral("the last position of the context"));
        QCOMPARE(valueOf(groups, QStringLiteral("Read from")), QStringLiteral("none found"));
        QCOMPARE(valueOf(groups, QStringLiteral("Rules")), QString());
        QCOMPARE(valueOf(groups, QStringLiteral("Trained with")), QStringLiteral("timm/ViT-B-16-SigLIP2-256"));
        QVERIFY(valueOf(groups, QStringLiteral("Cleaning")).contains(QStringLiteral("no punctuation")));
        QCOMPARE(valueOf(groups, QStringLiteral("Shape")), QStringLiteral("stretched to the square"));
        QCOMPARE(valueOf(groups, QStringLiteral("Centre crop")), QString());
        QCOMPARE(valueOf(groups, QStringLiteral("Self-check")), QStringLiteral("Two different texts gave the same embedding."));
        QCOMPARE(valueOf(groups, QStringLiteral("Self-check"), QStringLiteral("Model")), QStringLiteral("not passed"));
    }
    void aResNetCardHasNoPerceptron() {
        ModelCard card = test::syntheticCard("m");
        card.config.container = Container::OpenAi;
        VisionConfig& vision = card.config.vision;
        vision.tower = ImageTower::ResNet;
        vision.stages = {3, 4, 6, 3};
        vision.classToken = false;
        vision.pooling.value = ImagePooling::AttentionMean;
        const auto groups = cardFacts(card);
        const QString tower = QStringLiteral("Image tower");
        QCOMPARE(valueOf(groups, QStringLiteral("Container")), QStringLiteral("OpenAI"));
        QCOMPARE(valueOf(groups, QStringLiteral("Architecture")), QStringLiteral("ResNet 3-4-6-3, 224 px"));
        QCOMPARE(valueOf(groups, QStringLiteral("Activation")), QStringLiteral("ReLU"));
        QCOMPARE(valueOf(groups, QStringLiteral("MLP width"), tower), QString());
        QCOMPARE(valueOf(groups, QStringLiteral("Layer norm ε"), tower), QString());
        QCOMPARE(valueOf(groups, QStringLiteral("Unlike CLIP's")), QString());
        QCOMPARE(valueOf(groups, QStringLiteral("Feature read at")), QStringLiteral("attention of the mean of all positions"));
    }
    void aCocaCardSaysWhereTheTextIsRead() {
        ModelCard card = test::syntheticCard("m");
        card.config.captioner = true;
        card.config.vision.pooling.value = ImagePooling::AttentionQuery;
        card.config.vision.poolerQueries = 256;
        card.config.text.pooling.value = TextPooling::ClassToken;
        const auto groups = cardFacts(card);
        QVERIFY(!valueOf(groups, QStringLiteral("Caption decoder")).isEmpty());
        QCOMPARE(valueOf(groups, QStringLiteral("Feature read at")),
                 QStringLiteral("attention, the first of 256 learned queries"));
        QCOMPARE(valueOf(groups, QStringLiteral("Feature read at"), QStringLiteral("Text tower")),
                 QStringLiteral("a class token behind the text"));
    }
    void anUncheckedCardSaysSo() {
        const auto groups = cardFacts(test::uncheckedCard("m"));
        const QString notYet = QStringLiteral("not computed yet");
        QCOMPARE(valueOf(groups, QStringLiteral("Self-check")), notYet);
        QCOMPARE(valueOf(groups, QStringLiteral("Content")), notYet);
        QCOMPARE(valueOf(groups, QStringLiteral("model.safetensors")), notYet);
        QCOMPARE(groups.back().facts.back().source, QStringLiteral("605.2 MB"));
    }
    void aLongLicenceOpensByItsButton() {
        FactSheet sheet;
        sheet.resize(500, 600);
        sheet.setGroups(cardFacts(test::siglipCard("m")));
        sheet.show();
        QVERIFY(QTest::qWaitForWindowExposed(&sheet));
        QVERIFY(says(&sheet, QStringLiteral("Apache License")));
        QVERIFY(!says(&sheet, QStringLiteral("Definitions")));
        auto* toggle = named<QToolButton>(&sheet, QStringLiteral("Whole text: Licence"));
        QVERIFY(toggle != nullptr);
        toggle->setFocus();
        QTest::keyClick(toggle, Qt::Key_Space);
        QVERIFY(says(&sheet, QStringLiteral("Definitions")));
        QTest::keyClick(toggle, Qt::Key_Space);
        QVERIFY(!says(&sheet, QStringLiteral("Definitions")));
        sheet.setGroups(cardFacts(test::syntheticCard("m"))); // one line needs no button
        QVERIFY(named<QToolButton>(&sheet, QStringLiteral("Whole text: Licence")) == nullptr);
    }
    void aModelIsCheckedAfterItIsAdded() {
        Bench bench;
        bench.open();
        fakeCard(test::syntheticCard("faceclip-a"));
        put(bench, test::uncheckedCard("faceclip-a"));
        ModelsPage page(bench.context);
        page.show();
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        QPushButton* now = button(&page, QStringLiteral("Check now"));
        QTRY_VERIFY_WITH_TIMEOUT(now->isVisible() && says(&page, QStringLiteral("have not been computed yet")), 30000);

        page.addModel(QStringLiteral("/data/models/faceclip-a"));
        QTRY_VERIFY_WITH_TIMEOUT(says(&page, QStringLiteral("are being computed")), 30000);
        QVERIFY(!now->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(bench.work.index(0).data(RunningWork::DoneRole).toInt() > 0, 30000);
        QCOMPARE(bench.work.index(0).data().toString(), QStringLiteral("Checking model faceclip-a"));
        QCOMPARE(bench.work.index(0).data(RunningWork::StageRole).toString(), QStringLiteral("Hashing the files"));
        page.table()->setCurrentSource(bench.lists.models()->index(1, 0)); // another model's card does not say so
        QVERIFY(!says(&page, QStringLiteral("are being computed")) && !now->isVisible());
        page.table()->setCurrentSource(bench.lists.models()->index(0, 0));
        QVERIFY(says(&page, QStringLiteral("are being computed")));

        bench.work.cancelAll();
        QTRY_VERIFY_WITH_TIMEOUT(now->isVisible(), 30000);
        QVERIFY(messages.empty()); // whoever cancels knows
        now->click();
        QVERIFY(says(&page, QStringLiteral("are being computed")));
        // The engine stores what it has found.
        put(bench, test::syntheticCard("faceclip-a"));
        bench.work.cancelAll();
        QTRY_VERIFY_WITH_TIMEOUT(!now->isVisible() && !says(&page, QStringLiteral("computed")), 30000);
        QVERIFY(says(&page, QStringLiteral("passed")));
    }
    void aFailedCheckIsSaid() {
        Bench bench;
        bench.open();
        put(bench, test::uncheckedCard("clip-vit-b-32-laion"));
        ModelsPage page(bench.context);
        page.show();
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        page.table()->setCurrentSource(bench.lists.models()->index(1, 0));
        QPushButton* now = button(&page, QStringLiteral("Check now"));
        QTRY_VERIFY_WITH_TIMEOUT(now->isVisible(), 30000);
        now->click();
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(1), 30000);
        QVERIFY(messages[0].severity == Severity::Error && messages[0].text.contains(QStringLiteral("model.safetensors")));
        QVERIFY(now->isVisible());
    }
    void whatTheCheckFindsIsSaid() {
        Bench bench;
        bench.open();
        fakeCard(test::siglipCard("odd"));
        ModelsPage page(bench.context);
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        page.addModel(QStringLiteral("/data/models/odd"));
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(2), 30000); // the tokenizer, the finding
        QVERIFY(messages[1].text.contains(QStringLiteral("self-check of odd")));
        QVERIFY(messages[1].details.contains(QStringLiteral("same embedding")));
    }
    void removingAModelEndsItsCheck() {
        Bench bench;
        bench.open();
        fakeCard(test::syntheticCard("faceclip-a"));
        ModelsPage page(bench.context);
        page.show();
        page.addModel(QStringLiteral("/data/models/faceclip-a"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.work.isRunning(QStringLiteral("check")), 30000);
        button(&page, QStringLiteral("Remove"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(bench.work.rowCount(), 0, 30000);
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.models()->rowCount(), 1, 30000);
    }
    void addingAModelAgainEndsItsCheck() {
        Bench bench;
        bench.open();
        fakeCard(test::syntheticCard("faceclip-a"));
        ModelsPage page(bench.context);
        page.addModel(QStringLiteral("/data/models/faceclip-a"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.work.isRunning(QStringLiteral("check")), 30000);
        const qint64 first = bench.work.index(0).data(RunningWork::IdRole).toLongLong();
        page.addModel(QStringLiteral("/data/models/faceclip-a"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.work.rowCount() == 1 && bench.work.isRunning(QStringLiteral("check")) &&
                                     bench.work.index(0).data(RunningWork::IdRole).toLongLong() != first,
                                 30000);
    }
    void theRememberedVocabularyIsTriedWhereClipsIsNeeded_data() {
        QTest::addColumn<bool>("clip");
        QTest::addColumn<QString>("remembered");
        QTest::addColumn<QString>("said");
        QTest::addColumn<qsizetype>("actions");
        const QString folder = QStringLiteral("/data/clip"), none;
        QTest::newRow("clip") << true << folder << QStringLiteral("m uses the tokenizer of /data/clip") << qsizetype(0);
        QTest::newRow("clip, none remembered") << true << none << QStringLiteral("vocab.json and merges.txt") << qsizetype(2);
        QTest::newRow("clip, does not fit")
            << true << QStringLiteral("/data/wrong") << QStringLiteral("vocab.json and merges.txt") << qsizetype(2);
        QTest::newRow("another") << false << folder << QStringLiteral("trained with timm/ViT-B-16-SigLIP2-256")
                                 << qsizetype(2);
    }
    void theRememberedVocabularyIsTriedWhereClipsIsNeeded() {
        QFETCH(const bool, clip);
        QFETCH(const QString, remembered);
        QFETCH(const QString, said);
        QFETCH(const qsizetype, actions);
        Bench bench;
        bench.open();
        ModelCard card = clip ? test::syntheticCard("m", false) : test::siglipCard("m");
        card.selfCheck = {true, {}};
        fakeCard(card);
        bench.settings.setVocabulary(remembered);
        ModelsPage page(bench.context);
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        QStringList asked;
        connect(&bench.work, &QAbstractItemModel::rowsInserted, this, [&](const QModelIndex&, int row) {
            asked.append(bench.work.index(row).data().toString());
        });
        page.addModel(QStringLiteral("/data/models/m"));
        QTRY_VERIFY_WITH_TIMEOUT(!asked.isEmpty() && bench.work.rowCount() == 0, 30000);
        QCOMPARE(asked.count(QStringLiteral("Adding model m")), clip && !remembered.isEmpty() ? 2 : 1);
        QCOMPARE(asked.count(QStringLiteral("Checking model m")), 1); // in the end, whatever became of the tokenizer
        QCOMPARE(messages.size(), std::size_t(1));
        QVERIFY2(messages[0].text.contains(said), qPrintable(messages[0].text));
        QCOMPARE(qsizetype(messages[0].actions.size()), actions);
        QCOMPARE(messages[0].details.contains(QStringLiteral("another model")), remembered.endsWith(QStringLiteral("wrong")));
        QCOMPARE(bench.settings.vocabulary(), remembered);
    }
    void onlyClipsVocabularyIsRemembered() {
        Bench bench;
        bench.open();
        ModelsPage page(bench.context);
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        fakeCard(test::syntheticCard("m", false));
        page.addModel(QStringLiteral("/data/models/m"), QStringLiteral("/data/bpe.txt.gz"));
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(1), 30000);
        QCOMPARE(bench.settings.vocabulary(), QStringLiteral("/data/bpe.txt.gz"));
        QTRY_COMPARE_WITH_TIMEOUT(bench.work.rowCount(), 0, 30000);
        bench.engine.request(QStringLiteral("test/exit"), {}, this, [](const Outcome<QJsonObject>&) {}); // to read FAKE_CARD anew
        QTRY_VERIFY_WITH_TIMEOUT(bench.engine.state() == Engine::State::Gone, 30000);
        messages.clear();
        fakeCard(test::siglipCard("s"));
        page.addModel(QStringLiteral("/data/models/s"), QStringLiteral("/data/spiece.model"));
        QTRY_VERIFY_WITH_TIMEOUT(!messages.empty(), 30000);
        QVERIFY(messages[0].text.contains(QStringLiteral("/data/spiece.model")));
        QCOMPARE(bench.settings.vocabulary(), QStringLiteral("/data/bpe.txt.gz"));
    }
    void aTokenizerThatDoesNotFitCanBeReplaced() {
        Bench bench;
        bench.open();
        ModelsPage page(bench.context);
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        page.addModel(QStringLiteral("/data/models/m"), QStringLiteral("/data/wrong"));
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(1), 30000);
        QVERIFY(messages[0].severity == Severity::Error && messages[0].text.contains(QStringLiteral("/data/wrong")));
        QCOMPARE(messages[0].actions.size(), std::size_t(2));
        QCOMPARE(messages[0].actions[0].label, QStringLiteral("Choose folder…"));
    }
    void modelsAreAddedAsFoldersAndFiles() {
        Bench bench;
        bench.open(false);
        ModelsPage page(bench.context);
        page.show();
        for (const char* label : {"Add model folder…", "Add model file…"})
            QVERIFY(button(&page, QString::fromUtf8(label))->isVisible());
        const auto entries = [&](const QString& name) {
            QStringList texts;
            for (const QAction* action : button(&page, name)->menu()->actions())
                texts.append(action->text().remove(u'&'));
            return texts;
        };
        QCOMPARE(entries(QStringLiteral("Add model")),
                 (QStringList{QStringLiteral("Add model folder…"), QStringLiteral("Add model file…")}));
        QCOMPARE(entries(QStringLiteral("Choose tokenizer")),
                 (QStringList{QStringLiteral("From a folder…"), QStringLiteral("From a file…")}));
    }
    void aModelIsRemovedAndBroughtBack() {
        Bench bench;
        bench.open();
        ModelsPage page(bench.context);
        page.show();
        std::vector<Message> messages;
        connect(&page, &Page::raised, this, [&](const Message& message) { messages.push_back(message); });
        QCOMPARE(bench.lists.models()->rowCount(), 2);
        button(&page, QStringLiteral("Remove"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.models()->rowCount(), 1, 30000);
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(1), 30000);
        messages[0].actions.at(0).run();
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.models()->rowCount(), 2, 30000);
    }
    void tablesAreCopiedWithTheirHeaders() {
        Bench bench;
        bench.open();
        ModelsPage page(bench.context);
        page.show();
        page.table()->setFocus();
        QTest::keyClick(page.table(), Qt::Key_C, Qt::ControlModifier);
        const QStringList lines = QApplication::clipboard()->text().split(u'\n');
        QVERIFY(lines.at(0).startsWith(QStringLiteral("Name\tContainer\t")));
        QVERIFY(lines.at(1).startsWith(QStringLiteral("faceclip-a\tHugging Face\t")));
    }

    // Images ----------------------------------------------------------------------------------------------------------
    void theMatchReportIsSentences() {
        const ImageSet set = test::syntheticImages(100);
        const auto all = findings(100, set.report);
        QVERIFY(all.size() >= 9);
        QVERIFY(all.front().sentence.contains(QStringLiteral("100")));
        QVERIFY(!all.front().isWarning);
        const auto missing = std::find_if(all.begin(), all.end(), [](const Finding& finding) {
            return finding.sentence.contains(QStringLiteral("not there"));
        });
        QVERIFY(missing != all.end() && missing->isWarning);
        QCOMPARE(missing->examples.size(), 4); // three and how many more
        MatchReport clean;
        clean.tableRows = clean.matched = 5;
        QCOMPARE(findings(5, clean).size(), std::size_t(1));
        // Rows that were not asked for are no rows without an image.
        clean.filter = "split = audit";
        clean.tableRows = 12;
        clean.filteredRows = 7;
        const auto filtered = findings(5, clean);
        QCOMPARE(filtered.size(), std::size_t(2));
        QCOMPARE(filtered[0].sentence, QStringLiteral("5 of 5 rows of the label table have their image."));
        QCOMPARE(filtered[1].sentence,
                 QStringLiteral("Only rows with split = audit were taken; 7 others were left out."));
        QVERIFY(!filtered[1].isWarning);
    }
    void groupsThatReadAlikeAreSaid() {
        store::ImageSetRecord::AttributeCounts gender;
        gender.name = "gender";
        gender.groups = {{"Female", 5}, {"Male", 4}, {"male ", 3}, {"non binary", 2}, {"nonbinary", 1}};
        const auto alike = groupsThatReadAlike(gender);
        QCOMPARE(alike.size(), std::size_t(2));
        QVERIFY(alike[0].isWarning);
        QVERIFY(alike[0].sentence.startsWith(QStringLiteral("gender: “Male” and “male ” differ only")));
        gender.groups = {{"Female", 5}, {"Male", 4}};
        QVERIFY(groupsThatReadAlike(gender).empty());
    }
    void whoLabelledIsChosenAndKept() {
        Bench bench;
        bench.open();
        ImagesPage page(bench.context);
        page.resize(1000, 700);
        page.show();
        LabelSources* sources = page.panel()->sources();
        auto* source = named<QComboBox>(sources, QStringLiteral("Where the labels of gender come from"));
        auto* note = named<QLineEdit>(sources, QStringLiteral("Note on where the labels of gender come from"));
        QVERIFY(source != nullptr && note != nullptr);
        QCOMPARE(source->currentText(), QStringLiteral("not known"));
        QSignalSpy steps(bench.project.history(), &EditHistory::changed);
        source->setFocus();
        QTest::keyClick(source, Qt::Key_Down);
        QTest::keyClick(source, Qt::Key_Down);
        note->setFocus();
        QTest::keyClicks(note, QStringLiteral("three people each"));
        QTest::keyClick(note, Qt::Key_Return);
        const auto stored = [&] { return bench.again().labelSources(1).value(); };
        const LabelSource wanted{LabelSource::Kind::Annotated, "three people each"};
        QTRY_VERIFY_WITH_TIMEOUT(stored().at(1) == wanted, 30000);
        QVERIFY(stored().at(0) == LabelSource());
        // Taken back it is as it was, also where it is edited, and made again.
        QTRY_COMPARE_WITH_TIMEOUT(steps.count(), 3, 30000); // the kind twice, the note
        bench.project.history()->undo();
        QTRY_VERIFY_WITH_TIMEOUT((stored().at(1) == LabelSource{LabelSource::Kind::Annotated, ""}), 30000);
        QTRY_VERIFY_WITH_TIMEOUT((sources->sources().at(1) == LabelSource{LabelSource::Kind::Annotated, ""}), 30000);
        bench.project.history()->redo();
        QTRY_VERIFY_WITH_TIMEOUT(stored().at(1) == wanted && sources->sources().at(1) == wanted, 30000);
        // Removed and brought back, it is there again.
        QSignalSpy raised(&page, &Page::raised);
        QTest::mouseClick(button(&page, QStringLiteral("Remove")), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(raised.count(), 1, 30000);
        const auto message = raised[0][0].value<Message>();
        QCOMPARE(message.actions.size(), std::size_t(1));
        message.actions[0].run();
        QTRY_COMPARE_WITH_TIMEOUT(bench.again().imageSets().value().size(), std::size_t(1), 30000);
        QTRY_VERIFY_WITH_TIMEOUT(bench.again().imageSets().value().front().attributes.at(1).source == wanted, 30000);
    }
    void examplesOpenByKeyboard() {
        FindingRow row({true, QStringLiteral("9 rows"), {QStringLiteral("a.jpg"), QStringLiteral("b.jpg")}});
        row.resize(400, 200);
        row.show();
        QVERIFY(QTest::qWaitForWindowActive(&row));
        row.toggle()->setFocus();
        QTest::keyClick(row.toggle(), Qt::Key_Space);
        QVERIFY(row.toggle()->isChecked());
        const auto labels = row.findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text() == QStringLiteral("a.jpg\nb.jpg");
        }));
    }
    void aFolderIsPreviewedBeforeItIsAdded() {
        Bench bench;
        bench.open();
        ImagesPage page(bench.context);
        page.show();
        AddImagesForm* form = page.form();
        page.addImages(QStringLiteral("/data/fairface"), QStringLiteral("/data/labels.csv"));
        QVERIFY(!form->isReady());
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), 30000);
        auto* preset = named<QComboBox>(form, QStringLiteral("How the labels are written"));
        QVERIFY(preset->currentText().contains(QStringLiteral("fairface")));
        QCOMPARE(preset->count(), 3);
        auto* columns = named<QListWidget>(form, QStringLiteral("Columns that are attributes"));
        QCOMPARE(columns->count(), 4);
        QCOMPARE(columns->item(0)->checkState(), Qt::Unchecked); // file
        QCOMPARE(columns->item(2)->checkState(), Qt::Checked);   // gender
        QCOMPARE(form->findChildren<GroupBars*>().size(), 2);
        QVERIFY(button(form, QStringLiteral("Add to the project"))->isEnabled());
        columns->item(1)->setCheckState(Qt::Unchecked);
        QVERIFY(!form->isReady()); // asked again
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), 30000);
        QCOMPARE(columns->item(1)->checkState(), Qt::Unchecked); // the user's choice stays
    }
    void rowsAreChosenByAColumn() {
        Bench bench;
        bench.open();
        ImagesPage page(bench.context);
        page.show();
        AddImagesForm* form = page.form();
        page.addImages(QStringLiteral("/data/sample"), QStringLiteral("/data/labels.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), 30000);
        auto* column = named<QComboBox>(form, QStringLiteral("Column that chooses rows"));
        auto* value = named<QComboBox>(form, QStringLiteral("Value that the column must have"));
        // A column “split” is offered, and nothing is chosen by itself.
        QCOMPARE(column->currentText(), QStringLiteral("All rows"));
        QVERIFY(!value->isEnabled());
        QVERIFY(!says(form, QStringLiteral("others were left out")));
        QVERIFY(column->findData(QStringLiteral("split")) > 0);
        column->setFocus();
        QTest::keyClick(column, Qt::Key_End); // the last column
        QCOMPARE(column->currentData().toString(), QStringLiteral("split"));
        QVERIFY(!form->isReady());
        QTRY_VERIFY_WITH_TIMEOUT(says(form, QStringLiteral("value that “split” must have")), 30000);
        QVERIFY(!button(form, QStringLiteral("Add to the project"))->isEnabled());
        QStringList offered;
        for (int i = 0; i < value->count(); ++i)
            offered << value->itemText(i);
        // Also what the first rows do not hold.
        QCOMPARE(offered, (QStringList{QStringLiteral("audit"), QStringLiteral("held out"), QStringLiteral("train")}));
        value->setFocus();
        QTest::keyClicks(value, QStringLiteral("held out"));
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), 30000);
        QVERIFY(says(form, QStringLiteral("Only rows with split = held out were taken; 500 others were left out.")));
        QCOMPARE(value->currentText(), QStringLiteral("held out")); // the preview leaves what was typed
        QCOMPARE(column->currentData().toString(), QStringLiteral("split"));
        // What is added is asked for in the same words.
        QSignalSpy added(form, &AddImagesForm::added);
        form->submit();
        QTRY_COMPARE_WITH_TIMEOUT(added.count(), 1, 30000);
        QCOMPARE(added[0][0].toLongLong(), 77); // the fake engine's answer to {"split": "held out"}
        // Another table begins anew.
        page.addImages({}, QStringLiteral("/data/other.csv"));
        QCOMPARE(column->currentText(), QStringLiteral("All rows"));
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), 30000);
        QVERIFY(!says(form, QStringLiteral("others were left out")));
    }
    void valuesAreMergedBeforeTheyAreAdded() {
        Bench bench;
        bench.open();
        ImagesPage page(bench.context);
        page.show();
        AddImagesForm* form = page.form();
        page.addImages(QStringLiteral("/data/sample"), QStringLiteral("/data/written_twice.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), 30000);
        QVERIFY(says(form, QStringLiteral("gender: “Female” and “female” differ only in capitals or blanks and count as "
                                          "different groups. They can be merged below.")));
        const auto inDialog = [&](const auto& work) {
            bool done = false;
            QTimer::singleShot(0, form, [&] { // after the button's own, which is queued
                QTimer::singleShot(0, form, [&] {
                    auto* dialog = form->findChild<MergeGroupsDialog*>();
                    if (dialog != nullptr) {
                        work(*dialog);
                        done = true;
                        dialog->close();
                    }
                });
            });
            named<QPushButton>(form, QStringLiteral("Merge groups of gender"))->click();
            QTRY_VERIFY_WITH_TIMEOUT(done, 30000);
        };
        inDialog([&](MergeGroupsDialog& dialog) {
            auto* bands = named<QComboBox>(&dialog, QStringLiteral("Usual bands"));
            QCOMPARE(bands->itemText(1), QStringLiteral("One group where only capitals and blanks differ"));
            bands->setCurrentIndex(1);
            Q_EMIT bands->activated(1);
            dialog.accept();
        });
        QTRY_VERIFY_WITH_TIMEOUT(says(form, QStringLiteral("gender: “female” (10) and “Female” (690) count as “Female”.")),
                                 30000);
        QVERIFY(says(form, QStringLiteral("gender, 2 group")));
        QVERIFY(!says(form, QStringLiteral("differ only in capitals")));
        QVERIFY(form->isReady()); // nothing is asked again
        QSignalSpy added(form, &AddImagesForm::added);
        form->submit();
        QTRY_COMPARE_WITH_TIMEOUT(added.count(), 1, 30000);
        QCOMPARE(added[0][0].toLongLong(), 78);
        QJsonArray asked;
        bench.engine.request(QStringLiteral("test/debias"), {}, &page, [&](const Outcome<QJsonObject>& answer) {
            asked = answer->value(u"read_as").toArray();
        });
        QTRY_COMPARE_WITH_TIMEOUT(asked, QJsonArray{QStringLiteral("gender: Female = female + Female")}, 30000);

        // A table without these values has nothing to merge.
        page.addImages({}, QStringLiteral("/data/labels.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(form->isReady(), 30000);
        QVERIFY(!says(form, QStringLiteral("count as")));
    }
    void anEngineErrorIsSaidInTheForm() {
        Bench bench;
        bench.open();
        qputenv("FAKE_ENGINE", "silent");
        ImagesPage page(bench.context);
        page.show();
        page.addImages(QStringLiteral("/data/fairface"), {});
        const auto says = [&] {
            const auto labels = page.form()->findChildren<QLabel*>();
            return std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
                return label->isVisible() && label->text().contains(QStringLiteral("engine"), Qt::CaseInsensitive);
            });
        };
        QTRY_VERIFY_WITH_TIMEOUT(says(), 30000);
        QVERIFY(!page.form()->isReady());
        qunsetenv("FAKE_ENGINE");
    }

    // New audit -------------------------------------------------------------------------------------------------------
    void anAuditAsksWhatWasChosen() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.show();
        QString problem;
        QVERIFY(!panel.config(&problem));
        QVERIFY(problem.contains(QStringLiteral("prompt")));
        auto* prompts = named<QPlainTextEdit>(&panel, QStringLiteral("Prompts, one a line"));
        prompts->setPlainText(QStringLiteral("a photo of a nurse\n\na photo of an engineer\n"));
        auto* attributes = named<QListWidget>(&panel, QStringLiteral("Attributes"));
        QCOMPARE(attributes->count(), 3);
        attributes->item(0)->setCheckState(Qt::Unchecked);
        QVERIFY(!panel.config(&problem));
        attributes->item(1)->setCheckState(Qt::Checked);
        auto* k = named<QLineEdit>(&panel, QStringLiteral("How many top images to look at: a number, or a share such as 10%"));
        k->setText(QStringLiteral("0"));
        QVERIFY(!panel.config(&problem));
        QVERIFY(!button(&panel, QStringLiteral("Run"))->isEnabled());
        k->setText(QStringLiteral("10%"));
        auto config = panel.config(&problem);
        QVERIFY2(config.has_value(), qPrintable(problem));
        QCOMPARE(config->attributes, std::vector<std::string>{"gender"});
        QCOMPARE(config->probe.concepts.size(), std::size_t(2));
        QVERIFY(config->probe.templates.empty());
        QCOMPARE(config->measure.k.fraction, 0.1);
        QVERIFY(config->measure.definition == Definition::Geyik);
        QVERIFY(config->modelPath == "/data/models/faceclip-a");
        QVERIFY(config->imageSetId > 0 && config->modelId > 0);
        QVERIFY(button(&panel, QStringLiteral("Run"))->isEnabled());

        auto* definition = named<QComboBox>(&panel, QStringLiteral("Definition of the measures"));
        definition->setCurrentIndex(2);
        QVERIFY(panel.config()->measure.target.kind == Target::Kind::Uniform);
        QVERIFY(!named<QComboBox>(&panel, QStringLiteral("Target shares"))->isEnabled());

        auto* probe = named<QComboBox>(&panel, QStringLiteral("Prompts"));
        probe->setCurrentIndex(probe->count() - 1);
        QVERIFY(panel.config()->probe.name == "Office");
        QVERIFY(!prompts->isVisible());
    }
    void theTargetIsChosen() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.resize(1000, 800);
        panel.show();
        auto* prompts = named<QPlainTextEdit>(&panel, QStringLiteral("Prompts, one a line"));
        prompts->setPlainText(QStringLiteral("nurse\npilot"));
        auto* attributes = named<QListWidget>(&panel, QStringLiteral("Attributes")); // age, gender, race
        attributes->item(0)->setCheckState(Qt::Unchecked);
        attributes->item(1)->setCheckState(Qt::Checked);
        auto* target = named<QComboBox>(&panel, QStringLiteral("Target shares"));
        auto* file = named<QLineEdit>(&panel, QStringLiteral("Table of target shares"));
        auto* relevance =
            named<QComboBox>(&panel, QStringLiteral("Attribute that says to which concept an image is relevant"));
        const auto choose = [&](const QString& text) { target->setCurrentIndex(target->findText(text)); };
        const auto cautions = [&] { return named<QLabel>(&panel, QStringLiteral("To consider"))->text(); };
        QVERIFY(panel.config()->measure.target.kind == Target::Kind::Pool);
        QVERIFY(!file->isVisible() && !relevance->isVisible());

        // Published shares, for the concepts that they name.
        QTRY_VERIFY_WITH_TIMEOUT(target->findText(QStringLiteral("Labour force")) >= 0, 30000);
        choose(QStringLiteral("Labour force"));
        QVERIFY(says(&panel, QStringLiteral("A bureau of statistics")));
        auto config = panel.config();
        QVERIFY(config && config->measure.target.kind == Target::Kind::Custom);
        QCOMPARE(config->measure.target.byConcept.size(), std::size_t(1));
        QVERIFY2(cautions().contains(QStringLiteral("no shares for pilot")), qPrintable(cautions()));

        // A table; its groups must be those of every attribute.
        choose(QStringLiteral("Shares from a table…"));
        QVERIFY(file->isVisible());
        QString problem;
        QVERIFY(!panel.config(&problem));
        QVERIFY2(problem.contains(QStringLiteral("Choose the table")), qPrintable(problem));
        file->setText(QStringLiteral("/data/missing.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(!panel.config(&problem) && problem.contains(QStringLiteral("missing.csv")), 30000);
        QVERIFY(says(&panel, problem));
        file->setText(QStringLiteral("/data/genders.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(panel.config().has_value(), 30000);
        config = panel.config();
        QCOMPARE(config->measure.target.shares,
                 (std::vector<std::pair<std::string, double>>{{"Female", 0.4}, {"Male", 0.6}}));
        QVERIFY(says(&panel, QStringLiteral("Female 40.0 %, Male 60.0 %")));
        attributes->item(2)->setCheckState(Qt::Checked);
        QVERIFY(!panel.config(&problem));
        QVERIFY2(problem.startsWith(QStringLiteral("race: The target shares are not usable")), qPrintable(problem));
        attributes->item(2)->setCheckState(Qt::Unchecked);

        // The images that are relevant to a prompt.
        choose(QStringLiteral("Shares among the relevant images"));
        QVERIFY(relevance->isVisible() && !file->isVisible());
        relevance->setCurrentIndex(relevance->findText(QStringLiteral("race")));
        config = panel.config();
        QVERIFY(config && config->measure.target.kind == Target::Kind::Conditional);
        QCOMPARE(config->relevance, std::string("race"));
        QVERIFY(std::ranges::find(config->others.families, Family::Relevance) != config->others.families.end());
        QVERIFY2(cautions().contains(QStringLiteral("No image has the value nurse, pilot of race")),
                 qPrintable(cautions()));
        prompts->setPlainText(QStringLiteral("white\nblack"));
        QVERIFY2(!cautions().contains(QStringLiteral("No image has the value")), qPrintable(cautions()));

        // A definition that knows equal shares only wins, and its choice comes back afterwards.
        auto* definition = named<QComboBox>(&panel, QStringLiteral("Definition of the measures"));
        definition->setCurrentIndex(2);
        QVERIFY(panel.config()->measure.target.kind == Target::Kind::Uniform && panel.config()->relevance.empty());
        QVERIFY(!relevance->isVisible());
        definition->setCurrentIndex(0);
        QVERIFY(panel.config()->measure.target.kind == Target::Kind::Conditional);
    }
    void theFormOfAnAuditIsKept() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        QJsonObject filled;
        {
            NewAuditPanel panel(bench.context, &runner);
            panel.show();
            auto* target = named<QComboBox>(&panel, QStringLiteral("Target shares"));
            QTRY_VERIFY_WITH_TIMEOUT(target->findText(QStringLiteral("Labour force")) >= 0, 30000);
            AuditChoices choices = panel.choices();
            choices.prompts = QStringLiteral("a nurse\n  a pilot: \"x\" × é\n");
            choices.attributes = QStringList{QStringLiteral("gender")};
            choices.merged = {QStringLiteral("age [young = 0-2 + 3-9]")};
            choices.crossed = {QStringLiteral("age"), QStringLiteral("race")};
            choices.k = QStringLiteral("12 per cent"); // not finished
            choices.target = target->itemData(target->findText(QStringLiteral("Labour force"))).toString();
            choices.measure.seed = 7;
            choices.measure.correction = Correction::FalseDiscovery;
            choices.measure.tolerance = 1.25;
            choices.measure.level = 0.01;
            choices.measure.minGroup = 12;
            choices.others.families = {Family::Association};
            choices.others.dimensions = {"race"};
            choices.others.captions = "/data/caps.json";
            choices.precision = QStringLiteral("bf16");
            choices.more = true;
            panel.choose(choices);
            filled = panel.choices().toJson();
            const QJsonObject wanted = choices.toJson();
            for (auto each = wanted.begin(); each != wanted.end(); ++each)
                if (each.key() != u"families") // those that come with what they need are among them, too
                    QVERIFY2(filled.value(each.key()) == each.value(), qPrintable(each.key()));
            const auto kept = [&] {
                return QJsonDocument::fromJson(bench.settings.draft(bench.project.path())).object();
            };
            QTRY_VERIFY_WITH_TIMEOUT(kept() == filled, 30000); // without being told to
            QFile file(QString::fromStdString((bench.folder / "settings.ini").string()));
            QVERIFY(file.open(QIODevice::ReadOnly) && file.readAll().contains("a nurse"));
        }
        {
            NewAuditPanel panel(bench.context, &runner); // as after a crash
            QCOMPARE(panel.choices().toJson(), filled);
            QString problem;
            QVERIFY(!panel.config(&problem)); // the published shares are not known yet
            panel.show();
            auto* target = named<QComboBox>(&panel, QStringLiteral("Target shares"));
            QTRY_COMPARE_WITH_TIMEOUT(target->currentText(), QStringLiteral("Labour force"), 30000);
            QCOMPARE(panel.choices().toJson(), filled);
            named<QLineEdit>(&panel, QStringLiteral("How many top images to look at: a number, or a share such as 10%"))
                ->setText(QStringLiteral("50"));
            const auto config = panel.config(&problem);
            QVERIFY2(config, qPrintable(problem));
            QCOMPARE(config->attributes, (std::vector<std::string>{"gender", "age [young = 0-2 + 3-9] × race"}));
            QVERIFY(config->measure.target.kind == Target::Kind::Custom && config->measure.seed == 7);

            // Another project has a form of its own, and this one is there again afterwards.
            const QString path = bench.project.path();
            bench.project.create(QString::fromStdString((bench.folder / "other.plumb").string()));
            QTRY_VERIFY_WITH_TIMEOUT(bench.project.isOpen() && bench.lists.isLoaded(), 30000);
            QTRY_COMPARE(panel.choices().prompts, QString());
            QCOMPARE(panel.choices().k, QStringLiteral("100"));
            bench.project.open(path);
            QTRY_COMPARE_WITH_TIMEOUT(panel.choices().k, QStringLiteral("50"), 30000);
            filled.insert(QStringLiteral("k"), QStringLiteral("50"));
            QCOMPARE(panel.choices().toJson(), filled);
        }
        // What is kept but cannot be read is an empty form.
        bench.settings.setDraft(bench.project.path(), "{\"k\": 5, \"attributes\": \"x\", \"level\": [");
        NewAuditPanel panel(bench.context, &runner);
        QCOMPARE(panel.choices().k, QStringLiteral("100"));
    }
    void anAuditLikeAnother() {
        Bench bench;
        bench.open();
        const store::RunRecord run = bench.lists.runs()->records().front();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.show();
        QVERIFY(!panel.chooseLike(999));
        QVERIFY(panel.chooseLike(run.id));
        QString problem;
        const auto config = panel.config(&problem);
        QVERIFY2(config, qPrintable(problem));
        QCOMPARE(config->attributes, run.config.attributes);
        QCOMPARE(config->modelId, run.config.modelId);
        QCOMPARE(config->imageSetId, run.config.imageSetId);
        QCOMPARE(formatK(config->measure.k), formatK(run.config.measure.k));
        const auto texts = [](const ProbeSet& set) {
            std::vector<std::string> all;
            for (const Prompt& prompt : probe::expand(set))
                all.push_back(prompt.text);
            return all;
        };
        QCOMPARE(texts(config->probe), texts(run.config.probe));

        // Shares of its own, a crossing with merged groups and further choices.
        AuditConfig other = run.config;
        other.attributes = {"age [young = 0-2 + 3-9] × gender"};
        other.probe = probe::handWritten({"a nurse", "a pilot"});
        other.measure.k = {0, 0.1};
        other.measure.target = {Target::Kind::Custom, {{"x", 0.4}, {"y", 0.6}}, {}};
        other.measure.level = 0.01;
        const AuditChoices choices = AuditChoices::of(other, 0);
        QCOMPARE(choices.attributes, std::optional(QStringList()));
        QCOMPARE(choices.crossed, (QStringList{QStringLiteral("age"), QStringLiteral("gender")}));
        QCOMPARE(choices.merged, QStringList{QStringLiteral("age [young = 0-2 + 3-9]")});
        QCOMPARE(choices.prompts, QStringLiteral("a nurse\na pilot"));
        QCOMPARE(choices.k, QStringLiteral("10%"));
        QVERIFY(choices.more && choices.shares);
        panel.choose(choices);
        QCOMPARE(panel.choices().target, QStringLiteral("table"));
        QVERIFY(says(&panel, QStringLiteral("x 40.0 %, y 60.0 %")));
        const AuditChoices kept = AuditChoices::fromJson(panel.choices().toJson());
        QVERIFY(kept.shares && kept.shares->shares == other.measure.target.shares);
        // They are not those of the next choice.
        panel.choose({});
        QVERIFY(!panel.choices().shares);
        AuditChoices table;
        table.target = QStringLiteral("table");
        table.prompts = QStringLiteral("a nurse");
        panel.choose(table);
        QVERIFY(!panel.config(&problem));
        QVERIFY2(problem.contains(QStringLiteral("Choose the table")), qPrintable(problem));
        // A model that is gone is not replaced by another.
        AuditChoices gone;
        gone.prompts = QStringLiteral("a nurse");
        gone.model = 999;
        panel.choose(gone);
        QVERIFY(!panel.config(&problem));
        QCOMPARE(problem, QStringLiteral("Choose a model."));
        const int models = bench.lists.models()->rowCount();
        bench.project.history()->edit<std::int64_t>(
            this, QStringLiteral("adding a model"),
            [](store::Project& project) {
                store::ModelRecord record;
                record.name = record.path = "another";
                record.card = test::uncheckedCard("another");
                return project.addModel(record);
            },
            [](const Result<std::int64_t>&) {});
        QTRY_COMPARE_WITH_TIMEOUT(bench.lists.models()->rowCount(), models + 1, 30000);
        QVERIFY(!panel.config(&problem));
        QCOMPARE(problem, QStringLiteral("Choose a model."));
        // Not when it is taken up again, either; nor are published shares that there are none of.
        gone = AuditChoices::fromJson(panel.choices().toJson());
        gone.target = QStringLiteral("preset:of another version");
        panel.choose(gone);
        QVERIFY(!panel.config(&problem));
        QCOMPARE(problem, QStringLiteral("Choose a model."));
        gone.model = 0;
        panel.choose(gone);
        QTRY_VERIFY_WITH_TIMEOUT(!panel.config(&problem) && problem.contains(QStringLiteral("Choose the table")), 30000);
    }
    void tooltipsArePlainWordsThatWrap() {
        theme::apply(*qApp, theme::Appearance::Light);
        theme::apply(*qApp, theme::Appearance::Light);
        QTableWidget table(1, 2);
        table.setItem(0, 0, new QTableWidgetItem(QStringLiteral("a")));
        table.setItem(0, 1, new QTableWidgetItem(QStringLiteral("b")));
        table.item(0, 0)->setToolTip(QStringLiteral("<img src=\"portrait.png\">.png"));
        table.setHorizontalHeaderItem(0, new QTableWidgetItem(QStringLiteral("A")));
        table.horizontalHeaderItem(0)->setToolTip(
            QString(QStringLiteral("one mark a group at its skew ")).repeated(8).trimmed());
        QTabBar tabs;
        tabs.addTab(QStringLiteral("first"));
        tabs.setTabToolTip(0, QStringLiteral("of a tab"));
        tabs.addTab(QStringLiteral("&NDKL"));
        table.setHorizontalHeaderItem(1, new QTableWidgetItem(QStringLiteral("maxskew")));
        table.horizontalHeaderItem(1)->setToolTip(QStringLiteral("The largest."));
        QPushButton remove(QStringLiteral("Remove"));
        remove.setToolTip(QStringLiteral("Two\nlines, ") + QString(100, u'x'));
        const auto tip = [](QWidget* widget, QPoint place) {
            QToolTip::hideText();
            QHelpEvent asked(QEvent::ToolTip, place, widget->mapToGlobal(place));
            QApplication::sendEvent(widget, &asked);
            for (QWidget* window : QApplication::topLevelWidgets())
                if (auto* label = qobject_cast<QLabel*>(window); label != nullptr && label->inherits("QTipLabel"))
                    if (label->isVisible() && label->text() == QToolTip::text())
                        return label;
            return static_cast<QLabel*>(nullptr);
        };
        for (QWidget* widget : std::initializer_list<QWidget*>{&table, &tabs, &remove}) {
            widget->show();
            QVERIFY(QTest::qWaitForWindowExposed(widget));
        }
        const QLabel* shown = tip(table.viewport(), table.visualItemRect(table.item(0, 0)).center());
        QVERIFY(shown);
        QCOMPARE(shown->text(), table.item(0, 0)->toolTip());
        QCOMPARE(shown->textFormat(), Qt::PlainText);
        QLabel name(table.item(0, 0)->toolTip());
        name.show();
        QCOMPARE(name.textFormat(), Qt::PlainText); // as every label
        shown = tip(table.horizontalHeader()->viewport(), QPoint(5, 5));
        QVERIFY(shown);
        const QStringList lines = shown->text().split(u'\n');
        QCOMPARE(lines.size(), 4);
        for (const QString& line : lines)
            QVERIFY2(line.size() <= 72 && line.trimmed() == line, qPrintable(line));
        QCOMPARE(lines.join(u' '), table.horizontalHeaderItem(0)->toolTip().trimmed());
        QCOMPARE(tip(&tabs, tabs.tabRect(0).center())->text(), QStringLiteral("of a tab"));
        QCOMPARE(tip(&remove, QPoint(5, 5))->text(),
                 QStringLiteral("Two\nlines,\n") + QString(72, u'x') + u'\n' + QString(28, u'x'));
        // What the glossary knows.
        QHeaderView* header = table.horizontalHeader();
        const QPoint known(header->sectionViewportPosition(1) + 5, 5);
        QCOMPARE(tip(header->viewport(), known)->text(), QStringLiteral("The largest.\nF1: MaxSkew in the glossary"));
        const QString ofTab = tip(&tabs, tabs.tabRect(1).center())->text();
        QVERIFY2(ofTab.startsWith(fromUtf8(report::glossaryEntry("ndkl")->meaning).first(40)) &&
                     ofTab.endsWith(QStringLiteral("F1: NDKL in the glossary")),
                 qPrintable(ofTab));
        QCOMPARE(ToolTips::shownEntry()->id, std::string_view("g-ndkl"));
        QVERIFY(tip(header->viewport(), QPoint(5, 5)));
        QVERIFY(!ToolTips::shownEntry()); // of another tooltip
        QVERIFY(tip(header->viewport(), known));
        QCOMPARE(ToolTips::shownEntry()->id, std::string_view("g-maxskew"));
        QToolTip::hideText();
        QTRY_VERIFY(!ToolTips::shownEntry());                                                 // of none
        QTRY_VERIFY(!tip(table.viewport(), table.visualItemRect(table.item(0, 1)).center())); // has none
    }
    void theLevelAndTheSmallestGroupAreChosen() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.show();
        named<QPlainTextEdit>(&panel, QStringLiteral("Prompts, one a line"))->setPlainText(QStringLiteral("a nurse"));
        const MeasureOptions defaults;
        QCOMPARE(panel.config()->measure.level, defaults.level);
        QCOMPARE(panel.config()->measure.minGroup, defaults.minGroup);
        const auto cautions = [&] { return named<QLabel>(&panel, QStringLiteral("To consider"))->text(); };
        QVERIFY2(!cautions().contains(QStringLiteral("20-29")), qPrintable(cautions()));
        named<QDoubleSpinBox>(&panel, QStringLiteral("Significance level"))->setValue(0.01);
        named<QSpinBox>(&panel, QStringLiteral("Smallest group that a verdict is given on"))->setValue(4000);
        QCOMPARE(panel.config()->measure.level, 0.01);
        QCOMPARE(panel.config()->measure.minGroup, std::int64_t(4000));
        // What it costs is said before the run.
        QVERIFY2(cautions().contains(QStringLiteral("20-29")), qPrintable(cautions()));
        QVERIFY(panel.findChild<GroupBars*>()->accessibleDescription().contains(QStringLiteral("(few)")));
    }
    void whatIsMeasuredBesideTheRankingsIsChosen() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.show();
        named<QPlainTextEdit>(&panel, QStringLiteral("Prompts, one a line"))->setPlainText(QStringLiteral("a nurse"));
        const auto has = [](const AuditConfig& config, Family family) {
            return std::ranges::find(config.others.families, family) != config.others.families.end();
        };
        auto config = panel.config();
        QVERIFY(config);
        for (const FamilyInfo& family : allFamilies())
            QCOMPARE(has(*config, family.family), family.byDefault);
        QVERIFY(config->measure.correction == Correction::Holm && config->measure.tolerance == 1.0);

        auto* also = panel.findChild<AlsoMeasure*>();
        const auto tick = [&](const QMenu* menu, const QString& text) {
            for (QAction* action : menu->actions())
                if (action->text() == text)
                    return action->trigger();
            QFAIL(qPrintable(text));
        };
        tick(also->menu(), QStringLiteral("Harmful labels"));
        tick(also->menu(), QStringLiteral("Hub images"));
        for (QAction* action : also->menu()->actions())
            if (action->text() == QStringLiteral("Counterfactual sets"))
                tick(action->menu(), QStringLiteral("race"));
            else if (action->text() == QStringLiteral("Controlled dimensions"))
                tick(action->menu(), QStringLiteral("age"));
            else if (action->text() == QStringLiteral("Zero-shot classification of a column"))
                tick(action->menu(), QStringLiteral("age"));
        also->setCaptions(QStringLiteral("/some where/captions.json"));
        QSignalSpy changed(also, &AlsoMeasure::changed);
        named<QComboBox>(&panel, QStringLiteral("Correction of the verdicts"))->setCurrentIndex(1);
        named<QDoubleSpinBox>(&panel, QStringLiteral("Tolerance, as a ratio of shares"))->setValue(1.25);
        config = panel.config();
        QVERIFY(has(*config, Family::Harm) && !has(*config, Family::Hubs));
        QVERIFY(has(*config, Family::Counterfactuals) && config->others.sets == "race");
        QVERIFY(has(*config, Family::Controls));
        QCOMPARE(config->others.dimensions, std::vector<std::string>{"age"});
        QVERIFY(has(*config, Family::Classes) && config->others.classes == "age");
        QVERIFY(has(*config, Family::Retrieval));
        QCOMPARE(config->others.captions, std::string("/some where/captions.json"));
        // Another set of columns keeps what it still has.
        also->setColumns({QStringLiteral("age"), QStringLiteral("pose")});
        QVERIFY(also->chosen().classes == "age" && also->chosen().sets.empty());
        also->setCaptions({});
        QVERIFY(!has(*panel.config(), Family::Retrieval) && !has(*panel.config(), Family::Counterfactuals));
        config = panel.config();
        QVERIFY(config->measure.correction == Correction::FalseDiscovery && config->measure.tolerance == 1.25);
        QVERIFY(also->text().contains(QString::number(config->others.families.size())));
    }
    void aCrossingIsCountedBeforeTheRun() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.show();
        named<QPlainTextEdit>(&panel, QStringLiteral("Prompts, one a line"))->setPlainText(QStringLiteral("a nurse"));
        auto* attributes = named<QListWidget>(&panel, QStringLiteral("Attributes"));
        attributes->item(0)->setCheckState(Qt::Unchecked);
        auto* crossed = named<QListWidget>(&panel, QStringLiteral("Attributes of the crossing"));
        const auto cross = [&](const QStringList& names) {
            for (int row = 0; row < crossed->count(); ++row)
                crossed->item(row)->setCheckState(names.contains(crossed->item(row)->text()) ? Qt::Checked : Qt::Unchecked);
        };
        panel.findChild<QCheckBox*>()->setChecked(true);
        cross({QStringLiteral("gender"), QStringLiteral("race")});
        QCOMPARE(panel.config()->attributes, std::vector<std::string>{"gender × race"});
        QTRY_COMPARE_WITH_TIMEOUT(panel.findChildren<GroupBars*>().size(), 1, 30000);
        QCOMPARE(panel.findChild<GroupBars*>()->accessibleDescription().count(u'×'), 14);
        cross({QStringLiteral("gender")});
        QString problem;
        QVERIFY(!panel.config(&problem));
        QVERIFY(problem.contains(QStringLiteral("at least two")));
        // Three at once: cells that are small or empty are named before the run.
        cross({QStringLiteral("age"), QStringLiteral("gender"), QStringLiteral("race")});
        QCOMPARE(panel.config()->attributes, std::vector<std::string>{"age × gender × race"});
        QTRY_VERIFY_WITH_TIMEOUT(panel.findChildren<GroupBars*>().size() == 1 &&
                                     panel.findChild<GroupBars*>()->accessibleDescription().count(u'×') > 28,
                                 30000);
        const QString cautions = named<QLabel>(&panel, QStringLiteral("To consider"))->text();
        const QString counts = panel.findChild<GroupBars*>()->accessibleDescription();
        QCOMPARE(counts.count(u'×'), 2 * 126); // every combination, with images or without
        QVERIFY2(counts.contains(QStringLiteral("(few)")), qPrintable(counts));
        QVERIFY2(cautions.contains(QStringLiteral("Small groups of age × gender × race")), qPrintable(cautions));
        QVERIFY2(cautions.contains(QStringLiteral("more")), qPrintable(cautions));
    }
    void combinationsWithoutImagesAreShown() {
        Bench bench;
        ImageSet set;
        std::vector<std::string> hair, coat;
        for (int i = 0; i < 90; ++i) {
            set.files.push_back(std::to_string(i) + ".jpg");
            hair.push_back(i < 80 ? "long" : "short");
            coat.push_back(i < 40 || i >= 80 ? "red" : "blue");
        }
        set.attributes = {makeAttribute("hair", hair), makeAttribute("coat", coat)};
        const auto path = bench.folder / "coats.plumb";
        {
            auto fresh = store::Project::create(path);
            QVERIFY(fresh.has_value() && fresh->addImageSet(set, "coats").has_value());
        }
        bench.project.open(QString::fromStdString(path.string()));
        QTRY_VERIFY_WITH_TIMEOUT(bench.lists.isLoaded(), 30000);
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.resize(1000, 800);
        panel.show();
        panel.findChild<QCheckBox*>()->setChecked(true);
        QTRY_COMPARE_WITH_TIMEOUT(panel.findChildren<GroupBars*>().size(), 2, 30000);
        // The attribute, then its crossing: what no image has stands at the end, what few have is said.
        QCOMPARE(panel.findChildren<GroupBars*>()[1]->accessibleDescription(),
                 QStringLiteral("long × blue 40, long × red 40, short × red 10 (few), short × blue 0"));
        QTRY_VERIFY_WITH_TIMEOUT(says(&panel, QStringLiteral("without an image · 1 with fewer than 30 images")), 30000);
        QVERIFY(named<QLabel>(&panel, QStringLiteral("To consider"))
                    ->text()
                    .contains(QStringLiteral("no group: short × blue.")));
    }
    void groupsAreMergedBeforeTheRun() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.show();
        named<QPlainTextEdit>(&panel, QStringLiteral("Prompts, one a line"))->setPlainText(QStringLiteral("a nurse"));
        auto* attributes = named<QListWidget>(&panel, QStringLiteral("Attributes"));
        int age = -1, gender = -1;
        for (int row = 0; row < attributes->count(); ++row) {
            const QString name = attributes->item(row)->data(Qt::UserRole).toString();
            attributes->item(row)->setCheckState(name == QStringLiteral("age") ? Qt::Checked : Qt::Unchecked);
            if (name == QStringLiteral("age"))
                age = row;
            else if (name == QStringLiteral("gender"))
                gender = row;
        }
        QVERIFY(age >= 0 && gender >= 0);
        attributes->setCurrentRow(gender);
        QVERIFY(!button(&panel, QStringLiteral("Merge groups…"))->isEnabled()); // two groups cannot become fewer
        attributes->setCurrentRow(age);
        QTRY_COMPARE_WITH_TIMEOUT(panel.findChildren<GroupBars*>().size(), 1, 30000);
        const auto inDialog = [&](const auto& work) {
            bool done = false;
            QTimer::singleShot(0, &panel, [&] {
                auto* dialog = panel.findChild<MergeGroupsDialog*>();
                if (dialog != nullptr) {
                    work(*dialog);
                    done = true;
                    dialog->close();
                }
            });
            button(&panel, QStringLiteral("Merge groups…"))->click();
            return done;
        };
        QVERIFY(inDialog([&](MergeGroupsDialog& dialog) {
            auto* bands = named<QComboBox>(&dialog, QStringLiteral("Usual bands"));
            QVERIFY(bands->itemText(1).startsWith(QStringLiteral("Three age bands")));
            bands->setCurrentIndex(1);
            Q_EMIT bands->activated(1);
            QCOMPARE(dialog.merges().size(), std::size_t(3));
            dialog.accept();
        }));
        const auto config = panel.config();
        QVERIFY(config.has_value());
        const QString text = QString::fromStdString(config->attributes.at(0));
        QVERIFY2(text.startsWith(QStringLiteral("age [0-29 = 0-2 + 3-9 + 10-19 + 20-29; 30-59 = ")), qPrintable(text));
        QVERIFY(parseAttribute(config->attributes.at(0)).has_value());
        QVERIFY2(attributes->item(age)->text().contains(QStringLiteral("merged to 3")), qPrintable(attributes->item(age)->text()));
        const QString counted = panel.findChild<GroupBars*>()->accessibleDescription();
        for (const char* group : {"0-29 ", "30-59 ", "60 and older "})
            QVERIFY2(counted.contains(QString::fromLatin1(group)), qPrintable(counted));
        QVERIFY2(!counted.contains(QStringLiteral("10-19")), qPrintable(counted));

        // By hand: the same name twice is one group; a name that another group has, or only one group, is refused.
        QVERIFY(inDialog([&](MergeGroupsDialog& dialog) {
            auto* table = named<QTableWidget>(&dialog, QStringLiteral("Groups and what they are counted as"));
            auto* ok = dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok);
            QCOMPARE(table->item(0, 2)->text(), QStringLiteral("0-29"));
            for (int row = 0; row < table->rowCount(); ++row)
                table->item(row, 2)->setText(QStringLiteral("everybody"));
            QVERIFY(!ok->isEnabled());
            for (int row = 0; row < table->rowCount(); ++row)
                table->item(row, 2)->setText(table->item(row, 0)->text());
            QVERIFY(ok->isEnabled() && dialog.merges().empty());
            QCOMPARE(named<QComboBox>(&dialog, QStringLiteral("Usual bands"))->currentText(), QStringLiteral("As they are"));
            table->item(0, 2)->setText(QString());
            QVERIFY(!ok->isEnabled());
            QVERIFY(!named<QLabel>(&dialog, QStringLiteral("What is wrong"))->text().isEmpty());
            table->item(0, 2)->setText(QStringLiteral("children"));
            table->item(1, 2)->setText(QStringLiteral("children"));
            QVERIFY(ok->isEnabled());
            QCOMPARE(named<QComboBox>(&dialog, QStringLiteral("Usual bands"))->currentText(), QStringLiteral("My own, as below"));
            dialog.accept();
        }));
        QCOMPARE(panel.config()->attributes.at(0), std::string("age [children = 0-2 + 3-9]"));
        // Cancelled: as it was. As they are: nothing is merged.
        QVERIFY(inDialog([&](MergeGroupsDialog& dialog) { dialog.reject(); }));
        QCOMPARE(panel.config()->attributes.at(0), std::string("age [children = 0-2 + 3-9]"));
        // The crossing takes the merged groups, too.
        panel.findChild<QCheckBox*>()->setChecked(true);
        auto* crossed = named<QListWidget>(&panel, QStringLiteral("Attributes of the crossing"));
        for (int row = 0; row < crossed->count(); ++row)
            crossed->item(row)->setCheckState(crossed->item(row)->text() == QStringLiteral("race") ? Qt::Unchecked : Qt::Checked);
        QCOMPARE(panel.config()->attributes.at(1), std::string("age [children = 0-2 + 3-9] × gender"));
        QTRY_COMPARE_WITH_TIMEOUT(panel.findChildren<GroupBars*>().size(), 2, 30000);
        QVERIFY(inDialog([&](MergeGroupsDialog& dialog) {
            auto* bands = named<QComboBox>(&dialog, QStringLiteral("Usual bands"));
            bands->setCurrentIndex(0);
            Q_EMIT bands->activated(0);
            dialog.accept();
        }));
        QCOMPARE(panel.config()->attributes.at(0), std::string("age"));
    }
    void aRunIsStartedCancelledAndResumed() {
        Bench bench;
        bench.open();
        AuditRunner runner(bench.context);
        NewAuditPanel panel(bench.context, &runner);
        panel.show();
        std::vector<Message> messages;
        connect(&runner, &AuditRunner::raised, this, [&](const Message& message) { messages.push_back(message); });
        named<QPlainTextEdit>(&panel, QStringLiteral("Prompts, one a line"))->setPlainText(QStringLiteral("a nurse"));
        for (const auto& run : bench.lists.runs()->records())
            QCOMPARE(runner.canGoOn(run), run.state != RunState::Done);
        panel.run();
        QVERIFY(runner.isRunning());
        QVERIFY(!button(&panel, QStringLiteral("Run"))->isEnabled());
        panel.run(); // a second one is not started
        QCOMPARE(bench.work.rowCount(), 1);
        bench.work.cancelAll();
        QTRY_VERIFY_WITH_TIMEOUT(!runner.isRunning(), 30000);
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(1), 30000);
        QVERIFY(messages[0].severity == Severity::Note);
        runner.resume(2);
        QVERIFY(runner.isRunning());
        for (const auto& run : bench.lists.runs()->records())
            QVERIFY(run.id != 2 || !runner.canGoOn(run));
        bench.work.cancelAll();
        QTRY_COMPARE_WITH_TIMEOUT(messages.size(), std::size_t(2), 30000);
        QCOMPARE(messages[1].actions.at(0).label, QStringLiteral("Go on"));
    }
};

QTEST_MAIN(TestPages)
#include "tst_pages.moc"
