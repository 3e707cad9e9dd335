// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/audit/new_audit_panel.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QSplitter>
#include <QVBoxLayout>

#include "core/probe/probe_set.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/settings.h"
#include "ui/models/project_lists.h"
#include "ui/models/prompt_table.h"
#include "ui/pages/audit/also_measure.h"
#include "ui/pages/audit/audit_runner.h"
#include "ui/pages/audit/merge_groups_dialog.h"
#include "ui/pages/audit/target_choice.h"
#include "ui/pages/probes/probe_text.h"
#include "ui/pages/probes/token_counter.h"
#include "ui/widgets/form.h"
#include "ui/widgets/group_bars.h"

namespace plumbline::ui {

namespace {

/// The probe choice that means "the prompts written here".
constexpr qint64 kWritten = 0;
constexpr int kShownEmpty = 200; ///< combinations without an image that are shown with their names
constexpr std::chrono::milliseconds kKeepAfter(300); ///< of the last change
constexpr int kNamed = 3;        ///< groups that a caution names; the others are counted

/// "a, b, c and 5 more".
QString firstOf(const QStringList& names, qsizetype all) {
    const QString shown = names.mid(0, kNamed).join(QStringLiteral(", "));
    return all > kNamed ? NewAuditPanel::tr("%1 and %2 more").arg(shown, countText(all - kNamed)) : shown;
}

QString definitionText(Definition definition) {
    switch (definition) {
    case Definition::Geyik:
        return NewAuditPanel::tr("Exactly k images; the logarithm of a group's share among them over its target share. "
                                 "A group that is absent is said to be so and takes no part in MaxSkew (Geyik 2019).");
    case Definition::Berg:
        return NewAuditPanel::tr("As the published code of debias-vision-lang: ties at rank k are kept, an absent group "
                                 "counts as one image, MaxSkew is never below 0 (Berg 2022).");
    case Definition::VlDebiasing:
        return NewAuditPanel::tr("As the published code of VL-Debiasing: Berg's rules, always against equal shares.");
    default:
        return fromUtf8(definitionSentence(definition));
    }
}

QString definitionTitle(Definition definition) {
    switch (definition) {
    case Definition::Geyik: return NewAuditPanel::tr("Geyik (default)");
    case Definition::Berg: return NewAuditPanel::tr("Berg, debias-vision-lang");
    case Definition::VlDebiasing: return NewAuditPanel::tr("VL-Debiasing");
    case Definition::Bend: return NewAuditPanel::tr("BendVLM");
    case Definition::SocialCounterfactuals: return NewAuditPanel::tr("SocialCounterfactuals");
    case Definition::VisoGender: return NewAuditPanel::tr("VisoGender");
    case Definition::Sfid: return NewAuditPanel::tr("SFID");
    }
    return {};
}

} // namespace

NewAuditPanel::NewAuditPanel(const Context& context, AuditRunner* runner, QWidget* parent)
    : Page(tr("New audit"), tr("Ranks the images by each prompt and measures how far the top stands from plumb."),
           parent),
      m_context(context), m_runner(runner), m_model(new QComboBox), m_modelHint(hint()), m_images(new QComboBox),
      m_attributes(new QListWidget), m_cross(new QCheckBox(tr("&Cross"))), m_crossed(new QListWidget),
      m_merge(new QPushButton(tr("Mer&ge groups…"))), m_probe(new QComboBox), m_prompts(new QPlainTextEdit),
      m_promptHint(hint()), m_expanded(new PromptTable(this)), m_tokens(new TokenCounter(context, m_expanded, this)),
      m_k(new QLineEdit(QStringLiteral("100"))), m_kHint(hint()), m_target(new TargetChoice(context)),
      m_definition(new QComboBox), m_definitionHint(hint()), m_more(new QCheckBox(tr("Mor&e choices"))),
      m_moreArea(new QWidget), m_seed(new QSpinBox), m_precision(new QComboBox), m_also(new AlsoMeasure),
      m_correction(new QComboBox), m_tolerance(new QDoubleSpinBox), m_level(new QDoubleSpinBox),
      m_minGroup(new QSpinBox), m_problem(caption({})), m_cautions(hint()) {
    connect(addButton(tr("Back")), &QPushButton::clicked, this, &NewAuditPanel::dismissed);
    m_run = addPrimaryButton(tr("Run"));
    m_run->setToolTip(tr("Run the audit (F5)"));

    auto* left = new QWidget;
    auto* leftColumn = new QVBoxLayout(left);
    leftColumn->setContentsMargins(0, 0, theme::kGrid, 0);
    leftColumn->setSpacing(theme::kGrid);
    leftColumn->addWidget(buildQuestion());
    leftColumn->addWidget(buildMeasure());
    leftColumn->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(left);
    scroll->viewport()->setAutoFillBackground(false);
    left->setAutoFillBackground(false);
    scroll->setFocusPolicy(Qt::NoFocus);

    auto* both = new QSplitter;
    both->setChildrenCollapsible(false);
    both->addWidget(scroll);
    both->addWidget(buildGroups());
    both->setSizes({600, 400});
    both->setStretchFactor(0, 3);
    both->setStretchFactor(1, 2);
    body()->addWidget(both, 1);

    connect(m_run, &QPushButton::clicked, this, &NewAuditPanel::run);
    connect(m_model, &QComboBox::currentIndexChanged, this, [this] {
        m_tokens->setModel(m_model->currentData().toLongLong());
        refreshState();
    });
    connect(m_images, &QComboBox::currentIndexChanged, this, &NewAuditPanel::refreshAttributes);
    connect(m_attributes, &QListWidget::itemChanged, this, &NewAuditPanel::refreshGroups);
    connect(m_cross, &QCheckBox::toggled, this, &NewAuditPanel::refreshGroups);
    connect(m_crossed, &QListWidget::itemChanged, this, &NewAuditPanel::refreshGroups);
    connect(m_attributes, &QListWidget::currentRowChanged, this, &NewAuditPanel::refreshState);
    connect(m_merge, &QPushButton::clicked, this, [this] {
        if (const auto* item = m_attributes->currentItem())
            mergeGroupsOf(item->data(Qt::UserRole).toString());
    });
    connect(m_probe, &QComboBox::currentIndexChanged, this, &NewAuditPanel::refreshPrompts);
    connect(m_prompts, &QPlainTextEdit::textChanged, this, &NewAuditPanel::refreshPrompts);
    connect(m_tokens, &TokenCounter::counted, this, &NewAuditPanel::refreshState);
    connect(m_k, &QLineEdit::textChanged, this, &NewAuditPanel::refreshState);
    connect(m_target, &TargetChoice::changed, this, &NewAuditPanel::refreshState);
    connect(m_definition, &QComboBox::currentIndexChanged, this, [this] {
        m_target->setDefinition(static_cast<Definition>(m_definition->currentData().toInt()));
        refreshState();
    });
    connect(m_minGroup, &QSpinBox::valueChanged, this, &NewAuditPanel::refreshGroups);
    connect(m_more, &QCheckBox::toggled, m_moreArea, &QWidget::setVisible);
    connect(m_context.lists, &ProjectLists::refreshed, this, &NewAuditPanel::refreshLists);
    connect(m_runner, &AuditRunner::started, this, &NewAuditPanel::refreshState);
    connect(m_runner, &AuditRunner::finished, this, &NewAuditPanel::refreshState);
    connect(m_runner, &AuditRunner::stopped, this, &NewAuditPanel::refreshState);
    m_moreArea->setVisible(false);
    m_keep.setSingleShot(true);
    m_keep.setInterval(kKeepAfter);
    connect(&m_keep, &QTimer::timeout, this, &NewAuditPanel::flush);
    const auto keepLater = [this] { m_keep.start(); };
    for (QSpinBox* box : {m_seed, m_minGroup})
        connect(box, &QSpinBox::valueChanged, this, keepLater);
    for (QDoubleSpinBox* box : {m_tolerance, m_level})
        connect(box, &QDoubleSpinBox::valueChanged, this, keepLater);
    for (QComboBox* box : {m_correction, m_precision})
        connect(box, &QComboBox::currentIndexChanged, this, keepLater);
    connect(m_also, &AlsoMeasure::changed, this, keepLater);
    connect(m_more, &QCheckBox::toggled, this, keepLater);
    connect(m_context.project, &ProjectService::opened, this, &NewAuditPanel::takeUp);
    connect(m_context.project, &ProjectService::closed, this, [this] {
        m_restored.reset();
        m_keptOf.clear();
        m_counted = {}; // another project's sets have the same numbers
        choose({});
    });
    if (m_context.project->isOpen())
        takeUp();
    refreshLists();
}

/// The form of the project that was opened.
void NewAuditPanel::takeUp() {
    m_keptOf = m_context.project->path();
    m_kept = m_context.settings->draft(m_keptOf);
    m_restored = AuditChoices::fromJson(QJsonDocument::fromJson(m_kept).object());
}

void NewAuditPanel::flush() {
    m_keep.stop();
    if (m_keptOf.isEmpty() || m_restored)
        return;
    const QByteArray now = QJsonDocument(choices().toJson()).toJson(QJsonDocument::Compact);
    if (std::exchange(m_kept, now) != now)
        m_context.settings->setDraft(m_keptOf, now);
}

AuditChoices NewAuditPanel::choices() const {
    AuditChoices choices;
    const auto recordIn = [](const QComboBox* box) {
        return box->currentIndex() < 0 && box->count() > 0 ? AuditChoices::kGone : box->currentData().toLongLong();
    };
    choices.model = recordIn(m_model);
    choices.images = recordIn(m_images);
    choices.probe = m_probe->currentData().toLongLong();
    choices.prompts = m_prompts->toPlainText();
    if (m_attributes->count() > 0) // without images nothing was chosen
        choices.attributes.emplace();
    for (int row = 0; row < m_attributes->count(); ++row)
        if (m_attributes->item(row)->checkState() == Qt::Checked)
            choices.attributes->append(m_attributes->item(row)->data(Qt::UserRole).toString());
    for (const auto& [name, merges] : m_merges)
        choices.merged << fromUtf8(formatAttribute({part(name)}));
    choices.crossed = crossedAttributes();
    choices.k = m_k->text();
    choices.target = m_target->chosenKind();
    choices.table = m_target->table();
    choices.relevance = m_target->chosenRelevance();
    choices.shares = m_target->shares();
    choices.measure = measure();
    choices.others = m_also->chosen();
    choices.precision = m_precision->currentData().toString();
    choices.more = m_more->isChecked();
    return choices;
}

MeasureOptions NewAuditPanel::measure() const {
    MeasureOptions measure;
    measure.definition = static_cast<Definition>(m_definition->currentData().toInt());
    measure.seed = static_cast<std::uint64_t>(m_seed->value());
    measure.correction = static_cast<Correction>(m_correction->currentData().toInt());
    measure.tolerance = m_tolerance->value();
    measure.level = m_level->value();
    measure.minGroup = m_minGroup->value();
    return measure;
}

bool NewAuditPanel::chooseLike(qint64 run) {
    const store::RunRecord* record = m_context.lists->runs()->recordById(run);
    if (record == nullptr)
        return false;
    const AuditConfig& config = record->config;
    const std::string content = probe::contentSha256(config.probe);
    qint64 set = kWritten;
    for (const store::ProbeRecord& known : m_context.lists->probes()->records())
        if (known.probe.name == config.probe.name && probe::contentSha256(known.probe) == content)
            set = known.id;
    QStringList notes{tr("The form asks what run %1 asked.").arg(run)};
    if (config.modelId != 0 && m_context.lists->models()->recordById(config.modelId) == nullptr)
        notes << tr("Its model is not in the project any more.");
    if (config.imageSetId != 0 && m_context.lists->imageSets()->recordById(config.imageSetId) == nullptr)
        notes << tr("Its images are not in the project any more.");
    if (config.debias)
        notes << tr("It was debiased: that is asked for on the Mitigate page.");
    const auto isCrossing = [](const std::string& text) {
        const auto parts = parseAttribute(text);
        return parts && parts->size() > 1;
    };
    if (std::ranges::count_if(config.attributes, isCrossing) > 1)
        notes << tr("It had several crossings, of which the form knows one, of all their attributes.");
    if (set == kWritten && !config.probe.templates.empty())
        notes << tr("Its probe set is not in the project: its prompts stand as lines, each a concept of its own.");
    const AuditChoices before = choices();
    AuditChoices wanted = AuditChoices::of(config, set);
    if (wanted.probe != kWritten)
        wanted.prompts = before.prompts; // what was written stays, though it is not asked
    choose(wanted);
    Q_EMIT raised({Severity::Note,
                   notes.join(u' '),
                   {},
                   {{tr("Undo"), [this, before] { choose(before); }}},
                   QStringLiteral("audit")});
    return true;
}

void NewAuditPanel::choose(const AuditChoices& choices) {
    const auto chooseIn = [](QComboBox* box, const QVariant& wanted) {
        box->setCurrentIndex(std::max(box->findData(wanted), box->count() > 0 ? 0 : -1));
    };
    const auto chooseRecord = [&](QComboBox* box, qint64 id) { // never another one in the place of one that is gone
        if (id != 0 && box->findData(id) < 0)
            box->setCurrentIndex(-1);
        else
            chooseIn(box, id);
    };
    chooseRecord(m_model, choices.model);
    chooseRecord(m_images, choices.images);
    refreshAttributes();
    m_merges.clear();
    if (const auto* set = imageSet())
        for (const QString& text : choices.merged) {
            const auto parts = parseAttribute(text.toStdString());
            if (!parts || parts->size() != 1)
                continue;
            const AttributePart& merged = parts->front();
            const auto counts = std::ranges::find(set->attributes, merged.name, &store::ImageSetRecord::AttributeCounts::name);
            const auto isThere = [&](const std::string& group) {
                return std::ranges::find(counts->groups, group, [](const auto& one) { return one.first; }) !=
                       counts->groups.end();
            };
            if (counts != set->attributes.end() && std::ranges::all_of(merged.merges, [&](const GroupMerge& merge) {
                    return std::ranges::all_of(merge.members, isThere);
                }))
                m_merges[fromUtf8(merged.name)] = merged.merges;
        }
    for (int row = 0; row < m_attributes->count(); ++row) {
        const QString name = m_attributes->item(row)->data(Qt::UserRole).toString();
        const bool chosen = choices.attributes ? choices.attributes->contains(name) : row == 0;
        m_attributes->item(row)->setCheckState(chosen ? Qt::Checked : Qt::Unchecked);
        const bool crossed = choices.crossed.isEmpty() ? row < 2 : choices.crossed.contains(name);
        m_crossed->item(row)->setCheckState(crossed ? Qt::Checked : Qt::Unchecked);
    }
    m_cross->setChecked(!choices.crossed.isEmpty() && m_crossed->count() > 1);
    nameAttributes();
    chooseIn(m_probe, choices.probe);
    m_prompts->setPlainText(choices.prompts);
    m_k->setText(choices.k);
    chooseIn(m_definition, static_cast<int>(choices.measure.definition));
    m_target->choose(choices.target, choices.table, choices.relevance, choices.shares);
    m_seed->setValue(static_cast<int>(
        std::min<std::uint64_t>(choices.measure.seed, static_cast<std::uint64_t>(std::numeric_limits<int>::max()))));
    chooseIn(m_correction, static_cast<int>(choices.measure.correction));
    m_tolerance->setValue(choices.measure.tolerance);
    m_level->setValue(choices.measure.level);
    m_minGroup->setValue(static_cast<int>(std::min<std::int64_t>(choices.measure.minGroup, m_minGroup->maximum())));
    m_also->choose(choices.others);
    chooseIn(m_precision, choices.precision);
    m_more->setChecked(choices.more);
    refreshGroups();
    refreshPrompts();
}

QWidget* NewAuditPanel::buildQuestion() {
    auto* card = new Surface(Surface::Kind::Card);
    auto* form = new Form;
    card->column()->addLayout(form);
    m_model->setAccessibleName(tr("Model"));
    form->add(tr("M&odel"), m_model, m_modelHint);
    m_images->setAccessibleName(tr("Images"));
    form->add(tr("&Images"), m_images);

    m_attributes->setAccessibleName(tr("Attributes"));
    auto* attributes = new QWidget;
    auto* attributeLine = new QHBoxLayout(attributes);
    attributeLine->setContentsMargins(0, 0, 0, 0);
    attributeLine->addWidget(m_attributes, 1);
    m_merge->setToolTip(tr("Count several groups of the attribute that is marked in the list as one, for instance ages in bands"));
    attributeLine->addWidget(m_merge, 0, Qt::AlignTop);
    form->add(tr("Att&ributes"), attributes, nullptr, m_attributes);
    auto* crossing = new QWidget;
    auto* line = new QHBoxLayout(crossing);
    line->setContentsMargins(0, 0, 0, 0);
    m_crossed->setAccessibleName(tr("Attributes of the crossing"));
    m_crossed->setFlow(QListView::LeftToRight);
    m_crossed->setWrapping(true);
    m_crossed->setResizeMode(QListView::Adjust);
    m_crossed->setSpacing(2);
    m_cross->setToolTip(tr("Measure every combination of two or more attributes as a group of its own"));
    line->addWidget(m_cross, 0, Qt::AlignTop);
    line->addWidget(m_crossed, 1);
    form->add({}, crossing, nullptr, m_cross);

    m_probe->setAccessibleName(tr("Prompts"));
    form->add(tr("&Prompts"), m_probe, m_promptHint);
    m_prompts->setAccessibleName(tr("Prompts, one a line"));
    m_prompts->setPlaceholderText(tr("a photo of a nurse\na photo of an engineer"));
    m_prompts->setTabChangesFocus(true);
    m_prompts->setFixedHeight(14 * theme::kGrid);
    form->add({}, m_prompts);
    return card;
}

QWidget* NewAuditPanel::buildMeasure() {
    auto* card = new Surface(Surface::Kind::Card);
    auto* form = new Form;
    card->column()->addLayout(form);
    m_k->setAccessibleName(tr("How many top images to look at: a number, or a share such as 10%"));
    m_k->setFixedWidth(16 * theme::kGrid);
    auto* top = new QWidget;
    auto* topLine = new QHBoxLayout(top);
    topLine->setContentsMargins(0, 0, 0, 0);
    topLine->addWidget(m_k);
    topLine->addStretch(1);
    form->add(tr("&Top k"), top, m_kHint, m_k);
    form->add(tr("T&arget"), m_target, nullptr, m_target->box());
    m_definition->setAccessibleName(tr("Definition of the measures"));
    for (const auto definition : allDefinitions())
        m_definition->addItem(definitionTitle(definition), static_cast<int>(definition));
    form->add(tr("&Definition"), m_definition, m_definitionHint);

    auto* alsoHint = hint();
    alsoHint->setText(tr("Means over the prompts, harmful labels, association and more: the run keeps them as tables."));
    auto* also = new QWidget;
    auto* alsoLine = new QHBoxLayout(also);
    alsoLine->setContentsMargins(0, 0, 0, 0);
    alsoLine->addWidget(m_also);
    alsoLine->addStretch(1);
    form->add(tr("Also meas&ure"), also, alsoHint, m_also);

    card->column()->addWidget(m_more);
    auto* more = new Form;
    more->setContentsMargins(0, 0, 0, 0);
    m_moreArea->setLayout(more);
    m_seed->setRange(0, std::numeric_limits<int>::max());
    m_seed->setAccessibleName(tr("Seed"));
    auto* seedHint = hint();
    seedHint->setText(tr("Of the random rankings and the bootstrap. The same seed gives the same numbers."));
    more->add(tr("&Seed"), m_seed, seedHint);
    m_correction->setAccessibleName(tr("Correction of the verdicts"));
    m_correction->addItem(tr("Holm"), static_cast<int>(Correction::Holm));
    m_correction->addItem(tr("Benjamini and Hochberg"), static_cast<int>(Correction::FalseDiscovery));
    auto* correctionHint = hint();
    correctionHint->setText(tr("Holm: at most one audit in twenty shows any false lean. Benjamini and Hochberg: at most "
                               "one in twenty of the leans found is false, and more are found."));
    more->add(tr("Correction"), m_correction, correctionHint);
    m_tolerance->setAccessibleName(tr("Tolerance, as a ratio of shares"));
    m_tolerance->setRange(1.0, 10.0);
    m_tolerance->setSingleStep(0.05);
    m_tolerance->setDecimals(2);
    m_tolerance->setSuffix(QStringLiteral(" ×"));
    m_tolerance->setSpecialValueText(tr("None"));
    auto* toleranceHint = hint();
    toleranceHint->setText(tr("A group leans only where its share is surely beyond this. 1.25: shares from 1/1.25 to "
                              "1.25 times the pool's are tolerated."));
    more->add(tr("To&lerance"), m_tolerance, toleranceHint);
    const MeasureOptions defaults;
    m_level->setAccessibleName(tr("Significance level"));
    m_level->setDecimals(3);
    m_level->setRange(0.001, 0.2);
    m_level->setSingleStep(0.01);
    m_level->setValue(defaults.level);
    auto* levelHint = hint();
    levelHint->setText(
        tr("Of the corrected tests: how often chance alone may show a false lean. 0.05 is one in twenty."));
    more->add(tr("Signi&ficance"), m_level, levelHint);
    m_minGroup->setAccessibleName(tr("Smallest group that a verdict is given on"));
    m_minGroup->setRange(1, 1'000'000);
    m_minGroup->setValue(static_cast<int>(defaults.minGroup));
    m_minGroup->setSuffix(tr(" images"));
    auto* minGroupHint = hint();
    minGroupHint->setText(
        tr("Smaller groups are counted and shown, but “not enough evidence” is all that is said of them."));
    more->add(tr("S&mallest group"), m_minGroup, minGroupHint);
    m_precision->setAccessibleName(tr("Precision"));
    m_precision->addItem(tr("float32"), QStringLiteral("fp32"));
    m_precision->addItem(tr("bfloat16"), QStringLiteral("bf16"));
    auto* precisionHint = hint();
    precisionHint->setText(tr("bfloat16 is faster on some processors and less exact."));
    more->add(tr("Precisio&n"), m_precision, precisionHint);
    card->column()->addWidget(m_moreArea);
    return card;
}

QWidget* NewAuditPanel::buildGroups() {
    auto* card = new Surface(Surface::Kind::Card);
    m_problem->setWordWrap(true);
    m_problem->setAccessibleName(tr("What is missing"));
    card->column()->addWidget(m_problem);
    m_cautions->setAccessibleName(tr("To consider"));
    card->column()->addWidget(m_cautions);
    auto* content = new QWidget;
    m_groupColumn = new QVBoxLayout(content);
    m_groupColumn->setContentsMargins(0, 0, theme::kGrid, 0);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setAccessibleName(tr("Groups to compare"));
    scroll->setWidget(content);
    scroll->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    card->column()->addWidget(scroll, 1);
    return card;
}

void NewAuditPanel::focusFirst() {
    for (QWidget* widget : {static_cast<QWidget*>(m_model), static_cast<QWidget*>(m_images)})
        if (static_cast<QComboBox*>(widget)->count() != 1) {
            widget->setFocus();
            return;
        }
    m_attributes->setFocus();
}

void NewAuditPanel::chooseProbe(qint64 id) { m_probe->setCurrentIndex(std::max(0, m_probe->findData(id))); }

void NewAuditPanel::refreshLists() {
    if (!m_context.lists->isLoaded() && !m_restored) { // the project was closed: before its models and images are gone
        flush();
        m_keptOf.clear();
    }
    QList<std::pair<QString, qint64>> models;
    QList<std::pair<QString, qint64>> sets;
    QList<std::pair<QString, qint64>> probes{{tr("Write them here"), kWritten}};
    for (const auto& record : m_context.lists->models()->records())
        models.append({fromUtf8(record.name), record.id});
    for (const auto& record : m_context.lists->imageSets()->records())
        sets.append({tr("%1 (%Ln image(s))", nullptr, static_cast<int>(record.images)).arg(fromUtf8(record.name)), record.id});
    for (const auto& record : m_context.lists->probes()->records())
        probes.append({tr("%1 (%Ln prompt(s))", nullptr, static_cast<int>(promptCount(record.probe)))
                           .arg(fromUtf8(record.probe.name)),
                       record.id});
    if (fillBox(m_model, models))
        m_tokens->setModel(m_model->currentData().toLongLong());
    fillBox(m_images, sets);
    fillBox(m_probe, probes);
    m_model->setPlaceholderText(tr("no model yet"));
    m_images->setPlaceholderText(tr("no images yet"));
    if (m_restored && m_context.lists->isLoaded()) {
        choose(*m_restored);
        m_restored.reset();
    }
    refreshAttributes();
    refreshPrompts(); // a set may have been edited
}

const store::ImageSetRecord* NewAuditPanel::imageSet() const {
    return m_context.lists->imageSets()->recordById(m_images->currentData().toLongLong());
}

void NewAuditPanel::refreshAttributes() {
    const auto* set = imageSet();
    const std::int64_t id = set != nullptr ? set->id : 0;
    if (std::exchange(m_shownSet, id) != id) {
        const QSignalBlocker quietList(m_attributes);
        const QSignalBlocker quietCrossed(m_crossed);
        const QSignalBlocker quietCross(m_cross);
        m_attributes->clear();
        m_crossed->clear();
        m_merges.clear();
        if (set != nullptr)
            for (const auto& attribute : set->attributes) {
                const QString name = fromUtf8(attribute.name);
                auto* item = new QListWidgetItem(m_attributes);
                item->setData(Qt::UserRole, name);
                item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
                item->setCheckState(m_attributes->count() == 1 ? Qt::Checked : Qt::Unchecked);
                auto* crossed = new QListWidgetItem(name, m_crossed);
                crossed->setData(Qt::UserRole, name);
                crossed->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
                crossed->setCheckState(m_crossed->count() <= 2 ? Qt::Checked : Qt::Unchecked);
            }
        nameAttributes();
        m_cross->setChecked(false);
        m_cross->setEnabled(m_crossed->count() > 1);
        QStringList columns;
        for (int row = 0; row < m_attributes->count(); ++row)
            columns << m_attributes->item(row)->data(Qt::UserRole).toString();
        m_also->setColumns(columns);
        std::vector<std::pair<QString, TargetChoice::Counts>> targets;
        if (set != nullptr)
            for (const auto& attribute : set->attributes)
                targets.emplace_back(fromUtf8(attribute.name), attribute.groups);
        m_target->setAttributes(std::move(targets));
        if (m_attributes->count() > 0)
            m_attributes->setCurrentRow(0);
        const int rowHeight = m_attributes->count() > 0 ? m_attributes->sizeHintForRow(0) : 0;
        m_attributes->setFixedHeight(std::clamp(rowHeight * m_attributes->count() + theme::kGrid, 5 * theme::kGrid, 16 * theme::kGrid));
        m_crossed->setFixedHeight((m_crossed->count() > 6 ? 2 : 1) * (rowHeight + 4) + 2 * m_crossed->frameWidth() + theme::kHalf);
    }
    refreshGroups();
}

/// Each with the number of its groups, merged or not.
void NewAuditPanel::nameAttributes() {
    const QSignalBlocker quiet(m_attributes);
    const auto* set = imageSet();
    for (int row = 0; row < m_attributes->count() && set != nullptr; ++row) {
        QListWidgetItem* item = m_attributes->item(row);
        const QString name = item->data(Qt::UserRole).toString();
        const auto& attribute = set->attributes[static_cast<std::size_t>(row)];
        const auto groups = static_cast<int>(attribute.groups.size());
        const auto merged = m_merges.find(name);
        item->setText(merged == m_merges.end()
                          ? tr("%1 (%Ln group(s))", nullptr, groups).arg(name)
                          : tr("%1 (%Ln group(s), merged to %2)", nullptr, groups)
                                .arg(name, countText(static_cast<qint64>(mergedCounts(attribute.groups, merged->second).size()))));
        item->setToolTip(merged == m_merges.end() ? QString() : fromUtf8(formatAttribute({part(name)})));
    }
}

void NewAuditPanel::mergeGroupsOf(const QString& attribute) {
    const auto* set = imageSet();
    if (set == nullptr)
        return;
    for (const auto& counts : set->attributes) {
        if (fromUtf8(counts.name) != attribute)
            continue;
        MergeGroupsDialog dialog(attribute, counts.groups, counts.unlabelled, part(attribute).merges, this);
        if (dialog.exec() != QDialog::Accepted)
            return;
        if (std::vector<GroupMerge> merges = dialog.merges(); merges.empty())
            m_merges.erase(attribute);
        else
            m_merges[attribute] = std::move(merges);
        nameAttributes();
        refreshGroups();
        return;
    }
}

AttributePart NewAuditPanel::part(const QString& attribute) const {
    const auto merged = m_merges.find(attribute);
    return {attribute.toStdString(), merged == m_merges.end() ? std::vector<GroupMerge>() : merged->second};
}

QStringList NewAuditPanel::crossedAttributes() const {
    QStringList names;
    for (int row = 0; row < m_crossed->count() && m_cross->isChecked(); ++row)
        if (m_crossed->item(row)->checkState() == Qt::Checked)
            names.append(m_crossed->item(row)->data(Qt::UserRole).toString());
    return names;
}

QString NewAuditPanel::crossing() const {
    const QStringList names = crossedAttributes();
    if (names.size() < 2)
        return {};
    std::vector<AttributePart> parts;
    for (const QString& name : names)
        parts.push_back(part(name));
    return fromUtf8(formatAttribute(parts));
}

QStringList NewAuditPanel::chosenAttributes() const {
    QStringList result;
    for (int row = 0; row < m_attributes->count(); ++row)
        if (m_attributes->item(row)->checkState() == Qt::Checked)
            result.append(fromUtf8(formatAttribute({part(m_attributes->item(row)->data(Qt::UserRole).toString())})));
    if (const QString crossed = crossing(); !crossed.isEmpty())
        result.append(crossed);
    return result;
}

void NewAuditPanel::refreshGroups() {
    m_crossed->setEnabled(m_cross->isChecked());
    const auto* set = imageSet();
    const QString crossed = crossing();
    const bool known = set != nullptr && m_counted.set == set->id && m_counted.name == crossed;
    if (set != nullptr && !crossed.isEmpty() && !known)
        countCrossing(crossed);

    QStringList wanted{QString::number(set != nullptr ? set->id : 0)};
    wanted += chosenAttributes();
    wanted += known ? QStringLiteral("counted") : QString();
    wanted += QString::number(m_minGroup->value());
    if (std::exchange(m_shownGroups, wanted) != wanted) {
        while (QLayoutItem* item = m_groupColumn->takeAt(0)) {
            delete item->widget();
            delete item;
        }
        for (const Groups& groups : chosenGroups())
            showGroups(groups);
        m_groupColumn->addStretch(1);
    }
    refreshState();
}

std::vector<NewAuditPanel::Groups> NewAuditPanel::chosenGroups() const {
    std::vector<Groups> result;
    const auto* set = imageSet();
    if (set == nullptr)
        return result;
    const QStringList names = chosenAttributes();
    for (const auto& attribute : set->attributes) {
        const QString name = fromUtf8(attribute.name), text = fromUtf8(formatAttribute({part(name)}));
        if (names.contains(text))
            result.push_back(
                {name, text, mergedCounts(attribute.groups, part(name).merges), attribute.unlabelled, {}, 0});
    }
    if (const QString crossed = crossing(); !crossed.isEmpty() && m_counted.set == set->id && m_counted.name == crossed)
        result.push_back({crossedAttributes().join(QStringLiteral(" × ")), crossed, m_counted.groups,
                          m_counted.unlabelled, m_counted.emptyGroups, m_counted.empty});
    return result;
}

void NewAuditPanel::showGroups(const Groups& groups) {
    QLabel* above = heading(groups.title);
    above->setWordWrap(true);
    m_groupColumn->addWidget(above);
    const auto line = [this](const QString& text) {
        QLabel* label = hint();
        label->setText(text);
        m_groupColumn->addWidget(label);
    };
    if (groups.text != groups.title)
        line(groups.text);
    std::vector<GroupBars::Group> bars;
    int few = 0;
    for (const auto& [group, count] : groups.counts) {
        bars.push_back({fromUtf8(group), count});
        few += count < m_minGroup->value();
    }
    for (const QString& group : groups.none)
        bars.push_back({group, 0});
    QStringList facts{tr("%Ln group(s)", nullptr, static_cast<int>(groups.counts.size()))};
    if (groups.allNone > 0)
        facts << tr("%Ln combination(s) without an image", nullptr, static_cast<int>(groups.allNone));
    if (few > 0)
        facts << tr("%Ln with fewer than %1 images (marked ▿)", nullptr, few).arg(countText(m_minGroup->value()));
    if (few > 0 || groups.allNone > 0)
        line(facts.join(QStringLiteral(" · ")));
    auto* shown = new GroupBars;
    shown->setGroups(groups.title, std::move(bars), groups.unlabelled, m_minGroup->value());
    m_groupColumn->addWidget(shown);
    if (const std::int64_t more = groups.allNone - groups.none.size(); more > 0)
        line(tr("and %Ln more combination(s) without an image", nullptr, static_cast<int>(more)));
    m_groupColumn->addSpacing(theme::kGrid);
}

void NewAuditPanel::countCrossing(const QString& name) {
    const std::int64_t id = imageSet()->id;
    std::vector<AttributePart> parts;
    for (const QString& attribute : crossedAttributes())
        parts.push_back(part(attribute));
    m_context.project->ask<Crossed>(
        this,
        [id, name, parts](store::Project& project) -> Result<Crossed> {
            PLUMBLINE_TRY(const ImageSet set, project.imageSet(id));
            PLUMBLINE_TRY(const Attribute all, resolveAttribute(set, name.toStdString()));
            Crossed result{id, name, {}, all.unlabelled(), 0, {}};
            const auto counts = all.counts();
            for (std::size_t i = 0; i < counts.size(); ++i)
                result.groups.emplace_back(all.groups[i], counts[i]);
            // Combinations of groups that occur, but not together.
            std::vector<std::string> combinations{std::string()};
            std::int64_t possible = 1;
            constexpr std::size_t kMostCombinations = 100'000;
            for (const AttributePart& part : parts) {
                PLUMBLINE_TRY(const Attribute one, resolveAttribute(set, formatAttribute({part})));
                possible *= static_cast<std::int64_t>(one.groups.size());
                std::vector<std::string> longer;
                for (const std::string& begun : combinations)
                    for (const std::string& group : one.groups)
                        if (longer.size() < kMostCombinations)
                            longer.push_back(begun.empty() ? group : begun + " × " + group);
                combinations = std::move(longer);
            }
            result.empty = std::max<std::int64_t>(0, possible - static_cast<std::int64_t>(all.groups.size()));
            for (const std::string& combination : combinations)
                if (result.emptyGroups.size() < kShownEmpty && !std::ranges::binary_search(all.groups, combination))
                    result.emptyGroups.append(fromUtf8(combination));
            return result;
        },
        [this](Result<Crossed> result) {
            if (!result) {
                Q_EMIT raised(Message::of(result.error()));
                return;
            }
            m_counted = std::move(*result);
            refreshGroups();
        });
}

ProbeSet NewAuditPanel::probe() const {
    const qint64 id = m_probe->currentData().toLongLong();
    if (const auto* record = m_context.lists->probes()->recordById(id); id != kWritten && record != nullptr)
        return record->probe;
    return probe::handWritten(linesOf(m_prompts->toPlainText()));
}

void NewAuditPanel::refreshPrompts() {
    m_prompts->setVisible(m_probe->currentData().toLongLong() == kWritten);
    m_expanded->setProbe(probe());
    refreshState();
}

std::optional<AuditConfig> NewAuditPanel::config(QString* problem) const {
    const auto missing = [problem](const QString& what) {
        if (problem != nullptr)
            *problem = what;
        return std::nullopt;
    };
    const auto* model = m_context.lists->models()->recordById(m_model->currentData().toLongLong());
    if (model == nullptr)
        return missing(m_model->count() > 0 ? tr("Choose a model.") : tr("Add a model first."));
    if (model->card.vocabulary.empty())
        return missing(tr("This model has no vocabulary yet, so it cannot read prompts. Choose one on the Models page."));
    const auto* set = imageSet();
    if (set == nullptr)
        return missing(m_images->count() > 0 ? tr("Choose the images.") : tr("Add labelled images first."));
    if (m_cross->isChecked() && crossedAttributes().size() < 2)
        return missing(tr("A crossing needs at least two attributes."));
    const QStringList attributes = chosenAttributes();
    if (attributes.isEmpty())
        return missing(tr("Choose at least one attribute."));
    if (m_expanded->rowCount() == 0)
        return missing(tr("Write at least one prompt, or choose a probe set."));
    const auto k = parseK(m_k->text().trimmed().toStdString());
    if (!k)
        return missing(tr("k is a number of images such as 100, or a share such as 10%."));
    QString why;
    const auto target = m_target->target(&why);
    if (!target)
        return missing(why);
    for (const Groups& groups : chosenGroups())
        if (const QString misfit = m_target->misfit(groups.title.toStdString(), groups.counts); !misfit.isEmpty())
            return missing(misfit);

    AuditConfig config;
    config.modelPath = model->path;
    config.vocabPath = model->vocabPath;
    config.modelId = model->id;
    config.imageSetId = set->id;
    for (const QString& name : attributes)
        config.attributes.push_back(name.toStdString());
    config.probe = probe();
    config.measure = measure();
    config.measure.k = *k;
    config.measure.target = *target;
    config.relevance = m_target->relevance();
    config.others = m_also->chosen();
    if (hasInput(config, Family::Relevance))
        config.others.families.push_back(Family::Relevance);
    config.precision = m_precision->currentData().toString().toStdString();
    return config;
}

QStringList NewAuditPanel::cautions() const {
    QStringList result;
    const auto* set = imageSet();
    if (set == nullptr)
        return result;
    const auto k = parseK(m_k->text().trimmed().toStdString());
    for (const Groups& groups : chosenGroups()) {
        std::int64_t labelled = 0;
        QStringList small;
        for (const auto& [group, count] : groups.counts) {
            labelled += count;
            if (count < m_minGroup->value())
                small.append(fromUtf8(group));
        }
        if (groups.counts.size() < 2)
            result.append(tr("%1 has only one group: there is nothing to compare.").arg(groups.title));
        else if (k && k->resolve(labelled) >= labelled)
            result.append(tr("k reaches the whole pool of %1 (%2 images), where every ranking looks alike.")
                              .arg(groups.title, countText(labelled)));
        if (!small.isEmpty())
            result.append(tr("Small groups of %1, on which no verdict is given: %2.")
                              .arg(groups.title, firstOf(small, small.size())));
        if (groups.allNone > 0)
            result.append(tr("No image at all, so no group: %1.").arg(firstOf(groups.none, groups.allNone)));
        if (groups.unlabelled > 0)
            result.append(
                tr("%1 images have no value for %2 and take no part.").arg(countText(groups.unlabelled), groups.title));
    }
    result += m_target->cautions(probe());
    if (const int cut = m_expanded->truncatedCount(); cut > 0)
        result.append(tr("%Ln (prompt is|prompts are) longer than the model reads and (is|are) cut.", nullptr, cut));
    return result;
}

void NewAuditPanel::refreshState() {
    const auto* model = m_context.lists->models()->recordById(m_model->currentData().toLongLong());
    m_modelHint->setText(model != nullptr ? QStringLiteral("%1 · %2").arg(containerText(model->card.config.container),
                                                                          architectureText(model->card.config))
                                          : QString());
    m_modelHint->setVisible(model != nullptr);
    m_promptHint->setText(m_probe->currentData().toLongLong() == kWritten
                              ? tr("One prompt a line. %Ln prompt(s).", nullptr, m_expanded->rowCount())
                          : m_expanded->rowCount() > 0 ? tr("The first: “%1”").arg(m_expanded->prompt(0))
                                                       : tr("This set has no prompts yet."));

    const auto k = parseK(m_k->text().trimmed().toStdString());
    const auto* set = imageSet();
    m_kHint->setText(!k               ? tr("A number of images such as 100, or a share such as 10%.")
                     : k->fraction > 0 && set != nullptr
                         ? tr("The top %1 of %2 images of each ranking.")
                               .arg(countText(k->resolve(set->images)), countText(set->images))
                         : tr("The top %1 images of each ranking.").arg(countText(k->count)));
    const auto definition = static_cast<Definition>(m_definition->currentData().toInt());
    m_definitionHint->setText(definitionText(definition));
    const auto* marked = m_attributes->currentItem();
    m_merge->setEnabled(set != nullptr && marked != nullptr &&
                        static_cast<std::size_t>(m_attributes->currentRow()) < set->attributes.size() &&
                        set->attributes[static_cast<std::size_t>(m_attributes->currentRow())].groups.size() > 2);

    QString problem;
    const bool ready = config(&problem).has_value();
    const bool isRunning = m_runner->isRunning();
    m_problem->setText(isRunning ? tr("An audit is running; its progress is at the bottom of the window.") : problem);
    m_problem->setVisible(isRunning || !ready);
    const QStringList hints = cautions();
    m_cautions->setText(hints.size() < 2 ? hints.join(u' ')
                                         : QStringLiteral("• ") + hints.join(QStringLiteral("\n• ")));
    m_cautions->setVisible(!hints.isEmpty());
    m_run->setEnabled(ready && !isRunning && m_context.isWritable());
    m_keep.start();
}

void NewAuditPanel::run() {
    if (m_runner->isRunning() || !m_context.isWritable())
        return;
    QString problem;
    if (const auto chosen = config(&problem))
        m_runner->start(*chosen);
    else
        Q_EMIT raised({Severity::Note, problem, {}, {}, QStringLiteral("audit")});
}

} // namespace plumbline::ui
