// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/comparison_form.h"

#include <algorithm>
#include <limits>
#include <set>

#include <QComboBox>
#include <QHBoxLayout>
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
#include "ui/models/project_lists.h"
#include "ui/pages/audit/target_choice.h"
#include "ui/pages/mitigate/method_list.h"
#include "ui/pages/probes/probe_text.h"
#include "ui/widgets/form.h"
#include "ui/widgets/group_bars.h"
#include "ui/widgets/page.h"
#include "ui/widgets/path_edit.h"

namespace plumbline::ui {

namespace {

constexpr qint64 kOfRun = -1'000'000;      ///< less a run's number: the prompts of that run
constexpr int kMostRuns = 5;               ///< whose prompts are offered, the newest
constexpr qint64 kWritten = 0;             ///< the probe choice that means "the prompts written here"
constexpr std::int64_t kFewestImages = 50; ///< of a part, under which its numbers say little
constexpr std::size_t kMostGroups = 30;    ///< an attribute with more is a name, not a group
constexpr int kFitShare = 50, kSelectShare = 25;
constexpr int kShownLetters = 14;
constexpr int kScrollBar = 2 * theme::kGrid;

/// Which part of a split a value names; the engine reads it the same way.
enum class Part { Fit, Select, Audit };
std::optional<Part> partOf(const std::string& value) {
    const QString name = fromUtf8(value).toLower();
    if (name == u"fit" || name == u"train" || name == u"training")
        return Part::Fit;
    if (name == u"select" || name == u"val" || name == u"validation")
        return Part::Select;
    if (name == u"audit" || name == u"test")
        return Part::Audit;
    return std::nullopt;
}

using Column = store::ImageSetRecord::AttributeCounts;

std::optional<ComparisonForm::Counts> columnCounts(const Column& column) {
    ComparisonForm::Counts counts;
    for (const auto& [value, rows] : column.groups)
        if (const auto part = partOf(value))
            (*part == Part::Fit ? counts.fit : *part == Part::Select ? counts.select : counts.audit) += rows;
    return counts.fit > 0 && counts.select > 0 && counts.audit > 0 ? std::optional(counts) : std::nullopt;
}

bool hasGroups(const Column& column) {
    return column.groups.size() >= 2 && column.groups.size() <= kMostGroups;
}

const Column* columnOf(const store::ImageSetRecord* set, const QString& name) {
    if (set != nullptr)
        for (const Column& column : set->attributes)
            if (fromUtf8(column.name) == name)
                return &column;
    return nullptr;
}

} // namespace

ComparisonForm::ComparisonForm(const Context& context, QWidget* parent)
    : QWidget(parent), m_context(context), m_model(new QComboBox), m_images(new QComboBox),
      m_auditImages(new QComboBox), m_attribute(new QComboBox), m_untargeted(new QListWidget), m_classes(new QComboBox),
      m_captions(new PathEdit(PathEdit::Kind::File, tr("Captions of the images"))), m_probe(new QComboBox),
      m_prompts(new QPlainTextEdit), m_promptHint(hint()), m_k(new QLineEdit(QStringLiteral("100"))),
      m_target(new TargetChoice(context)), m_split(new QComboBox), m_shares(new QWidget), m_fit(new QSpinBox),
      m_select(new QSpinBox), m_rest(hint()), m_together(new QComboBox), m_seed(new QSpinBox),
      m_methods(new MethodList), m_counts(new QLabel), m_bars(new GroupBars), m_problem(caption({})),
      m_cautions(hint()), m_start(makePrimary(new QPushButton(tr("Start comparison")))) {
    auto* left = new QWidget;
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, theme::kGrid, 0);
    column->setSpacing(theme::kGrid);
    column->addWidget(buildQuestion());
    column->addWidget(buildSplit());
    column->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(left);
    left->setAutoFillBackground(false); // the scroll area fills what it is given
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setFocusPolicy(Qt::NoFocus);
    auto* both = new QSplitter;
    both->setChildrenCollapsible(false);
    both->addWidget(scroll);
    both->addWidget(buildMethods());
    both->setSizes({520, 480});
    both->setStretchFactor(0, 1);
    both->setStretchFactor(1, 1);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(both, 1);

