// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/mitigate/audit_with_dialog.h"

#include <algorithm>

#include <QComboBox>
#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/probe/probe_set.h"
#include "ui/bridge/json.h"
#include "ui/models/project_lists.h"
#include "ui/widgets/form.h"
#include "ui/widgets/page.h"

namespace plumbline::ui {

namespace {
constexpr qint64 kOfComparison = 0; ///< the prompts that the comparison asked
constexpr int kWidth = 64 * theme::kGrid;
} // namespace

AuditWithDialog::AuditWithDialog(const Context& context, const DebiasStudyConfig& study, const QString& method,
                                 QWidget* parent)
    : QDialog(parent), m_context(context), m_study(study), m_images(new QComboBox), m_caution(hint()),
      m_attributes(new QListWidget), m_probe(new QComboBox), m_k(new QLineEdit(fromUtf8(formatK(study.measure.k)))),
      m_problem(caption({})), m_buttons(new QDialogButtonBox(QDialogButtonBox::Cancel)) {
    setWindowTitle(tr("Audit with %1").arg(method));
    setMinimumWidth(kWidth);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(theme::kMargin, theme::kSpace, theme::kMargin, theme::kSpace);
    auto* what = hint(tr("Two runs on the same images and prompts, one without and one with %1. Both then stand on the "
                         "Runs page.")
                          .arg(method));
    column->addWidget(what);
    column->addSpacing(theme::kGrid);
    auto* form = new Form;
    column->addLayout(form);
    m_images->setAccessibleName(tr("Images"));
    form->add(tr("&Images"), m_images, m_caution);
    m_attributes->setAccessibleName(tr("Attributes"));
    m_attributes->setFixedHeight(14 * theme::kGrid);
    form->add(tr("&Attributes"), m_attributes);
    m_probe->setAccessibleName(tr("Prompts"));
    form->add(tr("&Prompts"), m_probe);
    m_k->setAccessibleName(tr("How many top images to look at: a number, or a share such as 10%"));
    form->add(tr("&Top k"), m_k);
    m_problem->setWordWrap(true);
    column->addWidget(m_problem);
    column->addWidget(m_buttons);
    QPushButton* run = makePrimary(m_buttons->addButton(tr("Run both"), QDialogButtonBox::AcceptRole));
    run->setDefault(true);

    for (const auto& record : m_context.lists->imageSets()->records())
        m_images->addItem(fromUtf8(record.name), qlonglong(record.id));
    const qlonglong first = study.auditSetId != 0 ? study.auditSetId : study.imageSetId;
    m_images->setCurrentIndex(std::max(0, m_images->findData(first)));
    m_probe->addItem(
        tr("Those of the comparison (%Ln prompt(s))", nullptr, static_cast<int>(probe::expand(study.probe).size())),
        kOfComparison);
    for (const auto& record : m_context.lists->probes()->records())
        m_probe->addItem(tr("%1 (%Ln prompt(s))", nullptr, static_cast<int>(promptCount(record.probe)))
                             .arg(fromUtf8(record.probe.name)),
                         qlonglong(record.id));
    connect(m_images, &QComboBox::currentIndexChanged, this, &AuditWithDialog::fillAttributes);
    connect(m_attributes, &QListWidget::itemChanged, this, &AuditWithDialog::refresh);
    connect(m_probe, &QComboBox::currentIndexChanged, this, &AuditWithDialog::refresh);
    connect(m_k, &QLineEdit::textChanged, this, &AuditWithDialog::refresh);
    connect(m_buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    fillAttributes();
}

void AuditWithDialog::fillAttributes() {
    const QSignalBlocker quiet(m_attributes);
    m_attributes->clear();
    const auto* set = m_context.lists->imageSets()->recordById(m_images->currentData().toLongLong());
    if (set != nullptr)
        for (const auto& attribute : set->attributes) {
            auto* item = new QListWidgetItem(fromUtf8(attribute.name), m_attributes);
            item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
            const bool looked = attribute.name == m_study.attribute ||
                                std::ranges::find(m_study.untargeted, attribute.name) != m_study.untargeted.end();
            item->setCheckState(looked ? Qt::Checked : Qt::Unchecked);
        }
    refresh();
}

void AuditWithDialog::refresh() {
    const bool fittedOnIt = m_images->currentData().toLongLong() == m_study.imageSetId;
    m_caution->setText(fittedOnIt
                           ? tr("The method was fitted on a part of these images, so the run with it looks better "
                                "than on images it has never seen.")
                           : tr("The method has not seen these images."));
    QString problem;
    const bool ready = config(&problem).has_value();
    m_problem->setText(problem);
    m_problem->setVisible(!ready);
    for (QAbstractButton* button : m_buttons->buttons())
        if (m_buttons->buttonRole(button) == QDialogButtonBox::AcceptRole)
            button->setEnabled(ready);
}

std::optional<AuditConfig> AuditWithDialog::config(QString* problem) const {
    const auto missing = [problem](const QString& what) {
        if (problem != nullptr)
            *problem = what;
        return std::nullopt;
    };
    if (m_context.lists->imageSets()->recordById(m_images->currentData().toLongLong()) == nullptr)
        return missing(tr("The project has no images any more."));
    AuditConfig config;
    for (int row = 0; row < m_attributes->count(); ++row)
        if (m_attributes->item(row)->checkState() == Qt::Checked)
            config.attributes.push_back(m_attributes->item(row)->text().toStdString());
    if (config.attributes.empty())
        return missing(tr("Choose at least one attribute."));
    const auto k = parseK(m_k->text().trimmed().toStdString());
    if (!k)
        return missing(tr("k is a number of images such as 100, or a share such as 10%."));
    config.modelPath = m_study.modelPath;
    config.vocabPath = m_study.vocabPath;
    config.modelId = m_study.modelId;
    config.imageSetId = m_images->currentData().toLongLong();
    config.probe = m_study.probe;
    if (const auto* record = m_context.lists->probes()->recordById(m_probe->currentData().toLongLong()))
        config.probe = record->probe;
    if (probe::expand(config.probe).empty())
        return missing(tr("These prompts are none: choose another set."));
    config.measure = m_study.measure;
    config.measure.k = *k;
    config.precision = m_study.precision;
    return config;
}

} // namespace plumbline::ui
