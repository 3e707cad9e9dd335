// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/audit/target_choice.h"

#include <algorithm>
#include <memory>

#include <QComboBox>
#include <QJsonArray>
#include <QLabel>
#include <QLocale>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include "core/base/numbers.h"
#include "core/metric/measure.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/widgets/page.h"
#include "ui/widgets/path_edit.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {
namespace {

const QString kPool = QStringLiteral("pool"), kUniform = QStringLiteral("uniform"), kTable = QStringLiteral("table"),
              kConditional = QStringLiteral("conditional"), kPreset = QStringLiteral("preset:");
constexpr qsizetype kNamed = 8;

QString listed(const QStringList& names) {
    const QString shown = names.mid(0, kNamed).join(QStringLiteral(", "));
    return names.size() > kNamed ? TargetChoice::tr("%1 and %2 more").arg(shown, countText(names.size() - kNamed))
                                 : shown;
}

QString sharesText(const std::vector<std::pair<std::string, double>>& shares) {
    QStringList parts;
    for (const auto& [group, share] : shares)
        parts << TargetChoice::tr("%1 %2 %").arg(fromUtf8(group), QLocale().toString(100 * share, 'f', 1));
    return listed(parts);
}

/// What a target with shares of its own says.
QString customText(const Target& target) {
    QStringList lines;
    if (!target.shares.empty())
        lines << TargetChoice::tr("Plumb means: %1.").arg(sharesText(target.shares));
    if (!target.byConcept.empty()) {
        QStringList concepts;
        for (const ConceptShares& entry : target.byConcept)
            concepts << fromUtf8(entry.concept_);
        lines << TargetChoice::tr("Shares of their own for %1.").arg(listed(concepts));
    }
    return lines.join(u' ');
}

} // namespace

TargetChoice::TargetChoice(const Context& context, QWidget* parent)
    : QWidget(parent), m_context(context), m_kind(new QComboBox),
      m_table(
          new PathEdit(PathEdit::Kind::File, tr("Table of target shares"), tr("Tables (*.csv *.tsv);;All files (*)"))),
      m_relevance(new QComboBox), m_hint(caption({})) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::kHalf);
    m_kind->setAccessibleName(tr("Target shares"));
    m_kind->addItem(tr("Shares of the pool"), kPool);
    m_kind->addItem(tr("Equal shares"), kUniform);
    m_kind->addItem(tr("Shares from a table…"), kTable);
    m_kind->addItem(tr("Shares among the relevant images"), kConditional);
    m_relevance->setAccessibleName(tr("Attribute that says to which concept an image is relevant"));
    m_relevance->setPlaceholderText(tr("no attribute"));
    m_hint->setWordWrap(true);
    m_hint->setFont(theme::smallFont(m_hint->font()));
    for (QWidget* each : {static_cast<QWidget*>(m_kind), static_cast<QWidget*>(m_table),
                          static_cast<QWidget*>(m_relevance), static_cast<QWidget*>(m_hint)})
        column->addWidget(each);
    setFocusProxy(m_kind);
    connect(m_kind, &QComboBox::currentIndexChanged, this, &TargetChoice::refresh);
    connect(m_kind, &QComboBox::activated, this, [this] { m_wanted.clear(); });
    connect(m_relevance, &QComboBox::currentIndexChanged, this, &TargetChoice::refresh);
    connect(m_table, &PathEdit::pathChanged, this, &TargetChoice::readTable);
    refresh();
}

void TargetChoice::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_presets.empty())
        askPresets();
}

QString TargetChoice::kind() const {
    if (m_only)
        return *m_only == Target::Kind::Uniform ? kUniform : kPool;
    return m_kind->currentData().toString();
}

void TargetChoice::askPresets() {
    m_context.engine->request(QStringLiteral("targets/presets"), {}, this, [this](const Outcome<QJsonObject>& answer) {
        if (!answer) { // the engine's state is shown elsewhere; the other targets are there
            m_wanted.clear();
            refresh();
            return;
        }
        if (!m_presets.empty())
            return; // it was asked twice
        const QSignalBlocker quiet(m_kind);
        for (const QJsonValue each : answer->value(u"presets").toArray()) {
            const QJsonObject preset = each.toObject();
            auto target = targetFrom(preset.value(u"target").toObject());
            if (!target)
                continue;
            const QString name = preset.value(u"name").toString(), title = preset.value(u"title").toString();
            m_kind->insertItem(m_kind->findData(kTable), title, QVariant(kPreset + name));
            m_presets.emplace_back(name, Preset{title, preset.value(u"citation").toString(), std::move(*target)});
        }
        if (!m_wanted.isEmpty())
            m_kind->setCurrentIndex(indexOf(std::exchange(m_wanted, {})));
        preferPreset();
        refresh();
    });
}