    // A long name is cut in its box, not the form at the window's edge.
    for (QComboBox* box :
         {m_model, m_images, m_auditImages, m_attribute, m_classes, m_probe, m_split, m_together, m_target->box()}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(kShownLetters);
    }
    scroll->setMinimumWidth(left->minimumSizeHint().width() + kScrollBar);
    connect(m_start, &QPushButton::clicked, this, &ComparisonForm::start);
    connect(m_images, &QComboBox::currentIndexChanged, this, &ComparisonForm::refreshColumns);
    connect(m_captions, &PathEdit::pathChanged, this, &ComparisonForm::refreshState);
    for (QComboBox* box : {m_model, m_auditImages, m_classes, m_split, m_together, m_attribute, m_probe})
        connect(box, &QComboBox::currentIndexChanged, this, &ComparisonForm::refreshState);
    for (QSpinBox* box : {m_fit, m_select, m_seed})
        connect(box, &QSpinBox::valueChanged, this, &ComparisonForm::refreshState);
    connect(m_untargeted, &QListWidget::itemChanged, this, &ComparisonForm::refreshState);
    connect(m_prompts, &QPlainTextEdit::textChanged, this, &ComparisonForm::refreshState);
    connect(m_k, &QLineEdit::textChanged, this, &ComparisonForm::refreshState);
    connect(m_target, &TargetChoice::changed, this, &ComparisonForm::refreshState);
    connect(m_methods, &MethodList::changed, this, &ComparisonForm::refreshState);
    connect(m_context.lists, &ProjectLists::refreshed, this, &ComparisonForm::refreshLists);
    refreshLists();
}

QWidget* ComparisonForm::buildQuestion() {
    auto* card = new Surface(Surface::Kind::Card);
    auto* form = new Form;
    card->column()->addLayout(form);
    m_model->setAccessibleName(tr("Model"));
    m_model->setPlaceholderText(tr("no model yet"));
    form->add(tr("M&odel"), m_model);
    m_images->setAccessibleName(tr("Images"));
    m_images->setPlaceholderText(tr("no images yet"));
    form->add(tr("&Images"), m_images);
    m_auditImages->setAccessibleName(tr("Images that are audited"));
    form->add(tr("A&udit on"), m_auditImages,
              hint(tr("Another set shows whether the effect holds on images of another kind.")));
    m_attribute->setAccessibleName(tr("Attribute to remove"));
    form->add(tr("Re&move"), m_attribute);
    form->add({}, m_bars);
    m_untargeted->setAccessibleName(tr("Attributes looked at, too"));
    m_untargeted->setFlow(QListView::LeftToRight);
    m_untargeted->setWrapping(true);
    m_untargeted->setResizeMode(QListView::Adjust);
    m_untargeted->setSpacing(2);
    m_untargeted->setFixedHeight(4 * theme::kGrid + theme::kHalf);
    form->add(tr("&Look at, too"), m_untargeted,
              hint(tr("What removes one lean can make another; these should not get worse.")));
    m_classes->setAccessibleName(tr("Column whose classes the model must still tell apart"));
    form->add(
        tr("Must still &tell"), m_classes,
        hint(tr("The utility: how well the model still names these classes. Without it a method that destroys the "
                "embeddings would look best.")));
    m_probe->setAccessibleName(tr("Prompts"));
    form->add(tr("&Captions"), m_captions,
              hint(tr("Optional: a list of the images' captions (Flickr30k, COCO, or a table), for the recall of "
                      "retrieval.")),
              m_captions->line());
    form->add(tr("&Prompts"), m_probe, m_promptHint);
    m_prompts->setAccessibleName(tr("Prompts, one a line"));
    m_prompts->setPlaceholderText(tr("a photo of a nurse\na photo of an engineer"));
    m_prompts->setTabChangesFocus(true);
    m_prompts->setFixedHeight(10 * theme::kGrid);
    form->add({}, m_prompts);
    m_k->setAccessibleName(tr("How many top images to look at: a number, or a share such as 10%"));
    m_k->setFixedWidth(16 * theme::kGrid);
    auto* top = new QWidget;
    auto* line = new QHBoxLayout(top);
    line->setContentsMargins(0, 0, 0, 0);
    line->addWidget(m_k);
    line->addStretch(1);
    form->add(tr("Top &k"), top, nullptr, m_k);
    form->add(tr("T&arget"), m_target, nullptr, m_target->box());
    return card;
}

