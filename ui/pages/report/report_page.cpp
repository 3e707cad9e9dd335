// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/report/report_page.h"

#include <algorithm>
#include <utility>

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QShowEvent>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/settings.h"
#include "ui/charts/page_view.h"
#include "ui/models/project_lists.h"
#include "ui/pages/runs/run_words.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/form.h"

namespace plumbline::ui {

namespace {

constexpr int kSettles = 500, kFormWidth = 36 * theme::kGrid;

} // namespace

ReportPage::ReportPage(const Context& context, ReportWriter* writer, QWidget* parent)
    : Page(tr("Report"), {}, parent), m_context(context), m_writer(writer), m_stack(new QStackedWidget),
      m_empty(nullptr), m_emptyButton(nullptr), m_run(new QComboBox), m_others(new QListWidget), m_othersNote(hint()),
      m_evidence(new QComboBox), m_evidenceNote(hint()), m_auditor(new QLineEdit), m_preview(new QStackedWidget),
      m_pages(new PageView), m_said(new QLabel), m_place(caption({})) {
    for (const auto& [label, suffix, toolTip] :
         {std::tuple(tr("CSV…"), "csv", tr("The numbers of the results, one row a prompt and group")),
          std::tuple(tr("JSON…"), "json", tr("All results in the fields of the Model Card Toolkit")),
          std::tuple(tr("PDF…"), "pdf", tr("These pages"))}) {
        QPushButton* button = addButton(label);
        button->setToolTip(toolTip);
        connect(button, &QPushButton::clicked, this, [this, suffix = QString::fromLatin1(suffix)] { write(suffix); });
        m_files.push_back(button);
    }
    QPushButton* html = addPrimaryButton(tr("Write HTML…"));
    html->setToolTip(tr("One file that opens in any browser, offline, with all tables"));
    connect(html, &QPushButton::clicked, this, [this] { write(QStringLiteral("html")); });
    m_files.push_back(html);

    m_empty = new EmptyState(QStringLiteral("report"), {});
    m_emptyButton = m_empty->addButton({});
    connect(m_emptyButton, &QPushButton::clicked, this, [this] {
        if (m_context.project->isOpen())
            Q_EMIT auditWanted();
        else
            Q_EMIT projectNeeded([this] { refresh(); });
    });
    auto* both = new QWidget;
    auto* columns = new QHBoxLayout(both);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(theme::kSpace);
    columns->addWidget(buildChoice());
    columns->addWidget(buildPreview(), 1);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(both);
    body()->addWidget(m_stack, 1);

    m_settled.setSingleShot(true);
    m_settled.setInterval(kSettles);
    connect(&m_settled, &QTimer::timeout, this, &ReportPage::preview);
    connect(m_run, &QComboBox::currentIndexChanged, this, [this] {
        listOthers();
        changed();
    });
    connect(m_others, &QListWidget::itemChanged, this, &ReportPage::changed);
    connect(m_evidence, &QComboBox::currentIndexChanged, this, &ReportPage::changed);
    connect(m_auditor, &QLineEdit::textChanged, this, &ReportPage::changed);
    connect(m_pages, &PageView::laidOut, this, &ReportPage::shown);
    connect(m_pages, &PageView::currentPageChanged, this, [this](int page) {
        m_place->setText(page < 0 ? QString() : tr("Page %1 of %2").arg(page + 1).arg(m_pages->count()));
    });
    connect(m_context.lists, &ProjectLists::refreshed, this, &ReportPage::refresh);
    connect(m_context.project, &ProjectService::changed, this, &ReportPage::lookAgain);
    connect(m_context.project, &ProjectService::closed, this, [this] {
        ++m_asked;
        m_working = false;
        m_shown = {};
        m_pages->setReport({});
        refresh();
    });
    refresh();
}

ReportPage::~ReportPage() = default;

QWidget* ReportPage::buildChoice() {
    auto* card = new Surface(Surface::Kind::Card);
    card->setFixedWidth(kFormWidth);
    m_run->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_run->setMinimumContentsLength(16);
    m_run->setAccessibleName(tr("Run"));
    m_others->setAccessibleName(tr("Runs to compare with"));
    m_others->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Ignored);
    m_others->setMinimumHeight(60);
    m_others->setWordWrap(true);
    m_others->setSpacing(2);
    m_others->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_evidence->setAccessibleName(tr("Images"));
    for (const auto& [name, text, note] :
         {std::tuple("thumbnails", tr("small pictures"),
                     tr("With file names. People may be recognised: share such a report with care.")),
          std::tuple("blurred", tr("blurred pictures"), tr("Six pixels a side, and no file names.")),
          std::tuple("ids", tr("file names"), tr("Names of files in place of pictures.")),
          std::tuple("none", tr("none"), tr("No picture and no file name."))}) {
        m_evidence->addItem(text, QString::fromLatin1(name));
        m_evidence->setItemData(m_evidence->count() - 1, note, Qt::ToolTipRole);
    }
    m_auditor->setAccessibleName(tr("Auditor"));
    m_auditor->setPlaceholderText(tr("Who made the audit"));
    m_auditor->setText(m_context.settings->auditor());
    auto* column = card->column();
    const auto add = [column](const QString& text, QWidget* control, QLabel* note, int stretch = 0) {
        auto* label = new QLabel(text);
        label->setBuddy(control);
        column->addWidget(label);
        column->addWidget(control, stretch);
        if (note != nullptr)
            column->addWidget(note);
    };
    add(tr("&Run"), m_run, nullptr);
    add(tr("&Compare with"), m_others, m_othersNote, 1);
    add(tr("&Images of people"), m_evidence, m_evidenceNote);
    add(tr("&Auditor, on the first page"), m_auditor, nullptr);
    return card;
}

