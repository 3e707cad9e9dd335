// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/compare_page.h"

#include <algorithm>
#include <variant>

#include <QComboBox>
#include <QCoreApplication>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QThreadPool>
#include <QVBoxLayout>

#include "core/data/attribute_text.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/charts/image_strip.h"
#include "ui/models/project_lists.h"
#include "ui/pages/compare/compare_words.h"
#include "ui/pages/compare/comparison_view.h"
#include "ui/pages/runs/project_run_source.h"
#include "ui/pages/runs/run_words.h"
#include "ui/widgets/empty_state.h"

namespace plumbline::ui {

namespace {

const QString kKind = QStringLiteral("compare");
constexpr const char* kSetting = "compare/runs";

/// "run 2 with run 3 and run 4"
QString runsText(const std::vector<qint64>& runs) {
    QStringList others;
    for (std::size_t r = 1; r < runs.size(); ++r)
        others << runName(runs[r]);
    return ComparePage::tr("%1 with %2").arg(runName(runs.front()), others.join(QStringLiteral(", ")));
}

} // namespace

ComparePage::ComparePage(const Context& context, QWidget* parent)
    : Page(tr("Compare"), {}, parent), m_context(context),
      m_source(std::make_unique<ProjectRunSource>(context.project, context.engine)),
      m_report(addButton(tr("Report…"))), m_change(addButton(tr("Choose runs…"))), m_back(addButton(tr("Back"))),
      m_compare(addPrimaryButton(tr("Compare"))), m_stack(new QStackedWidget), m_empty(nullptr), m_emptyButton(nullptr),
      m_form(nullptr), m_choiceSaid(caption({})), m_beforeAfter(new QPushButton(tr("Before and after debiasing"))),
      m_eachModel(new QPushButton(tr("Newest run of each model"))), m_refused(nullptr), m_refusals(new QLabel),
      m_view(new ComparisonView) {
    for (QWidget* each : {buildEmpty(), buildForm(), static_cast<QWidget*>(m_view)})
        m_stack->addWidget(each);
    body()->addWidget(m_stack, 1);

    connect(m_compare, &QPushButton::clicked, this, &ComparePage::run);
    m_report->setToolTip(tr("The report of the first run, with this comparison in it"));
    connect(m_report, &QPushButton::clicked, this, [this] {
        if (!m_shown)
            return;
        std::vector<qint64> runs;
        for (const ComparedRun& run : m_shown->comparison.runs)
            runs.push_back(run.run);
        Q_EMIT reportWanted(runs);
    });
    connect(m_change, &QPushButton::clicked, this, [this] {
        m_choosing = true;
        showCurrent();
        focusFirst();
    });
    connect(m_back, &QPushButton::clicked, this, &ComparePage::closeForm);
    connect(m_beforeAfter, &QPushButton::clicked, this, [this] {
        const auto [before, after] = beforeAndAfter(m_context.lists->runs()->records());
        compare({before, after});
    });
    connect(m_eachModel, &QPushButton::clicked, this, [this] {
        auto runs = newestOfEachModel(m_context.lists->runs()->records());
        runs.resize(std::min<std::size_t>(runs.size(), kMostRuns));
        compare({runs.begin(), runs.end()});
    });
    connect(m_view, &ComparisonView::raised, this, &ComparePage::raised);
    for (ImageStrip* strip : {m_view->risen(), m_view->fallen()})
        connect(strip->images(), &RankedImages::thumbnailsWanted, this, [this, strip](const QList<qint64>& rows) {
            if (m_shown)
                m_source->thumbnails(
                    m_shown->imageSet, rows, strip->images(),
                    [images = strip->images()](qint64 row, const QImage& image) { images->setThumbnail(row, image); });
        });
    connect(m_context.lists, &ProjectLists::refreshed, this, &ComparePage::refresh);
    connect(m_context.project, &ProjectService::opened, this, &ComparePage::recall);
    connect(m_context.project, &ProjectService::closed, this, [this] {
        ++m_asked;
        m_running = false;
        m_choosing = true;
        m_shown.reset();
        m_view->clear();
        showRefusals({});
        setChosen({});
        refresh();
    });
    refresh();
}

ComparePage::~ComparePage() = default;

QWidget* ComparePage::buildEmpty() {
    m_empty = new EmptyState(QStringLiteral("compare"), {});
    m_emptyButton = m_empty->addButton({});
    connect(m_emptyButton, &QPushButton::clicked, this, [this] {
        if (!m_context.project->isOpen())
            Q_EMIT projectNeeded([this] { refresh(); });
        else
            Q_EMIT auditWanted();
    });
    return m_empty;
}

QWidget* ComparePage::buildForm() {
    m_form = new QWidget;
    auto* column = new QVBoxLayout(m_form);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::kSpace);
    auto* card = new Surface(Surface::Kind::Card);
    auto* rows = new QGridLayout;
    rows->setHorizontalSpacing(theme::kSpace);
    rows->setVerticalSpacing(theme::kGrid);
    rows->setColumnStretch(1, 1);
    for (int i = 0; i < kMostRuns; ++i) {
        auto* box = new QComboBox;
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(20);
        auto* label = new QLabel(i == 0 ? tr("&First run") : i == 1 ? tr("&Held against it") : tr("And"));
        label->setBuddy(box);
        box->setAccessibleName(i == 0   ? tr("First run")
                               : i == 1 ? tr("Held against it")
                                        : tr("Held against it, number %1").arg(i));
        box->setToolTip(
            i == 0 ? tr("The run that the others are held against: a difference is the other run minus this one")
                   : tr("A run of the same images, labels and prompts under another model or version"));
        rows->addWidget(label, i, 0);
        rows->addWidget(box, i, 1);
        m_labels << label;
        m_boxes << box;
        connect(box, &QComboBox::activated, this, [this] {
            showRefusals({});
            sayChoice();
        });
    }
    card->column()->addLayout(rows);
    m_choiceSaid->setWordWrap(true);
    card->column()->addWidget(m_choiceSaid);
    auto* quick = new QHBoxLayout;
    quick->setSpacing(theme::kGrid);
    quick->addWidget(caption(tr("At once:")));
    quick->addWidget(m_beforeAfter);
    quick->addWidget(m_eachModel);
    quick->addStretch(1);
    card->column()->addLayout(quick);
    column->addWidget(card);