QWidget* ComparisonForm::buildSplit() {
    auto* card = new Surface(Surface::Kind::Card);
    card->column()->addWidget(heading(tr("Which images fit, choose and audit")));
    auto* form = new Form;
    card->column()->addLayout(form);
    m_split->setAccessibleName(tr("How the images are split"));
    form->add(
        tr("&Split"), m_split,
        hint(tr("Methods are fitted on one part, their strength is chosen on another, and only the third says how "
                "well they do.")));
    m_fit->setAccessibleName(tr("Share that fits"));
    m_select->setAccessibleName(tr("Share that chooses"));
    for (QSpinBox* box : {m_fit, m_select}) {
        box->setRange(1, 98);
        box->setSuffix(tr(" %"));
        box->setMinimumWidth(13 * theme::kGrid);
    }
    m_fit->setValue(kFitShare);
    m_fit->setPrefix(tr("fit "));
    m_select->setValue(kSelectShare);
    m_select->setPrefix(tr("choose "));
    auto* line = new QHBoxLayout(m_shares);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(theme::kGrid);
    line->addWidget(m_fit);
    line->addWidget(m_select);
    line->addStretch(1);
    form->add(tr("S&hares"), m_shares, m_rest, m_fit);
    m_together->setAccessibleName(tr("Column whose groups are not divided"));
    form->add(tr("Keep to&gether"), m_together,
              hint(tr("Images of one person, or of one counterfactual set, belong into one part.")));
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setRange(0, std::numeric_limits<int>::max());
    form->add(tr("See&d"), m_seed);
    return card;
}

QWidget* ComparisonForm::buildMethods() {
    auto* card = new Surface(Surface::Kind::Card);
    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kGrid);
    auto* words = new QVBoxLayout;
    words->setSpacing(theme::kHalf);
    for (QLabel* label : {m_counts, m_problem, m_cautions}) {
        label->setWordWrap(true);
        words->addWidget(label);
    }
    m_counts->setAccessibleName(tr("Images of each part"));
    m_problem->setAccessibleName(tr("What is missing"));
    m_cautions->setAccessibleName(tr("To consider"));
    top->addLayout(words, 1);
    m_start->setToolTip(tr("Start the comparison (F5)"));
    top->addWidget(m_start, 0, Qt::AlignTop);
    card->column()->addLayout(top);
    auto* line = new QHBoxLayout;
    line->setSpacing(theme::kGrid);
    line->addWidget(heading(tr("Methods")), 1);
    auto* standard = new QPushButton(tr("Standard"));
    standard->setToolTip(tr("Tick the methods that need nothing but images, labels and prompts"));
    connect(standard, &QPushButton::clicked, m_methods, &MethodList::tickStandard);
    auto* none = new QPushButton(tr("None"));
    none->setToolTip(tr("Tick no method"));
    connect(none, &QPushButton::clicked, m_methods, &MethodList::tickNone);
    line->addWidget(standard);
    line->addWidget(none);
    card->column()->addLayout(line);
    m_methods->setAccessibleName(tr("Methods to compare"));
    card->column()->addWidget(m_methods, 1);
    return card;
}

void ComparisonForm::focusFirst() {
    for (QComboBox* box : {m_model, m_images})
        if (box->count() != 1) {
            box->setFocus();
            return;
        }
    m_attribute->setFocus();
}

void ComparisonForm::setBusy(bool busy) {
    m_busy = busy;
    refreshState();
}

const store::ImageSetRecord* ComparisonForm::imageSet() const {
    return m_context.lists->imageSets()->recordById(m_images->currentData().toLongLong());
}

const store::ImageSetRecord* ComparisonForm::auditSet() const {
    return m_context.lists->imageSets()->recordById(m_auditImages->currentData().toLongLong());
}