QWidget* ReportPage::buildPreview() {
    auto* card = new Surface(Surface::Kind::Card);
    m_said->setAlignment(Qt::AlignCenter);
    m_said->setWordWrap(true);
    m_preview->addWidget(m_said);
    m_preview->addWidget(m_pages);
    card->column()->addWidget(m_preview, 1);
    auto* foot = new QHBoxLayout;
    foot->addWidget(m_place);
    foot->addStretch();
    card->column()->addLayout(foot);
    return card;
}

ReportWish ReportPage::wish() const {
    ReportWish wish{
        m_run->currentData().toLongLong(), {}, m_evidence->currentData().toString(), m_auditor->text().trimmed()};
    for (int i = 0; i < m_others->count(); ++i)
        if (m_others->item(i)->checkState() == Qt::Checked)
            wish.others << m_others->item(i)->data(Qt::UserRole).toLongLong();
    return wish;
}

void ReportPage::follow(qint64 run) {
    if (run == std::exchange(m_followed, run))
        return;
    if (const int found = m_run->findData(run); found >= 0)
        m_run->setCurrentIndex(found);
}

void ReportPage::showReport(qint64 run, const std::vector<qint64>& others) {
    if (const int found = m_run->findData(run); found >= 0)
        m_run->setCurrentIndex(found);
    for (int i = 0; i < m_others->count(); ++i) {
        const bool chosen =
            std::ranges::find(others, m_others->item(i)->data(Qt::UserRole).toLongLong()) != others.end();
        m_others->item(i)->setCheckState(chosen ? Qt::Checked : Qt::Unchecked);
    }
}

void ReportPage::refresh() {
    QList<std::pair<QString, qint64>> runs;
    for (const store::RunRecord* run : m_context.lists->runs()->finished())
        runs.append({runChoice(*run), run->id});
    if (fillBox(m_run, runs))
        listOthers();
    const bool open = m_context.project->isOpen();
    m_empty->setSentence(open ? tr("A report is made of a finished audit. This project has none yet.")
                              : tr("Here an audit becomes a document that can be handed over."));
    m_emptyButton->setText(open ? tr("New audit") : tr("New project…"));
    m_emptyButton->setEnabled(!open || m_context.isWritable());
    setLine(runs.isEmpty()
                ? tr("What you hand over.")
                : tr("What you hand over. These are its pages as PDF; the HTML file holds the same, and every "
                     "table whole."));
    m_stack->setCurrentIndex(runs.isEmpty() ? 0 : 1);
    for (QPushButton* button : m_files)
        button->setVisible(!runs.isEmpty());
    changed();
}

