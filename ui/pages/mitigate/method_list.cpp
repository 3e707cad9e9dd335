// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/method_list.h"

#include <algorithm>

#include <QCheckBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/bridge/json.h"
#include "ui/widgets/form.h"
#include "ui/widgets/page.h"
#include "ui/widgets/path_edit.h"

namespace plumbline::ui {

namespace {

constexpr int kIndent = 3 * theme::kGrid;
constexpr const char* kLabels = "labels";
/// Parameters that are paths: a method is nothing without them.
constexpr const char* kFile = "file";
constexpr const char* kModel = "model";
bool isPath(std::string_view parameter) {
    return parameter == kFile || parameter == kModel;
}

/// What a comparison tries where nothing else is said.
bool isStandardMethod(std::string_view method) {
    return std::ranges::any_of(studyRecipes(), [&](const DebiasRecipe& recipe) {
        return recipe.steps.size() == 1 && recipe.steps.front().method == method;
    });
}

} // namespace

MethodList::MethodList(QWidget* parent) : QScrollArea(parent) {
    setFrameShape(NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus); // the ticks in it take the keyboard, and scroll it
    viewport()->setAutoFillBackground(false);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, theme::kGrid, 0);
    column->setSpacing(2);
    for (const DebiasMethodInfo& info : allDebiasMethods()) {
        const bool isStandard = isStandardMethod(info.name);
        // A ranking that is evened by true labels is no method for use: it is offered beside, as the bound it is.
        if (info.target == DebiasTarget::Ranking)
            add(column, info, {{kLabels, "predicted"}}, {}, isStandard);
        else
            add(column, info, {}, {}, isStandard);
        if (info.name == "det-cons")
            add(column, info, {{kLabels, "given"}}, tr("true labels"), true);
        if (info.name == "mean-difference" || info.name == "leace")
            add(column, info, {{"apply", "both"}}, tr("texts too"), true);
    }
    for (const DebiasRecipe& recipe : studyRecipes())
        if (recipe.steps.size() > 1)
            addStack(column, recipe);
    column->addStretch(1);
    setWidget(content);
    content->setAutoFillBackground(false); // the scroll area fills what it is given
    setMinimumWidth(content->minimumSizeHint().width() + 2 * theme::kGrid);
}

void MethodList::add(QVBoxLayout* column, const DebiasMethodInfo& info,
                     std::vector<std::pair<std::string, std::string>> preset, const QString& suffix, bool isStandard) {
    const std::size_t index = m_entries.size();
    Entry entry{&info, std::move(preset), nullptr, isStandard, {}, {}};
    QString title = fromUtf8(info.title);
    if (!suffix.isEmpty())
        title = QStringLiteral("%1, %2").arg(title, suffix);
    entry.box = new QCheckBox(title);
    entry.box->setChecked(isStandard);
    entry.box->setAccessibleDescription(fromUtf8(info.about));
    entry.box->setToolTip(tr("Source: %1").arg(fromUtf8(info.source)));
    connect(entry.box, &QCheckBox::toggled, this, &MethodList::changed);

    auto* more = new QToolButton;
    more->setText(tr("Options"));
    more->setAccessibleName(tr("Options of %1").arg(title));
    more->setArrowType(Qt::RightArrow);
    more->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    more->setAutoRaise(true);
    more->setCheckable(true);
    more->setFocusPolicy(Qt::StrongFocus);
    auto* line = new QHBoxLayout;
    line->setSpacing(0);
    line->addWidget(entry.box, 1);
    if (!info.parameters.empty())
        line->addWidget(more);
    else
        delete more;
    column->addLayout(line);
    if (suffix.isEmpty()) { // a variant stands under its method
        auto* about = hint(fromUtf8(info.about));
        about->setContentsMargins(kIndent, 0, 0, theme::kGrid);
        about->setToolTip(entry.box->toolTip());
        column->addWidget(about);
    }
    auto* place = new QVBoxLayout;
    place->setContentsMargins(kIndent, 0, 0, theme::kGrid);
    column->addLayout(place);
    m_entries.push_back(std::move(entry));
    if (info.parameters.empty())
        return;
    // What it cannot do without is asked for at once.
    if (std::ranges::any_of(info.parameters, isPath, &DebiasParameter::name))
        connect(m_entries.back().box, &QCheckBox::clicked, more, [more](bool ticked) {
            if (ticked)
                more->setChecked(true);
        });
    connect(more, &QToolButton::toggled, this, [this, more, place, index](bool open) {
        more->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
        if (open && place->isEmpty())
            place->addWidget(parametersOf(index));
        if (!place->isEmpty())
            place->itemAt(0)->widget()->setVisible(open);
    });
}