void ComparisonForm::refreshLists() {
    QList<std::pair<QString, qint64>> models, sets, probes{{tr("Write them here"), kWritten}};
    for (const auto& record : m_context.lists->models()->records())
        models.append({fromUtf8(record.name), record.id});
    for (const auto& record : m_context.lists->imageSets()->records())
        sets.append(
            {tr("%1 (%Ln image(s))", nullptr, static_cast<int>(record.images)).arg(fromUtf8(record.name)), record.id});
    for (const auto& record : m_context.lists->probes()->records())
        probes.append({tr("%1 (%Ln prompt(s))", nullptr, static_cast<int>(promptCount(record.probe)))
                           .arg(fromUtf8(record.probe.name)),
                       record.id});
    // What was asked in an audit is asked again, where no set of that content is listed.
    std::set<std::string> known;
    for (const auto& record : m_context.lists->probes()->records())
        known.insert(probe::contentSha256(record.probe));
    int offered = 0;
    for (const auto& run : m_context.lists->runs()->records())
        if (offered < kMostRuns && run.state == RunState::Done &&
            known.insert(probe::contentSha256(run.config.probe)).second) {
            ++offered;
            probes.append({tr("As in run %1 (%Ln prompt(s))", nullptr, static_cast<int>(promptCount(run.config.probe)))
                               .arg(run.id),
                           kOfRun - run.id});
        }
    fillBox(m_model, models);
    fillBox(m_images, sets);
    fillBox(m_probe, probes);
    refreshColumns();
}

void ComparisonForm::refreshColumns() {
    const auto* set = imageSet();
    QList<std::pair<QString, qint64>> others{{tr("A part of the same images"), 0}};
    for (const auto& record : m_context.lists->imageSets()->records())
        if (set == nullptr || record.id != set->id)
            others.append({fromUtf8(record.name), record.id});
    fillBox(m_auditImages, others);
    const std::int64_t id = set != nullptr ? set->id : 0;
    if (std::exchange(m_shownSet, id) != id) {
        const QSignalBlocker quietAttribute(m_attribute), quietList(m_untargeted), quietClasses(m_classes),
            quietSplit(m_split), quietTogether(m_together);
        for (QComboBox* box : {m_attribute, m_classes, m_split, m_together})
            box->clear();
        m_untargeted->clear();
        m_classes->addItem(tr("Nothing: the cost is not measured"), QString());
        m_split->addItem(tr("By lot"), QString());
        m_together->addItem(tr("Nothing: every image by itself"), QString());
        std::vector<std::pair<QString, TargetChoice::Counts>> targets;
        if (set != nullptr)
            for (const Column& column : set->attributes) {
                const QString name = fromUtf8(column.name);
                m_together->addItem(name, name);
                if (columnCounts(column)) {
                    m_split->addItem(tr("By the column %1").arg(name), name);
                    continue;
                }
                if (!hasGroups(column))
                    continue;
                m_attribute->addItem(name, name);
                m_classes->addItem(name, name);
                auto* item = new QListWidgetItem(name, m_untargeted);
                item->setData(Qt::UserRole, name);
                item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
                item->setCheckState(Qt::Checked);
                targets.emplace_back(name, column.groups);
            }
        // Three stand in a line; a fourth line and more are scrolled to.
        const int lines = std::clamp((m_untargeted->count() + 2) / 3, 1, 4);
        const int lineHeight = m_untargeted->count() > 0 ? m_untargeted->sizeHintForRow(0) : 2 * theme::kGrid;
        m_untargeted->setFixedHeight(lines * (lineHeight + 2 * m_untargeted->spacing()) +
                                     2 * m_untargeted->frameWidth() + theme::kHalf);
        m_split->setCurrentIndex(m_split->count() > 1 ? 1 : 0);
        m_target->setAttributes(std::move(targets));
    }
    refreshState();
}

ProbeSet ComparisonForm::probe() const {
    const qint64 id = m_probe->currentData().toLongLong();
    if (id <= kOfRun)
        if (const auto* run = m_context.lists->runs()->recordById(kOfRun - id))
            return run->config.probe;
    if (const auto* record = m_context.lists->probes()->recordById(id); id != kWritten && record != nullptr)
        return record->probe;
    return probe::handWritten(linesOf(m_prompts->toPlainText()));
}