void TargetChoice::readTable() {
    if (m_asked != 0)
        m_context.engine->cancel(std::exchange(m_asked, 0));
    m_read.reset();
    m_problem.clear();
    if (!m_table->path().isEmpty()) {
        auto mine = std::make_shared<qint64>(0);
        m_asked = *mine = m_context.engine->request(
            QStringLiteral("targets/read"), {{QStringLiteral("path"), encoded(m_table->path())}}, this,
            [this, mine](const Outcome<QJsonObject>& answer) {
                if (*mine != m_asked)
                    return; // of an earlier file
                m_asked = 0;
                if (answer) {
                    if (auto target = targetFrom(answer->value(u"target").toObject()))
                        m_read = std::move(*target);
                    else
                        m_problem = errorText(target.error());
                } else if (!answer.error().cancelled()) {
                    m_problem = errorText(answer.error().error());
                }
                refresh();
            });
    }
    refresh();
}

void TargetChoice::setAttributes(std::vector<std::pair<QString, Counts>> attributes) {
    m_attributes = std::move(attributes);
    const QString before = m_relevance->currentText();
    {
        const QSignalBlocker quiet(m_relevance);
        m_relevance->clear();
        for (const auto& [name, groups] : m_attributes)
            m_relevance->addItem(name);
        m_relevance->setCurrentIndex(std::max(m_relevance->findText(before), m_attributes.empty() ? -1 : 0));
    }
    refresh();
}

void TargetChoice::setDefinition(Definition definition) {
    const auto only = onlyTarget(definition);
    if (std::exchange(m_only, only) != only)
        refresh();
}

void TargetChoice::refresh() {
    m_kind->setEnabled(!m_only);
    const QString chosen = kind();
    m_table->setVisible(chosen == kTable);
    m_relevance->setVisible(chosen == kConditional);
    QString text;
    if (chosen == kPool)
        text = tr("Plumb means: each group as often in the top as among all images.");
    else if (chosen == kUniform)
        text = tr("Plumb means: every group equally often in the top, however many images it has. "
                  "This also measures how uneven the images are.");
    else if (chosen == kConditional)
        text =
            tr("Plumb means: each group as often in the top as among the images whose value of this attribute is the "
               "prompt's concept.");
    else if (chosen == kTable)
        text = m_read
                   ? customText(*m_read)
                   : tr("A CSV table with the columns group and share (or percent), and perhaps concept for shares of "
                        "its own.");
    else
        for (const auto& [name, preset] : m_presets)
            if (chosen == kPreset + name)
                text = customText(preset.target) + u' ' + preset.citation;
    if (m_only)
        text += u' ' + tr("The chosen definition knows no other.");
    m_hint->setText(text);
    Q_EMIT changed();
}

/// Shares without a table that a published target has are called by its name.
void TargetChoice::preferPreset() {
    if (kind() != kTable || !m_read || !m_table->path().isEmpty())
        return;
    for (const auto& [name, preset] : m_presets)
        if (preset.target.shares == m_read->shares &&
            std::ranges::equal(preset.target.byConcept, m_read->byConcept, [](const auto& a, const auto& b) {
                return a.concept_ == b.concept_ && a.shares == b.shares;
            })) {
            m_kind->setCurrentIndex(m_kind->findData(QVariant(kPreset + name)));
            return;
        }
}

QString TargetChoice::kindOf(const Target& target) {
    switch (target.kind) {
    case Target::Kind::Pool: return kPool;
    case Target::Kind::Uniform: return kUniform;
    case Target::Kind::Conditional: return kConditional;
    case Target::Kind::Custom: return kTable;
    }
    return {};
}

/// Published shares that the program does not have (any more) are asked for as a table, never replaced by others.
int TargetChoice::indexOf(const QString& kind) const {
    if (kind.isEmpty())
        return 0;
    const int known = m_kind->findData(kind);
    return known >= 0 ? known : m_kind->findData(kTable);
}

QString TargetChoice::chosenKind() const {
    return m_wanted.isEmpty() ? m_kind->currentData().toString() : m_wanted;
}