    auto* refused = new Surface(Surface::Kind::Card);
    m_refused = refused;
    refused->column()->addWidget(heading(tr("These runs are not compared")));
    m_refusals->setObjectName(QStringLiteral("refusals"));
    m_refusals->setWordWrap(true);
    m_refusals->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_refusals->setAccessibleName(tr("Why these runs are not compared"));
    refused->column()->addWidget(m_refusals);
    auto* why =
        caption(tr("Their numbers do not answer the same question. Choose other runs, or audit again with the same "
                   "images, labels, prompts, k and target."));
    why->setWordWrap(true);
    refused->column()->addWidget(why);
    column->addWidget(refused);
    column->addStretch(1);
    m_refused->hide();
    return m_form;
}

std::vector<qint64> ComparePage::chosen() const {
    std::vector<qint64> runs;
    for (const QComboBox* box : m_boxes)
        if (const qint64 run = box->currentData().toLongLong(); run > 0 && std::ranges::find(runs, run) == runs.end())
            runs.push_back(run);
    return runs;
}

void ComparePage::setChosen(const std::vector<qint64>& runs) {
    for (qsizetype i = 0; i < m_boxes.size(); ++i) {
        const int found =
            static_cast<std::size_t>(i) < runs.size() ? m_boxes[i]->findData(runs[static_cast<std::size_t>(i)]) : -1;
        m_boxes[i]->setCurrentIndex(found >= 0 ? found : i < 2 ? -1 : 0);
    }
    sayChoice();
}

void ComparePage::refreshBoxes() {
    const auto done = m_context.lists->runs()->finished();
    for (qsizetype i = 0; i < m_boxes.size(); ++i) {
        QComboBox* box = m_boxes[i];
        const QSignalBlocker quiet(box);
        const QVariant before = box->currentData();
        box->clear();
        if (i > 1)
            box->addItem(tr("no further run"), qlonglong(0));
        for (const store::RunRecord* run : done) {
            box->addItem(runChoice(*run), qlonglong(run->id));
            box->setItemData(box->count() - 1, runChoice(*run), Qt::ToolTipRole);
        }
        const int same = before.isValid() ? box->findData(before) : -1;
        box->setCurrentIndex(same >= 0 ? same : i > 1 ? 0 : -1);
    }
    // At first the two newest, the older of them as the first.
    if (done.size() > 1 && m_boxes[0]->currentIndex() < 0 && m_boxes[1]->currentIndex() < 0) {
        m_boxes[0]->setCurrentIndex(1);
        m_boxes[1]->setCurrentIndex(0);
    }
}