std::optional<ComparisonForm::Counts> ComparisonForm::counts() const {
    const auto* set = imageSet();
    if (set == nullptr)
        return std::nullopt;
    const auto part = [](std::int64_t images, int share) { return (images * share + 50) / 100; };
    if (const auto* other = auditSet()) {
        const std::int64_t fit = part(set->images, m_fit->value());
        return Counts{fit, set->images - fit, other->images};
    }
    if (const Column* column = columnOf(set, m_split->currentData().toString()))
        return columnCounts(*column);
    const std::int64_t fit = part(set->images, m_fit->value()), select = part(set->images, m_select->value());
    return Counts{fit, select, set->images - fit - select};
}

std::optional<DebiasStudyConfig> ComparisonForm::config(QString* problem) const {
    const auto missing = [problem](const QString& what) {
        if (problem != nullptr)
            *problem = what;
        return std::nullopt;
    };
    const auto* model = m_context.lists->models()->recordById(m_model->currentData().toLongLong());
    if (model == nullptr)
        return missing(tr("Add a model first."));
    if (model->card.vocabulary.empty())
        return missing(
            tr("This model has no vocabulary yet, so it cannot read prompts. Choose one on the Models page."));
    const auto* set = imageSet();
    if (set == nullptr)
        return missing(tr("Add labelled images first."));
    const QString attribute = m_attribute->currentData().toString();
    const Column* column = columnOf(set, attribute);
    if (column == nullptr)
        return missing(tr("These images have no column with two groups or more that could be removed."));
    const auto* other = auditSet();
    const auto lacks = [&](const QString& name) { return other != nullptr && columnOf(other, name) == nullptr; };
    DebiasStudyConfig config;
    for (int row = 0; row < m_untargeted->count(); ++row)
        if (const QString name = m_untargeted->item(row)->data(Qt::UserRole).toString();
            m_untargeted->item(row)->checkState() == Qt::Checked && name != attribute) {
            if (lacks(name))
                return missing(tr("The images to audit have no column %1. Untick it.").arg(name));
            config.untargeted.push_back(name.toStdString());
        }
    const QString classes = m_classes->currentData().toString();
    if (classes == attribute)
        return missing(tr("What is removed cannot be what the model must still tell apart."));
    for (const QString& name : {attribute, classes})
        if (!name.isEmpty() && lacks(name))
            return missing(tr("The images to audit have no column %1.").arg(name));
    config.captions = m_captions->path().isEmpty() ? std::string() : encoded(m_captions->path()).toStdString();
    config.probe = probe();
    if (probe::expand(config.probe).empty())
        return missing(tr("Write at least one prompt, or choose a probe set."));
    const auto k = parseK(m_k->text().trimmed().toStdString());
    if (!k)
        return missing(tr("k is a number of images such as 100, or a share such as 10%."));
    QString why;
    const auto target = m_target->target(&why);
    if (!target)
        return missing(why);
    if (target->kind == Target::Kind::Conditional)
        return missing(tr("Methods are not compared by the shares among relevant images. Choose another target."));
    if (const QString misfit = m_target->misfit(attribute.toStdString(), column->groups); !misfit.isEmpty())
        return missing(misfit);
    const QString splitColumn = other == nullptr ? m_split->currentData().toString() : QString();
    const bool byLot = splitColumn.isEmpty();
    if (byLot && other == nullptr && m_fit->value() + m_select->value() > 99)
        return missing(tr("Nothing is left to audit: lower the shares that fit and choose."));
    const QString needs = m_methods->problem();
    if (!needs.isEmpty())
        return missing(needs);
    config.methods = m_methods->chosen();
    if (config.methods.empty())
        return missing(tr("Tick at least one method."));

    config.modelPath = model->path;
    config.vocabPath = model->vocabPath;
    config.modelId = model->id;
    config.imageSetId = set->id;
    config.auditSetId = other != nullptr ? other->id : 0;
    config.attribute = attribute.toStdString();
    config.classes = classes.toStdString();
    config.measure.k = *k;
    config.measure.target = *target;
    config.splitColumn = splitColumn.toStdString();
    if (byLot)
        config.together = m_together->currentData().toString().toStdString();
    const double fit = m_fit->value() / 100.0;
    if (other != nullptr)
        config.shares = {fit, 1 - fit};
    else
        config.shares = {fit, m_select->value() / 100.0, (100 - m_fit->value() - m_select->value()) / 100.0};
    config.seed = static_cast<std::uint64_t>(m_seed->value());
    config.measure.seed = config.seed;
    for (DebiasRecipe& method : config.methods)
        for (DebiasConfig& step : method.steps)
            step.seed = config.seed;
    return config;
}