QString TargetChoice::table() const {
    return m_table->path();
}

std::optional<Target> TargetChoice::shares() const {
    return kind() == kTable && m_table->path().isEmpty() ? m_read : std::nullopt;
}

QString TargetChoice::chosenRelevance() const {
    return m_relevance->currentText();
}

void TargetChoice::choose(const QString& kind, const QString& table, const QString& relevance,
                          const std::optional<Target>& shares) {
    m_wanted = kind.startsWith(kPreset) && m_presets.empty() ? kind : QString();
    m_kind->setCurrentIndex(m_wanted.isEmpty() ? indexOf(kind) : 0);
    m_table->setPath(table);
    readTable(); // also of a path that is as it was: what was read may be of another choice
    if (const int attribute = m_relevance->findText(relevance); attribute >= 0)
        m_relevance->setCurrentIndex(attribute);
    if (shares && table.isEmpty()) {
        m_read = shares;
        preferPreset();
    }
    refresh();
}

std::optional<Target> TargetChoice::target(QString* problem) const {
    const QString chosen = kind();
    const auto missing = [problem](const QString& what) {
        if (problem != nullptr)
            *problem = what;
        return std::nullopt;
    };
    if (!m_only && !m_wanted.isEmpty())
        return missing(tr("The published target shares are being read."));
    if (chosen == kPool)
        return Target{};
    if (chosen == kUniform)
        return Target{Target::Kind::Uniform, {}, {}};
    if (chosen == kConditional) {
        if (m_relevance->currentIndex() < 0)
            return missing(tr("The images have no attribute that could say to which concept they are relevant."));
        return Target{Target::Kind::Conditional, {}, {}};
    }
    if (chosen == kTable) {
        if (m_read)
            return m_read;
        return missing(!m_problem.isEmpty()        ? m_problem
                       : m_table->path().isEmpty() ? tr("Choose the table of target shares.")
                                                   : tr("The table of target shares is being read."));
    }
    for (const auto& [name, preset] : m_presets)
        if (chosen == kPreset + name)
            return preset.target;
    return Target{};
}

std::string TargetChoice::relevance() const {
    return kind() == kConditional ? m_relevance->currentText().toStdString() : std::string();
}

QString TargetChoice::misfit(const std::string& attribute, const Counts& groups) const {
    const auto chosen = target();
    if (!chosen || chosen->kind != Target::Kind::Custom || (chosen->shares.empty() && !chosen->byConcept.empty()))
        return {};
    // One image a group says as much as all of them.
    Attribute few{attribute, {}, {}};
    for (const auto& [group, count] : groups) {
        few.codes.push_back(static_cast<std::int32_t>(few.groups.size()));
        few.groups.push_back(group);
    }
    MeasureOptions options;
    options.k = {1, 0};
    options.target = chosen->of({});
    const auto meter = metric::Meter::create(few, options);
    return meter ? QString() : tr("%1: %2").arg(fromUtf8(attribute), errorText(meter.error()));
}

QStringList TargetChoice::cautions(const ProbeSet& probe) const {
    const auto chosen = target();
    if (!chosen)
        return {};
    QStringList without;
    const auto note = [&](const std::string& concept_) {
        if (const QString name = fromUtf8(concept_); !without.contains(name))
            without << name;
    };
    if (chosen->kind == Target::Kind::Conditional) {
        const auto& groups = m_attributes[static_cast<std::size_t>(m_relevance->currentIndex())].second;
        for (const Concept& each : probe.concepts)
            if (std::ranges::none_of(groups, [&](const auto& group) {
                    return toLowerAscii(group.first) == toLowerAscii(trim(each.text));
                }))
                note(each.text);
        if (!without.isEmpty())
            return {tr("No image has the value %2 of %1: for these prompts the shares of the pool are used.")
                        .arg(m_relevance->currentText(), listed(without))};
        return {};
    }
    if (chosen->byConcept.empty() || !chosen->shares.empty())
        return {};
    for (const Concept& each : probe.concepts)
        if (chosen->of(each.text).kind != Target::Kind::Custom)
            note(each.text);
    if (without.isEmpty())
        return {};
    QString text =
        tr("The target has no shares for %1: for these prompts the shares of the pool are used.").arg(listed(without));
    if (probe.templates.empty())
        text += u' ' + tr("Of prompts that are written here, the whole line is the concept.");
    return {text};
}

} // namespace plumbline::ui