/// The finished runs besides the chosen one; those that were chosen stay so.
void ReportPage::listOthers() {
    const QList<qint64> before = wish().others;
    const QSignalBlocker quiet(m_others);
    m_others->clear();
    for (const store::RunRecord* run : m_context.lists->runs()->finished()) {
        if (run->id == m_run->currentData().toLongLong())
            continue;
        auto* item = new QListWidgetItem(runChoice(*run), m_others);
        item->setToolTip(item->text());
        item->setData(Qt::UserRole, qlonglong(run->id));
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        item->setCheckState(before.contains(run->id) ? Qt::Checked : Qt::Unchecked);
    }
    m_others->setEnabled(m_others->count() > 0);
    m_othersNote->setText(
        m_others->count() > 0
            ? tr("Runs of the same images and prompts. What debiasing changed is in the report anyway.")
            : tr("There is no other finished run."));
}

void ReportPage::changed() {
    m_evidenceNote->setText(m_evidence->currentData(Qt::ToolTipRole).toString());
    for (QPushButton* button : m_files)
        button->setEnabled(wish().run != 0);
    if (isVisible())
        m_settled.start();
}

/// Makes the pages anew where the change is one that a report says something of: an audit that is running writes its
/// progress many times.
void ReportPage::lookAgain() {
    if (!isVisible()) {
        m_isOld = true;
        return;
    }
    const ReportWish now = wish();
    m_context.project->ask<QString>(
        this,
        [now](store::Project& project) -> Result<QString> {
            QString all;
            QList<qint64> runsOfReport = now.others;
            runsOfReport.append(now.run);
            for (const qint64 run : runsOfReport) {
                PLUMBLINE_TRY(const std::vector<Note> notes, project.notes(run));
                for (const Note& note : notes)
                    all += QStringLiteral("%1 %2 %3 %4;")
                               .arg(note.id)
                               .arg(note.flagged)
                               .arg(note.text.size())
                               .arg(fromUtf8(note.changed));
            }
            if (now.run == 0)
                return all;
            PLUMBLINE_TRY(const store::RunRecord run, project.run(now.run));
            PLUMBLINE_TRY(const std::vector<LabelSource> sources, project.labelSources(run.config.imageSetId));
            for (const LabelSource& source : sources)
                all += QStringLiteral("%1 %2;").arg(int(source.kind)).arg(fromUtf8(source.note));
            PLUMBLINE_TRY(const std::vector<store::ImageSetRecord> sets, project.imageSets());
            for (const store::ImageSetRecord& set : sets)
                all += fromUtf8(set.checked);
            PLUMBLINE_TRY(const std::vector<store::RunRecord> runs, project.runs());
            for (const store::RunRecord& one : runs) // what debiasing changed is in the report, too
                if (one.state == RunState::Done && one.config.debias && one.config.debias->baselineRun == now.run)
                    all += QStringLiteral("%1;").arg(one.id);
            return all;
        },
        [this](const Result<QString>& state) {
            if (state && *state == std::exchange(m_state, *state))
                return;
            m_isOld = true;
            changed();
        });
}

void ReportPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    if (!event->spontaneous())
        m_settled.start();
}

void ReportPage::say(const QString& sentence) {
    m_said->setText(sentence);
    m_preview->setCurrentWidget(m_said);
}

void ReportPage::preview() {
    const ReportWish now = wish();
    if (now.run == 0 || !isVisible() || m_working || (now == m_shown && !m_isOld))
        return;
    m_context.settings->setAuditor(now.auditor);
    m_working = true;
    m_isOld = false;
    m_shown = now;
    if (m_pages->count() == 0 || m_preview->currentWidget() == m_said)
        say(tr("The pages are being made…"));
    m_place->setText(tr("The pages are being made…"));
    m_writer->read(now, this, [this, asked = ++m_asked](const QByteArray& html) {
        if (asked == m_asked)
            take(html);
    });
}

void ReportPage::take(const QByteArray& html) {
    m_pages->setReport(html); // answered by laidOut()
    if (html.isEmpty())
        shown(false);
}

void ReportPage::shown(bool hasPages) {
    m_working = false;
    if (hasPages)
        m_preview->setCurrentWidget(m_pages);
    else
        say(tr("There is no preview of this report."));
    changed(); // something else may be chosen by now
}

void ReportPage::write(const QString& suffix) {
    m_writer->choose(wish(), suffix, window());
}

void ReportPage::focusFirst() {
    if (m_stack->currentIndex() == 0)
        m_emptyButton->setFocus(Qt::OtherFocusReason);
    else
        m_run->setFocus(Qt::OtherFocusReason);
}

} // namespace plumbline::ui