QStringList ComparisonForm::cautions() const {
    QStringList result;
    const auto parts = counts();
    if (!parts)
        return result;
    if (m_classes->currentData().toString().isEmpty())
        result << tr(
            "No classes are named: strengths are chosen by MaxSkew alone, and what a method costs is not known.");
    if (std::min({parts->fit, parts->select, parts->audit}) < kFewestImages)
        result << tr("A part has fewer than %1 images; its numbers will say little.").arg(kFewestImages);
    if (const auto k = parseK(m_k->text().trimmed().toStdString()); k && k->resolve(parts->audit) >= parts->audit)
        result << tr("k reaches all %1 images that are audited, where every ranking looks alike.")
                      .arg(countText(parts->audit));
    return result + m_target->cautions(probe());
}

void ComparisonForm::refreshState() {
    const bool written = m_probe->currentData().toLongLong() == kWritten;
    m_prompts->setVisible(written);
    const auto prompts = probe::expand(probe());
    m_promptHint->setText(written ? tr("One prompt a line. %Ln prompt(s).", nullptr, static_cast<int>(prompts.size()))
                          : prompts.empty() ? tr("This set has no prompts yet.")
                                            : tr("The first: “%1”").arg(fromUtf8(prompts.front().text)));
    const QString attribute = m_attribute->currentData().toString();
    {
        const QSignalBlocker quiet(m_untargeted);
        for (int row = 0; row < m_untargeted->count(); ++row) {
            QListWidgetItem* item = m_untargeted->item(row);
            const bool isTarget = item->data(Qt::UserRole).toString() == attribute;
            item->setFlags(isTarget ? Qt::NoItemFlags : Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
        }
    }
    const bool ownAudit = auditSet() != nullptr;
    m_split->setEnabled(!ownAudit && m_split->count() > 1);
    const bool byLot = ownAudit || m_split->currentData().toString().isEmpty();
    m_shares->setEnabled(byLot);
    m_together->setEnabled(byLot);
    m_select->setVisible(!ownAudit);
    const int rest = 100 - m_fit->value() - (ownAudit ? 0 : m_select->value());
    m_rest->setText(
        (ownAudit ? tr("The other %1 % choose.") : tr("The other %1 % are audited.")).arg(std::max(0, rest)));

    const auto parts = counts();
    m_counts->setText(!parts  ? QString()
                      : byLot ? tr("About %1 images fit, %2 choose, %3 are audited.")
                                    .arg(countText(parts->fit), countText(parts->select),
                                         countText(std::max<std::int64_t>(0, parts->audit)))
                              : tr("%1 images fit, %2 choose, %3 are audited.")
                                    .arg(countText(parts->fit), countText(parts->select), countText(parts->audit)));
    m_counts->setVisible(parts.has_value());
    const Column* column = columnOf(imageSet(), attribute);
    m_bars->setVisible(column != nullptr);
    if (column != nullptr) {
        std::vector<GroupBars::Group> bars;
        for (const auto& [group, count] : column->groups)
            bars.push_back({fromUtf8(group), count});
        m_bars->setGroups(attribute, std::move(bars), column->unlabelled);
    }

    QString problem;
    const bool ready = config(&problem).has_value();
    m_problem->setText(m_busy ? tr("A comparison is running.") : problem);
    m_problem->setVisible(m_busy || !ready);
    const QStringList hints = cautions();
    m_cautions->setText(hints.size() < 2 ? hints.join(u' ')
                                         : QStringLiteral("• ") + hints.join(QStringLiteral("\n• ")));
    m_cautions->setVisible(!hints.isEmpty());
    m_start->setEnabled(ready && !m_busy && m_context.isWritable());
}

void ComparisonForm::start() {
    if (const auto chosen = config(); chosen && !m_busy && m_context.isWritable())
        Q_EMIT startWanted(*chosen);
}

} // namespace plumbline::ui