void ComparePage::sayChoice() {
    const std::vector<qint64> runs = chosen();
    // One more place than there are runs, so that another can be added.
    qsizetype places = 2;
    for (qsizetype i = 2; i < m_boxes.size(); ++i)
        if (m_boxes[i - 1]->currentData().toLongLong() > 0 && m_boxes[0]->count() > i)
            places = i + 1;
        else
            break;
    for (qsizetype i = 0; i < m_boxes.size(); ++i) {
        if (i >= places)
            m_boxes[i]->setCurrentIndex(m_boxes[i]->count() > 0 ? 0 : -1);
        m_boxes[i]->setVisible(i < places);
        m_labels[i]->setVisible(i < places);
    }
    m_choiceSaid->setText(
        runs.size() < 2
            ? tr("Choose two different runs.")
            : tr("Differences will be the other run minus %1, paired image by image.").arg(runName(runs.front())));
    m_compare->setEnabled(runs.size() > 1 && !m_running);
    const auto& all = m_context.lists->runs()->records();
    m_beforeAfter->setEnabled(beforeAndAfter(all).second > 0 && !m_running);
    m_beforeAfter->setToolTip(m_beforeAfter->isEnabled()
                                  ? tr("The newest run of a debiased model, held against the same model as it was")
                                  : tr("There is no finished run after debiasing yet. The room Mitigate makes them."));
    m_eachModel->setEnabled(!newestOfEachModel(all).empty() && !m_running);
    m_eachModel->setToolTip(
        m_eachModel->isEnabled()
            ? tr("Runs that ask what the newest run asks, one of each model, the oldest of them first")
            : tr("There are no two models that were asked the same."));
}

void ComparePage::refresh() {
    refreshBoxes();
    sayChoice();
    const bool open = m_context.project->isOpen();
    const auto done = m_context.lists->runs()->finished().size();
    m_empty->setSentence(
        !open       ? tr("Here audits are compared: models side by side, or one model before and after debiasing.")
        : done == 0 ? tr("Nothing to compare yet: this project has no finished audit. Two are needed, on the same "
                         "images with the "
                         "same prompts.")
                    : tr("One audit is finished. Run another with the same images and prompts, under another model or "
                         "after debiasing, and compare the two here."));
    m_emptyButton->setText(!open ? tr("New project…") : tr("New audit"));
    m_emptyButton->setEnabled(!open || m_context.isWritable());
    // A run of the comparison that is shown may have been removed: what was found stays until another is made.
    showCurrent();
}

void ComparePage::showCurrent() {
    const bool enough = m_context.lists->runs()->finished().size() > 1;
    const bool results = m_shown && !m_choosing;
    m_stack->setCurrentIndex(results ? 2 : enough ? 1 : 0);
    m_report->setVisible(results);
    m_change->setVisible(results);
    m_back->setVisible(m_shown && m_choosing && enough);
    m_compare->setVisible(!results && enough);
    setLine(results ? tr("%1, held against %2")
                          .arg(
                              [this] {
                                  QStringList others;
                                  for (std::size_t r = 1; r < m_shown->comparison.runs.size(); ++r)
                                      others << comparedRunTitle(m_shown->comparison.runs[r]);
                                  return others.join(QStringLiteral("; "));
                              }(),
                              comparedRunTitle(m_shown->comparison.runs.front()))
                    : tr("Models side by side, or one before and after: the same images, the same prompts."));
}

void ComparePage::focusFirst() {
    if (m_stack->currentIndex() == 1)
        m_boxes.front()->setFocus(Qt::OtherFocusReason);
    else
        Page::focusFirst();
}

bool ComparePage::closeForm() {
    if (!m_shown || !m_choosing)
        return false;
    m_choosing = false;
    showCurrent();
    return true;
}

void ComparePage::chooseWith(qint64 run) {
    const auto done = m_context.lists->runs()->finished();
    const auto other = std::ranges::find_if(done, [run](const auto* each) { return each->id != run; });
    showRefusals({});
    setChosen(other == done.end() ? std::vector<qint64>{run} : std::vector<qint64>{run, (*other)->id});
    m_choosing = true;
    showCurrent();
    m_boxes[1]->setFocus(Qt::OtherFocusReason);
}

void ComparePage::run() {
    if (m_stack->currentIndex() == 1 && m_compare->isEnabled())
        compare(chosen());
    else if (m_stack->currentIndex() == 2)
        m_change->click();
}