void MethodList::addStack(QVBoxLayout* column, const DebiasRecipe& recipe) {
    QStringList titles;
    for (const DebiasConfig& step : recipe.steps)
        titles << fromUtf8(findDebiasMethod(step.method)->title);
    Entry entry{findDebiasMethod(recipe.steps.front().method), {}, nullptr, true, recipe.steps, {}};
    entry.box = new QCheckBox(titles.join(tr(", then ", "between two methods")));
    entry.box->setChecked(true);
    entry.box->setToolTip(tr("Each is fitted on what the one before it leaves."));
    connect(entry.box, &QCheckBox::toggled, this, &MethodList::changed);
    column->addWidget(entry.box);
    m_entries.push_back(std::move(entry));
}

std::string MethodList::presetOf(const Entry& entry, std::string_view parameter) {
    for (const auto& [name, value] : entry.preset)
        if (name == parameter)
            return value;
    return {};
}

QWidget* MethodList::parametersOf(std::size_t index) {
    Entry& entry = m_entries[index];
    auto* area = new QWidget;
    auto* grid = new QGridLayout(area);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(theme::kGrid);
    grid->setVerticalSpacing(2);
    grid->setColumnStretch(1, 1);
    int row = 0;
    for (const DebiasParameter& parameter : entry.info->parameters) {
        const QString name = fromUtf8(parameter.name), title = entry.box->text();
        auto* label = new QLabel(name);
        const std::string preset = presetOf(entry, parameter.name);
        if (isPath(parameter.name)) {
            auto* file = new PathEdit(parameter.name == kFile ? PathEdit::Kind::File : PathEdit::Kind::Folder,
                                      tr("%1 of %2").arg(name, title));
            label->setBuddy(file->line());
            connect(file, &PathEdit::pathChanged, this, &MethodList::changed);
            entry.fields.emplace_back(parameter.name,
                                      [file] { return file->path().isEmpty() ? QString() : encoded(file->path()); });
            grid->addWidget(file, row, 1);
        } else {
            auto* value = new QLineEdit(fromUtf8(preset));
            value->setPlaceholderText(parameter.standard.empty() ? tr("none") : fromUtf8(parameter.standard));
            value->setAccessibleName(tr("%1 of %2").arg(name, title));
            value->setAccessibleDescription(fromUtf8(parameter.meaning));
            label->setBuddy(value);
            connect(value, &QLineEdit::textChanged, this, &MethodList::changed);
            entry.fields.emplace_back(parameter.name, [value] { return value->text().trimmed(); });
            grid->addWidget(value, row, 1);
        }
        grid->addWidget(label, row++, 0);
        grid->addWidget(hint(fromUtf8(parameter.meaning)), row++, 1);
    }
    return area;
}

std::vector<DebiasRecipe> MethodList::chosen() const {
    std::vector<DebiasRecipe> result;
    for (const Entry& entry : m_entries) {
        if (!entry.box->isChecked())
            continue;
        if (!entry.stack.empty()) {
            result.push_back({entry.stack});
            continue;
        }
        DebiasConfig& config = result.emplace_back().steps.emplace_back();
        config.method = entry.info->name;
        if (entry.fields.empty()) {
            config.parameters = entry.preset;
            continue;
        }
        for (const auto& [name, value] : entry.fields) {
            const std::string text = value().toStdString();
            const auto standard = std::ranges::find(entry.info->parameters, name, &DebiasParameter::name)->standard;
            if (!text.empty() && text != standard)
                config.parameters.emplace_back(name, text);
            else if (name == kLabels) // who the labels are from is never left to a default
                config.parameters.emplace_back(name, text.empty() ? std::string(standard) : text);
        }
    }
    return result;
}

QString MethodList::problem() const {
    for (const Entry& entry : m_entries) {
        if (!entry.box->isChecked() || !entry.stack.empty())
            continue;
        const auto& parameters = entry.info->parameters;
        const auto path = std::ranges::find_if(parameters, isPath, &DebiasParameter::name);
        if (path == parameters.end())
            continue;
        const auto field = std::ranges::find(entry.fields, path->name, &decltype(entry.fields)::value_type::first);
        if (field == entry.fields.end() || field->second().isEmpty())
            return (path->name == kFile
                        ? tr("%1 needs its file: choose it under its options, or untick it.")
                        : tr("%1 needs the other model: choose its folder under its options, or untick it."))
                .arg(entry.box->text());
    }
    return {};
}

void MethodList::tickStandard() {
    for (const Entry& entry : m_entries)
        entry.box->setChecked(entry.isStandard);
}

void MethodList::tickNone() {
    for (const Entry& entry : m_entries)
        entry.box->setChecked(false);
}

} // namespace plumbline::ui