void ComparePage::compare(const std::vector<qint64>& runs) {
    if (runs.size() < 2 || m_running)
        return;
    setChosen(runs);
    showRefusals({});
    remember(runs);
    const quint64 asked = ++m_asked;
    m_running = true;
    sayChoice();
    QJsonArray numbers;
    for (const qint64 run : runs)
        numbers.append(run);
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("runs"), numbers);
    m_context.work->start(kKind, tr("Comparing %1").arg(runsText(runs)), QStringLiteral("runs/compare"), params, this,
                          [this, asked, runs](const Outcome<QJsonObject>& answer) {
                              if (asked != m_asked)
                                  return;
                              if (answer) {
                                  answered(runs, *answer);
                                  return;
                              }
                              m_running = false;
                              sayChoice();
                              if (!answer.error().cancelled())
                                  Q_EMIT raised(Message::of(answer.error().error()));
                          });
}

void ComparePage::answered(const std::vector<qint64>& runs, const QJsonObject& answer) {
    const store::RunRecord* record = m_context.lists->runs()->recordById(runs.front());
    const std::int64_t imageSet = record != nullptr ? record->config.imageSetId : 0;
    // Thousands of rows are read and joined with the labels beside the main thread.
    m_context.project->ask<std::shared_ptr<const ShownComparison>>(
        this,
        [answer, first = runs.front(),
         imageSet](store::Project& project) -> Result<std::shared_ptr<const ShownComparison>> {
            auto shown = std::make_shared<ShownComparison>();
            PLUMBLINE_TRY(shown->comparison, comparisonFrom(answer));
            shown->imageSet = imageSet;
            if (!shown->comparison.refusals.empty())
                return shown;
            PLUMBLINE_TRY(const ImageSet set, project.runImageSet(first));
            shown->root = set.root;
            for (const QString& name : comparedAttributes(shown->comparison)) {
                PLUMBLINE_TRY(const Attribute attribute, resolveAttribute(set, name.toStdString()));
                ShownComparison::Groups& groups = shown->attributes[name.toStdString()];
                groups.styles = report::groupStyles(attribute.groups);
                for (const MovedImage& image : shown->comparison.moved)
                    if (image.row >= 0 && static_cast<std::size_t>(image.row) < attribute.codes.size())
                        groups.groupOf[image.row] = attribute.codes[static_cast<std::size_t>(image.row)];
            }
            return shown;
        },
        [this, asked = m_asked](Result<std::shared_ptr<const ShownComparison>> shown) {
            if (asked != m_asked)
                return;
            m_running = false;
            sayChoice();
            if (!shown)
                Q_EMIT raised(Message::of(shown.error()));
            else
                take(*shown);
        });
}

void ComparePage::take(std::shared_ptr<const ShownComparison> shown) {
    if (!shown->comparison.refusals.empty()) {
        showRefusals(shown->comparison.refusals);
        m_choosing = true;
        showCurrent();
        return;
    }
    m_shown = std::move(shown);
    m_choosing = false;
    m_view->setComparison(m_shown);
    showCurrent();
}

void ComparePage::showRefusals(const std::vector<std::string>& refusals) {
    QStringList lines;
    for (const std::string& refusal : refusals)
        lines << fromUtf8(refusal);
    m_refusals->setText(lines.size() < 2 ? lines.join(u' ')
                                         : QStringLiteral("• ") + lines.join(QStringLiteral("\n• ")));
    m_refused->setVisible(!lines.isEmpty());
}

void ComparePage::remember(const std::vector<qint64>& runs) {
    if (!m_context.isWritable())
        return;
    QStringList numbers;
    for (const qint64 run : runs)
        numbers << QString::number(run);
    m_context.project->ask<std::monostate>(
        this,
        [text = numbers.join(u',').toStdString()](store::Project& project) -> Result<std::monostate> {
            PLUMBLINE_CHECK(project.setSetting(kSetting, text));
            return {};
        },
        [](const Result<std::monostate>&) {}); // a choice that is not remembered is no loss
}

void ComparePage::recall() {
    m_context.project->ask<std::optional<std::string>>(
        this, [](store::Project& project) { return project.setting(kSetting); },
        [this](const Result<std::optional<std::string>>& text) {
            if (!text || !*text || m_shown || m_running)
                return;
            std::vector<qint64> runs;
            for (const QString& number : fromUtf8(**text).split(u',', Qt::SkipEmptyParts))
                runs.push_back(number.toLongLong());
            if (m_context.lists->isLoaded())
                setChosen(runs);
            else
                connect(
                    m_context.lists, &ProjectLists::refreshed, this, [this, runs] { setChosen(runs); },
                    Qt::SingleShotConnection);
        });
}

} // namespace plumbline::ui
